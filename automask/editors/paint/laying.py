"""Textures laid on the planes under a mask, in perspective."""

import math

import cv2
import numpy as np

from automask.editors.paint.look import Hw, Labels, Look, Plane
from automask.editors.paint.planes import Room, Surface, bounds, metres, surface_of
from automask.types import Hard

_SLAB_M = 24.0  # longer than any room in a photo taken from inside it


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
    if look.texture is None:
        raise ValueError("a plain colour has no texture to lay")
    texture = look.texture(hw, px_per_m, rng)
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


def textured(
    look: Look,
    room: Room,
    whole: Surface,
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
    boards = look.lay == "boards"
    total = int(mask.sum())
    if whole.is_floor and look.floor is not None:
        look = look.floor
    surfaces: dict[tuple[int, bool, bool, int], tuple[Surface, Hard]] = {}
    rest = mask.copy()
    for k in range(int(label.max()) + 1):
        if whole.is_floor:
            break  # a floor is one plane, whatever shadows and sun make of it
        count, parts, stats, _ = cv2.connectedComponentsWithStats((mask & (label == k)).astype(np.uint8))
        for part in range(1, count):
            if stats[part, cv2.CC_STAT_AREA] < 0.05 * total:
                continue
            here = parts == part
            surface = surface_of(here, room, size_hw, corner, boards=boards)
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
        y0, y1, x0, x1 = bounds(here)
        box = (y0 + corner[0], y1 + corner[0], x0 + corner[1], x1 + corner[1])
        along, across, density = metres(surface, room, box)
        if look.lay == "grain" and surface.flat:
            along, across = across, along  # a worktop's grain runs its length
        wanted = here[y0:y1, x0:x1]
        size = np.float32(scale)
        rng = np.random.default_rng([seed, index])
        laid = _lay(look, rng, along / size, across / size, density * size, wanted)
        out[y0:y1, x0:x1][wanted] = laid[wanted]
    return out
