"""Smooths float images, with weights where only a masked part counts."""

from collections.abc import Callable
from typing import TypeAlias

import cv2
import numpy as np

from automask.types import Box, FloatImage, Rgb

Enlarged: TypeAlias = tuple[tuple[slice, slice], FloatImage, Callable[[FloatImage], FloatImage]]


def box(plane: FloatImage, radius: int) -> FloatImage:
    """The mean over a square window of side `2 * radius + 1`."""
    side = 2 * radius + 1
    blurred: FloatImage = cv2.blur(plane, (side, side), borderType=cv2.BORDER_REFLECT_101)
    return blurred


def dot(one: FloatImage, other: FloatImage) -> FloatImage:
    """[h, w] the dot product of two [h, w, 3] images; many times faster than NumPy's sum over a short last axis."""
    total: FloatImage = cv2.transform(one * other, np.ones((1, 3), np.float32))
    return total


def spread(plane: FloatImage, weight: FloatImage, radius: int) -> FloatImage:
    """The weighted local mean of a plane [h, w] or a colour [h, w, 3], extended to pixels without weight near.

    Far from any weight it becomes the mean over a wider window, then the mean of all. It is as smooth as its window, so
    it is computed on an image reduced to a few pixels per window.
    """
    shrink = max(1, radius // 3)
    wh = (plane.shape[1], plane.shape[0])
    small_wh = (max(1, wh[0] // shrink), max(1, wh[1] // shrink))
    three = plane.ndim == 3
    parts = cv2.resize(plane * (weight[..., None] if three else weight), small_wh, interpolation=cv2.INTER_AREA)
    share = cv2.resize(weight, small_wh, interpolation=cv2.INTER_AREA)
    total = float(share.sum(dtype=np.float64))
    mean = parts.sum((0, 1), dtype=np.float64) / total if total else 0.0

    def over(window: int) -> tuple[FloatImage, FloatImage]:
        norm = box(share, window)
        return box(parts, window), norm[..., None] if three else norm

    near, near_norm = over(max(1, radius // shrink))
    far, far_norm = over(max(1, min(8 * radius // shrink, max(small_wh) - 1)))
    far = (far + np.float32(1e-4) * np.asarray(mean, np.float32)) / (far_norm + np.float32(1e-4))
    # Near means fade into far ones: an abrupt change would show as a line.
    trust = np.minimum(near_norm * 20, 1)
    out = trust * near / np.maximum(near_norm, np.float32(1e-6)) + (1 - trust) * far
    return np.asarray(cv2.resize(out.astype(np.float32), wh, interpolation=cv2.INTER_LINEAR), np.float32)


def guided(guide: FloatImage, source: FloatImage, weight: FloatImage, radius: int, eps: float) -> FloatImage:
    """`source` smoothed along the edges of `guide`, with weighted window means; arguments as in `guided_lines`."""
    slope, level = guided_lines(guide, source, weight, radius, eps)
    return np.asarray(slope * guide + level, np.float32)


def guided_lines(
    guide: FloatImage,
    source: FloatImage,
    weight: FloatImage,
    radius: int,
    eps: float,
    *,
    lost: FloatImage | None = None,
) -> tuple[FloatImage, FloatImage]:
    """Slope and level, each [h, w]: `slope * guide + level` is `source` smoothed along the edges of `guide`.

    Args:
        guide: [h, w] with the edges to keep.
        source: [h, w] to smooth.
        weight: [h, w] in 0..1; where it is 0, pixels do not count, and the result means nothing.
        radius: Of the window, in px.
        eps: Variance of the guide below which it has no edge.
        lost: [h, w] variance within each pixel of a guide that is the source too and was reduced; for narrow windows.

    Source: He, Sun and Tang, Guided Image Filtering, TPAMI 2013, with normalised (masked) window means; wide windows
    are averaged on a reduced picture (He and Sun, Fast Guided Filter, 2015).
    """
    shrink = max(1, radius // 4)
    if shrink == 1:
        return _lines(guide, source, weight, radius, eps, lost)
    wh = (guide.shape[1], guide.shape[0])
    small_wh = (max(1, wh[0] // shrink), max(1, wh[1] // shrink))
    share = cv2.resize(weight, small_wh, interpolation=cv2.INTER_AREA)
    held = np.maximum(share, np.float32(1e-4))
    small = [cv2.resize(each * weight, small_wh, interpolation=cv2.INTER_AREA) / held for each in (guide, source)]
    lines = _lines(small[0], small[1], share, max(1, round(radius / shrink)), eps, None)
    slope, level = (cv2.resize(line, wh, interpolation=cv2.INTER_LINEAR) for line in lines)
    return slope, level


def _lines(
    guide: FloatImage, source: FloatImage, weight: FloatImage, radius: int, eps: float, lost: FloatImage | None
) -> tuple[FloatImage, FloatImage]:
    """Slope and level of the source over the guide in each window, averaged over the windows that contain a pixel."""
    norm = np.maximum(box(weight, radius), np.float32(1e-4))
    mean_g = box(guide * weight, radius) / norm
    mean_s = box(source * weight, radius) / norm
    var = box(guide * guide * weight, radius) / norm - mean_g * mean_g
    cov = box(guide * source * weight, radius) / norm - mean_g * mean_s
    if lost is not None:
        more = box(lost * weight, radius) / norm
        var, cov = var + more, cov + more
    slope = (cov / (np.maximum(var, 0) + eps)).astype(np.float32)
    level = (mean_s - slope * mean_g).astype(np.float32)
    lines = [np.asarray(box(line * weight, radius) / norm, np.float32) for line in (slope, level)]
    return lines[0], lines[1]


def guided_coefficients(guide: Rgb, source: FloatImage, radius: int, eps: float) -> tuple[FloatImage, FloatImage]:
    """The linear coefficients that follow `source` in terms of the guide's colours: the colour guided filter.

    Enlarged and applied to the picture at full size, they bring a small map to the picture's own edges.

    Args:
        guide: [h, w, 3] uint8.
        source: [h, w] to follow.
        radius: Of the window, in px.
        eps: Squared contrast (of colours in 0..1) below which the guide has no edge.

    Returns:
        The gain [h, w, 3] of the guide's colours in 0..1, and the level [h, w].

    Source: He, Sun and Tang, Guided Image Filtering, TPAMI 2013, section 3.6 (colour guide); the enlargement of the
    coefficients is He and Sun, Fast Guided Filter, arXiv 1505.00996.
    """
    side = (2 * radius + 1, 2 * radius + 1)

    def mean(plane: FloatImage) -> FloatImage:
        blurred: FloatImage = cv2.blur(plane, side, borderType=cv2.BORDER_REFLECT_101)
        return blurred

    colours = guide.astype(np.float32) * np.float32(1 / 255)
    mean_g, mean_s = mean(colours), mean(source)
    cov = mean(colours * source[..., None]) - mean_g * mean_s[..., None]
    pairs = ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))
    products = [mean(colours[..., i] * colours[..., j]) - mean_g[..., i] * mean_g[..., j] for i, j in pairs]
    rr, rg, rb, gg, gb, bb = (p + np.float32(eps) if i == j else p for p, (i, j) in zip(products, pairs, strict=True))
    inv = np.stack(
        [
            gg * bb - gb * gb,
            gb * rb - rg * bb,
            rg * gb - gg * rb,
            rr * bb - rb * rb,
            rb * rg - rr * gb,
            rr * gg - rg * rg,
        ]
    )
    det = np.maximum(inv[0] * rr + inv[1] * rg + inv[2] * rb, np.float32(1e-12))
    c0, c1, c2 = cov[..., 0], cov[..., 1], cov[..., 2]
    gain = np.stack(
        [
            (inv[0] * c0 + inv[1] * c1 + inv[2] * c2) / det,
            (inv[1] * c0 + inv[3] * c1 + inv[4] * c2) / det,
            (inv[2] * c0 + inv[4] * c1 + inv[5] * c2) / det,
        ],
        -1,
    )
    level = mean_s - (gain * mean_g).sum(-1)
    return mean(gain), mean(level)


def enlarge_guided(
    photo: Rgb,
    gain: FloatImage,
    level: FloatImage,
    small_wh: tuple[int, int],
    view: Box,
    rows: tuple[int, int] | None = None,
) -> Enlarged:
    """The guided coefficients of a part of a reduced photo, applied to that part of the photo at full size.

    The coefficients are smooth, so they are enlarged, and the photo brings its own edges.

    Args:
        photo: [H, W, 3] uint8.
        gain, level: [h, w, 3] and [h, w], as `guided_coefficients` returns them for the part.
        small_wh: Size of the whole reduced photo.
        view: The part, in pixels of the reduced photo.
        rows: Only what of the part is in these rows of the photo, from the first to before the last.

    Returns:
        Where the part is in the photo, its values, and what enlarges another map [h, w] of the part likewise.
    """
    height, width = photo.shape[:2]
    small_w, small_h = small_wh
    top, bottom = view.y0 * height // small_h, -(-view.y1 * height // small_h)
    if rows is not None:
        top, bottom = max(top, rows[0]), min(bottom, rows[1])
    left, right = view.x0 * width // small_w, -(-view.x1 * width // small_w)
    grid_x = (np.arange(left, right, dtype=np.float32) + 0.5) * (small_w / width) - 0.5 - view.x0
    grid_y = (np.arange(top, bottom, dtype=np.float32) + 0.5) * (small_h / height) - 0.5 - view.y0
    at_x = np.ascontiguousarray(np.broadcast_to(grid_x.astype(np.float32), (bottom - top, right - left)))
    at_y = np.ascontiguousarray(np.broadcast_to(grid_y.astype(np.float32)[:, None], at_x.shape))

    def enlarge(field: FloatImage) -> FloatImage:
        full: FloatImage = cv2.remap(field, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return full

    part = np.s_[top:bottom, left:right]
    total = enlarge(level)
    for c in range(3):
        total += enlarge(np.ascontiguousarray(gain[..., c])) * (photo[(*part, c)] * np.float32(1 / 255))
    return part, total, enlarge
