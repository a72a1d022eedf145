from functools import partial

import numpy as np
import pytest

from automask.editors.paint.wood import Species, _ends, _hash_blocks, herringbone, planks, veneer

PLAIN = Species((0.5, 0.4, 0.3), (0.2, 0.15, 0.1), rings=0, streaks=0, fibre=0, pores=0, vary=0.12)
GRAINED = Species((0.5, 0.4, 0.3), (0.2, 0.15, 0.1), vary=0)


def test_boards_of_wood_without_grain_are_of_one_tone_each():
    picture = planks((360, 600), 200.0, np.random.default_rng(0), wood=PLAIN)
    tones, counts = np.unique(picture[..., 1].round(4), return_counts=True)
    largest = np.sort(counts)[::-1][:40]
    assert largest.sum() > 0.9 * picture[..., 1].size
    assert len(tones) > 6


def test_ends_of_boards_are_not_beside_each_other():
    rng = np.random.default_rng(3)
    before = _ends(12.0, np.zeros(0), rng)
    apart = []
    for _ in range(60):
        ends = _ends(12.0, before, rng)
        apart += [np.abs(before - end).min() for end in ends[:-1]]
        assert (np.diff(ends) >= 0.39).all()
        before = ends
    assert np.percentile(apart, 5) > 0.15


@pytest.mark.parametrize(("texture", "axis"), [(planks, 1), (veneer, 0)])
def test_grain_runs_along_boards_and_up_fronts(texture, axis):
    picture = texture((300, 300), 400.0, np.random.default_rng(1), wood=GRAINED)[..., 1]
    along, across = (np.abs(np.diff(picture, axis=each)).mean() for each in (axis, 1 - axis))
    assert across > 2.5 * along


def test_herringbone_is_blocks_of_six_widths_both_ways():
    """Of wood without grain each block is one patch: of 0.09 m by 0.54 m."""
    picture = herringbone((500, 500), 200.0, np.random.default_rng(0), wood=PLAIN)[..., 1]
    _, counts = np.unique(picture[100:400, 100:400].round(5), return_counts=True)
    whole = counts[counts > 300]
    block = 0.09 * 0.54 * 200**2
    assert 0.8 * block < np.percentile(whole, 75) < 1.05 * block


def test_blocks_get_numbers_without_a_pattern():
    first, second = np.meshgrid(np.arange(200.0, dtype=np.float32), np.arange(200.0, dtype=np.float32))
    numbers = _hash_blocks(first, second, first > 0, 1021)
    assert len(np.unique(numbers)) == 1021
    assert abs(np.corrcoef(numbers[:, :-1].ravel(), numbers[:, 1:].ravel())[0, 1]) < 0.02


def test_species_differ_in_what_is_told_of_them():
    calm, wild = (
        partial(
            planks, wood=Species((0.5, 0.4, 0.3), (0.2, 0.15, 0.1), rings=rings, streaks=0, fibre=0, pores=0, vary=0)
        )((300, 300), 400.0, np.random.default_rng(1))[..., 1].std()
        for rings in (0.02, 0.4)
    )
    assert wild > 1.3 * calm
