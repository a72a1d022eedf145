"""One owner of the models: a single thread that does one job at a time, in the order in which they came.

Requests only queue jobs and look at them, so a slow editor stalls no page, and two browsers load nothing twice. The
queue is bounded; a job can be stopped, between crops if it is at work; models that nobody has used for a while are let
go.
"""

import gc
import queue
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

from automask.errors import AutomaskError
from automask.painting.calls import interruptible
from automask.protocols import Stages
from automask.weights import return_freed_memory

State: TypeAlias = Literal["queued", "running", "done", "failed", "stopped"]
ENDED = ("done", "failed", "stopped")


class Full(Exception):
    """The queue has no room for another job."""


class Stopped(Exception):
    """Ends the work of a job that somebody stopped."""


@dataclass(eq=False)
class Job:
    """One piece of work, as those who wait for it see it.

    Args:
        id: Hard to guess: who knows it may see the result.
        kind: What it does, for people.
        work: Does it.
    """

    id: str
    kind: str
    work: "Callable[[Desk], Mapping[str, Any]]"
    state: State = "queued"
    doing: str = ""
    done: int = 0
    total: int = 0
    result: Mapping[str, Any] = field(default_factory=dict)
    error: AutomaskError | None = None
    files: Mapping[str, Path | bytes] = field(default_factory=dict)
    version: int = 0
    ended_s: float = 0.0
    stopping: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True, slots=True, eq=False)
class Desk:
    """What a job works with.

    Args:
        stages: Gives the loaded stages, together with the editors of these names.
        folder: A temporary folder of this job's own.
        tell: Told what is being done, how much of it, and of how much; raises Stopped in a job that was stopped.
        publish: Takes the files of the result, by name.
    """

    stages: Callable[..., Stages]
    folder: Path
    tell: Callable[[str, int, int], None]
    publish: Callable[[Mapping[str, Path | bytes]], None]


class Engine:
    """The thread, its queue and the jobs that it did lately.

    Args:
        load: Loads the stages, together with the editors of these names.
        capacity: How many jobs may wait.
        unload_after_s: How long models stay loaded that nobody uses.
        keep_s: How long the result of a job is kept.
        most_kept: How many results are kept.
        on_failure: Told of an exception that is nobody's fault outside.
    """

    def __init__(
        self,
        load: Callable[[tuple[str, ...]], Stages],
        *,
        capacity: int = 16,
        unload_after_s: float = 900.0,
        keep_s: float = 3600.0,
        most_kept: int = 64,
        on_failure: Callable[[BaseException], None] = lambda _: None,
    ) -> None:
        self._load, self._unload_after_s, self._keep_s, self._most_kept = load, unload_after_s, keep_s, most_kept
        self._on_failure = on_failure
        self._capacity = capacity
        self._waiting: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._jobs: dict[str, Job] = {}
        self._lock = threading.Lock()
        self._stages: Stages | None = None
        self._names: tuple[str, ...] = ()
        self.loads = 0
        self._folder = Path(tempfile.mkdtemp(prefix="automask-studio-"))
        self._thread = threading.Thread(target=self._serve, name="automask engine", daemon=True)
        self._thread.start()

    @property
    def is_loaded(self) -> bool:
        """Whether models are in memory."""
        return self._stages is not None

    @property
    def queued(self) -> int:
        """How many jobs wait; one that was stopped waits no more."""
        with self._lock:
            return self._queued()

    def submit(self, kind: str, work: Callable[[Desk], Mapping[str, Any]]) -> Job:
        """A job that will be done after those before it.

        Raises:
            Full: Too many are waiting.
        """
        job = Job(secrets.token_urlsafe(12), kind, work)
        with self._lock:
            self._forget_old()
            if self._queued() >= self._capacity:
                raise Full
            self._jobs[job.id] = job
            self._waiting.put(job)
        return job

    def _queued(self) -> int:
        return sum(job.state == "queued" for job in self._jobs.values())

    def job(self, job_id: str) -> Job | None:
        """The job of this id; None where there is none, or no longer."""
        with self._lock:
            return self._jobs.get(job_id)

    def stop(self, job: Job) -> None:
        """Ends a job before it begins, or at its next crop."""
        job.stopping.set()
        with self._lock:
            if job.state == "queued":
                job.work = _nothing
                self._end(job, "stopped")

    def close(self) -> None:
        """Stops everything, and removes all temporary files."""
        with self._lock:
            for job in self._jobs.values():
                job.stopping.set()
        self._waiting.put(None)
        self._thread.join(timeout=10)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _serve(self) -> None:
        while True:
            try:
                job = self._waiting.get(timeout=self._unload_after_s)
            except queue.Empty:
                self._unload()
                continue
            if job is None:
                return
            with self._lock:
                if job.state != "queued":
                    continue
                job.state = "running"
                job.version += 1
            self._do(job)

    def _do(self, job: Job) -> None:
        folder = self._folder / job.id

        def stop_if_asked() -> None:
            if job.stopping.is_set():
                raise Stopped

        def tell(doing: str, done: int, total: int) -> None:
            stop_if_asked()
            job.doing, job.done, job.total = doing, done, total
            job.version += 1

        def publish(files: Mapping[str, Path | bytes]) -> None:
            job.files = dict(files)

        try:
            stop_if_asked()
            folder.mkdir(parents=True)  # a system that tidies its temporary folder may have removed the engine's
            with interruptible(stop_if_asked):
                job.result = job.work(Desk(self._stages_with, folder, tell, publish))
            end: State = "done"
        except Stopped:
            end = "stopped"
        except AutomaskError as error:
            job.error, end = error, "failed"
        except MemoryError:
            job.error, end = AutomaskError("out of memory", hint="try a smaller photo"), "failed"
        except Exception as error:
            self._on_failure(error)
            job.error, end = AutomaskError("the job failed", hint="the studio's own window says why"), "failed"
        job.work = _nothing  # it holds the photo
        return_freed_memory()  # each thread's share of what a job took would be kept for that thread
        if not any(isinstance(one, Path) for one in job.files.values()):
            shutil.rmtree(folder, ignore_errors=True)
        with self._lock:
            self._end(job, end)

    def _end(self, job: Job, state: State) -> None:
        job.state, job.ended_s = state, time.monotonic()
        job.version += 1

    def _stages_with(self, names: tuple[str, ...] = ()) -> Stages:
        """The stages; loaded when they are first needed, and again for an editor that is not there yet."""
        if self._stages is None or not {*names} <= {*self._names}:
            wanted = tuple(dict.fromkeys((*self._names, *names)))
            self._stages = None
            self._stages = self._load(wanted)
            self._names = wanted
            self.loads += 1
        return self._stages

    def _unload(self) -> None:
        if self._stages is not None:
            self._stages, self._names = None, ()
            gc.collect()

    def _forget_old(self) -> None:
        ended = sorted((job for job in self._jobs.values() if job.state in ENDED), key=lambda job: job.ended_s)
        surplus = len(ended) - self._most_kept
        for number, job in enumerate(ended):
            if number < surplus or time.monotonic() - job.ended_s > self._keep_s:
                del self._jobs[job.id]
                shutil.rmtree(self._folder / job.id, ignore_errors=True)


def _nothing(_: Desk) -> Mapping[str, Any]:
    return {}
