"""`bench.py cluster`: a batch on a Ray cluster of several nodes, all on this machine.

Each node is a raylet of its own with workers of its own, as on separate machines, and photos and results go through
fsspec, with `--s3` through an S3 server on this machine. Many nodes on few cores say nothing of throughput, so the
editor waits, as for a GPU: what is measured is how the nodes overlap, that a lost and a slow one cost no photo, and
what the driver holds.
"""

import contextlib
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from bench_batch import WORDS, batch_command, differences, environment, files_in, load_note, make_photos, run
from s3_server import s3_server

BUCKET = "listing"
SLOW = "BENCH_SLOW"
"""The variable that says, on a node, how many times as long its editor waits."""


class Waiting:
    """An editor of one colour that waits, as one does for a GPU.

    Args:
        seconds: For each crop.
    """

    multiple_px, ideal_px = 1, 0

    def __init__(self, *, seconds: float = 0.5) -> None:
        self.seconds = seconds

    def paint(self, crop: Any, hard: Any, prompt: str, *, seed: int) -> Any:  # noqa: ARG002 - the protocol's signature
        """[h, w, 3] uint8: one colour."""
        time.sleep(self.seconds * float(os.environ.get(SLOW, "1")))
        return np.full_like(crop, 150)


def waiting_conf(folder: Path, seconds: float) -> list[str]:
    """Arguments for a preset whose only cost is waiting, whose files are written into the folder."""
    files = {
        "preset/waiting.yaml": "# @package _global_\n# Waits.\ndefaults:\n"
        "  - override /segmenter: upper\n  - override /boxes: default\n  - override /refiner: threshold\n"
        "  - override /mask: tight\n  - override /editor: waiting\n",
        "segmenter/upper.yaml": "# The upper half.\n_target_: bench_batch.UpperHalf\n",
        "editor/waiting.yaml": f"# Waits.\n_target_: bench_cluster.Waiting\nseconds: {seconds}\n",
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return ["--preset", "waiting", "--conf", str(folder)]


@dataclass(frozen=True, slots=True)
class Driven:
    """One batch on a cluster.

    Args:
        line_times_s: When each photo was reported.
        driver_mb: Resident memory of the process that hands out the photos, at each report.
        statuses: Of the photos, in order of completion.
    """

    line_times_s: tuple[float, ...]
    driver_mb: tuple[float, ...]
    statuses: tuple[str, ...]

    @property
    def rate(self) -> float:
        """Photos a second between the first report and the last."""
        return (len(self.line_times_s) - 1) / max(self.line_times_s[-1] - self.line_times_s[0], 1e-9)


def drive(command: list[str], at_line: Callable[[int], None]) -> Driven:
    """Runs a batch, and calls `at_line` with the number of each photo that it reports."""
    began = time.perf_counter()
    times: list[float] = []
    memory: list[float] = []
    statuses: list[str] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment()) as process:
        assert process.stdout is not None
        for line in process.stdout:
            said = json.loads(line)
            if "summary" in said:
                continue
            times.append(time.perf_counter() - began)
            pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
            memory.append(pages * os.sysconf("SC_PAGE_SIZE") / 1e6)
            statuses.append(said["status"])
            at_line(len(times))
    return Driven(tuple(times), tuple(memory), tuple(statuses))


def bench_cluster(photos: int, photos_from: Path | None, *, nodes: int, wait_s: float, size_px: int, s3: bool) -> None:
    """One node, then several of which one is lost after a third of the photos and one is three times as slow."""
    os.environ.update(environment())
    with tempfile.TemporaryDirectory() as place, s3_server(BUCKET) if s3 else contextlib.nullcontext() as served:
        folder = Path(place)
        store, variables = served if served is not None else (None, {})
        os.environ.update(variables)
        root = f"file://{folder}" if store is None else f"s3://{BUCKET}"
        make_photos(folder / "in", photos, photos_from=photos_from, size_wh=(size_px, size_px))
        conf = waiting_conf(folder / "conf", wait_s)
        few = max(4, photos // (2 * nodes))
        make_photos(folder / "few", few, photos_from=photos_from, size_wh=(size_px, size_px))
        if store is not None:
            for name in ("in", "few"):
                store.put(str(folder / name), f"{BUCKET}/", recursive=True)
        print(f"{photos} photos of {size_px}x{size_px}, two edits that wait {wait_s:g} s each; {load_note()}\n")
        rows: dict[str, Driven] = {}
        for name, count, where in (("one node", 1, f"{root}/few"), (f"{nodes} nodes", nodes, f"{root}/in")):
            cluster = _started_cluster()
            try:
                doomed = [cluster.add_node(num_cpus=1)]
                doomed += [cluster.add_node(num_cpus=1, env_vars={SLOW: "3"})] if count > 1 else []
                doomed += [cluster.add_node(num_cpus=1) for _ in range(count - len(doomed))]
                lost = doomed[0]

                def lose(number: int, cluster: Any = cluster, lost: Any = lost, count: int = count) -> None:
                    if count > 1 and number == photos // 3:
                        cluster.remove_node(lost, allow_graceful=False)

                more = ["--mapper", "ray", "--workers", str(count), f"mapper.address='{cluster.address}'"]
                rows[name] = drive(_command(where, f"{root}/out{count}", [*conf, *more]), lose)
            finally:
                cluster.shutdown()
        print("| what | photos | photos a second | driver MB, first and last tenth |\n| --- | --- | --- | --- |")
        for name, driven in rows.items():
            tenth = max(1, len(driven.driver_mb) // 10)
            first, last = max(driven.driver_mb[:tenth]), max(driven.driver_mb[-tenth:])
            print(f"| {name} | {len(driven.statuses)} | {driven.rate:.2f} | {first:.0f}, {last:.0f} |")
        many = rows[f"{nodes} nodes"]
        print(f"\n{nodes} nodes against one: {many.rate / rows['one node'].rate:.2f}; {load_note()} at the end.")
        run(batch_command(folder / "in", folder / "local", *waiting_conf(folder / "conf", 0.0), "--workers", "1"))
        if store is not None:
            store.get(f"{BUCKET}/out{nodes}", str(folder), recursive=True)
        local, shared = files_in(folder / "local"), files_in(folder / f"out{nodes}")
        pictures = [name for name in local if name.endswith((".jpg", ".png")) and "sheet" not in name]
        wrong = differences({n: local[n] for n in pictures}, {n: shared[n] for n in pictures if n in shared})
        if many.statuses.count("done") != photos or wrong:
            raise SystemExit(f"{many.statuses.count('done')} of {photos} were done, and these differ: {wrong[:5]}")
        print(f"All {photos} photos were done, and their files are those of a local run.")


def _started_cluster() -> Any:
    """A head without workers. Ray gives it 30 s to start, which is not enough on a machine that others use."""
    from ray.cluster_utils import Cluster

    for left in range(5, -1, -1):
        try:
            return Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
        except Exception:
            if not left:
                raise
    raise AssertionError


def _command(source: str, out: str, more: list[str]) -> list[str]:
    command = batch_command(Path("SOURCE"), Path("OUT"), *more, words=WORDS)
    return [{"SOURCE": source, "OUT": out}.get(text, text) for text in command]
