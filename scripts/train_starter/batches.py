"""The batches of a run: each depends on the seed and its step alone, so that a resumed run goes on as it was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from train_starter.augment import disturb, paste, repaint, view
from train_starter.labels import LEAVES
from train_starter.pictures import Data, Picture
from train_starter.stretch import made_ahead

LANDSCAPES = ((384, 512), (352, 512), (320, 448), (288, 416), (256, 352), (384, 480))
PORTRAITS = tuple((w, h) for h, w in LANDSCAPES)
SHARE = {"kitchens": 0.58, "renders": 0.42, "nyu": 0.5}  # of the groups that are there
REPAINT, PASTE = 0.45, 0.35
PAINTED = (
    "base cabinet", "wall cabinet", "tall cabinet", "kitchen island", "wall", "accent wall", "floor", "countertop",
    "backsplash", "refrigerator", "dishwasher", "oven", "door", "sofa", "bed", "curtain", "rug", "chair", "bar stool",
)  # fmt: skip
PASTED = (
    "refrigerator", "oven", "dishwasher", "microwave", "chair", "bar stool", "plant", "person", "small appliance",
    "pendant lamp", "garbage bin", "decor", "washing machine", "towel", "box", "dining table", "armchair", "picture",
)  # fmt: skip


def rows_with(data: Data, leaves: Sequence[str]) -> list[int]:
    """The labels whose first leaf is among these: the one that a label is named for."""
    ids = {LEAVES.index(leaf) for leaf in leaves}
    return [row for row, members in enumerate(data.sets.tolist()) if members[0] in ids]


def drawn(group: Sequence[Picture], rng: np.random.Generator, *, portrait: bool | None = None) -> Picture:
    """A picture of the group by how often each is drawn; of one format if there is any."""
    fits = [p for p in group if portrait is None or (p.label.shape[0] > p.label.shape[1]) == portrait] or list(group)
    draw = np.array([p.draw for p in fits])
    return fits[int(rng.choice(len(fits), p=draw / draw.sum()))]


def batch(data: Data, step: int, seed: int, size: int) -> tuple[Tensor, Tensor]:
    """The batch of a step: pictures [B, 3, h, w] in 0..1 and rows of labels [B, h/4, w/4]."""
    rng = np.random.default_rng((seed, step))
    names = [name for name in SHARE if data.groups.get(name)]
    share = np.array([SHARE[name] for name in names])
    portrait = bool(rng.random() < 0.25)
    shapes = PORTRAITS if portrait else LANDSCAPES
    out_hw = shapes[int(rng.integers(len(shapes)))]
    painted, pasted = rows_with(data, PAINTED), rows_with(data, PASTED)
    pictures, labels = [], []
    for _ in range(size):
        group = data.groups[names[int(rng.choice(len(names), p=share / share.sum()))]]
        rgb, label = view(drawn(group, rng, portrait=portrait), out_hw, rng)
        if rng.random() < PASTE:
            donors = data.groups[names[int(rng.integers(len(names)))]]
            rgb, label = paste(rgb, label, drawn(donors, rng), pasted, rng)
        if rng.random() < REPAINT:
            rgb = repaint(rgb, label, painted, rng)
        pictures.append(disturb(rgb, rng))
        labels.append(label)
    photos = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float() / 255
    return photos, torch.from_numpy(np.stack(labels)).long()


def batches(data: Data, start: int, seed: int, size: int) -> Iterator[tuple[Tensor, Tensor]]:
    """The batches from `start` on."""
    return made_ahead(lambda step: batch(data, step, seed, size), start)
