"""Writes the parts of the documentation that repeat the code, so that neither can become stale.

    python scripts/docs_pages.py

docs/reference/cli.md is what every `automask ... --help` prints. The lists of rooms in CONTRIBUTING.md and
docs/extend/architecture.md are the table of tests/test_layers.py, each with the first line of its docstring. `make
docs-pages` runs this; tests/test_docs.py compares the pages with what it would write.
"""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "reference" / "cli.md"
INTRODUCTION = """# Command line

This page is what `automask COMMAND --help` prints; `make docs-pages` writes it. The words are explained in
[the guide](../guide/words.md), `key=value` in [configuration](configuration.md), the results in [files](files.md).
"""


def help_of(*command: str) -> str:
    """What `automask COMMAND --help` prints, 100 columns wide."""
    environment = {**os.environ, "COLUMNS": "100", "PYTHONPATH": str(ROOT), "NO_COLOR": "1", "PYTHON_COLORS": "0"}
    ran = subprocess.run(
        [sys.executable, "-m", "automask", *command, "--help"],
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return "\n".join(line.rstrip() for line in ran.stdout.strip().splitlines())


def commands() -> dict[tuple[str, ...], str]:
    """Every command and subcommand with its help, in the order in which `--help` lists them."""
    found: dict[tuple[str, ...], str] = {}
    waiting: list[tuple[str, ...]] = [()]
    while waiting:
        command = waiting.pop(0)
        found[command] = help_of(*command)
        listed = found[command].partition("\ncommands:\n")[2].partition("\n\n")[0]
        waiting[:0] = [(*command, name) for name in re.findall(r"^  ([a-z][a-z-]*) ", listed, flags=re.MULTILINE)]
    return found


def page() -> str:
    """The page as Markdown."""
    parts = [INTRODUCTION]
    for command, text in commands().items():
        heading = " ".join(("automask", *command))
        parts.append(f"{'##' if len(command) < 2 else '###'} {heading}\n\n```text\n{text}\n```\n")
    return "\n".join(parts)


def layers() -> tuple[list[list[str]], list[str]]:
    """The rows of tests/test_layers.py from the bottom up, each in alphabetical order, and the rooms of adapters."""
    tree = ast.parse((ROOT / "tests" / "test_layers.py").read_text(encoding="utf-8"))
    values = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id in _TABLES
    }
    return [sorted(row) for row in values["LAYERS"]], sorted(values["ADAPTERS"])


_TABLES = {"LAYERS", "ADAPTERS"}


def summary(room: str) -> str:
    """The first line of a room's docstring."""
    file = ROOT / "automask" / f"{room}.py"
    source = file if file.is_file() else ROOT / "automask" / room / "__init__.py"
    text = ast.get_docstring(ast.parse(source.read_text(encoding="utf-8"))) or ""
    return " ".join(text.split("\n\n")[0].split())


def diagram() -> str:
    """The rooms row by row, as docs/extend/architecture.md shows them."""
    rows, adapters = layers()
    return "\n".join(["```text", *("  ".join(row) for row in rows), "", f"adapters: {'  '.join(adapters)}", "```"])


def layout() -> str:
    """The rooms with what each is for, as CONTRIBUTING.md shows them."""
    rows, adapters = layers()
    rooms = [room for row in rows for room in row if room != "__main__"] + adapters + ["testing"]
    return "\n".join(["| room | what it is |", "|---|---|", *(f"| `{room}` | {summary(room)} |" for room in rooms)])


def with_block(text: str, block: str) -> str:
    """A page with what is between its two marks replaced."""
    start, end = "<!-- rooms: written by make docs-pages -->\n\n", "\n\n<!-- end of rooms -->"
    before, found, rest = text.partition(start)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"the page lacks the marks {start.strip()} and {end.strip()}")
    return before + start + block + end + after


def pages() -> dict[Path, str]:
    """Every page that this script writes, with its text."""
    contributing, architecture = ROOT / "CONTRIBUTING.md", ROOT / "docs" / "extend" / "architecture.md"
    return {
        PAGE: page(),
        contributing: with_block(contributing.read_text(encoding="utf-8"), layout()),
        architecture: with_block(architecture.read_text(encoding="utf-8"), diagram()),
    }


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(ROOT))
