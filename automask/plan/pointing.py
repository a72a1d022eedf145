"""Reads the words of a target that pick one of several things: "the left picture", "stools at the island".

    left picture               the picture that is farthest left
    the second stool           counted from the left
    the two largest pictures
    all but the last chair
    the wall behind the sofa   by another thing in the photo

The words are taken off, and what is left is the thing that a segmenter looks for. A compound that the segmenter knows
as something of its own keeps its words: "upper cabinets" are the wall cabinets where it knows those, and the upper ones
of all cabinets where it does not. docs/guide/which.md explains the words; `masking.choose` finds the things meant.
"""

import re
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, TypeVar

from automask.errors import UnknownPhrase
from automask.plan.names import is_plural, singular
from automask.plan.text import printable

By: TypeAlias = Literal[
    "end", "half", "nth", "numbers", "every", "size", "surest", "both", "others", "but", "relation", "wall", "looks"
]
Read: TypeAlias = Callable[[str], str | None]
"""What a segmenter looks for when it is given a text; None for a text that it does not know."""

ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
COUNTS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")

_ENDS = {
    **dict.fromkeys(("left", "leftmost", "left-most", "left-hand"), "left"),
    **dict.fromkeys(("right", "rightmost", "right-most", "right-hand"), "right"),
    **dict.fromkeys(("top", "upper", "topmost", "uppermost", "highest"), "top"),
    **dict.fromkeys(("bottom", "lower", "bottommost", "lowest"), "bottom"),
    **dict.fromkeys(("middle", "centre", "center", "central"), "middle"),
    **dict.fromkeys(("front", "nearest", "closest"), "near"),
    **dict.fromkeys(("back", "rear", "far", "farthest", "furthest"), "far"),
}
_OUTERMOST = frozenset(
    (
        *(
            "leftmost",
            "left-most",
            "rightmost",
            "right-most",
            "topmost",
            "uppermost",
            "highest",
            "bottommost",
            "lowest",
        ),
        *("nearest", "closest", "farthest", "furthest"),
    )
)
"""Ends that name one thing even before a plural: "the leftmost pictures" are not all those on the left."""
_SIZES = {
    **dict.fromkeys(("largest", "biggest", "main", "big", "bigger", "large", "larger", "huge"), "largest"),
    **dict.fromkeys(("smallest", "small", "smaller", "little", "tiny"), "smallest"),
    **dict.fromkeys(("tallest", "tall", "taller"), "tallest"),
    **dict.fromkeys(("widest", "wide", "wider"), "widest"),
}
COLOURS = frozenset(
    (
        *("white", "black", "grey", "gray", "beige", "cream", "brown", "red", "green", "blue", "yellow", "orange"),
        *("pink", "purple", "teal", "turquoise", "navy", "burgundy", "olive"),
    )
)
SHADES = frozenset(("dark", "light", "pale", "bright"))
WOODS = frozenset(("wooden", "wood", "timber", "oak", "walnut", "pine", "maple", "cherry", "birch", "teak", "mahogany"))
_ARTICLES = frozenset(("the", "a", "an", "my", "our", "your", "his", "her", "their", "this", "that", "these", "those"))
_ALL = frozenset(("all", "every", "each"))
_OTHERS = frozenset(("other", "others", "remaining"))
_PLACES = frozenset(("room", "photo", "picture", "kitchen", "bathroom", "bedroom", "hall", "hallway", "office"))

_TO_REFERENCE: tuple[tuple[str, str], ...] = (
    *((f"{start} {side} {end}", f"{side} of") for side in ("left", "right") for start in ("to the", "on the", "at the")
      for end in ("of", "side of", "hand side of")),
    ("left of", "left of"),
    ("right of", "right of"),
    ("in front of", "in front of"),
    ("on top of", "on"),
    ("next to", "next to"),
    ("close to", "next to"),
    ("nearest to", "nearest to"),
    ("closest to", "nearest to"),
    ("nearest", "nearest to"),
    ("closest", "nearest to"),
    ("alongside", "next to"),
    ("beside", "next to"),
    ("near", "next to"),
    ("by", "next to"),
    ("above", "above"),
    ("over", "above"),
    ("below", "below"),
    ("under", "below"),
    ("beneath", "below"),
    ("underneath", "below"),
    ("behind", "behind"),
    ("between", "between"),
    ("around", "at"),
    ("at", "at"),
    ("inside", "in"),
    ("in", "in"),
    ("on", "on"),
    ("with", "with"),
)  # fmt: skip
"""The words of a relation, longest first, and the relation."""
_SIDES = (
    *(
        (word, _ENDS[word])
        for word in ("left", "right", "top", "bottom", "middle", "centre", "center", "front", "back")
    ),
    ("rear", "far"),
)
_TO_SIDE: tuple[tuple[str, str], ...] = tuple(
    (f"{before} {word}{after}", side)
    for word, side in _SIDES
    for before in ("on the", "at the", "to the", "in the", "on", "in", "at")
    for after in (" hand side", " side", "")
)
_JOINING = frozenset(
    ("and", "or", "but", "save", "except", "excluding", "including", "without", "minus", "plus", "not")
)
"""No phrase that is looked for holds one of these, except between two colours: see `_is_two_colours`."""
_COMPOUNDS = frozenset((("front", "door"), ("back", "door"), ("first", "aid")))
"""What is no position, whatever a segmenter knows."""
_UNCOUNTED = frozenset(("some", "any", "most", "half", "many", "few", "none", "several", "part"))
_LAST = 10_000
_Said = TypeVar("_Said")
_PIECES = re.compile(r"\b(drawers?|fronts?|(cabinet|cupboard|unit|wardrobe|closet) doors?)$")
"""Pieces of one thing, which no gap separates: which of them is meant cannot be seen in a mask."""


@dataclass(frozen=True, slots=True)
class Pick:
    """One way in which words pick some of several things.

    Args:
        by: What decides.
        what: The end (`left`, `right`, `top`, `bottom`, `middle`, `near`, `far`), the side that is counted from, the
            size (`largest`, `smallest`, `tallest`, `widest`), the relation, the wall or the colour.
        numbers: How many are meant (0: as many as fit), which in order, or the numbers themselves; of `but` 0 where its
            words speak of several, else nothing.
        things: What a relation is to.
        picks: The picks whose things are left out, of `but`.
    """

    by: By
    what: str = ""
    numbers: tuple[int, ...] = ()
    things: tuple["Pointing", ...] = ()
    picks: tuple["Pick", ...] = ()


@dataclass(frozen=True, slots=True)
class Pointing:
    """What a target means: a thing, and which of several.

    Args:
        thing: The words that a segmenter looks for.
        picks: In the order in which they are applied; none means all.
        plural: Whether the words speak of several things.
    """

    thing: str
    picks: tuple[Pick, ...] = ()
    plural: bool = False

    @property
    def things(self) -> tuple[str, ...]:
        """Everything to look for: the thing and those that relations are to, each once."""
        others = (thing for one in self.references for thing in one.things)
        return tuple(dict.fromkeys((self.thing, *others)))

    @property
    def all_picks(self) -> tuple[Pick, ...]:
        """Its picks, those of what it leaves out included."""
        return tuple(_flat(self.picks))

    @property
    def references(self) -> tuple["Pointing", ...]:
        """What its relations are to, those of what it leaves out included."""
        return tuple(one for pick in self.all_picks for one in pick.things)


def point(text: str, read: Read | None = None) -> Pointing:
    """The thing that a target names, and which of several its words pick.

    Args:
        text: The target's words.
        read: What the segmenter looks for when it is given a text. Without it no compound is known, and every word
            that may point does.

    Raises:
        UnknownPhrase: Words that point, but at nothing, or at more than one thing at once.
    """
    reader = _Reader(text, read or (lambda _: None))
    pointing = reader.target(_tokens(text))
    return pointing if pointing.picks or reader.changed else Pointing(text, (), pointing.plural)


def is_pointing(text: str) -> bool:
    """Whether words that may point are in a text, whatever a segmenter knows."""
    try:
        return bool(point(text).picks)
    except UnknownPhrase:
        return True


def whole_phrases(phrases: Iterable[str], quoted: Container[str]) -> tuple[str, ...]:
    """Those of some phrases that were quoted and that would point otherwise, each once: see `Edit.whole`."""
    return tuple(dict.fromkeys(phrase for phrase in phrases if phrase in quoted and is_pointing(phrase)))


def combined(thing: str, which: str) -> str:
    """A thing and the words that pick some of it, as one target: "second from the left" of "stools"."""
    tokens = ["", *_tokens(which)]
    reader = _Reader(which, lambda _: None)
    at = next((at for at in range(1, len(tokens)) if reader.is_place(tokens, at)), len(tokens))
    at = 1 if _numbers(tokens[1:]) else at
    return " ".join([*tokens[1:at], thing, *tokens[at:]])


def notation(pointing: Pointing) -> str:
    """The picks of a pointing as text: `leftmost 2, above (bed)`; empty where all are meant."""
    return ", ".join(map(_pick_notation, pointing.picks))


_MOST = {
    **{side: f"{side}most" for side in ("left", "right", "top", "bottom")},
    **{"middle": "middle", "near": "nearest", "far": "farthest"},
}


def _pick_notation(pick: Pick) -> str:
    first = pick.numbers[0] if pick.numbers else 1
    count = f" {first}" if first != 1 else ""
    inside = "; ".join(f"{one.thing}: {notation(one)}" if one.picks else one.thing for one in pick.things)
    forms = {
        "end": f"{_MOST.get(pick.what)}{count}",
        "half": f"{pick.what} half",
        "nth": f"nth {first} from {pick.what}",
        "every": f"every {first} from {pick.what}",
        "numbers": f"numbers {' '.join(map(str, pick.numbers))}",
        "size": f"{pick.what}{count if first else ' ones'}",
        "surest": f"surest {first}",
        "but": f"but ({', '.join(map(_pick_notation, pick.picks))})",
        "relation": f"{pick.what} ({inside})",
        "wall": f"{pick.what} wall",
        "looks": f"looks {pick.what}",
    }
    return forms.get(pick.by, pick.by)


def _flat(picks: Sequence[Pick]) -> Iterator[Pick]:
    for pick in picks:
        yield pick
        yield from _flat(pick.picks)


def is_wall(thing: str) -> bool:
    """Whether a thing is a wall: walls are told apart by the way they face."""
    return thing.casefold().split()[-1:] in (["wall"], ["walls"])


def _tokens(text: str) -> list[str]:
    words = text.casefold().replace("\u2019", "'")
    words = re.sub(r"[()]", " ", words)
    words = re.sub(r"\b(left|right)[- ]hand\b", r"\1 hand", words)
    words = re.sub(r"\b(left|right|top|bottom)[- ]most\b", r"\1most", words)
    words = re.sub(r"(?:\bnumber |\bno\.? |#)(\d)", r"\1", words)
    return words.split()


def _ordinal(word: str) -> int | None:
    if word in ORDINALS:
        return ORDINALS.index(word) + 1
    found = re.fullmatch(r"(\d{1,2})(?:st|nd|rd|th)", word)
    return int(found[1]) or None if found else None


def _count(word: str) -> int | None:
    if word in COUNTS:
        return COUNTS.index(word) + 1
    return int(word) or None if re.fullmatch(r"\d{1,2}", word) else None


def _starts_with(tokens: Sequence[str], at: int, words: str) -> int:
    """The number of tokens that `words` take at a place; 0 if they are not there."""
    wanted = words.split()
    return len(wanted) if list(tokens[at : at + len(wanted)]) == wanted else 0


class _Reader:
    """Reads one target; `changed` says whether a word was taken off that picks nothing."""

    def __init__(self, text: str, read: Read) -> None:
        self.text = text
        self.read = read
        self.changed = False

    def fail(self, problem: str, hint: str) -> UnknownPhrase:
        return UnknownPhrase(f"{printable(self.text)!r}: {problem}", hint=hint)

    def target(self, tokens: list[str]) -> Pointing:
        """A whole target: `all but` it, or a noun with words before and after it."""
        bare = self._without_articles(tokens)
        if len(tokens) < 2:
            return Pointing(" ".join(tokens), (), is_plural("".join(tokens)))
        if not bare:
            raise self.fail("no thing is named", "say what it is: 'left picture', 'the wall behind the sofa'")
        if bare[1:2] == ["of"] and bare[0] in _UNCOUNTED:
            raise self.fail(f"{bare[0]!r} does not say which", "say how many: 'two chairs'; or which: 'left chairs'")
        if bare[:2] == ["all", "but"] and len(bare) > 2:
            return self._all_but(self.target(bare[2:]))
        if "but" in bare and bare[0] in _ALL:
            at = bare.index("but")
            noun = [word for word in bare[1:at] if word not in _ARTICLES]
            what = [word for word in bare[at + 1 :] if word not in {*_ARTICLES, "one", "ones"}]
            if noun and what:
                if not any(_singular_of([word]) == _singular_of(noun[-1:]) for word in what):
                    several = is_plural(bare[-1]) or bare[-1] == "ones"
                    what += noun if several else _singular_of(noun)
                return self._all_but(self.target(what))
        whole = Pointing(" ".join(tokens), (), is_plural(bare[-1])) if len(bare) > 1 else None
        known = whole is not None and self._known(" ".join(bare)) is not None
        if whole is not None and known and self._is_compound(bare):
            return whole
        placed = bare[0] not in _ENDS and self.is_place(["", *bare], 1)
        if not known and placed and (len(bare) < 3 or bare[1] in _ARTICLES):
            raise self.fail("no thing is named", "say what it is: 'the wall behind the sofa'")
        pointing = self._noun_with_places(tokens)
        if whole is not None and known and any(self._known(thing) is None for thing in pointing.things):
            return whole  # "stools at the bar", by a segmenter that knows bar stools, but no bar
        return pointing

    def _all_but(self, inner: Pointing) -> Pointing:
        if not inner.picks:
            raise self.fail("'all but' must be followed by some of a kind", "write 'all but the left picture'")
        relations = tuple(pick for pick in inner.picks if pick.by == "relation" and len(inner.picks) > 1)
        left_out = tuple(pick for pick in inner.picks if pick not in relations)
        pick = Pick("but", numbers=(0,) if inner.plural else (), picks=left_out)
        return Pointing(inner.thing, (*relations, pick), plural=True)

    def _known(self, text: str) -> str | None:
        return self.read(text)

    def _is_compound(self, tokens: list[str]) -> bool:
        """Whether the segmenter reads a text with places in it as more than its first noun."""
        cut = self._first_place(tokens)
        if "of" in tokens and cut == len(tokens):
            return True
        if cut == len(tokens):
            return False
        return self._known(" ".join(tokens)) != self._known(" ".join(tokens[:cut]))

    def _without_articles(self, tokens: list[str]) -> list[str]:
        at = 0
        while at < len(tokens) and tokens[at] in _ARTICLES:
            at += 1
        return tokens[at:]

    # ------------------------------------------------------------------ places after the noun

    def _first_place(self, tokens: list[str]) -> int:
        """Where the noun ends: at the first words of a place, of a relation, or of numbers."""
        return next((at for at in range(1, len(tokens)) if self.is_place(tokens, at)), len(tokens))

    def is_place(self, tokens: list[str], at: int) -> bool:
        """Whether words of a place, of a relation or of an order begin at a token."""
        if tokens[at] in _ENDS and all(word in _ARTICLES or _may_point(word) for word in tokens[:at]):
            return False  # "the two nearest chairs"
        if tokens[at] == "from" or any(_starts_with(tokens, at, words) for words, _ in (*_TO_REFERENCE, *_TO_SIDE)):
            return not (tokens[at] == "in" and tokens[at - 1] == "built")
        return at + 1 == len(tokens) and tokens[at].isdigit()

    def _noun_with_places(self, tokens: list[str]) -> Pointing:
        cut = self._first_numbers(tokens)
        numbers = _numbers(tokens[cut:]) if cut < len(tokens) else ()
        if numbers is None:
            numbers, cut = (), len(tokens)
        end = self._first_place(tokens[:cut])
        noun, after = tokens[:end], tokens[end:cut]
        sides: list[str] = []
        relation: Pick | None = None
        origin = ""
        while after:
            origin_here = next(
                (side for word, side in _SIDES if after[:3] == ["from", "the", word] or after[:2] == ["from", word]), ""
            )
            if origin_here:
                origin, after = origin_here, after[3 if after[1] == "the" else 2 :]
                continue
            side, used = self._side(after)
            if used:
                sides.append(side)
                after = after[used:]
                continue
            if after[0] in ("in", "of") and self._is_room(after[1:]):
                self.changed, after = True, []
                continue
            relation, after = self._relation(after), []
        return self._noun(noun, sides, origin, numbers, relation)

    def _first_numbers(self, tokens: list[str]) -> int:
        """Where numbers at the end begin: "pictures 1 and 3"."""
        at = len(tokens)
        while at > 1 and (tokens[at - 1].isdigit() or tokens[at - 1] in ("and", "to")):
            at -= 1
        return at if at < len(tokens) and tokens[at].isdigit() else len(tokens)

    def _side(self, after: list[str]) -> tuple[str, int]:
        """A side without a thing that it is of, and the number of its words: "on the left"."""
        for words, side in _TO_SIDE:
            used = _starts_with(after, 0, words)
            if used and (used == len(after) or self.is_place(after, used)) and after[used : used + 1] != ["of"]:
                return side, used
        if after[:2] == ["in", "front"] and len(after) == 2:
            return "near", 2
        return "", 0

    def _is_room(self, tokens: list[str]) -> bool:
        bare = self._without_articles(tokens)
        return len(bare) == 1 and bare[0] in _PLACES - {"picture"}

    def _relation(self, after: list[str]) -> Pick:
        what, used = next(
            ((what, used) for words, what in _TO_REFERENCE if (used := _starts_with(after, 0, words))), ("", 0)
        )
        reference = after[used:]
        if not what or not self._without_articles(reference):
            raise self.fail(f"{' '.join(after)!r} says no place", "see 'which one' in the guide for the words")
        if what == "between":
            parts = [part.split() for part in " ".join(reference).split(" and ")]
            if len(parts) != 2 or not all(map(self._without_articles, parts)):
                raise self.fail("'between' needs two things", "write 'between the sofa and the window'")
            return Pick("relation", what, things=tuple(self._reference(part) for part in parts))
        return Pick("relation", what, things=(self._reference(reference),))

    def _reference(self, tokens: list[str]) -> Pointing:
        if any(self.is_place(tokens, at) for at in range(1, len(tokens))) and not self._known(" ".join(tokens)):
            raise self.fail("one place inside another can mean two things", "say only one of the two")
        return self.target(tokens)

    # ------------------------------------------------------------------ the noun and the words before it

    def _noun(
        self, tokens: list[str], sides: list[str], origin: str, numbers: tuple[int, ...], relation: Pick | None
    ) -> Pointing:
        if "of" in tokens[1:-1]:
            at = tokens.index("of")
            before = self._without_articles(tokens[:at])
            if len(before) == 1 and (before[0] in _SIZES or before[0] in {*_OUTERMOST, "last"} or _ordinal(before[0])):
                tokens = [*before, *_singular_of(self._without_articles(tokens[at + 1 :]))]
            elif any(map(_may_point, before)) or not before:
                raise self.fail(f"a part of {' '.join(tokens[at + 1 :])!r}", "name a whole thing, or draw the mask")
        words, kept = self._take_off(tokens)
        nothing = kept[-1] in {"one", "ones"} or (len(kept) == 1 and _is_bare(kept[0]) and self._known(kept[0]) is None)
        if nothing:
            raise self.fail("no thing is named", "say what it is: 'left picture', 'the wall behind the sofa'")
        self._check_joining(kept)
        self._check_two_colours(kept)
        if any(word in _ALL for word in words) and words[-1] not in _ALL:
            words = [word for word in words if word not in _ALL] if "every" not in words else words
        thing = " ".join(kept)
        plural = is_plural(kept[-1])
        picks = self._picks(words, plural, sides, origin, numbers, is_wall(thing))
        if (picks or relation) and _PIECES.search(thing):
            raise self.fail(
                f"pieces like {thing!r} are not told apart", "name the whole thing, or draw the mask (--masks)"
            )
        if relation is not None:
            if relation.what == "with" and not is_wall(thing):
                raise self.fail("only a wall can be picked by what it is with", f"name {thing!r} by another word")
            picks = [*picks, relation]
        return Pointing(thing, tuple(picks), plural)

    def _take_off(self, tokens: list[str]) -> tuple[list[str], list[str]]:
        """The words that point, in order, and those that are left.

        From the last word backwards, a word that may point stays with the noun if the segmenter reads the two as
        something else than the noun alone.
        """
        taken: list[str] = []
        kept = tokens[-1:]
        reading = self._known(" ".join(kept))
        articles: list[str] = []
        for at in range(len(tokens) - 2, -1, -1):
            word = tokens[at]
            whole = [word, *articles, *kept]
            if word in _ARTICLES:
                articles = [word, *articles]
                continue
            if not _may_point(word) or self._is_two_colours(tokens, at) or tuple(tokens[at : at + 2]) in _COMPOUNDS:
                kept, articles = whole, []
                reading = self._known(" ".join(kept)) or reading
                continue
            compound = self._known(" ".join(whole))
            if compound is not None and compound != reading:
                kept, articles, reading = whole, [], compound
            else:
                taken.insert(0, word)
        return taken, kept

    def _is_two_colours(self, tokens: list[str], at: int) -> bool:
        """Whether a word is one of two colours joined by "and", as in "black and white floor"."""
        for middle in (at - 1, at, at + 1):
            if 0 < middle < len(tokens) - 1 and tokens[middle] == "and":
                return tokens[middle - 1] in COLOURS and tokens[middle + 1] in COLOURS
        return False

    def _check_joining(self, kept: list[str]) -> None:
        for at, word in enumerate(kept):
            if word in _JOINING and not self._is_two_colours(kept, at):
                hint = "separate several things by commas; say 'all but the left picture', or 'cabinets except handles'"
                raise self.fail(f"{word!r} joins things", hint)

    def _check_two_colours(self, kept: list[str]) -> None:
        """Refuses two colours before several things whose colours the segmenter does not hear: all would be meant."""
        at = next((at for at in range(1, len(kept)) if kept[at] == "and" and self._is_two_colours(kept, at)), 0)
        noun = kept[at + 2 :]
        if not at or not noun or not is_plural(noun[-1]):
            return
        bare = self._known(" ".join(noun))
        if bare is not None and bare == self._known(" ".join(kept)):
            one, other = (" ".join([*kept[: at - 1], colour, *noun]) for colour in (kept[at - 1], kept[at + 1]))
            both = f"{kept[at - 1]} and {kept[at + 1]}"
            raise self.fail(
                f"{both!r} may be two kinds of {' '.join(noun)}, or two colours of one kind",
                f"write {one + ', ' + other!r}, or {' '.join(noun)!r} for all",
            )

    def _picks(
        self, words: list[str], plural: bool, sides: list[str], origin: str, numbers: tuple[int, ...], wall: bool
    ) -> list[Pick]:
        """The picks of the words before the noun and the places after it, in the order in which they apply."""
        looks = [word for word in words if word in COLOURS | SHADES | WOODS]
        count = self._only("count", [count for word in words if (count := _count(word))])
        order = self._only(
            "order", [_LAST if word == "last" else _ordinal(word) for word in words if word == "last" or _ordinal(word)]
        )
        size = self._only("size", [_SIZES[word] for word in words if word in _SIZES])
        if order is not None and size is not None:
            raise self.fail("order and size at once", "say 'the largest picture', or 'picture 2' by its number")
        ends = [(_ENDS[word], word in _OUTERMOST) for word in words if word in _ENDS]
        end = self._only("end", [*ends, *((side, False) for side in sides)])
        picks: list[Pick] = []
        if looks:
            picks.append(Pick("looks", "wooden" if looks[-1] in WOODS and len(looks) == 1 else " ".join(looks)))
        if wall and end and end[0] in ("left", "right", "far"):
            picks.append(Pick("wall", "back" if end[0] == "far" else end[0]))
            end = None
        if order is not None:
            picks.append(self._in_order(order, origin, count, end, every="every" in words))
            end, count = (end if origin else None), None
        elif origin:
            raise self.fail(f"'from the {origin}' counts nothing", f"write 'the second one from the {origin}'")
        if end:
            one = count or (1 if end[1] or not plural or end[0] == "middle" else 0)
            picks.append(Pick("end", end[0], (one,)) if one else Pick("half", end[0]))
            count = None
        if size:
            picks.append(Pick("size", size, (count or (0 if plural else 1),)))
            count = None
        picks += self._of_number(words, count)
        return [*picks, Pick("numbers", numbers=numbers)] if numbers else picks

    def _only(self, name: str, said: Sequence[_Said]) -> _Said | None:
        if len(said) > 1:
            raise self.fail(f"two words for one {name}", "say only one of the two")
        return said[0] if said else None

    def _of_number(self, words: list[str], count: int | None) -> list[Pick]:
        picks = [Pick("both")] if "both" in words else []
        if _OTHERS.intersection(words):
            if "every" in words:
                raise self.fail("'every other' can mean two things", "write 'every second', or 'the other chairs'")
            picks.append(Pick("others"))
        return [*picks, Pick("surest", numbers=(count,))] if count is not None else picks

    def _in_order(
        self, which: int, origin: str, count: int | None, end: tuple[str, bool] | None, *, every: bool
    ) -> Pick:
        """`first`, `second`, `last`; with a count the first or last few; with `every` each second, third, ..."""
        side = origin or (end[0] if end else "left")
        opposite = {"left": "right", "right": "left", "top": "bottom", "bottom": "top"}
        if side not in opposite:
            raise self.fail(f"things are not counted from {side!r}", "count from the left, right, top or bottom")
        if every:
            if which in (1, _LAST):
                raise self.fail("every how many is not said", "write 'every second stool'")
            return Pick("every", side, (which,))
        if which == _LAST:
            which, side = 1, opposite[side]
        if count is None:
            return Pick("nth", side, (which,))
        if which != 1:
            raise self.fail("a number before several things", "write 'the first two', or 'stools 2 and 3'")
        return Pick("end", side, (count,))


def numbered(thing: str, number: int) -> str:
    """The words that pick a thing by its number: "picture 2" of "pictures"."""
    return " ".join([*_singular_of(thing.split()), str(number)])


def _may_point(word: str) -> bool:
    if word in _ENDS or word in _SIZES or word in COLOURS or word in SHADES or word in WOODS:
        return True
    return word in {*_ALL, *_OTHERS, "both", "last", "hand"} or _ordinal(word) is not None or _count(word) is not None


def _is_bare(word: str) -> bool:
    """Whether a word that points cannot also be a thing, as "light" can."""
    return _may_point(word) and word not in COLOURS | SHADES | WOODS


def _singular_of(tokens: list[str]) -> list[str]:
    """The tokens with the last in singular: one of several is meant."""
    return [*tokens[:-1], *map(singular, tokens[-1:])]


def _numbers(tokens: list[str]) -> tuple[int, ...] | None:
    """The numbers of "1", "1 and 3", "1 to 3"; None for others, and for 0."""
    joined = " ".join(tokens)
    found = re.fullmatch(r"(\d{1,2}) to (\d{1,2})", joined)
    if found:
        first, last = int(found[1]), int(found[2])
        return tuple(range(first, last + 1)) if 0 < first < last else None
    if not re.fullmatch(r"\d{1,2}(?: (?:and )?\d{1,2})*", joined):
        return None
    numbers = tuple(int(word) for word in re.findall(r"\d+", joined))
    return numbers if 0 not in numbers and len({*numbers}) == len(numbers) else None
