"""The net of the outline refiner: a photo encoded once, and for each phrase a light pass from rough heat to its object.

The split is that of SAM's encoder and prompt decoder (Kirillov et al., "Segment Anything", 2023); the decoder here is
convolutional, and what it knows of the object as a whole are prototypes: the mean features under the heat and around
it, with which every pixel is compared (as in Wang et al., "PANet", ICCV 2019).
"""

# mypy: allow-subclassing-any

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional
from train_starter.net import MEAN, STD, Conv, Lite0, Separable

HINTS = 3  # heat, positive and negative clicks or strokes
WIDTHS = (12, 24, 32, 48)  # of the decoder at strides 2, 4, 8, 16
LEAST_HEAT = 1e-3


class Encoder(nn.Module):
    """[1, 3, H, W] in 0..1, sides in multiples of 16 -> features of `WIDTHS` channels at strides 2, 4, 8, 16."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = Lite0()
        self.backbone.stages = self.backbone.stages[:5]
        f4, f8, f16, _ = Lite0.FEATURES
        self.project = nn.ModuleList(
            Conv(c_in, c_out, act=False) for c_in, c_out in zip((16, f4, f8, f16), WIDTHS, strict=True)
        )

    def forward(self, photo: Tensor) -> tuple[Tensor, ...]:
        x = (photo - MEAN) / STD
        stages = self.backbone.stages
        f2 = stages[0](self.backbone.stem(x))
        f4 = stages[1](f2)
        f8 = stages[2](f4)
        f16 = stages[4](stages[3](f8))
        return tuple(part(f) for part, f in zip(self.project, (f2, f4, f8, f16), strict=True))

    def load_imagenet(self, path: Path) -> None:
        """Take ImageNet's weights of Lite0; those of its last stages are left out."""
        whole = Lite0()
        whole.load_imagenet(path)
        saved = whole.state_dict()
        self.backbone.load_state_dict({k: saved[k] for k in self.backbone.state_dict()})


class Level(nn.Module):
    """One stride of the decoder: features of the photo, hints, likeness to the prototypes, and what came from below."""

    def __init__(self, width: int, below: int, blocks: int) -> None:
        super().__init__()
        self.hints = nn.Conv2d(HINTS + 2, width, 1)
        self.below = Conv(below, width, act=False) if below else None
        self.mix = nn.Sequential(*(Separable(width) for _ in range(blocks)))

    def forward(self, features: Tensor, hints: Tensor, alike: Tensor, below: Tensor | None) -> Tensor:
        x = features + self.hints(torch.cat((hints, alike), 1))
        if self.below is not None and below is not None:
            x = x + functional.interpolate(self.below(below), scale_factor=2.0, mode="bilinear")
        out: Tensor = self.mix(x)
        return out


class Decoder(nn.Module):
    """Features of one photo and hints [N, 3, H/4, W/4] in 0..1 -> logits [N, 1, H/2, W/2]."""

    def __init__(self) -> None:
        super().__init__()
        w2, w4, w8, w16 = WIDTHS
        self.level16 = Level(w16, 0, 4)
        self.level8 = Level(w8, w16, 3)
        self.level4 = Level(w4, w8, 2)
        self.narrow = Conv(w4, w2, act=False)
        self.fine = nn.Sequential(Conv(w2, w2, 3), Conv(w2, w2, 3))
        self.out = nn.Conv2d(w2, 1, 1)
        self.trust = nn.Parameter(torch.tensor(0.5))  # of the heat itself
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, f2: Tensor, f4: Tensor, f8: Tensor, f16: Tensor, hints: Tensor) -> Tensor:
        # Clicks count as certain heat, and as certainly none.
        heat = torch.clamp(hints[:, :1] + hints[:, 1:2] - hints[:, 2:3], 0, 1)
        x16 = self._level(self.level16, f16, hints, heat, 4, None)
        x8 = self._level(self.level8, f8, hints, heat, 2, x16)
        x4 = self._level(self.level4, f4, hints, heat, 1, x8)
        x2 = functional.interpolate(self.narrow(x4), scale_factor=2.0, mode="bilinear") + f2
        logit = torch.log((heat + LEAST_HEAT) / (1 - heat + LEAST_HEAT))
        rough = functional.interpolate(logit, scale_factor=2.0, mode="bilinear")
        out: Tensor = self.out(self.fine(x2)) + self.trust * rough
        return out

    @staticmethod
    def _level(level: Level, f: Tensor, hints: Tensor, heat: Tensor, shrink: int, below: Tensor | None) -> Tensor:
        small = functional.avg_pool2d(hints, shrink) if shrink > 1 else hints
        weight = functional.avg_pool2d(heat, shrink) if shrink > 1 else heat
        f = f.expand(hints.shape[0], -1, -1, -1)
        unit = functional.normalize(f, dim=1, eps=1e-4)
        alike = torch.cat([likeness(unit, share) for share in (weight * weight, (1 - weight) * (1 - weight))], 1)
        result: Tensor = level(f, small, alike, below)
        return result


def likeness(unit: Tensor, weight: Tensor) -> Tensor:
    """[N, 1, h, w]: the cosine between each pixel's features and their mean under a weight."""
    mean = (unit * weight).sum((2, 3), keepdim=True) / (weight.sum((2, 3), keepdim=True) + 1e-3)
    return (unit * functional.normalize(mean, dim=1, eps=1e-4)).sum(1, keepdim=True)


class Outline(nn.Module):
    """Encoder and decoder together, as they are trained."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = Encoder()
        self.decoder = Decoder()

    def forward(self, photo: Tensor, hints: Tensor) -> Tensor:
        """Logits [N, 1, H/2, W/2] of N phrases of one photo [1, 3, H, W]."""
        out: Tensor = self.decoder(*self.encoder(photo), hints)
        return out

    def many(self, photos: Tensor, hints: Sequence[Tensor]) -> list[Tensor]:
        """As `forward` for photos [B, 3, H, W], encoded together, each with hints of its own."""
        features = self.encoder(photos)
        return [self.decoder(*(f[i : i + 1] for f in features), each) for i, each in enumerate(hints)]
