"""Where weights are cached, and how they are found, downloaded and verified."""

import contextlib
import hashlib
import json
import os
import re
import socket
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from automask.errors import WeightsMissing
from automask.weights.device import requires_models_extra
from automask.weights.processes import is_running
from automask.weights.table import PICKLES, Weights, catalogue, find

Progress = Callable[[int, int], None]
"""Called with (bytes so far, bytes in total); the second is 0 if the server does not say."""


_NOTHING_THERE = 416  # HTTP's "Range Not Satisfiable": the file has no more bytes
_PARTIAL_CONTENT = 206
_OF_PROCESS = re.compile(r"([^@]+)\.([0-9]+)@(.+)\.part")  # a file, and the process that downloads it on which machine
_SILENT_S = 600.0  # a connection that gives nothing ends long before; what is left is to verify gigabytes


def cache_dir() -> Path:
    """The folder of automask's own cache: `$AUTOMASK_CACHE`, or `automask` in the user's cache folder."""
    if chosen := os.environ.get("AUTOMASK_CACHE"):
        return Path(chosen).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "automask"


def hub_dir() -> Path:
    """The folder of the Hugging Face hub's cache, by the rule of its `constants.py`, without the import."""
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        if chosen := os.environ.get(name):
            return Path(os.path.expandvars(chosen)).expanduser()
    if home := os.environ.get("HF_HOME"):
        return Path(os.path.expandvars(home)).expanduser() / "hub"
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "huggingface" / "hub"


def expected_path(weights: Weights) -> Path:
    """The path of the weights once fetched: a file if there is only one, otherwise the folder of a repository."""
    if weights.is_url:
        return cache_dir() / "weights" / weights.source.rsplit("/", 1)[1]
    folder = hub_dir() / f"models--{weights.source.replace('/', '--')}" / "snapshots" / (commit_of(weights) or "newest")
    return folder / weights.files[0] if weights.is_one_file else folder


def commit_of(weights: Weights) -> str | None:
    """The commit of a repository: the catalogue's, or else that of the first fetch on this machine; None before it."""
    if weights.revision is not None:
        return weights.revision
    record = _commit_record(weights)
    return record.read_text(encoding="utf-8").strip() if record.is_file() else None


def _commit_record(weights: Weights) -> Path:
    return cache_dir() / "commits" / weights.name


def find_local(weights: Weights) -> Path | None:
    """The path of the weights on this machine; None if they are missing or incomplete."""
    home = expected_path(weights)
    if weights.is_one_file:
        return home if home.is_file() else None
    if not home.is_dir() or not all(any(home.glob(pattern)) for pattern in weights.files):
        return None
    return home if all(_shards_are_there(index) for index in home.glob("*/*.safetensors.index.json")) else None


def _shards_are_there(index: Path) -> bool:
    names = json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()
    return all((index.parent / name).is_file() for name in set(names))


def locate(model: str) -> Path:
    """The path of the weights that a configuration names.

    Args:
        model: A name of the catalogue, or a path to a file or folder. A name takes precedence over a path.

    Raises:
        WeightsMissing: They are not on this machine; nothing is downloaded.
        ConfigError: Neither a known name nor something like a path.
    """
    path = Path(model).expanduser()
    if all(weights.name != model for weights in catalogue()):
        if path.exists():
            return path
        if path.suffix or len(path.parts) > 1:
            raise WeightsMissing(f"no weights at {model!r}", hint="point model at a file or folder that is there")
    weights = find(model)
    home = find_local(weights)
    if home is None:
        raise WeightsMissing(
            f"no weights for {model!r} under {expected_path(weights)}",
            hint=f"run 'automask models fetch {model}', or point model at a copy",
        )
    return home


def fetch(name: str, *, progress: Progress | None = None) -> Path:
    """Downloads weights, verifies their digests, and returns their path. Weights that exist are only verified again.

    Args:
        name: A name of the catalogue.
        progress: Called during a URL's download; the hub shows progress bars of its own.

    Raises:
        ConfigError: No such name.
        WeightsMissing: They could not be fetched, or have other digests than published.
        ExtraMissing: huggingface_hub is not installed.
    """
    weights = find(name)
    if weights.is_url:
        home = expected_path(weights)
        if home.is_file():
            _check(weights, home.parent, {home.name: _sha256(home)})
        else:
            _download(weights, home, progress)
        return home
    folder = _snapshot(weights)
    files = {file for pattern in weights.files for file in folder.glob(pattern) if file.suffix == ".safetensors"}
    _check(weights, folder, {file.relative_to(folder).as_posix(): _sha256(file) for file in sorted(files)})
    return expected_path(weights)


def _snapshot(weights: Weights) -> Path:
    """The repository's folder, with every file that the catalogue names."""
    with requires_models_extra(f"fetching {weights.name!r}"):
        import huggingface_hub
        from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, LocalEntryNotFoundError

    try:
        folder = huggingface_hub.snapshot_download(
            weights.source,
            revision=commit_of(weights),
            cache_dir=hub_dir(),
            allow_patterns=list(weights.files),
            ignore_patterns=list(PICKLES),
        )
    except GatedRepoError as error:
        raise WeightsMissing(
            f"{weights.source} is gated: its licence ({weights.licence}) must be accepted first",
            hint=f"accept it at {weights.page}, run 'hf auth login', and fetch again",
        ) from error
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        raise _fetch_error(weights, error) from error
    if commit_of(weights) is None:  # the newest was fetched, and every later fetch is held to it
        _write_whole(_commit_record(weights), Path(folder).name)
    if find_local(weights) is None:
        missing = [pattern for pattern in weights.files if not any(Path(folder).glob(pattern))]
        raise WeightsMissing(
            f"{weights.source} at {commit_of(weights)} has no {', '.join(missing)}",
            hint="point model at a complete copy, and report this: the catalogue is wrong",
        )
    return Path(folder)


def _download(weights: Weights, home: Path, progress: Progress | None) -> None:
    """Downloads one file; one that broke off before is gone on with where it ended."""
    from http.client import HTTPException  # of an answer that ends amid a chunk, or is none: no OSError

    home.parent.mkdir(parents=True, exist_ok=True)
    begun = home.with_name(f"{home.name}.part")
    take_over_downloads()
    part = home.with_name(f"{home.name}.{os.getpid()}@{socket.gethostname()}.part")
    with contextlib.suppress(OSError):
        begun.replace(part)  # nobody else goes on with it now
    try:
        done, total = _append(weights.source, part, progress)
        if total and done != total:
            raise _fetch_error(weights, OSError(f"the download broke off after {done} of {total} bytes"))
    except (OSError, HTTPException, KeyboardInterrupt) as error:
        if part.is_file() and part.stat().st_size:
            part.replace(begun)
        part.unlink(missing_ok=True)
        if isinstance(error, (WeightsMissing, KeyboardInterrupt)):
            raise
        raise _fetch_error(weights, error) from error
    try:
        _check(weights, home.parent, {home.name: _sha256(part)}, is_download=True)
        part.replace(home)
    except WeightsMissing:
        part.unlink(missing_ok=True)
        raise
    except BaseException:  # Ctrl-C while gigabytes are verified: they are whole
        part.replace(begun)
        raise


def take_over_downloads() -> None:
    """Gives what processes that were killed had downloaded the name that the next fetch goes on from.

    Of several of one file the largest stays, and the others are deleted. Files of processes that run are theirs, and so
    are those of another machine with the same cache, unless nothing was added to them for long.
    """
    for part in sorted((cache_dir() / "weights").glob("*.part")):
        named = _OF_PROCESS.fullmatch(part.name)
        if named is None:
            continue
        name, pid, host = named.groups()
        begun = part.with_name(f"{name}.part")
        with contextlib.suppress(OSError):  # another fetch was quicker, or it is a disk that can only be read
            here, silent_s = host == socket.gethostname(), time.time() - part.stat().st_mtime
            if is_running(int(pid)) if here else silent_s <= _SILENT_S:
                continue
            size = part.stat().st_size
            if size and (not begun.is_file() or begun.stat().st_size < size):
                part.replace(begun)
            else:
                part.unlink()


def _append(source: str, part: Path, progress: Progress | None) -> tuple[int, int]:
    """Downloads what a file lacks: bytes in it now, and bytes that it is to have, 0 where the server is silent."""
    import urllib.error
    import urllib.request  # with what it needs a twelfth of all imports of an edit, which never fetches

    done = part.stat().st_size if part.is_file() else 0
    # The URL comes from the catalogue, which has https only; the digest is verified by the caller.
    wanted = urllib.request.Request(source, headers={"Range": f"bytes={done}-"}) if done else source  # noqa: S310
    try:
        opened = urllib.request.urlopen(wanted, timeout=60)  # noqa: S310
    except urllib.error.HTTPError as error:
        if not done or error.code != _NOTHING_THERE:
            raise
        return done, done  # it was whole already; the digest says whether it is right
    with opened as answer:
        if done and getattr(answer, "status", 200) != _PARTIAL_CONTENT:
            done = 0  # the server sends all of it
        length = int(answer.headers.get("Content-Length") or 0)
        total = done + length if length else 0
        with part.open("ab" if done else "wb") as file:
            while block := answer.read(1 << 20):
                file.write(block)
                done += len(block)
                if progress is not None:
                    progress(done, total)
    return done, total


def _fetch_error(weights: Weights, error: Exception) -> WeightsMissing:
    reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return WeightsMissing(
        f"could not fetch {weights.name!r} from {weights.source}: {reason}",
        hint=f"check the connection, or copy the files to {expected_path(weights)}",
    )


def _set_aside(path: Path) -> Path:
    """Where a wrong file is after it was taken out of use: nothing loads it from there.

    The hub's cache holds links: unless the file behind a link is deleted, a fetch would link it again.
    """
    if path.is_symlink():
        behind = path.resolve()
        path.unlink()
        return behind
    aside = path.resolve().parent / "wrong" / path.name
    aside.parent.mkdir(exist_ok=True)
    return path.replace(aside)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check(weights: Weights, folder: Path, digests: Mapping[str, str], *, is_download: bool = False) -> None:
    """Compares the digests of a folder's files with the published ones, or else with those of the first fetch.

    A file that is wrong is set aside; a download, which never had its name, is the caller's to delete.
    """
    record = cache_dir() / "digests" / f"{weights.name}.json"
    recorded: dict[str, str] = json.loads(record.read_text(encoding="utf-8")) if record.is_file() else {}
    published = dict(weights.sha256)
    for file, digest in digests.items():
        for known, origin in ((published, "published"), (recorded, f"recorded in {record}")):
            if known.get(file, digest) != digest:
                hint = (
                    "the download was deleted: fetch again, and if it is the same again, report this"
                    if is_download
                    else f"delete {_set_aside(folder / file)} and fetch again; do not use this file"
                )
                raise WeightsMissing(
                    f"{file} of {weights.name!r} has SHA-256 {digest}, not {known[file]} ({origin})", hint=hint
                )
    _write_whole(record, json.dumps({**recorded, **digests}, indent=1, sort_keys=True))


def _write_whole(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
