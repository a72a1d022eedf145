"""A pipeline of three stages (read, work, write) that overlap in time and hold few items in memory."""

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
    """What `read` returns for an item that needs no work: its result."""

    result: R


def prefetched(
    items: Iterable[T],
    *,
    read: Callable[[T], "Ready | Finished[R]"],
    work: Callable[[Sequence[tuple[T, Ready]]], "Sequence[Made | Exception]"],
    write: Callable[[T, Made], R],
    on_error: Callable[[T, Exception], R],
    batch_size: int = 1,
) -> Iterator[R]:
    """One result for each item, in order.

    While the calling thread works on some items, the next are read in one thread and the last written in another. At
    most 4 x `batch_size` items are held at a time: that many read, worked on, waiting to be written, and being written.

    Args:
        items: Taken one by one, as they are read.
        read: Returns what `work` needs; runs in a thread of its own.
        work: Runs in the calling thread, on at most `batch_size` items per call; returns one answer per item, an
            exception where the item failed. If it raises, all items of the call fail.
        write: Returns the item's result; runs in a thread of its own.
        on_error: Returns the result of an item that failed in any of the three stages.
        batch_size: Items per call of `work`.
    """
    queue = iter(items)
    reads: deque[tuple[T, Future[Ready | Finished[R]]]] = deque()
    writes: deque[tuple[T, Future[R] | R | Exception]] = deque()

    def next_read() -> list[tuple[T, "Ready | Finished[R] | Exception"]]:
        """The next batch, read; the reader meanwhile goes on to the one after."""
        group = [reads.popleft() for _ in range(min(batch_size, len(reads)))]
        return [(item, _wait(future)) for item, future in group]

    def settled_write() -> R:
        item, outcome = writes.popleft()
        result: R | Exception = _wait(outcome) if isinstance(outcome, Future) else outcome
        return on_error(item, result) if isinstance(result, Exception) else result

    with (
        ThreadPoolExecutor(1, thread_name_prefix="read") as reader,
        ThreadPoolExecutor(1, thread_name_prefix="write") as writer,
    ):
        try:
            while True:
                for item in itertools.islice(queue, 2 * batch_size - len(reads)):
                    reads.append((item, reader.submit(read, item)))
                if not reads:
                    break
                group = next_read()
                made = iter(
                    _run_work(work, [(item, it) for item, it in group if not isinstance(it, Finished | Exception)])
                )
                for item, it in group:
                    if isinstance(it, Finished):
                        writes.append((item, it.result))
                    else:
                        one = it if isinstance(it, Exception) else next(made)
                        writes.append((item, one if isinstance(one, Exception) else writer.submit(write, item, one)))
                while len(writes) > batch_size:
                    yield settled_write()
            while writes:
                yield settled_write()
        finally:
            # After an interrupt no new read begins; writes that have begun finish.
            for _, future in reads:
                future.cancel()


def _wait(future: Future[Any]) -> Any:
    """A future's result, or the exception that it ended with."""
    try:
        return future.result()
    except Exception as error:
        return error


def _run_work(
    work: Callable[[Sequence[tuple[T, Ready]]], "Sequence[Made | Exception]"], ready: Sequence[tuple[T, Ready]]
) -> "Sequence[Made | Exception]":
    try:
        return work(ready) if ready else ()
    except Exception as error:
        return [error] * len(ready)
