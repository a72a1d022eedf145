"""From a trained net to the file in the package."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from train_surfaces.net import Surfaces


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
