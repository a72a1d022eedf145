"""Masks as COCO run lengths, and as a whole COCO file."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

import numpy as np

from automask._version import __version__
from automask.errors import MaskError, UsageError
from automask.images import Photo
from automask.masking.boxes import tight_box
from automask.signatures import path_text
from automask.types import Hard, Hw, Region

Named: TypeAlias = str | os.PathLike[str] | Photo
"""What a photo is called in a COCO file."""


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """What is one thing in a set to train with: a region, or one of the single things that were told apart in it.

    Args:
        target: Its words.
        hard: [H, W] bool: never empty.
        score: How sure it is, where it was found and not given.
        instance: Its number among the things of its region, where they were told apart.
        rle: Its run lengths, where they are known.
    """

    target: str
    hard: Hard
    score: float | None
    instance: int | None = None
    rle: Mapping[str, Any] | None = None


def to_coco(
    regions: Sequence[Region] | Iterable[tuple[Named, Sequence[Region]]], *, photo: Named | None = None
) -> dict[str, Any]:
    """The regions as one COCO object-detection file, as `pycocotools.coco.COCO` and most trainers load it.

    Each found region is one annotation: its binary mask as compressed run lengths, `bbox` as [x, y, width, height]
    around it, `area` in pixels, `iscrowd` 0 and, where it was found and not given, its `score`. A region whose single
    things were told apart has one for each that was chosen, with its `instance` number. Regions that were not found
    have none; their targets are categories all the same. All numbers count from 1.

        >>> import json
        >>> import automask
        >>> regions = automask.mask("kitchen.jpg", "island; cabinets")
        >>> coco = automask.to_coco(regions, photo="kitchen.jpg")
        >>> coco["categories"]
        [{'id': 1, 'name': 'island', 'supercategory': ''}, {'id': 2, 'name': 'cabinets', 'supercategory': ''}]
        >>> sorted(coco["annotations"][0])
        ['area', 'bbox', 'category_id', 'id', 'image_id', 'iscrowd', 'score', 'segmentation']
        >>> text = json.dumps(coco)

    Args:
        regions: From `automask.mask`, of one photo; or (photo, regions) pairs of several.
        photo: What the one photo is called in the file; a `Photo` gives its name.

    Raises:
        UsageError: A photo without regions whose size is therefore not known, or a name for several photos.
        MaskError: Regions of one photo differ in size.
    """
    pairs = named_regions(regions, photo)
    targets = [region.target for _, found in pairs for region in found]
    images = [(file_name(name), size_of(name, found)) for name, found in pairs]
    pieces = ([piece for region in found for piece in pieces_of(region)] for _, found in pairs)
    return _coco_file(targets, images, pieces)


def coco_of_records(records: Iterable[tuple[str, Mapping[str, Any]]]) -> dict[str, Any]:
    """The masks of mask requests as one COCO file, as `to_coco` gives it, from their records.

    Args:
        records: The name of each photo in the file, and its record.
    """
    given = list(records)
    targets = [region["target"] for _, record in given for region in record["regions"]]
    images = [(name, (record["size_wh"][1], record["size_wh"][0])) for name, record in given]
    pieces = ([piece for region in record["regions"] for piece in recorded_pieces(region)] for _, record in given)
    return _coco_file(targets, images, pieces)


def _coco_file(
    targets: Iterable[str], images: Sequence[tuple[str, Hw]], pieces: Iterable[Sequence[Piece]]
) -> dict[str, Any]:
    """A COCO file of the images, and of the pieces of each."""
    numbers = {target: number for number, target in enumerate(dict.fromkeys(targets), start=1)}
    annotations: list[dict[str, Any]] = []
    for image_id, inside in enumerate(pieces, start=1):
        for piece in inside:
            about = {"id": len(annotations) + 1, "image_id": image_id, "category_id": numbers[piece.target]}
            annotations.append(about | _annotation_of(piece))
    return {
        "info": {"description": f"masks by automask {__version__}", "version": "1.0"},
        "licenses": [],
        "images": [
            {"id": image_id, "file_name": name, "height": height, "width": width}
            for image_id, (name, (height, width)) in enumerate(images, start=1)
        ],
        "annotations": annotations,
        "categories": [{"id": number, "name": name, "supercategory": ""} for name, number in numbers.items()],
    }


def named_regions(
    regions: Sequence[Region] | Iterable[tuple[Named, Sequence[Region]]], photo: Named | None
) -> list[tuple[Named, Sequence[Region]]]:
    """(photo, regions) pairs, from such pairs or from the regions of one photo.

    Raises:
        UsageError: As `to_coco`.
    """
    if isinstance(regions, Region):
        raise UsageError("regions is a single Region", hint="give a list of regions: [region]")
    given = list(regions)
    if photo is None and not any(isinstance(item, Region) for item in given):
        return [_pair(item) for item in given]
    if not all(isinstance(item, Region) for item in given):
        raise UsageError(
            "regions and (photo, regions) pairs were mixed, or pairs came with photo=",
            hint="give regions with photo=NAME, or a list of pairs",
        )
    return [("" if photo is None else photo, cast("list[Region]", given))]


def _pair(item: object) -> tuple[Named, Sequence[Region]]:
    if not (isinstance(item, tuple) and len(item) == 2 and isinstance(item[1], list | tuple)):
        raise UsageError(
            f"regions holds a value of type {type(item).__name__!r}",
            hint="give what automask.mask returned, or (photo, regions) pairs",
        )
    return item


def file_name(name: Named) -> str:
    """What a photo is called in a file."""
    return name.name if isinstance(name, Photo) else path_text(name, "photo")


def size_of(name: Named, regions: Sequence[Region]) -> Hw:
    """The height and width of a photo of these regions.

    Raises:
        UsageError, MaskError: As `to_coco`.
    """
    sizes = {(region.hard.shape[0], region.hard.shape[1]) for region in regions}
    if isinstance(name, Photo):
        sizes.add((name.rgb.shape[0], name.rgb.shape[1]))
    if not sizes:
        raise UsageError(f"{file_name(name)!r} has no regions, so its size is not known", hint="leave it out")
    if len(sizes) > 1:
        raise MaskError(
            f"the regions of {file_name(name)!r} differ in size: {sorted(sizes)}", hint="give each photo its own"
        )
    return sizes.pop()


def pieces_of(region: Region) -> Iterator[Piece]:
    """The single things of a region; the whole region where they were not told apart, nothing where it is empty."""
    chosen = [one for one in region.instances if one.chosen]
    if len(chosen) < 2:
        if region.hard.any():
            yield Piece(region.target, region.hard, region.peak)
        return
    for one in chosen:
        hard = np.zeros_like(region.hard)
        hard[one.box.slices] = one.hard & region.hard[one.box.slices]
        if hard.any():
            yield Piece(region.target, hard, region.peak, one.number)


def recorded_pieces(region: Mapping[str, Any]) -> Iterator[Piece]:
    """The same of a region in the record of a mask request."""
    if not region["area_px"]:
        return
    chosen = [one for one in region.get("instances", ()) if one["chosen"]]
    if len(chosen) < 2 or not all("segmentation" in one for one in chosen):
        chosen = [{"number": None, "segmentation": region["segmentation"]}]
    for one in chosen:
        hard = coco_hard(one["segmentation"])
        if hard.any():
            yield Piece(region["target"], hard, region["peak"], one["number"], one["segmentation"])


def _annotation_of(piece: Piece) -> dict[str, Any]:
    box = tight_box(piece.hard)
    assert box is not None  # noqa: S101 - for the type checker: a piece is never empty
    about: dict[str, Any] = {
        "bbox": [box.x0, box.y0, box.width, box.height],
        "area": int(np.count_nonzero(piece.hard)),
        "segmentation": coco_rle(piece.hard) if piece.rle is None else dict(piece.rle),
        "iscrowd": 0,
    }
    about |= {} if piece.score is None else {"score": round(float(piece.score), 4)}
    return about | ({} if piece.instance is None else {"instance": piece.instance})


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


_MOST_PX = 1 << 30
_RUN_BITS = 60


def coco_hard(rle: Mapping[str, Any]) -> Hard:
    """The [H, W] bool mask of COCO's compressed run lengths.

    Raises:
        MaskError: The runs do not add up to the size, or that is larger than any photo's.
    """
    height, width = rle["size"]
    if not 0 <= height * width <= _MOST_PX:
        raise MaskError(f"a mask of {height} x {width} px is larger than any photo", hint="make it again")
    runs: list[int] = []
    value, shift = 0, 0
    for code in str(rle["counts"]).encode("ascii"):
        group = code - 48
        value |= (group & 0x1F) << shift
        shift += 5
        if group & 0x20:
            if shift > _RUN_BITS:  # a number of millions of digits would take minutes
                raise MaskError(f"a run has more than {_RUN_BITS} bits", hint="the mask file is damaged: make it again")
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
