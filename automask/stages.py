"""The stages that are loaded: what they are, where they run, and stand-ins for those that are not needed."""

from automask.capabilities import capabilities_of
from automask.errors import EditorError, RefinerError, SegmenterError
from automask.protocols import Stages
from automask.types import Hard, Heat, Rgb


class NotLoaded:
    """A stand-in for a stage that a call does not need, so that its model is not loaded; its methods raise."""

    multiple_px = 1
    ideal_px = 0

    def heats(self, *_: object) -> Heat:
        """Raises: the stage was not loaded."""
        raise SegmenterError("no segmenter was loaded", hint="call automask.edit without masks")

    def refine(self, *_: object) -> Hard:
        """Raises: the stage was not loaded."""
        raise RefinerError("no refiner was loaded", hint="call automask.edit without masks")

    def paint(self, *_: object, **__: object) -> Rgb:
        """Raises: the stage was not loaded."""
        raise EditorError("no editor was loaded", hint="call automask.edit")


def models_of(stages: Stages) -> dict[str, str]:
    """Each stage for the record: its class, and where it runs if it says so."""
    return {
        name: ": ".join(filter(None, (type(part).__name__, device_note(part))))
        for name, part in parts_of(stages).items()
    }


def parts_of(stages: Stages) -> dict[str, object]:
    """All loaded stages by name, including those that an editor chooses among (`editor.paint`)."""
    editors: dict[str, object] = {"editor": stages.editor, **stages.editors}
    chosen = {
        f"{name}.{inner}": part
        for name, editor in editors.items()
        for inner, part in capabilities_of(editor).loaded.items()
    }
    return {"segmenter": stages.segmenter, "refiner": stages.refiner, **editors, **chosen}


def check_members(stages: Stages) -> None:
    """Raises for an optional member that a stage misspells or gives in the wrong kind.

    Raises:
        ConfigError: As `capabilities_of`.
    """
    for part in parts_of(stages).values():
        capabilities_of(part)


def device_note(part: object) -> str:
    """The sentence that says on what device and in what number format a stage runs; empty without one."""
    return capabilities_of(part).device_note


def versions(stages: Stages | None = None) -> dict[str, str]:
    """The versions of what decides a result's pixels; of the heavy packages only those in use.

    Args:
        stages: The packages that they compute with are included, imported or not: masks may come from the cache.
    """
    import platform
    import sys
    from importlib.metadata import version

    import cv2
    import numpy as np

    from automask._version import __version__

    found = {
        "automask": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "opencv": cv2.__version__,
        "pillow": version("pillow"),
    }
    finders = () if stages is None else (stages.segmenter, stages.refiner)
    said = {name for part in finders for name in capabilities_of(part).computes_with}
    for name in ("torch", "transformers", "diffusers"):
        if name in sys.modules:
            found[name] = str(sys.modules[name].__version__)
        elif name in said:
            found[name] = version(name)
    return found
