"""The photo's noise on what was painted."""

import cv2
import numpy as np
import pytest

from automask.editors.paint import Paint
from automask.editors.paint.grain import add_grain, calm_darks
from automask.editors.paint.tone import LUMA


def noisy(level, deviation, hw=(96, 128), seed=1):
    noise = np.random.default_rng(seed).standard_normal((*hw, 1)) * deviation
    return np.clip(np.rint(level + noise * np.ones(3)), 0, 255).astype(np.uint8)


def grained(painted, photo, mask, *, seed):
    out = painted.copy()
    add_grain(out, photo, mask, seed=seed)
    return out


MASK = np.zeros((96, 128), np.bool_)
MASK[16:80, 16:96] = True


@pytest.mark.parametrize("deviation", [2.5, 5.0])
def test_an_even_fill_gets_the_noise_of_the_photo(deviation):
    photo = noisy(150, deviation)
    painted = photo.copy()
    painted[MASK] = (90, 100, 110)
    out = grained(painted, photo, MASK, seed=3)
    assert 0.7 * deviation < out[MASK][:, 1].std() < 1.3 * deviation
    np.testing.assert_allclose(out[MASK].mean(0), (90, 100, 110), atol=0.2)
    np.testing.assert_array_equal(out[~MASK], painted[~MASK])
    np.testing.assert_array_equal(out, grained(painted, photo, MASK, seed=3))
    assert (out != grained(painted, photo, MASK, seed=4)).any()


def test_a_clean_photo_gets_none_and_noise_that_is_there_is_not_doubled():
    clean = np.full((96, 128, 3), 150, np.uint8)
    np.testing.assert_array_equal(grained(clean, clean, MASK, seed=0), clean)
    photo = noisy(150, 4.0)
    np.testing.assert_array_equal(grained(photo, photo, MASK, seed=0), photo)


def test_a_texture_round_the_mask_is_no_noise():
    """Stripes cover most of the photo, and even parts say how much noise there is."""
    photo = noisy(150, 0.0)
    photo[:, ::2] = 110
    photo[:, 96:] = 150
    painted = photo.copy()
    painted[MASK] = 90
    np.testing.assert_array_equal(grained(painted, photo, MASK, seed=0), painted)


def test_a_mask_too_small_to_measure_is_left_as_it_is():
    photo = noisy(150, 4.0)
    small = np.zeros_like(MASK)
    small[40:46, 50:56] = True
    np.testing.assert_array_equal(grained(photo, photo, small, seed=0), photo)


def black_front(deviation, level=12):
    """A noisy photo of a black front, with a dark gap down its middle, in a pale room."""
    photo = noisy(180, deviation, (160, 208)).astype(int)
    photo[24:136, 32:176] += level - 180
    photo[24:136, 102:105] -= 6
    mask = np.zeros((160, 208), np.bool_)
    mask[24:136, 32:176] = True
    return np.clip(photo, 0, 255).astype(np.uint8), mask


def fine(picture, where):
    luma = (picture @ LUMA).astype(np.float32)
    return (luma - cv2.GaussianBlur(luma, (0, 0), 3))[where].std()


@pytest.mark.parametrize(("prompt", "times"), [("white", 1.2), ("sage", 1.6)])
@pytest.mark.parametrize("deviation", [2.0, 4.0])
def test_noise_of_a_black_surface_is_hardly_more_on_a_lighter_one(deviation, prompt, times):
    photo, mask = black_front(deviation, level=12)
    painted = Paint().paint(photo, mask, prompt, seed=0)
    where = (slice(40, 120), slice(44, 92))
    assert fine(painted, where) < times * fine(photo, where)


def test_dark_noise_is_calmed_and_what_is_larger_stays():
    photo, mask = black_front(2.0, level=40)
    photo[24:136, 102:105] = 4
    calmed = calm_darks(photo, photo, mask)
    assert fine(calmed, (slice(40, 120), slice(44, 92))) < 0.5 * fine(photo, (slice(40, 120), slice(44, 92)))
    gap = calmed[40:120, 103].mean() - calmed[40:120, 92:96].mean()
    assert gap < -0.9 * 36
    np.testing.assert_array_equal(calmed[:, 185:], photo[:, 185:])  # bright


def test_nothing_is_calmed_where_a_surface_is_bright_or_a_photo_clean():
    photo, mask = black_front(3.0, level=150)
    assert calm_darks(photo, photo, mask) is photo
    clean, mask = black_front(0.0)
    assert calm_darks(clean, clean, mask) is clean


@pytest.mark.parametrize(("around", "side", "at"), [(0, 64, slice(20, 44)), (255, 1600, slice(816, 840))])
def test_a_dark_surface_in_nothing_but_black_or_white_stays_as_it_is(around, side, at):
    photo = np.full((side, side, 3), around, np.uint8)  # of the larger one only every other row of cells is looked at
    photo[at, at] = noisy(10, 1.0, (24, 24))
    photo[at.start + 16 if side > 64 else side :] = around
    seen = slice(at.start - 8, at.stop) if side == 64 else at
    part = photo[seen, seen].copy()
    mask = np.zeros(part.shape[:2], np.bool_)
    mask[-24:, -24:] = True
    assert calm_darks(part, photo, mask) is part
