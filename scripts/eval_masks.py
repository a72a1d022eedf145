"""Measures the masks of a preset on photos whose true masks are known: how segmenters and refiners are compared.

    python scripts/eval_masks.py --data DIR [--preset NAME] [--limit N] [--out OUT] [key=value ...]
    python scripts/eval_masks.py --data ../shared/data/kitchens --split held_out

DIR holds an `index.json` (label pictures with class ids, or one mask per phrase), or renders (`NAME.jpg` and
`NAME.png`, with a `classes.json` there or above). The forms of DIR, and the columns: docs/research/evaluation.md.
The tables go to standard output and to OUT/table.md and OUT/table.json; OUT/sheet.png shows the worst, the median and
the best photos, found masks on the left, true masks on the right.
"""

import argparse
import contextlib
import json
import statistics
import sys
import time
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NoReturn, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt
from kitchens_split import SPLIT, is_kitchen
from PIL import Image

from automask import config
from automask.capabilities import capabilities_of
from automask.errors import AutomaskError, MaskError, UnknownPhrase, UsageError
from automask.images import atomic_path, open_photo, write_picture
from automask.masking.find import find_regions
from automask.plan import parse_plan
from automask.protocols import Refiner, Segmenter, Stages
from automask.refiners.threshold import Threshold
from automask.results.files import check_out
from automask.results.previews import overlay
from automask.results.records import write_json
from automask.results.sheets import contact_sheet
from automask.stages import NotLoaded
from automask.types import Box, Edit, Hard, Heat, Region, Rgb, Survey

Floats: TypeAlias = npt.NDArray[np.float64]

TEN = ("wall", "floor", "ceiling", "cabinets", "countertop", "bed", "sofa", "window", "curtain", "refrigerator")
KITCHEN_TEN = (
    *("cabinets", "countertop", "floor", "wall", "ceiling", "backsplash", "refrigerator", "oven", "dishwasher"),
    "window",
)
FREQUENT = 30
LEVELS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
TOLERANCE_PX = 3.0
BINS = 10
SHEET = 4  # photos of each kind (worst, median, best) on the sheet
UNLABELLED, IGNORED, TRUE = 0, 128, 255

# The class names that a person's words mean, where they are not the class's own name: NYU's, then the renders', then
# those of the labelled kitchens.
CLASSES_OF = {
    "cabinets": ("cabinet", "base cabinet", "wall cabinet", "tall cabinet"),
    "countertop": ("counter", "countertop", "island countertop"),
    "rug": ("floor mat", "rug"),
    "nightstand": ("night stand",),
    "island": ("kitchen island", "island countertop", "island body"),
    "refrigerator": ("refrigerator", "fridge"),
}
# Classes of the labelled kitchens that nobody asks for.
NOT_PHRASES = ("doorway", "other")
# What is painted by mistake, in the labelled kitchens: the share of these classes that this sentence's masks cover.
SENTENCE = "cabinets -> white; floor -> oak; walls -> sage"
THINGS = {
    "appliance": (
        *("refrigerator", "oven", "cooktop", "dishwasher", "microwave", "range hood", "washing machine"),
        "small appliance",
    ),
    "window": ("window",),
    "curtain": ("curtain", "blinds"),
    "picture": ("picture",),
    "plant": ("plant",),
    "seat": ("chair", "stool", "sofa"),
    "lamp": ("lamp", "ceiling light"),
    "person": ("person",),
}
# A room with one of these shows the phrase, or arguably does: it is not counted as absent there.
COULD_BE = {
    "bed": ("headboard", "mattress", "bunk bed", "crib"),
    "headboard": ("bed", "bunk bed"),
    # In the labelled kitchens a dresser or a sideboard is "other".
    "cabinets": ("kitchen island", "island body", "wardrobe", "sideboard", "tv stand", "dresser", "other"),
    "countertop": ("kitchen island",),
    "oven": ("stove", "cooktop"),
    "stove": ("oven", "cooktop"),
    "cooktop": ("oven", "stove"),
    "television": ("monitor",),
    "lamp": ("light", "chandelier"),
    "ceiling light": ("lamp",),
    "door": ("doorway",),
    "chandelier": ("lamp", "light"),
    "shelves": ("bookshelf", "bookcase"),
    "bookshelf": ("shelves", "shelf"),
    "chair": ("armchair", "stool", "bench"),
    "picture": ("wall decoration",),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Measures, prints, writes; returns the exit status. Every error that is raised on purpose is one line."""
    try:
        _run(_arguments(argv))
    except AutomaskError as error:
        print(f"eval_masks: {error}", file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt:
        print("eval_masks: interrupted; nothing was written", file=sys.stderr)
        return 130
    return 0


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(message, hint="see --help")


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = _Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="photos with their true masks")
    parser.add_argument("--preset", default="starter", help="whose segmenter, boxes, refiner and recipe are measured")
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder for the tables and the sheet (out)")
    parser.add_argument(
        "--split",
        choices=("held_out", "development", "all"),
        default="all",
        help="only the photos that scripts/kitchens_split.json lists so (all)",
    )
    parser.add_argument("--limit", type=int, metavar="N", help="at most N photos, drawn by the seed")
    parser.add_argument("--seed", type=int, default=0, help="draws the photos and the absent phrases (0)")
    parser.add_argument("--phrases", metavar="WORDS", help='only these: "wall, floor, island"')
    parser.add_argument(
        "--min-area", type=float, default=0.006, help="smallest share of the photo that counts as present (0.006)"
    )
    parser.add_argument(
        "--absent", type=int, default=4, metavar="N", help="absent phrases to look for in each photo (4)"
    )
    parser.add_argument("--conf", type=Path, metavar="DIR", help="a folder of your own YAML files")
    parser.add_argument("overrides", nargs="*", metavar="key=value", help="as for automask: refiner=sam")
    flags = parser.parse_intermixed_args(argv)
    for name, least in (("limit", 1), ("seed", 0), ("absent", 0), ("min_area", 0.0)):
        value = getattr(flags, name)
        if value is not None and value < least:
            raise UsageError(f"--{name.replace('_', '-')} is {value}", hint=f"give at least {least:g}")
    check_out(flags.out)
    return flags


def _run(flags: argparse.Namespace) -> None:
    wanted = None if flags.phrases is None else [w for w in map(str.strip, flags.phrases.split(",")) if w]
    folder = read_folder(flags.data, wanted, min_area=flags.min_area)
    if flags.split != "all":
        folder = only_listed(folder, flags.split)
    composed = config.compose(flags.preset, flags.overrides, conf=flags.conf)
    evaluate(flags, folder, config.build(composed, conf=flags.conf, given={"editor": NotLoaded()}))


def evaluate(flags: argparse.Namespace, folder: "Folder", stages: Stages) -> None:
    """Measures the stages on a folder; prints the tables and writes them, with the sheet, into `flags.out`.

    Args:
        flags: As `--help` lists them.
        folder: As `read_folder` returns it.
        stages: Their editor is not used.
    """
    items = sample_items(folder.items, flags.limit, flags.seed)
    with _progress(len(items)) as advance:
        measured = measure(
            items, folder, stages, min_area=flags.min_area, absent=flags.absent, seed=flags.seed, advance=advance
        )
    summary = {
        "schema": 1,
        "data": flags.data.resolve().name,
        "preset": flags.preset,
        "overrides": list(flags.overrides),
        "seed": flags.seed,
        "min_area": flags.min_area,
        "split": flags.split,
        "photos_in_folder": len(folder.items),
        **summarise(measured, list(folder.counts), {item.name: item.kitchen for item in items}),
    }
    text = markdown(summary)
    sheet = contact_sheet(sheet_cells(items, folder, stages, measured, flags.min_area), columns=2, cell_px=960)
    write_json(flags.out / "table.json", summary)
    with atomic_path(flags.out / "table.md") as temporary:
        temporary.write_text(text, encoding="utf-8")
    write_picture(flags.out / "sheet.png", sheet)
    print(text, end="")


@contextlib.contextmanager
def _progress(total: int) -> Iterator[Callable[[], None]]:
    """A progress bar on standard error; silent when that is not a terminal."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (TextColumn("photos"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("photos", total=total)
        yield lambda: progress.advance(task)


# --------------------------------------------------------------------------------------------------------------- data


@dataclass(frozen=True, slots=True)
class Item:
    """A photo and its ground truth: a label picture, or a mask for each phrase.

    Args:
        name: Its file's name, as the index gives it.
        image: The photo.
        label: PNG with a class id in every pixel; None where masks are given.
        masks: Mask file of each phrase; empty where a label picture is given.
        absent: Phrases that are stated to be absent; None without such a statement.
        kitchen: Whether it shows a kitchen; None where the index does not give the shares of its classes.
    """

    name: str
    image: Path
    label: Path | None
    masks: Mapping[str, Path]
    absent: tuple[str, ...] | None
    kitchen: bool | None = None


@dataclass(frozen=True, slots=True)
class Folder:
    """All photos of a folder, and the classes of its phrases.

    Args:
        items: The photos.
        counts: The number of photos that show each phrase, most frequent first.
        ids: For label pictures, the class ids of each phrase.
        similar: For label pictures, the ids that must all be missing before a phrase counts as absent.
        names: Every phrase with its aliases.
        things: For the labelled kitchens, the id of each class in `THINGS`; else empty.
    """

    items: tuple[Item, ...]
    counts: Mapping[str, int]
    ids: Mapping[str, frozenset[int]]
    similar: Mapping[str, frozenset[int]]
    names: Mapping[str, tuple[str, ...]]
    things: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Class:
    """One class of a label picture: its id, its name and synonyms, and its parent's name."""

    id: int
    names: tuple[str, ...]
    parent: str | None


def read_folder(data: Path, wanted: Sequence[str] | None = None, *, min_area: float = 0.006) -> Folder:
    """The photos of a folder and their phrases.

    Args:
        data: With `index.json`, or with renders.
        wanted: Only these phrases; None for all.
        min_area: A phrase counts as present in a photo from this share of its pixels on.

    Raises:
        UsageError: The folder has neither form, or lacks a wanted phrase.
    """
    if not data.is_dir():
        raise UsageError(f"no folder '{data}'", hint="--data names a folder with an index.json, or with renders")
    folder = (_read_index if (data / "index.json").is_file() else _read_renders)(data, wanted, min_area)
    if not folder.items or not folder.counts:
        raise UsageError(f"'{data}' lists no photo with a phrase", hint="docs/research/evaluation.md shows the form")
    return folder


def _read_index(data: Path, wanted: Sequence[str] | None, min_area: float) -> Folder:
    index = data / "index.json"
    try:
        entries = [(entry, _phrases_of(entry)) for entry in _read_json(index)["items"]]
        items = tuple(
            Item(
                name=str(entry["image"]),
                image=data / entry["image"],
                label=data / entry["label"] if "label" in entry else None,
                masks={p["phrase"]: data / p["mask"] for p in phrases if "mask" in p},
                absent=tuple(entry["absent"]) if "absent" in entry else None,
                kitchen=is_kitchen(entry["share"]) if "share" in entry else None,
            )
            for entry, phrases in entries
        )
        listed = [p for _, phrases in entries for p in phrases]
        counts = Counter(str(p["phrase"]) for p in listed if p.get("area", 1.0) >= min_area)
        also: dict[str, dict[str, None]] = defaultdict(dict)
        for p in listed:
            also[p["phrase"]].update(dict.fromkeys(p.get("aliases", ())))
    except (KeyError, TypeError, AttributeError) as error:
        hint = "docs/research/evaluation.md shows the form"
        raise UsageError(f"'{index}' is not an index ({error!r})", hint=hint) from error
    for item in items:
        if (item.label is not None) + bool(item.masks) + (not item.masks and item.absent is not None) != 1:
            hint = "give the item a 'label', or each of its phrases a 'mask'; 'absent' goes with masks, or alone"
            raise UsageError(f"'{index}': {item.name} has both a label picture and masks, or neither", hint=hint)
    names = {phrase: (phrase, *aliases) for phrase, aliases in also.items()}
    classes = _classes(data) if any(item.label for item in items) else []
    if wanted is not None:
        known = {name: phrase for phrase, all_names in names.items() for name in all_names}
        known.update((phrase, phrase) for phrase in names)
        missing = [w for w in wanted if w not in known and not _ids_of((w,), classes)]
        if missing:
            raise _no_phrase(missing[0], data, list(counts))
        names = {w: names.get(w) or (w, *names.get(known.get(w, w), ())) for w in wanted}
        counts = Counter({w: counts[known.get(w, w)] for w in wanted})
    ids = {phrase: _ids_of(all_names, classes) for phrase, all_names in names.items()} if classes else {}
    unknown = [phrase for phrase, found in ids.items() if not found]
    if unknown:
        raise UsageError(f"'{index}': unknown class {unknown[0]!r}", hint="name it in classes.json, or as an alias")
    similar = {phrase: _similar_classes(names[phrase], found, classes) for phrase, found in ids.items()}
    leave_alone = {name for group in THINGS.values() for name in group}
    by_shares = any(item.kitchen is not None for item in items)
    things = {c.names[0]: c.id for c in classes if by_shares and c.names[0] in leave_alone}
    return Folder(items, dict(counts.most_common()), ids, similar, names, things)


def _phrases_of(entry: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The phrases of a photo as its index lists them, or as the shares of its classes say."""
    if "share" not in entry:
        return list(entry.get("phrases", []))
    areas: Counter[str] = Counter()
    for name, share in entry["share"].items():
        if name not in NOT_PHRASES:
            areas.update(dict.fromkeys([p for p, meant in CLASSES_OF.items() if name in meant] or [name], share))
    return [{"phrase": phrase, "area": area} for phrase, area in areas.items()]


def only_listed(folder: Folder, split: str) -> Folder:
    """The folder with only the photos that `scripts/kitchens_split.json` lists under a name.

    Raises:
        UsageError: The folder has none of them.
    """
    listed = set(_read_json(SPLIT)[split])
    items = tuple(item for item in folder.items if item.image.stem in listed)
    if not items:
        raise UsageError(
            f"no photo of --split {split} in the folder", hint="it lists the labelled kitchens: name those"
        )
    return replace(folder, items=items)


def _read_renders(data: Path, wanted: Sequence[str] | None, min_area: float) -> Folder:
    images = [p for p in sorted(data.glob("*.jpg")) if p.with_suffix(".png").is_file()]
    if not images:
        raise UsageError(f"'{data}' has neither an index.json nor NAME.jpg with NAME.png", hint="name another folder")
    items = tuple(Item(p.name, p, p.with_suffix(".png"), {}, None) for p in images)
    classes = _classes(data)
    all_names = {name for c in classes for name in c.names} | {c.parent for c in classes if c.parent}
    # The common word replaces the class's own name, and a parent that is not itself a class.
    typed = [p for p in ("cabinets", "island", "refrigerator") if _ids_of((p,), classes)]
    taken = {*typed, "cabinet", "kitchen island", "fridge"}
    phrases = [*typed, *(c.names[0] for c in classes if c.names[0] not in taken)]
    if wanted is not None:
        missing = [w for w in wanted if w not in all_names and w not in CLASSES_OF]
        if missing:
            raise _no_phrase(missing[0], data, phrases)
        phrases = list(wanted)
    names = {p: (p, *(n for c in classes if c.names[0] == p for n in c.names[1:])) for p in phrases}
    ids = {p: _ids_of((p,), classes) for p in phrases}
    counts: Counter[str] = Counter()
    for image in images:
        values, pixels = np.unique(_samples(image.with_suffix(".png")), return_counts=True)
        share = dict(zip(values.tolist(), (pixels / pixels.sum()).tolist(), strict=True))
        areas = {p: sum(share.get(number, 0.0) for number in ids[p]) for p in phrases}
        counts.update(p for p, area in areas.items() if area and area >= min_area)
    similar = {p: _similar_classes(names[p], ids[p], classes) for p in phrases}
    return Folder(items, dict(counts.most_common()), ids, similar, names)


def _no_phrase(phrase: str, data: Path, known: Sequence[str]) -> UsageError:
    return UsageError(f"no phrase {phrase!r} in '{data}'", hint=f"valid: {', '.join(known)}")


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read '{path}': {error}", hint="give a JSON file") from error


def _classes(data: Path) -> list[Class]:
    """The classes of label pictures, from the `classes.json` of the folder, or of one of the two above it."""
    home = data.resolve()
    file = next((f / "classes.json" for f in (home, *home.parents[:2]) if (f / "classes.json").is_file()), None)
    if file is None:
        raise UsageError(f"no classes.json in '{data}' or above", hint="it says what the ids of label pictures mean")
    content = _read_json(file)
    found = []
    try:
        for number, entry in content.get("classes", content).items():
            plain = isinstance(entry, str)
            names = (entry,) if plain else (entry["phrase"], *entry.get("synonyms", ()))
            if int(number) != UNLABELLED:
                found.append(Class(int(number), names, None if plain else entry.get("parent")))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        hint = "docs/research/evaluation.md shows the form"
        raise UsageError(f"'{file}' does not name classes ({error!r})", hint=hint) from error
    return found


def _ids_of(names: Sequence[str], classes: Sequence[Class]) -> frozenset[int]:
    """The classes that a phrase means: those of its name and their children; else those of one of its aliases.

    A word that is a synonym of several classes ("lamp" of pendant and floor lamp) means all of them.
    """
    own = names[0]
    found = {c.id for c in classes if c.names[0] in CLASSES_OF.get(own, (own,)) or c.parent == own}
    found = found or {c.id for c in classes if own in c.names[1:]}
    meant = {name for typed in names for name in CLASSES_OF.get(typed, (typed,))}
    found = found or {c.id for c in classes if meant & {*c.names}}
    parents = {c.names[0] for c in classes if c.id in found}
    return frozenset(found | {c.id for c in classes if c.parent in parents})


def _similar_classes(names: Sequence[str], ids: frozenset[int], classes: Sequence[Class]) -> frozenset[int]:
    """The classes whose presence makes it unsure that a phrase is absent: its own, its parent, and similar ones."""
    keys = _keys(names) | {_singular(name) for name in COULD_BE.get(names[0], ())}
    near = {c.id for c in classes if keys & _keys(c.names)}
    above = {c.parent for c in classes if c.id in ids} if len(ids) == 1 else set()
    return frozenset(ids | near | {c.id for c in classes if c.names[0] in above})


def _keys(names: Sequence[str]) -> set[str]:
    """The keys by which two names of one thing match: a whole name, or the last word ("coffee table", "table")."""
    return {_singular(name) for name in names} | {_singular(names[0].split()[-1])}


def _singular(name: str) -> str:
    if name.endswith("ves"):
        return name[:-3] + "f"
    return name[:-1] if name.endswith("s") and not name.endswith("ss") else name


def sample_items(items: Sequence[Item], limit: int | None, seed: int) -> list[Item]:
    """At most `limit` of the photos, sampled with the seed, in their order."""
    if limit is None or limit >= len(items):
        return list(items)
    chosen = np.random.default_rng(seed).choice(len(items), limit, replace=False)
    return [items[i] for i in sorted(chosen.tolist())]


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """The ground truth of one photo.

    Args:
        hards: [H, W] bool of each phrase that is present.
        known: [H, W] bool for the same phrases: False where a pixel is unlabelled.
        known_else: The same for every other phrase.
        absent: Phrases that are certainly absent.
    """

    hards: Mapping[str, Hard]
    known: Mapping[str, Hard]
    known_else: Hard
    absent: tuple[str, ...]


def truth_of(item: Item, folder: Folder, size_hw: tuple[int, int], min_area: float) -> Truth:
    """The ground truth of one photo.

    Raises:
        MaskError: A file cannot be read, has another size than the photo, or holds invalid values.
    """
    if item.label is not None:
        label = _samples(item.label)
        _check_size(item.label, label.shape, size_hw)
        there = {int(value) for value in np.unique(label)}
        known = label != UNLABELLED
        hards = {phrase: np.isin(label, list(folder.ids[phrase])) for phrase in folder.counts}
        absent = tuple(p for p in folder.counts if item.absent is None and not there & folder.similar[p])
        hards = {phrase: hard for phrase, hard in hards.items() if hard.any() and hard.mean() >= min_area}
        return Truth(hards, dict.fromkeys(hards, known), known, absent + _stated_absent(item, folder))
    hards, known_of = {}, {}
    for phrase in folder.counts:
        file = next((item.masks[name] for name in folder.names[phrase] if name in item.masks), None)
        if file is None:
            continue
        levels = _levels(file)
        _check_size(file, levels.shape, size_hw)
        hard: Hard = levels == TRUE
        if hard.any() and hard.mean() >= min_area:
            hards[phrase] = hard
            known_of[phrase] = levels != IGNORED
    here = set[str]().union(*(_keys_with_similar(folder.names.get(phrase, (phrase,))) for phrase in item.masks))
    absent = tuple(p for p in folder.counts if item.absent is None and not here & _keys(folder.names[p]))
    return Truth(hards, known_of, np.ones(size_hw, dtype=np.bool_), absent + _stated_absent(item, folder))


def _stated_absent(item: Item, folder: Folder) -> tuple[str, ...]:
    return tuple(phrase for phrase in item.absent or () if phrase in folder.counts)


def _keys_with_similar(names: Sequence[str]) -> set[str]:
    keys = _keys(names)
    return keys | {_singular(p) for p, others in COULD_BE.items() if keys & {_singular(name) for name in others}}


def _check_size(file: Path, found_hw: tuple[int, ...], size_hw: tuple[int, int]) -> None:
    if found_hw != size_hw:
        raise MaskError(
            f"'{file}' is {' x '.join(map(str, found_hw[::-1]))} px, its photo {size_hw[1]} x {size_hw[0]} px",
            hint="make it at the photo's size",
        )


def _levels(file: Path) -> npt.NDArray[Any]:
    levels = _samples(file)
    invalid = sorted({int(value) for value in np.unique(levels)} - {UNLABELLED, IGNORED, TRUE})
    if invalid:
        raise MaskError(
            f"'{file}' holds the value {invalid[0]}", hint="give 255 (the phrase), 128 (ignore) or 0 (not it)"
        )
    return levels


def _samples(file: Path) -> npt.NDArray[Any]:
    """The samples of a PNG as stored: a palette's indices, not its colours."""
    try:
        with Image.open(file) as picture:
            samples = np.asarray(picture)
    except OSError as error:
        raise MaskError(f"cannot read '{file}': {error}", hint="give a PNG") from error
    if samples.ndim != 2 or samples.dtype.kind not in "ui":
        raise MaskError(f"'{file}' is {samples.dtype} {list(samples.shape)}", hint="give a PNG of one channel")
    return samples


# ------------------------------------------------------------------------------------------------------------ numbers


def iou(found: Hard, truth: Hard, known: Hard) -> float:
    """Intersection over union of two [H, W] masks where `known`; 1 when both are empty there."""
    union = int(((found | truth) & known).sum())
    return int((found & truth & known).sum()) / union if union else 1.0


def boundary_f(found: Hard, truth: Hard, known: Hard, *, tolerance_px: float = TOLERANCE_PX) -> float:
    """The boundary F-measure: the harmonic mean of the shares of either mask's edge that are near the other's.

    An edge is the mask's pixels that have a 4-neighbour outside the mask; the photo's border is not an edge. Where a
    pixel is unlabelled, the truth is taken to be what was found, and an edge well inside such an area is not counted.

    Args:
        found, truth, known: [H, W] bool.
        tolerance_px: The Euclidean distance that counts as near.

    Returns:
        0..1; 0 when only one of them has an edge, or nothing of a present object was found; 1 when neither has an edge.

    Source: Csurka, Larlus and Perronnin, "What is a good evaluation measure for semantic segmentation?" (BMVC 2013);
        Perazzi et al., DAVIS (CVPR 2016), section 5.
    """
    if (truth & known).any() and not (found & known).any():
        return 0.0
    edges = [_edge(found), _edge(np.where(known, truth, found))]
    # One pixel more than what is known: the label pictures of NYU separate objects by a line of unlabelled pixels.
    counted = cv2.dilate(known.astype(np.uint8), _CROSS) > 0
    numbers = [int((edge & counted).sum()) for edge in edges]
    if not all(numbers):
        return float(not any(numbers))
    shares = []
    for one, other, number in zip(edges, edges[::-1], numbers, strict=True):
        distance = cv2.distanceTransform((~other).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        shares.append(int((one & counted & (distance <= tolerance_px)).sum()) / number)
    return 2 * shares[0] * shares[1] / sum(shares) if sum(shares) else 0.0


_CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], dtype=np.uint8)


def _edge(hard: Hard) -> Hard:
    # With OpenCV's default border value the photo's border is not an edge.
    inner: Hard = cv2.erode(hard.astype(np.uint8), _CROSS) > 0
    return hard & ~inner


def reliability(heat: npt.NDArray[np.floating[Any]], truth: Hard) -> Floats:
    """A reliability diagram of heat, in ten bins: sums that may be added up over photos.

    Args:
        heat: Any shape, 0..1.
        truth: The same shape: True where the phrase is.

    Returns:
        [10, 3] float64: pixels, their summed heat, and how many of them are true. A heat of 1 is in the last bin.
    """
    place = np.minimum((heat.ravel() * BINS).astype(np.intp), BINS - 1)
    columns = [np.bincount(place, weights, BINS) for weights in (None, heat.ravel(), truth.ravel())]
    return np.stack(columns, axis=1).astype(np.float64)


# ---------------------------------------------------------------------------------------------------------- measuring


@dataclass(frozen=True, slots=True)
class Score:
    """One phrase in one photo.

    Args:
        photo: The photo's name.
        phrase: As typed.
        present: Whether it is in the photo.
        found: Whether the mask stage found it.
        peak: Its highest heat.
        iou, boundary: Of the preset's mask; None where the phrase is absent.
        plain_iou, plain_boundary: The same with refiner=threshold.
    """

    photo: str
    phrase: str
    present: bool
    found: bool
    peak: float
    iou: float | None = None
    boundary: float | None = None
    plain_iou: float | None = None
    plain_boundary: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """What was measured on all photos.

    Args:
        photos: Their names.
        scores: Phrase by phrase.
        unknown: The segmenter's message for each phrase that it does not know.
        bins: As `reliability` returns it, over all phrases, present or absent.
        seconds: For each photo, of the segmenter and of the refiner.
        spills: What `SENTENCE` painted by mistake in each of the photos; empty where that was not measured.
    """

    photos: Sequence[str]
    scores: Sequence[Score]
    unknown: Mapping[str, str]
    bins: Floats
    seconds: Sequence[tuple[float, float]]
    spills: Mapping[str, Mapping[str, tuple[int, int]]] = field(default_factory=dict)


class _Recorder:
    """A wrapper of segmenter and refiner that records their results and times."""

    def __init__(self, stages: Stages) -> None:
        self._segmenter, self._refiner = stages.segmenter, stages.refiner
        self._survey = capabilities_of(stages.segmenter).survey
        self.last_heats = np.zeros((0, 0, 0), dtype=np.float32)
        self.last_others: Heat | None = None
        self.last_masks: Hard | None = None
        self.segmenter_s = self.refiner_s = 0.0

    def phrase_for(self, text: str) -> str:
        """Every phrase is known as it is: "tall cabinet" is a class here, not the taller of two cabinets."""
        return text

    def heats(self, photo: Rgb, targets: Sequence[str]) -> Heat:
        return self.survey(photo, targets).heats

    def survey(self, photo: Rgb, targets: Sequence[str]) -> Survey:
        began = time.perf_counter()
        results = (
            Survey(self._segmenter.heats(photo, targets)) if self._survey is None else self._survey(photo, targets)
        )
        self.segmenter_s = time.perf_counter() - began
        self.last_heats, self.last_others = results.heats, results.others
        return results

    def refine(self, photo: Rgb, heats: Heat, boxes: Sequence[tuple[Box, ...]]) -> Hard:
        began = time.perf_counter()
        self.last_masks = self._refiner.refine(photo, heats, boxes)
        self.refiner_s = time.perf_counter() - began
        return self.last_masks


class _Fixed:
    """A segmenter and refiner that return given results."""

    def __init__(self, heat: Heat, hard: Hard, others: Heat | None) -> None:
        self._heat, self._hard, self._others = heat, hard, others

    def phrase_for(self, text: str) -> str:
        """Every phrase is known as it is: "tall cabinet" is a class here, not the taller of two cabinets."""
        return text

    def heats(self, photo: Rgb, targets: Sequence[str]) -> Heat:
        return self.survey(photo, targets).heats

    def survey(self, photo: Rgb, targets: Sequence[str]) -> Survey:  # noqa: ARG002 - the protocol's
        return Survey(self._heat[None], self._others)

    def refine(self, photo: Rgb, heats: Heat, boxes: Sequence[tuple[Box, ...]]) -> Hard:  # noqa: ARG002 - the protocol's
        return self._hard[None]


@dataclass(frozen=True, slots=True, eq=False)
class MaskResults:
    """The mask stage's results for the phrases of one photo, and how long they took."""

    heats: Mapping[str, Heat]
    refined: Mapping[str, Region]
    plain: Mapping[str, Region]
    segmenter_s: float
    refiner_s: float


def find_masks(photo: Rgb, phrases: Sequence[str], stages: Stages) -> MaskResults:
    """The masks of the phrases, each as in a plan of its own, with the preset's refiner and with a threshold only.

    Segmenter and refiner are called once for all phrases, as for one plan: phrase by phrase, SAM would embed the photo
    each time. Boxes and clean-up then run through `find_regions` for each phrase alone, so that no phrase takes pixels
    from another.
    """
    bare = replace(stages.mask_recipe, dilate_frac=0.0, feather_frac=0.0, dilate_px=None, feather_px=None)
    stages = replace(stages, mask_recipe=bare)
    recorder = _Recorder(stages)
    find_regions(photo, (Edit(tuple(phrases), ""),), replace(stages, segmenter=recorder, refiner=recorder))
    masks = recorder.last_masks
    if masks is None:  # nothing was hot: the refiner was not called
        masks = np.zeros(recorder.last_heats.shape, dtype=np.bool_)
    plain = Threshold(threshold=stages.boxes.threshold)

    def alone(phrase: str, heat: Heat, hard: Hard, refiner: Refiner | None = None) -> Region:
        fixed = _Fixed(heat, hard, recorder.last_others)
        tools = replace(stages, segmenter=fixed, refiner=refiner or fixed)
        return find_regions(photo, (Edit((phrase,), ""),), tools)[0]

    given = list(zip(phrases, recorder.last_heats, masks, strict=True))
    return MaskResults(
        heats=dict(zip(phrases, recorder.last_heats, strict=True)),
        refined={phrase: alone(phrase, heat, hard) for phrase, heat, hard in given},
        plain={phrase: alone(phrase, heat, hard, plain) for phrase, heat, hard in given},
        segmenter_s=recorder.segmenter_s,
        refiner_s=recorder.refiner_s,
    )


def measure(
    items: Sequence[Item],
    folder: Folder,
    stages: Stages,
    *,
    min_area: float,
    absent: int,
    seed: int,
    advance: Callable[[], None] = lambda: None,
) -> Measured:
    """Every present phrase of a photo, and some absent ones, through the mask stage; photo by photo.

    The absent phrases of a photo depend on the seed and its name alone, so that all segmenters get the same ones.

    Raises:
        PhotoError, MaskError: A photo or its ground truth cannot be read.
        SegmenterError, RefinerError: A stage failed or broke its protocol.
    """
    scores: list[Score] = []
    unknown: dict[str, str] = {}
    understood: set[str] = set()
    bins = np.zeros((BINS, 3))
    seconds = []
    spills = {}
    for item in items:
        photo = open_photo(item.image).rgb
        truth = truth_of(item, folder, (photo.shape[0], photo.shape[1]), min_area)
        rng = np.random.default_rng([seed, zlib.crc32(item.name.encode())])
        picked = rng.permutation(len(truth.absent))[:absent]
        queried = [*truth.hards, *(truth.absent[i] for i in sorted(picked.tolist()))]
        for phrase in queried:
            if phrase not in understood and phrase not in unknown:
                message = _refusal(stages.segmenter, photo, phrase)
                if message is None:
                    understood.add(phrase)
                else:
                    unknown[phrase] = message
        # An unknown phrase that is absent was not looked for: it does not count.
        nothing = [phrase for phrase in truth.hards if phrase in unknown]
        scores += [Score(item.name, phrase, True, False, 0.0, 0.0, 0.0, 0.0, 0.0) for phrase in nothing]
        known_words = [phrase for phrase in queried if phrase not in unknown]
        if known_words:
            results = find_masks(photo, known_words, stages)
            seconds.append((results.segmenter_s, results.refiner_s))
            for phrase in known_words:
                scores.append(_score(item.name, phrase, results, truth))
                known = truth.known.get(phrase, truth.known_else)
                hard = truth.hards.get(phrase, np.zeros(known.shape, dtype=np.bool_))
                bins += reliability(results.heats[phrase][known], hard[known])
        if folder.things and item.label is not None:
            with contextlib.suppress(UnknownPhrase):  # a segmenter without these words has no such figure
                spills[item.name] = spill_counts(photo, _samples(item.label), folder.things, stages)
        advance()
    return Measured([item.name for item in items], scores, unknown, bins, seconds, spills)


def spill_counts(
    photo: Rgb, label: npt.NDArray[Any], things: Mapping[str, int], stages: Stages
) -> dict[str, tuple[int, int]]:
    """The pixels of each class in a photo, and how many of them the edits of `SENTENCE` paint.

    Args:
        photo: [H, W, 3] uint8.
        label: [H, W], a class id in every pixel.
        things: The classes' ids.
        stages: Find the three targets only, as for an edit.

    Returns:
        Only the classes in the photo. A pixel is painted from an alpha of 0.5 on.
    """
    regions = find_regions(photo, parse_plan(SENTENCE), stages)
    painted = np.logical_or.reduce([region.alpha >= 0.5 for region in regions])
    found = {name: label == number for name, number in things.items()}
    return {name: (int(hard.sum()), int(painted[hard].sum())) for name, hard in found.items() if hard.any()}


def _refusal(segmenter: Segmenter, photo: Rgb, phrase: str) -> str | None:
    """The segmenter's message for a phrase that it does not know; None for one that it knows."""
    understand = getattr(segmenter, "understand", None)
    try:
        if understand is not None:
            understand([phrase])
        else:  # costs a pass over the photo, but only once for each phrase
            segmenter.heats(photo, [phrase])
    except UnknownPhrase as error:
        return str(error)
    return None


def _score(photo: str, phrase: str, results: MaskResults, truth: Truth) -> Score:
    region, plain = results.refined[phrase], results.plain[phrase]
    peak = float(results.heats[phrase].max())
    hard = truth.hards.get(phrase)
    if hard is None:
        return Score(photo, phrase, False, region.found, peak)
    known = truth.known[phrase]
    return Score(
        photo,
        phrase,
        True,
        region.found,
        peak,
        iou(region.hard, hard, known),
        boundary_f(region.hard, hard, known),
        iou(plain.hard, hard, known),
        boundary_f(plain.hard, hard, known),
    )


# ------------------------------------------------------------------------------------------------------------- tables


def summarise(
    measured: Measured, frequent: Sequence[str], kitchens: Mapping[str, bool | None] | None = None
) -> dict[str, Any]:
    """Everything in the tables, as plain values.

    Args:
        measured: As `measure` returns it.
        frequent: The folder's phrases, most frequent first.
        kitchens: Which photos show a kitchen, where the folder says so: they and the others get summaries of their own.
    """
    rows = _rows(measured.scores, frequent)
    groups = {"all": list(frequent), "ten": list(TEN)}
    if len(frequent) >= FREQUENT:
        groups["frequent"] = list(frequent[:FREQUENT])
    apart: dict[str, Any] = {}
    parts = {"kitchens": True, "no kitchens": False}
    if kitchens and None not in kitchens.values():
        groups["kitchen_ten"] = list(KITCHEN_TEN)
        for name, kitchen in parts.items():
            photos = {photo for photo, is_one in kitchens.items() if is_one is kitchen}
            apart[name] = _part_summary([score for score in measured.scores if score.photo in photos], photos, groups)
    present = [score for score in measured.scores if score.present]
    absent = [s for s in measured.scores if not s.present]
    per_photo: dict[str, dict[str, float]] = defaultdict(dict)
    for score in measured.scores:
        if score.iou is not None:
            per_photo[score.photo][score.phrase] = score.iou
    counts, heat, true = measured.bins.T
    return {
        "photos": len(measured.photos),
        "phrases": rows,
        "means": {name: _group(rows, phrases) for name, phrases in groups.items()},
        "apart": apart,
        "spill": _spill(measured.spills, kitchens or {}),
        "present": len(present),
        "absent": len(absent),
        "thresholds": [
            {
                "peak": level,
                "found": _mean(score.peak >= level for score in present),
                "false_found": _mean(score.peak >= level for score in absent),
            }
            for level in LEVELS
        ],
        "stage": _stage(measured.scores),
        "at_90_found": _at_90(present, absent),
        "reliability": [
            {"pixels": int(n), "heat": h / n if n else None, "true": t / n if n else None}
            for n, h, t in zip(counts, heat, true, strict=True)
        ],
        "calibration_error": float(np.abs(heat - true).sum() / max(counts.sum(), 1.0)),
        "unknown": dict(measured.unknown),
        "median_seconds": {
            "segmenter": statistics.median([s for s, _ in measured.seconds] or [0.0]),
            "refiner": statistics.median([s for _, s in measured.seconds] or [0.0]),
        },
        "iou_of_photos": dict(per_photo),
    }


def _rows(scores: Iterable[Score], frequent: Sequence[str]) -> list[dict[str, Any]]:
    present_scores: dict[str, list[Score]] = defaultdict(list)
    absent_scores: dict[str, list[Score]] = defaultdict(list)
    for score in scores:
        (present_scores if score.present else absent_scores)[score.phrase].append(score)
    return [
        {
            "phrase": phrase,
            "photos": len(present_scores[phrase]),
            **{name: _mean(getattr(score, name) for score in present_scores[phrase]) for name in _COLUMNS},
            "found": _mean(score.found for score in present_scores[phrase]),
            "absent": len(absent_scores[phrase]),
            "false_found": _mean(score.found for score in absent_scores[phrase]),
        }
        for phrase in frequent
        if present_scores[phrase] or absent_scores[phrase]
    ]


def _stage(scores: Iterable[Score]) -> dict[str, float | None]:
    """The shares that the whole stage found of the present and of the absent phrases."""
    found: dict[bool, list[bool]] = {True: [], False: []}
    for score in scores:
        found[score.present].append(score.found)
    return {"found": _mean(found[True]), "false_found": _mean(found[False])}


def _part_summary(
    scores: Sequence[Score], photos: Iterable[str], groups: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    """The means and the found rates of some of the photos."""
    rows = _rows(scores, groups["all"])
    return {
        "photos": len(set(photos)),
        "means": {name: _group(rows, groups[name]) for name in ("kitchen_ten", "all")},
        "present": sum(score.present for score in scores),
        "absent": sum(not score.present for score in scores),
        "stage": _stage(scores),
    }


def _spill(
    spills: Mapping[str, Mapping[str, tuple[int, int]]], kitchens: Mapping[str, bool | None]
) -> list[dict[str, Any]]:
    """For all things, for each kind of thing and for each class of a kind: photos, pixels, the share painted."""
    all_classes = [name for names in THINGS.values() for name in names]
    of = {
        "all": all_classes,
        **THINGS,
        **{name: (name,) for names in THINGS.values() if len(names) > 1 for name in names},
    }
    rows = []
    for thing, names in of.items():
        counted = {
            photo: np.sum([one[name] for name in names if name in one], axis=0)
            for photo, one in spills.items()
            if any(name in one for name in names)
        }
        if counted:
            shares = [
                _share([both for photo, both in counted.items() if everywhere or kitchens.get(photo)])
                for everywhere in (True, False)
            ]
            pixels = int(sum(both[0] for both in counted.values()))
            named = dict(zip(("painted", "painted_in_kitchens"), shares, strict=True))
            rows.append({"thing": thing, "photos": len(counted), "pixels": pixels, **named})
    return rows


def _share(counts: Sequence[npt.NDArray[np.integer[Any]]]) -> float | None:
    """The second numbers as a share of the first, summed up; None for no pairs."""
    pixels, painted = np.sum(counts, axis=0) if counts else (0, 0)
    return float(painted / pixels) if pixels else None


_COLUMNS = ("iou", "plain_iou", "boundary", "plain_boundary")


def _mean(values: Iterable[float | None]) -> float | None:
    numbers = [float(value) for value in values if value is not None]
    return statistics.fmean(numbers) if numbers else None


def _group(rows: Sequence[Mapping[str, Any]], phrases: Sequence[str]) -> dict[str, Any]:
    """The means over the rows of some phrases; each phrase has the same weight, whatever its number of photos."""
    chosen = [row for row in rows if row["phrase"] in phrases]
    names = (*_COLUMNS, "found", "false_found")
    with_photos = sum(row["photos"] > 0 for row in chosen)
    return {"of": len(phrases), "phrases": with_photos, **{name: _mean(row[name] for row in chosen) for name in names}}


def _at_90(present: Sequence[Score], absent: Sequence[Score]) -> dict[str, float | None]:
    """The highest threshold that still finds 90 % of the present phrases, and its share of false finds."""
    peaks = sorted((score.peak for score in present), reverse=True)
    if not peaks:
        return {"peak": None, "false_found": None}
    level = peaks[-(-9 * len(peaks) // 10) - 1]
    return {"peak": level, "false_found": _mean(score.peak >= level for score in absent)}


def markdown(summary: Mapping[str, Any]) -> str:
    """The tables of a summary, as Markdown."""
    means = summary["means"]
    names = {
        "kitchen_ten": f"mean of {means.get('kitchen_ten', {}).get('phrases')} of a kitchen's ten",
        "ten": f"mean of {means['ten']['phrases']} of the ten",
        "frequent": f"mean of {means.get('frequent', {}).get('phrases')} of the {FREQUENT} most frequent",
        "all": f"mean of all {means['all']['phrases']}",
    }
    took = summary["median_seconds"]
    at_90 = summary["at_90_found"]
    title = " ".join(["preset", summary["preset"], *summary["overrides"]])
    split = "" if summary["split"] == "all" else f" ({summary['split']})"
    lines = [
        f"# Masks of {summary['data']}: {title}",
        "",
        f"{summary['photos']} of {summary['photos_in_folder']} photos{split}, seed {summary['seed']}; phrases of at "
        f"least {summary['min_area']:.1%} of the photo. Plain: the same with refiner=threshold.",
        f"Seconds a photo (medians): {took['segmenter']:.2f} in the segmenter, {took['refiner']:.2f} in the refiner.",
        "",
        *_table(
            "phrase | photos | IoU | plain IoU | BF | plain BF | found % | absent | false-found %",
            [
                *(
                    [row["phrase"], str(row["photos"]), *_cells(row), str(row["absent"]), _percent(row["false_found"])]
                    for row in summary["phrases"]
                ),
                *(
                    [f"**{name}**", "", *_cells(means[key]), "", _percent(means[key]["false_found"])]
                    for key, name in names.items()
                    if key in means
                ),
            ],
        ),
        "",
        *_part_lines(summary["apart"]),
        f"By the peak of the heat: {summary['present']} present phrases, {summary['absent']} absent ones.",
        "",
        *_table(
            "peak at least | found % | false-found %",
            [
                *([f"{row['peak']:.1f}", *_shares(row)] for row in summary["thresholds"]),
                ["the whole stage", *_shares(summary["stage"])],
                *([f"the whole stage, {name}", *_shares(part["stage"])] for name, part in summary["apart"].items()),
            ],
        ),
        "",
        f"At a threshold of {_number(at_90['peak'])}, 90 % is found and {_percent(at_90['false_found'])} % falsely.",
        "",
        *_spill_lines(summary["spill"]),
        "Calibration: the share of the pixels with this heat that belong to the phrase. "
        f"Mean error {summary['calibration_error']:.3f}.",
        "",
        *_table(
            "heat | pixels | mean heat | true",
            [
                [
                    f"{i / BINS:.1f} to {(i + 1) / BINS:.1f}",
                    str(row["pixels"]),
                    _number(row["heat"]),
                    _number(row["true"]),
                ]
                for i, row in enumerate(summary["reliability"])
            ],
        ),
    ]
    if summary["unknown"]:
        lines += ["", "Phrases that the segmenter does not know (IoU 0, found 0 where they are present):", ""]
        lines += [f"- {phrase}: {message}" for phrase, message in summary["unknown"].items()]
    return "\n".join(lines) + "\n"


def _part_lines(apart: Mapping[str, Any]) -> list[str]:
    if not apart:
        return []
    rows = [
        [
            f"{name} ({part['photos']}): mean of {means['phrases']} {which}",
            *_cells(means),
            _percent(means["false_found"]),
        ]
        for name, part in apart.items()
        for means, which in ((part["means"]["kitchen_ten"], "of a kitchen's ten"), (part["means"]["all"], "phrases"))
    ]
    return [*_table("photos | IoU | plain IoU | BF | plain BF | found % | false-found %", rows), ""]


def _spill_lines(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    if not rows:
        return []
    return [
        f'Of the pixels of each thing, how many "{SENTENCE}" paints by mistake.',
        "",
        *_table(
            "thing | photos | pixels | painted % | in kitchens %",
            [
                [
                    *(str(row[name]) for name in ("thing", "photos", "pixels")),
                    *(_percent(row[name]) for name in ("painted", "painted_in_kitchens")),
                ]
                for row in rows
            ],
        ),
        "",
    ]


def _cells(row: Mapping[str, Any]) -> list[str]:
    return [*(_number(row[name]) for name in _COLUMNS), _percent(row["found"])]


def _shares(row: Mapping[str, Any]) -> list[str]:
    return [_percent(row["found"]), _percent(row["false_found"])]


def _table(head: str, rows: Iterable[Sequence[str]]) -> list[str]:
    columns = head.split(" | ")
    marks = ["---", *["---:"] * (len(columns) - 1)]
    return [f"| {' | '.join(cells)} |" for cells in (columns, marks, *rows)]


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f}"


# -------------------------------------------------------------------------------------------------------------- sheet


def chosen_photos(measured: Measured) -> list[tuple[str, str, float]]:
    """The worst, median and best photos by the mean IoU of their phrases: kind, name, mean; each photo once."""
    of_photo: dict[str, list[float]] = defaultdict(list)
    for score in measured.scores:
        if score.iou is not None:
            of_photo[score.photo].append(score.iou)
    ranked = sorted((statistics.fmean(values), name) for name, values in of_photo.items())
    middle = max(0, (len(ranked) - SHEET) // 2)
    parts = {"worst": ranked[:SHEET], "median": ranked[middle : middle + SHEET], "best": ranked[-SHEET:]}
    picked: dict[str, tuple[str, str, float]] = {}
    for kind, part in parts.items():
        for mean, name in part:
            picked.setdefault(name, (kind, name, mean))
    return list(picked.values())


def sheet_cells(
    items: Sequence[Item], folder: Folder, stages: Stages, measured: Measured, min_area: float
) -> Iterator[tuple[str, Rgb]]:
    """Captioned pictures of the chosen photos: what was found on the left, what is true on the right."""
    by_name = {item.name: item for item in items}
    for kind, name, mean in chosen_photos(measured):
        item = by_name[name]
        photo = open_photo(item.image).rgb
        truth = truth_of(item, folder, (photo.shape[0], photo.shape[1]), min_area)
        phrases = [phrase for phrase in truth.hards if phrase not in measured.unknown]
        found = list(find_masks(photo, phrases, stages).refined.values()) if phrases else []
        true = [
            Region(p, True, truth.hards[p], truth.hards[p].astype(np.float32), boxes=(), peak=None) for p in phrases
        ]
        pair = [overlay(photo, regions, long_px=900) for regions in (found, true)]
        yield f"{kind}: {name}, mean IoU {mean:.2f}; found | true", np.concatenate(pair, axis=1)


if __name__ == "__main__":
    raise SystemExit(main())
