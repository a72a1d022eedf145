"""Stone, natural and cast: marble drawn vein by vein, granite, quartz, terrazzo, slate, travertine, concrete."""

import math
from dataclasses import dataclass
from statistics import NormalDist

import cv2
import numpy as np
import numpy.typing as npt

from automask.editors.paint.look import Triple
from automask.editors.paint.noise import (
    blend,
    clamp_reflectance,
    fractal,
    mean_colour,
    modulate,
    smoothstep,
    visibility,
    warp,
)
from automask.types import FloatImage, Hw, Labels


@dataclass(frozen=True, slots=True)
class Veins:
    """A family of veins that run about one way.

    Args:
        turn: Its direction, in radians from the slab's.
        every_m: From one vein to the next, on average.
        width_m: Of a vein's dark core where it is wide.
        strength: How dark the core is, 0..1.
        smoke_m: How far stain reaches from a vein, on one side.
        smoke: How dark the stain is, 0..1.
        gaps: Share of a vein's length that is invisible.
    """

    turn: float
    every_m: float
    width_m: float
    strength: float
    smoke_m: float = 0.0
    smoke: float = 0.0
    gaps: float = 0.4


CALACATTA = (
    Veins(0.0, 0.52, 0.010, 0.75, smoke_m=0.22, smoke=0.95, gaps=0.15),
    Veins(0.45, 0.34, 0.0038, 0.60, smoke_m=0.09, smoke=0.60, gaps=0.38),
    Veins(-0.75, 0.19, 0.0018, 0.50, smoke_m=0.03, smoke=0.25, gaps=0.55),
)
MARQUINA = (
    Veins(0.0, 0.42, 0.0050, 0.92, smoke_m=0.012, smoke=0.12, gaps=0.28),
    Veins(0.85, 0.30, 0.0024, 0.80, gaps=0.45),
    Veins(-0.5, 0.15, 0.0013, 0.60, gaps=0.58),
)
BARDIGLIO = (
    Veins(0.0, 0.40, 0.0042, 0.80, smoke_m=0.10, smoke=0.7, gaps=0.25),
    Veins(0.5, 0.24, 0.0022, 0.70, smoke_m=0.05, smoke=0.5, gaps=0.40),
    Veins(-0.6, 0.13, 0.0013, 0.55, gaps=0.50),
)
VERDE = (
    Veins(0.0, 0.19, 0.0026, 0.60, smoke_m=0.05, smoke=0.30, gaps=0.35),
    Veins(1.1, 0.12, 0.0016, 0.50, smoke_m=0.02, smoke=0.20, gaps=0.42),
    Veins(-0.9, 0.08, 0.0011, 0.45, gaps=0.48),
)
"""The veins of white, black, grey and green marbles."""


@dataclass(frozen=True, slots=True, eq=False)
class _Ground:
    """What all the veins of a slab share: places in metres, and the noises that bend them and let them come and go."""

    px_per_m: float
    x: FloatImage
    y: FloatImage
    bends: tuple[FloatImage, FloatImage]
    swell: FloatImage
    gone: FloatImage
    fine: FloatImage


def _ground(hw: Hw, px_per_m: float, rng: np.random.Generator, *, rough: float) -> _Ground:
    x = ((np.arange(hw[1], dtype=np.float32) + 0.5) / np.float32(px_per_m))[None, :]
    y = ((np.arange(hw[0], dtype=np.float32) + 0.5) / np.float32(px_per_m))[:, None]
    bends = (
        fractal(hw, px_per_m, 1.0, rng, octaves=7, gain=rough),
        fractal(hw, px_per_m, 1.7, rng, octaves=7, gain=rough),
    )
    swell = fractal(hw, px_per_m, 3.5, rng, octaves=4, gain=0.6)
    gone = fractal(hw, px_per_m, 1.5, rng, octaves=3, gain=0.5)
    fine = fractal(hw, px_per_m, 28, rng, octaves=3, gain=0.7)
    return _Ground(px_per_m, x, y, bends, swell, gone, fine)


def _veins(
    ground: _Ground, lean: float, family: Veins, bend: tuple[float, float], rng: np.random.Generator
) -> tuple[FloatImage, FloatImage]:
    """[h, w] the cores and [h, w] the smoke of a family, 0..1.

    A vein is where "how far across the slab, bent by noise" passes one of a few values. Contours of the noise itself
    would close into rings, and paths drawn one by one look like roots.
    """
    angle = lean + family.turn
    a, b = (np.float32(each) for each in bend)
    across = ground.x * np.float32(math.cos(angle)) + ground.y * np.float32(math.sin(angle))
    across = (across + a * ground.bends[0] + b * ground.bends[1]) * np.float32(1 / family.every_m)
    # Away from a bend the value changes slowly, and a band of it would be broad: the slope makes metres of it.
    step = np.float32(ground.px_per_m / 8)
    by_x, by_y = cv2.Sobel(across, cv2.CV_32F, 1, 0, ksize=3), cv2.Sobel(across, cv2.CV_32F, 0, 1, ksize=3)
    # Not cv2.magnitude: its last bit depends on the memory alignment of its arrays (OpenCV 4 with IPP).
    slope = np.sqrt(by_x * by_x + by_y * by_y) * step
    which = np.floor(across)
    reach = 256
    at = which.astype(np.int64) % reach
    middle = rng.uniform(0.34, 0.66, reach).astype(np.float32)
    clear = visibility(0.4 * family.every_m, ground.px_per_m)
    strength = (clear * family.strength * rng.uniform(0.45, 1.0, reach)).astype(np.float32)
    width = (family.width_m * rng.uniform(0.25, 1.0, reach) ** 1.3).astype(np.float32)
    side = np.where(rng.random(reach) < 0.5, -1, 1).astype(np.float32)
    shift = rng.uniform(-0.5, 0.5, reach).astype(np.float32)
    off = (across - which - middle[at]) / np.maximum(slope, np.float32(0.45 / family.every_m))
    there = smoothstep(ground.gone + shift[at], _quantile(family.gaps) - 0.5, _quantile(family.gaps) + 0.6)
    half = np.float32(0.5) * width[at] * np.clip(np.float32(0.55) + np.float32(0.5) * ground.swell, 0.12, 2.2) * there
    scale = np.float32(ground.px_per_m)
    half *= np.clip(1 + np.float32(0.35) * ground.fine, 0.3, 2)
    soft_px = np.float32(1.0) + half * scale * np.float32(0.9)
    core = np.clip((half * scale - np.abs(off) * scale) / soft_px + np.float32(0.5), 0, 1)
    core *= np.minimum(1, 2 * half * scale) * strength[at] * (np.float32(0.3) + np.float32(0.7) * there)
    core *= np.clip(np.float32(0.78) + np.float32(0.30) * ground.fine, 0.25, 1)
    if not family.smoke:
        return core, np.zeros((), np.float32)
    near = off * side[at] * np.float32(1 / family.smoke_m)
    fall = np.clip(1 - np.where(near > 0, near, np.float32(-5) * near), 0, 1)
    smoke = fall * fall * (np.float32(0.25) + np.float32(0.75) * there) * strength[at] * np.float32(family.smoke)
    return core, smoke


def _quantile(share: float) -> float:
    return NormalDist().inv_cdf(share)


def marble(
    hw: Hw,
    px_per_m: float,
    rng: np.random.Generator,
    *,
    base: Triple,
    cloud: Triple,
    vein: Triple,
    families: tuple[Veins, ...] = CALACATTA,
    bend: float = 1.0,
    clouds: float = 0.5,
) -> FloatImage:
    """A slab of marble: clouded ground, and families of veins that swell, fade, fork, and stain the stone next to them.

    Args:
        hw, px_per_m, rng: See `Texture`.
        base, cloud, vein: Its colours.
        families: Its veins, the boldest first.
        bend: How crooked they are.
        clouds: How far the ground's clouds go towards `cloud`.
    """
    lean = float(rng.uniform(0.55, 1.1)) * (1 if rng.random() < 0.5 else -1)
    ground = _ground(hw, px_per_m, rng, rough=0.50)
    own = [np.random.default_rng(int(rng.integers(2**63))) for _ in families]
    weights = [(0.15, 0.03), (0.05, 0.10), (-0.10, 0.07), (0.08, -0.09)]
    cores, stain = np.zeros(hw, np.float32), np.zeros(hw, np.float32)
    for family, chance, (a, b) in zip(families, own, weights, strict=False):
        core, smoke = _veins(ground, lean, family, (a * bend, b * bend), chance)
        cores = np.maximum(cores, core)
        stain = np.maximum(stain, smoke)
    shake = np.float32(0.09 * px_per_m)
    puffs = fractal(hw, px_per_m, 2.6, rng, octaves=6, gain=0.60)
    puffs = warp(puffs, shake * ground.bends[0], shake * ground.bends[1])
    mist = smoothstep(puffs + np.float32(0.5) * ground.bends[0], -0.8, 2.6) * np.float32(clouds)
    # Stain comes in wisps, and has a little of the vein's colour where it is thickest.
    stain *= np.clip(np.float32(0.78) + np.float32(0.36) * puffs, 0.08, 1.35)
    ground_share = np.clip(mist + np.float32(1.1) * stain, 0, 1)
    cores = np.clip(cores + np.float32(0.22) * stain * stain, 0, 0.95)
    grain = fractal(hw, px_per_m, 120, rng, octaves=2, gain=0.8)
    return clamp_reflectance(blend(blend(base, cloud, ground_share), vein, cores, 1 + np.float32(0.007) * grain))


def verde(
    hw: Hw, px_per_m: float, rng: np.random.Generator, *, base: Triple, cloud: Triple, vein: Triple
) -> FloatImage:
    """A serpentine such as Verde Guatemala: dark and paler green clouds, under a fine web of pale threads."""
    lean = float(rng.uniform(-0.8, 0.8))
    ground = _ground(hw, px_per_m, rng, rough=0.56)
    own = [np.random.default_rng(int(rng.integers(2**63))) for _ in VERDE]
    shake = np.float32(0.10 * px_per_m)
    patches = warp(
        fractal(hw, px_per_m, 3.4, rng, octaves=7, gain=0.70), shake * ground.bends[0], shake * ground.bends[1]
    )
    tone = smoothstep(patches + np.float32(0.45) * ground.bends[1], -0.8, 2.7)
    pale = smoothstep(np.float32(0.7) * ground.bends[0] + np.float32(0.7) * patches, 0.7, 3.0)
    cores, stain = np.zeros(hw, np.float32), np.zeros(hw, np.float32)
    for family, chance, bend in zip(VERDE, own, ((0.10, 0.07), (-0.05, 0.09), (0.07, -0.06)), strict=True):
        core, smoke = _veins(ground, lean, family, bend, chance)
        cores = np.maximum(cores, core)
        stain = np.maximum(stain, smoke)
    cores *= np.float32(0.35) + np.float32(0.65) * tone
    out = blend(base, cloud, np.clip(np.float32(0.8) * tone + stain, 0, 1))
    return clamp_reflectance(
        blend(out, vein, np.clip(cores + np.float32(0.24) * pale + np.float32(0.12) * stain, 0, 0.9))
    )


def concrete(hw: Hw, px_per_m: float, rng: np.random.Generator, *, colour: Triple) -> FloatImage:
    """Cast concrete: broad clouds, trowel mottling, fine grain and a few air holes. Its mean is `colour`."""
    broad = fractal(hw, px_per_m, 0.9, rng, octaves=4, gain=0.62)
    mottle = fractal(hw, px_per_m, 5.5, rng, octaves=6, gain=0.85)
    swept = fractal(hw, px_per_m, (24, 4), rng, octaves=3, gain=0.7)
    fine = fractal(hw, px_per_m, 170, rng, octaves=2, gain=0.8)
    spots = fractal(hw, px_per_m, 85, rng, octaves=1) + np.float32(0.35) * broad
    holes, pale = smoothstep(spots, 3.0, 3.5), smoothstep(-spots, 2.7, 3.5)
    gain = 1 + np.float32(0.028) * np.tanh(broad) + np.float32(0.024) * mottle + np.float32(0.010) * swept
    gain += np.float32(0.03) * fine - np.float32(0.38) * holes + np.float32(0.07) * pale
    return modulate(colour, gain)


def _grains(hw: Hw, px_per_m: float, rng: np.random.Generator, grain_m: float) -> tuple[Labels, int]:
    """[h, w] which crystal each pixel belongs to, and how many there are: the cells nearest to scattered seeds."""
    side = max(2.0, grain_m * px_per_m)  # where they are smaller the caller fades them
    rows, columns = math.ceil(hw[0] / side) + 1, math.ceil(hw[1] / side) + 1
    y = ((np.arange(rows)[:, None] + rng.random((rows, columns))) * side).astype(np.int64)
    x = ((np.arange(columns)[None, :] + rng.random((rows, columns))) * side).astype(np.int64)
    free = np.ones(hw, np.uint8)
    inside = (y < hw[0]) & (x < hw[1])
    free[y[inside], x[inside]] = 0
    free[0, 0] = 0  # one seed at the least
    _, label = cv2.distanceTransformWithLabels(free, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    return label.astype(np.int64), int(label.max()) + 1


def granite(
    hw: Hw,
    px_per_m: float,
    rng: np.random.Generator,
    *,
    minerals: tuple[tuple[Triple, float], ...],
    grain_m: float = 0.0045,
) -> FloatImage:
    """Granite: interlocking crystals of a few minerals, each with its share, in loose clusters of a kind."""
    label, count = _grains(hw, px_per_m, rng, grain_m)
    big, big_count = _grains(hw, px_per_m, rng, 2.6 * grain_m)
    # A crystal of a kind is likelier next to one of its kind: the larger cells bias the smaller ones.
    lean = np.take(rng.standard_normal(big_count, np.float32), big) * np.float32(0.85)
    chance = np.take(rng.standard_normal(count, np.float32), label) * np.float32(math.sqrt(1 - 0.85**2)) + lean
    shares = np.cumsum([share for _, share in minerals])
    bounds = [NormalDist().inv_cdf(min(share / shares[-1], 1 - 1e-9)) for share in shares[:-1]]
    which = np.zeros(hw, np.int64)
    for bound in bounds:
        which += chance > bound
    palette = np.array([colour for colour, _ in minerals], np.float32)
    mean = np.array(mean_colour(*minerals), np.float32)
    own = np.take(rng.standard_normal(count, np.float32), label)
    clear = np.float32(visibility(grain_m, px_per_m))
    half = np.float32(0.5 * visibility(2.6 * grain_m, px_per_m))
    picture = mean + max(clear, half) * (np.take(palette, which, axis=0) - mean)
    picture = cv2.GaussianBlur(picture, (0, 0), 0.55)
    slow = fractal(hw, px_per_m, 2.2, rng, octaves=4, gain=0.6)
    gain = 1 + np.float32(0.035) * slow + clear * np.float32(0.08) * own
    return clamp_reflectance(picture * gain[..., None])


def quartz(hw: Hw, px_per_m: float, rng: np.random.Generator, *, colour: Triple, fleck: float = 1.0) -> FloatImage:
    """Engineered stone: a fine even grain, a few larger flecks, hardly a cloud. Its mean is `colour`."""
    label, count = _grains(hw, px_per_m, rng, 0.0022)
    clear = np.float32(visibility(0.0022, px_per_m))
    grains = np.take(rng.standard_normal(count, np.float32), label) * clear
    coarse = fractal(hw, px_per_m, 95, rng, octaves=2, gain=0.8)
    slow = fractal(hw, px_per_m, 3.0, rng, octaves=5, gain=0.7)
    flecks = smoothstep(coarse, 1.7, 2.4) - smoothstep(-coarse, 1.7, 2.4)
    gain = 1 + np.float32(0.035 * fleck) * grains + np.float32(0.022 * fleck) * coarse + np.float32(0.016) * slow
    return modulate(colour, gain - np.float32(0.05 * fleck) * flecks)


_CHIPS = ((0.024, 0.10), (0.012, 0.15))
"""Width of chips in metres, and the share of the surface that those of about that width take."""
_CRUMB_M, _CRUMBS = 0.0045, 0.12
TERRAZZO_COVER = 0.35
"""How much of terrazzo is chip: what the sizes give, less where they would overlap."""


def terrazzo(
    hw: Hw, px_per_m: float, rng: np.random.Generator, *, binder: Triple, chips: tuple[Triple, ...]
) -> FloatImage:
    """Terrazzo: angular chips of marble of several colours and sizes, ground flat, in a cement binder.

    Args:
        hw, px_per_m, rng: See `Texture`.
        binder: Colour of the cement.
        chips: Their colours.
    """
    of_chip = mean_colour(*[(chip, 1.0) for chip in chips])
    label, count = _grains(hw, px_per_m, rng, _CRUMB_M)
    kind = np.where(rng.random(count) < _CRUMBS, 1 + rng.integers(0, len(chips), count), 0)
    palette = np.array([binder, *chips])[kind] * np.exp(0.12 * rng.standard_normal(count) * (kind > 0))[:, None]
    crumbs, mean = visibility(_CRUMB_M, px_per_m), np.array(mean_colour((binder, 1 - _CRUMBS), (of_chip, _CRUMBS)))
    # Chips are drawn with soft edges, which OpenCV does in bytes; of the root, so that dark ones are fine enough too.
    canvas = np.take(_encode_root(mean + crumbs * (palette - mean)), label, axis=0)
    canvas = cv2.GaussianBlur(canvas, (0, 0), 0.6)
    for size_m, share in _CHIPS:
        own = np.random.default_rng(int(rng.integers(2**63)))
        clear = visibility(0.8 * size_m, px_per_m)
        if clear < 1:
            # Chips too small to see blend into the mean: chips and ground approach the mean of both.
            hidden = (1 - clear) * share
            under = (canvas.astype(np.float32) * np.float32(1 / 255)) ** 2
            canvas = _encode_root(under * np.float32(1 - hidden) + np.array(of_chip, np.float32) * np.float32(hidden))
        if clear < 0.05:
            continue
        together = mean_colour((binder, 1 - share), (of_chip, share))
        outlines, kinds = _chips(hw, px_per_m, size_m, share, len(chips) * 3, own)
        for each in range(len(chips) * 3):
            tone = math.exp(0.14 * float(own.standard_normal()))
            seen_as = mean_colour((chips[each // 3], clear), (together, 1 - clear))
            level = _encode_root(np.array([tone * np.array(seen_as)]))[0]
            polygons = list(outlines[kinds == each])
            if polygons:
                cv2.fillPoly(canvas, polygons, [int(v) for v in level], cv2.LINE_AA, 4)
    stone = (canvas.astype(np.float32) * np.float32(1 / 255)) ** 2
    fine = fractal(hw, px_per_m, 45, rng, octaves=4, gain=0.8)
    return clamp_reflectance(stone * (1 + np.float32(0.03) * fine)[..., None])


def _encode_root(colours: npt.NDArray[np.floating]) -> npt.NDArray[np.uint8]:
    return np.asarray(np.rint(np.sqrt(np.clip(colours, 0, 1)) * 255), np.uint8)


def _chips(
    hw: Hw, px_per_m: float, size_m: float, share: float, kinds: int, rng: np.random.Generator
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    """[n, 7, 2] outlines in sixteenths of a px, about `size_m` wide, none on another, and [n] a kind for each."""
    pitch = size_m * math.sqrt(0.45 / share)
    rows, columns = (math.ceil(side / px_per_m / pitch) + 2 for side in hw)
    free = 0.85  # the remaining 15 % keep most of them apart
    at = np.stack(np.meshgrid(np.arange(columns) - 0.5, np.arange(rows) - 0.5), -1).astype(np.float64)
    at[..., 0] += (np.arange(rows) * 0.5 % 1)[:, None]
    at = ((at + free * (rng.random(at.shape) - 0.5)) * pitch).reshape(-1, 2)
    count = len(at)
    angle = (np.arange(7) + 0.9 * rng.random((count, 7))) * (2 * math.pi / 7)
    radius = 0.5 * size_m * rng.uniform(0.45, 1.15, (count, 1)) * rng.uniform(0.8, 1.1, (count, 7))
    corner = np.stack([radius * np.cos(angle), radius * np.sin(angle) * rng.uniform(0.55, 1, (count, 1))], -1)
    turn = rng.random(count) * math.pi
    cos, sin = np.cos(turn)[:, None], np.sin(turn)[:, None]
    turned = np.stack([corner[..., 0] * cos - corner[..., 1] * sin, corner[..., 0] * sin + corner[..., 1] * cos], -1)
    outlines = np.rint((at[:, None] + turned) * (px_per_m * 16)).astype(np.int32)
    return outlines, rng.integers(0, kinds, count)


def slate(hw: Hw, px_per_m: float, rng: np.random.Generator, *, colour: Triple) -> FloatImage:
    """Slate, split along its layers: the face is shallow steps with light on their edges. Its mean is `colour`."""
    height = fractal(hw, px_per_m, (2.6, 1.7), rng, octaves=7, gain=0.56)
    fine = fractal(hw, px_per_m, (60, 34), rng, octaves=4, gain=0.8)
    layers = height * np.float32(1.9) + np.float32(0.03) * fine
    step = layers - np.floor(layers)
    # A split leaves a flat, a sharp edge, and a flat again.
    steps = np.floor(layers) + smoothstep(step, 0.86, 1.0) + np.float32(0.10) * step
    falls = cv2.Sobel(steps, cv2.CV_32F, 1, 1, ksize=3) + cv2.Sobel(steps, cv2.CV_32F, 0, 1, ksize=3)
    lit = np.tanh(cv2.GaussianBlur(falls, (0, 0), max(0.5, 0.0008 * px_per_m)) * np.float32(px_per_m / 8 * 0.012))
    slow = fractal(hw, px_per_m, 1.3, rng, octaves=5, gain=0.6)
    gain = 1 + np.float32(0.26) * lit + np.float32(0.075) * fine + np.float32(0.06) * slow
    gain += np.float32(0.05) * np.sin(np.floor(layers) * np.float32(2.4))
    return modulate(colour, gain)


def travertine(hw: Hw, px_per_m: float, rng: np.random.Generator, *, colour: Triple) -> FloatImage:
    """Travertine cut across its beds: level bands, and filled pits strung along them. Its mean is `colour`."""
    bend = fractal(hw, px_per_m, (1.5, 0.9), rng, octaves=5, gain=0.5) * np.float32(0.030 * px_per_m)
    still = np.zeros_like(bend)
    bands = warp(fractal(hw, px_per_m, (11, 0.35), rng, octaves=5, gain=0.85), still, bend)
    cloud = fractal(hw, px_per_m, (7, 3), rng, octaves=5, gain=0.75)
    pits = warp(fractal(hw, px_per_m, (170, 60), rng, octaves=2, gain=0.8), still, bend)
    holes = smoothstep(pits + np.float32(0.30) * bands + np.float32(0.30) * cloud, 2.1, 3.2)
    holes *= np.float32(visibility(0.011, px_per_m))
    tone = np.float32(0.060) * bands + np.float32(0.028) * cloud
    gain = 1.004 + tone - np.float32(0.22) * holes
    red, green, blue = (np.float32(level) * gain for level in colour)
    return clamp_reflectance(
        cv2.merge(
            [red, green * (1 + np.float32(0.2) * tone), blue * (1 + np.float32(0.6) * tone - np.float32(0.12) * holes)]
        )
    )


def limestone(hw: Hw, px_per_m: float, rng: np.random.Generator, *, colour: Triple) -> FloatImage:
    """Limestone: fine and even, faint clouds and specks of shell. Its mean is `colour`."""
    cloud = fractal(hw, px_per_m, 2.6, rng, octaves=7, gain=0.78)
    fine = fractal(hw, px_per_m, (160, 110), rng, octaves=2, gain=0.8)
    shells = smoothstep(fractal(hw, px_per_m, (110, 70), rng, octaves=2, gain=0.9), 1.6, 2.6)
    return modulate(colour, 1 + np.float32(0.030) * cloud + np.float32(0.025) * fine - np.float32(0.05) * shells)


def microcement(hw: Hw, px_per_m: float, rng: np.random.Generator, *, colour: Triple) -> FloatImage:
    """Microcement: a thin seamless coat with the trowel's sweep, softer than concrete. Its mean is `colour`."""
    bends = fractal(hw, px_per_m, 1.1, rng, octaves=3) * np.float32(0.16 * px_per_m)
    swept = warp(fractal(hw, px_per_m, (8, 2.2), rng, octaves=5, gain=0.62), np.zeros_like(bends), bends)
    other = warp(fractal(hw, px_per_m, (2.6, 9), rng, octaves=4, gain=0.62), bends, np.zeros_like(bends))
    cloud = fractal(hw, px_per_m, 0.8, rng, octaves=4, gain=0.6)
    fine = fractal(hw, px_per_m, 140, rng, octaves=2, gain=0.8)
    gain = 1 + np.float32(0.026) * swept + np.float32(0.020) * other + np.float32(0.018) * np.tanh(cloud)
    return modulate(colour, gain + np.float32(0.009) * fine)


def vinyl(hw: Hw, px_per_m: float, rng: np.random.Generator, *, colour: Triple) -> FloatImage:
    """Sheet vinyl or linoleum: a fine marbling of streaks and flecks, the same all over. Its mean is `colour`."""
    bends = fractal(hw, px_per_m, 6, rng, octaves=3) * np.float32(0.02 * px_per_m)
    streaks = warp(fractal(hw, px_per_m, (40, 14), rng, octaves=4, gain=0.75), bends, bends)
    flecks = smoothstep(fractal(hw, px_per_m, (120, 60), rng, octaves=2, gain=0.8), 1.4, 2.6)
    pale = smoothstep(fractal(hw, px_per_m, (110, 70), rng, octaves=2, gain=0.8), 1.5, 2.6)
    gain = 1 + np.float32(0.022) * streaks + np.float32(0.07) * (pale - flecks)
    return modulate(colour, gain)
