"""The completion scripts, run by the shells that they are for."""

import os
import select
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from automask.cli.completion import commands_of, script
from automask.cli.entry import main
from automask.cli.parsers import SHELLS, program_parser

COMMANDS = list(commands_of(program_parser()))


def needs(shell: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(shell) is None, reason=f"needs {shell}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a photo of a difficult name, a folder, and all three scripts."""
    (tmp_path / "my kitchen.jpg").touch()
    (tmp_path / "mine").mkdir()
    for shell in SHELLS:
        (tmp_path / f"script.{shell}").write_text(script(shell), encoding="utf-8")
    return tmp_path


def complete_in_bash(folder: Path, *typed: str) -> set[str]:
    """What bash offers for the last of the words."""
    code = 'source script.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _automask; printf "%s\\n" "${COMPREPLY[@]}"'
    command = ["bash", "--norc", "-c", code, "bash", "automask", *typed]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return set(done.stdout.splitlines()) - {""}


def complete_in_fish(folder: Path, *typed: str) -> set[str]:
    """What fish offers for the last of the words."""
    line = " ".join(["automask", *typed])
    code = f'source script.fish; complete -C "{line}"'
    environment = {**os.environ, "HOME": str(folder), "XDG_CONFIG_HOME": str(folder / ".config")}
    command = ["fish", "--no-config", "-c", code]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return {text.partition("\t")[0] for text in done.stdout.splitlines()}


SHELLS_THAT_TELL = [
    pytest.param(complete_in_bash, marks=needs("bash"), id="bash"),
    pytest.param(complete_in_fish, marks=needs("fish"), id="fish"),
]


@pytest.mark.parametrize("shell", SHELLS)
def test_the_command_prints_the_script(shell: str, capsys: pytest.CaptureFixture[str]):
    assert main(["completion", shell]) == 0
    assert capsys.readouterr().out == script(shell)


@pytest.mark.parametrize("shell", [pytest.param(shell, marks=needs(shell)) for shell in SHELLS])
def test_the_shell_reads_its_script(shell: str, folder: Path):
    done = subprocess.run([shell, "-n", f"script.{shell}"], cwd=folder, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("shell", SHELLS)
def test_a_script_never_calls_the_program(shell: str):
    # "automask" as a command of its own: at the beginning of a line, or in a substitution.
    lines = [line.strip() for line in script(shell).splitlines()]
    assert not [line for line in lines if line.startswith("automask ") or "$(automask" in line or "(automask " in line]


@pytest.mark.parametrize("offered", SHELLS_THAT_TELL)
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command.path) or "automask")
def test_every_command_and_every_option_of_the_parsers_is_offered(offered, command, folder: Path):
    assert {name for name, _ in command.commands} <= offered(folder, *command.path, "")
    options = {name for option in command.options for name in option.spellings if name.startswith("--")}
    assert offered(folder, *command.path, "--") == options


@pytest.mark.parametrize("offered", SHELLS_THAT_TELL)
def test_names_and_paths_are_offered_where_they_are_wanted(offered, folder: Path):
    assert offered(folder, "edit", "kitchen.jpg", "--preset", "") == {"best", "open", "photo", "rooms", "starter"}
    assert offered(folder, "batch", "listing", "--mapper", "") == {"local", "ray"}
    assert offered(folder, "models", "fetch", "sd15") == {"sd15-inpaint"}
    assert offered(folder, "config", "copy", "editor/p") == {"editor/paint"}
    assert offered(folder, "config", "list", "ed") == {"editor"}
    assert {name.rstrip("/") for name in offered(folder, "edit", "kitchen.jpg", "-o", "mi")} == {"mine"}
    assert {name.rstrip("/") for name in offered(folder, "config", "copy", "editor/paint", "mi")} == {"mine"}
    assert any("kitchen.jpg" in name for name in offered(folder, "edit", "my"))


@needs("bash")
def test_bash_completes_a_value_behind_an_equals_sign(folder: Path):
    assert complete_in_bash(folder, "edit", "--preset", "=", "ph") == {"photo"}
    assert complete_in_bash(folder, "edit", "--preset", "=") == {"best", "open", "photo", "rooms", "starter"}


@needs("bash")
def test_bash_offers_a_file_of_a_difficult_name_whole(folder: Path):
    assert complete_in_bash(folder, "edit", "my") == {"my kitchen.jpg"}


@needs("zsh")
def test_zsh_completes_at_its_prompt(folder: Path):
    typed = {
        "automask ed": "automask edit ",
        "automask config co": "automask config copy ",
        "automask config copy editor/pa": "automask config copy editor/paint ",
        "automask mask x.jpg --js": "automask mask x.jpg --json ",
        "automask edit --preset st": "automask edit --preset starter ",
        "automask edit my": "automask edit my\\ kitchen.jpg ",
        "automask demo -o mi": "automask demo -o mine/",
    }
    with ZshPrompt(folder) as prompt:
        for line, completed in typed.items():
            assert prompt.complete(line) == completed


class ZshPrompt:
    """A zsh at a terminal of its own, with the script read: zsh completes nowhere else."""

    def __init__(self, folder: Path) -> None:
        import pty  # POSIX only, as zsh is

        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            environment = {**os.environ, "TERM": "dumb", "HOME": str(folder), "ZDOTDIR": str(folder)}
            os.execvpe("zsh", ["zsh", "-f", "-i"], environment)  # noqa: S606 - the shell under test
        self.heard = ""
        # The line under the cursor is written to a file on Ctrl-X: what a terminal shows is full of redrawing.
        self.line = folder / "line.txt"
        setup = (
            f"autoload -U compinit; compinit -u -D; source script.zsh; show() {{ print -rn -- $BUFFER > {self.line}; "
        )
        setup += "BUFFER=''; }; zle -N show; bindkey '^X' show; unsetopt BEEP; print re''ady"
        self.send(setup + "\n")
        self.wait_for(lambda: "ready" in self.heard)

    def __enter__(self) -> "ZshPrompt":
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.terminal)
        os.waitpid(self.pid, 0)

    def send(self, keys: str) -> None:
        os.write(self.terminal, keys.encode())

    def wait_for(self, there) -> None:
        end = time.monotonic() + 60
        while not there():
            assert time.monotonic() < end, self.heard
            if select.select([self.terminal], [], [], 0.05)[0]:
                self.heard += os.read(self.terminal, 65536).decode(errors="replace")

    def complete(self, line: str) -> str:
        self.line.unlink(missing_ok=True)
        self.send(f"{line}\t\x18")
        self.wait_for(lambda: self.line.is_file() and self.line.stat().st_size > 0)
        return self.line.read_text(encoding="utf-8")
