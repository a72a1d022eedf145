"""Many crops at a time: the same pictures, whatever else is in the batch."""

import shutil

import numpy as np
import pytest
from diffusion_engines import levels_apart

from automask.editors.diffusion import Diffusion
from automask.errors import ConfigError, CropRefused, EditorError
from automask.testing import tiny_diffusion, tiny_diffusion_folder

pytestmark = [pytest.mark.models, pytest.mark.usefixtures("one_thread")]
KINDS = ("sd15", "sdxl", "flux", "qwen")


@pytest.fixture(scope="module")
def editors():
    return {kind: tiny_diffusion(kind=kind, batch=3) for kind in KINDS}


def job(seed, prompt="oak", size=(32, 48), **options):
    rng = np.random.default_rng(seed)
    hard = np.zeros(size, np.bool_)
    y, x = rng.integers(4, 16, 2)
    hard[y : y + 9, x : x + 14] = True
    return {
        "crop": rng.integers(0, 256, (*size, 3), dtype=np.uint8),
        "hard": hard,
        "prompt": prompt,
        "seed": seed,
        **options,
    }


JOBS = (
    job(1),
    job(2, "marble"),
    job(3, steps=3),
    job(4, size=(48, 32)),
    job(5, strength=0.5),
    job(6, "white marble"),
    job(7, guidance=1.0),
    job(8),
)


@pytest.mark.parametrize("kind", KINDS)
def test_a_crop_is_the_same_whatever_the_batch_and_the_order(editors, kind):
    editor = editors[kind]
    alone = [editor.paint(**one) for one in JOBS]
    for batch, order in ((1, range(8)), (2, range(8)), (3, (7, 2, 0, 5, 4, 1, 6, 3)), (8, range(7, -1, -1))):
        editor.runner.batch = batch
        painted = editor.paint_many([JOBS[at] for at in order])
        for at, picture in zip(order, painted, strict=True):
            assert levels_apart(picture, alone[at]) <= 1, (batch, at)
    assert levels_apart(alone[0], alone[7]) > 20
    editor.runner.batch = 3


def calls(editor):
    """How many crops each call of the denoising net was given, as a list that grows."""
    net, given = getattr(editor.pipe, "unet", None) or editor.pipe.transformer, []

    def ran(_, inputs, named):
        given.append(len(inputs[0] if inputs else named["hidden_states"]))

    return given, net.register_forward_pre_hook(ran, with_kwargs=True)


def test_alike_crops_share_a_call_and_others_do_not():
    editor = tiny_diffusion(kind="flux", batch=4, steps=1)
    given, hook = calls(editor)
    editor.paint_many([job(seed, size=(48, 32) if seed == 2 else (32, 32)) for seed in range(7)])
    hook.remove()
    assert given == [4, 2, 1]  # six of one size, at most four at a time, and the other one


def test_no_job_gives_no_picture(editors):
    assert editors["sd15"].paint_many([]) == []


def test_a_flagged_crop_does_not_fail_its_neighbours():
    editor = tiny_diffusion(kind="sd15-flagged", batch=4)
    checker = editor.pipe.safety_checker
    refused = editor.paint_many([job(1), job(2)])
    assert [type(one) for one in refused] == [CropRefused, CropRefused]
    hook = checker.register_forward_hook(lambda _, inputs, made: (made[0], [True, False, True]))
    first, second, third = editor.paint_many([job(1), job(2), job(3)])
    hook.remove()
    assert "(seed 1)" in str(first)
    assert second.shape == (32, 48, 3)
    assert isinstance(third, CropRefused)


def test_an_impossible_job_is_refused_before_any_is_painted(editors):
    given, hook = calls(editors["sd15"])
    with pytest.raises(EditorError, match=r"strength=2 is out of range"):
        editors["sd15"].paint_many([job(1), job(2, strength=2)])
    hook.remove()
    assert given == []


def test_few_sizes_by_default_and_context_is_the_chain_s_to_read():
    editor = Diffusion(model=str(tiny_diffusion_folder("sd15")), device="cpu", context_frac=0.3, grow_px=0)
    assert (editor.multiple_px, editor.context_frac, editor.spill_px) == (64, 0.3, 10)
    assert tiny_diffusion().spill_px == 18


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ({"batch": 0}, r"editor.batch=0 paints nothing; give auto, or a whole number from 1"),
        ({"grow_px": -1}, r"editor.grow_px=-1 would make masks smaller; give 0 or more"),
        ({"context_frac": -0.1}, r"editor.context_frac=-0.1 is out of range; give a number from 0 to 4"),
    ],
)
def test_a_setting_out_of_range_is_refused(setting, said):
    with pytest.raises(ConfigError, match=said):
        Diffusion(**setting)


def compiled_parts(kind, **settings):
    """The classes of a net's parts that are to be compiled at their first call."""
    editor = Diffusion(model=str(tiny_diffusion_folder(kind)), device="cpu", **settings)
    net = getattr(editor.pipe, "unet", None) or editor.pipe.transformer
    return net, {type(part).__name__ for part in net.modules() if part._compiled_call_impl is not None}


@pytest.mark.parametrize("kind", ["sd15", "flux", "klein"])
def test_compiling_is_asked_for_and_goes_block_by_block(kind):
    # Compiling itself takes half a minute: only that it is set up, in the blocks that the net repeats.
    options = {"guidance": 1.0, "steps": 4} if kind == "klein" else {}
    net, parts = compiled_parts(kind, compile=True, **options)
    assert parts
    assert parts <= {*net._repeated_blocks}
    assert compiled_parts(kind, **options)[1] == set()


@pytest.mark.long
@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler on the CPU")
@pytest.mark.parametrize("kind", ["sd15", "flux"])
def test_compiled_blocks_paint_the_same_picture(kind):
    options = {"model": str(tiny_diffusion_folder(kind)), "device": "cpu", "dtype": "float32", "steps": 1}
    options |= {"ideal_px": 32, "multiple_px": 16}
    plain, compiled = (Diffusion(**options, compile=yes).paint(**job(1, size=(32, 32))) for yes in (False, True))
    assert levels_apart(plain, compiled) <= 1
    assert np.ptp(compiled) > 10


def test_words_that_the_model_would_not_read_are_refused_before_any_work(editors):
    with pytest.raises(EditorError, match=r"is 102 tokens long, StableDiffusionInpaintPipeline reads 77"):
        editors["sd15"].check("x" * 100)
    with pytest.raises(EditorError, match=r"steps=0 at strength=1.0 leave nothing to do"):
        editors["sd15"].check("oak", steps=0)
    editors["sd15"].check("oak", steps=2, negative="wood", strength=0.7)
