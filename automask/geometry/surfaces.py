"""Predicts the surfaces in a photo with a small net: which way they face, how near they are and what they reflect.

Its training data, its accuracy and where it fails: docs/research/surfaces.md.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from automask.types import FloatImage, Hw, Rgb
from automask.weights.net import LEAST_SIDE_PX, Net

NET = Path(__file__).with_name("surfaces.onnx")
_LONG_PX = 448  # long side of its input: it was trained for 352 to 448, and a larger one predicts no better
_STRIDE = 32


@dataclass(frozen=True, slots=True, eq=False)
class SurfacePrediction:
    """The surfaces of a photo, about 112 px on the long side: one for every four px of the net's input.

    `enlarged_part` resamples them to the photo's size.

    Args:
        normal: [h, w, 3] unit vectors in the camera's frame: x right, y down, z away from the camera.
        log_density: [h, w] logarithm of the px of the *photo* per metre on a surface that faces the camera there.
        log_albedo: [h, w, 3] logarithms of linear reflectance: luminance, red over green, blue over green.
    """

    normal: FloatImage
    log_density: FloatImage
    log_albedo: FloatImage


def surfaces_of(photo: Rgb, *, keep_open: bool = True) -> SurfacePrediction:
    """The surfaces of a whole photo. The same photo gives the same bytes, on any number of threads.

    Args:
        photo: [H, W, 3] uint8.
        keep_open: False gives the 60 MB of the net's features back, which a large photo needs for painting.
    """
    height, width = photo.shape[:2]
    scale = _LONG_PX / max(height, width)
    net_wh = tuple(max(LEAST_SIDE_PX, round(side * scale / _STRIDE) * _STRIDE) for side in (width, height))
    shrinks = net_wh[0] * net_wh[1] < width * height
    small = cv2.resize(photo, net_wh, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    seen = np.ascontiguousarray(small.transpose(2, 0, 1)[None].astype(np.float32) / np.float32(255))
    out = _net().run(photo=seen)[0][0].transpose(1, 2, 0)
    if not keep_open:
        _net().close()
    zoom = np.float32(0.5 * np.log(width / net_wh[0] * height / net_wh[1]))
    return SurfacePrediction(
        np.ascontiguousarray(out[..., :3]),
        np.ascontiguousarray(out[..., 6]) + zoom,
        np.ascontiguousarray(out[..., 3:6]),
    )


def enlarged_part(plane: FloatImage, size_hw: tuple[float, float], corner: tuple[float, float], hw: Hw) -> FloatImage:
    """A plane of a `SurfacePrediction` at the photo's size, for a part of the photo.

    Args:
        plane: [h, w, ...] of the whole photo.
        size_hw: The photo's size.
        corner: Row and column of the part's upper left corner in the photo.
        hw: Size of the part.

    Returns:
        [*hw, ...] float32, linearly interpolated.
    """
    zoom_y, zoom_x = plane.shape[0] / size_hw[0], plane.shape[1] / size_hw[1]
    matrix = np.array(
        [[zoom_x, 0, (corner[1] + 0.5) * zoom_x - 0.5], [0, zoom_y, (corner[0] + 0.5) * zoom_y - 0.5]], np.float64
    )
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    part: FloatImage = cv2.warpAffine(plane, matrix, (hw[1], hw[0]), flags=how, borderMode=cv2.BORDER_REPLICATE)
    return part


@cache
def _net() -> Net:
    return Net(NET.read_bytes(), name=NET, threads=1)
