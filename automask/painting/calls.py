"""Calls editors and checks what they return against the protocol."""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from automask.capabilities import capabilities_of
from automask.errors import (
    AutomaskError,
    ConfigError,
    CropRefused,
    EditorError,
    ExtraMissing,
    PlanError,
    WeightsMissing,
    is_out_of_memory,
)
from automask.protocols import Editor
from automask.types import Edit, Rgb

_Result = TypeVar("_Result")


def call_before_work(editor: Editor, edit: Edit, method: str, ask: Callable[[], _Result]) -> _Result:
    """What the editor answers about a prompt. Before any work a refusal is a fault of the words: exit status 2."""
    try:
        return ask()
    except (PlanError, WeightsMissing, ExtraMissing, ConfigError):
        raise
    except AutomaskError as error:
        raise PlanError(error.problem, hint=error.hint) from error
    except (Exception, SystemExit) as error:
        said = " ".join(str(error).split())
        raise EditorError(
            f"editor {editor_name(editor)!r} failed to check {edit.prompt!r}: {type(error).__name__}: {said}",
            hint=f"its {method} must raise an AutomaskError or nothing",
        ) from error


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """One crop that is waiting for its editor.

    Args:
        editor: The editor that paints it.
        edit: The edit that it belongs to, for errors.
        job: The arguments of the editor's `paint`; with `others`, of its `paint_beside`.
    """

    editor: Editor
    edit: Edit
    job: Mapping[str, Any]


def call_editors(tasks: Sequence[Task]) -> list[Rgb | CropRefused]:
    """The painted crop of each task, or its editor's refusal; an editor with `paint_many` gets all its tasks at once.

    Raises:
        EditorError: An editor failed, or did not return a picture of the crop's size.
    """
    answers: dict[Task, Rgb | CropRefused] = {}
    for editor in {id(task.editor): task.editor for task in tasks}.values():
        mine = [task for task in tasks if task.editor is editor]
        paint_many = capabilities_of(editor).paint_many
        if paint_many is not None and len(mine) > 1:
            answers |= zip(mine, _all_at_once(mine, paint_many), strict=True)
        else:
            answers |= {task: _one(task) for task in mine}
    return [answers[task] for task in tasks]


def _all_at_once(tasks: Sequence[Task], paint_many: Callable[..., Any]) -> list[Rgb | CropRefused]:
    editor, edit = tasks[0].editor, tasks[0].edit
    try:
        painted = list(call_editor(editor, edit, lambda: paint_many([task.job for task in tasks])))
    except CropRefused:
        return [_one(task) for task in tasks]  # the exception does not say which crop is declined
    if len(painted) != len(tasks):
        raise EditorError(
            f"editor {editor_name(editor)!r} returned {len(painted)} pictures for {len(tasks)} crops",
            hint="its paint_many() must return one for each job",
        )
    for task, answer in zip(tasks, painted, strict=True):
        if not isinstance(answer, CropRefused):
            _check_painted(answer, task)
    return painted


def _one(task: Task) -> Rgb | CropRefused:
    beside = capabilities_of(task.editor).paint_beside if "others" in task.job else None
    method: Callable[..., Rgb] = beside or task.editor.paint
    try:
        painted: Rgb = call_editor(task.editor, task.edit, lambda: method(**task.job))
    except CropRefused as refusal:
        return refusal
    _check_painted(painted, task)
    return painted


_stop_if_asked: ContextVar[Callable[[], None] | None] = ContextVar("stop_if_asked", default=None)


@contextlib.contextmanager
def interruptible(stop_if_asked: Callable[[], None]) -> Iterator[None]:
    """In this thread, calls a function before each call of an editor in the block: it may raise to end the work."""
    token = _stop_if_asked.set(stop_if_asked)
    try:
        yield
    finally:
        _stop_if_asked.reset(token)


def call_editor(editor: Editor, edit: Edit | None, ask: Callable[[], _Result]) -> _Result:
    """What the editor returns; an unexpected exception becomes an EditorError that names the editor, and the edit.

    Raises:
        AutomaskError: The editor raises it.
        EditorError: It raises anything else.
    """
    stop_if_asked = _stop_if_asked.get()
    if stop_if_asked is not None:
        stop_if_asked()
    try:
        return ask()
    except AutomaskError:
        raise
    except (Exception, SystemExit) as error:
        if is_out_of_memory(error):
            raise  # the photo's fault and not the editor's: whoever knows its name says so
        said = " ".join(str(error).split())
        hint = "nothing was written; try another editor, or leave this edit out"
        on = "" if edit is None else f" on {edit_words(edit)!r}"
        raise EditorError(
            f"editor {editor_name(editor)!r} failed{on}: {type(error).__name__}: {said}", hint=hint
        ) from error


def _check_painted(painted: Any, task: Task) -> None:
    check_picture(painted, task.job["crop"], task.editor, "paint()", f" for {edit_words(task.edit)!r}")


def check_picture(painted: Any, like: Rgb, editor: Editor, method: str, about: str = "") -> None:
    """Raises for what an editor's method returned where it is not a picture of that size.

    Raises:
        EditorError: It is not [h, w, 3] uint8 as `like` is.
    """
    if isinstance(painted, np.ndarray) and painted.shape == like.shape and painted.dtype == np.uint8:
        return
    given = f"{list(painted.shape)} {painted.dtype}" if isinstance(painted, np.ndarray) else type(painted).__name__
    raise EditorError(
        f"editor {editor_name(editor)!r} returned {given}{about}",
        hint=f"{method} must return {list(like.shape)} uint8",
    )


def editor_name(editor: Editor) -> str:
    """The editor's class name, for messages."""
    return type(editor).__name__


def edit_words(edit: Edit) -> str:
    """An edit as words, for messages."""
    return f"{', '.join(edit.targets)} -> {edit.prompt}"
