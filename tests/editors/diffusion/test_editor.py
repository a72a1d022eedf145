import inspect
import json
import random
import shutil

import numpy as np
import pytest
from diffusion_engines import editor_of, job
from PIL import Image

from automask.editors.diffusion import Diffusion
from automask.errors import ConfigError, CropRefused, EditorError, ExtraMissing, WeightsMissing
from automask.testing import tiny_diffusion, tiny_diffusion_folder

pytestmark = [pytest.mark.models, pytest.mark.usefixtures("one_thread")]

CLASSES = {
    "sd15": "StableDiffusionInpaintPipeline",
    "sdxl": "StableDiffusionXLInpaintPipeline",
    "flux": "FluxFillPipeline",
    "qwen": "QwenImageInpaintPipeline",
}


@pytest.fixture(scope="module")
def hard():
    mask = np.zeros((48, 80), dtype=np.bool_)
    mask[10:33, 17:60] = True
    return mask


@pytest.fixture(scope="module")
def editors():
    return {kind: tiny_diffusion(kind=kind) for kind in CLASSES}


@pytest.fixture(scope="module")
def plain():
    """Editors that leave everything to diffusers."""
    return {kind: tiny_diffusion(kind=kind, keep_latents=False, grow_px=0) for kind in CLASSES}


def direct(kind, crop, hard, prompt, seed, **settings):
    """A plain call of diffusers, as its documentation shows it."""
    import diffusers
    import torch

    pipe = getattr(diffusers, CLASSES[kind]).from_pretrained(tiny_diffusion_folder(kind))
    pipe.set_progress_bar_config(disable=True)
    if kind == "qwen":
        settings = {"negative_prompt": " ", "true_cfg_scale": 7.5, "guidance_scale": None, **settings}
    made = pipe(
        prompt=prompt,
        image=Image.fromarray(crop),
        mask_image=Image.fromarray(hard.astype(np.uint8) * 255),
        height=crop.shape[0],
        width=crop.shape[1],
        generator=torch.Generator().manual_seed(seed),
        **{"num_inference_steps": 2, "guidance_scale": 7.5, "strength": 1.0, **settings},
    )
    return np.asarray(made.images[0])


@pytest.mark.parametrize("kind", CLASSES)
def test_without_kept_latents_it_equals_a_direct_call_of_diffusers(plain, crop, hard, kind, parity):
    painted = plain[kind].paint(crop, hard, "marble", seed=7)
    assert painted.dtype == np.uint8
    parity(f"diffusion: {CLASSES[kind]}", "picture, levels", painted, direct(kind, crop, hard, "marble", 7), most=0)
    assert painted.std() > 5


def test_it_goes_through_the_class_that_the_checkpoint_declares(editors):
    assert {kind: type(editor.pipe).__name__ for kind, editor in editors.items()} == CLASSES


def test_options_of_an_edit_go_before_the_editors_own(plain, crop, hard):
    options = {"strength": 0.5, "steps": 4, "guidance": 3.0, "negative": "wood"}
    painted = plain["sd15"].paint(crop, hard, "marble", seed=7, **options)
    expected = direct(
        "sd15", crop, hard, "marble", 7, strength=0.5, num_inference_steps=4, guidance_scale=3.0, negative_prompt="wood"
    )
    assert np.array_equal(painted, expected)
    own = tiny_diffusion(steps=4, strength=0.5, guidance=3.0, negative="wood", keep_latents=False, grow_px=0)
    assert np.array_equal(own.paint(crop, hard, "marble", seed=7), expected)
    for name in options:  # each of them counts
        fewer = {key: value for key, value in options.items() if key != name}
        assert not np.array_equal(plain["sd15"].paint(crop, hard, "marble", seed=7, **fewer), expected)


def test_the_options_of_a_plan_are_the_keywords_of_paint():
    keywords = [p.name for p in inspect.signature(Diffusion.paint).parameters.values() if p.kind is p.KEYWORD_ONLY]
    assert keywords == ["seed", "strength", "negative", "steps", "guidance"]


def test_the_prompt_is_put_into_the_template(crop, hard):
    editor = tiny_diffusion(prompt_template="a photo of {} in {} style", keep_latents=False, grow_px=0)
    expected = direct("sd15", crop, hard, "a photo of oak {x} in oak {x} style", 1)
    assert np.array_equal(editor.paint(crop, hard, "oak {x}", seed=1), expected)


@pytest.mark.parametrize("kind", CLASSES)
def test_the_seed_decides_and_nothing_else_does(editors, crop, hard, kind):
    first = editors[kind].paint(crop, hard, "oak", seed=1)
    assert not np.array_equal(first, editors[kind].paint(crop, hard, "oak", seed=2))
    editors[kind].paint(crop[:32, :32], hard[:32, :32], "white", seed=9, steps=3)
    assert np.array_equal(first, editors[kind].paint(crop, hard, "oak", seed=1))


def test_the_largest_seed_is_taken(editors, crop, hard):
    assert editors["sd15"].paint(crop, hard, "oak", seed=2**32 - 1).shape == crop.shape


@pytest.mark.parametrize("kind", CLASSES)
def test_no_global_random_state_is_touched_and_the_crop_is_not_written_to(editors, crop, hard, kind):
    import torch

    before = torch.get_rng_state(), np.random.get_state()[1].tolist(), random.getstate(), crop.copy(), hard.copy()
    editors[kind].paint(crop, hard, "oak", seed=1)
    assert torch.equal(before[0], torch.get_rng_state())
    assert before[1] == np.random.get_state()[1].tolist()
    assert before[2] == random.getstate()
    assert np.array_equal(before[3], crop)
    assert np.array_equal(before[4], hard)


def test_a_flagged_crop_is_refused_never_returned(crop, hard):
    message = r"the safety checker of StableDiffusionInpaintPipeline flagged what was painted for 'oak' \(seed 3\); try"
    with pytest.raises(CropRefused, match=message):
        tiny_diffusion(kind="sd15-flagged").paint(crop, hard, "oak", seed=3)


def test_without_the_checker_the_same_crop_is_painted(crop, hard):
    editor = tiny_diffusion(kind="sd15-flagged", safety_checker=False)
    assert editor.pipe.safety_checker is None
    assert editor.paint(crop, hard, "oak", seed=3).std() > 5


def test_the_checker_of_a_checkpoint_is_used_unless_turned_off(editors):
    assert type(editors["sd15"].pipe.safety_checker).__name__ == "StableDiffusionSafetyChecker"


def test_a_negative_prompt_is_refused_by_an_engine_that_takes_none(editors, crop, hard):
    with pytest.raises(
        ConfigError, match=r"negative='wood': FluxFillPipeline takes no negative prompt; leave negative empty"
    ):
        tiny_diffusion(kind="flux", negative="wood")
    with pytest.raises(
        EditorError, match=r"negative='wood': FluxFillPipeline takes no negative prompt; leave negative empty"
    ):
        editors["flux"].paint(crop, hard, "oak", seed=1, negative="wood")


def test_a_negative_prompt_without_effect_is_refused(editors, crop, hard):
    with pytest.raises(EditorError, match=r"negative='wood' has no effect at guidance=1.0; raise guidance above 1"):
        editors["sd15"].paint(crop, hard, "oak", seed=1, negative="wood", guidance=1.0)


@pytest.mark.parametrize("strength", [0.0, 1.5])
def test_a_strength_out_of_range_is_refused(editors, crop, hard, strength):
    with pytest.raises(EditorError, match=rf"strength={strength} is out of range; give a number above 0, up to 1"):
        editors["sd15"].paint(crop, hard, "oak", seed=1, strength=strength)
    with pytest.raises(ConfigError, match=rf"strength={strength} is out of range; give a number above 0, up to 1"):
        tiny_diffusion(strength=strength)


def test_steps_that_leave_nothing_to_do_are_refused(editors, crop, hard):
    with pytest.raises(EditorError, match=r"steps=3 at strength=0.2 leave nothing to do; give more steps"):
        editors["sd15"].paint(crop, hard, "oak", seed=1, strength=0.2, steps=3)


@pytest.mark.parametrize("kind", ["sd15", "sdxl"])
def test_words_that_the_model_would_not_read_are_refused(editors, crop, hard, kind):
    with pytest.raises(EditorError, match=r"'x{40}'\.\.\. is 102 tokens long, .* reads 77; say it in fewer words"):
        editors[kind].paint(crop, hard, "x" * 100, seed=1)


def test_a_crop_of_the_wrong_size_is_refused(editors, crop, hard):
    with pytest.raises(
        EditorError, match=r"a crop of 73 x 48 px: StableDiffusionInpaintPipeline needs multiples of 16;"
    ):
        editors["sd15"].paint(crop[:, :73], hard[:, :73], "oak", seed=1)


def test_a_multiple_that_the_engine_cannot_hold_is_refused():
    with pytest.raises(ConfigError, match=r"editor.multiple_px=8: FluxFillPipeline needs multiples of 16 px; use 16"):
        tiny_diffusion(kind="flux", multiple_px=8)
    assert tiny_diffusion(multiple_px=8).multiple_px == 8


def test_values_that_are_no_numbers_are_refused_not_painted_black(crop, hard):
    import torch

    editor = tiny_diffusion()
    with torch.no_grad():
        editor.pipe.vae.decoder.conv_out.bias.fill_(float("nan"))
    with pytest.raises(
        EditorError, match=r"StableDiffusionInpaintPipeline painted values that are not numbers \(seed 1\); half"
    ):
        editor.paint(crop, hard, "oak", seed=1)


def test_a_template_without_a_place_for_the_prompt_is_refused():
    with pytest.raises(ConfigError, match=r"editor.prompt_template='a photo' has no {} where the prompt goes"):
        Diffusion(prompt_template="a photo")


def a_copy(tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(tiny_diffusion_folder("sd15"), folder)
    return folder


def test_a_checkpoint_that_does_not_inpaint_is_refused(tmp_path):
    folder = a_copy(tmp_path)
    index = json.loads((folder / "model_index.json").read_text())
    (folder / "model_index.json").write_text(json.dumps({**index, "_class_name": "StableDiffusionPipeline"}))
    with pytest.raises(
        ConfigError, match=r"copy declares a StableDiffusionPipeline, which does not inpaint; use a checkpoint"
    ):
        Diffusion(model=str(folder))


@pytest.mark.parametrize("text", [None, "{", "{}"])
def test_a_folder_without_an_index_is_refused(tmp_path, text):
    if text is not None:
        (tmp_path / "model_index.json").write_text(text)
    with pytest.raises(
        ConfigError, match=r"is not a checkpoint in diffusers' layout: it has no model_index.json that names"
    ):
        Diffusion(model=str(tmp_path))


def test_weights_that_are_not_safetensors_are_not_read(tmp_path):
    import torch
    from safetensors.torch import load_file

    folder = a_copy(tmp_path)
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    torch.save(load_file(weights), weights.with_suffix(".bin"))
    weights.unlink()
    with pytest.raises(
        WeightsMissing, match=r"the weights in .*copy are not complete: .*; fetch them again; only safetensors"
    ):
        Diffusion(model=str(folder), device="cpu")


def test_a_checkpoint_with_half_precision_files_only_is_read(tmp_path, crop, hard):
    folder = a_copy(tmp_path)
    for file in folder.glob("*/*.safetensors"):
        file.rename(file.with_name(file.name.replace(".safetensors", ".fp16.safetensors")))
    editor = Diffusion(model=str(folder), device="cpu", steps=2, multiple_px=16)
    assert np.array_equal(editor.paint(crop, hard, "oak", seed=5), tiny_diffusion().paint(crop, hard, "oak", seed=5))


def test_device_and_number_format_are_said(editors):
    assert editors["flux"].device_note == "FluxFillPipeline runs on the CPU in float32"


def test_missing_weights_name_the_command(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(
        WeightsMissing, match=r"no weights for 'sd15-inpaint' under .*; run 'automask models fetch sd15-inpaint'"
    ):
        Diffusion()


def test_without_diffusers_one_sentence_names_the_command(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "diffusers", None)
    with pytest.raises(
        ExtraMissing, match=r"Diffusion needs the packages of the 'models' extra: .*diffusers.*; run pip install"
    ):
        Diffusion()


def test_nothing_is_printed(capfd, crop, hard):
    for kind in CLASSES:
        tiny_diffusion(kind=kind).paint(crop, hard, "oak", seed=1)
    with pytest.raises(CropRefused):
        tiny_diffusion(kind="sd15-flagged").paint(crop, hard, "oak", seed=1)
    assert capfd.readouterr() == ("", "")


def test_what_goes_is_painted_as_what_is_behind_it_and_its_own_words_are_negative():
    editor = editor_of("diffusion", negative="blurry", steps=1)
    words = editor.removal(("stool",), ("wall", "floor"))
    assert words["prompt"].startswith("empty wall and floor")
    assert words["negative"] == "blurry, stool, object"
    (painted,) = editor.paint_many([{**job(), **words}])
    assert painted.shape == job()["crop"].shape
    assert editor.removal(("stool",), ())["prompt"].startswith("empty background")


def test_a_model_without_negative_words_takes_things_away_without_them():
    editor = editor_of("klein")
    words = editor.removal(("stool",), ("wall",))
    assert "negative" not in words
    editor.check(**words)
