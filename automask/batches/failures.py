"""OUT/failures.csv: which photos failed, and why."""

import contextlib
import csv
import io
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from automask.errors import (
    NO_MEMORY_HINT,
    AutomaskError,
    OutputError,
    UsageError,
    debug_traceback,
    is_out_of_memory,
)
from automask.images import atomic_path, read_regular
from automask.results.files import files_of
from automask.types import Job, JobReport

FAILURES_NAME = "failures.csv"
_MOST_BYTES = 1 << 26


def failed_report(job: Job, error: Exception) -> JobReport:
    """The report of a job that raised."""
    debug_traceback(error)
    return JobReport(job, "failed", one_line(error))


def one_line(error: Exception) -> str:
    """An error as one line, for lists and tables."""
    if is_out_of_memory(error):
        return f"there is not enough memory; {NO_MEMORY_HINT}"
    message = str(error).strip()
    if isinstance(error, AutomaskError) and message:
        return message.splitlines()[0]
    return f"{type(error).__name__}: {' '.join(message.split())}" if message else type(error).__name__


def check_listed(out: Path, shown: str, name: str = FAILURES_NAME) -> None:
    """Refuses to try again what failed where no list says what that was: it may have been lost on a full disk.

    Args:
        out: The folder of the list.
        shown: OUT as the user named it.
        name: Of the list.

    Raises:
        UsageError: There is no list.
    """
    if not any(_is_list(_rows_of(path)) for path in _places(out, name)):
        raise UsageError(
            f"there is no {f'{shown}/{name}'!r}, so nobody knows what failed",
            hint="run the batch without --retry-failed: what is done is skipped",
        )


def only_failed(jobs: Sequence[Job], out: Path, name: str = FAILURES_NAME) -> tuple[Job, ...]:
    """The jobs that OUT/failures.csv, or a list of another name, has; empty if there is no such file."""
    listed = {row for row, _ in read_failures(out, name)}
    return tuple(job for job in jobs if not listed.isdisjoint(failure_names(job, out)))


def failure_names(job: Job, out: Path) -> tuple[str, str]:
    """The names that a job may have in failures.csv: its result's path below OUT, or its photo's path (a CSV's row)."""
    result = files_of(job.photo.name, job.out, job.name).result
    return result.relative_to(out).as_posix(), job.shown


def failure_rows(reports: Iterable[JobReport], out: Path) -> list[tuple[str, str]]:
    """(result's path below OUT, reason) of each report that failed."""
    failed = [report for report in reports if report.status == "failed"]
    return [(failure_names(report.job, out)[0], report.reason or "") for report in failed]


def failures_now(
    reports: Iterable[JobReport],
    refused: Sequence[tuple[str, str]],
    before: Iterable[tuple[str, str]],
    out: Path,
    *,
    former_names: Iterable[str] = (),
) -> list[tuple[str, str]]:
    """The rows of a folder's list after a run: what failed or was refused now, and what failed before.

    Args:
        reports: Of the jobs that were tried.
        refused: The rows of what could not become a job.
        before: The rows of earlier runs, whatever their source and plan: they stay until they are redone.
        out: The folder.
        former_names: Names that a list of 0.1 may have for what was refused now.
    """
    reports = tuple(reports)
    tried = {name for report in reports for name in failure_names(report.job, out)}
    tried.update(former_names, (name for name, _ in refused))
    return [*failure_rows(reports, out), *refused, *(row for row in before if row[0] not in tried)]


def read_failures(out: Path, name: str = FAILURES_NAME) -> list[tuple[str, str]]:
    """The (name, reason) rows of OUT/failures.csv, or of a list of another name; empty if there is no such file."""
    rows = next(filter(_is_list, map(_rows_of, _places(out, name))), [])
    return [_without_quote(row) for row in rows[1:] if len(row) == 2]


def write_failures(
    out: Path, failures: Sequence[tuple[str, str]], name: str = FAILURES_NAME, *, if_empty: bool = False
) -> Path:
    """Writes OUT/failures.csv, or removes it if nothing failed; the list's path.

    A file of that name that is no such list is kept, and the list is then automask-failures.csv.

    Args:
        out: The folder.
        failures: The rows.
        name: Of the list.
        if_empty: True also writes a list without rows.

    Raises:
        OutputError: It cannot be written. An older list is then removed: it would be taken for this one.
    """
    path, other = _places(out, name)
    if os.path.lexists(path) and not _is_list(_rows_of(path)):
        path = other
    if not failures and not if_empty:
        if _is_list(_rows_of(path)):
            path.unlink(missing_ok=True)
        return path
    rows = [("photo", "reason"), *((_as_text(name), _as_text(reason)) for name, reason in failures)]
    try:
        with atomic_path(path) as part, part.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(rows)
    except OutputError:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
        raise
    return path


def _places(out: Path, name: str) -> tuple[Path, Path]:
    """Where a folder's list may be; the second where a person's file has the first name."""
    return out / name, out / f"automask-{name}"


def _rows_of(path: Path) -> list[list[str]]:
    """The rows of a list of failures, as far as they can be read: it may have been changed by hand."""
    try:
        text = read_regular(path, _MOST_BYTES).decode("utf-8-sig", "surrogateescape")
    except (OSError, ValueError):
        return []
    rows: list[list[str]] = []
    with contextlib.suppress(csv.Error):  # a cell of more than 128 kB, say; what comes before it counts
        for row in csv.reader(io.StringIO(text, newline="")):
            rows.append(row)
    return rows


def _is_list(rows: Sequence[Sequence[str]]) -> bool:
    return bool(rows) and list(rows[0]) == ["photo", "reason"]


_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def _as_text(cell: str) -> str:
    """A cell that a spreadsheet does not take for a formula.

    Source: OWASP, "CSV Injection".
    """
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) or re.match(r"'+[=+\-@\t\r]", cell) else cell


def _without_quote(row: Sequence[str]) -> tuple[str, str]:
    name, reason = (cell[1:] if re.match(r"'+[=+\-@\t\r]", cell) else cell for cell in row)
    return name, reason
