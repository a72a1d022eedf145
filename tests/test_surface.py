"""The public surface: what docs and scripts outside rely on, down to parameter names and defaults."""

import ast
import importlib
import inspect
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import automask
from automask import errors

ROOT = Path(__file__).resolve().parent.parent
EMPTY = inspect.Parameter.empty

PROMISED = {"edit", "mask", "load", "Outcome", "Region", "Edit", "Stages", "AutomaskError"}
ALSO_EXPORTED = {
    "Box",
    "BoxRecipe",
    "Editor",
    "MaskRecipe",
    "Refiner",
    "Segmenter",
    "Step",
    "__version__",
    "format_plan",
    "parse_plan",
    "variants",
    "batch",
    "BatchResult",
    "JobReport",
    "Saved",
    "Variant",
    "to_coco",
    "to_labelme",
    "to_yolo",
    "to_detections",
    *(name for name, thing in vars(errors).items() if isinstance(thing, type) and issubclass(thing, Exception)),
}

CALL = {
    "preset": "starter",
    "seed": 0,
    "on_missing": "skip",
    "overrides": (),
    "stages": None,
    "segmenter": None,
    "refiner": None,
    "editor": None,
}
SIGNATURES = {
    "edit": (["photo", "plan"], CALL),
    "mask": (["photo", "targets"], CALL),
    "variants": (["photo", "words"], CALL),
    "load": ([], {"preset": "starter", "overrides": ()}),
    "batch": (["source"], {"plan": None, "out": "out", "preset": "starter", "seed": 0, "on_missing": "skip"}),
}
FIELDS = {
    "Outcome": {"image", "steps", "record", "save", "pil", "to_bytes"},
    "Region": {"target", "found", "hard", "alpha", "boxes", "peak", "mask", "score"},
    "Stages": {"edit", "mask", "variants"},
    "Saved": {"result", "masks", "picture", "record"},
    "Edit": {"targets", "prompt", "excepts", "keep", "editor", "seed", "mask", "options"},
}
HEAVY = {
    "numpy",
    "cv2",
    "PIL",
    "hydra",
    "omegaconf",
    "yaml",
    "rich",
    "torch",
    "transformers",
    "diffusers",
    "coloraide",
}


def test_all_names_what_is_promised_and_nothing_else():
    assert set(automask.__all__) == PROMISED | ALSO_EXPORTED
    assert len(automask.__all__) == len(set(automask.__all__))


@pytest.mark.parametrize("name", automask.__all__)
def test_every_public_name_resolves(name: str):
    assert getattr(automask, name) is not None
    assert name in dir(automask)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'paint_by_numbers'"):
        automask.paint_by_numbers  # noqa: B018 - looking it up is the test


@pytest.mark.parametrize("name", SIGNATURES)
def test_a_call_takes_what_is_promised_with_the_same_defaults(name: str):
    positional, named = SIGNATURES[name]
    parameters = inspect.signature(getattr(automask, name)).parameters
    assert list(parameters)[: len(positional)] == positional
    for parameter in positional:
        assert parameters[parameter].default is EMPTY
    assert {key: parameters[key].default for key in named} == named
    assert list(parameters)[len(positional) : len(positional) + len(named)] == list(named)
    # Whatever else is offered is optional, so that a call written to the promise goes on working.
    assert all(parameter.default is not EMPTY for parameter in list(parameters.values())[len(positional) :])
    if positional:
        named = {key: value for key, value in named.items() if key != "plan"}  # batch's plan may stand second
        assert all(parameters[key].kind is inspect.Parameter.KEYWORD_ONLY for key in named)


@pytest.mark.parametrize("name", FIELDS)
def test_a_value_has_the_fields_that_are_promised(name: str):
    value = getattr(automask, name)
    assert FIELDS[name] <= {*getattr(value, "__dataclass_fields__", {}), *dir(value)}


def test_everything_raised_on_purpose_is_an_automask_error():
    errors = importlib.import_module("automask.errors")
    raised = [thing for thing in vars(errors).values() if inspect.isclass(thing) and issubclass(thing, Exception)]
    assert len(raised) > 10
    assert all(issubclass(error, automask.AutomaskError) for error in raised)


def public_definitions() -> list[tuple[str, ast.AST]]:
    """Every module, class, function and method of the package whose whole name is public."""
    found: list[tuple[str, ast.AST]] = []

    def collect(node: ast.AST, name: str) -> None:
        found.append((name, node))
        for child in ast.iter_child_nodes(node):
            functions = (ast.FunctionDef, ast.AsyncFunctionDef) if isinstance(node, ast.Module) else ()
            if isinstance(child, (ast.ClassDef, *functions)) and not child.name.startswith("_"):
                collect(child, f"{name}.{child.name}")

    for file in sorted((ROOT / "automask").rglob("*.py")):
        name = ".".join(file.relative_to(ROOT).with_suffix("").parts)
        collect(ast.parse(file.read_text(encoding="utf-8")), name.removesuffix(".__init__"))
    return found


def test_every_public_module_class_and_function_has_a_docstring():
    # Methods are left to ruff (D102 is off: a method that implements a protocol is documented at the protocol).
    bare = [name for name, node in public_definitions() if ast.get_docstring(node) is None]
    assert bare == []


def test_every_first_line_is_a_sentence():
    for name, node in public_definitions():
        first = (ast.get_docstring(node) or "").split("\n\n")[0].rstrip()
        assert first.endswith((".", ":", "?")), f"{name}: {first!r}"


@pytest.mark.parametrize(
    "code",
    [
        "import automask",
        "import automask; automask.__version__; automask.AutomaskError",
        "import automask.cli",
        "from automask.cli import main; main(['--version'])",
        "from automask.cli import main; main([])",
        *[
            f"from automask.cli import main\ntry: main([{argument}])\nexcept SystemExit as stop: assert not stop.code"
            for argument in (
                "'--help'",
                "'materials', '-h'",
                "'edit', '--help'",
                "'mask', '-h'",
                "'batch', '--help'",
                "'demo', '-h'",
            )
        ],
    ],
)
def test_import_version_and_help_stay_light(code: str):
    script = f"{code}\nimport sys\nprint()\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert set(done.stdout.splitlines()[-1].split()) & HEAVY == set()


def test_an_edit_imports_nothing_that_opens_connections():
    code = "import automask.runner, automask.editors.paint.editor, automask.refiners.grabcut, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert set(done.stdout.split()) & {"urllib.request", "http.client", "ssl"} == set()


def test_help_of_the_installed_program_names_the_commands():
    done = subprocess.run(
        [sys.executable, "-m", "automask.cli", "--help"], capture_output=True, text=True, check=True, cwd=ROOT
    )
    for word in ("edit", "mask", "batch", "demo", "materials", "models", "exit status"):
        assert word in done.stdout


def test_the_version_is_said_the_same_everywhere():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["dynamic"] == ["version"]  # hatchling reads automask/_version.py
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## [{automask.__version__}]" in changes
    done = subprocess.run(
        [sys.executable, "-m", "automask.cli", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"automask {automask.__version__}\n"


def test_the_package_says_that_it_is_typed():
    assert (ROOT / "automask" / "py.typed").is_file()


def test_a_message_names_a_page_where_every_user_finds_it():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["urls"]["Documentation"] == errors.DOCUMENTATION
    pages = []
    for file in sorted((ROOT / "automask").rglob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        texts = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in prose]
        # The documentation is not installed: a path in the checkout says nothing to most users.
        assert not [node.value for node in texts if "docs/" in str(node.value)], file
        joined = [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]
        pages += [page for text in joined for page in re.findall(r"\{DOCUMENTATION\}/([\w/-]+\.md)", text)]
    assert len(pages) >= 3
    assert [page for page in pages if not (ROOT / "docs" / page).is_file()] == []


def test_every_page_that_the_code_and_its_notices_name_is_there():
    files = [path for kind in ("*.py", "*.yaml", "*.md") for path in (ROOT / "automask").rglob(kind)]
    files += [ROOT / "NOTICE", *(ROOT / "conf").rglob("*.yaml"), *(ROOT / "scripts").rglob("*.py")]
    named = {(file.name, page) for file in files for page in re.findall(r"docs/[\w/-]+\.md", file.read_text("utf-8"))}
    assert len(named) > 10
    assert sorted((file, page) for file, page in named if not (ROOT / page).is_file()) == []
