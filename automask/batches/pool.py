"""Distributes items over workers, one at a time each, and replaces the workers that die."""

import pickle
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, TypeAlias, TypeVar

from automask.errors import NO_MEMORY_HINT, AutomaskError, debug_traceback

T = TypeVar("T")
R = TypeVar("R")

MakeWorker: TypeAlias = Callable[[], Callable[[T], R]]
"""Loads the models and returns the function that does one item. Other processes import it by name, so it is a function
of a module or a `functools.partial` of one. If what it returns has a method `stream(items, *, on_error)`, a single
worker gets all items in one call, so that it can read ahead and write behind."""
OnError: TypeAlias = Callable[[T, Exception], R]
"""Returns the result of an item that raised, or whose workers died. Runs in the calling process."""

TRIES = 2
"""Workers that may die over one item: the first death may have been the machine's fault."""

TRIES_OF_MACHINES = 5
"""The same where the whole machine was lost: that is hardly an item's fault, and it takes all its workers with it."""

PATIENCE_S = 5.0
"""How long an idle process gets to exit, and an address to answer."""

Answer: TypeAlias = tuple[bool, Any]
"""(True, result) or (False, error)."""


class WorkerHandle(Protocol):
    """A worker outside this process. Its first answer says whether it has loaded; each later one belongs to an item."""

    def give(self, item: Any) -> None:
        """Sends it an item."""
        ...

    def receive(self) -> Answer | None:
        """Its next answer; None if it has died."""
        ...

    def exit_reason(self) -> str:
        """Why it died, in a few words."""
        ...

    def tries(self) -> int:
        """How many workers may die over one item in the way that this one did; 1 if it was ended on purpose."""
        ...

    def stop(self, *, busy: bool) -> None:
        """Ends it; `busy` if it has an item."""
        ...


H = TypeVar("H", bound=WorkerHandle)


def in_this_process(make_worker: MakeWorker[T, R], items: Sequence[T], on_error: OnError[T, R] | None) -> Iterator[R]:
    """The results in the order of the items, all done by one worker in the calling process."""
    work = make_worker()
    stream = getattr(work, "stream", None)
    if stream is not None and on_error is not None:
        yield from stream(items, on_error=on_error)
        return
    for item in items:
        try:
            answer: Answer = True, work(item)
        except Exception as error:
            answer = False, error
        yield _result(answer, item, on_error)


def share_out(
    items: Sequence[T],
    on_error: OnError[T, R] | None,
    workers: int,
    start: Callable[[], H],
    wait_for: Callable[[Sequence[H]], list[H]],
) -> Iterator[R]:
    """The results in order of completion; workers that die are replaced.

    Why not `concurrent.futures`: there one dead process breaks the whole pool, and nothing says which item it had.

    Args:
        items: What to do.
        on_error: As `LocalPool.map`.
        workers: How many are started.
        start: Starts one.
        wait_for: Blocks until some of the workers have an answer or are dead, and returns these.
    """
    queue = deque((item, 1) for item in items)
    loading: list[H] = []
    idle: list[H] = []
    busy: dict[H, tuple[T, int]] = {}
    try:
        for _ in range(workers):
            loading.append(start())  # one by one: if the third fails to start, `finally` still ends two
        while queue or busy:
            answers: list[tuple[T, Answer]] = []
            for worker in wait_for([*loading, *busy]):
                answer = worker.receive()
                if worker in loading:
                    loading.remove(worker)
                    if _is_ready(worker, answer, alone=not (loading or idle or busy)):
                        idle.append(worker)
                    continue
                item, tried = busy.pop(worker)
                if answer is not None:
                    idle.append(worker)
                    answers.append((item, answer))
                elif tried < worker.tries():
                    worker.stop(busy=False)
                    queue.appendleft((item, tried + 1))
                    loading.append(start())
                else:
                    answers.append((item, (False, _worker_died_error(worker.exit_reason(), worker.tries()))))
                    worker.stop(busy=False)
                    loading += [start()] if queue else []
            while queue and idle:
                worker = idle.pop()
                busy[worker] = queue.popleft()
                worker.give(busy[worker][0])
            # Yielded last, so that no worker waits while the caller looks at results.
            for item, answer in answers:
                yield _result(answer, item, on_error)
    finally:
        for worker in [*loading, *idle, *busy]:
            worker.stop(busy=worker in busy)


def try_item(work: Callable[[T], R], item: T) -> Answer:
    """(True, result), or (False, error) with an error that can be pickled.

    Pickling loses the traceback, so it is shown here, in the worker, where it is asked for.
    """
    try:
        return True, work(item)
    except Exception as error:
        debug_traceback(error)
        return False, _portable(error)


def call(make: Callable[[], R]) -> R:
    """What `make` returns: lets `try_item` load a worker as it does an item."""
    return make()


def _is_ready(worker: WorkerHandle, answer: Answer | None, *, alone: bool) -> bool:
    """Whether a worker has loaded; False if it died while loading and others are alive.

    Raises:
        Exception: What it raised while loading; the others would raise it too.
        AutomaskError: It died and was the last one.
    """
    if answer is not None and answer[0]:
        return True
    reason = worker.exit_reason() if answer is None else ""
    worker.stop(busy=False)
    if answer is not None:
        raise answer[1]
    if alone:
        raise AutomaskError(
            f"a worker died while it loaded its models ({reason})",
            hint=f"there may not be enough memory: {NO_MEMORY_HINT}",
        )
    return False


def _portable(error: Exception) -> Exception:
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def _result(answer: Answer, item: T, on_error: OnError[T, R] | None) -> R:
    succeeded, value = answer
    if succeeded:
        result: R = value
        return result
    if on_error is None:
        raise value
    return on_error(item, value)


def _worker_died_error(reason: str, tries: int) -> AutomaskError:
    if tries == 0:
        return AutomaskError(reason, hint="give it more time, or a smaller photo")
    return AutomaskError(
        f"its worker died, and so did a second one ({reason})",
        hint=f"there may not be enough memory: {NO_MEMORY_HINT}",
    )
