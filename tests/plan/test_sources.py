"""A plan in any of its forms: words, a file, edits."""

import os
import re
import tracemalloc
from pathlib import Path

import pytest

from automask.errors import PlanError
from automask.plan import load_plan, parse_variants, plan_from, variants_from
from automask.types import Edit, Variant


def test_variants_come_from_words_files_and_edits(tmp_path):
    words, listed = tmp_path / "plan.txt", tmp_path / "plan.yaml"
    words.write_text("a -> {b, c}", encoding="utf-8")
    listed.write_text("- {target: a, prompt: '{b, c}'}", encoding="utf-8")
    literal = (Edit(("a",), "{b, c}"),)
    assert variants_from(words) == variants_from("a -> {b, c}") == parse_variants("a -> {b, c}")
    assert variants_from(listed) == variants_from(literal) == (Variant("", (), literal),)
    words.write_text("a -> {b, c", encoding="utf-8")
    with pytest.raises(PlanError, match=r"plan\.txt: line 1, column 6: this brace is not closed"):
        variants_from(words)


@pytest.fixture(params=["plan.yaml", "plan.yml", "Küche [1], a=b 島.yaml", "plan"])
def plan_file(request, tmp_path):
    return tmp_path / request.param


def test_other_plan_files_are_parsed_as_yaml(plan_file):
    plan_file.write_bytes("\ufeff- target: 島\r\n  prompt: Weiß\r\n".encode())
    assert load_plan(plan_file) == plan_from(plan_file) == (Edit(("島",), "Weiß"),)


def test_a_txt_file_is_parsed_as_words(tmp_path):
    path = tmp_path / "plan.TXT"
    path.write_bytes("\ufeff# mine\r\nisland -> marble\r\n".encode())
    assert load_plan(path) == (Edit(("island",), "marble"),)
    path.write_text("island -> marble\nwall white")
    with pytest.raises(PlanError) as refusal:
        load_plan(path)
    assert str(refusal.value).startswith(f"{path}: line 2, column 11: no arrow; expected '->'")
    assert str(refusal.value).endswith("\n    wall white\n              ^")
    assert refusal.value.problem == f"{path}: no arrow"


def test_a_plan_file_for_masks_needs_no_prompts(tmp_path):
    (tmp_path / "plan.yaml").write_text("- target: island\n")
    (tmp_path / "plan.txt").write_text("island")
    for name in ("plan.yaml", "plan.txt"):
        assert load_plan(tmp_path / name, prompts=False) == (Edit(("island",), ""),)
        assert plan_from(tmp_path / name, prompts=False) == (Edit(("island",), ""),)
        with pytest.raises(PlanError, match=r"no 'prompt'|no arrow"):
            load_plan(tmp_path / name)


def test_a_missing_file_is_named(plan_file):
    with pytest.raises(PlanError, match=f"^no plan file {re.escape(str(plan_file))}; check its name and folder$"):
        load_plan(plan_file)


def test_a_folder_is_no_plan_file(plan_file):
    plan_file.mkdir()
    with pytest.raises(
        PlanError, match=f"^{re.escape(str(plan_file))} is a folder, not a plan file; name the file inside"
    ):
        load_plan(plan_file)


def test_a_file_inside_a_file_cannot_be_read(plan_file):
    plan_file.write_text("")
    with pytest.raises(
        PlanError, match=r"^cannot read the plan file .* \(Not a directory\); check its name and rights$"
    ):
        load_plan(plan_file / "x.yaml")
    with pytest.raises(PlanError, match=r"^cannot read the plan file 'a.x00b' "):
        load_plan(Path("a\0b"))


def test_a_file_that_is_not_utf8_is_refused(plan_file):
    plan_file.write_bytes("- target: Küche\n".encode("latin-1"))
    with pytest.raises(PlanError, match=r"is not UTF-8 text \(byte 12\); save it as UTF-8$"):
        load_plan(plan_file)


def test_a_file_too_large_for_a_plan_is_refused(plan_file):
    plan_file.write_bytes(b"#" * (256 * 1024 + 1))
    with pytest.raises(PlanError, match=r"is over 256 KiB; a plan is a short text; name the right file$"):
        load_plan(plan_file)


def test_of_a_file_without_end_no_more_is_read_than_a_plan_may_have(plan_file):
    with plan_file.open("wb") as file:
        file.truncate(100 << 20)  # /dev/zero has more
    tracemalloc.start()
    with pytest.raises(PlanError, match="is over 256 KiB"):
        load_plan(plan_file)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 << 20


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_plan_may_come_through_a_pipe():
    end, start = os.pipe()
    with os.fdopen(start, "w") as writer:
        writer.write("- {target: island, prompt: marble}")
    try:
        assert load_plan(Path(f"/dev/fd/{end}")) == (Edit(("island",), "marble"),)
    finally:
        os.close(end)


def test_a_plan_is_words_or_a_path_or_edits():
    edit = Edit(("island",), "marble")
    assert plan_from("island -> marble") == (edit,)
    assert plan_from((edit,)) == plan_from([edit]) == (edit,)
    assert plan_from("island", prompts=False) == (Edit(("island",), ""),)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (3, "the plan is of type 'int'; give words, a Path to a YAML file, a mapping such as {'island': 'marble'}, or"),
        (None, "the plan is of type 'NoneType'; give words"),
        ("plan.yaml", "a file goes in with --plan, or as a Path"),
        (("island", Edit(("lamp",), "gold")), "item 2 of the plan is an Edit; give a list of words, or a list of"),
        (["island -> marble", 3], "item 2 of the plan is 3; give a list of words"),
        ((), "the plan has no edit; write what to change and what it becomes: 'island -> marble'"),
    ],
)
def test_other_types_are_refused_with_the_types_that_work(source, message):
    with pytest.raises(PlanError) as refusal:
        plan_from(source)
    assert message in str(refusal.value)


@pytest.mark.parametrize("name", ["../x", "a/b", "..", "/x"])
def test_a_variant_whose_name_leads_out_of_the_folder_is_refused(name):
    (plain,) = variants_from("a -> b")
    with pytest.raises(PlanError) as caught:
        variants_from([Variant("oak", ("oak",), plain.plan), Variant(name, ("b",), plain.plan)])
    assert str(caught.value) == f"a variant's name is {name!r}; give the name of one folder, such as 'oak'"
