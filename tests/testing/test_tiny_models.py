import subprocess
import sys

import pytest

from automask import testing
from automask.protocols import Editor, Refiner, Segmenter


def test_importing_it_imports_no_torch():
    heavy = "('torch', 'transformers', 'diffusers')"
    code = f"import automask.testing, sys; print([name for name in {heavy} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "[]\n"


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
