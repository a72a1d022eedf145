"""How many photos a machine's memory holds at a time."""

import math
from collections.abc import Sequence
from pathlib import Path

from automask.errors import AutomaskError
from automask.images import photo_size
from automask.types import Job

_PROCESS_MB = 400
_MB_PER_MEGAPIXEL = 60
"""What a worker takes with the preset `starter`: 45 MB a megapixel (`scripts/bench.py camera`), and 15 for the photo
that is read meanwhile."""
_SPARED = 0.1
_MOST_HEADERS = 16
_CONTAINER = Path("/sys/fs/cgroup")
_UNKNOWN_MEGAPIXELS = 12.0


def fitting_workers(workers: int, jobs: Sequence[Job]) -> int:
    """As many of these workers as the free memory holds with the largest photo ahead; at least 1."""
    if workers == 1:
        return 1
    return workers_by_memory(workers, free_mb(), needed_mb(largest_megapixels(jobs)))


def workers_by_memory(workers: int, free_mb: float | None, needed_mb: float) -> int:
    """How many of some workers fit into the free memory, of which a tenth is left to others; at least 1.

    Args:
        workers: What the cores allow.
        free_mb: None where the system does not say: then all of them.
        needed_mb: By one worker.
    """
    if free_mb is None:
        return workers
    return max(1, min(workers, int((1 - _SPARED) * free_mb / needed_mb)))


def needed_mb(megapixels: float) -> float:
    """Megabytes that a worker takes for photos of this size."""
    return _PROCESS_MB + _MB_PER_MEGAPIXEL * megapixels


def largest_megapixels(jobs: Sequence[Job]) -> float:
    """The size of the largest photo, by the headers of the largest files; a photo in a store is taken for one of 12."""
    sizes: dict[Path, int] = {}
    for path in {job.photo for job in jobs if not job.photo_url}:
        try:
            sizes[path] = path.stat().st_size
        except OSError:
            continue
    largest = sorted(sizes, key=lambda path: -sizes[path])[:_MOST_HEADERS]
    found = []
    for path in largest:
        try:
            width, height = photo_size(path, math.inf)
        except AutomaskError:
            continue  # whoever opens it says what is wrong
        found.append(width * height / 1e6)
    if any(job.photo_url for job in jobs):
        found.append(_UNKNOWN_MEGAPIXELS)
    return max(found, default=0.0)


def free_mb(meminfo: Path = Path("/proc/meminfo"), container: Path = _CONTAINER) -> float | None:
    """Megabytes that new processes may take without swapping, in this container; None where the system does not say."""
    try:
        lines = dict(line.split(":", 1) for line in meminfo.read_text(encoding="ascii").splitlines() if ":" in line)
        free = float(lines["MemAvailable"].split()[0]) * 1024
    except (OSError, ValueError, KeyError, IndexError):
        return None
    try:
        limit = (container / "memory.max").read_text(encoding="ascii").strip()
        if limit != "max":
            used = float((container / "memory.current").read_text(encoding="ascii"))
            stat = dict(line.split(None, 1) for line in (container / "memory.stat").read_text("ascii").splitlines())
            free = min(free, float(limit) - used + float(stat.get("inactive_file", 0)))  # the cache of files gives way
    except (OSError, ValueError):
        pass  # no container, or one of the older kind
    return max(0.0, free) / 1e6
