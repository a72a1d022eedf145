"""Checks a plan, whether it was typed, read from YAML or built in Python."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import fields
from difflib import get_close_matches
from typing import NamedTuple

from automask.errors import PlanError
from automask.plan.pointing import whole_phrases
from automask.plan.text import EXAMPLE, describe, is_unprintable, normalised
from automask.types import Edit, MaskRecipe, Plan

MASK_LENGTHS: tuple[str, ...] = tuple(length.name for length in fields(MaskRecipe))
"""The mask lengths that an edit of a YAML plan may replace."""

EDIT_KEYS = ("target", "prompt", "except", "keep", "with", "seed", "which", "optional")
"""The keys of an edit in a YAML plan, besides mask lengths and the editor's options."""

KEY_TYPOS = {
    "targets": "target",
    "prompts": "prompt",
    "excepts": "except",
    "expect": "except",
    "exclude": "except",
    "keeps": "keep",
    "editor": "with",
    "wiht": "with",
    "seeds": "seed",
    "whichs": "which",
    "wich": "which",
}
"""What people write instead of a key, where difflib would find none or the wrong one: it takes `width` for `with`."""

_SEED_LIMIT = 2**32
_MAX_LENGTH_PX = 1e6
_EDITOR_NAME = re.compile(r"\w[\w-]*")


def check_plan(plan: Plan, *, prompts: bool = True) -> None:
    """Raises PlanError unless the plan is one that words or YAML can express.

    A valid plan has at least one edit. Its words are not blank and hold no line break, control or invisible character.
    No target is in two edits (case and runs of spaces do not matter), none is also kept or excepted, and no word is
    repeated. Lengths, seeds, editor names and options are such as a YAML plan can hold.

    Args:
        plan: The edits.
        prompts: False for a mask request, where prompts may be empty.

    Raises:
        PlanError: For the first broken rule; it names the edit, counted from 1, and the word.
    """
    for fault in faults(plan, prompts=prompts):
        raise PlanError(f"edit {fault.edit + 1}: {fault.problem}" if plan else fault.problem, hint=fault.hint)


class Fault(NamedTuple):
    """A broken rule and its place: the edit's index, one of its fields, and the index of the word in that field."""

    edit: int
    field: str
    item: int
    problem: str
    hint: str


def faults(plan: Sequence[object], *, prompts: bool) -> Iterator[Fault]:
    """Every broken rule of a plan, in order; without `prompts`, prompts may be empty."""
    if not plan:
        yield Fault(0, "targets", 0, "the plan has no edit", f"write what to change and what it becomes: {EXAMPLE!r}")
    target_of: dict[str, int] = {}
    for number, edit in enumerate(plan):
        if not isinstance(edit, Edit):
            kind = type(edit).__name__
            hint = "write Edit(targets=('island',), prompt='marble')"
            yield Fault(number, "targets", 0, f"a {kind} is not an Edit", hint)
            return
        for field, index, problem, hint in (*_word_faults(edit, prompts), *_setting_faults(edit)):
            yield Fault(number, field, index, problem, hint)
        for index, target in enumerate(edit.targets):
            first = target_of.setdefault(normalised(target), number)
            if first != number:
                problem = f"{target!r} is already a target of edit {first + 1}"
                yield Fault(number, "targets", index, problem, "name it in one edit only")


def _word_faults(edit: Edit, prompts: bool) -> Iterator[tuple[str, int, str, str]]:
    for field in ("targets", "excepts", "keep"):
        names: object = getattr(edit, field)
        if not isinstance(names, tuple) or not all(isinstance(name, str) for name in names):
            yield field, 0, f"{field} is not a tuple of words", f"write {field}=('island',), with the comma"
            return
        seen: set[str] = set()
        for index, name in enumerate(names):
            yield from ((field, index, *fault) for fault in _text_faults(name, "word"))
            if normalised(name) in seen:
                yield field, index, f"{name!r} is named twice", "name it once"
            seen.add(normalised(name))
    if not edit.targets:
        yield "targets", 0, "no target", "say what to find"
    prompt: object = edit.prompt
    if not isinstance(prompt, str):
        yield "prompt", 0, f"the prompt is of type {type(prompt).__name__!r}", "say what it becomes, in words"
    elif prompt or prompts:
        yield from (("prompt", 0, *fault) for fault in _text_faults(prompt, "prompt"))
    targets = {normalised(target) for target in edit.targets}
    for index, name in enumerate(edit.excepts):
        if normalised(name) in targets:
            yield "excepts", index, f"{name!r} is both a target and excepted", "take it out of one of the two"
    for index, name in enumerate(edit.keep):
        if normalised(name) in targets:
            yield "keep", index, f"{name!r} is both a target and kept", "take it out of one of the two"


def _text_faults(text: str, noun: str) -> Iterator[tuple[str, str]]:
    if not text.strip():
        yield f"an empty {noun}", "say what it becomes" if noun == "prompt" else "say what it is"
    refused = next(filter(is_unprintable, text), None)
    if refused is not None:
        yield f"the {noun} {describe(text)} holds U+{ord(refused):04X}", "take that character out"


def _setting_faults(edit: Edit) -> Iterator[tuple[str, int, str, str]]:
    phrases = (*edit.targets, *edit.excepts, *edit.keep)
    if edit.whole and edit.whole != whole_phrases(phrases, edit.whole):
        hint = "give those phrases of the edit, in order, whose words would pick some of several things"
        yield "whole", 0, f"whole is {', '.join(map(repr, edit.whole))}", hint
    optional: object = edit.optional
    if not isinstance(optional, bool):
        yield "optional", 0, f"'optional' is {describe(optional)}", "give true or false"
    if edit.editor is not None and not (isinstance(edit.editor, str) and _EDITOR_NAME.fullmatch(edit.editor)):
        yield "editor", 0, f"'with' is not an editor's name: {describe(edit.editor)}", "give a name such as 'paint'"
    if edit.seed is not None and (type(edit.seed) is not int or not 0 <= edit.seed < _SEED_LIMIT):
        yield "seed", 0, f"'seed' is {describe(edit.seed)}", f"give a whole number from 0 to {_SEED_LIMIT - 1}"
    for field in ("mask", "options"):
        pairs: object = getattr(edit, field)
        if not isinstance(pairs, tuple) or not all(isinstance(pair, tuple) and len(pair) == 2 for pair in pairs):
            yield field, 0, f"{field} is not a tuple of (name, value) pairs", f"write {field}=(('name', 1.0),)"
            return
        names = [str(name) for name, _ in pairs]
        if names != sorted(set(names)):
            yield field, 0, f"{field} is not sorted by name, or names one twice: {', '.join(names)}", "sort it by name"
    for index, (name, length) in enumerate(edit.mask):
        yield from (("mask", index, *fault) for fault in _length_faults(name, length))
    for index, (name, value) in enumerate(edit.options):
        yield from (("options", index, *fault) for fault in _option_faults(name, value))


def _length_faults(name: object, length: object) -> Iterator[tuple[str, str]]:
    if not isinstance(name, str) or name not in MASK_LENGTHS:
        yield f"unknown mask length {describe(name)}", f"valid: {', '.join(MASK_LENGTHS)}"
        return
    most = _MAX_LENGTH_PX if name.endswith("_px") else 1.0
    if isinstance(length, bool) or not isinstance(length, int | float) or not 0 <= length <= most:
        yield f"{name!r} is {describe(length)}", f"give a number from 0 to {most:.0f}{_yaml_number_hint(length)}"


def _option_faults(name: object, value: object) -> Iterator[tuple[str, str]]:
    if not isinstance(name, str) or not name.isidentifier():
        yield f"{describe(name)} cannot be an option's name", "write a name such as 'strength'"
        return
    meant = _probable_key(name)
    if meant is not None:
        yield f"unknown key {name!r}", f"did you mean {meant!r}?"
    if isinstance(value, str):
        refused = next(filter(is_unprintable, value), None)
        if refused is not None:
            yield f"{name!r}: the text {describe(value)} holds U+{ord(refused):04X}", "take that character out"
    elif isinstance(value, int):
        if abs(value) >= 2**63:
            yield f"{name!r} is a whole number beyond 64 bits", "give a smaller one"
    elif not isinstance(value, float) or value - value != 0.0:
        yield (
            f"{name!r} is {describe(value)}",
            "give a number, true, false or text, in quotes where YAML would read it as something else",
        )


def _probable_key(name: str) -> str | None:
    """The key that an option's name is probably a typo of; None for a name that may be an editor's own option."""
    if name in EDIT_KEYS or name in MASK_LENGTHS:
        return name
    if name in KEY_TYPOS:
        return KEY_TYPOS[name]
    close = get_close_matches(name, ("except", *MASK_LENGTHS), n=1, cutoff=0.8)
    return close[0] if close else None


def _yaml_number_hint(value: object) -> str:
    if not isinstance(value, str):
        return ""
    try:
        return f"; YAML reads this as text, write {float(value)}"
    except ValueError:
        return ""
