import hashlib
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from batch_jobs import ODD, PLAN, edit_one, editing, found, pictures, tree

import automask
from automask.batches.mappers import LocalPool
from automask.batches.resume import is_done
from automask.batches.run import run_batch
from automask.fingerprint import job_digest
from automask.plan import parse_plan
from automask.results.files import files_of


def test_a_finished_batch_is_skipped_and_stays_byte_for_byte(tmp_path):
    out = tmp_path / "out"
    jobs = found(pictures(tmp_path / "in", *ODD), out).jobs
    assert {report.status for report in run_batch(jobs, editing, LocalPool(workers=1), out=out)} == {"done"}
    before = tree(out)
    assert {report.status for report in run_batch(jobs, editing, LocalPool(workers=1), out=out)} == {"skipped"}
    assert tree(out) == before


def test_a_job_is_done_only_with_the_same_digest_and_its_pictures(tmp_path):
    (job,) = found(pictures(tmp_path / "in", "a.jpg"), tmp_path / "out").jobs
    digest = job_digest(hashlib.sha256(job.photo.read_bytes()).hexdigest(), job.plan, {})
    assert not is_done(job, digest)
    edit_one(job)
    assert is_done(job, digest)
    assert not is_done(job, job_digest("other", job.plan, {}))
    files = files_of("a.jpg", tmp_path / "out")
    for path in (files.result, files.before_after, files.record):
        kept = path.read_bytes()
        path.write_bytes(b"")
        assert not is_done(job, digest)
        path.unlink()
        assert not is_done(job, digest)
        path.write_bytes(kept)
    assert is_done(job, digest)


def test_a_digest_depends_on_photo_plan_options_configuration_and_version(monkeypatch):
    config = {"editor": {"a": 1, "b": 2}}
    digests = {job_digest(photo, plan, config) for photo in ("x", "y") for plan in (PLAN, parse_plan("rug -> red"))}
    digests.add(job_digest("x", PLAN, {**config, "seed": 1}))
    monkeypatch.setattr("automask._version.__version__", "99")
    digests.add(job_digest("x", PLAN, config))
    assert len(digests) == 6
    assert job_digest("x", PLAN, config) == job_digest("x", PLAN, {"editor": {"b": 2, "a": 1}})


BATCH = """
import sys; sys.path[:0] = {paths!r}
from pathlib import Path
from functools import partial
from batch_jobs import editing, found
from automask.batches.mappers import LocalPool
from automask.batches.run import run_batch
out = Path({out!r})
if __name__ == "__main__":
    jobs = found({source!r}, out, recursive=True).jobs
    run_batch(jobs, partial(editing, 0.01), LocalPool(workers=1), out=out)
"""


@pytest.mark.slow
def test_a_batch_killed_at_random_moments_ends_like_one_that_was_not(tmp_path):
    source = pictures(tmp_path / "in", *(f"{number}.jpg" for number in range(8)), "sub/a.png", "sub/a.jpg")
    out, straight = tmp_path / "out", tmp_path / "straight"
    run_batch(found(source, straight, recursive=True).jobs, editing, LocalPool(workers=1), out=straight)
    paths = [str(Path(__file__).parents[1]), str(Path(automask.__file__).parent.parent)]
    script = tmp_path / "go.py"
    script.write_text(BATCH.format(paths=paths, out=str(out), source=str(source)))
    dice = random.Random(5)
    statuses = []
    for _ in range(3):
        process = subprocess.Popen([sys.executable, str(script)])
        known = set(tree(out)) if out.exists() else set()
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and (not out.exists() or set(tree(out)) == known) and process.poll() is None:
            time.sleep(0.005)
        time.sleep(dice.random() * 0.08)
        process.send_signal(signal.SIGKILL)
        statuses.append(process.wait())
        for path in out.rglob("*.run.json"):
            assert files_of("x.jpg", path.parent, path.name.removesuffix(".run.json")).before_after.stat().st_size
    assert statuses[0] == -signal.SIGKILL
    assert set(statuses) <= {0, -signal.SIGKILL}
    run_batch(found(source, out, recursive=True).jobs, editing, LocalPool(workers=1), out=out)
    assert tree(out) == tree(straight)
