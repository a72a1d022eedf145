"""The words of a prompt, read as the look of a surface."""

import difflib
import re

from PIL import ImageColor

from automask.editors.paint.catalogue import MATERIALS
from automask.editors.paint.colours import PAINTS, colour_of
from automask.editors.paint.look import Look
from automask.errors import EditorError

_SYNONYMS = {
    "marble": "white marble",
    "calacatta": "white marble",
    "carrara": "white marble",
    "carrara marble": "white marble",
    "calacatta marble": "white marble",
    "gray marble": "grey marble",
    "dark marble": "black marble",
}
_FINISHES = ("paint", "painted", "matte", "matt", "satin", "gloss", "glossy", "fabric", "colour", "color", "lacquer")
_BOARDS = ("planks", "plank", "boards", "floorboards", "flooring", "floor", "parquet")


def look_for(prompt: str) -> Look:
    """The look that words ask for.

    Args:
        prompt: A CSS colour name, a paint word, `#abc`, `#aabbcc`, `rgb(...)`, or a material; a finish word (`matte`,
            `satin`) or `paint` beside a colour, and `planks` beside a wood, are understood.

    Raises:
        EditorError: For words it does not know; names the nearest known one.
    """
    text = re.sub(r"\s+", " ", prompt.strip().lower())
    words = text.split(" ") if not text.startswith("rgb") else [text]
    boards = any(word in _BOARDS for word in words)
    core = " ".join(word for word in words if word not in _FINISHES and word not in _BOARDS) or text
    material = re.sub(r" (wood|veneer|timber)$", "", _SYNONYMS.get(core, core))
    if boards and f"{material} planks" in MATERIALS:
        return MATERIALS[f"{material} planks"]
    if material in MATERIALS:
        return MATERIALS[material]
    colour = colour_of(core)
    if colour is None:
        raise EditorError(f"paint does not know {prompt!r}", mend=_mend(core))
    return Look(colour)


def _mend(text: str) -> str:
    colours = [*PAINTS, *ImageColor.colormap]
    near = difflib.get_close_matches(text, [*MATERIALS, *_SYNONYMS, *colours, "off-white"], n=1, cutoff=0.75)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return f"{hint}it knows CSS colours, #hex, rgb() and: {', '.join(MATERIALS)}; for anything else use preset=photo"
