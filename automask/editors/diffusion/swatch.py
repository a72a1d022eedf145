"""A user's own picture of a material, shown to the model beside the words (`swatch:oak.jpg`)."""

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from PIL import Image

from automask.errors import AutomaskError, EditorError
from automask.images import open_photo


def swatch_in(prompt: str) -> tuple[str, str] | None:
    """What stands before `swatch:`, and the path after it; None where the prompt names no picture.

    The form is that of the paint editor, so that the same words may go to either.
    """
    found = re.search(r"(?:^|\s)swatch:", prompt.strip(), re.IGNORECASE)
    if found is None:
        return None
    path = prompt.strip()[found.end() :].strip()
    if len(path) > 1 and path[0] == path[-1] and path[0] in "\"'":
        path = path[1:-1]
    return prompt.strip()[: found.start()].strip(), path


def files_named(prompt: str) -> tuple[str, ...]:
    """Paths of the files that words name, a swatch's picture: what is in them decides a result, too."""
    found = swatch_in(prompt)
    return () if found is None else (found[1],)


def picture_of(path: str) -> Image.Image:
    """A swatch's picture.

    Raises:
        EditorError: It cannot be opened.
    """
    try:
        status = Path(path).stat()
    except (OSError, ValueError):
        return _opened(path, (0, 0))  # opening it says what is wrong
    return _opened(path, (status.st_mtime_ns, status.st_size))


@lru_cache(maxsize=4)
def _opened(path: str, stamp: tuple[int, int]) -> Image.Image:
    del stamp  # is in the key, so that a file drawn anew is opened anew
    try:
        return Image.fromarray(open_photo(path).rgb)
    except AutomaskError as error:
        raise EditorError(f"cannot paint with the picture {path!r}: {error.problem}", hint=error.hint) from error


def adapter_arguments(pipe: Any, path: str | None, *, scale: float, guided: bool) -> dict[str, Any]:
    """Arguments of a pipeline's call that show it a picture; for any number of crops.

    Args:
        pipe: A pipeline that an IP-Adapter was added to; it is set up for this call.
        path: The picture; None for words alone, which then paint as if there were no adapter.
        scale: How much the picture counts beside the words, 0..1.
        guided: Whether the net is run with and without the words.
    """
    import torch

    # At scale 0 the adapter's layers are passed by, but the call wants some picture all the same.
    pipe.set_ip_adapter_scale(0.0 if path is None else scale)
    picture = Image.new("RGB", (8, 8)) if path is None else picture_of(path)
    with torch.no_grad():
        made = pipe.prepare_ip_adapter_image_embeds([picture], None, pipe._execution_device, 1, guided)
    return {"ip_adapter_image_embeds": made}
