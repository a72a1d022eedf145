"""What does the jobs of a batch: the stages, loaded once, and the steps from a photo to its files."""

import hashlib
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from automask import config
from automask.batches import stores
from automask.batches.prefetch import Finished, prefetched
from automask.batches.resume import is_done
from automask.errors import PhotoError
from automask.fingerprint import job_digest
from automask.images import Photo, open_photo
from automask.painting import chain, editors
from automask.protocols import Stages
from automask.results.disclosure import disclosed_digest
from automask.results.files import files_of
from automask.results.outcome import Outcome
from automask.results.records import write_json
from automask.runner import FoundRegions, RunSettings, cache_of, find_regions, make_outcome, settings_of
from automask.stages import parts_of
from automask.types import Job, JobReport

PHOTOS_TOGETHER = 4
"""Photos whose crops go to an editor in one call, where it paints several at once (`paint_many`)."""


def make_worker(cfg: config.Config, names: Sequence[str], conf: Path | None) -> "Worker":
    """Loads the models once and gives what does the jobs; picklable, so that any process may call it."""
    return Worker(config.build(cfg, editors=names, conf=conf), cfg)


@dataclass(frozen=True, slots=True, eq=False)
class Worker:
    """Does the jobs of a batch with stages that are loaded: one at a time, or as a stream.

    Args:
        stages: Used for every photo.
        cfg: As `config.compose` gives it.
    """

    stages: Stages
    cfg: config.Config

    def __call__(self, job: Job) -> JobReport:
        """One photo: skipped where its record shows that it was done with the same photo, plan and settings.

        Raises:
            AutomaskError: As `edit`; the batch reports it and goes on.
        """
        ready = self._read(job)
        if isinstance(ready, Finished):
            return ready.result
        (made,) = self._work([(job, ready)])
        if isinstance(made, Exception):
            raise made
        return self._write(job, made)

    def stream(self, jobs: Iterable[Job], *, on_error: Callable[[Job, Exception], JobReport]) -> Iterator[JobReport]:
        """The reports of all, in order: the next photos are read and the last written while this thread works.

        Args:
            jobs: Any number; few photos are held at a time.
            on_error: Gives the report of a job that failed.
        """
        several = any(hasattr(part, "paint_many") for part in parts_of(self.stages).values())
        batch_size = PHOTOS_TOGETHER if several else 1
        return prefetched(
            jobs, read=self._read, work=self._work, write=self._write, on_error=on_error, batch_size=batch_size
        )

    def _read(self, job: Job) -> "_Read | Finished[JobReport]":
        began = time.perf_counter()
        if job.photo_url or job.out_url:
            return self._fetch(job, began)
        skipped = self.skipped(job)
        if skipped is not None:
            return Finished(skipped)
        photo = open_photo(job.photo, max_megapixels=self.cfg["max_megapixels"])
        return _Read(photo, time.perf_counter() - began)

    def skipped(self, job: Job) -> JobReport | None:
        """The report of a job that is done already; None for one that is not, or whose files lie in a store."""
        began = time.perf_counter()
        record = files_of(job.photo.name, job.out, job.name).record
        if job.photo_url or job.out_url or not record.is_file() or not job.photo.is_file():
            return None
        if not is_done(job, self._digest(job, _sha256(job.photo))):
            return None
        return JobReport(job, "skipped", took_s=time.perf_counter() - began)

    def _fetch(self, job: Job, began: float) -> "_Read | Finished[JobReport]":
        """`_read` where the photo or OUT lies in a store; a photo there is known by its version, unfetched."""
        folder = tempfile.TemporaryDirectory(prefix="automask-")
        here: Job | None = None
        known = stores.version_of(job.photo_url) if job.photo_url else ""
        if not known:
            here = stores.downloaded(job, Path(folder.name))
            known = _sha256(here.photo) if here.photo.is_file() else ""
        digest = self._digest(job, known)
        if stores.is_uploaded(job, digest) if job.out_url else is_done(job, digest):
            folder.cleanup()
            return Finished(JobReport(job, "skipped", took_s=time.perf_counter() - began))
        here = here or stores.downloaded(job, Path(folder.name))
        try:
            photo = open_photo(here.photo, max_megapixels=self.cfg["max_megapixels"])
        except PhotoError as error:  # the fetched file's name helps nobody
            raise PhotoError(error.problem.replace(str(here.photo), job.shown), hint=error.hint) from error
        return _Read(photo, time.perf_counter() - began, _Fetched(folder, here, digest))

    def _digest(self, job: Job, photo_digest: str) -> str:
        cfg = self.cfg
        settings = settings_of(self.stages, job.plan, cfg["seed"], cfg["on_missing"], cfg["candidates"])
        digest = job_digest(photo_digest, job.plan, settings)
        return disclosed_digest(digest, cfg["disclose"], signed=cfg["c2pa"] is not None)

    def _work(self, jobs: Sequence[tuple[Job, "_Read"]]) -> list["_Made | Exception"]:
        """What became of each photo: masks one after another, crops of all of them together."""
        run = self._run
        began = time.perf_counter()
        found: list[FoundRegions | Exception] = []
        for job, read in jobs:
            try:
                editors.check_edits(job.plan, self.stages)
                found.append(find_regions(read.photo, job.plan, self.stages, run.on_missing, None, run.cache))
            except Exception as error:
                found.append(error)
        masked = time.perf_counter()
        fine = [(job, read, one) for (job, read), one in zip(jobs, found, strict=True) if isinstance(one, FoundRegions)]
        painted = iter(
            chain.paint_together(
                [
                    chain.painting(read.photo.rgb, job.plan, one.regions, self.stages, run.seed, run.candidates)
                    for job, read, one in fine
                ]
            )
        )
        # Photos that were painted together took their share of the time each.
        mask_s, paint_s = ((masked - began) / len(jobs), (time.perf_counter() - masked) / max(len(fine), 1))
        made: list[_Made | Exception] = []
        for (job, read), one in zip(jobs, found, strict=True):
            if isinstance(one, Exception):
                made.append(one)
                continue
            result = next(painted)
            if isinstance(result, Exception):
                made.append(result)
                continue
            timing = {"load_s": 0.0, "mask_s": mask_s, **one.told, "paint_s": paint_s}
            outcome = make_outcome(read.photo, job.plan, one, result, self.stages, run, timing=timing)
            made.append(_Made(outcome, read.took_s + mask_s + paint_s, read.fetched))
        return made

    def _write(self, job: Job, made: "_Made") -> JobReport:
        began = time.perf_counter()
        here = made.fetched.here if made.fetched else job
        saved = made.outcome.save(here.out, name=here.name, disclose=self.cfg["disclose"], c2pa=self.cfg["c2pa"])
        record = dict(saved.recorded)
        if made.fetched:
            record["digest"] = made.fetched.digest
            write_json(saved.record, record)
            if job.out_url:
                stores.upload(job, here.out)
            made.fetched.folder.cleanup()
        return JobReport(job, "done", record=record, took_s=made.took_s + time.perf_counter() - began)

    @property
    def _run(self) -> "RunSettings":
        cfg = self.cfg
        cache = cache_of(cfg["mask_cache_mb"])
        settings = (cfg["seed"], cfg["on_missing"], cfg["max_megapixels"], cfg["candidates"])
        return RunSettings(None, self.stages, None, *settings, cache)


@dataclass(frozen=True, slots=True, eq=False)
class _Read:
    """A photo that is open, and the seconds that it took."""

    photo: Photo
    took_s: float
    fetched: "_Fetched | None" = None


@dataclass(frozen=True, slots=True, eq=False)
class _Fetched:
    """A job's files on this machine while its photo or results belong into a store.

    Args:
        folder: Goes with the last that holds it, should the job fail before it is cleaned up.
        here: The job over files in it.
        digest: What the record is to carry.
    """

    folder: "tempfile.TemporaryDirectory[str]"
    here: Job
    digest: str


@dataclass(frozen=True, slots=True, eq=False)
class _Made:
    """An edited photo, not yet written, and the seconds that it took."""

    outcome: Outcome
    took_s: float
    fetched: _Fetched | None = None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
