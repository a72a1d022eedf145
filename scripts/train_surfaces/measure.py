"""How far the file in the package is off on rooms whose surfaces are known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from automask.weights.net import Net
from train_surfaces.scenes import Scene, nearest


def measure(path: Path, scenes: Sequence[Scene]) -> dict[str, float]:
    """The file's metrics on rooms: share of normals within 10 degrees, and so on."""
    net = Net(path.read_bytes(), name=path, threads=1)
    rows = []
    for scene in scenes:
        h, w = scene.rgb.shape[:2]
        hw = tuple(max(32, round(side * 448 / max(h, w) / 32) * 32) for side in (h, w))
        small = cv2.resize(scene.rgb, hw[::-1], interpolation=cv2.INTER_AREA).transpose(2, 0, 1)[None]
        out = net.run(photo=np.ascontiguousarray(small, np.float32) / np.float32(255))[0][0]
        out = out.transpose(1, 2, 0)
        wh = (out.shape[1], out.shape[0])
        normal = nearest(scene.normal, wh) / 127
        valid = np.abs(normal).max(-1) > 0
        angle = np.degrees(np.arccos(np.clip((normal * out[..., :3]).sum(-1), -1, 1)))[valid]
        thing = nearest(scene.thing, wh).astype(int)
        error = out[..., 3:6] - nearest(scene.albedo, wh)
        levels = []
        for one in np.unique(thing):
            mine = (thing == one) & ~np.isnan(error[..., 0])
            if mine.sum() > 40:
                levels.append(np.median(error[mine], 0))
        density = nearest(scene.density, wh) + np.float32(0.5 * math.log(hw[0] / h * hw[1] / w))
        rows.append(
            {
                "normals within 10 degrees": float((angle < 10).mean()),
                "within 30": float((angle < 30).mean()),
                "median degrees": float(np.median(angle)),
                "log reflectance off, things": float(np.sqrt(np.mean(np.square(levels)[:, 0]))),
                "red/green off": float(np.sqrt(np.mean(np.square(levels)[:, 1]))),
                "blue/green off": float(np.sqrt(np.mean(np.square(levels)[:, 2]))),
                "log px per m off": float(np.nanmedian(np.abs(out[..., 6] - density))),
            }
        )
    return {key: float(np.mean([row[key] for row in rows])) for key in rows[0]}
