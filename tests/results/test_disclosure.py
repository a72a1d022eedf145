"""What a result tells about itself: a label next to what was repainted, a note in its XMP, the original next to it."""

import json
from pathlib import Path

import numpy as np
import pytest
from drawing import room
from hypothesis import given, settings
from hypothesis import strategies as st
from outcomes import outcome, photo_file
from pictures import DECODES, every_kind, expanded, make, saved
from PIL import Image, ImageOps

import automask
from automask.batches.find import find_jobs
from automask.batches.resume import is_done
from automask.cli.entry import main
from automask.errors import ConfigError, OutputError
from automask.fingerprint import disclosed_digest
from automask.images import open_photo, properties_of, transparent_mask, xmp_of
from automask.plan import parse_plan, variants_from
from automask.results import disclosure
from automask.segmenters.painted import Painted
from automask.testing import Fill
from automask.types import Box, Job

NOTE = "Digitally altered: island"
TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"


def box_of(record: dict) -> Box:
    return Box(*record["disclosure"]["label_box"])


# --------------------------------------------------------------------------------------------------------------- label


@given(st.integers(1, 400), st.integers(1, 400))
@settings(max_examples=60, deadline=None)
def test_a_plate_is_never_larger_than_half_the_photo(width: int, height: int):
    plate = disclosure.label_plate((width, height))
    if plate is not None:
        assert plate.shape[1] <= width
        assert plate.shape[0] <= height
        assert 2 * plate.shape[0] * plate.shape[1] <= width * height
    else:
        assert width < 60 or height < 40


@pytest.mark.parametrize("short_px", [400, 1024, 3000])
def test_the_plate_grows_with_the_photo(short_px: int):
    plate = disclosure.label_plate((short_px * 2, short_px))
    assert 0.02 * short_px <= plate.shape[0] <= 0.06 * short_px
    assert plate.std() > 40  # letters on it


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_a_label_covers_nothing_taken_where_there_is_a_free_place(data: st.DataObject):
    height, width = data.draw(st.integers(30, 120)), data.draw(st.integers(60, 160))
    taken = np.ones((height, width), bool)
    label_w, label_h = 24, 8
    y, x = data.draw(st.integers(0, height - 16)), data.draw(st.integers(0, width - 36))
    taken[y : y + 16, x : x + 36] = False
    box = disclosure.place_label(room(height, width), taken, np.zeros_like(taken), (label_w, label_h), margin_px=2)
    assert (box.x1 - box.x0, box.y1 - box.y0) == (label_w, label_h)
    assert box.x0 >= 0
    assert box.y0 >= 0
    assert box.x1 <= width
    assert box.y1 <= height
    assert not taken[box.slices].any()


def test_a_corner_comes_first_and_the_quietest_of_them():
    photo = np.full((100, 200, 3), 90, np.uint8)
    photo[50:, :] = room(50, 200)
    free = np.zeros((100, 200), bool)
    assert disclosure.place_label(photo, free, free, (40, 10), margin_px=3) == Box(157, 3, 197, 13)
    taken = free.copy()
    taken[:30, 150:] = True
    assert disclosure.place_label(photo, taken, free, (40, 10), margin_px=3).y0 == 87
    taken[50:] = True
    assert disclosure.place_label(photo, taken, free, (40, 10), margin_px=3).y0 < 50


@every_kind
def test_nothing_changes_outside_alpha_and_label(name: str, tmp_path: Path):
    made = outcome(make(name, tmp_path))
    saved_ = made.save(tmp_path / "out", disclose="label")
    record = saved_.recorded
    box = box_of(record)
    assert record["outside_changed_px"] == 0
    assert not (made.alpha[box.slices] > 0).any()
    assert json.loads(saved_.record.read_text(encoding="utf-8")) == record
    outside = made.alpha == 0
    outside[box.slices] = False
    before, again = expanded(made.photo), open_photo(saved_.result)
    if made.photo.container.lossless:
        after = expanded(again)
        channels = min(before[0, 0].size, after[0, 0].size)
        for picture in (before, after):
            assert picture.shape[:2] == outside.shape
        np.testing.assert_array_equal(
            before.reshape(*outside.shape, -1)[outside][:, :channels],
            after.reshape(*outside.shape, -1)[outside][:, :channels],
        )
    if not transparent_mask(made.photo).any() and name != "full-palette.gif":
        plate = disclosure.label_plate(made.photo.size_wh)
        assert np.abs(again.rgb[box.slices].astype(int) - plate).mean() < 45  # in ink, grey or black and white too


@pytest.mark.parametrize("turn", [1, 3, 6, 8])
def test_the_label_is_upright_in_a_rotated_photo(turn: int, tmp_path: Path):
    exif = Image.Exif()
    exif[0x0112] = turn
    made = outcome(saved(tmp_path / "a.jpg", Image.fromarray(room(240, 320)), exif=exif, quality=95))
    done = made.save(tmp_path / "out", disclose="label")
    with Image.open(done.result) as image:
        assert image.getexif()[0x0112] == turn
        seen = np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
    assert seen.shape[:2] == ((240, 320) if turn < 5 else (320, 240))
    found = seen[box_of(done.recorded).slices].astype(int)
    assert np.abs(found - disclosure.label_plate(made.photo.size_wh)).mean() < 12


def test_a_label_in_a_transparent_photo_is_where_it_is_visible(tmp_path: Path):
    rgba = np.dstack([room(180, 240), np.zeros((180, 240), np.uint8)])
    rgba[60:120, 60:180, 3] = 255
    done = outcome(saved(tmp_path / "a.png", Image.fromarray(rgba))).save(tmp_path / "out", disclose="label")
    assert (rgba[box_of(done.recorded).slices][..., 3] == 255).all()


def test_where_all_is_repainted_the_label_covers_some_of_it_and_it_is_said(tmp_path: Path):
    made = outcome(photo_file(tmp_path), np.ones((180, 240), bool))
    done = made.save(tmp_path / "out", disclose="label")
    box = box_of(done.recorded)
    covered_px = (box.x1 - box.x0) * (box.y1 - box.y0)
    assert (
        f"no place is free outside what was repainted: the label covers {covered_px} px of it"
        in (done.recorded["notes"])
    )


def test_a_photo_too_small_for_a_label_gets_none_and_it_is_said(tmp_path: Path):
    done = outcome(photo_file(tmp_path, size=(16, 20))).save(tmp_path / "out", disclose="label")
    disclosed = done.recorded["disclosure"]
    assert (disclosed["label_box"], disclosed["original"]) == (None, "kitchen.original.png")
    assert any("too small for a readable label" in note for note in done.recorded["notes"])


def test_the_before_after_picture_shows_the_label(tmp_path: Path):
    made = outcome(photo_file(tmp_path, size=(300, 400)))
    plain = made.save(tmp_path / "plain")
    disclosed = made.save(tmp_path / "disclosed", disclose="label")
    shown = [np.asarray(Image.open(done.picture)).astype(int) for done in (plain, disclosed)]
    box = box_of(disclosed.recorded)
    changed = np.abs(shown[0] - shown[1]).max(axis=2) > 60
    ys, xs = np.nonzero(changed)
    start = shown[0].shape[1] - 400  # the right half is "after"
    assert changed[box.y0 : box.y1, start + box.x0 : start + box.x1].mean() > 0.2
    assert ys.min() >= box.y0 - 8
    assert xs.min() >= start + box.x0 - 8


# ------------------------------------------------------------------------------------------------------------ metadata


@pytest.mark.parametrize("disclose", ["metadata", "label"])
@pytest.mark.parametrize(
    ("generative", "kind"),
    [(False, "algorithmicallyEnhanced"), (True, "compositeWithTrainedAlgorithmicMedia"), (None, "composite")],
)
def test_the_result_says_what_was_altered_and_how(disclose, generative, kind, tmp_path: Path):
    done = outcome(photo_file(tmp_path), generative=generative).save(tmp_path / "out", disclose=disclose)
    assert properties_of(xmp_of(open_photo(done.result))) == {
        "Iptc4xmpExt:DigitalSourceType": TYPES + kind,
        "photoshop:Instructions": NOTE,
        "dc:description": NOTE,
        "xmp:CreatorTool": f"automask {automask.__version__}",
    }
    assert done.recorded["disclosure"]["digital_source_type"] == TYPES + kind
    assert done.recorded["disclosure"]["note"] == NOTE


@every_kind
def test_metadata_alone_changes_no_sample(name: str, tmp_path: Path):
    made = outcome(make(name, tmp_path))
    plain = made.save(tmp_path / "plain")
    disclosed = made.save(tmp_path / "disclosed", disclose="metadata")
    np.testing.assert_array_equal(open_photo(disclosed.result).samples, open_photo(plain.result).samples)
    keys = ("outside_changed_px", "encoder_changed_px", "encoder_max_diff")
    assert [disclosed.recorded[key] for key in keys] == [plain.recorded[key] for key in keys]
    if DECODES[name][0] in {"BMP", "GIF"}:
        assert disclosed.recorded["disclosure"]["digital_source_type"] is None
        assert any("holds no XMP" in note for note in disclosed.recorded["notes"])
        assert disclosed.result.read_bytes() == plain.result.read_bytes()


def packet_after(old: dict[str, str], **more: object) -> dict[str, str]:
    photo = open_photo(room(20, 20))
    from automask.images import with_properties, with_xmp

    if old:
        photo = with_xmp(photo, with_properties(b"", old))
    settled, _, notes = disclosure.with_note(photo, NOTE, tool="automask", **{"generative": False, **more})
    assert notes == []
    return properties_of(xmp_of(settled))


def test_a_caption_instructions_and_the_camera_stay():
    disclosed = packet_after(
        {"dc:description": "Our kitchen", "photoshop:Instructions": "Call", "xmp:CreatorTool": "Camera 1"}
    )
    assert disclosed["dc:description"] == "Our kitchen"
    assert disclosed["photoshop:Instructions"] == f"Call\n{NOTE}"
    assert disclosed["xmp:CreatorTool"] == "Camera 1"


@pytest.mark.parametrize(("former", "now"), [("sofa", "sofa, island"), ("island", "island"), ("", "island")])
def test_a_photo_altered_before_keeps_its_earlier_note(former: str, now: str):
    old = f"Digitally altered: {former}"
    disclosed = packet_after({"dc:description": old, "photoshop:Instructions": f"Call\n{old}"} if former else {})
    assert disclosed["dc:description"] == f"Digitally altered: {now}"
    assert disclosed["photoshop:Instructions"].splitlines()[-1] == f"Digitally altered: {now}"
    assert disclosed["photoshop:Instructions"].count("Digitally") == 1


@pytest.mark.parametrize("kind", ["trainedAlgorithmicMedia", "compositeSynthetic", "digitalCapture"])
def test_a_generated_picture_keeps_its_source_type(kind: str):
    disclosed = packet_after({"Iptc4xmpExt:DigitalSourceType": TYPES + kind})["Iptc4xmpExt:DigitalSourceType"]
    assert disclosed == TYPES + ("algorithmicallyEnhanced" if kind == "digitalCapture" else kind)


def test_xmp_that_cannot_be_read_is_kept_and_said(tmp_path: Path):
    hostile = b'<!DOCTYPE a [<!ENTITY b "bb">]><a>&b;</a>'
    path = saved(tmp_path / "a.jpg", Image.fromarray(room()), xmp=hostile)
    done = outcome(path).save(tmp_path / "out", disclose="label")
    assert xmp_of(open_photo(done.result)) == hostile
    assert done.recorded["disclosure"]["digital_source_type"] is None
    assert any("kept as it is, without a note" in note for note in done.recorded["notes"])


# ------------------------------------------------------------------------------------------------------- files, batches


def test_nothing_is_disclosed_by_default(tmp_path: Path):
    made = outcome(photo_file(tmp_path))
    done = made.save(tmp_path / "out")
    assert done.recorded["disclosure"] is None
    assert done.recorded["digest"] == "d" * 64
    assert xmp_of(open_photo(done.result)) == b""
    assert not list((tmp_path / "out").glob("*.original.*"))
    np.testing.assert_array_equal(open_photo(done.result).rgb, made.image)


def test_a_photo_in_which_nothing_was_found_stays_as_it_was(tmp_path: Path):
    made = outcome(photo_file(tmp_path), np.zeros((180, 240), bool))
    plain = made.save(tmp_path / "plain")
    asked = made.save(tmp_path / "asked", disclose="label")
    assert asked.recorded["disclosure"] is None
    assert asked.result.read_bytes() == plain.result.read_bytes()
    assert not list((tmp_path / "asked").glob("*.original.*"))


def test_the_original_is_saved_next_to_a_labelled_result_byte_for_byte(tmp_path: Path):
    path = photo_file(tmp_path)
    done = outcome(path).save(tmp_path / "out", disclose="label")
    assert done.original == tmp_path / "out" / "kitchen.original.png"
    assert done.original.read_bytes() == path.read_bytes()
    assert done.recorded["disclosure"]["original"] == "kitchen.original.png"


def test_the_original_of_an_array_is_its_picture(tmp_path: Path):
    done = outcome(room()).save(tmp_path, disclose="label")
    np.testing.assert_array_equal(open_photo(done.original).rgb, room())


def test_a_photo_that_changed_meanwhile_is_no_original(tmp_path: Path):
    path = photo_file(tmp_path)
    made = outcome(path)
    photo_file(tmp_path, size=(90, 90))
    with pytest.raises(OutputError, match="has changed since it was opened; make the edit again"):
        made.save(tmp_path / "out", disclose="label")
    assert not (tmp_path / "out" / "kitchen.run.json").exists()


def test_an_original_is_removed_when_it_is_no_longer_wanted_and_another_s_file_stays(tmp_path: Path):
    made = outcome(photo_file(tmp_path))
    stranger = tmp_path / "out" / "kitchen.original.png"
    stranger.parent.mkdir()
    stranger.write_bytes(b"mine")
    made.save(tmp_path / "out")
    assert stranger.read_bytes() == b"mine"
    labelled = made.save(tmp_path / "out", disclose="label")
    assert labelled.original is not None
    assert labelled.original.name == "kitchen-2.original.png"
    assert labelled.original.read_bytes() == (tmp_path / "kitchen.png").read_bytes()
    assert stranger.read_bytes() == b"mine"
    stranger.unlink()
    made.save(tmp_path / "out", disclose="label")
    assert stranger.exists()
    made.save(tmp_path / "out", disclose="metadata")
    assert not stranger.exists()


def test_a_photo_that_is_itself_an_original_is_left_alone(tmp_path: Path):
    out = tmp_path / "out"
    first = outcome(photo_file(tmp_path)).save(out, disclose="label")
    again = outcome(first.original)
    for disclose in ("label", "none"):
        again.save(out, name="kitchen", disclose=disclose)
        assert first.original.read_bytes() == (tmp_path / "kitchen.png").read_bytes()


def test_originals_of_two_photos_with_one_stem_do_not_clash_and_are_no_photos(tmp_path: Path):
    listing = tmp_path / "listing"
    for name in ("kitchen.png", "kitchen.tif"):
        photo_file(listing, name)
    found = find_jobs(str(listing), out=tmp_path / "out", variants=variants_from("island -> green"))
    for job in found.jobs:
        outcome(job.photo).save(job.out, name=job.name, disclose="label")
    assert len(list((tmp_path / "out").glob("*.original.*"))) == 2
    again = find_jobs(str(tmp_path / "out"), out=tmp_path / "more", variants=variants_from("island -> green"))
    assert [job.photo.name for job in again.jobs] == ["kitchen.png", "kitchen.tif"]


def test_a_batch_knows_a_result_only_with_its_setting_and_its_original(tmp_path: Path):
    path = photo_file(tmp_path)
    job = Job(path, parse_plan("island -> green"), tmp_path / "out", "kitchen")
    digests = {setting: disclosed_digest("d" * 64, setting) for setting in ("none", "metadata", "label")}
    assert len(set(digests.values())) == 3
    done = outcome(path).save(job.out, disclose="label")
    assert [is_done(job, digest) for digest in digests.values()] == [False, False, True]
    done.original.unlink()
    assert not is_done(job, digests["label"])


def test_a_result_by_which_no_batch_resumes_stays_one():
    assert disclosed_digest("", "label") == ""


@pytest.mark.parametrize("wrong", ["yes", True, "", "Label"])
def test_what_is_no_setting_is_refused(wrong: object, tmp_path: Path):
    with pytest.raises(ConfigError, match=r"disclose is .*; give none, metadata or label"):
        outcome(photo_file(tmp_path)).save(tmp_path / "out", disclose=wrong)
    assert not (tmp_path / "out").exists()


def test_editors_say_whether_they_generate(scene):
    class Dreams(Fill):
        generative = True

    class Paints(Fill):
        generative = False

    parts = {"segmenter": Painted(masks=str(scene.folder / "heat")), "refiner": automask.load().refiner}
    for editor, said in ((Dreams(), True), (Paints(), False), (Fill(), None)):
        assert automask.edit(scene.photo, "lamp -> gold", editor=editor, **parts).generative is said


# --------------------------------------------------------------------------------------------- the ways to ask for it


def test_the_command_line_writes_label_note_and_original(capsys, scene, tmp_path: Path):
    words = ["edit", str(scene.photo), "lamp -> gold; yacht -> red", "-o", str(tmp_path), "disclose=label"]
    assert main([*words, *scene.overrides]) == 0
    assert str(tmp_path / "kitchen.original.png") in capsys.readouterr().out.splitlines()
    record = json.loads((tmp_path / "kitchen.run.json").read_text(encoding="utf-8"))
    assert record["disclosure"] == {
        "label_box": record["disclosure"]["label_box"],
        "digital_source_type": TYPES + "algorithmicallyEnhanced",
        "note": "Digitally altered: lamp",
        "original": "kitchen.original.png",
    }
    assert (tmp_path / "kitchen.original.png").read_bytes() == scene.photo.read_bytes()


def test_an_override_in_python_is_the_default_of_save(scene, tmp_path: Path):
    made = automask.edit(scene.photo, "lamp -> gold", overrides=[*scene.overrides, "disclose=metadata"])
    assert made.save(tmp_path / "a").recorded["disclosure"]["note"] == "Digitally altered: lamp"
    assert made.save(tmp_path / "b", disclose="none").recorded["disclosure"] is None


def test_a_batch_redoes_photos_when_the_setting_changes(capsys, scene, tmp_path: Path):
    def batch(*more: str) -> str:
        words = ["batch", str(scene.folder), "lamp -> gold", "-o", str(tmp_path / "out")]
        assert main([*words, *more, *scene.overrides]) == 0
        return capsys.readouterr().out

    assert "1 done, 0 done before" in batch()
    assert "1 done, 0 done before" in batch("disclose=label")
    assert "0 done, 1 done before" in batch("disclose=label")
    (tmp_path / "out" / "kitchen.original.png").unlink()
    assert "1 done, 0 done before" in batch("disclose=label")
    assert "1 done, 0 done before" in batch("disclose=none")
    assert not (tmp_path / "out" / "kitchen.original.png").exists()
