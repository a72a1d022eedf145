"""Photos on standard input, results on standard output."""

import io
import json
import subprocess
import sys
from collections.abc import Callable

import cv2
import numpy as np
import pytest

from automask.cli.entry import main

pytestmark = pytest.mark.slow

Piped = Callable[..., subprocess.CompletedProcess[bytes]]


def process(data: bytes, *arguments: object) -> subprocess.CompletedProcess[bytes]:
    """A run of the program with bytes on its standard input."""
    command = [sys.executable, "-m", "automask", *map(str, arguments)]
    return subprocess.run(command, input=data, capture_output=True, check=False)


@pytest.fixture
def piped(capfdbinary, monkeypatch) -> Piped:
    """The same within this process."""

    def run(data: bytes, *arguments: object) -> subprocess.CompletedProcess[bytes]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        status = main([str(argument) for argument in arguments])
        out, err = capfdbinary.readouterr()
        return subprocess.CompletedProcess(arguments, status, out, err)

    return run


@pytest.mark.parametrize(("suffix", "own_process"), [(".png", True), (".jpg", False), (".webp", False)])
def test_bytes_in_give_the_bytes_that_a_file_would_get(scene, tmp_path, piped, suffix, own_process):
    photo = tmp_path / f"room{suffix}"
    cv2.imwrite(str(photo), cv2.imread(str(scene.photo)))
    words = ("lamp -> gold; yacht -> navy", *scene.overrides)
    done = (process if own_process else piped)(photo.read_bytes(), "edit", "-", *words, "-o", "-")
    assert done.returncode == 0
    assert main(["edit", str(photo), *words, "-o", str(tmp_path / "o")]) == 0
    assert done.stdout == (tmp_path / "o" / photo.name).read_bytes()
    said = done.stderr.decode()
    assert "lamp -> gold: " in said
    assert "% of the photo repainted" in said
    assert "no 'yacht' was found (heat" in said


def test_from_a_pipe_into_a_folder_the_name_is_photo(scene, tmp_path, piped):
    data = scene.photo.read_bytes()
    done = piped(data, "edit", "-", "lamp -> gold", "-o", tmp_path, *scene.overrides)
    assert (done.returncode, done.stderr) == (0, b"")
    done = process(data, "mask", "-", "lamp", "-o", tmp_path, *scene.overrides)
    assert (done.returncode, done.stderr) == (0, b"")
    assert {path.name for path in tmp_path.iterdir() if path.name.startswith("photo")} == {
        *("photo.png", "photo.masks", "photo.before-after.jpg", "photo.run.json"),
        *("photo.overlay.png", "photo.masks.json"),
    }
    assert json.loads((tmp_path / "photo.run.json").read_text())["photo"] == "photo.png"


def test_from_a_file_into_a_pipe_nothing_is_written(scene, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    done = process(b"", "edit", scene.photo, "lamp -> #ff0000", "-o", "-", *scene.overrides)
    assert done.returncode == 0
    assert sorted(tmp_path.rglob("*")) == before
    picture = cv2.imdecode(np.frombuffer(done.stdout, dtype=np.uint8), cv2.IMREAD_UNCHANGED)
    changed = (picture != cv2.imread(str(scene.photo))).any(axis=-1)
    assert changed[scene.masks["lamp"]].mean() > 0.9
    assert not changed[scene.masks["island"]].any()


CHATTY = """
class Chatty:
    multiple_px, ideal_px = 1, 0
    def paint(self, crop, hard, prompt, *, seed):
        print("painting away")
        return 255 - crop
"""


def test_what_a_plug_in_prints_does_not_get_into_the_picture(scene, tmp_path, monkeypatch):
    (tmp_path / "conf" / "editor").mkdir(parents=True)
    (tmp_path / "conf" / "editor" / "chatty.yaml").write_text("_target_: chatty_editor.Chatty\n")
    (tmp_path / "chatty_editor.py").write_text(CHATTY)
    monkeypatch.chdir(tmp_path)  # where `python -m` looks first
    words = ("lamp -> loud", "--conf", "conf", "editor=chatty", *scene.overrides)
    done = process(scene.photo.read_bytes(), "edit", "-", *words, "-o", "-")
    assert done.returncode == 0
    assert b"painting away" in done.stderr
    assert done.stdout.startswith(b"\x89PNG")
    assert b"painting away" not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["edit", "-", "lamp -> gold"], 2, "standard input is empty; as in: automask edit - EDITS < kitchen.jpg"),
        (["edit", "PHOTO", "lamp -> {gold, navy}", "-o", "-"], 2, "-o - takes one picture, and the words make 2"),
        (["edit", "PHOTO", "lamp -> gold", "-o", "-", "--json"], 2, "--json and -o - both write to standard output"),
        (["mask", "PHOTO", "lamp", "-o", "-"], 2, "mask writes several files, and standard output takes one"),
        (["batch", "FOLDER", "lamp -> gold", "-o", "-"], 2, "a batch reads and writes folders, not pipes"),
        (["batch", "-", "lamp -> gold", "-o", "done"], 2, "for one photo: automask edit - EDITS -o -"),
        (["edit", "PHOTO", "yacht -> gold", "-o", "-", "on_missing=fail"], 3, "no 'yacht'"),
    ],
)
def test_a_pipe_that_cannot_be_is_refused_with_nothing_on_standard_output(scene, piped, arguments, status, said):
    named = {"PHOTO": scene.photo, "FOLDER": scene.folder}
    done = piped(b"", *(named.get(text, text) for text in arguments), *scene.overrides)
    assert (done.returncode, done.stdout) == (status, b"")
    assert said in done.stderr.decode()
    assert len(done.stderr.splitlines()) == 1


def test_bytes_that_are_not_a_photo_are_reported_in_one_line(scene):
    done = process(b"hello", "edit", "-", "lamp -> gold", "-o", "-", *scene.overrides)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.startswith(b"automask: ")
    assert len(done.stderr.splitlines()) == 1


class _Terminal(io.TextIOWrapper):
    def isatty(self) -> bool:
        return True


def test_a_terminal_is_no_pipe(capsys, scene, monkeypatch):
    monkeypatch.setattr(sys, "stdin", _Terminal(io.BytesIO()))
    assert main(["edit", "-", "lamp -> gold", *scene.overrides]) == 2
    assert "nothing is piped in; as in: automask edit - EDITS < kitchen.jpg" in capsys.readouterr().err
    monkeypatch.setattr(sys, "stdout", _Terminal(io.BytesIO()))
    assert main(["edit", str(scene.photo), "lamp -> gold", "-o", "-", *scene.overrides]) == 2
    assert "-o - writes a picture, and standard output is a terminal" in capsys.readouterr().err
