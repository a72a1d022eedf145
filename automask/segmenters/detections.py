"""Boxes with scores as heat: what the segmenters share that answer in boxes."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

from automask.types import Heat, Rgb

_Seen = TypeVar("_Seen")

LEAST_SCORE = 0.05
"""Boxes below are not drawn: no sensible `boxes.threshold` would find them, and there are hundreds."""
_SAME = 0.7
"""Of two boxes of one phrase with this intersection over union the better one counts: they are the same thing."""
_MOST = 250  # numbers of boxes fit into a byte


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """The boxes of one phrase, best first.

    Args:
        boxes: [N, 4] float32, x0, y0, x1, y1 in pixels; they may reach beyond the photo.
        scores: [N] float32 in 0..1.
    """

    boxes: npt.NDArray[np.float32]
    scores: npt.NDArray[np.float32]

    def at_least(self, score: float) -> "Detections":
        """Those with at least this score, without doubles."""
        order = np.argsort(-self.scores, kind="stable")
        order = order[self.scores[order] >= score]
        kept: list[int] = []
        for one in order[: 4 * _MOST]:
            if all(_iou(self.boxes[one], self.boxes[other]) < _SAME for other in kept):
                kept.append(int(one))
        return Detections(self.boxes[kept[:_MOST]], self.scores[kept[:_MOST]])


class LastLook(Generic[_Seen]):
    """What was seen in the photo that was looked at last: `instances` asks again of that of `heats`."""

    def __init__(self) -> None:
        self._key: tuple[tuple[int, ...], int] | None = None
        self._found: dict[str, _Seen] = {}

    def of(self, photo: Rgb) -> dict[str, _Seen]:
        """What was seen of each phrase in this photo so far: a mapping to be filled."""
        key = (photo.shape, zlib.crc32(np.ascontiguousarray(photo).data))
        if key != self._key:
            self._key, self._found = key, {}
        return self._found


def heat_of(found: Detections, size_hw: Sequence[int]) -> Heat:
    """[H, W] float32: each box filled with its score, the smaller of two on top, and cold seams between boxes.

    Without the seams, boxes that touch would become one for the refiner.
    """
    heat = np.zeros(tuple(size_hw), np.float32)
    pieces = pieces_of(found, size_hw)
    for rank in _largest_first(found):
        heat[_slices(found.boxes[rank], size_hw)] = found.scores[rank]
    heat[seams_of(pieces)] = 0
    return heat


def pieces_of(found: Detections, size_hw: Sequence[int]) -> npt.NDArray[np.uint8]:
    """[H, W] the number of the box that each pixel belongs to, from 1 on; 0 outside all."""
    pieces = np.zeros(tuple(size_hw), np.uint8)
    for rank in _largest_first(found):
        pieces[_slices(found.boxes[rank], size_hw)] = rank + 1
    return pieces


def seams_of(pieces: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """[H, W] bool: pixels next to a border between two pieces."""
    seams = np.zeros(pieces.shape, np.bool_)
    for axis in (0, 1):
        first = pieces[:-1] if axis == 0 else pieces[:, :-1]
        second = pieces[1:] if axis == 0 else pieces[:, 1:]
        meet = (first != second) & (first > 0) & (second > 0)
        if axis == 0:
            seams[:-1] |= meet
            seams[1:] |= meet
        else:
            seams[:, :-1] |= meet
            seams[:, 1:] |= meet
    return seams


def in_content(found: Detections, *, x0: int, y0: int) -> Detections:
    """The boxes of a part of a photo in the coordinates of the whole."""
    return Detections(found.boxes + np.array([x0, y0, x0, y0], np.float32), found.scores)


def centre_to_corners(boxes: npt.NDArray[np.float32], scale_wh: Sequence[float]) -> npt.NDArray[np.float32]:
    """[N, 4] x0, y0, x1, y1 in pixels from centre and size as shares."""
    middle, size = boxes[:, :2], boxes[:, 2:]
    corners = np.concatenate([middle - size / 2, middle + size / 2], axis=1) * np.tile(scale_wh, 2)
    return np.asarray(corners, np.float32)


def _largest_first(found: Detections) -> list[int]:
    areas = (found.boxes[:, 2] - found.boxes[:, 0]) * (found.boxes[:, 3] - found.boxes[:, 1])
    order: list[int] = np.argsort(-areas, kind="stable").tolist()
    return order


def _slices(box: npt.NDArray[np.float32], size_hw: Sequence[int]) -> tuple[slice, slice]:
    """The pixels that a box touches, inside the photo."""
    x0, y0 = np.floor(np.maximum(box[:2], 0)).astype(int)
    x1, y1 = np.ceil(np.minimum(box[2:], (size_hw[1], size_hw[0]))).astype(int)
    return slice(y0, max(y0, y1)), slice(x0, max(x0, x1))


def _iou(one: npt.NDArray[np.float32], other: npt.NDArray[np.float32]) -> float:
    width, height = np.maximum(np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2]), 0)
    shared = float(width * height)
    both = float(np.prod(one[2:] - one[:2]) + np.prod(other[2:] - other[:2])) - shared
    return shared / max(both, 1e-6)
