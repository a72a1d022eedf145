"""`bench.py edit`: the diffusion editor against the tutorials' script and against its own bare nets.

Architectures of the published size (Stable Diffusion 1.5 and XL, inpainting; FLUX.2 klein 4B) with random weights:
valid for speed and memory, not for quality. On the CPU the same rows run with tiny nets, which shows only that the
script runs.
"""

import functools
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from automask.images import open_photo
from automask.masking.masks import alpha_from
from automask.painting.chain import paint, paint_together, painting
from automask.painting.crops import plan_crops
from automask.protocols import Stages
from automask.types import Box, Edit, MaskRecipe, Region, Rgb
from automask.weights import quiet_models

SAMPLE = Path(__file__).resolve().parents[1] / "tests" / "data" / "kitchen.jpg"
PLAN = (Edit(("island",), "a waterfall island of white marble"), Edit(("cabinets",), "walnut cabinets"))
BOXES = (Box(200, 560, 600, 900), Box(960, 120, 1330, 470))
"""Where the two edits of the plan are in the sample of 1536x1024 px: objects of about 400 px, far apart."""


@dataclass(frozen=True, slots=True)
class Engine:
    """One architecture.

    Args:
        name: In the table.
        kind: Of `automask.testing.tiny_diffusion`.
        ideal_px: The side that it was made for.
        vram_gb: The memory budget of one row.
    """

    name: str
    kind: Any
    ideal_px: int
    vram_gb: float


ENGINES = {
    "sd15": Engine("SD-1.5", "sd15", 512, 4.0),
    "sdxl": Engine("SDXL", "sdxl", 1024, 8.0),
    "klein": Engine("FLUX.2 klein 4B", "klein", 1024, 16.0),
}
_KLEIN_STEPS = 4
"""What it is distilled to: no row runs more."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    Args:
        name: What was measured.
        edit_s: Seconds for one edit, median.
        photo_s: Seconds for a photo with the plan of two edits, median; None where it does not apply.
        peak_gb: Peak of the device's memory in 10**9 bytes; None on the CPU.
        floor_s: Seconds of the bare nets for one edit of the same shapes; None where there is no such row.
    """

    name: str
    edit_s: float
    photo_s: float | None
    peak_gb: float | None
    floor_s: float | None


def bench_edit(device: str, engines: Sequence[str], *, runs: int, steps: int, full_size: bool, photos: int) -> None:
    """Prints one table for each engine.

    Args:
        device: `cuda`, `cuda:1`, `cpu` ...
        engines: Names out of ENGINES.
        runs: The median is over this many, after one warm-up.
        steps: Denoising steps of the tutorials' script, and of ours in the row to compare.
        full_size: The published size; else tiny nets.
        photos: How many photos the folder of the last but one row has.
    """
    import diffusers
    import torch

    where = torch.cuda.get_device_name(torch.device(device)) if device.startswith("cuda") else "the CPU"
    size = "full size" if full_size else "TINY nets: these figures say nothing"
    print(f"On {where}; {size}; random weights; torch {torch.__version__}, diffusers {diffusers.__version__};")
    print(f"one photo of 1536x1024, two edits of about 400 px; {runs} runs after a warm-up\n")
    for name in engines:
        engine = ENGINES[name]
        with tempfile.TemporaryDirectory() as folder, quiet_models():
            model = _weights(Path(folder), engine, device, full_size=full_size)
            rows = list(_rows(engine, model, device, runs=runs, steps=steps, full_size=full_size, photos=photos))
        print(f"### {engine.name}\n")
        print("| what | s an edit | photos an hour, two edits | peak GB | times the floor |")
        print("| --- | --- | --- | --- | --- |")
        for row in rows:
            rate = "" if row.photo_s is None else f"{3600 / row.photo_s:.0f}"
            peak = "" if row.peak_gb is None else f"{row.peak_gb:.2f}"
            ratio = "" if row.floor_s is None else f"{row.edit_s / row.floor_s:.2f}"
            print(f"| {row.name} | {row.edit_s:.3f} | {rate} | {peak} | {ratio} |")
        print(flush=True)


def _rows(
    engine: Engine, model: Path, device: str, *, runs: int, steps: int, full_size: bool, photos: int
) -> Iterator[Row]:
    from automask.editors.diffusion import Diffusion

    photo = open_photo(SAMPLE).rgb
    ideal_px = engine.ideal_px if full_size else 64
    is_klein = engine.kind == "klein"
    steps = min(steps, _KLEIN_STEPS) if is_klein else steps
    few, usual = min(steps, 4), min(steps, 20)
    half = ("bfloat16" if is_klein else "float16") if device.startswith("cuda") else "float32"
    for dtype in dict.fromkeys(("float32", half)):
        script = _tutorial(model, device, dtype, ideal_px, is_klein=is_klein)
        one = _seconds(functools.partial(script, photo, steps), runs, device)
        del script
        _empty_cache(device)
        yield Row(f"tutorial script, {steps} steps, {dtype}", one.median_s, 2 * one.median_s, one.peak_gb, None)

    def editor(**settings: Any) -> Any:
        return Diffusion(
            model=str(model),
            device=device,
            dtype=half,
            ideal_px=ideal_px,
            safety_checker=False,
            **({"guidance": 1.0} if is_klein else {}) | settings,
        )

    regions = [_region(box, photo) for box in BOXES]
    variants: Mapping[str, dict[str, Any]] = {
        f"automask, {steps} steps": {"steps": steps},
        f"automask, {usual} steps": {"steps": usual},
        f"automask, {usual} steps, compiled": {"steps": usual, "compile": full_size},
        f"automask, {few} steps, no guidance (LCM)": {
            "steps": few,
            "guidance": 1.0,
            "scheduler": "LCMScheduler",
        },
        f"automask, {usual} steps, vram_gb={engine.vram_gb:g}": {
            "steps": usual,
            "vram_gb": engine.vram_gb,
        },
    }
    if is_klein:  # distilled: without guidance and at few steps anyway
        variants = {name: settings for name, settings in variants.items() if "scheduler" not in settings}
    for name, settings in variants.items():
        ours = editor(**settings)
        stages = _stages(ours)
        one = _seconds(functools.partial(paint, photo, PLAN[:1], regions[:1], stages), runs, device)
        two = _seconds(functools.partial(paint, photo, PLAN, regions, stages), runs, device)
        floor = _floor(ours, regions[0], settings["steps"], guided=_is_guided(engine, settings), runs=runs)
        yield Row(name, one.median_s, two.median_s, _max_known(one.peak_gb, two.peak_gb), floor)
        yield Row(f"the bare nets of that ({settings['steps']} steps)", floor, None, None, None)
        del ours, stages
        _empty_cache(device)
    ours = editor(steps=usual)
    stages = _stages(ours)

    def folder_of_photos() -> None:
        paint_together([painting(photo, PLAN, regions, stages, seed=number) for number in range(photos)])

    many = _seconds(folder_of_photos, max(1, runs // 2), device)
    yield Row(
        f"automask, {usual} steps, {photos} photos together",
        many.median_s / photos / 2,
        many.median_s / photos,
        many.peak_gb,
        _floor(ours, regions[0], usual, guided=_is_guided(engine, {}), runs=runs),
    )


def _is_guided(engine: Engine, settings: Mapping[str, Any]) -> bool:
    return bool(engine.kind != "klein" and settings.get("guidance", 7.5) > 1)


def _max_known(one: float | None, other: float | None) -> float | None:
    """The larger; None where either is unknown."""
    return None if one is None or other is None else max(one, other)


def _region(box: Box, photo: Rgb) -> Region:
    hard = np.zeros(photo.shape[:2], dtype=np.bool_)
    hard[box.slices] = True
    alpha = alpha_from(hard, MaskRecipe(), untouchable=np.zeros_like(hard))
    return Region("box", True, hard, alpha, (box,), 1.0, ("box",))


def _stages(editor: Any) -> Stages:
    from automask.refiners.threshold import Threshold
    from automask.testing import PaintedHeat

    return Stages(segmenter=PaintedHeat({}), refiner=Threshold(), editor=editor)


# ------------------------------------------------------------------------------------------------------------- rivals


def _tutorial(model: Path, device: str, dtype: str, side_px: int, *, is_klein: bool) -> Callable[[Rgb, int], None]:
    """What the tutorials do: the whole photo and its mask resized to the model's square, defaults of diffusers."""
    import diffusers
    import torch
    from PIL import Image

    # diffusers 0.42 maps klein to no class that inpaints: its documentation names the class.
    kind = diffusers.Flux2KleinInpaintPipeline if is_klein else diffusers.AutoPipelineForInpainting
    pipe = kind.from_pretrained(model, dtype=getattr(torch, dtype)).to(device)
    own = {"guidance_scale": 1.0} if is_klein else {"width": side_px, "height": side_px}
    if hasattr(pipe, "safety_checker"):
        pipe.safety_checker = None
    pipe.set_progress_bar_config(disable=True)

    def run(photo: Rgb, steps: int) -> None:
        mask = np.zeros(photo.shape[:2], dtype=np.uint8)
        mask[BOXES[0].slices] = 255
        square = (side_px, side_px)
        pipe(
            prompt=PLAN[0].prompt,
            image=Image.fromarray(photo).resize(square),
            mask_image=Image.fromarray(mask).resize(square),
            num_inference_steps=steps,
            **own,
        )

    return run


def _floor(editor: Any, region: Region, steps: int, *, guided: bool, runs: int) -> float:
    """Seconds of the forward passes that an edit needs at least: the net at each step, two encodings, one decoding."""
    import torch

    pipe = editor.pipe
    ((crop, _),) = plan_crops(
        region.alpha > 0,
        ideal_px=editor.ideal_px,
        multiple_px=editor.multiple_px,
        context_frac=editor.context_frac,
        max_area_px=editor.max_area_px,
    )
    width, height = crop.padded_wh
    if not hasattr(pipe, "unet"):
        return _klein_floor(pipe, width, height, steps, runs)
    net, vae = pipe.unet, pipe.vae
    device, dtype = pipe._execution_device, net.dtype
    rows, cell = 2 if guided else 1, pipe.vae_scale_factor
    picture = torch.zeros(2, 3, height, width, device=device, dtype=vae.dtype)
    latents = torch.zeros(rows, net.config.in_channels, height // cell, width // cell, device=device, dtype=dtype)
    words = torch.zeros(rows, 77, net.config.cross_attention_dim, device=device, dtype=dtype)
    added = {}
    if getattr(net.config, "addition_embed_type", None) == "text_time":
        pooled = net.config.projection_class_embeddings_input_dim - 6 * net.config.addition_time_embed_dim
        added = {
            "added_cond_kwargs": {
                "text_embeds": torch.zeros(rows, pooled, device=device, dtype=dtype),
                "time_ids": torch.zeros(rows, 6, device=device, dtype=dtype),
            }
        }

    def run() -> None:
        with torch.inference_mode():
            vae.encode(picture)
            for _ in range(steps):
                net(latents, 10, encoder_hidden_states=words, return_dict=False, **added)
            vae.decode(latents[:1, : vae.config.latent_channels].to(vae.dtype))

    return _seconds(run, runs, str(device)).median_s


def _klein_floor(pipe: Any, width: int, height: int, steps: int, runs: int) -> float:
    """The same for klein, whose net is given the photo's tokens beside those that it denoises, and 512 words."""
    import torch

    net, vae = pipe.transformer, pipe.vae
    device, dtype, cell = pipe._execution_device, net.dtype, 2 * pipe.vae_scale_factor
    tokens = (width // cell) * (height // cell)
    picture = torch.zeros(2, 3, height, width, device=device, dtype=vae.dtype)
    latents = torch.zeros(1, 2 * tokens, net.config.in_channels, device=device, dtype=dtype)
    words = torch.zeros(1, 512, net.config.joint_attention_dim, device=device, dtype=dtype)
    places, word_places = (torch.zeros(1, length, 4, device=device) for length in (2 * tokens, 512))
    small = torch.zeros(1, vae.config.latent_channels, height // cell * 2, width // cell * 2, device=device)
    moment = torch.full((1,), 0.5, device=device, dtype=dtype)

    def run() -> None:
        with torch.inference_mode():
            vae.encode(picture)
            for _ in range(steps):
                net(
                    hidden_states=latents,
                    encoder_hidden_states=words,
                    timestep=moment,
                    img_ids=places,
                    txt_ids=word_places,
                    guidance=None,
                    return_dict=False,
                )
            vae.decode(small.to(vae.dtype))

    return _seconds(run, runs, str(device)).median_s


# ------------------------------------------------------------------------------------------------------------ weights


def _weights(folder: Path, engine: Engine, device: str, *, full_size: bool) -> Path:
    """A folder in diffusers' layout with random weights of the published size, or the tiny ones of the tests."""
    from automask.testing import tiny_diffusion_folder

    tiny = tiny_diffusion_folder(engine.kind)
    if not full_size:
        return tiny
    import diffusers
    import torch
    import transformers

    if engine.kind == "klein":
        return _klein_weights(tiny, folder, device)
    # The tiny tokenizer reads every letter, which is enough for timing; its special tokens' ids are given to the nets.
    small = getattr(
        diffusers, {"sd15": "StableDiffusionInpaintPipeline"}.get(engine.kind, "StableDiffusionXLInpaintPipeline")
    )
    pipe = small.from_pretrained(tiny)
    token_ids = {
        name: getattr(pipe.text_encoder.config, name) for name in ("bos_token_id", "eos_token_id", "pad_token_id")
    }
    torch.manual_seed(0)
    with torch.device(device):
        # Sizes: the config.json files of the published checkpoints; the U-Net's defaults in diffusers are SD-1.5's.
        pipe.vae = diffusers.AutoencoderKL(
            block_out_channels=(128, 256, 512, 512),
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            layers_per_block=2,
            latent_channels=4,
            sample_size=engine.ideal_px,
        ).half()
        words = {"hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12, "num_attention_heads": 12}
        pipe.text_encoder = transformers.CLIPTextModel(
            transformers.CLIPTextConfig(**words, vocab_size=49408, projection_dim=768, **token_ids)
        ).half()
        if engine.kind == "sd15":
            pipe.unet = diffusers.UNet2DConditionModel(
                sample_size=64, in_channels=9, cross_attention_dim=768, attention_head_dim=8
            ).half()
        else:
            more = {"hidden_size": 1280, "intermediate_size": 5120, "num_hidden_layers": 32, "num_attention_heads": 20}
            pipe.text_encoder_2 = transformers.CLIPTextModelWithProjection(
                transformers.CLIPTextConfig(
                    **more, vocab_size=49408, projection_dim=1280, hidden_act="gelu", **token_ids
                )
            ).half()
            pipe.unet = diffusers.UNet2DConditionModel(
                sample_size=128,
                in_channels=9,
                down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
                up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
                block_out_channels=(320, 640, 1280),
                transformer_layers_per_block=(1, 2, 10),
                attention_head_dim=(5, 10, 20),
                cross_attention_dim=2048,
                use_linear_projection=True,
                addition_embed_type="text_time",
                addition_time_embed_dim=256,
                projection_class_embeddings_input_dim=2816,
            ).half()
    pipe.save_pretrained(folder)
    del pipe
    _empty_cache(device)
    return folder


def _klein_weights(tiny: Path, folder: Path, device: str) -> Path:
    """FLUX.2 klein 4B with random weights. The numbers of parameters are those of the published files, to the byte."""
    import diffusers
    import torch
    import transformers

    pipe = diffusers.Flux2KleinInpaintPipeline.from_pretrained(tiny)
    torch.manual_seed(0)
    with torch.device(device):
        pipe.vae = diffusers.AutoencoderKLFlux2().bfloat16()
        pipe.text_encoder = transformers.Qwen3ForCausalLM(
            transformers.Qwen3Config(
                vocab_size=151936,
                hidden_size=2560,
                intermediate_size=9728,
                num_hidden_layers=36,
                num_attention_heads=32,
                num_key_value_heads=8,
                head_dim=128,
                tie_word_embeddings=True,
            )
        ).bfloat16()
        pipe.transformer = diffusers.Flux2Transformer2DModel(
            in_channels=128,
            num_layers=5,
            num_single_layers=20,
            attention_head_dim=128,
            num_attention_heads=24,
            joint_attention_dim=3 * 2560,
            guidance_embeds=False,
        ).bfloat16()
    pipe.save_pretrained(folder)
    del pipe
    _empty_cache(device)
    return folder


# ---------------------------------------------------------------------------------------------------------- measuring


@dataclass(frozen=True, slots=True)
class Measured:
    """Median seconds of one run, and the peak of the device's memory in 10**9 bytes (None on the CPU)."""

    median_s: float
    peak_gb: float | None


def _seconds(run: Callable[[], Any], runs: int, device: str) -> Measured:
    import torch

    on_gpu = device.startswith("cuda")
    if on_gpu:
        torch.cuda.reset_peak_memory_stats(device)
    times = []
    for _ in range(runs + 1):
        began = time.perf_counter()
        run()
        if on_gpu:
            torch.cuda.synchronize(device)
        times.append(time.perf_counter() - began)
    return Measured(statistics.median(times[1:]), torch.cuda.max_memory_allocated(device) / 1e9 if on_gpu else None)


def _empty_cache(device: str) -> None:
    import gc

    import torch

    gc.collect()
    if device.startswith("cuda"):
        torch.cuda.empty_cache()
