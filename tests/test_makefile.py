"""make on machines that are not as it hopes: a sentence, and nothing half-made."""

import os
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = ROOT / "scripts" / "environment.py"
needs_make = pytest.mark.skipif(
    shutil.which("make") is None or not (ROOT / "Makefile").is_file(), reason="needs make, in a checkout"
)


@pytest.fixture
def environment():
    return runpy.run_path(str(SCRIPT))


def test_an_old_python_gets_a_sentence_and_leaves_nothing(environment, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "version_info", (3, 10, 12, "final", 0))
    assert environment["main"](str(tmp_path / "env"), ["."]) == 1
    said = capsys.readouterr().err
    assert said.startswith("make: automask needs Python 3.11 or newer, and this is 3.10.12 (")
    assert "make PYTHON=python3.11" in said
    assert not (tmp_path / "env").exists()


def test_a_python_without_venv_names_the_package(environment, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    assert environment["main"](str(tmp_path / "env"), ["."]) == 1
    name = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
    assert f"sudo apt install {name}" in capsys.readouterr().err
    assert not (tmp_path / "env").exists()


@pytest.mark.slow
def test_an_install_that_fails_leaves_no_environment(environment, tmp_path, capsys):
    folder = tmp_path / "env"
    assert environment["main"](str(folder), ["--no-index", "no-such-package-at-all"]) == 1
    assert "was not made" in capsys.readouterr().err
    assert not folder.exists()


@pytest.mark.slow
def test_what_is_there_already_stays_but_is_not_ready_after_a_failure(environment, tmp_path):
    folder = tmp_path / "env"
    folder.mkdir()
    (folder / ".ready").touch()
    assert environment["main"](str(folder), ["--no-index", "no-such-package-at-all"]) == 1
    assert folder.is_dir()
    assert not (folder / ".ready").exists()


@needs_make
def test_make_says_it_where_an_old_python_comes_first(tmp_path):
    old = tmp_path / "bin" / "python3"
    old.parent.mkdir()
    # Runs the real script under a Python that says it is 3.10.
    line = "import sys, runpy; sys.version_info = (3, 10, 0, 'final', 0); sys.argv = sys.argv[1:]; "
    line += "runpy.run_path(sys.argv[0], run_name='__main__')"
    old.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{line}" "$@"\n')
    old.chmod(0o755)
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "scripts").mkdir()
    for name in ("environment.py", "lock.txt"):
        shutil.copy(ROOT / "scripts" / name, tmp_path / "scripts")
    path = os.pathsep.join([str(old.parent), os.environ["PATH"]])
    done = subprocess.run(
        ["make", "demo"], cwd=tmp_path, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "automask needs Python 3.11 or newer, and this is 3.10.0" in done.stderr
    assert not (tmp_path / ".venv-light").exists()


@pytest.mark.parametrize("file", ["tests.yml", "release.yml"])
def test_workflows_run_make_targets_only(file):
    path = ROOT / ".github" / "workflows" / file
    if not path.is_file():
        pytest.skip("the workflows are not in this checkout")
    runs = [line.split("run:", 1)[1].strip() for line in path.read_text().splitlines() if "- run:" in line]
    makefile = (ROOT / "Makefile").read_text()
    assert runs
    for run in runs:
        command, target, *variables = run.split()
        assert (command, variables) == ("make", ["PYTHON=python"])
        assert f"\n{target}:" in makefile
