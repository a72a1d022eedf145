"""Reads files within bounds, writes them whole or not at all, and pictures through Pillow's encoders."""

import contextlib
import errno
import io
import os
import secrets
import stat
import threading
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFile

from automask.errors import AutomaskError, OutputError
from automask.images.containers import Samples
from automask.types import Rgb


def pillow_image(samples: Samples, mode: str, palette: npt.NDArray[np.uint8] | None) -> Image.Image:
    """A Pillow image of the samples, for its encoders."""
    size = (samples.shape[1], samples.shape[0])
    if mode == "1":
        return Image.frombytes("1", size, np.packbits(samples > 127, axis=1).tobytes())
    if mode == "I;16":
        return Image.frombytes("I;16", size, samples.astype("<u2").tobytes())
    image = Image.frombytes(mode, size, np.ascontiguousarray(samples).tobytes())
    if palette is not None and mode == "P":
        image.putpalette(palette[:, :3].tobytes(), "RGB")
    return image


def pillow_bytes(image: Image.Image, format_: str, options: dict[str, Any], name: str) -> bytes:
    """The bytes of a file, encoded by Pillow.

    Raises:
        OutputError: Pillow cannot encode it.
    """
    buffer = io.BytesIO()
    try:
        with _room_for(image) if options.get("progressive") else contextlib.nullcontext():
            image.save(buffer, format_, **options)
    except (OSError, ValueError, KeyError, RuntimeError, TypeError) as error:
        raise OutputError(
            f"{name!r} cannot be written as {format_} by the libraries here ({error})",
            hint="save the photo as PNG or JPEG first",
        ) from error
    return buffer.getvalue()


_pillow_global = threading.Lock()


@contextlib.contextmanager
def _room_for(image: Image.Image) -> Iterator[None]:
    """Pillow with a buffer that holds the image in progressive scans, however noisy it is.

    Progressive JPEG leaves libjpeg in one piece at the end, and the buffer that Pillow 13 guesses (a byte a pixel) is
    too small for noise at quality 100: that takes 1.1 bytes a sample, measured at quantisation steps of 1.
    """
    with _pillow_global:
        before = ImageFile.MAXBLOCK
        ImageFile.MAXBLOCK = max(before, 4 * image.width * image.height * len(image.getbands()) + (1 << 16))
        try:
            yield
        finally:
            ImageFile.MAXBLOCK = before


def write_picture(path: str | Path, rgb: Rgb) -> None:
    """Writes a picture to look at (an overlay, a before-and-after) as JPEG or PNG, by the ending of the name.

    Raises:
        OutputError: Another ending, or it cannot be written there.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in {".jpg", ".jpeg", ".png"}:
        raise OutputError(f"{path.name!r} does not end in .jpg or .png", hint="pick one of the two")
    data = picture_bytes(rgb, "PNG" if suffix == ".png" else "JPEG", path.name)
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)


def picture_bytes(rgb: Rgb, format_: Literal["JPEG", "PNG"], name: str = "the picture") -> bytes:
    """The bytes of a picture to look at.

    Raises:
        OutputError: It is not [H, W, 3] uint8.
    """
    if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3:
        raise OutputError(
            f"a picture must be [H, W, 3] uint8, this one is {list(rgb.shape)} {rgb.dtype}", hint="convert it first"
        )
    options: dict[str, Any] = {"PNG": {}, "JPEG": {"quality": 92, "subsampling": 0}}[format_]
    return pillow_bytes(pillow_image(rgb, "RGB", None), format_, options, name)


LONGEST_NAME = 1024
"""Characters: no file system has longer names, no store longer keys, and comparing much longer ones takes minutes.

Unicode normalisation takes quadratic time in accents that are piled on one letter.
"""


def same_letters(path: str | os.PathLike[str]) -> Path:
    """The path, or where nothing is there the one whose letters are the same in another of Unicode's forms.

    macOS and some archives write the dots of an ü as a character of its own, keyboards do not, and on other systems
    these are two names.
    """
    path = Path(path)
    try:
        if os.path.lexists(path) or max(map(len, path.parts), default=0) > LONGEST_NAME:
            return path
        found = Path(path.anchor)
        for part in path.relative_to(path.anchor).parts:
            found = _entry_of(found, part)
    except (OSError, ValueError):  # no such folder, or no name at all
        return path
    return found


def _entry_of(folder: Path, name: str) -> Path:
    if os.path.lexists(folder / name) or name.isascii():
        return folder / name
    key = unicodedata.normalize("NFC", name)
    alike = [entry for entry in folder.iterdir() if unicodedata.normalize("NFC", entry.name) == key]
    return alike[0] if len(alike) == 1 else folder / name


def read_regular(path: str | Path, max_bytes: float) -> bytes:
    """The bytes of a regular file of at most `max_bytes`.

    A pipe would keep its reader waiting, and a device such as /dev/zero never ends.

    Raises:
        OSError: It cannot be read, is not a regular file (EINVAL), or is larger (EFBIG).
    """
    path = Path(path)
    status = path.stat()
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "it is a pipe or a device, not a file", str(path))
    if status.st_size > max_bytes:
        size = f"it has {status.st_size / 1e6:.0f} MB, more than the {max_bytes / 1e6:.0f} MB allowed"
        raise OSError(errno.EFBIG, size, str(path))
    return path.read_bytes()


@contextlib.contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """A temporary path in the same folder, which replaces `path` when the block ends without an error.

    The folder is created. If the block raises, Ctrl-C included, the temporary file is removed and a file at `path`
    stays.

    Raises:
        OutputError: For any error of the operating system (no permission, disk full, a folder of that name).
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
            f"cannot write {str(path)!r}: {reason}", hint="check the folder, its permissions and the free space"
        ) from error
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
