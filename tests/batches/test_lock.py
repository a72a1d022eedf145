"""One writer for each folder of results."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from batch_jobs import editing, found, pictures, touch, tree

import automask
from automask.batches import lock
from automask.batches.lock import LOCK_NAME, Holder, holder_of, only_writer, refuse_if_held
from automask.batches.mappers import LocalPool
from automask.batches.run import run_batch
from automask.errors import OutputError
from automask.results.claims import staging

HOLD = """
import sys, time
from pathlib import Path
from automask.batches.lock import only_writer
with only_writer(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the lock of `out`."""
    (tmp_path / "out").mkdir()
    environment = {**os.environ, "PYTHONPATH": str(Path(automask.__file__).parent.parent)}
    command = [sys.executable, "-c", HOLD, str(tmp_path / "out")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    yield process
    process.kill()
    process.wait()


def test_a_second_batch_is_told_who_writes_there_since_when(tmp_path, holder):
    out = tmp_path / "out"
    touch(out, ".automask-0123456789ab.jpg")
    before = tree(out)
    jobs = found(pictures(tmp_path / "in", "a.jpg"), out).jobs
    with pytest.raises(OutputError) as caught:
        run_batch(jobs, editing, LocalPool(workers=1), out=out)
    since = json.loads(before[LOCK_NAME])["since"]
    assert str(caught.value) == (
        f"another batch writes into '{out}': process {holder.pid} on {socket.gethostname()}, since {since}; "
        "wait until it ends, or name another folder with -o"
    )
    assert caught.value.exit_status == 1
    assert tree(out) == before
    with pytest.raises(OutputError, match="another batch writes into"):
        refuse_if_held(out)


def test_the_lock_of_a_process_that_was_killed_is_nobodys(tmp_path, holder):
    holder.kill()
    holder.wait()
    out = tmp_path / "out"
    assert (out / LOCK_NAME).is_file()
    assert holder_of(out) is None
    jobs = found(pictures(tmp_path / "in", "a.jpg"), out).jobs
    (report,) = run_batch(jobs, editing, LocalPool(workers=1), out=out)
    assert report.status == "done"
    assert not (out / LOCK_NAME).exists()


def test_a_lock_is_free_again_after_the_block_and_after_an_error(tmp_path):
    for error in (None, ValueError):
        try:
            with only_writer(tmp_path):
                assert holder_of(tmp_path) is not None
                with pytest.raises(OutputError), only_writer(tmp_path):
                    raise AssertionError
                if error:
                    raise error
        except ValueError:
            pass
        assert list(tmp_path.iterdir()) == []


def held_elsewhere(folder, touched_s_ago):
    other = Holder(1, "another-machine", "2026-01-01T00:00:00+00:00", "x", 0.0)
    (folder / LOCK_NAME).write_bytes(other.as_bytes())
    os.utime(folder / LOCK_NAME, (time.time() - touched_s_ago,) * 2)


def test_a_holder_on_another_machine_counts_while_it_touches_its_lock(tmp_path):
    held_elsewhere(tmp_path, 60)
    with pytest.raises(OutputError, match="process 1 on another-machine, since 2026-01-01T00:00:00"):
        refuse_if_held(tmp_path)
    with pytest.raises(OutputError), only_writer(tmp_path):
        raise AssertionError
    held_elsewhere(tmp_path, lock.STALE_S + 60)
    with only_writer(tmp_path):
        pass


def test_where_a_file_system_has_no_locks_a_process_that_runs_counts(tmp_path, monkeypatch):
    monkeypatch.setattr(lock, "_lock_file", lambda _: None)
    with only_writer(tmp_path), pytest.raises(OutputError), only_writer(tmp_path):
        raise AssertionError
    gone = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    dead = Holder(int(gone.stdout), socket.gethostname(), "then", "x", time.time())
    (tmp_path / LOCK_NAME).write_bytes(dead.as_bytes())
    with only_writer(tmp_path):
        pass


@pytest.mark.parametrize(
    "content", [b"", b"x", b"[" * 10000, b"[]", b'{"pid": "1"}', b'{"pid": 1, "host": [], "since": 2}']
)
def test_a_lock_that_says_nothing_holds_nothing(tmp_path, content):
    (tmp_path / LOCK_NAME).write_bytes(content)
    with only_writer(tmp_path):
        pass


def test_a_lock_that_is_a_link_is_refused_and_what_it_leads_to_is_kept(tmp_path):
    (tmp_path / "novel.txt").write_text("mine")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / LOCK_NAME).symlink_to(tmp_path / "novel.txt")
    with pytest.raises(OutputError, match=r"automask\.lock' is a link, and a lock is a file; remove it"):
        run_batch((), editing, LocalPool(workers=1), out=tmp_path / "out")
    assert (tmp_path / "novel.txt").read_text() == "mine"


def test_half_written_files_of_a_batch_at_work_further_down_or_up_stay(tmp_path):
    name = ".automask-0123456789ab.jpg"
    for folder in ("sub", "free"):
        touch(tmp_path, f"out/{folder}/{name}")
    with only_writer(tmp_path / "out" / "sub"):
        run_batch([], editing, LocalPool(workers=1), out=tmp_path / "out")
    assert (tmp_path / "out" / "sub" / name).exists()
    assert not (tmp_path / "out" / "free" / name).exists()
    with only_writer(tmp_path / "out"):
        run_batch([], editing, LocalPool(workers=1), out=tmp_path / "out" / "sub")
    assert (tmp_path / "out" / "sub" / name).exists()


@pytest.mark.skipif(sys.platform == "win32", reason="there are no locks on folders")
def test_a_batch_leaves_what_an_edit_into_the_same_folder_is_writing(tmp_path):
    name = ".automask-0123456789ab.png"
    with staging(tmp_path / "out" / "sub") as used:
        touch(used, "done.png", f"a.masks/{name}")
        run_batch([], editing, LocalPool(workers=1), out=tmp_path / "out")
        assert {*tree(used)} == {"done.png", f"a.masks/{name}"}


@pytest.mark.skipif(sys.platform == "win32", reason="there are no locks on folders")
def test_a_batch_sweeps_a_folder_only_while_no_edit_begins_or_ends_there(tmp_path, monkeypatch):
    """An edit makes its folder and locks it, and writes its record, within `committing`."""
    import fcntl

    def asked(stage):
        folder = os.open(stage.parent, os.O_RDONLY)
        with pytest.raises(BlockingIOError):
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.close(folder)
        seen.append(stage.name)
        return False

    seen, name = [], ".automask-0123456789ab"
    touch(tmp_path / "out", f"{name}/a.png", f"sub/{name}/b.png")
    monkeypatch.setattr("automask.batches.run.may_be_used", asked)
    run_batch([], editing, LocalPool(workers=1), out=tmp_path / "out")
    assert seen == [name, name]
    assert not list((tmp_path / "out").rglob(f"{name}*"))


def test_without_locks_on_folders_a_batch_leaves_what_was_written_within_the_hour(tmp_path, monkeypatch):
    monkeypatch.setattr("automask.results.claims._locked", lambda _: contextlib.nullcontext(None))
    old, young = (tmp_path / "out" / f".automask-{start}23456789ab" for start in ("01", "02"))
    for folder in (old, young):
        touch(folder, "a.png")
    os.utime(old, (0, 0))
    run_batch([], editing, LocalPool(workers=1), out=tmp_path / "out")
    assert young.is_dir()
    assert not old.exists()
