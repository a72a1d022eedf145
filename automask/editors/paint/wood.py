"""Wood: grain, veneer and floorboards."""

import numpy as np

from automask.editors.paint.look import Hw, Plane, Triple
from automask.editors.paint.noise import blend, fractal, smoothstep


def _grain(hw: Hw, px_per_m: float, rng: np.random.Generator) -> Plane:
    """Share of the dark colour, 0..1: growth rings as contours of a long noise, fibres and pores; along the rows."""
    metres = (hw[0] / px_per_m, hw[1] / px_per_m)

    def cells(across: float, along: float) -> tuple[float, float]:
        return metres[0] * across, metres[1] * along

    figure = fractal(hw, cells(4.0, 0.45), rng, octaves=3, gain=0.45)
    rings = np.abs(((figure * np.float32(2.4)) % 2.0) - 1.0).astype(np.float32) ** np.float32(1.6)
    fibre = fractal(hw, cells(110, 3.0), rng, octaves=3, gain=0.6)
    tone = fractal(hw, cells(2.0, 0.3), rng, octaves=2)
    pores = smoothstep(fractal(hw, cells(260, 8), rng, octaves=2), 1.1, 2.0)
    share = 0.34 + 0.26 * (rings - 0.4) + 0.10 * fibre + 0.08 * tone + 0.25 * pores
    shares: Plane = np.clip(share, 0, 1).astype(np.float32)
    return shares


def veneer(hw: Hw, px_per_m: float, rng: np.random.Generator, *, light: Triple, dark: Triple) -> Plane:
    """Veneer with upright grain."""
    return blend(light, dark, np.ascontiguousarray(_grain((hw[1], hw[0]), px_per_m, rng).T))


def planks(hw: Hw, px_per_m: float, rng: np.random.Generator, *, light: Triple, dark: Triple) -> Plane:
    """Floorboards along the rows: each with its own piece of grain, its own tone, and a dark joint."""
    share = _grain(hw, px_per_m, rng)
    board_h = max(4.0, 0.15 * px_per_m)
    board_w = max(16.0, 1.7 * px_per_m)
    rows = (np.arange(hw[0]) / board_h).astype(np.int64)
    out_share = np.empty(hw, np.float32)
    tone = np.empty(hw, np.float32)
    joint = np.zeros(hw, np.float32)
    gap = max(1, round(0.0018 * px_per_m))
    for row in range(int(rows[-1]) + 1):
        top, bottom = int(np.searchsorted(rows, row)), int(np.searchsorted(rows, row + 1))
        shift = int(rng.integers(0, hw[1]))
        out_share[top:bottom] = np.roll(share[top:bottom], shift, axis=1)
        start = -float(rng.uniform(0, board_w))
        while start < hw[1]:
            stop = start + board_w * float(rng.uniform(0.75, 1.25))
            left, right = max(0, round(start)), min(hw[1], round(stop))
            tone[top:bottom, left:right] = rng.uniform(-0.17, 0.17)
            if 0 < right < hw[1]:
                joint[top:bottom, right - gap : right] = 1
            start = stop
        joint[top : top + gap] = 1
    return blend(light, dark, np.clip(out_share, 0, 1), (1 + tone) * (1 - np.float32(0.6) * joint))
