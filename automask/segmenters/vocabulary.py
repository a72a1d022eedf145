"""The vocabulary of the starter: which of its phrases a text means.

Most texts are in the table of `starter.json`. Others are read by the rules below, and last by meaning, with the vectors
of `words.npz` (made by scripts/distil_words.py). A wrong guess repaints the wrong object, while a refusal costs only
some typing: in doubt, a text is refused. Every word is accounted for: as a thing, as part of a known compound, as a
word that may be dropped, or as one that describes the thing after it. Words that pick one of several things
("left", "above the bed") are taken off before a text comes here: `automask.plan.pointing`.
"""

import difflib
import io
import json
import re
from collections.abc import Sequence
from functools import cached_property
from importlib import resources
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from automask.errors import DOCUMENTATION, UnknownPhrase, WeightsMissing

# Least similarity of a misspelt word to a known one (difflib's ratio). 0.82 reads "cabnets", "isalnd" and
# "refridgerator", but neither "grass" as "glass" (0.80) nor "floor" as "door" (0.67).
_SPELLING = 0.82
_MIN_LETTERS = 4  # of a word that a misspelt one may mean: "tapis" is French for a rug, and no tap

# Cosine similarities. Chosen on the half "tune" of tests/segmenters/words_heldout.json; the other half's rates are in
# docs/research/starter.md.
_SAME = 0.98  # from here on it counts as the reference itself
_SIMILAR = 0.7  # least similarity to a known text
_HEADS_SIMILAR = 0.5  # the last word of a compound is its head: "sofa dealer" is not a sofa
_MARGIN = 0.05  # above the most similar text of the background, and above any other phrase
_NEAR = 0.6  # from here on it is suggested in a refusal
_BEFORE_HEAD = np.float32(0.6)  # weight of the words before the last; as in scripts/distil_words.py

_PICKING = frozenset(
    (
        *("left", "right", "leftmost", "rightmost", "middle", "centre", "center", "corner", "half", "part", "single"),
        *("first", "second", "third", "fourth", "fifth", "last", "next", "other", "another", "same"),
        *("nearest", "farthest", "closest", "foreground", "background", "one", "two", "three", "four", "five", "six"),
    )
)
# Positions that the table or `_PLACES` knows for some objects; for others they pick one of several: "top drawer".
_PLACING = frozenset(
    (
        *("upper", "lower", "top", "bottom", "overhead", "high", "low", "back", "rear", "far", "near", "front", "end"),
        *("opposite", "inner", "outer", "side", "next", "adjacent", "neighbouring", "neighboring", "adjoining"),
        *("north", "south", "east", "west", "northern", "southern", "eastern", "western"),
    )
)
_OTHERWISE = frozenset(
    (
        *("no", "not", "non", "without", "except", "excluding", "minus", "sans", "but", "and", "or", "nor", "nothing"),
        *("never", "than", "rather", "instead", "versus", "plus", "like", "with", "for", "from"),
    )
)
_RELATIONS = (
    *(("in", "front", "of"), ("on", "top", "of"), ("next", "to"), ("close", "to"), ("of",), ("under",), ("below",)),
    *(("beneath",), ("underneath",), ("above",), ("over",), ("behind",), ("beside",), ("by",), ("near",), ("on",)),
    *(("at",), ("in",), ("inside",), ("around",), ("along",), ("between",), ("against",), ("opposite",)),
)
_RELATING = frozenset(relation[0] for relation in _RELATIONS)
# Words that join things, count them, or ask for something. They never describe the thing after them, so a text that
# holds one is not read without it: "walls save the ceiling" is not the ceiling.
_JOINING = frozenset(
    (
        *(
            "save",
            "bar",
            "including",
            "includes",
            "include",
            "incl",
            "excl",
            "exclusive",
            "inclusive",
            "besides",
            "also",
        ),
        *("surrounding", "surrounded", "covering", "covered", "touching", "facing", "holding", "supporting", "hanging"),
        *("adjoining", "bordering", "flanking", "framing", "hiding", "meeting", "joining", "connecting", "matching"),
        *("across", "toward", "towards", "through", "throughout", "into", "onto", "off", "out", "up", "down", "to"),
        *("upon", "within", "amid", "among", "amongst", "past", "via", "per", "as", "then", "till", "until", "since"),
        *("about", "after", "before", "during", "beyond", "concerning", "regarding", "despite", "unlike", "whereas"),
        *("that", "which", "who", "whose", "where", "when", "while", "if", "is", "are", "was", "were", "be", "being"),
        *("has", "have", "having", "do", "does", "can", "could", "will", "would", "should", "must", "may", "might"),
        *("i", "we", "you", "they", "it", "us", "them", "nobody", "somebody", "everyone", "everything", "something"),
        *("please", "only", "just", "even", "too", "very", "more", "most", "less", "least", "much", "many", "few"),
        *("several", "enough", "additional", "extra", "various", "certain", "else", "same", "such"),
        *(
            "add",
            "insert",
            "put",
            "place",
            "furnish",
            "stage",
            "remove",
            "delete",
            "erase",
            "replace",
            "swap",
            "change",
        ),
        *("make", "turn", "paint", "repaint", "recolor", "recolour", "cover", "hide", "keep", "give", "use", "get"),
        *("want", "need", "show", "see", "find", "select", "pick", "choose", "edit", "clean", "fix", "set", "move"),
    )
)
_MAX_WORDS = 10  # of a text: every combination of words to leave out is tried
_SHOWN_LETTERS = 60  # of a text in a refusal
_ALL_THINGS = f"{DOCUMENTATION}/guide/things.md"
_LEVELS = frozenset(("upper", "lower", "tall"))
_BUILT = frozenset(("built", "walk", "drop"))  # before an "in" that is not a position
_UNDER = frozenset(("under", "below", "beneath", "underneath"))
_ABOVE = frozenset(("above", "over"))
_PLACED = frozenset(("of", "in"))  # "wall of the kitchen"
_AMOUNTS = frozenset(("pair", "set", "row", "bunch", "pile", "stack", "group", "couple"))
_WORKTOPS = frozenset(("countertop", "cooktop", "stove"))
# A position that says of which kind a thing is, whatever else there is in the photo: (phrases, relations, neighbours)
# -> phrase. All other positions pick one of several, and are not for the vocabulary to read.
_NARROWER: tuple[tuple[frozenset[str], frozenset[str], frozenset[str], str], ...] = (
    (frozenset(("cabinets", "base cabinets")), _UNDER, frozenset(("countertop",)), "base cabinets"),
    (frozenset(("cabinets", "wall cabinets")), _ABOVE, frozenset(("countertop",)), "wall cabinets"),
    (frozenset(("backsplash",)), _ABOVE | {"behind"}, _WORKTOPS | {"sink"}, "backsplash"),
    (frozenset(("wall",)), _ABOVE | {"behind"}, _WORKTOPS, "backsplash"),
    (
        frozenset(("lamp", "lights")),
        _ABOVE,
        frozenset(("table", "dining table", "kitchen island", "island countertop", "countertop", "coffee table")),
        "pendant lamp",
    ),
    (frozenset(("countertop",)), frozenset(("on",)), frozenset(("kitchen island",)), "island countertop"),
)
# Other words for the levels that the table knows.
_PLACES = (
    *((place, "upper") for place in ("overhead", "eye level", "high level", "top", "wall mounted", "hanging", "high")),
    *((place, "lower") for place in ("base", "bottom", "low level", "under counter", "undercounter", "floor standing")),
    *((place, "tall") for place in ("floor to ceiling", "full height", "full length", "ceiling high", "larder")),
)
# A room has several of these, and a neighbour's name before one picks it.
_ONE_OF = frozenset(("wall", "window", "door", "cabinets", "base cabinets", "wall cabinets", "tall cabinet"))
_FRONTS = frozenset(("door", "front", "panel", "face"))
_FRONTED = frozenset(("cabinets", "base cabinets", "wall cabinets", "tall cabinet"))


class Vocabulary:
    """Which phrase a text means, and which leaves a phrase covers.

    Args:
        content: `starter.json`: `leaves`, in the net's order; `phrases` with their leaves and synonyms, the leaves
            that they yield to any other phrase that names them, and for a phrase that is either of two others, which
            ("carpet" is a rug or the floor); `exact`, synonyms that have no plural; `dropped`, words that may precede
            the object ("the old white ..."); `refused`, texts that resemble a known object in spelling or meaning, but
            are something else.
    """

    def __init__(self, content: dict[str, Any]) -> None:
        order: dict[str, int] = {leaf: i for i, leaf in enumerate(content["leaves"])}
        self.order = order
        phrases: dict[str, Any] = content["phrases"]
        self.leaves_of = {phrase: [order[leaf] for leaf in entry["leaves"]] for phrase, entry in phrases.items()}
        self.yields_of = {phrase: [order[x] for x in entry.get("yields", ())] for phrase, entry in phrases.items()}
        self.either_of: dict[str, tuple[str, str]] = {
            phrase: tuple(entry["either"]) for phrase, entry in phrases.items() if "either" in entry
        }
        self._typed = {word: phrase for phrase, entry in phrases.items() for word in (phrase, *entry["also"])}
        self._exact: dict[str, str] = content["exact"]
        self._keys = {_key(word): phrase for word, phrase in self._typed.items()}
        self._refused = {_key(word) for word in content["refused"]}
        self._dropped = {word for group in content["dropped"].values() for word in group}
        self._starts = frozenset(content["dropped"]["start"])
        self._places = frozenset(content["dropped"]["place"])
        self._looks = frozenset((*content["dropped"]["colour"], *content["dropped"]["material"]))
        self._words_of = {
            phrase: {singular(word) for typed in (phrase, *entry["also"]) for word in typed.split()}
            for phrase, entry in phrases.items()
        }
        whole = (*self._typed, *self._dropped)
        self._singles = {singular(word) for typed in whole for word in typed.split()}

    @classmethod
    def packaged(cls) -> "Vocabulary":
        """The vocabulary in the package."""
        return cls(json.loads(packaged("starter.json")))

    def read(self, text: str) -> str:
        """The phrase that a text means: by the table, by spelling, by its parts, or by meaning.

        Raises:
            UnknownPhrase: It means none of them, or picks one of several ("left wall"), which the net cannot do.
        """
        phrase = self.find(text)
        if phrase is not None:
            return phrase
        words = self._words(text)
        shown = text if len(text) <= _SHOWN_LETTERS else text[:_SHOWN_LETTERS] + "..."
        head, _, tail = _split(words)
        picking = next((word for word in (*head, *tail) if singular(word) in _PICKING), None)
        placing = next((word for word in (*head[:-1], *tail) if word in _PLACING), None)
        near = ", ".join(self._nearest(words[:_MAX_WORDS]))
        if "and" in words:
            raise UnknownPhrase(
                f"the starter segmenter does not know {shown!r}",
                hint=f"separate several things by commas; nearest known words: {near} ({_ALL_THINGS} lists all)",
            )
        if picking or placing:
            raise UnknownPhrase(
                f"the starter segmenter does not know {shown!r}: it cannot pick by {picking or placing!r}",
                hint=f"name all of a kind, or draw the mask (--masks); nearest known words: {near}",
            )
        bare = self._strip_modifiers(words, self._starts)
        naming = ""
        if bare and self._looks.issuperset(bare):  # "marble", "dark wood"
            naming = f"name the thing too, as in {' '.join((*bare, 'countertop'))!r}; "
        raise UnknownPhrase(
            f"the starter segmenter does not know {shown!r}",
            hint=f"{naming}nearest known words: {near} ({_ALL_THINGS} lists all; preset=photo takes any)",
        )

    def find(self, text: str) -> str | None:
        """As `read`, but None for a text that means no phrase: much faster where the answer is no."""
        words = self._words(text)
        if not words or len(words) > _MAX_WORDS:
            return None
        phrase = self._look_up(words, direct=True)
        if phrase is None and len(_levels_of(words)) > 1:
            return None  # "top base cabinets": the upper ones of those, not the wall cabinets
        phrase = phrase or self._by_place(words) or self._look_up(words)
        if phrase is not None:
            return phrase
        latin = all(re.fullmatch("[a-z]+", word) for word in words)
        if not latin or _OTHERWISE.intersection(words) or self._is_refused(words):
            return None
        corrected = self._correct_spelling(words)
        phrase = self._look_up(corrected)
        picks = any(singular(word) in _PICKING for word in words)
        return phrase if phrase is not None or picks else self._in_relation(corrected)

    def _words(self, text: str) -> list[str]:
        owned = re.sub(r"^(.+?)['\u2019]s? (.+)$", r"\2 of \1", text.casefold())  # "the island's worktop"
        signs = re.sub(r"[&+/]", " and ", re.sub(r"['\u2019]s?\b", "", owned))
        return self._drop_connectives(re.sub(r"[^\w]+|_", " ", signs).split())

    def _drop_connectives(self, words: list[str]) -> list[str]:
        """The words without mere connecting words ("black and white floor", "built in shelves").

        A position at the end is moved to the front: "cabinets (upper)".
        """
        out = []
        for i, word in enumerate(words):
            before, after = words[i - 1] if i else "", words[i + 1] if i + 1 < len(words) else ""
            colours = word == "and" and before in self._dropped and after in self._dropped
            built = (word in _BUILT and after == "in") or (word == "in" and before in _BUILT)
            if not colours and not (built and i + 1 < len(words)):
                out.append(word)
        return [out[-1], *out[:-1]] if len(out) > 1 and out[-1] in _LEVELS else out

    def _is_refused(self, words: list[str]) -> bool:
        """Whether the text is refused, with or without the leading words that may be dropped."""
        bare = self._strip_modifiers(words)
        return bool({_key(" ".join(words)), _key(" ".join(bare))} & self._refused)

    def _look_up(self, words: list[str], *, direct: bool = False) -> str | None:
        """The phrase, after dropping as few leading words as necessary, all of which must be droppable.

        Args:
            words: Of the text.
            direct: Nothing is dropped.
        """
        while words:
            phrase = self._exact.get(" ".join(words)) or self._keys.get(_key(" ".join(words)))
            if phrase is not None or direct:
                return phrase
            dropped = next((n for n in (1, 2) if " ".join(words[:n]) in self._dropped), len(words))
            words = words[dropped:]
        return None

    def _correct_spelling(self, words: list[str]) -> list[str]:
        """Each non-English word replaced by the most similar known word, if there is one."""
        out = []
        for word in words:
            single = singular(word)
            stem = word.removesuffix("ed")  # "fronted" is not a misspelt "front"
            known = len(word) < 4 or word in _PICKING or not self._singles.isdisjoint((single, stem))
            known = known or single in self._refused or self._meaning.knows(single)
            near = [] if known else difflib.get_close_matches(single, sorted(self._singles), n=1, cutoff=_SPELLING)
            out += [word] if not near or len(near[0]) < _MIN_LETTERS else near
        return out

    def _in_relation(self, words: list[str]) -> str | None:
        """The phrase of a thing whose kind is told by another: "tiles behind the hob", "doors of the cabinets"."""
        head, relation, tail = _split(words)
        placed = tail and all(word in self._places for word in self._strip_modifiers(tail, self._starts))
        tail = self._strip_modifiers(tail)
        if words[0] not in _RELATING and (not relation or (placed and relation in _PLACED)):
            return self._noun_phrase(head)  # "wall of the kitchen" is a wall
        if not tail:  # "under the sink" is not the sink
            return None
        if relation == "of":
            if singular(head[-1]) in _AMOUNTS and len(self._strip_modifiers(head)) == 1:
                return self._noun_phrase(tail)
            # A part of a known object is not the object: "legs of the table".
            return self._look_up(tail + head) or self._by_parts(tail + head)
        phrase = "backsplash" if singular(head[-1]) == "tile" else self._noun_phrase(head)
        neighbour = self._noun_phrase(tail)
        for phrases, relations, which, narrower in _NARROWER:
            if phrase in phrases and relation in relations and neighbour in which:
                return narrower
        return None

    def _noun_phrase(self, words: list[str]) -> str | None:
        """The phrase of a noun with the words before it."""
        words = self._strip_modifiers(words, self._starts)
        joining = (_JOINING - self._dropped).intersection(words if words and words[-1] != "covering" else words[:-1])
        if not words or self._starts.intersection(words) or joining:
            return None
        phrase = self._look_up(words) or self._by_place(words)
        between = self._from_first_thing(words)[:-1]
        if phrase is None and not {*map(singular, between)} <= self._singles:
            return None
        if phrase is None and not _PLACING.intersection(words[:-1]):
            phrase = self._by_meaning(words, min_similarity=_SAME)
            if phrase is not None and len(self._strip_modifiers(words)) <= 2:
                return phrase  # a compound of WordNet: "writing table" is a desk
            phrase = phrase or self._by_parts(words) or self._by_meaning(words)
        phrase = phrase or self._by_parts(words)
        return phrase if phrase is not None and self._accounts_for(phrase, words) else None

    def _accounts_for(self, phrase: str, words: list[str]) -> bool:
        """Whether a phrase is a reading of every word, and not of some of them only.

        A word that is a thing by itself must be in a known text of the phrase: a drawer pull is a handle, as a drawer
        handle is one, but a window surround is no fireplace. Words that are not known may only stand before it.
        """
        if self._look_up(words) == phrase:
            return True
        bare = self._strip_modifiers(words)
        things = [singular(word) for word in words if _key(word) in self._keys and word not in self._dropped]
        if len(bare) == len(things) == 2 and things[0] == bare[0] and phrase not in _ONE_OF:
            return things[1] in self._words_of[phrase]  # "vanity mirror", but "sink cabinets" are not all cabinets
        if things[:-1] and not set(things[:-1]) <= self._words_of[phrase]:
            return False
        if things and things[0] not in self._words_of[phrase]:
            return False
        between = self._from_first_thing(words)[:-1]  # a noun that describes another is in singular: "drawer pulls"
        return between[:1] == list(map(singular, between[:1])) and {*map(singular, between)} <= self._words_of[phrase]

    def _from_first_thing(self, words: list[str]) -> list[str]:
        """The words from the first on that is a thing by itself, without those of a room."""
        things = (i for i, word in enumerate(words) if word not in self._dropped and _key(word) in self._keys)
        return [word for word in words[next(things, len(words) - 1) :] if word not in self._places]

    def _by_place(self, words: list[str]) -> str | None:
        """The phrase, if the position is worded differently from the table: "full height units" are tall ones."""
        text = f" {' '.join(words)} "
        for place, known in _PLACES:
            if f" {place} " in text:
                phrase = self._by_parts(text.replace(f" {place} ", f" {known} ").split())
                if phrase is not None:
                    return phrase
        return None

    def _by_parts(self, words: list[str]) -> str | None:
        """The phrase of a compound without its unknown words: a rocking chair is a chair.

        A word that is itself a known object is not left out, nor is a position: a piano lamp may not be a lamp.
        """
        if len(words) > 1 and singular(words[-1]) in _FRONTS and words[-2] not in _LEVELS:
            behind = self._by_parts(words[:-1])
            if behind in _FRONTED:
                return behind
        free = [
            i
            for i, word in enumerate(words[:-1])
            if word in self._dropped
            or (word not in _PLACING and word not in _RELATING | _JOINING and _key(word) not in self._keys)
        ]
        for n in range(len(free) + 1):
            for dropped in combinations(free, n):
                phrase = self._look_up([word for i, word in enumerate(words) if i not in dropped])
                if phrase is not None:
                    return phrase
        return None

    def _by_meaning(self, words: list[str], *, min_similarity: float = _SIMILAR) -> str | None:
        """The phrase with the most similar meaning, if it is clearly more similar than everything else."""
        singles = [singular(word) for word in self._strip_modifiers(words)]
        if not singles or not all(map(self._meaning.knows, singles)):
            return None
        similarity = self._meaning.similarity(singles)
        background = similarity.pop("", -1.0)
        phrase = max(similarity, key=similarity.__getitem__, default="")
        if not phrase or similarity[phrase] < min_similarity:
            return None
        covered = set(self.leaves_of[phrase])
        others = [value for other, value in similarity.items() if not covered.intersection(self.leaves_of[other])]
        clear = similarity[phrase] - max(background, *others, -1.0) >= _MARGIN
        return phrase if clear or similarity[phrase] >= _SAME else None

    def _strip_modifiers(self, words: list[str], which: frozenset[str] | None = None) -> list[str]:
        """The words without the leading ones that may be dropped, or that are in `which`; possibly empty."""
        while words and words[0] in (self._dropped if which is None else which):
            words = words[1:]
        return words

    def _nearest(self, words: list[str]) -> list[str]:
        """Up to four known words: with a word of the text, similar in spelling or meaning, then the common ones."""
        wanted = {singular(word) for word in words} - self._dropped - _OTHERWISE - _RELATING
        with_a_word = [typed for typed in self._typed if wanted & {singular(word) for word in typed.split()}]
        spelt_similarly = difflib.get_close_matches(" ".join(words), self._typed, n=4, cutoff=0.75)
        similarity = self._meaning.similarity([singular(word) for word in words], min_head_similarity=-1.0)
        similarity.pop("", None)
        by_meaning = sorted(
            (phrase for phrase in similarity if similarity[phrase] >= _NEAR), key=lambda near: -similarity[near]
        )
        one_per_phrase: dict[str, str] = {}
        for typed in (*with_a_word, *spelt_similarly, *by_meaning, "cabinets", "island", "wall", "floor"):
            one_per_phrase.setdefault(self._typed[typed], typed)
        return list(one_per_phrase.values())[:4]

    @cached_property
    def _meaning(self) -> "_Meaning":
        return _Meaning(packaged("words.npz"))


class _Meaning:
    """How similar texts are in meaning: one vector per word, one per reference text.

    The vector of a text is the weighted mean of its words'; similarity is the cosine.
    Source: van Dongen and Tulkens 2024 (Model2Vec) for vectors of words distilled from a sentence model.

    Args:
        content: `words.npz`: `words`; `vectors`, int8, with their `lengths`; `texts`, each as rows of words (-1: none)
            with the last word last; `read_as`, the phrase of each as an index of `phrases`, where "" is background.
    """

    def __init__(self, content: bytes) -> None:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            self._row = {word: i for i, word in enumerate(arrays["words"].tobytes().decode("ascii").split("\n"))}
            self._vectors = arrays["vectors"].astype(np.float32) * arrays["lengths"].astype(np.float32)[:, None]
            self._texts = arrays["texts"]
            self._read_as = arrays["read_as"]
            self._phrases = arrays["phrases"].tobytes().decode("ascii").split("\n")
        self._single = self._texts[:, -2] < 0
        padded = np.concatenate([self._vectors, np.zeros((1, self._vectors.shape[1]), np.float32)])
        whole = padded[self._texts[:, -1]]
        for before in self._texts.T[:-1]:
            (present,) = np.nonzero(before >= 0)
            whole[present] += _BEFORE_HEAD * padded[before[present]]
        self._whole = _unit(whole)
        self._unit = _unit(self._vectors)

    def knows(self, word: str) -> bool:
        """Whether the vectors include the word, which is in singular."""
        return word in self._row

    def similarity(self, words: Sequence[str], *, min_head_similarity: float = _HEADS_SIMILAR) -> dict[str, float]:
        """For each phrase the similarity of its most similar text; "" is the background.

        Empty if the last word is unknown. Texts with a dissimilar last word do not count, nor do the background's
        single words against a compound: "wall" is near every wall.
        """
        rows = [self._row[word] for word in words if word in self._row]
        if not rows or words[-1] not in self._row:
            return {}
        vector = self._vectors[rows[-1]] + _BEFORE_HEAD * self._vectors[rows[:-1]].sum(0)
        # Not `@`: on a busy machine the threads of a BLAS wait for each other, and it takes ten times as long.
        heads = np.einsum("nd,d->n", self._unit, self._unit[rows[-1]])
        counts = heads[self._texts[:, -1]] >= min_head_similarity
        if len(words) > 1:
            counts &= ~self._single | (self._read_as > 0)
        cosines = np.einsum("nd,d->n", self._whole[counts], vector / max(float(np.linalg.norm(vector)), 1e-6))
        best = np.full(len(self._phrases), -1.0, np.float32)
        np.maximum.at(best, self._read_as[counts], cosines)
        return {phrase: float(value) for phrase, value in zip(self._phrases, best, strict=True) if value > -1}


def _levels_of(words: list[str]) -> set[str]:
    """The levels that words name: "base" the lower one; "ceiling high" is tall, not high."""
    text = f" {' '.join(words)} "
    levels = _LEVELS.intersection(words)
    for place, level in sorted(_PLACES, key=lambda known: -len(known[0])):
        if f" {place} " in text:
            levels |= {level}
            text = text.replace(f" {place} ", " , ")
    return {*levels}


def _split(words: list[str]) -> tuple[list[str], str, list[str]]:
    """The object, its relation, and to what: "tap", "over", "the sink". Without a relation all words are the object."""
    for start in range(len(words)):
        for relation in _RELATIONS:
            end = start + len(relation)
            if tuple(words[start:end]) == relation and end < len(words):
                if start:
                    return words[:start], " ".join(relation), words[end:]
                if end < len(words) - 1:  # "under sink cabinet"
                    return words[-1:], " ".join(relation), words[end:-1]
    return words, "", []


def _unit(vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    length = np.sqrt(np.einsum("nd,nd->n", vectors, vectors))
    out: npt.NDArray[np.float32] = vectors / np.maximum(length, np.float32(1e-6))[:, None]
    return out


def _key(text: str) -> str:
    """The text in singular and without spaces: "fire places" is "fireplace"."""
    return "".join(singular(word) for word in text.split())


def singular(word: str) -> str:
    """The word without its plural ending; applied to known words and typed ones, so it need only be consistent."""
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us")):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith("lves"):
        return word[:-3] + "f"
    if word.endswith(("ches", "shes", "xes", "sses")):
        return word[:-2]
    return word[:-1]


def packaged(name: str) -> bytes:
    """A file of the package's weights.

    Raises:
        WeightsMissing: The installation lacks it.
    """
    path = resources.files("automask.segmenters") / "weights" / name
    try:
        return path.read_bytes()
    except FileNotFoundError as missing:
        raise WeightsMissing(f"the package lacks {path}", hint="install automask again") from missing
