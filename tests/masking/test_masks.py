import numpy as np
import pytest
from drawing import disc, draw, mask

from automask.errors import ConfigError
from automask.masking.masks import (
    alpha_from,
    clean,
    dilate,
    dilate_px,
    feather,
    feather_px,
    settle,
    without_offcuts,
    without_others,
)
from automask.types import MaskRecipe


def warm(like: np.ndarray, value: float) -> np.ndarray:
    return np.full(like.shape, value, dtype=np.float32)


COUNTER = mask("..........", *[".########."] * 6, "..........")
"""8 x 6 pixels of it, surrounded by something else."""


def others_in(*rows: str) -> np.ndarray:
    return np.where(mask(*rows), np.float32(0.6), np.float32(0.1))


def test_what_other_things_are_hotter_in_is_left_out():
    appliance = others_in("..........", *[".....####."] * 6, "..........")
    left = without_others(COUNTER, warm(COUNTER, 0.5), appliance, reach_px=1)
    assert draw(left) == ["..........", *[".####....."] * 6, ".........."]


def test_a_strip_that_a_refiner_may_have_moved_stays():
    strip = others_in("..........", *[".......##."] * 6, "..........")
    assert (without_others(COUNTER, warm(COUNTER, 0.5), strip, reach_px=1) == COUNTER).all()
    assert draw(without_others(COUNTER, warm(COUNTER, 0.5), strip, reach_px=0))[1] == ".######..."


def test_a_thing_at_the_photo_s_border_is_left_out_up_to_the_border():
    everywhere = mask(*["######"] * 5)
    half = np.where(mask(*["...###"] * 5), np.float32(0.9), np.float32(0))
    assert draw(without_others(everywhere, warm(everywhere, 0.5), half, reach_px=1.5)) == ["###..."] * 5


def test_a_mask_loses_only_pixels_where_others_are_hotter_and_never_gains_any():
    rng = np.random.default_rng(3)
    for seed in range(20):
        hard = rng.random((40, 60)) < 0.9
        heat, others = (np.repeat(np.repeat(rng.random((10, 15), dtype=np.float32), 4, 0), 4, 1) for _ in range(2))
        left = without_others(hard, heat, others, reach_px=seed % 4)
        assert (left <= hard).all()
        assert (others > heat)[hard & ~left].all()


def test_a_large_mask_leaves_out_the_same_as_a_small_one():
    hard, thing = disc((300, 400), (200, 150), 120), disc((300, 400), (300, 150), 60)
    heat, others = np.full((300, 400), 0.4, np.float32), thing.astype(np.float32)
    small = without_others(hard, heat, others, reach_px=3)
    eight = [np.kron(plane, np.ones((8, 8), plane.dtype)) for plane in (hard, heat, others)]
    large = without_others(*eight, reach_px=24)
    assert (large == np.kron(small, np.ones((8, 8), bool))).mean() > 0.999


def test_things_as_hot_as_the_mask_take_nothing():
    assert (without_others(COUNTER, warm(COUNTER, 0.5), warm(COUNTER, 0.5), reach_px=0) == COUNTER).all()


def test_dilate_by_one_px_grows_a_dot_into_a_plus():
    assert draw(dilate(mask("...", ".#.", "..."), radius_px=1)) == [".#.", "###", ".#."]


def test_dilate_by_zero_changes_nothing():
    dot = mask("...", ".#.", "...")
    assert draw(dilate(dot, radius_px=0)) == draw(dot)


def test_dilation_is_a_euclidean_disc():
    dot = disc((41, 41), (20, 20), 0)
    assert (dilate(dot, radius_px=9.5) == disc((41, 41), (20, 20), 9.5)).all()


def test_dilating_an_empty_mask_leaves_it_empty():
    assert not dilate(mask("...", "..."), radius_px=5).any()


def test_dilating_more_never_loses_a_pixel():
    blob = disc((64, 64), (30, 20), 8)
    small, large = dilate(blob, 2), dilate(blob, 5)
    assert (blob <= small).all()
    assert (small <= large).all()


def test_specks_are_removed_and_every_larger_part_stays():
    spotted = mask("#.....", "..##..", "..##..", "......", "###...")
    assert draw(clean(spotted, min_speck_px=2, max_hole_px=0)) == ["......", "..##..", "..##..", "......", "###..."]


def test_small_holes_are_filled_and_windows_stay_open():
    holed = mask(
        "##########",
        "#.##....##",
        "####....##",
        "####....##",
        "##########",
    )
    assert draw(clean(holed, min_speck_px=0, max_hole_px=4)) == [
        "##########",
        "####....##",
        "####....##",
        "####....##",
        "##########",
    ]


def test_background_at_the_border_is_not_a_hole():
    bay = mask("##.##", "##.##", "#####")
    assert draw(clean(bay, min_speck_px=0, max_hole_px=100)) == draw(bay)


def test_cleaning_is_idempotent():
    rough = np.random.default_rng(3).random((50, 60)) > 0.45
    once = clean(rough, min_speck_px=6, max_hole_px=6)
    assert (clean(once, min_speck_px=6, max_hole_px=6) == once).all()


def test_contested_pixels_go_to_the_hotter_mask():
    left, right = mask("###."), mask(".###")
    cold, hot = warm(left, 0.5), warm(left, 0.9)
    assert [draw(m) for m in settle([left, right], [cold, hot])] == [["#..."], [".###"]]


def test_at_equal_heat_the_smaller_mask_wins():
    door, handle = mask("#####"), mask("..#..")
    same = warm(door, 0.8)
    assert [draw(m) for m in settle([door, handle], [same, same])] == [["##.##"], ["..#.."]]


def test_at_equal_heat_and_area_the_earlier_mask_wins():
    first, second = mask("##."), mask(".##")
    same = warm(first, 0.8)
    assert [draw(m) for m in settle([first, second], [same, same])] == [["##."], ["..#"]]


def test_settled_masks_share_no_pixel_and_lose_none():
    rng = np.random.default_rng(0)
    hards = [rng.random((30, 30)) > 0.4 for _ in range(5)]
    heats = [rng.random((30, 30)).astype(np.float32) for _ in range(5)]
    settled = settle(hards, heats)
    assert np.sum(settled, axis=0).max() == 1
    assert (np.logical_or.reduce(settled) == np.logical_or.reduce(hards)).all()


def test_settling_does_not_write_to_its_input():
    first, second = mask("##"), mask("##")
    settle([first, second], [warm(first, 0.1), warm(first, 0.9)])
    assert first.all()
    assert second.all()


def test_feather_is_one_inside_and_falls_to_zero_outside():
    blob = disc((80, 80), (40, 40), 15)
    soft = feather(blob, 6)
    assert (soft[blob] == 1).all()
    line = soft[40, 55:66]
    assert (np.diff(line) <= 0).all()
    assert line[1] > 0.5
    assert soft[40, 40 + 15 + 7] == 0
    assert soft[40, 40 + 15 + 6] > 0


def test_a_feather_of_zero_is_the_mask():
    blob = disc((20, 20), (9, 9), 4)
    assert (feather(blob, 0) == blob).all()


def test_alpha_is_always_a_multiple_of_one_255th():
    soft = feather(disc((50, 50), (20, 25), 9), 7.3)
    assert (soft == (np.rint(soft * 255) / 255).astype(np.float32)).all()
    assert soft.dtype == np.float32


def test_what_must_not_be_touched_has_no_alpha_however_wide_the_dilation():
    hard = mask("##......")
    kept = mask(".....#..")
    alpha = alpha_from(hard, MaskRecipe(dilate_px=6, feather_px=2), untouchable=kept)
    assert alpha[0, 5] == 0
    assert alpha[0, 6] == 1


def test_lengths_are_shares_of_the_long_side_and_px_replaces_them():
    recipe = MaskRecipe(dilate_frac=0.01, feather_frac=0.02)
    assert (dilate_px(recipe, (500, 1000)), feather_px(recipe, (500, 1000))) == (10, 20)
    fixed = MaskRecipe(dilate_px=0, feather_px=3)
    assert (dilate_px(fixed, (500, 1000)), feather_px(fixed, (500, 1000))) == (0, 3)


def test_a_recipe_outside_its_range_names_the_value():
    with pytest.raises(ConfigError, match=r"mask\.dilate_frac is -1; give a number from 0 to 1"):
        MaskRecipe(dilate_frac=-1)
    with pytest.raises(ConfigError, match=r"mask\.feather_px is -3; give a number from 0 to 10000"):
        MaskRecipe(feather_px=-3)


def test_a_narrow_gap_keeps_its_middle_and_a_line_of_one_pixel_or_a_wide_gap_does_not():
    hard = mask("###..###.###......##")
    hard = np.repeat(hard, 12, axis=0)
    recipe = MaskRecipe(dilate_px=2, feather_px=0, gap_frac=0.2)  # gaps up to 4 px
    alpha = alpha_from(hard, recipe, untouchable=np.zeros_like(hard))
    assert draw(alpha[3:4] > 0) == ["###..#########..####"]
    closed = alpha_from(hard, MaskRecipe(dilate_px=2, feather_px=0), untouchable=np.zeros_like(hard))
    assert draw(closed[3:4] > 0) == ["##############..####"]


def island_with_a_bowl() -> tuple[np.ndarray, np.ndarray]:
    """A mask of body and top, and the same without the top, of which a rim is left round a bowl."""
    whole = np.zeros((120, 200), np.bool_)
    whole[20:110, 10:190] = True
    hard = whole.copy()
    hard[20:50, 10:190] = False  # the top is kept by the words, but for a rim
    hard[35:38, 60:100] = True
    return hard, whole


def test_a_narrow_bit_that_a_cut_left_goes():
    hard, whole = island_with_a_bowl()
    found = without_offcuts(hard, whole, width_px=4)
    assert not found[20:50].any()
    np.testing.assert_array_equal(found[50:], hard[50:])


@pytest.mark.parametrize(
    "change",
    [
        lambda hard, whole: hard[30:45, 60:100].fill(True),  # too wide for an offcut
        lambda hard, whole: hard[36:50, 60:63].fill(True),  # joined to the rest
        lambda hard, whole: whole.__setitem__(slice(None), hard),  # nothing was cut away
    ],
    ids=["wide", "joined", "no cut"],
)
def test_other_parts_stay(change):
    hard, whole = island_with_a_bowl()
    change(hard, whole)
    assert without_offcuts(hard, whole, width_px=4) is hard


def test_a_large_narrow_part_stays():
    whole = np.ones((60, 60), np.bool_)
    hard = whole.copy()
    hard[3:57] = False
    assert without_offcuts(hard, whole, width_px=6) is hard  # two strips, each half of the mask
