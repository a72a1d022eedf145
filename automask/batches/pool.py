"""Shares items out to workers, one at a time each, and replaces the workers that die."""

import pickle
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, TypeAlias, TypeVar

from automask.errors import AutomaskError

T = TypeVar("T")
R = TypeVar("R")

MakeWorker: TypeAlias = Callable[[], Callable[[T], R]]
"""Loads the models and gives the function that does one item. Other processes import it: a function of a module,
or a `functools.partial` of one. What also has `stream(items, *, on_error)` gets all items at once where one worker
does them all, so that it may read ahead and write behind."""
OnError: TypeAlias = Callable[[T, Exception], R]
"""The result of an item that raised, or that no worker survived. Runs in the calling process."""

TRIES = 2
"""A worker that dies may have been the machine's fault: its item is tried once more, by another worker."""

TRIES_OF_MACHINES = 5
"""A machine that is lost is hardly an item's fault, and one that goes takes all its workers: tried this often."""

PATIENCE_S = 5.0
Answer: TypeAlias = tuple[bool, Any]


class WorkerHandle(Protocol):
    """A worker elsewhere. Its first answer says whether it is ready, each later one is an item's."""

    def give(self, item: Any) -> None: ...

    def receive(self) -> Answer | None:
        """What it sent; None when it has died."""
        ...

    def exit_reason(self) -> str: ...

    def tries(self) -> int:
        """How many workers an item may cost that die as this one did."""
        ...

    def stop(self, *, busy: bool) -> None: ...


H = TypeVar("H", bound=WorkerHandle)


def in_this_process(make_worker: MakeWorker[T, R], items: Sequence[T], on_error: OnError[T, R] | None) -> Iterator[R]:
    """The results in the order of the items, all done by one worker in the calling process."""
    work = make_worker()
    stream = getattr(work, "stream", None)
    if stream is not None and on_error is not None:
        yield from stream(items, on_error=on_error)
        return
    for item in items:
        yield _result(try_item(work, item), item, on_error)


def share_out(
    items: Sequence[T],
    on_error: OnError[T, R] | None,
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
                    answers.append((item, (False, _died(worker.exit_reason()))))
                    worker.stop(busy=False)
                    loading += [start()] if queue else []
            while queue and idle:
                worker = idle.pop()
                busy[worker] = queue.popleft()
                worker.give(busy[worker][0])
            # Only now: the workers need not wait while the caller looks at results.
            for item, answer in answers:
                yield _result(answer, item, on_error)
    finally:
        for worker in [*loading, *idle, *busy]:
            worker.stop(busy=worker in busy)


def try_item(work: Callable[[T], R], item: T) -> Answer:
    """(True, result) or (False, error), the error such that it survives the way to another process."""
    try:
        return True, work(item)
    except Exception as error:
        return False, _portable(error)


def call(make: Callable[[], R]) -> R:
    """What `make` returns: lets `try_item` load a worker as it does an item."""
    return make()


def _is_ready(worker: WorkerHandle, answer: Answer | None, *, alone: bool) -> bool:
    """Whether a worker has loaded; False for one that died over it while others live.

    Raises:
        Exception: What it raised while loading: the others would too.
        AutomaskError: It died, and there is no other.
    """
    if answer is not None and answer[0]:
        return True
    how = worker.exit_reason() if answer is None else ""
    worker.stop(busy=False)
    if answer is not None:
        raise answer[1]
    if alone:
        raise AutomaskError(
            f"a worker died while it loaded its models ({how})",
            hint="the machine may be short of memory: use fewer workers",
        )
    return False


def _portable(error: Exception) -> Exception:
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def _result(answer: Answer, item: T, on_error: OnError[T, R] | None) -> R:
    fine, value = answer
    if fine:
        result: R = value
        return result
    return _failed(item, value, on_error)


def _failed(item: T, error: Exception, on_error: OnError[T, R] | None) -> R:
    if on_error is None:
        raise error
    return on_error(item, error)


def _died(how: str) -> AutomaskError:
    return AutomaskError(
        f"its worker died, and so did a second one ({how})",
        hint="the machine may be short of memory: use fewer workers, or a smaller photo",
    )
