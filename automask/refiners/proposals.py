"""Which of the masks that a Segment Anything model proposes is meant: what its generations share."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from automask.errors import ConfigError, RefinerError
from automask.types import Box, Hard, Heat
from automask.weights import Placement, choose_device, load_net, load_processor, locate, requires_models_extra

Floats: TypeAlias = npt.NDArray[np.float32]
Decode: TypeAlias = Callable[[Sequence[Box], Sequence[tuple[float, float]]], tuple[Any, Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Proposals:
    """A photo that a model has embedded, ready to be asked.

    Args:
        decode: From boxes and a point in each, all in pixels of the photo, to logits [B, 3, h, w] and scores [B, 3].
        upsample: From one mask's logits [h, w] to [H, W] bool at photo size.
        logits_hw: The size of that part of the logits which is the photo.
        photo_hw: The photo's size.
    """

    decode: Decode
    upsample: Callable[[Any], Hard]
    logits_hw: tuple[int, int]
    photo_hw: tuple[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class PromptedNet:
    """A Segment Anything net of transformers where it runs, with what it is asked by.

    Args:
        net: The net.
        images: The part of its processor that makes a photo into what the net sees.
        placement: Where it runs.
        points: Whether a point in each box is given too.
    """

    net: Any
    images: Any
    placement: Placement
    points: bool

    def placed(self, pixels: Any) -> Any:
        """What the net sees, where it runs."""
        return pixels.to(self.placement.device, self.placement.dtype)

    def prompts(
        self, boxes: Sequence[Box], points: Sequence[tuple[float, float]], *, across: float, down: float
    ) -> dict[str, Any]:
        """Boxes and points of a photo as arguments of the net.

        Args:
            boxes, points: In pixels of the photo, a point in each box.
            across, down: From the photo's pixels to those that the net sees.
        """
        import torch

        def tensor(numbers: Any) -> Any:
            return torch.as_tensor(numbers, dtype=self.placement.dtype, device=self.placement.device)

        corners = np.array([(box.x0, box.y0, box.x1, box.y1) for box in boxes]) * (across, down, across, down)
        given: dict[str, Any] = {"input_boxes": tensor(corners[None])}
        if self.points:
            given["input_points"] = tensor((np.array(points) * (across, down))[None, :, None])
            given["input_labels"] = torch.ones((1, len(points), 1), dtype=torch.int32, device=self.placement.device)
        return given


def load_prompted(
    kind: str, name: str, model: str, *, device: str, dtype: str, points: bool, gpu_dtype: str = "float16"
) -> PromptedNet:
    """A net of transformers that is asked with boxes.

    Args:
        kind: What its classes there begin with: `Sam2`.
        name: For people: "SAM 2".
        model, device, dtype, points: See `Sam2`.
        gpu_dtype: What `auto` means on CUDA.

    Raises:
        WeightsMissing, ExtraMissing, ConfigError: As `Sam2`.
        RefinerError: The weights are incomplete.
    """
    with requires_models_extra(name):
        import transformers

    placement = choose_device(device, dtype, what=name.replace(" ", "").casefold(), gpu_dtype=gpu_dtype)
    path = locate(model)
    processor = load_processor(getattr(transformers, f"{kind}Processor"), path)
    net = load_net(getattr(transformers, f"{kind}Model"), path, name=name, failure=RefinerError)
    return PromptedNet(
        net.to(device=placement.device, dtype=placement.dtype), processor.image_processor, placement, points
    )


def check_at_once(max_boxes_at_once: int) -> None:
    """Raises ConfigError for batches without a box."""
    if max_boxes_at_once < 1:
        raise ConfigError(f"refiner.max_boxes_at_once={max_boxes_at_once}", hint="give 1 or more")


def union_of_chosen(
    embed: Callable[[], Proposals], heats: Heat, boxes: Sequence[tuple[Box, ...]], *, at_once: int
) -> Hard:
    """[N, H, W] bool: for each phrase the union over its boxes of the proposal that agrees best with the heat.

    Args:
        embed: Embeds the photo; called at most once, and not at all without boxes.
        heats: [N, H, W] float32 in 0..1.
        boxes: For each phrase the boxes around its hot blobs.
        at_once: Boxes per batch of the decoder.
    """
    masks = np.zeros(heats.shape, dtype=np.bool_)
    flat = [(phrase, box) for phrase, around in enumerate(boxes) for box in around]
    if not flat:
        return masks
    asked = embed()
    height, width = asked.logits_hw
    small = {
        phrase: np.asarray(cv2.resize(heats[phrase], (width, height), interpolation=cv2.INTER_AREA), np.float32)
        for phrase in {phrase for phrase, _ in flat}
    }
    for start in range(0, len(flat), at_once):
        part = flat[start : start + at_once]
        logits, scores = asked.decode([box for _, box in part], [hottest_point(heats[k], box) for k, box in part])
        for (phrase, box), three, score in zip(part, logits, scores.float().cpu().numpy(), strict=True):
            around = scale_box(box, small[phrase], asked.photo_hw)
            best = choose(three.float().cpu().numpy(), score, small[phrase], around)
            # One mask at a time: sixty masks of a 24-megapixel photo at once would be 6 GB of float32.
            masks[phrase] |= asked.upsample(three[best])
    return masks


def choose(logits: Floats, scores: Floats, heat: Heat, box: Box) -> int:
    """The index of the mask that agrees best with the heat inside the box.

    The measure is the soft intersection over union of the mask and the heat inside the box; pixels of a mask outside
    the box count against it. The model's own score breaks ties, as when nothing is hot.

    Args:
        logits: [3, h', w'] float32; h' and w' at least those of `heat`, the surplus is padding.
        scores: [3] float32, the model's.
        heat: [h, w] float32 in 0..1.
        box: In the coordinates of `heat`.
    """
    height, width = heat.shape
    masks = logits[:, :height, :width] > 0
    hot = heat[box.slices]
    shared = (masks[(slice(None), *box.slices)] * hot).sum(axis=(1, 2))
    either = masks.sum(axis=(1, 2)) + hot.sum() - shared
    agreement = np.round(shared / np.maximum(either, 1e-6), 6)
    return int(max(range(len(masks)), key=lambda which: (agreement[which], scores[which])))


def hottest_point(heat: Heat, box: Box) -> tuple[float, float]:
    """X and y, in pixels, of the place deepest inside what is hottest in a box: where a person would click.

    Args:
        heat: [H, W] float32 in 0..1.
        box: Around a blob of it.
    """
    inside = heat[box.slices]
    hot = (inside >= 0.9 * max(float(inside.max()), 1e-6)).astype(np.uint8)
    # Padded: a blob that reaches the box's side ends there.
    depth = cv2.distanceTransform(np.pad(hot, 1), cv2.DIST_L2, cv2.DIST_MASK_3)[1:-1, 1:-1]
    y, x = np.unravel_index(int(depth.argmax()), depth.shape)
    return float(box.x0 + x), float(box.y0 + y)


def scale_box(box: Box, small: Heat, photo_hw: tuple[int, int]) -> Box:
    """The box in the coordinates of a shrunk heat, rounded outwards."""
    across, down = small.shape[1] / photo_hw[1], small.shape[0] / photo_hw[0]
    return Box(
        int(np.floor(box.x0 * across)),
        int(np.floor(box.y0 * down)),
        min(small.shape[1], int(np.ceil(box.x1 * across))),
        min(small.shape[0], int(np.ceil(box.y1 * down))),
    )
