"""Smooth noise, and the functions that textures are made of."""

import math

import cv2
import numpy as np
import numpy.typing as npt

from automask.editors.paint.look import Triple
from automask.types import FloatImage, Hw


def visibility(size_m: float, px_per_m: float) -> float:
    """How much of a feature of that size the picture can show: 0 at a pixel or so, 1 from three pixels up."""
    t = min(max((size_m * px_per_m - 1.2) / 2, 0.0), 1.0)
    return t * t * (3 - 2 * t)


def _noise(hw: Hw, cells_hw: tuple[float, float], rng: np.random.Generator) -> FloatImage:
    """Smooth noise, standard deviation about 1.7, with `cells_hw` random cells over the picture."""
    rows, columns = (max(1, math.ceil(cells)) + 4 for cells in cells_hw)
    lattice = rng.standard_normal((rows, columns), np.float32)
    cell_hw = (hw[0] / cells_hw[0], hw[1] / cells_hw[1])
    if max(cell_hw) < 8:
        # The kernel is invisible on a fine lattice: the plain cubic is four times as fast.
        wh = (round(columns * cell_hw[1]), round(rows * cell_hw[0]))
        field: FloatImage = cv2.resize(lattice, wh, interpolation=cv2.INTER_CUBIC)
        # The spread is the splines', 1.7, at eight pixels a cell, and halves towards three: what a pixel averages away.
        gain = 1 + min(max((max(cell_hw) - 3) / 5, 0.0), 1.0)
        return np.ascontiguousarray(field[: hw[0], : hw[1]]) * np.float32(gain)
    y, x = (
        (np.arange(coarse, dtype=np.float64) + 0.5) * (cells / coarse) + 1.0
        for coarse, cells in zip(_coarse_hw(hw, rows, columns), cells_hw, strict=True)
    )
    field = np.ascontiguousarray(_spline_rows(_spline_rows(lattice, y).T, x).T)
    if field.shape != hw:
        field = cv2.resize(field, (hw[1], hw[0]), interpolation=cv2.INTER_CUBIC)
    return field


def _coarse_hw(hw: Hw, rows: int, columns: int) -> Hw:
    return min(hw[0], max(48, 5 * (rows + 1))), min(hw[1], max(48, 5 * (columns + 1)))


def _spline_rows(lattice: FloatImage, at: npt.NDArray[np.float64]) -> FloatImage:
    """Rows of a lattice at positions `at` between them, by the uniform cubic B-spline: [len(at), columns].

    Four taken rows a row: a matrix of the weights, nearly all 0, would be most of a marble's time.
    """
    lattice = np.ascontiguousarray(lattice)
    base = np.floor(at).astype(np.int64)
    t = at - base
    weights = np.stack([(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3]) / 6
    out = np.zeros((len(at), lattice.shape[1]), np.float32)
    for k in range(4):
        rows = np.take(lattice, np.clip(base + k - 1, 0, len(lattice) - 1), axis=0)
        rows *= (weights[k] * 1.9).astype(np.float32)[:, None]
        out += rows
    return out


def fractal(
    hw: Hw,
    px_per_m: float,
    per_m: float | tuple[float, float],
    rng: np.random.Generator,
    *,
    octaves: int,
    gain: float = 0.5,
) -> FloatImage:
    """Sum of octaves of noise, each twice as fine; standard deviation about 1.7 where the picture can show them all.

    Args:
        hw: Size in px.
        px_per_m: Scale. Octaves too fine for it fade out, and the others are the same at any scale.
        per_m: Cells of the first octave in a metre, down and along; one number for both.
        rng: One number is taken from it, so that what is drawn later does not depend on what this picture can show.
        octaves: How many.
        gain: Amplitude of each octave relative to the one before.
    """
    own = np.random.default_rng(int(rng.integers(2**63)))
    down, along = per_m if isinstance(per_m, tuple) else (per_m, per_m)
    out = np.zeros(hw, np.float32)
    amplitude, power = 1.0, 0.0
    for octave in range(octaves):
        share = amplitude * visibility(0.9 / (max(down, along) * 2**octave), px_per_m)
        if share > 0:
            cells = (hw[0] / px_per_m * down * 2**octave, hw[1] / px_per_m * along * 2**octave)
            out += np.float32(share) * _noise(hw, cells, own)
        power += amplitude**2
        amplitude *= gain
    out *= np.float32(1 / math.sqrt(power))
    return out


def warp(plane: FloatImage, by_x: FloatImage, by_y: FloatImage) -> FloatImage:
    """The plane with each pixel taken from `by_x`, `by_y` pixels away."""
    rows, columns = plane.shape[:2]
    at_x = np.arange(columns, dtype=np.float32)[None, :] + by_x
    at_y = np.arange(rows, dtype=np.float32)[:, None] + by_y
    moved: FloatImage = cv2.remap(plane, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    return moved


def smoothstep(plane: FloatImage, low: float, high: float) -> FloatImage:
    """0 below `low`, 1 above `high`, smooth between."""
    t: FloatImage = np.clip((plane - np.float32(low)) * np.float32(1 / (high - low)), 0, 1)
    return t * t * (3 - 2 * t)


def line_coverage(distance: FloatImage, half_m: float, px_per_m: float) -> FloatImage:
    """[h, w] in 0..1: the share of each pixel that a line covers, of its distance in metres from the line's middle.

    A joint thinner than a pixel is drawn paler, not a pixel wide, which would give boards and grout ruled lines.
    """
    half = half_m * px_per_m
    cover: FloatImage = np.clip(np.float32(half + 0.5) - distance * np.float32(px_per_m), 0, min(1.0, 2 * half))
    return cover


def blend(under: Triple | FloatImage, colour: Triple, share: FloatImage, gain: FloatImage | None = None) -> FloatImage:
    """[h, w, 3] a colour over another, or over a picture, times a gain; plane by plane, which is twice as fast."""
    below = [np.float32(level) for level in under] if isinstance(under, tuple) else cv2.split(under)
    planes = [each + share * (np.float32(level) - each) for each, level in zip(below, colour, strict=True)]
    blended: FloatImage = cv2.merge(planes if gain is None else [plane * gain for plane in planes])
    return blended


def modulate(colour: Triple, gain: FloatImage) -> FloatImage:
    """[h, w, 3] a colour times a gain, clamped as in `clamp_reflectance`."""
    tone: FloatImage = cv2.merge([np.float32(level) * gain for level in colour])
    return clamp_reflectance(tone)


def clamp_reflectance(picture: FloatImage) -> FloatImage:
    """The picture clamped in place to what surfaces reflect: 0.004 (soot) to 0.9 (fresh snow)."""
    return np.clip(picture, np.float32(0.004), np.float32(0.9), out=picture)


def mean_colour(*parts: tuple[Triple, float]) -> Triple:
    """The weighted mean of colours; the weights need not add up to 1."""
    total = sum(share for _, share in parts)
    red, green, blue = (sum(colour[c] * share for colour, share in parts) / total for c in range(3))
    return red, green, blue


def wide_blur(plane: FloatImage, sigma: float) -> FloatImage:
    """A wide Gaussian blur, computed on a reduced picture."""
    shrink = max(1, int(sigma / 3))
    hw = plane.shape
    small = cv2.resize(plane, (max(1, hw[1] // shrink), max(1, hw[0] // shrink)), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), max(0.3, sigma / shrink))
    soft: FloatImage = cv2.resize(small, (hw[1], hw[0]), interpolation=cv2.INTER_CUBIC)
    return soft
