"""One editor for each prompt: colours and materials to paint, the rest to diffusion when it is there."""

import subprocess
import sys

import numpy as np
import pytest

from automask import config
from automask.editors.auto import Auto
from automask.editors.paint import Paint
from automask.errors import ConfigError, EditorError, ExtraMissing, PlanError, UnknownPrompt, WeightsMissing
from automask.painting.chain import paint
from automask.painting.editors import check_edits, editor_for, options_of
from automask.protocols import Stages
from automask.refiners.threshold import Threshold
from automask.segmenters.painted import Painted
from automask.stages import models_of
from automask.testing import Fill
from automask.types import Edit, Region


class Anything(Fill):
    """An editor like diffusion: no words that it refuses, options of its own."""

    def paint(self, crop, hard, prompt, *, seed, strength: float = 1.0):
        return super().paint(crop, hard, prompt, seed=seed)


def auto(**editors):
    """An auto over ready editors, or errors to raise in their place; and the names in order of loading."""
    asked = []

    def load(name):
        asked.append(name)
        if isinstance(editors[name], Exception):
            raise editors[name]
        return editors[name]

    made = Auto(editors=tuple(editors))
    made.connect(load)
    return made, asked


def stages(editor):
    return Stages(segmenter=Painted(masks={}), refiner=Threshold(), editor=editor)


def test_known_words_go_to_the_first_and_the_others_are_not_loaded():
    first, second = Paint(), Anything()
    router, asked = auto(paint=first, diffusion=second)
    assert router.route("sage velvet") is first
    assert asked == ["paint"]
    assert router.route("chesterfield sofa") is second
    assert router.route("remove") is second
    assert asked == ["paint", "diffusion"]
    assert router.loaded == {"paint": first, "diffusion": second}


@pytest.mark.parametrize(
    "why", [WeightsMissing("no weights for 'x'", hint="fetch x"), ExtraMissing("no torch", hint="fetch x")]
)
def test_without_the_second_editor_the_error_for_unknown_words_says_what_is_known_and_what_is_missing(why):
    router, _ = auto(paint=Paint(), diffusion=why)
    assert isinstance(router.route("white"), Paint)
    with pytest.raises(UnknownPrompt) as caught:
        router.route("chesterfield sofa")
    said = str(caught.value)
    assert said.startswith("paint does not know 'chesterfield sofa'; it knows CSS colours")
    assert said.endswith("; diffusion is not ready: fetch x")
    with pytest.raises(UnknownPrompt, match="did you mean 'marble'"):
        router.route("marbel")


def test_words_that_are_paint_s_and_wrong_go_no_further():
    router, asked = auto(paint=Paint(), diffusion=Anything())
    with pytest.raises(EditorError, match="see-through"):
        router.route("#aabbcc80")
    assert asked == ["paint"]


def test_words_that_none_knows_are_refused_as_the_first_refuses_them():
    router, _ = auto(paint=Paint(), other=Paint())
    with pytest.raises(UnknownPrompt, match=r"extra 'models'$"):
        router.route("chesterfield sofa")


def test_with_no_editor_at_all_the_first_reason_is_reported():
    router, _ = auto(diffusion=WeightsMissing("no weights", hint="fetch"), sdxl=WeightsMissing("none", hint="fetch"))
    with pytest.raises(WeightsMissing, match="no weights; fetch"):
        router.route("white")


@pytest.mark.parametrize("names", [(), ("paint", "paint"), (1,), [None]])
def test_names_that_are_none_are_refused(names):
    with pytest.raises(ConfigError, match="name files of the group, each once"):
        Auto(editors=names)


def test_built_by_hand_it_says_that_it_has_no_editors():
    with pytest.raises(EditorError, match=r"auto was given no editors; build it with overrides=\['editor=auto'\]"):
        Auto().route("white")


# --------------------------------------------------------------------------------------------------------- in the chain


def test_the_chain_deals_with_the_editor_that_is_chosen():
    tools = stages(auto(paint=Paint(), diffusion=Anything(ideal_px=48))[0])
    assert editor_for(Edit(("sofa",), "sage"), tools).ideal_px == 0
    chosen = editor_for(Edit(("sofa",), "chesterfield"), tools)
    assert (chosen.ideal_px, list(options_of(chosen))) == (48, ["strength"])
    check_edits((Edit(("sofa",), "chesterfield", options=(("strength", 0.5),)),), tools)
    check_edits((Edit(("sofa",), "marble", options=(("scale", 2),)),), tools)
    with pytest.raises(PlanError, match="editor 'Paint' has no option 'strength'"):
        check_edits((Edit(("sofa",), "marble", options=(("strength", 0.5),)),), tools)


def test_unknown_words_are_a_plan_error_before_any_work():
    tools = stages(auto(paint=Paint(), diffusion=WeightsMissing("none", hint="fetch sd15-inpaint"))[0])
    with pytest.raises(PlanError, match="diffusion is not ready: fetch sd15-inpaint") as caught:
        check_edits((Edit(("sofa",), "chesterfield"),), tools)
    assert caught.value.exit_status == 2


def test_a_route_that_fails_is_named():
    class Lost(Fill):
        def route(self, prompt):
            raise RuntimeError("no way")

    with pytest.raises(
        EditorError, match=r"editor 'Lost' failed to check 'x': RuntimeError: no way; its route\(prompt\)"
    ):
        editor_for(Edit(("sofa",), "x"), stages(Lost()))


def test_each_edit_is_painted_by_its_own_editor_as_if_it_were_the_only_one():
    photo = np.full((96, 128, 3), 150, np.uint8)
    hard = np.zeros((2, 96, 128), bool)
    hard[0, 20:60, 10:50], hard[1, 20:60, 70:120] = True, True
    regions = tuple(
        Region(target=name, found=True, hard=mask, alpha=mask.astype(np.float32), boxes=(), peak=1.0)
        for name, mask in zip(("wall", "sofa"), hard, strict=True)
    )
    plan = (Edit(("wall",), "sage"), Edit(("sofa",), "chesterfield"))
    routed, _ = paint(photo, plan, regions, stages(auto(paint=Paint(), diffusion=Anything())[0]))
    one, _ = paint(photo, plan[:1], regions[:1], stages(Paint()))
    both, _ = paint(one, plan[1:], regions[1:], stages(Anything()))
    np.testing.assert_array_equal(routed, both)


# ---------------------------------------------------------------------------------------------------------------- built


def test_editor_auto_is_built_and_connected_and_its_editors_are_in_the_digest():
    tools = config.build(config.compose("starter", ["editor=auto"]), given={"segmenter": object(), "refiner": object()})
    assert type(editor_for(Edit(("sofa",), "white"), tools)).__name__ == "Paint"
    assert set(tools.config["editors"]) == {"paint", "diffusion"}
    assert models_of(tools)["editor.paint"] == "Paint"
    assert models_of(tools)["editor"] == "Auto"


@pytest.mark.parametrize("preset", ["starter", "photo"])
@pytest.mark.parametrize("name", ["paint", "auto"])
def test_an_edit_may_name_auto_or_one_of_its_editors(name, preset):
    given = {"segmenter": object(), "refiner": object(), "editor": Fill()}
    tools = config.build(config.compose(preset), editors=[name], given=given)
    assert type(editor_for(Edit(("sofa",), "white", editor=name), tools)).__name__ == "Paint"
    assert type(editor_for(Edit(("sofa",), "white"), tools)).__name__ == "Fill"


def test_the_classes_of_diffusion_may_be_among_them():
    pytest.importorskip("diffusers", reason="needs the 'models' extra")
    given = {"segmenter": object(), "refiner": object()}
    tools = config.build(config.compose(None, ["editor=auto", "editor.editors=[paint,tiny]"]), given=given)
    chosen = editor_for(Edit(("sofa",), "chesterfield sofa"), tools)
    assert (type(chosen).__name__, chosen.ideal_px) == ("Diffusion", 64)
    assert "steps" in options_of(chosen)
    assert models_of(tools)["editor.tiny"].startswith("Diffusion: ")


def test_editors_may_be_chosen_by_name_but_not_auto_itself():
    given = {"segmenter": object(), "refiner": object()}
    tools = config.build(config.compose(None, ["editor=auto", "editor.editors=[auto]"]), given=given)
    with pytest.raises(ConfigError, match="editor 'auto' chooses among editors itself; name editors that paint"):
        editor_for(Edit(("sofa",), "white"), tools)
    with pytest.raises(ConfigError, match="unknown editor 'pant'; did you mean 'paint'"):
        config.build(config.compose(None, ["editor=auto", "editor.editors=[pant]"]), given=given)


def test_a_ready_auto_object_is_connected_too():
    tools = config.build(config.compose(None), given={"segmenter": object(), "refiner": object(), "editor": Auto()})
    assert type(editor_for(Edit(("sofa",), "white"), tools)).__name__ == "Paint"


def test_auto_loads_no_torch_for_a_colour():
    code = (
        "import sys; from automask import config, types; from automask.painting.editors import editor_for\n"
        "tools = config.build(config.compose(None, ['editor=auto']), given={'segmenter': 1, 'refiner': 1})\n"
        "editor_for(types.Edit(('sofa',), 'sage velvet'), tools); print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
