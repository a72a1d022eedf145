"""Photos and results in an object store, or wherever else fsspec reaches: `s3://bucket/listing/`, `gs://`, `file://`.

All other modules work on local files: a worker downloads its photo just before it is edited, works in a temporary
folder, and uploads the results, the record last. fsspec and the store's own package find the credentials, as they do
for any program.
"""

import atexit
import contextlib
import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from automask.errors import AutomaskError, ExtraMissing, OutputError, PhotoError, UsageError
from automask.plan import mask_name
from automask.results.files import check_out, files_of
from automask.types import Job

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_FAILURES = "failures.csv"
_VERSION_KEYS = (
    "ETag",
    "etag",
    "md5Hash",
    "content_md5",
    "LastModified",
    "last_modified",
    "updated",
    "mtime",
    "created",
)
"""What the stores call the version of an object, the most reliable first; a time is that of the last write."""


def is_url(text: str) -> bool:
    """Whether a SOURCE, an OUT or a CSV's photo is the URL of a store (or of the web), not a local path."""
    return _URL.match(text) is not None


def local_out(out: str) -> Path:
    """The local folder that a batch keeps its lists in: OUT, or for a store a temporary one that is removed at exit.

    Raises:
        UsageError, OutputError, ExtraMissing: OUT cannot be written into.
    """
    if not is_url(out):
        return check_out(out)
    store, root = _store(out)
    folder = Path(tempfile.mkdtemp(prefix="automask-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with _wrapped_errors("read", out, OutputError):
        if store.exists(f"{root}/{_FAILURES}"):
            store.get_file(f"{root}/{_FAILURES}", str(folder / _FAILURES))
    return folder


@contextlib.contextmanager
def uploaded_failures(folder: Path, out: str) -> Iterator[None]:
    """Uploads the list of failures after the block, or removes it from the store; does nothing if OUT is a folder."""
    try:
        yield
    finally:
        if is_url(out):
            store, root = _store(out)
            with _wrapped_errors("write into", out, OutputError):
                if (folder / _FAILURES).is_file():
                    store.put_file(str(folder / _FAILURES), f"{root}/{_FAILURES}")
                elif store.exists(f"{root}/{_FAILURES}"):
                    store.rm_file(f"{root}/{_FAILURES}")


def canonical(url: str) -> str:
    """The URL as its store writes it, so that two spellings of one place compare equal.

    Raises:
        UsageError: It is not a store.
        ExtraMissing: The store needs a package.
    """
    store, path = _store(url)
    return str(store.unstrip_protocol(path))


def files_below(url: str, *, recursive: bool) -> tuple[str, tuple[PurePosixPath, ...]]:
    """The URL of a folder in a store, without a trailing slash, and the relative path of every file below it.

    Args:
        url: A folder, or a glob; a glob's folder is the part before its first `*`, `?` or `[`.
        recursive: Subfolders too; a glob uses `**` for that.

    Raises:
        PhotoError: The store cannot be read.
        UsageError: It is not a store.
        ExtraMissing: The store needs a package.
    """
    literal = re.split(r"[*?\[]", url, maxsplit=1)[0]
    place = url.rstrip("/") if literal == url else literal.rpartition("/")[0]
    store, root = _store(place)
    with _wrapped_errors("read", url, PhotoError):
        if literal == url:
            keys = store.find(root, maxdepth=None if recursive else 1)
        else:
            found = store.glob(_store(url)[1], detail=True)
            keys = [key for key, about in found.items() if about["type"] == "file"]
    below = (PurePosixPath(key[len(root) :].lstrip("/")) for key in keys)
    return place, tuple(path for path in below if path.parts)


def version_of(url: str) -> str:
    """A string that changes when an object is rewritten: its size and tag, or time; "" if the store reports neither.

    Raises:
        PhotoError: It does not exist, or the store cannot be read.
    """
    store, path = _store(url)
    with _wrapped_errors("read", url, PhotoError):
        about = store.info(path)
    version = next((about[name] for name in _VERSION_KEYS if about.get(name)), None)
    return "" if version is None else f"{about.get('size')} {version}"


def is_uploaded(job: Job, digest: str) -> bool:
    """Whether the store has the job's pictures and its record with this digest; an unreadable record does not count."""
    store, root = _store(job.out_url)
    files = files_of(job.photo.name, Path(), job.name)
    record = _record_in(store, f"{root}/{files.record}")
    if record.get("digest") != digest:
        return False
    with _wrapped_errors("read", job.out_url, OutputError):
        places = [f"{root}/{path}" for path in (files.result, files.before_after)]
        return all(store.exists(place) and store.size(place) for place in places)


def downloaded(job: Job, folder: Path) -> Job:
    """The job with local paths: its photo downloaded into the folder, its results to be written there.

    Raises:
        PhotoError: The photo cannot be downloaded.
    """
    photo, out = job.photo, job.out
    if job.photo_url:
        store, path = _store(job.photo_url)
        photo = folder / "photo" / job.photo.name
        photo.parent.mkdir()
        with _wrapped_errors("read", job.photo_url, PhotoError):
            store.get_file(path, str(photo))
    if job.out_url:
        out = folder / "out"
    return replace(job, photo=photo, out=out, photo_url="", out_url="")


def upload(job: Job, here: Path) -> None:
    """Uploads a job's results: the old record is removed first and the new one is written last.

    Args:
        job: The job, with its URL in the store.
        here: The local folder with its results.

    Raises:
        OutputError: The store cannot be written to.
    """
    store, root = _store(job.out_url)
    files = files_of(job.photo.name, Path(), job.name)
    names = [path.relative_to(here).as_posix() for path in sorted(here.rglob("*")) if path.is_file()]
    with _wrapped_errors("write into", job.out_url, OutputError):
        record = f"{root}/{files.record}"
        steps = _record_in(store, record).get("steps", [])
        old = {f"{files.masks}/{mask_name(number, step['targets'])}" for number, step in enumerate(steps, 1)}
        if store.exists(record):
            store.rm_file(record)
        for name in names:
            if name != str(files.record):
                store.put_file(str(here / name), f"{root}/{name}")
        for name in sorted(old.difference(names)):
            if store.exists(f"{root}/{name}"):
                store.rm_file(f"{root}/{name}")
        store.put_file(str(here / files.record), record)


def _record_in(store: Any, path: str) -> dict[str, Any]:
    with _wrapped_errors("read", path, OutputError):
        if not store.exists(path):
            return {}
        data = store.cat_file(path)
    try:
        record = json.loads(data)
    except ValueError:
        return {}
    return record if isinstance(record, dict) else {}


def _store(url: str) -> tuple[Any, str]:
    """The file system of a URL, and the path in it, without a trailing slash."""
    scheme = url.partition("://")[0].lower()
    if scheme in ("http", "https", "ftp"):
        raise UsageError(f"{url!r} is a web address", hint="download the photos, or name a store such as s3://")
    try:
        import fsspec.core
    except ImportError as error:
        raise ExtraMissing("fsspec is not installed", hint="run pip install 'automask[stores]'") from error
    try:
        store, path = fsspec.core.url_to_fs(url)
    except ImportError as error:
        raise ExtraMissing(
            f"{scheme}:// needs a package: {_line(error)}", hint="install it in automask's environment"
        ) from error
    except ValueError as error:
        raise UsageError(
            f"{url!r} is not the URL of a store: {_line(error)}", hint="write it like s3://bucket/listing/"
        ) from error
    if scheme in ("file", "local"):
        store.auto_mkdir = True
    return store, path.rstrip("/")


@contextlib.contextmanager
def _wrapped_errors(doing: str, url: str, kind: type[PhotoError] | type[OutputError]) -> Iterator[None]:
    """Turns whatever a store's package raises into `kind`, in one line: each package has errors of its own."""
    try:
        yield
    except AutomaskError:
        raise
    except Exception as error:
        hint = "check its name, the network and the credentials"
        raise kind(f"cannot {doing} {url!r}: {_line(error)}", hint=hint) from error


def _line(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"
