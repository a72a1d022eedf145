"""Splits the mask of a phrase into the things that it shows: one label for each picture, chair or run of cabinets.

All of it is done on a reduced copy, since where one thing ends and another begins is known no better than that. Pure
functions over arrays.
"""

from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

from automask.masking.boxes import tight_box
from automask.types import Box, Hard, Heat, Labels, Rgb

REDUCED_PX = 512
_FRAGMENT = 0.04
"""A part below this share of its phrase's largest is a splinter of another, not a thing by itself."""
_LEAST_SHARE = 0.0004
"""So is one below this share of the photo."""
_CUT_GAP = 0.5
"""Two parts with this much of the smaller one's width between them may still be one, cut by what stands before it."""
_ALIGNED = 0.15
"""Their edges then lie at the same height, within this share of it."""
_SAME_COLUMN = 0.7
"""Of the narrower one's width, two parts of something that stands lie one above the other."""
_NECK = 0.2
"""Of a row of like things that touch: how far an erosion may go to part them, as a share of the shorter side."""
_ALIKE = 0.35
"""The smallest of them is at least this share of the largest."""
_KEPT = 0.35
"""And this share of the whole is left of them after the erosion."""
_COVERED = 0.5
"""The other things' heat in the gap, from which something stands there."""


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
    edges: Hard | None = None,
    standing: bool = False,
) -> Labels:
    """[h, w] the number of the thing that each pixel of a mask belongs to, from 1 on; 0 outside the mask.

    Things are the 8-connected parts of the mask, of one kind each. Splinters belong to the nearest thing, and two parts
    that something else cuts in two are one thing. Numbers go from left to right, and from top to bottom where two
    things have the same middle.

    Args:
        small: [h, w] bool, the reduced mask.
        kinds: [h, w] which kind of the phrase each pixel shows, where it is known: base cabinets are not joined with
            the wall cabinets that they touch.
        others: [h, w] the heat of other things, where it is known.
        edges: [h, w] bool: lines of the photo along which a row of like things may be cut, where they touch; None for
            things that have such lines inside, as windows do.
        standing: They stand on legs, which a mask often loses in the middle: what is left above the gap and below it is
            one thing.
    """
    parts = _connected(small, kinds)
    if not parts:
        return np.zeros(small.shape, np.int64)
    largest = max(int(part.sum()) for part in parts)
    least = max(_FRAGMENT * largest, _LEAST_SHARE * small.size)
    things = [part for part in parts if part.sum() >= least] or [max(parts, key=lambda part: int(part.sum()))]
    if kinds is None or not kinds.any():
        things = [part for thing in things for part in _row(thing, edges)]
    things = _joined(things, others, standing=standing)
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
            if part.sum() >= max(_FRAGMENT * (plane & small).sum(), 4 * _LEAST_SHARE * small.size) and _is_wide(part):
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
    return np.asarray(np.where(hard, full, 0), np.uint16)


def box_of(part: Hard) -> Box:
    """The tight box around a part that is not empty."""
    box = tight_box(part)
    return box if box is not None else Box(0, 0, 0, 0)


def _connected(small: Hard, kinds: Labels | None) -> list[Hard]:
    masks = [small] if kinds is None else [small & (kinds == kind) for kind in np.unique(kinds[small]).tolist()]
    parts = []
    for mask in masks:
        count, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
        parts += [labels == number for number in range(1, count)]
    return parts


def edges_of(small: Rgb) -> Hard:
    """[h, w] bool: the clear edges of a reduced photo, in lightness or in colour."""
    lab = cv2.cvtColor(cv2.GaussianBlur(small, (0, 0), 0.8), cv2.COLOR_RGB2LAB)
    planes = [
        cv2.Canny(np.ascontiguousarray(plane), low, 2 * low)
        for plane, low in zip(cv2.split(lab), (30, 15, 15), strict=True)
    ]
    edges: Hard = np.maximum.reduce(planes) > 0
    return edges


def _row(thing: Hard, edges: Hard | None) -> list[Hard]:
    """A part cut into a row of like things, where they touch along necks or edges; the part itself if it is one."""
    for cut in (thing, None if edges is None else thing & ~edges):
        seeds = [] if cut is None else _seeds(cut, int(thing.sum()), least_px=1 if cut is thing else 0)
        if len(seeds) > 1:
            labels = np.zeros(thing.shape, np.int64)
            for number, seed in enumerate(seeds, start=1):
                labels[seed] = number
            labels = np.where(thing, fill(labels), 0)
            return [labels == number for number in range(1, len(seeds) + 1)]
    return [thing]


def _seeds(cut: Hard, area: int, *, least_px: int) -> list[Hard]:
    """The like parts of a mask, side by side, into which a small erosion parts it; none if it does not."""
    box = box_of(cut)
    around = np.pad(cut[box.slices], 1).astype(np.uint8)
    depth = cv2.distanceTransform(around, cv2.DIST_L2, 5)[1:-1, 1:-1]
    for reach in range(least_px, max(2, round(_NECK * min(box.width, box.height)) + 1)):
        count, labels, stats, _ = cv2.connectedComponentsWithStats((depth > reach).astype(np.uint8), connectivity=4)
        if count < 2:
            return []
        areas = stats[1:, cv2.CC_STAT_AREA]
        large = [number for number in range(1, count) if areas[number - 1] >= _ALIKE * areas.max()]
        if len(large) > 1 and sum(int(areas[number - 1]) for number in large) >= _KEPT * area:
            found = [Box(*(int(v) for v in (x, y, x + w, y + h))) for x, y, w, h in stats[large, :4]]
            if _side_by_side(found):
                seeds = []
                for number in large:
                    seed = np.zeros_like(cut)
                    seed[box.slices] = labels == number
                    seeds.append(seed)
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


def _joined(things: list[Hard], others: Heat | None, *, standing: bool) -> list[Hard]:
    """The things, where two that something else cuts in two are one."""
    joined = list(things)
    changed = True
    while changed:
        changed = False
        boxes = [box_of(thing) for thing in joined]
        for first in range(len(joined)):
            for second in range(first + 1, len(joined)):
                if _are_one(boxes[first], boxes[second], others, standing=standing):
                    joined[first] = joined[first] | joined[second]
                    del joined[second]
                    changed = True
                    break
            if changed:
                break
    return joined


def _are_one(one: Box, other: Box, others: Heat | None, *, standing: bool) -> bool:
    gap = _gap(one, other)
    if gap is not None and others is not None and float(others[gap.slices].mean()) >= _COVERED:
        return True
    if not standing:
        return False
    upper, lower = sorted((one, other), key=lambda box: box.y0)
    start, end = max(one.x0, other.x0), min(one.x1, other.x1)
    if upper.x0 <= lower.x0 and lower.x1 <= upper.x1 and lower.y1 <= upper.y1:
        return True  # a leg beside one that was joined before
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
