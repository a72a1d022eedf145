"""A photo: decoded in its own mode, worked on in sRGB.

`open_photo` keeps two pictures: `samples`, the decoded numbers in the photo's own mode, depth and profile, and `rgb`,
an 8-bit sRGB working copy (the same buffer where nothing had to be converted). `write_photo` (`encode.py`) starts from
`samples` and converts back only what was repainted.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from automask.errors import PhotoError
from automask.fingerprint import bytes_digest
from automask.images.colour import working_copy
from automask.images.containers import ContainerData, Samples
from automask.images.decode import check_size, decode, read_bytes
from automask.types import Rgb

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
    wrapping: ContainerData = field(default_factory=ContainerData)

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
            f"a photo cannot be a {type(source).__name__}", hint="give a path, or an array [H, W, 3] uint8"
        )
    path, data = read_bytes(source)
    decoded = decode(data, str(path), max_megapixels)
    notes = list(decoded.notes)
    if path.suffix.lower() not in _SUFFIXES_OF[decoded.format]:
        notes.append(
            f"it is a {decoded.format} file, whatever its name says, and is written as one under the same name"
        )
    rgb, managed, colour_notes = working_copy(decoded.samples, decoded.mode, decoded.wrapping.palette, decoded.icc)
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
        digest=bytes_digest(data),
        source=path,
        wrapping=replace(decoded.wrapping, managed=managed),
    )


def _photo_of_array(array: npt.NDArray[np.uint8], max_megapixels: float) -> Photo:
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3:
        raise PhotoError(
            f"a photo array must be [H, W, 3] uint8 RGB, this one is {list(array.shape)} {array.dtype}",
            hint=_array_hint(array),
        )
    if array.size == 0:
        raise PhotoError(f"a photo array must hold pixels, this one is {list(array.shape)}", hint="give at least 1 x 1")
    check_size((array.shape[1], array.shape[0]), "the photo array", max_megapixels)
    rgb = array.copy(order="C")
    rgb.flags.writeable = False
    digest = bytes_digest(repr(rgb.shape).encode() + rgb.tobytes())
    return Photo("photo.png", rgb, rgb, "RGB", "PNG", b"", b"", (), digest)


def _array_hint(array: npt.NDArray[Any]) -> str:
    if array.dtype != np.uint8:
        return "for floats in 0..1 use automask.images.to_uint8(array)"
    if array.ndim == 2:
        return "for grey use numpy.stack([array] * 3, axis=2)"
    if array.ndim == 3 and array.shape[2] == 4:
        return "give array[:, :, :3], or the path of the file, whose alpha is then kept"
    return "give height, width and the three colours, in this order"
