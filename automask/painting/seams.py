"""What is done to a painted crop before it is laid over the photo. Pure functions over arrays.

A generative editor gives its crop back a little off: its autoencoder shifts colours, washes contrast out and blurs, and
a crop that was painted small lacks the photo's detail. All of this can be told from the surroundings of the mask: there
the photo is known, and what the painted crop differs by is the editor's error, not its intent.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from automask.masking.boxes import grow, tight_box
from automask.types import Hard, Rgb

_Field = npt.NDArray[np.float32]

RING_PX = 32
"""The surroundings that are compared reach this far from the mask, in px of the photo (farther on large crops)."""

LIMIT = 32.0
"""An editor's error is small: what differs by more levels than this was painted on purpose."""

_RESEMBLES = 0.6
"""At least this share of the ring must lie within LIMIT, or the editor did not paint the surroundings at all."""

_GAIN_PRIOR = 8.0
"""Levels: a ring whose tones spread by this much is half trusted to tell a loss of contrast from a shift."""

_BLURS_PX = (0.6, 0.85, 1.2, 1.7, 2.4, 3.4, 4.8)
"""Standard deviations that an editor's blur is looked for among, and then between."""

_WORK_PX = 256
"""The colour correction is smooth: it is computed on a crop of at most this long side."""

_DETAIL_RADIUS_PX = 2
_DETAIL_NOISE = 1.0
"""Window and levels of noise of the local fit in `restore_detail`; docs/diffusion.md has the figures of others."""


def correct_drift(painted: Rgb, photo: Rgb, seen: Rgb, hard: Hard, *, spill_px: float = 0.0) -> Rgb:
    """The painted crop with the editor's own errors taken out, so that it meets the photo without an edge.

    In a ring around the mask the crop is compared with what the editor was shown. One gain and offset for each channel,
    then what is left as a smooth field carried inwards, undo its shift of colour; its blur, and what was lost by
    painting small, is given back by `restore_detail`. A ring that is equal already asks for nothing, and one that is no
    likeness of the photo says nothing.

    This is for editors that mean to leave their surroundings as they were, and say so by `keeps_surroundings`: one that
    darkens its whole crop on purpose would find its work undone.

    Args:
        painted: [h, w, 3] uint8: what the editor gave, at the crop's place and size in the photo.
        photo: [h, w, 3] uint8: that part of the photo.
        seen: [h, w, 3] uint8: the photo as the editor saw it, brought back like `painted`: equal at scale 1.
        hard: [h, w] bool: what was to be repainted.
        spill_px: The editor repaints this much beyond `hard`: so much of the ring is not compared.

    Returns:
        [h, w, 3] uint8; only pixels of `hard` and its ring mean anything. `painted` itself where nothing was lost.

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
    mended = part.astype(np.float32)
    blurred = shown.astype(np.float32)
    if error is not None:
        mended += error.colour
        if error.blur_px:
            blurred = cv2.GaussianBlur(blurred, (0, 0), error.blur_px)
    mended = restore_detail(mended, truth, np.asarray(blurred, dtype=np.float32))
    result = painted.copy()
    result[near.slices] = np.clip(np.rint(mended), 0, 255).astype(np.uint8)
    return result


def restore_detail(painted: _Field, photo: Rgb, blurred: _Field) -> _Field:
    """The painted crop with the photo's fine detail, as far as what was painted goes along with the photo.

    Around each pixel and for each channel a straight line from the blurred photo to the painted crop is fitted. Its
    slope, times the share of the variance that it explains, is how much of the photo's detail comes back: all of it
    where the photo was merely dimmed, none where a new material runs across it.

    Args:
        painted: [h, w, 3] float32 in levels, as soft as `blurred`.
        photo: [h, w, 3] uint8.
        blurred: [h, w, 3] float32: the photo with the same softness.

    Returns:
        [h, w, 3] float32 in levels, not clipped.

    Source: the local linear model is that of He, Sun, Tang, "Guided Image Filtering" (2013); weighing by the explained
        variance is ours.
    """
    detail = photo.astype(np.float32) - blurred
    if not detail.any():
        return painted
    side = (2 * _DETAIL_RADIUS_PX + 1,) * 2

    def mean(array: _Field) -> _Field:
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
    """What an editor did to its whole crop.

    Args:
        colour: [h, w, 3] float32 levels, to be added.
        blur_px: Standard deviation of its blur; 0 for none.
    """

    colour: _Field
    blur_px: float


def _error_of_editor(painted: Rgb, shown: Rgb, hard: Hard, reach_px: int, spill_px: float) -> _Error | None:
    """None where the ring is equal already, or is no likeness of what was shown."""
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
    alike = np.abs(_smooth(before - after, weights, sigma)).max(axis=2) <= LIMIT
    if (weights * alike).sum() < _RESEMBLES * weights.sum():
        return None
    weights = np.asarray(weights * alike, dtype=np.float32)
    gain, offset = _tone(after, before, weights)
    left = _pull_push(_smooth(before - (after * gain + offset), weights, sigma), weights)
    # Gain and offset are applied at full size: only the smooth rest is scaled up.
    smooth = cv2.resize(left, (width, height), interpolation=cv2.INTER_LINEAR)
    colour = np.clip(painted.astype(np.float32) * (gain - 1.0) + offset + smooth, -LIMIT, LIMIT)
    return _Error(np.asarray(colour, dtype=np.float32), blur_px)


def _blur_px(painted: Rgb, shown: Rgb, ring: Hard) -> float:
    """The blur that makes what was shown most like what came back, whatever their tones; 0 where none helps."""
    grey = cv2.cvtColor(shown, cv2.COLOR_RGB2GRAY).astype(np.float32)
    given = cv2.cvtColor(painted, cv2.COLOR_RGB2GRAY).astype(np.float32)[ring]

    def unlike(picture: _Field) -> float:
        """Share of the variance of what came back that a straight line from the picture leaves unexplained."""
        here = picture[ring]
        centred, other = here - here.mean(), given - given.mean()
        both, own, all_of = (float(np.dot(a, b)) for a, b in ((centred, other), (centred, centred), (other, other)))
        return 1.0 - both * both / max(own * all_of, 1e-9)

    tries = {0.0: unlike(grey), **{sigma: unlike(cv2.GaussianBlur(grey, (0, 0), sigma)) for sigma in _BLURS_PX}}
    best = min(tries, key=lambda sigma: tries[sigma])
    if best:
        between = [best * factor for factor in (0.84, 0.92, 1.09, 1.19)]
        tries |= {sigma: unlike(cv2.GaussianBlur(grey, (0, 0), sigma)) for sigma in between}
        best = min(tries, key=lambda sigma: tries[sigma])
    # A blur explains nearly everything, or it is no blur.
    return best if tries[best] < 0.5 * tries[0.0] else 0.0


def _shrunk(array: npt.NDArray[np.generic], size_wh: tuple[int, int]) -> _Field:
    plain = array.astype(np.float32)
    if (plain.shape[1], plain.shape[0]) == size_wh:
        return plain
    return np.asarray(cv2.resize(plain, size_wh, interpolation=cv2.INTER_AREA), dtype=np.float32)


def _smooth(field: _Field, weights: _Field, sigma: float) -> _Field:
    """The field averaged over its neighbourhood, with those weights; 0 where nothing near has any."""
    total = cv2.GaussianBlur(weights, (0, 0), sigma, borderType=cv2.BORDER_CONSTANT)[..., None]
    mean = cv2.GaussianBlur(field * weights[..., None], (0, 0), sigma, borderType=cv2.BORDER_CONSTANT)
    return np.asarray(np.where(total > 1e-4, mean / np.maximum(total, 1e-4), 0.0), dtype=np.float32)


def _tone(after: _Field, before: _Field, weights: _Field) -> tuple[_Field, _Field]:
    """Gain and offset of each channel, [3] float32, that bring the ring closest; the gain leans towards 1."""
    counts = weights > 0
    share = weights[counts] / weights.sum()
    inside_after, inside_before = after[counts], before[counts]
    mean_after, mean_before = share @ inside_after, share @ inside_before
    spread = inside_after - mean_after
    slope = share @ ((inside_before - mean_before - spread) * spread)
    variance = share @ spread**2
    gain = 1.0 + np.clip(slope / (variance + _GAIN_PRIOR**2), -0.25, 0.25)
    return gain.astype(np.float32), (mean_before - gain * mean_after).astype(np.float32)


def _pull_push(field: _Field, weights: _Field) -> _Field:
    """The field where it has weight, and smoothly on from there where it has none.

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
