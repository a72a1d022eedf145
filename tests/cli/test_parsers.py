"""The parsers of all commands: help, usage lines, and what is offered."""

import os
import re
import subprocess
import sys

import pytest

from automask.cli.completion import commands_of
from automask.cli.entry import RUNS, main
from automask.cli.parsers import program_parser

COMMANDS = [" ".join(command.path) for command in commands_of(program_parser())]
HEAVY = {"numpy", "torch", "hydra", "rich", "cv2", "PIL", "yaml"}


def test_every_command_runs_something_or_has_commands_of_its_own():
    for command in commands_of(program_parser()):
        assert (" ".join(("automask", *command.path)) in RUNS) or command.commands, command.path
    assert {name.removeprefix("automask ") for name in RUNS} <= set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_is_the_same_by_help_and_by_the_option(command: str, capsys: pytest.CaptureFixture[str]):
    assert main(["help", *command.split()]) == 0
    by_command = capsys.readouterr()
    assert main([*command.split(), "--help"]) == 0
    by_option = capsys.readouterr()
    assert by_option == by_command
    assert by_command.err == ""
    assert by_command.out.split()[: 2 + len(command.split())] == ["usage:", "automask", *command.split()]


def test_the_list_of_commands_is_whole(capsys: pytest.CaptureFixture[str]):
    assert main([]) == 0
    said = " ".join(capsys.readouterr().out.split())
    for name, summary in next(commands_of(program_parser())).commands:
        assert f" {name} {summary} " in said


def test_a_command_with_commands_of_its_own_prints_its_help(capsys: pytest.CaptureFixture[str]):
    assert main(["config"]) == 0
    out = capsys.readouterr().out
    assert all(word in out for word in ("show", "list", "copy"))


def test_abbreviated_options_are_refused_everywhere(capsys: pytest.CaptureFixture[str]):
    for words in (["demo", "--ou", "x"], ["models", "fetch", "--pres", "photo"], ["config", "show", "--pres", "photo"]):
        assert main(words) == 2
        assert "unknown option '--" in capsys.readouterr().err


def test_the_preset_for_tests_is_offered_nowhere(capsys: pytest.CaptureFixture[str]):
    typed = [["help", *command.split()] for command in COMMANDS]
    typed += [["config", "list"], *(["completion", shell] for shell in ("bash", "zsh", "fish"))]
    typed += [["config", "show", "--preset", "tinny"], ["config", "show", "editor=xyzzy"]]
    for words in typed:
        main(words)
        said = capsys.readouterr()
        # "sam2.1-tiny" is a size that its makers named; a file of ours is `tiny` or begins so.
        assert re.search(r"(?<![\w.-])tiny", said.out + said.err) is None, words
    assert main(["config", "show", "--preset", "tiny"]) == 0
    assert "automask.testing.tiny_diffusion" in capsys.readouterr().out


MOST_MODULES = 90
"""Of Python's own and ours; 0.05 s on a free machine. With Hydra, NumPy or Rich they are many hundreds."""


def test_help_is_quick_and_light():
    code = f"""
import sys
before = set(sys.modules)
from automask.cli import main
main(["batch", "--help"])
print(sorted(name for name in {HEAVY!r} if name in sys.modules), file=sys.stderr)
print(len(set(sys.modules) - before), file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy, modules = done.stderr.splitlines()
    assert heavy == "[]"
    assert int(modules) < MOST_MODULES


def test_the_columns_of_a_terminal_do_not_break_the_help(monkeypatch: pytest.MonkeyPatch, capsys):
    monkeypatch.setitem(os.environ, "COLUMNS", "40")
    assert main(["batch", "--help"]) == 0
    assert "--retry-failed" in capsys.readouterr().out
