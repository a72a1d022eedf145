"""What `automask batch` says of a run, and of those before it."""

import importlib
import json
import os
import re
import shlex
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from automask.cli.entry import main
from automask.cli.outliving import outliving_readers, stopping_on_signals


@pytest.fixture
def batch(capsys, scene):
    """Runs `automask batch`: its exit status, standard output and standard error."""

    def run(*arguments: object) -> tuple[int, str, str]:
        status = main(["batch", *map(str, arguments), *scene.overrides])
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


@pytest.fixture
def room_photos(scene, tmp_path):
    """Makes a folder of photos of the room."""

    def make(folder: str, *names: str) -> Path:
        for name in names:
            path = tmp_path / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(scene.photo.read_bytes())
        return tmp_path / folder

    return make


def test_failures_of_another_source_stay_in_list_page_and_counts(batch, room_photos, tmp_path):
    out = tmp_path / "o"
    first, second = room_photos("first", "a.png"), room_photos("second", "c.png")
    (first / "b.png").write_bytes(b"no picture")
    assert batch(first, "lamp -> gold", "-o", out)[0] == 4
    status, said, _ = batch(second, "lamp -> gold", "-o", out)
    assert (status, said.splitlines()[0]) == (0, f"1 done, 0 done before, 0 failed, 1 failed in earlier runs, in {out}")
    status, said, err = batch(second, "lamp -> gold", "-o", out, "--retry-failed")
    assert "nothing to retry" in err
    assert (out / "failures.csv").read_text(encoding="utf-8").startswith("photo,reason\nb.png,")


def test_json_has_a_line_for_each_refused_row_and_ends_with_a_summary(batch, room_photos, tmp_path):
    folder, out = room_photos("in", "a.png"), tmp_path / "o"
    (folder / "jobs.csv").write_text("photo,edits\na.png,lamp -> gold\ngone.png,lamp -> gold\n", encoding="utf-8")
    status, said, _ = batch(folder / "jobs.csv", "-o", out, "--json")
    done, refused, end = map(json.loads, said.splitlines())
    assert (status, done["status"]) == (4, "done")
    assert refused.keys() == done.keys()
    assert (refused["photo"], refused["name"], refused["status"]) == (str(folder / "gone.png"), "gone.png", "refused")
    assert refused["reason"].startswith("row 3: there is no file")
    assert end["summary"].pop("took_s") > 0
    assert end == {
        "summary": {
            **{"out": str(out), "done": 1, "skipped": 0, "failed": 0, "refused": 1, "failed_before": 0},
            **{
                "incomplete": 0,
                "to_check": 0,
                "with_own_masks": 0,
                "exit_status": 4,
                "passed_over": {"results": 0, "companions": 0},
            },
        }
    }


def test_a_dry_run_says_what_the_run_would_do(batch, room_photos, tmp_path):
    folder, out = room_photos("in", "a.png", "b.png"), tmp_path / "o"
    assert batch(folder, "lamp -> gold", "-o", out)[0] == 0
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    (room_photos("in", "c.png") / "d.jpg").write_bytes(b"no picture")
    status, said, err = batch(folder, "lamp -> gold", "-o", out, "--dry-run")
    assert status == 4
    assert "d.jpg" in err
    assert said.splitlines()[:-1] == [
        f"{folder / 'a.png'} -> {out / 'a.png'}: lamp -> gold (done before)",
        f"{folder / 'b.png'} -> {out / 'b.png'}: lamp -> gold (done before)",
        f"{folder / 'c.png'} -> {out / 'c.png'}: lamp -> gold",
        "1 to do, 2 done before, 1 would fail, 0 refused; nothing was done",
    ]
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    status, said, _ = batch(folder, "lamp -> gold", "-o", out, "--dry-run", "--json")
    *lines, end = map(json.loads, said.splitlines())
    assert [line["status"] for line in lines] == ["done before", "done before", "to do", "would fail"]
    assert end["summary"]["estimate"]["samples"] == 1
    assert 0 < end["summary"]["estimate"]["disk_mb"] < 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("lamp -> dragon skin", "dragon skin"),
        ("lamp -> gold", "unknown key 'editor.lustre'"),
    ],
)
def test_a_dry_run_checks_prompts_and_options(batch, room_photos, tmp_path, words, said):
    more = ["editor.lustre=1"] if "lustre" in said else []
    status, _, err = batch(room_photos("in", "a.png"), words, "-o", tmp_path / "o", "--dry-run", *more)
    assert status == 2
    assert said in err


def test_force_makes_anew_what_is_done(batch, room_photos, tmp_path):
    folder, out = room_photos("in", "a.png"), tmp_path / "o"
    batch(folder, "lamp -> gold", "-o", out)
    assert batch(folder, "lamp -> gold", "-o", out)[1].startswith("0 done, 1 done before")
    assert batch(folder, "lamp -> gold", "-o", out, "--force")[1].startswith("1 done, 0 done before")


def test_changed_code_of_a_plug_in_makes_anew(batch, room_photos, scene, tmp_path, monkeypatch):
    plug_in = tmp_path / "mine" / "own_segmenter.py"
    conf = tmp_path / "mine" / "conf" / "segmenter"
    conf.mkdir(parents=True)
    (conf / "own.yaml").write_text("_target_: own_segmenter.Own\nmasks: masks\n")
    monkeypatch.syspath_prepend(str(plug_in.parent))
    folder, out = room_photos("in", "a.png"), tmp_path / "o"
    own = ("--conf", conf.parent, f"segmenter.masks='{scene.folder / 'heat'}'", "refiner=threshold", "segmenter=own")

    def run():
        monkeypatch.delitem(sys.modules, "own_segmenter", raising=False)
        return main(["batch", str(folder), "lamp -> gold", "-o", str(out), *map(str, own)])

    made = []
    for version in ("1", "22"):
        source = "from automask.segmenters.painted import Painted\n\n\nclass Own(Painted):\n"
        plug_in.write_text(f"{source}    about = {version}\n", encoding="utf-8")
        importlib.invalidate_caches()
        assert run() == 0
        made.append((out / "a.run.json").stat().st_mtime_ns)
        assert run() == 0
        assert (out / "a.run.json").stat().st_mtime_ns == made[-1]
    assert made[0] != made[1]


def test_a_batch_that_is_interrupted_ends_with_page_and_sheet_and_the_command_that_goes_on(
    batch, room_photos, scene, tmp_path, monkeypatch
):
    from automask.results.outcome import Outcome

    folder, out, save = room_photos("in", "a.png", "b.png", "c.png"), tmp_path / "o o", Outcome.save

    def interrupted(self, *given, **named):
        if named["name"] == "c":
            raise KeyboardInterrupt
        return save(self, *given, **named)

    monkeypatch.setattr(Outcome, "save", interrupted)
    status, said, err = batch(folder, "lamp -> gold", "--force", "-o", out, "--workers", 1)
    assert status == 130
    assert said.splitlines()[0] == f"2 done, 0 done before, 0 failed, in {out}"
    again = f"automask batch {folder} 'lamp -> gold' -o '{out}' --workers 1"
    assert err.startswith(f"automask: interrupted; files already finished are complete; to go on: {again} ")
    assert '"name":"b.png"' in (out / "index.html").read_text(encoding="utf-8")
    assert (out / "contact-sheet.jpg").is_file()
    monkeypatch.setattr(Outcome, "save", save)
    assert main(shlex.split(err.partition("to go on: automask ")[2])) == 0


def test_the_summary_comes_first_and_its_status_counts_where_a_sheet_cannot_be_written(
    batch, room_photos, tmp_path, monkeypatch
):
    from automask.batches import run
    from automask.errors import OutputError

    folder, out = room_photos("in", "a.png"), tmp_path / "o"

    def full(*_):
        assert (out / "failures.csv").exists() == (folder / "b.png").exists()
        raise OutputError("cannot write 'contact-sheet.jpg': No space left on device", hint="make some room")

    monkeypatch.setattr(run, "write_contact_sheet", full)
    status, said, err = batch(folder, "lamp -> gold", "-o", out)
    assert (status, said) == (1, f"1 done, 0 done before, 0 failed, in {out}\n")
    assert err == "automask: cannot write 'contact-sheet.jpg': No space left on device; make some room\n"
    (folder / "b.png").write_bytes(b"no picture")
    status, said, err = batch(folder, "lamp -> gold", "-o", out)
    assert status == 4
    assert said.startswith("0 done, 1 done before, 1 failed")
    assert "No space left" in err
    assert (out / "index.html").is_file()


def test_a_list_of_failures_that_cannot_be_written_takes_no_summary_with_it(batch, room_photos, tmp_path, monkeypatch):
    from automask.batches import failures
    from automask.errors import OutputError

    def full(path):
        raise OutputError(f"cannot write {path.name!r}: No space left on device", hint="make some room")

    folder = room_photos("in", "a.png")
    (folder / "b.png").write_bytes(b"no picture")
    monkeypatch.setattr(failures, "atomic_path", full)
    status, said, err = batch(folder, "lamp -> gold", "-o", tmp_path / "o")
    assert status == 4
    assert said.startswith("1 done, 0 done before, 1 failed")
    assert "cannot write 'failures.csv': No space left on device" in err


def test_without_a_terminal_a_line_now_and_then_says_how_far_it_is_and_the_log_keeps_it(
    batch, room_photos, tmp_path, monkeypatch
):
    from automask.batches import progress, run

    folder, out = room_photos("in", "a.png"), tmp_path / "o"
    (folder / "b.png").write_bytes(b"no picture")
    monkeypatch.setattr(progress, "EVERY_S", 0.01)
    drawn = run.write_page
    monkeypatch.setattr(run, "write_page", lambda *given: time.sleep(0.1) or drawn(*given))  # a page of thousands
    _, _, err = batch(folder, "lamp -> gold", "-o", out)
    assert re.search(r"^automask: \d of 2 photos, \d failed", err, re.MULTILINE)
    assert err.splitlines()[-1] == f"automask: ended: 1 done, 0 done before, 1 failed, in {out}"
    log = (out / "batch.log").read_text(encoding="utf-8")
    assert re.search(r"^\d{4}-\d\d-\d\dT[\d:]+\+00:00 failed: b.png: 'b.png' ", log, re.MULTILINE)
    assert "2 of 2 photos, 1 failed; " in log
    assert str(tmp_path) not in log


@pytest.mark.skipif(sys.platform == "win32", reason="pipes there raise other errors")
def test_a_reader_of_standard_output_that_goes_away_is_no_failure(room_photos, scene, tmp_path, monkeypatch):
    folder = room_photos("in", "a.png", "b.png")
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as output:
        monkeypatch.setattr(sys, "stdout", output)
        arguments = ["batch", str(folder), "lamp -> gold", "-o", str(tmp_path / "o"), "--json", *scene.overrides]
        assert main(arguments) == 0
    assert (tmp_path / "o" / "b.png").is_file()
    assert (tmp_path / "o" / "index.html").is_file()


def test_standard_output_holds_nothing_that_a_library_s_thread_prints(capsys):
    with outliving_readers():
        sys.stdout.write("ours\n")
        thread = threading.Thread(target=lambda: sys.stdout.write("(raylet) theirs\n"))
        thread.start()
        thread.join()
    assert capsys.readouterr() == ("ours\n", "(raylet) theirs\n")


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals there")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_signal_that_asks_to_stop_stops_as_ctrl_c_does(name):
    number = getattr(signal, name)
    outside = signal.signal(number, signal.SIG_DFL)  # under nohup the tests themselves ignore one
    before = signal.getsignal(number)

    def be_stopped():
        with stopping_on_signals():
            os.kill(os.getpid(), number)
            time.sleep(1)

    with pytest.raises(KeyboardInterrupt):
        be_stopped()
    assert signal.getsignal(number) == before
    signal.signal(number, signal.SIG_IGN)
    try:
        with stopping_on_signals():  # as under nohup
            os.kill(os.getpid(), number)
    finally:
        signal.signal(number, outside)


@pytest.fixture
def mask_many(capsys, scene, tmp_path):
    """Runs `automask mask` of a folder into OUT, with a COCO file."""

    def run(folder: Path, *arguments: object) -> tuple[int, str, str]:
        words = ["mask", str(folder), "lamp; island", "-o", str(tmp_path / "o"), "--coco", str(tmp_path / "all.json")]
        status = main([*words, *map(str, arguments), *scene.overrides])
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


def test_masks_of_a_folder_are_those_of_its_photos_with_one_coco_file_and_are_not_made_twice(
    mask_many, room_photos, scene, tmp_path, capsys
):
    import automask

    folder, out = room_photos("in", "a.png", "sub/b.png"), tmp_path / "o"
    status, said, _ = mask_many(folder, "--recursive")
    assert (status, said.splitlines()[0]) == (0, f"2 done, 0 done before, 0 failed, in {out}")
    assert not (out / "index.html").exists()
    coco = json.loads((tmp_path / "all.json").read_text(encoding="utf-8"))
    pairs = [
        (name, automask.mask(folder / name, "lamp; island", overrides=scene.overrides))
        for name in ("a.png", "sub/b.png")
    ]
    coco["info"].pop("sha256")
    assert coco == automask.to_coco(pairs)
    assert main(["mask", str(folder / "a.png"), "lamp; island", "-o", str(tmp_path / "one"), *scene.overrides]) == 0
    for name in ("a.masks/01-lamp.png", "a.masks/02-island.png", "a.overlay.png"):
        assert (out / name).read_bytes() == (tmp_path / "one" / name).read_bytes()
    capsys.readouterr()
    before = (tmp_path / "all.json").read_bytes()
    assert mask_many(folder, "--recursive")[1].startswith("0 done, 2 done before")
    assert (tmp_path / "all.json").read_bytes() == before
    (out / "a.masks" / "01-lamp.png").unlink()
    assert mask_many(folder, "--recursive")[1].startswith("1 done, 1 done before")
    assert mask_many(folder, "--recursive", "boxes.threshold=0.2")[1].startswith("2 done")


def test_masks_of_a_folder_tell_failures_and_retry_them(mask_many, room_photos, tmp_path):
    folder = room_photos("in", "a.png")
    (folder / "b.png").write_bytes(b"no picture")
    status, said, _ = mask_many(folder, "--dry-run")
    assert (status, said.splitlines()[-2]) == (4, "1 to do, 1 would fail, 0 refused; nothing was done")
    assert not (tmp_path / "all.json").exists()
    assert mask_many(folder)[0] == 4
    assert len(json.loads((tmp_path / "all.json").read_text(encoding="utf-8"))["images"]) == 1
    room_photos("in", "b.png")
    assert mask_many(folder, "--retry-failed")[1].startswith("1 done, 0 done before")
    assert len(json.loads((tmp_path / "all.json").read_text(encoding="utf-8"))["images"]) == 2


def test_an_option_of_a_folder_is_refused_with_one_photo(mask_many, room_photos):
    status, _, err = mask_many(room_photos("in", "a.png") / "a.png", "--recursive")
    assert (status, err) == (2, "automask: --recursive with one photo; it is for a folder or a glob of photos\n")


def test_shards_of_a_batch_and_their_merge(batch, room_photos, capsys, tmp_path):
    folder, out = room_photos("in", "a.png", "b.png", "c.png"), tmp_path / "o"
    (folder / "d.png").write_bytes(b"no picture")
    statuses = {batch(folder, "lamp -> gold", "-o", out, "--shard", f"{number}/2")[0] for number in (1, 2)}
    assert statuses == {0, 4}
    assert not (out / "index.html").exists()
    assert main(["batch", "--merge", "-o", str(out)]) == 4
    assert capsys.readouterr().out == f"3 done, 1 failed, in {out}\n"
    assert (out / "index.html").is_file()
    status, _, err = batch(folder, "lamp -> gold", "-o", out, "--shard", "3/2")
    assert (status, err) == (2, "automask: --shard '3/2'; give a number of how many, from 1/64 to 64/64\n")
    assert main(["batch", str(folder), "--merge"]) == 2
