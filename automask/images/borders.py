"""Bars and frames that somebody put round a photo: where the photo itself is."""

import numpy as np
import numpy.typing as npt

from automask.types import Box, Rgb

_ONE_COLOUR = 8  # levels that a pixel of a border is from its row's colour at most: JPEG's noise
_NOISE = 0.02  # share of a border's pixels that may be further away: rings of the photo beside them
_OTHER_COLOUR = 16  # levels from the border's colour that a pixel of the photo beside it is away
_STRAIGHT = 0.5  # share of the pixels beside a border that are: a burnt-out ceiling ends here and there, a bar at once
_BLURRED = 16  # px over which an encoder blurs a border's edge: a block of colours at half size
_LEAST_PHOTO = 0.3  # of either side: less is a picture of something else


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
    left, right = (_bar(rows), _bar(rows[::-1])) if len(rows) else (0, 0)
    if top + bottom == 0 and len(rows):  # of a frame, the columns have to go before its rows end in a straight line
        inner = photo[:, left : width - right]
        top, bottom = (_bar(inner), _bar(inner[::-1])) if inner.size else (0, 0)
    return Box(left, top, width - right, height - bottom)


def border_notes(photo: Rgb) -> tuple[str, ...]:
    """What a person should know of the border round a photo, as one sentence; nothing where there is none."""
    height, width = photo.shape[:2]
    box = content_box(photo)
    widths = {"left": box.x0, "right": width - box.x1, "top": box.y0, "bottom": height - box.y1}
    listed = ", ".join(f"{side} {size} px" for side, size in widths.items() if size)
    return (f"the plain border ({listed}) is no part of the room: it stays as it is",) if listed else ()


def _bar(rows: Rgb) -> int:
    """The number of rows from the first on that are a bar, with those that its edge is blurred over; 0 for none."""
    size = 0
    while size < len(rows) and _differs(rows[size], np.median(rows[size], axis=0), _ONE_COLOUR).mean() < _NOISE:
        size += 1
    if size == 0:
        return 0
    last = np.median(rows[size - 1], axis=0)
    beside = rows[size : size + _BLURRED]
    starts = [k for k, row in enumerate(beside) if _differs(row, last, _OTHER_COLOUR).mean() >= _STRAIGHT]
    return size + starts[0] if starts else 0


def _differs(row: npt.NDArray[np.uint8], colour: npt.NDArray[np.float64], levels: int) -> npt.NDArray[np.bool_]:
    """[n] bool: where a row of n pixels is more than so many levels away from a colour, in any channel."""
    away: npt.NDArray[np.bool_] = np.abs(row.astype(np.int16) - colour).max(-1) > levels
    return away
