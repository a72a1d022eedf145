"""Change rooms in photographs from words alone.

import automask

outcome = automask.edit("kitchen.jpg", "island -> marble; cabinets -> white")
outcome.save("out")
"""

from typing import TYPE_CHECKING, Any

from automask._version import __version__

if TYPE_CHECKING:
    from automask.api import BatchResult, Stages, batch, edit, load, mask, variants
    from automask.errors import (
        AutomaskError,
        ConfigError,
        CropRefused,
        EditorError,
        ExtraMissing,
        MaskError,
        OutputError,
        PhotoError,
        PlanError,
        RefinerError,
        SegmenterError,
        TargetMissing,
        UnknownPhrase,
        UnknownPrompt,
        UsageError,
        WeightsMissing,
    )
    from automask.plan import format_plan, parse_plan
    from automask.protocols import Editor, Refiner, Segmenter
    from automask.results.coco import to_coco
    from automask.results.detections import to_detections
    from automask.results.labelme import to_labelme
    from automask.results.outcome import Outcome, Saved
    from automask.results.yolo import to_yolo
    from automask.types import Box, BoxRecipe, Edit, JobReport, MaskRecipe, Region, Step, Variant

__all__ = [
    "AutomaskError",
    "BatchResult",
    "Box",
    "BoxRecipe",
    "ConfigError",
    "CropRefused",
    "Edit",
    "Editor",
    "EditorError",
    "ExtraMissing",
    "JobReport",
    "MaskError",
    "MaskRecipe",
    "Outcome",
    "OutputError",
    "PhotoError",
    "PlanError",
    "Refiner",
    "RefinerError",
    "Region",
    "Saved",
    "Segmenter",
    "SegmenterError",
    "Stages",
    "Step",
    "TargetMissing",
    "UnknownPhrase",
    "UnknownPrompt",
    "UsageError",
    "Variant",
    "WeightsMissing",
    "__version__",
    "batch",
    "edit",
    "format_plan",
    "load",
    "mask",
    "parse_plan",
    "to_coco",
    "to_detections",
    "to_labelme",
    "to_yolo",
    "variants",
]

_HOMES = {
    "automask.api": ("BatchResult", "Stages", "batch", "edit", "load", "mask", "variants"),
    "automask.errors": tuple(
        name for name in __all__ if name.endswith(("Error", "Missing", "Phrase", "Prompt", "Refused"))
    ),
    "automask.plan": ("format_plan", "parse_plan"),
    "automask.protocols": ("Editor", "Refiner", "Segmenter"),
    "automask.results.coco": ("to_coco",),
    "automask.results.labelme": ("to_labelme",),
    "automask.results.yolo": ("to_yolo",),
    "automask.results.detections": ("to_detections",),
    "automask.results.outcome": ("Outcome", "Saved"),
    "automask.types": ("Box", "BoxRecipe", "Edit", "JobReport", "MaskRecipe", "Region", "Step", "Variant"),
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
