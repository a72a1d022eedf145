"""Fits the expected quality of masks, or checks it: `Region.expected_iou`, printed as "quality".

    python scripts/fit_quality.py --data KITCHENS RENDERS [--seen DIR ...]      fits, reports, writes
    python scripts/fit_quality.py --check --data KITCHENS --split held_out      reports on what is written

The folders are read as scripts/eval_masks.py reads them. Each photo's phrases, and two that are not there, are looked
for three at a time, as in a plan; a mask of what is not there has an IoU of 0. --data are photos that the net did not
learn from; those of --seen, which it did learn from, help to find what tells good masks from bad ones, but the level is
set by --data alone. Of the labelled kitchens --data reads those of --split, `development` by default, and --seen those
on no list: a fit reads no held-out photo.

Two files are written: the segmenter's own fit, with its phrases and evidence, and the one for segmenters without a fit.
Tables go to standard output: expected and true IoU, and how well their orders agree (Spearman's rank correlation), over
all masks and within each phrase, compared with that of the peak and of the phrase's mean IoU. Those of a fit are
cross-validated: each photo is judged by a fit that has not seen it.
"""

import argparse
import json
import sys
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from eval_masks import Folder, Item, iou, only_listed, read_folder, truth_of
from kitchens_split import SPLIT

from automask import config
from automask.capabilities import capabilities_of
from automask.errors import AutomaskError, UnknownPhrase, UsageError
from automask.images import open_photo
from automask.masking.find import find_regions
from automask.masking.quality import DEFAULT, QualityFit, features, fit_content
from automask.protocols import Segmenter, Stages
from automask.results.records import write_json
from automask.stages import NotLoaded
from automask.types import Edit, Heat, Rgb, Survey

Floats: TypeAlias = npt.NDArray[np.float64]

MIN_AREA = 0.006
TOGETHER = 3  # phrases of one plan: an edit of a listing has about as many
ABSENT = 2
FOLDS = 5
RIDGE = 10.0  # on standardised features and on phrases; 1 to 30 give the same rank correlation within 0.01
LEAST = 8  # masks of a phrase that get a constant of their own, or a rank correlation
BINS = 8


@dataclass(frozen=True, slots=True)
class Row:
    """One mask and how good it is.

    Args:
        photo: The photo's name.
        phrase: What the segmenter looked for.
        iou: With the true mask; 0 where the phrase is not there.
        peak: Its highest heat.
        expected: What the stages expected.
        measured: Its features and the segmenter's evidence.
        seen: Whether the net learnt from the photo.
    """

    photo: str
    phrase: str
    iou: float
    peak: float
    expected: float
    measured: Mapping[str, float]
    seen: bool = False


def main(argv: Sequence[str] | None = None) -> int:
    """Fits or checks; gives the exit status."""
    try:
        _run(_arguments(argv))
    except AutomaskError as error:
        print(f"fit_quality: {error}", file=sys.stderr)
        return error.exit_status
    return 0


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, nargs="+", metavar="DIR", help="labelled photos that the net never saw")
    parser.add_argument(
        "--seen", type=Path, nargs="+", default=[], metavar="DIR", help="photos that the net learnt from"
    )
    parser.add_argument("--split", default="development", choices=("development", "held_out"), help="of the kitchens")
    parser.add_argument("--check", action="store_true", help="report on the stored fit, and write nothing")
    parser.add_argument("--limit", type=int, metavar="N", help="at most N photos of each folder")
    parser.add_argument(
        "--rows", type=Path, metavar="FILE", help="what was measured: read if it is there, else written"
    )
    parser.add_argument("--preset", default="starter", help="whose segmenter and refiner make the masks (starter)")
    parser.add_argument("--out", type=Path, help="the segmenter's fit (the file that it names as its `quality`)")
    parser.add_argument("--default", type=Path, default=DEFAULT, help="the fit for segmenters without one")
    parser.add_argument("overrides", nargs="*", metavar="key=value", help="as for automask: refiner=sam")
    flags = parser.parse_intermixed_args(argv)
    stored = flags.rows is not None and flags.rows.is_file()
    if not flags.data and not stored:
        raise UsageError("no photos", hint="name folders with --data")
    if flags.split == "held_out" and not flags.check:
        raise UsageError("the held-out kitchens are for --check", hint="fit on --split development")
    return flags


def _run(flags: argparse.Namespace) -> None:
    stages = config.build(config.compose(flags.preset, flags.overrides), given={"editor": NotLoaded()})
    rows = _stored(flags.rows)
    if not rows:
        folders = [(folder, False) for folder in flags.data] + [(folder, True) for folder in flags.seen]
        for place, seen in folders:
            rows += list(rows_of(_folder(place, flags.split, seen=seen), stages, limit=flags.limit, seen=seen))
        if flags.rows is not None:
            write_json(flags.rows, [asdict(row) for row in rows])
    fresh = [row for row in rows if not row.seen]
    if len({row.photo for row in fresh}) < FOLDS:
        raise UsageError(f"masks of {len({row.photo for row in fresh})} photos", hint=f"measure at least {FOLDS}")
    if flags.check:
        print(report(fresh, np.array([row.expected for row in fresh])), end="")
        return
    own = flags.out or capabilities_of(stages.segmenter).quality
    names = tuple(fresh[0].measured)
    plain = tuple(features(np.zeros((2, 2, 3), np.uint8), np.zeros((2, 2), np.float32), np.ones((2, 2), np.bool_)))
    note = {
        "photos": len({row.photo for row in rows}),
        "masks": len(rows),
        "data": [place.name for place in flags.data or ()],
        "seen": [place.name for place in flags.seen],
        "preset": flags.preset,
    }
    for path, chosen, by_phrase in ((own, names, True), (flags.default, plain, False)):
        if path is not None:
            print(f"\n## {Path(path).name}: {'with' if by_phrase else 'without'} phrases\n")
            print(report(fresh, cross_validated(rows, chosen, by_phrase=by_phrase)), end="")
            write_json(Path(path), fit_content(fitted(rows, chosen, by_phrase=by_phrase), note))


def _stored(path: Path | None) -> list[Row]:
    if path is None or not path.is_file():
        return []
    return [Row(**row) for row in json.loads(path.read_text(encoding="utf-8"))]


# ----------------------------------------------------------------------------------------------------------- measuring


def _folder(place: Path, split: str, *, seen: bool) -> Folder:
    """The photos of a folder; of the labelled kitchens those of the split, or those that are on no list."""
    folder = read_folder(place, min_area=MIN_AREA)
    lists: Mapping[str, Sequence[str]] = json.loads(SPLIT.read_text(encoding="utf-8"))
    listed = {name for names in lists.values() for name in names}
    if not any(item.image.stem in listed for item in folder.items):
        return folder
    if not seen:
        return only_listed(folder, split)
    items = tuple(item for item in folder.items if item.image.stem not in listed)
    return Folder(items, folder.counts, folder.ids, folder.similar, folder.names, folder.things)


class _Watched:
    """A segmenter that keeps its last survey."""

    def __init__(self, segmenter: Segmenter) -> None:
        can = capabilities_of(segmenter)
        self._segmenter, self._survey = segmenter, can.survey
        self.understand, self.parts, self.quality = can.understand, can.parts, can.quality
        self.last = Survey(np.zeros((0, 0, 0), np.float32))

    def heats(self, photo: Rgb, targets: Sequence[str]) -> Heat:
        return self.survey(photo, targets).heats

    def survey(self, photo: Rgb, targets: Sequence[str]) -> Survey:
        method = self._survey
        self.last = Survey(self._segmenter.heats(photo, targets)) if method is None else method(photo, targets)
        return self.last


def rows_of(folder: Folder, stages: Stages, *, limit: int | None = None, seen: bool = False) -> Iterator[Row]:
    """A row for each mask that the stages find in the photos of a folder."""
    for item in folder.items[:limit]:
        yield from _rows_of(item, folder, stages, seen=seen)


def _rows_of(item: Item, folder: Folder, stages: Stages, *, seen: bool) -> Iterator[Row]:
    photo = open_photo(item.image).rgb
    truth = truth_of(item, folder, (photo.shape[0], photo.shape[1]), MIN_AREA)
    rng = np.random.default_rng(zlib.crc32(item.name.encode()))
    absent = [truth.absent[at] for at in rng.permutation(len(truth.absent))[:ABSENT]]
    words = [*truth.hards, *absent]
    watched = _Watched(stages.segmenter)
    for group in plans([words[at] for at in rng.permutation(len(words))], folder.ids, stages.segmenter):
        plan = tuple(Edit((phrase,), "") for phrase in group)
        bare = Stages(watched, stages.refiner, stages.editor, stages.boxes, stages.mask_recipe)
        for at, (phrase, region) in enumerate(zip(group, find_regions(photo, plan, bare), strict=True)):
            if not region.found:
                continue
            hard = truth.hards.get(phrase)
            evidence = watched.last.evidence[at] if watched.last.evidence else {}
            yield Row(
                photo=item.name,
                phrase=region.read_as[0],
                iou=0.0 if hard is None else iou(region.hard, hard, truth.known[phrase]),
                peak=region.peak or 0.0,
                expected=region.expected_iou or 0.0,
                measured={**features(photo, watched.last.heats[at], region.hard), **evidence},
                seen=seen,
            )


def plans(words: Sequence[str], ids: Mapping[str, frozenset[int]], segmenter: Segmenter) -> list[list[str]]:
    """The words that the segmenter knows in groups of up to three, none of which share a class with another."""
    reads = capabilities_of(segmenter).understand
    groups: list[list[str]] = []
    for word in words:
        try:
            if reads is not None:
                reads([word])
        except UnknownPhrase:
            continue
        own = ids.get(word, frozenset())
        fits = (g for g in groups if len(g) < TOGETHER and not any(own & ids.get(w, frozenset()) for w in g))
        group = next(fits, None)
        if group is None:
            groups.append([word])
        else:
            group.append(word)
    return groups


# ------------------------------------------------------------------------------------------------------------- fitting


def fitted(rows: Sequence[Row], names: Sequence[str], *, by_phrase: bool) -> QualityFit:
    """The fit of some rows: weights from all of them, slope and constant from those of photos that were not seen.

    A ridge regression with a logistic function, in which an IoU of 0.7 counts as 0.7 of a success: its expectation is
    then right on average over the rows, at every level that the features tell apart.

    Args:
        rows: What was measured.
        names: The features to use.
        by_phrase: Whether phrases with enough masks get a constant of their own.
    """
    table = np.array([[row.measured[name] for name in names] for row in rows])
    mean, scale = table.mean(0), np.maximum(table.std(0), 1e-6)
    by_name = [dict(zip(names, values.tolist(), strict=True)) for values in (mean, scale)]
    blank = QualityFit(by_name[0], by_name[1], dict.fromkeys(names, 1.0), 0.0, {})
    phrases = sorted({row.phrase for row in rows} if by_phrase else ())
    phrases = [phrase for phrase in phrases if sum(row.phrase == phrase for row in rows) >= LEAST]
    inputs = np.array(
        [
            [*(blank.standardised(name, row.measured) for name in names), *(row.phrase == phrase for phrase in phrases)]
            for row in rows
        ],
        dtype=np.float64,
    )
    truth = np.array([row.iou for row in rows])
    weights = logistic_ridge(inputs, truth, ridge=RIDGE)
    fresh = np.array([not row.seen for row in rows])
    slope, constant = 1.0, float(weights[-1])
    if fresh.any() and not fresh.all():
        scores = inputs @ weights[:-1] + weights[-1]
        slope, shift = logistic_ridge(scores[fresh, None], truth[fresh], ridge=1e-3).tolist()
        constant = slope * constant + shift
    linear = (slope * weights[: len(names)]).tolist()
    own = (slope * weights[len(names) : -1]).tolist()
    return QualityFit(
        by_name[0],
        by_name[1],
        dict(zip(names, linear, strict=True)),
        constant,
        dict(zip(phrases, own, strict=True)),
    )


def logistic_ridge(inputs: Floats, truth: Floats, *, ridge: float) -> Floats:
    """The weights of the columns and, last, the constant of a logistic regression on shares, by Newton's method.

    Args:
        inputs: [N, D].
        truth: [N] in 0..1.
        ridge: Penalty on the square of each weight, the constant excepted.
    """
    table = np.hstack([inputs, np.ones((len(inputs), 1))])
    penalty = np.diag([ridge] * inputs.shape[1] + [1e-9])
    weights: Floats = np.zeros(table.shape[1])
    for _ in range(50):
        share = 1 / (1 + np.exp(-np.clip(table @ weights, -30, 30)))
        slope = table.T @ (share - truth) + penalty @ weights
        curve = (table * (share * (1 - share))[:, None]).T @ table + penalty
        step = np.linalg.solve(curve, slope)
        weights = weights - step
        if np.abs(step).max() < 1e-9:
            break
    return weights


def cross_validated(rows: Sequence[Row], names: Sequence[str], *, by_phrase: bool) -> Floats:
    """For each row of a photo that was not seen, what a fit without that photo and its fold expects."""
    expected = []
    fits: dict[int, QualityFit] = {}
    for row in rows:
        if row.seen:
            continue
        fold = _fold(row.photo)
        if fold not in fits:
            others = [other for other in rows if other.seen or _fold(other.photo) != fold]
            fits[fold] = fitted(others, names, by_phrase=by_phrase)
        expected.append(fits[fold].expected_iou(row.measured, row.phrase))
    return np.array(expected)


def _fold(photo: str) -> int:
    return zlib.crc32(photo.encode()) % FOLDS


# ------------------------------------------------------------------------------------------------------------- reports


def report(rows: Sequence[Row], expected: Floats) -> str:
    """Reliability and rank correlations of what was expected of some masks, as Markdown.

    Args:
        rows: The masks.
        expected: Their expected IoU, in the same order.
    """
    truth = np.array([row.iou for row in rows])
    peaks = np.array([row.peak for row in rows])
    of = {phrase: np.array([row.phrase == phrase for row in rows]) for phrase in sorted({row.phrase for row in rows})}
    means = np.zeros(len(rows))
    for chosen in of.values():
        # Each mask's own IoU is left out: with it the mean of a rare phrase would know the answer.
        means[chosen] = (truth[chosen].sum() - truth[chosen] + truth.mean()) / chosen.sum()
    lines = [
        f"{len(rows)} masks of {len({row.photo for row in rows})} photos; mean IoU {truth.mean():.3f}, expected "
        f"{expected.mean():.3f}; mean error {np.abs(expected - truth).mean():.3f}.",
        "",
        "| expected | masks | expected, mean | true, mean |",
        "| --- | --- | --- | --- |",
    ]
    bins = np.minimum((expected * BINS).astype(int), BINS - 1)
    for number in range(BINS):
        chosen = bins == number
        if chosen.any():
            low, high = number / BINS, (number + 1) / BINS
            means_of = f"{expected[chosen].mean():.3f} | {truth[chosen].mean():.3f}"
            lines.append(f"| {low:.3f} to {high:.3f} | {chosen.sum()} | {means_of} |")
    lines += ["", "| rank correlation with the true IoU | all masks | within a phrase |", "| --- | --- | --- |"]
    enough = [chosen for chosen in of.values() if chosen.sum() >= LEAST]
    for name, values in (("expected", expected), ("peak", peaks), ("mean of the phrase", means)):
        within = [rank_correlation(values[chosen], truth[chosen]) for chosen in enough]
        inner = "0" if name.startswith("mean") else f"{np.mean(within):.3f}" if within else "-"
        lines.append(f"| {name} | {rank_correlation(values, truth):.3f} | {inner} |")
    lines += ["", f"{len(enough)} phrases have {LEAST} masks or more.", ""]
    return "\n".join(lines)


def rank_correlation(one: npt.NDArray[Any], other: npt.NDArray[Any]) -> float:
    """Spearman's: the correlation of the ranks, where equal values share theirs; 0 if either is constant."""
    ranks = [_ranks(one), _ranks(other)]
    if not all(rank.std() > 0 for rank in ranks):
        return 0.0
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])


def _ranks(values: npt.NDArray[Any]) -> Floats:
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts + 1) / 2)[place]


if __name__ == "__main__":
    sys.exit(main())
