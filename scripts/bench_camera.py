"""`bench.py camera`: seconds and memory of whole processes, by the size of the photo."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "tests" / "data" / "kitchen.jpg"
WORDS = "cabinets -> white; floor -> oak planks; walls -> sage green"
SIZES = {"1536x1024": (1536, 1024), "12 MP": (4032, 3024), "24 MP": (6000, 4000), "100 MP": (11520, 8640)}
"""Width and height of the photos."""
USUAL = ("1536x1024", "12 MP", "24 MP")
GOALS = {"1536x1024": (2.0, 400.0), "12 MP": (6.0, 800.0), "24 MP": (11.0, 1200.0), "100 MP": (None, 4000.0)}
"""Seconds on two free cores, and MB."""
_BAND_ROWS = 256

# What any editor of JPEGs must do: decode, and encode with the same quality and sampling.
_DECODE_AND_ENCODE = """
import sys
from PIL import Image
Image.MAX_IMAGE_PIXELS = None
image = Image.open(sys.argv[1])
image.load()
image.save(sys.argv[2], "JPEG", quality=92, subsampling="4:2:0")
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one process took.

    Args:
        wall_s: Seconds from start to end.
        cpu_s: Processor seconds, of all its threads: on a machine that others use they say more.
        peak_mb: Its highest resident memory, in 10**6 bytes.
    """

    wall_s: float
    cpu_s: float
    peak_mb: float


def bench_camera(runs: int, sizes: Sequence[str], against: Path | None, words: str) -> None:
    """Prints one row for each size: decoding and encoding alone, this checkout, and another one.

    Args:
        runs: Medians are over this many, in turn.
        sizes: Keys of `SIZES`.
        against: Another checkout of this repository, such as a worktree of an older commit.
        words: The edits.
    """
    print(f"{words!r}, preset starter, whole processes, medians of {runs} in turn\n")
    head = ["photo", "file MB", "what", "s", "processor s", "peak MB", "goal"]
    print(f"| {' | '.join(head)} |\n|{' --- |' * len(head)}", flush=True)
    edits = {"this checkout": ROOT} | ({} if against is None else {"the other checkout": against.resolve()})
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)

        def edit(photo: Path, checkout: Path, out: str) -> Cost:
            command = [sys.executable, "-m", "automask", "edit", str(photo), words, "-o", str(home / out)]
            # As installed: a checkout whose bytecode may not be written would be compiled anew each time.
            compiled = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(home / "bytecode")}
            variables = {
                "PYTHONPATH": str(checkout),
                "PYTHONSAFEPATH": "1",
                "AUTOMASK_CACHE": str(home / "cache"),
                **compiled,
            }
            return cost_of([*command, "mask_cache_mb=0"], variables)

        first = home / "first.jpg"
        subprocess.run([sys.executable, __file__, str(first), "384", "256"], check=True)
        for what, checkout in edits.items():
            edit(first, checkout, f"first-{what}")
        for name in sizes:
            photo = home / f"{name.replace(' ', '')}.jpg"
            # In a process of its own: a child's peak counts what its parent held when it was started.
            subprocess.run([sys.executable, __file__, str(photo), *map(str, SIZES[name])], check=True)
            costs: dict[str, list[Cost]] = {}
            for turn in range(runs):
                plain = [sys.executable, "-c", _DECODE_AND_ENCODE, str(photo), str(home / "plain.jpg")]
                costs.setdefault("decode and encode", []).append(cost_of(plain, {}))
                for what, checkout in edits.items():
                    costs.setdefault(what, []).append(edit(photo, checkout, f"{turn}-{what}"))
            for what, found in costs.items():
                goal_s, goal_mb = GOALS[name] if what == "this checkout" else (None, None)
                goal = ", ".join(
                    f"{value:g} {unit}" for value, unit in ((goal_s, "s"), (goal_mb, "MB")) if value is not None
                )
                wall, cpu, peak = (
                    statistics.median(getattr(cost, field) for cost in found)
                    for field in ("wall_s", "cpu_s", "peak_mb")
                )
                size = photo.stat().st_size / 1e6
                print(f"| {name} | {size:.1f} | {what} | {wall:.2f} | {cpu:.2f} | {peak:.0f} | {goal} |", flush=True)


def cost_of(command: Sequence[str], variables: dict[str, str]) -> Cost:
    """The cost of one process; stops the benchmark where it fails."""
    with tempfile.TemporaryFile() as said:
        began = time.perf_counter()
        process = subprocess.Popen(command, stdout=said, stderr=said, env={**os.environ, **variables})
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            raise SystemExit(f"{' '.join(command)} failed: {said.read().decode()}")
    peak = usage.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e6 / 1024)
    return Cost(wall_s, usage.ru_utime + usage.ru_stime, peak)


def write_photo(path: Path, size_wh: tuple[int, int]) -> None:
    """Writes the rendered kitchen at another size as a camera would: sharp noise that grows with light, JPEG, 4:2:0.

    The middle of the render with the right sides is scaled up. The noise is one frame's at ISO 800 or so: about 3
    levels in the shadows and 5 in the lights, half of it grown together over neighbours by demosaicing.
    """
    import cv2
    import numpy as np
    from PIL import Image

    width, height = size_wh
    render = np.asarray(Image.open(SAMPLE).convert("RGB"))
    high, wide = render.shape[:2]
    scale = min(wide / width, high / height)
    part_h, part_w = round(height * scale), round(width * scale)
    top, left = (high - part_h) // 2, (wide - part_w) // 2
    part = np.ascontiguousarray(render[top : top + part_h, left : left + part_w])
    photo = cv2.resize(part, size_wh, interpolation=cv2.INTER_CUBIC)
    chance = np.random.default_rng(0)
    for start in range(0, height, _BAND_ROWS):
        band = photo[start : start + _BAND_ROWS].astype(np.float32)
        sharp = chance.standard_normal(band.shape, np.float32)
        smooth = cv2.GaussianBlur(chance.standard_normal(band.shape, np.float32), (0, 0), 0.8)
        noise = sharp * np.float32(0.7) + smooth * np.float32(2.0)
        band += noise * (3 + 2 * band / 255)
        photo[start : start + _BAND_ROWS] = np.clip(np.rint(band), 0, 255).astype(np.uint8)
    Image.fromarray(photo).save(path, "JPEG", quality=92, subsampling="4:2:0")


if __name__ == "__main__":
    write_photo(Path(sys.argv[1]), (int(sys.argv[2]), int(sys.argv[3])))
