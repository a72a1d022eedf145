"""One worker in a process of its own. What a pool makes of several is in test_mappers.py."""

import functools
import multiprocessing.util
import os
import signal
import time
from pathlib import Path

import cv2
import pytest
from batch_jobs import writing_slowly

from automask.batches.pool import TRIES
from automask.batches.process_worker import ProcessWorker
from automask.batches.threads import thread_variables
from automask.errors import PlanError

pytestmark = pytest.mark.slow

posix = pytest.mark.skipif(os.name != "posix", reason="signals")

# The workers are module-level functions: the process imports them.


def doing():
    def work(item):
        if item == "leave":
            os._exit(3)
        if item == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if item == "unsendable":
            return lambda: 0
        if item == "fail":
            raise PlanError("no 'x'", hint="say 'y'")
        if item == "threads":
            return {name: os.environ.get(name) for name in thread_variables(1)}, cv2.getNumThreads()
        return f"{item} done"

    return work


def not_loading():
    raise PlanError("no weights", hint="fetch them")


def loading_forever(folder):
    Path(folder, "begun").touch()
    time.sleep(60)


def leaving_a_note(folder):
    multiprocessing.util.Finalize(None, Path(folder, "note").touch, exitpriority=1)
    return doing()


@pytest.fixture
def started():
    """Starts workers, and ends those that a test has not ended."""
    workers = []

    def start(make_worker=doing, threads=1):
        workers.append(ProcessWorker(make_worker, threads))
        return workers[-1]

    yield start
    for worker in workers:
        if not worker.pipe.closed:
            worker.stop(busy=False)


def test_it_says_that_it_has_loaded_and_then_answers_item_by_item(started):
    worker = started()
    assert worker.receive() == (True, None)
    for item in ("a", "b"):
        worker.give(item)
        assert worker.receive() == (True, f"{item} done")
    worker.give("fail")
    succeeded, error = worker.receive()
    assert (succeeded, str(error)) == (False, "no 'x'; say 'y'")
    worker.give("unsendable")
    succeeded, error = worker.receive()
    assert not succeeded
    assert str(error).startswith("a result cannot be sent between processes: ")
    worker.give("a")
    assert worker.receive() == (True, "a done")
    assert worker.tries() == TRIES


def test_it_says_why_it_could_not_load(started):
    succeeded, error = started(not_loading).receive()
    assert (succeeded, str(error)) == (False, "no weights; fetch them")


@pytest.mark.parametrize(
    ("item", "reason"), [("leave", "exit status 3"), pytest.param("die", "killed by SIGKILL", marks=posix)]
)
def test_a_death_is_an_answer_with_its_reason(started, item, reason):
    worker = started()
    assert worker.receive() == (True, None)
    worker.give(item)
    assert worker.receive() is None
    assert worker.exit_reason() == reason
    worker.give("a")  # the caller need not know yet
    assert worker.receive() is None


def test_its_libraries_are_limited_and_the_caller_s_environment_stays(started, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    before = dict(os.environ)
    worker = started(threads=1)
    assert dict(os.environ) == before
    worker.receive()
    worker.give("threads")
    assert worker.receive() == (True, (thread_variables(1), 1))


@pytest.mark.parametrize("ready", [True, False])
def test_stopping_ends_the_process_at_once_whether_it_has_loaded_or_not(started, ready):
    worker = started()
    if ready:
        worker.receive()
    process = worker.process
    pid = process.pid
    began = time.monotonic()
    worker.stop(busy=False)
    assert time.monotonic() - began < 4
    with pytest.raises(ValueError, match="closed"):
        process.is_alive()
    if os.name == "posix":
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def wait_for(path):
    deadline = time.monotonic() + 20
    while not path.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert path.exists()


def test_one_that_still_loads_is_not_waited_for(started, tmp_path):
    worker = started(functools.partial(loading_forever, str(tmp_path)))
    wait_for(tmp_path / "begun")
    began = time.monotonic()
    worker.stop(busy=False)
    assert time.monotonic() - began < 4


def test_an_idle_one_ends_by_itself(started, tmp_path):
    worker = started(functools.partial(leaving_a_note, str(tmp_path)))
    worker.receive()
    worker.stop(busy=False)
    assert (tmp_path / "note").exists()


@posix
def test_one_at_work_is_interrupted_and_cleans_up_after_itself(started, tmp_path):
    worker = started(functools.partial(writing_slowly, str(tmp_path)))
    worker.receive()
    worker.give("a")
    wait_for(tmp_path / "a.part")
    worker.stop(busy=True)
    assert not (tmp_path / "a.part").exists()
