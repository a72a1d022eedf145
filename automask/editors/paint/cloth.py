"""Cloths, leather, cane and striped wallpaper."""

import math

import cv2
import numpy as np

from automask.editors.paint.look import Triple
from automask.editors.paint.noise import (
    blend,
    clamp_reflectance,
    fractal,
    line_coverage,
    modulate,
    smoothstep,
    visibility,
)
from automask.types import FloatImage, Hw


def linen(hw: Hw, px_per_m: float, rng: np.random.Generator, *, colour: Triple) -> FloatImage:
    """Plain weave with slubs: threads of uneven thickness both ways. Its mean is `colour`."""
    weft = fractal(hw, px_per_m, (430, 18), rng, octaves=2, gain=0.8)
    weft += fractal(hw, px_per_m, (160, 10), rng, octaves=2, gain=0.9)
    warp_ = fractal(hw, px_per_m, (18, 430), rng, octaves=2, gain=0.8)
    warp_ += fractal(hw, px_per_m, (10, 160), rng, octaves=2, gain=0.9)
    slow = fractal(hw, px_per_m, (70, 5), rng, octaves=1) + fractal(hw, px_per_m, (5, 70), rng, octaves=1)
    slub = smoothstep(weft, 1.6, 3.2) + smoothstep(warp_, 1.6, 3.2)
    gain = 1 + np.float32(0.028) * (weft + warp_) + np.float32(0.05) * slub + np.float32(0.011) * slow
    return modulate(colour, gain)


def wool(hw: Hw, px_per_m: float, rng: np.random.Generator, *, colour: Triple) -> FloatImage:
    """A felted, slightly mixed wool: soft flecks and short fibres. Its mean is `colour`."""
    fleck = fractal(hw, px_per_m, 105, rng, octaves=4, gain=0.9)
    slow = fractal(hw, px_per_m, 4, rng, octaves=3)
    hair = fractal(hw, px_per_m, (60, 380), rng, octaves=1) + fractal(hw, px_per_m, (380, 60), rng, octaves=1)
    gain = 1 + np.float32(0.065) * fleck + np.float32(0.03) * hair + np.float32(0.018) * slow
    return modulate(colour, gain)


def velvet(hw: Hw, px_per_m: float, rng: np.random.Generator, *, colour: Triple) -> FloatImage:
    """Pile brushed in changing directions: broad soft lights. Its mean is `colour`."""
    by = [fractal(hw, px_per_m, 2.2, rng, octaves=2) * np.float32(0.05 * px_per_m) for _ in range(2)]
    pile = cv2.GaussianBlur(fractal(hw, px_per_m, (4.5, 3.0), rng, octaves=3, gain=0.45), (0, 0), 0.8)
    pile = np.tanh(
        np.float32(0.9) * cv2.remap(pile, *_displaced_grid(hw, by), cv2.INTER_LINEAR, None, cv2.BORDER_REFLECT_101)
    )
    nap = fractal(hw, px_per_m, (140, 420), rng, octaves=2, gain=0.8)
    return modulate(colour, 1 + np.float32(0.13) * pile + np.float32(0.035) * nap)


def _displaced_grid(hw: Hw, by: list[FloatImage]) -> tuple[FloatImage, FloatImage]:
    x = np.arange(hw[1], dtype=np.float32)[None, :] + by[0]
    y = np.arange(hw[0], dtype=np.float32)[:, None] + by[1]
    return x, y


def leather(hw: Hw, px_per_m: float, rng: np.random.Generator, *, colour: Triple) -> FloatImage:
    """Grained hide: pebbles with dark creases between, and slow changes of tone. Its mean is `colour`."""
    slow = fractal(hw, px_per_m, 3, rng, octaves=4, gain=0.55)
    pebble = fractal(hw, px_per_m, 190, rng, octaves=2, gain=0.6)
    crease = np.abs(fractal(hw, px_per_m, 130, rng, octaves=2, gain=0.6))
    folds = np.abs(fractal(hw, px_per_m, (16, 9), rng, octaves=3, gain=0.6))
    clear, clear_folds = np.float32(visibility(0.006, px_per_m)), np.float32(visibility(0.03, px_per_m))
    creases, lines = smoothstep(crease, 0.42, 0.0), smoothstep(folds, 0.10, 0.0)
    gain = 1 + np.float32(0.05) * slow + np.float32(0.035) * pebble
    gain -= np.float32(0.16) * clear * (creases - np.float32(creases.mean(dtype=np.float64)))
    gain -= np.float32(0.05) * clear_folds * (lines - np.float32(lines.mean(dtype=np.float64)))
    return modulate(colour, gain)


_CANE_M = 0.0135


def cane(hw: Hw, px_per_m: float, rng: np.random.Generator, *, colour: Triple, behind: Triple) -> FloatImage:
    """Woven cane: pairs of strands upright and level, single ones slantwise, eight-cornered holes between."""
    clear = np.float32(visibility(_CANE_M, 0.75 * px_per_m))
    start = rng.random(2) * _CANE_M
    wave = [fractal(hw, px_per_m, 6, rng, octaves=2) * np.float32(0.0005) for _ in range(2)]
    x = (np.arange(hw[1], dtype=np.float32)[None, :] + 0.5) / np.float32(px_per_m) + np.float32(start[0]) + wave[0]
    y = (np.arange(hw[0], dtype=np.float32)[:, None] + 0.5) / np.float32(px_per_m) + np.float32(start[1]) + wave[1]

    def strands(at: FloatImage, pitch: float) -> FloatImage:
        off = (at * np.float32(1 / pitch)) % 1
        return np.asarray(np.abs(off - np.float32(0.5)) * np.float32(pitch))

    level, upright = strands(y, _CANE_M), strands(x, _CANE_M)
    root = np.float32(1 / math.sqrt(2))
    rising = strands((x + y) * root, _CANE_M / math.sqrt(2))
    falling = strands((x - y) * root, _CANE_M / math.sqrt(2))
    pair = np.float32(0.0014)
    straight = np.maximum(
        line_coverage(np.abs(level - pair), 0.00115, px_per_m), line_coverage(np.abs(upright - pair), 0.00115, px_per_m)
    )
    slant = np.maximum(line_coverage(rising, 0.0010, px_per_m), line_coverage(falling, 0.0010, px_per_m))
    cover = np.maximum(straight, slant)
    # Strands thinner than a pixel seem to overlap less than they do: their mean is corrected.
    cover = np.float32(CANE_SHARE) + clear * (cover - np.float32(cover.mean(dtype=np.float64)))
    tone = fractal(hw, px_per_m, (14, 74), rng, octaves=2) + fractal(hw, px_per_m, (74, 14), rng, octaves=2)
    gain = 1 + np.float32(0.02) * tone - clear * np.float32(0.14) * (slant * (1 - straight) - np.float32(0.15))
    return clamp_reflectance(blend(behind, colour, cover) * gain[..., None])


CANE_SHARE = 0.66
"""How much of woven cane is strand."""


def stripes(
    hw: Hw, px_per_m: float, rng: np.random.Generator, *, colour: Triple, other: Triple, width_m: float = 0.09
) -> FloatImage:
    """Wallpaper with upright stripes of two colours, and the tooth of paper."""
    start = float(rng.random()) * 2 * width_m
    x = (np.arange(hw[1], dtype=np.float32) + 0.5) / np.float32(px_per_m) + np.float32(start)
    off = np.abs((x % np.float32(2 * width_m)) - np.float32(width_m))
    first = np.clip((np.float32(width_m / 2) - off) * np.float32(px_per_m) + np.float32(0.5), 0, 1)
    clear = np.float32(visibility(width_m, px_per_m))
    share = np.broadcast_to(np.float32(0.5) + clear * (first - np.float32(0.5)), hw)
    tooth = fractal(hw, px_per_m, 260, rng, octaves=2, gain=0.8)
    return clamp_reflectance(blend(other, colour, share, 1 + np.float32(0.012) * tooth))


def cut_pile(hw: Hw, px_per_m: float, rng: np.random.Generator, *, colour: Triple) -> FloatImage:
    """Cut-pile carpet: tufts that lean in patches, as feet and the vacuum cleaner left them. Its mean is `colour`."""
    tufts = fractal(hw, px_per_m, 60, rng, octaves=4, gain=0.9)
    lean = np.tanh(fractal(hw, px_per_m, (2.2, 1.5), rng, octaves=4, gain=0.6))
    tracks = np.tanh(np.float32(0.8) * fractal(hw, px_per_m, (0.9, 2.4), rng, octaves=3, gain=0.6))
    slow = fractal(hw, px_per_m, 0.6, rng, octaves=3)
    gain = 1 + np.float32(0.055) * tufts + np.float32(0.040) * lean + np.float32(0.022) * tracks
    return modulate(colour, gain + np.float32(0.012) * slow)


_LOOP_M = 0.0075


def loop_pile(hw: Hw, px_per_m: float, rng: np.random.Generator, *, colour: Triple) -> FloatImage:
    """Loop-pile carpet: rows of yarn loops, flecked, with dark between the rows. Its mean is `colour`."""
    start = rng.random(2) * _LOOP_M
    wander = [fractal(hw, px_per_m, 7, rng, octaves=3) * np.float32(0.0006) for _ in range(2)]
    x = (np.arange(hw[1], dtype=np.float32)[None, :] + 0.5) / np.float32(px_per_m) + np.float32(start[0]) + wander[0]
    y = (np.arange(hw[0], dtype=np.float32)[:, None] + 0.5) / np.float32(px_per_m) + np.float32(start[1]) + wander[1]
    row = np.floor(y / np.float32(_LOOP_M))
    along = x / np.float32(0.8 * _LOOP_M) + (row % 2) * np.float32(0.5)
    turn = np.float32(2 * math.pi)
    loops = np.cos(turn * y / np.float32(_LOOP_M)) + np.float32(0.6) * np.cos(turn * along)
    clear = np.float32(visibility(_LOOP_M, 0.8 * px_per_m))
    fleck = fractal(hw, px_per_m, 75, rng, octaves=3, gain=0.85)
    slow = fractal(hw, px_per_m, (3, 1.2), rng, octaves=4, gain=0.6)
    gain = 1 - np.float32(0.085) * clear * loops + np.float32(0.060) * fleck + np.float32(0.016) * slow
    return modulate(colour, gain)


_TRELLIS_M = 0.24


def trellis(
    hw: Hw, px_per_m: float, rng: np.random.Generator, *, colour: Triple, other: Triple, size_m: float = _TRELLIS_M
) -> FloatImage:
    """Patterned carpet: a woven trellis of another colour, with a small lozenge in each field."""
    start = rng.random(2) * size_m
    wander = [fractal(hw, px_per_m, 5, rng, octaves=3) * np.float32(0.0012) for _ in range(2)]
    x = (np.arange(hw[1], dtype=np.float32)[None, :] + 0.5) / np.float32(px_per_m) + np.float32(start[0]) + wander[0]
    y = (np.arange(hw[0], dtype=np.float32)[:, None] + 0.5) / np.float32(px_per_m) + np.float32(start[1]) + wander[1]
    a, b = (x + y) / np.float32(size_m), (x - y) / np.float32(size_m)
    off_a, off_b = np.abs(a % 1 - np.float32(0.5)), np.abs(b % 1 - np.float32(0.5))
    scale = size_m / math.sqrt(2)
    to_line = (np.float32(0.5) - np.maximum(off_a, off_b)) * np.float32(scale)
    line = line_coverage(to_line, 0.007, px_per_m)
    middle = line_coverage(np.maximum(off_a, off_b) * np.float32(scale), 0.014, px_per_m)
    share = np.maximum(line, middle)
    clear = np.float32(visibility(0.3 * size_m, px_per_m))
    share = np.float32(TRELLIS_SHARE) + clear * (share - np.float32(TRELLIS_SHARE))
    tufts = fractal(hw, px_per_m, 150, rng, octaves=3, gain=0.85)
    lean: FloatImage = np.tanh(fractal(hw, px_per_m, (2.2, 1.5), rng, octaves=4, gain=0.6))
    gain: FloatImage = np.float32(1) + np.float32(0.05) * tufts + np.float32(0.03) * lean
    return clamp_reflectance(blend(colour, other, share, gain))


def _trellis_share() -> float:
    at = (np.arange(1200) + 0.5) / 1200
    off = np.abs(at - 0.5) * (_TRELLIS_M / math.sqrt(2))
    edge = _TRELLIS_M / math.sqrt(2) / 2
    line = (off[:, None] > edge - 0.007) | (off[None, :] > edge - 0.007)
    return float((line | ((off[:, None] < 0.014) & (off[None, :] < 0.014))).mean())


TRELLIS_SHARE = _trellis_share()
"""How much of the patterned carpet is of the other colour."""
