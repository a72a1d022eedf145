"""What editors return is held against the protocol."""

import pytest
from drawing import room
from edits import ISLAND, LAMPS, PLAN, SIZE, Together, stages

from automask.errors import CropRefused, EditorError, WeightsMissing
from automask.painting.chain import paint
from automask.testing import Fill, NaN, Raises, WrongSize


class WritesToItsCrop:
    multiple_px, ideal_px = 8, 0

    def paint(self, crop, hard, prompt, *, seed):
        crop[:] = 0
        return crop


@pytest.mark.parametrize(
    ("editor", "said"),
    [
        (WrongSize(), r"editor 'WrongSize' returned \[63, 64, 3\] uint8 for 'island -> marble'; paint\(\) must return"),
        (NaN(), r"editor 'NaN' returned \[64, 64, 3\] float32 for 'island -> marble'"),
        (Raises(), r"editor 'Raises' failed on 'island -> marble': RuntimeError: boom"),
        (Raises(error=ValueError("no room\nat all")), r"editor 'Raises' failed .* ValueError: no room at all"),
        (WritesToItsCrop(), r"editor 'WritesToItsCrop' failed .* read-only"),
    ],
)
def test_an_editor_that_breaks_its_protocol_is_named(editor: object, said: str):
    with pytest.raises(EditorError, match=said) as caught:
        paint(room(*SIZE), PLAN, (ISLAND, LAMPS), stages(editor))
    assert "\n" not in str(caught.value)


def test_too_little_memory_is_not_the_editor_s_fault():
    with pytest.raises(MemoryError):
        paint(room(*SIZE), PLAN, (ISLAND, LAMPS), stages(Raises(error=MemoryError("no room"))))


def test_an_editor_s_own_error_is_raised_unchanged():
    with pytest.raises(WeightsMissing, match="no weights for 'x'"):
        paint(room(*SIZE), PLAN, (ISLAND, LAMPS), stages(Raises(error=WeightsMissing("no weights for 'x'"))))


class PaintsTooFew(Fill):
    def paint_many(self, jobs):
        return []


def test_paint_many_must_answer_every_job():
    with pytest.raises(EditorError, match="editor 'PaintsTooFew' returned 0 pictures for 2 crops"):
        paint(room(*SIZE), PLAN[1:], (LAMPS,), stages(PaintsTooFew(ideal_px=24)))


class RefusesAtOnce(Together):
    def paint_many(self, jobs):
        raise CropRefused("one of them")


def test_an_editor_that_does_not_say_which_crop_it_declines_gets_them_one_by_one():
    result, steps = paint(room(*SIZE), PLAN, (ISLAND, LAMPS), stages(RefusesAtOnce(ideal_px=24)))
    alone, _ = paint(room(*SIZE), PLAN, (ISLAND, LAMPS), stages(Fill(ideal_px=24)))
    assert (result == alone).all()
    assert all(step.area_px for step in steps)
