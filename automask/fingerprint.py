"""Digests that decide whether a result is current: of files, of stages, of jobs."""

import functools
import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from automask.types import Disclose, OnMissing, Plan


def file_digests(part: object) -> list[tuple[str, str]]:
    """Name and sha256 of each file that a stage is made of (`own_files`), sorted: other weights give another result."""
    paths: Iterable[str | Path] = getattr(part, "own_files", ())
    return sorted((Path(path).name, sha256_of(path)) for path in paths)


def file_digest(path: str | Path) -> str:
    """sha256 of a file's bytes, as `Photo.digest` has it of an open photo.

    Raises:
        OSError: It cannot be read.
    """
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_of(path: str | Path) -> str:
    """sha256 of a file's bytes, read once in a process unless it changes; empty where it cannot be read."""
    try:
        status = os.stat(path)  # noqa: PTH116 - of text and Path alike
        return _sha256(os.fspath(path), status.st_mtime_ns, status.st_size)
    except OSError:
        return ""


@functools.lru_cache(maxsize=1024)
def _sha256(path: str, *_: int) -> str:
    return file_digest(path)


def decisive_settings(
    config: Mapping[str, Any],
    *,
    prompt_files: Mapping[str, str],
    own_files: Iterable[tuple[str, str]],
    seed: int,
    on_missing: OnMissing,
    candidates: int,
) -> dict[str, Any]:
    """Everything besides the photo, the plan and automask's version that decides a result, for `job_digest`.

    Args:
        config: The configuration of the stages, as plain values.
        prompt_files: The digest of each file that a prompt names, by path.
        own_files: Name and digest of each file that the stages are made of; in a checkout a net may change while the
            version does not.
        seed, on_missing, candidates: Of the run.
    """
    return {
        **config,
        "files": dict(prompt_files),
        "own_files": sorted(set(own_files)),
        "seed": seed,
        "on_missing": on_missing,
        "candidates": candidates,
    }


def job_digest(photo_digest: str, plan: Plan, config: Mapping[str, Any]) -> str:
    """sha256 of everything that decides a result: photo, plan, configuration, version of automask.

    Args:
        photo_digest: sha256 of the photo's bytes.
        plan: The edits, options included.
        config: Plain values; the order of keys does not matter.
    """
    from automask import __version__

    known = {"photo": photo_digest, "plan": [asdict(edit) for edit in plan], "config": config, "version": __version__}
    return hashlib.sha256(json.dumps(known, sort_keys=True, default=os.fspath).encode()).hexdigest()


def disclosed_digest(digest: str, disclose: Disclose, *, signed: bool = False) -> str:
    """The digest of a result that is disclosed so: a batch makes a photo again when these settings change.

    Args:
        digest: Of everything else that decides the result; an empty one, by which no batch resumes, stays empty.
        disclose: `none` changes nothing.
        signed: Whether content credentials are asked for, by whatever certificate.
    """
    if not digest or (disclose == "none" and not signed):
        return digest
    return hashlib.sha256(f"{digest} {disclose} {signed}".encode()).hexdigest()
