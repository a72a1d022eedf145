"""Photos for tests: every kind of file, made here.

`DECODES` names each kind with the format and mode it must be read in; the laws of `tests/images` run over all of them.
"""

import pickle
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from automask.errors import PhotoError
from automask.images import Photo, Written, open_photo, write_photo

HEIGHT, WIDTH = 45, 70
GREEN = (20, 200, 90)
heic = pytest.mark.skipif(not __import__("importlib.util").util.find_spec("pillow_heif"), reason="needs pillow-heif")
avif = pytest.mark.skipif(".avif" not in Image.registered_extensions(), reason="needs a Pillow with AVIF")


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
    """The PNG with more chunks after its header."""
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
    return photo.container.palette[photo.samples] if photo.mode == "P" else photo.samples


def rewritten(photo: Photo, out: Path, *, edit: bool = True) -> tuple[Photo, Written]:
    result, alpha = patch(photo) if edit else (photo.rgb, np.zeros(photo.rgb.shape[:2], np.uint8))
    written = write_photo(photo, result, alpha, out / photo.name)
    return open_photo(written.path), written


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


def refused(source: object, **options: float) -> str:
    with pytest.raises(PhotoError) as caught:
        open_photo(source, **options)  # type: ignore[arg-type]
    text = str(caught.value)
    assert "\n" not in text
    assert caught.value.hint
    assert str(pickle.loads(pickle.dumps(caught.value))) == text  # noqa: S301
    return text


def with_tiff_number(data: bytes, number: int, value: int) -> bytes:
    out = bytearray(data)
    (at,) = struct.unpack_from("<I", data, 4)
    for i in range(struct.unpack_from("<H", data, at)[0]):
        if struct.unpack_from("<H", data, at + 2 + 12 * i)[0] == number:
            struct.pack_into("<H", out, at + 2 + 12 * i + 8, value)
    return bytes(out)
