"""The laws of a plan, however it was made."""

import pytest

from automask.errors import PlanError
from automask.plan import check_plan, parse_plan
from automask.types import Edit

BY_HAND = {
    "no targets": (Edit((), "x"), "edit 1: no target; say what to find"),
    "targets as one text": (
        Edit("island", "x"),
        "edit 1: targets is not a tuple of words; write targets=('island',), with the",
    ),
    "targets as a list": (Edit(["island"], "x"), "edit 1: targets is not a tuple of words"),
    "a target that is a number": (Edit((3,), "x"), "edit 1: targets is not a tuple of words"),
    "a blank target": (Edit(("a", "\u3000"), "x"), "edit 1: an empty word; say what it is"),
    "a target of two lines": (Edit(("a\nb",), "x"), "edit 1: the word 'a\\nb' holds U+000A; take that character out"),
    "an empty prompt": (Edit(("a",), ""), "edit 1: an empty prompt; say what it becomes"),
    "a prompt of two lines": (
        Edit(("a",), "b\u2028c"),
        "edit 1: the prompt 'b\\u2028c' holds U+2028; take that character",
    ),
    "a prompt that is no text": (
        Edit(("a",), None),
        "edit 1: the prompt is of type 'NoneType'; say what it becomes",
    ),
    "a target twice": (Edit(("a", "A "), "x"), "edit 1: 'A ' is named twice; name it once"),
    "a kept word twice": (Edit(("a",), "x", (), ("b", "B")), "edit 1: 'B' is named twice; name it once"),
    "excepts as one text": (Edit(("a",), "x", "b"), "edit 1: excepts is not a tuple of words"),
    "a target excepted": (Edit(("a",), "x", ("A",)), "edit 1: 'A' is both a target and excepted"),
    "a target kept": (Edit(("a",), "x", (), ("b", "A")), "edit 1: 'A' is both a target and kept"),
    "an editor that is no name": (Edit(("a",), "x", editor="a b"), "edit 1: 'with' is not an editor's name: 'a b'"),
    "an editor that is no text": (Edit(("a",), "x", editor=3), "edit 1: 'with' is not an editor's name: 3"),
    "a seed that is text": (Edit(("a",), "x", seed="3"), "edit 1: 'seed' is '3'; give a whole number"),
    "lengths as a mapping": (
        Edit(("a",), "x", mask={"dilate_px": 1}),
        "edit 1: mask is not a tuple of (name, value) pairs; write",
    ),
    "an unknown length": (
        Edit(("a",), "x", mask=(("dilate", 1),)),
        "edit 1: unknown mask length 'dilate'; valid: min_speck_frac",
    ),
    "lengths out of order": (
        Edit(("a",), "x", mask=(("feather_px", 1), ("dilate_px", 1))),
        "edit 1: mask is not sorted by name, or names one twice: feather_px, dilate_px; sort it by name",
    ),
    "an option twice": (
        Edit(("a",), "x", options=(("s", 1), ("s", 2))),
        "edit 1: options is not sorted by name, or names one twice",
    ),
    "an option called as a key": (
        Edit(("a",), "x", options=(("seed", 1),)),
        "edit 1: unknown key 'seed'; did you mean 'seed'?",
    ),
    "an option that is no name": (
        Edit(("a",), "x", options=(("a-b", 1),)),
        "edit 1: 'a-b' cannot be an option's name; write a na",
    ),
    "an option that is nothing": (
        Edit(("a",), "x", options=(("s", None),)),
        "edit 1: 's' is empty; give a number, true, false or",
    ),
}


@pytest.mark.parametrize(("edit", "message"), BY_HAND.values(), ids=BY_HAND)
def test_an_edit_built_in_python_obeys_the_rules(edit, message):
    with pytest.raises(PlanError) as refusal:
        check_plan((edit,))
    assert message in str(refusal.value)
    with pytest.raises(PlanError, match=r"^edit 2: "):
        check_plan((Edit(("first",), "x"), edit))


def test_the_same_target_in_two_edits_is_refused_by_name():
    with pytest.raises(
        PlanError, match=r"^edit 3: 'BLACK  wall' is already a target of edit 1; name it in one edit only$"
    ):
        check_plan((Edit(("island", "black wall"), "x"), Edit(("b",), "x"), Edit(("a", "BLACK  wall"), "y")))


def test_a_word_excepted_from_one_edit_may_be_the_target_of_another():
    check_plan(parse_plan("cabinets except handles -> white; handles -> brass"))


def test_a_word_kept_by_one_edit_may_be_the_target_of_another():
    check_plan((Edit(("a",), "x", keep=("b",)), Edit(("b",), "y")))
