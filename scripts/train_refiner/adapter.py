"""The refiner that a trained net makes, to measure it before it moves into the package.

    python scripts/eval_masks.py --data DIR --conf CONF refiner=outline       # scripts/ on PYTHONPATH

where CONF/refiner/outline.yaml says `_target_: train_refiner.adapter.Outline` and `folder:`.

The photo is encoded once; each phrase is a light pass over its features.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np

from automask.errors import ConfigError, RefinerError
from automask.images.filters import enlarge_guided, guided_coefficients
from automask.types import Box, FloatImage, Hard, Heat, Rgb
from automask.weights.net import Net

_STRIDE = 16  # of the coarsest features: sides that the net sees are multiples of it
_HEAT_STRIDE, _MASK_STRIDE = 4, 2
_MAX_SIDE_PX = 2048  # time and memory grow with the square
_AT_ONCE = 4  # phrases of one pass, which bounds the memory
_GUIDE_RADIUS, _GUIDE_EPS = 3, 0.0005  # of the mask brought to the photo's edges, in pixels of the mask and of 0..1


class Outline:
    """Completes half-found objects and drops what spills over, along the photo's edges.

    Args:
        folder: Where `outline_photo.onnx` and `outline_phrase.onnx` are, as `export` writes them.
        side_px: Largest long side that the net sees; smaller photos are seen at their own size. It was trained on views
            of about 512 px of photos of 512 to 1024.
        level: Probability from which on a pixel is the object; 0..1.
        threads: Processor threads, at least 1; never more than OpenCV has.

    Raises:
        ConfigError: A value is out of its range.
    """

    def __init__(self, folder: str, *, side_px: int = 1024, level: float = 0.5, threads: int = 2) -> None:
        if not 4 * _STRIDE <= side_px <= _MAX_SIDE_PX:
            raise ConfigError(
                f"refiner.side_px is {side_px}", hint=f"give {4 * _STRIDE} to {_MAX_SIDE_PX}; 1024 is usual"
            )
        if not 0 < level < 1:
            raise ConfigError(f"refiner.level is {level}", hint="give a share between 0 and 1; 0.5 is usual")
        if threads < 1:
            raise ConfigError(f"refiner.threads is {threads}", hint="give at least 1")
        self.own_files = (Path(folder) / "outline_photo.onnx", Path(folder) / "outline_phrase.onnx")
        self.side_px = side_px
        self.level = level
        self.threads = threads

    def refine(self, photo: Rgb, heats: Heat, boxes: Sequence[tuple[Box, ...]]) -> Hard:
        return self.refine_with(photo, heats, boxes, np.zeros(heats.shape, np.bool_), np.zeros(heats.shape, np.bool_))

    def refine_with(
        self, photo: Rgb, heats: Heat, boxes: Sequence[tuple[Box, ...]], positive: Hard, negative: Hard
    ) -> Hard:
        """As `refine`, with what a person marked.

        Args:
            photo: [H, W, 3] uint8 RGB, read-only.
            heats: [N, H, W] float32 in 0..1.
            boxes: For each phrase the boxes around its hot blobs.
            positive: [N, H, W] bool, True where a person said "this too": dots or strokes of a few pixels.
            negative: [N, H, W] bool, True where a person said "not this".

        Returns:
            [N, H, W] bool; all False for a phrase with neither boxes nor positive marks.

        Raises:
            RefinerError: The shapes of heats and marks differ.
        """
        if not heats.shape == positive.shape == negative.shape:
            raise RefinerError(
                f"marks of shapes {positive.shape} and {negative.shape} for heats of shape {heats.shape}",
                hint="give one map of marks of the photo's size for each phrase",
            )
        out = np.zeros(heats.shape, np.bool_)
        asked = [k for k, found in enumerate(boxes) if found or positive[k].any()]
        if not asked:
            return out
        seen = self._seen(photo)
        features = self._run("outline_photo.onnx", {"photo": _planes(seen)})
        names = ("stride2", "stride4", "stride8", "stride16")
        for first in range(0, len(asked), _AT_ONCE):
            some = asked[first : first + _AT_ONCE]
            hints = np.stack([_hints(heats[k], positive[k], negative[k], seen.shape[:2]) for k in some])
            feed = {**dict(zip(names, features, strict=True)), "hints": hints}
            (probability,) = self._run("outline_phrase.onnx", feed)
            for k, found in zip(some, probability[:, 0], strict=True):
                full = _to_edges(photo, seen, found, self.level)
                out[k] = _touching(full, boxes[k], positive[k]) & ~negative[k]
        return out

    def _seen(self, photo: Rgb) -> Rgb:
        """The photo at the size that the net sees."""
        height, width = photo.shape[:2]
        scale = min(1.0, self.side_px / max(height, width))
        w, h = (max(4 * _STRIDE, round(side * scale / _STRIDE) * _STRIDE) for side in (width, height))
        return np.asarray(cv2.resize(photo, (w, h), interpolation=cv2.INTER_AREA), np.uint8)

    def _run(self, name: str, feed: Mapping[str, FloatImage]) -> tuple[FloatImage, ...]:
        return self._nets[name].run(**feed)

    @cached_property
    def _nets(self) -> dict[str, Net]:
        return {path.name: Net(path.read_bytes(), name=path, threads=self.threads) for path in self.own_files}


def _planes(rgb: Rgb) -> FloatImage:
    """[1, 3, h, w] float32 in 0..1."""
    return np.ascontiguousarray(rgb.transpose(2, 0, 1)[None].astype(np.float32) / np.float32(255))


def _hints(heat: Heat, positive: Hard, negative: Hard, seen_hw: tuple[int, ...]) -> FloatImage:
    """[3, h/4, w/4] float32: heat and marks as the net takes them. The smallest mark stays a mark."""
    wh = (seen_hw[1] // _HEAT_STRIDE, seen_hw[0] // _HEAT_STRIDE)
    planes = [cv2.resize(heat, wh, interpolation=cv2.INTER_AREA)]
    for marks in (positive, negative):
        small = cv2.resize(marks.astype(np.float32), wh, interpolation=cv2.INTER_AREA)
        planes.append((small > 0).astype(np.float32))
    return np.asarray(np.clip(np.stack(planes), 0, 1), np.float32)


def _to_edges(photo: Rgb, seen: Rgb, probability: FloatImage, level: float) -> Hard:
    """[H, W] bool: the probability, at half of the size that the net saw, brought to the edges of the photo itself."""
    h, w = probability.shape
    likely = probability > level / 4
    out = np.zeros(photo.shape[:2], np.bool_)
    if not likely.any():
        return out
    guide = cv2.resize(seen, (w, h), interpolation=cv2.INTER_AREA)
    gain, base = guided_coefficients(guide, probability, _GUIDE_RADIUS, _GUIDE_EPS)
    rows, columns = np.flatnonzero(likely.any(1)), np.flatnonzero(likely.any(0))
    y0, y1 = max(0, int(rows[0]) - 2), min(h, int(rows[-1]) + 3)
    x0, x1 = max(0, int(columns[0]) - 2), min(w, int(columns[-1]) + 3)
    view = np.s_[y0:y1, x0:x1]
    part, full, enlarge = enlarge_guided(photo, gain[view], base[view], (w, h), Box(x0, y0, x1, y1))
    # The linear model may overshoot where the net is certain.
    rough = enlarge(np.ascontiguousarray(probability[view]))
    certain = np.abs(rough - np.float32(0.5)) > np.float32(0.45)
    out[part] = np.where(certain, rough, full) >= level
    return out


def _touching(mask: Hard, boxes: Sequence[Box], positive: Hard) -> Hard:
    """The connected parts of a mask that reach into a box or a positive mark: the others belong to nothing found."""
    count, labels = cv2.connectedComponents(mask.view(np.uint8), connectivity=8)
    if count <= 1:
        return mask
    reached = np.zeros(count, np.bool_)
    for box in boxes:
        reached[np.unique(labels[box.slices])] = True
    reached[np.unique(labels[positive])] = True
    reached[0] = False
    kept: Hard = reached[labels]
    return kept
