"""OUT/failures.csv: which photos failed, and why."""

import contextlib
import csv
import io
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from automask.errors import AutomaskError, debug_traceback
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
    if isinstance(error, MemoryError):
        return "out of memory; use fewer workers, or a smaller photo"
    message = str(error).strip()
    if isinstance(error, AutomaskError) and message:
        return message.splitlines()[0]
    return f"{type(error).__name__}: {' '.join(message.split())}" if message else type(error).__name__


def only_failed(jobs: Sequence[Job], out: Path) -> tuple[Job, ...]:
    """The jobs that OUT/failures.csv lists; empty if there is no such file."""
    listed = {name for name, _ in read_failures(out)}
    return tuple(job for job in jobs if not listed.isdisjoint(failure_names(job, out)))


def failure_names(job: Job, out: Path) -> tuple[str, str]:
    """The names that a job may have in failures.csv: its result's path below OUT, or its photo's path (a CSV's row)."""
    result = files_of(job.photo.name, job.out, job.name).result
    return result.relative_to(out).as_posix(), job.shown


def failure_rows(reports: Iterable[JobReport], out: Path) -> list[tuple[str, str]]:
    """(result's path below OUT, reason) of each report that failed."""
    failed = [report for report in reports if report.status == "failed"]
    return [(failure_names(report.job, out)[0], report.reason or "") for report in failed]


def read_failures(out: Path) -> list[tuple[str, str]]:
    """The (name, reason) rows of OUT/failures.csv; empty if there is no such file."""
    rows = _rows_of(out / FAILURES_NAME)
    return [_without_quote(row) for row in rows[1:] if len(row) == 2] if _is_list(rows) else []


def write_failures(out: Path, failures: Sequence[tuple[str, str]]) -> Path:
    """Writes OUT/failures.csv, or removes it if nothing failed; the list's path.

    A file of that name that is no such list is kept, and the list is then automask-failures.csv.
    """
    path = out / FAILURES_NAME
    if os.path.lexists(path) and not _is_list(_rows_of(path)):
        path = out / f"automask-{FAILURES_NAME}"
    if not failures:
        if _is_list(_rows_of(path)):
            path.unlink(missing_ok=True)
        return path
    rows = [("photo", "reason"), *((_as_text(name), _as_text(reason)) for name, reason in failures)]
    with atomic_path(path) as part, part.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
    return path


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
