"""The camera of a photo of a room: focal length, horizon, and the directions of the walls."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from automask.geometry.surfaces import SurfacePrediction, surfaces_of
from automask.types import FloatImage, Hard, Labels, Rgb

EYE_M = 1.5  # a photographer's camera stands this high


@dataclass(frozen=True, slots=True, eq=False)
class Room:
    """A level camera in a room with right angles, and what is seen there.

    Args:
        focal: Focal length in px.
        centre: Column of the optical axis.
        horizon: Row of eye level.
        yaws: Directions of the room's two level axes, in radians from the optical axis.
        segments: [n, 4] x0, y0, x1, y1 in px of the photo.
        axis: [n] 0 or 1, the level axis that a segment follows; 2 for upright ones, 3 for none.
        seen: Which way everything faces, and how near it is.
        grey: The photo's light, 0..1, reduced: its edges are where planes end.
    """

    focal: float
    centre: float
    horizon: float
    yaws: tuple[float, float]
    segments: FloatImage
    axis: Labels
    seen: SurfacePrediction
    grey: FloatImage

    @property
    def shrink(self) -> float:
        """How much smaller `grey` is than the photo."""
        return float(self.centre * 2 / self.grey.shape[1])


def _segments(grey: npt.NDArray[np.uint8]) -> FloatImage:
    found = cv2.createLineSegmentDetector(cv2.LSD_REFINE_STD).detect(grey)[0]
    if found is None:
        return np.zeros((0, 4), np.float32)
    lines: FloatImage = np.asarray(found, np.float32).reshape(-1, 4)
    length = np.hypot(lines[:, 2] - lines[:, 0], lines[:, 3] - lines[:, 1])
    order = np.argsort(-length, kind="stable")
    return np.asarray(lines[order][length[order] > 0.02 * max(grey.shape)][:300])


def room_of(small: Rgb, shrink: float) -> Room:
    """The room's axes from line segments: a search over yaw, focal length and horizon for the best agreement.

    Level camera and right angles leave three numbers, so a plain search is sturdier than clustering crossings.
    Source: the Manhattan-world assumption, Coughlan and Yuille, ICCV 1999; segments by LSD, von Gioi et al., IPOL 2012.
    """
    seen = surfaces_of(small)
    zoomed = SurfacePrediction(seen.normal, seen.log_density + np.float32(math.log(shrink)), seen.log_albedo)
    return camera_of(small, shrink, zoomed)


def _agreement(normal: FloatImage) -> Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]:
    """The share of upright normals that a room turned by each of [n] yaws explains, 0..1."""
    upright = normal[np.abs(normal[..., 1]) < 0.3]
    turned = np.arctan2(upright[:, 0], upright[:, 2]) % (math.pi / 2)
    counts, edges = np.histogram(turned, 90, (0, math.pi / 2))
    share = counts / max(1, len(turned))

    def of(yaws: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        off = (yaws[:, None] - (edges[:-1] + edges[1:]) / 2 + math.pi / 4) % (math.pi / 2) - math.pi / 4
        return np.asarray(np.exp(-((off / 0.2) ** 2)) @ share)

    return of


def camera_of(small: Rgb, shrink: float, seen: SurfacePrediction) -> Room:
    """As `room_of`, with what is seen given."""
    height, width = small.shape[:2]
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
    lines = _segments(grey)
    centre = width / 2
    mid = (lines[:, :2] + lines[:, 2:]) / 2
    along = lines[:, 2:] - lines[:, :2]
    length = np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-6)
    unit = along / length[:, None]
    upright = np.abs(unit[:, 0]) < 0.08

    def miss(yaws: npt.NDArray[np.float64], focal: float, horizon: float) -> FloatImage:
        """[n, yaws] sine of the angle between each segment and the way from its middle to an axis's vanishing point."""
        sin, cos = np.sin(yaws).astype(np.float32), np.cos(yaws).astype(np.float32)
        to_x = (np.float32(centre) - mid[:, :1]) * cos + np.float32(focal) * sin
        to_y = (np.float32(horizon) - mid[:, 1:]) * cos
        norm = np.maximum(np.sqrt(to_x * to_x + to_y * to_y), np.float32(1e-6))
        return np.asarray(np.abs(unit[:, :1] * to_y - unit[:, 1:] * to_x) / norm)

    weight = np.where(upright, 0, np.minimum(length, 0.2 * width))
    total = max(float(weight.sum(dtype=np.float64)), 1.0)
    agreement = _agreement(seen.normal)

    def best_yaw(
        yaws: npt.NDArray[np.float64], focal: float, horizon: float, slack: float = 0.025
    ) -> tuple[float, float, float, float]:
        apart = np.minimum(miss(yaws, focal, horizon), miss(yaws + math.pi / 2, focal, horizon))
        scores = (weight[:, None] * np.exp(-((apart / np.float32(slack)) ** 2))).sum(0, dtype=np.float64) / total
        scores = scores + _OF_NORMALS * agreement(yaws)
        # Eye level lies near the middle of a photo of a room; a long lens is rare.
        belief = math.exp(-0.5 * ((horizon / height - 0.47) / 0.15) ** 2)
        belief *= math.exp(-0.5 * (math.log(focal / (0.64 * width)) / _LENS) ** 2)
        return (float(scores.max()) + 1e-3) * belief, float(yaws[int(scores.argmax())]), focal, horizon

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
    misses = miss(np.array([yaw, yaw + math.pi / 2]), focal, horizon)
    axis = np.where(upright, 2, np.where(misses.min(1) < 0.05, misses.argmin(1), 3))
    return Room(
        focal * shrink,
        centre * shrink,
        horizon * shrink,
        (yaw, yaw + math.pi / 2),
        np.asarray(lines * np.float32(shrink)),
        axis,
        seen,
        np.asarray(grey, np.float32) / np.float32(255),
    )


_OF_NORMALS = 0.2  # of the weight of all line segments: they decide where lines are few, or tell two ways apart badly
_LENS = 0.35  # spread of the logarithm of focal lengths of photos of rooms, about 0.64 of the width


def bounds(mask: Hard) -> tuple[int, int, int, int]:
    """y0, y1, x0, x1 round what is True."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
