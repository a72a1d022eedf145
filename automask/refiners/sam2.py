"""Sharp masks from boxes and points, by Segment Anything 2.

Source: Ravi et al., "SAM 2: Segment Anything in Images and Videos" (arXiv 2408.00714); the net is `Sam2Model` of
    transformers, and tests compare the results with a direct call of it.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from automask.errors import ConfigError, RefinerError
from automask.refiners.proposals import Proposals, union_of_chosen
from automask.types import Box, Hard, Heat, Rgb
from automask.weights import choose_device, load_net, load_processor, locate, requires_models_extra


class Sam2:
    """A refiner that embeds the photo once and then decodes the boxes of all phrases together.

    Of the three masks that the model proposes for a box it takes the one that agrees best with the heat inside the box.
    A phrase's mask is the union over its boxes.

    Args:
        model: A name of the weights' catalogue, or a path to a folder.
        device: `auto`, `cpu`, `cuda`, ...
        dtype: `float32`, `float16`, `bfloat16` or `auto` (bfloat16 on CUDA).
        points: Whether the hottest point of each box is given too. It helps where heat is a net's own map, and not
            where it is a filled box.
        max_boxes_at_once: Boxes per batch of the decoder; limits the memory.

    Attributes:
        device_note: One sentence: where it runs, in what number format, and why.
        net: The net of transformers.

    Raises:
        WeightsMissing: The weights are not on this machine; nothing is downloaded.
        ExtraMissing: torch or transformers is not installed.
        ConfigError: A device that this machine does not have, or `max_boxes_at_once` below 1.
    """

    computes_with = ("torch", "transformers")
    exclusive = True  # torch uses all cores, or the GPU

    def __init__(
        self,
        *,
        model: str = "sam2.1-small",
        device: str = "auto",
        dtype: str = "float32",
        points: bool = False,
        max_boxes_at_once: int = 64,
    ) -> None:
        if max_boxes_at_once < 1:
            raise ConfigError(f"refiner.max_boxes_at_once={max_boxes_at_once}", hint="give 1 or more")
        with requires_models_extra("Sam2"):
            import torch
            import transformers

        self._torch = torch
        self._points = points
        self._max_boxes_at_once = max_boxes_at_once
        chosen = choose_device(device, dtype, what="sam2", gpu_dtype="bfloat16")
        self.device_note = chosen.note
        self._device, self._dtype = chosen.device, chosen.dtype
        path = locate(model)
        self._processor = load_processor(transformers.Sam2Processor, path)
        net = load_net(transformers.Sam2Model, path, name="SAM 2", failure=RefinerError)
        self.net = net.to(device=self._device, dtype=self._dtype)

    def refine(self, photo: Rgb, heats: Heat, boxes: Sequence[tuple[Box, ...]]) -> Hard:
        return union_of_chosen(lambda: self.embed(photo), heats, boxes, at_once=self._max_boxes_at_once)

    def embed(self, photo: Rgb) -> Proposals:
        """The photo embedded, the expensive part; it is stretched to the net's square.

        Args:
            photo: [H, W, 3] uint8 RGB.
        """
        torch = self._torch
        pixels = self._processor.image_processor(images=Image.fromarray(photo), return_tensors="pt")["pixel_values"]
        with torch.inference_mode():
            embedded = self.net.get_image_embeddings(pixels.to(self._device, self._dtype))
        photo_hw = (photo.shape[0], photo.shape[1])
        side = pixels.shape[-1]
        across, down = side / photo_hw[1], side / photo_hw[0]

        def decode(boxes: Sequence[Box], points: Sequence[tuple[float, float]]) -> tuple[Any, Any]:
            corners = np.array([(box.x0, box.y0, box.x1, box.y1) for box in boxes]) * (across, down, across, down)
            given: dict[str, Any] = {"input_boxes": self._tensor(corners[None])}
            if self._points:
                given["input_points"] = self._tensor((np.array(points) * (across, down))[None, :, None])
                given["input_labels"] = torch.ones((1, len(points), 1), dtype=torch.int32, device=self._device)
            with torch.inference_mode():
                made = self.net(image_embeddings=embedded, multimask_output=True, **given)
            return made.pred_masks[0], made.iou_scores[0]

        logits_hw = self.net.prompt_encoder.mask_input_size
        return Proposals(decode, lambda logits: self.upsample(logits, photo_hw), tuple(logits_hw), photo_hw)

    def upsample(self, logits: Any, photo_hw: tuple[int, int]) -> Hard:
        """[H, W] bool at photo size from one mask's logits [h, w]."""
        torch = self._torch
        with torch.inference_mode():
            large = torch.nn.functional.interpolate(
                logits[None, None].float(), photo_hw, mode="bilinear", align_corners=False
            )
            mask: Hard = (large[0, 0] > 0).cpu().numpy()
        return mask

    def _tensor(self, numbers: Any) -> Any:
        return self._torch.as_tensor(numbers, dtype=self._dtype, device=self._device)
