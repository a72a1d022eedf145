"""A plan in any of its forms: words, a file of words or YAML, or edits built in Python."""

import functools
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar, cast

from automask.errors import PlanError
from automask.plan.check import check_plan
from automask.plan.grammar import parse_variants, parse_words
from automask.plan.text import printable
from automask.plan.yaml_plan import parse_yaml_plan
from automask.types import Edit, Plan, Variant

_MAX_FILE_BYTES = 256 * 1024  # PyYAML reads some 100 kB a second; a plan of a thousand edits is below this.
_Parsed = TypeVar("_Parsed")


def load_plan(path: str | os.PathLike[str], *, prompts: bool = True) -> Plan:
    """The plan in a file: words where its name ends in `.txt`, YAML otherwise.

    Args:
        path: UTF-8 text, at most 256 KiB.
        prompts: False for a mask request, where prompts may be missing.

    Raises:
        PlanError: For a file that cannot be read, and as in `parse_yaml_plan` or `parse_plan`; names the file.
    """
    if Path(path).suffix.lower() == ".txt":
        return _words_in(Path(path), functools.partial(parse_words, prompts=prompts))
    source = printable(os.fspath(path))
    return parse_yaml_plan(_read_text(Path(path), source), source=source, prompts=prompts)


def _words_in(path: Path, parse: Callable[[str], _Parsed]) -> _Parsed:
    """What a file of words says; errors name the file."""
    source = printable(os.fspath(path))
    text = _read_text(path, source)
    try:
        return parse(text)
    except PlanError as error:
        error.problem = f"{source}: {error.problem}"
        error.args = (f"{source}: {error.args[0]}",)
        raise


def plan_from(source: str | os.PathLike[str] | Sequence[Edit], *, prompts: bool = True) -> Plan:
    """The plan in any of its forms: words, a `Path` to a file, or edits made by hand.

    A string is always words; a file's name goes in as a `Path`.

    Raises:
        PlanError: As in `parse_plan`, `load_plan` or `check_plan`.
    """
    if isinstance(source, str):
        return parse_words(source, prompts=prompts)
    if isinstance(source, os.PathLike):
        return load_plan(source, prompts=prompts)
    if not isinstance(source, Sequence):
        raise PlanError(
            f"a plan cannot be a {type(source).__name__}", hint="give words, a Path to a YAML file, or a tuple of Edit"
        )
    plan = cast(Plan, tuple(source))
    check_plan(plan, prompts=prompts)
    return plan


def variants_from(source: str | os.PathLike[str] | Sequence[Edit] | Sequence[Variant]) -> tuple[Variant, ...]:
    """The variants in any form of a plan. Only words have braces: a YAML plan's prompts are literal.

    Raises:
        PlanError: As in `parse_variants`, `load_plan` or `check_plan`.
    """
    if isinstance(source, str):
        return parse_variants(source)
    if isinstance(source, os.PathLike) and Path(source).suffix.lower() == ".txt":
        return _words_in(Path(source), parse_variants)
    if isinstance(source, Sequence) and source and all(isinstance(item, Variant) for item in source):
        return cast("tuple[Variant, ...]", tuple(source))
    return (Variant("", (), plan_from(cast("Sequence[Edit]", source))),)


def _read_text(path: Path, source: str) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(_MAX_FILE_BYTES + 1)
    except FileNotFoundError:
        raise PlanError(f"no plan file {source}", hint="check its name and folder") from None
    except IsADirectoryError:
        raise PlanError(f"{source} is a folder, not a plan file", hint="name the file inside it") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise PlanError(f"cannot read the plan file {source} ({reason})", hint="check its name and rights") from None
    if len(raw) > _MAX_FILE_BYTES:
        most = f"{_MAX_FILE_BYTES // 1024} KiB"
        raise PlanError(f"{source} is over {most}", hint="a plan is a short text; name the right file")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PlanError(f"{source} is not UTF-8 text (byte {error.start + 1})", hint="save it as UTF-8") from None
