"""Parses the words of a plan.

The text is split into parts at semicolons and line ends; within a part quotes and backslashes are resolved character by
character, so that every later step knows which characters are literal. A part becomes targets, excepted or kept words
and a prompt, whose braces hold alternatives. The edits made of the parts are then held against `plan.check`, and every
error carries its position in the text.
"""

import itertools
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple, NoReturn

from automask.errors import PlanError
from automask.plan.check import faults
from automask.plan.names import is_reserved_name, slug
from automask.plan.pointing import whole_phrases
from automask.plan.removal import REMOVAL_WORDS, members_of, sets
from automask.plan.text import EXAMPLE, check_kept, check_length, is_unprintable, normalised
from automask.types import Edit, Plan, Variant

MAX_VARIANTS = 64
"""More are refused: by a slip such as six braces of ten words they would fill a disk."""

_LINE_BREAKS = re.compile("\r\n|[\r\x85\u2028\u2029]")
_CURLY_QUOTES = frozenset("\u201c\u201d\u201e\u201f\uff02")
_WIDE_COMMAS = frozenset("\uff0c\u3001")
_WIDE_SEMICOLON = "\uff1b"
_DASHES = "-=\u2010\u2011\u2012\u2013\u2014\u2015\u2212\uff0d\uff1d"
_ADDING = frozenset(("add", "insert", "furnish", "refurnish"))
_ADDING_BEFORE_ARTICLE = frozenset(("stage", "put", "place", "install", "hang"))  # also nouns: "place mat"
_ARTICLES = frozenset(("a", "an", "the", "this", "my", "our", "some", "more", "two", "three", "four"))
_ARROW_HEADS = re.compile("[>\uff1e\u21d2\u27f6\u27f9\u2794\u279c\u27a1]")


def parse_plan(text: str) -> Plan:
    """The plan that the words describe. Braces, which describe several, are refused: see `parse_variants`.

    Targets, excepted and kept words are lower-cased, with single spaces, except where quoted; prompts keep their case.
    Every edit holds the words of all `keep` parts, in order of appearance, once each.

    Raises:
        PlanError: The words do not parse or contradict themselves. The message has the line, a caret under the column,
            and what was expected there.
    """
    return parse_words(text, prompts=True)


def parse_variants(text: str) -> tuple[Variant, ...]:
    """One variant for each choice from the braces in the words; the choice from the first brace changes slowest.

    `wall -> {sage, olive} green` gives "sage green" and "olive green"; two braces of two give four variants. Words
    without braces are one variant, whose name is empty.

    Raises:
        PlanError: As in `parse_plan`; for a brace inside a brace, one that is not closed, an empty or repeated
            alternative, and more than 64 variants.
    """
    return WordParser(text, prompts=True).variants()


def parse_targets(text: str) -> Plan:
    """The plan of a mask request: words as in `parse_plan`, where arrow and prompt may be missing.

    An edit without an arrow has the prompt "". Prompts that are given are kept; no mask depends on braces, so the first
    alternative of each is taken.

    Raises:
        PlanError: As in `parse_plan`.
    """
    return parse_words(text, prompts=False)


def parse_words(text: str, *, prompts: bool) -> Plan:
    """`parse_plan` with `prompts`, `parse_targets` without."""
    return WordParser(text, prompts).plan()


class _Char(NamedTuple):
    """One character of the words. `plain` is False where it was quoted or escaped, and so has no special meaning."""

    text: str
    position: int
    plain: bool


class _Name(NamedTuple):
    text: str
    position: int
    quoted: bool = False


class _Prompt(NamedTuple):
    """What follows an arrow. A piece lists its alternatives: several where it was in braces, otherwise one."""

    position: int
    pieces: tuple[tuple[list[_Char], ...], ...] = ()
    braces: tuple[tuple[int, int], ...] = ()
    """For each brace the index of its piece, and the position where it opens."""

    def text(self, chosen: Sequence[list[_Char]]) -> str:
        """The prompt with one chosen alternative for each of its braces."""
        pieces = [piece[0] for piece in self.pieces]
        for (index, _), alternative in zip(self.braces, chosen, strict=True):
            pieces[index] = alternative
        return _resolve_text([char for piece in pieces for char in piece], lower=False)


class _Part(NamedTuple):
    """The words between two semicolons."""

    targets: tuple[_Name, ...]
    excepts: tuple[_Name, ...]
    keep: tuple[_Name, ...]
    prompt: _Prompt


class WordParser:
    """Parses one text. Its line breaks are made uniform first, so that errors count lines as an editor does.

    Args:
        text: The words.
        prompts: False for a mask request, where arrow and prompt may be missing.
    """

    def __init__(self, text: str, prompts: bool) -> None:
        check_length(text)
        self.text = _LINE_BREAKS.sub("\n", text.removeprefix("\ufeff"))
        self.prompts = prompts

    def plan(self) -> Plan:
        """The only plan; of a mask request, whose prompts are not used, the first one."""
        plan, edits = self.parse_parts()
        brace = next((brace for edit in edits for _, brace in edit.prompt.braces), None)
        if brace is not None and self.prompts:
            hint = "make them with automask.variants, or 'automask edit'; quotes make a brace literal"
            self.fail("braces say several pictures, and this is for one", brace, hint)
        return plan

    def variants(self) -> tuple[Variant, ...]:
        """One plan for each choice from the braces; the choice from the first brace changes slowest."""
        plan, edits = self.parse_parts()
        braces = [(edit.prompt.pieces[index], at) for edit in edits for index, at in edit.prompt.braces]
        count = math.prod(len(alternatives) for alternatives, _ in braces)
        if count > MAX_VARIANTS:
            many = str(count) if count < 10**6 else "over a million"
            self.fail(f"the braces make {many} variants", braces[0][1], f"expected at most {MAX_VARIANTS}")
        choices = list(itertools.product(*(alternatives for alternatives, _ in braces)))
        words = [tuple(_resolve_text(chars, lower=False) for chars in chosen) for chosen in choices]
        variants = []
        for name, chosen_words, chosen in zip(_variant_names(words), words, choices, strict=True):
            remaining = iter(chosen)
            variant = list(plan)
            for index, edit in enumerate(edits):
                if edit.prompt.braces:
                    own = list(itertools.islice(remaining, len(edit.prompt.braces)))
                    variant[index] = replace(plan[index], prompt=edit.prompt.text(own))
            variants.append(Variant(name, chosen_words, tuple(variant)))
        return tuple(variants)

    def parse_parts(self) -> tuple[Plan, list[_Part]]:
        """The plan with the first alternative of every brace, and the part that each of its edits comes from."""
        parts = [self.parse_part(chars) for chars in self.split_parts()]
        if not parts:
            raise PlanError("there are no words", hint=f"write what to change and what it becomes: {EXAMPLE!r}")
        edits = [part for part in parts if part.targets]
        if not edits:
            self.fail("nothing but 'keep' here", parts[-1].prompt.position, f"add an edit, such as {EXAMPLE!r}")
        keep: dict[str, _Name] = {}
        for part in parts:
            for name in part.keep:
                keep.setdefault(normalised(name.text), name)
        check_kept(len(keep), len(edits))
        kept = tuple(name.text for name in keep.values())
        quoted = {name.text for name in keep.values() if name.quoted}
        plan = tuple(
            Edit(
                targets=tuple(name.text for name in part.targets),
                prompt=part.prompt.text([part.prompt.pieces[index][0] for index, _ in part.prompt.braces]),
                excepts=tuple(name.text for name in part.excepts),
                keep=kept,
                whole=whole_phrases(
                    (*(name.text for name in (*part.targets, *part.excepts)), *kept),
                    quoted | {name.text for name in (*part.targets, *part.excepts) if name.quoted},
                ),
            )
            for part in edits
        )
        for fault in faults(plan, prompts=False):
            places: dict[str, Sequence[_Name | _Prompt]] = {
                "keep": tuple(keep.values()),
                "prompt": (edits[fault.edit].prompt,),
            }
            names = places.get(fault.field) or getattr(edits[fault.edit], fault.field)
            self.fail(fault.problem, names[fault.item].position, fault.hint)
        return plan, edits

    def split_parts(self) -> Iterator[list[_Char]]:
        """The parts between semicolons and line ends, without comments and empty parts."""
        position = 0
        for line in self.text.split("\n"):
            if not line.lstrip().startswith("#"):
                part: list[_Char] = []
                for char in self.read_line(position, position + len(line)):
                    if char.plain and char.text == ";":
                        yield from [part] if _strip(part) else []
                        part = []
                    else:
                        part.append(char)
                yield from [part] if _strip(part) else []
            position += len(line) + 1

    def read_line(self, position: int, end: int) -> Iterator[_Char]:
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
            if char and is_unprintable(char):
                self.fail(f"the character U+{ord(char):04X} cannot be seen", position - 1, "expected text; take it out")
            if plain and char in _CURLY_QUOTES:
                self.fail(
                    f"{char!r} does not quote", here, 'expected a straight quote, "; a backslash makes it literal'
                )
            if plain and char == _WIDE_SEMICOLON:
                self.fail(f"{char!r} does not separate edits", here, "expected ';'; quotes make it literal")
            yield _Char(char, here, plain)
        if quote is not None:
            self.fail("this quote is not closed", quote, 'expected another " on this line; write \\" for an inch mark')

    def parse_part(self, chars: list[_Char]) -> _Part:
        """One part: an edit, or the words of a `keep`."""
        chars = _strip(chars)
        start, end = chars[0].position, chars[-1].position + 1
        arrows = list(self.find_arrows(chars))
        first_word = next(_words(chars[: arrows[0].start] if arrows else chars), slice(0, 0))
        if first_word.start == 0 and _is_keyword(chars[first_word], "keep"):
            if arrows:
                problem = "'keep' paints nothing, so it takes no arrow"
                self.fail(problem, chars[arrows[0].start].position, 'expected words to keep; quote "keep" to find it')
            keep = self.parse_names(chars[first_word.stop :], end, "a word to keep")
            return _Part((), (), keep, _Prompt(end))
        self.refuse_adding(chars[: arrows[0].start] if arrows else chars)
        if not arrows:
            targets, excepts = self.parse_targets(chars, end) if not self.prompts or _names_set(chars) else ((), ())
            if self.prompts and not (targets and all(members_of(name.text) and not name.quoted for name in targets)):
                self.fail_without_arrow(start, end)
            goes = tuple(_Char(letter, end, plain=True) for letter in REMOVAL_WORDS[0])
            return _Part(targets, excepts, (), _Prompt(end, ((list(goes),),) if self.prompts else ()))
        if len(arrows) > 1:
            position = chars[arrows[1].start].position
            self.fail("a second arrow", position, "expected ';' before another edit; quotes make an arrow literal")
        targets, excepts = self.parse_targets(chars[: arrows[0].start], chars[arrows[0].start].position)
        return _Part(targets, excepts, (), self.parse_prompt(chars[arrows[0].stop :], end))

    def refuse_adding(self, chars: list[_Char]) -> None:
        """Raises for words that ask for something new, such as "add a sofa"; they would be taken for a thing."""
        words = ["".join(char.text for char in chars[word]).lower() for word in itertools.islice(_words(chars), 2)]
        first = next(_words(chars), slice(0, 0))
        if not all(char.plain for char in chars[first]) or not words:
            return
        alone = len(words) == 1 or words[1] in _ARTICLES
        if words[0] in _ADDING or (words[0] in _ADDING_BEFORE_ARTICLE and alone):
            problem = f"{words[0]!r} asks for something that is not in the photo; automask changes what is there"
            self.fail(problem, chars[0].position, f"say what changes and what it becomes, as in {EXAMPLE!r}")

    def find_arrows(self, chars: list[_Char]) -> Iterator[slice]:
        """Where the part has `->`, `=>` or `→`."""
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
                    self.fail(
                        f"{arrow!r} is not an arrow", chars[start].position, "expected '->'; quotes make it literal"
                    )
            yield slice(start, index + 1)

    def parse_targets(self, chars: list[_Char], end: int) -> tuple[tuple[_Name, ...], tuple[_Name, ...]]:
        """The targets and the excepted words before an arrow, or before the position `end`."""
        found = [word for word in _words(chars) if _is_keyword(chars[word], "except")]
        if not found:
            return self.parse_names(chars, end, "a target"), ()
        at = chars[found[0].start].position
        if len(found) > 1:
            position = chars[found[1].start].position
            self.fail("a second 'except'", position, "expected ',' between words; quotes make it literal")
        targets = _strip(chars[: found[0].start])
        if len(targets) > 1 and targets[-1].plain and targets[-1].text == ",":
            targets = targets[:-1]  # "cabinets, except handles" is how people write it
        excepted = chars[found[0].stop :]
        return self.parse_names(targets, at, "a target"), self.parse_names(excepted, end, "a word to except")

    def parse_names(self, chars: list[_Char], end: int, expected: str) -> tuple[_Name, ...]:
        """The names between commas; `expected` says in errors what kind of name they are."""
        names: list[_Name] = []
        name: list[_Char] = []
        for char in (*chars, _Char(",", end, plain=True)):
            if char.plain and char.text in _WIDE_COMMAS:
                problem = f"{char.text!r} does not separate words"
                self.fail(problem, char.position, "expected ','; quotes make it literal")
            if char.plain and char.text in ("{", "}"):
                problem = "braces make variants right of the arrow only"
                self.fail(problem, char.position, f"expected {expected}; quotes make a brace literal")
            if not (char.plain and char.text == ","):
                name.append(char)
                continue
            text = _resolve_text(name, lower=True)
            if not text.strip():
                self.fail("nothing here", char.position, f"expected {expected}")
            quoted = any(char.text == "" for char in name)
            names.append(_Name(text, _strip(name)[0].position, quoted))
            name = []
        for word in _words(chars):
            if _is_keyword(chars[word], "except"):
                position = chars[word.start].position
                self.fail("'except' means nothing here", position, f"expected {expected}; quotes make it literal")
        return tuple(names)

    def parse_prompt(self, chars: list[_Char], end: int) -> _Prompt:
        """What follows the arrow, up to the position `end`."""
        pieces: list[tuple[list[_Char], ...]] = []
        braces: list[tuple[int, int]] = []
        start = 0
        for index, char in enumerate(chars):
            if index < start or not char.plain:
                continue
            if char.text == "}":
                self.fail("no brace is open here", char.position, "expected '{' before it; quotes make it literal")
            if char.text == "{":
                close = self.find_closing_brace(chars, index)
                pieces.append((chars[start:index],))
                braces.append((len(pieces), char.position))
                pieces.append(self.parse_alternatives(chars[index + 1 : close + 1]))
                start = close + 1
        pieces.append((chars[start:],))
        prompt = _Prompt(end, tuple(pieces), tuple(braces))
        if not prompt.text([pieces[index][0] for index, _ in braces]).strip():
            self.fail("nothing after the arrow", end, "expected what it becomes")
        return prompt._replace(position=_strip(chars)[0].position)

    def find_closing_brace(self, chars: list[_Char], opening: int) -> int:
        """The index of the brace that closes the one at index `opening`."""
        after = range(opening + 1, len(chars))
        index = next((index for index in after if chars[index].plain and chars[index].text in ("{", "}")), None)
        if index is None:
            at = chars[opening].position
            self.fail("this brace is not closed", at, "expected '}' before the edit ends; quotes make a brace literal")
        if chars[index].text == "{":
            hint = "expected ',' or '}'; quotes make a brace literal"
            self.fail("a brace inside braces", chars[index].position, hint)
        return index

    def parse_alternatives(self, chars: list[_Char]) -> tuple[list[_Char], ...]:
        """The alternatives between the commas of a brace; the last of `chars` is the one that closes it."""
        found: dict[str, list[_Char]] = {}
        alternative: list[_Char] = []
        for index, char in enumerate(chars):
            if char.plain and char.text in _WIDE_COMMAS:
                problem = f"{char.text!r} does not separate alternatives"
                self.fail(problem, char.position, "expected ','; quotes make it literal")
            if not (char.plain and char.text == ",") and index < len(chars) - 1:
                alternative.append(char)
                continue
            alternative = _strip(alternative)
            text = _resolve_text(alternative, lower=False)
            if not text.strip():
                self.fail("nothing here", char.position, "expected an alternative")
            if normalised(text) in found:
                self.fail(f"{text!r} appears twice in this brace", alternative[0].position, "name it once")
            found[normalised(text)] = alternative
            alternative = []
        return tuple(found.values())

    def fail(self, problem: str, position: int, hint: str) -> NoReturn:
        """Raises the PlanError that shows the line and a caret under the position."""
        # A terminal obeys control characters, and cannot show halves of surrogate pairs: one stand-in for each.
        shown = "".join("\ufffd" if char != "\n" and is_unprintable(char) else char for char in self.text)
        raise PlanError.at(problem, text=shown, position=position, hint=hint)

    def fail_without_arrow(self, start: int, end: int) -> NoReturn:
        """Raises the PlanError for a part without an arrow, with the caret where one was probably meant."""
        part = self.text[start:end]
        hint = f"expected '->' and what it becomes, as in {EXAMPLE!r}"
        verb, _, thing = part.partition(" ")
        if verb.lower() in ("remove", "delete", "erase") and thing.strip():
            hint = f"to take things away say what is to go first: '{_without_article(thing)} -> remove'"
        if re.search(r"\.(ya?ml|txt)$", part, re.IGNORECASE):
            hint += "; a file goes in with --plan, or as a Path"
        head = _ARROW_HEADS.search(part)
        if head:
            before = part[: head.start()].rstrip()
            shaft = len(before.rstrip(_DASHES))
            end = start + (shaft if shaft < len(before) else head.start())
        self.fail("no arrow", end, hint)


def _without_article(thing: str) -> str:
    first, _, rest = thing.strip().partition(" ")
    return rest if rest and first.lower() in ("a", "an", "the", "all", "my", "our") else thing.strip()


def _variant_names(choices: Sequence[tuple[str, ...]]) -> list[str]:
    """A folder name for each choice: the slugs of its words, with a number from the second use of a name on.

    A name that Windows keeps for a device has a number too: no folder may have it there.
    """
    names: list[str] = []
    for words in choices:
        name = slug("-".join(map(slug, words))) if words else ""
        if is_reserved_name(name):
            name = f"{name}-1"
        numbered = (f"{name}-{number}" for number in itertools.count(2))
        names.append(name if name not in names else next(other for other in numbered if other not in names))
    return names


def _names_set(chars: list[_Char]) -> bool:
    """Whether some words begin with the name of a set of things, which is an edit by itself."""
    first = next(_words(chars), slice(0, 0))
    return any(_is_keyword(chars[first], name) for name in sets())


def _is_space(char: _Char) -> bool:
    return char.plain and char.text.isspace()


def _strip(chars: list[_Char]) -> list[_Char]:
    start, end = 0, len(chars)
    while start < end and _is_space(chars[start]):
        start += 1
    while end > start and _is_space(chars[end - 1]):
        end -= 1
    return chars[start:end]


def _words(chars: list[_Char]) -> Iterator[slice]:
    """Where the words are that spaces and commas separate."""
    start: int | None = None
    for index, char in enumerate((*chars, _Char(",", 0, plain=True))):
        if _is_space(char) or (char.plain and char.text == ","):
            if start is not None:
                yield slice(start, index)
            start = None
        elif start is None:
            start = index


def _is_keyword(word: list[_Char], keyword: str) -> bool:
    return all(char.plain for char in word) and "".join(char.text for char in word).lower() == keyword


def _resolve_text(chars: list[_Char], *, lower: bool) -> str:
    """The text with each run of plain spaces as one and, with `lower`, plain letters lower-cased."""
    pieces: list[str] = []
    plain = ""  # lower-cased as a whole: a Greek sigma's form depends on its neighbours
    for char in _strip(chars):
        if not char.plain:
            pieces += [plain.lower() if lower else plain, char.text]
            plain = ""
        elif not _is_space(char):
            plain += char.text
        elif not plain.endswith(" "):
            plain += " "
    return "".join([*pieces, plain.lower() if lower else plain])
