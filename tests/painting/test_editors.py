"""Which editor paints an edit, and what it is known not to do."""

from dataclasses import replace

import numpy as np
import pytest
from drawing import room
from edits import ISLAND, LAMPS, PLAN, SIZE, stages

from automask.errors import EditorError, PlanError
from automask.painting.chain import paint
from automask.painting.editors import REMOVER, check_edits, editor_for, files_read, named_editors
from automask.testing import Fill
from automask.types import Edit


class Strong(Fill):
    def paint(self, crop, hard, prompt, *, seed, strength=1.0):
        return np.full_like(crop, round(strength * 100))


def test_options_of_an_edit_reach_its_editor():
    plan = (Edit(("island",), "marble", options=(("strength", 0.5),)),)
    result, _ = paint(room(*SIZE), plan, (ISLAND,), stages(Strong()))
    assert (result[ISLAND.alpha == 1] == 50).all()


def test_an_option_that_the_editor_does_not_have_is_refused_with_the_nearest():
    plan = (Edit(("island",), "marble", options=(("strenth", 0.5),)),)
    with pytest.raises(PlanError, match=r"editor 'Strong' has no option 'strenth' .*; did you mean 'strength'\?"):
        check_edits(plan, stages(Strong()))


@pytest.mark.parametrize("value", ["much", True])
def test_an_option_of_the_wrong_type_is_refused_before_any_work(value: object):
    class Typed(Fill):
        def paint(self, crop, hard, prompt, *, seed, strength: float = 1.0):
            return crop.copy()

    plan = (Edit(("island",), "marble", options=(("strength", value),)),)
    with pytest.raises(PlanError, match=rf"option strength of edit 'island -> marble' is {value!r}; give a number"):
        check_edits(plan, stages(Typed()))


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ({"multiple_px": 0}, "editor 'Fill' has multiple_px = 0; give a whole number from 1"),
        ({"ideal_px": 64.5}, r"editor 'Fill' has ideal_px = 64\.5; give a whole number from 0"),
        ({"ideal_px": -1}, "editor 'Fill' has ideal_px = -1"),
        ({"paint": None}, r"editor 'Fill' has no paint\(\)"),
    ],
)
def test_an_incomplete_editor_is_refused(attributes: dict[str, object], said: str):
    editor = Fill()
    for name, value in attributes.items():
        setattr(editor, name, value)
    with pytest.raises(EditorError, match=said):
        check_edits(PLAN, stages(editor))


def test_an_unrelated_check_method_is_named():
    class Checks(Fill):
        def check(self):
            pass

    with pytest.raises(EditorError, match="editor 'Checks' failed to check 'marble': TypeError"):
        check_edits(PLAN, stages(Checks()))


def test_an_edit_may_name_its_editor():
    plan = (Edit(("island",), "marble", editor="red"), PLAN[1])
    tools = stages(Fill(rgb=(0, 0, 255)), red=Fill(rgb=(255, 0, 0)))
    result, _ = paint(room(*SIZE), plan, (ISLAND, LAMPS), tools)
    assert (result[40, 30] == (255, 0, 0)).all()
    assert (result[20, 100] == (0, 0, 255)).all()


def test_an_editor_that_is_not_loaded_is_refused_by_name():
    with pytest.raises(PlanError, match="no editor 'paint' is loaded; loaded are: red"):
        check_edits((Edit(("island",), "marble", editor="paint"),), stages(Fill(), red=Fill()))


class Reads(Fill):
    def reads(self, prompt):
        return (prompt,)


def test_the_contents_of_files_that_prompts_name_count_for_a_result(tmp_path):
    path = tmp_path / "oak.jpg"
    plan = (Edit(("island",), str(path)), Edit(("lamps",), "brass", editor="red"))
    tools = stages(Reads(), red=Fill())
    path.write_bytes(b"one")
    first = files_read(plan, tools)
    path.write_bytes(b"two")
    second = files_read(plan, tools)
    assert list(first) == list(second) == [str(path)]
    assert first != second
    assert files_read(plan[1:], tools) == {}
    path.unlink()
    with pytest.raises(PlanError, match=r"cannot read '.*oak\.jpg': .*; check its name and permissions"):
        files_read(plan, tools)


class Takes(Fill):
    """An editor that takes things away by itself."""

    def removal(self, things, behind):
        return {"prompt": f"{', '.join(behind) or 'what is'} behind {', '.join(things)}", "strength": 0.5}

    def paint(self, crop, hard, prompt, *, seed, strength=1.0):
        self.told = (prompt, strength)
        return crop.copy()


class Gone(Fill):
    """A remover."""


def test_things_go_to_the_remover_unless_the_edit_or_the_preset_has_one_of_its_own():
    plan = (Edit(("island",), "Remove"), Edit(("lamps",), "brass"), Edit(("sofa",), "gone", editor="mine"))
    assert named_editors(plan) == (REMOVER, "mine")
    remover, mine = Gone(), Fill()
    loaded = stages(Fill(), remove=remover, mine=mine)
    assert [editor_for(edit, loaded) for edit in plan] == [remover, loaded.editor, mine]
    able = stages(Takes(), remove=remover)
    assert editor_for(plan[0], able) is able.editor
    with_settings = stages(Gone(), remove=remover)
    assert editor_for(plan[0], with_settings) is with_settings.editor


class Beside(Fill):
    """An editor that is told of the things beside what goes."""

    def paint_beside(self, crop, hard, others, prompt, *, seed):
        assert others.shape == hard.shape
        return np.where(others[..., None], np.uint8(7), self.paint(crop, hard, prompt, seed=seed))


def test_an_editor_that_asks_for_the_things_beside_gets_them_where_they_are_known():
    editor = Beside(rgb=(1, 2, 3), ideal_px=0)
    foreign = ISLAND.alpha > 0.9  # within the mask, so that what the editor does there can be seen
    plan = (Edit(("island",), "remove"),)
    told, _ = paint(room(*SIZE), plan, (replace(ISLAND, foreign=foreign),), stages(editor))
    assert (told[foreign] == 7).all()
    not_told, _ = paint(room(*SIZE), plan, (ISLAND,), stages(editor))
    assert (not_told[foreign] == (1, 2, 3)).all()
    plain, _ = paint(room(*SIZE), plan, (replace(ISLAND, foreign=foreign),), stages(Fill(rgb=(1, 2, 3), ideal_px=0)))
    assert (plain == not_told).all()


def test_an_editor_that_takes_things_away_gets_its_own_words_and_the_edit_s_options():
    editor = Takes()
    plan = (Edit(("island",), "remove", options=(("strength", 0.25),)), Edit(("lamps",), "brass"))
    paint(room(*SIZE), plan[:1], (ISLAND,), stages(editor))
    assert editor.told == ("what is behind island", 0.25)
    paint(room(*SIZE), plan[1:], (LAMPS,), stages(editor))
    assert editor.told == ("brass", 1.0)
