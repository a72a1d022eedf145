"""One owner of the models: jobs one after another, a bounded queue, stopping, and letting go."""

import shutil
import threading
import time

import pytest

from automask.errors import PlanError
from automask.painting.calls import call_editor
from automask.studio.engine import ENDED, Engine, Full


def waited(job):
    until = time.monotonic() + 20
    while job.state not in ENDED:
        assert time.monotonic() < until
        time.sleep(0.005)
    return job


@pytest.fixture
def engine():
    one = Engine(lambda names: names, capacity=3)
    yield one
    one.close()


def test_jobs_are_done_one_at_a_time_in_order(engine):
    seen, at_work = [], threading.Semaphore(1)

    def work(number):
        def do(_):
            assert at_work.acquire(blocking=False)
            time.sleep(0.01)
            seen.append(number)
            at_work.release()
            return {"number": number}

        return do

    jobs = [engine.submit("job", work(number)) for number in range(3)]
    assert [waited(job).result["number"] for job in jobs] == seen == [0, 1, 2]


def test_a_full_queue_refuses(engine):
    go = threading.Event()
    jobs = [engine.submit("wait", lambda _: {"went": go.wait(20)})]
    while jobs[0].state == "queued":
        time.sleep(0.005)
    jobs += [engine.submit("wait", lambda _: {}) for _ in range(3)]
    with pytest.raises(Full):
        engine.submit("wait", lambda _: {})
    go.set()
    assert [waited(job).state for job in jobs] == ["done"] * 4


def test_a_job_that_waits_is_stopped_at_once_and_one_at_work_before_its_next_crop(engine):
    begun, crops = threading.Event(), []

    def paint(_):
        begun.set()
        for number in range(1000):
            call_editor(None, None, lambda number=number: crops.append(number))
            time.sleep(0.005)
        return {}

    running = engine.submit("paint", paint)
    waiting = engine.submit("paint", paint)
    begun.wait(10)
    engine.stop(waiting)
    assert waiting.state == "stopped"
    engine.stop(running)
    assert waited(running).state == "stopped"
    assert len(crops) < 1000
    call_editor(None, None, lambda: crops.append("outside"))  # nothing is left of it for others


def test_a_job_that_was_stopped_takes_no_place_in_the_queue_and_holds_no_photo(engine):
    go = threading.Event()
    first = engine.submit("wait", lambda _: {"went": go.wait(20)})
    while first.state == "queued":
        time.sleep(0.005)
    photo = bytearray(b"a photo")
    jobs = [engine.submit("masks", lambda _: {"photo": photo}) for _ in range(3)]
    for job in jobs:
        engine.stop(job)
    assert engine.queued == 0
    assert all(job.work.__closure__ is None for job in jobs)
    last = engine.submit("save", lambda _: {"saved": 1})
    go.set()
    assert waited(last).result == {"saved": 1}
    assert [job.state for job in jobs] == ["stopped"] * 3


def test_the_engine_goes_on_where_its_temporary_folder_was_tidied_away(engine):
    shutil.rmtree(engine._folder)
    assert waited(engine.submit("job", lambda desk: {"is_there": desk.folder.is_dir()})).result == {"is_there": True}


def test_a_full_engine_closes_at_once():
    engine = Engine(lambda names: names, capacity=2)
    begun = threading.Event()

    def paint(_):
        begun.set()
        while True:
            call_editor(None, None, lambda: time.sleep(0.005))

    jobs = [engine.submit("paint", paint)]
    assert begun.wait(10)
    jobs += [engine.submit("paint", paint) for _ in range(2)]
    engine.close()
    assert not engine._thread.is_alive()
    assert [job.state for job in jobs] == ["stopped"] * 3


def test_models_are_loaded_once_and_let_go_when_nobody_uses_them():
    engine = Engine(lambda names: names, unload_after_s=0.05)
    try:
        for _ in range(5):
            waited(engine.submit("job", lambda desk: {"stages": desk.stages()}))
        assert (engine.loads, engine.is_loaded) == (1, True)
        waited(engine.submit("job", lambda desk: {"stages": desk.stages(("sdxl",))}))
        assert waited(engine.submit("job", lambda desk: {"stages": desk.stages()})).result["stages"] == ("sdxl",)
        assert engine.loads == 2
        until = time.monotonic() + 10
        while engine.is_loaded:
            assert time.monotonic() < until
            time.sleep(0.01)
        waited(engine.submit("job", lambda desk: {"stages": desk.stages()}))
        assert engine.loads == 3
    finally:
        engine.close()


def test_what_fails_fails_alone(engine):
    def refuses(_):
        raise PlanError("no", hint="say yes")

    def breaks(_):
        raise RuntimeError("in /secret")

    assert waited(engine.submit("job", refuses)).error.problem == "no"
    assert waited(engine.submit("job", breaks)).error.problem == "the job failed"
    assert waited(engine.submit("job", lambda _: {"fine": 1})).result == {"fine": 1}


def test_results_have_a_lifetime_and_go_with_their_files():
    engine = Engine(lambda names: names, keep_s=0.0)
    try:

        def work(desk):
            (desk.folder / "a").write_bytes(b"a")
            desk.publish({"a": desk.folder / "a"})
            return {}

        first = waited(engine.submit("job", work))
        path = first.files["a"]
        assert path.is_file()
        time.sleep(0.01)
        waited(engine.submit("job", work))
        assert engine.job(first.id) is None
        assert not path.exists()
    finally:
        engine.close()
