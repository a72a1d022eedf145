"""What this machine has for running models: versions, GPUs, memory, disk, and which weights are here."""

import importlib.util
import os
import platform
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from automask.weights.cache import cache_dir, find_local, hub_dir
from automask.weights.table import find

PACKAGES = (
    *("numpy", "opencv-python-headless", "pillow", "torch", "torchvision", "transformers", "diffusers"),
    *("segment-anything", "accelerate", "peft", "safetensors", "huggingface-hub", "scipy"),
)
_MODELS_EXTRA = (
    "torch",
    "transformers",
    "diffusers",
    "segment_anything",
    "accelerate",
    "peft",
    "scipy",
    "huggingface_hub",
)


@dataclass(frozen=True, slots=True)
class Gpu:
    """One GPU as PyTorch sees it.

    Args:
        device: Its name for `device=`.
        name: Its maker's name.
        total_gb, free_gb: Its memory in 10**9 bytes; None where PyTorch cannot tell.
    """

    device: str
    name: str
    total_gb: float | None = None
    free_gb: float | None = None


@dataclass(frozen=True, slots=True)
class Machine:
    """What a machine has.

    Args:
        python, system: Versions.
        packages: The version of each package; None for one that is not installed.
        gpus: What PyTorch can use; empty without it.
        driver: The driver's version; None without an NVIDIA GPU.
        memory_gb: Main memory in 10**9 bytes; None where the system does not say.
        cache: Where weights are kept, and how much room is there, in 10**9 bytes.
    """

    python: str
    system: str
    packages: Mapping[str, str | None]
    gpus: tuple[Gpu, ...]
    driver: str | None
    memory_gb: float | None
    cache: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Lacks:
    """What a preset lacks on this machine.

    Args:
        packages: Of the extra `models`, by import name.
        weights: Names of the catalogue.
        download_mb: Of those weights.
        room_mb: Free where they would be kept.
    """

    packages: tuple[str, ...]
    weights: tuple[str, ...]
    download_mb: int
    room_mb: int

    @property
    def nothing(self) -> bool:
        return not self.packages and not self.weights

    @property
    def fits(self) -> bool:
        """Whether the weights fit onto the disk."""
        return self.download_mb < self.room_mb


def this_machine() -> Machine:
    """What this machine has. It imports torch, where that is installed, which takes seconds."""
    folders = dict.fromkeys((hub_dir(), cache_dir()))
    return Machine(
        python=platform.python_version(),
        system=f"{platform.system()} {platform.release()} ({platform.machine()})",
        packages={package: _version_of(package) for package in PACKAGES},
        gpus=_gpus(),
        driver=_driver(),
        memory_gb=_memory_gb(),
        cache=tuple((str(folder), free_gb(folder)) for folder in folders),
    )


def lacks(names: Sequence[str], *, needs_models: bool) -> Lacks:
    """What of some weights, and of the packages that run them, is not on this machine.

    Args:
        names: Of the catalogue.
        needs_models: Whether the extra `models` is needed.
    """
    wanted = _MODELS_EXTRA if needs_models else ()
    missing = [name for name in names if find_local(find(name)) is None]
    return Lacks(
        packages=tuple(package for package in wanted if importlib.util.find_spec(package) is None),
        weights=tuple(missing),
        download_mb=sum(find(name).size_mb for name in missing),
        room_mb=round(free_gb(hub_dir()) * 1000),
    )


def free_gb(folder: Path) -> float:
    """Free room where a folder is, or would be made, in 10**9 bytes."""
    there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    return shutil.disk_usage(there).free / 1e9


def measured(call: Callable[[], Any]) -> tuple[Any, float]:
    """What a call returns, and the seconds that it took."""
    start = time.perf_counter()
    made = call()
    return made, time.perf_counter() - start


def _version_of(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _gpus() -> tuple[Gpu, ...]:
    if importlib.util.find_spec("torch") is None:
        return ()
    import torch

    if torch.backends.mps.is_available():
        return (Gpu("mps", platform.processor() or "Apple GPU"),)
    if not torch.cuda.is_available():
        return ()
    found = []
    for index in range(torch.cuda.device_count()):
        free, total = torch.cuda.mem_get_info(index)
        found.append(Gpu(f"cuda:{index}", torch.cuda.get_device_name(index), total / 1e9, free / 1e9))
    return tuple(found)


def _driver() -> str | None:
    """The NVIDIA driver's version, as its own program says it."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return None
    wanted = [program, "--query-gpu=driver_version", "--format=csv,noheader"]
    try:
        said = subprocess.run(wanted, capture_output=True, text=True, timeout=10, check=True).stdout  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return None
    return said.splitlines()[0].strip() if said.strip() else None


def _memory_gb() -> float | None:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9
    except (AttributeError, OSError, ValueError):  # Windows has no sysconf
        return None
