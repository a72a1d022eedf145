"""Finds for each patch of a hole the most similar patch of its surroundings, and composes the hole from those patches.

Patches are compared by their lowest frequencies: a cosine transform of the lightness, fewer terms of the colour. The
search is that of PatchMatch: good offsets spread to the neighbours, and each is improved by guesses ever nearer to it.

Everything is element by element and the guesses come from a seeded generator, so a hole is filled with the same bytes
on every run.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from automask.editors.remove.regions import Regions
from automask.types import FloatImage, Hard

RADIUS = 3
"""Patches have sides of 2 * RADIUS + 1 px."""
SIDE = 2 * RADIUS + 1

_LIGHTNESS = ((0, 0), (0, 1), (1, 0), (1, 1), (0, 2), (2, 0), (0, 3), (3, 0), (1, 2), (2, 1))
_COLOUR = ((0, 0), (0, 1), (1, 0))
_COLOUR_WEIGHT = 1.5
_MEAN_WEIGHT = 1.0
_REGION_WEIGHT = 20.0
"""In L*a*b*: another surface is as unlike as another colour by this much."""
_FAR = 2.0
"""Added to a distance for a patch as far away as the picture is long: of two alike the nearer has the same light."""
_GUESSES_SHRINK = 2.5
_MOST_LIGHT = 6.0
"""In L*a*b*: how much lighter, or in another hue of light, a patch may be made than it is where it comes from."""
_DEEPER = 1.3
"""So much less a patch counts for each pixel that its middle is deeper in the hole."""
_LEAST_FITTING = -600.0
"""The logarithm of the least that a patch counts: double precision holds it, and it is not 0."""
_DETAIL_PX = 2.0
_BAND = 1 << 16

Places = npt.NDArray[np.int32]
"""[h, w, 2]: row and column of the patch that each pixel of the picture takes; of no meaning away from the hole."""


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """A picture with a hole, and where patches may be taken from.

    Args:
        lab: [h, w, 3] float32, L*a*b*; of no meaning in the hole.
        hole: [h, w] bool.
        barred: [h, w] bool: known, and not to be copied.
        sources: [h, w] bool: middles of patches that lie wholly in what may be copied.
        around: [h, w] bool: middles of patches that reach into the hole.
        regions: [h, w]: the surface that each pixel shows, in the hole that behind it.
    """

    lab: FloatImage
    hole: Hard
    barred: Hard
    sources: Hard
    around: Hard
    regions: Regions


def level_of(lab: FloatImage, hole: Hard, barred: Hard, regions: Regions) -> Level | None:
    """The level of a picture; None where no patch can be taken.

    Args:
        lab: [h, w, 3] float32.
        hole: [h, w] bool, to be filled.
        barred: [h, w] bool: also not to be copied.
        regions: [h, w], as `regions_of` gives them.
    """
    square = np.ones((SIDE, SIDE), np.uint8)
    known = (~(hole | barred)).astype(np.uint8)
    # Beyond the picture nothing is known: patches lie inside.
    sources = cv2.erode(known, square, borderType=cv2.BORDER_CONSTANT, borderValue=0) > 0
    if not sources.any():
        return None
    return Level(lab, hole, barred, sources, cv2.dilate(hole.astype(np.uint8), square) > 0, regions)


def features(lab: FloatImage, regions: Regions) -> FloatImage:
    """[h, w, n] float32: what patches are compared by, for the patch around each pixel."""
    waves = np.array([[math.cos(math.pi * (k + 0.5) * u / SIDE) for k in range(SIDE)] for u in range(4)], np.float32)
    waves /= np.sqrt(np.square(waves).sum(1, keepdims=True))
    planes = []
    for channel in range(3):
        for u, v in _COLOUR if channel else _LIGHTNESS:
            weight = (_COLOUR_WEIGHT if channel else 1.0) * (_MEAN_WEIGHT if u == v == 0 else 1.0) / SIDE
            plane = cv2.sepFilter2D(
                np.ascontiguousarray(lab[..., channel]),
                cv2.CV_32F,
                waves[v],
                waves[u] * np.float32(weight),
                borderType=cv2.BORDER_REFLECT_101,
            )
            planes.append(plane)
    count = int(regions.max()) + 1
    for region in range(count if count > 1 else 0):
        here = (regions == region).astype(np.float32)
        for u, v in _COLOUR:
            weight = _REGION_WEIGHT / SIDE
            planes.append(
                cv2.sepFilter2D(
                    here, cv2.CV_32F, waves[v], waves[u] * np.float32(weight), borderType=cv2.BORDER_REFLECT_101
                )
            )
    return np.ascontiguousarray(np.stack(planes, -1))


def random_places(level: Level, generator: np.random.Generator) -> Places:
    """A place for every pixel, by chance among the sources."""
    rows, columns = np.nonzero(level.sources)
    chosen = generator.integers(0, len(rows), level.hole.shape)
    return np.stack([rows[chosen], columns[chosen]], -1).astype(np.int32)


def enlarged_places(places: Places, level: Level, generator: np.random.Generator) -> Places:
    """The places of a level of half the size, for this level; those that cannot be taken are replaced by chance."""
    height, width = level.hole.shape
    rows = np.minimum(np.arange(height) // 2, places.shape[0] - 1)
    columns = np.minimum(np.arange(width) // 2, places.shape[1] - 1)
    large = places[rows][:, columns] * 2
    large[..., 0] += (np.arange(height) % 2)[:, None].astype(np.int32)
    large[..., 1] += (np.arange(width) % 2)[None, :].astype(np.int32)
    np.clip(large[..., 0], 0, height - 1, out=large[..., 0])
    np.clip(large[..., 1], 0, width - 1, out=large[..., 1])
    lost = ~level.sources[large[..., 0], large[..., 1]]
    large[lost] = random_places(level, generator)[lost]
    return np.asarray(large, np.int32)


@dataclass(frozen=True, slots=True, eq=False)
class _Search:
    """Compares patches of a picture as it is filled now with those that may be taken.

    Args:
        level: The picture.
        rows, columns: [n] of the patches that reach into the hole.
        wanted: [n, k] their features.
        offered: [h * w, k] the features of every patch.
    """

    level: Level
    rows: npt.NDArray[np.int64]
    columns: npt.NDArray[np.int64]
    wanted: FloatImage
    offered: FloatImage

    def distance(self, rows: npt.NDArray[np.int64], columns: npt.NDArray[np.int64]) -> FloatImage:
        """[n] float32 how unlike the patches at these places are; infinite where none may be taken."""
        height, width = self.level.hole.shape
        inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
        rows, columns = np.where(inside, rows, 0), np.where(inside, columns, 0)
        inside &= self.level.sources[rows, columns]
        apart = self.wanted - self.offered[rows * width + columns]
        result = np.einsum("nk,nk->n", apart, apart)
        away = np.hypot((rows - self.rows).astype(np.float32), (columns - self.columns).astype(np.float32))
        result += np.float32(_FAR / max(height, width)) * away
        result[~inside] = np.inf
        return np.asarray(result, np.float32)


def improve_places(
    places: Places, level: Level, filled: FloatImage, generator: np.random.Generator, *, rounds: int, wide: bool
) -> FloatImage:
    """Improves the places, which are written to, and returns [h, w] float32 how unlike the chosen patches are.

    Args:
        places: The places so far.
        level: The picture.
        filled: [h, w, 3] float32: the picture as it is filled now.
        generator: Of the guesses.
        rounds: How often good places are spread and guesses made.
        wide: Whether places spread far at first, as among those chosen by chance.

    Source: Barnes, Shechtman, Finkelstein and Goldman, PatchMatch, SIGGRAPH 2009; spreading by long steps first is the
        jump flooding of Rong and Tan, 2006.
    """
    height, width = level.hole.shape
    rows, columns = np.nonzero(level.around)
    every = features(filled, level.regions).reshape(height * width, -1)
    search = _Search(level, rows, columns, every[rows * width + columns], every)
    mine = places[rows, columns].astype(np.int64)
    best = search.distance(mine[:, 0], mine[:, 1])

    def consider(there: npt.NDArray[np.int64]) -> None:
        nonlocal best
        distance = search.distance(there[:, 0], there[:, 1])
        better = distance < best
        best = np.where(better, distance, best)
        mine[better] = there[better]

    for _ in range(rounds):
        for step in (8, 4, 2, 1) if wide else (3, 1):
            for down, right in ((0, step), (step, 0), (0, -step), (-step, 0)):
                near = np.clip(rows - down, 0, height - 1), np.clip(columns - right, 0, width - 1)
                places[rows, columns] = mine
                consider(places[near].astype(np.int64) + np.array([down, right]))
        reach = max(height, width) / 2
        while reach >= 1:
            consider(mine + np.rint(generator.uniform(-reach, reach, mine.shape)).astype(np.int64))
            reach /= _GUESSES_SHRINK
    places[rows, columns] = mine
    distances = np.full((height, width), np.inf, np.float32)
    distances[rows, columns] = best
    return distances


def compose(level: Level, filled: FloatImage, places: Places, distances: FloatImage, *, crisp: bool) -> FloatImage:
    """[h, w, 3] float32: the picture with its hole composed of the chosen patches.

    Each pixel is the mean of what the patches over it say, those that fit best and begin in known surroundings counting
    most, and each patch as much lighter or darker as the place is where it goes to.

    Args:
        level: The picture.
        filled: [h, w, 3] float32: the picture as it is filled now, whose light is kept.
        places: The chosen patches.
        distances: [h, w], as `improve_places` gives them.
        crisp: Whether fine detail is that of one patch at each pixel, since a mean would blur it.

    Source: the mean is that of Wexler, Shechtman and Irani, Space-Time Completion of Video, TPAMI 2007; light as in
        Darabi, Shechtman, Barnes, Goldman and Sen, Image Melding, SIGGRAPH 2012.
    """
    height, width = level.hole.shape
    here = np.nonzero(level.around)
    inside = cv2.distanceTransform(level.hole.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
    typical = np.float32(max(float(np.percentile(distances[here], 75)), 1e-3))
    # Never 0: a pixel over which no patch fits is still the mean of those that are there.
    weight = np.zeros((height, width))
    fitting = -(distances[here] / (2 * typical)).astype(np.float64) - math.log(_DEEPER) * inside[here]
    weight[here] = np.exp(np.maximum(fitting, _LEAST_FITTING))
    mean = cv2.blur(filled, (SIDE, SIDE), borderType=cv2.BORDER_REFLECT_101)
    light = np.zeros((height, width, 3), np.float32)
    chosen = places[here]
    light[here] = np.clip(mean[here] - mean[chosen[:, 0], chosen[:, 1]], -_MOST_LIGHT, _MOST_LIGHT)
    result = filled.copy()
    at = np.nonzero(level.hole)
    for start in range(0, len(at[0]), _BAND):
        rows, columns = (each[start : start + _BAND] for each in at)
        result[rows, columns] = _composed(level, places, light, weight, rows, columns)
    if crisp:
        # Of the patch around each pixel alone: neighbours mostly have neighbouring patches. And as it is in the
        # surroundings, not as composed: the steps between patches are no detail.
        from_y, from_x = places[at][:, 0], places[at][:, 1]
        smooth = cv2.GaussianBlur(result, (0, 0), _DETAIL_PX)
        result[at] = smooth[at] + _detail(level)[from_y, from_x]
    return result


def _detail(level: Level) -> FloatImage:
    """[h, w, 3] float32: what is finer than `_DETAIL_PX` in the known part of a picture."""
    known = (~level.hole).astype(np.float32)
    total = np.maximum(cv2.GaussianBlur(known, (0, 0), _DETAIL_PX), np.float32(1e-4))
    smooth = cv2.GaussianBlur(np.asarray(level.lab * known[..., None]), (0, 0), _DETAIL_PX) / total[..., None]
    return np.asarray(level.lab - smooth, np.float32)


def _composed(
    level: Level,
    places: Places,
    light: FloatImage,
    weight: npt.NDArray[np.float64],
    rows: npt.NDArray[np.int64],
    columns: npt.NDArray[np.int64],
) -> FloatImage:
    """[n, 3] the mean of the patches over some pixels."""
    height, width = level.hole.shape
    total, counted = np.zeros((len(rows), 3)), np.zeros(len(rows))
    for down in range(-RADIUS, RADIUS + 1):
        for right in range(-RADIUS, RADIUS + 1):
            y, x = rows + down, columns + right
            inside = (y >= 0) & (y < height) & (x >= 0) & (x < width)
            y, x = np.where(inside, y, 0), np.where(inside, x, 0)
            share = np.where(inside, weight[y, x], 0.0)
            place = places[y, x]
            from_y = np.clip(place[:, 0] - down, 0, height - 1)
            from_x = np.clip(place[:, 1] - right, 0, width - 1)
            total += share[:, None] * (level.lab[from_y, from_x] + light[y, x])
            counted += share
    return np.asarray(total / counted[:, None], np.float32)
