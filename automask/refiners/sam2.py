"""Sharp masks from boxes and points, by Segment Anything 2.

Source: Ravi et al., "SAM 2: Segment Anything in Images and Videos" (arXiv 2408.00714); the net is `Sam2Model` of
    transformers, and tests compare the results with a direct call of it.
"""

from collections.abc import Sequence
from typing import Any

from PIL import Image

from automask.refiners.proposals import Proposals, check_at_once, load_prompted, union_of_chosen
from automask.types import Box, Hard, Heat, Rgb


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
        check_at_once(max_boxes_at_once)
        self._max_boxes_at_once = max_boxes_at_once
        self._asked = load_prompted(
            "Sam2", "SAM 2", model, device=device, dtype=dtype, points=points, gpu_dtype="bfloat16"
        )
        self.device_note, self.net = self._asked.placement.note, self._asked.net

    def refine(self, photo: Rgb, heats: Heat, boxes: Sequence[tuple[Box, ...]]) -> Hard:
        return union_of_chosen(lambda: self.embed(photo), heats, boxes, at_once=self._max_boxes_at_once)

    def embed(self, photo: Rgb) -> Proposals:
        """The photo embedded, the expensive part; it is stretched to the net's square.

        Args:
            photo: [H, W, 3] uint8 RGB.
        """
        import torch

        pixels = self._asked.images(images=Image.fromarray(photo), return_tensors="pt")["pixel_values"]
        with torch.inference_mode():
            embedded = self.net.get_image_embeddings(self._asked.placed(pixels))
        photo_hw = (photo.shape[0], photo.shape[1])
        side = pixels.shape[-1]
        across, down = side / photo_hw[1], side / photo_hw[0]

        def decode(boxes: Sequence[Box], points: Sequence[tuple[float, float]]) -> tuple[Any, Any]:
            given = self._asked.prompts(boxes, points, across=across, down=down)
            with torch.inference_mode():
                made = self.net(image_embeddings=embedded, multimask_output=True, **given)
            return made.pred_masks[0], made.iou_scores[0]

        logits_hw = self.net.prompt_encoder.mask_input_size
        return Proposals(decode, lambda logits: self.upsample(logits, photo_hw), tuple(logits_hw), photo_hw)

    def upsample(self, logits: Any, photo_hw: tuple[int, int]) -> Hard:
        """[H, W] bool at photo size from one mask's logits [h, w]."""
        import torch

        with torch.inference_mode():
            large = torch.nn.functional.interpolate(
                logits[None, None].float(), photo_hw, mode="bilinear", align_corners=False
            )
            mask: Hard = (large[0, 0] > 0).cpu().numpy()
        return mask
