"""The planes of a room: the one that contains a mask, and metric coordinates on them.

A room has six orientations of planes: floor and ceiling, and the walls at either end of its two level axes. The
predicted normals say which orientation a pixel has, and the predicted distances how far away its plane is. `main_plane`
answers for a whole mask; `planes_of` splits a mask into the planes under it, with straight folds (`folds.py`) between
them; `metres_on` gives each pixel its place on a plane.
"""

import math
from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from automask.geometry.folds import straighten
from automask.geometry.perspective import EYE_M, Room
from automask.images.filters import guided
from automask.types import FloatImage, Hard, Hw, Labels

_LOW_M = 1.0  # a horizontal plane farther below the eye than this is a floor, not a worktop
_MAX_SINE = 0.42  # of 25 degrees: a normal farther than this from every axis of the room belongs to something round
_FLOOR_SEEN = 0.02  # of the photo: less of it says little about the camera's height
_MIN_PART_FRAC = 0.012  # a part below this share of the mask is added to its neighbour

Orientation: TypeAlias = tuple[bool, int, int]
"""Horizontal or not, axis, sign of the offset: see `RoomPlane`."""

_ORIENTATIONS: tuple[Orientation, ...] = (
    (True, 0, 1),
    (True, 0, -1),
    (False, 0, 1),
    (False, 0, -1),
    (False, 1, 1),
    (False, 1, -1),
)
"""The six ways that a plane of a room can face."""


@dataclass(frozen=True, slots=True)
class RoomPlane:
    """A plane of the room.

    Args:
        horizontal: True for floors, worktops and ceilings; False for vertical planes.
        axis: The level axis that a vertical plane follows, and that boards on a horizontal one follow.
        offset: Metres from the eye to the plane. Of a horizontal one: positive below the eye, negative above. Of a
            vertical one: negative to the left of the eye, looking along its axis.
        facing: Not a plane of the room but something round, treated as facing the camera at this distance.
    """

    horizontal: bool
    axis: int
    offset: float
    facing: bool = False

    @property
    def faces_up(self) -> bool:
        """Whether it is level and below the eye: a floor or a worktop."""
        return self.horizontal and self.offset > 0

    @property
    def is_floor(self) -> bool:
        return self.horizontal and self.offset > _LOW_M


def main_plane(mask: Hard, room: Room, size_hw: Hw, corner: Hw, *, boards: bool) -> RoomPlane:
    """The plane that contains most of a mask.

    Args:
        mask: [h, w] bool, not empty.
        room: The camera of the whole photo.
        size_hw: The photo's size.
        corner: Row and column of the mask's upper left corner in the photo.
        boards: The mask gets boards: where it is wide and reaches low it is then taken for a floor.
    """
    y0, y1, x0, x1 = bounds(mask)
    box = (y0 + corner[0], y1 + corner[0], x0 + corner[1], x1 + corner[1])
    masked, cosines, depth, (ray_x, ray_y) = _sample_mask(mask, room, corner, 8 * room.shrink)
    indices = cosines.argmax(-1)
    weight = np.bincount(indices[masked], minlength=6)
    orientation = _ORIENTATIONS[int(weight.argmax())]
    slant = _slant(orientation, room, ray_x, ray_y)
    own = masked & (indices == int(weight.argmax()))
    below = float((masked & (ray_y + np.zeros_like(ray_x) > 0)).sum()) / max(int(masked.sum()), 1)
    if boards and below > 0.8 and x1 - x0 > 0.3 * size_hw[1] and (orientation[0] or box[1] > 0.96 * size_hw[0]):
        orientation, slant = _ORIENTATIONS[0], _slant(_ORIENTATIONS[0], room, ray_x, ray_y)
        own = masked & (slant > 0)
        offset = max(_median_offset(depth, slant, own), 1.1 * _LOW_M)
    else:
        offset = _median_offset(depth, slant, own)
    if not orientation[0]:
        return RoomPlane(horizontal=False, axis=orientation[1], offset=orientation[2] * offset)
    facing = 0 if abs(math.cos(room.yaws[0])) < abs(math.cos(room.yaws[1])) else 1
    votes = _line_votes(mask, room, corner)
    # Boards keep the direction of old ones that are clearly visible (lines across the photo with twice its width in
    # total); otherwise they run away from the camera.
    across = votes[facing] > 1.6 * votes[1 - facing] and votes[facing] > 2 * size_hw[1]
    return RoomPlane(horizontal=True, axis=facing if across else 1 - facing, offset=orientation[2] * offset)


def eye_height(room: Room) -> float | None:
    """Metres of the camera over the floor, as the predicted floor says; None where hardly any is seen."""
    height, width = round(room.grey.shape[0] * room.shrink), round(room.grey.shape[1] * room.shrink)
    whole = np.ones((height, width), np.bool_)
    _, cosines, depth, (ray_x, ray_y) = _sample_mask(whole, room, (0, 0), 8 * room.shrink)
    slant = _slant(_ORIENTATIONS[0], room, ray_x, ray_y)
    offsets = depth * slant
    floor = (cosines.argmax(-1) == 0) & (cosines[..., 0] > math.sqrt(1 - _MAX_SINE**2)) & (offsets > _LOW_M)
    return float(np.median(offsets[floor])) if float(floor.mean()) > _FLOOR_SEEN else None


def planes_of(mask: Hard, room: Room, corner: Hw) -> list[tuple[RoomPlane, Hard]]:
    """The planes under a mask, largest first, each with [h, w] bool: the part of the mask in it.

    Every pixel gets the orientation that is nearest to its normal, with borders along the photo's edges; connected
    pixels of one orientation are a plane, and folds between planes are straight. Something round, whose normals follow
    no axis of the room, is one plane that faces the camera.

    Args:
        mask: [h, w] bool, not empty.
        room: The camera of the whole photo.
        corner: Row and column of the mask's upper left corner in the photo.
    """
    y0, y1, x0, x1 = bounds(mask)
    step = room.shrink
    masked, cosines, depth, rays = _sample_mask(mask, room, corner, step)
    from_border = _distance_from_border(masked)
    cell = room.grey.shape[1] / room.surfaces.log_density.shape[1]
    inner = from_border > 1.5 * cell  # nearer to the border the prediction is mixed with the neighbours'
    along_axes = cosines.max(-1)[inner] > math.sqrt(1 - _MAX_SINE**2)
    if along_axes.size > 4 * cell * cell and float(along_axes.mean()) < 0.5:
        return [(plane_facing_camera(mask, room, corner), mask)]
    indices = _orientations_along_edges(cosines, masked, room, (y0 + corner[0], x0 + corner[1]), cell)
    labels, orientation_of = _components(indices, masked)
    offsets = _offsets(labels, orientation_of, depth, room, rays, inner=from_border > cell)
    same = _merge_parts(orientation_of, offsets)
    large = _enlarge(labels, len(orientation_of), (x1 - x0, y1 - y0))
    inside, inside_corner = mask[y0:y1, x0:x1], (y0 + corner[0], x0 + corner[1])
    orientations = [_ORIENTATIONS[index] for index in orientation_of]
    # Vertical folds part by part, as walls meet in one line at each corner; horizontal ones with the parts of a plane
    # joined, as a top meets all parts of its front, between the stools, in one line.
    straighten(large, inside, orientations, room, inside_corner, vertical=True)
    large = np.asarray(same)[large]
    straighten(large, inside, orientations, room, inside_corner, vertical=False)
    planes: list[tuple[RoomPlane, Hard]] = []
    for part in sorted({*same}):
        here = np.zeros_like(mask)
        here[y0:y1, x0:x1] = inside & (large == part)
        if here.any():
            horizontal, axis, sign = orientations[part]
            planes.append((RoomPlane(horizontal=horizontal, axis=axis, offset=sign * offsets[part]), here))
    return planes


def plane_facing_camera(mask: Hard, room: Room, corner: Hw) -> RoomPlane:
    """One plane that faces the camera at the mask's median distance: for cloth, and for anything round."""
    masked, _, depth, _ = _sample_mask(mask, room, corner, 4 * room.shrink)
    return RoomPlane(horizontal=False, axis=0, offset=float(np.median(depth[masked])), facing=True)


def metres_on(
    plane: RoomPlane, room: Room, box: tuple[int, int, int, int], step: int = 1
) -> tuple[FloatImage, FloatImage, FloatImage]:
    """Metric coordinates on a plane for each pixel of a box of the photo.

    Args:
        plane: The plane.
        room: The camera.
        box: y0, y1, x0, x1 in px of the photo.
        step: Only for every so many rows and columns, from the first on.

    Returns:
        Three [h, w] float32: metres along the plane's axis, metres across it, and px per metre. Where the plane is
        foreshortened, the px are those of the direction that is not.
    """
    ray_x, ray_y = (ray[..., ::step] if ray.shape[0] == 1 else ray[::step] for ray in _rays(room, box))
    shape = (ray_y.shape[0], ray_x.shape[1])
    distance = np.float32(abs(plane.offset))
    if plane.facing:
        along, across = (np.broadcast_to(ray * distance, shape) for ray in (ray_x, ray_y))
        density = np.full(shape, room.focal / plane.offset, np.float32)
        return along.astype(np.float32), across.astype(np.float32), density
    sin, cos = (np.float32(of(room.yaws[plane.axis])) for of in (math.sin, math.cos))
    orientation = (plane.horizontal, plane.axis, 1 if plane.offset > 0 else -1)
    slant = np.broadcast_to(_slant(orientation, room, ray_x, ray_y), shape)
    slant = np.maximum(slant, np.float32(0.06) if plane.horizontal else np.float32(max(0.02, slant.max() / 12)))
    depth = distance / slant
    along = depth * (ray_x * sin + cos)
    across = depth * (ray_x * cos - sin) if plane.horizontal else depth * ray_y
    density = np.float32(room.focal) / depth
    return along.astype(np.float32), across.astype(np.float32), density.astype(np.float32)


def bounds(mask: Hard) -> tuple[int, int, int, int]:
    """y0, y1, x0, x1 of the tight box around the True pixels of a mask that is not empty."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1


def _sample_mask(
    mask: Hard, room: Room, corner: Hw, step: float
) -> tuple[Hard, FloatImage, FloatImage, tuple[FloatImage, FloatImage]]:
    """A mask's box sampled every `step` px: mask, cosines and depth (see `_sample_surfaces`), and rays."""
    y0, y1, x0, x1 = bounds(mask)
    wh = (max(1, round((x1 - x0) / step)), max(1, round((y1 - y0) / step)))
    share = cv2.resize(mask[y0:y1, x0:x1].astype(np.float32), wh, interpolation=cv2.INTER_AREA)
    masked = share >= min(0.5, float(share.max()))
    ray_x = ((np.arange(wh[0]) + 0.5) / wh[0] * (x1 - x0) + x0 + corner[1] - room.centre) / room.focal
    ray_y = ((np.arange(wh[1]) + 0.5) / wh[1] * (y1 - y0) + y0 + corner[0] - room.horizon) / room.focal
    rays = ray_x.astype(np.float32)[None], ray_y.astype(np.float32)[:, None]
    cosines, depth = _sample_surfaces(room, rays)
    return masked, cosines, depth, rays


def _sample_surfaces(room: Room, rays: tuple[FloatImage, FloatImage]) -> tuple[FloatImage, FloatImage]:
    """The predicted surfaces where rays meet the photo.

    Returns:
        [h, w, 6] the cosine between the normal and that of each of `_ORIENTATIONS`, -1 where such a plane cannot be
        visible; and [h, w] the depth in metres.
    """
    height, width = room.surfaces.log_density.shape
    ray_x, ray_y = rays
    # The photo's size in px, which `room` holds in part; the net's input has a slightly different aspect ratio.
    photo_w, photo_h = 2 * room.centre, room.grey.shape[0] * room.shrink
    at_x = (ray_x * np.float32(room.focal) + np.float32(room.centre)) * np.float32(width / photo_w) - np.float32(0.5)
    at_y = (ray_y * np.float32(room.focal) + np.float32(room.horizon)) * np.float32(height / photo_h) - np.float32(0.5)
    shape = (at_y.shape[0], at_x.shape[1])
    at_x, at_y = (np.ascontiguousarray(np.broadcast_to(at, shape)) for at in (at_x, at_y))
    normal, density = (
        cv2.remap(plane, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        for plane in (room.surfaces.normal, room.surfaces.log_density)
    )
    cosines = np.asarray(cv2.transform(normal, _normals(room)), np.float32).reshape(*normal.shape[:2], 6)
    for k, orientation in enumerate(_ORIENTATIONS):
        cosines[..., k][_slant(orientation, room, ray_x, ray_y) < 0.02] = -1
    return cosines, np.asarray(np.float32(room.focal) * np.exp(-density), np.float32)


def _normals(room: Room) -> FloatImage:
    """[6, 3] the normals of `_ORIENTATIONS`, towards the camera."""
    normals = []
    for horizontal, axis, sign in _ORIENTATIONS:
        yaw = room.yaws[axis]
        normals.append((0, -sign, 0) if horizontal else (-sign * math.cos(yaw), 0, sign * math.sin(yaw)))
    return np.array(normals, np.float32)


def _rays(room: Room, box: tuple[int, int, int, int]) -> tuple[FloatImage, FloatImage]:
    """[1, w] x and [h, 1] y of the rays through a box's pixels, at a depth of 1."""
    y0, y1, x0, x1 = box
    x = np.arange(x0, x1, dtype=np.float32) + np.float32(0.5 - room.centre)
    y = np.arange(y0, y1, dtype=np.float32) + np.float32(0.5 - room.horizon)
    return x[None, :] / np.float32(room.focal), y[:, None] / np.float32(room.focal)


def _slant(orientation: Orientation, room: Room, ray_x: FloatImage, ray_y: FloatImage) -> FloatImage:
    """[h, w] a plane's offset divided by its depth along the optical axis; 0 or less where it cannot be visible."""
    horizontal, axis, sign = orientation
    if horizontal:
        slant = np.float32(sign) * ray_y + np.zeros_like(ray_x)
    else:
        yaw = room.yaws[axis]
        slant = np.float32(sign * math.cos(yaw)) * ray_x - np.float32(sign * math.sin(yaw)) + np.zeros_like(ray_y)
    return np.asarray(slant, np.float32)


def _median_offset(depth: FloatImage, slant: FloatImage, own: Hard) -> float:
    """The median of the offsets that a plane's own pixels imply; eye level without pixels."""
    offsets = (depth * np.maximum(slant, np.float32(0.03)))[own]
    return float(np.median(offsets)) if offsets.size else EYE_M


def _line_votes(mask: Hard, room: Room, corner: Hw) -> npt.NDArray[np.float64]:
    """[4] px of line segments by the axis they follow, well inside the mask, as its border is no edge of boards."""
    reach = max(2, round(room.focal / 150))
    inner = cv2.erode(mask.astype(np.uint8), np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))
    mid = (room.segments[:, :2] + room.segments[:, 2:]) / 2
    x, y = (mid[:, 0] - corner[1]).astype(int), (mid[:, 1] - corner[0]).astype(int)
    inside = (x >= 0) & (y >= 0) & (x < mask.shape[1]) & (y < mask.shape[0])
    on = np.zeros(len(mid), np.bool_)
    on[inside] = inner[y[inside], x[inside]] > 0
    length = np.hypot(*(room.segments[:, 2:] - room.segments[:, :2]).T)
    return np.bincount(room.axis[on], weights=length[on].astype(np.float64), minlength=4).astype(np.float64)


def _distance_from_border(masked: Hard) -> FloatImage:
    """[h, w] px from each pixel of a mask to the nearest pixel outside; beyond the picture counts as outside."""
    distance: FloatImage = cv2.distanceTransform(np.pad(masked, 1).astype(np.uint8), cv2.DIST_L2, 3)[1:-1, 1:-1]
    return distance


def _orientations_along_edges(cosines: FloatImage, masked: Hard, room: Room, corner: Hw, cell: float) -> Labels:
    """[h, w] the index into `_ORIENTATIONS` of each pixel, with borders that follow the photo's edges.

    A strip thinner than three `cell` (px of the prediction) gets a single orientation, because its prediction is mixed
    with its neighbours'.
    """
    height, width = masked.shape
    y, x = round(corner[0] / room.shrink), round(corner[1] / room.shrink)
    y, x = min(y, room.grey.shape[0] - height), min(x, room.grey.shape[1] - width)
    grey = room.grey[max(y, 0) : max(y, 0) + height, max(x, 0) : max(x, 0) + width]
    if grey.shape != masked.shape:
        grey = cv2.resize(grey, (width, height))
    likely = np.exp(np.float32(6) * (cosines - cosines.max(-1, keepdims=True)))
    likely /= likely.sum(-1, keepdims=True)
    weight = masked.astype(np.float32)
    present = [k for k in range(6) if float(likely[..., k][masked].max(initial=0)) > 0.5]
    radius = max(2, round(max(room.grey.shape) / 100))
    smooth = np.full((*masked.shape, 6), -1, np.float32)
    for k in present:
        smooth[..., k] = guided(grey, np.ascontiguousarray(likely[..., k]), weight, radius, 0.02**2)
    indices: Labels = smooth.argmax(-1)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * round(1.5 * cell) + 1,) * 2)
    thick = cv2.dilate(cv2.morphologyEx(masked.astype(np.uint8), cv2.MORPH_OPEN, kernel), np.ones((3, 3), np.uint8))
    count, strips, stats, _ = cv2.connectedComponentsWithStats((masked & (thick == 0)).astype(np.uint8))
    for k in range(1, count):
        if stats[k, cv2.CC_STAT_AREA] > cell * cell:
            here = strips == k
            share = np.maximum(smooth[here], 0).sum(0, dtype=np.float64)
            if stats[k, cv2.CC_STAT_WIDTH] > 3 * stats[k, cv2.CC_STAT_HEIGHT]:
                share[0] *= 2  # a foreshortened worktop, between fronts and tiles that are both vertical
            indices[here] = int(share.argmax())
    return indices


def _components(indices: Labels, masked: Hard) -> tuple[Labels, list[int]]:
    """[h, w] the connected part of each pixel, largest first, small ones added to neighbours; their orientations."""
    found: list[tuple[int, int, Hard]] = []
    for index in np.unique(indices[masked]).tolist():
        count, parts, stats, _ = cv2.connectedComponentsWithStats(
            (masked & (indices == index)).astype(np.uint8), connectivity=4
        )
        found += [(int(stats[k, cv2.CC_STAT_AREA]), index, parts == k) for k in range(1, count)]
    found.sort(key=lambda part: -part[0])
    least = _MIN_PART_FRAC * int(masked.sum())
    kept = [part for part in found if part[0] >= least] or found[:1]
    labels = np.full(masked.shape, -1, np.int64)
    for k, (_, _, here) in enumerate(kept):
        labels[here] = k
    return _fill_unlabelled(labels), [index for _, index, _ in kept]


def _fill_unlabelled(labels: Labels) -> Labels:
    """The labels with every -1 replaced by the nearest other label."""
    if not (labels < 0).any():
        return labels
    _, nearest = cv2.distanceTransformWithLabels(
        (labels < 0).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    of_label = np.zeros(int(nearest.max()) + 1, np.int64)
    known = labels >= 0
    of_label[nearest[known]] = labels[known]
    return np.where(known, labels, of_label[nearest])


def _offsets(
    labels: Labels,
    orientation_of: list[int],
    depth: FloatImage,
    room: Room,
    rays: tuple[FloatImage, FloatImage],
    *,
    inner: Hard,
) -> list[float]:
    """The offset of each plane, from its predicted depth, and such that planes that meet have one depth there.

    The front and the side of an island then show a pattern at one scale. Where the depths differ by more than a third,
    one plane is in front of the other and they do not meet.
    """
    slants = [_slant(_ORIENTATIONS[index], room, *rays) for index in orientation_of]
    own_offsets = []
    for one, slant in enumerate(slants):
        all_of_it = (labels == one) & (slant > 0.03)
        own = all_of_it & inner
        own_offsets.append(_median_offset(depth, slant, own if own.sum() > 0.1 * all_of_it.sum() else all_of_it))
    settled = [own_offsets[0]] if own_offsets else []
    for one in range(1, len(orientation_of)):
        here = cv2.dilate((labels == one).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        proposals: list[tuple[int, float]] = []
        for other in range(one):
            border = here & (labels == other) & (slants[one] > 0.03) & (slants[other] > 0.03)
            if int(border.sum()) > 8 and orientation_of[one] != orientation_of[other]:
                meeting = float(np.median(slants[one][border] / slants[other][border])) * settled[other]
                if abs(math.log(meeting / own_offsets[one])) < 0.3:
                    proposals.append((int(border.sum()), meeting))
        settled.append(max(proposals)[1] if proposals else own_offsets[one])
    return settled


def _merge_parts(orientation_of: list[int], offsets: list[float]) -> list[int]:
    """For each connected part the index of the first part, itself or an earlier one, that is in the same plane.

    Parts of one plane share one piece of texture: a slab continues behind a shelf. Offsets within a quarter count as
    equal: between stools a part is predicted too near, and upper cabinets are set back a little.
    """
    same: list[int] = []
    for part, (orientation, offset) in enumerate(zip(orientation_of, offsets, strict=True)):
        equal = (k for k in sorted({*same}) if orientation_of[k] == orientation and 0.77 < offset / offsets[k] < 1.3)
        same.append(next(equal, part))
    return same


def _enlarge(labels: Labels, count: int, wh: tuple[int, int]) -> Labels:
    """Labels at a larger size, with smooth borders."""
    best = np.full(wh[::-1], -1, np.float32)
    out = np.zeros(wh[::-1], np.int64)
    for one in range(count):
        share = cv2.resize((labels == one).astype(np.float32), wh, interpolation=cv2.INTER_LINEAR)
        np.copyto(out, one, where=share > best)
        np.maximum(best, share, out=best)
    return out
