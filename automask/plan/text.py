"""Compares and shows the texts of a plan."""

import unicodedata
from collections.abc import Mapping

EXAMPLE = "island -> marble"
"""The plan that error messages show."""

_ALLOWED_INVISIBLES = frozenset("\t\u200c\u200d")  # a tab, and the joiners that Persian and emoji need


def normalised(words: str) -> str:
    """The words in a form to compare with others: Unicode, case and runs of spaces made uniform. Never shown."""
    return unicodedata.normalize("NFC", " ".join(unicodedata.normalize("NFC", words).casefold().split()))


def is_unprintable(char: str) -> bool:
    """True for control characters, line breaks, halves of surrogate pairs, and characters that cannot be seen."""
    return char not in _ALLOWED_INVISIBLES and unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"}


def printable(text: str) -> str:
    """The text on one line, without characters that a terminal would obey."""
    return text if text.isprintable() else repr(text)


def describe(value: object) -> str:
    """A value in a message: itself where it is short, its kind where it is a container (which may hold itself)."""
    if isinstance(value, str):
        return repr(value if len(value) <= 40 else value[:39] + "…")
    if value is None or isinstance(value, bool):
        return {None: "empty", True: "true", False: "false"}[value]
    if isinstance(value, int) and abs(value) >= 2**63:
        return "a whole number beyond 64 bits"
    if isinstance(value, int | float):
        return repr(value)
    kind = "mapping" if isinstance(value, Mapping) else type(value).__name__
    return f"{'an' if kind[0] in 'aeiouAEIOU' else 'a'} {kind}"
