"""Sharp masks from boxes, by SAM-HQ: Segment Anything with an output of its own for thin and fine parts.

Source: Ke et al., "Segment Anything in High Quality" (arXiv 2306.01567); the net is `SamHQModel` of transformers, and
    tests compare the results with a direct call of it.
"""

from collections.abc import Sequence
from typing import Any

from PIL import Image

from automask.refiners.proposals import Proposals, check_at_once, load_prompted, union_of_chosen
from automask.types import Box, Hard, Heat, Rgb


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
        check_at_once(max_boxes_at_once)
        self._max_boxes_at_once = max_boxes_at_once
        self._asked = load_prompted("SamHQ", "SAM-HQ", model, device=device, dtype=dtype, points=points)
        self.device_note, self.net = self._asked.placement.note, self._asked.net

    def refine(self, photo: Rgb, heats: Heat, boxes: Sequence[tuple[Box, ...]]) -> Hard:
        return union_of_chosen(lambda: self.embed(photo), heats, boxes, at_once=self._max_boxes_at_once)

    def embed(self, photo: Rgb) -> Proposals:
        """The photo embedded, the expensive part; its long side becomes the net's, and the rest is padded.

        Args:
            photo: [H, W, 3] uint8 RGB.
        """
        import torch

        given = self._asked.images(images=Image.fromarray(photo), return_tensors="pt")
        with torch.inference_mode():
            features, intermediate = self.net.get_image_embeddings(self._asked.placed(given["pixel_values"]))
        photo_hw = (photo.shape[0], photo.shape[1])
        seen_hw = tuple(int(length) for length in given["reshaped_input_sizes"][0])
        across, down = seen_hw[1] / photo_hw[1], seen_hw[0] / photo_hw[0]

        def decode(boxes: Sequence[Box], points: Sequence[tuple[float, float]]) -> tuple[Any, Any]:
            prompts = self._asked.prompts(boxes, points, across=across, down=down)
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
        import torch

        with torch.inference_mode():
            square = torch.nn.functional.interpolate(
                logits[None, None].float(), (side, side), mode="bilinear", align_corners=False
            )[..., : seen_hw[0], : seen_hw[1]]
            large = torch.nn.functional.interpolate(square, tuple(photo_hw), mode="bilinear", align_corners=False)
            mask: Hard = (large[0, 0] > 0).cpu().numpy()
        return mask
