"""The words `swatch:picture.jpg` in a prompt, and the picture that they name: read alike by every editor."""

import re
from pathlib import Path
from stat import S_ISDIR

from automask.errors import AutomaskError, EditorError
from automask.images import open_photo
from automask.types import Rgb


def split_swatch(prompt: str) -> tuple[str, str] | None:
    """The words before `swatch:` and the path after it; None if the prompt names no picture.

    The path is kept as typed, spaces and case included; quotes around it are dropped.
    """
    prompt = prompt.strip()
    found = re.search(r"(?:^|\s)swatch:", prompt, re.IGNORECASE)
    if found is None:
        return None
    path = prompt[found.end() :].strip()
    if len(path) > 1 and path[0] == path[-1] and path[0] in "\"'":
        path = path[1:-1]
    return prompt[: found.start()].strip(), path


def files_named(prompt: str) -> tuple[str, ...]:
    """Paths of the files that a prompt names: their content decides the result too."""
    swatch = split_swatch(prompt)
    return () if swatch is None else (swatch[1],)


def version_of(path: str) -> tuple[int, int]:
    """(modification time in ns, size) of a file, for cache keys; (0, 0) if there is none: opening it says why."""
    try:
        status = Path(path).stat()
    except (OSError, ValueError):
        return 0, 0
    return status.st_mtime_ns, status.st_size


def open_swatch(path: str) -> Rgb:
    """[H, W, 3] uint8: a swatch's picture.

    Raises:
        EditorError: It is not a picture, or cannot be opened.
    """
    if not path or _is_folder(path):
        raise EditorError(
            f"cannot paint with the picture {path!r}: it {'is a folder' if path else 'has no name'}",
            hint="give the path of one picture, as in swatch:samples/oak.jpg",
        )
    try:
        return open_photo(path).rgb
    except AutomaskError as error:
        raise EditorError(f"cannot paint with the picture {path!r}: {error.problem}", hint=error.hint) from error


def _is_folder(path: str) -> bool:
    try:
        return S_ISDIR(Path(path).stat().st_mode)
    except (OSError, ValueError):
        return False
