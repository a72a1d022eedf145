"""Colours in words and figures, as the linear reflectance of a surface.

Every colour here ends as a `#rrggbb`: 8 bits a channel are finer than any paint. Coloraide reads the notations of CSS
and shifts colours; it takes 0.08 s to import, so only words that need it do.
"""

import re
from collections.abc import Mapping

from PIL import ImageColor

from automask.editors.paint.look import Triple
from automask.editors.paint.ral import RAL
from automask.editors.paint.spectra import encoded_of_linear, grey_of_ncs
from automask.errors import EditorError

# Words of paint charts; each is the mean of what several makers sell by that name. A CSS name keeps its CSS colour,
# except navy and the plain hues: a blue wall is a paint, not the #0000ff of a screen (which stays within reach by its
# hex), and CSS's brown is a red, of which "dark brown" made a redder one.
PAINTS = {
    # plain hues
    "red": "#9f2f2d",
    "orange": "#cf7034",
    "yellow": "#e6c35c",
    "green": "#4f7152",
    "blue": "#41688f",
    "purple": "#6a4d7a",
    "pink": "#dfb0b0",
    "brown": "#6a4a37",
    "dark brown": "#46312a",
    # whites
    "off white": "#f1efe6",
    "warm white": "#e9e2d5",
    "cool white": "#edf0f1",
    "soft white": "#f2eee4",
    "bright white": "#fbfbf9",
    "chalk": "#ecebe4",
    "alabaster": "#edeae0",
    "eggshell": "#eee7d8",
    "cream": "#e3d8c0",
    "buttermilk": "#efe3c2",
    "vanilla": "#ecdfbf",
    "magnolia": "#ede3d3",
    "parchment": "#e5dac3",
    "bone": "#ddd4c2",
    "oatmeal": "#d3c7b2",
    # browns and stone
    "sand": "#cdbb9e",
    "stone": "#b8afa0",
    "putty": "#b5a892",
    "greige": "#b9aea0",
    "mushroom": "#a99c8f",
    "taupe": "#8c8075",
    "mink": "#877a70",
    "camel": "#b58b5a",
    "caramel": "#a5683a",
    "toffee": "#8a5a34",
    "cognac": "#8f4f28",
    "mocha": "#6f5647",
    "coffee": "#5a4334",
    "espresso": "#3b2b24",
    "umber": "#5b4636",
    # greys and blacks
    "dove": "#b4b3ae",
    "ash": "#a8a8a1",
    "pebble": "#a9a59b",
    "stone grey": "#a29d93",
    "slate": "#565e65",
    "pewter": "#7c7f80",
    "steel grey": "#70777c",
    "gunmetal": "#3b4145",
    "graphite": "#45484b",
    "anthracite": "#383e42",
    "charcoal": "#33363a",
    "dark grey": "#4c4e50",
    "off black": "#27282a",
    "soft black": "#2c2b2a",
    "jet black": "#0f0f11",
    "ebony": "#25211f",
    # greens
    "sage": "#98a48c",
    "eucalyptus": "#8ea294",
    "pistachio": "#b7c39a",
    "mint": "#b7d3c0",
    "celadon": "#aebfaa",
    "moss": "#6d7350",
    "olive green": "#6b6a43",
    "khaki green": "#7d7a55",
    "fern": "#5d7a4f",
    "forest": "#2f4236",
    "hunter green": "#33513f",
    "bottle green": "#1f3a30",
    "british racing green": "#1c3b2d",
    "emerald": "#0f6a4f",
    "jade": "#3f8770",
    # blues
    "duck egg": "#b9cfc9",
    "smoky blue": "#7f909d",
    "sky": "#a6c6da",
    "ice blue": "#d4e2e6",
    "dusty blue": "#8aa0b0",
    "denim": "#4a6480",
    "cornflower": "#7d97c2",
    "cobalt": "#234a94",
    "petrol": "#1f4a57",
    "peacock": "#125a64",
    "inky blue": "#232c3d",
    "ink": "#20273a",
    "midnight": "#1b2333",
    "navy": "#222f44",
    # reds and pinks
    "blush": "#d3b3a2",
    "dusty pink": "#cfa7a0",
    "dusky pink": "#c79a96",
    "rose": "#c98a8a",
    "plaster": "#d9bfae",
    "peach": "#eec1a0",
    "apricot": "#e5ae7c",
    "terracotta": "#b0694c",
    "rust": "#9a4a27",
    "brick": "#8e4a3a",
    "oxblood": "#54211f",
    "burgundy": "#5e1f2b",
    "claret": "#64212f",
    "cherry": "#8f1f2d",
    # yellows
    "ochre": "#bf9247",
    "mustard": "#c79a2e",
    "saffron": "#dd9f2f",
    "primrose": "#efe0a0",
    "lemon": "#f0e07a",
    "straw": "#dcc78c",
    # violets
    "lilac": "#c3b1cc",
    "mauve": "#a98fa4",
    "heather": "#9a8aa3",
    "deep plum": "#573246",
    "aubergine": "#3a2433",
}
"""`#rrggbb` of a paint chart's words."""

HUES = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "brown")
"""Names of CSS that are paints here; so is `navy`."""

_FAMILIES = {
    "white": "chalk alabaster magnolia eggshell bone cream vanilla",
    "brown": "camel caramel toffee mocha coffee espresso umber mushroom taupe cognac",
    "beige": "sand oatmeal putty",
    "grey": "dove ash pebble slate pewter gunmetal graphite anthracite charcoal mushroom",
    "black": "ebony",
    "green": "sage eucalyptus pistachio mint celadon moss fern forest emerald jade",
    "blue": "duck egg;sky;denim;cornflower;cobalt;petrol;peacock;ink;midnight;navy",
    "pink": "blush rose plaster",
    "orange": "apricot peach terracotta rust",
    "red": "terracotta rust brick oxblood burgundy claret cherry",
    "yellow": "ochre mustard saffron primrose lemon straw",
    "purple": "aubergine mauve",
}
"""Words that add nothing to a paint word: "sage green" is sage."""

# Where the words `light`, `dark`, ... move a colour in OKLCH, when it has no name of its own.
SHIFTS: Mapping[str, str] = {
    "light": "a third of the way to white in lightness, chroma times 0.9",
    "pale": "half of the way to white in lightness, chroma times 0.65",
    "soft": "a sixth of the way to white in lightness, chroma times 0.75",
    "muted": "lightness as it is, chroma times 0.6",
    "dark": "lightness times 0.72",
    "deep": "lightness times 0.8, chroma times 1.15",
    "warm": "0.02 towards hue 70 (amber)",
    "cool": "0.02 towards hue 250 (sky)",
}
"""What each modifying word does; documented, so that a designer may count on it."""
_LIGHTENED = {"light": (1 / 3, 0.9), "pale": (0.5, 0.65), "soft": (1 / 6, 0.75), "muted": (0.0, 0.6)}
_DARKENED = {"dark": (0.72, 1.0), "deep": (0.8, 1.15)}
_WARMED = {"warm": 70.0, "cool": 250.0}
_ROOM = (0.2, 0.96)  # pure black and white have no hue: a warm one gives up a little of its depth

_FUNCTION = re.compile(r"[a-z][a-z0-9-]*\([^()]*\)")
_LINEAR = re.compile(r"color\(srgb-linear ([01]\.\d+) ([01]\.\d+) ([01]\.\d+)\)")
"""Read as it is: a measured colour is not rounded to 8 bits."""
_NCS = re.compile(r"(?:ncs[\s-]+(?:s[\s-]*)?|s[\s-]+)(\d{4})[\s-]+([a-z]\d{0,2}[a-z]?)")
_SCREEN = ("rgb", "hsl", "hwb")
_WILD = 1000.0  # a hue beyond 360 is something people type; a chroma of 1e300 is not, and would end as white


def key_of(text: str) -> str:
    """A name without variations in spelling: no spaces or hyphens, `grey` for `gray`."""
    return re.sub(r"[\s-]", "", text).replace("gray", "grey")


def _names() -> dict[str, str]:
    # Pillow puts numbers in place of a colour's text once a program has used it by name.
    texts = {
        name: value if isinstance(value, str) else "#{:02x}{:02x}{:02x}".format(*value)
        for name, value in ImageColor.colormap.items()
    }
    names = {key_of(name): value for name, value in texts.items()}
    darkgrey = names["darkgrey"]
    names |= {key_of(name): value for name, value in PAINTS.items()}
    for family, members in _FAMILIES.items():
        for member in members.split(";") if ";" in members else members.split():
            names.setdefault(key_of(f"{member} {family}"), PAINTS[member])
    # CSS has a `darkgrey` that is lighter than its `grey`. In one word it is meant; "dark grey" is a paint.
    return names | {"darkgrey": darkgrey}


NAMES = _names()
"""`#rrggbb` of every colour word, by `key_of`: CSS, paint charts, and "sage green" for "sage"."""


def linear(text: str) -> Triple:
    """Linear sRGB, 0..1, of `#abc`, `#aabbcc` or a CSS colour name.

    Raises:
        ValueError: For any other text.
    """
    levels = (level / 255 for level in ImageColor.getrgb(text)[:3])
    red, green, blue = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in levels)
    return red, green, blue


def colour_of(text: str) -> Triple | None:
    """The colour that lower-case words mean, as linear sRGB 0..1; None for anything that is no colour.

    Raises:
        EditorError: As `hex_of`.
    """
    exact = _LINEAR.fullmatch(text.strip())
    if exact is not None:
        red, green, blue = (min(float(figure), 1.0) for figure in exact.groups())
        return red, green, blue
    known = hex_of(text)
    return None if known is None else linear(known)


def linear_token(colour: Triple) -> str:
    """A colour as one word without spaces to split at, from which `colour_of` reads the same figures again."""
    return f"color(srgb-linear {' '.join(f'{level:.6f}' for level in colour)})"


def hex_of(text: str) -> str | None:
    """The colour that lower-case words mean, as `#rrggbb`; None for anything that is no colour.

    `#abc`, `#aabbcc`, the notations of CSS (`rgb()`, `hsl()`, `hwb()`, `lab()`, `lch()`, `oklab()`, `oklch()`,
    `color()`), RAL Classic numbers (`ral 9010`), greys of NCS (`ncs s 2000-n`), words of CSS and of paint charts, and
    these after words of `SHIFTS`.

    A colour outside what sRGB shows is brought into it as CSS does: figures of rgb(), hsl() and hwb() are cut to their
    range; of all other notations lightness and hue are kept and chroma is lowered until it fits (ray tracing in OKLCH).

    Raises:
        EditorError: A colour that is see-through, a RAL number that does not exist, a hue of NCS.
    """
    text = text.strip()
    number = re.fullmatch(r"ral[\s-]*(\d+)", text)
    if number is not None:
        return _ral(number[1])
    notation = _NCS.fullmatch(text)
    if notation is not None:
        return _ncs(notation[0], notation[1], notation[2])
    if text.startswith("#"):
        return _hex(text)
    if _FUNCTION.fullmatch(text):
        return _notation(text)
    return _word(text)


def resolve_notations(text: str) -> str:
    """Lower-case words with every notation and RAL number in them as `#rrggbb`, so that spaces only separate words.

    A notation that cannot be read stays as it is.

    Raises:
        EditorError: As `hex_of`.
    """
    text = _FUNCTION.sub(lambda found: f" {_in_one_piece(found[0])} ", text)
    text = re.sub(rf"\b{_NCS.pattern}\b", lambda found: _ncs(*found.group(0, 1, 2)), text)
    return re.sub(r"\bral[\s-]*(\d+)\b", lambda found: _ral(found[1]), text)


def _in_one_piece(notation: str) -> str:
    return notation if _LINEAR.fullmatch(notation) else _notation(notation) or notation


def _ral(number: str) -> str:
    if number not in RAL:
        near = min(RAL, key=lambda known: abs(int(known) - int(number[:9])))
        raise EditorError(f"there is no RAL {number} in RAL Classic", hint=f"the nearest number is RAL {near}")
    return RAL[number]


def _ncs(text: str, nuance: str, hue: str) -> str:
    blackness, chroma = int(nuance[:2]), int(nuance[2:])
    if hue != "n" or chroma:
        raise EditorError(
            f"{text.upper()!r} is defined by the atlas of NCS, which is not open",
            hint="give its measured Lab, or its hex, in a palette of your own: palette=mine.csv",
        )
    level = encoded_of_linear(grey_of_ncs(blackness))
    return f"#{level:02x}{level:02x}{level:02x}"


def _hex(text: str) -> str | None:
    if not re.fullmatch(r"#([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})", text):
        return None
    digits = text[1:] if len(text) > 5 else "".join(2 * digit for digit in text[1:])
    return f"#{_require_opaque(text, digits[6:] in ('', 'ff'), digits[:6])}"


def _require_opaque(text: str, is_opaque: bool, colour: str) -> str:
    if not is_opaque:
        raise EditorError(f"{text!r} is see-through, and paint covers", hint=f"leave its alpha out, as in #{colour}")
    return colour


def _notation(text: str) -> str | None:
    from coloraide import Color

    try:
        colour = Color(text)
        if any(abs(figure) > _WILD for figure in colour.coords(nans=False)):
            return None
        screen = colour.convert("srgb")
        screen = screen.clip() if text.startswith(_SCREEN) else screen.fit(method="raytrace")
        digits = screen.to_string(hex=True, alpha=False)[1:]
    except ValueError:
        return None
    return f"#{_require_opaque(text, colour.alpha() >= 1, digits)}"


def _word(text: str) -> str | None:
    if "(" not in text:  # a notation has its own hyphens
        text = re.sub(r"[\s-]+", " ", text).replace("gray", "grey")
    known = PAINTS.get(text) or NAMES.get(key_of(text))
    if known is not None or " " not in text:
        return known
    shift, rest = text.split(" ", 1)
    if shift not in SHIFTS:
        return None
    known = hex_of(rest)
    return None if known is None else shift_colour(known, shift)


def shift_colour(colour: str, shift: str) -> str:
    """A `#rrggbb` lighter, darker, warmer ... by what `SHIFTS` says, within sRGB."""
    from coloraide import Color

    moved = Color(colour).convert("oklch", norm=False)
    lightness, chroma, hue = moved.coords(nans=False)
    if shift in _LIGHTENED:
        way, share = _LIGHTENED[shift]
        moved = Color("oklch", [lightness + way * (1 - lightness), chroma * share, hue])
    elif shift in _DARKENED:
        darker, share = _DARKENED[shift]
        moved = Color("oklch", [lightness * darker, chroma * share, hue])
    else:
        push = Color("oklch", [0.0, 0.02, _WARMED[shift]]).convert("oklab").coords()
        _, a, b = moved.convert("oklab").coords()
        moved = Color("oklab", [min(max(lightness, _ROOM[0]), _ROOM[1]), a + push[1], b + push[2]])
    return str(moved.convert("srgb").fit(method="raytrace").to_string(hex=True))
