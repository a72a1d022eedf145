"""A Ray actor and its handle, with a Ray that has only what they use. Real actors are in test_mappers.py."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import cv2
import pytest
from batch_jobs import shout

import automask
from automask.batches.pool import TRIES, TRIES_OF_MACHINES
from automask.batches.ray_worker import ActorHandle, RayWorker
from automask.errors import PlanError


class RayError(Exception):
    pass


class FakeRay:
    """Calls are done at once; those whose machine is gone raise when they are asked for."""

    exceptions = SimpleNamespace(RayError=RayError)

    def __init__(self):
        self.alive, self.killed = {"here": True, "there": True}, []
        self.unanswered = object()

    def get(self, answer):
        if isinstance(answer, Exception):
            raise answer
        return answer

    def nodes(self):
        return [{"NodeID": name, "Alive": alive} for name, alive in self.alive.items()]

    def wait(self, answers, timeout):
        assert timeout == 0
        return [one for one in answers if one is not self.unanswered], []

    def kill(self, actor):
        self.killed.append(actor)

    def get_runtime_context(self):
        return SimpleNamespace(get_node_id=lambda: "here")


class Remote:
    """A method of an actor, as Ray gives it."""

    def __init__(self, method):
        self.remote = method


@pytest.fixture
def ray(monkeypatch):
    fake = FakeRay()
    monkeypatch.setitem(sys.modules, "ray", fake)
    before = cv2.getNumThreads()
    yield fake
    cv2.setNumThreads(before)


def not_loading():
    raise PlanError("no weights", hint="fetch them")


def handle(ray, make_worker=shout, run=None, limit_s=0.0):
    worker = RayWorker()
    actor = SimpleNamespace(load=Remote(worker.load), run=Remote(run or worker.run))
    return ActorHandle(ray, actor, make_worker, 1, limit_s), actor


def test_its_first_answer_says_that_it_has_loaded_and_later_ones_are_of_items(ray):
    one, _ = handle(ray)
    assert one.receive() == (True, "here")
    one.give("a")
    assert one.receive() == (True, "A")
    one.give("fail")
    succeeded, error = one.receive()
    assert (succeeded, str(error)) == (False, "no 'x'; say 'y'")


def test_it_says_why_it_could_not_load(ray):
    succeeded, error = handle(ray, not_loading)[0].receive()
    assert (succeeded, str(error)) == (False, "no weights; fetch them")


def test_its_libraries_are_limited_to_its_threads(ray):
    cv2.setNumThreads(2)
    RayWorker().load(shout, 1)
    assert cv2.getNumThreads() == 1


@pytest.mark.parametrize(("here_is_alive", "tries"), [(True, TRIES), (False, TRIES_OF_MACHINES)])
def test_what_ray_raises_is_a_death_and_the_machine_s_own_is_forgiven_more_often(ray, here_is_alive, tries):
    answers = iter([(True, "A"), RayError("the actor\n  died")])
    one, _ = handle(ray, run=lambda item: next(answers))
    one.receive()
    one.give("a")
    one.receive()
    one.give("b")
    ray.alive["here"] = here_is_alive
    ray.alive["there"] = not here_is_alive
    assert one.receive() is None
    assert one.exit_reason() == "the actor died"
    assert one.tries() == tries


def test_an_item_that_takes_longer_than_allowed_ends_its_actor_and_is_not_tried_again(ray):
    one, actor = handle(ray, run=lambda item: ray.unanswered if item == "hang" else (True, item), limit_s=1e-9)
    assert one.receive() == (True, "here")  # loading takes what it takes
    one.give("a")
    assert one.receive() == (True, "a")  # late, but there
    one.give("hang")
    assert one.is_overdue()
    assert one.receive() is None
    assert ray.killed == [actor]
    assert (one.exit_reason(), one.tries()) == ("it took more than the 1e-09 s of mapper.photo_limit_s", 0)


def test_one_that_never_loaded_was_on_no_machine(ray):
    one, _ = handle(ray, not_loading)
    one.receive()
    ray.alive = dict.fromkeys(ray.alive, False)
    assert one.tries() == TRIES


@pytest.mark.parametrize("busy", [True, False])
def test_stopping_kills_the_actor(ray, busy):
    one, actor = handle(ray)
    one.stop(busy=busy)
    assert ray.killed == [actor]


LISTENERS = """
from automask.batches.mappers import RayActors
from test_ray_worker import squares

if __name__ == "__main__":
    results = RayActors(workers=1).map(squares, [2, 3])
    next(results)
    import psutil  # which Ray brings along

    family = [psutil.Process(), *psutil.Process().children(recursive=True)]
    found = [one.laddr.ip for each in family for one in each.net_connections("inet") if one.status == "LISTEN"]
    print(len(found), {ip for ip in found if not ip.endswith("127.0.0.1")} or "this machine alone")
    list(results)
"""


def squares():
    return lambda number: number * number


@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="needs the 'ray' extra")
def test_ray_on_one_machine_listens_to_this_machine_alone(tmp_path):
    script = tmp_path / "listeners.py"
    script.write_text(LISTENERS)
    places = [*map(str, Path(__file__).parents[:2]), str(Path(automask.__file__).parent.parent)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(places)}
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    count, said = done.stdout.splitlines()[-1].split(" ", 1)
    assert int(count) > 3
    assert said == "this machine alone"
