"""The two ONNX files of the refiner: one for the photo, one for its phrases; weights as float16."""

# mypy: allow-subclassing-any

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from train_starter.export import fold_norms, shrink

from train_refiner.net import WIDTHS, Outline

NAMES = ("stride2", "stride4", "stride8", "stride16")


def trained(weights: Path) -> Outline:
    """The net of saved weights, every batch norm folded into its convolution."""
    net = Outline()
    state = net.state_dict()
    state.update({name: value.float() for name, value in load_file(weights).items()})
    net.load_state_dict(state)
    fold_norms(net.eval())
    return net


class _Probability(nn.Module):
    def __init__(self, net: Outline) -> None:
        super().__init__()
        self.decoder = net.decoder

    def forward(self, f2: Tensor, f4: Tensor, f8: Tensor, f16: Tensor, hints: Tensor) -> Tensor:
        return torch.sigmoid(self.decoder(f2, f4, f8, f16, hints))


def export(net: Outline, folder: Path, note: dict[str, str]) -> None:
    """Write `outline_photo.onnx` ([1, 3, H, W] in 0..1 -> features) and `outline_phrase.onnx` (-> probability)."""
    photo = torch.zeros(1, 3, 128, 160)
    sides = {0: "one", 2: "height", 3: "width"}
    torch.onnx.export(
        net.encoder,
        (photo,),
        str(folder / "outline_photo.onnx"),
        input_names=["photo"],
        output_names=list(NAMES),
        dynamic_axes={"photo": {2: "height", 3: "width"}}
        | {name: {2: f"height_{name}", 3: f"width_{name}"} for name in NAMES},
        opset_version=17,
        dynamo=False,
    )
    features = tuple(
        torch.zeros(1, width, 128 // stride, 160 // stride) for width, stride in zip(WIDTHS, (2, 4, 8, 16), strict=True)
    )
    torch.onnx.export(
        _Probability(net).eval(),
        (*features, torch.zeros(2, 3, 32, 40)),
        str(folder / "outline_phrase.onnx"),
        input_names=[*NAMES, "hints"],
        output_names=["probability"],
        dynamic_axes={name: {2: f"height_{name}", 3: f"width_{name}"} for name in NAMES}
        | {"hints": {0: "phrases", 2: "height4", 3: "width4"}, "probability": sides | {0: "phrases"}},
        opset_version=17,
        dynamo=False,
    )
    for name in ("outline_photo.onnx", "outline_phrase.onnx"):
        shrink(folder / name, note)
