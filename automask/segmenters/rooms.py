"""Heat for the things of rooms, by a semantic net that was trained on ADE20K.

The net decides between 150 labels at each pixel, so a word costs nothing once the photo was looked at. Which nets fit,
and under which terms they are offered, is in docs/reference/models.md.

Source: Cheng et al., "Masked-attention Mask Transformer for Universal Image Segmentation" (arXiv 2112.01527), section
    4.1, for the class map as the sum over queries; the nets are those of transformers.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import cv2
import numpy as np
from PIL import Image

from automask.errors import ConfigError, ExtraMissing, SegmenterError
from automask.images.borders import content_box
from automask.segmenters.ade20k import SURFACES, RoomLabels
from automask.segmenters.vocabulary import Vocabulary
from automask.types import Heat, Rgb, Survey
from automask.weights import choose_device, config_of, load_net, load_processor, locate, requires_models_extra

# The class of transformers for each kind of checkpoint.
_KINDS: Mapping[str, str] = {
    "segformer": "SegformerForSemanticSegmentation",
    "mask2former": "Mask2FormerForUniversalSegmentation",
    "oneformer": "OneFormerForUniversalSegmentation",
    "eomt": "EomtForUniversalSegmentation",
}
_QUERIES_AT_ONCE = 16
_FIRST_OF_TWO = 0.5  # from this heat on "carpet" is the rug, otherwise the floor
_MAX_ODDS = 16


class Rooms:
    """A segmenter that knows the 150 labels of ADE20K, and no other words.

    Heat is the net's probability where it decides pixel by pixel (SegFormer). The other nets answer with masks, each
    with a probability of every label: there it is the sum over the masks of both, at most 1. What no phrase names
    keeps its pixels, as with the starter.

    Args:
        model: A name of the weights' catalogue, or a path to a folder: SegFormer, Mask2Former, OneFormer or EoMT.
        device: `auto`, `cpu`, `cuda`, ...
        dtype: `float32`, `float16`, `bfloat16` or `auto` (float16 on CUDA).
        flip: Takes the mean with the mirrored photo's heat.
        keep_odds: How strongly things that no phrase names keep their pixels: the factor on their heat; 1 is even, 0
            leaves nothing out.

    Attributes:
        device_note: One sentence: where it runs, in what number format, and why.
        net: The net of transformers.

    Raises:
        WeightsMissing: The weights are not on this machine; nothing is downloaded.
        ExtraMissing: torch, transformers or (for other nets than SegFormer) scipy is not installed.
        SegmenterError: The checkpoint has other labels than ADE20K's.
        ConfigError: A checkpoint of another kind, or a device that this machine does not have.
    """

    computes_with = ("torch", "transformers")
    exclusive = True  # torch uses all cores, or the GPU

    def __init__(
        self,
        *,
        model: str = "eomt-ade20k",
        device: str = "auto",
        dtype: str = "float32",
        flip: bool = False,
        keep_odds: float = 1.0,
    ) -> None:
        if not 0 <= keep_odds <= _MAX_ODDS:
            raise ConfigError(
                f"segmenter.keep_odds is {keep_odds}", hint=f"give 0 (leave nothing out) to {_MAX_ODDS}; 1 is even"
            )
        with requires_models_extra("Rooms"):
            import torch
            import transformers
        path = locate(model)
        kind = str(config_of(path)["model_type"])
        if kind not in _KINDS:
            raise ConfigError(
                f"segmenter.model={model!r} is a {kind}, which is no semantic net that is known here",
                hint=f"use a checkpoint of {', '.join(_KINDS)}",
            )
        self._torch = torch
        self._flip = flip
        self._keep_odds = keep_odds
        chosen = choose_device(device, dtype, what=kind)
        self.device_note = chosen.note
        self._device, self._dtype = chosen.device, chosen.dtype
        try:
            net = load_net(getattr(transformers, _KINDS[kind]), path, name=kind, failure=SegmenterError)
        except ImportError as error:  # the matcher of their training loss, which is made with the net
            raise ExtraMissing(f"{kind} needs scipy: {error}", hint="run pip install 'automask[models]'") from error
        self.labels = RoomLabels([net.config.id2label[i] for i in range(net.config.num_labels)], Vocabulary.packaged())
        if not {"wall", "floor", "ceiling", "cabinet"} <= {*self.labels.names}:
            raise SegmenterError(
                f"the checkpoint at {path} has {len(self.labels.names)} labels that are not ADE20K's "
                f"({', '.join(self.labels.names[:3])}, ...)",
                hint="use one trained on ADE20K",
            )
        self._inputs = _inputs_of(kind, path, transformers)
        self.net = net.to(device=self._device, dtype=self._dtype)

    def understand(self, targets: Sequence[str]) -> tuple[str, ...]:
        """The known phrase that each target is read as: "couches" as "sofa".

        Raises:
            UnknownPhrase: ADE20K has no label for a target; names the nearest that there are.
        """
        phrases = [self.labels.read(target) for target in targets]
        return tuple(self._settle_by_others(phrase, phrases) for phrase in phrases)

    def phrase_for(self, text: str) -> str | None:
        """The known phrase that one text is read as; None for one that is refused."""
        return self.labels.find(text)

    def parts(self, targets: Sequence[str]) -> tuple[tuple[int, ...], ...]:
        """For each target the indices of the others that name a part of it: armchairs are some of the chairs."""
        labels = [{*self.labels.labels_of[phrase]} for phrase in self.understand(targets)]
        return tuple(tuple(j for j, part in enumerate(labels) if part < whole) for whole in labels)

    def heats(self, photo: Rgb, targets: Sequence[str]) -> Heat:
        return self.survey(photo, targets).heats

    def survey(self, photo: Rgb, targets: Sequence[str]) -> Survey:
        """The heats, and the heat of all things that no target names.

        Bars and a frame round the photo are not looked at, and have no heat.

        Raises:
            UnknownPhrase: ADE20K has no label for a target.
        """
        phrases = self.understand(targets)  # first, so that unknown words are refused before any work
        content = content_box(photo)
        small = self.label_heats(photo[content.slices])
        phrases = tuple(self._settle_by_photo(phrase, small) for phrase in phrases)
        members = [list(self.labels.labels_of[phrase]) for phrase in phrases]
        named = {label for mine in members for label in mine}
        things = [i for i, name in enumerate(self.labels.names) if name not in SURFACES and i not in named]
        heats = np.zeros((len(targets), *photo.shape[:2]), dtype=np.float32)
        others = np.zeros(photo.shape[:2], dtype=np.float32)
        shares = [small[mine].sum(axis=0) for mine in members]
        for share, out in zip(
            [*shares, small[things].sum(axis=0) * np.float32(self._keep_odds)], [*heats, others], strict=True
        ):
            enlarged = cv2.resize(share, (content.width, content.height), interpolation=cv2.INTER_LINEAR)
            out[content.slices] = np.clip(enlarged, 0, 1)
        return Survey(heats, others if self._keep_odds > 0 else None)

    def label_heats(self, photo: Rgb) -> Heat:
        """[labels, h, w] float32 from 0: the heat of each label, at the resolution that the net sees.

        Args:
            photo: [H, W, 3] uint8 RGB, without bars.
        """
        views = [photo, np.ascontiguousarray(photo[:, ::-1])] if self._flip else [photo]
        seen = [self._look(view) for view in views]
        if self._flip:
            seen[1] = seen[1][..., ::-1]
        mean: Heat = np.mean(seen, axis=0, dtype=np.float32)
        return mean

    def _look(self, photo: Rgb) -> Heat:
        torch = self._torch
        given = self._inputs(Image.fromarray(photo))
        tensors = {
            name: value.to(self._device, self._dtype if value.is_floating_point() else None)
            for name, value in given.items()
            if isinstance(value, torch.Tensor)
        }
        with torch.inference_mode():
            made = self.net(**tensors)
            if hasattr(made, "logits"):
                heat = made.logits[0].float().softmax(dim=0)
            else:
                heat = self._joined(made, given, tensors["pixel_values"].shape[-2:], photo.shape[:2])
        found: Heat = heat.cpu().numpy()
        return found

    def _joined(self, made: Any, given: Mapping[str, Any], seen_hw: Sequence[int], photo_hw: Sequence[int]) -> Any:
        """[labels, h, w]: the masks of all queries as one map for each label, of a photo seen whole or in parts."""
        offsets = given.get("patch_offsets") or []
        maps = [
            self._sum_over_queries(classes, masks, seen_hw)
            for classes, masks in zip(made.class_queries_logits, made.masks_queries_logits, strict=True)
        ]
        if offsets:
            spans = [(int(start), int(stop)) for _, start, stop in offsets]
            return _stitched(maps, spans, tall=photo_hw[0] > photo_hw[1])
        # Padding at the bottom and on the right, which is nothing of the photo.
        valid = given.get("pixel_mask")
        if valid is None:
            return maps[0]
        height, width = (int(valid[0].amax(dim=axis).sum()) for axis in (1, 0))
        return maps[0][:, :height, :width]

    def _sum_over_queries(self, classes: Any, masks: Any, seen_hw: Sequence[int]) -> Any:
        torch = self._torch
        shares = classes.float().softmax(dim=-1)[:, :-1]  # the last label is "nothing"
        total = torch.zeros((shares.shape[1], *seen_hw), dtype=torch.float32, device=shares.device)
        # In parts: all queries of a large photo at once would be a gigabyte.
        for start in range(0, len(masks), _QUERIES_AT_ONCE):
            part = masks[start : start + _QUERIES_AT_ONCE].float()[None]
            part = torch.nn.functional.interpolate(part, size=tuple(seen_hw), mode="bilinear", align_corners=False)
            total += torch.einsum("qc,qhw->chw", shares[start : start + _QUERIES_AT_ONCE], part[0].sigmoid())
        return total

    def _settle_by_others(self, phrase: str, phrases: Sequence[str]) -> str:
        first, second = self.labels.either(phrase) or (phrase, phrase)
        if second in phrases:
            return first
        return second if first in phrases else phrase

    def _settle_by_photo(self, phrase: str, small: Heat) -> str:
        """The phrase; of one that means either of two things the first if it is in the photo, else the second."""
        first, second = self.labels.either(phrase) or (phrase, phrase)
        return first if float(small[list(self.labels.labels_of[first])].sum(axis=0).max()) >= _FIRST_OF_TWO else second


def _inputs_of(kind: str, path: Any, transformers: Any) -> Callable[[Image.Image], Mapping[str, Any]]:
    """A function from a photo to the arguments of the net."""
    if kind != "oneformer":
        processor = load_processor(transformers.AutoImageProcessor, path)
        return lambda photo: dict(processor(images=photo, return_tensors="pt"))
    # Its own processor fetches a list of classes from the hub, for training alone: without a name it does not.
    images = load_processor(transformers.OneFormerImageProcessor, path, class_info_file=None)
    tokenizer = load_processor(transformers.CLIPTokenizer, path)
    both = transformers.OneFormerProcessor(image_processor=images, tokenizer=tokenizer)
    return lambda photo: dict(both(images=photo, task_inputs=["semantic"], return_tensors="pt"))


def _stitched(maps: Sequence[Any], spans: Sequence[tuple[int, int]], *, tall: bool) -> Any:
    """[labels, h, w]: the maps of overlapping parts along the long side as one; where they overlap, the mean.

    Args:
        maps: [labels, side, side] of each part.
        spans: Start and end of each part along the long side.
        tall: Whether they follow one another from top to bottom.
    """
    import torch

    end = max(stop for _, stop in spans)
    labels, height, width = maps[0].shape
    total = torch.zeros((labels, end, width) if tall else (labels, height, end), device=maps[0].device)
    count = torch.zeros_like(total[:1])
    for part, (start, stop) in zip(maps, spans, strict=True):
        where = (slice(None), slice(start, stop)) if tall else (slice(None), slice(None), slice(start, stop))
        total[where] += part
        count[where] += 1
    return total / count.clamp(min=1)
