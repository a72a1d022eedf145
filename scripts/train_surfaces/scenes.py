"""The rooms to learn from: pictures with the exact surfaces behind every pixel."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias
from zlib import crc32

import cv2
import numpy as np
import numpy.typing as npt

from render_rooms.look import PLAIN

Rgb: TypeAlias = npt.NDArray[np.uint8]
Plane: TypeAlias = npt.NDArray[np.float32]

# Classes without a reflectance of their own, or that show another surface's.
NO_SURFACE = (
    "unlabelled",
    "window",
    "pendant lamp",
    "mirror",
    "shower screen",
    "ceiling light",
    "tv",
    "floor lamp",
    "table lamp",
)
DARKEST = 0.012  # soot; below, the logarithm of a reflectance is all noise


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A rendered room; labels at half of the picture's size.

    Args:
        name: Folder and name.
        rgb: [h, w, 3] uint8.
        normal: [h, w, 3] int8, 127 is 1; all 0 where there is none.
        albedo: [h, w, 3] float16: log luminance, log red over green, log blue over green; nan where there is none.
        density: [h, w] float16: log of picture px per metre; nan where there is none.
        thing: [h, w] int32: class and instance in one number.
        plain: It has the renderer's plain curve, which can be undone; a camera's look cannot.
    """

    name: str
    rgb: Rgb
    normal: npt.NDArray[np.int8]
    albedo: npt.NDArray[np.float16]
    density: npt.NDArray[np.float16]
    thing: npt.NDArray[np.int32]
    plain: bool


def nearest(plane: npt.NDArray[Any], wh: tuple[int, int]) -> Plane:
    """A plane at another size by nearest neighbour: labels are not mixed."""
    return np.asarray(cv2.resize(plane.astype(np.float32), wh, interpolation=cv2.INTER_NEAREST_EXACT), np.float32)


def picture(path: str) -> npt.NDArray[Any]:
    """The samples of a picture file as stored, colours in the order red, green, blue."""
    read = cv2.imread(path, cv2.IMREAD_UNCHANGED)
    if read is None:
        raise FileNotFoundError(path)
    return np.ascontiguousarray(read[..., ::-1]) if read.ndim == 3 else read


def log_albedo(linear: Plane) -> Plane:
    """[h, w, 3] log luminance, log red over green, log blue over green of linear reflectances."""
    clipped = np.maximum(linear, np.float32(DARKEST / 2))
    luma = np.log(np.maximum(linear @ np.array([0.2126, 0.7152, 0.0722], np.float32), np.float32(DARKEST)))
    logs = np.log(clipped)
    return np.stack([luma, logs[..., 0] - logs[..., 1], logs[..., 2] - logs[..., 1]], -1)


def read(room: Path, passes: Path, phrases: dict[int, str]) -> Scene:
    """A room with its passes."""
    rgb = picture(str(room.with_suffix(".jpg")))
    half = (rgb.shape[1] // 2, rgb.shape[0] // 2)
    stem = str(passes.with_suffix(""))
    camera = json.loads(passes.with_suffix(".json").read_text(encoding="utf-8"))["camera"]
    cls = picture(str(room.with_suffix(".png"))).astype(np.int32)
    inst = picture(str(room.with_suffix("")) + "_inst.png").astype(np.int32)
    linear: Plane = picture(stem + "_albedo.png").astype(np.float32) / np.float32(65535)
    without = np.isin(cls, [i for i, phrase in phrases.items() if phrase in NO_SURFACE])
    logs = log_albedo(linear)
    logs[without | (linear.max(-1) < 0.004)] = np.nan
    weight = cv2.resize((~np.isnan(logs[..., 0])).astype(np.float32), half, interpolation=cv2.INTER_AREA)
    albedo = cv2.resize(np.nan_to_num(logs), half, interpolation=cv2.INTER_AREA) / np.maximum(weight, 1e-3)[..., None]
    albedo[weight < 0.9] = np.nan
    normal = (nearest(picture(stem + "_normal.png"), half) - 32768) / 32767
    wrong = np.abs(np.linalg.norm(normal, axis=-1) - 1) > 0.05
    depth = nearest(picture(stem + "_depth.png"), half) / 1000
    wrong |= (depth > 40) | (depth < 0.05) | (nearest(without, half) > 0)
    normal[wrong] = 0
    density = np.log(camera["focal_px"] / np.maximum(depth, 0.05))
    density[wrong] = np.nan
    thing = nearest(cls + 256 * inst, half).astype(np.int32)  # a class id is one byte
    return Scene(
        f"{room.parent.name}/{room.stem}",
        rgb,
        np.rint(normal * 127).astype(np.int8),
        albedo.astype(np.float16),
        density.astype(np.float16),
        thing,
        set(json.loads(room.with_suffix(".json").read_text(encoding="utf-8")).get("look", PLAIN)) <= set(PLAIN),
    )


def is_same_room(passes: Path) -> bool:
    """Whether the passes show the picture's room: an older renderer may have made another one from the same seed."""
    agree = json.loads(passes.read_text(encoding="utf-8")).get("agree")
    return agree is None or agree > 0.96


def load(folders: Sequence[str]) -> tuple[list[Scene], list[Scene]]:
    """The training rooms and the held-out rooms: one in five, by its name, however many are there by now."""
    train: list[Scene] = []
    held_out: list[Scene] = []
    for named in folders:
        rooms, passes = map(Path, named.removeprefix("=").split(":"))
        found = next(p for p in (rooms, *rooms.parents) if (p / "classes.json").exists()) / "classes.json"
        phrases = {int(k): v["phrase"] for k, v in json.loads(found.read_text(encoding="utf-8")).items()}
        for room in sorted(rooms.glob("*.jpg")):
            if (passes / f"{room.stem}.json").exists() and is_same_room(passes / f"{room.stem}.json"):
                scene = read(room, passes / room.stem, phrases)
                kept_apart = named.startswith("=") or crc32(room.stem.encode()) % 5 == 2
                (held_out if kept_apart else train).append(scene)
    return train, held_out
