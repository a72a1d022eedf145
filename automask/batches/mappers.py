"""Ways to run many jobs: one after another, in several processes, or on Ray actors.

A mapper starts its workers once, each with models of its own, and gives them one item at a time. An item that raises,
or whose worker dies, does not stop the others.
"""

import contextlib
import logging
import math
import os
import socket
import time
from collections.abc import Iterator, Sequence
from multiprocessing.connection import wait
from typing import Any, Literal

from automask.batches.pool import PATIENCE_S, MakeWorker, OnError, R, T, in_this_process, share_out
from automask.batches.process_worker import ProcessWorker
from automask.batches.ray_worker import ActorHandle, RayWorker
from automask.batches.threads import cores, threads_each
from automask.errors import ConfigError, ExtraMissing


class LocalPool:
    """A pool of worker processes on this machine.

    One worker runs in the calling process, with all its threads. Several run in a process each, spawned and never
    forked (threads and GPU contexts do not survive a fork), with an equal share of the cores. A script that uses
    several needs the usual `if __name__ == "__main__":`.

    Args:
        workers: How many items are worked on at a time; `auto` is one for each core (a batch also looks at the memory).
        photo_limit_s: Seconds that one item may take; then its process is ended, and the item has failed. 0 is no
            limit. With one, a single worker runs in a process of its own, too.

    Raises:
        ConfigError: Fewer than one worker, or less than no time.
    """

    def __init__(self, *, workers: int | Literal["auto"] = "auto", photo_limit_s: float = 0.0) -> None:
        if workers != "auto":
            _check_count("workers", workers)
        _check_limit(photo_limit_s)
        self.workers = workers
        self.photo_limit_s = photo_limit_s

    def map(
        self, make_worker: MakeWorker[T, R], items: Sequence[T], *, on_error: OnError[T, R] | None = None
    ) -> Iterator[R]:
        """The results, in order of completion.

        Args:
            make_worker: Called once in each worker. If it raises, the error is passed on: no item could be done.
            items: At most one per worker is in progress.
            on_error: Returns the result of an item that failed; without it the first failure is raised.
        """
        if not items:
            return iter(())
        workers = min(cores() if self.workers == "auto" else self.workers, len(items))
        if workers == 1 and not self.photo_limit_s:
            return in_this_process(make_worker, items, on_error)
        threads = threads_each(workers)

        def start() -> ProcessWorker:
            return ProcessWorker(make_worker, threads, self.photo_limit_s)

        def wait_for(waiting: Sequence[ProcessWorker]) -> list[ProcessWorker]:
            due = min(worker.due for worker in waiting)
            pipes = wait(
                [worker.pipe for worker in waiting], None if due == math.inf else max(0.0, due - time.monotonic())
            )
            return [worker for worker in waiting if worker.pipe in pipes or worker.is_overdue()]

        return share_out(items, on_error, workers, start, wait_for)


class RayActors:
    """Actors of a Ray cluster, or of a Ray that is started on this machine for the run.

    Args:
        workers: Number of actors.
        address: `auto` or `host:6379` joins a cluster; None starts Ray on this machine and stops it after the run.
        gpus_per_worker: GPUs that Ray reserves for an actor; 0.5 lets two actors share one.
        cpus_per_worker: Cores that Ray reserves for an actor, and threads that its libraries use.
        photo_limit_s: As of `LocalPool`; its actor is ended.

    Raises:
        ConfigError: Fewer than one worker, a negative share, or less than no time.
    """

    def __init__(
        self,
        *,
        workers: int = 2,
        address: str | None = None,
        gpus_per_worker: float = 0.0,
        cpus_per_worker: float = 1.0,
        photo_limit_s: float = 0.0,
    ) -> None:
        _check_count("workers", workers)
        _check_limit(photo_limit_s)
        for name, value in (("gpus_per_worker", gpus_per_worker), ("cpus_per_worker", cpus_per_worker)):
            if value < 0:
                raise ConfigError(f"mapper.{name} is {value}", hint="give 0 or more")
        self.workers = workers
        self.address = address
        self.gpus_per_worker = gpus_per_worker
        self.cpus_per_worker = cpus_per_worker
        self.photo_limit_s = photo_limit_s

    def map(
        self, make_worker: MakeWorker[T, R], items: Sequence[T], *, on_error: OnError[T, R] | None = None
    ) -> Iterator[R]:
        """The results, in order of completion; arguments as in `LocalPool.map`.

        Raises:
            ExtraMissing: Ray is not installed.
            ConfigError: This machine has fewer GPUs than requested, or there is no cluster at the address.
        """
        with _only_this_machine() if self.address is None else contextlib.nullcontext():
            ray = _ray()
        if not items:
            return iter(())
        return self._on_actors(ray, make_worker, items, on_error)

    def _on_actors(
        self, ray: Any, make_worker: MakeWorker[T, R], items: Sequence[T], on_error: OnError[T, R] | None
    ) -> Iterator[R]:
        started_here = self._start(ray)
        # Ray's own restarts and retries stay off: a new actor may run on any machine, and deaths are counted here.
        actor_class = ray.remote(RayWorker).options(num_cpus=self.cpus_per_worker, num_gpus=self.gpus_per_worker)
        threads = max(1, int(self.cpus_per_worker))

        def start() -> ActorHandle:
            return ActorHandle(ray, actor_class.remote(), make_worker, threads, self.photo_limit_s)

        def wait_for(waiting: Sequence[ActorHandle]) -> list[ActorHandle]:
            due = min(worker.due for worker in waiting)
            timeout = None if due == math.inf else max(0.0, due - time.monotonic())
            done, _ = ray.wait([worker.answer for worker in waiting], num_returns=1, timeout=timeout)
            return [worker for worker in waiting if worker.answer in done or worker.is_overdue()]

        try:
            yield from share_out(items, on_error, min(self.workers, len(items)), start, wait_for)
        finally:
            if started_here:
                ray.shutdown()

    def _start(self, ray: Any) -> bool:
        """Joins or starts Ray; True if it must be shut down after the run."""
        if ray.is_initialized():
            return False
        if self.address is not None:
            try:
                _require_listener(self.address)
                ray.init(address=self.address, log_to_driver=False, logging_level=logging.WARNING)
            except (OSError, ValueError, RuntimeError) as error:
                said = " ".join(str(error).split())
                raise ConfigError(
                    f"no Ray cluster at mapper.address {self.address!r}: {said}",
                    hint="start one with 'ray start --head', or leave the address out for a Ray on this machine",
                ) from error
            return True
        needed = max(cores(), int(self.workers * self.cpus_per_worker + 0.999))
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # no usage reports from a Ray that we start
        with _only_this_machine():
            ray.init(
                address="local",
                num_cpus=needed,
                include_dashboard=False,
                log_to_driver=False,
                logging_level=logging.WARNING,
            )
        has = float(ray.cluster_resources().get("GPU", 0.0))
        if self.gpus_per_worker > has:
            ray.shutdown()
            raise ConfigError(
                f"mapper.gpus_per_worker is {self.gpus_per_worker:g} and this machine has {has:g}",
                hint="set mapper.gpus_per_worker=0, or join a cluster with mapper.address",
            )
        return True


def _check_count(name: str, value: int) -> None:
    if value < 1:
        raise ConfigError(f"mapper.{name} is {value}", hint="give at least 1")


def _check_limit(limit_s: float) -> None:
    if not 0 <= limit_s < math.inf:
        raise ConfigError(f"mapper.photo_limit_s is {limit_s}", hint="give seconds, or 0 for no limit")


def _ray() -> Any:
    # Ray would keep lines that it printed before, and print them once more on standard output when it shuts down.
    os.environ.setdefault("RAY_DEDUP_LOGS", "0")
    try:
        import ray
        import ray.exceptions
    except ImportError as error:
        raise ExtraMissing("Ray is not installed", hint="run pip install 'automask[ray]'") from error
    return ray


@contextlib.contextmanager
def _only_this_machine() -> Iterator[None]:
    """Has Ray's processes listen on 127.0.0.1 alone; otherwise whoever reaches this machine reaches their ports.

    The variable says so in spite of its name (Ray 2.60, `ray_constants.ENABLE_RAY_CLUSTER`), and is read when Ray is
    imported: a program that imported it before decides for itself.
    """
    name = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"
    before = os.environ.get(name)
    os.environ.setdefault(name, "0")
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]


def _require_listener(address: str) -> None:
    """Checks that something listens at `host:port`; left to itself, Ray 2.60 tries for minutes.

    Raises:
        OSError: Nothing listens there.
    """
    host, colon, port = address.rpartition("://")[2].rpartition(":")
    if colon and port.isdigit():
        socket.create_connection((host.strip("[]"), int(port)), timeout=PATIENCE_S).close()
