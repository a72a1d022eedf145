"""A JPEG result: blocks without a changed pixel keep their coefficients, whatever the kind of JPEG."""

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from automask.errors import AutomaskError, PhotoError
from automask.images import Photo, open_photo, write_photo
from automask.images.jpeg import exact_jpeg
from automask.images.jpeg.decode import decode_coefficients
from automask.images.jpeg.segments import parse

WIDTH, HEIGHT = 149, 117
SAMPLINGS = {"4:4:4": 0x111111, "4:2:2": 0x211111, "4:2:0": 0x221111, "4:4:0": 0x121111, "4:1:1": 0x411111}


def room() -> np.ndarray:
    """[H, W, 3] a wall, a floor of boards and a shadow, with the grain of a camera."""
    rng = np.random.default_rng(5)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(float)
    wall = np.stack([200 - y / 2, 195 - y / 2, 180 - x / 4], axis=2)
    floor = np.stack([120 + 30 * (x // 11 % 2), 85 + 20 * (x // 11 % 2), 60 + y * 0], axis=2)
    picture = np.where((y > 70 + x / 8)[..., None], floor, wall) * (1 - 0.3 * (x > 100))[..., None]
    return np.clip(picture + rng.normal(0, 2.5, picture.shape), 0, 255).astype(np.uint8)


def jpeg(kind: str, quality: int = 88, **options: object) -> bytes:
    """The room as a JPEG: a sampling of `SAMPLINGS`, or a mode of Pillow."""
    if kind in SAMPLINGS:
        extra = {"progressive": [cv2.IMWRITE_JPEG_PROGRESSIVE, 1], "restarts": [cv2.IMWRITE_JPEG_RST_INTERVAL, 3]}
        flags = [part for name in options for part in extra[name]]
        settings = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, SAMPLINGS[kind], *flags]
        return bytes(cv2.imencode(".jpg", room()[..., ::-1], settings)[1])
    buffer = io.BytesIO()
    Image.fromarray(room()).convert("CMYK" if kind == "YCCK" else kind).save(buffer, "JPEG", quality=quality, **options)
    data = bytearray(buffer.getvalue())
    if kind == "YCCK":  # the same numbers, said to be Y, Cb, Cr and black
        data[data.index(b"Adobe") + 11] = 2
    return bytes(data)


def painted(photo: Photo) -> tuple[np.ndarray, np.ndarray]:
    """The floor in slate under its own light, and its alpha with a soft edge of a few pixels."""
    height, width = photo.rgb.shape[:2]
    y, x = np.mgrid[0:height, 0:width]
    alpha = np.clip((y - 70 - x / 8) / 4, 0, 1)
    alpha[:, : width // 6] = 0
    alpha[-7:, -9:] = 0
    share = np.rint(alpha * 255) / 255
    grey = photo.rgb.mean(axis=2, keepdims=True)
    result = photo.rgb * (1 - share[..., None]) + grey * (0.8, 0.9, 1.05) * share[..., None]
    return np.rint(np.clip(result, 0, 255)).astype(np.uint8), np.rint(alpha * 255).astype(np.uint8)


def blocks_without(changed: np.ndarray, data: bytes) -> list[np.ndarray]:
    """For each component [rows, columns] bool: its blocks without a changed pixel."""
    frame, found = parse(data).frame, []
    for index, component in enumerate(frame.components):
        high, wide = 8 * frame.most_down // component.down, 8 * frame.most_across // component.across
        rows, columns = frame.grid_hw(index)
        padded = np.zeros((rows * high, columns * wide), bool)
        padded[: changed.shape[0], : changed.shape[1]] = changed
        found.append(~padded.reshape(rows, high, columns, wide).any(axis=(1, 3)))
    return found


KINDS = [
    *[(sampling, {}) for sampling in SAMPLINGS],
    ("4:2:0", {"progressive": True}),
    ("4:4:0", {"progressive": True}),
    ("4:2:2", {"restarts": True}),
    ("L", {}),
    ("L", {"progressive": True}),
    ("CMYK", {}),
    ("YCCK", {}),
    ("RGB", {"keep_rgb": True}),
    ("RGB", {"optimize": True}),
]


@pytest.mark.parametrize(("kind", "options"), KINDS, ids=str)
def test_blocks_without_a_changed_pixel_keep_their_coefficients(
    kind: str, options: dict[str, object], tmp_path: Path
) -> None:
    data = jpeg(kind, **options)
    photo = open_photo(data)
    written = write_photo(photo, *painted(photo), tmp_path / "out.jpg")
    assert (written.encoder, written.outside_changed_px) == ("exact", 0)
    result = written.path.read_bytes()
    before, after = parse(data), parse(result)
    assert (after.frame, len(after.scans)) == (before.frame, len(before.scans))
    assert [scan.interval for scan in after.scans] == [scan.interval for scan in before.scans]
    assert [table.tolist() for table in after.quantisation] == [table.tolist() for table in before.quantisation]
    kept = blocks_without(painted(photo)[1] > 0, data)
    old, new = decode_coefficients(before), decode_coefficients(after)
    for index, same in enumerate(kept):
        assert 0.3 < same.mean() < 1
        np.testing.assert_array_equal(new.blocks(index)[same], old.blocks(index)[same])
        assert (new.blocks(index)[~same] != old.blocks(index)[~same]).any()
    assert written.untouched_blocks >= sum(int(np.count_nonzero(same)) for same in kept) - extra_blocks(before)
    assert written.shared_blocks > 0


def extra_blocks(file: object) -> int:
    """Blocks that a file stores beyond the photo's border."""
    frame = file.frame
    stored = sum(np.prod(frame.grid_hw(index)) for index in range(len(frame.components)))
    sides = [frame.samples_hw(index) for index in range(len(frame.components))]
    return int(stored - sum(-(-height // 8) * -(-width // 8) for height, width in sides))


def encoded_again(photo: Photo, data: bytes, samples: np.ndarray) -> np.ndarray:
    """What a plain encoder with the same tables and sampling makes of the samples."""
    frame = parse(data).frame
    steps = parse(data).quantisation
    buffer = io.BytesIO()
    natural = np.array(
        sorted(range(64), key=lambda at: (at // 8 + at % 8, (at // 8, at % 8)[(at // 8 + at % 8) % 2 == 0]))
    )
    tables = []
    for table in steps[:2]:
        flat = np.empty(64, int)
        flat[natural] = table
        tables.append(flat.tolist())
    sampling = {(1, 1): 0, (2, 1): 1, (2, 2): 2}[frame.most_across, frame.most_down]
    Image.fromarray(samples).save(buffer, "JPEG", qtables=tables, subsampling=sampling)
    with Image.open(buffer) as image:
        return np.asarray(image)


@pytest.mark.parametrize("sampling", ["4:4:4", "4:2:2", "4:2:0"])
@pytest.mark.parametrize("quality", [75, 92])
def test_the_outside_moves_much_less_and_the_painted_part_hardly_more(
    sampling: str, quality: int, tmp_path: Path
) -> None:
    data = jpeg(sampling, quality)
    photo = open_photo(data)
    result, alpha = painted(photo)
    written = write_photo(photo, result, alpha, tmp_path / "out.jpg")
    exact = open_photo(written.path).rgb.astype(int)
    plain = encoded_again(photo, data, result).astype(int)
    outside = alpha == 0
    moved, moved_before = (np.abs(one - photo.rgb)[outside].max(axis=1) for one in (exact, plain))
    assert (moved > 2).mean() < 0.9 * (moved_before > 2).mean()
    assert (moved > 8).mean() < 0.8 * (moved_before > 8).mean()
    assert moved.max() <= min(16, moved_before.max())
    off, off_before = (np.abs(one - result)[~outside].mean() for one in (exact, plain))
    assert off <= 1.3 * off_before
    far = cv2.distanceTransform(outside.astype(np.uint8), cv2.DIST_L2, 5) > 24
    assert not moved.reshape(-1)[far[outside]].any()


def test_a_photo_without_a_change_keeps_its_scans_byte_for_byte(tmp_path: Path) -> None:
    data = jpeg("4:2:0", progressive=True)
    photo = open_photo(data)
    written = write_photo(photo, photo.rgb, np.zeros(photo.rgb.shape[:2], np.uint8), tmp_path / "out.jpg")
    assert written.path.read_bytes() == data
    assert (written.encoder, written.shared_blocks, written.encoder_changed_px) == ("exact", 0, 0)


@pytest.mark.parametrize("turn", range(1, 9))
def test_a_turned_photo_keeps_its_blocks(turn: int, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = turn
    data = jpeg("RGB", subsampling=2, exif=exif)
    photo = open_photo(data)
    result, alpha = painted(photo)
    written = write_photo(photo, result, alpha, tmp_path / "out.jpg")
    assert written.encoder == "exact"
    again = open_photo(written.path)
    assert again.size_wh == photo.size_wh
    old, new = decode_coefficients(parse(data)), decode_coefficients(parse(written.path.read_bytes()))
    assert 0.3 < (old.flat.reshape(-1, 64) == new.flat.reshape(-1, 64)).all(axis=1).mean() < 1
    moved = np.abs(again.rgb.astype(int) - photo.rgb)[alpha == 0]
    assert (moved > 2).mean() < 0.1
    with Image.open(written.path) as image:
        assert image.getexif()[0x0112] == turn


def test_a_file_whose_blocks_cannot_be_read_is_encoded_again_and_says_so(tmp_path: Path) -> None:
    data = jpeg("4:2:0")
    loose = data[:-2] + b"\x00\x00\x00" + data[-2:]  # bytes that belong to no block, which Pillow passes over
    photo = open_photo(loose)
    written = write_photo(photo, *painted(photo), tmp_path / "out.jpg")
    assert (written.encoder, written.untouched_blocks, written.shared_blocks) == ("again", None, None)
    assert written.notes == (
        "the whole JPEG is encoded again, which changes it a little everywhere: "
        "this JPEG does not hold as many blocks as it should",
    )


def test_a_photo_that_changed_on_disk_is_encoded_again_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg("4:4:4"))
    photo = open_photo(path)
    path.write_bytes(jpeg("4:4:4", 60))
    written = write_photo(photo, *painted(photo), tmp_path / "out" / "a.jpg")
    assert written.encoder == "again"
    assert "the photo's file is gone or has changed since it was opened" in written.notes[0]


def test_other_pixels_than_the_file_s_are_refused() -> None:
    data = jpeg("4:4:4")
    wrong = 255 - room()
    with pytest.raises(PhotoError, match="this JPEG stores its colours in an unusual way"):
        exact_jpeg(data, wrong, np.zeros_like(wrong), [])
    with pytest.raises(PhotoError, match="this JPEG says another size than its picture has"):
        exact_jpeg(data, wrong[1:], wrong[1:], [])


def test_a_sampling_of_no_whole_multiple_is_refused() -> None:
    data = bytearray(jpeg("4:4:4"))
    at = data.index(b"\xff\xc0") + 11
    data[at] = 0x31
    data[at + 3] = 0x21
    height, width = HEIGHT, WIDTH
    with pytest.raises(PhotoError):
        exact_jpeg(bytes(data), np.zeros((height, width, 3), np.uint8), np.ones((height, width, 3), np.uint8), [])


@pytest.mark.slow
def test_mutated_and_truncated_files_are_written_or_refused_in_one_line(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Fifty of each; with `--long`, two hundred."""
    rng = np.random.default_rng(2024)
    written, said = 0, []
    files = [jpeg("4:2:0", 80), jpeg("4:2:0", 80, progressive=True)]
    count = 400 if request.config.getoption("--long") else 100
    for number in range(count):
        data = files[number // 2 % 2]
        copy = bytearray(data[: int(rng.integers(2, len(data)))] if number % 2 else data)
        for at in rng.integers(2, len(copy), 0 if number % 2 else int(rng.integers(1, 4))):
            copy[at] = int(rng.integers(0, 256))
        try:
            photo = open_photo(bytes(copy), max_megapixels=1)
            write_photo(photo, *painted(photo), tmp_path / "out.jpg")
            written += 1
        except AutomaskError as error:
            said.append(str(error))
    assert written >= count // 8
    assert not any("\n" in text for text in said)
