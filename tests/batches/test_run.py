import functools
import importlib.util
import os
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from batch_jobs import editing, editing_where, fails_on, failures_in, found, pictures, touch, tree

from automask.batches.mappers import LocalPool, RayActors
from automask.batches.run import OpenBatch, run_batch
from automask.batches.summary import kept_report, summary_of
from automask.cli.console import print_batch_end
from automask.errors import AutomaskError, OutputError
from automask.types import JobReport

TESTS = Path(__file__).parents[1]
WORKERS_PATH = os.pathsep.join([str(TESTS), str(TESTS.parent)])  # Ray's workers import `batch_jobs` by name
needs_ray = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="needs the 'ray' extra")


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("words", "no 'x'; say 'y'"),
        (
            "memory",
            "there is not enough memory; close other programs, use fewer workers, or take a smaller copy of the photo",
        ),
        ("bug", "ValueError: two lines"),
        ("bare", "RuntimeError"),
    ],
)
def test_a_job_that_raises_is_reported_and_the_others_go_on(tmp_path, kind, reason):
    out = tmp_path / "out"
    jobs = found(touch(tmp_path / "in", "a.jpg", "b, [1].jpg", "c.jpg"), out).jobs
    reported = []
    make = functools.partial(fails_on, ("b, [1].jpg",), kind)
    reports = run_batch(
        jobs, make, LocalPool(workers=1), out=out, refused=[("d.jpg", "row 9: gone")], on_report=reported.append
    )
    assert [report.status for report in reports] == ["done", "failed", "done"]
    assert reports[1].reason == reason
    assert tuple(reported) == reports
    assert failures_in(out) == [{"photo": "b, [1].jpg", "reason": reason}, {"photo": "d.jpg", "reason": "row 9: gone"}]


def test_a_broken_photo_is_one_failure(tmp_path):
    out = tmp_path / "out"
    jobs = found(touch(pictures(tmp_path / "in", "a.jpg", "c.jpg"), "b.jpg"), out).jobs
    reports = run_batch(jobs, editing, LocalPool(workers=1), out=out)
    assert [report.status for report in reports] == ["done", "failed", "done"]
    assert "b.jpg" in (reports[1].reason or "")
    assert {"a.jpg", "c.jpg", "failures.csv", "contact-sheet.jpg"} <= set(tree(out))


def test_an_interrupt_passes_and_keeps_what_failed_before_and_so_far(tmp_path):
    out = tmp_path / "out"
    jobs = found(touch(tmp_path / "in", "a.jpg", "b.jpg", "c.jpg", "d.jpg"), out).jobs
    run_batch(jobs, functools.partial(fails_on, ("a.jpg", "d.jpg"), "words"), LocalPool(workers=1), out=out)

    def interrupt(report):
        if report.job.photo.name == "b.jpg":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_batch(
            jobs, functools.partial(fails_on, ("b.jpg",), "bug"), LocalPool(workers=1), out=out, on_report=interrupt
        )
    assert [row["photo"] for row in failures_in(out)] == ["b.jpg", "d.jpg"]


def test_models_that_cannot_be_loaded_stop_the_batch(tmp_path):
    jobs = found(touch(tmp_path / "in", "a.jpg"), tmp_path / "out").jobs

    def no_weights():
        raise AutomaskError("no weights", hint="fetch them")

    with pytest.raises(AutomaskError, match="no weights; fetch them"):
        run_batch(jobs, no_weights, LocalPool(workers=1), out=tmp_path / "out")


def test_an_out_that_cannot_be_made_is_reported_in_one_line(tmp_path):
    touch(tmp_path, "out")
    with pytest.raises(OutputError, match=r"cannot write into .*; name another folder"):
        run_batch([], editing, LocalPool(workers=1), out=tmp_path / "out")


@pytest.mark.slow
def test_several_processes_give_the_same_files_as_one(tmp_path):
    source = pictures(tmp_path / "in", "a.jpg", "a.png", "b.jpg", "sub/c.jpg")
    for workers in (1, 2):
        out = tmp_path / f"out{workers}"
        run_batch(found(source, out, recursive=True).jobs, editing, LocalPool(workers=workers), out=out)
    assert tree(tmp_path / "out1") == tree(tmp_path / "out2")


@needs_ray
def test_ray_gives_the_same_files_as_one_process(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", WORKERS_PATH)
    source = touch(pictures(tmp_path / "in", "a.jpg", "a.png", "b.jpg"), "broken.jpg")
    for name, mapper in (("one", LocalPool(workers=1)), ("ray", RayActors(workers=2))):
        out = tmp_path / name
        run_batch(found(source, out).jobs, editing, mapper, out=out)
    assert tree(tmp_path / "one") == tree(tmp_path / "ray")


@needs_ray
def test_a_machine_that_dies_midway_costs_a_ray_batch_no_photo(tmp_path, monkeypatch):
    from ray.cluster_utils import Cluster

    monkeypatch.setenv("PYTHONPATH", WORKERS_PATH)
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    source = pictures(tmp_path / "in", *(f"{number}.jpg" for number in range(5)))
    run_batch(found(source, tmp_path / "one").jobs, editing, LocalPool(workers=1), out=tmp_path / "one")
    begun, out = tmp_path / "begun", tmp_path / "ray"
    begun.mkdir()
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    try:
        doomed = cluster.add_node(num_cpus=1)

        def kill(_):
            if doomed in cluster.worker_nodes:
                cluster.remove_node(doomed, allow_graceful=False)

        mapper = RayActors(workers=2, address=cluster.address)
        make = functools.partial(editing_where, str(begun), doomed.node_id)
        reports = run_batch(found(source, out).jobs, make, mapper, out=out, on_report=kill)
    finally:
        cluster.shutdown()
    assert sorted(Counter(path.name.partition("-")[0] for path in begun.iterdir()).values()) == [1, 1, 1, 1, 2]
    assert {report.status for report in reports} == {"done"}
    assert tree(out) == tree(tmp_path / "one")


def test_of_what_was_told_only_what_the_end_of_a_batch_asks_for_is_kept(tmp_path):
    source, out, told = pictures(tmp_path / "in", "a.jpg", "b.jpg"), tmp_path / "out", []
    jobs = found(source, out).jobs
    batch = OpenBatch(jobs, (), (), out, "")
    kept = run_batch(jobs, editing, LocalPool(workers=1), out=out, on_report=told.append, keep=kept_report)
    assert all(report.record["photo_sha256"] for report in told)
    assert not any("photo_sha256" in report.record for report in kept)
    doubtful = {"doubt_below": 0.5, "yours": ["lamp"], "steps": [{"missing": ["lamp"], "expected_iou": 0.4, "x": 1}]}
    whole = [*told, replace(told[0], record=doubtful), JobReport(jobs[0], "failed", "gone")]
    assert summary_of([*map(kept_report, whole)], batch) == summary_of(whole, batch)
    assert summary_of(whole, batch).to_check == 1


def test_the_end_of_a_batch_names_the_files_that_were_kept(tmp_path, capsys):
    source, out = pictures(tmp_path / "in", "a.jpg"), tmp_path / "out"
    batch = OpenBatch(found(source, out).jobs, (), (), out, "")
    told = [JobReport(batch.jobs[0], "done", record={"kept": ["a.before-after.jpg"], "yours": ["lamp"]})]
    ended = summary_of(told, batch)
    print_batch_end(ended, told, batch, as_json=False)
    printed = capsys.readouterr()
    assert "a.before-after.jpg is kept as it is; --overwrite replaces it" in printed.err
    print_batch_end(ended, [*map(kept_report, told)], batch, as_json=False)
    assert capsys.readouterr() == printed


def test_half_written_files_of_a_killed_batch_are_removed_and_a_persons_are_not(tmp_path):
    ours, theirs = ".automask-0123456789ab.jpg", ".automask-notes.txt"
    touch(tmp_path / "out", ours, f"sub/a.masks/{ours}", theirs)
    run_batch([], editing, LocalPool(workers=1), out=tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").rglob(".*")) == [theirs]


def test_the_sheet_of_a_batch_that_was_killed_before_it_drew_is_drawn_by_the_next(tmp_path, monkeypatch):
    source, out = pictures(tmp_path / "in", "a.jpg"), tmp_path / "out"
    run_batch(found(source, out).jobs, editing, LocalPool(workers=1), out=out)
    pictures(source, "b.jpg")

    def killed(*_):
        raise SystemExit(9)

    with monkeypatch.context() as patched:
        patched.setattr("automask.batches.run.write_failures", killed)
        with pytest.raises(SystemExit):
            run_batch(found(source, out).jobs, editing, LocalPool(workers=1), out=out)
    assert [report.status for report in run_batch(found(source, out).jobs, editing, LocalPool(workers=1), out=out)] == [
        *("skipped", "skipped")
    ]
    run_batch(found(source, tmp_path / "straight").jobs, editing, LocalPool(workers=1), out=tmp_path / "straight")
    assert tree(out) == tree(tmp_path / "straight")
