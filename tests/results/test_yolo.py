"""A set for YOLO: read as its trainer reads it, it gives the masks back."""

import cv2
import numpy as np
import pytest
import yaml
from drawing import disc
from regions import island_and_lamp, region

import automask
from automask.errors import UsageError
from automask.fingerprint import bytes_digest
from automask.results.yolo import write_yolo


def read(files: dict[str, str], name: str, size_hw: tuple[int, int]) -> dict[str, np.ndarray]:
    """The mask of each class: shares times the size, cut to whole pixels, filled by fillPoly, as ultralytics does."""
    classes = yaml.safe_load(files["data.yaml"])["names"]
    found = {}
    for line in files[name].splitlines():
        number, *shares = line.split()
        points = (np.array(shares, float).reshape(-1, 2) * size_hw[::-1]).astype(np.int32)
        drawn = found.setdefault(classes[int(number)], np.zeros(size_hw, np.uint8))
        cv2.fillPoly(drawn, [points], 1)
    return found


def test_classes_and_masks_are_those_of_the_regions_of_all_photos():
    regions = island_and_lamp()
    ring = disc((60, 80), (40, 30), 20) & ~disc((60, 80), (40, 30), 9)
    files = automask.to_yolo([("kitchen.jpg", regions), ("up/hall.jpg", [region("lamp", ring)])], tolerance_px=0)
    assert sorted(files) == ["data.yaml", "labels/kitchen.txt", "labels/up/hall.txt"]
    assert yaml.safe_load(files["data.yaml"])["names"] == {0: "island", 1: "yacht", 2: "lamp"}
    masks = read(files, "labels/kitchen.txt", (40, 60))
    assert set(masks) == {"island", "lamp"}
    for one in (regions[0], regions[2]):
        np.testing.assert_array_equal(masks[one.target].astype(bool), one.mask)
    np.testing.assert_array_equal(read(files, "labels/up/hall.txt", (60, 80))["lamp"].astype(bool), ring)


def test_a_share_leads_back_to_its_pixel_in_a_photo_of_100_megapixels():
    hard = np.zeros((8, 12_001), bool)
    hard[2:6, 3::2] = True
    np.testing.assert_array_equal(
        read(automask.to_yolo([region("slat", hard)], photo="a.jpg"), "labels/a.txt", hard.shape)["slat"], hard
    )


def test_names_that_labels_cannot_be_found_by_are_refused():
    regions = island_and_lamp()
    with pytest.raises(UsageError, match=r"'a.jpg' and 'A.png' have one file of labels: labels/A.txt"):
        automask.to_yolo([("a.jpg", regions), ("A.png", regions)])
    with pytest.raises(UsageError, match="a photo has no name"):
        automask.to_yolo(regions)
    assert "labels/a.txt" in automask.to_yolo(regions, photo="../../a.jpg")


def test_a_set_grows_photo_by_photo_and_what_a_person_changed_is_kept(tmp_path):
    lamp, other = island_and_lamp()[2], region("yacht", island_and_lamp()[0].mask)
    one, two = (automask.to_yolo([lamp], photo=name) for name in ("1.jpg", "2.jpg"))
    assert write_yolo(tmp_path, one) == write_yolo(tmp_path, two) == write_yolo(tmp_path, two) == []
    first, second = (tmp_path / "labels" / name for name in ("1.txt", "2.txt"))
    assert (first.read_text(), second.read_text()) == (one["labels/1.txt"], two["labels/2.txt"])
    assert yaml.safe_load((tmp_path / "data.yaml").read_text())["names"] == {0: "lamp"}
    first.write_text("mine")
    assert write_yolo(tmp_path, one) == ["labels/1.txt"]
    assert first.read_text() == "mine"
    with pytest.raises(UsageError, match=r"'labels/1.txt' in .* was changed by hand, and the classes are others now"):
        write_yolo(tmp_path, automask.to_yolo([other], photo="2.jpg"))
    assert write_yolo(tmp_path, automask.to_yolo([other], photo="1.jpg"), overwrite=True) == []
    assert not second.exists()  # its numbers would mean other things
    (tmp_path / "data.yaml").write_text("names: [mine]")
    with pytest.raises(UsageError, match="automask did not write it"):
        write_yolo(tmp_path, one)


def test_a_forged_list_removes_nothing_but_labels(tmp_path):
    lamp, other = island_and_lamp()[2], region("yacht", island_and_lamp()[0].mask)
    victims = [tmp_path / name for name in ("mine.txt", "set/notes.txt", "set/labels/../mine.md")]
    write_yolo(tmp_path / "set", automask.to_yolo([lamp], photo="1.jpg"))
    for victim in victims:
        victim.write_text("mine")
    digest = bytes_digest(b"mine")
    body = (tmp_path / "set" / "data.yaml").read_text().partition("\n")[2]
    for name in ("../mine.txt", str(tmp_path / "mine.txt"), "labels/../../mine.txt", "notes.txt", "labels/../mine.md"):
        body += f"# {digest} {name}\n"
    (tmp_path / "set" / "data.yaml").write_text(f"# automask {bytes_digest(body.encode())}\n{body}")
    write_yolo(tmp_path / "set", automask.to_yolo([other], photo="1.jpg"), overwrite=True)
    assert [victim.read_text() for victim in victims] == ["mine"] * 3
