"""Measures how well the detail of a crop that was painted small is restored: the table of docs/guide/diffusion.md.

    python scripts/eval_detail.py PAIRS [--scale 1.5 2 3]

PAIRS is a folder with `pairs.json`: rooms rendered twice, before and after an edit, with the labels of what was edited.
A perfect editor that paints at 1/scale of the photo's size gives the true result, scaled down. Scaled up again, it is
compared with the true result inside the object: as it is, and after `automask.painting.seams.restore_detail`.
"""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from automask.images import open_photo
from automask.painting.seams import restore_detail
from automask.types import Hard, Rgb

_Field = npt.NDArray[np.float32]


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("--scale", type=float, nargs="+", default=[1.5, 2.0, 3.0])
    flags = parser.parse_args()
    pairs = json.loads((flags.pairs / "pairs.json").read_text(encoding="utf-8"))
    classes = json.loads((flags.pairs / "classes.json").read_text(encoding="utf-8"))
    print("| painted at | dE, scaled up | dE, detail restored | fine contrast missed, before | after | worse by 0.05 |")
    print("| --- | --- | --- | --- | --- | --- |")
    for scale in flags.scale:
        rows = np.array([row for pair in pairs if (row := measure(flags.pairs, pair, classes, scale)) is not None])
        worse = int((rows[:, 1] > rows[:, 0] + 0.05).sum())
        figures = " | ".join(f"{value:.2f}" for value in rows.mean(axis=0))
        print(f"| 1/{scale:g} | {figures} | {worse} of {len(rows)} |")


def measure(
    folder: Path, pair: Mapping[str, Any], classes: Mapping[str, Any], scale: float
) -> tuple[float, float, float, float] | None:
    """Mean dE and share of fine contrast missed, each without and with restoring; None where the object is small."""
    before, after = (open_photo(folder / pair[name]).rgb for name in ("before", "after"))
    labels = open_photo(folder / pair["labels"]).rgb[..., 0]
    ids = [int(number) for number, about in classes.items() if about["phrase"] in pair["classes"]]
    inside = cv2.erode(np.isin(labels, ids).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    if inside.sum() < 2000:
        return None
    painted = _downscale_and_back(after, scale)
    restored = restore_detail(painted, before, _downscale_and_back(before, scale))
    distances = [_difference(picture, after, inside) for picture in (painted, restored)]
    missed = [_fine_missed(picture, after, inside) for picture in (painted, restored)]
    return distances[0], distances[1], missed[0], missed[1]


def _downscale_and_back(photo: Rgb, scale: float) -> _Field:
    height, width = photo.shape[:2]
    small = cv2.resize(photo, (round(width / scale), round(height / scale)), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC), dtype=np.float32)


def _difference(picture: _Field, truth: Rgb, inside: Hard) -> float:
    """Mean CIE76 distance."""
    labs = [cv2.cvtColor(np.clip(p, 0, 255).astype(np.float32) / 255, cv2.COLOR_RGB2LAB) for p in (picture, truth)]
    return float(np.linalg.norm(labs[0] - labs[1], axis=2)[inside].mean())


def _fine_missed(picture: _Field, truth: Rgb, inside: Hard) -> float:
    """Mean error of the Laplacian of the lightness, as a share of its mean size."""
    fine = [
        cv2.Laplacian(cv2.cvtColor(np.clip(p, 0, 255).astype(np.float32), cv2.COLOR_RGB2GRAY), cv2.CV_32F)[inside]
        for p in (picture, truth)
    ]
    return float(np.abs(fine[0] - fine[1]).mean() / np.abs(fine[1]).mean())


if __name__ == "__main__":
    main()
