"""Each batch benchmark at its smallest: it stops where a law is broken, and only prints what it thinks of goals."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from automask.editors.paint.catalogue import MATERIALS

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "bench.py"


def bench(*arguments):
    ran = subprocess.run([sys.executable, str(SCRIPT), *arguments], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.mark.slow
@pytest.mark.parametrize("workers", [pytest.param("1", marks=pytest.mark.long), "2"])
def test_a_batch_killed_at_random_moments_ends_as_one_that_was_not(workers):
    said = bench("crash", "--cheap", "--photos", "4", "--kills", "3", "--workers", workers, "--seed", workers)
    assert "| kills | 3 |" in said
    assert "| differing at the end | 0 |" in said


@pytest.mark.slow
def test_a_night_of_chaos_ends_as_one_in_peace():
    said = bench("chaos", "--cheap", "--photos", "4", "--events", "5", "--stop-s", "1", "--workers", "2", "--seed", "5")
    assert "| files that differ after it | 0 |" in said
    assert "| exit status of the plain run | 0 |" in said


FAULTS = """
import errno, pathlib, sys, time
flags, out = map(pathlib.Path, sys.argv[1:])
def fails(number, act):
    try:
        act()
    except OSError as error:
        return error.errno == number
    return False
before = time.time()
(flags / "full").touch()
assert fails(errno.ENOSPC, lambda: (out / "a").write_bytes(b"1234")) and (out / "a").read_bytes() == b"12"
(flags / "full").unlink()
(flags / "readonly").touch()
for act in (lambda: (out / "b").write_text("b"), (out / "c").mkdir, (out / "a").unlink):
    assert fails(errno.EROFS, act)
(flags / "d").write_text("elsewhere")
(flags / "readonly").unlink()
(flags / "clock").write_text("86400")
assert 86000 < before - time.time() < 87000
"""


def test_the_faults_of_a_chaos_run_are_faults_below_out_only(tmp_path):
    for name in ("flags", "out"):
        (tmp_path / name).mkdir()
    variables = {"CHAOS_FLAGS": str(tmp_path / "flags"), "CHAOS_OUT": str(tmp_path / "out")}
    environment = {**os.environ, **variables, "PYTHONPATH": str(SCRIPT.parent / "chaos_faults")}
    command = [sys.executable, "-c", FAULTS, *variables.values()]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.slow
def test_photos_broken_in_fifteen_ways_are_reported_and_the_others_done():
    said = bench("broken", "--cheap", "--photos", "25", "--broken", "15", "--workers", "1")
    assert "15 of them broken in 15 ways" in said
    assert "10 done, 15 reported, exit status 4." in said


@pytest.mark.slow
def test_a_finished_folder_is_skipped_as_a_whole():
    assert "photos looked at a second" in bench("resume", "--photos", "5", "--runs", "1", "--size", "96", "64")


@pytest.mark.long
def test_a_batch_is_compared_with_one_thread_and_with_a_plain_loop():
    said = bench("batch", "--photos", "2", "--per", "1", "--workers", "2")
    assert "| plain loop over automask.edit |" in said
    assert "Goal: at least 1.25 times" in said


def test_every_material_that_is_drawn_is_timed():
    said = bench("textures", "--runs", "1", "--size", "48", "32")
    assert all(f"| {name} |" in said for name, look in MATERIALS.items() if look.texture is not None)


@pytest.mark.slow
def test_words_that_point_are_timed():
    said = bench("which", "--runs", "1")
    assert "| second stool from the right | " in said


@pytest.mark.long
@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="needs the 'ray' extra")
def test_two_ray_workers_are_compared_with_one():
    assert "Two Ray workers against one: " in bench("ray", "--photos", "3")


@pytest.mark.slow
def test_a_camera_photo_s_whole_process_is_measured_beside_decoding_and_encoding_alone():
    said = bench("camera", "--runs", "1", "--sizes", "1536x1024", "--words", "walls -> white")
    rows = [line.split(" | ") for line in said.splitlines() if line.startswith("| 1536x1024")]
    assert [row[2] for row in rows] == ["decode and encode", "this checkout"]
    plain, ours = (float(row[5]) for row in rows)
    assert 20 < plain < ours
