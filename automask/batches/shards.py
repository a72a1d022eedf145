"""Parts of a batch that is too large for one run: `--shard 3/64` on one of 64 machines, and `--merge` at the end.

Which photos a shard has is decided by a digest of their names, so that no machine needs to know of the others. Each
shard has a lock, a list of failures and a log of its own in the same OUT.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from automask.batches.failures import FAILURES_NAME, read_failures
from automask.batches.find import Found
from automask.batches.lock import LOCK_NAME
from automask.batches.progress import LOG_NAME
from automask.errors import UsageError
from automask.fingerprint import bytes_digest
from automask.types import Job

_MOST = 1_000_000
_LIST = re.compile(r"failures-(\d+)-of-(\d+)\.csv")


@dataclass(frozen=True, slots=True)
class Shard:
    """One of several parts of a batch.

    Args:
        number: From 1 on.
        count: How many there are.
    """

    number: int
    count: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """The shard that a text like `3/64` names.

        Raises:
            UsageError: It names none.
        """
        found = re.fullmatch(r"(\d{1,7})/(\d{1,7})", text)
        shard = cls(int(found[1]), int(found[2])) if found else None
        if shard is None or not 1 <= shard.number <= shard.count <= _MOST:
            raise UsageError(f"--shard {text!r}", hint="give a number of how many, from 1/64 to 64/64")
        return shard

    @property
    def names(self) -> "ListNames":
        """The names of its files in OUT."""
        part = f"{self.number}-of-{self.count}"
        return ListNames(f"failures-{part}.csv", f".automask.{part}.lock", f"batch-{part}.log")

    def has(self, key: str) -> bool:
        """Whether something of this name belongs to it: by digest, the same on every machine."""
        digest = bytes_digest(key.encode("utf-8", "surrogateescape"))
        return int(digest[:12], 16) % self.count == self.number - 1

    def of(self, found: Found) -> Found:
        """The part of a batch that belongs to it. All variants of a photo belong to one shard."""
        jobs = tuple(job for job in found.jobs if self.has(_key(job, found.root)))
        mine = frozenset(jobs if found.sheets else ())
        rows = [index for index, (name, _) in enumerate(found.refused_rows) if self.has(name)]
        return replace(
            found,
            jobs=jobs,
            refused=tuple(found.refused[index] for index in rows),
            refused_rows=tuple(found.refused_rows[index] for index in rows),
            sheets=tuple(sheet for sheet in found.sheets if all(job in mine for _, job in sheet.cells)),
        )


def _key(job: Job, root: Path | None) -> str:
    """A photo's name below its source, which may be another folder on another machine; of a room's photos its name.

    So they are all in one shard, which can have them agree.
    """
    if job.room:
        return f"room {job.room}"
    if root is not None and job.photo.is_relative_to(root):
        return job.photo.relative_to(root).as_posix()
    return job.shown


@dataclass(frozen=True, slots=True)
class ListNames:
    """What a batch, or a shard of one, calls its list of failures, its lock and its log."""

    failures: str = FAILURES_NAME
    lock: str = LOCK_NAME
    log: str = LOG_NAME


def shard_lists(out: Path) -> Iterator[tuple[Shard, Path]]:
    """The lists of failures of shards in a folder: each is there, if empty, once its shard has ended."""
    for path in sorted(out.glob("failures-*-of-*.csv")):
        found = _LIST.fullmatch(path.name)
        if found:
            yield Shard(int(found[1]), int(found[2])), path


def merged_failures(out: Path) -> tuple[list[tuple[str, str]], tuple[Shard, ...]]:
    """The rows of all lists in a folder, and the shards that have not ended.

    The lists of shards count; failures.csv only as long as a shard is missing, since what it says may be redone.
    """
    lists = dict(shard_lists(out))
    count = max((shard.count for shard in lists), default=0)
    missing = tuple(shard for number in range(1, count + 1) if (shard := Shard(number, count)) not in lists)
    rows = [row for path in lists.values() for row in read_failures(out, path.name)]
    if missing or not lists:
        rows += read_failures(out)
    return [*dict(rows).items()], missing
