"""Faults for `bench.py chaos`: Python imports this in every process of a batch whose PYTHONPATH names this folder.

Files in the folder CHAOS_FLAGS switch them on and off while the processes run, for what is below CHAOS_OUT: `full` (a
disk that takes half of a file), `readonly` (nothing can be written), `clock` (seconds that the clock is back).
"""

import builtins
import errno
import io
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

FLAGS, OUT = os.environ.get("CHAOS_FLAGS", ""), os.path.realpath(os.environ.get("CHAOS_OUT", "/nowhere"))
_open: Any = builtins.open
_time = time.time


def _is_on(flag: str) -> bool:
    return Path(FLAGS, flag).exists()


def _is_out(path: Any) -> bool:
    try:
        return bool(os.path.realpath(os.fspath(path)).startswith(OUT))
    except TypeError:  # a descriptor
        return False


def _error(number: int, path: Any) -> OSError:
    return OSError(number, os.strerror(number), os.fspath(path))


class _Full:
    """A file on a full disk: half of what is written arrives."""

    def __init__(self, file: Any, path: Any) -> None:
        self._file, self._path = file, path

    def write(self, data: Any) -> int:
        self._file.write(data[: len(data) // 2])
        raise _error(errno.ENOSPC, self._path)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def __enter__(self) -> "_Full":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def _faulty_open(file: Any, mode: str = "r", *given: Any, **named: Any) -> Any:
    if set(mode) & set("wax+") and _is_out(file):
        if _is_on("readonly"):
            raise _error(errno.EROFS, file)
        if _is_on("full"):
            return _Full(_open(file, mode, *given, **named), file)
    return _open(file, mode, *given, **named)


def _refusing(call: Callable[..., Any]) -> Callable[..., Any]:
    def faulty(path: Any, *given: Any, **named: Any) -> Any:
        if _is_out(path) and _is_on("readonly"):
            raise _error(errno.EROFS, path)
        return call(path, *given, **named)

    return faulty


def _faulty_time() -> float:
    try:
        return _time() - float(Path(FLAGS, "clock").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return _time()


if FLAGS:
    replaced: Any = os
    builtins.open = io.open = _faulty_open
    for name in ("replace", "mkdir", "unlink"):
        setattr(replaced, name, _refusing(getattr(os, name)))
    time.time = _faulty_time
