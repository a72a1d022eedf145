import functools

from batch_jobs import fails_on, found, listed, results, touch

from automask.batches.failures import only_failed
from automask.batches.mappers import LocalPool
from automask.batches.run import run_batch


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
    run_batch(
        first.jobs, functools.partial(fails_on, (), "words"), LocalPool(workers=1), out=out, refused=first.refused
    )
    touch(tmp_path, "x/a.jpg")
    assert [job.photo.name for job in only_failed(found(path, out).jobs, out)] == ["a.jpg"]
