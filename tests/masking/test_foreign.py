"""Things beside what is to go: which of them what is behind it is continued from."""

import time
import tracemalloc
import weakref

import numpy as np
import pytest
from drawing import disc, draw, mask, room

from automask.errors import SegmenterError
from automask.masking.find import find_regions
from automask.masking.foreign import foreign
from automask.plan import parse_plan
from automask.protocols import Stages
from automask.refiners.threshold import Threshold
from automask.testing import Identity, PaintedHeat
from automask.types import BoxRecipe, Survey

HOLE = mask(
    ".............",
    "..##.........",
    "..##.........",
    "..##.........",
    ".............",
)
NEXT = mask(
    ".............",
    "......##.....",
    "......##.....",
    "......##.....",
    ".............",
)
BELOW = mask(
    ".............",
    ".............",
    ".............",
    ".............",
    "#############",
)
NOTHING = np.zeros_like(HOLE)
SIZE = (100, 160)


def test_the_next_thing_is_foreign_with_its_edge_and_what_things_stand_on_is_not():
    assert draw(foreign(HOLE, NEXT, BELOW)) == [
        ".....####....",
        ".....####....",
        ".....####....",
        ".....####....",
        ".....####....",
    ]


def test_what_others_stand_on_is_foreign_where_it_does_not_touch_the_hole():
    assert draw(foreign(HOLE, NOTHING, NEXT)) == draw(foreign(HOLE, NEXT, NOTHING))
    assert not foreign(HOLE, NOTHING, BELOW).any()


def test_what_surrounds_a_hole_is_behind_it_whatever_it_is_called():
    assert not foreign(HOLE, ~HOLE, NOTHING).any()
    assert not foreign(NOTHING, NEXT, BELOW).any()
    assert not (foreign(HOLE, HOLE | BELOW, NOTHING) & HOLE).any()


def test_memory_does_not_grow_by_an_index_for_each_pixel():
    hole, table = np.zeros((2, 900, 1200), np.bool_)
    hole[300:600, 400:700] = table[550:, 200:1000] = True
    tracemalloc.start()
    try:
        found = foreign(hole, np.zeros_like(hole), table)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert not found.any()
    assert peak < 9 * hole.size, peak / hole.size


def test_the_time_for_a_pixel_does_not_grow_with_the_photo_s_side():
    def seconds(hw: tuple[int, int]) -> float:
        hole, table = np.zeros((2, *hw), np.bool_)
        hole[hw[0] // 4 : hw[0] // 2, hw[1] // 4 : hw[1] // 2] = table[hw[0] // 2 :] = True
        took = []
        for _ in range(3):
            started = time.process_time()
            assert not foreign(hole, np.zeros_like(hole), table).any()
            took.append(time.process_time() - started)
        return min(took)

    assert seconds((100, 6400)) < 4 * seconds((800, 800))


ONE, TWO, LAMP = disc(SIZE, (40, 30), 12), disc(SIZE, (80, 30), 12), disc(SIZE, (120, 70), 10)


class Sees(PaintedHeat):
    """Two pictures, a lamp, and a segmenter that may know which of them nothing hangs before."""

    def __init__(self, *, tells: bool) -> None:
        super().__init__({"picture": np.float32(0.9) * (ONE | TWO), "lamp": np.float32(0.9) * LAMP})
        self.tells = tells

    def survey(self, photo, targets):
        def things():
            return (ONE | TWO | LAMP).astype(np.float32), np.zeros(SIZE, np.float32)

        return Survey(self.heats(photo, targets), things=things if self.tells else None)


def foreign_of(words: str, *, tells: bool = True):
    stages = Stages(Sees(tells=tells), Threshold(), Identity(), boxes=BoxRecipe(min_area_frac=0))
    return [one.foreign for one in find_regions(room(*SIZE), parse_plan(words), stages)]


def test_of_one_of_its_kind_that_goes_the_others_and_all_other_things_are_foreign():
    (found,) = foreign_of("left picture -> gone")
    assert found[TWO].all()
    assert found[LAMP].all()
    assert not found[ONE].any()
    (named,) = foreign_of("left picture -> gone", tells=False)
    assert named[TWO].all()
    assert not named[LAMP].any()


@pytest.mark.parametrize(
    ("things", "said"),
    [
        (np.zeros(SIZE, np.float32), r"returned \[100, 160\] float32; the things of survey\(\) must give two of"),
        ((np.zeros(SIZE), np.zeros(SIZE)), r"returned \[100, 160\] float64; the things of survey\(\) must give two of"),
    ],
)
def test_things_of_another_form_are_named(things: object, said: str):
    class Odd(Sees):
        def survey(self, photo, targets):
            return Survey(self.heats(photo, targets), things=lambda: things)

    stages = Stages(Odd(tells=True), Threshold(), Identity(), boxes=BoxRecipe(min_area_frac=0))
    with pytest.raises(SegmenterError, match=rf"segmenter 'Odd' {said} \[100, 160\] float32 in 0..1"):
        find_regions(room(*SIZE), parse_plan("lamp -> gone"), stages)


def test_things_beside_are_asked_for_when_no_other_plane_is_needed_any_more():
    class Counts(Sees):
        def survey(self, photo, targets):
            others = np.zeros(SIZE, np.float32)
            kept = weakref.ref(others)

            def things():
                assert kept() is None, "two more planes would come on top of it"
                return LAMP.astype(np.float32), np.zeros(SIZE, np.float32)

            return Survey(self.heats(photo, targets), others=others, things=things)

    stages = Stages(Counts(tells=True), Threshold(), Identity(), boxes=BoxRecipe(min_area_frac=0))
    (region,) = find_regions(room(*SIZE), parse_plan("left picture -> gone"), stages)
    assert region.foreign[LAMP].all()


def test_of_what_is_painted_or_where_nothing_is_known_it_is_not_asked():
    assert foreign_of("left picture -> oak") == [None]
    assert foreign_of("lamp -> gone", tells=False) == [None]
    painted, gone = foreign_of("lamp -> brass; picture -> gone")
    assert painted is None
    assert gone[LAMP].all()
