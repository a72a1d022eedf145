"""Pictures and masks scaled down for previews, never up: [H, W, 3] uint8 in, [h, w, 3] uint8 out."""

from pathlib import Path

import cv2
import numpy as np

from automask.images import small_picture
from automask.types import Hard, Rgb

_MAX_MEGAPIXELS = 100.0


def thumbnail(path: Path, long_px: int) -> Rgb:
    """A picture file scaled down to a long side of `long_px`; a JPEG is decoded at reduced size, which is fast.

    Raises:
        PhotoError: The file does not exist, is not a picture, or is larger than a preview can be.
    """
    return shrink(small_picture(path, long_px, _MAX_MEGAPIXELS), long_px)


def shrink(picture: Rgb, long_px: int) -> Rgb:
    """The picture with a long side of at most `long_px`."""
    return resize(picture, min(1.0, long_px / max(picture.shape[:2])))


def fit(picture: Rgb, width: int, height: int) -> Rgb:
    """The picture scaled to fit into width x height px."""
    return resize(picture, min(1.0, width / picture.shape[1], height / picture.shape[0]))


def resize(picture: Rgb, scale: float) -> Rgb:
    """The picture scaled by `scale`; a copy of it for a scale of 1 or more."""
    if scale >= 1.0:
        return picture.copy()
    size_wh = scaled_size((picture.shape[1], picture.shape[0]), scale)
    return np.asarray(cv2.resize(picture, size_wh, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def scaled_size(size_wh: tuple[int, int], scale: float) -> tuple[int, int]:
    """(width, height) after scaling, rounded, each at least 1."""
    return max(1, round(size_wh[0] * scale)), max(1, round(size_wh[1] * scale))


def shrink_mask(mask: Hard, size_hw: tuple[int, int]) -> Hard:
    """[h, w] bool: the mask at the smaller size, True where at least half of a pixel is."""
    if mask.shape == size_hw:
        return mask
    grey = mask.astype(np.uint8) * np.uint8(255)
    return np.asarray(cv2.resize(grey, size_hw[::-1], interpolation=cv2.INTER_AREA) > 127, dtype=np.bool_)


def clamp(value: int, low: int, high: int) -> int:
    """The value, limited to low..high."""
    return max(low, min(value, high))
