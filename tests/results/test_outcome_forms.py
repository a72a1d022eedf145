"""An outcome handed on without files: as bytes, as a Pillow image, in a notebook, in one line."""

import io
import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from drawing import room
from outcomes import outcome
from pictures import GREEN, HEIGHT, WIDTH, colours, every_kind, make, saved
from PIL import Image
from profiles import DISPLAY_P3

import automask
from automask.errors import ConfigError, OutputError
from automask.images import open_photo, properties_of, xmp_of
from automask.types import Candidate, Region, Step

NOTE = "Digitally altered: island"

# -------------------------------------------------------------------------------------------------------------- bytes


@every_kind
def test_bytes_are_what_save_writes(name: str, tmp_path: Path):
    made = outcome(make(name, tmp_path))
    written = made.save(tmp_path / "out").result.read_bytes()
    assert made.to_bytes() == written
    assert outcome((tmp_path / name).read_bytes()).to_bytes() == written  # bytes in, bytes out


def test_exif_and_profile_of_an_upload_are_kept():
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "Maker", 6
    upload = io.BytesIO()
    Image.fromarray(colours()).save(upload, "JPEG", quality=90, exif=exif, icc_profile=DISPLAY_P3)
    with Image.open(io.BytesIO(outcome(upload.getvalue()).to_bytes())) as result:
        assert result.format == "JPEG"
        assert result.size == (WIDTH, HEIGHT)
        assert result.getexif()[0x010F] == "Maker"
        assert result.getexif()[0x0112] == 6  # as it was stored
        assert result.info["icc_profile"] == DISPLAY_P3


@pytest.mark.parametrize("disclose", ["metadata", "label"])
def test_bytes_disclose_what_save_would(disclose: str, tmp_path: Path):
    made = outcome(saved(tmp_path / "kitchen.jpg", Image.fromarray(room(180, 240))), disclose=disclose)
    data = made.to_bytes()
    assert data == made.save(tmp_path / "out").result.read_bytes()
    assert properties_of(xmp_of(open_photo(data)))["photoshop:Instructions"] == NOTE


def test_bytes_with_a_changed_pixel_outside_are_never_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from automask.images import encode

    made = outcome(make("rgb.png", tmp_path))
    real = encode._native_samples

    def broken(*arguments):
        samples, *more = real(*arguments)
        samples = samples.copy()
        samples[-1, -1] ^= 1
        return samples, *more

    monkeypatch.setattr(encode, "_native_samples", broken)
    with pytest.raises(OutputError, match=r"'rgb\.png' would have 1 changed pixels outside the mask"):
        made.to_bytes()


@pytest.mark.parametrize(
    ("name", "wanted", "mode"),
    [
        ("rgb.png", "jpeg", "RGB"),
        ("rgb.jpg", "PNG", "RGB"),
        ("rgba.png", ".webp", "RGBA"),
        ("palette-clear.png", "webp", "RGBA"),
        ("grey-alpha.png", "webp", "RGBA"),
        ("key.png", "webp", "RGB"),
        ("deep-rgb.png", "jpg", "RGB"),
        ("deep-rgba.png", "webp", "RGBA"),
        ("ink.jpg", "png", "RGB"),
        ("ink.tif", "jpeg", "RGB"),
        ("grey.jpg", "png", "RGB"),
        ("bits.png", "jpeg", "RGB"),
    ],
)
def test_another_format_shows_the_same_picture_in_srgb(name: str, wanted: str, mode: str, tmp_path: Path):
    made = outcome(make(name, tmp_path))
    data = made.to_bytes(wanted)
    with Image.open(io.BytesIO(data)) as result:
        assert result.format == {"jpg": "JPEG"}.get(wanted, wanted.strip(".").upper())
        assert result.mode == mode
        shown = np.asarray(result.convert("RGB")).astype(int)
    lossy = wanted not in {"PNG", "png"}
    assert np.abs(shown - made.image).mean() <= (8 if lossy else 0)  # noise, through an encoder


def test_another_format_keeps_exif_and_alpha(tmp_path: Path):
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    rgba = colours(8, 4)
    made = outcome(saved(tmp_path / "a.png", Image.fromarray(rgba), exif=exif))
    with Image.open(io.BytesIO(made.to_bytes("webp"))) as result:
        assert result.getexif()[0x010F] == "Maker"
        np.testing.assert_array_equal(np.asarray(result)[..., 3], rgba[..., 3])
    made = outcome(saved(tmp_path / "b.jpg", Image.fromarray(colours()), exif=exif))
    for wanted in ("png", "webp"):
        with Image.open(io.BytesIO(made.to_bytes(wanted))) as result:
            assert result.getexif()[0x010F] == "Maker"


def test_a_colour_that_means_transparent_is_alpha_in_another_format(tmp_path: Path):
    rgb = colours()
    rgb[30:, 40:] = (1, 2, 3)
    made = outcome(saved(tmp_path / "a.png", Image.fromarray(rgb), transparency=(1, 2, 3)))
    clear = (rgb == (1, 2, 3)).all(axis=2)
    with Image.open(io.BytesIO(made.to_bytes("webp"))) as result:
        np.testing.assert_array_equal(np.asarray(result)[..., 3] == 0, clear)
    np.testing.assert_array_equal(np.asarray(made.pil().convert("RGBA"))[..., 3] == 0, clear)


def test_a_format_that_cannot_be_given_is_refused(tmp_path: Path):
    with pytest.raises(OutputError, match=r"a JPEG holds no transparency, and 'rgba\.png' has some; take PNG or WEBP"):
        outcome(make("rgba.png", tmp_path)).to_bytes("jpeg")
    made = outcome(make("rgb.tif", tmp_path))
    with pytest.raises(ConfigError, match="format is 'gif'; give jpeg, png, webp, or nothing for TIFF"):
        made.to_bytes("gif")
    assert made.to_bytes("tif") == made.to_bytes()


def test_signing_another_format_is_refused_before_it_is_tried(tmp_path: Path):
    made = outcome(make("rgb.png", tmp_path), c2pa="agent.pem")
    with pytest.raises(ConfigError, match="only a PNG file of this photo is signed, not JPEG; leave format out"):
        made.to_bytes("jpeg")


# ------------------------------------------------------------------------------------------------------------- Pillow


@every_kind
def test_a_pillow_image_has_the_result_s_samples_mode_exif_and_profile(name: str, tmp_path: Path):
    made = outcome(make(name, tmp_path))
    image = made.pil()
    photo = made.photo
    deep = {"LA;16": "LA", "RGB;16": "RGB", "RGBA;16": "RGBA"}
    assert image.size == photo.size_wh
    again = open_photo(image)
    untouched = made.alpha == 0
    if photo.mode in deep:
        assert image.mode == deep[photo.mode]
        assert np.abs(again.rgb.astype(int) - photo.rgb)[untouched].max() <= 1
        return
    # A palette takes no new colour: as in the file, the picture is RGB then (or, of a GIF, its nearest colours).
    if photo.mode != "P":
        assert image.mode == photo.mode
    np.testing.assert_array_equal(again.rgb[untouched], photo.rgb[untouched])


def test_a_pillow_image_in_is_a_pillow_image_out():
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    image = Image.fromarray(colours())
    image.info.update(exif=exif.tobytes(), icc_profile=DISPLAY_P3)
    result = outcome(image).pil()
    assert result.mode == "RGB"
    assert result.getexif()[0x010F] == "Maker"
    assert result.info["icc_profile"] == DISPLAY_P3
    untouched = outcome(image).alpha == 0
    np.testing.assert_array_equal(np.asarray(result)[untouched], colours()[untouched])


def test_a_pillow_image_of_an_array_is_the_image():
    made = outcome(room(60, 90))
    np.testing.assert_array_equal(np.asarray(made.pil()), made.image)


def test_a_pillow_image_carries_the_note_of_a_disclosed_result(tmp_path: Path):
    made = outcome(saved(tmp_path / "kitchen.jpg", Image.fromarray(room(180, 240))), disclose="label")
    image = made.pil()
    assert NOTE.encode() in image.info["xmp"]
    assert (np.asarray(image) != made.image).any()  # the label


# ------------------------------------------------------------------------------------------------------ notebook, repr


@pytest.mark.parametrize(
    ("size_hw", "shown"), [((60, 90), (90, 60)), ((700, 2100), (1024, 341)), ((3, 3000), (1024, 1))]
)
def test_a_notebook_shows_the_result_in_bounded_size(size_hw, shown):
    made = outcome(room(*size_hw))
    data = made._repr_jpeg_()
    with Image.open(io.BytesIO(data)) as picture:
        assert (picture.format, picture.size) == ("JPEG", shown)
    assert len(data) < 1_000_000
    if size_hw == (60, 90):
        assert np.abs(cv2.imdecode(np.frombuffer(data, np.uint8), 1)[..., ::-1][5, 5].astype(int) - GREEN).max() < 12


def test_an_outcome_is_shown_in_one_short_line(tmp_path: Path):
    made = outcome(room(60, 90))
    assert repr(made) == "<Outcome 'photo.png' 90 x 60: island -> green (11.1%)>"
    nothing = outcome(room(60, 90), np.zeros((60, 90), bool))
    assert repr(nothing) == "<Outcome 'photo.png' 90 x 60: island -> green (not found)>"
    many = replace(made, steps=[replace(made.steps[0], prompt="very " * 30 + "white")] * 9)
    assert len(repr(many)) < 300
    assert repr(many).endswith(" and 5 more>")
    assert repr(made.save(tmp_path)) == f"<Saved {str(tmp_path / 'photo.png')!r}, with 1 mask and 'photo.run.json'>"


def test_a_region_and_a_step_are_shown_in_one_short_line():
    hard = np.zeros((10, 20), bool)
    hard[:5, :4] = True
    box = automask.Box(0, 0, 4, 5)
    region = Region("island", True, hard, hard.astype(np.float32), (box,), 0.912)
    assert repr(region) == "<Region 'island': 10.0% of 20 x 10 px, 1 box, score 0.91>"
    given = Region("island", True, hard, hard.astype(np.float32), (box, box), None)
    assert repr(given) == "<Region 'island': 10.0% of 20 x 10 px, 2 boxes, given>"
    assert repr(Region("yacht", False, ~hard & hard, hard * np.float32(0), (), 0.1)) == (
        "<Region 'yacht': not found in 20 x 10 px>"
    )
    step = Step(("island", "bar"), ("island", "bar"), "marble", 1, True, (), 0.9, (box,) * 99, 40123, None)
    assert repr(step) == "<Step 'island, bar' -> 'marble': 40123 px painted>"
    missing = Step(
        ("yacht",),
        ("yacht",),
        "gold",
        1,
        False,
        ("yacht",),
        0.1,
        (),
        0,
        "no 'yacht' was found (heat 0.10, 0.35 is needed)",
    )
    assert repr(missing) == "<Step 'yacht' -> 'gold': not painted: no 'yacht' was found (heat 0.10, 0.35 is needed)>"
    picture = np.zeros((640, 640, 3), np.uint8)
    assert repr(Candidate(3, True, (("seam", 0.25),), picture)) == "<Candidate 3 (chosen): seam 0.25>"
    assert repr(Candidate(4, False, reason="no")) == "<Candidate 4: declined: no>"


def test_a_region_s_mask_and_score_are_its_hard_mask_and_peak():
    hard = np.eye(4, dtype=bool)
    region = Region("island", True, hard, hard.astype(np.float32), (), 0.5)
    assert region.mask is region.hard
    assert region.mask.dtype == np.bool_
    assert region.score == region.peak == 0.5
    assert Region("island", True, hard, hard.astype(np.float32), (), None).score is None


def test_a_result_of_bytes_is_saved_next_to_its_original(tmp_path: Path):
    data = saved(tmp_path / "kitchen.jpg", Image.fromarray(room(180, 240))).read_bytes()
    done = outcome(data).save(tmp_path / "out", disclose="label")
    assert done.original.read_bytes() == data
    assert done.result.name == "photo.jpg"
    image = Image.open(tmp_path / "kitchen.jpg")
    done = outcome(image).save(tmp_path / "out", disclose="label")
    np.testing.assert_array_equal(open_photo(done.original).rgb, np.asarray(image))
    record = json.loads(done.record.read_text(encoding="utf-8"))
    assert (done.result.name, record["photo"]) == ("kitchen.png", "kitchen.png")
