"""Things that stand beside what is to go: what is behind it is not continued from them.

A wall goes on behind a picture, and the next picture does not. What a thing stands on or hangs before is a thing, too,
and goes on: the table under a bowl, the sofa behind a cushion.
"""

from collections.abc import Iterator

import cv2
import numpy as np
import numpy.typing as npt

from automask.masking.boxes import blobs, grow
from automask.masking.masks import dilate
from automask.types import Hard

_RING_FRAC = 0.012
"""Of the photo's long side: so far from a hole is what touches it."""
_TOUCHES, _SURROUNDS = 0.08, 0.5
"""Shares of what touches a hole. A sofa with the first is behind it; and a thing of any kind with the second, which the
segmenter has taken for something else than it is."""
_EDGE_FRAC = 0.006
"""Of the photo's long side: so far the mixed pixels of a thing's edge reach beyond what the segmenter sees of it."""
_ROWS = 256


def foreign(hole: Hard, loose: Hard, behind: Hard) -> Hard:
    """Where things are that are not behind a hole, a little wider than they are.

    Args:
        hole: [H, W] bool: everything that will be filled.
        loose: [H, W] bool: things that nothing stands on or hangs before.
        behind: [H, W] bool: things that others stand on or hang before.

    Returns:
        [H, W] bool, nowhere in the hole; all False where nothing is to be filled.
    """
    result = np.zeros_like(hole)
    if not hole.any():
        return result
    for things, least in ((loose, _SURROUNDS), (behind, _TOUCHES)):
        there = things & ~hole
        count, labels = cv2.connectedComponents(there.view(np.uint8), connectivity=8, ltype=cv2.CV_32S)
        kept = [label for shares in _touching(hole, labels) for label, share in shares.items() if share >= least]
        is_foreign = np.ones(count, np.bool_)
        is_foreign[[0, *kept]] = False
        for top in range(0, len(labels), _ROWS):  # an index takes eight bytes for each pixel
            result[top : top + _ROWS] |= is_foreign[labels[top : top + _ROWS]]
        del there, labels
    reach = max(1, round(_EDGE_FRAC * max(hole.shape)))
    wider = cv2.dilate(result.view(np.uint8), np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)) > 0
    return np.asarray(wider & ~hole, np.bool_)


def _touching(hole: Hard, labels: npt.NDArray[np.int32]) -> Iterator[dict[int, float]]:
    """For each part of a hole, what share of its surroundings each numbered thing has."""
    reach = max(2, round(_RING_FRAC * max(hole.shape)))
    for box, _ in blobs(hole):
        around = grow(box, reach + 1, (hole.shape[0], hole.shape[1]))
        part = hole[around.slices]
        ring = dilate(part, reach) & ~part
        if ring.any():
            counts = np.bincount(labels[around.slices][ring])
            yield {label: float(counts[label] / counts.sum()) for label in np.flatnonzero(counts).tolist() if label}
