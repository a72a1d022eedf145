"""FLUX.2 klein and FLUX.1 Kontext: what their pipelines do that no other does, and what this editor relies on."""

import json
import shutil

import numpy as np
import pytest
from diffusion_engines import job
from PIL import Image
from watching import Watched, own_latents

from automask.editors.diffusion import Diffusion
from automask.editors.diffusion.latents import generators, kept_latents, latent_freedom
from automask.errors import ConfigError, EditorError
from automask.testing import tiny_diffusion, tiny_diffusion_folder

pytestmark = [pytest.mark.models, pytest.mark.usefixtures("one_thread")]

CLASSES = {"klein": "Flux2KleinInpaintPipeline", "kontext": "FluxKontextInpaintPipeline"}
GUIDANCE = {"klein": 1.0, "kontext": 3.5}
CELL_PX = {"klein": 16, "kontext": 8}


@pytest.fixture(scope="module")
def hard():
    mask = np.zeros((48, 80), dtype=np.bool_)
    mask[18:29, 27:45] = True
    return mask


@pytest.fixture(scope="module")
def editors():
    return {kind: tiny_diffusion(kind=kind, guidance=GUIDANCE[kind], steps=4, batch=3) for kind in CLASSES}


@pytest.fixture(scope="module")
def plain():
    """Editors that leave everything to diffusers."""
    return {
        kind: tiny_diffusion(kind=kind, guidance=GUIDANCE[kind], steps=4, keep_latents=False, grow_px=0)
        for kind in CLASSES
    }


def round_trip(editor, crop):
    """What a VAE makes of a crop: once in and once out."""
    import torch

    with torch.no_grad():
        made = editor.pipe.vae.decode(own_latents(editor, crop)[0]).sample[0]
    return np.rint(np.clip(made.permute(1, 2, 0).numpy() / 2 + 0.5, 0, 1) * 255).astype(np.uint8)


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize("options", [{}, {"strength": 0.5}], ids=str)
def test_without_kept_latents_it_equals_a_direct_call_of_diffusers(plain, crop, hard, kind, options, parity):
    import diffusers
    import torch

    pipe = getattr(diffusers, CLASSES[kind]).from_pretrained(tiny_diffusion_folder(kind))
    pipe.set_progress_bar_config(disable=True)
    settings = {"height": 48, "width": 80, "_auto_resize": False} if kind == "kontext" else {}
    made = pipe(
        prompt="marble",
        image=Image.fromarray(crop),
        mask_image=Image.fromarray(hard.astype(np.uint8) * 255),
        num_inference_steps=4,
        guidance_scale=GUIDANCE[kind],
        generator=torch.Generator().manual_seed(7),
        **{"strength": 1.0, **options},
        **settings,
    )
    painted = plain[kind].paint(crop, hard, "marble", seed=7, **options)
    parity(f"diffusion: {CLASSES[kind]}", "picture, levels", painted, np.asarray(made.images[0]), most=0)
    assert painted.std() > 5


def test_a_checkpoint_that_does_not_inpaint_is_run_by_its_family_s_pipeline_that_does(editors):
    assert {kind: type(editor.pipe).__name__ for kind, editor in editors.items()} == CLASSES
    for kind, name in CLASSES.items():
        index = json.loads((tiny_diffusion_folder(kind) / "model_index.json").read_text(encoding="utf-8"))
        assert index["_class_name"] == name.replace("Inpaint", "")


@pytest.mark.parametrize("kind", CLASSES)
def test_with_nothing_masked_the_crop_comes_back_as_one_round_trip(editors, crop, kind):
    painted = editors[kind].paint(crop, np.zeros((48, 80), np.bool_), "oak", seed=1)
    assert np.abs(painted.astype(int) - round_trip(editors[kind], crop)).max() <= 1


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize("options", [{}, {"strength": 0.5}], ids=str)
def test_outside_the_mask_the_decoder_is_given_the_photo_s_own_latents(editors, crop, hard, kind, options):
    """In klein's own space: two by two latents as channels, less the mean, by the deviation of its statistics."""
    with Watched(editors[kind]) as watched:
        editors[kind].paint(crop, hard, "oak", seed=1, **options)
    _, expected = own_latents(editors[kind], crop)
    free = latent_freedom(hard, grow_px=8, cell_px=CELL_PX[kind])
    cells = CELL_PX[kind] // 8
    kept = np.repeat(np.repeat(free == 0, cells, axis=0), cells, axis=1)
    difference = (watched.decoded - expected)[0].abs().amax(dim=0).numpy()
    assert difference[kept].max() < 1e-4, "the kept latents are not in the space that the decoder undoes"
    assert difference[~kept].max() > 0.1
    assert 0.2 < kept.mean() < 0.9
    assert (watched.encodes, watched.decodes) == (1, 1)


@pytest.mark.parametrize("kind", CLASSES)
def test_the_noise_of_kept_latents_is_what_the_pipeline_starts_from(editors, crop, hard, kind):
    editor = editors[kind]
    pictures, masks = [Image.fromarray(crop)], [Image.fromarray(hard.astype(np.uint8) * 255)]
    free = [latent_freedom(hard, grow_px=8, cell_px=CELL_PX[kind])]
    import torch

    keep = kept_latents(editor.pipe, pictures, masks, free, seeds=[5], dtype=torch.float32)
    seen = []
    editor.pipe.scheduler.scale_noise, original = (
        lambda sample, timestep, noise: seen.append(noise) or original(sample, timestep, noise),
        editor.pipe.scheduler.scale_noise,
    )
    try:
        words = editor.words.embeddings("oak", "", guided=False)
        settings = {"_auto_resize": False, "height": 48, "width": 80} if kind == "kontext" else {}
        editor.pipe(
            image=pictures,
            mask_image=masks,
            num_inference_steps=4,
            strength=1.0,
            guidance_scale=GUIDANCE[kind],
            generator=generators([5]),
            **words,
            **settings,
        )
    finally:
        del editor.pipe.scheduler.scale_noise
    packed = seen[-1]
    assert packed.shape == keep._noise.shape
    assert torch.equal(packed, keep._noise), "the pipeline draws other noise than the kept latents are given"


@pytest.mark.parametrize("kind", CLASSES)
def test_crops_of_a_batch_are_painted_as_alone(editors, kind):
    jobs = [job(seed, prompt) for seed, prompt in ((1, "oak"), (2, "white marble"), (3, "oak"))]
    together = editors[kind].paint_many(jobs)
    for one, each in zip(jobs, together, strict=True):
        alone = editors[kind].paint(**one)
        assert np.abs(alone.astype(int) - each).max() <= 1


def test_with_four_steps_strength_acts_in_quarters(editors, crop, hard):
    """The pipeline rounds the steps that it skips down: 0.8 skips none."""
    full = editors["klein"].paint(crop, hard, "oak", seed=1)
    assert np.array_equal(full, editors["klein"].paint(crop, hard, "oak", seed=1, strength=0.8))
    three = editors["klein"].paint(crop, hard, "oak", seed=1, strength=0.75)
    assert not np.array_equal(full, three)
    assert not np.array_equal(three, editors["klein"].paint(crop, hard, "oak", seed=1, strength=0.5))


def test_less_strength_keeps_more_of_the_old_surface(editors, crop, hard):
    apart = [
        np.abs(
            editors["klein"].paint(crop, hard, "oak", seed=1, strength=strength)[hard].astype(int) - crop[hard]
        ).mean()
        for strength in (0.25, 1.0)
    ]
    assert apart[0] < apart[1]


def test_the_photo_goes_along_with_what_is_painted(plain, crop, hard):
    """The source is the reference: so the old surface may show through, whatever the strength."""
    editor, lengths = plain["klein"], []
    hook = editor.pipe.transformer.register_forward_pre_hook(
        lambda _, __, given: lengths.append(given["hidden_states"].shape[1]), with_kwargs=True
    )
    editor.paint(crop, hard, "oak", seed=1)
    hook.remove()
    tokens = (48 // 16) * (80 // 16)
    assert lengths == [2 * tokens] * 4


@pytest.mark.parametrize("kind", CLASSES)
def test_a_crop_above_a_megapixel_is_refused_not_shrunk(editors, kind):
    assert editors[kind].max_area_px == 1024 * 1024
    large = np.zeros((1024, 1040, 3), np.uint8)
    with pytest.raises(EditorError, match=r"a crop of 1040 x 1024 px: \w+ works on one megapixel at most; make the"):
        editors[kind].paint(large, np.ones((1024, 1040), np.bool_), "oak", seed=1)


def test_guidance_without_effect_is_refused(editors, crop, hard):
    with pytest.raises(ConfigError, match=r"guidance=4.0 has no effect: Flux2Klein\w+ runs a distilled model here"):
        tiny_diffusion(kind="klein", guidance=4.0)
    with pytest.raises(EditorError, match=r"guidance=4 has no effect"):
        editors["klein"].paint(crop, hard, "oak", seed=1, guidance=4)


def test_the_base_model_is_guided(tmp_path, crop, hard):
    folder = tmp_path / "base"
    shutil.copytree(tiny_diffusion_folder("klein"), folder)
    index = json.loads((folder / "model_index.json").read_text(encoding="utf-8"))
    (folder / "model_index.json").write_text(json.dumps({**index, "is_distilled": False}), encoding="utf-8")
    editor = Diffusion(model=str(folder), device="cpu", steps=2, guidance=4.0, ideal_px=64, multiple_px=16)
    guided, unguided = (editor.paint(crop, hard, "oak", seed=1, guidance=guidance) for guidance in (4.0, 1.0))
    assert not np.array_equal(guided, unguided)


@pytest.mark.parametrize("kind", CLASSES)
def test_a_negative_prompt_is_refused(editors, crop, hard, kind):
    with pytest.raises(EditorError, match=r"negative='wood': \w+InpaintPipeline takes no negative prompt; leave"):
        editors[kind].paint(crop, hard, "oak", seed=1, negative="wood")


def test_words_that_would_be_cut_are_refused(editors):
    """klein puts the words into a chat of its own, whose words count too."""
    editors["klein"].check("x" * 490)
    with pytest.raises(EditorError, match=r"is 500 tokens long, Flux2KleinInpaintPipeline reads 496; say it in fewer"):
        editors["klein"].check("x" * 500)
    chat = editors["klein"].pipe.tokenizer.apply_chat_template(
        [{"role": "user", "content": "oak"}], tokenize=False, add_generation_prompt=True, enable_thinking=False
    )
    assert "oak" in chat


def test_sides_are_multiples_of_sixteen():
    with pytest.raises(ConfigError, match=r"editor.multiple_px=8: Flux2KleinInpaintPipeline needs multiples of 16 px"):
        tiny_diffusion(kind="klein", guidance=1.0, multiple_px=8)
