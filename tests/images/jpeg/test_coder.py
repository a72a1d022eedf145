"""The JPEG coder: a file's own coefficients, written again, give the same bytes."""

import io
import struct

import cv2
import numpy as np
import pytest
from PIL import Image

from automask.errors import PhotoError
from automask.images.jpeg.decode import Coefficients, decode_coefficients, empty_coefficients
from automask.images.jpeg.encode import encode_file
from automask.images.jpeg.segments import parse


def kitchen(size_wh: tuple[int, int] = (123, 89), mode: str = "RGB") -> Image.Image:
    """A picture with noise, so that long runs, short runs and large values all occur."""
    rng = np.random.default_rng(3)
    y, x = np.mgrid[0 : size_wh[1], 0 : size_wh[0]]
    planes = np.stack([x * 255 / size_wh[0], y * 255 / size_wh[1], (x // 9 + y // 7) % 2 * 200], axis=2)
    noise = rng.normal(0, 1, planes.shape) * (x > size_wh[0] // 2)[..., None] * 25
    return Image.fromarray(np.clip(planes + noise, 0, 255).astype(np.uint8)).convert(mode)


def encoded(image: Image.Image, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", **options)
    return buffer.getvalue()


def own_segments(data: bytes) -> list[bytes]:
    """The APP and COM segments, but Adobe's, before the first scan."""
    found, at = [], 2
    while data[at + 1] != 0xDA:
        segment = data[at : at + 2 + struct.unpack_from(">H", data, at + 2)[0]]
        if (segment[1] in range(0xE0, 0xF0) or segment[1] == 0xFE) and segment[4:9] != b"Adobe":
            found.append(segment)
        at += len(segment)
    return found


def again(data: bytes) -> bytes:
    file = parse(data)
    return encode_file(file, decode_coefficients(file), own_segments(data))


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("progressive", [False, True], ids=["baseline", "progressive"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"quality": 100},
        {"quality": 20},
        {"optimize": True},
        {"restart_marker_rows": 1},
        {"restart_marker_blocks": 1},
        {"restart_marker_blocks": 7},
        {"subsampling": 0},
        {"subsampling": 1},
        {"keep_rgb": True},
    ],
    ids=str,
)
def test_coefficients_written_again_give_the_same_bytes(
    mode: str, progressive: bool, options: dict[str, object]
) -> None:
    data = encoded(kitchen(mode=mode), progressive=progressive, **options)
    assert again(data) == data


@pytest.mark.parametrize("size_wh", [(1, 1), (7, 9), (8, 8), (16, 17), (33, 5), (640, 480)])
def test_any_size_gives_the_same_bytes(size_wh: tuple[int, int]) -> None:
    for progressive in (False, True):
        data = encoded(kitchen(size_wh), quality=90, progressive=progressive)
        assert again(data) == data


@pytest.mark.parametrize(("across", "down"), [(1, 1), (1, 2), (2, 1), (2, 2), (4, 1)])
def test_any_sampling_gives_the_same_bytes(across: int, down: int) -> None:
    factor = across << 20 | down << 16 | 0x1111
    pixels = np.asarray(kitchen())
    for extra in (
        [],
        [cv2.IMWRITE_JPEG_PROGRESSIVE, 1],
        [cv2.IMWRITE_JPEG_OPTIMIZE, 1],
        [cv2.IMWRITE_JPEG_RST_INTERVAL, 3],
    ):
        done, buffer = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, factor, *extra])
        assert done
        data = buffer.tobytes()
        assert parse(data).frame.most_across == across
        assert again(data) == data


def test_plain_areas_whose_codes_repeat_are_read_too() -> None:
    pixels = np.full((600, 800, 3), 200, np.uint8)
    pixels[:, :40] = np.asarray(kitchen((40, 600)))
    data = encoded(Image.fromarray(pixels), quality=90)
    assert again(data) == data


def test_long_runs_of_blocks_that_end_are_cut_as_libjpeg_cuts_them() -> None:
    rng = np.random.default_rng(0)
    grain = rng.normal(128, 12, (1600, 1600))
    grain[:1500, :1400] = 128
    data = encoded(Image.fromarray(grain.clip(0, 255).astype(np.uint8)), quality=30, progressive=True)
    assert again(data) == data
    data = encoded(Image.fromarray(np.full((1500, 1600), 90, np.uint8)), progressive=True)
    assert again(data) == data


def changed(coefficients: Coefficients, seed: int) -> Coefficients:
    rng = np.random.default_rng(seed)
    flat = coefficients.flat.copy()
    at = rng.integers(0, len(flat), len(flat) // 9)
    flat[at] = rng.integers(-1023, 1024, len(at)) >> rng.integers(0, 11, len(at))
    flat[::64] = np.clip(flat[::64], -1000, 1000)
    return Coefficients(flat, coefficients.first_block, coefficients.grids_hw)


@pytest.mark.parametrize(
    "options", [{}, {"optimize": True}, {"progressive": True}, {"restart_marker_blocks": 5}], ids=str
)
@pytest.mark.parametrize("size_wh", [(64, 48), (123, 89)])
def test_any_coefficients_come_back(options: dict[str, object], size_wh: tuple[int, int]) -> None:
    data = encoded(kitchen(size_wh), subsampling=0, **options)
    file = parse(data)
    wanted = changed(decode_coefficients(file), 5)
    coded = encode_file(file, wanted, own_segments(data))
    found = decode_coefficients(parse(coded))
    height, width = (-(-side // 8) for side in size_wh[::-1])
    for index in range(3):
        np.testing.assert_array_equal(found.blocks(index)[:height, :width], wanted.blocks(index)[:height, :width])
    with Image.open(io.BytesIO(coded)) as image:
        image.load()


def test_a_table_is_kept_where_it_can_code_the_new_symbols() -> None:
    data = encoded(kitchen())
    file = parse(data)
    coefficients = changed(decode_coefficients(file), 1)
    kept = parse(encode_file(file, coefficients, []))
    assert kept.tables == file.tables
    optimised = parse(encoded(kitchen((16, 16)), optimize=True))
    remade = parse(encode_file(optimised, changed(decode_coefficients(optimised), 1), []))
    assert remade.tables != optimised.tables


def test_no_coefficient_is_lost_between_a_file_and_an_empty_one() -> None:
    file = parse(encoded(kitchen()))
    assert not empty_coefficients(file.frame).flat.any()
    assert decode_coefficients(file).flat.any()


def broken_copies(data: bytes, count: int, seed: int) -> list[bytes]:
    rng = np.random.default_rng(seed)
    copies = [data[: int(rng.integers(0, len(data)))] for _ in range(count)]
    for _ in range(count):
        copy = bytearray(data)
        for at in rng.integers(2, len(data), int(rng.integers(1, 6))):
            copy[at] = int(rng.integers(0, 256))
        copies.append(bytes(copy))
    return copies


@pytest.mark.slow
@pytest.mark.parametrize(
    "options", [{}, {"progressive": True}, {"restart_marker_blocks": 3, "optimize": True}], ids=str
)
def test_a_broken_file_is_refused_or_read_but_never_breaks_the_reader(options: dict[str, object]) -> None:
    data = encoded(kitchen((90, 70)), quality=85, **options)
    refused = 0
    for copy in broken_copies(data, 60, seed=11):
        try:
            file = parse(copy)
            if file.frame.width * file.frame.height <= 1 << 20:  # Pillow has read the size before, elsewhere
                encode_file(file, decode_coefficients(file), [])
        except PhotoError:
            refused += 1
    assert refused >= 60  # all that are cut short


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda data: data.replace(b"\xff\xc0\x00\x11\x08", b"\xff\xc9\x00\x11\x08"), "is arithmetic-coded"),
        (lambda data: data.replace(b"\xff\xc0\x00\x11\x08", b"\xff\xc1\x00\x11\x0c"), "holds 12-bit samples"),
        (lambda data: data.replace(b"\xff\xc0\x00\x11\x08", b"\xff\xc3\x00\x11\x08"), "is lossless"),
        (lambda data: data[:-2], "is cut short"),
        (lambda data: data[:400], "is cut short"),
        (lambda data: b"\x89PNG" + data, "does not begin like one"),
    ],
)
def test_what_is_not_read_is_said(change: object, said: str) -> None:
    with pytest.raises(PhotoError, match=f"this JPEG {said}; save it again with another program"):
        parse(change(encoded(kitchen())))
