"""Words that take things away, and names of sets of things."""

import re

import pytest

from automask.errors import PlanError
from automask.plan import format_plan, parse_plan, parse_targets, parse_variants
from automask.plan.removal import REMOVAL_WORDS, is_removal, members_of, sets
from automask.segmenters.vocabulary import Vocabulary
from automask.types import Edit


@pytest.mark.parametrize("prompt", [*REMOVAL_WORDS, "REMOVE", "  gone "])
def test_a_removal_word_takes_things_away_whatever_its_case(prompt: str):
    assert is_removal(prompt)


@pytest.mark.parametrize("prompt", ["", "removed paint", "empty shelf", "nothing but oak", "white"])
def test_a_prompt_that_says_more_is_painted(prompt: str):
    assert not is_removal(prompt)


@pytest.mark.parametrize(
    ("words", "edits"),
    [
        ("declutter", (Edit(("declutter",), "remove"),)),
        ("Declutter", (Edit(("declutter",), "remove"),)),
        ("declutter except plants", (Edit(("declutter",), "remove", excepts=("plants",)),)),
        ("declutter -> gone", (Edit(("declutter",), "gone"),)),
        ("declutter; walls -> white", (Edit(("declutter",), "remove"), Edit(("walls",), "white"))),
        ("declutter; keep books", (Edit(("declutter",), "remove", keep=("books",)),)),
    ],
)
def test_declutter_alone_is_an_edit(words: str, edits: tuple[Edit, ...]):
    assert parse_plan(words) == edits
    assert parse_plan(format_plan(edits)) == edits
    assert [variant.plan for variant in parse_variants(words)] == [edits]


def test_a_mask_request_for_a_set_has_no_prompt():
    assert parse_targets("declutter") == (Edit(("declutter",), ""),)


@pytest.mark.parametrize("words", ["stools", '"declutter"', "declutter, sofa", "declutter the sofa"])
def test_anything_but_the_names_of_sets_needs_an_arrow(words: str):
    with pytest.raises(PlanError, match="no arrow"):
        parse_plan(words)


@pytest.mark.parametrize("words", ["remove the stools", "Delete all stools", "erase stools"])
def test_a_verb_in_front_is_answered_with_the_words_that_work(words: str):
    with pytest.raises(PlanError, match=re.escape("say what is to go first: 'stools -> remove'")):
        parse_plan(words)


def test_every_thing_of_every_set_is_known_to_the_starter_and_named_once():
    vocabulary = Vocabulary.packaged()
    for name, things in sets().items():
        readings = [vocabulary.find(thing) for thing in things]
        assert None not in readings
        assert len({*readings}) == len(things), name
        assert vocabulary.find(name) is None, "the name of a set is a thing"


def test_declutter_takes_what_leaves_with_the_owner_and_leaves_what_is_fixed():
    things = members_of("declutter")
    assert {"clothes", "books", "plant", "box"} <= {*things}
    assert not {"cabinets", "sink", "radiator", "wall", "ceiling light", "sofa", "bed"} & {*things}
    assert members_of("sofa") == ()
