"""Which editor paints an edit, and whether it can: settled before any work is done."""

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from automask.capabilities import capabilities_of
from automask.errors import EditorError, PlanError
from automask.fingerprint import prompt_file_digests
from automask.painting.calls import call_before_work, edit_words, editor_name
from automask.plan import edit_seed, nearest
from automask.plan.removal import is_removal
from automask.protocols import Editor, Stages
from automask.signatures import describe, fits, parameters_of
from automask.types import Edit, Plan, Region, Step

REMOVER = "remove"
"""The editor of edits that take things away, where the preset's cannot."""


def named_editors(*plans: Plan) -> tuple[str, ...]:
    """The editors that edits ask for by name, each once, in order of appearance; `REMOVER` where things are to go."""
    names = (edit.editor or (REMOVER if is_removal(edit.prompt) else None) for plan in plans for edit in plan)
    return tuple(dict.fromkeys(name for name in names if name is not None))


def editor_for(edit: Edit, stages: Stages) -> Editor:
    """The editor that an edit names, or else the preset's; for an editor that only chooses (`route`), its choice.

    Things are taken away by the preset's editor where it can (`removal`) or is a remover itself, with the settings of
    the run; else by `REMOVER` where that is loaded.

    Raises:
        PlanError: No editor of that name is loaded, or no editor to choose from can paint the prompt.
        EditorError: Its `route` failed.
    """
    if edit.editor is not None and edit.editor not in stages.editors:
        raise PlanError(
            f"no editor {edit.editor!r} is loaded", hint=f"loaded are: {', '.join(stages.editors) or 'none by name'}"
        )
    editor = stages.editor if edit.editor is None else stages.editors[edit.editor]
    goes = edit.editor is None and is_removal(edit.prompt)
    remover = stages.editors.get(REMOVER) if goes and capabilities_of(editor).removal is None else None
    if remover is not None:
        return editor if type(editor) is type(remover) else remover
    route: Callable[[str], Editor] | None = capabilities_of(editor).route
    if route is None:
        return editor
    return call_before_work(editor, edit, "route(prompt)", functools.partial(route, edit.prompt))


def surface_of(edit: Edit, region: Region, editor: Editor) -> str:
    """The name of what an edit repaints: its editor, and its words as they were understood."""
    return f"{editor_name(editor)}: {', '.join(sorted(region.read_as or edit.targets)).casefold()}"


def editor_in_room(editor: Editor, edit: Edit, region: Region, agreed: Mapping[str, Any] | None) -> Editor:
    """The editor that paints with what the photos of a room agreed on for a surface; itself where they did not."""
    surface = surface_of(edit, region, editor)
    in_room = capabilities_of(editor).in_room
    return editor if in_room is None or not agreed or surface not in agreed else in_room(agreed[surface])


def seed_in_room(seed: int, edit: Edit, region: Region, agreed: Mapping[str, Any] | None) -> int:
    """The seed of an edit; in a room that of its words as they were understood, whatever an edit leaves out."""
    if agreed is None or not region.read_as:
        return edit_seed(seed, edit)
    return edit_seed(seed, replace(edit, targets=region.read_as, excepts=()))


def options_of(editor: Editor) -> Mapping[str, inspect.Parameter]:
    """The options that an edit may carry for this editor: keyword-only parameters of `paint` other than `seed`."""
    parameters = parameters_of(editor.paint)
    return {name: p for name, p in parameters.items() if p.kind is p.KEYWORD_ONLY and name != "seed"}


def _check_editor(editor: Editor) -> None:
    """Raises for an object that does not have the members of an editor.

    Raises:
        EditorError: `paint`, `multiple_px` or `ideal_px` is missing or of the wrong kind.
    """
    if not callable(getattr(editor, "paint", None)):
        raise EditorError(
            f"editor {editor_name(editor)!r} has no paint()", hint="see automask.Editor for what it needs"
        )
    for name, least in (("multiple_px", 1), ("ideal_px", 0)):
        value = getattr(editor, name, None)
        if type(value) is not int or value < least:
            raise EditorError(
                f"editor {editor_name(editor)!r} has {name} = {value!r}", hint=f"give a whole number from {least}"
            )


def check_edits(plan: Plan, stages: Stages) -> None:
    """Raises, before any work, for what an editor is known not to do.

    Raises:
        PlanError: An option that the editor does not have (the nearest is named), an option of the wrong type, or a
            prompt that the editor cannot paint.
        EditorError: It lacks a member of the protocol, or failed to check a prompt.
    """
    for edit in plan:
        editor = editor_for(edit, stages)
        _check_editor(editor)
        known = options_of(editor)
        for name, value in edit.options:
            if name in known and not fits(value, known[name].annotation):
                raise PlanError(
                    f"option {name} of edit {edit_words(edit)!r} is {value!r}",
                    hint=f"give {describe(known[name].annotation)}",
                )
            if name not in known:
                close = nearest(name, known)
                raise PlanError(
                    f"editor {editor_name(editor)!r} has no option {name!r} (edit {edit_words(edit)!r})",
                    hint=f"did you mean {close!r}?" if close else f"it has: {', '.join(known) or 'no options'}",
                )
        check = capabilities_of(editor).check
        if check is None:
            continue
        takes = parameters_of(check)
        options = {name: value for name, value in edit.options if name in takes}
        call_before_work(editor, edit, "check(prompt, ...)", functools.partial(check, edit.prompt, **options))


def is_generative(plan: Plan, steps: Sequence[Step], stages: Stages) -> bool | None:
    """Whether a generative model painted any of these steps; None if an editor does not say (`generative`)."""
    said = {
        capabilities_of(editor_for(edit, stages)).generative
        for edit, step in zip(plan, steps, strict=True)
        if step.area_px
    }
    return True if True in said else None if None in said else False


def files_read(plan: Plan, stages: Stages) -> dict[str, str]:
    """The digest of each file that a plan's prompts name (`reads` of their editors), by path; it decides a result too.

    Raises:
        As `editor_for`.
        PlanError: One of them cannot be read.
    """
    return prompt_file_digests(files_named(plan, stages))


def files_named(plan: Plan, stages: Stages) -> tuple[str, ...]:
    """The paths of the files that a plan's prompts name, as typed.

    Raises:
        As `editor_for`.
    """
    can = ((edit, capabilities_of(editor_for(edit, stages)).reads) for edit in plan)
    return tuple(path for edit, reads in can if reads is not None for path in reads(edit.prompt))
