"""OUT/failures.csv: which photos failed, and why."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from automask.errors import AutomaskError, debug_traceback
from automask.images import atomic_path
from automask.results.files import files_of
from automask.types import Job, JobReport


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
    path = out / "failures.csv"
    if not path.is_file():
        return []
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        return [(row[0], row[1]) for row in csv.reader(file) if len(row) == 2][1:]


def write_failures(out: Path, failures: Sequence[tuple[str, str]]) -> None:
    """Writes OUT/failures.csv, or removes it if nothing failed."""
    path = out / "failures.csv"
    if not failures:
        path.unlink(missing_ok=True)
        return
    with atomic_path(path) as part, part.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([("photo", "reason"), *failures])
