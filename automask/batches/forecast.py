"""What a batch would do, before it is begun: which jobs are left, which would fail, and what the rest would cost.

The cost is measured: a few photos are done as the batch would do them, into a temporary folder.
"""

import contextlib
import math
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from automask import config, runner
from automask.batches.failures import one_line
from automask.batches.find import Found
from automask.batches.mappers import LocalPool
from automask.batches.memory import free_mb
from automask.batches.rooms import share_rooms
from automask.batches.run import local_workers, plan_faults
from automask.batches.threads import limit_threads, threads_each
from automask.batches.worker import Measurer, Worker, ready_stages, worker_of
from automask.errors import AutomaskError
from automask.images import photo_size
from automask.painting.editors import named_editors
from automask.results.files import files_of
from automask.settings import RunSettings
from automask.types import Job
from automask.weights import gpu_peak_mb

SAMPLES = 3
_ONE_SAMPLE_PER = 10
_ENOUGH_S = 30.0
"""No further photo is tried once those before took this long."""
_PROCESS_START_S = 1.0
"""What a worker process needs besides loading the models, measured with the starter on two cores."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What would become of one job.

    Args:
        job: The job.
        status: `to do`, `done before`, or `would fail`.
        reason: Why it would fail; None otherwise.
        megapixels: Of the photo, from its headers; None for one in a store, or that would fail.
    """

    job: Job
    status: Literal["to do", "done before", "would fail"]
    reason: str | None = None
    megapixels: float | None = None

    @property
    def result(self) -> str:
        """The path, or the URL, of its result."""
        name = files_of(self.job.photo.name, self.job.out, self.job.name).result
        return f"{self.job.out_url}/{name.name}" if self.job.out_url else str(name)

    def as_record(self, plan: str) -> dict[str, Any]:
        """What `automask batch --dry-run --json` prints of it; `plan` is its plan in words."""
        where = self.job.out_url or str(self.job.out)
        return {
            "photo": self.job.shown,
            "out": where,
            "name": self.job.name,
            "plan": plan,
            "result": self.result,
            "status": self.status,
            "reason": self.reason,
            **({"same_room": self.job.room} if self.job.room else {}),
        }


@dataclass(frozen=True, slots=True)
class Cost:
    """What one photo took.

    Args:
        megapixels: Of the photo.
        seconds: Wall-clock time.
        written_bytes: Of all its files.
    """

    megapixels: float
    seconds: float
    written_bytes: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """What the jobs that are left would take on this machine.

    Args:
        samples: How many photos were tried.
        workers: How many would be worked on at a time.
        took_s: Wall-clock seconds of the whole run.
        disk_mb, free_mb: What it would write, and what is free there; None where OUT is in a store.
        memory_mb, available_mb: Of all its processes, and what is available; None where the system does not say.
        gpu_mb: Of one worker's models and pictures on a GPU; None where none is used.
    """

    samples: int
    workers: int
    took_s: float
    disk_mb: float
    free_mb: float | None
    memory_mb: float | None
    available_mb: float | None
    gpu_mb: float | None

    @property
    def lacks(self) -> tuple[str, ...]:
        """What there is too little of: `disk`, `memory`."""
        pairs = {"disk": (self.disk_mb, self.free_mb), "memory": (self.memory_mb, self.available_mb)}
        return tuple(name for name, (need, has) in pairs.items() if need is not None and has is not None and need > has)


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a batch would do.

    Args:
        expected: One for each job, in order.
        estimate: The cost of those that are left; None where none is, or where no photo could be tried.
    """

    expected: tuple[Expected, ...]
    estimate: Estimate | None

    def count(self, status: str) -> int:
        """How many jobs have a status."""
        return sum(one.status == status for one in self.expected)


def forecast(
    jobs: Sequence[Job],
    cfg: config.Config,
    *,
    everything: Found | None = None,
    paint: bool = True,
    conf: Path | None = None,
) -> Forecast:
    """What `run_jobs` would do with the same arguments. Nothing is written into OUT.

    Args:
        jobs: What would be done.
        cfg: As `config.compose` gives it.
        everything, paint: As in `run_jobs`.
        conf: The user's own folder, where there is one.

    Raises:
        PlanError, UnknownPhrase, ConfigError, WeightsMissing, ExtraMissing: As `run_jobs`.
    """
    settings = replace(RunSettings.from_config(cfg), mask_cache_mb=0)
    began = time.perf_counter()
    names = named_editors(*(job.plan for job in jobs))
    stages = runner.load_stages(cfg, names, settings, conf=conf, ready=ready_stages(cfg, paint=paint))
    load_s = time.perf_counter() - began
    faults = plan_faults(jobs, stages, paint=paint)
    worker = worker_of(paint)(stages, settings, force=cfg["force"], fresh_masks=cfg["fresh_masks"])
    jobs = share_rooms(jobs, jobs if everything is None else everything.jobs, worker) if paint else jobs
    expected = [
        Expected(job, "would fail", faults[job.plan]) if job.plan in faults else _look(job, worker) for job in jobs
    ]
    left = [index for index, one in enumerate(expected) if one.status == "to do"]
    mapper = config.build_mapper(cfg)
    workers = local_workers(mapper.workers, stages, jobs) if isinstance(mapper, LocalPool) else mapper.workers
    workers = max(1, min(workers, len(left)))
    costs: list[Cost] = []
    with _share_of_cores(workers if isinstance(mapper, LocalPool) else 1):
        for index in _spread(left, min(SAMPLES, max(1, len(left) // _ONE_SAMPLE_PER))):
            tried = _try(expected[index], worker)
            if isinstance(tried, Cost):
                costs.append(tried)
            else:
                expected[index] = tried
            if sum(cost.seconds for cost in costs) > _ENOUGH_S:
                break
    todo = [one.megapixels for one in expected if one.status == "to do"]
    if not costs:
        return Forecast(tuple(expected), None)
    out = None if jobs[0].out_url else jobs[0].out
    start_s = load_s + (_PROCESS_START_S + load_s if workers > 1 else 0.0)
    return Forecast(tuple(expected), estimate(costs, todo, workers=workers, start_s=start_s, out=out))


def estimate(
    costs: Sequence[Cost], megapixels: Sequence[float | None], *, workers: int, start_s: float, out: Path | None
) -> Estimate:
    """What photos would take, by what a few took for each megapixel.

    Args:
        costs: At least one; the first of several warms up, and its seconds do not count.
        megapixels: Of each photo to do; None counts as the average of those that were tried.
        workers: How many are worked on at a time.
        start_s: Seconds before the first photo is begun.
        out: The folder of the results, which need not exist; None for a store.
    """
    warm = costs[1:] or costs
    usual = sum(cost.megapixels for cost in costs) / len(costs)
    total = math.fsum(usual if one is None else one for one in megapixels)
    rate_s = sum(cost.seconds for cost in warm) / sum(cost.megapixels for cost in warm)
    rate_bytes = sum(cost.written_bytes for cost in costs) / sum(cost.megapixels for cost in costs)
    peak_mb = _peak_mb()
    return Estimate(
        samples=len(costs),
        workers=workers,
        took_s=start_s + total * rate_s / workers,
        disk_mb=total * rate_bytes / 1e6,
        free_mb=None if out is None else _free_mb(out),
        memory_mb=None if peak_mb is None else peak_mb * (workers + (workers > 1)),
        available_mb=free_mb(),
        gpu_mb=gpu_peak_mb(),
    )


def _look(job: Job, worker: Worker) -> Expected:
    with contextlib.suppress(AutomaskError, OSError):  # the look at the photo below says what is wrong
        if worker.is_finished(job):
            return Expected(job, "done before")
    if job.photo_url:
        return Expected(job, "to do")
    try:
        width, height = photo_size(job.photo, worker.settings.max_megapixels)
    except AutomaskError as error:
        return Expected(job, "would fail", one_line(error))
    return Expected(job, "to do", megapixels=width * height / 1e6)


def _try(expected: Expected, worker: Worker) -> Cost | Expected:
    """What a photo takes, done into a temporary folder; or that it would fail."""
    with tempfile.TemporaryDirectory(prefix="automask-") as folder:
        began = time.perf_counter()
        try:
            job = replace(expected.job, out=Path(folder), out_url="")
            if job.shared is not None:
                Measurer(worker.stages, worker.settings, fresh_masks=worker.fresh_masks)(job)
            report = worker(job)
        except Exception as error:
            return replace(expected, status="would fail", reason=one_line(error), megapixels=None)
        seconds = time.perf_counter() - began
        width, height = report.record["size_wh"]
        written = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
        return Cost(width * height / 1e6, seconds, written)


def _spread(indices: Sequence[int], count: int) -> list[int]:
    """A few of many, from all parts: the first photos of a listing may be unlike the others."""
    return [indices[index * len(indices) // count] for index in range(min(count, len(indices)))]


@contextlib.contextmanager
def _share_of_cores(workers: int) -> Iterator[None]:
    """Limits OpenCV to the threads that each of several workers would have."""
    if workers == 1:
        yield
        return
    import cv2

    before = cv2.getNumThreads()
    limit_threads(threads_each(workers))
    try:
        yield
    finally:
        cv2.setNumThreads(before)


def _free_mb(out: Path) -> float | None:
    there = next((place for place in (out, *out.absolute().parents) if place.is_dir()), None)
    try:
        return None if there is None else shutil.disk_usage(there).free / 1e6
    except OSError:
        return None


def _peak_mb() -> float | None:
    """The most memory that this process held so far; None where the system does not say."""
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)
