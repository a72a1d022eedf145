"""Which of several things a plan's phrases mean: reads the words that point, and finds in a photo what they pick.

pointings_of    a plan's phrases as things and picks; needs no photo
Sight           what a photo shows of the things: masks, heat, colours, planes
chosen_in       for each phrase the pixels of what it means, how that was chosen, and all candidates
"""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from automask.capabilities import capabilities_of
from automask.errors import AutomaskError, SegmenterError, UnknownPhrase
from automask.geometry.perspective import room_of
from automask.geometry.planes import planes_of
from automask.masking import instances
from automask.masking.choose import Decision, Scene, Thing, choose, things_of
from automask.masking.instances import ANY, Build
from automask.plan.pointing import Pointing, Read, is_wall, notation, numbered, point
from automask.protocols import Segmenter
from automask.types import Box, Choice, Hard, Heat, Instance, Labels, Plan, Rgb

_SURFACES_PX = 768  # of the photo that the camera is found in; as when it is painted
_SAME_WAY = 0.2  # walls whose normals differ less sideways face the same way
_GROUP = Build(edges=True, interrupted=False)
_BUILDS: Mapping[str, Build] = {
    **dict.fromkeys(("cushion", "pillow"), replace(_GROUP, widest=1.8, tops=0.12)),
    "chair": replace(_GROUP, widest=1.25, tops=0.12, standing=True),
    **dict.fromkeys(("stool", "barstool"), replace(_GROUP, widest=1.25, tops=0.3, standing=True)),
    **dict.fromkeys(("vase", "bottle"), replace(_GROUP, widest=0.9, tops=0.3)),
    "armchair": replace(_GROUP, widest=1.6, tops=0.3),
    "towel": replace(_GROUP, widest=1.25),
    "plant": replace(_GROUP, widest=1.6),
    **dict.fromkeys(("lamp", "light", "pendant"), replace(_GROUP, widest=2.5)),
    **dict.fromkeys(("cabinet", "cupboard", "unit"), Build(interrupted=False, in_runs=True)),
    "door": Build(interrupted=False),
    **dict.fromkeys(("curtain", "drape"), Build(widest=0.8)),
    **dict.fromkeys(("table", "desk"), Build(standing=True)),
    **dict.fromkeys(("picture", "painting", "poster", "print", "photograph"), Build(edges=True)),
    **dict.fromkeys(("rug", "carpet", "mat"), Build(lying=True)),
}
"""By the last word of a thing, in singular."""
_SHOWN = 6  # candidates that a refusal lists


def pointings_of(plan: Plan, segmenter: Segmenter) -> dict[str, Pointing]:
    """For each phrase of a plan the thing to look for, and which of several; needs no photo.

    Raises:
        UnknownPhrase: Words that point at nothing, or at more than one thing at once.
    """
    read = reader_of(segmenter)
    whole = {phrase for edit in plan for phrase in edit.whole}
    phrases = dict.fromkeys(phrase for edit in plan for phrase in (*edit.targets, *edit.excepts, *edit.keep))
    return {phrase: Pointing(phrase) if phrase in whole else point(phrase, read) for phrase in phrases}


def reader_of(segmenter: Segmenter) -> Read | None:
    """What a segmenter looks for when it is given a text; None for one that does not say."""
    able = capabilities_of(segmenter)
    if able.phrase_for is not None:
        return functools.cache(able.phrase_for)
    understand = able.understand
    if understand is None:
        return None

    @functools.cache
    def read(text: str) -> str | None:
        try:
            (phrase,) = understand([text])
        except UnknownPhrase:
            return None
        except (AutomaskError, Exception, SystemExit):
            return None  # it fails again, and says why, when the plan's own words are understood
        return phrase if isinstance(phrase, str) else None

    return read


def things_of_all(pointings: Mapping[str, Pointing]) -> tuple[str, ...]:
    """Everything to look for, each once, in order of appearance."""
    return tuple(dict.fromkeys(thing for pointing in pointings.values() for thing in pointing.things))


def readings(pointings: Mapping[str, Pointing], read_as: Mapping[str, str]) -> dict[str, str]:
    """For each phrase what it is read as, with what it picks: two phrases of one reading mean the same pixels."""
    return {
        phrase: read_as[pointing.thing] + (f", {notation(pointing)}" if pointing.picks else "")
        for phrase, pointing in pointings.items()
    }


@dataclass(frozen=True, eq=False)
class Sight:
    """What a photo shows of the things of a plan.

    Args:
        photo: [H, W, 3] uint8.
        segmenter: Is asked for instances, if it knows any and `pieces` is None.
        hards: The mask of each thing, [H, W] bool; all False for one that was not found.
        heats: The heat of each thing, [H, W].
        others: The heat of all other things, where it is known.
        pieces: Of each thing, as a survey names them; None where it does not.
    """

    photo: Rgb
    segmenter: Segmenter
    hards: Mapping[str, Hard]
    heats: Mapping[str, Heat]
    others: Heat | None = None
    pieces: Mapping[str, npt.NDArray[np.integer[Any]] | None] | None = None

    @functools.cached_property
    def small_photo(self) -> Rgb:
        return instances.reduced_photo(self.photo)

    @functools.cached_property
    def edges(self) -> Hard:
        return instances.edges_of(self.small_photo)


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """What a phrase means in a photo.

    Args:
        hard: [H, W] bool: the pixels of its thing that are meant; None for all of them.
        instances: All candidates.
        choice: How it was chosen; None for a phrase that picks nothing.
    """

    hard: Hard | None
    instances: tuple[Instance, ...] = ()
    choice: Choice | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Split:
    """A thing's mask, split into single ones."""

    labels: Labels
    things: tuple[Thing, ...]

    def union(self, numbers: Sequence[int]) -> Hard:
        return _labelled(self.labels, numbers)


def chosen_in(
    sight: Sight, pointings: Mapping[str, Pointing], read_as: Mapping[str, str], *, list_all: bool
) -> dict[str, Chosen]:
    """What each phrase means in a photo.

    Args:
        sight: What the photo shows.
        pointings: As `pointings_of` gives them.
        read_as: What each thing is read as: "the other chairs" are others than those of "left chair".
        list_all: Whether things are told apart for phrases that pick nothing, too.

    Raises:
        SegmenterError: Its `instances` failed, or did not return whole numbers of the photo's size.
    """
    split = [one.thing for pointing in pointings.values() for one in _with_picks(pointing)]
    split += [pointing.thing for pointing in pointings.values() if list_all]
    splits = _splits(sight, tuple(dict.fromkeys(thing for thing in split if sight.hards[thing].any())))
    decisions: dict[str, Decision] = {}
    # What "the other ones" are depends on what all other phrases pick.
    last = sorted(pointings, key=lambda phrase: any(pick.by == "others" for pick in pointings[phrase].picks))
    for phrase in last:
        pointing = pointings[phrase]
        if pointing.picks and pointing.thing in splits:
            own = splits[pointing.thing]
            same = [one for one in decisions if is_same(read_as[pointings[one].thing], read_as[pointing.thing])]
            taken = [splits[pointings[one].thing].union(decisions[one].numbers) for one in same]
            scene_taken = np.logical_or.reduce(taken) if taken else None
            decisions[phrase] = _decide(pointing, own, sight, splits, scene_taken)
    found = {}
    for phrase, pointing in pointings.items():
        if pointing.thing in splits and (pointing.picks or list_all):
            found[phrase] = _chosen(phrase, pointing, sight, splits[pointing.thing], decisions.get(phrase))
        else:
            found[phrase] = Chosen(None)
    return found


def is_same(one: str, other: str) -> bool:
    """Whether two readings name the same things, in singular or in plural."""
    return _singular_words(one) == _singular_words(other)


def _with_picks(pointing: Pointing) -> list[Pointing]:
    """The pointing and those that its relations are to, of which some are picked."""
    references = [one for reference in pointing.references for one in _with_picks(reference)]
    return [pointing, *references] if pointing.picks else references


def _decide(
    pointing: Pointing, split: _Split, sight: Sight, splits: Mapping[str, _Split], taken: Hard | None
) -> Decision:
    references: dict[Pointing, Hard] = {}
    for one in pointing.references:
        mask = instances.reduced(sight.hards[one.thing])
        if one.picks and one.thing in splits:
            own = _decide(one, splits[one.thing], sight, splits, None)
            if own.why is not None:
                return Decision((), own.measure, own.values, own.margin, own.needed, f"{one.thing}: {own.why}")
            mask = splits[one.thing].union(own.numbers)
        if not mask.any():
            return Decision((), why=f"no {one.thing!r} was found")
        references[one] = mask
    looks = any(pick.by == "looks" for pick in pointing.all_picks)
    # Only looks need the colours; reducing the photo takes longer than everything else here.
    seen = sight.small_photo if looks else np.broadcast_to(np.uint8(0), (*split.labels.shape, 3))
    return choose(pointing, split.things, Scene(seen, references, taken))


def _chosen(phrase: str, pointing: Pointing, sight: Sight, split: _Split, decision: Decision | None) -> Chosen:
    hard = sight.hards[pointing.thing]
    labels = instances.enlarged(split.labels, hard)
    numbers = tuple(thing.number for thing in split.things) if decision is None else decision.numbers
    found = []
    for thing in split.things:
        mask = labels == thing.number
        if mask.any():
            box = instances.box_of(mask)
            found.append(Instance(pointing.thing, thing.number, box, mask[box.slices], thing.number in numbers))
    if decision is None:
        return Chosen(None, tuple(found))
    reason = None if decision.why is None else _undecided(phrase, pointing, found, hard.shape, decision.why)
    values = dict(decision.values)
    choice = Choice(
        target=phrase,
        thing=pointing.thing,
        which=notation(pointing),
        numbers=decision.numbers,
        candidates=tuple((one.number, one.box, values.get(one.number)) for one in found),
        measure=decision.measure,
        margin=decision.margin,
        needed=decision.needed,
        reason=reason,
    )
    return Chosen(_labelled(labels, decision.numbers), tuple(found), choice)


def _labelled(labels: npt.NDArray[np.integer[Any]], numbers: Sequence[int]) -> Hard:
    """Where one of some labels is; a tenth of the time of `np.isin`."""
    found = np.zeros(labels.shape, np.bool_)
    for number in numbers:
        found |= labels == number
    return found


def _undecided(phrase: str, pointing: Pointing, found: Sequence[Instance], shape: Sequence[int], why: str) -> str:
    """Why nothing was chosen, and the words that choose each candidate."""
    height, width = shape[:2]
    said = []
    for one in found[:_SHOWN]:
        across = (one.box.x0 + one.box.x1) / 2 / width
        down = (one.box.y0 + one.box.y1) / 2 / height
        share = one.area_px / (height * width)
        said.append(f"{numbered(pointing.thing, one.number)!r} ({across:.0%} across, {down:.0%} down, {share:.1%})")
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return f"{phrase!r} is not clear: {why}; say {', '.join(said)}{more}"


# ------------------------------------------------------------------------------------------------- single things


def _splits(sight: Sight, things: tuple[str, ...]) -> dict[str, _Split]:
    """Each thing's mask, split into single ones."""
    if not things:
        return {}
    kinds = _kinds(sight, things)
    others = None if sight.others is None else instances.reduced_heat(sight.others)
    splits = {}
    for thing in things:
        build = _BUILDS.get(_singular_words(thing)[-1], ANY)
        small = instances.reduced(sight.hards[thing])
        heat = instances.reduced_heat(sight.heats[thing])
        sideways: dict[int, float] = {}
        if is_wall(thing):
            labels, sideways = _walls(sight, thing, small, kinds[thing])
        else:
            edges = sight.edges if build.edges else None
            labels = instances.split(small, kinds=kinds[thing], others=others, heat=heat, edges=edges, build=build)
        singles = things_of(labels, heat, sideways, widest=build.widest, in_runs=build.in_runs)
        splits[thing] = _Split(labels, singles)
    return splits


def _singular_words(thing: str) -> list[str]:
    """The words of a thing, the last one in singular; never empty."""
    return numbered(thing, 1).split()[:-1] or [""]


def _kinds(sight: Sight, things: tuple[str, ...]) -> dict[str, Labels | None]:
    """For each thing the piece that each reduced pixel belongs to, as far as the segmenter knows."""
    known = _asked(sight, things) if sight.pieces is None else {thing: sight.pieces[thing] for thing in things}
    height, width = instances.reduced(sight.hards[things[0]]).shape
    return {
        thing: None
        if piece is None
        else cv2.resize(_resizable(piece), (width, height), interpolation=cv2.INTER_NEAREST).astype(np.int64)
        for thing, piece in known.items()
    }


def _resizable(piece: npt.NDArray[np.integer[Any]]) -> npt.NDArray[np.integer[Any]]:
    """The piece in a type that OpenCV resizes."""
    return piece if piece.dtype == np.uint8 else piece.astype(np.int32)


def _asked(sight: Sight, things: tuple[str, ...]) -> dict[str, npt.NDArray[np.integer[Any]] | None]:
    """What a segmenter's `instances` answers; None of each thing without it."""
    ask = capabilities_of(sight.segmenter).instances
    if ask is None:
        return dict.fromkeys(things)
    name = type(sight.segmenter).__name__
    photo = sight.photo.view()
    photo.flags.writeable = False
    try:
        told: Any = ask(photo, things)
    except AutomaskError:
        raise
    except (Exception, SystemExit) as error:
        why = " ".join(str(error).split())
        raise SegmenterError(
            f"segmenter {name!r} failed to tell {list(things)} apart: {type(error).__name__}: {why}",
            hint="try another segmenter",
        ) from error
    wanted = (len(things), *sight.photo.shape[:2])
    if not isinstance(told, np.ndarray) or told.shape != wanted or not np.issubdtype(told.dtype, np.integer):
        got = f"{list(told.shape)} {told.dtype}" if isinstance(told, np.ndarray) else type(told).__name__
        raise SegmenterError(
            f"segmenter {name!r} returned {got}", hint=f"instances() must return {list(wanted)} whole numbers"
        )
    return dict(zip(things, told, strict=True))


def _walls(sight: Sight, thing: str, small: Hard, kinds: Labels | None) -> tuple[Labels, dict[int, float]]:
    """The walls of a mask, told apart by the way they face; and how far each faces sideways."""
    shrink = max(1.0, max(sight.photo.shape[:2]) / _SURFACES_PX)
    size_wh = (max(1, round(sight.photo.shape[1] / shrink)), max(1, round(sight.photo.shape[0] / shrink)))
    room = room_of(cv2.resize(sight.photo, size_wh, interpolation=cv2.INTER_AREA).astype(np.uint8), shrink)
    by_way: dict[float, Hard] = {}
    for plane, mask in planes_of(sight.hards[thing], room, (0, 0)):
        sign, yaw = (1 if plane.offset > 0 else -1), room.yaws[plane.axis]
        way = 0.0 if plane.facing or plane.horizontal else -sign * float(np.cos(yaw))
        same = next((one for one in by_way if abs(one - way) < _SAME_WAY), way)
        part = instances.reduced(mask)
        by_way[same] = by_way[same] | part if same in by_way else part
    labels = instances.by_plane(small, list(by_way.values()), kinds)
    sideways = {}
    for number in np.unique(labels[labels > 0]).tolist():
        mask = labels == number
        sideways[number] = max(by_way, key=lambda way: int((mask & by_way[way]).sum()))
    return labels, sideways


def box_list(found: Sequence[Instance]) -> tuple[Box, ...]:
    """The boxes of those that were chosen, largest first."""
    chosen = sorted((one for one in found if one.chosen), key=lambda one: (-one.area_px, one.number))
    return tuple(one.box for one in chosen)
