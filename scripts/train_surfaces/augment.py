"""Rooms as a camera may show them, which changes no reflectance, and in other paints, which does."""

from __future__ import annotations

import math
import random

import cv2
import numpy as np
import numpy.typing as npt

from automask.editors.paint.tone import LINEAR, LUMA, SHEEN, encode, linear_of_scene, scene_of_linear
from render_rooms.look import apply_look, draw_look
from train_surfaces.scenes import DARKEST, Plane, Rgb, Scene, nearest

REPAINTED = 0.6  # how often a plain room gets other paints
PAINTED_KINDS, PAINTED_ALONE = 0.3, 0.08  # how many of its classes, and of the things of the others
LOOKED = 0.5  # how often a plain room gets the look of a camera
LIGHTEST = 0.9


def random_crop(
    scene: Scene, out_hw: tuple[int, int], rng: np.random.Generator
) -> tuple[Rgb, Plane, npt.NDArray[np.int32]]:
    """A crop of most of a room, mirrored half of the time: picture, [h/4, w/4, 7] labels (nan: none), things."""
    h, w = out_hw
    height, width = scene.rgb.shape[:2]
    fit = min(height / h, width / w) * math.exp(rng.uniform(math.log(0.6), 0))
    stretch = math.exp(rng.uniform(-0.06, 0.06))
    crop_h = min(height, round(h * fit * stretch)) // 2 * 2
    crop_w = min(width, round(w * fit / stretch)) // 2 * 2
    y, x = int(rng.integers(0, (height - crop_h) // 2 + 1)) * 2, int(rng.integers(0, (width - crop_w) // 2 + 1)) * 2
    rgb = cv2.resize(scene.rgb[y : y + crop_h, x : x + crop_w], (w, h), interpolation=cv2.INTER_AREA)
    part = (slice(y // 2, (y + crop_h) // 2), slice(x // 2, (x + crop_w) // 2))
    small = (w // 4, h // 4)
    normal = nearest(scene.normal[part], small) / 127
    normal[np.abs(normal).max(-1) == 0] = np.nan
    albedo = nearest(scene.albedo[part], small)
    density = nearest(scene.density[part], small) + np.float32(0.5 * math.log(w / crop_w * h / crop_h))
    thing = nearest(scene.thing[part], small).astype(np.int32)
    light = scene_of_linear(LINEAR[rgb])
    if scene.plain and rng.random() < REPAINTED:
        change, albedo = repainted(albedo, thing, rng)
        fine = nearest(scene.thing[part], (w // 2, h // 2)).astype(np.int32)
        light += cv2.resize(_spread(change, fine), (w, h), interpolation=cv2.INTER_LINEAR)
    label = np.concatenate([normal, albedo, density[..., None]], -1)
    rgb = photographed(light, rng, looked=scene.plain and rng.random() < LOOKED)
    if rng.random() < 0.5:
        rgb, label, thing = rgb[:, ::-1], label[:, ::-1] * np.array([-1, 1, 1, 1, 1, 1, 1], np.float32), thing[:, ::-1]
    return np.ascontiguousarray(rgb), np.ascontiguousarray(label), np.ascontiguousarray(thing)


def paint(rng: np.random.Generator) -> Plane:
    """[3] log luminance, log red over green, log blue over green of some paint.

    Half of them are whites, greys and greiges, a little warm, and half of these are pale, as most of a room is; of the
    others every lightness and hue is as likely.
    """
    if rng.random() < 0.5:
        lightness = rng.uniform(78, 97) if rng.random() < 0.5 else rng.uniform(12, 96)
        ratios = rng.normal((0.06, -0.12), (0.07, 0.14))
    else:
        lightness = rng.uniform(12, 96)
        ratios = rng.normal((0.1, -0.2), (0.45, 0.6))
    luma = max(((lightness + 16) / 116) ** 3, DARKEST)
    return np.array([math.log(luma), *np.clip(ratios, -1.6, 1.6)], np.float32)


def linear_of_logs(logs: Plane) -> Plane:
    """[..., 3] linear red, green, blue of logarithmic reflectances (see `paint`), at most `LIGHTEST`."""
    ratios = np.exp(np.stack([logs[..., 1], np.zeros_like(logs[..., 1]), logs[..., 2]], -1))
    colour = ratios * (np.exp(logs[..., 0]) / (ratios @ LUMA))[..., None]
    return np.asarray(colour * np.minimum(1, LIGHTEST / colour.max(-1, keepdims=True)), np.float32)


def repainted(albedo: Plane, thing: npt.NDArray[np.int32], rng: np.random.Generator) -> tuple[dict[int, Plane], Plane]:
    """Other paints on some of the things, in the light that they are in.

    Args:
        albedo: [h, w, 3] logarithmic reflectances, nan where there is none.
        thing: [h, w] numbers of things.
        rng: Which things, and which paints.

    Returns:
        For each thing painted, [3] by how much the logarithm of its light changes; and the new [h, w, 3] reflectances.
    """
    change: dict[int, Plane] = {}
    new = albedo.copy()
    ids = np.unique(thing)
    # Mostly all things of a class, as a person paints; now and then one alone.
    paints = {kind: paint(rng) for kind in np.unique(ids % 256).tolist() if rng.random() < PAINTED_KINDS}
    for one in ids:
        wanted = paints.get(int(one) % 256)
        if wanted is None and rng.random() < PAINTED_ALONE:
            wanted = paint(rng)
        mine = (thing == one) & ~np.isnan(albedo[..., 0])
        if wanted is None or mine.sum() < 12:
            continue
        old = np.median(albedo[mine], axis=0).astype(np.float32)
        was, now = linear_of_logs(old), linear_of_logs(wanted)
        # Gloss stays, whatever is under it; what was black has no light of its own to brighten.
        step = np.log((now + SHEEN) / (was + SHEEN))
        if step.max() > 2.2:
            continue
        change[int(one)] = step.astype(np.float32)
        luma = math.log(max(float(now @ LUMA), DARKEST))
        ratios = np.log(np.maximum(now, DARKEST / 2))
        moved = np.array([luma, ratios[0] - ratios[1], ratios[2] - ratios[1]], np.float32) - old
        new[mine] += moved
    return change, new


def _spread(change: dict[int, Plane], fine: npt.NDArray[np.int32]) -> Plane:
    """[h, w, 3] the change of every pixel of `fine`; soft by a pixel at borders, as a picture's are."""
    out = np.zeros((*fine.shape, 3), np.float32)
    for one, step in change.items():
        out[fine == one] = step
    return out


def photographed(light: Plane, rng: np.random.Generator, *, looked: bool) -> Rgb:
    """A picture of a room's light, as some camera takes it.

    Args:
        light: [h, w, 3] logarithm of scene light.
        rng: Exposure, white balance, curve, sharpness, noise, JPEG quality.
        looked: In the look of a camera or of who worked on the photo: another curve, brackets merged, a vignette.
    """
    shift = rng.uniform(-0.5, 0.5) + rng.uniform(-0.12, 0.12, 3)  # +-0.7 EV
    steep = rng.uniform(0.7, 1.15) if looked else rng.uniform(0.85, 1.15)
    middle = float(np.median(light))
    scene = (((light - middle) * steep + middle) + shift).astype(np.float32)
    if looked and rng.random() < 0.3:  # a curve that is straight and clips
        light_up = np.float32(math.log(rng.uniform(0.6, 1.1)) - np.percentile(scene, 90))
        linear: Plane = np.minimum(np.exp(scene + light_up), np.float32(1))
    else:
        linear = linear_of_scene(scene)
    x = encode(linear)
    if looked:
        look = draw_look(random.Random(int(rng.integers(2**31))))
        x = np.asarray(apply_look(np.rint(x * 255).astype(np.uint8), look), np.float32) / np.float32(255)
    x = np.asarray(x ** np.float32(math.exp(rng.uniform(-0.2, 0.2))), np.float32)
    if not looked and rng.random() < 0.5:
        grey = x.mean(-1, keepdims=True)
        x = np.asarray(grey + np.float32(math.exp(rng.uniform(-0.35, 0.2))) * (x - grey), np.float32)
    if rng.random() < 0.3:
        x = cv2.GaussianBlur(x, (0, 0), rng.uniform(0.4, 1.2))
    if rng.random() < 0.3:
        x += rng.normal(0, rng.uniform(0.005, 0.03), x.shape).astype(np.float32)
    out: Rgb = np.rint(np.clip(x, 0, 1) * 255).astype(np.uint8)
    if rng.random() < 0.4:
        _, packed = cv2.imencode(".jpg", out, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(35, 92))])
        out = np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)
    return out
