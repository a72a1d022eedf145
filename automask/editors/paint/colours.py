"""Colours in words and figures, as the linear reflectance of a surface."""

import re

from PIL import ImageColor

from automask.editors.paint.look import Triple

# Words of paint charts. They win over a CSS colour of the same name: a "navy" wall is a paint, not the #000080 of a
# 16-colour screen (which stays within reach by its hex).
PAINTS = {
    "offwhite": "#f1efe6",
    "warmwhite": "#e9e2d5",
    "cream": "#e3d8c0",
    "greige": "#b9aea0",
    "taupe": "#8c8075",
    "sage": "#98a48c",
    "sagegreen": "#98a48c",
    "navy": "#222f44",
    "navyblue": "#222f44",
    "charcoal": "#33363a",
    "charcoalgrey": "#33363a",
    "terracotta": "#b0694c",
    "blush": "#d3b3a2",
    "ochre": "#bf9247",
    "sand": "#cdbb9e",
    "mustard": "#c79a2e",
    "duckegg": "#b9cfc9",
    "mint": "#b7d3c0",
    "forestgreen": "#2f4236",
    "emerald": "#0f6a4f",
    "burgundy": "#5e1f2b",
    "anthracite": "#383e42",
    "rust": "#9a4a27",
    "stonegrey": "#a29d93",
}


def linear(text: str) -> Triple:
    """Linear sRGB, 0..1, of `#abc`, `#aabbcc`, `rgb(...)` or a CSS colour name.

    Raises:
        ValueError: It is none of these.
    """
    levels = (level / 255 for level in ImageColor.getrgb(text)[:3])
    red, green, blue = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in levels)
    return red, green, blue


def colour_of(text: str) -> Triple | None:
    """The colour that lower-case words mean, as linear sRGB 0..1; None for anything that is no colour."""
    name = re.sub(r"[ -]", "", text)
    known = PAINTS.get(name) or ImageColor.colormap.get(name)
    if known is None and re.fullmatch(r"#([0-9a-f]{3}|[0-9a-f]{6})|rgb\(.*\)", text):
        known = text
    try:
        return linear(known) if isinstance(known, str) else None
    except ValueError:
        return None  # rgb(...) with something else between the brackets
