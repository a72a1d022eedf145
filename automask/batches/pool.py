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
or a `functools.partial` of one. What has `stream(items, *, lost)` beside is given all items at once where one worker
does them all: it may read ahead and write behind."""
OnLost: TypeAlias = Callable[[T, Exception], R]
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

    def told(self) -> Answer | None:
        """What it sent; None when it has died."""
        ...

    def how_it_died(self) -> str: ...

    def tries(self) -> int:
        """How many workers an item may cost that die as this one did."""
        ...

    def stop(self, *, busy: bool) -> None: ...


H = TypeVar("H", bound=WorkerHandle)


def in_this_process(make_worker: MakeWorker[T, R], items: Sequence[T], lost: OnLost[T, R] | None) -> Iterator[R]:
    """The results in the order of the items, all done by one worker in the calling process."""
    work = make_worker()
    stream = getattr(work, "stream", None)
    if stream is not None and lost is not None:
        yield from stream(items, lost=lost)
        return
    for item in items:
        yield _result(try_item(work, item), item, lost)


def share_out(
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
            answers: list[tuple[T, Answer]] = []
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


def try_item(work: Callable[[T], R], item: T) -> Answer:
    """(True, result) or (False, error), the error such that it survives the way to another process."""
    try:
        return True, work(item)
    except Exception as error:
        return False, _portable(error)


def call(make: Callable[[], R]) -> R:
    """What `make` returns: lets `try_item` load a worker as it does an item."""
    return make()


def _is_ready(hand: WorkerHandle, answer: Answer | None, *, alone: bool) -> bool:
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


def _portable(error: Exception) -> Exception:
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def _result(answer: Answer, item: T, lost: OnLost[T, R] | None) -> R:
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
