"""Recolours and re-textures surfaces and keeps the light on them; needs no weights.

A photo is taken as `tone(light x reflectance)`. The old reflectance is estimated for each old material under the mask
and divided out, texture that belongs to it (wood grain) is flattened, and what is left (shading, contact shadows,
panel edges, highlights) is put onto the new reflectance. Everything happens in the logarithm of scene light, where
light and reflectance add.
"""

import difflib
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt
from PIL import ImageColor

from automask.errors import AutomaskError, ConfigError, EditorError
from automask.images import to_uint8
from automask.types import Hard, Rgb

Plane: TypeAlias = npt.NDArray[np.float32]
"""[h, w] (or [h, w, 3]) float32."""
Labels: TypeAlias = npt.NDArray[np.int64]
Hw: TypeAlias = tuple[int, int]
Triple: TypeAlias = tuple[float, float, float]

# ---------------------------------------------------------------------------------------------------------------- words

# Words of paint charts. They win over a CSS colour of the same name: a "navy" wall is a paint, not the #000080 of a
# 16-colour screen (which stays within reach by its hex).
_PAINTS = {
    "offwhite": "#f1efe6",
    "warmwhite": "#e9e2d5",
    "cream": "#e3d8c0",
    "greige": "#b9aea0",
    "taupe": "#8c8075",
    "sage": "#98a48c",
    "sagegreen": "#98a48c",
    "navy": "#222f44",
    "navyblue": "#222f44",
    "charcoal": "#33363a",
    "charcoalgrey": "#33363a",
    "terracotta": "#b0694c",
    "blush": "#d3b3a2",
    "ochre": "#bf9247",
    "sand": "#cdbb9e",
    "mustard": "#c79a2e",
    "duckegg": "#b9cfc9",
    "mint": "#b7d3c0",
    "forestgreen": "#2f4236",
    "emerald": "#0f6a4f",
    "burgundy": "#5e1f2b",
    "anthracite": "#383e42",
    "rust": "#9a4a27",
    "stonegrey": "#a29d93",
}

# Light, dark (and for marble the vein) colours of materials, as sRGB hex of the surface.
_MARBLES = {
    "white marble": ("#f0efec", "#cfd1d4", "#74787d"),
    "black marble": ("#151517", "#232427", "#cfcbc4"),
    "grey marble": ("#9a9da0", "#7b7f83", "#e4e4e4"),
    "green marble": ("#1f3d32", "#142a21", "#b9cabf"),
}
_WOODS = {
    "oak": ("#d3a67a", "#935f38"),
    "walnut": ("#76563f", "#3c2a1e"),
    "ash": ("#e0c5a8", "#b68b64"),
}
_CONCRETES = {"concrete": ("#a9a8a4", "#7f7e7b")}
_SYNONYMS = {
    "marble": "white marble",
    "calacatta": "white marble",
    "carrara": "white marble",
    "carrara marble": "white marble",
    "calacatta marble": "white marble",
    "gray marble": "grey marble",
    "dark marble": "black marble",
}
_FINISHES = ("paint", "painted", "matte", "matt", "satin", "gloss", "glossy", "fabric", "colour", "color", "lacquer")
_BOARDS = ("planks", "plank", "boards", "floorboards", "flooring", "floor", "parquet")


@dataclass(frozen=True, slots=True)
class Look:
    """What a surface is to become.

    Args:
        kind: `paint`, `marble`, `wood`, `planks` or `concrete`.
        colours: Linear reflectances: one for paint; light, dark (and vein) for a material.
    """

    kind: str
    colours: tuple[Triple, ...]


def _linear(hex_or_rgb: str) -> Triple:
    red, green, blue = ImageColor.getrgb(hex_or_rgb)[:3]
    red_lin, green_lin, blue_lin = (
        v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in (red / 255, green / 255, blue / 255)
    )
    return red_lin, green_lin, blue_lin


def look_for(prompt: str) -> Look:
    """The look that words ask for.

    Args:
        prompt: A CSS colour name, a paint word, `#abc`, `#aabbcc`, `rgb(...)`, or a material; a finish word (`matte`,
            `satin`) or `paint` beside a colour, and `planks` beside a wood, are understood.

    Raises:
        EditorError: For words it does not know; names the nearest known one.
    """
    text = re.sub(r"\s+", " ", prompt.strip().lower())
    words = text.split(" ") if not text.startswith("rgb") else [text]
    boards = any(word in _BOARDS for word in words)
    core = " ".join(word for word in words if word not in _FINISHES and word not in _BOARDS) or text
    material = _SYNONYMS.get(core, core)
    if material in _MARBLES:
        return Look("marble", tuple(_linear(colour) for colour in _MARBLES[material]))
    wood = re.sub(r" (wood|veneer|timber)$", "", material)
    if wood in _WOODS:
        return Look("planks" if boards else "wood", tuple(_linear(colour) for colour in _WOODS[wood]))
    if material in _CONCRETES:
        return Look("concrete", tuple(_linear(colour) for colour in _CONCRETES[material]))
    name = re.sub(r"[ -]", "", core)
    known = _PAINTS.get(name) or ImageColor.colormap.get(name)
    if known is None and re.fullmatch(r"#([0-9a-f]{3}|[0-9a-f]{6})|rgb\(.*\)", core):
        known = core
    try:
        if isinstance(known, str):
            return Look("paint", (_linear(known),))
    except ValueError:
        pass  # rgb(...) with something else between the brackets: told below, like any other unknown words
    raise EditorError(f"paint does not know {prompt!r}", mend=_mend(core))


def _mend(text: str) -> str:
    materials = [*_MARBLES, *_WOODS, *_CONCRETES]
    colours = [*_PAINTS, *ImageColor.colormap]
    near = difflib.get_close_matches(text, [*materials, *_SYNONYMS, *colours, "off-white"], n=1, cutoff=0.75)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return f"{hint}it knows CSS colours, #hex, rgb() and: {', '.join(materials)}; for anything else use preset=photo"


# ----------------------------------------------------------------------------------------------------------- tone curve

# A photo's S-curve as one Naka-Rushton (Hill) function of scene light x, in linear display units:
# y = 1.02 x^(1/0.7) / (1 + x^(1/0.7)). Exponent and ceiling were fitted on 350 painted surfaces of known reflectance in
# rendered, AgX-toned rooms (sRGB's bare curve: median error 4.9 L*; this one: 3.2 L*). Cameras' own curves have the
# same shape. White paint above reads as white, and black keeps its depth, whatever the exposure.
_POWER = 0.7
_CEILING = 1.02
# The light on a surface, in the units above, from the photo's 75th percentile of luminance: the same fit.
_LIGHT_BASE = 0.243
_LIGHT_SLOPE = 0.842
# Even black paint returns this share of the light by its gloss: the floor of every reflectance.
_SHEEN = 0.008
_FLOOR_GAIN, _TOP_GAIN = 0.15, 0.35
_WHITEST = 0.88  # no white paint reflects more: CSS white is taken as this
_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)


def _scene_of_linear(linear: Plane) -> Plane:
    """Logarithm of scene light from linear display light in 0..1."""
    held = np.clip(linear, 6e-4, 1.0)  # two levels of 255: below, the logarithm is all noise
    scene: Plane = np.float32(_POWER) * (cv2.log(held) - cv2.log(np.float32(_CEILING) - held))
    return scene


def _srgb_tables() -> tuple[Plane, Plane]:
    """Linear light of each of 256 levels, and encoded values over a grid of the square root of linear light."""
    level = np.arange(256, dtype=np.float64) / 255
    linear = np.where(level <= 0.04045, level / 12.92, ((level + 0.055) / 1.055) ** 2.4)
    y = np.linspace(0, 1, _STEPS) ** 2  # the root: as fine in the dark, where the code is steep, as in the light
    encoded = np.where(y <= 0.0031308, 12.92 * y, 1.055 * y ** (1 / 2.4) - 0.055)
    return linear.astype(np.float32), encoded.astype(np.float32)


_STEPS = 4096
_LINEAR, _ENCODED = _srgb_tables()


def _linear_of_scene(z: Plane) -> Plane:
    """Linear display light in 0..1 of logarithmic scene light."""
    x: Plane = cv2.exp(z * np.float32(1 / _POWER))
    linear: Plane = np.minimum(np.float32(_CEILING) * x / (1 + x), 1)
    return linear


def _encode(linear: Plane) -> Plane:
    """Encoded sRGB in 0..1 of linear display light."""
    index = np.sqrt(np.clip(linear, 0, 1)) * np.float32(_STEPS - 1) + np.float32(0.5)
    return np.take(_ENCODED, index.astype(np.int32))


# -------------------------------------------------------------------------------------------------------------- filters


def _box(plane: Plane, radius: int) -> Plane:
    side = 2 * radius + 1
    blurred: Plane = cv2.blur(plane, (side, side), borderType=cv2.BORDER_REFLECT_101)
    return blurred


def _dot(one: Plane, other: Plane) -> Plane:
    """[h, w] products of [h, w, 3] summed over the three: many times faster than NumPy's sum over a short last axis."""
    total: Plane = cv2.transform(one * other, np.ones((1, 3), np.float32))
    return total


def _spread(plane: Plane, weight: Plane, radius: int) -> Plane:
    """Weighted local mean of a plane or a colour; where nothing is near, the mean over ever wider windows.

    It is as smooth as its window, so it is made on a picture reduced to a few pixels a window.
    """
    shrink = max(1, radius // 3)
    wh = (plane.shape[1], plane.shape[0])
    small_wh = (max(1, wh[0] // shrink), max(1, wh[1] // shrink))
    three = plane.ndim == 3
    parts = cv2.resize(plane * (weight[..., None] if three else weight), small_wh, interpolation=cv2.INTER_AREA)
    share = cv2.resize(weight, small_wh, interpolation=cv2.INTER_AREA)
    total = float(share.sum(dtype=np.float64))
    mean = parts.sum((0, 1), dtype=np.float64) / total if total else 0.0

    def over(window: int) -> tuple[Plane, Plane]:
        norm = _box(share, window)
        return _box(parts, window), norm[..., None] if three else norm

    near, near_norm = over(max(1, radius // shrink))
    far, far_norm = over(max(1, min(8 * radius // shrink, max(small_wh) - 1)))
    far = (far + np.float32(1e-4) * np.asarray(mean, np.float32)) / (far_norm + np.float32(1e-4))
    # Near means fade into far ones: a sharp change would draw a line.
    trust = np.minimum(near_norm * 20, 1)
    out = trust * near / np.maximum(near_norm, np.float32(1e-6)) + (1 - trust) * far
    return np.asarray(cv2.resize(out.astype(np.float32), wh, interpolation=cv2.INTER_LINEAR), np.float32)


def _guided(guide: Plane, source: Plane, weight: Plane, radius: int, eps: float) -> Plane:
    """Edge-preserving smoothing of `source` along the edges of `guide`, inside `weight` only.

    Source: He, Sun and Tang, Guided Image Filtering, TPAMI 2013, with normalised (masked) window means.
    """
    norm = np.maximum(_box(weight, radius), np.float32(1e-4))
    mean_g = _box(guide * weight, radius) / norm
    mean_s = _box(source * weight, radius) / norm
    var = _box(guide * guide * weight, radius) / norm - mean_g * mean_g
    cov = _box(guide * source * weight, radius) / norm - mean_g * mean_s
    slope = (cov / (np.maximum(var, 0) + eps)).astype(np.float32)
    level = (mean_s - slope * mean_g).astype(np.float32)
    smooth = (_box(slope * weight, radius) / norm) * guide + _box(level * weight, radius) / norm
    return smooth.astype(np.float32)


# -------------------------------------------------------------------------------------------------------------- texture


def _noise(hw: Hw, cells_hw: tuple[float, float], rng: np.random.Generator) -> Plane:
    """Smooth noise, about -1..1, with `cells_hw` random cells over the picture."""
    rows, columns = (max(1, math.ceil(cells)) + 4 for cells in cells_hw)
    lattice = rng.standard_normal((rows, columns)).astype(np.float32)
    # The affine warp, not resize: cells need not divide the picture, and its cubic is exact on a coarse lattice.
    matrix = np.array([[cells_hw[1] / hw[1], 0, 1.5], [0, cells_hw[0] / hw[0], 1.5]], np.float64)
    coarse_hw = tuple(min(side, max(48, 5 * (cells + 1))) for side, cells in zip(hw, (rows, columns), strict=True))
    y = (np.arange(coarse_hw[0], dtype=np.float64) + 0.5) * (hw[0] / coarse_hw[0]) * matrix[1, 1] + 1.0
    x = (np.arange(coarse_hw[1], dtype=np.float64) + 0.5) * (hw[1] / coarse_hw[1]) * matrix[0, 0] + 1.0
    field = np.ascontiguousarray(_splined(_splined(lattice, y).T, x).T)
    if coarse_hw != hw:
        field = cv2.resize(field, (hw[1], hw[0]), interpolation=cv2.INTER_CUBIC)
    return field


def _splined(lattice: Plane, at: npt.NDArray[np.float64]) -> Plane:
    """Rows of a lattice at positions `at` between them, by the uniform cubic B-spline: [len(at), columns].

    Four taken rows a row: a matrix of the weights, nearly all 0, would be most of a marble's time.
    """
    lattice = np.ascontiguousarray(lattice)
    base = np.floor(at).astype(np.int64)
    t = at - base
    weights = np.stack([(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3]) / 6
    out = np.zeros((len(at), lattice.shape[1]), np.float32)
    for k in range(4):
        rows = np.take(lattice, np.clip(base + k - 1, 0, len(lattice) - 1), axis=0)
        rows *= (weights[k] * 1.9).astype(np.float32)[:, None]
        out += rows
    return out


def _fractal(
    hw: Hw, cells_hw: tuple[float, float], rng: np.random.Generator, *, octaves: int, gain: float = 0.5
) -> Plane:
    """Sum of octaves of noise, each twice as fine; standard deviation near 1."""
    out = np.zeros(hw, np.float32)
    amplitude, power = 1.0, 0.0
    for octave in range(octaves):
        cells = (cells_hw[0] * 2**octave, cells_hw[1] * 2**octave)
        if max(cells[0] / hw[0], cells[1] / hw[1]) > 0.5:
            break  # finer than two pixels: only aliasing
        out += np.float32(amplitude) * _noise(hw, cells, rng)
        power += amplitude**2
        amplitude *= gain
    return out / np.float32(math.sqrt(max(power, 1e-6)))


def _warp(plane: Plane, by_x: Plane, by_y: Plane) -> Plane:
    rows, columns = plane.shape[:2]
    at_x = np.arange(columns, dtype=np.float32)[None, :] + by_x
    at_y = np.arange(rows, dtype=np.float32)[:, None] + by_y
    moved: Plane = cv2.remap(plane, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    return moved


def _smoothstep(plane: Plane, low: float, high: float) -> Plane:
    t: Plane = np.clip((plane - np.float32(low)) * np.float32(1 / (high - low)), 0, 1)
    return t * t * (3 - 2 * t)


def _blend(under: Triple | Plane, colour: Triple, share: Plane, gain: Plane | None = None) -> Plane:
    """[h, w, 3] a colour over another, or over a picture, and that times a gain; by planes, which is twice as fast."""
    below = [np.float32(level) for level in under] if isinstance(under, tuple) else cv2.split(under)
    planes = [each + share * (np.float32(level) - each) for each, level in zip(below, colour, strict=True)]
    blended: Plane = cv2.merge(planes if gain is None else [plane * gain for plane in planes])
    return blended


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


def _marble(hw: Hw, px_per_m: float, look: Look, rng: np.random.Generator) -> Plane:
    """Calacatta-like reflectance: soft clouds, a few long veins that swell, fade and branch, and hairlines across them.

    Veins are drawn, not thresholded noise: zero contours of noise close into rings, which no stone has.
    """
    base, cloud, vein = look.colours
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

    fine = _fractal(hw, cells(16), rng, octaves=4, gain=0.55)
    finer = _fractal(hw, cells(16), rng, octaves=4, gain=0.55)
    shake = np.float32(0.006 * px_per_m)
    presence = _smoothstep(_fractal(hw, cells(1.3), rng, octaves=3), -1.1, 0.9)
    lines = np.maximum(_draw(hw, px_per_m, mains, 1.0), _draw(hw, px_per_m, hairs, 1.0))
    lines = cv2.GaussianBlur(lines, (0, 0), max(0.5, 0.0012 * px_per_m))
    lines = _warp(lines, shake * fine, shake * finer) * (0.4 + 0.6 * presence)
    halo = cv2.GaussianBlur(_soft(_draw(hw, px_per_m, mains, 9.0), 0.035 * px_per_m), (0, 0), 1.0)
    broad = _soft(_draw(hw, px_per_m, mains, 24.0), 0.13 * px_per_m)
    clouds = _warp(_fractal(hw, cells(1.5), rng, octaves=5, gain=0.55), 6 * shake * fine, 6 * shake * finer)
    mist = _smoothstep(clouds, -0.9, 2.2)
    out = _blend(
        base, cloud, np.clip(0.5 * mist + (0.35 * halo + 0.5 * broad) * (0.3 + 0.7 * presence) * (0.4 + mist), 0, 1)
    )
    # Round a dark vein the stone is stained; a light vein in dark stone is sharp (a glow would look like lightning).
    stain = np.float32(0.16 if sum(vein) < sum(base) else 0.03)
    veined = np.clip(lines + stain * halo * presence * (0.6 + 0.4 * fine), 0, 0.85)
    return np.maximum(_blend(out, vein, veined, 1 + np.float32(0.008) * finer), 0)


def _soft(plane: Plane, sigma: float) -> Plane:
    """A wide Gaussian blur, made on a reduced picture."""
    shrink = max(1, int(sigma / 3))
    hw = plane.shape
    small = cv2.resize(plane, (max(1, hw[1] // shrink), max(1, hw[0] // shrink)), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), max(0.3, sigma / shrink))
    soft: Plane = cv2.resize(small, (hw[1], hw[0]), interpolation=cv2.INTER_CUBIC)
    return soft


def _grain(hw: Hw, px_per_m: float, rng: np.random.Generator) -> Plane:
    """Share of the dark colour, 0..1: growth rings as contours of a long noise, fibres and pores; along the rows."""
    metres = (hw[0] / px_per_m, hw[1] / px_per_m)

    def cells(across: float, along: float) -> tuple[float, float]:
        return metres[0] * across, metres[1] * along

    figure = _fractal(hw, cells(4.0, 0.45), rng, octaves=3, gain=0.45)
    rings = np.abs(((figure * np.float32(2.4)) % 2.0) - 1.0).astype(np.float32) ** np.float32(1.6)
    fibre = _fractal(hw, cells(110, 3.0), rng, octaves=3, gain=0.6)
    tone = _fractal(hw, cells(2.0, 0.3), rng, octaves=2)
    pores = _smoothstep(_fractal(hw, cells(260, 8), rng, octaves=2), 1.1, 2.0)
    share = 0.34 + 0.26 * (rings - 0.4) + 0.10 * fibre + 0.08 * tone + 0.25 * pores
    shares: Plane = np.clip(share, 0, 1).astype(np.float32)
    return shares


def _wood(hw: Hw, px_per_m: float, look: Look, rng: np.random.Generator) -> Plane:
    """Veneer with upright grain."""
    light, dark = look.colours
    return _blend(light, dark, np.ascontiguousarray(_grain((hw[1], hw[0]), px_per_m, rng).T))


def _planks(hw: Hw, px_per_m: float, look: Look, rng: np.random.Generator) -> Plane:
    """Floorboards along the rows: each with its own piece of grain, its own tone, and a dark joint."""
    light, dark = look.colours
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
    return _blend(light, dark, np.clip(out_share, 0, 1), (1 + tone) * (1 - np.float32(0.6) * joint))


def _concrete(hw: Hw, px_per_m: float, look: Look, rng: np.random.Generator) -> Plane:
    """Cast concrete: broad clouds, trowel mottling, fine grain and a few air holes."""
    light, dark = look.colours
    metres = (hw[0] / px_per_m, hw[1] / px_per_m)

    def cells(per_m: float) -> tuple[float, float]:
        return metres[0] * per_m, metres[1] * per_m

    broad = _fractal(hw, cells(1.3), rng, octaves=7, gain=0.62)
    fine = _fractal(hw, cells(60), rng, octaves=3, gain=0.7)
    holes = _smoothstep(_fractal(hw, cells(45), rng, octaves=1), 3.0, 3.3)
    share = 0.5 + 0.22 * np.tanh(broad) + 0.035 * fine + 0.2 * holes
    return np.maximum(_blend(light, dark, share), 0.01)


_TEXTURES: dict[str, Callable[[Hw, float, Look, np.random.Generator], Plane]] = {
    "marble": _marble,
    "wood": _wood,
    "planks": _planks,
    "concrete": _concrete,
}


# ------------------------------------------------------------------------------------------------------------- geometry

_EYE_M = 1.5  # a photographer's camera stands this high, a ceiling 1.1 m above it, a worktop 0.6 m below
_SLAB_M = 24.0  # longer than any room in a photo taken from inside it
_TALL_M = 3.2  # without a floor to measure on, the photo shows this height at the object's distance


@dataclass(frozen=True, slots=True, eq=False)
class _Room:
    """A level camera in a room with right angles.

    Args:
        focal: Focal length in px.
        centre: Column of the optical axis.
        horizon: Row of eye level.
        yaws: Directions of the room's two level axes, in radians from the optical axis.
        segments: [n, 4] x0, y0, x1, y1 in px of the photo.
        axis: [n] 0 or 1, the level axis that a segment follows; 2 for upright ones, 3 for none.
    """

    focal: float
    centre: float
    horizon: float
    yaws: tuple[float, float]
    segments: Plane
    axis: Labels


def _segments(grey: npt.NDArray[np.uint8]) -> Plane:
    found = cv2.createLineSegmentDetector(cv2.LSD_REFINE_STD).detect(grey)[0]
    if found is None:
        return np.zeros((0, 4), np.float32)
    lines: Plane = np.asarray(found, np.float32).reshape(-1, 4)
    length = np.hypot(lines[:, 2] - lines[:, 0], lines[:, 3] - lines[:, 1])
    order = np.argsort(-length, kind="stable")
    return np.asarray(lines[order][length[order] > 0.02 * max(grey.shape)][:300])


def _room(small: Rgb, shrink: float) -> _Room:
    """The room's axes from line segments: a search over yaw, focal length and horizon for the best agreement.

    Level camera and right angles leave three numbers, so a plain search is sturdier than clustering crossings.
    Source: the Manhattan-world assumption, Coughlan and Yuille, ICCV 1999; segments by LSD, von Gioi et al., IPOL 2012.
    """
    height, width = small.shape[:2]
    lines = _segments(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY))
    centre = width / 2
    mid = (lines[:, :2] + lines[:, 2:]) / 2
    along = lines[:, 2:] - lines[:, :2]
    length = np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-6)
    unit = along / length[:, None]
    upright = np.abs(unit[:, 0]) < 0.08

    def miss(yaws: npt.NDArray[np.float64], focal: float, horizon: float) -> Plane:
        """[n, yaws] sine of the angle between each segment and the way from its middle to an axis's vanishing point."""
        sin, cos = np.sin(yaws).astype(np.float32), np.cos(yaws).astype(np.float32)
        to_x = (np.float32(centre) - mid[:, :1]) * cos + np.float32(focal) * sin
        to_y = (np.float32(horizon) - mid[:, 1:]) * cos
        norm = np.maximum(np.sqrt(to_x * to_x + to_y * to_y), np.float32(1e-6))
        return np.asarray(np.abs(unit[:, :1] * to_y - unit[:, 1:] * to_x) / norm)

    weight = np.where(upright, 0, np.minimum(length, 0.2 * width))

    def best_yaw(yaws: npt.NDArray[np.float64], focal: float, horizon: float) -> tuple[float, float]:
        apart = np.minimum(miss(yaws, focal, horizon), miss(yaws + math.pi / 2, focal, horizon))
        scores = (weight[:, None] * np.exp(-((apart / np.float32(0.025)) ** 2))).sum(0, dtype=np.float64)
        # Eye level lies near the middle of a photo of a room; a long lens is rare.
        belief = math.exp(-0.5 * ((horizon / height - 0.47) / 0.15) ** 2) * (0.9 if focal > 0.9 * width else 1.0)
        return float(scores.max(initial=0)) * belief, float(yaws[int(scores.argmax())])

    coarse = [
        (*best_yaw(np.radians(np.arange(-44.0, 46, 4)), focal, horizon), focal, horizon)
        for horizon in np.linspace(0.32, 0.64, 11) * height
        for focal in np.array([0.55, 0.65, 0.8, 1.0]) * width
    ]
    _, yaw, focal, horizon = max(coarse)
    fine = [
        (*best_yaw(yaw + np.radians(np.arange(-3.0, 3.5, 0.5)), focal, level), focal, level)
        for level in horizon + np.linspace(-0.016, 0.016, 5) * height
    ]
    _, yaw, focal, horizon = max(fine)
    misses = miss(np.array([yaw, yaw + math.pi / 2]), focal, horizon)
    axis = np.where(upright, 2, np.where(misses.min(1) < 0.05, misses.argmin(1), 3))
    return _Room(
        focal * shrink,
        centre * shrink,
        horizon * shrink,
        (yaw, yaw + math.pi / 2),
        np.asarray(lines * np.float32(shrink)),
        axis,
    )


@dataclass(frozen=True, slots=True)
class _Surface:
    """A plane of the room: `flat` (`offset` metres below the eye) or upright along an axis, `offset` metres away."""

    flat: bool
    axis: int
    offset: float
    left: bool = False  # of two upright planes along one axis, the one that the camera sees from its right

    @property
    def is_floor(self) -> bool:
        return self.flat and self.offset == _EYE_M


def _surface_of(part: Hard, room: _Room, size_hw: Hw, corner: Hw, *, boards: bool) -> _Surface:
    """Which plane a part of the mask lies in, by where it is and by the lines on it."""
    rows = np.flatnonzero(part.any(1)) + corner[0]
    columns = np.flatnonzero(part.any(0))
    height = size_hw[0]
    counts = part.sum(1)[rows - corner[0]]
    below = float(counts[rows > room.horizon].sum()) / float(counts.sum())
    votes = _votes(part, room, corner)
    facing = (
        0 if abs(math.cos(room.yaws[0])) < abs(math.cos(room.yaws[1])) else 1
    )  # the axis that runs across the photo
    at_bottom = rows[-1] >= 0.96 * height
    at_top = rows[0] <= 0.04 * height
    if below > (0.8 if boards else 0.97) and (boards or at_bottom) and len(columns) > 0.3 * size_hw[1]:
        away = 1 - facing
        # Boards keep the way of the old ones where those are plain to see; else they run away from the eye.
        axis = facing if votes[facing] > 1.6 * votes[away] and votes[facing] > 0.5 * size_hw[1] else away
        return _Surface(flat=True, axis=axis, offset=_EYE_M)
    if below < 0.03 and at_top and len(columns) > 0.5 * size_hw[1]:
        return _Surface(flat=True, axis=1 - facing, offset=-1.1)
    both = votes[0] + votes[1]
    tall = len(rows) > 0.45 * len(columns)
    if below > 0.97 and not tall and min(votes[:2]) > 0.2 * both and votes[2] < 0.2 * both:
        return _Surface(flat=True, axis=facing, offset=0.6)
    axis = facing if max(votes[:2]) < 0.05 * size_hw[1] or votes[facing] > 0.6 * both else 1 - facing
    depth = room.focal * _TALL_M / height
    if rows[-1] > room.horizon + 0.02 * height:
        touch = room.focal * _EYE_M / (rows[-1] - room.horizon)
        # Where it meets the floor gives its distance, if what is seen there is the floor: kept within reason.
        depth = float(np.clip(touch, 0.8 * depth, 1.7 * depth))
    middle = (columns[0] + columns[-1] + 1) / 2 + corner[1]
    turn = (middle - room.centre) / room.focal * math.cos(room.yaws[axis]) - math.sin(room.yaws[axis])
    return _Surface(flat=False, axis=axis, offset=depth, left=turn < 0)


def _votes(part: Hard, room: _Room, corner: Hw) -> npt.NDArray[np.float64]:
    """[4] px of line in the part and on its border, by the direction it follows."""
    reach = max(2, round(room.focal / 150))
    near = cv2.dilate(part.astype(np.uint8), np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))
    mid = (room.segments[:, :2] + room.segments[:, 2:]) / 2
    x, y = (mid[:, 0] - corner[1]).astype(int), (mid[:, 1] - corner[0]).astype(int)
    inside = (x >= 0) & (y >= 0) & (x < part.shape[1]) & (y < part.shape[0])
    on = np.zeros(len(mid), np.bool_)
    on[inside] = near[y[inside], x[inside]] > 0
    length = np.hypot(*(room.segments[:, 2:] - room.segments[:, :2]).T)
    return np.bincount(room.axis[on], weights=length[on].astype(np.float64), minlength=4).astype(np.float64)


def _metres(surface: _Surface, room: _Room, box: tuple[int, int, int, int]) -> tuple[Plane, Plane, Plane]:
    """Position on a surface, in metres along its axis and across it, and px for one metre, for a box of the photo."""
    y0, y1, x0, x1 = box
    ray_x = ((np.arange(x0, x1, dtype=np.float32) + 0.5 - room.centre) / room.focal).astype(np.float32)[None, :]
    ray_y = ((np.arange(y0, y1, dtype=np.float32) + 0.5 - room.horizon) / room.focal).astype(np.float32)[:, None]
    sin, cos = math.sin(room.yaws[surface.axis]), math.cos(room.yaws[surface.axis])
    shape = (y1 - y0, x1 - x0)
    if surface.flat:
        drop = np.maximum(ray_y * np.float32(math.copysign(1, surface.offset)), np.float32(0.06))
        depth = np.broadcast_to(np.float32(abs(surface.offset)) / drop, shape)
        right = ray_x * depth
        along, across = (
            right * np.float32(sin) + depth * np.float32(cos),
            right * np.float32(cos) - depth * np.float32(sin),
        )
        # Seen aslant, a metre is fewer px away from the eye than across it: the mean of the two.
        density = room.focal / depth * np.sqrt(np.minimum(drop, 1))
    else:
        turn = ray_x * np.float32(cos) - np.float32(sin)
        middle = ((x0 + x1) / 2 - room.centre) / room.focal * cos - sin
        if abs(middle) < 0.12:  # seen edge-on: nothing to measure, so it is taken to face the camera
            along = np.broadcast_to(ray_x * np.float32(surface.offset), shape)
            depth = np.full(shape, surface.offset, np.float32)
        else:
            depth = np.broadcast_to(np.float32(surface.offset) / np.clip(turn / np.float32(middle), 0.3, 4), shape)
            along = depth * (ray_x * np.float32(sin) + np.float32(cos))
        across = depth * ray_y
        density = room.focal / depth
    return along.astype(np.float32), across.astype(np.float32), density.astype(np.float32)


def _folded(metres: Plane, wanted: Hard) -> tuple[Plane, float, float]:
    """Positions, and the least and the most of them; beyond `_SLAB_M` the texture turns back, like a matched slab.

    A strip of 5 by 3000 px, or a tiny `scale`, would else ask for kilometres of stone, vein by vein.
    """
    low, high = float(metres[wanted].min()) - 0.02, float(metres[wanted].max()) + 0.02
    if high - low > _SLAB_M:
        metres = np.float32(low + _SLAB_M) - np.abs((metres - np.float32(low)) % (2 * _SLAB_M) - np.float32(_SLAB_M))
        high = low + _SLAB_M
    return metres, low, high


def _lay(look: Look, rng: np.random.Generator, along: Plane, across: Plane, density: Plane, wanted: Hard) -> Plane:
    """A texture laid on a surface: made square-on at the finest scale seen, then brought into perspective, filtered."""
    along, a0, a1 = _folded(along, wanted)
    across, c0, c1 = _folded(across, wanted)
    area = (a1 - a0) * (c1 - c0)
    finest = float(np.percentile(density[wanted][::17], 97))
    # The least is for photos of a few px, which would show halls of marble.
    px_per_m = max(20.0, min(finest, math.sqrt(1.6e6 / area), 8000 / max(a1 - a0, c1 - c0)))
    hw = (max(8, round((c1 - c0) * px_per_m)), max(8, round((a1 - a0) * px_per_m)))
    texture = _TEXTURES[look.kind](hw, px_per_m, look, rng)
    coarse = np.clip(np.log2(px_per_m / np.maximum(density, 1e-3)), 0, 3)
    at_x, at_y = (along - np.float32(a0)) * np.float32(px_per_m), (across - np.float32(c0)) * np.float32(px_per_m)
    out = np.zeros((*along.shape, 3), np.float32)
    deepest = float(coarse[wanted].max())
    for level in range(4):
        size = np.float32(2**level)
        seen = cv2.remap(
            texture, at_x / size - 0.5, at_y / size - 0.5, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
        )
        if deepest > 0:
            seen *= cv2.merge([np.clip(1 - np.abs(coarse - level), 0, 1)] * 3)
        out += seen
        if deepest <= level:
            break
        half_wh = (max(1, texture.shape[1] // 2), max(1, texture.shape[0] // 2))
        texture = cv2.resize(texture, half_wh, interpolation=cv2.INTER_AREA)
    return out


def _texture(
    look: Look,
    room: _Room,
    whole: _Surface,
    mask: Hard,
    label: Labels,
    *,
    size_hw: Hw,
    corner: Hw,
    seed: int,
    scale: float,
) -> Plane:
    """[h, w, 3] reflectance: each plane under the mask with its own piece of texture.

    Args:
        look: A material.
        room: The camera.
        whole: The plane that the mask as a whole lies in.
        mask: [h, w] bool, a part of the photo.
        label: [h, w] which of the old materials is there: different ones are likely to be different planes.
        size_hw: The photo's size.
        corner: Row and column of the part in the photo.
        seed: Where veins and boards fall.
        scale: Size of the pattern.
    """
    boards = look.kind == "planks"
    total = int(mask.sum())
    if whole.is_floor and look.kind == "wood":
        look = Look("planks", look.colours)  # nobody lays veneer on a floor
    surfaces: dict[tuple[int, bool, bool, int], tuple[_Surface, Hard]] = {}
    rest = mask.copy()
    for k in range(int(label.max()) + 1):
        if whole.is_floor:
            break  # a floor is one plane, whatever shadows and sun make of it
        count, parts, stats, _ = cv2.connectedComponentsWithStats((mask & (label == k)).astype(np.uint8))
        for part in range(1, count):
            if stats[part, cv2.CC_STAT_AREA] < 0.05 * total:
                continue
            here = parts == part
            surface = _surface_of(here, room, size_hw, corner, boards=boards)
            key = (-1 if surface.flat else k, surface.flat, surface.left, surface.axis)
            # Parts of one plane share one piece of texture: a slab runs on behind a shelf.
            surface, before = surfaces.get(key, (surface, here))
            surfaces[key] = (surface, before | here)
            rest &= ~here
    if rest.any():
        sizes = {key: int(here.sum()) for key, (_, here) in surfaces.items()}
        key = max(sizes, key=lambda key: sizes[key]) if sizes else (0, whole.flat, whole.left, whole.axis)
        surface, before = surfaces.get(key, (whole, rest))
        surfaces[key] = (surface, before | rest)
    out = np.zeros((*mask.shape, 3), np.float32)
    for index, (surface, here) in enumerate(surfaces.values()):
        y0, y1, x0, x1 = _bounds(here)
        box = (y0 + corner[0], y1 + corner[0], x0 + corner[1], x1 + corner[1])
        along, across, density = _metres(surface, room, box)
        if look.kind == "wood" and surface.flat:
            along, across = across, along  # a worktop's grain runs its length
        wanted = here[y0:y1, x0:x1]
        size = np.float32(scale)
        rng = np.random.default_rng([seed, index])
        laid = _lay(look, rng, along / size, across / size, density * size, wanted)
        out[y0:y1, x0:x1][wanted] = laid[wanted]
    return out


def _bounds(mask: Hard) -> tuple[int, int, int, int]:
    """y0, y1, x0, x1 round what is True."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1


# ---------------------------------------------------------------------------------------------------------------- light


@dataclass(frozen=True, slots=True, eq=False)
class _Light:
    """The light on the masked surface, as logarithms of scene light.

    Args:
        lit: [h, w] what falls on it, and so what a reflectance of 1 gives back.
        shade: [h, w] to be added: light and shade about that.
        shine: [h, w] scene light (not its logarithm) of highlights, the same on any reflectance.
        cover: [h, w] in 0..1, the share of the pixel that shows the surface and not a neighbour.
        old: [h, w, 3] linear colour of the old surface nearby.
        label: [h, w] which of the old materials is there, 0..2.
    """

    lit: Plane
    shade: Plane
    shine: Plane
    cover: Plane
    old: Plane
    label: Labels


def _reduced(photo: Rgb, long_px: int) -> tuple[Rgb, float]:
    """The photo with a long side of about `long_px`, never enlarged, and how much smaller it is."""
    shrink = max(1.0, max(photo.shape[:2]) / long_px)
    size_wh = (max(1, round(photo.shape[1] / shrink)), max(1, round(photo.shape[0] / shrink)))
    return cv2.resize(photo, size_wh, interpolation=cv2.INTER_AREA), shrink


def _expected(small: Rgb, mask: Hard) -> tuple[float, Plane]:
    """The light to expect on the masked surface of a reduced photo, and [3] its colour cast.

    The light is the photo's own (its 75th percentile), drawn by 0.4 to what falls on the whites round the mask, where
    there are any. The cast is that of near-neutral bright pixels (walls, ceilings, trim), weighted to the most neutral
    and the nearest, and taken by 0.6: a room's white paint may itself be warm.
    """
    linear = _LINEAR[small]
    luma = linear @ _LUMA
    scene = _scene_of_linear(luma)
    expected = _LIGHT_BASE + _LIGHT_SLOPE * float(
        _scene_of_linear(np.array([[np.percentile(luma, 75)]], np.float32))[0, 0]
    )
    off = np.stack([_scene_of_linear(np.ascontiguousarray(linear[..., c])) for c in range(3)], -1) - scene[..., None]
    pale = np.exp(-((np.abs(off).max(-1) / 0.4) ** 2)) * (linear.max(-1) < 0.97)
    reach = max(3, max(small.shape[:2]) // 8)
    touched = cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    near = (cv2.dilate(mask.astype(np.uint8), np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)) > 0) & ~touched
    whites = scene[near & (pale > 0.5)]
    if len(whites) > 0.04 * near.sum() and len(whites) > 20:
        white = float(np.percentile(whites, 75)) - math.log(0.8)
        expected += 0.4 * min(max(white - expected, -0.3), 0.6)
    weight = pale * (luma > np.percentile(luma, 50)) * np.where(near, 3, 1) * ~touched
    total = float(weight.sum(dtype=np.float64))
    tint = (off * weight[..., None]).sum((0, 1), dtype=np.float64) / total if total > 1 else np.zeros(3)
    return expected, (0.6 * np.clip(tint, -0.4, 0.4)).astype(np.float32)


def _clusters(features: Plane, most: int = 3) -> Plane:
    """Centres of the old materials: k-means from spread-out percentiles, near ones merged, rare ones dropped."""
    order = np.argsort(features[:, 0], kind="stable")
    centres = features[order[[int((k + 0.5) / most * (len(order) - 1)) for k in range(most)]]].astype(np.float64)
    for _ in range(12):
        label = ((features[:, None] - centres[None]) ** 2).sum(-1).argmin(1)
        for k in range(len(centres)):
            if (label == k).any():
                centres[k] = np.median(features[label == k], axis=0)
    label = ((features[:, None] - centres[None]) ** 2).sum(-1).argmin(1)
    shares = np.bincount(label, minlength=len(centres)) / len(label)
    kept = [k for k in range(len(centres)) if shares[k] > 0.04]
    merged = True
    while merged and len(kept) > 1:
        merged = False
        pairs = [
            (float(((centres[a] - centres[b]) ** 2).sum()), a, b) for i, a in enumerate(kept) for b in kept[i + 1 :]
        ]
        gap, a, b = min(pairs)
        if gap < 1.1**2:
            both = shares[a] + shares[b]
            centres[a] = (centres[a] * shares[a] + centres[b] * shares[b]) / both
            shares[a] = both
            kept.remove(b)
            merged = True
    return centres[kept].astype(np.float32)


def _inner(hard: Hard, radius: float) -> Hard:
    """The mask without its rim, which may show the neighbours; a part thinner than the rim keeps its middle."""
    distance = cv2.distanceTransform(np.pad(hard, 1).astype(np.uint8), cv2.DIST_L2, 3)[1:-1, 1:-1]
    side = 2 * math.ceil(radius) + 3
    ridge = cv2.dilate(distance, np.ones((side, side), np.uint8))
    return np.asarray(distance >= np.minimum(np.float32(radius), np.float32(0.6) * ridge)) & hard


@dataclass(frozen=True, slots=True, eq=False)
class _Material:
    """One of the old materials under the mask.

    Args:
        share: [h, w] in 0..1, how much of each pixel it is.
        here: [h, w] bool, where it is seen best.
        seen: Its middle brightness, the logarithm of scene light.
        lit: The light on it, likewise.
        grainy: 0..1, how surely its texture is wood grain.
    """

    share: Plane
    here: Hard
    seen: float
    lit: float
    grainy: float


def _materials(
    linear: Plane, scene: Plane, inner: Hard, *, expected: float, tint: Plane, window: int
) -> tuple[list[_Material], Labels]:
    """The old materials, and [h, w] which of them each pixel is."""
    weight = inner.astype(np.float32)
    # Told apart on a smoothed picture, so that grain and grooves do not count as materials.
    logs = cv2.log(linear + np.float32(0.01))
    features = _spread(np.stack([scene, logs[..., 0] - logs[..., 1], logs[..., 2] - logs[..., 1]], -1), weight, window)
    samples = features[inner]
    centres = _clusters(samples[:: max(1, len(samples) // 4000)])
    off = [features - centre for centre in centres]
    label: Labels = np.stack([_dot(each, each) for each in off]).argmin(0)
    shares = np.ones((1, *scene.shape), np.float32)
    if len(centres) > 1:
        # The borders between them are the photo's own edges.
        parts = [(label == k).astype(np.float32) for k in range(len(centres))]
        shares = np.stack([np.clip(_guided(scene, part, weight, window, 0.02), 1e-4, 1) for part in parts])
        shares /= shares.sum(0)
        label = shares.argmax(0)
    out = []
    for k, centre in enumerate(centres):
        here = (label == k) & inner
        if not here.any():
            here = inner
        seen = float(np.median(scene[here]))
        red, blue = float(centre[1] - tint[0] + tint[1]), float(centre[2] - tint[2] + tint[1])
        neutral = math.exp(-(((red - 0.04) / 0.12) ** 2) - ((blue + 0.06) / 0.16) ** 2)
        grainy = min(max((float(centre[1] - centre[2]) - 0.5) / 0.5, 0.0), 1.0)  # wood is warm: red well over blue
        out.append(_Material(shares[k], here, seen, _posterior(seen, expected, neutral=neutral), grainy))
    return out, label


def _shade(relative: Plane, grainy: Plane, inner: Hard, long_px: int, *, joints: bool) -> Plane:
    """Light and shade without the old texture: grain (and `joints`) are flattened, panel edges and shadows are kept."""
    weight = inner.astype(np.float32)
    window = max(3, round(long_px / 90))
    clean = _guided(relative, relative, weight, max(1, round(long_px / 700)), 0.03**2)
    if float(grainy.max()) < 0.05:
        return clean
    # Smoothing whose threshold is the texture's own amplitude.
    rough = np.abs(relative - _box(relative, window))[inner]
    amplitude = float(np.percentile(rough, 60)) * 1.5
    flat = _guided(relative, relative, weight, window, max(0.02, (2.2 * amplitude) ** 2))
    # What the flattening took is given back where it is deeper than the texture (shadows under handles), and along
    # straight lines, which grain is not: the gaps between fronts.
    rest = np.minimum(clean - flat, 0)
    gaps = np.float32(0) if joints else _gaps(relative, rest, amplitude, long_px)
    flat = flat + np.minimum(rest + np.float32(2.8 * amplitude + 0.1) * (1 - gaps), 0)
    shade: Plane = clean + grainy * (flat - clean)
    return shade


def _light_on(
    part: Rgb, mask: Hard, *, expected: float, tint: Plane, target: float, rim_px: float, long_px: int, joints: bool
) -> _Light:
    """The light on the masked part of a photo, for a new surface of reflectance `target`.

    Args:
        part: [h, w, 3] uint8, the photo round the mask.
        mask: [h, w] bool.
        expected: The light to expect in this photo.
        tint: [3] its colour cast.
        target: The new reflectance, 0..1.
        rim_px: Width of the mask's rim that may show neighbours.
        long_px: The photo's long side.
        joints: The old surface is a floor that is laid anew: its joints are old texture too.
    """
    linear = np.asarray(cv2.LUT(part, _LINEAR), np.float32)
    scene = _scene_of_linear(cv2.transform(linear, _LUMA[None]))
    inner = _inner(mask, rim_px)
    weight = inner.astype(np.float32)
    window = max(3, round(long_px / 90))
    reach = max(2, round(2 * rim_px))
    materials, label = _materials(linear, scene, inner, expected=expected, tint=tint, window=window)

    felt = cv2.transform(linear, _FELT)
    seen, lit, grainy, keep_low, keep_high = (np.zeros_like(scene) for _ in range(5))
    foreign, colour = np.full_like(scene, np.inf), np.zeros_like(linear)
    for material in materials:
        rho = min(math.exp(material.seen - material.lit), 1.0)
        low, high = _contrast(rho, target)
        seen += material.share * np.float32(material.seen)
        # A surface lights itself and its neighbours' shadows back: whiter is a little brighter (measured on pairs).
        lit += material.share * np.float32(material.lit + 0.15 * (target - rho))
        grainy += material.share * np.float32(material.grainy)
        keep_low += material.share * np.float32(low)
        keep_high += material.share * np.float32(high)
        here = material.here.astype(np.float32)
        near = _spread(felt, here, reach)
        off = _strangeness(felt, near) + np.where(_box(here, reach) > 1e-3, np.float32(0), np.float32(1e3))
        closer = off < foreign
        foreign = np.where(closer, off, foreign)
        colour = np.asarray(cv2.copyTo(near, closer.astype(np.uint8), colour))

    shade = _shade(scene - seen, np.ones_like(grainy) if joints else grainy, inner, long_px, joints=joints)
    cover = _cover(felt, colour, foreign, mask, inner, max(1, round(long_px / 500)))
    # The rim may show a neighbour: it follows the inside, darker at most by a contact shadow.
    inside = _spread(shade, weight, reach)
    shade = np.where(inner, shade, inside + cover * np.clip(shade - inside, -0.5, 0.1))
    base = _spread(shade, weight, window)
    top = base + np.float32(
        0.45
    )  # brighter than this is a highlight, which lies on the surface and has no colour of it
    shine = np.maximum(np.exp(shade + seen) - np.exp(top + seen), 0)
    detail = np.minimum(shade, top) - base
    return _Light(lit, keep_low * base + keep_high * detail, shine, cover, cv2.transform(colour, _UNFELT), label)


def _posterior(seen: float, expected: float, *, neutral: float) -> float:
    """The light on a surface that looks `seen`, both logarithms of scene light.

    The photo says what light to expect, within a standard deviation of 0.3 (measured as in `_LIGHT_BASE`); the
    surface's look says more where its reflectance is likely to be known: a third of neutral surfaces are white paint or
    stone. `neutral` is 0..1.
    """
    light = np.linspace(expected - 1.5, expected + 1.5, 121)
    rho = seen - light
    likely = np.where((rho > math.log(0.012)) & (rho < math.log(0.88)), 0.65 / math.log(0.88 / 0.012), 1e-6)
    white = (rho > math.log(0.68)) & (rho < math.log(0.88))
    likely = likely + np.where(white, 0.35 * neutral / math.log(0.88 / 0.68), 0)
    weight = likely * np.exp(-0.5 * ((light - expected) / 0.3) ** 2)
    return float((light * weight).sum() / weight.sum())


def _contrast(old: float, new: float) -> tuple[float, float]:
    """How much of the broad and of the fine shading of a surface is left when its reflectance goes from old to new.

    Light bounces between the parts of a white surface and fills its shadows; a dark one keeps them, and its gloss adds
    more. Measured on rendered pairs: broad shading keeps 0.5 to 0.6 from black to white and 1.5 the other way (held to
    1.3), fine shading 0.3 to 0.4 and, limited by noise, 0.7 to 1.
    """
    low = (1 - 0.45 * new) / (1 - 0.45 * old)
    high = (1 - 0.8 * new) / (1 - 0.8 * old)
    return min(low, 1.3), min(high, 1.0)


def _gaps(relative: Plane, rest: Plane, amplitude: float, long_px: int) -> Plane:
    """[h, w] 0..1: 1 along straight dark lines deeper than the texture."""
    out = np.zeros(relative.shape, np.uint8)
    grey = np.clip((relative + 1.2) * (255 / 2.0), 0, 255).astype(np.uint8)
    found = cv2.createLineSegmentDetector(cv2.LSD_REFINE_NONE).detect(grey)[0]
    lines = np.zeros((0, 4)) if found is None else np.asarray(found, np.float64).reshape(-1, 4)
    along = lines[:, 2:] - lines[:, :2]
    length = np.hypot(along[:, 0], along[:, 1])
    lines, along, length = (each[length >= 0.018 * long_px] for each in (lines, along, length))
    # The gap's middle lies a pixel or two to one side of the edge that was found: look on both.
    t = np.linspace(0.05, 0.95, 24)[None, None, :, None]
    aside = (np.stack([-along[:, 1], along[:, 0]], -1) / np.maximum(length, 1)[:, None])[:, None, None]
    points = lines[:, None, None, :2] + t * along[:, None, None] + np.arange(-2, 3)[None, :, None, None] * aside
    at = np.clip(np.rint(points), 0, np.array([rest.shape[1] - 1, rest.shape[0] - 1])).astype(np.int64)
    depth = np.median(rest[at[..., 1], at[..., 0]], axis=2).min(1, initial=0)
    width = 2 * max(1, round(long_px / 500)) + 1
    for line in np.rint(lines[depth < -(0.6 * amplitude + 0.05)] * 16).astype(np.int64).tolist():
        cv2.line(out, (line[0], line[1]), (line[2], line[3]), 255, width, cv2.LINE_AA, 4)
    return out.astype(np.float32) * np.float32(1 / 255)


# Luma and two colour differences at 0.4 of their size: JPEG keeps colour at half the resolution, so that beside an edge
# a pixel's colour is half its neighbour's while its luma is its own.
_FELT = np.array([[0.2126, 0.7152, 0.0722], [0.31496, -0.28608, -0.02888], [-0.08504, -0.28608, 0.37112]], np.float32)
_UNFELT = np.linalg.inv(_FELT).astype(np.float32)


def _strangeness(felt: Plane, near: Plane) -> Plane:
    """How far a colour is from the surface's colour nearby, with shade of it allowed; 0 is the same."""
    size = _dot(near, near) + np.float32(3e-4)  # in the dark, three levels of 255 are noise
    shade = np.clip(_dot(felt, near) / size, 0.4, 1.1)
    gap = (felt - shade[..., None] * near).astype(np.float32)
    strangeness: Plane = np.sqrt(_dot(gap, gap) / size)
    return strangeness


def _cover(felt: Plane, near: Plane, foreign: Plane, mask: Hard, inner: Hard, radius: int) -> Plane:
    """Share of each pixel that is the surface: 1 inside; in the rim by its place between surface and neighbour.

    A mixed pixel of an edge lies on the line between two colours. The neighbour's is read outside the mask and on its
    last pixels, weighted to what is least like the surface; where nothing there is unlike it, the mask is believed.
    """
    kernel = np.ones((2 * radius + 1, 2 * radius + 1), np.uint8)
    edge = cv2.erode(mask.astype(np.uint8), np.ones((5, 5), np.uint8), borderValue=1) == 0
    weight = np.where(edge, np.minimum(foreign, 4) ** 4, 0).astype(np.float32)
    most = cv2.dilate(np.where(edge, foreign, 0).astype(np.float32), kernel)
    norm = _box(weight, radius) + np.float32(1e-9)
    other = np.stack([_box(felt[..., c] * weight, radius) / norm for c in range(3)], -1)
    away = other - near
    share = 1 - _dot(felt - near, away) / (_dot(away, away) + np.float32(1e-6))
    floor = max(0.1, float(np.percentile(foreign[inner][::7], 85))) if inner.any() else 0.1
    # A pixel that could be the surface in shade is the surface, whatever stands beside it.
    doubt = _smoothstep(foreign, 0.4 * floor, 1.2 * floor)
    share = 1 - doubt * (1 - np.clip(1.04 * share, 0, 1))
    cover = np.where(mask & ~inner & (most > 1.7 * floor), share, 1).astype(np.float32)
    return _without_specks(cover, mask, 8 * radius * radius)


def _without_specks(cover: Plane, mask: Hard, most_px: int) -> Plane:
    """The cover without specks of the old surface: a neighbour comes in from outside the mask, a speck stands alone.

    A speck may hang on by a faint thread, so that it is looked for at more than one strength; larger ones than
    `most_px` are believed.
    """
    beside = mask & (cv2.dilate((~mask).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0)
    out = cover
    for level in (0.9, 0.7, 0.5, 0.3):
        kept = out < level
        _, parts, stats, _ = cv2.connectedComponentsWithStats(kept.astype(np.uint8))
        small = stats[:, cv2.CC_STAT_AREA] <= most_px
        small[0] = False  # what is not kept
        small[parts[beside]] = False
        if small.any():
            specks = small[parts]
            # With their pale fringe, but not with the neighbour beside them.
            grown = cv2.dilate(specks.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
            out = np.where(grown & (specks | ~kept), np.float32(1), out)
    return out


# --------------------------------------------------------------------------------------------------------------- editor


_SCALES = (0.05, 20.0)  # veins and boards beyond these are smaller than pixels, or larger than photos
_SHADINGS = (0.0, 2.0)
_RIMS = (0.0, 0.05)


def _held(value: object, name: str, between: tuple[float, float], *, error: type[AutomaskError]) -> float:
    """The value, if it is a number within the range, ends included; else raises `error`."""
    low, high = between
    # True is a number to Python, and nan is one to its type: neither is a size.
    if (
        isinstance(value, int | float | np.integer | np.floating)
        and not isinstance(value, bool)
        and low <= value <= high
    ):
        return float(value)
    raise error(f"{name} is {value!r}", mend=f"give a number from {low:g} to {high:g}")


class Paint:
    """Paints colours and simple materials and keeps the room's light.

    Args:
        scale: Multiplies the size of a material's pattern; 2 doubles it; 0.05..20.
        shading: How much of the old light and shade is kept; 1 is what was measured to look right, 0 is flat; 0..2.
        rim_frac: Width, as a fraction of the photo's long side, of the mask's rim that may show neighbours; 0..0.05.

    Raises:
        ConfigError: For anything but a number within its range.
    """

    multiple_px = 1
    ideal_px = 0  # the whole photo: exposure and colour cast are read from the rest of the room

    def __init__(self, *, scale: float = 1.0, shading: float = 1.0, rim_frac: float = 0.004) -> None:
        self.scale = _held(scale, "editor.scale", _SCALES, error=ConfigError)
        self.shading = _held(shading, "editor.shading", _SHADINGS, error=ConfigError)
        self.rim_frac = _held(rim_frac, "editor.rim_frac", _RIMS, error=ConfigError)

    def check(self, prompt: str, *, scale: float = 1.0, shading: float = 1.0) -> None:
        """Refuses words and options that `paint` would refuse, before anything is masked or painted.

        Args:
            prompt, scale, shading: See `paint`.

        Raises:
            EditorError: For a prompt it does not know, or an option that is not a number within its range.
        """
        look_for(prompt)
        _held(scale, "scale", _SCALES, error=EditorError)
        _held(shading, "shading", _SHADINGS, error=EditorError)

    def paint(self, crop: Rgb, hard: Hard, prompt: str, *, seed: int, scale: float = 1.0, shading: float = 1.0) -> Rgb:
        """The crop with its masked surface in another colour or material, under the same light.

        Args:
            crop: [h, w, 3] uint8 RGB, the whole photo.
            hard: [h, w] bool, True is repainted.
            prompt: See `look_for`.
            seed: Where the veins and boards fall; colours do not depend on it.
            scale: Multiplies the constructor's; 0.05..20.
            shading: Multiplies the constructor's; 0..2.

        Returns:
            [h, w, 3] uint8; equal to `crop` outside `hard`.

        Raises:
            EditorError: For a prompt it does not know, or an option that is not a number within its range.
        """
        self.check(prompt, scale=scale, shading=shading)
        look = look_for(prompt)
        out = crop.copy()
        if not hard.any():
            return out
        long_px = max(crop.shape[:2])
        small, _ = _reduced(crop, 384)
        small_wh = (small.shape[1], small.shape[0])
        small_mask = cv2.resize(hard.astype(np.uint8), small_wh, interpolation=cv2.INTER_NEAREST) > 0
        expected, tint = _expected(small, small_mask)

        margin = max(8, long_px // 40)
        y0, y1, x0, x1 = _bounds(hard)
        y0, y1, x0, x1 = max(0, y0 - margin), y1 + margin, max(0, x0 - margin), x1 + margin
        part, mask = crop[y0:y1, x0:x1], hard[y0:y1, x0:x1]
        rho = np.minimum(np.array(look.colours[0], np.float32), _WHITEST)
        size_hw = (crop.shape[0], crop.shape[1])
        room = _room(*_reduced(crop, 768))
        whole = _surface_of(mask, room, size_hw, (y0, x0), boards=look.kind == "planks")
        if whole.flat and whole.offset > 0:
            # What lies flat faces the ceiling and the sky (measured on rendered floors and worktops).
            expected += _FLOOR_GAIN if whole.is_floor else _TOP_GAIN
        light = _light_on(
            part,
            mask,
            expected=expected,
            tint=tint,
            target=float(rho @ _LUMA),
            rim_px=max(3.0, self.rim_frac * long_px),
            long_px=long_px,
            joints=look.kind != "paint" and whole.is_floor,
        )
        reflectance: Plane = rho[None, None, :]
        if look.kind != "paint":
            reflectance = _texture(
                look,
                room,
                whole,
                mask,
                light.label,
                size_hw=size_hw,
                corner=(y0, x0),
                seed=seed,
                scale=self.scale * scale,
            )
        at = np.flatnonzero(mask)  # a mask fills a third of its box or so: only its pixels from here on
        level = (light.lit + np.float32(self.shading * shading) * light.shade).take(at)[None]
        shine, cover = light.shine.take(at)[None], light.cover.take(at)[None]
        planes = reflectance.shape[:2] == mask.shape
        painted = np.empty((1, len(at), 3), np.float32)
        for c in range(3):
            sent = reflectance[..., c].take(at)[None] if planes else reflectance[..., c]
            shone = np.exp(level + tint[c]) * (np.minimum(sent, _WHITEST) + np.float32(_SHEEN)) + shine
            new = _linear_of_scene(cv2.log(np.maximum(shone, 1e-6)))
            old = _LINEAR[part[..., c].take(at)][None]
            mixed = cover * new + np.maximum(old - cover * light.old[..., c].take(at)[None], 0)
            painted[..., c] = _encode(np.where(cover < 1, mixed, new))
        out[y0:y1, x0:x1][mask] = to_uint8(painted)[0]
        return out
