"""Heat for any phrase, by the masks of SAM 3.

Source: Carion et al., "SAM 3: Segment Anything with Concepts" (arXiv 2511.16719); the net is `Sam3Model` of
    transformers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from automask.errors import SegmenterError, UnknownPhrase
from automask.images.borders import content_box
from automask.segmenters.detections import LEAST_SCORE, LastLook, seams_of
from automask.types import Heat, Rgb, Survey
from automask.weights import choose_device, load_net, load_processor, locate, requires_models_extra

_SURE = 0.3
"""From this score on a mask is a thing of its own (the threshold of the model's own post-processing)."""
_MOST = 200  # masks of a phrase; the net has as many queries


@dataclass(frozen=True, slots=True, eq=False)
class Concept:
    """What SAM 3 sees of one phrase, at the resolution of its masks.

    Args:
        heat: [h, w] float32 in 0..1: at each pixel the best mask's probability times its score.
        pieces: [h, w] uint8: the number of the sure mask that is likeliest there, from 1 on; all 0 without any.
        presence: The probability that the phrase is in the photo at all.
    """

    heat: Heat
    pieces: npt.NDArray[np.uint8]
    presence: float


class Sam3:
    """A segmenter that looks at the photo once and then decodes each phrase into masks of single things.

    A mask's score is that of its query times the probability that the phrase is in the photo at all: both are absolute.
    That probability goes into the record as `presence`.

    The weights are under the SAM licence, which forbids some uses, and behind a form; they are never fetched by
    themselves (docs/reference/models.md).

    Args:
        model: A name of the weights' catalogue, or a path to a folder.
        device: `auto`, `cpu`, `cuda`, ...
        dtype: `float32`, `float16`, `bfloat16` or `auto` (bfloat16 on CUDA).

    Attributes:
        device_note: One sentence: where it runs, in what number format, and why.
        net: The net of transformers.

    Raises:
        WeightsMissing: The weights are not on this machine; nothing is downloaded.
        ExtraMissing: torch or transformers is not installed.
        ConfigError: A device that this machine does not have.
    """

    computes_with = ("torch", "transformers")
    exclusive = True  # torch uses all cores, or the GPU

    def __init__(self, *, model: str = "sam3", device: str = "auto", dtype: str = "auto") -> None:
        with requires_models_extra("Sam3"):
            import torch
            import transformers

        self._torch = torch
        chosen = choose_device(device, dtype, what="sam3", gpu_dtype="bfloat16")
        self.device_note = chosen.note
        self._device, self._dtype = chosen.device, chosen.dtype
        path = locate(model)
        self._processor = load_processor(transformers.Sam3Processor, path)
        net = load_net(transformers.Sam3Model, path, name="SAM 3", failure=SegmenterError)
        self.net = net.to(device=self._device, dtype=self._dtype)
        self._last: LastLook[Concept] = LastLook()

    def heats(self, photo: Rgb, targets: Sequence[str]) -> Heat:
        return self.survey(photo, targets).heats

    def survey(self, photo: Rgb, targets: Sequence[str]) -> Survey:
        """The heats, cold along the seams between single things, and the probability of each phrase's presence.

        Bars and a frame round the photo are not looked at, and have no heat.

        Raises:
            UnknownPhrase: An empty phrase, or one longer than the net reads.
        """
        concepts = self.look(photo, targets)
        content = content_box(photo)
        heats = np.zeros((len(targets), *photo.shape[:2]), dtype=np.float32)
        for concept, heat in zip(concepts, heats, strict=True):
            seen_wh = (content.width, content.height)
            enlarged = cv2.resize(concept.heat, seen_wh, interpolation=cv2.INTER_LINEAR)
            enlarged[seams_of(cv2.resize(concept.pieces, seen_wh, interpolation=cv2.INTER_NEAREST))] = 0
            heat[content.slices] = np.clip(enlarged, 0, 1)
        return Survey(heats, evidence=tuple({"presence": concept.presence} for concept in concepts))

    def instances(self, photo: Rgb, targets: Sequence[str]) -> npt.NDArray[np.uint8]:
        """[N, H, W] the number of the thing that each pixel belongs to; 0 where the net is sure of none."""
        content = content_box(photo)
        pieces = np.zeros((len(targets), *photo.shape[:2]), np.uint8)
        for concept, out in zip(self.look(photo, targets), pieces, strict=True):
            out[content.slices] = cv2.resize(
                concept.pieces, (content.width, content.height), interpolation=cv2.INTER_NEAREST
            )
        return pieces

    def look(self, photo: Rgb, targets: Sequence[str]) -> list[Concept]:
        """What the net sees of each phrase; the photo is looked at once."""
        tokens = {target: self._tokens(target) for target in targets}
        found = self._last.of(photo)
        missing = [target for target in tokens if target not in found]
        if missing:
            part = Image.fromarray(photo[content_box(photo).slices])
            pixels = self._processor.image_processor(images=part, return_tensors="pt")["pixel_values"]
            with self._torch.inference_mode():
                seen = self.net.get_vision_features(pixel_values=pixels.to(self._device, self._dtype))
                # A loop: several texts to one photo in one call are refused.
                for target in missing:
                    found[target] = self._concept(self.net(vision_embeds=seen, **tokens[target]))
        return [found[target] for target in targets]

    def _concept(self, made: Any) -> Concept:
        presence = 1.0 if made.presence_logits is None else float(made.presence_logits.float().sigmoid()[0, 0])
        scores = made.pred_logits[0].float().sigmoid() * presence
        order = scores.argsort(descending=True)[:_MOST]
        order = order[scores[order] >= LEAST_SCORE]
        size_hw = tuple(made.pred_masks.shape[-2:])
        if not len(order):
            return Concept(np.zeros(size_hw, np.float32), np.zeros(size_hw, np.uint8), presence)
        shares = made.pred_masks[0, order].float().sigmoid() * scores[order, None, None]
        sure = int((scores[order] > _SURE).sum())
        pieces = np.zeros(size_hw, np.uint8)
        if sure:
            pieces = (shares[:sure].argmax(dim=0) + 1).to(self._torch.uint8).cpu().numpy()
        return Concept(shares.amax(dim=0).cpu().numpy(), pieces, presence)

    def _tokens(self, target: str) -> dict[str, Any]:
        if not target.strip():
            raise UnknownPhrase("an empty phrase names nothing", hint="say what to look for")
        most = self.net.config.text_config.max_position_embeddings
        length = len(self._processor.tokenizer(target)["input_ids"])
        if length > most:
            raise UnknownPhrase(
                f"{target[:40]!r} is {length} tokens long, SAM 3 reads {most} (including start and end)",
                hint="say it in fewer words",
            )
        tokens = self._processor.tokenizer(target, padding="max_length", max_length=most, return_tensors="pt")
        return {name: tokens[name].to(self._device) for name in ("input_ids", "attention_mask")}
