"""What mkdocs runs with its plugins: the Python page lists every name of `automask.__all__` that is not an error."""

import ast
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).resolve().parents[1] / "automask"


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Puts a block of mkdocstrings for each public name where a page says {{API}}; errors have a page of their own."""
    return markdown.replace("{{API}}", "\n".join(_block(name) for name in _public_names()))


def _public_names() -> list[str]:
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "__all__" for t in node.targets):
            names = set(ast.literal_eval(node.value)) - {"__version__"} - error_names()
            # Functions first: they are what a reader looks for.
            return sorted(names, key=lambda name: (name[0].isupper(), name.lower()))
    raise ValueError(f"{PACKAGE / '__init__.py'} has no __all__")


def error_names() -> set[str]:
    """Every class of automask.errors."""
    tree = ast.parse((PACKAGE / "errors.py").read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.ClassDef)}


def _block(name: str) -> str:
    return f"::: automask.{name}\n    options:\n      show_root_heading: true\n      show_root_full_path: false\n"
