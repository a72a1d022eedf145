"""The photo: what is read, what is written, and that nothing outside the mask changes.

All files are made here. `DECODES` names each kind with the mode it must be read in; the laws run over all of them.
"""

import math
import pickle
import re
import struct
import sys
import threading
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFile, PngImagePlugin, TiffImagePlugin

from automask.errors import AutomaskError, ExtraMissing, MaskError, OutputError, PhotoError
from automask.images import (
    PHOTO_SUFFIXES,
    Photo,
    Written,
    atomic_path,
    open_photo,
    quantise_alpha,
    read_mask,
    to_uint8,
    to_unit,
    write_mask,
    write_photo,
    write_picture,
)

HEIGHT, WIDTH = 45, 70
GREEN = (20, 200, 90)
heic = pytest.mark.skipif(not __import__("importlib.util").util.find_spec("pillow_heif"), reason="needs pillow-heif")
avif = pytest.mark.skipif(".avif" not in Image.registered_extensions(), reason="needs a Pillow with AVIF")

# ------------------------------------------------------------------------------------------------------ making files


def colours(depth: int = 8, channels: int = 3) -> np.ndarray:
    """A smooth picture with noise: [H, W, channels] that uses the whole range and, at 16 bits, the low bits too."""
    rng = np.random.default_rng(7)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    planes = [x / WIDTH, y / HEIGHT, 1 - x / WIDTH, (x + y) / (HEIGHT + WIDTH)][:channels]
    top = 2**depth - 1
    noisy = np.stack(planes, axis=2) + rng.normal(0, 0.02, (HEIGHT, WIDTH, channels))
    return np.rint(np.clip(noisy, 0, 1) * top).astype(np.uint8 if depth == 8 else np.uint16)


def picture(mode: str) -> Image.Image:
    image = Image.fromarray(colours())
    if mode in {"RGBA", "LA"}:
        image = image.convert(mode)
        image.putalpha(Image.fromarray((np.arange(HEIGHT * WIDTH) % 256).astype(np.uint8).reshape(HEIGHT, WIDTH)))
        return image
    return image.convert(mode)


def deep_grey() -> Image.Image:
    return Image.frombytes("I;16", (WIDTH, HEIGHT), colours(16, 1).astype("<u2").tobytes())


def saved(path: Path, image: Image.Image, **options: object) -> Path:
    image.save(path, **options)
    return path


def saved_by_opencv(path: Path, array: np.ndarray, *options: int) -> Path:
    assert cv2.imwrite(str(path), array, list(options))
    return path


def png_of(chunks: list[tuple[bytes, bytes]]) -> bytes:
    parts = [b"\x89PNG\r\n\x1a\n"]
    parts += [struct.pack(">I", len(b)) + k + b + struct.pack(">I", zlib.crc32(k + b)) for k, b in chunks]
    return b"".join(parts)


def png_chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    found, at = [], 8
    while at < len(data):
        (length,) = struct.unpack_from(">I", data, at)
        found.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + length]))
        at += 12 + length
    return found


def saved_with_chunks(path: Path, image: Image.Image, *extra: tuple[bytes, bytes], **options: object) -> Path:
    """The PNG with more chunks behind its header."""
    image.save(path, "PNG", **options)
    head, *rest = png_chunks(path.read_bytes())
    path.write_bytes(png_of([head, *extra, *rest]))
    return path


def deep_grey_alpha_png(path: Path) -> Path:
    array = colours(16, 2)
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 16, 4, 0, 0, 0)
    lines = b"".join(b"\0" + line.astype(">u2").tobytes() for line in array)
    path.write_bytes(png_of([(b"IHDR", header), (b"IDAT", zlib.compress(lines)), (b"IEND", b"")]))
    return path


def clear_palette(path: Path) -> Path:
    return saved(path, picture("RGB").quantize(90), transparency=bytes([0, 128, 255]))


def animation(path: Path, **options: object) -> Path:
    frames = [picture("RGB").rotate(180 * turn) for turn in range(3)]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=40, **options)
    return path


Maker = Callable[[Path], Path]
DECODES: dict[str, tuple[str, str, Maker]] = {
    "rgb.jpg": ("JPEG", "RGB", lambda p: saved(p, picture("RGB"), quality=83)),
    "grey.jpg": ("JPEG", "L", lambda p: saved(p, picture("L"))),
    "ink.jpg": ("JPEG", "CMYK", lambda p: saved(p, picture("CMYK"))),
    "progressive.jpg": ("JPEG", "RGB", lambda p: saved(p, picture("RGB"), progressive=True, subsampling=0)),
    "plain-rgb.jpg": ("JPEG", "RGB", lambda p: saved(p, picture("RGB"), keep_rgb=True)),
    "rgb.png": ("PNG", "RGB", lambda p: saved(p, picture("RGB"))),
    "rgba.png": ("PNG", "RGBA", lambda p: saved(p, picture("RGBA"))),
    "grey.png": ("PNG", "L", lambda p: saved(p, picture("L"))),
    "grey-alpha.png": ("PNG", "LA", lambda p: saved(p, picture("LA"))),
    "palette.png": ("PNG", "P", lambda p: saved(p, picture("P"))),
    "palette-16.png": ("PNG", "P", lambda p: saved(p, picture("RGB").quantize(16))),
    "palette-clear.png": ("PNG", "P", clear_palette),
    "bits.png": ("PNG", "1", lambda p: saved(p, picture("1"))),
    "deep-grey.png": ("PNG", "I;16", lambda p: saved(p, deep_grey())),
    "deep-grey-alpha.png": ("PNG", "LA;16", deep_grey_alpha_png),
    "deep-rgb.png": ("PNG", "RGB;16", lambda p: saved_by_opencv(p, colours(16))),
    "deep-rgba.png": ("PNG", "RGBA;16", lambda p: saved_by_opencv(p, colours(16, 4))),
    "key.png": ("PNG", "RGB", lambda p: saved(p, picture("RGB"), transparency=GREEN)),
    "rgb.tif": ("TIFF", "RGB", lambda p: saved(p, picture("RGB"))),
    "lzw.tif": ("TIFF", "RGB", lambda p: saved(p, picture("RGB"), compression="tiff_lzw")),
    "rgba.tif": ("TIFF", "RGBA", lambda p: saved(p, picture("RGBA"), compression="tiff_deflate")),
    "grey.tif": ("TIFF", "L", lambda p: saved(p, picture("L"))),
    "grey-alpha.tif": ("TIFF", "LA", lambda p: saved(p, picture("LA"))),
    "palette.tif": ("TIFF", "P", lambda p: saved(p, picture("P"))),
    "bits.tif": ("TIFF", "1", lambda p: saved(p, picture("1"), compression="group4")),
    "ink.tif": ("TIFF", "CMYK", lambda p: saved(p, picture("CMYK"), compression="tiff_lzw")),
    "deep-grey.tif": ("TIFF", "I;16", lambda p: saved(p, deep_grey())),
    "deep-rgb.tif": ("TIFF", "RGB;16", lambda p: saved_by_opencv(p, colours(16))),
    "deep-rgb-plain.tif": (
        "TIFF",
        "RGB;16",
        lambda p: saved_by_opencv(p, colours(16), cv2.IMWRITE_TIFF_COMPRESSION, 1),
    ),
    "lossless.webp": ("WEBP", "RGB", lambda p: saved(p, picture("RGB"), lossless=True)),
    "lossless-alpha.webp": ("WEBP", "RGBA", lambda p: saved(p, picture("RGBA"), lossless=True, exact=True)),
    "lossy.webp": ("WEBP", "RGB", lambda p: saved(p, picture("RGB"))),
    "lossy-alpha.webp": ("WEBP", "RGBA", lambda p: saved(p, picture("RGBA"))),
    "rgb.bmp": ("BMP", "RGB", lambda p: saved(p, picture("RGB"))),
    "grey.bmp": ("BMP", "L", lambda p: saved(p, picture("L"))),
    "palette.bmp": ("BMP", "P", lambda p: saved(p, picture("P"))),
    "bits.bmp": ("BMP", "1", lambda p: saved(p, picture("1"))),
    "palette.gif": ("GIF", "P", lambda p: saved(p, picture("RGB").quantize(100))),
    "full-palette.gif": ("GIF", "P", lambda p: saved(p, picture("RGB").quantize(256))),
    "grey.gif": ("GIF", "P", lambda p: saved(p, picture("L"))),
    "animated.gif": ("GIF", "P", animation),
    "animated.webp": ("WEBP", "RGB", lambda p: animation(p, lossless=True)),
    "animated.png": ("PNG", "RGB", animation),
    "rgb.heic": ("HEIF", "RGB", lambda p: saved_heif(p, "RGB")),
    "rgba.heic": ("HEIF", "RGBA", lambda p: saved_heif(p, "RGBA")),
    "grey.heic": ("HEIF", "L", lambda p: saved_heif(p, "L")),
    "rgb.avif": ("AVIF", "RGB", lambda p: saved(p, picture("RGB"))),
}
LOSSY = {"JPEG", "HEIF", "AVIF"}
every_kind = pytest.mark.parametrize(
    "name", [pytest.param(n, marks=heic if "heic" in n else avif if "avif" in n else ()) for n in DECODES]
)


def saved_heif(path: Path, mode: str, **options: object) -> Path:
    import pillow_heif

    pillow_heif.register_heif_opener()
    return saved(path, picture(mode), **options)


def make(name: str, folder: Path) -> Path:
    return DECODES[name][2](folder / name)


def patch(photo: Photo) -> tuple[np.ndarray, np.ndarray]:
    """A result with a green rectangle, its alpha with a soft row below."""
    alpha = np.zeros(photo.rgb.shape[:2], np.uint8)
    alpha[8:20, 10:30] = 255
    alpha[20:22, 10:30] = 96
    share = alpha[..., None] / 255
    result = np.rint(photo.rgb * (1 - share) + np.array(GREEN) * share).astype(np.uint8)
    return result, alpha


def expanded(photo: Photo) -> np.ndarray:
    return photo.wrapping.palette[photo.samples] if photo.mode == "P" else photo.samples


def rewritten(photo: Photo, out: Path, *, edit: bool = True) -> tuple[Photo, Written]:
    result, alpha = patch(photo) if edit else (photo.rgb, np.zeros(photo.rgb.shape[:2], np.uint8))
    written = write_photo(photo, result, alpha, out / photo.name)
    return open_photo(written.path), written


# --------------------------------------------------------------------------------------------------------- the laws


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


@every_kind
def test_writing_without_an_edit_gives_back_every_sample(name: str, tmp_path: Path) -> None:
    photo = open_photo(make(name, tmp_path))
    again, written = rewritten(photo, tmp_path / "out", edit=False)
    assert (again.mode, again.format, again.size_wh) == (photo.mode, photo.format, photo.size_wh)
    assert written.outside_changed_px == 0
    assert written.notes == ()
    if photo.wrapping.lossless:
        assert (written.encoder_changed_px, written.encoder_max_diff) == (0, 0)
        np.testing.assert_array_equal(expanded(again), expanded(photo))
    else:
        assert written.encoder_max_diff <= 16


@every_kind
def test_an_edit_changes_nothing_outside_its_alpha(name: str, tmp_path: Path) -> None:
    photo = open_photo(make(name, tmp_path))
    _, alpha = patch(photo)
    again, written = rewritten(photo, tmp_path / "out")
    assert written.outside_changed_px == 0
    assert again.size_wh == photo.size_wh
    if not photo.wrapping.lossless:
        return
    before, after = expanded(photo), expanded(again)
    outside = alpha == 0
    channels = min(before[0, 0].size, after[0, 0].size)
    np.testing.assert_array_equal(
        before.reshape(HEIGHT, WIDTH, -1)[outside][:, :channels],
        after.reshape(HEIGHT, WIDTH, -1)[outside][:, :channels],
    )


@every_kind
def test_the_painted_colour_arrives(name: str, tmp_path: Path) -> None:
    photo = open_photo(make(name, tmp_path))
    again, _ = rewritten(photo, tmp_path / "out")
    wanted = np.array(GREEN)
    if photo.mode in {"L", "LA", "I;16", "LA;16"}:
        wanted = np.repeat(np.array([134]), 3)  # its BT.601 grey
    if photo.mode == "1":
        wanted = np.array([255, 255, 255])
    tolerance = {"full-palette.gif": 120}.get(name, 0 if photo.wrapping.lossless else 12)
    if name == "key.png":
        tolerance = 1  # GREEN is its "transparent" here
    inner = again.rgb[11:17, 14:26].astype(int)
    if not photo.wrapping.lossless:
        inner = inner.mean(axis=(0, 1), keepdims=True)
    assert np.abs(inner - wanted).max() <= tolerance + (1 if photo.mode == "CMYK" or photo.mode.startswith("L") else 0)


@every_kind
def test_alpha_channels_are_never_changed(name: str, tmp_path: Path) -> None:
    photo = open_photo(make(name, tmp_path))
    again, _ = rewritten(photo, tmp_path / "out")
    before, after = expanded(photo), expanded(again)
    if before.ndim == 3 and before.shape[2] in {2, 4} and photo.mode != "CMYK" and after.shape == before.shape:
        if photo.format in {"HEIF", "AVIF"}:
            return  # their encoders store alpha with loss
        np.testing.assert_array_equal(before[..., -1], after[..., -1])


@every_kind
def test_a_write_of_the_same_edit_gives_the_same_bytes(name: str, tmp_path: Path) -> None:
    photo = open_photo(make(name, tmp_path))
    _, first = rewritten(photo, tmp_path / "one")
    _, second = rewritten(photo, tmp_path / "two")
    assert first.path.read_bytes() == second.path.read_bytes()


def test_what_the_result_holds_outside_alpha_is_ignored(tmp_path: Path) -> None:
    photo = open_photo(make("rgb.png", tmp_path))
    result, alpha = patch(photo)
    wild = np.where(alpha[..., None] > 0, result, 255 - result).astype(np.uint8)
    written = write_photo(photo, wild, alpha, tmp_path / "out" / "rgb.png")
    np.testing.assert_array_equal(open_photo(written.path).rgb, result)


def test_alpha_may_be_float(tmp_path: Path) -> None:
    photo = open_photo(make("rgb.png", tmp_path))
    result, alpha = patch(photo)
    write_photo(photo, result, to_unit(alpha), tmp_path / "a.png")
    write_photo(photo, result, alpha, tmp_path / "b.png")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_a_plain_rgb_photo_is_held_once(tmp_path: Path) -> None:
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


# ------------------------------------------------------------------------------------------------------ orientation


def exif_bytes(orientation: int, *, big_endian: bool = False) -> bytes:
    """EXIF as a phone writes it: orientation, date, camera, GPS, pixel sizes, a maker note and a preview."""
    order = ">" if big_endian else "<"
    preview = b"\xff\xd8preview of the old photo\xff\xd9"
    pack = lambda code, *values: struct.pack(order + code, *values)  # noqa: E731
    ifd0_at, count = 8, 5
    exif_at = ifd0_at + 2 + 12 * count + 4 + 32
    gps_at = exif_at + 2 + 12 * 4 + 4 + 32
    ifd1_at = gps_at + 2 + 12 * 2 + 4 + 24
    preview_at = ifd1_at + 2 + 12 * 2 + 4
    short = lambda tag, value: pack("HHIHH", tag, 3, 1, value, 0)  # noqa: E731
    long = lambda tag, value: pack("HHII", tag, 4, 1, value)  # noqa: E731
    text_at = ifd0_at + 2 + 12 * count + 4
    blob = (b"MM\0\x2a" if big_endian else b"II\x2a\0") + pack("I", ifd0_at)
    blob += pack("H", count) + pack("HHII", 0x010F, 2, 12, text_at) + short(0x0112, orientation)
    blob += (
        pack("HHII", 0x0132, 2, 20, text_at + 12) + long(0x8769, exif_at) + long(0x8825, gps_at) + pack("I", ifd1_at)
    )
    blob += b"Test Camera\0" + b"2024:05:06 07:08:09\0"
    blob += (
        pack("H", 4)
        + pack("HHII", 0x9003, 2, 20, exif_at + 2 + 48 + 4)
        + pack("HHII", 0x927C, 7, 12, exif_at + 2 + 48 + 24)
    )
    blob += short(0xA002, WIDTH) + short(0xA003, HEIGHT) + pack("I", 0) + b"2024:05:06 07:08:09\0" + b"maker's note"
    blob += pack("H", 2) + pack("HHI", 1, 2, 2) + b"N\0\0\0" + pack("HHII", 2, 5, 3, gps_at + 2 + 24 + 4) + pack("I", 0)
    blob += pack("6I", 48, 1, 12, 1, 30, 1)
    blob += pack("H", 2) + long(0x0201, preview_at) + long(0x0202, len(preview)) + pack("I", 0) + preview
    return b"Exif\0\0" + blob


def turned_back(upright: np.ndarray, orientation: int) -> np.ndarray:
    """What a camera stores with this orientation, so that turning it gives `upright`: the inverse of the EXIF table."""
    return {
        1: lambda a: a,
        2: lambda a: a[:, ::-1],
        3: lambda a: a[::-1, ::-1],
        4: lambda a: a[::-1],
        5: lambda a: a.swapaxes(0, 1),
        6: lambda a: np.rot90(a, 1),
        7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
        8: lambda a: np.rot90(a, -1),
    }[orientation](upright)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["png", "jpg", "webp", "tif", "deep.tif", "deep.png"])
def test_a_turned_photo_is_read_and_written_upright(kind: str, orientation: int, tmp_path: Path) -> None:
    deep = kind.startswith("deep")
    upright = colours(16 if deep else 8)
    stored = np.ascontiguousarray(turned_back(upright, orientation))
    path = tmp_path / f"a.{kind}"
    if deep:
        saved_by_opencv(path, stored[..., ::-1])
        if kind == "deep.png":
            head, *rest = png_chunks(path.read_bytes())
            path.write_bytes(png_of([head, (b"eXIf", exif_bytes(orientation)[6:]), *rest]))
        else:
            path.write_bytes(with_tiff_orientation(path.read_bytes(), orientation))
    elif kind == "tif":
        saved(path, Image.fromarray(stored), tiffinfo={274: orientation, 271: "Test Camera"})
    elif kind == "jpg":
        saved(path, Image.fromarray(stored), exif=exif_bytes(orientation), quality=100, subsampling=0)
    else:
        options = {"lossless": True} if kind == "webp" else {}
        saved(path, Image.fromarray(stored), exif=exif_bytes(orientation), **options)
    photo = open_photo(path)
    difference = np.abs(photo.samples.astype(int) - upright.astype(int)).max()
    assert difference <= (6 if kind == "jpg" else 0)
    again, written = rewritten(photo, tmp_path / "out")
    assert again.size_wh == photo.size_wh
    with Image.open(written.path) as image:
        assert image.getexif().get(274, 1) == 1
        assert image.size == photo.size_wh
    assert written.outside_changed_px == 0


def with_tiff_orientation(data: bytes, orientation: int) -> bytes:
    """The TIFF with its first directory written again at the end, an orientation in it."""
    (at,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, at)
    entries = [data[at + 2 + 12 * i : at + 14 + 12 * i] for i in range(count)]
    entries = [e for e in entries if e[:2] != struct.pack("<H", 274)] + [
        struct.pack("<HHIHH", 274, 3, 1, orientation, 0)
    ]
    entries.sort(key=lambda e: struct.unpack("<H", e[:2])[0])
    body = data + bytes(len(data) % 2)
    return (
        body[:4]
        + struct.pack("<I", len(body))
        + body[8:]
        + struct.pack("<H", len(entries))
        + b"".join(entries)
        + bytes(4)
    )


@pytest.mark.parametrize("big_endian", [False, True])
def test_exif_is_kept_byte_for_byte_but_for_the_orientation(big_endian: bool, tmp_path: Path) -> None:
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


def test_the_pixel_sizes_inside_exif_turn_with_the_photo(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.jpg", picture("RGB"), exif=exif_bytes(6))
    _, written = rewritten(open_photo(path), tmp_path / "out", edit=False)
    with Image.open(written.path) as image:
        inside = image.getexif().get_ifd(0x8769)
        assert (inside[0xA002], inside[0xA003]) == image.size == (HEIGHT, WIDTH)


@pytest.mark.parametrize("kind", ["jpg", "png"])
def test_an_orientation_told_by_xmp_alone_is_turned_once(kind: str, tmp_path: Path) -> None:
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6" note="kept"/></x:xmpmeta>'
    path = tmp_path / f"a.{kind}"
    if kind == "jpg":
        saved(path, picture("RGB"), xmp=xmp)
    else:
        text = PngImagePlugin.PngInfo()
        text.add_itxt("XML:com.adobe.xmp", xmp.decode(), zip=True)
        saved(path, picture("RGB"), pnginfo=text)
    photo = open_photo(path)
    assert photo.size_wh == (HEIGHT, WIDTH)
    again, written = rewritten(photo, tmp_path / "out")
    assert again.size_wh == (HEIGHT, WIDTH)
    with Image.open(written.path) as image:
        kept = image.info.get("xmp") or image.info["XML:com.adobe.xmp"].encode()
        assert kept == xmp.replace(b'"6"', b'"1"')


def test_exif_in_a_png_text_chunk_is_turned_once_and_kept(tmp_path: Path) -> None:
    raw = exif_bytes(6).hex()
    text = PngImagePlugin.PngInfo()
    text.add_text("Raw profile type exif", f"\nexif\n{len(raw) // 2}\n{raw}\n", zip=True)
    path = saved(tmp_path / "a.png", picture("RGB"), pnginfo=text)
    photo = open_photo(path)
    again, _ = rewritten(photo, tmp_path / "out")
    assert photo.size_wh == again.size_wh == (HEIGHT, WIDTH)
    assert b"Test Camera" in again.exif


@pytest.mark.parametrize(
    "broken", [b"II*\0\xff\xff\xff\xff", b"MM", b"", b"II*\0\x08\0\0\0\xff\xff" + b"\x12\x01" * 30]
)
def test_broken_exif_stops_nothing(broken: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    saved_with_chunks(path, picture("RGB"), (b"eXIf", broken))
    again, written = rewritten(open_photo(path), tmp_path / "out")
    assert written.outside_changed_px == 0
    assert again.mode == "RGB"


@heic
def test_a_turned_heic_is_written_upright(tmp_path: Path) -> None:
    path = saved_heif(tmp_path / "a.heic", "RGB", exif=exif_bytes(6), quality=95)
    photo = open_photo(path)
    assert photo.size_wh == (HEIGHT, WIDTH)
    again, _ = rewritten(photo, tmp_path / "out", edit=False)
    assert again.size_wh == (HEIGHT, WIDTH)
    assert b"Test Camera" in again.exif
    assert np.abs(again.rgb.astype(int) - photo.rgb.astype(int)).mean() < 4


# ---------------------------------------------------------------------------------------------------------- profiles


def icc_profile(space: bytes, tags: dict[bytes, bytes], pcs: bytes = b"XYZ ", kind: bytes = b"mntr") -> bytes:
    """An ICC version 2 profile of these tags."""
    tags = {
        b"desc": b"desc" + bytes(4) + struct.pack(">I", 5) + b"test\0" + bytes(78),
        b"cprt": b"text" + bytes(4) + b"none\0",
    } | tags
    table, body = b"", b""
    at = 128 + 4 + 12 * len(tags)
    for name, value in tags.items():
        data = value + bytes(-len(value) % 4)
        table += name + struct.pack(">II", at + len(body), len(data))
        body += data
    header = struct.pack(">I", at + len(body)) + bytes(4) + b"\x02\x40\0\0" + kind + space + pcs + bytes(12) + b"acsp"
    header += bytes(28) + struct.pack(">3i", 63190, 65536, 54061)
    return header.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def xyz(x: float, y: float, z: float) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(v * 65536) for v in (x, y, z)))


def gamma(value: float) -> bytes:
    return b"curv" + bytes(4) + struct.pack(">IH", 1, round(value * 256))


def matrix_profile(red: tuple[float, ...], green: tuple[float, ...], blue: tuple[float, ...], power: float) -> bytes:
    curves = dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), gamma(power))
    return icc_profile(
        b"RGB ",
        {b"wtpt": xyz(0.9642, 1, 0.8249), b"rXYZ": xyz(*red), b"gXYZ": xyz(*green), b"bXYZ": xyz(*blue), **curves},
    )


DISPLAY_P3 = matrix_profile((0.51512, 0.2412, -0.00105), (0.29198, 0.69225, 0.04189), (0.1571, 0.06657, 0.78407), 2.2)
ADOBE_RGB = matrix_profile(
    (0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457), 2.19922
)
GREY_18 = icc_profile(b"GRAY", {b"wtpt": xyz(0.9642, 1, 0.8249), b"kTRC": gamma(1.8)})


def lab_of(rgb: np.ndarray) -> np.ndarray:
    """CIE Lab (D50 taken as D65: a toy press) of linear-light 0..1 RGB."""
    matrix = np.array([[0.4361, 0.3851, 0.1431], [0.2225, 0.7169, 0.0606], [0.0139, 0.0971, 0.7141]])
    t = (rgb @ matrix.T) / [0.9642, 1, 0.8249]
    f = np.where(t > 0.008856, np.cbrt(t), 7.787 * t + 16 / 116)
    return np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], axis=-1)


def rgb_of(lab: np.ndarray) -> np.ndarray:
    fy = (lab[..., 0] + 16) / 116
    f = np.stack([fy + lab[..., 1] / 500, fy, fy - lab[..., 2] / 200], axis=-1)
    t = np.where(f > 6 / 29, f**3, (f - 16 / 116) / 7.787) * [0.9642, 1, 0.8249]
    matrix = np.array([[0.4361, 0.3851, 0.1431], [0.2225, 0.7169, 0.0606], [0.0139, 0.0971, 0.7141]])
    return np.clip(t @ np.linalg.inv(matrix).T, 0, 1)


def table(inputs: int, outputs: int, grid: int, values: np.ndarray) -> bytes:
    """An lut8Type (ICC.1:2001, 6.5.7) with straight curves."""
    straight = bytes(range(256))
    head = (
        b"mft1"
        + bytes(4)
        + bytes([inputs, outputs, grid, 0])
        + struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    )
    return head + straight * inputs + np.rint(np.clip(values, 0, 255)).astype(np.uint8).tobytes() + straight * outputs


def press_profile() -> bytes:
    """A toy CMYK press: inks multiply the light of paper."""
    steps = np.linspace(0, 1, 9)
    inks = np.stack(np.meshgrid(steps, steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 4)
    light = ((1 - inks[:, :3]) * (1 - inks[:, 3:])) ** 2.2
    lab = lab_of(light)
    to_lab = table(4, 3, 9, np.stack([lab[:, 0] * 2.55, lab[:, 1] + 128, lab[:, 2] + 128], axis=1))
    axis = np.linspace(0, 255, 33)
    cube = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    rgb = rgb_of(np.stack([cube[:, 0] / 2.55, cube[:, 1] - 128, cube[:, 2] - 128], axis=1)) ** (1 / 2.2)
    top = np.maximum(rgb.max(axis=1, keepdims=True), 1e-6)
    from_lab = table(3, 4, 33, 255 * np.concatenate([1 - rgb / top, 1 - top], axis=1))
    return icc_profile(b"CMYK", {b"wtpt": xyz(0.9642, 1, 0.8249), b"A2B0": to_lab, b"B2A0": from_lab}, b"Lab ", b"prtr")


def srgb_of_p3(colour: tuple[int, int, int]) -> np.ndarray:
    """By matrices, without the colour engine: gamma 2.2 Display P3 to sRGB."""
    p3 = np.array([[0.51512, 0.29198, 0.1571], [0.2412, 0.69225, 0.06657], [-0.00105, 0.04189, 0.78407]])
    srgb = np.array([[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.7141]])
    linear = np.clip(np.linalg.inv(srgb) @ p3 @ (np.array(colour) / 255) ** 2.2, 0, 1)
    return 255 * np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def test_a_display_p3_photo_is_worked_on_in_srgb(tmp_path: Path) -> None:
    photo = open_photo(saved(tmp_path / "a.png", Image.new("RGB", (16, 16), (180, 120, 60)), icc_profile=DISPLAY_P3))
    assert (photo.samples[0, 0] == (180, 120, 60)).all()
    assert np.abs(photo.rgb[0, 0] - srgb_of_p3((180, 120, 60))).max() <= 2


PROFILED = {
    "p3.png": ("RGB", DISPLAY_P3, {}),
    "p3.jpg": ("RGB", DISPLAY_P3, {"quality": 95}),
    "p3-alpha.png": ("RGBA", DISPLAY_P3, {}),
    "p3.tif": ("RGB", DISPLAY_P3, {}),
    "p3.webp": ("RGB", DISPLAY_P3, {"lossless": True}),
    "p3-palette.png": ("P", DISPLAY_P3, {}),
    "adobe.png": ("RGB", ADOBE_RGB, {}),
    "grey.png": ("L", GREY_18, {}),
    "grey.jpg": ("L", GREY_18, {"quality": 95}),
    "press.tif": ("CMYK", press_profile(), {}),
    "press.jpg": ("CMYK", press_profile(), {"quality": 95}),
}


@pytest.mark.parametrize("name", PROFILED)
def test_a_profile_is_kept_byte_for_byte_and_used_both_ways(name: str, tmp_path: Path) -> None:
    mode, profile, options = PROFILED[name]
    photo = open_photo(saved(tmp_path / name, picture(mode), icc_profile=profile, **options))
    assert photo.icc == profile
    assert photo.wrapping.managed
    assert photo.notes == ()
    again, written = rewritten(photo, tmp_path / "out")
    assert again.icc == profile
    assert written.outside_changed_px == 0
    wanted = np.array(GREEN if mode != "L" else (134, 134, 134))
    if name == "grey.png":  # the engine weighs light by luminance, not by BT.601
        wanted = again.rgb[12, 15].astype(int)
        assert 140 < wanted[0] < 190
    elif name == "grey.jpg":
        return
    inner = again.rgb[11:17, 14:26].astype(int)
    if not photo.wrapping.lossless:
        inner = inner.mean(axis=(0, 1), keepdims=True)
    assert np.abs(inner - wanted).max() <= {"CMYK": 12}.get(mode, 2) + (0 if photo.wrapping.lossless else 3)


def test_a_profile_that_is_srgb_costs_no_conversion(tmp_path: Path) -> None:
    from PIL import ImageCms

    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    photo = open_photo(saved(tmp_path / "a.png", picture("RGB"), icc_profile=srgb))
    assert photo.rgb is photo.samples
    again, _ = rewritten(photo, tmp_path / "out")
    assert again.icc == srgb


@pytest.mark.parametrize(("mode", "profile"), [("RGB", b"not a profile"), ("RGB", GREY_18), ("L", DISPLAY_P3)])
def test_a_profile_that_does_not_fit_is_said_and_kept(mode: str, profile: bytes, tmp_path: Path) -> None:
    photo = open_photo(saved(tmp_path / "a.png", picture(mode), icc_profile=profile))
    assert photo.notes == (
        "its colour profile is broken or made for other samples: kept, but colours are read without it",
    )
    again, _ = rewritten(photo, tmp_path / "out")
    assert again.icc == profile


def test_a_soft_edge_starts_at_the_old_sample_outside_srgb_too(tmp_path: Path) -> None:
    vivid = np.zeros((20, 20, 3), np.uint8)
    vivid[:] = (0, 255, 0)  # the green of P3: outside sRGB
    photo = open_photo(saved(tmp_path / "a.png", Image.fromarray(vivid), icc_profile=DISPLAY_P3))
    alpha = np.full((20, 20), 13, np.uint8)
    result = np.clip(photo.rgb.astype(int) + np.array([2, -2, 2]), 0, 255).astype(np.uint8)
    write_photo(photo, result, alpha, tmp_path / "out.png")
    assert np.abs(open_photo(tmp_path / "out.png").samples.astype(int) - vivid).max() <= 12


def test_ink_without_a_profile_goes_there_and_back_within_one_level() -> None:
    from automask.images.colour import default_from_srgb, default_to_srgb

    steps = np.arange(0, 256, 5, dtype=np.uint8)
    every = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(-1, 3)
    back = default_to_srgb("CMYK")(default_from_srgb("CMYK")(every))
    assert np.abs(back.astype(int) - every.astype(int)).max() <= 1


def test_a_soft_edge_goes_over_from_the_old_inks_to_the_new(tmp_path: Path) -> None:
    old = np.zeros((20, 260, 4), np.uint8)
    old[:] = (150, 100, 60, 0)
    photo = open_photo(saved(tmp_path / "a.tif", Image.frombytes("CMYK", (260, 20), old.tobytes())))
    alpha = np.zeros((20, 260), np.uint8)
    alpha[:, 4:] = np.arange(256)
    share = alpha[..., None] / 255
    result = np.rint(photo.rgb * (1 - share) + np.array((60, 40, 40)) * share).astype(np.uint8)
    write_photo(photo, result, alpha, tmp_path / "out.tif")
    again = open_photo(tmp_path / "out.tif")
    assert np.abs(again.rgb.astype(int) - result).max() <= 1
    assert np.abs(np.diff(again.samples[0].astype(int), axis=0)).max() <= 8


# ------------------------------------------------------------------------------------------------- what is around it


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
        assert again.wrapping.tags == photo.wrapping.tags
        with Image.open(written.path) as image:
            assert image.tag_v2[270] == "words"
            assert image.info["dpi"] == (300, 300)
            assert image.getexif().get_ifd(34665)[36867] == "2024:05:06 07:08:09"
            assert image.info["compression"] == "raw"


def test_a_big_endian_16_bit_tiff_is_read_and_written_as_such(tmp_path: Path) -> None:
    array = colours(16)
    photo = open_photo(make("deep-rgb-plain.tif", tmp_path))
    from dataclasses import replace

    big = replace(photo, wrapping=replace(photo.wrapping, big_endian=True, tags=()), source=None)
    again, written = rewritten(big, tmp_path / "out", edit=False)
    assert written.path.read_bytes()[:2] == b"MM"
    assert again.wrapping.big_endian
    np.testing.assert_array_equal(again.samples, array[..., ::-1])


def test_white_is_zero_16_bit_grey_is_read_the_right_way_round(tmp_path: Path) -> None:
    path = tmp_path / "white-is-zero.tif"
    path.write_bytes(with_tiff_number(make("deep-grey.tif", tmp_path).read_bytes(), 262, 0))
    np.testing.assert_array_equal(open_photo(path).samples, 65535 - colours(16, 1)[..., 0])


def test_16_bit_samples_are_all_kept_and_said(tmp_path: Path) -> None:
    photo = open_photo(make("deep-rgb.png", tmp_path))
    np.testing.assert_array_equal(photo.samples, colours(16)[..., ::-1])
    np.testing.assert_array_equal(photo.rgb, np.rint(photo.samples / 257).astype(np.uint8))
    assert photo.notes == ("16 bits: the repainted part holds 8-bit detail, everything else keeps its 16 bits",)


def test_a_palette_photo_is_written_as_rgb_only_when_it_must(tmp_path: Path) -> None:
    photo = open_photo(make("palette.png", tmp_path))
    again, written = rewritten(photo, tmp_path / "same", edit=False)
    assert again.mode == "P"
    again, written = rewritten(photo, tmp_path / "edited")
    assert again.mode == "RGB"
    assert written.notes == ("its palette cannot hold new colours: written as RGB with every old colour as it was",)
    see_through = open_photo(make("palette-clear.png", tmp_path))
    assert rewritten(see_through, tmp_path / "edited")[0].mode == "RGBA"


def test_a_gif_keeps_its_colours_and_paints_with_the_free_ones(tmp_path: Path) -> None:
    photo = open_photo(make("palette.gif", tmp_path))
    _, written = rewritten(photo, tmp_path / "out")
    assert len(written.notes) == 1
    assert "a GIF holds 256 colours" in written.notes[0]
    full = open_photo(make("full-palette.gif", tmp_path))
    assert "a GIF holds 256 colours" in rewritten(full, tmp_path / "out")[1].notes[0]


def test_see_through_pixels_of_a_gif_stay_so(tmp_path: Path) -> None:
    image = picture("RGB").quantize(60)
    path = saved(tmp_path / "a.gif", image, transparency=int(np.asarray(image)[12, 15]))
    photo = open_photo(path)
    clear = expanded(photo)[..., 3] == 0
    again, _ = rewritten(photo, tmp_path / "out")
    np.testing.assert_array_equal(expanded(again)[..., 3] == 0, clear)


def test_colour_lost_in_a_grey_photo_is_said(tmp_path: Path) -> None:
    _, written = rewritten(open_photo(make("grey.jpg", tmp_path)), tmp_path / "out")
    assert written.notes == (
        "a grey photo holds no colour: the repainted part is written in grey; save the photo as RGB to keep it",
    )
    _, written = rewritten(open_photo(make("bits.png", tmp_path)), tmp_path / "out")
    assert written.notes == (
        "a black-and-white photo holds no greys: the repainted part is written in black and white",
    )


@pytest.mark.parametrize("name", ["animated.gif", "animated.webp", "animated.png"])
def test_only_the_first_frame_of_an_animation_is_edited_and_it_says_so(name: str, tmp_path: Path) -> None:
    photo = open_photo(make(name, tmp_path))
    assert photo.notes == ("animated: only the first of 3 frames is edited and written",)
    again, _ = rewritten(photo, tmp_path / "out", edit=False)
    assert again.notes == ()


def test_pages_of_a_tiff_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    picture("RGB").save(path, save_all=True, append_images=[picture("RGB")])
    assert open_photo(path).notes == ("2 pages: only the first is edited and written",)


def test_a_phones_mpo_is_a_jpeg(tmp_path: Path) -> None:
    path = tmp_path / "IMG_0001.jpg"
    picture("RGB").save(path, "MPO", save_all=True, append_images=[picture("RGB").resize((20, 20))])
    photo = open_photo(path)
    assert photo.format == "JPEG"
    assert photo.notes == ("a second picture in the file (preview, depth or HDR gain map) is not kept",)
    again, _ = rewritten(photo, tmp_path / "out")
    assert again.notes == ()


def test_content_credentials_are_dropped_and_it_says_so(tmp_path: Path) -> None:
    path = make("rgb.jpg", tmp_path)
    data = path.read_bytes()
    path.write_bytes(data[:2] + b"\xff\xeb\0\x08JP\0\1\0\0" + data[2:])
    photo = open_photo(path)
    assert photo.notes == ("content credentials in the file are not kept: they vouch for the unedited photo",)
    assert rewritten(photo, tmp_path / "out")[0].notes == ()


def test_a_name_that_lies_about_the_format_is_said(tmp_path: Path) -> None:
    path = saved(tmp_path / "kitchen.jpg", picture("RGB"), format="PNG")
    photo = open_photo(path)
    assert photo.notes == ("it is a PNG file, whatever its name says, and is written as one under the same name",)
    assert rewritten(photo, tmp_path / "out")[0].format == "PNG"


def test_a_painted_pixel_does_not_become_transparent_by_chance(tmp_path: Path) -> None:
    photo = open_photo(make("key.png", tmp_path))
    again, _ = rewritten(photo, tmp_path / "out")
    assert again.wrapping.clear_key == GREEN
    inner = again.rgb[11:17, 14:26]
    assert not (inner == GREEN).all(axis=2).any()


@pytest.mark.parametrize("bits", [2, 4])
def test_grey_of_few_bits_is_written_as_8_bit_and_it_says_so(bits: int, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    per_byte = 8 // bits
    rows = b"".join(b"\0" + bytes([0x1B] * (16 // per_byte)) for _ in range(8))
    header = struct.pack(">IIBBBBB", 16, 8, bits, 0, 0, 0, 0)
    path.write_bytes(png_of([(b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]))
    photo = open_photo(path)
    assert photo.notes == (f"{bits}-bit grey is written as 8-bit grey",)
    written = write_photo(photo, photo.rgb, np.zeros((8, 16), np.uint8), tmp_path / "out.png")
    np.testing.assert_array_equal(open_photo(written.path).samples, photo.samples)


# ------------------------------------------------------------------------------------------------------- refusals


def refused(source: object, **options: float) -> str:
    with pytest.raises(PhotoError) as caught:
        open_photo(source, **options)  # type: ignore[arg-type]
    text = str(caught.value)
    assert "\n" not in text
    assert caught.value.hint
    assert str(pickle.loads(pickle.dumps(caught.value))) == text  # noqa: S301
    return text


def test_a_missing_file_is_refused_and_the_nearest_named(tmp_path: Path) -> None:
    saved(tmp_path / "kitchen.png", picture("RGB"))
    assert refused(tmp_path / "kitchn.png") == (
        f"there is no file '{tmp_path / 'kitchn.png'}'; did you mean '{tmp_path / 'kitchen.png'}'?"
    )
    assert "check the name and the folder" in refused(tmp_path / "zzzzzzz")
    assert "there is no folder" in refused(tmp_path / "none" / "a.png")


@pytest.mark.parametrize("address", ["http://a.b/c.jpg", "https://a.b/c.jpg", "file:///c.jpg", "s3://a/b.png"])
def test_a_web_address_is_refused(address: str) -> None:
    assert refused(address) == f"'{address}' is a web address; download it first and give the file's name"


def test_a_folder_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path) == f"'{tmp_path}' is a folder; use 'automask batch' for a folder of photos"


def test_an_unreadable_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make("rgb.png", tmp_path)

    def denied(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", denied)
    assert refused(path) == f"cannot read '{path}': Permission denied; check its name and permissions"


def test_names_that_no_system_takes_are_refused() -> None:
    assert "is empty" in refused("")
    assert "cannot read" in refused("a\0b.jpg")
    assert "cannot read" in refused("a" * 5000)
    assert refused(3) == "a photo cannot be a int; give a path, or an array [H, W, 3] uint8"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty; copy or download it again"),
        (b"just words\n" * 9, "holds text, not a picture; give a JPEG, PNG"),
        (b"\0\1\2\3" * 99, "is not a picture that can be read; give a JPEG, PNG"),
        (b"%PDF-1.7 ...", "is a PDF document; export"),
        (b"%!PS-Adobe", "is a PostScript drawing; export"),
        (b"8BPS\0\1", "is a Photoshop document; export"),
        (b"<?xml version='1.0'?><svg xmlns='x'/>", "is a drawing (SVG), not a photo; export it as PNG"),
        (b"  <!DOCTYPE html><html>", "is a web page, not a picture; save"),
        (b"\0\0\0\x20ftypisom" + bytes(20), "is a film or an unknown kind of picture; export"),
        (b"\0\0\0\x0cjP  \r\n", "is a JPEG 2000 picture, which automask does not write; convert"),
        (b"\xff\x0a\0\0", "is a JPEG XL picture, which automask does not read; convert"),
        (b"PK\3\4....", "is a zip archive; unpack"),
        (b"gimp xcf v011", "is a GIMP document; export"),
        (
            b"version https://git-lfs.github.com/spec/v1\n",
            "is a Git LFS pointer, not the picture itself; run: git lfs pull",
        ),
        (b"RIFF\0\0\0\0WAVEfmt ", "is not a picture that can be read"),
        (b"\xff\xd8\xff\xe0junk", "is broken or cut short (Truncated File Read); copy"),
        (b"\x89PNG\r\n\x1a\njunk", "is a PNG file that is broken, or of a kind that Pillow does not read; copy"),
    ],
)
def test_what_is_no_photo_is_named(content: bytes, says: str, tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    assert refused(path).startswith(f"'{path}' {says}")


@pytest.mark.parametrize("suffix", [".cr2", ".NEF", ".dng", ".arw"])
def test_a_camera_raw_file_is_refused(suffix: str, tmp_path: Path) -> None:
    path = saved(tmp_path / f"a{suffix}", picture("RGB"), format="TIFF")
    assert refused(path) == f"'{path}' is a camera raw file; export it as TIFF or JPEG from your raw converter"


@pytest.mark.parametrize("share", [0.05, 0.5, 0.9])
@every_kind
def test_a_cut_file_is_refused(name: str, share: float, tmp_path: Path) -> None:
    if name.startswith("animated"):
        share = min(share, 0.2)  # later frames may be missing: only the first is wanted
    path = make(name, tmp_path)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    assert re.search("broken|cut short|not a picture", refused(path))


def test_a_cut_file_is_refused_whatever_another_library_switched_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    path = make("rgb.jpg", tmp_path)
    path.write_bytes(path.read_bytes()[:-200])
    assert "is broken or cut short" in refused(path)
    assert ImageFile.LOAD_TRUNCATED_IMAGES is True


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_flipped_bytes_are_read_or_refused_never_worse(data: st.DataObject) -> None:
    name = data.draw(
        st.sampled_from(["rgb.jpg", "palette.png", "deep-rgb.png", "lzw.tif", "deep-rgb.tif", "palette.gif", "rgb.bmp"])
    )
    content = bytearray(_bytes_of(name))
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, min(len(content) - 1, 400)))] = data.draw(st.integers(0, 255))
    from automask.images.decode import decode

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            decode(bytes(content), name, 1.0)
        except PhotoError as error:
            assert "\n" not in str(error)  # noqa: PT017


_made: dict[str, bytes] = {}


def _bytes_of(name: str) -> bytes:
    if name not in _made:
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            _made[name] = make(name, Path(folder)).read_bytes()
    return _made[name]


def huge_png(path: Path, width: int, height: int) -> Path:
    """Only the header tells the size: decoding it would take gigabytes."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    path.write_bytes(png_of([(b"IHDR", header), (b"IDAT", zlib.compress(bytes(100))), (b"IEND", b"")]))
    return path


def test_a_huge_photo_is_refused_from_its_header(tmp_path: Path) -> None:
    path = huge_png(tmp_path / "a.png", 50000, 20000)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert refused(path) == (
            f"'{path}' has 50000 x 20000 = 1000.0 megapixels, more than the 100 allowed; "
            "if that is wanted, allow it with max_megapixels=1000"
        )


def test_the_size_guard_is_ours_not_pillows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    path = make("rgb.png", tmp_path)
    assert open_photo(path).size_wh == (WIDTH, HEIGHT)
    assert Image.MAX_IMAGE_PIXELS == 100
    assert (
        "= 0.0 megapixels, more than the 0.001 allowed; if that is wanted, allow it with max_megapixels=1"
        in refused(path, max_megapixels=0.001)
    )
    assert open_photo(path, max_megapixels=0.01).size_wh == (WIDTH, HEIGHT)


@pytest.mark.parametrize(
    ("array", "says", "hint"),
    [
        (np.zeros((4, 5, 3), np.float32), "[4, 5, 3] float32", "to_uint8"),
        (np.zeros((4, 5, 4), np.uint8), "[4, 5, 4] uint8", "array[:, :, :3]"),
        (np.zeros((4, 5), np.uint8), "[4, 5] uint8", "numpy.stack"),
        (np.zeros((3, 4, 5), np.uint8), "[3, 4, 5] uint8", "height, width"),
        (np.zeros((4, 5, 3), np.uint16), "[4, 5, 3] uint16", "to_uint8"),
        (np.zeros((0, 5, 3), np.uint8), "[0, 5, 3]", "1 x 1"),
    ],
)
def test_an_array_that_is_no_photo_is_refused(array: np.ndarray, says: str, hint: str) -> None:
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


def test_samples_that_are_not_edited_are_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.tif", Image.fromarray(np.zeros((4, 5), np.float32)))
    assert refused(path) == f"'{path}' holds F samples, which automask does not edit; export it as 8-bit or 16-bit RGB"


def with_tiff_number(data: bytes, number: int, value: int) -> bytes:
    out = bytearray(data)
    (at,) = struct.unpack_from("<I", data, 4)
    for i in range(struct.unpack_from("<H", data, at)[0]):
        if struct.unpack_from("<H", data, at + 2 + 12 * i)[0] == number:
            struct.pack_into("<H", out, at + 2 + 12 * i + 8, value)
    return bytes(out)


def test_odd_tiffs_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    path.write_bytes(with_tiff_number(make("deep-grey.tif", tmp_path).read_bytes(), 258, 12))
    assert refused(path) == f"'{path}' holds 12-bit samples; export it with 8 or 16 bits"
    saved_by_opencv(path, colours(16, 4))
    path.write_bytes(with_tiff_number(path.read_bytes(), 262, 5))
    assert refused(path) == f"'{path}' holds 16-bit samples that are not RGB; export it as 16-bit RGB or as 8-bit"
    saved(path, Image.new("LAB", (4, 5)))
    assert "holds LAB samples" in refused(path)
    saved_by_opencv(path, np.zeros((4, 5, 3), np.float32))
    assert "of a kind that Pillow does not read; copy or download it again, or export it as PNG" in refused(path)


def test_a_tiff_with_jpeg_inside_is_written_without_loss_and_it_says_so(tmp_path: Path) -> None:
    photo = open_photo(saved(tmp_path / "a.tif", picture("RGB"), compression="jpeg"))
    assert photo.notes == ("its samples were JPEG-compressed; they are written without loss, so the file grows",)
    again, _ = rewritten(photo, tmp_path / "out", edit=False)
    np.testing.assert_array_equal(again.samples, photo.samples)


@heic
def test_a_10_bit_heic_says_that_it_becomes_8_bit(tmp_path: Path) -> None:
    import pillow_heif

    pillow_heif.from_bytes("RGB;16", (WIDTH, HEIGHT), colours(16).tobytes()).save(tmp_path / "a.heic")
    assert open_photo(tmp_path / "a.heic").notes == ("its 10-bit samples are read and written as 8-bit samples",)


def test_heic_without_its_library_names_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.heic"
    path.write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(ExtraMissing) as caught:
        open_photo(path)
    assert str(caught.value) == (
        f"'{path}' is a HEIC photo, which needs the package pillow-heif; run: pip install 'automask[heic]'"
    )


def test_avif_without_its_library_names_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.avif"
    path.write_bytes(b"\0\0\0\x18ftypavif\0\0\0\0mif1avif")
    monkeypatch.setitem(sys.modules, "PIL.AvifImagePlugin", None)
    assert refused(path) == f"'{path}' is an AVIF photo, which this Pillow does not read; run: pip install -U pillow"


# --------------------------------------------------------------------------------------------------------- writing


def test_the_photo_itself_is_never_overwritten(tmp_path: Path) -> None:
    path = make("rgb.png", tmp_path)
    before = path.read_bytes()
    photo = open_photo(path)
    link = tmp_path / "link.png"
    link.symlink_to(path)
    for target in (path, tmp_path / "." / "rgb.png", link):
        with pytest.raises(
            OutputError, match="is the photo itself, which is never overwritten; write into another folder"
        ):
            write_photo(photo, *patch(photo), target)
    assert path.read_bytes() == before


def test_a_result_or_alpha_of_another_size_is_refused(tmp_path: Path) -> None:
    photo = open_photo(make("rgb.png", tmp_path))
    result, alpha = patch(photo)
    with pytest.raises(
        OutputError, match=r"the result is \[45, 69, 3\] uint8, the photo \[45, 70, 3\] uint8; write a result"
    ):
        write_photo(photo, result[:, 1:], alpha, tmp_path / "o.png")
    with pytest.raises(OutputError, match=r"the result is .* float64"):
        write_photo(photo, result / 255, alpha, tmp_path / "o.png")
    with pytest.raises(OutputError, match=r"alpha is \[44, 70\], the photo \[45, 70\]; write an alpha"):
        write_photo(photo, result, alpha[1:], tmp_path / "o.png")
    assert list(tmp_path.iterdir()) == [tmp_path / "rgb.png"]


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photo = open_photo(make("rgb.png", tmp_path))
    out = tmp_path / "out"
    target = write_photo(photo, photo.rgb, np.zeros((HEIGHT, WIDTH), np.uint8), out / "a.png").path
    before = target.read_bytes()

    def full(self: Path, data: bytes) -> int:
        with self.open("wb") as file:
            file.write(data[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OutputError, match=r"cannot write '.*a\.png': No space left on device; check the folder"):
        write_photo(photo, *patch(photo), target)
    assert target.read_bytes() == before
    assert list(out.iterdir()) == [target]


def test_a_library_that_changes_other_pixels_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from automask.images import encode

    photo = open_photo(make("rgb.png", tmp_path))
    real = encode._encode

    def sloppy(photo: Photo, samples: np.ndarray, mode: str, palette: np.ndarray | None) -> bytes:
        worse = samples.copy()
        worse[0, 0] ^= 1
        return real(photo, worse, mode, palette)

    monkeypatch.setattr(encode, "_encode", sloppy)
    with pytest.raises(
        OutputError, match=r"'a\.png' would have 1 changed pixels outside the mask; nothing was written"
    ):
        write_photo(photo, *patch(photo), tmp_path / "out" / "a.png")
    assert list((tmp_path / "out").iterdir()) == []
    monkeypatch.setattr(
        encode, "_encode", lambda photo, samples, mode, palette: real(photo, samples[1:], mode, palette)
    )
    with pytest.raises(
        OutputError, match=r"'a\.png' came back as \[44, 70, 3\] uint8, not \[45, 70, 3\] uint8; nothing was"
    ):
        write_photo(photo, *patch(photo), tmp_path / "out" / "a.png")


def test_an_encoder_that_refuses_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photo = open_photo(make("rgb.jpg", tmp_path))

    def refuse(self: Image.Image, *args: object, **options: object) -> None:
        raise OSError("encoder error -2")

    monkeypatch.setattr(Image.Image, "save", refuse)
    with pytest.raises(
        OutputError, match=r"'rgb\.jpg' cannot be written as JPEG by the libraries here \(encoder error -2\)"
    ):
        write_photo(photo, *patch(photo), tmp_path / "out.jpg")


def test_folders_are_made_and_a_file_in_the_way_is_told(tmp_path: Path) -> None:
    write_mask(tmp_path / "a" / "b" / "m.png", np.zeros((2, 3), np.float32))
    with pytest.raises(OutputError, match="cannot write"):
        write_mask(tmp_path / "a" / "b" / "m.png" / "c.png", np.zeros((2, 3), np.float32))
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(OutputError, match="cannot write"):
        write_mask(tmp_path / "folder.png", np.zeros((2, 3), np.float32))


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, MemoryError])
def test_an_interrupted_block_leaves_nothing(error: type[BaseException], tmp_path: Path) -> None:
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


# ------------------------------------------------------------------------------------------------- masks and levels


def test_levels_go_there_and_back() -> None:
    every = np.arange(256, dtype=np.uint8)
    np.testing.assert_array_equal(to_uint8(to_unit(every)), every)
    np.testing.assert_array_equal(to_uint8(to_unit(every) * 2 / 2 - 0.4 / 255), every)  # rounds, does not truncate
    assert to_unit(every).dtype == np.float32


def test_levels_are_clipped_and_nan_is_refused() -> None:
    np.testing.assert_array_equal(to_uint8(np.array([-3.0, 7.0, math.inf])), [0, 255, 255])
    with pytest.raises(AutomaskError, match=r"values that are not numbers \(NaN\); look at the editor"):
        to_uint8(np.array([0.5, math.nan]))


@given(st.lists(st.floats(0, 1, width=32), min_size=1, max_size=40))
@settings(max_examples=50, deadline=None)
def test_quantised_alpha_is_n_255_and_stays(values: list[float]) -> None:
    alpha = quantise_alpha(np.array(values, np.float32))
    assert alpha.dtype == np.float32
    np.testing.assert_array_equal(alpha, quantise_alpha(alpha))
    assert np.abs(alpha - np.array(values, np.float32)).max() <= 0.5 / 255 + 1e-6


def test_a_mask_comes_back_as_it_was(tmp_path: Path) -> None:
    alpha = quantise_alpha(np.linspace(0, 1, 12 * 9, dtype=np.float32).reshape(9, 12))
    write_mask(tmp_path / "m.png", alpha)
    np.testing.assert_array_equal(read_mask(tmp_path / "m.png", size_hw=(9, 12)), alpha)
    with Image.open(tmp_path / "m.png") as image:
        assert (image.mode, image.size) == ("L", (12, 9))


def test_masks_that_a_person_saved_otherwise_are_read(tmp_path: Path) -> None:
    grey = np.array([[0, 255, 255, 128], [0, 0, 255, 0]], np.uint8)
    hard = np.where(grey > 127, 255, 0).astype(np.uint8)
    zero, full = np.zeros_like(grey), np.full_like(grey, 255)
    drawn = {
        "rgb": (Image.fromarray(np.stack([grey] * 3, axis=2)), grey),
        "opaque": (Image.fromarray(np.stack([grey] * 3 + [full], axis=2)), grey),
        "bits": (Image.fromarray(hard).convert("1"), hard),
        "palette": (Image.fromarray(grey).convert("P"), grey),
        "white-on-clear": (Image.fromarray(np.stack([full] * 3 + [grey], axis=2)), grey),
        "black-on-clear": (Image.fromarray(np.stack([zero] * 3 + [grey], axis=2)), grey),
        "red-on-clear": (Image.fromarray(np.stack([full, zero, zero, grey], axis=2)), grey),
        "grey-and-clear": (Image.fromarray(np.stack([grey] * 3 + [hard], axis=2)), np.where(hard > 0, grey, 0)),
        "grey-alpha": (Image.merge("LA", [Image.fromarray(grey), Image.fromarray(full)]), grey),
        "deep": (Image.frombytes("I;16", (4, 2), (grey.astype("<u2") * 257).tobytes()), grey),
        "nothing": (Image.new("RGBA", (4, 2)), zero),
        "everything": (Image.new("RGBA", (4, 2), (255, 255, 255, 255)), full),
        "profiled": (Image.fromarray(grey), grey),
    }
    for name, (image, wanted) in drawn.items():
        path = saved(tmp_path / f"{name}.png", image, **({"icc_profile": GREY_18} if name == "profiled" else {}))
        np.testing.assert_array_equal(to_uint8(read_mask(path, size_hw=(2, 4))), wanted, err_msg=name)
    ink = saved(tmp_path / "ink.tif", Image.fromarray(np.stack([grey] * 3, axis=2)).convert("CMYK"))
    np.testing.assert_array_equal(to_uint8(read_mask(ink, size_hw=(2, 4))), grey)


def test_a_mask_that_does_not_fit_is_refused_with_both_sizes(tmp_path: Path) -> None:
    write_mask(tmp_path / "m.png", np.zeros((9, 12), np.float32))
    with pytest.raises(
        MaskError, match=r"m\.png' is 12 x 9 px and the photo 20 x 10 px; save the mask at the photo's size"
    ):
        read_mask(tmp_path / "m.png", size_hw=(10, 20))
    with pytest.raises(MaskError, match="no mask: there is no file"):
        read_mask(tmp_path / "none.png", size_hw=(10, 20))
    with pytest.raises(MaskError, match=r"a mask must be \[H, W\], this one is \[1, 9, 12\]; write one mask a file"):
        write_mask(tmp_path / "m.png", np.zeros((1, 9, 12), np.float32))


def test_pictures_are_written_by_their_ending(tmp_path: Path) -> None:
    write_picture(tmp_path / "a.PNG", colours())
    np.testing.assert_array_equal(open_photo(tmp_path / "a.PNG").rgb, colours())
    write_picture(tmp_path / "a.jpg", colours())
    assert np.abs(open_photo(tmp_path / "a.jpg").rgb.astype(int) - colours()).max() < 40
    with pytest.raises(OutputError, match=r"'a\.gif' does not end in \.jpg or \.png; pick one of the two"):
        write_picture(tmp_path / "a.gif", colours())
    with pytest.raises(OutputError, match=r"a picture must be \[H, W, 3\] uint8, this one is \[45, 70\] uint8"):
        write_picture(tmp_path / "a.png", colours()[..., 0])


def test_every_kind_of_photo_is_among_the_suffixes() -> None:
    assert {Path(name).suffix for name in DECODES} <= PHOTO_SUFFIXES
    assert all(suffix == suffix.lower() and suffix.startswith(".") for suffix in PHOTO_SUFFIXES)
