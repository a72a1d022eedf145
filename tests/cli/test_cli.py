import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from automask.cli.entry import main


def run(capsys, *arguments: object) -> tuple[int, str, str]:
    """Exit status, standard output and standard error of one command."""
    status = main([str(argument) for argument in arguments])
    said = capsys.readouterr()
    return status, said.out, said.err


def test_edit_writes_everything_and_exits_0(capsys, scene, tmp_path):
    status, out, err = run(capsys, "edit", scene.photo, "island -> navy", "-o", tmp_path / "o", *scene.overrides)
    assert (status, err) == (0, "")
    assert str(tmp_path / "o" / "kitchen.png") in out
    assert (tmp_path / "o" / "kitchen.masks" / "01-island.png").is_file()
    assert (tmp_path / "o" / "kitchen.run.json").is_file()


def test_overrides_may_be_anywhere(capsys, scene, tmp_path):
    first, *rest = scene.overrides
    status, _, err = run(capsys, "edit", first, scene.photo, "-o", tmp_path, *rest, "island -> navy", "seed=3")
    assert (status, err) == (0, "")
    assert json.loads((tmp_path / "kitchen.run.json").read_text())["seed"] == 3


@pytest.mark.parametrize(
    "name", ["a b.png", "[1].png", "a,b.png", "seed=3.png", "küche.png", "キッチン.png", "it's.png", "a->b.png"]
)
def test_any_file_name_works(capsys, scene, tmp_path, name, monkeypatch):
    monkeypatch.chdir(scene.folder)
    scene.photo.rename(scene.folder / name)
    status, _, err = run(
        capsys, "edit", name, "island -> navy", "-o", tmp_path / f"out of {name[:-4]}", *scene.overrides
    )
    assert (status, err) == (0, "")
    assert (tmp_path / f"out of {name[:-4]}" / name).is_file()


def test_json_is_one_object_and_nothing_else_on_standard_output(capsys, scene, tmp_path):
    status, out, err = run(
        capsys, "edit", scene.photo, "island -> navy; yacht -> gold", "-o", tmp_path, "--json", *scene.overrides
    )
    record = json.loads(out)
    assert status == 0
    assert out.count("\n") == 1
    assert [step["found"] for step in record["steps"]] == [True, False]
    assert record == json.loads((tmp_path / "kitchen.run.json").read_text())
    assert err == ""


def test_a_missing_target_is_one_warning_and_the_photo_is_written_unchanged(capsys, scene, tmp_path):
    status, _, err = run(capsys, "edit", scene.photo, "yacht -> gold", "-o", tmp_path, *scene.overrides)
    assert status == 0
    assert err.count("\n") == 1
    assert "no 'yacht' was found (heat 0.00, 0.35 is needed)" in err
    assert (cv2.imread(str(tmp_path / "kitchen.png")) == cv2.imread(str(scene.photo))).all()


@pytest.mark.parametrize("command", ["edit", "mask"])
def test_what_a_word_was_read_as_is_said_even_where_nothing_was_found(capsys, scene, tmp_path, command):
    words = "loo -> gold" if command == "edit" else "loo"
    status, out, err = run(
        capsys, command, scene.photo, words, "-o", tmp_path, "boxes.threshold=1", "refiner=threshold"
    )
    assert status == 0
    assert "  read 'loo' as 'toilet'\n" in out
    assert "no 'loo' was found (heat" in err


def test_what_a_word_was_read_as_is_said_once_for_all_variants_without_a_find(capsys, scene, tmp_path):
    words = "loo -> {gold, navy}"
    status, out, err = run(capsys, "edit", scene.photo, words, "-o", tmp_path, "boxes.threshold=1", "refiner=threshold")
    assert status == 0
    assert out.count("read 'loo' as 'toilet'") == 1
    assert err.count("no 'loo'") == 1


@pytest.mark.parametrize("command", ["edit", "batch"])
def test_two_edits_of_words_that_are_read_as_one_thing_exit_2(capsys, scene, tmp_path, command):
    (scene.folder / "rooms").mkdir()
    scene.photo.rename(scene.folder / "rooms" / scene.photo.name)
    subject = scene.folder / "rooms" if command == "batch" else scene.folder / "rooms" / scene.photo.name
    status, out, err = run(capsys, command, subject, "wall -> white; walls -> sage", "-o", tmp_path / "o")
    assert (status, out) == (2, "")
    assert "edit 2: 'walls' and 'wall' in edit 1 are both read as 'wall'; name it in one edit only" in err
    assert err.count("\n") == 1
    assert not (tmp_path / "o").exists()


def test_a_missing_target_under_fail_exits_3_and_writes_nothing(capsys, scene, tmp_path):
    status, out, err = run(
        capsys, "edit", scene.photo, "yacht -> gold", "-o", tmp_path / "o", "on_missing=fail", *scene.overrides
    )
    assert (status, out) == (3, "")
    assert err.startswith("automask: no 'yacht'")
    assert not (tmp_path / "o").exists()


def test_mask_writes_masks_overlay_and_coco_record(capsys, scene, tmp_path):
    status, _, err = run(
        capsys, "mask", scene.photo, "island except handles; lamp", "-o", tmp_path / "o", *scene.overrides
    )
    assert (status, err) == (0, "")
    written = {str(path.relative_to(tmp_path / "o")) for path in (tmp_path / "o").rglob("*") if path.is_file()}
    assert written == {
        "kitchen.masks/01-island.png",
        "kitchen.masks/02-lamp.png",
        "kitchen.masks.json",
        "kitchen.overlay.png",
    }
    island, lamp = json.loads((tmp_path / "o" / "kitchen.masks.json").read_text(encoding="utf-8"))["regions"]
    assert lamp["area_px"] == scene.masks["lamp"].sum()
    assert island["segmentation"]["size"] == [96, 128]


def test_corrected_masks_are_used(capsys, scene, tmp_path):
    run(capsys, "mask", scene.photo, "island; lamp", "-o", tmp_path, *scene.overrides)
    corrected = np.zeros((96, 128), dtype=np.uint8)
    corrected[60:80, 90:110] = 255
    cv2.imwrite(str(tmp_path / "kitchen.masks" / "01-island.png"), corrected)
    status, _, err = run(
        capsys,
        *("edit", scene.photo, "island -> #ff0000; lamp -> gold", "--masks", tmp_path / "kitchen.masks"),
        *("-o", tmp_path / "o", "segmenter=clipseg", "refiner=sam"),
    )
    assert (status, err) == (0, "")
    changed = (cv2.imread(str(tmp_path / "o/kitchen.png")) != cv2.imread(str(scene.photo))).any(axis=-1)
    assert changed[60:80, 90:110].mean() > 0.9
    assert not changed[scene.masks["island"]].any()


WRONG = [
    (["edit"], 2, "no photo given; name the photo first"),
    (["edit", "PHOTO"], 2, 'no EDITS, no --plan and no --style; say what to do, as in "island -> marble"'),
    (["edit", "PHOTO", "a -> b", "--plan", "x.yaml"], 2, "EDITS 'a -> b' and --plan x.yaml; give one of the two"),
    (
        ["edit", "PHOTO", "a -> b", "c -> d"],
        2,
        "EDITS twice: 'a -> b' and 'c -> d'; put them in one pair of quotes, separated by ';'",
    ),
    (
        ["edit", "PHOTO", "island -> navy", "--preset", "photo", "preset=tiny"],
        2,
        "--preset photo and preset=tiny disagree",
    ),
    (
        ["edit", "PHOTO", "island -> navy", "-o", "here", "out=there"],
        2,
        "--out here and out=there disagree; say it once",
    ),
    (["edit", "PHOTO", "island -> navy", "seed=3", "seed=4"], 2, "'seed=3' and 'seed=4' disagree; say it once"),
    (["config", "show", "seed=3", "seed=4"], 2, "'seed=3' and 'seed=4' disagree; say it once"),
    (["models", "fetch", "--preset", "photo", "editor=a", "editor=b"], 2, "'editor=a' and 'editor=b' disagree"),
    (["edit", "PHOTO", "island -> navy", "boxes.treshold=0.2"], 2, "did you mean 'boxes.threshold'?"),
    (["edit", "PHOTO", "island -> navy", "--presett", "photo"], 2, "automask: edit: unknown option '--presett'"),
    (["edit", "PHOTO", "island -> navy", "--presett=photo"], 2, "'--presett'; did you mean '--preset'?"),
    (["edit", "PHOTO", "island -> navy", "-x"], 2, "edit: unknown option '-x'; see 'automask edit --help'"),
    (["demo", "kitchen"], 2, "automask: demo: unexpected argument 'kitchen'; see 'automask demo --help'"),
    (["edit", "PHOTO", "island -> navy", "photo=x.jpg"], 2, "photo=... is for the scripts in pipelines/"),
    (["edit", "PHOTO", "island -> navy", "-o", "result.jpg"], 2, "'result.jpg' looks like a picture"),
    (["edit", "PHOTO", "island marble"], 2, "expected '->'"),
    (["batch", "FOLDER", "a -> b", "--workers", "two"], 2, "'two' is neither 'auto' nor a whole number"),
    (["mask", "PHOTO", "island", "--plan"], 2, "--plan: expected one argument"),
    (["edit", "PHOTO", "--plan", "/no/such/plan.yaml"], 2, "/no/such/plan.yaml"),
    (["edit", "FOLDER", "island -> navy"], 2, "is a folder; for many photos: automask batch"),
    (["edit", "/no/such.jpg", "island -> navy"], 1, "/no/such.jpg"),
    (["edit", "PHOTO", "island -> navy", "--conf", "/no/such/conf"], 2, "no folder '/no/such/conf'"),
    (["edit", "PHOTO", "island -> chesterfield sofa"], 2, "chesterfield sofa"),
    (["edti", "PHOTO"], 2, "unknown command 'edti'; did you mean 'edit'?"),
    (["PHOTO", "island -> navy"], 2, "did you mean: automask edit"),
    (["models", "fetch"], 2, "name what to fetch: clipseg-rd64-refined, "),
    (["models", "fetch", "clipsag"], 1, "clipsag"),
    (["xyzzy"], 2, "unknown command 'xyzzy'; valid: edit, mask, batch"),
    (["models", "fech"], 2, "unknown command 'models fech'; did you mean 'fetch'?"),
    (["--versoin"], 2, "automask: unknown option '--versoin'; did you mean '--version'?"),
    (["help", "edti"], 2, "unknown command 'edti'; did you mean 'edit'?"),
    (["help", "edit", "me"], 2, "unknown command 'edit me'; see 'automask edit --help'"),
    (["completion", "tcsh"], 2, "automask: completion: argument SHELL: invalid choice: 'tcsh'"),
    (["mask", "PHOTO", "PHOTO", "island"], 2, "more than one photo: "),
    (["edit", "*.jpg", "a -> b"], 2, "no photo '*.jpg'; a pattern is for many photos: automask batch '*.jpg' ..."),
]


@pytest.mark.parametrize(("arguments", "status", "said"), WRONG, ids=[" ".join(item[0]) for item in WRONG])
def test_a_mistake_is_reported_in_one_line_without_a_traceback(
    capsys, scene, arguments, status, said, monkeypatch, tmp_path
):
    monkeypatch.chdir(tmp_path)
    named = {"PHOTO": str(scene.photo), "FOLDER": str(scene.folder)}
    extra = scene.overrides if arguments[0] == "edit" and len(arguments) > 2 else ()
    got, out, err = run(capsys, *(named.get(item, item) for item in arguments), *extra)
    assert said in err
    assert got in (status, 2 if "clipsag" in arguments else status)
    assert out == ""
    assert "Traceback" not in err
    assert err.startswith("automask: ")
    # The words are shown once more with a caret under the fault; everything else is one line.
    assert len(err.splitlines()) == (3 if "expected '->'" in said else 1)
    assert not list(tmp_path.glob("out*"))


def test_several_mistakes_in_the_configuration_are_reported_at_once(capsys, scene):
    status, _, err = run(capsys, "edit", scene.photo, "island -> navy", "boxs.threshold=1", "mask.dilat_px=2")
    assert status == 2
    assert "boxs.threshold" in err
    assert "mask.dilat_px" in err


@pytest.mark.parametrize("content", [b"", b"hello", b"\xff\xd8\xff\xe0 not really a jpeg"])
def test_a_file_that_is_not_a_photo_is_reported_in_one_line(capsys, scene, tmp_path, content):
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(content)
    status, _, err = run(capsys, "edit", bad, "island -> navy", "-o", tmp_path / "o", *scene.overrides)
    assert status == 1
    assert len(err.splitlines()) == 1
    assert "bad.jpg" in err


def test_a_batch_says_how_many_photos_had_not_everything_that_was_looked_for(capsys, scene, tmp_path):
    words = "island -> navy; yacht -> gold"
    status, said, _ = run(capsys, "batch", scene.folder, words, "-o", tmp_path / "done", *scene.overrides)
    assert status == 0
    assert said.startswith("1 done (1 without something that was looked for), 0 done before, 0 failed")


def test_batch_does_the_good_photos_and_exits_4_for_the_bad(capsys, scene, tmp_path):
    folder = tmp_path / "listing"
    folder.mkdir()
    for name in ("a.png", "b [1].png"):
        (folder / name).write_bytes(scene.photo.read_bytes())
    (folder / "broken.jpg").write_bytes(b"no picture")
    out = tmp_path / "done"
    status, said, err = run(capsys, "batch", folder, "island -> navy", "-o", out, *scene.overrides)
    assert status == 4
    assert "2 done, 0 done before, 1 failed" in said
    assert "broken.jpg" in err
    assert {path.name for path in out.glob("*.png")} == {"a.png", "b [1].png"}
    assert "broken.jpg" in (out / "failures.csv").read_text(encoding="utf-8")
    status, said, _ = run(capsys, "batch", folder, "island -> navy", "-o", out, *scene.overrides)
    assert "0 done, 2 done before, 1 failed" in said
    (folder / "broken.jpg").unlink()
    cv2.imwrite(str(folder / "broken.jpg"), cv2.imread(str(scene.photo)))
    status, said, err = run(capsys, "batch", folder, "island -> navy", "-o", out, "--retry-failed", *scene.overrides)
    assert (status, err) == (0, "")
    assert "1 done, 0 done before, 0 failed" in said
    status, said, err = run(capsys, "batch", folder, "island -> navy", "-o", out, "--retry-failed", *scene.overrides)
    assert (status, said) == (2, "")
    assert err.startswith(f"automask: there is no '{out}/failures.csv', so nobody knows what failed; run the batch")


def test_batch_json_is_one_object_a_line(capsys, scene, tmp_path):
    folder = tmp_path / "listing"
    folder.mkdir()
    for name in ("a.png", "b.png"):
        (folder / name).write_bytes(scene.photo.read_bytes())
    status, said, err = run(capsys, "batch", folder, "lamp -> gold", "-o", tmp_path / "o", "--json", *scene.overrides)
    assert (status, err) == (0, "")
    *lines, end = [json.loads(line) for line in said.splitlines()]
    assert sorted(Path(line["photo"]).name for line in lines) == ["a.png", "b.png"]
    assert all(line["status"] == "done" for line in lines)
    assert (end["summary"]["done"], end["summary"]["exit_status"]) == (2, 0)


def test_a_batch_equals_single_edits(capsys, scene, tmp_path):
    folder = tmp_path / "listing"
    folder.mkdir()
    for index, name in enumerate(("a.png", "b.png")):
        picture = cv2.imread(str(scene.photo))
        cv2.imwrite(str(folder / name), np.roll(picture, index * 7, axis=1))
    run(capsys, "batch", folder, "lamp -> gold", "-o", tmp_path / "many", *scene.overrides)
    for name in ("a.png", "b.png"):
        run(capsys, "edit", folder / name, "lamp -> gold", "-o", tmp_path / "one", *scene.overrides)
        assert (tmp_path / "many" / name).read_bytes() == (tmp_path / "one" / name).read_bytes()


def test_dry_run_does_nothing(capsys, scene, tmp_path):
    status, said, _ = run(
        capsys, "batch", scene.folder, "lamp -> gold", "-o", tmp_path / "o", "--dry-run", *scene.overrides
    )
    assert status == 0
    assert "kitchen.png" in said
    assert "1 to do, 0 refused; nothing was done" in said
    assert not (tmp_path / "o").exists()


def test_unknown_words_stop_a_batch_before_the_first_photo(capsys, scene, tmp_path):
    status, _, err = run(capsys, "batch", scene.folder, "lamp -> dragon skin", "-o", tmp_path / "o", *scene.overrides)
    assert status == 2
    assert "dragon skin" in err
    assert not (tmp_path / "o").exists()


def test_models_list_names_weights_licence_and_the_command(capsys):
    status, out, err = run(capsys, "models", "list")
    assert (status, err) == (0, "")
    for word in ("clipseg", "sd15", "vit_b", "automask models fetch"):
        assert word in out


def test_materials_lists_names_finishes_and_colours(capsys):
    status, out, err = run(capsys, "materials")
    assert (status, err) == (0, "")
    lines = {line.strip().partition("  ")[0]: line for line in out.splitlines()}
    assert lines["white marble"].split()[2:] == ["gloss"]
    assert lines["velvet"].endswith("in any colour")
    assert "stone:" in lines


def test_materials_lists_and_draws_the_colours_of_ones_own_palette(capsys, tmp_path):
    mine = tmp_path / "mine.csv"
    mine.write_text("name,code,hex\nHarbour Night,QX 7006,#1d2a3a\n")
    status, out, err = run(capsys, "materials", f"palette={mine}")
    assert (status, err) == (0, "")
    assert "  Harbour Night             QX 7006     #1d2a3a" in out.splitlines()
    said = json.loads(run(capsys, "materials", "--json", f"palette={mine}")[1])
    assert said["colours"] == [{"name": "Harbour Night", "hex": "#1d2a3a", "code": "QX 7006", "file": "mine.csv"}]
    status, out, err = run(capsys, "materials", "seed=3")
    assert (status, out) == (2, "")
    assert "'seed=3' is no palette; say palette=mine.csv" in err


def test_materials_as_json_and_as_a_sheet(capsys, tmp_path):
    status, out, err = run(capsys, "materials", "--json", "-o", tmp_path / "Sheet.png")
    said = json.loads(out)
    assert (status, err, said["sheet"]) == (0, "", str(tmp_path / "Sheet.png"))
    assert {"name": "oak", "group": "wood", "finish": "", "takes_colour": False} in said["materials"]
    sheet = cv2.imread(str(tmp_path / "Sheet.png"))
    assert sheet.shape[1] > 6 * 300


def test_a_sheet_wants_the_ending_of_a_picture(capsys, tmp_path):
    status, out, err = run(capsys, "materials", "-o", tmp_path / "sheet.pdf")
    assert (status, out) == (2, "")
    assert err.endswith("sheet.pdf' has no ending of a picture; name it .png or .jpg\n")


def fresh(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False, **options)


@pytest.mark.parametrize(
    "arguments", ["['--help']", "['edit', '--help']", "['batch', '--help']", "['--version']", "[]"]
)
def test_help_imports_nothing_heavy(arguments):
    code = (
        f"import sys; from automask.cli import main\n"
        f"try: main({arguments})\n"
        f"except SystemExit: pass\n"
        f"print(sorted(sys.modules.keys() & {{'numpy', 'torch', 'hydra', 'cv2', 'PIL', 'rich', 'yaml'}}))"
    )
    ran = fresh("-c", code)
    assert ran.stdout.splitlines()[-1] == "[]"
    assert len(ran.stdout.splitlines()) > 1


SLOW = """
import time
class Slow:
    multiple_px, ideal_px = 1, 0
    def __init__(self, *, seconds: float = 30.0): self.seconds = seconds
    def paint(self, crop, hard, prompt, *, seed):
        print("painting", flush=True)
        time.sleep(self.seconds)
        return crop.copy()
"""


def test_ctrl_c_exits_130_and_leaves_no_half_written_file(scene, tmp_path):
    conf = tmp_path / "conf"
    (conf / "editor").mkdir(parents=True)
    (conf / "editor" / "slow.yaml").write_text("_target_: slow_editor.Slow\nseconds: 30.0\n")
    (tmp_path / "slow_editor.py").write_text(SLOW)
    command = [
        *(sys.executable, "-m", "automask.cli", "edit", str(scene.photo), "island -> navy", "-o", str(tmp_path / "o")),
        *("--conf", str(conf), "editor=slow", *scene.overrides),
    ]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    assert process.stdout is not None
    assert process.stdout.readline() == "painting\n"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert err == "automask: interrupted; files already finished are complete\n"
    assert not [path for path in (tmp_path / "o").rglob("*") if path.is_file()]


def test_an_unexpected_error_is_one_line_unless_asked_for_more(capsys, scene, tmp_path, monkeypatch):
    def broken(*_, **__):
        raise ZeroDivisionError("oops")

    monkeypatch.setattr("automask.painting.chain.paint_together", broken)
    arguments = ("edit", scene.photo, "island -> navy", "-o", tmp_path, *scene.overrides)
    status, _, err = run(capsys, *arguments)
    assert status == 1
    assert err == "automask: unexpected ZeroDivisionError: oops; run again with AUTOMASK_DEBUG=1 to see where\n"
    monkeypatch.setenv("AUTOMASK_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        main([str(argument) for argument in arguments])


@pytest.mark.slow
def test_the_demo_edits_the_bundled_kitchen(capsys, tmp_path):
    began = time.perf_counter()
    status, out, err = run(capsys, "demo", "-o", tmp_path)
    assert (status, err) == (0, "")
    assert "island -> white marble; cabinets -> forest" in out
    record = json.loads((tmp_path / "kitchen.run.json").read_text())
    assert [step["found"] for step in record["steps"]] == [True, True]
    assert record["outside_changed_px"] == 0
    assert time.perf_counter() - began < 120


def test_given_masks_are_never_written_to_nor_removed(capsys, scene, tmp_path):
    run(capsys, "mask", scene.photo, "island; lamp", "-o", tmp_path, *scene.overrides)
    masks = tmp_path / "kitchen.masks"
    (masks / "09-notes.png").write_bytes(b"a person's own")
    before = {path.name: path.read_bytes() for path in masks.iterdir()}
    status, _, err = run(capsys, "edit", scene.photo, "island -> navy", "--masks", masks, "-o", tmp_path)
    assert (status, err) == (0, "")
    assert {path.name: path.read_bytes() for path in masks.iterdir()} == before


def test_masks_of_a_former_run_go_and_a_person_s_own_files_stay(capsys, scene, tmp_path):
    run(capsys, "edit", scene.photo, "island -> navy; lamp -> gold", "-o", tmp_path, *scene.overrides)
    (tmp_path / "kitchen.masks" / "01-sketch.png").write_bytes(b"a person's own")
    run(capsys, "edit", scene.photo, "lamp -> gold", "-o", tmp_path, *scene.overrides)
    assert sorted(path.name for path in (tmp_path / "kitchen.masks").iterdir()) == ["01-lamp.png", "01-sketch.png"]


def test_words_that_given_masks_make_unused_are_reported(capsys, scene, tmp_path):
    run(capsys, "mask", scene.photo, "island", "-o", tmp_path, *scene.overrides)
    masks = tmp_path / "kitchen.masks"
    words = "island except handles -> navy; keep lamp"
    status, _, err = run(capsys, "edit", scene.photo, words, "--masks", masks, "-o", tmp_path / "o")
    assert status == 0
    assert err == "automask: masks are used as they are: handles, lamp was not looked for\n"


def test_two_photos_of_one_stem_keep_their_masks_and_records_apart(capsys, scene, tmp_path):
    cv2.imwrite(str(scene.folder / "kitchen.jpg"), cv2.imread(str(scene.photo)))
    for name in ("kitchen.png", "kitchen.jpg"):
        run(capsys, "edit", scene.folder / name, "lamp -> gold", "-o", tmp_path, *scene.overrides)
    assert json.loads((tmp_path / "kitchen.run.json").read_text())["photo"] == "kitchen.png"
    assert json.loads((tmp_path / "kitchen.jpg.run.json").read_text())["photo"] == "kitchen.jpg"
    assert (tmp_path / "kitchen.jpg.masks" / "01-lamp.png").is_file()


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS takes no file names that are not UTF-8")
def test_a_file_name_that_is_no_utf8_is_done_like_any_other(capsys, scene, tmp_path):
    name = os.fsdecode(b"caf\xe9.png")
    (scene.folder / name).write_bytes(scene.photo.read_bytes())
    status, _, err = run(capsys, "edit", scene.folder / name, "lamp -> gold", "-o", tmp_path / "o", *scene.overrides)
    assert (status, err) == (0, "")
    record = json.loads((tmp_path / "o" / f"{name[:-4]}.run.json").read_text(encoding="utf-8"))
    assert record["photo"] == name
    (scene.folder / os.fsdecode(b"b\xe9.jpg")).write_bytes(b"no picture")
    status, _, _ = run(capsys, "batch", scene.folder, "lamp -> gold", "-o", tmp_path / "many", *scene.overrides)
    assert status == 4
    assert (tmp_path / "many" / name).is_file()
    assert b"b\xe9.jpg" in (tmp_path / "many" / "failures.csv").read_bytes()


def test_a_batch_does_not_take_an_edit_with_given_masks_for_its_own(capsys, scene, tmp_path):
    run(capsys, "mask", scene.photo, "island", "-o", tmp_path, *scene.overrides)
    out = tmp_path / "o"
    run(
        capsys,
        "edit",
        scene.photo,
        "island -> navy",
        "--masks",
        tmp_path / "kitchen.masks",
        "-o",
        out,
        *scene.overrides,
    )
    _, said, _ = run(capsys, "batch", scene.folder, "island -> navy", "-o", out, *scene.overrides)
    assert "1 done, 0 done before" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["edit", "", "lamp -> gold"], "the photo is ''; name the photo"),
        (["edit", "nosuch=1.jpg", "lamp -> gold"], "there is no file 'nosuch=1.jpg': it was read as a setting"),
        (["edit", "PHOTO", "lamp -> gold", "-o", ""], "OUT is ''; name a folder"),
        (["edit", "nosuch.jpg", "lamp -> gold", "--preset", "photo"], "nosuch.jpg"),
        (["edit", "PHOTO", "lamp -> gold", "-o", "OWN", "editor=diffusion"], "is the photo's own folder"),
    ],
)
def test_what_cannot_end_well_is_refused_before_a_model_is_loaded(capsys, scene, arguments, said):
    named = {"PHOTO": str(scene.photo), "OWN": str(scene.folder)}
    status, _, err = run(capsys, *(named.get(item, item) for item in arguments))
    assert status in (1, 2)
    assert said in err


def test_after_two_dashes_everything_is_a_word(capsys, scene, tmp_path, monkeypatch):
    monkeypatch.chdir(scene.folder)
    scene.photo.rename(scene.folder / "-dash.png")
    status, _, err = run(capsys, "edit", "-o", tmp_path, *scene.overrides, "--", "-dash.png", "lamp -> gold")
    assert (status, err) == (0, "")
    assert (tmp_path / "-dash.png").is_file()


@pytest.mark.parametrize("arguments", [["--help"], ["edit", "--help"], ["models"]])
def test_a_reader_that_goes_away_is_no_error_to_tell(arguments):
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    command = [sys.executable, "-m", "automask.cli", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == b""
    process.wait(timeout=30)


# Variants


VARIANTS = "island -> {navy, gold}; lamp -> white"


def files_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_edit_makes_every_variant_and_one_sheet(capsys, scene, tmp_path):
    out = tmp_path / "o"
    status, said, err = run(capsys, "edit", scene.photo, VARIANTS, "-o", out, *scene.overrides)
    assert (status, err) == (0, "")
    names = ["kitchen.before-after.jpg", "kitchen.masks/01-island.png", "kitchen.masks/02-lamp.png", "kitchen.png"]
    each = {f"{folder}/{name}" for folder in ("navy", "gold") for name in (*names, "kitchen.run.json")}
    assert files_in(out) == each | {"kitchen.variants.jpg"}
    assert said.splitlines()[-1] == str(out / "kitchen.variants.jpg")
    run(capsys, "edit", scene.photo, "island -> gold; lamp -> white", "-o", tmp_path / "alone", *scene.overrides)
    assert (out / "gold" / "kitchen.png").read_bytes() == (tmp_path / "alone" / "kitchen.png").read_bytes()
    assert (out / "gold" / "kitchen.png").read_bytes() != (out / "navy" / "kitchen.png").read_bytes()


def test_the_sheet_shows_the_photo_and_every_variant(capsys, scene, tmp_path):
    run(capsys, "edit", scene.photo, "island -> {#ff0000, #00ff00, #0000ff}", "-o", tmp_path, *scene.overrides)
    sheet = cv2.imread(str(tmp_path / "kitchen.variants.jpg"))[..., ::-1].astype(int)
    reds = [(sheet[..., band] - sheet.max(axis=-1, where=np.arange(3) != band, initial=0) > 60) for band in range(3)]
    # Two by two: the photo, red; green, blue.
    height, width = sheet.shape[0] // 2, sheet.shape[1] // 2
    corners = [(0, width), (height, 0), (height, width)]
    shares = [[lit[y : y + height, x : x + width].mean() for y, x in corners] for lit in reds]
    assert [int(np.argmax(share)) for share in shares] == [0, 1, 2]


def test_variants_print_one_object_a_line(capsys, scene, tmp_path):
    status, out, err = run(capsys, "edit", scene.photo, VARIANTS, "-o", tmp_path, "--json", *scene.overrides)
    records = [json.loads(line) for line in out.splitlines()]
    assert (status, err) == (0, "")
    assert [record.pop("variant") for record in records] == ["navy", "gold"]
    assert records == [json.loads((tmp_path / name / "kitchen.run.json").read_text()) for name in ("navy", "gold")]


def test_a_missing_target_is_reported_once_for_all_variants(capsys, scene, tmp_path):
    words = "yacht -> {navy, gold, white}"
    status, _, err = run(capsys, "edit", scene.photo, words, "-o", tmp_path, *scene.overrides)
    assert status == 0
    assert err.count("\n") == 1


def test_given_masks_do_for_all_variants(capsys, scene, tmp_path):
    run(capsys, "mask", scene.photo, VARIANTS, "-o", tmp_path, *scene.overrides)
    masks = ("--masks", tmp_path / "kitchen.masks", "segmenter=clipseg", "refiner=sam")
    status, _, err = run(capsys, "edit", scene.photo, VARIANTS, "-o", tmp_path / "o", *masks)
    assert (status, err) == (0, "")
    assert (tmp_path / "o" / "gold" / "kitchen.png").is_file()


def test_a_plan_file_of_words_may_hold_braces(capsys, scene, tmp_path):
    (tmp_path / "plan.txt").write_text(VARIANTS, encoding="utf-8")
    plan = ("--plan", tmp_path / "plan.txt")
    assert run(capsys, "edit", scene.photo, *plan, "-o", tmp_path / "o", *scene.overrides)[0] == 0
    assert (tmp_path / "o" / "navy" / "kitchen.png").is_file()


def test_a_variant_never_overwrites_the_photo(capsys, scene, tmp_path):
    folder = scene.folder / "gold"
    folder.mkdir()
    scene.photo.rename(folder / "kitchen.png")
    status, _, err = run(capsys, "edit", folder / "kitchen.png", VARIANTS, "-o", scene.folder, *scene.overrides)
    assert status == 2
    assert "'kitchen.png' would be overwritten" in err
    assert not (scene.folder / "navy").exists()


@pytest.fixture
def listing(scene, tmp_path, monkeypatch):
    """Two photos in a folder, and a mask cache of their own."""
    monkeypatch.setenv("AUTOMASK_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "listing"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.png").write_bytes(scene.photo.read_bytes())
    cv2.imwrite(str(folder / "sub" / "b.png"), 255 - cv2.imread(str(scene.photo)))
    return folder


@pytest.fixture
def looks(monkeypatch):
    """Counts how often a photo was looked at."""
    from automask.segmenters.painted import Painted

    seen = []
    look = Painted.heats
    monkeypatch.setattr(Painted, "heats", lambda self, *given: (seen.append(1), look(self, *given))[1])
    return seen


def test_batch_makes_every_variant_of_every_photo_and_finds_its_masks_once(capsys, scene, listing, looks, tmp_path):
    out = tmp_path / "o"
    batch = ("batch", listing, VARIANTS, "-o", out, "--recursive", *scene.overrides)
    status, said, err = run(capsys, *batch, "--json")
    assert (status, err) == (0, "")
    *lines, _ = [json.loads(line) for line in said.splitlines()]
    assert [Path(line["out"], line["name"]).relative_to(out).as_posix() for line in lines] == [
        *("navy/a", "gold/a", "navy/sub/b", "gold/sub/b")
    ]
    assert [line["record"]["timing"].get("masks_from_cache", False) for line in lines] == [False, True, False, True]
    assert len(looks) == 2
    assert {"a.variants.jpg", "sub/b.variants.jpg", "contact-sheet.jpg"} <= files_in(out)

    before = {name: (out / name).read_bytes() for name in files_in(out)}
    drawn = (out / "a.variants.jpg").stat().st_mtime_ns
    _, said, _ = run(capsys, *batch)
    assert (out / "a.variants.jpg").stat().st_mtime_ns == drawn
    assert said.startswith("0 done, 4 done before, 0 failed")
    assert {name: (out / name).read_bytes() for name in files_in(out)} == before

    (out / "gold" / "a.png").unlink()
    (out / "sub" / "b.variants.jpg").unlink()
    _, said, _ = run(capsys, *batch)
    assert said.startswith("1 done, 3 done before, 0 failed")
    assert files_in(out) == set(before)
    assert (out / "gold" / "a.png").read_bytes() == before["gold/a.png"]
    assert len(looks) == 2


def test_batch_without_variants_keeps_no_masks(capsys, scene, listing, tmp_path):
    assert run(capsys, "batch", listing, "lamp -> white", "-o", tmp_path / "o", *scene.overrides)[0] == 0
    assert not (tmp_path / "cache").exists()


def test_several_workers_find_a_photo_s_masks_once(capsys, scene, listing, counted, tmp_path):
    overrides = ("segmenter=counting", *scene.overrides[1:], "--conf", counted.parent / "conf", "--workers", 2)
    status, said, _ = run(capsys, "batch", listing, "lamp -> {navy, gold, white}", "-o", tmp_path / "o", *overrides)
    assert status == 0
    assert said.startswith("3 done")
    assert counted.read_text() == "x"


def test_a_csv_s_cells_may_hold_braces(capsys, scene, listing, tmp_path):
    rows = 'a.png,"lamp -> {navy, gold}"\na.png,lamp -> white\nsub/b.png,"lamp -> {gold}"\na.png,"lamp -> {navy"\n'
    (listing / "jobs.csv").write_text("photo,edits\n" + rows, encoding="utf-8")
    out = tmp_path / "o"
    status, said, err = run(capsys, "batch", listing / "jobs.csv", "-o", out, *scene.overrides)
    assert status == 4
    assert said.startswith("4 done")
    assert "row 5: line 1, column 9: this brace is not closed" in err
    pictures = {name for name in files_in(out) if name.endswith((".png", "variants.jpg")) and "masks" not in name}
    assert pictures == {"navy/a.png", "gold/a.png", "a.variants.jpg", "a-2.png", "gold/b.png", "b.variants.jpg"}


def test_a_variant_that_fails_is_a_cell_of_the_sheet_and_can_be_tried_again(
    capsys, scene, listing, tmp_path, monkeypatch
):
    from automask.results.outcome import Outcome

    out, save = tmp_path / "o", Outcome.save

    def failing(self, folder, **named):
        if Path(folder).name == "gold":
            raise MemoryError
        return save(self, folder, **named)

    batch = ("batch", listing, VARIANTS, "-o", out, *scene.overrides)
    monkeypatch.setattr(Outcome, "save", failing)
    assert run(capsys, *batch)[0] == 4
    assert 'gold/a.png,"there is not enough memory' in (out / "failures.csv").read_text()
    with_notice = (out / "a.variants.jpg").read_bytes()
    monkeypatch.setattr(Outcome, "save", save)
    status, said, _ = run(capsys, *batch, "--retry-failed")
    assert (status, said.split(",")[0]) == (0, "1 done")
    assert not (out / "failures.csv").exists()
    assert (out / "a.variants.jpg").read_bytes() != with_notice


def test_words_that_no_photo_can_have_done_stop_the_batch(capsys, scene, listing, tmp_path):
    words = "lamp -> {gold, chesterfield sofa}"
    status, _, err = run(capsys, "batch", listing, words, "-o", tmp_path / "o", "--recursive", *scene.overrides)
    assert status == 2
    assert "chesterfield" in err
    assert not (tmp_path / "o").exists()


def test_a_result_that_another_variant_would_overwrite_is_refused(capsys, scene, listing, tmp_path):
    (listing / "gold").mkdir()
    (listing / "gold" / "a.png").write_bytes(scene.photo.read_bytes())
    (listing / "jobs.csv").write_text('photo,edits\na.png,"lamp -> {gold}"\ngold/a.png,lamp -> white\n')
    out = tmp_path / "o"
    status, said, err = run(capsys, "batch", listing / "jobs.csv", "-o", out, "--recursive", *scene.overrides)
    assert (status, said.split(",")[0]) == (4, "1 done")
    assert "0 failed, 1 refused, in" in said
    assert "its result would overwrite the one of" in err


def test_dry_run_lists_the_variants(capsys, scene, listing, tmp_path):
    _, said, _ = run(capsys, "batch", listing, VARIANTS, "-o", tmp_path / "o", "--dry-run", *scene.overrides)
    assert said.splitlines()[:-1] == [
        f"{listing / 'a.png'} -> {tmp_path / 'o' / 'navy' / 'a.png'}: island -> navy; lamp -> white",
        f"{listing / 'a.png'} -> {tmp_path / 'o' / 'gold' / 'a.png'}: island -> gold; lamp -> white",
        "2 to do, 0 refused; nothing was done",
    ]


def test_a_changed_net_of_the_package_redoes_a_batch(capsys, scene, listing, tmp_path, monkeypatch):
    from automask.editors.paint import Paint, editor
    from automask.segmenters.painted import Painted

    batch = ("batch", listing, "lamp -> white", "-o", tmp_path / "o", *scene.overrides)
    assert [path.name for path in Paint().own_files] == ["surfaces.onnx"]
    net = tmp_path / "net.onnx"
    for part, name, files in ((editor, "NET", net), (Painted, "own_files", (net,))):
        monkeypatch.setattr(part, name, files)
        for content in (b"one", b"other"):
            net.write_bytes(content)
            assert run(capsys, *batch)[1].startswith("1 done")
            assert run(capsys, *batch)[1].startswith("0 done, 1 done before")


def test_the_starter_s_own_files_are_there():
    from automask.segmenters.starter import Starter

    assert sorted(path.name for path in Starter.own_files) == [
        "quality.json",
        "starter.json",
        "starter.onnx",
        "words.npz",
    ]
    assert all(path.is_file() for path in Starter.own_files)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a terminal of its own")
def test_a_batch_s_json_goes_to_standard_output_even_with_a_terminal(scene, listing, tmp_path):
    import pty

    ours, theirs = pty.openpty()
    words = ["batch", str(listing), "lamp -> white", "-o", str(tmp_path / "o"), "--json", *scene.overrides]
    command = [sys.executable, "-m", "automask.cli", *words]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=theirs, check=True)
    os.close(theirs)
    os.close(ours)
    assert [json.loads(line).get("status") for line in done.stdout.splitlines()] == ["done", None]


@pytest.fixture(scope="module")
def kitchen(tmp_path_factory) -> Path:
    """The sample kitchen at a third of its size."""
    sample = cv2.imread(str(Path(__file__).parents[1] / "data" / "kitchen.jpg"))
    small = tmp_path_factory.mktemp("kitchen") / "kitchen.png"
    cv2.imwrite(str(small), cv2.resize(sample, None, fx=1 / 3, fy=1 / 3, interpolation=cv2.INTER_AREA))
    return small


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (["doubt_below=1"], r"ceiling -> white: \d+\.\d % of the photo repainted, quality 0\.\d\d \(check\)\n"),
        (["doubt_below=0"], r"ceiling -> white: \d+\.\d % of the photo repainted, quality 0\.\d\d\n"),
        (["doubt_below=1", "on_doubt=keep"], r"ceiling -> white: .* repainted, quality 0\.\d\d\n"),
    ],
)
def test_a_step_says_its_quality_and_whether_to_check_it(capsys, kitchen, tmp_path, settings, said):
    status, out, err = run(capsys, "edit", kitchen, "ceiling -> white", "-o", tmp_path, "refiner=threshold", *settings)
    assert (status, err) == (0, "")
    assert re.search(said, out), out


def test_a_mask_says_its_quality(capsys, kitchen, tmp_path):
    status, out, _ = run(capsys, "mask", kitchen, "ceiling", "-o", tmp_path, "refiner=threshold", "doubt_below=1")
    assert status == 0
    assert re.search(r"ceiling: \d+\.\d % of the photo in \d places?, quality 0\.\d\d \(check\)\n", out), out


def test_under_skip_a_step_in_doubt_is_one_warning(capsys, kitchen, tmp_path):
    words = ["ceiling -> white", "-o", tmp_path, "refiner=threshold", "doubt_below=1", "on_doubt=skip"]
    status, _, err = run(capsys, "edit", kitchen, *words)
    assert status == 0
    assert re.search(r"photo was written unchanged: 'ceiling' was not painted: quality 0\.\d\d < 1\n", err), err


def test_a_line_break_in_a_name_makes_no_second_line(capsys, scene, tmp_path):
    folder, broken = tmp_path / "a\nlisting", "a\nroom.jpg"
    folder.mkdir()
    (folder / broken).write_bytes(b"no picture")
    (folder / "empty\u2028.jpg").touch()
    for arguments in (
        ("edit", folder / broken, "island -> navy"),
        ("edit", folder / "b\nroom.jpg", "island -> navy"),
        ("edit", folder, "island -> navy"),
        ("edit", scene.photo, "island -> navy", "--masks", tmp_path / "a\nmasks", *scene.overrides),
        ("edit", scene.photo, "island -> navy", "--conf", tmp_path / "a\nb"),
        ("edit", scene.photo, "island -> navy", "--plan", tmp_path / "a\nb.yaml"),
        ("edit", scene.photo, "--plan", tmp_path / "a\nb.yaml"),
        ("edit", scene.photo, "island -> navy", "-o", folder, "out=here"),
        ("edit", scene.photo, "island -> navy", "-o", folder / broken),
        (folder / broken, "island -> navy"),
        ("mask", scene.photo, "island", "--coco", folder / "a\nb.jsn"),
        ("materials", "-o", folder / "a\nb.pdf"),
        ("batch", folder / broken, "island -> navy"),
    ):
        status, _, err = run(capsys, *arguments)
        assert status in (1, 2)
        assert len(err.splitlines()) == 1, err
        assert "\\n" in err
    done = run(capsys, "batch", folder, "island -> navy", "-o", tmp_path / "o", *scene.overrides)
    assert done[0] == 4
    assert len(done[2].splitlines()) == 2, done[2]
    assert "a\\nroom.jpg" in done[2]
    _, said, err = run(capsys, "batch", folder, "island -> navy", "-o", tmp_path / "o", "--dry-run", *scene.overrides)
    assert len(said.splitlines()) == 1, said
    assert len(err.splitlines()) == 2, err
    assert "a\\nroom.jpg" in err
