"""The simplest refiner: thresholded heat."""

from collections.abc import Sequence

import numpy as np

from automask.errors import ConfigError
from automask.types import Box, Hard, Heat, Rgb


class Threshold:
    """Selects the pixels with heat at or above a threshold, inside the boxes.

    Args:
        threshold: 0..1.

    Raises:
        ConfigError: A threshold outside 0..1.
    """

    def __init__(self, *, threshold: float = 0.35) -> None:
        if not 0.0 <= threshold <= 1.0:
            raise ConfigError(f"refiner.threshold={threshold} is out of range", hint="give a number from 0 to 1")
        self._threshold = threshold

    def refine(self, photo: Rgb, heats: Heat, boxes: Sequence[tuple[Box, ...]]) -> Hard:  # noqa: ARG002 - the protocol's
        masks = np.zeros(heats.shape, dtype=np.bool_)
        for heat, mask, around in zip(heats, masks, boxes, strict=True):
            for box in around:
                mask[box.slices] = heat[box.slices] >= self._threshold
        return masks
