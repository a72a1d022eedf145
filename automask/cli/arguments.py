"""What was typed: the photo, the words, the options and the configuration overrides."""

import argparse
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automask.errors import UsageError

if TYPE_CHECKING:
    from automask.types import Plan, Variant


ARROWS = ("->", "=>", "\N{RIGHTWARDS ARROW}")
_OVERRIDE = re.compile(r"[~+]*[A-Za-z_][\w@/.-]*=")
EXIT_STATUSES = """\
exit status: 0 done; 1 failed; 2 the words, the configuration or the arguments are wrong; 3 a target was missing under
on_missing=fail; 4 a batch finished with some photos failed; 130 interrupted.
"""


class Parser(argparse.ArgumentParser):
    """Argparse whose complaints go the way of all our errors."""

    def error(self, message: str) -> Any:
        raise UsageError(f"{self.prog}: {message}", hint=f"see '{self.prog} --help'")


def command_parser(command: str, positionals: str, about: str, *, epilog: str = "") -> Parser:
    """The parser of one command, with its positional words."""
    parser = Parser(
        prog=f"automask {command}",
        usage=f"automask {command} {positionals} [options] [key=value ...]",
        description=about,
        epilog=epilog + "\n" + EXIT_STATUSES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("words", nargs="*", metavar=positionals, help="in this order; key=value may stand anywhere")
    return parser


def add_run_options(parser: Parser) -> None:
    """Adds the options that every command which works on photos takes."""
    parser.add_argument("-o", "--out", metavar="OUT", help="folder for the results (default: out)")
    parser.add_argument("--plan", metavar="FILE.yaml", help="a YAML plan in place of the words")
    parser.add_argument("--preset", metavar="NAME", help="starter (default), photo, tiny, or your own from --conf")
    parser.add_argument("--conf", metavar="DIR", help="a folder of your own YAML files, searched after automask's")
    parser.add_argument(
        "--json", action="store_true", help="print the record as JSON, and nothing else, on standard output"
    )


class Arguments:
    """What was typed, sorted: the subject, the words, and the configuration's overrides."""

    def __init__(self, parser: Parser, arguments: Sequence[str], subject: str, *, wants_arrow: bool) -> None:
        typed = list(arguments)
        # After a lone `--` everything is a word, even with a dash in front.
        end = typed.index("--") if "--" in typed else len(typed)
        self.flags = parser.parse_intermixed_args(typed[:end])
        self.flags.words += typed[end + 1 :]
        self.subject, self.words, self.overrides = _sort(self.flags.words, subject, wants_arrow=wants_arrow)
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
        for flag in ("out", "mapper", "recursive"):
            self._agree(flag, getattr(self.flags, flag, None))
        self._agree("mapper.workers", getattr(self.flags, "workers", None))
        extra = [f"mapper={self.flags.mapper}"] if getattr(self.flags, "mapper", None) else []
        if getattr(self.flags, "workers", None) is not None:
            extra.append(f"mapper.workers={self.flags.workers}")
        config = dict(compose(self.flags.preset, [*self.overrides, *extra], conf=self.conf))
        # A path never goes through Hydra's grammar: it may hold anything.
        if self.flags.out is not None:
            config["out"] = self.flags.out
        if getattr(self.flags, "recursive", False):
            config["recursive"] = True
        return config

    def _agree(self, key: str, flag: Any) -> None:
        said = [text.partition("=")[2] for text in self.overrides if text.partition("=")[0] == key]
        if flag in (None, False) or not said:
            return
        if said[-1].strip("'\"").lower() != str(flag).lower():
            name = key.rpartition(".")[2]
            raise UsageError(f"--{name} {flag} and {key}={said[-1]} disagree", hint="say it once")

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

        self.one_of_words_and_plan("EDITS", '"island -> marble"')
        return variants_from(self.words if self.flags.plan is None else Path(self.flags.plan))

    def one_of_words_and_plan(self, name: str, example: str) -> None:
        if self.words is None and self.flags.plan is None:
            raise UsageError(f"no {name} and no --plan", hint=f"say what to do, as in {example}")
        if self.words is not None and self.flags.plan is not None:
            raise UsageError(f"{name} {self.words!r} and --plan {self.flags.plan}", hint="give one of the two")


def _sort(typed: Sequence[str], subject: str, *, wants_arrow: bool) -> tuple[str, Any, list[str]]:
    """The subject (a photo, a folder), the words or None, and the overrides, wherever each stands."""
    found: str | None = None
    words: str | None = None
    overrides: list[str] = []
    for text in typed:
        has_arrow = any(arrow in text for arrow in ARROWS)
        is_override = _OVERRIDE.match(text) is not None and not has_arrow
        if found is None and (os.path.lexists(text) or not (has_arrow or is_override)):
            found = text
        elif is_override:
            overrides.append(text)
        elif words is None:
            words = text
        else:
            what = "EDITS" if wants_arrow else "TARGETS"
            raise UsageError(
                f"{what} twice: {words!r} and {text!r}", hint="put them in one pair of quotes, parted by ';'"
            )
    if found is None:
        taken = f" (there is no file {overrides[0]!r}: it was read as a setting)" if overrides else ""
        raise UsageError(f"no {subject} given{taken}", hint=f"name the {subject} first")
    if not found:
        raise UsageError(f"the {subject} is ''", hint=f"name the {subject}")
    return found, words, overrides


def worker_count(text: str) -> int | str:
    """The value of --workers: a whole number, or `auto`."""
    try:
        return text if text == "auto" else int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is neither 'auto' nor a whole number") from None


def existing_photo(subject: str) -> Path:
    """The path of one photo that is there.

    Raises:
        UsageError: It is a folder.
        PhotoError: It is not there, or is a web address.
    """
    if Path(subject).is_dir():
        raise UsageError(f"{subject!r} is a folder", hint=f"for many photos: automask batch {subject} ...")
    if not Path(subject).exists():
        from automask.images import open_photo

        # It cannot be opened: this says why (no such file, a URL, ...) before a model is loaded for it.
        open_photo(subject)
    return Path(subject)
