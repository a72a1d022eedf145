"""From regions to the finished picture: crop, paint, composite, edit after edit.

The chain owns the laws. It gives editors crops and takes crops back; what they return outside the mask is thrown away
here, so no editor can break them.
"""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, cast

import cv2
import numpy as np

from automask.capabilities import capabilities_of
from automask.errors import (
    AutomaskError,
    CropRefused,
)
from automask.masking.boxes import grow, tight_box
from automask.painting.calls import Task, call_editors
from automask.painting.crops import CONTEXT_FRAC, Crop, composite, cut_mask, plan_crops, to_editor, to_photo
from automask.painting.defects import measure, rank
from automask.painting.editors import editor_for
from automask.painting.seams import correct_drift
from automask.plan import candidate_seed, edit_seed
from automask.protocols import Editor, Stages
from automask.types import Alpha, Box, Candidate, Edit, Hard, Plan, Region, Rgb, Step

OnStep = Callable[[int, Step], None]
THUMBNAIL_PX = 640
"""Long side of the pictures of candidates: what the sheet of them shows."""


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

    Args:
        photo: [H, W, 3] uint8 RGB; not written to.
        plan: The edits.
        regions: One for each edit, in the same order.
        stages: Holds the editors.
        seed: The run's seed; each edit's own derives from it and its words.
        candidates: Each edit is painted this many times with seeds of its own, and the one with the least defects
            stays.
        on_step: Called with the index and step of each edit, in order.

    Returns:
        The picture [H, W, 3] uint8, equal to the photo wherever every alpha is 0, and one step for each edit.

    Raises:
        EditorError: An editor failed or broke its protocol; it is named. (A crop that it declines fails only its step.)
    """
    (result,) = paint_together([painting(photo, plan, regions, stages, seed, candidates, on_step)])
    if isinstance(result, Exception):
        raise result
    return result


Painted = tuple[Rgb, tuple[Step, ...]]
Painting = Generator[Sequence[Task], Sequence[Rgb | CropRefused], Painted]
"""One photo being painted: it hands out tasks, is sent what became of them, and returns the picture and the steps."""


def paint_together(paintings: Sequence[Painting]) -> list[Painted | Exception]:
    """How each of several photos ended, in order: crops of different photos that wait for one editor go to it together.

    What an editor paints must not depend on what else it is given, so neither does a photo's result. A photo whose
    editor fails ends with the error; the others go on.
    """
    results: dict[int, Painted | Exception] = {}
    waiting: dict[int, Sequence[Task]] = {}

    def go_on(index: int, answers: Sequence[Rgb | CropRefused] | Exception | None) -> None:
        talk = paintings[index]
        try:
            if isinstance(answers, Exception):
                waiting[index] = talk.throw(answers)
            else:
                waiting[index] = talk.send(answers)  # type: ignore[arg-type]  # None starts a generator
        except StopIteration as end:
            results[index] = end.value
        except Exception as error:
            results[index] = error

    for index in range(len(paintings)):
        go_on(index, None)
    while waiting:
        asked, waiting = waiting, {}
        for index, answers in _answers(asked).items():
            go_on(index, answers)
    return [results[index] for index in range(len(paintings))]


def _answers(asked: Mapping[int, Sequence[Task]]) -> dict[int, Sequence[Rgb | CropRefused] | Exception]:
    """What became of every photo's tasks: each editor is given all of its own at once."""
    everything = [task for tasks in asked.values() for task in tasks]
    try:
        painted = iter(call_editors(everything))
        return {index: [next(painted) for _ in tasks] for index, tasks in asked.items()}
    except AutomaskError as error:
        if len(asked) == 1:
            return dict.fromkeys(asked, error)
    # One photo's crop may have been the reason: each is tried alone, and only its own error ends it.
    return {index: answer for one, tasks in asked.items() for index, answer in _answers({one: tasks}).items()}


def painting(
    photo: Rgb,
    plan: Plan,
    regions: Sequence[Region],
    stages: Stages,
    seed: int = 0,
    candidates: int = 1,
    on_step: OnStep | None = None,
) -> Painting:
    """The painting of one photo, for `paint_together`; arguments as in `paint`.

    All crops that may be painted at the same time are handed out at once. A crop waits for the earlier crops of its own
    edit that it overlaps, and for earlier edits that have a crop in common with it: so the result is that of painting
    one after the other. Candidates wait for one another where their editor paints only one crop at a time (it has no
    `paint_many`).
    """
    picture = photo.copy()
    works = [
        _EditState(edit, region, editor_for(edit, stages) if region.found else None, edit_seed(seed, edit), candidates)
        for edit, region in zip(plan, regions, strict=True)
    ]
    steps: list[Step] = []
    while True:
        # In order: candidates are judged by what is around them, which may be another edit's.
        for work in works[len(steps) :]:
            work.finish_if_painted(picture)
            if work.step is None:
                break
            steps.append(work.step)
            if on_step is not None:
                on_step(len(steps) - 1, work.step)
        if len(steps) == len(works):
            return picture, tuple(steps)
        unfinished = works[len(steps) :]
        turns = [turn for place, work in enumerate(unfinished) for turn in work.turns(picture, unfinished[:place])]
        answers = yield [turn.task for turn in turns]
        for turn, answer in zip(turns, answers, strict=True):
            turn.take(answer, picture)
        del turns, answers  # copies of the whole photo, for some editors, while the next are made


@dataclass(frozen=True, slots=True, eq=False)
class _CropMask:
    """A crop, the alpha [box.height, box.width] float32 that it is laid over the photo with, and where that shows."""

    crop: Crop
    alpha: Alpha
    shown: Box

    @property
    def box(self) -> Box:
        return self.crop.box

    def lay(self, part: Rgb, over: Rgb, around: Box) -> None:
        """Copies the painted pixels of its part, of the box `shown`, into a picture of the box `around`."""
        meets = Box(
            max(self.shown.x0, around.x0),
            max(self.shown.y0, around.y0),
            min(self.shown.x1, around.x1),
            min(self.shown.y1, around.y1),
        )
        if meets.width > 0 and meets.height > 0:
            here, there = meets.within(self.shown).slices, meets.within(around).slices
            painted = self.alpha[meets.within(self.box).slices] > 0
            np.copyto(over[there], part[here], where=painted[..., None])


class _Candidate:
    """One way that an edit may turn out: its composited parts by piece (of their `shown`), or why it was declined."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.parts: dict[_CropMask, Rgb] = {}
        self.refusal: CropRefused | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _CropRequest:
    """A piece of a candidate, handed out: the task, and the earlier pieces of its edit that it will be laid over."""

    task: Task
    candidate: _Candidate
    piece: _CropMask
    beneath: Sequence[_CropMask]

    def take(self, answer: Rgb | CropRefused, picture: Rgb) -> None:
        """Lays what was painted over what is below; an editor that means to keep the surroundings is held to them."""
        if isinstance(answer, CropRefused):
            self.candidate.refusal = self.candidate.refusal or answer
            return
        crop, alpha, editor = self.piece.crop, self.piece.alpha, self.task.editor
        # Made anew: a copy for each turn that waits would be the whole photo, for some editors.
        below = _below(picture, self.candidate, self.piece, self.beneath)
        painted = to_photo(answer, crop)
        can = capabilities_of(editor)
        if can.keeps_surroundings:
            seen = to_photo(self.task.job["crop"], crop) if crop.is_scaled else below
            spill_px = can.spill_px / crop.scale
            painted = correct_drift(painted, below, seen, alpha > 0, spill_px=spill_px)
        shown = self.piece.shown.within(crop.box).slices
        self.candidate.parts[self.piece] = composite(below[shown], painted[shown], alpha[shown])


def _below(picture: Rgb, candidate: _Candidate, piece: _CropMask, beneath: Sequence[_CropMask]) -> Rgb:
    """What [box.height, box.width, 3] a piece of a candidate is laid over."""
    below = picture[piece.box.slices].copy()
    for other in beneath:
        other.lay(candidate.parts[other], below, piece.box)
    return below


class _EditState:
    """One edit in the making; `step` is None until it is over."""

    def __init__(self, edit: Edit, region: Region, editor: Editor | None, seed: int, candidates: int) -> None:
        self.edit = edit
        self.region = region
        self.editor = editor
        self.seed = seed
        self.pieces: tuple[_CropMask, ...] = () if editor is None else _crop_masks(region.alpha, editor)
        self.candidates = [_Candidate(candidate_seed(seed, number)) for number in range(candidates)]
        self.step: Step | None = None

    def turns(self, picture: Rgb, earlier: Sequence["_EditState"]) -> Iterator[_CropRequest]:
        """What may be painted now: pieces that meet none of an earlier edit's, nor an unpainted earlier one's."""
        taken = [piece.box for work in earlier for piece in work.pieces]
        together = capabilities_of(self.editor).paint_many is not None
        for candidate in self.candidates:
            if candidate.refusal is not None:
                continue
            turned = False
            for number, piece in enumerate(self.pieces):
                if piece in candidate.parts or any(box.overlaps(piece.box) for box in taken):
                    continue
                beneath = [other for other in self.pieces[:number] if other.box.overlaps(piece.box)]
                if all(other in candidate.parts for other in beneath):
                    turned = True
                    yield self._turn(picture, candidate, piece, beneath)
            if turned and not together:
                return  # more at once would be held in memory and not be painted any sooner

    def _turn(
        self, picture: Rgb, candidate: _Candidate, piece: _CropMask, beneath: Sequence[_CropMask]
    ) -> _CropRequest:
        part = to_editor(_below(picture, candidate, piece, beneath), piece.crop)
        part.flags.writeable = False
        job: dict[str, Any] = {"crop": part, "hard": cut_mask(piece.alpha > 0, piece.crop)}
        job |= {"prompt": self.edit.prompt, "seed": candidate.seed, **dict(self.edit.options)}
        return _CropRequest(Task(cast("Editor", self.editor), self.edit, job), candidate, piece, beneath)

    def finish_if_painted(self, picture: Rgb) -> None:
        """Lays the best candidate over the picture and makes the step, once every candidate is painted or declined."""
        painted = [one for one in self.candidates if one.refusal is None]
        if any(len(one.parts) < len(self.pieces) for one in painted):
            return
        told: tuple[Candidate, ...] = ()
        best = painted[0] if painted else None
        if len(self.candidates) > 1 and self.pieces:
            told, best = self._judge(picture, painted)
        if best is not None:
            for piece in self.pieces:
                piece.lay(best.parts[piece], picture, Box(0, 0, picture.shape[1], picture.shape[0]))
        refusal = None if best is not None else next(one.refusal for one in self.candidates)
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
            candidates=told,
        )
        self.pieces, self.candidates = (), []  # other edits are still to be painted, and these may be as large as they

    def _judge(self, picture: Rgb, painted: Sequence[_Candidate]) -> tuple[tuple[Candidate, ...], _Candidate | None]:
        """All candidates with their scores, and the one with the least defects."""
        shown = cast("Box", tight_box(self.region.alpha > 0))
        margin_px = round(CONTEXT_FRAC * max(shown.width, shown.height))
        around = grow(shown, margin_px, (picture.shape[0], picture.shape[1]))
        before, alpha = picture[around.slices], self.region.alpha[around.slices]
        found, small = {}, {}
        for one in painted:
            after = before.copy()
            for piece in self.pieces:
                piece.lay(one.parts[piece], after, around)
            found[one] = measure(before, after, alpha)
            small[one] = _thumbnail(after)
        order = rank([found[one] for one in painted])
        best = painted[order[0]] if painted else None
        told = tuple(
            Candidate(
                seed=one.seed,
                chosen=one is best,
                scores=tuple(sorted(asdict(found[one]).items())) if one in found else (),
                picture=small.get(one),
                reason=None if one.refusal is None else str(one.refusal),
            )
            for one in self.candidates
        )
        return told, best


def _crop_masks(alpha: Alpha, editor: Editor) -> tuple[_CropMask, ...]:
    own_frac = capabilities_of(editor).context_frac
    context_frac = CONTEXT_FRAC if own_frac is None else own_frac
    crops = plan_crops(alpha > 0, ideal_px=editor.ideal_px, multiple_px=editor.multiple_px, context_frac=context_frac)
    return tuple(_crop_mask(crop, own, alpha[crop.box.slices]) for crop, own in crops)


def _crop_mask(crop: Crop, own: Hard, inside: Alpha) -> _CropMask:
    box, shown = crop.box, cast("Box", tight_box(own))
    # Mostly all that is masked there is this piece's own: then nothing is copied.
    alpha = inside if np.array_equal(own, inside > 0) else np.where(own, inside, np.float32(0.0))
    return _CropMask(crop, alpha, Box(box.x0 + shown.x0, box.y0 + shown.y0, box.x0 + shown.x1, box.y0 + shown.y1))


def _thumbnail(picture: Rgb) -> Rgb:
    """The picture at a long side of at most THUMBNAIL_PX: sixty-four candidates of a large photo are kept."""
    scale = THUMBNAIL_PX / max(picture.shape[:2])
    if scale >= 1:
        return picture
    size_wh = (max(round(picture.shape[1] * scale), 1), max(round(picture.shape[0] * scale), 1))
    return np.asarray(cv2.resize(picture, size_wh, interpolation=cv2.INTER_AREA), dtype=np.uint8)
