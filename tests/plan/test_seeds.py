"""Seeds drawn from an edit's words."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from plans import plans

from automask.plan import edit_seed, parse_plan
from automask.types import Edit


def test_a_seed_is_derived_from_the_words():
    edit = parse_plan("island -> marble")[0]
    assert edit_seed(0, edit) == 73594077
    others = [
        edit_seed(1, edit),
        edit_seed(0, replace(edit, targets=("wall",))),
        edit_seed(0, replace(edit, prompt="oak")),
        edit_seed(0, replace(edit, excepts=("top",))),
        edit_seed(0, replace(edit, targets=("island", "wall"))),
    ]
    assert len({edit_seed(0, edit), *others}) == 6


def test_a_seed_does_not_depend_on_place_keeps_or_settings():
    alone = edit_seed(7, parse_plan("b, a except d, c -> Marble top")[0])
    among = parse_plan("x -> y; A,  B except C, D -> marble  TOP; keep z")[1]
    assert edit_seed(7, among) == alone
    assert edit_seed(7, replace(among, editor="paint", mask=(("dilate_px", 1),), options=(("s", 1),))) == alone


def test_an_edits_own_seed_replaces_it():
    assert edit_seed(7, Edit(("a",), "b", seed=0)) == 0


@settings(deadline=None, max_examples=50)
@given(st.integers(), plans())
def test_a_seed_fits_in_32_bits(seed, plan):
    assert all(0 <= edit_seed(seed, edit) < 2**32 for edit in plan)


def test_words_split_otherwise_give_other_seeds():
    assert edit_seed(0, Edit(("a", "b"), "c")) != edit_seed(0, Edit(("a b",), "c"))
    assert edit_seed(0, Edit(("a",), "b", ("c",))) != edit_seed(0, Edit(("a", "c"), "b"))
