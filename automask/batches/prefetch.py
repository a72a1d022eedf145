"""Reads ahead, works, and writes behind, all at the same time and with bounded memory."""

import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T")
Ready = TypeVar("Ready")
Made = TypeVar("Made")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Finished(Generic[R]):
    """What `read` gives for an item that needs no work, with its result."""

    result: R


def prefetched(
    items: Iterable[T],
    *,
    read: Callable[[T], "Ready | Finished[R]"],
    work: Callable[[Sequence[tuple[T, Ready]]], "Sequence[Made | Exception]"],
    write: Callable[[T, Made], R],
    lost: Callable[[T, Exception], R],
    together: int = 1,
) -> Iterator[R]:
    """One result for each item, in order.

    While the calling thread works on some items, the next are read in one thread and the last written in another. So at
    most 4 x `together` items are held, however many there are: as many read, in work, waiting and being written.

    Args:
        items: Taken one by one, as they are read.
        read: Gives what `work` needs; runs in a thread of its own.
        work: Runs in the calling thread, for at most `together` items at once; gives one answer for each, an exception
            for one that failed. What it raises fails all of them.
        write: Gives the item's result; runs in a thread of its own.
        lost: Gives the result of an item that failed in any of the three.
        together: How many items are worked on at once.
    """
    queue = iter(items)
    reads: deque[tuple[T, Future[Ready | Finished[R]]]] = deque()
    writes: deque[tuple[T, Future[R] | R | Exception]] = deque()

    def next_read() -> list[tuple[T, "Ready | Finished[R] | Exception"]]:
        """The next items, read; behind them others begin to be."""
        group = [reads.popleft() for _ in range(min(together, len(reads)))]
        return [(item, _settled(future)) for item, future in group]

    def settled_write() -> R:
        item, outcome = writes.popleft()
        result: R | Exception = _settled(outcome) if isinstance(outcome, Future) else outcome
        return lost(item, result) if isinstance(result, Exception) else result

    with (
        ThreadPoolExecutor(1, thread_name_prefix="read") as reader,
        ThreadPoolExecutor(1, thread_name_prefix="write") as writer,
    ):
        try:
            while True:
                for item in itertools.islice(queue, 2 * together - len(reads)):
                    reads.append((item, reader.submit(read, item)))
                if not reads:
                    break
                group = next_read()
                made = iter(
                    _worked(work, [(item, it) for item, it in group if not isinstance(it, Finished | Exception)])
                )
                for item, it in group:
                    if isinstance(it, Finished):
                        writes.append((item, it.result))
                    else:
                        one = it if isinstance(it, Exception) else next(made)
                        writes.append((item, one if isinstance(one, Exception) else writer.submit(write, item, one)))
                while len(writes) > together:
                    yield settled_write()
            while writes:
                yield settled_write()
        finally:
            # After an interrupt nothing new is begun, and what is being written is finished.
            for _, future in reads:
                future.cancel()


def _settled(future: Future[Any]) -> Any:
    """What a future gave, or the exception that it ended with."""
    try:
        return future.result()
    except Exception as error:
        return error


def _worked(
    work: Callable[[Sequence[tuple[T, Ready]]], "Sequence[Made | Exception]"], ready: Sequence[tuple[T, Ready]]
) -> "Sequence[Made | Exception]":
    try:
        return work(ready) if ready else ()
    except Exception as error:
        return [error] * len(ready)
