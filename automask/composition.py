"""The configuration of the package, composed from plain files; what needs more than that is left to Hydra.

Hydra and OmegaConf take as long to import and to compose as NumPy, OpenCV and Pillow together take to import, which a
command that edits one photo would pay each time. The files that a light install runs with are plain: a preset picks
files of groups, and those hold keys and values. `tests/test_composition.py` holds each against Hydra's own result.
"""

import copy
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_KEY = r"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*"
_WHOLE = r"-?(?:0|[1-9][0-9]*)"
_WORD = r"[A-Za-z][A-Za-z0-9]*(?:[-_][A-Za-z0-9]+)*"
_PLAIN = re.compile(rf"({_KEY})=(?:({_WHOLE})|(-?[0-9]+\.[0-9]+)|({_WORD}))")
_WORDS: Mapping[str, Any] = {"true": True, "false": False, "null": None}
_NUMBERS = {"inf", "nan"}  # to Hydra's grammar, in any letters


def plain_override(text: str) -> tuple[str, Any] | None:
    """The key and the value of `key=value`, as Hydra's grammar reads it; None where only that grammar can tell."""
    found = _PLAIN.fullmatch(text)
    if found is None:
        return None
    key, whole, fraction, word = found.groups()
    if whole is not None:
        return key, int(whole)
    if fraction is not None:
        return key, float(fraction)
    if word in _WORDS:
        return key, _WORDS[word]
    return None if word.lower() in _WORDS.keys() | _NUMBERS else (key, word)


def plain_composition(folder: Path, primary: str, choices: Mapping[str, str]) -> tuple[dict[str, Any], str] | None:
    """The configuration of some chosen files, and the name of the preset; None where a file needs Hydra.

    Args:
        folder: The package's own YAML files.
        primary: The name of the file at its top.
        choices: Names of files by group.
    """
    top = _mapping(folder / f"{primary}.yaml", "")
    if top is None or "hydra" in top:
        return None
    chosen: dict[str, str | None] = {}
    for entry in top.pop("defaults", []):
        if entry != "_self_":
            (group, name), *more = entry.items() if isinstance(entry, dict) else [("", "")]
            if not group or more or " " in group:
                return None
            chosen[group] = name
    if not choices.keys() <= chosen.keys() or "experiment" in choices or chosen.pop("experiment", None) is not None:
        return None
    preset = choices.get("preset", chosen.pop("preset", None))
    picked = None if preset is None else _picked(folder / "preset" / f"{preset}.yaml")
    if picked is None or preset is None or not picked.keys() <= chosen.keys():
        return None
    chosen |= picked
    chosen |= {group: name for group, name in choices.items() if group != "preset"}
    composed: dict[str, Any] = {}
    for group, name in chosen.items():
        node = _mapping(folder / group / f"{name}.yaml", "")
        if node is None or "defaults" in node:
            return None
        composed[group] = node
    return composed | top, preset


def with_settings(composed: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """A plain configuration with other values of keys that it has, such as `boxes.threshold`."""
    changed: dict[str, Any] = copy.deepcopy(dict(composed))
    for key, value in settings.items():
        *path, last = key.split(".")
        node = changed
        for part in path:
            node = node[part]
        node[last] = value
    return changed


def is_plain(value: Any) -> bool:
    """Whether a setting can be put into a plain configuration as it is: one value, which is not read as another's."""
    return value is None or isinstance(value, bool | int | float) or (isinstance(value, str) and "$" not in value)


def _picked(file: Path) -> dict[str, str] | None:
    """The files of groups that a preset picks; None for one that does more."""
    preset = _mapping(file, "# @package _global_\n")
    if preset is None or preset.keys() != {"defaults"} or not isinstance(preset["defaults"], list):
        return None
    picked = {}
    for entry in preset["defaults"]:
        (key, name), *more = entry.items() if isinstance(entry, dict) else [("", "")]
        if more or not key.startswith("override /") or not isinstance(name, str):
            return None
        picked[key.removeprefix("override /")] = name
    return picked


def _mapping(file: Path, header: str) -> dict[str, Any] | None:
    """What a YAML file with this header says; None without such a file, or where it says more than keys and values."""
    import yaml

    try:
        text = file.read_text(encoding="utf-8")
    except OSError:
        return None
    if not text.startswith(header) or "${" in text or ("@package" in text and not header):
        return None
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        read = yaml.load(text, loader)  # noqa: S506 - a safe loader, ten times as fast in C
    except yaml.YAMLError:
        return None
    return read if isinstance(read, dict) and all(isinstance(key, str) for key in read) else None
