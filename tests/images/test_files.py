"""Files are written whole or not at all."""

import time
from pathlib import Path

import numpy as np
import pytest
from pictures import colours
from PIL import Image, ImageFile

from automask.errors import OutputError
from automask.images import atomic_path, open_photo, same_letters, write_mask, write_picture
from automask.images.files import pillow_bytes


def test_folders_are_created_and_a_file_in_the_way_is_reported(tmp_path: Path) -> None:
    write_mask(tmp_path / "a" / "b" / "m.png", np.zeros((2, 3), np.float32))
    with pytest.raises(OutputError, match="cannot write"):
        write_mask(tmp_path / "a" / "b" / "m.png" / "c.png", np.zeros((2, 3), np.float32))
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(OutputError, match="cannot write"):
        write_mask(tmp_path / "folder.png", np.zeros((2, 3), np.float32))


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, MemoryError])
def test_an_interrupted_block_leaves_no_temporary_file(error: type[BaseException], tmp_path: Path) -> None:
    target = tmp_path / "a.png"
    target.write_bytes(b"old")

    def block() -> None:
        with atomic_path(target) as temporary:
            assert temporary.parent == tmp_path
            assert temporary.suffix == ".png"
            temporary.write_bytes(b"half")
            raise error

    with pytest.raises(error):
        block()
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_the_ending_decides_the_format_of_a_picture(tmp_path: Path) -> None:
    write_picture(tmp_path / "a.PNG", colours())
    np.testing.assert_array_equal(open_photo(tmp_path / "a.PNG").rgb, colours())
    write_picture(tmp_path / "a.jpg", colours())
    assert np.abs(open_photo(tmp_path / "a.jpg").rgb.astype(int) - colours()).max() < 40
    with pytest.raises(OutputError, match=r"'a\.gif' does not end in \.jpg or \.png; pick one of the two"):
        write_picture(tmp_path / "a.gif", colours())
    with pytest.raises(OutputError, match=r"a picture must be \[H, W, 3\] uint8, this one is \[45, 70\] uint8"):
        write_picture(tmp_path / "a.png", colours()[..., 0])


def test_noise_in_progressive_scans_finds_room(tmp_path: Path) -> None:
    before = ImageFile.MAXBLOCK
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 256, (240, 320, 3), np.uint8))
    options = {"progressive": True, "qtables": [[1] * 64], "subsampling": 0}
    data = pillow_bytes(noise, "JPEG", options, "a.jpg")
    assert len(data) > 240 * 320 * 2  # more than Pillow makes room for
    assert before == ImageFile.MAXBLOCK


COMPOSED, DECOMPOSED = "K\u00fcche.jpg", "Ku\u0308che.jpg"


@pytest.mark.parametrize(("there", "asked"), [(COMPOSED, DECOMPOSED), (DECOMPOSED, COMPOSED)])
def test_a_name_is_found_in_either_of_unicodes_forms(there: str, asked: str, tmp_path: Path) -> None:
    folder = tmp_path / there.removesuffix(".jpg")
    folder.mkdir()
    (folder / there).write_bytes(b"x")
    wanted = tmp_path / asked.removesuffix(".jpg") / asked
    assert same_letters(wanted) == folder / there
    assert same_letters(folder / there) == folder / there
    assert same_letters(str(wanted)) == folder / there
    (folder / asked).write_bytes(b"y")  # both are there: each is itself
    assert same_letters(folder / asked) == folder / asked


@pytest.mark.parametrize("name", ["nowhere.jpg", "none/Küche.jpg", "a" * 5000, "a\0b.jpg", "https://a.b/c.jpg"])
def test_a_name_that_is_not_there_stays(name: str, tmp_path: Path) -> None:
    assert same_letters(tmp_path / name) == tmp_path / name
    assert same_letters(Path(name)) == Path(name)


def test_a_name_that_no_system_has_is_not_compared(tmp_path: Path) -> None:
    piled = tmp_path / ("a" + "\u0323\u0301" * 40_000)  # comparing it takes several seconds
    began = time.process_time()
    assert same_letters(piled) == piled
    assert time.process_time() - began < 1


def test_a_photo_is_opened_in_either_form_under_the_name_that_it_has(tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / DECOMPOSED)
    photo = open_photo(tmp_path / COMPOSED)
    assert photo.name == DECOMPOSED
    assert photo.source == tmp_path / DECOMPOSED
