"""How items are shared out, with workers that live in this process: what they do is decided item by item."""

import pickle

import pytest
from batch_jobs import shout
from hypothesis import given
from hypothesis import strategies as st

from automask.batches.pool import TRIES, call, in_this_process, share_out, try_item
from automask.errors import AutomaskError, PlanError


def on_error(item, error):
    return f"{item}: {error}"


class Crew:
    """Workers that answer at once. An item "die" kills its worker, "fail" raises; `loads` says how each one starts."""

    def __init__(self, *, tries=TRIES, loads=()):
        self.tries, self.loads, self.started, self.most_busy = tries, list(loads), [], 0

    def start(self):
        how = self.loads[len(self.started)] if len(self.started) < len(self.loads) else "ready"
        if how == "cannot start":
            raise OSError("no more processes")
        self.started.append(Worker(self, how))
        return self.started[-1]

    def wait_for(self, workers):
        """The one that waits longest, as a machine with one core would."""
        assert workers, "nobody is at work, and yet the caller waits"
        self.most_busy = max(self.most_busy, sum(worker.item is not None for worker in workers))
        return [workers[0]]

    def run(self, items, workers=2, failed=on_error):
        return list(share_out(items, failed, workers, self.start, self.wait_for))


class Worker:
    def __init__(self, crew, how):
        self.crew, self.how, self.item, self.stopped = crew, how, None, []

    def give(self, item):
        assert self.item is None, "one item at a time"
        assert not self.stopped
        self.item = item

    def receive(self):
        if self.item is None:
            loaded = {"ready": (True, None), "raises": (False, PlanError("no weights", hint="fetch them"))}
            return loaded.get(self.how)
        item, self.item = self.item, None
        if item == "die":
            return None
        return (False, PlanError("no 'x'", hint="say 'y'")) if item == "fail" else (True, f"{item} done")

    def exit_reason(self):
        return "killed by SIGKILL"

    def tries(self):
        return self.crew.tries

    def stop(self, *, busy):
        self.stopped.append(busy)


DIED = "die: its worker died, and so did a second one (killed by SIGKILL); there may not be enough memory"


@given(st.lists(st.sampled_from(["a", "b", "fail", "die"]), max_size=9), st.integers(1, 4), st.integers(1, 5))
def test_every_item_has_one_result_and_every_worker_is_stopped_once(items, workers, tries):
    crew = Crew(tries=tries)
    results = crew.run(items, workers)
    assert len(results) == len(items)
    for item, result in {"a": "a done", "b": "b done", "fail": "fail: no 'x'; say 'y'"}.items():
        assert results.count(result) == items.count(item)
    assert sum(result.startswith(DIED) for result in results) == items.count("die")
    assert all(len(worker.stopped) == 1 for worker in crew.started)
    assert len(crew.started) <= workers + tries * items.count("die")
    assert crew.most_busy <= workers


@pytest.mark.parametrize("tries", [1, 2, 5])
def test_an_item_costs_as_many_workers_as_it_may(tries):
    crew = Crew(tries=tries)
    crew.run(["die"], workers=1)
    assert len(crew.started) == tries


@pytest.mark.parametrize(("deaths", "tries", "done"), [(1, 2, True), (2, 2, False), (4, 5, True), (5, 5, False)])
def test_how_a_worker_died_says_how_often_its_item_is_tried(deaths, tries, done):
    class Mortal(Worker):
        def receive(self):
            given = self.item is not None and len(self.crew.started) <= deaths
            return None if given else super().receive()

    crew = Crew(tries=tries)
    crew.start = lambda: crew.started.append(Mortal(crew, "ready")) or crew.started[-1]
    assert (crew.run(["a"], workers=1) == ["a done"]) == done


def test_without_on_error_the_first_failure_is_raised_and_all_workers_stop():
    crew = Crew()
    with pytest.raises(PlanError, match="no 'x'; say 'y'"):
        crew.run(["a", "fail", "b", "b"], failed=None)
    assert all(len(worker.stopped) == 1 for worker in crew.started)


def test_a_caller_that_stops_early_interrupts_only_those_at_work():
    crew = Crew()
    results = share_out(["a", "b"], on_error, 3, crew.start, crew.wait_for)
    next(results)
    at_work = [worker for worker in crew.started if worker.item is not None]
    results.close()
    assert 0 < len(at_work) < len(crew.started)
    assert all(worker.stopped == [worker in at_work] for worker in crew.started)


def test_what_a_worker_raises_while_it_loads_is_raised():
    crew = Crew(loads=["ready", "raises"])
    with pytest.raises(PlanError, match="no weights; fetch them"):
        crew.run(["a"] * 9)
    assert all(worker.stopped for worker in crew.started)


def test_a_worker_that_dies_loading_is_missed_only_by_the_last():
    assert Crew(loads=["dies", "ready"]).run(["a", "b"]) == ["a done", "b done"]
    with pytest.raises(AutomaskError, match=r"died while it loaded its models \(killed by SIGKILL\); .* fewer workers"):
        Crew(loads=["dies", "dies"]).run(["a", "b"])


def test_workers_that_were_started_before_one_that_cannot_be_are_stopped():
    crew = Crew(loads=["ready", "ready", "cannot start"])
    with pytest.raises(OSError, match="no more processes"):
        crew.run(["a"] * 5, workers=3)
    assert [worker.stopped for worker in crew.started] == [[False], [False]]


# ------------------------------------------------------------------------------------------------------ in this process


def test_in_this_process_the_order_stays_and_each_failure_is_its_own():
    assert list(in_this_process(shout, ["b", "fail", "a"], on_error)) == ["B", "fail: no 'x'; say 'y'", "A"]
    with pytest.raises(PlanError, match="no 'x'; say 'y'"):
        list(in_this_process(shout, ["b", "fail", "a"], None))


class Streams:
    def __call__(self, item):
        return f"{item} alone"

    def stream(self, items, *, on_error):
        return (f"{item} of {len(items)}" for item in items)


def test_a_worker_that_can_stream_gets_all_items_at_once_where_failures_have_somewhere_to_go():
    assert list(in_this_process(Streams, ["a", "b"], on_error)) == ["a of 2", "b of 2"]
    assert list(in_this_process(Streams, ["a", "b"], None)) == ["a alone", "b alone"]


# -------------------------------------------------------------------------------------------------------------- answers


class Unpicklable(Exception):
    pass


def test_an_error_can_always_be_sent_between_processes():
    for error, kind in ((PlanError("no 'x'", hint="say 'y'"), PlanError), (Unpicklable(lambda: 0), RuntimeError)):

        def work(item, error=error):
            raise error

        succeeded, sent = try_item(work, "a")
        assert not succeeded
        assert type(pickle.loads(pickle.dumps(sent))) is kind  # noqa: S301 - our own bytes
    assert str(sent).startswith("Unpicklable: ")


def test_an_interrupt_is_no_failure_of_an_item():
    def work(item):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        try_item(work, "a")


def test_loading_is_tried_as_an_item_is():
    assert try_item(call, lambda: 3) == (True, 3)
    assert try_item(call, lambda: 1 / 0)[0] is False
