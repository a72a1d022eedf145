"""Imports point one way: the layout law of docs/extend/architecture.md, held over the syntax trees of the package."""

import ast
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "automask"

LAYERS = (
    {"_version"},
    {"errors"},
    {"types"},
    {"protocols", "signatures", "settings", "capabilities", "fingerprint"},
    {"plan", "images", "weights"},
    {"geometry"},
    {"masking"},
    {"painting"},
    {"results"},
    {"composition", "stages", "config"},
    {"styles"},
    {"runner"},
    {"batches"},
    {"mappers", "api"},
    {"studio"},
    {"cli"},
    {"__main__"},
)
"""A room imports from itself, from its own layer and from those before it, and nowhere is there a ring."""

ADAPTERS = {"segmenters", "refiners", "editors"}
ADAPTER_PARTS = (
    *("segmenters.vocabulary", "segmenters.smoothing", "segmenters.ade20k", "segmenters.detections"),
    "refiners.proposals",
    *("editors.swatches", "editors.paint.", "editors.diffusion.", "editors.remove."),
)
"""No adapters: a file that the adapters of the same folder read, and the files that one adapter is made of."""
FOR_ADAPTERS = {
    *("errors", "types", "protocols", "capabilities", "images", "weights", "geometry"),
    *("masking.boxes", "plan.names", "plan.removal"),
}
"""What adapters may import: values, files, and the small kit that they share."""
MODELS = {"torch", "torchvision", "transformers", "diffusers", "segment_anything", "accelerate", "peft", "safetensors"}
CLUMSY = {"util", "utils", "helper", "helpers", "manager", "managers", "base", "common", "misc"}


@dataclass(frozen=True)
class Home:
    """Where a package from outside may be imported, and whether at a module's top too."""

    modules: frozenset[str]
    at_top: bool = False


def _home(*modules: str, at_top: bool = False) -> Home:
    return Home(frozenset(modules), at_top)


HOMES: Mapping[str, Home] = {
    "numpy": _home("*", at_top=True),
    "cv2": _home("*", at_top=True),
    **{name: _home(*ADAPTERS, "testing", "weights") for name in MODELS},
    "tokenizers": _home("testing"),
    "huggingface_hub": _home("weights"),
    "PIL": _home("images", "results", *ADAPTERS, at_top=True),
    "pillow_heif": _home("images"),
    "coloraide": _home("editors"),
    "c2pa": _home("results"),
    "cryptography": _home("results"),  # comes with c2pa-python
    "supervision": _home("results"),
    "psd_tools": _home("results"),
    "hydra": _home("config"),
    "omegaconf": _home("config"),
    "yaml": _home("plan", "composition", "config", "studio"),
    "ray": _home("batches"),
    "fsspec": _home("batches"),
    "rich": _home("cli"),
    # Of the extra `studio`: only its room is imported where they are wanted.
    "fastapi": _home("studio", at_top=True),
    "starlette": _home("studio", at_top=True),
    "pydantic": _home("studio", at_top=True),  # comes with fastapi
    "uvicorn": _home("studio"),
    "python_multipart": _home("studio"),
    "mcp": _home("studio"),
}


@dataclass(frozen=True)
class Import:
    """One imported module, as far as it can be known without running anything."""

    name: str
    line: int
    at_top: bool
    only_types: bool


def imports_of(source: str) -> list[Import]:
    """Every import in a source, each module once. `from automask import chain` counts as `automask.chain`."""
    found = []
    for node, at_top, only_types in _walk(ast.parse(source), at_top=True, only_types=False):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif node.level:
            names = ["."]
        else:
            names = [_module_of(node.module or "", alias.name) for alias in node.names]
        found += [Import(name, node.lineno, at_top, only_types) for name in dict.fromkeys(names)]
    return found


def _module_of(module: str, name: str) -> str:
    inside = ROOT.joinpath(*module.split("."), name)
    is_module = module == "automask" or inside.is_dir() or inside.with_suffix(".py").is_file()
    return f"{module}.{name}" if is_module else module


def _walk(tree: ast.AST, *, at_top: bool, only_types: bool) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool, bool]]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node, at_top, only_types
        inside = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        typing = isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        yield from _walk(node, at_top=at_top and not inside, only_types=only_types or typing)


def part_of(module: str) -> str:
    """`segmenters.starter` -> `segmenters`: what the laws speak of."""
    return module.partition(".")[0]


def violations(module: str, source: str) -> list[str]:
    """What breaks the layout law in one module, named without `automask.` ("chain", "segmenters.starter").

    `__init__` only opens the door to names above it, so it may import (at first use) whatever it likes of the package.
    """
    part = part_of(module)
    found = []
    for item in imports_of(source):
        top, _, rest = item.name.partition(".")
        where = f"{module}:{item.line}"
        if top == "":
            found.append(f"{where} imports relatively")
        elif top == "automask":
            found += [f"{where} {wrong}" for wrong in _wrong_inside(part, rest)]
        elif top in HOMES:
            home = HOMES[top]
            if not home.modules & {"*", part}:
                found.append(f"{where} imports {top}, which belongs to {', '.join(sorted(home.modules))}")
            elif item.at_top and not home.at_top and not item.only_types:
                found.append(f"{where} imports {top} at the top; it belongs inside a function")
        elif top not in sys.stdlib_module_names:
            found.append(f"{where} imports {top}, which has no home in tests/test_layers.py")
    return found


def _wrong_inside(part: str, imported: str) -> list[str]:
    target = part_of(imported)
    if part == "__init__":
        return []
    if part == "testing":
        allowed = target in ADAPTERS | {part} or _is_for_adapters(imported)
        return [] if allowed else [f"imports {target}; tests' parts are adapters"]
    if target == part and imported.startswith(ADAPTER_PARTS):
        return []
    if target in ADAPTERS:
        return [f"imports the adapter {imported}; Hydra names adapters"]
    if target == "testing":
        return ["imports testing, which is for tests"]
    if part in ADAPTERS:
        return [] if _is_for_adapters(imported) else [f"imports {imported}; an adapter may not"]
    if _level(target) is None:
        return [f"imports {imported!r}, which is in no layer"]
    own = _level(part)
    if own is None or _level(target) > own:
        return [f"imports {target}, which is above it"]
    return []


def _is_for_adapters(imported: str) -> bool:
    return any(imported == name or imported.startswith(f"{name}.") for name in FOR_ADAPTERS)


def _level(part: str) -> int | None:
    return next((level for level, layer in enumerate(LAYERS) if part in layer), None)


def modules() -> dict[str, str]:
    """Every module of the package, named without `automask.`, with its source."""
    return {
        ".".join(file.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__"): file.read_text("utf-8")
        for file in sorted(PACKAGE.rglob("*.py"))
    }


@pytest.mark.parametrize("module", modules())
def test_a_module_imports_only_what_its_layer_may(module: str):
    assert violations(module, modules()[module]) == []


def test_every_module_is_in_a_layer():
    placed = set().union(*LAYERS) | ADAPTERS | {"__init__", "testing"}
    assert {part_of(module) for module in modules()} <= placed


def test_the_package_has_no_ring_of_imports():
    graph = {
        module: {
            item.name.removeprefix("automask.")
            for item in imports_of(source)
            if item.name.startswith("automask.") and not item.only_types
        }
        for module, source in modules().items()
        if module != "__init__"
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"a ring: {' -> '.join(error.args[1])}")


def test_no_module_has_a_name_that_says_nothing():
    names = {word for module in modules() for part in module.split(".") for word in part.split("_") if word}
    assert not names & CLUMSY


def test_pipelines_import_hydra_and_the_layers_below_them():
    scripts = sorted((ROOT / "pipelines").glob("*.py"))
    known = {"hydra", "omegaconf", "automask", *(file.stem for file in scripts), *sys.stdlib_module_names}
    for file in scripts:
        for item in imports_of(file.read_text(encoding="utf-8")):
            top, _, rest = item.name.partition(".")
            assert top in known, f"{file.name} imports {top}"
            assert part_of(rest) not in ADAPTERS | {"testing"} or top != "automask"


@pytest.mark.parametrize(
    ("module", "source", "said"),
    [
        ("types", "from automask.plan import nearest", "types:1 imports plan, which is above it"),
        ("masking.boxes", "def f():\n    from automask import api", "masking.boxes:2 imports api, which is above it"),
        ("painting.chain", "import automask.cli", "painting.chain:1 imports cli, which is above it"),
        ("masking.find", "from . import cache", "masking.find:1 imports relatively"),
        ("api", "from automask.editors.paint import Paint", "imports the adapter editors.paint; Hydra names adapters"),
        ("editors.mine", "from automask.editors.paint import Paint", "imports the adapter editors.paint"),
        (
            "editors.mine",
            "from automask.segmenters.vocabulary import Words",
            "imports the adapter segmenters.vocabulary",
        ),
        ("editors.mine", "from automask.painting.crops import cut", "imports painting.crops; an adapter may not"),
        ("editors.mine", "import torch", "imports torch at the top; it belongs inside a function"),
        ("editors.mine", "class A:\n    import torch", "editors.mine:2 imports torch at the top"),
        ("editors.mine", "try:\n    import diffusers.utils\nexcept ImportError: pass", "imports diffusers at the top"),
        (
            "masking.masks",
            "def f():\n    import torch",
            "masking.masks:2 imports torch, which belongs to editors, refiners",
        ),
        ("api", "import hydra", "imports hydra, which belongs to config"),
        ("config", "from omegaconf import OmegaConf", "imports omegaconf at the top"),
        ("runner", "def f():\n    import ray", "imports ray, which belongs to batches"),
        ("masking.masks", "from PIL import Image", "imports PIL, which belongs to"),
        ("plan", "import yaml", "imports yaml at the top"),
        ("results.records", "def f():\n    import yaml", "imports yaml, which belongs to composition, config, plan"),
        ("masking.boxes", "import scipy", "imports scipy, which has no home"),
        ("painting.chain", "from automask.testing import Identity", "imports testing, which is for tests"),
        ("painting.chain", "from automask import edit", "imports 'edit', which is in no layer"),
    ],
)
def test_the_checker_sees_a_violation(module: str, source: str, said: str):
    (found,) = violations(module, source)
    assert said in found


@pytest.mark.parametrize(
    ("module", "source"),
    [
        (
            "painting.chain",
            "import re\nimport numpy as np\nfrom automask.masking import boxes\nfrom automask.types import Box",
        ),
        ("editors.mine", "def f():\n    import torch\n    from diffusers.utils import logging"),
        ("editors.mine", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import torch"),
        ("api", "from automask._version import __version__"),
        ("segmenters.mine", "from automask.segmenters.vocabulary import Words"),
        ("refiners.mine", "from automask.masking.boxes import tight_box\nfrom automask.plan.names import slug"),
    ],
)
def test_the_checker_lets_good_imports_pass(module: str, source: str):
    assert violations(module, source) == []
