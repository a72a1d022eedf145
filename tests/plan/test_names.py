"""Slugs, mask file names and the nearest known name."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automask.plan import mask_name, nearest, slug
from automask.plan.names import is_reserved_name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("island, black wall", "island-black-wall"),
        ('  24" Sink -- #2! ', "24-sink-2"),
        ("Küche, Größe", "kuche-grosse"),
        ("ＷＡＬＬ №1 ½", "wall-no1-12"),
        ("smørrebrød œuvre łóżko ırmak", "smorrebrod-oeuvre-lozko-irmak"),
        ("../../etc/passwd\0", "etc-passwd"),
        ("島 island", "island"),
    ],
)
def test_a_slug_is_the_letters_and_digits_that_ascii_can_hold(text, name):
    assert slug(text) == name


def test_a_text_without_ascii_letters_gets_a_short_stable_digest():
    assert slug("島") == "xb46351"
    assert re.fullmatch("x[0-9a-f]{6}", slug(""))
    assert slug("島") != slug("壁")
    assert slug("\udc80")


def test_a_long_slug_is_cut_between_words_where_it_can_be():
    assert slug("a" * 100) == "a" * 60
    assert slug(("word " * 30).strip()) == "-".join(["word"] * 12)
    assert slug("a" * 59 + " bcd") == "a" * 59


@settings(deadline=None, max_examples=100)
@given(st.text())
def test_a_slug_is_a_safe_file_name(text):
    assert re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", slug(text))
    assert len(slug(text)) <= 60
    assert slug(slug(text)) == slug(text)


def test_a_mask_is_named_by_its_step_and_targets():
    assert mask_name(1, ("island", "black wall")) == "01-island-black-wall.png"
    assert mask_name(12, ("島",)) == "12-xb46351.png"
    assert mask_name(100, ("a",)) == "100-a.png"


def test_the_nearest_name_is_the_most_similar_one():
    assert nearest("dilate_fraction", ["feather_frac", "dilate_frac", "dilate_px"]) == "dilate_frac"
    assert nearest("CLIPSEG", ["clipseg", "starter"]) == "clipseg"
    assert nearest("mask.dilate", {"mask.dilate_px": 1, "boxes.threshold": 2}) == "mask.dilate_px"
    assert nearest("zebra", ["clipseg", "starter"]) is None
    assert nearest("a", []) is None


def test_the_nearest_name_does_not_depend_on_the_order_of_the_names():
    names = ["ab", "ac", "ad"]
    assert {nearest("a", order) for order in (names, names[::-1], set(names))} == {nearest("a", names)}


@pytest.mark.parametrize("name", ["con", "NUL", "com1", "lpt9", "aux.png", "prn "])
def test_names_of_windows_devices_are_reserved(name):
    assert is_reserved_name(name)


@pytest.mark.parametrize("name", ["01-con.png", "console", "com10", "lamp", ""])
def test_other_names_are_not_reserved(name):
    assert not is_reserved_name(name)


@given(st.text(max_size=80))
def test_a_slug_and_a_mask_name_suit_every_file_system(text):
    for name in (slug(text), mask_name(1, [text])):
        assert re.fullmatch(r"[a-z0-9][a-z0-9-]*(\.png)?", name)
    assert not is_reserved_name(mask_name(1, [text]))
