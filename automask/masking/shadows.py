"""The shadow that a thing throws on what it stands on or hangs before, found next to its mask.

A shadow is darker than the same surface a little farther out, of nearly the same colour, and touches the thing.
"""

import cv2
import numpy as np

from automask.masking.boxes import grow, tight_box
from automask.types import FloatImage, Hard, MaskRecipe, Rgb

_REFERENCE = 1.6
"""Compared with the surface this many times the reach away from the mask."""
_LEAST, _MOST = 2.5, 30.0
"""In L*: a shadow is by this much darker. Less is noise and the light of the room, more is another surface. Next to 16
things that were rendered away, 1.5 took 8.4 thousand px that change with the thing and 7.3 thousand that do not; 2.5
takes 6.7 and 3.9 thousand."""
_COLOUR = (2.5, 0.2)
"""In a* and b*: what it may differ by, and for each L* that it is darker."""
_LEAST_SHARE = 0.04
"""A shadow of less than this share of the thing is not worth repainting."""


def with_shadow(photo: Rgb, hard: Hard, recipe: MaskRecipe, *, untouchable: Hard, things: Hard | None = None) -> Hard:
    """The mask of a thing together with the shadow that it throws next to it.

    Args:
        photo: [H, W, 3] uint8.
        hard: [H, W] bool.
        recipe: Says how far from the mask a shadow is looked for (`shadow_frac`).
        untouchable: [H, W] bool: never part of it.
        things: [H, W] bool: where other things are, if that is known. A wall that is darker than the sofa before it has
            no shadow there.

    Returns:
        [H, W] bool; `hard` itself where no shadow is looked for, or none is found.
    """
    reach_px = recipe.shadow_frac * max(hard.shape)
    around = tight_box(hard)
    if reach_px < 1 or around is None:
        return hard
    near = grow(around, int(3 * reach_px) + 2, (hard.shape[0], hard.shape[1])).slices
    thing, barred = np.ascontiguousarray(hard[near]), untouchable[near]
    unit = photo[near].astype(np.float32) / np.float32(255)
    lab = _means(cv2.cvtColor(unit, cv2.COLOR_RGB2Lab), ~thing, max(1.0, reach_px / 8))
    distance = cv2.distanceTransform((~thing).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    at = _farther_out(distance, reach_px)
    farther = cv2.remap(lab, *at, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    darker = farther[..., 0] - lab[..., 0]
    allowed = np.float32(_COLOUR[0]) + np.float32(_COLOUR[1]) * darker
    same = (np.abs(farther[..., 1:] - lab[..., 1:]) <= allowed[..., None]).all(2)
    if things is not None:
        other = np.ascontiguousarray(things[near]).view(np.uint8)
        same &= cv2.remap(other, *at, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE) == other
    dark = (darker >= _LEAST) & (darker <= _MOST) & same & (distance <= reach_px) & ~thing & ~barred
    # A pixel here and there is the texture of the surface.
    side = 2 * max(1, round(reach_px / 10)) + 1
    dark = cv2.morphologyEx(dark.view(np.uint8), cv2.MORPH_OPEN, np.ones((side, side), np.uint8)) > 0
    touching = _touching(dark, thing)
    if np.count_nonzero(touching) < _LEAST_SHARE * np.count_nonzero(thing):
        return hard
    result = hard.copy()
    result[near] |= touching
    return result


def _means(lab: FloatImage, counted: Hard, sigma_px: float) -> FloatImage:
    """[h, w, 3]: the mean around each pixel of those that count; texture is not shadow."""
    weight = counted.astype(np.float32)
    total = cv2.GaussianBlur(weight, (0, 0), sigma_px)
    mean = cv2.GaussianBlur(lab * weight[..., None], (0, 0), sigma_px)
    return np.asarray(mean / np.maximum(total, np.float32(1e-4))[..., None], np.float32)


def _farther_out(distance: FloatImage, reach_px: float) -> tuple[FloatImage, FloatImage]:
    """Columns and rows, [h, w] each: of the place straight away from the mask, at `_REFERENCE` times the reach."""
    smooth = cv2.GaussianBlur(distance, (0, 0), max(1.0, reach_px / 4))
    right, down = (cv2.Sobel(smooth, cv2.CV_32F, 1 - axis, axis, ksize=3) for axis in (0, 1))
    length = np.maximum(np.hypot(right, down), np.float32(1e-3))
    away = np.maximum(np.float32(_REFERENCE * reach_px) - distance, 0)
    rows, columns = np.mgrid[: distance.shape[0], : distance.shape[1]].astype(np.float32)
    return columns + right / length * away, rows + down / length * away


def _touching(dark: Hard, thing: Hard) -> Hard:
    """The connected parts of a shadow that touch the thing."""
    count, labels = cv2.connectedComponents(dark.view(np.uint8), connectivity=8)
    beside = cv2.dilate(thing.view(np.uint8), np.ones((5, 5), np.uint8)) > 0
    touches = np.bincount(labels[beside], minlength=count) > 0
    touches[0] = False
    result: Hard = touches[labels]
    return result
