"""Tiny nets that find phrases: Grounding DINO, MM Grounding DINO, OWLv2 and SAM 3."""

import string
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from automask.testing.clip_text import TEXT_CONFIG, write_clip_tokenizer
from automask.testing.model_cache import write_once

if TYPE_CHECKING:
    from automask.segmenters.grounding_dino import GroundingDino
    from automask.segmenters.owlv2 import Owlv2
    from automask.segmenters.sam3 import Sam3

TinyDinoKind = Literal["grounding-dino", "mm-grounding-dino"]


def tiny_grounding_dino(*, kind: TinyDinoKind = "grounding-dino", device: str = "cpu") -> "GroundingDino":
    """A `GroundingDino` of some thousand random weights, whose boxes are chance."""
    from automask.segmenters.grounding_dino import GroundingDino

    return GroundingDino(model=str(tiny_grounding_dino_folder(kind)), device=device)


def tiny_owlv2(*, device: str = "cpu", template: str = "{}") -> "Owlv2":
    """An `Owlv2` of some thousand random weights, 64 x 64 px, whose boxes are chance."""
    from automask.segmenters.owlv2 import Owlv2

    return Owlv2(model=str(tiny_owlv2_folder()), device=device, template=template)


def tiny_sam3(*, device: str = "cpu") -> "Sam3":
    """A `Sam3` of some thousand random weights, 112 x 112 px, whose masks are chance."""
    from automask.segmenters.sam3 import Sam3

    return Sam3(model=str(tiny_sam3_folder()), device=device)


def tiny_grounding_dino_folder(kind: TinyDinoKind = "grounding-dino") -> Path:
    """A folder with a tiny Grounding DINO as transformers writes it: weights, tokenizer, picture processor."""
    return write_once(kind, lambda folder: _write_grounding_dino(folder, kind))


def tiny_owlv2_folder() -> Path:
    """A folder with a tiny OWLv2 as transformers writes it."""
    return write_once("owlv2", _write_owlv2)


def tiny_sam3_folder() -> Path:
    """A folder with a tiny SAM 3 as transformers writes it."""
    return write_once("sam3", _write_sam3)


def _write_grounding_dino(folder: Path, kind: TinyDinoKind) -> None:
    import torch
    import transformers
    from transformers import BertConfig, GroundingDinoImageProcessor, SwinConfig

    swin = SwinConfig(
        image_size=64,
        embed_dim=8,
        depths=[1, 1, 1, 1],
        num_heads=[1, 1, 2, 2],
        window_size=4,
        out_features=["stage2", "stage3", "stage4"],
    )
    bert = BertConfig(
        vocab_size=_BERT_WORDS,
        hidden_size=32,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=256,
    )
    settings: dict[str, Any] = {"backbone_config": swin, "text_config": bert, "d_model": 32, "num_queries": 24}
    settings |= {"encoder_layers": 1, "decoder_layers": 2, "encoder_ffn_dim": 32, "decoder_ffn_dim": 32}
    settings |= {"encoder_attention_heads": 4, "decoder_attention_heads": 4}
    name = {"grounding-dino": "GroundingDino", "mm-grounding-dino": "MMGroundingDino"}[kind]
    net = getattr(transformers, f"{name}ForObjectDetection")(getattr(transformers, f"{name}Config")(**settings)).eval()
    with torch.no_grad():
        # Scores are dot products of features: with fresh weights all of them are near 0 or near 1.
        if kind == "grounding-dino":
            net.model.decoder.layer_norm.weight.fill_(0.2)
        else:
            for head in net.class_embed:
                head.bias.fill_(-1.0)
        for head in net.bbox_embed:
            head.layers[-1].weight.normal_(std=0.2)
    net.save_pretrained(folder, safe_serialization=True)
    GroundingDinoImageProcessor(size={"shortest_edge": 64, "longest_edge": 128}).save_pretrained(folder)
    _write_bert_tokenizer(folder)


_BERT_WORDS = 1100


def _write_bert_tokenizer(folder: Path) -> None:
    """BERT's tokenizer whose words are single letters, with the special tokens where Grounding DINO expects them."""
    from transformers import BertTokenizer

    words = [f"[unused{number}]" for number in range(_BERT_WORDS)]
    words[0], words[100], words[101], words[102], words[103] = "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"
    words[1012], words[1029] = ".", "?"
    for number, letter in enumerate(string.ascii_lowercase + string.digits):
        words[200 + number], words[300 + number] = letter, f"##{letter}"
    (folder / "vocab.txt").write_text("\n".join(words), encoding="utf-8")
    BertTokenizer(str(folder / "vocab.txt"), do_lower_case=True, model_max_length=256).save_pretrained(folder)


def _write_owlv2(folder: Path) -> None:
    import torch
    from transformers import Owlv2Config, Owlv2ForObjectDetection, Owlv2ImageProcessor

    text = {**TEXT_CONFIG, "max_position_embeddings": 32}
    vision = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 4}
    net = Owlv2ForObjectDetection(
        Owlv2Config(text_config=text, vision_config={**vision, "image_size": 64, "patch_size": 16}, projection_dim=32)
    ).eval()
    with torch.no_grad():
        # Fresh weights know no difference between places: with these some boxes are good and others are not.
        net.class_head.logit_scale.weight.normal_(std=0.2)
        net.class_head.logit_shift.weight.normal_(std=0.3)
        net.box_head.dense2.weight.normal_(std=0.5)
    net.save_pretrained(folder, safe_serialization=True)
    Owlv2ImageProcessor(size={"height": 64, "width": 64}).save_pretrained(folder)
    write_clip_tokenizer(folder)


def _write_sam3(folder: Path) -> None:
    import torch
    from transformers import Sam3Config, Sam3ImageProcessor, Sam3Model

    small = {"hidden_size": 32, "num_attention_heads": 4, "intermediate_size": 32}
    backbone = {
        **small,
        "model_type": "sam3_vit_model",
        "num_hidden_layers": 2,
        "image_size": 112,
        "patch_size": 14,
        "pretrain_image_size": 112,
        "window_size": 4,
        "global_attn_indexes": [1],
    }
    net = Sam3Model(
        Sam3Config(
            vision_config={
                "backbone_config": backbone,
                "fpn_hidden_size": 32,
                "backbone_feature_sizes": [[32, 32], [16, 16], [8, 8]],
            },
            text_config={**TEXT_CONFIG, "model_type": "clip_text_model", "max_position_embeddings": 32},
            geometry_encoder_config={**small, "num_layers": 1},
            detr_encoder_config={**small, "num_layers": 1},
            detr_decoder_config={**small, "num_layers": 2, "num_queries": 20},
            mask_decoder_config={"hidden_size": 32, "num_attention_heads": 4},
        )
    ).eval()
    with torch.no_grad():
        # Fresh weights give every query one score and one empty mask.
        net.detr_decoder.query_embed.weight.normal_(std=3)
        for layer in (*net.detr_decoder.layers.parameters(), *net.text_encoder.parameters()):
            if layer.dim() > 1:
                layer.mul_(8)
        for layer in (net.dot_product_scoring.query_proj, net.dot_product_scoring.text_proj, net.text_projection):
            layer.weight.normal_(std=0.3)
        net.detr_decoder.presence_head.layer3.bias.fill_(1.0)
        for parameter in net.mask_decoder.parameters():
            if parameter.dim() > 1:
                parameter.mul_(12)
    net.save_pretrained(folder, safe_serialization=True)
    Sam3ImageProcessor(size={"height": 112, "width": 112}, mask_size={"height": 32, "width": 32}).save_pretrained(
        folder
    )
    write_clip_tokenizer(folder)
