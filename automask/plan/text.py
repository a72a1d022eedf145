"""Compares and shows the texts of a plan."""

import unicodedata
from collections.abc import Mapping

from automask.errors import PlanError

EXAMPLE = "island -> marble"
"""The plan that error messages show."""

MAX_CHARS = 256 * 1024
"""Of a plan: words take about 10 s a million characters; a plan of a thousand edits is below this."""
_MAX_MARKS = 30
"""Combining marks in a row; Unicode normalisation takes quadratic time in them.

Source: Unicode Standard Annex 15, stream-safe text format.
"""

_ALLOWED_INVISIBLES = frozenset("\t\u200c\u200d")  # a tab, and the joiners that Persian and emoji need


def check_length(text: str) -> None:
    """Raises PlanError for a text that would take long to read: one that is very long, or piles accents up."""
    if len(text) > MAX_CHARS:
        raise PlanError(
            f"the plan has {len(text)} characters, more than the {MAX_CHARS} allowed", hint="a plan is a short text"
        )
    run = 0
    for at, char in enumerate("" if text.isascii() else text):
        run = run + 1 if unicodedata.combining(char) else 0
        if run > _MAX_MARKS:
            raise PlanError(
                f"character {at + 1} is one of more than {_MAX_MARKS} accents on one letter", hint="type the word again"
            )


def check_kept(kept: int, edits: int) -> None:
    """Raises PlanError if comparing every kept word with every edit would take minutes."""
    if kept * edits > MAX_CHARS:
        raise PlanError(
            f"{kept} words to keep in each of {edits} edits are more than {MAX_CHARS} in all",
            hint="keep fewer, or make several plans",
        )


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
