"""Opening photos: files, arrays, and what is refused."""

import threading
from pathlib import Path

import numpy as np
import pytest
from pictures import DECODES, HEIGHT, WIDTH, colours, every_kind, make, patch, picture, refused, rewritten, saved
from PIL import Image

from automask.images import PHOTO_SUFFIXES, open_photo, write_photo


@every_kind
def test_a_photo_is_read_in_its_own_mode_and_format(name: str, tmp_path: Path) -> None:
    photo = open_photo(make(name, tmp_path))
    assert (photo.format, photo.mode) == DECODES[name][:2]
    assert photo.size_wh == (WIDTH, HEIGHT)
    assert photo.rgb.shape == (HEIGHT, WIDTH, 3)
    assert photo.rgb.dtype == np.uint8
    assert not photo.rgb.flags.writeable
    assert not photo.samples.flags.writeable
    assert photo.samples.dtype == (np.uint16 if photo.mode.endswith("16") else np.uint8)


def test_a_plain_rgb_photo_shares_one_buffer(tmp_path: Path) -> None:
    photo = open_photo(make("rgb.jpg", tmp_path))
    assert photo.rgb is photo.samples


def test_the_digest_is_that_of_the_file(tmp_path: Path) -> None:
    import hashlib

    path = make("rgb.jpg", tmp_path)
    assert open_photo(path).digest == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    "name", ["kitchen (1) [a,b]=c.jpg", "кухня 台所.png", "señor's 50%.webp", "-o.png", "wall -> marble;.png"]
)
def test_any_file_name_works(name: str, tmp_path: Path) -> None:
    path = saved(tmp_path / name, picture("RGB"))
    photo = open_photo(str(path))
    assert photo.name == name
    _, written = rewritten(photo, tmp_path / "out = [1]")
    assert written.path.name == name
    assert [found.name for found in written.path.parent.iterdir()] == [name]


def test_16_bit_samples_are_all_kept_and_noted(tmp_path: Path) -> None:
    photo = open_photo(make("deep-rgb.png", tmp_path))
    np.testing.assert_array_equal(photo.samples, colours(16)[..., ::-1])
    np.testing.assert_array_equal(photo.rgb, np.rint(photo.samples / 257).astype(np.uint8))
    assert photo.notes == ("16 bits: the repainted part holds 8-bit detail, everything else keeps its 16 bits",)


def test_a_file_name_that_contradicts_the_format_is_noted(tmp_path: Path) -> None:
    path = saved(tmp_path / "kitchen.jpg", picture("RGB"), format="PNG")
    photo = open_photo(path)
    assert photo.notes == ("it is a PNG file, whatever its name says, and is written as one under the same name",)
    assert rewritten(photo, tmp_path / "out")[0].format == "PNG"


@pytest.mark.parametrize(
    ("array", "says", "hint"),
    [
        (np.zeros((4, 5, 3), np.float32), "[4, 5, 3] float32", "to_uint8"),
        (np.zeros((4, 5, 4), np.uint8), "[4, 5, 4] uint8", "array[:, :, :3]"),
        (np.zeros((4, 5), np.uint8), "[4, 5] uint8", "numpy.stack"),
        (np.zeros((3, 4, 5), np.uint8), "[3, 4, 5] uint8", "array.transpose(1, 2, 0)"),
        (np.zeros((5, 4, 2), np.uint8), "[5, 4, 2] uint8", "height, width"),
        (np.zeros((4, 5, 3), np.uint16), "[4, 5, 3] uint16", "to_uint8"),
        (np.zeros((0, 5, 3), np.uint8), "[0, 5, 3]", "1 x 1"),
    ],
)
def test_an_array_of_another_shape_or_type_is_refused(array: np.ndarray, says: str, hint: str) -> None:
    text = refused(array)
    assert says in text
    assert hint in text


def test_an_array_is_copied_and_never_written_to(tmp_path: Path) -> None:
    mine = colours()[:, ::-1]
    kept = mine.copy()
    photo = open_photo(mine)
    assert (photo.name, photo.mode, photo.format, photo.source) == ("photo.png", "RGB", "PNG", None)
    assert not np.shares_memory(photo.rgb, mine)
    assert mine.flags.writeable
    _, alpha = patch(photo)
    result, alpha = patch(photo)
    result_kept, alpha_kept = result.copy(), alpha.copy()
    write_photo(photo, result, alpha, tmp_path / "photo.png")
    np.testing.assert_array_equal(mine, kept)
    np.testing.assert_array_equal(result, result_kept)
    np.testing.assert_array_equal(alpha, alpha_kept)
    np.testing.assert_array_equal(open_photo(tmp_path / "photo.png").rgb, result)
    with pytest.raises(ValueError, match="read-only"):
        photo.rgb[0, 0] = 0


def test_an_array_too_large_is_refused() -> None:
    assert "the photo array has 2000 x 1000 = 2.0 megapixels" in refused(
        np.zeros((1000, 2000, 3), np.uint8), max_megapixels=1
    )


def test_photos_open_in_threads(tmp_path: Path) -> None:
    path = make("rgb.jpg", tmp_path)
    seen: list[str] = []
    threads = [threading.Thread(target=lambda: seen.append(open_photo(path).digest)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(seen)) == 1
    assert len(seen) == 6


def test_every_kind_of_photo_is_among_the_suffixes() -> None:
    assert {Path(name).suffix for name in DECODES} <= PHOTO_SUFFIXES
    assert all(suffix == suffix.lower() and suffix.startswith(".") for suffix in PHOTO_SUFFIXES)


@pytest.mark.parametrize(("suffix", "kind"), [(".mpo", "rgb.jpg"), (".dib", "rgb.bmp"), (".avifs", "rgb.avif")])
def test_a_name_that_says_the_right_kind_in_another_way_is_a_photo_s(suffix: str, kind: str, tmp_path: Path) -> None:
    if kind == "rgb.avif" and ".avif" not in Image.registered_extensions():
        pytest.skip("needs a Pillow with AVIF")
    path = make(kind, tmp_path).rename(tmp_path / f"a{suffix}")
    assert open_photo(path).notes == ()
    assert suffix in PHOTO_SUFFIXES
