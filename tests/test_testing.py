import subprocess
import sys

import numpy as np
import pytest

from automask import testing
from automask.errors import ConfigError, UnknownPhrase
from automask.protocols import Editor, Refiner, Segmenter

CROP = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3) * 15
HARD = np.ones((2, 3), dtype=np.bool_)


def test_painted_heat_returns_what_it_was_given_and_counts():
    heat = np.full((2, 3), 0.5, np.float32)
    segmenter = testing.PaintedHeat({"island": heat, "wall": heat / 2})
    assert isinstance(segmenter, Segmenter)
    assert np.array_equal(segmenter.heats(CROP, ["wall", "island"]), np.stack([heat / 2, heat]))
    with pytest.raises(UnknownPhrase, match=r"no heat painted for 'sofa'; painted are: island, wall"):
        segmenter.heats(CROP, ["sofa"])
    assert segmenter.calls == 2


@pytest.mark.parametrize("editor", ["Identity", "AddEight", "ShiftByOne", "Fill", "WrongSize", "NaN", "Raises"])
def test_every_nasty_editor_has_the_protocols_methods(editor):
    assert isinstance(getattr(testing, editor)(), Editor)


def test_every_nasty_editor_breaks_its_own_promise():
    def paint(editor):
        before = CROP.copy()
        made = editor.paint(CROP, HARD, "", seed=1)
        assert np.array_equal(before, CROP)
        return made

    assert np.array_equal(paint(testing.Identity()), CROP)
    assert np.array_equal(paint(testing.AddEight()), np.minimum(CROP.astype(int) + 8, 255))
    assert np.array_equal(paint(testing.ShiftByOne())[1:, 1:], CROP[:-1, :-1])
    assert paint(testing.Fill(rgb=(1, 2, 3)))[1, 2].tolist() == [1, 2, 3]
    assert np.array_equal(paint(testing.Fill()), paint(testing.Fill()))
    assert paint(testing.WrongSize()).shape == (1, 3, 3)
    assert np.isnan(paint(testing.NaN())).sum() == 1
    with pytest.raises(RuntimeError, match=r"^boom$"):
        paint(testing.Raises())


def test_importing_it_imports_no_torch():
    heavy = "('torch', 'transformers', 'diffusers')"
    code = f"import automask.testing, sys; print([name for name in {heavy} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "[]\n"


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("AUTOMASK_CACHE", str(tmp_path))
    return tmp_path / "tiny"


@pytest.mark.models
def test_a_tiny_model_is_written_once_and_leaves_the_global_random_state(cache):
    import torch

    writes = []

    def write(folder):
        writes.append(torch.rand(3).tolist())
        (folder / "file").write_text("whole")

    before = torch.get_rng_state()
    first = testing._made_once("model", write)
    assert testing._made_once("model", write) == first
    assert (first / "file").read_text() == "whole"
    assert len(writes) == 1
    assert torch.equal(before, torch.get_rng_state())
    assert [path.name for path in cache.iterdir()] == [first.name]


@pytest.mark.models
def test_of_two_processes_that_race_the_slower_takes_what_the_faster_wrote(cache):
    def write_slowly(folder):
        (folder / "file").write_text("slow")
        testing._made_once("model", lambda other: (other / "file").write_text("fast"))

    home = testing._made_once("model", write_slowly)
    assert (home / "file").read_text() == "fast"
    assert [path.name for path in cache.iterdir()] == [home.name]


@pytest.mark.models
def test_a_tiny_model_that_fails_half_way_leaves_nothing(cache):
    def fail(folder):
        (folder / "file").write_text("half")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        testing._made_once("model", fail)
    assert list(cache.iterdir()) == []


@pytest.mark.models
def test_the_same_weights_are_made_every_time(cache, tmp_path, monkeypatch):
    first = testing.tiny_sam_file().read_bytes(), (testing.tiny_clipseg_folder() / "model.safetensors").read_bytes()
    monkeypatch.setenv("AUTOMASK_CACHE", str(tmp_path / "other"))
    again = testing.tiny_sam_file().read_bytes(), (testing.tiny_clipseg_folder() / "model.safetensors").read_bytes()
    assert first[1] == again[1]
    assert len(first[0]) == len(again[0])


@pytest.mark.models
def test_the_tiny_models_have_the_protocols_methods():
    assert isinstance(testing.tiny_clipseg(), Segmenter)
    assert isinstance(testing.tiny_sam(), Refiner)
    assert isinstance(testing.tiny_diffusion(), Editor)


@pytest.mark.models
def test_an_unknown_tiny_pipeline_is_refused():
    with pytest.raises(ConfigError, match=r"no tiny pipeline named 'sd3'; known are: sd15, sd15-flagged, sdxl, flux"):
        testing.tiny_diffusion(kind="sd3")
