"""The pages that repeat the code say what the code says, and the site has every page."""

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def script(name: str):
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def docs_pages():
    return script("docs_pages")


def plain(help_text: str) -> str:
    """A help text without what differs between versions of argparse: line ends, and `-o OUT, --out OUT`."""
    words = " ".join(help_text.split())
    return re.sub(r"(-\w) ([^\s,]+), (--[\w-]+) \2", r"\1, \3 \2", words)


def test_the_command_line_page_is_what_help_prints(docs_pages):
    written = docs_pages.PAGE.read_text(encoding="utf-8")
    assert plain(written) == plain(docs_pages.page()), "run make docs-pages"


@pytest.mark.slow
def test_the_command_line_page_has_every_command(docs_pages):
    named = {" ".join(command) for command in docs_pages.commands()}
    assert {"edit", "mask", "batch", "demo", "materials", "models fetch", "config show", "completion"} <= named
    assert named - {""} == {" ".join(typed) for typed in named_in(docs_pages.page())} - {""}


def named_in(page):
    return [heading.split()[1:] for heading in re.findall(r"^##+ (automask.*)$", page, re.MULTILINE)]


def test_the_lists_of_rooms_are_the_table_of_the_layer_test(docs_pages):
    for path, block in {
        "CONTRIBUTING.md": docs_pages.layout(),
        "docs/extend/architecture.md": docs_pages.diagram(),
    }.items():
        text = (ROOT / path).read_text(encoding="utf-8")
        assert block in text, f"{path}: run make docs-pages"
        assert docs_pages.with_block(text, block) == text


def test_a_room_is_listed_with_what_it_says_of_itself(docs_pages):
    assert "| `errors` | Everything that automask raises on purpose. |" in docs_pages.layout()
    assert all(not row.endswith("|  |") for row in docs_pages.layout().splitlines())


def test_a_page_without_the_marks_is_refused(docs_pages):
    with pytest.raises(ValueError, match="lacks the marks"):
        docs_pages.with_block("# Contributing", "| room |")


def test_every_page_is_in_the_navigation_of_the_site():
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:\n")[2]
    named = set(re.findall(r"[\w/-]+\.md", navigation))
    assert named == {file.relative_to(ROOT / "docs").as_posix() for file in (ROOT / "docs").rglob("*.md")}


def test_the_python_page_lists_every_public_name():
    import automask

    hooks = script("docs_hooks")
    shown = set(re.findall(r"^::: automask\.(\w+)$", hooks.on_page_markdown("{{API}}"), re.MULTILINE))
    assert {"edit", "mask", "Outcome"} <= shown
    assert shown | hooks.error_names() == set(automask.__all__) - {"__version__"} | hooks.error_names()
    assert not shown & hooks.error_names()
