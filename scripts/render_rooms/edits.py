"""What may be left out of a room, and what its surfaces may be made of instead. Nothing here needs Blender.

Both are chosen from what the picture shows: the instances of its record (id, class, pixels, material).
"""

import random
from collections.abc import Iterable, Sequence
from typing import Any

from render_rooms.colours import paint_hex

Instance = dict[str, Any]

# What can go without leaving something in the air: the phrase of the class, and how a person asks for all of it.
REMOVABLE = {
    "bar stool": "bar stools",
    "chair": "chairs",
    "plant": "plants",
    "pendant lamp": "pendant lamps",
    "rug": "rug",
    "vase": "vases",
    "decor": "decor",
    "picture": "pictures",
    "floor lamp": "floor lamp",
    "table lamp": "table lamps",
    "cushion": "cushions",
    "throw blanket": "throw",
    "armchair": "armchair",
    "pouf": "pouf",
    "curtain": "curtains",
    "shower curtain": "shower curtain",
    "blinds": "blinds",
    "towel": "towels",
    "trash can": "trash can",
    "box": "box",
    "basket": "basket",
    "bag": "bag",
    "small appliance": "small appliances",
    "microwave": "microwave",
    "clock": "clock",
    "clothes": "clothes",
    "mirror": "mirror",
    "fan": "ceiling fan",
    "radiator": "radiator",
    "bench": "bench",
}

# How a person names a surface: its classes, the phrase that is typed, and the kinds of material that suit it.
SURFACES = {
    "cabinets": (("base cabinet", "wall cabinet", "tall cabinet"), ("paint", "paint", "paint", "wood")),
    "walls": (("wall",), ("paint", "paint", "paint", "paint", "wallpaper")),
    "floor": (("floor",), ("planks", "planks", "tile", "stone")),
    "countertop": (("countertop",), ("marble", "granite", "wood", "quartz")),
    "island": (("kitchen island", "island countertop"), ("paint", "wood", "marble")),
    "backsplash": (("backsplash",), ("tile", "marble")),
    "ceiling": (("ceiling",), ("paint",)),
    "sofa": (("sofa",), ("fabric",)),
    "curtains": (("curtain",), ("curtain",)),
    "rug": (("rug",), ("rug",)),
    "wardrobe": (("wardrobe",), ("paint", "wood")),
    "door": (("door",), ("paint", "wood")),
    "dresser": (("dresser",), ("paint", "wood")),
    "accent wall": (("accent wall",), ("paint", "paint", "marble")),
}
NAMED_PAINTS = {
    "white": "white",
    "cream": "cream",
    "greige": "greige",
    "light grey": "lightgrey",
    "grey": "grey",
    "sage": "sage",
    "olive": "olive",
    "dark green": "green",
    "navy": "navy",
    "blue": "blue",
    "charcoal": "charcoal",
    "black": "black",
    "terracotta": "terracotta",
    "blush": "blush",
    "ochre": "ochre",
    "sand": "sand",
    "teal": "teal",
    "mint": "mint",
    "sky blue": "skyblue",
    "butter yellow": "butter",
    "lilac": "lilac",
    "burgundy": "burgundy",
    "taupe": "taupe",
}
WOODS = ("oak", "walnut", "ash", "teak", "cherry", "maple", "pine")
MARBLES = {
    "white marble": "white",
    "black marble": "black",
    "green marble": "green",
    "grey marble": "grey",
    "beige marble": "beige",
}
GRANITES = {"black granite": "black", "grey granite": "grey", "brown granite": "brown"}
TILES = ("white", "sage", "navy", "terracotta", "charcoal", "cream", "teal")
CLOTH = ("white", "cream", "greige", "charcoal", "sage", "navy", "terracotta", "ochre", "olive", "blue")


def share_of(instances: Iterable[Instance], classes: Iterable[str], pixels: int) -> float:
    """The share of the picture that instances of the classes cover."""
    wanted = set(classes)
    return sum(i["pixels"] for i in instances if i["class"] in wanted) / pixels


def draw_removals(rng: random.Random, instances: list[Instance], pixels: int, count: int) -> list[dict[str, Any]]:
    """Up to `count` things to leave out: all of a class, or one instance of it, that covers at least 0.2 %."""
    groups = {}
    for phrase, words in REMOVABLE.items():
        ids = [i["id"] for i in instances if i["class"] == phrase]
        if ids and share_of(instances, [phrase], pixels) > 0.002:
            groups[phrase] = (words, ids)
    chosen = []
    for phrase in rng.sample(sorted(groups), min(count, len(groups))):
        words, ids = groups[phrase]
        big = [i for i in ids if next(k for k in instances if k["id"] == i)["pixels"] > 0.004 * pixels]
        if len(ids) > 1 and big and rng.random() < 0.25:
            words, ids = phrase, [rng.choice(big)]
        chosen.append({"remove": words, "class": phrase, "instances": ids})
    return chosen


def draw_material(rng: random.Random, kind: str) -> tuple[str, str, str | None]:
    """A material of a kind: the words a person would type, the renderer's spec, and the hex if it is a paint."""
    if kind == "paint":
        words = rng.choice(sorted(NAMED_PAINTS))
        return words, f"paint:{NAMED_PAINTS[words]}", paint_hex(NAMED_PAINTS[words])
    named = {
        "wood": {wood: f"wood:{wood}" for wood in WOODS},
        "planks": {wood: f"planks:{wood}" for wood in WOODS},
        "marble": {words: f"marble:{name}" for words, name in MARBLES.items()},
        "granite": {words: f"granite:{name}" for words, name in GRANITES.items()},
        "quartz": {"white quartz": "stone:white"},
        "tile": {f"{colour} tiles": f"tile:{colour}" for colour in TILES},
        "stone": {stone: f"slate:{stone}" for stone in ("slate", "travertine", "limestone")},
        "wallpaper": {f"{colour} wallpaper": f"wallpaper:{colour}" for colour in CLOTH},
    }.get(kind, {colour: f"{kind}:{colour}" for colour in CLOTH})
    words = rng.choice(sorted(named))
    return words, named[words], None


def draw_recolours(
    rng: random.Random, instances: list[Instance], pixels: int, count: int, *, others: Sequence[list[Instance]] = ()
) -> list[dict[str, Any]]:
    """Up to `count` edits of one to three surfaces that cover at least 3 % each, as a person would type them.

    With `others`, the instances of further pictures of the room, only surfaces that all of these show, too.
    """
    there = [
        name
        for name, (classes, _) in SURFACES.items()
        if all(share_of(shown, classes, pixels) > 0.03 for shown in (instances, *others))
    ]
    edits = []
    for _ in range(count if there else 0):
        names = rng.sample(there, min(len(there), rng.choice([1, 1, 2, 3])))
        parts = []
        for name in names:
            classes, kinds = SURFACES[name]
            words, spec, hex_code = draw_material(rng, rng.choice(kinds))
            parts.append({"words": f"{name} -> {words}", "classes": list(classes), "material": spec, "hex": hex_code})
        edits.append({"edit": "; ".join(str(p["words"]) for p in parts), "parts": parts})
    return edits
