"""The light on a masked surface, strip by strip, at the photo's own size.

The light on a large photo is found on a reduced copy. Here its planes are enlarged, and the photo brings what they
lack: fine shade from its own brightness, and sharp borders from its own colours. Of the floats of a large photo only
one strip is in memory.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from automask.editors.paint.edges import PERCEPTUAL, enlarged_rim
from automask.editors.paint.light import Light
from automask.editors.paint.tone import LINEAR, LUMA, scene_of_linear
from automask.types import FloatImage, Hard, Labels, Rgb

_STRIP_PX = 1 << 18
"""Pixels of a strip: a hundred bytes of each are in use at a time."""


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """The light on the masked pixels of some rows; fields as in `Light` and `Rim`, of n pixels.

    Args:
        rows: Of the part of the photo that the mask is in.
        at: [n] flat indices of the masked pixels, counted from the first row.
    """

    rows: slice
    at: Labels
    illumination: FloatImage
    shade: FloatImage
    highlights: FloatImage
    cover: FloatImage
    remainder: FloatImage


def pieces_of(light: Light, part: Rgb, mask: Hard) -> tuple[list[slice], Callable[[slice], Piece]]:
    """The strips of rows of a part of a photo that hold masked pixels, and what gives the light on those of a strip.

    Args:
        light: Of the part itself or of a reduced copy.
        part: [h, w, 3] uint8.
        mask: [h, w] bool.
    """
    height, width = mask.shape
    rows = max(1, _STRIP_PX // width)
    every = [slice(top, min(top + rows, height)) for top in range(0, height, rows)]
    strips = [strip for strip in every if mask[strip].any()]
    if light.scene.shape == mask.shape:
        return strips, lambda strip: _own(light, mask, strip)
    # The copy's mask lacks the border's pixels that are partly in the photo's: they get their neighbours' values.
    square = np.ones((3, 3), np.uint8)
    outside = light.rim.cover == 0
    index = np.full(light.scene.shape, -1, np.float32)  # exact up to 2**24: a copy has a tenth of that
    index.reshape(-1)[light.rim.at] = np.arange(len(light.rim.at))
    spread = np.where(outside & (index < 0), cv2.dilate(index, square), index)
    rim_index: Labels = spread.astype(np.int64)
    cover = np.where(outside, cv2.dilate(light.rim.cover, square), light.rim.cover)
    smooth = cv2.merge([light.scene, light.shade, light.fine, light.highlights, cover])
    return strips, lambda strip: _enlarged(light, smooth, rim_index, part, mask, strip)


def _own(light: Light, mask: Hard, rows: slice) -> Piece:
    at = np.flatnonzero(mask[rows])
    return Piece(
        rows,
        at,
        np.stack([light.illumination[rows, :, c].take(at) for c in range(3)]),
        light.shade[rows].take(at),
        light.highlights[rows].take(at),
        light.rim.cover[rows].take(at),
        np.stack([light.rim.remainder[rows, :, c].take(at) for c in range(3)]),
    )


def _enlarged(light: Light, smooth: FloatImage, rim_index: Labels, part: Rgb, mask: Hard, rows: slice) -> Piece:
    at = np.flatnonzero(mask[rows])
    scene, shade, fine, highlights, cover = (plane.take(at) for plane in cv2.split(_rows_of(smooth, mask.shape, rows)))
    illumination = np.stack([plane.take(at) for plane in cv2.split(_rows_of(light.illumination, mask.shape, rows))])
    pixels = part[rows].reshape(-1, 3)[at]
    linear = np.asarray(cv2.LUT(pixels[None], LINEAR), np.float32)
    shade = shade + fine * (scene_of_linear(cv2.transform(linear, LUMA[None]))[0] - scene)
    # A pixel is in the rim if the pixel of the copy is that it lies in.
    row, column = np.divmod(at, mask.shape[1])
    down, across = rim_index.shape[0] / mask.shape[0], rim_index.shape[1] / mask.shape[1]
    y, x = ((row + rows.start + 0.5) * down).astype(np.intp), ((column + 0.5) * across).astype(np.intp)
    which = rim_index[y, x]
    mixed = np.flatnonzero(which >= 0)
    cover = np.where(which >= 0, cover, np.float32(1))
    remainder = np.zeros((3, len(at)), np.float32)
    if len(mixed):
        observed = cv2.transform(linear[:, mixed], PERCEPTUAL)[0]
        cover[mixed], rest = enlarged_rim(light.rim, which[mixed], observed, cover[mixed])
        remainder[:, mixed] = rest.T
    return Piece(rows, at, illumination, shade, highlights, cover, remainder)


def _rows_of(small: FloatImage, size_hw: tuple[int, int], rows: slice) -> FloatImage:
    """Some rows of a picture enlarged to a size, linearly, relative to its borders."""
    at = (np.arange(rows.start, rows.stop, dtype=np.float32) + np.float32(0.5)) * np.float32(
        small.shape[0] / size_hw[0]
    ) - np.float32(0.5)
    at = np.clip(at, 0, small.shape[0] - 1)
    upper = np.minimum(at.astype(np.intp), max(small.shape[0] - 2, 0))
    lower = np.minimum(upper + 1, small.shape[0] - 1)
    share = (at - upper)[:, None, None].astype(np.float32)
    lines = small[upper] * (1 - share) + small[lower] * share
    enlarged: FloatImage = cv2.resize(lines, (size_hw[1], len(at)), interpolation=cv2.INTER_LINEAR)
    return enlarged
