"""What a batch came to: the counts that end it, for people and as JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from automask.batches.failures import failure_rows, read_failures
from automask.batches.find import PassedOver
from automask.batches.run import OpenBatch
from automask.batches.shards import ListNames
from automask.types import JobReport


@dataclass(frozen=True, slots=True)
class Summary:
    """How many photos of a batch ended how.

    Args:
        out: The folder of the results, or the store's URL.
        done: Made in this run.
        skipped: Done before.
        failed: Failed in this run.
        refused: Photos or rows that could not become a job.
        failed_before: Failed in earlier runs into the same folder, of whatever source and plan, and not redone since.
        incomplete: Of those that are done, without something that was looked for.
        to_check: Of those that are done, with a mask that is probably bad.
        with_own_masks: Of those that are done, with masks that a person made or changed.
        passed_over: What looks like photos in the source, and is automask's.
        took_s: Wall-clock seconds of the run.
    """

    out: str
    done: int
    skipped: int
    failed: int
    refused: int
    failed_before: int
    incomplete: int
    to_check: int
    with_own_masks: int
    passed_over: PassedOver
    took_s: float

    @property
    def exit_status(self) -> int:
        """The exit status of a batch that came to its end: 4 where something failed or was refused now."""
        return 4 if self.failed or self.refused else 0

    def as_record(self) -> dict[str, Any]:
        """The object that ends what `automask batch --json` prints."""
        return {"summary": {**asdict(self), "took_s": round(self.took_s, 4), "exit_status": self.exit_status}}

    def __str__(self) -> str:
        said = [f"{self.incomplete} without something that was looked for"] if self.incomplete else []
        said += [f"{self.to_check} to check"] if self.to_check else []
        said += [f"{self.with_own_masks} with masks of yours"] if self.with_own_masks else []
        lacking = f" ({', '.join(said)})" if said else ""
        counts = [f"{self.done} done{lacking}", f"{self.skipped} done before", f"{self.failed} failed"]
        counts += [f"{self.refused} refused"] if self.refused else []
        counts += [f"{self.failed_before} failed in earlier runs"] if self.failed_before else []
        passed = f"; {self.passed_over}" if str(self.passed_over) else ""
        return f"{', '.join(counts)}, in {self.out}{passed}"


def summary_of(reports: Sequence[JobReport], batch: OpenBatch, *, took_s: float = 0.0) -> Summary:
    """The summary of a run whose list of failures is written.

    Args:
        reports: Of the jobs that ended.
        batch: What was opened for it.
        took_s: Wall-clock seconds of the run.
    """
    passed = batch.everything.passed_over if batch.everything else PassedOver()
    counts = {status: sum(report.status == status for report in reports) for status in ("done", "skipped", "failed")}
    names = ListNames() if batch.shard is None else batch.shard.names
    now = {name for name, _ in [*failure_rows(reports, batch.out), *batch.refused_rows]}
    return Summary(
        out=batch.shown_out,
        **counts,
        refused=len(batch.refused_rows),
        failed_before=sum(name not in now for name, _ in read_failures(batch.out, names.failures)),
        incomplete=sum(_lacks_something(report.record) for report in reports),
        to_check=sum(is_to_check(report.record) for report in reports),
        with_own_masks=sum(bool(report.record.get("yours")) for report in reports),
        passed_over=passed,
        took_s=took_s,
    )


def _lacks_something(record: Mapping[str, Any]) -> bool:
    """Whether something that the plan named, and that is not optional, was not in the photo."""
    return any(part["missing"] and not part.get("optional") for part in _parts(record))


def is_to_check(record: Mapping[str, Any]) -> bool:
    """Whether a mask of a photo is probably bad, as its record says."""
    below = record.get("doubt_below") or 0.0
    expected = [part.get("expected_iou") for part in _parts(record)]
    return any(one is not None and one < below for one in expected)


def _parts(record: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The steps of an edit's record, the regions of a mask request's."""
    parts: Sequence[Mapping[str, Any]] = record.get("steps", record.get("regions", ()))
    return parts


def kept_report(report: JobReport) -> JobReport:
    """A report with what the end of a batch asks of its record: whole ones of a hundred thousand photos take gigabytes.

    It is asked by `summary_of`, and by what is printed of masks and files that are a person's.
    """
    record, asked = report.record, ("missing", "optional", "expected_iou")
    kept = {key: record[key] for key in ("doubt_below", "yours", "kept") if key in record}
    parts = [{key: part[key] for key in asked if key in part} for part in _parts(record)]
    return replace(report, record={**kept, "steps": parts} if record else record)


def report_record(report: JobReport) -> dict[str, Any]:
    """A report as the JSON object that `automask batch --json` prints."""
    return {
        "photo": report.job.shown,
        "out": report.job.out_url or str(report.job.out),
        "name": report.job.name,
        "status": report.status,
        "reason": report.reason,
        "took_s": round(report.took_s, 4),
        "record": dict(report.record),
    }


def refused_record(shown: str, reason: str, *, row: str, out: str) -> dict[str, Any]:
    """The same of a photo or row that could not become a job; its name is that of the list of failures."""
    return {
        "photo": shown,
        "out": out,
        "name": row,
        "status": "refused",
        "reason": reason,
        "took_s": 0.0,
        "record": {},
    }
