"""Tiles and bricks: separate pieces in courses."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from automask.editors.paint.look import Texture, Triple
from automask.editors.paint.noise import (
    blend,
    clamp_reflectance,
    fractal,
    line_coverage,
    mean_colour,
    smoothstep,
    visibility,
)
from automask.types import FloatImage, Hw, Labels


@dataclass(frozen=True, slots=True, eq=False)
class _Pieces:
    """Which piece each pixel is on, and where on it.

    Args:
        index: [h, w] which piece, 0..`count` - 1.
        count: How many there are.
        x, y: [h, w] metres from its left and from its top edge; from its middle for hexagons.
        edge: [h, w] metres to its nearest edge.
    """

    index: Labels
    count: int
    x: FloatImage
    y: FloatImage
    edge: FloatImage

    def each(self, values: npt.NDArray[np.floating]) -> FloatImage:
        """[h, w] or [h, w, 3]: the value of each pixel's piece, of one value, or colour, a piece."""
        return np.take(values.astype(np.float32), self.index, axis=0)


def _courses(
    hw: Hw,
    px_per_m: float,
    rng: np.random.Generator,
    size_wh: tuple[float, float],
    *,
    offset: float,
    wobble: tuple[FloatImage, FloatImage] | None = None,
) -> _Pieces:
    """Pieces of `size_wh` metres, joint included, in level courses; every other one is moved by `offset` of a piece."""
    width, height = size_wh
    start_x, start_y = float(rng.random()) * width, float(rng.random()) * height
    x = ((np.arange(hw[1], dtype=np.float32) + 0.5) / np.float32(px_per_m) + np.float32(start_x))[None, :]
    y = ((np.arange(hw[0], dtype=np.float32) + 0.5) / np.float32(px_per_m) + np.float32(start_y))[:, None]
    if wobble is not None:
        x, y = x + wobble[0], y + wobble[1]
    row = np.floor(y / np.float32(height))
    x = x + (row % 2) * np.float32(offset * width)
    column = np.floor(x / np.float32(width))
    inside_x, inside_y = x - column * np.float32(width), y - row * np.float32(height)
    edge_x = np.minimum(inside_x, np.float32(width) - inside_x)
    edge_y = np.minimum(inside_y, np.float32(height) - inside_y)
    # Wobble may reach a piece beyond the picture on each side.
    columns = math.ceil((hw[1] / px_per_m + start_x) / width) + 3
    rows = math.ceil((hw[0] / px_per_m + start_y) / height) + 2
    index = ((row + 1) * columns + column + 1).astype(np.int64)
    return _Pieces(
        np.clip(index, 0, rows * columns - 1),
        rows * columns,
        inside_x,
        np.broadcast_to(inside_y, hw),
        np.minimum(edge_x, edge_y),
    )


def _hexagons(hw: Hw, px_per_m: float, rng: np.random.Generator, across_m: float) -> _Pieces:
    """Hexagons, `across_m` between upright flats: each pixel goes to the nearer of two lattices' centres."""
    width, height = across_m, across_m * math.sqrt(3)
    start_x, start_y = float(rng.random()) * width, float(rng.random()) * height
    x = ((np.arange(hw[1], dtype=np.float32) + 0.5) / np.float32(px_per_m) + np.float32(start_x))[None, :]
    y = ((np.arange(hw[0], dtype=np.float32) + 0.5) / np.float32(px_per_m) + np.float32(start_y))[:, None]
    columns = math.ceil((hw[1] / px_per_m + start_x) / width) + 3
    rows = 2 * (math.ceil((hw[0] / px_per_m + start_y) / height) + 3)
    found = []
    for half in (0.0, 0.5):
        column, row = np.rint(x / np.float32(width) - half), np.rint(y / np.float32(height) - half)
        dx, dy = x - (column + np.float32(half)) * np.float32(width), y - (row + np.float32(half)) * np.float32(height)
        index = (2 * row + 2 + 2 * half) * columns + column + 1
        found.append((dx, dy, index))
    (dx, dy, index), (dx2, dy2, index2) = found
    first = dx * dx + dy * dy < dx2 * dx2 + dy2 * dy2
    dx, dy, index = (np.where(first, a, b) for a, b in ((dx, dx2), (dy, dy2), (index, index2)))
    slanted = np.abs(dx) * np.float32(0.5) + np.abs(dy) * np.float32(math.sqrt(3) / 2)
    edge = np.float32(across_m / 2) - np.maximum(np.abs(dx), slanted)
    return _Pieces(np.clip(index.astype(np.int64), 0, rows * columns - 1), rows * columns, dx, dy, edge)


def _joints(pieces: _Pieces, joint_m: float, px_per_m: float, share: float, least_m: float) -> FloatImage:
    """[h, w] in 0..1 how much of each pixel is joint; where pieces are too small to see, `share` everywhere."""
    clear = visibility(least_m, px_per_m)
    return np.float32(share) + np.float32(clear) * (
        line_coverage(pieces.edge, joint_m / 2, px_per_m) - np.float32(share)
    )


def joint_share(size_wh: tuple[float, float], joint_m: float) -> float:
    """How much of a wall is joint."""
    return 1 - (1 - joint_m / size_wh[0]) * (1 - joint_m / size_wh[1])


def tiles(
    hw: Hw,
    px_per_m: float,
    rng: np.random.Generator,
    *,
    colour: Triple,
    grout: Triple,
    size_wh: tuple[float, float],
    joint_m: float = 0.0025,
    offset: float = 0.0,
    vary: float = 0.02,
    uneven: float = 0.02,
    hexagonal: bool = False,
) -> FloatImage:
    """Glazed tiles: each a little lighter or darker, and a little tilted, so that it reflects another light.

    Args:
        hw, px_per_m, rng: See `Texture`.
        colour: The glaze.
        grout: What is between.
        size_wh: Width and height, joint included, in metres.
        joint_m: Width of a joint.
        offset: How far every other course is offset, in tiles.
        vary: Spread of the tiles' lightness.
        uneven: Spread of light over one tile, and how much its glaze pools.
        hexagonal: Hexagons, `size_wh[0]` across.
    """
    if hexagonal:
        pieces = _hexagons(hw, px_per_m, rng, size_wh[0])
        middle = (0.0, 0.0)
    else:
        pieces = _courses(hw, px_per_m, rng, size_wh, offset=offset)
        middle = (size_wh[0] / 2, size_wh[1] / 2)
    least = min(size_wh)
    clear = np.float32(visibility(least, px_per_m))
    tone = rng.standard_normal(pieces.count) * vary
    lean = rng.standard_normal((2, pieces.count)) * uneven * 1.6
    gain = 1 + clear * pieces.each(tone)
    gain += clear * pieces.each(lean[0]) * (pieces.x - np.float32(middle[0])) * np.float32(1 / size_wh[0])
    gain += clear * pieces.each(lean[1]) * (pieces.y - np.float32(middle[1])) * np.float32(1 / size_wh[1])
    gain += np.float32(0.45 * uneven) * fractal(hw, px_per_m, 1.2 / least, rng, octaves=3, gain=0.6)
    joint = _joints(pieces, joint_m, px_per_m, joint_share(size_wh, joint_m), least)
    # The glaze thins at the edge: a light rim, then the grout a little sunk and so darker along it.
    rim = line_coverage(np.abs(pieces.edge - np.float32(0.7 * joint_m)), 0.4 * joint_m, px_per_m)
    gain += clear * np.float32(0.05) * rim
    return clamp_reflectance(blend(_modulated_planes(colour, gain), grout, joint))


def _modulated_planes(colour: Triple, gain: FloatImage) -> FloatImage:
    planes: FloatImage = cv2.merge([np.float32(level) * gain for level in colour])
    return planes


def tiles_mean(colour: Triple, grout: Triple, size_wh: tuple[float, float], joint_m: float = 0.0025) -> Triple:
    """The mean of `tiles`."""
    share = joint_share(size_wh, joint_m)
    return mean_colour((colour, 1 - share), (grout, share))


def slabs(
    hw: Hw,
    px_per_m: float,
    rng: np.random.Generator,
    *,
    stone: Texture,
    grout: Triple,
    size_wh: tuple[float, float],
    joint_m: float = 0.002,
    offset: float = 0.0,
    vary: float = 0.035,
) -> FloatImage:
    """Large tiles of a stone, each cut from another place of it."""
    sheet_hw = (
        min(hw[0], round(2.5 * size_wh[1] * px_per_m) + 8),
        min(hw[1], round(2.5 * size_wh[0] * px_per_m) + 8),
    )
    sheet = stone(sheet_hw, px_per_m, rng)
    pieces = _courses(hw, px_per_m, rng, size_wh, offset=offset)
    clear = np.float32(visibility(min(size_wh), px_per_m))
    turn = np.where(rng.random((2, pieces.count)) < 0.5, -1, 1) * px_per_m
    at = rng.random((2, pieces.count))
    at_x = pieces.each(at[0] * sheet_hw[1]) + pieces.each(turn[0]) * pieces.x
    at_y = pieces.each(at[1] * sheet_hw[0]) + pieces.each(turn[1]) * pieces.y
    cut = cv2.remap(sheet, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    gain = 1 + clear * pieces.each(rng.standard_normal(pieces.count) * vary)
    joint = _joints(pieces, joint_m, px_per_m, joint_share(size_wh, joint_m), min(size_wh))
    return clamp_reflectance(blend(cut * gain[..., None], grout, joint))


BRICK_WH = (0.225, 0.075)
"""A brick of 215 x 65 mm and its mortar."""
_MORTAR_M = 0.010


def bricks(
    hw: Hw,
    px_per_m: float,
    rng: np.random.Generator,
    *,
    fired: tuple[Triple, ...],
    mortar: Triple,
    relief: float = 1.0,
    speckle: float = 1.0,
) -> FloatImage:
    """Brickwork in running bond, lit from above.

    Args:
        hw, px_per_m, rng: See `Texture`.
        fired: The colours between which bricks differ; one for painted brick.
        mortar: Colour of the mortar.
        relief: How deep the joints and how rough the faces look.
        speckle: How much a brick differs within itself.
    """
    clear = np.float32(visibility(BRICK_WH[1], px_per_m))
    rough = [fractal(hw, px_per_m, 22, rng, octaves=3, gain=0.6) * np.float32(0.0011) for _ in range(2)]
    pieces = _courses(hw, px_per_m, rng, BRICK_WH, offset=0.5, wobble=(rough[0], rough[1]))
    smaller = pieces.each(np.abs(rng.standard_normal(pieces.count)) * 0.0012)
    edge = pieces.edge - smaller
    half = np.float32(_MORTAR_M / 2)
    # From brick to mortar within 1.5 mm, not a cut edge.
    soft_px = 0.5 + 0.0007 * px_per_m
    face = np.clip((edge - half) * np.float32(px_per_m / (2 * soft_px)) + np.float32(0.5), 0, 1)
    share = joint_share(BRICK_WH, _MORTAR_M + 0.0019)
    joint = np.float32(share) + clear * (1 - face - np.float32(share))

    palette = np.array(fired, np.float64)
    weights = rng.dirichlet(np.full(len(palette), 0.45), pieces.count)
    each = weights @ palette * np.exp(0.09 * speckle * rng.standard_normal(pieces.count) - 0.004)[:, None]
    colours = np.asarray(mean_colour(*[(colour, 1.0) for colour in fired])) * (1 - clear) + clear * each
    picture = pieces.each(colours)
    blotch = fractal(hw, px_per_m, (22, 14), rng, octaves=4, gain=0.65)
    grain = fractal(hw, px_per_m, 220, rng, octaves=2, gain=0.8)
    gain = 1 + np.float32(0.075 * speckle) * blotch + np.float32(0.05 * speckle) * grain
    pits = smoothstep(np.float32(0.5) * blotch + grain, 2.1, 2.9)
    gain -= np.float32(0.25 * speckle) * pits
    # Light from above: the upper edge catches it, the lower one and the mortar under it are in shade.
    from_top, from_bottom = pieces.y - half, np.float32(BRICK_WH[1]) - half - pieces.y
    band = np.float32(1 / 0.006)
    lift = np.clip(1 - np.abs(from_top) * band, 0, 1) * np.float32(0.10)
    lift -= np.clip(1 - np.abs(from_bottom) * band, 0, 1) * np.float32(0.16)
    from_side = np.minimum(pieces.x, np.float32(BRICK_WH[0]) - pieces.x) - half
    lift -= np.clip(1 - np.abs(from_side) * band, 0, 1) * np.float32(0.07)
    gain += clear * np.float32(relief) * lift * face
    under_brick = np.clip(1 + from_bottom * np.float32(1 / 0.005), 0, 1) * (from_bottom < half)
    sunk = under_brick * np.float32(0.30)
    bed = np.float32(0.95) + np.float32(0.05) * grain + np.float32(0.04) * blotch - clear * np.float32(relief) * sunk
    under = [plane * gain for plane in cv2.split(picture)]
    out = [plane + joint * (np.float32(level) * bed - plane) for plane, level in zip(under, mortar, strict=True)]
    return clamp_reflectance(cv2.merge(out))


def bricks_mean(fired: tuple[Triple, ...], mortar: Triple) -> Triple:
    """The mean of `bricks`: shade in the joints and pits in the faces take 3 % of what would be sent back."""
    face, bed = mean_colour(*[(colour, 1.0) for colour in fired]), mortar
    red, green, blue = (0.795 * f + 0.170 * b for f, b in zip(face, bed, strict=True))
    return red, green, blue
