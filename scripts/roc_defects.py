"""Measures the detectors of automask/painting/defects.py: corrupts clean edits in known ways, counts detections.

    python scripts/roc_defects.py --data PAIRS                 the held-out rooms, and the tests' kitchen
    python scripts/roc_defects.py --data PAIRS --split tune    the rooms that the detectors were tuned on

PAIRS is a folder as scripts/eval_edits.py reads it. Clean edits are its re-renders composited over the photo, both
ways round (the re-render taken as the photo), through a wide and a close mask, and what `paint` makes of the pairs and
of the kitchen of the tests. Each gets every corruption at every strength, and is compared with its clean version.

Tables go to standard output and OUT/roc.md, the curves to OUT/roc.png. docs/research/defects.md says how to read them.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt
from eval_edits import SAME_VIEW, Pair, choose, read_pairs, same_view, true_mask
from PIL import Image, ImageDraw, ImageFont

import automask
from automask.errors import AutomaskError
from automask.images import open_photo, to_uint8, write_picture
from automask.masking.masks import alpha_from
from automask.painting.crops import composite
from automask.painting.defects import Defects, measure, rank
from automask.plan import parse_plan
from automask.protocols import Stages
from automask.results.previews import COLOURS
from automask.types import Alpha, Hard, MaskRecipe, Rgb

Plane: TypeAlias = npt.NDArray[np.float32]

WIDE = MaskRecipe()
CLOSE = MaskRecipe(max_hole_frac=0.00003, dilate_frac=0.0022, feather_frac=0.0005, gap_frac=0.006)
"""As conf/mask/soft.yaml and conf/mask/tight.yaml."""

ALARM = 0.5
SAMPLE = Path(__file__).resolve().parents[1] / "tests" / "data" / "kitchen.jpg"
SAMPLE_EDITS = ("island -> marble", "cabinets -> white", "floor -> walnut planks", "cabinets -> #2f4236")
FLAT = 99.0


@dataclass(frozen=True, slots=True)
class Corruption:
    """One way to corrupt an edit.

    Args:
        defect: The detector that should respond: a field of `Defects`.
        unit: What a strength means; `{}` is the number.
        strengths: From weak to strong.
        medium: The strength at which goals and cross-talk are reported.
    """

    defect: str
    unit: str
    strengths: tuple[float, ...]
    medium: float


CORRUPTIONS: Mapping[str, Corruption] = {
    "ledge": Corruption("seam", "hard border, {:g} levels off", (4, 8, 16, 24), 16),
    "shift": Corruption("seam", "close mask shifted by {:g} px", (2, 4, 6, 8), 6),
    "rim": Corruption("seam", "rim of {:g} px, 24 levels off", (1, 2, 4, 6), 2),
    "cast": Corruption("tint", "cast of {:g} levels", (4, 8, 16, 24), 16),
    "wash": Corruption("tint", "contrast times {:g}", (0.9, 0.8, 0.65, 0.5), 0.65),
    "leak": Corruption("leak", "{:.0%} of the old fine structure", (0.1, 0.2, 0.4, 0.6), 0.4),
    "blur": Corruption("empty", "blurred, sigma {:g} px", (2, 4, 8, 16, FLAT), 4),
}
DETECTORS = tuple(field.name for field in fields(Defects))

_CASTS = np.array(
    [[1, 0, -1], [-1, 0, 1], [0, 1, 0], [0, -1, 0], [1, 0.6, 0], [0, 0, 1]], np.float32
)  # warm, cold, green, magenta, yellow, blue


@dataclass(frozen=True, slots=True, eq=False)
class CleanEdit:
    """An edit with nothing wrong with it.

    Args:
        kind: "re-render, wide mask", "re-render, close mask" or "paint".
        name: Which one, for messages.
        before: The photo.
        painted: What is composited over it.
        hard, alpha: The mask, and its alpha.
        everywhere: `painted` is right outside the mask too, so that the mask may be shifted.
    """

    kind: str
    name: str
    before: Rgb
    painted: Rgb
    hard: Hard
    alpha: Alpha
    everywhere: bool


@dataclass(frozen=True, slots=True)
class Trial:
    """The scores of one edit, clean and with one corruption: `broken` in the order of the corruption's strengths."""

    edit: str
    kind: str
    corruption: str
    clean: Defects
    broken: tuple[Defects, ...]


def main(argv: Sequence[str] | None = None) -> None:
    """Runs what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, metavar="PAIRS", help="folder that holds pairs.json")
    parser.add_argument("--out", type=Path, default=Path("out"), help="where the table and the curves are written")
    parser.add_argument("--split", choices=("all", "measure", "tune"), default="measure")
    parser.add_argument("--limit", type=int, help="only the first LIMIT pairs")
    parser.add_argument("--no-sample", action="store_true", help="without the kitchen of the tests")
    parser.add_argument("--seed", type=int, default=0, help="of the directions of shifts and casts (default 0)")
    flags = parser.parse_args(argv)
    trials: list[Trial] = []
    try:
        pairs = choose(read_pairs(flags.data), split=flags.split)[: flags.limit]
        stages = automask.load("starter")
        for number, edit in enumerate(clean_edits(pairs, stages, sample=not flags.no_sample)):
            if sys.stderr.isatty():
                print(f"\r\x1b[K{number} {edit.kind}: {edit.name}", end="", file=sys.stderr, flush=True)
            trials += run_trials(edit, seed=(flags.seed, number))
    except AutomaskError as error:
        raise SystemExit(str(error)) from error
    if not trials:
        raise SystemExit(f"no edits in split {flags.split!r} of '{flags.data}'; take another split")
    text = f"rooms: {flags.split}; seed {flags.seed}\n\n{tables(trials)}"
    print(f"\n{text}")
    flags.out.mkdir(parents=True, exist_ok=True)
    (flags.out / "roc.md").write_text(text + "\n", encoding="utf-8")
    write_picture(flags.out / "roc.png", curves(trials))


# -------------------------------------------------------------------------------------------------------------- edits


def clean_edits(pairs: Sequence[Pair], stages: Stages, *, sample: bool) -> Iterator[CleanEdit]:
    """All clean edits, one by one."""
    for pair in pairs:
        before, after = open_photo(pair.before).rgb, open_photo(pair.after).rgb
        labels = cv2.imread(str(pair.labels), cv2.IMREAD_UNCHANGED)
        if labels is None or labels.shape != before.shape[:2] or after.shape != before.shape:
            raise SystemExit(f"pair {pair.after.name!r}: photo, re-render and labels are not of one size")
        hard = true_mask(labels, pair.ids)
        nothing = np.zeros_like(hard)
        name = f"{pair.scene}: {pair.edit}"
        if same_view(before, after, hard) < SAME_VIEW:
            continue
        for recipe, kind in ((WIDE, "re-render, wide mask"), (CLOSE, "re-render, close mask")):
            alpha = alpha_from(hard, recipe, untouchable=nothing)
            yield CleanEdit(kind, name, before, after, hard, alpha, everywhere=True)
            yield CleanEdit(kind, f"{name}, undone", after, before, hard, alpha, everywhere=True)
        region = automask.Region(pair.edit, True, hard, alpha, (), None)
        painted, steps = automask.painting.chain.paint(before, parse_plan(pair.edit), [region], stages)
        if steps[0].area_px:
            yield CleanEdit("paint", name, before, painted, hard, alpha, everywhere=False)
    for words in SAMPLE_EDITS if sample else ():
        outcome = automask.edit(SAMPLE, words, stages=stages)
        found = outcome.regions[0]
        yield CleanEdit("paint", words, outcome.photo.rgb, outcome.image, found.hard, found.alpha, everywhere=False)


def run_trials(edit: CleanEdit, *, seed: Sequence[int]) -> Iterator[Trial]:
    """The edit with every corruption that applies; the strengths of one share their direction and their sign."""
    clean = measure(edit.before, composite(edit.before, edit.painted, edit.alpha), edit.alpha)
    for number, (name, corruption) in enumerate(CORRUPTIONS.items()):
        if name == "shift" and not (edit.everywhere and edit.kind.endswith("close mask")):
            continue  # a wide mask exists to cover exactly that
        broken = []
        for strength in corruption.strengths:
            after, alpha = corrupt_edit(edit, name, strength, np.random.default_rng((*seed, number)))
            broken.append(measure(edit.before, after, alpha))
        yield Trial(edit.name, edit.kind, name, clean, tuple(broken))


def corrupt_edit(edit: CleanEdit, corruption: str, strength: float, rng: np.random.Generator) -> tuple[Rgb, Alpha]:
    """The edit with one defect, and the alpha that it was composited with.

    Args:
        edit: A clean edit.
        corruption: A name in `CORRUPTIONS`.
        strength: In its unit.
        rng: For directions and signs.
    """
    painted, alpha = edit.painted.astype(np.float32), edit.alpha
    on = alpha > 0
    if corruption == "shift":
        angle = rng.uniform(0, 2 * np.pi)
        matrix = np.array([[1, 0, np.rint(strength * np.cos(angle))], [0, 1, np.rint(strength * np.sin(angle))]])
        moved = cv2.warpAffine(edit.hard.astype(np.uint8), matrix, on.shape[::-1], flags=cv2.INTER_NEAREST) > 0
        alpha = alpha_from(moved, CLOSE, untouchable=np.zeros_like(moved))
        return composite(edit.before, edit.painted, alpha), alpha
    sign = float(rng.choice((-1, 1)))
    if corruption == "ledge":
        fading = np.exp(-np.maximum(_depth_px(on) - 1, 0) / 8)[..., None]
        broken = painted + sign * strength * fading
        return composite(edit.before, to_uint8(broken / 255), on.astype(np.float32)), alpha
    if corruption == "rim":
        broken = painted + sign * 24 * (on & (_depth_px(alpha >= 0.99) <= strength))[..., None]
    elif corruption == "cast":
        broken = painted + strength * _CASTS[rng.integers(len(_CASTS))]
    elif corruption == "wash":
        grey = painted[on].mean()
        broken = grey + strength * (painted - grey)
    elif corruption == "leak":
        old = edit.before.astype(np.float32)
        broken = painted + strength * (old - cv2.GaussianBlur(old, (0, 0), 3))
    elif strength == FLAT:
        broken = np.broadcast_to(painted[on].mean(0), painted.shape)
    else:  # a normalised blur of the inside only, or the blur would be a seam as well
        weight = on.astype(np.float32)
        summed = cv2.GaussianBlur(painted * weight[..., None], (0, 0), strength)
        broken = summed / np.maximum(cv2.GaussianBlur(weight, (0, 0), strength), 1e-4)[..., None]
    return composite(edit.before, to_uint8(broken / 255), alpha), alpha


def _depth_px(mask: Hard) -> Plane:
    depth: Plane = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return depth


# ------------------------------------------------------------------------------------------------------------- counts


def auc(clean: Sequence[float], broken: Sequence[float]) -> float:
    """Area under the ROC curve: how often a broken edit scores above a clean one; a tie counts half."""
    low, high = np.asarray(clean)[:, None], np.asarray(broken)[None]
    return float(np.mean((high > low) + 0.5 * (high == low)))


def tables(trials: Sequence[Trial]) -> str:
    """What is detected, the cross-talk between detectors, and how often the best candidate is chosen."""
    parts = [_by_strength(trials), _cross_talk(trials), _ranking(trials)]
    return "\n\n".join(parts)


def _by_strength(trials: Sequence[Trial]) -> str:
    kinds = list(dict.fromkeys(trial.kind for trial in trials))
    columns = ["detector", "defect", "edits", "AUC", *(f"AUC, {kind}" for kind in kinds), "over its twin", "alarms"]
    lines = [_table_row(columns), _table_row(["---"] * len(columns))]
    for name, corruption in CORRUPTIONS.items():
        here = [trial for trial in trials if trial.corruption == name]
        for place, strength in enumerate(corruption.strengths if here else ()):
            scores = [
                (trial.kind, getattr(trial.clean, corruption.defect), getattr(trial.broken[place], corruption.defect))
                for trial in here
            ]
            what = "flat fill" if strength == FLAT else corruption.unit.format(strength)
            over = np.mean([broken > clean for _, clean, broken in scores])
            alarms = np.mean([broken >= ALARM for _, _, broken in scores])
            areas = [_auc_cell([pair[1:] for pair in scores if pair[0] == kind]) for kind in kinds]
            whole = _auc_cell([pair[1:] for pair in scores])
            lines.append(
                _table_row([corruption.defect, what, str(len(here)), whole, *areas, f"{over:.0%}", f"{alarms:.0%}"])
            )
    return "\n".join(lines)


def _auc_cell(pairs: Sequence[tuple[float, float]]) -> str:
    return f"{auc(*zip(*pairs, strict=True)):.2f}" if pairs else "-"


def _cross_talk(trials: Sequence[Trial]) -> str:
    """The share of alarms of each detector, on clean edits and on each corruption at its medium strength."""
    lines = [_table_row(["edits", *DETECTORS, "total over its twin"]), _table_row(["---"] * (len(DETECTORS) + 2))]
    for kind in dict.fromkeys(trial.kind for trial in trials):
        clean = list({trial.edit: trial.clean for trial in trials if trial.kind == kind}.values())
        lines.append(_table_row([f"clean: {kind}", *_alarms(clean), "-"]))
    for name, corruption in CORRUPTIONS.items():
        here = [trial for trial in trials if trial.corruption == name]
        if here:
            place = corruption.strengths.index(corruption.medium)
            worse = np.mean([trial.broken[place].total > trial.clean.total for trial in here])
            what = f"{name}: {corruption.unit.format(corruption.medium)}"
            lines.append(_table_row([what, *_alarms([trial.broken[place] for trial in here]), f"{worse:.0%}"]))
    return "\n".join(lines)


def _alarms(many: Sequence[Defects]) -> list[str]:
    return [f"{np.mean([getattr(one, name) >= ALARM for one in many]):.0%}" for name in DETECTORS]


def _ranking(trials: Sequence[Trial]) -> str:
    """How often `rank` puts the clean edit first among itself and its corrupted versions of one strength.

    Not the shifted mask: all candidates of an edit share theirs.
    """
    counts = []
    for name, offset in (("weakest", None), ("medium", 0)):
        groups: dict[tuple[str, str], list[Defects]] = {}
        for trial in trials:
            if trial.corruption == "shift":
                continue
            corruption = CORRUPTIONS[trial.corruption]
            place = 0 if offset is None else corruption.strengths.index(corruption.medium)
            groups.setdefault((trial.kind, trial.edit), [trial.clean]).append(trial.broken[place])
        first = sum(rank(many)[0] == 0 for many in groups.values())
        counts.append(f"at {name} strength {first} of {len(groups)}")
    return f"Clean edit ranked first among itself and one with each corruption: {', '.join(counts)}."


def _table_row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


# ------------------------------------------------------------------------------------------------------------- curves

_PANEL_PX, _PAD_PX = 420, 56
_PAPER, _INK, _PALE = (250, 250, 248), (32, 33, 36), (200, 200, 196)


def curves(trials: Sequence[Trial]) -> Rgb:
    """One panel for each detector: false alarms across, detections upwards, a curve for each corruption.

    The thick line of a corruption is its medium strength, the thin one its weakest.
    """
    cell_px = _PANEL_PX + 2 * _PAD_PX
    sheet = Image.new("RGB", (2 * cell_px, 2 * cell_px), _PAPER)
    draw = ImageDraw.Draw(sheet)
    large, small = ImageFont.load_default(22), ImageFont.load_default(16)
    for number, detector in enumerate(DETECTORS):
        x, y = number % 2 * cell_px + _PAD_PX, number // 2 * cell_px + _PAD_PX
        draw.text((x, y - 34), detector, font=large, fill=_INK)
        for tenth in range(0, 11, 2):
            at = tenth / 10 * _PANEL_PX
            draw.line([(x + at, y), (x + at, y + _PANEL_PX)], fill=_PALE)
            draw.line([(x, y + at), (x + _PANEL_PX, y + at)], fill=_PALE)
            draw.text((x + at, y + _PANEL_PX + 6), f"{tenth / 10:g}", font=small, fill=_INK, anchor="ma")
            draw.text((x - 8, y + _PANEL_PX - at), f"{tenth / 10:g}", font=small, fill=_INK, anchor="rm")
        draw.text((x + _PANEL_PX / 2, y + _PANEL_PX + 26), "false alarms", font=small, fill=_INK, anchor="ma")
        draw.line([(x, y + _PANEL_PX), (x + _PANEL_PX, y)], fill=_PALE)
        drawn = [(name, corruption) for name, corruption in CORRUPTIONS.items() if corruption.defect == detector]
        for place, (name, corruption) in enumerate(drawn):
            here = [trial for trial in trials if trial.corruption == name]
            if not here:
                continue
            colour = COLOURS[(6, 0, 4)[place]]
            clean = [getattr(trial.clean, detector) for trial in here]
            for strength, width in ((corruption.strengths[0], 1), (corruption.medium, 3)):
                index = corruption.strengths.index(strength)
                broken = [getattr(trial.broken[index], detector) for trial in here]
                points = [(x + a * _PANEL_PX, y + _PANEL_PX - b * _PANEL_PX) for a, b in roc(clean, broken)]
                draw.line(points, fill=colour, width=width)
            line = y + _PANEL_PX - 24 * (len(drawn) - place)
            draw.text(
                (x + _PANEL_PX - 10, line),
                corruption.unit.format(corruption.medium),
                font=small,
                fill=colour,
                anchor="ra",
            )
    return np.asarray(sheet)


def roc(clean: Sequence[float], broken: Sequence[float]) -> list[tuple[float, float]]:
    """Points from (0, 0) to (1, 1): shares of the clean and of the broken edits that score at least each level."""
    levels = sorted({*clean, *broken}, reverse=True)
    low, high = np.asarray(clean), np.asarray(broken)
    return [(0.0, 0.0), *((float((low >= at).mean()), float((high >= at).mean())) for at in levels)]


if __name__ == "__main__":
    main()
