"""Heat for any phrase, by the boxes of Grounding DINO.

Source: Liu et al., "Grounding DINO: Marrying DINO with Grounded Pre-Training for Open-Set Object Detection" (arXiv
    2303.05499); the nets are `GroundingDinoForObjectDetection` and `MMGroundingDinoForObjectDetection` of transformers.
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
from automask.weights import choose_device, config_of, load_net, load_processor, locate, requires_models_extra

_KINDS = {
    "grounding-dino": "GroundingDinoForObjectDetection",
    "mm-grounding-dino": "MMGroundingDinoForObjectDetection",
}


class GroundingDino:
    """A segmenter that answers in boxes: heat is a box's score, everywhere in it. It needs a refiner.

    Each phrase is looked for by itself. Of phrases in one call the net returns fragments of the words, which would have
    to be guessed back.

    Args:
        model: A name of the weights' catalogue, or a path to a folder: Grounding DINO or MM Grounding DINO.
        device: `auto`, `cpu`, `cuda`, ...
        dtype: `float32`, `float16`, `bfloat16` or `auto` (float16 on CUDA).

    Attributes:
        device_note: One sentence: where it runs, in what number format, and why.
        net: The net of transformers.

    Raises:
        WeightsMissing: The weights are not on this machine; nothing is downloaded.
        ExtraMissing: torch or transformers is not installed.
        ConfigError: A checkpoint of another kind, or a device that this machine does not have.
    """

    computes_with = ("torch", "transformers")
    exclusive = True  # torch uses all cores, or the GPU

    def __init__(self, *, model: str = "grounding-dino-tiny", device: str = "auto", dtype: str = "float32") -> None:
        with requires_models_extra("GroundingDino"):
            import torch
            import transformers
        path = locate(model)
        kind = str(config_of(path)["model_type"])
        if kind not in _KINDS:
            raise ConfigError(
                f"segmenter.model={model!r} is a {kind}, and no Grounding DINO",
                hint=f"use a checkpoint of {' or '.join(_KINDS)}",
            )
        self._torch = torch
        chosen = choose_device(device, dtype, what=kind)
        self.device_note = chosen.note
        self._device, self._dtype = chosen.device, chosen.dtype
        self._processor = load_processor(transformers.GroundingDinoProcessor, path)
        net = load_net(getattr(transformers, _KINDS[kind]), path, name=kind, failure=SegmenterError)
        self.net = net.to(device=self._device, dtype=self._dtype)
        self._last: LastLook[Detections] = LastLook()

    def heats(self, photo: Rgb, targets: Sequence[str]) -> Heat:
        """[N, H, W] float32 in 0..1: the score of the smallest box around a pixel, 0 outside and along seams.

        Scores are absolute: a phrase that is not in the photo has none above some hundredths. Bars and a frame round
        the photo are not looked at, and have no heat.

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
        tokens = {target: self._tokens(target) for target in targets}
        found = self._last.of(photo)
        missing = [target for target in tokens if target not in found]
        if missing:
            content = content_box(photo)
            part = photo[content.slices]
            given = self._processor.image_processor(images=Image.fromarray(part), return_tensors="pt")
            for target in missing:
                one = self._detect(given, tokens[target], (part.shape[1], part.shape[0]))
                found[target] = in_content(one.at_least(LEAST_SCORE), x0=content.x0, y0=content.y0)
        return [found[target] for target in targets]

    def _tokens(self, target: str) -> Any:
        if not target.strip():
            raise UnknownPhrase("an empty phrase names nothing", hint="say what to look for")
        # A full stop ends a phrase, and the net learnt small letters.
        text = " ".join(target.casefold().replace(".", " ").split()) + "."
        tokens = self._processor.tokenizer(text, return_tensors="pt", return_token_type_ids=True)
        length, most = tokens["input_ids"].shape[1], self.net.config.max_text_len
        if length > most:
            raise UnknownPhrase(
                f"{target[:40]!r}... is {length} tokens long, Grounding DINO reads {most}", hint="say it in fewer words"
            )
        return tokens

    def _detect(self, given: Any, tokens: Any, size_wh: tuple[int, int]) -> Detections:
        with self._torch.inference_mode():
            made = self.net(
                pixel_values=given["pixel_values"].to(self._device, self._dtype),
                pixel_mask=given["pixel_mask"].to(self._device),
                **{name: value.to(self._device) for name, value in tokens.items()},
            )
            # A query's score is that of its best token; the columns beyond the text are minus infinity.
            scores = made.logits[0].float().sigmoid().amax(dim=-1)
        boxes = made.pred_boxes[0].float().cpu().numpy()
        return Detections(centre_to_corners(boxes, size_wh), scores.cpu().numpy().astype(np.float32))
