"""Corrects a painted crop before it is composited over the photo. Pure functions over arrays.

A generative editor returns its crop with small errors: its autoencoder shifts colours, lowers contrast and blurs, and a
crop that was painted at a reduced size lacks the photo's detail. All of this can be measured in the surroundings of the
mask: there the photo is known, and any difference is the editor's error, not its intent.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from automask.masking.boxes import grow, tight_box
from automask.types import FloatImage, Hard, Rgb

RING_PX = 32
"""The ring that is compared reaches this far from the mask, in px of the photo (farther on large crops)."""

LIMIT = 32.0
"""An editor's error is small: a pixel that differs by more levels than this was painted on purpose."""

_MIN_SIMILAR_FRAC = 0.6
"""If less than this share of the ring differs by at most LIMIT, the editor did not paint the surroundings at all."""

_GAIN_PRIOR = 8.0
"""In levels. Shrinks the gain towards 1: by half where the tones of the ring have this standard deviation."""

_BLURS_PX = (0.6, 0.85, 1.2, 1.7, 2.4, 3.4, 4.8)
"""Candidates for the standard deviation of an editor's blur; the best is then refined between its neighbours."""

_WORK_PX = 256
"""The colour correction is smooth: it is computed on a crop of at most this long side."""

_DETAIL_RADIUS_PX = 2
_DETAIL_NOISE = 1.0
"""Window and noise, in levels, of the local fit in `restore_detail`; docs/guide/diffusion.md compares other values."""


def correct_drift(painted: Rgb, photo: Rgb, seen: Rgb, hard: Hard, *, spill_px: float = 0.0) -> Rgb:
    """The painted crop with the editor's own errors corrected, so that it meets the photo without an edge.

    In a ring around the mask the crop is compared with what the editor was shown. A gain and an offset for each
    channel, and the remaining difference as a smooth field carried inwards, undo its shift of colour; `restore_detail`
    undoes its blur and restores what was lost by painting at a reduced size. If the ring already matches, nothing is
    changed; if it does not resemble the photo, colours are not corrected.

    This is for editors that mean to keep their surroundings, and say so by `keeps_surroundings`: for one that darkens
    its whole crop on purpose it would undo the work.

    Args:
        painted: [h, w, 3] uint8: the editor's output, at the crop's place and size in the photo.
        photo: [h, w, 3] uint8: that part of the photo.
        seen: [h, w, 3] uint8: the editor's input, resized back like `painted`: equal to `photo` at scale 1.
        hard: [h, w] bool: the pixels to repaint.
        spill_px: The editor also repaints up to this far outside `hard`: that part of the ring is not compared.

    Returns:
        [h, w, 3] uint8; only pixels of `hard` and its ring are meaningful. `painted` itself if nothing was lost.

    Source: carrying the difference at the border inwards: Perez, Gangnet, Blake, "Poisson Image Editing" (2003); the
        smooth interpolation: Gortler et al., "The Lumigraph" (1996), section 3.4 (pull-push).
    """
    around = tight_box(hard)
    if around is None:
        return painted
    reach_px = int(spill_px + max(RING_PX, 0.1 * min(around.width, around.height)) + 0.5)
    near = grow(around, reach_px + 1, (hard.shape[0], hard.shape[1]))
    part, shown = np.ascontiguousarray(painted[near.slices]), np.ascontiguousarray(seen[near.slices])
    inside = np.ascontiguousarray(hard[near.slices])
    error = _error_of_editor(part, shown, inside, reach_px, spill_px)
    truth = photo[near.slices]
    if error is None and np.array_equal(shown, truth):
        return painted
    corrected = part.astype(np.float32)
    blurred = shown.astype(np.float32)
    if error is not None:
        corrected += error.colour
        if error.blur_px:
            blurred = cv2.GaussianBlur(blurred, (0, 0), error.blur_px)
    corrected = restore_detail(corrected, truth, np.asarray(blurred, dtype=np.float32))
    result = painted.copy()
    result[near.slices] = np.clip(np.rint(corrected), 0, 255).astype(np.uint8)
    return result


def restore_detail(painted: FloatImage, photo: Rgb, blurred: FloatImage) -> FloatImage:
    """The painted crop with the photo's fine detail, in proportion to how well both textures correlate.

    Around each pixel and for each channel a straight line from the blurred photo to the painted crop is fitted. Its
    slope, times the share of the variance that it explains, is how much of the photo's detail is added: all of it where
    the photo was only dimmed, none where a new material covers it.

    Args:
        painted: [h, w, 3] float32 in levels, with the softness of `blurred`.
        photo: [h, w, 3] uint8.
        blurred: [h, w, 3] float32: the photo with the same softness.

    Returns:
        [h, w, 3] float32 in levels, not clipped.

    Source: the local linear model is that of He, Sun, Tang, "Guided Image Filtering" (2013); weighing by the explained
        variance is our own.
    """
    detail = photo.astype(np.float32) - blurred
    if not detail.any():
        return painted
    side = (2 * _DETAIL_RADIUS_PX + 1,) * 2

    def mean(array: FloatImage) -> FloatImage:
        return np.asarray(cv2.boxFilter(array, -1, side, borderType=cv2.BORDER_REFLECT), dtype=np.float32)

    mean_blurred, mean_painted = mean(blurred), mean(painted)
    covariance = mean(blurred * painted) - mean_blurred * mean_painted
    spread = mean(blurred * blurred) - mean_blurred**2 + _DETAIL_NOISE**2
    spread_painted = mean(painted * painted) - mean_painted**2 + _DETAIL_NOISE**2
    explained = np.clip(covariance**2 / (spread * spread_painted), 0.0, 1.0)
    slope = mean(np.asarray(covariance / spread * explained, dtype=np.float32))
    return np.asarray(painted + np.clip(slope, 0.0, 1.5) * detail, dtype=np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class _Error:
    """The error of an editor over its whole crop.

    Args:
        colour: [h, w, 3] float32 in levels, to be added.
        blur_px: Standard deviation of its blur; 0 for none.
    """

    colour: FloatImage
    blur_px: float


def _error_of_editor(painted: Rgb, shown: Rgb, hard: Hard, reach_px: int, spill_px: float) -> _Error | None:
    """The error seen in the ring; None if the ring already matches, or does not resemble what was shown."""
    away = cv2.distanceTransform((~hard).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
    ring = (away > spill_px) & (away <= reach_px)
    if not ring.any() or not np.any((painted != shown)[ring]):
        return None
    blur_px = _blur_px(painted, shown, ring)
    truth = cv2.GaussianBlur(shown, (0, 0), blur_px) if blur_px else shown
    height, width = hard.shape
    scale = min(1.0, _WORK_PX / max(height, width))
    size_wh = (max(round(width * scale), 1), max(round(height * scale), 1))
    before, after, weights = (_shrunk(array, size_wh) for array in (truth, painted, ring))
    sigma = max(2.0, RING_PX * scale / 8)
    similar = np.abs(_smooth(before - after, weights, sigma)).max(axis=2) <= LIMIT
    if (weights * similar).sum() < _MIN_SIMILAR_FRAC * weights.sum():
        return None
    weights = np.asarray(weights * similar, dtype=np.float32)
    gain, offset = _tone(after, before, weights)
    left = _pull_push(_smooth(before - (after * gain + offset), weights, sigma), weights)
    # Gain and offset are applied at full size: only the smooth remainder is scaled up.
    smooth = cv2.resize(left, (width, height), interpolation=cv2.INTER_LINEAR)
    colour = np.clip(painted.astype(np.float32) * (gain - 1.0) + offset + smooth, -LIMIT, LIMIT)
    return _Error(np.asarray(colour, dtype=np.float32), blur_px)


def _blur_px(painted: Rgb, shown: Rgb, ring: Hard) -> float:
    """Standard deviation of the blur that best explains the painted ring, whatever its tones; 0 if none does."""
    grey = cv2.cvtColor(shown, cv2.COLOR_RGB2GRAY).astype(np.float32)
    given = cv2.cvtColor(painted, cv2.COLOR_RGB2GRAY).astype(np.float32)[ring]

    def unexplained(picture: FloatImage) -> float:
        """Share of the painted ring's variance that a linear fit on the picture leaves unexplained."""
        here = picture[ring]
        centred, other = here - here.mean(), given - given.mean()
        both, own, all_of = (float(np.dot(a, b)) for a, b in ((centred, other), (centred, centred), (other, other)))
        return 1.0 - both * both / max(own * all_of, 1e-9)

    tries = {
        0.0: unexplained(grey),
        **{sigma: unexplained(cv2.GaussianBlur(grey, (0, 0), sigma)) for sigma in _BLURS_PX},
    }
    best = min(tries, key=lambda sigma: tries[sigma])
    if best:
        between = [best * factor for factor in (0.84, 0.92, 1.09, 1.19)]
        tries |= {sigma: unexplained(cv2.GaussianBlur(grey, (0, 0), sigma)) for sigma in between}
        best = min(tries, key=lambda sigma: tries[sigma])
    # A real blur halves what is unexplained; less than that is chance.
    return best if tries[best] < 0.5 * tries[0.0] else 0.0


def _shrunk(array: npt.NDArray[np.generic], size_wh: tuple[int, int]) -> FloatImage:
    plain = array.astype(np.float32)
    if (plain.shape[1], plain.shape[0]) == size_wh:
        return plain
    return np.asarray(cv2.resize(plain, size_wh, interpolation=cv2.INTER_AREA), dtype=np.float32)


def _smooth(field: FloatImage, weights: FloatImage, sigma: float) -> FloatImage:
    """The weighted mean of the field over its neighbourhood; 0 where no weight is near."""
    total = cv2.GaussianBlur(weights, (0, 0), sigma, borderType=cv2.BORDER_CONSTANT)[..., None]
    mean = cv2.GaussianBlur(field * weights[..., None], (0, 0), sigma, borderType=cv2.BORDER_CONSTANT)
    return np.asarray(np.where(total > 1e-4, mean / np.maximum(total, 1e-4), 0.0), dtype=np.float32)


def _tone(after: FloatImage, before: FloatImage, weights: FloatImage) -> tuple[FloatImage, FloatImage]:
    """Gain and offset of each channel, [3] float32, by weighted least squares; the gain is shrunk towards 1."""
    counts = weights > 0
    share = weights[counts] / weights.sum()
    inside_after, inside_before = after[counts], before[counts]
    mean_after, mean_before = share @ inside_after, share @ inside_before
    spread = inside_after - mean_after
    slope = share @ ((inside_before - mean_before - spread) * spread)
    variance = share @ spread**2
    gain = 1.0 + np.clip(slope / (variance + _GAIN_PRIOR**2), -0.25, 0.25)
    return gain.astype(np.float32), (mean_before - gain * mean_after).astype(np.float32)


def _pull_push(field: FloatImage, weights: FloatImage) -> FloatImage:
    """The field where it has weight, extended smoothly to where it has none.

    Averages over ever larger squares (pull), then fills each empty pixel from the next coarser level (push).
    """
    height, width = weights.shape
    share = np.minimum(weights, 1.0)[..., None]
    if min(height, width) <= 2:
        mean = (field * share).sum(axis=(0, 1)) / max(float(share.sum()), 1e-6)
        return np.asarray(field * share + mean * (1.0 - share), dtype=np.float32)
    half = ((width + 1) // 2, (height + 1) // 2)
    weight = cv2.resize(share, half, interpolation=cv2.INTER_AREA)
    mean = cv2.resize(field * share, half, interpolation=cv2.INTER_AREA) / np.maximum(weight, 1e-6)[..., None]
    coarse = _pull_push(np.asarray(mean, dtype=np.float32), np.asarray(np.minimum(4.0 * weight, 1.0), dtype=np.float32))
    filled = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(field * share + filled * (1.0 - share), dtype=np.float32)
