"""Fills a hole of a picture from its surroundings: from the coarsest level, where it is thin, to the finest."""

from typing import TypeVar

import cv2
import numpy as np
import numpy.typing as npt

from automask.editors.remove.lines import lines_through
from automask.editors.remove.patches import (
    Level,
    compose,
    enlarged_places,
    improve_places,
    level_of,
    random_places,
)
from automask.editors.remove.regions import Regions, regions_of
from automask.types import FloatImage, Hard

_Kind = TypeVar("_Kind", bound=np.generic)

_THIN_PX = 4.0
"""At the coarsest level no pixel of the hole is farther than this from what is known."""
_LEAST_SIDE_PX = 40
_RIM_PX = 8
"""What is not to be copied and touches the hole is filled as well, so far from it, and left as it is in the end: the
patches there would have to look like it."""
_SHADED_PX, _LEAST_TRUST = 4.0, 0.1
"""In px of the coarsest level: what is nearer to the hole has some of the shadow of what was there, and counts less."""
_PASSES = (3, 3, 4, 5, 6)
"""How often a level is filled, from the finest on; the coarser ones, on which structure is decided, as the last."""
_SEARCHED_PX = 20_000
"""A level on which more patches reach into the hole takes its places from the level below as they are: what is left to
decide there is fine detail, and time and memory grow with the photo."""


def fill(lab: FloatImage, hole: Hard, barred: Hard, *, seed: int) -> FloatImage | None:
    """The picture with its hole filled; None where there is nothing to take patches from.

    Args:
        lab: [h, w, 3] float32, L*a*b*.
        hole: [h, w] bool.
        barred: [h, w] bool: known, and not to be copied into the hole.
        seed: Of the search.

    Returns:
        [h, w, 3] float32, equal to `lab` outside the hole; `lab` where there is no hole.
    """
    wide = np.ones((2 * _RIM_PX + 1, 2 * _RIM_PX + 1), np.uint8)
    rim = barred & (cv2.dilate(hole.astype(np.uint8), wide) > 0)
    filled = _filled(lab, hole | rim, barred & ~rim, seed) if hole.any() else lab
    return None if filled is None else np.asarray(np.where(hole[..., None], filled, lab), np.float32)


def _filled(lab: FloatImage, hole: Hard, barred: Hard, seed: int) -> FloatImage | None:
    calm = smooth_fill(lab, hole, barred, np.zeros(hole.shape, np.uint8))
    lines = lines_through(lab, calm, hole, barred)
    if lines is None:
        regions = regions_of(lab, hole, barred)
    else:
        regions = regions_of(lines.lab, hole & ~lines.beside, barred & ~lines.beside)
    levels = _levels(lab, hole, barred, regions)
    if not levels:
        return None
    generator = np.random.default_rng(seed)
    coarsest = levels[-1]
    places = random_places(coarsest, generator)
    filled = smooth_fill(coarsest.lab, coarsest.hole, coarsest.barred, coarsest.regions)
    for number in range(len(levels) - 1, -1, -1):
        level = levels[number]
        is_first = number == len(levels) - 1
        if not is_first:
            places = enlarged_places(places, level, generator)
            size_wh = (level.hole.shape[1], level.hole.shape[0])
            enlarged = cv2.resize(filled, size_wh, interpolation=cv2.INTER_LINEAR)
            filled = np.where(level.hole[..., None], enlarged, level.lab)
        if lines is not None:
            filled = lines.drawn_on(filled)
        large = int(np.count_nonzero(level.around)) > _SEARCHED_PX
        passes = 1 if large else _PASSES[min(number, len(_PASSES) - 1)]
        for again in range(passes):
            distances = np.zeros(level.hole.shape, np.float32)
            if not large:
                wide = is_first and again == 0
                distances = improve_places(places, level, filled, generator, rounds=2, wide=wide)
            crisp = number == 0 and again == passes - 1
            filled = compose(level, filled, places, distances, crisp=crisp)
    return filled


def _levels(lab: FloatImage, hole: Hard, barred: Hard, regions: Regions) -> list[Level]:
    """The picture and its halves, finest first; empty where no patch can be taken even from the finest."""
    levels: list[Level] = []
    while True:
        level = level_of(lab, hole, barred, regions)
        if level is None:
            return levels
        levels.append(level)
        depth = float(cv2.distanceTransform(hole.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5).max())
        if depth <= _THIN_PX or min(hole.shape) < _LEAST_SIDE_PX:
            return levels
        lab, hole, barred = _halved(lab, hole, barred)
        regions = np.ascontiguousarray(regions[::2, ::2])


def _halved(lab: FloatImage, hole: Hard, barred: Hard) -> tuple[FloatImage, Hard, Hard]:
    """Half the size; a pixel with any share of the hole is in the hole, and has the colour of its other share."""
    half_wh = ((hole.shape[1] + 1) // 2, (hole.shape[0] + 1) // 2)
    # At exactly half the size every large pixel is the mean of four, whatever the size.
    lab, hole, barred = _evened(lab), _evened(hole), _evened(barred)
    known = (~hole).astype(np.float32)
    share = cv2.resize(known, half_wh, interpolation=cv2.INTER_AREA)
    small = cv2.resize(np.where(hole[..., None], np.float32(0), lab), half_wh, interpolation=cv2.INTER_AREA)
    small = np.asarray(small / np.maximum(share, np.float32(1e-6))[..., None], np.float32)
    any_barred = cv2.resize(barred.astype(np.float32), half_wh, interpolation=cv2.INTER_AREA) > 0
    return small, share < np.float32(0.999), any_barred


def _evened(plane: npt.NDArray[_Kind]) -> npt.NDArray[_Kind]:
    """The picture, its last row and column repeated where their number is odd."""
    around = [(0, plane.shape[0] % 2), (0, plane.shape[1] % 2), (0, 0)]
    return np.pad(plane, around[: plane.ndim], mode="edge")


def smooth_fill(lab: FloatImage, hole: Hard, barred: Hard, regions: Regions) -> FloatImage:
    """The picture with its hole filled, region by region, by ever wider means of what surrounds it and is not barred.

    Source: Gortler, Grzeszczuk, Szeliski and Cohen, The Lumigraph, SIGGRAPH 1996, section 3.4 (pull-push).
    """
    result = lab.copy()
    away = cv2.distanceTransform((~hole).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
    trust = np.clip(away / np.float32(_SHADED_PX), np.float32(_LEAST_TRUST), np.float32(1))
    for region in np.unique(regions[hole]).tolist():
        mine = regions == region
        seen = ~(hole | barred)
        known = mine & seen
        share = np.where(known if known.any() else seen, trust, np.float32(0))
        filled = _pull_push(np.where(share[..., None] > 0, lab, np.float32(0)), share)
        result[hole & mine] = filled[hole & mine]
    return result


def _pull_push(lab: FloatImage, share: FloatImage) -> FloatImage:
    """The picture where its share is 1; elsewhere mixed with the next coarser level, down to one mean."""
    weight = share[..., None]
    height, width = share.shape
    if min(height, width) <= 2:
        mean = (lab * weight).sum((0, 1)) / max(float(share.sum()), 1e-6)
        return np.asarray(lab * weight + mean * (1 - weight), np.float32)
    half_wh = ((width + 1) // 2, (height + 1) // 2)
    small_share = cv2.resize(share, half_wh, interpolation=cv2.INTER_AREA)
    small = cv2.resize(np.asarray(lab * weight), half_wh, interpolation=cv2.INTER_AREA)
    small = np.asarray(small / np.maximum(small_share, np.float32(1e-6))[..., None], np.float32)
    coarse = _pull_push(small, np.minimum(4 * small_share, np.float32(1)))
    large = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(lab * weight + large * (1 - weight), np.float32)
