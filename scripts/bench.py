"""Measures speed and memory, and prints tables that docs/research/benchmarks.md may quote.

    python scripts/bench.py masks      CLIPSeg and SAM ViT-B at full size, random weights: eight phrases against one
    python scripts/bench.py process    whole `automask edit` processes of the starter preset: seconds and peak memory
    python scripts/bench.py paint      the paint editor alone, two objects of a 1536x1024 photo: seconds and peak memory
    python scripts/bench.py textures   drawing each material at 1.5 megapixels, one thread
    python scripts/bench.py camera     whole processes by the size of the photo, against another checkout too
    python scripts/bench.py which      words that point: reading them, telling things apart and choosing, one thread
    python scripts/bench.py jpeg       pixels outside the masks of a JPEG result, encoded again and with its blocks kept
    python scripts/bench.py edit       the diffusion editor against the tutorials' script and its own bare nets
    python scripts/bench.py studio     how soon the studio answers; --soak: clicking, many clients, kills, 200 edits
    python scripts/bench.py batch      200 photos on all cores, against one thread and against a plain loop
    python scripts/bench.py ray        two Ray workers against one
    python scripts/bench.py cluster    Ray nodes on this machine, of which one is lost and one is slow, against one
    python scripts/bench.py crash      a batch killed at 50 random moments against one that was not
    python scripts/bench.py chaos      200 photos under everything that a night may bring, then one plain run
    python scripts/bench.py resume     a finished folder of 1,000 photos, run again
    python scripts/bench.py broken     1,000 photos, 30 of them broken in 15 ways

Machines are noisy: every figure is the median of several runs, alternatives run in turn, and ratios are what to quote.
Random weights are valid for speed and memory, not for quality.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import bench_batch
import bench_camera
import cv2
import numpy as np

SAMPLE = Path(__file__).resolve().parents[1] / "tests" / "data" / "kitchen.jpg"
PHRASES = ("island", "cabinets", "wall", "floor", "window", "countertop", "sofa", "lamp")
POINTING = ("left wall cabinets", "second stool from the right", "largest window", "stools at the island", "back wall")


def main() -> None:
    """Runs the benchmark that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    masks = commands.add_parser("masks", help="eight phrases against one, and against the tutorials' loop")
    masks.add_argument("--runs", type=int, default=3)
    masks.add_argument("--tiny", action="store_true", help="tiny models: to see that the script runs")
    process = commands.add_parser("process", help="whole processes of the starter preset")
    process.add_argument("--runs", type=int, default=5)
    paint = commands.add_parser("paint", help="the paint editor alone, two objects of one photo")
    paint.add_argument("--runs", type=int, default=5)
    paint.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    textures = commands.add_parser("textures", help="drawing each material at 1.5 megapixels, one thread")
    textures.add_argument("--runs", type=int, default=3)
    textures.add_argument("--size", type=int, nargs=2, default=(1500, 1000), metavar=("WIDTH", "HEIGHT"))
    camera = commands.add_parser("camera", help="whole processes by the size of the photo: seconds and peak memory")
    camera.add_argument("--runs", type=int, default=3)
    camera.add_argument("--sizes", nargs="+", choices=tuple(bench_camera.SIZES), default=bench_camera.USUAL)
    camera.add_argument("--against", type=Path, metavar="CHECKOUT", help="a worktree of another commit, run in turn")
    camera.add_argument("--words", default=bench_camera.WORDS)
    which = commands.add_parser("which", help="words that point, one thread; the aim is 30 ms a photo")
    which.add_argument("--runs", type=int, default=15)
    which.add_argument("--photos-from", type=Path, help="a folder of JPEGs; else the kitchen")
    jpeg = commands.add_parser("jpeg", help="what a JPEG result does outside the masks")
    jpeg.add_argument("--photos-from", type=Path, help="a folder of JPEGs; else the kitchen")
    jpeg.add_argument("--qualities", type=int, nargs="*", default=[60, 75, 85, 92, 98])
    jpeg.add_argument("--samplings", nargs="*", default=["4:4:4", "4:2:2", "4:2:0", "4:4:0", "4:1:1"])
    jpeg.add_argument("--resaved", type=int, default=2, help="photos that are saved at every sampling and quality")
    jpeg.add_argument("--picture", type=Path, help="draws the differences outside the first photo's masks, amplified")
    edit = commands.add_parser("edit", help="the diffusion editor, random weights")
    edit.add_argument("--device", default="cpu", help="cuda for meaningful figures")
    edit.add_argument("--engines", nargs="+", choices=("sd15", "sdxl", "klein"), default=["sd15", "sdxl", "klein"])
    edit.add_argument(
        "--random-weights", action="store_true", help="nets of the published size; without it tiny ones (always on cpu)"
    )
    edit.add_argument("--steps", type=int, default=50)
    edit.add_argument("--photos", type=int, default=8, help="in the row of photos painted together")
    edit.add_argument("--runs", type=int, default=3)
    studio = commands.add_parser("studio", help="how soon the studio answers, and what a rough day does to it")
    studio.add_argument("--runs", type=int, default=3)
    studio.add_argument("--soak", action="store_true", help="also clicking, many clients, kills and edits")
    for name, count in (("sessions", 20), ("edits", 200), ("requests", 1000)):
        studio.add_argument(f"--{name}", type=int, default=count)
    _add_batch_commands(commands)
    flags = parser.parse_args()
    if flags.command == "batch" and flags.child:
        bench_batch.loop_once(Path(flags.child[0]), Path(flags.child[1]), int(flags.child[2]))
        return
    if flags.command == "paint" and flags.child:
        paint_once(Path(flags.child[0]), flags.child[1].split("; "))
        return
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, NumPy {np.__version__}\n")
    if flags.command == "masks":
        bench_masks(flags.runs, tiny=flags.tiny)
    elif flags.command == "process":
        bench_process(flags.runs)
    elif flags.command == "edit":
        from bench_edit import bench_edit

        full_size = flags.random_weights and flags.device != "cpu"
        counts = {"runs": flags.runs, "steps": flags.steps, "photos": flags.photos}
        bench_edit(flags.device, flags.engines, full_size=full_size, **counts)
    elif flags.command == "paint":
        bench_paint(flags.runs)
    elif flags.command == "camera":
        bench_camera.bench_camera(flags.runs, flags.sizes, flags.against, flags.words)
    elif flags.command == "which":
        bench_which(sorted(flags.photos_from.glob("*.jpg")) if flags.photos_from else [SAMPLE], flags.runs)
    elif flags.command == "jpeg":
        from bench_jpeg import bench_jpeg

        photos = sorted(flags.photos_from.glob("*.jpg")) if flags.photos_from else [SAMPLE]
        bench_jpeg(photos, flags.qualities, flags.samplings, flags.resaved, flags.picture)
    elif flags.command == "textures":
        bench_textures(flags.runs, flags.size)
    else:
        _bench_servers_and_batches(flags)


def _add_batch_commands(commands: Any) -> None:
    def add(name: str, about: str, photos: int) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = commands.add_parser(name, help=about)
        parser.add_argument("--photos", type=int, default=photos)
        parser.add_argument("--photos-from", type=Path, help="a folder of JPEGs to cut photos from; else the kitchen")
        return parser

    batch = add("batch", "a batch on all cores, against one thread and a plain loop", 200)
    batch.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    batch.add_argument("--per", type=int, default=100, help="photos for each figure of peak memory")
    batch.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    add("ray", "two Ray workers against one", 40)
    cluster = add("cluster", "several Ray nodes, one lost and one slow, against one", 2000)
    cluster.add_argument("--nodes", type=int, default=4)
    cluster.add_argument("--wait-s", type=float, default=0.5, help="seconds that each edit waits")
    cluster.add_argument("--size", type=int, default=256)
    cluster.add_argument("--s3", action="store_true", help="through an S3 server; needs moto[s3], flask, flask-cors")
    crash = add("crash", "a batch killed at random moments against one that was not", 40)
    crash.add_argument("--kills", type=int, default=50)
    crash.add_argument("--workers", type=int, default=1)
    crash.add_argument("--seed", type=int, default=0)
    chaos = add("chaos", "a batch under kills, full disks, clocks that go back and photos that change", 200)
    chaos.add_argument("--events", type=int, default=60)
    chaos.add_argument("--workers", type=int, default=2)
    chaos.add_argument("--seed", type=int, default=0)
    chaos.add_argument("--size", type=int, nargs=2, default=(192, 128), metavar=("WIDTH", "HEIGHT"))
    chaos.add_argument("--stop-s", type=float, default=60.0, help="seconds that processes stand still")
    resume = add("resume", "a finished folder, run again", 1000)
    resume.add_argument("--runs", type=int, default=5)
    resume.add_argument("--size", type=int, nargs=2, default=(384, 256), metavar=("WIDTH", "HEIGHT"))
    broken = add("broken", "a folder with broken photos in it", 1000)
    broken.add_argument("--broken", type=int, default=30)
    broken.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    for parser in (crash, broken, chaos):
        parser.add_argument("--cheap", action="store_true", help="stages that cost next to nothing, small photos")


def _bench_servers_and_batches(flags: argparse.Namespace) -> None:
    if flags.command == "batch":
        bench_batch.bench_batch(flags.photos, flags.photos_from, per=flags.per, workers=flags.workers)
    elif flags.command == "studio":
        from bench_studio import bench_studio

        counts = {"sessions": flags.sessions, "edits": flags.edits, "requests": flags.requests}
        bench_studio(flags.runs, soak=flags.soak, **counts)
    elif flags.command == "ray":
        bench_batch.bench_ray(flags.photos, flags.photos_from)
    elif flags.command == "crash":
        bench_batch.bench_crash(
            flags.kills, flags.photos, flags.photos_from, workers=flags.workers, cheap=flags.cheap, seed=flags.seed
        )
    elif flags.command == "cluster":
        from bench_cluster import bench_cluster

        about = {"nodes": flags.nodes, "wait_s": flags.wait_s, "size_px": flags.size, "s3": flags.s3}
        bench_cluster(flags.photos, flags.photos_from, **about)
    elif flags.command == "chaos":
        from bench_chaos import bench_chaos

        bench_chaos(
            flags.photos,
            flags.photos_from,
            events=flags.events,
            workers=flags.workers,
            cheap=flags.cheap,
            seed=flags.seed,
            size_wh=(flags.size[0], flags.size[1]),
            stop_s=flags.stop_s,
        )
    elif flags.command == "resume":
        size_wh = (flags.size[0], flags.size[1])
        bench_batch.bench_resume(flags.photos, flags.photos_from, runs=flags.runs, size_wh=size_wh)
    else:
        bench_batch.bench_broken(
            flags.photos, flags.broken, flags.photos_from, cheap=flags.cheap, workers=flags.workers
        )


# -------------------------------------------------------------------------------------------------------------- masks


def bench_masks(runs: int, *, tiny: bool) -> None:
    """Segmenter and refiner on one photo: one phrase, eight phrases, and the loop that tutorials use for eight."""
    import torch

    from automask.images import open_photo
    from automask.refiners.sam import Sam
    from automask.segmenters.clipseg import ClipSeg
    from automask.types import Box

    photo = open_photo(SAMPLE).rgb
    with tempfile.TemporaryDirectory() as folder:
        clipseg_path, sam_path = _weights(Path(folder), tiny=tiny)
        segmenter = ClipSeg(model=str(clipseg_path), device="cpu")
        refiner = Sam(model=str(sam_path), device="cpu")
        loop = _Tutorial(clipseg_path, sam_path)
        # With random weights the number of boxes would be random: two for each phrase, always the same.
        boxes = (Box(300, 500, 900, 900), Box(900, 200, 1300, 700))

        def ours(count: int) -> Callable[[], None]:
            def run() -> None:
                heats = segmenter.heats(photo, PHRASES[:count])
                refiner.refine(photo, heats, [boxes] * count)

            return run

        times = _interleave({"one": ours(1), "eight": ours(8), "loop": lambda: loop(photo, PHRASES, boxes)}, runs)
    one = statistics.median(times["one"])
    rows = [
        ("automask, 1 phrase", times["one"], 1.0),
        ("automask, 8 phrases", times["eight"], statistics.median(times["eight"]) / one),
        ("tutorial loop, 8 phrases", times["loop"], statistics.median(times["loop"]) / one),
    ]
    size = "tiny" if tiny else "full size: CLIPSeg ViT-B/16 at 352 px, SAM ViT-B at 1024 px"
    print(f"Masks of one 1536x1024 photo on the CPU; {size}; random weights; torch {torch.__version__},")
    print(f"{torch.get_num_threads()} threads; two fixed boxes a phrase; {runs} runs in turn\n")
    print("| what | median s | min s | max s | times one phrase |\n| --- | --- | --- | --- | --- |")
    for name, seconds, ratio in rows:
        print(f"| {name} | {statistics.median(seconds):.2f} | {min(seconds):.2f} | {max(seconds):.2f} | {ratio:.2f} |")


class _Tutorial:
    """The loop of the usual tutorials: all of CLIPSeg for every phrase, and SAM's embedding for every phrase."""

    def __init__(self, clipseg_path: Path, sam_path: Path) -> None:
        import transformers
        from segment_anything import SamPredictor

        from automask.refiners.sam import load_sam

        self.processor = transformers.CLIPSegProcessor.from_pretrained(clipseg_path)
        self.net = transformers.CLIPSegForImageSegmentation.from_pretrained(clipseg_path).eval()
        self.predictor = SamPredictor(load_sam(sam_path))

    def __call__(self, photo: Any, phrases: Sequence[str], boxes: Sequence[Any]) -> None:
        import torch
        from PIL import Image

        picture = Image.fromarray(photo)
        for phrase in phrases:
            inputs = self.processor(text=[phrase], images=[picture], padding=True, return_tensors="pt")
            with torch.inference_mode():
                self.net(**inputs, interpolate_pos_encoding=True)
            self.predictor.set_image(photo)
            for box in boxes:
                self.predictor.predict(box=np.array([box.x0, box.y0, box.x1, box.y1]), multimask_output=True)


def _weights(folder: Path, *, tiny: bool) -> tuple[Path, Path]:
    """A CLIPSeg folder and a SAM file with random weights, at the published sizes unless `tiny`."""
    from automask.testing import tiny_clipseg_folder, tiny_sam_file

    if tiny:
        return tiny_clipseg_folder(), tiny_sam_file()
    import torch
    from segment_anything import sam_model_registry
    from transformers import CLIPSegConfig, CLIPSegForImageSegmentation, ViTImageProcessor

    torch.manual_seed(0)
    home = folder / "clipseg"
    # The tiny tokenizer knows every letter, which is enough for timing; its special tokens' ids are given to the net.
    shutil.copytree(tiny_clipseg_folder(), home)
    text = json.loads((home / "config.json").read_text(encoding="utf-8"))["text_config"]
    token_ids = {name: text[name] for name in ("bos_token_id", "eos_token_id", "pad_token_id")}
    # Sizes: CIDAS/clipseg-rd64-refined's config.json: ViT-B/16, decoder width 64, complex transposed convolution.
    config = CLIPSegConfig(text_config=token_ids, reduce_dim=64, use_complex_transposed_convolution=True)
    CLIPSegForImageSegmentation(config).save_pretrained(home)
    ViTImageProcessor(size={"height": 352, "width": 352}).save_pretrained(home)
    sam = folder / "sam_vit_b.pth"
    torch.save(sam_model_registry["vit_b"](checkpoint=None).state_dict(), sam)
    return home, sam


# ------------------------------------------------------------------------------------------------------------ process


def bench_process(runs: int) -> None:
    """`automask edit` of a 1536x1024 photo as a whole process: start, imports, model, masks, paint, files."""
    rows: dict[str, list[tuple[float, float]]] = {}
    plans = {
        "one edit": "island -> marble",
        "demo: two edits, three phrases": "island, accent wall -> marble; cabinets -> white",
        "five edits": "island -> marble; cabinets -> white; wall -> #98a48c; floor -> oak; window -> grey",
    }
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(runs + 1):
            for name, words in plans.items():
                command = [sys.executable, "-m", "automask.cli", "edit", str(SAMPLE), words, "-o", folder]
                measured = _run_process(command)
                if turn:  # The first turn warms the disk cache.
                    rows.setdefault(name, []).append(measured)
    print(f"Whole processes, preset starter, 1536x1024, {runs} runs in turn\n")
    _print_table("what", rows)


# -------------------------------------------------------------------------------------------------------------- paint


def bench_paint(runs: int) -> None:
    """Two objects of a photo by the paint editor, each plan in processes of its own that hold nothing else."""
    plans = (
        "white; sage",
        "white marble; walnut",
        "black marble; subway tile",
        "oak herringbone; linen",
        "granite; terrazzo",
    )
    with tempfile.TemporaryDirectory() as folder:
        words = "island -> white; wall -> white"
        _run_process([sys.executable, "-m", "automask.cli", "edit", str(SAMPLE), words, "-o", folder])
        rows: dict[str, list[tuple[float, float]]] = {}
        for turn in range(runs + 1):
            for plan in plans:
                command = [sys.executable, __file__, "paint", "--child", folder, plan]
                output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
                if turn:
                    rows.setdefault(plan, []).append(tuple(json.loads(output)))
    print(f"The paint editor alone: island and wall of a 1536x1024 photo, {runs} processes each in turn\n")
    _print_table("island; wall", rows)


def paint_once(folder: Path, prompts: Sequence[str]) -> None:
    """Prints the seconds that the editor takes for all the prompts, one mask each, and the process's peak MB."""
    import resource

    from automask.editors.paint import Paint
    from automask.images import open_photo

    photo = open_photo(SAMPLE).rgb
    files = sorted((folder / f"{SAMPLE.stem}.masks").glob("*.png"))
    masks = [open_photo(file).rgb[..., 0] > 0 for file in files]
    began = time.perf_counter()
    editor = Paint()
    for mask, prompt in zip(masks, prompts, strict=True):
        photo = editor.paint(photo, mask, prompt, seed=0)
    seconds = time.perf_counter() - began
    print(json.dumps([seconds, _megabytes(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)]))


def bench_textures(runs: int, size: tuple[int, int]) -> None:
    """Each material that is drawn, at 250 px a metre, in CPU seconds of one thread; the aim is 0.35 (marble 0.5)."""
    from automask.editors.paint.catalogue import MATERIALS

    width, height = size
    cv2.setNumThreads(1)
    print(f"Drawing {width}x{height} pixels of a material, one thread, median of {runs}\n")
    print("| material | CPU s |")
    print("|---|---|")
    for name, look in sorted(MATERIALS.items()):
        if look.texture is None:
            continue
        took = []
        for seed in range(runs):
            began = time.process_time()
            look.texture((height, width), 250.0, np.random.default_rng(seed))
            took.append(time.process_time() - began)
        print(f"| {name} | {statistics.median(took):.2f} |", flush=True)


def bench_which(photos: Sequence[Path], runs: int) -> None:
    """What words that point cost beyond a plain phrase, in CPU milliseconds of one thread; the aim is 30 a photo.

    Choosing tells the things of masks apart that are there, and decides. Of walls it includes the net that sees which
    way surfaces face, and which painting a wall runs anyway.
    """
    from automask import load
    from automask.images import open_photo
    from automask.masking import which
    from automask.plan import parse_targets

    cv2.setNumThreads(1)
    stages = load("starter", {"segmenter": {"threads": 1}})
    segmenter: Any = stages.segmenter
    print(f"CPU ms of one thread, {len(photos)} photos, median of {runs} runs\n")
    print("| words | reading | choosing |\n| --- | --- | --- |")
    for words in POINTING:
        plan = parse_targets(words)
        pointings = which.pointings_of(plan, segmenter)
        things = which.things_of_all(pointings)
        read_as = dict(zip(things, segmenter.understand(things), strict=True))
        reading = [_cpu_ms(partial(which.pointings_of, plan, segmenter)) for _ in range(runs)]
        choosing = []
        for path in photos:
            photo = open_photo(path).rgb
            survey = segmenter.survey(photo, things)
            heats = dict(zip(things, survey.heats, strict=True))
            hards = {thing: heat >= stages.boxes.threshold for thing, heat in heats.items()}
            pieces = dict(zip(things, survey.pieces, strict=True))
            sight = which.Sight(photo, segmenter, hards, heats, survey.others, pieces)
            choose = partial(which.chosen_in, sight, pointings, read_as, list_all=False)
            choosing += [_cpu_ms(choose) for _ in range(runs)]
        print(f"| {words} | {statistics.median(reading):.1f} | {statistics.median(choosing):.1f} |", flush=True)


def _cpu_ms(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return 1000 * (time.process_time() - began)


def _run_process(command: Sequence[str]) -> tuple[float, float]:
    """Seconds and peak resident memory in MB of one finished process."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        output = process.stderr.read().decode() if process.stderr else ""
        raise SystemExit(f"{' '.join(command)} failed: {output}")
    return seconds, _megabytes(usage.ru_maxrss)


def _megabytes(peak: int) -> float:
    """A process's peak memory as the system reports it: kilobytes on Linux, bytes on macOS."""
    return peak / (1e6 if sys.platform == "darwin" else 1e3)


def _print_table(head: str, rows: Mapping[str, Sequence[tuple[float, float]]]) -> None:
    """Median, minimum and maximum of the seconds, and the highest peak, of each row's processes."""
    print(f"| {head} | median s | min s | max s | peak MB |\n| --- | --- | --- | --- | --- |")
    for name, measured in rows.items():
        seconds = [item[0] for item in measured]
        peak = max(item[1] for item in measured)
        print(f"| {name} | {statistics.median(seconds):.2f} | {min(seconds):.2f} | {max(seconds):.2f} | {peak:.0f} |")


def _interleave(alternatives: Mapping[str, Callable[[], None]], runs: int) -> dict[str, list[float]]:
    """Seconds of each alternative; they run in turn, so that a slow spell affects all. The first turn is a warm-up."""
    times: dict[str, list[float]] = {name: [] for name in alternatives}
    for turn in range(runs + 1):
        for name, alternative in alternatives.items():
            began = time.perf_counter()
            alternative()
            if turn:
                times[name].append(time.perf_counter() - began)
    return times


if __name__ == "__main__":
    main()
