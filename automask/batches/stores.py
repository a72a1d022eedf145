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
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from automask.batches.lock import LOCK_NAME, Holder, touching
from automask.batches.resume import has_layers
from automask.errors import AutomaskError, ExtraMissing, OutputError, PhotoError, UsageError
from automask.fingerprint import bytes_digest
from automask.results.claims import HINT, Claim, Claims, PhotoId, claims_in, journal_of, original_in, source_in
from automask.results.files import Files, check_out, files_of
from automask.results.records import MAX_RECORD_BYTES, mask_names_in, parse_record, read_record, write_json
from automask.types import Job, Layers

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_WEB = frozenset(
    {"http", "https", "ftp", "github", "gist", "jupyter", "jlab", "reference", "generic", "webdav", "dav", "data"}
)
"""What leads to any address of the web, or to a file that may name any."""
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


@contextlib.contextmanager
def only_writer(out: str) -> Iterator[None]:
    """Holds the lock object of a store for the block; does nothing for a folder, which has a lock of its own.

    A store has no lock that ends with its process: the object counts for as long as its holder touches it.

    Raises:
        OutputError: Another process holds it, or the store cannot be written to.
    """
    if not is_url(out):
        yield
        return
    store, root = _store(out)
    path, holder = f"{root}/{LOCK_NAME}", Holder.this_process()

    def read() -> Holder | None:
        return Holder.parse(store.cat_file(path)) if store.exists(path) else None

    def touch() -> None:
        store.pipe_file(path, replace(holder, touched=time.time()).as_bytes())

    with _wrapped_errors("write into", out, OutputError):
        other = read()
        if other is not None and not other.is_gone(other.touched):
            raise other.refusal(out)
        touch()
        winner = read()  # of two that come at once, the later one
        if winner is not None and winner.token != holder.token:
            raise winner.refusal(out)
    try:
        with touching(touch):
            yield
    finally:
        with _wrapped_errors("write into", out, OutputError):
            store.rm_file(path)


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


def is_uploaded(job: Job, digest: str, layers: Layers | None = None) -> bool:
    """Whether the store has the job's record with this digest, its result of the size written, and its other files.

    An unreadable record does not count. No picture is downloaded. `layers` as in `resume.is_done`.
    """
    store, root = _store(job.out_url)
    files = files_of(job.photo.name, Path(), job.name)
    record = _record_in(store, f"{root}/{files.record}")
    if record.get("digest") != digest or not has_layers(record, files, layers):
        return False
    with _wrapped_errors("read", job.out_url, OutputError):
        claims = claims_in(record)
        names = {str(files.result), str(files.before_after), *claims}
        sizes = {name: store.size(f"{root}/{name}") if store.exists(f"{root}/{name}") else 0 for name in names}
        result = claims.get(str(files.result))
        return all(sizes.values()) and (not result or sizes[str(files.result)] == result[0].size)


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


def upload(job: Job, here: Path, *, overwrite: bool = False) -> None:
    """Uploads a job's results: the old record is removed first and the new one is written last.

    Objects that no record names, or that are not as it says, are kept, as `Outcome.save` keeps files.

    Args:
        job: The job, with its URL in the store.
        here: The local folder with its results.
        overwrite: As in `Outcome.save`.

    Raises:
        OutputError: The store cannot be written to, or the result's name is a person's object.
    """
    store, root = _store(job.out_url)
    files = files_of(job.photo.name, Path(), job.name)
    new = read_record(here / files.record)
    with _wrapped_errors("write into", job.out_url, OutputError):
        place = _Place(store, root, overwrite=overwrite)
        record, journal = f"{root}/{files.record}", f"{root}/{journal_of(files)}"
        old = [_record_in(store, record), _record_in(store, journal)]
        photo = PhotoId(new.get("photo", ""), new.get("photo_sha256", ""), source_in(new))
        if not overwrite and any(one and not photo.is_in(one) for one in old):
            raise OutputError(f"'{root}/{files.result}' is of another photo of the same name", hint=HINT)
        claims = {name: tuple(claims) for one in old for name, claims in _claims_in_store(one, files).items()}
        written = claims_in(new)
        kept = [name for name in written if not place.may_write(name, claims, written[name])]
        blocked = {str(files.result), str(files.original)} & {*kept}
        if blocked:
            raise OutputError(f"'{root}/{min(blocked)}' is there, and is not as automask wrote it", hint=HINT)
        said = {
            name: [one.as_record() for one in (*claims.get(name, ()), *written.get(name, ()))]
            for name in {*claims, *written}
        }
        store.pipe_file(journal, json.dumps({"schema": 1, "photo": photo.name, "files": said}).encode())
        if store.exists(record):
            store.rm_file(record)
        for name in written:
            if name not in kept:
                store.put_file(str(here / name), f"{root}/{name}")
        gone = {
            files.candidates.name,
            files.ora.name,
            files.psd.name,
            files.original.name,
            *(f"{files.masks}/{name}" for name in mask_names_in(old[0])),
        }
        for name in sorted(gone.intersection(claims).difference(written)):
            if store.exists(f"{root}/{name}") and place.is_ours(name, claims):
                store.rm_file(f"{root}/{name}")
        if kept:
            notes = [f"{name!r} is kept as it is: it is not as automask wrote it" for name in kept]
            left = {name: said for name, said in new["files"].items() if name not in kept}
            write_json(here / files.record, {**new, "notes": [*new["notes"], *notes], "files": left, "kept": kept})
        store.put_file(str(here / files.record), record)
        store.rm_file(journal)


@dataclass(frozen=True, slots=True)
class _Place:
    """A folder in a store, and what in it may be replaced."""

    store: Any
    root: str
    overwrite: bool

    def may_write(self, name: str, claims: Claims, new: tuple[Claim, ...]) -> bool:
        """Whether nothing of a person's is at a name; a file with the same bytes may be written again."""
        if self.overwrite or not self.store.exists(f"{self.root}/{name}"):
            return True
        return self.is_ours(
            name, {**claims, name: (*claims[name], *new) if claims.get(name) else claims.get(name, new)}
        )

    def is_ours(self, name: str, claims: Claims) -> bool:
        """Whether an object that exists is what a record says of it, or broken."""
        said = claims.get(name)
        if not said:
            return said is not None
        path = f"{self.root}/{name}"
        if self.store.size(path) not in {0, *(claim.size for claim in said)}:
            return False
        data = self.store.cat_file(path)
        return not data or bytes_digest(data) in {claim.sha256 for claim in said}


def _claims_in_store(record: dict[str, Any], files: Files) -> Claims:
    """What a record in a store says is automask's; one of 0.1 held no digests."""
    if not record or "files" in record:
        return claims_in(record)
    names = [*(f"{files.masks}/{name}" for name in mask_names_in(record)), original_in(record) or files.result.name]
    return dict.fromkeys([*names, files.result.name, files.before_after.name, files.candidates.name], ())


def _record_in(store: Any, path: str) -> dict[str, Any]:
    with _wrapped_errors("read", path, OutputError):
        if not store.exists(path) or store.size(path) > MAX_RECORD_BYTES:
            return {}
        return parse_record(store.cat_file(path))


def _store(url: str) -> tuple[Any, str]:
    """The file system of a URL, and the path in it, without a trailing slash."""
    scheme = url.partition("://")[0].lower()
    # fsspec chains systems with "::": a zip file on the web is `zip://rooms/*.jpg::https://example.com/a.zip`.
    schemes = {re.split(r"://|:", part, maxsplit=1)[0].strip().lower() for part in url.split("::")}
    if schemes & _WEB:
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
