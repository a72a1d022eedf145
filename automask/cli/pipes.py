"""Photos on standard input and results on standard output: `automask edit - WORDS -o - < kitchen.jpg > marble.jpg`."""

import contextlib
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from automask.errors import PhotoError, UsageError

if TYPE_CHECKING:
    from automask.images import Photo

PIPE = "-"
"""In place of a photo: standard input. In place of OUT: standard output."""


def read_photo(*, max_megapixels: float) -> "Photo":
    """The photo on standard input. Its name is `photo` with the suffix of its format.

    Raises:
        UsageError: Standard input is a terminal, or empty.
        PhotoError: It holds no photo.
    """
    from automask.images import most_bytes, open_photo

    if sys.stdin is None or sys.stdin.isatty():
        raise UsageError("the photo is -, but nothing is piped in", hint="as in: automask edit - EDITS < kitchen.jpg")
    most = most_bytes(max_megapixels)
    data = sys.stdin.buffer.read(-1 if most == float("inf") else int(most) + 1)
    if not data:
        raise UsageError("standard input is empty", hint="as in: automask edit - EDITS < kitchen.jpg")
    if len(data) > most:
        raise PhotoError(f"standard input holds more than the {most / 1e6:.0f} MB allowed", hint="give a smaller photo")
    return open_photo(data, max_megapixels=max_megapixels)


def check_result_pipe(*, results: int, as_json: bool, layers: str | None) -> None:
    """Refuses a pipe that cannot take the result, before any work is done.

    Args:
        results: How many pictures there will be.
        as_json: Whether the record is wanted on standard output, too.
        layers: The format of a file with layers, where one is wanted.

    Raises:
        UsageError: There are several, or something else is written there.
    """
    if results > 1:
        raise UsageError(f"-o - takes one picture, and the words make {results}", hint="say -o DIR")
    if as_json:
        raise UsageError("--json and -o - both write to standard output", hint="say -o DIR, or leave --json out")
    if layers is not None:
        raise UsageError(f"-o - takes one picture, and layers={layers} makes another file", hint="say -o DIR")
    if sys.stdout.isatty():
        raise UsageError(
            "-o - writes a picture, and standard output is a terminal", hint="as in: automask edit ... -o - > done.jpg"
        )


@contextlib.contextmanager
def only_bytes_on_stdout() -> Iterator[BinaryIO]:
    """Gives standard output for bytes; all that is printed inside goes to standard error."""
    result = sys.stdout.buffer
    with contextlib.redirect_stdout(sys.stderr):
        yield result
    result.flush()
