"""From a prompt to what the denoising net reads: embeddings, each made once."""

import inspect
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

from automask.errors import EditorError

_MOST = 32
"""Sentences that are remembered: 32 of FLUX's longest embeddings are 128 MB in half precision."""
_TOKENS = 512  # what FLUX and Qwen-Image read of a sentence, by default


class WordEmbeddings:
    """Turns sentences into the embeddings that a pipeline's call takes, and remembers them.

    Args:
        pipe: One of diffusers' inpainting pipelines.
    """

    def __init__(self, pipe: Any) -> None:
        self._pipe = pipe
        self._takes = frozenset(inspect.signature(pipe.__call__).parameters)
        self._known: OrderedDict[tuple[str, str, bool], Mapping[str, Any]] = OrderedDict()

    def embeddings(self, sentence: str, negative: str, *, guided: bool) -> Mapping[str, Any]:
        """Arguments of the pipeline's call by name, each for one crop.

        Args:
            sentence: What is painted.
            negative: What is not; empty for nothing.
            guided: Whether the net is run with and without the sentence (classifier-free guidance).
        """
        guided = guided and "negative_prompt_embeds" in self._takes  # FLUX takes its guidance as a number
        key = (sentence, negative, guided)
        if key not in self._known:
            made = self._embed(sentence, negative, guided)
            self._known[key] = {name: tensor for name, tensor in made.items() if tensor is not None}
            if len(self._known) > _MOST:
                self._known.popitem(last=False)
        self._known.move_to_end(key)
        return self._known[key]

    def _embed(self, sentence: str, negative: str, guided: bool) -> dict[str, Any]:
        import torch

        pipe = self._pipe
        with torch.no_grad():
            if "prompt_embeds_mask" in self._takes:  # Qwen-Image
                embeds, mask = pipe.encode_prompt(sentence, max_sequence_length=_TOKENS)
                found = {"prompt_embeds": embeds, "prompt_embeds_mask": mask}
                if guided:
                    # It guides only where there is a negative prompt; its model card gives a blank for "nothing".
                    embeds, mask = pipe.encode_prompt(negative or " ", max_sequence_length=_TOKENS)
                    found |= {"negative_prompt_embeds": embeds, "negative_prompt_embeds_mask": mask}
                return found
            if "negative_prompt_embeds" not in self._takes:  # FLUX
                embeds, pooled, _ = pipe.encode_prompt(prompt=sentence, prompt_2=None)
                return {"prompt_embeds": embeds, "pooled_prompt_embeds": pooled}
            made = pipe.encode_prompt(
                prompt=sentence,
                device=pipe._execution_device,
                num_images_per_prompt=1,
                do_classifier_free_guidance=guided,
                # Not "": SDXL takes zeros where there is no negative prompt.
                negative_prompt=negative or None,
            )
        names = ["prompt_embeds", "negative_prompt_embeds"]
        if "pooled_prompt_embeds" in self._takes:  # SDXL
            names += ["pooled_prompt_embeds", "negative_pooled_prompt_embeds"]
        return dict(zip(names, made, strict=True))

    def check(self, text: str) -> None:
        """Refuses a text that the net would not read to its end: the pipelines cut it off and only log it.

        Raises:
            EditorError: With how long it is, and how long it may be.
        """
        # FLUX reads the words with T5 and only their gist with CLIP; Stable Diffusion has CLIP alone: 77 tokens.
        tokenizer = getattr(self._pipe, "tokenizer_2", None) or self._pipe.tokenizer
        length, most = len(tokenizer(text).input_ids), min(tokenizer.model_max_length, _TOKENS)
        if length > most:
            raise EditorError(
                f"{text[:40]!r}... is {length} tokens long, {type(self._pipe).__name__} reads {most}",
                hint="say it in fewer words",
            )


def together(each: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The embeddings of several crops as one batch; they must be alike (`likeness`)."""
    import torch

    return {name: torch.cat([one[name] for one in each]) for name in each[0]}


def likeness(embeddings: Mapping[str, Any]) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """What embeddings must share to go into one batch: Qwen-Image's are as long as their sentence."""
    return tuple((name, tuple(tensor.shape)) for name, tensor in embeddings.items())
