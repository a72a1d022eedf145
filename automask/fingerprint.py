"""Digests that decide whether a result is current: of files, of stages, of jobs."""

import functools
import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from automask.types import Plan


def file_digests(part: object) -> list[tuple[str, str]]:
    """Name and sha256 of each file that a stage is made of (`own_files`), sorted: other weights give another result."""
    paths: Iterable[str | Path] = getattr(part, "own_files", ())
    return sorted((Path(path).name, sha256_of(path)) for path in paths)


def sha256_of(path: str | Path) -> str:
    """sha256 of a file's bytes, read once in a process unless it changes; empty where it cannot be read."""
    try:
        status = os.stat(path)  # noqa: PTH116 - of text and Path alike
        return _sha256(os.fspath(path), status.st_mtime_ns, status.st_size)
    except OSError:
        return ""


@functools.lru_cache(maxsize=1024)
def _sha256(path: str, *_: int) -> str:
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


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
