import functools
from collections import Counter

import pytest
from batch_jobs import PLAN, editing, fails_on, found, pictures, tree

from automask.batches.lock import only_writer
from automask.batches.mappers import LocalPool
from automask.batches.run import merge_shards, run_batch
from automask.batches.shards import Shard, merged_failures
from automask.batches.stale import made_by
from automask.errors import OutputError, UsageError
from automask.types import Job, JobReport

ONE = LocalPool(workers=1)


def run(shard, all_found, out, make=editing):
    part = shard.of(all_found)
    reports = run_batch(part.jobs, make, ONE, out=out, refused=part.refused_rows, made=made_by(part, out), shard=shard)
    return [report.job for report in reports]


def test_every_photo_belongs_to_one_shard_with_all_its_variants(tmp_path):
    names = [f"{number}.jpg" for number in range(40)]
    both = found(pictures(tmp_path / "in", *names), tmp_path / "out", plan="wall -> {red, navy}")
    parts = [Shard(number, 4).of(both) for number in range(1, 5)]
    assert Counter(job for part in parts for job in part.jobs) == Counter(both.jobs)
    assert all(len(part.jobs) == 2 * len({job.photo for job in part.jobs}) == 2 * len(part.sheets) for part in parts)
    assert min(len(part.jobs) for part in parts) > 0
    (tmp_path / "in").rename(tmp_path / "elsewhere")  # mounted under another name on another machine
    moved = Shard(2, 4).of(found(tmp_path / "elsewhere", tmp_path / "out", plan="wall -> {red, navy}"))
    assert [job.photo.name for job in moved.jobs] == [job.photo.name for job in parts[1].jobs]


def test_shards_and_their_merge_give_what_one_batch_gives(tmp_path):
    source = pictures(tmp_path / "in", *(f"{number}.jpg" for number in range(6)))
    (source / "broken.jpg").write_bytes(b"no picture")
    out, straight = tmp_path / "out", tmp_path / "straight"
    run_batch(found(source, straight).jobs, editing, ONE, out=straight)
    for number in (2, 1):
        run(Shard(number, 3), found(source, out), out)
    merged = merge_shards(out)
    assert (merged.missing, (out / "index.html").exists()) == ((Shard(3, 3),), True)
    run(Shard(3, 3), found(source, out), out)
    merged = merge_shards(out)
    assert (merged.done, merged.failed, merged.missing) == (6, 1, ())
    assert tree(out) == tree(straight)


def test_each_shard_has_a_list_of_its_own_which_takes_over_what_a_whole_batch_listed(tmp_path):
    source, out = pictures(tmp_path / "in", "a.jpg", "b.jpg", "c.jpg", "d.jpg"), tmp_path / "out"
    both = found(source, out)
    failing = functools.partial(fails_on, ("a.jpg", "b.jpg", "c.jpg", "d.jpg"), "words")
    run_batch(both.jobs, failing, ONE, out=out)
    shards = [Shard(number, 2) for number in (1, 2)]
    mine = {job.photo.name for job in run(shards[0], both, out)}
    assert 0 < len(mine) < 4
    assert {name for name, _ in merged_failures(out)[0]} == {"a.jpg", "b.jpg", "c.jpg", "d.jpg"}  # shard 2 is missing
    run(shards[1], both, out, failing)
    assert {name for name, _ in merged_failures(out)[0]} == {"a.jpg", "b.jpg", "c.jpg", "d.jpg"} - mine


def test_shards_exclude_a_whole_batch_and_not_each_other(tmp_path):
    one, two = Shard(1, 2).names.lock, Shard(2, 2).names.lock
    with only_writer(tmp_path, one), only_writer(tmp_path, two):
        for name in (".automask.lock", one):
            with pytest.raises(OutputError, match="another batch writes into"), only_writer(tmp_path, name):
                pass
    with only_writer(tmp_path), pytest.raises(OutputError), only_writer(tmp_path, one):
        pass
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("text", ["", "3", "0/4", "5/4", "-1/4", "1/0", "a/b", "1/9999999"])
def test_a_shard_that_is_none_is_refused(text):
    with pytest.raises(UsageError, match=r"--shard '.*'; give a number of how many, from 1/64 to 64/64"):
        Shard.parse(text)


def no_work():
    def work(job):
        if job.name.endswith("77"):
            raise ValueError("broken")
        return JobReport(job, "done")

    return work


@pytest.mark.slow
def test_a_hundred_thousand_jobs_of_no_work_are_each_done_once_over_all_shards(tmp_path):
    from automask.batches.find import Found

    out = tmp_path / "out"
    jobs = tuple(Job(tmp_path / "in" / f"{n}.jpg", PLAN, out, str(n)) for n in range(100_000))
    everything = Found(jobs, (), (), (), root=tmp_path / "in")
    ended = 0
    for number in (1, 2, 3, 4):
        part = Shard(number, 4).of(everything)
        reports = run_batch(part.jobs, no_work, ONE, out=out, shard=Shard(number, 4))
        ended += len(reports)
    assert ended == 100_000
    assert merge_shards(out).failed == 1000
