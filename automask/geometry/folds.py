"""Makes the folds between the planes of a room straight.

The border between two planes, as labels have it, is ragged. Where both meet in a fold, its direction is known: two
vertical planes meet in a vertical line, a horizontal and a vertical one along the vertical one's axis. Among all lines
in that direction, the fold is the one with a line segment of the photo on it.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np

from automask.geometry.perspective import Room
from automask.types import FloatImage, Hard, Hw, Labels


def straighten(
    labels: Labels,
    inside: Hard,
    orientations: Sequence[tuple[bool, int, int]],
    room: Room,
    corner: Hw,
    *,
    vertical: bool,
) -> None:
    """Straightens the folds between planes, in place.

    A fold is placed on a line segment of the photo near the border that was found, or else on the middle of the border.

    Args:
        labels: [h, w] the number of each pixel's plane; written to.
        inside: [h, w] bool: the mask.
        orientations: Of each plane: horizontal or not, axis, sign of its offset.
        room: The camera and the photo's line segments.
        corner: Row and column of the labels' upper left corner in the photo.
        vertical: Straightens the folds between vertical planes if True, those between a horizontal and a vertical one
            if False.
    """
    reach_px = max(4.0, 0.012 * 2 * room.centre)
    for (one, other), border in _borders(labels, inside).items():
        first, second = orientations[one], orientations[other]
        is_wanted = not (first[0] or second[0]) if vertical else first[0] != second[0]
        if not is_wanted or first == second or len(border) < 2 * reach_px:
            continue
        axis = 2 if vertical else (second if first[0] else first)[1]
        _straighten_fold(labels, (one, other), border, axis, room, corner, reach_px)


def _borders(labels: Labels, inside: Hard) -> dict[tuple[int, int], FloatImage]:
    """For each pair of labels that touch, [n, 2] x, y of the points between neighbouring pixels of the two."""
    count = int(labels.max(initial=0)) + 1
    points, pairs = [], []
    for ahead, back, step in (
        ((slice(None), slice(1, None)), (slice(None), slice(-1)), (1.0, 0.5)),
        ((slice(1, None), slice(None)), (slice(-1), slice(None)), (0.5, 1.0)),
    ):
        y, x = np.nonzero((labels[ahead] != labels[back]) & inside[ahead] & inside[back])
        one, other = labels[back][y, x], labels[ahead][y, x]
        points.append(np.stack([x, y], -1).astype(np.float32) + np.array(step, np.float32))
        pairs.append(np.minimum(one, other) * count + np.maximum(one, other))
    point, pair = np.concatenate(points), np.concatenate(pairs)
    return {divmod(k, count): point[pair == k] for k in np.unique(pair).tolist()}


def _straighten_fold(
    labels: Labels, pair: tuple[int, int], border: FloatImage, axis: int, room: Room, corner: Hw, reach_px: float
) -> None:
    """Straightens the fold between one pair of labels, in place; `axis` is 2 for a vertical fold."""
    offset = np.array([corner[1], corner[0]], np.float32)
    border = border + offset
    middle = np.median(border, 0)

    def direction(points: FloatImage) -> FloatImage:
        """[n, 2] the direction of the line through each point, towards the axis's vanishing point."""
        if axis == 2:
            return np.broadcast_to(np.array([0, 1], np.float32), points.shape)
        sin, cos = math.sin(room.yaws[axis]), math.cos(room.yaws[axis])
        towards = np.array([room.centre * cos + room.focal * sin, room.horizon * cos]) - points * cos
        return np.asarray(towards, np.float32)

    along = direction(middle[None])[0]
    along = along / max(float(np.hypot(*along)), 1e-6)
    sideways = np.array([-along[1], along[0]], np.float32)

    def fold_coordinates(points: FloatImage) -> tuple[FloatImage, FloatImage]:
        """t: how far sideways of the middle the line through each point passes; s: how far along it the point is."""
        ahead, rel = direction(points), points - middle
        forward = ahead @ along
        forward = np.where(np.abs(forward) < 1e-3, 1e-3, forward)
        s = rel @ along
        return np.asarray(rel @ sideways - s * (ahead @ sideways) / forward), np.asarray(s)

    t, s = fold_coordinates(border)
    centre = float(np.median(t))
    spread = float(np.median(np.abs(t - centre)))
    if spread > 2.5 * reach_px:
        return  # not a fold but one object in front of another, whose outline is to stay
    near = np.abs(t - centre) < 3 * max(reach_px, spread)
    low, high = np.percentile(s[near], (3, 97))
    extent = float(high - low)
    if extent < 2 * reach_px:
        return
    line = _line_near(room, axis, fold_coordinates, (low, high), centre, spread, reach_px)
    if line is None:
        return
    centre, lean = line
    at = np.argwhere((labels == pair[0]) | (labels == pair[1]))
    t, s = fold_coordinates(np.asarray(at[:, ::-1] + 0.5 + offset, np.float32))
    t = np.asarray(t - lean * s - centre, np.float32)
    is_first = labels[at[:, 0], at[:, 1]] == pair[0]
    sign = 1.0 if float(t[is_first].mean()) > float(t[~is_first].mean()) else -1.0
    if extent > 0.4 * float(np.ptp(s)):
        # A fold that long separates the two planes everywhere: above it is the top, where it overhangs too.
        close = np.abs(t) < 5 * reach_px
    else:
        close = (np.abs(t) < 3 * reach_px) & (s > low - reach_px) & (s < high + reach_px)
    labels[at[close, 0], at[close, 1]] = np.where(sign * t[close] > 0, pair[0], pair[1])


def _line_near(
    room: Room,
    axis: int,
    fold_coordinates: Callable[[FloatImage], tuple[FloatImage, FloatImage]],
    ends: tuple[float, float],
    centre: float,
    spread: float,
    reach_px: float,
) -> tuple[float, float] | None:
    """How far sideways a fold is and how much it leans, from the line segment that is most likely on it.

    None where there is no such segment and the border is too ragged to be a fold without one.
    """
    low, high = ends
    parallel = room.axis == axis
    if parallel.any():
        t, s = (each.reshape(-1, 2) for each in fold_coordinates(room.segments[parallel].reshape(-1, 2)))
        overlap = np.minimum(s.max(1), high) - np.maximum(s.min(1), low)
        away = np.abs(t.mean(1) - centre) / max(reach_px, spread)
        likelihood = np.where(away < 1.5, np.maximum(overlap, 0), 0) * np.exp(-(away**2))
        k = int(likelihood.argmax())
        if float(likelihood[k]) > (0.15 if spread < reach_px else 0.3) * (high - low):
            run = float(s[k, 1] - s[k, 0])
            # A long segment is followed in its own direction, because no camera is exactly level.
            lean = float(t[k, 1] - t[k, 0]) / run if abs(run) > 0.35 * (high - low) else 0.0
            return float(t[k].mean()) - lean * float(s[k].mean()), lean
    return (centre, 0.0) if spread <= reach_px else None
