"""Change rooms in photographs from words alone.

import automask

outcome = automask.edit("kitchen.jpg", "island -> marble; cabinets -> white")
outcome.save("out")
"""

from typing import TYPE_CHECKING, Any

from automask.errors import AutomaskError

if TYPE_CHECKING:
    from automask.api import edit, load, mask, variants
    from automask.plan import format_plan, parse_plan
    from automask.protocols import Editor, Refiner, Segmenter, Stages
    from automask.results.outcome import Outcome
    from automask.types import Box, BoxRecipe, Edit, MaskRecipe, Region, Step

__version__ = "0.1.0"

__all__ = [
    "AutomaskError",
    "Box",
    "BoxRecipe",
    "Edit",
    "Editor",
    "MaskRecipe",
    "Outcome",
    "Refiner",
    "Region",
    "Segmenter",
    "Stages",
    "Step",
    "__version__",
    "edit",
    "format_plan",
    "load",
    "mask",
    "parse_plan",
    "variants",
]

_HOMES = {
    "automask.api": ("edit", "load", "mask", "variants"),
    "automask.plan": ("format_plan", "parse_plan"),
    "automask.protocols": ("Editor", "Refiner", "Segmenter", "Stages"),
    "automask.results.outcome": ("Outcome",),
    "automask.types": ("Box", "BoxRecipe", "Edit", "MaskRecipe", "Region", "Step"),
}


def __getattr__(name: str) -> Any:
    # Names load at first use: `automask --help` must answer before NumPy could even be imported.
    import importlib

    for home, names in _HOMES.items():
        if name in names:
            return getattr(importlib.import_module(home), name)
    raise AttributeError(f"module 'automask' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
