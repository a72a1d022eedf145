"""Levels and colours: uint8 and 0..1, a photo's own samples and its sRGB working copy.

Float is converted to uint8 here and nowhere else.
"""

import io
from collections.abc import Callable
from typing import Any, Literal, TypeAlias, cast

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from automask.errors import AutomaskError
from automask.images.containers import Samples
from automask.types import Alpha, Rgb

BAND_PX = 1 << 20
"""Pixels converted at a time, so that the memory of a conversion does not grow with the photo."""

Colours: TypeAlias = Callable[[npt.NDArray[np.uint8]], npt.NDArray[np.uint8]]
"""A colour conversion, from [N, C] to [N, D] uint8."""


def to_unit(levels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """The same picture as float32 in 0..1: each level n becomes n/255."""
    return levels.astype(np.float32) / np.float32(255)


def to_uint8(unit: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.uint8]:
    """The same picture as uint8: each value rounded to the nearest n/255; values outside 0..1 are clipped.

    Args:
        unit: Any shape, float in 0..1.

    Raises:
        AutomaskError: A value is NaN.
    """
    values = np.asarray(unit)
    out = np.empty(values.shape, np.uint8)
    flat, levels = values.reshape(-1), out.reshape(-1)
    for at in range(0, flat.size, BAND_PX):
        band = flat[at : at + BAND_PX]
        if np.isnan(band).any():
            hint = "look at the editor that made it"
            raise AutomaskError("a picture holds values that are not numbers (NaN)", hint=hint)
        levels[at : at + BAND_PX] = np.rint(np.clip(band, 0.0, 1.0) * 255)
    return out


def quantise_alpha(alpha: npt.NDArray[np.floating[Any]]) -> Alpha:
    """The alpha rounded to n/255, as float32: exactly what an 8-bit mask file holds, so that its 0 means untouched."""
    return to_unit(to_uint8(alpha))


def copy_where(target: Samples, source: Samples, where: npt.NDArray[np.bool_]) -> None:
    """Copies some pixels of one picture into another of the same size: a fifth of the time that NumPy takes.

    Args:
        target: [H, W] or [H, W, C], or a part of one; written to.
        source: Of that size and type.
        where: [H, W] bool.
    """
    if where.size:
        cv2.copyTo(source, where.view(np.uint8), target)


def colour_space(mode: str) -> Literal["L", "RGB", "CMYK"]:
    """The colour space of a mode, whatever its alpha and depth."""
    return "CMYK" if mode == "CMYK" else "RGB" if mode.startswith(("RGB", "P")) else "L"


def colour_channels(samples: Samples, mode: str) -> Samples:
    """The samples [..., C] without alpha; grey gets a last axis of length 1."""
    if mode in {"1", "L", "I;16", "P"}:
        return samples[..., None]
    count = {"L": 1, "RGB": 3, "CMYK": 4}[colour_space(mode)]
    return samples[..., :count]


def profile_transforms(icc: bytes, space: Literal["L", "RGB", "CMYK"]) -> tuple[Colours, Colours] | None:
    """The conversions to sRGB and back by a colour profile; None if it does not fit the samples or has no inverse.

    Relative colorimetric with black-point compensation both ways, so that a colour inside sRGB returns to itself.
    """
    from PIL import ImageCms

    def between(source: Any, target: Any, source_mode: str, target_mode: str) -> Colours:
        transform = ImageCms.buildTransform(
            source,
            target,
            source_mode,
            target_mode,
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            ImageCms.Flags.BLACKPOINTCOMPENSATION | ImageCms.Flags.HIGHRESPRECALC,
        )
        source_channels, target_channels = ({"L": 1, "RGB": 3, "CMYK": 4}[mode] for mode in (source_mode, target_mode))

        def apply(colours: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
            flat = np.ascontiguousarray(colours.reshape(-1, source_channels))
            if not len(flat):
                return np.empty((0, target_channels), np.uint8)
            line = Image.frombytes(source_mode, (len(flat), 1), flat.tobytes())
            return np.asarray(ImageCms.applyTransform(line, transform), np.uint8).reshape(-1, target_channels)

        return apply

    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        if profile.profile.xcolor_space.strip() != {"L": "GRAY"}.get(space, space):
            return None
        srgb = ImageCms.createProfile("sRGB")
        return between(profile, srgb, space, "RGB"), between(srgb, profile, "RGB", space)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None


def working_copy(
    samples: Samples, mode: str, palette: npt.NDArray[np.uint8] | None, icc: bytes
) -> tuple[Rgb, bool, list[str]]:
    """[H, W, 3] uint8 the sRGB copy of the samples, whether the profile was used for it, and notes for the user."""
    space = colour_space(mode)
    notes: list[str] = []
    transforms = None
    if icc:
        transforms = profile_transforms(icc, space)
        if transforms is None:
            notes.append(
                "its colour profile is broken or made for other samples: kept, but colours are read without it"
            )
        elif space != "CMYK" and _is_srgb(transforms[0], space):
            transforms = None
    if mode == "P" and palette is not None:
        colours = np.ascontiguousarray(palette[:, :3])
        return (transforms[0](colours) if transforms else colours)[samples], transforms is not None, notes
    if transforms is None and mode == "RGB":
        return cast(Rgb, samples), False, notes
    to_srgb = transforms[0] if transforms else default_to_srgb(space)
    height, width = samples.shape[:2]
    rgb = np.empty((height, width, 3), np.uint8)
    rows = max(1, BAND_PX // width)
    for top in range(0, height, rows):
        band = to_8_bits(colour_channels(samples[top : top + rows], mode))
        rgb[top : top + rows] = to_srgb(band).reshape(*band.shape[:2], 3)
    return rgb, transforms is not None, notes


def _is_srgb(to_srgb: Colours, space: Literal["L", "RGB", "CMYK"]) -> bool:
    """True if the profile changes no colour by more than one level: it is sRGB, whatever its name."""
    steps = np.arange(0, 256, 15, dtype=np.uint8)
    if space == "L":
        grid = steps[:, None]
    else:
        grid = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3)
    moved = to_srgb(grid).astype(np.int16) - grid.astype(np.int16)
    return int(np.abs(moved).max()) <= 1


def to_8_bits(samples: Samples) -> npt.NDArray[np.uint8]:
    """The samples as uint8, rounded where they hold 16 bits."""
    if samples.dtype == np.uint8:
        return cast(npt.NDArray[np.uint8], samples)
    return ((samples.astype(np.uint32) + 128) // 257).astype(np.uint8)


def default_to_srgb(space: Literal["L", "RGB", "CMYK"]) -> Colours:
    """The conversion to sRGB for photos without a colour profile."""

    def grey(colours: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        return np.repeat(colours.reshape(-1, 1), 3, axis=1)

    def ink(colours: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        paper = 255 - colours.reshape(-1, 4).astype(np.uint32)
        return ((paper[:, :3] * paper[:, 3:] + 127) // 255).astype(np.uint8)

    def same(colours: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        return colours.reshape(-1, 3)

    return {"L": grey, "RGB": same, "CMYK": ink}[space]


def default_from_srgb(space: Literal["L", "RGB", "CMYK"]) -> Colours:
    """The conversion from sRGB for photos without a colour profile."""

    def grey(colours: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        return luma(colours).reshape(-1, 1)

    def ink(colours: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        return to_inks(colours, 255 - colours.max(axis=1).astype(np.uint32))  # grey is printed with black ink alone

    def same(colours: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        return colours

    return {"L": grey, "RGB": same, "CMYK": ink}[space]


def to_inks(colours: npt.NDArray[np.uint8], black: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint8]:
    """[N, 4] cyan, magenta, yellow and the given black, which is at most 255 - the lightest of r, g, b."""
    paper = 255 - black[:, None]
    tints = (255 * (paper - colours) + paper // 2) // np.maximum(paper, 1)
    return np.concatenate([tints, black[:, None]], axis=1).astype(np.uint8)


def luma(colours: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """[...] ITU-R BT.601 grey of [..., 3] colours, in Pillow's integer arithmetic: r = g = b gives that same level."""
    wide = colours.astype(np.uint32)
    return ((wide[..., 0] * 19595 + wide[..., 1] * 38470 + wide[..., 2] * 7471 + 0x8000) >> 16).astype(np.uint8)


def expand_palette(samples: Samples, mode: str, palette: npt.NDArray[np.uint8] | None) -> Samples:
    """Palette indices as [H, W, 4] RGBA; other samples unchanged."""
    return palette[samples] if mode == "P" and palette is not None else samples


def in_bands(convert: Colours, colours: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """[N, C] colours converted BAND_PX at a time, which bounds the memory."""
    return np.concatenate([convert(colours[at : at + BAND_PX]) for at in range(0, len(colours), BAND_PX)])


def is_colour_key(samples: Samples, key: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    """[H, W] bool: True where the samples are the colour that the file declares transparent."""
    if samples.ndim == 2:
        return cast(npt.NDArray[np.bool_], samples == key[0])
    return cast(npt.NDArray[np.bool_], (samples == np.asarray(key[: samples.shape[2]])).all(axis=2))
