"""The catalogue for people: what there is, in groups, and how each looks square-on."""

from typing import Any

import numpy as np

from automask.editors.paint.catalogue import MATERIALS, material_in_colour
from automask.editors.paint.colours import NAMES, PAINTS, key_of
from automask.editors.paint.finishes import FINISHES
from automask.editors.paint.look import Look, Triple
from automask.editors.paint.palettes import EMPTY, Palette
from automask.editors.paint.spectra import encoded_of_linear
from automask.editors.paint.tone import encode
from automask.errors import EditorError
from automask.images import to_uint8
from automask.types import Hw, Rgb

_FINISHES = ("matt", "eggshell", "satin", "semi gloss", "gloss")
_MIDDLE_GREY = (0.2, 0.2, 0.2)
_GROUPS = (
    ("cloth, leather and cane", ("linen", "wool", "velvet", "leather", "rattan")),
    ("carpet", ("carpet",)),
    ("wallpaper", ("wallpaper",)),
    ("tile and brick", ("tile", "brick", "zellige")),
    ("metal", ("steel", "brass")),
)


def group_of(name: str) -> str:
    """The heading under which a material is listed."""
    look = MATERIALS[name]
    if name.startswith(("fluted", "slatted")) or name in ("beadboard", "shiplap"):
        return "panelling"
    for group, endings in _GROUPS:
        if name.endswith(endings):
            return group
    if look.metal:
        return "metal"
    return {"grain": "wood", "boards": "wooden floor"}.get(look.layout, "stone")


def finish_of(gloss: float | None) -> str:
    """The finish that comes nearest to a gloss; empty where a material leaves highlights as they are."""
    return "" if gloss is None else min(_FINISHES, key=lambda word: abs(FINISHES[word] - gloss))


def materials() -> tuple[dict[str, Any], ...]:
    """Every material, group by group: `name`, `group`, `finish` (which another may replace), `takes_colour`."""
    rows = [
        {
            "name": name,
            "group": group_of(name),
            "finish": finish_of(look.gloss),
            "takes_colour": material_in_colour(name, _MIDDLE_GREY) is not None,
        }
        for name, look in MATERIALS.items()
    ]
    order = list(dict.fromkeys(row["group"] for row in rows))
    return tuple(sorted(rows, key=lambda row: order.index(row["group"])))


def sample(name: str, *, size_hw: Hw = (200, 300), px_per_m: float = 250.0, seed: int = 0) -> Rgb:
    """A material seen square-on in even light.

    Args:
        name: One of `materials()`.
        size_hw: Pixels.
        px_per_m: Scale; 250 px a metre shows 1.2 m x 0.8 m on 300 x 200 px.
        seed: Decides where its veins and boards are.

    Raises:
        EditorError: There is no such material.
    """
    look = MATERIALS.get(name)
    if look is None:
        raise EditorError(f"no material {name!r}", hint="see 'automask materials'")
    return drawn(look, size_hw=size_hw, px_per_m=px_per_m, seed=seed)


def drawn(look: Look, *, size_hw: Hw, px_per_m: float, seed: int) -> Rgb:
    """A look seen square-on in even light; arguments as in `sample`."""
    if look.texture is None:
        return to_uint8(encode(np.full((*size_hw, 3), look.reflectance, np.float32)))
    return to_uint8(encode(look.texture(size_hw, px_per_m, np.random.default_rng(seed))))


def colours(palette: Palette = EMPTY) -> tuple[dict[str, str], ...]:
    """Every colour with a name: `name`, and `hex` as `#rrggbb`; the palette's, then paints, then the words of CSS.

    Those of a palette also have their `code`, and their `file`.
    """
    own = [
        {"name": one.name, "hex": hex_of_linear(one.colour), "code": one.code, "file": one.source}
        for one in palette.swatches
        if one.colour is not None
    ]
    named = {**PAINTS, **{name: value for name, value in NAMES.items() if name not in {key_of(one) for one in PAINTS}}}
    return (*own, *({"name": name, "hex": value} for name, value in named.items()))


def hex_of_linear(colour: Triple) -> str:
    """`#rrggbb` of linear sRGB."""
    return "#" + "".join(f"{encoded_of_linear(level):02x}" for level in colour)
