"""What was typed: the photo, the words, the options and the configuration overrides."""

import os
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automask.cli.parsers import Parser
from automask.cli.pipes import PIPE, read_photo
from automask.errors import UsageError

if TYPE_CHECKING:
    from automask.images import Photo
    from automask.types import Plan, Variant


ARROWS = ("->", "=>", "\N{RIGHTWARDS ARROW}")
_OVERRIDE = re.compile(r"[~+]*[A-Za-z_][\w@/.-]*=")


class Arguments:
    """What was typed, sorted: the subject, the words, and the configuration's overrides."""

    def __init__(
        self, parser: Parser, arguments: Sequence[str], subject: str, *, wants_arrow: bool, optional: bool = False
    ) -> None:
        typed = list(arguments)
        # After a lone `--` everything is a word, even with a dash in front.
        end = typed.index("--") if "--" in typed else len(typed)
        self.flags = parser.parse_intermixed_args(typed[:end])
        words = [text for text in (self.flags.subject, self.flags.words) if text is not None]
        words += [*self.flags.overrides, *typed[end + 1 :]]
        is_there = any(not (is_key_value(text) or any(arrow in text for arrow in ARROWS)) for text in words)
        if optional and not is_there:
            words.insert(0, os.curdir)
        self.subject, self.words, self.overrides = _sort(words, subject, wants_arrow=wants_arrow)
        if optional and not is_there:
            self.subject = ""
        self.json: bool = getattr(self.flags, "json", False)

    @property
    def conf(self) -> Path | None:
        return None if self.flags.conf is None else Path(self.flags.conf)

    def config(self) -> dict[str, Any]:
        """The composed configuration, flags included."""
        from automask.config import compose

        for name in ("photo", "edits", "plan"):
            if any(text.startswith(f"{name}=") for text in self.overrides):
                raise UsageError(
                    f"{name}=... is for the scripts in pipelines/", hint="here it is an argument of its own"
                )
        check_said_once(self.overrides)
        for flag in (
            *("out", "mapper", "recursive", "overwrite", "force", "prune", "masks", "layers", "fresh_masks"),
            "same_room",
        ):
            self._agree(flag, getattr(self.flags, flag, None))
        self._agree("mapper.workers", getattr(self.flags, "workers", None))
        extra = [f"mapper={self.flags.mapper}"] if getattr(self.flags, "mapper", None) else []
        if getattr(self.flags, "workers", None) is not None:
            extra.append(f"mapper.workers={self.flags.workers}")
        config = dict(compose(self.flags.preset, [*self.overrides, *extra], conf=self.conf))
        # What a person types never goes through Hydra's grammar: a path may hold anything.
        for flag in ("out", "masks", "layers", "same_room"):
            if getattr(self.flags, flag, None) is not None:
                config[flag] = getattr(self.flags, flag)
        for flag in ("recursive", "overwrite", "force", "prune", "fresh_masks"):
            if getattr(self.flags, flag, False):
                config[flag] = True
        return config

    def _agree(self, key: str, flag: Any) -> None:
        said = [text.partition("=")[2] for text in self.overrides if text.partition("=")[0] == key]
        if flag in (None, False) or not said:
            return
        if said[-1].strip("'\"").lower() != str(flag).lower():
            from automask.plan import printable

            typed = printable(f"--{key.rpartition('.')[2].replace('_', '-')} {flag} and {key}={said[-1]}")
            raise UsageError(f"{typed} disagree", hint="say it once")

    def check_masks(self, config: Mapping[str, Any]) -> None:
        """Raises UsageError where masks are given, and fresh ones asked for."""
        if config["masks"] is not None and config["fresh_masks"]:
            raise UsageError("--masks and --fresh-masks", hint="use masks that are there, or find new ones")

    def targets(self) -> "Plan":
        """What to find, from the words or the plan file.

        Raises:
            UsageError: Neither or both were given.
        """
        from automask.api import targets_from
        from automask.plan import load_plan

        self.one_of_words_and_plan("TARGETS", '"island; cabinets"')
        return targets_from(self.words) if self.flags.plan is None else load_plan(Path(self.flags.plan), prompts=False)

    def variants(self) -> "tuple[Variant, ...]":
        """The variants that the words or the plan file say; one of no name where there are no braces.

        Raises:
            UsageError: Neither or both were given.
        """
        from automask.plan import variants_from
        from automask.types import Variant

        if self.flags.style is None or self.words is not None or self.flags.plan is not None:
            self.one_of_words_and_plan("EDITS", '"island -> marble"')
            typed = variants_from(self.words if self.flags.plan is None else Path(self.flags.plan))
        else:
            typed = (Variant("", (), ()),)
        return typed if self.flags.style is None else self._with_style(typed)

    def _with_style(self, variants: "tuple[Variant, ...]") -> "tuple[Variant, ...]":
        from automask.styles import load_style, with_style

        style = load_style(self.flags.style, self.conf)
        styled = tuple(replace(variant, plan=with_style(variant.plan, style)) for variant in variants)
        if not all(variant.plan for variant in styled):
            raise UsageError(f"--style {self.flags.style} has no edit", hint="add one to its file")
        return styled

    @property
    def says_edits(self) -> bool:
        """Whether words, a plan or a style were given."""
        return any(each is not None for each in (self.words, self.flags.plan, self.flags.style))

    def one_of_words_and_plan(self, name: str, example: str) -> None:
        if self.words is None and self.flags.plan is None:
            missing = f"{name}, no --plan and no --style" if hasattr(self.flags, "style") else f"{name} and no --plan"
            raise UsageError(f"no {missing}", hint=f"say what to do, as in {example}")
        if self.words is not None and self.flags.plan is not None:
            from automask.plan import printable

            plan = printable(self.flags.plan)
            raise UsageError(f"{name} {self.words!r} and --plan {plan}", hint="give one of the two")


def _sort(typed: Sequence[str], subject: str, *, wants_arrow: bool) -> tuple[str, Any, list[str]]:
    """The subject (a photo, a folder), the words or None, and the overrides, in whatever order they were typed."""
    found: str | None = None
    words: str | None = None
    overrides: list[str] = []
    for text in typed:
        has_arrow = any(arrow in text for arrow in ARROWS)
        is_override = is_key_value(text) and not has_arrow
        if found is None and (os.path.lexists(text) or not (has_arrow or is_override)):
            found = text
        elif is_override:
            overrides.append(text)
        elif not has_arrow and (_is_photo_name(text) or (wants_arrow and os.path.lexists(text))):
            raise _several(subject, str(found), text, wants_arrow=wants_arrow)
        elif words is None:
            words = text
        else:
            what = "EDITS" if wants_arrow else "TARGETS"
            raise UsageError(
                f"{what} twice: {words!r} and {text!r}", hint="put them in one pair of quotes, separated by ';'"
            )
    if found is None:
        taken = f" (there is no file {overrides[0]!r}: it was read as a setting)" if overrides else ""
        raise UsageError(f"no {subject} given{taken}", hint=f"name the {subject} first")
    if not found:
        raise UsageError(f"the {subject} is ''", hint=f"name the {subject}")
    return found, words, overrides


def is_key_value(text: str) -> bool:
    """Whether a word has the form of a configuration override, `boxes.threshold=0.2`."""
    return _OVERRIDE.match(text) is not None


def check_said_once(overrides: Sequence[str]) -> None:
    """Refuses two values of one key. In Python a list may be put together from several, so there the last one wins.

    Raises:
        UsageError: The two, as typed.
    """
    said: dict[str, str] = {}
    for text in overrides:
        first = said.setdefault(text.partition("=")[0], text)
        if first != text:
            raise UsageError(f"{first!r} and {text!r} disagree", hint="say it once")


def _is_photo_name(text: str) -> bool:
    suffix = Path(text).suffix.lower()
    if not suffix:
        return False
    from automask.images import PHOTO_SUFFIXES

    return suffix in PHOTO_SUFFIXES


def _several(subject: str, first: str, second: str, *, wants_arrow: bool) -> UsageError:
    """What to say of a second photo or folder: most often the shell has replaced a pattern without quotes."""
    hint = "name one photo at a time"
    if wants_arrow:
        hint = "for many photos: automask batch FOLDER EDITS, or a pattern in quotes: automask batch '*.jpg' EDITS"
    return UsageError(f"more than one {subject}: {first!r} and {second!r}", hint=hint)


def photo_of(subject: str, config: Mapping[str, Any]) -> "Path | Photo":
    """The path of one photo that is there, or the photo on standard input.

    Args:
        subject: As typed; `-` is standard input.
        config: The composed configuration.

    Raises:
        UsageError: It is a folder, a pattern that names no file, or standard input without a photo.
        PhotoError: It is not there, or is a web address.
    """
    if subject == PIPE:
        return read_photo(max_megapixels=config["max_megapixels"])
    from automask.images import open_photo, same_letters

    path = same_letters(subject)
    if path.is_dir():
        raise UsageError(f"{subject!r} is a folder", hint=f"for many photos: automask batch {subject!r} ...")
    if not os.path.lexists(path) and "://" not in subject and any(letter in subject for letter in "*?["):
        raise UsageError(
            f"no photo {subject!r}", hint=f"a pattern is for many photos: automask batch {shlex.quote(subject)} ..."
        )
    if not path.exists():
        # It cannot be opened: this says why (no such file, a URL, ...) before a model is loaded for it.
        open_photo(subject)
    return path
