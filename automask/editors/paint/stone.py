"""Stone: marble drawn vein by vein, and cast concrete."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from automask.editors.paint.look import Hw, Plane, Triple
from automask.editors.paint.noise import blend, fractal, smoothstep, soft, warp


def _wander(length: int, step_m: float, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Sideways path of a vein, in metres, one value each `step_m`: large slow bends and small quick ones."""
    at = np.arange(length) * step_m
    path = np.zeros(length)
    for bend_m in (1.7, 0.8, 0.37, 0.17, 0.08, 0.035):
        knots = np.arange(-bend_m * rng.random(), at[-1] + 2 * bend_m, bend_m)
        path += np.interp(at, knots, rng.standard_normal(len(knots))) * 0.12 * bend_m**1.15
    return path


@dataclass(frozen=True, slots=True, eq=False)
class _Strip:
    """One vein: its outline [n, 2] in metres, and how dark it is, 0..1."""

    outline: npt.NDArray[np.float64]
    strength: float


def _strips(
    start: npt.NDArray[np.float64],
    angle: float,
    length_m: float,
    width_m: float,
    strength: float,
    rng: np.random.Generator,
) -> list[_Strip]:
    """A vein and its branches: each narrower, paler and at an acute angle, as cracks in stone grow."""
    step = 0.012
    count = max(8, int(length_m / step))
    along = np.arange(count) * step
    ahead = np.array([math.cos(angle), math.sin(angle)])
    aside = np.array([-ahead[1], ahead[0]])
    sideways = _wander(count, step, rng)
    line = start + along[:, None] * ahead + (sideways - sideways[0])[:, None] * aside
    swell = np.interp(along, np.arange(0, length_m + 0.6, 0.3), rng.random(len(np.arange(0, length_m + 0.6, 0.3))) ** 2)
    taper = np.minimum(1, 4 * np.minimum(along + step, along[-1] - along + step) / length_m)
    half = 0.5 * width_m * (0.18 + 1.3 * swell) * taper
    out = [_Strip(np.concatenate([line + half[:, None] * aside, (line - half[:, None] * aside)[::-1]]), strength)]
    if width_m > 0.0015:
        for _ in range(int(rng.poisson(length_m * 0.75))):
            at = int(rng.integers(0, count))
            turn = float(rng.uniform(0.25, 0.75)) * (1 if rng.random() < 0.5 else -1)
            reach = float(rng.uniform(0.15, 0.6)) * min(length_m, 1.6)
            out += _strips(line[at], angle + turn, reach, 0.5 * width_m, strength * float(rng.uniform(0.5, 0.9)), rng)
    return out


def _draw(hw: Hw, px_per_m: float, strips: list[_Strip], grow: float) -> Plane:
    """[h, w] float32 in 0..1: strips drawn over each other, the strongest on top, with soft edges."""
    canvas = np.zeros(hw, np.uint8)
    for strip in sorted(strips, key=lambda strip: strip.strength):
        half = len(strip.outline) // 2
        left, right = strip.outline[:half], strip.outline[half:][::-1]
        middle, across = (left + right) / 2, (left - right) / 2
        grown = np.concatenate([middle + grow * across, (middle - grow * across)[::-1]]) * px_per_m
        # A polygon thinner than a pixel is still drawn a pixel wide: it is drawn paler instead.
        thin = min(1.0, float(np.abs(across).sum(1).mean()) * 2 * grow * px_per_m)
        points = np.clip(grown * 16, -(2**26), 2**26).astype(np.int32)
        cv2.fillPoly(canvas, [points], round(255 * strip.strength * max(0.35, thin)), cv2.LINE_AA, 4)
    return canvas.astype(np.float32) * np.float32(1 / 255)


def marble(hw: Hw, px_per_m: float, rng: np.random.Generator, *, base: Triple, cloud: Triple, vein: Triple) -> Plane:
    """Calacatta-like reflectance: soft clouds, a few long veins that swell, fade and branch, and hairlines across them.

    Veins are drawn, not thresholded noise: zero contours of noise close into rings, which no stone has.
    """
    height_m, width_m = hw[0] / px_per_m, hw[1] / px_per_m

    def cells(per_m: float) -> tuple[float, float]:
        return height_m * per_m, width_m * per_m

    # Cut slabs: the main veins lean one way.
    lean = float(rng.uniform(0.55, 1.05)) * (1 if rng.random() < 0.5 else -1)
    ahead = np.array([math.cos(lean), math.sin(lean)])
    aside = np.array([-ahead[1], ahead[0]])
    centre = np.array([width_m / 2, height_m / 2])
    reach = math.hypot(width_m, height_m) / 2 + 0.3
    mains: list[_Strip] = []
    hairs: list[_Strip] = []
    mains_at: list[float] = []
    offset = -reach + float(rng.uniform(0, 0.7))
    while offset < reach:
        start = centre + offset * aside - (reach + float(rng.uniform(0, 0.6))) * ahead
        # Every other main vein is a bold one: a slab of hairlines alone reads as plaster.
        width = 0.005 + 0.016 * max(float(rng.random()) ** 2, 0.5 * (len(mains_at) % 2 == 0))
        mains_at.append(offset)
        mains += _strips(
            start, lean + float(rng.normal(0, 0.10)), 2 * reach + 0.8, width, float(rng.uniform(0.45, 0.9)), rng
        )
        offset += float(rng.uniform(0.45, 1.2))
    for _ in range(int(min(400, 2.2 * width_m * height_m)) + 2):
        start = np.array([rng.uniform(-0.3, width_m), rng.uniform(-0.3, height_m)])
        turn = lean + float(rng.normal(0.0, 0.9))
        hairs += _strips(start, turn, float(rng.uniform(0.4, 1.4)), 0.0022, float(rng.uniform(0.15, 0.4)), rng)

    fine = fractal(hw, cells(16), rng, octaves=4, gain=0.55)
    finer = fractal(hw, cells(16), rng, octaves=4, gain=0.55)
    shake = np.float32(0.006 * px_per_m)
    presence = smoothstep(fractal(hw, cells(1.3), rng, octaves=3), -1.1, 0.9)
    lines = np.maximum(_draw(hw, px_per_m, mains, 1.0), _draw(hw, px_per_m, hairs, 1.0))
    lines = cv2.GaussianBlur(lines, (0, 0), max(0.5, 0.0012 * px_per_m))
    lines = warp(lines, shake * fine, shake * finer) * (0.4 + 0.6 * presence)
    halo = cv2.GaussianBlur(soft(_draw(hw, px_per_m, mains, 9.0), 0.035 * px_per_m), (0, 0), 1.0)
    broad = soft(_draw(hw, px_per_m, mains, 24.0), 0.13 * px_per_m)
    clouds = warp(fractal(hw, cells(1.5), rng, octaves=5, gain=0.55), 6 * shake * fine, 6 * shake * finer)
    mist = smoothstep(clouds, -0.9, 2.2)
    out = blend(
        base, cloud, np.clip(0.5 * mist + (0.35 * halo + 0.5 * broad) * (0.3 + 0.7 * presence) * (0.4 + mist), 0, 1)
    )
    # Round a dark vein the stone is stained; a light vein in dark stone is sharp (a glow would look like lightning).
    stain = np.float32(0.16 if sum(vein) < sum(base) else 0.03)
    veined = np.clip(lines + stain * halo * presence * (0.6 + 0.4 * fine), 0, 0.85)
    return np.maximum(blend(out, vein, veined, 1 + np.float32(0.008) * finer), 0)


def concrete(hw: Hw, px_per_m: float, rng: np.random.Generator, *, light: Triple, dark: Triple) -> Plane:
    """Cast concrete: broad clouds, trowel mottling, fine grain and a few air holes."""
    metres = (hw[0] / px_per_m, hw[1] / px_per_m)

    def cells(per_m: float) -> tuple[float, float]:
        return metres[0] * per_m, metres[1] * per_m

    broad = fractal(hw, cells(1.3), rng, octaves=7, gain=0.62)
    fine = fractal(hw, cells(60), rng, octaves=3, gain=0.7)
    holes = smoothstep(fractal(hw, cells(45), rng, octaves=1), 3.0, 3.3)
    share = 0.5 + 0.22 * np.tanh(broad) + 0.035 * fine + 0.2 * holes
    return np.maximum(blend(light, dark, share), 0.01)
