"""Repainting by a diffusion model: Stable Diffusion inpainting, its XL sibling, or FLUX Fill.

The checkpoint says which of them it is (`model_index.json`); the classes are those of diffusers, and the result equals
a direct call of theirs.
"""

import inspect
import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from automask.errors import ConfigError, CropRefused, EditorError, WeightsMissing
from automask.images import to_uint8
from automask.types import Hard, Rgb
from automask.weights import locate, models_extra, place, quiet_models


class Diffusion:
    """An editor that repaints the masked part of a crop with a text-to-image model.

    Args:
        model: A name of the weights' catalogue, or a path to a folder in diffusers' layout.
        device: `auto`, `cpu`, `cuda`, ...
        dtype: `auto` (on CUDA float16, for FLUX bfloat16; float32 elsewhere), `float32`, `float16` or `bfloat16`.
        prompt_template: The sentence that an edit's prompt is put into at `{}`.
        negative: What not to paint; empty for nothing. Refused with a model that takes none (FLUX Fill).
        steps: Denoising steps.
        guidance: How closely the words are followed; FLUX Fill wants some 30.
        strength: 1 paints anew; less keeps something of what was there, and takes that share of the steps.
        safety_checker: Whether the checker that a checkpoint brings is used. A flagged crop is refused, never returned.
            A checkpoint without one (SDXL, FLUX) has nothing to use.
        ideal_px: The short side that the model was trained at.
        multiple_px: Crops come with sides that are multiples of this; 8 for Stable Diffusion, 16 for FLUX.

    Attributes:
        device_note: One sentence: where it runs, in what number format, and why.

    Raises:
        WeightsMissing: The weights are not on this machine; nothing is downloaded.
        ExtraMissing: torch, transformers or diffusers is not installed.
        ConfigError: A model that does not inpaint, or a setting that the model has no use for.
    """

    def __init__(
        self,
        *,
        model: str = "sd15-inpaint",
        device: str = "auto",
        dtype: str = "auto",
        prompt_template: str = "{}",
        negative: str = "",
        steps: int = 30,
        guidance: float = 7.5,
        strength: float = 1.0,
        safety_checker: bool = True,
        ideal_px: int = 512,
        multiple_px: int = 8,
    ) -> None:
        if "{}" not in prompt_template:
            raise ConfigError(
                f"editor.prompt_template={prompt_template!r} has no {{}} where the prompt goes",
                mend="write 'a photo of {}', or '{}' for the prompt alone",
            )
        with models_extra("Diffusion"):
            import diffusers
            import torch
            import transformers  # noqa: F401 - diffusers offers stand-ins without it, which fail late
        self._torch = torch
        folder = locate(model)
        index = _index(folder)
        name = str(index["_class_name"])
        engine = getattr(diffusers, name, None)
        if engine is None or "mask_image" not in inspect.signature(engine.__call__).parameters:
            raise ConfigError(
                f"{folder} declares a {name}, which does not inpaint",
                mend="use a checkpoint made for inpainting, such as sd15-inpaint",
            )
        chosen = place(device, dtype, what=name, gpu_dtype="bfloat16" if "transformer" in index else "float16")
        self.device_note = chosen.note
        # diffusers 0.42 renamed the argument; versions before that ignore the new name.
        renamed = tuple(int(part) for part in diffusers.__version__.split(".")[:2]) >= (0, 42)
        settings: dict[str, Any] = {"dtype" if renamed else "torch_dtype": chosen.dtype}
        if "safety_checker" in index and not safety_checker:
            settings |= {"safety_checker": None, "requires_safety_checker": False}
        with quiet_models():
            try:
                pipe = engine.from_pretrained(
                    folder,
                    local_files_only=True,
                    use_safetensors=True,
                    variant=_variant(folder),
                    **settings,
                )
            except OSError as error:
                raise WeightsMissing(
                    f"the weights in {folder} are not complete: {str(error).strip().splitlines()[0]}",
                    mend="fetch them again; only safetensors are read",
                ) from error
        self._pipe = pipe.to(chosen.device)
        self._pipe.set_progress_bar_config(disable=True)
        self._name = name
        self._takes = frozenset(inspect.signature(engine.__call__).parameters)
        self._template = prompt_template
        self._defaults = (negative, steps, guidance, strength)
        # FLUX packs latents two by two on top of what the VAE shrinks.
        grain = self._pipe.vae_scale_factor * (2 if "transformer" in index else 1)
        if multiple_px < 1 or multiple_px % grain:
            raise ConfigError(
                f"editor.multiple_px={multiple_px}: {name} works in steps of {grain} px", mend=f"use {grain}"
            )
        self.multiple_px = multiple_px
        self.ideal_px = ideal_px
        self._arguments(None, None, None, None, failure=ConfigError)

    def paint(
        self,
        crop: Rgb,
        hard: Hard,
        prompt: str,
        *,
        seed: int,
        strength: float | None = None,
        negative: str | None = None,
        steps: int | None = None,
        guidance: float | None = None,
    ) -> Rgb:
        """The crop with its masked part repainted; the unmasked part comes back changed by the model's own round trip.

        Args:
            crop: [h, w, 3] uint8 RGB, both sides multiples of `multiple_px`.
            hard: [h, w] bool, True is repainted.
            prompt: What it becomes; put into the template.
            seed: Of the one random generator, which lives on the CPU whatever the device.
            strength: In place of the editor's own, as are the next three.
            negative: What not to paint.
            steps: Denoising steps.
            guidance: How closely the words are followed.

        Returns:
            [h, w, 3] uint8.

        Raises:
            CropRefused: The safety checker flagged the result, which is thrown away.
            EditorError: An option that the model has no use for, a crop of the wrong size, or a result that is no
                picture.
        """
        height, width = hard.shape
        if height % self.multiple_px or width % self.multiple_px:
            raise EditorError(
                f"a crop of {width} x {height} px: {self._name} takes multiples of {self.multiple_px}",
                mend="make the crop larger, or set editor.multiple_px",
            )
        arguments = self._arguments(strength, negative, steps, guidance, failure=EditorError)
        sentence = self._template.replace("{}", prompt)
        for text in (sentence, arguments.get("negative_prompt", "")):
            self._check_length(text)
        with quiet_models():
            made = self._pipe(
                prompt=sentence,
                image=Image.fromarray(crop),
                mask_image=Image.fromarray(hard.astype(np.uint8) * 255),
                height=height,
                width=width,
                generator=self._torch.Generator("cpu").manual_seed(seed),
                output_type="np",
                **arguments,
            )
        if any(getattr(made, "nsfw_content_detected", None) or ()):
            raise CropRefused(
                f"the safety checker of {self._name} flagged what was painted for {prompt!r} (seed {seed})",
                mend="try another seed or wording; editor.safety_checker=false turns the checker off",
            )
        picture = made.images[0]
        if not np.isfinite(picture).all():
            raise EditorError(
                f"{self._name} painted values that are no numbers (seed {seed})",
                mend="half precision overflows on some devices: set editor.dtype=float32",
            )
        return to_uint8(picture)

    def _check_length(self, text: str) -> None:
        """The pipelines cut a long text off and only log it."""
        # FLUX reads the words with T5 and only their gist with CLIP; the others have CLIP alone, which reads 77 tokens.
        tokenizer = getattr(self._pipe, "tokenizer_2", None) or self._pipe.tokenizer
        length = len(tokenizer(text).input_ids)
        if length > tokenizer.model_max_length:
            raise EditorError(
                f"{text[:40]!r}... is {length} tokens long, {self._name} reads {tokenizer.model_max_length}",
                mend="say it in fewer words",
            )

    def _arguments(
        self,
        strength: float | None,
        negative: str | None,
        steps: int | None,
        guidance: float | None,
        *,
        failure: type[ConfigError] | type[EditorError],
    ) -> dict[str, Any]:
        """The call's settings, where an option of the edit goes before the editor's own."""
        own_negative, own_steps, own_guidance, own_strength = self._defaults
        strength = own_strength if strength is None else strength
        negative = own_negative if negative is None else negative
        steps = own_steps if steps is None else steps
        guidance = own_guidance if guidance is None else guidance
        if not 0 < strength <= 1:
            raise failure(f"strength={strength} is out of range", mend="give a number above 0, up to 1")
        if int(steps * strength) < 1:
            raise failure(f"steps={steps} at strength={strength} leave nothing to do", mend="give more steps")
        arguments: dict[str, Any] = {"num_inference_steps": steps, "guidance_scale": guidance}
        if "strength" in self._takes:
            arguments["strength"] = strength
        elif strength != 1:
            raise failure(f"strength={strength}: {self._name} always paints anew", mend="leave strength at 1")
        if negative and "negative_prompt" not in self._takes:
            raise failure(f"negative={negative!r}: {self._name} takes no negative prompt", mend="leave negative empty")
        if negative and guidance <= 1:
            raise failure(
                f"negative={negative!r} has no effect at guidance={guidance}",
                mend="raise guidance above 1, or leave it empty",
            )
        if negative:
            arguments["negative_prompt"] = negative
        return arguments


def _index(folder: Path) -> dict[str, Any]:
    try:
        index: dict[str, Any] = json.loads((folder / "model_index.json").read_text(encoding="utf-8"))
        _ = index["_class_name"]
    except (OSError, ValueError, KeyError) as error:
        raise ConfigError(
            f"{folder} is not a checkpoint in diffusers' layout: it has no model_index.json that names a class",
            mend="point model at the folder that holds it",
        ) from error
    return index


def _variant(folder: Path) -> str | None:
    """`fp16` where a part's weights are there in that variant only."""
    parts = {file.parent for file in folder.glob("*/*.fp16.safetensors")}
    bare = {file.parent for file in folder.glob("*/*.safetensors") if not file.name.endswith(".fp16.safetensors")}
    return "fp16" if parts - bare else None
