"""The camera, the planes of a room, and where on a plane each pixel lies."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from automask.editors.paint.look import Hw, Labels, Plane
from automask.types import Hard, Rgb

EYE_M = 1.5  # a photographer's camera stands this high, a ceiling 1.1 m above it, a worktop 0.6 m below
_TALL_M = 3.2  # without a floor to measure on, the photo shows this height at the object's distance


@dataclass(frozen=True, slots=True, eq=False)
class Room:
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


def room_of(small: Rgb, shrink: float) -> Room:
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
    return Room(
        focal * shrink,
        centre * shrink,
        horizon * shrink,
        (yaw, yaw + math.pi / 2),
        np.asarray(lines * np.float32(shrink)),
        axis,
    )


@dataclass(frozen=True, slots=True)
class Surface:
    """A plane of the room: `flat` (`offset` metres below the eye) or upright along an axis, `offset` metres away."""

    flat: bool
    axis: int
    offset: float
    left: bool = False  # of two upright planes along one axis, the one that the camera sees from its right

    @property
    def is_floor(self) -> bool:
        return self.flat and self.offset == EYE_M


def surface_of(part: Hard, room: Room, size_hw: Hw, corner: Hw, *, boards: bool) -> Surface:
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
        return Surface(flat=True, axis=axis, offset=EYE_M)
    if below < 0.03 and at_top and len(columns) > 0.5 * size_hw[1]:
        return Surface(flat=True, axis=1 - facing, offset=-1.1)
    both = votes[0] + votes[1]
    tall = len(rows) > 0.45 * len(columns)
    if below > 0.97 and not tall and min(votes[:2]) > 0.2 * both and votes[2] < 0.2 * both:
        return Surface(flat=True, axis=facing, offset=0.6)
    axis = facing if max(votes[:2]) < 0.05 * size_hw[1] or votes[facing] > 0.6 * both else 1 - facing
    depth = room.focal * _TALL_M / height
    if rows[-1] > room.horizon + 0.02 * height:
        touch = room.focal * EYE_M / (rows[-1] - room.horizon)
        # Where it meets the floor gives its distance, if what is seen there is the floor: kept within reason.
        depth = float(np.clip(touch, 0.8 * depth, 1.7 * depth))
    middle = (columns[0] + columns[-1] + 1) / 2 + corner[1]
    turn = (middle - room.centre) / room.focal * math.cos(room.yaws[axis]) - math.sin(room.yaws[axis])
    return Surface(flat=False, axis=axis, offset=depth, left=turn < 0)


def _votes(part: Hard, room: Room, corner: Hw) -> npt.NDArray[np.float64]:
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


def metres(surface: Surface, room: Room, box: tuple[int, int, int, int]) -> tuple[Plane, Plane, Plane]:
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


def bounds(mask: Hard) -> tuple[int, int, int, int]:
    """y0, y1, x0, x1 round what is True."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
