"""Engines by configuration: checkpoint, scheduler, LoRA, adapters. Real classes with tiny random weights."""

import inspect
import shutil
import typing

import numpy as np
import pytest
from diffusion_engines import FILES, STAND_INS, editor_of, job, levels_apart
from watching import assert_noise_falls

from automask.editors.diffusion import Diffusion
from automask.editors.diffusion.loading import Scheduler
from automask.errors import ConfigError, WeightsMissing
from automask.testing import (
    tiny_ip_adapter_folder,
    tiny_lora_file,
)

pytestmark = [pytest.mark.models, pytest.mark.usefixtures("one_thread")]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_file_s_engine_paints_the_same_alone_and_among_others(file):
    editor = editor_of(file.stem, steps=4, batch=3)
    jobs = [job(1), job(2, "marble"), job(3)]
    together = editor.paint_many(jobs)
    for one, picture in zip(jobs, together, strict=True):
        assert picture.std() > 5
        assert levels_apart(editor.paint(**one), picture) <= 1
    assert levels_apart(together[0], together[2]) > 5


def test_the_files_are_these_and_each_name_of_the_catalogue_is_in_one():
    names = {
        "diffusion",
        "sd15-lcm",
        "sd15-canny",
        "sd15-depth",
        "sd15-swatch",
        "sdxl",
        "sdxl-lightning",
        "flux",
        "qwen",
        "klein",
        "kontext",
        "sd15-zest",
    }
    assert {file.stem for file in FILES} == names
    said = "\n".join(file.read_text(encoding="utf-8") for file in FILES)
    assert all(f": {name}\n" in said or f": {name} " in said for name in STAND_INS)


@pytest.mark.parametrize(("name", "kind"), [("sd15-lcm", "LCMScheduler"), ("sdxl-lightning", "EulerDiscreteScheduler")])
def test_a_few_step_engine_has_its_scheduler_and_its_lora_in_the_weights(name, kind):
    editor, bare = editor_of(name), editor_of(name, lora=None)
    pipe = editor.pipe
    assert type(pipe.scheduler).__name__ == kind
    assert not any(hasattr(part, "lora_A") for part in pipe.unet.modules())  # as fast as the bare net
    query = "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q.weight"
    assert not np.allclose(*(one.pipe.unet.state_dict()[query].numpy() for one in (editor, bare)))
    assert levels_apart(editor.paint(**job()), bare.paint(**job())) > 1


def test_lightning_runs_the_net_once_a_step_over_trailing_steps():
    editor = editor_of("sdxl-lightning")
    given = []
    editor.pipe.unet.register_forward_pre_hook(lambda _, inputs: given.append((len(inputs[0]), float(inputs[1]))))
    editor.paint(**job())
    assert given == [(1, 999), (1, 749), (1, 499), (1, 249)]


@pytest.mark.parametrize("name", typing.get_args(Scheduler))
def test_with_each_scheduler_what_stays_has_the_noise_of_its_step(name):
    editor = editor_of(scheduler=name, steps=6)
    given = []
    editor.pipe.unet.register_forward_pre_hook(lambda _, inputs: given.append(inputs[0][-1].clone()))
    one = job(3, size=(48, 80))
    editor.paint(**one)
    assert type(editor.pipe.scheduler).__name__ == name
    assert_noise_falls(editor, one["crop"], one["hard"], given)


def test_a_scheduler_is_refused_by_flow_matching():
    with pytest.raises(ConfigError, match=r"editor.scheduler=LCMScheduler .*FluxFillPipeline has its own kind"):
        editor_of("flux", scheduler="LCMScheduler")


def test_a_lora_of_another_model_is_refused(tmp_path):
    import torch
    from safetensors.torch import save_file

    save_file({"nothing.of.the.kind": torch.zeros(2)}, tmp_path / "odd.safetensors")
    with pytest.raises(
        ConfigError, match=r"is not a LoRA for StableDiffusionInpaintPipeline: .*; use one made for this"
    ):
        editor_of(lora=str(tmp_path / "odd.safetensors"))
    with pytest.raises(ConfigError, match=r"is not a LoRA for StableDiffusionInpaintPipeline"):
        editor_of(lora=str(tiny_lora_file("sdxl")))


def test_a_lora_in_another_format_is_not_read(tmp_path):
    import torch

    torch.save({}, tmp_path / "lora.bin")
    with pytest.raises(
        WeightsMissing, match=r"lora.bin is not a file of weights; point at one .safetensors file; no other format"
    ):
        editor_of(lora=str(tmp_path / "lora.bin"))
    with pytest.raises(WeightsMissing, match=r"holds 0 files of weights, and needs to hold one"):
        editor_of(lora=str(tmp_path))


def test_an_adapter_is_refused_by_an_engine_that_takes_none():
    with pytest.raises(ConfigError, match=r"FluxFillPipeline takes no pictures with the words; use a Stable Diffusion"):
        editor_of("flux", ip_adapter=str(tiny_ip_adapter_folder()))


def test_an_adapter_of_another_model_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"is not an IP-Adapter for StableDiffusionXLInpaintPipeline"):
        editor_of("sdxl", ip_adapter=str(tiny_ip_adapter_folder()))


def test_an_adapter_without_its_image_encoder_is_reported(tmp_path):
    shutil.copy(tiny_ip_adapter_folder() / "ip-adapter_tiny.safetensors", tmp_path)
    with pytest.raises(WeightsMissing, match=r"image_encoder are not complete: "):
        editor_of(ip_adapter=str(tmp_path))


def test_every_setting_has_a_default_and_a_place_in_the_docstring():
    said = inspect.getdoc(Diffusion)
    for name in inspect.signature(Diffusion).parameters:
        assert f"{name}:" in said, name
