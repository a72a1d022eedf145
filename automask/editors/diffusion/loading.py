"""From a folder in diffusers' layout to a pipeline that inpaints."""

import inspect
import json
from pathlib import Path
from typing import Any

from automask.errors import ConfigError, WeightsMissing
from automask.weights import quiet_models


def index_of(folder: Path) -> dict[str, Any]:
    """What `model_index.json` says: the pipeline's class and those of its parts.

    Raises:
        ConfigError: There is none, or it names no class.
    """
    try:
        index: dict[str, Any] = json.loads((folder / "model_index.json").read_text(encoding="utf-8"))
        _ = index["_class_name"]
    except (OSError, ValueError, KeyError) as error:
        raise ConfigError(
            f"{folder} is not a checkpoint in diffusers' layout: it has no model_index.json that names a class",
            mend="point model at the folder that holds it",
        ) from error
    return index


def load_pipeline(folder: Path, index: dict[str, Any], *, dtype: Any, safety_checker: bool) -> Any:
    """The pipeline that a checkpoint declares, on the CPU.

    Args:
        folder: Where the weights are.
        index: See `index_of`.
        dtype: A torch.dtype.
        safety_checker: False leaves out the checker that the checkpoint brings.

    Raises:
        ConfigError: It does not inpaint.
        WeightsMissing: A part is missing, or is there in another format than safetensors.
    """
    import diffusers

    name = str(index["_class_name"])
    engine = getattr(diffusers, name, None)
    if engine is None or "mask_image" not in inspect.signature(engine.__call__).parameters:
        raise ConfigError(
            f"{folder} declares a {name}, which does not inpaint",
            mend="use a checkpoint made for inpainting, such as sd15-inpaint",
        )
    settings: dict[str, Any] = {dtype_name(): dtype}
    if "safety_checker" in index and not safety_checker:
        settings |= {"safety_checker": None, "requires_safety_checker": False}
    with quiet_models():
        try:
            pipe = engine.from_pretrained(
                folder, local_files_only=True, use_safetensors=True, variant=_variant(folder), **settings
            )
        except OSError as error:
            raise incomplete(folder, error) from error
    pipe.set_progress_bar_config(disable=True)
    return pipe


def dtype_name() -> str:
    """How `from_pretrained` calls the number format: diffusers 0.42 renamed it, and versions before ignore the new."""
    import diffusers

    return "dtype" if tuple(int(part) for part in diffusers.__version__.split(".")[:2]) >= (0, 42) else "torch_dtype"


def incomplete(folder: Path, error: Exception) -> WeightsMissing:
    """The error for weights that are there in part."""
    return WeightsMissing(
        f"the weights in {folder} are not complete: {str(error).strip().splitlines()[0]}",
        mend="fetch them again; only safetensors are read",
    )


def _variant(folder: Path) -> str | None:
    """`fp16` where a part's weights are there in that variant only."""
    parts = {file.parent for file in folder.glob("*/*.fp16.safetensors")}
    bare = {file.parent for file in folder.glob("*/*.safetensors") if not file.name.endswith(".fp16.safetensors")}
    return "fp16" if parts - bare else None
