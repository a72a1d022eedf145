"""Brushed metal."""

import numpy as np

from automask.editors.paint.look import Triple
from automask.editors.paint.noise import fractal, modulate
from automask.types import FloatImage, Hw


def brushed(hw: Hw, px_per_m: float, rng: np.random.Generator, *, colour: Triple) -> FloatImage:
    """Sheet metal brushed along the columns: fine long scratches over a slow bloom. Its mean is `colour`."""
    fine = fractal(hw, px_per_m, (420, 4.5), rng, octaves=2, gain=0.8)
    coarse = fractal(hw, px_per_m, (70, 1.6), rng, octaves=3, gain=0.75)
    bloom = fractal(hw, px_per_m, (1.1, 0.7), rng, octaves=2)
    return modulate(colour, 1 + np.float32(0.030) * fine + np.float32(0.022) * coarse + np.float32(0.025) * bloom)
