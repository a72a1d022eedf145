"""The words: from what a person types to a plan, and back.

    island, black wall -> marble; cabinets except handles -> white; keep faucet, plants

A plan is `tuple[Edit, ...]`; braces in a prompt (`island -> {marble, oak}`) say several plans, the variants. Words say
targets, `except`, `keep` and prompts; YAML also says which editor, seed, mask lengths and editor options.
docs/grammar.md tells the grammar to a reader, and a test runs its examples. The words never pass through Hydra's own
grammar, nor through a shell.
"""

import functools
import hashlib
import itertools
import json
import math
import os
import re
import unicodedata
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from difflib import SequenceMatcher, get_close_matches
from pathlib import Path
from typing import Any, NamedTuple, NoReturn, TypeVar, cast

from automask.errors import PlanError
from automask.types import Edit, MaskRecipe, Option, Plan, Variant

MASK_LENGTHS: tuple[str, ...] = tuple(length.name for length in fields(MaskRecipe))
"""The mask lengths that an edit of a YAML plan may replace."""

_EDIT_KEYS = ("target", "prompt", "except", "keep", "with", "seed")
# What people write instead, and difflib does not see or must not guess: `width` is nearer to `with` than `wiht` is.
_SLIPS = {
    "targets": "target",
    "prompts": "prompt",
    "excepts": "except",
    "expect": "except",
    "exclude": "except",
    "keeps": "keep",
    "editor": "with",
    "wiht": "with",
    "seeds": "seed",
}
_SEEDS = 2**32
_MAX_LENGTH_PX = 1e6
_MAX_FILE_BYTES = 256 * 1024  # PyYAML reads some 100 kB a second; a plan of a thousand edits is below this.
_MAX_SLUG = 60
MAX_VARIANTS = 64
"""More are refused: a slip such as six braces of ten words would fill a disk."""
_EXAMPLE = "island -> marble"
_Parsed = TypeVar("_Parsed")

_EDITOR_NAME = re.compile(r"\w[\w-]*")
_LINE_BREAKS = re.compile("\r\n|[\r\x85\u2028\u2029]")
_CURLY = frozenset("\u201c\u201d\u201e\u201f\uff02")
_WIDE_COMMAS = frozenset("\uff0c\u3001")
_WIDE_SEMICOLON = "\uff1b"
_DASHES = "-=\u2010\u2011\u2012\u2013\u2014\u2015\u2212\uff0d\uff1d"
_ARROW_HEADS = re.compile("[>\uff1e\u21d2\u27f6\u27f9\u2794\u279c\u27a1]")
_ALLOWED_INVISIBLES = frozenset("\t\u200c\u200d")  # a tab, and the joiners that Persian and emoji need
_ASCII_FOR = str.maketrans({"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "\u0131": "i"})


def parse_plan(text: str) -> Plan:
    """The plan that the words say. Braces, which say several, are refused: see `parse_variants`.

    Targets, excepted and kept words come back lower-cased with single blanks, save where quoted; prompts keep their
    case. The words of every `keep` stand in each edit, in order of appearance, once.

    Raises:
        PlanError: Where the words do not parse or contradict themselves: with the line, a caret under the column, and
            what was expected there.
    """
    return _parse(text, prompts=True)


def parse_variants(text: str) -> tuple[Variant, ...]:
    """The variants that the words say: one for each choice from their braces, the first brace's changing slowest.

    `wall -> {sage, olive} green` says "sage green" and "olive green"; two braces of two make four. Words without braces
    are one variant, whose name is empty.

    Raises:
        PlanError: As in `parse_plan`; for a brace inside a brace, one that is not closed, an empty alternative, one
            that stands twice, and more than 64 variants.
    """
    return _Words(text, prompts=True).variants()


def parse_targets(text: str) -> Plan:
    """The plan of a mask request: words as in `parse_plan`, where arrow and prompt may be missing.

    An edit without arrow has the prompt "". Prompts that are there are kept; of braces, which no mask depends on, the
    first alternative.

    Raises:
        PlanError: As in `parse_plan`.
    """
    return _parse(text, prompts=False)


def format_plan(plan: Plan) -> str:
    """The plan as words; as YAML where words cannot say it.

    YAML where an edit carries an editor, a seed, mask lengths or options, or where edits keep different words. For
    every plan that `check_plan` passes, `parse_plan` (or `parse_yaml_plan`) gives the same plan back; `parse_targets`
    where prompts are empty.

    Raises:
        PlanError: As in `check_plan`, save that prompts may be empty.
    """
    check_plan(plan, prompts=False)
    words_say_it = all(edit == Edit(edit.targets, edit.prompt, edit.excepts, plan[0].keep) for edit in plan)
    return _as_words(plan) if words_say_it else _as_yaml(plan)


def load_plan(path: str | os.PathLike[str], *, prompts: bool = True) -> Plan:
    """The plan in a file: words where its name ends in `.txt`, YAML otherwise.

    Args:
        path: UTF-8 text, at most 256 KiB.
        prompts: False for a mask request, where prompts may be missing.

    Raises:
        PlanError: For a file that cannot be read, and as in `parse_yaml_plan` or `parse_plan`; names the file.
    """
    if Path(path).suffix.lower() == ".txt":
        return _words_in(Path(path), functools.partial(_parse, prompts=prompts))
    source = _shown(os.fspath(path))
    return parse_yaml_plan(_read_text(Path(path), source), source=source, prompts=prompts)


def _words_in(path: Path, parse: Callable[[str], _Parsed]) -> _Parsed:
    """What a file of words says; errors name the file."""
    source = _shown(os.fspath(path))
    text = _read_text(path, source)
    try:
        return parse(text)
    except PlanError as error:
        error.problem = f"{source}: {error.problem}"
        error.args = (f"{source}: {error.args[0]}",)
        raise


def parse_yaml_plan(text: str, *, source: str, prompts: bool = True) -> Plan:
    """The plan that a YAML text says: a list of edits, or a mapping with the list under `edits`.

    An edit is a mapping of `target`, `prompt`, `except`, `keep`, `with` (the editor), `seed`, mask lengths (the fields
    of `MaskRecipe`) and the editor's own options. `target`, `except` and `keep` are a string with commas, as in words,
    or a list of literal strings. `- keep: [...]` alone protects its words from every edit.

    Args:
        text: The YAML; safe types only, no key twice, no merge keys.
        source: What to call it in messages: the file's name.
        prompts: False for a mask request, where prompts may be missing.

    Raises:
        PlanError: In one line that names the source, the edit's number, the key and, for a key, the nearest valid one.
    """
    return _YamlPlan(source, prompts).plan(text)


def plan_from(source: str | os.PathLike[str] | Sequence[Edit], *, prompts: bool = True) -> Plan:
    """The plan in any of its forms: words, a `Path` to a file, or edits made by hand.

    A string is always words; a file's name goes in as a `Path`.

    Raises:
        PlanError: As in `parse_plan`, `load_plan` or `check_plan`.
    """
    if isinstance(source, str):
        return _parse(source, prompts=prompts)
    if isinstance(source, os.PathLike):
        return load_plan(source, prompts=prompts)
    if not isinstance(source, Sequence):
        raise PlanError(
            f"a plan cannot be a {type(source).__name__}", mend="give words, a Path to a YAML file, or a tuple of Edit"
        )
    plan = cast(Plan, tuple(source))
    check_plan(plan, prompts=prompts)
    return plan


def variants_from(source: str | os.PathLike[str] | Sequence[Edit] | Sequence[Variant]) -> tuple[Variant, ...]:
    """The variants in any form of a plan. Only words have braces: a YAML plan's prompts are literal.

    Raises:
        PlanError: As in `parse_variants`, `load_plan` or `check_plan`.
    """
    if isinstance(source, str):
        return parse_variants(source)
    if isinstance(source, os.PathLike) and Path(source).suffix.lower() == ".txt":
        return _words_in(Path(source), parse_variants)
    if isinstance(source, Sequence) and source and all(isinstance(item, Variant) for item in source):
        return cast("tuple[Variant, ...]", tuple(source))
    return (Variant("", (), plan_from(cast("Sequence[Edit]", source))),)


def check_plan(plan: Plan, *, prompts: bool = True) -> None:
    """Nothing for a plan that can be made, an error for one that cannot: the laws for plans made by hand.

    At least one edit; words that are not blank and hold no line break, control or invisible character; no target in two
    edits (case and runs of blanks do not matter), none both target and kept or excepted, no word twice; lengths, seeds,
    editor names and options that a YAML plan could carry.

    Args:
        plan: The edits.
        prompts: False for a mask request, where prompts may be empty.

    Raises:
        PlanError: Names the edit, counted from 1, and the word.
    """
    for fault in _faults(plan, prompts=prompts):
        raise PlanError(f"edit {fault.edit + 1}: {fault.problem}" if plan else fault.problem, mend=fault.mend)


def slug(text: str) -> str:
    """An ASCII name made of the text's letters and digits: "island, black wall" -> "island-black-wall".

    At most 60 characters, cut between words where that can be. Accents are dropped; a text with no letter or digit that
    ASCII can hold gets a short stable digest, like "x1a2b3c".
    """
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_ASCII_FOR))
    ascii_only = plain.encode("ascii", "ignore").decode().lower()
    name = re.sub("[^a-z0-9]+", "-", ascii_only).strip("-")
    if len(name) > _MAX_SLUG:
        whole_words, dash, _ = name[: _MAX_SLUG + 1].rpartition("-")
        name = whole_words if dash else name[:_MAX_SLUG]
    return name or "x" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:6]


def mask_name(number: int, targets: Sequence[str]) -> str:
    """The file name of an edit's mask: "01-island-black-wall.png".

    Args:
        number: The edit's place in the plan, from 1.
        targets: Its targets.
    """
    return f"{number:02d}-{slug(', '.join(targets))}.png"


def edit_seed(seed: int, edit: Edit) -> int:
    """The seed for an edit's editor, 0..2**32-1: the edit's own where it has one, else drawn from `seed` and its words.

    Only its targets, excepted words and prompt count; their case, blanks and order do not. So an edit keeps its seed
    wherever it stands in a plan and whatever stands beside it.
    """
    if edit.seed is not None:
        return edit.seed
    words = [seed, sorted(map(_fold, edit.targets)), _fold(edit.prompt), sorted(map(_fold, edit.excepts))]
    digest = hashlib.sha256(json.dumps(words).encode()).digest()
    return int.from_bytes(digest[:4], "big")


def candidate_seed(seed: int, number: int) -> int:
    """The seed of an edit's candidate, 0..2**32-1: the first has the edit's own, so that alone it is the same."""
    if number == 0:
        return seed
    return int.from_bytes(hashlib.sha256(f"{seed} {number}".encode()).digest()[:4], "big")


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known name that looks most like the word, or None where none is near. Case does not matter."""
    by_fold = {name.casefold(): name for name in sorted(known, reverse=True)}
    close = get_close_matches(word.casefold(), by_fold, n=1, cutoff=0.6)
    return by_fold[close[0]] if close else None


# The laws


class _Fault(NamedTuple):
    """A broken law, and where: `field` is one of Edit's, `item` the word within it."""

    edit: int
    field: str
    item: int
    problem: str
    mend: str


def _faults(plan: Sequence[object], *, prompts: bool) -> Iterator[_Fault]:
    if not plan:
        yield _Fault(0, "targets", 0, "the plan has no edit", f"write what to change and what it becomes: {_EXAMPLE!r}")
    target_of: dict[str, int] = {}
    for number, edit in enumerate(plan):
        if not isinstance(edit, Edit):
            kind = type(edit).__name__
            mend = "write Edit(targets=('island',), prompt='marble')"
            yield _Fault(number, "targets", 0, f"a {kind} is not an Edit", mend)
            return
        for field, index, problem, mend in (*_word_faults(edit, prompts), *_setting_faults(edit)):
            yield _Fault(number, field, index, problem, mend)
        for index, target in enumerate(edit.targets):
            first = target_of.setdefault(_fold(target), number)
            if first != number:
                problem = f"{target!r} is already a target of edit {first + 1}"
                yield _Fault(number, "targets", index, problem, "name it in one edit only")


def _word_faults(edit: Edit, prompts: bool) -> Iterator[tuple[str, int, str, str]]:
    for field in ("targets", "excepts", "keep"):
        names: object = getattr(edit, field)
        if not isinstance(names, tuple) or not all(isinstance(name, str) for name in names):
            yield field, 0, f"{field} is not a tuple of words", f"write {field}=('island',), with the comma"
            return
        seen: set[str] = set()
        for index, name in enumerate(names):
            yield from ((field, index, *fault) for fault in _text_faults(name, "word"))
            if _fold(name) in seen:
                yield field, index, f"{name!r} is named twice", "name it once"
            seen.add(_fold(name))
    if not edit.targets:
        yield "targets", 0, "no target", "say what to find"
    prompt: object = edit.prompt
    if not isinstance(prompt, str):
        yield "prompt", 0, f"the prompt is not text but a {type(prompt).__name__}", "say what it becomes, in words"
    elif prompt or prompts:
        yield from (("prompt", 0, *fault) for fault in _text_faults(prompt, "prompt"))
    targets = {_fold(target) for target in edit.targets}
    for index, name in enumerate(edit.excepts):
        if _fold(name) in targets:
            yield "excepts", index, f"{name!r} is both a target and excepted", "take it out of one of the two"
    for index, name in enumerate(edit.keep):
        if _fold(name) in targets:
            yield "keep", index, f"{name!r} is both a target and kept", "take it out of one of the two"


def _text_faults(text: str, noun: str) -> Iterator[tuple[str, str]]:
    if not text.strip():
        yield f"an empty {noun}", "say what it becomes" if noun == "prompt" else "say what it is"
    refused = next(filter(_is_refused, text), None)
    if refused is not None:
        yield f"the {noun} {_kind(text)} holds U+{ord(refused):04X}", "take that character out"


def _setting_faults(edit: Edit) -> Iterator[tuple[str, int, str, str]]:
    if edit.editor is not None and not (isinstance(edit.editor, str) and _EDITOR_NAME.fullmatch(edit.editor)):
        yield "editor", 0, f"'with' is not an editor's name: {_kind(edit.editor)}", "give a name such as 'paint'"
    if edit.seed is not None and (type(edit.seed) is not int or not 0 <= edit.seed < _SEEDS):
        yield "seed", 0, f"'seed' is {_kind(edit.seed)}", f"give a whole number from 0 to {_SEEDS - 1}"
    for field in ("mask", "options"):
        pairs: object = getattr(edit, field)
        if not isinstance(pairs, tuple) or not all(isinstance(pair, tuple) and len(pair) == 2 for pair in pairs):
            yield field, 0, f"{field} is not a tuple of (name, value) pairs", f"write {field}=(('name', 1.0),)"
            return
        names = [str(name) for name, _ in pairs]
        if names != sorted(set(names)):
            yield field, 0, f"{field} is not sorted by name, or names one twice: {', '.join(names)}", "sort it by name"
    for index, (name, length) in enumerate(edit.mask):
        yield from (("mask", index, *fault) for fault in _length_faults(name, length))
    for index, (name, value) in enumerate(edit.options):
        yield from (("options", index, *fault) for fault in _option_faults(name, value))


def _length_faults(name: object, length: object) -> Iterator[tuple[str, str]]:
    if not isinstance(name, str) or name not in MASK_LENGTHS:
        yield f"unknown mask length {_kind(name)}", f"it can be {', '.join(MASK_LENGTHS)}"
        return
    most = _MAX_LENGTH_PX if name.endswith("_px") else 1.0
    if isinstance(length, bool) or not isinstance(length, int | float) or not 0 <= length <= most:
        yield f"{name!r} is {_kind(length)}", f"give a number from 0 to {most:.0f}{_yaml_number_hint(length)}"


def _option_faults(name: object, value: object) -> Iterator[tuple[str, str]]:
    if not isinstance(name, str) or not name.isidentifier():
        yield f"{_kind(name)} cannot be an option's name", "write a name such as 'strength'"
        return
    meant = _meant_key(name)
    if meant is not None:
        yield f"unknown key {name!r}", f"did you mean {meant!r}?"
    if isinstance(value, str):
        refused = next(filter(_is_refused, value), None)
        if refused is not None:
            yield f"{name!r}: the text {_kind(value)} holds U+{ord(refused):04X}", "take that character out"
    elif isinstance(value, int):
        if abs(value) >= 2**63:
            yield f"{name!r} is a whole number beyond 64 bits", "give a smaller one"
    elif not isinstance(value, float) or value - value != 0.0:
        yield (
            f"{name!r} is {_kind(value)}",
            "give a number, true, false or text, in quotes where YAML takes it otherwise",
        )


def _meant_key(name: str) -> str | None:
    """The key that an option's name is a slip of; None for a name that may be an editor's own."""
    if name in _EDIT_KEYS or name in MASK_LENGTHS:
        return name
    if name in _SLIPS:
        return _SLIPS[name]
    close = get_close_matches(name, ("except", *MASK_LENGTHS), n=1, cutoff=0.8)
    return close[0] if close else None


def _yaml_number_hint(value: object) -> str:
    if not isinstance(value, str):
        return ""
    try:
        return f"; YAML reads this as text, write {float(value)}"
    except ValueError:
        return ""


def _fold(words: str) -> str:
    """The words with what does not matter taken out, to compare with others only; never shown."""
    return unicodedata.normalize("NFC", " ".join(unicodedata.normalize("NFC", words).casefold().split()))


def _is_refused(char: str) -> bool:
    """True for control characters, line breaks, halves of surrogate pairs, and characters that cannot be seen."""
    return char not in _ALLOWED_INVISIBLES and unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"}


def _shown(text: str) -> str:
    """The text on one line, with nothing that a terminal would obey."""
    return text if text.isprintable() else repr(text)


def _kind(value: object) -> str:
    """A value in a message: itself where it is short, its kind where it is a container (which may hold itself)."""
    if isinstance(value, str):
        return repr(value if len(value) <= 40 else value[:39] + "…")
    if value is None or isinstance(value, bool):
        return {None: "empty", True: "true", False: "false"}[value]
    if isinstance(value, int) and abs(value) >= 2**63:
        return "a whole number beyond 64 bits"
    if isinstance(value, int | float):
        return repr(value)
    return "a mapping" if isinstance(value, Mapping) else f"a {type(value).__name__}"


# Words


class _Char(NamedTuple):
    """One character of the words. `plain` is False where it was quoted or escaped: then it means nothing but itself."""

    text: str
    position: int
    plain: bool


class _Name(NamedTuple):
    text: str
    position: int


class _Prompt(NamedTuple):
    """What stands right of an arrow. Each piece lists its alternatives: more than one only where it stood in braces."""

    position: int
    pieces: tuple[tuple[list[_Char], ...], ...] = ()
    braces: tuple[tuple[int, int], ...] = ()
    """For each brace the index of its piece, and where it opens."""

    def text(self, chosen: Sequence[list[_Char]]) -> str:
        """The prompt with these in place of its braces."""
        pieces = [piece[0] for piece in self.pieces]
        for (index, _), alternative in zip(self.braces, chosen, strict=True):
            pieces[index] = alternative
        return _resolved([char for piece in pieces for char in piece], lower=False)


class _Part(NamedTuple):
    """What stands between two semicolons."""

    targets: tuple[_Name, ...]
    excepts: tuple[_Name, ...]
    keep: tuple[_Name, ...]
    prompt: _Prompt


def _parse(text: str, *, prompts: bool) -> Plan:
    return _Words(text, prompts).plan()


class _Words:
    """A text being read. All its line breaks are made alike first, so that errors count lines as an editor does."""

    def __init__(self, text: str, prompts: bool) -> None:
        self.text = _LINE_BREAKS.sub("\n", text.removeprefix("\ufeff"))
        self.prompts = prompts

    def plan(self) -> Plan:
        """The only plan; of a mask request, whose prompts nobody reads, the first."""
        plan, edits = self.first()
        brace = next((brace for edit in edits for _, brace in edit.prompt.braces), None)
        if brace is not None and self.prompts:
            mend = "make them with automask.variants, or 'automask edit'; quotes make a brace literal"
            self.fail("braces say several pictures, and this is for one", brace, mend)
        return plan

    def variants(self) -> tuple[Variant, ...]:
        """One plan for each choice from the braces, the first brace's changing slowest."""
        plan, edits = self.first()
        braces = [(edit.prompt.pieces[index], at) for edit in edits for index, at in edit.prompt.braces]
        count = math.prod(len(alternatives) for alternatives, _ in braces)
        if count > MAX_VARIANTS:
            many = str(count) if count < 10**6 else "over a million"
            self.fail(f"the braces make {many} variants", braces[0][1], f"expected at most {MAX_VARIANTS}")
        choices = list(itertools.product(*(alternatives for alternatives, _ in braces)))
        words = [tuple(_resolved(chars, lower=False) for chars in chosen) for chosen in choices]
        variants = []
        for name, said, chosen in zip(_variant_names(words), words, choices, strict=True):
            rest = list(chosen)
            own = list(plan)
            for index, edit in enumerate(edits):
                if edit.prompt.braces:
                    mine, rest = rest[: len(edit.prompt.braces)], rest[len(edit.prompt.braces) :]
                    own[index] = replace(plan[index], prompt=edit.prompt.text(mine))
            variants.append(Variant(name, said, tuple(own)))
        return tuple(variants)

    def first(self) -> tuple[Plan, list[_Part]]:
        """The plan with the first alternative of every brace, and the parts that its edits come from."""
        parts = [self.part(chars) for chars in self.split()]
        if not parts:
            raise PlanError("there are no words", mend=f"write what to change and what it becomes: {_EXAMPLE!r}")
        edits = [part for part in parts if part.targets]
        if not edits:
            self.fail("nothing but 'keep' here", parts[-1].prompt.position, f"add an edit, such as {_EXAMPLE!r}")
        keep: dict[str, _Name] = {}
        for part in parts:
            for name in part.keep:
                keep.setdefault(_fold(name.text), name)
        kept = tuple(name.text for name in keep.values())
        plan = tuple(
            Edit(
                targets=tuple(name.text for name in part.targets),
                prompt=part.prompt.text([part.prompt.pieces[index][0] for index, _ in part.prompt.braces]),
                excepts=tuple(name.text for name in part.excepts),
                keep=kept,
            )
            for part in edits
        )
        for fault in _faults(plan, prompts=False):
            places: dict[str, Sequence[_Name | _Prompt]] = {
                "keep": tuple(keep.values()),
                "prompt": (edits[fault.edit].prompt,),
            }
            names = places.get(fault.field) or getattr(edits[fault.edit], fault.field)
            self.fail(fault.problem, names[fault.item].position, fault.mend)
        return plan, edits

    def fail(self, problem: str, position: int, mend: str) -> NoReturn:
        # A terminal obeys control characters, and cannot show halves of surrogate pairs: one stand-in for each.
        shown = "".join("\ufffd" if char != "\n" and _is_refused(char) else char for char in self.text)
        raise PlanError.at(problem, text=shown, position=position, mend=mend)

    def split(self) -> Iterator[list[_Char]]:
        """The parts between semicolons and line ends, blank ones left out."""
        position = 0
        for line in self.text.split("\n"):
            if not line.lstrip().startswith("#"):
                part: list[_Char] = []
                for char in self.characters(position, position + len(line)):
                    if char.plain and char.text == ";":
                        yield from [part] if _stripped(part) else []
                        part = []
                    else:
                        part.append(char)
                yield from [part] if _stripped(part) else []
            position += len(line) + 1

    def characters(self, position: int, end: int) -> Iterator[_Char]:
        """The characters of a line with quotes and backslashes resolved."""
        quote: int | None = None
        while position < end:
            char, here = self.text[position], position
            position += 1
            if char == "\\":
                if position == end:
                    self.fail("a backslash with nothing after it", here, "expected the character that it makes literal")
                char = self.text[position]
                position += 1
                plain = False
            elif char == '"':
                # An empty character stands for each quote: `""` is a word, if an empty one, and `ke""ep` no keyword.
                quote = here if quote is None else None
                char, plain = "", False
            else:
                plain = quote is None
            if char and _is_refused(char):
                self.fail(f"the character U+{ord(char):04X} cannot be seen", position - 1, "expected text; take it out")
            if plain and char in _CURLY:
                self.fail(
                    f"{char!r} does not quote", here, 'expected a straight quote, "; a backslash makes it literal'
                )
            if plain and char == _WIDE_SEMICOLON:
                self.fail(f"{char!r} does not part edits", here, "expected ';'; quotes make it literal")
            yield _Char(char, here, plain)
        if quote is not None:
            self.fail("this quote is not closed", quote, 'expected another " on this line; write \\" for an inch mark')

    def part(self, chars: list[_Char]) -> _Part:
        chars = _stripped(chars)
        start, end = chars[0].position, chars[-1].position + 1
        arrows = list(self.arrows(chars))
        first_word = next(_keyword_runs(chars[: arrows[0].start] if arrows else chars), slice(0, 0))
        if first_word.start == 0 and _is_keyword(chars[first_word], "keep"):
            if arrows:
                problem = "'keep' paints nothing, so it takes no arrow"
                self.fail(problem, chars[arrows[0].start].position, 'expected words to keep; quote "keep" to find it')
            keep = self.names(chars[first_word.stop :], end, "a word to keep")
            return _Part((), (), keep, _Prompt(end))
        if not arrows:
            if self.prompts:
                self.fail_without_arrow(start, end)
            return _Part(*self.left(chars, end), (), _Prompt(end))
        if len(arrows) > 1:
            position = chars[arrows[1].start].position
            self.fail("a second arrow", position, "expected ';' before another edit; quotes make an arrow literal")
        targets, excepts = self.left(chars[: arrows[0].start], chars[arrows[0].start].position)
        return _Part(targets, excepts, (), self.prompt(chars[arrows[0].stop :], end))

    def arrows(self, chars: list[_Char]) -> Iterator[slice]:
        for index, char in enumerate(chars):
            if not char.plain or char.text not in "→>":
                continue
            start = index
            if char.text == ">":
                while start and chars[start - 1].plain and chars[start - 1].text in "-=":
                    start -= 1
                if start == index:
                    continue
                if index - start > 1:
                    arrow = "".join(char.text for char in chars[start : index + 1])
                    self.fail(f"{arrow!r} is no arrow", chars[start].position, "expected '->'; quotes make it literal")
            yield slice(start, index + 1)

    def fail_without_arrow(self, start: int, end: int) -> NoReturn:
        part = self.text[start:end]
        mend = f"expected '->' and what it becomes, as in {_EXAMPLE!r}"
        if re.search(r"\.(ya?ml|txt)$", part, re.IGNORECASE):
            mend += "; a file goes in with --plan, or as a Path"
        head = _ARROW_HEADS.search(part)
        if head:
            before = part[: head.start()].rstrip()
            shaft = len(before.rstrip(_DASHES))
            end = start + (shaft if shaft < len(before) else head.start())
        self.fail("no arrow", end, mend)

    def left(self, chars: list[_Char], end: int) -> tuple[tuple[_Name, ...], tuple[_Name, ...]]:
        """Targets and excepted words."""
        found = [run for run in _keyword_runs(chars) if _is_keyword(chars[run], "except")]
        if not found:
            return self.names(chars, end, "a target"), ()
        at = chars[found[0].start].position
        if len(found) > 1:
            position = chars[found[1].start].position
            self.fail("a second 'except'", position, "expected ',' between words; quotes make it literal")
        targets = _stripped(chars[: found[0].start])
        if len(targets) > 1 and targets[-1].plain and targets[-1].text == ",":
            targets = targets[:-1]  # "cabinets, except handles" is how people write it
        return self.names(targets, at, "a target"), self.names(chars[found[0].stop :], end, "a word to except")

    def names(self, chars: list[_Char], end: int, expected: str) -> tuple[_Name, ...]:
        names: list[_Name] = []
        name: list[_Char] = []
        for char in (*chars, _Char(",", end, plain=True)):
            if char.plain and char.text in _WIDE_COMMAS:
                self.fail(f"{char.text!r} does not part words", char.position, "expected ','; quotes make it literal")
            if char.plain and char.text in ("{", "}"):
                problem = "braces make variants right of the arrow only"
                self.fail(problem, char.position, f"expected {expected}; quotes make a brace literal")
            if not (char.plain and char.text == ","):
                name.append(char)
                continue
            text = _resolved(name, lower=True)
            if not text.strip():
                self.fail("nothing here", char.position, f"expected {expected}")
            names.append(_Name(text, _stripped(name)[0].position))
            name = []
        for run in _keyword_runs(chars):
            if _is_keyword(chars[run], "except"):
                position = chars[run.start].position
                self.fail("'except' means nothing here", position, f"expected {expected}; quotes make it literal")
        return tuple(names)

    def prompt(self, chars: list[_Char], end: int) -> _Prompt:
        pieces: list[tuple[list[_Char], ...]] = []
        braces: list[tuple[int, int]] = []
        start = 0
        for index, char in enumerate(chars):
            if index < start or not char.plain:
                continue
            if char.text == "}":
                self.fail("no brace is open here", char.position, "expected '{' before it; quotes make it literal")
            if char.text == "{":
                close = self.closing(chars, index)
                pieces.append((chars[start:index],))
                braces.append((len(pieces), char.position))
                pieces.append(self.alternatives(chars[index + 1 : close + 1]))
                start = close + 1
        pieces.append((chars[start:],))
        prompt = _Prompt(end, tuple(pieces), tuple(braces))
        if not prompt.text([pieces[index][0] for index, _ in braces]).strip():
            self.fail("nothing after the arrow", end, "expected what it becomes")
        return prompt._replace(position=_stripped(chars)[0].position)

    def closing(self, chars: list[_Char], opening: int) -> int:
        """The index of the brace that closes the one at `opening`."""
        after = range(opening + 1, len(chars))
        index = next((index for index in after if chars[index].plain and chars[index].text in ("{", "}")), None)
        if index is None:
            at = chars[opening].position
            self.fail("this brace is not closed", at, "expected '}' before the edit ends; quotes make a brace literal")
        if chars[index].text == "{":
            mend = "expected ',' or '}'; quotes make a brace literal"
            self.fail("a brace inside braces", chars[index].position, mend)
        return index

    def alternatives(self, chars: list[_Char]) -> tuple[list[_Char], ...]:
        """What stands between the commas of a brace; `chars` end with the one that closes it."""
        found: dict[str, list[_Char]] = {}
        alternative: list[_Char] = []
        for index, char in enumerate(chars):
            if char.plain and char.text in _WIDE_COMMAS:
                problem = f"{char.text!r} does not part alternatives"
                self.fail(problem, char.position, "expected ','; quotes make it literal")
            if not (char.plain and char.text == ",") and index < len(chars) - 1:
                alternative.append(char)
                continue
            alternative = _stripped(alternative)
            text = _resolved(alternative, lower=False)
            if not text.strip():
                self.fail("nothing here", char.position, "expected an alternative")
            if _fold(text) in found:
                self.fail(f"{text!r} stands twice in this brace", alternative[0].position, "name it once")
            found[_fold(text)] = alternative
            alternative = []
        return tuple(found.values())


def _variant_names(choices: Sequence[tuple[str, ...]]) -> list[str]:
    """A folder name for each choice: the slugs of its words, numbered from the second one where they are alike."""
    names: list[str] = []
    for words in choices:
        name = slug("-".join(map(slug, words))) if words else ""
        numbered = (f"{name}-{number}" for number in itertools.count(2))
        names.append(name if name not in names else next(other for other in numbered if other not in names))
    return names


def _is_blank(char: _Char) -> bool:
    return char.plain and char.text.isspace()


def _stripped(chars: list[_Char]) -> list[_Char]:
    start, end = 0, len(chars)
    while start < end and _is_blank(chars[start]):
        start += 1
    while end > start and _is_blank(chars[end - 1]):
        end -= 1
    return chars[start:end]


def _keyword_runs(chars: list[_Char]) -> Iterator[slice]:
    """Where the words stand that blanks and commas part."""
    start: int | None = None
    for index, char in enumerate((*chars, _Char(",", 0, plain=True))):
        if _is_blank(char) or (char.plain and char.text == ","):
            if start is not None:
                yield slice(start, index)
            start = None
        elif start is None:
            start = index


def _is_keyword(run: list[_Char], keyword: str) -> bool:
    return all(char.plain for char in run) and "".join(char.text for char in run).lower() == keyword


def _resolved(chars: list[_Char], *, lower: bool) -> str:
    """The text, with each run of plain blanks made one and, where asked, plain letters lower-cased."""
    pieces: list[str] = []
    plain = ""  # lower-cased as a whole: a Greek sigma's form depends on its neighbours
    for char in _stripped(chars):
        if not char.plain:
            pieces += [plain.lower() if lower else plain, char.text]
            plain = ""
        elif not _is_blank(char):
            plain += char.text
        elif not plain.endswith(" "):
            plain += " "
    return "".join([*pieces, plain.lower() if lower else plain])


def _as_words(plan: Plan) -> str:
    parts = []
    for edit in plan:
        part = ", ".join(map(_name_in_words, edit.targets))
        if edit.excepts:
            part += " except " + ", ".join(map(_name_in_words, edit.excepts))
        parts.append(f"{part} -> {_prompt_in_words(edit.prompt)}" if edit.prompt else part)
    if plan[0].keep:
        parts.append("keep " + ", ".join(map(_name_in_words, plan[0].keep)))
    return "; ".join(parts)


def _name_in_words(name: str) -> str:
    return name if _reads_as(f"{name} -> x", Edit((name,), "x")) else _quoted(name)


def _prompt_in_words(prompt: str) -> str:
    return prompt if _reads_as(f"x -> {prompt}", Edit(("x",), prompt)) else _quoted(prompt)


def _reads_as(text: str, edit: Edit) -> bool:
    """True where the words say just this edit: to ask the parser is simpler than to list what it treats specially."""
    try:
        return _parse(text, prompts=True) == (edit,)
    except PlanError:
        return False


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


# YAML


def _as_yaml(plan: Plan) -> str:
    import yaml  # comes with Hydra

    same_keep = all(edit.keep == plan[0].keep for edit in plan)
    entries: list[dict[str, Any]] = []
    if same_keep and plan[0].keep:
        entries.append({"keep": list(plan[0].keep)})
    for edit in plan:
        entry: dict[str, Any] = {"target": _names_in_yaml(edit.targets)}
        if edit.prompt:
            entry["prompt"] = edit.prompt
        if edit.excepts:
            entry["except"] = _names_in_yaml(edit.excepts)
        if edit.keep and not same_keep:
            entry["keep"] = _names_in_yaml(edit.keep)
        if edit.editor is not None:
            entry["with"] = edit.editor
        if edit.seed is not None:
            entry["seed"] = edit.seed
        entries.append({**entry, **dict(edit.mask), **dict(edit.options)})
    text: str = yaml.safe_dump(entries, sort_keys=False, allow_unicode=True, width=10**6)
    return text


def _names_in_yaml(names: tuple[str, ...]) -> str | list[str]:
    if len(names) == 1 and _name_in_words(names[0]) == names[0]:
        return names[0]
    return list(names)


def _read_text(path: Path, source: str) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(_MAX_FILE_BYTES + 1)
    except FileNotFoundError:
        raise PlanError(f"no plan file {source}", mend="check its name and folder") from None
    except IsADirectoryError:
        raise PlanError(f"{source} is a folder, not a plan file", mend="name the file inside it") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise PlanError(f"cannot read the plan file {source} ({reason})", mend="check its name and rights") from None
    if len(raw) > _MAX_FILE_BYTES:
        most = f"{_MAX_FILE_BYTES // 1024} KiB"
        raise PlanError(f"{source} is over {most}", mend="a plan is a short text; name the right file")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PlanError(f"{source} is not UTF-8 text (byte {error.start + 1})", mend="save it as UTF-8") from None


def _yaml_value(text: str, source: str) -> object:
    import yaml  # comes with Hydra

    def refuse(key: Any, problem: str, mend: str) -> NoReturn:
        raise PlanError(f"{source}: {_place(key.start_mark)}{problem}", mend=mend)

    class Loader(yaml.SafeLoader):
        """PyYAML's safe types, save that keys that stand twice are refused, and merge keys, which can grow a file."""

        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:
            seen: set[str] = set()
            for key, _ in node.value if isinstance(node, yaml.MappingNode) else ():
                if key.tag == "tag:yaml.org,2002:merge":
                    refuse(key, "merge keys ('<<') are not read", "write the keys out")
                if isinstance(key, yaml.ScalarNode):
                    if key.value in seen:
                        refuse(key, f"{_kind(key.value)} stands twice", "leave one of the two out")
                    seen.add(key.value)
            mapping: dict[Hashable, Any] = super().construct_mapping(node, deep)
            return mapping

    try:
        return yaml.load(text, Loader=Loader)  # noqa: S506  # a SafeLoader
    except PlanError:
        raise
    except yaml.YAMLError as error:
        problem = str(getattr(error, "problem", None) or getattr(error, "reason", None) or "cannot be read")
        if problem.startswith("but "):
            problem = f"{getattr(error, 'context', '')}, {problem}"
        place = _place(getattr(error, "problem_mark", None))
    except (ValueError, OverflowError, RecursionError) as error:
        # A date such as 2026-13-45, a number of 5000 digits, a thousand nested lists.
        problem, place = "nested too deeply" if isinstance(error, RecursionError) else str(error), ""
    problem = _shown(" ".join(problem.split()))[:200]
    mend = "quote texts that hold ':', '#' or braces, and indent with blanks"
    raise PlanError(f"{source}: {place}{problem}", mend=mend)


def _place(mark: Any) -> str:
    return f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""


class _YamlPlan:
    """A YAML plan being read."""

    def __init__(self, source: str, prompts: bool) -> None:
        self.source = _shown(source)
        self.prompts = prompts
        self.place = ""

    def plan(self, text: str) -> Plan:
        entries, keep = self.entries(_yaml_value(text, self.source))
        for entry in entries:
            if isinstance(entry, Mapping) and list(entry) == ["keep"]:
                keep += self.names(entry, "keep")
        edits: list[Edit] = []
        for entry in entries:
            if isinstance(entry, Mapping) and list(entry) == ["keep"]:
                continue
            self.place = f"edit {len(edits) + 1}: "
            edits.append(self.edit(entry))
        self.place = ""
        if not edits:
            self.fail("no edit in it", "add one with 'target' and 'prompt'")
        kept = _once(keep)
        plan = tuple(replace(edit, keep=_once([*kept, *edit.keep])) for edit in edits)
        for fault in _faults(plan, prompts=self.prompts):
            self.place = f"edit {fault.edit + 1}: "
            self.fail(fault.problem, fault.mend)
        return plan

    def fail(self, problem: str, mend: str) -> NoReturn:
        raise PlanError(f"{self.source}: {self.place}{problem}", mend=mend)

    def entries(self, value: object) -> tuple[list[object], list[str]]:
        """The list of edits, and the words that a top-level `keep` protects."""
        mend = "write a list of edits, each beginning with '- target: ...'"
        keep: list[str] = []
        if isinstance(value, Mapping):
            for key in value:
                if key not in {"edits", "keep"}:
                    near = nearest(key, ["edits", "keep"]) if isinstance(key, str) else None
                    self.fail(f"unknown key {_kind(key)} at the top", f"did you mean {near!r}?" if near else mend)
            keep = list(self.names(value, "keep"))
            value = value.get("edits")
        if isinstance(value, str):
            self.fail("words where a list of edits belongs", f"{mend}; a file of words is named .txt")
        if not isinstance(value, list):
            self.fail(f"{_kind(value)} where a list of edits belongs", mend)
        return value, keep

    def edit(self, entry: object) -> Edit:
        if not isinstance(entry, Mapping):
            self.fail(f"{_kind(entry)} where an edit belongs", "write it as '- target: ...' and 'prompt: ...'")
        for key in entry:
            if not isinstance(key, str) or not key.isidentifier():
                self.fail(f"{_kind(key)} cannot be a key", f"the keys are {', '.join(_EDIT_KEYS)}, lengths and options")
        for key in ("target", "prompt"):
            if key not in entry and (key == "target" or self.prompts):
                slip = next((name for name in entry if _SLIPS.get(name) == key or _alike(name, key)), None)
                if slip is not None:
                    self.fail(f"unknown key {slip!r}", f"did you mean {key!r}?")
                self.fail(f"no {key!r}", "say what to find" if key == "target" else "say what it becomes")
        rest = {key: value for key, value in entry.items() if key not in _EDIT_KEYS}
        for key, value in {**rest, **{key: entry[key] for key in ("with", "seed") if key in entry}}.items():
            if value is None:
                self.fail(f"{key!r} is empty", "give it a value, or leave it out")
        lengths = {key: rest.pop(key) for key in MASK_LENGTHS if key in rest}
        return Edit(
            targets=tuple(self.names(entry, "target")),
            prompt=self.text(entry["prompt"]) if "prompt" in entry else "",
            excepts=tuple(self.names(entry, "except")),
            keep=tuple(self.names(entry, "keep")),
            editor=entry.get("with"),
            seed=entry.get("seed"),
            mask=tuple(sorted(lengths.items())),
            options=tuple(sorted((key, self.option(value)) for key, value in rest.items())),
        )

    def option(self, value: Any) -> Option:
        return _on_one_line(value) if isinstance(value, str) else value  # judged by _option_faults

    def text(self, value: object) -> str:
        if not isinstance(value, str):
            hint = ": YAML takes '#' for a comment" if value is None else ""
            self.fail(f"'prompt' is {_kind(value)}{hint}", "put the prompt in quotes")
        return _on_one_line(value)

    def names(self, entry: Mapping[Any, Any], key: str) -> Sequence[str]:
        if key not in entry:
            return []
        value = entry[key]
        if isinstance(value, str):
            return self.names_in_words(value, key)
        if not isinstance(value, list) or not value:
            kind = "an empty list" if value == [] else _kind(value)
            self.fail(f"{key!r} is {kind}", "give words with commas, or a list of words")
        for name in value:
            if not isinstance(name, str):
                self.fail(f"{key!r} holds {_kind(name)}", "put the word in quotes")
        return value

    def names_in_words(self, value: str, key: str) -> Sequence[str]:
        words = _Words(value.strip("\r\n"), prompts=False)
        try:
            parts = [words.part(part) for part in words.split()]
        except PlanError as error:
            self.fail(f"{key!r}: {error.problem}", error.mend)
        if not parts:
            self.fail(f"{key!r} holds no words: {_kind(value)}", "give words with commas, or a list of words")
        if len(parts) > 1 or parts[0].excepts or parts[0].keep or parts[0].prompt.pieces:
            mend = "arrows, 'except' and 'keep' are keys of their own"
            self.fail(f"{key!r} holds more than words with commas: {_kind(value)}", mend)
        return [name.text for name in parts[0].targets]


def _alike(word: str, key: str) -> bool:
    return SequenceMatcher(None, word.casefold(), key).ratio() >= 0.7


def _once(names: Iterable[str]) -> tuple[str, ...]:
    first: dict[str, str] = {}
    for name in names:
        first.setdefault(_fold(name), name)
    return tuple(first.values())


def _on_one_line(text: str) -> str:
    """A block of YAML text as one line."""
    return re.sub(r"[ \t]*[\r\n]+[ \t]*", " ", text.strip("\r\n"))
