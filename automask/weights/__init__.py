"""Model weights: what there is, where it is cached, how it is fetched, and where a model runs.

Nothing is ever downloaded while a photo is edited: adapters ask `locate` for a path and stop with one sentence where
there is none. `fetch` downloads, and is called by `automask models fetch NAME` only.
"""

from automask.weights.cache import (
    Progress,
    cache_dir,
    expected_path,
    fetch,
    find_local,
    hub_dir,
    locate,
    take_over_downloads,
)
from automask.weights.checkpoints import config_of, load_net, load_processor
from automask.weights.device import (
    Placement,
    choose_device,
    gpu_peak_mb,
    quiet_models,
    requires_models_extra,
    return_freed_memory,
)
from automask.weights.processes import is_running
from automask.weights.table import Weights, catalogue, find

__all__ = [
    "Placement",
    "Progress",
    "Weights",
    "cache_dir",
    "catalogue",
    "choose_device",
    "config_of",
    "expected_path",
    "fetch",
    "find",
    "find_local",
    "gpu_peak_mb",
    "hub_dir",
    "is_running",
    "load_net",
    "load_processor",
    "locate",
    "quiet_models",
    "requires_models_extra",
    "return_freed_memory",
    "take_over_downloads",
]
