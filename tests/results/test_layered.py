"""Results in layers: laid over one another they are the result, and paint programs' formats hold them."""

import io
import shutil
import zipfile
from xml.etree import ElementTree

import numpy as np
import pytest
from outcomes import outcome, photo_file
from PIL import Image

import automask
from automask.cli.entry import main
from automask.errors import ConfigError
from automask.results.layers import layers_of

WORDS = "island -> #ff0000; lamp -> #0000ff"


@pytest.fixture
def edited(scene):
    return automask.edit(scene.photo, WORDS, overrides=[*scene.overrides, "mask.dilate_px=3", "mask.feather_px=6"])


def laid(photo, layers):
    """The layers over the photo, as a paint program lays them."""
    below = photo.astype(np.float64)
    for _, box, layer in layers:
        alpha = layer[..., 3:] / 255
        below[box.slices] = below[box.slices] * (1 - alpha) + layer[..., :3] * alpha
    return below


def test_laid_over_one_another_layers_are_the_result_within_a_level(edited):
    layers = list(layers_of(edited.photo.rgb, edited.image, edited.regions, edited.steps))
    assert [words for words, _, _ in layers] == ["island -> #ff0000", "lamp -> #0000ff"]
    assert np.abs(laid(edited.photo.rgb, layers) - edited.image).max() <= 1.01
    for (_, box, layer), region in zip(layers, edited.regions, strict=True):
        assert (layer[..., 3] == np.rint(region.alpha[box.slices] * 255)).all()


def test_an_edit_that_painted_nothing_has_no_layer(tmp_path):
    one = outcome(photo_file(tmp_path), np.zeros((180, 240), bool))
    assert list(layers_of(one.photo.rgb, one.image, one.regions, one.steps)) == []


def test_openraster_holds_photo_layers_and_result_with_its_type_first(edited, tmp_path):
    saved = edited.save(tmp_path, layers="ora")
    with zipfile.ZipFile(tmp_path / "kitchen.ora") as archive:
        assert archive.infolist()[0].filename == "mimetype"
        assert archive.read("mimetype") == b"image/openraster"
        assert archive.infolist()[0].compress_type == zipfile.ZIP_STORED
        listed = [one.attrib for one in ElementTree.fromstring(archive.read("stack.xml")).iter("layer")]  # noqa: S314 - our own
        assert [one["name"] for one in listed] == ["lamp -> #0000ff", "island -> #ff0000", "photo"]
        merged = np.asarray(Image.open(io.BytesIO(archive.read("mergedimage.png"))))
        assert (merged == edited.image).all()
        layer = np.asarray(Image.open(io.BytesIO(archive.read(listed[0]["src"]))))
        assert layer.shape[2] == 4
        assert archive.read("Thumbnails/thumbnail.png")[:4] == b"\x89PNG"
    assert "kitchen.ora" in saved.recorded["files"]


def test_psd_holds_them_too(edited, tmp_path):
    psd_tools = pytest.importorskip("psd_tools", reason="needs the 'psd' extra")
    edited.save(tmp_path, layers="psd")
    psd = psd_tools.PSDImage.open(tmp_path / "kitchen.psd")
    assert [layer.name for layer in psd] == ["photo", "island -> #ff0000", "lamp -> #0000ff"]
    lamp = psd[2]
    shown = np.asarray(lamp.topil().convert("RGBA"))
    middle = shown[20 - lamp.top, 100 - lamp.left]
    assert middle[3] == 255
    assert (middle[:3] == edited.image[20, 100]).all()


def test_layers_of_an_earlier_run_go_and_a_persons_file_stays(edited, tmp_path):
    edited.save(tmp_path, layers="ora")
    edited.save(tmp_path)
    assert not (tmp_path / "kitchen.ora").exists()
    (tmp_path / "kitchen.ora").write_bytes(b"mine")
    assert edited.save(tmp_path, layers="ora").recorded["kept"] == ["kitchen.ora"]
    assert (tmp_path / "kitchen.ora").read_bytes() == b"mine"


def test_a_batch_writes_the_layers_that_an_edit_writes_and_paints_again_only_what_has_none(scene, tmp_path, capsys):
    photos, out = tmp_path / "photos", tmp_path / "out"
    photos.mkdir()
    shutil.copy(scene.photo, photos)
    words = [WORDS, *scene.overrides]

    def batch(*more):
        assert main(["batch", str(photos), *words, "-o", str(out), "--workers", "1", *more]) == 0
        return capsys.readouterr().out.splitlines()[0]

    assert batch().startswith("1 done")
    assert batch("--layers", "ora").startswith("1 done")
    assert batch("layers=ora").startswith("0 done, 1 done before")
    assert batch().startswith("0 done, 1 done before")  # layers that nobody asks for are no reason to paint again
    assert main(["edit", str(scene.photo), *words, "-o", str(tmp_path / "one"), "layers=ora"]) == 0
    assert (out / "kitchen.ora").read_bytes() == (tmp_path / "one" / "kitchen.ora").read_bytes()
    (out / "kitchen.ora").write_bytes(b"mine")
    assert main(["batch", str(photos), *words, "-o", str(out), "--workers", "1", "--layers", "ora"]) == 0
    assert (out / "kitchen.ora").read_bytes() == b"mine"


def test_another_format_is_refused_before_any_work(edited, tmp_path, capsys, scene):
    with pytest.raises(ConfigError, match="layers is 'gif'; give ora or psd"):
        edited.save(tmp_path, layers="gif")
    assert main(["edit", str(scene.photo), WORDS, "-o", str(tmp_path), "--layers", "gif"]) == 2
    assert main(["batch", str(scene.photo.parent), WORDS, "-o", str(tmp_path / "o"), "--layers", "gif"]) == 2
    assert main(["edit", str(scene.photo), WORDS, "-o", "-", "--layers", "ora", *scene.overrides]) == 2
    assert "-o - takes one picture, and layers=ora makes another file" in capsys.readouterr().err
    assert main(["edit", str(scene.photo), WORDS, "-o", str(tmp_path), "--layers", "ora", *scene.overrides]) == 0
    assert (tmp_path / "kitchen.ora").is_file()
