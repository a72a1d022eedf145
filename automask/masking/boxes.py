"""Boxes around the hot parts of a heat map, and around the parts of a mask. Pure functions over arrays."""

from collections.abc import Iterable

import cv2
import numpy as np
import numpy.typing as npt

from automask.types import Box, Hard, Heat


def boxes_from_heat(
    heat: Heat, *, threshold: float, min_area_frac: float, pad_frac: float = 0.0, max_boxes: int | None = None
) -> tuple[Box, ...]:
    """Boxes around the hot parts of a heat map, hottest first.

    Args:
        heat: [H, W] float32 in 0..1.
        threshold: Heat at or above this is "hot"; 0..1.
        min_area_frac: Parts smaller than this share of the image are dropped.
        pad_frac: Each box grows by this share of its own longer side, and stays inside the image.
        max_boxes: At most this many; None for all.

    Returns:
        One box for each 8-connected part. Empty when nothing is hot: absence is an answer, not an error.
    """
    height, width = heat.shape
    hot = heat >= threshold
    found: list[tuple[float, int, Box]] = []
    for box, blob in blobs(hot):
        area = int(blob.sum())
        if area < min_area_frac * height * width:
            continue
        peak = float(heat[box.slices][blob].max())
        pad = round(pad_frac * max(box.width, box.height))
        found.append((peak, area, grow(box, pad, (height, width))))
    # Equal peaks (a saturated heat map) are ordered by size, then by place, independently of OpenCV's labels.
    found.sort(key=lambda item: (-item[0], -item[1], item[2].y0, item[2].x0))
    return tuple(box for _, _, box in found[:max_boxes])


def blobs(hard: Hard) -> list[tuple[Box, Hard]]:
    """The 8-connected parts of a mask, largest first: each one's tight box and its own pixels inside that box.

    Args:
        hard: [H, W] bool.

    Returns:
        Pairs of a box and a [box.height, box.width] bool mask; empty for an empty mask.
    """
    around = tight_box(hard)
    if around is None:
        return []
    part = np.ascontiguousarray(hard[around.slices]).view(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(part, connectivity=8, ltype=cv2.CV_32S)
    order = sorted(range(1, count), key=lambda label: (-int(stats[label, cv2.CC_STAT_AREA]), label))
    result: list[tuple[Box, Hard]] = []
    for label in order:
        x, y, width, height = (int(value) for value in stats[label, : cv2.CC_STAT_AREA])
        inside: npt.NDArray[np.bool_] = labels[y : y + height, x : x + width] == label
        box = Box(around.x0 + x, around.y0 + y, around.x0 + x + width, around.y0 + y + height)
        result.append((box, inside))
    return result


def tight_box(hard: Hard) -> Box | None:
    """The smallest box around the True pixels of a [H, W] mask; None when there are none."""
    rows = np.flatnonzero(hard.any(axis=1))
    if rows.size == 0:
        return None
    columns = np.flatnonzero(hard.any(axis=0))
    return Box(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)


def union_of(boxes: Iterable[Box]) -> Box:
    """The smallest box around all of them; there is at least one."""
    corners = [(box.x0, box.y0, box.x1, box.y1) for box in boxes]
    x0, y0, x1, y1 = zip(*corners, strict=True)
    return Box(min(x0), min(y0), max(x1), max(y1))


def grow(box: Box, by_px: int, size_hw: tuple[int, int]) -> Box:
    """The box with `by_px` more on every side, cut at the borders of an image of `size_hw`."""
    height, width = size_hw
    return Box(max(box.x0 - by_px, 0), max(box.y0 - by_px, 0), min(box.x1 + by_px, width), min(box.y1 + by_px, height))
