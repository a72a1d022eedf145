"""The scripts of pipelines/: the same jobs through Hydra's own front door, multirun included."""

import io
import json
import logging
import runpy
import shutil
import subprocess
import sys
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import cv2
import numpy as np
import pytest

pytestmark = pytest.mark.slow

PIPELINES = Path(__file__).resolve().parent.parent / "pipelines"


def process(name: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """A script as users start it."""
    command = [sys.executable, str(PIPELINES / f"{name}.py"), *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def script(name: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """The same within this process, in a fifth of the time: imports and composed files are there."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level  # Hydra puts its own in their place
    out, err = io.StringIO(), io.StringIO()
    sys.modules.pop("jobs", None)  # it remembers the jobs that failed
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.chdir(cwd)
        patch.syspath_prepend(PIPELINES)
        patch.setattr(sys, "argv", [f"{name}.py", *arguments])
        try:
            runpy.run_path(str(PIPELINES / f"{name}.py"), run_name="__main__")
        except SystemExit as left:
            status = left.code or 0
        finally:
            root.handlers[:] = handlers
            root.setLevel(level)
    assert isinstance(status, int)
    return subprocess.CompletedProcess(arguments, status, out.getvalue(), err.getvalue())


def setup(scene, *more: str) -> Sequence[str]:
    """Painted masks and the paint editor: real stages, and no model."""
    return (f"photo='{scene.photo}'", *scene.overrides, *more)


def test_edit_writes_what_the_command_line_writes(scene, tmp_path: Path):
    more = ("seed=3", "disclose=metadata")
    done = process("edit", *setup(scene, *more), "edits='island -> white'", "out=done", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip() == str(Path("done", "kitchen.png"))
    record = json.loads((tmp_path / "done" / "kitchen.run.json").read_text(encoding="utf-8"))
    assert (record["seed"], record["preset"], record["outside_changed_px"]) == (3, "starter", 0)
    assert record["steps"][0]["area_px"] > 0
    assert record["disclosure"]["note"] == "Digitally altered: island"

    from automask.cli.entry import main

    words = [str(scene.photo), "island -> white", "-o", str(tmp_path / "typed"), *more, *scene.overrides]
    assert main(["edit", *words]) == 0
    for name in ("kitchen.png", "kitchen.masks/01-island.png"):
        assert (tmp_path / "typed" / name).read_bytes() == (tmp_path / "done" / name).read_bytes()


def test_a_single_run_leaves_nothing_but_its_results(scene, tmp_path: Path):
    folder = tmp_path / "empty"
    folder.mkdir()
    assert process("mask", *setup(scene), "edits='island'", "out=done", cwd=folder).returncode == 0
    assert [path.name for path in folder.iterdir()] == ["done"]


def test_mask_takes_words_without_arrows(scene, tmp_path: Path):
    done = script("mask", *setup(scene), "edits='island, lamp; island except handles'", "out=done", cwd=tmp_path)
    assert done.returncode == 2
    done = script("mask", *setup(scene), "edits='island except handles; lamp'", "out=done", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    masks = sorted(path.name for path in (tmp_path / "done" / "kitchen.masks").iterdir())
    assert masks == ["01-island.png", "02-lamp.png"]


def test_batch_does_a_folder(scene, tmp_path: Path):
    folder = tmp_path / "two photos"
    folder.mkdir()
    for name in ("a", "b"):
        shutil.copy(scene.photo, folder / f"{name}.png")
    words = ("edits='island -> white'", "out=done", *scene.overrides)
    done = process("batch", f"photo='{folder}'", *words, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip() == "2 done, 0 failed, in done"
    assert {"a.png", "b.png", "a.run.json", "b.run.json"} <= {path.name for path in (tmp_path / "done").iterdir()}


def test_batch_takes_urls_of_a_store(scene, tmp_path: Path):
    pytest.importorskip("fsspec", reason="needs the 'stores' extra")
    folder = tmp_path / "in"
    folder.mkdir()
    shutil.copy(scene.photo, folder / "a.png")
    words = ("edits='island -> white'", f"out='file://{tmp_path}/out'", *scene.overrides)
    done = script("batch", f"photo='file://{folder}'", *words, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip() == f"1 done, 0 failed, in file://{tmp_path}/out"
    assert {"a.png", "a.run.json"} <= {path.name for path in (tmp_path / "out").iterdir()}


def test_a_batch_with_a_bad_photo_exits_4(scene, tmp_path: Path):
    folder = tmp_path / "photos"
    folder.mkdir()
    shutil.copy(scene.photo, folder / "a.png")
    (folder / "b.png").write_bytes(b"no picture")
    done = script("batch", f"photo='{folder}'", "edits='island -> white'", *scene.overrides, cwd=tmp_path)
    assert done.returncode == 4
    assert "b.png" in done.stderr


def test_multirun_gives_each_job_a_folder_of_its_own(scene, tmp_path: Path):
    words = "edits='island -> white','lamp -> black'"
    done = process("edit", "-m", *setup(scene), words, "seed=1,2", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    records = sorted((tmp_path / "multirun").glob("*/*/*/kitchen.run.json"))
    assert [path.parent.name for path in records] == ["0", "1", "2", "3"]
    loaded = [json.loads(path.read_text(encoding="utf-8")) for path in records]
    assert [(one["steps"][0]["targets"], one["seed"]) for one in loaded] == [
        (["island"], 1),
        (["island"], 2),
        (["lamp"], 1),
        (["lamp"], 2),
    ]
    assert not (tmp_path / "out").exists()


def test_an_experiment_may_be_a_sweep(scene, tmp_path: Path):
    done = script("edit", *setup(scene), "experiment=material_sweep", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    records = (tmp_path / "multirun").glob("*/*/*/kitchen.run.json")
    prompts = [json.loads(path.read_text(encoding="utf-8"))["steps"][0]["prompt"] for path in sorted(records)]
    assert prompts == ["marble", "marble", "oak", "oak", "terrazzo", "terrazzo"]
    pictures = {path.read_bytes() for path in (tmp_path / "multirun").glob("*/*/*/kitchen.png")}
    assert len(pictures) == 6


def test_multirun_writes_into_out_where_it_is_given(scene, tmp_path: Path):
    done = script("mask", "-m", *setup(scene), "edits='island','lamp'", "out='at/${edits}'", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(path.name for path in (tmp_path / "at").iterdir()) == ["island", "lamp"]


def test_a_failed_job_of_a_multirun_does_not_stop_the_others(scene, tmp_path: Path):
    words = "edits='sofa -> white','lamp -> black'"
    done = process("edit", "-m", *setup(scene), words, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("automask: no mask for 'sofa'")
    assert "Traceback" not in done.stderr
    assert len(list((tmp_path / "multirun").glob("*/*/1/kitchen.png"))) == 1


@pytest.mark.parametrize("name", ["edit", "mask", "batch"])
def test_without_arguments_a_script_explains_itself(name: str, tmp_path: Path):
    done = script(name, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    first, *explained = done.stderr.splitlines()
    assert first == "automask: say what to do with key=value, as in the examples below."
    assert f"`automask {name}` as a Hydra script, for sweeps and launchers." in explained
    assert any(line.startswith(f"python pipelines/{name}.py photo=") for line in explained)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["edits=island -> marble"], 2, """edits="'island -> marble'\""""),
        (["edits=island", "->", "marble"], 2, """edits="'island -> marble'\""""),
        (["-m", "edits=island -> marble"], 2, """edits="'island -> marble'\""""),
        (["/rooms/kitchen.jpg", "island -> marble"], 2, "'/rooms/kitchen.jpg' is no key=value; say photo=/rooms/kit"),
        (["photo=kitchen.jpg", "island -> marble"], 2, """'island -> marble' is no key=value; say edits="'island ->"""),
        (["edits=island,lamp"], 2, """edits="'island,lamp'\""""),
        ([], 2, "no edits= and no plan="),
        (["edits='a -> b'", "plan=x.yaml"], 2, "edits= and plan= are both given"),
        (["edits='a -> b'", "plan=x.yaml", "photo=null"], 2, "no photo given; say photo=kitchen.jpg"),
        (["edits='island ->'"], 2, "line 1, column"),
        (["edits='island -> white'", "photo=gone.jpg"], 1, "gone.jpg"),
        (["edits='yacht -> white'", "on_missing=fail"], 3, "no 'yacht'"),
        (["edits='island -> white'", "sed=3"], 2, "unknown key 'sed'; did you mean 'seed'?"),
        (
            ["edits='island -> white'", "editor=piant", "seed=x"],
            2,
            "unknown editor 'piant'; did you mean 'paint'?\nseed is",
        ),
        (["edits='island -> white'", "seed=1,2"], 2, "'seed=1,2' lists several values; say -m"),
        (["edits='island -> white'", "editor._target_=os.getcwd"], 2, "YAML files only"),
        (["-m", "edits='island -> white'", "editor._target_=os.getcwd,os.getpid"], 2, "YAML files only"),
        (["edits='island -> white'", "+mine={_target_: os.getcwd}"], 2, "YAML files only"),
        (["edits='island -> white'", "hydra.launcher._target_=os.getcwd"], 2, "YAML files only"),
        (["edits='island -> white'", "segmenter.masks='${oc.create:{_target_:os.getcwd}}'"], 2, "YAML files only"),
        (["edits='island -> white'", r"segmenter.masks=$\{oc.create:\{_target_: os.getcwd\}\}"], 2, "YAML files only"),
        (["edits='island -> white'", r"out=$\{oc.env:HOME\}"], 2, "YAML files only"),
        (["-m", "edits='island -> white'", r"out=a,$\{oc.env:HOME\}"], 2, "YAML files only"),
        (["-m", "edits='island -> white'", r"segmenter.masks={_tar\get_: os.getcwd},b"], 2, "YAML files only"),
    ],
)
def test_a_mistake_is_reported_without_a_traceback(scene, tmp_path: Path, arguments: list[str], status: int, said: str):
    done = script("edit", *setup(scene), *arguments, cwd=tmp_path)
    assert said in done.stderr
    assert done.returncode == status
    assert done.stderr.startswith("automask: ")
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_segmenter_from_a_folder_of_one_s_own(scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "src").mkdir()
    source = "from automask.testing import PaintedHeat\nimport numpy as np\n\n\ndef left_half(*, heat: float = 1.0):\n"
    source += "    half = np.zeros((96, 128), dtype=np.float32)\n    half[:, :64] = heat\n"
    source += "    return PaintedHeat({'left': half})\n"
    (tmp_path / "src" / "halves_of_mine.py").write_text(source, encoding="utf-8")
    (tmp_path / "my conf" / "segmenter").mkdir(parents=True)
    (tmp_path / "my conf" / "segmenter" / "half.yaml").write_text("_target_: halves_of_mine.left_half\nheat: 0.9\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "src"))
    words = (f"photo='{scene.photo}'", "segmenter=half", "refiner=threshold", "edits='left'", "out=done")
    done = process("mask", "--config-dir", "my conf", *words, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    mask = cv2.imread(str(tmp_path / "done" / "kitchen.masks" / "01-left.png"), cv2.IMREAD_GRAYSCALE)
    assert np.all(mask[:, :60] == 255)
    assert np.all(mask[:, 70:] == 0)


@pytest.mark.models
@pytest.mark.parametrize("name", ["edit", "mask", "batch"])
def test_each_script_runs_the_tiny_preset(name: str, scene, tmp_path: Path):
    photo = scene.folder if name == "batch" else scene.photo
    words = "edits='island'" if name == "mask" else "edits='island -> marble'"
    done = process(name, f"photo='{photo}'", words, "preset=tiny", "boxes.threshold=0.3", "out=done", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    written = "kitchen.masks.json" if name == "mask" else "kitchen.run.json"
    record = json.loads((tmp_path / "done" / written).read_text(encoding="utf-8"))
    assert record["photo"] == "kitchen.png" if name != "mask" else record


def test_edit_makes_the_variants_of_words_with_braces(scene, tmp_path: Path):
    done = script("edit", *setup(scene), "edits='island -> {white, navy}'", "out=done", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    sheet = str(Path("done", "kitchen.variants.jpg"))
    assert done.stdout.split() == [str(Path("done", name, "kitchen.png")) for name in ("white", "navy")] + [sheet]
    assert (tmp_path / sheet).is_file()


def test_a_multirun_over_what_is_painted_finds_the_masks_once(
    scene, counted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("AUTOMASK_CACHE", str(tmp_path / "cache"))
    words = "edits='island -> white','island -> navy','island -> gold'"
    counting = ("--config-dir", str(counted.parent / "conf"), "segmenter=counting", *setup(scene)[2:])
    done = script("edit", "-m", *counting, setup(scene)[0], words, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert counted.read_text() == "x"
    records = sorted((tmp_path / "multirun").glob("*/*/*/kitchen.run.json"))
    loaded = [json.loads(path.read_text(encoding="utf-8"))["timing"] for path in records]
    assert [timing.get("masks_from_cache", False) for timing in loaded] == [False, True, True]
    assert len(list((tmp_path / "cache" / "masks").glob("*.masks"))) == 1
    done = script("edit", *setup(scene), "edits='island -> red'", "out=done", cwd=tmp_path)
    record = json.loads((tmp_path / "done" / "kitchen.run.json").read_text(encoding="utf-8"))
    assert "masks_from_cache" not in record["timing"]
