"""Which jobs of a batch are done already."""

from automask.results.claims import is_whole
from automask.results.files import files_of
from automask.results.records import read_record
from automask.types import Job


def is_done(job: Job, digest: str) -> bool:
    """Whether a job's record has this digest, its result is as it was written, and its other files are there.

    An unreadable record counts as missing.
    """
    files = files_of(job.photo.name, job.out, job.name)
    record = read_record(files.record)
    return record.get("digest") == digest and is_whole(record, files)
