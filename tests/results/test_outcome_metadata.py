"""What `metadata=no-location` and `none` mean for the files that a run writes, and the ways to ask for it."""

import json
from pathlib import Path

import numpy as np
import pytest
from outcomes import outcome
from PIL import Image
from places import PHOTOS, every_photo, exif_of, found_in, jpeg_file

import automask
from automask.cli.entry import main
from automask.errors import ConfigError
from automask.images import open_photo
from automask.results.outcome import save_variants
from automask.types import Variant


@every_photo
@pytest.mark.parametrize("metadata", ["no-location", "none"])
def test_no_file_of_a_result_holds_the_place(name: str, metadata: str, tmp_path: Path):
    done = outcome(PHOTOS[name](tmp_path / name)).save(tmp_path / "out", disclose="label", metadata=metadata)
    files = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert len(files) == 5
    assert [path.name for path in files if found_in(path.read_bytes())] == []
    assert done.recorded["metadata"]["setting"] == metadata
    assert f"metadata={metadata}: not kept: {', '.join(done.recorded['metadata']['dropped'])}" in done.recorded["notes"]
    result, original = open_photo(done.result), open_photo(done.original)
    assert b"Digitally altered" in done.result.read_bytes()
    assert (result.format, result.size_wh) == (original.format, original.size_wh)
    source = open_photo(tmp_path / name)
    if source.format == "JPEG" or source.container.lossless:
        np.testing.assert_array_equal(original.samples, source.samples)


def test_the_place_is_kept_where_nobody_asked(tmp_path: Path):
    done = outcome(jpeg_file(tmp_path / "a.jpg")).save(tmp_path / "out", disclose="label")
    assert found_in(done.result.read_bytes())
    assert done.original.read_bytes() == (tmp_path / "a.jpg").read_bytes()
    assert done.recorded["metadata"] is None
    assert not [note for note in done.recorded["notes"] if "metadata" in note]


def test_a_photo_in_which_nothing_was_painted_loses_its_place_too(tmp_path: Path):
    path = jpeg_file(tmp_path / "a.jpg")
    nothing = np.zeros(open_photo(path).rgb.shape[:2], bool)
    done = outcome(path, nothing).save(tmp_path / "out", metadata="no-location")
    assert found_in(done.result.read_bytes()) == []
    np.testing.assert_array_equal(open_photo(done.result).samples, open_photo(path).samples)


def test_bytes_and_pillow_images_go_without_the_place_too(tmp_path: Path):
    made = outcome(jpeg_file(tmp_path / "a.jpg"), metadata="no-location")
    assert [found_in(made.to_bytes(format_)) for format_ in (None, "png", "webp")] == [[], [], []]
    info = made.pil().info
    assert found_in(info["exif"] + info["xmp"]) == []
    assert found_in(outcome(tmp_path / "a.jpg").to_bytes("webp"))


def test_variants_go_without_the_place(tmp_path: Path):
    made = outcome(jpeg_file(tmp_path / "a.jpg"))
    (saved,), _ = save_variants([(Variant("", (), made.plan), made)], tmp_path / "out", metadata="none")
    assert found_in(saved.result.read_bytes()) == []


def test_what_is_no_setting_is_refused(tmp_path: Path):
    with pytest.raises(ConfigError, match=r"metadata is 'drop'; give keep, no-location or none"):
        outcome(jpeg_file(tmp_path / "a.jpg")).save(tmp_path / "out", metadata="drop")
    assert not (tmp_path / "out").exists()


# ----------------------------------------------------------------------------------------------- the ways to ask for it


def test_the_command_line_takes_the_place_out_and_says_so(capsys, scene, tmp_path: Path):
    with Image.open(scene.photo) as image:
        image.save(scene.photo, exif=exif_of())
    assert found_in(scene.photo.read_bytes())
    words = ["edit", str(scene.photo), "lamp -> gold", "-o", str(tmp_path), "metadata=no-location"]
    assert main([*words, *scene.overrides]) == 0
    assert found_in((tmp_path / "kitchen.png").read_bytes()) == []
    record = json.loads((tmp_path / "kitchen.run.json").read_text(encoding="utf-8"))
    assert "the place in EXIF" in record["metadata"]["dropped"]
    assert "the place in EXIF" in capsys.readouterr().err


def test_an_override_in_python_is_the_default_of_save(scene, tmp_path: Path):
    made = automask.edit(scene.photo, "lamp -> gold", overrides=[*scene.overrides, "metadata=none"])
    assert made.save(tmp_path / "a").recorded["metadata"] == {"setting": "none", "dropped": []}
    assert made.save(tmp_path / "b", metadata="keep").recorded["metadata"] is None


def test_a_batch_makes_photos_again_when_the_setting_changes(capsys, scene, tmp_path: Path):
    def batch(*more: str) -> str:
        words = ["batch", str(scene.folder), "lamp -> gold", "-o", str(tmp_path / "out")]
        assert main([*words, *more, *scene.overrides]) == 0
        return capsys.readouterr().out

    assert "1 done, 0 done before" in batch()
    assert "1 done, 0 done before" in batch("metadata=no-location")
    assert "0 done, 1 done before" in batch("metadata=no-location")
    assert "1 done, 0 done before" in batch("metadata=none")
