"""The built-in segmenter: a small net in the package, run by OpenCV, for a fixed vocabulary of rooms.

Its training data, accuracy and limits: docs/research/starter.md. The net distinguishes 93 *leaves*, and predicts
for each whether it is in the photo at all. A phrase is a set of leaves ("cabinets" are base, wall and tall cabinets);
its heat comes from the sum of their probabilities and from their presence.
"""

import json
import math
from collections.abc import Sequence
from functools import cached_property, partial
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from automask.errors import ConfigError, SegmenterError
from automask.images.borders import content_box
from automask.segmenters.smoothing import smooth
from automask.segmenters.vocabulary import Vocabulary, packaged
from automask.types import Box, Heat, Rgb, Survey
from automask.weights.net import LEAST_SIDE_PX, Net

_STRIDE = 32

# The net sees a photo reduced, since the pixels of a small one are often not sharp. On NYU (616 px) 512 finds 0.02 more
# than 640, on rendered rooms (768 px) and on estate agents' photos 608 finds more than 512.
_SMALL_PX = 512
_SHARE_OF_LONG_SIDE = 5 / 6
# A panorama, by its sides' ratio, is seen in views of this ratio that overlap by this share of theirs.
_WIDEST, _VIEW, _OVERLAP = 2.2, 1.6, 1 / 3
_MOST_VIEWS = 24  # of a narrower strip, above 26 times as long as wide, the views are longer: it would take minutes
_MAX_ODDS = 100
_MAX_SMOOTHNESS = 20
_KEEP_OPEN_PX = 1_000_000  # the net's features take 170 MB, which a larger photo may need for painting
_HALF = np.float32(0.5)
_MAX_SIDE_PX = 2048  # time and memory grow with the square, and it was trained for 760 at most

# The accent wall's colour is taken from where the net is this certain, if that is at least this share of the photo.
_CERTAIN = 0.6
_MIN_WALL_SHARE = 0.005
_PAINT_SPREAD = 14.0  # one paint varies by about this much (8-bit Lab) over a wall that is lit from one side
_COLOUR_ODDS = 5.0  # factor on the odds of wall where its colour is seen: 0.3 becomes 0.68, a black fridge's 0.02 0.09

# What a room and its fittings are made of. These are confused with each other, and often named for one another
# ("cabinets" for a sideboard): only the request decides between them. All other leaves are things that keep their own.
_SURFACES = frozenset(
    (
        *("wall", "accent wall", "floor", "ceiling", "door", "column", "fireplace", "banister", "baseboard"),
        *("base cabinet", "wall cabinet", "tall cabinet", "kitchen island", "handle", "toe kick"),
        *("countertop", "island countertop", "backsplash", "shelf", "bookcase", "sideboard", "dresser"),
        *("other structure", "other furniture", "other object"),
    )
)

# Things that others stand on, lie on or hang before. What is behind a thing is never one of the others.
_BEHIND = frozenset(
    (
        *("dining table", "coffee table", "side table", "desk", "night stand", "bed", "headboard", "sofa", "armchair"),
        *("chair", "pouf", "bench", "rug", "window", "curtain", "blinds", "shower curtain", "mirror", "whiteboard"),
        *("cork board", "refrigerator", "oven", "cooktop", "dishwasher", "washing machine", "sink", "bathtub"),
        *("piano", "room divider", "radiator", "beam"),
    )
)

# Phrases whose leaves are things of their own, which keep apart where they touch. Elsewhere a border between leaves is
# more often the net's doubt than an edge: one seat is part chair, part armchair.
_OF_KINDS = frozenset(("wall", "cabinets", "appliances", "countertop"))

# From this probability on, the net knows which thing it sees.
_KNOWN = 0.5

# Presence from which a phrase counts as being in the photo. Chosen on NYU val (docs/research/starter.md), where it
# keeps 93 % of what is there. It is low because few of the phrases that a photo could be searched for are in it.
PRESENT = 0.1
# "Carpet" is the rug and not the floor from this presence of a rug on, where a rug also has this share of the pixels
# that are one of the two: a rug that is only suspected shows as specks. Of 22 photos with that presence, none of them
# held out, presence alone takes eleven floors for a rug; with the share two are, and two small rugs are the floor.
_FIRST_OF_TWO = 0.2
_FIRST_SHARE = 0.1
# A phrase with less presence peaks below this, the threshold of `conf/boxes/default.yaml`.
FOUND = 0.35


class Starter:
    """Finds the objects of a home by name: no download, no torch, under half a second.

    All leaves compete for every pixel (softmax), and those of requested phrases that are in the photo are raised: heats
    of phrases without common leaves add up to at most 1, so one can only take from the other. The same photo and words
    give the same bytes on every run.

    Args:
        side_px: Largest long side that the net sees, rounded to a multiple of 32: small photos are seen at 512 px, and
            large ones at five sixths of their size up to this. It was trained for 280 to 760.
        mirror: Take the mean with the mirrored photo's result: more stable, at twice the time.
        threads: Processor threads of the net, at least 1; never more than OpenCV has, which batches set to the share of
            each worker. The bytes do not depend on it.
        keep_odds: How strongly appliances, people, plants, pictures, lamps, seats, windows and other things that no
            phrase names keep their pixels: the factor on their odds against a phrase. 1 is even, 0 leaves nothing out.
            On sixty kitchens 1 spared 5 % of the pixels that were painted by mistake and cost no IoU of cabinets, floor
            and wall; 2 spared 18 % and cost 0.008 of the cabinets'.

        smoothness: How much a pixel's neighbours of the same colour count beside what the net sees in it; 0: nothing.
            On the development kitchens 3 brings the ten classes from 0.641 to 0.661 and boundary F from 0.50 to 0.53.

    Raises:
        ConfigError: `side_px`, `threads`, `keep_odds` or `smoothness` is out of range.
    """

    net = "starter.onnx"
    own_files = tuple(
        Path(__file__).with_name("weights") / name for name in (net, "starter.json", "words.npz", "quality.json")
    )
    quality = Path(__file__).with_name("weights") / "quality.json"

    def __init__(
        self,
        *,
        side_px: int = 608,
        mirror: bool = True,
        threads: int = 2,
        keep_odds: float = 1.0,
        smoothness: float = 3.0,
    ) -> None:
        if not _STRIDE <= side_px <= _MAX_SIDE_PX:
            raise ConfigError(f"segmenter.side_px is {side_px}", hint=f"give {_STRIDE} to {_MAX_SIDE_PX}; 608 is usual")
        if threads < 1:
            raise ConfigError(f"threads is {threads}", hint="give at least 1")
        if not 0 <= keep_odds <= _MAX_ODDS:
            raise ConfigError(
                f"segmenter.keep_odds is {keep_odds}", hint=f"give 0 (leave nothing out) to {_MAX_ODDS}; 1 is even"
            )
        if not 0 <= smoothness <= _MAX_SMOOTHNESS:
            raise ConfigError(
                f"segmenter.smoothness is {smoothness}", hint=f"give 0 (not at all) to {_MAX_SMOOTHNESS}; 3 is usual"
            )
        self.side_px = side_px
        self.mirror = mirror
        self.threads = threads
        self.keep_odds = keep_odds
        self.smoothness = smoothness
        self.vocabulary = Vocabulary.packaged()

    def understand(self, targets: Sequence[str]) -> tuple[str, ...]:
        """The known phrase that each target is read as: "couches" as "sofa", "cabnets" as "cabinets".

        A "carpet" is a rug or the floor, which the photo decides, unless another target names one of the two.

        Raises:
            UnknownPhrase: The net does not know a target; names the nearest known words.
        """
        phrases = [self.vocabulary.read(target) for target in targets]
        return tuple(self._settle_by_others(phrase, phrases) for phrase in phrases)

    def things(self) -> tuple[str, ...]:
        """The phrases that it knows, without their synonyms."""
        return tuple(self.vocabulary.leaves_of)

    def phrase_for(self, text: str) -> str | None:
        """The known phrase that one text is read as; None for one that is refused. Much faster than a refusal."""
        return self.vocabulary.find(text)

    def _settle_by_others(self, phrase: str, phrases: Sequence[str]) -> str:
        """The phrase; of one that means either of two things the one that no other phrase names, if one is named."""
        first, second = self.vocabulary.either_of.get(phrase, (phrase, phrase))
        if second in phrases:
            return first
        return second if first in phrases else phrase

    def _settle_by_photo(self, phrase: str, leaves: Heat, presence: Heat) -> str:
        """The phrase; of one that means either of two things the first if it is in the photo, else the second."""
        if phrase not in self.vocabulary.either_of:
            return phrase
        first, second = self.vocabulary.either_of[phrase]
        mine, rest = (self.vocabulary.leaves_of[name] for name in (first, second))
        certainty = self._presence(leaves[mine].sum(0), float(1 - np.prod(1 - presence[mine])))
        if certainty < _FIRST_OF_TWO:
            return second
        seen = leaves.argmax(0)
        is_first, is_second = (int(np.isin(seen, leaf).sum()) for leaf in (mine, rest))
        return first if is_first >= _FIRST_SHARE * (is_first + is_second) else second

    def heats(self, photo: Rgb, targets: Sequence[str]) -> Heat:
        return self.survey(photo, targets).heats

    def survey(self, photo: Rgb, targets: Sequence[str]) -> Survey:
        """The heats, the heat of all things that no target names, and how sure the net is of each target's presence.

        The pieces are leaves that are things of their own: base cabinets are so told apart from the tall one that they
        touch, and an accent wall from the wall beside it. Bars and a frame round the photo are not looked at, and have
        no heat.
        """
        phrases = self.understand(targets)  # first, so that unknown words are refused before any work
        if photo.ndim != 3 or photo.shape[2] != 3 or photo.dtype != np.uint8 or photo.size == 0:
            raise SegmenterError(
                f"the photo is {photo.dtype} of shape {photo.shape}",
                hint="give [height, width, 3] uint8, RGB, not empty",
            )
        content = content_box(photo)
        leaves, presence = self._predict(photo[content.slices])
        if photo.shape[0] * photo.shape[1] > _KEEP_OPEN_PX:
            self._net.close()
        seen_wh = (content.width, content.height)
        pieces: list[npt.NDArray[np.uint8] | None] = []
        for phrase in phrases:
            piece = None
            if phrase in _OF_KINDS:
                kinds = leaves[self.vocabulary.leaves_of[phrase]].argmax(0).astype(np.uint8)
                piece = np.zeros(photo.shape[:2], np.uint8)
                piece[content.slices] = cv2.resize(kinds, seen_wh, interpolation=cv2.INTER_NEAREST)
            pieces.append(piece)
        phrases = tuple(self._settle_by_photo(phrase, leaves, presence) for phrase in phrases)
        members = [self.vocabulary.leaves_of[phrase] for phrase in phrases]
        presences = [float(1 - np.prod(1 - presence[mine])) for mine in members]
        certainties = [self._presence(leaves[mine].sum(0), one) for mine, one in zip(members, presences, strict=True)]
        leaves = leaves * self._request_gain(members, presences, certainties)[:, None, None]
        leaves /= leaves.sum(0)
        clarity = float(leaves.max(0).mean())
        before = [leaves[mine].sum(0) for mine in members]
        there = [mine for mine, certainty in zip(members, certainties, strict=True) if certainty >= PRESENT]
        leaves = self._smoothed(leaves, there, photo[content.slices])
        heats = np.zeros((len(phrases), *photo.shape[:2]), np.float32)
        for heat, mine, certainty in zip(heats, members, certainties, strict=True):
            small = leaves[mine].sum(0)
            if certainty < PRESENT:
                small *= np.float32(min(1.0, 0.99 * FOUND * certainty / PRESENT / max(float(small.max()), 1e-6)))
            heat[content.slices] = cv2.resize(small, seen_wh, interpolation=cv2.INTER_LINEAR)
        named = {leaf for mine in members for leaf in mine}
        things = [at for leaf, at in self.vocabulary.order.items() if leaf not in _SURFACES and at not in named]
        others = None
        if self.keep_odds > 0:
            small = np.minimum(leaves[things].sum(0) * np.float32(self.keep_odds), np.float32(1))
            others = _at_full_size(small, content, photo.shape[:2])
        unsure = partial(self._unsure, leaves, named, content, photo.shape[:2])
        evidence = tuple(
            {"certainty": _logit(certainty), "clarity": clarity, "agreement": _agreement(raw, leaves[mine].sum(0))}
            for certainty, raw, mine in zip(certainties, before, members, strict=True)
        )
        things_of = partial(self._things, leaves, content, photo.shape[:2])
        return Survey(np.clip(heats, 0.0, 1.0, out=heats), others, evidence, tuple(pieces), unsure, things_of)

    def _unsure(self, leaves: Heat, named: set[int], content: Box, size_hw: tuple[int, int]) -> Heat:
        """[H, W] the sum of the things that no target names, where none of them has most of it."""
        order = self.vocabulary.order
        things = [at for leaf, at in order.items() if leaf not in _SURFACES and at not in named]
        known = leaves[things].max(0) >= _KNOWN
        small = np.where(known, np.float32(0), leaves[[*things, order["other object"]]].sum(0))
        return _at_full_size(small, content, size_hw)

    def _things(self, leaves: Heat, content: Box, size_hw: tuple[int, int]) -> tuple[Heat, Heat]:
        """Two [H, W]: the sums of the things that nothing stands on or hangs before, and of those that others do."""
        order = self.vocabulary.order
        loose = [at for leaf, at in order.items() if leaf not in _SURFACES and leaf not in _BEHIND]
        behind = [at for leaf, at in order.items() if leaf in _BEHIND]
        one, other = (_at_full_size(leaves[mine].sum(0), content, size_hw) for mine in (loose, behind))
        return one, other

    def instances(self, photo: Rgb, targets: Sequence[str]) -> npt.NDArray[np.uint8]:
        """[N, H, W] the pieces of a survey; 0 for phrases that have none."""
        pieces = self.survey(photo, targets).pieces
        none = np.zeros(photo.shape[:2], np.uint8)
        return np.stack([none if piece is None else piece.astype(np.uint8) for piece in pieces])

    def _smoothed(self, leaves: Heat, members: Sequence[Sequence[int]], photo: Rgb) -> Heat:
        """The leaves, similar neighbours drawn together.

        What competes are the phrases that are there, whose leaves are `members`: leaves of the same ones count as one
        label, and so do all things that none names, since the many small things on a shelf would lose to the wall
        behind it one by one.
        """
        if not self.smoothness:
            return leaves
        labels: dict[tuple[int, ...] | int | None, list[int]] = {}
        for leaf, at in self.vocabulary.order.items():
            asked = tuple(i for i, mine in enumerate(members) if at in mine)
            labels.setdefault(asked or (at if leaf in _SURFACES else None), []).append(at)
        shares = np.stack([leaves[mine].sum(0) for mine in labels.values()])
        seen = cv2.resize(photo, leaves.shape[:0:-1], interpolation=cv2.INTER_AREA)
        smoothed = smooth(shares, seen, self.smoothness)
        out = leaves.copy()
        for mine, share, new in zip(labels.values(), shares, smoothed, strict=True):
            out[mine] *= new / np.maximum(share, np.float32(1e-9))
        return out

    def _presence(self, share: Heat, presence: float) -> float:
        """The probability that a phrase is in the photo.

        Args:
            share: [h, w], the sum of its leaves' probabilities.
            presence: The net's own prediction, from the photo as a whole.
        """
        by_presence, by_strength, constant = self._presence_weights
        strength = float(np.sqrt(np.square(share).mean()))
        return _logistic(by_presence * _logit(presence) + by_strength * _logit(strength) + constant)

    def _request_gain(
        self, members: Sequence[Sequence[int]], presences: Sequence[float], certainties: Sequence[float]
    ) -> Heat:
        """[leaves], the factor for each because it is requested; 1 for all others.

        The net underrates objects that are rare in photos, but a user who names one has most often seen it. What is not
        in the photo is not raised, since it would take from what is.
        """
        gain = np.ones(len(self.vocabulary.order), np.float32)
        for mine, presence, certainty in zip(members, presences, certainties, strict=True):
            if certainty >= PRESENT:
                gain[mine] = np.maximum(gain[mine], 1 / max(presence, 1e-3))
        return gain

    def parts(self, targets: Sequence[str]) -> tuple[tuple[int, ...], ...]:
        """For each target the indices of the other targets that name a part of it.

        The top of an island belongs to "island" until another target names it: "island top", but also "countertop".
        """
        phrases = self.understand(targets)
        leaves = [{*self.vocabulary.leaves_of[phrase]} for phrase in phrases]
        yields = [{*self.vocabulary.yields_of[phrase]} for phrase in phrases]
        return tuple(
            tuple(j for j, part in enumerate(leaves) if part < whole or (part & whole and part & whole <= yielded))
            for whole, yielded in zip(leaves, yields, strict=True)
        )

    def _predict(self, photo: Rgb) -> tuple[Heat, Heat]:
        """[leaves, h, w] probabilities at a quarter of the size that the net sees, and [leaves] presences."""
        height, width = photo.shape[:2]
        if max(height, width) > _WIDEST * min(height, width):
            return self._predict_in_views(photo)
        return self._predict_at_once(photo)

    def _predict_at_once(self, photo: Rgb) -> tuple[Heat, Heat]:
        height, width = photo.shape[:2]
        long = max(height, width)
        scale = min(self.side_px, max(_SMALL_PX, long * _SHARE_OF_LONG_SIDE)) / long
        # Each side is rounded separately: at most 3 % distortion for a common photo, and no padding.
        net_wh = tuple(max(LEAST_SIDE_PX, round(side * scale / _STRIDE) * _STRIDE) for side in (width, height))
        small = cv2.resize(photo, net_wh, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
        seen = np.ascontiguousarray(small.transpose(2, 0, 1)[None].astype(np.float32) / np.float32(255))
        leaves, presence = self._net.run(photo=seen)
        if self.mirror:
            mirrored, again = self._net.run(photo=np.ascontiguousarray(seen[..., ::-1]))
            leaves, presence = (leaves + mirrored[..., ::-1]) * _HALF, (presence + again) * _HALF
        return self._merge_accent_wall(leaves[0], small), presence[0]

    def _predict_in_views(self, photo: Rgb) -> tuple[Heat, Heat]:
        """`_predict` for a panorama: in views that overlap, as of a whole one the net would see thumbnails.

        Where views overlap, each counts by how far its own border is.
        """
        tall = photo.shape[0] > photo.shape[1]
        short, long = sorted(photo.shape[:2])
        longest = math.ceil(long / (1 + (_MOST_VIEWS - 1) * (1 - _OVERLAP)))
        size = min(long, max(round(_VIEW * short), longest))
        count = 1 + math.ceil((long - size) / ((1 - _OVERLAP) * size))
        starts = [round(k * (long - size) / (count - 1)) for k in range(count)]
        parts = [photo[start : start + size] if tall else photo[:, start : start + size] for start in starts]
        seen = [self._predict_at_once(np.ascontiguousarray(part)) for part in parts]
        # From here on the long side is the last axis.
        maps = [leaves.transpose(0, 2, 1) if tall else leaves for leaves, _ in seen]
        kinds, h, w = maps[0].shape
        left = [round(start * w / size) for start in starts]
        total = np.zeros((kinds, h, left[-1] + w), np.float32)
        weights = np.zeros(left[-1] + w, np.float32)
        ramp = np.minimum(np.arange(1, w + 1), np.arange(w, 0, -1)).astype(np.float32)
        for at, leaves in zip(left, maps, strict=True):
            total[:, :, at : at + w] += leaves * ramp
            weights[at : at + w] += ramp
        total /= weights
        return total.transpose(0, 2, 1) if tall else total, np.max([presence for _, presence in seen], axis=0)

    def _merge_accent_wall(self, leaves: Heat, seen: Rgb) -> Heat:
        """The leaves, with backsplash in the accent wall's colour moved to the accent wall.

        The net decides by position: what is behind a worktop it calls backsplash. If that has the accent wall's colour,
        it is the same painted wall, and a person who says "accent wall" means all of it. Tiles of another colour stay
        backsplash, and without an accent wall nothing changes.
        """
        accent, splash = (self.vocabulary.order[leaf] for leaf in ("accent wall", "backsplash"))
        certain = leaves[accent] > _CERTAIN
        if certain.mean() < _MIN_WALL_SHARE:
            return leaves
        lab = cv2.cvtColor(cv2.resize(seen, leaves.shape[:0:-1], interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2LAB)
        away = np.linalg.norm(lab.astype(np.float32) - np.median(lab[certain], axis=0).astype(np.float32), axis=-1)
        alike = np.exp(-0.5 * (away / _PAINT_SPREAD) ** 2).astype(np.float32)
        wall = leaves[accent] + leaves[splash] * alike
        # Between vases and books the net is undecided; the wall's own colour there is evidence for the wall.
        odds = 1 + (_COLOUR_ODDS - 1) * alike
        likely = wall * odds / (wall * odds + (1 - wall))
        joined = leaves.copy()
        joined[splash] -= leaves[splash] * alike
        joined[accent] = 0
        joined *= (1 - likely) / np.maximum(1 - wall, np.float32(1e-6))
        joined[accent] = likely
        return joined

    @cached_property
    def _presence_weights(self) -> tuple[float, float, float]:
        """Fitted by `calibrate` of scripts/train_starter and stored in the net's metadata."""
        by_presence, by_strength, constant = json.loads(self._net.metadata["presence"])
        return by_presence, by_strength, constant

    @cached_property
    def _net(self) -> Net:
        return Net(packaged(self.net), name=self.net, threads=self.threads)


class StarterNyu(Starter):
    """The starter with a net that learnt from the photos of NYU Depth V2 too, which are offered for research only.

    In kitchens it is hardly better; beds, sofas, chairs and pictures it finds better. Figures and terms:
    docs/research/starter.md.
    """

    net = "starter-nyu.onnx"
    own_files = tuple(
        Path(__file__).with_name("weights") / name
        for name in (net, "starter.json", "words.npz", "starter-nyu-quality.json")
    )
    quality = Path(__file__).with_name("weights") / "starter-nyu-quality.json"


def _at_full_size(small: Heat, content: Box, size_hw: tuple[int, int]) -> Heat:
    """[H, W] in 0..1: what the net sees of the photo's content, 0 on bars and a frame round it."""
    result = np.zeros(size_hw, np.float32)
    enlarged = cv2.resize(small, (content.width, content.height), interpolation=cv2.INTER_LINEAR)
    np.clip(enlarged, 0.0, 1.0, out=result[content.slices])
    return result


def _agreement(before: Heat, after: Heat) -> float:
    """The intersection over union of a heat with its smoothed form's mask, as a logit: low where the net was unsure."""
    inside = after >= _HALF
    both = float(before[inside].sum())
    return _logit(both / max(float(inside.sum()) + float(before.sum()) - both, 1e-6))


def _logit(share: float) -> float:
    share = min(max(share, 1e-6), 1 - 1e-6)
    return math.log(share / (1 - share))


def _logistic(value: float) -> float:
    return 1 / (1 + math.exp(-min(max(value, -30.0), 30.0)))
