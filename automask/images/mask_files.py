"""Reads and writes mask files: 8-bit alpha at photo size."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from automask.errors import MaskError, PhotoError
from automask.images.colour import default_to_srgb, expand_palette, luma, to_8_bits, to_uint8, to_unit
from automask.images.decode import Decoded, decode, read_bytes
from automask.images.files import atomic_path, pillow_bytes, pillow_image
from automask.types import Alpha


def write_mask(path: str | Path, alpha: Alpha, *, made_by: str = "") -> None:
    """Writes alpha as an 8-bit grey PNG: 0 untouched, 255 repainted.

    Args:
        path: The file to write; its folder is created.
        alpha: [H, W] float32 in 0..1.
        made_by: A sentence for the file's comment; empty for none.

    Raises:
        MaskError: It is not [H, W].
        OutputError: It cannot be written there.
    """
    if alpha.ndim != 2:
        raise MaskError(f"a mask must be [H, W], this one is {list(alpha.shape)}", hint="write one file for each mask")
    with atomic_path(path) as temporary:
        options: dict[str, Any] = {}
        if made_by:
            options["pnginfo"] = PngInfo()
            options["pnginfo"].add_text(_COMMENT, made_by)
        temporary.write_bytes(pillow_bytes(pillow_image(to_uint8(alpha), "L", None), "PNG", options, temporary.name))


_COMMENT = "Comment"


def mask_maker(path: str | Path) -> str:
    """The sentence that `write_mask` put into a mask's comment; empty where there is none."""
    try:
        with Image.open(path, formats=("PNG",)) as image:
            return str(image.info.get(_COMMENT, ""))
    except (OSError, ValueError, SyntaxError):
        return ""


def read_mask(path: str | Path, *, size_hw: tuple[int, int]) -> Alpha:
    """The alpha in a mask file that `write_mask` wrote or that a person drew.

    Grey, or the luminance of a colour picture, is the share to repaint; transparent pixels are untouched. A shape of a
    single colour on a transparent ground counts by its opacity alone, so that any brush colour works. Colour profiles
    are ignored: the stored values are the mask, except that levels near 0 and 255 of a lossy format count as these.

    Args:
        path: A picture of the photo's size, of any kind that `open_photo` reads.
        size_hw: Height and width of the photo, upright.

    Returns:
        [H, W] float32, multiples of 1/255.

    Raises:
        MaskError: It cannot be read or has another size.
    """
    try:
        most = max(100.0, size_hw[0] * size_hw[1] / 1e6)
        file, data = read_bytes(path, most)
        decoded = decode(data, str(file), most)
    except PhotoError as error:
        raise MaskError(f"no mask: {error.problem}", hint=error.hint) from error
    found_hw = decoded.samples.shape[:2]
    if found_hw != tuple(size_hw):
        raise MaskError(
            f"the mask {str(file)!r} is {found_hw[1]} x {found_hw[0]} px and the photo {size_hw[1]} x {size_hw[0]} px",
            hint="save the mask at the photo's size, or make it again with 'automask mask'",
        )
    levels = _levels(decoded)
    if not decoded.container.lossless:
        levels = np.where(levels <= _RINGING, 0, np.where(levels >= 255 - _RINGING, 255, levels)).astype(np.uint8)
    return to_unit(levels)


_RINGING = 24
"""Levels that JPEG of quality 85 strays from 0 and 255 beside an edge; of quality 75 it is 39, in 0.04 % more pixels
than this. They are not what was drawn: each would be a speck that is painted, and its box."""


def _levels(decoded: Decoded) -> npt.NDArray[np.uint8]:
    """[H, W] uint8: the share to repaint."""
    samples = to_8_bits(expand_palette(decoded.samples, decoded.mode, decoded.container.palette))
    mode = "RGBA" if decoded.mode == "P" else decoded.mode.split(";")[0]
    if mode in {"1", "L", "I"}:
        return samples
    if mode == "CMYK":
        return luma(default_to_srgb("CMYK")(samples.reshape(-1, 4)).reshape(*samples.shape[:2], 3))
    grey = luma(samples) if mode.startswith("RGB") else samples[..., 0]
    if mode not in {"LA", "RGBA"}:
        return grey
    opacity = samples[..., -1]
    visible = grey[opacity > 0]
    if opacity.min() < 255 and (visible.size == 0 or int(visible.max()) - int(visible.min()) <= 2):
        return opacity
    return to_uint8(to_unit(grey) * to_unit(opacity))
