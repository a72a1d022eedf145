"""LabelMe's file of a photo: read as LabelMe reads it, it gives the masks back."""

import json

import numpy as np
import pytest
from drawing import disc
from PIL import Image, ImageDraw
from regions import island_and_lamp, region

import automask
from automask.errors import MaskError, UsageError


def read(file: dict) -> dict[str, np.ndarray]:
    """The mask of each label, as LabelMe's shape_to_mask draws it."""
    found: dict[str, np.ndarray] = {}
    for shape in file["shapes"]:
        assert shape["shape_type"] == "polygon"
        one = Image.new("L", (file["imageWidth"], file["imageHeight"]), 0)
        ImageDraw.Draw(one).polygon([tuple(point) for point in shape["points"]], outline=1, fill=1)
        drawn = np.asarray(one, bool)
        found[shape["label"]] = found.get(shape["label"], np.zeros_like(drawn)) | drawn
    return found


def test_labels_sizes_and_masks_are_those_of_the_regions():
    regions = island_and_lamp()
    file = automask.to_labelme(regions, photo="rooms/kitchen.jpg", tolerance_px=0)
    assert (file["imagePath"], file["imageHeight"], file["imageWidth"]) == ("rooms/kitchen.jpg", 40, 60)
    assert file["imageData"] is None
    masks = read(json.loads(json.dumps(file, allow_nan=False)))
    assert set(masks) == {"island", "lamp"}  # the yacht was not found
    for one in (regions[0], regions[2]):
        np.testing.assert_array_equal(masks[one.target], one.mask)


def test_a_hole_stays_and_parts_of_one_thing_share_a_group():
    ring = disc((60, 80), (20, 30), 15) & ~disc((60, 80), (20, 30), 7)
    hard = ring | disc((60, 80), (60, 30), 8)
    shapes = automask.to_labelme([region("lamp", hard), region("rug", disc((60, 80), (70, 50), 5))], photo="a.jpg")
    assert [(one["label"], one["group_id"]) for one in shapes["shapes"]] == [("lamp", 1), ("lamp", 1), ("rug", None)]
    lamp = read(shapes)["lamp"]
    assert not lamp[30, 20]
    assert (lamp & hard).sum() > 0.9 * (lamp | hard).sum()  # a pixel of border is much of discs this small


def test_each_photo_has_a_file_of_its_own():
    regions = island_and_lamp()
    with pytest.raises(UsageError, match="regions of 2 photos; LabelMe has a file for each photo: one at a time"):
        automask.to_labelme([("a.jpg", regions), ("b.jpg", regions)])
    with pytest.raises(MaskError, match="differ in size"):
        automask.to_labelme([*regions, region("rug", disc((9, 9), (4, 4), 2))], photo="a.jpg")
