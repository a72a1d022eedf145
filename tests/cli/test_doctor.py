import importlib.util
import json

import pytest

from automask.cli.entry import main
from automask.weights import catalogue, find, machine


@pytest.fixture(autouse=True)
def homes(tmp_path, monkeypatch):
    monkeypatch.setenv("AUTOMASK_CACHE", str(tmp_path / "own"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path


@pytest.fixture
def no_torch(monkeypatch):
    """A machine without the extra: its packages are not found, whatever this one has."""
    real = importlib.util.find_spec
    absent = {*machine._MODELS_EXTRA}
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name in absent else real(name))


@pytest.fixture
def no_gpu(monkeypatch):
    """torch is not imported for it: that takes seconds."""
    monkeypatch.setattr(machine, "_gpus", lambda: ())


def run(capsys, *words):
    status = main([str(word) for word in words])
    said = capsys.readouterr()
    return status, said.out, said.err


def test_it_says_what_the_machine_has_and_what_each_preset_lacks(capsys, no_torch):
    status, out, err = run(capsys, "doctor")
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].startswith("automask ")
    assert "GPU: none that PyTorch can use" in lines
    assert "preset starter: ready" in lines
    assert any(line.startswith("weights are kept in ") and line.endswith(" GB free") for line in lines)
    for preset in ("best", "open", "photo", "rooms"):
        (line,) = [line for line in lines if line.startswith(f"preset {preset}: ")]
        assert "lacks packages (torch, transformers, diffusers, " in line
        command = f"run: pip install 'automask[models]' && automask models fetch --preset {preset}"
        assert line.endswith(command)
    (best,) = [line for line in lines if line.startswith("preset best")]
    assert "sam3, sam2.1-small, klein-4b (19.6 GB)" in best
    assert not any("tiny" in line.partition(":")[0] for line in lines)


@pytest.mark.models
def test_with_the_packages_only_the_weights_are_lacking(capsys, no_gpu):
    status, out, _ = run(capsys, "doctor", "--preset", "rooms")
    assert status == 1
    assert out.splitlines()[-1] == (
        "preset rooms: lacks eomt-ade20k, vit_b (1.6 GB); run: automask models fetch --preset rooms"
    )


def test_the_preset_s_own_files_of_the_user_and_its_changes_count(capsys, no_torch):
    status, out, _ = run(capsys, "doctor", "--preset", "photo", "editor=paint", "refiner=threshold")
    assert status == 1
    line = out.splitlines()[-1]
    assert "clipseg-rd64-refined (0.6 GB)" in line
    assert line.endswith("automask models fetch --preset photo editor=paint refiner=threshold")


def test_a_preset_that_needs_nothing_is_ready(capsys, no_torch):
    status, out, _ = run(capsys, "doctor", "--preset", "starter")
    assert (status, out.splitlines()[-1]) == (0, "preset starter: ready")


def test_a_disk_that_is_too_small_is_said(capsys, no_torch, monkeypatch):
    monkeypatch.setattr(machine, "free_gb", lambda _: 1.5)
    _, out, _ = run(capsys, "doctor", "--preset", "photo")
    assert "; they need more room than the 1.5 GB that are free; run: " in out.splitlines()[-1]


def test_json_holds_all_of_it_and_nothing_else(capsys, no_torch):
    status, out, err = run(capsys, "doctor", "--json")
    assert (status, err) == (0, "")
    said = json.loads(out)
    assert said["presets"]["starter"] == {
        "ready": True,
        "packages": [],
        "weights": [],
        "download_mb": 0,
        "command": None,
    }
    assert said["presets"]["open"]["weights"] == ["grounding-dino-tiny", "sam2.1-small", "klein-4b"]
    assert said["machine"]["gpus"] == []
    assert "torch" in said["machine"]["packages"]


@pytest.mark.slow
def test_try_edits_the_sample_and_writes_a_report(capsys, tmp_path, no_torch):
    out_folder = tmp_path / "out"
    status, out, _ = run(capsys, "doctor", "--preset", "starter", "--try", "-o", out_folder)
    assert status == 0
    report = (out_folder / "doctor.txt").read_text(encoding="utf-8").splitlines()
    assert report[0].startswith("automask ")
    assert "tried: island -> white marble; cabinets -> forest" in report
    assert report[-1] == "pixels changed outside the masks: 0"
    assert sum(line.startswith("found: yes, ") for line in report) == 2
    assert (out_folder / "kitchen.jpg").is_file()
    assert str((out_folder / "kitchen.before-after.jpg").resolve()) in out
    assert str((out_folder / "doctor.txt").resolve()) in out
    (out_folder / "doctor.txt").write_text("Dear Doctor,")
    assert run(capsys, "doctor", "--preset", "starter", "--try", "-o", out_folder)[0] == 0
    assert (out_folder / "doctor.txt").read_text() == "Dear Doctor,"
    assert (out_folder / "doctor-2.txt").read_text(encoding="utf-8").startswith("automask ")


def test_what_cannot_run_is_not_tried(capsys, tmp_path, no_torch):
    status, _, err = run(capsys, "doctor", "--preset", "open", "--try", "-o", tmp_path / "out")
    assert status == 1
    assert "automask: open cannot be tried yet: pip install 'automask[models]' && automask models fetch" in err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--try"], "--try and key=value need --preset; say which preset, as --preset open"),
        (["editor=klein"], "--try and key=value need --preset"),
        (["open"], "doctor: unexpected argument 'open'; name a preset with --preset"),
        (["--preset", "opne"], "unknown preset 'opne'; did you mean 'open'?"),
    ],
)
def test_what_is_typed_wrong_is_said(capsys, words, said):
    status, _, err = run(capsys, "doctor", *words)
    assert status == 2
    assert said in err


def test_room_on_the_disk_is_that_of_the_nearest_folder_there_is(tmp_path):
    assert machine.free_gb(tmp_path / "a" / "b") > 0
    assert machine.free_gb(tmp_path / "a") == pytest.approx(machine.free_gb(tmp_path), rel=0.1)


def test_every_preset_s_weights_are_in_the_catalogue():
    names = {known.name for known in catalogue()}
    lack = machine.lacks(sorted(names), needs_models=False)
    assert set(lack.weights) == names
    assert lack.download_mb == sum(find(name).size_mb for name in names)
