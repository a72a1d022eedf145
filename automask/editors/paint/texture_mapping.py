"""Texture mapping: materials on the planes under a mask, in perspective."""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from automask.editors.paint.look import Look
from automask.editors.paint.tone import glancing_sheen
from automask.geometry.perspective import Room
from automask.geometry.planes import RoomPlane, bounds, metres_on, plane_facing_camera, planes_of
from automask.types import FloatImage, Hard, Hw

_TAPS = 3
_HALVES = 3
_SAMPLED_PX = 700_000  # a surface with at least four times as many pixels is measured on some of them
_SLAB_M = 24.0  # longer than any room in a photo taken from inside it


@dataclass(frozen=True, slots=True, eq=False)
class _Way:
    """Positions along one way of a texture.

    Args:
        low: Metres at its begin.
        mirrored: Beyond `_SLAB_M` the texture is mirrored, like a matched slab. A strip of 5 by 3000 px, or a tiny
            `scale`, would otherwise need kilometres of stone, vein by vein.
    """

    low: float
    mirrored: bool

    def of(self, metres: FloatImage) -> FloatImage:
        if not self.mirrored:
            return metres
        away = np.abs((metres - np.float32(self.low)) % (2 * _SLAB_M) - np.float32(_SLAB_M))
        return np.asarray(np.float32(self.low + _SLAB_M) - away, np.float32)


def _way(metres: FloatImage, wanted: Hard) -> tuple[_Way, float]:
    """A way that contains the wanted positions, and its length."""
    low, high = float(metres[wanted].min()) - 0.02, float(metres[wanted].max()) + 0.02
    return _Way(low, high - low > _SLAB_M), min(high - low, _SLAB_M)


@dataclass(frozen=True, slots=True, eq=False)
class _Surface:
    """A plane under the mask with its texture, drawn square-on at the finest scale visible.

    Args:
        plane, room: Where it is.
        box: y0, y1, x0, x1 of its part of the mask, in px of the photo.
        wanted: [h, w] bool: its part of the mask.
        turn: Quarters of a right angle by which the texture is turned on the plane: 0, 1 (diagonal) or 2.
        size: The scale of the pattern.
        along, across: How metres become positions on the texture.
        px_per_m: Of the texture.
        levels: The texture, then its halves, as far as they are needed.
        axis: Of the photo, along which it is more foreshortened.
        taps: Samples of each pixel along it.
        sheen: What it mirrors, as a share of the light on it: added to its reflectance.
    """

    plane: RoomPlane
    room: Room
    box: tuple[int, int, int, int]
    wanted: Hard
    turn: int
    size: float
    along: _Way
    across: _Way
    px_per_m: float
    levels: tuple[FloatImage, ...]
    axis: int
    taps: int
    sheen: float

    def seen(self, top: int, bottom: int) -> FloatImage:
        """[bottom - top, w, 3] the texture in perspective, filtered; rows of the box."""
        # One more row on each side, if there is one, for the differences between rows.
        above, below = max(0, top - 1), min(self.box[1] - self.box[0], bottom + 1)
        rows = (self.box[0] + above, self.box[0] + below, *self.box[2:])
        along, across, density = _metres(self.plane, self.room, rows, self.turn, self.size)
        along, across = self.along.of(along), self.across.of(across)
        step_a, step_c = _steps(along, across, self.axis)
        own = slice(top - above, bottom - above)
        along, across, density, step_a, step_c = (each[own] for each in (along, across, density, step_a, step_c))
        squeeze = np.hypot(step_a, step_c) * density
        coarse = _coarseness(density, squeeze, self.taps, self.px_per_m)
        wanted = self.wanted[top:bottom]
        out = np.full((*along.shape, 3), self.sheen, np.float32)
        places = []
        for tap in range(self.taps):
            part = np.float32((tap + 0.5) / self.taps - 0.5)
            at_x = (along + part * step_a - np.float32(self.along.low)) * np.float32(self.px_per_m)
            at_y = (across + part * step_c - np.float32(self.across.low)) * np.float32(self.px_per_m)
            places.append((at_x, at_y))
        for level, texture in enumerate(self.levels):
            size = np.float32(2**level)
            share = np.clip(1 - np.abs(coarse - level), 0, 1) / np.float32(self.taps)
            if float(share[wanted].max(initial=0)) > 0:
                shares = cv2.merge([share] * 3)
                for at_x, at_y in places:
                    x, y = at_x / size - 0.5, at_y / size - 0.5
                    out += cv2.remap(texture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101) * shares
        return out


def _metres(
    plane: RoomPlane, room: Room, box: tuple[int, int, int, int], turn: int, size: float, step: int = 1
) -> tuple[FloatImage, FloatImage, FloatImage]:
    """Metres along and across the pattern, and px per metre, in the units of a pattern of this size."""
    along, across, density = metres_on(plane, room, box, step)
    if turn == 2:
        along, across = across, along
    elif turn == 1:
        root = np.float32(math.sqrt(0.5))
        along, across = (along + across) * root, (across - along) * root
    return along / np.float32(size), across / np.float32(size), density * np.float32(size)


def _steps(along: FloatImage, across: FloatImage, axis: int) -> tuple[FloatImage, FloatImage]:
    """How far positions move from one pixel to the next, along one axis of the photo."""
    if along.shape[axis] < 2:
        return np.zeros_like(along), np.zeros_like(along)
    return np.gradient(along, axis=axis), np.gradient(across, axis=axis)


def _coarseness(density: FloatImage, squeeze: FloatImage, taps: int, px_per_m: float) -> FloatImage:
    """How often the texture has to be halved for each pixel."""
    sharp = density / np.maximum(squeeze / np.float32(taps), 1)
    return np.asarray(np.clip(np.log2(px_per_m / np.maximum(sharp, 1e-3)), 0, _HALVES), np.float32)


def _surface(
    look: Look, plane: RoomPlane, room: Room, here: Hard, corner: Hw, rng: np.random.Generator, size: float
) -> _Surface:
    """A plane with its texture.

    Oblique surfaces are sampled anisotropically, along the axis of the photo in which they are more foreshortened. Far
    boards that run away from the camera are a few px wide and ten times as long in a px: one sample a pixel that is
    sharp enough across them aliases along them, and one that is smooth along them blurs their joints away.
    """
    y0, y1, x0, x1 = bounds(here)
    box = (y0 + corner[0], y1 + corner[0], x0 + corner[1], x1 + corner[1])
    wanted = here[y0:y1, x0:x1]
    # Of a large surface every few pixels say enough about its sizes.
    step = max(1, int(math.sqrt(wanted.size / _SAMPLED_PX)))
    sampled = wanted[::step, ::step]
    if not sampled.any():
        step, sampled = 1, wanted
    turn = _turn(look, plane, room, box, sampled, step)
    along, across, density = _metres(plane, room, box, turn, size, step)
    (way_a, length_a), (way_c, length_c) = _way(along, sampled), _way(across, sampled)
    along, across = way_a.of(along), way_c.of(across)
    finest = float(np.percentile(density[sampled][::17], 97))
    # The minimum is for photos of a few px, which would otherwise need a hall of marble.
    px_per_m = max(20.0, min(finest, math.sqrt(1.6e6 / (length_a * length_c)), 8000 / max(length_a, length_c)))
    hw = (max(8, round(length_c * px_per_m)), max(8, round(length_a * px_per_m)))
    if look.texture is None:
        raise ValueError("a plain colour has no texture")
    levels = [look.texture(hw, px_per_m, rng)]
    steps = [_steps(along, across, axis) for axis in (0, 1)]
    squeezes = [np.asarray(np.hypot(*each) / np.float32(step) * density, np.float32) for each in steps]
    means = [float(np.median(squeeze[sampled])) for squeeze in squeezes]
    axis = int(means[1] > means[0])
    taps = min(max(round(means[axis]), 1), _TAPS)
    deepest = float(_coarseness(density, squeezes[axis], taps, px_per_m)[sampled].max())
    while deepest > len(levels) - 1:
        half_wh = (max(1, levels[-1].shape[1] // 2), max(1, levels[-1].shape[0] // 2))
        levels.append(cv2.resize(levels[-1], half_wh, interpolation=cv2.INTER_AREA))
    return _Surface(
        plane,
        room,
        box,
        wanted,
        turn,
        size,
        way_a,
        way_c,
        px_per_m,
        tuple(levels),
        axis,
        taps,
        sheen_on(plane, look, room, box),
    )


def sheen_on(plane: RoomPlane, look: Look, room: Room, box: tuple[int, int, int, int]) -> float:
    """What a plane with a look mirrors, as `tone.glancing_sheen`, in the middle of a box of the photo.

    Only level planes below the eye mirror something bright at a glance: the walls behind.
    """
    if not plane.horizontal or plane.offset <= 0:
        return 0.0
    down = ((box[0] + box[1]) / 2 - room.horizon) / room.focal
    right = ((box[2] + box[3]) / 2 - room.centre) / room.focal
    return glancing_sheen(look.gloss, min(abs(down) / math.sqrt(1 + down * down + right * right), 1.0))


def _turn(look: Look, plane: RoomPlane, room: Room, box: tuple[int, int, int, int], sampled: Hard, step: int) -> int:
    """How a look is turned on a plane, in quarters of a right angle; 0 is along the plane's axis, down a wall."""
    way = look.direction
    if way == "diagonal":
        return 1
    if look.layout not in ("grain", "boards") and way is None:
        return 0
    grain = look.layout == "grain"  # drawn upright, others along the columns
    if not plane.horizontal:
        wants_level = way in ("level", "lengthwise", "across")
        return 2 * (wants_level if grain else way in ("upright", "crosswise"))
    if plane.is_floor and way in (None, "level", "upright"):
        return 0
    if way in ("away", "across", "window"):
        axis = _axis_towards(way, room)
        follows = plane.axis == axis
    else:
        # A worktop's grain follows its length.
        along, across, _ = metres_on(plane, room, box, step)
        long = [float(np.ptp(np.percentile(each[sampled], (2, 98)))) for each in (along, across)]
        follows = (long[0] > long[1]) == (way != "crosswise")
    return 2 * (follows if grain else not follows)


def _axis_towards(way: str, room: Room) -> int:
    """The level axis of the room that runs away from the camera, across the photo, or towards its brightest window."""
    at = 0.0  # tangent of the angle to the right of the camera's axis
    if way == "window":
        upper = room.grey[: max(1, round(0.7 * len(room.grey)))]
        bright = (upper > _WINDOW_LEVEL).sum(0)
        if bright.any():
            middle = float(np.average(np.arange(len(bright)), weights=bright))
            at = (middle * room.shrink - room.centre) / room.focal
    towards = np.array([at, 1.0]) / math.hypot(at, 1.0)
    cosines = [abs(float(towards @ (math.sin(yaw), math.cos(yaw)))) for yaw in room.yaws]
    nearest = int(cosines[1] > cosines[0])
    return 1 - nearest if way == "across" else nearest


_WINDOW_LEVEL = 0.9


@dataclass(frozen=True, slots=True, eq=False)
class TexturePlanes:
    """The planes under a mask, each with its own piece of texture.

    Args:
        surfaces: Each plane.
        corner: Row and column of the part of the photo that the mask is in.
        width: Of that part.
    """

    surfaces: tuple[_Surface, ...]
    corner: Hw
    width: int

    def reflectance(self, rows: slice) -> FloatImage:
        """[rows, w, 3] reflectance in some rows of the part; 0 outside the mask."""
        out = np.zeros((rows.stop - rows.start, self.width, 3), np.float32)
        for surface in self.surfaces:
            y0, y1, x0, x1 = surface.box
            first = y0 - self.corner[0]
            top, bottom = max(0, rows.start - first), min(y1 - y0, rows.stop - first)
            if top >= bottom or not surface.wanted[top:bottom].any():
                continue
            wanted = surface.wanted[top:bottom]
            here = out[
                first + top - rows.start : first + bottom - rows.start, x0 - self.corner[1] : x1 - self.corner[1]
            ]
            here[wanted] = surface.seen(top, bottom)[wanted]
        return out


def texture_planes(
    look: Look,
    room: Room,
    whole: RoomPlane,
    mask: Hard,
    *,
    corner: Hw,
    seed: int,
    scale: float,
) -> TexturePlanes:
    """The planes under a mask, with textures.

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
        planes = [(whole, mask)]  # a floor is one plane, whatever is on it
    elif look.layout == "cloth":
        planes = [(plane_facing_camera(mask, room, corner), mask)]
    else:
        planes = planes_of(mask, room, corner)
    surfaces = [
        _surface(look, plane, room, here, corner, np.random.default_rng([seed, index]), scale)
        for index, (plane, here) in enumerate(planes)
    ]
    return TexturePlanes(tuple(surfaces), corner, mask.shape[1])
