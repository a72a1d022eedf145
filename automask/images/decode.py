"""Decodes a file's bytes to upright samples in their own mode, and to the container around them."""

import contextlib
import difflib
import errno
import io
import math
import os
import re
import struct
import threading
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFile, PngImagePlugin, UnidentifiedImageError

from automask.errors import AutomaskError, ExtraMissing, PhotoError, not_enough_memory
from automask.images.arrays import array_hint
from automask.images.attachments import current_xmp, item_notes
from automask.images.colour import BAND_PX
from automask.images.containers import (
    LAYOUT_TAGS,
    ContainerData,
    Samples,
    is_lossless_webp,
    jpeg_container,
    png_bytes,
    png_chunks,
    png_container,
    tiff_container,
    tiff_number,
    upright_exif,
    upright_xmp,
    xmp_orientation,
)
from automask.images.files import read_regular, same_letters
from automask.images.limits import costly, costly_exif
from automask.images.tiff_samples import (
    TiffLayout,
    byte_pictures,
    extra_channels,
    layout_notes,
    samples_of,
    tiff_layout,
)
from automask.types import Rgb

_RAW_SUFFIXES = frozenset(
    (".cr2", ".cr3", ".crw", ".nef", ".nrw", ".arw", ".srf", ".sr2", ".dng", ".raf", ".orf", ".rw2", ".pef", ".srw")
)
_MODES = frozenset({"1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "LA;16", "RGB;16", "RGBA;16"})


MAX_SIDE_PX = 32_766
"""OpenCV 5 numbers the pixels of what it resamples in 16 bits."""


def check_size(size_wh: tuple[int, int], name: str, max_megapixels: float) -> None:
    """Raises PhotoError for a photo with more megapixels than allowed, or a longer side than can be worked on."""
    megapixels = size_wh[0] * size_wh[1] / 1e6
    if megapixels > max_megapixels:
        raise PhotoError(
            f"{name} has {size_wh[0]} x {size_wh[1]} = {megapixels:.1f} megapixels, "
            f"more than the {max_megapixels:g} allowed",
            hint=f"if that is wanted, allow it with max_megapixels={math.ceil(megapixels)}",
        )
    if max(size_wh) > MAX_SIDE_PX:
        raise PhotoError(
            f"{name} is {size_wh[0]} x {size_wh[1]} px, and no side may have more than {MAX_SIDE_PX}",
            hint="cut it into parts, or give a smaller copy",
        )


def most_bytes(max_megapixels: float) -> float:
    """The size that a photo's file may have: 10 bytes for each pixel allowed (16-bit RGBA takes 8), and 50 MB."""
    return max_megapixels * 1e7 + 5e7


def read_bytes(source: str | os.PathLike[str], max_megapixels: float = math.inf) -> tuple[Path, bytes]:
    """The path and bytes of a photo file.

    Raises:
        PhotoError: It is missing, empty, a folder, a pipe, a device, a web address or a camera raw file, or larger than
            a photo of `max_megapixels` can be.
    """
    if isinstance(source, str) and re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", source):
        raise PhotoError(f"{source!r} is a web address", hint="download it first and give the file's name")
    if not os.fspath(source):
        raise PhotoError("the photo's name is empty", hint="give the path of a picture file")
    path = same_letters(source)
    try:
        data = read_regular(path, most_bytes(max_megapixels))
    except IsADirectoryError as error:
        raise PhotoError(f"{str(path)!r} is a folder", hint="use 'automask batch' for a folder of photos") from error
    except FileNotFoundError as error:
        raise PhotoError(f"there is no file {str(path)!r}", hint=_nearest_file(path)) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        hint = _UNREADABLE_HINTS.get(getattr(error, "errno", None) or 0, "check its name and permissions")
        raise PhotoError(f"cannot read {str(path)!r}: {reason}", hint=hint) from error
    if not data:
        raise PhotoError(f"{str(path)!r} is empty", hint="copy or download it again")
    if path.suffix.lower() in _RAW_SUFFIXES:
        raise PhotoError(
            f"{str(path)!r} is a camera raw file", hint="export it as TIFF or JPEG from your raw converter"
        )
    return path, data


_UNREADABLE_HINTS = {
    errno.EINVAL: "save it as a file first; automask edit - reads a pipe",
    errno.EFBIG: "give a smaller copy, or allow more with max_megapixels",
}


def is_damaged(path: Path) -> bool:
    """Whether a picture file is empty or broken: begun as a picture of a kind that we know, and not to be decoded.

    A file of another kind is not damaged, nor is one that cannot be read or is too large: it may be somebody's work.
    """
    try:
        data = read_regular(path, most_bytes(_LARGEST_MEGAPIXELS))
        if data and _format_of(data) is not None:
            decode(data, path.name, _LARGEST_MEGAPIXELS)
    except _BrokenPhoto:
        return True
    except (AutomaskError, OSError):
        return False
    return not data


class _BrokenPhoto(PhotoError):
    """The file of a photo is broken or cut short."""


_LARGEST_MEGAPIXELS = 400.0


def _nearest_file(path: Path) -> str:
    try:
        names = [entry.name for entry in path.parent.iterdir()]
    except OSError:
        return f"there is no folder {str(path.parent)!r} either"
    near = difflib.get_close_matches(path.name, names, n=1)
    return f"did you mean {str(path.parent / near[0])!r}?" if near else "check the name and the folder"


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """A decoded file; the fields are those of `Photo`."""

    samples: Samples
    mode: str
    format: str
    exif: bytes
    icc: bytes
    notes: tuple[str, ...]
    container: ContainerData


_pillow_globals = threading.Lock()


@contextlib.contextmanager
def _strict_pillow() -> Iterator[None]:
    """Pillow without its own size limit, and strict about truncated files.

    Both are module globals in Pillow: MAX_IMAGE_PIXELS warns or raises at a limit of its own, and some libraries switch
    LOAD_TRUNCATED_IMAGES on for the whole process. They are restored at the end, under a lock. Pillow's warnings,
    mostly about unusual EXIF, are hidden: no user could act on them.
    """
    with _pillow_globals, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        limit, truncated = Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES
        Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES = None, False
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES = limit, truncated


def decode(data: bytes, name: str, max_megapixels: float) -> Decoded:
    """The samples and the container in a file's bytes.

    Args:
        data: The file.
        name: Its name in messages.
        max_megapixels: A larger photo is refused from its header.

    Raises:
        PhotoError: It cannot be decoded, in one line that says why and what to do.
        ExtraMissing: It is a HEIC photo and pillow-heif is not installed.
    """
    with _opened(data, name, max_megapixels) as image:
        return _decode_image(image, data, name)


def photo_size(path: str | os.PathLike[str], max_megapixels: float) -> tuple[int, int]:
    """Width and height of a photo file as it is stored, from its headers; nothing is decoded.

    Raises:
        PhotoError, ExtraMissing: As `read_bytes` and `decode`, as far as the headers tell.
    """
    file, data = read_bytes(path, max_megapixels)
    with _opened(data, str(file), max_megapixels) as image:
        width, height = image.size
        return int(width), int(height)


def small_picture(path: str | os.PathLike[str], long_px: int, max_megapixels: float) -> Rgb:
    """[h, w, 3] uint8: a picture file, upright; a larger JPEG is decoded to at least `long_px` on its longer side.

    Raises:
        PhotoError, ExtraMissing: As `read_bytes` and `decode`.
    """
    file, data = read_bytes(path, max_megapixels)
    with _opened(data, str(file), max_megapixels) as image:
        image.draft("RGB", (long_px, long_px))
        stored = np.asarray(image.convert("RGB"))
        return upright(stored, _orientation(image))


def grey_levels(path: str | os.PathLike[str], max_megapixels: float) -> npt.NDArray[np.float32]:
    """[H, W] float32 in 0..1: the brightness of a picture file, of 16 bits where it has them; profiles are ignored.

    Raises:
        PhotoError, ExtraMissing: As `read_bytes` and `decode`.
    """
    file, data = read_bytes(path, max_megapixels)
    with _opened(data, str(file), max_megapixels) as image:
        # Converting a 16-bit picture to "L" clips it in Pillow, so its own numbers are read.
        deep = image.mode.startswith("I")
        levels = np.asarray(image if deep else image.convert("L"), dtype=np.float32)
    return levels / np.float32(65535 if deep else 255)


@contextlib.contextmanager
def _opened(data: bytes, name: str, max_megapixels: float) -> Iterator[Image.Image]:
    """The file's picture, open, after its headers said that it is of a kind that we read and of no unusual cost.

    Everything that Pillow opens is opened here: left alone it tries all its formats, of which EPS starts Ghostscript.

    Raises:
        PhotoError, ExtraMissing: As `decode`, also for what the block raises.
    """
    format_ = _format_of(data)
    if format_ is None:
        raise _not_a_photo(data, name)
    _load_plugin(format_, name)
    _refuse_costly(costly(data, format_), name)
    try:
        with _strict_pillow(), Image.open(io.BytesIO(data), formats=[format_]) as image:
            check_size(image.size, repr(name), max_megapixels)
            _refuse_costly(costly_exif(_exif_blob(image)), name)
            yield image
    except UnidentifiedImageError as error:
        if format_ == "TIFF" and (more := extra_channels(data)):
            raise PhotoError(
                f"{name!r} holds {more}, and Pillow does not read such a TIFF",
                hint="save it again without alpha channels and saved selections",
            ) from error
        kind = "HEIC" if format_ == "HEIF" else format_
        raise _BrokenPhoto(
            f"{name!r} is a {kind} file that is broken, or of a kind that Pillow does not read",
            hint="copy or download it again, or export it as PNG or 8-bit TIFF",
        ) from error
    except AutomaskError:
        raise
    except MemoryError as error:
        raise not_enough_memory(name) from error
    except Exception as error:
        # Pillow's decoders raise OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error, IndexError ...
        reason = " ".join(str(error).split()) or type(error).__name__
        raise _BrokenPhoto(
            f"{name!r} is broken or cut short ({reason})", hint="copy, download or export it again"
        ) from error


def _refuse_costly(why: str | None, name: str) -> None:
    if why is not None:
        raise PhotoError(f"{name!r} would take too long: {why}", hint="export it again, as JPEG or PNG")


_HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"})


def _format_of(data: bytes) -> str | None:
    """Pillow's name of the format, by the first bytes alone, since file endings are often wrong; None if unknown."""
    if data[4:8] == b"ftyp":
        brand, others = data[8:12], data[16:64]
        if brand in {b"avif", b"avis"} or (brand in {b"mif1", b"msf1"} and b"avif" in others):
            return "AVIF"
        return "HEIF" if brand in _HEIF_BRANDS else None
    if data[:4] == b"RIFF":
        return "WEBP" if data[8:12] == b"WEBP" else None
    starts = {b"\xff\xd8\xff": "JPEG", b"\x89PNG\r\n\x1a\n": "PNG", b"GIF8": "GIF", b"BM": "BMP"}
    starts |= dict.fromkeys((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"), "TIFF")
    return next((format_ for start, format_ in starts.items() if data.startswith(start)), None)


def _load_plugin(format_: str, name: str) -> None:
    """Imports Pillow's plugin for the format: Pillow loads only the oldest formats by itself."""
    if format_ == "HEIF":
        try:
            from pillow_heif import register_heif_opener
        except ImportError as error:
            raise ExtraMissing(
                f"{name!r} is a HEIC photo, which needs the package pillow-heif",
                hint="run: pip install 'automask[heic]'",
            ) from error
        register_heif_opener()
    elif format_ == "AVIF":
        try:  # missing before Pillow 11.3, and in some builds
            import PIL.AvifImagePlugin

            ready = PIL.AvifImagePlugin.SUPPORTED
        except ImportError:
            ready = False
        if not ready:
            raise PhotoError(
                f"{name!r} is an AVIF photo, which this Pillow does not read", hint="run: pip install -U pillow"
            )
    elif format_ == "WEBP":
        from PIL import WebPImagePlugin  # noqa: F401
    elif format_ == "TIFF":
        from PIL import TiffImagePlugin  # noqa: F401


_KNOWN_STARTS: tuple[tuple[bytes, str, str], ...] = (
    (b"%PDF", "a PDF document", "export the picture from it as PNG or JPEG"),
    (b"%!PS", "a PostScript drawing", "export it as PNG"),
    (b"8BPS", "a Photoshop document", "export it as TIFF or PNG"),
    (b"gimp xcf", "a GIMP document", "export it as TIFF or PNG"),
    (b"\x00\x00\x00\x0cjP  ", "a JPEG 2000 picture, which automask does not write", "convert it to TIFF or PNG"),
    (b"\xffO\xffQ", "a JPEG 2000 picture, which automask does not write", "convert it to TIFF or PNG"),
    (b"\xff\x0a", "a JPEG XL picture, which automask does not read", "convert it to PNG or JPEG"),
    (b"\x00\x00\x00\x0cJXL ", "a JPEG XL picture, which automask does not read", "convert it to PNG or JPEG"),
    (b"PK\x03\x04", "a zip archive", "unpack it and give the picture inside"),
    (b"version https://git-lfs", "a Git LFS pointer, not the picture itself", "run: git lfs pull"),
)


def _not_a_photo(data: bytes, name: str) -> PhotoError:
    head = data[:2048].lstrip(b"\xef\xbb\xbf \t\r\n")
    for start, what, hint in _KNOWN_STARTS:
        if head.startswith(start) or data.startswith(start):
            return PhotoError(f"{name!r} is {what}", hint=hint)
    lowered = head.lower()
    if lowered.startswith((b"<!doctype html", b"<html")):
        return PhotoError(f"{name!r} is a web page, not a picture", hint="save the picture itself from the browser")
    if b"<svg" in lowered:
        return PhotoError(f"{name!r} is a drawing (SVG), not a photo", hint="export it as PNG")
    if data[4:8] == b"ftyp":
        return PhotoError(f"{name!r} is a film or an unknown kind of picture", hint="export one frame as JPEG or PNG")
    kinds = "JPEG, PNG, WEBP, TIFF, BMP, GIF, HEIC or AVIF"
    if not any(byte < 9 or 13 < byte < 32 for byte in data[:512]):
        return PhotoError(f"{name!r} holds text, not a picture", hint=f"give a {kinds} file")
    return PhotoError(f"{name!r} is not a picture that can be read", hint=f"give a {kinds} file")


def _decode_image(image: Image.Image, data: bytes, name: str) -> Decoded:
    format_ = "JPEG" if image.format == "MPO" else str(image.format)
    notes: list[str] = []
    frames = int(getattr(image, "n_frames", 1))
    if format_ in {"GIF", "WEBP", "PNG", "AVIF"} and frames > 1:
        notes.append(f"animated: only the first of {frames} frames is edited and written")
    elif format_ == "TIFF" and frames > 1:
        notes.append(f"{frames} pages: only the first is edited and written")
    elif format_ == "HEIF" and frames > 1:
        notes.append(f"{frames} pictures in one file: only the main one is edited and written")
    samples, mode, palette, turn = _load_samples(image, data, name, format_, notes)
    icc = image.info.get("icc_profile") or b""
    exif = _exif_blob(image)
    turned_exif = upright_exif(exif, sideways=turn >= 5) if exif else b""
    if format_ == "JPEG":
        container = jpeg_container(data, getattr(image, "quantization", {}), turn, notes)
    elif format_ == "PNG":
        container = png_container(data, palette, turned_exif, turn=turn, notes=notes)
    elif format_ == "TIFF":
        notes += layout_notes(data)
        container = replace(tiff_container(data, turn, notes), palette=palette)
    else:
        xmp = current_xmp(_xmp(image))
        if format_ in {"HEIF", "AVIF"}:
            notes += item_notes(data, _xmp(image))
        dpi = image.info.get("dpi")
        comment = image.info.get("comment") or b""
        container = ContainerData(
            palette=palette,
            xmp=upright_xmp(xmp) if turn != 1 else xmp,
            dpi=(dpi[1], dpi[0]) if dpi and turn >= 5 else dpi,
            comment=comment if isinstance(comment, bytes) else str(comment).encode(),
            lossless=format_ in {"GIF", "BMP"} or (format_ == "WEBP" and is_lossless_webp(data)),
        )
        if format_ == "HEIF":
            notes += _heif_notes(image)
    samples = upright(samples, turn)
    samples.flags.writeable = False
    return Decoded(samples, mode, format_, turned_exif, icc, tuple(notes), container)


_CONVERTED = {"RGBX": "RGB", "PA": "RGBA", "La": "LA", "RGBa": "RGBA"}
"""Modes that only Pillow has, and those that hold the same pixels."""


def decode_pillow(image: Image.Image, max_megapixels: float) -> Decoded:
    """Samples and container of a Pillow image: what a PNG (of CMYK a TIFF) of it would hold. The image stays as it is.

    Raises:
        PhotoError: It is too large, has no pixels, holds numbers of no known range, or its file is broken.
    """
    name = "the Pillow image"
    check_size(image.size, name, max_megapixels)
    if 0 in image.size:
        raise PhotoError(f"{name} has no pixels: {image.size[0]} x {image.size[1]}", hint="give at least 1 x 1")
    try:
        with _strict_pillow():
            image.load()
            return _decode_pillow(image, name)
    except AutomaskError:
        raise
    except MemoryError as error:
        raise not_enough_memory(name) from error
    except Exception as error:  # as in `decode`
        reason = " ".join(str(error).split()) or type(error).__name__
        raise PhotoError(f"{name} cannot be read ({reason})", hint="open it again, or give the file's path") from error


def _decode_pillow(image: Image.Image, name: str) -> Decoded:
    notes: list[str] = []
    frames = 1 if image.format == "MPO" else int(getattr(image, "n_frames", 1))
    if frames > 1:
        notes.append(f"only the frame shown of {frames} is edited and written")
    turn, exif, xmp = _orientation(image), _exif_blob(image) or _exif_of_tags(image), _xmp(image)
    turned_exif = upright_exif(exif, sideways=turn >= 5) if exif else b""
    if image.mode in {"I", "F"}:
        raise PhotoError(
            f"{name} holds {image.mode} numbers, whose range is not known", hint=_numbers_hint(np.asarray(image))
        )
    if image.mode in _CONVERTED or image.mode in {"YCbCr", "HSV"}:
        image = image.convert(_CONVERTED.get(image.mode, "RGB"))
    mode = "I;16" if image.mode.startswith("I;16") else image.mode
    if mode not in _MODES:
        raise PhotoError(f"{name} is in mode {mode}, which automask does not edit", hint="give image.convert('RGB')")
    palette = _rgba_palette(image) if mode == "P" else None
    if mode == "I;16":
        samples: Samples = np.asarray(image).astype(np.uint16)
    else:
        samples = _read_in_bands(image.convert("L") if mode == "1" else image)
    # One pixel of it, written by Pillow, has all that surrounds the pixels: profile, transparency, resolution, palette.
    one = image.crop((0, 0, 1, 1)) if mode != "I;16" else Image.new("I;16", (1, 1))
    icc, dpi = image.info.get("icc_profile") or b"", image.info.get("dpi")
    options: dict[str, Any] = {"icc_profile": icc} if icc else {}
    if isinstance(dpi, tuple) and len(dpi) == 2 and all(0 < float(side) < 1e5 for side in dpi):
        options["dpi"] = tuple(map(float, dpi))
    buffer = io.BytesIO()
    if mode == "CMYK":
        one.save(buffer, "TIFF", **options, exif=turned_exif)
        around = replace(tiff_container(buffer.getvalue(), turn, notes), compressed=True)
    else:
        text = PngImagePlugin.PngInfo()
        if xmp:
            text.add_itxt("XML:com.adobe.xmp", xmp.decode("utf-8", "replace"))
        one.save(buffer, "PNG", **options, pnginfo=text)
        around = replace(png_container(buffer.getvalue(), palette, turned_exif, turn=turn, notes=notes), bits=8)
    samples = upright(samples, turn)
    samples.flags.writeable = False
    return Decoded(samples, mode, "TIFF" if mode == "CMYK" else "PNG", turned_exif, icc, tuple(notes), around)


def _exif_of_tags(image: Image.Image) -> bytes:
    """The EXIF of tags that were set on the image, or that a TIFF has, without those that describe a file's layout."""
    tags, kept = image.getexif(), Image.Exif()
    for number, value in tags.items():
        if number not in LAYOUT_TAGS | {700, 34665, 34853, 34675}:  # XMP, directories, profile
            kept[number] = value
    for number in (34665, 34853):
        inside = tags.get_ifd(number)
        if inside:
            kept.get_ifd(number).update(inside)
    blob = kept.tobytes() if len(kept) or any(map(tags.get_ifd, (34665, 34853))) else b""
    return blob.removeprefix(b"Exif\0\0")


def _numbers_hint(numbers: npt.NDArray[Any]) -> str:
    """What makes a photo of Pillow's 32-bit numbers, as their values suggest."""
    if numbers.dtype.kind == "i" and numbers.min() >= 0 and 255 < numbers.max() <= 65535:
        return "they fit 16 bits: give image.convert('I;16')"
    return array_hint(numbers).replace("array", "numpy.asarray(image)")


def _load_samples(
    image: Image.Image, data: bytes, name: str, format_: str, notes: list[str]
) -> tuple[Samples, str, npt.NDArray[np.uint8] | None, int]:
    """Samples as stored (not yet turned), mode, RGBA palette, and the EXIF turn (1..8) still to be made."""
    if format_ == "PNG":
        image.load()  # first: asked for EXIF, Pillow loads it too, and a broken chunk behind the picture goes unnoticed
    stored_turn = _orientation(image)
    layout = _layout_not_for_pillow(data, name) if format_ == "TIFF" else None
    own = _tiff_mode(layout) if layout else _deep_png_mode(data) if format_ == "PNG" else None
    if own is not None:
        samples = _load_tiff(data, own, layout, name) if layout else _load_deep_png(data, own, name)
        if own.endswith("16") and not (layout and (layout.separate or layout.is_multiplied)):
            # Pillow 13 mixes up separate planes without compression, and divides by alpha in 8 bits.
            _compare_with_pillow(image, samples, own, name, turn=stored_turn if layout else 1)
        return samples, own, None, stored_turn
    image.load()
    # Pillow turns a TIFF by itself while loading and forgets its orientation; the others keep it.
    turn = _orientation(image)
    mode = image.mode
    palette = None
    if mode == "1":
        samples = np.asarray(image.convert("L"))
    elif mode.startswith("I;16"):
        mode = "I;16"
        samples = np.asarray(image).astype(np.uint16)
        if format_ == "TIFF" and tiff_number(data, 262) == 0:
            samples = (65535 - samples).astype(np.uint16)  # white is 0 there: Pillow inverts 8 bits, not 16
    else:
        if mode == "P" or (mode == "L" and format_ == "GIF"):
            palette = _rgba_palette(image)
            mode = "P"
        elif mode in _CONVERTED:
            image = image.convert(_CONVERTED[mode])
            mode = image.mode
        if mode not in _MODES:
            raise PhotoError(
                f"{name!r} holds {mode} samples, which automask does not edit", hint="export it as 8-bit or 16-bit RGB"
            )
        samples = _read_in_bands(image)
    if format_ == "PNG" and image.mode in {"L", "I;16"} and data[24] in {2, 4}:
        notes.append(f"{data[24]}-bit grey is written as 8-bit grey")
    return samples, mode, palette, turn


def _read_in_bands(image: Image.Image) -> npt.NDArray[np.uint8]:
    """The image as an array, copied in bands: numpy.asarray(image) needs twice the image's size in addition."""
    width, height = image.size
    channels = len(image.getbands())
    out = np.empty((height, width) if channels == 1 else (height, width, channels), np.uint8)
    rows = max(1, BAND_PX // width)
    for top in range(0, height, rows):
        bottom = min(height, top + rows)
        out[top:bottom] = np.asarray(image.crop((0, top, width, bottom)))
    return out


def _rgba_palette(image: Image.Image) -> npt.NDArray[np.uint8]:
    """[256, 4] uint8: the colour of every index."""
    palette = np.zeros((256, 4), np.uint8)
    palette[:, 3] = 255
    if image.mode == "L":
        palette[:, :3] = np.arange(256, dtype=np.uint8)[:, None]
    else:
        colours = np.asarray(image.getpalette("RGBA") or [], np.uint8).reshape(-1, 4)
        palette[: len(colours)] = colours[:256]
    clear = image.info.get("transparency")
    if isinstance(clear, bytes):
        palette[: len(clear), 3] = np.frombuffer(clear, np.uint8)[:256]
    elif isinstance(clear, int):
        palette[clear, 3] = 0
    return palette


def _deep_png_mode(data: bytes) -> str | None:
    """The mode of a 16-bit PNG that Pillow would silently open as 8-bit; None for every other one."""
    return {2: "RGB;16", 4: "LA;16", 6: "RGBA;16"}.get(data[25]) if data[24] == 16 else None


def _layout_not_for_pillow(data: bytes, name: str) -> TiffLayout | None:
    """The layout of a TIFF that Pillow would reduce to 8 bits, or whose planes it would confuse; None for every other.

    Raises:
        PhotoError: Its samples have an unusual number of bits, or 16 of something that is not RGB.
    """
    if (bits := tiff_number(data, 258) or 1) not in {1, 2, 4, 8, 16, 32, 64}:
        # Pillow reads 12 bits as small 16-bit numbers: nearly black.
        raise PhotoError(f"{name!r} holds {bits}-bit samples", hint="export it with 8 or 16 bits")
    layout = tiff_layout(data)
    if layout is None or layout.channels == 1 or bits not in {8, 16}:
        return None
    if bits == 16 and layout.photometric != 2:
        raise PhotoError(f"{name!r} holds 16-bit samples that are not RGB", hint="export it as 16-bit RGB or as 8-bit")
    confused = layout.is_of_separate_bytes and layout.photometric in _TIFF_MODES
    return layout if bits == 16 or confused else None


_TIFF_MODES = {1: ("L", "LA"), 2: ("RGB", "RGBA"), 5: ("CMYK", "CMYK")}
"""By photometric interpretation, without and with alpha."""


def _tiff_mode(layout: TiffLayout) -> str:
    mode = _TIFF_MODES[layout.photometric][layout.has_alpha]
    return f"{mode};16" if layout.bits == 16 else mode


def _load_tiff(data: bytes, mode: str, layout: TiffLayout, name: str) -> Samples:
    """The samples of a TIFF as it holds them, without channels that the mode has no place for."""
    try:
        planes = [_grey_bytes(file) for file in byte_pictures(data, layout)]
    except ValueError as error:
        raise PhotoError(
            f"{name!r} holds samples that cannot be read here ({error})", hint="export it as PNG, or as 8-bit TIFF"
        ) from error
    samples = samples_of(planes, layout)[..., : _CHANNELS[mode.partition(";")[0]]]
    if layout.is_multiplied:
        _divide_by_alpha(samples)
    return cast(Samples, np.ascontiguousarray(samples[..., 0] if mode == "L" else samples))


_CHANNELS = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4, "CMYK": 4}


def _grey_bytes(file: bytes) -> npt.NDArray[np.uint8]:
    with Image.open(io.BytesIO(file), formats=["TIFF"]) as plane:
        return _read_in_bands(plane)


def _divide_by_alpha(samples: Samples) -> None:
    """Plain colours in place of those that their alpha was multiplied into, as Pillow makes them of 8 bits."""
    top = int(np.iinfo(samples.dtype).max)
    rows = max(1, BAND_PX // samples.shape[1])
    for at in range(0, len(samples), rows):
        band = samples[at : at + rows]
        alpha = band[..., -1:].astype(np.uint64)
        band[..., :-1] = np.where(alpha, np.minimum(band[..., :-1] * np.uint64(top) // np.maximum(alpha, 1), top), 0)


def _compare_with_pillow(image: Image.Image, samples: Samples, mode: str, name: str, *, turn: int) -> None:
    """Raises PhotoError where samples of 16 bits are not those that Pillow reads as 8 bits."""
    image.load()
    if image.mode != mode.removesuffix(";16"):
        return
    ours = upright(samples, turn)  # Pillow turns a TIFF while it loads
    rows = max(1, BAND_PX // image.width)
    for top in range(0, image.height, rows):
        bottom = min(image.height, top + rows)
        theirs = np.asarray(image.crop((0, top, image.width, bottom))).astype(np.int16)
        # Within one level, as a library may round or cut off.
        if np.abs((ours[top:bottom] >> 8).astype(np.int16) - theirs).max() > 1:
            raise PhotoError(
                f"{name!r} holds 16-bit samples that two libraries read differently", hint="export it as 8-bit"
            )


def _load_deep_png(data: bytes, mode: str, name: str) -> Samples:
    """[H, W, C] uint16, decoded by OpenCV (Pillow 13 still reduces these to 8 bits)."""
    if mode == "LA;16":  # grey and alpha, 16 bits each, have the bytes of 8-bit RGBA, and PNG filters bytes
        header, chunks = (
            data[16:24] + b"\x08\x06" + data[26:29],
            [(b"IDAT", d) for t, d in png_chunks(data) if t == b"IDAT"],
        )
        with Image.open(
            io.BytesIO(png_bytes([(b"IHDR", header), *chunks, (b"IEND", b"")])), formats=["PNG"]
        ) as bytes_image:
            as_bytes = _read_in_bands(bytes_image)
        return as_bytes.view(">u2").astype(np.uint16)
    import cv2

    # Only the picture itself: OpenCV would act on transparency keys and gamma.
    data = png_bytes([(kind, body) for kind, body in png_chunks(data) if kind in {b"IHDR", b"IDAT", b"IEND"}])
    array = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    channels = 4 if mode == "RGBA;16" else 3
    if array is None or array.dtype != np.uint16 or array.ndim != 3 or array.shape[2] != channels:
        raise PhotoError(
            f"{name!r} holds 16-bit samples that OpenCV does not read", hint="export it as PNG, or as 8-bit"
        )
    swapped: npt.NDArray[np.uint16] = cv2.cvtColor(array, cv2.COLOR_BGR2RGB if channels == 3 else cv2.COLOR_BGRA2RGBA)
    return swapped


def _xmp(image: Image.Image) -> bytes:
    xmp = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
    return xmp.encode() if isinstance(xmp, str) else bytes(xmp)


def _exif_blob(image: Image.Image) -> bytes:
    """The file's EXIF bytes, without the "Exif" in front; empty if it has none."""
    exif = image.info.get("exif") or b""
    for name in (
        () if exif else ("Raw profile type exif", "Raw profile type APP1")
    ):  # how ImageMagick stores it in a PNG
        try:
            profile = bytes.fromhex("".join(str(image.info.get(name, "")).split("\n")[3:]))
        except ValueError:
            continue
        exif = exif or (profile if profile.startswith((b"Exif\0\0", b"II", b"MM")) else b"")
    return exif[6:] if exif.startswith(b"Exif\0\0") else bytes(exif)


def _heif_notes(image: Image.Image) -> list[str]:
    notes = []
    depth = image.info.get("bit_depth", 8)
    if depth > 8:
        notes.append(f"its {depth}-bit samples are read and written as 8-bit samples")
    if image.info.get("depth_images") or image.info.get("aux"):
        notes.append("the depth map or HDR gain map in the file is not kept")
    return notes


def _orientation(image: Image.Image) -> int:
    """The orientation in EXIF, or else in XMP, 1..8; 1 where EXIF is broken."""
    try:
        turn = image.getexif().get(0x0112)
    except (SyntaxError, ValueError, KeyError, TypeError, struct.error):
        turn = None
    if turn is None:  # by hand: Pillow 11.0 looks into the XMP of a PNG, 11.1 into that of a JPEG too
        turn = xmp_orientation(_xmp(image))
    return turn if isinstance(turn, int) and 1 <= turn <= 8 else 1


def upright(samples: npt.NDArray[Any], turn: int) -> npt.NDArray[Any]:
    """The samples made upright, from EXIF orientation `turn` (Exif 2.32, tag 274)."""
    turned: npt.NDArray[Any] = samples.swapaxes(0, 1) if turn >= 5 else samples
    if turn in {2, 3, 6, 7}:
        turned = turned[:, ::-1]
    if turn in {3, 4, 7, 8}:
        turned = turned[::-1]
    return np.ascontiguousarray(turned)


def turned_back(samples: npt.NDArray[Any], turn: int) -> npt.NDArray[Any]:
    """Upright samples as a file of EXIF orientation `turn` stores them."""
    stored = samples
    if turn in {3, 4, 7, 8}:
        stored = stored[::-1]
    if turn in {2, 3, 6, 7}:
        stored = stored[:, ::-1]
    return np.ascontiguousarray(stored.swapaxes(0, 1) if turn >= 5 else stored)
