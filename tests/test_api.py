import json
from dataclasses import replace

import cv2
import numpy as np
import pytest
from drawing import room

import automask
import automask.config
import automask.plan
from automask.batches.mappers import LocalPool
from automask.batches.run import SkipFinished, run_batch, workers_for
from automask.batches.worker import PHOTOS_TOGETHER, Worker
from automask.errors import ConfigError, PlanError, TargetMissing, UnknownPhrase
from automask.images import open_photo, write_picture
from automask.plan import parse_plan
from automask.refiners.threshold import Threshold
from automask.segmenters.painted import Painted
from automask.settings import RunSettings
from automask.testing import AddEight, Fill, Identity
from automask.types import Job

WORDS = "island except handles -> navy; lamp -> gold"


def parts(scene, editor=None):
    return {
        "segmenter": Painted(masks=str(scene.folder / "heat")),
        "refiner": Threshold(),
        "editor": editor or Fill(ideal_px=0),
    }


def test_words_change_what_they_name_and_nothing_else(scene):
    photo = room(96, 128)
    outcome = automask.edit(photo, WORDS, **parts(scene))
    changed = (outcome.image != photo).any(axis=-1)
    assert changed[50, 25]
    assert changed[20, 100]
    assert not changed[scene.masks["handles"]].any()
    assert changed.mean() < 0.5
    assert [step.found for step in outcome.steps] == [True, True]


def test_a_path_and_its_array_give_the_same_picture(scene):
    tools = parts(scene)
    from_path = automask.edit(scene.photo, WORDS, **tools)
    from_array = automask.edit(room(96, 128), WORDS, **tools)
    assert (from_path.image == from_array.image).all()


def test_stages_are_loaded_once_and_used_for_many_photos(scene):
    stages = automask.load(overrides=scene.overrides)
    first = automask.edit(scene.photo, "lamp -> gold", stages=stages)
    other = automask.edit(room(96, 128, seed=4), "lamp -> gold", stages=stages)
    again = automask.edit(scene.photo, "lamp -> gold", stages=stages)
    assert (first.image == again.image).all()
    assert (other.image != first.image).any()


def test_overrides_reach_the_recipes(scene):
    wide = automask.edit(scene.photo, "lamp -> gold", overrides=[*scene.overrides, "mask.dilate_px=9"])
    narrow = automask.edit(scene.photo, "lamp -> gold", overrides=[*scene.overrides, "mask.dilate_px=0"])
    assert wide.steps[0].area_px > narrow.steps[0].area_px


def test_regions_come_in_the_order_of_the_words(scene):
    island, lamp = automask.mask(scene.photo, "island; lamp", **parts(scene))
    assert (island.target, lamp.target) == ("island", "lamp")
    assert (lamp.hard == scene.masks["lamp"]).all()


def test_a_mask_request_loads_no_editor(scene):
    overrides = [*scene.overrides, "editor=diffusion", "editor.model=/nowhere/at/all"]
    (lamp,) = automask.mask(scene.photo, "lamp", overrides=overrides)
    assert lamp.found


def test_nothing_found_leaves_the_photo_and_says_why(scene):
    outcome = automask.edit(scene.photo, "yacht -> gold", **parts(scene))
    assert (outcome.image == room(96, 128)).all()
    assert outcome.steps[0].reason.startswith("no 'yacht' was found (heat 0.00, 0.35 is needed)")


def test_on_missing_fail_raises(scene):
    with pytest.raises(TargetMissing, match="no 'yacht'"):
        automask.edit(scene.photo, "yacht -> gold", on_missing="fail", **parts(scene))


def test_unknown_words_are_refused_before_the_photo_is_opened(scene):
    class Knows(Painted):
        def understand(self, targets):
            raise UnknownPhrase(f"unknown {targets[0]!r}")

    with pytest.raises(UnknownPhrase, match="unknown 'dragon'"):
        automask.edit("/no/such/photo.jpg", "dragon -> gold", **{**parts(scene), "segmenter": Knows(masks="x")})


def test_what_paint_cannot_paint_is_refused_before_the_photo_is_opened(scene):
    with pytest.raises(PlanError, match="chesterfield"):
        automask.edit("/no/such/photo.jpg", "island -> chesterfield sofa", overrides=scene.overrides)


def test_saving_writes_result_masks_picture_and_record(scene, tmp_path):
    out = tmp_path / "done"
    outcome = automask.edit(scene.photo, WORDS + "; yacht -> gold", seed=7, **parts(scene))
    outcome.save(out)
    written = sorted(str(path.relative_to(out)) for path in out.rglob("*") if path.is_file())
    assert written == [
        "kitchen.before-after.jpg",
        "kitchen.masks/01-island.png",
        "kitchen.masks/02-lamp.png",
        "kitchen.png",
        "kitchen.run.json",
    ]
    record = json.loads((out / "kitchen.run.json").read_text(encoding="utf-8"))
    assert record["schema"] == 1
    assert record["photo"] == "kitchen.png"
    assert record["size_wh"] == [128, 96]
    assert record["plan"] == automask.format_plan(outcome.plan)
    assert record["seed"] == 7
    assert record["outside_changed_px"] == 0
    assert [step["found"] for step in record["steps"]] == [True, True, False]
    assert set(record["steps"][0]) == {
        *("targets", "read_as", "prompt", "seed", "found", "missing", "peak", "boxes", "area_px", "reason"),
        "expected_iou",
    }
    assert set(record) >= {"preset", "models", "versions", "timing"}
    result = cv2.imread(str(out / "kitchen.png"))[..., ::-1]
    assert (result == outcome.image).all()


def test_the_mask_file_s_zero_means_untouched(scene, tmp_path):
    automask.edit(scene.photo, "island -> navy", **parts(scene, AddEight(ideal_px=24))).save(tmp_path / "out")
    alpha = cv2.imread(str(tmp_path / "out/kitchen.masks/01-island.png"), cv2.IMREAD_UNCHANGED)
    result = cv2.imread(str(tmp_path / "out/kitchen.png"))[..., ::-1]
    assert alpha.dtype == np.uint8
    assert alpha.max() == 255
    assert (result[alpha == 0] == room(96, 128)[alpha == 0]).all()


def test_masks_that_were_written_give_the_same_edit_again(scene, tmp_path):
    first = automask.edit(scene.photo, WORDS, **parts(scene))
    first.save(tmp_path)
    again = automask.edit(scene.photo, WORDS, masks=tmp_path / "kitchen.masks", **parts(scene))
    assert (again.image == first.image).all()


def test_an_identity_editor_gives_the_same_file_samples(scene, tmp_path):
    automask.edit(scene.photo, WORDS, **parts(scene, Identity(ideal_px=0))).save(tmp_path)
    assert (cv2.imread(str(tmp_path / "kitchen.png")) == cv2.imread(str(scene.photo))).all()


def test_an_edit_may_name_another_editor_in_yaml(scene, tmp_path):
    plan = tmp_path / "plan.yaml"
    plan.write_text("- target: lamp\n  prompt: gold\n  with: paint\n  mask: 1\n", encoding="utf-8")
    with pytest.raises(PlanError):
        automask.edit(scene.photo, plan, overrides=scene.overrides)
    plan.write_text("- target: lamp\n  prompt: gold\n  with: paint\n  scale: 2.0\n", encoding="utf-8")
    assert automask.edit(scene.photo, plan, overrides=scene.overrides).steps[0].area_px > 0
    stages = automask.load(overrides=scene.overrides)
    with pytest.raises(
        PlanError, match=r"no editor 'paint' is loaded; load it too: automask\.load\(\.\.\., editors=\['paint'\]\)"
    ):
        automask.edit(scene.photo, plan, stages=stages)
    named = automask.load(overrides=scene.overrides, editors=["paint"])
    assert automask.edit(scene.photo, plan, stages=named).steps[0].area_px > 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"seed": -1}, "seed is -1; give a whole number from 0"),
        ({"on_missing": "never"}, "on_missing is 'never'; give skip or fail"),
        ({"seed": 1, "overrides": ["seed=2"]}, "seed=1 and the override seed=2 disagree"),
        ({"preset": "phoot"}, "unknown preset 'phoot'; did you mean 'photo'"),
    ],
)
def test_wrong_settings_are_reported(scene, options, said):
    with pytest.raises(ConfigError, match=said):
        automask.edit(scene.photo, "lamp -> gold", **options)


def test_overrides_with_loaded_stages_are_refused(scene):
    stages = automask.load(overrides=scene.overrides)
    with pytest.raises(ConfigError, match=r"overrides \['boxes.threshold=0.3'\] come too late for loaded stages"):
        automask.edit(scene.photo, "lamp -> gold", stages=stages, overrides=["boxes.threshold=0.3", "seed=3"])


def test_progress_is_reported_in_order(scene):
    reported = []
    automask.edit(scene.photo, WORDS, on_progress=lambda *what: reported.append(what), **parts(scene))
    assert reported[0][0] == "opening the photo"
    assert reported[-1] == ("painting", 2, 2)


def test_the_caller_s_array_is_never_written_to(scene):
    photo = room(96, 128)
    automask.edit(photo, WORDS, **parts(scene))
    assert (photo == room(96, 128)).all()


def test_what_load_cannot_carry_is_refused_not_lost(scene):
    with pytest.raises(
        ConfigError, match=r"'seed=5' is a setting of a run, not of what is loaded; give it to automask\.edit"
    ):
        automask.load(overrides=[*scene.overrides, "seed=5"])
    stages = automask.load(overrides=scene.overrides)
    with pytest.raises(ConfigError, match="preset='photo', conf=None come too late for loaded stages"):
        automask.edit(scene.photo, "lamp -> gold", stages=stages, preset="photo")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"overrides": "seed=3"}, "overrides is 'seed=3'; give a list of texts"),
        ({"preset": 7}, "preset is 7; give a name"),
        ({"max_megapixels": "x"}, "max_megapixels is 'x'; give a number above 0"),
    ],
)
def test_arguments_of_the_wrong_kind_are_reported(scene, options, said):
    with pytest.raises(ConfigError, match=said):
        automask.edit(scene.photo, "lamp -> gold", **options)


def test_a_mask_request_needs_no_prompts(scene):
    (lamp,) = automask.mask(scene.photo, (automask.Edit(("lamp",), ""),), **parts(scene))
    assert lamp.found


def test_ready_objects_leave_no_digest_that_a_batch_could_mistake(scene):
    assert automask.edit(scene.photo, "lamp -> gold", **parts(scene)).record["digest"] == ""
    assert automask.edit(scene.photo, "lamp -> gold", overrides=scene.overrides).record["digest"] != ""


def test_an_option_out_of_range_is_refused_before_the_photo_is_opened(scene, tmp_path):
    plan = tmp_path / "plan.yaml"
    plan.write_text("- target: lamp\n  prompt: gold\n  scale: -1.0\n", encoding="utf-8")
    with pytest.raises(PlanError, match=r"scale is -1\.0; give a number from 0\.05 to 20"):
        automask.edit("/no/such/photo.jpg", plan, overrides=scene.overrides)


def test_with_masks_given_no_finding_model_is_loaded(scene, tmp_path):
    automask.edit(scene.photo, "lamp -> gold", **parts(scene)).save(tmp_path)
    overrides = ["segmenter=clipseg", "segmenter.model=/nowhere", "refiner=sam", "refiner.model=/nowhere.pth"]
    outcome = automask.edit(scene.photo, "lamp -> gold", masks=tmp_path / "kitchen.masks", overrides=overrides)
    assert outcome.steps[0].area_px > 0


def test_words_with_braces_are_refused_where_one_picture_is_wanted(scene):
    with pytest.raises(
        PlanError, match=r"braces say several pictures, and this is for one; make them with automask.vari"
    ):
        automask.edit("/no/such/photo.jpg", "lamp -> {gold, navy}")


def test_a_variant_is_what_its_own_words_give(scene):
    made = dict(automask.variants(scene.photo, "lamp -> {gold, navy}; island -> {red, white}", **parts(scene)))
    assert list(made) == ["gold-red", "gold-white", "navy-red", "navy-white"]
    alone = automask.edit(scene.photo, "lamp -> navy; island -> red", **parts(scene))
    assert (made["navy-red"].image == alone.image).all()
    records = [
        {key: value for key, value in one.record.items() if key != "timing"} for one in (made["navy-red"], alone)
    ]
    assert records[0] == records[1]


def test_words_without_braces_are_one_variant_of_no_name(scene):
    ((name, outcome),) = automask.variants(scene.photo, "lamp -> gold", **parts(scene))
    assert name == ""
    assert (outcome.image == automask.edit(scene.photo, "lamp -> gold", **parts(scene)).image).all()


def test_a_mistake_in_any_variant_is_reported_before_the_first_is_painted(scene):
    with pytest.raises(PlanError, match="chesterfield"):
        automask.variants("/no/such/photo.jpg", "lamp -> {gold, chesterfield sofa}", overrides=scene.overrides)
    with pytest.raises(PlanError, match="line 1, column 9: this brace is not closed"):
        automask.variants("/no/such/photo.jpg", "lamp -> {gold")


def test_variants_that_want_other_masks_are_refused(scene):
    made = (*automask.plan.parse_variants("lamp -> gold"), *automask.plan.parse_variants("island -> gold"))
    with pytest.raises(PlanError, match=r"variants that differ in what they find; call automask\.edit for each"):
        automask.variants(scene.photo, made, **parts(scene))


def test_progress_counts_the_edits_of_all_variants(scene):
    reported = []
    for _ in automask.variants(
        scene.photo,
        "lamp -> {gold, navy}; island -> red",
        on_progress=lambda *what: reported.append(what),
        **parts(scene),
    ):
        pass
    assert [what[1:] for what in reported if what[0] == "painting"] == [(done, 4) for done in (0, 1, 2, 3, 4)]
    assert sum(what[0] == "finding the masks" for what in reported) == 1


def test_several_candidates_are_recorded_and_drawn_on_one_sheet(scene, tmp_path):
    outcome = automask.edit(scene.photo, "island -> marble", candidates=3, **parts(scene))
    saved = outcome.save(tmp_path / "out")
    listed = saved.recorded["steps"][0]["candidates"]
    assert len(listed) == 3
    assert [one["chosen"] for one in listed].count(True) == 1
    assert all(set(one["scores"]) == {"seam", "tint", "leak", "empty"} for one in listed)
    sheet = next((tmp_path / "out").glob("*.candidates.jpg"))
    assert sheet.stat().st_size > 1000
    automask.edit(scene.photo, "island -> marble", **parts(scene)).save(tmp_path / "out")
    assert not sheet.exists()


@pytest.mark.parametrize("many", [0, 65, 2.0, True])
def test_a_number_of_candidates_out_of_range_is_refused(scene, many):
    with pytest.raises(ConfigError, match=rf"candidates is {many}; give a whole number from 1 to 64"):
        automask.edit(scene.photo, "island -> marble", candidates=many, **parts(scene))


# -------------------------------------------------------------------------------------------------------------- batch


def listing(scene, count=6):
    """Jobs over copies of the scene's photo, each with something of its own in a corner."""
    jobs = []
    for number in range(count):
        photo = open_photo(scene.photo).rgb.copy()
        photo[80:, :20] = 20 * number
        path = scene.folder / "in" / f"{number}.png"
        path.parent.mkdir(exist_ok=True)
        write_picture(path, photo)
        jobs.append(Job(path, PLAN, scene.folder / "out", str(number)))
    return jobs


PLAN = parse_plan("island -> marble; lamp -> gold")


def worker(scene, **stages):
    cfg = automask.config.compose("starter", scene.overrides)
    loaded = automask.load("starter", scene.overrides)
    return Worker(replace(loaded, **stages), RunSettings.from_config({**cfg, "mask_cache_mb": 0}))


class Many(Fill):
    """Paints several crops at once, and remembers how many."""

    sizes: tuple[int, ...] = ()

    def paint_many(self, jobs):
        self.sizes = (*self.sizes, len(jobs))
        return [self.paint(**job) for job in jobs]


def record_without_timing(job):
    record = json.loads(next(job.out.glob(f"{job.name}.run.json")).read_text())
    return {key: value for key, value in record.items() if key != "timing"}


def test_crops_of_several_photos_go_to_the_editor_together_and_nothing_else_changes(scene):
    jobs, editor = listing(scene), Many(ideal_px=24)
    reports = run_batch(jobs, lambda: worker(scene, editor=editor), LocalPool(workers=1), out=scene.folder / "out")
    assert {report.status for report in reports} == {"done"}
    assert editor.sizes == (2 * PHOTOS_TOGETHER, 2 * (len(jobs) - PHOTOS_TOGETHER))
    streamed = [((job.out / f"{job.name}.png").read_bytes(), record_without_timing(job)) for job in jobs]
    alone = worker(scene, editor=Many(ideal_px=24))
    for job, (picture, record) in zip(jobs, streamed, strict=True):
        there = replace(job, out=scene.folder / "alone")
        assert alone(there).status == "done"
        assert (there.out / f"{job.name}.png").read_bytes() == picture
        assert record_without_timing(there) == record
    again = run_batch(jobs, lambda: worker(scene, editor=editor), LocalPool(workers=1), out=scene.folder / "out")
    assert {report.status for report in again} == {"skipped"}


class FailsAt:
    """Any stage: fails at the photo whose corner has this grey."""

    def __init__(self, stage, corner):
        self._stage, self._corner = stage, corner

    def __getattr__(self, name):
        return getattr(self._stage, name)

    def _check(self, photo):
        if photo[-1, 0, 0] == self._corner:
            raise RuntimeError("boom")

    def heats(self, photo, targets):
        self._check(photo)
        return self._stage.heats(photo, targets)

    def refine(self, photo, heats, boxes):
        self._check(photo)
        return self._stage.refine(photo, heats, boxes)

    def paint(self, crop, hard, prompt, *, seed):
        self._check(crop)
        return self._stage.paint(crop, hard, prompt, seed=seed)


@pytest.mark.parametrize("stage", ["segmenter", "refiner", "editor", "reading", "writing"])
@pytest.mark.parametrize("together", [True, False])
def test_a_photo_that_fails_in_any_stage_is_reported_and_the_others_are_done(scene, stage, together):
    jobs = listing(scene)
    whole = automask.load("starter", scene.overrides)
    parts_of_it = {"segmenter": whole.segmenter, "refiner": whole.refiner, "editor": Fill(ideal_px=0)}
    if stage in parts_of_it:
        parts_of_it[stage] = FailsAt(parts_of_it[stage], 40)
    elif stage == "reading":
        jobs[2].photo.write_bytes(b"no photo")
    else:
        (jobs[2].out / "2.png").mkdir(parents=True)
    if together:
        editor = parts_of_it["editor"]
        editor.paint_many = lambda jobs: [editor.paint(**job) for job in jobs]
    reports = run_batch(jobs, lambda: worker(scene, **parts_of_it), LocalPool(workers=1), out=scene.folder / "out")
    assert [report.status for report in reports] == ["done", "done", "failed", "done", "done", "done"]
    assert reports[2].reason
    assert "\n" not in reports[2].reason
    assert "2.png" in (scene.folder / "out" / "failures.csv").read_text()


@pytest.mark.parametrize(
    ("stage", "method"),
    [
        ("segmenter", "heats"),
        ("segmenter", "understand"),
        ("refiner", "refine"),
        ("editor", "paint"),
        ("editor", "check"),
    ],
)
def test_a_stage_that_leaves_the_program_is_told_in_one_line(scene, stage, method):
    def leave(*_, **__):
        raise SystemExit("bye,\nno GPU")

    ready = parts(scene)
    setattr(ready[stage], method, leave)
    with pytest.raises(automask.AutomaskError, match="SystemExit: bye, no GPU") as caught:
        automask.edit(scene.photo, "lamp -> gold", **ready)
    assert "\n" not in str(caught.value)


class Chooses:
    """Sends every prompt to the editor that it holds, as `auto` does."""

    multiple_px, ideal_px = 1, 0

    def __init__(self, editor):
        self.loaded = {"many": editor}

    def route(self, prompt):
        return self.loaded["many"]

    def paint(self, crop, hard, prompt, *, seed):
        raise AssertionError("the chain deals with the one it was sent to")


def test_photos_are_painted_together_also_by_an_editor_that_another_chose(scene):
    jobs, editor = listing(scene), Many(ideal_px=24)
    run_batch(jobs, lambda: worker(scene, editor=Chooses(editor)), LocalPool(workers=1), out=scene.folder / "out")
    assert max(editor.sizes) == 2 * PHOTOS_TOGETHER


class OnGpu(Fill):
    exclusive = True


@pytest.mark.parametrize(
    ("asked", "jobs", "workers"), [("auto", 100, 8), ("auto", 11, 3), ("auto", 2, 1), (3, 1, 3), (1, 100, 1)]
)
def test_a_batch_uses_the_cores_where_its_models_do_not(scene, monkeypatch, asked, jobs, workers):
    monkeypatch.setattr("automask.batches.run.cores", lambda: 8)
    loaded = automask.load("starter", scene.overrides)
    assert workers_for(asked, loaded, jobs) == workers
    assert workers_for(asked, replace(loaded, editor=OnGpu()), jobs) == (asked if asked != "auto" else 1)


class NoWorkers:
    """A mapper that must not be asked for anything."""

    def map(self, make_worker, items, *, on_error=None):
        assert list(items) == []
        return iter(())


def test_what_is_done_is_passed_over_before_any_worker_is_started(scene):
    jobs, one = listing(scene), worker(scene)
    assert {one(job).status for job in jobs} == {"done"}
    reports = list(SkipFinished(NoWorkers(), one).map(None, jobs))
    assert [report.job for report in reports] == jobs
    assert {report.status for report in reports} == {"skipped"}
    jobs[3].photo.write_bytes(jobs[2].photo.read_bytes())
    with pytest.raises(AssertionError):
        list(SkipFinished(NoWorkers(), one).map(None, jobs))
