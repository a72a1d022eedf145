"""A photo: decoded in its own mode, worked on in sRGB.

`open_photo` keeps two pictures: `samples`, the decoded numbers in the photo's own mode, depth and profile, and `rgb`,
an 8-bit sRGB working copy (the same buffer where nothing had to be converted). `write_photo` (`encode.py`) starts from
`samples` and converts back only what was repainted.
"""

import io
import math
import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO, Literal, TypeAlias, cast

import numpy as np
import numpy.typing as npt
from PIL import Image

from automask.errors import PhotoError
from automask.fingerprint import bytes_digest
from automask.images.arrays import array_hint
from automask.images.borders import border_notes
from automask.images.colour import working_copy
from automask.images.containers import ContainerData, Samples
from automask.images.decode import Decoded, check_size, decode, decode_pillow, most_bytes, read_bytes
from automask.types import Rgb

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
PHOTO_SUFFIXES: frozenset[str] = frozenset().union(*_SUFFIXES_OF.values())
"""Lower-case endings of the files that a folder is searched for: all that a photo may have without a note."""

_SUFFIX_OF = {
    **{"JPEG": ".jpg", "PNG": ".png", "WEBP": ".webp", "TIFF": ".tif", "BMP": ".bmp", "GIF": ".gif"},
    **{"HEIF": ".heic", "AVIF": ".avif"},
}
"""What a photo without a name is called after."""


@dataclass(frozen=True, slots=True, eq=False)
class Photo:
    """A photo, opened.

    Args:
        name: File name; "photo" with the format's suffix where there is none: "photo.png" for an array.
        rgb: [H, W, 3] uint8 sRGB working copy, upright, read-only.
        samples: The decoded numbers in the photo's own mode, upright, read-only: [H, W] or [H, W, C], uint8 or uint16.
            Palette photos hold indices; CMYK holds ink (255 is full); "1" holds 0 and 255.
        mode: "1", "L", "LA", "P", "RGB", "RGBA", "CMYK", or with 16 bits "I;16", "LA;16", "RGB;16", "RGBA;16".
        format: "JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "HEIF" or "AVIF".
        exif: EXIF bytes (a TIFF structure) with the orientation set to upright; empty where there are none.
        icc: Colour profile bytes, empty where there is none.
        notes: What the user should know about this photo, one sentence each.
        digest: sha256 of the file, or of the pixels of an array or a Pillow image.
        source: The file it came from, which is never written to; None where there is none.
        container: What else is written back with it.
        data: The file's bytes, where they were given as bytes or an open file; None otherwise.
        from_pixels: True for an array or a Pillow image: there are no file's bytes to go back to.
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
    container: ContainerData = field(default_factory=ContainerData)
    data: bytes | None = None
    from_pixels: bool = False

    def __repr__(self) -> str:
        width, height = self.size_wh
        return f"<Photo {self.name!r}: {width} x {height}, {self.mode}, {self.format}>"

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
        encoder: "exact" where what is not repainted was kept as the file had it: every sample, or in a JPEG every block
            without a changed pixel; "again" where a lossy format was encoded again.
        untouched_blocks, shared_blocks: Of an exact JPEG: 8x8 blocks, of all components, that keep their coefficients,
            and those with changed and with unchanged pixels; None for all others.
    """

    path: Path
    outside_changed_px: int
    encoder_changed_px: int
    encoder_max_diff: int
    notes: tuple[str, ...]
    encoder: Literal["exact", "again"] = "exact"
    untouched_blocks: int | None = None
    shared_blocks: int | None = None


PhotoSource: TypeAlias = str | os.PathLike[str] | Rgb | Image.Image | bytes | bytearray | memoryview | BinaryIO | Photo
"""Everything that `open_photo` opens."""

_KINDS = "a path, bytes, an open file, a Pillow image, or an array [H, W, 3] uint8"


def open_photo(source: PhotoSource, *, max_megapixels: float = 100) -> Photo:
    """The photo of a file, of its bytes, of a Pillow image, or of an array.

    Args:
        source: One of
            a path;
            `bytes`, `bytearray` or `memoryview`: the whole file;
            an open binary file or `io.BytesIO`, read from its position to its end, under its own name where it has one;
            a `PIL.Image.Image`, in its own mode, with the EXIF and the colour profile in its `info`, turned upright; it
            is written as PNG (CMYK as TIFF), since its pixels may have changed since it was a JPEG;
            an array [H, W, 3] uint8 sRGB, which is copied and written as PNG;
            a `Photo`, given back as it is.
        max_megapixels: A larger photo is refused from its header, before anything is decoded.

    Raises:
        PhotoError: It cannot be read, in one line that says why and what to do.
        ExtraMissing: It is a HEIC photo and pillow-heif is not installed.
    """
    if isinstance(source, str | os.PathLike):
        path, data = read_bytes(source, max_megapixels)
        return _photo_of_file(data, path.name, str(path), max_megapixels, source=path)
    if isinstance(source, np.ndarray):
        return _photo_of_array(source, max_megapixels)
    if isinstance(source, Image.Image):
        return _photo_of_pillow(source, max_megapixels)
    if isinstance(source, bytes | bytearray | memoryview):
        return _photo_of_data(bytes(source), "", max_megapixels, source=None)
    if isinstance(source, Photo):
        check_size(source.size_wh, repr(source.name), max_megapixels)
        return source
    if callable(getattr(source, "read", None)):
        return _photo_of_open_file(source, max_megapixels)
    raise PhotoError(f"the photo is of type {type(source).__name__!r}", hint=f"give {_KINDS}")


def _photo_of_open_file(file: BinaryIO, max_megapixels: float) -> Photo:
    said = getattr(file, "name", None)
    name = Path(said).name if isinstance(said, str | os.PathLike) and not str(said).startswith("<") else ""
    shown = repr(name) if name else "the open file"
    try:
        most = most_bytes(max_megapixels)
        data: object = _read_at_most(file, most)
    except (OSError, ValueError) as error:  # UnicodeDecodeError, of a file opened as text, is a ValueError
        text = isinstance(error, UnicodeDecodeError)
        hint = "open it with open(path, 'rb')" if text else "open it again, and give it before it is closed"
        raise PhotoError(f"cannot read {shown}: {'it is open as text' if text else error}", hint=hint) from error
    if isinstance(data, str):
        raise PhotoError(f"{shown} is open as text", hint="open it with open(path, 'rb')")
    if not isinstance(data, bytes | bytearray | memoryview):
        raise PhotoError(f"the photo is of type {type(file).__name__!r}", hint=f"give {_KINDS}")
    if len(data) > most:
        raise PhotoError(f"{shown} holds more than the {most / 1e6:.0f} MB allowed", hint="give a smaller copy")
    if not data and _position(file):
        raise PhotoError(f"{shown} was read to its end before", hint="go back to its start with file.seek(0)")
    return _photo_of_data(bytes(data), name, max_megapixels, source=_path_of(file, said))


def _read_at_most(file: BinaryIO, most: float) -> object:
    """What a file holds from its position on, or a little more than `most` bytes of it."""
    if most == math.inf or not isinstance(file, io.IOBase):
        return file.read()  # an object of somebody's own may take no size
    data: object = file.read(int(most) + 1)
    while isinstance(data, bytes) and len(data) <= most and (more := file.read(int(most) + 1 - len(data))):
        data += more  # a pipe gives what is there
    return data


def _position(file: BinaryIO) -> int:
    try:
        return file.tell()
    except (AttributeError, OSError, ValueError):  # a pipe or a socket
        return 0


def _path_of(file: BinaryIO, name: object) -> Path | None:
    """The path of an open file, where its name still leads to it: a result must never overwrite it."""
    if not isinstance(name, str | os.PathLike):
        return None
    try:
        path = Path(name).absolute()
        return path if os.path.samestat(os.fstat(file.fileno()), path.stat()) else None
    except (AttributeError, OSError, ValueError):  # no file of the operating system, or gone
        return None


def _photo_of_data(data: bytes, name: str, max_megapixels: float, *, source: Path | None) -> Photo:
    if not data:
        raise PhotoError(f"{name or 'the photo'!r} holds no bytes", hint="give the whole file")
    photo = _photo_of_file(data, name, name or "photo", max_megapixels, source=source)
    return replace(photo, data=data)


def _photo_of_file(data: bytes, name: str, shown: str, max_megapixels: float, *, source: Path | None) -> Photo:
    decoded = decode(data, shown, max_megapixels)
    suffixes = _SUFFIXES_OF[decoded.format]
    photo = _photo(decoded, name if name not in {"", ".."} else f"photo{_SUFFIX_OF[decoded.format]}", source)
    notes = photo.notes
    if Path(photo.name).suffix.lower() not in suffixes:
        said = f"it is a {decoded.format} file, whatever its name says, and is written as one under the same name"
        # What the file holds comes first, then its name, then its colours.
        notes = (*decoded.notes, said, *notes[len(decoded.notes) :])
    return replace(photo, notes=notes, digest=bytes_digest(data))


def _photo_of_pillow(image: Image.Image, max_megapixels: float) -> Photo:
    decoded = decode_pillow(image, max_megapixels)
    said = getattr(image, "filename", "")
    path = Path(os.fsdecode(said)) if said else None
    name = f"{(path.stem if path else '') or 'photo'}{_SUFFIX_OF[decoded.format]}"
    source = path.absolute() if path and path.is_file() else None
    samples, palette = decoded.samples, decoded.container.palette
    colours = decoded.icc if palette is None else decoded.icc + palette.tobytes()
    digest = bytes_digest(repr((decoded.mode, samples.shape)).encode() + samples.tobytes() + colours)
    return replace(_photo(decoded, name, source), digest=digest, from_pixels=True)


def _photo(decoded: Decoded, name: str, source: Path | None) -> Photo:
    """The photo of decoded samples, without its digest."""
    rgb, managed, notes = working_copy(decoded.samples, decoded.mode, decoded.container.palette, decoded.icc)
    if decoded.mode.endswith("16"):
        notes.append("16 bits: the repainted part holds 8-bit detail, everything else keeps its 16 bits")
    notes += border_notes(rgb)
    rgb.flags.writeable = False
    return Photo(
        name=name,
        rgb=rgb,
        samples=decoded.samples,
        mode=decoded.mode,
        format=decoded.format,
        exif=decoded.exif,
        icc=decoded.icc,
        notes=(*decoded.notes, *notes),
        digest="",
        source=source,
        container=replace(decoded.container, managed=managed),
    )


def _photo_of_array(array: npt.NDArray[Any], max_megapixels: float) -> Photo:
    if array.size == 0:
        raise PhotoError(f"a photo array must hold pixels, this one is {list(array.shape)}", hint="give at least 1 x 1")
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3:
        raise PhotoError(
            f"a photo array must be [H, W, 3] uint8 RGB, this one is {list(array.shape)} {array.dtype}",
            hint=array_hint(array),
        )
    check_size((array.shape[1], array.shape[0]), "the photo array", max_megapixels)
    rgb = cast(Rgb, array.copy(order="C"))
    rgb.flags.writeable = False
    digest = bytes_digest(repr(rgb.shape).encode() + rgb.tobytes())
    return Photo("photo.png", rgb, rgb, "RGB", "PNG", b"", b"", border_notes(rgb), digest, from_pixels=True)
