"""Tiny Segment Anything models: the first, SAM 2 and SAM-HQ."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from automask.testing.model_cache import write_once

if TYPE_CHECKING:
    from automask.refiners.sam import Sam
    from automask.refiners.sam2 import Sam2
    from automask.refiners.sam_hq import SamHq


def tiny_sam(*, device: str = "cpu", max_boxes_at_once: int = 64) -> "Sam":
    """A `Sam` of about 100 000 random weights whose encoder takes 128 x 128 px."""
    from automask.refiners.sam import Sam

    return Sam(model=str(tiny_sam_file()), device=device, max_boxes_at_once=max_boxes_at_once)


def tiny_sam_file() -> Path:
    """A tiny SAM's `.pth` file, as segment-anything's own."""
    return write_once("sam", _write_sam) / "sam_tiny.pth"


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


def tiny_sam2(*, device: str = "cpu", points: bool = False, max_boxes_at_once: int = 64) -> "Sam2":
    """A `Sam2` of some thousand random weights whose encoder takes 128 x 128 px."""
    from automask.refiners.sam2 import Sam2

    return Sam2(model=str(tiny_sam2_folder()), device=device, points=points, max_boxes_at_once=max_boxes_at_once)


def tiny_sam_hq(*, device: str = "cpu", points: bool = False, max_boxes_at_once: int = 64) -> "SamHq":
    """A `SamHq` of some thousand random weights whose encoder takes 128 x 128 px."""
    from automask.refiners.sam_hq import SamHq

    return SamHq(model=str(tiny_sam_hq_folder()), device=device, points=points, max_boxes_at_once=max_boxes_at_once)


def tiny_sam2_folder() -> Path:
    """A folder with a tiny SAM 2 as transformers writes it."""
    return write_once("sam2", _write_sam2)


def tiny_sam_hq_folder() -> Path:
    """A folder with a tiny SAM-HQ as transformers writes it."""
    return write_once("sam-hq", _write_sam_hq)


_DECODER = {"hidden_size": 32, "mlp_dim": 32, "num_attention_heads": 4, "iou_head_hidden_dim": 32}


def _write_sam2(folder: Path) -> None:
    import torch
    from transformers import Sam2Config, Sam2ImageProcessor, Sam2Model

    backbone = {
        "model_type": "sam2_hiera_det_model",
        "hidden_size": 8,
        "image_size": [128, 128],
        "blocks_per_stage": [1, 1, 2, 1],
        "embed_dim_per_stage": [8, 16, 32, 64],
        "num_attention_heads_per_stage": [1, 2, 4, 8],
        "window_size_per_stage": [8, 4, 4, 2],
        "global_attention_blocks": [3],
        "window_positional_embedding_background_size": [4, 4],
    }
    net = Sam2Model(
        Sam2Config(
            vision_config={
                "backbone_config": backbone,
                "backbone_channel_list": [64, 32, 16, 8],
                "backbone_feature_sizes": [[32, 32], [16, 16], [8, 8]],
                "fpn_hidden_size": 32,
            },
            prompt_encoder_config={"hidden_size": 32, "image_size": 128},
            mask_decoder_config=_DECODER,
        )
    ).eval()
    _spread(net, torch)
    net.save_pretrained(folder, safe_serialization=True)
    Sam2ImageProcessor(size={"height": 128, "width": 128}, mask_size={"height": 32, "width": 32}).save_pretrained(
        folder
    )


def _write_sam_hq(folder: Path) -> None:
    import torch
    from transformers import SamHQConfig, SamHQModel, SamImageProcessor

    net = SamHQModel(
        SamHQConfig(
            vision_config={
                "hidden_size": 32,
                "output_channels": 32,
                "num_hidden_layers": 2,
                "num_attention_heads": 4,
                "image_size": 128,
                "window_size": 3,
                "global_attn_indexes": [1],
                "num_pos_feats": 16,
                "mlp_dim": 32,
                "initializer_range": 0.1,
            },
            prompt_encoder_config={"hidden_size": 32, "image_size": 128},
            mask_decoder_config={**_DECODER, "vit_dim": 32},
        )
    ).eval()
    _spread(net, torch)
    with torch.no_grad():
        # It is added to all three masks: at full strength they would be nearly one.
        for parameter in net.mask_decoder.hq_mask_mlp.parameters():
            parameter.mul_(0.3)
    net.save_pretrained(folder, safe_serialization=True)
    SamImageProcessor(
        size={"longest_edge": 128},
        pad_size={"height": 128, "width": 128},
        mask_size={"longest_edge": 32},
        mask_pad_size={"height": 32, "width": 32},
    ).save_pretrained(folder)


def _spread(net: Any, torch: Any) -> None:
    """Fresh weights give nearly the same mask everywhere. Scaled, so that masks are neither empty nor full."""
    with torch.no_grad():
        for part in (net.mask_decoder, net.vision_encoder):
            for parameter in part.parameters():
                if parameter.dim() > 1:
                    parameter.normal_(std=parameter[0].numel() ** -0.5)
