"""Which of several things words mean: laws over rectangles anywhere in a photo."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from automask.masking.choose import COLOUR_MARGIN, Scene, Thing, choose, things_of
from automask.plan.pointing import point

SIZE = (60, 90)
GREY = np.full((*SIZE, 3), 128, np.uint8)


def thing(number, x0, y0, x1, y1, **more):
    mask = np.zeros(SIZE, np.bool_)
    mask[y0:y1, x0:x1] = True
    return Thing(number, mask, **more)


def chosen(words, things, scene=None):
    return choose(point(words), things, scene or Scene(GREY)).numbers


ROW = [thing(1, 2, 10, 12, 30), thing(2, 30, 12, 44, 30), thing(3, 60, 8, 84, 34)]


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        ("left picture", (1,)),
        ("picture on the right", (3,)),
        ("middle picture", (2,)),
        ("left pictures", (1, 2)),
        ("two left pictures", (1, 2)),
        ("second picture", (2,)),
        ("first picture from the right", (3,)),
        ("last picture", (3,)),
        ("first two pictures", (1, 2)),
        ("every second picture", (2,)),
        ("picture 3", (3,)),
        ("pictures 1 and 3", (1, 3)),
        ("largest picture", (3,)),
        ("smallest picture", (1,)),
        ("widest picture", (3,)),
        ("two largest pictures", (2, 3)),
        ("all but the left picture", (2, 3)),
        ("all pictures but the largest", (1, 2)),
        ("nearest picture", (3,)),
    ],
)
def test_words_choose_among_three_in_a_row(words, numbers):
    assert chosen(words, ROW) == numbers


FOUR = [thing(1, 2, 20, 10, 28), thing(2, 20, 12, 30, 20), thing(3, 52, 20, 60, 28), thing(4, 70, 20, 88, 50)]
SOFA = np.zeros(SIZE, np.bool_)
SOFA[32:50, 0:34] = True


@pytest.mark.parametrize(
    ("some", "left_out"),
    [
        ("left pictures", (1, 2)),
        ("white pictures", (1, 3)),
        ("small pictures", (1, 2, 3)),
        ("pictures above the sofa", (1, 2)),
        ("two left pictures", (1, 2)),
    ],
)
def test_a_plural_leaves_out_all_that_it_picks(some, left_out):
    white = FOUR[0].mask | FOUR[2].mask
    photo = np.where(white[..., None], np.uint8(250), np.uint8(60)) * np.ones((1, 1, 3), np.uint8)
    scene = Scene(photo, {point("sofa"): SOFA})
    assert chosen(some, FOUR, scene) == left_out
    assert chosen(f"all but the {some}", FOUR, scene) == tuple(
        number for number in (1, 2, 3, 4) if number not in left_out
    )


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("fourth picture", "only 3 were found"),
        ("five pictures", "only 3 were found"),
        ("picture 7", "there is no number 7: they go from 1 to 3"),
        ("both pictures", "3 were found"),
        ("tallest picture", None),
        ("two middle pictures", "they do not lie evenly about the middle"),
        ("the other pictures", "no other edit picks any of them, so there are no others"),
        ("left wall", "which way the walls face is not known"),
    ],
)
def test_what_cannot_be_decided_chooses_nothing_and_says_why(words, why):
    decision = choose(point(words), ROW, Scene(GREY))
    assert decision.why == why
    assert bool(decision.numbers) == (why is None)


def test_a_tie_chooses_nothing_and_gives_the_margin():
    above = [thing(1, 10, 5, 20, 15), thing(2, 10, 30, 21, 40)]
    decision = choose(point("left picture"), above, Scene(GREY))
    assert decision.numbers == ()
    assert decision.margin < decision.needed
    assert decision.why == "1 and 2 hardly differ by place from the left (0.006 < 0.02)"
    assert chosen("top picture", above) == (1,)
    assert choose(point("second picture"), above, Scene(GREY)).why.startswith("they are one above the other")
    assert chosen("second picture from the top", above) == (2,)


@pytest.mark.parametrize("words", ["left picture", "first picture", "largest picture", "picture nearest to the bed"])
def test_one_thing_alone_is_not_compared(words):
    bed = point("bed")
    scene = Scene(GREY, {bed: ROW[2].mask})
    assert choose(point(words), ROW[:1], scene).why == "only one was found"
    assert chosen("white picture", ROW[:1], scene) == chosen("picture 1", ROW[:1], scene) == (1,)


def test_what_may_be_several_that_touch_is_not_counted():
    joined = [replace(ROW[0], several=True), *ROW[1:]]
    assert choose(point("second picture"), joined, Scene(GREY)).why == "1 may be several that touch"
    assert choose(point("left picture"), joined, Scene(GREY)).why == "1 may be several that touch"
    assert chosen("last picture", joined) == (3,)
    labels = np.zeros(SIZE, np.int64)
    labels[10:20, 5:40] = 1
    labels[10:20, 60:70] = 2
    found = things_of(labels, np.ones(SIZE, np.float32), widest=1.8)
    assert [one.several for one in found] == [True, False]


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        ("first picture", ()),
        ("second picture", ()),
        ("left picture", ()),
        ("smallest picture", ()),
        ("all but the left picture", ()),
        ("last picture", (3,)),
        ("largest picture", (3,)),
        ("both pictures", (2, 3)),
        ("picture 1", (1,)),
        ("left pictures", (1, 2)),
    ],
)
def test_no_decision_hangs_on_a_thing_that_may_be_none(words, numbers):
    spot = [replace(ROW[0], sureness=0.7), *(replace(one, sureness=0.95) for one in ROW[1:])]
    decision = choose(point(words), spot, Scene(GREY))
    assert decision.numbers == numbers
    if not numbers:
        assert decision.why == "1 may be none, which decides it (mean heat 0.70 < 0.75)"
    level = [replace(one, sureness=0.7) for one in ROW]  # a segmenter that is never hot
    assert chosen("second picture", level) == (2,)


@pytest.mark.parametrize("words", ["cabinet at the bed", "cabinets left of the bed", "cabinet next to the bed"])
def test_one_run_alone_is_not_placed(words):
    scene = Scene(GREY, {point("bed"): thing(9, 15, 8, 30, 34).mask})
    assert chosen(words, ROW[:1], scene) == (1,)
    assert choose(point(words), [replace(ROW[0], in_runs=True)], scene).why == "only one was found"
    runs = [replace(one, in_runs=True) for one in (ROW[0], ROW[2])]
    assert chosen(words, runs, scene) == (1,)


# ------------------------------------------------------------ laws


@st.composite
def layouts(draw):
    """A few rectangles, numbered as they come."""
    found = []
    for number in range(1, draw(st.integers(2, 5)) + 1):
        x, y = draw(st.integers(0, SIZE[1] - 6)), draw(st.integers(0, SIZE[0] - 6))
        found.append(thing(number, x, y, x + draw(st.integers(4, 30)), y + draw(st.integers(4, 30))))
    return found


@st.composite
def doubts(draw):
    """A layout whose things are more or less sure."""
    return [replace(one, sureness=draw(st.sampled_from([0.5, 0.65, 0.74, 0.8, 1.0]))) for one in draw(layouts())]


def mirrored(things):
    return [Thing(one.number, one.mask[:, ::-1], one.sureness) for one in things]


WORDS = ("left picture", "left pictures", "second picture", "two left pictures", "last picture", "largest picture")
MIRRORED = {
    "left picture": "right picture",
    "left pictures": "right pictures",
    "second picture": "second picture from the right",
    "two left pictures": "two right pictures",
    "last picture": "first picture",
    "largest picture": "largest picture",
}


def test_things_exactly_twice_as_far_apart_down_as_across_are_read_as_in_the_mirror():
    places = [(28, 10, 32, 37), (43, 0, 65, 26), (22, 41, 45, 49)]
    things = [thing(number, *place) for number, place in enumerate(places, 1)]
    assert chosen("second picture", things) == chosen("second picture from the right", mirrored(things)) == (3,)


@settings(max_examples=80, deadline=None)
@given(layouts(), st.sampled_from(WORDS))
def test_a_mirrored_photo_swaps_left_and_right(things, words):
    assert chosen(words, things) == chosen(MIRRORED[words], mirrored(things))


@settings(max_examples=80, deadline=None)
@given(layouts(), st.sampled_from(WORDS))
def test_the_order_in_which_things_are_given_does_not_matter(things, words):
    assert chosen(words, things) == chosen(words, things[::-1])


@settings(max_examples=80, deadline=None)
@given(layouts(), st.sampled_from(["left picture", "largest picture", "second picture"]))
def test_all_but_some_and_some_are_all_of_them(things, words):
    some, rest = chosen(words, things), chosen(f"all but the {words}", things)
    assume(some and rest)
    assert sorted(some + rest) == [one.number for one in things]


@settings(max_examples=80, deadline=None)
@given(layouts(), st.sampled_from(WORDS))
def test_a_decision_is_ahead_by_its_margin_or_chooses_nothing(things, words):
    decision = choose(point(words), things, Scene(GREY))
    assert bool(decision.numbers) != bool(decision.why)
    if decision.numbers and decision.margin is not None:
        assert decision.margin >= decision.needed
    values = dict(decision.values)
    if decision.numbers and words == "largest picture":
        assert values[decision.numbers[0]] == max(values.values())


@settings(max_examples=80, deadline=None)
@given(doubts(), st.sampled_from(WORDS))
def test_doubt_refuses_and_never_chooses_another(things, words):
    sure = [replace(one, sureness=1.0) for one in things]
    assert chosen(words, things) in ((), chosen(words, sure))


@settings(max_examples=60, deadline=None)
@given(layouts())
def test_the_first_is_the_leftmost_and_numbers_choose_themselves(things):
    first, left = chosen("first picture", things), chosen("left picture", things)
    assert first == left or not first or not left
    for one in things:
        assert chosen(f"picture {one.number}", things) == (one.number,)


# ------------------------------------------------------------ relations, walls and looks

BED = point("bed")
BED_MASK = thing(1, 30, 35, 60, 55).mask
AROUND_BED = {
    "above": thing(1, 38, 5, 52, 20),
    "left of": thing(2, 5, 36, 15, 50),
    "right of": thing(3, 75, 36, 85, 50),
    "on": thing(4, 40, 40, 50, 48),
}


@pytest.mark.parametrize("relation", AROUND_BED)
def test_a_relation_chooses_what_stands_in_it(relation):
    mask = BED_MASK & ~AROUND_BED["on"].mask
    scene = Scene(GREY, {BED: mask})
    things = list(AROUND_BED.values())
    assert chosen(f"picture {relation} the bed", things, scene) == (AROUND_BED[relation].number,)
    assert chosen(f"pictures {relation} the bed", things, scene) == (AROUND_BED[relation].number,)


def test_above_and_below_swap_when_the_photo_is_turned_over():
    upper, lower = thing(1, 30, 2, 50, 12), thing(2, 30, 46, 50, 58)
    mask = thing(1, 25, 20, 60, 40).mask
    turned = [Thing(one.number, one.mask[::-1]) for one in (upper, lower)]
    assert chosen("picture above the bed", [upper, lower], Scene(GREY, {BED: mask})) == (1,)
    assert chosen("picture below the bed", turned, Scene(GREY, {BED: mask[::-1]})) == (1,)


def test_between_two_things():
    words = point("picture between the bed and the door")
    bed, door = words.picks[0].things
    scene = Scene(GREY, {bed: thing(1, 0, 10, 10, 50).mask, door: thing(1, 80, 10, 90, 50).mask})
    assert choose(words, [thing(1, 40, 20, 50, 30), thing(2, 82, 2, 88, 8)], scene).numbers == (1,)


def test_walls_by_the_way_they_face():
    walls = [
        thing(1, 0, 0, 20, 60, sideways=0.95),
        thing(2, 20, 0, 70, 60, sideways=0.05),
        thing(3, 70, 0, 90, 60, sideways=-0.95),
    ]
    assert [chosen(f"{way} wall", walls) for way in ("left", "back", "right")] == [(1,), (2,), (3,)]
    corner = [replace(walls[0], sideways=0.52), replace(walls[2], sideways=-0.85)]
    assert choose(point("left wall"), corner, Scene(GREY)).why == "a wall is half at the side and half at the back"
    picture = Scene(GREY, {point("bed"): thing(1, 30, 30, 60, 50).mask})
    holes = [replace(one, mask=one.mask & ~BED_MASK) for one in walls]
    assert choose(point("wall behind the bed"), holes, picture).numbers == (2,)


def test_looks_are_compared_among_the_things_that_are_there():
    photo = GREY.copy()
    for one, colour in zip(ROW, ((40, 40, 45), (230, 228, 225), (190, 60, 50)), strict=True):
        photo[one.mask] = colour
    scene = Scene(photo)
    for words, numbers in (("dark picture", (1,)), ("white picture", (2,)), ("red picture", (3,))):
        assert chosen(words, ROW, scene) == numbers
    assert chosen("red pictures", ROW, scene) == (3,)
    assert chosen("white pictures", ROW, Scene(GREY)) == (1, 2, 3)  # all look alike
    decision = choose(point("white picture"), ROW, Scene(GREY))
    assert decision.numbers == ()
    assert decision.needed == COLOUR_MARGIN
    assert math.isclose(decision.margin, 0, abs_tol=1e-6)


def test_the_surest_by_heat_and_the_others_by_what_is_taken():
    sure = [replace(one, sureness=heat) for one, heat in zip(ROW, (0.9, 0.5, 0.8), strict=True)]
    assert chosen("two pictures", sure) == (1, 3)
    assert chosen("the other pictures", ROW, Scene(GREY, taken=ROW[0].mask)) == (2, 3)
    everything = np.logical_or.reduce([one.mask for one in ROW])
    assert choose(point("other pictures"), ROW, Scene(GREY, taken=everything)).why == "other edits pick all of them"
