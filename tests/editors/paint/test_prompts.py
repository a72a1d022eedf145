"""Words and colours of the paint editor: what a designer may type, and what each means."""

import re
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageColor

from automask.editors.paint import Paint, look_for
from automask.editors.paint.catalogue import MATERIALS, material_in_colour
from automask.editors.paint.colours import HUES, NAMES, PAINTS, SHIFTS, hex_of, linear, shift_colour
from automask.editors.paint.finishes import FINISHES
from automask.editors.paint.listing import group_of, materials, sample
from automask.editors.paint.prompts import RELATIVES, SYNONYMS
from automask.editors.paint.ral import RAL
from automask.editors.swatches import files_named
from automask.errors import EditorError, UnknownPrompt
from automask.painting.editors import files_read
from automask.plan import parse_plan
from automask.protocols import Stages
from automask.types import Edit

PAGE = Path(__file__).resolve().parents[3] / "docs" / "guide" / "materials.md"


# Pillow puts a tuple in place of a name's value when it is first asked for it.
SCREEN = {name: "#{:02x}{:02x}{:02x}".format(*ImageColor.getrgb(name)) for name in ImageColor.colormap}


def lch(colour):
    """Lightness, chroma and hue in degrees of a `#rrggbb`, in OKLCH: Ottosson's published matrices, not Coloraide."""
    rgb = np.array(linear(colour))
    lms = np.array(
        [
            [0.4122214708, 0.5363325363, 0.0514459929],
            [0.2119034982, 0.6806995451, 0.1073969566],
            [0.0883024619, 0.2817188376, 0.6299787005],
        ]
    )
    lab = np.array(
        [
            [0.2104542553, 0.7936177850, -0.0040720468],
            [1.9779984951, -2.4285922050, 0.4505937099],
            [0.0259040371, 0.7827717662, -0.8086757660],
        ]
    )
    lightness, a, b = lab @ np.cbrt(lms @ rgb)
    return lightness, float(np.hypot(a, b)), float(np.degrees(np.arctan2(b, a)) % 360)


# -------------------------------------------------------------------------------------------------------------- colours


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("#abc", "#aabbcc"),
        ("#abcf", "#aabbcc"),
        ("rgb(170 187 204)", "#aabbcc"),
        ("rgb(170, 187, 204)", "#aabbcc"),
        ("rgb(50%,50%,50%)", "#808080"),
        ("hsl(120 50% 50%)", "#40bf40"),
        ("hsl(120, 50%, 50%)", "#40bf40"),
        ("hwb(0 100% 0%)", "#ffffff"),
        ("lab(100 0 0)", "#ffffff"),
        ("lch(0 0 0)", "#000000"),
        ("oklab(1 0 0)", "#ffffff"),
        ("oklch(62.8% 0.2577 29.23)", "#ff0000"),
        ("oklch(0.628 0.2577 29.23deg)", "#ff0000"),
        ("color(srgb 1 0 0)", "#ff0000"),
        ("rgb(none 0 0)", "#000000"),
        ("ral 9010", "#f1ece1"),
        ("ral9010", "#f1ece1"),
        ("ral-7016", "#383e42"),
        ("light blue", "#add8e6"),
        ("light-blue", "#add8e6"),
        ("dark slate gray", "#2f4f4f"),
        ("light grey", "lightgray"),
        ("duck-egg", "duckegg"),
        ("gray", "#808080"),
        ("stone gray", "stone grey"),
    ],
)
def test_notations_of_the_same_colour(text, same):
    assert hex_of(text) == hex_of(same)


@pytest.mark.parametrize(("name", "value"), SCREEN.items())
def test_css_names_are_css_colours_but_for_navy_and_the_plain_hues(name, value):
    assert hex_of(name) == (PAINTS[name] if name in ("navy", *HUES) else value)


@pytest.mark.parametrize("hue", HUES)
def test_a_plain_hue_is_a_paint_of_that_hue(hue):
    """Not the screen's: nobody paints a wall #0000ff. CSS's brown is a red; a paint's is between red and yellow."""
    lightness, chroma, angle = lch(hex_of(hue))
    _, screen_chroma, screen_angle = lch(SCREEN[hue])
    assert 0.3 < lightness < 0.9
    assert 0.03 < chroma < 0.85 * screen_chroma
    assert 40 < angle < 80 if hue == "brown" else abs((angle - screen_angle + 180) % 360 - 180) < 30


def test_browns_are_brown_in_any_shade():
    for words in ("brown", "dark brown", "light brown", "deep brown", "warm brown"):
        assert 35 < lch(hex_of(words))[2] < 80, words
    assert lch(hex_of("dark brown"))[0] < lch(hex_of("brown"))[0] < lch(hex_of("light brown"))[0]


def test_dark_grey_is_darker_than_grey_and_the_css_name_keeps_its_value():
    assert lch(hex_of("dark grey"))[0] < lch(hex_of("grey"))[0]
    assert hex_of("darkgray") == hex_of("darkgrey") == "#a9a9a9"


def test_all_213_numbers_of_ral_classic_are_there():
    assert len(RAL) == 213
    assert all(re.fullmatch(r"#[0-9a-f]{6}", value) for value in RAL.values())
    assert {number[0] for number in RAL} == set("123456789")


def test_the_paint_words_are_some_ninety_and_spelled_for_the_lookup():
    assert 60 <= len(PAINTS) <= 120
    assert all(re.fullmatch(r"#[0-9a-f]{6}", value) for value in (*PAINTS.values(), *NAMES.values()))
    assert all(look_for(f"{word} paint").reflectance == linear(value) for word, value in PAINTS.items())


@pytest.mark.parametrize("text", ["oklch(60% 0.4 30)", "lab(60 90 -90)", "lch(50 200 140)", "color(rec2020 0 1 0)"])
def test_a_colour_outside_srgb_keeps_its_hue_and_loses_chroma(text):
    from coloraide import Color

    asked, got = Color(text).convert("oklch"), lch(hex_of(text))
    assert got[1] < asked["chroma"]
    assert abs((got[2] - asked["hue"] + 180) % 360 - 180) < 4
    assert abs(got[0] - asked["lightness"]) < 0.03


def test_figures_of_rgb_beyond_their_range_are_cut_as_css_does():
    assert hex_of("rgb(300, -5, 0)") == "#ff0000"


@pytest.mark.parametrize("text", ["lab(1e300 0 0)", "oklch(0.5 1e30 40)", "rgb(1e999 0 0)", "oklch(0.6 -1e9 0)"])
def test_figures_that_no_colour_has_are_no_colour(text):
    assert hex_of(text) is None


@pytest.mark.parametrize("text", ["#abcd", "#aabbcc80", "rgba(1,2,3,.5)", "rgb(1 2 3 / 50%)", "oklch(0.5 0.1 40 / 0)"])
def test_a_see_through_colour_is_refused(text):
    with pytest.raises(
        EditorError, match=r"is see-through, and paint covers; leave its alpha out, as in #[0-9a-f]{6}$"
    ):
        look_for(text)


@pytest.mark.parametrize(("number", "near"), [("9099", "9023"), ("2017", "2013"), ("1", "1000"), ("9" * 40, "9023")])
def test_an_unknown_ral_number_gets_the_nearest(number, near):
    with pytest.raises(EditorError) as caught:
        look_for(f"RAL {number}")
    assert str(caught.value) == f"there is no RAL {number} in RAL Classic; the nearest number is RAL {near}"


@pytest.mark.parametrize("colour", ["#98a48c", "#222f44", "#808080", "#b0694c", "#ffffff", "#000000"])
def test_modifying_words_do_what_is_written(colour):
    lightness, chroma, _ = lch(colour)
    tolerance = 0.006  # 8 bits
    for word, way in (("light", 1 / 3), ("pale", 1 / 2), ("soft", 1 / 6), ("muted", 0)):
        assert abs(lch(shift_colour(colour, word))[0] - (lightness + way * (1 - lightness))) < tolerance
        assert lch(shift_colour(colour, word))[1] <= chroma + tolerance
    for word, share in (("dark", 0.72), ("deep", 0.8)):
        assert abs(lch(shift_colour(colour, word))[0] - share * lightness) < 2 * tolerance

    def amber(value):
        _, strength, hue = lch(value)
        return strength * np.cos(np.radians(hue - 70))

    assert amber(shift_colour(colour, "warm")) > amber(shift_colour(colour, "cool"))


@pytest.mark.parametrize(
    ("text", "is_"),
    [
        ("dark sage", lambda new: lch(new)[0] < lch(PAINTS["sage"])[0]),
        ("pale navy", lambda new: lch(new)[0] > lch(PAINTS["navy"])[0]),
        ("warm grey", lambda new: 50 < lch(new)[2] < 90),
        ("cool grey", lambda new: 230 < lch(new)[2] < 270),
        ("deep warm grey", lambda new: lch(new)[0] < 0.52 and 40 < lch(new)[2] < 100),
        ("light ral 9005", lambda new: lch(new)[0] > 0.35),
    ],
)
def test_modifying_words_before_a_colour_without_such_a_name(text, is_):
    assert is_(hex_of(text))


def test_a_colour_that_has_such_a_name_is_not_shifted():
    assert hex_of("dark green") == SCREEN["darkgreen"]
    assert hex_of("warm white") == PAINTS["warm white"]


def test_coloraide_is_imported_only_where_figures_are_read():
    code = (
        "import sys; from automask.editors.paint import look_for; look_for('satin sage velvet'); look_for('RAL 9010')"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"{code}; print('coloraide' in sys.modules)"], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


# ------------------------------------------------------------------------------------------------------------- finishes


@pytest.mark.parametrize(
    ("prompt", "colour", "gloss"),
    [
        ("white gloss", "white", 1),
        ("matte black", "black", 0),
        ("flat white", "white", 0),
        ("satin RAL 7016", "ral 7016", 0.35),
        ("off-white eggshell", "off white", 0.2),
        ("eggshell", "eggshell", None),
        ("eggshell paint", "eggshell", None),
        ("semi-gloss navy", "navy", 0.7),
        ("navy, high gloss", "navy", 1),
        ("high-gloss lacquered white paint", "white", 1),
        ("matt rgb(10 20 30)", "#0a141e", 0),
        ("oklch(100% 0 0) satinwood", "white", 0.35),
        ("white paint", "white", None),
        ("painted white", "white", None),
        ("sage paint", "sage", None),
        ("white walls", "white", None),
    ],
)
def test_a_colour_with_a_finish(prompt, colour, gloss):
    look = look_for(prompt)
    assert (look.reflectance, look.gloss, look.texture) == (linear(hex_of(colour)), gloss, None)


@pytest.mark.parametrize("finish", FINISHES)
@pytest.mark.parametrize("what", ["white marble", "oak", "terracotta"])
def test_any_finish_goes_before_or_after_anything(finish, what):
    for prompt in (f"{finish} {what}", f"{what} {finish}", f"{what}, {finish}".upper()):
        look = look_for(prompt)
        assert look.gloss == FINISHES[finish]
        assert look.floor is None or look.floor.gloss == FINISHES[finish]
        assert look.texture is look_for(what).texture


def test_two_finishes_that_disagree_are_refused():
    with pytest.raises(EditorError) as caught:
        look_for("matt white gloss")
    assert str(caught.value) == "'matt white gloss' is matt and gloss at once; say one finish"


def test_a_finish_alone_asks_of_what():
    with pytest.raises(UnknownPrompt, match="'matte' is a finish: say of what, as in 'matte white'; it knows CSS"):
        look_for("matte")


# ------------------------------------------------------------------------------------------------------------ materials


@pytest.mark.parametrize("name", MATERIALS)
def test_a_material_is_known_in_any_case_and_with_hyphens(name):
    assert look_for(name) is MATERIALS[name]
    assert look_for(name.upper().replace(" ", "-")) is MATERIALS[name]


@pytest.mark.parametrize(("name", "means"), SYNONYMS.items())
def test_another_name_is_the_material(name, means):
    assert look_for(name) is MATERIALS[means]


@pytest.mark.parametrize(
    ("prompt", "name"),
    [
        ("Calacatta marble", "white marble"),
        ("statuario", "white marble"),
        ("nero marquina marble", "black marble"),
        ("gray marble", "grey marble"),
        ("parquet", "oak planks"),
        ("floorboards", "oak planks"),
        ("laminate oak", "oak planks"),
        ("wooden floor", "oak planks"),
        ("smoked oak", "smoked oak"),
        ("dark oak flooring", "smoked oak planks"),
        ("herringbone oak floor", "oak herringbone"),
        ("oak herringbone", "oak herringbone"),
        ("oak herringbone parquet", "oak herringbone"),
        ("herringbone", "oak herringbone"),
        ("walnut veneer", "walnut"),
        ("stainless steel", "brushed steel"),
        ("metro tiles", "subway tile"),
        ("exposed brick wall", "brick"),
        ("bricks", "brick"),
        ("striped wallpaper", "wallpaper"),
        ("wallpaper stripes", "wallpaper"),
        ("concrete floor", "concrete"),
        ("slate", "slate"),
    ],
)
def test_words_for_materials(prompt, name):
    assert look_for(prompt) is MATERIALS[name]


@pytest.mark.parametrize(
    ("prompt", "name", "colours"),
    [
        ("sage velvet", "velvet", ["sage"]),
        ("navy linen", "linen", ["navy"]),
        ("grey wool", "wool", ["grey"]),
        ("dark brown leather", "leather", ["dark brown"]),
        ("velvet in sage", "velvet", ["sage"]),
        ("linen, RAL 9010", "linen", ["ral 9010"]),
        ("oklch(60% 0.1 30) velvet", "velvet", ["oklch(60% 0.1 30)"]),
        ("white subway tile", "subway tile", ["white"]),
        ("deep green metro tiles", "subway tile", ["deep green"]),
        ("grey brick", "brick", ["grey"]),
        ("navy and white wallpaper stripes", "wallpaper", ["navy", "white"]),
        ("wallpaper with navy & white stripes", "wallpaper", ["navy", "white"]),
        ("sage striped wallpaper", "wallpaper", ["sage"]),
    ],
)
def test_a_material_in_a_colour(prompt, name, colours):
    got, asked = look_for(prompt), material_in_colour(name, *[linear(hex_of(colour)) for colour in colours])
    assert (got.reflectance, got.gloss, got.layout) == (asked.reflectance, asked.gloss, asked.layout)
    assert got.texture.func is asked.texture.func


def test_slate_paint_is_a_colour_and_slate_a_stone():
    assert look_for("slate paint").texture is None
    assert look_for("slate").texture is not None


def test_a_material_that_takes_no_colour_says_so():
    with pytest.raises(
        UnknownPrompt, match="does not know 'pink marble'; 'white marble' takes no colour; it knows CSS"
    ):
        look_for("pink marble")


@pytest.mark.parametrize(
    ("slip", "meant"),
    [
        ("sage velvt", "sage velvet"),
        ("herringbone ook", "oak herringbone"),
        ("ivroy", "ivory"),
        ("duck eg", "duck egg"),
    ],
)
def test_a_slip_in_one_word_gets_the_whole_phrase(slip, meant):
    with pytest.raises(UnknownPrompt, match=f"; did you mean '{meant}'\\? it knows CSS colours"):
        look_for(slip)


@pytest.mark.parametrize(
    "prompt", ["floor", "", "  ", "paint", "wall", "in", "and", "white and", "stripes of joy", "("]
)
def test_words_that_say_nothing_are_unknown(prompt):
    with pytest.raises(UnknownPrompt):
        look_for(prompt)


PIECES = sorted(
    {*FINISHES, *SHIFTS, *PAINTS, *MATERIALS, "and", "in", "paint", "rgb(", "oklch(1 2 3)", "#abc", "RAL 9010"}
)


@pytest.mark.slow
@given(st.one_of(st.text(max_size=40), st.lists(st.sampled_from(PIECES), max_size=6).map(" ".join)))
def test_any_text_is_a_look_or_a_refusal(text):
    try:
        look = look_for(text)
    except EditorError as refusal:
        answer = refusal.hint
    else:
        answer = "a look"
        assert all(0 <= level <= 1 for level in look.reflectance)
        assert look.gloss is None or 0 <= look.gloss <= 1
    assert answer


@given(
    st.tuples(*[st.floats(allow_nan=True, allow_infinity=True)] * 3), st.sampled_from(["rgb", "lab", "oklch", "hsl"])
)
def test_any_figures_are_a_colour_or_none(figures, notation):
    colour = hex_of(f"{notation}({' '.join(map(repr, figures))})")
    assert colour is None or re.fullmatch(r"#[0-9a-f]{6}", colour)


# ------------------------------------------------------------------------------------------------------------- swatches


@pytest.mark.parametrize(
    ("prompt", "path"),
    [
        ("swatch:My Pics/Oak Floor.JPG", "My Pics/Oak Floor.JPG"),
        ("Swatch:  a.jpg ", "a.jpg"),
        ('swatch:"two  blanks.jpg"', "two  blanks.jpg"),
        (r"swatch:C:\Pics\Oak.jpg", r"C:\Pics\Oak.jpg"),
        ("swatch:white gloss.jpg", "white gloss.jpg"),
    ],
)
def test_a_swatch_keeps_its_path(prompt, path, monkeypatch):
    asked = []
    monkeypatch.setattr(
        "automask.editors.paint.prompts.swatch_look", lambda path: asked.append(path) or MATERIALS["oak"]
    )
    assert look_for(prompt) is MATERIALS["oak"]
    assert look_for(f"High Gloss {prompt}").gloss == 1
    assert asked == [path, path]


def test_a_swatch_is_relative_to_the_working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Image.fromarray(np.full((64, 64, 3), (200, 100, 50), np.uint8)).save(tmp_path / "Mine.png")
    assert look_for("swatch:Mine.png") is not None
    with pytest.raises(EditorError):
        look_for("swatch:mine-is-not-here.png")


def test_only_a_finish_may_precede_a_swatch():
    with pytest.raises(EditorError, match="'white' before 'swatch:' is not a finish; a picture brings its own colour"):
        look_for("white swatch:oak.jpg")


# -------------------------------------------------------------------------------------------------------------- listing


def test_the_listing_names_every_material_once_group_by_group():
    rows = Paint().materials()
    assert rows == materials()
    assert sorted(row["name"] for row in rows) == sorted(MATERIALS)
    groups = [row["group"] for row in rows]
    assert groups == sorted(groups, key=groups.index)
    assert [row["takes_colour"] for row in rows if row["name"] in ("velvet", "white marble")] == [False, True]
    assert {group_of(name) for name in ("oak", "brass", "linen", "brick")} == {
        "wood",
        "metal",
        "cloth, leather and cane",
        "tile and brick",
    }


@pytest.mark.skipif(not PAGE.is_file(), reason="docs/ is not in this checkout")
def test_the_page_names_every_material_paint_word_finish_and_shift():
    page = PAGE.read_text(encoding="utf-8")
    for row in materials():
        colour = "yes" if row["takes_colour"] else ""
        assert f"| {row['group']} | `{row['name']}` | {row['finish'] or 'as it was'} | {colour} |" in page
    for word in (*PAINTS, *FINISHES):
        assert f"`{word}`" in page, word
    for word, what in SHIFTS.items():
        assert f"| `{word}` | {what} |" in page


def test_every_prompt_of_the_page_is_known(monkeypatch):
    monkeypatch.setattr("automask.editors.paint.prompts.swatch_look", lambda path: MATERIALS["oak"])
    (block,) = re.findall(r"^```words\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    plan = parse_plan(block)
    assert len(plan) == 7
    for edit in plan:
        Paint().check(edit.prompt)


@pytest.mark.parametrize("name", ["white marble", "subway tile", "velvet"])
def test_a_sample_is_a_picture_about_as_light_as_its_material(name):
    picture = sample(name, size_hw=(80, 120), px_per_m=100)
    assert (picture.shape, picture.dtype) == ((80, 120, 3), np.uint8)
    np.testing.assert_array_equal(picture, Paint().sample(name, size_hw=(80, 120), px_per_m=100))
    assert abs(np.median(picture) / 255 - np.mean(MATERIALS[name].reflectance) ** (1 / 2.2)) < 0.15


def test_a_sample_of_nothing_known_is_refused():
    with pytest.raises(EditorError, match="no material 'cheese'; see 'automask materials'"):
        sample("cheese")


@pytest.mark.parametrize("text", ["light " * 2000 + "red", "a " * 5000, "a" + " " * 20000 + "b", "a" * 201])
def test_a_text_longer_than_any_look_is_refused_at_once_in_a_short_message(text):
    with pytest.raises(UnknownPrompt) as caught:
        look_for(text)
    start = text.strip()[:40]
    assert caught.value.problem.startswith(f"paint does not know '{start}")
    assert caught.value.problem.endswith("letters long")
    assert caught.value.hint.startswith("say it in 200 letters or fewer; it knows CSS colours")
    assert len(str(caught.value)) < 400


def test_the_files_that_words_name_are_the_swatch_s_picture():
    named = [files_named(text) for text in ("sage", "swatch:My Oak.jpg", "Matt SWATCH: 'a;b.png' ", "swatches:x")]
    assert named == [(), ("My Oak.jpg",), ("a;b.png",), ()]


def test_a_changed_picture_of_a_material_is_another_configuration(tmp_path):
    """Otherwise a batch would skip the photos that were painted with it before."""
    picture = tmp_path / "oak.png"
    stages = Stages(segmenter=None, refiner=None, editor=Paint())
    plan = (Edit(targets=("wall",), prompt=f"matt swatch:{picture}"), Edit(targets=("floor",), prompt="oak"))
    seen = []
    for level in (90, 91):
        cv2.imwrite(str(picture), np.full((64, 64, 3), level, np.uint8))
        seen.append(files_read(plan, stages))
    assert [list(each) for each in seen] == [[str(picture)], [str(picture)]]
    assert seen[0] != seen[1]


@pytest.mark.parametrize("prompt", [*RELATIVES, "honed soapstone", "jute rug", "dark sapele floor"])
def test_a_material_that_is_not_there_is_refused_with_one_that_looks_like_it(prompt):
    with pytest.raises(UnknownPrompt) as caught:
        look_for(prompt)
    name = re.search(r"; '([a-z ]+)' comes nearest; it knows CSS", str(caught.value))[1]
    assert name in MATERIALS
    assert name in RELATIVES.values()


@pytest.mark.parametrize(
    ("text", "wood"),
    [("wild cherry", "cherry wood"), ("light pine planks", "pine planks"), ("black walnut", "walnut")],
)
def test_a_tree_s_other_names_are_its_wood_and_no_colour(text, wood):
    assert look_for(text) is MATERIALS[wood]
