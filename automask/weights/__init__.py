"""Model weights: what there is, where it is cached, how it is fetched, and where a model runs.

Nothing is ever downloaded while a photo is edited: adapters ask `locate` for a path and stop with one sentence where
there is none. `fetch` downloads, and is called by `automask models fetch NAME` only.
"""

from automask.weights.cache import Progress, cache_dir, cached_at, fetch, home_of, hub_dir, locate
from automask.weights.device import Place, models_extra, place, quiet_models
from automask.weights.table import Weights, catalogue, find

__all__ = [
    "Place",
    "Progress",
    "Weights",
    "cache_dir",
    "cached_at",
    "catalogue",
    "fetch",
    "find",
    "home_of",
    "hub_dir",
    "locate",
    "models_extra",
    "place",
    "quiet_models",
]
