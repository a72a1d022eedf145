"""A user's own picture of a material, shown to the model along with the words (`swatch:oak.jpg`)."""

from functools import lru_cache
from typing import Any

from PIL import Image

from automask.editors.swatches import open_swatch, version_of


def picture_of(path: str) -> Image.Image:
    """A swatch's picture.

    Raises:
        EditorError: It cannot be opened.
    """
    return _open(path, version_of(path))


@lru_cache(maxsize=4)
def _open(path: str, version: tuple[int, int]) -> Image.Image:
    del version  # part of the cache key: a file that has changed is opened again
    return Image.fromarray(open_swatch(path))


def adapter_arguments(pipe: Any, path: str | None, *, scale: float, guided: bool) -> dict[str, Any]:
    """Arguments of a pipeline's call that show it a picture; for any number of crops.

    Args:
        pipe: A pipeline with an IP-Adapter, which is set up for this call.
        path: The picture; None for words alone, which then paint as if there were no adapter.
        scale: Weight of the picture relative to the words, 0..1.
        guided: Whether classifier-free guidance is on.
    """
    import torch

    # At scale 0 the adapter's layers are skipped, but the call still requires a picture.
    pipe.set_ip_adapter_scale(0.0 if path is None else scale)
    picture = Image.new("RGB", (8, 8)) if path is None else picture_of(path)
    with torch.no_grad():
        made = pipe.prepare_ip_adapter_image_embeds([picture], None, pipe._execution_device, 1, guided)
    return {"ip_adapter_image_embeds": made}
