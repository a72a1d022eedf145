"""Runs a batch: skips what is done, hands the other jobs to a mapper, and reports how each ended.

Only one batch at a time writes into a folder, which it locks; files that a killed batch left half-written are removed
at the start.
"""

import contextlib
import functools
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from automask import config, runner
from automask.batches import stale, stores
from automask.batches.failures import (
    check_listed,
    failed_report,
    failure_rows,
    failures_now,
    only_failed,
    read_failures,
    write_failures,
)
from automask.batches.find import Found, Sheet, find_jobs, with_masks
from automask.batches.lock import LOCK_NAME, holder_of, only_writer, refuse_if_held
from automask.batches.mappers import LocalPool
from automask.batches.memory import fitting_workers
from automask.batches.page import write_page
from automask.batches.progress import BatchLog, Progress, ticking
from automask.batches.rooms import AgreeFirst, share_rooms
from automask.batches.shards import ListNames, Shard, merged_failures, shard_lists
from automask.batches.sheets import result_pictures, write_contact_sheet, write_variants_sheet
from automask.batches.stale import Made
from automask.batches.threads import cores
from automask.batches.worker import MaskWorker, Measurer, Worker, make_measurer, make_worker, ready_stages, worker_of
from automask.capabilities import capabilities_of
from automask.errors import AutomaskError, OutputError
from automask.masking import cache
from automask.painting.editors import named_editors
from automask.protocols import Stages
from automask.results.claims import HALF_WRITTEN, committing, may_be_used, sweep_journals
from automask.results.files import write_error
from automask.settings import RunSettings
from automask.stages import parts_of
from automask.types import Job, JobReport, Plan, Variant

SHEET_DUE_NAME = ".automask.sheet-due"
"""A file in OUT: something was done that the contact sheet there does not show yet."""


class Mapper(Protocol):
    """What runs the jobs: see `automask.batches.mappers`."""

    def map(
        self,
        make_worker: Callable[[], Callable[[Job], JobReport]],
        items: Sequence[Job],
        *,
        on_error: Callable[[Job, Exception], JobReport] | None = None,
    ) -> Iterator[JobReport]: ...


def run_batch(
    jobs: Sequence[Job],
    make_worker: Callable[[], Callable[[Job], JobReport]],
    mapper: Mapper,
    *,
    out: Path,
    refused: Sequence[tuple[str, str]] = (),
    sheets: Sequence[Sheet] = (),
    former_names: Sequence[str] = (),
    made: Made | None = None,
    prune: bool = False,
    pictures: bool = True,
    shard: Shard | None = None,
    on_report: Callable[[JobReport], None] | None = None,
    on_note: Callable[[str], None] | None = None,
    on_end: Callable[[Sequence[JobReport]], None] | None = None,
    keep: Callable[[JobReport], JobReport] | None = None,
) -> tuple[JobReport, ...]:
    """How each job ended, in the order of the jobs. One that raises is a failed report; the others continue.

    Writes OUT/failures.csv (photo, reason), OUT/contact-sheet.jpg, OUT/index.html. What failed in earlier runs, of
    whatever source and plan, stays in the list until it is redone; without a failure there is no list.
    The sheet of a photo's variants is written as soon as the last of them is done.

    Args:
        jobs: What to do.
        make_worker: Loads the models and gives the function for one job; called once for each worker.
        mapper: Runs them.
        out: The results' folder.
        refused: Rows of failures.csv for what never became a job.
        sheets: Of the photos that have variants.
        former_names: As in `failures_now`.
        made: What the whole source and plan make in OUT, by which the page tells what is out of date.
        prune: True moves that into OUT/.stale first, and takes it off the list of failures.
        pictures: False writes neither sheet nor page.
        shard: The part of a batch that the jobs are; other parts may be done at the same time, and page and sheet are
            left to `merge_shards`.
        on_report: Called with each report, in order of completion.
        on_note: Called with what a person should know of the run, as sentences.
        on_end: Called with the reports of what ended, once failures.csv is written, and before sheet and page are: they
            take room on a disk, and time.
        keep: What of each report stays in memory once it was told, to be returned; all of it by default.

    Raises:
        KeyboardInterrupt: Passed on, once the workers have stopped, and list, sheet and page say what is done so far.
        AutomaskError: What `make_worker` raises; or OUT cannot be written to, or another batch writes there.
        OutputError: A list or a picture of the whole folder could not be written; the photos are done all the same.
    """
    names = ListNames() if shard is None else shard.names
    with contextlib.ExitStack() as locked:
        try:
            out.mkdir(parents=True, exist_ok=True)
            locked.enter_context(only_writer(out, names.lock))
            if shard is None:
                _sweep(out)
        except AutomaskError:
            raise
        except OSError as error:
            raise OutputError(
                f"cannot write into {str(out)!r}: {error.strerror or error}", hint="name another folder with -o"
            ) from error
        before = merged_failures(out)[0] if shard is None else _failures_of_shard(out, shard, made)
        pruned = stale.Pruned((), ())
        if prune and made is not None:
            pruned = stale.prune(out, made)
            before = [row for row in before if row[0] in made.rows]
            for note in pruned.notes(str(out)):
                (on_note or _ignore)(note)
        known = tuple(refused), tuple(before), tuple(former_names)
        lists = _Lists(out, *known, made, drawn=not pruned.moved, pictures=pictures, shard=shard)
        calls = on_report or _ignore, on_end or _ignore, keep or _whole
        return _run_locked(jobs, make_worker, mapper, lists, sheets, *calls)


def _ignore(_: object) -> None:
    """The callback of a call without one."""


def _whole(report: JobReport) -> JobReport:
    """What is kept of a report where nothing else was asked for."""
    return report


@dataclass(frozen=True, slots=True, eq=False)
class _Lists:
    """What OUT holds besides results: the list of failures, the contact sheet and the page.

    Args:
        out: The folder.
        refused: Rows of what never became a job.
        before: Rows of earlier runs.
        former_names, made: As in `run_batch`.
        drawn: Whether the sheet that is there shows all that was done before.
        pictures, shard: As in `run_batch`.
        keeps_shards: Whether the lists of shards stay, since others are still to come.
    """

    out: Path
    refused: tuple[tuple[str, str], ...]
    before: tuple[tuple[str, str], ...]
    former_names: tuple[str, ...]
    made: Made | None
    drawn: bool = True
    pictures: bool = True
    shard: Shard | None = None
    keeps_shards: bool = False

    def write(self, reports: Sequence[JobReport], on_end: Callable[[Sequence[JobReport]], object]) -> None:
        """Writes the list of failures, then tells that the batch ended, then writes sheet and page.

        Raises:
            OutputError: The first thing that could not be written, once the others are.
        """
        failures = failures_now(reports, self.refused, self.before, self.out, former_names=self.former_names)
        due = self.out / SHEET_DUE_NAME
        changed = failures or self.before or not self.drawn or due.exists()
        changed = changed or any(report.status == "done" for report in reports)
        with _all_of_it(self.out) as attempt:
            with attempt():
                self._write_failures(failures)
            on_end(reports)
            pictures = self.pictures and self.shard is None
            if pictures and (changed or not (self.out / "contact-sheet.jpg").is_file()):
                with attempt():
                    write_contact_sheet(self.out, failures)
            if pictures:
                with attempt():
                    mark = functools.partial(stale.mark_of, out=self.out, made=self.made)
                    write_page(self.out, result_pictures(self.out), failures, mark)
        if pictures:
            with contextlib.suppress(OSError):  # a folder of that name
                due.unlink()

    def _write_failures(self, failures: Sequence[tuple[str, str]]) -> None:
        """Writes the list; that of a whole batch takes the place of those of shards."""
        if self.shard is not None:
            write_failures(self.out, failures, self.shard.names.failures, if_empty=True)
            return
        write_failures(self.out, failures)
        for _, path in () if self.keeps_shards else shard_lists(self.out):
            path.unlink(missing_ok=True)

    def set_due(self) -> None:
        """Notes that a photo was done, so that the next batch draws the sheet if this one is killed before it does."""
        if self.pictures:
            with contextlib.suppress(OSError):
                (self.out / SHEET_DUE_NAME).touch()


@contextlib.contextmanager
def _all_of_it(out: Path) -> Iterator[Callable[[], contextlib.AbstractContextManager[None]]]:
    """Gives a context manager whose blocks may fail to write; the first failure is raised at the end of all."""
    failed: list[AutomaskError | OSError] = []

    @contextlib.contextmanager
    def attempt() -> Iterator[None]:
        try:
            yield
        except (AutomaskError, OSError) as error:
            failed.append(error)

    yield attempt
    for error in failed:
        raise write_error(out, error) if isinstance(error, OSError) else error


def _run_locked(
    jobs: Sequence[Job],
    make_worker: Callable[[], Callable[[Job], JobReport]],
    mapper: Mapper,
    lists: _Lists,
    sheets: Sequence[Sheet],
    on_report: Callable[[JobReport], object],
    on_end: Callable[[Sequence[JobReport]], object],
    keep: Callable[[JobReport], JobReport],
) -> tuple[JobReport, ...]:
    reports: dict[Job, JobReport] = {}
    sheet_of = {job: sheet for sheet in sheets for _, job in sheet.cells}
    todo = frozenset(jobs)
    results = mapper.map(make_worker, jobs, on_error=failed_report)
    is_due = False
    with _all_of_it(lists.out) as attempt:
        try:
            for report in results:
                reports[report.job] = keep(report)
                if report.status == "done" and not is_due:
                    lists.set_due()
                    is_due = True
                on_report(report)
                if report.job in sheet_of:
                    with attempt():
                        write_variants_sheet(sheet_of[report.job], reports, among=todo)
        except BaseException as error:
            close = getattr(results, "close", None)
            if close is not None:
                close()
            with attempt():  # it must not take the place of what ended the batch
                lists.write([*reports.values()], on_end if isinstance(error, KeyboardInterrupt) else _ignore)
            raise
        ended = tuple(reports[job] for job in jobs)
        with attempt():
            lists.write(ended, on_end)
    return ended


def _failures_of_shard(out: Path, shard: Shard, made: Made | None) -> list[tuple[str, str]]:
    """The rows of earlier runs for a shard: of its own list, and of that of a whole batch what belongs to it."""
    whole = [row for row in read_failures(out) if made is not None and row[0] in made.rows]
    return [*dict([*whole, *read_failures(out, shard.names.failures)]).items()]


def merge_shards(out: Path) -> "Merged":
    """Writes the list of failures, the sheet and the page of a folder that shards wrote into.

    Raises:
        OutputError: A batch writes there, or it cannot be written into; what could be written is.
    """
    with only_writer(out):
        _sweep(out)
        rows, missing = merged_failures(out)
        done = sum(1 for _ in stale.records_below(out))
        lists = _Lists(out, tuple(rows), (), (), None, drawn=False, keeps_shards=bool(missing))
        lists.write((), _ignore)
    return Merged(str(out), done, len(rows), missing)


def _sweep(out: Path) -> None:
    """Removes what a killed batch left half-written: files and folders with the temporary names that only we give.

    Not where another batch is at work: in a folder above this one it may be writing here, too. What cannot be removed
    stays: nothing depends on it.
    """
    if any(holder_of(folder) for folder in Path(os.path.realpath(out)).parents):
        return
    others = [path.parent for path in out.rglob(LOCK_NAME) if path.parent != out and holder_of(path.parent)]
    for path in sorted(out.rglob(".automask-*")):  # a folder before what is in it
        if not HALF_WRITTEN.fullmatch(path.name) or any(path.is_relative_to(other) for other in others):
            continue
        # An edit, which needs no lock of a batch, holds one on its folder, and writes beside it while it commits.
        with contextlib.suppress(OSError), committing(path.parent):
            if not path.is_dir() or path.is_symlink():
                path.unlink()
            elif may_be_used(path):
                others.append(path)
            else:
                shutil.rmtree(path, ignore_errors=True)
    sweep_journals(out)


@dataclass(frozen=True, slots=True)
class Merged:
    """What the shards of a folder came to.

    Args:
        out: The folder.
        done: Results there.
        failed: Rows of the list of failures.
        missing: The shards that have not ended.
    """

    out: str
    done: int
    failed: int
    missing: tuple[Shard, ...] = ()


@dataclass(frozen=True, slots=True)
class OpenBatch:
    """The jobs of a batch, and where its lists go.

    Args:
        jobs: What to do.
        refused: (name, reason) of what cannot become a job.
        sheets: Of the photos that have variants.
        out: The local folder of its lists.
        out_url: The place in a store that the results go to; empty for a folder.
        refused_rows: As in `Found`.
        everything: All of the source and plan; `jobs` are only a part of it where failed ones are tried again.
        shard: The shard that it is, if any: then it holds nothing else.
    """

    jobs: tuple[Job, ...]
    refused: tuple[tuple[str, str], ...]
    sheets: tuple[Sheet, ...]
    out: Path
    out_url: str
    refused_rows: tuple[tuple[str, str], ...] = ()
    everything: Found | None = None
    shard: Shard | None = None

    @property
    def shown_out(self) -> str:
        """OUT for people: a URL, or a path."""
        return self.out_url or str(self.out)


def open_batch(
    source: str,
    variants: tuple[Variant, ...] | None,
    cfg: config.Config,
    *,
    retry_failed: bool = False,
    shard: Shard | None = None,
) -> OpenBatch:
    """The jobs of a folder, a glob, a store's URL or a CSV.

    Args:
        source: As in `find_jobs`.
        variants: Of every photo; None for a CSV whose rows have their own edits.
        cfg: As `config.compose` gives it: `out`, `recursive` and `masks` are read.
        retry_failed: Only the jobs that OUT/failures.csv lists.
        shard: Only the jobs that belong to it, and to its own list of failures.

    Raises:
        PhotoError, UsageError, OutputError, ExtraMissing: As `find_jobs`, `local_out` and, to retry, `check_listed`.
        MaskError: There is no folder `masks`.
    """
    out = stores.local_out(cfg["out"])
    out_url = cfg["out"] if stores.is_url(cfg["out"]) else ""
    where = {"out": out, "out_url": out_url, "recursive": cfg["recursive"], "same_room": cfg["same_room"] or ""}
    found = find_jobs(source, variants=variants, **where)
    names = ListNames() if shard is None else shard.names
    found = found if shard is None else shard.of(found)
    if cfg["masks"] is not None:
        found = with_masks(found, Path(cfg["masks"]), out)
    if retry_failed:
        check_listed(out, out_url or str(out), names.failures)
    jobs = only_failed(found.jobs, out, names.failures) if retry_failed else found.jobs
    return OpenBatch(jobs, found.refused, found.sheets, out, out_url, found.refused_rows, found, shard)


def run_jobs(
    jobs: Sequence[Job],
    cfg: config.Config,
    *,
    out: Path,
    refused: Sequence[tuple[str, str]] = (),
    sheets: Sequence[Sheet] = (),
    former_names: Sequence[str] = (),
    everything: Found | None = None,
    paint: bool = True,
    shard: Shard | None = None,
    conf: Path | None = None,
    on_report: Callable[[JobReport], None] | None = None,
    on_note: Callable[[str], None] | None = None,
    on_tick: Callable[[str], None] | None = None,
    on_end: Callable[[Sequence[JobReport]], None] | None = None,
    keep: Callable[[JobReport], JobReport] | None = None,
) -> tuple[JobReport, ...]:
    """All jobs of a batch, done by the configuration's mapper; one that fails does not stop the others.

    Args:
        jobs: What to do.
        cfg: As `config.compose` gives it.
        out: Where `failures.csv` and the contact sheet go.
        refused: Rows of `failures.csv` for what never became a job: `OpenBatch.refused_rows`.
        sheets: Of the photos that have variants.
        former_names: As in `failures_now`.
        everything: All of the source and plan, of which `jobs` may be a part: `OpenBatch.everything`.
        paint: False only finds masks and writes them, as `automask mask` does.
        shard: As in `run_batch`.
        conf: The user's own folder, where there is one.
        on_report: Called with each report, in order of completion.
        on_note: Called with what a person should know of the run, as sentences.
        on_tick: Called every half minute with a line that says how far the batch is.
        on_end, keep: As in `run_batch`.

    Raises:
        PlanError, UnknownPhrase: The plan that all jobs share cannot be done. (One row's plan fails just that row.)
        ConfigError, WeightsMissing, ExtraMissing: Nothing could be done.
    """
    if shard is None:
        refuse_if_held(out)  # before the models are loaded
    cfg = with_mask_cache(cfg, jobs, sheets)
    settings = RunSettings.from_config(cfg)
    whole = jobs if everything is None else everything.jobs
    names = named_editors(*(job.plan for job in (whole if any(job.room for job in jobs) else jobs)))
    stages = runner.load_stages(cfg, names, settings, conf=conf, ready=ready_stages(cfg, paint=paint))
    looks = worker_of(paint)(stages, settings, force=cfg["force"], fresh_masks=cfg["fresh_masks"])
    jobs = share_rooms(jobs, whole, looks) if paint else jobs
    faults = plan_faults(jobs, stages, paint=paint)
    reports = [JobReport(job, "failed", faults[job.plan]) for job in jobs if job.plan in faults]
    log = BatchLog(None if stores.is_url(cfg["out"]) else out, (ListNames() if shard is None else shard.names).log)
    progress = Progress(len(jobs))

    def tell(report: JobReport) -> None:
        progress.add(report)
        if report.status == "failed":
            log.write_failure(report)
        (on_report or _ignore)(report)

    def tick() -> None:
        log.write(progress.line())
        (on_tick or _ignore)(progress.line())

    def end(stop_ticking: Callable[[], object], done: Sequence[JobReport]) -> None:
        stop_ticking()  # sheet and page are still to be drawn: for thousands of photos that takes a while
        if log.is_begun or any(report.status == "done" for report in done):
            log.write(progress.line())
        (on_end or _ignore)((*reports, *done))

    for report in reports:
        tell(report)
    mapper, make = _mapper_and_worker(cfg, looks, jobs, whole, names, conf, on_note or _ignore)
    todo = [job for job in jobs if job.plan not in faults]
    with ticking(tick) as stop_ticking, stores.only_writer(cfg["out"]), stores.uploaded_failures(out, cfg["out"]):
        done = run_batch(
            todo,
            make,
            mapper,
            out=out,
            refused=[*refused, *failure_rows(reports, out)],
            sheets=sheets,
            former_names=[*former_names, *(report.job.shown for report in reports)],
            made=None if everything is None else stale.made_by(everything, out),
            prune=paint and cfg["prune"],
            pictures=paint,
            shard=shard,
            on_report=tell,
            on_note=on_note,
            on_end=functools.partial(end, stop_ticking),
            keep=keep,
        )
    return (*reports, *done)


def _mapper_and_worker(
    cfg: config.Config,
    looks: Worker,
    jobs: Sequence[Job],
    whole: Sequence[Job],
    names: Sequence[str],
    conf: Path | None,
    on_note: Callable[[str], None],
) -> tuple[Mapper, Callable[[], Callable[[Job], JobReport]]]:
    """The mapper of a batch, and what makes its workers.

    Args:
        cfg, conf: As in `run_jobs`.
        looks: A worker with loaded stages, which tells what is done.
        jobs: What is done now.
        whole: All of the batch.
        names: The editors that edits name.
        on_note: As in `run_batch`.
    """
    mapper = config.build_mapper(cfg)
    paint = not isinstance(looks, MaskWorker)
    # One worker uses the stages that checked the words, in this process; other processes load their own.
    make = functools.partial(make_worker, dict(cfg), names, conf, paint=paint)
    measurer: Callable[[], Callable[[Job], JobReport]] = functools.partial(make_measurer, dict(cfg), names, conf)
    if isinstance(mapper, LocalPool):
        workers = local_workers(mapper.workers, looks.stages, jobs)
        mapper = LocalPool(workers=workers, photo_limit_s=mapper.photo_limit_s)
    alone = isinstance(mapper, LocalPool) and mapper.workers == 1 and not mapper.photo_limit_s
    if alone:
        more = {name: cfg[name] for name in ("overwrite", "force", "fresh_masks")}
        make = functools.partial(worker_of(paint), looks.stages, looks.settings, **more)
        measurer = functools.partial(Measurer, looks.stages, looks.settings, fresh_masks=cfg["fresh_masks"])
    if any(job.shared for job in jobs):
        mapper = SkipFinished(AgreeFirst(mapper, measurer, looks, whole, on_note), looks)
    elif not alone:
        mapper = SkipFinished(mapper, looks)
    return mapper, make


def with_mask_cache(cfg: config.Config, jobs: Sequence[Job], sheets: Sequence[Sheet]) -> config.Config:
    """The configuration, with a size for the cache of masks where it leaves that open: none if each is needed once.

    Jobs that share a photo need them twice, and so do photos of one room, which are measured first.
    """
    if cfg["mask_cache_mb"] is not None:
        return cfg
    again = bool(sheets) or len({job.photo for job in jobs}) < len(jobs) or any(job.room for job in jobs)
    return {**cfg, "mask_cache_mb": cache.DEFAULT_MB if again else 0}


def plan_faults(jobs: Sequence[Job], stages: Stages, *, paint: bool = True) -> dict[Plan, str]:
    """Why each plan that cannot be done cannot, where other photos have others; `paint` as in `run_jobs`.

    Raises:
        PlanError, UnknownPhrase: The plan that all jobs share cannot be done.
    """
    rows: dict[tuple[Path, str], set[Plan]] = {}
    for job in jobs:
        rows.setdefault((job.photo, job.name), set()).add(job.plan)
    shared = set.intersection(*rows.values()) if rows else set()
    faults: dict[Plan, str] = {}
    for plan in dict.fromkeys(job.plan for job in jobs):
        try:
            runner.check_plan(plan, stages, find_targets=not any(job.masks for job in jobs), paint=paint)
        except AutomaskError as error:
            if plan in shared:
                raise
            faults[plan] = str(error)
    return faults


_MIN_PHOTOS_PER_WORKER = 3
"""Starting a worker takes about as long as two photos, so each must have at least this many."""


def workers_for(asked: int | Literal["auto"], stages: Stages, jobs: int) -> int:
    """How many processes work on a batch on this machine.

    Args:
        asked: A number is used as it is. `auto`: one for each core, but no more than pay for their start, and only one
            where a stage's model uses all cores or a GPU by itself (`exclusive`).
        stages: What is loaded.
        jobs: How many photos there are.
    """
    if asked != "auto":
        return asked
    if any(capabilities_of(part).exclusive for part in parts_of(stages).values()):
        return 1
    return max(1, min(cores(), jobs // _MIN_PHOTOS_PER_WORKER))


def local_workers(asked: int | Literal["auto"], stages: Stages, jobs: Sequence[Job]) -> int:
    """The same for these jobs, where `auto` is no more than the free memory holds with the largest photo among them."""
    workers = workers_for(asked, stages, len(jobs))
    return fitting_workers(workers, jobs) if asked == "auto" else workers


@dataclass(frozen=True, slots=True, eq=False)
class SkipFinished:
    """A mapper that skips finished jobs before it starts any worker: starting may take longer than all other work.

    Args:
        mapper: Gets the jobs that are left.
        worker: Says which are finished.
    """

    mapper: Any
    worker: Worker

    def map(
        self,
        make_worker: Callable[[], Callable[[Job], JobReport]],
        items: Sequence[Job],
        *,
        on_error: Callable[[Job, Exception], JobReport] | None = None,
    ) -> Iterator[JobReport]:
        waiting: list[Job] = []
        with ThreadPoolExecutor(cores()) as pool:  # hashing releases Python's lock
            for item, report in zip(items, pool.map(self._skip, items), strict=True):
                if report is None:
                    waiting.append(item)
                else:
                    yield report
        yield from self.mapper.map(make_worker, waiting, on_error=on_error)

    def _skip(self, job: Job) -> JobReport | None:
        try:
            return self.worker.skipped(job)
        except (AutomaskError, OSError):
            return None  # the worker that gets the job reports why it cannot be done
