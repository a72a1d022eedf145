"""The camera of a photo of a room: focal length, horizon, and the directions of the walls.

`room_of` predicts the surfaces of a photo and finds its camera; `camera_of` finds the camera for given surfaces.
"""

import hashlib
import math
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from automask.geometry.surfaces import SurfacePrediction, surfaces_of
from automask.types import FloatImage, Labels, Rgb

EYE_M = 1.5
"""Height of the camera above the floor, where nothing better is known."""

_NORMALS_WEIGHT = 0.2  # relative to all line segments: normals decide where lines are few or ambiguous
_LENS_SPREAD = 0.35  # standard deviation of the logarithm of focal lengths of photos of rooms, about 0.64 of the width
_KEEP_OPEN_PX = 1_000_000  # of the photo: a larger one needs the memory for painting


@dataclass(frozen=True, slots=True, eq=False)
class Room:
    """A level camera in a room with right angles, and what is known of its photo.

    Args:
        focal: Focal length in px.
        centre: Column of the optical axis.
        horizon: Row of eye level.
        yaws: Directions of the room's two level axes, in radians from the optical axis.
        segments: [n, 4] x0, y0, x1, y1 in px of the photo.
        axis: [n] 0 or 1, the level axis that a segment follows; 2 for vertical ones, 3 for none.
        surfaces: The predicted surfaces, with densities for the photo's full size.
        grey: [h, w] the reduced photo in grey, 0..1: planes end at its edges.
    """

    focal: float
    centre: float
    horizon: float
    yaws: tuple[float, float]
    segments: FloatImage
    axis: Labels
    surfaces: SurfacePrediction
    grey: FloatImage

    @property
    def shrink(self) -> float:
        """How much smaller `grey` is than the photo."""
        return float(self.centre * 2 / self.grey.shape[1])


_KEPT_ROOMS = 4
_ROOMS: "OrderedDict[tuple[bytes, tuple[int, ...], float], Room]" = OrderedDict()
_LOCK = threading.Lock()


def room_of(small: Rgb, shrink: float) -> Room:
    """The camera of a photo, with surfaces predicted by the net.

    Args:
        small: [h, w, 3] uint8, the reduced photo.
        shrink: How much smaller it is than the photo; the result is in px of the photo.

    The last rooms are kept: variants, candidates and one preview after another ask for the same photo.
    """
    key = (hashlib.blake2b(small.tobytes(), digest_size=20).digest(), small.shape, shrink)
    with _LOCK:
        known = _ROOMS.get(key)
        if known is not None:
            _ROOMS.move_to_end(key)
            return known
    room = _room_of(small, shrink)
    for array in (*(getattr(room.surfaces, one) for one in ("normal", "log_density", "log_albedo")), room.grey):
        array.setflags(write=False)
    with _LOCK:
        _ROOMS[key] = room
        while len(_ROOMS) > _KEPT_ROOMS:
            _ROOMS.popitem(last=False)
    return room


def _room_of(small: Rgb, shrink: float) -> Room:
    reduced = surfaces_of(small, keep_open=small[..., 0].size * shrink**2 < _KEEP_OPEN_PX)
    surfaces = SurfacePrediction(reduced.normal, reduced.log_density + np.float32(math.log(shrink)), reduced.log_albedo)
    return camera_of(small, shrink, surfaces)


def camera_of(small: Rgb, shrink: float, surfaces: SurfacePrediction) -> Room:
    """The camera of a photo: a search over yaw, focal length and horizon for the best fit to lines and normals.

    A level camera and right angles leave three numbers, so an exhaustive search is more robust than clustering
    vanishing points.

    Args:
        small: [h, w, 3] uint8, the reduced photo.
        shrink: How much smaller it is than the photo; the result is in px of the photo.
        surfaces: The photo's surfaces, with densities for its full size.

    Source: the Manhattan-world assumption, Coughlan and Yuille, ICCV 1999; segments by LSD, von Gioi et al., IPOL 2012.
    """
    height, width = small.shape[:2]
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
    lines = _line_segments(grey)
    centre = width / 2
    mid = (lines[:, :2] + lines[:, 2:]) / 2
    along = lines[:, 2:] - lines[:, :2]
    length = np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-6)
    unit = along / length[:, None]
    vertical = np.abs(unit[:, 0]) < 0.08

    def sines(yaws: npt.NDArray[np.float64], focal: float, horizon: float) -> FloatImage:
        """[n, yaws] sine of the angle between a segment and the direction from its middle to the vanishing point."""
        sin, cos = np.sin(yaws).astype(np.float32), np.cos(yaws).astype(np.float32)
        to_x = (np.float32(centre) - mid[:, :1]) * cos + np.float32(focal) * sin
        to_y = (np.float32(horizon) - mid[:, 1:]) * cos
        norm = np.maximum(np.sqrt(to_x * to_x + to_y * to_y), np.float32(1e-6))
        return np.asarray(np.abs(unit[:, :1] * to_y - unit[:, 1:] * to_x) / norm)

    weight = np.where(vertical, 0, np.minimum(length, 0.2 * width))
    total = max(float(weight.sum(dtype=np.float64)), 1.0)
    agreement = _normal_agreement(surfaces.normal)

    def best_yaw(
        yaws: npt.NDArray[np.float64], focal: float, horizon: float, slack: float = 0.025
    ) -> tuple[float, float, float, float]:
        apart = np.minimum(sines(yaws, focal, horizon), sines(yaws + math.pi / 2, focal, horizon))
        scores = (weight[:, None] * np.exp(-((apart / np.float32(slack)) ** 2))).sum(0, dtype=np.float64) / total
        scores = scores + _NORMALS_WEIGHT * agreement(yaws)
        # Prior: eye level is near the middle of a photo of a room, and a long lens is rare.
        prior = math.exp(-0.5 * ((horizon / height - 0.47) / 0.15) ** 2)
        prior *= math.exp(-0.5 * (math.log(focal / (0.64 * width)) / _LENS_SPREAD) ** 2)
        return (float(scores.max()) + 1e-3) * prior, float(yaws[int(scores.argmax())]), focal, horizon

    _, yaw, focal, horizon = max(
        best_yaw(np.radians(np.arange(-44.0, 46, 4)), focal, horizon)
        for horizon in np.linspace(0.32, 0.64, 11) * height
        for focal in np.array([0.46, 0.53, 0.6, 0.69, 0.79, 0.92]) * width
    )
    for turn, zoom, rise, slack in ((1.0, 0.09, 0.016, 0.025), (0.5, 0.045, 0.006, 0.016), (0.2, 0.02, 0.003, 0.012)):
        _, yaw, focal, horizon = max(
            best_yaw(yaw + np.radians(turn * np.arange(-3.0, 3.5)), length, level, slack)
            for level in horizon + np.arange(-2, 3) * rise * height
            for length in focal * np.exp(np.arange(-2, 3) * zoom)
        )
    errors = sines(np.array([yaw, yaw + math.pi / 2]), focal, horizon)
    axis = np.where(vertical, 2, np.where(errors.min(1) < 0.05, errors.argmin(1), 3))
    return Room(
        focal * shrink,
        centre * shrink,
        horizon * shrink,
        (yaw, yaw + math.pi / 2),
        np.asarray(lines * np.float32(shrink)),
        axis,
        surfaces,
        np.asarray(grey, np.float32) / np.float32(255),
    )


def _line_segments(grey: npt.NDArray[np.uint8]) -> FloatImage:
    """[n, 4] the longest line segments as x0, y0, x1, y1, longest first; at most 300."""
    found = cv2.createLineSegmentDetector(cv2.LSD_REFINE_STD).detect(grey)[0]
    if found is None:
        return np.zeros((0, 4), np.float32)
    lines: FloatImage = np.asarray(found, np.float32).reshape(-1, 4)
    length = np.hypot(lines[:, 2] - lines[:, 0], lines[:, 3] - lines[:, 1])
    order = np.argsort(-length, kind="stable")
    return np.asarray(lines[order][length[order] > 0.02 * max(grey.shape)][:300])


def _normal_agreement(normal: FloatImage) -> Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]:
    """A function from [n] yaws to the share, 0..1, of wall normals that a room of that yaw explains."""
    walls = normal[np.abs(normal[..., 1]) < 0.3]
    turned = np.arctan2(walls[:, 0], walls[:, 2]) % (math.pi / 2)
    counts, edges = np.histogram(turned, 90, (0, math.pi / 2))
    share = counts / max(1, len(turned))

    def of(yaws: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        off = (yaws[:, None] - (edges[:-1] + edges[1:]) / 2 + math.pi / 4) % (math.pi / 2) - math.pi / 4
        return np.asarray(np.exp(-((off / 0.2) ** 2)) @ share)

    return of
