"""Where a model runs, and the packages that it needs."""

import contextlib
import ctypes
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from automask.errors import ConfigError, ExtraMissing

# Hugging Face's packages send what is loaded, and by which version, with every request, unless one of these is set.
_REPORT_NOTHING = ("HF_HUB_DISABLE_TELEMETRY", "DO_NOT_TRACK")
# What Apple's GPUs lack then runs on the CPU, instead of ending the run. PyTorch reads it when it is imported.
_MPS_FALLBACK = "PYTORCH_ENABLE_MPS_FALLBACK"


@contextlib.contextmanager
def requires_models_extra(what: str) -> Iterator[None]:
    """Turns a failed import inside the block into a sentence with the command that installs the package.

    The packages are told first to report nothing, and to run on the CPU what an Apple GPU lacks: they read that when
    they are imported.

    Args:
        what: What needs the packages: the subject of the sentence.

    Raises:
        ExtraMissing: An import inside the block failed.
    """
    for name in _REPORT_NOTHING:
        os.environ.setdefault(name, "1")
    os.environ.setdefault(_MPS_FALLBACK, "1")
    try:
        yield
    except ImportError as error:
        raise ExtraMissing(
            f"{what} needs the packages of the 'models' extra: {error}", hint="run pip install 'automask[models]'"
        ) from error


@contextlib.contextmanager
def quiet_models() -> Iterator[None]:
    """Silences progress bars and logs of transformers and diffusers inside the block, and restores them after it."""
    with contextlib.ExitStack() as stack:
        for name in ("transformers", "diffusers"):
            with contextlib.suppress(ImportError):
                logging = __import__(f"{name}.utils.logging", fromlist=["logging"])
                stack.callback(logging.set_verbosity, logging.get_verbosity())
                if progress_bars_enabled(logging):
                    stack.callback(logging.enable_progress_bar)
                logging.set_verbosity_error()
                logging.disable_progress_bar()
        yield


def progress_bars_enabled(logging: Any) -> bool:
    """Whether a package shows progress bars, by its module `utils.logging`."""
    # transformers has is_progress_bar_enabled(); diffusers 0.42 has a module variable only.
    is_enabled = getattr(logging, "is_progress_bar_enabled", None)
    return bool(is_enabled()) if is_enabled is not None else bool(getattr(logging, "_tqdm_active", True))


def gpu_peak_mb() -> float | None:
    """The most memory, in 10**6 bytes, that PyTorch held on any GPU so far; None where it uses none."""
    torch: Any = sys.modules.get("torch")  # a stage that uses it has imported it
    if torch is None or not torch.cuda.is_available() or not torch.cuda.is_initialized():
        return None
    return float(max(map(torch.cuda.max_memory_reserved, range(torch.cuda.device_count())))) / 1e6


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a model runs.

    Args:
        device: A torch.device.
        dtype: A torch.dtype.
        note: One sentence that states both, and the reason if they were chosen automatically.
    """

    device: Any
    dtype: Any
    note: str


def choose_device(device: str, dtype: str, *, what: str, gpu_dtype: str = "float16") -> Placement:
    """Chooses the device and the number format of a model.

    Args:
        device: `auto` (a CUDA device, otherwise Apple's, otherwise the CPU) or any name that torch knows (`cuda:1`).
        dtype: `auto` (gpu_dtype on CUDA, float32 elsewhere), `float32`, `float16` or `bfloat16`.
        what: The subject of the note ("sd15-inpaint").
        gpu_dtype: What `auto` means on CUDA.

    Raises:
        ConfigError: A device that this machine does not have, or an unknown word.
    """
    import torch

    has_cuda = torch.cuda.is_available()
    has_mps = torch.backends.mps.is_available()
    why = ""
    if device == "auto":
        device = "cuda" if has_cuda else "mps" if has_mps else "cpu"
        why = "" if has_cuda else ": no CUDA device was found"
    try:
        chosen = torch.device(device)
    except RuntimeError as error:
        raise ConfigError(
            f"device {device!r} is not one that torch knows", hint="use auto, cpu, cuda or mps"
        ) from error
    is_absent = (chosen.type == "cuda" and (chosen.index or 0) >= torch.cuda.device_count()) or (
        chosen.type == "mps" and not has_mps
    )
    if is_absent:
        raise ConfigError(f"device {device!r} is not on this machine", hint="use device=auto or device=cpu")
    if dtype not in ("auto", "float32", "float16", "bfloat16"):
        raise ConfigError(f"dtype {dtype!r} is unknown", hint="use auto, float32, float16 or bfloat16")
    if dtype == "auto":
        # Apple's GPUs too have half precision, but several of the nets overflow in it there, and none has float64.
        dtype = gpu_dtype if chosen.type == "cuda" else "float32"
    name = {"cpu": "the CPU"}.get(chosen.type, device)
    if chosen.type == "cuda":
        name = f"{device} ({torch.cuda.get_device_name(chosen)})"
    return Placement(chosen, getattr(torch, dtype), f"{what} runs on {name} in {dtype}{why}")


def return_freed_memory() -> None:
    """Gives memory that was freed back to the system, where the C library keeps it for later.

    Glibc keeps most of what a net's features and the planes of a photo of two megapixels take: 120 MB and more.
    """
    with contextlib.suppress(OSError, AttributeError, TypeError):  # another C library; Windows has no CDLL(None)
        ctypes.CDLL(None).malloc_trim(0)
