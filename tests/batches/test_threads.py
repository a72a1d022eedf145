import os

import cv2
import pytest

from automask.batches import threads


@pytest.mark.parametrize(("cores", "workers", "each"), [(8, 2, 4), (8, 3, 2), (2, 5, 1)])
def test_threads_of_all_workers_together_are_the_cores(monkeypatch, cores, workers, each):
    monkeypatch.setattr(threads, "cores", lambda: cores)
    assert threads.threads_each(workers) == each


def test_a_container_s_share_counts_and_not_the_machine(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {3, 5, 7}, raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    assert threads.cores() == 3


@pytest.mark.parametrize(("counted", "cores"), [(6, 6), (None, 1)])
def test_a_system_without_shares_has_all_cores_and_at_least_one(monkeypatch, counted, cores):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: counted)
    assert threads.cores() == cores


def test_every_library_is_told_and_in_words():
    variables = threads.thread_variables(3)
    assert set(variables) >= {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"}
    assert set(variables.values()) == {"3"}


def test_opencv_is_limited_in_this_process():
    before = cv2.getNumThreads()
    try:
        for count in (2, 1):
            threads.limit_threads(count)
            assert cv2.getNumThreads() == count
    finally:
        cv2.setNumThreads(before)
