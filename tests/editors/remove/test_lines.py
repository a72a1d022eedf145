"""Lines that enter a hole and leave it: they go straight on, and no other does."""

import numpy as np
import pytest
from drawing import disc

from automask.editors.remove.fill import fill
from automask.editors.remove.lines import lines_through

SIZE = (96, 120)
HOLE = disc(SIZE, (60, 48), 16)
NOTHING = np.zeros(SIZE, bool)
ROWS, COLUMNS = np.mgrid[: SIZE[0], : SIZE[1]].astype(np.float32)


def lab(light: np.ndarray) -> np.ndarray:
    rough = light + np.random.default_rng(0).normal(0, 0.7, SIZE)
    return np.stack([rough, np.full(SIZE, 4), np.full(SIZE, 9)], -1).astype(np.float32)


def emptied(picture: np.ndarray) -> np.ndarray:
    return np.where(HOLE[..., None], np.array([60, 90, -40], np.float32), picture)


def found(light: np.ndarray, barred: np.ndarray = NOTHING):
    picture = lab(light)
    calm = np.where(HOLE[..., None], np.float32(70), picture)  # without an edge of its own
    return lines_through(picture, calm, HOLE, barred)


@pytest.mark.parametrize("width", [2, 5])
@pytest.mark.parametrize("slope", [0.0, 0.2, 3.0])
def test_a_thin_strip_goes_on_straight(slope: float, width: int):
    away = (ROWS - 48 - slope * (COLUMNS - 60)) / np.hypot(1, slope)
    room = lab(np.where(np.abs(away) < width / 2, 40, np.where(away < 0, 80, 70)))
    filled = fill(emptied(room), HOLE, NOTHING, seed=1)
    assert np.abs(filled - room)[HOLE][:, 0].mean() < 1.2
    assert np.abs(filled - room)[HOLE & (np.abs(away) < width / 2 - 0.5)][:, 0].max() < 20
    assert (filled[~HOLE] == room[~HOLE]).all()


def test_between_two_lines_a_strip_goes_on_that_the_shortest_border_would_cut():
    room = lab(np.where(np.abs(ROWS - 48) < 6, 25, 80))
    apart = np.abs(fill(emptied(room), HOLE, NOTHING, seed=1) - room)[HOLE][:, 0]
    assert (apart > 12).mean() < 0.05


def strip(left: float, right: float, *, shift: float = 0, light: float = 80) -> np.ndarray:
    """A thin strip, of one lightness left of the hole's middle and of another right of it."""
    here = np.abs(ROWS - 48 - np.where(COLUMNS > 60, shift, 0)) < 1.5
    return np.where(here, np.where(COLUMNS < 60, left, right), light)


def test_what_enters_and_does_not_leave_or_leaves_as_something_else_is_no_line():
    assert found(strip(40, 40)) is not None
    assert found(strip(40, 80)) is None
    assert found(strip(40, 120)) is None
    assert found(strip(40, 40, shift=9)) is None


def test_an_edge_of_what_is_barred_is_no_line():
    assert found(strip(40, 40), np.abs(ROWS - 48) < 3) is None


def test_lines_lie_in_the_hole_and_count_for_all_only_on_the_line():
    lines = found(strip(40, 40))
    assert not lines.beside[~HOLE].any()
    assert ((lines.share > 0) <= lines.beside).all()
    assert lines.share[48, 60] > 0.7  # its two edges count, which are 1.5 px away
    assert (lines.share[lines.beside & (np.abs(ROWS - 48) > 9)] == 0).all()
    assert lines.lab[48, 60, 0] == pytest.approx(40, abs=3)
    assert lines.drawn_on(emptied(lab(strip(40, 40))))[48, 60, 0] == pytest.approx(40, abs=8)
