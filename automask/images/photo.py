"""Photos in and out: decoded in their own mode, worked on in sRGB, written back with only the repainted pixels changed.

`open_photo` keeps two pictures: `samples`, the decoded numbers in the photo's own mode, depth and profile, and `rgb`,
an 8-bit sRGB working copy (the same buffer where nothing had to be converted). `write_photo` starts from `samples` and
converts back only what was repainted; then it opens the file it wrote and counts what changed outside the mask.

Float becomes uint8 here and nowhere else.
"""

import contextlib
import difflib
import hashlib
import io
import math
import os
import re
import secrets
import struct
import threading
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias, cast

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFile, UnidentifiedImageError

from automask.errors import AutomaskError, ExtraMissing, MaskError, OutputError, PhotoError
from automask.images.wrapping import (
    PNG_SAMPLE_CHUNKS,
    Samples,
    Wrapping,
    is_lossless_webp,
    jpeg_wrapping,
    png_bytes,
    png_chunks,
    png_wrapping,
    tiff_bytes,
    tiff_number,
    tiff_wrapping,
    upright_exif,
    upright_xmp,
    with_segments,
    without_thumbnail,
    xmp_orientation,
)
from automask.types import Alpha, Rgb

PHOTO_SUFFIXES: frozenset[str] = frozenset(
    {
        *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".apng", ".webp", ".tif", ".tiff", ".bmp", ".gif"),
        *(".heic", ".heif", ".hif", ".avif"),
    }
)
"""Lower-case endings of the files that a folder is searched for."""

_SUFFIXES_OF = {
    "JPEG": {".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"},
    "PNG": {".png", ".apng"},
    "WEBP": {".webp"},
    "TIFF": {".tif", ".tiff"},
    "BMP": {".bmp", ".dib"},
    "GIF": {".gif"},
    "HEIF": {".heic", ".heif", ".hif"},
    "AVIF": {".avif", ".avifs"},
}
_RAW_SUFFIXES = frozenset(
    (".cr2", ".cr3", ".crw", ".nef", ".nrw", ".arw", ".srf", ".sr2", ".dng", ".raf", ".orf", ".rw2", ".pef", ".srw")
)
_MODES = frozenset({"1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "LA;16", "RGB;16", "RGBA;16"})
_BAND_PX = 1 << 20  # pixels converted at a time: bounds the memory of a conversion whatever the photo's size
_LOSSY_QUALITY = {"WEBP": 95, "HEIF": 90, "AVIF": 90}  # these files do not say the quality that they were written with


# ---------------------------------------------------------------------------------------------------------- numbers


def to_unit(levels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """The same picture as float32 in 0..1: each level n becomes n/255."""
    return levels.astype(np.float32) / np.float32(255)


def to_uint8(unit: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.uint8]:
    """The nearest of the 256 levels; values outside 0..1 are clipped.

    Args:
        unit: Any shape, float, meant to lie in 0..1.

    Raises:
        AutomaskError: For a value that is not a number: what it should have been is not known.
    """
    values = np.asarray(unit)
    if np.isnan(values).any():
        raise AutomaskError("a picture holds values that are not numbers (NaN)", mend="look at the editor that made it")
    scaled: npt.NDArray[np.floating[Any]] = np.rint(np.clip(values, 0.0, 1.0) * 255)
    return scaled.astype(np.uint8)


def quantise_alpha(alpha: npt.NDArray[np.floating[Any]]) -> Alpha:
    """The alpha rounded to n/255, as float32: what an 8-bit mask file can hold, so that its 0 means untouched."""
    return to_unit(to_uint8(alpha))


# ------------------------------------------------------------------------------------------------------------ values


@dataclass(frozen=True, slots=True, eq=False)
class Photo:
    """A photo, opened.

    Args:
        name: File name, "photo.png" for an array.
        rgb: [H, W, 3] uint8 sRGB working copy, upright, read-only.
        samples: The decoded numbers in the photo's own mode, upright, read-only: [H, W] or [H, W, C], uint8 or uint16.
            Palette photos hold indices; CMYK holds ink (255 is full); "1" holds 0 and 255.
        mode: "1", "L", "LA", "P", "RGB", "RGBA", "CMYK", or with 16 bits "I;16", "LA;16", "RGB;16", "RGBA;16".
        format: "JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "HEIF" or "AVIF".
        exif: EXIF bytes (a TIFF structure) with the orientation set to upright; empty where there are none.
        icc: Colour profile bytes, empty where there is none.
        notes: What the user should know about this photo, one sentence each.
        digest: sha256 of the file, or of the array's bytes.
        source: The file it came from; None for an array.
        wrapping: What else is written back with it.
    """

    name: str
    rgb: Rgb
    samples: Samples
    mode: str
    format: str
    exif: bytes
    icc: bytes
    notes: tuple[str, ...]
    digest: str
    source: Path | None = None
    wrapping: Wrapping = field(default_factory=Wrapping)

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height in pixels, upright."""
        return self.rgb.shape[1], self.rgb.shape[0]


@dataclass(frozen=True, slots=True)
class Written:
    """A photo, written and opened again.

    Args:
        path: Where it is.
        outside_changed_px: Pixels outside the mask that differ in the photo's own mode (in a lossy format: that differ
            in the samples handed to the encoder). Always 0: a file with others is not written.
        encoder_changed_px: Pixels outside the mask that a lossy encoder itself changed; 0 for the others.
        encoder_max_diff: The most that it changed one sample by.
        notes: What could not be kept and what was written instead, one sentence each.
    """

    path: Path
    outside_changed_px: int
    encoder_changed_px: int
    encoder_max_diff: int
    notes: tuple[str, ...]


# ------------------------------------------------------------------------------------------------------------ opening


def open_photo(source: str | Path | npt.NDArray[np.uint8], *, max_megapixels: float = 100) -> Photo:
    """The photo of a file, or of an array.

    Args:
        source: A path, or [H, W, 3] uint8 RGB, which is copied.
        max_megapixels: A larger photo is refused from its header, before anything is decoded.

    Raises:
        PhotoError: It cannot be read, in one line that says why and what to do.
        ExtraMissing: It is a HEIC photo and pillow-heif is not installed.
    """
    if isinstance(source, np.ndarray):
        return _photo_of_array(source, max_megapixels)
    if not isinstance(source, str | Path):
        raise PhotoError(
            f"a photo cannot be a {type(source).__name__}", mend="give a path, or an array [H, W, 3] uint8"
        )
    path, data = _read_bytes(source)
    decoded = _decode(data, str(path), max_megapixels)
    notes = list(decoded.notes)
    if path.suffix.lower() not in _SUFFIXES_OF[decoded.format]:
        notes.append(
            f"it is a {decoded.format} file, whatever its name says, and is written as one under the same name"
        )
    rgb, managed, colour_notes = _working_copy(decoded.samples, decoded.mode, decoded.wrapping.palette, decoded.icc)
    notes += colour_notes
    if decoded.mode.endswith("16"):
        notes.append("16 bits: the repainted part holds 8-bit detail, everything else keeps its 16 bits")
    rgb.flags.writeable = False
    return Photo(
        name=path.name,
        rgb=rgb,
        samples=decoded.samples,
        mode=decoded.mode,
        format=decoded.format,
        exif=decoded.exif,
        icc=decoded.icc,
        notes=tuple(notes),
        digest=hashlib.sha256(data).hexdigest(),
        source=path,
        wrapping=replace(decoded.wrapping, managed=managed),
    )


def _photo_of_array(array: npt.NDArray[np.uint8], max_megapixels: float) -> Photo:
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3:
        raise PhotoError(
            f"a photo array must be [H, W, 3] uint8 RGB, this one is {list(array.shape)} {array.dtype}",
            mend=_array_mend(array),
        )
    if array.size == 0:
        raise PhotoError(f"a photo array must hold pixels, this one is {list(array.shape)}", mend="give at least 1 x 1")
    _guard_size((array.shape[1], array.shape[0]), "the photo array", max_megapixels)
    rgb = array.copy(order="C")
    rgb.flags.writeable = False
    digest = hashlib.sha256(repr(rgb.shape).encode() + rgb.tobytes()).hexdigest()
    return Photo("photo.png", rgb, rgb, "RGB", "PNG", b"", b"", (), digest)


def _array_mend(array: npt.NDArray[Any]) -> str:
    if array.dtype != np.uint8:
        return "for floats in 0..1 use automask.images.to_uint8(array)"
    if array.ndim == 2:
        return "for grey use numpy.stack([array] * 3, axis=2)"
    if array.ndim == 3 and array.shape[2] == 4:
        return "give array[:, :, :3], or the path of the file, whose alpha is then kept"
    return "give height, width and the three colours, in this order"


def _guard_size(size_wh: tuple[int, int], name: str, max_megapixels: float) -> None:
    megapixels = size_wh[0] * size_wh[1] / 1e6
    if megapixels > max_megapixels:
        raise PhotoError(
            f"{name} has {size_wh[0]} x {size_wh[1]} = {megapixels:.1f} megapixels, "
            f"more than the {max_megapixels:g} allowed",
            mend=f"if that is wanted, allow it with max_megapixels={math.ceil(megapixels)}",
        )


def _read_bytes(source: str | Path) -> tuple[Path, bytes]:
    if isinstance(source, str) and re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", source):
        raise PhotoError(f"'{source}' is a web address", mend="download it first and give the file's name")
    if not str(source):
        raise PhotoError("the photo's name is empty", mend="give the path of a picture file")
    path = Path(source)
    try:
        data = path.read_bytes()
    except IsADirectoryError as error:
        raise PhotoError(f"'{path}' is a folder", mend="use 'automask batch' for a folder of photos") from error
    except FileNotFoundError as error:
        raise PhotoError(f"there is no file '{path}'", mend=_nearest_file(path)) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise PhotoError(f"cannot read '{path}': {reason}", mend="check its name and permissions") from error
    if not data:
        raise PhotoError(f"'{path}' is empty", mend="copy or download it again")
    if path.suffix.lower() in _RAW_SUFFIXES:
        raise PhotoError(f"'{path}' is a camera raw file", mend="export it as TIFF or JPEG from your raw converter")
    return path, data


def _nearest_file(path: Path) -> str:
    try:
        names = [entry.name for entry in path.parent.iterdir()]
    except OSError:
        return f"there is no folder '{path.parent}' either"
    near = difflib.get_close_matches(path.name, names, n=1)
    return f"did you mean '{path.parent / near[0]}'?" if near else "check the name and the folder"


@dataclass(frozen=True, slots=True, eq=False)
class _Decoded:
    samples: Samples
    mode: str
    format: str
    exif: bytes
    icc: bytes
    notes: tuple[str, ...]
    wrapping: Wrapping


_pillow_globals = threading.Lock()


@contextlib.contextmanager
def _strict_pillow() -> Iterator[None]:
    """Pillow with our own size guard and with cut files refused.

    Both are module globals there: MAX_IMAGE_PIXELS would warn or stop by a limit of its own, and some libraries switch
    LOAD_TRUNCATED_IMAGES on for the whole process. Put back at once, under a lock. Its warnings (odd
    EXIF, mostly) help nobody.
    """
    with _pillow_globals, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        limit, truncated = Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES
        Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES = None, False
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES = limit, truncated


def _decode(data: bytes, name: str, max_megapixels: float) -> _Decoded:
    """Samples and wrapping of a file's bytes; `name` is for messages."""
    format_ = _format_of(data)
    if format_ is None:
        raise _not_a_photo(data, name)
    _load_plugin(format_, name)
    try:
        with _strict_pillow(), Image.open(io.BytesIO(data), formats=[format_]) as image:
            _guard_size(image.size, f"'{name}'", max_megapixels)
            return _decode_image(image, data, name)
    except UnidentifiedImageError as error:
        kind = "HEIC" if format_ == "HEIF" else format_
        raise PhotoError(
            f"'{name}' is a {kind} file that is broken, or of a kind that Pillow does not read",
            mend="copy or download it again, or export it as PNG or 8-bit TIFF",
        ) from error
    except AutomaskError:
        raise
    except MemoryError as error:
        raise PhotoError(
            f"there is not enough memory to open '{name}'", mend="close other programs, or use a smaller copy"
        ) from error
    except Exception as error:
        # Pillow's decoders raise OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error, IndexError ...
        reason = " ".join(str(error).split()) or type(error).__name__
        raise PhotoError(
            f"'{name}' is broken or cut short ({reason})", mend="copy, download or export it again"
        ) from error


_HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"})


def _format_of(data: bytes) -> str | None:
    """The format by its first bytes, as Pillow names it; names and endings lie."""
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
    """Imports what Pillow opens the format with: it loads only the oldest formats by itself."""
    if format_ == "HEIF":
        try:
            from pillow_heif import register_heif_opener
        except ImportError as error:
            raise ExtraMissing(
                f"'{name}' is a HEIC photo, which needs the package pillow-heif",
                mend="run: pip install 'automask[heic]'",
            ) from error
        register_heif_opener()
    elif format_ == "AVIF":
        try:  # Pillow before 11.3 has none, and it can be built without
            import PIL.AvifImagePlugin

            ready = PIL.AvifImagePlugin.SUPPORTED
        except ImportError:
            ready = False
        if not ready:
            raise PhotoError(
                f"'{name}' is an AVIF photo, which this Pillow does not read", mend="run: pip install -U pillow"
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
    for start, what, mend in _KNOWN_STARTS:
        if head.startswith(start) or data.startswith(start):
            return PhotoError(f"'{name}' is {what}", mend=mend)
    lowered = head.lower()
    if lowered.startswith((b"<!doctype html", b"<html")):
        return PhotoError(f"'{name}' is a web page, not a picture", mend="save the picture itself from the browser")
    if b"<svg" in lowered:
        return PhotoError(f"'{name}' is a drawing (SVG), not a photo", mend="export it as PNG")
    if data[4:8] == b"ftyp":
        return PhotoError(f"'{name}' is a film or an unknown kind of picture", mend="export one frame as JPEG or PNG")
    kinds = "JPEG, PNG, WEBP, TIFF, BMP, GIF, HEIC or AVIF"
    if not any(byte < 9 or 13 < byte < 32 for byte in data[:512]):
        return PhotoError(f"'{name}' holds text, not a picture", mend=f"give a {kinds} file")
    return PhotoError(f"'{name}' is not a picture that can be read", mend=f"give a {kinds} file")


def _decode_image(image: Image.Image, data: bytes, name: str) -> _Decoded:
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
    upright = upright_exif(exif, sideways=turn >= 5) if exif else b""
    if format_ == "JPEG":
        wrapping = jpeg_wrapping(data, getattr(image, "quantization", {}), turn, notes)
    elif format_ == "PNG":
        wrapping = png_wrapping(data, palette, upright, turn=turn, notes=notes)
    elif format_ == "TIFF":
        wrapping = replace(tiff_wrapping(data, turn, notes), palette=palette)
    else:
        xmp = _xmp(image)
        dpi = image.info.get("dpi")
        comment = image.info.get("comment") or b""
        wrapping = Wrapping(
            palette=palette,
            xmp=upright_xmp(xmp) if turn != 1 else xmp,
            dpi=(dpi[1], dpi[0]) if dpi and turn >= 5 else dpi,
            comment=comment if isinstance(comment, bytes) else str(comment).encode(),
            lossless=format_ in {"GIF", "BMP"} or (format_ == "WEBP" and is_lossless_webp(data)),
        )
        if format_ == "HEIF":
            notes += _heif_notes(image)
    samples = _turned(samples, turn)
    samples.flags.writeable = False
    return _Decoded(samples, mode, format_, upright, icc, tuple(notes), wrapping)


def _load_samples(
    image: Image.Image, data: bytes, name: str, format_: str, notes: list[str]
) -> tuple[Samples, str, npt.NDArray[np.uint8] | None, int]:
    """Samples as stored (not yet turned), mode, RGBA palette, and the EXIF turn (1..8) still to be made."""
    deep = _deep_layout(data, format_, name)
    stored_turn = _orientation(image)
    image.load()
    if deep is not None:
        return (*_load_deep(data, format_, deep, name), None, stored_turn)
    # Pillow turns a TIFF by itself while loading and forgets its orientation; the others keep it.
    turn = _orientation(image)
    mode = image.mode
    palette = None
    if mode == "1":
        samples: Samples = np.asarray(image.convert("L"))
    elif mode.startswith("I;16"):
        mode = "I;16"
        samples = np.asarray(image).astype(np.uint16)
        if format_ == "TIFF" and tiff_number(data, 262) == 0:
            samples = (65535 - samples).astype(np.uint16)  # white is 0 there: Pillow inverts 8 bits, not 16
    else:
        if mode == "P" or (mode == "L" and format_ == "GIF"):
            palette = _rgba_palette(image)
            mode = "P"
        elif mode in {"RGBX", "PA", "La", "RGBa"}:
            image = image.convert({"RGBX": "RGB", "PA": "RGBA", "La": "LA", "RGBa": "RGBA"}[mode])
            mode = image.mode
        if mode not in _MODES:
            raise PhotoError(
                f"'{name}' holds {mode} samples, which automask does not edit", mend="export it as 8-bit or 16-bit RGB"
            )
        samples = _banded_array(image)
    if format_ == "PNG" and image.mode in {"L", "I;16"} and data[24] in {2, 4}:
        notes.append(f"{data[24]}-bit grey is written as 8-bit grey")
    return samples, mode, palette, turn


def _banded_array(image: Image.Image) -> npt.NDArray[np.uint8]:
    """The picture as an array, copied in bands: numpy.asarray(image) needs twice the picture's size besides."""
    width, height = image.size
    channels = len(image.getbands())
    out = np.empty((height, width) if channels == 1 else (height, width, channels), np.uint8)
    rows = max(1, _BAND_PX // width)
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


def _deep_layout(data: bytes, format_: str, name: str) -> str | None:
    """The 16-bit mode of a file that Pillow would open as 8-bit without a word; None for every other file."""
    if format_ == "PNG" and data[24] == 16:
        return {2: "RGB;16", 4: "LA;16", 6: "RGBA;16"}.get(data[25])
    if format_ == "TIFF" and (bits := tiff_number(data, 258) or 1) not in {1, 2, 4, 8, 16, 32, 64}:
        # Pillow reads 12 bits as small 16-bit numbers: nearly black.
        raise PhotoError(f"'{name}' holds {bits}-bit samples", mend="export it with 8 or 16 bits")
    if format_ == "TIFF" and bits == 16 and (channels := tiff_number(data, 277) or 1) > 1:
        layout = {(2, 3): "RGB;16", (2, 4): "RGBA;16"}.get((tiff_number(data, 262) or 0, channels))
        if layout is None:
            raise PhotoError(
                f"'{name}' holds 16-bit samples that are not RGB", mend="export it as 16-bit RGB or as 8-bit"
            )
        return layout
    return None


def _load_deep(data: bytes, format_: str, mode: str, name: str) -> tuple[Samples, str]:
    """[H, W, C] uint16 by OpenCV (Pillow 13 still cuts these to 8 bits); Pillow has loaded the data, so it is whole."""
    if mode == "LA;16":  # grey and alpha, 16 bits each, have the bytes of 8-bit RGBA, and PNG filters bytes
        header, chunks = (
            data[16:24] + b"\x08\x06" + data[26:29],
            [(b"IDAT", d) for t, d in png_chunks(data) if t == b"IDAT"],
        )
        with Image.open(
            io.BytesIO(png_bytes([(b"IHDR", header), *chunks, (b"IEND", b"")])), formats=["PNG"]
        ) as bytes_image:
            as_bytes = _banded_array(bytes_image)
        return as_bytes.view(">u2").astype(np.uint16), mode
    import cv2

    if format_ == "PNG":  # only the picture itself: OpenCV would act on transparency keys and gamma
        data = png_bytes([(kind, body) for kind, body in png_chunks(data) if kind in {b"IHDR", b"IDAT", b"IEND"}])
    else:
        data = upright_exif(data, sideways=False)  # OpenCV would turn it
    array = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    channels = 4 if mode == "RGBA;16" else 3
    if array is None or array.dtype != np.uint16 or array.ndim != 3 or array.shape[2] != channels:
        raise PhotoError(
            f"'{name}' holds 16-bit samples that OpenCV does not read", mend="export it as PNG, or as 8-bit"
        )
    swapped: npt.NDArray[np.uint16] = cv2.cvtColor(array, cv2.COLOR_BGR2RGB if channels == 3 else cv2.COLOR_BGRA2RGBA)
    return swapped, mode


def _xmp(image: Image.Image) -> bytes:
    xmp = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
    return xmp.encode() if isinstance(xmp, str) else bytes(xmp)


def _exif_blob(image: Image.Image) -> bytes:
    """The EXIF bytes of the file, without the "Exif" in front; empty where there are none."""
    exif = image.info.get("exif") or b""
    if not exif and "Raw profile type exif" in image.info:  # ImageMagick's way of putting EXIF into a PNG
        hexadecimal = "".join(str(image.info["Raw profile type exif"]).split("\n")[3:])
        try:
            exif = bytes.fromhex(hexadecimal)
        except ValueError:
            exif = b""
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
    """EXIF orientation (or XMP's), 1..8; broken EXIF says nothing."""
    try:
        turn = image.getexif().get(0x0112)
    except (SyntaxError, ValueError, KeyError, TypeError, struct.error):
        turn = None
    if turn is None:  # by hand: Pillow 11.0 looks into the XMP of a PNG, 11.1 into that of a JPEG too
        turn = xmp_orientation(_xmp(image))
    return turn if isinstance(turn, int) and 1 <= turn <= 8 else 1


def _turned(samples: Samples, turn: int) -> Samples:
    """The samples upright, from EXIF orientation `turn` (Exif 2.32, tag 274)."""
    upright: npt.NDArray[Any] = samples.swapaxes(0, 1) if turn >= 5 else samples
    if turn in {2, 3, 6, 7}:
        upright = upright[:, ::-1]
    if turn in {3, 4, 7, 8}:
        upright = upright[::-1]
    return np.ascontiguousarray(upright)


# ------------------------------------------------------------------------------------------------------------- colour


def _colour_space(mode: str) -> Literal["L", "RGB", "CMYK"]:
    return "CMYK" if mode == "CMYK" else "RGB" if mode.startswith(("RGB", "P")) else "L"


def _colour_channels(samples: Samples, mode: str) -> Samples:
    """[H, W, C] or [..., C] without alpha; grey gets a last axis of length 1."""
    if mode in {"1", "L", "I;16", "P"}:
        return samples[..., None]
    count = {"L": 1, "RGB": 3, "CMYK": 4}[_colour_space(mode)]
    return samples[..., :count]


Colours: TypeAlias = Callable[[npt.NDArray[np.uint8]], npt.NDArray[np.uint8]]
"""From [N, C] to [N, D] uint8."""


def _profile_transforms(icc: bytes, space: Literal["L", "RGB", "CMYK"]) -> tuple[Colours, Colours] | None:
    """To sRGB and back by the photo's profile; None where it does not fit the samples or has no way back.

    Relative colorimetric with black-point compensation both ways, so that a colour which sRGB holds returns to itself.
    """
    from PIL import ImageCms

    def between(source: Any, target: Any, source_mode: str, target_mode: str) -> Colours:
        transform = ImageCms.buildTransform(
            source,
            target,
            source_mode,
            target_mode,
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            ImageCms.Flags.BLACKPOINTCOMPENSATION | ImageCms.Flags.HIGHRESPRECALC,
        )
        source_channels, target_channels = ({"L": 1, "RGB": 3, "CMYK": 4}[mode] for mode in (source_mode, target_mode))

        def apply(colours: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
            flat = np.ascontiguousarray(colours.reshape(-1, source_channels))
            if not len(flat):
                return np.empty((0, target_channels), np.uint8)
            line = Image.frombytes(source_mode, (len(flat), 1), flat.tobytes())
            return np.asarray(ImageCms.applyTransform(line, transform), np.uint8).reshape(-1, target_channels)

        return apply

    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        if profile.profile.xcolor_space.strip() != {"L": "GRAY"}.get(space, space):
            return None
        srgb = ImageCms.createProfile("sRGB")
        return between(profile, srgb, space, "RGB"), between(srgb, profile, "RGB", space)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None


def _working_copy(
    samples: Samples, mode: str, palette: npt.NDArray[np.uint8] | None, icc: bytes
) -> tuple[Rgb, bool, list[str]]:
    """The sRGB copy, whether the profile was used for it, and what is to be said about that."""
    space = _colour_space(mode)
    notes: list[str] = []
    transforms = None
    if icc:
        transforms = _profile_transforms(icc, space)
        if transforms is None:
            notes.append(
                "its colour profile is broken or made for other samples: kept, but colours are read without it"
            )
        elif space != "CMYK" and _is_srgb(transforms[0], space):
            transforms = None
    if mode == "P" and palette is not None:
        colours = np.ascontiguousarray(palette[:, :3])
        return (transforms[0](colours) if transforms else colours)[samples], transforms is not None, notes
    if transforms is None and mode == "RGB":
        return cast(Rgb, samples), False, notes
    to_srgb = transforms[0] if transforms else _plain_to_srgb(space)
    height, width = samples.shape[:2]
    rgb = np.empty((height, width, 3), np.uint8)
    rows = max(1, _BAND_PX // width)
    for top in range(0, height, rows):
        band = _to_8_bits(_colour_channels(samples[top : top + rows], mode))
        rgb[top : top + rows] = to_srgb(band).reshape(*band.shape[:2], 3)
    return rgb, transforms is not None, notes


def _is_srgb(to_srgb: Colours, space: Literal["L", "RGB", "CMYK"]) -> bool:
    """True when the profile moves no colour by more than one level: sRGB under whatever name."""
    steps = np.arange(0, 256, 15, dtype=np.uint8)
    if space == "L":
        grid = steps[:, None]
    else:
        grid = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3)
    moved = to_srgb(grid).astype(np.int16) - grid.astype(np.int16)
    return int(np.abs(moved).max()) <= 1


def _to_8_bits(samples: Samples) -> npt.NDArray[np.uint8]:
    if samples.dtype == np.uint8:
        return cast(npt.NDArray[np.uint8], samples)
    return ((samples.astype(np.uint32) + 128) // 257).astype(np.uint8)


def _plain_to_srgb(space: Literal["L", "RGB", "CMYK"]) -> Colours:
    def grey(colours: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        return np.repeat(colours.reshape(-1, 1), 3, axis=1)

    def ink(colours: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        paper = 255 - colours.reshape(-1, 4).astype(np.uint32)
        return ((paper[:, :3] * paper[:, 3:] + 127) // 255).astype(np.uint8)

    def same(colours: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        return colours.reshape(-1, 3)

    return {"L": grey, "RGB": same, "CMYK": ink}[space]


def _plain_from_srgb(space: Literal["L", "RGB", "CMYK"]) -> Colours:
    def grey(colours: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        return _luma(colours).reshape(-1, 1)

    def ink(colours: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        return _inks(colours, 255 - colours.max(axis=1).astype(np.uint32))  # all grey goes to black ink

    def same(colours: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        return colours

    return {"L": grey, "RGB": same, "CMYK": ink}[space]


def _inks(colours: npt.NDArray[np.uint8], black: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint8]:
    """[N, 4] cyan, magenta, yellow and the given black, which is at most 255 - the lightest of r, g, b."""
    paper = 255 - black[:, None]
    tints = (255 * (paper - colours) + paper // 2) // np.maximum(paper, 1)
    return np.concatenate([tints, black[:, None]], axis=1).astype(np.uint8)


def _luma(colours: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """ITU-R BT.601 grey in the integers that Pillow uses: r = g = b gives that very level."""
    wide = colours.astype(np.uint32)
    return ((wide[..., 0] * 19595 + wide[..., 1] * 38470 + wide[..., 2] * 7471 + 0x8000) >> 16).astype(np.uint8)


# ------------------------------------------------------------------------------------------------------------ writing


def write_photo(
    photo: Photo, result: Rgb, alpha: npt.NDArray[np.uint8] | npt.NDArray[np.floating[Any]], path: str | Path
) -> Written:
    """The photo with its repainted pixels, in its own format, written under a temporary name, checked, then renamed.

    A pixel is converted back into the photo's own mode, profile and depth where alpha is above 0 and `result` differs
    from `photo.rgb`; all others are the samples that were read, whatever `result` holds there. Alpha channels are never
    changed.

    Args:
        photo: From `open_photo`.
        result: [H, W, 3] uint8 sRGB, the size of `photo.rgb`.
        alpha: [H, W] share of the repainted picture: uint8, or float in 0..1. 0 means untouched.
        path: Where to; its folder is made. The format is the photo's, whatever the ending.

    Raises:
        OutputError: It cannot be written there, it is the input itself, or the check after writing failed. A file that
            was there before is then still there.
    """
    path = Path(path)
    _refuse_source(photo, path)
    if result.shape != photo.rgb.shape or result.dtype != np.uint8:
        raise OutputError(
            f"the result is {list(result.shape)} {result.dtype}, the photo {list(photo.rgb.shape)} uint8",
            mend="write a result of the photo's own size",
        )
    levels = alpha if alpha.dtype == np.uint8 else to_uint8(cast(npt.NDArray[np.floating[Any]], alpha))
    if levels.shape != photo.rgb.shape[:2]:
        raise OutputError(
            f"alpha is {list(levels.shape)}, the photo {list(photo.rgb.shape[:2])}",
            mend="write an alpha of the photo's own size",
        )
    touched = levels > 0
    samples, mode, palette, notes = _own_samples(photo, result, cast(npt.NDArray[np.uint8], levels), touched)
    before = _plain(photo.samples, photo.mode, photo.wrapping.palette)
    handed = _plain(samples, mode, palette)
    with atomic_path(path) as temporary:
        temporary.write_bytes(_encode(photo, samples, mode, palette))
        again = _decode(temporary.read_bytes(), path.name, math.inf)
        read = _plain(again.samples, again.mode, again.wrapping.palette)
        if read.shape[:2] != handed.shape[:2] or read.ndim != handed.ndim or read.dtype != handed.dtype:
            raise OutputError(
                f"'{path.name}' came back as {list(read.shape)} {read.dtype}, not {list(handed.shape)} {handed.dtype}",
                mend="nothing was written; save the photo as PNG and try again",
            )
        if photo.wrapping.lossless:
            outside, _ = _differences(before, read, touched)
            loss, most = 0, 0
        else:
            outside, _ = _differences(before, handed, touched)
            loss, most = _differences(handed, read, touched)
        if outside:
            raise OutputError(
                f"'{path.name}' would have {outside} changed pixels outside the mask",
                mend="nothing was written; save the photo as PNG and try again, and report this photo",
            )
    return Written(path, outside, loss, most, tuple(notes))


def see_through(photo: Photo) -> npt.NDArray[np.bool_]:
    """[H, W] bool: where the photo is less than half opaque, so that what is painted there hardly shows."""
    wrapping = photo.wrapping
    if wrapping.clear_key is not None and photo.mode != "P":
        return _is_key(photo.samples, wrapping.clear_key)
    if photo.mode == "P" and wrapping.palette is not None:
        return (wrapping.palette[:, 3] < 128)[photo.samples]
    if photo.mode.split(";")[0] in {"LA", "RGBA"}:
        return photo.samples[..., -1] < np.iinfo(photo.samples.dtype).max // 2
    return np.zeros(photo.rgb.shape[:2], np.bool_)


def _refuse_source(photo: Photo, path: Path) -> None:
    try:
        same = photo.source is not None and path.exists() and path.samefile(photo.source)
    except OSError:
        same = False
    if same:
        raise OutputError(f"'{path}' is the photo itself, which is never overwritten", mend="write into another folder")


def _plain(samples: Samples, mode: str, palette: npt.NDArray[np.uint8] | None) -> Samples:
    return palette[samples] if mode == "P" and palette is not None else samples


def _differences(first: Samples, second: Samples, touched: npt.NDArray[np.bool_]) -> tuple[int, int]:
    """Pixels outside `touched` that differ, and by how much at most; RGBA and RGB are compared in what both have."""
    count = most = 0
    rows = max(1, _BAND_PX // touched.shape[1])
    for top in range(0, touched.shape[0], rows):
        one, two = first[top : top + rows], second[top : top + rows]
        if one.ndim == 3:
            channels = min(one.shape[2], two.shape[2])
            one, two = one[..., :channels], two[..., :channels]
        if np.array_equal(one, two):
            continue
        # Channel by channel: NumPy reduces a last axis of length 3 some ten times slower.
        planes = [(one, two)] if one.ndim == 2 else [(one[..., at], two[..., at]) for at in range(one.shape[2])]
        apart = np.zeros(one.shape[:2], one.dtype)
        for a, b in planes:
            np.maximum(apart, np.maximum(a, b) - np.minimum(a, b), out=apart)
        apart = apart[~touched[top : top + rows]]
        count += int(np.count_nonzero(apart))
        most = max(most, int(apart.max(initial=0)))
    return count, most


def _own_samples(
    photo: Photo, result: Rgb, levels: npt.NDArray[np.uint8], touched: npt.NDArray[np.bool_]
) -> tuple[Samples, str, npt.NDArray[np.uint8] | None, list[str]]:
    """Samples to write, their mode, their palette, and what is to be said."""
    palette = photo.wrapping.palette
    changed = np.logical_or.reduce([result[..., at] != photo.rgb[..., at] for at in range(3)]) & touched
    if photo.wrapping.clear_key is not None and photo.mode != "P":
        changed &= ~_is_key(photo.samples, photo.wrapping.clear_key)
    if not changed.any():
        return photo.samples, photo.mode, palette, []
    notes: list[str] = []
    colours = result[changed]
    space = _colour_space(photo.mode)
    transforms = _profile_transforms(photo.icc, space) if photo.wrapping.managed else None
    from_srgb = transforms[1] if transforms else _plain_from_srgb(space)
    if photo.mode == "P" and palette is not None:
        own = _in_bands(from_srgb, colours)
        if photo.format == "GIF":
            samples, palette, used = _gif_samples(photo.samples, palette, changed, own)
            notes.append(f"a GIF holds 256 colours: the repainted part is drawn with {used}")
            return samples, "P", palette, notes
        notes.append("its palette cannot hold new colours: written as RGB with every old colour as it was")
        see_through = bool((palette[np.unique(photo.samples), 3] < 255).any())
        spread = palette[photo.samples] if see_through else palette[:, :3][photo.samples]
        spread[..., :3][changed] = own
        return spread, "RGBA" if see_through else "RGB", None, notes
    if space == "L" and photo.mode != "1" and int(np.ptp(colours, axis=1).max()) > 8:
        notes.append(
            "a grey photo holds no colour: the repainted part is written in grey; save the photo as RGB to keep it"
        )
    if photo.mode == "1":
        notes.append("a black-and-white photo holds no greys: the repainted part is written in black and white")
    samples = photo.samples.copy()
    samples.flags.writeable = True
    into = _colour_channels(samples, photo.mode)
    into[changed] = _mixed_back(photo, colours, into[changed], levels[changed], photo.rgb[changed], from_srgb)
    if photo.wrapping.clear_key is not None:
        key = _is_key(samples, photo.wrapping.clear_key) & changed
        last = into[..., -1]
        last[key] = np.where(last[key] > 0, last[key] - 1, 1)  # a painted pixel must not become "transparent" by chance
    return samples, photo.mode, palette, notes


def _mixed_back(
    photo: Photo,
    colours: npt.NDArray[np.uint8],
    old: Samples,
    levels: npt.NDArray[np.uint8],
    old_rgb: npt.NDArray[np.uint8],
    from_srgb: Colours,
) -> Samples:
    """[N, C] repainted colours in the photo's own numbers.

    What the way to 8-bit sRGB and back loses of the old sample (low bits, colours outside sRGB) is added back by
    1 - alpha, so that a soft edge starts at the old sample and not at its 8-bit copy. Inks cannot be added to: another
    split of the same colour clips (230 levels off in a feathered edge). Without a profile the black ink goes over from
    the old to the new split instead, at the same colour; with one, the profile's split is taken as it is.
    """
    if photo.mode == "1":
        return np.where(_luma(colours) >= 128, 255, 0).astype(np.uint8)[:, None]
    scale = 257 if photo.samples.dtype == np.uint16 else 1
    top = 255 * scale
    out = np.empty_like(old)
    for start in range(0, len(colours), _BAND_PX):
        part = slice(start, start + _BAND_PX)
        new = from_srgb(colours[part])
        if photo.mode == "CMYK" and not photo.wrapping.managed:
            black = new[:, 3].astype(np.float32)
            mixed = black + (1 - to_unit(levels[part])) * (old[part][:, 3].astype(np.float32) - black)
            out[part] = _inks(colours[part], np.minimum(np.rint(mixed), black).astype(np.uint32))
            continue
        if photo.mode == "CMYK" or (scale == 1 and not photo.wrapping.managed):
            out[part] = new
            continue
        rest = (1 - to_unit(levels[part]))[:, None]
        lost = old[part].astype(np.float32) - from_srgb(old_rgb[part]).astype(np.float32) * scale
        out[part] = np.clip(np.rint(new.astype(np.float32) * scale + rest * lost), 0, top).astype(old.dtype)
    return out


def _in_bands(convert: Colours, colours: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    return np.concatenate([convert(colours[at : at + _BAND_PX]) for at in range(0, len(colours), _BAND_PX)])


def _is_key(samples: Samples, key: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    if samples.ndim == 2:
        return cast(npt.NDArray[np.bool_], samples == key[0])
    return cast(npt.NDArray[np.bool_], (samples == np.asarray(key[: samples.shape[2]])).all(axis=2))


def _gif_samples(
    indices: Samples, palette: npt.NDArray[np.uint8], changed: npt.NDArray[np.bool_], colours: npt.NDArray[np.uint8]
) -> tuple[Samples, npt.NDArray[np.uint8], str]:
    """Indices and palette in which everything unchanged keeps its index and colour; see-through pixels stay so."""
    solid = palette[indices[changed], 3] == 255
    painted = np.zeros_like(changed)
    painted[changed] = solid
    colours = colours[solid]
    kept = np.zeros(256, bool)
    kept[np.unique(indices[~painted])] = True
    kept |= palette[:, 3] < 255
    free = np.flatnonzero(~kept)
    wanted = np.unique(colours, axis=0)
    palette = palette.copy()
    samples = cast(npt.NDArray[np.uint8], indices.copy())
    told = f"its {len(wanted)} exact colours"
    if len(wanted) > len(free):
        told = (
            f"{len(free)} new colours and those of the rest"
            if len(free)
            else "the colours of the rest, as none is free"
        )
        line = Image.frombytes("RGB", (len(colours), 1), colours.tobytes())
        if len(free):
            reduced = line.quantize(len(free), method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
            wanted = np.asarray(reduced.getpalette("RGB"), np.uint8).reshape(-1, 3)[: len(free)]
        else:
            wanted = wanted[:0]
    palette[free[: len(wanted)], :3] = wanted
    usable = np.concatenate([np.flatnonzero(kept & (palette[:, 3] == 255)), free[: len(wanted)]])
    keys, which = np.unique(colours, axis=0, return_inverse=True)
    nearest = np.concatenate(
        [
            usable[
                ((keys[at : at + 4096, None].astype(np.int32) - palette[None, usable, :3].astype(np.int32)) ** 2)
                .sum(axis=2)
                .argmin(axis=1)
            ]
            for at in range(0, len(keys), 4096)
        ]
        or [usable[:0]]
    )
    samples[painted] = nearest[which.ravel()].astype(np.uint8)
    return samples, palette, told


# ----------------------------------------------------------------------------------------------------------- encoders


def _encode(photo: Photo, samples: Samples, mode: str, palette: npt.NDArray[np.uint8] | None) -> bytes:
    """The bytes of the file.

    Raises:
        OutputError: The library that writes the format is missing or refuses.
    """
    repainted = samples is not photo.samples
    exif = without_thumbnail(photo.exif) if repainted else photo.exif
    if photo.format == "PNG":
        return _encode_png(photo, samples, mode, palette, exif)
    if photo.format == "TIFF":
        return tiff_bytes(samples, mode, palette, photo.wrapping)
    wrapping = photo.wrapping
    options: dict[str, Any] = {}
    if photo.format == "JPEG":
        tables = wrapping.qtables
        options = {"qtables": [list(table) for table in (tables[:2] if tables[1:2] == tables[2:3] else tables)]}
        options |= {"progressive": wrapping.progressive, "keep_rgb": wrapping.keep_rgb}
        if mode == "RGB":
            options["subsampling"] = wrapping.subsampling
    elif photo.format == "GIF" and palette is not None:
        clear = np.flatnonzero(palette[:, 3] == 0)
        options = {"optimize": False, "comment": wrapping.comment}
        if len(clear):
            options["transparency"] = int(clear[0])
    elif photo.format == "BMP":
        options = {"dpi": wrapping.dpi} if wrapping.dpi else {}
    else:
        options = {"exif": exif, "icc_profile": photo.icc, "xmp": wrapping.xmp}
        options = {name: value for name, value in options.items() if value}
        if photo.format == "WEBP":
            options |= {"exact": True}
        options |= {"lossless": True} if wrapping.lossless else {"quality": _LOSSY_QUALITY[photo.format]}
    data = _pillow_bytes(_pillow_image(samples, mode, palette), photo.format, options, photo.name)
    return with_segments(data, wrapping.segments, repainted=repainted) if photo.format == "JPEG" else data


def _pillow_image(samples: Samples, mode: str, palette: npt.NDArray[np.uint8] | None) -> Image.Image:
    size = (samples.shape[1], samples.shape[0])
    if mode == "1":
        return Image.frombytes("1", size, np.packbits(samples > 127, axis=1).tobytes())
    if mode == "I;16":
        return Image.frombytes("I;16", size, samples.astype("<u2").tobytes())
    image = Image.frombytes(mode, size, np.ascontiguousarray(samples).tobytes())
    if palette is not None and mode == "P":
        image.putpalette(palette[:, :3].tobytes(), "RGB")
    return image


def _pillow_bytes(image: Image.Image, format_: str, options: dict[str, Any], name: str) -> bytes:
    buffer = io.BytesIO()
    try:
        image.save(buffer, format_, **options)
    except (OSError, ValueError, KeyError, RuntimeError, TypeError) as error:
        raise OutputError(
            f"'{name}' cannot be written as {format_} by the libraries here ({error})",
            mend="save the photo as PNG or JPEG first",
        ) from error
    return buffer.getvalue()


def _encode_png(photo: Photo, samples: Samples, mode: str, palette: npt.NDArray[np.uint8] | None, exif: bytes) -> bytes:
    if mode == "LA;16":
        as_bytes = samples.astype(">u2").view(np.uint8)
        data = _pillow_bytes(_pillow_image(as_bytes, "RGBA", None), "PNG", {}, photo.name)
        chunks = [
            (kind, body[:8] + b"\x10\x04" + body[10:] if kind == b"IHDR" else body) for kind, body in png_chunks(data)
        ]
    elif mode in {"RGB;16", "RGBA;16"}:
        import cv2

        code = cv2.COLOR_RGB2BGR if mode == "RGB;16" else cv2.COLOR_RGBA2BGRA
        done, encoded = cv2.imencode(".png", cv2.cvtColor(samples, code), [cv2.IMWRITE_PNG_COMPRESSION, 4])
        if not done:
            raise OutputError(
                f"OpenCV does not write '{photo.name}' as a 16-bit PNG", mend="save the photo as 8-bit PNG first"
            )
        chunks = list(png_chunks(encoded.tobytes()))
    else:
        options = {"bits": photo.wrapping.bits} if mode == "P" else {}
        chunks = list(png_chunks(_pillow_bytes(_pillow_image(samples, mode, palette), "PNG", options, photo.name)))
    before, after = (
        [
            (kind, exif if kind == b"eXIf" else body)
            for kind, body in part
            if mode == photo.mode or kind not in PNG_SAMPLE_CHUNKS
        ]
        for part in photo.wrapping.chunks
    )
    head = [chunk for chunk in chunks if chunk[0] == b"IHDR"]
    picture = [chunk for chunk in chunks if chunk[0] == b"IDAT"]
    return png_bytes([*head, *before, *picture, *after, (b"IEND", b"")])


# ------------------------------------------------------------------------------------------------- masks and pictures


def write_mask(path: str | Path, alpha: Alpha) -> None:
    """Writes alpha as an 8-bit grey PNG: 0 untouched, 255 repainted.

    Args:
        path: Where to; its folder is made.
        alpha: [H, W] float32 in 0..1.

    Raises:
        MaskError: It is not [H, W].
        OutputError: It cannot be written there.
    """
    if alpha.ndim != 2:
        raise MaskError(f"a mask must be [H, W], this one is {list(alpha.shape)}", mend="write one mask a file")
    with atomic_path(path) as temporary:
        temporary.write_bytes(_pillow_bytes(_pillow_image(to_uint8(alpha), "L", None), "PNG", {}, temporary.name))


def read_mask(path: str | Path, *, size_hw: tuple[int, int]) -> Alpha:
    """The alpha in a mask file, one that `write_mask` wrote or that a person drew.

    Grey is the share to repaint; of a colour picture the luminance. Where a picture is see-through, it is untouched; a
    shape of one single colour on a see-through ground counts by its opacity alone, so that any brush will do. Colour
    profiles are ignored: the numbers are the mask.

    Args:
        path: A picture of the photo's size, of any kind that `open_photo` reads.
        size_hw: Height and width of the photo, upright.

    Returns:
        [H, W] float32, always some n/255.

    Raises:
        MaskError: It cannot be read or has another size.
    """
    try:
        file, data = _read_bytes(path)
        decoded = _decode(data, str(file), max(100.0, size_hw[0] * size_hw[1] / 1e6))
    except PhotoError as error:
        raise MaskError(f"no mask: {error.problem}", mend=error.mend) from error
    found_hw = decoded.samples.shape[:2]
    if found_hw != tuple(size_hw):
        raise MaskError(
            f"the mask '{file}' is {found_hw[1]} x {found_hw[0]} px and the photo {size_hw[1]} x {size_hw[0]} px",
            mend="save the mask at the photo's size, or make it again with 'automask mask'",
        )
    samples = _to_8_bits(_plain(decoded.samples, decoded.mode, decoded.wrapping.palette))
    mode = "RGBA" if decoded.mode == "P" else decoded.mode.split(";")[0]
    if mode in {"1", "L", "I"}:
        return to_unit(samples)
    if mode == "CMYK":
        return to_unit(_luma(_plain_to_srgb("CMYK")(samples.reshape(-1, 4)).reshape(*found_hw, 3)))
    grey = _luma(samples) if mode.startswith("RGB") else samples[..., 0]
    if mode in {"LA", "RGBA"}:
        opacity = samples[..., -1]
        visible = grey[opacity > 0]
        if opacity.min() < 255 and (visible.size == 0 or int(visible.max()) - int(visible.min()) <= 2):
            return to_unit(opacity)
        return quantise_alpha(to_unit(grey) * to_unit(opacity))
    return to_unit(grey)


def write_picture(path: str | Path, rgb: Rgb) -> None:
    """Writes a picture to look at (an overlay, a before-and-after) as JPEG or PNG, by the ending of the name.

    Raises:
        OutputError: Another ending, or it cannot be written there.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in {".jpg", ".jpeg", ".png"}:
        raise OutputError(f"'{path.name}' does not end in .jpg or .png", mend="pick one of the two")
    if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3:
        raise OutputError(
            f"a picture must be [H, W, 3] uint8, this one is {list(rgb.shape)} {rgb.dtype}", mend="convert it first"
        )
    format_, options = ("PNG", {}) if suffix == ".png" else ("JPEG", {"quality": 92, "subsampling": 0})
    with atomic_path(path) as temporary:
        temporary.write_bytes(_pillow_bytes(_pillow_image(rgb, "RGB", None), format_, options, path.name))


@contextlib.contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """A temporary name in the same folder, which takes the place of `path` when the block ends well.

    The folder is made. When the block raises, Ctrl-C included, the temporary file is removed and what was at `path`
    stays.

    Raises:
        OutputError: For whatever the system refuses (no permission, disk full, a folder in the way).
    """
    path = Path(path)
    temporary = path.parent / f".automask-{secrets.token_hex(6)}{path.suffix}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        os.replace(temporary, path)  # noqa: PTH105 - Path.replace is the same call; this one is named in the contract
    except AutomaskError:
        temporary.unlink(missing_ok=True)
        raise
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        reason = error.strerror or str(error)
        raise OutputError(
            f"cannot write '{path}': {reason}", mend="check the folder, its permissions and the free space"
        ) from error
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
