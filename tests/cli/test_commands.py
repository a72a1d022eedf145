"""The commands around an edit: configuration, weights, and how several photos are refused."""

import hashlib
import io
import itertools
import json
import os
import shutil
import sys
import urllib.request
from pathlib import Path

import numpy as np
import pytest
import yaml

from automask.cli.console import download_bar, print_found, share_of_photo
from automask.cli.entry import main
from automask.config import SCRIPT_KEYS, compose, conf_dir, conf_files, weights_of
from automask.types import Box, Instance
from automask.weights import Weights, catalogue, expected_path, find


def run(capsys, *arguments: object) -> tuple[int, str, str]:
    """Exit status, standard output and standard error of one command."""
    status = main([str(argument) for argument in arguments])
    said = capsys.readouterr()
    return status, said.out, said.err


# automask config


def test_config_show_prints_what_a_run_would_have(capsys):
    status, out, err = run(capsys, "config", "show", "boxes.threshold=0.2", "--preset", "photo", "editor=sdxl")
    assert (status, err) == (0, "")
    shown = yaml.safe_load(out)
    assert shown == compose("photo", ["boxes.threshold=0.2", "editor=sdxl"])
    assert not set(SCRIPT_KEYS) & set(shown)
    assert shown["boxes"]["threshold"] == 0.2
    assert shown["editor"]["model"] == "sdxl-inpaint"
    assert out.startswith("preset: photo\n")


def test_config_show_tells_mistakes_as_a_run_does(capsys):
    status, out, err = run(capsys, "config", "show", "boxes.treshold=0.2")
    assert (status, out) == (2, "")
    assert "did you mean 'boxes.threshold'?" in err


def test_config_list_names_every_file_that_is_offered_with_its_comment(capsys):
    status, out, err = run(capsys, "config", "list")
    assert (status, err) == (0, "")
    lines = out.splitlines()
    for path in conf_dir().glob("*/*.yaml"):
        offered = not path.stem.startswith("tiny") and path.stem != "serial"
        assert any(line.split()[:1] == [path.stem] and len(line.split()) > 3 for line in lines) == offered, path
    assert "  starter          A fresh machine: no GPU, no download, no torch." in lines
    assert not any("@package" in line for line in lines)


def test_config_list_takes_groups_and_the_user_s_own_files(capsys, tmp_path):
    (tmp_path / "editor").mkdir()
    (tmp_path / "editor" / "mine.yaml").write_text("# Coarser marble.\n_target_: automask.editors.paint.Paint\n")
    status, out, _ = run(capsys, "config", "list", "editor", "--conf", tmp_path)
    assert status == 0
    assert "  mine             Coarser marble." in out.splitlines()
    assert out.startswith("editor:\n")
    assert "segmenter:" not in out
    status, out, err = run(capsys, "config", "list", "edtor")
    assert (status, out) == (2, "")
    assert err.startswith("automask: unknown group 'edtor'; valid: preset, segmenter, ")


def test_a_copied_file_is_a_choice_of_its_own(capsys, tmp_path):
    mine = tmp_path / "my conf"
    status, out, err = run(capsys, "config", "copy", "editor/paint", mine, "--as", "mine")
    assert (status, err) == (0, "")
    copy = mine / "editor" / "mine.yaml"
    assert out.splitlines() == [str(copy), f"to use it: automask edit ... --conf '{mine}' editor=mine"]
    assert copy.read_bytes() == (conf_dir() / "editor" / "paint.yaml").read_bytes()
    copy.write_text(copy.read_text().replace("scale: 1.0", "scale: 2.5"))
    status, out, err = run(capsys, "config", "show", "--conf", mine, "editor=mine")
    assert (status, err) == (0, "")
    assert yaml.safe_load(out)["editor"]["scale"] == 2.5


def test_how_to_use_a_copied_style_is_said_as_it_works(capsys, tmp_path):
    status, out, err = run(capsys, "config", "copy", "style/japandi", tmp_path, "--as", "attic")
    assert (status, err) == (0, "")
    assert out.splitlines()[1] == f"to use it: automask edit ... --conf {tmp_path} --style attic"
    status, out, err = run(capsys, "styles", "attic", "--conf", tmp_path)
    assert (status, err) == (0, "")
    assert "  floor -> smoked oak planks" in out.splitlines()


@pytest.mark.slow
def test_every_file_can_be_copied_and_composed_under_its_new_name(capsys, tmp_path):
    for file in conf_files():
        assert run(capsys, "config", "copy", f"{file.group}/{file.name}", tmp_path)[0] == 0
    groups = itertools.groupby(conf_files(), key=lambda file: file.group)
    names = {group: [file.name for file in files] for group, files in groups}
    # Files of different stages at once; presets and experiments choose stages themselves.
    stages = [group for group in names if group not in ("preset", "experiment", "style")]
    chosen = [
        *({group: name} for group in ("preset", "experiment") for name in names[group]),
        *(
            {group: name for group, name in zip(stages, row, strict=True) if name is not None}
            for row in itertools.zip_longest(*(names[group] for group in stages))
        ),
    ]
    for choice in chosen:
        # As for a script: experiments also set what only scripts read.
        copies = [f"{group}=my-{name}" for group, name in choice.items()]
        config = compose(None, copies, conf=tmp_path, script=True)
        original = compose(None, [f"{group}={name}" for group, name in choice.items()], script=True)
        assert {**config, "preset": ""} == {**original, "preset": ""}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["editor/piant", "DIR"], "unknown configuration file 'editor/piant'; did you mean 'editor/paint'?"),
        (["xyzzy", "DIR"], "unknown configuration file 'xyzzy'; see 'automask config list'"),
        (["editor/paint", "DIR", "--as", "diffusion"], "editor/diffusion is one of automask's own files"),
        (["editor/paint", "DIR", "--as", "../mine"], "'../mine' is not a file name"),
        (["editor/paint", "DIR", "--as", "taken"], "taken.yaml' is there already; choose another name: --as NAME"),
        (["editor/paint", "FILE"], "cannot write"),
        (["editor/paint"], "the following arguments are required: DIR"),
    ],
)
def test_a_copy_that_would_not_be_read_or_would_overwrite_is_refused(capsys, tmp_path, arguments, said):
    (tmp_path / "editor").mkdir()
    (tmp_path / "editor" / "taken.yaml").write_text("mine: true\n")
    (tmp_path / "file").write_text("")
    named = {"DIR": tmp_path, "FILE": tmp_path / "file"}
    status, out, err = run(capsys, "config", "copy", *(named.get(text, text) for text in arguments))
    assert status in (1, 2)
    assert out == ""
    assert said in err
    assert len(err.splitlines()) == 1
    assert (tmp_path / "editor" / "taken.yaml").read_text() == "mine: true\n"
    assert [path.name for path in (tmp_path / "editor").iterdir()] == ["taken.yaml"]


# automask models


def test_what_a_preset_needs_is_read_from_its_files(tmp_path):
    assert weights_of(compose("starter")) == ()
    assert weights_of(compose("photo")) == ("clipseg-rd64-refined", "vit_b", "sd15-inpaint")
    assert weights_of(compose("photo", ["editor=sd15-depth"])) == (
        *("clipseg-rd64-refined", "vit_b", "sd15-inpaint"),
        *("controlnet-depth-sd15", "depth-anything-v2-small"),
    )
    assert weights_of(compose("starter", ["editor=auto"])) == ("sd15-inpaint",)
    (tmp_path / "refiner").mkdir()
    (tmp_path / "refiner" / "mine.yaml").write_text("_target_: automask.refiners.sam.Sam\nmodel: vit_h\n")
    assert weights_of(compose("starter", ["refiner=mine"], conf=tmp_path), conf=tmp_path) == ("vit_h",)


OTHER_CHOICES = {
    *("vit_l", "vit_h", "qwen-image-edit"),
    *("mask2former-ade20k", "segformer-b5", "mm-grounding-dino-tiny", "sam3.1"),
    *("sam2.1-tiny", "sam2.1-large"),
}


def test_every_entry_of_the_catalogue_is_needed_by_a_file_or_offered_as_another_choice():
    needed = {
        name
        for file in conf_files()
        if file.group in ("segmenter", "refiner", "editor")
        for name in weights_of(compose(None, [f"{file.group}={file.name}"]))
    }
    assert {known.name for known in catalogue()} - needed <= OTHER_CHOICES


@pytest.fixture
def fetched(monkeypatch):
    """The names that were fetched; nothing is downloaded."""
    names = []

    def fetch(name, *, progress=None):
        names.append(name)
        return Path("weights", name)

    monkeypatch.setattr("automask.weights.fetch", fetch)
    return names


def test_several_names_are_fetched_in_order(capsys, fetched):
    status, out, err = run(capsys, "models", "fetch", "vit_b", "sd15-inpaint", "vit_b")
    assert (status, err) == (0, "")
    assert fetched == ["vit_b", "sd15-inpaint"]
    assert out.splitlines() == [str(Path("weights", name)) for name in fetched]


def test_fetch_takes_all_that_a_preset_needs(capsys, fetched):
    assert run(capsys, "models", "fetch", "vit_h", "--preset", "photo", "editor=sdxl")[0] == 0
    assert fetched == ["vit_h", "clipseg-rd64-refined", "vit_b", "sdxl-inpaint"]


def test_a_preset_that_needs_no_weights_says_so(capsys, fetched):
    status, out, _ = run(capsys, "models", "fetch", "--preset", "starter")
    assert (status, out) == (0, "preset 'starter' needs no weights: nothing to fetch\n")
    assert fetched == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "name what to fetch: clipseg-rd64-refined, "),
        (["vit_b", "sd15-inpant"], "unknown model 'sd15-inpant'; did you mean 'sd15-inpaint'?"),
        (["zzz"], "unknown model 'zzz'; valid: clipseg-rd64-refined, "),
        (["editor=sdxl"], "'editor=sdxl' without --preset; say which preset it changes, as --preset photo"),
        (["--preset", "foto"], "preset 'foto'; did you mean 'photo'?"),
    ],
)
def test_what_cannot_be_fetched_is_said_before_the_first_download(capsys, fetched, arguments, said):
    status, out, err = run(capsys, "models", "fetch", *arguments)
    assert (status, out, fetched) == (2, "", [])
    assert said in err


def test_a_download_without_a_terminal_tells_now_and_then_a_line(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("AUTOMASK_CACHE", str(tmp_path))
    body = b"weights" * 1_000_000
    entry = Weights(
        name="net",
        kind="refiner",
        source="https://example.invalid/net.pth",
        revision=None,
        sha256=(("net.pth", hashlib.sha256(body).hexdigest()),),
        licence="MIT",
        size_mb=7,
        note="",
    )
    monkeypatch.setattr("automask.weights.table._CATALOGUE", (entry,))

    class Answer(io.BytesIO):
        headers = {"Content-Length": str(len(body))}  # noqa: RUF012 - what urllib gives

    monkeypatch.setattr(urllib.request, "urlopen", lambda *_, **__: Answer(body))
    status, out, err = run(capsys, "models", "fetch", "net")
    assert (status, out) == (0, f"{expected_path(find('net'))}\n")
    lines = err.splitlines()
    assert 1 < len(lines) < 4  # the first and the last, and hardly more in no time
    assert lines[0].startswith("automask: net: 1 of 7 MB, ")
    assert lines[0].endswith(" left")
    assert lines[-1].startswith("automask: net: 7 of 7 MB, ")
    assert lines[-1].endswith(" MB/s")


@pytest.mark.parametrize(("seconds", "lines"), [(100, 11), (1200, 21)])
def test_the_lines_of_a_slow_download_are_few(capsys, monkeypatch, seconds, lines):
    clock = iter(range(10**6))
    monkeypatch.setattr("automask.cli.console.time.perf_counter", lambda: float(next(clock)))
    with download_bar("net", 1000) as on_progress:
        for second in range(seconds + 1):
            on_progress(second * 10**9 // seconds, 0)
    assert len(capsys.readouterr().err.splitlines()) == lines


@pytest.mark.skipif(sys.platform == "win32", reason="needs a terminal of its own")
def test_at_a_terminal_a_download_has_a_bar_with_rate_and_time_left(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("TERM", "xterm")
    with download_bar("vit_h", 2564) as on_progress:
        on_progress(1_300_000_000, 2_600_000_000)
    shown = terminal.getvalue()
    assert "vit_h" in shown
    assert "1.3/2.6 GB" in shown
    terminal.truncate(0)
    with download_bar("sd15-inpaint", 2700):
        pass  # fetched from the hub, with bars of its own
    assert terminal.getvalue().strip("\0\n") == ""


# What an edit says


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0412, "4.1 %"), (1.0, "100.0 %"), (0.0004, "less than 0.1 %"), (0.0006, "0.1 %"), (0.0, "0.0 %")],
)
def test_a_share_is_told_in_one_form(share, text):
    assert share_of_photo(share) == f"{text} of the photo"


def test_edit_and_mask_tell_the_share_of_the_photo(capsys, scene, tmp_path):
    _, out, _ = run(capsys, "mask", scene.photo, "lamp", "-o", tmp_path, *scene.overrides)
    share = scene.masks["lamp"].mean()
    assert out.startswith(f"  lamp: {100 * share:.1f} % of the photo in 1 place\n")
    _, out, _ = run(capsys, "edit", scene.photo, "lamp -> gold", "-o", tmp_path, *scene.overrides)
    area_px = json.loads((tmp_path / "kitchen.run.json").read_text())["steps"][0]["area_px"]
    assert out.startswith(f"  lamp -> gold: {100 * area_px / (96 * 128):.1f} % of the photo repainted\n")


def test_the_number_of_places_is_that_of_the_things_that_are_listed(capsys):
    lamps = [Instance("lamp", n, Box(n, 0, n + 1, 1), np.ones((1, 1), bool), n < 3) for n in (1, 2, 3)]
    print_found("lamps", True, None, 1, 0.1, None, (), instances=lamps, photo_px=100)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("in 2 places")
    assert sum("not chosen" not in line for line in lines[1:]) == 2


def test_mask_writes_a_coco_file_that_pycocotools_loads(capsys, scene, tmp_path):
    file = tmp_path / "sets" / "coco.json"
    words = ("mask", scene.photo, "island; lamp; yacht", "-o", tmp_path / "o", "--coco", file, *scene.overrides)
    for _ in range(2):  # its own file is written again
        status, out, _ = run(capsys, *words)
        assert status == 0
        assert out.splitlines()[-1] == str(file)
    said = json.loads(file.read_text(encoding="utf-8"))
    assert [image["file_name"] for image in said["images"]] == ["kitchen.png"]
    pycocotools = pytest.importorskip("pycocotools.coco")
    coco = pycocotools.COCO(str(file))
    masks = {coco.cats[one["category_id"]]["name"]: coco.annToMask(one) for one in coco.anns.values()}
    assert set(masks) == {"island", "lamp"}
    assert (masks["lamp"].astype(bool) == scene.masks["lamp"]).all()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("kitchen.jpg", None, "kitchen.jpg' is not a JSON file; give it the ending .json"),
        ("theirs.json", '{"info": {"description": "by hand"}}', "is there already, and automask did not write it"),
        ("theirs.json", "[1, 2]", "is there already, and automask did not write it"),
        ("theirs.json", "no JSON", "is there already, and automask did not write it"),
    ],
)
def test_a_coco_file_never_overwrites_somebody_else_s(capsys, scene, tmp_path, name, content, said):
    if content is not None:
        (tmp_path / name).write_text(content)
    words = ("mask", scene.photo, "lamp", "-o", tmp_path / "o", "--coco", tmp_path / name, *scene.overrides)
    status, _, err = run(capsys, *words)
    assert status == 2
    assert said in err
    assert not (tmp_path / "o").exists()
    assert content is None or (tmp_path / name).read_text() == content


def test_a_coco_file_that_cannot_be_written_stops_before_the_work(capsys, scene, tmp_path):
    (tmp_path / "taken").touch()
    file = tmp_path / "taken" / "coco.json"
    words = ("mask", scene.photo, "lamp", "-o", tmp_path / "o", "--coco", file, *scene.overrides)
    taken = str(tmp_path / "taken")
    said = f"automask: {taken!r} cannot be a folder: {taken!r} is a file; name another folder\n"
    assert run(capsys, *words) == (1, "", said)
    assert not (tmp_path / "o").exists()


def test_a_coco_file_never_overwrites_the_record_of_the_masks(capsys, scene, tmp_path):
    record = tmp_path / "o" / "kitchen.masks.json"
    status, _, err = run(capsys, "mask", scene.photo, "lamp", "-o", tmp_path / "o", "--coco", record, *scene.overrides)
    assert (status, err) == (
        2,
        f"automask: --coco '{record}' is where the record of the masks goes; choose another name\n",
    )
    assert not record.exists()


def test_several_photos_of_an_unquoted_pattern_are_sent_to_batch(capsys, scene, tmp_path):
    others = [tmp_path / f"{name}.jpg" for name in "abc"]
    for photos in (others[:2], others):
        status, out, err = run(capsys, "edit", *photos, "island -> navy", "-o", tmp_path / "o")
        assert (status, out) == (2, "")
        assert err == (
            f"automask: more than one photo: '{others[0]}' and '{others[1]}'; for many photos: "
            "automask batch FOLDER EDITS, or a pattern in quotes: automask batch '*.jpg' EDITS\n"
        )
    status, _, err = run(capsys, "mask", *others, "island")
    assert status == 2
    assert err.endswith("; name one photo at a time\n")


def test_a_batch_of_an_unquoted_pattern_says_to_quote_it(capsys, scene, tmp_path):
    photos = [tmp_path / name for name in ("a.jpg", "b.jpg")]
    for sources in (photos, [scene.folder, tmp_path]):
        status, out, err = run(capsys, "batch", *sources, "island -> navy", "-o", tmp_path / "o")
        assert (status, out) == (2, "")
        assert err == (
            f"automask: more than one folder, glob or CSV: '{sources[0]}' and '{sources[1]}'; for many photos: "
            "automask batch FOLDER EDITS, or a pattern in quotes: automask batch '*.jpg' EDITS\n"
        )


def test_batch_writes_into_the_folder_out_where_it_is_not_told(capsys, scene, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, said, err = run(capsys, "batch", scene.folder, "lamp -> gold", *scene.overrides)
    assert (status, err) == (0, "")
    assert said.startswith("1 done")
    assert (tmp_path / "out" / "kitchen.png").is_file()


# AUTOMASK_DEBUG


@pytest.fixture
def failing(tmp_path, monkeypatch) -> Path:
    """A folder of the user's own with a segmenter that fails in its own code."""
    (tmp_path / "conf" / "segmenter").mkdir(parents=True)
    (tmp_path / "conf" / "segmenter" / "failing.yaml").write_text("_target_: failing_plugin.Failing\n")
    source = "class Failing:\n    def heats(self, photo, targets):\n        return self.my_own_helper()\n\n"
    source += "    def my_own_helper(self):\n        raise KeyError('my own mistake')\n"
    (tmp_path / "failing_plugin.py").write_text(source)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "failing_plugin", raising=False)
    return tmp_path / "conf"


def test_the_traceback_of_a_plug_in_is_shown_where_it_is_asked_for(capsys, scene, failing, tmp_path, monkeypatch):
    words = ("mask", scene.photo, "island", "--conf", failing, "segmenter=failing", "-o", tmp_path / "o")
    monkeypatch.delenv("AUTOMASK_DEBUG", raising=False)
    status, _, plain = run(capsys, *words)
    assert status == 1
    assert len(plain.splitlines()) == 1
    monkeypatch.setenv("AUTOMASK_DEBUG", "1")
    status, _, err = run(capsys, *words)
    assert status == 1
    assert "in my_own_helper" in err
    assert "The above exception was the direct cause of" in err
    assert err.endswith(plain)


def test_a_batch_shows_the_traceback_of_each_photo_too(capsys, scene, failing, tmp_path, monkeypatch):
    words = ("batch", scene.folder, "island -> navy", "--conf", failing, "segmenter=failing", "-o", tmp_path / "o")
    monkeypatch.setenv("AUTOMASK_DEBUG", "1")
    status, _, err = run(capsys, *words)
    assert status == 4
    assert "in my_own_helper" in err


def test_processes_of_a_batch_show_the_traceback_too(capfd, scene, failing, tmp_path, monkeypatch):
    words = ("batch", scene.folder, "island -> navy", "--conf", failing, "segmenter=failing", "-o", tmp_path / "o")
    monkeypatch.setenv("AUTOMASK_DEBUG", "1")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    shutil.copyfile(scene.photo, scene.folder / "second.png")
    assert main([str(word) for word in (*words, "--workers", "2")]) == 4
    assert capfd.readouterr().err.count("in my_own_helper") == 2


def test_debugging_is_off_where_it_says_0(capsys, scene, failing, tmp_path, monkeypatch):
    monkeypatch.setenv("AUTOMASK_DEBUG", "0")
    words = ("mask", scene.photo, "island", "--conf", failing, "segmenter=failing", "-o", tmp_path / "o")
    status, _, err = run(capsys, *words)
    assert status == 1
    assert len(err.splitlines()) == 1


def test_a_mistake_of_the_user_has_no_traceback_even_then(capsys, scene, monkeypatch):
    monkeypatch.setenv("AUTOMASK_DEBUG", "1")
    status, _, err = run(capsys, "edit", scene.photo, "island")
    assert status == 2
    assert "Traceback" not in err


def test_masks_of_a_photo_and_of_a_folder_go_to_labelme_and_yolo(capsys, scene, tmp_path):
    folder = tmp_path / "in" / "sub"
    folder.mkdir(parents=True)
    shutil.copy(scene.photo, folder)
    labelme, yolo = tmp_path / "labelme", tmp_path / "yolo"
    ways = ("--labelme", labelme, "--yolo", yolo, *scene.overrides)
    status, out, _ = run(capsys, "mask", scene.photo, "island; lamp", "-o", tmp_path / "o", *ways)
    assert (status, out.splitlines()[-2:]) == (0, [str(labelme), str(yolo / "data.yaml")])
    one = json.loads((labelme / "kitchen.json").read_text(encoding="utf-8"))
    assert (labelme / one["imagePath"]).samefile(scene.photo)
    assert {shape["label"] for shape in one["shapes"]} == {"island", "lamp"}
    many = ("mask", tmp_path / "in", "island; lamp", "--recursive", "--workers", "1", "-o", tmp_path / "many", *ways)
    assert run(capsys, *many)[0] == 0
    other = json.loads((labelme / "sub" / "kitchen.json").read_text(encoding="utf-8"))
    assert (labelme / "sub" / other["imagePath"]).samefile(folder / "kitchen.png")
    assert other["shapes"] == one["shapes"]
    assert (yolo / "labels" / "sub" / "kitchen.txt").read_text() == (yolo / "labels" / "kitchen.txt").read_text()
    mine = (labelme / "kitchen.json").read_text().replace('"lamp"', '"lmap"')
    (labelme / "kitchen.json").write_text(mine)
    _, _, err = run(capsys, "mask", scene.photo, "island; lamp", "-o", tmp_path / "o", *ways)
    assert "kitchen.json' is kept: it is not as automask wrote it; --overwrite replaces it" in err
    assert (labelme / "kitchen.json").read_text() == mine
    shutil.copy(scene.photo, folder / "kitchen.tiff")
    assert "have one file of labels" in run(capsys, *many)[2]
