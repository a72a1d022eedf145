"""Heat for any phrase, by CLIPSeg.

Source: Lüddecke and Ecker, "Image Segmentation Using Text and Image Prompts" (arXiv 2112.10003); the model is
`CLIPSegForImageSegmentation` of transformers.
"""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from PIL import Image

from automask.errors import ConfigError, SegmenterError, UnknownPhrase
from automask.images.borders import content_box
from automask.types import Heat, Rgb
from automask.weights import choose_device, load_net, load_processor, locate, requires_models_extra


class ClipSeg:
    """A segmenter that encodes the photo once and then finds any number of phrases.

    Tutorials run the whole model for every phrase. Nearly all of its cost is the vision tower, which does not depend on
    the phrase: here it runs once, and only the small decoder runs for each phrase.

    Args:
        model: A name of the weights' catalogue, or a path to a folder.
        device: `auto`, `cpu`, `cuda`, ...
        dtype: `float32`, `float16`, `bfloat16` or `auto` (float16 on CUDA).
        templates: Sentences with `{}` in place of the phrase; the heat is the mean over them.
        flip: Takes the mean with the mirrored photo's heat. The tower still runs once, on a batch of two.
        phrases_at_once: Phrases (times templates) per batch of the decoder; limits the memory.

    Attributes:
        device_note: One sentence: where it runs, in what number format, and why.

    Raises:
        WeightsMissing: The weights are not on this machine; nothing is downloaded.
        ExtraMissing: torch or transformers is not installed.
        ConfigError: A template without `{}`, or a device that this machine does not have.
    """

    computes_with = ("torch", "transformers")
    exclusive = True  # torch uses all cores, or the GPU

    def __init__(
        self,
        *,
        model: str = "clipseg-rd64-refined",
        device: str = "auto",
        dtype: str = "float32",
        templates: Sequence[str] = ("{}",),
        flip: bool = False,
        phrases_at_once: int = 16,
    ) -> None:
        if not templates or any("{}" not in template for template in templates):
            raise ConfigError(
                f"segmenter.templates={list(templates)!r}: every template needs a {{}} where the phrase goes",
                hint="write 'a photo of {}', or '{}' for the phrase alone",
            )
        if phrases_at_once < 1:
            raise ConfigError(f"segmenter.phrases_at_once={phrases_at_once}", hint="give 1 or more")
        with requires_models_extra("ClipSeg"):
            import torch
            import transformers

        self._torch = torch
        chosen = choose_device(device, dtype, what="clipseg")
        self.device_note = chosen.note
        self._device, self._dtype = chosen.device, chosen.dtype
        self._templates = tuple(templates)
        self._flip = flip
        self._phrases_at_once = phrases_at_once
        path = locate(model)
        self._processor = load_processor(transformers.CLIPSegProcessor, path)
        net = load_net(transformers.CLIPSegForImageSegmentation, path, name="CLIPSeg", failure=SegmenterError)
        self.net = net.to(device=self._device, dtype=self._dtype)

    def heats(self, photo: Rgb, targets: Sequence[str]) -> Heat:
        """[N, H, W] float32 in 0..1: the decoder's sigmoid at the model's resolution, scaled to photo size.

        The sigmoid is absolute and never normalised to its own range: a phrase that is not in the photo stays cold.
        Bars and a frame round the photo are not looked at, and have no heat.

        Raises:
            UnknownPhrase: An empty phrase, or one longer than CLIP reads.
        """
        tokens = self._tokens(targets)
        content = content_box(photo)
        small = self._small_heats(photo[content.slices], tokens)
        small = small.reshape(len(targets), len(self._templates), *small.shape[1:]).mean(axis=1)
        heats = np.zeros((len(targets), *photo.shape[:2]), dtype=np.float32)
        for heat, out in zip(small, heats, strict=True):
            out[content.slices] = cv2.resize(heat, (content.width, content.height), interpolation=cv2.INTER_LINEAR)
        return heats

    def _tokens(self, targets: Sequence[str]) -> dict[str, Any]:
        """Token ids of every phrase in every template, phrase by phrase."""
        for target in targets:
            if not target.strip():
                raise UnknownPhrase("an empty phrase names nothing", hint="say what to look for")
        texts = [template.replace("{}", target) for target in targets for template in self._templates]
        tokens = self._processor(text=texts, padding=True, return_tensors="pt")
        limit = self.net.config.text_config.max_position_embeddings
        for text, length in zip(texts, tokens["attention_mask"].sum(dim=1).tolist(), strict=True):
            if length > limit:
                raise UnknownPhrase(
                    f"{text!r} is {length} tokens long, CLIP reads {limit} (including start and end)",
                    hint="say it in fewer words",
                )
        return {name: tokens[name].to(self._device) for name in ("input_ids", "attention_mask")}

    def _small_heats(self, photo: Rgb, tokens: dict[str, Any]) -> Heat:
        """[texts, h, w] float32 at the model's resolution; the mean with the mirrored photo's if `flip` is on."""
        torch, net = self._torch, self.net
        pixels = self._processor(images=Image.fromarray(photo), return_tensors="pt")["pixel_values"]
        if self._flip:
            pixels = torch.cat([pixels, pixels.flip(-1)])
        looks = len(pixels)
        texts = len(tokens["input_ids"])
        with torch.inference_mode():
            seen = net.clip.vision_model(
                pixel_values=pixels.to(device=self._device, dtype=self._dtype),
                output_hidden_states=True,
                interpolate_pos_encoding=True,
                return_dict=True,
            ).hidden_states
            # hidden_states[0] is the patch embedding: CLIPSegForImageSegmentation.forward adds one too.
            layers = [seen[index + 1] for index in net.extract_layers]
            heats = []
            for start in range(0, texts, self._phrases_at_once):
                part = {name: rows[start : start + self._phrases_at_once] for name, rows in tokens.items()}
                count = len(part["input_ids"])
                words = net.get_conditional_embeddings(batch_size=count, **part)
                logits = net.decoder(
                    [layer.repeat_interleave(count, dim=0) for layer in layers], words.repeat(looks, 1)
                ).logits
                # Versions of transformers before 5 drop the batch axis when it is one.
                heat = logits.float().reshape(looks, count, *logits.shape[-2:]).sigmoid()
                heats.append(torch.stack([heat[0], heat[1].flip(-1)]).mean(dim=0) if self._flip else heat[0])
        small: Heat = torch.cat(heats).cpu().numpy()
        return small
