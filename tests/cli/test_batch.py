"""What `automask batch` says of a run, and of those before it."""

import importlib
import json
import sys
from pathlib import Path

import pytest

from automask.cli.entry import main


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
            **{"incomplete": 0, "to_check": 0, "exit_status": 4, "passed_over": {"results": 0, "companions": 0}},
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
