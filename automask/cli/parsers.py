"""The commands and options of `automask`, for the program itself, its `--help` and the shells' completion.

Built in a few milliseconds from the standard library alone: `--help` answers at once.
"""

import argparse
from collections.abc import Callable, Sequence
from typing import Any, Literal

from automask._version import __version__
from automask.errors import UsageError

EXIT_STATUSES = """\
exit status: 0 done; 1 failed; 2 the words, the configuration or the arguments are wrong; 3 a target was missing under
on_missing=fail; 4 a batch finished with some photos failed; 130 interrupted.
"""

Completion = Literal["files", "folders"] | Callable[[], Sequence[str]]
"""What a shell offers for the value of an argument: paths, or the names that a function gives."""

SHELLS = ("bash", "zsh", "fish")


class _HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Argparse's own, with room for the longest option on the line of its explanation."""

    def __init__(self, prog: str, **settings: Any) -> None:
        super().__init__(prog, **{"max_help_position": 30, **settings})

    def _format_action(self, action: argparse.Action) -> str:
        if isinstance(action, argparse._SubParsersAction):
            # Each command as a line of its own, without the line that says only COMMAND.
            return "".join(self._format_action(command) for command in action._choices_actions)
        return super()._format_action(action)


class Parser(argparse.ArgumentParser):
    """Argparse whose complaints go the way of all our errors, and which knows what completes its arguments.

    Abbreviated options are refused: `--prest photo` must not become `--preset photo`.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings, formatter_class=_HelpFormatter, allow_abbrev=False)
        self.commands: dict[str, Parser] = {}
        self.summaries: dict[str, str] = {}
        self.completions: dict[str, Completion] = {}
        self._group: Any = None

    def add(self, *names: str, completes: Completion | None = None, **settings: Any) -> None:
        """Adds an argument, as `add_argument` does, and what a shell completes it with."""
        action = self.add_argument(*names, **settings)
        if completes is not None:
            self.completions[action.dest] = completes

    def add_command(
        self, name: str, positionals: str, summary: str, *, description: str = "", epilog: str = ""
    ) -> "Parser":
        """The new parser of a command of this one.

        Args:
            name: The command, such as `edit`.
            positionals: What its usage line shows after its name.
            summary: One line for the list of commands.
            description: What its `--help` says first; the summary, where it is empty.
            epilog: What its `--help` says last.
        """
        if self._group is None:
            self._group = self.add_subparsers(title="commands", metavar="COMMAND", parser_class=Parser)
        prog = f"{self.prog} {name}"
        parser: Parser = self._group.add_parser(
            name,
            prog=prog,
            usage=f"{prog} {positionals}".rstrip(),
            help=summary,
            description=description or f"{summary[0].upper()}{summary[1:]}.",
            epilog=epilog,
        )
        self.commands[name], self.summaries[name] = parser, summary
        return parser

    def error(self, message: str) -> Any:
        """Raises UsageError with argparse's complaint, or with the option that is nearest to an unknown one."""
        command = self.prog.removeprefix("automask").strip()
        where = f"{command}: " if command else ""  # what prints the message says "automask: " first
        hint = f"see '{self.prog} --help'"
        _, unknown, typed = message.partition("unrecognized arguments: ")
        if not unknown:
            raise UsageError(f"{where}{message}", hint=hint)
        options = [word.partition("=")[0] for word in typed.split() if word.startswith("-")]
        if not options:
            raise UsageError(f"{where}unexpected argument {typed!r}", hint=hint)
        raise UsageError(f"{where}unknown option {options[0]!r}", hint=self._nearest_option(options[0]) or hint)

    def _nearest_option(self, typed: str) -> str:
        from difflib import get_close_matches

        close = get_close_matches(typed, [name for name in self._option_string_actions if name.startswith("--")], 1)
        return f"did you mean {close[0]!r}?" if close else ""


def leaf(parser: Parser, arguments: Sequence[str]) -> tuple[Parser, list[str]]:
    """The parser of the command that the arguments begin with, as deep as it goes, and the arguments after it.

    Raises:
        UsageError: The command is unknown; the nearest, or all, are named.
    """
    left = list(arguments)
    while parser.commands and left and not left[0].startswith("-"):
        if left[0] not in parser.commands:
            raise _unknown_command(parser, left[0])
        parser = parser.commands[left.pop(0)]
    return parser, left


def _unknown_command(parser: Parser, name: str) -> UsageError:
    from difflib import get_close_matches

    whole = f"{parser.prog} {name}".removeprefix("automask ")
    close = get_close_matches(name, parser.commands, 1)
    hint = f"did you mean {close[0]!r}?" if close else f"valid: {', '.join(parser.commands)}"
    return UsageError(f"unknown command {whole!r}", hint=hint)


def program_parser() -> Parser:
    """The parser of the whole program, with one of its own for each command."""
    parser = Parser(
        prog="automask",
        usage="automask COMMAND ...",
        description="Change rooms in photographs from words alone.",
        epilog='for example:  automask edit kitchen.jpg "island -> marble; cabinets -> white"\n\n'
        "'automask help COMMAND' explains one command.\n\n" + EXIT_STATUSES,
    )
    parser.add("--version", action="version", version=f"automask {__version__}", help="print the version and stop")
    _add_edit(parser)
    _add_mask(parser)
    _add_batch(parser)
    _add_studio(parser)
    _add_mcp(parser)
    _add_demo(parser)
    _add_materials(parser)
    _add_styles(parser)
    _add_models(parser)
    _add_doctor(parser)
    _add_config(parser)
    _add_completion(parser)
    _add_help(parser)
    return parser


def _add_edit(program: Parser) -> None:
    parser = program.add_command(
        "edit",
        "PHOTO [EDITS] [options] [key=value ...]",
        "make the edits in one photo",
        description="Makes the edits in one photo and writes the result, its masks, a before/after picture and a "
        'record\ninto OUT; of words with braces ("island -> {marble, oak}") each variant into a folder of its own, and '
        "a sheet of all.",
        epilog='for example:  automask edit kitchen.jpg "island -> marble; cabinets except handles -> white" -o done\n'
        'in a pipe:    automask edit - "island -> marble" -o - < kitchen.jpg > marble.jpg\n\n' + EXIT_STATUSES,
    )
    _add_positionals(parser, "PHOTO", "the photo; - reads it from standard input", "EDITS", "island -> marble")
    _add_run_options(parser, out="folder for the results (default: out); - writes only the picture, on standard output")
    _add_style(parser)
    _add_masks(parser, "use these masks (as 'automask mask' wrote them) and find nothing")
    _add_layers(parser)
    _add_overwrite(parser)


def _add_mask(program: Parser) -> None:
    parser = program.add_command(
        "mask",
        "PHOTO [TARGETS] [options] [key=value ...]",
        "only find the masks, and draw them over the photo",
        description="Finds what the words name; writes masks, an overlay picture and a COCO record into OUT; "
        "paints nothing.\nOf a folder or a glob it does so for every photo; what is done already is skipped.",
        epilog='for example:  automask mask kitchen.jpg "island; cabinets except handles"\n'
        '              automask mask listing/ "cabinets" -o masks --coco masks.json\n\n' + EXIT_STATUSES,
    )
    about = "the photo, a folder, or a glob in quotes; - reads the photo from standard input"
    _add_positionals(parser, "PHOTO", about, "TARGETS", "island; cabinets")
    _add_run_options(parser)
    parser.add(
        "--coco",
        metavar="FILE.json",
        completes="files",
        help="also write all masks as one COCO file, for pycocotools and for training",
    )
    about = "also write the masks of each photo as polygons that LabelMe opens: DIR/kitchen.json"
    parser.add("--labelme", metavar="DIR", completes="folders", help=about)
    about = "also write all masks as polygons that YOLO trains on: DIR/labels/kitchen.txt and DIR/data.yaml"
    parser.add("--yolo", metavar="DIR", completes="folders", help=about)
    _add_batch_options(parser)
    _add_overwrite(parser)


def _add_batch(program: Parser) -> None:
    parser = program.add_command(
        "batch",
        "SOURCE [EDITS] [options] [key=value ...]",
        "make the same edits in a folder of photos",
        description="Makes the edits in every photo of a folder, a glob (in quotes) or a CSV with the columns "
        "photo,edits.\nWhat is done already is skipped; a photo that fails does not stop the others.",
        epilog='for example:  automask batch listing/ "cabinets -> white" -o done\n\n' + EXIT_STATUSES,
    )
    _add_positionals(parser, "SOURCE", "a folder, a glob in quotes, or a CSV", "EDITS", "cabinets -> white")
    _add_run_options(parser)
    _add_style(parser)
    _add_batch_options(parser)
    about = "move results that this source and plan do not make into OUT/.stale"
    parser.add("--prune", action="store_true", help=about)
    about = "photos of one room: a surface gets one colour, seed and scale in all of them (in a CSV: column same_room)"
    parser.add("--same-room", metavar="NAME", help=about)
    about = "do only the third of 64 parts; others may run at the same time, here or elsewhere, into the same OUT"
    parser.add("--shard", metavar="3/64", help=about)
    parser.add("--merge", action="store_true", help="list, sheet, page and counts of an OUT that shards wrote into")
    _add_masks(parser, "use the masks in DIR/PHOTO.masks (as in OUT) and find nothing")
    _add_layers(parser)
    _add_overwrite(parser)


def _add_studio(program: Parser) -> None:
    parser = program.add_command(
        "studio",
        "[PHOTO | FOLDER | OUT] [EDITS] [options] [key=value ...]",
        "look, point, correct and approve, in a browser",
        description="Opens a page on this machine: find what words name, correct masks with clicks and brush, compare, "
        "and\naccept the photos of a folder one by one. The folder of a finished batch opens the same way. Needs the "
        "extra 'studio'.",
        epilog='for example:  automask studio listing/ "cabinets -> white" -o done\n'
        "              automask studio done/\n\n" + EXIT_STATUSES,
    )
    _add_positionals(
        parser, "SOURCE", "a photo, a folder of photos, or the folder of a batch", "EDITS", "island -> marble"
    )
    parser.add("-o", "--out", metavar="OUT", completes="folders", help="folder for the results (default: out)")
    _add_preset(parser)
    parser.add("--photos", metavar="DIR", completes="folders", help="where the photos of a finished batch are")
    parser.add("--port", type=int, default=0, metavar="N", help="the port (default: a free one)")
    parser.add("--no-browser", action="store_true", help="print the link, and open no browser")
    parser.add("--host", default="127.0.0.1", metavar="ADDRESS", help="listen there instead of on this machine only")
    parser.add(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a further name or address that links to it may have",
    )


def _add_mcp(program: Parser) -> None:
    parser = program.add_command(
        "mcp",
        "FOLDER [FOLDER ...] [--preset NAME] [--conf DIR] [key=value ...]",
        "offer masks and edits to assistants, as MCP tools",
        description="Serves the tools find_masks, edit_photo, list_photos, list_things and list_materials over\n"
        "standard input and output, for photos in these folders only. Needs the extra 'mcp'.",
        epilog="for example, in an assistant's configuration:  automask mcp ~/listing\n",
    )
    parser.add("words", nargs="+", metavar="FOLDER", completes="folders", help="folders to read and write; key=value")
    _add_preset(parser)


def _add_demo(program: Parser) -> None:
    parser = program.add_command("demo", "[-o OUT]", "edit the kitchen that comes with automask")
    parser.add(
        "-o",
        "--out",
        default="out",
        metavar="OUT",
        completes="folders",
        help="folder for the results (default: out)",
    )


def _add_materials(program: Parser) -> None:
    parser = program.add_command(
        "materials",
        "[palette=FILE] [-o SHEET.png] [--json]",
        "list the materials that paint knows, or draw them",
        description="Lists the materials that paint knows besides every colour; -o draws them. With palette=FILE also "
        "the\ncolours of your own file (CSV, JSON, GPL, ACO or ASE).",
    )
    about = "palette=mine.csv, or 'palette=[mine.csv,yours.ase]'"
    parser.add("overrides", nargs="*", metavar="palette=FILE", completes="files", help=about)
    parser.add("-o", "--out", metavar="SHEET.png", completes="files", help="draw 1.2 m x 0.8 m of each on one sheet")
    parser.add("--json", action="store_true", help="print the list as JSON, and nothing else")


def _add_styles(program: Parser) -> None:
    parser = program.add_command(
        "styles",
        "[NAME ...] [-o SHEET.png] [--json] [--conf DIR]",
        "list the styles for --style, or draw them",
        description="Lists the styles, or what the named ones make of a room; -o draws their colours and materials.",
        epilog="for example:  automask styles japandi -o japandi.png\n"
        "              automask edit kitchen.jpg --style japandi\n",
    )
    parser.add("names", nargs="*", metavar="NAME", completes=_group_names("style"), help="only these")
    parser.add("-o", "--out", metavar="SHEET.png", completes="files", help="draw each style in a row of a sheet")
    parser.add("--json", action="store_true", help="print the list as JSON, and nothing else")
    _add_conf(parser)


def _add_models(program: Parser) -> None:
    parser = program.add_command(
        "models",
        "[list | fetch NAME ...]",
        "list model weights, or fetch some",
        description="Lists the weights that automask knows, or fetches some.",
    )
    parser.add_command("list", "", "list the weights: licence, size, GPU memory, and whether they are here")
    fetch = parser.add_command(
        "fetch",
        "[NAME ...] [--preset NAME] [--conf DIR] [key=value ...]",
        "download weights by name, or all that a preset needs",
        epilog="for example:  automask models fetch vit_b sd15-inpaint\n"
        "              automask models fetch --preset photo\n"
        "              automask models fetch --preset photo editor=sdxl\n",
    )
    fetch.add(
        "words",
        nargs="*",
        metavar="NAME",
        completes=_weights_names,
        help="one of the names that 'automask models list' shows; with --preset also key=value",
    )
    _add_preset(fetch, default="")


def _add_doctor(program: Parser) -> None:
    parser = program.add_command(
        "doctor",
        "[--preset NAME] [--try] [key=value ...] [options]",
        "say what this machine has, what a preset lacks, and what brings it",
        description="Says what this machine has (versions, GPU, memory, disk), what each preset lacks on it, and\n"
        "the one command that brings that. With --preset it ends with status 1 where that preset cannot run.",
        epilog="for example:  automask doctor\n"
        "              automask doctor --preset open\n"
        "              automask doctor --preset open --try -o out\n",
    )
    parser.add("words", nargs="*", metavar="key=value", help="configuration overrides, with --preset")
    _add_preset(parser, default="")
    parser.add(
        "--try",
        dest="try_it",
        action="store_true",
        help="edit the kitchen that comes with automask with that preset, and write a report to paste into an issue",
    )
    parser.add("-o", "--out", default="out", metavar="OUT", completes="folders", help="folder for --try (default: out)")
    parser.add("--json", action="store_true", help="print all of it as JSON, and nothing else, on standard output")


def _add_config(program: Parser) -> None:
    parser = program.add_command(
        "config", "[show | list | copy] ...", "show the configuration, or list and copy its files"
    )
    show = parser.add_command(
        "show",
        "[--preset NAME] [--conf DIR] [key=value ...]",
        "print the configuration that a run would have, as YAML",
        epilog="for example:  automask config show --preset photo editor=sdxl boxes.threshold=0.2\n",
    )
    show.add("overrides", nargs="*", metavar="key=value", help="configuration overrides")
    _add_preset(show)
    listing = parser.add_command(
        "list", "[GROUP ...] [--conf DIR]", "list the groups of the configuration and their files"
    )
    listing.add("groups", nargs="*", metavar="GROUP", completes=_groups, help="only these groups, such as editor")
    _add_conf(listing)
    copy = parser.add_command(
        "copy",
        "GROUP/NAME DIR [--as NAME]",
        "copy one of automask's files into a folder of your own, under a new name",
        description="Copies one of automask's configuration files into a folder of your own, under a new name.\n"
        "Change the copy, and use it with --conf DIR. A file that is there is never overwritten.",
        epilog="for example:  automask config copy editor/paint conf --as mine\n"
        '              automask edit kitchen.jpg "island -> marble" --conf conf editor=mine\n',
    )
    copy.add("file", metavar="GROUP/NAME", completes=_config_files, help="as 'automask config list' shows them")
    copy.add("folder", metavar="DIR", completes="folders", help="your folder: the copy is DIR/GROUP/NAME.yaml")
    copy.add("--as", dest="new_name", metavar="NAME", help="the copy's name (default: my-NAME)")


def _add_completion(program: Parser) -> None:
    parser = program.add_command(
        "completion",
        "bash|zsh|fish",
        "print a script that completes commands in your shell",
        epilog="to use it:\n"
        "  bash  automask completion bash > ~/.local/share/bash-completion/completions/automask\n"
        "        or, without the package bash-completion: add 'source <(automask completion bash)' to ~/.bashrc\n"
        "  zsh   automask completion zsh > DIR/_automask, with a DIR of $fpath; then start a new shell\n"
        "        or add 'source <(automask completion zsh)' to ~/.zshrc after compinit\n"
        "  fish  automask completion fish > ~/.config/fish/completions/automask.fish\n",
    )
    parser.add("shell", choices=SHELLS, metavar="SHELL", completes=lambda: SHELLS, help="bash, zsh or fish")


def _add_help(program: Parser) -> None:
    parser = program.add_command("help", "[COMMAND ...]", "explain a command")
    parser.add(
        "words",
        nargs="*",
        metavar="COMMAND",
        completes=lambda: tuple(program.commands),
        help="such as edit, or config show",
    )


def _add_positionals(parser: Parser, subject: str, about: str, words: str, example: str) -> None:
    """The subject, the words and the overrides. Which is which is settled by what they look like: `Arguments`."""
    parser.add("subject", nargs="?", metavar=subject, completes="files", help=about)
    parser.add("words", nargs="?", metavar=words, help=f'the words, in quotes: "{example}"')
    parser.add(
        "overrides",
        nargs="*",
        metavar="key=value",
        help="configuration overrides, anywhere; 'automask config show' prints the keys",
    )


def _add_run_options(parser: Parser, *, out: str = "folder for the results (default: out)") -> None:
    """The options that every command which works on photos takes."""
    parser.add("-o", "--out", metavar="OUT", completes="folders", help=out)
    parser.add("--plan", metavar="FILE.yaml", completes="files", help="a YAML plan in place of the words")
    _add_preset(parser)
    parser.add("--json", action="store_true", help="print the record as JSON, and nothing else, on standard output")


def _add_style(parser: Parser) -> None:
    about = "what walls, floor, fronts and textiles become, by a named plan; your own words go before it"
    parser.add("--style", metavar="NAME", completes=_group_names("style"), help=about)


def _add_batch_options(parser: Parser) -> None:
    """The options of every command that works on many photos."""
    parser.add("--mapper", metavar="NAME", completes=_group_names("mapper"), help="local (default) or ray")
    parser.add(
        "--workers",
        type=worker_count,
        metavar="N",
        completes=lambda: ("auto",),
        help="how many photos at a time (default: auto)",
    )
    parser.add("--recursive", action="store_true", help="subfolders too; OUT mirrors them")
    about = "check and list what would be done, with time, disk and memory from a few photos, and write nothing"
    parser.add("--dry-run", action="store_true", help=about)
    parser.add("--retry-failed", action="store_true", help="only the photos that OUT/failures.csv lists")
    parser.add("--force", action="store_true", help="make again what is done")


def _add_masks(parser: Parser, about: str) -> None:
    parser.add("--masks", metavar="DIR", completes="folders", help=about)
    fresh = "find all masks anew; those that you made or changed in OUT are put aside, and not used"
    parser.add("--fresh-masks", action="store_true", help=fresh)


def _add_layers(parser: Parser) -> None:
    about = "also write the photo with a layer for each edit, for paint programs: ora, or psd (extra 'psd')"
    parser.add("--layers", metavar="FORMAT", completes=lambda: ("ora", "psd"), help=about)


def _add_overwrite(parser: Parser) -> None:
    about = "also replace files in OUT that automask did not write, or that were changed since; never a photo given"
    parser.add("--overwrite", action="store_true", help=about)


def _add_preset(parser: Parser, *, default: str = " (default)") -> None:
    about = f"starter{default}, rooms, photo, open, best, or your own from --conf"
    parser.add("--preset", metavar="NAME", completes=_group_names("preset"), help=about)
    _add_conf(parser)


def _add_conf(parser: Parser) -> None:
    about = "a folder of your own YAML files, searched after automask's"
    parser.add("--conf", metavar="DIR", completes="folders", help=about)


def worker_count(text: str) -> int | str:
    """The value of --workers: a whole number, or `auto`."""
    try:
        return text if text == "auto" else int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is neither 'auto' nor a whole number") from None


def _group_names(group: str) -> Callable[[], Sequence[str]]:
    def names() -> Sequence[str]:
        from automask.config import conf_files

        return tuple(file.name for file in conf_files() if file.group == group)

    return names


def _groups() -> Sequence[str]:
    from automask.config import conf_files

    return tuple(dict.fromkeys(file.group for file in conf_files()))


def _config_files() -> Sequence[str]:
    from automask.config import conf_files

    return tuple(f"{file.group}/{file.name}" for file in conf_files())


def _weights_names() -> Sequence[str]:
    from automask.weights import catalogue

    return tuple(weights.name for weights in catalogue())
