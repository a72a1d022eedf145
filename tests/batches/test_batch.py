import csv
import functools
import hashlib
import importlib.util
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import automask
from automask.batches import find, sheets
from automask.batches.failures import only_failed
from automask.batches.find import find_jobs
from automask.batches.mappers import LocalPool, RayActors
from automask.batches.resume import is_done
from automask.batches.run import run_batch
from automask.errors import AutomaskError, OutputError, PhotoError, UnknownPhrase, UsageError
from automask.fingerprint import job_digest
from automask.images import open_photo, write_picture
from automask.plan import parse_plan, variants_from
from automask.results.files import files_of
from automask.results.outcome import Outcome
from automask.results.records import run_record
from automask.types import JobReport, Region, Step

PLAN = parse_plan("cabinets -> white")
ODD = ["a b.jpg", "[1].jpg", "a,b.jpg", "k=v.jpg", "Küche.jpg", "台所.jpg", "*.jpg", "a;b.jpg", "it's.jpg"]


def touch(folder, *names):
    for name in names:
        path = Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return Path(folder)


def found(source, out, *, plan=PLAN, recursive=False):
    variants = None if plan is None else variants_from(plan)
    return find_jobs(str(source), out=Path(out), variants=variants, recursive=recursive)


def results(jobs, out):
    return [files_of(job.photo.name, job.out, job.name).result.relative_to(out).as_posix() for job in jobs]


def photos(jobs, root):
    return [job.photo.relative_to(root).as_posix() for job in jobs]


# -------------------------------------------------------------------------------------------------- folder, glob


def test_a_folders_photos_come_in_natural_order(tmp_path):
    touch(tmp_path / "in", "10.jpg", "2.jpg", "B.png", "a.JPG", "notes.txt", ".hidden.jpg", "._2.jpg")
    jobs = found(tmp_path / "in", tmp_path / "out").jobs
    assert photos(jobs, tmp_path / "in") == ["2.jpg", "10.jpg", "a.JPG", "B.png"]
    assert {job.plan for job in jobs} == {PLAN}
    assert {job.out for job in jobs} == {tmp_path / "out"}


def test_subfolders_are_read_when_asked_and_mirrored(tmp_path):
    touch(tmp_path / "in", "b.jpg", "12 Oak [sold]/a.jpg", "12 Oak [sold]/bath/a.jpg", ".git/a.jpg")
    assert photos(found(tmp_path / "in", tmp_path / "out").jobs, tmp_path / "in") == ["b.jpg"]
    jobs = found(tmp_path / "in", tmp_path / "out", recursive=True).jobs
    assert results(jobs, tmp_path / "out") == ["b.jpg", "12 Oak [sold]/a.jpg", "12 Oak [sold]/bath/a.jpg"]


def test_odd_names_are_found_and_keep_their_names(tmp_path):
    touch(tmp_path / "in", *ODD)
    jobs = found(tmp_path / "in", tmp_path / "out").jobs
    assert sorted(results(jobs, tmp_path / "out")) == sorted(ODD)
    assert found(tmp_path / "in" / "*", tmp_path / "out").jobs == jobs


def test_a_file_whose_name_looks_like_a_glob_is_itself(tmp_path):
    touch(tmp_path, "[1].csv", "1.csv").joinpath("[1].csv").write_text("photo,edits\n[1].jpg,\n")
    touch(tmp_path, "[1].jpg", "1.jpg")
    assert photos(found(tmp_path / "[1].csv", tmp_path / "out").jobs, tmp_path) == ["[1].jpg"]


def test_out_inside_the_source_is_not_read_again(tmp_path):
    touch(tmp_path, "a.jpg", "out/a.jpg", "out/sub/a.jpg", "other/b.jpg")
    assert photos(found(tmp_path, tmp_path / "out", recursive=True).jobs, tmp_path) == ["a.jpg", "other/b.jpg"]
    assert photos(found(tmp_path / "**" / "*.jpg", tmp_path / "out").jobs, tmp_path) == ["a.jpg", "other/b.jpg"]


def test_a_source_inside_out_is_read(tmp_path):
    touch(tmp_path, "in/a.jpg")
    assert results(found(tmp_path / "in", tmp_path).jobs, tmp_path) == ["a.jpg"]


def test_previews_that_automask_wrote_are_not_photos(tmp_path):
    touch(tmp_path / "in", "a.jpg", "a.before-after.jpg", "a.overlay.png", "a.masks/01-x.png", "contact-sheet.jpg")
    touch(tmp_path / "in", "a.variants.jpg", "contact-sheet-2.jpg", "my contact-sheet.jpg")
    jobs = found(tmp_path / "in", tmp_path / "out", recursive=True).jobs
    assert photos(jobs, tmp_path / "in") == ["a.jpg", "my contact-sheet.jpg"]


def test_photos_that_share_a_stem_use_their_full_names(tmp_path):
    touch(tmp_path / "in", "kitchen.jpg", "kitchen.png", "bath.jpg")
    jobs = found(tmp_path / "in", tmp_path / "out").jobs
    assert [job.name for job in jobs] == ["bath", "kitchen.jpg", "kitchen.png"]
    assert results(jobs, tmp_path / "out") == ["bath.jpg", "kitchen.jpg", "kitchen.png"]


names = st.text("ab.-2", min_size=1, max_size=5).map(lambda stem: "x" + stem)


@given(st.lists(st.builds(lambda stem, end: stem + end, names, st.sampled_from([".jpg", ".png"])), max_size=12))
def test_no_two_jobs_ever_write_the_same_file(names):
    given_names = find._results(names)
    prefixes = find._prefixes(given_names)
    files = [files_of(name, Path("out"), prefix) for name, prefix in zip(names, prefixes, strict=True)]
    assert [file.result.name for file in files] == given_names
    for field in ("result", "masks", "before_after", "record"):
        assert len({getattr(file, field) for file in files}) == len(names)
    assert all(result == name for result, name in zip(given_names, names, strict=True) if names.count(name) == 1)


def test_a_globs_photos_are_mirrored_below_its_literal_beginning(tmp_path):
    touch(tmp_path / "[a]", "x/1.jpg", "y/1.jpg", "y/2.txt", "z.jpg")
    jobs = found(tmp_path / "[a]" / "*" / "*", tmp_path / "out").jobs
    assert results(jobs, tmp_path / "out") == ["x/1.jpg", "y/1.jpg"]


def test_a_link_that_leads_nowhere_is_refused_with_its_reason(tmp_path):
    touch(tmp_path / "in", "a.jpg")
    (tmp_path / "in" / "b.jpg").symlink_to("gone.jpg")
    both = found(tmp_path / "in", tmp_path / "out")
    assert photos(both.jobs, tmp_path / "in") == ["a.jpg"]
    assert both.refused == ((str(tmp_path / "in" / "b.jpg"), "a link that leads nowhere; fix or remove it"),)


def test_a_result_that_would_overwrite_a_photo_is_refused(tmp_path):
    touch(tmp_path, "in/a.jpg", "in/b/a.jpg")
    listed = tmp_path / "list.csv"
    listed.write_text("photo,edits\nin/a.jpg,\nin/b/a.jpg,\n")
    both = found(listed, tmp_path / "in")
    assert [job.name for job in both.jobs] == ["a-2"]
    assert "would overwrite the photo" in both.refused[0][1]


@pytest.mark.parametrize("source", ["in", "in/*.jpg"])
def test_a_source_without_photos_names_what_is_taken(tmp_path, source):
    touch(tmp_path / "in", "notes.txt")
    with pytest.raises(PhotoError, match=r"no photos in .*; photos end in .*\.jpg") as caught:
        found(tmp_path / source, tmp_path / "out")
    assert "\n" not in str(caught.value)


def test_an_empty_folder_points_at_its_subfolders(tmp_path):
    touch(tmp_path / "in", "sub/a.jpg")
    with pytest.raises(PhotoError, match="--recursive looks in subfolders too"):
        found(tmp_path / "in", tmp_path / "out")


def test_a_source_that_is_not_there_names_the_nearest(tmp_path):
    touch(tmp_path, "listing/a.jpg")
    with pytest.raises(PhotoError, match=r"there is no folder or file .*listng'; did you mean .*listing'\?"):
        found(tmp_path / "listng", tmp_path / "out")
    with pytest.raises(PhotoError, match=r"there is no folder '.*gone' either"):
        found(tmp_path / "gone" / "deeper", tmp_path / "out")


def test_one_photo_is_for_edit(tmp_path):
    touch(tmp_path, "[1].jpg", "notes.txt")
    with pytest.raises(UsageError, match=r"is one photo; use: automask edit .*\[1\]\.jpg"):
        found(tmp_path / "[1].jpg", tmp_path / "out")
    with pytest.raises(UsageError, match=r"is not a folder, a glob or a CSV; a CSV's name ends in \.csv"):
        found(tmp_path / "notes.txt", tmp_path / "out")


def test_source_and_out_must_differ(tmp_path):
    touch(tmp_path / "in", "a.jpg")
    for source in (tmp_path / "in", tmp_path / "in" / "*.jpg"):
        with pytest.raises(UsageError, match="is both SOURCE and OUT; name another folder"):
            found(source, tmp_path / "in" / ".." / "in")


def test_photos_without_edits_are_refused(tmp_path):
    with pytest.raises(UsageError, match="no edits for the photos"):
        found(touch(tmp_path / "in", "a.jpg"), tmp_path / "out", plan=None)


# -------------------------------------------------------------------------------------------------- CSV


def listed(tmp_path, text, *names, encoding="utf-8"):
    touch(tmp_path, *names)
    path = tmp_path / "list.csv"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize(
    "text",
    [
        'photo,edits\na.jpg,"island, wall -> oak; rug -> red"\nb.jpg,\n',
        '\ufeffPhoto,Edits\r\na.jpg,"island, wall -> oak; rug -> red"\r\n\r\nb.jpg\r\n',
        'photo;edits\na.jpg;"island, wall -> oak; rug -> red"\nb.jpg;\n',
        'sep=;\r\nphoto;edits;\r\na.jpg;"island, wall -> oak; rug -> red";\r\nb.jpg;;\r\n',
        "address\tedits\tphoto\n12 Oak\tisland, wall -> oak; rug -> red\ta.jpg\n\t\t\n12 Oak\t\tb.jpg\n",
    ],
)
def test_spreadsheets_of_every_habit_are_read(tmp_path, text):
    both = found(listed(tmp_path, text, "a.jpg", "b.jpg"), tmp_path / "out")
    assert both.refused == ()
    assert [(job.photo.name, job.plan) for job in both.jobs] == [
        ("a.jpg", parse_plan("island, wall -> oak; rug -> red")),
        ("b.jpg", PLAN),
    ]


def test_rows_keep_their_order_and_a_photo_that_comes_twice_is_numbered(tmp_path):
    text = "photo,edits\nb.jpg,a -> red\na.jpg,a -> red\nb.jpg,a -> blue\nb.jpg,a -> green\n"
    jobs = found(listed(tmp_path, text, "a.jpg", "b.jpg", "b-2.jpg"), tmp_path / "out").jobs
    assert results(jobs, tmp_path / "out") == ["b.jpg", "a.jpg", "b-2.jpg", "b-3.jpg"]
    text += "b-2.jpg,a -> red\n"
    jobs = found(listed(tmp_path, text), tmp_path / "out").jobs
    assert results(jobs, tmp_path / "out") == ["b.jpg", "a.jpg", "b-3.jpg", "b-4.jpg", "b-2.jpg"]


def test_a_csvs_photos_lie_flat_in_out_and_are_mirrored_when_asked(tmp_path):
    path = listed(
        tmp_path / "lists", "photo,edits\nx/a.jpg,\ny/a.jpg,\n../z/c.jpg,\n", "x/a.jpg", "y/a.jpg", "../z/c.jpg"
    )
    out = tmp_path / "out"
    assert results(found(path, out).jobs, out) == ["a.jpg", "a-2.jpg", "c.jpg"]
    assert results(found(path, out, recursive=True).jobs, out) == ["x/a.jpg", "y/a.jpg", "c.jpg"]


def test_odd_names_survive_a_csv(tmp_path):
    path = tmp_path / "list.csv"
    touch(tmp_path, *ODD)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("photo", "edits"), *((name, "wall -> red") for name in ODD)])
    assert results(found(path, tmp_path / "out", plan=None).jobs, tmp_path / "out") == ODD


def test_rows_that_cannot_be_done_are_refused_alone_with_number_and_reason(tmp_path):
    text = "photo,edits\na.jpg,wall - red\nb.jpgg,wall -> red\n,wall -> red\nb.jpg,\nb.jpg,wall -> red,rug\n"
    text += "notes.txt,a -> b\nb.jpg,w -> red\nsomething else.png,w -> red\n"
    both = found(listed(tmp_path, text, "a.jpg", "b.jpg", "notes.txt"), tmp_path / "out", plan=None)
    assert [job.photo.name for job in both.jobs] == ["b.jpg"]
    reasons = [reason for _, reason in both.refused]
    assert reasons[0].startswith("row 2: line 1, column")
    assert "row 3: there is no file" in reasons[1]
    assert "did you mean" in reasons[1]
    assert reasons[2] == "row 4: no photo; name one in the column photo"
    assert reasons[3] == "row 5: no edits, and none for all; fill the cell, or give EDITS for the empty ones"
    assert reasons[4] == "row 6: more cells than columns; put double quotes around edits that hold the separator"
    assert "row 7: 'notes.txt' is no photo by its ending" in reasons[5]
    assert reasons[6].endswith("something else.png'; fix its name")
    assert not any("\n" in reason for reason in reasons)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            b"photos,edit\na.jpg,x -> y\n",
            "has no columns photo and edits: its first line is 'photos,edit'; let the first",
        ),
        (b"", "has no columns photo and edits"),
        (b"photo,edits\n\n", "has no rows below its header"),
        ("photo,edits\nKüche.jpg,x -> y\n".encode("latin-1"), "is not UTF-8; save it as 'CSV UTF-8'"),
        (b'photo,edits\na.jpg,"rug" -> red\n', "line 2: .*; a cell that holds double quotes"),
    ],
)
def test_a_csv_that_cannot_be_read_is_told_in_one_line(tmp_path, content, message):
    path = tmp_path / "list.csv"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=message) as caught:
        found(path, tmp_path / "out")
    assert "\n" not in str(caught.value)


# -------------------------------------------------------------------------------------------------- running

# The workers are module-level functions: other processes import them.


def edit_one(job, wait_s=0.0):
    """A small edit through the real writers: the upper half turns red."""
    photo = open_photo(job.photo)
    digest = job_digest(photo.digest, job.plan, {})
    if is_done(job, digest):
        return JobReport(job, "skipped")
    time.sleep(wait_s)
    hard = np.zeros(photo.rgb.shape[:2], bool)
    hard[: len(hard) // 2] = True
    image = photo.rgb.copy()
    image[hard] = (200, 0, 0)
    step = Step(("wall",), ("wall",), "red", 1, True, (), 0.9, (), int(hard.sum()), None)
    region = Region("wall", True, hard, hard.astype(np.float32), (), 0.9)
    record = run_record(photo, job.plan, [step], digest=digest)
    saved = Outcome(image, (step,), record, (region,), photo, job.plan).save(job.out, name=job.name)
    return JobReport(job, "done", record=saved.recorded)


def editing(wait_s=0.0):
    return functools.partial(edit_one, wait_s=wait_s)


def fails_on(names, kind):
    errors = {
        "words": UnknownPhrase("no 'x'", hint="say 'y'"),
        "memory": MemoryError(),
        "bug": ValueError("two\nlines"),
        "bare": RuntimeError(),
    }

    def work(job):
        if job.photo.name in names:
            raise errors[kind]
        return JobReport(job, "done")

    return work


def pictures(folder, *names):
    for index, name in enumerate(names):
        write_picture(folder / name, np.full((24, 36, 3), 40 + index, np.uint8))
    return folder


def tree(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def failures_in(out):
    with (out / "failures.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("words", "no 'x'; say 'y'"),
        ("memory", "out of memory; use fewer workers, or a smaller photo"),
        ("bug", "ValueError: two lines"),
        ("bare", "RuntimeError"),
    ],
)
def test_a_job_that_raises_is_reported_and_the_others_go_on(tmp_path, kind, reason):
    out = tmp_path / "out"
    jobs = found(touch(tmp_path / "in", "a.jpg", "b, [1].jpg", "c.jpg"), out).jobs
    told = []
    make = functools.partial(fails_on, ("b, [1].jpg",), kind)
    reports = run_batch(
        jobs, make, LocalPool(workers=1), out=out, refused=[("d.jpg", "row 9: gone")], on_report=told.append
    )
    assert [report.status for report in reports] == ["done", "failed", "done"]
    assert reports[1].reason == reason
    assert tuple(told) == reports
    assert failures_in(out) == [{"photo": "b, [1].jpg", "reason": reason}, {"photo": "d.jpg", "reason": "row 9: gone"}]


def test_a_broken_photo_is_one_failure(tmp_path):
    out = tmp_path / "out"
    jobs = found(touch(pictures(tmp_path / "in", "a.jpg", "c.jpg"), "b.jpg"), out).jobs
    reports = run_batch(jobs, editing, LocalPool(workers=1), out=out)
    assert [report.status for report in reports] == ["done", "failed", "done"]
    assert "b.jpg" in (reports[1].reason or "")
    assert {"a.jpg", "c.jpg", "failures.csv", "contact-sheet.jpg"} <= set(tree(out))


def test_failures_can_be_tried_again_and_their_list_goes_when_all_is_well(tmp_path):
    out = tmp_path / "out"
    jobs = found(touch(tmp_path / "in", "x/a.jpg", "y/a.jpg", "b.jpg"), out, recursive=True).jobs
    assert only_failed(jobs, out) == ()
    run_batch(jobs, functools.partial(fails_on, ("a.jpg",), "words"), LocalPool(workers=1), out=out)
    again = only_failed(jobs, out)
    assert results(again, out) == ["x/a.jpg", "y/a.jpg"]
    run_batch(again, functools.partial(fails_on, (), "words"), LocalPool(workers=1), out=out)
    assert not (out / "failures.csv").exists()


def test_a_row_that_was_refused_is_tried_again_once_mended(tmp_path):
    out = tmp_path / "out"
    path = listed(tmp_path, "photo,edits\nx/a.jpg,\nb.jpg,\n", "b.jpg")
    first = found(path, out)
    run_batch(
        first.jobs, functools.partial(fails_on, (), "words"), LocalPool(workers=1), out=out, refused=first.refused
    )
    touch(tmp_path, "x/a.jpg")
    assert [job.photo.name for job in only_failed(found(path, out).jobs, out)] == ["a.jpg"]


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


def test_an_out_that_cannot_be_made_is_told_in_one_line(tmp_path):
    touch(tmp_path, "out")
    with pytest.raises(OutputError, match=r"cannot write into .*; name another folder"):
        run_batch([], editing, LocalPool(workers=1), out=tmp_path / "out")


# -------------------------------------------------------------------------------------------------- resume


def test_a_finished_batch_is_skipped_and_stays_byte_for_byte(tmp_path):
    out = tmp_path / "out"
    jobs = found(pictures(tmp_path / "in", *ODD), out).jobs
    assert {report.status for report in run_batch(jobs, editing, LocalPool(workers=1), out=out)} == {"done"}
    before = tree(out)
    assert {report.status for report in run_batch(jobs, editing, LocalPool(workers=1), out=out)} == {"skipped"}
    assert tree(out) == before


def test_several_processes_give_the_same_files_as_one(tmp_path):
    source = pictures(tmp_path / "in", "a.jpg", "a.png", "b.jpg", "sub/c.jpg")
    for workers in (1, 2):
        out = tmp_path / f"out{workers}"
        run_batch(found(source, out, recursive=True).jobs, editing, LocalPool(workers=workers), out=out)
    assert tree(tmp_path / "out1") == tree(tmp_path / "out2")


@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="needs the 'ray' extra")
def test_ray_gives_the_same_files_as_one_process(tmp_path, monkeypatch):
    here = Path(__file__).parent
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(here), str(here.parents[1])]))
    source = touch(pictures(tmp_path / "in", "a.jpg", "a.png", "b.jpg"), "broken.jpg")
    for name, mapper in (("one", LocalPool(workers=1)), ("ray", RayActors(workers=2))):
        out = tmp_path / name
        run_batch(found(source, out).jobs, editing, mapper, out=out)
    assert tree(tmp_path / "one") == tree(tmp_path / "ray")


def edit_where(job, begun, node, doomed):
    """An edit that on the doomed machine never ends, and elsewhere waits until the doomed one is at work."""
    Path(begun, f"{job.name}-{node}").touch()
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and (node == doomed or not list(Path(begun).glob(f"*-{doomed}"))):
        time.sleep(0.02)
    return edit_one(job)


def editing_where(begun, doomed):
    import ray

    return functools.partial(edit_where, begun=begun, node=ray.get_runtime_context().get_node_id(), doomed=doomed)


@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="needs the 'ray' extra")
def test_a_machine_that_dies_midway_costs_a_ray_batch_no_photo(tmp_path, monkeypatch):
    from ray.cluster_utils import Cluster

    here = Path(__file__).parent
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(here), str(here.parents[1])]))
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


def test_a_job_is_done_only_with_the_same_digest_and_its_pictures(tmp_path):
    (job,) = found(pictures(tmp_path / "in", "a.jpg"), tmp_path / "out").jobs
    digest = job_digest(hashlib.sha256(job.photo.read_bytes()).hexdigest(), job.plan, {})
    assert not is_done(job, digest)
    edit_one(job)
    assert is_done(job, digest)
    assert not is_done(job, job_digest("other", job.plan, {}))
    files = files_of("a.jpg", tmp_path / "out")
    for path in (files.result, files.before_after, files.record):
        kept = path.read_bytes()
        path.write_bytes(b"")
        assert not is_done(job, digest)
        path.unlink()
        assert not is_done(job, digest)
        path.write_bytes(kept)
    assert is_done(job, digest)


def test_a_digest_depends_on_photo_plan_options_configuration_and_version(monkeypatch):
    config = {"editor": {"a": 1, "b": 2}}
    digests = {job_digest(photo, plan, config) for photo in ("x", "y") for plan in (PLAN, parse_plan("rug -> red"))}
    digests.add(job_digest("x", PLAN, {**config, "seed": 1}))
    monkeypatch.setattr("automask.__version__", "99")
    digests.add(job_digest("x", PLAN, config))
    assert len(digests) == 6
    assert job_digest("x", PLAN, config) == job_digest("x", PLAN, {"editor": {"b": 2, "a": 1}})


def test_half_written_files_of_a_killed_batch_are_removed_and_a_persons_are_not(tmp_path):
    ours, theirs = ".automask-0123456789ab.jpg", ".automask-notes.txt"
    touch(tmp_path / "out", ours, f"sub/a.masks/{ours}", theirs)
    run_batch([], editing, LocalPool(workers=1), out=tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").rglob(".*")) == [theirs]


BATCH = """
import sys; sys.path[:0] = {paths!r}
from pathlib import Path
import test_batch as here
out = Path({out!r})
if __name__ == "__main__":
    jobs = here.found({source!r}, out, recursive=True).jobs
    make = here.functools.partial(here.editing, 0.01)
    here.run_batch(jobs, make, here.Serial(workers=1), out=out)
"""


def test_a_batch_killed_at_random_moments_ends_like_one_that_was_not(tmp_path):
    source = pictures(tmp_path / "in", *(f"{number}.jpg" for number in range(8)), "sub/a.png", "sub/a.jpg")
    out, straight = tmp_path / "out", tmp_path / "straight"
    run_batch(found(source, straight, recursive=True).jobs, editing, LocalPool(workers=1), out=straight)
    paths = [str(Path(__file__).parent), str(Path(automask.__file__).parent.parent)]
    script = tmp_path / "go.py"
    script.write_text(BATCH.format(paths=paths, out=str(out), source=str(source)))
    dice = random.Random(5)
    for _ in range(3):
        process = subprocess.Popen([sys.executable, str(script)])
        known = set(tree(out)) if out.exists() else set()
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and (not out.exists() or set(tree(out)) == known) and process.poll() is None:
            time.sleep(0.005)
        time.sleep(dice.random() * 0.08)
        process.send_signal(signal.SIGKILL)
        process.wait()
        for path in out.rglob("*.run.json"):
            assert files_of("x.jpg", path.parent, path.name.removesuffix(".run.json")).before_after.stat().st_size
    run_batch(found(source, out, recursive=True).jobs, editing, LocalPool(workers=1), out=out)
    assert tree(out) == tree(straight)


# -------------------------------------------------------------------------------------------------- sheet


def test_the_contact_sheet_has_pages_and_a_shorter_batch_removes_the_rest(tmp_path, monkeypatch):
    monkeypatch.setattr(sheets, "_SHEET_CELLS", 2)
    out = tmp_path / "out"
    jobs = found(pictures(tmp_path / "in", "a.jpg", "b.jpg", "c.jpg"), out).jobs
    run_batch(jobs, editing, LocalPool(workers=1), out=out)
    pages = sheets.write_contact_sheet(out, [("d.jpg", "broken"), ("e.jpg", "broken")])
    assert [page.name for page in pages] == ["contact-sheet.jpg", "contact-sheet-2.jpg", "contact-sheet-3.jpg"]
    touch(out, "contact-sheet-of-mine.jpg")
    sheets.write_contact_sheet(out)
    assert sorted(path.name for path in out.glob("contact-sheet*")) == [
        "contact-sheet-2.jpg",
        "contact-sheet-of-mine.jpg",
        "contact-sheet.jpg",
    ]


def test_a_picture_that_cannot_be_read_is_a_cell_with_the_reason(tmp_path):
    touch(tmp_path, "a.before-after.jpg", "a.run.json")
    assert sheets.write_contact_sheet(tmp_path) == (tmp_path / "contact-sheet.jpg",)
