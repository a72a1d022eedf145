"""Laws of levels near white: what is clipped says little of the light, and nothing below is touched."""

import numpy as np
import pytest

from automask.editors.paint import Paint
from automask.editors.paint.clipping import below_white, expected_below_white, whites_again
from automask.editors.paint.tone import LINEAR

SIZE = (120, 180)
WALL = np.zeros(SIZE, bool)
WALL[10:80, 20:160] = True
INSIDE = (slice(25, 65), slice(35, 145))
LEVELS = np.arange(256, dtype=np.uint8)


def grey(level):
    """[h, w, 3] uint8 of a level, or of one for each column."""
    return np.ascontiguousarray(np.broadcast_to(np.asarray(level, np.uint8)[..., None], (*SIZE, 3)))


def room(wall):
    """A wall of these levels over a dark floor, with a white lamp that is clipped."""
    photo = np.where(WALL[..., None], grey(wall), grey(190))
    photo[90:] = (96, 80, 64)
    photo[85:95, 5:12] = 255
    return photo


def test_levels_below_the_brightest_surfaces_stay_as_they_are_and_none_change_places():
    assert np.array_equal(below_white(grey(236)), grey(236))
    lower = below_white(LEVELS[None, :, None].repeat(3, 2))[0, :, 0].astype(int)
    assert (lower[:237] == LEVELS[:237]).all()
    assert (np.diff(lower) >= 0).all()
    assert lower[255] < 245
    assert np.abs(whites_again(LINEAR[lower]) - LINEAR).max() < 0.03


def test_only_where_a_quarter_of_a_photo_is_nearly_white_less_light_is_expected():
    photo = grey(200)
    photo[:20] = 255
    assert expected_below_white(photo, 0.7) == pytest.approx(0.7)
    photo[:60] = 255
    assert expected_below_white(photo, 0.7) < 0.0


@pytest.mark.parametrize("prompt", ["sage", "navy"])
def test_a_clipped_wall_takes_nearly_the_colour_of_one_that_is_not(prompt):
    pale, clipped = (
        Paint().paint(room(level), WALL, prompt, seed=0)[INSIDE].reshape(-1, 3).mean(0) for level in (232, 255)
    )
    assert (clipped - pale < 25).all()
    assert (clipped >= pale - 1).all()


def test_there_is_no_step_where_clipping_begins():
    ramp = np.clip(np.linspace(225, 300, SIZE[1]), 0, 255).round()
    painted = Paint().paint(room(ramp), WALL, "#46586b", seed=0)[INSIDE][..., 1].astype(float).mean(0)
    assert np.abs(np.diff(painted)).max() < 4
    assert 0 < painted[-1] - painted[0] < 50
