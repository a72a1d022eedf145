"""Shadows next to a thing, drawn on plain surfaces where their pixels are known."""

import numpy as np
import pytest
from drawing import disc, room

from automask.masking.shadows import with_shadow
from automask.types import REMOVAL_RECIPE, MaskRecipe

SIZE = (160, 240)
RECIPE = MaskRecipe(shadow_frac=0.08)
THING = disc(SIZE, (120, 70), 20)
NEAR = disc(SIZE, (120, 70), 32) & ~THING
BELOW = NEAR & (np.mgrid[: SIZE[0], : SIZE[1]][0] > 70)
NOTHING = np.zeros(SIZE, bool)


def picture(surface=(200, 180, 150), **changes: float) -> np.ndarray:
    photo = np.full((*SIZE, 3), surface, np.float64)
    photo[BELOW] = np.array(surface) * changes.get("dim", 0.75)
    photo[THING] = (60, 20, 30)
    noise = np.random.default_rng(1).normal(0, 2, photo.shape)
    return np.clip(photo + noise, 0, 255).astype(np.uint8)


def test_a_shadow_goes_with_the_thing_that_throws_it():
    taken = with_shadow(picture(), THING, RECIPE, untouchable=NOTHING) & ~THING
    reached = disc(SIZE, (120, 70), 20 + 0.08 * 240) & BELOW
    assert (taken & reached).sum() > 0.75 * reached.sum()
    assert (taken & ~BELOW).sum() < 0.4 * taken.sum()  # its edge is found on smoothed light


@pytest.mark.parametrize("photo", [picture(dim=1.0), picture(dim=0.99)], ids=["none", "below the noise"])
def test_without_a_shadow_the_mask_stays(photo: np.ndarray):
    assert with_shadow(photo, THING, RECIPE, untouchable=NOTHING) is THING


def test_a_neighbour_of_another_colour_is_no_shadow():
    photo = picture(dim=1.0)
    photo[BELOW] = (90, 110, 190)
    taken = with_shadow(photo, THING, RECIPE, untouchable=NOTHING) & ~THING
    assert taken.sum() < 0.1 * BELOW.sum()


def test_a_wall_that_is_darker_than_the_sofa_below_has_no_shadow_there():
    """Of nearly the wall's colour, the sofa begins before the place that the wall is compared with."""
    rows = np.mgrid[: SIZE[0], : SIZE[1]][0]
    photo = picture(dim=1.0)
    sofa = rows >= 98
    wall = ~sofa & ~THING
    photo[wall] = (photo[wall] * 0.8).astype(np.uint8)
    taken = with_shadow(photo, THING, RECIPE, untouchable=NOTHING) & wall
    assert taken.sum() > 500  # as nobody says what the sofa is
    assert not (with_shadow(photo, THING, RECIPE, untouchable=NOTHING, things=sofa) & wall).any()


def test_what_is_kept_is_never_taken_as_a_shadow():
    assert not (with_shadow(picture(), THING, RECIPE, untouchable=BELOW) & BELOW).any()


def test_the_mask_only_grows_and_not_beyond_the_reach_whatever_the_photo():
    recipe = REMOVAL_RECIPE
    taken = with_shadow(room(*SIZE), THING, recipe, untouchable=NOTHING)
    assert (taken >= THING).all()
    assert not (taken & ~disc(SIZE, (120, 70), 21 + recipe.shadow_frac * 240)).any()


def test_a_recipe_without_shadows_gives_the_mask_itself():
    assert with_shadow(picture(), THING, MaskRecipe(), untouchable=NOTHING) is THING
    assert with_shadow(picture(), NOTHING, RECIPE, untouchable=NOTHING) is NOTHING
