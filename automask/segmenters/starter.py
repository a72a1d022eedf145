"""The embedded segmenter: a small net in the package, run by ONNX Runtime, for a fixed vocabulary of rooms.

What it was trained on, what it reaches and where it fails: docs/starter.md. The net tells some ninety *leaves* apart,
and says of each whether it is in the photo at all. A phrase is a set of leaves ("cabinets" are base, wall and tall
cabinets); its heat is made from the sum of their probabilities and from their presence.
"""

import json
import math
import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from automask.errors import ConfigError, SegmenterError
from automask.segmenters.vocabulary import Vocabulary, packaged
from automask.types import Heat, Rgb
from automask.weights import cpu_session

_STRIDE = 32
# A photo is seen smaller than it is: the pixels of a small one are often not sharp. On NYU (616 px) 512 finds 0.02 more
# than 640 does, on rendered rooms (768 px) and on estate agents' photos 608 finds more than 512.
_SMALL_PX = 512
_OF_LONG_SIDE = 5 / 6
_LARGEST = 2048  # time and memory grow with the square, and it was trained for 760 at most
# The accent wall's colour is read off where the net is this sure of it, if that is at least this share of the photo.
# The same paint varies by about this much (8-bit Lab) over a wall that is lit from one side.
_SURE = 0.6
_A_WALL = 0.005
_PAINT_SPREAD = 14.0
# How much likelier the wall is where its very colour is seen, as odds: 0.3 becomes 0.68, a black fridge's 0.02 0.09.
_LIKELIER = 5.0
# Presence from which on a phrase counts as being in the photo. Chosen on NYU val (docs/starter.md): 93 % of what is
# there is found. It is low, since of all the phrases that a photo could be asked for few are there.
_THERE = 0.1
# A phrase that is less present than that peaks below this: the threshold of `conf/boxes/default.yaml`.
_FOUND = 0.35


class Starter:
    """Finds the things of a home by name: no download, no torch, under half a second.

    All leaves compete for every pixel (softmax), and those that are asked for are raised where they are in the photo:
    heats of phrases that share nothing add up to 1 at most, and of two such phrases that are there either can only take
    from the other. The same photo and words give the same bytes on every run.

    Args:
        side_px: The photo's long side as the net sees it at most, rounded to a multiple of 32: small photos are seen at
            512, and large ones at five sixths of their size up to this. It was trained for 280 to 760.
        mirror: Look at the photo and at its mirror image, and take the mean: steadier, at twice the time.
        threads: Processor threads of ONNX Runtime; at least 1. A smaller OMP_NUM_THREADS goes before: batches set it
            to each worker's share of the cores. The bytes do not depend on it.
    """

    own_files = tuple(
        Path(__file__).with_name("weights") / name for name in ("starter.onnx", "starter.json", "words.npz")
    )
    computes_with = ("onnxruntime",)

    def __init__(self, *, side_px: int = 608, mirror: bool = True, threads: int = 2) -> None:
        if not _STRIDE <= side_px <= _LARGEST:
            raise ConfigError(f"segmenter.side_px is {side_px}", hint=f"give {_STRIDE} to {_LARGEST}; 608 is usual")
        if threads < 1:
            raise ConfigError(f"threads is {threads}", hint="give at least 1")
        self.side_px = side_px
        self.mirror = mirror
        self.threads = threads
        self._words = Vocabulary.packaged()

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
                hint="give [height, width, 3] uint8, RGB, not empty",
            )
        leaves, presence = self._predict(photo)
        members = [self._words.leaves_of[phrase] for phrase in phrases]
        presences = [float(1 - np.prod(1 - presence[mine])) for mine in members]
        there = [self._presence(leaves[mine].sum(0), known) for mine, known in zip(members, presences, strict=True)]
        leaves = leaves * self._request_gain(members, presences, there)[:, None, None]
        leaves /= leaves.sum(0)
        height, width = photo.shape[:2]
        heats = np.empty((len(phrases), height, width), np.float32)
        for heat, mine, sure in zip(heats, members, there, strict=True):
            small = leaves[mine].sum(0)
            if sure < _THERE:
                small *= np.float32(min(1.0, 0.99 * _FOUND * sure / _THERE / max(float(small.max()), 1e-6)))
            cv2.resize(small, (width, height), dst=heat, interpolation=cv2.INTER_LINEAR)
        return np.clip(heats, 0.0, 1.0, out=heats)

    def _presence(self, share: Heat, presence: float) -> float:
        """The probability that a phrase is in the photo.

        Args:
            share: [h, w], the sum of its leaves' probabilities.
            presence: What the net says of it as a whole.
        """
        by_presence, by_strength, constant = self._weights_of_presence
        strength = float(np.sqrt(np.square(share).mean()))
        return _logistic(by_presence * _logit(presence) + by_strength * _logit(strength) + constant)

    def _request_gain(
        self, members: Sequence[Sequence[int]], presences: Sequence[float], there: Sequence[float]
    ) -> Heat:
        """[leaves], how much each is raised because somebody asks for it: 1 for what nobody does.

        The net doubts what few photos show; who asks for it has most often seen it. What is not in the photo is not
        raised: it would take from what is.
        """
        gain = np.ones(len(self._words.order), np.float32)
        for mine, presence, sure in zip(members, presences, there, strict=True):
            if sure >= _THERE:
                gain[mine] = np.maximum(gain[mine], 1 / max(presence, 1e-3))
        return gain

    def parts(self, targets: Sequence[str]) -> tuple[tuple[int, ...], ...]:
        """For each target the indices of those others that name a part of it.

        The top of an island is part of "island" until something else names it: "island top", but also "countertop".
        """
        phrases = self.understand(targets)
        leaves = [{*self._words.leaves_of[phrase]} for phrase in phrases]
        yields = [{*self._words.yields_of[phrase]} for phrase in phrases]
        return tuple(
            tuple(j for j, part in enumerate(leaves) if part < whole or (part & whole and part & whole <= yielded))
            for whole, yielded in zip(leaves, yields, strict=True)
        )

    def _predict(self, photo: Rgb) -> tuple[Heat, Heat]:
        """[leaves, h, w], the probabilities at a quarter of the size that the net sees, and [leaves], the presences."""
        height, width = photo.shape[:2]
        long = max(height, width)
        scale = min(self.side_px, max(_SMALL_PX, long * _OF_LONG_SIDE)) / long
        # Each side is rounded by itself: at most 3 % of stretch for a common photo, and no border to invent.
        net_wh = tuple(max(_STRIDE, round(side * scale / _STRIDE) * _STRIDE) for side in (width, height))
        small = cv2.resize(photo, net_wh, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
        seen = np.ascontiguousarray(small.transpose(2, 0, 1)[None].astype(np.float32) / np.float32(255))
        leaves, presence = self._session.run(None, {"photo": seen})
        if self.mirror:
            mirrored, again = self._session.run(None, {"photo": np.ascontiguousarray(seen[..., ::-1])})
            leaves, presence = (leaves + mirrored[..., ::-1]) / 2, (presence + again) / 2
        return self._merge_accent_wall(leaves[0], small), presence[0]

    def _merge_accent_wall(self, leaves: Heat, seen: Rgb) -> Heat:
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
    def _weights_of_presence(self) -> tuple[float, float, float]:
        """What `calibrate` of scripts/train_starter.py fitted; it travels with the weights."""
        by_presence, by_strength, constant = json.loads(self._session.get_modelmeta().custom_metadata_map["presence"])
        return by_presence, by_strength, constant

    @cached_property
    def _session(self) -> Any:
        # ONNX Runtime itself ignores the variable, and its threads wait actively: on two cores, two workers with two
        # threads each took a tenth more processor time than with one thread each.
        share = os.environ.get("OMP_NUM_THREADS", "")
        threads = min(self.threads, int(share)) if share.isdecimal() and int(share) else self.threads
        return cpu_session(packaged("starter.onnx"), threads=threads)


def _logit(share: float) -> float:
    share = min(max(share, 1e-6), 1 - 1e-6)
    return math.log(share / (1 - share))


def _logistic(value: float) -> float:
    return 1 / (1 + math.exp(-min(max(value, -30.0), 30.0)))
