"""What the labels of each data set may be: every label stands for a set of leaves, the finest things told apart.

No leaf stands in the sets of two labels of one data set that are easily confused: with "handle" in the sets of base,
wall and tall cabinets the net puts all its doubt there, and cabinets that are read without it fall apart.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

LEAVES: tuple[str, ...] = tuple(
    json.loads(
        (Path(__file__).resolve().parents[2] / "automask" / "segmenters" / "weights" / "starter.json").read_text(
            encoding="utf-8"
        )
    )["leaves"]
)
IGNORED = 255  # the row of a pixel without a label

# `kitchens/`: handles and toe kicks are part of the cabinet, the hob of a range is part of the oven.
KITCHEN_LEAVES: Mapping[str, tuple[str, ...]] = {
    "wall": ("wall", "accent wall"),
    "base cabinet": ("base cabinet", "toe kick"),
    "island body": ("kitchen island",),
    "table": ("dining table", "coffee table", "side table"),
    "chair": ("chair", "armchair"),
    "stool": ("bar stool",),
    "lamp": ("pendant lamp", "table lamp", "floor lamp"),
    "shelf": ("shelf", "bookcase"),
    "bed": ("bed", "headboard", "throw blanket"),
    "sofa": ("sofa", "cushion"),
    "small appliance": ("small appliance", "coffee machine"),
    "decor": ("decor", "vase", "bowl", "bottle", "books"),
    "trash can": ("garbage bin",),
    "stairs": ("banister",),
    "tv": ("tv", "monitor"),
    "other": (
        "other object",
        "other furniture",
        "other structure",
        "sideboard",
        "dresser",
        "night stand",
        "desk",
        "bench",
        "pouf",
        "basket",
        "bag",
        "clothes",
        "paper",
        "computer",
        "fireplace",
    ),
}
# What is behind it shows through it: without a label of its own.
KITCHEN_IGNORED = ("ignore", "doorway", "shower")

RENDER_LEAVES: Mapping[str, tuple[str, ...]] = {
    "fridge": ("refrigerator",),
    "decor": ("decor", "bowl", "bottle", "books"),
    "wardrobe": ("tall cabinet",),
    "range cooktop": ("oven",),  # as `kitchens/` counts it
    "trash can": ("garbage bin",),
    "small appliance": ("small appliance", "coffee machine"),
    "outlet": ("other object",),
}
RENDER_IGNORED = ("unlabelled", "shower screen", "doorway")
# The renders of ../shared have no class for a microwave: theirs count as oven.
RENDER_OVEN_WITH_MICROWAVE = ("oven", "microwave")

NYU_LEAVES: Mapping[str, tuple[str, ...]] = {
    "wall": ("wall", "accent wall"),
    "wall of a kitchen": ("wall", "accent wall", "backsplash"),
    "cabinet": ("base cabinet", "wall cabinet", "tall cabinet", "toe kick"),
    "chair": ("chair", "armchair"),
    "table": ("dining table", "coffee table", "side table"),
    "bookshelf": ("bookcase",),
    "counter": ("countertop", "island countertop"),
    "shelves": ("shelf",),
    "pillow": ("cushion",),
    "floor mat": ("rug",),
    "book": ("books",),
    "television": ("tv",),
    "lamp": ("table lamp", "floor lamp", "pendant lamp"),
    "light": ("ceiling light",),
    "chandelier": ("pendant lamp",),
    "oven": ("oven", "cooktop"),
    "stove": ("oven", "cooktop"),
    "ottoman": ("pouf",),
    "tv stand": ("sideboard",),
    "stool": ("bar stool",),
    "wardrobe": ("tall cabinet",),
    "bunk bed": ("bed",),
    "mattress": ("bed",),
    "laptop": ("computer",),
    "mantel": ("fireplace",),
    "wall decoration": ("picture",),
    "otherstructure": ("other structure",),
    "otherfurniture": ("other furniture",),
    "otherprop": ("other object", "decor"),
    "crib": ("other furniture",),
    "clothing dryer": ("washing machine",),
    "heater": ("radiator",),
    "stairs": ("banister",),
}
NYU_IGNORED = ("void", "unlabeled", "unlabelled")


class LabelTable:
    """The rows of all data sets' labels: each a set of leaves, listed once."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, ...]] = []

    def row(self, leaves: tuple[str, ...]) -> int:
        """The row of a set of leaves, made if it is new."""
        unknown = set(leaves) - set(LEAVES)
        if unknown:
            raise ValueError(f"labels name leaves that the net does not have: {sorted(unknown)}")
        if leaves not in self.rows:
            self.rows.append(leaves)
        return self.rows.index(leaves)

    def rows_of(
        self, classes: Mapping[int, str], leaves_of: Mapping[str, tuple[str, ...]], ignored: Sequence[str]
    ) -> list[int]:
        """The row of each class id, 256 of them; `IGNORED` where a class has none."""
        found = [IGNORED] * 256
        for number, name in classes.items():
            if name not in ignored:
                found[number] = self.row(leaves_of.get(name, (name,)))
        return found


def kitchen_classes(path: Path) -> dict[int, str]:
    """The class names of `kitchens/classes.json` by id."""
    return {int(number): name for number, name in json.loads(path.read_text(encoding="utf-8")).items()}


def render_classes(path: Path) -> dict[int, str]:
    """The class names of a folder of renders by id."""
    table = json.loads(path.read_text(encoding="utf-8"))
    return {int(number): entry["phrase"] for number, entry in table.items()}


def nyu_classes(path: Path) -> dict[int, str]:
    """The class names of NYU by id; 0 is unlabelled."""
    table = json.loads(path.read_text(encoding="utf-8"))["classes"]
    return {int(number): name for number, name in table.items() if int(number)}
