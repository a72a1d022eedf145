"""The photo's own noise on what was painted: without it a painted wall looks cleaner than the photo round it."""

import math

import cv2
import numpy as np

from automask.editors.paint.tone import LUMA
from automask.types import FloatImage, Hard, Rgb

_CELL_PX = 16
_LEAST, _MOST = 0.8, 8.0  # levels: below, rounding hides it; above, it is a texture
_SPAN = 40.0  # levels of brightness within which noise counts as alike
_EVEN = 15  # percentile of cells that counts as even: the others may show a texture
_DEVIATIONS = 1.4826  # of a median absolute deviation


def add_grain(painted: Rgb, photo: Rgb, mask: Hard, *, seed: int) -> Rgb:
    """The painted picture with as much noise in the mask as even parts of the photo have that are as bright.

    What the old surface's noise left in the painting counts; only what is missing is added. A photo without noise is
    not changed, nor are pixels outside the mask.

    Args:
        painted: [h, w, 3] uint8.
        photo: [h, w, 3] uint8, the same part of the photo.
        mask: [h, w] bool.
        seed: Decides the noise.
    """
    bright, wanted = _noise_of(photo, np.ones_like(mask))
    if not len(bright) or float(np.median(wanted)) < _LEAST:
        return painted
    there_at, there = _noise_of(painted, mask)
    if not len(there_at):
        return painted
    level = float(np.median(there_at))
    alike = np.abs(bright - level) < _SPAN
    own = float(np.percentile(wanted[alike], _EVEN) if alike.sum() >= 8 else np.percentile(wanted, _EVEN))
    has = float(np.percentile(there, _EVEN))
    missing = math.sqrt(max(min(own, _MOST) ** 2 - has**2, 0.0))
    if missing < 0.5 * _LEAST:
        return painted
    rng = np.random.default_rng([seed, 0x6721])
    noise = rng.standard_normal(mask.shape, np.float32)
    noise = cv2.GaussianBlur(noise, (3, 3), 0.5)  # a camera's noise is not independent from pixel to pixel
    noise *= np.float32(missing / _noise_kept())
    out = painted.copy()
    grained = painted[mask].astype(np.float32) + noise[mask][:, None]
    out[mask] = np.clip(np.rint(grained), 0, 255).astype(np.uint8)
    return out


def _fine(picture: Rgb) -> tuple[FloatImage, FloatImage]:
    """[h, w] luma in levels, and [h, w] what a small blur takes from it."""
    luma = np.asarray(cv2.transform(picture, LUMA[None]), np.float32)
    return luma, luma - cv2.GaussianBlur(luma, (5, 5), 1.2)


def _noise_kept() -> float:
    """The deviation that `_fine` sees of noise with a deviation of 1 before the blur of 0.5 px."""
    noise = np.random.default_rng(0).standard_normal((128, 128), np.float32)
    noise = cv2.GaussianBlur(noise, (3, 3), 0.5)
    return float((noise - cv2.GaussianBlur(noise, (5, 5), 1.2)).std())


def _noise_of(picture: Rgb, mask: Hard) -> tuple[FloatImage, FloatImage]:
    """[n] brightness and [n] deviation of the fine part, of the cells that are whole in a mask, no clipped ones."""
    luma, fine = _fine(picture)
    rows, columns = (side // _CELL_PX for side in mask.shape)
    if not rows or not columns:
        nothing = np.zeros(0, np.float32)
        return nothing, nothing

    def cells(plane: FloatImage) -> FloatImage:
        cut = plane[: rows * _CELL_PX, : columns * _CELL_PX]
        tiled = cut.reshape(rows, _CELL_PX, columns, _CELL_PX).swapaxes(1, 2)
        return np.asarray(tiled.reshape(rows * columns, -1), np.float32)

    whole = cells(mask.astype(np.float32)).min(1) > 0
    bright = cells(luma)[whole].mean(1)
    deviation = _DEVIATIONS * np.median(np.abs(cells(fine)[whole]), axis=1)
    good = (bright > 8) & (bright < 245)
    return bright[good].astype(np.float32), deviation[good].astype(np.float32)
