"""What `bench.py` measures of whole batches: speed and memory, killed runs, resumed runs, broken photos, Ray.

Everything runs as real processes of the command line. Wall-clock seconds are meaningful on an idle machine only, the
processor seconds on a busy one, too.
"""

import contextlib
import csv
import io
import json
import os
import random
import re
import shutil
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
SAMPLE = HERE.parent / "tests" / "data" / "kitchen.jpg"
RAY = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_worker_niceness": "0"}
"""No usage reports, and the priority of ordinary processes: Ray would set the niceness of its workers to 15."""
WORDS = "wall -> sage green; floor -> oak"
SIZE_WH = (768, 512)
_SUMMARY = '{"summary"'
"""How the last line of what a batch prints begins."""


# -------------------------------------------------------------------------------------------------------------- photos


def make_photos(
    folder: Path, count: int, *, photos_from: Path | None, size_wh: tuple[int, int] = SIZE_WH
) -> tuple[Path, ...]:
    """`count` JPEGs of one size, each another crop of the photos of a folder, or of the packaged kitchen."""
    from PIL import Image

    sources = [SAMPLE] if photos_from is None else sorted(photos_from.glob("*.jpg"))
    if not sources:
        raise SystemExit(f"no .jpg in {photos_from}")
    rng = random.Random(0)
    pictures = [Image.open(path).convert("RGB") for path in sources]
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number in range(count):
        picture = pictures[number % len(pictures)]
        share = rng.uniform(0.8, 1.0) * min(picture.width / size_wh[0], picture.height / size_wh[1])
        width, height = int(size_wh[0] * share), int(size_wh[1] * share)
        x, y = rng.randint(0, picture.width - width), rng.randint(0, picture.height - height)
        paths.append(folder / f"{number:04}.jpg")
        picture.crop((x, y, x + width, y + height)).resize(size_wh).save(paths[-1], quality=92)
    return tuple(paths)


class UpperHalf:
    """A segmenter that finds everything in the upper half: it shows what a batch costs without its models."""

    def heats(self, photo: Any, targets: Sequence[str]) -> Any:
        """[N, H, W] float32: 1 above, 0 below."""
        heats = np.zeros((len(targets), *photo.shape[:2]), np.float32)
        heats[:, : photo.shape[0] // 2] = 1
        return heats


def cheap_conf(folder: Path) -> list[str]:
    """Arguments for a preset of almost no cost, whose files are written into the folder."""
    files = {
        "preset/cheap.yaml": "# @package _global_\n# Costs next to nothing.\ndefaults:\n"
        "  - override /segmenter: upper\n  - override /boxes: default\n  - override /refiner: threshold\n"
        "  - override /mask: tight\n  - override /editor: plain\n",
        "segmenter/upper.yaml": "# The upper half.\n_target_: bench_batch.UpperHalf\n",
        "editor/plain.yaml": "# One colour.\n_target_: automask.testing.Fill\nrgb: [152, 164, 140]\n",
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return ["--preset", "cheap", "--conf", str(folder)]


# ------------------------------------------------------------------------------------------------------------ processes


@dataclass(frozen=True, slots=True)
class ProcessResult:
    """One finished process.

    Args:
        seconds: Wall-clock time of the whole process.
        cpu_s: Processor seconds of the process and all its children.
        line_times_s: When each line of standard output arrived, from the start; the summary's is not among them.
        peaks_mb: Highest resident memory of the process tree in each hundred (or `per`) lines.
        status: Its exit status.
        output: Standard output, line by line.
    """

    seconds: float
    cpu_s: float
    line_times_s: tuple[float, ...]
    peaks_mb: tuple[float, ...]
    status: int
    output: tuple[str, ...]


def batch_command(source: Path, out: Path, *more: str, words: str = WORDS) -> list[str]:
    """`automask batch` of this checkout, which prints a line for each photo."""
    return [sys.executable, "-m", "automask.cli", "batch", str(source), words, "-o", str(out), "--json", *more]


def environment(variables: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of the measured processes, in which this checkout and this folder can be imported."""
    paths = [str(HERE.parent), str(HERE), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), **RAY, **(variables or {})}


def run(
    command: Sequence[str],
    *,
    per: int = 100,
    accepted: Sequence[int] = (0,),
    variables: Mapping[str, str] | None = None,
) -> ProcessResult:
    """Runs a process to its end, with the memory of its whole tree sampled five times a second."""
    began = time.perf_counter()
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment(variables)
        )
        lines: list[tuple[float, str]] = []
        assert process.stdout is not None
        reader = threading.Thread(
            target=lambda stream: lines.extend((time.perf_counter() - began, line) for line in stream),
            args=(process.stdout,),
        )
        reader.start()
        peaks: dict[int, float] = {}
        while True:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            hundred = len(lines) // per
            peaks[hundred] = max(peaks.get(hundred, 0.0), tree_mb(process.pid))
            time.sleep(0.2)
        seconds = time.perf_counter() - began
        reader.join()
        lines = [one for one in lines if not one[1].startswith(_SUMMARY)]
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in accepted:
            errors.seek(0)
            raise SystemExit(f"{' '.join(command)} ended with {process.returncode}: {errors.read().decode()[-2000:]}")
    return ProcessResult(
        seconds,
        usage.ru_utime + usage.ru_stime,
        tuple(when for when, _ in lines),
        tuple(peaks[key] for key in sorted(peaks) if key * per < max(len(lines), 1)),
        process.returncode,
        tuple(line for _, line in lines),
    )


def tree_mb(root: int) -> float:
    """Resident memory of a process and all below it, in MB; shared pages count for each. 0 where there is no /proc."""
    parents: dict[int, int] = {}
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            # The name, in brackets, may hold spaces: what follows the last bracket is the state, then the parent.
            parents[int(place.name)] = int((place / "stat").read_text().rpartition(")")[2].split()[1])
    inside = {root}
    while more := {pid for pid, parent in parents.items() if parent in inside} - inside:
        inside |= more
    pages = 0
    for pid in inside:
        with contextlib.suppress(OSError, ValueError, IndexError):
            pages += int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def load_note() -> str:
    """The load of the machine, as text."""
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


def files_in(folder: Path) -> dict[str, bytes]:
    """Every file's bytes by its path, without what differs from run to run: the log, and a record's `timing`."""
    files = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != "batch.log":
            data = path.read_bytes()
            if path.name.endswith(".run.json"):
                with contextlib.suppress(ValueError):
                    data = json.dumps({**json.loads(data), "timing": None}, sort_keys=True).encode()
            files[path.relative_to(folder).as_posix()] = data
    return files


def differences(one: Mapping[str, bytes], other: Mapping[str, bytes]) -> list[str]:
    """Names of the files that only one has, or that differ."""
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


# --------------------------------------------------------------------------------------------------------------- batch


def bench_batch(photos: int, photos_from: Path | None, *, per: int, workers: int) -> None:
    """A batch on all cores against single-thread times, and against a plain loop with the libraries' threads."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        make_photos(folder / "in", photos, photos_from=photos_from)
        print(f"{photos} photos of {SIZE_WH[0]}x{SIZE_WH[1]}, preset starter, {WORDS!r}; {load_note()}\n")
        rows = {}
        for name, command, variables in (
            ("loop, 1 thread", _loop(folder, "single", 1), {"OMP_NUM_THREADS": "1"}),
            ("plain loop over automask.edit", _loop(folder, "loop", 0), {}),
            ("automask batch", batch_command(folder / "in", folder / "batch"), {}),
            (
                f"automask batch --workers {workers}",
                batch_command(folder / "in", folder / "many", "--workers", str(workers)),
                {},
            ),
        ):
            rows[name] = run(command, per=per, variables=variables)
        alone, loop, _, many = rows.values()
        print(
            "| what | s | photos a second | processor s | peak MB, by hundred photos |\n| --- | --- | --- | --- | --- |"
        )
        for name, result in rows.items():
            peaks = ", ".join(f"{peak:.0f}" for peak in result.peaks_mb)
            print(f"| {name} | {result.seconds:.1f} | {photos / result.seconds:.2f} | {result.cpu_s:.1f} | {peaks} |")
        each = [float(line) for line in alone.output]
        start = alone.seconds - sum(each)
        best = sum(each) / workers + start
        print(f"\nA photo takes {statistics.median(each):.2f} s on one thread (median), a start {start:.1f} s.")
        print(f"Goal: at most 1.1 x (photo times / {workers} + one start) = {1.1 * best:.1f} s: ", end="")
        print(f"{many.seconds:.1f} s, {many.seconds / best:.2f} x")
        print(f"Goal: at least 1.25 times the plain loop's photos a second: {loop.seconds / many.seconds:.2f}")
        print(f"Processor seconds against one thread's (1.00 is no waste): {many.cpu_s / alone.cpu_s:.2f}")
        if len(many.peaks_mb) > 1:
            print(
                f"Goal: the last hundred's peak within 5 % of the first's: {many.peaks_mb[-1] / many.peaks_mb[0]:.3f}"
            )
        pictures = sum(path.stat().st_size for path in (folder / "many").rglob("*") if path.is_file())
        print(f"Written: {pictures / photos / 1e3:.0f} kB a photo; {load_note()} at the end")
        wrong = differences(files_in(folder / "batch"), files_in(folder / "many"))
        if wrong:
            raise SystemExit(f"several workers wrote other files than one: {wrong[:5]}")


def _loop(folder: Path, name: str, threads: int) -> list[str]:
    child = [str(folder / "in"), str(folder / name), str(threads)]
    return [sys.executable, str(HERE / "bench.py"), "batch", "--child", *child]


def loop_once(source: Path, out: Path, threads: int) -> None:
    """Edits a folder's photos one after another as a script would, and prints each one's seconds."""
    import cv2

    import automask

    if threads:
        cv2.setNumThreads(threads)
    overrides = [f"segmenter.threads={threads}"] if threads else []
    stages = automask.load("starter", overrides)
    for photo in sorted(source.iterdir()):
        began = time.perf_counter()
        automask.edit(photo, WORDS, stages=stages).save(out)
        print(time.perf_counter() - began, flush=True)


def bench_ray(photos: int, photos_from: Path | None) -> None:
    """Two Ray actors against one, a thread each; the files must be those of the serial run."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        make_photos(folder / "in", photos, photos_from=photos_from)
        print(f"{photos} photos of {SIZE_WH[0]}x{SIZE_WH[1]}, preset starter, {WORDS!r}; {load_note()}\n")
        print("| what | s | processor s | photos a second once all work |\n| --- | --- | --- | --- |")
        rates = {}
        for workers, more in ((0, []), (1, ["--mapper", "ray"]), (2, ["--mapper", "ray"])):
            out = folder / f"out{workers}"
            result = run(batch_command(folder / "in", out, *more, *(["--workers", str(workers)] if workers else [])))
            times = result.line_times_s[max(workers, 1) - 1 :]
            rates[workers] = (len(times) - 1) / (times[-1] - times[0])
            name = f"ray, {workers} worker{'s' * (workers > 1)}" if workers else "serial"
            print(f"| {name} | {result.seconds:.1f} | {result.cpu_s:.1f} | {rates[workers]:.2f} |")
            wrong = differences(files_in(folder / "out0"), files_in(out))
            if wrong:
                raise SystemExit(f"Ray wrote other files than the serial run: {wrong[:5]}")
        print(f"\nTwo Ray workers against one: {rates[2] / rates[1]:.2f}; the files are those of the serial run.")
        print(f"(Ray's own processes are not in the processor seconds.) {load_note()} at the end")


# --------------------------------------------------------------------------------------------------------------- crash


def bench_crash(kills: int, photos: int, photos_from: Path | None, *, workers: int, cheap: bool, seed: int) -> None:
    """Kills whole batches at random moments, resumes them, and compares the end with an uninterrupted run.

    Exits with a message where a photo that was reported as done is lost, a finished one is done again, a file is
    half-written, or the end differs in a byte.
    """
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        paths = make_photos(folder / "in", photos, photos_from=photos_from)
        more = ["--workers", str(workers), *(cheap_conf(folder / "conf") if cheap else [])]
        reference = run(batch_command(folder / "in", folder / "straight", *more))
        whole = files_in(folder / "straight")
        start, work = reference.line_times_s[0], reference.line_times_s[-1] - reference.line_times_s[0]
        print(f"{photos} photos, {workers} workers: {reference.seconds:.1f} s undisturbed; {load_note()}")
        out = folder / "out"
        command = batch_command(folder / "in", out, *more)
        counts = {
            "kills": 0,
            "rounds": 0,
            "begun on disk": 0,
            "reported and lost": 0,
            "done again": 0,
            "half-written": 0,
        }
        counts |= {"temporary files left": 0, "differing at the end": 0}
        finished: dict[str, bytes] = {}
        checked: dict[Path, tuple[int, int]] = {}
        while counts["kills"] < kills:
            # Moments from before the first import to a few photos later: a round takes several kills.
            moment = rng.uniform(0.0, start + 3 * workers * work / photos)
            reported = _kill_after(command, moment)
            if reported is None:
                counts["rounds"] += 1
                _finish_round(out, whole, finished, counts)
                finished, checked = {}, {}
                continue
            counts["kills"] += 1
            records = {path.name: path.read_bytes() for path in out.rglob("*.run.json")}
            counts["reported and lost"] += sum(f"{name}.run.json" not in records for name in reported)
            counts["done again"] += sum(records.get(name) != data for name, data in finished.items())
            names = {path.name.partition(".")[0] for path in out.glob("[0-9]*")}
            begun = len(names - {name.partition(".")[0] for name in records})
            counts["begun on disk"] += begun
            if begun > workers:
                raise SystemExit(f"{begun} photos were begun and not done, with {workers} workers")
            counts["half-written"] += _half_written(out, checked)
            counts["temporary files left"] += sum(1 for _ in out.rglob(".automask-*"))
            finished = records
        run(command)
        counts["rounds"] += 1
        _finish_round(out, whole, finished, counts)
        print("\n| what | count |\n| --- | --- |")
        for name, count in counts.items():
            print(f"| {name} | {count} |")
        print(f"\nOf {len(paths)} photos, a kill costs those in flight, at most {workers}.")
        bad = {
            name: counts[name] for name in ("reported and lost", "done again", "half-written", "differing at the end")
        }
        if any(bad.values()):
            raise SystemExit(f"a killed batch ends differently from an uninterrupted one: {bad}")


def _kill_after(command: Sequence[str], moment_s: float) -> list[str] | None:
    """Names of the photos that a batch reported as done before it was killed with its children; None if it ended."""
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(), start_new_session=True
    )
    try:
        process.wait(moment_s)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        # The last line may be cut.
        lines = [line for line in output.splitlines(keepends=True) if line.endswith("\n")]
        return [json.loads(line)["name"] for line in lines if not line.startswith(_SUMMARY)]
    _, wrong = process.communicate()
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}: {wrong[-2000:]}")
    return None


def _finish_round(out: Path, whole: Mapping[str, bytes], finished: Mapping[str, bytes], counts: dict[str, int]) -> None:
    wrong = differences(whole, files_in(out))
    if wrong:
        print(f"differs: {wrong[:5]}")
    counts["differing at the end"] += len(wrong)
    counts["done again"] += sum((out / name).read_bytes() != data for name, data in finished.items())
    shutil.rmtree(out)


def _half_written(out: Path, checked: dict[Path, tuple[int, int]]) -> int:
    """How many new files under their final names cannot be read to their end."""
    from PIL import Image

    broken = 0
    for path in out.rglob("*"):
        if not path.is_file() or path.name.startswith(".automask-"):
            continue
        about = path.stat()
        if checked.get(path) == (about.st_size, about.st_mtime_ns):
            continue
        checked[path] = (about.st_size, about.st_mtime_ns)
        try:
            if path.suffix == ".json":
                json.loads(path.read_text(encoding="utf-8"))
            elif path.suffix in (".jpg", ".png"):
                with Image.open(path) as picture:
                    picture.load()
        except (OSError, ValueError, SyntaxError):
            broken += 1
    return broken


# -------------------------------------------------------------------------------------------------------------- resume


def bench_resume(photos: int, photos_from: Path | None, *, runs: int, size_wh: tuple[int, int]) -> None:
    """Seconds that a finished folder takes when the batch is run again, as the preset starter's own command."""
    import automask
    from automask.batches.find import find_jobs
    from automask.plan import variants_from
    from automask.refiners.threshold import Threshold
    from automask.testing import Fill

    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        make_photos(folder / "in", photos, photos_from=photos_from, size_wh=size_wh)
        # Cheap objects under the starter's configuration: the records are those of the real preset, made fast.
        real = automask.load("starter")
        stand_ins: dict[str, Any] = {
            "segmenter": UpperHalf(),
            "refiner": Threshold(),
            "editor": Fill(rgb=(152, 164, 140)),
        }
        for name, stand_in in stand_ins.items():
            stand_in.own_files = getattr(getattr(real, name), "own_files", ())
        cheap = replace(real, **stand_ins)
        for job in find_jobs(str(folder / "in"), out=folder / "out", variants=variants_from(WORDS)).jobs:
            automask.edit(job.photo, WORDS, stages=cheap).save(job.out, name=job.name)
        command = batch_command(folder / "in", folder / "out")
        first = run(command)
        before = files_in(folder / "out")
        again = [run(command) for _ in range(runs)]
        skipped = sum(json.loads(line)["status"] == "skipped" for line in again[-1].output)
        print(f"A finished folder of {photos} photos of {size_wh[0]}x{size_wh[1]}, run again; {load_note()}\n")
        print("| what | median s | min s | max s | processor s |\n| --- | --- | --- | --- | --- |")
        print(f"| first, which also draws the contact sheet | {first.seconds:.2f} | | | {first.cpu_s:.2f} |")
        seconds = [result.seconds for result in again]
        cpu = statistics.median(result.cpu_s for result in again)
        row = f"{statistics.median(seconds):.2f} | {min(seconds):.2f} | {max(seconds):.2f} | {cpu:.2f}"
        print(f"| again | {row} |")
        resumed_s = statistics.median(result.line_times_s[-1] - result.line_times_s[0] for result in again)
        print(f"\n{photos / max(resumed_s, 1e-9):.0f} photos looked at a second. Goal for 1,000: under 3 s.")
        if skipped != photos or differences(before, files_in(folder / "out")):
            raise SystemExit(f"only {skipped} of {photos} were skipped, or a file changed")


# -------------------------------------------------------------------------------------------------------------- broken


def _png_chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _png_of_size(width: int, height: int) -> bytes:
    header = _png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + _png_chunk(b"IDAT", zlib.compress(bytes(4000)))


def _encoded(picture: Any, format_: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, format_, **options)
    return stream.getvalue()


def broken_ways(picture: Any) -> dict[str, Callable[[Path], None]]:
    """Fifteen kinds of files that cannot be edited: what is wrong, and what writes one (a path without its suffix)."""
    from PIL import Image

    jpeg, png = _encoded(picture, "JPEG", quality=90), _encoded(picture, "PNG")
    noise = random.Random(0).randbytes(4000)
    start = jpeg.index(b"\xff\xda")  # start of scan: from here on the JPEG is picture data
    floats = Image.fromarray(np.asarray(picture.convert("L"), dtype=np.float32))

    def file_with(suffix: str, data: bytes) -> Callable[[Path], None]:
        def write(path: Path) -> None:
            path.with_suffix(suffix).write_bytes(data)

        return write

    ways: dict[str, Callable[[Path], None]] = {
        "zero bytes": file_with(".jpg", b""),
        "JPEG cut in half": file_with(".jpg", jpeg[: len(jpeg) // 2]),
        "JPEG cut before its picture": file_with(".jpg", jpeg[:start]),
        "JPEG's first bytes, then noise": file_with(".jpg", jpeg[:2] + noise),
        "PNG cut in half": file_with(".png", png[: len(png) // 2]),
        "PNG with a wrong checksum": file_with(".png", png.replace(b"IDAT", b"IDAT\x55", 1)),
        "PNG of 60,000 x 60,000 by its header": file_with(".png", _png_of_size(60_000, 60_000)),
        "a text": file_with(".jpg", b"This is not a picture.\n"),
        "a web page": file_with(".jpg", b"<!DOCTYPE html><html><body>404</body></html>"),
        "a drawing (SVG)": file_with(".png", b'<svg xmlns="http://www.w3.org/2000/svg"></svg>'),
        "a PDF": file_with(".jpg", b"%PDF-1.7\n" + noise),
        "a film": file_with(".jpg", b"\x00\x00\x00\x18ftypisom" + noise),
        "TIFF of floating-point samples": file_with(".tif", _encoded(floats, "TIFF")),
        "a link that leads nowhere": lambda path: path.with_suffix(".jpg").symlink_to("gone.jpg"),
    }
    if hasattr(os, "geteuid") and os.geteuid() != 0:
        ways["a file that may not be read"] = lambda path: _unreadable(path.with_suffix(".jpg"), jpeg)
    else:  # root reads everything
        ways["a zip archive"] = file_with(".webp", b"PK\x03\x04" + noise)
    return ways


def _unreadable(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    path.chmod(0)


def unusual_photos(picture: Any) -> dict[str, bytes]:
    """Names and bytes of photos that look broken but are valid: they are edited like any other."""
    grey = picture.convert("L")
    other = picture.transpose(0)
    return {
        "odd-animated.gif": _encoded(picture.convert("P"), "GIF", save_all=True, append_images=[other.convert("P")]),
        "odd-animated.webp": _encoded(picture, "WEBP", save_all=True, append_images=[other]),
        "odd-cmyk.jpg": _encoded(picture.convert("CMYK"), "JPEG"),
        "odd-grey.png": _encoded(grey, "PNG"),
        "odd-png-by-content.jpg": _encoded(picture, "PNG"),
    }


def bench_broken(photos: int, broken: int, photos_from: Path | None, *, cheap: bool, workers: int) -> None:
    """A folder with broken photos in it: the others are done, every broken one is reported in one line."""
    from PIL import Image

    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        source = folder / "in"
        size_wh = (192, 128) if cheap else SIZE_WH
        paths = make_photos(source, photos - broken, photos_from=photos_from, size_wh=size_wh)
        picture = Image.open(paths[0]).convert("RGB")
        for path, (name, data) in zip(paths, unusual_photos(picture).items(), strict=False):
            path.unlink()
            (source / name).write_bytes(data)
        (source / "a folder.jpg").mkdir()
        (source / "._0001.jpg").write_bytes(b"what a Mac leaves next to a photo")
        ways = broken_ways(picture)
        named: dict[str, str] = {}
        for number in range(broken):
            way = list(ways)[number % len(ways)]
            ways[way](source / f"broken-{number:03}")
            named[f"broken-{number:03}"] = way
        more = ["--workers", str(workers), *(cheap_conf(folder / "conf") if cheap else [])]
        result = run(batch_command(source, folder / "out", *more), accepted=(0, 4))
        done = sum(json.loads(line)["status"] == "done" for line in result.output)
        with (folder / "out" / "failures.csv").open(encoding="utf-8", newline="") as file:
            reasons = {Path(row["photo"]).stem: row["reason"] for row in csv.DictReader(file)}
        print(f"{photos} photos, {broken} of them broken in {len(ways)} ways; {result.seconds:.0f} s; {load_note()}\n")
        print("| what is wrong | message |\n| --- | --- |")
        shown = {named.get(stem, stem): reason for stem, reason in reversed(reasons.items())}
        for way, reason in sorted(shown.items()):
            print(f"| {way} | {re.sub(re.escape(str(source)) + '/?', '', reason)} |")
        print(f"\n{done} done, {len(reasons)} reported, exit status {result.status}.")
        lines = all(reason and "\n" not in reason for reason in reasons.values())
        if done != photos - broken or set(reasons) != set(named) or result.status != 4 or not lines:
            raise SystemExit(
                f"wanted {photos - broken} done and {broken} reported: {sorted(set(named) ^ set(reasons))}"
            )
