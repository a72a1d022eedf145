"""Which files in a folder automask wrote, as its records say, and how new results replace them.

A record names every file that was written with it, with size and digest. A file that no record names, or that is not
what its record says, is a person's: it is never replaced or removed unless `overwrite` asks for it.

While results are moved into place a journal, `.automask.kitchen.writing`, names what is being written: a run that is
killed in between leaves files that the next one knows as its own.
"""

import contextlib
import os
import re
import secrets
import shutil
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from automask.errors import OutputError, UsageError
from automask.fingerprint import bytes_digest, file_digest
from automask.images import Photo, is_damaged
from automask.plan import is_file_name
from automask.results.files import Files, files_of
from automask.results.records import is_own_record, mask_names_in, read_record, write_json

HINT = "move it away, name another folder, or say overwrite=true"
_FOLDER = "is a folder"  # which nothing replaces
_JOURNAL = re.compile(r"\.automask\.(.+)\.writing")
_LATER_S = 2.0  # a record is written last, and some file systems keep times to two seconds only


@dataclass(frozen=True, slots=True)
class Claim:
    """What a record says of a file: its size and the sha256 of its bytes."""

    size: int
    sha256: str

    def as_record(self) -> dict[str, Any]:
        """The claim as a record holds it."""
        return {"bytes": self.size, "sha256": self.sha256}

    def is_of(self, path: Path) -> bool:
        """Whether a file is still what the record says."""
        try:
            return path.stat().st_size == self.size and file_digest(path) == self.sha256
        except OSError:
            return False


Claims: TypeAlias = Mapping[str, tuple[Claim, ...]]
"""By name, relative to the folder, what a file may be and still be automask's; nothing: whatever it is, as in 0.1."""


Written: TypeAlias = Literal["result", "original"]

# ------------------------------------------------------------------------------------------------------- which photo


@dataclass(frozen=True, slots=True)
class PhotoId:
    """What tells a photo from another of the same name.

    Args:
        name: Its file name.
        sha256: The digest of its bytes, or of an array's pixels.
        source: A digest of where it came from.
    """

    name: str
    sha256: str
    source: str

    def is_in(self, record: Mapping[str, Any]) -> bool:
        """Whether a record may be of this photo: the same bytes, or the same place after the photo was changed.

        Records of 0.1 tell only names.
        """
        sha256, source = record.get("photo_sha256"), source_in(record)
        if sha256 and sha256 == self.sha256:
            return True
        return record.get("photo") == self.name and (not sha256 or not source or source == self.source)


def source_of(photo: Photo, url: str = "") -> str:
    """A digest of where a photo came from: of its path, of its URL in a store, or of the pixels that were given.

    A record says no path: it may be sent to someone else.
    """
    if url:
        return source_of_path(url)
    return _short_digest(photo.digest) if photo.source is None else source_of_path(photo.source)


def source_of_path(place: str | Path) -> str:
    """The same for a photo that is not open: by its path, or its URL in a store as text."""
    return _short_digest(place if isinstance(place, str) else os.path.realpath(place))


def _short_digest(text: str) -> str:
    return bytes_digest(os.fsencode(text))[:16]


def source_in(record: Mapping[str, Any]) -> str:
    """Where the photo of a record came from, as `source_of` gives it; empty if the record does not say."""
    timing = record.get("timing")
    source = record.get("source") or (timing.get("source") if isinstance(timing, Mapping) else "")
    return source if isinstance(source, str) else ""


# ------------------------------------------------------------------------------------------------------------- claims


def claims_of(files: Files) -> dict[str, tuple[Claim, ...]]:
    """What the records of a photo's results, and the journal of a run that was killed, say is automask's."""
    claims: dict[str, tuple[Claim, ...]] = {}
    for path in (files.record, files.masks_record, journal_of(files)):
        record = read_record(path)
        if "files" in record:
            _add(claims, claims_in(record))
        elif record:
            _add(claims, _claims_of_0_1(record, path, files))
    return claims


def claims_in(record: Mapping[str, Any]) -> Claims:
    """The claims of one record, or of a journal, which may hold several for a file."""
    return {
        name: tuple(Claim(said["bytes"], said["sha256"]) for said in (one if isinstance(one, list) else [one]))
        for name, one in record.get("files", {}).items()
    }


def _add(claims: dict[str, tuple[Claim, ...]], more: Claims) -> None:
    for name, said in more.items():
        # No claim at all means that any content is automask's, so it takes precedence.
        claims[name] = () if not said or claims.get(name) == () else (*claims.get(name, ()), *said)


def _claims_of_0_1(record: Mapping[str, Any], path: Path, files: Files) -> Claims:
    """The names that a record of 0.1 stands for: it held no digests."""
    masks = [name for name in mask_names_in(record) if not _is_later(files.masks / name, path)]
    names = [f"{files.masks.name}/{name}" for name in masks]
    if path == files.masks_record:
        names.append(files.overlay.name)
    else:
        names += [files.result.name, files.before_after.name, files.candidates.name]
        original = original_in(record)
        names += [original] if original else []
    return dict.fromkeys(names, ())


def _is_later(path: Path, record: Path) -> bool:
    """Whether a file was changed after the record that names it: a mask that a person corrected."""
    try:
        return path.stat().st_mtime > record.stat().st_mtime + _LATER_S
    except OSError:
        return False


def original_in(record: Mapping[str, Any]) -> str | None:
    """The name of the unaltered photo that a record says was kept next to its result."""
    entry = record.get("disclosure")
    return entry.get("original") if isinstance(entry, Mapping) else None


def is_ours(path: Path, name: str, claims: Claims) -> bool:
    """Whether a file is what a record says, or a broken copy of it, in which nobody's work can be lost."""
    if name not in claims or not path.is_file():
        return False
    said = claims[name]
    return not said or any(claim.is_of(path) for claim in said) or is_damaged(path)


def kept_notes(kept: Mapping[str, str]) -> list[str]:
    """What a record says of the files that `Replacing.kept` names."""
    return [
        f"{name!r} is kept as it is: it {why}" + ("" if why == _FOLDER else "; overwrite=true replaces it")
        for name, why in kept.items()
    ]


def why_kept(path: Path, name: str, claims: Claims) -> str:
    """Why a file that is in the way is a person's, in words."""
    if path.is_dir():
        return _FOLDER
    if name in claims:
        return "was changed since automask wrote it"
    return "is there already, and no record of automask names it"


# ------------------------------------------------------------------------------------------------------------ writing


def journal_of(files: Files) -> Path:
    """The journal of a photo's results while they are written."""
    prefix = files.record.name.removesuffix(".run.json")
    return files.record.with_name(f".automask.{prefix}.writing")


def sweep_journals(out: Path) -> None:
    """Removes the journals below a folder whose run got as far as its record. Those of others are still needed."""
    for path in out.rglob(".automask.*.writing"):
        found = _JOURNAL.fullmatch(path.name)
        if found and path.is_file() and read_record(files_of("", path.parent, found[1]).record):
            path.unlink(missing_ok=True)


@contextlib.contextmanager
def staging(out: Path) -> Iterator[Path]:
    """A hidden folder in `out` that results are written into before they replace anything; gone after the block.

    A run that is killed leaves it. While it is used its run holds a lock on it, by which `sweep_stages` knows.
    """
    out.mkdir(parents=True, exist_ok=True)
    stage = out / f".automask-{secrets.token_hex(6)}"
    with contextlib.ExitStack() as used:
        with committing(out):  # nobody sweeps between the two
            stage.mkdir()
            used.callback(shutil.rmtree, stage, ignore_errors=True)
            used.enter_context(_locked(stage))
        yield stage


def sweep_stages(out: Path) -> None:
    """Removes the folders that killed runs left in `out`, and files with the temporary names that only we give.

    Where a system has no locks on folders, and of files, these are the ones that nobody has touched for an hour. What
    cannot be removed stays: nothing depends on it.
    """
    if not out.is_dir():
        return
    with contextlib.suppress(OSError), committing(out):
        for path in [*out.glob(".automask-*")]:
            if not HALF_WRITTEN.fullmatch(path.name) or path.is_symlink():
                continue
            if path.is_dir():
                if not may_be_used(path):
                    shutil.rmtree(path, ignore_errors=True)
            elif not _is_young(path):
                with contextlib.suppress(OSError):
                    path.unlink()


def may_be_used(stage: Path) -> bool:
    """Whether a run may be at work in a folder of `staging`: it holds the lock, or none is to be had and it is young.

    To be asked within `committing` of the folder above it: a run makes a stage and locks it within that.
    """
    try:
        with _locked(stage) as is_ours:
            return _is_young(stage) if is_ours is None else not is_ours
    except OSError:
        return _is_young(stage)


def _is_young(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime < _ABANDONED_S
    except OSError:
        return True


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[bool | None]:
    """Tries to lock a folder for the block: whether it did; None where the system, or its disk, cannot."""
    try:
        import fcntl
    except ImportError:
        yield None
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            is_ours: bool | None = True
        except BlockingIOError:
            is_ours = False
        except OSError:
            is_ours = None
        yield is_ours
    finally:
        os.close(descriptor)


HALF_WRITTEN = re.compile(r"\.automask-[0-9a-f]{12}(\..*)?")
"""The names of what is written before it replaces something."""
_ABANDONED_S = 3600.0


class NamesTaken(Exception):
    """Another run took the chosen names while results were made."""


@contextlib.contextmanager
def committing(out: Path) -> Iterator[None]:
    """Lets one process or thread at a time replace files in a folder that exists; it takes milliseconds.

    Names are chosen before results are made, which takes seconds: in the block they are chosen again. Where a system or
    a file system has no locks on folders, the block runs without one.

    Raises:
        OutputError: Another process holds the folder for a minute.
    """
    for _ in range(_COMMIT_TRIES):
        with _locked(out) as is_ours:
            if is_ours is not False:
                yield
                return
        time.sleep(_COMMIT_PAUSE_S)
    raise OutputError(f"another program holds {str(out)!r}", hint="wait until it ends, or name another folder")


_COMMIT_PAUSE_S = 0.02
_COMMIT_TRIES = 3000


@dataclass(frozen=True, slots=True)
class Replacing:
    """The files of a photo's results, about to be written.

    Args:
        files: Where they go.
        photo: Whose results they are.
        record: The path of the record that will name them.
        claims: What is automask's there, as `claims_of` tells once no other run may change it.
        overwrite: Whether a person's files may be replaced too.
        inputs: Files that the run was given: they are kept in any case.
    """

    files: Files
    photo: PhotoId
    record: Path
    claims: Claims
    overwrite: bool
    inputs: tuple[Path, ...] = ()

    def begin(self) -> None:
        """Removes the old record, after the journal holds what it claimed.

        Raises:
            OutputError: A file of its name is not a record of automask.
        """
        if not self.overwrite:
            _check_record(self.record)
        if self.record.is_file():
            self._write_journal({})
            self.record.unlink()

    def kept(self, stage: Path) -> dict[str, str]:
        """Why, of each staged file whose place is taken by a person's: that file is kept."""
        out = self.record.parent
        reasons = {}
        for name in _names_in(stage):
            target = out / name
            if not os.path.lexists(target) or self._may_replace(target, name):
                continue
            if not _same_bytes(stage / name, target):
                reasons[name] = why_kept(target, name, self.claims)
        return reasons

    def commit(self, stage: Path, *, kept: Collection[str], stale: Iterable[str]) -> dict[str, Any]:
        """Moves all staged files but those `kept` into place, and removes `stale` ones that are automask's.

        Returns:
            The record's entry `files`: what was written, by name.
        """
        out, photo_bytes = self.record.parent, self.photo.sha256
        names = [name for name in _names_in(stage) if name not in kept]
        new = {name: Claim((stage / name).stat().st_size, file_digest(stage / name)) for name in names}
        self._write_journal(new)
        for name in stale:
            if name not in new and self._may_replace(out / name, name, remove=True):
                (out / name).unlink(missing_ok=True)
        # A copy of the photo that was there before may be somebody's own: it stays theirs.
        theirs = {n for n in names if n not in self.claims and (out / n).exists() and new[n].sha256 == photo_bytes}
        for name in names:
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            os.replace(stage / name, out / name)  # noqa: PTH105 - as in `images.files.atomic_path`
        return {name: claim.as_record() for name, claim in new.items() if name not in theirs}

    def finish(self, record: Mapping[str, Any]) -> None:
        """Writes the record, and ends the journal."""
        write_json(self.record, record)
        journal_of(self.files).unlink(missing_ok=True)

    def _may_replace(self, path: Path, name: str, *, remove: bool = False) -> bool:
        if any(_is_same(path, given) for given in self.inputs):
            return False
        if is_ours(path, name, self.claims):
            return True
        return self.overwrite and not remove and not path.is_dir()

    def _write_journal(self, new: Mapping[str, Claim]) -> None:
        files = {name: [claim.as_record() for claim in said] for name, said in self.claims.items()}
        for name, claim in new.items():
            if files.get(name) != []:
                files[name] = [*files.get(name, ()), claim.as_record()]
        about = {"schema": 1, "photo": self.photo.name, "photo_sha256": self.photo.sha256, "source": self.photo.source}
        write_json(journal_of(self.files), {**about, "files": files})


def _names_in(stage: Path) -> list[str]:
    return [path.relative_to(stage).as_posix() for path in sorted(stage.rglob("*")) if path.is_file()]


def _same_bytes(one: Path, other: Path) -> bool:
    try:
        same_size = one.stat().st_size == other.stat().st_size
        return same_size and other.is_file() and file_digest(one) == file_digest(other)
    except OSError:
        return False


def _is_same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


# ---------------------------------------------------------------------------------------------------------- names


def choose_files(
    photo: PhotoId, out: Path, name: str | None, *, overwrite: bool, writes: tuple["Written", ...]
) -> tuple[Files, str | None]:
    """Where a photo's results go, and a sentence for the user where that is not the photo's own name.

    Without a name: the photo's stem; its full name if the stem belongs to the results of a photo with another suffix;
    a number (`kitchen-2.jpg`) if these names belong to another photo of the same name, or to a person.

    Args:
        photo: The photo.
        out: The folder.
        name: As in `files_of`; it is then taken as it is.
        overwrite: Whether results of other photos, and a person's files, are replaced.
        writes: What the run cannot do without: the result, and the original of a labelled one. A mask request needs
            neither.

    Raises:
        UsageError: `name` leads out of the folder.
        OutputError: `name` is given, and belongs to the results of another photo; a file is where the masks go, and no
            other name may be used.
    """
    if name is not None and not is_file_name(name):
        raise UsageError(f"name is {name!r}", hint="give a file name; the folder is out")
    if name is not None:
        files = files_of(photo.name, out, name)
        stranger = _stranger(files, photo)
        if stranger and not overwrite:
            raise OutputError(f"{str(files.result)!r} is {stranger}", hint=HINT)
        _check_masks_folder(files)
        return files, None
    first: str | None = None
    for prefix in _prefixes(photo.name):
        files = files_of(photo.name, out, prefix)
        owners = {read_record(path).get("photo") for path in (files.record, files.masks_record)} - {None, photo.name}
        if prefix is None and owners:
            continue
        if overwrite:
            _check_masks_folder(files)
            return files, None
        taken = _taken(files, photo, writes)
        if taken is None:
            written = files.result.name if writes else files.masks.name
            if first:
                return files, f"{first}: it is kept, and this is written as {written!r}"
            too_long = files.result.name != photo.name
            return files, f"its name is too long for the files beside it: written as {written!r}" if too_long else None
        first = first or taken
    raise OutputError(f"no name is free for {photo.name!r} in {str(out)!r}", hint="name another folder")


def check_free(photo: PhotoId, out: Path, name: str) -> None:
    """Refuses before any work what would be refused after it: a name that another photo's or a person's file has.

    A file with the bytes of the photo itself is not refused yet: a result in which nothing was painted is the same.

    Args:
        photo: The photo.
        out, name: As in `choose_files`.

    Raises:
        UsageError, OutputError: As `choose_files`, and as `Outcome.save`.
    """
    files, _ = choose_files(photo, out, name, overwrite=False, writes=("result",))
    _check_record(files.record)
    path, claims = files.result, claims_of(files)
    if os.path.lexists(path) and not _is_copy(path, photo) and not is_ours(path, path.name, claims):
        raise OutputError(f"{str(path)!r} {why_kept(path, path.name, claims)}, and is kept", hint=HINT)


def _check_record(path: Path) -> None:
    if os.path.lexists(path) and not is_own_record(path):
        raise OutputError(f"{str(path)!r} is there already, and is no record of automask", hint=HINT)


def _prefixes(photo_name: str) -> Iterator[str | None]:
    yield None
    yield photo_name
    for number in range(2, 10000):
        yield f"{Path(photo_name).stem}-{number}"


def _taken(files: Files, photo: PhotoId, writes: tuple["Written", ...]) -> str | None:
    """Why these names cannot be used, as a clause about a file; None if they can."""
    stranger = _stranger(files, photo)
    if stranger:
        return f"{(files.result if writes else files.masks).name!r} is {stranger}"
    record = files.record if writes else files.masks_record
    if os.path.lexists(record) and not is_own_record(record):
        return f"{record.name!r} is there already, and is no record of automask"
    if _is_no_folder(files.masks):
        return f"{files.masks.name!r} is no folder"
    claims = claims_of(files)
    for written in writes:
        path = {"result": files.result, "original": files.original}[written]
        same = written == "original" and _is_copy(path, photo)
        if os.path.lexists(path) and not same and not is_ours(path, path.name, claims):
            return f"{path.name!r} {why_kept(path, path.name, claims)}"
    return None


def _is_no_folder(path: Path) -> bool:
    return os.path.lexists(path) and not path.is_dir()


def _check_masks_folder(files: Files) -> None:
    if _is_no_folder(files.masks):
        raise OutputError(f"{str(files.masks)!r} is no folder", hint="move it away, or name another folder")


def _is_copy(path: Path, photo: PhotoId) -> bool:
    """Whether a file is the photo itself, or has its bytes."""
    try:
        return file_digest(path) == photo.sha256
    except OSError:
        return False


def is_of_another(files: Files, photo: PhotoId) -> bool:
    """Whether these names belong to the results of another photo."""
    return _stranger(files, photo) is not None


def _stranger(files: Files, photo: PhotoId) -> str | None:
    """What another photo's results are called, if these names belong to them."""
    for path in (files.record, files.masks_record, journal_of(files)):
        record = read_record(path)
        if record and not photo.is_in(record):
            other = record.get("photo")
            return f"of another photo {other!r}" if other != photo.name else "of another photo of the same name"
    return None


def is_whole(record: Mapping[str, Any], files: Files) -> bool:
    """Whether everything that a record names is there: its pictures as they were written, and all of its masks.

    A preview or a mask that a person changed counts: it does not make the result another one.
    """
    if "files" not in record:  # of 0.1
        named = [files.result, files.before_after]
        named += [files.original] if original_in(record) else []
        return all(_size(path) for path in named)
    out = files.record.parent
    if not has_all_files(record, files):
        return False
    original = original_in(record)
    return bool(_size(files.result) and _size(files.before_after) and (not original or _size(out / original)))


def has_all_files(record: Mapping[str, Any], files: Files) -> bool:
    """Whether every file that a record names is there and not broken, and its result, if it has one, as it was written.

    A preview or a mask that a person changed counts as there.
    """
    out = files.record.parent
    for name, said in claims_in(record).items():
        path = out / name
        if not _size(path):
            return False
        if any(claim.is_of(path) for claim in said):
            continue
        if path == files.result or is_damaged(path):
            return False
    return True


def _size(path: Path) -> int:
    try:
        return path.stat().st_size if path.is_file() else 0
    except OSError:
        return 0
