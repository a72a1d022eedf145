"""Surfaces behind a hole: their borders go straight on, and the hole's own colours decide nothing."""

import numpy as np
import pytest
from drawing import disc

from automask.editors.remove.regions import regions_of

SIZE = (96, 120)
HOLE = disc(SIZE, (60, 48), 16)
NOTHING = np.zeros(SIZE, bool)
ROWS, COLUMNS = np.mgrid[: SIZE[0], : SIZE[1]].astype(np.float32)


def regions(light: np.ndarray, hole: np.ndarray = HOLE) -> np.ndarray:
    rng = np.random.default_rng(2)
    lab = np.stack([light + rng.normal(0, 1, SIZE), np.full(SIZE, 4.0), np.full(SIZE, 9.0)], -1).astype(np.float32)
    lab[hole] = (60, 90, -40)
    return regions_of(lab, hole, NOTHING)


@pytest.mark.parametrize("slope", [0.0, 0.25, -0.4])
def test_a_border_is_continued_straight(slope: float):
    above = ROWS - slope * (COLUMNS - 60) < 48
    found = regions(np.where(above, 80, 30))
    first = found == found[2, 60]
    assert (first == above).mean() > 0.97
    assert (first == above)[HOLE].mean() > 0.9


def test_light_that_falls_off_makes_no_border():
    assert (regions(40 + 0.35 * COLUMNS) == 0).all()


def test_a_plain_wall_is_one_surface_and_so_is_what_is_too_little_to_tell():
    assert (regions(np.full(SIZE, 70.0)) == 0).all()
    assert (regions(np.where(ROWS < 48, 80, 30), ~disc(SIZE, (4, 4), 1)) == 0).all()


def test_each_surface_is_numbered_from_0_and_the_same_every_time():
    light = np.where(ROWS < 48, 80, np.where(COLUMNS < 60, 30, 55))
    found = regions(light)
    assert sorted(np.unique(found)) == [0, 1, 2]
    assert (found == regions(light)).all()
