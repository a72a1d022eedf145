"""How texts of a plan are compared and shown."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automask.plan.text import describe, is_unprintable, normalised, printable


@settings(deadline=None, max_examples=100)
@given(st.text())
def test_normalising_twice_changes_nothing_more(text):
    assert normalised(normalised(text)) == normalised(text)


@pytest.mark.parametrize("text", ["CAFÉ  au\tlait", "cafe\u0301 au\N{NO-BREAK SPACE}lait ", "\ncafé AU LAIT"])
def test_case_spaces_and_unicode_composition_are_made_uniform(text):
    assert normalised(text) == "café au lait"


@pytest.mark.parametrize("char", ["\x00", "\n", "\x1b", "\u200b", "\u202e", "\u2028", "\ufeff", "\ud800"])
def test_control_and_invisible_characters_are_unprintable(char):
    assert is_unprintable(char)


@pytest.mark.parametrize("char", ["a", " ", "\t", "島", "\u200d", "\u200c", "\u0301"])
def test_letters_spaces_and_joiners_are_printable(char):
    assert not is_unprintable(char)


def test_a_text_with_line_breaks_or_escapes_is_shown_as_its_repr():
    assert printable("my plan.yaml") == "my plan.yaml"
    assert printable("my\nplan\x1b[0m") == r"'my\nplan\x1b[0m'"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("oak", "'oak'"),
        ("x" * 41, "'" + "x" * 39 + "…'"),
        (None, "empty"),
        (True, "true"),
        (0.5, "0.5"),
        (2**63, "a whole number beyond 64 bits"),
        ({"a": 1}, "a mapping"),
        ([1], "a list"),
        (object(), "an object"),
    ],
)
def test_a_value_is_described_in_a_few_words(value, shown):
    assert describe(value) == shown
