"""What steers a tiny diffusion pipeline: LoRA, ControlNet, depth estimator, IP-Adapter."""

from pathlib import Path
from typing import Any

from automask.testing.diffusion import TinyKind, tiny_diffusion_folder
from automask.testing.model_cache import write_once


def tiny_lora_file(kind: TinyKind = "sd15") -> Path:
    """A `.safetensors` file with a LoRA of random weights for the tiny pipeline of that kind (sd15, sdxl)."""
    return write_once(f"{kind}-lora", lambda folder: _write_lora(folder, kind)) / "pytorch_lora_weights.safetensors"


def tiny_controlnet_folder() -> Path:
    """A folder with a tiny ControlNet for the tiny `sd15`, whose answer is not zero as a fresh one's is."""
    return write_once("controlnet", _write_controlnet)


def tiny_depth_folder() -> Path:
    """A folder with a tiny Depth Anything, 56 px, as transformers writes it."""
    return write_once("depth", _write_depth)


def tiny_ip_adapter_folder() -> Path:
    """A folder with a tiny IP-Adapter for the tiny `sd15`, and its image encoder next to it."""
    return write_once("ip-adapter", _write_ip_adapter)


def _write_lora(folder: Path, kind: TinyKind) -> None:
    from diffusers import StableDiffusionInpaintPipeline, StableDiffusionXLInpaintPipeline
    from peft import LoraConfig
    from peft.utils import get_peft_model_state_dict

    unet = _load_unet(kind)
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
    unet = _load_unet("sd15")
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


def _load_unet(kind: TinyKind) -> Any:
    from diffusers import UNet2DConditionModel

    return UNet2DConditionModel.from_pretrained(tiny_diffusion_folder(kind), subfolder="unet", local_files_only=True)
