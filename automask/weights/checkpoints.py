"""A net of transformers from its folder: only safetensors, and every tensor from the file."""

import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from automask.errors import AutomaskError, ConfigError, WeightsMissing
from automask.weights.device import quiet_models


def config_of(folder: Path) -> dict[str, Any]:
    """The content of a checkpoint's `config.json`.

    Raises:
        ConfigError: There is no such file, or it names no kind of model.
    """
    try:
        config: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        _ = config["model_type"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"{folder} is not a checkpoint in transformers' layout: it has no config.json that names a model_type",
            hint="point model at the folder that holds it",
        ) from error
    return config


def load_net(kind: Any, folder: Path, *, name: str, failure: Callable[..., AutomaskError]) -> Any:
    """The net of a checkpoint, on the CPU, in float32 and in evaluation mode.

    Args:
        kind: A class of transformers with `from_pretrained`.
        folder: Where the checkpoint is.
        name: What an error calls the net, such as "CLIPSeg".
        failure: The error of the stage that it is for.

    Raises:
        WeightsMissing: There are no weights in safetensors format.
        ImportError: The class needs a package that is not installed.
        AutomaskError: The `failure`, where the file lacks tensors. transformers would fill them with random numbers,
            and only log that.
    """
    import torch

    with quiet_models():
        try:
            net, loaded = kind.from_pretrained(
                folder, local_files_only=True, use_safetensors=True, output_loading_info=True, dtype=torch.float32
            )
        except OSError as error:
            raise WeightsMissing(
                f"the weights in {folder} are not complete: {str(error).strip().splitlines()[0]}",
                hint="fetch them again; only safetensors are read",
            ) from error
    # Old versions stored position_ids in the file, which are just 0, 1, 2 ...
    missing = sorted(key for key in loaded["missing_keys"] if not key.endswith("position_ids"))
    if missing:
        raise failure(
            f"the weights at {folder} lack {len(missing)} of {name}'s tensors ({missing[0]}, ...)",
            hint="point model at a complete copy",
        )
    return net.requires_grad_(False).eval()


def load_processor(kind: Any, folder: Path, **settings: Any) -> Any:
    """A processor or tokenizer of a checkpoint.

    Raises:
        WeightsMissing: Its files are missing.
    """
    with quiet_models(), contextlib.suppress(OSError):
        return kind.from_pretrained(folder, local_files_only=True, **settings)
    raise WeightsMissing(
        f"{folder} lacks the files of its {kind.__name__}", hint="fetch the weights again, or complete the copy"
    )
