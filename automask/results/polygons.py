"""Masks as polygons, for formats that know nothing else: each part one closed line, its holes cut in by slits."""

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
import numpy.typing as npt

from automask.errors import ConfigError
from automask.types import Hard, Hw

Polygon = npt.NDArray[np.int32]
"""[N, 2] int32: x and y of pixels, whose centres are joined by straight lines."""
TOLERANCE_PX = 1.0
"""How far a polygon may be from the mask's border: a hundred points to be moved by hand, not ten thousand."""


def polygons_of(hard: Hard, *, tolerance_px: float = TOLERANCE_PX) -> tuple[Polygon, ...]:
    """A polygon for each part of a mask that hangs together (8 neighbours), from the top.

    A polygon has no holes, so a slit of no width leads from the border of a part to each of its holes and back: whoever
    fills it by the even-odd rule, as OpenCV, Pillow and most trainers do, gets the hole again. With a tolerance of 0
    OpenCV's `fillPoly` gives the mask back to the pixel.

    Args:
        hard: [H, W] bool.
        tolerance_px: How far lines may be from the border's pixels; from 0.

    Raises:
        ConfigError: A tolerance below 0.
    """
    if not tolerance_px >= 0:
        raise ConfigError(f"tolerance_px is {tolerance_px!r}", hint="give a number from 0")
    found, tree = cv2.findContours(hard.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    if tree is None:
        return ()
    rings = [ring[:, 0].astype(np.int32) for ring in found]
    parents = tree[0, :, 3]
    made = []
    for outer in np.flatnonzero(parents < 0):
        holes = [rings[hole] for hole in np.flatnonzero(parents == outer)]
        made.append(_closed(_with_slits(hard, rings[outer], holes), tolerance_px))
    return tuple(sorted(made, key=lambda polygon: (polygon[:, 1].min(), polygon[:, 0].min())))


def hard_of(polygons: Sequence[Polygon], size_hw: Hw) -> Hard:
    """[H, W] bool: the mask of polygons, filled as OpenCV fills them."""
    filled = np.zeros(size_hw, np.uint8)
    for polygon in polygons:
        cv2.fillPoly(filled, [polygon], 1)
    return filled.astype(np.bool_)


def _with_slits(hard: Hard, outer: Polygon, holes: Sequence[Polygon]) -> Iterator[Polygon]:
    """The lines of one closed line around a part and its holes; each begins where the one before ends.

    From the leftmost pixel of a hole's border the slit goes left, over pixels of the part, to the pixel before the
    next gap. That pixel is on the border of the part, or of a hole whose leftmost pixel is further left: so holes are
    taken from left to right, and each finds its way out.
    """
    starts = [int(np.lexsort((hole[:, 1], hole[:, 0]))[0]) for hole in holes]
    order = sorted(range(len(holes)), key=lambda number: tuple(holes[number][starts[number]]))
    rings = [outer, *(np.roll(holes[number], -starts[number], axis=0) for number in order)]
    slits: list[list[tuple[int, int]]] = [[] for _ in rings]
    places = {point: (0, at) for at, point in enumerate(map(tuple, outer.tolist()))} if holes else {}
    for number, ring in enumerate(rings[1:], start=1):
        x, y = ring[0].tolist()
        gaps = np.flatnonzero(~hard[y, :x])
        end = int(gaps[-1]) + 1 if len(gaps) else 0
        onto, at = places[end, y]
        slits[onto].append((at, number))
        for at, point in enumerate(map(tuple, ring.tolist())):
            places.setdefault(point, (number, at))
    # Not by recursion: a lattice has chains of thousands of holes.
    stack = [(0, 0, iter(sorted(slits[0])))]
    while stack:
        number, begun, left = stack.pop()
        ring = rings[number]
        at, hole = next(left, (len(ring), -1))
        yield np.concatenate([ring[begun:at], ring[at % len(ring)][None]])
        if hole >= 0:
            stack += [(number, at, left), (hole, 0, iter(sorted(slits[hole])))]


def _closed(lines: Iterator[Polygon], tolerance_px: float) -> Polygon:
    """The lines, each simplified between its ends, as one polygon of three points or more."""
    kept = [part for line in lines for half in _halves(line) for part in _simplified(half, tolerance_px)]
    points = np.concatenate(kept)
    repeated = (points[1:] == points[:-1]).all(axis=1)
    points = points[np.concatenate([[True], ~repeated])]
    if len(points) > 1 and (points[0] == points[-1]).all():
        points = points[:-1]
    return np.concatenate([points, np.repeat(points[-1:], max(0, 3 - len(points)), axis=0)])


def _halves(line: Polygon) -> Iterator[Polygon]:
    """A line that ends where it begins as two, parted at the point that is furthest from there; any other as it is."""
    if len(line) < 3 or (line[0] != line[-1]).any():
        yield line
        return
    furthest = int(np.abs(line - line[0]).sum(axis=1).argmax())
    yield line[: furthest + 1]
    yield line[furthest:]


def _simplified(line: Polygon, tolerance_px: float) -> Iterator[Polygon]:
    if len(line):
        yield cv2.approxPolyDP(line[:, None], tolerance_px, False)[:, 0].astype(np.int32)
