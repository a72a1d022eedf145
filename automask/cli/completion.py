"""Scripts that complete `automask` in a shell, written from the parsers, so that they know every command and option.

They are static: nothing of automask runs while a user presses Tab. Paths complete as the shell completes paths.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

from automask.cli.parsers import Completion, Parser, program_parser


@dataclass(frozen=True, slots=True)
class Value:
    """What an argument takes.

    Args:
        shown: Its name in the help, such as OUT.
        names: The names that are offered for it.
        files, folders: Whether paths are.
        many: Whether it takes any number.
    """

    shown: str
    names: tuple[str, ...] = ()
    files: bool = False
    folders: bool = False
    many: bool = False


@dataclass(frozen=True, slots=True)
class Option:
    """An option: its spellings, one line about it, and what it takes; None for a switch."""

    spellings: tuple[str, ...]
    about: str
    value: Value | None


@dataclass(frozen=True, slots=True)
class Command:
    """What a shell has to know of one command.

    Args:
        path: Its words after `automask`: ("config", "show"); empty for the program itself.
        commands: The commands below it, each with one line about it.
        options: Its options.
        values: Its other arguments, in order.
    """

    path: tuple[str, ...]
    commands: tuple[tuple[str, str], ...]
    options: tuple[Option, ...]
    values: tuple[Value, ...]


def commands_of(parser: Parser) -> Iterator[Command]:
    """A parser and all parsers below it, as a shell has to know them."""
    options, values = [], []
    for action in parser._actions:  # argparse offers no public list of its arguments
        if isinstance(action, argparse._SubParsersAction):
            continue
        value = _value(action, parser.completions.get(action.dest))
        if action.option_strings:
            takes = None if action.nargs == 0 else value
            options.append(Option(tuple(action.option_strings), " ".join((action.help or "").split()), takes))
        else:
            values.append(value)
    yield Command(tuple(parser.prog.split()[1:]), tuple(parser.summaries.items()), tuple(options), tuple(values))
    for below in parser.commands.values():
        yield from commands_of(below)


def _value(action: argparse.Action, completion: Completion | None) -> Value:
    names = tuple(completion()) if callable(completion) else ()
    return Value(
        shown=str(action.metavar or action.dest),
        names=names,
        files=completion == "files",
        folders=completion == "folders",
        many=action.nargs == "*",
    )


def script(shell: str) -> str:
    """The completion script of a shell.

    Args:
        shell: One of `parsers.SHELLS`.
    """
    commands = list(commands_of(program_parser()))
    return {"bash": _bash, "zsh": _zsh, "fish": _fish}[shell](commands)


# Bash. It runs in 3.2, which macOS brings: no `mapfile`, and `compopt` only where it is there.

_BASH_HEAD = """\
# Completes automask in bash. Written by 'automask completion bash'.
_automask() {
    local cur="${COMP_WORDS[COMP_CWORD]}" prev="${COMP_WORDS[COMP_CWORD-1]}"
    local command="" words="" files="" folders="" found
    COMPREPLY=()
    # Bash makes three words of '--preset=photo'.
    if [[ $cur == "=" ]]; then
        cur=""
    elif [[ $prev == "=" ]]; then
        prev="${COMP_WORDS[COMP_CWORD-2]}"
    fi
    [[ $COMP_CWORD -gt 1 ]] && command="${COMP_WORDS[1]}"
    if [[ $COMP_CWORD -gt 2 ]]; then
        case "$command ${COMP_WORDS[2]}" in
            @NESTED@) command="$command ${COMP_WORDS[2]}" ;;
        esac
    fi
    case "$command" in
"""
_BASH_TAIL = """\
    esac
    while IFS= read -r found; do
        COMPREPLY+=("$found")
    done < <(
        [[ -n $words ]] && compgen -W "$words" -- "$cur"
        [[ -n $files ]] && compgen -f -- "$cur"
        [[ -n $folders ]] && compgen -d -- "$cur"
    )
    if [[ -n $files$folders ]]; then
        compopt -o filenames 2>/dev/null
    fi
    return 0
}
complete -o bashdefault -o default -F _automask automask
"""


def _bash(commands: list[Command]) -> str:
    nested = "|".join(f'"{" ".join(command.path)}"' for command in commands if len(command.path) > 1)
    lines = [_BASH_HEAD.replace("@NESTED@", nested)]
    for command in commands:
        lines.append(f'        "{" ".join(command.path)}")\n            case "$prev" in\n')
        for option in command.options:
            if option.value is not None:
                lines.append(f"                {'|'.join(option.spellings)}) {_bash_value(option.value)} ;;\n")
        spellings = " ".join(spelling for option in command.options for spelling in option.spellings)
        plain = Value(
            "",
            names=(
                *(name for name, _ in command.commands),
                *(name for value in command.values for name in value.names),
            ),
            files=any(value.files for value in command.values),
            folders=any(value.folders for value in command.values),
        )
        lines.append(
            f'                *) if [[ $cur == -* ]]; then words="{spellings}"; else {_bash_value(plain)}; fi ;;\n'
            "            esac ;;\n"
        )
    return "".join([*lines, _BASH_TAIL])


def _bash_value(value: Value) -> str:
    set_to = [f'words="{" ".join(value.names)}"'] if value.names else []
    set_to += ["files=1"] * value.files + ["folders=1"] * value.folders
    return "; ".join(set_to) or ":"


# Zsh: a function for each command, which calls those below it.

_ZSH_HEAD = """\
#compdef automask
# Completes automask in zsh. Written by 'automask completion zsh'.
"""
_ZSH_TAIL = """\
if [[ ${funcstack[1]} == _automask ]]; then
  _automask "$@"
else
  compdef _automask automask
fi
"""


def _zsh(commands: list[Command]) -> str:
    # The program itself comes last, as in every script of zsh's own: its name is the file's.
    return "".join([_ZSH_HEAD, *(_zsh_function(command) for command in reversed(commands)), _ZSH_TAIL])


def _zsh_function(command: Command) -> str:
    name = "_".join(["_automask", *command.path])
    specs = [_zsh_option(option) for option in command.options]
    if not command.commands:
        specs += [
            _zsh_quoted(f"{'*' if value.many else place}:{_zsh_plain(value.shown)}:{_zsh_action(value)}")
            for place, value in enumerate(command.values, start=1)
        ]
        return f"{name}() {{\n  _arguments \\\n    {_zsh_lines(specs)}\n}}\n\n"
    specs += ["'1: :->command'", "'*:: :->argument'"]
    described = "\n".join(f"        {_zsh_quoted(f'{word}:{about}')}" for word, about in command.commands)
    calls = "\n".join(f"        {word}) {name}_{word} ;;" for word, _ in command.commands)
    return (
        f'{name}() {{\n  local curcontext="$curcontext" state line\n  typeset -A opt_args\n'
        f"  _arguments -C \\\n    {_zsh_lines(specs)}\n"
        f"  case $state in\n    command)\n      local -a commands=(\n{described}\n      )\n"
        f"      _describe -t commands command commands ;;\n"
        f"    argument)\n      case $words[1] in\n{calls}\n      esac ;;\n  esac\n}}\n\n"
    )


def _zsh_lines(specs: list[str]) -> str:
    return " \\\n    ".join(specs)


def _zsh_option(option: Option) -> str:
    about = _zsh_plain(option.about)
    takes = "" if option.value is None else f":{_zsh_plain(option.value.shown)}:{_zsh_action(option.value)}"
    others = f"({' '.join(option.spellings)})" if len(option.spellings) > 1 else ""
    ends = {True: "=", False: "+"} if takes else {True: "", False: ""}
    specs = [f"{others}{name}{ends[name.startswith('--')]}[{about}]{takes}" for name in option.spellings]
    return " ".join(map(_zsh_quoted, specs))


def _zsh_action(value: Value) -> str:
    if value.folders:
        return "_files -/"
    # An empty list, where nothing is offered: the message that a blank action shows would stop options from completing.
    return "_files" if value.files else f"({' '.join(value.names)})"


def _zsh_plain(text: str) -> str:
    """A text without what `_arguments` reads as its own grammar."""
    return text.replace("[", "(").replace("]", ")").replace(":", " -")


def _zsh_quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


# Fish: one line for each thing that is offered, under the condition that its command was typed.

_FISH_HEAD = """\
# Completes automask in fish. Written by 'automask completion fish'.
function __automask_typed --description 'Whether these words follow automask'
    set -l typed (commandline -opc)
    set -e typed[1]
    string match -q -- "$argv *" "$typed "
end
function __automask_only --description 'Whether these words and no others follow automask'
    set -l typed (commandline -opc)
    set -e typed[1]
    test "$typed" = "$argv"
end
complete -c automask -f
"""


def _fish(commands: list[Command]) -> str:
    lines = [_FISH_HEAD]
    for command in commands:
        path = " ".join(command.path)
        only = f"-n '{f'__automask_only {path}'.rstrip()}'"
        typed = f"-n '__automask_typed {path}'" if path else only
        lines += [f"complete -c automask {only} -a {word} -d {_fish_quoted(about)}" for word, about in command.commands]
        for option in command.options:
            spelled = " ".join(
                f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in option.spellings
            )
            takes = "" if option.value is None else f" {_fish_value(option.value)}"
            lines.append(f"complete -c automask {typed} {spelled}{takes} -d {_fish_quoted(option.about)}")
        lines += [
            f"complete -c automask {typed} {_fish_value(value).removeprefix('-r ').removeprefix('-x ')}"
            for value in command.values
            if value.names or value.files or value.folders
        ]
    return "\n".join(lines) + "\n"


def _fish_value(value: Value) -> str:
    if value.names:
        return f"-x -a {_fish_quoted(' '.join(value.names))}"
    if value.folders:
        return "-x -a '(__fish_complete_directories)'"
    return "-r -F" if value.files else "-x"


def _fish_quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
