"""Straight lines that enter a hole on one side and leave it on the other: they go on straight across it.

A baseboard, a worktop's front edge or a row of tiles is often too thin to be a surface of its own. Of each the profile,
the colours across it, is known on both sides of the hole; in between it is a mixture of the two.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from automask.types import FloatImage, Hard

_LONG_PX = 640
"""Lines are looked for in a picture of at most this long side."""
_NEAR_FRAC, _LEAST_NEAR_PX = 0.025, 6.0
"""A line enters the hole if it ends so near to it, as a share of the picture's long side: the mask's edge hides it."""
_TURN, _WOBBLE_PX = 2.0, 1.0
"""In degrees and px: the two go on in one direction, as far as an end of its length is sure of it."""
_ASIDE_PX, _ASIDE_FRAC = 1.5, 0.04
"""Two ends are of one line if each is no farther than this beside the other's line, the second a share of the gap."""
_LEAST_PX, _LEAST_SHARE = 8.0, 0.35
"""Together the two are at least this long, the second a share of the gap."""
_HALF_WIDTH_PX, _LEAST_HALF_PX = 6, 2
_REACH_PX, _ALIKE = 18, 10.0
"""So far to both sides of a line, if the colours at its two ends differ by less than the second in L*a*b*, it says
which surface is there: between two lines a strip goes on, which the shortest border would cut."""
_BEYOND = 0.1
"""Of its length: a line is drawn so far beyond its ends, where the hole's edge is slanted."""
_SKIPPED_PX, _RUN_PX = 2, 10
"""A profile is the mean over a run along the line; next to the hole there is some shadow of what was there."""
_LEAST_CONTRAST = 1.5
"""In L*a*b*: the standard deviation of a profile; a fainter line is grain."""
_UNLIKE = 0.25
"""Of what varies in two profiles, at most this share is not common to both."""
_MOST_LIGHT = 12.0
"""In L*a*b*: how much lighter one side may be as a whole."""


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """What lines show in a hole.

    Args:
        lab: [h, w, 3] float32, L*a*b*: the picture, in the hole the colours on and beside the lines.
        beside: [h, w] bool: where in the hole these are.
        share: [h, w] float32 in 0..1: how much of it counts in the picture: on a line all.
    """

    lab: FloatImage
    beside: Hard
    share: FloatImage

    def drawn_on(self, lab: FloatImage) -> FloatImage:
        """[h, w, 3] float32: a picture of any size with the lines, reduced to its size."""
        size_wh = (lab.shape[1], lab.shape[0])
        if self.share.shape == lab.shape[:2]:
            share, colours = self.share, self.lab * self.share[..., None]
        else:
            share = cv2.resize(self.share, size_wh, interpolation=cv2.INTER_AREA)
            colours = cv2.resize(self.lab * self.share[..., None], size_wh, interpolation=cv2.INTER_AREA)
        return np.asarray(lab * (1 - share)[..., None] + colours, np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class _End:
    """Where a line enters the hole: the place, the direction into the hole, its length, and the colours across it."""

    at: npt.NDArray[np.float64]
    into: npt.NDArray[np.float64]
    length: float
    profile: FloatImage


def lines_through(lab: FloatImage, calm: FloatImage, hole: Hard, barred: Hard) -> Lines | None:
    """The lines that go on straight across a hole; None without any.

    Args:
        lab: [h, w, 3] float32, L*a*b*.
        calm: [h, w, 3] float32: the same with the hole filled smoothly, so that nothing in it has an edge.
        hole: [h, w] bool.
        barred: [h, w] bool: known, and not to be continued.
    """
    unit = max(1.0, max(hole.shape) / _LONG_PX)
    ends = _ends(lab, calm, hole, barred, unit)
    total, weights = np.zeros(lab.shape, np.float32), np.zeros(hole.shape, np.float32)
    most = np.zeros(hole.shape, np.float32)
    at = np.nonzero(hole)
    for k, one in enumerate(ends):
        for other in ends[k + 1 :]:
            band = _common(one.profile, other.profile[::-1]) if _is_one_line(one, other, unit) else None
            if band is None:
                continue
            rows, columns, s, colours = _between(one, other, band, at, unit)
            weight = np.exp(-np.square(s / _HALF_WIDTH_PX)).astype(np.float32)
            total[rows, columns] += weight[:, None] * colours
            weights[rows, columns] += weight
            drawn = np.where(np.abs(s) <= _HALF_WIDTH_PX, weight**4, np.float32(0))
            most[rows, columns] = np.maximum(most[rows, columns], drawn)
    if not weights.any():
        return None
    beside = weights > 0
    mean = total / np.maximum(weights, np.float32(1e-6))[..., None]
    return Lines(np.asarray(np.where(beside[..., None], mean, lab), np.float32), beside, most)


def _ends(lab: FloatImage, calm: FloatImage, hole: Hard, barred: Hard, unit: float) -> list[_End]:
    """The lines that enter the hole; `unit` is 1 px where they are looked for."""
    height, width = hole.shape
    light = np.clip(calm[..., 0] * np.float32(2.55), 0, 255).astype(np.uint8)
    if unit > 1:
        light = cv2.resize(light, (round(width / unit), round(height / unit)), interpolation=cv2.INTER_AREA)
    found = cv2.createLineSegmentDetector(cv2.LSD_REFINE_STD).detect(light)[0]
    if found is None:
        return []
    seen = (~(hole | barred)).astype(np.float32)
    near = max(_LEAST_NEAR_PX * unit, _NEAR_FRAC * max(hole.shape))
    away = cv2.distanceTransform((~hole).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
    ends = []
    for x0, y0, x1, y1 in (found.reshape(-1, 4) * unit).astype(np.float64):
        for start, end in (((x0, y0), (x1, y1)), ((x1, y1), (x0, y0))):
            at, back = np.array(end), np.array(start)
            length = float(np.hypot(*(at - back)))
            into = (at - back) / max(length, 1e-6)
            if length < _LEAST_PX / 2 * unit or _value(away, at) > near:
                continue
            ahead = [at + into * step for step in np.arange(1.0, 2 * near)]
            entry = next((place for place in ahead if _value(away, place) == 0), None)
            if entry is None or _value(away, at - into * min(length, 2 * near)) == 0:
                continue
            ends.append(_End(entry, into, length, _profile(lab, seen, entry, into, unit)))
    return ends


def _value(plane: FloatImage, at: npt.NDArray[np.float64]) -> float:
    x, y = round(float(at[0])), round(float(at[1]))
    return float(plane[y, x]) if 0 <= y < plane.shape[0] and 0 <= x < plane.shape[1] else math.inf


def _profile(
    lab: FloatImage, seen: FloatImage, at: npt.NDArray[np.float64], into: npt.NDArray[np.float64], unit: float
) -> FloatImage:
    """[2 * _REACH_PX + 1, 3] the colours across a line before it enters the hole, NaN where nothing is seen."""
    across = np.arange(-_REACH_PX, _REACH_PX + 1)[:, None] * unit
    along = -np.arange(_SKIPPED_PX, _SKIPPED_PX + _RUN_PX)[None, :] * unit
    x = (at[0] + into[0] * along - into[1] * across).astype(np.float32)
    y = (at[1] + into[1] * along + into[0] * across).astype(np.float32)
    share = cv2.remap(seen, x, y, cv2.INTER_LINEAR, borderValue=0)
    colours = cv2.remap(lab, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    whole = np.where(share > np.float32(0.99), np.float32(1), np.float32(0))
    total = whole.sum(1, keepdims=True)
    mean = (colours * whole[..., None]).sum(1) / np.maximum(total, 1)
    return np.asarray(np.where(total > 0, mean, np.float32(np.nan)), np.float32)


def _is_one_line(one: _End, other: _End, unit: float) -> bool:
    """Whether two ends lie on one straight line, on the two sides of the hole."""
    gap = other.at - one.at
    length = float(np.hypot(*gap))
    if length < unit:
        return False
    lengths = one.length / unit, other.length / unit
    aside = max(abs(_cross(one.into, gap)), abs(_cross(other.into, gap)))
    return (
        float(one.into @ gap) >= _cosine(lengths[0]) * length
        and -float(other.into @ gap) >= _cosine(lengths[1]) * length
        and aside <= _ASIDE_PX * unit + _ASIDE_FRAC * length
        and sum(lengths) >= max(_LEAST_PX, _LEAST_SHARE * length / unit)
    )


def _between(
    one: _End, other: _End, band: tuple[int, int], at: tuple[npt.NDArray[np.int64], ...], unit: float
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float64], FloatImage]:
    """Of the pixels `at`, those on or beside the line from one end to the other: row, column, offset, [n, 3] colour."""
    gap = other.at - one.at
    length = float(np.hypot(*gap))
    along = gap / length
    rows, columns = at
    x, y = columns - one.at[0], rows - one.at[1]
    t, s = (x * along[0] + y * along[1]) / length, (y * along[0] - x * along[1]) / unit
    offsets = np.arange(band[0], band[1] + 1) - _REACH_PX
    here = (t > -_BEYOND) & (t < 1 + _BEYOND) & (s >= offsets[0]) & (s <= offsets[-1])
    rows, columns, t, s = rows[here], columns[here], np.clip(t[here], 0, 1), s[here]
    mine, its = one.profile[band[0] : band[1] + 1], other.profile[::-1][band[0] : band[1] + 1]
    colours = [
        (1 - t) * np.interp(s, offsets, mine[:, c]) + t * np.interp(s, offsets, its[:, c]) for c in range(mine.shape[1])
    ]
    return rows, columns, s, np.stack(colours, -1).astype(np.float32)


def _cross(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> float:
    return float(one[0] * other[1] - one[1] * other[0])


def _cosine(length: float) -> float:
    return math.cos(math.radians(_TURN) + math.atan(_WOBBLE_PX / length))


def _common(mine: FloatImage, its: FloatImage) -> tuple[int, int] | None:
    """The first and the last place of the widest part, around the middle, in which two profiles are alike."""
    widest = None
    for first in range(_REACH_PX - _HALF_WIDTH_PX, _REACH_PX - _LEAST_HALF_PX + 1):
        for last in range(_REACH_PX + _HALF_WIDTH_PX, _REACH_PX + _LEAST_HALF_PX - 1, -1):
            if widest is not None and last - first <= widest[1] - widest[0]:
                break
            one, other = mine[first : last + 1], its[first : last + 1]
            if np.isnan(one + other).any() or np.linalg.norm(other.mean(0) - one.mean(0)) > _MOST_LIGHT:
                continue
            one, other = one - one.mean(0), other - other.mean(0)
            varies = [float(np.square(side).sum(1).mean()) for side in (one, other)]
            if min(varies) >= _LEAST_CONTRAST**2 and np.square(other - one).sum(1).mean() <= _UNLIKE * sum(varies):
                widest = first, last
                break
    if widest is None:
        return None
    alike = np.linalg.norm(its - mine, axis=1) < _ALIKE  # False where one is not known
    first, last = widest
    while first > 0 and alike[first - 1]:
        first -= 1
    while last < 2 * _REACH_PX and alike[last + 1]:
        last += 1
    return first, last
