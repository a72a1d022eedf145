"""What a person draws on a mask: laws of strokes."""

import numpy as np
import pytest
from drawing import disc

from automask.errors import MaskError
from automask.masking.masks import alpha_from
from automask.masking.strokes import Stroke, at_size, corrected, corrected_alpha
from automask.types import Box, Instance, MaskRecipe, Region

SIZE = (90, 120)
NOTHING = np.zeros(SIZE, bool)
LEFT, RIGHT = np.s_[:, :60], np.s_[:, 60:]


def two_walls() -> np.ndarray:
    """A photo of two surfaces, with an edge down the middle."""
    noise = np.random.default_rng(3).integers(0, 6, (*SIZE, 3), np.uint8)
    noise[LEFT] += np.array([150, 60, 60], np.uint8)
    noise[RIGHT] += np.array([60, 90, 170], np.uint8)
    return noise


def brush(*points, radius_px=8.0, kind="brush", snap=False):
    return Stroke(kind, points, radius_px, snap)


def test_a_brush_adds_what_is_within_its_radius_of_the_line():
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    away = np.hypot(np.clip(x, 30, 70) - x, y - 40)
    drawn = corrected(two_walls(), NOTHING, [brush((30, 40), (70, 40))])
    assert drawn[away < 7].all()
    assert not drawn[away > 9.5].any()


def test_an_eraser_takes_away_what_a_brush_added():
    assert not corrected(two_walls(), NOTHING, [brush((30, 40)), brush((30, 40), kind="erase", radius_px=10)]).any()


@pytest.mark.parametrize("snap", [False, True])
def test_strokes_repeat_to_the_pixel_and_change_no_array(snap):
    photo, hard = two_walls(), disc(SIZE, (40, 40), 12)
    before = photo.copy(), hard.copy()
    strokes = [brush((50, 50), (58, 52), snap=snap), Stroke("add", ((100, 70),)), Stroke("box", ((5, 5), (20, 20)))]
    once = corrected(photo, hard, strokes)
    assert (once == corrected(photo, hard, strokes)).all()
    assert (photo == before[0]).all()
    assert (hard == before[1]).all()
    assert (corrected(photo, corrected(photo, hard, strokes[:2]), strokes[2:]) == once).all()


def test_a_stroke_snaps_to_the_edge_that_it_crosses_a_little():
    stroke = brush((52, 20), (52, 70), radius_px=11)
    loose = corrected(two_walls(), NOTHING, [stroke])
    tight = corrected(two_walls(), NOTHING, [brush((52, 20), (52, 70), radius_px=11, snap=True)])
    assert loose[RIGHT].sum() > 100
    assert tight[RIGHT].sum() < 0.2 * loose[RIGHT].sum()
    assert tight[LEFT].sum() > 0.8 * loose[LEFT].sum()


def test_a_click_adds_the_surface_under_it_and_no_other():
    photo = two_walls()
    added = corrected(photo, NOTHING, [Stroke("add", ((80.4, 40.2),))])
    assert added[20:60, 65:95].mean() > 0.95
    assert not added[:, :55].any()


def test_a_surface_is_added_to_its_own_borders_however_large_it_is():
    photo = np.full((200, 300, 3), 200, np.uint8)
    photo[:, 240:] = (40, 60, 90)
    photo[150:] = (40, 60, 90)
    added = corrected(photo, np.zeros((200, 300), bool), [Stroke("add", ((20, 20),))])
    assert added[:145, :235].all()
    assert not added[155:].any()
    assert not added[:, 245:].any()


def test_a_click_adds_or_takes_the_single_thing_that_the_segmenter_knows():
    chair = Instance("chair", 1, Box(20, 30, 30, 50), np.ones((20, 10), bool))
    hard = corrected(two_walls(), NOTHING, [Stroke("add", ((25, 40),))], instances=[chair])
    assert hard.sum() == 200
    assert hard[30:50, 20:30].all()
    assert not corrected(two_walls(), hard, [Stroke("take", ((25, 40),))], instances=[chair]).any()


def test_a_click_takes_one_of_several_parts():
    hard = disc(SIZE, (20, 20), 8) | disc(SIZE, (90, 60), 8)
    left = corrected(two_walls(), hard, [Stroke("take", ((20, 20),))])
    assert (left == disc(SIZE, (90, 60), 8)).all()


def test_a_box_adds_the_thing_in_it():
    photo = two_walls()
    thing = disc(SIZE, (90, 45), 10)
    photo[thing] = (220, 210, 90)
    added = corrected(photo, NOTHING, [Stroke("box", ((76, 31), (104, 59)))])
    assert np.count_nonzero(added & thing) > 0.9 * np.count_nonzero(thing)
    assert np.count_nonzero(added & ~thing) < 0.2 * np.count_nonzero(thing)


def test_the_learnt_refiner_is_asked_where_there_is_one():
    asked = []

    def refine_with(photo, heats, boxes, positive, negative):
        asked.append((heats.shape, bool(positive.any()), bool(negative.any())))
        return np.ones(heats.shape, bool)

    corrected(two_walls(), NOTHING, [brush((30, 40), snap=True)], refine_with=refine_with)
    corrected(two_walls(), ~NOTHING, [brush((30, 40), snap=True, kind="erase")], refine_with=refine_with)
    assert asked == [((1, *SIZE), True, False), ((1, *SIZE), False, True)]


def test_strokes_scale_with_the_photo():
    photo = two_walls()
    large = np.repeat(np.repeat(photo, 3, 0), 3, 1)
    stroke = brush((30, 40), (50, 44))
    small = corrected(photo, NOTHING, [stroke])
    scaled = corrected(large, np.zeros(large.shape[:2], bool), [stroke.scaled(3)])[1::3, 1::3]
    assert np.count_nonzero(small != scaled) < 0.12 * np.count_nonzero(small)


@pytest.mark.parametrize("point", [(-50, -50), (500, 20), (119.9, 89.9), (-0.5, 3)])
@pytest.mark.parametrize("kind", ["brush", "erase", "add", "take"])
def test_strokes_outside_the_photo_are_harmless(kind, point):
    corrected(two_walls(), NOTHING, [Stroke(kind, (point,), 5.0)])
    corrected(two_walls(), NOTHING, [Stroke("box", (point, (3, 3)))])


@pytest.mark.parametrize(
    ("kind", "points", "radius", "said"),
    [
        ("paint", ((1, 1),), 1, "a stroke of kind 'paint'"),
        ("brush", (), 1, "a brush stroke of 0 points"),
        ("box", ((1, 1),), 1, "a box stroke of 1 points"),
        ("brush", ((float("nan"), 1),), 1, "a number that is no place"),
        ("brush", ((1, 1),), 0, "a stroke with radius 0"),
    ],
)
def test_what_is_no_stroke_is_refused(kind, points, radius, said):
    with pytest.raises(MaskError, match=said):
        Stroke(kind, points, radius)


def test_alpha_stays_as_it_was_far_from_a_change():
    recipe = MaskRecipe(dilate_px=2, feather_px=2)
    hard = disc(SIZE, (30, 45), 15)
    alpha = alpha_from(hard, recipe, untouchable=NOTHING)
    alpha[:, :20] = 0  # something that is kept
    region = Region("a", True, hard, alpha, (), 0.9)
    assert corrected_alpha(region, hard, recipe, others=NOTHING) is alpha
    more = hard | disc(SIZE, (90, 45), 6)
    changed = corrected_alpha(region, more, recipe, others=NOTHING)
    assert (changed[:, :60] == alpha[:, :60]).all()
    assert changed[more].min() == 0 or changed[45, 90] == 1
    assert changed[45, 90] == 1


def test_what_is_drawn_over_another_edits_mask_is_ones_own():
    recipe = MaskRecipe(dilate_px=0, feather_px=0)
    region = Region("a", False, NOTHING, NOTHING.astype(np.float32), (), 0.2)
    drawn, other = disc(SIZE, (30, 45), 8), disc(SIZE, (34, 45), 8)
    assert (corrected_alpha(region, drawn, recipe, others=other) == drawn).all()


def test_a_region_at_screen_size_keeps_its_things():
    hard = np.zeros((90, 120), bool)
    hard[30:60, 40:80] = True
    thing = Instance("a", 1, Box(40, 30, 80, 60), np.ones((30, 40), bool))
    small = at_size(Region("a", True, hard, hard.astype(np.float32), (), 0.9, instances=(thing,)), (30, 40))
    assert small.hard.shape == small.alpha.shape == (30, 40)
    assert small.hard[10:20, 13:27].mean() > 0.9
    assert small.instances[0].box == Box(13, 10, 27, 20)
    assert (np.rint(small.alpha * 255) / np.float32(255) == small.alpha).all()
