"""A result as layers, for people who finish it in a paint program: the photo, and above it one layer for each edit.

A layer holds what an edit painted, see-through as its mask says. Laid over one another they give the result.
"""

import io
import zipfile
from collections.abc import Iterator, Sequence
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from automask.errors import ConfigError, ExtraMissing, OutputError
from automask.images import picture_bytes
from automask.types import LAYERS, Box, Layers, Region, Rgb, Step

Rgba: TypeAlias = npt.NDArray[np.uint8]
_THUMBNAIL_PX = 256  # as the format says
_MOST_PSD_PX = 30_000


def check_layers(layers: str | None) -> None:
    """Refuses another format, or one whose package is missing, before any work.

    Raises:
        ConfigError, ExtraMissing: As said.
    """
    if layers is not None and layers not in LAYERS:
        raise ConfigError(f"layers is {layers!r}", hint=f"give {' or '.join(LAYERS)}")
    if layers == "psd":
        try:
            import psd_tools  # noqa: F401
        except ImportError as error:
            raise ExtraMissing(
                "layers as PSD need psd-tools", hint="pip install 'automask[psd]', or say ora"
            ) from error


def layers_of(
    photo: Rgb, image: Rgb, regions: Sequence[Region], steps: Sequence[Step]
) -> Iterator[tuple[str, Box, Rgba]]:
    """Of each edit that painted something: its words, its box, and [h, w, 4] uint8 of what it painted there.

    Laid over the photo in order they give `image`, within one level where a mask is soft.

    Args:
        photo, image: [H, W, 3] uint8: before and after.
        regions, steps: One for each edit.
    """
    below = photo
    for region, step in zip(regions, steps, strict=True):
        if not step.area_px:
            continue
        rows, columns = (np.flatnonzero((region.alpha > 0).any(axis=axis)) for axis in (1, 0))
        box = Box(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
        alpha = region.alpha[box.slices][..., None]
        before, after = below[box.slices].astype(np.float32), image[box.slices].astype(np.float32)
        shown = alpha > 0
        colour = np.where(shown, before + (after - before) / np.maximum(alpha, np.float32(1 / 255)), 0)
        layer = np.concatenate([np.clip(np.rint(colour), 0, 255), np.rint(alpha * 255)], axis=2).astype(np.uint8)
        yield f"{', '.join(step.targets)} -> {step.prompt}", box, layer
        below = below.copy()
        below[box.slices] = np.where(shown, image[box.slices], below[box.slices])


def layered_bytes(layers: Layers, photo: Rgb, image: Rgb, regions: Sequence[Region], steps: Sequence[Step]) -> bytes:
    """The file of a result in layers.

    Raises:
        OutputError: The format holds no picture of this size.
    """
    made = list(layers_of(photo, image, regions, steps))
    return _ora(photo, image, made) if layers == "ora" else _psd(photo, made)


def _ora(photo: Rgb, image: Rgb, layers: Sequence[tuple[str, Box, Rgba]]) -> bytes:
    """OpenRaster, as Krita and GIMP open it.

    Source: the OpenRaster specification, version 0.0.6.
    """
    from xml.sax.saxutils import quoteattr

    height, width = photo.shape[:2]
    files = {"data/photo.png": picture_bytes(photo, "PNG")}
    stack = ['<layer name="photo" src="data/photo.png" x="0" y="0"/>']
    for number, (words, box, layer) in enumerate(layers, start=1):
        name = f"data/{number:02d}.png"
        files[name] = bytes(cv2.imencode(".png", cv2.cvtColor(layer, cv2.COLOR_RGBA2BGRA))[1])
        stack.insert(0, f'<layer name={quoteattr(words)} src="{name}" x="{box.x0}" y="{box.y0}"/>')  # the top one first
    scale = min(1.0, _THUMBNAIL_PX / max(width, height))
    small_wh = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = np.asarray(cv2.resize(image, small_wh, interpolation=cv2.INTER_AREA), np.uint8)
    files |= {"mergedimage.png": picture_bytes(image, "PNG"), "Thumbnails/thumbnail.png": picture_bytes(small, "PNG")}
    files["stack.xml"] = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<image version="0.0.6" w="{width}" h="{height}"><stack>'
        f"{''.join(stack)}</stack></image>\n"
    ).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, data in ({"mimetype": b"image/openraster"} | files).items():  # the type first, so that it is seen
            archive.writestr(zipfile.ZipInfo(name), data)  # without a time: the same result gives the same bytes
    return out.getvalue()


def _psd(photo: Rgb, layers: Sequence[tuple[str, Box, Rgba]]) -> bytes:
    from psd_tools import PSDImage

    height, width = photo.shape[:2]
    if max(height, width) > _MOST_PSD_PX:
        raise OutputError(f"PSD holds {_MOST_PSD_PX} px at most, not {max(height, width)}", hint="say --layers ora")
    psd = PSDImage.new("RGB", (width, height))
    psd.create_pixel_layer(Image.fromarray(photo), name="photo")
    for words, box, layer in layers:
        psd.create_pixel_layer(Image.fromarray(layer), name=words[:255], top=box.y0, left=box.x0)
    out = io.BytesIO()
    psd.save(out)
    return out.getvalue()


__all__ = ["LAYERS", "Layers", "check_layers", "layered_bytes", "layers_of"]
