"""From a plan to regions: every mask of a photo, made on the original photo before anything is painted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from automask.capabilities import capabilities_of
from automask.errors import (
    AutomaskError,
    PlanError,
    RefinerError,
    SegmenterError,
    TargetMissing,
    UnknownPhrase,
    is_out_of_memory,
)
from automask.images.borders import border_of
from automask.images.threads import in_threads
from automask.masking import quality, which
from automask.masking.boxes import blobs, boxes_from_heat
from automask.masking.cords import with_cords
from automask.masking.foreign import foreign
from automask.masking.masks import alpha_from, clean, dilate, settle, without_offcuts, without_others
from automask.masking.shadows import with_shadow
from automask.masking.wholes import whole_heat
from automask.plan.pointing import Pointing
from automask.plan.removal import is_removal, members_of
from automask.plan.text import normalised
from automask.protocols import Segmenter, Stages
from automask.types import (
    REMOVAL_RECIPE,
    Box,
    Edit,
    Hard,
    Heat,
    MaskRecipe,
    OnMissing,
    Plan,
    Region,
    Rgb,
    Survey,
)
from automask.weights import return_freed_memory

_REACH_FRAC = 0.006
"""How far a refiner moves a border, as a share of the long side: strips up to twice as wide are not given to others."""
_OFFCUT_FRAC = 0.012
"""As wide, as a share of the long side, are the bits that are left between the masks of things that meet."""
_RIM_FRAC = 0.006
"""As a share of the long side: so far a thin frame reaches beyond what the segmenter sees of a thing."""
_CERTAIN = 0.5
"""From this heat on, a thing is beside what is to go."""
_NEARLY = 0.8
"""From this share of the threshold on, a peak is a near miss, and a lower threshold worth a try. In 161 kitchens those
were 2 % of the phrases that are not there, and 10 % of those that are there and were not found."""
_LARGE_PX, _TOGETHER_PX = 8_000_000, 32_000_000
"""Above the first, freed memory goes back between the stages; above the second, masks are made one after another."""

T = TypeVar("T", bound=np.generic)


def phrases_of(plan: Plan) -> tuple[str, ...]:
    """Every phrase that a plan looks for (targets, excepted, kept), each once, in order of appearance."""
    return tuple(dict.fromkeys(phrase for edit in plan for phrase in (*edit.targets, *edit.excepts, *edit.keep)))


def understand(segmenter: Segmenter, phrases: Sequence[str]) -> dict[str, str]:
    """For each phrase the words that the segmenter will look for instead; needs no photo.

    Raises:
        UnknownPhrase: For words that the segmenter cannot know.
        SegmenterError: `understand` failed, or did not return one text for each phrase.
    """
    name = type(segmenter).__name__
    if not callable(getattr(segmenter, "heats", None)):
        raise SegmenterError(f"segmenter {name!r} has no heats()", hint="see automask.Segmenter for what it needs")
    reads = capabilities_of(segmenter).understand
    if reads is None:
        return {phrase: phrase for phrase in phrases}
    try:
        read_as = reads(phrases)
    except AutomaskError:
        raise
    except (Exception, SystemExit) as error:
        raise SegmenterError(
            f"segmenter {name!r} failed to understand {list(phrases)}: {type(error).__name__}: {_one_line(error)}",
            hint="try another segmenter",
        ) from error
    one_each = isinstance(read_as, Sequence) and not isinstance(read_as, str) and len(read_as) == len(phrases)
    if not one_each or not all(isinstance(reading, str) for reading in read_as):
        raise SegmenterError(
            f"segmenter {name!r} understood {list(phrases)} as {read_as!r}",
            hint="its understand() must return one text for each phrase",
        )
    return dict(zip(phrases, read_as, strict=True))


def refuse_unclear_words(plan: Plan, segmenter: Segmenter) -> None:
    """Raises where a segmenter cannot know a word of a plan, or where the plan contradicts itself; needs no photo.

    Raises:
        UnknownPhrase: For words that the segmenter cannot know, or that point at nothing.
        PlanError: As `refuse_same_readings`.
        SegmenterError: As `understand`.
    """
    plan = with_members(plan, segmenter)
    pointings = which.pointings_of(plan, segmenter)
    read_as = understand(segmenter, which.things_of_all(pointings))
    refuse_same_readings(plan, which.readings(pointings, read_as))


def with_members(plan: Plan, segmenter: Segmenter) -> Plan:
    """The plan with the things of a set in place of its name: "declutter" is plants, toys, books ...

    Things that the segmenter cannot know are left out, and so is what another target, `except` or `keep` names.

    Raises:
        UnknownPhrase: The segmenter knows none of a set's things, or other words of the plan name them all.
    """
    named = {target for edit in plan for target in edit.targets if members_of(target) and target not in edit.whole}
    if not named:
        return plan
    reader = which.reader_of(segmenter)

    def read(phrase: str) -> str | None:
        return normalised(phrase if reader is None else reader(phrase) or "") or None

    said = {phrase for edit in plan for phrase in (*edit.targets, *edit.excepts, *edit.keep)} - named
    taken = {read(phrase) for phrase in said}
    expanded = []
    for edit in plan:
        members: dict[str, str] = {}
        for target in edit.targets:
            if target not in named:
                continue
            known = {reading: member for member in members_of(target) if (reading := read(member)) is not None}
            if not known:
                raise UnknownPhrase(f"none of the things of {target!r} is known here", hint="name what is to go")
            members |= {reading: member for reading, member in known.items() if reading not in taken}
        taken |= members.keys()
        own = (*(target for target in edit.targets if target not in named), *members.values())
        if not own:
            sets = ", ".join(edit.targets)
            raise UnknownPhrase(f"all things of {sets!r} are kept or named", hint="name what is to go")
        whole = (*edit.whole, *(member for member in members.values() if member not in edit.whole))
        expanded.append(replace(edit, targets=own, whole=whole))
    return tuple(expanded)


def refuse_same_readings(plan: Plan, read_as: Mapping[str, str]) -> None:
    """Raises where two words of a plan differ but are read as one thing, and the plan contradicts itself by that.

    The plan's own check refuses a target that is in two edits, or is also kept or excepted; it compares what was typed.

    Args:
        plan: As that check accepts it.
        read_as: As `understand` gives it for the plan's phrases.

    Raises:
        PlanError: Names both words and what they are read as.
    """
    first_with: dict[str, tuple[int, str]] = {}
    for number, edit in enumerate(plan, start=1):
        targets = {normalised(read_as[target]): target for target in edit.targets}
        for role, others in (("excepted", edit.excepts), ("kept", edit.keep)):
            for other in others:
                reading = read_as[other]
                target = targets.get(normalised(reading))
                if target is not None:
                    said = f"{target!r} is a target and {other!r} is {role}, but both are read as {reading!r}"
                    raise PlanError(f"edit {number}: {said}", hint="take one of the two out")
        for reading, target in targets.items():
            first, same = first_with.setdefault(reading, (number, target))
            if first != number:
                raise PlanError(
                    f"edit {number}: {target!r} and {same!r} in edit {first} are both read as {read_as[target]!r}",
                    hint="name it in one edit only",
                )


def parts_of(segmenter: Segmenter, phrases: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """For each phrase the other phrases that name a part of it, as "island top" does of "island"; needs no photo.

    A segmenter says so with an optional `parts`; without it no phrase is part of another.

    Raises:
        SegmenterError: `parts` failed, or did not return one list of indices for each phrase, or named a phrase as a
            part of itself or two phrases as parts of each other.
    """
    name_parts = capabilities_of(segmenter).parts
    if name_parts is None:
        return dict.fromkeys(phrases, ())
    name = type(segmenter).__name__
    try:
        listed = [tuple(indices) for indices in name_parts(phrases)]
        if len(listed) != len(phrases):
            raise ValueError(f"{len(listed)} lists for {len(phrases)} phrases")  # noqa: TRY301 - wrapped below
        for whole, indices in enumerate(listed):
            for part in indices:
                if type(part) is not int or not 0 <= part < len(phrases) or part == whole or whole in listed[part]:
                    raise ValueError(f"{part!r} as a part of {phrases[whole]!r}")  # noqa: TRY301 - likewise
    except AutomaskError:
        raise
    except (Exception, SystemExit) as error:
        why = f"{type(error).__name__}: {_one_line(error)}"
        raise SegmenterError(
            f"segmenter {name!r} failed to name the parts of {list(phrases)}: {why}",
            hint="its parts() must return, for each phrase, the indices of the phrases that are parts of it",
        ) from error
    return {phrase: tuple(phrases[i] for i in indices) for phrase, indices in zip(phrases, listed, strict=True)}


def find_regions(
    photo: Rgb, plan: Plan, stages: Stages, *, on_missing: OnMissing = "skip", list_instances: bool = False
) -> tuple[Region, ...]:
    """One region for each edit of the plan, in order.

    Args:
        photo: [H, W, 3] uint8 RGB.
        plan: What to find; prompts are not read.
        stages: Segmenter, refiner, recipes.
        on_missing: `skip` reports what was not found in the region; `fail` raises with all of it.
        list_instances: Whether the regions list their single things, also where no word picks some of them.

    Returns:
        Regions whose hard masks share no pixel.

    Raises:
        UnknownPhrase: For words that the segmenter cannot know.
        TargetMissing: A phrase is not in the photo, and `on_missing` is `fail`.
        SegmenterError, RefinerError: A stage failed or broke its protocol.
    """
    outside = border_of(photo)
    drafts = _drafts(photo, plan, stages, outside, list_instances=list_instances)

    def finished(draft: _Draft) -> Region:
        untouchable = draft.untouchable if outside is None else draft.untouchable | outside
        hard = with_cords(photo, draft.region.hard, draft.recipe, untouchable=untouchable)
        if draft.recipe.shadow_frac > 0:
            untouchable = _with_rims(untouchable, hard)  # after the cords: one goes on up to the ceiling that is kept
            hard = with_shadow(photo, hard, draft.recipe, untouchable=untouchable, things=_others(draft))
        alpha = alpha_from(hard, draft.recipe, untouchable=untouchable)
        others = None if draft.things is None else foreign(alpha > 0, *draft.things)
        return replace(draft.region, alpha=alpha, foreign=others)

    _give_back(photo)
    regions = in_threads(finished, drafts, at_once=_at_once(photo))
    del drafts
    if on_missing == "fail":
        refuse_missing(regions)
    return tuple(regions)


def _with_rims(untouchable: Hard, hard: Hard) -> Hard:
    """What must not be touched, and a frame's width round it that is not as near to the mask: no segmenter sees frames.

    A mask that takes shadows with it reaches so far that it would meet the frame of the next picture.
    """
    width_px = _RIM_FRAC * max(hard.shape)
    return untouchable | (dilate(untouchable, width_px) & ~dilate(hard, width_px)) if untouchable.any() else untouchable


def _others(draft: "_Draft") -> Hard | None:
    """All things beside what is to go, without itself, which heat sees wider than its mask; None where unknown."""
    if draft.things is None:
        return None
    own = dilate(draft.region.hard, _REACH_FRAC * max(draft.region.hard.shape))
    return (draft.things[0] | draft.things[1]) & ~own


def _at_once(photo: Rgb) -> int:
    """How many masks are worked on together: of a very large photo one, as each needs several times its pixels."""
    return 1 if photo.shape[0] * photo.shape[1] > _TOGETHER_PX else len(photo)


def _give_back(photo: Rgb) -> None:
    """Of a large photo, what glibc keeps of the planes of one stage would come on top of those of the next."""
    if photo.shape[0] * photo.shape[1] > _LARGE_PX:
        return_freed_memory()


@dataclass(frozen=True, slots=True, eq=False)
class _Draft:
    """A region without its alpha, which is made when the heats are no longer in memory.

    Args:
        region: Its alpha is 0 everywhere.
        recipe: Of its alpha.
        untouchable: [H, W] bool: where its alpha is 0.
        things: Two [H, W] bool, as `Survey.things` but certain, for what is to go; None where they are not known.
    """

    region: Region
    recipe: MaskRecipe
    untouchable: Hard
    things: tuple[Hard, Hard] | None


def _drafts(photo: Rgb, plan: Plan, stages: Stages, outside: Hard | None, *, list_instances: bool) -> list[_Draft]:
    """One for each edit of the plan, without what is `outside` of the room; arguments as in `find_regions`."""
    as_named, plan = plan, with_members(plan, stages.segmenter)
    pointings = which.pointings_of(plan, stages.segmenter)
    things = which.things_of_all(pointings)
    read_as = understand(stages.segmenter, things)
    parts = parts_of(stages.segmenter, things)
    survey = _survey(stages, photo, things)
    survey = survey if outside is None else _within(survey, outside)
    survey = _with_wholes(survey, plan, pointings, things, stages, outside)
    heats = survey.heats
    recipe, at_once = stages.boxes, _at_once(photo)

    def boxes_in(heat: Heat) -> tuple[Box, ...]:
        return boxes_from_heat(
            heat,
            threshold=recipe.threshold,
            min_area_frac=recipe.min_area_frac,
            pad_frac=recipe.pad_frac,
            max_boxes=recipe.max_boxes,
        )

    boxes = tuple(in_threads(boxes_in, heats, at_once=at_once))
    refined = _refine(stages, photo, heats, boxes)
    refined = refined if outside is None else refined & ~outside
    _give_back(photo)
    pixels = photo.shape[0] * photo.shape[1]

    def cleaned(hard: Hard) -> Hard:
        specks, holes = stages.mask_recipe.min_speck_frac * pixels, stages.mask_recipe.max_hole_frac * pixels
        return clean(hard, min_speck_px=specks, max_hole_px=holes)

    hards = dict(zip(things, in_threads(cleaned, refined, at_once=at_once), strict=True))
    heat_of = dict(zip(things, heats, strict=True))
    boxes_of = dict(zip(things, boxes, strict=True))
    targets = {target for edit in plan for target in edit.targets}
    picked = {pointing.thing for phrase, pointing in pointings.items() if pointing.picks or phrase in targets}

    def alone(thing: str) -> Hard:
        return _without_others(hards[thing], heat_of[thing], survey.others, stages.mask_recipe)

    named = [thing for thing in things if thing in picked]
    own = dict(zip(named, in_threads(alone, named, at_once=at_once), strict=True))
    absent = {
        thing: why_missing(thing, heat_of[thing], stages, found_boxes=bool(boxes_of[thing]))
        for thing in things
        if not hards[thing].any()
    }
    absent |= {
        thing: f"no {thing!r}: what is hot for it is more likely something else"
        for thing, hard in own.items()
        if not hard.any() and thing not in absent
    }
    pieces = dict(zip(things, survey.pieces, strict=True)) if survey.pieces else None
    sight = which.Sight(photo, stages.segmenter, {**hards, **own}, heat_of, survey.others, pieces)
    chosen = which.chosen_in(sight, pointings, read_as, list_all=list_instances)
    # Of a large photo each plane is much, and regions are settled without these.
    survey = replace(survey, others=None, pieces=(), unsure=None)
    del sight, pieces, refined
    goes = any(is_removal(edit.prompt) for edit in plan)
    there = _things_in(survey, outside, type(stages.segmenter).__name__) if goes else None
    survey = replace(survey, things=None)
    masks = {
        phrase: _found(pointing, chosen[phrase], hards, own, heat_of, boxes_of, absent, read_as)
        for phrase, pointing in pointings.items()
    }
    expected, masks = _rated(stages, photo, survey, things, masks, targets)
    parts_of_phrase = _parts_of_phrases(pointings, parts, read_as)
    presences = {
        thing: row["presence"] for thing, row in zip(things, survey.evidence, strict=False) if "presence" in row
    }
    return _settled(as_named, plan, stages.mask_recipe, masks, parts_of_phrase, expected, presences, there)


def _things_in(survey: Survey, outside: Hard | None, segmenter: str) -> tuple[Hard, Hard] | None:
    """Where things certainly are, as `Survey.things` tells them apart; None where it cannot."""
    if survey.things is None:
        return None
    wanted = "the things of survey() must give two of"
    found = survey.things()
    if not isinstance(found, tuple) or len(found) != 2:
        raise SegmenterError(
            f"segmenter {segmenter!r} returned {_describe(found)}",
            hint=f"{wanted} {list(survey.heats.shape[1:])} float32 in 0..1",
        )
    for heat in found:
        _check_heat(segmenter, heat, survey.heats.shape[1:], wanted)
    loose, behind = found
    if outside is not None:
        return (loose >= _CERTAIN) & ~outside, (behind >= _CERTAIN) & ~outside
    return loose >= _CERTAIN, behind >= _CERTAIN


def _with_wholes(
    survey: Survey,
    plan: Plan,
    pointings: Mapping[str, Pointing],
    things: Sequence[str],
    stages: Stages,
    outside: Hard | None,
) -> Survey:
    """The survey, the things that go and nothing else taken whole; `others` is less by what is theirs now."""
    goes = {target for edit in plan if is_removal(edit.prompt) for target in edit.targets}
    more = {phrase for phrase in pointings if phrase not in goes}
    gone = {pointings[phrase].thing for phrase in goes} - {pointings[phrase].thing for phrase in more}
    if not gone or survey.unsure is None:
        return survey
    unsure = survey.unsure()
    _check_heat("segmenter", unsure, survey.heats.shape[1:], "the unsure of survey() must give")
    unsure = unsure if outside is None else np.where(outside, np.float32(0), unsure)
    heats, others = survey.heats.copy(), survey.others
    for k, thing in enumerate(things):
        if thing in gone:
            known = _without_others(heats[k] >= stages.boxes.threshold, heats[k], survey.others, stages.mask_recipe)
            # What is too small to be found does not become large enough by this.
            known = clean(known, min_speck_px=stages.boxes.min_area_frac * known.size, max_hole_px=0)
            heats[k] = whole_heat(survey.heats[k], unsure, known)
            if others is not None:
                others = np.maximum(others - (heats[k] - survey.heats[k]), np.float32(0))
    return replace(survey, heats=heats, others=others)


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """What was found for one phrase.

    Args:
        thing: What was looked for.
        hard: [H, W] bool.
        own: The same without other things, of a target; otherwise `hard`.
        beside: What its words left out of the thing; None without such words.
        heat: [H, W], of the thing.
        boxes: Around it.
        read_as: What the segmenter looked for.
        absent: Why nothing was found; None if something was.
        chosen: The single things, and how some of them were chosen.
    """

    thing: str
    hard: Hard
    own: Hard
    beside: Hard | None
    heat: Heat
    boxes: tuple[Box, ...]
    read_as: str
    absent: str | None
    chosen: which.Chosen


def _found(
    pointing: Pointing,
    chosen: which.Chosen,
    hards: Mapping[str, Hard],
    own: Mapping[str, Hard],
    heats: Mapping[str, Heat],
    boxes: Mapping[str, tuple[Box, ...]],
    absent: Mapping[str, str],
    read_as: Mapping[str, str],
) -> _Found:
    thing = pointing.thing
    hard, mine = hards[thing], own.get(thing, hards[thing])
    if chosen.hard is None:
        why = absent.get(thing)
        return _Found(thing, hard, mine, None, heats[thing], boxes[thing], read_as[thing], why, chosen)
    why = None if chosen.choice is None else chosen.choice.reason
    around = which.box_list(chosen.instances)
    mine = mine & chosen.hard
    return _Found(thing, mine, mine, hard & ~mine, heats[thing], around, read_as[thing], why, chosen)


def _parts_of_phrases(
    pointings: Mapping[str, Pointing], parts: Mapping[str, tuple[str, ...]], read_as: Mapping[str, str]
) -> dict[str, tuple[str, ...]]:
    """For each phrase the others that name a part of it: a part of its thing, or some of what it means all of.

    In "chairs -> white; the left chair -> red" the left chair is the second edit's.
    """
    result = {}
    for phrase, pointing in pointings.items():
        of_thing = set(parts[pointing.thing])
        result[phrase] = tuple(
            other
            for other, pointed in pointings.items()
            if pointed.thing in of_thing
            or (not pointing.picks and pointed.picks and which.is_same(read_as[pointed.thing], read_as[pointing.thing]))
        )
    return result


def wanted(plan: Plan) -> tuple[tuple[Any, ...], ...]:
    """The part of a plan that decides its masks: words, mask lengths, and of prompts only whether the thing goes."""
    # What is to go takes its shadow with it; and what a set stands for is not among the words.
    more = (
        (*(("goes",) if is_removal(edit.prompt) else ()), *filter(None, map(members_of, edit.targets))) for edit in plan
    )
    words = ((edit.targets, edit.excepts, edit.keep, edit.mask, edit.whole) for edit in plan)
    return tuple((*said, *extra) for said, extra in zip(words, more, strict=True))


def refuse_missing(regions: Sequence[Region], plan: Plan = ()) -> None:
    """Raises if anything was not found.

    Args:
        regions: Of the edits.
        plan: The edits; those that are optional may be missing. Without it none is.

    Raises:
        TargetMissing: With every reason, so that one run reports everything that is missing.
    """
    reasons = dict.fromkeys(
        region.reason
        for index, region in enumerate(regions)
        if region.reason is not None and not (index < len(plan) and plan[index].optional)
    )
    if reasons:
        raise TargetMissing("; ".join(reasons), hint="say on_missing=skip to go on without")


def _settled(
    as_named: Plan,
    plan: Plan,
    recipe: MaskRecipe,
    found_of: Mapping[str, _Found],
    parts: Mapping[str, tuple[str, ...]],
    expected: Mapping[str, float],
    presences: Mapping[str, float],
    there: tuple[Hard, Hard] | None,
) -> list[_Draft]:
    """The regions of a plan, still without alphas; `as_named` has the sets that `with_members` replaced in `plan`."""
    shape = next(iter(found_of.values())).hard.shape

    def union(phrases: Sequence[str]) -> Hard:
        result = np.zeros(shape, dtype=np.bool_)
        for phrase in phrases:
            result |= found_of[phrase].hard
        return result

    def claim(edit: Edit) -> Hard:
        """The pixels that an edit claims: each target without the parts that other edits name themselves."""
        result = np.zeros(shape, dtype=np.bool_)
        for target in edit.targets:
            mine = found_of[target].own.copy()
            for part in {*parts[target]} - {*edit.targets}:
                for other, guard in zip(plan, guarded, strict=True):
                    if part in other.targets:
                        mine &= ~found_of[part].hard | guard  # what the other edit excepts stays with this one
            result |= mine
        return result

    def beside(edit: Edit) -> Hard:
        """What the words of an edit leave out of the things that they name: a border does not grow over it."""
        result = np.zeros(shape, dtype=np.bool_)
        for target in edit.targets:
            left_out = found_of[target].beside
            if left_out is not None:
                result |= left_out
        return result

    def things_beside(edit: Edit) -> tuple[Hard, Hard] | None:
        """For an edit that takes things away, the things that may be beside them; None where none is known."""
        left_out = beside(edit)
        if not is_removal(edit.prompt) or (there is None and not left_out.any()):
            return None
        loose, behind = (left_out, np.zeros_like(left_out)) if there is None else there
        return loose | left_out, behind & ~left_out

    guarded = [union((*edit.excepts, *edit.keep)) for edit in plan]
    claimed = [claim(edit) & ~guard for edit, guard in zip(plan, guarded, strict=True)]
    hottest = [_hottest([found_of[phrase].heat for phrase in edit.targets]) for edit in plan]
    width_px = _OFFCUT_FRAC * max(shape)
    settled = tuple(
        without_offcuts(
            hard, np.logical_or.reduce([found_of[target].own for target in edit.targets]), width_px=width_px
        )
        for edit, hard in zip(plan, settle(claimed, hottest), strict=True)
    )
    everything = np.logical_or.reduce(settled)
    drafts = []
    for named, edit, hard, guard in zip(as_named, plan, settled, guarded, strict=True):
        # Settled masks share no pixel, so "the others' masks" are all masks but this one's own. What is to go takes its
        # edge and its shadow from what others paint, too: it goes last, and continues what they have painted.
        others = beside(edit) if is_removal(edit.prompt) else everything | beside(edit)
        untouchable = guard | (others & ~hard)
        wanted = (*edit.targets, *edit.excepts, *edit.keep)
        quiet = {*edit.targets} - {*named.targets}
        why = {phrase: found_of[phrase].absent for phrase in wanted if phrase not in quiet}
        missing = tuple(phrase for phrase in why if why[phrase] is not None)
        found = bool(hard.any())
        of_edit = [found_of[phrase] for phrase in edit.targets]
        reason = "; ".join(dict.fromkeys(text for text in why.values() if text is not None)) or None
        if not found and quiet and all(found_of[phrase].absent for phrase in edit.targets):
            sets = tuple(target for target in named.targets if target not in edit.targets)
            reason = "; ".join(filter(None, (reason, f"nothing of {', '.join(sets)!r} is in the photo")))
            missing = (*missing, *sets)
        elif not found and not any(phrase in missing for phrase in edit.targets):
            reason = f"nothing is left of {', '.join(named.targets)!r} after what is kept, excepted or another edit's"
        drafts.append(
            _Draft(
                Region(
                    target=", ".join(named.targets),
                    found=found,
                    hard=hard,
                    alpha=np.broadcast_to(np.float32(0), shape),  # takes no memory
                    boxes=tuple(box for one in of_edit for box in one.boxes if one.own[box.slices].any()),
                    peak=max(float(one.heat.max()) for one in of_edit),
                    read_as=tuple(_read_as(target, edit, found_of) for target in named.targets),
                    missing=missing,
                    reason=reason,
                    expected_iou=_expected_iou(edit, found_of, expected) if found else None,
                    instances=tuple(instance for one in of_edit for instance in one.chosen.instances),
                    choices=tuple(
                        choice for phrase in wanted if (choice := found_of[phrase].chosen.choice) is not None
                    ),
                    presence=tuple(
                        presences[found_of[phrase].thing]
                        for phrase in edit.targets
                        if phrase not in quiet and found_of[phrase].thing in presences
                    ),
                ),
                recipe_for(edit, recipe),
                untouchable,
                things_beside(edit) if found else None,
            )
        )
    return drafts


def _read_as(target: str, edit: Edit, found_of: Mapping[str, _Found]) -> str:
    """What was looked for for a target: of a set those of its things that were found."""
    if target in edit.targets:
        return found_of[target].read_as
    there = (member for member in members_of(target) if member in edit.targets and found_of[member].absent is None)
    return ", ".join(found_of[member].read_as for member in there) or target


def _hottest(heats: Sequence[Heat]) -> Heat:
    return heats[0] if len(heats) == 1 else np.maximum.reduce(heats)


def _expected_iou(edit: Edit, found_of: Mapping[str, _Found], expected: Mapping[str, float]) -> float | None:
    """That of an edit's targets, each weighted by its area."""
    found = [target for target in edit.targets if target in expected]
    areas = [float(np.count_nonzero(found_of[target].own)) for target in found]
    return quality.weighted_mean([expected[target] for target in found], areas)


def _rated(
    stages: Stages,
    photo: Rgb,
    survey: Survey,
    things: Sequence[str],
    found_of: Mapping[str, _Found],
    targets: set[str],
) -> tuple[dict[str, float], dict[str, _Found]]:
    """The expected intersection over union of each target that was found, and what was found with that of each thing.

    Empty, and None of each thing, where nothing is to be expected.
    """
    path = capabilities_of(stages.segmenter).quality
    if path == "":
        return {}, dict(found_of)
    fit = quality.read_fit(Path(path or quality.DEFAULT))
    expected, rated = {}, dict(found_of)
    small = quality.reduced(photo)
    for phrase, found in found_of.items():
        evidence = survey.evidence[things.index(found.thing)] if survey.evidence else {}
        rate = partial(_rate, fit, small, evidence, found.read_as)
        if phrase in targets and found.own.any():
            expected[phrase] = rate(found.heat, found.own)
        if found.chosen.instances:
            parts = quality.split_heat(found.heat, [(one.box, one.hard) for one in found.chosen.instances])
            singles = tuple(
                replace(one, expected_iou=rate(heat, hard) if hard.any() else None)
                for one, (heat, hard) in zip(found.chosen.instances, parts, strict=True)
            )
            rated[phrase] = replace(found, chosen=replace(found.chosen, instances=singles))
    return expected, rated


def _rate(
    fit: quality.QualityFit, photo: Rgb, evidence: Mapping[str, float], read_as: str, heat: Heat, hard: Hard
) -> float:
    return fit.expected_iou({**quality.features(photo, heat, hard), **evidence}, read_as)


def _without_others(hard: Hard, heat: Heat, others: Heat | None, recipe: MaskRecipe) -> Hard:
    if others is None:
        return hard
    kept = without_others(hard, heat, others, reach_px=_REACH_FRAC * max(hard.shape))
    if kept is hard:
        return hard
    specks, holes = recipe.min_speck_frac * hard.size, 0.0  # a hole is what was just left out
    return clean(kept, min_speck_px=specks, max_hole_px=holes)


def recipe_for(edit: Edit, recipe: MaskRecipe) -> MaskRecipe:
    """The recipe with the lengths that an edit sets itself; for what is to go, that of removal.

    A recipe that takes shadows with it is one of removal already.
    """
    if is_removal(edit.prompt) and recipe.shadow_frac == 0:
        recipe = REMOVAL_RECIPE
    if not edit.mask:
        return recipe
    fields: dict[str, Any] = {name: getattr(recipe, name) for name in MaskRecipe.__dataclass_fields__}
    changes = dict(edit.mask)
    # A fraction in the edit also replaces the recipe's px, which would otherwise win silently.
    for length in ("dilate", "feather"):
        if f"{length}_frac" in changes:
            fields[f"{length}_px"] = None
    return MaskRecipe(**{**fields, **changes})


def why_missing(phrase: str, heat: Heat, stages: Stages, *, found_boxes: bool) -> str:
    """Why a phrase was not found: the number that decided it, and what to try where that would help."""
    recipe, least_frac = stages.boxes, stages.mask_recipe.min_speck_frac
    peak = float(heat.max())
    if peak < recipe.threshold:
        # Rounded down to a twentieth: a threshold that this photo's peak would pass. A much lower one would let
        # everything pass that the segmenter has thought of.
        lower = int(peak * 20 - 1e-6) / 20
        hint = f"; if you see it, try boxes.threshold={lower:.2f}" if lower >= _NEARLY * recipe.threshold else ""
        return f"no {phrase!r} was found (heat {peak:.2f}, {recipe.threshold:g} is needed){hint}"
    largest = max(int(inside.sum()) for _, inside in blobs(heat >= recipe.threshold))
    share = largest / heat.size
    if not found_boxes:
        # The clean-up would take anything smaller than a speck.
        hint = f"; try boxes.min_area_frac={share / 2:.1g}" if share >= least_frac else ""
        needed = max(recipe.min_area_frac, least_frac)
        return f"no {phrase!r} was found (its largest spot is {share:.4%} of the photo, {needed:.4%} is needed){hint}"
    if share < least_frac:
        return f"no {phrase!r} was found (its largest spot is {share:.4%} of the photo, a mere speck)"
    return f"no {phrase!r} was found (heat {peak:.2f}, but nothing remains after refining); try refiner=threshold"


def _survey(stages: Stages, photo: Rgb, phrases: Sequence[str]) -> Survey:
    segmenter = stages.segmenter
    name, method = type(segmenter).__name__, capabilities_of(segmenter).survey
    try:
        if method is None:
            survey = Survey(segmenter.heats(_read_only(photo), phrases))
        else:
            survey = method(_read_only(photo), phrases)
    except AutomaskError:
        raise
    except (Exception, SystemExit) as error:
        if is_out_of_memory(error):
            raise  # the photo's fault: whoever knows its name says so
        raise SegmenterError(
            f"segmenter {name!r} failed: {type(error).__name__}: {_one_line(error)}", hint="try another segmenter"
        ) from error
    if not isinstance(survey, Survey):
        raise SegmenterError(f"segmenter {name!r} returned {_describe(survey)}", hint="survey() must return a Survey")
    expected = (len(phrases), photo.shape[0], photo.shape[1])
    _check_heat(name, survey.heats, expected, "heats() must return")
    if survey.others is not None:
        _check_heat(name, survey.others, expected[1:], "the others of survey() must be")
    if survey.evidence and len(survey.evidence) != len(phrases):
        raise SegmenterError(
            f"segmenter {name!r} returned evidence of {len(survey.evidence)} phrases",
            hint=f"give it of all {len(phrases)}, or of none",
        )
    _check_pieces(name, survey.pieces, expected)
    return survey


def _check_pieces(name: str, pieces: Sequence[Any], expected: tuple[int, ...]) -> None:
    if pieces and len(pieces) != expected[0]:
        raise SegmenterError(
            f"segmenter {name!r} returned pieces of {len(pieces)} phrases",
            hint=f"give them of all {expected[0]}, None for a phrase without, or of none",
        )
    for piece in pieces:
        whole = isinstance(piece, np.ndarray) and np.issubdtype(piece.dtype, np.integer)
        if piece is not None and (not whole or piece.shape != expected[1:]):
            raise SegmenterError(
                f"segmenter {name!r} returned {_describe(piece)}",
                hint=f"the pieces of survey() must be {list(expected[1:])} whole numbers",
            )


def _within(survey: Survey, outside: Hard) -> Survey:
    """The survey without heat outside of the room: on bars, a frame, or around a round picture."""
    others = None if survey.others is None else np.where(outside, np.float32(0), survey.others)
    return replace(survey, heats=np.where(outside, np.float32(0), survey.heats), others=others)


def _check_heat(name: str, heat: object, expected: tuple[int, ...], wanted: str) -> None:
    if not isinstance(heat, np.ndarray) or heat.shape != expected or heat.dtype != np.float32:
        raise SegmenterError(
            f"segmenter {name!r} returned {_describe(heat)}",
            hint=f"{wanted} {list(expected)} float32 in 0..1",
        )
    # A NaN compares False with everything, so this test catches it too.
    if not (heat.min() >= 0.0 and heat.max() <= 1.0):
        raise SegmenterError(
            f"segmenter {name!r} returned heat from {heat.min():g} to {heat.max():g}",
            hint="heat is a probability in 0..1",
        )


def _refine(stages: Stages, photo: Rgb, heats: Heat, boxes: tuple[tuple[Box, ...], ...]) -> Hard:
    name = type(stages.refiner).__name__
    if not any(boxes):
        return np.zeros(heats.shape, dtype=np.bool_)
    if not callable(getattr(stages.refiner, "refine", None)):
        raise RefinerError(f"refiner {name!r} has no refine()", hint="see automask.Refiner for what it needs")
    try:
        hard = stages.refiner.refine(_read_only(photo), _read_only(heats), boxes)
    except AutomaskError:
        raise
    except (Exception, SystemExit) as error:
        if is_out_of_memory(error):
            raise
        raise RefinerError(
            f"refiner {name!r} failed: {type(error).__name__}: {_one_line(error)}", hint="try refiner=threshold"
        ) from error
    if not isinstance(hard, np.ndarray) or hard.shape != heats.shape or hard.dtype != np.bool_:
        raise RefinerError(
            f"refiner {name!r} returned {_describe(hard)}", hint=f"refine() must return {list(heats.shape)} bool"
        )
    # Whether a phrase is there is decided by its heat: what a refiner returns for one without boxes is ignored.
    has_boxes = np.array([bool(around) for around in boxes])
    believed: Hard = hard & has_boxes[:, None, None]
    return believed


def _read_only(array: npt.NDArray[T]) -> npt.NDArray[T]:
    view = array.view()
    view.flags.writeable = False
    return view


def _describe(value: object) -> str:
    return f"{list(value.shape)} {value.dtype}" if isinstance(value, np.ndarray) else type(value).__name__


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())
