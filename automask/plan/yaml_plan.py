"""Reads YAML plans, which also say editor, seed, mask lengths and editor options."""

import re
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from typing import Any, NoReturn

from automask.errors import PlanError
from automask.plan.check import EDIT_KEYS, KEY_TYPOS, MASK_LENGTHS, faults
from automask.plan.grammar import WordParser
from automask.plan.names import nearest
from automask.plan.text import describe, normalised, printable
from automask.types import Edit, Option, Plan


def parse_yaml_plan(text: str, *, source: str, prompts: bool = True) -> Plan:
    """The plan that a YAML text says: a list of edits, or a mapping with the list under `edits`.

    An edit is a mapping of `target`, `prompt`, `except`, `keep`, `with` (the editor), `seed`, mask lengths (the fields
    of `MaskRecipe`) and the editor's own options. `target`, `except` and `keep` are a string with commas, as in words,
    or a list of literal strings. `- keep: [...]` alone protects its words from every edit.

    Args:
        text: The YAML; safe types only, no key twice, no merge keys.
        source: What to call it in messages: the file's name.
        prompts: False for a mask request, where prompts may be missing.

    Raises:
        PlanError: In one line that names the source, the edit's number, the key and, for a key, the nearest valid one.
    """
    return _YamlPlan(source, prompts).plan(text)


def _yaml_value(text: str, source: str) -> object:
    import yaml  # comes with Hydra

    def refuse(key: Any, problem: str, hint: str) -> NoReturn:
        raise PlanError(f"{source}: {_place(key.start_mark)}{problem}", hint=hint)

    class Loader(yaml.SafeLoader):
        """PyYAML's safe types, save that keys that stand twice are refused, and merge keys, which can grow a file."""

        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:
            seen: set[str] = set()
            for key, _ in node.value if isinstance(node, yaml.MappingNode) else ():
                if key.tag == "tag:yaml.org,2002:merge":
                    refuse(key, "merge keys ('<<') are not read", "write the keys out")
                if isinstance(key, yaml.ScalarNode):
                    if key.value in seen:
                        refuse(key, f"{describe(key.value)} stands twice", "leave one of the two out")
                    seen.add(key.value)
            mapping: dict[Hashable, Any] = super().construct_mapping(node, deep)
            return mapping

    try:
        return yaml.load(text, Loader=Loader)  # noqa: S506  # a SafeLoader
    except PlanError:
        raise
    except yaml.YAMLError as error:
        problem = str(getattr(error, "problem", None) or getattr(error, "reason", None) or "cannot be read")
        if problem.startswith("but "):
            problem = f"{getattr(error, 'context', '')}, {problem}"
        place = _place(getattr(error, "problem_mark", None))
    except (ValueError, OverflowError, RecursionError) as error:
        # A date such as 2026-13-45, a number of 5000 digits, a thousand nested lists.
        problem, place = "nested too deeply" if isinstance(error, RecursionError) else str(error), ""
    problem = printable(" ".join(problem.split()))[:200]
    hint = "quote texts that hold ':', '#' or braces, and indent with blanks"
    raise PlanError(f"{source}: {place}{problem}", hint=hint)


def _place(mark: Any) -> str:
    return f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""


class _YamlPlan:
    """A YAML plan being read."""

    def __init__(self, source: str, prompts: bool) -> None:
        self.source = printable(source)
        self.prompts = prompts
        self.place = ""

    def plan(self, text: str) -> Plan:
        entries, keep = self.entries(_yaml_value(text, self.source))
        for entry in entries:
            if isinstance(entry, Mapping) and list(entry) == ["keep"]:
                keep += self.names(entry, "keep")
        edits: list[Edit] = []
        for entry in entries:
            if isinstance(entry, Mapping) and list(entry) == ["keep"]:
                continue
            self.place = f"edit {len(edits) + 1}: "
            edits.append(self.edit(entry))
        self.place = ""
        if not edits:
            self.fail("no edit in it", "add one with 'target' and 'prompt'")
        kept = _once(keep)
        plan = tuple(replace(edit, keep=_once([*kept, *edit.keep])) for edit in edits)
        for fault in faults(plan, prompts=self.prompts):
            self.place = f"edit {fault.edit + 1}: "
            self.fail(fault.problem, fault.hint)
        return plan

    def fail(self, problem: str, hint: str) -> NoReturn:
        raise PlanError(f"{self.source}: {self.place}{problem}", hint=hint)

    def entries(self, value: object) -> tuple[list[object], list[str]]:
        """The list of edits, and the words that a top-level `keep` protects."""
        hint = "write a list of edits, each beginning with '- target: ...'"
        keep: list[str] = []
        if isinstance(value, Mapping):
            for key in value:
                if key not in {"edits", "keep"}:
                    near = nearest(key, ["edits", "keep"]) if isinstance(key, str) else None
                    self.fail(f"unknown key {describe(key)} at the top", f"did you mean {near!r}?" if near else hint)
            keep = list(self.names(value, "keep"))
            value = value.get("edits")
        if isinstance(value, str):
            self.fail("words where a list of edits belongs", f"{hint}; a file of words is named .txt")
        if not isinstance(value, list):
            self.fail(f"{describe(value)} where a list of edits belongs", hint)
        return value, keep

    def edit(self, entry: object) -> Edit:
        if not isinstance(entry, Mapping):
            self.fail(f"{describe(entry)} where an edit belongs", "write it as '- target: ...' and 'prompt: ...'")
        for key in entry:
            if not isinstance(key, str) or not key.isidentifier():
                self.fail(
                    f"{describe(key)} cannot be a key", f"the keys are {', '.join(EDIT_KEYS)}, lengths and options"
                )
        for key in ("target", "prompt"):
            if key not in entry and (key == "target" or self.prompts):
                slip = next((name for name in entry if KEY_TYPOS.get(name) == key or _alike(name, key)), None)
                if slip is not None:
                    self.fail(f"unknown key {slip!r}", f"did you mean {key!r}?")
                self.fail(f"no {key!r}", "say what to find" if key == "target" else "say what it becomes")
        rest = {key: value for key, value in entry.items() if key not in EDIT_KEYS}
        for key, value in {**rest, **{key: entry[key] for key in ("with", "seed") if key in entry}}.items():
            if value is None:
                self.fail(f"{key!r} is empty", "give it a value, or leave it out")
        lengths = {key: rest.pop(key) for key in MASK_LENGTHS if key in rest}
        return Edit(
            targets=tuple(self.names(entry, "target")),
            prompt=self.text(entry["prompt"]) if "prompt" in entry else "",
            excepts=tuple(self.names(entry, "except")),
            keep=tuple(self.names(entry, "keep")),
            editor=entry.get("with"),
            seed=entry.get("seed"),
            mask=tuple(sorted(lengths.items())),
            options=tuple(sorted((key, self.option(value)) for key, value in rest.items())),
        )

    def option(self, value: Any) -> Option:
        return _on_one_line(value) if isinstance(value, str) else value  # judged by _option_faults

    def text(self, value: object) -> str:
        if not isinstance(value, str):
            hint = ": YAML takes '#' for a comment" if value is None else ""
            self.fail(f"'prompt' is {describe(value)}{hint}", "put the prompt in quotes")
        return _on_one_line(value)

    def names(self, entry: Mapping[Any, Any], key: str) -> Sequence[str]:
        if key not in entry:
            return []
        value = entry[key]
        if isinstance(value, str):
            return self.names_in_words(value, key)
        if not isinstance(value, list) or not value:
            kind = "an empty list" if value == [] else describe(value)
            self.fail(f"{key!r} is {kind}", "give words with commas, or a list of words")
        for name in value:
            if not isinstance(name, str):
                self.fail(f"{key!r} holds {describe(name)}", "put the word in quotes")
        return value

    def names_in_words(self, value: str, key: str) -> Sequence[str]:
        words = WordParser(value.strip("\r\n"), prompts=False)
        try:
            parts = [words.part(part) for part in words.split()]
        except PlanError as error:
            self.fail(f"{key!r}: {error.problem}", error.hint)
        if not parts:
            self.fail(f"{key!r} holds no words: {describe(value)}", "give words with commas, or a list of words")
        if len(parts) > 1 or parts[0].excepts or parts[0].keep or parts[0].prompt.pieces:
            hint = "arrows, 'except' and 'keep' are keys of their own"
            self.fail(f"{key!r} holds more than words with commas: {describe(value)}", hint)
        return [name.text for name in parts[0].targets]


def _alike(word: str, key: str) -> bool:
    return SequenceMatcher(None, word.casefold(), key).ratio() >= 0.7


def _once(names: Iterable[str]) -> tuple[str, ...]:
    first: dict[str, str] = {}
    for name in names:
        first.setdefault(normalised(name), name)
    return tuple(first.values())


def _on_one_line(text: str) -> str:
    """A block of YAML text as one line."""
    return re.sub(r"[ \t]*[\r\n]+[ \t]*", " ", text.strip("\r\n"))
