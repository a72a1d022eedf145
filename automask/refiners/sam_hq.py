"""Sharp masks from boxes, by SAM-HQ: Segment Anything with an output of its own for thin and fine parts.

Source: Ke et al., "Segment Anything in High Quality" (arXiv 2306.01567); the net is `SamHQModel` of transformers, and
    tests compare the results with a direct call of it.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from automask.errors import ConfigError, RefinerError
from automask.refiners.proposals import Proposals, union_of_chosen
from automask.types import Box, Hard, Heat, Rgb
from automask.weights import choose_device, load_net, load_processor, locate, requires_models_extra


class SamHq:
    """A refiner that embeds the photo once and then decodes the boxes of all phrases together.

    Of the three masks that the model proposes for a box, each improved by its own fine output, it takes the one that
    agrees best with the heat inside the box. A phrase's mask is the union over its boxes.

    Args:
        model: A name of the weights' catalogue, or a path to a folder.
        device: `auto`, `cpu`, `cuda`, ...
        dtype: `float32`, `float16`, `bfloat16` or `auto` (float16 on CUDA).
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
        model: str = "sam-hq-base",
        device: str = "auto",
        dtype: str = "float32",
        points: bool = False,
        max_boxes_at_once: int = 64,
    ) -> None:
        if max_boxes_at_once < 1:
            raise ConfigError(f"refiner.max_boxes_at_once={max_boxes_at_once}", hint="give 1 or more")
        with requires_models_extra("SamHq"):
            import torch
            import transformers

        self._torch = torch
        self._points = points
        self._max_boxes_at_once = max_boxes_at_once
        chosen = choose_device(device, dtype, what="sam-hq")
        self.device_note = chosen.note
        self._device, self._dtype = chosen.device, chosen.dtype
        path = locate(model)
        self._images = load_processor(transformers.SamHQProcessor, path).image_processor
        net = load_net(transformers.SamHQModel, path, name="SAM-HQ", failure=RefinerError)
        self.net = net.to(device=self._device, dtype=self._dtype)

    def refine(self, photo: Rgb, heats: Heat, boxes: Sequence[tuple[Box, ...]]) -> Hard:
        return union_of_chosen(lambda: self.embed(photo), heats, boxes, at_once=self._max_boxes_at_once)

    def embed(self, photo: Rgb) -> Proposals:
        """The photo embedded, the expensive part; its long side becomes the net's, and the rest is padded.

        Args:
            photo: [H, W, 3] uint8 RGB.
        """
        torch = self._torch
        given = self._images(images=Image.fromarray(photo), return_tensors="pt")
        with torch.inference_mode():
            features, intermediate = self.net.get_image_embeddings(given["pixel_values"].to(self._device, self._dtype))
        photo_hw = (photo.shape[0], photo.shape[1])
        seen_hw = tuple(int(length) for length in given["reshaped_input_sizes"][0])
        across, down = seen_hw[1] / photo_hw[1], seen_hw[0] / photo_hw[0]

        def decode(boxes: Sequence[Box], points: Sequence[tuple[float, float]]) -> tuple[Any, Any]:
            corners = np.array([(box.x0, box.y0, box.x1, box.y1) for box in boxes]) * (across, down, across, down)
            prompts: dict[str, Any] = {"input_boxes": self._tensor(corners[None])}
            if self._points:
                prompts["input_points"] = self._tensor((np.array(points) * (across, down))[None, :, None])
                prompts["input_labels"] = torch.ones((1, len(points), 1), dtype=torch.int32, device=self._device)
            with torch.inference_mode():
                made = self.net(
                    image_embeddings=features, intermediate_embeddings=intermediate, multimask_output=True, **prompts
                )
            return made.pred_masks[0], made.iou_scores[0]

        side = given["pixel_values"].shape[-1]
        quarter = 4 * self.net.prompt_encoder.image_embedding_size[0] / side
        logits_hw = (max(1, round(seen_hw[0] * quarter)), max(1, round(seen_hw[1] * quarter)))
        return Proposals(decode, lambda logits: self.upsample(logits, photo_hw, seen_hw, side), logits_hw, photo_hw)

    def upsample(self, logits: Any, photo_hw: Sequence[int], seen_hw: Sequence[int], side: int) -> Hard:
        """[H, W] bool at photo size from one mask's logits [h, w], which cover the padded square."""
        torch = self._torch
        with torch.inference_mode():
            square = torch.nn.functional.interpolate(
                logits[None, None].float(), (side, side), mode="bilinear", align_corners=False
            )[..., : seen_hw[0], : seen_hw[1]]
            large = torch.nn.functional.interpolate(square, tuple(photo_hw), mode="bilinear", align_corners=False)
            mask: Hard = (large[0, 0] > 0).cpu().numpy()
        return mask

    def _tensor(self, numbers: Any) -> Any:
        return self._torch.as_tensor(numbers, dtype=self._dtype, device=self._device)
