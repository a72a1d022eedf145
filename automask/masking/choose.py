"""Chooses which of several things are meant: "the left picture", "the wall behind the sofa".

Every choice has a measure and a margin: by how much the things that were taken are ahead of the others. A margin that
is too small decides nothing, and then nothing is taken. Pure functions; lengths are shares of the photo's long side,
places shares of its width and height.
"""

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import cv2
import numpy as np

from automask.masking.instances import box_of
from automask.plan.pointing import Pick, Pointing, notation
from automask.types import Box, FloatImage, Hard, Heat, Labels, Rgb

PLACE_MARGIN = 0.02
"""Two things whose places differ by less are equally far left, or near."""
_ROUNDING = 1e-9
"""Places of whole pixels differ by more than this, or are the same: a photo and its mirror image agree to it."""
SIZE_MARGIN = 1.2
"""The larger of two areas must be this many times the smaller one; of two heights or widths, its square root."""
SURE_MARGIN = 0.02
UNSURE = 0.6
"""Mean heat below which a thing may be none, or a part of one. In 115 rendered rooms 47 % of such things are as they
should be (intersection over union of 0.5 or more), of those from 0.6 to 0.75 three quarters, and above 98 %."""
DOUBTFUL, _BELOW_SUREST = 0.75, 0.8
"""Mean heat below which, and share of the surest one's, a thing is none so often that no decision may hang on it."""
CONTACT_MARGIN = 0.15
"""Of the share of an outline that one thing has along another."""
COLOUR_MARGIN = 8.0
"""Distance in Lab from which two colours count as different: light falls differently on things of one paint."""
WALL_MARGIN = 0.08
"""Of the sideways part of a wall's normal, from 0.5, where a wall is half at the side and half at the back."""
_CLOSE = 0.06
_BESIDE = 0.12
_ON = 0.25
_OVERLAP = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A photo and the other things in it.

    Args:
        photo: [h, w, 3] uint8, reduced.
        references: The masks of other things by what they were called, [h, w] bool at the same size; not empty.
        taken: What other phrases of the plan pick of the same thing: [h, w] bool; None where none does.
    """

    photo: Rgb
    references: Mapping[Pointing, Hard] = field(default_factory=dict)
    taken: Hard | None = None

    @property
    def long(self) -> int:
        return int(max(self.photo.shape[:2]))


@dataclass(frozen=True, eq=False)
class Thing:
    """One of several things.

    Args:
        number: From 1 on.
        mask: [h, w] bool, reduced; not empty.
        sureness: Its mean heat.
        sideways: Of a wall, how far it faces right (1) or left (-1).
        several: Whether it may be several things that touch: it is wider than one of its kind.
        in_runs: Whether its kind stands in runs: one that is found alone is often several that meet in the view.
    """

    number: int
    mask: Hard
    sureness: float = 1.0
    sideways: float | None = None
    several: bool = False
    in_runs: bool = False

    @cached_property
    def box(self) -> Box:
        return box_of(self.mask)

    @cached_property
    def middle(self) -> tuple[float, float]:
        """X and y as shares of the photo's width and height."""
        rows, columns = np.nonzero(self.mask)
        return float(columns.mean() + 0.5) / self.mask.shape[1], float(rows.mean() + 0.5) / self.mask.shape[0]

    @property
    def share(self) -> float:
        return float(self.mask.mean())


@dataclass(frozen=True, slots=True)
class Decision:
    """Which things were taken, and by what.

    Args:
        numbers: Of the things that were taken; empty where nothing was decided.
        measure: What decided, in words.
        values: The measure of each thing that was compared, by number.
        margin: By how much the taken things are ahead; None where there was nothing to compare.
        needed: The margin below which nothing is decided.
        why: Why nothing was decided; None where it was.
    """

    numbers: tuple[int, ...]
    measure: str = ""
    values: tuple[tuple[int, float], ...] = ()
    margin: float | None = None
    needed: float | None = None
    why: str | None = None


def things_of(
    labels: Labels,
    heat: Heat,
    sideways: Mapping[int, float] | None = None,
    *,
    widest: float = math.inf,
    in_runs: bool = False,
) -> tuple[Thing, ...]:
    """The things of a label map, in the order of their numbers.

    Args:
        labels: As `instances.split` gives them.
        heat: [h, w] of the phrase.
        sideways: Of walls.
        widest: The largest ratio of width to height of one such thing.
        in_runs: Whether such things stand in runs.
    """
    found = []
    for number in range(1, int(labels.max(initial=0)) + 1):
        mask = labels == number
        if mask.any():
            box = box_of(mask)
            several = box.width > widest * box.height
            sureness = float(heat[mask].mean())
            found.append(Thing(number, mask, sureness, (sideways or {}).get(number), several, in_runs))
    return tuple(found)


_FILTERS = ("numbers", "relation", "wall", "looks", "half", "size")


def choose(pointing: Pointing, things: Sequence[Thing], scene: Scene) -> Decision:
    """The things that the picks of a pointing mean, out of all that were found.

    Args:
        pointing: What is meant.
        things: All that were found, at least one.
        scene: The photo, with the things that relations are to.
    """
    decision = _choose(pointing, things, scene)
    if decision.why is not None or any(pick.by in ("numbers", "others", "both") for pick in pointing.picks):
        return decision
    return _whatever_doubtful_ones_are(pointing, decision, things, scene)


def _whatever_doubtful_ones_are(
    pointing: Pointing, decision: Decision, things: Sequence[Thing], scene: Scene
) -> Decision:
    """The decision, undone where it would be another one if a doubtful thing were none.

    "The second lamp" is, where the first of three is a bright spot below a lamp. "The last lamp" stays the last.
    """
    doubtful = [thing for thing in things if thing not in _sure(things)]
    for none in (*([one] for one in doubtful), doubtful):
        left = [thing for thing in things if thing not in none]
        if not none or not left:
            continue
        gone = {thing.number for thing in none}
        other = _choose(pointing, left, scene)
        if other.why is None and {*other.numbers} - gone != {*decision.numbers} - gone:
            weakest = min(none, key=lambda thing: thing.sureness)
            heat = f"mean heat {weakest.sureness:.2f} < {DOUBTFUL:g}"
            return replace(decision, numbers=(), why=f"{weakest.number} may be none, which decides it ({heat})")
    return decision


def _sure(things: Sequence[Thing]) -> list[Thing]:
    """The things without those that may be none. Some segmenters are never hot: it has to be less than others are."""
    least = min(DOUBTFUL, _BELOW_SUREST * max(thing.sureness for thing in things))
    return [thing for thing in things if thing.sureness >= least]


def _choose(pointing: Pointing, things: Sequence[Thing], scene: Scene) -> Decision:
    picks = sorted(pointing.picks, key=lambda pick: _FILTERS.index(pick.by) if pick.by in _FILTERS else len(_FILTERS))
    left = list(things)
    decision = Decision(tuple(thing.number for thing in left))
    for at, pick in enumerate(picks):
        several = pointing.plural or at + 1 < len(picks)
        decision = _decide(pick, left, scene, several=several)
        if decision.why is None:
            decision = _sure_of_one(pick, decision, left)
        if decision.why is None and not (several and pick.by in ("relation", "looks", "half", "size")):
            decision = _sure_of_each(pick, decision, left)
        if decision.why is not None:
            return decision
        left = [thing for thing in left if thing.number in decision.numbers]
    if picks and not pointing.plural and len(left) > 1 and not _may_be_several(picks):
        why = f"{len(left)} are equal by {decision.measure or notation(pointing)}"
        return Decision((), decision.measure, decision.values, 0.0, decision.needed, why)
    return decision


_AMONG = ("end", "nth", "every", "both", "surest", "but")


def _sure_of_one(pick: Pick, decision: Decision, things: Sequence[Thing]) -> Decision:
    """The decision, undone where it rests on a thing that may be several, or compares one thing with none."""
    if len(things) == 1 and things[0].in_runs and pick.by == "relation":
        return replace(decision, numbers=(), why="only one was found")
    among = pick.by in _AMONG or (pick.by == "size" and pick.numbers[0]) or pick.by in ("relation", "looks")
    if not among or pick.picks or pick.what in ("on", "in", "at", "with"):
        return decision
    counted = _counted(pick, decision)
    joined = next((thing.number for thing in things if thing.several and thing.number in counted), None)
    if joined is not None:
        return replace(decision, numbers=(), why=f"{joined} may be several that touch")
    if len(things) == 1 and (pick.by in ("end", "nth", "size") or pick.what == "nearest to"):
        return replace(decision, numbers=(), why="only one was found")
    return decision


def _sure_of_each(pick: Pick, decision: Decision, things: Sequence[Thing]) -> Decision:
    """The decision, undone where it rests on a thing that may be none: a splinter, a leg, a frame."""
    if pick.by in ("numbers", "others", "but", "wall"):
        return decision
    counted = _counted(pick, decision)
    unsure = next((thing for thing in things if thing.number in counted and thing.sureness < UNSURE), None)
    if unsure is None:
        return decision
    why = f"{unsure.number} may be none, or a part of one (mean heat {unsure.sureness:.2f} < {UNSURE:g})"
    return replace(decision, numbers=(), why=why)


def _counted(pick: Pick, decision: Decision) -> set[int]:
    """The things that a decision rests on: those that were taken, and those that were counted before them."""
    counted = {*decision.numbers}
    if pick.by == "nth":
        reach = max((value for number, value in decision.values if number in counted), default=-math.inf)
        counted |= {number for number, value in decision.values if value <= reach}
    return counted


def _may_be_several(picks: Sequence[Pick]) -> bool:
    """Whether the words that pick speak of more than one, as a number does, or of a wall, which may be in pieces."""
    return any(pick.by in ("wall", "but", "both", "every", "others", "numbers") for pick in picks) or any(
        pick.numbers[:1] > (1,) for pick in picks if pick.by in ("end", "size", "surest")
    )


def _decide(pick: Pick, things: Sequence[Thing], scene: Scene, *, several: bool) -> Decision:
    deciders: Mapping[str, Callable[[], Decision]] = {
        "end": lambda: _end(pick, things),
        "half": lambda: _half(pick, things),
        "nth": lambda: _nth(pick, things),
        "every": lambda: _every(pick, things),
        "numbers": lambda: _numbers(pick, things),
        "size": lambda: _size(pick, things),
        "surest": lambda: _surest(pick, things),
        "both": lambda: _both(things),
        "others": lambda: _others(things, scene),
        "but": lambda: _but(pick, things, scene),
        "wall": lambda: _wall(pick, things),
        "looks": lambda: _looks(pick, things, scene, several=several),
        "relation": lambda: _relation(pick, things, scene, several=several),
    }
    return deciders[pick.by]()


# ------------------------------------------------------------------------------------------------- rules of decision


def _ahead(values: Mapping[int, float], count: int, measure: str, needed: float, *, ratio: bool = False) -> Decision:
    """The `count` things with the highest values, if they are ahead of the next by the margin that is needed."""
    order = sorted(values, key=lambda number: (-values[number], number))
    shown = tuple(sorted(values.items()))
    if count > len(order):
        found = "only one was found" if len(order) == 1 else f"only {len(order)} were found"
        return Decision((), measure, shown, None, needed, found)
    if count == len(order):
        return Decision(tuple(sorted(order)), measure, shown, None, needed)
    last, following = values[order[count - 1]], values[order[count]]
    margin = (last / following if following > 0 else float("inf")) if ratio else last - following
    if margin < needed:
        why = f"{order[count - 1]} and {order[count]} hardly differ by {measure} ({margin:.3f} < {needed:g})"
        return Decision((), measure, shown, margin, needed, why)
    return Decision(tuple(sorted(order[:count])), measure, shown, margin, needed)


def _group(values: Mapping[int, float], measure: str, needed: float) -> Decision:
    """The things above the widest gap between values, if it is wide enough; all of them if they hardly differ."""
    shown = tuple(sorted(values.items()))
    order = sorted(values, key=lambda number: (-values[number], number))
    gaps = [values[a] - values[b] for a, b in itertools.pairwise(order)]
    if not gaps or values[order[0]] - values[order[-1]] < needed:
        return Decision(tuple(sorted(order)), measure, shown, None, needed)
    widest = max(range(len(gaps)), key=lambda at: gaps[at])
    if gaps[widest] < needed:
        return Decision((), measure, shown, gaps[widest], needed, f"they differ by {measure}, but in no two groups")
    return Decision(tuple(sorted(order[: widest + 1])), measure, shown, gaps[widest], needed)


def _within(values: Mapping[int, float], fits: Mapping[int, bool], measure: str, *, several: bool) -> Decision:
    """The things that fit; of one that is meant, the one with the highest value, if it is ahead."""
    fitting = {number: value for number, value in values.items() if fits[number]}
    shown = tuple(sorted(values.items()))
    if not fitting:
        return Decision((), measure, shown, None, None, "none of them is there")
    if several:
        return Decision(tuple(sorted(fitting)), measure, shown)
    return _ahead(fitting, 1, measure, PLACE_MARGIN)


# ------------------------------------------------------------------------------------------------- places and order


_MEASURES = {
    "left": "place from the left",
    "right": "place from the right",
    "top": "height of the middle",
    "bottom": "height of the middle",
    "near": "lower border",
    "far": "lower border",
}


def _along(side: str, things: Sequence[Thing]) -> dict[int, float]:
    """How far each thing lies towards a side."""
    if side in ("left", "right"):
        return {thing.number: thing.middle[0] if side == "right" else -thing.middle[0] for thing in things}
    if side in ("top", "bottom"):
        return {thing.number: thing.middle[1] if side == "bottom" else -thing.middle[1] for thing in things}
    lower = {thing.number: thing.box.y1 / thing.mask.shape[0] for thing in things}
    return lower if side == "near" else {number: -value for number, value in lower.items()}


def _end(pick: Pick, things: Sequence[Thing]) -> Decision:
    count = pick.numbers[0]
    if pick.what == "middle":
        return _middle(count, things)
    values = _along(pick.what, things)
    if len(things) == 1 and count == 1 and abs(values[things[0].number]) < 1 / 3 and pick.what in ("right", "bottom"):
        return _alone_elsewhere(pick.what, values)
    if len(things) == 1 and count == 1 and values[things[0].number] < -2 / 3 and pick.what in ("left", "top"):
        return _alone_elsewhere(pick.what, values)
    return _ahead(values, count, _MEASURES[pick.what], PLACE_MARGIN)


def _alone_elsewhere(side: str, values: Mapping[int, float]) -> Decision:
    return Decision((), _MEASURES[side], tuple(values.items()), None, None, f"the only one found is not at the {side}")


def _middle(count: int, things: Sequence[Thing]) -> Decision:
    across = _along("right", things)
    down = _along("bottom", things)
    values = across if _spread(across) >= _spread(down) else down
    order = sorted(values, key=lambda number: values[number])
    measure, shown = "order", tuple(sorted(values.items()))
    if (len(order) - count) % 2:
        what = "two are in the middle" if count == 1 else "they do not lie evenly about the middle"
        return Decision((), measure, shown, None, PLACE_MARGIN, what)
    if count > len(order):
        return Decision((), measure, shown, None, PLACE_MARGIN, f"only {len(order)} were found")
    start = (len(order) - count) // 2
    return _in_order(order, values, order[start : start + count], measure)


def _spread(values: Mapping[int, float]) -> float:
    return max(values.values()) - min(values.values())


def _in_order(order: Sequence[int], values: Mapping[int, float], taken: Sequence[int], measure: str) -> Decision:
    """Things of an order, if each is clearly apart from those before and after it that were not taken."""
    shown = tuple(sorted(values.items()))
    gaps = [abs(values[a] - values[b]) for a, b in itertools.pairwise(order) if (a in taken) != (b in taken)]
    margin = min(gaps, default=None)
    if margin is not None and margin < PLACE_MARGIN:
        why = f"two of them are at the same place ({margin:.3f} < {PLACE_MARGIN:g})"
        return Decision((), measure, shown, margin, PLACE_MARGIN, why)
    return Decision(tuple(sorted(taken)), measure, shown, margin, PLACE_MARGIN)


def _half(pick: Pick, things: Sequence[Thing]) -> Decision:
    values = _along(pick.what, things)
    shown = tuple(sorted(values.items()))
    if pick.what in ("left", "right"):
        edge = 0.5 if pick.what == "right" else -0.5
    else:
        ends = [value for thing in things for value in _extent(pick.what, thing)]
        edge = (max(ends) + min(ends)) / 2
    ahead = {number: value - edge for number, value in values.items()}
    measure = f"{_MEASURES[pick.what]}, from the middle"
    taken = tuple(sorted(number for number, value in ahead.items() if value > 0))
    margin = min(map(abs, ahead.values()))
    if margin < PLACE_MARGIN:
        number = min(ahead, key=lambda one: abs(ahead[one]))
        return Decision((), measure, shown, margin, PLACE_MARGIN, f"{number} is in the middle")
    if not taken:
        return Decision((), measure, shown, margin, PLACE_MARGIN, f"none of them is in the {pick.what} half")
    return Decision(taken, measure, shown, margin, PLACE_MARGIN)


def _extent(side: str, thing: Thing) -> tuple[float, float]:
    height = thing.mask.shape[0]
    top, bottom = thing.box.y0 / height, thing.box.y1 / height
    return {"top": (-top, -bottom), "far": (-bottom, -bottom), "near": (bottom, bottom)}.get(side, (top, bottom))


def _nth(pick: Pick, things: Sequence[Thing]) -> Decision:
    opposite = {"left": "right", "right": "left", "top": "bottom", "bottom": "top"}
    values = _along(opposite[pick.what], things)
    order = sorted(values, key=lambda number: (values[number], number))
    which = pick.numbers[0]
    measure = f"order from the {pick.what}"
    if which > len(order):
        found = "only one was found" if len(order) == 1 else f"only {len(order)} were found"
        return Decision((), measure, tuple(sorted(values.items())), None, PLACE_MARGIN, found)
    across, down = _spread(_along("right", things)), _spread(_along("bottom", things))
    # A hair more than twice: exactly twice, which whole pixels often are, must not be decided by rounding.
    if len(order) > 1 and pick.what in ("left", "right") and down > 2 * across + _ROUNDING:
        why = "they are one above the other: count from the top or the bottom"
        return Decision((), measure, tuple(sorted(values.items())), across, PLACE_MARGIN, why)
    return _in_order(order, values, order[which - 1 : which], measure)


def _every(pick: Pick, things: Sequence[Thing]) -> Decision:
    values = _along("right" if pick.what == "left" else "left", things)
    order = sorted(values, key=lambda number: (values[number], number))
    taken = order[pick.numbers[0] - 1 :: pick.numbers[0]]
    if not taken:
        why = f"only {len(order)} were found"
        return Decision((), "order", tuple(sorted(values.items())), None, PLACE_MARGIN, why)
    return _in_order(order, values, taken, f"order from the {pick.what}")


def _numbers(pick: Pick, things: Sequence[Thing]) -> Decision:
    there = {thing.number for thing in things}
    absent = [number for number in pick.numbers if number not in there]
    if absent:
        return Decision((), "number", why=f"there is no number {absent[0]}: they go from 1 to {max(there)}")
    return Decision(pick.numbers, "number")


# ------------------------------------------------------------------------------------------------- size and number


def _size(pick: Pick, things: Sequence[Thing]) -> Decision:
    of: Mapping[str, Callable[[Thing], float]] = {
        "largest": lambda thing: thing.share,
        "smallest": lambda thing: 1 / thing.share,
        "tallest": lambda thing: thing.box.height / thing.mask.shape[0],
        "widest": lambda thing: thing.box.width / thing.mask.shape[1],
    }
    values = {thing.number: of[pick.what](thing) for thing in things}
    measure = {"tallest": "height", "widest": "width"}.get(pick.what, "area")
    needed = SIZE_MARGIN if measure == "area" else SIZE_MARGIN**0.5
    if pick.numbers[0]:
        return _ahead(values, pick.numbers[0], measure, round(needed, 3), ratio=True)
    logs = {number: float(np.log(value)) for number, value in values.items()}
    return _group(logs, f"logarithm of the {measure}", round(float(np.log(1.5)), 3))


def _surest(pick: Pick, things: Sequence[Thing]) -> Decision:
    values = {thing.number: thing.sureness for thing in things}
    return _ahead(values, pick.numbers[0], "how sure it is", SURE_MARGIN)


def _both(things: Sequence[Thing]) -> Decision:
    """The two things; of more than two those that are no doubtful ones, if these are two: the words say so."""
    sure = _sure(things)
    if len(things) > 2 and len(sure) == 2:
        things = sure
    if len(things) != 2:
        found = "only one was found" if len(things) == 1 else f"{len(things)} were found"
        return Decision((), "number", why=found)
    return Decision(tuple(thing.number for thing in things), "number")


def _others(things: Sequence[Thing], scene: Scene) -> Decision:
    taken = scene.taken
    if taken is None or not taken.any():
        return Decision((), "number", why="no other edit picks any of them, so there are no others")
    left = tuple(thing.number for thing in things if (thing.mask & taken).sum() < 0.5 * thing.mask.sum())
    return Decision(left, "number") if left else Decision((), "number", why="other edits pick all of them")


def _but(pick: Pick, things: Sequence[Thing], scene: Scene) -> Decision:
    inner = choose(Pointing("", pick.picks, plural=bool(pick.numbers)), things, scene)
    if inner.why is not None:
        return inner
    left = tuple(thing.number for thing in things if thing.number not in inner.numbers)
    why = None if left else "that leaves none of them"
    return Decision(left, inner.measure, inner.values, inner.margin, inner.needed, why)


# ------------------------------------------------------------------------------------------------- walls and colours


def _wall(pick: Pick, things: Sequence[Thing]) -> Decision:
    sideways = {thing.number: thing.sideways for thing in things if thing.sideways is not None}
    measure, shown = "how far it faces sideways", tuple(sorted(sideways.items()))
    if not sideways:
        return Decision((), measure, why="which way the walls face is not known")
    sign = {"left": 1.0, "right": -1.0}.get(pick.what)
    ahead = {number: 0.5 - abs(value) if sign is None else sign * value - 0.5 for number, value in sideways.items()}
    taken = tuple(sorted(number for number, value in ahead.items() if value > 0))
    margin = min(map(abs, ahead.values()))
    if not taken:
        return Decision((), measure, shown, margin, WALL_MARGIN, f"no wall in the photo is the {pick.what} one")
    if margin < WALL_MARGIN:
        return Decision((), measure, shown, margin, WALL_MARGIN, "a wall is half at the side and half at the back")
    return Decision(taken, measure, shown, margin, WALL_MARGIN)


_LAB = {
    "white": (95, 0, 0),
    "black": (10, 0, 0),
    **dict.fromkeys(("grey", "gray"), (55, 0, 0)),
    "beige": (80, 3, 15),
    "cream": (90, 0, 14),
    "brown": (40, 14, 24),
    "red": (45, 60, 38),
    "green": (50, -30, 20),
    "blue": (42, 2, -36),
    "yellow": (78, 4, 62),
    "orange": (64, 38, 56),
    "pink": (72, 32, 4),
    "purple": (38, 34, -30),
    "teal": (48, -26, -8),
    "turquoise": (64, -32, -10),
    "navy": (22, 4, -24),
    "burgundy": (28, 36, 14),
    "olive": (48, -8, 30),
    "wooden": (52, 14, 28),
}
"""CIE Lab of common names of colours, in the middle of what each is used for."""
_LOOKS_SO = 45.0
"""Distance in Lab from a colour's name up to which a thing looks so, where there is no other to compare it with."""
_DARK, _LIGHT = 50.0, 55.0
"""And lightness up to which it is dark, or from which it is light."""
_SHADE = {"dark": -25, "light": 20, "pale": 20, "bright": 15}
_LIGHTNESS_WEIGHT = 0.6  # shadows change the lightness of one paint more than its hue


def _looks(pick: Pick, things: Sequence[Thing], scene: Scene, *, several: bool) -> Decision:
    lab = np.asarray(cv2.cvtColor(scene.photo.astype(np.float32) / np.float32(255), cv2.COLOR_RGB2LAB), np.float32)
    values = {thing.number: _likeness(_colour(lab, thing.mask), pick.what) for thing in things}
    measure = f"likeness to {pick.what}"
    decision = _group(values, measure, COLOUR_MARGIN) if several else _ahead(values, 1, measure, COLOUR_MARGIN)
    if decision.why is None and decision.margin is None:  # nothing to compare with: does it look so at all?
        unlike = next((number for number in decision.numbers if not _looks_so(values[number], pick.what)), None)
        if unlike is not None:
            return replace(decision, numbers=(), why=f"{unlike} does not look {pick.what}")
    return decision


def _looks_so(likeness: float, look: str) -> bool:
    if any(word not in _SHADE for word in look.split()):
        return likeness >= -_LOOKS_SO
    return likeness >= _LIGHT if likeness > 0 else likeness >= -_DARK


def _colour(lab: FloatImage, mask: Hard) -> FloatImage:
    """The median Lab of a thing, away from its border where it is large enough."""
    inner = cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    colour: FloatImage = np.median(lab[inner if inner.any() else mask], axis=0)
    return colour


def _likeness(colour: FloatImage, look: str) -> float:
    """How like a look a colour is: the higher, the more; in units of Lab."""
    words = look.split()
    shade = sum(_SHADE.get(word, 0) for word in words)
    names = [_LAB.get(word, _LAB["wooden"]) for word in words if word not in _SHADE]
    if not names:
        return float(colour[0]) * (1 if shade > 0 else -1)
    wanted = np.array(names[-1], np.float32) + np.array((shade, 0, 0), np.float32)
    weights = np.array((_LIGHTNESS_WEIGHT, 1, 1), np.float32)
    return -float(np.linalg.norm((colour - wanted) * weights))


# ------------------------------------------------------------------------------------------------- relations


def _relation(pick: Pick, things: Sequence[Thing], scene: Scene, *, several: bool) -> Decision:
    references = [scene.references[one] for one in pick.things]
    if pick.what == "between":
        return _between(things, references, several=several)
    reference = references[0]
    box = box_of(reference)
    rules: Mapping[str, Callable[[], Decision]] = {
        "left of": lambda: _beside(things, reference, box, -1, scene, several=several),
        "right of": lambda: _beside(things, reference, box, 1, scene, several=several),
        "above": lambda: _stacked(things, box, scene, several=several, above=True),
        "below": lambda: _stacked(things, box, scene, several=several, above=False),
        "on": lambda: _touching(things, reference, scene, several=several),
        "in": lambda: _touching(things, reference, scene, several=several),
        "at": lambda: _near(things, reference, scene, _CLOSE, several=several),
        "next to": lambda: _near(things, reference, scene, _BESIDE, several=several),
        "nearest to": lambda: _near(things, reference, scene, float("inf"), several=False),
        "behind": lambda: _in_depth(things, reference, box, scene, several=several, behind=True),
        "in front of": lambda: _in_depth(things, reference, box, scene, several=several, behind=False),
        "with": lambda: _along_outline(things, reference, scene, upper=False),
    }
    return rules[pick.what]()


def _distances(things: Sequence[Thing], reference: Hard, long: int) -> dict[int, float]:
    """The distance of each thing from a mask, as a share of the long side; negative."""
    away = cv2.distanceTransform((~reference).astype(np.uint8), cv2.DIST_L2, 5)
    return {thing.number: -float(away[thing.mask].min()) / long for thing in things}


def _overlap(box: Box, other: Box) -> float:
    """How much two boxes lie above each other, as a share of the narrower one's width."""
    shared = min(box.x1, other.x1) - max(box.x0, other.x0)
    return shared / max(min(box.width, other.width), 1)


def _beside(things: Sequence[Thing], reference: Hard, box: Box, sign: int, scene: Scene, *, several: bool) -> Decision:
    values = _distances(things, reference, scene.long)
    centre = (box.x0 + box.x1) / 2
    fits = {}
    for thing in things:
        own = (thing.box.x0 + thing.box.x1) / 2
        reach = (min(thing.box.width, box.width)) / 4
        fits[thing.number] = sign * (own - centre) > reach + min(box.width, thing.box.width) / 4
    return _within(values, fits, f"distance to the {'left' if sign < 0 else 'right'}", several=several)


def _stacked(things: Sequence[Thing], box: Box, scene: Scene, *, several: bool, above: bool) -> Decision:
    values, fits = {}, {}
    for thing in things:
        own = thing.box
        gap = box.y0 - own.y1 if above else own.y0 - box.y1
        middle = (own.y0 + own.y1) / 2 - (box.y0 + box.y1) / 2
        apart = gap > -0.35 * own.height if above else True
        fits[thing.number] = apart and (middle < 0) == above and _overlap(own, box) >= _OVERLAP
        values[thing.number] = -max(gap, 0) / scene.long
    return _within(values, fits, f"distance {'above' if above else 'below'}", several=several)


def _ring(mask: Hard, reach: int) -> Hard:
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    grown: Hard = (cv2.dilate(mask.astype(np.uint8), kernel) > 0) & ~mask
    return grown


def _touching(things: Sequence[Thing], reference: Hard, scene: Scene, *, several: bool) -> Decision:
    reach = max(2, round(0.012 * scene.long))
    values = {}
    for thing in things:
        ring = _ring(thing.mask, reach)
        foot = ring.copy()
        foot[: thing.box.y1 - max(1, thing.box.height // 4)] = False
        shares = [float(reference[part].mean()) if part.any() else 0.0 for part in (ring, foot)]
        values[thing.number] = max(shares[0], 0.8 * shares[1])
    fits = {number: value >= _ON for number, value in values.items()}
    measure = "share of its outline on it"
    if several or sum(fits.values()) == 0:
        return _within(values, fits, measure, several=True)
    return _ahead({number: value for number, value in values.items() if fits[number]}, 1, measure, CONTACT_MARGIN)


def _near(things: Sequence[Thing], reference: Hard, scene: Scene, reach: float, *, several: bool) -> Decision:
    values = _distances(things, reference, scene.long)
    fits = {number: -value <= reach for number, value in values.items()}
    return _within(values, fits, "distance", several=several)


def _in_depth(
    things: Sequence[Thing], reference: Hard, box: Box, scene: Scene, *, several: bool, behind: bool
) -> Decision:
    if things[0].sideways is not None and behind:
        return _along_outline(things, reference, scene, upper=True)
    distance = _distances(things, reference, scene.long)
    fits = {}
    for thing in things:
        farther = thing.box.y1 < box.y1 if behind else thing.box.y1 > box.y1
        fits[thing.number] = (
            farther and _overlap(thing.box, box) >= _OVERLAP and -distance[thing.number] <= 1.5 * _BESIDE
        )
    return _within(distance, fits, f"distance {'behind' if behind else 'in front'}", several=several)


def _along_outline(things: Sequence[Thing], reference: Hard, scene: Scene, *, upper: bool) -> Decision:
    """The wall along which most of a thing's outline runs; of its upper half for what stands before it."""
    ring = _ring(reference, max(3, round(0.03 * scene.long)))
    if upper:
        box = box_of(reference)
        ring[(box.y0 + box.y1) // 2 :] = False
    values = {thing.number: float((thing.mask & ring).sum()) / max(int(ring.sum()), 1) for thing in things}
    if max(values.values()) < CONTACT_MARGIN:
        return Decision((), "share of the outline", tuple(sorted(values.items())), None, None, "none of them meets it")
    return _ahead(values, 1, "share of the outline", CONTACT_MARGIN)


def _between(things: Sequence[Thing], references: Sequence[Hard], *, several: bool) -> Decision:
    first, second = sorted((box_of(reference) for reference in references), key=lambda box: box.x0 + box.x1)
    start, end = (first.x0 + first.x1) / 2, (second.x0 + second.x1) / 2
    values, fits = {}, {}
    for thing in things:
        middle = (thing.box.x0 + thing.box.x1) / 2
        values[thing.number] = -abs(middle - (start + end) / 2) / thing.mask.shape[1]
        fits[thing.number] = start + first.width / 4 < middle < end - second.width / 4
    return _within(values, fits, "distance from the middle between them", several=several)
