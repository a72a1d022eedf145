import numpy as np
import pytest

from automask.editors.paint.noise import fractal, line_coverage, mean_colour, visibility


@pytest.mark.parametrize("px_per_m", [40.0, 200.0, 900.0])
@pytest.mark.parametrize("half_m", [0.0005, 0.002, 0.02])
def test_a_line_covers_as_much_as_it_is_wide(px_per_m, half_m):
    distance = np.abs((np.arange(4000, dtype=np.float32) + 0.5) / px_per_m - 2000.3 / px_per_m)
    assert line_coverage(distance, half_m, px_per_m).sum() / px_per_m == pytest.approx(2 * half_m, rel=0.03)


def test_features_fade_in_from_one_pixel_to_three():
    shares = [visibility(0.01, px_per_m) for px_per_m in (20, 100, 180, 250, 400)]
    assert shares == sorted(shares)
    assert shares[0] == shares[1] == 0
    assert shares[-1] == 1


def test_noise_spreads_by_1_7_and_has_no_mean():
    plane = fractal((600, 600), 300.0, 12, np.random.default_rng(0), octaves=3)
    assert plane.std() == pytest.approx(1.7, abs=0.3)
    assert abs(plane.mean()) < 0.25


def test_noise_too_fine_to_see_is_nothing():
    assert not fractal((60, 60), 20.0, 300, np.random.default_rng(0), octaves=3).any()


def test_visible_octaves_do_not_change_what_is_drawn_later():
    fine, coarse = np.random.default_rng(0), np.random.default_rng(0)
    fractal((60, 60), 1000.0, 50, fine, octaves=4)
    fractal((60, 60), 20.0, 50, coarse, octaves=4)
    assert fine.random() == coarse.random()


def test_shares_of_a_mixture_need_not_add_up():
    assert mean_colour(((0.2, 0.4, 0.6), 3), ((0.4, 0.0, 0.6), 1)) == pytest.approx((0.25, 0.3, 0.6))
