"""Parts for tests: tiny models, painted heat, and editors that break every promise.

For the tests of automask and of anything that plugs into it. Nothing here is for real photos: the tiny models have
random weights, so what they find and paint is chance.

The tiny models are the classes of the real ones (`CLIPSegForImageSegmentation`, `segment_anything.modeling.Sam`, the
inpainting pipelines of diffusers) at a few thousand parameters. They are written to the cache folder once, in the real
layout, and loaded by path through the real adapters: `preset=tiny` runs the code of `preset=photo`.
"""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import cv2
import numpy as np

from automask.errors import ConfigError, UnknownPhrase
from automask.types import Hard, Heat, Rgb
from automask.weights import cache_dir, quiet_models, requires_models_extra

if TYPE_CHECKING:
    from automask.editors.diffusion import Diffusion
    from automask.refiners.sam import Sam
    from automask.segmenters.clipseg import ClipSeg


class PaintedHeat:
    """A segmenter that returns the heat it was given.

    Args:
        heats: For each phrase [H, W] float32 in 0..1, all at the size of the photo that will be shown.

    Attributes:
        calls: How often `heats` ran.
    """

    def __init__(self, heats: Mapping[str, Heat]) -> None:
        self._heats = {phrase: np.asarray(heat, dtype=np.float32) for phrase, heat in heats.items()}
        self.calls = 0

    def heats(self, photo: Rgb, targets: Sequence[str]) -> Heat:
        """[N, H, W] float32: the heat painted for each phrase.

        Raises:
            UnknownPhrase: For a phrase that nothing was painted for.
        """
        self.calls += 1
        for target in targets:
            if target not in self._heats:
                raise UnknownPhrase(f"no heat painted for {target!r}", hint=f"painted are: {', '.join(self._heats)}")
        return np.stack([self._heats[target] for target in targets])


class Identity:
    """An editor that returns its crop unchanged."""

    def __init__(self, *, multiple_px: int = 8, ideal_px: int = 64) -> None:
        self.multiple_px = multiple_px
        self.ideal_px = ideal_px

    def paint(self, crop: Rgb, hard: Hard, prompt: str, *, seed: int) -> Rgb:
        return crop.copy()


class AddEight:
    """An editor that adds 8 everywhere (at most 255), the unmasked part too."""

    def __init__(self, *, multiple_px: int = 8, ideal_px: int = 64, keeps_surroundings: bool = False) -> None:
        self.multiple_px = multiple_px
        self.ideal_px = ideal_px
        self.keeps_surroundings = keeps_surroundings

    def paint(self, crop: Rgb, hard: Hard, prompt: str, *, seed: int) -> Rgb:
        return np.minimum(crop.astype(np.uint16) + 8, 255).astype(np.uint8)


class Tints:
    """An editor that warms everything by the gains given, the unmasked part too; it means to keep its surroundings."""

    keeps_surroundings = True

    def __init__(self, *, gains: Sequence[float] = (1.06, 1.0, 0.93), multiple_px: int = 8, ideal_px: int = 64) -> None:
        self.gains = gains
        self.multiple_px = multiple_px
        self.ideal_px = ideal_px

    def paint(self, crop: Rgb, hard: Hard, prompt: str, *, seed: int) -> Rgb:
        return np.asarray(np.clip(np.rint(crop * np.asarray(self.gains)), 0, 255), dtype=np.uint8)


class Blurs:
    """An editor that blurs everything, the unmasked part too; it means to keep its surroundings."""

    keeps_surroundings = True

    def __init__(self, *, sigma_px: float = 2.5, multiple_px: int = 8, ideal_px: int = 64) -> None:
        self.sigma_px = sigma_px
        self.multiple_px = multiple_px
        self.ideal_px = ideal_px

    def paint(self, crop: Rgb, hard: Hard, prompt: str, *, seed: int) -> Rgb:
        return np.asarray(cv2.GaussianBlur(crop, (0, 0), self.sigma_px), dtype=np.uint8)


class ShiftByOne:
    """An editor that shifts everything a pixel to the right and down."""

    def __init__(self, *, multiple_px: int = 8, ideal_px: int = 64) -> None:
        self.multiple_px = multiple_px
        self.ideal_px = ideal_px

    def paint(self, crop: Rgb, hard: Hard, prompt: str, *, seed: int) -> Rgb:
        return np.roll(crop, (1, 1), axis=(0, 1))


class Fill:
    """An editor that paints everything one colour drawn from its seed, or the colour given."""

    def __init__(self, *, rgb: Sequence[int] | None = None, multiple_px: int = 8, ideal_px: int = 64) -> None:
        self.rgb = rgb
        self.multiple_px = multiple_px
        self.ideal_px = ideal_px

    def paint(self, crop: Rgb, hard: Hard, prompt: str, *, seed: int) -> Rgb:
        rgb = self.rgb if self.rgb is not None else np.random.default_rng(seed).integers(0, 256, 3)
        return np.broadcast_to(np.asarray(rgb, dtype=np.uint8), crop.shape).copy()


class WrongSize:
    """An editor that returns one row too few."""

    def __init__(self, *, multiple_px: int = 8, ideal_px: int = 64) -> None:
        self.multiple_px = multiple_px
        self.ideal_px = ideal_px

    def paint(self, crop: Rgb, hard: Hard, prompt: str, *, seed: int) -> Rgb:
        return crop[:-1].copy()


class NaN:
    """An editor that returns float32 with a NaN in it, where [h, w, 3] uint8 was promised."""

    def __init__(self, *, multiple_px: int = 8, ideal_px: int = 64) -> None:
        self.multiple_px = multiple_px
        self.ideal_px = ideal_px

    def paint(self, crop: Rgb, hard: Hard, prompt: str, *, seed: int) -> Rgb:
        out = crop.astype(np.float32)
        out[0, 0, 0] = np.nan
        return out  # type: ignore[return-value]  # breaking the promise is the point


class Raises:
    """An editor that raises what it was given, RuntimeError("boom") by default."""

    def __init__(self, *, error: Exception | None = None, multiple_px: int = 8, ideal_px: int = 64) -> None:
        self.error = error if error is not None else RuntimeError("boom")
        self.multiple_px = multiple_px
        self.ideal_px = ideal_px

    def paint(self, crop: Rgb, hard: Hard, prompt: str, *, seed: int) -> Rgb:
        raise self.error


TinyKind = Literal["sd15", "sd15-flagged", "sdxl", "flux", "qwen"]
"""The inpainting pipelines that are made tiny; `sd15-flagged` has a safety checker that flags everything."""


def tiny_clipseg(*, device: str = "cpu", templates: Sequence[str] = ("{}",), flip: bool = False) -> "ClipSeg":
    """A `ClipSeg` of some 50 000 random weights, 64 x 64 px, whose heat spreads over 0..1."""
    from automask.segmenters.clipseg import ClipSeg

    return ClipSeg(model=str(tiny_clipseg_folder()), device=device, templates=templates, flip=flip)


def tiny_sam(*, device: str = "cpu", max_boxes_at_once: int = 64) -> "Sam":
    """A `Sam` of some 100 000 random weights whose encoder takes 128 x 128 px."""
    from automask.refiners.sam import Sam

    return Sam(model=str(tiny_sam_file()), device=device, max_boxes_at_once=max_boxes_at_once)


def tiny_diffusion(
    *,
    kind: TinyKind = "sd15",
    device: str = "cpu",
    prompt_template: str = "{}",
    negative: str = "",
    steps: int = 2,
    guidance: float = 7.5,
    strength: float = 1.0,
    safety_checker: bool = True,
    ideal_px: int = 64,
    multiple_px: int = 16,
    keep_latents: bool = True,
    grow_px: int = 8,
    batch: int | Literal["auto"] = "auto",
) -> "Diffusion":
    """A `Diffusion` of random weights, two steps: real code paths, chance pictures."""
    from automask.editors.diffusion import Diffusion

    return Diffusion(
        model=str(tiny_diffusion_folder(kind)),
        device=device,
        dtype="float32",
        prompt_template=prompt_template,
        negative=negative,
        steps=steps,
        guidance=guidance,
        strength=strength,
        safety_checker=safety_checker,
        ideal_px=ideal_px,
        multiple_px=multiple_px,
        keep_latents=keep_latents,
        grow_px=grow_px,
        batch=batch,
    )


def tiny_clipseg_folder() -> Path:
    """A folder with a tiny CLIPSeg as transformers writes it: weights, tokenizer, picture processor."""
    return _made_once("clipseg", _write_clipseg)


def tiny_sam_file() -> Path:
    """A tiny SAM's `.pth` file, as segment-anything's own."""
    return _made_once("sam", _write_sam) / "sam_tiny.pth"


def tiny_diffusion_folder(kind: TinyKind = "sd15") -> Path:
    """A folder with a tiny inpainting pipeline in diffusers' layout."""
    writers = {
        "sd15": _write_sd15,
        "sd15-flagged": _write_sd15_flagged,
        "sdxl": _write_sdxl,
        "flux": _write_flux,
        "qwen": _write_qwen,
    }
    if kind not in writers:
        raise ConfigError(f"no tiny pipeline named {kind!r}", hint=f"known are: {', '.join(writers)}")
    return _made_once(kind, writers[kind])


def tiny_lora_file(kind: TinyKind = "sd15") -> Path:
    """A `.safetensors` file with a LoRA of random weights for the tiny pipeline of that kind (sd15, sdxl)."""
    return _made_once(f"{kind}-lora", lambda folder: _write_lora(folder, kind)) / "pytorch_lora_weights.safetensors"


def tiny_controlnet_folder() -> Path:
    """A folder with a tiny ControlNet for the tiny `sd15`, whose answer is not zero as a fresh one's is."""
    return _made_once("controlnet", _write_controlnet)


def tiny_depth_folder() -> Path:
    """A folder with a tiny Depth Anything, 56 px, as transformers writes it."""
    return _made_once("depth", _write_depth)


def tiny_ip_adapter_folder() -> Path:
    """A folder with a tiny IP-Adapter for the tiny `sd15`, and its image encoder beside it."""
    return _made_once("ip-adapter", _write_ip_adapter)


def _made_once(name: str, write: Callable[[Path], None]) -> Path:
    """The folder that `write` fills, filled at most once for this code and these package versions.

    It is written under a temporary name and renamed, so two processes that race both end with a whole folder.
    """
    with requires_models_extra("a tiny model"):
        import torch
    recipe = hashlib.sha256(Path(__file__).read_bytes())
    for package in ("torch", "transformers", "diffusers", "segment-anything"):
        recipe.update(version(package).encode())
    home = cache_dir() / "tiny" / f"{name}-{recipe.hexdigest()[:16]}"
    if home.is_dir():
        return home
    home.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=f"{name}-", suffix=".part", dir=home.parent))
    try:
        # devices=[]: without it fork_rng saves every GPU's state, and starts CUDA for that.
        with torch.random.fork_rng(devices=[]), quiet_models():
            torch.manual_seed(0)
            write(part)
        try:
            part.rename(home)
        except OSError:
            if not home.is_dir():  # else: another process was faster, with the same bytes
                raise
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return home


_START, _END = "<|startoftext|>", "<|endoftext|>"


def _byte_letters() -> list[str]:
    """A letter for each byte, as byte-level tokenizers write them."""
    # Source: bytes_to_unicode of openai/CLIP's simple_tokenizer.py: printable bytes stand for themselves.
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    return [chr(byte) for byte in printable] + [chr(256 + rank) for rank in range(256 - len(printable))]


def _write_clip_tokenizer(folder: Path) -> None:
    """CLIP's byte-level tokenizer without a single merge: every letter is a token of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    letters = _byte_letters()
    words = [*letters, *(f"{letter}</w>" for letter in letters), _START, _END]
    (folder / "vocab.json").write_text(json.dumps({word: rank for rank, word in enumerate(words)}), encoding="utf-8")
    (folder / "merges.txt").write_text("#version: 0.2\n", encoding="utf-8")
    marks = {"bos_token": _START, "eos_token": _END, "pad_token": _END, "unk_token": _END}
    settings = {"tokenizer_class": "CLIPTokenizer", "model_max_length": 77, "do_lower_case": True, **marks}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    (folder / "special_tokens_map.json").write_text(json.dumps(marks), encoding="utf-8")


_TEXT: Mapping[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "vocab_size": 514,
    "max_position_embeddings": 77,
    "bos_token_id": 512,
    "eos_token_id": 513,
    "pad_token_id": 513,
    "projection_dim": 32,
}


def _write_clipseg(folder: Path) -> None:
    import torch
    from transformers import CLIPSegConfig, CLIPSegForImageSegmentation, ViTImageProcessor

    vision = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 4, "num_attention_heads": 4}
    net = CLIPSegForImageSegmentation(
        CLIPSegConfig(
            text_config=dict(_TEXT),
            # As in the real one the processor gives more pixels than the position table was made for.
            vision_config={**vision, "image_size": 32, "patch_size": 16},
            projection_dim=32,
            reduce_dim=16,
            extract_layers=[1, 2, 3],
            decoder_num_attention_heads=4,
            decoder_intermediate_size=32,
            use_complex_transposed_convolution=True,
        )
    ).eval()
    # Fresh weights give logits in the hundreds, that is heat of 0 or 1. The last layer is scaled until they spread.
    with torch.no_grad():
        logits = net(input_ids=torch.tensor([[512, 40, 513]]), pixel_values=torch.randn(1, 3, 64, 64)).logits
        last = net.decoder.transposed_convolution[-1]
        last.weight.mul_(2 / logits.std())
        last.bias.sub_(logits.mean() * 2 / logits.std())
    net.save_pretrained(folder, safe_serialization=True)
    processor = ViTImageProcessor(size={"height": 64, "width": 64}, image_mean=[0.5] * 3, image_std=[0.25] * 3)
    processor.save_pretrained(folder)
    _write_clip_tokenizer(folder)


def _write_sam(folder: Path) -> None:
    from functools import partial

    import torch
    from segment_anything import modeling

    net = modeling.Sam(
        image_encoder=modeling.ImageEncoderViT(
            img_size=128,
            patch_size=16,
            embed_dim=32,
            depth=2,
            num_heads=4,
            mlp_ratio=4,
            out_chans=32,
            qkv_bias=True,
            norm_layer=partial(torch.nn.LayerNorm, eps=1e-6),
            use_rel_pos=True,
            window_size=3,
            global_attn_indexes=(1,),
        ),
        prompt_encoder=modeling.PromptEncoder(
            embed_dim=32, image_embedding_size=(8, 8), input_image_size=(128, 128), mask_in_chans=16
        ),
        mask_decoder=modeling.MaskDecoder(
            num_multimask_outputs=3,
            transformer=modeling.TwoWayTransformer(depth=2, embedding_dim=32, mlp_dim=64, num_heads=8),
            transformer_dim=32,
            iou_head_depth=3,
            iou_head_hidden_dim=32,
        ),
    )
    with torch.no_grad():
        net.image_encoder.pos_embed.normal_()
        for block in net.image_encoder.blocks:
            block.attn.rel_pos_h.normal_(std=0.1)
            block.attn.rel_pos_w.normal_(std=0.1)
    torch.save(net.state_dict(), folder / "sam_tiny.pth")


def _tiny_vae(**settings: Any) -> Any:
    from diffusers import AutoencoderKL

    # Four levels, as the real ones have: a latent is 8 px.
    return AutoencoderKL(
        block_out_channels=(8, 8, 8, 8),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=4,
        sample_size=64,
        **settings,
    )


def _tiny_unet(**settings: Any) -> Any:
    from diffusers import UNet2DConditionModel

    return UNet2DConditionModel(
        sample_size=8,
        in_channels=9,
        out_channels=4,
        block_out_channels=(16, 32),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        norm_num_groups=8,
        **settings,
    )


def _tiny_clip_text(folder: Path, *, projected: bool = False) -> tuple[Any, Any]:
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

    _write_clip_tokenizer(folder)
    kind = CLIPTextModelWithProjection if projected else CLIPTextModel
    return kind(CLIPTextConfig(**_TEXT)).eval(), CLIPTokenizer.from_pretrained(folder, local_files_only=True)


def _write_sd15(folder: Path, *, flags_everything: bool = False) -> None:
    import torch
    from diffusers import DDIMScheduler, StableDiffusionInpaintPipeline
    from diffusers.pipelines.stable_diffusion import StableDiffusionSafetyChecker
    from transformers import CLIPConfig, CLIPImageProcessor

    vision = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 4}
    vision |= {"image_size": 32, "patch_size": 16, "projection_dim": 32}
    checker = StableDiffusionSafetyChecker(
        CLIPConfig(text_config=dict(_TEXT), vision_config=vision, projection_dim=32)
    ).eval()
    with torch.no_grad():
        # A concept is flagged where the cosine exceeds its threshold: 1 is never reached, -2 always.
        checker.concept_embeds_weights.fill_(-2.0 if flags_everything else 1.0)
        checker.special_care_embeds_weights.fill_(1.0)
    text_encoder, tokenizer = _tiny_clip_text(folder / "tokenizer")
    StableDiffusionInpaintPipeline(
        vae=_tiny_vae(),
        text_encoder=text_encoder,
        tokenizer=tokenizer,
        unet=_tiny_unet(cross_attention_dim=32, attention_head_dim=4),
        scheduler=DDIMScheduler(
            beta_schedule="scaled_linear", clip_sample=False, set_alpha_to_one=False, steps_offset=1
        ),
        safety_checker=checker,
        feature_extractor=CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}),
    ).save_pretrained(folder, safe_serialization=True)


def _write_sd15_flagged(folder: Path) -> None:
    _write_sd15(folder, flags_everything=True)


def _write_sdxl(folder: Path) -> None:
    from diffusers import EulerDiscreteScheduler, StableDiffusionXLInpaintPipeline

    text_encoder, tokenizer = _tiny_clip_text(folder / "tokenizer")
    text_encoder_2, tokenizer_2 = _tiny_clip_text(folder / "tokenizer_2", projected=True)
    StableDiffusionXLInpaintPipeline(
        vae=_tiny_vae(),
        text_encoder=text_encoder,
        text_encoder_2=text_encoder_2,
        tokenizer=tokenizer,
        tokenizer_2=tokenizer_2,
        unet=_tiny_unet(
            cross_attention_dim=64,
            attention_head_dim=(2, 4),
            use_linear_projection=True,
            addition_embed_type="text_time",
            addition_time_embed_dim=8,
            projection_class_embeddings_input_dim=6 * 8 + 32,
        ),
        scheduler=EulerDiscreteScheduler(beta_schedule="scaled_linear", steps_offset=1, timestep_spacing="leading"),
    ).save_pretrained(folder, safe_serialization=True)


def _write_flux(folder: Path) -> None:
    from diffusers import FlowMatchEulerDiscreteScheduler, FluxFillPipeline, FluxTransformer2DModel
    from transformers import T5Config, T5EncoderModel

    text_encoder, tokenizer = _tiny_clip_text(folder / "tokenizer")
    t5 = {"d_model": 32, "d_kv": 8, "d_ff": 64, "num_layers": 1, "num_heads": 4, "vocab_size": 128}
    FluxFillPipeline(
        vae=_tiny_vae(use_quant_conv=False, use_post_quant_conv=False, shift_factor=0.1, scaling_factor=0.4),
        text_encoder=text_encoder,
        tokenizer=tokenizer,
        text_encoder_2=T5EncoderModel(T5Config(**t5)).eval(),
        tokenizer_2=_tiny_t5_tokenizer(),
        transformer=FluxTransformer2DModel(
            patch_size=1,
            # Packed two by two: the latents, the masked latents, and the mask at 8 x 8 a latent.
            in_channels=4 * 4 + 4 * 4 + 4 * 64,
            out_channels=4 * 4,
            num_layers=1,
            num_single_layers=1,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=32,
            pooled_projection_dim=32,
            guidance_embeds=True,
            axes_dims_rope=(4, 4, 8),
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
    ).save_pretrained(folder, safe_serialization=True)


def _tiny_t5_tokenizer() -> Any:
    """A T5 tokenizer whose pieces are single ASCII characters."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import T5TokenizerFast

    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("\u2581", -1.0)]
    pieces += [(chr(byte), -2.0) for byte in range(ord("!"), ord("~") + 1)]
    plain = Tokenizer(models.Unigram(pieces, unk_id=2))
    plain.pre_tokenizer = pre_tokenizers.Metaspace()
    plain.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    return T5TokenizerFast(tokenizer_object=plain, extra_ids=0, model_max_length=64)


def _write_qwen(folder: Path) -> None:
    from diffusers import (
        AutoencoderKLQwenImage,
        FlowMatchEulerDiscreteScheduler,
        QwenImageInpaintPipeline,
        QwenImageTransformer2DModel,
    )
    from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration, Qwen2Tokenizer

    rope: dict[str, Any] = {"mrope_section": [1, 1, 2], "rope_type": "default", "rope_theta": 1e6}
    text: dict[str, Any] = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 2}
    text |= {"num_attention_heads": 2, "num_key_value_heads": 2, "rope_parameters": rope}
    text |= {"vocab_size": 264, "max_position_embeddings": 2048}
    vision = {"depth": 1, "hidden_size": 16, "intermediate_size": 16, "num_heads": 2, "out_hidden_size": 16}
    words = [*_byte_letters(), "<|endoftext|>"]
    QwenImageInpaintPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
        # Three levels down, as the real one: a latent is 8 px.
        vae=AutoencoderKLQwenImage(
            base_dim=8,
            z_dim=4,
            dim_mult=[1, 2, 2, 2],
            num_res_blocks=1,
            temperal_downsample=[False, True, True],
            latents_mean=[0.1] * 4,
            latents_std=[0.5] * 4,
        ),
        text_encoder=Qwen2_5_VLForConditionalGeneration(
            Qwen2_5_VLConfig(text_config=text, vision_config=vision)
        ).eval(),
        tokenizer=Qwen2Tokenizer(vocab={word: rank for rank, word in enumerate(words)}, merges=[]),
        transformer=QwenImageTransformer2DModel(
            patch_size=2,
            in_channels=4 * 4,
            out_channels=4,
            num_layers=1,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=16,
            axes_dims_rope=(4, 6, 6),
        ),
    ).save_pretrained(folder, safe_serialization=True)


def _written_unet(kind: TinyKind) -> Any:
    from diffusers import UNet2DConditionModel

    return UNet2DConditionModel.from_pretrained(tiny_diffusion_folder(kind), subfolder="unet", local_files_only=True)


def _write_lora(folder: Path, kind: TinyKind) -> None:
    from diffusers import StableDiffusionInpaintPipeline, StableDiffusionXLInpaintPipeline
    from peft import LoraConfig
    from peft.utils import get_peft_model_state_dict

    unet = _written_unet(kind)
    # init_lora_weights=False: else a fresh LoRA changes nothing.
    unet.add_adapter(LoraConfig(r=2, target_modules=["to_q", "to_v"], init_lora_weights=False))
    pipeline = StableDiffusionXLInpaintPipeline if kind == "sdxl" else StableDiffusionInpaintPipeline
    pipeline.save_lora_weights(folder, unet_lora_layers=get_peft_model_state_dict(unet), safe_serialization=True)


def _write_controlnet(folder: Path) -> None:
    import torch
    from diffusers import ControlNetModel

    net = ControlNetModel(
        block_out_channels=(16, 32),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        norm_num_groups=8,
        cross_attention_dim=32,
        attention_head_dim=4,
        conditioning_embedding_out_channels=(8, 8, 8, 8),
    )
    with torch.no_grad():
        for part in (net.controlnet_down_blocks, net.controlnet_mid_block, net.controlnet_cond_embedding.conv_out):
            for tensor in part.parameters():
                tensor.normal_(std=0.3)
    net.save_pretrained(folder, safe_serialization=True)


def _write_depth(folder: Path) -> None:
    import torch
    from transformers import DepthAnythingConfig, DepthAnythingForDepthEstimation, Dinov2Config, DPTImageProcessor

    backbone = Dinov2Config(
        hidden_size=16,
        num_hidden_layers=4,
        num_attention_heads=2,
        image_size=56,
        patch_size=14,
        out_features=["stage1", "stage2", "stage3", "stage4"],
        apply_layernorm=True,
        reshape_hidden_states=False,
    )
    config = DepthAnythingConfig(
        backbone_config=backbone,
        reassemble_hidden_size=16,
        patch_size=14,
        neck_hidden_sizes=[8, 8, 8, 8],
        fusion_hidden_size=8,
        head_hidden_size=8,
    )
    net = DepthAnythingForDepthEstimation(config).eval()
    # Fresh weights give a depth that is the same everywhere, to six digits.
    with torch.no_grad():
        for tensor in [*net.neck.parameters(), *net.head.parameters()]:
            tensor.normal_(std=0.3)
    net.save_pretrained(folder, safe_serialization=True)
    size = {"height": 56, "width": 56}
    DPTImageProcessor(size=size, keep_aspect_ratio=True, ensure_multiple_of=14).save_pretrained(folder)


def _write_ip_adapter(folder: Path) -> None:
    import torch
    from safetensors.torch import save_file
    from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

    vision = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 4}
    encoder = CLIPVisionModelWithProjection(CLIPVisionConfig(**vision, image_size=32, patch_size=16, projection_dim=24))
    encoder.eval().save_pretrained(folder / "image_encoder", safe_serialization=True)
    unet = _written_unet("sd15")
    # Four tokens, as the real one; layers are numbered 1, 3, 5 ... over the cross-attentions.
    tensors = {
        "image_proj.proj.weight": torch.randn(4 * 32, 24),
        "image_proj.proj.bias": torch.zeros(4 * 32),
        "image_proj.norm.weight": torch.ones(32),
        "image_proj.norm.bias": torch.zeros(32),
    }
    crossed = [name.removesuffix(".processor") for name in unet.attn_processors if name.endswith("attn2.processor")]
    for rank, name in enumerate(crossed):
        shape = unet.get_submodule(name).to_k.weight.shape
        for letter in "kv":
            tensors[f"ip_adapter.{2 * rank + 1}.to_{letter}_ip.weight"] = torch.randn(shape)
    save_file(tensors, folder / "ip-adapter_tiny.safetensors")
