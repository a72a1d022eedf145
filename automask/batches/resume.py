"""Which jobs of a batch are done already."""

import json

from automask.results.files import files_of
from automask.types import Job


def is_done(job: Job, digest: str) -> bool:
    """Whether a job's record has this digest and its pictures exist. An unreadable record counts as missing."""
    files = files_of(job.photo.name, job.out, job.name)
    try:
        record = json.loads(files.record.read_text(encoding="utf-8"))
        kept = [files.original] if (record.get("disclosure") or {}).get("original") else []
        sizes = [path.stat().st_size for path in (files.result, files.before_after, *kept)]
    except (OSError, ValueError, AttributeError):
        return False
    return isinstance(record, dict) and record.get("digest") == digest and all(sizes)
