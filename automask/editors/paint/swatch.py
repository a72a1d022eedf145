"""A user's own picture of a material, repeated without visible seams.

It is quilted from patches of itself into a larger field, which repeats later and less visibly than the picture would.
Where it has a clear period (bricks, tiles), patches are whole periods, and are taken from whole periods away.
"""

import math
from functools import lru_cache, partial
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from automask.editors.paint.look import Look
from automask.editors.paint.noise import clamp_reflectance
from automask.editors.paint.tone import LINEAR, LUMA
from automask.editors.swatches import open_swatch, version_of
from automask.errors import EditorError
from automask.types import FloatImage, Hw

SWATCH_M = 0.6
"""Metres that a picture's short side is taken to show; the editor's `scale` multiplies it."""
_LEAST_PX = 48
_SHORT_PX = 384  # 640 px a metre: finer than any photo of a room shows
_LONGEST = 2.0  # a longer picture is cut to its middle

_Periods: TypeAlias = tuple[float | None, float | None]
"""Down and along, in px; None where there is no clear one."""


def swatch_look(path: str) -> Look:
    """The look of a picture file: its short side is 0.6 m, its colours are taken as they are.

    Args:
        path: A picture that `automask.images.open_photo` opens; of a surface seen square-on, evenly lit at best.

    Raises:
        EditorError: It is not a picture, cannot be opened, or is too small.
    """
    picture, periods = _load(path, version_of(path))
    red, green, blue = (float(level) for level in picture.mean((0, 1), dtype=np.float64))
    texture = partial(swatch, picture=picture, periods=periods)
    return Look((red, green, blue), texture, layout="slab" if periods == (None, None) else "courses")


@lru_cache(maxsize=4)
def _load(path: str, version: tuple[int, int]) -> tuple[FloatImage, "_Periods"]:
    """The picture of a file as evenly lit reflectance, and its periods."""
    del version  # part of the cache key: a file that has changed is opened again
    rgb = open_swatch(path)
    short, long = sorted(rgb.shape[:2])
    if short < _LEAST_PX:
        raise EditorError(
            f"cannot paint with the picture {path!r}: it has only {rgb.shape[1]} x {rgb.shape[0]} px",
            hint=f"give one of {_LEAST_PX} px or more each way; 500 is good",
        )
    if long > _LONGEST * short:
        keep = round(_LONGEST * short)
        y, x = (max(0, (side - keep) // 2) for side in rgb.shape[:2])
        rgb = rgb[y : y + keep, x : x + keep]
    shrink = max(1.0, short / _SHORT_PX)
    wh = (round(rgb.shape[1] / shrink), round(rgb.shape[0] / shrink))
    picture = cv2.resize(LINEAR[rgb], wh, interpolation=cv2.INTER_AREA)
    picture = clamp_reflectance(_flatten_lighting(picture))
    picture = np.ascontiguousarray(picture)
    picture.flags.writeable = False
    return picture, (_period(picture, 0), _period(picture, 1))


def _flatten_lighting(picture: FloatImage) -> FloatImage:
    """The picture without the slow fall of light over it: a quadratic fitted to the logarithm of its luminance."""
    luma = np.log(picture @ LUMA + np.float32(0.01))
    small = cv2.resize(luma, (24, 24), interpolation=cv2.INTER_AREA)
    y, x = np.meshgrid(np.linspace(-1, 1, 24), np.linspace(-1, 1, 24), indexing="ij")
    terms = np.stack([np.ones_like(x), x, y, x * x, y * y, x * y], -1).reshape(-1, 6)
    weights, *_ = np.linalg.lstsq(terms, small.reshape(-1).astype(np.float64), rcond=None)
    fall = (terms[:, 1:] @ weights[1:]).reshape(24, 24)
    fall = np.clip(fall - fall.mean(), -0.7, 0.7).astype(np.float32)
    even = picture * np.exp(-cv2.resize(fall, (luma.shape[1], luma.shape[0]), interpolation=cv2.INTER_CUBIC))[..., None]
    return np.asarray(even * (picture.mean((0, 1)) / np.maximum(even.mean((0, 1)), 1e-6)), np.float32)


def _period(picture: FloatImage, axis: int) -> float | None:
    """The shortest shift along an axis, in px, after which the picture resembles itself; None where none is clear.

    The autocorrelation first falls with the shift, as it does in any picture, and must rise again.
    """
    luma = np.sqrt(picture @ LUMA).astype(np.float64)
    luma = luma if axis == 1 else luma.T
    side = luma.shape[1]
    rough = luma - cv2.GaussianBlur(luma, (0, 0), side / 10)
    power = np.abs(np.fft.rfft(rough, 2 * side, axis=1)) ** 2
    correlation = np.fft.irfft(power.sum(0))[:side]
    energy = np.concatenate([[0.0], np.cumsum((rough**2).sum(0))])
    shifts = np.arange(side)
    both = np.sqrt((energy[side] - energy[shifts]) * energy[side - shifts])
    correlation = correlation / np.maximum(both, 1e-9)
    least, most = max(6, side // 20), round(0.72 * side)
    lowest = np.minimum.accumulate(correlation)
    inside = shifts[least:most]
    peaks = [
        int(at)
        for at in inside
        if correlation[at] >= correlation[max(0, at - 3) : at + 4].max()
        and correlation[at] > 0.38
        and correlation[at] - lowest[at] > 0.3
    ]
    if not peaks:
        return None
    good = [at for at in peaks if correlation[at] > 0.88 * max(correlation[at] for at in peaks)]
    # Measured over several periods, it is accurate to a fraction of a px.
    return good[-1] / max(1, round(good[-1] / good[0]))


def _min_error_cut(error: FloatImage) -> npt.NDArray[np.bool_]:
    """[n, overlap] True right of the cheapest path down through [n, overlap] differences.

    Source: the minimum error boundary cut, Efros and Freeman, Image Quilting, SIGGRAPH 2001, section 2.1.
    """
    cost = error.astype(np.float64)
    total = cost.copy()
    padded = np.full(cost.shape[1] + 2, np.inf)
    for row in range(1, len(cost)):
        padded[1:-1] = total[row - 1]
        total[row] += np.minimum(np.minimum(padded[:-2], padded[2:]), padded[1:-1])
    way = np.empty(len(cost), np.int64)
    way[-1] = int(total[-1].argmin())
    for row in range(len(cost) - 2, -1, -1):
        low = max(0, int(way[row + 1]) - 1)
        way[row] = low + int(total[row, low : int(way[row + 1]) + 2].argmin())
    return np.asarray(np.arange(cost.shape[1])[None, :] >= way[:, None])


def _soften_seam(new: npt.NDArray[np.bool_]) -> FloatImage:
    share: FloatImage = cv2.GaussianBlur(new.astype(np.float32), (0, 0), 1.0)
    return share


def _step_and_overlap(side: int, period: float | None) -> tuple[int, int]:
    """The distance from one patch to the next, and the overlap of two, along a side of a picture, in px."""
    if period is None:
        return round(0.38 * side), max(4, side // 10)
    step = round(period * max(1, round(0.25 * side / period)))
    return step, max(4, min(side - step - 1, step // 4))


def _quilt(picture: FloatImage, times: Hw, periods: _Periods, rng: np.random.Generator) -> FloatImage:
    """A field about `times` as large as the picture, closed on itself both ways, of patches cut to fit each other.

    Source: Efros and Freeman, Image Quilting for Texture Synthesis and Transfer, SIGGRAPH 2001; here the field is a
    torus, and patches are looked for on a reduced picture first.
    """
    (step_y, overlap_y), (step_x, overlap_x) = (
        _step_and_overlap(side, at) for side, at in zip(picture.shape[:2], periods, strict=True)
    )
    high, wide = step_y + overlap_y, step_x + overlap_x
    rows, columns = (
        max(2, round(times[0] * picture.shape[0] / step_y)),
        max(2, round(times[1] * picture.shape[1] / step_x)),
    )
    field = np.zeros((rows * step_y, columns * step_x, 3), np.float32)  # of roots: differences as they are seen
    known = np.zeros(field.shape[:2], np.bool_)
    root = np.sqrt(picture)
    shrink = max(1, min(high, wide) // 24)
    small = _downscale(root, shrink)
    used = np.zeros(small.shape[:2], np.float32)
    for row in range(rows):
        for column in range(columns):
            y = (np.arange(high) + row * step_y) % len(field)
            x = (np.arange(wide) + column * step_x) % field.shape[1]
            here = np.ix_(y, x)
            old, filled = field[here], known[here]
            at_y, at_x = _choose_patch(root, small, shrink, old, filled, periods, used, rng)
            # Recently used patches cost more, or the one patch that fits best would be everywhere.
            used *= np.float32(0.93)
            near_y, near_x = (slice(max(0, at // shrink - 6), at // shrink + 7) for at in (at_y, at_x))
            used[near_y, near_x] += 1
            patch = root[at_y : at_y + high, at_x : at_x + wide]
            error = ((patch - old) ** 2).sum(-1)
            new = np.ones((high, wide), np.bool_)
            if column > 0:
                new[:, :overlap_x] &= _min_error_cut(error[:, :overlap_x])
            if column == columns - 1:
                new[:, -overlap_x:] &= _min_error_cut(error[:, -overlap_x:][:, ::-1])[:, ::-1]
            if row > 0:
                new[:overlap_y] &= _min_error_cut(error[:overlap_y].T).T
            if row == rows - 1:
                new[-overlap_y:] &= _min_error_cut(error[-overlap_y:][::-1].T).T[::-1]
            share = np.where(filled, _soften_seam(new), np.float32(1))[..., None]
            field[here] = old + share * (patch - old)
            known[here] = True
    field *= field
    mean = picture.mean((0, 1), dtype=np.float64) / field.mean((0, 1), dtype=np.float64)
    return clamp_reflectance(field * mean.astype(np.float32))


def _downscale(picture: FloatImage, shrink: int) -> FloatImage:
    rows, columns = picture.shape[0] // shrink, picture.shape[1] // shrink
    cut = picture[: rows * shrink, : columns * shrink]
    small: FloatImage = cv2.resize(cut, (columns, rows), interpolation=cv2.INTER_AREA)
    return small


def _choose_patch(
    root: FloatImage,
    small: FloatImage,
    shrink: int,
    old: FloatImage,
    filled: npt.NDArray[np.bool_],
    periods: _Periods,
    used: FloatImage,
    rng: np.random.Generator,
) -> tuple[int, int]:
    """Row and column of a patch that fits what is already filled: one of the best few, at random."""
    last = (root.shape[0] - old.shape[0], root.shape[1] - old.shape[1])
    weight = cv2.merge([filled.astype(np.float32)] * 3)
    small_old, small_filled = (
        _downscale(old, shrink),
        np.ascontiguousarray(_downscale(weight, shrink) > 0.99, np.float32),
    )
    if filled.any():
        miss = np.maximum(cv2.matchTemplate(small, small_old, cv2.TM_SQDIFF, mask=small_filled), 0)
    else:
        miss = np.zeros((small.shape[0] - len(small_old) + 1, small.shape[1] - small_old.shape[1] + 1), np.float32)
    miss = (miss + 1e-3) * (1 + used[: miss.shape[0], : miss.shape[1]])
    down, along = (_is_whole_period(count, shrink, period) for count, period in zip(miss.shape, periods, strict=True))
    miss[~(down[:, None] & along[None, :])] = np.inf
    good = np.flatnonzero(miss <= 1.2 * miss.min() + 1e-6)
    pick = int(good[int(rng.integers(len(good)))])
    y, x = (min(shrink * at, most) for at, most in zip(divmod(pick, miss.shape[1]), last, strict=True))
    if not filled.any():
        return y, x
    y0, x0 = max(0, y - shrink), max(0, x - shrink)
    near = root[y0 : min(y + shrink, last[0]) + len(old), x0 : min(x + shrink, last[1]) + old.shape[1]]
    # Every other pixel is enough to compare.
    half_near, half_old, half_weight = (np.ascontiguousarray(each[::2, ::2]) for each in (near, old, weight))
    fine = cv2.matchTemplate(half_near, half_old, cv2.TM_SQDIFF, mask=half_weight)
    dy, dx = divmod(int(fine.argmin()), fine.shape[1])
    return min(y0 + 2 * dy, last[0]), min(x0 + 2 * dx, last[1])


def _is_whole_period(count: int, shrink: int, period: float | None) -> npt.NDArray[np.bool_]:
    """[count] whether each position of a reduced picture is about a whole number of periods from its start."""
    at = np.arange(count) * shrink
    if period is None:
        return np.ones(count, np.bool_)
    return np.asarray(np.abs(at - np.round(at / period) * period) <= 0.6 * shrink)


def swatch(hw: Hw, px_per_m: float, rng: np.random.Generator, *, picture: FloatImage, periods: _Periods) -> FloatImage:
    """[h, w, 3] reflectance: a prepared picture over a surface. See `Texture`."""
    picture_px_per_m = min(picture.shape[:2]) / SWATCH_M
    wanted = (math.ceil(side / px_per_m * picture_px_per_m / own) for side, own in zip(hw, picture.shape, strict=False))
    down, along = (min(max(times, 1), 3) for times in wanted)
    field = _quilt(picture, (down, along), periods, rng)
    scale = px_per_m / picture_px_per_m
    if scale < 1:
        rows, columns = (max(1, round(side * scale)) for side in field.shape[:2])
        field = cv2.resize(field, (columns, rows), interpolation=cv2.INTER_AREA)
        scale = 1.0
    start = rng.random(2) * field.shape[:2]
    field = np.pad(field, ((1, 1), (1, 1), (0, 0)), mode="wrap")
    rows, columns = field.shape[0] - 2, field.shape[1] - 2
    at_y = ((np.arange(hw[0], dtype=np.float64) / scale + start[0]) % rows + 1).astype(np.float32)
    at_x = ((np.arange(hw[1], dtype=np.float64) / scale + start[1]) % columns + 1).astype(np.float32)
    map_x, map_y = np.broadcast_to(at_x[None, :], hw), np.broadcast_to(at_y[:, None], hw)
    tiled = cv2.remap(field, np.ascontiguousarray(map_x), np.ascontiguousarray(map_y), cv2.INTER_LINEAR)
    return clamp_reflectance(tiled)
