"""The cache of tiny models: each is written once per version of the code that makes it."""

import hashlib
import shutil
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from automask.weights import cache_dir, quiet_models, requires_models_extra


def write_once(name: str, write: Callable[[Path], None]) -> Path:
    """The folder that `write` fills, filled at most once for this code and these package versions.

    It is written under a temporary name and renamed, so two processes that race both end with a whole folder.

    Args:
        name: The start of the folder's name; the cache key follows it.
        write: Fills the empty folder that it is given, with torch's random state at seed 0.

    Raises:
        ExtraMissing: The 'models' extra is not installed.
    """
    with requires_models_extra("a tiny model"):
        import torch
    home = cache_dir() / "tiny" / f"{name}-{_cache_key()}"
    if home.is_dir():
        return home
    home.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=f"{name}-", suffix=".part", dir=home.parent))
    try:
        # devices=[]: without it fork_rng saves every GPU's state, and starts CUDA for that.
        with torch.random.fork_rng(devices=[]), quiet_models():
            torch.manual_seed(0)
            write(part)
        try:
            part.rename(home)
        except OSError:
            if not home.is_dir():  # else: another process was faster, with the same bytes
                raise
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return home


def _cache_key() -> str:
    """16 hexadecimal digits of this folder's source and of the packages that the models are made with."""
    digest = hashlib.sha256()
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.read_bytes())
    for package in ("torch", "transformers", "diffusers", "segment-anything"):
        digest.update(version(package).encode())
    return digest.hexdigest()[:16]
