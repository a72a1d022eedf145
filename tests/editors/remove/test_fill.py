"""Laws of filling: what is around continues, nothing else changes, and the same hole gives the same bytes."""

import numpy as np
import pytest
from drawing import disc

from automask.editors.remove.fill import fill, smooth_fill
from automask.editors.remove.patches import compose, level_of

SIZE = (96, 120)
HOLE = disc(SIZE, (60, 48), 14)
NOTHING = np.zeros(SIZE, bool)
ROWS, COLUMNS = np.mgrid[: SIZE[0], : SIZE[1]].astype(np.float32)


def lab(light: np.ndarray) -> np.ndarray:
    return np.stack([light, np.full(SIZE, 4, np.float32), np.full(SIZE, 9, np.float32)], -1).astype(np.float32)


def emptied(picture: np.ndarray) -> np.ndarray:
    """With something bright pink where the hole is: nothing of it may show."""
    return np.where(HOLE[..., None], np.array([60, 90, -40], np.float32), picture)


def test_a_plain_surface_is_continued_exactly():
    wall = lab(np.full(SIZE, 70, np.float32))
    assert np.abs(fill(emptied(wall), HOLE, NOTHING, seed=1) - wall).max() < 0.05


def test_light_that_falls_off_falls_off_across_the_hole():
    wall = lab(40 + 0.35 * COLUMNS)
    assert np.abs(fill(emptied(wall), HOLE, NOTHING, seed=1) - wall)[HOLE].max() < 3.0


@pytest.mark.parametrize("down", [False, True])
def test_boards_run_on_behind_the_hole(down: bool):
    along = COLUMNS if down else ROWS
    boards = lab(50 + 20 * (np.floor(along / 6) % 2))
    apart = np.abs(fill(emptied(boards), HOLE, NOTHING, seed=1) - boards)[HOLE]
    assert np.median(apart) < 1.0
    assert (apart > 8).mean() < 0.1


def test_a_border_between_two_surfaces_is_continued_straight():
    corner = lab(np.where(ROWS < 50, 80, 30))
    apart = np.abs(fill(emptied(corner), HOLE, NOTHING, seed=1) - corner)[..., 0]
    assert (apart[HOLE] > 10).mean() < 0.06


def test_nothing_outside_the_hole_changes_and_the_hole_s_own_colours_are_never_read():
    rng = np.random.default_rng(0)
    photo = lab(rng.uniform(0, 100, SIZE).astype(np.float32))
    filled = fill(emptied(photo), HOLE, NOTHING, seed=3)
    assert (filled[~HOLE] == photo[~HOLE]).all()
    assert (filled == fill(photo, HOLE, NOTHING, seed=3)).all()


def test_texture_stays_as_rough_as_around():
    rng = np.random.default_rng(0)
    photo = lab((60 + rng.normal(0, 5, SIZE)).astype(np.float32))
    filled = fill(emptied(photo), HOLE, NOTHING, seed=3)[..., 0]
    assert 0.6 < filled[HOLE].std() / filled[~HOLE].std() < 1.2


def test_what_is_barred_is_not_copied():
    red = np.where((COLUMNS < 40)[..., None], np.array([50, 60, 40], np.float32), lab(np.full(SIZE, 70, np.float32)))
    filled = fill(emptied(red), HOLE, COLUMNS < 46, seed=1)
    assert np.abs(filled[HOLE][:, 1] - 4).max() < 8


def test_without_a_hole_it_is_the_picture():
    photo = lab(ROWS)
    assert (fill(photo, NOTHING, NOTHING, seed=1) == photo).all()


def test_where_nothing_may_be_copied_there_is_no_answer():
    assert fill(lab(ROWS), HOLE, ~HOLE, seed=1) is None
    assert level_of(lab(ROWS), ~disc(SIZE, (5, 5), 2), NOTHING, np.zeros(SIZE, np.uint8)) is None


def test_a_smooth_fill_stays_between_what_surrounds_it():
    filled = smooth_fill(emptied(lab(40 + 0.35 * COLUMNS)), HOLE, NOTHING, np.zeros(SIZE, np.uint8))[..., 0]
    assert filled[HOLE].min() >= 40
    assert filled[HOLE].max() <= 40 + 0.35 * SIZE[1]


def test_a_shadow_that_a_mask_left_out_is_not_spread_over_the_hole():
    floor = np.where(disc(SIZE, (60, 48), 17), np.float32(58), np.float32(70))
    filled = fill(emptied(lab(floor)), HOLE, NOTHING, seed=1)[..., 0]
    assert np.median(filled[HOLE]) > 66


def test_where_no_patch_fits_there_is_still_a_colour_of_the_surroundings():
    wall = lab(np.full(SIZE, 70, np.float32))
    level = level_of(wall, HOLE, NOTHING, np.zeros(SIZE, np.uint8))
    places = np.zeros((*SIZE, 2), np.int32) + 10  # of the plain wall
    unfit = disc(SIZE, (60, 48), 8)
    distances = np.where(unfit, 1e7, 1e-2).astype(np.float32)
    filled = compose(level, wall, places, distances, crisp=False)
    assert np.abs(filled - wall)[unfit].max() < 0.05
