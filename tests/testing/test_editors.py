import numpy as np
import pytest

from automask import testing
from automask.protocols import Editor

CROP = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3) * 15
HARD = np.ones((2, 3), dtype=np.bool_)


@pytest.mark.parametrize("editor", ["Identity", "AddEight", "ShiftByOne", "Fill", "WrongSize", "NaN", "Raises"])
def test_every_nasty_editor_has_the_protocols_methods(editor):
    assert isinstance(getattr(testing, editor)(), Editor)


def test_every_nasty_editor_breaks_its_own_promise():
    def paint(editor):
        before = CROP.copy()
        made = editor.paint(CROP, HARD, "", seed=1)
        assert np.array_equal(before, CROP)
        return made

    assert np.array_equal(paint(testing.Identity()), CROP)
    assert np.array_equal(paint(testing.AddEight()), np.minimum(CROP.astype(int) + 8, 255))
    assert np.array_equal(paint(testing.ShiftByOne())[1:, 1:], CROP[:-1, :-1])
    assert paint(testing.Fill(rgb=(1, 2, 3)))[1, 2].tolist() == [1, 2, 3]
    assert np.array_equal(paint(testing.Fill()), paint(testing.Fill()))
    assert paint(testing.WrongSize()).shape == (1, 3, 3)
    assert np.isnan(paint(testing.NaN())).sum() == 1
    with pytest.raises(RuntimeError, match=r"^boom$"):
        paint(testing.Raises())
