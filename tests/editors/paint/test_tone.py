import numpy as np
import pytest

from automask.editors.paint.tone import LINEAR, LUMA, encode, linear_of_scene, scene_of_linear
from automask.images import to_uint8

LIGHT = np.linspace(0, 1, 4001, dtype=np.float32)


def test_every_level_comes_back():
    np.testing.assert_array_equal(to_uint8(encode(LINEAR)), np.arange(256))
    assert (LINEAR[0], LINEAR[255]) == (0, 1)


def test_encoding_is_the_formula_of_srgb_to_a_twentieth_of_a_level():
    formula = np.where(LIGHT <= 0.0031308, 12.92 * LIGHT, 1.055 * LIGHT ** (1 / 2.4) - 0.055)
    np.testing.assert_allclose(encode(LIGHT), formula, atol=0.05 / 255)


def test_light_beyond_what_a_screen_shows_is_white_and_below_nothing_black():
    np.testing.assert_allclose(encode(np.array([-1, 1.5, 1e9], np.float32)), [0, 1, 1], atol=1e-6)


def test_scene_light_there_and_back_is_the_same():
    np.testing.assert_allclose(linear_of_scene(scene_of_linear(LIGHT)), np.maximum(LIGHT, 6e-4), atol=1e-6)


def test_scene_light_keeps_the_order_and_is_finite_in_the_dark():
    scene = scene_of_linear(LIGHT)
    assert np.isfinite(scene).all()
    assert (np.diff(scene[3:]) > 0).all()
    assert scene[0] == scene[1]  # below two levels of 255 all is noise


@pytest.mark.parametrize("scene", [-50.0, -1.0, 0.0, 2.0, 30.0])
def test_any_scene_light_is_shown_within_the_screen_s_range(scene):
    shown = linear_of_scene(np.array([[scene]], np.float32))
    assert shown.dtype == np.float32
    assert 0 <= shown[0, 0] <= 1


def test_half_the_light_looks_darker_everywhere_and_least_where_the_camera_clips():
    """The curve has a shoulder: of two stops' difference a bright surface shows less than a middle one."""
    whole = np.array([[0.2, 0.95]], np.float32)
    half = linear_of_scene(scene_of_linear(whole) + np.float32(np.log(0.5)))
    assert (half < whole).all()
    assert half[0, 1] / whole[0, 1] > half[0, 0] / whole[0, 0]


def test_luma_weighs_green_most_and_adds_up():
    assert LUMA.sum() == pytest.approx(1)
    assert LUMA[1] > LUMA[0] > LUMA[2] > 0
