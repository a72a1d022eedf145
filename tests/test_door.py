"""The Python door: what people have in their hands goes in, and what they ask of a result comes out."""

import io
import logging
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import automask
from automask.testing import Fill


@pytest.fixture
def stages(scene):
    return automask.load("starter", [*scene.overrides, "editor=paint"])


def test_overrides_may_be_a_mapping(scene):
    as_texts = automask.load("starter", [*scene.overrides, "boxes.threshold=0.2", "mask.dilate_px=null"])
    texts = [text.partition("=") for text in scene.overrides]
    as_mapping = {key: value.strip("'") for key, _, value in texts}
    loaded = automask.load("starter", {**as_mapping, "boxes.threshold": 0.2, "mask.dilate_px": None})
    assert loaded.config == as_texts.config
    assert loaded.boxes == as_texts.boxes


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.25, "k=0.25"),
        (True, "k=true"),
        (None, "k=null"),
        ("it's a b", r"k='it\'s a b'"),
        ([1, "a"], "k=[1,'a']"),
        (np.float32(0.25), "k=0.25"),
        (np.int64(3), "k=3"),
    ],
)
def test_a_value_of_a_mapping_is_written_in_hydras_grammar(value, text):
    from hydra.core.override_parser.overrides_parser import OverridesParser

    from automask.config import override_texts

    assert override_texts({"k": value}) == [text]
    assert OverridesParser.create().parse_override(text).value() == value


def test_a_group_may_be_set_by_a_nested_mapping():
    assert automask.load(overrides={"boxes": {"threshold": 0.2}}).boxes.threshold == 0.2
    with pytest.raises(automask.ConfigError, match=r"unknown key 'boxes.treshold'; did you mean 'boxes.threshold'"):
        automask.load(overrides={"boxes": {"treshold": 0.2}})


def test_numbers_of_numpy_are_numbers(scene):
    outcome = automask.edit(scene.photo, "lamp -> gold", seed=np.int64(3), overrides=scene.overrides)
    assert outcome.record["seed"] == 3
    assert type(outcome.record["seed"]) is int


WRONG_ARGUMENTS = [
    ({"masks": 3}, "masks is of type 'int'; give a path, as text or as a Path"),
    ({"conf": 3}, "conf is of type 'int'; give a path, as text or as a Path"),
    ({"overrides": None}, "overrides is None; give a list of texts, such as ['boxes.threshold=0.2']"),
    ({"stages": "starter"}, "stages is of type 'str'; give what automask.load returns"),
    ({"regions": "island"}, "regions= is of type 'str'; give the regions that automask.mask returned"),
    ({"regions": [1]}, "regions= is a list that holds a value of type 'int'; give the regions that automask.mask"),
]


@pytest.mark.parametrize(("arguments", "said"), WRONG_ARGUMENTS, ids=[next(iter(a)) for a, _ in WRONG_ARGUMENTS])
def test_an_argument_of_a_wrong_type_is_told_in_one_line(arguments, said):
    with pytest.raises(automask.AutomaskError) as caught:
        automask.edit(np.zeros((8, 8, 3), np.uint8), "lamp -> gold", **arguments)
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize("name", ["source", "out", "conf"])
def test_a_path_of_a_batch_that_is_none_is_told_in_one_line(name):
    arguments = {"source": "listing", "plan": "lamp -> gold", name: 3}
    with pytest.raises(automask.UsageError, match=f"{name} is of type 'int'; give a path"):
        automask.batch(**arguments)


def test_out_of_a_batch_is_no_override():
    with pytest.raises(automask.ConfigError, match="the overrides set 'out'; it is an argument of its own"):
        automask.batch("listing", "lamp -> gold", overrides={"out": "elsewhere"})
    with pytest.raises(automask.ConfigError, match="overrides is 'seed=3'; give a list of texts"):
        automask.batch("listing", "lamp -> gold", overrides="seed=3")


@pytest.mark.parametrize("call", [automask.edit, automask.variants, automask.mask])
def test_out_of_a_call_is_no_override(call):
    with pytest.raises(automask.ConfigError, match=r"^the overrides set 'out'; "):
        call("kitchen.jpg", "island -> oak", overrides={"out": "elsewhere"})
    with pytest.raises(automask.ConfigError, match=r"^the overrides set 'out'; name the folder in Outcome\.save$"):
        automask.load(overrides=["out=elsewhere"])


@pytest.mark.parametrize("call", [automask.edit, automask.variants])
def test_what_is_told_of_progress_must_be_a_function(call):
    with pytest.raises(automask.ConfigError, match=r"^on_progress is 3; give a function that takes what is done"):
        call("kitchen.jpg", "island -> oak", on_progress=3)
    with pytest.raises(automask.ConfigError, match=r"^on_report is 3; give a function that takes a report$"):
        automask.batch("listing", "island -> oak", on_report=3)


def test_names_of_editors_are_a_list():
    with pytest.raises(automask.ConfigError, match=r"editors is 'paint'; give a list of names: \['paint'\]"):
        automask.load(editors="paint")


def test_settings_of_a_run_go_with_loaded_stages(scene):
    stages = automask.load(overrides=scene.overrides)
    outcome = stages.edit(scene.photo, "lamp -> gold", overrides={"disclose": "metadata", "seed": 3})
    assert outcome.disclose == "metadata"
    assert outcome.record["seed"] == 3
    with pytest.raises(automask.ConfigError, match="seed=1 and the override seed=3 disagree"):
        stages.edit(scene.photo, "lamp -> gold", seed=1, overrides=["seed=3"])


def test_a_value_that_hydra_cannot_hold_is_refused():
    with pytest.raises(
        automask.ConfigError, match="override 'seed' is of type 'object'; give a number, text, list or mapping"
    ):
        automask.edit("kitchen.jpg", "island -> oak", overrides={"seed": object()})
    with pytest.raises(automask.ConfigError, match="override key 3; name a setting"):
        automask.edit("kitchen.jpg", "island -> oak", overrides={3: 1})


@pytest.mark.parametrize(
    ("given", "override"),
    [
        ({"seed": 0}, "seed=3"),
        ({"seed": 3}, "seed=0"),
        ({"on_missing": "skip"}, "on_missing=fail"),
        ({"candidates": 1}, "candidates=2"),
    ],
)
def test_a_default_that_is_given_contradicts_an_override(scene, given, override):
    ((name, value),) = given.items()
    with pytest.raises(
        automask.ConfigError, match=f"{name}={value!r} and the override {name}=.* disagree; say it once"
    ):
        automask.edit(scene.photo, "island -> navy", overrides=[*scene.overrides, override], **given)


def test_an_override_alone_sets_the_seed(scene):
    outcome = automask.edit(scene.photo, "island -> navy", overrides=[*scene.overrides, "seed=3"])
    assert outcome.record["seed"] == 3


def test_loaded_stages_edit_mask_and_make_variants(scene, stages):
    edited = stages.edit(scene.photo, "island -> navy", seed=2)
    apart = automask.edit(scene.photo, "island -> navy", stages=stages, seed=2)
    assert np.array_equal(edited.image, apart.image)
    (region,) = stages.mask(scene.photo, "island")
    assert np.array_equal(region.mask, region.hard)
    assert region.score == region.peak
    names = [name for name, _ in stages.variants(scene.photo, "island -> {navy, oak}")]
    assert names == ["navy", "oak"]
    assert repr(stages) == "<Stages starter: Painted, Threshold, Paint>"


def test_regions_are_found_once_and_painted_as_they_are(scene, stages):
    regions = stages.mask(scene.photo, "island; lamp")
    found = stages.edit(scene.photo, "island -> navy; lamp -> white")
    given = stages.edit(scene.photo, "island -> navy; lamp -> white", regions=regions)
    assert np.array_equal(found.image, given.image)
    assert given.record["digest"] == ""
    assert found.record["digest"]
    assert given.steps == found.steps


def test_regions_that_do_not_fit_are_refused(scene, stages):
    regions = stages.mask(scene.photo, "island")
    with pytest.raises(automask.PlanError, match="regions of island do not fit edits of lamp; give what"):
        stages.edit(scene.photo, "lamp -> navy", regions=regions)
    small = np.zeros((20, 30, 3), np.uint8)
    with pytest.raises(automask.MaskError, match="the region of 'island' is 128 x 96 px and the photo 30 x 20 px"):
        stages.edit(small, "island -> navy", regions=regions)
    with pytest.raises(automask.UsageError, match="masks= and regions= are both given; give one of the two"):
        stages.edit(scene.photo, "island -> navy", regions=regions, masks=scene.folder)


def test_regions_given_under_fail_say_what_is_missing(scene, stages):
    regions = stages.mask(scene.photo, "yacht")
    with pytest.raises(automask.TargetMissing, match="no 'yacht'"):
        stages.edit(scene.photo, "yacht -> navy", regions=regions, on_missing="fail")


def test_every_form_of_a_photo_gives_the_same_picture(scene, stages):
    data = scene.photo.read_bytes()
    forms = [
        scene.photo,
        str(scene.photo),
        data,
        io.BytesIO(data),
        Image.open(scene.photo),
        np.asarray(Image.open(scene.photo)),
    ]
    first, *others = [stages.edit(form, {"island": "navy"}).image for form in forms]
    for other in others:
        assert np.array_equal(first, other)


def test_bytes_in_bytes_out(scene, stages):
    outcome = stages.edit(scene.photo.read_bytes(), ["island -> navy"])
    with Image.open(io.BytesIO(outcome.to_bytes())) as written:
        assert written.format == "PNG"
        assert np.array_equal(np.asarray(written), outcome.image)
    assert np.array_equal(np.asarray(outcome.pil()), outcome.image)
    assert len(repr(outcome)) < 300


def test_a_missing_target_is_a_warning_of_the_logger(scene, stages, caplog, capsys):
    with caplog.at_level(logging.WARNING, logger="automask"):
        stages.edit(scene.photo, "yacht -> navy")
    (record,) = caplog.records
    assert record.name == "automask"
    assert "no 'yacht'" in record.getMessage()
    assert capsys.readouterr() == ("", "")


def test_a_batch_is_that_of_the_command_line(scene, tmp_path: Path):
    (tmp_path / "in").mkdir()
    for name in ("a.png", "b.png"):
        (tmp_path / "in" / name).write_bytes(scene.photo.read_bytes())
    (tmp_path / "in" / "c.png").write_bytes(b"no picture")
    reports = []
    settings = {"out": tmp_path / "out", "overrides": scene.overrides, "workers": 1}
    result = automask.batch(tmp_path / "in", "island -> navy", on_report=reports.append, **settings)
    assert [report.status for report in result] == ["done", "done", "failed"]
    assert len(result) == len(reports) == 3
    assert [report.job.photo.name for report in result.failed] == ["c.png"]
    assert repr(result) == f"<BatchResult 2 done, 1 failed, in {tmp_path / 'out'}>"
    assert (tmp_path / "out" / "index.html").is_file()
    assert (tmp_path / "out" / "failures.csv").is_file()
    again = automask.batch(tmp_path / "in", "island -> navy", **settings)
    assert [report.status for report in again] == ["skipped", "skipped", "failed"]
    assert automask.batch is automask.api.batch


def test_ready_objects_work_on_loaded_stages(scene, stages):
    outcome = stages.edit(scene.photo, "island -> anything", editor=Fill(rgb=(9, 9, 9)))
    assert (outcome.image[outcome.alpha == 1] == 9).all()
