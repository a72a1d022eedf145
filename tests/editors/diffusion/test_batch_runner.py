"""What is done when memory runs out all the same."""

from itertools import groupby

import numpy as np
import pytest

from automask.editors.diffusion import Diffusion
from automask.errors import ConfigError, CropRefused, EditorError
from automask.testing import tiny_diffusion, tiny_diffusion_folder


def job(seed, size=(32, 32)):
    rng = np.random.default_rng(seed)
    hard = np.zeros(size, np.bool_)
    hard[9:20, 8:21] = True
    return {"crop": rng.integers(0, 256, (*size, 3), dtype=np.uint8), "hard": hard, "prompt": "oak", "seed": seed}


def runs_out(editor, most):
    """Memory that runs out when the net is given more crops than `most`; the sizes of all batches, as they come."""
    import torch

    tried = []

    def hook(_, inputs):
        tried.append(len(inputs[0]) // 2)  # with and without the words
        if tried[-1] > most:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

    editor.pipe.unet.register_forward_pre_hook(hook)
    return tried


@pytest.mark.models
@pytest.mark.usefixtures("one_thread")
def test_a_batch_that_does_not_fit_is_halved_and_the_size_is_remembered():
    editor = tiny_diffusion(batch=8, steps=1)
    jobs = [job(seed) for seed in range(5)]
    expected = editor.paint_many(jobs)
    tried = runs_out(editor, most=2)
    painted = editor.paint_many(jobs)
    assert tried == [5, 2, 2, 1]
    assert all(np.abs(a.astype(int) - b).max() <= 1 for a, b in zip(painted, expected, strict=True))
    tried.clear()
    editor.paint_many(jobs[:3])
    assert tried == [2, 1]
    tried.clear()
    editor.paint_many([job(seed, (32, 48)) for seed in range(2)])
    assert tried == [2]  # another size, another limit


@pytest.mark.models
@pytest.mark.usefixtures("one_thread")
def test_one_crop_that_does_not_fit_is_tried_with_a_sparing_vae_and_then_refused():
    editor = tiny_diffusion(batch=2, steps=1)
    tried = runs_out(editor, most=0)
    with pytest.raises(EditorError) as caught:
        editor.paint(**job(1))
    assert tried == [1, 1]
    assert str(caught.value) == (
        "a crop of 32 x 32 px does not fit into memory, even alone and in tiles; "
        "end other programs that use it, or make editor.ideal_px smaller than 64"
    )
    assert caught.value.__cause__ is None
    assert editor.pipe.vae.use_slicing
    assert editor.pipe.vae.use_tiling


@pytest.mark.models
@pytest.mark.usefixtures("one_thread")
def test_running_out_of_memory_in_the_vae_alone_is_solved_by_slicing_it():
    import torch

    editor = tiny_diffusion(steps=1)
    expected = editor.paint(**job(1))

    def hook(_, inputs):
        if len(inputs[0]) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory")

    editor.pipe.vae.encoder.register_forward_pre_hook(hook)
    assert np.abs(editor.paint(**job(1)).astype(int) - expected).max() <= 1


@pytest.mark.models
@pytest.mark.usefixtures("one_thread")
def test_other_failures_are_not_taken_for_a_lack_of_memory():
    editor = tiny_diffusion(steps=1)

    def hook(*_):
        raise RuntimeError("boom")

    editor.pipe.unet.register_forward_pre_hook(hook)
    with pytest.raises(RuntimeError, match=r"^boom$"):
        editor.paint(**job(1))


@pytest.mark.models
@pytest.mark.usefixtures("one_thread")
def test_offloading_changes_nothing_and_leaves_the_safety_checker_on():
    editor = tiny_diffusion(steps=1)
    expected = editor.paint(**job(1))
    editor.runner.offload_to("model")
    for _ in range(2):
        assert np.array_equal(editor.paint(**job(1)), expected)
    flagged = tiny_diffusion(kind="sd15-flagged", steps=1)
    flagged.runner.offload_to("model")
    with pytest.raises(CropRefused):
        flagged.paint(**job(1))


@pytest.mark.models
@pytest.mark.usefixtures("one_thread")
def test_text_encoders_change_places_with_the_net_once_for_each_sentence(monkeypatch):
    editor = tiny_diffusion(steps=1)
    expected = editor.paint(**job(1))
    editor.words.cache.clear()
    editor.runner.offload_to("words")
    moves = []
    for name in ("unet", "text_encoder", "vae"):
        part = getattr(editor.pipe, name)
        monkeypatch.setattr(part, "to", lambda where, name=name, part=part: moves.append(name) or part)
    editor.pipe.text_encoder.register_forward_pre_hook(lambda *_: moves.append("words"))
    for _ in range(2):
        assert np.array_equal(editor.paint(**job(1)), expected)
    assert [each for each, _ in groupby(moves)] == ["unet", "text_encoder", "words", "text_encoder", "unet"]


@pytest.mark.models
def test_sequential_offloading_leaves_the_safety_checker_where_it_runs():
    # accelerate 1.15 cannot run this with the CPU as the device that layers are sent to.
    editor = tiny_diffusion(steps=1)
    editor.runner.offload_to("sequential")
    assert {p.device.type for p in editor.pipe.unet.parameters()} == {"meta"}
    assert {p.device.type for p in editor.pipe.safety_checker.parameters()} == {"cpu"}


@pytest.mark.models
def test_a_budget_plans_the_batch_where_it_is_left_to_it():

    folder = str(tiny_diffusion_folder("sd15"))
    assert Diffusion(model=folder, device="cpu", vram_gb=4).runner.plan((512, 512)).batch == 8
    assert Diffusion(model=folder, device="cpu", vram_gb=0.5).runner.plan((512, 512)).batch == 1
    assert Diffusion(model=folder, device="cpu").runner.plan((512, 512)) is None


@pytest.mark.models
def test_a_budget_of_nothing_is_refused():

    with pytest.raises(ConfigError, match=r"editor.vram_gb=0 is not above 0; give a number above 0, or null"):
        Diffusion(vram_gb=0)
