"""A user's own picture of a material, shown to the model along with the words (`swatch:oak.jpg`)."""

from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from PIL import Image

from automask.editors.swatches import open_swatch, version_of
from automask.types import Hard, Rgb

_MIDDLE_GREY = 128


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


def shading_of(crop: Rgb, hard: Hard) -> Rgb:
    """The crop with its masked part in grey: its light and shade around a middle grey, without its colour.

    Args:
        crop: [h, w, 3] uint8.
        hard: [h, w] bool.

    Source: Cheng et al., "ZeST: Zero-Shot Material Transfer from a Single Image" (arXiv 2404.06425), section 3, where
        the start is a grey copy of the object, so that its old colour does not come through.
    """
    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY).astype(np.int16)
    if not hard.any():
        return crop
    level = np.clip(grey - int(np.median(grey[hard])) + _MIDDLE_GREY, 0, 255).astype(np.uint8)
    return np.where(hard[..., None], level[..., None], crop)
