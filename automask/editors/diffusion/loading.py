"""From a folder in diffusers' layout to a pipeline that inpaints, and what can be added to it."""

import inspect
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from automask.errors import ConfigError, WeightsMissing
from automask.weights import locate, quiet_models, requires_models_extra

Scheduler = Literal[
    "DDIMScheduler",
    "DPMSolverMultistepScheduler",
    "EulerAncestralDiscreteScheduler",
    "EulerDiscreteScheduler",
    "LCMScheduler",
    "PNDMScheduler",
    "UniPCMultistepScheduler",
]
"""The schedulers of diffusers with one net call per step, so that each step ends at the next one's noise level."""

Spacing = Literal["leading", "linspace", "trailing"]

_INPAINTS = {
    "Flux2KleinPipeline": "Flux2KleinInpaintPipeline",
    "FluxKontextPipeline": "FluxKontextInpaintPipeline",
}
"""Checkpoints that are no inpainting ones, but whose family has a pipeline that inpaints with them."""

_WITH_CONTROL = {"StableDiffusionInpaintPipeline": "StableDiffusionControlNetInpaintPipeline"}


def index_of(folder: Path) -> dict[str, Any]:
    """The content of `model_index.json`: the classes of the pipeline and of its parts.

    Raises:
        ConfigError: There is no such file, or it names no class.
    """
    try:
        index: dict[str, Any] = json.loads((folder / "model_index.json").read_text(encoding="utf-8"))
        _ = index["_class_name"]
    except (OSError, ValueError, KeyError) as error:
        raise ConfigError(
            f"{folder} is not a checkpoint in diffusers' layout: it has no model_index.json that names a class",
            hint="point model at the folder that holds it",
        ) from error
    return index


def load_pipeline(
    folder: Path,
    index: dict[str, Any],
    *,
    dtype: Any,
    safety_checker: bool,
    control_model: str | None,
    scheduler: Scheduler | None,
    spacing: Spacing | None,
    lora: str | None,
    ip_adapter: str | None,
) -> Any:
    """The pipeline that a checkpoint declares, or its sibling that inpaints or takes a ControlNet; on the CPU.

    Args:
        folder: Where the weights are.
        index: See `index_of`.
        dtype: A torch.dtype.
        safety_checker: False leaves out the checker that the checkpoint brings.
        control_model, scheduler, spacing, lora, ip_adapter: See `Diffusion`.

    Raises:
        ConfigError: It does not inpaint, or does not support one of these.
        WeightsMissing: A part is missing, or is not in safetensors format.
    """
    import diffusers

    name = str(index["_class_name"])
    name = _INPAINTS.get(name, name)
    engine = getattr(diffusers, name, None)
    if engine is None or "mask_image" not in inspect.signature(engine.__call__).parameters:
        raise ConfigError(
            f"{folder} declares a {name}, which does not inpaint",
            hint="use a checkpoint made for inpainting, such as sd15-inpaint",
        )
    settings: dict[str, Any] = {"dtype": dtype}
    if control_model is not None:
        if name not in _WITH_CONTROL:
            raise ConfigError(
                f"editor.control_model={control_model!r}: {name} takes no ControlNet here",
                hint="use a Stable Diffusion 1.5 checkpoint, or set editor.control=none",
            )
        engine = getattr(diffusers, _WITH_CONTROL[name])
        settings["controlnet"] = load_part(diffusers.ControlNetModel, locate(control_model), dtype=dtype)
    if "safety_checker" in index and not safety_checker:
        settings |= {"safety_checker": None, "requires_safety_checker": False}
    pipe = _load(engine, folder, **settings)
    pipe.set_progress_bar_config(disable=True)
    if scheduler is not None or spacing is not None:
        use_scheduler(pipe, scheduler, spacing)
    if lora is not None:
        fuse_lora(pipe, lora)
    if ip_adapter is not None:
        add_ip_adapter(pipe, ip_adapter, dtype=dtype)
    return pipe


def load_part(kind: Any, folder: Path, *, dtype: Any) -> Any:
    """One net of a class of diffusers or transformers, from its own folder, on the CPU.

    Raises:
        WeightsMissing: It is missing or incomplete, or is not in safetensors format.
    """
    return _load(kind, folder, dtype=dtype)


def _load(kind: Any, folder: Path, **settings: Any) -> Any:
    with quiet_models():
        try:
            return kind.from_pretrained(
                folder, local_files_only=True, use_safetensors=True, variant=_variant(folder), **settings
            )
        except OSError as error:
            raise WeightsMissing(
                f"the weights in {folder} are not complete: {str(error).strip().splitlines()[0]}",
                hint="fetch them again; only safetensors are read",
            ) from error


def _variant(folder: Path) -> str | None:
    """`fp16` if a part's weights exist in that variant only."""
    files = [*folder.glob("*.safetensors"), *folder.glob("*/*.safetensors")]
    parts = {file.parent for file in files if file.name.endswith(".fp16.safetensors")}
    return "fp16" if parts - {file.parent for file in files if not file.name.endswith(".fp16.safetensors")} else None


def use_scheduler(pipe: Any, scheduler: Scheduler | None, spacing: Spacing | None) -> None:
    """Gives a pipeline another scheduler, or another spacing of steps.

    Raises:
        ConfigError: The model uses flow matching, which these schedulers do not support.
    """
    import diffusers

    if hasattr(pipe.scheduler, "scale_noise"):
        raise ConfigError(
            f"editor.scheduler={scheduler} (spacing {spacing}): {type(pipe).__name__} has its own kind, flow matching",
            hint="set both to null",
        )
    kind = type(pipe.scheduler) if scheduler is None else getattr(diffusers, scheduler)
    changes = {} if spacing is None else {"timestep_spacing": spacing}
    with quiet_models():
        pipe.scheduler = kind.from_config(pipe.scheduler.config, **changes)


def fuse_lora(pipe: Any, lora: str) -> None:
    """Fuses a LoRA into a pipeline's weights, so that it costs no time.

    Args:
        pipe: On the CPU.
        lora: A name of the catalogue, a `.safetensors` file, or a folder with one.

    Raises:
        ConfigError: It does not fit the model.
        WeightsMissing: It is missing.
        ExtraMissing: peft is not installed.
    """
    with requires_models_extra("a LoRA"):
        import peft  # noqa: F401 - where only this is missing, diffusers raises as for a LoRA that does not fit
    file = _only_file(locate(lora).rglob("*.safetensors"), locate(lora))
    with quiet_models():
        try:
            pipe.load_lora_weights(str(file.parent), weight_name=file.name, use_safetensors=True, local_files_only=True)
            parts = list(pipe.get_list_adapters())
            pipe.fuse_lora(components=parts)
            pipe.unload_lora_weights()
        except (ValueError, RuntimeError, KeyError, AttributeError) as error:
            raise ConfigError(
                f"{file} is not a LoRA for {type(pipe).__name__}: {' '.join(str(error).split())[:120]}",
                hint="use one made for this model, or set editor.lora=null",
            ) from error


def add_ip_adapter(pipe: Any, ip_adapter: str, *, dtype: Any) -> None:
    """Lets a pipeline take a picture in addition to the words.

    Args:
        pipe: On the CPU.
        ip_adapter: A name of the catalogue, or a folder with the adapter's one `.safetensors` file and the folder
            `image_encoder`.

    Raises:
        ConfigError: The model does not support it.
        WeightsMissing: The adapter or its image encoder is missing.
    """
    if "ip_adapter_image" not in inspect.signature(pipe.__call__).parameters or not hasattr(pipe, "image_encoder"):
        raise ConfigError(
            f"editor.ip_adapter={ip_adapter!r}: {type(pipe).__name__} takes no pictures with the words",
            hint="use a Stable Diffusion checkpoint, or set editor.ip_adapter=null",
        )
    from transformers import CLIPVisionModelWithProjection

    folder = locate(ip_adapter)
    file = _only_file((file for file in folder.rglob("*.safetensors") if file.parent.name != "image_encoder"), folder)
    encoder = load_part(CLIPVisionModelWithProjection, file.parent / "image_encoder", dtype=dtype)
    pipe.register_modules(image_encoder=encoder)
    with quiet_models():
        try:
            pipe.load_ip_adapter(str(file.parent), subfolder="", weight_name=file.name, local_files_only=True)
        except (ValueError, RuntimeError, KeyError) as error:
            raise ConfigError(
                f"{file} is not an IP-Adapter for {type(pipe).__name__}: {' '.join(str(error).split())[:120]}",
                hint="use one made for this model",
            ) from error


def _only_file(files: Iterable[Path], place: Path) -> Path:
    """The one safetensors file of a folder, or the file itself."""
    if place.is_file() and place.suffix == ".safetensors":
        return place
    found = sorted(files)
    if len(found) == 1:
        return found[0]
    raise WeightsMissing(
        f"{place} holds {len(found)} files of weights, and needs to hold one"
        if place.is_dir()
        else f"{place} is not a file of weights",
        hint="point at one .safetensors file; no other format is read",
    )
