"""The cord or rod that a thing hangs from: too thin for a segmenter, and left hanging in the air without the thing."""

import cv2
import numpy as np

from automask.masking.boxes import blobs
from automask.types import Box, FloatImage, Hard, MaskRecipe, Rgb

_WIDTH_FRAC = 0.006
"""Of the photo's long side: a line is as wide as this or thinner, and looks alike on both of its sides so far away."""
_LEAST = 3.0
"""In L*: a line is by this much darker, or lighter, than both of its sides."""
_GAP_FRAC = 0.012
_LEAST_FRAC = 0.03
"""Shorter lines are texture."""
_MIDDLE = 0.25
"""A cord leaves a thing in the middle of its top, not within this share of its sides."""


def with_cords(photo: Rgb, hard: Hard, recipe: MaskRecipe, *, untouchable: Hard) -> Hard:
    """The mask together with the thin lines that go straight up from the things in it.

    Args:
        photo: [H, W, 3] uint8.
        hard: [H, W] bool.
        recipe: Only one that takes shadows takes these.
        untouchable: [H, W] bool: never part of it, and where a line ends.

    Returns:
        [H, W] bool; `hard` itself where no line is found.
    """
    long_px = max(hard.shape)
    if recipe.shadow_frac == 0 or not hard.any():
        return hard
    width = max(2, round(_WIDTH_FRAC * long_px))
    taken: list[tuple[int, int]] = []
    for box, blob in blobs(hard):
        if box.y0 > 2 * width and box.width >= 2 * width:
            taken += _line_above(photo, box, width, long_px, untouchable)
            taken += _lines_that_hold(photo, box, blob, width, hard, untouchable)
    if not taken:
        return hard
    result = hard.copy()
    for row, column in taken:
        result[row, max(0, column - width // 2) : column + width // 2 + 1] = True
    return result & ~untouchable if (result & untouchable).any() else result


def _line_above(photo: Rgb, box: Box, width: int, long_px: int, untouchable: Hard) -> list[tuple[int, int]]:
    """Row and column of each pixel of the line that leaves the top of a thing; empty without one."""
    margin = max(width, round(_MIDDLE * box.width))
    first, last = max(width, box.x0 + margin), min(photo.shape[1] - width, box.x1 - margin)
    if first >= last:
        return []
    reach = max(2, round(0.04 * box.y0))  # no camera is exactly level
    left, right = max(0, first - reach - width), min(photo.shape[1], last + reach + width)
    ridge = _ridge(photo[: box.y0, left:right], width)
    start = box.y0 - 2 * width
    middle = ridge[max(0, start - 2 * width) : box.y0 - 1, first - left : last - left].mean(0)
    column = int(middle.argmax()) + first - left
    if middle[column - (first - left)] < _LEAST:
        return []
    line = _traced(ridge, box.y0, column, round(_GAP_FRAC * long_px), untouchable[:, left:right])
    return [(row, at + left) for row, at in line] if len(line) >= _LEAST_FRAC * long_px else []


def _lines_that_hold(
    photo: Rgb, box: Box, blob: Hard, width: int, hard: Hard, untouchable: Hard
) -> list[tuple[int, int]]:
    """The pixels of all lines from a thing up to another part of the mask (the cup at the ceiling) or out of the photo.

    Lamps that are seen as one thing have a cord each, and those of the lamps behind leave it anywhere.
    """
    long_px = max(hard.shape)
    gap, margin = round(_GAP_FRAC * long_px), 2 * width
    left, right = max(0, box.x0 - margin), min(photo.shape[1], box.x1 + margin)
    ridge = _ridge(photo[: box.y1, left:right], width)
    tops = blob.argmax(0) + box.y0
    near = [
        float(ridge[max(0, top - 4 * width) : max(1, top - width), at + box.x0 - left].mean())
        for at, top in enumerate(tops.tolist())
    ]
    found: list[tuple[int, int]] = []
    for at, strength in enumerate(near):
        if strength < _LEAST or strength < max(near[max(0, at - width) : at + width + 1]):
            continue
        top = int(tops[at])
        line = _traced(ridge, top, at + box.x0 - left, gap, untouchable[:, left:right])
        if len(line) < _LEAST_FRAC * long_px:
            continue
        row, column = line[-1][0], line[-1][1] + left
        above = hard[max(0, row - gap) : row + 1, max(0, column - width) : column + width + 1]
        if row <= gap or above.any():
            found += [(y, x + left) for y, x in line]
    return found


def _traced(ridge: FloatImage, start: int, column: int, gap: int, untouchable: Hard) -> list[tuple[int, int]]:
    """Row and column of each pixel of the line that goes up from a place, without what is beyond its last gap."""
    line: list[tuple[int, int]] = []
    seen = start
    for row in range(start - 1, -1, -1):
        near = ridge[row, max(0, column - 1) : column + 2]
        if near.size and float(near.max()) >= _LEAST:
            column, seen = max(0, column - 1) + int(near.argmax()), row
        if seen - row > gap or untouchable[row, column]:
            break
        line.append((row, column))
    return [(row, at) for row, at in line if row >= seen]


def _ridge(part: Rgb, width: int) -> FloatImage:
    """[h, w] how much darker, or lighter, each pixel is than both of its sides, smoothed along the rows."""
    light = cv2.cvtColor(np.ascontiguousarray(part), cv2.COLOR_RGB2LAB)[..., 0].astype(np.float32) * np.float32(
        100 / 255
    )
    light = cv2.blur(light, (1, 5))
    padded = np.pad(light, ((0, 0), (width, width)), mode="edge")
    one, other = padded[:, : light.shape[1]], padded[:, 2 * width :]
    darker = np.minimum(one - light, other - light)
    lighter = np.minimum(light - one, light - other)
    return np.asarray(np.maximum(darker, lighter), np.float32)
