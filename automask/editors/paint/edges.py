"""How much of each pixel at the rim of a mask is the surface, and how much its neighbour."""

from dataclasses import dataclass

import cv2
import numpy as np

from automask.editors.paint.noise import smoothstep
from automask.images.filters import box, dot
from automask.types import FloatImage, Hard, Labels

# Luma and two colour differences at 0.4 of their size: JPEG keeps colour at half the resolution, so that next to an
# edge a pixel's colour is half its neighbour's while its luma is its own.
PERCEPTUAL = np.array(
    [[0.2126, 0.7152, 0.0722], [0.31496, -0.28608, -0.02888], [-0.08504, -0.28608, 0.37112]], np.float32
)
_BAND_PX = 1 << 18  # worked on at a time
_FROM_PERCEPTUAL = np.linalg.inv(PERCEPTUAL).astype(np.float32)


def distance_to_surface(perceptual: FloatImage, near: FloatImage) -> FloatImage:
    """How far a colour is from the surface's colour nearby, or from a shade of it; 0 is the same."""
    out = np.empty(near.shape[:2], np.float32)
    rows = max(1, _BAND_PX // near.shape[1])
    for top in range(0, len(out), rows):
        colours, surface = perceptual[top : top + rows], near[top : top + rows]
        size = dot(surface, surface) + np.float32(3e-4)  # in the dark, three levels of 255 are noise
        shade = np.clip(dot(colours, surface) / size, 0.4, 1.1)
        gap = (colours - shade[..., None] * surface).astype(np.float32)
        out[top : top + rows] = np.sqrt(dot(gap, gap) / size)
    return out


@dataclass(frozen=True, slots=True, eq=False)
class Rim:
    """The pixels of a mask that may show neighbours, and what each is a mixture of.

    Args:
        cover: [h, w] in 0..1, the share of each pixel that is the surface; 0 outside the mask.
        remainder: [h, w, 3] linear colour of what else it shows, weighted by the remaining share.
        at: [n] flat indices of the rim's pixels, in order.
        surface, neighbour: [n, 3] perceptual colours whose mixture explains the pixel best.
        odds: [n] how far apart they are, squared.
        floor: The distance to the surface's colour that is grain or noise.
    """

    cover: FloatImage
    remainder: FloatImage
    at: Labels
    surface: FloatImage
    neighbour: FloatImage
    odds: FloatImage
    floor: float


def cover_of(
    perceptual: FloatImage, near: FloatImage, foreign: FloatImage, mask: Hard, inner: Hard, radius: int
) -> Rim:
    """The rim of a mask, with the share of each pixel that is the surface, and what else it shows.

    The share is 1 well inside and 0 outside the mask; in the rim it is the pixel's place between two colours, the
    surface's (`near`, or the nearest one well inside) and a neighbour's (outside the mask, or on its last pixels what
    is least like the surface). The pair that explains the pixel best is used. Where surface and neighbour look alike,
    so that the photo does not show where the edge is, the smoothed mask decides, with an accuracy of parts of a pixel.

    Source: sampling-based matting as in Wang and Cohen, Optimized Color Sampling for Robust Matting, CVPR 2007.
    """
    cover = mask.astype(np.float32)
    at = np.flatnonzero(mask & ~inner)
    if not len(at) or not inner.any():
        nothing = np.zeros((0, 3), np.float32)
        return Rim(cover, np.zeros_like(perceptual), at[:0], nothing, nothing, nothing[:, 0], 0.1)
    outside = ~mask
    observed, foreign_here = perceptual.reshape(-1, 3)[at], foreign.ravel()[at]
    surfaces = [near.reshape(-1, 3)[at], _nearest_colour(perceptual, inner, at)]
    others = [_outlier_colour(perceptual, foreign, mask, radius, at)]
    if outside.any():
        others += [_nearest_colour(perceptual, outside, at), _local_mean(perceptual, outside, 2 * radius + 1, at)]
    prior = _smooth_mask(mask, radius).ravel()[at]
    floor = max(0.1, float(np.percentile(foreign[inner][::7], 85)))

    share, least, odds = prior, np.full(len(at), np.inf, np.float32), np.zeros(len(at), np.float32)
    old, neighbour = surfaces[0].copy(), others[0].copy()
    for surface in surfaces:
        bright = _row_dots(surface, surface) + np.float32(3e-4)
        doubt = np.float32(0.25 * floor**2) * bright
        for index, other in enumerate(others):
            apart = surface - other
            size = _row_dots(apart, apart)
            mix = np.clip((_row_dots(observed - other, apart) + doubt * prior) / (size + doubt), 0, 1)
            gap = observed - other - mix[:, None] * apart
            cost = _row_dots(gap, gap) / bright + np.float32(0.1 * floor**2) * (mix - prior) ** 2
            if index == 0:
                # The outlier colour may be this pixel's own, which always fits: only where nothing outside does.
                cost += np.float32(4 * floor**2)
            better = cost < least
            share, least = np.where(better, mix, share), np.where(better, cost, least)
            odds = np.where(better, size / bright, odds)
            old[better], neighbour[better] = surface[better], other[better]
    share = _settled(share, foreign_here, odds, prior, floor)
    cover.ravel()[at] = share
    vague = _vagueness(odds, floor)
    cover.ravel()[at] = share + vague * (cv2.GaussianBlur(cover, (0, 0), 0.8 * radius).ravel()[at] - share)
    cover = _remove_specks(cover, mask, 2 * radius * radius)
    remainder = np.zeros_like(perceptual)
    remainder.reshape(-1, 3)[at] = _remainder(observed, old, neighbour, cover.ravel()[at])
    return Rim(cover, remainder, at, old, neighbour, odds, floor)


def _settled(share: FloatImage, foreign: FloatImage, odds: FloatImage, prior: FloatImage, floor: float) -> FloatImage:
    """[n] the shares that the colours of pixels give, without traces, and 1 where it is the surface in shade."""
    share = np.clip(np.float32(1.08) * share - np.float32(0.04), 0, 1)  # a trace of white in a dark neighbour shows
    # A pixel that could be the surface in shade is the surface, whatever is next to it, except for the last pixels,
    # where a mixture is likelier.
    shaded = (1 - smoothstep(foreign, 0.4 * floor, 1.2 * floor)) * smoothstep(odds, floor**2, (3 * floor) ** 2)
    settled: FloatImage = share + shaded * prior**2 * (1 - share)
    return settled


def _vagueness(odds: FloatImage, floor: float) -> FloatImage:
    """[n] 0..1: where two colours are close, one pixel of a JPEG says little, and its neighbours are averaged in."""
    return 1 - smoothstep(odds, floor**2, (4 * floor) ** 2)


def _remainder(observed: FloatImage, old: FloatImage, neighbour: FloatImage, cover: FloatImage) -> FloatImage:
    """[n, 3] what is left of pixels without the surface, clipped close to the neighbour's colour.

    Noise would show as dots.
    """
    left = 1 - cover[:, None]
    observed, old, neighbour = (np.maximum(each @ _FROM_PERCEPTUAL.T, 0) for each in (observed, old, neighbour))
    clipped = np.clip(observed - (1 - left) * old, 0.6 * left * neighbour, 1.5 * left * neighbour)
    return np.where(left > 0.98, observed, clipped)


def enlarged_rim(rim: Rim, which: Labels, observed: FloatImage, prior: FloatImage) -> tuple[FloatImage, FloatImage]:
    """The cover and the remainder of pixels of a large photo, from the rim of its reduced copy.

    The copy says of which two colours a pixel is a mixture and about how much of each it is; the pixel's own colour
    says the remainder, so that edges are as sharp as the photo's.

    Args:
        rim: Of the reduced photo.
        which: [n] for each pixel the index in `rim.at` of the reduced pixel that it is in.
        observed: [n, 3] perceptual colours of the pixels.
        prior: [n] the reduced photo's cover there, interpolated.

    Returns:
        [n] in 0..1, and [n, 3] linear.
    """
    surface, neighbour, odds = rim.surface[which], rim.neighbour[which], rim.odds[which]
    bright = _row_dots(surface, surface) + np.float32(3e-4)
    apart = surface - neighbour
    doubt = np.float32(0.25 * rim.floor**2) * bright
    mix = (_row_dots(observed - neighbour, apart) + doubt * prior) / (_row_dots(apart, apart) + doubt)
    foreign = distance_to_surface(observed[None], surface[None])[0]
    share = _settled(np.clip(mix, 0, 1), foreign, odds, prior, rim.floor)
    share = share + _vagueness(odds, rim.floor) * (prior - share)
    # A speck that was painted over stays so, and where the copy shows nothing but the neighbour there is nothing else.
    cover = np.where(prior > 0.98, 1, np.where(prior < 0.02, 0, share)).astype(np.float32)
    return cover, _remainder(observed, surface, neighbour, cover)


def _row_dots(one: FloatImage, other: FloatImage) -> FloatImage:
    """[n] products of [n, 3], summed."""
    return np.asarray(np.einsum("nc,nc->n", one, other), np.float32)


def _nearest_colour(perceptual: FloatImage, where: Hard, at: Labels) -> FloatImage:
    """[n, 3] for each of the pixels `at` the nearest colour `where`, a mean of the few pixels round it."""
    _, label = cv2.distanceTransformWithLabels(
        (~where).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    spots = np.flatnonzero(where)
    index = np.zeros(int(label.max()) + 1, np.int64)
    index[label.ravel()[spots]] = spots
    found = index[label.ravel()[at]]
    rows, columns = np.divmod(found, where.shape[1])
    colours, here = perceptual.reshape(-1, 3), where.reshape(-1).astype(np.float32)
    total, count = np.zeros((len(at), 3), np.float32), np.zeros((len(at), 1), np.float32)
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            row, column = np.clip(rows + down, 0, where.shape[0] - 1), np.clip(columns + right, 0, where.shape[1] - 1)
            spot = row * where.shape[1] + column
            also = here.take(spot)[:, None]
            total += also * colours.take(spot, axis=0)
            count += also
    return total / count


def _local_mean(perceptual: FloatImage, where: Hard, radius: int, at: Labels) -> FloatImage:
    """[n, 3] for each of the pixels `at` the local mean colour of the pixels `where`."""
    return _weighted_mean(perceptual, where.astype(np.float32), radius, at)


def _outlier_colour(perceptual: FloatImage, foreign: FloatImage, mask: Hard, radius: int, at: Labels) -> FloatImage:
    """[n, 3] what is least like the surface outside the mask and on its last pixels, near each of the pixels `at`."""
    edge = cv2.erode(mask.astype(np.uint8), np.ones((5, 5), np.uint8), borderValue=1) == 0
    square = np.square(np.minimum(foreign, 4))
    return _weighted_mean(perceptual, np.where(edge, square * square, 0).astype(np.float32), radius, at)


def _weighted_mean(perceptual: FloatImage, weight: FloatImage, radius: int, at: Labels) -> FloatImage:
    """[n, 3] local mean colour by weight, of the pixels `at`."""
    norm = box(weight, radius).take(at) + np.float32(1e-9)
    channels = [box(each * weight, radius).take(at) / norm for each in cv2.split(perceptual)]
    return np.stack(channels, -1)


def _smooth_mask(mask: Hard, radius: int) -> FloatImage:
    """0..1: 1 from two radii inside the mask's edge on, a half at one, 0 at the edge, without the steps of pixels.

    Where the mask was grown by a radius, as `conf/mask/tight.yaml` does, the half is at the edge that the mask found.
    """
    soft = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 1.2 * radius)
    return np.asarray(np.clip((soft - np.float32(0.6)) * np.float32(1 / 0.4), 0, 1))


def _remove_specks(cover: FloatImage, mask: Hard, most_px: int) -> FloatImage:
    """The cover without specks of the old surface: a neighbour comes in from outside the mask, a speck is isolated.

    A speck may be connected by a faint thread, so that several thresholds are tried; specks larger than `most_px`
    are kept.
    """
    out = cover
    for level in (0.9, 0.7, 0.5, 0.3):
        kept = out < level
        _, parts, stats, _ = cv2.connectedComponentsWithStats(kept.view(np.uint8))
        # Few pixels of a mask are kept, so that they are looked at, and not all those around it.
        at = np.flatnonzero(kept & mask)
        part, area = parts.take(at), stats[:, cv2.CC_STAT_AREA]
        small = (area <= most_px) & (area == np.bincount(part, minlength=len(area)))
        specks = np.zeros(mask.shape, np.bool_)
        specks.reshape(-1)[at[small[part]]] = True
        if specks.any():
            # With their pale fringe, but not with the neighbour next to them.
            grown = cv2.dilate(specks.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
            out = np.where(grown & (specks | ~kept), np.float32(1), out)
    return out
