"""The embedded segmenter: a small net in the package, run by ONNX Runtime, for a fixed vocabulary of rooms.

What it was trained on, what it reaches and where it fails: docs/starter.md. The net tells some ninety *leaves* apart; a
phrase is a set of leaves ("cabinets" are base, wall and tall cabinets), and its heat is the sum of their probabilities.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import cv2
import numpy as np

from automask.errors import ConfigError, SegmenterError
from automask.segmenters.words import Words, packaged
from automask.types import Heat, Rgb

_STRIDE = 32
_LARGEST = 2048  # time and memory grow with the square, and it was trained for 640 at most
# The accent wall's colour is read off where the net is this sure of it, if that is at least this share of the photo.
# The same paint varies by about this much (8-bit Lab) over a wall that is lit from one side.
_SURE = 0.6
_A_WALL = 0.005
_PAINT_SPREAD = 14.0
# How much likelier the wall is where its very colour is seen, as odds: 0.3 becomes 0.68, a black fridge's 0.02 0.09.
_LIKELIER = 5.0


class Starter:
    """Finds the things of a home by name: no download, no torch, under half a second.

    All leaves compete for every pixel (softmax), whatever is asked: the heat of a phrase does not depend on the phrases
    beside it. The same photo and words give the same bytes on every run.

    Args:
        side_px: The photo's long side as the net sees it, rounded to a multiple of 32. It was trained for 270 to 640.
        mirror: Look at the photo and at its mirror image, and take the mean: steadier, at twice the time.
        threads: Processor threads of ONNX Runtime; at least 1.
    """

    def __init__(self, *, side_px: int = 512, mirror: bool = True, threads: int = 2) -> None:
        if not _STRIDE <= side_px <= _LARGEST:
            raise ConfigError(f"segmenter.side_px is {side_px}", mend=f"give {_STRIDE} to {_LARGEST}; 512 is usual")
        if threads < 1:
            raise ConfigError(f"threads is {threads}", mend="give at least 1")
        self.side_px = side_px
        self.mirror = mirror
        self.threads = threads
        self._words = Words.packaged()

    def understand(self, targets: Sequence[str]) -> tuple[str, ...]:
        """The known phrase that each target is read as: "couches" as "sofa", "cabnets" as "cabinets".

        Raises:
            UnknownPhrase: A target is no thing of a home that the net knows; names the nearest known words.
        """
        return tuple(self._words.read(target) for target in targets)

    def heats(self, photo: Rgb, targets: Sequence[str]) -> Heat:
        phrases = self.understand(targets)  # before the photo: words are refused without a look at it
        if photo.ndim != 3 or photo.shape[2] != 3 or photo.dtype != np.uint8 or photo.size == 0:
            raise SegmenterError(
                f"the photo is {photo.dtype} of shape {photo.shape}",
                mend="give [height, width, 3] uint8, RGB, not empty",
            )
        leaves = self._leaves(photo)
        height, width = photo.shape[:2]
        heats = np.empty((len(phrases), height, width), np.float32)
        for heat, phrase in zip(heats, phrases, strict=True):
            small = leaves[self._words.leaves_of[phrase]].sum(0)
            cv2.resize(small, (width, height), dst=heat, interpolation=cv2.INTER_LINEAR)
        return np.clip(heats, 0.0, 1.0, out=heats)

    def _leaves(self, photo: Rgb) -> Heat:
        """[leaves, h, w]: the probability of every leaf, at a quarter of the size that the net sees."""
        height, width = photo.shape[:2]
        scale = self.side_px / max(height, width)
        # Each side is rounded by itself: at most 3 % of stretch for a common photo, and no border to invent.
        net_wh = tuple(max(_STRIDE, round(side * scale / _STRIDE) * _STRIDE) for side in (width, height))
        small = cv2.resize(photo, net_wh, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
        seen = np.ascontiguousarray(small.transpose(2, 0, 1)[None].astype(np.float32) / np.float32(255))
        (leaves,) = self._session.run(None, {"photo": seen})
        if self.mirror:
            (mirrored,) = self._session.run(None, {"photo": np.ascontiguousarray(seen[..., ::-1])})
            leaves = (leaves + mirrored[..., ::-1]) / 2
        return self._one_wall(leaves[0], small)

    def _one_wall(self, leaves: Heat, seen: Rgb) -> Heat:
        """The leaves, with what is painted like the accent wall counted as accent wall behind the worktop too.

        The net goes by place: what is behind a worktop it calls backsplash. Where that is the accent wall's own colour
        it is the same painted wall, and a person who says "accent wall" means all of it. Tiles of another colour stay
        backsplash, and without an accent wall nothing changes.
        """
        accent, splash = (self._words.order[leaf] for leaf in ("accent wall", "backsplash"))
        sure = leaves[accent] > _SURE
        if sure.mean() < _A_WALL:
            return leaves
        lab = cv2.cvtColor(cv2.resize(seen, leaves.shape[:0:-1], interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2LAB)
        away = np.linalg.norm(lab.astype(np.float32) - np.median(lab[sure], axis=0).astype(np.float32), axis=-1)
        alike = np.exp(-0.5 * (away / _PAINT_SPREAD) ** 2).astype(np.float32)
        wall = leaves[accent] + leaves[splash] * alike
        # Between vases and books the net is of two minds; the wall's own colour there speaks for the wall.
        odds = 1 + (_LIKELIER - 1) * alike
        likely = wall * odds / (wall * odds + (1 - wall))
        joined = leaves.copy()
        joined[splash] -= leaves[splash] * alike
        joined[accent] = 0
        joined *= (1 - likely) / np.maximum(1 - wall, np.float32(1e-6))
        joined[accent] = likely
        return joined

    @cached_property
    def _session(self) -> Any:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Without the arena the peak falls by the size of the largest activations; the time does not change.
        options.enable_cpu_mem_arena = False
        return onnxruntime.InferenceSession(packaged("starter.onnx"), options, providers=["CPUExecutionProvider"])
