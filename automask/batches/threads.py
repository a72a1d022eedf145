"""Cores and threads: how many there are, and how a worker's libraries are limited to its share."""

import os

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def threads_each(workers: int) -> int:
    """Threads for each of `workers` workers, so that together they use every core once; at least 1."""
    return max(1, cores() // workers)


def cores() -> int:
    """Cores that this process may use: a container's share, on systems that report it."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def thread_variables(threads: int) -> dict[str, str]:
    """Environment variables that limit OpenMP and the BLAS libraries to `threads`; read when these are loaded."""
    return dict.fromkeys(_THREAD_VARIABLES, str(threads))


def limit_threads(threads: int) -> None:
    """Limits OpenCV in this process to `threads`: its pool reads no environment variable."""
    import cv2

    cv2.setNumThreads(threads)
