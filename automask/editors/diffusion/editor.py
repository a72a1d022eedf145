"""The diffusion editor: crops, masks and words in, repainted crops out."""

import inspect
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from PIL import Image

from automask.editors.diffusion.batch_runner import BatchRunner
from automask.editors.diffusion.embeddings import WordEmbeddings, is_distilled, shapes_of, stack
from automask.editors.diffusion.latents import (
    encoding_once,
    generators,
    grow,
    in_pixels,
    is_patchified,
    kept_latents,
    latent_freedom,
)
from automask.editors.diffusion.latents import spill_px as spill_of
from automask.editors.diffusion.loading import Scheduler, Spacing, index_of, load_pipeline
from automask.editors.diffusion.structure import Control, structure_finder
from automask.editors.diffusion.swatch import adapter_arguments, picture_of, shading_of
from automask.editors.swatches import files_named, split_swatch
from automask.errors import ConfigError, CropRefused, EditorError, UnknownPrompt
from automask.images import to_uint8
from automask.types import Hard, Rgb
from automask.weights import choose_device, locate, quiet_models, requires_models_extra

_MEGAPIXEL = 1024 * 1024
"""FLUX.2 klein and Kontext, which see the photo beside what they paint, shrink larger crops without a word."""


class Diffusion:
    """An editor that repaints the masked part of a crop with a text-to-image model.

    Args:
        model: A name of the weights' catalogue, or a path to a folder in diffusers' layout.
        device: `auto`, `cpu`, `cuda`, ...
        dtype: `auto` (on CUDA float16, for FLUX and Qwen-Image bfloat16; float32 elsewhere), `float32`, `float16` or
            `bfloat16`.
        prompt_template: The sentence that an edit's prompt is put into at `{}`.
        negative: The negative prompt; may be empty. An error with a model that has none (FLUX Fill).
        steps: Denoising steps.
        guidance: How closely the words are followed; FLUX Fill needs about 30.
        strength: 1 starts from noise; less keeps some of the old content, and takes that share of the steps.
        safety_checker: Whether to use the checkpoint's safety checker. A flagged crop is refused, never returned.
            Without effect for checkpoints that have none (SDXL, FLUX, Qwen-Image).
        ideal_px: The short side that the model was trained at.
        multiple_px: Crops have sides that are multiples of this. It is larger than the model needs (8 for Stable
            Diffusion, 16 for FLUX and Qwen-Image), so that few sizes occur: crops of one size form a batch.
        context_frac: A crop shows at least this share of the mask's longer side around it; read by the chain.
        keep_latents: Whether latents outside the mask are restored after every step (see `latents`); if not, the
            result equals that of calling diffusers directly.
        grow_px: The model may repaint this far beyond the mask, in crop pixels; what it paints there blends the inside
            with the photo, and is not pasted.
        batch: Largest number of crops per call of the net; `auto`: what fits on a GPU, 1 on the CPU, which gains
            nothing from more. A batch that does not fit is halved, and the new size is remembered.
        vram_gb: How much of the GPU's memory to use, in 2**30 bytes; None for what is free when the model is loaded.
            If the model does not fit, idle parts are offloaded to main memory.
        compile: Compiles the denoising net's repeated blocks with torch.compile: the first crop of each size then takes
            longer, so that it is worth it from some 30 crops of a size on.
        scheduler: A scheduler of diffusers in place of the checkpoint's own; None for that.
        spacing: How its steps are spaced over the noise levels; None for the checkpoint's own way.
        lora: A LoRA that is fused into the weights, such as those for few steps: a name of the catalogue or a
            `.safetensors` file.
        control: Structure of the old surface that the new one keeps, for Stable Diffusion 1.5: its edges (`canny`) or
            its depth.
        control_model: The ControlNet for it: a name of the catalogue, or a folder.
        control_scale: How strictly the structure is kept, 0..2.
        depth_model: The depth estimator: a name of the catalogue, or a folder in transformers' layout.
        ip_adapter: An IP-Adapter, which shows the model a picture (`swatch:oak.jpg`): a name of the catalogue, or a
            folder. With None such prompts are refused.
        ip_scale: Weight of such a picture relative to the words, 0..1.
        grey_start: Whether an edit with a picture starts from the light and shade of the old surface without its
            colour, so that a `strength` below 1 keeps the shape and not the old material.

    Attributes:
        device_note: One sentence: where it runs, in what number format, and why.
        spill_px: How many crop pixels beyond a hard mask may come back repainted, at most.
        max_area_px: The largest area of a crop, width times height; None without a limit. Read by the chain.
        keeps_surroundings: Outside the mask it tries to return the photo, so that the chain can measure the model's
            colour error there.
        pipe: The pipeline of diffusers.
        runner: Runs it in batches that fit into memory.
        words: The cache of embeddings.

    Raises:
        WeightsMissing: The weights are not on this machine; nothing is downloaded.
        ExtraMissing: torch, transformers or diffusers is not installed.
        ConfigError: The model does not inpaint, or cannot use a setting.
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
        grey_start: bool = False,
    ) -> None:
        _check_values(prompt_template, grow_px, context_frac, batch, vram_gb, ip_scale)
        _check_control(control, control_model, control_scale, depth_model)
        if grey_start and ip_adapter is None:
            raise ConfigError(
                "editor.grey_start=true without an ip_adapter: only edits with a picture start so",
                hint="set editor.ip_adapter, as editor=sd15-zest does, or grey_start=false",
            )
        with requires_models_extra("Diffusion"):
            import diffusers  # noqa: F401
            import torch  # noqa: F401
            import transformers  # noqa: F401 - without it diffusers has placeholder classes, which fail late
        folder = locate(model)
        index = index_of(folder)
        is_transformer = "transformer" in index
        chosen = choose_device(
            device, dtype, what=str(index["_class_name"]), gpu_dtype="bfloat16" if is_transformer else "float16"
        )
        self.device_note = chosen.note
        self.pipe = load_pipeline(
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
        self._name = type(self.pipe).__name__
        self._takes = frozenset(inspect.signature(self.pipe.__call__).parameters)
        # FLUX and Qwen-Image pack latents two by two, in addition to the VAE's downscaling; FLUX.2 from the start.
        grain = int(self.pipe.vae_scale_factor) * (2 if is_transformer else 1)
        self._cell_px = grain if is_patchified(self.pipe) else int(self.pipe.vae_scale_factor)
        if multiple_px < 1 or multiple_px % grain:
            raise ConfigError(
                f"editor.multiple_px={multiple_px}: {self._name} needs multiples of {grain} px", hint=f"use {grain}"
            )
        self._template = prompt_template
        self._defaults = (negative, steps, guidance, strength)
        self._arguments(None, None, None, None, failure=ConfigError)
        self._keep_latents = keep_latents
        self._grow_px = grow_px
        self._control_scale = control_scale
        self._ip_scale = None if ip_adapter is None else ip_scale
        self._grey_start = grey_start
        self.multiple_px = multiple_px
        self.ideal_px = ideal_px
        self.context_frac = context_frac
        self.spill_px = spill_of(grow_px, self._cell_px)
        self.max_area_px = _MEGAPIXEL if "image_reference" in self._takes else None
        self.runner = BatchRunner(
            self.pipe, device=chosen.device, dtype=chosen.dtype, vram_gb=vram_gb, batch=batch, ideal_px=ideal_px
        )
        _enable_fast_paths(self.pipe, on_cuda=chosen.device.type == "cuda", compiled=compile)
        self.words = WordEmbeddings(self.pipe, self.runner.reading)
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
        """Raises what `paint` would raise for these words and options, before anything is masked or painted.

        Args:
            prompt, strength, negative, steps, guidance: See `paint`.

        Raises:
            EditorError: Words too long for the model, an option that it cannot use, or a picture that cannot be opened.
            UnknownPrompt: The prompt names a picture, and there is no `ip_adapter`.
        """
        self._arguments(strength, negative, steps, guidance, failure=EditorError)
        swatch = split_swatch(prompt)
        if swatch is not None and self._ip_scale is None:
            raise UnknownPrompt(
                f"{self._name} cannot look at the picture in {prompt!r}: it has no IP-Adapter",
                hint="use editor=sd15-swatch (editor.ip_adapter), or editor=paint",
            )
        if swatch is not None:
            picture_of(swatch[1])
        for text in (self._sentence(prompt), self._defaults[0] if negative is None else negative):
            self.words.check(text)

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
        """The crop with its masked part repainted; further than `spill_px` from it the photo comes back.

        It comes back after one round trip through the VAE, which may change a pixel by a few levels.

        Args:
            crop: [h, w, 3] uint8 RGB, both sides multiples of `multiple_px`.
            hard: [h, w] bool, True is repainted.
            prompt: What it becomes; put into the template.
            seed: Of the random generator, which is on the CPU whatever the device.
            strength, negative, steps, guidance: In place of the editor's own.

        Returns:
            [h, w, 3] uint8.

        Raises:
            CropRefused: The safety checker flagged the result, which is discarded.
            EditorError: An option that the model cannot use, a crop of the wrong size, or a result with values that are
                not numbers.
        """
        options = {"strength": strength, "negative": negative, "steps": steps, "guidance": guidance}
        (painted,) = self.paint_many([{"crop": crop, "hard": hard, "prompt": prompt, "seed": seed, **options}])
        if isinstance(painted, CropRefused):
            raise painted
        return painted

    def removal(self, things: Sequence[str], behind: Sequence[str]) -> dict[str, Any]:
        """The prompt, and for a model that takes one the negative prompt, that take things away.

        A net for pictures cannot be told to paint nothing: it is told what is behind the things, and to keep off them.

        Args:
            things: The words for what goes.
            behind: The words for what surrounds it; may be empty.
        """
        scene = " and ".join(behind) if behind else "background"
        arguments: dict[str, Any] = {"prompt": f"empty {scene}, bare and uncluttered, continued as it is around"}
        negative, _, guidance, _ = self._defaults
        if guidance > 1 and "negative_prompt" in self._takes and "_auto_resize" not in self._takes:
            arguments["negative"] = ", ".join(filter(None, (negative, *things, "object")))
        return arguments

    def paint_many(self, jobs: Sequence[Mapping[str, Any]]) -> list[Rgb | CropRefused]:
        """What `paint` returns for each job, in order; for a flagged crop the refusal in place of a picture.

        Crops of one size and with the same steps, strength and guidance form a batch. A crop's noise depends on its own
        seed only, so the rest of the batch does not matter: in float32 on the CPU a pixel differs by at most one level.

        Args:
            jobs: Arguments of `paint` by name; crops of any photos and edits.

        Raises:
            EditorError: As `paint`, for the first such job.
        """
        requests = [self._request(**job) for job in jobs]
        groups: dict[Any, list[int]] = {}
        for index, request in enumerate(requests):
            groups.setdefault(request.batch_key, []).append(index)
        painted: dict[int, Rgb | CropRefused] = {}
        for members in groups.values():
            batch = [requests[index] for index in members]
            painted |= zip(members, self.runner.run(self._paint_batch, batch, batch[0].hard.shape), strict=True)
        return [painted[index] for index in range(len(requests))]

    def _request(
        self,
        crop: Rgb,
        hard: Hard,
        prompt: str,
        seed: int,
        strength: float | None = None,
        negative: str | None = None,
        steps: int | None = None,
        guidance: float | None = None,
    ) -> "_Request":
        height, width = hard.shape
        if height % self.multiple_px or width % self.multiple_px:
            raise EditorError(
                f"a crop of {width} x {height} px: {self._name} needs multiples of {self.multiple_px}",
                hint="make the crop larger, or set editor.multiple_px",
            )
        if self.max_area_px is not None and height * width > self.max_area_px:
            raise EditorError(
                f"a crop of {width} x {height} px: {self._name} works on one megapixel at most",
                hint="make the crop smaller",
            )
        self.check(prompt, strength=strength, negative=negative, steps=steps, guidance=guidance)
        arguments = self._arguments(strength, negative, steps, guidance, failure=EditorError)
        swatch = split_swatch(prompt)
        path = None if swatch is None else swatch[1]
        return _Request(crop, hard, prompt, seed, arguments, self._embeddings(prompt, negative, guidance), path)

    def _embeddings(self, prompt: str, negative: str | None, guidance: float | None) -> Mapping[str, Any]:
        own_negative, _, own_guidance, _ = self._defaults
        guided = (own_guidance if guidance is None else guidance) > 1
        with quiet_models():
            return self.words.embeddings(
                self._sentence(prompt), own_negative if negative is None else negative, guided=guided
            )

    def _sentence(self, prompt: str) -> str:
        swatch = split_swatch(prompt)
        # A picture needs some words with it: the net was never trained without.
        words = prompt if swatch is None else swatch[0] or "this material"
        return self._template.replace("{}", words)

    def _paint_batch(self, requests: Sequence["_Request"]) -> Iterable[Rgb | CropRefused]:
        """One call of the pipeline, for requests with the same `batch_key`."""
        height, width = requests[0].hard.shape
        starts_grey = self._grey_start and requests[0].swatch is not None
        crops = [shading_of(one.crop, one.hard) if starts_grey else one.crop for one in requests]
        pictures = list(map(Image.fromarray, crops))
        free = [latent_freedom(one.hard, grow_px=self._grow_px, cell_px=self._cell_px) for one in requests]
        if self._keep_latents:
            # Whole latents: the pipelines sample one of each latent's 64 pixels, and could miss a thin mask.
            hards = [in_pixels(one, cell_px=self._cell_px) for one in free]
        else:
            hards = [grow(one.hard, grow_px=self._grow_px) for one in requests]
        masks = [Image.fromarray(hard.astype(np.uint8) * 255) for hard in hards]
        embeddings = stack([one.embeddings for one in requests])
        arguments = {**requests[0].arguments, **embeddings, "image": pictures, "mask_image": masks}
        seeds = [one.seed for one in requests]
        if self._structure_of is not None:
            arguments["control_image"] = [Image.fromarray(self._structure_of(one.crop)) for one in requests]
            arguments["controlnet_conditioning_scale"] = self._control_scale
        if self._ip_scale is not None:
            arguments |= adapter_arguments(
                self.pipe, requests[0].swatch, scale=self._ip_scale, guided=requests[0].arguments["guidance_scale"] > 1
            )

        def call(**kept: Any) -> Any:
            return self.pipe(
                height=height, width=width, generator=generators(seeds), output_type="np", **arguments, **kept
            )

        with quiet_models():
            if not self._keep_latents:
                made = call()
            else:
                with encoding_once(self.pipe.vae):
                    dtype = embeddings["prompt_embeds"].dtype
                    keep = kept_latents(self.pipe, pictures, masks, free, seeds=seeds, dtype=dtype)
                    made = call(callback_on_step_end=keep)
        flags = getattr(made, "nsfw_content_detected", None) or [False] * len(requests)
        return [self._result(*each) for each in zip(requests, made.images, flags, strict=True)]

    def _result(self, one: "_Request", picture: Any, flagged: bool) -> Rgb | CropRefused:
        if flagged:
            return CropRefused(
                f"the safety checker of {self._name} flagged what was painted for {one.prompt!r} (seed {one.seed})",
                hint="try another seed or wording; editor.safety_checker=false turns the checker off",
            )
        if not np.isfinite(picture).all():
            raise EditorError(
                f"{self._name} painted values that are not numbers (seed {one.seed})",
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
        """Arguments of the call; an option of the edit takes precedence over the editor's own setting."""
        own_negative, own_steps, own_guidance, own_strength = self._defaults
        strength = own_strength if strength is None else strength
        negative = own_negative if negative is None else negative
        steps = own_steps if steps is None else steps
        guidance = own_guidance if guidance is None else guidance
        if not 0 < strength <= 1:
            raise failure(f"strength={strength} is out of range", hint="give a number above 0, up to 1")
        if int(steps * strength) < 1:
            raise failure(f"steps={steps} at strength={strength} leave nothing to do", hint="give more steps")
        if guidance > 1 and is_distilled(self.pipe):
            raise failure(
                f"guidance={guidance} has no effect: {self._name} runs a distilled model here", hint="set guidance to 1"
            )
        # Kontext's guidance is a number that the net reads, as FLUX's, and its true_cfg_scale is something else.
        is_kontext = "_auto_resize" in self._takes
        scale = "true_cfg_scale" if "true_cfg_scale" in self._takes and not is_kontext else "guidance_scale"
        arguments: dict[str, Any] = {"num_inference_steps": steps, scale: guidance}
        if is_kontext:
            arguments["_auto_resize"] = False  # else it would paint at a size of its own choice
        if "strength" in self._takes:
            arguments["strength"] = strength
        elif strength != 1:
            raise failure(f"strength={strength}: {self._name} always starts from noise", hint="leave strength at 1")
        if negative and ("negative_prompt" not in self._takes or is_kontext):
            raise failure(f"negative={negative!r}: {self._name} takes no negative prompt", hint="leave negative empty")
        if negative and guidance <= 1:
            raise failure(
                f"negative={negative!r} has no effect at guidance={guidance}",
                hint="raise guidance above 1, or leave it empty",
            )
        return arguments


@dataclass(frozen=True, slots=True, eq=False)
class _Request:
    """One job with its final options and its words as embeddings."""

    crop: Rgb
    hard: Hard
    prompt: str
    seed: int
    arguments: Mapping[str, Any]
    embeddings: Mapping[str, Any]
    swatch: str | None

    @property
    def batch_key(self) -> Any:
        """Requests with equal keys can form a batch."""
        return self.hard.shape, tuple(self.arguments.items()), shapes_of(self.embeddings), self.swatch


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
        raise ConfigError(f"editor.vram_gb={vram_gb} is not above 0", hint="give a number above 0, or null")
    if not 0 <= ip_scale <= 1:
        raise ConfigError(f"editor.ip_scale={ip_scale} is out of range", hint="give a number from 0 to 1")


def _check_control(control: Control, control_model: str | None, control_scale: float, depth_model: str | None) -> None:
    """Raises ConfigError for settings of structure that lack another one, or would have no effect."""
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


def _enable_fast_paths(pipe: Any, *, on_cuda: bool, compiled: bool) -> None:
    """Applies settings that change the speed and not the result.

    Attention needs none: diffusers' default processor is PyTorch's scaled_dot_product_attention, which uses a fused
    kernel if there is one.
    """
    import torch

    net = pipe.unet if hasattr(pipe, "unet") else pipe.transformer
    if on_cuda:
        # Convolutions in half precision are faster with channels last; a transformer has too few to matter.
        for part in (pipe.vae, *([pipe.unet] if hasattr(pipe, "unet") else [])):
            part.to(memory_format=torch.channels_last)
    if compiled:
        # In place, so that saving, hooks and offloading still see the module. Mode "max-autotune" would try kernels
        # for minutes at every new size. Dynamic shapes would be slower, and multiple_px leaves few sizes. Of a net
        # that is one block many times only that block is compiled, which takes an eighth of the time and runs as fast.
        if net._repeated_blocks:
            net.compile_repeated_blocks(dynamic=False)
        else:
            net.compile(dynamic=False)
