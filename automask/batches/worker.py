"""What does the jobs of a batch: the stages, loaded once, and the steps from a photo to its files."""

import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from automask import config, runner
from automask.batches import stores
from automask.batches.prefetch import Finished, prefetched
from automask.batches.resume import has_masks, is_done
from automask.capabilities import capabilities_of
from automask.errors import PhotoError
from automask.fingerprint import disclosed_digest, file_digest
from automask.images import Photo, open_photo
from automask.masking.given import mask_files
from automask.protocols import Stages
from automask.results.claims import PhotoId, check_free, source_of, source_of_path
from automask.results.corrections import OwnMask, own_masks
from automask.results.files import files_of
from automask.results.outcome import Outcome
from automask.results.records import without_masks
from automask.settings import RunSettings
from automask.stages import NotLoaded, parts_of
from automask.types import Job, JobReport, Variant

PHOTOS_TOGETHER = 4
"""Photos whose crops go to an editor in one call, where it paints several at once (`paint_many`)."""


def make_measurer(cfg: config.Config, names: Sequence[str], conf: Path | None) -> "Measurer":
    """The same for what measures photos of rooms; arguments as in `make_worker`."""
    settings = RunSettings.from_config(cfg)
    stages = runner.load_stages(cfg, names, settings, conf=conf, ready=ready_stages(cfg))
    return Measurer(stages, settings, fresh_masks=cfg["fresh_masks"])


def make_worker(cfg: config.Config, names: Sequence[str], conf: Path | None, *, paint: bool = True) -> "Worker":
    """Loads the models once and gives what does the jobs; picklable, so that any process may call it.

    Args:
        cfg: As `config.compose` gives it.
        names: The editors that edits name.
        conf: The user's own folder, where there is one.
        paint: False only finds and writes masks: no editor is loaded.
    """
    settings = RunSettings.from_config(cfg)
    stages = runner.load_stages(cfg, names, settings, conf=conf, ready=ready_stages(cfg, paint=paint))
    more = {name: cfg[name] for name in ("overwrite", "force", "fresh_masks")}
    return worker_of(paint)(stages, settings, **more)


def worker_of(paint: bool) -> type["Worker"]:
    """The class of what does the jobs of a batch that paints, or that only finds masks."""
    return Worker if paint else MaskWorker


def ready_stages(cfg: config.Config, *, paint: bool = True) -> dict[str, Any]:
    """Stand-ins for the stages that a batch does not load.

    Args:
        cfg: Where its `masks` are given, nothing that finds them is needed.
        paint: A batch of mask requests needs no editor.
    """
    if not paint:
        return {"editor": NotLoaded()}
    return {} if cfg["masks"] is None else {"segmenter": NotLoaded(), "refiner": NotLoaded()}


@dataclass(frozen=True, slots=True, eq=False)
class Worker:
    """Does the jobs of a batch with stages that are loaded: one at a time, or as a stream.

    Args:
        stages: Used for every photo.
        settings: Of the batch.
        overwrite: As in `Outcome.save`.
        force: True makes again what is done.
        fresh_masks: Whether a person's masks in OUT are put aside, and the words looked for all the same.
    """

    stages: Stages
    settings: RunSettings
    overwrite: bool = False
    force: bool = False
    fresh_masks: bool = False

    @property
    def _paints(self) -> bool:
        return True

    def __call__(self, job: Job) -> JobReport:
        """One photo: skipped where its record shows that it was done with the same photo, plan and settings.

        Raises:
            AutomaskError: As `edit`; the batch reports it and continues.
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
        several = any(capabilities_of(part).paint_many for part in parts_of(self.stages).values())
        batch_size = PHOTOS_TOGETHER if several else 1
        return prefetched(
            jobs, read=self._read, work=self._work, write=self._write, on_error=on_error, batch_size=batch_size
        )

    def skipped(self, job: Job) -> JobReport | None:
        """The report of a job that is done already; None for one that is not, or whose files are in a store."""
        began = time.perf_counter()
        if self.force or job.photo_url or job.out_url or not self._record(job).is_file() or not job.photo.is_file():
            return None
        sha256 = file_digest(job.photo)
        own = self._own_masks(job, sha256)
        if (own and self.fresh_masks) or not self._is_done(job, self._digest(job, sha256, own)):
            return None
        return JobReport(job, "skipped", took_s=time.perf_counter() - began)

    def is_finished(self, job: Job) -> bool:
        """Whether a job is done already, in a store too, as far as that can be told without a download."""
        if not (job.photo_url or job.out_url):
            return self.skipped(job) is not None
        known = stores.version_of(job.photo_url) if job.photo_url else file_digest(job.photo)
        if self.force or not known:
            return False
        digest = self._digest(job, known, self._own_masks(job, known))
        return self._is_uploaded(job, digest) if job.out_url else self._is_done(job, digest)

    def digest_alone(self, job: Job) -> str:
        """What a job's record would carry if it shared nothing with other photos; empty if only a download could tell.

        Raises:
            AutomaskError, OSError: It cannot be done.
        """
        known = stores.version_of(job.photo_url) if job.photo_url else file_digest(job.photo)
        alone = replace(job, shared=None)
        return self._digest(alone, known, self._own_masks(alone, known)) if known else ""

    def _record(self, job: Job) -> Path:
        return files_of(job.photo.name, job.out, job.name).record

    def _is_done(self, job: Job, digest: str) -> bool:
        return is_done(job, digest, self.settings.layers)

    def _is_uploaded(self, job: Job, digest: str) -> bool:
        return stores.is_uploaded(job, digest, self.settings.layers)

    def _check_free(self, job: Job, photo: Photo) -> None:
        if not self.overwrite:
            check_free(PhotoId(photo.name, photo.digest, source_of(photo)), job.out, job.name)

    def _read(self, job: Job) -> "_Read | Finished[JobReport]":
        began = time.perf_counter()
        if job.photo_url or job.out_url:
            return self._fetch(job, began)
        skipped = self.skipped(job)
        if skipped is not None:
            return Finished(skipped)
        photo = open_photo(job.photo, max_megapixels=self.settings.max_megapixels)
        self._check_free(job, photo)
        return _Read(photo, time.perf_counter() - began)

    def _fetch(self, job: Job, began: float) -> "_Read | Finished[JobReport]":
        """`_read` where the photo or OUT is in a store; a photo there is known by its version, without a download."""
        folder = tempfile.TemporaryDirectory(prefix="automask-")
        here: Job | None = None
        known = stores.version_of(job.photo_url) if job.photo_url else ""
        if not known:
            here = stores.downloaded(job, Path(folder.name))
            known = file_digest(here.photo) if here.photo.is_file() else ""
        digest = self._digest(job, known, self._own_masks(job, known))
        done = not self.force and (self._is_uploaded(job, digest) if job.out_url else self._is_done(job, digest))
        if done:
            folder.cleanup()
            return Finished(JobReport(job, "skipped", took_s=time.perf_counter() - began))
        here = here or stores.downloaded(job, Path(folder.name))
        try:
            photo = open_photo(here.photo, max_megapixels=self.settings.max_megapixels)
        except PhotoError as error:  # the temporary file's name would not help
            problem = error.problem.replace(repr(str(here.photo)), repr(job.shown))
            raise PhotoError(problem, hint=error.hint) from error
        return _Read(photo, time.perf_counter() - began, _Fetched(folder, here, known))

    def _own_masks(self, job: Job, sha256: str) -> tuple[OwnMask, ...]:
        """The masks of a job that a person made or changed: what is painted uses them.

        None for a job whose masks are given, or are in a store.
        """
        if job.out_url or job.masks is not None or not self._paints:
            return ()
        known = PhotoId(job.photo.name, sha256, source_of_path(job.photo_url or job.photo))
        return own_masks(known, job.plan, job.out, job.name)

    def _digest(self, job: Job, photo_digest: str, own: Sequence[OwnMask]) -> str:
        """What the record of a job that is done carries."""
        masks = _mask_digests(job) or (() if self.fresh_masks else tuple((one.index, one.sha256) for one in own))
        digest = runner.result_digest(photo_digest, job.plan, self.stages, self.settings, masks=masks, room=job.shared)
        signed, metadata = self.settings.c2pa is not None, self.settings.metadata
        return disclosed_digest(digest, self.settings.disclose, signed=signed, metadata=metadata)

    def _masked_alone(
        self,
        jobs: Sequence[tuple[Job, "_Read"]],
        measure: Callable[[runner.MaskedPhoto], dict[str, list[Any]] | None] = lambda _: None,
    ) -> "list[_Made | Exception]":
        """What became of each photo that is not painted: masked, and measured where that is asked for."""
        ended: list[_Made | Exception] = []
        for job, read in jobs:
            began = time.perf_counter()
            try:
                masked = self._find_masks(job, read)
                measured = measure(masked)
            except Exception as error:
                ended.append(error)
            else:
                ended.append(_Made(masked, read.took_s + time.perf_counter() - began, read.fetched, measured))
        return ended

    def _work(self, jobs: Sequence[tuple[Job, "_Read"]]) -> "list[_Made | Exception]":
        """What became of each photo: masks one after another, crops of all of them together."""
        ended: list[runner.MaskedPhoto | Exception] = []
        took_s: list[float] = []
        for job, read in jobs:
            began = time.perf_counter()
            try:
                ended.append(self._find_masks(job, read))
            except Exception as error:
                ended.append(error)
            took_s.append(read.took_s + time.perf_counter() - began)
        masked = [one for one in ended if not isinstance(one, Exception)]
        began = time.perf_counter()
        outcomes = iter(runner.paint(masked))
        paint_s = (time.perf_counter() - began) / max(len(masked), 1)
        made: list[_Made | Exception] = []
        for (_, read), one, before_s in zip(jobs, ended, took_s, strict=True):
            outcome = one if isinstance(one, Exception) else next(outcomes)
            if isinstance(outcome, Exception):
                made.append(outcome)
            else:
                made.append(_Made(outcome, before_s + paint_s, read.fetched))
        return made

    def _find_masks(self, job: Job, read: "_Read") -> runner.MaskedPhoto:
        runner.check_plan(job.plan, self.stages, find_targets=job.masks is None, paint=self._paints)
        variants = (Variant("", (), job.plan),)
        digests = None if job.masks is None else _mask_digests(job)
        prepared = runner.PreparedRun(
            variants,
            self.stages,
            self.settings,
            masks=job.masks,
            mask_digests=digests,
            list_instances=not self._paints,
            room=job.shared,
        )
        known = read.fetched.known_as if read.fetched else None
        own = () if self.fresh_masks else self._own_masks(job, read.photo.digest)
        masked = runner.find_masks(prepared, read.photo, digest=known, url=job.photo_url, own=own)
        return replace(masked, fresh_masks=self.fresh_masks)

    def _write(self, job: Job, made: "_Made") -> JobReport:
        began = time.perf_counter()
        here = made.fetched.here if made.fetched else job
        saved = made.outcome.save(here.out, name=here.name, overwrite=self.overwrite)
        if made.fetched:
            if job.out_url:
                stores.upload(job, here.out, overwrite=self.overwrite)
            made.fetched.folder.cleanup()
        return JobReport(
            job, "done", record=without_masks(saved.recorded), took_s=made.took_s + time.perf_counter() - began
        )


class MaskWorker(Worker):
    """Does the jobs of a batch of mask requests: it finds masks and writes them, and paints nothing."""

    __slots__ = ()

    @property
    def _paints(self) -> bool:
        return False

    def _record(self, job: Job) -> Path:
        return files_of(job.photo.name, job.out, job.name).masks_record

    def _is_done(self, job: Job, digest: str) -> bool:
        return has_masks(job, digest)

    def _check_free(self, job: Job, photo: Photo) -> None:
        """Masks need no name that a person's file may have taken."""

    def _digest(self, job: Job, photo_digest: str, own: Sequence[OwnMask]) -> str:  # noqa: ARG002 - it has none
        return runner.masks_digest(photo_digest, job.plan, self.stages, self.settings)

    def _work(self, jobs: Sequence[tuple[Job, "_Read"]]) -> "list[_Made | Exception]":
        return self._masked_alone(jobs)


class Measurer(Worker):
    """Measures photos of rooms, so that they can agree: it masks them, paints nothing and writes nothing.

    Its reports hold what `runner.measure` said under `measured`.
    """

    __slots__ = ()

    def _read(self, job: Job) -> "_Read | Finished[JobReport]":
        began = time.perf_counter()
        if not job.photo_url:
            photo = open_photo(job.photo, max_megapixels=self.settings.max_megapixels)
            return _Read(photo, time.perf_counter() - began)
        folder = tempfile.TemporaryDirectory(prefix="automask-")
        here = stores.downloaded(job, Path(folder.name))
        photo = open_photo(here.photo, max_megapixels=self.settings.max_megapixels)
        return _Read(photo, time.perf_counter() - began, _Fetched(folder, here, photo.digest))

    def _work(self, jobs: Sequence[tuple[Job, "_Read"]]) -> "list[_Made | Exception]":
        return self._masked_alone(jobs, runner.measure)

    def _write(self, job: Job, made: "_Made") -> JobReport:
        if made.fetched:
            made.fetched.folder.cleanup()
        return JobReport(job, "done", record={"measured": made.measured}, took_s=made.took_s)


def _mask_digests(job: Job) -> tuple[tuple[int, str], ...]:
    """The digest of each mask that a job was given, by the index of its edit."""
    if job.masks is None:
        return ()
    return tuple((index, file_digest(path)) for index, path in enumerate(mask_files(job.masks, job.plan)) if path)


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
        folder: Removed with the last reference to it, should the job fail before it is cleaned up.
        here: The job over files in it.
        known_as: What identifies the photo in the digest of its result: the store's version, else that of its bytes.
    """

    folder: "tempfile.TemporaryDirectory[str]"
    here: Job
    known_as: str


@dataclass(frozen=True, slots=True, eq=False)
class _Made:
    """An edited, masked or measured photo, not yet written, and the seconds that it took."""

    outcome: Outcome | runner.MaskedPhoto
    took_s: float
    fetched: _Fetched | None = None
    measured: dict[str, list[Any]] | None = None
