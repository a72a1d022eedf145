import csv
import functools
import json
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from batch_jobs import pictures, tree

from automask import config
from automask.batches.failures import only_failed
from automask.batches.find import find_jobs
from automask.batches.lock import LOCK_NAME, Holder
from automask.batches.run import run_jobs
from automask.batches.stores import is_url, local_out, version_of
from automask.cli.entry import main
from automask.errors import ExtraMissing, OutputError, PhotoError, UsageError
from automask.plan import variants_from

pytestmark = pytest.mark.slow

fsspec = pytest.importorskip("fsspec", reason="needs the 'stores' extra")

PLAN = variants_from("wall -> #c80000")
CONF = {
    "preset/half.yaml": "# @package _global_\ndefaults:\n  - override /segmenter: half\n  - override /boxes: default\n"
    "  - override /refiner: threshold\n  - override /mask: tight\n  - override /editor: fill\n",
    "segmenter/half.yaml": "_target_: test_stores.Half\n",
    "editor/fill.yaml": "_target_: automask.testing.Fill\nrgb: [200, 0, 0]\n",
}


class Half:
    """Finds everything in the upper half."""

    def heats(self, photo, targets):
        heats = np.zeros((len(targets), *photo.shape[:2]), np.float32)
        heats[:, : len(photo) // 2] = 1
        return heats


@pytest.fixture
def conf(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    for name, text in CONF.items():
        path = tmp_path / "conf" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "conf"


@pytest.fixture
def memory():
    """A store of this process, empty."""
    store = fsspec.filesystem("memory")
    store.store.clear()
    store.pseudo_dirs[:] = [""]
    yield store
    store.store.clear()


def fill(store, root, folder):
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            store.pipe_file(f"{root}/{path.relative_to(folder).as_posix()}", path.read_bytes())


def run(source, out, conf, *, recursive=True, plan=PLAN, mapper=()):
    cfg = {**config.compose("half", mapper, conf=conf), "out": str(out)}
    folder = local_out(str(out))
    out_url = str(out) if is_url(str(out)) else ""
    found = find_jobs(str(source), out=folder, variants=plan, recursive=recursive, out_url=out_url)
    return run_jobs(found.jobs, cfg, out=folder, refused=found.refused_rows, conf=conf)


def plain(files):
    """Contents by name, without what is the run's own: sheet, page and log, which a store has not, times and digest."""
    kept = {}
    for name, data in files.items():
        if name.endswith(".run.json"):
            record = json.loads(data)
            kept[name] = {key: value for key, value in record.items() if key not in ("timing", "digest")}
        elif not name.startswith("contact-sheet") and name not in ("index.html", "batch.log"):
            kept[name] = data
    return kept


def in_store(store, root):
    return {key.removeprefix(f"{root}/"): store.cat_file(key) for key in store.find(root)}


def test_a_batch_in_a_store_writes_what_one_in_folders_writes(tmp_path, conf, memory):
    folder = pictures(tmp_path / "in", "a.jpg", "a.png", "sub/b.jpg", "sub/.hidden.jpg")
    fill(memory, "/bucket/in", folder)
    run(folder, tmp_path / "out", conf)
    assert {done.status for done in run("memory://bucket/in/", "memory://bucket/out", conf)} == {"done"}
    assert plain(in_store(memory, "/bucket/out")) == plain(tree(tmp_path / "out"))
    assert "sub/b.jpg" in in_store(memory, "/bucket/out")


def test_photos_of_a_store_may_have_their_results_in_a_folder_and_the_other_way_round(tmp_path, conf, memory):
    folder = pictures(tmp_path / "in", "a.jpg", "sub/b.jpg")
    fill(memory, "/in", folder)
    run(folder, tmp_path / "out", conf)
    run("memory://in", tmp_path / "here", conf)
    assert plain(tree(tmp_path / "here")) == plain(tree(tmp_path / "out"))
    run(folder, "memory://there", conf)
    assert plain(in_store(memory, "/there")) == plain(tree(tmp_path / "out"))
    assert {done.status for done in run(folder, "memory://there", conf)} == {"skipped"}
    assert {done.status for done in run("memory://in", tmp_path / "here", conf)} == {"skipped"}


def test_a_finished_batch_in_a_store_is_skipped_without_fetching_a_photo(tmp_path, conf, memory, monkeypatch):
    fill(memory, "/in", pictures(tmp_path / "in", "a.jpg", "b.jpg"))
    run("memory://in", "memory://out", conf)
    before = in_store(memory, "/out")
    monkeypatch.setattr(type(memory), "get_file", lambda *_: pytest.fail("a photo was fetched"))
    assert {done.status for done in run("memory://in", "memory://out", conf)} == {"skipped"}
    assert in_store(memory, "/out") == before


@pytest.mark.parametrize("gone", ["a.jpg", "a.before-after.jpg", "a.run.json"])
def test_what_is_missing_in_the_store_or_was_written_again_is_done_again(tmp_path, conf, memory, gone):
    fill(memory, "/in", pictures(tmp_path / "in", "a.jpg", "b.jpg"))
    run("memory://in", "memory://out", conf)
    before = plain(in_store(memory, "/out"))
    memory.rm_file(f"/out/{gone}")
    assert [done.status for done in run("memory://in", "memory://out", conf)] == ["done", "skipped"]
    assert plain(in_store(memory, "/out")) == before
    memory.pipe_file("/in/b.jpg", (tmp_path / "in" / "a.jpg").read_bytes())
    assert [done.status for done in run("memory://in", "memory://out", conf)] == ["skipped", "done"]


def test_masks_of_a_former_plan_go_from_the_store_and_a_persons_stay(tmp_path, conf, memory):
    fill(memory, "/in", pictures(tmp_path / "in", "a.jpg"))
    run("memory://in", "memory://out", conf)
    memory.pipe_file("/out/a.masks/mine.png", b"mine")
    run("memory://in", "memory://out", conf, plan=variants_from("floor -> #0000c8"))
    masks = {name for name in in_store(memory, "/out") if "masks" in name}
    assert masks == {"a.masks/01-floor.png", "a.masks/mine.png"}


def test_a_record_is_never_in_the_store_without_its_pictures(tmp_path, conf, memory, monkeypatch):
    fill(memory, "/in", pictures(tmp_path / "in", "a.jpg"))
    run("memory://in", "memory://out", conf)
    put = type(memory).put_file

    def breaks(store, here, there, *more, **options):
        if there.endswith("/a.jpg"):
            raise OSError("no network")
        return put(store, here, there, *more, **options)

    monkeypatch.setattr(type(memory), "put_file", breaks)
    (report,) = run("memory://in", "memory://out", conf, plan=variants_from("floor -> #0000c8"))
    assert report.reason == (
        "cannot write into 'memory://out': OSError: no network; check its name, the network and the credentials"
    )
    assert "a.run.json" not in in_store(memory, "/out")


def test_a_persons_objects_in_a_store_are_kept(tmp_path, conf, memory):
    fill(memory, "/in", pictures(tmp_path / "in", "a.jpg", "b.jpg"))
    memory.pipe_file("/out/b.jpg", b"mine")
    reports = run("memory://in", "memory://out", conf)
    assert [done.status for done in reports] == ["done", "failed"]
    assert reports[1].reason.startswith("'/out/b.jpg' is there, and is not as automask wrote it; move it away")
    assert memory.cat_file("/out/b.jpg") == b"mine"
    memory.pipe_file("/out/a.masks/01-wall.png", b"mine")
    (again, _) = run("memory://in", "memory://out", conf, plan=variants_from("wall -> #0000c8"))
    assert again.status == "done"
    assert memory.cat_file("/out/a.masks/01-wall.png") == b"mine"
    record = json.loads(memory.cat_file("/out/a.run.json"))
    assert record["kept"] == ["a.masks/01-wall.png"]
    assert "a.masks/01-wall.png" not in record["files"]
    memory.pipe_file("/out/a.jpg", memory.cat_file("/out/a.jpg")[::-1])
    (again, _) = run("memory://in", "memory://out", conf)
    assert again.status == "failed"


def test_photos_of_one_name_from_two_places_do_not_replace_each_other_in_a_store(tmp_path, conf, memory):
    fill(memory, "/in", pictures(tmp_path / "in", "a.jpg"))
    fill(memory, "/other", pictures(tmp_path / "other", "0.jpg", "a.jpg"))
    run("memory://in", "memory://out", conf)
    before = in_store(memory, "/out")
    reports = run("memory://other", "memory://out", conf)
    assert [done.status for done in reports] == ["done", "failed"]
    assert reports[1].reason.startswith("'/out/a.jpg' is of another photo of the same name; ")
    assert in_store(memory, "/out")["a.jpg"] == before["a.jpg"]


def test_a_second_batch_into_a_store_is_told_who_writes_there(tmp_path, conf, memory):
    fill(memory, "/in", pictures(tmp_path / "in", "a.jpg"))
    now = Holder(7, "another-machine", "2026-01-01T00:00:00+00:00", "x", time.time())
    memory.pipe_file(f"/out/{LOCK_NAME}", now.as_bytes())
    with pytest.raises(OutputError, match="another batch writes into 'memory://out': process 7 on another-machine"):
        run("memory://in", "memory://out", conf)
    assert list(in_store(memory, "/out")) == [LOCK_NAME]
    memory.pipe_file(f"/out/{LOCK_NAME}", replace(now, touched=time.time() - 3600).as_bytes())
    assert {done.status for done in run("memory://in", "memory://out", conf)} == {"done"}
    assert LOCK_NAME not in in_store(memory, "/out")


def test_failures_are_listed_in_the_store_and_can_be_tried_again(tmp_path, conf, memory):
    fill(memory, "/in", pictures(tmp_path / "in", "a.jpg"))
    memory.pipe_file("/in/broken.jpg", b"no picture")
    reports = run("memory://in", "memory://out", conf)
    assert [done.status for done in reports] == ["done", "failed"]
    (row,) = csv.DictReader(memory.cat_file("/out/failures.csv").decode().splitlines())
    assert row["photo"] == "broken.jpg"
    assert row["reason"].startswith("'memory://in/broken.jpg' holds text, not a picture")
    folder = local_out("memory://out")
    jobs = find_jobs("memory://in", out=folder, variants=PLAN, out_url="memory://out").jobs
    assert [job.shown for job in only_failed(jobs, folder)] == ["memory://in/broken.jpg"]
    memory.pipe_file("/in/broken.jpg", memory.cat_file("/in/a.jpg"))
    run("memory://in", "memory://out", conf)
    assert "failures.csv" not in in_store(memory, "/out")


def test_a_photo_that_has_gone_from_the_store_is_one_failure(tmp_path, conf, memory):
    path = tmp_path / "list.csv"
    pictures(tmp_path, "b.jpg")
    path.write_text("photo,edits\nmemory://in/gone.jpg,\nb.jpg,\n")
    gone, here = run(path, tmp_path / "out", conf)
    assert here.status == "done"
    assert gone.reason.startswith("cannot read 'memory://in/gone.jpg': FileNotFoundError")


@pytest.mark.slow
def test_several_processes_reach_a_store(tmp_path, conf, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", f"{Path(__file__).parent}:{Path(config.__file__).parent.parent}")
    folder = pictures(tmp_path / "in", "a.jpg", "b.jpg", "sub/c.jpg")
    # Both in processes of their own: this one may hold torch from other tests, and records tell versions.
    two = ["mapper.workers=2"]
    run(folder, tmp_path / "out", conf, mapper=two)
    url = f"file://{tmp_path}/put"
    assert {done.status for done in run(f"file://{folder}", url, conf, mapper=two)} == {"done"}
    assert plain(tree(tmp_path / "put")) == plain(tree(tmp_path / "out"))


@pytest.mark.slow
def test_an_s3_server_holds_what_a_batch_in_folders_writes_and_is_gone_on_with(tmp_path, conf, monkeypatch):
    pytest.importorskip("s3fs", reason="needs the 'stores' extra")
    pytest.importorskip("moto.server", reason="needs moto[s3], flask and flask-cors")
    monkeypatch.syspath_prepend(str(Path(__file__).resolve().parents[2] / "scripts"))
    from s3_server import s3_server

    folder = pictures(tmp_path / "in", "a.jpg", "sub/b.jpg")
    here = f"{Path(__file__).parent}:{Path(config.__file__).parent.parent}"
    with s3_server("listing") as (store, variables):
        for name, value in {**variables, "PYTHONPATH": here}.items():
            monkeypatch.setenv(name, value)
        fill(store, "listing/in", folder)
        two = ["mapper.workers=2"]
        run(folder, tmp_path / "out", conf, mapper=two)
        assert {done.status for done in run("s3://listing/in", "s3://listing/out", conf, mapper=two)} == {"done"}
        assert plain(in_store(store, "listing/out")) == plain(tree(tmp_path / "out"))
        store.rm("listing/out/sub/b.jpg")
        again = run("s3://listing/in", "s3://listing/out", conf, mapper=two)
        assert sorted(done.status for done in again) == ["done", "skipped"]
        assert plain(in_store(store, "listing/out")) == plain(tree(tmp_path / "out"))


def test_a_glob_in_a_store_and_order_by_number(tmp_path, memory):
    fill(memory, "/in", pictures(tmp_path / "in", "10.jpg", "2.jpg", "x/3.jpg", "2.png"))
    jobs = functools.partial(find_jobs, out=tmp_path / "out", variants=PLAN)
    assert [job.shown for job in jobs("memory://in").jobs] == [f"memory://in/{n}" for n in ("2.jpg", "2.png", "10.jpg")]
    assert [job.photo_url for job in jobs("memory://in/**/*.jpg").jobs][-1] == "memory://in/x/3.jpg"
    assert jobs("memory://in/*/*.jpg").jobs[0].out == tmp_path / "out" / "x"


def test_results_inside_the_source_are_not_photos_and_nothing_is_overwritten(tmp_path, memory):
    fill(memory, "/in", pictures(tmp_path / "in", "a.jpg", "out/a.jpg"))
    found = find_jobs("memory://in", out=tmp_path, variants=PLAN, recursive=True, out_url="memory://in/out")
    assert [job.shown for job in found.jobs] == ["memory://in/a.jpg"]
    with pytest.raises(UsageError, match="is both SOURCE and OUT"):
        find_jobs("memory://in/", out=tmp_path, variants=PLAN, out_url="memory://in")
    listed = tmp_path / "list.csv"
    listed.write_text("photo,edits\nmemory://in/a.jpg,\n")
    assert "would overwrite" in find_jobs(str(listed), out=tmp_path, variants=PLAN, out_url="memory://in").refused[0][1]


def test_a_version_changes_when_the_photo_is_written_again(tmp_path, memory):
    memory.pipe_file("/in/a.jpg", b"one")
    first = version_of("memory://in/a.jpg")
    assert first == version_of("memory://in/a.jpg")
    memory.pipe_file("/in/a.jpg", b"two")
    assert version_of("memory://in/a.jpg") != first


@pytest.mark.parametrize(
    ("source", "kind", "says"),
    [
        (
            "https://example.com/rooms/",
            UsageError,
            "is a web address; download the photos, or name a store such as s3://",
        ),
        ("zip://*.jpg::https://example.com/a.zip", UsageError, "is a web address; download the photos"),
        ("zip://a::simplecache::HTTP://example.com/a.zip", UsageError, "is a web address; download the photos"),
        ("tar://a::github://me:rooms@/a.tar", UsageError, "is a web address; download the photos"),
        ("reference://::https://example.com/refs.json", UsageError, "is a web address; download the photos"),
        ("nowhere://bucket/rooms", UsageError, "is not the URL of a store: ValueError: Protocol not known: nowhere"),
        ("memory://in/a.jpg", UsageError, "is one file; name its folder; a CSV must be here, its photos may be URLs"),
        ("memory://empty", PhotoError, "no photos in 'memory://empty'; photos end in"),
    ],
)
def test_an_invalid_source_is_reported_in_one_line(tmp_path, memory, source, kind, says):
    with pytest.raises(kind) as caught:
        find_jobs(source, out=tmp_path, variants=PLAN)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_unreachable_store_is_reported_in_one_line(memory, monkeypatch):
    monkeypatch.setattr(type(memory), "exists", lambda *_: 1 / 0)
    with pytest.raises(OutputError, match=r"cannot read 'memory://out': ZeroDivisionError: .*; check its name"):
        local_out("memory://out")


def test_without_fsspec_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "fsspec", None)
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(ExtraMissing, match=r"fsspec is not installed; run pip install 'automask\[stores\]'"):
        local_out("memory://out")


def test_the_command_line_takes_a_store_for_a_batch_and_refuses_it_for_edit(tmp_path, conf, memory, capsys):
    fill(memory, "/in", pictures(tmp_path / "in", "a.jpg"))
    options = ["wall -> #c80000", "-o", "memory://out", "--preset", "half", "--conf", str(conf)]
    assert main(["batch", "memory://in", *options, "--json"]) == 0
    said = json.loads(capsys.readouterr().out.splitlines()[0])
    assert (said["photo"], said["out"]) == ("memory://in/a.jpg", "memory://out")
    assert main(["batch", "memory://in", *options]) == 0
    assert capsys.readouterr().out == "0 done, 1 done before, 0 failed, in memory://out\n"
    assert main(["batch", "memory://in", *options, "--dry-run"]) == 0
    line = "memory://in/a.jpg -> memory://out/a.jpg: wall -> #c80000 (done before)\n"
    assert capsys.readouterr().out == f"{line}0 to do, 1 done before, 0 refused; nothing was done\n"
    assert main(["edit", "memory://in/a.jpg", "wall -> red"]) == 1
    assert "is a web address; download it first" in capsys.readouterr().err
