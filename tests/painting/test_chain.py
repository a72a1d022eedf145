"""The laws: no editor, however nasty, can break them."""

import tracemalloc

import numpy as np
import pytest
from drawing import disc, room
from edits import ISLAND, LAMPS, PLAN, SIZE, Together, region, stages

from automask.errors import CropRefused, EditorError
from automask.masking.masks import alpha_from
from automask.painting.chain import paint, paint_together, painting
from automask.plan import candidate_seed, edit_seed
from automask.testing import AddEight, Fill, Identity, Raises, ShiftByOne
from automask.types import Edit, MaskRecipe, Region


@pytest.mark.parametrize("ideal_px", [0, 24, 64, 200])
@pytest.mark.parametrize("nasty", [AddEight, ShiftByOne, Fill])
def test_where_alpha_is_zero_the_result_is_the_photo(nasty: type, ideal_px: int):
    photo = room(*SIZE)
    result, steps = paint(photo, PLAN, (ISLAND, LAMPS), stages(nasty(ideal_px=ideal_px)))
    outside = (ISLAND.alpha == 0) & (LAMPS.alpha == 0)
    assert outside.mean() > 0.2
    assert (result[outside] == photo[outside]).all()
    assert (result != photo).any()
    assert [step.area_px for step in steps] == [np.count_nonzero(r.alpha) for r in (ISLAND, LAMPS)]


@pytest.mark.parametrize("size_hw", [(96, 128), (97, 131), (61, 250)])
@pytest.mark.parametrize("multiple_px", [1, 8, 64])
def test_at_scale_one_an_identity_editor_gives_the_identical_photo(size_hw: tuple[int, int], multiple_px: int):
    photo = room(*size_hw)
    shown = region(disc(size_hw, (40, 30), 15))
    result, _ = paint(photo, PLAN[:1], (shown,), stages(Identity(multiple_px=multiple_px, ideal_px=0)))
    assert (result == photo).all()


def test_where_alpha_is_one_the_result_is_what_the_editor_painted():
    result, _ = paint(room(*SIZE), PLAN[:1], (ISLAND,), stages(Fill(rgb=(1, 2, 3), ideal_px=0)))
    assert (result[ISLAND.alpha == 1] == (1, 2, 3)).all()


def test_a_chain_of_additions_does_not_darken():
    photo = np.full((*SIZE, 3), 100, dtype=np.uint8)
    full = Region("all", True, np.ones(SIZE, bool), np.full(SIZE, 128 / 255, np.float32), (), 1.0, ("all",))
    plan = tuple(Edit((f"thing {n}",), "same") for n in range(40))
    result, _ = paint(photo, plan, (full,) * 40, stages(Identity(ideal_px=0)))
    assert (result == 100).all()


def test_painting_all_edits_equals_painting_them_one_at_a_time():
    photo, tools = room(*SIZE), stages(Fill(ideal_px=48))
    touching = region(disc(SIZE, (44, 44), 12), "stool")
    plan, regions = (*PLAN, Edit(("stool",), "oak")), (ISLAND, LAMPS, touching)
    together, _ = paint(photo, plan, regions, tools, seed=5)
    one_by_one = photo
    for edit, part in zip(plan, regions, strict=True):
        one_by_one, _ = paint(one_by_one, (edit,), (part,), tools, seed=5)
    assert (together == one_by_one).all()


class Around:
    """Paints what it is told to; what is to go becomes the first pixel of the crop."""

    multiple_px, ideal_px = 1, 0

    def paint(self, crop, hard, prompt, *, seed):
        return np.full_like(crop, (200, 0, 0)) if prompt == "red" else np.full_like(crop, crop[0, 0])


def test_what_is_to_go_goes_last_so_that_what_is_behind_it_has_its_new_colour():
    wall = np.ones(SIZE, np.bool_)
    wall[40:60, 40:60] = False
    edits = (Edit(("plant",), "remove"), region(~wall, "plant")), (Edit(("wall",), "red"), region(wall, "wall"))
    for first, second in (edits, edits[::-1]):
        plan, regions = zip(first, second, strict=True)
        result, steps = paint(room(*SIZE), plan, regions, stages(Around()))
        assert (result[45:55, 45:55] == (200, 0, 0)).all()
        assert [step.area_px for step in steps] == [np.count_nonzero(one.alpha) for one in regions]


def test_edits_whose_crops_do_not_overlap_commute():
    photo, tools = room(*SIZE), stages(Fill(ideal_px=24))
    there, _ = paint(photo, PLAN, (ISLAND, LAMPS), tools)
    back, _ = paint(photo, PLAN[::-1], (LAMPS, ISLAND), tools)
    assert (there == back).all()


def test_all_blobs_of_an_edit_share_its_seed_and_another_run_seed_changes_it():
    photo, tools = room(*SIZE), stages(Fill(ideal_px=24))
    first, (step,) = paint(photo, PLAN[1:], (LAMPS,), tools)
    assert (first[20, 100] == first[80, 100]).all()
    _, (other,) = paint(photo, PLAN[1:], (LAMPS,), tools, seed=1)
    assert step.seed != other.seed


def test_an_edit_s_seed_does_not_depend_on_the_edits_around_it():
    photo, tools = room(*SIZE), stages(Identity())
    _, together = paint(photo, PLAN, (ISLAND, LAMPS), tools, seed=9)
    _, alone = paint(photo, PLAN[1:], (LAMPS,), tools, seed=9)
    assert together[1].seed == alone[0].seed


def test_painting_touches_no_global_random_state():
    before = np.random.get_state()[1].copy()
    paint(room(*SIZE), PLAN, (ISLAND, LAMPS), stages(Fill()))
    assert (np.random.get_state()[1] == before).all()


def test_the_caller_s_photo_is_never_written_to():
    photo = room(*SIZE)
    before = photo.copy()
    paint(photo, PLAN, (ISLAND, LAMPS), stages(AddEight()))
    assert (photo == before).all()


class RefusesTheSecondCrop(Fill):
    count = 0

    def paint(self, crop, hard, prompt, *, seed):
        self.count += 1
        if self.count == 2:
            raise CropRefused("the safety checker flagged the result", hint="try other words")
        return super().paint(crop, hard, prompt, seed=seed)


def test_a_refused_crop_fails_its_whole_step_and_the_chain_continues():
    photo = room(*SIZE)
    result, steps = paint(photo, PLAN[::-1], (LAMPS, ISLAND), stages(RefusesTheSecondCrop(ideal_px=24)))
    assert (result[LAMPS.alpha > 0] == photo[LAMPS.alpha > 0]).all()
    assert steps[0].area_px == 0
    assert steps[0].found
    assert "safety checker flagged" in steps[0].reason
    assert steps[1].area_px > 0
    assert steps[1].reason is None


def test_a_missing_target_is_a_step_with_its_reason():
    empty = np.zeros(SIZE, dtype=bool)
    gone = Region("yacht", False, empty, empty.astype(np.float32), (), 0.1, ("yacht",), ("yacht",), "no 'yacht'")
    photo = room(*SIZE)
    result, (step,) = paint(photo, (Edit(("yacht",), "gold"),), (gone,), stages(Raises()))
    assert (result == photo).all()
    assert (step.found, step.area_px, step.reason, step.missing) == (False, 0, "no 'yacht'", ("yacht",))


def test_crops_that_do_not_overlap_are_painted_together_with_the_same_result():
    photo, many = room(*SIZE), Together(ideal_px=24)
    together, _ = paint(photo, PLAN[1:], (LAMPS,), stages(many))
    alone, _ = paint(photo, PLAN[1:], (LAMPS,), stages(Fill(ideal_px=24)))
    assert many.sizes == (2,)
    assert (together == alone).all()


class RefusesByName(Together):
    """Says in `paint_many` which crop it declines: those of "brass"."""

    def paint_many(self, jobs):
        self.sizes = (*self.sizes, len(jobs))
        return [CropRefused("no brass") if job["prompt"] == "brass" else self.paint(**job) for job in jobs]


def test_far_apart_edits_go_to_their_editor_together_and_one_refusal_ends_one_step():
    photo, many = room(*SIZE), RefusesByName(ideal_px=24)
    result, steps = paint(photo, PLAN, (ISLAND, LAMPS), stages(many))
    alone, _ = paint(photo, PLAN[:1], (ISLAND,), stages(Fill(ideal_px=24)))
    assert many.sizes == (3,)
    assert (result == alone).all()
    assert [step.area_px > 0 for step in steps] == [True, False]
    assert steps[1].reason == "no brass"


def random_plan(seed: int) -> tuple[tuple[Edit, ...], tuple[Region, ...]]:
    rng = np.random.default_rng(seed)
    taken = np.zeros(SIZE, dtype=bool)
    regions = []
    for number in range(5):
        spots = [disc(SIZE, rng.integers(0, (SIZE[1], SIZE[0])), rng.integers(3, 12)) for _ in range(3)]
        hard = np.logical_or.reduce(spots) & ~taken
        taken |= hard
        regions.append(region(hard, f"thing {number}"))
    return tuple(Edit((part.target,), "paint") for part in regions), tuple(regions)


class Averages(Together):
    """Paints the mean of its crop, so that what is below the crop decides its colour."""

    def paint(self, crop, hard, prompt, *, seed):
        if seed % 5 == 0:
            raise CropRefused("a seed that five divides")
        return np.full_like(crop, crop.mean(axis=(0, 1)) + seed % 40)

    def paint_many(self, jobs):
        self.sizes = (*self.sizes, len(jobs))
        answers = []
        for job in jobs:
            try:
                answers.append(self.paint(**job))
            except CropRefused as refusal:
                answers.append(refusal)
        return answers


@pytest.mark.parametrize("seed", range(6))
def test_crops_painted_together_equal_those_painted_edit_by_edit(seed: int):
    plan, regions = random_plan(seed)
    photo, editor = room(*SIZE), Averages(ideal_px=24)
    together, steps = paint(photo, plan, regions, stages(editor), seed=seed)
    one_by_one, alone = photo, []
    for edit, part in zip(plan, regions, strict=True):
        one_by_one, (step,) = paint(one_by_one, (edit,), (part,), stages(Averages(ideal_px=24)), seed=seed)
        alone.append(step)
    assert (together == one_by_one).all()
    assert list(steps) == alone


def test_photos_painted_together_equal_those_painted_alone():
    editor = Averages(ideal_px=24)
    photos = [room(*SIZE, seed=number) for number in range(3)]
    plans = [random_plan(number) for number in range(3)]
    paintings = [painting(p, *plan, stages(editor), seed=3) for p, plan in zip(photos, plans, strict=True)]
    for (together, steps), photo, (plan, regions) in zip(paint_together(paintings), photos, plans, strict=True):
        alone, those = paint(photo, plan, regions, stages(Averages(ideal_px=24)), seed=3)
        assert (together == alone).all()
        assert steps == those
    assert max(editor.sizes) > max(len(plan) for plan, _ in plans)


class FailsOnRed(Fill):
    def __init__(self, error, **more):
        super().__init__(**more)
        self.error = error

    def paint(self, crop, hard, prompt, *, seed):
        if prompt == "red":
            raise self.error
        return super().paint(crop, hard, prompt, seed=seed)

    def paint_many(self, jobs):
        return [self.paint(**job) for job in jobs]


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        (ValueError("no red"), EditorError, "failed on 'island -> red'"),
        (MemoryError("no room"), MemoryError, "no room"),
    ],
)
def test_a_photo_whose_editor_fails_does_not_end_the_others(error, kind, said):
    tools, photo = stages(FailsOnRed(error, ideal_px=24)), room(*SIZE)
    red = (Edit(("island",), "red"), PLAN[1])
    fine, failed, fine_too = paint_together(
        [painting(photo, plan, (ISLAND, LAMPS), tools) for plan in (PLAN, red, PLAN)]
    )
    assert isinstance(failed, kind)
    assert said in str(failed)
    alone, _ = paint(photo, PLAN, (ISLAND, LAMPS), tools)
    assert (fine[0] == alone).all()
    assert (fine_too[0] == alone).all()


def test_any_error_while_a_photo_is_painted_ends_that_photo_alone(monkeypatch):
    photos = [room(*SIZE, seed=number) for number in range(3)]

    def breaks(painted, below, seen, hard, *, spill_px):
        if (below[0] == photos[1][0]).all():
            raise MemoryError("no room")
        return painted

    monkeypatch.setattr("automask.painting.chain.correct_drift", breaks)
    tools = stages(AddEight(ideal_px=0, keeps_surroundings=True))
    fine, failed, fine_too = paint_together([painting(p, PLAN, (ISLAND, LAMPS), tools) for p in photos])
    assert isinstance(failed, MemoryError)
    assert (fine[0] != photos[0]).any()
    assert (fine_too[0] != photos[2]).any()
    with pytest.raises(MemoryError, match="no room"):
        paint(photos[1], PLAN, (ISLAND, LAMPS), tools)


def test_steps_are_reported_in_order():
    reported = []
    paint(
        room(*SIZE),
        PLAN,
        (ISLAND, LAMPS),
        stages(Fill()),
        on_step=lambda index, step: reported.append((index, step.targets)),
    )
    assert reported == [(0, ("island",)), (1, ("lamps",))]


class GoodOnce(Fill):
    """Paints a textured surface for one seed, and a flat white patch for every other."""

    def __init__(self, good: int):
        super().__init__(ideal_px=0)
        self.good = good

    def paint(self, crop, hard, prompt, *, seed):
        return room(*SIZE, seed=9)[:, ::-1].copy() if seed == self.good else np.full_like(crop, 255)


def test_of_several_candidates_the_one_with_the_fewest_defects_is_kept():
    photo = room(*SIZE)
    own = edit_seed(7, PLAN[0])
    good = candidate_seed(own, 2)
    result, (step,) = paint(photo, PLAN[:1], (ISLAND,), stages(GoodOnce(good)), seed=7, candidates=4)
    wanted = GoodOnce(good).paint(photo, ISLAND.hard, "marble", seed=good)
    assert (result[ISLAND.alpha == 1] == wanted[ISLAND.alpha == 1]).all()
    assert (result[ISLAND.alpha == 0] == photo[ISLAND.alpha == 0]).all()
    assert step.seed == good
    assert [one.chosen for one in step.candidates] == [False, False, True, False]
    assert [one.seed for one in step.candidates] == [candidate_seed(own, number) for number in range(4)]
    assert len({one.seed for one in step.candidates}) == 4
    assert all({"seam", "tint", "leak", "empty"} <= {name for name, _ in one.scores} for one in step.candidates)


def test_one_candidate_equals_the_edit_without_candidates():
    photo = room(*SIZE)
    _, (step,) = paint(photo, PLAN[:1], (ISLAND,), stages(Fill(ideal_px=24)))
    assert step.candidates == ()
    assert step.seed == edit_seed(0, PLAN[0])


def test_a_declined_candidate_is_dropped_and_the_step_fails_only_when_all_are():
    plan, regions = random_plan(1)
    _, steps = paint(room(*SIZE), plan, regions, stages(Averages(ideal_px=24)), candidates=3)
    declined = [one for step in steps for one in step.candidates if one.reason]
    assert declined
    assert all(one.seed % 5 == 0 and not one.chosen and one.scores == () for one in declined)
    assert all(step.area_px > 0 and step.reason is None for step in steps)


def test_a_candidate_is_judged_on_the_picture_that_painting_one_at_a_time_gives():
    size, soft = (160, 240), MaskRecipe(dilate_px=0, feather_px=0)

    def hard_region(hard: np.ndarray, target: str) -> Region:
        alpha = alpha_from(hard, soft, untouchable=np.zeros_like(hard))
        return Region(target, True, hard, alpha, (), 0.9, (target,))

    # The first edit's crops at the left overlap and take two rounds; its box reaches over the second edit.
    ends = hard_region(disc(size, (40, 50), 18) | disc(size, (74, 104), 18) | disc(size, (215, 80), 10), "lamps")
    between = hard_region(disc(size, (155, 80), 8), "clock")
    photo, tools = room(*size), stages(Averages(ideal_px=40))
    plan = (Edit(("lamps",), "brass"), Edit(("clock",), "red"))
    _, together = paint(photo, plan, (ends, between), tools, candidates=2)
    now, alone = photo, []
    for edit, part in zip(plan, (ends, between), strict=True):
        now, (step,) = paint(now, (edit,), (part,), tools, candidates=2)
        alone.append(step)
    for one, other in zip(together, alone, strict=True):
        assert [c.scores for c in one.candidates] == [c.scores for c in other.candidates]
        assert all(np.array_equal(a.picture, b.picture) for a, b in zip(one.candidates, other.candidates, strict=True))


@pytest.mark.parametrize("more", [{"edits": 6}, {"candidates": 6}])
def test_memory_does_not_grow_by_copies_of_the_photo_for_each_edit_or_candidate(more: dict[str, int]):
    size = (400, 600)
    photo_bytes = size[0] * size[1] * 3

    def peak_bytes(edits: int = 1, candidates: int = 1) -> int:
        spots = [region(disc(size, (60 + 80 * n, 200), 30), f"thing {n}") for n in range(edits)]
        plan = tuple(Edit((spot.target,), "red") for spot in spots)
        photo, tools = room(*size), stages(Fill(ideal_px=0))
        tracemalloc.start()
        try:
            paint(photo, plan, spots, tools, candidates=candidates)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak_bytes()
    few, many = peak_bytes(), peak_bytes(**more)
    assert few < 12 * photo_bytes
    assert many - few < 2 * photo_bytes, (few / photo_bytes, many / photo_bytes)


class LightsUp(Fill):
    """Adds to the whole picture ten levels for each surface that it painted."""

    def __init__(self, bounce: float = 0.5, **how: object):
        super().__init__(**how)
        self.bounce = bounce
        self.calls: list[int] = []

    def relight(self, photo, picture, alphas):
        assert not any(plane.flags.writeable for plane in (photo, picture, *alphas))
        self.calls.append(len(alphas))
        return picture + np.uint8(10 * len(alphas))


def test_surfaces_that_one_editor_painted_get_each_others_light_once_and_nothing_else_does():
    photo, editor = room(*SIZE), LightsUp(rgb=(9, 9, 9))
    result, steps = paint(photo, PLAN, (ISLAND, LAMPS), stages(editor))
    assert (editor.calls, [step.bounce for step in steps]) == ([2], [0.5, 0.5])
    outside = (ISLAND.alpha == 0) & (LAMPS.alpha == 0)
    assert (result[outside] == photo[outside]).all()
    assert (result[(ISLAND.alpha == 1) | (LAMPS.alpha == 1)] == 29).all()


def test_what_goes_is_filled_from_surfaces_in_each_others_light():
    class Looks(Fill):
        def paint(self, crop, hard, prompt, *, seed):
            self.saw = crop.copy()
            return crop.copy()

    editor, remover = LightsUp(rgb=(9, 9, 9)), Looks(ideal_px=0)
    hole = np.zeros(SIZE, np.float32)
    hole[-6:-2, -6:-2] = 1
    gone = Region("vase", True, hole > 0, hole, (), 0.9)
    plan = (Edit(("vase",), "remove"), *PLAN)
    result, steps = paint(room(*SIZE), plan, (gone, ISLAND, LAMPS), stages(editor, remove=remover))
    assert (editor.calls, [step.bounce for step in steps]) == ([2], [0.0, 0.5, 0.5])
    assert (remover.saw[ISLAND.alpha == 1] == 29).all()
    assert (result[ISLAND.alpha == 1] == 29).all()


@pytest.mark.parametrize(("bounce", "count"), [(0.0, 2), (0.5, 1)])
def test_one_surface_or_no_bounce_is_not_lit_again(bounce: float, count: int):
    editor = LightsUp(bounce)
    _, steps = paint(room(*SIZE), PLAN[:count], (ISLAND, LAMPS)[:count], stages(editor))
    assert (editor.calls, {step.bounce for step in steps}) == ([], {0.0})


def test_what_another_editor_painted_or_nobody_found_is_not_lit_again():
    editor, gone = LightsUp(), Region("yacht", False, ISLAND.hard & False, ISLAND.alpha * 0, (), 0.1)
    plan = (PLAN[0], Edit(("yacht",), "gold"), Edit(("lamps",), "red", editor="other"))
    paint(room(*SIZE), plan, (ISLAND, gone, LAMPS), stages(editor, other=Fill()))
    assert editor.calls == []


def test_an_editor_that_relights_to_another_size_is_named():
    class Crops(LightsUp):
        def relight(self, photo, picture, alphas):
            return picture[1:]

    with pytest.raises(EditorError, match=r"'Crops' returned \[95, 128, 3\] uint8; relight\(\) must return \[96,"):
        paint(room(*SIZE), PLAN, (ISLAND, LAMPS), stages(Crops()))
