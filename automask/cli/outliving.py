"""A batch outlives its terminal: readers that go away, and signals that ask it to stop."""

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any, TextIO


class _Outliving:
    """A stream whose reader may go away: what is written then is dropped, and nothing is raised.

    Args:
        stream: The stream.
        of_others: Gets what other threads write; None for this stream.
    """

    def __init__(self, stream: TextIO, of_others: "_Outliving | None" = None) -> None:
        self._stream = stream
        self._of_others = of_others
        self._thread = threading.current_thread()

    def write(self, text: str) -> int:
        if self._of_others is not None and threading.current_thread() is not self._thread:
            return self._of_others.write(text)
        with self._dropping():
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with self._dropping():
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    @contextlib.contextmanager
    def _dropping(self) -> Iterator[None]:
        try:
            yield
        except OSError:  # the reader of a pipe, the terminal, or the room on a disk has gone
            nowhere = os.open(os.devnull, os.O_WRONLY)
            with contextlib.suppress(OSError, ValueError):
                # What is still in the stream's buffer must not raise once more when the process ends.
                os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)


@contextlib.contextmanager
def outliving_readers() -> Iterator[None]:
    """Standard output and standard error that go on when nobody reads them any more.

    Standard output is this thread's: what a library prints from a thread of its own goes to standard error. Ray 2.60
    prints there that a node was lost, amid the lines of --json.
    """
    errors: Any = _Outliving(sys.stderr)
    output: Any = _Outliving(sys.stdout, errors)
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        yield


@contextlib.contextmanager
def stopping_on_signals() -> Iterator[None]:
    """Has SIGTERM and SIGHUP stop the block as Ctrl-C does; one that is ignored (`nohup`) stays ignored."""
    before: dict[int, Any] = {}
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is None or signal.getsignal(number) == signal.SIG_IGN:
            continue
        with contextlib.suppress(ValueError):  # not in the main thread
            before[number] = signal.signal(number, _interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - a signal handler's signature
    raise KeyboardInterrupt
