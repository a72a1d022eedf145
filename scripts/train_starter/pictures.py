"""The pictures to learn from, with their labels as rows of one table, and how often each is drawn."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from train_starter.labels import (
    IGNORED,
    KITCHEN_IGNORED,
    KITCHEN_LEAVES,
    LEAVES,
    NYU_IGNORED,
    NYU_LEAVES,
    RENDER_IGNORED,
    RENDER_LEAVES,
    RENDER_OVEN_WITH_MICROWAVE,
    LabelTable,
    kitchen_classes,
    nyu_classes,
    render_classes,
)

Rgb: TypeAlias = npt.NDArray[np.uint8]  # [h, w, 3]
Rows: TypeAlias = npt.NDArray[np.uint8]  # [h, w]

SPLIT = Path(__file__).resolve().parents[1] / "kitchens_split.json"
RARE_SHARE = 0.004  # share of a photo from which on it counts as showing a class
RARE_POWER = 0.35  # how much more often photos with rare classes are drawn: (all photos / photos with it) ** this
MOST_OFTEN = 3.0
KITCHEN_WALL = 200  # a class id that NYU does not use: its walls beside a worktop, of which some are tiles


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A picture, its labels as rows of the label table (255 = ignored), and how often it is drawn."""

    name: str
    rgb: Rgb
    label: Rows
    draw: float


@dataclass(frozen=True, slots=True, eq=False)
class Data:
    """What is trained on, and how its labels read."""

    groups: dict[str, list[Picture]]  # "kitchens", "renders" and, unless left out, "nyu"
    development: list[Picture]  # photos for calibration and for choosing, never trained on
    sets: Tensor  # [rows, widest] leaf ids, -1 = none
    weight: Tensor  # [rows] loss weight of each label
    shares: Tensor  # [rows, rows] whether two labels have a leaf in common
    things: Tensor  # [rows] whether a label names one thing, not a rest such as "other object"


def read(image: Path, label: Path, rows: Sequence[int], draw: float = 1.0) -> Picture:
    """A picture with the rows of its labels."""
    bgr, ids = cv2.imread(str(image), cv2.IMREAD_COLOR), cv2.imread(str(label), cv2.IMREAD_UNCHANGED)
    if bgr is None or ids is None:
        raise FileNotFoundError(f"cannot read {image} with {label}")
    return Picture(image.stem, cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.array(rows, np.uint8)[ids], draw)


def kitchens(folder: Path, rows: Sequence[int], split: Path) -> tuple[list[Picture], list[Picture]]:
    """The photos of `kitchens/` to train on and those for development; the held-out ones are not even read."""
    apart = json.loads(split.read_text(encoding="utf-8"))
    items = json.loads((folder / "index.json").read_text(encoding="utf-8"))["items"]
    train: list[Picture] = []
    development: list[Picture] = []
    for item in items:
        name = Path(item["image"]).stem
        if name not in apart["held_out"]:
            picture = read(folder / item["image"], folder / item["label"], rows)
            (development if name in apart["development"] else train).append(picture)
    return train, development


def renders(folder: Path, table: LabelTable) -> list[Picture]:
    """The finished rooms of a folder by scripts/render_rooms, or of an earlier form of it."""
    classes_path = next(p / "classes.json" for p in (folder, *folder.parents) if (p / "classes.json").exists())
    classes = render_classes(classes_path)
    has_microwave = "microwave" in classes.values()
    leaves = RENDER_LEAVES if has_microwave else {**RENDER_LEAVES, "oven": RENDER_OVEN_WITH_MICROWAVE}
    rows = table.rows_of(classes, leaves, RENDER_IGNORED)
    curtain, shower = rows[next(i for i, name in classes.items() if name == "curtain")], table.row(("shower curtain",))
    out = []
    for path in sorted(folder.glob("*.jpg")):
        record_path = path.with_suffix(".json")
        if not record_path.exists():
            continue
        picture = read(path, path.with_suffix(".png"), rows)
        if json.loads(record_path.read_text(encoding="utf-8"))["kind"] == "bathroom" and has_microwave is False:
            picture.label[picture.label == curtain] = shower  # one class for both kinds of curtain, once
        out.append(picture)
    return out


def nyu(folder: Path, rows: Sequence[int], counter: int, wall: int, kitchen_wall: int) -> list[Picture]:
    """NYU's training photos. Tiles over a worktop are "wall" there: beside one a wall may be a backsplash."""
    out = []
    for item in json.loads((folder / "train" / "index.json").read_text(encoding="utf-8"))["items"]:
        picture = read(folder / "train" / item["image"], folder / "train" / item["label"], rows)
        if (picture.label == counter).any():
            picture.label[picture.label == wall] = kitchen_wall
        out.append(picture)
    return out


def load(data: Path, more: Iterable[Path], *, with_nyu: bool, split: Path = SPLIT) -> Data:
    """Everything that is trained on, in memory (1 to 3 GB).

    Args:
        data: The data folder: `kitchens/`, `renders/rooms/small/`, `nyu/`.
        more: Folders of more rooms, as scripts/render_rooms makes them.
        with_nyu: Whether to learn from NYU, which its owners offer for research only.
        split: Names of held-out and development photos of `kitchens/`.
    """
    table = LabelTable()
    classes = kitchen_classes(data / "kitchens" / "classes.json")
    groups: dict[str, list[Picture]] = {}
    kitchen_rows = table.rows_of(classes, KITCHEN_LEAVES, KITCHEN_IGNORED)
    groups["kitchens"], development = kitchens(data / "kitchens", kitchen_rows, split)
    folders = [data / "renders" / "rooms" / "small", *more]
    groups["renders"] = [picture for folder in folders for picture in renders(folder, table)]
    if with_nyu:
        names = {**nyu_classes(data / "nyu" / "classes.json"), KITCHEN_WALL: "wall of a kitchen"}
        rows = table.rows_of(names, NYU_LEAVES, NYU_IGNORED)
        ids = {name: number for number, name in names.items()}
        groups["nyu"] = nyu(data / "nyu", rows, rows[ids["counter"]], rows[ids["wall"]], rows[KITCHEN_WALL])
    groups = {name: drawn_by_rarity(group, len(table.rows)) for name, group in groups.items()}
    widest = max(map(len, table.rows))
    sets = torch.tensor([[LEAVES.index(x) for x in row] + [-1] * (widest - len(row)) for row in table.rows])
    shares = torch.tensor([[bool({*one} & {*other}) for other in table.rows] for one in table.rows])
    things = torch.tensor([not any(leaf.startswith("other ") for leaf in row) for row in table.rows])
    return Data(groups, development, sets, loss_weights(groups.values(), len(table.rows)), shares, things)


def drawn_by_rarity(group: Sequence[Picture], rows: int) -> list[Picture]:
    """The pictures, those with classes that few of the group show drawn more often."""
    counts = [np.bincount(p.label.ravel(), minlength=256)[:rows] / p.label.size >= RARE_SHARE for p in group]
    photos_with = np.maximum(np.sum(counts, 0), 1)
    rarity = np.minimum((len(group) / photos_with) ** RARE_POWER, MOST_OFTEN)
    return [
        replace(p, draw=float(rarity[shown].max()) if shown.any() else 1.0)
        for p, shown in zip(group, counts, strict=True)
    ]


def loss_weights(groups: Iterable[Sequence[Picture]], rows: int) -> Tensor:
    """[rows], 0.5 to 2: rare labels weigh more in the loss of pixels, each group counted alike."""
    count = np.zeros(rows)
    for group in groups:
        share = sum(np.bincount(p.label.ravel(), minlength=256)[:rows] / p.label.size for p in group)
        count += share / max(len(group), 1)
    share = np.maximum(count / count.sum(), 1e-5)
    return torch.tensor(np.clip((np.median(share) / share) ** 0.25, 0.5, 2.0), dtype=torch.float32)


__all__ = ["IGNORED", "Data", "Picture", "Rgb", "Rows", "load"]
