"""Nothing that this program runs opens a connection, looks a name up, or leaves files outside its own cache."""

import os
import subprocess
import sys
from pathlib import Path

import cv2
import pytest

import automask

pytestmark = pytest.mark.slow

SAMPLE = Path(automask.__file__).with_name("samples") / "kitchen.jpg"

# Python imports a module of this name in every process of its own at its start.
GUARD = """
import os, socket, sys

def _told(name):
    def refuse(*arguments, **named):
        with open(os.environ["OFFLINE_LOG"], "a") as log:
            log.write(f"{name} {arguments!r} by {sys.argv}\\n")
        raise OSError(f"{name} is forbidden here")
    return refuse

for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "create_connection"):
    setattr(socket, name, _told(name))

class Guarded(socket.socket):
    def connect(self, address):
        if self.family != getattr(socket, "AF_UNIX", None):
            _told("connect")(address)
        return super().connect(address)

    connect_ex = connect

socket.socket = Guarded
"""


@pytest.fixture
def offline(tmp_path):
    """Runs a command in a new home where connections and name look-ups fail, and says what was tried and left."""
    guard, home, log = tmp_path / "guard", tmp_path / "home", tmp_path / "log"
    guard.mkdir()
    home.mkdir()
    (guard / "sitecustomize.py").write_text(GUARD)
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "HF_", "AUTOMASK"))
    }
    paths = (str(guard), *filter(None, [environment.get("PYTHONPATH")]))
    environment |= {"PYTHONPATH": os.pathsep.join(paths), "HOME": str(home), "USERPROFILE": str(home)}
    environment |= {"OFFLINE_LOG": str(log)}

    def run(*arguments: object) -> tuple[subprocess.CompletedProcess[str], str, set[Path]]:
        command = [sys.executable, *map(str, arguments)]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            env=environment,
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
        )
        tried = log.read_text() if log.exists() else ""
        return done, tried, {path.relative_to(home) for path in home.rglob("*") if path.is_file()}

    return run


@pytest.mark.parametrize(
    "code",
    [
        "import socket; socket.create_connection(('127.0.0.1', 9))",
        "import socket; socket.socket().connect(('127.0.0.1', 9))",
        "import urllib.request; urllib.request.urlopen('http://localhost:9')",
        "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import socket; socket.gethostbyname(\"a\")'])",
    ],
)
def test_the_guard_sees_a_connection_of_any_kind(offline, code):
    _, tried, _ = offline("-c", code)
    assert tried


def test_the_guard_sees_a_file_left_in_the_home(offline):
    assert offline("-c", "import pathlib; (pathlib.Path.home() / 'id').write_text('x')")[2] == {Path("id")}


@pytest.mark.parametrize(
    "arguments",
    [
        ("edit", "PHOTO", "island -> sage green; floor -> oak planks", "-o", "out"),
        ("mask", "PHOTO", "island; floor", "-o", "out"),
        ("batch", "FOLDER", "island -> white", "-o", "out", "mapper.workers=2"),
        ("demo", "-o", "out"),
        ("models", "list"),
        ("materials",),
        ("config",),
    ],
    ids=lambda arguments: arguments[0],
)
def test_a_command_keeps_to_this_machine_and_to_its_own_cache(offline, tmp_path, arguments):
    photos = tmp_path / "photos"
    photos.mkdir()
    small = cv2.resize(cv2.imread(str(SAMPLE)), None, fx=1 / 3, fy=1 / 3, interpolation=cv2.INTER_AREA)
    for name in ("a.jpg", "b.jpg"):
        cv2.imwrite(str(photos / name), small)
    stands = {"PHOTO": photos / "a.jpg", "FOLDER": photos}
    done, tried, left = offline("-m", "automask.cli", *(stands.get(word, word) for word in arguments))
    assert done.returncode == 0, done.stderr
    assert tried == ""
    assert {path for path in left if path.parts[:2] != (".cache", "automask")} == set()
