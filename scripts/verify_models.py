"""Runs every preset on the rendered sample, whose true masks are known, and writes one table: the first thing to do
with real weights.

    python scripts/verify_models.py [--presets NAME ...] [--out OUT] [key=value ...]

Of a preset whose weights are not on this machine it says the command that brings them, and goes on with the next. The
table goes to standard output and, with versions and GPU, to OUT/models.md and OUT/models.json; OUT/NAME holds each
preset's result, masks and record. Paste models.md into an issue: this project could not run these weights itself.
"""

import argparse
import json
import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

import automask
from automask import config
from automask.errors import AutomaskError
from automask.images import open_photo
from automask.painting.defects import measure
from automask.types import Hard, Region
from automask.weights import gpu_peak_mb, machine

DATA = Path(__file__).resolve().parents[1] / "tests" / "data"
SAMPLE, LABELS = DATA / "kitchen.jpg", DATA / "kitchen_labels.png"
PRESETS = ("starter", "rooms", "photo", "open", "best")
TRUTH: Mapping[str, tuple[int, ...]] = {
    "island": (10, 12),
    "cabinets": (7, 8, 9),
    "floor": (3,),
    "ceiling": (4,),
    "window": (5,),
}
"""The ids of the renderer's classes that each phrase means; the label picture has a quarter of the sample's size."""
EDITS = "island -> white marble; cabinets -> forest"


@dataclass(frozen=True, slots=True)
class Verified:
    """How one preset did.

    Args:
        preset: Its name.
        problem: Why it did not run, or the command that brings what it lacks; empty if it ran.
        ious: Of each phrase's mask with the true one; 0 for one that was not found.
        seam, leak: The worst over the edits, 0 clean to 1 broken.
        outside_changed_px: Pixels that differ from the photo where no edit reaches.
        loading_s, masks_s, editing_s: Seconds: reading the models, finding all phrases, and the two edits with masks.
        gpu_peak_gb: The most GPU memory so far in this process; None without a GPU.
    """

    preset: str
    problem: str = ""
    ious: Mapping[str, float] = field(default_factory=dict)
    seam: float | None = None
    leak: float | None = None
    outside_changed_px: int | None = None
    loading_s: float | None = None
    masks_s: float | None = None
    editing_s: float | None = None
    gpu_peak_gb: float | None = None


def main(argv: Sequence[str] | None = None) -> int:
    """Verifies the presets of the command line; 1 if one of them did not run."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--presets", nargs="+", default=list(PRESETS), metavar="NAME")
    parser.add_argument("--out", type=Path, default=Path("out/models"))
    parser.add_argument("overrides", nargs="*", metavar="key=value", help="for every preset, such as device=cuda:1")
    flags = parser.parse_intermixed_args(argv)
    flags.out.mkdir(parents=True, exist_ok=True)
    rows = []
    for preset in flags.presets:
        print(f"{preset} ...", file=sys.stderr, flush=True)
        rows.append(verify(preset, flags.overrides, flags.out / preset))
    table = "\n".join([*_head(), *map(_line, rows), "", *_problems(rows)])
    print(table)
    (flags.out / "models.md").write_text(f"{table}\n", encoding="utf-8")
    kept = {"machine": asdict(machine.this_machine()), "presets": [asdict(row) for row in rows]}
    (flags.out / "models.json").write_text(json.dumps(kept, indent=1), encoding="utf-8")
    return 0 if all(not row.problem for row in rows) else 1


def verify(preset: str, overrides: Sequence[str], out: Path) -> Verified:
    """How one preset does on the sample; what it lacks, if it lacks something."""
    try:
        composed = config.compose(preset, overrides)
        lack = machine.lacks(config.weights_of(composed), needs_models=config.uses_models(composed))
        if not lack.nothing:
            return Verified(preset, problem=f"automask doctor --preset {preset}")
        photo = open_photo(SAMPLE)
        stages, loading_s = machine.measured(lambda: automask.load(preset, list(overrides)))
        regions, masks_s = machine.measured(lambda: automask.mask(photo.rgb, "; ".join(TRUTH), stages=stages))
        outcome, editing_s = machine.measured(lambda: automask.edit(SAMPLE, EDITS, stages=stages))
        outcome.save(out)
    except AutomaskError as error:
        return Verified(preset, problem=str(error))
    painted = [region for region in regions[:2] if region.found]
    defects = [measure(photo.rgb, outcome.image, region.alpha) for region in painted]
    peak = gpu_peak_mb()
    return Verified(
        preset,
        ious=ious_of(regions),
        seam=max((one.seam for one in defects), default=None),
        leak=max((one.leak for one in defects), default=None),
        outside_changed_px=outcome.record["outside_changed_px"],
        loading_s=round(loading_s, 2),
        masks_s=round(masks_s, 2),
        editing_s=round(editing_s, 2),
        gpu_peak_gb=None if peak is None else round(peak / 1000, 2),
    )


def ious_of(regions: Sequence[Region]) -> dict[str, float]:
    """The intersection over union of each phrase's mask with the true one."""
    labels: npt.NDArray[Any] | None = cv2.imread(str(LABELS), cv2.IMREAD_UNCHANGED)
    assert labels is not None, LABELS
    found = {}
    for region in regions:
        true: Hard = np.isin(labels, TRUTH[region.target])
        share = cv2.resize(region.hard.astype(np.float32), true.shape[::-1], interpolation=cv2.INTER_AREA)
        mine = share >= 0.5
        found[region.target] = round(float((mine & true).sum() / max(1, (mine | true).sum())), 3)
    return found


def _head() -> list[str]:
    here = machine.this_machine()
    gpu = ", ".join(one.name for one in here.gpus) or "no GPU"
    versions = ", ".join(f"{name} {here.packages[name] or 'absent'}" for name in ("torch", "transformers", "diffusers"))
    columns = ["preset", *(f"IoU {phrase}" for phrase in TRUTH), "seam", "leak", "outside px"]
    columns += ["loading s", "masks s", "edits s", "peak GB"]
    return [
        f"automask {automask.__version__}, Python {platform.python_version()}, {versions}, {here.system}, {gpu}",
        "",
        f"| {' | '.join(columns)} |",
        f"|{'---|' * len(columns)}",
    ]


def _line(row: Verified) -> str:
    if row.problem:
        return f"| {row.preset} |{' |' * (len(TRUTH) + 7)}"
    numbers = [row.seam, row.leak, row.outside_changed_px, row.loading_s, row.masks_s, row.editing_s, row.gpu_peak_gb]
    cells = [f"{row.ious[phrase]:.2f}" for phrase in TRUTH]
    cells += [
        "" if number is None else f"{number:g}" if isinstance(number, int) else f"{number:.2f}" for number in numbers
    ]
    return f"| {row.preset} | {' | '.join(cells)} |"


def _problems(rows: Sequence[Verified]) -> list[str]:
    return [f"{row.preset} did not run: {row.problem}" for row in rows if row.problem]


if __name__ == "__main__":
    sys.exit(main())
