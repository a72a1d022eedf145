import functools
import importlib.util
import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest
from batch_jobs import writing_slowly

from automask.batches import threads
from automask.batches.mappers import LocalPool, RayActors
from automask.errors import AutomaskError, ConfigError, ExtraMissing, PlanError

pytestmark = pytest.mark.slow

# The workers are module-level functions: other processes import them.


def square():
    return lambda item: item * item


def nasty():
    def work(item):
        if item == "raise":
            raise PlanError("no 'x'", hint="say 'y'")
        if item == "unpicklable error":
            raise UnpicklableError(lambda: 0)
        if item == "unpicklable result":
            return lambda: 0
        if item == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        return item.upper()

    return work


class UnpicklableError(Exception):
    pass


def die_once(flag):
    def work(item):
        if item == 3 and not Path(flag).exists():
            Path(flag).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return item

    return work


def count_loads(folder):
    Path(folder, str(os.getpid())).touch()
    return lambda item: (time.sleep(0.02), os.getpid())[1]


def no_weights():
    raise AutomaskError("no weights", hint="fetch them")


def dies_loading():
    os.kill(os.getpid(), signal.SIGKILL)


def threads_seen():
    import cv2

    return lambda item: (os.environ["OMP_NUM_THREADS"], cv2.getNumThreads())


def on_error(item, error):
    return f"{item}: {type(error).__name__}: {error}"


ONE, TWO = LocalPool(workers=1), LocalPool(workers=2)
both = pytest.mark.parametrize("mapper", [ONE, TWO], ids=["one", "two"])


@both
def test_without_items_nothing_is_loaded(mapper):
    assert list(mapper.map(no_weights, [])) == []


def test_one_worker_keeps_the_order_and_stays_in_this_process():
    assert list(ONE.map(functools.partial(int), [])) == []
    assert list(ONE.map(square, [3, 1, 2])) == [9, 1, 4]


def test_an_item_that_raises_does_not_stop_the_others():
    assert list(ONE.map(nasty, ["a", "raise", "b"], on_error=on_error)) == [
        "A",
        "raise: PlanError: no 'x'; say 'y'",
        "B",
    ]


@both
def test_without_lost_the_first_failure_is_raised(mapper):
    with pytest.raises(PlanError, match="no 'x'; say 'y'"):
        list(mapper.map(nasty, ["raise"]))


def test_what_happens_to_an_item_in_another_process_stays_its_own():
    items = ["a", "raise", "die", "unpicklable error", "unpicklable result", "b"]
    results = sorted(TWO.map(nasty, items, on_error=on_error))
    assert results[:2] == ["A", "B"]
    died, raised, error, result = results[2:]
    assert died.startswith(
        "die: AutomaskError: its worker died, and so did a second one (killed by SIGKILL); there may not be"
    )
    assert raised == "raise: PlanError: no 'x'; say 'y'"
    assert error.startswith("unpicklable error: RuntimeError: UnpicklableError: <function")
    assert result.startswith("unpicklable result: RuntimeError: a result cannot be sent between processes")


def test_an_item_whose_worker_died_is_tried_once_more(tmp_path):
    work = functools.partial(die_once, str(tmp_path / "flag"))
    assert sorted(TWO.map(work, range(6), on_error=on_error)) == list(range(6))


def hangs(folder):
    def work(item):
        if item == "hang":
            Path(folder, "hangs").write_text(str(os.getpid()))
            time.sleep(300)
        return item

    return work


@pytest.mark.parametrize("workers", [1, 2])
def test_an_item_that_takes_too_long_has_failed_and_the_others_go_on(tmp_path, workers):
    began = time.monotonic()
    mapper = LocalPool(workers=workers, photo_limit_s=3)
    results = sorted(mapper.map(functools.partial(hangs, tmp_path), ["a", "hang", "b", "c"], on_error=on_error))
    assert results == [
        *("a", "b", "c"),
        "hang: AutomaskError: it took more than the 3 s of mapper.photo_limit_s; give it more time, or a smaller photo",
    ]
    assert time.monotonic() - began < 200
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "hangs").read_text()), 0)


@pytest.mark.parametrize("limit_s", [-1, float("nan"), float("inf")])
def test_a_limit_of_no_time_is_refused(limit_s):
    with pytest.raises(ConfigError, match=rf"mapper.photo_limit_s is {limit_s}; give seconds, or 0 for no limit"):
        LocalPool(photo_limit_s=limit_s)
    with pytest.raises(ConfigError, match=rf"mapper.photo_limit_s is {limit_s}; give seconds, or 0 for no limit"):
        RayActors(photo_limit_s=limit_s)


def test_each_worker_loads_once_and_every_item_gives_a_result(tmp_path):
    results = list(TWO.map(functools.partial(count_loads, str(tmp_path)), range(8)))
    pids = set(results)
    assert len(results) == 8
    # On a busy machine one may have done everything before the other had loaded.
    loaded = [int(path.name) for path in tmp_path.iterdir()]
    assert pids <= set(loaded)
    assert len(loaded) <= 2
    assert os.getpid() not in pids


def test_no_more_workers_are_started_than_there_are_items(tmp_path):
    list(LocalPool(workers=8).map(functools.partial(count_loads, str(tmp_path)), range(1)))
    assert len(list(tmp_path.iterdir())) == 1


@both
def test_a_worker_that_cannot_load_stops_everything(mapper):
    with pytest.raises(AutomaskError, match="no weights; fetch them"):
        list(mapper.map(no_weights, [1, 2], on_error=on_error))


def test_workers_that_die_while_loading_stop_everything():
    with pytest.raises(AutomaskError, match=r"died while it loaded its models \(killed by SIGKILL\); .*fewer workers"):
        list(TWO.map(dies_loading, [1, 2], on_error=on_error))


def test_workers_share_the_cores_and_the_callers_environment_stays():
    before = dict(os.environ)
    each = threads.threads_each(2)
    assert set(TWO.map(threads_seen, range(2))) == {(str(each), each)}
    assert dict(os.environ) == before


def test_an_interrupt_lets_workers_clean_up_and_leaves_none_behind(tmp_path):
    results = TWO.map(functools.partial(writing_slowly, str(tmp_path)), range(4))
    failure = []

    def interrupt():
        deadline = time.monotonic() + 20
        while len(list(tmp_path.iterdir())) < 2 and time.monotonic() < deadline:
            time.sleep(0.02)
        failure.append(len(list(tmp_path.iterdir())) != 2)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        next(results)
    thread.join()
    assert failure == [False]
    assert time.monotonic() - started < 20
    assert list(tmp_path.iterdir()) == []


def test_a_caller_that_stops_early_ends_the_workers(tmp_path):
    results = TWO.map(functools.partial(count_loads, str(tmp_path)), range(50))
    next(results)
    results.close()
    for path in tmp_path.iterdir():
        with pytest.raises(ProcessLookupError):
            os.kill(int(path.name), 0)


@pytest.mark.parametrize("workers", [0, -1])
def test_fewer_than_one_worker_is_refused(workers):
    for mapper in (LocalPool, RayActors):
        with pytest.raises(ConfigError, match=rf"mapper\.workers is {workers}; give at least 1"):
            mapper(workers=workers)


def test_negative_shares_are_refused():
    with pytest.raises(ConfigError, match=r"mapper\.gpus_per_worker is -1; give 0 or more"):
        RayActors(gpus_per_worker=-1)


def test_without_ray_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ExtraMissing, match=r"Ray is not installed; run pip install 'automask\[ray\]'"):
        RayActors().map(square, [1])


# ---------------------------------------------------------------------------------------------------------------- Ray

needs_ray = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="needs the 'ray' extra")


@needs_ray
def test_an_address_where_no_cluster_listens_is_refused_at_once():
    with pytest.raises(
        ConfigError, match=r"no Ray cluster at mapper\.address '127\.0\.0\.1:9': .*; start one with 'ray start"
    ):
        list(RayActors(address="127.0.0.1:9").map(square, [1]))


@pytest.fixture(scope="module")
def local_ray():
    import ray

    # Its workers import this very module by name.
    here = str(Path(__file__).parent)
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    ray.init(
        address="local",
        num_cpus=2,
        include_dashboard=False,
        log_to_driver=False,
        runtime_env={"env_vars": {"PYTHONPATH": os.pathsep.join([here, str(Path(here).parent)])}},
    )
    yield RayActors(workers=2)
    ray.shutdown()


@needs_ray
def test_ray_gives_one_result_for_each_item_and_survives_what_happens_to_them(local_ray, tmp_path):
    assert sorted(local_ray.map(square, range(7))) == [n * n for n in range(7)]
    results = sorted(local_ray.map(nasty, ["a", "raise", "die", "b"], on_error=on_error))
    assert results[:2] == ["A", "B"]
    assert results[2].startswith("die: AutomaskError: its worker died, and so did a second one")
    assert results[3] == "raise: PlanError: no 'x'; say 'y'"
    work = functools.partial(die_once, str(tmp_path / "flag"))
    assert sorted(local_ray.map(work, range(6), on_error=on_error)) == list(range(6))


@needs_ray
def test_an_item_that_takes_a_ray_worker_too_long_has_failed_and_the_others_go_on(local_ray, tmp_path):
    mapper = RayActors(workers=2, photo_limit_s=3)
    results = sorted(mapper.map(functools.partial(hangs, tmp_path), ["a", "hang", "b", "c"], on_error=on_error))
    assert results == [
        *("a", "b", "c"),
        "hang: AutomaskError: it took more than the 3 s of mapper.photo_limit_s; give it more time, or a smaller photo",
    ]


@needs_ray
def test_a_ray_worker_that_cannot_load_stops_everything(local_ray):
    with pytest.raises(AutomaskError, match="no weights; fetch them"):
        list(local_ray.map(no_weights, [1, 2], on_error=on_error))


@needs_ray
def test_ray_gives_the_same_as_serial(local_ray):
    assert sorted(local_ray.map(square, range(9))) == sorted(TWO.map(square, range(9)))
