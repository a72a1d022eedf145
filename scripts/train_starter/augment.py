"""One picture as it might have been taken: another view, another camera and light, other materials, other things in it.

The first is one perspective map of picture and labels; whole views and close crops alternate, since the net decides by
context and is used on both.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from train_starter.pictures import IGNORED, Picture, Rgb, Rows

STRIDE = 4  # labels have a quarter of the picture's resolution, as the net's output has
WHOLE = 0.55  # share of whole views; the others are crops
LARGEST_TURN_DEG = 5.0
PAINTS_IN_SRGB = (  # cabinets, walls and floors of homes: whites, greys, woods, colours, black
    (235, 233, 228),
    (214, 208, 196),
    (160, 160, 158),
    (92, 94, 98),
    (38, 38, 40),
    (196, 154, 108),
    (150, 102, 62),
    (98, 60, 38),
    (205, 178, 140),
    (92, 110, 90),
    (60, 78, 104),
    (120, 40, 36),
)


def view(picture: Picture, out_hw: tuple[int, int], rng: np.random.Generator) -> tuple[Rgb, Rows]:
    """A view of the picture: [h, w, 3] uint8, and its labels [h/4, w/4]; outside it is mirrored and unlabelled."""
    height, width = picture.label.shape
    h, w = out_hw
    if rng.random() < WHOLE:  # all of it or nearly, or a little more than there is
        scale = max(width / w, height / h) if rng.random() < 0.3 else min(width / w, height / h)
        scale *= math.exp(rng.uniform(-0.15, 0.08))
    else:
        scale = min(width / w, height / h) * math.exp(rng.uniform(math.log(0.4), math.log(0.9)))
    stretch = math.exp(rng.uniform(-0.12, 0.12))
    scale_x, scale_y = scale * stretch, scale / stretch
    room_x, room_y = width - w * scale_x, height - h * scale_y
    x = rng.uniform(min(room_x, 0), max(room_x, 0)) + w * scale_x / 2
    y = rng.uniform(min(room_y, 0), max(room_y, 0)) + h * scale_y / 2
    turn = math.radians(rng.uniform(-1, 1) * LARGEST_TURN_DEG) if rng.random() < 0.4 else 0.0
    mirrored = -1.0 if rng.random() < 0.5 else 1.0
    cos, sin = math.cos(turn), math.sin(turn)
    to_middle = np.array([[1, 0, -w / 2], [0, 1, -h / 2], [0, 0, 1]])
    tilt = np.eye(3)
    if rng.random() < 0.3:
        tilt[2, :2] = rng.uniform(-0.15, 0.15, 2) / (w, h)
    to_picture = np.array(
        [[mirrored * scale_x * cos, -scale_x * sin, x], [mirrored * scale_y * sin, scale_y * cos, y], [0, 0, 1]]
    )
    matrix = to_picture @ tilt @ to_middle  # from output to picture, in pixel edges
    rgb = picture.rgb
    if scale > 1.4:  # reduced first, since a warp samples and would alias
        small = (max(1, round(width / scale)), max(1, round(height / scale)))
        rgb = cv2.resize(rgb, small, interpolation=cv2.INTER_AREA)
    shrunk = np.diag([rgb.shape[1] / width, rgb.shape[0] / height, 1.0])
    out = warp(rgb, shrunk @ matrix, (w, h), cv2.INTER_LINEAR, cv2.BORDER_REFLECT, 0)
    coarse = matrix @ np.diag([STRIDE, STRIDE, 1.0])
    label = warp(picture.label, coarse, (w // STRIDE, h // STRIDE), cv2.INTER_NEAREST, cv2.BORDER_CONSTANT, IGNORED)
    return out, label


def warp(
    image: npt.NDArray[np.uint8],
    matrix: npt.NDArray[np.float64],
    wh: tuple[int, int],
    interpolation: int,
    border: int,
    fill: int,
) -> npt.NDArray[np.uint8]:
    """The image under a map from output to input that counts from pixel edges (OpenCV counts from their middles)."""
    half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    centred = np.linalg.inv(half) @ matrix @ half
    flags = interpolation | cv2.WARP_INVERSE_MAP
    return np.asarray(
        cv2.warpPerspective(image, centred, wh, flags=flags, borderMode=border, borderValue=fill), np.uint8
    )


def repaint(rgb: Rgb, label: Rows, rows: Sequence[int], rng: np.random.Generator) -> Rgb:
    """One label of the view in another colour, its light kept: cabinets, walls and fridges come in every colour."""
    here = [row for row in rows if (label == row).mean() > 0.01]
    if not here:
        return rgb
    row = here[int(rng.integers(len(here)))]
    mask = cv2.resize((label == row).astype(np.float32), rgb.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    light = rgb.astype(np.float32).mean(-1, keepdims=True)
    usual = max(float(light[mask > 0.5].mean()), 8.0)
    paint = np.array(PAINTS_IN_SRGB[int(rng.integers(len(PAINTS_IN_SRGB)))], np.float32)
    paint = paint * np.exp(rng.uniform(-0.15, 0.15, 3)).astype(np.float32)
    strength = rng.uniform(0.5, 1.0)
    contrast = np.float32(rng.uniform(0.6, 1.1))
    painted = paint * (light / np.float32(usual)) ** contrast
    own = rng.uniform(0.0, 0.5)  # some of its own pattern: grain, tiles
    painted = (1 - own) * painted + own * rgb * (paint.mean() / usual)
    alpha = (mask * strength)[..., None]
    out: Rgb = np.clip(rgb + alpha * (painted - rgb), 0, 255).astype(np.uint8)
    return out


def paste(rgb: Rgb, label: Rows, donor: Picture, rows: Sequence[int], rng: np.random.Generator) -> tuple[Rgb, Rows]:
    """One thing of another picture put where it stood there, more or less, at about its size.

    Source: Ghiasi et al., "Simple copy-paste is a strong data augmentation method" (CVPR 2021).
    """
    here = [row for row in rows if (donor.label == row).any()]
    if not here:
        return rgb, label
    mask = (donor.label == here[int(rng.integers(len(here)))]).astype(np.uint8)
    count, parts, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    big = [i for i in range(1, count) if 0.003 < stats[i, cv2.CC_STAT_AREA] / mask.size < 0.25]
    if not big:
        return rgb, label
    i = big[int(rng.integers(len(big)))]
    x, y, w, h = (int(v) for v in stats[i, :4])
    height, width = label.shape[0] * STRIDE, label.shape[1] * STRIDE
    scale = math.exp(rng.uniform(-0.3, 0.3)) * min(height / mask.shape[0], width / mask.shape[1])
    size = (max(STRIDE, round(w * scale)), max(STRIDE, round(h * scale)))
    if size[0] >= width or size[1] >= height:
        return rgb, label
    thing = cv2.resize(donor.rgb[y : y + h, x : x + w], size, interpolation=cv2.INTER_AREA)
    alpha = cv2.resize((parts[y : y + h, x : x + w] == i).astype(np.float32), size, interpolation=cv2.INTER_AREA)
    if rng.random() < 0.5:
        thing, alpha = thing[:, ::-1], alpha[:, ::-1]
    left = round((x / mask.shape[1] + rng.uniform(-0.2, 0.2)) * width)
    top = round((y / mask.shape[0] + rng.uniform(-0.08, 0.08)) * height)
    left, top = min(max(left, 0), width - size[0]), min(max(top, 0), height - size[1])
    whole = np.zeros((height, width), np.float32)
    whole[top : top + size[1], left : left + size[0]] = alpha
    out = rgb.astype(np.float32)
    region = out[top : top + size[1], left : left + size[0]]
    region += alpha[..., None] * (thing - region)
    coarse = cv2.resize(whole, label.shape[::-1], interpolation=cv2.INTER_AREA)
    new = np.where(coarse > 0.6, np.uint8(donor.label[parts == i][0]), label)
    return out.astype(np.uint8), np.where((coarse > 0.2) & (coarse <= 0.6), np.uint8(IGNORED), new)


def disturb(rgb: Rgb, rng: np.random.Generator) -> Rgb:
    """Other light, other camera: exposure, white balance, saturation, gamma, uneven light, blur, noise, JPEG blocks."""
    x = rgb.astype(np.float32) / 255
    # Brighter up to where the mean is that of a bright photo: a photo burnt out teaches nothing.
    gain = min(math.exp(rng.uniform(-0.6, 0.7)), max(0.75 / max(float(x.mean()), 0.05), 0.8))
    tint = np.exp(rng.uniform(-0.18, 0.18, 3)).astype(np.float32)
    if rng.random() < 0.3:  # a window to one side, a flash, a dark corner
        h, w = rgb.shape[:2]
        across = np.linspace(-1, 1, w, dtype=np.float32)[None] * np.float32(rng.uniform(-0.35, 0.35))
        down = np.linspace(-1, 1, h, dtype=np.float32)[:, None] * np.float32(rng.uniform(-0.3, 0.3))
        x = x * np.exp(across + down)[..., None]
    x = np.clip(x * (gain * tint), 0, 1)
    x **= np.float32(math.exp(rng.uniform(-0.4, 0.4)))
    grey = x @ np.array([0.299, 0.587, 0.114], np.float32)
    saturation = 0.0 if rng.random() < 0.05 else math.exp(rng.uniform(-0.8, 0.5))
    x = grey[..., None] + np.float32(saturation) * (x - grey[..., None])
    mean = x.mean()
    x = mean + np.float32(math.exp(rng.uniform(-0.4, 0.35))) * (x - mean)
    if rng.random() < 0.25:
        x = cv2.GaussianBlur(x, (0, 0), rng.uniform(0.4, 1.4))
    if rng.random() < 0.35:
        noise = rng.standard_normal(x.shape, dtype=np.float32)
        x = x + noise * np.float32(rng.uniform(0.01, 0.06))
    out: Rgb = np.rint(np.clip(x, 0, 1) * 255).astype(np.uint8)
    if rng.random() < 0.25:
        ok, packed = cv2.imencode(".jpg", out, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(35, 92))])
        out = np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8) if ok else out
    return out
