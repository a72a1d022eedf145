"""The look of a photo: how the camera, or who worked on the picture afterwards, turned light into colours.

Needs numpy and OpenCV only. A look is a flat dict that is recorded, so that the same room can be shown in it again.
"""

import random

import cv2
import numpy as np
from numpy.typing import NDArray

Look = dict[str, float | str]
PLAIN: Look = {"transform": "AgX", "contrast": "AgX - High Contrast", "key": 1.0}
TRANSFORMS = [  # Blender's view transform and its contrast, a factor on the exposure's key, how often
    ("AgX", "AgX - High Contrast", 1.0, 4),
    ("AgX", "AgX - Medium High Contrast", 1.0, 2),
    ("AgX", "AgX - Punchy", 0.9, 1.5),
    ("Filmic", "Medium Contrast", 1.0, 1.5),
    ("Filmic", "High Contrast", 0.9, 1.5),
    ("Standard", "None", 0.62, 3),
]


def draw_look(rng: random.Random) -> Look:
    """The look of an ordinary photo: white balance, contrast, brackets merged to HDR, a vignette."""
    transform, contrast, key, _ = rng.choices(TRANSFORMS, [t[3] for t in TRANSFORMS])[0]
    look: Look = {"transform": transform, "contrast": contrast, "key": round(key * rng.uniform(0.8, 1.45), 3)}
    look["headroom"] = round(rng.uniform(2.0, 3.5), 2)
    warmth = rng.gauss(0.02, 0.05)
    look |= {"red": round(1 + warmth, 4), "green": round(1 + rng.gauss(0, 0.012), 4), "blue": round(1 - warmth, 4)}
    look["saturation"] = round(rng.uniform(0.75, 1.25), 3)
    if rng.random() < 0.25:  # exposures merged: shadows lifted, detail and colour driven up
        look["hdr"] = round(rng.uniform(0.3, 1.0), 3)
    if rng.random() < 0.3:
        look["vignette"] = round(rng.uniform(0.1, 0.45), 3)
    return look


def apply_look(rgb: NDArray[np.uint8], look: Look) -> NDArray[np.uint8]:
    """The picture in that look: [H, W, 3] uint8, RGB. The plain look changes nothing."""
    if set(look) <= set(PLAIN):
        return rgb
    x = rgb.astype(np.float32) / 255
    if "hdr" in look:
        x = _merged(x, float(look["hdr"]))
    gains = np.array([look.get("red", 1.0), look.get("green", 1.0), look.get("blue", 1.0)], np.float32)
    x = x * gains
    grey = x @ np.array([0.299, 0.587, 0.114], np.float32)
    x = grey[..., None] + (x - grey[..., None]) * np.float32(look.get("saturation", 1.0))
    if "vignette" in look:
        h, w = x.shape[:2]
        yy, xx = np.mgrid[-1 : 1 : h * 1j, -1 : 1 : w * 1j]
        x = x * (1 - float(look["vignette"]) * 0.5 * (xx**2 + yy**2))[..., None].astype(np.float32)
    return np.rint(np.clip(x, 0, 1) * 255).astype(np.uint8)


def _merged(x: NDArray[np.float32], strength: float) -> NDArray[np.float32]:
    """Local tone mapping: the large-scale light is flattened, what is finer than a 16th of the picture is kept."""
    luma = np.log(np.maximum(x @ np.array([0.299, 0.587, 0.114], np.float32), 0.02))
    side = max(x.shape[:2])
    large = cv2.bilateralFilter(luma.astype(np.float32), 0, 0.4, side / 24)
    flat = large.mean() + (large - large.mean()) * (1 - 0.55 * strength)
    new = np.exp(flat + (luma - large) * (1 + 0.5 * strength))
    return x * (new / np.exp(luma))[..., None]
