"""The words: what they mean, what is refused and where the caret points."""

# ruff: noqa: PT017
# PT017: a law holds whether or not the text parses.

import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plans import fold

from automask.errors import PlanError
from automask.plan import MAX_VARIANTS, check_plan, format_plan, parse_plan, parse_targets, parse_variants
from automask.types import Edit, Variant


def words(text):
    """The fields of each edit in the words, without the empty ones."""
    return [
        tuple(part for part in (edit.targets, edit.prompt, edit.excepts, edit.keep) if part)
        for edit in parse_plan(text)
    ]


@pytest.mark.parametrize("arrow", ["->", "=>", "→"])
@pytest.mark.parametrize("space", ["", " ", "   ", "\t", "\N{NO-BREAK SPACE}", "\N{IDEOGRAPHIC SPACE}"])
def test_an_edit_is_targets_an_arrow_and_a_prompt(arrow, space):
    assert words(f"{space}island{space}{arrow}{space}marble{space}") == [(("island",), "marble")]


@pytest.mark.parametrize("end", [";", "\n", "\r\n", "\r", "\u2028", "\u2029", "\x85", ";;", "\n\n", " ; \n ; "])
def test_semicolons_and_line_ends_separate_edits(end):
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


def test_case_and_runs_of_spaces_do_not_matter_left_of_the_arrow():
    assert words(" Big \t  WALL\N{NO-BREAK SPACE}\N{EM SPACE}Lamp -> x") == [(("big wall lamp",), "x")]


def test_a_prompt_keeps_its_case_and_collapses_runs_of_spaces():
    assert words("a ->  swatch:Oak.jpg, \t Warm ") == [(("a",), "swatch:Oak.jpg, Warm")]


def test_quotes_make_any_text_literal():
    quoted = 'A,  b; -> => → # {x} keep except \\" \\\\ “”，；'
    literal = 'A,  b; -> => → # {x} keep except " \\ “”，；'
    assert words(f'"{quoted}" -> "{quoted}"') == [((literal,), literal)]
    assert words(f'a except "{quoted}" -> b; keep "{quoted} "') == [(("a",), "b", (literal,), (literal + " ",))]


def test_quotes_may_be_inside_a_word():
    assert words('Black" Wall"Paper, x"",ke""ep -> swatch:"My Oak; 2.jpg"') == [
        (("black Wallpaper", "x", "keep"), "swatch:My Oak; 2.jpg")
    ]


@pytest.mark.parametrize("text", ['"keep" -> x', "\\keep -> x", 'k"ee"p -> x', '"keep", a -> x', "a, keep -> x"])
def test_a_target_called_keep_is_quoted_where_it_comes_first(text):
    assert "keep" in parse_plan(text)[0].targets


@pytest.mark.parametrize("text", ['"except" -> x', "\\except -> x", 'a, "except" -> x'])
def test_a_target_called_except_is_quoted(text):
    assert "except" in parse_plan(text)[0].targets


@pytest.mark.parametrize("char", ';,"\\#→>-={}“； ABk')
def test_a_backslash_makes_the_next_character_literal(char):
    assert words(f"x\\{char}y -> x\\{char}y") == [((f"x{char}y",), f"x{char}y")]
    assert words(f'"x\\{char}y" -> "x\\{char}y"') == [((f"x{char}y",), f"x{char}y")]


def test_a_byte_order_mark_at_the_start_is_ignored():
    assert words("\ufeffisland -> marble") == [(("island",), "marble")]


def test_letters_of_any_script_are_words():
    assert words("Кухня, 島, Ⅻ, 👩‍🍳 -> Weiß") == [(("кухня", "島", "ⅻ", "👩‍🍳"), "Weiß")]
    assert words("ＷＡＬＬ -> x") == [(("ｗａｌｌ",), "x")]


AT_CARET = {
    "no arrow": ("cabinets white", 14, "no arrow; expected '->' and what it becomes, as in 'island -> marble'"),
    "no arrow, spaces after": ("a -> b; wall  ", 12, "no arrow; expected '->'"),
    "a bare >": ("a > b", 2, "no arrow; expected '->'"),
    "an arrow with a space inside": ("a - > b", 2, "no arrow; expected '->'"),
    "a dash's arrow": ("a —> b", 2, "no arrow; expected '->'"),
    "a typographic arrow": ("a ⇒ b", 2, "no arrow; expected '->'"),
    "a full-width arrow": ("a －＞ b", 2, "no arrow; expected '->'"),
    "a long arrow": ("a --> b", 2, "'-->' is not an arrow; expected '->'; quotes make it literal"),
    "a long arrow in a prompt": ("a -> b ==> c", 7, "'==>' is not an arrow; expected '->'; quotes make it literal"),
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
    "an alternative twice": ("a -> {oak, Oak}", 11, "'Oak' appears twice in this brace; name it once"),
    "a full-width comma in a brace": (
        "a -> {b，c}",
        7,
        "'，' does not separate alternatives; expected ','; quotes make",
    ),
    "a brace left of the arrow": ("{a, b} -> c", 0, "braces make variants right of the arrow only; expected a target"),
    "a kept brace": ("a -> b; keep c}", 14, "braces make variants right of the arrow only; expected a word to keep"),
    "a curly quote": ("“a” -> b", 0, "'“' does not quote; expected a straight quote, \""),
    "a full-width semicolon": ("a -> b；c -> d", 6, "'；' does not separate edits; expected ';'"),
    "a full-width comma": ("a， b -> c", 1, "'，' does not separate words; expected ','"),
    "an enumeration comma": ("a except b、c -> d", 10, "'、' does not separate words; expected ','"),
    "a control character": ("a\x00 -> b", 1, "the character U+0000 cannot be seen; expected text; take it out"),
    "an escape sequence": ("a -> \x1b[31mb", 5, "the character U+001B cannot be seen"),
    "a quoted control character": ('a -> "\x07"', 6, "the character U+0007 cannot be seen"),
    "an escaped control character": ("a -> \\\x07", 6, "the character U+0007 cannot be seen"),
    "half a surrogate pair": ("a -> \udcff", 5, "the character U+DCFF cannot be seen"),
    "a zero-width space": ("a\u200bb -> c", 1, "the character U+200B cannot be seen"),
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
def test_words_that_do_not_parse_raise_with_line_caret_and_what_was_expected(text, position, message):
    before = "# the first line\r\n\tfirst -> line\n"
    for start, line in (("", 1), (before, 3)) if text != "keep a ;" else (("", 1),):
        with pytest.raises(PlanError) as refusal:
            parse_plan(start + text)
        message_line, shown, caret = str(refusal.value).split("\n")
        if "of edit 1" in message and start:
            message = message.replace("of edit 1", "of edit 2")
        row = re.split("\r?\n", text[:position])[-1]
        assert message_line.startswith(f"line {line}, column {len(row) + 1}: ")
        assert message in message_line
        assert shown.startswith("    " + row.replace("\x00", "\ufffd"))
        assert caret == "    " + "\t" * row.count("\t") + " " * (len(row) - row.count("\t")) + "^"
        assert refusal.value.problem in message_line
        assert refusal.value.exit_status == 2


@pytest.mark.parametrize("text", ["", " \t", "\n\n", ";;", "# a -> b", "\ufeff", " # a\n;\n"])
def test_empty_words_raise_with_an_example(text):
    for parse in (parse_plan, parse_targets):
        with pytest.raises(
            PlanError, match="there are no words; write what to change and what it becomes: 'island -> ma"
        ):
            parse(text)


def test_refused_words_are_shown_without_control_characters_or_surrogates():
    with pytest.raises(PlanError) as refusal:
        parse_plan("\x1b]0;title\x07 \u202e \ud800 a")
    assert "\ufffd]0;title\ufffd \ufffd \ufffd a" in str(refusal.value)
    str(refusal.value).encode()


def test_a_text_of_thousands_of_edits_is_parsed():
    many = "; ".join(f"thing {n}, part {n} except bit {n} -> colour {n}" for n in range(2000))
    assert len(parse_plan(many)) == 2000
    with pytest.raises(PlanError):
        parse_plan("-" * 200_000)


def test_a_mask_request_needs_no_arrow():
    assert parse_targets("Island; cabinets except handles; keep faucet; wall -> white") == (
        Edit(("island",), "", keep=("faucet",)),
        Edit(("cabinets",), "", excepts=("handles",), keep=("faucet",)),
        Edit(("wall",), "white", keep=("faucet",)),
    )


@pytest.mark.parametrize("text", ["a ->", "a; a", "keep a", "a except", "a,", '"a', "a -> b -> c"])
def test_a_mask_request_obeys_all_other_rules(text):
    with pytest.raises(PlanError):
        parse_targets(text)


def test_a_brace_makes_one_variant_for_each_alternative():
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


def test_no_variant_has_the_name_of_a_windows_device():
    assert [variant.name for variant in parse_variants("wall -> {con, NUL, sage}")] == ["con-1", "nul-1", "sage"]


def test_equal_variant_names_are_numbered():
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


def test_a_mask_request_takes_the_first_alternative_of_a_brace():
    assert parse_targets("island -> {marble, oak}; lamp") == parse_targets("island -> marble; lamp")


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
    assert made
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


@pytest.mark.parametrize(
    "text",
    ["add a sofa", "Add sofa -> red", "furnish the room", "stage this room", "put a rug under the table", "stage"],
)
@pytest.mark.parametrize("parse", [parse_plan, parse_targets])
def test_words_that_ask_for_something_new_get_one_clear_sentence(parse, text):
    with pytest.raises(PlanError) as refusal:
        parse(f"island -> marble; {text}")
    word = text.split()[0].lower()
    assert str(refusal.value).startswith(
        f"line 1, column 19: '{word}' asks for something that is not in the photo; automask changes what is there; "
        "say what changes and what it becomes, as in 'island -> marble'"
    )


@pytest.mark.parametrize("text", ["place mat -> red", "stage light -> red", '"add" sign -> red', "putty -> red"])
def test_things_whose_name_begins_like_a_wish_are_targets(text):
    assert len(parse_plan(text)) == 1
