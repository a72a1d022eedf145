"""The 150 labels of ADE20K that semantic nets know, and which of them a text means.

Texts are read by the starter's vocabulary, so that "couches" and "cabnets" mean the same with either segmenter.
"""

import difflib
from collections.abc import Mapping, Sequence
from functools import cached_property

from automask.errors import DOCUMENTATION, UnknownPhrase
from automask.segmenters.vocabulary import Vocabulary, singular

_ALL_THINGS = f"{DOCUMENTATION}/reference/models.md"
# Each phrase of the starter, with the labels that it covers. A phrase that no label is for by itself is not here:
# painting base cabinets must not paint all cabinets.
_LABELS: Mapping[str, tuple[str, ...]] = {
    "wall": ("wall",),
    "floor": ("floor",),
    "ceiling": ("ceiling",),
    "window": ("windowpane",),
    "door": ("door", "screen door"),
    "cabinets": ("cabinet",),
    "tall cabinet": ("wardrobe",),
    "kitchen island": ("kitchen island",),
    "countertop": ("countertop", "counter"),
    "refrigerator": ("refrigerator",),
    "oven": ("oven",),
    "stove": ("stove", "oven"),
    "microwave": ("microwave",),
    "dishwasher": ("dishwasher",),
    "range hood": ("hood",),
    "appliances": ("refrigerator", "oven", "stove", "microwave", "dishwasher", "hood", "washer"),
    "sink": ("sink",),
    "bar stool": ("stool",),
    "chair": ("chair", "swivel chair", "armchair"),
    "armchair": ("armchair",),
    "table": ("table", "coffee table"),
    "dining table": ("table",),
    "coffee table": ("coffee table",),
    "desk": ("desk",),
    "lamp": ("lamp", "chandelier"),
    "lights": ("lamp", "light", "chandelier", "sconce"),
    "pendant lamp": ("chandelier",),
    "ceiling light": ("light",),
    "shelf": ("shelf",),
    "bookcase": ("bookcase",),
    "sideboard": ("buffet",),
    "dresser": ("chest of drawers",),
    "bed": ("bed",),
    "sofa": ("sofa",),
    "pouf": ("ottoman",),
    "bench": ("bench",),
    "cushion": ("cushion", "pillow"),
    "throw blanket": ("blanket",),
    "rug": ("rug",),
    "rug or floor": ("rug", "floor"),
    "curtain": ("curtain",),
    "blinds": ("blind",),
    "mirror": ("mirror",),
    "picture": ("painting", "poster"),
    "cork board": ("bulletin board",),
    "television": ("television receiver",),
    "monitor": ("monitor",),
    "computer": ("computer",),
    "fireplace": ("fireplace",),
    "plant": ("plant", "flower", "palm"),
    "vase": ("vase",),
    "bottle": ("bottle",),
    "books": ("book",),
    "towel": ("towel",),
    "clothes": ("apparel",),
    "box": ("box",),
    "bag": ("bag",),
    "basket": ("basket",),
    "garbage bin": ("ashcan",),
    "person": ("person",),
    "toilet": ("toilet",),
    "bathtub": ("bathtub",),
    "column": ("column",),
    "stuffed animal": ("plaything",),
    "fan": ("fan",),
    "washing machine": ("washer",),
    "radiator": ("radiator",),
    "stairs": ("stairs", "stairway", "bannister"),
    "clock": ("clock",),
}
# What some checkpoints call a label of the official list.
_OFFICIAL: Mapping[str, str] = {
    "window": "windowpane",
    "tv": "television receiver",
    "television": "television receiver",
    "tub": "bathtub",
    "clothes": "apparel",
    "trash can": "ashcan",
    "exhaust hood": "hood",
    "picture": "painting",
    "couch": "sofa",
    "banister": "bannister",
}
SURFACES = frozenset(
    (
        *("wall", "floor", "ceiling", "door", "screen door", "column", "fireplace", "bannister", "stairs", "stairway"),
        *("cabinet", "wardrobe", "kitchen island", "countertop", "counter", "shelf", "bookcase", "buffet", "step"),
        *("chest of drawers", "building", "house", "sky", "road", "sidewalk", "path", "earth", "grass", "field"),
        *("base", "railing", "bar", "case"),
    )
)
"""Labels of what a room is built and fitted with. Everything else stands in it, hangs in it or is outside."""


class RoomLabels:
    """Which labels of a checkpoint a text means.

    Args:
        names: The name of each label, in the net's order, as a checkpoint's `id2label` has it: "rug", or with synonyms
            "rug, carpet, carpeting", of which the first counts.
        vocabulary: Reads the texts.
    """

    def __init__(self, names: Sequence[str], vocabulary: Vocabulary) -> None:
        first = [name.replace(";", ",").split(",")[0].strip().casefold() for name in names]
        self.names = tuple(_OFFICIAL.get(name, name) for name in first)
        self._vocabulary = vocabulary
        self._at = {name: index for index, name in enumerate(self.names)}
        self._by_key = {_key(name): name for name in self.names}

    @cached_property
    def labels_of(self) -> Mapping[str, tuple[int, ...]]:
        """The indices of each known phrase's labels: the starter's phrases, and every label by its own name."""
        phrases = {
            phrase: tuple(self._at[label] for label in labels if label in self._at)
            for phrase, labels in _LABELS.items()
        }
        known = {phrase: labels for phrase, labels in phrases.items() if labels}
        return {**{name: (index,) for name, index in self._at.items()}, **known}

    def find(self, text: str) -> str | None:
        """The phrase of `labels_of` that a text means; None where the net knows none."""
        phrase = self._vocabulary.find(text)
        label = self._by_key.get(_key(text.strip().casefold()))
        if label is None or label == phrase:
            return phrase if phrase in self.labels_of else None
        # "tree" is a plant to the vocabulary, and a label of its own here: the tree outside. Nor is a swivel chair any
        # chair; but a counter is a countertop.
        covered = self._at[label] in self.labels_of.get(phrase or "", ())
        return phrase if covered and " " not in label else label

    def read(self, text: str) -> str:
        """As `find`.

        Raises:
            UnknownPhrase: The net knows no such thing; names the nearest that it knows.
        """
        phrase = self.find(text)
        if phrase is not None:
            return phrase
        raise UnknownPhrase(
            f"the 150 labels of ADE20K have no {text!r}",
            hint=f"nearest: {', '.join(self._near(text))}; other segmenters may know it ({_ALL_THINGS})",
        )

    def either(self, phrase: str) -> tuple[str, str] | None:
        """The two phrases that one of an unclear meaning stands for; None for any other."""
        two = self._vocabulary.either_of.get(phrase)
        return two if two is not None and all(one in self.labels_of for one in two) else None

    def _near(self, text: str) -> list[str]:
        """Up to four known phrases: such that hold what the starter takes the text for, then similar in spelling."""
        phrase = self._vocabulary.find(text)
        leaves = set(self._vocabulary.leaves_of.get(phrase or "", ()))
        holding = [
            other
            for other in _LABELS
            if leaves and other in self.labels_of and leaves & set(self._vocabulary.leaves_of[other])
        ]
        words = {singular(word) for word in text.casefold().split()}
        with_a_word = [known for known in self.labels_of if words & set(known.split())]
        spelt = difflib.get_close_matches(text.casefold(), self.labels_of, n=4, cutoff=0.6)
        return list(dict.fromkeys((*holding, *with_a_word, *spelt, "cabinets", "wall", "floor", "ceiling")))[:4]


def _key(name: str) -> str:
    return " ".join(singular(word) for word in name.split())
