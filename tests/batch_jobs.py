"""Small batches for the tests: folders of photos, jobs, and workers that other processes import from here by name."""

import csv
import functools
import time
from pathlib import Path

import numpy as np

from automask.batches.find import find_jobs
from automask.batches.resume import is_done
from automask.errors import PlanError, UnknownPhrase
from automask.fingerprint import job_digest
from automask.images import open_photo, write_picture
from automask.plan import parse_plan, variants_from
from automask.results.claims import source_of
from automask.results.files import files_of
from automask.results.outcome import Outcome
from automask.results.records import run_record
from automask.types import JobReport, Region, Step

PLAN = parse_plan("cabinets -> white")
ODD = ["a b.jpg", "[1].jpg", "a,b.jpg", "k=v.jpg", "Küche.jpg", "台所.jpg", "*.jpg", "a;b.jpg", "it's.jpg"]


def shout():
    def work(item):
        if item == "fail":
            raise PlanError("no 'x'", hint="say 'y'")
        return item.upper()

    return work


def writing_slowly(folder):
    """For each item a file that is there while a minute's work goes on, and goes however it ends."""

    def work(item):
        part = Path(folder, f"{item}.part")
        part.touch()
        try:
            time.sleep(60)
        finally:
            part.unlink()

    return work


def touch(folder, *names):
    for name in names:
        path = Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return Path(folder)


def found(source, out, *, plan=PLAN, recursive=False):
    variants = None if plan is None else variants_from(plan)
    return find_jobs(str(source), out=Path(out), variants=variants, recursive=recursive)


def results(jobs, out):
    return [files_of(job.photo.name, job.out, job.name).result.relative_to(out).as_posix() for job in jobs]


def photos(jobs, root):
    return [job.photo.relative_to(root).as_posix() for job in jobs]


def listed(tmp_path, text, *names, encoding="utf-8"):
    touch(tmp_path, *names)
    path = tmp_path / "list.csv"
    path.write_bytes(text.encode(encoding))
    return path


def edit_one(job, wait_s=0.0):
    """A small edit through the real writers: the upper half turns red."""
    photo = open_photo(job.photo)
    digest = job_digest(photo.digest, job.plan, {})
    if is_done(job, digest):
        return JobReport(job, "skipped")
    time.sleep(wait_s)
    hard = np.zeros(photo.rgb.shape[:2], bool)
    hard[: len(hard) // 2] = True
    image = photo.rgb.copy()
    image[hard] = (200, 0, 0)
    step = Step(("wall",), ("wall",), "red", 1, True, (), 0.9, (), int(hard.sum()), None)
    region = Region("wall", True, hard, hard.astype(np.float32), (), 0.9)
    record = run_record(photo, job.plan, [step], digest=digest, timing={"source": source_of(photo)})
    saved = Outcome(image, (step,), record, (region,), photo, job.plan).save(job.out, name=job.name)
    return JobReport(job, "done", record=saved.recorded)


def editing(wait_s=0.0):
    return functools.partial(edit_one, wait_s=wait_s)


def edit_where(job, begun, node, doomed):
    """An edit that on the doomed machine never ends, and elsewhere waits until the doomed one is at work."""
    Path(begun, f"{job.name}-{node}").touch()
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and (node == doomed or not list(Path(begun).glob(f"*-{doomed}"))):
        time.sleep(0.02)
    return edit_one(job)


def editing_where(begun, doomed):
    import ray

    return functools.partial(edit_where, begun=begun, node=ray.get_runtime_context().get_node_id(), doomed=doomed)


def fails_on(names, kind):
    errors = {
        "words": UnknownPhrase("no 'x'", hint="say 'y'"),
        "memory": MemoryError(),
        "bug": ValueError("two\nlines"),
        "bare": RuntimeError(),
    }

    def work(job):
        if job.photo.name in names:
            raise errors[kind]
        return JobReport(job, "done")

    return work


def pictures(folder, *names):
    for index, name in enumerate(names):
        write_picture(folder / name, np.full((24, 36, 3), 40 + index, np.uint8))
    return folder


def tree(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def failures_in(out):
    with (out / "failures.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
