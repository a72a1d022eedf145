"""Masks for other programs: the files that `automask mask --coco --labelme --yolo` writes besides its own."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from automask.errors import UsageError
from automask.results.files import Files, check_writable, same_file
from automask.results.seals import is_sealed_file

_OVERWRITES = "it is not as automask wrote it; --overwrite replaces it"


@dataclass(frozen=True, slots=True, eq=False)
class Masked:
    """A photo whose masks were found.

    Args:
        name: Its path below the folder of the photos.
        stem: What the names of its files begin with, with the folders above.
        photo: Its file; None for one from standard input.
        record: Of the mask request.
    """

    name: str
    stem: str
    photo: Path | None
    record: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Written:
    """What was written, and a sentence for each file that is a person's and was kept."""

    files: tuple[Path, ...]
    kept: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Exports:
    """Where masks go besides OUT.

    Args:
        coco: A JSON file.
        labelme, yolo: Folders.
        overwrite: Whether files of a person's own are replaced.
    """

    coco: Path | None
    labelme: Path | None
    yolo: Path | None
    overwrite: bool

    @classmethod
    def of(cls, flags: Any, names: Sequence[str], files: Sequence[Files], *, overwrite: bool) -> "Exports":
        """Those that were asked for, checked before any work.

        Args:
            flags: As typed.
            names: Of all photos.
            files: Of all photos.
            overwrite: As above.

        Raises:
            UsageError: A name that will not do, or somebody else's file.
            OutputError: A folder that cannot be written into.
        """
        coco = None if flags.coco is None else _coco_file(flags.coco, files)
        labelme, yolo = (None if one is None else Path(one) for one in (flags.labelme, flags.yolo))
        if labelme is not None:
            check_writable(labelme)
        if yolo is not None:
            from automask.results.yolo import check_yolo, label_names

            label_names(names)
            check_writable(yolo)
            check_yolo(yolo, overwrite=overwrite)
        return cls(coco, labelme, yolo, overwrite)

    def __bool__(self) -> bool:
        """Whether any was asked for."""
        return any(path is not None for path in (self.coco, self.labelme, self.yolo))

    def write(self, photos: Sequence[Masked]) -> Written:
        """Writes them.

        Raises:
            UsageError, OutputError: As `write_yolo`; a file cannot be written.
        """
        from automask.results.coco import coco_of_records
        from automask.results.records import write_json
        from automask.results.seals import sealed_json
        from automask.results.yolo import CLASSES, write_yolo, yolo_of_records

        files, kept = [], []
        named = [(one.name, one.record) for one in photos]
        if self.coco is not None:
            write_json(self.coco, sealed_json(coco_of_records(named)))
            files.append(self.coco)
        for one in photos if self.labelme is not None else ():
            path = self._write_labelme(one)
            kept += [] if path is None else [f"{str(path)!r} is kept: {_OVERWRITES}"]
        files += [] if self.labelme is None else [self.labelme]
        if self.yolo is not None:
            theirs = write_yolo(self.yolo, yolo_of_records(named), overwrite=self.overwrite)
            kept += [f"{str(self.yolo / name)!r} is kept: {_OVERWRITES}" for name in theirs]
            files.append(self.yolo / CLASSES)
        return Written(tuple(files), tuple(kept))

    def _write_labelme(self, one: Masked) -> Path | None:
        """Writes the file of a photo; its path where it is a person's and is kept."""
        from automask.results.labelme import labelme_of_record
        from automask.results.records import write_json
        from automask.results.seals import sealed_json

        assert self.labelme is not None  # noqa: S101 - for the type checker
        path = self.labelme / f"{one.stem}.json"
        if not self.overwrite and os.path.lexists(path) and not is_sealed_file(path):
            return path
        write_json(path, sealed_json(labelme_of_record(_from_folder(one, path.parent), one.record)))
        return None


def _from_folder(one: Masked, folder: Path) -> str:
    """The path of a photo from the folder of its file, as LabelMe follows it."""
    if one.photo is None:
        return PurePosixPath(one.name).name
    try:
        return Path(os.path.relpath(one.photo, folder)).as_posix()
    except ValueError:  # on another drive of Windows
        return one.photo.name


def _coco_file(name: str, files: Sequence[Files]) -> Path:
    """The path of a COCO file that may be written: a new one, or one that automask wrote.

    Args:
        name: As typed.
        files: Of all photos.

    Raises:
        UsageError: It has another ending, somebody else's file is there, or the record of the masks goes there.
        OutputError: Its folder cannot be written into.
    """
    path = Path(name)
    if any(one.masks_record.name == path.name and same_file(path, one.masks_record) for one in files):
        raise UsageError(f"--coco {name!r} is where the record of the masks goes", hint="choose another name")
    if path.suffix.lower() != ".json":
        raise UsageError(f"--coco {name!r} is not a JSON file", hint="give it the ending .json")
    refuse_others_file(path)
    check_writable(path.parent)
    return path


def refuse_others_file(path: Path) -> None:
    """Raises where a file is that automask did not write, or that was changed since.

    Raises:
        UsageError: As said.
    """
    if os.path.lexists(path) and not is_sealed_file(path):
        raise UsageError(f"{str(path)!r} is there already, and automask did not write it", hint="choose another name")
