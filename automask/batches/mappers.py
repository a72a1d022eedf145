"""Ways to run many jobs: one after another, in several processes, or on Ray's actors.

A mapper makes its workers once, each with its own models, and hands them items one at a time. An item that raises, or
whose worker dies, does not stop the others.
"""

import contextlib
import logging
import multiprocessing
import os
import pickle
import signal
import socket
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from multiprocessing.connection import Connection, wait
from types import FrameType
from typing import Any, Literal, Protocol, TypeAlias, TypeVar

from automask.errors import AutomaskError, ConfigError, ExtraMissing

T = TypeVar("T")
R = TypeVar("R")

MakeWorker: TypeAlias = Callable[[], Callable[[T], R]]
"""Loads the models and gives the function that does one item. Other processes import it: a function of a module,
or a `functools.partial` of one. What has `stream(items, *, lost)` beside is given all items at once where one worker
does them all: it may read ahead and write behind."""
OnLost: TypeAlias = Callable[[T, Exception], R]
"""The result of an item that raised, or that no worker survived. Runs in the calling process."""

TRIES = 2
"""A worker that dies may have been the machine's fault: its item is tried once more, by another worker."""

TRIES_OF_MACHINES = 5
"""A machine that is lost is hardly an item's fault, and one that goes takes all its workers: tried this often."""

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
_PATIENCE_S = 5.0
_Answer: TypeAlias = tuple[bool, Any]


class LocalPool:
    """This machine's processors.

    With one worker everything runs in the calling process, with all its threads. With more, each is a process of its
    own, started afresh (never forked: threads and GPU contexts do not survive it), and gets its share of the cores. A
    script that asks for more needs the usual `if __name__ == "__main__":`.

    Args:
        workers: How many items are worked on at a time; `auto` is one for each core.
    """

    def __init__(self, *, workers: int | Literal["auto"] = "auto") -> None:
        if workers != "auto":
            _check_count("workers", workers)
        self.workers = workers

    def map(
        self, make_worker: MakeWorker[T, R], items: Sequence[T], *, lost: OnLost[T, R] | None = None
    ) -> Iterator[R]:
        """The results, in order of completion.

        Args:
            make_worker: Called once for each worker; what it raises stops everything, since no item could be done.
            items: At most one is in flight for each worker.
            lost: Gives the result of an item that failed; without it the first failure is raised.
        """
        if not items:
            return iter(())
        workers = min(cores() if self.workers == "auto" else self.workers, len(items))
        if workers == 1:
            return _in_this_process(make_worker, items, lost)
        threads = threads_each(workers)

        def wait_for(hands: Sequence[_Process]) -> list[_Process]:
            pipes = wait([hand.pipe for hand in hands])
            return [hand for hand in hands if hand.pipe in pipes]

        return _share_out(items, lost, workers, lambda: _Process(make_worker, threads), wait_for)


class RayActors:
    """Actors of a Ray cluster, or of a Ray started on this machine for the run.

    Args:
        workers: How many actors.
        address: `auto` or `host:6379` joins a cluster; None starts a Ray of its own and ends it with the run.
        gpus_per_worker: GPUs that an actor holds; 0.5 lets two share one.
        cpus_per_worker: Cores that an actor holds, and threads that its libraries use.
    """

    def __init__(
        self,
        *,
        workers: int = 2,
        address: str | None = None,
        gpus_per_worker: float = 0.0,
        cpus_per_worker: float = 1.0,
    ) -> None:
        _check_count("workers", workers)
        for name, value in (("gpus_per_worker", gpus_per_worker), ("cpus_per_worker", cpus_per_worker)):
            if value < 0:
                raise ConfigError(f"mapper.{name} is {value}", hint="give 0 or more")
        self.workers = workers
        self.address = address
        self.gpus_per_worker = gpus_per_worker
        self.cpus_per_worker = cpus_per_worker

    def map(
        self, make_worker: MakeWorker[T, R], items: Sequence[T], *, lost: OnLost[T, R] | None = None
    ) -> Iterator[R]:
        """The results, in order of completion; arguments as in `LocalPool.map`.

        Raises:
            ExtraMissing: Ray is not installed.
            ConfigError: This machine has not the GPUs asked for, or there is no cluster at the address.
        """
        ray = _ray()
        if not items:
            return iter(())
        return self._on_actors(ray, make_worker, items, lost)

    def _on_actors(
        self, ray: Any, make_worker: MakeWorker[T, R], items: Sequence[T], lost: OnLost[T, R] | None
    ) -> Iterator[R]:
        started_here = self._start(ray)
        # Without Ray's own restarts and retries: a new actor may go to any machine, and deaths are counted here.
        actor_class = ray.remote(_RayWorker).options(num_cpus=self.cpus_per_worker, num_gpus=self.gpus_per_worker)
        threads = max(1, int(self.cpus_per_worker))

        def start() -> _Actor:
            return _Actor(ray, actor_class.remote(), make_worker, threads)

        def wait_for(hands: Sequence[_Actor]) -> list[_Actor]:
            done, _ = ray.wait([hand.answer for hand in hands], num_returns=1)
            return [hand for hand in hands if hand.answer in done]

        try:
            yield from _share_out(items, lost, min(self.workers, len(items)), start, wait_for)
        finally:
            if started_here:
                ray.shutdown()

    def _start(self, ray: Any) -> bool:
        """Joins or starts a Ray; True when it is ours to end."""
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
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # a Ray of our own calls nobody
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


def threads_each(workers: int) -> int:
    """Threads for each of so many workers, so that together they use the cores once: at least 1."""
    return max(1, cores() // workers)


def cores() -> int:
    """Cores that this process may use: a container's share, where the system tells."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _check_count(name: str, value: int) -> None:
    if value < 1:
        raise ConfigError(f"mapper.{name} is {value}", hint="give at least 1")


def _ray() -> Any:
    try:
        import ray
        import ray.exceptions
    except ImportError as error:
        raise ExtraMissing("Ray is not installed", hint="run pip install 'automask[ray]'") from error
    return ray


def _require_listener(address: str) -> None:
    """Nothing, where something listens at the address: Ray itself waits there for minutes (2.60).

    Raises:
        OSError: Nothing does.
    """
    place = address.rpartition("://")[2]
    host, colon, port = place.rpartition(":")
    if colon and port.isdigit():
        socket.create_connection((host.strip("[]"), int(port)), timeout=_PATIENCE_S).close()


# ---------------------------------------------------------------------------------------------------------- answers


def _answer(work: Callable[[T], R], item: T) -> _Answer:
    """(True, result) or (False, error), the error such that it survives the way to another process."""
    try:
        return True, work(item)
    except Exception as error:
        return False, _portable(error)


def _portable(error: Exception) -> Exception:
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def _result(answer: _Answer, item: T, lost: OnLost[T, R] | None) -> R:
    fine, value = answer
    if fine:
        result: R = value
        return result
    return _failed(item, value, lost)


def _failed(item: T, error: Exception, lost: OnLost[T, R] | None) -> R:
    if lost is None:
        raise error
    return lost(item, error)


def _died(how: str) -> AutomaskError:
    return AutomaskError(
        f"its worker died, and so did a second one ({how})",
        hint="the machine may be short of memory: use fewer workers, or a smaller photo",
    )


# ------------------------------------------------------------------------------------------------------- sharing out


class _WorkerHandle(Protocol):
    """A worker elsewhere. Its first answer says whether it is ready, each later one is an item's."""

    def give(self, item: Any) -> None: ...

    def told(self) -> _Answer | None:
        """What it sent; None when it has died."""
        ...

    def how_it_died(self) -> str: ...

    def tries(self) -> int:
        """How many workers an item may cost that die as this one did."""
        ...

    def stop(self, *, busy: bool) -> None: ...


H = TypeVar("H", bound=_WorkerHandle)


def _in_this_process(make_worker: MakeWorker[T, R], items: Sequence[T], lost: OnLost[T, R] | None) -> Iterator[R]:
    work = make_worker()
    stream = getattr(work, "stream", None)
    if stream is not None and lost is not None:
        yield from stream(items, lost=lost)
        return
    for item in items:
        yield _result(_answer(work, item), item, lost)


def _share_out(
    items: Sequence[T],
    lost: OnLost[T, R] | None,
    workers: int,
    start: Callable[[], H],
    wait_for: Callable[[Sequence[H]], list[H]],
) -> Iterator[R]:
    """Hands items to workers, one at a time each; replaces the dead.

    Not `concurrent.futures`: there one dead process breaks the whole pool and does not say whose item it was.
    """
    queue = deque((item, 1) for item in items)
    loading: list[H] = []
    idle: list[H] = []
    busy: dict[H, tuple[T, int]] = {}
    try:
        for _ in range(workers):
            loading.append(start())  # one by one: if the third fails, `finally` still ends two
        while queue or busy:
            answers: list[tuple[T, _Answer]] = []
            for hand in wait_for([*loading, *busy]):
                answer = hand.told()
                if hand in loading:
                    loading.remove(hand)
                    if _is_ready(hand, answer, alone=not (loading or idle or busy)):
                        idle.append(hand)
                    continue
                item, tried = busy.pop(hand)
                if answer is not None:
                    idle.append(hand)
                    answers.append((item, answer))
                elif tried < hand.tries():
                    hand.stop(busy=False)
                    queue.appendleft((item, tried + 1))
                    loading.append(start())
                else:
                    answers.append((item, (False, _died(hand.how_it_died()))))
                    hand.stop(busy=False)
                    loading += [start()] if queue else []
            while queue and idle:
                hand = idle.pop()
                busy[hand] = queue.popleft()
                hand.give(busy[hand][0])
            # Only now: the workers need not wait while the caller looks at results.
            for item, answer in answers:
                yield _result(answer, item, lost)
    finally:
        for hand in [*loading, *idle, *busy]:
            hand.stop(busy=hand in busy)


def _is_ready(hand: _WorkerHandle, answer: _Answer | None, *, alone: bool) -> bool:
    """Whether a worker has loaded; False for one that died over it while others live.

    Raises:
        Exception: What it raised while loading: the others would too.
        AutomaskError: It died, and there is no other.
    """
    if answer is not None and answer[0]:
        return True
    how = hand.how_it_died() if answer is None else ""
    hand.stop(busy=False)
    if answer is not None:
        raise answer[1]
    if alone:
        raise AutomaskError(
            f"a worker died while it loaded its models ({how})",
            hint="the machine may be short of memory: use fewer workers",
        )
    return False


class _Process:
    """A worker process and this end of the pipe to it."""

    def __init__(self, make_worker: MakeWorker[Any, Any], threads: int) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, make_worker, threads), daemon=True)
        with _environment(_thread_variables(threads)):
            self.process.start()
        theirs.close()  # else the end of the process would not end the pipe
        self.ready = False

    def give(self, item: Any) -> None:
        with contextlib.suppress(BrokenPipeError):  # it died: `told` will say so
            self.pipe.send(item)

    def told(self) -> _Answer | None:
        try:
            answer: _Answer = self.pipe.recv()
        except (EOFError, OSError):
            return None
        self.ready = True
        return answer

    def how_it_died(self) -> str:
        self.process.join(_PATIENCE_S)
        code = self.process.exitcode
        if code is not None and code < 0:
            with contextlib.suppress(ValueError):
                return f"killed by {signal.Signals(-code).name}"
        return f"exit status {code}"

    def tries(self) -> int:
        return TRIES

    def stop(self, *, busy: bool) -> None:
        """Ends it: idle, by closing the pipe; at work, by an interrupt, so that it cleans up behind itself."""
        self.pipe.close()
        if busy and os.name == "posix" and self.process.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.process.pid, signal.SIGINT)
        elif not self.ready:
            self.process.terminate()
        self.process.join(_PATIENCE_S)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.process.close()


def _serve(pipe: "Connection[Any, Any]", make_worker: MakeWorker[Any, Any], threads: int) -> None:
    """The life of a worker process: loads, then answers items until the pipe closes."""
    if os.name == "posix":
        signal.signal(signal.SIGINT, _interrupt_once)
    try:
        _limit_threads(threads)
        loaded = _answer(_call, make_worker)
        pipe.send((loaded[0], None if loaded[0] else loaded[1]))
        while loaded[0]:
            answer = _answer(loaded[1], pipe.recv())
            try:
                pipe.send(answer)
            except (pickle.PicklingError, TypeError, AttributeError) as error:
                pipe.send((False, RuntimeError(f"a result cannot be sent between processes: {error}")))
    except (EOFError, BrokenPipeError, ConnectionResetError, KeyboardInterrupt):
        return  # the caller is gone, or wants no more


def _call(make: Callable[[], R]) -> R:
    return make()


def _interrupt_once(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - a signal handler's signature
    # Ctrl-C reaches the whole group and the caller then sends its own: a second one would break off the cleaning up.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise KeyboardInterrupt


class _Actor:
    """A Ray actor and the answer that is awaited from it."""

    def __init__(self, ray: Any, actor: Any, make_worker: MakeWorker[Any, Any], threads: int) -> None:
        self._ray = ray
        self._actor = actor
        self._how = ""
        self._machine: str | None = None
        self.answer = actor.load.remote(make_worker, threads)

    def give(self, item: Any) -> None:
        self.answer = self._actor.run.remote(item)

    def told(self) -> _Answer | None:
        try:
            answer: _Answer = self._ray.get(self.answer)
        except self._ray.exceptions.RayError as error:
            # What the worker raises comes as an answer: whatever Ray itself raises means a lost process or machine.
            self._how = " ".join(str(error).split())
            return None
        if self._machine is None:
            self._machine = answer[1] if answer[0] else ""
        return answer

    def how_it_died(self) -> str:
        return self._how

    def tries(self) -> int:
        lost = {node["NodeID"] for node in self._ray.nodes() if not node["Alive"]}
        return TRIES_OF_MACHINES if self._machine in lost else TRIES

    def stop(self, *, busy: bool) -> None:  # noqa: ARG002 - Ray has but one way
        self._ray.kill(self._actor)


class _RayWorker:
    """What a Ray actor is made of. Its first answer also says on which machine it lives."""

    def load(self, make_worker: MakeWorker[Any, Any], threads: int) -> _Answer:
        import ray

        _limit_threads(threads)
        loaded = _answer(_call, make_worker)
        self._work = loaded[1]
        return loaded[0], ray.get_runtime_context().get_node_id() if loaded[0] else loaded[1]

    def run(self, item: Any) -> _Answer:
        return _answer(self._work, item)


def _thread_variables(threads: int) -> dict[str, str]:
    return dict.fromkeys(_THREAD_VARIABLES, str(threads))


@contextlib.contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Environment variables for the processes started meanwhile: libraries read these when they are loaded."""
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


def _limit_threads(threads: int) -> None:
    import cv2

    cv2.setNumThreads(threads)  # OpenCV's own pool reads no variable
