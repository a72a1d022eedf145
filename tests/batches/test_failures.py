import errno
import functools
import os

import pytest
from batch_jobs import editing, fails_on, failures_in, found, listed, pictures, results, touch

from automask.batches import failures
from automask.batches.failures import check_listed, only_failed, read_failures, write_failures
from automask.batches.mappers import LocalPool
from automask.batches.run import run_batch
from automask.errors import OutputError, UsageError


def test_failures_can_be_tried_again_and_their_list_goes_when_all_is_well(tmp_path):
    out = tmp_path / "out"
    jobs = found(touch(tmp_path / "in", "x/a.jpg", "y/a.jpg", "b.jpg"), out, recursive=True).jobs
    assert only_failed(jobs, out) == ()
    run_batch(jobs, functools.partial(fails_on, ("a.jpg",), "words"), LocalPool(workers=1), out=out)
    again = only_failed(jobs, out)
    assert results(again, out) == ["x/a.jpg", "y/a.jpg"]
    run_batch(again, functools.partial(fails_on, (), "words"), LocalPool(workers=1), out=out)
    assert not (out / "failures.csv").exists()


def test_a_row_that_was_refused_is_tried_again_once_corrected(tmp_path):
    out = tmp_path / "out"
    path = listed(tmp_path, "photo,edits\nx/a.jpg,\nb.jpg,\n", "b.jpg")
    first = found(path, out)
    make = functools.partial(fails_on, (), "words")
    run_batch(first.jobs, make, LocalPool(workers=1), out=out, refused=first.refused_rows)
    assert [row["photo"] for row in failures_in(out)] == ["a.jpg"]
    touch(tmp_path, "x/a.jpg")
    assert [job.photo.name for job in only_failed(found(path, out).jobs, out)] == ["a.jpg"]


def test_a_second_source_keeps_what_failed_in_the_first_until_it_is_redone(tmp_path):
    out, one = tmp_path / "out", LocalPool(workers=1)
    first = found(touch(pictures(tmp_path / "first", "a.jpg"), "b.jpg"), out).jobs
    second = found(pictures(tmp_path / "second", "c.jpg"), out).jobs
    run_batch(first, editing, one, out=out)
    run_batch(second, editing, one, out=out)
    assert [row["photo"] for row in failures_in(out)] == ["b.jpg"]
    assert '"failed": 1' in (out / "index.html").read_text(encoding="utf-8")
    pictures(tmp_path / "first", "b.jpg")
    run_batch(only_failed(first, out), editing, one, out=out)
    assert not (out / "failures.csv").exists()


def test_a_name_is_the_path_below_out_of_the_result_also_of_what_was_refused(tmp_path):
    text = "photo,edits\nx/a.jpg,\ny/a.jpg,\nb.gif.txt,\nc.jpg,oak\n,wall -> red\n"
    both = found(listed(tmp_path, text, "y/a.jpg", "b.gif.txt", "c.jpg"), tmp_path / "out")
    assert [name for name, _ in both.refused_rows] == ["a.jpg", "b.gif.txt", "c.jpg", "list.csv"]
    assert results(both.jobs, tmp_path / "out") == ["a-2.jpg"]
    (tmp_path / "in" / "sub").mkdir(parents=True)
    (tmp_path / "in" / "sub" / "d.jpg").symlink_to("gone.jpg")
    broken = found(tmp_path / "in", tmp_path / "out", recursive=True)
    assert [name for name, _ in broken.refused_rows] == ["sub/d.jpg"]


def test_a_list_of_0_1_names_the_photo_of_a_row_that_was_refused(tmp_path):
    out = tmp_path / "out"
    path = listed(tmp_path, "photo,edits\nx/a.jpg,\n")
    write_failures(out, [(str(tmp_path / "x/a.jpg"), "row 2: gone"), ("b.jpg", "broken")])
    first = found(path, out)
    former = [name for name, _ in first.refused]
    run_batch([], editing, LocalPool(workers=1), out=out, refused=first.refused_rows, former_names=former)
    assert [name for name, _ in read_failures(out)] == ["a.jpg", "b.jpg"]


def test_without_a_list_nobody_knows_what_to_try_again(tmp_path):
    with pytest.raises(UsageError, match=r"there is no 'done/failures.csv', .*; run the batch without --retry-failed"):
        check_listed(tmp_path, "done")
    touch(tmp_path, "failures.csv")
    with pytest.raises(UsageError):
        check_listed(tmp_path, "done")
    write_failures(tmp_path, [("a.jpg", "broken")])
    check_listed(tmp_path, "done")


def test_a_list_that_cannot_be_written_leaves_none_that_is_out_of_date(tmp_path, monkeypatch):
    write_failures(tmp_path, [("a.jpg", "broken")])

    def full(*_, **__):
        raise OutputError("cannot write", hint="check the free space") from OSError(errno.ENOSPC, os.strerror(28))

    monkeypatch.setattr(failures, "atomic_path", full)
    with pytest.raises(OutputError):
        write_failures(tmp_path, [("a.jpg", "broken"), ("b.jpg", "broken")])
    assert not (tmp_path / "failures.csv").exists()
