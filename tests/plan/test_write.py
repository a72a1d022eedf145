"""A plan as text: the parser gives the same plan back."""

import sys
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plans import LITERALS, SETTINGS, plans

from automask.errors import PlanError
from automask.plan import check_plan, format_plan, parse_plan, parse_targets, parse_yaml_plan
from automask.types import Edit


@settings(deadline=None, max_examples=200)
@given(plans())
def test_words_express_every_plan_without_options(plan):
    check_plan(plan)
    text = format_plan(plan)
    assert parse_plan(text) == plan
    assert format_plan(parse_plan(text)) == text


@settings(deadline=None, max_examples=100)
@given(plans(prompts=st.one_of(st.just(""), LITERALS)))
def test_words_express_every_mask_request(plan):
    assert parse_targets(format_plan(plan)) == plan


@settings(deadline=None, max_examples=100)
@given(plans(settings=SETTINGS, same_keep=False))
def test_yaml_expresses_every_plan_with_options(plan):
    check_plan(plan)
    # One edit with a seed, so that it is YAML whatever was drawn.
    plan = (replace(plan[0], seed=5), *plan[1:])
    text = format_plan(plan)
    assert parse_yaml_plan(text, source="plan.yaml") == plan
    assert format_plan(parse_yaml_plan(text, source="plan.yaml")) == text


@settings(deadline=None, max_examples=50)
@given(plans(prompts=st.just(""), settings=SETTINGS))
def test_yaml_expresses_every_mask_request(plan):
    plan = (replace(plan[0], seed=5), *plan[1:])
    assert parse_yaml_plan(format_plan(plan), source="plan.yaml", prompts=False) == plan


def test_lower_casing_is_idempotent_for_every_letter():
    # İ becomes two characters, a final sigma depends on its neighbours, the Kelvin sign becomes a k.
    letters = [chr(code) for code in range(sys.maxunicode + 1) if chr(code).lower() != chr(code)]
    assert len(letters) > 1000
    for letter in letters:
        plan = parse_plan(f"{letter}a{letter} -> x")
        assert parse_plan(format_plan(plan)) == plan
        assert parse_plan(f"{plan[0].targets[0]} -> x") == plan


def test_plain_words_are_written_plainly():
    text = "island, black wall -> marble; cabinets except handles -> White, matt; keep faucet, plants"
    assert format_plan(parse_plan(text)) == text


@pytest.mark.parametrize(
    "word", ["Oak", "a, b", "keep", "except", "#1", "a -> b", " a", "a  b", 'a"b', "a\\b", "a; b", "“a"]
)
def test_words_that_the_grammar_would_change_are_quoted(word):
    quoted = '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'
    assert format_plan((Edit((word,), "x"),)) == f"{quoted} -> x"


@pytest.mark.parametrize("prompt", ["a; b", "a -> b", "{a}", "a}", " a", "a  b", 'a"b', "a\\b", "“a”"])
def test_prompts_that_the_grammar_would_change_are_quoted(prompt):
    quoted = '"' + prompt.replace("\\", "\\\\").replace('"', '\\"') + '"'
    assert format_plan((Edit(("x",), prompt),)) == f"x -> {quoted}"


@pytest.mark.parametrize("prompt", ["Oak, oiled", "#98a48c", "keep it except that", "白色，大理石", "it’s 3 > 2"])
def test_prompts_that_the_grammar_keeps_are_not_quoted(prompt):
    assert format_plan((Edit(("x",), prompt),)) == f"x -> {prompt}"


def test_a_plan_with_options_is_written_as_yaml():
    plan = (
        Edit(("island", "a, b"), "#fff", ("handles",), ("faucet",), "paint", 7, (("dilate_px", 3.0),), (("x", True),)),
        Edit(("wall",), "white: warm", (), ("faucet",)),
    )
    assert format_plan(plan).splitlines() == [
        "- keep:",
        "  - faucet",
        "- target:",
        "  - island",
        "  - a, b",
        "  prompt: '#fff'",
        "  except: handles",
        "  with: paint",
        "  seed: 7",
        "  dilate_px: 3.0",
        "  x: true",
        "- target: wall",
        "  prompt: 'white: warm'",
    ]


def test_edits_that_keep_different_words_are_written_as_yaml():
    plan = (Edit(("a",), "b", keep=("c",)), Edit(("d",), "e"))
    assert format_plan(plan) == "- target: a\n  prompt: b\n  keep: c\n- target: d\n  prompt: e\n"


def test_an_invalid_plan_is_not_written():
    with pytest.raises(PlanError, match="the plan has no edit"):
        format_plan(())
