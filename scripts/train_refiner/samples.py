"""What the refiner learns from: a view of a picture, and for some of its objects heat, marks and the exact mask."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt
from train_starter.augment import disturb, warp
from train_starter.stretch import made_ahead

from train_refiner.spoil import Flags, Floats, clicks, spoilt

Rgb: TypeAlias = npt.NDArray[np.uint8]
Ids: TypeAlias = npt.NDArray[np.int32]

SHAPES = ((384, 512), (448, 448), (352, 448), (512, 384), (320, 512))
PHRASES = 4  # of a view, each a pass of the decoder
LEAST_PX, MOST_SHARE = 150, 0.75  # of an object in a view
HOT, LEAST_FOUND = 0.35, 0.2  # of an object, this share has at least this heat


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A picture with exact or nearly exact things in it.

    Args:
        name: For messages.
        rgb: [h, w, 3] uint8.
        ids: [h, w] int32: class + 1000 * instance; 0 where nothing is known.
        exact: Whether borders are exact to the pixel (renders), or good to 2 or 3 px (labels by eye).
    """

    name: str
    rgb: Rgb
    ids: Ids
    exact: bool


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """[h, w, 3] uint8, and for each phrase hints [3, h/4, w/4], mask [h/2, w/2] bool and weight [h/2, w/2] in 0..1."""

    rgb: Rgb
    hints: list[Floats]
    masks: list[Flags]
    weights: list[Floats]


# What a person names at once: these classes of one picture are one object.
TOGETHER: Sequence[tuple[str, ...]] = (
    ("base cabinet", "wall cabinet", "tall cabinet", "wardrobe", "handle", "toe kick"),
    ("kitchen island", "island countertop", "island body"),
    ("wall", "accent wall"),
    ("countertop", "island countertop"),
    ("sofa", "cushion"),
    ("bed", "cushion", "throw blanket", "headboard"),
)


def phrases(ids: Ids, names: Mapping[int, str], rng: np.random.Generator) -> list[Flags]:
    """Masks of some objects: single instances, whole classes, and what is named together."""
    codes, counts = np.unique(ids[ids > 0], return_counts=True)
    big = codes[counts >= LEAST_PX / 16]
    if not len(big):
        return []
    classes = big % 1000
    out: list[Flags] = []
    for _ in range(3 * PHRASES):
        code = int(big[rng.integers(len(big))])
        name = names.get(code % 1000, "")
        groups = [group for group in TOGETHER if name in group]
        kind = rng.random()
        if kind < 0.4 and groups:
            wanted = [c for c in set(classes.tolist()) if names.get(c, "") in groups[int(rng.integers(len(groups)))]]
            mask = np.isin(ids % 1000, wanted) & (ids > 0)
        elif kind < 0.7:
            mask = (ids % 1000 == code % 1000) & (ids > 0)
        else:
            mask = ids == code
        if mask.mean() < MOST_SHARE:
            out.append(mask)
        if len(out) == PHRASES:
            break
    return out


def view(scene: Scene, names: Mapping[int, str], seed: Sequence[int], out_hw: tuple[int, int]) -> View | None:
    """One view of a scene with its phrases, or None where there is nothing to find in it."""
    rng = np.random.default_rng(seed)
    h, w = out_hw
    height, width = scene.ids.shape
    fit = min(width / w, height / h)
    scale = fit * float(np.exp(rng.uniform(np.log(0.45), np.log(1.0))))
    scale = max(scale, min(0.6, fit))  # larger than life teaches blur
    mirrored = -1.0 if rng.random() < 0.5 else 1.0
    x = rng.uniform(0, max(width - w * scale, 0)) + w * scale / 2
    y = rng.uniform(0, max(height - h * scale, 0)) + h * scale / 2
    middle = np.array([[1, 0, -w / 2], [0, 1, -h / 2], [0, 0, 1]])
    matrix = np.array([[mirrored * scale, 0, x], [0, scale, y], [0, 0, 1]]) @ middle
    rgb = scene.rgb
    if scale > 1.4:
        rgb = cv2.resize(rgb, (round(width / scale), round(height / scale)), interpolation=cv2.INTER_AREA)
    to_rgb = np.diag([rgb.shape[1] / width, rgb.shape[0] / height, 1.0]) @ matrix
    seen = warp(rgb, to_rgb, (w, h), cv2.INTER_LINEAR, cv2.BORDER_REFLECT, 0)
    half = np.linalg.inv(np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]]))
    full = half @ matrix @ np.linalg.inv(half)
    flags = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
    ids = cv2.warpPerspective(scene.ids.astype(np.float32), full, (w, h), flags=flags, borderValue=0).astype(np.int32)
    quarter = np.ascontiguousarray(ids[2::4, 2::4])
    found = phrases(quarter, names, rng)
    if not found:
        return None
    codes = [int(code) for code in np.unique(quarter[quarter > 0])]
    hints, masks, weights = [], [], []
    for mask4 in found:
        members = {int(code) for code in np.unique(quarter[mask4])}
        whole = np.isin(ids, list(members))
        others = [quarter == code for code in codes if code not in members]
        heat = spoilt(mask4, others, rng)
        while (heat[mask4] > HOT).mean() < LEAST_FOUND:  # what is not found at all, no refiner can know
            heat = spoilt(mask4, others, rng)
        marks = clicks(mask4, heat, rng) if rng.random() < 0.5 else (np.zeros_like(heat), np.zeros_like(heat))
        hints.append(np.stack([heat, *marks]))
        share = cv2.resize(whole.astype(np.float32), (w // 2, h // 2), interpolation=cv2.INTER_AREA)
        known = cv2.resize((ids > 0).astype(np.float32), (w // 2, h // 2), interpolation=cv2.INTER_AREA)
        masks.append(share >= 0.5)
        weights.append(border_weight(share >= 0.5, exact=scene.exact) * (known > 0.9))
    return View(disturb(seen, rng), hints, masks, weights)


def border_weight(mask: Flags, *, exact: bool) -> Floats:
    """[h, w] of the loss: borders count three times where they are exact, and not at all where they are not."""
    inside = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 3)
    outside = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 3)
    depth = np.maximum(inside, outside)
    if exact:
        return np.asarray(np.where(depth <= 3, 3, 1), np.float32)
    return np.asarray(depth > 2, np.float32)


def picture(path: Path, flags: int) -> npt.NDArray[Any]:
    """What OpenCV reads from a file."""
    found = cv2.imread(str(path), flags)
    if found is None:
        raise FileNotFoundError(f"cannot read {path}")
    return np.asarray(found)


def read_kitchen(folder: Path, item: Mapping[str, str]) -> Scene:
    """A labelled photo; things of one class that do not touch are instances."""
    bgr, label = (
        picture(folder / item["image"], cv2.IMREAD_COLOR),
        picture(folder / item["label"], cv2.IMREAD_UNCHANGED),
    )
    ids = np.zeros(label.shape, np.int32)
    for c in np.unique(label[label > 0]):
        _, parts = cv2.connectedComponents((label == c).astype(np.uint8), connectivity=8)
        ids = np.where(label == c, int(c) + 1000 * parts, ids)
    return Scene(Path(item["image"]).stem, cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), ids, exact=False)


def read_render(path: Path, ignored: Sequence[int]) -> Scene:
    """A rendered room with its instances."""
    bgr = picture(path, cv2.IMREAD_COLOR)
    label = picture(path.with_suffix(".png"), cv2.IMREAD_UNCHANGED).astype(np.int32)
    instance = picture(path.with_name(f"{path.stem}_inst.png"), cv2.IMREAD_UNCHANGED).astype(np.int32)
    ids = np.where(np.isin(label, ignored), 0, label + 1000 * (instance % 16000))
    return Scene(path.stem, cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), ids, exact=True)


@dataclass(frozen=True, slots=True, eq=False)
class Scenes:
    """Scenes of both kinds with the names of their classes."""

    kitchens: list[Scene]
    kitchen_names: Mapping[int, str]
    renders: list[Scene]
    render_names: Mapping[int, str]


def views(scenes: Scenes, start: int, seed: int, size: int, *, rendered: float = 0.5) -> Iterator[list[View]]:
    """The views of every step from `start` on; each depends on seed and step alone."""

    def make(step: int) -> list[View]:
        rng = np.random.default_rng((seed, step))
        shape = SHAPES[int(rng.integers(len(SHAPES)))]
        out: list[View] = []
        while len(out) < size:
            from_renders = bool(scenes.renders) and (not scenes.kitchens or rng.random() < rendered)
            group, names = (
                (scenes.renders, scenes.render_names) if from_renders else (scenes.kitchens, scenes.kitchen_names)
            )
            scene = group[int(rng.integers(len(group)))]
            made = view(scene, names, rng.integers(0, 2**31, 4).tolist(), shape)
            if made is not None:
                out.append(made)
        return out

    return made_ahead(make, start)
