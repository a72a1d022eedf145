"""Names and streams made to harm: nothing that a terminal obeys is printed, and nothing ends as "unexpected"."""

import csv
import os
import subprocess
import sys
import time
import unicodedata
from pathlib import Path

import cv2
import pytest

from automask.batches import find
from automask.batches.failures import read_failures, write_failures
from automask.batches.find import find_jobs
from automask.cli.entry import main
from automask.images import same_letters
from automask.plan import variants_from

pytestmark = pytest.mark.slow

ESCAPE = "\x1b[2J\x1b]0;owned\x07.png"


@pytest.mark.parametrize("name", [ESCAPE, "a\nautomask: all is well.png", "a\u202egnp.exe.png", "a\x9b31m.png"])
def test_a_name_that_a_terminal_would_obey_is_printed_with_escapes(capsys, scene, tmp_path, name):
    photo = tmp_path / "in" / name
    photo.parent.mkdir()
    photo.write_bytes(scene.photo.read_bytes())
    (tmp_path / "in" / f"broken{name}").write_bytes(b"no picture")
    assert main(["edit", str(photo), "lamp -> gold; yacht -> red", "-o", str(tmp_path / "o"), *scene.overrides]) == 0
    assert main(["mask", str(photo), "lamp", "-o", str(tmp_path / "m"), *scene.overrides]) == 0
    batch = ["batch", str(photo.parent), "lamp -> gold", "-o", str(tmp_path / "b"), *scene.overrides]
    assert main(batch) == 4
    assert main([*batch, "--dry-run"]) == 4  # one would fail
    assert main(["edit", str(tmp_path / "in" / f"gone{name}"), "lamp -> gold", "-o", str(tmp_path)]) in {1, 2}
    out, err = capsys.readouterr()
    obeyed = {char for char in out + err if unicodedata.category(char) in {"Cc", "Cf", "Zl", "Zp"}}
    assert obeyed <= {"\n", "\t"}
    assert not any(line.startswith("automask: all is well") for line in (out + err).splitlines())
    assert (tmp_path / "o" / name).is_file()


def test_what_a_spreadsheet_would_compute_is_text_in_the_list_of_failures(tmp_path):
    rows = [
        ("=cmd|' /C calc'!A0.jpg", "+1"),
        ("@a.jpg", "-x"),
        ("'=b.jpg", "plain"),
        ("c'=.jpg", "\tx"),
        ("-d.jpg", ""),
    ]
    path = write_failures(tmp_path, rows)
    with path.open(encoding="utf-8", newline="") as file:
        cells = [cell for row in list(csv.reader(file))[1:] for cell in row]
    assert not [cell for cell in cells if cell[:1] in {"=", "+", "-", "@", "\t", "\r"}]
    assert read_failures(tmp_path) == rows


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"photo,reason\n" + b'"' + b"x" * 300_000,
        b"photo,reason\na," + b"y" * 200_000 + b"\nb,gone\n",
        b"photo,reason\n\0\0\0,\0\n",
        b"\xff\xfe" * 99,
        b"photo,reason\n" + b"a,b\n" * 50_000,
    ],
)
def test_a_list_of_failures_that_was_changed_by_hand_is_read_as_far_as_it_can_be(tmp_path, content):
    (tmp_path / "failures.csv").write_bytes(content)
    read_failures(tmp_path)
    write_failures(tmp_path, [("a.jpg", "gone")])
    write_failures(tmp_path, [])


def test_a_list_with_a_wrong_folder_does_not_look_through_the_right_one_for_every_row(tmp_path, monkeypatch):
    looked = []

    def watched(word, known):
        looked.append(word)
        return nearest(word, known)

    nearest = find.nearest
    monkeypatch.setattr(find, "nearest", watched)
    (tmp_path / "list.csv").write_text("photo,edits\n" + "".join(f"{number}.jpg,\n" for number in range(300)))
    found = find_jobs(str(tmp_path / "list.csv"), out=tmp_path / "o", variants=variants_from("lamp -> gold"))
    assert len(found.refused) == 300
    assert len(looked) == 100


def test_a_missing_name_of_plain_letters_is_not_looked_for_in_other_forms(tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "iterdir", lambda self: pytest.fail("looked through the folder"))
    assert same_letters(tmp_path / "none" / "kitchen.jpg") == tmp_path / "none" / "kitchen.jpg"


def test_thousands_of_equal_rows_are_named_quickly(tmp_path, scene, bounded):
    photo = tmp_path / "a.png"
    photo.write_bytes(scene.photo.read_bytes())
    (tmp_path / "list.csv").write_text("photo,edits\n" + "a.png,\n" * 8000)
    found = find_jobs(str(tmp_path / "list.csv"), out=tmp_path / "o", variants=variants_from("lamp -> gold"))
    assert len({job.name for job in found.jobs}) == 8000


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("x" * 300 + ".jpg", "File name too long"),
        ("y/" * 2500 + "z.jpg", "cannot look for 'z.jpg': File name too long; fix its name, or its folder"),
        ("a" + "\u0323\u0301" * 30_000 + ".jpg", "the name has 60005 characters, more than the 1024 of any photo"),
        ("memory://a/" + "x" * 60_000 + ".jpg", "the name has 60004 characters, more than the 1024 of any photo"),
    ],
)
def test_a_name_that_no_photo_can_have_is_a_row_that_failed(tmp_path, scene, cell, reason):
    (tmp_path / "a.png").write_bytes(scene.photo.read_bytes())
    (tmp_path / "list.csv").write_text(f"photo,edits\n{cell},\na.png,\n", encoding="utf-8")
    began = time.process_time()
    found = find_jobs(str(tmp_path / "list.csv"), out=tmp_path / "o", variants=variants_from("lamp -> gold"))
    assert time.process_time() - began < 1
    assert [job.photo.name for job in found.jobs] == ["a.png"]
    ((shown, said),) = found.refused
    assert reason in said
    assert len(shown) < 6000
    assert len(said) < 1000


def test_links_that_go_round_in_circles_are_told_in_one_line(capsys, scene, tmp_path):
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.png").write_bytes(scene.photo.read_bytes())
    (tmp_path / "in" / "loop.jpg").symlink_to(tmp_path / "in" / "loop.jpg")
    (tmp_path / "in" / "self").symlink_to(tmp_path / "in")
    for source, out in (("a", "o"), ("in", "a"), ("in", "a/b"), ("in", "o")):
        words = ["batch", str(tmp_path / source), "lamp -> gold", "-o", str(tmp_path / out), "--recursive"]
        status = main([*words, *scene.overrides])
        assert status == (4 if (source, out) == ("in", "o") else 1)
    assert (
        main(["edit", str(tmp_path / "in" / "a.png"), "lamp -> gold", "-o", str(tmp_path / "a"), *scene.overrides]) == 1
    )
    err = capsys.readouterr().err
    assert "unexpected" not in err
    assert all(line.startswith("automask: ") for line in err.splitlines())


@pytest.mark.skipif(os.name != "posix", reason="needs a POSIX shell")
@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&- <&-"])
def test_closed_standard_streams_are_no_reason_to_fail(scene, tmp_path: Path, closed: str):
    words = [f'"{word}"' for word in scene.overrides]
    command = f'{sys.executable} -m automask edit {scene.photo} "lamp -> gold" -o {tmp_path / "o"} {" ".join(words)}'
    done = subprocess.run(["sh", "-c", f"{command} {closed}"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert cv2.imread(str(tmp_path / "o" / "kitchen.png")) is not None
