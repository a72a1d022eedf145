"""Heat as wrong as the segmenter's is: blurred, with holes, parts missing, spill over neighbours, doubt; and clicks."""

from __future__ import annotations

import math
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float32]
Flags: TypeAlias = npt.NDArray[np.bool_]


def blotch(hw: tuple[int, int], share: float, rng: np.random.Generator) -> Flags:
    """[h, w] a smooth random region that covers about this share, in lumps of a random size."""
    h, w = hw
    cells = int(rng.integers(3, 9))
    noise = rng.standard_normal((cells, cells), dtype=np.float32)
    smooth = cv2.resize(noise, (w, h), interpolation=cv2.INTER_CUBIC)
    return np.asarray(smooth > np.quantile(smooth, 1 - share))


def shaken(heat: Floats, reach_px: float, rng: np.random.Generator) -> Floats:
    """The heat with its borders moved here and there by up to about `reach_px`."""
    h, w = heat.shape
    cells = int(rng.integers(3, 10))
    moves = [
        cv2.resize(
            rng.standard_normal((cells, cells), dtype=np.float32) * np.float32(reach_px / 2),
            (w, h),
            interpolation=cv2.INTER_CUBIC,
        )
        for _ in range(2)
    ]
    x, y = np.meshgrid(np.arange(w, dtype=np.float32), np.arange(h, dtype=np.float32))
    return np.asarray(cv2.remap(heat, x + moves[0], y + moves[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))


def spoilt(mask: Flags, others: list[Flags], rng: np.random.Generator) -> Floats:
    """[h, w] float32 in 0..1: what a segmenter might say of a mask.

    Args:
        mask: [h, w], the object.
        others: Other things in the picture, of which some may be taken for it.
        rng: What goes wrong.
    """
    heat = mask.astype(np.float32)
    if others and rng.random() < 0.4:  # takes another thing, or part of it, for the object
        other = others[int(rng.integers(len(others)))]
        part = other if rng.random() < 0.3 else other & blotch(mask.shape, rng.uniform(0.2, 0.7), rng)
        heat = np.maximum(heat, part * np.float32(rng.uniform(0.3, 0.9)))
    if rng.random() < 0.5:  # misses parts
        lost = blotch(mask.shape, rng.uniform(0.05, 0.5), rng)
        heat = np.where(lost, heat * np.float32(rng.uniform(0, 0.6)), heat)
    if rng.random() < 0.2:  # misses one side
        angle = rng.uniform(0, 2 * math.pi)
        y, x = np.nonzero(mask)
        along = np.cos(angle) * np.arange(mask.shape[1])[None] + np.sin(angle) * np.arange(mask.shape[0])[:, None]
        if len(y):
            edge = np.quantile(along[y, x], rng.uniform(0.05, 0.5))
            heat = np.where(along < edge, heat * np.float32(rng.uniform(0, 0.5)), heat)
    if rng.random() < 0.3:  # sees it where there is nothing of the kind
        heat = np.maximum(heat, blotch(mask.shape, rng.uniform(0.01, 0.06), rng) * np.float32(rng.uniform(0.2, 0.7)))
    if rng.random() < 0.3:  # too fat or too thin
        size = int(rng.integers(1, 4))
        change = cv2.dilate if rng.random() < 0.6 else cv2.erode
        heat = change(heat, np.ones((2 * size + 1, 2 * size + 1), np.uint8))
    if rng.random() < 0.7:
        heat = shaken(heat, rng.uniform(0.5, 4.0), rng)
    heat = cv2.GaussianBlur(heat, (0, 0), rng.uniform(0.6, 2.5))
    logit = np.log((heat + 0.02) / (1.02 - heat))
    logit = logit * np.float32(rng.uniform(0.5, 1.6)) + np.float32(rng.uniform(-1.0, 0.6))
    return np.asarray(1 / (1 + np.exp(-logit)), np.float32)


def clicks(mask: Flags, heat: Floats, rng: np.random.Generator, most: int = 3) -> tuple[Floats, Floats]:
    """[h, w] positive and negative marks where the heat is wrong, as a person would set them: dots or short strokes."""
    positive, negative = np.zeros(mask.shape, np.float32), np.zeros(mask.shape, np.float32)
    hot = heat >= 0.4
    for _ in range(int(rng.integers(1, most + 1))):
        missed, spilt = mask & ~hot, hot & ~mask
        into, plane = (missed, positive) if rng.random() * (missed.sum() + spilt.sum()) < missed.sum() else (
            spilt,
            negative,
        )  # fmt: skip
        depth = cv2.distanceTransform(into.astype(np.uint8), cv2.DIST_L2, 3)
        if depth.max() < 1.5:  # nothing is wrong by much: a click that confirms
            into, plane = (mask, positive) if rng.random() < 0.5 else (~mask, negative)
            depth = cv2.distanceTransform(into.astype(np.uint8), cv2.DIST_L2, 3)
            if depth.max() < 1.5:
                continue
        y, x = np.nonzero(depth >= min(float(depth.max()) * 0.5, 4.0))
        i = int(rng.integers(len(y)))
        start = (int(x[i]), int(y[i]))
        thick = int(rng.integers(2, 5))
        end = start
        if rng.random() < 0.4:  # a stroke inside the wrong part
            near = np.flatnonzero(np.hypot(x - start[0], y - start[1]) < max(mask.shape) / 4)
            j = int(near[rng.integers(len(near))])
            end = (int(x[j]), int(y[j]))
        stroke = np.zeros(mask.shape, np.uint8)
        cv2.line(stroke, start, end, 1, 2 * thick)
        plane[(stroke > 0) & into] = 1.0
    return positive, negative
