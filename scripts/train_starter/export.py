"""The ONNX file of a trained net: batch norms folded, weights as float16, calibration as metadata."""

# mypy: allow-subclassing-any

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from train_starter.calibrate import Calibration
from train_starter.labels import LEAVES
from train_starter.net import Conv, Starter


def folded(weights: Mapping[str, Tensor]) -> Starter:
    """The net of these weights, with every batch norm folded into its convolution."""
    net = Starter(len(LEAVES))
    net.load_state_dict(weights)
    fold_norms(net.eval())
    return net


def fold_norms(net: nn.Module) -> None:
    """Put every batch norm of `Conv` into its convolution."""
    for part in net.modules():
        if isinstance(part, Conv):
            scale = part.bn.weight / torch.sqrt(part.bn.running_var + part.bn.eps)
            part.conv.bias = nn.Parameter(part.bn.bias - part.bn.running_mean * scale)
            part.conv.weight = nn.Parameter(part.conv.weight * scale[:, None, None, None])
            part.bn = nn.Identity()


def export(net: Starter, calibration: Calibration, path: Path, note: dict[str, str]) -> None:
    """Write the ONNX file: photo in 0..1 in, probabilities of leaves and of their presence out; weights as float16."""

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
    shrink(path, {**note, "presence": json.dumps(calibration.presence)})


def shrink(path: Path, note: dict[str, str]) -> None:
    """Store the weights of an ONNX file as float16, cast back when it is opened, and its notes as metadata."""
    import onnx
    from onnx import helper, numpy_helper

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
