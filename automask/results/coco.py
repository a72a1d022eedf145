"""Masks as COCO run lengths."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from automask.errors import MaskError
from automask.types import Hard


def coco_rle(hard: Hard) -> dict[str, Any]:
    """A mask as COCO's compressed run lengths, byte for byte as pycocotools writes it (with `counts` as text).

    Args:
        hard: [H, W] bool.

    Source: pycocotools, common/maskApi.c: `rleEncode` (runs down the columns, beginning with zeros) and `rleToString`
    (from the fourth on, each run is stored as the difference from the run two before it, in groups of 5 bits, with a
    sixth for "more follows", plus 48).
    """
    flat = np.asarray(hard, dtype=np.bool_).ravel(order="F")
    turns = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    starts = np.concatenate([[0], turns]) if flat.size else np.zeros(0, dtype=np.int64)
    runs = np.diff(np.append(starts, flat.size))
    if flat.size and flat[0]:
        runs = np.concatenate([[0], runs])
    if not flat.size:
        runs = np.zeros(1, dtype=np.int64)
    values = runs.astype(np.int64)
    values[3:] -= runs[1:-2]
    codes, used = [], []
    more = np.ones(values.shape, dtype=np.bool_)
    while more.any():
        used.append(more)
        group = values & 0x1F
        values = values >> 5
        more = more & np.where(group & 0x10, values != -1, values != 0)
        codes.append(group + np.where(more, 0x20, 0) + 48)
    text = np.stack(codes, axis=1)[np.stack(used, axis=1)].astype(np.uint8).tobytes().decode("ascii")
    return {"size": [int(hard.shape[0]), int(hard.shape[1])], "counts": text}


def coco_hard(rle: Mapping[str, Any]) -> Hard:
    """The [H, W] bool mask of COCO's compressed run lengths.

    Raises:
        MaskError: The runs do not add up to the size.
    """
    height, width = rle["size"]
    runs: list[int] = []
    value, shift = 0, 0
    for code in str(rle["counts"]).encode("ascii"):
        group = code - 48
        value |= (group & 0x1F) << shift
        shift += 5
        if group & 0x20:
            continue
        if group & 0x10:
            value -= 1 << shift
        runs.append(value + runs[-2] if len(runs) > 2 else value)
        value, shift = 0, 0
    if sum(runs) != height * width or min(runs, default=0) < 0:
        raise MaskError(
            f"run lengths add up to {sum(runs)} pixels, not {height} x {width}",
            hint="the mask file is damaged: make it again",
        )
    flat = np.repeat(np.arange(len(runs)) % 2 == 1, runs)
    return np.ascontiguousarray(flat.reshape((height, width), order="F"))
