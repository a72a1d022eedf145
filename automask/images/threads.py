"""The same work on many pieces, on every core that this process may use."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import cv2

Piece = TypeVar("Piece")
Result = TypeVar("Result")


def in_threads(work: Callable[[Piece], Result], pieces: Iterable[Piece]) -> list[Result]:
    """The results of the pieces, in their order; several are worked on at once.

    There are as many threads as OpenCV has in this process, which batches set to each worker's share of the cores: with
    one, it is a plain loop. It pays where the work is in OpenCV and NumPy, which give Python's lock back. The work may
    not depend on which thread does it, nor write where another piece reads.

    Raises:
        Whatever the work of the first piece that fails raises; those not yet begun are left out.
    """
    todo = list(pieces)
    threads = min(cv2.getNumThreads(), len(todo))
    if threads < 2:
        return [work(piece) for piece in todo]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, todo))
