"""The planes of a room, and where on a plane each pixel lies."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from automask.geometry.perspective import EYE_M, Room, bounds
from automask.images.filters import guided
from automask.types import FloatImage, Hard, Hw, Labels

_LOW_M = 1.0  # what lies flat further below the eye than this is floor, not worktop
_FACING = 0.42  # sine of 25 degrees: a normal that is further from every axis of the room is of something round
_SPECK = 0.012  # a plane under this share of the mask is taken for part of its neighbour


@dataclass(frozen=True, slots=True)
class RoomPlane:
    """A plane of the room.

    Args:
        flat: It lies flat, `offset` metres below the eye (or above, where negative); else it stands upright.
        axis: The level axis that an upright plane follows, and that boards on a flat one do.
        offset: Metres from the eye to the plane; of an upright one negative to the left, looking along its axis.
        facing: No plane of the room: something round, laid as if it faced the camera at this distance.
    """

    flat: bool
    axis: int
    offset: float
    facing: bool = False

    @property
    def is_floor(self) -> bool:
        return self.flat and self.offset > _LOW_M


_KINDS = ((True, 0, 1), (True, 0, -1), (False, 0, 1), (False, 0, -1), (False, 1, 1), (False, 1, -1))
"""Flat or not, axis, sign of the offset: the six ways that a plane of a room can face."""


def _ways(room: Room) -> FloatImage:
    """[6, 3] the normals, towards the camera, of `_KINDS`."""
    ways = []
    for flat, axis, sign in _KINDS:
        yaw = room.yaws[axis]
        ways.append((0, -sign, 0) if flat else (-sign * math.cos(yaw), 0, sign * math.sin(yaw)))
    return np.array(ways, np.float32)


def _rays(room: Room, box: tuple[int, int, int, int]) -> tuple[FloatImage, FloatImage]:
    """[1, w] and [h, 1]: where the rays of a box's pixels meet the plane one metre ahead."""
    y0, y1, x0, x1 = box
    x = np.arange(x0, x1, dtype=np.float32) + np.float32(0.5 - room.centre)
    y = np.arange(y0, y1, dtype=np.float32) + np.float32(0.5 - room.horizon)
    return x[None, :] / np.float32(room.focal), y[:, None] / np.float32(room.focal)


def _slant(kind: tuple[bool, int, int], room: Room, ray_x: FloatImage, ray_y: FloatImage) -> FloatImage:
    """[h, w] a plane's offset over its distance along the optical axis; not above 0 where it cannot be seen."""
    flat, axis, sign = kind
    if flat:
        slant = np.float32(sign) * ray_y + np.zeros_like(ray_x)
    else:
        yaw = room.yaws[axis]
        slant = np.float32(sign * math.cos(yaw)) * ray_x - np.float32(sign * math.sin(yaw)) + np.zeros_like(ray_y)
    return np.asarray(slant, np.float32)


def surface_of(mask: Hard, room: Room, size_hw: Hw, corner: Hw, *, boards: bool) -> RoomPlane:
    """Which plane a mask lies in for the most part."""
    y0, y1, x0, x1 = bounds(mask)
    box = (y0 + corner[0], y1 + corner[0], x0 + corner[1], x1 + corner[1])
    held, looks, depth, (ray_x, ray_y) = _sampled(mask, room, corner, 8 * room.shrink)
    kinds = looks.argmax(-1)
    weight = np.bincount(kinds[held], minlength=6)
    kind = _KINDS[int(weight.argmax())]
    slant = _slant(kind, room, ray_x, ray_y)
    mine = held & (kinds == int(weight.argmax()))
    below = float((held & (ray_y + np.zeros_like(ray_x) > 0)).sum()) / max(int(held.sum()), 1)
    if boards and below > 0.8 and x1 - x0 > 0.3 * size_hw[1] and (kind[0] or box[1] > 0.96 * size_hw[0]):
        kind, slant = _KINDS[0], _slant(_KINDS[0], room, ray_x, ray_y)
        mine = held & (slant > 0)
        offset = max(_offset(depth, slant, mine), 1.1 * _LOW_M)
    else:
        offset = _offset(depth, slant, mine)
    if not kind[0]:
        return RoomPlane(flat=False, axis=kind[1], offset=kind[2] * offset)
    facing = 0 if abs(math.cos(room.yaws[0])) < abs(math.cos(room.yaws[1])) else 1
    votes = _votes(mask, room, corner)
    # Boards keep the way of the old ones where those are plain to see (lines right across the photo, twice over); else
    # they run away from the eye.
    across = votes[facing] > 1.6 * votes[1 - facing] and votes[facing] > 2 * size_hw[1]
    return RoomPlane(flat=True, axis=facing if across else 1 - facing, offset=kind[2] * offset)


def _offset(depth: FloatImage, slant: FloatImage, mine: Hard) -> float:
    """The middle of what the pixels say of their plane's offset."""
    said = (depth * np.maximum(slant, np.float32(0.03)))[mine]
    return float(np.median(said)) if said.size else EYE_M


def _sampled(
    mask: Hard, room: Room, corner: Hw, step: float
) -> tuple[Hard, FloatImage, FloatImage, tuple[FloatImage, FloatImage]]:
    """Of a mask's box, every `step` px: what is masked, how it looks and how far it is (see `_seen`), and its rays."""
    y0, y1, x0, x1 = bounds(mask)
    wh = (max(1, round((x1 - x0) / step)), max(1, round((y1 - y0) / step)))
    share = cv2.resize(mask[y0:y1, x0:x1].astype(np.float32), wh, interpolation=cv2.INTER_AREA)
    held = share >= min(0.5, float(share.max()))
    ray_x = ((np.arange(wh[0]) + 0.5) / wh[0] * (x1 - x0) + x0 + corner[1] - room.centre) / room.focal
    ray_y = ((np.arange(wh[1]) + 0.5) / wh[1] * (y1 - y0) + y0 + corner[0] - room.horizon) / room.focal
    rays = ray_x.astype(np.float32)[None], ray_y.astype(np.float32)[:, None]
    looks, depth = _seen(room, rays)
    return held, looks, depth, rays


def _seen(room: Room, rays: tuple[FloatImage, FloatImage]) -> tuple[FloatImage, FloatImage]:
    """[h, w, 6] the cosine between what is seen and each of `_KINDS`, -1 where that cannot be; [h, w] distance in m."""
    height, width = room.seen.log_density.shape
    ray_x, ray_y = rays
    # The photo's size in px, of which only the width is kept; the net stretches the sides a little differently.
    photo_w, photo_h = 2 * room.centre, room.grey.shape[0] * room.shrink
    at_x = (ray_x * np.float32(room.focal) + np.float32(room.centre)) * np.float32(width / photo_w) - np.float32(0.5)
    at_y = (ray_y * np.float32(room.focal) + np.float32(room.horizon)) * np.float32(height / photo_h) - np.float32(0.5)
    shape = (at_y.shape[0], at_x.shape[1])
    at_x, at_y = (np.ascontiguousarray(np.broadcast_to(at, shape)) for at in (at_x, at_y))
    normal, density = (
        cv2.remap(plane, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        for plane in (room.seen.normal, room.seen.log_density)
    )
    looks = np.asarray(cv2.transform(normal, _ways(room)), np.float32).reshape(*normal.shape[:2], 6)
    for k, kind in enumerate(_KINDS):
        looks[..., k][_slant(kind, room, ray_x, ray_y) < 0.02] = -1
    return looks, np.asarray(np.float32(room.focal) * np.exp(-density), np.float32)


def planes_of(mask: Hard, room: Room, corner: Hw) -> list[tuple[RoomPlane, Hard]]:
    """The planes under a mask, largest first, each with [h, w] bool: the part of the mask that lies in it.

    Every pixel goes to the way of facing that is nearest to its normal, along the photo's edges; connected pixels of
    one way are a plane, and where two of them meet the fold is straight: it follows the room's own direction there.
    Something round, whose normals keep to no axis of the room, is one surface that faces the camera.
    """
    y0, y1, x0, x1 = bounds(mask)
    step = room.shrink
    held, looks, depth, rays = _sampled(mask, room, corner, step)
    depth_in = _depth_in(held)
    cell = room.grey.shape[1] / room.seen.log_density.shape[1]
    inner = depth_in > 1.5 * cell  # at the rim, what is seen is mixed with the neighbours
    straight = looks.max(-1)[inner] > math.sqrt(1 - _FACING**2)
    if straight.size > 4 * cell * cell and float(straight.mean()) < 0.5:
        return [(draped(mask, room, corner), mask)]
    kinds = _along_edges(looks, held, room, (y0 + corner[0], x0 + corner[1]), cell)
    labels, kind_of = _components(kinds, held)
    offsets = _offsets(labels, kind_of, depth, room, rays, inner=depth_in > cell)
    same = _of_one_plane(kind_of, offsets)
    large = _enlarged(labels, len(kind_of), (x1 - x0, y1 - y0))
    inside, here_on = mask[y0:y1, x0:x1], (y0 + corner[0], x0 + corner[1])
    # A top meets all the parts of its front, between the stools, in one line; walls meet in one at each corner.
    _straighten(large, inside, kind_of, room, here_on, upright=True)
    large = np.asarray(same)[large]
    _straighten(large, inside, kind_of, room, here_on, upright=False)
    surfaces: list[tuple[RoomPlane, Hard]] = []
    for one in sorted({*same}):
        here = np.zeros_like(mask)
        here[y0:y1, x0:x1] = inside & (large == one)
        if here.any():
            flat, axis, sign = _KINDS[kind_of[one]]
            surfaces.append((RoomPlane(flat=flat, axis=axis, offset=sign * offsets[one]), here))
    return surfaces


def _depth_in(held: Hard) -> FloatImage:
    """[h, w] px from each pixel of a mask to the nearest pixel outside; beyond the picture is outside."""
    depth: FloatImage = cv2.distanceTransform(np.pad(held, 1).astype(np.uint8), cv2.DIST_L2, 3)[1:-1, 1:-1]
    return depth


def draped(mask: Hard, room: Room, corner: Hw) -> RoomPlane:
    """One surface that faces the camera, as near as the mask is on the whole: cloth over something round, unbroken."""
    held, _, depth, _ = _sampled(mask, room, corner, 4 * room.shrink)
    return RoomPlane(flat=False, axis=0, offset=float(np.median(depth[held])), facing=True)


def _along_edges(looks: FloatImage, held: Hard, room: Room, corner: Hw, cell: float) -> Labels:
    """[h, w] which of `_KINDS` each pixel is, with borders that follow the photo's edges.

    A strip that is thinner than three `cell` (px of what was seen) is all one: there, too much of what is seen is its
    neighbours.
    """
    height, width = held.shape
    y, x = round(corner[0] / room.shrink), round(corner[1] / room.shrink)
    y, x = min(y, room.grey.shape[0] - height), min(x, room.grey.shape[1] - width)
    grey = room.grey[max(y, 0) : max(y, 0) + height, max(x, 0) : max(x, 0) + width]
    if grey.shape != held.shape:
        grey = cv2.resize(grey, (width, height))
    likely = np.exp(np.float32(6) * (looks - looks.max(-1, keepdims=True)))
    likely /= likely.sum(-1, keepdims=True)
    weight = held.astype(np.float32)
    there = [k for k in range(6) if float(likely[..., k][held].max(initial=0)) > 0.5]
    radius = max(2, round(max(room.grey.shape) / 100))
    smooth = np.full((*held.shape, 6), -1, np.float32)
    for k in there:
        smooth[..., k] = guided(grey, np.ascontiguousarray(likely[..., k]), weight, radius, 0.02**2)
    kinds: Labels = smooth.argmax(-1)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * round(1.5 * cell) + 1,) * 2)
    thick = cv2.dilate(cv2.morphologyEx(held.astype(np.uint8), cv2.MORPH_OPEN, kernel), np.ones((3, 3), np.uint8))
    count, strips, stats, _ = cv2.connectedComponentsWithStats((held & (thick == 0)).astype(np.uint8))
    for k in range(1, count):
        if stats[k, cv2.CC_STAT_AREA] > cell * cell:
            here = strips == k
            share = np.maximum(smooth[here], 0).sum(0, dtype=np.float64)
            if stats[k, cv2.CC_STAT_WIDTH] > 3 * stats[k, cv2.CC_STAT_HEIGHT]:
                share[0] *= 2  # a worktop seen aslant, between fronts and tiles that both stand upright
            kinds[here] = int(share.argmax())
    return kinds


def _components(kinds: Labels, held: Hard) -> tuple[Labels, list[int]]:
    """[h, w] which connected plane each pixel is, specks given to their neighbours, largest first; the kind of each."""
    found: list[tuple[int, int, Hard]] = []
    for kind in np.unique(kinds[held]).tolist():
        count, parts, stats, _ = cv2.connectedComponentsWithStats(
            (held & (kinds == kind)).astype(np.uint8), connectivity=4
        )
        found += [(int(stats[k, cv2.CC_STAT_AREA]), kind, parts == k) for k in range(1, count)]
    found.sort(key=lambda part: -part[0])
    least = _SPECK * int(held.sum())
    kept = [part for part in found if part[0] >= least] or found[:1]
    labels = np.full(held.shape, -1, np.int64)
    for k, (_, _, here) in enumerate(kept):
        labels[here] = k
    return _filled(labels), [kind for _, kind, _ in kept]


def _filled(labels: Labels) -> Labels:
    """The labels with every -1 replaced by the nearest label."""
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
    kind_of: list[int],
    depth: FloatImage,
    room: Room,
    rays: tuple[FloatImage, FloatImage],
    *,
    inner: Hard,
) -> list[float]:
    """The offset of each plane: by the distances seen in it, and such that planes that meet are equally near there.

    The front and the side of an island then show a pattern of one size. Where what is seen is a third apart, one plane
    stands before the other and they do not meet.
    """
    slants = [_slant(_KINDS[kind], room, *rays) for kind in kind_of]
    own = []
    for one, slant in enumerate(slants):
        all_of_it = (labels == one) & (slant > 0.03)
        mine = all_of_it & inner
        own.append(_offset(depth, slant, mine if mine.sum() > 0.1 * all_of_it.sum() else all_of_it))
    settled = [own[0]] if own else []
    for one in range(1, len(kind_of)):
        here = cv2.dilate((labels == one).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        asked: list[tuple[int, float]] = []
        for other in range(one):
            border = here & (labels == other) & (slants[one] > 0.03) & (slants[other] > 0.03)
            if int(border.sum()) > 8 and kind_of[one] != kind_of[other]:
                meets = float(np.median(slants[one][border] / slants[other][border])) * settled[other]
                if abs(math.log(meets / own[one])) < 0.3:
                    asked.append((int(border.sum()), meets))
        settled.append(max(asked)[1] if asked else own[one])
    return settled


def _of_one_plane(kind_of: list[int], offsets: list[float]) -> list[int]:
    """For each connected part of a plane the first part, itself or an earlier one, that is of the same plane.

    Parts of one plane share one piece of texture: a slab runs on behind a shelf. (What is seen of a part between stools
    is nearer, and upper cabinets do stand back a little: a quarter is not told apart.)
    """
    same: list[int] = []
    for one, (kind, offset) in enumerate(zip(kind_of, offsets, strict=True)):
        alike = (k for k in sorted({*same}) if kind_of[k] == kind and 0.77 < offset / offsets[k] < 1.3)
        same.append(next(alike, one))
    return same


def _enlarged(labels: Labels, count: int, wh: tuple[int, int]) -> Labels:
    """Labels at a larger size, with smooth borders."""
    best = np.full(wh[::-1], -1, np.float32)
    out = np.zeros(wh[::-1], np.int64)
    for one in range(count):
        share = cv2.resize((labels == one).astype(np.float32), wh, interpolation=cv2.INTER_LINEAR)
        np.copyto(out, one, where=share > best)
        np.maximum(best, share, out=best)
    return out


def _straighten(labels: Labels, inside: Hard, kind_of: list[int], room: Room, corner: Hw, *, upright: bool) -> None:
    """Make the folds between planes straight, in place: those that stand upright, or those that lie level.

    Two upright planes meet in an upright line, a flat and an upright one along the latter's axis. Of all lines in that
    direction the fold is the one with a line segment of the photo on it, near where the border was found; without one
    it is the border's middle.
    """
    reach = max(4.0, 0.012 * 2 * room.centre)
    for (one, other), border in _borders(labels, inside).items():
        first, second = _KINDS[kind_of[one]], _KINDS[kind_of[other]]
        wanted = not (first[0] or second[0]) if upright else first[0] != second[0]
        if not wanted or kind_of[one] == kind_of[other] or len(border) < 2 * reach:
            continue
        axis = 2 if upright else (second if first[0] else first)[1]
        _straighten_one(labels, (one, other), border, axis, room, corner, reach)


def _borders(labels: Labels, inside: Hard) -> dict[tuple[int, int], FloatImage]:
    """Of each pair of labels that touch, [n, 2] x, y of the places between neighbouring pixels of the two."""
    count = int(labels.max(initial=0)) + 1
    places, pairs = [], []
    for ahead, back, step in (
        ((slice(None), slice(1, None)), (slice(None), slice(-1)), (1.0, 0.5)),
        ((slice(1, None), slice(None)), (slice(-1), slice(None)), (0.5, 1.0)),
    ):
        y, x = np.nonzero((labels[ahead] != labels[back]) & inside[ahead] & inside[back])
        one, other = labels[back][y, x], labels[ahead][y, x]
        places.append(np.stack([x, y], -1).astype(np.float32) + np.array(step, np.float32))
        pairs.append(np.minimum(one, other) * count + np.maximum(one, other))
    place, pair = np.concatenate(places), np.concatenate(pairs)
    return {divmod(k, count): place[pair == k] for k in np.unique(pair).tolist()}


def _straighten_one(
    labels: Labels, pair: tuple[int, int], border: FloatImage, axis: int, room: Room, corner: Hw, reach: float
) -> None:
    """One of the folds of `_straighten`."""
    offset = np.array([corner[1], corner[0]], np.float32)
    border = border + offset
    middle = np.median(border, 0)

    def towards(points: FloatImage) -> FloatImage:
        """The way that lines of this direction take through points, as far as it matters."""
        if axis == 2:
            return np.broadcast_to(np.array([0, 1], np.float32), points.shape)
        sin, cos = math.sin(room.yaws[axis]), math.cos(room.yaws[axis])
        way = np.array([room.centre * cos + room.focal * sin, room.horizon * cos]) - points * cos
        return np.asarray(way, np.float32)

    along = towards(middle[None])[0]
    along = along / max(float(np.hypot(*along)), 1e-6)
    aside = np.array([-along[1], along[0]], np.float32)

    def place(points: FloatImage) -> tuple[FloatImage, FloatImage]:
        """How far aside of the middle the line through each point passes, and how far along it the point is."""
        way, rel = towards(points), points - middle
        forward = way @ along
        forward = np.where(np.abs(forward) < 1e-3, 1e-3, forward)
        along_it = rel @ along
        return np.asarray(rel @ aside - along_it * (way @ aside) / forward), np.asarray(along_it)

    t, s = place(border)
    centre = float(np.median(t))
    spread = float(np.median(np.abs(t - centre)))
    if spread > 2.5 * reach:
        return  # no fold: one thing before another, whose outline is what it is
    near = np.abs(t - centre) < 3 * max(reach, spread)
    low, high = np.percentile(s[near], (3, 97))
    extent = float(high - low)
    if extent < 2 * reach:
        return
    line = _line_near(room, axis, place, (low, high), centre, spread, reach)
    if line is None:
        return
    centre, bend = line
    at = np.argwhere((labels == pair[0]) | (labels == pair[1]))
    t, s = place(np.asarray(at[:, ::-1] + 0.5 + offset, np.float32))
    t = np.asarray(t - bend * s - centre, np.float32)
    now = labels[at[:, 0], at[:, 1]] == pair[0]
    sign = 1.0 if float(t[now].mean()) > float(t[~now].mean()) else -1.0
    if extent > 0.4 * float(np.ptp(s)):
        # Two planes part at their fold all along it: what lies over the line is top, also where it overhangs.
        close = np.abs(t) < 5 * reach
    else:
        close = (np.abs(t) < 3 * reach) & (s > low - reach) & (s < high + reach)
    labels[at[close, 0], at[close, 1]] = np.where(sign * t[close] > 0, pair[0], pair[1])


def _line_near(
    room: Room,
    axis: int,
    place: Callable[[FloatImage], tuple[FloatImage, FloatImage]],
    ends: tuple[float, float],
    centre: float,
    spread: float,
    reach: float,
) -> tuple[float, float] | None:
    """How far aside a fold lies and how much it leans, by the line segment that is most likely on it.

    None where there is no such segment and the border is too ragged to be a fold without one.
    """
    low, high = ends
    mine = room.axis == axis
    if mine.any():
        t, s = (each.reshape(-1, 2) for each in place(room.segments[mine].reshape(-1, 2)))
        overlap = np.minimum(s.max(1), high) - np.maximum(s.min(1), low)
        away = np.abs(t.mean(1) - centre) / max(reach, spread)
        worth = np.where(away < 1.5, np.maximum(overlap, 0), 0) * np.exp(-(away**2))
        k = int(worth.argmax())
        if float(worth[k]) > (0.15 if spread < reach else 0.3) * (high - low):
            run = float(s[k, 1] - s[k, 0])
            # Long enough, it is believed in its own direction: no camera is quite level.
            bend = float(t[k, 1] - t[k, 0]) / run if abs(run) > 0.35 * (high - low) else 0.0
            return float(t[k].mean()) - bend * float(s[k].mean()), bend
    return (centre, 0.0) if spread <= reach else None


def _votes(part: Hard, room: Room, corner: Hw) -> npt.NDArray[np.float64]:
    """[4] px of line well inside a part, by the direction it follows: the border's own lines say nothing of boards."""
    reach = max(2, round(room.focal / 150))
    inner = cv2.erode(part.astype(np.uint8), np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))
    mid = (room.segments[:, :2] + room.segments[:, 2:]) / 2
    x, y = (mid[:, 0] - corner[1]).astype(int), (mid[:, 1] - corner[0]).astype(int)
    inside = (x >= 0) & (y >= 0) & (x < part.shape[1]) & (y < part.shape[0])
    on = np.zeros(len(mid), np.bool_)
    on[inside] = inner[y[inside], x[inside]] > 0
    length = np.hypot(*(room.segments[:, 2:] - room.segments[:, :2]).T)
    return np.bincount(room.axis[on], weights=length[on].astype(np.float64), minlength=4).astype(np.float64)


def metres(surface: RoomPlane, room: Room, box: tuple[int, int, int, int]) -> tuple[FloatImage, FloatImage, FloatImage]:
    """Position on a surface, in metres along its axis and across it, and px for one metre, for a box of the photo.

    Seen aslant, a metre is fewer px one way: the px are those of the other way.
    """
    ray_x, ray_y = _rays(room, box)
    shape = (box[1] - box[0], box[3] - box[2])
    size = np.float32(abs(surface.offset))
    if surface.facing:
        along, across = (np.broadcast_to(ray * size, shape) for ray in (ray_x, ray_y))
        density = np.full(shape, room.focal / surface.offset, np.float32)
        return along.astype(np.float32), across.astype(np.float32), density
    sin, cos = (np.float32(of(room.yaws[surface.axis])) for of in (math.sin, math.cos))
    kind = (surface.flat, surface.axis, 1 if surface.offset > 0 else -1)
    slant = np.broadcast_to(_slant(kind, room, ray_x, ray_y), shape)
    slant = np.maximum(slant, np.float32(0.06) if surface.flat else np.float32(max(0.02, slant.max() / 12)))
    depth = size / slant
    along = depth * (ray_x * sin + cos)
    across = depth * (ray_x * cos - sin) if surface.flat else depth * ray_y
    density = np.float32(room.focal) / depth
    return along.astype(np.float32), across.astype(np.float32), density.astype(np.float32)
