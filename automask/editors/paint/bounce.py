"""Surfaces that were painted together light each other: a dark new floor leaves less light on the new walls above it.

An edit is painted in the photo as the edits before it left it, and reads its light there; of those after it, it knows
nothing. The light that these no longer send back, or send back now, is spread over the room, and what it adds to the
old light or takes from it multiplies what was painted before: one bounce, at the size of a stamp. How a surface lights
itself is part of its own painting.
"""

import math
from collections.abc import Sequence
from functools import cache

import cv2
import numpy as np
import numpy.typing as npt

from automask.editors.paint.light import downscale
from automask.editors.paint.tone import LINEAR, encode, linear_of_scene, scene_of_linear
from automask.geometry.perspective import Room
from automask.images import to_uint8
from automask.images.colour import copy_where, to_unit
from automask.images.threads import in_threads
from automask.types import Alpha, FloatImage, Rgb

_CELLS = 24  # on the long side: light that has bounced is smooth
_SHARE = 0.7  # of the light on a surface has bounced; fitted on what re-rendering changed on surfaces left as they were
_BRIGHTEST = 2.0  # scene light: beyond, the photo is clipped and says nothing of how much there is
_NEAREST_M = 0.5  # nearer surfaces light each other as from here: a cell of the picture is no point
_FLATTEST = 0.15  # cosine: a cell seen at a lower angle would stand for too large an area
_UNSEEN = 0.5  # light from what is out of the picture, which changed likewise on average, relative to what it shows
_GAINS = (0.5, 1.6)  # a safeguard: of 34 re-renders none changed the light on any other surface by more
_STRIP_PX = 1 << 18
_SCENE: FloatImage = scene_of_linear(LINEAR[None])[0]
_STEPS = 400  # of gain in a unit of its logarithm: a step changes no level by more than a fifth of one
_ZERO = math.ceil(-math.log(_GAINS[0]) * _STEPS)


def relit(photo: Rgb, picture: Rgb, alphas: Sequence[Alpha], room: Room, *, strength: float) -> Rgb:
    """The picture with each painted surface in the light that those painted after it leave it.

    Args:
        photo: [h, w, 3] uint8, before all edits.
        picture: [h, w, 3] uint8, after all edits.
        alphas: [h, w] float32 in 0..1, of each edit, in the order in which they were painted.
        room: Of the photo.
        strength: 0..1; 0 changes nothing, 1 is as much as was measured.

    Returns:
        [h, w, 3] uint8; equal to `picture` where all alphas are 0, and where only the last one is above 0.

    Source: radiosity, Goral et al., Modeling the Interaction of Light Between Diffuse Surfaces, SIGGRAPH 1984; here the
    photo itself gives the light that surfaces send back, so that neither their reflectance nor the lamps are needed.
    """
    shown = [alpha for alpha in alphas if alpha.any()]
    if len(shown) < 2 or strength == 0:
        return picture
    fields = _gains(photo, picture, shown, room, strength)
    out = picture.copy()
    size_hw = (picture.shape[0], picture.shape[1])
    table = _levels_by_gain()
    rows = max(1, _STRIP_PX // picture.shape[1])

    def light_strip(strip: slice) -> None:
        inside = [alpha[strip] for alpha in shown[:-1]]
        covered = np.logical_or.reduce([alpha > 0 for alpha in inside])
        if not covered.any():
            return
        # Soft edges keep the light of what shows through them; where two edits share a pixel, so do their lights.
        total = np.maximum(sum(inside) + shown[-1][strip], np.float32(1))
        gain = np.zeros((*covered.shape, 3), np.float32)
        for alpha, field in zip(inside, fields, strict=True):
            gain += (alpha / total)[..., None] * _enlarged(field, size_hw, strip)
        at = np.clip(np.rint(gain * np.float32(_STEPS)) + _ZERO, 0, table.shape[1] - 1).astype(np.int32)
        at += picture[strip].astype(np.int32) * table.shape[1]
        copy_where(out[strip], table.reshape(-1).take(at), covered)

    in_threads(light_strip, [slice(top, top + rows) for top in range(0, len(picture), rows)])
    return out


@cache
def _levels_by_gain() -> npt.NDArray[np.uint8]:
    """[256, gains] what becomes of each level in each gain; in that of `_ZERO` all levels stay as they are."""
    gains = np.arange(-_ZERO, math.ceil(math.log(_GAINS[1]) * _STEPS) + 1, dtype=np.float32) / np.float32(_STEPS)
    # By the difference that the gain makes: black levels, which the curve does not tell apart, stay apart.
    before, after = (encode(linear_of_scene(_SCENE[:, None] + by)) for by in (np.zeros_like(gains), gains))
    return to_uint8(to_unit(np.arange(256, dtype=np.uint8))[:, None] + after - before)


def _gains(photo: Rgb, picture: Rgb, alphas: Sequence[Alpha], room: Room, strength: float) -> list[FloatImage]:
    """For each edit but the last [m, n, 3] logarithms of what its light is multiplied by, over the whole picture."""
    old, new = _scene_light(photo), _scene_light(picture)
    shares = [cv2.resize(alpha, old.shape[1::-1], interpolation=cv2.INTER_AREA) for alpha in alphas]
    total = np.maximum(sum(shares), 1)
    changes = [_cells_of((new - old) * (share / total)[..., None]) for share in shares]
    cells = changes[0].shape[:2]
    exchange = _exchange(room, (cells[0], cells[1]))
    before = exchange @ _cells_of(old).reshape(-1, 3)
    out = []
    for number, own in enumerate(changes[:-1]):
        later = np.asarray(sum(changes[number + 1 :]), np.float32).reshape(-1, 3)
        # Where nothing faces anything, as in a strip of one wall, no light is exchanged, and none is missing.
        gain = 1 + np.float32(strength * _SHARE) * (exchange @ later) / np.maximum(before, np.float32(1e-9))
        out.append(np.log(np.clip(gain, *_GAINS)).reshape(own.shape).astype(np.float32))
    return out


def _scene_light(picture: Rgb) -> FloatImage:
    """[m, n, 3] scene light, reduced to about 8 px for each cell: the mean of light, not of its logarithm."""
    small, _ = downscale(picture, 32 * _CELLS)  # floats of a whole large photo would be most of an edit's memory
    light = np.asarray(cv2.LUT(small, np.minimum(np.exp(_SCENE), np.float32(_BRIGHTEST))), np.float32)
    return _reduced(light, 8 * _CELLS)


def _cells_of(plane: FloatImage) -> FloatImage:
    return _reduced(plane, _CELLS)


def _reduced(plane: FloatImage, long_px: int) -> FloatImage:
    shrink = max(1.0, max(plane.shape[:2]) / long_px)
    size_wh = (max(1, round(plane.shape[1] / shrink)), max(1, round(plane.shape[0] / shrink)))
    return np.asarray(cv2.resize(plane, size_wh, interpolation=cv2.INTER_AREA), np.float32)


def _exchange(room: Room, cells: tuple[int, int]) -> FloatImage:
    """[n, n] how much of the light that one cell sends back reaches another, up to a factor that all have in common.

    Args:
        room: Its surfaces say where the cells are and which way they face.
        cells: Rows and columns of cells, n in all.
    """
    surfaces = room.surfaces
    height, width = cells
    normal = cv2.resize(surfaces.normal, (width, height), interpolation=cv2.INTER_AREA).reshape(-1, 3)
    normal = normal / np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-6)
    density = cv2.resize(surfaces.log_density, (width, height), interpolation=cv2.INTER_AREA).ravel()
    away_m = room.focal / np.exp(density)
    photo_wh = np.array([2 * room.centre, room.shrink * room.grey.shape[0]])
    x = ((np.arange(width) + 0.5) / width * photo_wh[0] - room.centre) / room.focal
    y = ((np.arange(height) + 0.5) / height * photo_wh[1] - room.horizon) / room.focal
    ray = np.stack([np.tile(x, height), np.repeat(y, width), np.ones(height * width)], -1)
    at = ray * away_m[:, None]
    length = np.linalg.norm(ray, axis=1)
    slant = np.clip(-(normal * ray).sum(1) / length, _FLATTEST, 1)
    area = away_m**2 * length / slant
    apart = at[None] - at[:, None]
    square = (apart**2).sum(-1)
    towards = apart / np.sqrt(square + 1e-9)[..., None]
    leaves = np.clip(-(towards * normal[None]).sum(-1), 0, 1)
    arrives = np.clip((towards * normal[:, None]).sum(-1), 0, 1)
    exchange = leaves * arrives / (square + _NEAREST_M**2) * area[None]
    exchange += _UNSEEN * exchange.sum(1).mean() / len(exchange)
    return np.asarray(exchange, np.float32)


def _enlarged(field: FloatImage, size_hw: tuple[int, int], rows: slice) -> FloatImage:
    """[rows, w, 3] some rows of a field enlarged to a size: smooth, without the corners of linear interpolation."""
    zoom = np.array([field.shape[1] / size_hw[1], field.shape[0] / size_hw[0]])
    height = min(rows.stop, size_hw[0]) - rows.start
    matrix = np.array([[zoom[0], 0, 0.5 * zoom[0] - 0.5], [0, zoom[1], (rows.start + 0.5) * zoom[1] - 0.5]])
    how = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(field, matrix, (size_hw[1], height), flags=how, borderMode=cv2.BORDER_REPLICATE))
