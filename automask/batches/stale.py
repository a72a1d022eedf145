"""What is in OUT and out of date: what the present source and plan do not make, and what a person changed."""

import contextlib
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from automask.batches.failures import failure_names
from automask.batches.find import Found
from automask.batches.page import Mark, Stale
from automask.errors import OutputError
from automask.fingerprint import bytes_digest
from automask.results.claims import claims_in, claims_of, is_ours, source_in
from automask.results.files import files_of
from automask.results.records import mask_names_in, read_record
from automask.results.seals import is_free

STALE_FOLDER = ".stale"
_RECORD_SUFFIX = ".run.json"
_SAME_TIME_S = 2.0
"""A record is written last, and some file systems keep times to two seconds only."""


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """What a source and a plan make in a folder.

    Args:
        records: The records of all its jobs.
        sources: What records say of where their photos are: `source_of`.
        photos: The names of the photos, for records of 0.1, which say no more.
        sheets: The sheets of variants.
        rows: The names that a list of failures may have for its jobs, and for what was refused.
        root: The folder of the source; None where there is none.
    """

    records: frozenset[Path]
    sources: frozenset[str]
    photos: frozenset[str]
    sheets: frozenset[Path]
    rows: frozenset[str]
    root: Path | None


def made_by(found: Found, out: Path) -> Made:
    """What all the jobs of a source and a plan make, whether they are to be done now or not."""
    jobs = found.jobs
    photos = {(job.photo, job.photo_url) for job in jobs}
    rows = {name for job in jobs for name in failure_names(job, out)} | {name for name, _ in found.refused_rows}
    return Made(
        records=frozenset(files_of(job.photo.name, job.out, job.name).record for job in jobs),
        sources=frozenset(
            bytes_digest(os.fsencode(url))[:16] if url else _source_of_path(photo) for photo, url in photos
        ),
        photos=frozenset(photo.name for photo, _ in photos),
        sheets=frozenset(sheet.path for sheet in found.sheets),
        rows=frozenset(rows),
        root=found.root,
    )


def records_below(out: Path) -> Iterator[Path]:
    """The paths of the records below a folder, those in hidden folders left out."""
    for place, folders, names in os.walk(out):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and not name.endswith(".masks"))
        yield from (Path(place, name) for name in sorted(names) if name.endswith(_RECORD_SUFFIX))


def mark_of(path: Path, record: Mapping[str, Any], out: Path, made: Made | None) -> Mark:
    """What is to be said of the result of a record.

    Args:
        path: Of the record.
        record: Its content; empty if it cannot be read.
        out: The folder of the batch.
        made: What the present batch makes there; None if that is not known.
    """
    if not record:
        return Mark()
    stale = None if made is None or path in made.records else _why_stale(path, record, out, made)
    return Mark(stale, _is_changed(path, record))


def _why_stale(path: Path, record: Mapping[str, Any], out: Path, made: Made) -> Stale:
    source, name = source_in(record), record.get("photo", "")
    if source in made.sources or (not source and name in made.photos):
        return "plan"
    folder = PurePosixPath(path.parent.relative_to(out).as_posix())
    # The first folder may be a variant's.
    folders = [folder, *([PurePosixPath(*folder.parts[1:])] if folder.parts else [])]
    if made.root is not None and any(_source_of_path(made.root / one / name) == source for one in folders):
        return "left"
    return "other" if source else "left"


def _source_of_path(photo: Path) -> str:
    """As `results.claims.source_of` gives it for a photo that is open."""
    return bytes_digest(os.fsencode(os.path.realpath(photo)))[:16]


def _is_changed(path: Path, record: Mapping[str, Any]) -> bool:
    """Whether the result of a record is not what was written. Bytes are compared only if size or time are in doubt."""
    result = _result_of(path, record)
    said = claims_in(record).get(result.name, ())
    try:
        about, written_s = result.stat(), path.stat().st_mtime
    except OSError:
        return False
    if not said or (about.st_size == said[0].size and about.st_mtime <= written_s + _SAME_TIME_S):
        return False
    return not any(claim.is_of(result) for claim in said)


def _result_of(path: Path, record: Mapping[str, Any]) -> Path:
    return files_of(record.get("photo", ""), path.parent, path.name.removesuffix(_RECORD_SUFFIX)).result


# -------------------------------------------------------------------------------------------------------------- pruning


@dataclass(frozen=True, slots=True)
class Pruned:
    """What `--prune` does.

    Args:
        moved: The results, relative to OUT, that the present source and plan do not make.
        kept: Those of them that a person changed, or whose masks: they stay where they are.
    """

    moved: tuple[str, ...]
    kept: tuple[str, ...]

    def notes(self, out: str, *, dry: bool = False) -> list[str]:
        """What a person should know of it, as sentences."""
        verb = "would be moved" if dry else "moved"
        count = f"{len(self.moved)} result{'' if len(self.moved) == 1 else 's'}"
        said = [f"{count} that this batch does not make {verb} into {f'{out}/{STALE_FOLDER}'!r}"] if self.moved else []
        return said + [f"{name!r} is not made by this batch and was changed by hand: it stays" for name in self.kept]


def prune(out: Path, made: Made, *, dry: bool = False) -> Pruned:
    """Moves results that the present source and plan do not make into OUT/.stale, with all their files.

    Nothing is deleted, and nothing that a person made or changed is moved.

    Args:
        out: The folder of the batch, which is locked.
        made: What the present batch makes there.
        dry: True only says what would be moved.
    """
    moved: list[str] = []
    kept: list[str] = []
    touched: set[str] = set()
    for path in [*records_below(out)]:
        record = read_record(path)
        if path in made.records or not record:
            continue
        names = _own_names(path, record)
        shown = _result_of(path, record).relative_to(out).as_posix()
        if names is None:
            kept.append(shown)
            continue
        moved.append(shown)
        touched.add("/".join(path.relative_to(out).parts[1:]).removesuffix(_RECORD_SUFFIX))
        if not dry:
            _move(out, [path.parent / name for name in names])
    if not dry:
        for sheet in [*out.rglob("*.variants.jpg")]:
            below = sheet.relative_to(out)
            is_touched = below.as_posix().removesuffix(".variants.jpg") in touched
            # One that lost a variant is drawn again.
            if STALE_FOLDER not in below.parts and (sheet not in made.sheets or is_touched) and is_free(sheet):
                _move(out, [sheet])
    return Pruned(tuple(moved), tuple(kept))


def _own_names(path: Path, record: Mapping[str, Any]) -> list[str] | None:
    """The names of all files of a result, the record last; None where a person changed one of them."""
    files = files_of(record.get("photo", ""), path.parent, path.name.removesuffix(_RECORD_SUFFIX))
    claims = claims_of(files)
    masks = {f"{files.masks.name}/{name}" for name in mask_names_in(record)}
    names = [name for name in sorted({*claims_in(record), *claims, *masks}) if (path.parent / name).is_file()]
    if any(not is_ours(path.parent / name, name, claims) for name in names):
        return None
    masks_record = [files.masks_record.name] if read_record(files.masks_record) else []
    return [*names, *masks_record, path.name]


def _move(out: Path, paths: list[Path]) -> None:
    """Moves files into OUT/.stale, under their names below OUT; into a numbered folder where one is taken."""
    below = [path.relative_to(out) for path in paths]
    place, number = out / STALE_FOLDER, 1
    while any(os.path.lexists(place / name) for name in below):
        number += 1
        place = out / STALE_FOLDER / str(number)
    try:
        for path, name in zip(paths, below, strict=True):
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.move(path, place / name)
    except OSError as error:
        raise OutputError(
            f"cannot move {below[0].as_posix()!r} into {str(place)!r}: {error.strerror or error}",
            hint="see what is in its way there",
        ) from error
    for folder in {folder for name in below for folder in (out / name).parents if folder.is_relative_to(out)} - {out}:
        with contextlib.suppress(OSError):  # not empty
            os.removedirs(folder)
