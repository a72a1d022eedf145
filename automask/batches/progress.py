"""How far a batch is: a line now and then, and OUT/batch.log, which keeps the lines of all runs into a folder."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from automask._version import __version__
from automask.batches.failures import failure_names
from automask.images import read_regular
from automask.results.files import without_folders
from automask.types import JobReport

EVERY_S = 30.0
LOG_NAME = "batch.log"
_LOG_TITLE = "automask's log of this folder\n"
_LOG_BYTES = 1 << 20
_MOST_BYTES = 1 << 26


class Progress:
    """Counts the reports of a batch.

    Args:
        total: How many there will be.
        clock: Seconds from any moment on, as `time.monotonic`.
    """

    def __init__(self, total: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.total = total
        self._clock = clock
        self._began = clock()
        self._counts = {"done": 0, "skipped": 0, "failed": 0}

    def add(self, report: JobReport) -> None:
        """Counts a report."""
        self._counts[report.status] += 1

    def line(self) -> str:
        """Done, failed, rate, and time left: `120 of 500 photos, 2 failed; 1.62 a second, 4 min left`."""
        ended, worked = sum(self._counts.values()), self._counts["done"] + self._counts["failed"]
        said = [f"{ended} of {self.total} photos"]
        said += [f"{self._counts['skipped']} done before"] if self._counts["skipped"] else []
        line = f"{', '.join(said)}, {self._counts['failed']} failed"
        took_s = self._clock() - self._began
        if not worked or took_s <= 0:
            return line
        rate = worked / took_s
        left = f", {duration((self.total - ended) / rate)} left" if ended < self.total else f", {duration(took_s)}"
        return f"{line}; {rate:.2f} a second{left}"


def duration(seconds: float) -> str:
    """A time for people: `80 s`, `4 min`, `2.5 h`."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


@contextlib.contextmanager
def ticking(tick: Callable[[], object]) -> Iterator[Callable[[], None]]:
    """Calls `tick` every half minute while the block runs, from a thread of its own.

    Gives a function that stops it before the block ends: once that has returned, nothing is called any more.
    """
    ended = threading.Event()

    def keep_on() -> None:
        while not ended.wait(EVERY_S):
            tick()

    thread = threading.Thread(target=keep_on, name="automask-progress", daemon=True)
    thread.start()

    def stop() -> None:
        ended.set()
        thread.join()

    try:
        yield stop
    finally:
        stop()


class BatchLog:
    """OUT/batch.log: what was done and what failed in every run, each line with its time.

    It is begun with the first line that is written: a run that finds everything done leaves the folder as it is. It
    holds names below OUT only. A file of that name that automask did not write is kept, and the log is then
    automask-batch.log. An older part goes when it has grown to 1 MB.

    Args:
        out: The folder; None keeps no log.
        name: Of the log.
    """

    def __init__(self, out: Path | None, name: str = LOG_NAME) -> None:
        self._out = out
        self._name = name
        self._path: Path | None = None

    @property
    def is_begun(self) -> bool:
        """Whether this run wrote into it."""
        return self._path is not None

    def write(self, line: str) -> None:
        """Adds a line. A disk that is full, or a folder that cannot be written into, stops no batch."""
        if self._out is None:
            return
        with contextlib.suppress(OSError):
            if self._path is None:
                self._path = _begun(self._out, self._name)
                _append(self._path, f"automask {__version__}")
            _append(self._path, line)

    def write_failure(self, report: JobReport) -> None:
        """Adds why a job failed."""
        if self._out is not None:
            name = failure_names(report.job, self._out)[0]
            self.write(f"failed: {name}: {without_folders(report.reason or '')}")


def _append(path: Path, line: str) -> None:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    with path.open("a", encoding="utf-8", errors="backslashreplace") as file:
        file.write(f"{now} {' '.join(line.split())}\n")


def _begun(out: Path, name: str) -> Path:
    """The log of a folder, with its title, and cut where it is long."""
    for path in (out / name, out / f"automask-{name}"):
        try:
            text = read_regular(path, _MOST_BYTES).decode("utf-8", "replace")
        except FileNotFoundError:
            text = ""
        if _LOG_TITLE.startswith(text):  # nothing yet, or what a full disk took of the title
            path.write_text(_LOG_TITLE, encoding="utf-8")
            return path
        if not text.startswith(_LOG_TITLE):
            continue
        if len(text) > _LOG_BYTES:
            later = text[-_LOG_BYTES // 2 :].partition("\n")[2]
            path.write_text(_LOG_TITLE + later, encoding="utf-8")
        return path
    return out / f"automask-{name}"
