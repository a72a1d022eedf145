"""Photos whose whites are clipped: what a nearly white level says of the light.

The tone curve that is undone (`tone`) is steep at its top: its last ten levels are a whole step of light, and no
surface of the rooms that it was fitted on is that bright. In a photo that someone brightened half the walls are, and
they are no brighter than that: taken at its word, the light made sage a mint wash on them, and dark blue a pale one.
So the levels near white are brought closer together before the light is read from them. Below, nothing is changed.
"""

import cv2
import numpy as np
import numpy.typing as npt

from automask.editors.paint.tone import LIGHT_SLOPE, LINEAR, LUMA, encode, scene_of_linear
from automask.images import to_uint8
from automask.types import FloatImage, Rgb

_KNEE = 0.85  # linear light: the brightest surface of all rendered rooms is at 0.84
_WHITE = 0.88  # what 1 is taken as; of overexposed re-renders kept for tuning
_SLOPE = (_WHITE - _KNEE) / (1 - _KNEE)


def below_white(picture: Rgb) -> Rgb:
    """[h, w, 3] uint8 the picture with the levels near white brought together; itself where it has none."""
    return picture if int(picture.max(initial=0)) <= _FIRST else cv2.LUT(picture, _LEVELS)


def whites_again(linear: FloatImage) -> FloatImage:
    """Linear light of a picture `below_white` as it was before."""
    over = np.maximum(linear - np.float32(_KNEE), 0)
    again: FloatImage = linear + over * np.float32(1 / _SLOPE - 1)
    return again


def expected_below_white(small: Rgb, expected: float) -> float:
    """The light to expect in a photo, as `expected_light` says it, where its bright parts are clipped.

    Args:
        small: [h, w, 3] uint8, the reduced photo.
        expected: What was read from it as it is.
    """
    bright = float(np.percentile(LINEAR[small] @ LUMA, 75))
    ends = np.array([[bright, min(bright, _KNEE) + max(bright - _KNEE, 0) * _SLOPE]], np.float32)
    as_it_is, lower = scene_of_linear(ends)[0]
    return expected - LIGHT_SLOPE * float(as_it_is - lower)


def _levels() -> npt.NDArray[np.uint8]:
    lower = LINEAR - np.maximum(LINEAR - np.float32(_KNEE), 0) * np.float32(1 - _SLOPE)
    return np.where(LINEAR > _KNEE, to_uint8(encode(lower)), np.arange(256, dtype=np.uint8))


_LEVELS = _levels()
_FIRST = int(np.flatnonzero(LINEAR <= _KNEE)[-1])
