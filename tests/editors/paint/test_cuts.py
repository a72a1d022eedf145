"""Sizes, joints, bond and direction of a material, in words."""

import numpy as np
import pytest

from automask.editors.paint import look_for
from automask.editors.paint.catalogue import MATERIALS
from automask.editors.paint.colours import linear
from automask.editors.paint.cuts import DARK_GROUT, NO_CUT, Cut, split_cut
from automask.errors import EditorError, UnknownPrompt


def keywords(prompt):
    return look_for(prompt).texture.keywords


@pytest.mark.parametrize(
    ("words", "cut", "rest"),
    [
        ("60x60 tile", Cut(size_wh=(0.6, 0.6)), "tile"),
        ("30 x 10 cm tile", Cut(size_wh=(0.3, 0.1)), "tile"),
        ("10x30 tile", Cut(size_wh=(0.3, 0.1)), "tile"),
        ("600x1200 tile", Cut(size_wh=(1.2, 0.6)), "tile"),
        ("tile 60x60cm with dark grout", Cut(size_wh=(0.6, 0.6), grout=DARK_GROUT), "tile"),
        ("tile with 5 mm joints", Cut(joint_m=0.005), "tile"),
        ("white tile with 3 mm dark grey grout", Cut(joint_m=0.003, grout=linear("#4c4e50")), "white tile"),
        ("oak herringbone 7 cm", Cut(width_m=0.07), "oak herringbone"),
        ("12 inch oak planks", Cut(width_m=12 * 0.0254), "oak planks"),
        ("tile stacked", Cut(offset=0.0), "tile"),
        ("board towards the window", Cut(direction="window"), "board"),
        ("oak floor laid lengthwise", Cut(direction="lengthwise"), "oak floor"),
        ("horizontal walnut", Cut(direction="level"), "walnut"),
        ("ral 7016", NO_CUT, "ral 7016"),
        ("three coats", NO_CUT, "three coats"),
    ],
)
def test_words_are_parted_into_a_cut_and_the_rest(words, cut, rest):
    found, left = split_cut(words.split())
    assert " ".join(left) == rest
    assert found.size_wh == pytest.approx(cut.size_wh)
    assert found.width_m == pytest.approx(cut.width_m)
    assert (found.joint_m, found.grout, found.offset, found.direction) == (
        *(cut.joint_m, cut.grout, cut.offset),
        cut.direction,
    )


def test_a_cut_changes_the_pieces_and_the_mean_with_them():
    large = keywords("60x60 grey tiles with dark grout")
    assert large["size_wh"] == pytest.approx((0.6, 0.6))
    assert large["grout"] == DARK_GROUT
    dark, light = (look_for(f"white metro tiles with {how} grout").reflectance for how in ("black", "white"))
    assert np.all(np.array(dark) < light)
    assert keywords("walnut planks 25 cm")["board_m"] == pytest.approx(0.25)
    assert keywords("herringbone 10 cm")["block_m"] == pytest.approx(0.10)
    assert keywords("slatted oak 6 cm")["pitch_m"] == pytest.approx(0.06)
    assert keywords("brick with dark grout")["mortar"] == DARK_GROUT
    assert keywords("stacked metro tiles")["offset"] == 0.0
    assert look_for("15 cm oak").layout == "boards"  # a width of a wood is that of its boards


@pytest.mark.parametrize(
    "prompt", ["60x60 sage tiles with 8 mm dark grout", "30x60 terrazzo tiles", "60x60 slate tiles with white grout"]
)
def test_the_mean_of_a_cut_is_that_of_what_is_drawn(prompt):
    look = look_for(prompt)
    drawn = [look.texture((300, 300), 150.0, np.random.default_rng(seed)).mean((0, 1)) for seed in range(6)]
    np.testing.assert_allclose(np.mean(drawn, axis=0), look.reflectance, rtol=0.05)


def test_every_stone_comes_as_tiles():
    for name in ("white marble", "travertine", "terrazzo", "concrete", "granite", "slate"):
        look = look_for(f"{name} tiles")
        assert look.layout == "courses"
        assert look is look_for(f"{name} tile")
    with pytest.raises(UnknownPrompt):
        look_for("oak tiles")


def test_a_direction_is_kept_with_the_look():
    assert look_for("oak planks towards the window").direction == "window"
    assert look_for("vertical shiplap").direction == "upright"
    assert look_for("matt horizontal oak").direction == "level"
    assert look_for("oak").direction is None
    assert look_for("vertical wallpaper stripes").texture.func is MATERIALS["wallpaper"].texture.func


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        ("60x60 navy", "'60x60 navy': a size or joints; say it of tiles"),
        ("navy crosswise", "'navy crosswise': a direction; say it of boards"),
        ("10 cm marble", "a size or joints; say it of tiles"),
        ("500x900 cm tiles", "a size of 500 cm; give 5 mm to 3000 mm"),
        ("tiles with 50 cm grout", "a joint of 50 cm; give 0 mm to 30 mm"),
        ("1x1 tiles with 9 mm grout", "joints of 9 mm; say narrower joints"),
        ("tiles with nice grout", "is no joint; say dark grout, white grout or 5 mm joints"),
        ("oak planks with dark grout", "joints or a bond of boards; say their width only"),
        ("oak planks 1 cm", "1 cm; give 3 cm to 60 cm"),
        ("stacked brick", "bricks have one size and bond"),
    ],
)
def test_a_cut_that_a_material_cannot_have_is_refused(prompt, said):
    with pytest.raises(EditorError, match=said):
        look_for(prompt)
