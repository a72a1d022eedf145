"""Plans made to take long: each is refused, or read, within seconds, with a short message."""

import pytest

from automask.errors import PlanError
from automask.plan import parse_plan, parse_targets, parse_variants, parse_yaml_plan
from automask.plan.text import MAX_CHARS


@pytest.mark.parametrize("parse", [parse_plan, parse_variants, parse_targets])
def test_megabytes_of_words_are_refused_unread(parse, bounded):
    for words in ("a " * (5 << 20), "wall -> red; " * 800_000, "{" * (10 << 20)):
        with pytest.raises(
            PlanError, match=r"^the plan has \d+ characters, more than the 262144 allowed; a plan is a sho"
        ):
            parse(words)


@pytest.mark.parametrize("marks", ["\u0301", "\u0323\u0301\u0315\u0334", "\u05b0\u05b1"])
def test_accents_piled_on_a_letter_are_refused(marks, bounded):
    piled = "wall" + marks * (200_000 // len(marks))
    for parse in (
        parse_plan,
        parse_targets,
        lambda text: parse_yaml_plan(f"- target: {text}\n", source="p", prompts=False),
    ):
        with pytest.raises(PlanError, match="is one of more than 30 accents on one letter; type the word again"):
            parse(piled)


def test_ordinary_accents_and_scripts_are_words():
    for words in ("k\u0302\u0323\u0301", "cafe\u0301", "ตู้", "दीवार", "tường"):
        assert parse_targets(words)[0].targets


def test_aliases_that_stand_for_far_more_than_is_written_are_refused(bounded):
    names = ", ".join(f"n{number}" for number in range(8000))
    lines = [f"- {{target: w0, prompt: red, except: &x [{names}]}}"]
    lines += [f"- {{target: w{number}, prompt: red, except: *x}}" for number in range(1, 3000)]
    with pytest.raises(PlanError, match="its aliases stand for more than 262144 characters; write the edits out"):
        parse_yaml_plan("\n".join(lines), source="plan.yaml")


def test_thousands_of_kept_words_in_thousands_of_edits_are_refused(bounded):
    kept = ", ".join(f"k{number}" for number in range(8000))
    words = f"keep {kept}; " + "; ".join(f"w{number} -> red" for number in range(4000))
    yaml = f"- keep: [{kept}]\n" + "".join(f"- {{target: w{number}, prompt: red}}\n" for number in range(2000))
    for parse in (lambda: parse_plan(words), lambda: parse_yaml_plan(yaml, source="p")):
        with pytest.raises(PlanError, match=r"8000 words to keep in each of [24]000 edits are more than 262144 in all"):
            parse()


def test_a_long_line_is_shown_around_its_caret():
    words = "wall -> " + "x" * 100_000 + " -> y"
    with pytest.raises(PlanError) as caught:
        parse_plan(words)
    said = str(caught.value)
    assert len(said) < 2000
    _, line, caret = said.splitlines()
    assert line[caret.index("^")] == words[100_009]
    assert "column 100010" in said


def test_a_plan_as_long_as_may_be_is_read(bounded):
    edits = (f"w{number} -> red" for number in range(MAX_CHARS // 16))
    assert len(parse_plan(";".join(edits))) > 10_000
