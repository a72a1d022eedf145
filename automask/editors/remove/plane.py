"""Lays the floor or the wall behind a hole out flat, so that boards and tiles are of one size wherever they are."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from automask.geometry.perspective import Room
from automask.geometry.planes import RoomPlane, metres_on, planes_of
from automask.types import Box, FloatImage, Hard

_ON_PLANE = 0.8
"""From this share of the surroundings in one plane on, what is behind the hole is taken for that plane."""
_SLANTED = 1.25
"""A plane whose scale changes by less than this over the surroundings is filled as it is seen."""
_FARTHEST = 3.0
"""Only what is seen at a third of the scale of the hole or more is laid out: the far end of a floor is a blur."""
_LARGEST = 3.0
"""A flat view with more than this many times the pixels of its part of the photo is not made."""


@dataclass(frozen=True, slots=True, eq=False)
class FlatView:
    """A plane of the room, laid out flat.

    Args:
        matrix: [3, 3] float64, from x, y in a part of the photo to x, y in the flat view.
        size_wh: Of the flat view.
        plane: [h, w] bool, in the part of the photo: what is seen of the plane.
    """

    matrix: npt.NDArray[np.float64]
    size_wh: tuple[int, int]
    plane: Hard

    def flat(self, picture: FloatImage) -> FloatImage:
        """[*, *, ...] float32: the picture as the flat view shows it, 0 beyond it."""
        return np.asarray(cv2.warpPerspective(picture, self.matrix, self.size_wh, flags=cv2.INTER_CUBIC), np.float32)

    def flat_mask(self, mask: Hard) -> Hard:
        """[*, *] bool: where the flat view shows any of the mask; False beyond the picture."""
        share = cv2.warpPerspective(mask.astype(np.float32), self.matrix, self.size_wh, flags=cv2.INTER_LINEAR)
        result: Hard = share > 0.01
        return result

    def back(self, flat: FloatImage, size_hw: tuple[int, int]) -> FloatImage:
        """[*size_hw, ...] float32: the flat view as the photo shows it."""
        how = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
        picture = cv2.warpPerspective(flat, self.matrix, size_hw[::-1], flags=how, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(picture, np.float32)


def flat_view(room: Room, hole: Hard, around: Hard, box: Box) -> FlatView | None:
    """The plane behind a hole, laid out flat at the scale of the hole; None where there is none, or no need of it.

    Args:
        room: The camera of the whole photo.
        hole: [h, w] bool, of the part of the photo in `box`; not empty.
        around: [h, w] bool: the surroundings of the hole that say what is behind it; not empty.
        box: The part, in px of the photo.
    """
    plane, seen = planes_of(around, room, (box.y0, box.x0))[0]
    if plane.facing or np.count_nonzero(seen) < _ON_PLANE * np.count_nonzero(around):
        return None
    _, _, density = metres_on(plane, room, (box.y0, box.y1, box.x0, box.x1))
    near, far = np.percentile(density[seen | hole], (98, 2))
    if near < _SLANTED * far:
        return None
    scale = float(np.percentile(density[hole], 75))
    shown = (seen | hole) & (density > scale / _FARTHEST)
    to_plane = _to_plane(plane, room, box)
    rows, columns = np.nonzero(shown)
    points = np.stack([columns, rows, np.ones(len(rows))]).astype(np.float64)
    flat = to_plane @ points
    if (flat[2] <= 0).any():
        return None  # beyond the horizon: the plane that was found cannot be all of what is there
    across = flat[:2] / flat[2] * scale
    low, high = across.min(1), across.max(1)
    size_wh = (int(high[0] - low[0]) + 2, int(high[1] - low[1]) + 2)
    if size_wh[0] * size_wh[1] > _LARGEST * hole.size:
        return None
    place = np.array([[scale, 0, 0.5 - low[0]], [0, scale, 0.5 - low[1]], [0, 0, 1]])
    return FlatView(place @ to_plane, size_wh, shown & seen)


def _to_plane(plane: RoomPlane, room: Room, box: Box) -> npt.NDArray[np.float64]:
    """[3, 3] from x, y, 1 in a part of the photo to metres along and across the plane, as `metres_on` counts them."""
    sin, cos = math.sin(room.yaws[plane.axis]), math.cos(room.yaws[plane.axis])
    sign, metres = (1.0 if plane.offset > 0 else -1.0), abs(plane.offset)
    ray = np.array(
        [[1, 0, box.x0 + 0.5 - room.centre], [0, 1, box.y0 + 0.5 - room.horizon], [0, 0, room.focal]], np.float64
    )
    along = [metres * sin, 0, metres * cos]
    if plane.horizontal:
        return np.array([along, [metres * cos, 0, -metres * sin], [0, sign, 0]]) @ ray
    return np.array([along, [0, metres, 0], [sign * cos, 0, -sign * sin]]) @ ray
