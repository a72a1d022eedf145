"""Parses YAML plans, which can also hold an editor, a seed, mask lengths and editor options."""

import re
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from typing import Any, NoReturn

from automask.errors import PlanError
from automask.plan.check import EDIT_KEYS, KEY_TYPOS, MASK_LENGTHS, faults
from automask.plan.grammar import WordParser
from automask.plan.names import nearest
from automask.plan.pointing import combined, point, whole_phrases
from automask.plan.text import MAX_CHARS, check_kept, check_length, describe, normalised, printable
from automask.types import Edit, Option, Plan


def parse_yaml_plan(text: str, *, source: str, prompts: bool = True) -> Plan:
    """The plan in a YAML text: a list of edits, or a mapping with the list under `edits`.

    An edit is a mapping of `target`, `prompt`, `except`, `keep`, `with` (the editor), `seed`, mask lengths (the fields
    of `MaskRecipe`) and the editor's own options. `target`, `except` and `keep` are a string with commas, as in words,
    or a list of literal strings. `which` picks some of a single target: "second from the left", 2 or [1, 3].
    `optional: true` passes over what is not in the photo. `- keep: [...]` alone protects its words from every edit.

    Args:
        text: The YAML; safe types only, no repeated key, no merge keys.
        source: Its name in messages: the file's name.
        prompts: False for a mask request, where prompts may be missing.

    Raises:
        PlanError: In one line that names the source, the edit's number, the key and, for an unknown key, the nearest
            valid one.
    """
    return _YamlParser(source, prompts).parse(text)


class _YamlParser:
    """Builds a plan from parsed YAML; `place` is the edit that errors name.

    Args:
        source: The plan's name in messages.
        prompts: False for a mask request, where prompts may be missing.
    """

    def __init__(self, source: str, prompts: bool) -> None:
        self.source = printable(source)
        self.prompts = prompts
        self.place = ""
        self.quoted: set[str] = set()

    def parse(self, text: str) -> Plan:
        """The plan in a YAML text."""
        try:
            check_length(text)
        except PlanError as error:
            raise PlanError(f"{self.source}: {error.problem}", hint=error.hint) from None
        entries, keep = self.parse_top(_load_yaml(text, self.source))
        for entry in entries:
            if isinstance(entry, Mapping) and list(entry) == ["keep"]:
                keep += self.parse_names(entry, "keep")
        kept_whole = self.quoted
        edits: list[Edit] = []
        chars = 0
        for entry in entries:
            if isinstance(entry, Mapping) and list(entry) == ["keep"]:
                continue
            self.place = f"edit {len(edits) + 1}: "
            edits.append(self.parse_edit(entry))
            chars += sum(map(len, (*edits[-1].targets, *edits[-1].excepts, *edits[-1].keep, edits[-1].prompt)))
            if chars > MAX_CHARS:
                problem = f"{self.source}: its aliases stand for more than {MAX_CHARS} characters"
                raise PlanError(problem, hint="write the edits out, or make several plans")
        self.place = ""
        if not edits:
            self.fail("no edit in it", "add one with 'target' and 'prompt'")
        kept = _once(keep)
        check_kept(len(kept), len(edits))
        plan = tuple(_with_keep(edit, _once([*kept, *edit.keep]), kept_whole) for edit in edits)
        for fault in faults(plan, prompts=self.prompts):
            self.place = f"edit {fault.edit + 1}: "
            self.fail(fault.problem, fault.hint)
        return plan

    def parse_top(self, value: object) -> tuple[list[object], list[str]]:
        """The list of edits, and the words that a top-level `keep` protects."""
        hint = "write a list of edits, each beginning with '- target: ...'"
        keep: list[str] = []
        if isinstance(value, Mapping):
            for key in value:
                if key not in {"edits", "keep"}:
                    near = nearest(key, ["edits", "keep"]) if isinstance(key, str) else None
                    self.fail(f"unknown key {describe(key)} at the top", f"did you mean {near!r}?" if near else hint)
            keep = list(self.parse_names(value, "keep"))
            value = value.get("edits")
        if isinstance(value, str):
            self.fail("words where a list of edits belongs", f"{hint}; a file of words is named .txt")
        if not isinstance(value, list):
            self.fail(f"{describe(value)} where a list of edits belongs", hint)
        return value, keep

    def parse_edit(self, entry: object) -> Edit:
        """One edit of the list."""
        if not isinstance(entry, Mapping):
            self.fail(f"{describe(entry)} where an edit belongs", "write it as '- target: ...' and 'prompt: ...'")
        for key in entry:
            if not isinstance(key, str) or not key.isidentifier():
                self.fail(
                    f"{describe(key)} cannot be a key", f"the keys are {', '.join(EDIT_KEYS)}, lengths and options"
                )
        for key in ("target", "prompt"):
            if key not in entry and (key == "target" or self.prompts):
                typo = next((name for name in entry if KEY_TYPOS.get(name) == key or _is_similar(name, key)), None)
                if typo is not None:
                    self.fail(f"unknown key {typo!r}", f"did you mean {key!r}?")
                self.fail(f"no {key!r}", "say what to find" if key == "target" else "say what it becomes")
        settings = {key: value for key, value in entry.items() if key not in EDIT_KEYS}
        for key, value in {**settings, **{key: entry[key] for key in ("with", "seed") if key in entry}}.items():
            if value is None:
                self.fail(f"{key!r} is empty", "give it a value, or leave it out")
        self.quoted = set()
        lengths = {key: settings.pop(key) for key in MASK_LENGTHS if key in settings}
        targets = self.parse_which(tuple(self.parse_names(entry, "target")), entry)
        excepts, keep = (tuple(self.parse_names(entry, key)) for key in ("except", "keep"))
        return Edit(
            targets=targets,
            prompt=self.parse_prompt(entry["prompt"]) if "prompt" in entry else "",
            excepts=excepts,
            keep=keep,
            whole=whole_phrases((*targets, *excepts, *keep), self.quoted),
            editor=entry.get("with"),
            seed=entry.get("seed"),
            optional=entry.get("optional", False),
            mask=tuple(sorted(lengths.items())),
            options=tuple(sorted((key, self.parse_option(value)) for key, value in settings.items())),
        )

    def parse_which(self, targets: tuple[str, ...], entry: Mapping[Any, Any]) -> tuple[str, ...]:
        """The targets; a single one with the words of `which`, which pick some of it."""
        if "which" not in entry:
            return targets
        which = entry["which"]
        numbers = which if isinstance(which, list) else [which]
        if numbers and all(type(number) is int and number > 0 for number in numbers):
            which = " and ".join(map(str, numbers))
        if not isinstance(which, str) or not which.strip():
            self.fail(f"'which' is {describe(which)}", "say 'left', 'second from the right', or numbers such as [1, 3]")
        if len(targets) != 1:
            self.fail(f"'which' with {len(targets)} targets", "give each target an edit of its own")
        words = combined(targets[0], which)
        try:
            picks = point(words).picks
        except PlanError as error:
            self.fail(f"'which': {error.problem}", error.hint)
        if not picks:
            self.fail(f"'which' is {describe(which)}, which picks nothing", "say 'left', 'second', or 'above the bed'")
        self.quoted.discard(targets[0])
        return (words,)

    def parse_option(self, value: Any) -> Option:
        return _on_one_line(value) if isinstance(value, str) else value  # check.py holds its type

    def parse_prompt(self, value: object) -> str:
        if not isinstance(value, str):
            reason = ": YAML takes '#' for a comment" if value is None else ""
            self.fail(f"'prompt' is {describe(value)}{reason}", "put the prompt in quotes")
        return _on_one_line(value)

    def parse_names(self, entry: Mapping[Any, Any], key: str) -> Sequence[str]:
        """The names under a key: a list of them as it is, a string as in words."""
        if key not in entry:
            return []
        value = entry[key]
        if isinstance(value, str):
            return self.parse_words(value, key)
        if not isinstance(value, list) or not value:
            kind = "an empty list" if value == [] else describe(value)
            self.fail(f"{key!r} is {kind}", "give words with commas, or a list of words")
        for name in value:
            if not isinstance(name, str):
                self.fail(f"{key!r} holds {describe(name)}", "put the word in quotes")
        self.quoted.update(value)
        return value

    def parse_words(self, value: str, key: str) -> Sequence[str]:
        parser = WordParser(value.strip("\r\n"), prompts=False)
        try:
            parts = [parser.parse_part(part) for part in parser.split_parts()]
        except PlanError as error:
            self.fail(f"{key!r}: {error.problem}", error.hint)
        if not parts:
            self.fail(f"{key!r} holds no words: {describe(value)}", "give words with commas, or a list of words")
        if len(parts) > 1 or parts[0].excepts or parts[0].keep or parts[0].prompt.pieces:
            hint = "arrows, 'except' and 'keep' are keys of their own"
            self.fail(f"{key!r} holds more than words with commas: {describe(value)}", hint)
        self.quoted.update(name.text for name in parts[0].targets if name.quoted)
        return [name.text for name in parts[0].targets]

    def fail(self, problem: str, hint: str) -> NoReturn:
        raise PlanError(f"{self.source}: {self.place}{problem}", hint=hint)


def _with_keep(edit: Edit, keep: tuple[str, ...], quoted: set[str]) -> Edit:
    phrases = (*edit.targets, *edit.excepts, *keep)
    return replace(edit, keep=keep, whole=whole_phrases(phrases, {*edit.whole, *quoted}))


def _load_yaml(text: str, source: str) -> object:
    """The values in a YAML text: lists, mappings and plain values only."""
    import yaml  # comes with Hydra

    def refuse(key: Any, problem: str, hint: str) -> NoReturn:
        raise PlanError(f"{source}: {_place(key.start_mark)}{problem}", hint=hint)

    class Loader(yaml.SafeLoader):
        """PyYAML's safe types, without repeated keys, and without merge keys, which can make a small file huge."""

        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:
            seen: set[str] = set()
            for key, _ in node.value if isinstance(node, yaml.MappingNode) else ():
                if key.tag == "tag:yaml.org,2002:merge":
                    refuse(key, "merge keys ('<<') are not supported", "write the keys out")
                if isinstance(key, yaml.ScalarNode):
                    if key.value in seen:
                        refuse(key, f"{describe(key.value)} appears twice", "leave one of the two out")
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
    hint = "quote texts that hold ':', '#' or braces, and indent with spaces"
    raise PlanError(f"{source}: {place}{problem}", hint=hint)


def _place(mark: Any) -> str:
    """PyYAML's position, for a message; empty where it gives none."""
    return f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""


def _is_similar(word: str, key: str) -> bool:
    return SequenceMatcher(None, word.casefold(), key).ratio() >= 0.7


def _once(names: Iterable[str]) -> tuple[str, ...]:
    """The names without repetitions, in the first one's spelling."""
    first: dict[str, str] = {}
    for name in names:
        first.setdefault(normalised(name), name)
    return tuple(first.values())


def _on_one_line(text: str) -> str:
    """A block of YAML text joined into one line."""
    return re.sub(r"[ \t]*[\r\n]+[ \t]*", " ", text.strip("\r\n"))
