"""The net of surfaces: EfficientNet-Lite0 and a feature pyramid; which way, how near and what colour every pixel is."""

# mypy: allow-subclassing-any

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional
from train_starter.net import MEAN, STD, Conv, Lite0, Pyramid

OUTPUTS = 7  # normal x, y, z; log luminance of the reflectance, log red and log blue over green; log px per m


class Surfaces(Pyramid):
    """[B, 3, H, W] in 0..1, sides in multiples of 32 -> [B, OUTPUTS, H/4, W/4]."""

    def __init__(self, width: int = 96, fine: int = 48) -> None:
        super().__init__(Lite0(), width, fine)
        self.out = nn.Conv2d(fine, OUTPUTS, 1)
        with torch.no_grad():  # an average pixel: a grey wall across the room, 70 px a metre
            self.out.bias.copy_(torch.tensor([0, 0, -0.5, -1.0, 0, 0, 4.2]))

    def head(self, features: Sequence[Tensor]) -> Tensor:
        out: Tensor = self.out(self.joined(features, features[-1].mean((2, 3))))
        return out

    def forward(self, x: Tensor) -> Tensor:
        x = (x - MEAN) / STD
        out = self.head(self.backbone.late(self.backbone.early(x)))
        return torch.cat((functional.normalize(out[:, :3], dim=1), out[:, 3:]), 1)


def convolutions(net: Surfaces) -> Iterator[Conv]:
    """The convolutions that have a norm, in the order in which a picture passes them."""
    yield from (part for part in net.backbone.modules() if isinstance(part, Conv))
    parts = (
        net.lateral32,
        net.mix32,
        net.lateral16,
        net.mix16,
        net.lateral8,
        net.mix8,
        net.narrow,
        net.lateral4,
        net.mix4,
    )
    for part in parts:
        yield from (inner for inner in part.modules() if isinstance(inner, Conv))


def go_on_from(net: Surfaces, path: Path) -> None:
    """Take the weights of an exported file: what ships is enough to train it further.

    The export folds every norm into its convolution, so norms start as doing nothing, and have to be frozen.

    Raises:
        ValueError: The file is of another net.
    """
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(str(path)).graph
    made: dict[str, npt.NDArray[np.float32]] = {
        tensor.name: numpy_helper.to_array(tensor).astype(np.float32) for tensor in graph.initializer
    }
    folded = []
    for node in graph.node:
        if node.op_type == "Cast" and node.input[0] in made:
            made[node.output[0]] = made[node.input[0]]
        elif node.op_type == "Mul" and set(node.input) <= set(made):
            made[node.output[0]] = made[node.input[0]] * made[node.input[1]]
        elif node.op_type == "Conv":
            folded.append((node.input[1], node.input[2]))
    ours = [*convolutions(net), net.out]
    if len(ours) != len(folded):
        raise ValueError(f"{path} has {len(folded)} convolutions and this net {len(ours)}")
    with torch.no_grad():
        for part, (weight, bias) in zip(ours, folded, strict=True):
            conv = part.conv if isinstance(part, Conv) else part
            if conv.weight.shape != made[weight].shape:
                raise ValueError(f"{path}: {weight} is {made[weight].shape}, and {tuple(conv.weight.shape)} here")
            conv.weight.copy_(torch.from_numpy(made[weight].copy()))
            if isinstance(part, Conv):
                norm = part.bn
                norm.running_mean.zero_()
                norm.running_var.fill_(1 - norm.eps)
                norm.weight.fill_(1)
                norm.bias.copy_(torch.from_numpy(made[bias].copy()))
            else:
                part.bias.copy_(torch.from_numpy(made[bias].copy()))
        net.context.weight.copy_(torch.from_numpy(made["context.weight"].copy()))
        net.context.bias.copy_(torch.from_numpy(made["context.bias"].copy()))
