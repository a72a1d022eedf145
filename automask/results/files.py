"""The names of a photo's result files, and the checks before they are written."""

import os
import re
import unicodedata
from dataclasses import dataclass, fields
from pathlib import Path

from automask.errors import OutputError, UsageError
from automask.fingerprint import bytes_digest
from automask.images import PHOTO_SUFFIXES
from automask.types import Layers


@dataclass(frozen=True, slots=True)
class Files:
    """The paths of one photo's results.

    Args:
        result: The edited photo, in the photo's own format.
        masks: The folder of its masks.
        before_after, candidates, overlay: Pictures for people.
        original: The unaltered photo, kept next to a labelled result.
        record: The record of an edit.
        masks_record: The record of a mask request.
        variants: The sheet of its variants, whose results are in folders next to it.
        ora, psd: The result in layers.
    """

    result: Path
    masks: Path
    before_after: Path
    candidates: Path
    overlay: Path
    original: Path
    record: Path
    masks_record: Path
    variants: Path
    ora: Path
    psd: Path


def files_of(photo_name: str, out: Path, name: str | None = None) -> Files:
    """The files of one photo in a folder.

    Args:
        photo_name: File name of the photo; the result has its suffix.
        out: The folder.
        name: What the companions' names begin with; None for the photo's stem. If it ends in the photo's suffix, it is
            the result's whole name: "kitchen.png" gives kitchen.png and kitchen.png.masks/, "kitchen-2" gives
            kitchen-2.png and kitchen-2.masks/.

    Returns:
        Where a name would be too long for a file system, its beginning with a digest of it is used throughout.
    """
    suffix = Path(photo_name).suffix
    stem = Path(photo_name).stem if name is None else name
    whole = name is not None and suffix != "" and name.endswith(suffix)
    tail = suffix if whole else ""
    room = _NAME_BYTES - max(_LONGEST_ADDED, len(os.fsencode(f".original{suffix}"))) - len(os.fsencode(tail))
    stem = _fitted(stem.removesuffix(tail), room) + tail
    return Files(
        result=out / (stem if whole else f"{stem}{suffix}"),
        masks=out / f"{stem}.masks",
        before_after=out / f"{stem}.before-after.jpg",
        candidates=out / f"{stem}.candidates.jpg",
        overlay=out / f"{stem}.overlay.png",
        original=out / f"{stem}.original{suffix}",
        record=out / f"{stem}.run.json",
        masks_record=out / f"{stem}.masks.json",
        variants=out / f"{stem}.variants.jpg",
        ora=out / f"{stem}.ora",
        psd=out / f"{stem}.psd",
    )


def layers_file(files: Files, layers: Layers) -> Path:
    """The file of a result in layers of this format."""
    return files.ora if layers == "ora" else files.psd


_NAME_BYTES = 255  # of a file's name on Linux; Windows and macOS count 255 characters
_LONGEST_ADDED = len(".automask..writing")  # the journal that is there while results are written


def _fitted(stem: str, room: int) -> str:
    """The stem; its beginning and a digest where it takes more bytes than there is room for."""
    data = os.fsencode(stem)
    if len(data) <= room:
        return stem
    digest = f"-{bytes_digest(data)[:8]}"
    return data[: room - len(digest)].decode("utf-8", "ignore").rstrip(" .") + digest


_QUOTED_FOLDER = re.compile(r"(?<=['\"])(?:[A-Za-z]:)?[/\\][^'\"\n]*[/\\](?=[^'\"]*['\"])")
_SWATCH_FOLDER = re.compile(r"(?i)(?<!\w)(swatch:\s*['\"]?)(?:[A-Za-z]:)?[/\\~][^'\";\n]*[/\\]")


def without_folders(text: str) -> str:
    """The text with absolute paths, in quotes or after `swatch:`, cut to file names: records and sheets are sent on."""
    return _SWATCH_FOLDER.sub(r"\1", _QUOTED_FOLDER.sub("", text))


def files_in(files: Files, folder: Path) -> Files:
    """The same names in another folder."""
    return Files(**{field.name: folder / getattr(files, field.name).name for field in fields(files)})


def check_out(out: str | os.PathLike[str], *, overwrites: tuple[Path, Path] | None = None) -> Path:
    """The output folder, checked before any work is done. Nothing is created.

    Args:
        out: The folder; it need not exist.
        overwrites: The photo and its future result, which must not be the same file.

    Raises:
        UsageError: The name is a picture's, or the result would overwrite the photo.
        OutputError: It is a file, or inside one, or may not be written to.
    """
    if not os.fspath(out):
        raise UsageError("OUT is ''", hint="name a folder, or '.' for this one")
    folder = Path(out)
    if folder.suffix.lower() in PHOTO_SUFFIXES and not folder.is_dir():
        raise UsageError(
            f"{str(out)!r} looks like a picture, and OUT is a folder",
            hint="name a folder: the result is written into it under the photo's own name",
        )
    check_writable(folder)
    if overwrites is not None and same_file(*overwrites):
        raise UsageError(
            f"{str(out)!r} is the photo's own folder: {overwrites[0].name!r} would be overwritten",
            hint="name another folder",
        )
    return folder


def check_writable(folder: Path) -> None:
    """Refuses a folder that cannot be written into, or made. Nothing is created.

    Raises:
        OutputError: It is a file, or inside one, or may not be written to.
    """
    nearest = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if not nearest.is_dir():
        raise OutputError(f"{str(folder)!r} cannot be a folder: {str(nearest)!r} is a file", hint="name another folder")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise OutputError(
            f"{str(nearest)!r} may not be written to", hint="name another folder, or ask for permission to write"
        )


def name_key(path: str | os.PathLike[str]) -> str:
    """A key that is equal for names that some system takes for one.

    Windows and macOS ignore case, macOS also whether an accent is a character of its own.

    Source: the Unicode Standard, section 3.13, canonical caseless matching (D145).
    """
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", os.fspath(path)).casefold())


def same_file(one: Path, other: Path) -> bool:
    """Whether two paths lead to one file; neither needs to exist."""
    try:
        return one.samefile(other)
    except OSError:
        return os.path.realpath(one) == os.path.realpath(other)  # Path.resolve fails on links that go round in circles


def write_error(path: Path, error: OSError) -> OutputError:
    """An operating system's error as one sentence about the output folder."""
    if isinstance(error, OutputError):
        return error
    return OutputError(
        f"cannot write {str(path)!r}: {error.strerror or error}",
        hint="check that the folder may be written to and that the disk is not full",
    )
