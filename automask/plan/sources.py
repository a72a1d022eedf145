"""A plan in any of its forms: words, a file of words or YAML, a mapping, or edits built in Python."""

import functools
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias, TypeVar, cast

from automask.errors import PlanError
from automask.plan.check import check_plan
from automask.plan.grammar import parse_variants, parse_words
from automask.plan.names import is_file_name
from automask.plan.pointing import whole_phrases
from automask.plan.text import describe, printable
from automask.plan.yaml_plan import parse_yaml_plan
from automask.types import Edit, Plan, Variant

_MAX_FILE_BYTES = 256 * 1024  # PyYAML reads about 100 kB a second; a plan of a thousand edits is below this.
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


PlanSource: TypeAlias = (
    str | os.PathLike[str] | Mapping[str, str] | Mapping[tuple[str, ...], str] | Mapping[str | tuple[str, ...], str]
    | Sequence[str] | Sequence[Edit]
)  # fmt: skip
"""Everything that `plan_from` reads."""


def plan_from(source: PlanSource, *, prompts: bool = True) -> Plan:
    """The plan in any of its forms.

    Args:
        source: One of
            words, as in `parse_plan`: a string is always words, and a file's name goes in as a `Path`;
            a `Path` to a file, as in `load_plan`;
            a mapping of what to find to what it becomes: `{"island": "marble", ("cabinets", "wall"): "white"}`. A key
            is words with commas and `except`, or a tuple of literal phrases; what it becomes is literal, so that any
            text can be given. The key `keep` holds words to keep: `{"island": "marble", "keep": "faucet, plants"}`;
            a list or tuple of words, each as on a line of its own: `["island -> marble", "keep faucet"]`;
            a list or tuple of `Edit`.
        prompts: False for a mask request, where prompts may be missing.

    Raises:
        PlanError: As in `parse_plan`, `load_plan` or `check_plan`; a mapping's error names the key.
    """
    if isinstance(source, str):
        return parse_words(source, prompts=prompts)
    if isinstance(source, os.PathLike):
        return load_plan(source, prompts=prompts)
    if isinstance(source, Mapping):
        return _plan_of_mapping(source, prompts=prompts)
    if not isinstance(source, Sequence) or isinstance(source, bytes | bytearray | memoryview):
        raise PlanError(
            f"the plan is of type {type(source).__name__!r}",
            hint="give words, a Path to a YAML file, a mapping such as {'island': 'marble'}, or a list of words",
        )
    words = _on_lines(source)
    if words is not None:
        return parse_words(words, prompts=prompts)
    if any(isinstance(item, str) for item in source):
        odd = next(number for number, item in enumerate(source, 1) if not isinstance(item, str))
        raise PlanError(
            f"item {odd} of the plan is {describe(source[odd - 1])}",
            hint="give a list of words, or a list of Edit, and do not mix them",
        )
    plan = cast(Plan, tuple(source))
    check_plan(plan, prompts=prompts)
    return plan


def variants_from(source: PlanSource | Sequence[Variant]) -> tuple[Variant, ...]:
    """The variants in any form of a plan. Only words have braces: prompts of a YAML plan or a mapping are literal.

    Raises:
        PlanError: As in `parse_variants`, `load_plan` or `check_plan`; a variant whose name is not a folder's.
    """
    if isinstance(source, str):
        return parse_variants(source)
    if isinstance(source, os.PathLike) and Path(source).suffix.lower() == ".txt":
        return _words_in(Path(source), parse_variants)
    if isinstance(source, Sequence) and source and all(isinstance(item, Variant) for item in source):
        return _own_variants(cast("Sequence[Variant]", source))
    words = _on_lines(source)
    if words is not None:
        return parse_variants(words)
    return (Variant("", (), plan_from(cast("Sequence[Edit]", source))),)


def _own_variants(made: Sequence[Variant]) -> tuple[Variant, ...]:
    for variant in made:
        if variant.name != "" and not is_file_name(variant.name):
            raise PlanError(f"a variant's name is {variant.name!r}", hint="give the name of one folder, such as 'oak'")
    return tuple(made)


def _on_lines(source: object) -> str | None:
    """Several strings as the lines of one text; None for anything else."""
    if isinstance(source, list | tuple) and source and all(isinstance(item, str) for item in source):
        return "\n".join(source)
    return None


def _plan_of_mapping(source: Mapping[Any, Any], *, prompts: bool) -> Plan:
    kept = _names(source["keep"], "keep") if "keep" in source else Edit((), "")
    keep = kept.targets
    plan = []
    for key, becomes in source.items():
        if key == "keep":
            continue
        if not isinstance(becomes, str) and (prompts or becomes is not None):
            shown = describe(", ".join(map(str, key)) if isinstance(key, tuple) else key)
            raise PlanError(f"what {shown} becomes is {describe(becomes)}", hint="say it in words: {'island': 'oak'}")
        names = _names(key, "a key")
        whole = whole_phrases((*names.targets, *names.excepts, *keep), {*names.whole, *kept.whole})
        plan.append(Edit(names.targets, becomes or "", names.excepts, keep, whole=whole))
    check_plan(tuple(plan), prompts=prompts)
    return tuple(plan)


def _names(value: object, where: str) -> Edit:
    """An edit of these targets, and excepted words, without a prompt."""
    if not isinstance(value, str):
        if isinstance(value, tuple | list) and value and all(isinstance(name, str) for name in value):
            return Edit(tuple(value), "", whole=whole_phrases(value, value))
        raise PlanError(f"{where} is {describe(value)}", hint="give words with commas, or a tuple of phrases")
    try:
        plan = parse_words(value, prompts=False)
    except PlanError as error:
        raise PlanError(f"{where} is {describe(value)}: {error.problem}", hint=error.hint) from None
    if len(plan) != 1 or plan[0].prompt or plan[0].keep or (where == "keep" and plan[0].excepts):
        raise PlanError(
            f"{where} is {describe(value)}, which says more than what to find",
            hint="give each edit a key of its own, and what it becomes as the value",
        )
    return plan[0]


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
