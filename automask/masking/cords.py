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
    for box, _ in blobs(hard):
        if box.y0 > 2 * width and box.width >= 2 * width:
            taken += _line_above(photo, box, width, long_px, untouchable)
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
    line: list[tuple[int, int]] = []
    gap, seen = round(_GAP_FRAC * long_px), box.y0
    for row in range(box.y0 - 1, -1, -1):
        near = ridge[row, max(0, column - 1) : column + 2]
        if near.size and float(near.max()) >= _LEAST:
            column, seen = max(0, column - 1) + int(near.argmax()), row
        if seen - row > gap or untouchable[row, column + left]:
            break
        line.append((row, column + left))
    line = [(row, at) for row, at in line if row >= seen]
    return line if len(line) >= _LEAST_FRAC * long_px else []


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
