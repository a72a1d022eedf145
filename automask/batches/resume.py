"""Which jobs of a batch are done already."""

from automask.results.claims import has_all_files, is_whole
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


def has_masks(job: Job, digest: str) -> bool:
    """The same of a mask request: whether its record has this digest, and its masks and their overlay are there."""
    files = files_of(job.photo.name, job.out, job.name)
    record = read_record(files.masks_record)
    return record.get("digest") == digest and has_all_files(record, files)
