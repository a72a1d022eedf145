"""Wood: boards cut from a log, as veneer, floorboards or herringbone."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from automask.editors.paint.look import Triple
from automask.editors.paint.noise import clamp_reflectance, fractal, line_coverage, mean_colour, smoothstep, visibility
from automask.types import FloatImage, Hw, Labels


@dataclass(frozen=True, slots=True)
class Species:
    """A wood.

    Args:
        light, dark: Its two colours.
        share: How much of the dark one, on the whole.
        ring_m: Width of a year's ring.
        rings: Contrast of the rings.
        streaks: Contrast of broad streaks of many years.
        fibre: Contrast of the fibres.
        pores: Contrast of the pores.
        rift: Share of boards with straight grain.
        vary: Spread of lightness between boards.
    """

    light: Triple
    dark: Triple
    share: float = 0.30
    ring_m: float = 0.0038
    rings: float = 0.20
    streaks: float = 0.07
    fibre: float = 0.068
    pores: float = 0.26
    rift: float = 0.40
    vary: float = 0.07

    @property
    def mean(self) -> Triple:
        """Its reflectance as a whole."""
        return mean_colour((self.light, 1 - self.share), (self.dark, self.share))


@dataclass(frozen=True, slots=True, eq=False)
class _Cuts:
    """Where boards are in their logs; each value [n], in metres, for n boards.

    A board's face is a plane next to the pith: where it passes close, the rings' cones are cut to arches (cathedrals);
    far to the side they are straight lines (rift). Everything about a board's figure follows from these few numbers.
    """

    aside: npt.NDArray[np.float32]
    depth: npt.NDArray[np.float32]
    taper: npt.NDArray[np.float32]
    ring: npt.NDArray[np.float32]
    place: npt.NDArray[np.float32]
    tone: npt.NDArray[np.float32]


def _cuts(count: int, width_m: float, wood: Species, rng: np.random.Generator) -> _Cuts:
    chance = rng.random((7, count), np.float32)
    sign = np.where(chance[5] < 0.5, np.float32(-1), np.float32(1))
    rift = chance[0] < wood.rift
    aside = np.where(rift, sign * (0.07 + 0.5 * width_m + 0.15 * chance[1]), (chance[1] - 0.5) * 0.7 * width_m)
    depth = np.where(rift, 0.02 + 0.06 * chance[2], 0.035 + 0.11 * chance[2])
    taper = np.where(chance[6] < 0.5, -1, 1) * np.where(rift, 0.003 + 0.004 * chance[3], 0.010 + 0.022 * chance[3])
    return _Cuts(
        aside.astype(np.float32),
        depth.astype(np.float32),
        taper.astype(np.float32),
        chance[4] * np.float32(0.9),
        rng.random(count, np.float32) * np.float32(40),
        rng.standard_normal(count, np.float32) * np.float32(wood.vary),
    )


_STEP_M = 0.0004
_RADII = 3000


def _rings(wood: Species, rng: np.random.Generator) -> FloatImage:
    """[levels, radii] how dark wood is at each distance from the pith, mean 0; each level twice as coarse."""
    radius = np.arange(_RADII) * _STEP_M
    slow = np.repeat(rng.standard_normal(64), 24)  # good years and bad ones come in runs
    width = wood.ring_m * np.exp(0.22 * rng.standard_normal(1536) + 0.25 * slow)
    ends = np.concatenate([[0.0], np.cumsum(width)])
    which = np.searchsorted(ends, radius, side="right") - 1
    phase = (radius - ends[which]) / width[which]
    # Early wood is porous and dark from its start, and changes gradually to the dense late wood.
    early = np.exp(-phase / 0.28) * (0.55 + 0.75 * rng.random(1536)[which])
    profile = wood.rings * 1.7 * (early - early.mean())
    for run_m, share in ((0.06, 0.5), (0.02, 0.55), (0.008, 0.8), (0.0028, 1.0)):
        knots = np.arange(0, radius[-1] + 2 * run_m, run_m)
        profile += wood.streaks * share * np.interp(radius, knots, rng.standard_normal(len(knots)))
    levels = [profile - profile.mean()]
    for level in range(1, 8):
        kernel = cv2.getGaussianKernel(2 * round(1.5 * 2**level) + 1, 0.5 * 2**level)[:, 0]
        levels.append(np.convolve(np.pad(levels[0], len(kernel) // 2, mode="reflect"), kernel, "valid"))
    return np.stack(levels).astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class _Timber:
    """What all boards of one picture are cut from: rings, and the fibres and pores over them."""

    wood: Species
    px_per_m: float
    rings: FloatImage
    sway: FloatImage
    fibre: FloatImage

    @classmethod
    def generate(cls, hw: Hw, px_per_m: float, wood: Species, rng: np.random.Generator) -> "_Timber":
        """Timber for a picture of that size, grain along the columns."""
        rings = _rings(wood, rng)
        sheet_hw = (min(hw[0], round(2.2 * px_per_m) + 8), min(hw[1], round(3.5 * px_per_m) + 8))
        sway = fractal(sheet_hw, px_per_m, (5, 0.9), rng, octaves=4, gain=0.42)
        fibre = fractal(sheet_hw, px_per_m, (64, 2.4), rng, octaves=4, gain=0.95)
        dashes = fractal(sheet_hw, px_per_m, (210, 13), rng, octaves=2, gain=0.9)
        pores = smoothstep(dashes, 0.5, 1.9)
        fibre = np.float32(wood.fibre) * fibre + np.float32(wood.pores) * (pores - np.float32(pores.mean()))
        return cls(wood, px_per_m, rings, sway, fibre)

    def face(self, u: FloatImage, v: FloatImage, cuts: _Cuts, each: Labels) -> FloatImage:
        """[h, w] share of the dark colour: `u` metres along the grain, `v` across from the board's middle."""
        scale = np.float32(self.px_per_m)
        place = cuts.place[each]
        at_x, at_y = (u + place) * scale, (v + place * np.float32(0.37)) * scale
        at_x, at_y = np.broadcast_arrays(at_x, at_y)
        at_x, at_y = _mirror(at_x, self.fibre.shape[1]), _mirror(at_y, self.fibre.shape[0])
        fibre = cv2.remap(self.fibre, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
        sway = cv2.remap(self.sway, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
        off = v - cuts.aside[each] + np.float32(0.0045) * sway
        deep = cuts.depth[each] + cuts.taper[each] * u + np.float32(0.006) * sway
        radius = cv2.sqrt(off * off + deep * deep) + np.float32(0.004) * fibre
        # How many steps of the table a pixel spans, which is less where the rings are cut flat.
        spans = (np.abs(off) / (radius + np.float32(1e-3)) + np.float32(0.08)) * np.float32(1 / (_STEP_M * scale))
        level = np.clip(cv2.log(spans) * np.float32(1 / math.log(2)), 0, len(self.rings) - 1)
        at = _mirror((radius + cuts.ring[each]) * np.float32(1 / _STEP_M), _RADII)
        figure = cv2.remap(self.rings, at, level, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
        figure *= np.float32(visibility(0.03, self.px_per_m))
        # Pores are in the early wood.
        fibre *= np.clip(1 + np.float32(3.2) * figure, 0.35, 2)
        share: FloatImage = np.clip(np.float32(self.wood.share) + figure + fibre, 0, 1)
        return share


def _mirror(at: FloatImage, size: int) -> FloatImage:
    """Positions mirrored at both ends of a picture, however far beyond they are."""
    turn = np.float32(max(1, size - 1))
    folded: FloatImage = turn - np.abs(np.abs(at) % (2 * turn) - turn)
    return folded.astype(np.float32)


def _colourise(wood: Species, share: FloatImage, tone: FloatImage, joint: FloatImage | None = None) -> FloatImage:
    """The picture of shares of the dark colour, lighter and darker board by board; dark boards are also the redder."""
    gain = 1 + tone if joint is None else (1 + tone) * (1 - joint)
    red, green, blue = (
        (np.float32(light) + share * np.float32(dark - light)) * gain
        for light, dark in zip(wood.light, wood.dark, strict=True)
    )
    return clamp_reflectance(
        cv2.merge([red * (1 - np.float32(0.06) * tone), green, blue * (1 + np.float32(0.15) * tone)])
    )


_LEAF_M = 2.7


def veneer(hw: Hw, px_per_m: float, rng: np.random.Generator, *, wood: Species) -> FloatImage:
    """Veneer, grain upright: leaves side by side, of a few cuts, without joints to see."""
    down = (hw[1], hw[0])
    widths: list[float] = []
    while sum(widths) < hw[1] / px_per_m + 0.5:
        widths.append(float(rng.uniform(0.18, 0.34)))
    ends = np.cumsum(widths) - float(rng.uniform(0, widths[0]))
    v = ((np.arange(down[0], dtype=np.float32) + 0.5) / np.float32(px_per_m))[:, None]
    each = np.minimum(np.searchsorted(ends, v[:, 0]), len(ends) - 1)[:, None]
    v = v - (ends - 0.5 * np.array(widths)).astype(np.float32)[each]
    u = ((np.arange(down[1], dtype=np.float32) + 0.5) / np.float32(px_per_m))[None, :]
    u = _mirror(u * 1000, round(1000 * _LEAF_M)) * np.float32(0.001) - np.float32(_LEAF_M / 2)
    timber = _Timber.generate(down, px_per_m, wood, rng)
    cuts = _cuts(len(widths), 0.25, wood, rng)
    share = timber.face(u, v, cuts, each)
    tone = np.float32(0.45) * cuts.tone[each]
    clear = np.float32(visibility(0.2, px_per_m))
    return _colourise(wood, np.ascontiguousarray(share.T), np.ascontiguousarray((clear * tone).T))


_BOARD_M = 0.18


def planks(
    hw: Hw, px_per_m: float, rng: np.random.Generator, *, wood: Species, board_m: float = _BOARD_M
) -> FloatImage:
    """Floorboards along the columns: each its own cut and tone, with joints as thin as they are."""
    timber = _Timber.generate(hw, px_per_m, wood, rng)
    height_m, width_m = hw[0] / px_per_m, hw[1] / px_per_m
    share, tone = np.empty(hw, np.float32), np.empty(hw, np.float32)
    joint = np.zeros(hw, np.float32)
    u = ((np.arange(hw[1], dtype=np.float32) + 0.5) / np.float32(px_per_m))[None, :]
    clear = np.float32(visibility(board_m, px_per_m))
    top_m = -float(rng.random()) * board_m
    before: npt.NDArray[np.float64] = np.zeros(0)
    while top_m < height_m:
        own = np.random.default_rng(int(rng.integers(2**63)))
        wide = board_m * float(own.uniform(0.985, 1.015))
        ends = _ends(width_m, before, own)
        before = ends
        top, bottom = max(0, round(top_m * px_per_m)), min(hw[0], round((top_m + wide) * px_per_m))
        cuts = _cuts(len(ends) + 1, wide, wood, own)
        strength = own.uniform(0.12, 0.5, 2 * len(ends) + 2).astype(np.float32)
        knots = np.arange(0.0, width_m + 0.5, 0.23)
        worn = np.interp(u[0], knots, own.uniform(0.35, 1.25, len(knots))).astype(np.float32)[None, :]
        if bottom > top:
            each = np.searchsorted(ends, u[0])[None, :]
            begin = np.concatenate([[ends[0] - 1.7], ends]).astype(np.float32)[each]
            v = ((np.arange(top, bottom, dtype=np.float32) + 0.5) / np.float32(px_per_m))[:, None]
            v = v - np.float32(top_m + wide / 2)
            share[top:bottom] = timber.face(u - begin - np.float32(0.85), v, cuts, each)
            tone[top:bottom] = cuts.tone[each]
            side = line_coverage(np.float32(wide / 2) - np.abs(v), _GAP_M / 2, px_per_m) * strength[each] * worn
            along = np.abs(u - np.concatenate([ends, [1e3]]).astype(np.float32)[each])
            along = np.minimum(along, np.abs(u - begin))
            butt = line_coverage(along, _GAP_M / 2, px_per_m) * strength[each + len(ends) + 1]
            joint[top:bottom] = np.maximum(side, butt)
        top_m += wide
    return _colourise(wood, share, clear * tone, clear * joint)


_GAP_M = 0.0022
"""A joint and the tiny bevel on both its sides."""


def _ends(width_m: float, before: npt.NDArray[np.float64], rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Where boards of one course end, in metres; not next to an end in the course before, as a floor layer sees to."""
    ends: list[float] = []
    at = float(rng.uniform(0.15, 1.9))
    while True:
        for _ in range(6):
            if not len(before) or float(np.abs(before - at).min()) > 0.28:
                break
            at += float(rng.uniform(-0.2, 0.35))
        ends.append(max(at, ends[-1] + 0.4) if ends else at)
        if ends[-1] > width_m:
            return np.array(ends)
        at = ends[-1] + float(rng.choice([1.3, 1.6, 1.9, 2.1])) * float(rng.uniform(0.94, 1.06))


_BLOCK_M = 0.09
_BLOCKS = 6


def herringbone(
    hw: Hw, px_per_m: float, rng: np.random.Generator, *, wood: Species, block_m: float = _BLOCK_M
) -> FloatImage:
    """Herringbone of blocks six times as long as wide at 45 degrees to the columns, which the zigzags follow."""
    timber = _Timber.generate(hw, px_per_m, wood, rng)
    start = rng.random(2) * 10
    x = ((np.arange(hw[1], dtype=np.float32) + 0.5) / np.float32(px_per_m) + np.float32(start[0]))[None, :]
    y = ((np.arange(hw[0], dtype=np.float32) + 0.5) / np.float32(px_per_m) + np.float32(start[1]))[:, None]
    root = np.float32(1 / (math.sqrt(2) * block_m))
    a, b = (x + y) * root, (x - y) * root  # in blocks' widths
    column, row = np.floor(a), np.floor(b)
    # Along a row of cells, n belong to one block along the row and n to the ends of blocks across it.
    turn = (column - row) % (2 * _BLOCKS)
    is_along = turn < _BLOCKS
    step = np.where(is_along, turn, 2 * _BLOCKS - 1 - turn)
    first, second = np.where(is_along, column - step, column), np.where(is_along, row, row - step)
    long, short = np.where(is_along, a - first, b - second), np.where(is_along, b - row, a - column)
    edge = np.minimum(np.minimum(short, 1 - short), np.minimum(long, _BLOCKS - long)) * np.float32(block_m)
    count = 1021
    each = _hash_blocks(first, second, is_along, count)
    cuts = _cuts(count, block_m, wood, rng)
    strength = rng.uniform(0.12, 0.5, count).astype(np.float32)
    u = (long - np.float32(_BLOCKS / 2)) * np.float32(block_m)
    v = (short - np.float32(0.5)) * np.float32(block_m)
    share = timber.face(u, v, cuts, each)
    clear = np.float32(visibility(block_m, px_per_m))
    joint = clear * line_coverage(edge, _GAP_M / 2, px_per_m) * strength[each]
    # The two directions of blocks reflect the light differently.
    return _colourise(
        wood, share, clear * (cuts.tone[each] + np.where(is_along, 0.02, -0.02).astype(np.float32)), joint
    )


def _hash_blocks(first: FloatImage, second: FloatImage, is_along: npt.NDArray[np.bool_], count: int) -> Labels:
    """[h, w] a number below `count` for each block: a hash of its position, without a visible pattern."""
    a, b = first.astype(np.int64).astype(np.uint32), second.astype(np.int64).astype(np.uint32)
    mix = a * np.uint32(0x9E3779B1) + b * np.uint32(0x85EBCA77) + is_along.astype(np.uint32) * np.uint32(0xC2B2AE3D)
    mix ^= mix >> np.uint32(15)
    mix *= np.uint32(0x2C1B3C6D)
    mix ^= mix >> np.uint32(13)
    return np.asarray(mix % np.uint32(count), np.int64)
