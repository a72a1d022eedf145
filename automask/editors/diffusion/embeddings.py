"""From a prompt to the embeddings that the denoising net reads, cached."""

import inspect
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from automask.errors import EditorError

_CACHE_SIZE = 32
"""Sentences in the cache: 32 of FLUX's longest embeddings are 128 MB in half precision."""
_CHAT_TOKENS = 16
_MAX_TOKENS = 512
"""What FLUX and Qwen-Image read of a sentence by default."""


class WordEmbeddings:
    """Turns sentences into the embeddings that a pipeline's call takes, and caches them.

    Args:
        pipe: One of diffusers' inpainting pipelines.
        reading: Makes the context in which its text encoders may be called; see `BatchRunner.reading`.
    """

    def __init__(self, pipe: Any, reading: Callable[[], AbstractContextManager[None]] = nullcontext) -> None:
        self._pipe = pipe
        self._reading = reading
        self._takes = frozenset(inspect.signature(pipe.__call__).parameters)
        self.cache: OrderedDict[tuple[str, str, bool], Mapping[str, Any]] = OrderedDict()

    def embeddings(self, sentence: str, negative: str, *, guided: bool) -> Mapping[str, Any]:
        """Arguments of the pipeline's call by name, each for one crop.

        Args:
            sentence: The prompt.
            negative: The negative prompt; may be empty.
            guided: Whether classifier-free guidance is on.
        """
        # FLUX takes its guidance as a number, and a distilled model none at all.
        guided = guided and "negative_prompt_embeds" in self._takes and not is_distilled(self._pipe)
        key = (sentence, negative, guided)
        if key not in self.cache:
            with self._reading():
                made = self._embed(sentence, negative, guided)
            self.cache[key] = {name: tensor for name, tensor in made.items() if tensor is not None}
            if len(self.cache) > _CACHE_SIZE:
                self.cache.popitem(last=False)
        self.cache.move_to_end(key)
        return self.cache[key]

    def _embed(self, sentence: str, negative: str, guided: bool) -> dict[str, Any]:
        import torch

        pipe = self._pipe
        with torch.no_grad():
            if "prompt_embeds_mask" in self._takes:  # Qwen-Image
                embeds, mask = pipe.encode_prompt(sentence, max_sequence_length=_MAX_TOKENS)
                found = {"prompt_embeds": embeds, "prompt_embeds_mask": mask}
                if guided:
                    # It guides only with a negative prompt; its model card uses a space for an empty one.
                    embeds, mask = pipe.encode_prompt(negative or " ", max_sequence_length=_MAX_TOKENS)
                    found |= {"negative_prompt_embeds": embeds, "negative_prompt_embeds_mask": mask}
                return found
            if "text_encoder_out_layers" in self._takes:  # FLUX.2 klein
                found = {"prompt_embeds": pipe.encode_prompt(sentence)[0]}
                return found | ({"negative_prompt_embeds": pipe.encode_prompt("")[0]} if guided else {})
            if "prompt_2" in self._takes and not hasattr(pipe, "unet"):  # FLUX, Kontext
                embeds, pooled, _ = pipe.encode_prompt(prompt=sentence, prompt_2=None)
                return {"prompt_embeds": embeds, "pooled_prompt_embeds": pooled}
            made = pipe.encode_prompt(
                prompt=sentence,
                device=pipe._execution_device,
                num_images_per_prompt=1,
                do_classifier_free_guidance=guided,
                # None, not "": without a negative prompt SDXL uses zeros.
                negative_prompt=negative or None,
            )
        names = ["prompt_embeds", "negative_prompt_embeds"]
        if "pooled_prompt_embeds" in self._takes:  # SDXL
            names += ["pooled_prompt_embeds", "negative_pooled_prompt_embeds"]
        return dict(zip(names, made, strict=True))

    def check(self, text: str) -> None:
        """Checks that the net reads a text to its end: the pipelines truncate it and only log that.

        Raises:
            EditorError: It is too long; says how long it is and may be.
        """
        # FLUX reads the words with T5 and only a summary with CLIP; Stable Diffusion has CLIP only: 77 tokens.
        tokenizer = getattr(self._pipe, "tokenizer_2", None) or self._pipe.tokenizer
        length, most = len(tokenizer(text).input_ids), min(tokenizer.model_max_length, _MAX_TOKENS)
        if "text_encoder_out_layers" in self._takes:  # klein puts the sentence into a chat, which is read too
            most -= _CHAT_TOKENS
        if length > most:
            raise EditorError(
                f"{text[:40]!r}... is {length} tokens long, {type(self._pipe).__name__} reads {most}",
                hint="say it in fewer words",
            )


def is_distilled(pipe: Any) -> bool:
    """Whether a checkpoint says of itself that it was distilled to few steps, and takes no guidance."""
    return bool(pipe.config.get("is_distilled", False))


def stack(each: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The embeddings of several crops as one batch; their `shapes_of` must be equal."""
    import torch

    return {name: torch.cat([one[name] for one in each]) for name in each[0]}


def shapes_of(embeddings: Mapping[str, Any]) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """Names and shapes, which must agree within a batch: Qwen-Image's embeddings are as long as their sentence."""
    return tuple((name, tuple(tensor.shape)) for name, tensor in embeddings.items())
