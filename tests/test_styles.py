"""Styles: named plans, each a file; what a room has not is passed over."""

import json

import pytest

from automask import config, edit
from automask.cli.entry import main
from automask.errors import PlanError, TargetMissing
from automask.plan import format_plan, parse_plan, parse_yaml_plan
from automask.styles import load_style, style_names, with_style
from automask.types import Edit


@pytest.fixture(scope="module")
def paint():
    return config.load_editor("paint")


@pytest.mark.parametrize("name", style_names())
def test_every_style_is_a_plan_that_the_default_can_do(name, paint):
    style = load_style(name)
    assert style.about.endswith(".")
    assert all(one.optional for one in style.plan)
    for one in style.plan:
        paint.check(one.prompt)
    things = config.build(config.compose("starter"), given={"refiner": None, "editor": None}).segmenter
    things.understand([word for one in style.plan for word in (*one.targets, *one.excepts)])


def test_styles_are_named_without_care_for_spaces_and_capitals():
    assert load_style("Modern Farmhouse") == load_style("modern-farmhouse")
    with pytest.raises(PlanError, match="unknown style 'japndi'; did you mean 'japandi'"):
        load_style("japndi")


def test_the_users_own_words_go_before_a_style_and_keep_what_they_keep():
    style = load_style("japandi")
    mine = parse_plan("wall -> navy; curtain, sofa -> sage linen; keep floor, plant")
    plan = with_style(mine, style)
    assert plan[:2] == mine
    targets = [target for one in plan[2:] for target in one.targets]
    assert targets == [t for one in style.plan for t in one.targets if t not in ("walls", "curtains", "sofa", "floor")]
    assert all(one.keep == ("floor", "plant") and one.optional for one in plan[2:])
    assert with_style((), style) == style.plan


def test_optional_edits_survive_being_written_and_read():
    plan = (Edit(("wall",), "white", optional=True), Edit(("floor",), "oak"))
    text = format_plan(plan)
    assert "optional: true" in text
    assert parse_yaml_plan(text, source="x") == plan
    with pytest.raises(PlanError, match="'optional' is 'yes'; give true or false"):
        parse_yaml_plan("- {target: wall, prompt: white, optional: 'yes'}", source="x")


def test_what_is_optional_and_not_there_is_no_fault(scene):
    plan = (Edit(("island",), "white"), Edit(("yacht",), "navy linen", optional=True))
    outcome = edit(scene.photo, plan, on_missing="fail", overrides=scene.overrides)
    done, over = outcome.steps
    assert done.area_px > 0
    assert over.passed_over
    assert outcome.record["steps"][1]["optional"] is True
    with pytest.raises(TargetMissing, match="yacht"):
        edit(scene.photo, (plan[0], Edit(("yacht",), "navy linen")), on_missing="fail", overrides=scene.overrides)


def test_a_style_of_ones_own_is_one_file(scene, tmp_path, capsys):
    (tmp_path / "mine" / "style").mkdir(parents=True)
    text = "# Ours.\n- {target: island, prompt: sage}\n- {target: yacht, prompt: navy linen}\n"
    (tmp_path / "mine" / "style" / "attic.yaml").write_text(text)
    arguments = [str(scene.photo), "--style", "attic", "--conf", str(tmp_path / "mine"), *scene.overrides]
    out = tmp_path / "out"
    assert main(["edit", *arguments, "-o", str(out)]) == 0
    said = "".join(capsys.readouterr())
    assert "not in this photo: yacht" in said
    assert "warning" not in said.lower()
    record = json.loads(next(out.glob("*.run.json")).read_text())
    assert [step["found"] for step in record["steps"]] == [True, False]
    assert "attic" in style_names(tmp_path / "mine")


def test_styles_are_listed_and_drawn(tmp_path, capsys):
    sheet = tmp_path / "sheet.png"
    assert main(["styles", "coastal", "--json", "-o", str(sheet)]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["styles"][0]["name"] == "coastal"
    assert sheet.stat().st_size > 10_000
    assert main(["styles"]) == 0
    listed = capsys.readouterr().out
    assert all(f"{name}: " in listed for name in style_names())
    assert main(["edit", "kitchen.jpg", "--style", "coastel"]) == 2
    assert "did you mean 'coastal'" in capsys.readouterr().err
