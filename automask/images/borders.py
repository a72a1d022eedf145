"""Bars, frames and round corners of one colour around a photo: where the photo itself is."""

from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

from automask.types import Box, Hard, Rgb

_ONE_COLOUR = 8  # levels that a pixel of a border is from its row's colour at most: JPEG's noise
_NOISE = 0.02  # share of a border's pixels that may be further away: rings of the photo beside them
_OTHER_COLOUR = 16  # levels from the border's colour that a pixel of the photo beside it is away
_STRAIGHT = 0.5  # share of the pixels beside a border that are: a burnt-out ceiling ends here and there, a bar at once
_BLURRED = 16  # px over which an encoder blurs a border's edge: a block of colours at half size
_LEAST_PHOTO = 0.3  # of either side: less is a picture of something else
_ROWS_LOOKED_AT = 128
_ROWS_AT_ONCE = 16
_ROUND = 0.01  # of the radius: how far the edge of a round picture is from a circle at most
_LEAST_ROUND = 0.7  # of the short side: a smaller disc is a thing in the photo
_LEAST_CORNERS = 0.005  # of the photo
_ON_CIRCLE = 0.6  # share of the points along its edge that are on it
_LEAST_POINTS = 16
_FITS = 8


def content_box(photo: Rgb) -> Box:
    """The photo without rows and columns of one colour along its sides: white, grey or black bars, or a frame.

    A bar ends in a straight line, where most of the photo's pixels differ from it; a burnt-out ceiling does not.

    Args:
        photo: [H, W, 3] uint8.

    Returns:
        The whole photo where it has no such border, or nearly nothing else.
    """
    height, width = photo.shape[:2]
    box = Box(0, 0, width, height)
    while True:  # a frame may be in a frame
        inner = _within_bars(photo[box.slices])
        smaller = Box(box.x0 + inner.x0, box.y0 + inner.y0, box.x0 + inner.x1, box.y0 + inner.y1)
        if smaller == box:
            return box
        if smaller.width < _LEAST_PHOTO * width or smaller.height < _LEAST_PHOTO * height:
            return Box(0, 0, width, height)
        box = smaller


def _within_bars(photo: Rgb) -> Box:
    height, width = photo.shape[:2]
    top, bottom = _bar(photo), _bar(photo[::-1])
    rows = photo[top : height - bottom].transpose(1, 0, 2)
    left, right = (_bar(rows), _bar(rows[::-1])) if rows.size else (0, 0)
    if top + bottom == 0 and rows.size:  # of a frame, the columns have to go before its rows end in a straight line
        inner = photo[:, left : width - right]
        top, bottom = (_bar(inner), _bar(inner[::-1])) if inner.size else (0, 0)
    return Box(left, top, width - right, height - bottom)


def border_notes(photo: Rgb) -> tuple[str, ...]:
    """What a person should know of the border round a photo, as one sentence; nothing where there is none."""
    height, width = photo.shape[:2]
    box = content_box(photo)
    widths = {"left": box.x0, "right": width - box.x1, "top": box.y0, "bottom": height - box.y1}
    listed = ", ".join(f"{side} {size} px" for side, size in widths.items() if size)
    if listed:
        return (f"the plain border ({listed}) is no part of the room: it stays as it is",)
    if round_border(photo) is not None:
        return ("what is around the round picture is no part of the room: it stays as it is",)
    return ()


def border_of(photo: Rgb) -> Hard | None:
    """[H, W] bool: bars and a frame round the photo, or else what is around a round picture; None where all is room."""
    height, width = photo.shape[:2]
    box = content_box(photo)
    if (box.width, box.height) == (width, height):
        return round_border(photo)
    border = np.ones((height, width), np.bool_)
    border[box.slices] = False
    return border


def round_border(photo: Rgb) -> Hard | None:
    """The corners of one colour around a round picture, as a fisheye lens makes it; None where it is not round.

    Args:
        photo: [H, W, 3] uint8.

    Returns:
        [H, W] bool: outside the circle, with the pixels that its edge is blurred over.
    """
    height, width = photo.shape[:2]
    corners = photo[[0, 0, -1, -1], [0, -1, 0, -1]].astype(np.int16)
    if np.ptp(corners, axis=0).max() > _ONE_COLOUR:
        return None
    colour = np.median(corners, axis=0)
    circle = _circle_through(_edge_of_corners(photo, colour), width)
    if circle is None:
        return None
    x, y, radius = circle
    distance = np.hypot(np.arange(width) - x, (np.arange(height) - y)[:, None])
    rim_px = max(2.0, _ROUND * radius / 2)
    if (distance > radius).mean() < _LEAST_CORNERS or 2 * radius < _LEAST_ROUND * min(height, width):
        return None
    step = max(1, max(height, width) // 512)
    around = distance[::step, ::step] > radius + rim_px
    odd = _differs(photo[::step, ::step][around], colour, _OTHER_COLOUR)
    if not odd.size or odd.mean() > _NOISE:
        return None
    blurred: Hard = distance > radius - rim_px
    return blurred


def _edge_of_corners(photo: Rgb, colour: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """[n, 2] x, y along the edges of the four corners: the first pixels of a row that are not of their colour."""
    height, width = photo.shape[:2]
    rows = np.unique(np.linspace(0, height - 1, min(height, _ROWS_LOOKED_AT)).astype(int))
    differs = _differs(photo[rows], colour, _OTHER_COLOUR)
    some = differs.any(axis=1)
    rows, differs = rows[some], differs[some]
    points: list[tuple[int, int]] = []
    for from_right in (False, True):
        firsts = (differs[:, ::-1] if from_right else differs).argmax(axis=1)
        for order in (slice(None), slice(None, None, -1)):  # from the top corner down, from the bottom corner up
            last = width
            for first, row in zip(firsts[order].tolist(), rows[order].tolist(), strict=True):
                if first == 0:  # the photo reaches the side here
                    break
                if first <= last + 1:  # else the photo itself has the colour of the corners
                    points.append((width - 1 - first if from_right else first, row))
                    last = first
    return np.array(points, np.float64).reshape(-1, 2)


def _circle_through(points: npt.NDArray[np.float64], width: int) -> tuple[float, float, float] | None:
    """Centre and radius of the circle that most points are on, in all four corners; None without one.

    Some points are further in, where the photo itself has the colour of the corners: the worst are left out by and by.
    """
    chosen = points
    for _ in range(_FITS):
        if len(chosen) < _LEAST_POINTS:
            return None
        matrix = np.column_stack([2 * chosen, np.ones(len(chosen))])
        (x, y, rest), *_ = np.linalg.lstsq(matrix, (chosen**2).sum(axis=1), rcond=None)
        square = rest + x * x + y * y
        if not 0 < square < (2 * width) ** 2:
            return None
        radius = float(np.sqrt(square))
        away = np.abs(np.hypot(points[:, 0] - x, points[:, 1] - y) - radius)
        near = away <= max(1.0, _ROUND * radius)
        chosen = points[near | (away <= np.percentile(away, 70))]
    corners = {(bool(px < x), bool(py < y)) for px, py in points[near]}
    return (float(x), float(y), radius) if len(corners) == 4 and near.mean() >= _ON_CIRCLE else None


def _bar(rows: Rgb) -> int:
    """The number of rows from the first on that are a bar, with those that its edge is blurred over; 0 for none."""
    size = _rows_of_one_colour(rows)
    if size == 0:
        return 0
    last = np.median(rows[size - 1], axis=0)
    beside = rows[size : size + _BLURRED]
    starts = [k for k, row in enumerate(beside) if _differs(row, last, _OTHER_COLOUR).mean() >= _STRAIGHT]
    return size + starts[0] if starts else 0


def _rows_of_one_colour(rows: Rgb) -> int:
    """How many rows from the first on have, but for noise, the colour of their median."""
    # Most photos have no bar, which their first row says.
    starts: list[int] = [0, *range(1, len(rows), _ROWS_AT_ONCE), len(rows)]
    for start, end in pairwise(starts):
        block = np.ascontiguousarray(rows[start:end])  # columns of a photo are far apart in memory
        # Where no two pixels are further apart, none is from the median: so it is in most rows of a bar.
        highest, lowest = (cv2.reduce(block, 1, how) for how in (cv2.REDUCE_MAX, cv2.REDUCE_MIN))
        even = cv2.subtract(highest, lowest).max(axis=(1, 2)) <= _ONE_COLOUR
        for row, is_even in enumerate(even.tolist()):
            if not is_even and _differs(block[row], np.median(block[row], axis=0), _ONE_COLOUR).mean() >= _NOISE:
                return start + row
    return len(rows)


def _differs(row: npt.NDArray[np.uint8], colour: npt.NDArray[np.float64], levels: int) -> npt.NDArray[np.bool_]:
    """[n] bool: where a row of n pixels is more than `levels` away from a colour, in any channel."""
    away: npt.NDArray[np.bool_] = np.abs(row.astype(np.int16) - colour).max(-1) > levels
    return away
