import numpy as np
import pytest

from automask.editors.paint.metal import brushed

STEEL, BRASS = (0.55, 0.54, 0.53), (0.60, 0.42, 0.19)


def sheet(colour=STEEL, hw=(300, 450), px_per_m=300.0, seed=0):
    return brushed(hw, px_per_m, np.random.default_rng(seed), colour=colour)


@pytest.mark.parametrize("px_per_m", [300.0, 900.0])
def test_scratches_run_along_the_columns(px_per_m):
    across, along = (np.abs(np.diff(sheet(px_per_m=px_per_m)[..., 0], axis=axis)).mean() for axis in (0, 1))
    assert across > 10 * along


def test_the_metal_is_all_that_a_colour_changes():
    steel, brass = (sheet(colour) / np.float32(colour) for colour in (STEEL, BRASS))
    np.testing.assert_allclose(steel, brass, rtol=1e-5)
    np.testing.assert_allclose(steel, steel[..., :1].repeat(3, axis=2), rtol=1e-5)


def test_brushing_shows_and_stays_a_shade_of_the_metal():
    gain = sheet()[..., 0] / STEEL[0]
    assert 0.02 < gain.std() < 0.1
    assert 0.75 < gain.min() < gain.max() < 1.25


def test_the_seed_moves_the_scratches():
    np.testing.assert_array_equal(sheet(seed=3), sheet(seed=3))
    assert np.corrcoef(sheet(seed=3)[..., 0].ravel(), sheet(seed=4)[..., 0].ravel())[0, 1] < 0.2
