"""The photo's own noise on what was painted: without it a painted wall looks cleaner than the photo round it."""

import math

import cv2
import numpy as np

from automask.editors.paint.tone import LUMA
from automask.images.colour import copy_where
from automask.images.filters import guided
from automask.types import FloatImage, Hard, Rgb

_CELL_PX = 16
_LEAST, _MOST = 0.8, 8.0  # levels: below, rounding hides it; above, it is a texture
_SPAN = 40.0  # levels of brightness within which noise counts as alike
_EVEN = 15  # percentile of cells that counts as even: the others may show a texture
_DEVIATIONS = 1.4826  # of a median absolute deviation
_CELLS = 8000  # of a large photo no more are looked at, in rows spread evenly
_ROWS = 64  # noise is added so many rows at a time: no plane of the whole photo is made
_HALO_PX = 2  # of the blur
_DARK = (60.0, 110.0)  # levels: below the first, noise is calmed before light is read, from the second on it is not
_CALM, _CALM_PX = 3.0, 3  # deviations of noise that are no edge, and the window's radius
_CALM_ROWS = 256


def add_grain(painted: Rgb, photo: Rgb, mask: Hard, *, seed: int) -> None:
    """Adds as much noise to the painted picture, in the mask, as even parts of the photo have that are as bright.

    What the old surface's noise left in the painting counts; only what is missing is added. A photo without noise is
    not changed, nor are pixels outside the mask.

    Args:
        painted: [h, w, 3] uint8; changed in place.
        photo: [h, w, 3] uint8, the same part of the photo.
        mask: [h, w] bool.
        seed: Decides the noise.
    """
    missing = _missing(painted, photo, mask)
    if missing < 0.5 * _LEAST:
        return
    rng = np.random.default_rng([seed, 0x6721])
    scale = np.float32(missing / _noise_kept())
    for start in range(0, len(mask), _ROWS):
        rows, inside = painted[start : start + _ROWS], mask[start : start + _ROWS]
        noise = rng.standard_normal(inside.shape, np.float32)
        if not inside.any():
            continue
        noise = cv2.GaussianBlur(noise, (3, 3), 0.5)  # a camera's noise is not independent from pixel to pixel
        # Rounded and clipped by OpenCV; picking the pixels of the mask first takes NumPy longer than noise for all.
        grained = cv2.add(rows, cv2.merge([noise * scale] * 3), dtype=cv2.CV_8U)
        copy_where(rows, grained, inside)


def calm_darks(part: Rgb, photo: Rgb, mask: Hard) -> Rgb:
    """[h, w, 3] uint8 a part of a photo with less noise in its dark parts; itself where they have none.

    In the dark one level is much light: what was noise on a black front showed twice as much on it in sage.

    Args:
        part: [h, w, 3] uint8.
        photo: [H, W, 3] uint8, the whole photo: its even parts say how much is noise.
        mask: [h, w] bool, the surface that is read.
    """
    bright, there = _noise_of(part, mask)
    if not len(bright) or float(np.median(bright)) > _DARK[1]:
        return part
    everywhere = _noise_of(photo, None)[1]
    if not len(everywhere):
        return part  # all that is seen of it is black or white
    noise = min(float(np.percentile(there, _EVEN)), float(np.percentile(everywhere, _EVEN)))
    if noise < 0.5 * _LEAST:
        return part
    out = part.copy()
    halo = 2 * _CALM_PX
    for start in range(0, len(part), _CALM_ROWS):
        above = min(start, halo)
        luma = np.asarray(cv2.transform(part[start - above : start + _CALM_ROWS + halo], LUMA[None]), np.float32)
        smooth = guided(luma, luma, np.ones_like(luma), _CALM_PX, (_CALM * noise) ** 2)
        share = np.clip((_DARK[1] - smooth) * np.float32(1 / (_DARK[1] - _DARK[0])), 0, 1)
        less = (share * (smooth - luma))[above : above + _CALM_ROWS]
        rows = slice(start, start + _CALM_ROWS)
        out[rows] = cv2.add(part[rows], cv2.merge([less] * 3), dtype=cv2.CV_8U)
    return out


def _missing(painted: Rgb, photo: Rgb, mask: Hard) -> float:
    """The deviation of the noise that the painting lacks, in levels."""
    bright, wanted = _noise_of(photo, None)
    if not len(bright) or float(np.median(wanted)) < _LEAST:
        return 0.0
    there_at, there = _noise_of(painted, mask)
    if not len(there_at):
        return 0.0
    alike = np.abs(bright - float(np.median(there_at))) < _SPAN
    own = float(np.percentile(wanted[alike], _EVEN) if alike.sum() >= 8 else np.percentile(wanted, _EVEN))
    has = float(np.percentile(there, _EVEN))
    return math.sqrt(max(min(own, _MOST) ** 2 - has**2, 0.0))


def _fine(picture: Rgb) -> tuple[FloatImage, FloatImage]:
    """[h, w] luma in levels, and [h, w] what a small blur takes from it."""
    luma = np.asarray(cv2.transform(picture, LUMA[None]), np.float32)
    return luma, luma - cv2.GaussianBlur(luma, (5, 5), 1.2)


def _noise_kept() -> float:
    """The deviation that `_fine` sees of noise with a deviation of 1 before the blur of 0.5 px."""
    noise = np.random.default_rng(0).standard_normal((128, 128), np.float32)
    noise = cv2.GaussianBlur(noise, (3, 3), 0.5)
    return float((noise - cv2.GaussianBlur(noise, (5, 5), 1.2)).std())


def _noise_of(picture: Rgb, mask: Hard | None) -> tuple[FloatImage, FloatImage]:
    """[n] brightness and [n] deviation of the fine part, of cells that are whole in a mask, no clipped ones.

    Args:
        picture: [h, w, 3] uint8.
        mask: [h, w] bool; None for all of it.
    """
    rows, columns = (side // _CELL_PX for side in picture.shape[:2])
    width = columns * _CELL_PX
    found: list[tuple[FloatImage, FloatImage]] = []
    for row in range(0, rows if columns else 0, math.ceil(rows * columns / _CELLS) or 1):
        top = row * _CELL_PX
        whole: Hard = np.ones(columns, np.bool_)
        if mask is not None:
            within = mask[top : top + _CELL_PX, :width].reshape(_CELL_PX, columns, _CELL_PX)
            whole = np.asarray(within.all(axis=(0, 2)), np.bool_)
        if not whole.any():
            continue
        above = min(top, _HALO_PX)
        luma, fine = _fine(picture[top - above : top + _CELL_PX + _HALO_PX, : width + _HALO_PX])
        bright, spread = (_cells(plane[above : above + _CELL_PX, :width])[whole] for plane in (luma, fine))
        found.append((bright.mean(1), np.float32(_DEVIATIONS) * np.median(np.abs(spread), axis=1)))
    if not found:
        nothing = np.zeros(0, np.float32)
        return nothing, nothing
    bright, deviation = (np.concatenate(some) for some in zip(*found, strict=True))
    good = (bright > 8) & (bright < 245)
    return bright[good], deviation[good]


def _cells(row: FloatImage) -> FloatImage:
    """[cells, pixels] of a row of cells."""
    cells: FloatImage = row.reshape(_CELL_PX, -1, _CELL_PX).swapaxes(0, 1).reshape(row.shape[1] // _CELL_PX, -1)
    return cells
