import os

import pytest

from automask.errors import ConfigError, ExtraMissing
from automask.weights import (
    choose_device,
    quiet_models,
    requires_models_extra,
)
from automask.weights.device import progress_bars_enabled


def test_a_failed_import_becomes_one_sentence():
    def load():
        with requires_models_extra("ClipSeg"):
            import a_package_that_is_not_there  # noqa: F401

    with pytest.raises(ExtraMissing) as caught:
        load()
    assert str(caught.value) == (
        "ClipSeg needs the packages of the 'models' extra: No module named 'a_package_that_is_not_there'; "
        "run pip install 'automask[models]'"
    )


@pytest.mark.models
def test_the_device_and_the_number_format_are_picked_and_said():
    import torch

    chosen = choose_device("cpu", "auto", what="sam")
    assert (chosen.device.type, chosen.dtype, chosen.note) == ("cpu", torch.float32, "sam runs on the CPU in float32")
    if not torch.cuda.is_available() and not torch.backends.mps.is_available():
        assert (
            choose_device("auto", "bfloat16", what="sam").note
            == "sam runs on the CPU in bfloat16: no CUDA device was found"
        )
        with pytest.raises(ConfigError, match=r"device 'cuda' is not on this machine; use device=auto or device=cpu"):
            choose_device("cuda", "auto", what="sam")
    with pytest.raises(ConfigError, match=r"device 'gpu' is not one that torch knows; use auto, cpu, cuda or mps"):
        choose_device("gpu", "auto", what="sam")
    with pytest.raises(ConfigError, match=r"dtype 'float8' is unknown; use auto, float32, float16 or bfloat16"):
        choose_device("cpu", "float8", what="sam")


@pytest.mark.models
def test_apple_s_gpu_comes_after_cuda_and_before_the_cpu(monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    chosen = choose_device("auto", "auto", what="sam2", gpu_dtype="bfloat16")
    assert (chosen.device.type, chosen.dtype) == ("mps", torch.float32)
    assert chosen.note == "sam2 runs on mps in float32: no CUDA device was found"
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert choose_device("auto", "auto", what="sam2").device.type == "cpu"
    with pytest.raises(ConfigError, match=r"device 'mps' is not on this machine; use device=auto or device=cpu"):
        choose_device("mps", "auto", what="sam2")


def test_what_an_apple_gpu_lacks_runs_on_the_cpu_unless_the_user_says_otherwise(monkeypatch):
    name = "PYTORCH_ENABLE_MPS_FALLBACK"
    monkeypatch.delenv(name, raising=False)
    with requires_models_extra("ClipSeg"):
        assert os.environ[name] == "1"
    monkeypatch.setenv(name, "0")
    with requires_models_extra("ClipSeg"):
        assert os.environ[name] == "0"


@pytest.mark.models
def test_quiet_gives_the_libraries_their_settings_back():
    from diffusers.utils import logging as diffusers_logging
    from transformers.utils import logging as transformers_logging

    def settings():
        return [
            (logging.get_verbosity(), progress_bars_enabled(logging))
            for logging in (diffusers_logging, transformers_logging)
        ]

    before = settings()
    with quiet_models():
        inside = settings()
    assert settings() == before
    assert [bars for _, bars in inside] == [False, False]
    transformers_logging.disable_progress_bar()
    try:
        with quiet_models():
            pass
        assert not progress_bars_enabled(transformers_logging)
    finally:
        transformers_logging.enable_progress_bar()
