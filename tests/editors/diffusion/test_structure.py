import cv2
import numpy as np
import pytest
from diffusion_engines import editor_of, job, levels_apart
from watching import Watched

from automask.editors.diffusion import Diffusion
from automask.editors.diffusion.structure import depth_finder, edges_of
from automask.errors import ConfigError
from automask.testing import (
    tiny_controlnet_folder,
    tiny_depth_folder,
)

pytestmark = [pytest.mark.models, pytest.mark.usefixtures("one_thread")]


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


def tiny_depth(crop):
    import torch

    return depth_finder(tiny_depth_folder(), device=torch.device("cpu"), dtype=torch.float32)(crop)


@pytest.mark.parametrize(("name", "structure_of"), [("sd15-canny", edges_of), ("sd15-depth", tiny_depth)])
def test_the_structure_of_each_crop_is_what_the_controlnet_sees(name, structure_of, parity):
    editor = editor_of(name, steps=1, batch=2, guidance=1.0)
    seen = []
    editor.pipe.controlnet.register_forward_pre_hook(
        lambda _, inputs, named: seen.append(named["controlnet_cond"]), with_kwargs=True
    )
    jobs = [job(1), job(2)]
    editor.paint_many(jobs)
    expected = [structure_of(one["crop"]) for one in jobs]
    given = seen[0].permute(0, 2, 3, 1).numpy() * 255
    parity(f"diffusion: {name}", "what the ControlNet sees, levels", given, np.stack(expected), most=0.01)


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
