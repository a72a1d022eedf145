"""Tiny inpainting pipelines: Stable Diffusion 1.5 and XL, Flux Fill, Qwen-Image, FLUX.2 klein, FLUX.1 Kontext."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from automask.errors import ConfigError
from automask.testing.clip_text import TEXT_CONFIG, byte_letters, tiny_clip_text
from automask.testing.model_cache import write_once

if TYPE_CHECKING:
    from automask.editors.diffusion import Diffusion

TinyKind = Literal["sd15", "sd15-flagged", "sdxl", "flux", "qwen", "klein", "kontext"]
"""The inpainting pipelines that are made tiny; `sd15-flagged` has a safety checker that flags everything."""


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


def tiny_diffusion_folder(kind: TinyKind = "sd15") -> Path:
    """A folder with a tiny inpainting pipeline in diffusers' layout."""
    writers = {
        "sd15": _write_sd15,
        "sd15-flagged": _write_sd15_flagged,
        "sdxl": _write_sdxl,
        "flux": _write_flux,
        "qwen": _write_qwen,
        "klein": _write_klein,
        "kontext": _write_kontext,
    }
    if kind not in writers:
        raise ConfigError(f"no tiny pipeline named {kind!r}", hint=f"known are: {', '.join(writers)}")
    return write_once(kind, writers[kind])


def _write_sd15(folder: Path, *, flags_everything: bool = False) -> None:
    import torch
    from diffusers import DDIMScheduler, StableDiffusionInpaintPipeline
    from diffusers.pipelines.stable_diffusion import StableDiffusionSafetyChecker
    from transformers import CLIPConfig, CLIPImageProcessor

    vision = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 4}
    vision |= {"image_size": 32, "patch_size": 16, "projection_dim": 32}
    checker = StableDiffusionSafetyChecker(
        CLIPConfig(text_config=dict(TEXT_CONFIG), vision_config=vision, projection_dim=32)
    ).eval()
    with torch.no_grad():
        # A concept is flagged where the cosine exceeds its threshold: 1 is never reached, -2 always.
        checker.concept_embeds_weights.fill_(-2.0 if flags_everything else 1.0)
        checker.special_care_embeds_weights.fill_(1.0)
    text_encoder, tokenizer = tiny_clip_text(folder / "tokenizer")
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

    text_encoder, tokenizer = tiny_clip_text(folder / "tokenizer")
    text_encoder_2, tokenizer_2 = tiny_clip_text(folder / "tokenizer_2", projected=True)
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
    from diffusers import FluxFillPipeline

    # Packed two by two: the latents, the masked latents, and the mask at 8 x 8 a latent.
    _write_flux_pipeline(folder, FluxFillPipeline, in_channels=4 * 4 + 4 * 4 + 4 * 64, out_channels=4 * 4)


def _write_kontext(folder: Path) -> None:
    from diffusers import FluxKontextPipeline

    _write_flux_pipeline(folder, FluxKontextPipeline, in_channels=4 * 4)


def _write_flux_pipeline(folder: Path, pipeline: Any, **channels: int) -> None:
    """Writes a pipeline of the parts of FLUX.1, whose transformer has these channels."""
    from diffusers import FlowMatchEulerDiscreteScheduler, FluxTransformer2DModel
    from transformers import T5Config, T5EncoderModel

    text_encoder, tokenizer = tiny_clip_text(folder / "tokenizer")
    t5 = {"d_model": 32, "d_kv": 8, "d_ff": 64, "num_layers": 1, "num_heads": 4, "vocab_size": 128}
    pipeline(
        vae=_tiny_vae(use_quant_conv=False, use_post_quant_conv=False, shift_factor=0.1, scaling_factor=0.4),
        text_encoder=text_encoder,
        tokenizer=tokenizer,
        text_encoder_2=T5EncoderModel(T5Config(**t5)).eval(),
        tokenizer_2=_tiny_t5_tokenizer(),
        transformer=FluxTransformer2DModel(
            patch_size=1,
            num_layers=1,
            num_single_layers=1,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=32,
            pooled_projection_dim=32,
            guidance_embeds=True,
            axes_dims_rope=(4, 4, 8),
            **channels,
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
    ).save_pretrained(folder, safe_serialization=True)


def _write_klein(folder: Path) -> None:
    import torch
    from diffusers import (
        AutoencoderKLFlux2,
        FlowMatchEulerDiscreteScheduler,
        Flux2KleinPipeline,
        Flux2Transformer2DModel,
    )
    from transformers import Qwen2Tokenizer, Qwen3Config, Qwen3ForCausalLM

    vae = AutoencoderKLFlux2(
        block_out_channels=(8, 8, 8, 8),
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=4,
        sample_size=64,
    )
    with torch.no_grad():
        # Of the real one these are statistics of photos: with 0 and 1 a normalisation that is missed would not show.
        vae.bn.running_mean.normal_(std=0.5)
        vae.bn.running_var.uniform_(0.5, 2.0)
    words = [*byte_letters(), "<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    tokenizer = Qwen2Tokenizer(vocab={word: rank for rank, word in enumerate(words)}, merges=[], pad_token=words[256])
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|im_start|>", "<|im_end|>"]})
    tokenizer.chat_template = (
        "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
        "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    )
    Flux2KleinPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
        vae=vae,
        # The words are read from layers 9, 18 and 27.
        text_encoder=Qwen3ForCausalLM(
            Qwen3Config(
                vocab_size=264,
                hidden_size=8,
                intermediate_size=8,
                num_hidden_layers=28,
                num_attention_heads=1,
                num_key_value_heads=1,
                head_dim=8,
                max_position_embeddings=1024,
                tie_word_embeddings=True,
            )
        ).eval(),
        tokenizer=tokenizer,
        transformer=Flux2Transformer2DModel(
            in_channels=4 * 4,
            num_layers=1,
            num_single_layers=1,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=3 * 8,
            timestep_guidance_channels=16,
            axes_dims_rope=(4, 4, 4, 4),
            guidance_embeds=False,
        ),
        is_distilled=True,
    ).save_pretrained(folder, safe_serialization=True)


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
    words = [*byte_letters(), "<|endoftext|>"]
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
