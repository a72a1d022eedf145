"""Regions for supervision, the toolkit that draws, filters and counts detections."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from automask.errors import ExtraMissing
from automask.masking.boxes import tight_box
from automask.types import Region


def to_detections(regions: Sequence[Region]) -> Any:
    """The found regions as `supervision.Detections`, one detection each; regions that were not found have none.

    `xyxy` is the half-open box around the mask, `mask` the [N, H, W] bool masks, `confidence` the score (1 for masks
    that were given), `class_id` the place of the region's target among all targets, and `data["class_name"]` its words.

    Args:
        regions: From `automask.mask`, of one photo.

    Raises:
        ExtraMissing: supervision is not installed.
    """
    try:
        import supervision
    except ImportError as error:
        raise ExtraMissing(
            "to_detections needs the package supervision", hint="run: pip install supervision"
        ) from error
    numbers = {target: number for number, target in enumerate(dict.fromkeys(region.target for region in regions))}
    found = [(region, box) for region in regions if (box := tight_box(region.hard)) is not None]
    scores = [1.0 if region.peak is None else region.peak for region, _ in found]
    return supervision.Detections(
        xyxy=np.array([[box.x0, box.y0, box.x1, box.y1] for _, box in found], np.float32).reshape(-1, 4),
        mask=np.stack([region.hard for region, _ in found]) if found else None,
        confidence=np.array(scores, np.float32),
        class_id=np.array([numbers[region.target] for region, _ in found], np.int64),
        data={"class_name": np.array([region.target for region, _ in found], np.str_)},
    )
