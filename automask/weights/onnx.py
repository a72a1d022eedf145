"""ONNX Runtime on the CPU, with the settings that the nets in the package share."""

from typing import Any


def cpu_session(model: bytes, *, threads: int) -> Any:
    """An `onnxruntime.InferenceSession` of a model.

    Args:
        model: The content of an `.onnx` file.
        threads: Processor threads for one operator; operators run one after another.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Without the arena the peak falls by the size of the largest activations; the time does not change.
    options.enable_cpu_mem_arena = False
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
