"""What stays of the photo while a crop is denoised: the latents outside the mask, and one pass through the VAE."""

from types import SimpleNamespace

import numpy as np
import pytest
from watching import Watched, assert_noise_falls, own_latents

from automask.editors.diffusion import Diffusion
from automask.editors.diffusion.latents import grow, in_pixels, latent_freedom, spill_px
from automask.painting.chain import paint
from automask.protocols import Stages
from automask.refiners.threshold import Threshold
from automask.segmenters.painted import Painted
from automask.testing import tiny_diffusion, tiny_diffusion_folder
from automask.types import Edit, Region

pytestmark = [pytest.mark.models, pytest.mark.usefixtures("one_thread")]
KINDS = ("sd15", "sdxl", "flux", "qwen")


@pytest.fixture(scope="module")
def hard():
    mask = np.zeros((48, 80), dtype=np.bool_)
    mask[18:29, 27:50] = True
    return mask


@pytest.fixture(scope="module")
def editors():
    return {kind: tiny_diffusion(kind=kind) for kind in KINDS}


# ---------------------------------------------------------------------------------------------------------------- masks


def masks():
    rng = np.random.default_rng(1)
    dot, line = np.zeros((2, 48, 64), np.bool_)
    dot[23, 31] = True
    line[:, 33] = True
    speckle = rng.random((48, 64)) < 0.002
    return {"dot": dot, "line": line, "speckle": speckle, "all": np.ones((48, 64), np.bool_)}


@pytest.mark.parametrize("grow_px", [0, 3, 8, 20])
@pytest.mark.parametrize("name", masks())
def test_no_masked_pixel_is_missed_and_none_beyond_the_spill_is_touched(name, grow_px):
    hard = masks()[name]
    free = in_pixels(latent_freedom(hard, grow_px=grow_px, cell_px=8), cell_px=8)
    assert (free | ~hard).all()
    assert (free | ~grow(hard, grow_px=grow_px)).all()
    assert (grow(hard, grow_px=spill_px(grow_px, 8)) | ~free).all()


def test_latents_under_the_mask_are_free_and_fewer_are_so_the_further_away():
    hard = np.zeros((8, 48), np.bool_)
    hard[:, :9] = True
    free = latent_freedom(hard, grow_px=24, cell_px=8)[0].tolist()
    assert free[:2] == [1, 1]
    assert free[-1] == 0
    assert free == sorted(free, reverse=True)
    assert 0 < free[2] < 1


def test_an_empty_mask_frees_nothing():
    assert not latent_freedom(np.zeros((16, 16), np.bool_), grow_px=8, cell_px=8).any()
    assert not grow(np.zeros((16, 16), np.bool_), grow_px=8).any()


# -------------------------------------------------------------------------------------------------------------- latents


def round_trip(editor, crop):
    import torch

    with torch.no_grad():
        made = editor.pipe.vae.decode(own_latents(editor, crop)[0]).sample
        made = made.reshape(3, *crop.shape[:2]).permute(1, 2, 0).numpy()
    return np.rint(np.clip(made / 2 + 0.5, 0, 1) * 255).astype(np.uint8)


@pytest.mark.parametrize("options", [{}, {"strength": 0.5, "steps": 5}, {"steps": 1}], ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_outside_the_mask_the_decoder_is_given_the_photo_s_own_latents(editors, crop, hard, kind, options):
    with Watched(editors[kind]) as watched:
        editors[kind].paint(crop, hard, "marble", seed=3, **options)
    _, expected = own_latents(editors[kind], crop)
    stays = latent_freedom(hard, grow_px=8, cell_px=8) == 0
    assert stays.mean() > 0.2
    difference = (watched.decoded - expected).abs().flatten(2).amax(dim=(0, 1)).reshape(stays.shape).numpy()
    assert difference[stays].max() < 1e-4
    assert difference[~stays].max() > 0.1


@pytest.mark.parametrize("kind", KINDS)
def test_with_nothing_masked_the_crop_comes_back_as_one_round_trip(editors, crop, kind):
    painted = editors[kind].paint(crop, np.zeros(crop.shape[:2], np.bool_), "marble", seed=3)
    assert np.abs(painted.astype(int) - round_trip(editors[kind], crop)).max() <= 1


@pytest.mark.parametrize("options", [{}, {"strength": 0.5, "steps": 4}], ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_a_crop_is_encoded_in_one_pass_and_decoded_in_one(editors, crop, hard, kind, options):
    with Watched(editors[kind]) as watched:
        editors[kind].paint(crop, hard, "marble", seed=3, **options)
    assert (watched.encodes, watched.decodes) == (1, 1)
    assert "encode" not in vars(editors[kind].pipe.vae)  # nothing is left behind


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize("kind", KINDS)
def test_in_half_precision_too_a_crop_is_encoded_once_and_painted_alike(editors, crop, hard, kind, dtype, capfd):
    half = Diffusion(
        model=str(tiny_diffusion_folder(kind)), device="cpu", dtype=dtype, steps=2, multiple_px=16, ideal_px=64
    )
    with Watched(half) as watched:
        painted = half.paint(crop, hard, "marble", seed=3)
    assert (watched.encodes, watched.decodes) == (1, 1)
    assert np.abs(painted.astype(int) - editors[kind].paint(crop, hard, "marble", seed=3)).mean() < 3
    assert capfd.readouterr() == ("", "")


def net_inputs(editor, crop, hard, **options):
    """What the denoising net is given, step by step."""
    given = []
    hook = editor.pipe.unet.register_forward_pre_hook(lambda _, inputs: given.append(inputs[0][-1].clone()))
    editor.paint(crop, hard, "marble", seed=3, **options)
    hook.remove()
    return given


@pytest.mark.parametrize("kind", ["sd15", "sdxl"])
def test_the_mask_given_to_the_net_covers_every_latent_with_a_masked_pixel(editors, crop, kind):
    hard = np.zeros(crop.shape[:2], np.bool_)
    hard[21:23, 12] = True  # no pixel of it is one that diffusers' own scaling looks at
    mask_given = net_inputs(editors[kind], crop, hard)[0][4].numpy()
    assert np.array_equal(mask_given, np.ceil(latent_freedom(hard, grow_px=8, cell_px=8)))
    assert mask_given.sum() >= 4


@pytest.mark.parametrize("options", [{"steps": 6}, {"steps": 8, "strength": 0.5}], ids=str)
@pytest.mark.parametrize("kind", ["sd15", "sdxl"])
def test_what_stays_has_the_noise_of_its_step(editors, crop, hard, kind, options):
    given = net_inputs(editors[kind], crop, hard, **options)
    assert_noise_falls(editors[kind], crop, hard, given)


def test_latents_that_are_partly_free_stay_at_first_and_are_let_go():
    import torch

    from automask.editors.diffusion.latents import KeptLatents

    def add_noise(clean, noise, level):
        return clean + level

    # The first of five steps was left out.
    scheduler = SimpleNamespace(timesteps=torch.tensor([9, 7, 5, 3, 1]), add_noise=add_noise)
    pipe = SimpleNamespace(num_timesteps=4, scheduler=scheduler)

    keep = KeptLatents(torch.zeros(3), torch.zeros(3), torch.tensor([0.0, 0.5, 1.0]))
    after = [keep(pipe, step, None, {"latents": torch.full((3,), 99.0)})["latents"].tolist() for step in range(4)]
    assert after == [[5, 5, 99], [3, 99, 99], [1, 99, 99], [0, 99, 99]]


# ------------------------------------------------------------------------------------------------------------ the chain


def lead_back(editor, monkeypatch):
    """Puts a net in the place of the editor's that always answers with what leads to the crop's own latents."""
    import torch

    pipe, own = editor.pipe, []

    class Net(torch.nn.Module):
        config, dtype, device = pipe.unet.config, pipe.unet.dtype, pipe.unet.device
        add_embedding = pipe.unet.add_embedding

        def forward(self, sample, timestep, **_):
            sigma = pipe.scheduler.sigmas[pipe.scheduler.step_index or 0]
            unscaled = sample[:, :4] * (sigma**2 + 1) ** 0.5
            return ((unscaled - own[-1]) / sigma,)

    def encoded(_, inputs, moments):
        mean = moments[: len(moments) // 2, :4]  # the second half are the masked crops
        own.append(mean * pipe.vae.config.scaling_factor)

    pipe.vae.quant_conv.register_forward_hook(encoded)
    monkeypatch.setattr(pipe, "unet", Net())


def test_ten_edits_leave_the_rest_alone_and_give_one_round_trip_inside(monkeypatch):
    editor = tiny_diffusion(kind="sdxl", guidance=1.0, steps=3)
    lead_back(editor, monkeypatch)
    photo = np.random.default_rng(2).integers(0, 256, (128, 320, 3), dtype=np.uint8)
    edits, regions, expected = [], [], photo.copy()
    for number in range(10):
        y, x = 64 * (number // 5), 64 * (number % 5)
        hard = np.zeros(photo.shape[:2], np.bool_)
        hard[y + 22 : y + 42, x + 22 : x + 42] = True
        edits.append(Edit((f"part {number}",), "marble"))
        regions.append(Region(f"part {number}", True, hard, hard.astype(np.float32), (), 0.9))
        cell = np.s_[y : y + 64, x : x + 64]
        expected[cell] = np.where(hard[cell][..., None], round_trip(editor, photo[cell]), photo[cell])
    stages = Stages(segmenter=Painted(masks={}), refiner=Threshold(), editor=editor)
    result, steps = paint(photo, tuple(edits), regions, stages)
    assert all(step.reason is None for step in steps)
    outside = ~np.any([region.hard for region in regions], axis=0)
    assert np.array_equal(result[outside], photo[outside])
    assert np.abs(result.astype(int) - expected).max() <= 1
    assert np.abs(result.astype(int) - photo)[~outside].mean() > 5
