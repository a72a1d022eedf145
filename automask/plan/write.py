"""Writes a plan as text: words where they can express it, YAML otherwise."""

from typing import Any

from automask.errors import PlanError
from automask.plan.check import check_plan
from automask.plan.grammar import parse_words
from automask.plan.pointing import is_pointing
from automask.types import Edit, Plan


def format_plan(plan: Plan) -> str:
    """The plan as words, or as YAML where words cannot express it.

    YAML when an edit has an editor, a seed, mask lengths or options, is optional, or when edits keep different words.
    For every plan that `check_plan` accepts, `parse_plan` (or `parse_yaml_plan`) gives the same plan back;
    `parse_targets` where prompts are empty.

    Raises:
        PlanError: As in `check_plan`, except that prompts may be empty.
    """
    check_plan(plan, prompts=False)
    fits_words = all(
        edit == Edit(edit.targets, edit.prompt, edit.excepts, plan[0].keep, whole=edit.whole) for edit in plan
    )
    return _as_words(plan) if fits_words else _as_yaml(plan)


def _as_words(plan: Plan) -> str:
    parts = []
    for edit in plan:
        part = _names_in_words(edit.targets, edit.whole)
        if edit.excepts:
            part += " except " + _names_in_words(edit.excepts, edit.whole)
        parts.append(f"{part} -> {_prompt_in_words(edit.prompt)}" if edit.prompt else part)
    if plan[0].keep:
        parts.append("keep " + _names_in_words(plan[0].keep, plan[0].whole))
    return "; ".join(parts)


def _names_in_words(names: tuple[str, ...], whole: tuple[str, ...]) -> str:
    return ", ".join(_name_in_words(name, whole) for name in names)


def _name_in_words(name: str, whole: tuple[str, ...] = ()) -> str:
    if name in whole:
        return _quote(name)
    if _reads_as(f"{name} -> x", Edit((name,), "x")):
        return name
    # Quotes would keep the words from picking anything; backslashes only make each character literal.
    return "".join(f"\\{char}" for char in name) if is_pointing(name) else _quote(name)


def _prompt_in_words(prompt: str) -> str:
    return prompt if _reads_as(f"x -> {prompt}", Edit(("x",), prompt)) else _quote(prompt)


def _reads_as(text: str, edit: Edit) -> bool:
    """True when the text parses to just this edit: simpler to ask the parser than to list what it treats specially."""
    try:
        return parse_words(text, prompts=True) == (edit,)
    except PlanError:
        return False


def _quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _as_yaml(plan: Plan) -> str:
    import yaml  # comes with Hydra

    same_keep = all(edit.keep == plan[0].keep for edit in plan)
    entries: list[dict[str, Any]] = []
    if same_keep and plan[0].keep:
        entries.append({"keep": _names_in_yaml(plan[0].keep, plan[0].whole, as_list=True)})
    for edit in plan:
        entry: dict[str, Any] = {"target": _names_in_yaml(edit.targets, edit.whole)}
        if edit.prompt:
            entry["prompt"] = edit.prompt
        if edit.excepts:
            entry["except"] = _names_in_yaml(edit.excepts, edit.whole)
        if edit.keep and not same_keep:
            entry["keep"] = _names_in_yaml(edit.keep, edit.whole)
        if edit.editor is not None:
            entry["with"] = edit.editor
        if edit.seed is not None:
            entry["seed"] = edit.seed
        if edit.optional:
            entry["optional"] = True
        entries.append({**entry, **dict(edit.mask), **dict(edit.options)})
    text: str = yaml.safe_dump(entries, sort_keys=False, allow_unicode=True, width=10**6)
    return text


def _names_in_yaml(names: tuple[str, ...], whole: tuple[str, ...], *, as_list: bool = False) -> str | list[str]:
    if any(map(is_pointing, names)):
        return _names_in_words(names, whole)  # a list would keep all of them whole
    if not as_list and len(names) == 1 and _name_in_words(names[0]) == names[0]:
        return names[0]
    return list(names)
