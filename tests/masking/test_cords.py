"""Cords above things, drawn where their pixels are known."""

import numpy as np
import pytest
from drawing import disc

from automask.masking.cords import with_cords
from automask.types import MaskRecipe

SIZE = (200, 260)
RECIPE = MaskRecipe(shadow_frac=0.03)
LAMP = disc(SIZE, (130, 120), 14)
NOTHING = np.zeros(SIZE, bool)
CORD = NOTHING.copy()
CORD[20:108, 129:131] = True


def picture(cord: tuple[int, int, int] = (60, 50, 40), at: np.ndarray = CORD) -> np.ndarray:
    photo = np.full((*SIZE, 3), 190, np.float64)
    photo[at] = cord
    photo[LAMP] = (30, 30, 30)
    return np.clip(photo + np.random.default_rng(1).normal(0, 1.5, photo.shape), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("cord", [(60, 50, 40), (250, 245, 240)], ids=["dark", "light"])
def test_a_cord_goes_with_the_lamp_that_hangs_from_it(cord: tuple[int, int, int]):
    taken = with_cords(picture(cord), LAMP, RECIPE, untouchable=NOTHING)
    assert (taken & CORD).sum() > 0.95 * CORD.sum()
    assert not (taken & ~LAMP & ~np.pad(CORD, 4)[4:-4, 4:-4])[:, :120].any()
    assert (taken & ~LAMP).sum() < 3 * CORD.sum()


def test_without_a_cord_or_a_recipe_that_takes_it_the_mask_stays():
    assert with_cords(picture(at=NOTHING), LAMP, RECIPE, untouchable=NOTHING) is LAMP
    assert with_cords(picture(), LAMP, MaskRecipe(), untouchable=NOTHING) is LAMP
    assert with_cords(picture(), NOTHING, RECIPE, untouchable=NOTHING) is NOTHING


BEHIND = disc(SIZE, (146, 132), 14)  # another lamp, the most of it behind the first
CUP = disc(SIZE, (154, 16), 5)
ITS_CORD = NOTHING.copy()
ITS_CORD[20:122, 153:155] = True


def test_lamps_that_are_seen_as_one_have_a_cord_each():
    both = LAMP | BEHIND | CUP
    photo = picture(at=CORD | ITS_CORD)
    photo[BEHIND | CUP] = (30, 30, 30)
    taken = with_cords(photo, both, RECIPE, untouchable=NOTHING)
    assert (taken & CORD).sum() > 0.9 * CORD.sum()
    assert (taken & ITS_CORD).sum() > 0.9 * ITS_CORD.sum()
    assert (taken & ~both).sum() < 3 * (CORD | ITS_CORD).sum()


def test_a_line_that_holds_nothing_leaves_a_thing_in_the_middle_or_is_none():
    both = LAMP | BEHIND
    photo = picture(at=CORD | ITS_CORD)
    photo[BEHIND] = (30, 30, 30)
    assert not (with_cords(photo, both, RECIPE, untouchable=NOTHING) & ITS_CORD)[:100].any()


def test_a_line_beside_a_thing_is_not_its_cord():
    aside = np.roll(CORD, 12, 1)
    assert with_cords(picture(at=aside), LAMP, RECIPE, untouchable=NOTHING) is LAMP


def test_a_cord_ends_at_what_is_kept():
    kept = NOTHING.copy()
    kept[:60] = True
    taken = with_cords(picture(), LAMP, RECIPE, untouchable=kept)
    assert not (taken & kept).any()
    assert (taken & CORD)[60:].sum() > 0.9 * CORD[60:].sum()
