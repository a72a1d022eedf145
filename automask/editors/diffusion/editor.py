"""The diffusion editor: crops, masks and words in, repainted crops out."""

import inspect
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from PIL import Image

from automask.editors.diffusion.embeddings import WordEmbeddings, likeness, together
from automask.editors.diffusion.fitting import BatchRunner
from automask.editors.diffusion.latents import encoding_once, generators, grown, in_pixels, kept_latents, latent_freedom
from automask.editors.diffusion.latents import spill_px as spill_of
from automask.editors.diffusion.loading import Scheduler, Spacing, index_of, load_pipeline
from automask.editors.diffusion.structure import Control, structure_finder
from automask.editors.diffusion.swatch import adapter_arguments, files_named, picture_of, swatch_in
from automask.errors import ConfigError, CropRefused, EditorError, UnknownPrompt
from automask.images import to_uint8
from automask.types import Hard, Rgb
from automask.weights import choose_device, locate, quiet_models, requires_models_extra


class Diffusion:
    """An editor that repaints the masked part of a crop with a text-to-image model.

    Args:
        model: A name of the weights' catalogue, or a path to a folder in diffusers' layout.
        device: `auto`, `cpu`, `cuda`, ...
        dtype: `auto` (on CUDA float16, for FLUX and Qwen-Image bfloat16; float32 elsewhere), `float32`, `float16` or
            `bfloat16`.
        prompt_template: The sentence that an edit's prompt is put into at `{}`.
        negative: What not to paint; empty for nothing. Refused with a model that takes none (FLUX Fill).
        steps: Denoising steps.
        guidance: How closely the words are followed; FLUX Fill wants some 30.
        strength: 1 paints anew; less keeps something of what was there, and takes that share of the steps.
        safety_checker: Whether the checker that a checkpoint brings is used. A flagged crop is refused, never returned.
            A checkpoint without one (SDXL, FLUX, Qwen-Image) has nothing to use.
        ideal_px: The short side that the model was trained at.
        multiple_px: Crops come with sides that are multiples of this. Larger than the model needs (8 for Stable
            Diffusion, 16 for FLUX and Qwen-Image), so that few sizes exist: crops of one size are painted together.
        context_frac: A crop shows at least this share of the mask's longer side around it; read by the chain.
        keep_latents: Whether latents outside the mask are put back after every step (see `latents`); if not, the
            result equals a direct call of diffusers.
        grow_px: The model may change this much more than the mask, in crop pixels; what it makes there joins what is
            inside to what is kept, and is not pasted.
        batch: How many crops go through the net at a time at most; `auto`: what fits on a GPU, 1 on the CPU, which
            gains nothing by more. What turns out not to fit is halved, and remembered.
        vram_gb: How much of the GPU's memory to use, in 2**30 bytes; None for what is free when the model is loaded.
            Where the model does not fit, parts that are not at work wait in main memory.
        compile: Compiles the denoising net by torch.compile: the first crop of each size then takes a minute or more.
        scheduler: A scheduler of diffusers in place of the checkpoint's own; None for that.
        spacing: How its steps are spread over the noise levels; None for as the checkpoint has it.
        lora: A LoRA that is added to the weights, as those that make do with few steps: a name of the catalogue or a
            `.safetensors` file.
        control: Structure of the old surface that the new one keeps, for Stable Diffusion 1.5: its edges (`canny`) or
            its depth.
        control_model: The ControlNet for it: a name of the catalogue, or a folder.
        control_scale: How strictly the structure is kept, 0..2.
        depth_model: What finds the depth: a name of the catalogue, or a folder in transformers' layout.
        ip_adapter: An IP-Adapter, which shows the model a picture (`swatch:oak.jpg`): a name of the catalogue, or a
            folder. None refuses such words.
        ip_scale: How much such a picture counts beside the words, 0..1.

    Attributes:
        device_note: One sentence: where it runs, in what number format, and why.
        spill_px: How many crop pixels beyond a hard mask may come back repainted, at most.

        keeps_surroundings: What comes back outside the mask is meant to be the photo: the chain takes its colours for a
            measure of the model's error.

    Raises:
        WeightsMissing: The weights are not on this machine; nothing is downloaded.
        ExtraMissing: torch, transformers or diffusers is not installed.
        ConfigError: A model that does not inpaint, or a setting that the model has no use for.
    """

    keeps_surroundings = True
    generative = True  # what a result discloses about itself
    exclusive = True  # torch uses all cores, or the GPU

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
        multiple_px: int = 64,
        context_frac: float = 0.15,
        keep_latents: bool = True,
        grow_px: int = 8,
        batch: int | Literal["auto"] = "auto",
        vram_gb: float | None = None,
        compile: bool = False,
        scheduler: Scheduler | None = None,
        spacing: Spacing | None = None,
        lora: str | None = None,
        control: Control = "none",
        control_model: str | None = None,
        control_scale: float = 1.0,
        depth_model: str | None = None,
        ip_adapter: str | None = None,
        ip_scale: float = 0.6,
    ) -> None:
        _check_values(prompt_template, grow_px, context_frac, batch, vram_gb, ip_scale)
        _check_control(control, control_model, control_scale, depth_model)
        with requires_models_extra("Diffusion"):
            import diffusers  # noqa: F401
            import torch  # noqa: F401
            import transformers  # noqa: F401 - diffusers offers stand-ins without it, which fail late
        folder = locate(model)
        index = index_of(folder)
        is_transformer = "transformer" in index
        chosen = choose_device(
            device, dtype, what=str(index["_class_name"]), gpu_dtype="bfloat16" if is_transformer else "float16"
        )
        self.device_note = chosen.note
        self._pipe = load_pipeline(
            folder,
            index,
            dtype=chosen.dtype,
            safety_checker=safety_checker,
            control_model=control_model,
            scheduler=scheduler,
            spacing=spacing,
            lora=lora,
            ip_adapter=ip_adapter,
        )
        self._name = type(self._pipe).__name__
        self._takes = frozenset(inspect.signature(self._pipe.__call__).parameters)
        self._cell_px = int(self._pipe.vae_scale_factor)
        # FLUX and Qwen-Image pack latents two by two on top of what the VAE shrinks.
        grain = self._cell_px * (2 if is_transformer else 1)
        if multiple_px < 1 or multiple_px % grain:
            raise ConfigError(
                f"editor.multiple_px={multiple_px}: {self._name} works in steps of {grain} px", hint=f"use {grain}"
            )
        self._template = prompt_template
        self._defaults = (negative, steps, guidance, strength)
        self._arguments(None, None, None, None, failure=ConfigError)
        self._keep_latents = keep_latents
        self._grow_px = grow_px
        self._control_scale = control_scale
        self._ip_scale = None if ip_adapter is None else ip_scale
        self.multiple_px = multiple_px
        self.ideal_px = ideal_px
        self.context_frac = context_frac
        self.spill_px = spill_of(grow_px, self._cell_px)
        self._fitting = BatchRunner(
            self._pipe, device=chosen.device, dtype=chosen.dtype, vram_gb=vram_gb, batch=batch, ideal_px=ideal_px
        )
        _hasten(self._pipe, on_cuda=chosen.device.type == "cuda", compiled=compile)
        self._words = WordEmbeddings(self._pipe)
        self._structure_of = structure_finder(control, depth_model, device=chosen.device, dtype=chosen.dtype)

    reads = staticmethod(files_named)  # a batch redoes photos when one of these changes

    def check(
        self,
        prompt: str,
        *,
        strength: float | None = None,
        negative: str | None = None,
        steps: int | None = None,
        guidance: float | None = None,
    ) -> None:
        """Refuses words and options that `paint` would refuse, before anything is masked or painted.

        Args:
            prompt, strength, negative, steps, guidance: See `paint`.

        Raises:
            EditorError: Words too long for the model, an option that it has no use for, or a picture that cannot be
                opened.
            UnknownPrompt: A picture, and there is no `ip_adapter` to show it to the model.
        """
        self._arguments(strength, negative, steps, guidance, failure=EditorError)
        swatch = swatch_in(prompt)
        if swatch is not None and self._ip_scale is None:
            raise UnknownPrompt(
                f"{self._name} cannot look at the picture in {prompt!r}: it has no IP-Adapter",
                hint="use editor=sd15-swatch (editor.ip_adapter), or editor=paint",
            )
        if swatch is not None:
            picture_of(swatch[1])
        for text in (self._sentence(prompt), self._defaults[0] if negative is None else negative):
            self._words.check(text)

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
        """The crop with its masked part repainted; what is further than `spill_px` from it comes back as the photo.

        As the photo, that is, after one round trip through the VAE: a pixel there may change by some levels.

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
        options = {"strength": strength, "negative": negative, "steps": steps, "guidance": guidance}
        (painted,) = self.paint_many([{"crop": crop, "hard": hard, "prompt": prompt, "seed": seed, **options}])
        if isinstance(painted, CropRefused):
            raise painted
        return painted

    def paint_many(self, jobs: Sequence[Mapping[str, Any]]) -> list[Rgb | CropRefused]:
        """What `paint` gives for each job, in order; in place of a picture the refusal of a flagged crop.

        Crops of one size and with the same steps, strength and guidance go through the net together. A crop's noise is
        its own seed's alone, so that its neighbours do not matter: in float32 on the CPU a pixel differs by one level
        at most.

        Args:
            jobs: Arguments of `paint` by name; crops of any photos and edits.

        Raises:
            EditorError: As `paint`, for the first such job.
        """
        asked = [self._asked(**job) for job in jobs]
        groups: dict[Any, list[int]] = {}
        for at, one in enumerate(asked):
            groups.setdefault(one.alike, []).append(at)
        painted: dict[int, Rgb | CropRefused] = {}
        for members in groups.values():
            alike = [asked[at] for at in members]
            painted |= zip(members, self._fitting.run(self._painted, alike, alike[0].hard.shape), strict=True)
        return [painted[at] for at in range(len(asked))]

    def _asked(
        self,
        crop: Rgb,
        hard: Hard,
        prompt: str,
        seed: int,
        strength: float | None = None,
        negative: str | None = None,
        steps: int | None = None,
        guidance: float | None = None,
    ) -> "_Asked":
        height, width = hard.shape
        if height % self.multiple_px or width % self.multiple_px:
            raise EditorError(
                f"a crop of {width} x {height} px: {self._name} takes multiples of {self.multiple_px}",
                hint="make the crop larger, or set editor.multiple_px",
            )
        self.check(prompt, strength=strength, negative=negative, steps=steps, guidance=guidance)
        arguments = self._arguments(strength, negative, steps, guidance, failure=EditorError)
        swatch = swatch_in(prompt)
        path = None if swatch is None else swatch[1]
        return _Asked(crop, hard, prompt, seed, arguments, self._embeddings(prompt, negative, guidance), path)

    def _embeddings(self, prompt: str, negative: str | None, guidance: float | None) -> Mapping[str, Any]:
        own_negative, _, own_guidance, _ = self._defaults
        guided = (own_guidance if guidance is None else guidance) > 1
        with quiet_models():
            return self._words.embeddings(
                self._sentence(prompt), own_negative if negative is None else negative, guided=guided
            )

    def _sentence(self, prompt: str) -> str:
        swatch = swatch_in(prompt)
        # A picture wants some words beside it: the net was never trained without.
        words = prompt if swatch is None else swatch[0] or "this material"
        return self._template.replace("{}", words)

    def _painted(self, asked: Sequence["_Asked"]) -> Iterable[Rgb | CropRefused]:
        """One call of the pipeline: alike jobs, as many as fit."""
        height, width = asked[0].hard.shape
        pictures = [Image.fromarray(one.crop) for one in asked]
        free = [latent_freedom(one.hard, grow_px=self._grow_px, cell_px=self._cell_px) for one in asked]
        if self._keep_latents:
            # Whole latents: the pipelines look at one pixel of each latent's 64, and a thin mask would slip through.
            hards = [in_pixels(one, cell_px=self._cell_px) for one in free]
        else:
            hards = [grown(one.hard, grow_px=self._grow_px) for one in asked]
        masks = [Image.fromarray(hard.astype(np.uint8) * 255) for hard in hards]
        embeddings = together([one.embeddings for one in asked])
        arguments = {**asked[0].arguments, **embeddings, "image": pictures, "mask_image": masks}
        seeds = [one.seed for one in asked]
        if self._structure_of is not None:
            arguments["control_image"] = [Image.fromarray(self._structure_of(one.crop)) for one in asked]
            arguments["controlnet_conditioning_scale"] = self._control_scale
        if self._ip_scale is not None:
            arguments |= adapter_arguments(
                self._pipe, asked[0].swatch, scale=self._ip_scale, guided=asked[0].arguments["guidance_scale"] > 1
            )

        def call(**kept: Any) -> Any:
            return self._pipe(
                height=height, width=width, generator=generators(seeds), output_type="np", **arguments, **kept
            )

        with quiet_models():
            if not self._keep_latents:
                made = call()
            else:
                with encoding_once(self._pipe.vae):
                    dtype = embeddings["prompt_embeds"].dtype
                    keep = kept_latents(self._pipe, pictures, masks, free, seeds=seeds, dtype=dtype)
                    made = call(callback_on_step_end=keep)
        flags = getattr(made, "nsfw_content_detected", None) or [False] * len(asked)
        return [self._result(*each) for each in zip(asked, made.images, flags, strict=True)]

    def _result(self, one: "_Asked", picture: Any, flagged: bool) -> Rgb | CropRefused:
        if flagged:
            return CropRefused(
                f"the safety checker of {self._name} flagged what was painted for {one.prompt!r} (seed {one.seed})",
                hint="try another seed or wording; editor.safety_checker=false turns the checker off",
            )
        if not np.isfinite(picture).all():
            raise EditorError(
                f"{self._name} painted values that are no numbers (seed {one.seed})",
                hint="half precision overflows on some devices: set editor.dtype=float32",
            )
        return to_uint8(picture)

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
            raise failure(f"strength={strength} is out of range", hint="give a number above 0, up to 1")
        if int(steps * strength) < 1:
            raise failure(f"steps={steps} at strength={strength} leave nothing to do", hint="give more steps")
        scale = "true_cfg_scale" if "true_cfg_scale" in self._takes else "guidance_scale"
        arguments: dict[str, Any] = {"num_inference_steps": steps, scale: guidance}
        if "strength" in self._takes:
            arguments["strength"] = strength
        elif strength != 1:
            raise failure(f"strength={strength}: {self._name} always paints anew", hint="leave strength at 1")
        if negative and "negative_prompt" not in self._takes:
            raise failure(f"negative={negative!r}: {self._name} takes no negative prompt", hint="leave negative empty")
        if negative and guidance <= 1:
            raise failure(
                f"negative={negative!r} has no effect at guidance={guidance}",
                hint="raise guidance above 1, or leave it empty",
            )
        return arguments


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """One job, its options settled and its words read."""

    crop: Rgb
    hard: Hard
    prompt: str
    seed: int
    arguments: Mapping[str, Any]
    embeddings: Mapping[str, Any]
    swatch: str | None

    @property
    def alike(self) -> Any:
        """Jobs of which this is equal may go through the net together."""
        return self.hard.shape, tuple(self.arguments.items()), likeness(self.embeddings), self.swatch


def _check_values(
    prompt_template: str,
    grow_px: int,
    context_frac: float,
    batch: int | Literal["auto"],
    vram_gb: float | None,
    ip_scale: float,
) -> None:
    if "{}" not in prompt_template:
        raise ConfigError(
            f"editor.prompt_template={prompt_template!r} has no {{}} where the prompt goes",
            hint="write 'a photo of {}', or '{}' for the prompt alone",
        )
    if grow_px < 0:
        raise ConfigError(f"editor.grow_px={grow_px} would make masks smaller", hint="give 0 or more")
    if not 0 <= context_frac <= 4:
        raise ConfigError(f"editor.context_frac={context_frac} is out of range", hint="give a number from 0 to 4")
    if batch != "auto" and batch < 1:
        raise ConfigError(f"editor.batch={batch} paints nothing", hint="give auto, or a whole number from 1")
    if vram_gb is not None and vram_gb <= 0:
        raise ConfigError(f"editor.vram_gb={vram_gb} is no memory", hint="give a number above 0, or null")
    if not 0 <= ip_scale <= 1:
        raise ConfigError(f"editor.ip_scale={ip_scale} is out of range", hint="give a number from 0 to 1")


def _check_control(control: Control, control_model: str | None, control_scale: float, depth_model: str | None) -> None:
    """Refuses settings of structure that lack another, or are without effect."""
    if (control != "none") != (control_model is not None):
        raise ConfigError(
            f"editor.control={control} with control_model={control_model}",
            hint="give both, as editor=sd15-canny does, or none and null",
        )
    if (control == "depth") != (depth_model is not None):
        raise ConfigError(
            f"editor.control={control} with depth_model={depth_model}", hint="a depth_model goes with control=depth"
        )
    if not 0 <= control_scale <= 2:
        raise ConfigError(f"editor.control_scale={control_scale} is out of range", hint="give a number from 0 to 2")


def _hasten(pipe: Any, *, on_cuda: bool, compiled: bool) -> None:
    """Settings that change speed and not the result.

    Attention needs none: diffusers' default processor is PyTorch's scaled_dot_product_attention, which picks a fused
    kernel where there is one.
    """
    import torch

    net = pipe.unet if hasattr(pipe, "unet") else pipe.transformer
    if on_cuda:
        # Convolutions in half precision are faster with channels last; a transformer has none worth it.
        for part in (pipe.vae, *([pipe.unet] if hasattr(pipe, "unet") else [])):
            part.to(memory_format=torch.channels_last)
    if compiled:
        # In place, so that saving, hooks and offloading still see the module. Not "max-autotune": that tries kernels
        # for many minutes at every new size. Not dynamic: shapes are few (multiple_px), and fixed ones are faster.
        net.compile(dynamic=False)
