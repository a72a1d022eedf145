"""Sharp masks from boxes, by Segment Anything.

Source: Kirillov et al., "Segment Anything" (arXiv 2304.02643); the model and its picture transform are those of the
segment-anything package, and tests compare the results with its `SamPredictor`.
"""

import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from automask.errors import ConfigError, RefinerError
from automask.refiners.proposals import choose, scale_box
from automask.types import Box, Hard, Heat, Rgb
from automask.weights import choose_device, locate, requires_models_extra

_MULTIMASKS = 3
"""Masks that SAM proposes for one box: whole, part, subpart."""


@dataclass(frozen=True, slots=True, eq=False)
class Embedded:
    """A photo's image embedding.

    Args:
        features: [1, C, h, w] tensor of the image encoder.
        input_hw: The photo's size when its long side is the encoder's.
        photo_hw: The photo's size.
    """

    features: Any
    input_hw: tuple[int, int]
    photo_hw: tuple[int, int]


class Sam:
    """A refiner that embeds the photo once and then decodes the boxes of all phrases together.

    Of the three masks that SAM proposes for a box it takes the one that agrees best with the heat inside the box: SAM's
    own score says how clean a mask is, not whether it is the object that was named. A phrase's mask is the union over
    its boxes.

    Args:
        model: A name of the weights' catalogue (`vit_b`, `vit_l`, `vit_h`), or a path to a `.pth` file. The sizes of
            the net are read from the file itself.
        device: `auto`, `cpu`, `cuda`, ...
        dtype: `float32`, `float16`, `bfloat16` or `auto` (float16 on CUDA), for the image encoder. The decoder is cheap
            and stays in float32.
        max_boxes_at_once: Boxes per batch of the decoder; limits the memory. 64 take less than the encoder itself
            (ViT-B on a CPU: 3.6 GB).

    Attributes:
        device_note: One sentence: where it runs, in what number format, and why.

    Raises:
        WeightsMissing: The weights are not on this machine; nothing is downloaded.
        ExtraMissing: torch or segment-anything is not installed.
        RefinerError: The file is not a SAM checkpoint.
        ConfigError: A device that this machine does not have, or `max_boxes_at_once` below 1.
    """

    computes_with = ("torch",)
    exclusive = True  # torch uses all cores, or the GPU

    def __init__(
        self, *, model: str = "vit_b", device: str = "auto", dtype: str = "float32", max_boxes_at_once: int = 64
    ) -> None:
        if max_boxes_at_once < 1:
            raise ConfigError(f"refiner.max_boxes_at_once={max_boxes_at_once}", hint="give 1 or more")
        with requires_models_extra("Sam"):
            import torch
            from segment_anything.utils import transforms

        self._torch = torch
        self._max_boxes_at_once = max_boxes_at_once
        chosen = choose_device(device, dtype, what="sam")
        self.device_note = chosen.note
        self._device, self._dtype = chosen.device, chosen.dtype
        self.net = load_sam(locate(model)).to(self._device)
        self.net.image_encoder.to(self._dtype)
        self._transform = transforms.ResizeLongestSide(self.net.image_encoder.img_size)

    def refine(self, photo: Rgb, heats: Heat, boxes: Sequence[tuple[Box, ...]]) -> Hard:
        masks = np.zeros(heats.shape, dtype=np.bool_)
        flat = [(phrase, box) for phrase, around in enumerate(boxes) for box in around]
        if not flat:
            return masks
        embedded = self.embed(photo)
        small = {phrase: self._shrink(heats[phrase], embedded) for phrase in {phrase for phrase, _ in flat}}
        for start in range(0, len(flat), self._max_boxes_at_once):
            part = flat[start : start + self._max_boxes_at_once]
            logits, scores = self.decode(embedded, [box for _, box in part])
            for (phrase, box), three, score in zip(part, logits, scores.cpu().numpy(), strict=True):
                best = choose(
                    three.cpu().numpy(), score, small[phrase], scale_box(box, small[phrase], embedded.photo_hw)
                )
                masks[phrase] |= self.upsample(three[best], embedded)
        return masks

    def embed(self, photo: Rgb) -> Embedded:
        """The image embedding of a photo; the expensive part.

        Args:
            photo: [H, W, 3] uint8 RGB; scaled up or down to the encoder's size.
        """
        torch = self._torch
        resized = self._transform.apply_image(photo)
        with torch.inference_mode():
            pixels = torch.as_tensor(resized, device=self._device).permute(2, 0, 1)[None]
            features = self.net.image_encoder(self.net.preprocess(pixels).to(self._dtype)).float()
        height, width = resized.shape[:2]
        return Embedded(features, (height, width), (photo.shape[0], photo.shape[1]))

    def decode(self, embedded: Embedded, boxes: Sequence[Box]) -> tuple[Any, Any]:
        """SAM's proposals for boxes, in one batch.

        Returns:
            Logits [B, 3, h, w] at a quarter of the encoder's resolution, padding included (above 0 is the mask), and
            SAM's scores [B, 3].
        """
        torch, net = self._torch, self.net
        corners = np.array([(box.x0, box.y0, box.x1, box.y1) for box in boxes])
        corners = self._transform.apply_boxes(corners, embedded.photo_hw)
        with torch.inference_mode():
            sparse, dense = net.prompt_encoder(
                points=None, boxes=torch.as_tensor(corners, dtype=torch.float32, device=self._device), masks=None
            )
            logits, scores = net.mask_decoder(
                image_embeddings=embedded.features,
                image_pe=net.prompt_encoder.get_dense_pe(),
                sparse_prompt_embeddings=sparse,
                dense_prompt_embeddings=dense,
                multimask_output=True,
            )
        return logits, scores

    def upsample(self, logits: Any, embedded: Embedded) -> Hard:
        """[H, W] bool at photo size from one mask's logits [h, w].

        One mask at a time: sixty masks of a 24-megapixel photo at once would be 6 GB of float32.
        """
        with self._torch.inference_mode():
            large = self.net.postprocess_masks(logits[None, None], embedded.input_hw, embedded.photo_hw)
            mask: Hard = (large[0, 0] > self.net.mask_threshold).cpu().numpy()
        return mask

    def _shrink(self, heat: Heat, embedded: Embedded) -> Heat:
        """The heat at the resolution of the logits, without the padding."""
        side = self.net.image_encoder.img_size
        # prompt_encoder.mask_input_size is the logits' size: 256 for an encoder of 1024.
        quarter = self.net.prompt_encoder.mask_input_size[0] / side
        height, width = (max(1, round(length * quarter)) for length in embedded.input_hw)
        shrunk: Heat = cv2.resize(heat, (width, height), interpolation=cv2.INTER_AREA)
        return shrunk


def load_sam(checkpoint: Path) -> Any:
    """The net of a checkpoint, built to the shapes of its tensors; on the CPU, in evaluation mode.

    The package's own builders know three sizes by name, which might not match the file.

    Args:
        checkpoint: A `.pth` file with the package's tensor names; loaded with `weights_only=True`, so it cannot run
            code.

    Raises:
        RefinerError: The file cannot be read, or is not a SAM checkpoint.
    """
    import torch

    try:
        state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    except (RuntimeError, pickle.UnpicklingError, EOFError, OSError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise RefinerError(
            f"{checkpoint} cannot be loaded as plain weights: {reason}",
            hint="point model at a Segment Anything .pth file, or fetch it again",
        ) from error
    if not isinstance(state, Mapping) or "image_encoder.pos_embed" not in state:
        raise RefinerError(
            f"{checkpoint} is not a Segment Anything checkpoint: it has no image_encoder.pos_embed",
            hint="point model at vit_b, vit_l, vit_h or another file with the package's names",
        )
    # On "meta" the net has shapes but no data: no random numbers are drawn and nothing is allocated twice.
    with torch.device("meta"):
        net = build_sam(state)
    try:
        net.load_state_dict(dict(state), assign=True)
    except RuntimeError as error:
        raise RefinerError(
            f"{checkpoint} is not a Segment Anything checkpoint: {str(error).splitlines()[-1].strip()}",
            hint="point model at vit_b, vit_l, vit_h or another file with the package's names",
        ) from error
    # ImageNet's mean and deviation are not in the file; Sam's constructor sets them.
    net.register_buffer("pixel_mean", torch.tensor([123.675, 116.28, 103.53]).view(-1, 1, 1), persistent=False)
    net.register_buffer("pixel_std", torch.tensor([58.395, 57.12, 57.375]).view(-1, 1, 1), persistent=False)
    return net.requires_grad_(False).eval()


def build_sam(state: Mapping[str, Any]) -> Any:
    """A `segment_anything.modeling.Sam` with the sizes of a state dict, without its values.

    Source: segment_anything/build_sam.py, `_build_sam`, for everything that is constant.
    """
    import torch
    from segment_anything import modeling

    def size(name: str, axis: int) -> int:
        return int(state[name].shape[axis])

    def count(prefix: str) -> int:
        return len({name[len(prefix) :].split(".")[0] for name in state if name.startswith(prefix)})

    grid, width = size("image_encoder.pos_embed", 1), size("image_encoder.pos_embed", 3)
    patch = size("image_encoder.patch_embed.proj.weight", 2)
    depth = count("image_encoder.blocks.")
    # A block has 2 * side - 1 relative positions for its window, which for a global block is the whole grid.
    windows = [(size(f"image_encoder.blocks.{block}.attn.rel_pos_h", 0) + 1) // 2 for block in range(depth)]
    inner = size("image_encoder.neck.0.weight", 0)
    return modeling.Sam(
        image_encoder=modeling.ImageEncoderViT(
            depth=depth,
            embed_dim=width,
            img_size=grid * patch,
            mlp_ratio=size("image_encoder.blocks.0.mlp.lin1.weight", 0) / width,
            norm_layer=partial(torch.nn.LayerNorm, eps=1e-6),
            num_heads=width // size("image_encoder.blocks.0.attn.rel_pos_h", 1),
            patch_size=patch,
            qkv_bias=True,
            use_rel_pos=True,
            global_attn_indexes=[block for block, window in enumerate(windows) if window == grid],
            window_size=min(windows),
            out_chans=inner,
        ),
        prompt_encoder=modeling.PromptEncoder(
            embed_dim=inner,
            image_embedding_size=(grid, grid),
            input_image_size=(grid * patch, grid * patch),
            mask_in_chans=4 * size("prompt_encoder.mask_downscaling.0.weight", 0),
        ),
        mask_decoder=modeling.MaskDecoder(
            num_multimask_outputs=_MULTIMASKS,
            transformer=modeling.TwoWayTransformer(
                depth=count("mask_decoder.transformer.layers."),
                embedding_dim=inner,
                mlp_dim=size("mask_decoder.transformer.layers.0.mlp.lin1.weight", 0),
                num_heads=8,
            ),
            transformer_dim=inner,
            iou_head_depth=count("mask_decoder.iou_prediction_head.layers."),
            iou_head_hidden_dim=size("mask_decoder.iou_prediction_head.layers.0.weight", 0),
        ),
    )
