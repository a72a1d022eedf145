"""A designer's own colours: files of names, codes and colours, whose names become words of a plan.

Formats: CSV (also with `;` or tabs), JSON, GPL (GIMP, Inkscape, Krita), ACO (Photoshop) and ASE (Adobe). Nothing of any
maker comes with automask: a palette is a file of the user's.
"""

import csv
import io
import json
import math
import re
import struct
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, TypeAlias

from automask.editors.paint.colours import colour_of, key_of, linear_token
from automask.editors.paint.finishes import FINISHES
from automask.editors.paint.look import Triple
from automask.editors.paint.spectra import WHITES, linear_of_lab, linear_of_spectrum
from automask.editors.swatches import version_of
from automask.errors import AutomaskError, ConfigError, EditorError
from automask.images.files import read_regular

MAX_BYTES = 4 << 20
MAX_COLOURS = 20_000
MAX_NAME = 100
_MAX_SAID = 300
_MAX_WORDS = 8
"""Words of a name that are looked for in a prompt."""


@dataclass(frozen=True, slots=True)
class Swatch:
    """One colour of a palette.

    Args:
        name: As the file spells it.
        code: Its code or number; empty where it has none.
        colour: Linear sRGB reflectance; None where the file's figures are of a kind that says no colour.
        gloss: 0 matt to 1 polished; None where the file says no sheen.
        measured: It was given as L*a*b* or as a reflectance: it is taken as it is.
        source: Name of the file.
        refusal: Why there is no colour, and what to do.
    """

    name: str
    code: str
    colour: Triple | None
    gloss: float | None = None
    measured: bool = False
    source: str = ""
    refusal: tuple[str, str] = ("", "")

    @property
    def label(self) -> str:
        """Name and code for people: `Harbour Night (QX 7006)`."""
        return f"{self.name} ({self.code})" if self.code and self.code != self.name else self.name


@dataclass(frozen=True, slots=True, eq=False)
class Palette:
    """The colours of some files, by the keys of their names and codes.

    Args:
        swatches: In the order of the files.
        by_key: What each name or code may mean: more than one where files, or lines, disagree.
    """

    swatches: tuple[Swatch, ...] = ()
    by_key: Mapping[str, tuple[Swatch, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, swatches: Sequence[Swatch]) -> "Palette":
        """The palette of some colours; a colour that is there twice counts once."""
        by_key: dict[str, tuple[Swatch, ...]] = {}
        for swatch in swatches:
            for key in {palette_key(swatch.name), palette_key(swatch.code)} - {""}:
                before = by_key.get(key, ())
                if all((one.colour, one.gloss) != (swatch.colour, swatch.gloss) for one in before):
                    by_key[key] = (*before, swatch)
        return cls(tuple(swatches), by_key)

    @property
    def names(self) -> tuple[str, ...]:
        """Every name and code, each once."""
        return tuple(dict.fromkeys(text for one in self.swatches for text in (one.name, one.code) if text))

    def replace_names(self, words: Sequence[str]) -> tuple[tuple[str, ...], tuple[Swatch, ...]]:
        """The words with each name or code as one `color(srgb-linear ...)`, longest first, and the colours meant.

        Raises:
            EditorError: A name that means several colours, or one whose figures say no colour.
        """
        out: list[str] = []
        meant: list[Swatch] = []
        at = 0
        while at < len(words):
            for length in range(min(_MAX_WORDS, len(words) - at), 0, -1):
                text = " ".join(words[at : at + length])
                found = self.by_key.get(palette_key(text))
                if found:
                    colour = _only(text, found)
                    meant.append(found[0])
                    out.append(linear_token(colour))
                    at += length
                    break
            else:
                out.append(words[at])
                at += 1
        return tuple(out), tuple(meant)


EMPTY = Palette()


def _only(text: str, found: Sequence[Swatch]) -> Triple:
    if len(found) > 1:
        both = " and ".join(f"{one.label} in {one.source}" for one in found[:2])
        raise EditorError(f"{text!r} is two colours: {both}", hint="say its code, or give one palette")
    colour = found[0].colour
    if colour is None:
        problem, hint = found[0].refusal
        raise EditorError(f"{found[0].label!r} of {found[0].source!r} {problem}", hint=hint)
    return colour


def palette_key(text: str) -> str:
    """A name without case, spaces and punctuation: `qx7006` of "QX 7006" and of "qx-7006"."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(letter for letter in key_of(folded) if letter.isalnum())


def palette_paths(palette: str | Sequence[str] | None) -> tuple[str, ...]:
    """The paths that a setting names: one, several, or none.

    Raises:
        ConfigError: It is neither text nor a list of texts.
    """
    if palette is None:
        return ()
    paths = (palette,) if isinstance(palette, str) else palette
    if not isinstance(paths, list | tuple) or not all(isinstance(path, str) and path for path in paths):
        raise ConfigError(f"palette is {palette!r}", hint="give a file, or a list of files, such as palette=mine.csv")
    return tuple(paths)


def load_palettes(paths: Sequence[str]) -> Palette:
    """The colours of some files.

    Raises:
        ConfigError: One cannot be read, is too large, is of no known kind, or has a line that says no colour.
    """
    swatches = tuple(swatch for path in paths for swatch in _load(path, version_of(path)))
    return Palette.of(swatches) if swatches else EMPTY


@lru_cache(maxsize=8)
def _load(path: str, version: tuple[int, int]) -> tuple[Swatch, ...]:
    del version  # part of the cache key: a file that has changed is read again
    kind = Path(path).suffix.lower().lstrip(".")
    if kind not in _READERS:
        raise ConfigError(
            f"palette {path!r} has no known ending", hint=f"give one of {', '.join('.' + known for known in _READERS)}"
        )
    try:
        data = read_regular(path, MAX_BYTES)
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or error
        raise ConfigError(f"cannot read the palette {path!r}: {said}", hint="check its name and folder") from error
    source = Path(path).name
    swatches: list[Swatch] = []
    try:
        for row in islice(_READERS[kind](data), MAX_COLOURS + 1):
            swatches.append(_swatch(row, source))
    except (_Fault, ValueError, KeyError, IndexError, OverflowError, RecursionError, struct.error, csv.Error) as error:
        said = str(error) or type(error).__name__
        said = (
            said if len(said) <= _MAX_SAID else f"{said[:_MAX_SAID]}\N{HORIZONTAL ELLIPSIS}"
        )  # a cell may have megabytes
        if isinstance(error, struct.error | IndexError):
            said = "it ends too early"
        raise ConfigError(f"palette {path!r}: {said}", hint=_HINTS[kind]) from error
    if not 0 < len(swatches) <= MAX_COLOURS:
        said = f"more than the {MAX_COLOURS} colours allowed" if swatches else "no colour"
        raise ConfigError(f"palette {path!r} has {said}", hint=_HINTS[kind])
    return tuple(swatches)


class _Fault(Exception):
    """A line of a palette that says no colour."""


Row: TypeAlias = Mapping[str, Any]
"""What a reader gives of one colour: `name`, `code`, `sheen`, `where`, and one of the figures of `_FIGURES`."""

_TABLE_HINT = (
    "a table has the columns name, code, sheen and one of: hex; r,g,b; L,a,b; or reflectances 400, 410 ... 700"
)
_HINTS = {
    **dict.fromkeys(("csv", "tsv", "txt"), _TABLE_HINT),
    "json": 'write [{"name": "Harbour Night", "code": "QX 7006", "hex": "#1d2a3a", "sheen": "satin"}]',
    **dict.fromkeys(("gpl", "aco", "ase"), "export it again, in RGB or Lab"),
}


def _swatch(row: Row, source: str) -> Swatch:
    where = f"{row['where']}: "
    name, code = (_text(row.get(key), where) for key in ("name", "code"))
    if not name and not code:
        raise _Fault(f"{where}no name")
    gloss = _gloss(row.get("sheen"), where)
    colour, measured, refusal = _colour(row, where)
    return Swatch(name or code, code, colour, gloss, measured, source, refusal)


def _text(value: Any, where: str) -> str:
    text = "" if value is None else " ".join(str(value).split())
    if len(text) > MAX_NAME:
        raise _Fault(f"{where}the name {text[:30]!r}... is longer than {MAX_NAME} letters")
    return "".join(letter for letter in text if letter.isprintable())


def _gloss(value: Any, where: str) -> float | None:
    """The gloss of a sheen in words, or of gloss units at 60 degrees (0 to 100)."""
    text = "" if value is None else str(value).strip().lower().removesuffix("%")
    if not text:
        return None
    text = re.sub(r"[\s-]+", " ", text)
    if text in FINISHES:
        return FINISHES[text]
    try:
        units = float(text)
    except ValueError:
        units = math.nan
    if not 0 <= units <= 100:
        raise _Fault(f"{where}sheen is {value!r}; write a finish such as matt or satin, or gloss units from 0 to 100")
    return units / 100


_Made: TypeAlias = tuple[Triple | None, bool, tuple[str, str]]
_INK = (
    "is mixed of inks (CMYK), which is no colour without its press",
    "save the swatch as RGB or Lab, or type its hex into the table",
)


def _colour(row: Row, where: str) -> _Made:
    if row.get("cmyk"):
        return None, False, _INK
    for key in ("spectrum", "lab", "reflectance", "rgb", "colour"):
        if row.get(key) not in (None, "", [], {}):
            return _FIGURES[key](row[key], where, row), key in _MEASURED, ("", "")
    raise _Fault(f"{where}no colour")


def _numbers(value: Any, count: int, what: str, where: str) -> list[float]:
    given = list(value) if isinstance(value, list | tuple) else re.split(r"[\s,;/]+", str(value).strip())
    try:
        numbers = [float(one) for one in given]
    except (TypeError, ValueError):
        numbers = []
    if len(numbers) != count or not all(math.isfinite(one) for one in numbers):
        raise _Fault(f"{where}{what} is {value!r}; give {count} numbers")
    return numbers


def _from_lab(value: Any, where: str, row: Row) -> Triple:
    light, a, b = _numbers(value, 3, "Lab", where)
    white = str(row.get("white") or "D65").strip().upper()
    if white not in WHITES:
        raise _Fault(f"{where}white is {white!r}; give {' or '.join(WHITES)}")
    if not 0 <= light <= 100 or max(abs(a), abs(b)) > 150:
        raise _Fault(f"{where}Lab is {value!r}; L is 0 to 100, a and b within 150")
    return linear_of_lab((light, a, b), white)


def _from_reflectance(value: Any, where: str, _: Row) -> Triple:
    red, green, blue = _numbers(value, 3, "reflectance", where)
    if not all(0 <= one <= 1 for one in (red, green, blue)):
        raise _Fault(f"{where}reflectance is {value!r}; give linear red, green and blue from 0 to 1")
    return red, green, blue


def _from_spectrum(value: Any, where: str, _: Row) -> Triple:
    try:
        pairs = sorted((float(nm), float(share)) for nm, share in dict(value).items())
    except (TypeError, ValueError):
        raise _Fault(f"{where}reflectances are no numbers") from None
    most = max((share for _, share in pairs), default=math.nan)
    scale = 100.0 if most > 1.5 else 1.0  # per cent, as instruments write it
    if not all(0 <= share <= 1.2 * scale and 300 <= nm <= 900 for nm, share in pairs):
        raise _Fault(f"{where}reflectances are outside 0 to 1 (or 0 to 100), or not within 300 to 900 nm")
    if len(pairs) < 10 or pairs[0][0] > 420 or pairs[-1][0] < 680:
        raise _Fault(f"{where}reflectances at {len(pairs)} wavelengths; give 10 or more, from 420 nm to 680 nm")
    return linear_of_spectrum([(nm, share / scale) for nm, share in pairs])


def _from_rgb(value: Any, where: str, _: Row) -> Triple:
    levels = _numbers(value, 3, "RGB", where)
    if not all(0 <= level <= 255 for level in levels):
        raise _Fault(f"{where}RGB is {value!r}; levels are 0 to 255")
    red, green, blue = (_linear_level(level / 255) for level in levels)
    return red, green, blue


def _linear_level(level: float) -> float:
    return level / 12.92 if level <= 0.04045 else float(((level + 0.055) / 1.055) ** 2.4)


def _from_words(value: Any, where: str, _: Row) -> Triple:
    text = re.sub(r"\s+", " ", str(value).strip().lower())
    bare = f"#{text}" if re.fullmatch(r"[0-9a-f]{6}", text) else text
    try:
        colour = colour_of(bare) if len(bare) <= MAX_NAME else None
    except AutomaskError as error:
        raise _Fault(f"{where}{error.problem}") from error
    if colour is None:
        raise _Fault(f"{where}the colour {str(value)[:40]!r} is none; write #rrggbb, rgb(), lab() or a RAL number")
    return colour


_MEASURED = ("spectrum", "lab", "reflectance")
_FIGURES: Mapping[str, Callable[[Any, str, Row], Triple]] = {
    "spectrum": _from_spectrum,
    "lab": _from_lab,
    "reflectance": _from_reflectance,
    "rgb": _from_rgb,
    "colour": _from_words,
}


# ------------------------------------------------------------------------------------------------------------- tables

_HEADS = {
    **dict.fromkeys(("name", "colour name", "color name", "title", "label"), "name"),
    **dict.fromkeys(("code", "number", "no", "nr", "id", "sku", "reference", "ref"), "code"),
    **dict.fromkeys(("hex", "colour", "color", "value", "html", "web"), "colour"),
    **dict.fromkeys(("sheen", "finish", "gloss"), "sheen"),
    **dict.fromkeys(("white", "illuminant", "whitepoint", "white point"), "white"),
    **dict.fromkeys(("rgb", "srgb"), "rgb"),
    **dict.fromkeys(("lab", "cielab", "l*a*b*"), "lab"),
    "reflectance": "reflectance",
}
_CHANNELS = {"rgb": (("r", "g", "b"), ("red", "green", "blue")), "lab": (("l", "a", "b"), ("l*", "a*", "b*"))}


def _decode(data: bytes) -> str:
    try:
        return data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")  # as spreadsheets write it


def _rows_of_table(data: bytes) -> Iterator[Row]:
    text = _decode(data)
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(",;\t", key=first.count)
    rows = csv.reader(io.StringIO(text), delimiter=delimiter)
    heads: list[str] | None = None
    for number, row in enumerate(rows, 1):
        cells = [cell.strip() for cell in row]
        if not any(cells) or (cells[0].startswith("#") and not re.fullmatch(r"#[0-9A-Fa-f]{3,8}", cells[0])):
            continue
        if heads is None:
            heads = [re.sub(r"[\s_]+", " ", cell).lower() for cell in cells]
            if not {"name", "code"} & {_HEADS.get(head) for head in heads}:
                raise _Fault(f"line {number}: no column 'name' or 'code' among {', '.join(map(repr, cells[:6]))}")
            continue
        yield _row_of_cells(heads, cells, delimiter) | {"where": f"line {number}"}


def _row_of_cells(heads: Sequence[str], cells: Sequence[str], delimiter: str) -> dict[str, Any]:
    if delimiter == ";":  # the language that separates cells by semicolons writes 12,5 for 12.5
        cells = [re.sub(r"^(-?\d+),(\d+)$", r"\1.\2", cell) for cell in cells]
    found = dict(zip(heads, cells, strict=False))
    row: dict[str, Any] = {_HEADS[head]: cell for head, cell in found.items() if head in _HEADS and cell}
    for key, forms in _CHANNELS.items():
        for channels in forms:
            if all(found.get(channel) for channel in channels):
                row.setdefault(key, [found[channel] for channel in channels])
    spectrum = {}
    for head, cell in found.items():
        wavelength = re.fullmatch(r"(?:r|nm)?\s*(\d{3})\s*(?:nm)?", head)
        if wavelength is not None and cell:
            spectrum[wavelength[1]] = cell
    return row | ({"spectrum": spectrum} if spectrum else {})


def _rows_of_json(data: bytes) -> Iterator[Row]:
    found = json.loads(_decode(data))
    if isinstance(found, dict):
        inside = next((found[key] for key in ("colours", "colors", "swatches", "palette") if key in found), None)
        found = inside if isinstance(inside, list) else [{"name": name, "colour": one} for name, one in found.items()]
    if not isinstance(found, list):
        raise _Fault("it is neither a list of colours nor names with colours")
    for number, item in enumerate(found, 1):
        if not isinstance(item, dict):
            raise _Fault(f"colour {number}: {str(item)[:40]!r} is not an object")
        row = {_HEADS.get(str(key).lower(), str(key).lower()): value for key, value in item.items()}
        yield row | {"where": f"colour {number}"}


def _rows_of_gpl(data: bytes) -> Iterator[Row]:
    lines = _decode(data).splitlines()
    if not lines or lines[0].strip() != "GIMP Palette":
        raise _Fault("its first line is not 'GIMP Palette'")
    for number, line in enumerate(lines[1:], 2):
        found = re.fullmatch(r"\s*(\d+)\s+(\d+)\s+(\d+)(?:\s+(.*))?", line)
        if found is not None:
            name = (found[4] or "").strip() or f"#{int(found[1]):02x}{int(found[2]):02x}{int(found[3]):02x}"
            yield {"name": name, "rgb": found.groups()[:3], "where": f"line {number}"}
        elif line.strip() and not line.lstrip().startswith("#") and ":" not in line:
            raise _Fault(f"line {number}: {line.strip()[:40]!r} is no colour")


# -------------------------------------------------------------------------------------------------------- binary files


def _rows_of_aco(data: bytes) -> Iterator[Row]:
    """Photoshop's swatches: a list without names (version 1), then the same with names (version 2), big-endian."""
    version, count = struct.unpack_from(">HH", data)
    if version == 1 and len(data) >= 4 + 10 * count + 4:
        data = data[4 + 10 * count :]
        version, count = struct.unpack_from(">HH", data)
    if version not in (1, 2):
        raise _Fault(f"its version is {version}, neither 1 nor 2")
    at = 4
    for number in range(1, count + 1):
        space, *figures = struct.unpack_from(">HHHHH", data, at)
        at += 10
        name = f"colour {number}"
        if version == 2:
            (length,) = struct.unpack_from(">I", data, at)
            name = _utf16(data, at + 4, length)
            at += 4 + 2 * length
        yield {"name": name or f"colour {number}", "where": f"colour {number}", **_aco_figures(space, figures)}


def _aco_figures(space: int, figures: Sequence[int]) -> dict[str, Any]:
    w, x, y, _ = figures
    if space == 0:
        return {"rgb": [w / 257, x / 257, y / 257]}
    if space == 1:
        return {"colour": f"hsl({_hsl_of_hsv(w / 65535 * 360, x / 65535, y / 65535)})"}
    if space == 7:
        a, b = (value - 65536 if value > 32767 else value for value in (x, y))
        return {"lab": [w / 100, a / 100, b / 100], "white": "D50"}
    if space == 8:
        return {"rgb": [255 * (1 - w / 10000)] * 3}
    if space == 2:
        return {"cmyk": True}
    raise _Fault(f"a colour of space {space}, which is a maker's own book")


def _hsl_of_hsv(hue: float, saturation: float, value: float) -> str:
    light = value * (1 - saturation / 2)
    share = 0.0 if light in (0, 1) else (value - light) / min(light, 1 - light)
    return f"{hue:.4f} {100 * share:.4f}% {100 * light:.4f}%"


def _rows_of_ase(data: bytes) -> Iterator[Row]:
    """Adobe's exchange file: blocks of groups and colours, big-endian."""
    if data[:4] != b"ASEF":
        raise _Fault("it does not begin with 'ASEF'")
    (blocks,) = struct.unpack_from(">I", data, 8)
    at = 12
    for number in range(1, blocks + 1):
        kind, length = struct.unpack_from(">HI", data, at)
        body = data[at + 6 : at + 6 + length]
        at += 6 + length
        if kind != 1:
            continue
        (letters,) = struct.unpack_from(">H", body)
        name = _utf16(body, 2, letters)
        model, where = body[2 + 2 * letters : 6 + 2 * letters], 6 + 2 * letters
        figures = struct.unpack_from(f">{_ASE_FIGURES.get(model, 0)}f", body, where)
        row = {"name": name or f"colour {number}", "where": f"colour {number}"}
        yield row | _ase_figures(model, figures)


_ASE_FIGURES = {b"RGB ": 3, b"LAB ": 3, b"CMYK": 4, b"Gray": 1}


def _ase_figures(model: bytes, figures: Sequence[float]) -> dict[str, Any]:
    if model == b"RGB ":
        return {"rgb": [255 * level for level in figures]}
    if model == b"LAB ":
        return {"lab": [100 * figures[0], *figures[1:]], "white": "D50"}
    if model == b"Gray":
        return {"rgb": [255 * figures[0]] * 3}
    if model == b"CMYK":
        return {"cmyk": True}
    raise _Fault(f"a colour of the model {model!r}")


def _utf16(data: bytes, at: int, letters: int) -> str:
    if at + 2 * letters > len(data):
        raise IndexError(at)
    return data[at : at + 2 * letters].decode("utf-16-be", errors="replace").rstrip("\0")


_READERS: Mapping[str, Callable[[bytes], Iterable[Row]]] = {
    "csv": _rows_of_table,
    "tsv": _rows_of_table,
    "txt": _rows_of_table,
    "json": _rows_of_json,
    "gpl": _rows_of_gpl,
    "aco": _rows_of_aco,
    "ase": _rows_of_ase,
}
