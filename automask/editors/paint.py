"""Recolours and re-textures surfaces and keeps the light on them; needs no weights.

A photo is taken as `tone(light x reflectance)`. The old reflectance is estimated for each old material under the mask and
divided out, texture that belongs to it (wood grain) is flattened, and what is left - shading, contact shadows, panel edges,
highlights - is put onto the new reflectance. Everything happens in the logarithm of scene light, where light and
reflectance add.
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

from automask.errors import EditorError
from automask.images import to_uint8
from automask.types import Hard, Rgb

Plane: TypeAlias = npt.NDArray[np.float32]
"""[h, w] (or [h, w, 3]) float32."""
Triple: TypeAlias = tuple[float, float, float]

# ---------------------------------------------------------------------------------------------------------------- words

# Words of paint charts. They win over a CSS colour of the same name: a "navy" wall is a paint, not #000080 of a 16-colour
# screen (which stays within reach by its hex).
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
    "oak": ("#cfa878", "#8f6538"),
    "walnut": ("#76563f", "#3c2a1e"),
    "ash": ("#dcc6a2", "#b08e62"),
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
_WHITEST = 0.88  # no white paint reflects more: CSS white is taken as this
_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)
_Z_MIN, _Z_MAX, _Z_STEPS = -7.0, 6.0, 8192


def _scene_of_linear(linear: Plane) -> Plane:
    """Logarithm of scene light from linear display light in 0..1."""
    held = np.clip(linear, 6e-4, 1.0)  # two levels of 255: below, the logarithm is all noise
    return np.float32(_POWER) * (cv2.log(held) - cv2.log(np.float32(_CEILING) - held))


def _srgb_tables() -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Linear light of each of 256 levels, and encoded values over a grid of logarithmic scene light."""
    level = np.arange(256, dtype=np.float64) / 255
    linear = np.where(level <= 0.04045, level / 12.92, ((level + 0.055) / 1.055) ** 2.4)
    z = np.linspace(_Z_MIN, _Z_MAX, _Z_STEPS)
    x = np.exp(z / _POWER)
    y = np.clip(_CEILING * x / (1 + x), 0, 1)
    encoded = np.where(y <= 0.0031308, 12.92 * y, 1.055 * y ** (1 / 2.4) - 0.055)
    return linear.astype(np.float32), encoded.astype(np.float32)


_LINEAR, _ENCODED = _srgb_tables()


def _encode(z: Plane) -> Plane:
    """Encoded sRGB in 0..1 of logarithmic scene light."""
    index = np.clip((z - _Z_MIN) * ((_Z_STEPS - 1) / (_Z_MAX - _Z_MIN)) + 0.5, 0, _Z_STEPS - 1)
    return np.take(_ENCODED, index.astype(np.int32))


# -------------------------------------------------------------------------------------------------------------- filters


def _box(plane: Plane, radius: int) -> Plane:
    side = 2 * radius + 1
    return cv2.blur(plane, (side, side), borderType=cv2.BORDER_REFLECT_101)


def _spread(plane: Plane, weight: Plane, radius: int) -> Plane:
    """Weighted local mean; where nothing is near, the mean over ever wider windows."""
    out = _box(plane * weight, radius)
    norm = _box(weight, radius)
    total = float(weight.sum(dtype=np.float64))
    mean = float((plane * weight).sum(dtype=np.float64)) / total if total else 0.0
    wide = min(8 * radius, max(plane.shape))
    far = (_box(plane * weight, wide) + 1e-4 * mean) / (_box(weight, wide) + 1e-4)
    return np.where(norm > 1e-3, out / np.maximum(norm, 1e-3), far).astype(np.float32)


def _guided(guide: Plane, source: Plane, weight: Plane, radius: int, eps: float) -> Plane:
    """Edge-preserving smoothing of `source` along the edges of `guide`, inside `weight` only.

    Source: He, Sun and Tang, Guided Image Filtering, TPAMI 2013, with normalised (masked) window means.
    """
    norm = np.maximum(_box(weight, radius), 1e-4)
    mean_g = _box(guide * weight, radius) / norm
    mean_s = _box(source * weight, radius) / norm
    var = _box(guide * guide * weight, radius) / norm - mean_g * mean_g
    cov = _box(guide * source * weight, radius) / norm - mean_g * mean_s
    slope = cov / (np.maximum(var, 0) + np.float32(eps))
    level = mean_s - slope * mean_g
    return (_box(slope * weight, radius) / norm) * guide + _box(level * weight, radius) / norm


# -------------------------------------------------------------------------------------------------------------- texture


def _noise(hw: tuple[int, int], cells_hw: tuple[float, float], rng: np.random.Generator) -> Plane:
    """Smooth noise, about -1..1, with `cells_hw` random cells over the picture."""
    rows, columns = (max(1, math.ceil(cells)) + 4 for cells in cells_hw)
    lattice = rng.standard_normal((rows, columns)).astype(np.float32)
    # The affine warp, not resize: cells need not divide the picture, and its cubic is exact on a coarse lattice.
    matrix = np.array([[cells_hw[1] / hw[1], 0, 1.5], [0, cells_hw[0] / hw[0], 1.5]], np.float64)
    coarse_hw = tuple(min(side, max(64, 12 * (cells + 1))) for side, cells in zip(hw, (rows, columns), strict=True))
    y = (np.arange(coarse_hw[0], dtype=np.float64) + 0.5) * (hw[0] / coarse_hw[0]) * matrix[1, 1] + 1.0
    x = (np.arange(coarse_hw[1], dtype=np.float64) + 0.5) * (hw[1] / coarse_hw[1]) * matrix[0, 0] + 1.0
    field = (_spline(y, rows) @ lattice @ _spline(x, columns).T).astype(np.float32)
    if coarse_hw != hw:
        field = cv2.resize(field, (hw[1], hw[0]), interpolation=cv2.INTER_CUBIC)
    return field


def _spline(at: npt.NDArray[np.float64], cells: int) -> npt.NDArray[np.float32]:
    """Uniform cubic B-spline weights of lattice points at positions `at`: [len(at), cells]."""
    base = np.floor(at).astype(np.int64)
    t = at - base
    weights = np.stack([(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3], 1) / 6
    out = np.zeros((len(at), cells), np.float32)
    rows = np.arange(len(at))
    for k in range(4):
        out[rows, np.clip(base + k - 1, 0, cells - 1)] += (weights[:, k] * 1.9).astype(np.float32)
    return out


def _fractal(
    hw: tuple[int, int], cells_hw: tuple[float, float], rng: np.random.Generator, *, octaves: int, gain: float = 0.5
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
    return cv2.remap(plane, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)


def _smoothstep(plane: Plane, low: float, high: float) -> Plane:
    t = np.clip((plane - np.float32(low)) * np.float32(1 / (high - low)), 0, 1)
    return t * t * (3 - 2 * t)


def _ridge(field: Plane, width: Plane | float) -> Plane:
    """1 along the zero contour of a field, 0 beyond `width` of it: a vein."""
    t = np.clip(1 - np.abs(field) / width, 0, 1)
    return t * t * (3 - 2 * t)


def _blend(layers: Plane, colour: Triple, share: Plane) -> Plane:
    return layers + share[..., None] * (np.array(colour, np.float32) - layers)


def _marble(hw: tuple[int, int], px_per_m: float, look: Look, rng: np.random.Generator) -> Plane:
    """Calacatta-like reflectance: clouds, a few long veins that swell, fade and branch, and hairlines beside them.

    Veins are zero contours of a smooth field whose coordinates are warped by finer noise.
    Source: Perlin, An Image Synthesizer, SIGGRAPH 1985 (marble by turbulence); Musgrave's ridged multifractal.
    """
    base, cloud, vein = look.colours
    metres = (hw[0] / px_per_m, hw[1] / px_per_m)

    def cells(per_m: float) -> tuple[float, float]:
        return metres[0] * per_m * 0.8, metres[1] * per_m

    reach = np.float32(px_per_m)
    warp_x = _fractal(hw, cells(0.9), rng, octaves=6, gain=0.55) * reach
    warp_y = _fractal(hw, cells(0.9), rng, octaves=6, gain=0.55) * reach
    # A slant, as in cut slabs: the main veins lean one way.
    lean = rng.uniform(0.35, 0.8) * (1 if rng.random() < 0.5 else -1)
    x = (np.arange(hw[1], dtype=np.float32) / reach)[None, :]
    y = (np.arange(hw[0], dtype=np.float32) / reach)[:, None]
    slant = (x + np.float32(lean) * y).astype(np.float32)
    presence = _fractal(hw, cells(0.8), rng, octaves=2)
    field = _fractal(hw, cells(0.55), rng, octaves=2, gain=0.4) + np.float32(0.35) * np.sin(
        slant * np.float32(2.1) + np.float32(rng.uniform(0, 6.28))
    )
    field = _warp(field, warp_x * np.float32(0.13), warp_y * np.float32(0.13))
    fade = _smoothstep(presence, -0.7, 0.8)
    swell = 0.016 + 0.03 * _smoothstep(_fractal(hw, cells(1.6), rng, octaves=3), -0.2, 1.4)
    big = _ridge(field, swell) * (0.12 + 0.7 * fade)
    halo = _ridge(field, 0.28) * (0.15 + 0.55 * fade)
    branch_field = _fractal(hw, cells(1.5), rng, octaves=2, gain=0.4)
    branch_field = _warp(branch_field, warp_x * np.float32(0.10), warp_y * np.float32(0.10))
    near = _ridge(field, 0.9)
    branch = _ridge(branch_field, 0.035) * fade * (0.10 + 0.35 * near)
    clouds = _warp(
        _fractal(hw, cells(1.1), rng, octaves=5, gain=0.55), warp_x * np.float32(0.10), warp_y * np.float32(0.1)
    )
    speck = _fractal(hw, cells(30), rng, octaves=3, gain=0.7) * np.float32(0.010)
    out = np.empty((*hw, 3), np.float32)
    out[:] = np.array(base, np.float32)
    out = _blend(out, cloud, np.clip(0.55 * _smoothstep(clouds, -0.5, 1.8) + 0.5 * halo, 0, 1))
    out = _blend(out, vein, np.clip(np.maximum(big, branch) + 0.5 * np.minimum(big, branch), 0, 0.85))
    return np.maximum(out * (1 + speck[..., None]), 0)


def _grain(hw: tuple[int, int], px_per_m: float, rng: np.random.Generator) -> Plane:
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
    return np.clip(share, 0, 1).astype(np.float32)


def _wood(hw: tuple[int, int], px_per_m: float, look: Look, rng: np.random.Generator) -> Plane:
    """Veneer with upright grain."""
    light, dark = look.colours
    share = np.ascontiguousarray(_grain((hw[1], hw[0]), px_per_m, rng).T)
    out = np.empty((*hw, 3), np.float32)
    out[:] = np.array(light, np.float32)
    return _blend(out, dark, share)


def _planks(hw: tuple[int, int], px_per_m: float, look: Look, rng: np.random.Generator) -> Plane:
    """Floorboards along the rows: each with its own piece of grain, its own tone, and a dark joint."""
    light, dark = look.colours
    share = _grain(hw, px_per_m, rng)
    board_h = max(4.0, 0.15 * px_per_m)
    board_w = max(16.0, 1.7 * px_per_m)
    rows = (np.arange(hw[0]) / board_h).astype(np.int64)
    out_share = np.empty(hw, np.float32)
    tone = np.empty(hw, np.float32)
    joint = np.zeros(hw, np.float32)
    gap = max(1, round(0.0025 * px_per_m))
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
    out = np.empty((*hw, 3), np.float32)
    out[:] = np.array(light, np.float32)
    out = _blend(out, dark, np.clip(out_share, 0, 1)) * (1 + tone[..., None])
    return out * (1 - np.float32(0.72) * joint[..., None])


def _concrete(hw: tuple[int, int], px_per_m: float, look: Look, rng: np.random.Generator) -> Plane:
    """Cast concrete: broad clouds, trowel mottling, fine grain and a few air holes."""
    light, dark = look.colours
    metres = (hw[0] / px_per_m, hw[1] / px_per_m)

    def cells(per_m: float) -> tuple[float, float]:
        return metres[0] * per_m, metres[1] * per_m

    broad = _fractal(hw, cells(1.3), rng, octaves=7, gain=0.62)
    fine = _fractal(hw, cells(60), rng, octaves=3, gain=0.7)
    holes = _smoothstep(_fractal(hw, cells(38), rng, octaves=1), 2.25, 2.6)
    share = np.clip(0.45 + 0.27 * broad + 0.06 * fine + 0.5 * holes, 0, 1.3)
    out = np.empty((*hw, 3), np.float32)
    out[:] = np.array(light, np.float32)
    return np.maximum(_blend(out, dark, share), 0.01)


_TEXTURES: dict[str, Callable[[tuple[int, int], float, Look, np.random.Generator], Plane]] = {
    "marble": _marble,
    "wood": _wood,
    "planks": _planks,
    "concrete": _concrete,
}


# ---------------------------------------------------------------------------------------------------------------- light


@dataclass(frozen=True, slots=True, eq=False)
class _Light:
    """The light on the masked surface, as logarithms of scene light.

    Args:
        level: [h, w] for a reflectance of 1.
        tint: [3], added per channel: the photo's colour cast.
        shine: [h, w] scene light (not its logarithm) of highlights, the same on any reflectance.
    """

    level: Plane
    tint: npt.NDArray[np.float32]
    shine: Plane


def _cast(small: Rgb) -> tuple[float, npt.NDArray[np.float32]]:
    """Light level expected on a surface of this photo, and its colour cast.

    The cast is that of near-neutral bright pixels (walls, ceilings, trim), weighted to the most neutral, and halved: a room's
    white paint may itself be warm.
    """
    linear = _LINEAR[small]
    luma = linear @ _LUMA
    level = float(_scene_of_linear(np.array([[np.percentile(luma, 75)]], np.float32))[0, 0])
    scene = np.stack([_scene_of_linear(np.ascontiguousarray(linear[..., c])) for c in range(3)], -1)
    off = scene - _scene_of_linear(luma)[..., None]
    spread = np.abs(off).max(-1)
    weight = np.exp(-((spread / 0.35) ** 2)) * (luma > np.percentile(luma, 50)) * (linear.max(-1) < 0.97)
    total = float(weight.sum(dtype=np.float64))
    tint = (off * weight[..., None]).sum((0, 1), dtype=np.float64) / total if total > 1 else np.zeros(3)
    return _LIGHT_BASE + _LIGHT_SLOPE * level, (0.5 * np.clip(tint, -0.4, 0.4)).astype(np.float32)


def _clusters(features: npt.NDArray[np.float32], most: int = 3) -> npt.NDArray[np.float32]:
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


class Paint:
    """Paints colours and simple materials and keeps the room's light.

    Args:
        scale: Multiplies the size of a material's pattern; 2 doubles it.
        shading: How much of the old light and shade is kept; 1 is what was measured to look right, 0 is flat.
        rim_frac: Width, as a fraction of the photo's long side, of the mask's rim that is not trusted to show the object.
    """

    multiple_px = 1
    ideal_px = 0  # the whole photo: exposure and colour cast are read from the rest of the room

    def __init__(self, *, scale: float = 1.0, shading: float = 1.0, rim_frac: float = 0.004) -> None:
        self.scale = scale
        self.shading = shading
        self.rim_frac = rim_frac

    def check(self, prompt: str) -> None:
        """Refuses words that `paint` would refuse, before anything is masked or painted.

        Raises:
            EditorError: For a prompt it does not know.
        """
        look_for(prompt)

    def paint(
        self, crop: Rgb, hard: Hard, prompt: str, *, seed: int, scale: float = 1.0, shading: float = 1.0
    ) -> Rgb:
        """The crop with its masked surface in another colour or material, under the same light.

        Args:
            crop: [h, w, 3] uint8 RGB, the whole photo.
            hard: [h, w] bool, True is repainted.
            prompt: See `look_for`.
            seed: Where the veins and boards fall; colours do not depend on it.
            scale: Multiplies the constructor's.
            shading: Multiplies the constructor's.

        Returns:
            [h, w, 3] uint8; equal to `crop` outside `hard`.

        Raises:
            EditorError: For a prompt it does not know.
        """
        look = look_for(prompt)
        out = crop.copy()
        if not hard.any():
            return out
        scale, shading = self.scale * scale, self.shading * shading
        long_px = max(crop.shape[:2])
        shrink = max(1, long_px // 384)
        small = cv2.resize(
            crop, (max(1, crop.shape[1] // shrink), max(1, crop.shape[0] // shrink)), interpolation=cv2.INTER_AREA
        )
        level, tint = _cast(small)

        margin = max(8, long_px // 40)
        rows, columns = np.flatnonzero(hard.any(1)), np.flatnonzero(hard.any(0))
        y0, y1 = max(0, int(rows[0]) - margin), min(crop.shape[0], int(rows[-1]) + 1 + margin)
        x0, x1 = max(0, int(columns[0]) - margin), min(crop.shape[1], int(columns[-1]) + 1 + margin)
        part, mask = crop[y0:y1, x0:x1], hard[y0:y1, x0:x1]

        rho = np.minimum(np.array(look.colours[0], np.float32), _WHITEST)
        target = float(rho @ _LUMA)
        light = self._light(part, mask, level, tint, target, shading, long_px)
        if look.kind == "paint":
            reflectance: Plane = rho[None, None, :]
        else:
            rng = np.random.default_rng(seed)
            # Without a measure of the room, a photo is taken to show 3.2 m from bottom to top at the object's distance.
            px_per_m = crop.shape[0] / 3.2 * scale
            reflectance = np.minimum(_TEXTURES[look.kind](mask.shape, px_per_m, look, rng), _WHITEST)
        scene = np.empty(part.shape, np.float32)
        for c in range(3):
            shone = np.exp(light.level + light.tint[c]) * (reflectance[..., c] + np.float32(_SHEEN)) + light.shine
            scene[..., c] = cv2.log(np.maximum(shone, 1e-6).astype(np.float32))
        painted = to_uint8(_encode(scene))
        out[y0:y1, x0:x1][mask] = painted[mask]
        return out

    def _light(
        self,
        part: Rgb,
        mask: Hard,
        level: float,
        tint: npt.NDArray[np.float32],
        target: float,
        shading: float,
        long_px: int,
    ) -> _Light:
        linear = _LINEAR[part]
        u = _scene_of_linear(cv2.transform(linear, _LUMA[None]))
        inner = _inner(mask, max(1.0, self.rim_frac * long_px))
        weight = inner.astype(np.float32)
        fine = max(1, round(long_px / 700))
        mid = max(3, round(long_px / 90))

        # Old materials, told apart on a smoothed picture so that grain and grooves do not count as materials.
        calm = _spread(u, weight, mid)
        red_blue = np.stack(
            [_spread(cv2.log(linear[..., c] + 0.01) - cv2.log(linear[..., 1] + 0.01), weight, mid) for c in (0, 2)], -1
        )
        features = np.concatenate([calm[..., None], red_blue], -1)
        samples = features[inner]
        centres = _clusters(samples[:: max(1, len(samples) // 4000)])
        distance = np.stack([((features - centre) ** 2).sum(-1) for centre in centres], -1)
        label = distance.argmin(-1)
        old = np.zeros_like(u)
        grainy = np.zeros_like(u)
        for k, centre in enumerate(centres):
            share = (
                np.clip(_guided(u, (label == k).astype(np.float32), weight, mid, 0.02), 0, 1)
                if len(centres) > 1
                else np.ones_like(u)
            )
            here = inner & (label == k)
            old += share * np.float32(np.median(u[here]) if here.any() else centre[0])
            # Wood: warm (red over blue) and neither near black nor near white.
            warm = float(centre[1] - centre[2])
            grainy += share * np.float32(np.clip((warm - 0.5) / 0.5, 0, 1))
        relative = u - old

        # Grain is flattened, panel edges are kept: smoothing whose threshold is the texture's own amplitude.
        rough = np.abs(relative - _box(relative, mid))[inner]
        amplitude = float(np.percentile(rough, 60)) * 1.5 if rough.size else 0.0
        clean = _guided(relative, relative, weight, fine, (0.03 + 0.0) ** 2)
        flat = _guided(relative, relative, weight, mid, max(0.02, (2.2 * amplitude) ** 2))
        # What the flattening took, given back where it is deeper than the texture: gaps, shadows under handles.
        rest = clean - flat
        deep = np.minimum(rest + np.float32(2.8 * amplitude + 0.1), 0)
        flat = flat + deep
        shade = clean + grainy * (flat - clean)

        # The rim may show a neighbour: it follows the inside, darker at most by a contact shadow.
        inside = _spread(shade, weight, max(2, round(2 * self.rim_frac * long_px)))
        shade = np.where(inner, shade, np.clip(shade, inside - 0.5, inside + 0.1))

        base = _spread(shade, weight, mid)
        top = base + np.float32(0.45)
        shine = np.maximum(np.exp(shade + old) - np.exp(top + old), 0)
        shade = np.minimum(shade, top)
        # Dark surfaces show more contrast than their light has (their gloss is part of it, and no light bounces between
        # their parts); white ones less.
        keep = np.float32(shading) * np.where(old < -1.5, np.float32(0.6), np.float32(0.9))
        return _Light(np.float32(level) + keep * shade, tint, shine.astype(np.float32))
