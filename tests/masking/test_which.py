"""Words that point, from a plan to regions, with any segmenter."""

from dataclasses import replace

import numpy as np
import pytest
from drawing import room

from automask.errors import PlanError, SegmenterError, TargetMissing, UnknownPhrase
from automask.masking.find import find_regions, refuse_unclear_words
from automask.plan import parse_targets
from automask.protocols import Stages
from automask.refiners.threshold import Threshold
from automask.results.coco import to_coco
from automask.results.records import choice_record, mask_record
from automask.testing import Identity, PaintedHeat
from automask.types import BoxRecipe, MaskRecipe, Survey

SIZE = (120, 200)
BARE = MaskRecipe(min_speck_frac=0, max_hole_frac=0, dilate_px=0, feather_px=0)


def box(x0, y0, x1, y1):
    hard = np.zeros(SIZE, np.bool_)
    hard[y0:y1, x0:x1] = True
    return hard


CHAIRS = (box(10, 60, 30, 100), box(80, 58, 104, 100), box(150, 50, 190, 104))
SOFA = box(60, 105, 130, 118)
HEATS = {
    "chairs": np.where(np.logical_or.reduce(CHAIRS), np.float32(0.9), np.float32(0.01)),
    "sofa": np.where(SOFA, np.float32(0.9), np.float32(0.01)),
    "boat": np.full(SIZE, 0.01, np.float32),
}
HEATS["chair"] = HEATS["chairs"]


def regions(words, mask=BARE, segmenter=None, **options):
    stages = Stages(segmenter or PaintedHeat(HEATS), Threshold(), Identity(), BoxRecipe(pad_frac=0.0), mask)
    return find_regions(room(*SIZE), parse_targets(words), stages, **options)


def numbers_in(hard):
    return tuple(number for number, chair in enumerate(CHAIRS, start=1) if (hard & chair).sum() > 0.5 * chair.sum())


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        ("left chair", (1,)),
        ("the second chair", (2,)),
        ("largest chair", (3,)),
        ("chairs 1 and 3", (1, 3)),
        ("all but the second chair", (1, 3)),
        ("chair next to the sofa", (2,)),
        ("all but the chair next to the sofa", (1, 3)),
        ("all but the chairs left of the sofa", (2, 3)),
        ("left chair, chair 3", (1, 3)),
    ],
)
def test_a_region_is_what_the_words_pick(words, numbers):
    (region,) = regions(words)
    assert numbers_in(region.hard) == numbers
    assert not (region.hard & ~np.logical_or.reduce(CHAIRS)).any()
    assert region.found
    assert region.reason is None
    assert region.target == words


def test_what_is_not_clear_changes_nothing_and_lists_what_to_say_instead():
    (region,) = regions("seventh chair")
    assert not region.found
    assert not region.alpha.any()
    assert region.missing == ("seventh chair",)
    assert region.reason == (
        "'seventh chair' is not clear: only 3 were found; say 'chair 1' (10% across, 67% down, 3.3%), "
        "'chair 2' (46% across, 66% down, 4.2%), 'chair 3' (85% across, 64% down, 9.0%)"
    )
    with pytest.raises(TargetMissing, match="'seventh chair' is not clear"):
        regions("seventh chair", on_missing="fail")
    (left,) = regions("left chair")
    for words in ("chair 1", "chair 2", "chair 3"):
        assert regions(words)[0].found
    assert numbers_in(left.hard) == (1,)


def test_a_relation_to_what_is_not_there_chooses_nothing():
    (region,) = regions("chair next to the boat")
    assert region.reason.startswith("'chair next to the boat' is not clear: no 'boat' was found; say 'chair 1'")


def test_some_of_all_belong_to_the_edit_that_names_them():
    everything, left = regions("chairs; left chair")
    assert (numbers_in(everything.hard), numbers_in(left.hard)) == ((2, 3), (1,))
    left, others = regions("left chair; the other chairs")
    assert (numbers_in(left.hard), numbers_in(others.hard)) == ((1,), (2, 3))


def test_except_and_keep_take_the_same_words():
    assert numbers_in(regions("chairs except left chair")[0].hard) == (2, 3)
    assert numbers_in(regions("chairs; keep the largest chair")[0].hard) == (1, 2)
    assert numbers_in(regions("chairs except chair next to the sofa")[0].hard) == (1, 3)


def test_a_border_does_not_grow_over_things_that_were_not_chosen():
    wide = replace(BARE, dilate_px=60.0)
    (region,) = regions("left chair", mask=wide)
    assert region.alpha[CHAIRS[0]].all()
    assert not region.alpha[CHAIRS[1] | CHAIRS[2]].any()


def test_quotes_keep_a_phrase_whole():
    heats = {**HEATS, "left chair": np.where(CHAIRS[1], np.float32(0.9), np.float32(0.01))}

    class Deaf(PaintedHeat):
        phrase_for = None

    assert numbers_in(regions("left chair", segmenter=Deaf(heats))[0].hard) == (1,)
    assert numbers_in(regions('"left chair"', segmenter=Deaf(heats))[0].hard) == (2,)
    assert numbers_in(regions("left chair", segmenter=PaintedHeat(heats))[0].hard) == (2,)  # it knows the compound


def test_a_segmenter_tells_things_apart_that_touch():
    pair = {"chairs": np.where(box(10, 60, 110, 100), np.float32(0.9), np.float32(0.01))}

    class Knowing(PaintedHeat):
        def instances(self, photo, targets):
            kinds = np.zeros((len(targets), *SIZE), np.uint8)
            kinds[:, :, 50:] = 1
            return kinds

    (region,) = regions("chairs 1", segmenter=Knowing(pair))
    assert region.hard.sum() == pytest.approx(40 * 40, rel=0.05)


def test_a_survey_that_names_pieces_is_not_asked_again():
    pair = {"chairs": np.where(box(10, 60, 110, 100), np.float32(0.9), np.float32(0.01))}
    halves = np.zeros(SIZE, np.uint8)
    halves[:, 50:] = 7

    class Surveying(PaintedHeat):
        pieces = (halves,)

        def survey(self, photo, targets):
            return Survey(self.heats(photo, targets), pieces=self.pieces)

        def instances(self, photo, targets):
            raise AssertionError("asked again")

    (region,) = regions("chairs 1", segmenter=Surveying(pair))
    assert region.hard.sum() == pytest.approx(40 * 40, rel=0.05)
    segmenter = Surveying(pair)
    segmenter.pieces = (None,)
    (region,) = regions("chairs", segmenter=segmenter, list_instances=True)
    assert len(region.instances) == 1


@pytest.mark.parametrize("answer", [None, np.zeros((1, 5, 5), np.uint8), np.zeros((1, *SIZE), np.float32)])
def test_instances_that_break_the_protocol_are_refused(answer):
    class Odd(PaintedHeat):
        def instances(self, photo, targets):
            return answer

    with pytest.raises(SegmenterError, match=r"'Odd' returned .*; instances\(\) must return \[1, 120, 200\] whole num"):
        regions("chairs 1", segmenter=Odd(HEATS))

    class Broken(PaintedHeat):
        def instances(self, photo, targets):
            raise ValueError("no\nidea")

    with pytest.raises(SegmenterError, match=r"'Broken' failed to tell .'chairs'. apart: ValueError: no idea"):
        regions("chairs 1", segmenter=Broken(HEATS))


def test_instances_are_listed_when_asked_and_where_words_pick():
    assert regions("chairs")[0].instances == ()
    (listed,) = regions("chairs", list_instances=True)
    assert [(one.number, one.chosen) for one in listed.instances] == [(1, True), (2, True), (3, True)]
    assert [one.area_px for one in listed.instances] == [int(chair.sum()) for chair in CHAIRS]
    (second,) = regions("second chair")
    assert [(one.number, one.chosen) for one in second.instances] == [(1, False), (2, True), (3, False)]
    assert second.boxes == (second.instances[1].box,)


def test_the_record_holds_candidates_measure_and_margin():
    (region,) = regions("left chair")
    (choice,) = region.choices
    record = choice_record(choice)
    assert (record["target"], record["thing"], record["which"]) == ("left chair", "chair", "leftmost")
    assert record["chosen"] == [1]
    assert record["measure"] == "place from the left"
    assert record["margin"] > record["needed"]
    assert [one["number"] for one in record["candidates"]] == [1, 2, 3]
    assert record["candidates"][0]["box"] == [10, 60, 30, 100]
    assert record["reason"] is None


def test_each_chosen_thing_is_an_annotation_of_its_own(tmp_path):
    (region,) = regions("chairs", list_instances=True)
    coco = to_coco([region], photo="a.jpg")
    assert [one["instance"] for one in coco["annotations"]] == [1, 2, 3]
    assert sum(one["area"] for one in coco["annotations"]) == int(region.hard.sum())
    (second,) = regions("second chair", list_instances=True)
    assert len(to_coco([second], photo="a.jpg")["annotations"]) == 1


def test_words_that_mean_the_same_pixels_are_refused_in_two_edits():
    segmenter = PaintedHeat(HEATS)
    with pytest.raises(PlanError, match="edit 2: 'chair on the left' and 'left chair' in edit 1 are both read as"):
        refuse_unclear_words(parse_targets("left chair; chair on the left"), segmenter)
    refuse_unclear_words(parse_targets("left chair; right chair; chairs"), segmenter)
    with pytest.raises(UnknownPhrase, match="no thing is named"):
        refuse_unclear_words(parse_targets("the left one"), segmenter)


def test_the_mask_record_lists_the_things(tmp_path):
    from automask.images import open_photo

    (region,) = regions("left chair", list_instances=True)
    record = mask_record(open_photo(room(*SIZE)), [region])
    assert [one["number"] for one in record["regions"][0]["instances"]] == [1, 2, 3]
    assert record["regions"][0]["which"][0]["chosen"] == [1]


def test_each_single_thing_has_an_expected_quality():
    sharp, soft = box(10, 60, 60, 100), box(120, 60, 170, 100)
    heat = np.where(sharp, np.float32(0.99), np.where(soft, np.float32(0.55), np.float32(0.01)))
    (region,) = regions("chairs", list_instances=True, segmenter=PaintedHeat({"chairs": heat}))
    first, second = (one.expected_iou for one in region.instances)
    assert 0 < second < region.expected_iou < first < 1
    (left,) = regions("left chair", segmenter=PaintedHeat({"chair": heat}))
    assert left.instances[0].expected_iou == pytest.approx(first, abs=0.01)

    class Unrated(PaintedHeat):
        quality = ""

    (region,) = regions("chairs", list_instances=True, segmenter=Unrated({"chairs": heat}))
    assert [one.expected_iou for one in region.instances] == [None, None]


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        ("left chair", ()),
        ("second chair", ()),
        ("two chairs on the left", ()),
        ("right chair", (3,)),
        ("first two chairs from the right", (2, 3)),
        ("chair 1", (1,)),
        ("left chairs", (1, 2)),
    ],
)
def test_a_choice_that_rests_on_what_is_unsure_asks_back(words, numbers):
    heat = np.where(CHAIRS[0], np.float32(0.5), HEATS["chairs"])
    (region,) = regions(words, segmenter=PaintedHeat({"chairs": heat, "chair": heat}))
    assert numbers_in(region.hard) == numbers
    if not numbers:
        assert "1 may be none, or a part of one (mean heat 0.50 < 0.6)" in region.reason


def test_the_only_thing_is_asked_whether_it_looks_so():
    photo = np.full((*SIZE, 3), 220, np.uint8)
    photo[box(10, 60, 50, 100)] = (30, 30, 35)
    heat = np.where(box(10, 60, 50, 100), np.float32(0.9), np.float32(0.01))
    stages = Stages(PaintedHeat({"chair": heat}), Threshold(), Identity(), BoxRecipe(pad_frac=0.0), BARE)
    found = {words: find_regions(photo, parse_targets(words), stages)[0] for words in ("dark chair", "white chair")}
    assert found["dark chair"].found
    assert "1 does not look white" in found["white chair"].reason


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("right curtain", "2 may be several that touch"),
        ("left curtain", None),
        ("cabinet next to the sofa", "only one was found"),
        ("box next to the sofa", None),
    ],
)
def test_what_often_touches_unseen_of_a_kind_is_asked_about(words, why):
    alone = np.where(box(40, 60, 90, 100), np.float32(0.9), np.float32(0.01))
    pair = np.where(box(10, 20, 30, 100) | box(60, 20, 160, 100), np.float32(0.9), np.float32(0.01))
    heats = PaintedHeat({"curtain": pair, "cabinet": alone, "box": alone, "sofa": HEATS["sofa"]})
    (region,) = regions(words, segmenter=heats)
    assert region.found == (why is None)
    assert why is None or f": {why}; say " in region.reason
