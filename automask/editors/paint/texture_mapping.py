"""Texture mapping: materials on the planes under a mask, in perspective."""

import math

import cv2
import numpy as np

from automask.editors.paint.look import Look
from automask.geometry.perspective import Room
from automask.geometry.planes import RoomPlane, bounds, metres_on, plane_facing_camera, planes_of
from automask.types import FloatImage, Hard, Hw

_TAPS = 3
_SLAB_M = 24.0  # longer than any room in a photo taken from inside it


def _mirror_tile(metres: FloatImage, wanted: Hard) -> tuple[FloatImage, float, float]:
    """Positions, and the least and the most of them; beyond `_SLAB_M` the texture is mirrored, like a matched slab.

    A strip of 5 by 3000 px, or a tiny `scale`, would otherwise need kilometres of stone, vein by vein.
    """
    low, high = float(metres[wanted].min()) - 0.02, float(metres[wanted].max()) + 0.02
    if high - low > _SLAB_M:
        metres = np.float32(low + _SLAB_M) - np.abs((metres - np.float32(low)) % (2 * _SLAB_M) - np.float32(_SLAB_M))
        high = low + _SLAB_M
    return metres, low, high


def _project_texture(
    look: Look, rng: np.random.Generator, along: FloatImage, across: FloatImage, density: FloatImage, wanted: Hard
) -> FloatImage:
    """A texture on a surface: drawn square-on at the finest scale visible, then warped into perspective, filtered."""
    along, a0, a1 = _mirror_tile(along, wanted)
    across, c0, c1 = _mirror_tile(across, wanted)
    area = (a1 - a0) * (c1 - c0)
    finest = float(np.percentile(density[wanted][::17], 97))
    # The minimum is for photos of a few px, which would otherwise need a hall of marble.
    px_per_m = max(20.0, min(finest, math.sqrt(1.6e6 / area), 8000 / max(a1 - a0, c1 - c0)))
    hw = (max(8, round((c1 - c0) * px_per_m)), max(8, round((a1 - a0) * px_per_m)))
    if look.texture is None:
        raise ValueError("a plain colour has no texture")
    texture = look.texture(hw, px_per_m, rng)
    (step_a, step_c), taps, squeeze = _anisotropy(along, across, density, wanted)
    sharp = density / np.maximum(squeeze / np.float32(taps), 1)
    coarse = np.clip(np.log2(px_per_m / np.maximum(sharp, 1e-3)), 0, 3)
    out = np.zeros((*along.shape, 3), np.float32)
    deepest = float(coarse[wanted].max())
    places = []
    for tap in range(taps):
        part = np.float32((tap + 0.5) / taps - 0.5)
        at_x = (along + part * step_a - np.float32(a0)) * np.float32(px_per_m)
        at_y = (across + part * step_c - np.float32(c0)) * np.float32(px_per_m)
        places.append((at_x, at_y))
    for level in range(4):
        size = np.float32(2**level)
        share = np.clip(1 - np.abs(coarse - level), 0, 1) / np.float32(taps)
        if float(share[wanted].max()) > 0:
            shares = cv2.merge([share] * 3)
            for at_x, at_y in places:
                seen = cv2.remap(
                    texture, at_x / size - 0.5, at_y / size - 0.5, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
                )
                out += seen * shares
        if deepest <= level:
            break
        half_wh = (max(1, texture.shape[1] // 2), max(1, texture.shape[0] // 2))
        texture = cv2.resize(texture, half_wh, interpolation=cv2.INTER_AREA)
    return out


def _anisotropy(
    along: FloatImage, across: FloatImage, density: FloatImage, wanted: Hard
) -> tuple[tuple[FloatImage, FloatImage], int, FloatImage]:
    """Anisotropic sampling of an oblique surface: the step of its positions over a pixel, the taps, and the squeeze.

    Far boards that run away from the camera are a few px wide and ten times as long in a px: one sample a pixel that is
    sharp enough across them aliases along them, and one that is smooth along them blurs their joints away.
    """
    steps = []
    for axis in (0, 1):
        if along.shape[axis] < 2:
            steps.append((np.zeros_like(along), np.zeros_like(along)))
            continue
        steps.append((np.gradient(along, axis=axis), np.gradient(across, axis=axis)))
    squeezes = [np.hypot(*step) * density for step in steps]
    means = [float(np.median(squeeze[wanted])) for squeeze in squeezes]
    worse = int(means[1] > means[0])
    taps = min(max(round(means[worse]), 1), _TAPS)
    return steps[worse], taps, squeezes[worse]


def texture_planes(
    look: Look,
    room: Room,
    whole: RoomPlane,
    mask: Hard,
    *,
    corner: Hw,
    seed: int,
    scale: float,
) -> FloatImage:
    """[h, w, 3] reflectance: each plane under the mask with its own piece of texture.

    Args:
        look: A material.
        room: The camera.
        whole: The plane of the mask as a whole.
        mask: [h, w] bool, a part of the photo.
        corner: Row and column of the part in the photo.
        seed: Decides where veins and boards are.
        scale: Size of the pattern.
    """
    if whole.is_floor and look.floor is not None:
        look = look.floor
    if whole.is_floor:
        surfaces = [(whole, mask)]  # a floor is one plane, whatever is on it
    elif look.layout == "cloth":
        surfaces = [(plane_facing_camera(mask, room, corner), mask)]
    else:
        surfaces = planes_of(mask, room, corner)
    out = np.zeros((*mask.shape, 3), np.float32)
    for index, (surface, here) in enumerate(surfaces):
        y0, y1, x0, x1 = bounds(here)
        box = (y0 + corner[0], y1 + corner[0], x0 + corner[1], x1 + corner[1])
        along, across, density = metres_on(surface, room, box)
        wanted = here[y0:y1, x0:x1]
        if surface.horizontal and look.layout in ("grain", "boards") and not surface.is_floor:
            # A worktop's grain follows its length.
            long = [float(np.ptp(np.percentile(way[wanted], (2, 98)))) for way in (along, across)]
            if (long[0] > long[1]) == (look.layout == "grain"):
                along, across = across, along
        size = np.float32(scale)
        rng = np.random.default_rng([seed, index])
        painted = _project_texture(look, rng, along / size, across / size, density * size, wanted)
        out[y0:y1, x0:x1][wanted] = painted[wanted]
    return out
