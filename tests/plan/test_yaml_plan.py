"""YAML plans: what they mean, and the one line that refuses them."""

# ruff: noqa: PT017
# PT017: a law holds whether or not the text parses.

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automask.errors import PlanError
from automask.plan import check_plan, parse_yaml_plan
from automask.types import Edit

YAML_FRAGMENTS = [
    *[
        "- ",
        "target",
        "prompt",
        "except",
        "keep",
        "with",
        "seed",
        "dilate_px",
        "x",
        ": ",
        "\n",
        "  ",
        "[",
        "]",
        "{",
        "}",
    ],
    *[
        ", ",
        '"',
        "'",
        "#",
        "|",
        "&a ",
        "*a",
        "<<",
        "!!set",
        "? ",
        "null",
        "1",
        ".nan",
        "2026-13-45",
        "yes",
        "island",
        "---",
    ],
]


@settings(deadline=None, max_examples=200)
@given(st.one_of(st.text(max_size=40), st.lists(st.sampled_from(YAML_FRAGMENTS), max_size=25).map("".join)))
def test_any_yaml_is_a_plan_or_a_plan_error_in_one_line(text):
    try:
        plan = parse_yaml_plan(text, source="plan.yaml")
    except PlanError as error:
        assert str(error).startswith("plan.yaml: ")
        assert len(str(error).splitlines()) == 1
    else:
        check_plan(plan)


IN_YAML = {
    "words": ("- {target: 'Island, Wall', prompt: Marble}", Edit(("island", "wall"), "Marble")),
    "quotes": ("- {target: '\"A, B\", c', prompt: x}", Edit(("A, B", "c"), "x")),
    "literals": ("- {target: ['A, B', c -> d, keep], prompt: x}", Edit(("A, B", "c -> d", "keep"), "x")),
    "a literal prompt": ("- {target: a, prompt: '{b; c}  -> D'}", Edit(("a",), "{b; c}  -> D")),
    "a block prompt": ("- target: a\n  prompt: |\n    b\n      c\n\n", Edit(("a",), "b c")),
    "a block of targets": ("- target: >\n    a,\n    b\n  prompt: c", Edit(("a", "b"), "c")),
    "except and keep": ("- {target: a, prompt: b, except: 'c, D', keep: [E]}", Edit(("a",), "b", ("c", "d"), ("E",))),
    "keep for all": ("- {target: a, prompt: b, keep: 'c, D'}\n- keep: d, e", Edit(("a",), "b", (), ("d", "e", "c"))),
    "keep at the top": ("{keep: [c], edits: [{target: a, prompt: b}]}", Edit(("a",), "b", (), ("c",))),
    "an editor": ("- {target: a, prompt: b, with: diffusion-xl}", Edit(("a",), "b", editor="diffusion-xl")),
    "a seed": ("- {target: a, prompt: b, seed: 0}", Edit(("a",), "b", seed=0)),
    "lengths": (
        "- {target: a, prompt: b, feather_frac: 1, dilate_px: 8}",
        Edit(("a",), "b", mask=(("dilate_px", 8), ("feather_frac", 1))),
    ),
    "options": (
        "- {target: a, prompt: b, strength: 0.5, negative: 'no\n\n dog', hd: true, steps: 4, width: 2}",
        Edit(
            ("a",), "b", options=(("hd", True), ("negative", "no dog"), ("steps", 4), ("strength", 0.5), ("width", 2))
        ),
    ),
    "an option near a key that is there": (
        "- {target: a, prompt: b, prompt_2: c}",
        Edit(("a",), "b", options=(("prompt_2", "c"),)),
    ),
    "json": ('[{"target": "a", "prompt": "b"}]', Edit(("a",), "b")),
    "an alias": ("- {target: &t [a], prompt: b, except: [c], keep: [d]}", Edit(("a",), "b", ("c",), ("d",))),
}


@pytest.mark.parametrize(("text", "edit"), IN_YAML.values(), ids=IN_YAML)
def test_yaml_parses_to_an_edit(text, edit):
    assert parse_yaml_plan(text, source="plan.yaml") == (edit,)
    assert parse_yaml_plan("\ufeff" + text, source="plan.yaml") == (edit,)


EDIT = "- {target: a, prompt: b, "

REFUSED_YAML = {
    "nothing": ("", "empty where a list of edits belongs; write a list of edits, each beginning with '- target: ...'"),
    "words": ("a -> b", "words where a list of edits belongs; write a list"),
    "a number": ("3", "3 where a list of edits belongs"),
    "no edit": ("[]", "no edit in it; add one with 'target' and 'prompt'"),
    "keep alone": ("- keep: a", "no edit in it; add one"),
    "a slip at the top": ("edit: []", "unknown key 'edit' at the top; did you mean 'edits'?"),
    "an edit at the top": ("target: a\nprompt: b", "unknown key 'target' at the top; write a list of edits"),
    "a number at the top": ("1: a", "unknown key 1 at the top; write a list of edits"),
    "a second edit of words": (
        "- {target: a, prompt: b}\n- c -> d",
        "edit 2: 'c -> d' where an edit belongs; write it as",
    ),
    "a list in the list": ("[[a]]", "edit 1: a list where an edit belongs"),
    "a list that holds itself": ("&a [*a]", "edit 1: a list where an edit belongs"),
    "a mapping that holds itself": (
        "- &a {target: *a, prompt: b}",
        "edit 1: 'target' is a mapping; give words with commas",
    ),
    "keep does not count as an edit": ("- keep: a\n- {target: b}", "edit 1: no 'prompt'; say what it becomes"),
    "no target": ("- {prompt: b}", "edit 1: no 'target'; say what to find"),
    "a slip for prompt": ("- {target: a, promt: b}", "edit 1: unknown key 'promt'; did you mean 'prompt'?"),
    "a slip for target": ("- {tagret: a, prompt: b}", "edit 1: unknown key 'tagret'; did you mean 'target'?"),
    "targets": ("- {targets: a, prompt: b}", "edit 1: unknown key 'targets'; did you mean 'target'?"),
    "excepts": (EDIT + "excepts: c}", "edit 1: unknown key 'excepts'; did you mean 'except'?"),
    "editor": (EDIT + "editor: c}", "edit 1: unknown key 'editor'; did you mean 'with'?"),
    "wiht": (EDIT + "wiht: c}", "edit 1: unknown key 'wiht'; did you mean 'with'?"),
    "a slip for a length": (
        EDIT + "feather_fraction: 1}",
        "unknown key 'feather_fraction'; did you mean 'feather_frac'?",
    ),
    "a length without unit": (EDIT + "dilate: 1}", "edit 1: unknown key 'dilate'; did you mean 'dilate_px'?"),
    "a key of two words": (
        EDIT + "c d: 1}",
        "edit 1: 'c d' cannot be a key; the keys are target, prompt, except, keep,",
    ),
    "a key that is yes": (EDIT + "on: 1}", "edit 1: true cannot be a key"),
    "a key that is a number": (EDIT + "1: 1}", "edit 1: 1 cannot be a key"),
    "a dotted key": (EDIT + "a.b: 1}", "edit 1: 'a.b' cannot be a key"),
    "a colour without quotes": (
        "- target: a\n  prompt: #fff",
        "edit 1: 'prompt' is empty: YAML takes '#' for a comment; put",
    ),
    "a prompt in braces": ("- {target: a, prompt: {b: c}}", "edit 1: 'prompt' is a mapping; put the prompt in quotes"),
    "a prompt that is a number": ("- {target: a, prompt: 12:30}", "edit 1: 'prompt' is 750; put the prompt in quotes"),
    "a prompt that is off": ("- {target: a, prompt: off}", "edit 1: 'prompt' is false; put the prompt in quotes"),
    "an empty prompt": ("- {target: a, prompt: ''}", "edit 1: an empty prompt; say what it becomes"),
    "an empty target": ("- {target: '', prompt: b}", "edit 1: 'target' holds no words: ''; give words with commas"),
    "an empty list": (
        "- {target: [], prompt: b}",
        "edit 1: 'target' is an empty list; give words with commas, or a list",
    ),
    "a blank literal": ("- {target: [' '], prompt: b}", "edit 1: an empty word; say what it is"),
    "a target that is a number": ("- {target: 3, prompt: b}", "edit 1: 'target' is 3; give words with commas"),
    "a target list with a number": ("- {target: [3], prompt: b}", "edit 1: 'target' holds 3; put the word in quotes"),
    "a target with a comma too many": (
        "- {target: 'a,', prompt: b}",
        "edit 1: 'target': nothing here; expected a target",
    ),
    "an arrow in a target": (
        "- {target: a -> c, prompt: b}",
        "edit 1: 'target' holds more than words with commas: 'a -> c'",
    ),
    "except in a target": ("- {target: a except c, prompt: b}", "edit 1: 'target' holds more than words with commas"),
    "two edits in a target": (
        "- {target: a; c, prompt: b}",
        "edit 1: 'target' holds more than words with commas: 'a; c'",
    ),
    "keep in a target": (
        "- {target: keep c, prompt: b}",
        "edit 1: 'target' holds more than words with commas: 'keep c'",
    ),
    "an empty except": (EDIT + "except: }", "edit 1: 'except' is empty; give words with commas, or a list of words"),
    "a bad keep": ("- keep: 3", "'keep' is 3; give words with commas"),
    "an empty option": (EDIT + "strength: }", "edit 1: 'strength' is empty; give it a value, or leave it out"),
    "an empty seed": (EDIT + "seed: }", "edit 1: 'seed' is empty; give it a value, or leave it out"),
    "an option that is a list": (
        EDIT + "x: [1]}",
        "edit 1: 'x' is a list; give a number, true, false or text, in quotes",
    ),
    "an option that is a date": (
        EDIT + "x: 2026-01-02}",
        "edit 1: 'x' is a date; give a number, true, false or text, in quotes",
    ),
    "an option that is no number": (EDIT + "x: .nan}", "edit 1: 'x' is nan; give a number"),
    "an option without end": (EDIT + "x: .inf}", "edit 1: 'x' is inf; give a number"),
    "an option beyond 64 bits": (
        EDIT + "x: 9223372036854775808}",
        "edit 1: 'x' is a whole number beyond 64 bits; give a sm",
    ),
    "an option with a control character": (
        EDIT + 'x: "\\a"}',
        "edit 1: 'x': the text '\\x07' holds U+0007; take that char",
    ),
    "a prompt with a control character": (
        '- {target: a, prompt: "\\e"}',
        "edit 1: the prompt '\\x1b' holds U+001B; take",
    ),
    "a negative seed": (EDIT + "seed: -1}", "edit 1: 'seed' is -1; give a whole number from 0 to 4294967295"),
    "a large seed": (
        EDIT + "seed: 4294967296}",
        "edit 1: 'seed' is 4294967296; give a whole number from 0 to 4294967295",
    ),
    "a seed that is yes": (EDIT + "seed: yes}", "edit 1: 'seed' is true; give a whole number"),
    "a seed that is a fraction": (EDIT + "seed: 1.5}", "edit 1: 'seed' is 1.5; give a whole number"),
    "a negative length": (EDIT + "dilate_px: -1}", "edit 1: 'dilate_px' is -1; give a number from 0 to 1000000"),
    "a share over 1": (EDIT + "dilate_frac: 1.5}", "edit 1: 'dilate_frac' is 1.5; give a number from 0 to 1"),
    "a length that is no number": (EDIT + "dilate_px: .nan}", "edit 1: 'dilate_px' is nan; give a number"),
    "a length that is yes": (EDIT + "dilate_px: yes}", "edit 1: 'dilate_px' is true; give a number"),
    "a length that YAML reads as text": (
        EDIT + "dilate_frac: 1e-2}",
        "'dilate_frac' is '1e-2'; give a number from 0 to 1; YAML r",
    ),
    "a length with a unit": (EDIT + "dilate_px: 8px}", "edit 1: 'dilate_px' is '8px'; give a number from 0 to 1000000"),
    "an editor that is a path": (
        EDIT + "with: ../x}",
        "edit 1: 'with' is not an editor's name: '../x'; give a name such as",
    ),
    "an editor that is a mapping": (
        EDIT + "with: {_target_: os.system}}",
        "edit 1: 'with' is not an editor's name: a mapping",
    ),
    "a target in two edits": (
        EDIT + "}\n- {target: [A], prompt: b}",
        "edit 2: 'A' is already a target of edit 1; name it",
    ),
    "a target that is kept": (
        EDIT + "}\n- keep: A",
        "edit 1: 'a' is both a target and kept; take it out of one of the two",
    ),
    "a key twice": (
        "- target: a\n  prompt: b\n  prompt: c",
        "line 3, column 3: 'prompt' appears twice; leave one of the two",
    ),
    "a merge key": (
        "- {<<: {target: a}, prompt: b}",
        "line 1, column 4: merge keys ('<<') are not supported; write the keys out",
    ),
    "a colon in a text": (
        "- target: a\n  prompt: b: c",
        "line 2, column 12: mapping values are not allowed here; quote texts",
    ),
    "a tab": ("-\ttarget: a\n \tprompt: b", "quote texts that hold ':', '#' or braces, and indent with spaces"),
    "an object": (
        "!!python/object/apply:os.getcwd []",
        "line 1, column 1: could not determine a constructor for the tag",
    ),
    "two documents": ("[]\n---\n[]", "line 2, column 1: expected a single document in the stream, but found another"),
    "an unknown alias": ("- *a", "found undefined alias"),
    "a list as key": ("- {? [a] : b}", "found unhashable key; quote texts"),
    "a date that is none": (EDIT + "x: 2026-13-45}", "month must be in 1..12; quote texts"),
    "a control character in the file": ("a\x00", "special characters are not allowed; quote texts"),
    "a deep nest": ("[\n" * 2000, "nested too deeply; quote texts"),
    "a number of 5000 digits": (EDIT + f"seed: {'9' * 5000}}}", "Exceeds the limit"),
}


@pytest.mark.parametrize(("text", "message"), REFUSED_YAML.values(), ids=REFUSED_YAML)
def test_invalid_yaml_raises_one_line_with_the_edit_and_the_key(text, message):
    with pytest.raises(PlanError) as refusal:
        parse_yaml_plan(text, source="my plan.yaml")
    shown = str(refusal.value)
    assert shown.startswith("my plan.yaml: ")
    assert message in shown
    assert len(shown.splitlines()) == 1


def test_aliases_that_multiply_are_harmless():
    # "A billion laughs": nine levels, each nine of the one before. A message that printed it would never end.
    levels = ["a: &a [lol]"] + [
        f"{n}: &{n} [{', '.join([f'*{p}'] * 9)}]" for p, n in zip("abcdefgh", "bcdefghi", strict=True)
    ]
    with pytest.raises(PlanError, match="unknown key 'a' at the top"):
        parse_yaml_plan("\n".join(levels), source="plan.yaml")
    as_option = f"- target: [x]\n  prompt: y\n  z: {{{', '.join(levels)}}}\n"
    with pytest.raises(PlanError, match="'target' holds a list"):
        parse_yaml_plan(as_option + "- {target: *i, prompt: b}", source="p")


def test_the_source_s_name_stays_on_one_line():
    with pytest.raises(PlanError, match=r"^'my\\nplan': no edit in it"):
        parse_yaml_plan("[]", source="my\nplan")
