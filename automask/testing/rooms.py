"""Tiny semantic nets with the labels of ADE20K: SegFormer, Mask2Former, OneFormer and EoMT."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from automask.errors import ConfigError
from automask.testing.clip_text import write_clip_tokenizer
from automask.testing.model_cache import write_once

if TYPE_CHECKING:
    from automask.segmenters.rooms import Rooms

TinyRoomsKind = Literal["segformer", "mask2former", "oneformer", "eomt"]

_LABELS = (
    "wall, building, sky, floor, tree, ceiling, road, bed, windowpane, grass, cabinet, sidewalk, person, earth, door, "
    "table, mountain, plant, curtain, chair, car, water, painting, sofa, shelf, house, sea, mirror, rug, field, "
    "armchair, seat, fence, desk, rock, wardrobe, lamp, bathtub, railing, cushion, base, box, column, signboard, "
    "chest of drawers, counter, sand, sink, skyscraper, fireplace, refrigerator, grandstand, path, stairs, runway, "
    "case, pool table, pillow, screen door, stairway, river, bridge, bookcase, blind, coffee table, toilet, flower, "
    "book, hill, bench, countertop, stove, palm, kitchen island, computer, swivel chair, boat, bar, arcade machine, "
    "hovel, bus, towel, light, truck, tower, chandelier, awning, streetlight, booth, television receiver, airplane, "
    "dirt track, apparel, pole, land, bannister, escalator, ottoman, bottle, buffet, poster, stage, van, ship, "
    "fountain, conveyer belt, canopy, washer, plaything, swimming pool, stool, barrel, basket, waterfall, tent, bag, "
    "minibike, cradle, oven, ball, food, step, tank, trade name, microwave, pot, animal, bicycle, lake, dishwasher, "
    "screen, blanket, sculpture, hood, sconce, vase, traffic light, tray, ashcan, fan, pier, crt screen, plate, "
    "monitor, bulletin board, shower, radiator, glass, clock, flag"
)
ADE20K_LABELS = tuple(_LABELS.split(", "))
"""The labels in the order of the benchmark: facts about ADE20K, which every checkpoint repeats."""


def tiny_rooms(
    *, kind: TinyRoomsKind = "segformer", device: str = "cpu", flip: bool = False, keep_odds: float = 1.0
) -> "Rooms":
    """A `Rooms` of some thousand random weights, whose labels are chance."""
    from automask.segmenters.rooms import Rooms

    return Rooms(model=str(tiny_rooms_folder(kind)), device=device, flip=flip, keep_odds=keep_odds)


def tiny_rooms_folder(kind: TinyRoomsKind = "segformer") -> Path:
    """A folder with a tiny semantic net as transformers writes it: weights, labels, picture processor."""
    writers = {
        "segformer": _write_segformer,
        "mask2former": _write_mask2former,
        "oneformer": _write_oneformer,
        "eomt": _write_eomt,
    }
    if kind not in writers:
        raise ConfigError(f"no tiny semantic net named {kind!r}", hint=f"known are: {', '.join(writers)}")
    return write_once(kind, writers[kind])


def _labels() -> dict[str, Any]:
    return {"id2label": dict(enumerate(ADE20K_LABELS)), "label2id": {name: i for i, name in enumerate(ADE20K_LABELS)}}


def _write_segformer(folder: Path) -> None:
    import torch
    from transformers import SegformerConfig, SegformerForSemanticSegmentation, SegformerImageProcessor

    net = SegformerForSemanticSegmentation(
        SegformerConfig(
            depths=[1, 1, 1, 1],
            hidden_sizes=[8, 8, 16, 16],
            num_attention_heads=[1, 1, 2, 2],
            decoder_hidden_size=16,
            **_labels(),
        )
    ).eval()
    with torch.no_grad():
        # Fresh weights know no difference between labels. With these, some win somewhere and others nowhere.
        net.decode_head.classifier.weight.normal_(std=60)
    net.save_pretrained(folder, safe_serialization=True)
    SegformerImageProcessor(size={"height": 64, "width": 64}).save_pretrained(folder)


def _swin() -> Any:
    from transformers import SwinConfig

    return SwinConfig(
        image_size=64,
        embed_dim=8,
        depths=[1, 1, 1, 1],
        num_heads=[1, 1, 2, 2],
        window_size=4,
        out_features=["stage1", "stage2", "stage3", "stage4"],
    )


def _write_mask2former(folder: Path) -> None:
    import torch
    from transformers import Mask2FormerConfig, Mask2FormerForUniversalSegmentation, Mask2FormerImageProcessor

    net = Mask2FormerForUniversalSegmentation(
        Mask2FormerConfig(
            backbone_config=_swin(),
            feature_size=32,
            mask_feature_size=32,
            hidden_dim=32,
            encoder_feedforward_dim=16,
            dim_feedforward=16,
            encoder_layers=1,
            decoder_layers=2,
            num_attention_heads=2,
            num_queries=6,
            **_labels(),
        )
    ).eval()
    with torch.no_grad():
        net.class_predictor.weight.normal_(std=2)
    net.save_pretrained(folder, safe_serialization=True)
    size = {"shortest_edge": 64, "longest_edge": 256}
    Mask2FormerImageProcessor(size=size, size_divisor=32, ignore_index=255).save_pretrained(folder)


def _write_oneformer(folder: Path) -> None:
    import torch
    from transformers import OneFormerConfig, OneFormerForUniversalSegmentation, OneFormerImageProcessor

    net = OneFormerForUniversalSegmentation(
        OneFormerConfig(
            backbone_config=_swin(),
            num_queries=6,
            conv_dim=32,
            mask_dim=32,
            hidden_dim=32,
            encoder_feedforward_dim=16,
            dim_feedforward=16,
            encoder_layers=1,
            decoder_layers=2,
            query_dec_layers=1,
            num_attention_heads=2,
            text_encoder_width=32,
            text_encoder_num_layers=1,
            text_encoder_vocab_size=514,
            text_encoder_proj_layers=1,
            **_labels(),
        )
    ).eval()
    with torch.no_grad():
        net.model.transformer_module.decoder.class_embed.weight.normal_(std=2)
    net.save_pretrained(folder, safe_serialization=True)
    OneFormerImageProcessor(size={"shortest_edge": 64, "longest_edge": 256}).save_pretrained(folder)
    # As in the real ones: a list of classes that the processor would fetch from the hub.
    settings = json.loads((folder / "preprocessor_config.json").read_text(encoding="utf-8"))
    settings |= {"repo_path": "shi-labs/oneformer_demo", "class_info_file": "ade20k_panoptic.json"}
    (folder / "preprocessor_config.json").write_text(json.dumps(settings), encoding="utf-8")
    write_clip_tokenizer(folder)


def _write_eomt(folder: Path) -> None:
    import torch
    from transformers import EomtConfig, EomtForUniversalSegmentation, EomtImageProcessor

    net = EomtForUniversalSegmentation(
        EomtConfig(
            hidden_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            image_size=64,
            num_blocks=1,
            num_queries=6,
            num_register_tokens=1,
            **_labels(),
        )
    ).eval()
    with torch.no_grad():
        net.class_predictor.weight.normal_(std=2)
    net.save_pretrained(folder, safe_serialization=True)
    size = {"shortest_edge": 64, "longest_edge": None}
    EomtImageProcessor(size=size, do_split_image=True, do_pad=False).save_pretrained(folder)
