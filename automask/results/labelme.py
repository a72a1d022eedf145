"""Masks as the file that LabelMe opens next to a photo: polygons to be moved by hand."""

from collections.abc import Mapping, Sequence
from typing import Any

from automask._version import __version__
from automask.errors import UsageError
from automask.results.coco import Named, Piece, file_name, named_regions, pieces_of, recorded_pieces, size_of
from automask.results.polygons import TOLERANCE_PX, polygons_of
from automask.types import Hw, Region

_VERSION = "5.5.0"
"""Of the form of the file; LabelMe says it where its own is older."""


def to_labelme(
    regions: Sequence[Region], *, photo: Named | None = None, tolerance_px: float = TOLERANCE_PX
) -> dict[str, Any]:
    """The regions of one photo as LabelMe's JSON file, which `json.dump` writes next to the photo.

    Each part of a region is a polygon whose label is its words; those of one thing share a `group_id`. Holes are cut in
    by slits (`automask.results.polygons`). The file names the photo and does not hold it.

        >>> import automask
        >>> regions = automask.mask("kitchen.jpg", "island; cabinets")
        >>> shapes = automask.to_labelme(regions, photo="kitchen.jpg")["shapes"]
        >>> shapes[0]["label"], shapes[0]["shape_type"]
        ('island', 'polygon')

    Args:
        regions: From `automask.mask`.
        photo: What the photo is called in the file, as a path from the file's own folder; a `Photo` gives its name.
        tolerance_px: How far lines may be from the mask's border; 0 keeps every corner.

    Raises:
        UsageError: Regions of several photos: each has a file of its own.
        MaskError: They differ in size.
    """
    pairs = named_regions(regions, photo)
    if len(pairs) != 1:
        raise UsageError(f"regions of {len(pairs)} photos", hint="LabelMe has a file for each photo: one at a time")
    ((name, found),) = pairs
    pieces = [piece for region in found for piece in pieces_of(region)]
    return _labelme(file_name(name), size_of(name, found), pieces, tolerance_px)


def labelme_of_record(name: str, record: Mapping[str, Any]) -> dict[str, Any]:
    """The masks of a mask request, as `to_labelme` gives them, from their record.

    Args:
        name: The photo's path from the file's folder.
        record: Of the mask request.
    """
    pieces = [piece for region in record["regions"] for piece in recorded_pieces(region)]
    return _labelme(name, (record["size_wh"][1], record["size_wh"][0]), pieces, TOLERANCE_PX)


def _labelme(name: str, size_hw: Hw, pieces: Sequence[Piece], tolerance_px: float) -> dict[str, Any]:
    shapes = []
    for number, piece in enumerate(pieces, start=1):
        parts = polygons_of(piece.hard, tolerance_px=tolerance_px)
        shapes += [
            {
                "label": piece.target,
                "points": part.astype(float).tolist(),
                "group_id": number if len(parts) > 1 else None,
                "description": "",
                "shape_type": "polygon",
                "flags": {},
                "mask": None,
            }
            for part in parts
        ]
    return {
        "version": _VERSION,
        "flags": {},
        "shapes": shapes,
        "imagePath": name,
        "imageData": None,
        "imageHeight": size_hw[0],
        "imageWidth": size_hw[1],
        "info": {"description": f"masks by automask {__version__}"},  # LabelMe keeps keys that it does not know
    }
