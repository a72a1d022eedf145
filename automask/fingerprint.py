"""Every digest that decides whether a result or a kept mask is current. All are sha256, as 64 hexadecimal digits.

A result's digest is built in three steps: `decisive_settings` collects what besides the photo and the plan decides it,
`job_digest` joins all of it, and `disclosed_digest` adds how the saved file discloses that it was edited. Their values
are kept in records: a change here makes every batch of every user start over.
"""

import errno
import functools
import hashlib
import json
import os
import stat
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from automask.errors import PlanError
from automask.types import Disclose, Metadata, OnMissing, Plan

# --------------------------------------------------------------------------------------------------------------- files


def bytes_digest(data: bytes) -> str:
    """The digest of a photo's bytes, as `Photo.digest` has it."""
    return hashlib.sha256(data).hexdigest()


def file_digest(path: str | Path) -> str:
    """The digest of a file's bytes, read without holding them all in memory.

    Raises:
        OSError: It cannot be read, or is no regular file: a pipe would keep its reader waiting for ever.
    """
    if not stat.S_ISREG(Path(path).stat().st_mode):
        raise OSError(errno.EINVAL, "it is a pipe, a device or a folder, not a file", str(path))
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def own_file_digests(paths: Iterable[str | Path]) -> list[tuple[str, str]]:
    """Name and digest of each file that a stage is made of (`own_files`), sorted: other weights give another result.

    A file is read once in a process, unless it changes; one that cannot be read has an empty digest.
    """
    return sorted((Path(path).name, _digest_once(path)) for path in paths)


@functools.lru_cache(maxsize=256)
def code_digests(adapter: type[Any]) -> tuple[tuple[str, str], ...]:
    """Name and digest of each Python file of a class outside automask, sorted: changed code gives another result.

    The files of its base classes in the same package count too. Automask's own code counts by its version. They are
    read once in a process, when the class has just been loaded: code that changes later is not what runs.
    """
    package = adapter.__module__.partition(".")[0]
    if package in ("automask", "builtins"):
        return ()
    modules = {base.__module__ for base in adapter.__mro__ if base.__module__.partition(".")[0] == package}
    paths = (getattr(sys.modules.get(module), "__file__", None) for module in modules)
    return tuple(own_file_digests(path for path in paths if path))


def prompt_file_digests(paths: Iterable[str]) -> dict[str, str]:
    """The digest of each file that a prompt names, by path.

    Raises:
        PlanError: One of them cannot be read.
    """
    digests: dict[str, str] = {}
    for path in paths:
        try:
            digests[path] = file_digest(path)
        except (OSError, ValueError) as error:
            raise PlanError(f"cannot read {path!r}: {error}", hint="check its name and permissions") from error
    return digests


def _digest_once(path: str | Path) -> str:
    try:
        status = os.stat(path)  # noqa: PTH116 - of text and Path alike
        return _digest_of_version(os.fspath(path), status.st_mtime_ns, status.st_size)
    except OSError:
        return ""


@functools.lru_cache(maxsize=1024)
def _digest_of_version(path: str, *_: int) -> str:
    return file_digest(path)


# ------------------------------------------------------------------------------------------------------------- results


def decisive_settings(
    config: Mapping[str, Any],
    *,
    prompt_files: Mapping[str, str],
    own_files: Iterable[tuple[str, str]],
    seed: int,
    on_missing: OnMissing,
    candidates: int,
    skip_below: float | None = None,
    masks: Sequence[tuple[int, str]] = (),
) -> dict[str, Any]:
    """Everything besides the photo, the plan and automask's version that decides a result, for `job_digest`.

    Args:
        config: The configuration of the stages, as plain values.
        prompt_files: As `prompt_file_digests` gives them.
        own_files: As `own_file_digests` gives them, of all stages; in a checkout a net may change while the version
            does not.
        seed, on_missing, candidates: Of the run.
        skip_below: Expected quality below which a region is not painted; None paints all, as 0.1 did.
        masks: The index of each edit whose mask is a file that a person made or gave, and the file's digest.
    """
    return {
        **config,
        "files": dict(prompt_files),
        "own_files": sorted(set(own_files)),
        "seed": seed,
        "on_missing": on_missing,
        "candidates": candidates,
        **({} if skip_below is None else {"skip_below": skip_below}),
        **({"masks": [list(one) for one in masks]} if masks else {}),
    }


_COUNT_AS = {"0.2.0": "0.1.0"}
"""Releases whose results count as an earlier one's: its folders are done before where settings and own files are the
same, although details may be painted otherwise. A release that is not here makes every photo again."""


_LATER = ("whole", "optional")


def job_digest(photo_digest: str, plan: Plan, config: Mapping[str, Any]) -> str:
    """The digest of everything that decides a result: photo, plan, settings, version of automask.

    Args:
        photo_digest: Identifies the photo: the digest of its bytes, or its version in a store.
        plan: The edits, options included.
        config: As `decisive_settings` gives it; the order of keys does not matter.
    """
    from automask._version import __version__

    counted = _COUNT_AS.get(__version__, __version__)
    edits = [asdict(edit) for edit in plan]
    # Fields that came later count only where they are used, so that earlier results stay done.
    edits = [{name: value for name, value in edit.items() if value or name not in _LATER} for edit in edits]
    plain = {"photo": photo_digest, "plan": edits, "config": config, "version": counted}
    return _digest_of(plain)


def digest_in_room(digest: str, room_digest: str) -> str:
    """The digest of a result that agrees with other photos of its room; empty where one of the two is.

    Args:
        digest: As `job_digest` gives it.
        room_digest: As `room_digest` gives it.
    """
    return hashlib.sha256(f"{digest} room {room_digest}".encode()).hexdigest() if digest and room_digest else ""


def room_digest(digests: Iterable[str]) -> str:
    """The digest of what photos of one room agree on, by their own: empty where one of them is, in any order."""
    known = sorted(digests)
    return hashlib.sha256("\n".join(known).encode()).hexdigest() if all(known) else ""


def disclosed_digest(digest: str, disclose: Disclose, *, signed: bool = False, metadata: Metadata = "keep") -> str:
    """The digest of a result that is disclosed this way: a batch makes a photo again when these settings change.

    Args:
        digest: As `job_digest` gives it; an empty one, by which no batch resumes, stays empty.
        disclose: `none` changes nothing.
        signed: Whether content credentials are asked for, by whatever certificate.
        metadata: What is kept of the photo's; `keep` changes nothing.
    """
    if not digest or (disclose == "none" and not signed and metadata == "keep"):
        return digest
    more = "" if metadata == "keep" else f" {metadata}"
    return hashlib.sha256(f"{digest} {disclose} {signed}{more}".encode()).hexdigest()


# --------------------------------------------------------------------------------------------------------------- masks


def mask_key(
    photo_digest: str,
    *,
    wanted: Sequence[Any],
    config: Mapping[str, Any],
    recipes: Sequence[Mapping[str, Any]],
    finders: Sequence[Mapping[str, Any]],
    sources: Iterable[str | Path],
    packages: Iterable[str],
    entry_format: int,
) -> str:
    """The name of kept masks: the digest of everything that decides them. Prompts are not among it.

    Args:
        photo_digest: Of the photo.
        wanted: What is looked for, edit by edit.
        config: The configuration of segmenter and refiner, as plain values.
        recipes: The box recipe and the mask recipe, as plain values.
        finders: Of segmenter and refiner the class, the device and the digests of their own files.
        sources: The Python files that compute the masks.
        packages: The packages that they compute with.
        entry_format: Of the file that the masks are kept in.
    """
    from automask._version import __version__

    plain = {
        "format": entry_format,
        "photo": photo_digest,
        "wanted": wanted,
        "config": config,
        "recipes": recipes,
        "finders": finders,
        "sources": sorted(map(_digest_once, sources)),
        "versions": {"automask": __version__, **{name: _version_of(name) for name in sorted(packages)}},
    }
    return _digest_of(plain)


def _version_of(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""  # another build of it, such as opencv-python


def _digest_of(plain: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(plain, sort_keys=True, default=os.fspath).encode()).hexdigest()
