"""A COCO file, as pycocotools loads it."""

import json
from pathlib import Path

import numpy as np
import pytest
from drawing import disc, room
from regions import island_and_lamp, region

import automask
from automask.errors import MaskError, UsageError
from automask.images import open_photo
from automask.results.coco import coco_hard


def loaded(coco: dict, folder: Path):
    module = pytest.importorskip("pycocotools.coco", reason="needs pycocotools")
    file = folder / "coco.json"
    file.write_text(json.dumps(coco), encoding="utf-8")
    return module.COCO(str(file))


def test_pycocotools_loads_the_file_and_gives_the_masks_back(tmp_path: Path):
    found = island_and_lamp()
    coco = loaded(automask.to_coco(found, photo="kitchen.jpg"), tmp_path)
    assert coco.loadImgs(coco.getImgIds()) == [{"id": 1, "file_name": "kitchen.jpg", "height": 40, "width": 60}]
    names = {one["id"]: one["name"] for one in coco.loadCats(coco.getCatIds())}
    assert list(names.values()) == ["island", "yacht", "lamp"]
    annotations = coco.loadAnns(coco.getAnnIds(imgIds=[1]))
    assert [names[one["category_id"]] for one in annotations] == ["island", "lamp"]
    for one, part in zip(annotations, (found[0], found[2]), strict=True):
        np.testing.assert_array_equal(coco.annToMask(one), part.mask)
        assert one["area"] == part.mask.sum()
        assert one["iscrowd"] == 0
        assert one["score"] == 0.9


def test_boxes_and_areas_are_those_of_pycocotools():
    masks = pytest.importorskip("pycocotools.mask", reason="needs pycocotools")
    for one in automask.to_coco(island_and_lamp(), photo="kitchen.jpg")["annotations"]:
        assert one["bbox"] == masks.toBbox(one["segmentation"]).tolist()
        assert one["area"] == masks.area(one["segmentation"])


def test_without_pycocotools_the_file_says_the_same():
    coco = automask.to_coco(island_and_lamp(), photo=Path("rooms/kitchen.jpg"))
    first, second = coco["annotations"]
    assert coco["images"][0]["file_name"] == str(Path("rooms/kitchen.jpg"))
    assert (first["id"], first["image_id"], first["category_id"]) == (1, 1, 1)
    assert (second["id"], second["image_id"], second["category_id"]) == (2, 1, 3)
    assert first["bbox"] == [4, 17, 17, 17]
    np.testing.assert_array_equal(coco_hard(second["segmentation"]), island_and_lamp()[2].mask)
    assert json.loads(json.dumps(coco, allow_nan=False)) == coco


def test_several_photos_share_their_categories(tmp_path: Path):
    other = (region("lamp", disc((30, 30), (15, 15), 6)), region("wall", disc((30, 30), (4, 4), 3), peak=None))
    photo = open_photo(room(30, 30))
    made = automask.to_coco([("kitchen.jpg", island_and_lamp()), (photo, other)])
    coco = loaded(made, tmp_path)
    assert [one["file_name"] for one in coco.loadImgs(coco.getImgIds())] == ["kitchen.jpg", "photo.png"]
    assert [one["name"] for one in coco.loadCats(coco.getCatIds())] == ["island", "yacht", "lamp", "wall"]
    assert len(coco.getAnnIds(catIds=[3])) == 2
    assert len({one["id"] for one in made["annotations"]}) == 4
    given = coco.loadAnns(coco.getAnnIds(catIds=[4]))[0]
    assert "score" not in given
    np.testing.assert_array_equal(coco.annToMask(given), other[1].mask)


def test_nothing_found_is_a_file_without_annotations(tmp_path: Path):
    coco = loaded(automask.to_coco(island_and_lamp()[1:2]), tmp_path)
    assert coco.getAnnIds() == []
    assert coco.loadImgs([1])[0]["file_name"] == ""
    empty = automask.to_coco([(open_photo(room(30, 50)), ())])
    assert empty["images"] == [{"id": 1, "file_name": "photo.png", "height": 30, "width": 50}]
    assert automask.to_coco([])["images"] == []


def test_what_does_not_fit_together_is_refused():
    found = island_and_lamp()
    with pytest.raises(UsageError, match=r"'kitchen\.jpg' has no regions, so its size is not known; leave it out"):
        automask.to_coco([("kitchen.jpg", ())])
    with pytest.raises(UsageError, match=r"pairs were mixed.*; give regions with photo=NAME, or a list of pairs"):
        automask.to_coco([("kitchen.jpg", found)], photo="kitchen.jpg")
    with pytest.raises(UsageError, match=r"regions is a single Region; give a list of regions: \[region\]"):
        automask.to_coco(found[0])
    with pytest.raises(UsageError, match=r"regions holds a value of type 'int'; give what automask\.mask returned"):
        automask.to_coco([3])
    with pytest.raises(UsageError, match="photo is of type 'int'; give a path, as text or as a Path"):
        automask.to_coco(found, photo=3)
    with pytest.raises(UsageError, match="were mixed"):
        automask.to_coco([*found, ("kitchen.jpg", found)])
    with pytest.raises(MaskError, match=r"the regions of 'kitchen\.jpg' differ in size: \[\(30, 30\), \(40, 60\)\]"):
        automask.to_coco([*found, region("wall", disc((30, 30), (4, 4), 3))], photo="kitchen.jpg")
