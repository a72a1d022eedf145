"""One writer for each folder of results: a second batch into it is refused, and told who writes there since when.

The lock is a file, `.automask.lock`, that says process, machine and time. Its holder also has the system's own lock on
it, which ends with the process however it dies; where a file system has none, and from machine to machine, the file
counts for as long as its holder touches it.
"""

import contextlib
import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Self

from automask.errors import OutputError
from automask.images import read_regular
from automask.weights import is_running

LOCK_NAME = ".automask.lock"
TOUCH_S = 60.0
STALE_S = 600.0
"""A holder on another machine that has not touched its lock for so long is gone."""
_MOST_BYTES = 1 << 16
_TRIES = 20


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lock.

    Args:
        pid: The process.
        host: Its machine.
        since: When it began, in UTC: `2026-11-29T09:26:33+00:00`.
        token: Tells it from every other holder.
        touched: When it last said that it is alive, in seconds since the epoch.
    """

    pid: int
    host: str
    since: str
    token: str
    touched: float

    @classmethod
    def this_process(cls) -> Self:
        """A new holder, of this process."""
        now = datetime.now(UTC).replace(microsecond=0)
        return cls(os.getpid(), socket.gethostname(), now.isoformat(), os.urandom(8).hex(), time.time())

    @classmethod
    def parse(cls, data: bytes) -> Self | None:
        """The holder that a lock's bytes name; None if they name none."""
        try:
            said = json.loads(data)
            made = cls(*(said[name] for name in ("pid", "host", "since", "token", "touched")))
            texts = (made.host, made.since, made.token)
            fits = type(made.pid) is int and made.pid > 0 and all(isinstance(text, str) for text in texts)
            return made if fits and isinstance(made.touched, int | float) else None
        except (ValueError, KeyError, TypeError, RecursionError):
            return None

    def as_bytes(self) -> bytes:
        """What the lock holds."""
        return json.dumps(asdict(self)).encode()

    def is_gone(self, touched: float) -> bool:
        """Whether it has ended, as far as can be seen from here.

        Args:
            touched: When it last touched the lock.
        """
        if self.host == socket.gethostname():
            return not is_running(self.pid)
        return time.time() - touched > STALE_S

    def refusal(self, out: str) -> OutputError:
        """The error for whoever comes second."""
        shown = " ".join(f"process {self.pid} on {self.host}, since {self.since}".split())
        return OutputError(
            f"another batch writes into {out!r}: {shown}", hint="wait until it ends, or name another folder with -o"
        )


@contextlib.contextmanager
def only_writer(out: Path, name: str = LOCK_NAME) -> Iterator[None]:
    """Holds the lock of a folder that exists, for the block.

    Args:
        out: The folder.
        name: Of the lock: that of a shard lets other shards write there, and no whole batch.

    Raises:
        OutputError: Another process holds it, or one that excludes it.
        OSError: The folder cannot be written into.
    """
    path = out / name
    file = _acquire(path, out)
    try:
        for other in out.glob(".automask*.lock"):
            rival = _holder_at(other) if other != path and LOCK_NAME in (name, other.name) else None
            if rival is not None:
                raise rival.refusal(str(out))
        holder = Holder.this_process()
        file.seek(0)
        file.truncate()
        file.write(holder.as_bytes())
        file.flush()
        with touching(lambda: os.utime(path)):
            yield
    finally:
        with contextlib.suppress(OSError):
            path.unlink()  # before it is let go: whoever waits for it then sees that its file is no longer there
        file.close()


def refuse_if_held(out: Path) -> None:
    """Raises OutputError if another process holds the lock of a folder; nothing is created."""
    holder = holder_of(out)
    if holder is not None:
        raise holder.refusal(str(out))


def holder_of(out: Path) -> Holder | None:
    """The other process that holds a folder's lock; None without one, or if it is gone."""
    return _holder_at(out / LOCK_NAME)


def _holder_at(path: Path) -> Holder | None:
    try:
        with path.open("r+b") as file:
            free = _lock_file(file)
            return _other_holder(path, free=free)
    except OSError:
        return None


def _opened(path: Path) -> IO[bytes]:
    """A lock, open; never what a link of its name leads to, for it is written over.

    Raises:
        OutputError: It is a link.
        OSError: It cannot be opened.
    """
    if path.is_symlink():
        raise OutputError(f"{str(path)!r} is a link, and a lock is a file", hint="remove it")
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    return os.fdopen(os.open(path, flags, 0o666), "a+b")


def _acquire(path: Path, out: Path) -> IO[bytes]:
    for _ in range(_TRIES):
        file = _opened(path)
        free = _lock_file(file)
        holder = _other_holder(path, free=free)
        # Its holder may have removed the file between our opening it and its letting go of it.
        if holder is None and path.exists() and os.path.samestat(os.fstat(file.fileno()), path.stat()):
            return file
        file.close()
        if holder is not None:
            raise holder.refusal(str(out))
    raise OutputError(f"{str(path)!r} is taken again and again", hint="try again")


def _other_holder(path: Path, *, free: bool | None) -> Holder | None:
    """Who holds a lock that this process has just tried to take.

    Args:
        path: The lock.
        free: Whether the system's lock was free; None where the file system has none.
    """
    try:
        holder = Holder.parse(read_regular(path, _MOST_BYTES))
        touched = path.stat().st_mtime
    except FileNotFoundError:
        return None
    if free is False:
        # Held, and perhaps not yet written.
        return holder or Holder(0, "this machine", "just now", "", time.time())
    if holder is None or (free and holder.host == socket.gethostname()):
        return None
    return None if holder.is_gone(touched) else holder


def _lock_file(file: IO[bytes]) -> bool | None:
    """Takes the system's lock on an open file: whether it was free, or None where there are no such locks."""
    try:
        import fcntl
    except ImportError:
        return _lock_file_on_windows(file)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _lock_file_on_windows(file: IO[bytes]) -> bool | None:
    try:
        windows: Any = __import__("msvcrt")
    except ImportError:
        return None
    try:
        file.seek(1 << 30)  # beyond what is written: a locked byte cannot be read
        windows.locking(file.fileno(), windows.LK_NBLCK, 1)
    except PermissionError:
        return False
    except OSError:
        return None
    return True


@contextlib.contextmanager
def touching(touch: Callable[[], object]) -> Iterator[None]:
    """Calls `touch` once a minute while the block runs; what it raises is no reason to stop."""
    ended = threading.Event()

    def keep_on() -> None:
        while not ended.wait(TOUCH_S):
            with contextlib.suppress(Exception):
                touch()

    thread = threading.Thread(target=keep_on, name="automask-lock", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
