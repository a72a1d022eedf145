"""Laws of colour words. What single notations and words mean is in test_prompts.py."""

import re
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automask.editors.paint.colours import NAMES, PAINTS, SHIFTS, colour_of, hex_of, key_of, linear, resolve_notations
from automask.editors.paint.ral import RAL
from automask.editors.paint.tone import LINEAR, LUMA
from automask.errors import EditorError

levels = st.integers(0, 255)
colours = st.builds("#{:02x}{:02x}{:02x}".format, levels, levels, levels)


@given(levels, levels, levels)
def test_linear_is_the_tone_curve_s_own_table(red, green, blue):
    np.testing.assert_allclose(linear(f"#{red:02x}{green:02x}{blue:02x}"), LINEAR[[red, green, blue]], rtol=1e-5)


@pytest.mark.parametrize("text", ["", "swatch", "#12", "sage", "ral 9010"])
def test_linear_of_what_css_does_not_name_is_refused(text):
    with pytest.raises(ValueError, match="color"):
        linear(text)


@given(colours)
@settings(deadline=None)  # the first of them imports Coloraide
def test_a_hex_is_itself_however_it_is_written(colour):
    assert hex_of(colour) == hex_of(f"  {colour}ff ") == colour
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    assert hex_of(f"rgb({red} {green} {blue})") == colour
    assert colour_of(colour) == linear(colour)


@given(st.text("0123456789abcdef", min_size=3, max_size=3))
def test_three_digits_are_six(digits):
    assert hex_of(f"#{digits}") == hex_of(f"#{digits}f") == "#" + "".join(2 * digit for digit in digits)


def test_gray_is_grey():
    assert key_of("dark-gray") == key_of("dark grey") == "darkgrey"


@pytest.mark.parametrize(
    "text", ["", " ", "#", "#12345", "#xyz", "rgb(", "rgb()", "hsl(1 2)", "nowhere", "dark", "dark nowhere"]
)
def test_what_is_no_colour_is_none(text):
    assert hex_of(text) is None
    assert colour_of(text) is None


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_name_is_found_by_its_key_in_any_spelling(name):
    assert key_of(name) == name
    assert key_of(f" {name[:2]}- {name[2:]}") == name
    assert hex_of(name) == NAMES[name]
    assert hex_of(name.replace("grey", "gray")) == NAMES[name]


@pytest.mark.parametrize(
    ("text", "word"),
    [("sage green", "sage"), ("navy blue", "navy"), ("duck-egg blue", "duck egg"), ("slate grey", None)],
)
def test_a_family_after_a_paint_word_says_nothing_new(text, word):
    """But for a name of CSS, which keeps its own value."""
    assert hex_of(text) == (PAINTS[word] if word else "#708090")


def test_ral_numbers_are_told_with_and_without_their_space():
    for number, colour in RAL.items():
        assert hex_of(f"ral {number}") == hex_of(f"ral{number}") == hex_of(f"ral-{number}") == colour


@given(st.sampled_from(sorted(SHIFTS)), colours)
@settings(deadline=None)
def test_a_modified_colour_is_a_colour_and_the_same_each_time(word, colour):
    got = hex_of(f"{word} {colour}")
    assert re.fullmatch("#[0-9a-f]{6}", got)
    assert hex_of(f"{word}  {colour}") == got


@given(colours)
@settings(deadline=None)
def test_light_and_pale_are_lighter_and_dark_and_deep_darker(colour):
    own, light, pale, dark, deep = (
        LUMA @ linear(each)
        for each in (colour, *(hex_of(f"{word} {colour}") for word in ("light", "pale", "dark", "deep")))
    )
    trace = 0.01  # 8 bits, and chroma that sRGB cannot show
    assert pale + trace >= light >= own - trace
    assert dark <= deep + trace
    assert deep <= own + trace


@given(colours)
@settings(deadline=None)
def test_muted_is_nearer_to_grey(colour):
    def spread(each):
        return np.ptp([int(each[at : at + 2], 16) for at in (1, 3, 5)])

    assert spread(hex_of(f"muted {colour}")) <= spread(colour) + 2


@pytest.mark.parametrize(
    ("text", "out"),
    [
        ("matt rgb(10, 20, 30) paint", "matt  #0a141e  paint"),
        ("ral 9010 velvet", "#f1ece1 velvet"),
        ("ral-7016", "#383e42"),
        ("hsl(nothing) oak", " hsl(nothing)  oak"),
        ("dark oak", "dark oak"),
    ],
)
def test_notations_are_spelled_out_and_all_else_stays(text, out):
    assert resolve_notations(text).split() == out.split()
    assert resolve_notations(resolve_notations(text)).split() == out.split()


@pytest.mark.parametrize("text", ["ral 9099 velvet", "matt rgb(1 2 3 / 50%)"])
def test_spelling_out_refuses_what_no_paint_can_be(text):
    with pytest.raises(EditorError, match=r"there is no RAL 9099|'rgb\(1 2 3 / 50%\)' is see-through"):
        resolve_notations(text)


def test_a_colour_that_pillow_has_used_by_name_keeps_its_name():
    code = (
        "from PIL import Image; Image.new('RGB', (1, 1), 'gold')\n"
        "from automask.editors.paint.colours import hex_of; print(hex_of('gold'))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "#ffd700\n"
