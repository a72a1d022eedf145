"""Which jobs of a batch are done already."""

from collections.abc import Mapping
from typing import Any

from automask.results.claims import claims_in, has_all_files, is_whole
from automask.results.files import Files, files_of, layers_file
from automask.results.records import is_whole_mask_record, read_record
from automask.types import Job, Layers


def is_done(job: Job, digest: str, layers: Layers | None = None) -> bool:
    """Whether a job's record has this digest, its result is as it was written, and its other files are there.

    An unreadable record counts as missing.

    Args:
        job: The job.
        digest: As its record must have it.
        layers: The format in which its result must be there in layers too. Layers that nobody asks for are no reason
            to paint a photo again.
    """
    files = files_of(job.photo.name, job.out, job.name)
    record = read_record(files.record)
    return record.get("digest") == digest and has_layers(record, files, layers) and is_whole(record, files)


def has_layers(record: Mapping[str, Any], files: Files, layers: Layers | None) -> bool:
    """Whether a record's result was written in layers of this format, or a person's file is kept in its place."""
    return layers is None or layers_file(files, layers).name in {*claims_in(record), *record.get("kept", ())}


def has_masks(job: Job, digest: str) -> bool:
    """The same of a mask request: whether its record has this digest, and its masks and their overlay are there."""
    files = files_of(job.photo.name, job.out, job.name)
    record = read_record(files.masks_record)
    return record.get("digest") == digest and is_whole_mask_record(record) and has_all_files(record, files)
