"""Work on several cores: the same on many pieces, or two things at once."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import cv2

Piece = TypeVar("Piece")
Result = TypeVar("Result")
One = TypeVar("One")
Other = TypeVar("Other")


def in_threads(work: Callable[[Piece], Result], pieces: Iterable[Piece], *, at_once: int | None = None) -> list[Result]:
    """The results of the pieces, in their order; several are worked on at once.

    There are as many threads as OpenCV has in this process, which batches set to each worker's share of the cores: with
    one, it is a plain loop. It pays where the work is in OpenCV and NumPy, which give Python's lock back.

    Args:
        work: May not depend on which thread does it, nor write where another piece reads.
        pieces: Taken all at once.
        at_once: The most that are worked on together, where each needs much memory.

    Raises:
        Whatever the work of the first piece that fails raises; those not yet begun are left out.
    """
    todo = list(pieces)
    threads = min(cv2.getNumThreads(), len(todo), at_once or len(todo))
    if threads < 2:
        return [work(piece) for piece in todo]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, todo))


def together(first: Callable[[], One], second: Callable[[], Other]) -> tuple[One, Other]:
    """What two calls return that do not depend on each other: the first is made in a thread of its own.

    With one thread (see `in_threads`) the first is made before the second.

    Raises:
        What the second raises, or else the first; both have ended by then.
    """
    if cv2.getNumThreads() < 2:
        return first(), second()
    with ThreadPoolExecutor(1) as pool:
        beside = pool.submit(first)
        other = second()
        return beside.result(), other
