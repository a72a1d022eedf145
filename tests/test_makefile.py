"""make on machines that are not as it hopes: a sentence, and nothing half-made."""

import os
import re
import runpy
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

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


def test_what_has_a_digest_is_installed_before_the_checkout_which_has_none(environment):
    build, listed, checkout = environment["installs"](["--locked", "scripts/lock/light.txt"])
    assert [words[-1].replace(os.sep, "/") for words in (build, listed, checkout)] == [
        *("scripts/lock/build.txt", "scripts/lock/light.txt", ".")
    ]
    for words in (build, listed):
        assert "--require-hashes" in words
    for words in (build, listed, checkout):  # nothing is fetched by its name alone
        assert {"--no-deps", "--no-build-isolation"} <= {*words}
    assert environment["installs"](["--editable", "."]) == [["--editable", "."]]


LOCKS = ("build", "light", "studio", "test-light", "full")


def locked(name: str) -> dict[str, tuple[str, int]]:
    """Version and number of digests of each package of a list."""
    text = (ROOT / "scripts" / "lock" / f"{name}.txt").read_text(encoding="utf-8").replace("\\\n", "")
    found = {}
    for line in text.splitlines():
        entry = re.fullmatch(r"([A-Za-z0-9._-]+)==([^ ]+)( ; [^\\]*?)?((?: +--hash=sha256:[0-9a-f]{64})+) *", line)
        assert entry, line
        found[canonicalize_name(entry[1])] = entry[2], entry[4].count("--hash")
    return found


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_of_a_list_is_held_by_version_and_digest_and_no_host_is_named(name):
    found, full = locked(name), locked("full")
    assert found
    assert {package: full[package] for package in found} == found


@pytest.mark.parametrize(
    ("name", "extras"),
    [
        ("light", []),
        ("studio", ["studio"]),
        ("test-light", ["heic", "c2pa", "dev"]),
        ("full", ["models", "ray", "stores", "heic", "c2pa", "dev"]),
    ],
)
def test_a_list_has_all_that_pyproject_asks_for_in_its_bounds(name, extras):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = [*project["project"]["dependencies"]]
    wanted += [one for extra in extras for one in project["project"]["optional-dependencies"][extra]]
    found = locked(name)
    for text in wanted:
        requirement = Requirement(text)
        version, digests = found[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(version), text
        assert digests >= 1
    built = [Requirement(text) for text in project["dependency-groups"]["build"]]
    assert {*map(str, built)} >= {*project["build-system"]["requires"]}
    for requirement in built:
        assert requirement.specifier.contains(locked("build")[requirement.name][0])


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
    shutil.copytree(ROOT / "scripts" / "lock", tmp_path / "scripts" / "lock")
    shutil.copy(SCRIPT, tmp_path / "scripts")
    path = os.pathsep.join([str(old.parent), os.environ["PATH"]])
    done = subprocess.run(
        ["make", "demo"], cwd=tmp_path, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "automask needs Python 3.11 or newer, and this is 3.10.0" in done.stderr
    assert not (tmp_path / ".venv-light").exists()


@needs_make
@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs a system that binds processes to cores")
def test_make_test_starts_one_worker_more_than_it_may_use_cores(tmp_path):
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    done = subprocess.run(
        ["make", "--dry-run", "--file", ROOT / "Makefile", "--assume-old", ".venv/.ready", "test"],
        cwd=tmp_path,
        preexec_fn=lambda: os.sched_setaffinity(0, [min(os.sched_getaffinity(0))]),
        capture_output=True,
        text=True,
        check=True,
    )
    assert "-m pytest -n 2 " in done.stdout


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
