"""What a person draws on a mask: clicks, boxes, brush and eraser, kept as strokes and applied at any size.

A stroke is in pixels of the photo. It is applied to a smaller picture of the photo by scaling it, so that what is seen
at screen size is what the full size gets.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias, get_args

import cv2
import numpy as np
import numpy.typing as npt

from automask.errors import MaskError
from automask.images.filters import dot, guided_coefficients
from automask.masking.boxes import grow, tight_box
from automask.masking.masks import alpha_from, dilate, dilate_px, feather_px
from automask.types import Alpha, Box, Hard, Instance, MaskRecipe, Region, Rgb

Kind: TypeAlias = Literal["add", "take", "brush", "erase", "box"]
KINDS: tuple[Kind, ...] = get_args(Kind)
MOST_STROKES, MOST_POINTS = 2000, 5000
RefineWith: TypeAlias = Callable[..., Any]
"""The optional `refine_with` of a refiner: see `automask.protocols`."""

_WORK_PX = 320  # long side at which a stroke snaps to edges: tens of milliseconds, whatever the photo's size
_SNAP_FRAC = 0.4  # of the radius: how far a stroke may move to an edge
_EDGE = 0.0005  # squared contrast, of colours in 0..1, below which the photo has no edge: as GrabCut's refiner
_LIKE = 9.0  # distance in Lab from the clicked colour up to which a neighbour belongs to the same surface
_REACH_FRAC = 0.25  # of the long side: how far a click without a thing under it looks at first


@dataclass(frozen=True, slots=True)
class Stroke:
    """One thing that a person did to a mask.

    Args:
        kind: `add` or `take` the thing or surface under one point; `brush` or `erase` along points; `box` adds the
            thing between two corners.
        points: In pixels of the photo, x first.
        radius_px: Of brush and eraser.
        snap: Whether brush and eraser follow the photo's edges.

    Raises:
        MaskError: A value that no stroke can have.
    """

    kind: Kind
    points: tuple[tuple[float, float], ...]
    radius_px: float = 1.0
    snap: bool = True

    def __post_init__(self) -> None:
        needed = {"add": (1, 1), "take": (1, 1), "box": (2, 2)}.get(self.kind, (1, MOST_POINTS))
        if self.kind not in KINDS:
            raise MaskError(f"a stroke of kind {self.kind!r}", hint=f"give one of {', '.join(KINDS)}")
        if not needed[0] <= len(self.points) <= needed[1]:
            raise MaskError(
                f"a {self.kind} stroke of {len(self.points)} points", hint=f"give {needed[0]} to {needed[1]}"
            )
        numbers = [number for point in self.points for number in point]
        if not all(math.isfinite(number) and abs(number) < 1e6 for number in (*numbers, self.radius_px)):
            raise MaskError("a stroke with a number that is no place in a photo", hint="give pixels of the photo")
        if not 0 < self.radius_px <= 1e5:
            raise MaskError(f"a stroke with radius {self.radius_px!r}", hint="give a number above 0")

    def scaled(self, scale: float) -> "Stroke":
        """The same stroke on the photo at another size."""
        points = tuple((x * scale, y * scale) for x, y in self.points)
        return replace(self, points=points, radius_px=max(0.5, self.radius_px * scale))


def corrected(
    photo: Rgb,
    hard: Hard,
    strokes: Sequence[Stroke],
    *,
    instances: Sequence[Instance] = (),
    refine_with: RefineWith | None = None,
) -> Hard:
    """A mask after a person's strokes, one after another.

    Args:
        photo: [H, W, 3] uint8.
        hard: [H, W] bool.
        strokes: In pixels of this picture.
        instances: The single things that a click may add or take, at the size of this picture.
        refine_with: Of a refiner that learnt from clicks and strokes; None snaps by a guided filter and GrabCut.
    """
    result = hard.copy()
    for stroke in strokes:
        area = _area(photo, result, stroke, instances, refine_with)
        if area is not None:
            view, part = area
            if stroke.kind in ("take", "erase"):
                result[view] &= ~part
            else:
                result[view] |= part
    return result


_View: TypeAlias = tuple[slice, slice]


def _area(
    photo: Rgb, hard: Hard, stroke: Stroke, instances: Sequence[Instance], refine_with: RefineWith | None
) -> tuple[_View, Hard] | None:
    """Where a stroke changes the mask: a view of the photo, and the pixels in it; None for outside the photo."""
    height, width = hard.shape
    if stroke.kind in ("add", "take"):
        x, y = (math.floor(value) for value in stroke.points[0])
        if not (0 <= x < width and 0 <= y < height):
            return None
        return _thing_at(photo, hard, stroke, (x, y), instances)
    if stroke.kind == "box":
        return _boxed(photo, stroke, refine_with)
    drawn = _drawn(stroke, (height, width))
    if drawn is None or not stroke.snap:
        return drawn
    view, part = drawn
    reach = max(1.0, _SNAP_FRAC * stroke.radius_px)
    if refine_with is not None:
        found = _refined(photo, hard, view, part, refine_with, negative=stroke.kind == "erase")
        return view, found & dilate(part, reach) if stroke.kind == "brush" else ~found & dilate(part, reach)
    return view, _snapped(photo[view], part, reach)


def _thing_at(
    photo: Rgb, hard: Hard, stroke: Stroke, at: tuple[int, int], instances: Sequence[Instance]
) -> tuple[_View, Hard]:
    """The single thing under a point: one that the segmenter knows, a part of the mask, or a surface of one colour."""
    x, y = at
    under = [one for one in instances if _holds(one, x, y)]
    if under:
        thing = min(under, key=lambda one: one.area_px)
        return thing.box.slices, thing.hard
    if stroke.kind == "take" and hard[y, x]:
        count, labels = cv2.connectedComponents(np.ascontiguousarray(hard).view(np.uint8), connectivity=4)
        if count > 2:
            part: Hard = labels == labels[y, x]
            box = tight_box(part)
            if box is not None:
                return box.slices, part[box.slices]
    return _surface_at(photo, x, y)


def _holds(one: Instance, x: int, y: int) -> bool:
    inside = one.box.x0 <= x < one.box.x1 and one.box.y0 <= y < one.box.y1
    return inside and bool(one.hard[y - one.box.y0, x - one.box.x0])


def _surface_at(photo: Rgb, x: int, y: int) -> tuple[_View, Hard]:
    """The connected surface of about the colour at a point, to its own borders: never cut off where a search ends."""
    reach = max(8, round(_REACH_FRAC * max(photo.shape[:2])))
    while True:
        view, surface = _surface_within(photo, x, y, reach)
        if not _goes_on(surface, view, photo.shape[:2]):
            return view, surface
        reach *= 2


def _goes_on(part: Hard, view: _View, size_hw: Sequence[int]) -> bool:
    """Whether a part of a view reaches a side of it that is not the photo's."""
    rows, columns = view
    sides = (
        (rows.start > 0, part[0]),
        (rows.stop < size_hw[0], part[-1]),
        (columns.start > 0, part[:, 0]),
        (columns.stop < size_hw[1], part[:, -1]),
    )
    return any(is_inner and bool(side.any()) for is_inner, side in sides)


def _surface_within(photo: Rgb, x: int, y: int, reach: int) -> tuple[_View, Hard]:
    """The part of that surface in the square that reaches so far around the point."""
    height, width = photo.shape[:2]
    view = Box(max(0, x - reach), max(0, y - reach), min(width, x + reach), min(height, y + reach)).slices
    seen, scale = _reduced(photo[view])
    smooth = cv2.bilateralFilter(seen, 5, 20, 5)
    lab = cv2.cvtColor(smooth, cv2.COLOR_RGB2LAB)
    start = (
        min(seen.shape[1] - 1, round((x - view[1].start) * scale)),
        min(seen.shape[0] - 1, round((y - view[0].start) * scale)),
    )
    mask = np.zeros((seen.shape[0] + 2, seen.shape[1] + 2), np.uint8)
    # Light falls off along a surface, so lightness may stray three times as far as the colour itself.
    spread = (3 * _LIKE, _LIKE, _LIKE)
    cv2.floodFill(lab, mask, start, 0, spread, spread, cv2.FLOODFILL_FIXED_RANGE | cv2.FLOODFILL_MASK_ONLY | 4 | 1 << 8)
    filled = cv2.morphologyEx(mask[1:-1, 1:-1], cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    return view, _enlarged(filled > 0, photo[view].shape[:2])


def _boxed(photo: Rgb, stroke: Stroke, refine_with: RefineWith | None) -> tuple[_View, Hard] | None:
    """The thing in a box: what differs from the box's surroundings."""
    (xa, ya), (xb, yb) = stroke.points
    height, width = photo.shape[:2]
    x0, x1 = (min(max(round(value), 0), width) for value in sorted((xa, xb)))
    y0, y1 = (min(max(round(value), 0), height) for value in sorted((ya, yb)))
    if x1 - x0 < 2 or y1 - y0 < 2:
        return None
    box = Box(x0, y0, x1, y1)
    if refine_with is not None:
        heat = np.zeros((1, height, width), np.float32)
        heat[0][box.slices] = 0.5
        nothing = np.zeros((1, height, width), np.bool_)
        centre = nothing.copy()
        centre[0, (y0 + y1) // 2, (x0 + x1) // 2] = True
        return box.slices, np.asarray(refine_with(photo, heat, ((box,),), centre, nothing)[0][box.slices], np.bool_)
    frame = grow(box, max(4, max(box.width, box.height) // 4), (height, width))
    inside = np.zeros((frame.height, frame.width), np.bool_)
    inside[box.within(frame).slices] = True
    cut = _cut(photo[frame.slices], inside, sure=np.zeros_like(inside), never=~inside)
    return frame.slices, cut if cut.any() else inside


def _drawn(stroke: Stroke, size_hw: tuple[int, int]) -> tuple[_View, Hard] | None:
    """The pixels within the radius of a line through all points."""
    points = np.asarray(stroke.points, np.float64)
    margin = math.ceil(stroke.radius_px * (1 + 2 * _SNAP_FRAC)) + 2
    x0, y0 = (math.floor(value) - margin for value in points.min(axis=0))
    x1, y1 = (math.ceil(value) + margin for value in points.max(axis=0))
    height, width = size_hw
    x0, y0, x1, y1 = max(0, x0), max(0, y0), min(width, x1), min(height, y1)
    if x0 >= x1 or y0 >= y1:
        return None
    canvas = np.zeros((y1 - y0, x1 - x0), np.uint8)
    path = np.round((points - (x0, y0)) * 8).astype(np.int32)  # three bits after the point
    thickness = max(1, round(2 * stroke.radius_px))
    cv2.polylines(canvas, [path], False, 1, thickness, cv2.LINE_8, 3)
    for point in path[[0, -1]]:
        cv2.circle(canvas, tuple(point.tolist()), round(8 * stroke.radius_px), 1, -1, cv2.LINE_8, 3)
    return (slice(y0, y1), slice(x0, x1)), canvas > 0


def _snapped(photo: Rgb, drawn: Hard, reach_px: float) -> Hard:
    """What was drawn, with its border moved to the photo's edges, at most `reach_px` far.

    A guided filter: where the photo shows no edge the border stays. (GrabCut would lose half of a stroke on a plain
    wall, since what is around it has the same colour.)
    """
    seen, scale = _reduced(photo)
    share = _shrunk(drawn, (seen.shape[0], seen.shape[1])).astype(np.float32)
    radius = max(2, round(1.5 * reach_px * scale))
    for _ in range(2):
        gain, level = guided_coefficients(seen, share, radius, _EDGE)
        share = np.clip(dot(gain, seen.astype(np.float32) / np.float32(255)) + level, 0, 1)
        share = np.clip((share - 0.5) * 4 + 0.5, 0, 1).astype(np.float32)
    wh = (photo.shape[1], photo.shape[0])
    moved = cv2.resize(share, wh, interpolation=cv2.INTER_LINEAR) >= 0.5
    near: Hard = moved & dilate(drawn, reach_px) | (_depth(drawn) > reach_px)
    return near


def _cut(photo: Rgb, likely: Hard, *, sure: Hard, never: Hard) -> Hard:
    """GrabCut of a part of the photo; `likely` itself where colours tell nothing."""
    seen, _ = _reduced(photo)
    hw = (seen.shape[0], seen.shape[1])
    labels = np.full(hw, cv2.GC_PR_BGD, np.uint8)
    labels[_shrunk(likely, hw)] = cv2.GC_PR_FGD
    labels[_shrunk(never, hw)] = cv2.GC_BGD
    labels[_shrunk(sure, hw)] = cv2.GC_FGD
    front = int(np.count_nonzero(labels & 1))
    if front < 30 or labels.size - front < 30:
        return likely & ~never | sure
    try:
        cv2.setRNGSeed(0)  # its colour models begin at random: without this a stroke would not repeat
        cv2.grabCut(seen, labels, None, np.zeros((1, 65)), np.zeros((1, 65)), 2, cv2.GC_INIT_WITH_MASK)
    except cv2.error:
        return likely & ~never | sure
    return _enlarged((labels & 1) > 0, (photo.shape[0], photo.shape[1])) & ~never | sure


def _refined(photo: Rgb, hard: Hard, view: _View, part: Hard, refine_with: RefineWith, *, negative: bool) -> Hard:
    """In the view, what a refiner that learnt from strokes makes of the mask and this one."""
    marks = np.zeros((1, *hard.shape), np.bool_)
    marks[0][view] = _depth(part) > 0.5 * float(_depth(part).max())
    nothing = np.zeros_like(marks)
    around = tight_box(hard)
    boxes = ((around,),) if around else ((),)
    given = (nothing, marks) if negative else (marks, nothing)
    found = refine_with(photo, hard[None].astype(np.float32), boxes, *given)
    return np.asarray(found[0][view], np.bool_)


def _depth(part: Hard) -> npt.NDArray[np.float32]:
    padded = np.pad(part, 1).astype(np.uint8)
    return np.asarray(cv2.distanceTransform(padded, cv2.DIST_L2, 3)[1:-1, 1:-1], np.float32)


def _reduced(photo: Rgb) -> tuple[Rgb, float]:
    scale = min(1.0, _WORK_PX / max(photo.shape[:2]))
    if scale == 1.0:
        return np.ascontiguousarray(photo), 1.0
    size_wh = tuple(max(2, round(side * scale)) for side in photo.shape[1::-1])
    return np.asarray(cv2.resize(photo, size_wh, interpolation=cv2.INTER_AREA), np.uint8), scale


def _shrunk(hard: Hard, size_hw: tuple[int, int]) -> Hard:
    if hard.shape == size_hw:
        return hard
    share = cv2.resize(hard.astype(np.uint8) * np.uint8(255), size_hw[::-1], interpolation=cv2.INTER_AREA)
    return np.asarray(share >= 128, np.bool_)


def _enlarged(hard: Hard, size_hw: tuple[int, ...]) -> Hard:
    if hard.shape == tuple(size_hw):
        return hard
    share = cv2.resize(hard.astype(np.uint8) * np.uint8(255), tuple(size_hw)[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(share >= 128, np.bool_)


def corrected_alpha(region: Region, hard: Hard, recipe: MaskRecipe, *, others: Hard) -> Alpha:
    """The alpha of a region whose hard mask a person changed; as it was far from the change.

    Args:
        region: As it was found.
        hard: [H, W] bool: after the strokes.
        recipe: Of the edit.
        others: [H, W] bool: the other edits' masks, where nobody drew.
    """
    changed = hard != region.hard
    if not changed.any():
        return region.alpha
    size_hw = (hard.shape[0], hard.shape[1])
    near = dilate(changed, dilate_px(recipe, size_hw) + feather_px(recipe, size_hw) + 1)
    drawn = hard & ~region.hard
    fresh = alpha_from(hard, recipe, untouchable=others & ~drawn)
    alpha: Alpha = np.where(near, fresh, region.alpha)
    return alpha


def at_size(region: Region, size_hw: tuple[int, int]) -> Region:
    """A region of the photo at a smaller size, for a picture to look at."""
    if region.hard.shape == size_hw:
        return region
    scale_x, scale_y = size_hw[1] / region.hard.shape[1], size_hw[0] / region.hard.shape[0]
    alpha = cv2.resize(region.alpha, size_hw[::-1], interpolation=cv2.INTER_AREA)
    levels = np.rint(alpha * np.float32(255)) / np.float32(255)
    instances = tuple(
        instance for one in region.instances if (instance := _instance_at(one, scale_x, scale_y, size_hw)) is not None
    )
    hard = _shrunk(region.hard, size_hw)
    foreign = None if region.foreign is None else _shrunk(region.foreign, size_hw)
    alpha = levels.astype(np.float32)
    return replace(region, hard=hard, alpha=alpha, boxes=(), instances=instances, foreign=foreign)


def _instance_at(one: Instance, scale_x: float, scale_y: float, size_hw: tuple[int, int]) -> Instance | None:
    x0, y0 = math.floor(one.box.x0 * scale_x), math.floor(one.box.y0 * scale_y)
    x1, y1 = min(size_hw[1], math.ceil(one.box.x1 * scale_x)), min(size_hw[0], math.ceil(one.box.y1 * scale_y))
    if x1 <= x0 or y1 <= y0:
        return None
    return replace(one, box=Box(x0, y0, x1, y1), hard=_shrunk(one.hard, (y1 - y0, x1 - x0)))
