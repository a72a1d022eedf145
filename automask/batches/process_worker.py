"""A worker in a process of its own on this machine."""

import contextlib
import math
import multiprocessing
import os
import pickle
import signal
import time
from collections.abc import Iterator, Mapping
from multiprocessing.connection import Connection
from types import FrameType
from typing import Any

from automask.batches.pool import PATIENCE_S, TRIES, Answer, MakeWorker, call, try_item
from automask.batches.threads import limit_threads, thread_variables


class ProcessWorker:
    """A spawned process and this end of the pipe to it.

    Args:
        make_worker: As in `LocalPool.map`.
        threads: Of its libraries.
        limit_s: Seconds that one item may take; then the process is ended. 0 is no limit.
    """

    def __init__(self, make_worker: MakeWorker[Any, Any], threads: int, limit_s: float = 0.0) -> None:
        self.limit_s = limit_s
        self.due = math.inf  # on the clock of time.monotonic
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, make_worker, threads), daemon=True)
        with _environment(thread_variables(threads)):
            self.process.start()
        theirs.close()  # otherwise the pipe would stay open when the process ends
        self.ready = False

    def give(self, item: Any) -> None:
        self.due = time.monotonic() + self.limit_s if self.limit_s else math.inf
        with contextlib.suppress(BrokenPipeError):  # it died, which `receive` will notice
            self.pipe.send(item)

    def is_overdue(self) -> bool:
        """Whether its item takes longer than allowed."""
        return time.monotonic() >= self.due and not self.pipe.poll()

    def receive(self) -> Answer | None:
        if self.is_overdue():
            self._interrupt()
            return None
        self.due = math.inf
        try:
            answer: Answer = self.pipe.recv()
        except (EOFError, OSError):
            return None
        self.ready = True
        return answer

    def exit_reason(self) -> str:
        if self.due < math.inf:
            return f"it took more than the {self.limit_s:g} s of mapper.photo_limit_s"
        self.process.join(PATIENCE_S)
        code = self.process.exitcode
        if code is not None and code < 0:
            with contextlib.suppress(ValueError):
                return f"killed by {signal.Signals(-code).name}"
        return f"exit status {code}"

    def tries(self) -> int:
        return TRIES if self.due == math.inf else 0

    def stop(self, *, busy: bool) -> None:
        """Ends it: an idle one by closing the pipe, a busy one by an interrupt, so that it cleans up after itself."""
        self.pipe.close()
        if busy:
            self._interrupt()
        elif not self.ready:
            self.process.terminate()
        self.process.join(PATIENCE_S)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.process.close()

    def _interrupt(self) -> None:
        if os.name != "posix":
            self.process.terminate()
        elif self.process.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.process.pid, signal.SIGINT)


def _serve(pipe: "Connection[Any, Any]", make_worker: MakeWorker[Any, Any], threads: int) -> None:
    """What the process runs: loads, then answers items until the pipe closes."""
    if os.name == "posix":
        signal.signal(signal.SIGINT, _interrupt_once)
    try:
        limit_threads(threads)
        loaded = try_item(call, make_worker)
        pipe.send((loaded[0], None if loaded[0] else loaded[1]))
        while loaded[0]:
            answer = try_item(loaded[1], pipe.recv())
            try:
                pipe.send(answer)
            except (pickle.PicklingError, TypeError, AttributeError) as error:
                pipe.send((False, RuntimeError(f"a result cannot be sent between processes: {error}")))
    except (EOFError, BrokenPipeError, ConnectionResetError, KeyboardInterrupt):
        return  # the caller has gone, or has stopped this worker


def _interrupt_once(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - a signal handler's signature
    # Ctrl-C reaches the whole process group and the caller then sends its own: a second one would stop the clean-up.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise KeyboardInterrupt


@contextlib.contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Sets environment variables for the processes started inside the block, and restores them afterwards."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
