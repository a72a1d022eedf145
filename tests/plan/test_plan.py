# ruff: noqa: PT017
# PT017: a law holds whether or not the text parses.

import math
import os
import re
import sys
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automask.errors import PlanError
from automask.plan import (
    MASK_LENGTHS,
    MAX_VARIANTS,
    check_plan,
    edit_seed,
    format_plan,
    load_plan,
    mask_name,
    nearest,
    parse_plan,
    parse_targets,
    parse_variants,
    parse_yaml_plan,
    plan_from,
    slug,
    variants_from,
)
from automask.types import Edit, Variant

GRAMMAR = Path(__file__).parents[2] / "docs" / "grammar.md"


def words(text):
    """What the words say, without the parts that are empty."""
    return [
        tuple(part for part in (edit.targets, edit.prompt, edit.excepts, edit.keep) if part)
        for edit in parse_plan(text)
    ]


# What the words say


@pytest.mark.parametrize("arrow", ["->", "=>", "→"])
@pytest.mark.parametrize("blank", ["", " ", "   ", "\t", "\N{NO-BREAK SPACE}", "\N{IDEOGRAPHIC SPACE}"])
def test_an_edit_is_targets_an_arrow_and_a_prompt(arrow, blank):
    assert words(f"{blank}island{blank}{arrow}{blank}marble{blank}") == [(("island",), "marble")]


@pytest.mark.parametrize("end", [";", "\n", "\r\n", "\r", "\u2028", "\u2029", "\x85", ";;", "\n\n", " ; \n ; "])
def test_semicolons_and_line_ends_part_edits(end):
    assert words(f"island -> marble{end}wall -> white") == [(("island",), "marble"), (("wall",), "white")]
    assert words(f"{end}island -> marble{end}") == [(("island",), "marble")]


def test_commas_join_targets_and_belong_to_prompts():
    assert words("a, b,c -> d, e") == [(("a", "b", "c"), "d, e")]


@pytest.mark.parametrize("text", ["a, b except c, d -> e", "a, b, except c, d -> e", "A,B EXCEPT C,D -> e"])
def test_except_takes_words_away_from_its_edit(text):
    assert words(f"{text}; f -> g") == [(("a", "b"), "e", ("c", "d")), (("f",), "g")]


@pytest.mark.parametrize(
    "text", ["keep k, l; a -> b; c -> d", "a -> b; Keep k; c -> d\nKEEP l", "a -> b; c -> d; keep k; keep K, l"]
)
def test_keep_protects_its_words_from_every_edit_once(text):
    assert words(text) == [(("a",), "b", ("k", "l")), (("c",), "d", ("k", "l"))]


def test_keywords_are_whole_words():
    assert words("keeper, exceptional, big keep -> safekeeping except keep") == [
        (("keeper", "exceptional", "big keep"), "safekeeping except keep")
    ]


def test_a_line_that_begins_with_a_hash_is_a_comment():
    assert words('# a -> b\n  #"\\\n \t# \x00\nwall -> #98a48c # stays\n#') == [(("wall",), "#98a48c # stays")]
    assert words('"#1" wall -> white; \\#2 wall -> black') == [(("#1 wall",), "white"), (("#2 wall",), "black")]


def test_case_and_blanks_do_not_matter_left_of_the_arrow():
    assert words(" Big \t  WALL\N{NO-BREAK SPACE}\N{EM SPACE}Lamp -> x") == [(("big wall lamp",), "x")]


def test_a_prompt_keeps_its_case_and_loses_runs_of_blanks():
    assert words("a ->  swatch:Oak.jpg, \t Warm ") == [(("a",), "swatch:Oak.jpg, Warm")]


def test_quotes_make_any_text_literal():
    quoted = 'A,  b; -> => → # {x} keep except \\" \\\\ “”，；'
    literal = 'A,  b; -> => → # {x} keep except " \\ “”，；'
    assert words(f'"{quoted}" -> "{quoted}"') == [((literal,), literal)]
    assert words(f'a except "{quoted}" -> b; keep "{quoted} "') == [(("a",), "b", (literal,), (literal + " ",))]


def test_quotes_may_stand_inside_a_word():
    assert words('Black" Wall"Paper, x"",ke""ep -> swatch:"My Oak; 2.jpg"') == [
        (("black Wallpaper", "x", "keep"), "swatch:My Oak; 2.jpg")
    ]


@pytest.mark.parametrize("text", ['"keep" -> x', "\\keep -> x", 'k"ee"p -> x', '"keep", a -> x', "a, keep -> x"])
def test_a_target_called_keep_is_quoted_where_it_stands_first(text):
    assert "keep" in parse_plan(text)[0].targets


@pytest.mark.parametrize("text", ['"except" -> x', "\\except -> x", 'a, "except" -> x'])
def test_a_target_called_except_is_quoted(text):
    assert "except" in parse_plan(text)[0].targets


@pytest.mark.parametrize("char", ';,"\\#→>-={}“； ABk')
def test_a_backslash_makes_the_next_character_literal(char):
    assert words(f"x\\{char}y -> x\\{char}y") == [((f"x{char}y",), f"x{char}y")]
    assert words(f'"x\\{char}y" -> "x\\{char}y"') == [((f"x{char}y",), f"x{char}y")]


def test_a_byte_order_mark_at_the_start_is_passed_over():
    assert words("\ufeffisland -> marble") == [(("island",), "marble")]


def test_letters_of_any_script_are_words():
    assert words("Кухня, 島, Ⅻ, 👩‍🍳 -> Weiß") == [(("кухня", "島", "ⅻ", "👩‍🍳"), "Weiß")]
    assert words("ＷＡＬＬ -> x") == [(("ｗａｌｌ",), "x")]


# What is refused

AT_CARET = {
    "no arrow": ("cabinets white", 14, "no arrow; expected '->' and what it becomes, as in 'island -> marble'"),
    "no arrow, blanks after": ("a -> b; wall  ", 12, "no arrow; expected '->'"),
    "a bare >": ("a > b", 2, "no arrow; expected '->'"),
    "a parted arrow": ("a - > b", 2, "no arrow; expected '->'"),
    "a dash's arrow": ("a —> b", 2, "no arrow; expected '->'"),
    "a typographic arrow": ("a ⇒ b", 2, "no arrow; expected '->'"),
    "a full-width arrow": ("a －＞ b", 2, "no arrow; expected '->'"),
    "a long arrow": ("a --> b", 2, "'-->' is no arrow; expected '->'; quotes make it literal"),
    "a long arrow in a prompt": ("a -> b ==> c", 7, "'==>' is no arrow; expected '->'; quotes make it literal"),
    "a file's name": ("my plan.YAML", 12, "'island -> marble'; a file goes in with --plan, or as a Path"),
    "a second arrow": ("a -> b => c", 7, "a second arrow; expected ';' before another edit"),
    "arrows side by side": ("a ->→ b", 4, "a second arrow; expected ';'"),
    "no prompt": ("a -> ; b -> c", 4, "nothing after the arrow; expected what it becomes"),
    "an empty prompt": ('a -> ""', 7, "nothing after the arrow; expected what it becomes"),
    "a blank prompt": ('a -> " "', 8, "nothing after the arrow; expected what it becomes"),
    "no target": ("a -> b;-> c", 7, "nothing here; expected a target"),
    "an empty target": ("a,, b -> c", 2, "nothing here; expected a target"),
    "a comma at the end": ("a, -> c", 3, "nothing here; expected a target"),
    "a comma at the start": (", a -> c", 0, "nothing here; expected a target"),
    "an empty quote": ('"" -> b', 3, "nothing here; expected a target"),
    "a blank quote": ('" ", a -> b', 3, "nothing here; expected a target"),
    "nothing before except": ("except a -> b", 0, "nothing here; expected a target"),
    "a comma before except": (", except a -> b", 0, "nothing here; expected a target"),
    "two commas before except": ("a,, except b -> c", 4, "nothing here; expected a target"),
    "nothing after except": ("a except -> b", 9, "nothing here; expected a word to except"),
    "an empty word after except": ("a except b, -> c", 12, "nothing here; expected a word to except"),
    "except twice": ("a except b except c -> d", 11, "a second 'except'; expected ',' between words"),
    "nothing to keep": ("a -> b; keep", 12, "nothing here; expected a word to keep"),
    "an empty word to keep": ("a -> b; keep c,", 15, "nothing here; expected a word to keep"),
    "keep with an arrow": ("keep a -> b", 7, "'keep' paints nothing, so it takes no arrow; expected words to keep"),
    "keep close to an arrow": ("keep->a", 4, "'keep' paints nothing, so it takes no arrow"),
    "except close to an arrow": ("a except->b", 8, "nothing here; expected a word to except"),
    "a comma before keep": (", keep a -> b", 0, "nothing here; expected a target"),
    "a comma alone": (" , ", 2, "no arrow; expected '->'"),
    "keep with except": ("a -> b; keep c except d", 15, "'except' means nothing here; expected a word to keep"),
    "nothing but keep": ("keep a ;", 6, "nothing but 'keep' here; add an edit, such as 'island -> marble'"),
    "an open quote": ('a -> 24" tiles', 7, 'this quote is not closed; expected another " on this line; write \\"'),
    "an open quote on line 1": ('a -> "b\nc"', 5, "this quote is not closed"),
    "a backslash at the end": ("a -> b\\", 6, "a backslash with nothing after it; expected the character"),
    "a backslash before a line end": ("a -> b\\\r\nc -> d", 6, "a backslash with nothing after it"),
    "a brace": (
        "a -> b {c, d}",
        7,
        "braces say several pictures, and this is for one; make them with automask.variants",
    ),
    "a brace of one": ("a -> {b}", 5, "braces say several pictures, and this is for one"),
    "a brace in a brace": (
        "a -> {b, {c, d}}",
        9,
        "a brace inside braces; expected ',' or '}'; quotes make a brace lite",
    ),
    "an open brace": ("a -> x {b, c; d -> e}", 7, "this brace is not closed; expected '}' before the edit ends"),
    "a brace that goes on": ("a -> {b,\nc}", 5, "this brace is not closed; expected '}' before the edit ends"),
    "a closing brace": ("a -> b, c}", 9, "no brace is open here; expected '{' before it; quotes make it literal"),
    "a brace too many": ("a -> {b, c}}", 11, "no brace is open here"),
    "an empty brace": ("a -> {}", 6, "nothing here; expected an alternative"),
    "a blank alternative": ("a -> {b, , c}", 9, "nothing here; expected an alternative"),
    "an alternative too many": ("a -> {b,}", 8, "nothing here; expected an alternative"),
    "a quoted blank alternative": ('a -> {b, " "}', 12, "nothing here; expected an alternative"),
    "an alternative twice": ("a -> {oak, Oak}", 11, "'Oak' stands twice in this brace; name it once"),
    "a full-width comma in a brace": (
        "a -> {b，c}",
        7,
        "'，' does not part alternatives; expected ','; quotes make it",
    ),
    "a brace left of the arrow": ("{a, b} -> c", 0, "braces make variants right of the arrow only; expected a target"),
    "a kept brace": ("a -> b; keep c}", 14, "braces make variants right of the arrow only; expected a word to keep"),
    "a curly quote": ("“a” -> b", 0, "'“' does not quote; expected a straight quote, \""),
    "a full-width semicolon": ("a -> b；c -> d", 6, "'；' does not part edits; expected ';'"),
    "a full-width comma": ("a， b -> c", 1, "'，' does not part words; expected ','"),
    "an enumeration comma": ("a except b、c -> d", 10, "'、' does not part words; expected ','"),
    "a control character": ("a\x00 -> b", 1, "the character U+0000 cannot be seen; expected text; take it out"),
    "an escape sequence": ("a -> \x1b[31mb", 5, "the character U+001B cannot be seen"),
    "a quoted control character": ('a -> "\x07"', 6, "the character U+0007 cannot be seen"),
    "an escaped control character": ("a -> \\\x07", 6, "the character U+0007 cannot be seen"),
    "half a surrogate pair": ("a -> \udcff", 5, "the character U+DCFF cannot be seen"),
    "a zero-width blank": ("a\u200bb -> c", 1, "the character U+200B cannot be seen"),
    "a byte order mark inside": ("a -> \ufeffb", 5, "the character U+FEFF cannot be seen"),
    "a change of direction": ("a -> \u202eb", 5, "the character U+202E cannot be seen"),
    "a target twice": ("a, b,  A -> c", 7, "'a' is named twice; name it once"),
    "an excepted word twice": ("a except b, b -> c", 12, "'b' is named twice; name it once"),
    "a target in two edits": (
        "a, B -> c; d,  b -> e",
        15,
        "'b' is already a target of edit 1; name it in one edit only",
    ),
    "a quoted target in two edits": ('a -> b; " A" -> c', 8, "' A' is already a target of edit 1"),
    "a target composed otherwise": ("caf\u00e9 -> b; cafe\u0301 -> c", 11, "is already a target of edit 1"),
    "a target that is kept": (
        "keep a, b; c, b -> d",
        8,
        "'b' is both a target and kept; take it out of one of the two",
    ),
    "a target that is excepted": ("a, b except B -> c", 12, "'b' is both a target and excepted; take it out of one"),
}


@pytest.mark.parametrize(("text", "position", "message"), AT_CARET.values(), ids=AT_CARET)
def test_words_that_do_not_parse_get_the_line_the_caret_and_what_was_expected(text, position, message):
    before = "# the first line\r\n\tfirst -> line\n"
    for start, line in (("", 1), (before, 3)) if text != "keep a ;" else (("", 1),):
        with pytest.raises(PlanError) as refusal:
            parse_plan(start + text)
        told, shown, caret = str(refusal.value).split("\n")
        if "of edit 1" in message and start:
            message = message.replace("of edit 1", "of edit 2")
        row = re.split("\r?\n", text[:position])[-1]
        assert told.startswith(f"line {line}, column {len(row) + 1}: ")
        assert message in told
        assert shown.startswith("    " + row.replace("\x00", "\ufffd"))
        assert caret == "    " + "\t" * row.count("\t") + " " * (len(row) - row.count("\t")) + "^"
        assert refusal.value.problem in told
        assert refusal.value.exit_status == 2


@pytest.mark.parametrize("text", ["", " \t", "\n\n", ";;", "# a -> b", "\ufeff", " # a\n;\n"])
def test_no_words_at_all_are_told_what_to_write(text):
    for parse in (parse_plan, parse_targets):
        with pytest.raises(
            PlanError, match="there are no words; write what to change and what it becomes: 'island -> ma"
        ):
            parse(text)


def test_what_is_shown_of_refused_words_commands_no_terminal_and_can_be_written():
    with pytest.raises(PlanError) as refusal:
        parse_plan("\x1b]0;title\x07 \u202e \ud800 a")
    assert "\ufffd]0;title\ufffd \ufffd \ufffd a" in str(refusal.value)
    str(refusal.value).encode()


def test_a_long_text_is_read_in_good_time():
    many = "; ".join(f"thing {n}, part {n} except bit {n} -> colour {n}" for n in range(2000))
    assert len(parse_plan(many)) == 2000
    with pytest.raises(PlanError):
        parse_plan("-" * 200_000)


# Mask requests


def test_a_mask_request_needs_no_arrow():
    assert parse_targets("Island; cabinets except handles; keep faucet; wall -> white") == (
        Edit(("island",), "", keep=("faucet",)),
        Edit(("cabinets",), "", excepts=("handles",), keep=("faucet",)),
        Edit(("wall",), "white", keep=("faucet",)),
    )


@pytest.mark.parametrize("text", ["a ->", "a; a", "keep a", "a except", "a,", '"a', "a -> b -> c"])
def test_a_mask_request_obeys_the_other_rules(text):
    with pytest.raises(PlanError):
        parse_targets(text)


# Variants


def test_a_brace_makes_one_variant_of_each_alternative():
    assert parse_variants("Island -> {marble, Dark  Oak }; floor -> oak") == (
        Variant("marble", ("marble",), parse_plan("island -> marble; floor -> oak")),
        Variant("dark-oak", ("Dark Oak",), parse_plan("island -> Dark Oak; floor -> oak")),
    )


def test_braces_multiply_and_the_first_changes_slowest():
    made = parse_variants('a -> x{1,2} y; b -> {"c, d", e\\}} {f}; keep g')
    assert [variant.words for variant in made] == [
        ("1", "c, d", "f"),
        ("1", "e}", "f"),
        ("2", "c, d", "f"),
        ("2", "e}", "f"),
    ]
    assert [variant.name for variant in made] == ["1-c-d-f", "1-e-f", "2-c-d-f", "2-e-f"]
    assert [[edit.prompt for edit in variant.plan] for variant in made] == [
        ["x1 y", "c, d f"],
        ["x1 y", "e} f"],
        ["x2 y", "c, d f"],
        ["x2 y", "e} f"],
    ]


@pytest.mark.parametrize("text", ["a -> b; c -> d", 'a -> "{b, c}"', "a -> \\{b, c\\}", "a -> {b}"])
def test_words_of_one_plan_are_one_variant(text):
    (variant,) = parse_variants(text)
    assert (variant.name, variant.words) == (("b", ("b",)) if text == "a -> {b}" else ("", ()))
    assert variant.plan == parse_plan(format_plan(variant.plan))


def test_names_that_would_be_alike_are_numbered():
    made = parse_variants('a -> {"#fff", fff, "fff!", fff-2}')
    assert [variant.name for variant in made] == ["fff", "fff-2", "fff-3", "fff-2-2"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "a -> {1,2,3,4} {1,2,3,4} {1,2,3,4} {5,6}",
            "line 1, column 6: the braces make 128 variants; expected at most 64",
        ),
        ("a -> b" + "{1,2}" * 2000, "line 1, column 7: the braces make over a million variants; expected at most 64"),
    ],
)
def test_too_many_variants_are_counted_and_refused(text, said):
    with pytest.raises(PlanError, match=said):
        parse_variants(text)


def test_as_many_variants_as_allowed_are_made():
    assert len({variant.name for variant in parse_variants("a -> " + "{b,c}" * 6)}) == MAX_VARIANTS


def test_a_mask_request_does_not_mind_braces():
    assert parse_targets("island -> {marble, oak}; lamp") == parse_targets("island -> marble; lamp")


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


# Laws

FRAGMENTS = [
    *["island", "Wall", "cabinet doors", "->", "=>", "→", "-", "=", ">", ",", ";", "\n", "\r\n", " ", "\t", "  "],
    *["except", "keep", "Keep", '"', '"a, b"', '""', "\\", "\\;", "#", "#fff", "{", "}", "“", "；", "，", "\u00a0"],
    *["İ", "Σ", "ß", "K", "é", "e\u0301", "\ufeff", "\u2028", "\x00", "\u200d", "\U0001f6cb", "\udc80"],
]
SCRAPS = st.lists(st.sampled_from(FRAGMENTS), max_size=24).map("".join)
SENTENCES = st.lists(
    st.tuples(SCRAPS, st.sampled_from(["->", " -> ", "→"]), SCRAPS).map("".join), min_size=1, max_size=3
).map(";".join)
ANY_TEXT = st.one_of(st.text(max_size=60), SCRAPS, SENTENCES)


def fold(word):
    """The test's own reading of "case and runs of blanks do not matter"."""
    word = unicodedata.normalize("NFC", word)
    return unicodedata.normalize("NFC", " ".join(word.casefold().split()))


NICE = st.sampled_from(
    ["island", "black wall", "Oak", "keep", "except", "#fff", "a, b", "x -> y", '24"', "c:\\d", " e "]
)
LITERAL = st.text(
    st.one_of(
        st.sampled_from(list('aB ,;"\\#->=→{}“；\t\u00a0ΣİKß')),
        st.characters(exclude_categories=["Cc", "Cs", "Cf", "Zl", "Zp"]),
    ),
    min_size=1,
    max_size=12,
).filter(str.strip)
LITERALS = st.one_of(NICE, LITERAL)
NUMBERS = st.one_of(st.integers(-(2**63) + 1, 2**63 - 1), st.floats(allow_nan=False, allow_infinity=False))
SHARES = st.one_of(st.sampled_from([0, 1]), st.floats(0, 1))
LENGTHS = {name: SHARES if name.endswith("_frac") else st.floats(0, 1e6) for name in MASK_LENGTHS}
OPTION_NAMES = st.sampled_from(["strength", "negative", "guidance", "width", "y", "no", "größe", "prompt_2", "_"])
OPTIONS = st.dictionaries(OPTION_NAMES, st.one_of(st.booleans(), NUMBERS, LITERAL, st.just("")), max_size=3)


def in_order(pairs):
    return tuple(sorted(pairs.items()))


SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "editor": st.sampled_from(["paint", "diffusion-xl", "no", "7"]),
        "seed": st.integers(0, 2**32 - 1),
        "mask": st.fixed_dictionaries({}, optional=LENGTHS).map(in_order),
        "options": OPTIONS.map(in_order),
    },
)


NO_SETTINGS = st.just({})


@st.composite
def plans(draw, prompts=LITERALS, settings=NO_SETTINGS, same_keep=True):
    """Plans that can be made: no word twice, so that no two of its parts contradict each other."""
    pool = draw(st.lists(LITERALS, min_size=3, max_size=12, unique_by=fold))
    keep = tuple(pool.pop() for _ in range(draw(st.integers(0, 2)) if len(pool) > 1 else 0) if len(pool) > 1)
    edits = []
    while pool:
        targets = tuple(pool.pop() for _ in range(draw(st.integers(1, 3))) if pool)
        excepts = tuple(pool.pop() for _ in range(draw(st.integers(0, 2))) if pool)
        kept = keep if same_keep or draw(st.booleans()) else ()
        edits.append(Edit(targets, draw(prompts), excepts, kept, **draw(settings)))
    return tuple(edits)


@settings(deadline=None, max_examples=300)
@given(ANY_TEXT)
def test_any_text_is_a_plan_or_a_plan_error(text):
    for parse in (parse_plan, parse_targets):
        try:
            plan = parse(text)
        except PlanError as error:
            assert str(error)
        else:
            check_plan(plan, prompts=parse is parse_plan)
            assert parse(format_plan(plan)) == plan


@settings(deadline=None, max_examples=300)
@given(ANY_TEXT)
def test_any_text_is_variants_or_a_plan_error(text):
    try:
        made = parse_variants(text)
    except PlanError as error:
        assert str(error)
        with pytest.raises(PlanError):
            parse_plan(text)
        return
    assert 1 <= len(made) <= MAX_VARIANTS
    assert len({variant.name for variant in made}) == len({variant.plan for variant in made}) == len(made)
    for variant in made:
        check_plan(variant.plan)
        assert parse_plan(format_plan(variant.plan)) == variant.plan
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*" if variant.words else "", variant.name)
        assert len(variant.name.encode()) <= 80


WORD = st.text(st.sampled_from("abAB1é台 "), min_size=1, max_size=40).filter(str.strip)
BRACE = st.lists(WORD, min_size=1, max_size=4, unique_by=fold)


def count_of(edits):
    return math.prod(len(brace) for braces in edits for brace in braces)


EDITS_WITH_BRACES = st.lists(st.lists(BRACE, max_size=2), min_size=1, max_size=3)


@settings(deadline=None, max_examples=100)
@given(EDITS_WITH_BRACES.filter(lambda edits: count_of(edits) <= MAX_VARIANTS))
def test_there_are_as_many_variants_as_the_product_of_the_alternatives(edits):
    text = "; ".join(
        f"thing {nr} -> x " + "".join("{" + ",".join(brace) + "}" for brace in braces)
        for nr, braces in enumerate(edits)
    )
    made = parse_variants(text)
    assert len(made) == count_of(edits)
    assert len({variant.words for variant in made}) == len(made)
    assert len({variant.name for variant in made}) == len(made)
    assert all(variant.plan[0].prompt.startswith("x") for variant in made)


@settings(deadline=None, max_examples=200)
@given(plans())
def test_words_say_every_plan_without_options(plan):
    check_plan(plan)
    text = format_plan(plan)
    assert parse_plan(text) == plan
    assert format_plan(parse_plan(text)) == text


@settings(deadline=None, max_examples=100)
@given(plans(prompts=st.one_of(st.just(""), LITERALS)))
def test_words_say_every_mask_request(plan):
    assert parse_targets(format_plan(plan)) == plan


@settings(deadline=None, max_examples=100)
@given(plans(settings=SETTINGS, same_keep=False))
def test_yaml_says_every_plan_with_options(plan):
    check_plan(plan)
    # One edit with a seed, so that it is YAML whatever was drawn.
    plan = (replace(plan[0], seed=5), *plan[1:])
    text = format_plan(plan)
    assert parse_yaml_plan(text, source="plan.yaml") == plan
    assert format_plan(parse_yaml_plan(text, source="plan.yaml")) == text


@settings(deadline=None, max_examples=50)
@given(plans(prompts=st.just(""), settings=SETTINGS))
def test_yaml_says_every_mask_request(plan):
    plan = (replace(plan[0], seed=5), *plan[1:])
    assert parse_yaml_plan(format_plan(plan), source="plan.yaml", prompts=False) == plan


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


def test_lower_casing_is_settled_after_one_pass_for_every_letter():
    # İ becomes two characters, a final sigma depends on its neighbours, the Kelvin sign becomes a k.
    letters = [chr(code) for code in range(sys.maxunicode + 1) if chr(code).lower() != chr(code)]
    assert len(letters) > 1000
    for letter in letters:
        plan = parse_plan(f"{letter}a{letter} -> x")
        assert parse_plan(format_plan(plan)) == plan
        assert parse_plan(f"{plan[0].targets[0]} -> x") == plan


# Formatting


def test_plain_words_are_written_plainly():
    text = "island, black wall -> marble; cabinets except handles -> White, matt; keep faucet, plants"
    assert format_plan(parse_plan(text)) == text


@pytest.mark.parametrize(
    "word", ["Oak", "a, b", "keep", "except", "#1", "a -> b", " a", "a  b", 'a"b', "a\\b", "a; b", "“a"]
)
def test_words_that_the_grammar_would_change_are_quoted(word):
    quoted = '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'
    assert format_plan((Edit((word,), "x"),)) == f"{quoted} -> x"


@pytest.mark.parametrize("prompt", ["a; b", "a -> b", "{a}", "a}", " a", "a  b", 'a"b', "a\\b", "“a”"])
def test_prompts_that_the_grammar_would_change_are_quoted(prompt):
    quoted = '"' + prompt.replace("\\", "\\\\").replace('"', '\\"') + '"'
    assert format_plan((Edit(("x",), prompt),)) == f"x -> {quoted}"


@pytest.mark.parametrize("prompt", ["Oak, oiled", "#98a48c", "keep it except that", "白色，大理石", "it’s 3 > 2"])
def test_prompts_that_the_grammar_leaves_alone_are_not_quoted(prompt):
    assert format_plan((Edit(("x",), prompt),)) == f"x -> {prompt}"


def test_a_plan_with_options_is_written_as_yaml():
    plan = (
        Edit(("island", "a, b"), "#fff", ("handles",), ("faucet",), "paint", 7, (("dilate_px", 3.0),), (("x", True),)),
        Edit(("wall",), "white: warm", (), ("faucet",)),
    )
    assert format_plan(plan).splitlines() == [
        "- keep:",
        "  - faucet",
        "- target:",
        "  - island",
        "  - a, b",
        "  prompt: '#fff'",
        "  except: handles",
        "  with: paint",
        "  seed: 7",
        "  dilate_px: 3.0",
        "  x: true",
        "- target: wall",
        "  prompt: 'white: warm'",
    ]


def test_edits_that_keep_different_words_are_written_as_yaml():
    plan = (Edit(("a",), "b", keep=("c",)), Edit(("d",), "e"))
    assert format_plan(plan) == "- target: a\n  prompt: b\n  keep: c\n- target: d\n  prompt: e\n"


def test_a_plan_that_cannot_be_made_is_not_written():
    with pytest.raises(PlanError, match="the plan has no edit"):
        format_plan(())


# YAML

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
def test_yaml_says(text, edit):
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
        "line 3, column 3: 'prompt' stands twice; leave one of the two",
    ),
    "a merge key": (
        "- {<<: {target: a}, prompt: b}",
        "line 1, column 4: merge keys ('<<') are not read; write the keys out",
    ),
    "a colon in a text": (
        "- target: a\n  prompt: b: c",
        "line 2, column 12: mapping values are not allowed here; quote texts",
    ),
    "a tab": ("-\ttarget: a\n \tprompt: b", "quote texts that hold ':', '#' or braces, and indent with blanks"),
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
def test_yaml_that_says_no_plan_gets_one_line_with_the_edit_and_the_key(text, message):
    with pytest.raises(PlanError) as refusal:
        parse_yaml_plan(text, source="my plan.yaml")
    told = str(refusal.value)
    assert told.startswith("my plan.yaml: ")
    assert message in told
    assert len(told.splitlines()) == 1


def test_aliases_that_multiply_do_no_harm():
    # "A billion laughs": nine levels, each nine of the one before. A message that printed it would never end.
    levels = ["a: &a [lol]"] + [
        f"{n}: &{n} [{', '.join([f'*{p}'] * 9)}]" for p, n in zip("abcdefgh", "bcdefghi", strict=True)
    ]
    with pytest.raises(PlanError, match="unknown key 'a' at the top"):
        parse_yaml_plan("\n".join(levels), source="plan.yaml")
    with pytest.raises(PlanError, match="'target' holds a list"):
        parse_yaml_plan(
            f"edits: [{{target: *i, prompt: b}}]\nkeep: {{{', '.join(levels)}}}"[:0] + bomb(levels), source="p"
        )


def bomb(levels):
    """The levels as the values of one option, then used as a target."""
    return f"- target: [x]\n  prompt: y\n  z: {{{', '.join(levels)}}}\n- {{target: *i, prompt: b}}"


def test_the_name_of_a_plan_stays_on_one_line():
    with pytest.raises(PlanError, match=r"^'my\\nplan': no edit in it"):
        parse_yaml_plan("[]", source="my\nplan")


# Files


@pytest.fixture(params=["plan.yaml", "plan.yml", "Küche [1], a=b 島.yaml", "plan"])
def plan_file(request, tmp_path):
    return tmp_path / request.param


def test_a_plan_file_is_yaml(plan_file):
    plan_file.write_bytes("\ufeff- target: 島\r\n  prompt: Weiß\r\n".encode())
    assert load_plan(plan_file) == plan_from(plan_file) == (Edit(("島",), "Weiß"),)


def test_a_text_file_is_words(tmp_path):
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


def test_a_file_that_is_not_there_is_named(plan_file):
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


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_plan_may_come_through_a_pipe():
    end, start = os.pipe()
    with os.fdopen(start, "w") as writer:
        writer.write("- {target: island, prompt: marble}")
    try:
        assert load_plan(Path(f"/dev/fd/{end}")) == (Edit(("island",), "marble"),)
    finally:
        os.close(end)


# Plans by hand


def test_a_plan_is_words_or_a_path_or_edits():
    edit = Edit(("island",), "marble")
    assert plan_from("island -> marble") == (edit,)
    assert plan_from((edit,)) == plan_from([edit]) == (edit,)
    assert plan_from("island", prompts=False) == (Edit(("island",), ""),)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (3, "a plan cannot be a int; give words, a Path to a YAML file, or a tuple of Edit"),
        (None, "a plan cannot be a NoneType; give words"),
        ("plan.yaml", "a file goes in with --plan, or as a Path"),
        (("island", "marble"), "edit 1: a str is not an Edit; write Edit"),
        ((), "the plan has no edit; write what to change and what it becomes: 'island -> marble'"),
    ],
)
def test_what_cannot_be_a_plan_is_told_what_can(source, message):
    with pytest.raises(PlanError) as refusal:
        plan_from(source)
    assert message in str(refusal.value)


BY_HAND = {
    "no targets": (Edit((), "x"), "edit 1: no target; say what to find"),
    "targets as one text": (
        Edit("island", "x"),
        "edit 1: targets is not a tuple of words; write targets=('island',), with the",
    ),
    "targets as a list": (Edit(["island"], "x"), "edit 1: targets is not a tuple of words"),
    "a target that is a number": (Edit((3,), "x"), "edit 1: targets is not a tuple of words"),
    "a blank target": (Edit(("a", "\u3000"), "x"), "edit 1: an empty word; say what it is"),
    "a target of two lines": (Edit(("a\nb",), "x"), "edit 1: the word 'a\\nb' holds U+000A; take that character out"),
    "an empty prompt": (Edit(("a",), ""), "edit 1: an empty prompt; say what it becomes"),
    "a prompt of two lines": (
        Edit(("a",), "b\u2028c"),
        "edit 1: the prompt 'b\\u2028c' holds U+2028; take that character",
    ),
    "a prompt that is no text": (
        Edit(("a",), None),
        "edit 1: the prompt is not text but a NoneType; say what it becomes",
    ),
    "a target twice": (Edit(("a", "A "), "x"), "edit 1: 'A ' is named twice; name it once"),
    "a kept word twice": (Edit(("a",), "x", (), ("b", "B")), "edit 1: 'B' is named twice; name it once"),
    "excepts as one text": (Edit(("a",), "x", "b"), "edit 1: excepts is not a tuple of words"),
    "a target excepted": (Edit(("a",), "x", ("A",)), "edit 1: 'A' is both a target and excepted"),
    "a target kept": (Edit(("a",), "x", (), ("b", "A")), "edit 1: 'A' is both a target and kept"),
    "an editor that is no name": (Edit(("a",), "x", editor="a b"), "edit 1: 'with' is not an editor's name: 'a b'"),
    "an editor that is no text": (Edit(("a",), "x", editor=3), "edit 1: 'with' is not an editor's name: 3"),
    "a seed that is text": (Edit(("a",), "x", seed="3"), "edit 1: 'seed' is '3'; give a whole number"),
    "lengths as a mapping": (
        Edit(("a",), "x", mask={"dilate_px": 1}),
        "edit 1: mask is not a tuple of (name, value) pairs; write",
    ),
    "an unknown length": (
        Edit(("a",), "x", mask=(("dilate", 1),)),
        "edit 1: unknown mask length 'dilate'; it can be min_speck_frac",
    ),
    "lengths out of order": (
        Edit(("a",), "x", mask=(("feather_px", 1), ("dilate_px", 1))),
        "edit 1: mask is not sorted by name, or names one twice: feather_px, dilate_px; sort it by name",
    ),
    "an option twice": (
        Edit(("a",), "x", options=(("s", 1), ("s", 2))),
        "edit 1: options is not sorted by name, or names one twice",
    ),
    "an option called as a key": (
        Edit(("a",), "x", options=(("seed", 1),)),
        "edit 1: unknown key 'seed'; did you mean 'seed'?",
    ),
    "an option that is no name": (
        Edit(("a",), "x", options=(("a-b", 1),)),
        "edit 1: 'a-b' cannot be an option's name; write a na",
    ),
    "an option that is nothing": (
        Edit(("a",), "x", options=(("s", None),)),
        "edit 1: 's' is empty; give a number, true, false or",
    ),
}


@pytest.mark.parametrize(("edit", "message"), BY_HAND.values(), ids=BY_HAND)
def test_an_edit_made_by_hand_obeys_the_laws(edit, message):
    with pytest.raises(PlanError) as refusal:
        check_plan((edit,))
    assert message in str(refusal.value)
    with pytest.raises(PlanError, match=r"^edit 2: "):
        check_plan((Edit(("first",), "x"), edit))


def test_the_same_target_in_two_edits_is_refused_by_name():
    with pytest.raises(
        PlanError, match=r"^edit 3: 'BLACK  wall' is already a target of edit 1; name it in one edit only$"
    ):
        check_plan((Edit(("island", "black wall"), "x"), Edit(("b",), "x"), Edit(("a", "BLACK  wall"), "y")))


def test_a_word_excepted_from_one_edit_may_be_the_target_of_another():
    check_plan(parse_plan("cabinets except handles -> white; handles -> brass"))


def test_a_word_kept_by_one_edit_may_be_the_target_of_another():
    check_plan((Edit(("a",), "x", keep=("b",)), Edit(("b",), "y")))


# Names


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("island, black wall", "island-black-wall"),
        ('  24" Sink -- #2! ', "24-sink-2"),
        ("Küche, Größe", "kuche-grosse"),
        ("ＷＡＬＬ №1 ½", "wall-no1-12"),
        ("smørrebrød œuvre łóżko ırmak", "smorrebrod-oeuvre-lozko-irmak"),
        ("../../etc/passwd\0", "etc-passwd"),
        ("島 island", "island"),
    ],
)
def test_a_slug_is_the_letters_and_digits_that_ascii_can_hold(text, name):
    assert slug(text) == name


def test_a_text_without_such_letters_gets_a_short_stable_digest():
    assert slug("島") == "xb46351"
    assert re.fullmatch("x[0-9a-f]{6}", slug(""))
    assert slug("島") != slug("壁")
    assert slug("\udc80")


def test_a_long_slug_is_cut_between_words_where_it_can_be():
    assert slug("a" * 100) == "a" * 60
    assert slug(("word " * 30).strip()) == "-".join(["word"] * 12)
    assert slug("a" * 59 + " bcd") == "a" * 59


@settings(deadline=None, max_examples=100)
@given(st.text())
def test_a_slug_is_a_safe_file_name(text):
    assert re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", slug(text))
    assert len(slug(text)) <= 60
    assert slug(slug(text)) == slug(text)


def test_a_mask_is_named_by_its_step_and_targets():
    assert mask_name(1, ("island", "black wall")) == "01-island-black-wall.png"
    assert mask_name(12, ("島",)) == "12-xb46351.png"
    assert mask_name(100, ("a",)) == "100-a.png"


# Seeds


def test_a_seed_is_drawn_from_the_words():
    edit = parse_plan("island -> marble")[0]
    assert edit_seed(0, edit) == 73594077
    others = [
        edit_seed(1, edit),
        edit_seed(0, replace(edit, targets=("wall",))),
        edit_seed(0, replace(edit, prompt="oak")),
        edit_seed(0, replace(edit, excepts=("top",))),
        edit_seed(0, replace(edit, targets=("island", "wall"))),
    ]
    assert len({edit_seed(0, edit), *others}) == 6


def test_a_seed_does_not_depend_on_place_keeps_or_settings():
    alone = edit_seed(7, parse_plan("b, a except d, c -> Marble top")[0])
    among = parse_plan("x -> y; A,  B except C, D -> marble  TOP; keep z")[1]
    assert edit_seed(7, among) == alone
    assert edit_seed(7, replace(among, editor="paint", mask=(("dilate_px", 1),), options=(("s", 1),))) == alone


def test_an_edits_own_seed_replaces_it():
    assert edit_seed(7, Edit(("a",), "b", seed=0)) == 0


@settings(deadline=None, max_examples=50)
@given(st.integers(), plans())
def test_a_seed_fits_in_32_bits(seed, plan):
    assert all(0 <= edit_seed(seed, edit) < 2**32 for edit in plan)


def test_words_that_no_letter_joins_give_other_seeds():
    assert edit_seed(0, Edit(("a", "b"), "c")) != edit_seed(0, Edit(("a b",), "c"))
    assert edit_seed(0, Edit(("a",), "b", ("c",))) != edit_seed(0, Edit(("a", "c"), "b"))


# The nearest name


def test_the_nearest_name_is_the_one_that_looks_most_alike():
    assert nearest("dilate_fraction", ["feather_frac", "dilate_frac", "dilate_px"]) == "dilate_frac"
    assert nearest("CLIPSEG", ["clipseg", "starter"]) == "clipseg"
    assert nearest("mask.dilate", {"mask.dilate_px": 1, "boxes.threshold": 2}) == "mask.dilate_px"
    assert nearest("zebra", ["clipseg", "starter"]) is None
    assert nearest("a", []) is None


def test_the_nearest_name_does_not_depend_on_the_order_of_the_names():
    names = ["ab", "ac", "ad"]
    assert {nearest("a", order) for order in (names, names[::-1], set(names))} == {nearest("a", names)}


# The page that teaches the grammar

EXAMPLE = re.compile(
    r"^```(?P<kind>words|targets|variants|yaml)\n(?P<text>.*?)^```\n\n(?:(?P<table>(?:^\|[^\n]*\n)+)|^```error\n(?P<error>.*?)^```)",
    re.M | re.S,
)
EXAMPLES = [found.groupdict() for found in EXAMPLE.finditer(GRAMMAR.read_text(encoding="utf-8"))]


def test_the_grammar_page_has_its_examples():
    page = GRAMMAR.read_text(encoding="utf-8")
    assert len(re.findall("^```(?:words|targets|variants|yaml)$", page, re.M)) == len(EXAMPLES) == 18
    assert len(re.findall(r"^\*\*\d+\. ", page, re.M)) == 10


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
    page = GRAMMAR.read_text(encoding="utf-8")
    assert all(f"`{key}`" in page for key in ("target", "prompt", "except", "keep", "with", "seed", *MASK_LENGTHS))
