import cv2
import numpy as np
import pytest

from automask.editors.paint.cloth import CANE_SHARE, cane, leather, linen, stripes, velvet, wool

OLIVE, ROSE = (0.2, 0.3, 0.1), (0.4, 0.2, 0.25)
STRAND, HOLE = (0.6, 0.5, 0.4), (0.02, 0.02, 0.02)


def drawn(texture, hw=(200, 300), px_per_m=500.0, seed=0, **colours):
    return texture(hw, px_per_m, np.random.default_rng(seed), **colours)


def tone(texture, **where):
    """[h, w] how much lighter than its colour a cloth is."""
    return drawn(texture, colour=OLIVE, **where)[..., 1] / OLIVE[1]


def fine_share(plane, sigma_px):
    """Share of a plane's variation that a blur takes away."""
    return 1 - cv2.GaussianBlur(plane, (0, 0), sigma_px).std() / plane.std()


@pytest.mark.parametrize("cloth", [linen, wool, velvet, leather])
def test_dye_is_all_that_a_colour_changes(cloth):
    olive, rose = (drawn(cloth, colour=colour) / np.float32(colour) for colour in (OLIVE, ROSE))
    np.testing.assert_allclose(olive, rose, rtol=1e-5)
    np.testing.assert_allclose(olive, olive[..., :1].repeat(3, axis=2), rtol=1e-5)
    assert olive.std() > 0.03


@pytest.mark.parametrize("cloth", [linen, wool, leather])
def test_what_is_woven_or_grained_has_no_way_of_its_own(cloth):
    plane = tone(cloth, hw=(600, 600), px_per_m=1500.0)
    down, along = (np.abs(np.diff(plane, axis=axis)).mean() for axis in (0, 1))
    assert down == pytest.approx(along, rel=0.06)


def test_threads_of_linen_run_both_ways():
    """A line along a thread is smoother than one across threads of both kinds."""
    plane = tone(linen, hw=(600, 600), px_per_m=1500.0)
    straight = np.abs(plane[4:, 4:] - plane[4:, :-4]).mean()
    slant = np.abs(plane[4:, 4:] - plane[1:-3, 1:-3]).mean()  # as far away, at 45 degrees
    assert slant > 1.12 * straight


def test_velvet_shows_broad_lights_where_linen_shows_threads():
    assert fine_share(tone(velvet), 5.0) < 0.03
    assert fine_share(tone(linen), 5.0) > 0.2


def test_creases_of_leather_are_dark_and_narrow():
    plane = tone(leather, hw=(300, 300), px_per_m=600.0)
    low, middle, high = np.percentile(plane, (2, 50, 98))
    assert middle - low > 1.15 * (high - middle)


@pytest.mark.parametrize("px_per_m", [20.0, 60.0, 200.0, 300.0, 1000.0, 2000.0])
def test_cane_covers_its_share_at_any_scale(px_per_m):
    picture = drawn(cane, (270, 270), px_per_m, colour=STRAND, behind=HOLE)
    share = (picture.mean((0, 1), dtype=np.float64) - HOLE) / np.subtract(STRAND, HOLE)
    np.testing.assert_allclose(share, CANE_SHARE, rtol=0.04)


def test_cane_shows_strands_and_what_is_behind_its_holes():
    picture = drawn(cane, (540, 540), 2000.0, colour=STRAND, behind=HOLE)
    assert 0.2 < (np.abs(picture - HOLE).max(-1) < 0.02).mean() < 0.4
    assert 0.5 < (np.abs(picture - STRAND).max(-1) < 0.1).mean() < 0.7


def test_cane_repeats_both_ways_every_thirteen_and_a_half_millimetres():
    plane = drawn(cane, (540, 540), 2000.0, colour=STRAND, behind=HOLE)[..., 0]

    def likeness(px, axis):
        one, other = (plane[px:], plane[:-px]) if axis == 0 else (plane[:, px:], plane[:, :-px])
        return np.corrcoef(one.ravel(), other.ravel())[0, 1]

    for axis in (0, 1):
        assert likeness(27, axis) > 0.9
        assert likeness(13, axis) < 0.2


@pytest.mark.parametrize("width_m", [0.05, 0.09, 0.2])
def test_stripes_are_upright_of_their_width_and_share_the_wall(width_m):
    picture = drawn(stripes, (40, 2000), 250.0, colour=ROSE, other=STRAND, width_m=width_m)
    np.testing.assert_allclose(picture.std(0), 0, atol=0.02)
    first = np.abs(picture[0] - ROSE).sum(-1) < np.abs(picture[0] - STRAND).sum(-1)
    borders = np.flatnonzero(first[1:] != first[:-1])
    np.testing.assert_allclose(np.diff(borders), 250 * width_m, atol=1.01)
    np.testing.assert_allclose(picture.mean((0, 1)), np.add(ROSE, STRAND) / 2, rtol=0.02)


def test_stripes_thinner_than_a_pixel_are_their_mean():
    picture = drawn(stripes, (40, 400), 10.0, colour=ROSE, other=STRAND)
    np.testing.assert_allclose(picture, np.broadcast_to(np.add(ROSE, STRAND) / 2, picture.shape), rtol=0.01)


@pytest.mark.parametrize("colour", [(0.0, 0.0, 0.0), (1.0, 1.0, 1.0)])
def test_the_darkest_and_the_lightest_dye_stay_within_what_surfaces_reflect(colour):
    for cloth in (linen, wool, velvet, leather):
        picture = drawn(cloth, colour=colour)
        assert 0.0039 < picture.min() <= picture.max() <= 0.9
