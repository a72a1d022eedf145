"""The laws of the surface net's training: what is learnt of a room does not depend on how it was photographed."""

import importlib
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

pytestmark = pytest.mark.models
torch = pytest.importorskip("torch", reason="needs the 'models' extra")

SCRIPTS = Path(__file__).parents[2] / "scripts"
HW = (96, 128)
WALL, FLOOR = 1 + 256 * 1, 3 + 256 * 2


@pytest.fixture(scope="module")
def training():
    """The modules of the package, as a newcomer would import them with scripts/ on the path."""
    sys.path.insert(0, str(SCRIPTS))
    try:
        names = ("augment", "net", "scenes", "training")
        return SimpleNamespace(**{name: importlib.import_module(f"train_surfaces.{name}") for name in names})
    finally:
        sys.path.remove(str(SCRIPTS))


@pytest.fixture(scope="module")
def rooms(tmp_path_factory):
    """Eight rooms with passes, as the renderer writes them: a grey wall over a brown floor."""
    folder = tmp_path_factory.mktemp("rooms")
    (folder / "classes.json").write_text(json.dumps({"1": {"phrase": "wall"}, "3": {"phrase": "floor"}}))
    is_floor = np.arange(HW[0])[:, None].repeat(HW[1], 1) >= 48
    normal = np.where(is_floor[..., None], (0, -1, 0), (0, 0, 1))
    for i in range(8):
        stem = f"hall_{i:05d}"
        linear = np.where(is_floor[..., None], (0.3, 0.2, 0.1), (0.4, 0.4, 0.4))
        picture = np.rint(linear ** (1 / 2.2) * 255).astype(np.uint8)
        cv2.imwrite(str(folder / f"{stem}.jpg"), picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 98])
        cv2.imwrite(str(folder / f"{stem}.png"), np.where(is_floor, 3, 1).astype(np.uint8))
        cv2.imwrite(str(folder / f"{stem}_inst.png"), np.where(is_floor, 2, 1).astype(np.uint16))
        cv2.imwrite(str(folder / f"{stem}_albedo.png"), np.rint(linear[..., ::-1] * 65535).astype(np.uint16))
        cv2.imwrite(str(folder / f"{stem}_normal.png"), (normal[..., ::-1] * 32767 + 32768).astype(np.uint16))
        cv2.imwrite(str(folder / f"{stem}_depth.png"), np.full(HW, 2000, np.uint16))
        look = {"transform": "AgX"} if i % 2 else {"transform": "Filmic", "red": 1.1}
        (folder / f"{stem}.json").write_text(json.dumps({"camera": {"focal_px": 100.0}, "look": look}))
    return folder


@pytest.fixture(scope="module")
def scenes(training, rooms):
    train, held_out = training.scenes.load([f"{rooms}:{rooms}"])
    return train + held_out


def test_a_room_in_five_is_held_out_by_its_name_alone(training, rooms, tmp_path):
    train, held_out = training.scenes.load([f"{rooms}:{rooms}"])
    assert len(train) + len(held_out) == 8, "all are read"
    assert held_out, "some are kept apart"
    for path in rooms.glob("*"):
        if path.stem.startswith(held_out[0].name.split("/")[1]) or path.stem == "classes":
            (tmp_path / path.name).write_bytes(path.read_bytes())
    assert [len(part) for part in training.scenes.load([f"{tmp_path}:{tmp_path}"])] == [0, 1], "alone as among others"
    assert not training.scenes.load([f"={rooms}:{rooms}"])[0], "a folder named with = teaches nothing"


def test_only_a_plain_look_is_undone(scenes):
    assert {scene.plain for scene in scenes if int(scene.name[-1]) % 2} == {True}
    assert {scene.plain for scene in scenes if not int(scene.name[-1]) % 2} == {False}


def test_what_is_learnt_of_an_unpainted_room_does_not_depend_on_the_camera(training, scenes):
    looked = next(scene for scene in scenes if not scene.plain)
    pictures = []
    for seed in range(6):
        rgb, label, thing = training.augment.random_crop(looked, (64, 96), np.random.default_rng(seed))
        pictures.append(rgb)
        floor = (thing == FLOOR) & ~np.isnan(label[..., 3])
        assert np.nanmedian(label[thing == WALL][:, 3]) == pytest.approx(np.log(0.4), abs=0.02), "the wall reflects 0.4"
        assert np.nanmedian(label[floor][:, 4]) == pytest.approx(np.log(1.5), abs=0.05), "the floor is brown"
        assert np.allclose(np.nanmedian(label[floor][:, :3], 0), (0, -1, 0)), "the floor faces up"
    means = np.array([picture.mean((0, 1)) for picture in pictures])
    assert means.std(0).min() > 3, "and yet its pictures differ"


def test_paint_changes_the_light_of_its_thing_by_what_it_changes_the_reflectance(training):
    albedo = np.zeros((12, 16, 3), np.float32)
    albedo[..., 0] = np.log(0.4)
    thing = np.full((12, 16), WALL, np.int32)
    thing[6:] = FLOOR
    painted = 0
    for seed in range(30):
        change, new = training.augment.repainted(albedo, thing, np.random.default_rng(seed))
        for one in (WALL, FLOOR):
            if one not in change:
                assert np.array_equal(new[thing == one], albedo[thing == one]), "what is not painted stays"
                continue
            painted += 1
            was, now = (training.augment.linear_of_logs(each[thing == one][0]) for each in (albedo, new))
            sheen = training.augment.SHEEN
            if now.min() > 0.02:  # a logarithm of less is cut off
                assert np.allclose(change[one], np.log((now + sheen) / (was + sheen)), atol=0.05), now
    assert painted > 10


def test_a_net_goes_on_from_the_file_that_ships(training):
    onnx = pytest.importorskip("onnx", reason="training needs onnx, which the package does not")
    del onnx
    from automask.geometry import surfaces

    net = training.net.Surfaces()
    training.net.go_on_from(net, surfaces.NET)
    net.eval()
    photo = np.random.default_rng(0).random((1, 3, 64, 96), dtype=np.float32)
    with torch.no_grad():
        ours = net(torch.from_numpy(photo)).numpy()
    shipped = surfaces._net().run(photo=photo)[0]
    assert np.abs(ours - shipped).max() < 1e-3
    assert np.ptp(shipped) > 0.5, "and both see something"


@pytest.mark.slow
def test_training_stopped_and_called_again_goes_on(training, scenes, tmp_path, monkeypatch, capsys):
    module = training.training
    monkeypatch.setattr(module, "SHAPES", ((64, 96),))
    monkeypatch.setattr(module, "LOOKS", 1)
    monkeypatch.setattr(module, "started", lambda start: training.net.Surfaces())  # without ImageNet's weights
    # Two batches, and then it is as if someone had stopped it.
    monkeypatch.setattr(
        module, "batches", lambda *args: iter([module.batch(args[0], args[1] + i, 0, 2) for i in (0, 1)])
    )
    for steps in (2, 4):
        module.train(tmp_path, scenes, scenes, minutes=60, size=2, lr=1e-3, seed=0, start=None)
        assert torch.load(tmp_path / "last.pt", weights_only=True)["step"] == steps
    assert "goes on at step 2" in capsys.readouterr().out
