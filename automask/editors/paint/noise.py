"""Smooth noise and what textures are put together from."""

import math

import cv2
import numpy as np
import numpy.typing as npt

from automask.editors.paint.look import Hw, Plane, Triple


def _noise(hw: Hw, cells_hw: tuple[float, float], rng: np.random.Generator) -> Plane:
    """Smooth noise, about -1..1, with `cells_hw` random cells over the picture."""
    rows, columns = (max(1, math.ceil(cells)) + 4 for cells in cells_hw)
    lattice = rng.standard_normal((rows, columns)).astype(np.float32)
    # The affine warp, not resize: cells need not divide the picture, and its cubic is exact on a coarse lattice.
    matrix = np.array([[cells_hw[1] / hw[1], 0, 1.5], [0, cells_hw[0] / hw[0], 1.5]], np.float64)
    coarse_hw = tuple(min(side, max(48, 5 * (cells + 1))) for side, cells in zip(hw, (rows, columns), strict=True))
    y = (np.arange(coarse_hw[0], dtype=np.float64) + 0.5) * (hw[0] / coarse_hw[0]) * matrix[1, 1] + 1.0
    x = (np.arange(coarse_hw[1], dtype=np.float64) + 0.5) * (hw[1] / coarse_hw[1]) * matrix[0, 0] + 1.0
    field = np.ascontiguousarray(_splined(_splined(lattice, y).T, x).T)
    if coarse_hw != hw:
        field = cv2.resize(field, (hw[1], hw[0]), interpolation=cv2.INTER_CUBIC)
    return field


def _splined(lattice: Plane, at: npt.NDArray[np.float64]) -> Plane:
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
    hw: Hw, cells_hw: tuple[float, float], rng: np.random.Generator, *, octaves: int, gain: float = 0.5
) -> Plane:
    """Sum of octaves of noise, each twice as fine; standard deviation near 1."""
    out = np.zeros(hw, np.float32)
    amplitude, power = 1.0, 0.0
    for octave in range(octaves):
        cells = (cells_hw[0] * 2**octave, cells_hw[1] * 2**octave)
        if max(cells[0] / hw[0], cells[1] / hw[1]) > 0.5:
            break  # finer than two pixels: only aliasing
        out += np.float32(amplitude) * _noise(hw, cells, rng)
        power += amplitude**2
        amplitude *= gain
    return out / np.float32(math.sqrt(max(power, 1e-6)))


def warp(plane: Plane, by_x: Plane, by_y: Plane) -> Plane:
    """The plane with each pixel taken from `by_x`, `by_y` pixels away."""
    rows, columns = plane.shape[:2]
    at_x = np.arange(columns, dtype=np.float32)[None, :] + by_x
    at_y = np.arange(rows, dtype=np.float32)[:, None] + by_y
    moved: Plane = cv2.remap(plane, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    return moved


def smoothstep(plane: Plane, low: float, high: float) -> Plane:
    """0 below `low`, 1 above `high`, smooth between."""
    t: Plane = np.clip((plane - np.float32(low)) * np.float32(1 / (high - low)), 0, 1)
    return t * t * (3 - 2 * t)


def blend(under: Triple | Plane, colour: Triple, share: Plane, gain: Plane | None = None) -> Plane:
    """[h, w, 3] a colour over another, or over a picture, and that times a gain; by planes, which is twice as fast."""
    below = [np.float32(level) for level in under] if isinstance(under, tuple) else cv2.split(under)
    planes = [each + share * (np.float32(level) - each) for each, level in zip(below, colour, strict=True)]
    blended: Plane = cv2.merge(planes if gain is None else [plane * gain for plane in planes])
    return blended


def soft(plane: Plane, sigma: float) -> Plane:
    """A wide Gaussian blur, made on a reduced picture."""
    shrink = max(1, int(sigma / 3))
    hw = plane.shape
    small = cv2.resize(plane, (max(1, hw[1] // shrink), max(1, hw[0] // shrink)), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), max(0.3, sigma / shrink))
    soft: Plane = cv2.resize(small, (hw[1], hw[0]), interpolation=cv2.INTER_CUBIC)
    return soft
