"""docs/guide/words.md and variants.md: every example on the page means what the page says."""

import re
from pathlib import Path

import pytest

from automask.errors import PlanError
from automask.plan import MASK_LENGTHS, parse_plan, parse_targets, parse_variants, parse_yaml_plan

GUIDE = Path(__file__).parents[2] / "docs" / "guide"
GRAMMAR = "\n".join((GUIDE / name).read_text(encoding="utf-8") for name in ("words.md", "variants.md"))

EXAMPLE = re.compile(
    r"^```(?P<kind>words|targets|variants|yaml)\n(?P<text>.*?)^```\n\n(?:(?P<table>(?:^\|[^\n]*\n)+)|^```error\n(?P<error>.*?)^```)",
    re.M | re.S,
)

EXAMPLES = [found.groupdict() for found in EXAMPLE.finditer(GRAMMAR)]


def test_the_grammar_page_has_its_examples():
    assert len(re.findall("^```(?:words|targets|variants|yaml)$", GRAMMAR, re.M)) == len(EXAMPLES) == 20
    assert len(re.findall(r"^\*\*\d+\. ", GRAMMAR, re.M)) == 12


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["text"].splitlines()[0])
def test_every_example_on_the_grammar_page_means_what_the_page_says(example):
    text = example["text"]
    read = {
        "words": parse_plan,
        "targets": parse_targets,
        "variants": parse_variants,
        "yaml": lambda text: parse_yaml_plan(text, source="plan.yaml"),
    }[example["kind"]]
    if example["error"] is not None:
        with pytest.raises(PlanError) as refusal:
            read(text.removesuffix("\n"))
        assert str(refusal.value) == example["error"].removesuffix("\n")
        return
    said: list[tuple[tuple[str, ...], ...]]
    if example["kind"] == "variants":
        said = [((variant.name,), tuple(edit.prompt for edit in variant.plan)) for variant in parse_variants(text)]
    else:
        said = [edit_row(edit) for edit in read(text)]
    rows = [
        [tuple(re.findall("`(.*?)`", cell)) for cell in row.split("|")[1:-1]]
        for row in example["table"].split("\n")[2:-1]
    ]
    width = len(said[0])
    assert [tuple(row + [()] * (width - len(row))) for row in rows] == said


def edit_row(edit):
    return (edit.targets, edit.excepts, edit.keep, (edit.prompt,) if edit.prompt else (), tuple(settings_of(edit)))


def settings_of(edit):
    pairs = [("with", edit.editor), ("seed", edit.seed), *edit.mask, *edit.options]
    return [f"{name}={value}" for name, value in pairs if value is not None]


def test_the_grammar_page_names_every_key():
    assert all(f"`{key}`" in GRAMMAR for key in ("target", "prompt", "except", "keep", "with", "seed", *MASK_LENGTHS))
