"""Styles: named plans of what a room becomes. A style is a YAML plan in the folder `style` of the configuration."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from automask.config import STYLES, conf_files
from automask.errors import PlanError
from automask.plan import load_plan, nearest
from automask.plan.pointing import whole_phrases
from automask.types import Edit, Plan


@dataclass(frozen=True, slots=True)
class Style:
    """A named plan.

    Args:
        name: Of its file.
        about: The file's first comment.
        plan: Its edits; each is optional, for no room has everything.
    """

    name: str
    about: str
    plan: Plan


def style_names(conf: Path | None = None) -> tuple[str, ...]:
    """The names of all styles, automask's and those in a folder of the user's own."""
    return tuple(file.name for file in conf_files(conf) if file.group == STYLES)


def load_style(name: str, conf: Path | None = None) -> Style:
    """The style of that name.

    Args:
        name: Of a file `style/NAME.yaml`; spaces and capitals do not matter.
        conf: A folder of the user's own, searched after automask's.

    Raises:
        PlanError: There is none of that name, with the nearest; or its file is no plan.
        ConfigError: There is no such folder.
    """
    files = {file.name: file for file in conf_files(conf) if file.group == STYLES}
    file = files.get(name) or files.get("-".join(name.casefold().split()))
    if file is None:
        near = nearest(name, files)
        hint = f"did you mean {near!r}?" if near else f"valid: {', '.join(files)}"
        raise PlanError(f"unknown style {name!r}", hint=hint)
    plan = tuple(replace(edit, optional=True) for edit in load_plan(file.path))
    return Style(file.name, file.about, plan)


def with_style(plan: Plan, style: Style) -> Plan:
    """A plan, then the edits of a style for what the plan neither changes nor keeps.

    Args:
        plan: The user's own edits; it may be empty.
        style: The style; what the plan keeps is kept from its edits too.
    """
    keep = plan[0].keep if plan else ()
    taken = {_thing(word) for edit in plan for word in (*edit.targets, *edit.keep)}
    added = (_without(edit, taken) for edit in style.plan)
    return (*plan, *(_keeping(edit, keep) for edit in added if edit.targets))


def _without(edit: Edit, taken: Iterable[str]) -> Edit:
    return replace(edit, targets=tuple(target for target in edit.targets if _thing(target) not in taken))


def _keeping(edit: Edit, keep: tuple[str, ...]) -> Edit:
    kept = (*edit.keep, *(word for word in keep if word not in edit.keep))
    return replace(edit, keep=kept, whole=whole_phrases((*edit.targets, *edit.excepts, *kept), edit.whole))


def _thing(word: str) -> str:
    """A target without its plural: "wall" and "walls" are one."""
    text = " ".join(word.casefold().split())
    return text[:-1] if text.endswith("s") and not text.endswith("ss") else text
