"""The laws of the starter's training: what its losses reward, and that a batch depends on its step alone."""

import importlib
import json
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

pytestmark = pytest.mark.models
torch = pytest.importorskip("torch", reason="needs the 'models' extra")

SCRIPTS = Path(__file__).parents[2] / "scripts"


@pytest.fixture(scope="module")
def training():
    sys.path.insert(0, str(SCRIPTS))
    try:
        return importlib.import_module("train_starter")
    finally:
        sys.path.remove(str(SCRIPTS))


@pytest.fixture(scope="module")
def data(training, tmp_path_factory):
    """Sixteen photos and two renders in the form of the data folder: a wall over a floor, some with a cabinet."""
    home = tmp_path_factory.mktemp("data")
    nyu, renders, more = home / "nyu", home / "renders" / "rooms" / "small", home / "more"
    for folder in (nyu / "train", renders, more):
        folder.mkdir(parents=True)
    names = {"0": "void", "1": "wall", "2": "floor", "3": "cabinet", "12": "counter", "28": "shower curtain"}
    (nyu / "classes.json").write_text(json.dumps({"classes": names}))
    phrases = {1: "wall", 3: "floor", 7: "base cabinet", 32: "curtain", 58: "shower screen"}
    classes = {str(i): {"phrase": phrase} for i, phrase in {0: "unlabelled", **phrases}.items()}
    for folder in (home / "renders", more):
        (folder / "classes.json").write_text(json.dumps(classes))
    rng = np.random.default_rng(0)

    def room(path: Path, floor: int, thing: int) -> None:
        label = np.ones((96, 128), np.uint8)
        label[60:] = floor
        label[40:70, 30:60] = thing
        cv2.imwrite(str(path.with_suffix(".jpg")), rng.integers(0, 256, (96, 128, 3), np.uint8))
        cv2.imwrite(str(path.with_suffix(".png")), label)

    items = []
    for i in range(16):
        room(nyu / "train" / f"{i:02d}", 2, 3 if i % 2 else 0)
        items.append({"image": f"{i:02d}.jpg", "label": f"{i:02d}.png"})
    (nyu / "train" / "index.json").write_text(json.dumps({"items": items}))
    for folder, name, kind, thing in ((renders, "kitchen", "kitchen", 7), (more, "bath", "bathroom", 32)):
        room(folder / name, 3, thing)
        (folder / f"{name}.json").write_text(json.dumps({"kind": kind, "share": {}}))
    return training.load(home, more)


def leaf(training, *names: str) -> list[int]:
    return [training.LEAVES.index(name) for name in names]


def row(training, data, *names: str) -> int:
    wanted = {*leaf(training, *names)}
    return next(i for i, members in enumerate(data.sets.tolist()) if {m for m in members if m >= 0} == wanted)


def logits_for(training, chosen: np.ndarray) -> "torch.Tensor":
    """Logits that are sure of one leaf in each pixel."""
    out = torch.full((1, len(training.LEAVES), *chosen.shape), -20.0)
    return out.scatter(1, torch.from_numpy(chosen).long()[None, None], 20.0)


@pytest.fixture(scope="module")
def scene(training, data):
    """Labels of one crop, and the leaf of every pixel that is right for them."""
    cabinet = row(training, data, "base cabinet", "wall cabinet", "tall cabinet", "handle", "toe kick")
    floor = row(training, data, "floor")
    label = np.full((24, 32), floor)
    label[:8, :20] = cabinet
    label[:, 30:] = 255
    right = np.full((24, 32), leaf(training, "floor")[0])
    right[:8, :20] = leaf(training, "wall cabinet")[0]
    return torch.from_numpy(label)[None].long(), right


def test_photos_kept_apart_are_not_trained_on(data):
    apart = {picture.name for picture in data.kept_apart}
    assert apart
    assert not apart & {picture.name for picture in data.nyu}
    assert len(data.nyu) + len(apart) == 16


def test_a_curtain_in_a_bathroom_is_a_shower_curtain(training, data):
    bath = next(picture for picture in data.renders if picture.name == "bath.jpg")
    assert row(training, data, "shower curtain") in bath.label
    assert row(training, data, "curtain") not in bath.label
    kitchen = next(picture for picture in data.renders if picture.name == "kitchen.jpg")
    assert row(training, data, "base cabinet") in kitchen.label


def test_any_leaf_of_a_label_is_right(training, data, scene):
    label, right = scene
    loss = float(training.set_loss(logits_for(training, right), label, data))
    assert loss < 1e-3
    other = np.where(right == leaf(training, "wall cabinet")[0], leaf(training, "tall cabinet")[0], right)
    assert float(training.set_loss(logits_for(training, other), label, data)) < 1e-3
    wrong = np.where(right == leaf(training, "wall cabinet")[0], leaf(training, "sofa")[0], right)
    assert float(training.set_loss(logits_for(training, wrong), label, data)) > 1


def test_the_overlap_loss_is_one_minus_the_mean_iou_of_what_is_sure(training, data, scene):
    label, right = scene
    assert float(training.overlap_loss(logits_for(training, right), label, data)) < 1e-3
    half = right.copy()
    half[:4, :20] = leaf(training, "floor")[0]  # half of the cabinet is called floor: IoU 0.5, and 560 / 640
    known_floor = 24 * 30 - 8 * 20
    expected = 1 - (0.5 + known_floor / (known_floor + 80)) / 2
    assert float(training.overlap_loss(logits_for(training, half), label, data)) == pytest.approx(expected, abs=1e-3)


def test_what_is_unlabelled_costs_nothing(training, data, scene):
    label, right = scene
    other = right.copy()
    other[:, 30:] = leaf(training, "sofa")[0]
    for loss in (training.set_loss, training.overlap_loss):
        both = [float(loss(logits_for(training, chosen), label, data)) for chosen in (right, other)]
        assert both[0] == pytest.approx(both[1], abs=1e-6)


def test_presence_is_rewarded_for_what_is_there_and_for_nothing_else(training, data, scene):
    label, _ = scene

    def loss(*present: str) -> float:
        presence = torch.full((1, len(training.LEAVES)), -8.0)
        presence[0, leaf(training, *present)] = 8.0
        return float(training.presence_loss(presence, label, data))

    right = loss("floor", "wall cabinet")
    assert right < 0.1
    assert loss("floor") > right + 1  # the cabinet is denied
    assert loss("floor", "tall cabinet") == pytest.approx(right, abs=0.05)  # which cabinet, nobody says
    assert loss("floor", "wall cabinet", "sofa") > right + 1


def test_a_batch_depends_on_seed_and_step_alone(training, data):
    first, labels = training.batch(data, 5, 7, 4)
    again, _ = training.batch(data, 5, 7, 4)
    other, _ = training.batch(data, 6, 7, 4)
    assert torch.equal(first, again)
    assert first.shape != other.shape or not torch.equal(first, other)
    assert (4 * labels.shape[1], 4 * labels.shape[2]) == tuple(first.shape[2:])
    assert 0 <= float(first.min()) <= float(first.max()) <= 1


def test_a_logistic_fit_finds_the_weights_that_made_the_data(training):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(20_000, 2))
    chance = 1 / (1 + np.exp(-(1.5 * x[:, 0] - 0.5 * x[:, 1] + 0.25)))
    found = training.logistic(np.column_stack([x, rng.random(len(x)) < chance]))
    assert found == pytest.approx((1.5, -0.5, 0.25), abs=0.06)


def test_folding_the_norms_changes_nothing(training, tmp_path):
    torch.manual_seed(0)
    net = training.Starter(len(training.LEAVES))
    with torch.no_grad():
        for name, value in net.state_dict().items():
            if "running_mean" in name or name.endswith("bn.bias"):
                value.normal_(0, 0.1)
            elif "running_var" in name or name.endswith("bn.weight"):
                value.uniform_(0.5, 1.5)
    torch.save({"mean": net.state_dict()}, tmp_path / "last.pt")
    photo = torch.rand(1, 3, 64, 96)
    net.eval()
    with torch.no_grad():
        plain, folded = net(photo), training.trained(tmp_path)(photo)
    for one, other in zip(plain, folded, strict=True):
        torch.testing.assert_close(one, other, atol=1e-3, rtol=1e-3)
    assert plain[0].shape == (1, len(training.LEAVES), 16, 24)
    assert plain[1].shape == (1, len(training.LEAVES))
