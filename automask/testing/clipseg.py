"""A tiny CLIPSeg."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from automask.testing.clip_text import TEXT_CONFIG, write_clip_tokenizer
from automask.testing.model_cache import write_once

if TYPE_CHECKING:
    from automask.segmenters.clipseg import ClipSeg


def tiny_clipseg(*, device: str = "cpu", templates: Sequence[str] = ("{}",), flip: bool = False) -> "ClipSeg":
    """A `ClipSeg` of about 50 000 random weights, 64 x 64 px, whose heat spreads over 0..1."""
    from automask.segmenters.clipseg import ClipSeg

    return ClipSeg(model=str(tiny_clipseg_folder()), device=device, templates=templates, flip=flip)


def tiny_clipseg_folder() -> Path:
    """A folder with a tiny CLIPSeg as transformers writes it: weights, tokenizer, picture processor."""
    return write_once("clipseg", _write_clipseg)


def _write_clipseg(folder: Path) -> None:
    import torch
    from transformers import CLIPSegConfig, CLIPSegForImageSegmentation, ViTImageProcessor

    vision = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 4, "num_attention_heads": 4}
    net = CLIPSegForImageSegmentation(
        CLIPSegConfig(
            text_config=dict(TEXT_CONFIG),
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
    write_clip_tokenizer(folder)
