"""Panels: upright ribs and slats, boards with grooves."""

import numpy as np
import pytest

from automask.editors.paint import look_for, panels


def repeats(profile, shift):
    """Correlation of a profile with itself, moved by so many px."""
    return np.corrcoef(profile[:-shift], profile[shift:])[0, 1]


@pytest.mark.parametrize(
    ("words", "pitch_px"), [("fluted panel", 24), ("slatted panel 5 cm", 50), ("beadboard", 92), ("shiplap", 180)]
)
def test_grooves_run_down_the_wall_and_shiplaps_along_it_at_their_pitch(words, pitch_px):
    drawn = look_for(words).texture((1500, 1500), 1000.0, np.random.default_rng(0)).mean(-1)
    across, along = drawn.mean(0), drawn.mean(1)
    if words == "shiplap":
        across, along = along, across
    assert repeats(across, pitch_px) > 0.8
    assert repeats(across, pitch_px // 2) < 0.4
    assert along.std() < 0.1 * across.std()


def test_ribs_are_lit_from_one_side_and_dark_between():
    drawn = panels.ribs((8, 240), 10_000.0, np.random.default_rng(0), face=(0.5, 0.5, 0.5)).mean((0, 2))
    assert drawn.min() < 0.35 * drawn.max()
    assert drawn.mean() == pytest.approx(0.5 * panels.RIB_SHARE, rel=0.03)
