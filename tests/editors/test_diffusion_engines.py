"""Engines by configuration: few steps, structure, swatches. Real classes with tiny random weights, loaded by path."""

import inspect
import shutil
import typing

import cv2
import numpy as np
import pytest
from watching import Watched, assert_noise_falls

from automask import config
from automask.editors.diffusion import Diffusion
from automask.editors.diffusion.loading import Scheduler
from automask.editors.diffusion.structure import depth_finder, edges_of
from automask.errors import ConfigError, EditorError, UnknownPrompt, WeightsMissing
from automask.testing import (
    tiny_controlnet_folder,
    tiny_depth_folder,
    tiny_diffusion_folder,
    tiny_ip_adapter_folder,
    tiny_lora_file,
)

pytestmark = [pytest.mark.models, pytest.mark.usefixtures("one_thread")]

STAND_INS = {
    "sd15-inpaint": lambda: tiny_diffusion_folder("sd15"),
    "sdxl-inpaint": lambda: tiny_diffusion_folder("sdxl"),
    "flux-fill": lambda: tiny_diffusion_folder("flux"),
    "qwen-image": lambda: tiny_diffusion_folder("qwen"),
    "lcm-lora-sd15": lambda: tiny_lora_file("sd15"),
    "sdxl-lightning-lora": lambda: tiny_lora_file("sdxl"),
    "controlnet-canny-sd15": tiny_controlnet_folder,
    "controlnet-depth-sd15": tiny_controlnet_folder,
    "depth-anything-v2-small": tiny_depth_folder,
    "ip-adapter-sd15": tiny_ip_adapter_folder,
}
"""Tiny weights for each name of the catalogue that a configuration of this editor asks for."""


def composed(name):
    """The settings of a file in conf/editor, with those of the file that it inherits from."""
    return config.compose(None, [f"editor={name}"])["editor"]


FILES = sorted(
    file
    for file in (config.conf_dir() / "editor").glob("*.yaml")
    if composed(file.stem)["_target_"] == "automask.editors.diffusion.Diffusion"
)


def editor_of(name="diffusion", **changes):
    """The editor of a file in conf/editor, at tiny size."""
    content = {key: value for key, value in composed(name).items() if key != "_target_"}
    for key in ("model", "lora", "control_model", "depth_model", "ip_adapter"):
        if content[key] is not None:
            content[key] = str(STAND_INS[content[key]]())
    return Diffusion(**{**content, "device": "cpu", "ideal_px": 64, "multiple_px": 16, **changes})


def job(seed=1, prompt="oak", size=(32, 48), **options):
    rng = np.random.default_rng(seed)
    hard = np.zeros(size, np.bool_)
    hard[8:20, 10:30] = True
    crop = rng.integers(0, 256, (*size, 3), dtype=np.uint8)
    return {"crop": crop, "hard": hard, "prompt": prompt, "seed": seed, **options}


def levels_apart(one, other):
    return int(np.abs(one.astype(int) - other).max())


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_file_s_engine_paints_the_same_alone_and_among_others(file):
    editor = editor_of(file.stem, steps=4, batch=3)
    jobs = [job(1), job(2, "marble"), job(3)]
    together = editor.paint_many(jobs)
    for one, picture in zip(jobs, together, strict=True):
        assert picture.std() > 5
        assert levels_apart(editor.paint(**one), picture) <= 1
    assert levels_apart(together[0], together[2]) > 5


def test_the_files_are_these_and_each_name_of_the_catalogue_stands_in_one():
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
    }
    assert {file.stem for file in FILES} == names
    said = "\n".join(file.read_text(encoding="utf-8") for file in FILES)
    assert all(f": {name}\n" in said or f": {name} " in said for name in STAND_INS)


# ------------------------------------------------------------------------------------------------------------ few steps


@pytest.mark.parametrize(("name", "kind"), [("sd15-lcm", "LCMScheduler"), ("sdxl-lightning", "EulerDiscreteScheduler")])
def test_a_few_step_engine_has_its_scheduler_and_its_lora_in_the_weights(name, kind):
    editor, bare = editor_of(name), editor_of(name, lora=None)
    pipe = editor._pipe
    assert type(pipe.scheduler).__name__ == kind
    assert not any(hasattr(part, "lora_A") for part in pipe.unet.modules())  # as fast as the bare net
    query = "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q.weight"
    assert not np.allclose(*(one._pipe.unet.state_dict()[query].numpy() for one in (editor, bare)))
    assert levels_apart(editor.paint(**job()), bare.paint(**job())) > 1


def test_lightning_runs_the_net_once_a_step_over_trailing_steps():
    editor = editor_of("sdxl-lightning")
    given = []
    editor._pipe.unet.register_forward_pre_hook(lambda _, inputs: given.append((len(inputs[0]), float(inputs[1]))))
    editor.paint(**job())
    assert given == [(1, 999), (1, 749), (1, 499), (1, 249)]


@pytest.mark.parametrize("name", typing.get_args(Scheduler))
def test_with_each_scheduler_what_stays_has_the_noise_of_its_step(name):
    editor = editor_of(scheduler=name, steps=6)
    given = []
    editor._pipe.unet.register_forward_pre_hook(lambda _, inputs: given.append(inputs[0][-1].clone()))
    one = job(3, size=(48, 80))
    editor.paint(**one)
    assert type(editor._pipe.scheduler).__name__ == name
    assert_noise_falls(editor, one["crop"], one["hard"], given)


def test_a_scheduler_is_refused_by_flow_matching():
    with pytest.raises(ConfigError, match=r"editor.scheduler=LCMScheduler .*FluxFillPipeline has its own kind"):
        editor_of("flux", scheduler="LCMScheduler")


def test_a_lora_of_another_model_is_refused(tmp_path):
    import torch
    from safetensors.torch import save_file

    save_file({"nothing.of.the.kind": torch.zeros(2)}, tmp_path / "odd.safetensors")
    with pytest.raises(ConfigError, match=r"is no LoRA for StableDiffusionInpaintPipeline: .*; use one made for this"):
        editor_of(lora=str(tmp_path / "odd.safetensors"))
    with pytest.raises(ConfigError, match=r"is no LoRA for StableDiffusionInpaintPipeline"):
        editor_of(lora=str(tiny_lora_file("sdxl")))


def test_a_lora_in_another_format_is_not_read(tmp_path):
    import torch

    torch.save({}, tmp_path / "lora.bin")
    with pytest.raises(
        WeightsMissing, match=r"lora.bin is no weights; point at one .safetensors file; no other format"
    ):
        editor_of(lora=str(tmp_path / "lora.bin"))
    with pytest.raises(WeightsMissing, match=r"holds 0 files of weights where one is wanted"):
        editor_of(lora=str(tmp_path))


# ------------------------------------------------------------------------------------------------------------ structure


def test_edges_are_white_lines_where_the_crop_has_them():
    crop = np.zeros((40, 60, 3), np.uint8)
    crop[10:30, 20:40] = 200
    edges = edges_of(crop)
    assert edges.shape == crop.shape
    assert set(np.unique(edges)) == {0, 255}
    assert not edges[13:27, 23:37].any()
    assert edges[20, 18:22].any()
    assert not edges_of(np.full((40, 60, 3), 90, np.uint8)).any()


def test_depth_fills_the_range_at_the_crop_s_size():
    import torch

    find = depth_finder(tiny_depth_folder(), device=torch.device("cpu"), dtype=torch.float32)
    crop = cv2.GaussianBlur(np.random.default_rng(0).integers(0, 256, (48, 80, 3), dtype=np.uint8), (0, 0), 5)
    depth = find(crop)
    assert depth.shape == crop.shape
    assert (depth.min(), depth.max()) == (0, 255)
    assert np.array_equal(depth[..., 0], depth[..., 2])
    assert np.array_equal(find(crop), depth)


@pytest.mark.parametrize("name", ["sd15-canny", "sd15-depth"])
def test_the_structure_of_each_crop_is_what_the_controlnet_sees(name):
    editor = editor_of(name, steps=1, batch=2, guidance=1.0)
    seen = []
    editor._pipe.controlnet.register_forward_pre_hook(
        lambda _, inputs, named: seen.append(named["controlnet_cond"]), with_kwargs=True
    )
    jobs = [job(1), job(2)]
    editor.paint_many(jobs)
    expected = [editor._structure_of(one["crop"]) for one in jobs]
    assert np.abs(seen[0].permute(0, 2, 3, 1).numpy() * 255 - np.stack(expected)).max() < 0.01


def test_the_scale_of_control_counts_and_at_nothing_it_is_the_plain_engine():
    full, none = editor_of("sd15-canny"), editor_of("sd15-canny", control_scale=0.0)
    plain = editor_of()
    assert levels_apart(full.paint(**job()), plain.paint(**job())) > 2
    assert levels_apart(none.paint(**job()), plain.paint(**job())) <= 1


@pytest.mark.parametrize("options", [{}, {"strength": 0.5, "steps": 4}], ids=str)
def test_with_control_too_a_crop_is_encoded_in_one_pass(options):
    editor = editor_of("sd15-canny")
    with Watched(editor) as watched:
        editor.paint(**job(**options))
    assert (watched.encodes, watched.decodes) == (1, 1)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"control": "canny"}, r"editor.control=canny with control_model=None; give both, as editor=sd15-canny does"),
        ({"control_model": "x"}, r"editor.control=none with control_model=x; give both"),
        ({"control": "depth", "control_model": "x"}, r"editor.control=depth with depth_model=None"),
        ({"depth_model": "x"}, r"editor.control=none with depth_model=x; a depth_model goes with control=depth"),
        ({"control_scale": 3}, r"editor.control_scale=3 is out of range; give a number from 0 to 2"),
        ({"ip_scale": -1}, r"editor.ip_scale=-1 is out of range; give a number from 0 to 1"),
    ],
)
def test_settings_that_lack_another_are_refused(settings, said):
    with pytest.raises(ConfigError, match=said):
        Diffusion(**settings)


def test_control_is_refused_by_another_engine():
    with pytest.raises(ConfigError, match=r"FluxFillPipeline takes no ControlNet here; use a Stable Diffusion 1.5"):
        editor_of("flux", control="canny", control_model=str(tiny_controlnet_folder()))


# ------------------------------------------------------------------------------------------------------------- swatches


@pytest.fixture(scope="module")
def swatching():
    return editor_of("sd15-swatch", steps=2, batch=4)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    for name, seed in (("oak", 1), ("blue tile", 2)):
        picture = np.random.default_rng(seed).integers(0, 256, (60, 60, 3), dtype=np.uint8)
        cv2.imwrite(str(folder / f"{name}.png"), picture)
    return folder


def test_a_swatch_paints_and_another_paints_otherwise(swatching, pictures):
    swatching.check(f"swatch:{pictures}/oak.png")
    oak, tile = (swatching.paint(**job(prompt=f"swatch:{pictures}/{name}.png")) for name in ("oak", "blue tile"))
    words = swatching.paint(**job(prompt="this material"))
    assert levels_apart(oak, tile) > 1
    assert levels_apart(oak, words) > 1


def test_words_alone_paint_as_without_the_adapter(swatching):
    assert levels_apart(swatching.paint(**job()), editor_of(steps=2).paint(**job())) <= 1


def test_words_before_the_swatch_are_what_the_model_reads(swatching, pictures):
    plain, matt = (swatching.paint(**job(prompt=f"{words}swatch:{pictures}/oak.png")) for words in ("", "matt "))
    quoted = swatching.paint(**job(prompt=f' SWATCH: "{pictures}/oak.png"'))
    assert levels_apart(plain, matt) > 0
    assert np.array_equal(plain, quoted)


def test_swatches_of_several_edits_do_not_mix(swatching, pictures):
    jobs = [job(seed, prompt) for seed, prompt in enumerate((f"swatch:{pictures}/oak.png", "oak") * 2)]
    jobs.append(job(9, f"swatch:{pictures}/blue tile.png"))
    for one, picture in zip(jobs, swatching.paint_many(jobs), strict=True):
        assert levels_apart(swatching.paint(**one), picture) <= 1


def test_a_picture_drawn_anew_is_read_anew(swatching, pictures, tmp_path):
    file = tmp_path / "mine.png"
    shutil.copy(pictures / "oak.png", file)
    first = swatching.paint(**job(prompt=f"swatch:{file}"))
    cv2.imwrite(str(file), np.full((50, 70, 3), 40, np.uint8))
    assert levels_apart(swatching.paint(**job(prompt=f"swatch:{file}")), first) > 1


def test_the_files_that_words_name_are_listed():
    assert Diffusion.reads("matt swatch:oak.jpg") == ("oak.jpg",)
    assert Diffusion.reads('swatch:"my oak.jpg"') == ("my oak.jpg",)
    assert Diffusion.reads("a swatch of oak") == ()


def test_without_an_adapter_a_swatch_is_another_editor_s():
    message = (
        r"StableDiffusionInpaintPipeline cannot look at the picture in 'swatch:oak.jpg': it has no IP-Adapter; use"
    )
    with pytest.raises(UnknownPrompt, match=message):
        editor_of().check("swatch:oak.jpg")


def test_a_picture_that_is_not_there_is_told_before_any_work(swatching, tmp_path):
    for path in (tmp_path / "none.png", tmp_path, ""):
        with pytest.raises(EditorError, match=r"cannot paint with the picture '.*': ") as caught:
            swatching.check(f"swatch:{path}")
        assert not isinstance(caught.value, UnknownPrompt)


def test_an_adapter_is_refused_by_an_engine_that_takes_none():
    with pytest.raises(
        ConfigError, match=r"FluxFillPipeline takes no pictures beside the words; use a Stable Diffusion"
    ):
        editor_of("flux", ip_adapter=str(tiny_ip_adapter_folder()))


def test_an_adapter_of_another_model_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"is no IP-Adapter for StableDiffusionXLInpaintPipeline"):
        editor_of("sdxl", ip_adapter=str(tiny_ip_adapter_folder()))


def test_an_adapter_without_its_image_encoder_is_told(tmp_path):
    shutil.copy(tiny_ip_adapter_folder() / "ip-adapter_tiny.safetensors", tmp_path)
    with pytest.raises(WeightsMissing, match=r"image_encoder are not complete: "):
        editor_of(ip_adapter=str(tmp_path))


def test_every_setting_has_a_default_and_a_place_in_the_docstring():
    said = inspect.getdoc(Diffusion)
    for name in inspect.signature(Diffusion).parameters:
        assert f"{name}:" in said, name
