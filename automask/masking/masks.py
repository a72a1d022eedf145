"""From a refined mask to the alpha that is painted through. Pure functions over arrays.

The order is fixed: clean up each mask, settle overlaps between edits, dilate, feather, and finally set alpha to 0 on
what must not be touched. Distances are Euclidean and measured between pixel centres.
"""

import math
from collections.abc import Sequence

import cv2
import numpy as np

from automask.images import quantise_alpha
from automask.images.colour import BAND_PX
from automask.masking.boxes import grow, tight_box
from automask.types import Alpha, Box, Hard, Heat, MaskRecipe

_REDUCED_PX = 1024
_OFFCUT_SHARE = 0.02


def clean(hard: Hard, *, min_speck_px: float, max_hole_px: float) -> Hard:
    """The mask without its smallest parts and smallest holes.

    Args:
        hard: [H, W] bool.
        min_speck_px: 8-connected parts with fewer pixels are removed. All larger ones are kept: a kitchen has many
            cabinets.
        max_hole_px: 4-connected holes with fewer pixels are filled. Background that touches the border is no hole.

    Returns:
        [H, W] bool.
    """
    result = np.zeros(hard.shape, dtype=np.bool_)
    around = tight_box(hard)
    if around is None:
        return result
    kept = _without_small_parts(hard[around.slices], min_px=min_speck_px, connectivity=8)
    # Padding joins all background at the border into one part, which is never filled; it is cut off again.
    outside = np.pad(~kept, 1, constant_values=True)
    filled = ~_without_small_parts(outside, min_px=max_hole_px, connectivity=4, spare_corner=True)
    result[around.slices] = filled[1:-1, 1:-1]
    return result


def settle(hards: Sequence[Hard], heats: Sequence[Heat]) -> tuple[Hard, ...]:
    """The masks with every contested pixel given to one of them.

    The hotter mask gets the pixel; at equal heat the smaller one (a handle on a door); at equal area the earlier.

    Args:
        hards: N masks, [H, W] bool.
        heats: N heat maps, [H, W] float32 in 0..1, in the same order.

    Returns:
        N masks that share no pixel; their union is the union of the input.
    """
    claims = np.zeros(hards[0].shape, dtype=np.uint16) if hards else np.zeros((0, 0), dtype=np.uint16)
    for hard in hards:
        claims += hard
    around = tight_box(claims > 1)
    settled = [hard.copy() for hard in hards]
    if around is None:
        return tuple(settled)
    rows, columns = around.slices
    shape = (around.height, around.width)
    best_heat = np.full(shape, -1.0, dtype=np.float32)
    owner = np.full(shape, -1, dtype=np.int32)
    areas = [int(hard.sum()) for hard in hards]
    # Smallest first, so that a strict comparison of heat leaves ties with the smaller, then the earlier one.
    for index in sorted(range(len(hards)), key=lambda i: (areas[i], i)):
        wins = hards[index][rows, columns] & (heats[index][rows, columns] > best_heat)
        best_heat[wins] = heats[index][rows, columns][wins]
        owner[wins] = index
    for index, hard in enumerate(settled):
        hard[rows, columns] &= owner == index
    return tuple(settled)


def without_others(hard: Hard, heat: Heat, others: Heat, *, reach_px: float) -> Hard:
    """The mask without the places where other things are hotter.

    Strips narrower than twice the reach stay: there the refiner followed an edge of the photo, and heat is too coarse
    to know better.

    Args:
        hard: [H, W] bool, refined.
        heat: [H, W] float32 in 0..1: its own.
        others: [H, W] float32 in 0..1: of things that are not to be in the mask.
        reach_px: How far a refiner may move a border.

    Returns:
        [H, W] bool; where it was hotter than `others`, as it was.
    """
    lost = hard & (others > heat)
    around = tight_box(lost)
    if around is None:
        return hard
    near = grow(around, math.ceil(reach_px) + 1, (hard.shape[0], hard.shape[1])).slices
    # Heat is coarse: of a large photo a reduced copy says as well where the wide places are, in a tenth of the time.
    scale = min(1.0, _REDUCED_PX / max(hard.shape))
    reduced = _resized(lost[near], scale) if scale < 1 else lost[near]
    inner = _distance(~reduced, scale * reach_px) > scale * reach_px
    # Twice the reach: grown back by as much as it shrank, a rectangle would leave its corners in the mask.
    wide = dilate(inner, 2 * scale * reach_px)
    if scale < 1:
        wide = cv2.resize(wide.view(np.uint8), lost[near].shape[::-1], interpolation=cv2.INTER_NEAREST) > 0
    kept = hard.copy()
    kept[near] &= ~(lost[near] & wide)
    return kept


def without_offcuts(hard: Hard, whole: Hard, *, width_px: float) -> Hard:
    """The mask without narrow bits that a cut left of it.

    Two masks never quite meet, so that "island; keep countertop" would leave a rim of island round every bowl on it.

    Args:
        hard: [H, W] bool, after the cut.
        whole: [H, W] bool, before it.
        width_px: 8-connected parts that touch what was cut away, are nowhere wider than this and make up less than a
            fiftieth of the mask are removed.

    Returns:
        [H, W] bool; `hard` itself where nothing is removed.
    """
    lost = whole & ~hard
    around = tight_box(hard)
    if around is None or not lost.any():
        return hard
    near = around.slices
    count, labels, stats, _ = cv2.connectedComponentsWithStats(hard[near].view(np.uint8), connectivity=8)
    beside_cut = cv2.dilate(lost[near].view(np.uint8), np.ones((3, 3), np.uint8)) > 0
    touching = np.bincount(labels[beside_cut], minlength=count) > 0
    areas = stats[:, cv2.CC_STAT_AREA]
    small = touching & (areas < areas[1:].sum() * _OFFCUT_SHARE)
    removed = np.zeros(count, np.bool_)
    for part in np.flatnonzero(small[1:]) + 1:
        x, y, w, h = (int(stats[part, column]) for column in range(4))  # left, top, width and height
        alone = np.pad(labels[y : y + h, x : x + w] == part, 1)
        removed[part] = 2 * float(cv2.distanceTransform(alone.view(np.uint8), cv2.DIST_L2, 5).max()) <= width_px
    if not removed.any():
        return hard
    kept = hard.copy()
    kept[near] &= ~removed[labels]
    return kept


def _resized(hard: Hard, scale: float) -> Hard:
    """The mask at another size, True where at least half of a pixel is."""
    size_wh = tuple(max(1, round(side * scale)) for side in hard.shape[::-1])
    share = cv2.resize(hard.view(np.uint8) * np.uint8(255), size_wh, interpolation=cv2.INTER_AREA)
    result: Hard = share >= np.uint8(128)
    return result


def dilate(hard: Hard, radius_px: float) -> Hard:
    """The mask and every pixel whose centre is within `radius_px` of it.

    Args:
        hard: [H, W] bool.
        radius_px: 0 gives the mask back.

    Returns:
        [H, W] bool.
    """
    result = np.zeros(hard.shape, dtype=np.bool_)
    near = _near(hard, radius_px)
    if near is not None:
        np.less_equal(_distance_in(hard, near), radius_px, out=result[near.slices])
    return result


def feather(hard: Hard, width_px: float) -> Alpha:
    """Alpha that is 1 on the mask and falls smoothly to 0 over `width_px` outside it.

    Args:
        hard: [H, W] bool.
        width_px: 0 gives a hard edge.

    Returns:
        [H, W] float32 in 0..1, multiples of 1/255.
    """
    if width_px <= 0:
        return hard.astype(np.float32)
    result = np.zeros(hard.shape, dtype=np.float32)
    near = _near(hard, width_px)
    if near is None:
        return result
    distance, alpha = _distance_in(hard, near), result[near.slices]
    rows = max(1, BAND_PX // near.width)
    for top in range(0, near.height, rows):
        away, soft = distance[top : top + rows], alpha[top : top + rows]
        soft[away <= 0] = 1.0
        at = np.nonzero((away > 0) & (away < width_px + 1.0))
        share = np.clip(1.0 - away[at] / np.float32(width_px + 1.0), 0.0, 1.0)
        # Smoothstep: its slope is 0 at both ends, so that no line is visible where the soft edge begins.
        soft[at] = quantise_alpha(share * share * (3.0 - 2.0 * share))
    return result


def dilate_px(recipe: MaskRecipe, size_hw: tuple[int, int]) -> float:
    """The recipe's dilation on a photo of this size, in px."""
    return recipe.dilate_frac * max(size_hw) if recipe.dilate_px is None else recipe.dilate_px


def feather_px(recipe: MaskRecipe, size_hw: tuple[int, int]) -> float:
    """The recipe's feather on a photo of this size, in px."""
    return recipe.feather_frac * max(size_hw) if recipe.feather_px is None else recipe.feather_px


def alpha_from(hard: Hard, recipe: MaskRecipe, *, untouchable: Hard) -> Alpha:
    """The alpha of one edit: dilated, feathered, and 0 on what must not be touched.

    Args:
        hard: [H, W] bool, the settled mask.
        recipe: Lengths.
        untouchable: [H, W] bool: kept and excepted objects and the other edits' masks.

    Returns:
        [H, W] float32 in 0..1, multiples of 1/255; all 0 for an empty mask.
    """
    size_hw = (hard.shape[0], hard.shape[1])
    grow_px, soft_px = dilate_px(recipe, size_hw), feather_px(recipe, size_hw)
    gap_px = recipe.gap_frac * max(size_hw)
    result = np.zeros(size_hw, dtype=np.float32)
    near = _near(hard, max(grow_px + soft_px, gap_px) + 1)
    if near is None:
        return result
    # All that follows is the same in this box as in the whole photo, and of a small mask much less.
    part, alone = hard[near.slices], Box(0, 0, near.width, near.height)
    distance = _distance_in(part, alone)
    alpha = feather(np.asarray(distance <= np.float32(grow_px)), soft_px)
    if gap_px > 0:
        alpha[_gap_middles(part, distance, gap_px)] = 0.0
    alpha[untouchable[near.slices]] = 0.0
    result[near.slices] = alpha
    return result


def _without_small_parts(hard: Hard, *, min_px: float, connectivity: int, spare_corner: bool = False) -> Hard:
    if min_px <= 1:
        return hard.copy()
    _, labels, stats, _ = cv2.connectedComponentsWithStats(
        np.ascontiguousarray(hard).view(np.uint8), connectivity=connectivity, ltype=cv2.CV_32S
    )
    small = stats[:, cv2.CC_STAT_AREA] < min_px  # by label
    small[0] = False  # what is not in the mask
    if spare_corner:
        small[labels[0, 0]] = False
    result = hard.copy()
    # Most are specks: only the boxes around them are looked at.
    left, top, width, height = (stats[:, at] for at in range(4))
    if int((width * height)[small].sum(dtype=np.int64)) > hard.size // 4:
        result[small[labels]] = False
        return result
    for label in np.flatnonzero(small).tolist():
        x, y = int(left[label]), int(top[label])
        window = slice(y, y + int(height[label])), slice(x, x + int(width[label]))
        result[window][labels[window] == label] = False
    return result


def _distance(hard: Hard, reach_px: float) -> Heat:
    """[H, W] distance in px to the nearest pixel of the mask, exact up to `reach_px`, then infinite."""
    result = np.full(hard.shape, np.inf, dtype=np.float32)
    near = _near(hard, reach_px)
    if near is not None:
        result[near.slices] = _distance_in(hard, near)
    return result


def _near(hard: Hard, reach_px: float) -> Box | None:
    """The box that holds everything within `reach_px` of a mask; None for an empty mask.

    Only that is computed, and held as floats: it keeps a small mask cheap on a 24-megapixel photo.
    """
    around = tight_box(hard)
    return None if around is None else grow(around, math.ceil(reach_px) + 1, (hard.shape[0], hard.shape[1]))


def _distance_in(hard: Hard, near: Box) -> Heat:
    """[near.height, near.width] distance in px to the nearest pixel of a mask that is all in `near`."""
    away = np.ascontiguousarray(~hard[near.slices]).view(np.uint8)
    distance: Heat = cv2.distanceTransform(away, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return distance


def _gap_middles(hard: Hard, distance: Heat, width_px: float) -> Hard:
    """[H, W] bool: the middle lines of gaps in the mask that are at most `width_px` wide.

    Args:
        hard: [H, W] bool.
        distance: [H, W] float32 in px to the nearest pixel of the mask.
        width_px: Above 0.
    """
    away = np.minimum(distance, np.float32(width_px))
    farthest = cv2.dilate(away, np.ones((3, 3), np.uint8))
    # Of a gap one pixel wide every pixel is half surface: kept, it would be a dotted line of the old colour.
    square = np.ones((2, 2), np.uint8)
    solid = cv2.dilate(cv2.erode((~hard).astype(np.uint8), square, anchor=(0, 0)), square, anchor=(1, 1)) > 0
    solid = clean(solid, min_speck_px=width_px**2, max_hole_px=0)  # smaller ones, such as a leaf, may close
    middles: Hard = solid & (away > 0) & (away >= farthest) & (away <= width_px / 2)
    return middles
