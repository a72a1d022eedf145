"""What mkdocs runs beside its plugins: the page of the Python interface lists every name of `automask.__all__`."""

import ast
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).resolve().parents[1] / "automask"


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Puts a block of mkdocstrings for each public name where a page says {{API}}."""
    return markdown.replace("{{API}}", "\n".join(_block(name) for name in _public_names()))


def _public_names() -> list[str]:
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "__all__" for t in node.targets):
            names = [name for name in ast.literal_eval(node.value) if not name.startswith("__")]
            # Functions first: they are what a reader looks for.
            return sorted(names, key=lambda name: (name[0].isupper(), name.endswith("Error"), name.lower()))
    raise ValueError(f"{PACKAGE / '__init__.py'} has no __all__")


def _block(name: str) -> str:
    return f"::: automask.{name}\n    options:\n      show_root_heading: true\n      show_root_full_path: false\n"
