"""A plan as a mapping or as a list of words."""

import io
from types import MappingProxyType

import pytest

from automask.errors import PlanError
from automask.plan import parse_plan, plan_from, variants_from
from automask.types import Edit


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        ({"island": "marble"}, "island -> marble"),
        ({"island": "marble", ("cabinets", "wall"): "white"}, "island -> marble; cabinets, wall -> white"),
        ({"Island, black  wall": "marble"}, "island, black wall -> marble"),
        ({"cabinets except handles, hinges": "white"}, "cabinets except handles, hinges -> white"),
        ({"island": "marble", "keep": "faucet, plants"}, "island -> marble; keep faucet, plants"),
        ({"keep": ("faucet", "plants"), "island": "marble"}, "island -> marble; keep faucet, plants"),
        ({"keep": ["faucet"], "island": "marble"}, "island -> marble; keep faucet"),
        ({"wall": "#98a48c"}, "wall -> #98a48c"),
        ({"wall": "sage; green -> {a, b}"}, 'wall -> "sage; green -> {a, b}"'),
        ({("bread, butter",): "gold"}, '"bread, butter" -> gold'),
        (MappingProxyType({"island": "marble"}), "island -> marble"),
    ],
)
def test_a_mapping_says_what_its_words_say(mapping, words):
    assert plan_from(mapping) == parse_plan(words)
    assert [variant.plan for variant in variants_from(mapping)] == [parse_plan(words)]


def test_a_mapping_asks_for_masks_too():
    assert plan_from({"island": None, "lamp": ""}, prompts=False) == (Edit(("island",), ""), Edit(("lamp",), ""))


@pytest.mark.parametrize("kind", [list, tuple])
@pytest.mark.parametrize(
    "lines",
    [
        ["island -> marble"],
        ["island -> marble", "cabinets except handles -> white", "keep faucet"],
        ["island -> marble; lamp -> gold", "# not this", "wall -> oak"],
    ],
)
def test_a_list_of_words_says_what_its_lines_say(kind, lines):
    assert plan_from(kind(lines)) == parse_plan("\n".join(lines))


def test_a_list_of_words_asks_for_masks_too():
    assert plan_from(["island", "lamp"], prompts=False) == (Edit(("island",), ""), Edit(("lamp",), ""))


def test_braces_in_a_list_of_words_make_variants():
    names = [variant.name for variant in variants_from(["island -> {marble, oak}", "lamp -> gold"])]
    assert names == ["marble", "oak"]
    with pytest.raises(PlanError, match="braces say several pictures"):
        plan_from(["island -> {marble, oak}"])


def test_an_error_in_a_list_of_words_names_its_line():
    with pytest.raises(PlanError, match=r"line 2, column 5: no arrow"):
        plan_from(["island -> marble", "lamp"])


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({}, "the plan has no edit; write what to change and what it becomes: 'island -> marble'"),
        ([], "the plan has no edit; write what to change and what it becomes: 'island -> marble'"),
        ({"keep": "faucet"}, "the plan has no edit; write what to change and what it becomes: 'island -> marble'"),
        ({"island": 3}, "what 'island' becomes is 3; say it in words: {'island': 'oak'}"),
        ({("a", "b"): None}, "what 'a, b' becomes is empty; say it in words: {'island': 'oak'}"),
        ({"island": ["marble", "oak"]}, "what 'island' becomes is a list; say it in words: {'island': 'oak'}"),
        ({"island": " "}, "edit 1: an empty prompt; say what it becomes"),
        ({3: "marble"}, "a key is 3; give words with commas, or a tuple of phrases"),
        ({(): "marble"}, "a key is a tuple; give words with commas, or a tuple of phrases"),
        ({("a", 3): "marble"}, "a key is a tuple; give words with commas, or a tuple of phrases"),
        (
            {"": "marble"},
            "a key is '': there are no words; write what to change and what it becomes: 'island -> marble'",
        ),
        (
            {"island -> oak": "marble"},
            "a key is 'island -> oak', which says more than what to find; "
            "give each edit a key of its own, and what it becomes as the value",
        ),
        (
            {"island; lamp": "marble"},
            "a key is 'island; lamp', which says more than what to find; "
            "give each edit a key of its own, and what it becomes as the value",
        ),
        ({"island": "marble", "keep": 3}, "keep is 3; give words with commas, or a tuple of phrases"),
        (
            {"island": "marble", "keep": "a except b"},
            "keep is 'a except b', which says more than what to find; "
            "give each edit a key of its own, and what it becomes as the value",
        ),
        ({"a": "x", "A": "y"}, "edit 2: 'a' is already a target of edit 1; name it in one edit only"),
        (
            b"island -> marble",
            "the plan is of type 'bytes'; "
            "give words, a Path to a YAML file, a mapping such as {'island': 'marble'}, or a list of words",
        ),
        (
            {"island -> marble"},
            "the plan is of type 'set'; "
            "give words, a Path to a YAML file, a mapping such as {'island': 'marble'}, or a list of words",
        ),
    ],
)
def test_a_mistake_is_reported_in_one_sentence(source, message):
    with pytest.raises(PlanError) as refusal:
        plan_from(source)
    assert str(refusal.value) == message
    with pytest.raises(PlanError) as refusal:
        variants_from(source)
    assert str(refusal.value) == message


def test_an_open_file_is_not_a_plan():
    with pytest.raises(PlanError, match="the plan is of type 'StringIO'"):
        plan_from(io.StringIO("island -> marble"))
