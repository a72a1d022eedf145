"""From regions to the finished picture: crop, paint, composite, edit after edit.

The chain owns the laws. It gives editors crops and takes crops back; what they return outside the mask is thrown away
here, so no editor can break them.
"""

import functools
import hashlib
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from automask.crops import Crop, back, composite, cut, cut_mask, plan_crops
from automask.errors import (
    AutomaskError,
    ConfigError,
    CropRefused,
    EditorError,
    ExtraMissing,
    PlanError,
    WeightsMissing,
)
from automask.plan import edit_seed, nearest
from automask.protocols import Editor, Stages
from automask.signatures import describe, fits, parameters_of
from automask.types import Edit, Hard, Plan, Region, Rgb, Step

OnStep = Callable[[int, Step], None]


def named_editors(*plans: Plan) -> tuple[str, ...]:
    """The editors that edits ask for by name, each once, in order of appearance."""
    return tuple(dict.fromkeys(edit.editor for plan in plans for edit in plan if edit.editor is not None))


def editor_for(edit: Edit, stages: Stages) -> Editor:
    """The editor that an edit names, or else the preset's; of one that only chooses (`route`), the one it chooses.

    Raises:
        PlanError: No editor of that name is loaded, or none of those to choose from can paint the prompt.
        EditorError: Its `route` failed.
    """
    if edit.editor is not None and edit.editor not in stages.editors:
        raise PlanError(
            f"no editor {edit.editor!r} is loaded", mend=f"loaded are: {', '.join(stages.editors) or 'none by name'}"
        )
    editor = stages.editor if edit.editor is None else stages.editors[edit.editor]
    route: Callable[[str], Editor] | None = getattr(editor, "route", None)
    return editor if route is None else _at_fault(editor, edit, "route(prompt)", functools.partial(route, edit.prompt))


def options_of(editor: Editor) -> Mapping[str, inspect.Parameter]:
    """The options an edit may carry for this editor: keyword-only parameters of `paint` beside `seed`."""
    parameters = parameters_of(editor.paint)
    return {name: p for name, p in parameters.items() if p.kind is p.KEYWORD_ONLY and name != "seed"}


def _check_editor(editor: Editor) -> None:
    """Refuses what only looks like an editor.

    Raises:
        EditorError: `paint`, `multiple_px` or `ideal_px` is missing or is no such thing.
    """
    if not callable(getattr(editor, "paint", None)):
        raise EditorError(f"editor {_name(editor)!r} has no paint()", mend="see automask.Editor for what it needs")
    for name, least in (("multiple_px", 1), ("ideal_px", 0)):
        value = getattr(editor, name, None)
        if type(value) is not int or value < least:
            raise EditorError(
                f"editor {_name(editor)!r} has {name} = {value!r}", mend=f"give a whole number from {least}"
            )


def check_edits(plan: Plan, stages: Stages) -> None:
    """Refuses, before any work, what an editor is known not to do.

    Raises:
        PlanError: An option that the editor does not have (the nearest is named) or not of this type, or a prompt that
            it cannot paint.
        EditorError: It is no editor.
    """
    for edit in plan:
        editor = editor_for(edit, stages)
        _check_editor(editor)
        known = options_of(editor)
        for name, value in edit.options:
            if name in known and not fits(value, known[name].annotation):
                raise PlanError(
                    f"option {name} of edit {_words(edit)!r} is {value!r}",
                    mend=f"give {describe(known[name].annotation)}",
                )
            if name not in known:
                close = nearest(name, known)
                raise PlanError(
                    f"editor {_name(editor)!r} has no option {name!r} (edit {_words(edit)!r})",
                    mend=f"did you mean {close!r}?" if close else f"it has: {', '.join(known) or 'no options'}",
                )
        check = getattr(editor, "check", None)
        if check is None:
            continue
        takes = parameters_of(check)
        options = {name: value for name, value in edit.options if name in takes}
        _at_fault(editor, edit, "check(prompt, ...)", functools.partial(check, edit.prompt, **options))


def files_read(plan: Plan, stages: Stages) -> dict[str, str]:
    """sha256 of each file that a plan's prompts name (`reads` of their editors), by path: it decides a result, too.

    Raises:
        As `editor_for`.
        PlanError: One of them cannot be read.
    """
    digests: dict[str, str] = {}
    for edit in plan:
        reads: Callable[[str], Iterable[str]] | None = getattr(editor_for(edit, stages), "reads", None)
        for path in () if reads is None else reads(edit.prompt):
            try:
                with Path(path).open("rb") as file:
                    digests[path] = hashlib.file_digest(file, "sha256").hexdigest()
            except (OSError, ValueError) as error:
                raise PlanError(f"cannot read {path!r}: {error}", mend="check its name and permissions") from error
    return digests


_Result = TypeVar("_Result")


def _at_fault(editor: Editor, edit: Edit, method: str, ask: Callable[[], _Result]) -> _Result:
    """What the editor answers about a prompt; before any work it is the words that are at fault: exit status 2."""
    try:
        return ask()
    except (PlanError, WeightsMissing, ExtraMissing, ConfigError):
        raise
    except AutomaskError as error:
        raise PlanError(error.problem, mend=error.mend) from error
    except Exception as error:
        raise EditorError(
            f"editor {_name(editor)!r} failed to check {edit.prompt!r}: {type(error).__name__}: {error}",
            mend=f"its {method} must raise an AutomaskError or nothing",
        ) from error


def paint(
    photo: Rgb,
    plan: Plan,
    regions: Sequence[Region],
    stages: Stages,
    *,
    seed: int = 0,
    on_step: OnStep | None = None,
) -> tuple[Rgb, tuple[Step, ...]]:
    """The photo with every found region repainted, in order, each on the result of the one before.

    Args:
        photo: [H, W, 3] uint8 RGB; not written to.
        plan: The edits.
        regions: One for each edit, in the same order.
        stages: Holds the editors.
        seed: The run's seed; each edit's own derives from it and its words.
        on_step: Called after each edit with its index and step.

    Returns:
        The picture [H, W, 3] uint8, equal to the photo wherever every alpha is 0, and one step for each edit.

    Raises:
        EditorError: An editor failed or broke its protocol; it is named. (A crop that it declines fails only its step.)
    """
    picture = photo.copy()
    steps = []
    for index, (edit, region) in enumerate(zip(plan, regions, strict=True)):
        own_seed = edit_seed(seed, edit)
        area_px = 0
        reason = region.reason
        if region.found:
            try:
                picture = _paint_region(picture, edit, region, editor_for(edit, stages), own_seed)
                area_px = int(np.count_nonzero(region.alpha))
            except CropRefused as refusal:
                reason = str(refusal)
        step = Step(
            targets=edit.targets,
            read_as=region.read_as,
            prompt=edit.prompt,
            seed=own_seed,
            found=region.found,
            missing=region.missing,
            peak=region.peak,
            boxes=region.boxes,
            area_px=area_px,
            reason=reason,
        )
        steps.append(step)
        if on_step is not None:
            on_step(index, step)
    return picture, tuple(steps)


def _paint_region(picture: Rgb, edit: Edit, region: Region, editor: Editor, seed: int) -> Rgb:
    result = picture.copy()
    crops = plan_crops(region.alpha > 0, ideal_px=editor.ideal_px, multiple_px=editor.multiple_px)
    for group in _apart(crops):
        jobs: list[dict[str, Any]] = []
        for crop, mask in group:
            part = cut(result, crop)
            part.flags.writeable = False
            hard = cut_mask(mask, crop)
            jobs.append({"crop": part, "hard": hard, "prompt": edit.prompt, "seed": seed, **dict(edit.options)})
        for (crop, mask), job, painted in zip(group, jobs, _run(editor, jobs, edit), strict=True):
            _check_painted(painted, job["crop"].shape, editor, edit)
            inside = crop.box.slices
            alpha = np.where(mask, region.alpha[inside], np.float32(0.0))
            result[inside] = composite(result[inside], back(painted, crop), alpha)
    return result


def _apart(crops: Iterable[tuple[Crop, Hard]]) -> list[list[tuple[Crop, Hard]]]:
    """Runs of crops that do not overlap, in order: the members of one run may be painted together."""
    runs: list[list[tuple[Crop, Hard]]] = []
    for crop, mask in crops:
        if runs and not any(crop.box.overlaps(other.box) for other, _ in runs[-1]):
            runs[-1].append((crop, mask))
        else:
            runs.append([(crop, mask)])
    return runs


def _run(editor: Editor, jobs: Sequence[Mapping[str, Any]], edit: Edit) -> Sequence[Rgb]:
    together = getattr(editor, "paint_many", None)
    try:
        if together is not None and len(jobs) > 1:
            painted: Sequence[Rgb] = list(together(jobs))
        else:
            painted = [editor.paint(**job) for job in jobs]
    except AutomaskError:
        raise
    except Exception as error:
        said = " ".join(str(error).split())
        raise EditorError(
            f"editor {_name(editor)!r} failed on {_words(edit)!r}: {type(error).__name__}: {said}",
            mend="nothing was written; try another editor, or leave this edit out",
        ) from error
    if len(painted) != len(jobs):
        raise EditorError(
            f"editor {_name(editor)!r} gave {len(painted)} pictures for {len(jobs)} crops",
            mend="its paint_many() must give one for each job",
        )
    return painted


def _check_painted(painted: Any, shape: tuple[int, ...], editor: Editor, edit: Edit) -> None:
    if isinstance(painted, np.ndarray) and painted.shape == shape and painted.dtype == np.uint8:
        return
    given = f"{list(painted.shape)} {painted.dtype}" if isinstance(painted, np.ndarray) else type(painted).__name__
    raise EditorError(
        f"editor {_name(editor)!r} gave {given} for {_words(edit)!r}", mend=f"paint() must give {list(shape)} uint8"
    )


def _name(editor: Editor) -> str:
    return type(editor).__name__


def _words(edit: Edit) -> str:
    return f"{', '.join(edit.targets)} -> {edit.prompt}"
