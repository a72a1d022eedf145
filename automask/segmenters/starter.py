"""The embedded segmenter: a small net in the package, run by ONNX Runtime, for a fixed vocabulary of rooms.

What it was trained on, what it reaches and where it fails: docs/starter.md. The net tells some ninety *leaves* apart; a
phrase is a set of leaves ("cabinets" are base, wall and tall cabinets), and its heat is the sum of their probabilities.
"""

import difflib
import json
import re
from collections.abc import Sequence
from functools import cached_property
from importlib import resources
from typing import Any

import cv2
import numpy as np

from automask.errors import ConfigError, SegmenterError, UnknownPhrase, WeightsMissing
from automask.types import Heat, Rgb

# How alike a misspelt word must be to a known one (difflib's ratio). At 0.82 "cabnets", "isalnd" and "refridgerator"
# are read, and neither "grass" as "glass" (0.80) nor "floor" as "door" (0.67).
_SPELLING = 0.82
_STRIDE = 32
_LARGEST = 2048  # time and memory grow with the square, and it was trained for 640 at most
# The accent wall's colour is read off where the net is this sure of it, if that is at least this share of the photo.
# The same paint varies by about this much (8-bit Lab) over a wall that is lit from one side.
_SURE = 0.6
_A_WALL = 0.005
_PAINT_SPREAD = 14.0
# How much likelier the wall is where its very colour is seen, as odds: 0.3 becomes 0.68, a black fridge's 0.02 0.09.
_LIKELIER = 5.0


class Starter:
    """Finds the things of a home by name: no download, no torch, under half a second.

    All leaves compete for every pixel (softmax), whatever is asked: the heat of a phrase does not depend on the phrases
    beside it. The same photo and words give the same bytes on every run.

    Args:
        side_px: The photo's long side as the net sees it, rounded to a multiple of 32. It was trained for 270 to 640.
        mirror: Look at the photo and at its mirror image, and take the mean: steadier, at twice the time.
        threads: Processor threads of ONNX Runtime; at least 1.
    """

    def __init__(self, *, side_px: int = 512, mirror: bool = True, threads: int = 2) -> None:
        if not _STRIDE <= side_px <= _LARGEST:
            raise ConfigError(f"segmenter.side_px is {side_px}", mend=f"give {_STRIDE} to {_LARGEST}; 512 is usual")
        if threads < 1:
            raise ConfigError(f"threads is {threads}", mend="give at least 1")
        self.side_px = side_px
        self.mirror = mirror
        self.threads = threads
        self._words = Words.packaged()

    def understand(self, targets: Sequence[str]) -> tuple[str, ...]:
        """The known phrase that each target is read as: "couches" as "sofa", "cabnets" as "cabinets".

        Raises:
            UnknownPhrase: A target is no thing of a home that the net knows; names the nearest known words.
        """
        return tuple(self._words.read(target) for target in targets)

    def heats(self, photo: Rgb, targets: Sequence[str]) -> Heat:
        phrases = self.understand(targets)  # before the photo: words are refused without a look at it
        if photo.ndim != 3 or photo.shape[2] != 3 or photo.dtype != np.uint8 or photo.size == 0:
            raise SegmenterError(
                f"the photo is {photo.dtype} of shape {photo.shape}",
                mend="give [height, width, 3] uint8, RGB, not empty",
            )
        leaves = self._leaves(photo)
        height, width = photo.shape[:2]
        heats = np.empty((len(phrases), height, width), np.float32)
        for heat, phrase in zip(heats, phrases, strict=True):
            small = leaves[self._words.leaves_of[phrase]].sum(0)
            cv2.resize(small, (width, height), dst=heat, interpolation=cv2.INTER_LINEAR)
        return np.clip(heats, 0.0, 1.0, out=heats)

    def _leaves(self, photo: Rgb) -> Heat:
        """[leaves, h, w]: the probability of every leaf, at a quarter of the size that the net sees."""
        height, width = photo.shape[:2]
        scale = self.side_px / max(height, width)
        # Each side is rounded by itself: at most 3 % of stretch for a common photo, and no border to invent.
        net_wh = tuple(max(_STRIDE, round(side * scale / _STRIDE) * _STRIDE) for side in (width, height))
        small = cv2.resize(photo, net_wh, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
        seen = np.ascontiguousarray(small.transpose(2, 0, 1)[None].astype(np.float32) / np.float32(255))
        (leaves,) = self._session.run(None, {"photo": seen})
        if self.mirror:
            (mirrored,) = self._session.run(None, {"photo": np.ascontiguousarray(seen[..., ::-1])})
            leaves = (leaves + mirrored[..., ::-1]) / 2
        return self._one_wall(leaves[0], small)

    def _one_wall(self, leaves: Heat, seen: Rgb) -> Heat:
        """The leaves, with what is painted like the accent wall counted as accent wall behind the worktop too.

        The net goes by place: what is behind a worktop it calls backsplash. Where that is the accent wall's own colour
        it is the same painted wall, and a person who says "accent wall" means all of it. Tiles of another colour stay
        backsplash, and without an accent wall nothing changes.
        """
        accent, splash = (self._words.order[leaf] for leaf in ("accent wall", "backsplash"))
        sure = leaves[accent] > _SURE
        if sure.mean() < _A_WALL:
            return leaves
        lab = cv2.cvtColor(cv2.resize(seen, leaves.shape[:0:-1], interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2LAB)
        away = np.linalg.norm(lab.astype(np.float32) - np.median(lab[sure], axis=0).astype(np.float32), axis=-1)
        alike = np.exp(-0.5 * (away / _PAINT_SPREAD) ** 2).astype(np.float32)
        wall = leaves[accent] + leaves[splash] * alike
        # Between vases and books the net is of two minds; the wall's own colour there speaks for the wall.
        odds = 1 + (_LIKELIER - 1) * alike
        likely = wall * odds / (wall * odds + (1 - wall))
        joined = leaves.copy()
        joined[splash] -= leaves[splash] * alike
        joined[accent] = 0
        joined *= (1 - likely) / np.maximum(1 - wall, np.float32(1e-6))
        joined[accent] = likely
        return joined

    @cached_property
    def _session(self) -> Any:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Without the arena the peak falls by the size of the largest activations; the time does not change.
        options.enable_cpu_mem_arena = False
        return onnxruntime.InferenceSession(_packaged("starter.onnx"), options, providers=["CPUExecutionProvider"])


class Words:
    """The words of the starter: which phrase a text means, and which leaves a phrase covers.

    Args:
        content: `starter.json`: `leaves`, in the net's order; `phrases` with their leaves and synonyms; `exact`,
            synonyms of which no plural is made; `dropped`, words that may stand before the thing ("the old white ...").
    """

    def __init__(self, content: dict[str, Any]) -> None:
        order: dict[str, int] = {leaf: i for i, leaf in enumerate(content["leaves"])}
        self.order = order
        phrases: dict[str, Any] = content["phrases"]
        self.leaves_of = {phrase: [order[leaf] for leaf in entry["leaves"]] for phrase, entry in phrases.items()}
        self._typed = {word: phrase for phrase, entry in phrases.items() for word in (phrase, *entry["also"])}
        self._exact: dict[str, str] = content["exact"]
        self._keys = {_key(word): phrase for word, phrase in self._typed.items()}
        self._dropped = {word for group in content["dropped"].values() for word in group}
        whole = (*self._typed, *self._dropped)
        self._single = sorted({_singular(word) for typed in whole for word in typed.split()})

    @classmethod
    def packaged(cls) -> "Words":
        return cls(json.loads(_packaged("starter.json")))

    def read(self, text: str) -> str:
        """The phrase that a text means.

        Raises:
            UnknownPhrase: It means none of them.
        """
        words = re.sub(r"[^\w]+|_", " ", re.sub(r"['\u2019]s?\b", "", text.casefold())).split()
        phrase = self._look_up(words) or self._look_up(self._respelt(words))
        if phrase is None:
            near = self._nearest(words)
            raise UnknownPhrase(
                f"the starter segmenter does not know {text!r}",
                mend=f"nearest known words: {', '.join(near)} (docs/starter.md lists all; preset=photo takes any)",
            )
        return phrase

    def _look_up(self, words: list[str]) -> str | None:
        """The phrase, after dropping as few leading words as need be: each must be one that may be dropped."""
        while words:
            phrase = self._exact.get(" ".join(words)) or self._keys.get(_key(" ".join(words)))
            if phrase is not None:
                return phrase
            gone = next((n for n in (1, 2) if " ".join(words[:n]) in self._dropped), len(words))
            words = words[gone:]
        return None

    def _respelt(self, words: list[str]) -> list[str]:
        """Each word that is not known, as the known word most like it; kept where none is."""
        out = []
        for word in words:
            single = _singular(word)
            known = len(word) < 4 or single in self._single
            near = [] if known else difflib.get_close_matches(single, self._single, n=1, cutoff=_SPELLING)
            out += near or [word]
        return out

    def _nearest(self, words: list[str]) -> list[str]:
        """Up to four known words: those that share a word with the text, those spelt like it, then the usual ones."""
        wanted = {_singular(word) for word in words} - self._dropped
        sharing = [typed for typed in self._typed if wanted & {_singular(word) for word in typed.split()}]
        alike = difflib.get_close_matches(" ".join(words), self._typed, n=4, cutoff=0.6)
        one_per_phrase: dict[str, str] = {}
        for typed in (*sharing, *alike, "cabinets", "island", "wall", "floor"):
            one_per_phrase.setdefault(self._typed[typed], typed)
        return list(one_per_phrase.values())[:4]


def _key(text: str) -> str:
    """The text in singular and without blanks: "fire places" is "fireplace"."""
    return "".join(_singular(word) for word in text.split())


def _singular(word: str) -> str:
    """The word without its plural ending. Known words and typed ones both pass through: it need only be consistent."""
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us")):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith("lves"):
        return word[:-3] + "f"
    if word.endswith(("ches", "shes", "xes", "sses")):
        return word[:-2]
    return word[:-1]


def _packaged(name: str) -> bytes:
    path = resources.files("automask.segmenters") / "weights" / name
    try:
        return path.read_bytes()
    except FileNotFoundError as missing:
        raise WeightsMissing(f"the package lacks {path}", mend="install automask again") from missing
