"""The laws of the refiner's training: what heat is spoilt to, what marks tell, what its net and its loss answer."""

import importlib
import sys
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from automask.weights.net import Net

pytestmark = pytest.mark.models
torch = pytest.importorskip("torch", reason="needs the 'models' extra")

SCRIPTS = Path(__file__).parents[2] / "scripts"


@pytest.fixture(scope="module")
def refiner():
    sys.path.insert(0, str(SCRIPTS))
    try:
        names = ("net", "samples", "spoil", "training", "export")
        return SimpleNamespace(**{name: importlib.import_module(f"train_refiner.{name}") for name in names})
    finally:
        sys.path.remove(str(SCRIPTS))


@pytest.fixture
def mask():
    mask = np.zeros((60, 80), np.bool_)
    mask[20:50, 10:50] = True
    return mask


@pytest.fixture
def scene(refiner):
    """A picture whose class is written in its colour: a cabinet, a window, a wall."""
    ids = np.full((240, 320), 1001, np.int32)
    ids[100:200, 40:160] = 2004
    ids[40:90, 200:300] = 3019
    rgb = np.zeros((240, 320, 3), np.uint8)
    rgb[ids == 2004] = 255
    return refiner.samples.Scene("room", rgb, ids, exact=True)


NAMES = {1: "wall", 4: "base cabinet", 19: "window"}


@pytest.mark.parametrize("seed", range(12))
def test_spoilt_heat_is_a_probability_that_depends_on_the_seed_alone(refiner, mask, seed):
    other = np.roll(mask, 30, axis=1) & ~mask
    heat = refiner.spoil.spoilt(mask, [other], np.random.default_rng(seed))
    assert heat.dtype == np.float32
    assert heat.shape == mask.shape
    assert 0 <= heat.min() <= heat.max() <= 1
    assert np.array_equal(heat, refiner.spoil.spoilt(mask, [other], np.random.default_rng(seed)))


def test_spoilt_heat_is_mostly_right(refiner, mask):
    heats = [refiner.spoil.spoilt(mask, [], np.random.default_rng(seed)) for seed in range(60)]
    inside, outside = (np.mean([heat[part].mean() for heat in heats]) for part in (mask, ~mask))
    assert inside > 0.5 > 2 * outside


@pytest.mark.parametrize("seed", range(12))
def test_marks_are_set_where_they_are_true(refiner, mask, seed):
    rng = np.random.default_rng(seed)
    positive, negative = refiner.spoil.clicks(mask, refiner.spoil.spoilt(mask, [], rng), rng)
    assert positive.any() or negative.any()
    assert mask[positive > 0].all()
    assert not mask[negative > 0].any()


@pytest.mark.parametrize("seed", range(8))
def test_masks_line_up_with_the_view(refiner, scene, seed):
    made = refiner.samples.view(scene, NAMES, [seed], (96, 128))
    assert made is not None
    bright = cv2.resize(made.rgb.mean(-1), (64, 48), interpolation=cv2.INTER_AREA)
    for hint, found, weight in zip(made.hints, made.masks, made.weights, strict=True):
        assert hint.shape == (3, 24, 32)
        assert found.shape == weight.shape == (48, 64)
        inside, outside = bright[found & (weight == 1)], bright[~found & (weight == 1)]
        if len(inside) and len(outside):  # each class has one brightness, whatever the light of the view
            levels = np.median(inside), np.median(outside)
            assert np.abs(inside - levels[0]).mean() < 60


def test_borders_drawn_by_eye_do_not_count(refiner, mask):
    exact = refiner.samples.border_weight(mask, exact=True)
    by_eye = refiner.samples.border_weight(mask, exact=False)
    assert exact[20, 20] > exact[35, 30]
    assert by_eye[20, 20] == 0
    assert by_eye[35, 30] == 1


def test_the_loss_is_least_for_the_truth_and_ignores_what_is_not_known(refiner):
    mask = torch.zeros(1, 1, 16, 16)
    mask[..., 4:12, 4:12] = 1
    weight = torch.ones_like(mask)
    right = (mask * 2 - 1) * 20
    wrong = right.clone()
    wrong[..., :2, :] = 20
    loss = refiner.training.outline_loss
    assert float(loss(right, mask, weight)) < 0.01
    assert float(loss(wrong, mask, weight)) > 1
    weight[..., :2, :] = 0
    assert float(loss(wrong, mask, weight)) < 0.01


@pytest.fixture(scope="module")
def net(refiner):
    torch.manual_seed(0)
    net = refiner.net.Outline()
    with torch.no_grad():
        for name, value in net.state_dict().items():
            if "running_mean" in name or name.endswith("bn.bias"):
                value.normal_(0, 0.1)
            elif "running_var" in name or name.endswith("bn.weight"):
                value.uniform_(0.5, 1.5)
    return net.eval()


def test_an_untrained_net_gives_the_heat_back(refiner):
    net = refiner.net.Outline().eval()
    hints = torch.zeros(2, 3, 16, 24)
    hints[0, 0, 4:12, 6:18] = 0.9
    hints[1, 0] = 0.1
    with torch.no_grad():
        found = torch.sigmoid(net(torch.rand(1, 3, 64, 96), hints))
    assert found.shape == (2, 1, 32, 48)
    assert float(found[0, 0, 16, 24]) > 0.5
    assert float(found[1].max()) < 0.5


def test_phrases_do_not_depend_on_each_other(net):
    photo, hints = torch.rand(1, 3, 64, 96), torch.rand(3, 3, 16, 24)
    with torch.no_grad():
        together, alone = net(photo, hints), net(photo, hints[1:2])
    torch.testing.assert_close(together[1:2], alone, atol=1e-4, rtol=1e-4)


def test_the_onnx_files_answer_as_the_net_does(refiner, net, tmp_path):
    pytest.importorskip("onnx", reason="an export needs onnx")
    from safetensors.torch import save_file

    save_file({k: v for k, v in net.state_dict().items() if "num_b" not in k}, tmp_path / "weights.safetensors")
    trained = refiner.export.trained(tmp_path / "weights.safetensors")
    refiner.export.export(trained, tmp_path, {"terms": "none"})
    photo, hints = np.random.default_rng(0).random((1, 3, 64, 96), np.float32), np.zeros((2, 3, 16, 24), np.float32)
    hints[0, 0, 4:9, 4:9] = 0.8
    files = [tmp_path / f"outline_{part}.onnx" for part in ("photo", "phrase")]
    encoder, decoder = (Net(file.read_bytes(), name=file, threads=1) for file in files)
    features = dict(zip(refiner.export.NAMES, encoder.run(photo=photo), strict=True))
    (found,) = decoder.run(**features, hints=hints)
    with torch.no_grad():
        expected = torch.sigmoid(net(torch.from_numpy(photo), torch.from_numpy(hints))).numpy()
    assert found == pytest.approx(expected, abs=5e-3)  # weights are stored as float16


def test_a_stopped_run_goes_on_where_it_was(refiner, scene, tmp_path, monkeypatch, capsys):
    from safetensors.torch import save_file

    monkeypatch.setattr(refiner.samples, "SHAPES", ((64, 96),))
    start = refiner.net.Outline()
    save_file({k: v for k, v in start.state_dict().items() if "num_b" not in k}, tmp_path / "start.safetensors")
    scenes = refiner.samples.Scenes([scene], NAMES, [], {})
    for minutes in (0.03, 0.06):
        schedule = refiner.training.Schedule(minutes, size=1)
        refiner.training.train(tmp_path, scenes, schedule, tmp_path / "start.safetensors")
    assert "goes on at step" in capsys.readouterr().out
    assert torch.load(tmp_path / "last.pt", weights_only=True)["step"] > 0
    assert (tmp_path / "weights.safetensors").exists()
