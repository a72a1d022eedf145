"""Two edits with their regions and stages, for tests of painting."""

import numpy as np
from drawing import disc

from automask.masking.masks import alpha_from
from automask.protocols import Stages
from automask.refiners.threshold import Threshold
from automask.testing import Fill, PaintedHeat
from automask.types import Edit, MaskRecipe, Region

SIZE = (96, 128)
SOFT = MaskRecipe(dilate_px=2, feather_px=4)


def region(hard: np.ndarray, target: str = "island") -> Region:
    nothing = np.zeros_like(hard)
    return Region(target, bool(hard.any()), hard, alpha_from(hard, SOFT, untouchable=nothing), (), 0.9, (target,))


def stages(editor: object, **named: object) -> Stages:
    return Stages(segmenter=PaintedHeat({}), refiner=Threshold(), editor=editor, editors=named)


ISLAND = region(disc(SIZE, (30, 40), 12))
LAMPS = region(disc(SIZE, (100, 20), 6) | disc(SIZE, (100, 80), 7), "lamps")
PLAN = (Edit(("island",), "marble"), Edit(("lamps",), "brass"))


class Together(Fill):
    sizes: tuple[int, ...] = ()

    def paint_many(self, jobs):
        self.sizes = (*self.sizes, len(jobs))
        return [self.paint(**job) for job in jobs]
