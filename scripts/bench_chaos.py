"""`bench.py chaos`: a batch under everything that a night may bring, and then one plain run.

What happens is drawn from a seed: workers and parents are killed, the disk is full or read-only for a while, the clock
goes back, photos are removed and replaced, two batches run into one folder, processes stand still. After it one plain
run must reach the files of a batch that nothing disturbed.
"""

import contextlib
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bench_batch import batch_command, cheap_conf, differences, environment, files_in, load_note, make_photos, run

FAULTS = Path(__file__).resolve().parent / "chaos_faults"


@dataclass
class Night:
    """One batch that is disturbed.

    Args:
        folder: Holds the photos (`in`), the results (`out`), other photos (`other`) and the switches (`flags`).
        command: The batch.
        rng: What happens, and when.
        stop_s: Seconds that processes stand still.
    """

    folder: Path
    command: list[str]
    rng: random.Random
    stop_s: float
    counts: Counter[str] = field(default_factory=Counter)

    def start(self) -> "subprocess.Popen[bytes]":
        flags = {"CHAOS_FLAGS": str(self.folder / "flags"), "CHAOS_OUT": str(self.folder / "out")}
        known = environment()
        variables = {**known, **flags, "PYTHONPATH": os.pathsep.join([str(FAULTS), known["PYTHONPATH"]])}
        nowhere = subprocess.DEVNULL
        return subprocess.Popen(self.command, stdout=nowhere, stderr=nowhere, env=variables, start_new_session=True)

    def disturb(self, process: "subprocess.Popen[bytes]") -> None:
        """Does one thing to a batch that runs."""
        ways: dict[str, Callable[[subprocess.Popen[bytes]], None]] = {
            "worker killed": self._kill_worker,
            "parent killed, workers left": lambda batch: self._signal(batch.pid, signal.SIGKILL),
            "all killed": lambda batch: self._signal(-batch.pid, signal.SIGKILL),
            "asked to stop (TERM)": lambda batch: self._signal(batch.pid, signal.SIGTERM),
            "asked to stop (HUP, all)": lambda batch: self._signal(-batch.pid, signal.SIGHUP),
            "interrupted (INT, all)": lambda batch: self._signal(-batch.pid, signal.SIGINT),
            "disk full for a while": lambda _: self._flag("full"),
            "read-only for a while": lambda _: self._flag("readonly"),
            "clock back by a day": lambda _: self._flag("clock"),
            "photo removed": lambda _: self._remove(),
            "photo replaced": lambda _: self._replace(),
            "second batch at once": self._second,
            "stood still": self._stand_still,
        }
        name = self.rng.choice(sorted(ways))
        ways[name](process)
        self.counts[name] += 1

    def _signal(self, pid: int, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(-pid, number) if pid < 0 else os.kill(pid, number)

    def _kill_worker(self, process: "subprocess.Popen[bytes]") -> None:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        with contextlib.suppress(OSError):
            pids = [int(pid) for pid in children.read_text().split()]
            if pids:
                self._signal(self.rng.choice(pids), signal.SIGKILL)

    def _flag(self, name: str) -> None:
        path = self.folder / "flags" / name
        path.write_text("86400")
        time.sleep(self.rng.uniform(0.2, 2.0))
        path.unlink()

    def _photos(self) -> list[Path]:
        return sorted((self.folder / "in").glob("*.jpg"))

    def _remove(self) -> None:
        path = self.rng.choice(self._photos())
        path.rename(self.folder / "gone" / path.name)

    def put_back(self) -> None:
        """Puts back the photos that were removed."""
        for path in sorted((self.folder / "gone").iterdir()):
            path.rename(self.folder / "in" / path.name)

    def _replace(self) -> None:
        path = self.rng.choice(self._photos())
        other = self.rng.choice(sorted((self.folder / "other").glob("*.jpg")))
        new = path.with_name(f".{path.name}.new")
        shutil.copyfile(other, new)
        new.replace(path)

    def _second(self, first: "subprocess.Popen[bytes]") -> None:
        second = self.start()
        for _ in range(60):  # until it is refused; it does the work itself if the first has ended
            with contextlib.suppress(subprocess.TimeoutExpired):
                second.wait(0.5)
            if second.returncode is not None or first.poll() is not None:
                break
        self.counts["second one refused"] += second.returncode == 1
        if second.returncode is None:
            self._signal(-second.pid, signal.SIGKILL)
            second.wait()

    def _stand_still(self, process: "subprocess.Popen[bytes]") -> None:
        self._signal(-process.pid, signal.SIGSTOP)
        time.sleep(self.stop_s)
        self._signal(-process.pid, signal.SIGCONT)


def bench_chaos(
    photos: int,
    photos_from: Path | None,
    *,
    events: int,
    workers: int,
    cheap: bool,
    seed: int,
    size_wh: tuple[int, int],
    stop_s: float,
) -> None:
    """Disturbs a batch `events` times, runs it once more in peace, and compares the end with an undisturbed run."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        make_photos(folder / "in", photos, photos_from=photos_from, size_wh=size_wh)
        make_photos(folder / "other", 5, photos_from=photos_from, size_wh=(size_wh[1], size_wh[0]))
        for name in ("flags", "gone"):
            (folder / name).mkdir()
        more = ["--workers", str(workers), *(cheap_conf(folder / "conf") if cheap else [])]
        command = batch_command(folder / "in", folder / "out", *more)
        night = Night(folder, command, random.Random(seed), stop_s)
        print(f"{photos} photos of {size_wh[0]}x{size_wh[1]}, {workers} workers, seed {seed}; {load_note()}\n")
        began, done = time.perf_counter(), 0
        while done < events:
            process = night.start()
            night.counts["batches begun"] += 1
            while process.poll() is None and done < events:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(night.rng.uniform(0.5, 8.0))
                if process.poll() is None:
                    night.disturb(process)
                    done += 1
            if process.poll() is None:
                night._signal(-process.pid, signal.SIGKILL)
                process.wait()
            elif process.returncode in (0, 4):  # all is done: there must be work again
                night.counts["came to their end"] += 1
                night.put_back()
                for _ in range(max(1, photos // 5)):
                    night._replace()
            _end_orphans(process.pid)
        night.put_back()
        disturbed_s = time.perf_counter() - began
        left = sum(1 for _ in (folder / "out").rglob(".automask*"))
        done_before = sum(1 for _ in (folder / "out").glob("*.run.json"))
        last = run(command, accepted=(0, 4))
        run(batch_command(folder / "in", folder / "straight", *more))
        wrong = differences(files_in(folder / "straight"), files_in(folder / "out"))
        print("| what | count |\n| --- | --- |")
        for name, count in sorted(night.counts.items()):
            print(f"| {name} | {count} |")
        print(f"| temporary files and locks that the night left | {left} |")
        print(f"| photos done when it ended | {done_before} of {photos} |")
        print(f"| exit status of the plain run | {last.status} |")
        print(f"| files that differ after it | {len(wrong)} |")
        print(f"\nThe night took {disturbed_s:.0f} s, the plain run {last.seconds:.0f} s; {load_note()} at the end.")
        hidden = [path.name for path in (folder / "out").rglob(".automask*")]
        if wrong or last.status or hidden:
            raise SystemExit(f"after the night: status {last.status}, {hidden[:5]}, and these differ: {wrong[:10]}")


def _end_orphans(group: int) -> None:
    """Waits for the workers of a batch that was killed: they end with the photo that they have."""
    for _ in range(600):
        try:
            os.killpg(group, 0)
        except (ProcessLookupError, PermissionError):
            return
        time.sleep(0.1)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)
