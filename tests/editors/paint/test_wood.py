from functools import partial
from itertools import pairwise

import numpy as np
import pytest

from automask.editors.paint.wood import Species, herringbone, planks, veneer

PLAIN = Species((0.5, 0.4, 0.3), (0.2, 0.15, 0.1), rings=0, streaks=0, fibre=0, pores=0, vary=0.12)
GRAINED = Species((0.5, 0.4, 0.3), (0.2, 0.15, 0.1), vary=0)


def test_boards_of_wood_without_grain_are_of_one_tone_each():
    picture = planks((360, 600), 200.0, np.random.default_rng(0), wood=PLAIN)
    tones, counts = np.unique(picture[..., 1].round(4), return_counts=True)
    largest = np.sort(counts)[::-1][:40]
    assert largest.sum() > 0.9 * picture[..., 1].size
    assert len(tones) > 6


def board_ends(row, px_per_m):
    """Where boards end along a row, in metres: where a picture of wood without grain changes its tone."""
    at = np.flatnonzero(np.abs(np.diff(row)) > 1e-3)
    joints = np.split(at, np.flatnonzero(np.diff(at) > 4) + 1)
    return np.array([joint.mean() + 1 for joint in joints if len(joint)]) / px_per_m


def test_ends_of_boards_are_not_beside_each_other():
    picture = planks((560, 720), 60.0, np.random.default_rng(3), wood=PLAIN)[..., 1]
    rows = [board_ends(row, 60.0) for row in picture]
    # A course is eleven rows that are alike but for the joints along it.
    courses = [rows[0]]
    for row, after in zip(rows, rows[3:], strict=False):
        if row.tolist() == after.tolist() != courses[-1].tolist():
            courses.append(row)
    assert 45 < len(courses) < 60
    assert min(np.diff(ends).min() for ends in courses) > 0.38
    apart = [np.abs(before - end).min() for before, ends in pairwise(courses) for end in ends[1:-1]]
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


def test_tones_of_blocks_do_not_repeat():
    """Herringbone is a lattice: a pattern in its tones would make it like itself somewhere, a block or more away."""
    picture = herringbone((500, 500), 100.0, np.random.default_rng(0), wood=PLAIN)[..., 1]
    power, counts = (
        np.fft.fftshift(np.fft.irfft2(np.abs(np.fft.rfft2(each, (1000, 1000))) ** 2))
        for each in (picture - picture.mean(), np.ones_like(picture))
    )
    likeness = power / np.maximum(counts, 1)
    away = np.hypot(*(np.mgrid[:1000, :1000] - 500))
    assert likeness[(away > 70) & (away < 250)].max() < 0.35 * likeness[500, 500]


def test_species_differ_in_what_is_told_of_them():
    calm, wild = (
        partial(
            planks, wood=Species((0.5, 0.4, 0.3), (0.2, 0.15, 0.1), rings=rings, streaks=0, fibre=0, pores=0, vary=0)
        )((300, 300), 400.0, np.random.default_rng(1))[..., 1].std()
        for rings in (0.02, 0.4)
    )
    assert wild > 1.3 * calm
