"""Fonts, colours and line breaks for text on pictures.

Text is drawn with Pillow, because OpenCV draws ASCII only.
"""

import bisect
import functools
import unicodedata

from PIL import ImageFont

from automask.errors import AutomaskError

PAPER = (250, 250, 248)
INK = (32, 33, 36)

_MORE_FONTS = (
    "DejaVuSans.ttf",
    "NotoSans-Regular.ttf",
    "NotoSansCJK-Regular.ttc",
    "wqy-microhei.ttc",
    "Arial Unicode.ttf",
    "Arial.ttf",
    "arial.ttf",
    "msyh.ttc",
)


@functools.lru_cache(maxsize=64)
def _named_font(name: str, text_px: int) -> ImageFont.FreeTypeFont | None:
    try:
        if not name:
            font = ImageFont.load_default(text_px)
        else:
            # Why not Raqm: some builds of Pillow lack it, and it fails on a text that begins with a combining accent.
            font = ImageFont.truetype(name, text_px, layout_engine=ImageFont.Layout.BASIC)
    except OSError:
        return None
    return font if isinstance(font, ImageFont.FreeTypeFont) else None


@functools.lru_cache(maxsize=4096)
def _draws(name: str, char: str) -> bool:
    """Whether a font has the character: what it draws differs from what it draws for one that no font has."""
    font = _named_font(name, 16)
    if font is None:
        return False
    return char.isspace() or bytes(font.getmask(char)) != bytes(font.getmask("\U0010ffff"))


def font_for(text_px: int, text: str) -> tuple[ImageFont.FreeTypeFont, str]:
    """A font for the text, and the text as that font can draw it.

    Pillow's own font, the same on every machine, has ASCII and little more; for other scripts, of the system's fonts
    the one with most of the text's characters is used. An accent that it cannot draw is dropped.

    Raises:
        AutomaskError: This Pillow cannot draw text.
    """
    text = "".join(char if char.isprintable() else " " for char in text)
    best = max(("", *_MORE_FONTS), key=lambda name: sum(_draws(name, char) for char in set(text)))
    font = _named_font(best, text_px)
    if font is None:
        raise AutomaskError("this Pillow was built without FreeType and draws no text", hint="install Pillow's wheel")
    return font, "".join(char if _draws(best, char) else _without_accent(char) for char in text)


def _without_accent(char: str) -> str:
    plain = unicodedata.normalize("NFKD", char)[0]
    return plain if plain.isascii() else char


def shorten(text: str, font: ImageFont.FreeTypeFont, room_px: float) -> str:
    """The text, with an ellipsis for its middle if it is wider than `room_px`: file names often differ at the end."""
    if font.getlength(text) <= room_px:
        return text
    widths = range(1, len(text))
    kept = bisect.bisect_right(widths, room_px, key=lambda count: font.getlength(_without_middle(text, count)))
    return _without_middle(text, kept) if kept else "…"


def _without_middle(text: str, kept: int) -> str:
    return f"{text[: (kept + 1) // 2]}…{text[len(text) - kept // 2 :]}"


def wrap(text: str, font: ImageFont.FreeTypeFont, room_px: float) -> list[str]:
    """The text broken into lines of at most `room_px`; a word that is wider is shortened."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) <= room_px:
            lines[-1] = longer
        else:
            lines.append(shorten(word, font, room_px))
    return [line for line in lines if line]


def text_colour_on(colour: tuple[int, int, int]) -> tuple[int, int, int]:
    """INK or PAPER, whichever contrasts more with the colour; luma weights of ITU-R BT.601."""
    return INK if 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2] > 120 else PAPER
