"""Everything in a file except the samples is kept."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from pictures import HEIGHT, WIDTH, colours, exif_bytes, make, picture, png_chunks, png_of, rewritten, saved
from PIL import Image, TiffImagePlugin
from profiles import DISPLAY_P3

from automask.images import open_photo


@pytest.mark.parametrize("big_endian", [False, True])
def test_exif_is_kept_byte_for_byte_except_for_the_orientation(big_endian: bool, tmp_path: Path) -> None:
    original = exif_bytes(3, big_endian=big_endian)
    path = saved(tmp_path / "a.jpg", picture("RGB"), exif=original)
    photo = open_photo(path)
    assert photo.exif == exif_bytes(1, big_endian=big_endian)[6:]
    again, written = rewritten(photo, tmp_path / "out")
    with Image.open(written.path) as image:
        exif = image.getexif()
        assert exif[0x010F] == "Test Camera"
        assert exif.get_ifd(0x8825)[2] == (48.0, 12.0, 30.0)
        assert exif.get_ifd(0x8769)[0x927C] == b"maker's note"
    unlinked = exif_bytes(1, big_endian=big_endian)[6:]
    different = [i for i, (a, b) in enumerate(zip(unlinked, again.exif, strict=True)) if a != b]
    assert different, "the link to the preview of the old photo must be gone"
    assert max(different) - min(different) < 4


def test_exif_of_an_upright_photo_that_is_not_edited_keeps_every_byte(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.jpg", picture("RGB"), exif=exif_bytes(1))
    again, _ = rewritten(open_photo(path), tmp_path / "out", edit=False)
    assert again.exif == exif_bytes(1)[6:]


@pytest.mark.parametrize(("suffix", "size_wh"), [("png", (HEIGHT, WIDTH)), ("jpg", (WIDTH, HEIGHT))])
def test_the_pixel_sizes_in_exif_are_those_of_the_stored_picture(
    suffix: str, size_wh: tuple[int, int], tmp_path: Path
) -> None:
    path = saved(tmp_path / f"a.{suffix}", picture("RGB"), exif=exif_bytes(6))
    _, written = rewritten(open_photo(path), tmp_path / "out", edit=False)
    with Image.open(written.path) as image:
        inside = image.getexif().get_ifd(0x8769)
        assert (inside[0xA002], inside[0xA003]) == image.size == size_wh


def jpeg_segments(data: bytes) -> list[tuple[int, bytes]]:
    found, at = [], 2
    while data[at + 1] != 0xDA:
        (length,) = struct.unpack_from(">H", data, at + 2)
        found.append((data[at + 1], data[at + 4 : at + 2 + length]))
        at += 2 + length
    return found


@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_keeps_its_tables_and_subsampling(subsampling: int, progressive: bool, tmp_path: Path) -> None:
    path = saved(
        tmp_path / "a.jpg", picture("RGB"), quality=71, subsampling=subsampling, progressive=progressive, dpi=(240, 240)
    )
    _, written = rewritten(open_photo(path), tmp_path / "out")
    with Image.open(path) as before, Image.open(written.path) as after:
        assert after.quantization == before.quantization
        assert after.layer == before.layer
        assert after.info.get("progressive") == before.info.get("progressive")
        assert after.info["dpi"] == (240, 240)


def test_a_jpeg_keeps_its_segments_byte_for_byte(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"
    saved(
        path, picture("RGB"), exif=exif_bytes(1), icc_profile=DISPLAY_P3, xmp=xmp, comment=b"a comment", dpi=(300, 300)
    )
    data = path.read_bytes()
    iptc = b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0\0\0\0\x08" + b"\x1c\x02\x78\0\x03cap"
    path.write_bytes(data[:2] + b"\xff\xed" + struct.pack(">H", len(iptc) + 2) + iptc + data[2:])
    _, written = rewritten(open_photo(path), tmp_path / "out", edit=False)
    around = [
        [(marker, body) for marker, body in jpeg_segments(file.read_bytes()) if 0xE0 <= marker < 0xF0 or marker == 0xFE]
        for file in (path, written.path)
    ]
    assert around[0] == around[1]
    assert len(around[0]) >= 6


@pytest.mark.parametrize("name", ["deep-rgb.png", "rgb.png", "palette-16.png", "deep-grey-alpha.png"])
def test_a_png_keeps_its_chunks_byte_for_byte(name: str, tmp_path: Path) -> None:
    path = make(name, tmp_path)
    head, *rest = png_chunks(path.read_bytes())
    extra = [
        (b"gAMA", struct.pack(">I", 45455)),
        (b"pHYs", struct.pack(">IIB", 11811, 11811, 1)),
        (b"tEXt", b"Author\0somebody"),
        (b"zTXt", b"Comment\0\0" + zlib.compress(b"words")),
        (b"eXIf", exif_bytes(1)[6:]),
        (b"prVt", b"safe to copy"),
    ]
    late = [(b"tIME", struct.pack(">HBBBBB", 2024, 1, 2, 3, 4, 5))]
    path.write_bytes(png_of([head, *extra[:-1], (b"prVT", b"unsafe"), extra[-1], *rest[:-1], *late, rest[-1]]))
    _, written = rewritten(open_photo(path), tmp_path / "out", edit=False)
    chunks = png_chunks(written.path.read_bytes())
    assert [chunk for chunk in chunks if chunk in extra[:4] + extra[5:] + late] == extra[:4] + extra[5:] + late
    assert extra[4] in chunks
    assert b"prVT" not in dict(chunks)
    assert chunks[0] == head


def test_a_tiff_keeps_its_tags_in_its_own_byte_order(tmp_path: Path) -> None:
    for order, name in (("<", "a.tif"), (">", "b.tif")):
        path = tmp_path / name
        info = TiffImagePlugin.ImageFileDirectory_v2(prefix=b"II" if order == "<" else b"MM")
        info[270], info[282], info[283], info[296], info[315] = "words", 300.0, 300.0, 2, "somebody"
        info[34665] = {36867: "2024:05:06 07:08:09", 33434: 0.01}
        saved(path, picture("RGB"), tiffinfo=info, icc_profile=DISPLAY_P3, compression="raw")
        photo = open_photo(path)
        again, written = rewritten(photo, tmp_path / "out")
        assert again.container.tags == photo.container.tags
        with Image.open(written.path) as image:
            assert image.tag_v2[270] == "words"
            assert image.info["dpi"] == (300, 300)
            assert image.getexif().get_ifd(34665)[36867] == "2024:05:06 07:08:09"
            assert image.info["compression"] == "raw"


def test_a_big_endian_16_bit_tiff_is_read_and_written_as_such(tmp_path: Path) -> None:
    array = colours(16)
    photo = open_photo(make("deep-rgb-plain.tif", tmp_path))
    from dataclasses import replace

    big = replace(photo, container=replace(photo.container, big_endian=True, tags=()), source=None)
    again, written = rewritten(big, tmp_path / "out", edit=False)
    assert written.path.read_bytes()[:2] == b"MM"
    assert again.container.big_endian
    np.testing.assert_array_equal(again.samples, array[..., ::-1])


def test_a_phones_mpo_is_a_jpeg(tmp_path: Path) -> None:
    path = tmp_path / "IMG_0001.jpg"
    picture("RGB").save(path, "MPO", save_all=True, append_images=[picture("RGB").resize((20, 20))])
    photo = open_photo(path)
    assert photo.format == "JPEG"
    assert photo.notes == ("a second picture in the file (preview, depth or HDR gain map) is not kept",)
    again, _ = rewritten(photo, tmp_path / "out")
    assert again.notes == ()


def test_content_credentials_are_dropped_and_a_note_says_so(tmp_path: Path) -> None:
    path = make("rgb.jpg", tmp_path)
    data = path.read_bytes()
    path.write_bytes(data[:2] + b"\xff\xeb\0\x08JP\0\1\0\0" + data[2:])
    photo = open_photo(path)
    assert photo.notes == ("content credentials in the file are not kept: they vouch for the unedited photo",)
    assert rewritten(photo, tmp_path / "out")[0].notes == ()


def test_a_tiff_with_jpeg_inside_is_written_without_loss_and_a_note_says_so(tmp_path: Path) -> None:
    photo = open_photo(saved(tmp_path / "a.tif", picture("RGB"), compression="jpeg"))
    assert photo.notes == ("its samples were JPEG-compressed; they are written without loss, so the file grows",)
    again, _ = rewritten(photo, tmp_path / "out", edit=False)
    np.testing.assert_array_equal(again.samples, photo.samples)
