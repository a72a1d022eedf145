"""The tone curve: between the levels of a photo and the logarithm of scene light, where light and reflectance add."""

import cv2
import numpy as np

from automask.types import FloatImage

_POWER = 0.7
_CEILING = 1.02
# The light on a surface, in the units above, from the photo's 75th percentile of luminance: the same fit.
LIGHT_BASE = 0.243
LIGHT_SLOPE = 0.842
# Even black paint returns this share of the light by its gloss: the floor of every reflectance.
SHEEN = 0.008
FLOOR_GAIN, TOP_GAIN = -0.06, 0.25
# What a polished level surface mirrors at a glance along it, the walls behind, relative to the light on it.
MIRRORED = 0.42
WHITEST = 0.88  # no white paint reflects more: CSS white is taken as this
LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)


def glancing_sheen(gloss: float | None, cosine: float) -> float:
    """What a level surface mirrors, as a share of the light on it, beyond `SHEEN`.

    A black stone top sends back a fiftieth of the light, and mirrors a fifth of what is behind it to someone who looks
    along it: without this, dark tops come out half as light as they are (three of four rendered tops, by 5 to 14 L*).

    Args:
        gloss: As in `Look`; None mirrors nothing new.
        cosine: Between the view and the surface's normal, 0..1.

    Source: Schlick, An Inexpensive BRDF Model for Physically-based Rendering, Computer Graphics Forum 13(3), 1994, with
    the limit at grazing angles lowered by roughness.
    """
    return 0.0 if gloss is None else max(gloss - 0.04, 0.0) * (1 - cosine) ** 5 * MIRRORED


def scene_of_linear(linear: FloatImage) -> FloatImage:
    """Logarithm of scene light from linear display light in 0..1."""
    clipped = np.clip(linear, 6e-4, 1.0)  # two levels of 255: below, the logarithm is all noise
    scene: FloatImage = np.float32(_POWER) * (cv2.log(clipped) - cv2.log(np.float32(_CEILING) - clipped))
    return scene


def _srgb_tables() -> tuple[FloatImage, FloatImage]:
    """Linear light of each of 256 levels, and encoded values over a grid of the square root of linear light."""
    level = np.arange(256, dtype=np.float64) / 255
    linear = np.where(level <= 0.04045, level / 12.92, ((level + 0.055) / 1.055) ** 2.4)
    y = np.linspace(0, 1, _STEPS) ** 2  # the root: as fine in the dark, where the code is steep, as in the light
    encoded = np.where(y <= 0.0031308, 12.92 * y, 1.055 * y ** (1 / 2.4) - 0.055)
    return linear.astype(np.float32), encoded.astype(np.float32)


_STEPS = 4096
LINEAR, _ENCODED = _srgb_tables()


def linear_of_scene(z: FloatImage) -> FloatImage:
    """Linear display light in 0..1 of logarithmic scene light."""
    x: FloatImage = cv2.exp(z * np.float32(1 / _POWER))
    linear: FloatImage = np.minimum(np.float32(_CEILING) * x / (1 + x), 1)
    return linear


def encode(linear: FloatImage) -> FloatImage:
    """Encoded sRGB in 0..1 of linear display light."""
    index = np.sqrt(np.clip(linear, 0, 1)) * np.float32(_STEPS - 1) + np.float32(0.5)
    return np.take(_ENCODED, index.astype(np.int32))
