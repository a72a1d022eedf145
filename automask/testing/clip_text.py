"""The text half of CLIP at tiny size: tokenizer and encoder, which CLIPSeg and Stable Diffusion share."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

TEXT_CONFIG: Mapping[str, Any] = {
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
"""Arguments of a `CLIPTextConfig` that fits the tokenizer: 514 tokens, the last two of them start and end."""

_START, _END = "<|startoftext|>", "<|endoftext|>"


def tiny_clip_text(folder: Path, *, projected: bool = False) -> tuple[Any, Any]:
    """A text encoder of random weights and its tokenizer.

    Args:
        folder: Where the tokenizer's files are written.
        projected: The encoder ends in a projection, as the second one of Stable Diffusion XL does.
    """
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

    write_clip_tokenizer(folder)
    kind = CLIPTextModelWithProjection if projected else CLIPTextModel
    return kind(CLIPTextConfig(**TEXT_CONFIG)).eval(), CLIPTokenizer.from_pretrained(folder, local_files_only=True)


def write_clip_tokenizer(folder: Path) -> None:
    """CLIP's byte-level tokenizer without a single merge: every letter is a token of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    letters = byte_letters()
    words = [*letters, *(f"{letter}</w>" for letter in letters), _START, _END]
    (folder / "vocab.json").write_text(json.dumps({word: rank for rank, word in enumerate(words)}), encoding="utf-8")
    (folder / "merges.txt").write_text("#version: 0.2\n", encoding="utf-8")
    marks = {"bos_token": _START, "eos_token": _END, "pad_token": _END, "unk_token": _END}
    settings = {"tokenizer_class": "CLIPTokenizer", "model_max_length": 77, "do_lower_case": True, **marks}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    (folder / "special_tokens_map.json").write_text(json.dumps(marks), encoding="utf-8")


def byte_letters() -> list[str]:
    """A letter for each byte, as byte-level tokenizers write them."""
    # Source: bytes_to_unicode of openai/CLIP's simple_tokenizer.py: printable bytes stand for themselves.
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    return [chr(byte) for byte in printable] + [chr(256 + rank) for rank in range(256 - len(printable))]
