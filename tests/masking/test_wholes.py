"""Things that go are taken whole, drawn as discs whose heat is known."""

import numpy as np
import pytest
from drawing import disc, room

from automask.masking.find import find_regions
from automask.masking.wholes import whole_heat
from automask.plan import parse_plan
from automask.protocols import Stages
from automask.refiners.threshold import Threshold
from automask.testing import Identity, PaintedHeat
from automask.types import BoxRecipe, MaskRecipe, Survey

SIZE = (120, 200)
SHADE, FOOT = disc(SIZE, (60, 40), 10), disc(SIZE, (60, 55), 10)
BOWL = disc(SIZE, (150, 60), 9)
WALL = disc(SIZE, (60, 60), 40)
NAIL, PLATE = disc(SIZE, (150, 100), 1), disc(SIZE, (150, 100), 6)


def heat_of(hard: np.ndarray, heat: float) -> np.ndarray:
    return np.where(hard, np.float32(heat), np.float32(0))


LAMP = np.maximum(heat_of(SHADE, 0.7), heat_of(FOOT, 0.2))


def whole(unsure: np.ndarray, heat: np.ndarray = LAMP) -> np.ndarray:
    return whole_heat(heat, unsure, heat >= 0.35)


def test_what_touches_a_thing_and_has_no_name_is_part_of_it_and_what_stands_apart_is_not():
    unsure = heat_of(FOOT & ~SHADE, 0.6) + heat_of(BOWL, 0.9)
    got = whole(unsure)
    assert ((got >= 0.35) == (SHADE | FOOT)).all()
    assert (got >= LAMP).all()
    assert (got <= 1).all()


@pytest.mark.parametrize(
    ("unsure", "heat"),
    [
        (heat_of(FOOT, 0.2), LAMP),  # hardly anything is there
        (heat_of(WALL, 0.9), LAMP),  # far too much is: several things
        (heat_of(disc(SIZE, (60, 80), 25), 0.9), LAMP),  # another thing that touches it: hardly any of it is its own
        (heat_of(FOOT, 0.9), heat_of(SHADE, 0.3)),  # the thing itself was not found
    ],
    ids=["nothing", "several", "another", "not found"],
)
def test_where_it_cannot_be_told_the_heat_stays(unsure: np.ndarray, heat: np.ndarray):
    assert whole(unsure, heat) is heat


def test_things_that_run_into_others_are_kept_apart_at_a_higher_level():
    unsure = np.maximum(heat_of(FOOT & ~SHADE, 0.65), heat_of(WALL & ~SHADE & ~FOOT, 0.55))
    assert ((whole(unsure) >= 0.35) == (SHADE | FOOT)).all()


class Unsure(PaintedHeat):
    def survey(self, photo, targets):
        unsure = heat_of(FOOT & ~SHADE, 0.6)
        others = np.maximum(unsure, heat_of(BOWL | (PLATE & ~NAIL), 0.5))
        return Survey(self.heats(photo, targets), others=others, unsure=lambda: others)


def hards(words: str) -> list[np.ndarray]:
    exact = MaskRecipe(min_speck_frac=0, max_hole_frac=0, dilate_px=0, feather_px=0)
    stages = Stages(
        segmenter=Unsure(
            {"lamp": LAMP, "bowl": heat_of(BOWL, 0.9), "clock": heat_of(BOWL, 0.4), "nail": heat_of(NAIL, 0.9)}
        ),
        refiner=Threshold(),
        editor=Identity(),
        boxes=BoxRecipe(pad_frac=0.0),
        mask_recipe=exact,
    )
    return [region.hard for region in find_regions(room(*SIZE), parse_plan(words), stages)]


def test_only_what_goes_is_taken_whole():
    assert (hards("lamp -> remove")[0] == (SHADE | FOOT)).all()
    assert (hards("lamp -> oak")[0] == SHADE).all()
    bowl, lamp = hards("bowl -> remove; lamp -> oak")
    assert (lamp == SHADE).all()
    assert (bowl == BOWL).all()
    (bowl,) = hards("bowl -> remove; keep lamp")
    assert (bowl == BOWL).all()


@pytest.mark.parametrize("thing", ["clock", "nail"])
def test_what_is_more_likely_something_else_or_too_small_is_not_found_because_of_what_is_beside_it(thing: str):
    assert not hards(f"{thing} -> remove")[0].any()
