"""The engine: every entrance goes through it, and what it made is not written into afterwards."""

import ast
import copy
import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

import automask
from automask import config, runner
from automask.errors import ConfigError, EditorError, PhotoError
from automask.images import open_photo
from automask.masking.quality import QualityFit, fit_content
from automask.plan import parse_plan, parse_targets
from automask.refiners.threshold import Threshold
from automask.settings import RunSettings
from automask.testing import Fill, PaintedHeat
from automask.types import Variant

ROOT = Path(__file__).resolve().parent.parent
ASSEMBLES = {"find_regions", "given_regions", "cached_regions", "paint_together", "painting", "run_record", "Outcome"}
"""What only the engine calls, of the parts that a run is assembled from."""
ENTRANCES = [
    *(ROOT / "pipelines").glob("*.py"),
    *(ROOT / "automask" / "cli").glob("*.py"),
    *(ROOT / "automask" / "batches").glob("*.py"),
    ROOT / "automask" / "api.py",
]


def variant(words):
    return Variant("", (), parse_plan(words))


@pytest.fixture
def prepared(scene):
    composed = config.compose("starter", scene.overrides)
    return runner.prepare([variant("island -> navy; lamp -> gold")], RunSettings(), composed)


@pytest.mark.parametrize("file", ENTRANCES, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_no_entrance_assembles_a_run_itself(file):
    calls = [node.func for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.Call)]
    named = {call.attr if isinstance(call, ast.Attribute) else getattr(call, "id", "") for call in calls}
    assert not named & ASSEMBLES


def test_a_run_gives_what_the_door_gives(scene, prepared):
    (outcome,) = runner.run(prepared, scene.photo)
    same = automask.edit(scene.photo, "island -> navy; lamp -> gold", overrides=scene.overrides)
    assert (outcome.image == same.image).all()
    assert {**outcome.record, "timing": 0} == {**same.record, "timing": 0}


@pytest.mark.parametrize("stage", ["automask.masking.find._survey", "automask.painting.crops.tight_box"])
def test_where_memory_is_too_short_the_photo_is_named_and_what_to_do(scene, prepared, monkeypatch, stage):
    def too_large(*_, **__):
        raise np._core._exceptions._ArrayMemoryError((90_000, 90_000), np.dtype("f4"))

    monkeypatch.setattr(stage, too_large)
    with pytest.raises(PhotoError) as caught:
        list(runner.run(prepared, scene.photo))
    hint = "close other programs, use fewer workers, or take a smaller copy of the photo"
    assert str(caught.value) == f"there is not enough memory for {scene.photo.name!r}; {hint}"


def test_too_little_memory_to_write_the_result_says_the_same(scene, prepared, monkeypatch, tmp_path):
    (outcome,) = runner.run(prepared, scene.photo)
    error = cv2.error("Insufficient memory")
    error.code = -4  # as OpenCV raises it
    monkeypatch.setattr("automask.results.outcome.write_photo", lambda *_: (_ for _ in ()).throw(error))
    with pytest.raises(PhotoError, match="there is not enough memory for"):
        outcome.save(tmp_path / "out")


def test_the_time_of_loading_is_in_the_record_when_the_outcome_is_made(scene, prepared):
    (outcome,) = runner.run(prepared, scene.photo)
    assert outcome.record["timing"]["load_s"] == round(prepared.load_s, 4) > 0
    before = copy.deepcopy(outcome.record)
    saved = outcome.save(scene.folder / "out")
    assert outcome.record == before
    assert json.loads(saved.record.read_text("utf-8"))["timing"] == before["timing"]


def test_a_photo_may_be_known_by_another_digest_than_that_of_its_bytes(scene, prepared):
    photo = open_photo(scene.photo)
    digests = {}
    for known_as in (None, "version 1", "version 2"):
        (outcome,) = runner.paint([runner.find_masks(prepared, photo, digest=known_as)])
        digests[known_as] = outcome.record["digest"]
    stages, plan = prepared.stages, prepared.variants[0].plan
    assert digests == {
        known_as: runner.result_digest(known_as or photo.digest, plan, stages, RunSettings()) for known_as in digests
    }
    assert len(set(digests.values())) == 3


def test_photos_that_are_painted_together_end_one_by_one(scene, prepared):
    class Fails(Fill):
        def paint(self, crop, hard, prompt, *, seed):
            raise RuntimeError("boom")

    broken = runner.prepare(prepared.variants, RunSettings(), prepared.stages, ready={"editor": Fails()})
    photo = open_photo(scene.photo)
    first, second = runner.paint([runner.find_masks(one, photo) for one in (broken, prepared)])
    assert isinstance(first, EditorError)
    assert second.steps[0].area_px > 0
    assert runner.paint([]) == []


def test_a_mask_request_looks_for_the_words_and_loads_no_editor(scene, tmp_path):
    composed = config.compose("starter", [*scene.overrides, "editor=diffusion", "editor.model=/nowhere/at/all"])
    targets = Variant("", (), parse_targets("lamp"))
    masked = runner.mask(runner.prepare([targets], RunSettings(), composed, paint=False), scene.photo)
    record = masked.save(tmp_path).recorded
    assert masked.regions[0].found
    assert set(record["models"]) == {"segmenter", "refiner"}
    assert set(record["timing"]) == {"load_s", "mask_s"}


def test_a_certificate_that_cannot_sign_is_refused_before_anything_is_loaded(scene, tmp_path):
    composed = config.compose("starter", [*scene.overrides, "editor=diffusion", "editor.model=/nowhere/at/all"])
    (tmp_path / "empty.pem").write_text("")
    with pytest.raises((ConfigError, ImportError)) as caught:
        runner.prepare([variant("lamp -> gold")], RunSettings(c2pa=str(tmp_path / "empty.pem")), composed)
    assert "/nowhere" not in str(caught.value)


# ------------------------------------------------------------ masks in doubt


class Doubted(PaintedHeat):
    """A segmenter of whose "lamp" much is expected, and little of everything else."""

    quality = ""

    def __init__(self, scene, folder: Path) -> None:
        super().__init__({name: np.where(mask, 0.9, 0.0) for name, mask in scene.masks.items()})
        fit = QualityFit({}, {}, {}, -2.0, {"lamp": 4.0})
        self.quality = folder / "fit.json"
        self.quality.write_text(json.dumps(fit_content(fit, {})))


WORDS = "island -> navy; lamp -> gold"


@pytest.fixture
def in_doubt(scene, tmp_path):
    def edit(**settings):
        parts = {"segmenter": Doubted(scene, tmp_path), "refiner": Threshold(), "editor": Fill()}
        return automask.edit(scene.photo, WORDS, **parts, **settings)

    return edit


def test_what_is_expected_is_in_the_record(in_doubt):
    made = in_doubt()
    assert [step["expected_iou"] for step in made.record["steps"]] == [0.1192, 0.8808]
    assert made.record["doubt_below"] == 0.75
    assert in_doubt(on_doubt="keep").record["doubt_below"] is None


def test_a_mask_in_doubt_is_painted_alike_under_keep_and_warn(in_doubt):
    assert np.array_equal(in_doubt(on_doubt="keep").image, in_doubt(on_doubt="warn").image)


def test_under_skip_a_mask_in_doubt_is_found_and_not_painted(scene, in_doubt, tmp_path):
    kept, skipped = in_doubt(), in_doubt(on_doubt="skip")
    island, lamp = skipped.steps
    assert (island.found, island.area_px, island.missing) == (True, 0, ())
    assert island.reason == "'island' was not painted: quality 0.12 < 0.75"
    assert (lamp.area_px, lamp.reason) == (kept.steps[1].area_px, None)
    around = skipped.regions[0].alpha > 0
    assert np.array_equal(skipped.image[around], skipped.photo.rgb[around])
    assert np.array_equal(skipped.image[~around], kept.image[~around])
    # Its mask is written all the same: a person may correct it and give it back.
    saved = skipped.save(tmp_path / "out")
    assert [path.name for path in saved.masks] == ["01-island.png", "02-lamp.png"]


def test_what_is_optional_is_passed_over_in_great_doubt_unless_all_is_to_be_kept(scene, tmp_path):
    parts = {"segmenter": Doubted(scene, tmp_path), "refiner": Threshold(), "editor": Fill()}
    plan = tuple(replace(edit, optional=True) for edit in parse_plan(WORDS))
    for more, island in (({}, False), ({"doubt_below": 0.2}, True), ({"on_doubt": "keep"}, True)):
        made = automask.edit(scene.photo, plan, **parts, **more)
        assert [step.area_px > 0 for step in made.steps] == [island, True]
    reason = automask.edit(scene.photo, plan, **parts).steps[0].reason
    assert reason == "'island' was not painted: quality 0.12 < 0.375"


def test_the_line_is_where_it_is_drawn(in_doubt):
    assert [step.area_px > 0 for step in in_doubt(on_doubt="skip", doubt_below=0.1).steps] == [True, True]
    assert [step.area_px > 0 for step in in_doubt(on_doubt="skip", doubt_below=0.9).steps] == [False, False]


def test_a_warning_names_what_is_in_doubt(in_doubt, caplog):
    in_doubt(on_doubt="keep")
    assert not caplog.records
    in_doubt()
    assert [record.getMessage() for record in caplog.records] == ["'island': quality 0.12 < 0.75; look at its mask"]


def test_a_given_mask_is_in_no_doubt(scene, in_doubt):
    (region,) = automask.mask(scene.photo, "island", overrides=scene.overrides)
    made = automask.edit(scene.photo, "island -> navy", regions=[region], editor=Fill(), on_doubt="skip", doubt_below=1)
    assert made.steps[0].area_px > 0
