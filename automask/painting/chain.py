"""From regions to the finished picture: crop, paint, composite, edit after edit.

The chain owns the laws. It gives editors crops and composites what they return through alpha itself, so that no editor
can change a pixel outside the mask. `paint` repaints one photo, `paint_together` several; both drive generators
(`painting`) that yield the crops which can be painted now and are sent the editors' answers.
"""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, TypeVar, cast

import cv2
import numpy as np

from automask.capabilities import capabilities_of
from automask.errors import AutomaskError, CropRefused, is_out_of_memory
from automask.images.borders import content_box
from automask.images.colour import copy_where
from automask.masking.boxes import grow, tight_box
from automask.masking.surroundings import surroundings
from automask.painting.calls import Task, call_editor, call_editors, check_picture
from automask.painting.crops import CONTEXT_FRAC, Crop, composite, cut_mask, plan_crops, to_editor, to_photo
from automask.painting.defects import measure, rank
from automask.painting.editors import editor_for, editor_in_room, seed_in_room
from automask.painting.seams import correct_drift
from automask.plan import candidate_seed
from automask.plan.removal import is_removal
from automask.protocols import Editor, Stages
from automask.types import Alpha, Box, Candidate, Edit, Hard, Plan, Region, Rgb, Step
from automask.weights import return_freed_memory

THUMBNAIL_PX = 640
"""Long side of the pictures of candidates, which the candidate sheet shows."""

_LARGE_PX = 1_000_000
"""After each round of crops of a larger photo, the memory that editors took goes back to the system."""

_Plane = TypeVar("_Plane", Rgb, Alpha)

OnStep = Callable[[int, Step], None]

Painted = tuple[Rgb, tuple[Step, ...]]
"""A finished photo: the picture, and one step for each edit."""

Painting = Generator[Sequence[Task], Sequence[Rgb | CropRefused], Painted]
"""One photo being painted: yields tasks, is sent one answer for each, and returns the picture and the steps."""


def paint(
    photo: Rgb,
    plan: Plan,
    regions: Sequence[Region],
    stages: Stages,
    *,
    seed: int = 0,
    candidates: int = 1,
    on_step: OnStep | None = None,
) -> tuple[Rgb, tuple[Step, ...]]:
    """The photo with every found region repainted, in order, each on the result of the one before.

    What is to go goes last, whatever the order of the words: what was behind it is continued as it looks by then.

    Args:
        photo: [H, W, 3] uint8 RGB; not written to.
        plan: The edits.
        regions: One for each edit, in the same order.
        stages: Holds the editors.
        seed: The run's seed; each edit's own derives from it and its words.
        candidates: Each edit is painted this many times with different seeds, and the result with the fewest defects is
            kept.
        on_step: Called with each edit's step as it is painted, after the number of those before it.

    Returns:
        The picture [H, W, 3] uint8, equal to the photo wherever every alpha is 0, and one step for each edit.

    Raises:
        EditorError: An editor failed or broke its protocol; it is named. (A crop that it declines fails only its step.)
    """
    (result,) = paint_together([painting(photo, plan, regions, stages, seed, candidates, on_step)])
    if isinstance(result, Exception):
        raise result
    return result


def paint_together(paintings: Sequence[Painting]) -> list[Painted | Exception]:
    """The results of several photos, in order; crops of different photos that wait for one editor go to it together.

    An editor's output must not depend on what else it is given, so neither does a photo's result. A photo whose editor
    fails ends with the error; the others continue.
    """
    results: dict[int, Painted | Exception] = {}
    waiting: dict[int, Sequence[Task]] = {}

    def advance(index: int, answers: Sequence[Rgb | CropRefused] | Exception | None) -> None:
        generator = paintings[index]
        try:
            if isinstance(answers, Exception):
                waiting[index] = generator.throw(answers)
            else:
                waiting[index] = generator.send(answers)  # type: ignore[arg-type]  # None starts a generator
        except StopIteration as end:
            results[index] = end.value
        except Exception as error:
            results[index] = error

    for index in range(len(paintings)):
        advance(index, None)
    while waiting:
        requested, waiting = waiting, {}
        for index, answers in _answers(requested).items():
            advance(index, answers)
    return [results[index] for index in range(len(paintings))]


def painting(
    photo: Rgb,
    plan: Plan,
    regions: Sequence[Region],
    stages: Stages,
    seed: int = 0,
    candidates: int = 1,
    on_step: OnStep | None = None,
    agreed: Mapping[str, Any] | None = None,
) -> Painting:
    """The painting of one photo, for `paint_together`; arguments as in `paint`.

    With `agreed`, what the photos of its room agree on (`painting.agreement`), it is painted so.

    All crops that can be painted at the same time are yielded at once. A crop waits for the earlier crops of its own
    edit that it overlaps, and for all crops of earlier edits that have one in common with it: so the result equals
    painting one after the other. Candidates wait for one another where their editor paints only one crop at a time (it
    has no `paint_many`).
    """
    picture = photo.copy()
    content = content_box(photo)
    pairs = [*zip(plan, regions, strict=True)]
    order = sorted(range(len(pairs)), key=lambda number: is_removal(plan[number].prompt))
    states = []
    for edit, region in (pairs[number] for number in order):
        editor = editor_in_room(editor_for(edit, stages), edit, region, agreed) if region.found else None
        own_seed = seed_in_room(seed, edit, region, agreed)
        words = _words_for(edit, region, editor, photo, stages)
        states.append(_EditState(edit, region, editor, content, own_seed, candidates, words))
    steps: list[Step] = []
    # What goes is filled with what is around it: in the light that this has in the end.
    painted = sum(not is_removal(state.edit.prompt) for state in states)
    lit_first = any(_can_light(state) for state in states)
    while True:
        # In order: candidates are judged by their surroundings, which may be another edit's.
        for state in states[len(steps) :]:
            state.finish_if_painted(picture)
            if state.step is None:
                break
            steps.append(state.step)
            if on_step is not None:
                on_step(len(steps) - 1, state.step)
            if len(steps) == painted:
                steps = _light_each_other(photo, picture, states[:painted], steps)
        if len(steps) == len(states):
            return picture, tuple(step for _, step in sorted(zip(order, steps, strict=True), key=lambda one: one[0]))
        unfinished = states[len(steps) : painted if lit_first and len(steps) < painted else len(states)]
        requests = [
            request for index, state in enumerate(unfinished) for request in state.requests(picture, unfinished[:index])
        ]
        answers = yield [request.task for request in requests]
        for request, answer in zip(requests, answers, strict=True):
            request.accept(answer, picture)
        del requests, answers  # copies of the whole photo, for some editors, while the next are made
        if picture[..., 0].size > _LARGE_PX:
            return_freed_memory()


def _light_each_other(photo: Rgb, picture: Rgb, states: Sequence["_EditState"], steps: Sequence[Step]) -> list[Step]:
    """Gives painted surfaces the light of each other, in place, where their editor offers it; returns all steps.

    Only here, after the last edit that paints, is known what all surfaces became. An editor that does it (`bounce`
    above 0) gives up that several edits equal one after another.
    """
    out = [*steps]
    groups: dict[tuple[type, float], list[int]] = {}
    for index, (state, step) in enumerate(zip(states, steps, strict=True)):
        if step.area_px and _can_light(state):
            groups.setdefault((type(state.editor), capabilities_of(state.editor).bounce), []).append(index)
    for (_, bounce), group in groups.items():
        if len(group) < 2:
            continue
        first = states[group[0]]
        before, alphas = _read_only(photo), [_read_only(states[index].region.alpha) for index in group]
        relight = cast("Callable[..., Any]", capabilities_of(first.editor).relight)
        seen = _read_only(picture.copy())
        lit = call_editor(cast("Editor", first.editor), None, lambda: relight(before, seen, alphas))  # noqa: B023
        check_picture(lit, seen, cast("Editor", first.editor), "relight()")
        for alpha in alphas:
            copy_where(picture, lit, alpha > 0)
        for index in group:
            out[index] = replace(out[index], bounce=bounce)
    return out


def _read_only(plane: _Plane) -> _Plane:
    """A view of a picture or an alpha that cannot be written to."""
    view = plane.view()
    view.flags.writeable = False
    return view


def _can_light(state: "_EditState") -> bool:
    """Whether an edit's editor gives what it painted the light of its other edits."""
    can = capabilities_of(state.editor)
    return can.relight is not None and can.bounce > 0 and not is_removal(state.edit.prompt)


def _words_for(edit: Edit, region: Region, editor: Editor | None, photo: Rgb, stages: Stages) -> Mapping[str, Any]:
    """The prompt and the options that an editor is given: the edit's, or its own where it takes a thing away."""
    own = {"prompt": edit.prompt, **dict(edit.options)}
    removal = None if editor is None else capabilities_of(editor).removal
    if removal is None or not is_removal(edit.prompt) or not region.alpha.any():
        return own
    things = region.read_as or edit.targets
    return {**removal(things, surroundings(photo, region.alpha > 0, stages.segmenter)), **dict(edit.options)}


def _answers(requested: Mapping[int, Sequence[Task]]) -> dict[int, Sequence[Rgb | CropRefused] | Exception]:
    """The answers to every photo's tasks, or its error: each editor is given all of its own at once."""
    everything = [task for tasks in requested.values() for task in tasks]
    try:
        painted = iter(call_editors(everything))
        return {index: [next(painted) for _ in tasks] for index, tasks in requested.items()}
    except Exception as error:
        if not isinstance(error, AutomaskError) and not is_out_of_memory(error):
            raise
        if len(requested) == 1:
            return dict.fromkeys(requested, error)
    # One photo's crop may have been the reason: each is tried alone, and only its own error ends it.
    return {index: answer for one, tasks in requested.items() for index, answer in _answers({one: tasks}).items()}


@dataclass(frozen=True, slots=True, eq=False)
class CropMask:
    """A crop and the mask that it is composited through.

    Args:
        crop: The crop.
        alpha: [box.height, box.width] float32: the crop's own share of the region's alpha.
        shown: The tight box, in the photo, around the pixels where `alpha` is above 0.
    """

    crop: Crop
    alpha: Alpha
    shown: Box

    @property
    def box(self) -> Box:
        return self.crop.box

    def paste_into(self, target: Rgb, part: Rgb, around: Box) -> None:
        """Copies the masked pixels of `part`, of the box `shown`, into `target`, a picture of the box `around`."""
        common = Box(
            max(self.shown.x0, around.x0),
            max(self.shown.y0, around.y0),
            min(self.shown.x1, around.x1),
            min(self.shown.y1, around.y1),
        )
        if common.width > 0 and common.height > 0:
            source, destination = common.within(self.shown).slices, common.within(around).slices
            masked = self.alpha[common.within(self.box).slices] > 0
            copy_where(target[destination], part[source], masked)


class _Candidate:
    """One possible result of an edit: its composited parts by crop mask (of their `shown`), or why it was declined."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.parts: dict[CropMask, Rgb] = {}
        self.refusal: CropRefused | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _CropRequest:
    """One crop of a candidate, requested from its editor.

    Args:
        task: What the editor is given.
        candidate: What the answer belongs to.
        mask: The crop and its mask.
        beneath: Earlier crops of the same edit that it overlaps.
    """

    task: Task
    candidate: _Candidate
    mask: CropMask
    beneath: Sequence[CropMask]

    def accept(self, answer: Rgb | CropRefused, picture: Rgb) -> None:
        """Composites the answer over what is below; drift is corrected for an editor that keeps its surroundings."""
        if isinstance(answer, CropRefused):
            self.candidate.refusal = self.candidate.refusal or answer
            return
        crop, alpha, editor = self.mask.crop, self.mask.alpha, self.task.editor
        # Made again here: kept for each waiting request, it would be a copy of the whole photo for some editors.
        below = _below(picture, self.candidate, self.mask, self.beneath)
        painted = to_photo(answer, crop)
        can = capabilities_of(editor)
        if can.keeps_surroundings:
            seen = to_photo(self.task.job["crop"], crop) if crop.is_scaled else below
            spill_px = can.spill_px / crop.scale
            painted = correct_drift(painted, below, seen, alpha > 0, spill_px=spill_px)
        shown = self.mask.shown.within(crop.box).slices
        self.candidate.parts[self.mask] = composite(below[shown], painted[shown], alpha[shown])


class _EditState:
    """One edit while it is painted; `step` is None until it is finished."""

    def __init__(
        self,
        edit: Edit,
        region: Region,
        editor: Editor | None,
        content: Box,
        seed: int,
        candidates: int,
        words: Mapping[str, Any],
    ) -> None:
        self.edit = edit
        self.region = region
        self.editor = editor
        self.seed = seed
        self.words = words
        self.masks: tuple[CropMask, ...] = () if editor is None else crop_masks(region.alpha, editor, content)
        self.candidates = [_Candidate(candidate_seed(seed, number)) for number in range(candidates)]
        self.step: Step | None = None

    def requests(self, picture: Rgb, earlier: Sequence["_EditState"]) -> Iterator[_CropRequest]:
        """The crops that can be painted now: they overlap no crop of an earlier edit, and no unpainted earlier one."""
        taken = [mask.box for state in earlier for mask in state.masks]
        paints_many = capabilities_of(self.editor).paint_many is not None
        for candidate in self.candidates:
            if candidate.refusal is not None:
                continue
            has_request = False
            for index, mask in enumerate(self.masks):
                if mask in candidate.parts or any(box.overlaps(mask.box) for box in taken):
                    continue
                beneath = [other for other in self.masks[:index] if other.box.overlaps(mask.box)]
                if all(other in candidate.parts for other in beneath):
                    has_request = True
                    yield self._request(picture, candidate, mask, beneath)
            if has_request and not paints_many:
                return  # more at once would be held in memory and not be painted any sooner

    def _request(
        self, picture: Rgb, candidate: _Candidate, mask: CropMask, beneath: Sequence[CropMask]
    ) -> _CropRequest:
        part = to_editor(_below(picture, candidate, mask, beneath), mask.crop)
        part.flags.writeable = False
        job: dict[str, Any] = {"crop": part, "hard": cut_mask(mask.alpha > 0, mask.crop)}
        job |= {"seed": candidate.seed, **self.words}
        if self.region.foreign is not None and capabilities_of(self.editor).paint_beside is not None:
            job["others"] = cut_mask(self.region.foreign[mask.box.slices], mask.crop)
        return _CropRequest(Task(cast("Editor", self.editor), self.edit, job), candidate, mask, beneath)

    def finish_if_painted(self, picture: Rgb) -> None:
        """Pastes the best candidate into the picture and makes the step, once all are painted or declined."""
        painted = [candidate for candidate in self.candidates if candidate.refusal is None]
        if any(len(candidate.parts) < len(self.masks) for candidate in painted):
            return
        reports: tuple[Candidate, ...] = ()
        best = painted[0] if painted else None
        if len(self.candidates) > 1 and self.masks:
            reports, best = self._judge(picture, painted)
        if best is not None:
            for mask in self.masks:
                mask.paste_into(picture, best.parts[mask], Box(0, 0, picture.shape[1], picture.shape[0]))
        refusal = None if best is not None else next(candidate.refusal for candidate in self.candidates)
        region = self.region
        self.step = Step(
            targets=self.edit.targets,
            read_as=region.read_as,
            prompt=self.edit.prompt,
            seed=self.seed if best is None else best.seed,
            found=region.found,
            missing=region.missing,
            peak=region.peak,
            boxes=region.boxes,
            area_px=int(np.count_nonzero(region.alpha)) if region.found and best is not None else 0,
            reason=region.reason if refusal is None else str(refusal),
            candidates=reports,
            expected_iou=region.expected_iou,
            choices=region.choices,
            presence=region.presence,
            optional=self.edit.optional,
        )
        self.masks, self.candidates = (), []  # frees memory: the edits still to be painted may need as much

    def _judge(self, picture: Rgb, painted: Sequence[_Candidate]) -> tuple[tuple[Candidate, ...], _Candidate | None]:
        """All candidates with their scores, and the one with the fewest defects; None when all were declined."""
        shown = cast("Box", tight_box(self.region.alpha > 0))
        margin_px = round(CONTEXT_FRAC * max(shown.width, shown.height))
        around = grow(shown, margin_px, (picture.shape[0], picture.shape[1]))
        before, alpha = picture[around.slices], self.region.alpha[around.slices]
        defects, thumbnails = {}, {}
        for candidate in painted:
            after = before.copy()
            for mask in self.masks:
                mask.paste_into(after, candidate.parts[mask], around)
            defects[candidate] = measure(before, after, alpha)
            thumbnails[candidate] = _thumbnail(after)
        order = rank([defects[candidate] for candidate in painted])
        best = painted[order[0]] if painted else None
        reports = tuple(
            Candidate(
                seed=candidate.seed,
                chosen=candidate is best,
                scores=tuple(sorted(asdict(defects[candidate]).items())) if candidate in defects else (),
                picture=thumbnails.get(candidate),
                reason=None if candidate.refusal is None else str(candidate.refusal),
            )
            for candidate in self.candidates
        )
        return reports, best


def _below(picture: Rgb, candidate: _Candidate, mask: CropMask, beneath: Sequence[CropMask]) -> Rgb:
    """[box.height, box.width, 3] uint8: what a crop of a candidate is composited over."""
    below = picture[mask.box.slices].copy()
    for other in beneath:
        other.paste_into(below, candidate.parts[other], mask.box)
    return below


def crop_masks(alpha: Alpha, editor: Editor, content: Box) -> tuple[CropMask, ...]:
    """The crops of a region that an editor is given, each with the part of the mask that it is composited through."""
    can = capabilities_of(editor)
    context_frac = CONTEXT_FRAC if can.context_frac is None else can.context_frac
    crops = plan_crops(
        alpha > 0,
        ideal_px=editor.ideal_px,
        multiple_px=editor.multiple_px,
        context_frac=context_frac,
        content=content,
        max_area_px=can.max_area_px,
    )
    return tuple(_crop_mask(crop, own, alpha[crop.box.slices]) for crop, own in crops)


def _crop_mask(crop: Crop, own: Hard, inside: Alpha) -> CropMask:
    box, shown = crop.box, cast("Box", tight_box(own))
    # Usually no other crop's pixels are in the box: then the alpha is not copied.
    alpha = inside if np.array_equal(own, inside > 0) else np.where(own, inside, np.float32(0.0))
    return CropMask(crop, alpha, Box(box.x0 + shown.x0, box.y0 + shown.y0, box.x0 + shown.x1, box.y0 + shown.y1))


def _thumbnail(picture: Rgb) -> Rgb:
    """The picture at a long side of at most THUMBNAIL_PX, since up to 64 candidates of a large photo are kept."""
    scale = THUMBNAIL_PX / max(picture.shape[:2])
    if scale >= 1:
        return picture
    size_wh = (max(round(picture.shape[1] * scale), 1), max(round(picture.shape[0] * scale), 1))
    return np.asarray(cv2.resize(picture, size_wh, interpolation=cv2.INTER_AREA), dtype=np.uint8)
