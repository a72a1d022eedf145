"""A tiny Segment Anything."""

from pathlib import Path
from typing import TYPE_CHECKING

from automask.testing.model_cache import write_once

if TYPE_CHECKING:
    from automask.refiners.sam import Sam


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
