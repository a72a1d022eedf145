"""The diffusion editor: crops, masks and words in, repainted crops out."""

import inspect
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from PIL import Image

from automask.editors.diffusion.latents import encoding_once, generators, grown, in_pixels, kept_latents, released
from automask.editors.diffusion.latents import spill_px as spill_of
from automask.editors.diffusion.loading import index_of, load_pipeline
from automask.editors.diffusion.memory import (
    MemoryPlan,
    Offload,
    budget_of,
    is_out_of_memory,
    plan_memory,
    weights_by_part,
)
from automask.editors.diffusion.words import Words, likeness, together
from automask.errors import AutomaskError, ConfigError, CropRefused, EditorError
from automask.images import to_uint8
from automask.types import Hard, Rgb
from automask.weights import locate, models_extra, place, quiet_models


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
    ) -> None:
        if "{}" not in prompt_template:
            raise ConfigError(
                f"editor.prompt_template={prompt_template!r} has no {{}} where the prompt goes",
                mend="write 'a photo of {}', or '{}' for the prompt alone",
            )
        if grow_px < 0:
            raise ConfigError(f"editor.grow_px={grow_px} would make masks smaller", mend="give 0 or more")
        if not 0 <= context_frac <= 4:
            raise ConfigError(f"editor.context_frac={context_frac} is out of range", mend="give a number from 0 to 4")
        if batch != "auto" and batch < 1:
            raise ConfigError(f"editor.batch={batch} paints nothing", mend="give auto, or a whole number from 1")
        if vram_gb is not None and vram_gb <= 0:
            raise ConfigError(f"editor.vram_gb={vram_gb} is no memory", mend="give a number above 0, or null")
        with models_extra("Diffusion"):
            import diffusers  # noqa: F401
            import torch  # noqa: F401
            import transformers  # noqa: F401 - diffusers offers stand-ins without it, which fail late
        folder = locate(model)
        index = index_of(folder)
        self._name = str(index["_class_name"])
        chosen = place(device, dtype, what=self._name, gpu_dtype="bfloat16" if "transformer" in index else "float16")
        self.device_note = chosen.note
        pipe = load_pipeline(folder, index, dtype=chosen.dtype, safety_checker=safety_checker)
        self._pipe = pipe
        self._device = chosen.device
        self._dtype = chosen.dtype
        self._weights = weights_by_part(pipe)
        self._budget = budget_of(chosen.device, vram_gb)
        self._offload: Offload = "none"
        self._fits: dict[tuple[int, ...], int] = {}
        self._spared: set[tuple[int, ...]] = set()
        plan = self._plan(ideal_px * ideal_px)
        if plan is None or chosen.device.type != "cuda" or plan.offload == "none":
            pipe.to(chosen.device)
        else:
            self._offload_to(plan.offload)
        _hasten(self._pipe, on_cuda=chosen.device.type == "cuda", compiled=compile)
        self._words = Words(self._pipe)
        self._takes = frozenset(inspect.signature(pipe.__call__).parameters)
        self._template = prompt_template
        self._defaults = (negative, steps, guidance, strength)
        self._keep_latents = keep_latents
        self._grow_px = grow_px
        self._cell_px = int(pipe.vae_scale_factor)
        self._batch = None if batch == "auto" else batch
        # FLUX and Qwen-Image pack latents two by two on top of what the VAE shrinks.
        grain = self._cell_px * (2 if "transformer" in index else 1)
        if multiple_px < 1 or multiple_px % grain:
            raise ConfigError(
                f"editor.multiple_px={multiple_px}: {self._name} works in steps of {grain} px", mend=f"use {grain}"
            )
        self.multiple_px = multiple_px
        self.ideal_px = ideal_px
        self.context_frac = context_frac
        self.spill_px = spill_of(grow_px, self._cell_px)
        self._arguments(None, None, None, None, failure=ConfigError)

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
            EditorError: Words too long for the model, or an option that it has no use for.
        """
        self._arguments(strength, negative, steps, guidance, failure=EditorError)
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
            painted |= zip(members, self._painted_as_fits([asked[at] for at in members]), strict=True)
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
                mend="make the crop larger, or set editor.multiple_px",
            )
        self.check(prompt, strength=strength, negative=negative, steps=steps, guidance=guidance)
        arguments = self._arguments(strength, negative, steps, guidance, failure=EditorError)
        return _Asked(crop, hard, prompt, seed, arguments, self._embeddings(prompt, negative, guidance))

    def _embeddings(self, prompt: str, negative: str | None, guidance: float | None) -> Mapping[str, Any]:
        own_negative, _, own_guidance, _ = self._defaults
        guided = (own_guidance if guidance is None else guidance) > 1
        with quiet_models():
            return self._words.embeddings(
                self._sentence(prompt), own_negative if negative is None else negative, guided=guided
            )

    def _sentence(self, prompt: str) -> str:
        return self._template.replace("{}", prompt)

    def _painted_as_fits(self, asked: Sequence["_Asked"]) -> list[Rgb | CropRefused]:
        """Alike jobs, as many at a time as memory takes; what it took is remembered for crops of this size.

        Raises:
            EditorError: Not even one fits.
        """
        size = asked[0].hard.shape
        plan = self._plan(size[0] * size[1])
        limit = self._batch or (1 if plan is None else plan.batch)
        painted: list[Rgb | CropRefused] = []
        while len(painted) < len(asked):
            self._spare(plan, most=size in self._spared)
            now = asked[len(painted) : len(painted) + min(limit, self._fits.get(size, limit))]
            try:
                painted += self._painted(now)
                continue
            except (RuntimeError, MemoryError) as error:
                if isinstance(error, AutomaskError) or not is_out_of_memory(error):
                    raise
            # Outside the handler: its traceback would hold every tensor of the failed call.
            self._recover()
            if len(now) > 1:
                self._fits[size] = len(now) // 2
            elif size not in self._spared:
                self._spared.add(size)
            else:
                raise EditorError(
                    f"a crop of {size[1]} x {size[0]} px does not fit into memory, even alone and in tiles",
                    mend=f"end other programs that use it, or make editor.ideal_px smaller than {self.ideal_px}",
                )
        return painted

    def _plan(self, crop_px: int) -> MemoryPlan | None:
        """How crops of this size fit; None where there is nothing to plan: on the CPU without a budget."""
        return None if self._budget is None else plan_memory(self._budget, self._weights, crop_px, self._name)

    def _spare(self, plan: MemoryPlan | None, *, most: bool) -> None:
        """Runs the VAE as a plan says, or in the most sparing way."""
        vae, sliced, tiled = self._pipe.vae, most or (plan and plan.slice_vae), most or (plan and plan.tile_vae)
        vae.enable_slicing() if sliced else vae.disable_slicing()
        vae.enable_tiling() if tiled else vae.disable_tiling()
        if most and self._offload == "none" and self._device.type == "cuda":
            self._offload_to("model")

    def _offload_to(self, offload: Offload) -> None:
        # The safety checker stays on the GPU, and on: diffusers leaves it out of both kinds.
        start = {"model": "enable_model_cpu_offload", "sequential": "enable_sequential_cpu_offload"}[offload]
        getattr(self._pipe, start)(device=self._device)
        self._offload = offload

    def _recover(self) -> None:
        """Tidies up after a call that broke off: SDXL's VAE may be left in float32, parts on the GPU."""
        import gc

        import torch

        gc.collect()
        if self._device.type == "cuda":
            torch.cuda.empty_cache()
        if self._offload == "none" and self._pipe.vae.dtype != self._dtype:
            self._pipe.vae.to(self._dtype)
        self._pipe.maybe_free_model_hooks()

    def _painted(self, asked: Sequence["_Asked"]) -> Iterable[Rgb | CropRefused]:
        """One call of the pipeline: alike jobs, as many as fit."""
        height, width = asked[0].hard.shape
        pictures = [Image.fromarray(one.crop) for one in asked]
        free = [released(one.hard, grow_px=self._grow_px, cell_px=self._cell_px) for one in asked]
        if self._keep_latents:
            # Whole latents: the pipelines look at one pixel of each latent's 64, and a thin mask would slip through.
            hards = [in_pixels(one, cell_px=self._cell_px) for one in free]
        else:
            hards = [grown(one.hard, grow_px=self._grow_px) for one in asked]
        masks = [Image.fromarray(hard.astype(np.uint8) * 255) for hard in hards]
        embeddings = together([one.embeddings for one in asked])
        arguments = {**asked[0].arguments, **embeddings, "image": pictures, "mask_image": masks}
        seeds = [one.seed for one in asked]

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
                mend="try another seed or wording; editor.safety_checker=false turns the checker off",
            )
        if not np.isfinite(picture).all():
            raise EditorError(
                f"{self._name} painted values that are no numbers (seed {one.seed})",
                mend="half precision overflows on some devices: set editor.dtype=float32",
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
            raise failure(f"strength={strength} is out of range", mend="give a number above 0, up to 1")
        if int(steps * strength) < 1:
            raise failure(f"steps={steps} at strength={strength} leave nothing to do", mend="give more steps")
        scale = "true_cfg_scale" if "true_cfg_scale" in self._takes else "guidance_scale"
        arguments: dict[str, Any] = {"num_inference_steps": steps, scale: guidance}
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

    @property
    def alike(self) -> Any:
        """Jobs of which this is equal may go through the net together."""
        return self.hard.shape, tuple(self.arguments.items()), likeness(self.embeddings)


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
