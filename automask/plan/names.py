"""Derives names from words: slugs, mask file names, singulars, and the known name nearest to a misspelt one."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path

_MAX_SLUG_CHARS = 60
_ASCII_FOR = str.maketrans({"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "\u0131": "i"})


def slug(text: str) -> str:
    """An ASCII name made of the text's letters and digits: "island, black wall" -> "island-black-wall".

    At most 60 characters, cut between words where possible. Accents are dropped; a text without a letter or digit that
    ASCII can hold gets a short stable digest, such as "x1a2b3c".
    """
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_ASCII_FOR))
    ascii_only = plain.encode("ascii", "ignore").decode().lower()
    name = re.sub("[^a-z0-9]+", "-", ascii_only).strip("-")
    if len(name) > _MAX_SLUG_CHARS:
        whole_words, dash, _ = name[: _MAX_SLUG_CHARS + 1].rpartition("-")
        name = whole_words if dash else name[:_MAX_SLUG_CHARS]
    return name or "x" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:6]


def mask_name(number: int, targets: Sequence[str]) -> str:
    """The file name of an edit's mask: "01-island-black-wall.png".

    Args:
        number: The edit's place in the plan, from 1.
        targets: Its targets.
    """
    return f"{number:02d}-{slug(', '.join(targets))}.png"


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known name that is spelt most like the word, whatever its case; None when none is similar."""
    by_fold = {name.casefold(): name for name in sorted(known, reverse=True)}
    close = get_close_matches(word.casefold(), by_fold, n=1, cutoff=0.6)
    return by_fold[close[0]] if close else None


def is_plural(word: str) -> bool:
    """Whether an English noun looks like a plural."""
    return len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is"))


def singular(word: str) -> str:
    """An English noun without the ending that `is_plural` sees; the word itself where it sees none."""
    if not is_plural(word):
        return word
    ending = "f" if word.endswith("lves") else "y" if word.endswith("ies") else ""
    stem = word[:-3] if ending else word[:-2] if word.endswith(("ches", "shes", "xes", "sses")) else word[:-1]
    return stem + ending


def is_file_name(name: object) -> bool:
    """Whether a value is the name of one file or folder: text that leads into no folder, neither below nor above."""
    return isinstance(name, str) and name not in {"", ".", ".."} and "\0" not in name and Path(name).name == name


_DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))})


def is_reserved_name(name: str) -> bool:
    """Whether Windows keeps the name for a device, with or without an ending: `con`, `nul.png`, `COM1`.

    Source: Microsoft, "Naming Files, Paths, and Namespaces".
    """
    return name.partition(".")[0].rstrip(" ").casefold() in _DEVICES
