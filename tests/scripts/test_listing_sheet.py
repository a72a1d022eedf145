"""The pictures that edits are judged by: a pair for each photo, and mistakes in one line."""

import importlib.util
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from drawing import room

from automask.images import open_photo, write_picture

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "listing_sheet.py"
SIZE = (48, 64)


def _load() -> Any:
    spec = importlib.util.spec_from_file_location("listing_sheet", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


script = _load()


@pytest.fixture
def listing(tmp_path: Path) -> Path:
    """Two photos, and a mask of the walls: their left half."""
    folder = tmp_path / "listing"
    for name in ("hall.png", "kitchen.png"):
        write_picture(folder / name, room(*SIZE))
    (folder / "points.json").write_text("{}")
    left = np.zeros(SIZE, dtype=np.uint8)
    left[:, : SIZE[1] // 2] = 255
    (tmp_path / "heat").mkdir()
    assert cv2.imwrite(str(tmp_path / "heat" / "walls.png"), left)
    return folder


def _run(listing: Path, *arguments: str) -> int:
    painted = ["segmenter=painted", f"segmenter.masks='{listing.parent / 'heat'}'", "refiner=threshold"]
    words = ["--edits", "walls -> sage", "--out", str(listing.parent / "out")]
    return script.main([*words, *arguments, *painted])


def test_each_photo_of_a_folder_gets_its_overlay_and_its_painted_photo(listing: Path, capsys):
    assert _run(listing, str(listing)) == 0
    assert sorted(path.name for path in (listing.parent / "out").iterdir()) == ["hall.png", "kitchen.png"]
    picture = open_photo(listing.parent / "out" / "hall.png").rgb
    height, width = SIZE
    assert picture.shape == (height, 2 * width + script.GAP_PX, 3)
    painted, photo = picture[:, width + script.GAP_PX :].astype(int), room(*SIZE).astype(int)
    assert np.array_equal(painted[:, width // 2 + 2 :], photo[:, width // 2 + 2 :])
    assert np.abs(painted - photo)[:, : width // 2 - 2].mean() > 5
    assert "hall.png: walls 50.0% of the photo, peak 1.00" in capsys.readouterr().out


def test_a_photo_larger_than_the_long_side_is_shown_smaller(listing: Path):
    assert _run(listing, str(listing / "hall.png"), "--long-px", "32") == 0
    assert open_photo(listing.parent / "out" / "hall.png").rgb.shape == (24, 2 * 32 + script.GAP_PX, 3)
    assert not (listing.parent / "out" / "kitchen.png").exists()


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["nowhere.jpg"], "nowhere.jpg"),
        (["empty"], "no photo is named; name photos, or folders with .jpg or .png files"),
        (["listing", "listing/hall.png"], "two photos are called 'hall'; name one of them"),
        (["listing", "--out", "sheet.png"], "'sheet.png' looks like a picture"),
    ],
)
def test_every_mistake_is_one_line(listing: Path, capsys, monkeypatch, names, said):
    monkeypatch.chdir(listing.parent)
    (listing.parent / "empty").mkdir()
    assert _run(listing, *names) != 0
    out, err = capsys.readouterr()
    assert said in err
    assert err.count("\n") == 1
    assert out == ""
