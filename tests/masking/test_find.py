import re
from dataclasses import replace

import numpy as np
import pytest
from drawing import disc, room
from PIL import Image

from automask.errors import MaskError, PlanError, RefinerError, SegmenterError, TargetMissing, UnknownPhrase
from automask.images import write_mask
from automask.masking.find import (
    find_regions,
    parts_of,
    phrases_of,
    refuse_same_readings,
    understand,
    wanted,
    with_members,
)
from automask.masking.given import given_regions
from automask.masking.masks import dilate
from automask.plan import parse_plan, parse_targets
from automask.protocols import Stages
from automask.refiners.threshold import Threshold
from automask.testing import Identity, PaintedHeat
from automask.types import BoxRecipe, MaskRecipe, Survey

SIZE = (100, 160)
EXACT = MaskRecipe(min_speck_frac=0, max_hole_frac=0, dilate_px=0, feather_px=0)
WIDE = MaskRecipe(min_speck_frac=0, max_hole_frac=0, dilate_px=4, feather_px=0)

BODY = disc(SIZE, (40, 50), 20)
TOP = disc(SIZE, (40, 50), 8)
CORE = disc(SIZE, (40, 50), 4)
FAR = disc(SIZE, (120, 50), 12)


def warm(hard: np.ndarray, heat: float) -> np.ndarray:
    return np.where(hard, np.float32(heat), np.float32(0.02))


HEATS = {
    "cabinets": warm(BODY, 0.8),
    "handles": warm(TOP, 0.6),
    "core": warm(CORE, 0.7),
    "island": warm(FAR, 0.9),
    "yacht": warm(FAR, 0.18),
    "speck": warm(disc(SIZE, (5, 5), 1), 0.9),
}


def stages(mask: MaskRecipe = EXACT, **boxes: float) -> Stages:
    return Stages(
        segmenter=PaintedHeat(HEATS),
        refiner=Threshold(),
        editor=Identity(),
        boxes=BoxRecipe(**{"pad_frac": 0.0, **boxes}),
        mask_recipe=mask,
    )


def regions(words: str, mask: MaskRecipe = EXACT, **options: str):
    return find_regions(room(*SIZE), parse_targets(words), stages(mask), **options)


def test_one_region_for_each_part_of_the_words_in_order():
    assert [r.target for r in regions("island; cabinets, handles")] == ["island", "cabinets, handles"]


def test_a_found_region_has_its_mask_box_peak_and_reading():
    (found,) = regions("island")
    assert found.found
    assert (found.hard == FAR).all()
    assert (found.alpha == FAR).all()
    assert len(found.boxes) == 1
    assert found.peak == pytest.approx(0.9)
    assert found.read_as == ("island",)
    assert found.reason is None


def test_a_union_holds_all_its_phrases():
    (both,) = regions("island, cabinets")
    assert (both.hard == (FAR | BODY)).all()


def test_excepted_words_are_taken_away_even_where_they_are_colder():
    (found,) = regions("cabinets except handles", WIDE)
    assert not found.hard[TOP].any()
    assert not found.alpha[TOP].any()
    assert found.hard[BODY & ~TOP].all()


def test_kept_words_are_untouched_by_every_edit():
    for found in regions("cabinets; island; keep handles", WIDE):
        assert not found.alpha[TOP].any()


def test_two_edits_never_share_a_pixel_and_dilation_stops_at_the_other_mask():
    doors, knobs = regions("cabinets; handles", WIDE)
    assert not (doors.hard & knobs.hard).any()
    assert not (doors.alpha[knobs.hard] > 0).any()
    assert not (knobs.alpha[doors.hard] > 0).any()


def test_a_part_excepted_from_one_edit_can_be_another_edit():
    doors, knobs = regions("cabinets except handles; handles")
    assert (knobs.hard == TOP).all()
    assert (doors.hard == (BODY & ~TOP)).all()


class Nested(PaintedHeat):
    """Says that handles are a part of cabinets, colder as they are."""

    def parts(self, targets):
        return [
            [i for i, other in enumerate(targets) if (target, other) == ("cabinets", "handles")] for target in targets
        ]


def test_a_part_that_another_edit_names_is_that_edit_s_even_where_it_is_colder():
    doors, knobs = find_regions(
        room(*SIZE), parse_targets("cabinets; handles"), replace(stages(), segmenter=Nested(HEATS))
    )
    assert (knobs.hard == TOP).all()
    assert (doors.hard == (BODY & ~TOP)).all()


def test_a_part_that_no_other_edit_names_stays_with_the_whole():
    for words in ("cabinets", "cabinets, handles", "cabinets; island"):
        whole = find_regions(room(*SIZE), parse_targets(words), replace(stages(), segmenter=Nested(HEATS)))[0]
        assert (whole.hard == BODY).all(), words


def test_a_part_that_the_other_edit_excepts_is_not_taken_from_the_whole():
    doors, knobs = find_regions(
        room(*SIZE), parse_targets("cabinets; handles except core"), replace(stages(), segmenter=Nested(HEATS))
    )
    assert (knobs.hard == (TOP & ~CORE)).all()
    assert (doors.hard == (BODY & ~(TOP & ~CORE))).all()


@pytest.mark.parametrize(
    "parts", [[[0]], [[5], []], None, [[], "handles"], [[-1], []], [[0], []], [[1], [0]], [[True], []], [[], []] * 2]
)
def test_parts_that_name_no_phrase_are_refused(parts: object):
    class Odd(PaintedHeat):
        def parts(self, targets):
            return parts

    with pytest.raises(
        SegmenterError, match=r"segmenter 'Odd' failed to name the parts of .*must return, for each phr"
    ):
        parts_of(Odd(HEATS), ("cabinets", "handles"))


def test_the_segmenter_sees_each_phrase_once_and_the_photo_once():
    tools = stages()
    find_regions(room(*SIZE), parse_plan("cabinets except handles -> a; island -> b; keep handles"), tools)
    assert tools.segmenter.calls == 1
    assert phrases_of(parse_plan("cabinets except handles -> a; island -> b; keep handles")) == (
        "cabinets",
        "handles",
        "island",
    )


def test_not_there_is_an_answer_with_the_number_and_what_to_try():
    (missing,) = regions("yacht")
    assert not missing.found
    assert not missing.hard.any()
    assert not missing.alpha.any()
    assert missing.missing == ("yacht",)
    assert missing.reason == "no 'yacht' was found (heat 0.18, 0.35 is needed)"


def test_a_near_miss_is_offered_a_threshold_that_finds_it():
    def look(threshold: float):
        tools = stages(threshold=threshold)
        tools = replace(tools, segmenter=PaintedHeat({"boat": warm(FAR, 0.33)}), refiner=Threshold(threshold=threshold))
        return find_regions(room(*SIZE), parse_targets("boat"), tools)[0]

    assert (
        look(0.35).reason == "no 'boat' was found (heat 0.33, 0.35 is needed); if you see it, try boxes.threshold=0.30"
    )
    assert look(0.30).found


@pytest.mark.parametrize("peak", [0.0, 0.04, 0.1, 0.2, 0.27])
def test_no_threshold_is_offered_that_would_paint_nonsense(peak: float):
    tools = replace(stages(), segmenter=PaintedHeat({"boat": np.full(SIZE, peak, np.float32)}))
    (missing,) = find_regions(room(*SIZE), parse_targets("boat"), tools)
    assert missing.reason == f"no 'boat' was found (heat {peak:.2f}, 0.35 is needed)"


def test_a_hot_spot_below_the_smallest_area_is_told_as_such():
    (missing,) = find_regions(room(*SIZE), parse_targets("speck"), stages(min_area_frac=0.01))
    assert missing.reason.startswith(
        "no 'speck' was found (its largest spot is 0.0312% of the photo, 1.0000% is needed); try boxes.min_area"
    )


@pytest.mark.parametrize("least", [0.01, 1e-6])
def test_nothing_is_advised_that_would_paint_a_speck(least: float):
    heat = np.zeros(SIZE, np.float32)
    heat[3, 3] = 0.9
    tools = replace(
        stages(min_area_frac=least),
        segmenter=PaintedHeat({"boat": heat}),
        mask_recipe=MaskRecipe(min_speck_frac=0.001),
    )
    (missing,) = find_regions(room(*SIZE), parse_targets("boat"), tools)
    assert missing.reason is not None
    assert missing.reason.startswith(f"no 'boat' was found (its largest spot is {1 / heat.size:.4%} of the photo")
    assert "try" not in missing.reason


def test_a_union_goes_on_with_what_is_there_and_lists_what_is_not():
    (found,) = regions("island, yacht")
    assert found.found
    assert found.missing == ("yacht",)
    assert "no 'yacht'" in found.reason


def test_an_absent_except_or_keep_word_stands_in_the_region():
    (found,) = regions("island except handles, yacht")
    assert found.missing == ("yacht",)
    (found,) = regions("island; keep yacht")
    assert found.missing == ("yacht",)


@pytest.mark.parametrize("words", ["yacht", "island, yacht", "island except yacht", "island; keep yacht"])
def test_under_fail_anything_missing_raises(words: str):
    with pytest.raises(
        TargetMissing, match=r"no 'yacht' was found \(heat 0\.18, 0\.35 is needed\); say on_missing=skip"
    ) as caught:
        regions(words, on_missing="fail")
    assert caught.value.exit_status == 3


def test_an_edit_that_is_excepted_away_says_so():
    (empty,) = regions("handles except cabinets")
    assert not empty.found
    assert empty.reason.startswith("nothing is left of 'handles'")


# ------------------------------------------------------------ things that no word names


class Watchful(PaintedHeat):
    """A segmenter that also sees something on the right half of BODY, as hot as given."""

    def __init__(self, others: float) -> None:
        super().__init__(HEATS)
        self.others = np.where(np.arange(SIZE[1]) >= 40, np.float32(others), np.float32(0)) * np.ones(SIZE, np.float32)

    def survey(self, photo, targets):
        return Survey(self.heats(photo, targets), self.others)


def seen(words: str, others: float):
    return find_regions(room(*SIZE), parse_targets(words), replace(stages(), segmenter=Watchful(others)))


def test_a_region_leaves_out_what_is_more_likely_something_else():
    (cabinets,) = seen("cabinets", 0.85)
    assert cabinets.found
    assert not cabinets.hard[:, 40:].any()
    assert (cabinets.hard[:, :40] == BODY[:, :40]).all()


def test_something_less_likely_takes_nothing():
    assert (seen("cabinets", 0.75)[0].hard == regions("cabinets")[0].hard).all()


def test_what_is_protected_is_not_made_smaller_by_other_things():
    (cabinets,) = seen("cabinets except handles", 0.7)
    assert (cabinets.hard == (BODY & ~TOP)).all()  # "handles", at 0.6, would lose its right half as a target


def test_a_target_that_is_something_else_altogether_is_missing():
    (island,) = seen("island", 0.95)
    assert not island.found
    assert island.expected_iou is None
    assert island.missing == ("island",)
    assert island.reason == "no 'island': what is hot for it is more likely something else"


@pytest.mark.parametrize(
    ("survey", "said"),
    [
        (None, r"segmenter 'Odd' returned NoneType; survey\(\) must return a Survey"),
        (Survey(np.zeros((1, 4, 4), np.float32)), r"heats\(\) must return \[1, 100, 160\]"),
        (
            Survey(np.zeros((1, *SIZE), np.float32), np.zeros((1, *SIZE), np.float32)),
            r"returned \[1, 100, 160\] float32; the others of survey\(\) must be \[100, 160\]",
        ),
        (
            Survey(np.zeros((1, *SIZE), np.float32), np.full(SIZE, 2, np.float32)),
            "returned heat from 2 to 2; heat is a probability",
        ),
        (
            Survey(np.zeros((1, *SIZE), np.float32), None, ({}, {})),
            "returned evidence of 2 phrases; give it of all 1, or of none",
        ),
        (
            Survey(np.zeros((1, *SIZE), np.float32), pieces=(None, None)),
            "returned pieces of 2 phrases; give them of all 1, None for a phrase without, or of none",
        ),
        (
            Survey(np.zeros((1, *SIZE), np.float32), pieces=(np.zeros(SIZE, np.float32),)),
            r"returned \[100, 160\] float32; the pieces of survey\(\) must be \[100, 160\] whole numbers",
        ),
    ],
)
def test_a_survey_that_breaks_its_promise_is_named(survey: object, said: str):
    class Odd(PaintedHeat):
        def survey(self, photo, targets):
            return survey

    with pytest.raises(SegmenterError, match=said):
        find_regions(room(*SIZE), parse_targets("island"), replace(stages(), segmenter=Odd(HEATS)))


def test_unknown_words_are_refused_by_the_segmenter():
    with pytest.raises(UnknownPhrase, match="no heat painted for 'dragon'"):
        regions("dragon")


def test_mask_lengths_of_an_edit_replace_the_recipe_s():
    (edit,) = parse_targets("island")
    (found,) = find_regions(room(*SIZE), (replace(edit, mask=(("dilate_px", 3.0),)),), stages())
    assert found.alpha[50, 120 + 15] == 1
    assert found.alpha[50, 120 + 16] == 0
    fixed = MaskRecipe(min_speck_frac=0, max_hole_frac=0, dilate_px=0, feather_px=0)
    (found,) = find_regions(room(*SIZE), (replace(edit, mask=(("dilate_frac", 0.02),)),), stages(fixed))
    assert found.alpha[50, 120 + 15] == 1


class Broken(PaintedHeat):
    def __init__(self, answer):
        super().__init__(HEATS)
        self.answer = answer

    def heats(self, photo, targets):
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (RuntimeError("out\nof luck"), "segmenter 'Broken' failed: RuntimeError: out of luck"),
        (
            np.zeros(SIZE, dtype=np.float32),
            r"segmenter 'Broken' returned \[100, 160\] float32; heats\(\) must return \[1, 100, 160\]",
        ),
        (np.zeros((1, *SIZE)), r"segmenter 'Broken' returned \[1, 100, 160\] float64"),
        (
            np.full((1, *SIZE), 1.5, dtype=np.float32),
            r"returned heat from 1\.5 to 1\.5; heat is a probability in 0\.\.1",
        ),
        (np.full((1, *SIZE), np.nan, dtype=np.float32), "returned heat from nan to nan"),
        (None, "segmenter 'Broken' returned NoneType"),
    ],
)
def test_a_segmenter_that_breaks_its_promise_is_named(answer: object, said: str):
    tools = Stages(segmenter=Broken(answer), refiner=Threshold(), editor=Identity())
    with pytest.raises(SegmenterError, match=said):
        find_regions(room(*SIZE), parse_targets("island"), tools)


class BadRefiner:
    def __init__(self, answer):
        self.answer = answer

    def refine(self, photo, heats, boxes):
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (ValueError("no"), "refiner 'BadRefiner' failed: ValueError: no; try refiner=threshold"),
        (
            np.zeros((1, *SIZE), dtype=np.uint8),
            r"refiner 'BadRefiner' returned \[1, 100, 160\] uint8; refine\(\) must return",
        ),
    ],
)
def test_a_refiner_that_breaks_its_promise_is_named(answer: object, said: str):
    tools = Stages(segmenter=PaintedHeat(HEATS), refiner=BadRefiner(answer), editor=Identity())
    with pytest.raises(RefinerError, match=said):
        find_regions(room(*SIZE), parse_targets("island"), tools)


def test_a_segmenter_must_understand_every_phrase():
    class Half(PaintedHeat):
        def understand(self, targets):
            return ("island",)

    with pytest.raises(SegmenterError, match=r"segmenter 'Half' understood \['island', 'cabinets'\] as \('island',\)"):
        understand(Half(HEATS), ("island", "cabinets"))


@pytest.mark.parametrize("reading", [None, "island", (1,), RuntimeError("no words")])
def test_an_understanding_that_is_no_text_for_each_phrase_is_refused(reading: object):
    class Odd(PaintedHeat):
        def understand(self, targets):
            if isinstance(reading, Exception):
                raise reading
            return reading

    with pytest.raises(SegmenterError, match=r"segmenter 'Odd' (understood|failed to understand)"):
        understand(Odd(HEATS), ("island",))


class Synonyms(PaintedHeat):
    def understand(self, targets):
        return tuple({"units": "cabinets", "cupboards": "Cabinets", "knobs": "handles"}.get(t, t) for t in targets)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            "island -> a; units -> b; cabinets -> c",
            "edit 3: 'cabinets' and 'units' in edit 2 are both read as 'cabinets'",
        ),
        ("units -> a; cupboards -> b", "edit 2: 'cupboards' and 'units' in edit 1 are both read as 'Cabinets'"),
        (
            "cabinets except units -> a",
            "edit 1: 'cabinets' is a target and 'units' is excepted, but both are read as 'cabinets'; take one of",
        ),
        (
            "handles -> a; keep knobs",
            "edit 1: 'handles' is a target and 'knobs' is kept, but both are read as 'handles'",
        ),
    ],
)
def test_two_words_that_are_read_as_one_thing_contradict_each_other(words: str, said: str):
    plan = parse_plan(words)
    with pytest.raises(PlanError, match=re.escape(said)):
        refuse_same_readings(plan, understand(Synonyms(HEATS), phrases_of(plan)))


@pytest.mark.parametrize("words", ["units, cabinets -> a", "cabinets -> a; handles -> b", "units except knobs -> a"])
def test_synonyms_in_one_edit_and_other_things_are_no_contradiction(words: str):
    plan = parse_plan(words)
    refuse_same_readings(plan, understand(Synonyms(HEATS), phrases_of(plan)))


def test_what_has_not_the_protocol_s_method_is_told_so():
    with pytest.raises(SegmenterError, match=r"segmenter 'object' has no heats\(\)"):
        understand(object(), ("island",))
    tools = Stages(segmenter=PaintedHeat(HEATS), refiner=object(), editor=Identity())
    with pytest.raises(RefinerError, match=r"refiner 'object' has no refine\(\)"):
        find_regions(room(*SIZE), parse_targets("island"), tools)


def test_a_refiner_cannot_find_what_the_heat_did_not():
    everywhere = np.ones((2, *SIZE), dtype=bool)
    tools = Stages(PaintedHeat(HEATS), BadRefiner(everywhere), Identity(), BoxRecipe(), EXACT)
    island, yacht = find_regions(room(*SIZE), parse_targets("island; yacht"), tools)
    assert island.hard.all()
    assert not yacht.found
    assert yacht.reason.startswith("no 'yacht' was found (heat 0.18")


def test_a_refiner_cannot_change_the_heat():
    class Meddles:
        def refine(self, photo, heats, boxes):
            heats[:] = 0

    tools = Stages(PaintedHeat(HEATS), Meddles(), Identity(), BoxRecipe(), EXACT)
    with pytest.raises(RefinerError, match=r"refiner 'Meddles' failed: ValueError: .*read-only"):
        find_regions(room(*SIZE), parse_targets("island"), tools)


def test_under_fail_all_that_is_missing_is_told_at_once():
    with pytest.raises(TargetMissing, match=r"no 'yacht'.*nothing is left of 'handles'"):
        regions("island, yacht; handles except cabinets", on_missing="fail")


def test_no_threshold_is_offered_that_would_not_find_it():
    tools = Stages(PaintedHeat({"sofa": warm(FAR, 0.04)}), Threshold(), Identity())
    (missing,) = find_regions(room(*SIZE), parse_targets("sofa"), tools)
    assert missing.reason == "no 'sofa' was found (heat 0.04, 0.35 is needed)"


def test_masks_come_back_from_files_exactly(tmp_path):
    wanted = regions("island; cabinets except handles", MaskRecipe(dilate_px=3, feather_px=5))
    write_mask(tmp_path / "01-island.png", wanted[0].alpha)
    write_mask(tmp_path / "02-cabinets.png", wanted[1].alpha)
    plan = parse_plan("island -> a; cabinets except handles -> b")
    for there, here in zip(given_regions(tmp_path, plan, size_hw=SIZE), wanted, strict=True):
        assert (there.alpha == here.alpha).all()
        assert there.found
        assert there.peak is None


def test_a_mask_under_another_number_is_named_with_the_name_that_it_needs(tmp_path):
    write_mask(tmp_path / "02-cabinets.png", regions("cabinets")[0].alpha)
    (gone,) = given_regions(tmp_path, parse_plan("cabinets -> b"), size_hw=SIZE)
    assert not gone.found
    assert gone.reason.endswith(", but '02-cabinets.png'; if that is the mask, rename it to '01-cabinets.png'")


def test_a_missing_mask_file_is_a_missing_target(tmp_path):
    write_mask(tmp_path / "02-cabinets.png", regions("cabinets")[0].alpha)
    plan = parse_plan("island -> a; cabinets -> b")
    gone, there = given_regions(tmp_path, plan, size_hw=SIZE)
    assert not gone.found
    assert gone.reason.startswith("no mask for 'island': no '01-island.png' in")
    assert there.found
    with pytest.raises(TargetMissing, match="no mask for 'island'"):
        given_regions(tmp_path, plan, size_hw=SIZE, on_missing="fail")
    write_mask(tmp_path / "01-island.png", np.zeros(SIZE, dtype=np.float32))
    with pytest.raises(TargetMissing, match=r"no 'island': '01-island\.png' is all black"):
        given_regions(tmp_path, plan, size_hw=SIZE, on_missing="fail")


def test_mask_files_of_other_words_are_refused(tmp_path):
    write_mask(tmp_path / "01-sofa.png", regions("island")[0].alpha)
    with pytest.raises(
        MaskError, match=r"'01-sofa\.png' in .* is not a mask of 'island'; .* rename it to '01-island\.png'"
    ):
        given_regions(tmp_path, parse_plan("island -> a"), size_hw=SIZE)


@pytest.mark.parametrize("name", ["01-island.PNG", "01-island.jpg", "01-Island.webp", "01-island.tif"])
def test_a_corrected_mask_may_be_a_picture_of_any_kind(name, tmp_path):
    drawn = regions("island")[0].hard
    Image.fromarray(drawn.astype(np.uint8) * 255).save(tmp_path / name, quality=90)
    (region,) = given_regions(tmp_path, parse_plan("island -> a"), size_hw=SIZE)
    assert (region.hard == drawn).mean() > 0.999
    assert region.alpha[drawn].min() > 0.5


def test_two_masks_of_one_name_are_refused(tmp_path):
    write_mask(tmp_path / "01-island.png", regions("island")[0].alpha)
    Image.new("L", SIZE[::-1], 255).save(tmp_path / "01-island.jpg")
    said = r"'01-island\.jpg' and '01-island\.png' in .* are both masks of 'island'; keep the one that you want"
    with pytest.raises(MaskError, match=said):
        given_regions(tmp_path, parse_plan("island -> a"), size_hw=SIZE)


def test_a_folder_of_masks_is_found_in_either_form_of_its_letters(tmp_path):
    (tmp_path / "Ku\u0308che.masks").mkdir()
    write_mask(tmp_path / "Ku\u0308che.masks" / "01-island.png", regions("island")[0].alpha)
    (region,) = given_regions(tmp_path / "K\u00fcche.masks", parse_plan("island -> a"), size_hw=SIZE)
    assert region.found


def test_a_folder_without_masks_is_refused(tmp_path):
    with pytest.raises(MaskError, match="no masks in"):
        given_regions(tmp_path, parse_plan("island -> a"), size_hw=SIZE)
    with pytest.raises(MaskError, match="no folder of masks at"):
        given_regions(tmp_path / "nowhere", parse_plan("island -> a"), size_hw=SIZE)


def test_how_likely_a_thing_is_there_at_all_is_kept_where_the_segmenter_says_so():
    class Sure(PaintedHeat):
        def survey(self, photo, targets):
            return Survey(self.heats(photo, targets), evidence=tuple({"presence": 1 / len(t)} for t in targets))

    tools = replace(stages(), segmenter=Sure(HEATS))
    two = find_regions(room(*SIZE), parse_targets("island, handles; cabinets"), tools)
    assert [region.presence for region in two] == [(1 / 6, 1 / 7), (1 / 8,)]
    assert regions("island")[0].presence == ()


# --------------------------------------------------------------------------------------------------- what is to go


class Clutter(PaintedHeat):
    """Knows four things that leave with the owner, and the island."""

    def understand(self, targets):
        for target in targets:
            if target.rstrip("s") not in ("plant", "bowl", "vase", "book", "island"):
                raise UnknownPhrase(f"no {target!r}", hint="none")
        return tuple(target.rstrip("s") for target in targets)

    def phrase_for(self, text):
        try:
            return self.understand([text])[0]
        except UnknownPhrase:
            return None

    def heats(self, photo, targets):
        seen = {"plant": warm(BODY, 0.8), "bowl": warm(FAR, 0.9)}
        return np.stack([seen.get(target.rstrip("s"), warm(FAR & ~FAR, 0)) for target in targets])


def cluttered(words: str):
    chosen = replace(stages(), segmenter=Clutter(HEATS))
    return find_regions(room(*SIZE), parse_plan(words), chosen)


def test_a_set_stands_for_its_things_and_passes_over_those_that_are_not_there():
    (region,) = cluttered("declutter")
    assert (region.hard == (BODY | FAR)).all()
    assert (region.target, region.found, region.missing, region.reason) == ("declutter", True, (), None)
    assert region.read_as == ("bowl, plant",)


def test_what_other_words_name_is_not_the_set_s():
    assert (cluttered("declutter; keep plants")[0].hard == FAR).all()
    first, second = cluttered("declutter; bowl -> white")
    assert (first.hard == BODY).all()
    assert (second.hard == FAR).all()
    named = with_members(parse_plan("declutter; books -> white"), Clutter(HEATS))
    assert "books" not in named[0].targets
    assert named[0].targets == ("bowl", "vase", "plant")


def test_a_set_of_which_nothing_is_there_says_so():
    class Bare(Clutter):
        def heats(self, photo, targets):
            return np.stack([warm(FAR & ~FAR, 0) for _ in targets])

    (region,) = find_regions(room(*SIZE), parse_plan("declutter"), replace(stages(), segmenter=Bare(HEATS)))
    assert (region.found, region.missing) == (False, ("declutter",))
    assert region.reason == "nothing of 'declutter' is in the photo"


def test_a_set_without_a_known_thing_or_with_all_of_them_kept_is_refused():
    class Knows(Clutter):
        def understand(self, targets):
            raise UnknownPhrase("none", hint="none")

    with pytest.raises(UnknownPhrase, match="none of the things of 'declutter' is known here; name what is to go"):
        with_members(parse_plan("declutter"), Knows(HEATS))
    with pytest.raises(UnknownPhrase, match="all things of 'declutter' are kept or named; name what is to go"):
        with_members(parse_plan("declutter; keep plants, bowl, vase, book"), Clutter(HEATS))


def test_masks_of_what_goes_are_wider_and_are_not_those_of_what_is_painted():
    (goes,), (stays,) = (
        find_regions(room(*SIZE), parse_plan(f"island -> {prompt}"), stages()) for prompt in ("remove", "oak")
    )
    assert (goes.hard == stays.hard).all()
    assert ((goes.alpha > 0) & (stays.alpha == 0)).any()
    assert wanted(parse_plan("island -> gone")) != wanted(parse_plan("island -> oak"))
    assert wanted(parse_plan("island -> gone")) == wanted(parse_plan("island -> remove"))


def test_what_goes_takes_its_edge_from_what_others_paint_and_not_from_what_is_kept():
    body, top = find_regions(room(*SIZE), parse_plan("cabinets except handles -> remove; handles -> oak"), stages())
    assert not body.alpha[top.hard].any()  # excepted by its own words
    goes, stays = find_regions(room(*SIZE), parse_plan("handles -> remove; cabinets except handles -> oak"), stages())
    assert not (goes.hard & stays.hard).any()
    assert (goes.alpha[stays.hard] > 0).any()
    assert not stays.alpha[goes.hard].any()
    (held,) = find_regions(room(*SIZE), parse_plan("handles -> remove; keep core"), stages())
    assert not held.alpha[CORE].any()


def test_what_goes_leaves_the_frame_round_what_stays():
    """A segmenter sees the picture and not its frame, and a mask that takes shadows along reaches far."""
    size = (240, 500)
    left, right = np.zeros(size, bool), np.zeros(size, bool)
    left[80:160, 150:220], right[80:160, 226:300] = True, True
    frame = dilate(right, 3) & ~right
    pictures = replace(stages(WIDE), segmenter=PaintedHeat({"left": warm(left, 0.9), "right": warm(right, 0.9)}))
    (goes,) = find_regions(room(*size), parse_plan("left -> gone; keep right"), pictures)
    assert (goes.alpha[left] == 1).all()
    assert goes.alpha[100:140, 221].all()
    assert not goes.alpha[frame].any()
    (alone,) = find_regions(room(*size), parse_plan("left -> gone"), pictures)
    assert alone.alpha[frame].any()


def test_a_lamp_s_cord_goes_up_to_the_ceiling_that_is_kept():
    size = (300, 500)
    lamp, ceiling = disc(size, (250, 200), 24), np.zeros(size, bool)
    ceiling[:60] = True
    photo = np.full((*size, 3), 190, np.uint8)
    photo[60:178, 249:252], photo[lamp] = 60, 30
    room_with_lamp = replace(stages(), segmenter=PaintedHeat({"lamp": warm(lamp, 0.9), "ceiling": warm(ceiling, 0.9)}))
    (goes,) = find_regions(photo, parse_plan("lamp -> gone; keep ceiling"), room_with_lamp)
    assert goes.alpha[60:176, 250].all()
    assert not goes.alpha[ceiling].any()
