"""Heat for any phrase, by the boxes of OWLv2.

Source: Minderer, Gritsenko and Houlsby, "Scaling Open-Vocabulary Object Detection" (arXiv 2306.09683); the net is
    `Owlv2ForObjectDetection` of transformers.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from automask.errors import ConfigError, SegmenterError, UnknownPhrase
from automask.images.borders import content_box
from automask.segmenters.detections import (
    LEAST_SCORE,
    Detections,
    LastLook,
    centre_to_corners,
    heat_of,
    in_content,
    pieces_of,
)
from automask.types import Heat, Rgb
from automask.weights import choose_device, load_net, load_processor, locate, requires_models_extra


class Owlv2:
    """A segmenter that answers in boxes: heat is a box's score, everywhere in it. It needs a refiner.

    All phrases are looked for in one call, which looks at the photo once. Each has a score of its own: they do not
    compete. Scores are low; `boxes.threshold` of 0.1 to 0.2 is usual.

    Args:
        model: A name of the weights' catalogue, or a path to a folder.
        device: `auto`, `cpu`, `cuda`, ...
        dtype: `float32`, `float16`, `bfloat16` or `auto` (float16 on CUDA).
        template: The sentence that a phrase is put into at `{}`.

    Attributes:
        device_note: One sentence: where it runs, in what number format, and why.
        net: The net of transformers.

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
        model: str = "owlv2-base",
        device: str = "auto",
        dtype: str = "float32",
        template: str = "a photo of a {}",
    ) -> None:
        if "{}" not in template:
            raise ConfigError(
                f"segmenter.template={template!r} has no {{}} where the phrase goes",
                hint="write 'a photo of a {}', or '{}' for the phrase alone",
            )
        with requires_models_extra("Owlv2"):
            import torch
            import transformers

        self._torch = torch
        self._template = template
        chosen = choose_device(device, dtype, what="owlv2")
        self.device_note = chosen.note
        self._device, self._dtype = chosen.device, chosen.dtype
        path = locate(model)
        self._processor = load_processor(transformers.Owlv2Processor, path)
        net = load_net(transformers.Owlv2ForObjectDetection, path, name="OWLv2", failure=SegmenterError)
        self.net = net.to(device=self._device, dtype=self._dtype)
        self._last: LastLook[Detections] = LastLook()

    def heats(self, photo: Rgb, targets: Sequence[str]) -> Heat:
        """[N, H, W] float32 in 0..1: the score of the smallest box around a pixel, 0 outside and along seams.

        Bars and a frame round the photo are not looked at, and have no heat.

        Raises:
            UnknownPhrase: An empty phrase, or one longer than the net reads.
        """
        found = self.detect(photo, targets)
        return np.stack([heat_of(one, photo.shape[:2]) for one in found])

    def instances(self, photo: Rgb, targets: Sequence[str]) -> npt.NDArray[np.uint8]:
        """[N, H, W] the number of the box that each pixel belongs to; 0 outside all."""
        found = self.detect(photo, targets)
        return np.stack([pieces_of(one, photo.shape[:2]) for one in found])

    def detect(self, photo: Rgb, targets: Sequence[str]) -> list[Detections]:
        """The boxes of each phrase."""
        tokens = self._tokens(targets)
        found = self._last.of(photo)
        if any(target not in found for target in targets):
            content = content_box(photo)
            part = photo[content.slices]
            pixels = self._processor.image_processor(images=Image.fromarray(part), return_tensors="pt")["pixel_values"]
            with self._torch.inference_mode():
                made = self.net(pixel_values=pixels.to(self._device, self._dtype), **tokens)
                scores = made.logits[0].float().sigmoid().cpu().numpy()
            # The net sees a square: the photo at its top left, and grey.
            side = max(part.shape[:2])
            boxes = centre_to_corners(made.pred_boxes[0].float().cpu().numpy(), (side, side))
            for target, column in zip(targets, scores.T, strict=True):
                one = Detections(boxes, column.astype(np.float32)).at_least(LEAST_SCORE)
                found[target] = in_content(one, x0=content.x0, y0=content.y0)
        return [found[target] for target in targets]

    def _tokens(self, targets: Sequence[str]) -> dict[str, Any]:
        for target in targets:
            if not target.strip():
                raise UnknownPhrase("an empty phrase names nothing", hint="say what to look for")
        texts = [self._template.replace("{}", target) for target in targets]
        most = self.net.config.text_config.max_position_embeddings
        for text in texts:
            length = len(self._processor.tokenizer(text)["input_ids"])
            if length > most:
                raise UnknownPhrase(
                    f"{text[:40]!r} is {length} tokens long, OWLv2 reads {most} (including start and end)",
                    hint="say it in fewer words",
                )
        tokens = self._processor.tokenizer(texts, padding="max_length", max_length=most, return_tensors="pt")
        return {name: tokens[name].to(self._device) for name in ("input_ids", "attention_mask")}
