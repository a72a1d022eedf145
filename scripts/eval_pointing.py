"""Measures how often words that point choose the right thing, on rendered rooms whose single things are known.

    python scripts/eval_pointing.py ~/.cache/automask/renders --rooms 60 --json pointing.json

Sentences are made from the instance ids of each room ("left picture", "the second stool from the right", "wall with the
window"), each with its truth, wherever the truth is clear by twice the margin that a choice needs. A sentence counts
where the thing as a whole is found with an intersection over union of 0.5 or more:

    exact     0.5 or more with what is meant, below 0.2 with each other thing of the kind
    another   0.5 or more with another thing of the kind, or more with it than with what is meant
    refused   nothing was chosen
    spilt     all others

A second table is of the sentences about kinds of which the mask covers at least half of every single thing: what is not
found at all cannot be chosen, nor counted.

Ends, order, size and number take their truth from the masks of the instances by rules of their own; relations and looks
take it from `choose`, which is shown the true masks. Which way a wall faces follows from the camera.
"""

import argparse
import functools
import json
import math
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from automask import load
from automask.errors import AutomaskError
from automask.masking import instances
from automask.masking.choose import PLACE_MARGIN, Scene, Thing, choose
from automask.masking.find import find_regions
from automask.plan.pointing import ORDINALS, Pointing, point
from automask.types import Edit, Hard, Rgb

THINGS: dict[str, tuple[str, tuple[str, ...]]] = {
    "window": ("windows", ("window",)),
    "door": ("doors", ("door",)),
    "picture": ("pictures", ("picture",)),
    "stool": ("stools", ("bar stool",)),
    "chair": ("chairs", ("chair", "armchair")),
    "pendant lamp": ("pendant lamps", ("pendant lamp",)),
    "table lamp": ("table lamps", ("table lamp",)),
    "cushion": ("cushions", ("cushion",)),
    "plant": ("plants", ("plant",)),
    "curtain": ("curtains", ("curtain",)),
    "mirror": ("mirrors", ("mirror",)),
    "towel": ("towels", ("towel",)),
    "bedside table": ("bedside tables", ("night stand",)),
    "wall cabinet": ("wall cabinets", ("wall cabinet",)),
    "base cabinet": ("base cabinets", ("base cabinet",)),
    "rug": ("rugs", ("rug",)),
    "shelf": ("shelves", ("shelf",)),
    "vase": ("vases", ("vase",)),
}
"""For each word its plural, and the classes of the renders that it means."""
REFERENCES = {
    "sofa": ("sofa",),
    "bed": ("bed", "headboard"),
    "dining table": ("dining table",),
    "island": ("kitchen island", "island countertop"),
    "fridge": ("fridge",),
    "fireplace": ("fireplace",),
    "window": ("window",),
    "door": ("door",),
    "bathtub": ("bathtub",),
    "sideboard": ("sideboard",),
    "dresser": ("dresser",),
    "tv": ("tv",),
}
_CLEAR = 0.0015
"""Things below this share of the photo are not asked for; a room with smaller ones of a kind is not asked for it."""
_TRACE = 0.0003
_COVERED = 0.5
_RUNS = ("wall cabinet", "base cabinet")  # units that touch are one run
_RELATIONS = ("left of", "right of", "above", "next to", "nearest to", "on", "behind", "in front of", "at")


@dataclass(frozen=True)
class Sentence:
    """A target with its truth: the things that are meant, and all of the kind, [H, W] bool each."""

    kind: str
    text: str
    plain: str
    meant: tuple[int, ...]
    masks: tuple[Hard, ...]


@dataclass(frozen=True)
class Room:
    """A rendered room: picture, instance ids, and what its JSON says."""

    name: str
    photo: Rgb
    ids: Any
    about: dict[str, Any]

    def masks(self, classes: Sequence[str]) -> list[Hard]:
        """The single things of some classes; of cabinets the runs.

        A curtain's rail is none. A unit that something cuts in two, or whose inside is seen through a sink, is in one
        run with itself.
        """
        found = [
            one["id"]
            for one in self.about["instances"]
            if one["class"] in classes and not (one["class"] == "curtain" and not one["material"].startswith("curtain"))
        ]
        masks = [mask for mask in (self.ids == number for number in found) if mask.any()]
        return _runs(masks) if len(classes) == 1 and classes[0] in _RUNS and masks else masks

    def union(self, classes: Sequence[str]) -> Hard:
        found: Hard = np.isin(self.ids, [one["id"] for one in self.about["instances"] if one["class"] in classes])
        return found


def _runs(units: Sequence[Hard]) -> list[Hard]:
    """Masks of units, joined where they touch."""
    runs: list[Hard] = []
    for unit in units:
        grown = cv2.dilate(unit.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        touching = [run for run in runs if (run & grown).any()]
        runs = [run for run in runs if not (run & grown).any()]
        runs.append(np.logical_or.reduce([unit, *touching]))
    return runs


def rooms(folder: Path, most: int) -> Iterator[Room]:
    """The rooms of a folder, an even sample of its kinds."""
    by_kind: dict[str, list[Path]] = defaultdict(list)
    for path in sorted(folder.glob("*_inst.png")):
        by_kind[path.name.split("_")[0]].append(path)
    order = [path for row in zip(*(_padded(paths, most) for paths in by_kind.values()), strict=True) for path in row]
    for path in [path for path in order if path is not None][:most]:
        name = path.name.removesuffix("_inst.png")
        picture = np.asarray(cv2.imread(str(path.with_name(f"{name}.jpg"))))
        ids = np.asarray(cv2.imread(str(path), cv2.IMREAD_UNCHANGED))
        about = json.loads(path.with_name(f"{name}.json").read_text(encoding="utf-8"))
        yield Room(name, np.ascontiguousarray(picture[..., ::-1]), ids.astype(np.int64), about)


def _padded(paths: list[Path], most: int) -> list[Path | None]:
    return [*paths, *[None] * most][:most]


# ------------------------------------------------------------------------------------------------- sentences


def sentences(room: Room) -> Iterator[Sentence]:
    """All sentences about a room whose truth is clear."""
    for word, (plural, classes) in THINGS.items():
        masks = room.masks(classes)
        clear = tuple(mask for mask in masks if mask.mean() >= _CLEAR)
        if any(_TRACE < mask.mean() < _CLEAR for mask in masks) or not clear:
            continue
        if len(clear) > 1:
            for kind, text, meant in _about_one_kind(word, plural, clear):
                yield Sentence(kind, text, plural, meant, clear)
            yield from _looks(room, word, plural, clear)
        yield from _relations(room, word, plural, classes, clear)
    yield from _walls(room)


def _about_one_kind(word: str, plural: str, masks: Sequence[Hard]) -> Iterator[tuple[str, str, tuple[int, ...]]]:
    height, width = masks[0].shape
    across = [float(np.nonzero(mask)[1].mean()) / width for mask in masks]
    down = [float(np.nonzero(mask)[0].mean()) / height for mask in masks]
    yield from _ends(across, f"left {word}", f"{word} on the right")
    yield from _ends(down, f"top {word}", f"{word} at the bottom")
    yield from _in_a_row(word, plural, across, down)
    if len(masks) == 2:
        yield "number", f"both {plural}", (0, 1)
        yield "number", f"two {plural}", (0, 1)
    boxes = [instances.box_of(mask) for mask in masks]
    areas = [float(mask.sum()) for mask in masks]
    for text, values, least in (
        (f"largest {word}", areas, 1.3),
        (f"tallest {word}", [float(box.height) for box in boxes], 1.2),
        (f"widest {word}", [float(box.width) for box in boxes], 1.2),
        (f"smallest {word}", [1 / area for area in areas], 1.3),
    ):
        order = sorted(range(len(masks)), key=lambda at: -values[at])
        if values[order[0]] / values[order[1]] >= least:
            yield "size", text, (order[0],)
    lower = [box.y1 / height for box in boxes]
    order = sorted(range(len(masks)), key=lambda at: lower[at])
    if lower[order[-1]] - lower[order[-2]] >= 0.05:
        yield "distance", f"nearest {word}", (order[-1],)
    if lower[order[1]] - lower[order[0]] >= 0.05:
        yield "distance", f"farthest {word}", (order[0],)


def _ends(places: Sequence[float], first: str, last: str) -> Iterator[tuple[str, str, tuple[int, ...]]]:
    order = sorted(range(len(places)), key=lambda at: places[at])
    if places[order[1]] - places[order[0]] >= 2 * PLACE_MARGIN:
        yield "ends", first, (order[0],)
    if places[order[-1]] - places[order[-2]] >= 2 * PLACE_MARGIN:
        yield "ends", last, (order[-1],)


def _in_a_row(
    word: str, plural: str, across: Sequence[float], down: Sequence[float]
) -> Iterator[tuple[str, str, tuple[int, ...]]]:
    """Order, halves and numbers of things whose places from left to right differ."""
    count = len(across)
    order = sorted(range(count), key=lambda at: across[at])
    if min(across[b] - across[a] for a, b in pairwise(order)) < 2 * PLACE_MARGIN:
        return
    yield "number", f"all but the left {word}", tuple(order[1:])
    half = tuple(at for at in range(count) if across[at] < 0.5)
    if half and min(abs(place - 0.5) for place in across) >= 2 * PLACE_MARGIN:
        yield "ends", f"left {plural}", half
    if max(across) - min(across) <= max(down) - min(down):
        return
    for place in range(min(count, 4)):
        yield "order", f"{ORDINALS[place]} {word}", (order[place],)
    yield "order", f"second {word} from the right", (order[-2],)
    yield "order", f"last {word}", (order[-1],)
    if count % 2:
        yield "ends", f"middle {word}", (order[count // 2],)
    if count > 2:
        yield "number", f"first two {plural}", (order[0], order[1])
        yield "number", f"two {plural} on the right", (order[-1], order[-2])


_point = functools.cache(point)  # rooms share their sentences


def _things(masks: Sequence[Hard]) -> list[Thing]:
    return [Thing(number, mask) for number, mask in enumerate(map(instances.reduced, masks), start=1) if mask.any()]


def _clearly(pointing: Pointing, things: Sequence[Thing], scene: Scene) -> tuple[int, ...]:
    """What a pointing means among true things, as indices; empty unless it is clear by twice the margin."""
    decision = choose(pointing, things, scene)
    clear = decision.margin is None or decision.needed is None or decision.margin >= 2 * decision.needed
    return tuple(number - 1 for number in decision.numbers) if decision.why is None and clear else ()


def _looks(room: Room, word: str, plural: str, masks: tuple[Hard, ...]) -> Iterator[Sentence]:
    scene, things = Scene(instances.reduced_photo(room.photo)), _things(masks)
    for look in ("dark", "light"):
        for text in (f"{look} {word}", f"{look} {plural}"):
            meant = _clearly(_point(text), things, scene)
            if meant and len(meant) < len(masks):
                yield Sentence("looks", text, plural, meant, masks)


def _relations(
    room: Room, word: str, plural: str, classes: Sequence[str], masks: tuple[Hard, ...]
) -> Iterator[Sentence]:
    photo, things = instances.reduced_photo(room.photo), _things(masks)
    for other, of in REFERENCES.items():
        reference = room.union(of)
        if set(of) & set(classes) or reference.mean() < 2 * _CLEAR:
            continue
        small = instances.reduced(reference)
        if of in (("window",), ("door",)) and len(room.masks(of)) > 1:
            continue
        for relation in _RELATIONS:
            for noun in (word, plural):
                text = f"{noun} {relation} the {other}"
                pointing = _point(text)
                scene = Scene(photo, {pointing.picks[0].things[0]: small})
                meant = _clearly(pointing, things, scene)
                if meant and len(meant) < len(masks):
                    yield Sentence("relations", text, plural, meant, masks)


def _walls(room: Room) -> Iterator[Sentence]:
    """Sentences about walls: which way each faces follows from where its upper edge meets the horizon."""
    masks = [mask for mask in room.masks(("wall", "accent wall")) if mask.mean() >= 0.004]
    ways = [_way(room, mask) for mask in masks]
    if not masks:
        return
    for way in ("left", "right", "back"):
        meant = tuple(at for at, own in enumerate(ways) if own == way)
        if meant and None not in ways and len(meant) < len(masks):
            yield Sentence("walls", f"{way} wall", "walls", meant, tuple(masks))
    for other, of in REFERENCES.items():
        reference = room.union(of)
        if reference.mean() < 2 * _CLEAR or len(room.masks(of)) > len(of):
            continue
        ring = cv2.dilate(reference.astype(np.uint8), np.ones((9, 9), np.uint8)).astype(bool) & ~reference
        box = instances.box_of(reference)
        upper = ring.copy()
        upper[(box.y0 + box.y1) // 2 :] = False
        for text, line in ((f"wall behind the {other}", upper), (f"wall with the {other}", ring)):
            if (text.startswith("wall with")) != (other in ("window", "door", "fireplace")) or not line.any():
                continue
            shares = [float((mask & line).sum()) / float(line.sum()) for mask in masks]
            order = sorted(range(len(masks)), key=lambda at: -shares[at])
            if shares[order[0]] >= 0.4 and (len(order) < 2 or shares[order[1]] <= 0.1):
                same = tuple(at for at in range(len(masks)) if ways[at] is not None and ways[at] == ways[order[0]])
                yield Sentence("walls", text, "walls", same or (order[0],), tuple(masks))


def _way(room: Room, mask: Hard) -> str | None:
    """`left`, `right` or `back`; None where it cannot be told."""
    camera = room.about["camera"]
    ceiling = cv2.dilate(room.union(("ceiling",)).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    rows, columns = np.nonzero(mask & ceiling)
    if columns.size < 12 or np.ptp(columns) < 0.04 * mask.shape[1] or "focal_px" not in camera:
        return None
    slope, start = np.polyfit(columns, rows, 1)
    centre = mask.shape[1] / 2
    if abs(slope) < 1e-3:
        return "back"
    meets = (camera["horizon_px"] - start) / slope
    angle = abs(math.degrees(math.atan2(meets - centre, camera["focal_px"])))
    angle = min(angle, 180 - angle)
    if angle > 52:
        return "back"
    if angle > 38:
        return None
    return "left" if columns.mean() < meets else "right"


# ------------------------------------------------------------------------------------------------- scores


class Once:
    """A stage that answers the same question about one photo once: sentences share their masks."""

    def __init__(self, stage: Any) -> None:
        self.stage = stage
        self.kept: dict[Any, Any] = {}
        self.quality = ""  # none is expected: it would only take time
        for name in ("understand", "phrase_for", "parts", "instances"):
            if hasattr(stage, name):
                setattr(self, name, getattr(stage, name))

    def heats(self, photo: Rgb, targets: Sequence[str]) -> Any:
        return self.survey(photo, targets).heats

    def survey(self, photo: Rgb, targets: Sequence[str]) -> Any:
        key = tuple(targets)
        if key not in self.kept:
            self.kept[key] = self.stage.survey(photo, targets)
        return self.kept[key]

    def refine(self, photo: Rgb, heats: Any, boxes: Any) -> Any:
        """Phrase by phrase, since a refiner's mask of one does not depend on the others."""
        hards = []
        for heat, around in zip(heats, boxes, strict=True):
            key = (heat.tobytes(), around)
            if key not in self.kept:
                self.kept[key] = self.stage.refine(photo, heat[None], (around,))[0]
            hards.append(self.kept[key])
        return np.stack(hards)


def predicting_once(segmenter: Any) -> None:
    """Lets the starter run its net once a photo, whatever the sentences about it name: most of the time goes there."""
    if not hasattr(segmenter, "_predict"):
        return
    predict = segmenter._predict
    last: dict[tuple[tuple[int, ...], bytes], Any] = {}

    def kept(photo: Rgb) -> Any:
        key = (photo.shape, photo.tobytes())
        if key not in last:
            last.clear()
            last[key] = predict(photo)
        return last[key]

    segmenter._predict = kept


def iou(one: Hard, other: Hard) -> float:
    """The intersection over union of two masks; 0 of two empty ones."""
    return float((one & other).sum()) / max(float((one | other).sum()), 1.0)


def score(found: Hard, sentence: Sentence) -> str:
    """How a mask answers a sentence."""
    if not found.any():
        return "refused"
    meant = np.logical_or.reduce([sentence.masks[at] for at in sentence.meant])
    others = [mask for at, mask in enumerate(sentence.masks) if at not in sentence.meant]
    own, wrong = iou(found, meant), max((iou(found, other) for other in others), default=0.0)
    if own >= 0.5 and wrong < 0.2:
        return "exact"
    return "another" if wrong >= 0.5 or wrong > own else "spilt"


def measure(room: Room, stages: Any, *, show: bool) -> Iterator[tuple[str, str, bool]]:
    """Kind and score of each sentence about a room, and whether every single thing of its kind was found.

    The score is `not found` where the thing as a whole is not.
    """
    segmenter, refiner = Once(stages.segmenter), Once(stages.refiner)
    bare = replace(stages.mask_recipe, dilate_px=0, feather_px=0)  # the hard mask is what counts
    tools = replace(stages, segmenter=segmenter, refiner=refiner, mask_recipe=bare)
    plain: dict[str, float] = {}
    complete: dict[str, bool] = {}
    for sentence in sentences(room):
        if sentence.plain not in plain:
            (whole,) = find_regions(room.photo, (Edit((sentence.plain,), ""),), tools)
            plain[sentence.plain] = iou(whole.hard, np.logical_or.reduce(sentence.masks))
            complete[sentence.plain] = min(float(whole.hard[mask].mean()) for mask in sentence.masks) >= _COVERED
        if plain[sentence.plain] < 0.5:
            yield sentence.kind, "not found", False
            continue
        try:
            (region,) = find_regions(room.photo, (Edit((sentence.text,), ""),), tools)
        except AutomaskError as error:
            yield sentence.kind, "misread", complete[sentence.plain]
            print(f"{room.name}: {sentence.text}: {error}", file=sys.stderr)
            continue
        result = score(region.hard, sentence)
        if show and result != "exact":
            choice = region.choices[0] if region.choices else None
            said = "" if choice is None else (choice.reason or f"{choice.numbers} by {choice.measure} {choice.margin}")
            print(f"{room.name}: {sentence.text}: {result}: {said}"[:230], file=sys.stderr)
        yield sentence.kind, result, complete[sentence.plain]


def table(counts: dict[str, Counter[str]]) -> str:
    """The scores as a Markdown table: shares of the sentences whose thing was found as a whole."""
    lines = ["| words | sentences | thing found | exact | another | refused | spilt |", "|---|---|---|---|---|---|---|"]
    for kind, count in counts.items():
        found = sum(count.values()) - count["not found"]
        shares = [f"{count[name] / max(found, 1):.1%}" for name in ("exact", "another", "refused", "spilt")]
        lines.append(f"| {kind} | {sum(count.values())} | {found} | {' | '.join(shares)} |")
    return "\n".join(lines)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("folder", type=Path, help="rendered rooms: NAME.jpg, NAME.json, NAME_inst.png")
    parser.add_argument("--rooms", type=int, default=60)
    parser.add_argument("--preset", default="starter")
    parser.add_argument("--show", action="store_true", help="print each sentence that is not exact")
    parser.add_argument("--json", type=Path, help="also write the counts there")
    arguments = parser.parse_args()
    stages = load(arguments.preset)
    predicting_once(stages.segmenter)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    counts_of_complete: dict[str, Counter[str]] = defaultdict(Counter)
    number = 0
    for number, room in enumerate(rooms(arguments.folder, arguments.rooms), start=1):
        for kind, result, complete in measure(room, stages, show=arguments.show):
            counts[kind][result] += 1
            if complete:
                counts_of_complete[kind][result] += 1
        print(f"{number} {room.name}: {sum(map(Counter.total, counts.values()))} sentences", file=sys.stderr)
        if arguments.json:  # after each room, so that a run may be ended early
            said = json.dumps({"rooms": number, "counts": counts, "complete": counts_of_complete}, indent=1)
            arguments.json.write_text(said + "\n", encoding="utf-8")
    print(f"{number} rooms\n\n{table(counts)}\n\nEvery single thing found:\n\n{table(counts_of_complete)}")


if __name__ == "__main__":
    main()
