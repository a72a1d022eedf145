"""Splits the mask of a phrase into the things that it shows: one label for each picture, chair or run of cabinets.

All of it is done on a reduced copy, since where one thing ends and another begins is known no better than that. Pure
functions over arrays.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

from automask.masking.boxes import tight_box
from automask.types import Box, FloatImage, Hard, Heat, Labels, Rgb

REDUCED_PX = 512
_FRAGMENT = 0.02
"""A part below this share of its phrase's largest may be a splinter of another: a chair far away is as small."""
_SPLINTER_GAP = 0.3
"""It is, if it is no farther from a larger one than this share of its own size."""
_SPLINTER_SHARE = 0.0008
"""And so it is below this share of the photo."""
_LEAST_WALL = 0.0016
"""And a part of a wall below this one."""
_CUT_GAP = 0.5
"""Two parts with this much of the smaller one's width between them may still be one, cut by what stands before it."""
_ALIGNED = 0.15
"""Their edges then lie at the same height, within this share of it."""
_SAME_COLUMN = 0.7
"""Of the narrower one's width, two parts of something that stands lie one above the other."""
_NECK = 0.2
"""Of a row of like things that touch: how far an erosion may go to part them, as a share of the shorter side."""
_EROSIONS = 12
"""In at most this many steps."""
_ALIKE = 0.35
"""The smallest of them is at least this share of the largest."""
_KEPT = 0.35
"""And this share of the whole is left of them after the erosion."""
_COVERED = 0.5
"""The other things' heat in the gap, from which something stands there."""
_LEVELS = (0.5, 0.6, 0.7, 0.8, 0.9)
"""Heat between two things that touch falls below one of these, and within each it does not."""
_WIDE = 0.8
"""Of the width from which one is probably several: below it none is cut at edges of the photo."""
_TOPS_WIDE = 0.6
"""Of the width from which one is probably several: below it none is cut between tops."""
_LEAST_WIDTH = 0.12
"""Of its height: the width that is left on either side of a cut."""
_LEG = 0.6
"""A leg is at most this share of what it carries."""
_LEG_REACH = 1.5
"""And begins no farther below it than this share of its height."""


@dataclass(frozen=True, slots=True)
class Build:
    """How single things of a kind look, by which they are told apart where they touch.

    Args:
        widest: The ratio of width to height from which a part is probably several; infinite for things of any shape.
        edges: Lines of the photo may part them, and places where heat falls. False for things that have such lines
            inside, as windows do.
        tops: Each has a top of its own: by how much the outline falls between two, at least, as a share of the lower
            one's height; 0 where it says nothing.
        standing: They stand on legs, which a mask often loses in the middle: what is left below is part of them.
        interrupted: What stands before one may cut it in two. Of things in groups two parts are more often two things.
        lying: It lies on the floor, and what stands on it cuts it into any number of parts.
        in_runs: They stand in runs, which often meet in the view.
    """

    widest: float = math.inf
    edges: bool = False
    tops: float = 0.0
    standing: bool = False
    interrupted: bool = True
    lying: bool = False
    in_runs: bool = False

    def is_wide(self, box: Box, share: float) -> bool:
        """Whether a part is wider than this share of the width from which it is several; True for any shape."""
        return math.isinf(self.widest) or box.width > share * self.widest * box.height


ANY = Build()


def reduced(hard: Hard) -> Hard:
    """[h, w] bool: the mask at no more than `REDUCED_PX`, True where at least half of a pixel is."""
    scale = min(1.0, REDUCED_PX / max(hard.shape))
    if scale == 1.0:
        return hard.copy()
    share = cv2.resize(hard.view(np.uint8) * np.uint8(255), _wh(hard.shape, scale), interpolation=cv2.INTER_AREA)
    result: Hard = share >= np.uint8(128)
    return result


def reduced_heat(heat: Heat) -> Heat:
    """[h, w] float32: heat at the size of `reduced`."""
    scale = min(1.0, REDUCED_PX / max(heat.shape))
    small = cv2.resize(heat, _wh(heat.shape, scale), interpolation=cv2.INTER_AREA) if scale < 1 else heat
    return np.asarray(small, np.float32)


def reduced_photo(photo: Rgb) -> Rgb:
    """[h, w, 3] uint8: the photo at the size of `reduced`."""
    scale = min(1.0, REDUCED_PX / max(photo.shape[:2]))
    small = cv2.resize(photo, _wh(photo.shape, scale), interpolation=cv2.INTER_AREA) if scale < 1 else photo
    return np.asarray(small, np.uint8)


def _wh(shape: Sequence[int], scale: float) -> tuple[int, int]:
    return max(1, round(shape[1] * scale)), max(1, round(shape[0] * scale))


def split(
    small: Hard,
    *,
    kinds: Labels | None = None,
    others: Heat | None = None,
    heat: Heat | None = None,
    edges: Hard | None = None,
    build: Build = ANY,
) -> Labels:
    """[h, w] the number of the thing that each pixel of a mask belongs to, from 1 on; 0 outside the mask.

    Things are the 8-connected parts of the mask, of one kind each, and cut where several touch. Splinters belong to the
    nearest thing, and two parts that something else cuts in two are one thing. Numbers go from left to right, and from
    top to bottom where two things have the same middle.

    Args:
        small: [h, w] bool, the reduced mask.
        kinds: [h, w] which kind of the phrase each pixel shows, where it is known: base cabinets are not joined with
            the wall cabinets that they touch.
        others: [h, w] the heat of other things, where it is known.
        heat: [h, w] of the phrase, for things in groups: it falls between two that touch.
        edges: [h, w] bool: lines of the photo, for things that they may part.
        build: What single ones look like.
    """
    things = _connected(small, kinds)
    if not things:
        return np.zeros(small.shape, np.int64)
    if kinds is None or not kinds.any():
        things = [part for thing in things for part in _cut(thing, heat, edges, build)]
    things = _without_splinters(things)
    if build.standing:
        things = _with_legs(things)
    things = _joined(things, others, build)
    labels = np.zeros(small.shape, np.int64)
    for number, thing in enumerate(sorted(things, key=_place), start=1):
        labels[thing] = number
    return np.where(small, fill(labels), 0)


def by_plane(small: Hard, planes: Sequence[Hard], kinds: Labels | None = None) -> Labels:
    """As `split`, for walls: everything in one plane of the room is one thing, whatever interrupts it."""
    parts = []
    for plane in planes:
        for kind in (0,) if kinds is None else np.unique(kinds[plane & small]).tolist():
            part = plane & small if kinds is None else plane & small & (kinds == kind)
            if part.sum() >= max(_FRAGMENT * (plane & small).sum(), _LEAST_WALL * small.size) and _is_wide(part):
                parts.append(part)
    labels = np.zeros(small.shape, np.int64)
    for number, part in enumerate(sorted(parts or [small] * bool(small.any()), key=_place), start=1):
        labels[part] = number
    return np.where(small, fill(labels), 0)


def _is_wide(part: Hard) -> bool:
    """Whether a part is more than a strip along a border, where a net is in doubt which kind it sees."""
    reach = 2 * round(0.012 * max(part.shape)) + 1
    return bool(cv2.erode(part.astype(np.uint8), np.ones((reach, reach), np.uint8)).any())


def fill(labels: Labels) -> Labels:
    """The labels with every 0 replaced by the nearest other label; all 0 without any."""
    if labels.all() or not labels.any():
        return labels
    _, nearest = cv2.distanceTransformWithLabels(
        (labels == 0).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    of_nearest = np.zeros(int(nearest.max()) + 1, np.int64)
    known = labels > 0
    of_nearest[nearest[known]] = labels[known]
    return np.where(known, labels, of_nearest[nearest])


def enlarged(labels: Labels, hard: Hard) -> npt.NDArray[np.uint16]:
    """[H, W] the label of each pixel of a full mask; 0 outside it."""
    full = cv2.resize(fill(labels).astype(np.uint16), (hard.shape[1], hard.shape[0]), interpolation=cv2.INTER_NEAREST)
    return np.asarray(full * hard, np.uint16)


def box_of(part: Hard) -> Box:
    """The tight box around a part that is not empty."""
    box = tight_box(part)
    return box if box is not None else Box(0, 0, 0, 0)


def _connected(small: Hard, kinds: Labels | None) -> list[Hard]:
    """The connected parts that are no splinters; of splinters alone the largest."""
    masks = [small] if kinds is None else [small & (kinds == kind) for kind in np.unique(kinds[small]).tolist()]
    found = []
    for mask in masks:
        count, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
        areas = np.bincount(labels.ravel(), minlength=count)
        found += [(int(areas[number]), labels, number) for number in range(1, count)]
    large = [part for part in found if part[0] >= _SPLINTER_SHARE * small.size]
    return [labels == number for _, labels, number in large or sorted(found, key=lambda part: -part[0])[:1]]


def edges_of(small: Rgb) -> Hard:
    """[h, w] bool: the clear edges of a reduced photo, in lightness or in colour."""
    lab = cv2.cvtColor(cv2.GaussianBlur(small, (0, 0), 0.8), cv2.COLOR_RGB2LAB)
    planes = [
        cv2.Canny(np.ascontiguousarray(plane), low, 2 * low)
        for plane, low in zip(cv2.split(lab), (30, 15, 15), strict=True)
    ]
    edges: Hard = np.maximum.reduce(planes) > 0
    return edges


def _area(thing: Hard) -> int:
    return int(thing.sum())


def _cut(thing: Hard, heat: Heat | None, edges: Hard | None, build: Build) -> list[Hard]:
    """A part cut into like things where they touch: at necks, falls of heat, between tops, at edges; itself if one."""
    box = box_of(thing)
    part = thing[box.slices]
    found = _row(part, part, least_px=1)
    if heat is not None and build.edges:
        levels, tried_px = iter(_LEVELS), -1
        while len(found) == 1 and (level := next(levels, None)) is not None:
            hot = part & (heat[box.slices] >= level)
            hot_px = int(np.count_nonzero(hot))
            if hot_px != tried_px:  # of what is hot throughout the levels are the same
                found = _row(part, hot, least_px=0)
            tried_px = hot_px
    if len(found) == 1 and build.tops > 0 and build.is_wide(box, _TOPS_WIDE):
        found = _between_tops(part, build.tops)
    if len(found) == 1 and edges is not None and build.edges and build.is_wide(box, _WIDE):
        found = _row(part, part & ~edges[box.slices], least_px=0)
    if len(found) == 1:
        return [thing]
    whole = []
    for one in found:
        mask = np.zeros_like(thing)
        mask[box.slices] = one
        whole += _cut(mask, heat, edges, build)
    return whole


def _row(part: Hard, cut: Hard, *, least_px: int) -> list[Hard]:
    """A part divided among the seeds of a row of like things; the part itself if there is no row."""
    seeds = _seeds(cut, _area(part), least_px=least_px)
    if len(seeds) < 2:
        return [part]
    labels = np.zeros(part.shape, np.int64)
    for number, seed in enumerate(seeds, start=1):
        labels[seed] = number
    labels = np.where(part, fill(labels), 0)
    return [labels == number for number in range(1, len(seeds) + 1)]


def _between_tops(part: Hard, fall: float) -> list[Hard]:
    """A part cut from top to bottom wherever its upper outline falls between two tops, as between backs of chairs."""
    rows, columns = part.shape
    outline = np.where(part.any(0), rows - part.argmax(0), 0).astype(np.float32)
    reach = 2 * max(1, round(0.03 * columns)) + 1
    height = cv2.blur(outline[None], (reach, 1), borderType=cv2.BORDER_REPLICATE)[0]
    cuts = _valleys(height, part.sum(0), fall, round(_LEAST_WIDTH * rows))
    number = np.zeros(columns, np.int64)
    for at in cuts:
        number[at:] += 1
    return [part & (number == one) for one in range(len(cuts) + 1)]


def _valleys(height: FloatImage, thickness: npt.NDArray[np.int64], fall: float, least_px: int) -> list[int]:
    """The columns between tops of an outline, the deepest first: where it is thinnest near the lowest place."""
    if height.size < 2 * max(least_px, 4):
        return []
    before, after = np.maximum.accumulate(height), np.maximum.accumulate(height[::-1])[::-1]
    lower = np.minimum(before, after)
    at = int((lower - height).argmax())
    if lower[at] - height[at] < fall * lower[at]:
        return []
    low = np.flatnonzero(height <= height[at] + 0.05 * lower[at])
    low = low[np.abs(low - at) <= 0.2 * height.size]
    at = int(low[thickness[low].argmin()])
    if min(at, height.size - at) < max(least_px, 1):
        return []
    left = _valleys(height[:at], thickness[:at], fall, least_px)
    right = _valleys(height[at:], thickness[at:], fall, least_px)
    return [at, *left, *(at + one for one in right)]


def _without_splinters(things: list[Hard]) -> list[Hard]:
    """The things without small parts beside larger ones, or too small for anything; at least the largest."""
    order = sorted(things, key=_area, reverse=True)
    kept, union = order[:1], order[0].copy()
    for thing in order[1:]:
        area = _area(thing)
        if area < _SPLINTER_SHARE * thing.size:
            continue
        if area < _FRAGMENT * _area(order[0]):
            away = cv2.distanceTransform((~union).astype(np.uint8), cv2.DIST_L2, 5)
            if away[thing].min() <= _SPLINTER_GAP * math.sqrt(area):
                continue
        kept.append(thing)
        union |= thing
    return kept


def _with_legs(things: list[Hard]) -> list[Hard]:
    """The things, where what is left of legs is part of what stands on them."""
    found: list[Hard] = []
    for thing in sorted(things, key=lambda one: box_of(one).y0):
        box = box_of(thing)
        carried = [at for at, one in enumerate(found) if _is_leg(box, _area(thing), box_of(one), _area(one))]
        if carried:
            at = min(carried, key=lambda one: abs(_middle(box_of(found[one])) - _middle(box)))
            found[at] = found[at] | thing
        else:
            found.append(thing)
    return found


def _is_leg(leg: Box, leg_px: int, seat: Box, seat_px: int) -> bool:
    under = seat.x0 - 0.1 * seat.width <= _middle(leg) <= seat.x1 + 0.1 * seat.width
    low = (seat.y0 + seat.y1) / 2 < leg.y0 <= seat.y1 + _LEG_REACH * seat.height
    return under and low and leg_px < _LEG * seat_px


def _middle(box: Box) -> float:
    return (box.x0 + box.x1) / 2


def _seeds(cut: Hard, area: int, *, least_px: int) -> list[Hard]:
    """The like parts of a mask, side by side, into which a small erosion parts it; none if it does not."""
    depth = cv2.distanceTransform(np.pad(cut, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    last = max(2, round(_NECK * min(cut.shape)) + 1)
    for reach in range(least_px, last, -(-last // _EROSIONS)):
        left = (depth > reach).view(np.uint8)
        if cv2.countNonZero(left) < _KEPT * area:
            return []  # it only gets less
        count, labels = cv2.connectedComponents(left, connectivity=4)
        if count < 2:
            return []
        areas = np.bincount(labels.ravel(), minlength=count)
        large = [number for number in range(1, count) if areas[number] >= _ALIKE * areas[1:].max()]
        if len(large) > 1 and sum(int(areas[number]) for number in large) >= _KEPT * area:
            seeds = [labels == number for number in large]
            if _side_by_side(list(map(box_of, seeds))):
                return seeds
    return []


def _side_by_side(boxes: Sequence[Box]) -> bool:
    """Whether boxes of like height stand in a row without overlapping."""
    row = sorted(boxes, key=lambda box: box.x0)
    heights = [box.height for box in row]
    tops = [box.y0 for box in row]
    level = max(tops) - min(tops) <= 0.5 * max(heights)
    apart = all(right.x0 >= left.x1 - 0.15 * min(left.width, right.width) for left, right in pairwise(row))
    return level and apart and min(heights) >= 0.6 * max(heights)


def _place(part: Hard) -> tuple[float, float]:
    """The middle of a part: x, then y."""
    rows, columns = np.nonzero(part)
    return round(float(columns.mean()), 3), round(float(rows.mean()), 3)


def _joined(things: list[Hard], others: Heat | None, build: Build) -> list[Hard]:
    """The things, where two that something else cuts in two are one."""
    joined = list(things)
    changed = build.interrupted or build.standing or build.lying
    while changed:
        changed = False
        boxes = [box_of(thing) for thing in joined]
        for first in range(len(joined)):
            for second in range(first + 1, len(joined)):
                one, other = boxes[first], boxes[second]
                if _are_one(one, other, others, build) or (
                    build.lying and others is not None and _is_hull_covered(joined[first] | joined[second], others)
                ):
                    joined[first] = joined[first] | joined[second]
                    del joined[second]
                    changed = True
                    break
            if changed:
                break
    return joined


def _is_hull_covered(both: Hard, others: Heat) -> bool:
    """Whether other things stand on most of what lies between two parts."""
    hull = np.zeros(both.shape, np.uint8)
    points = cv2.findNonZero(both.astype(np.uint8))
    cv2.fillConvexPoly(hull, cv2.convexHull(points), 1)
    between = (hull > 0) & ~both
    return not between.any() or float(others[between].mean()) >= _COVERED


def _are_one(one: Box, other: Box, others: Heat | None, build: Build) -> bool:
    gap = _gap(one, other) if build.interrupted else None
    if gap is not None and others is not None and float(others[gap.slices].mean()) >= _COVERED:
        return True
    if not build.standing:
        return False
    upper, lower = sorted((one, other), key=lambda box: box.y0)
    start, end = max(one.x0, other.x0), min(one.x1, other.x1)
    height = min(one.height, other.height)
    near = -_CUT_GAP * height <= lower.y0 - upper.y1 <= one.height + other.height
    if not near or end - start < _SAME_COLUMN * min(one.width, other.width) or lower.width > 1.3 * upper.width:
        return False
    between = None if others is None else others[upper.y1 : lower.y0, start:end]
    return between is None or between.size == 0 or float(between.mean()) < _COVERED


def _gap(one: Box, other: Box) -> Box | None:
    """The gap between two boxes side by side, or one above the other, that may be halves of one; None otherwise."""
    left, right = sorted((one, other), key=lambda box: box.x0)
    upper, lower = sorted((one, other), key=lambda box: box.y0)
    height = min(one.height, other.height)
    width = min(one.width, other.width)
    level = max(abs(one.y0 - other.y0), abs(one.y1 - other.y1)) <= _ALIGNED * height
    if level and 0 < right.x0 - left.x1 <= _CUT_GAP * width:
        return Box(left.x1, max(one.y0, other.y0), right.x0, min(one.y1, other.y1))
    in_line = max(abs(one.x0 - other.x0), abs(one.x1 - other.x1)) <= _ALIGNED * width
    if in_line and 0 < lower.y0 - upper.y1 <= _CUT_GAP * height:
        return Box(max(one.x0, other.x0), upper.y1, min(one.x1, other.x1), lower.y0)
    return None
