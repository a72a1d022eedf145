"""Writes a photo back in its own format with only the repainted pixels changed, and checks the file written."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
import numpy.typing as npt
from PIL import Image

from automask.errors import OutputError, PhotoError
from automask.fingerprint import bytes_digest
from automask.images.colour import (
    BAND_PX,
    Colours,
    colour_channels,
    colour_space,
    copy_where,
    default_from_srgb,
    expand_palette,
    in_bands,
    is_colour_key,
    luma,
    profile_transforms,
    to_8_bits,
    to_inks,
    to_uint8,
    to_unit,
)
from automask.images.containers import (
    PNG_SAMPLE_CHUNKS,
    Samples,
    png_bytes,
    png_chunks,
    tiff_bytes,
    with_segments,
    without_thumbnail,
    written_segments,
)
from automask.images.decode import decode, turned_back, upright
from automask.images.files import atomic_path, pillow_bytes, pillow_image
from automask.images.jpeg import exact_jpeg
from automask.images.photo import Photo, Written
from automask.types import Rgb

_LOSSY_QUALITY = {"WEBP": 95, "HEIF": 90, "AVIF": 90}  # such files do not record their quality


def write_photo(
    photo: Photo, result: Rgb, alpha: npt.NDArray[np.uint8] | npt.NDArray[np.floating[Any]], path: str | Path
) -> Written:
    """The photo with its repainted pixels, in its own format, written under a temporary name, checked, then renamed.

    A pixel is converted back into the photo's own mode, profile and depth where alpha is above 0 and `result` differs
    from `photo.rgb`; all others are the samples that were read, whatever `result` holds there. Alpha channels are never
    changed.

    Args:
        photo: From `open_photo`.
        result: [H, W, 3] uint8 sRGB, the size of `photo.rgb`.
        alpha: [H, W] share of the repainted picture: uint8, or float in 0..1. 0 means untouched.
        path: Where to; its folder is made. The format is the photo's, whatever the ending.

    Raises:
        OutputError: It cannot be written there, it is the input itself, or the check after writing failed. A file that
            was there before is then still there.
    """
    path = Path(path)
    _refuse_source(photo, path)
    repainted = _repaint(photo, result, alpha)
    with atomic_path(path) as temporary:

        def stored(data: bytes) -> bytes:
            temporary.write_bytes(data)
            return temporary.read_bytes()

        encoded = _encode(photo, repainted, path.name, stored)
    loss, most = encoded.loss
    notes = (*repainted.notes, *encoded.notes)
    return Written(path, 0, loss, most, notes, encoded.encoder, encoded.untouched_blocks, encoded.shared_blocks)


def photo_bytes(
    photo: Photo, result: Rgb, alpha: npt.NDArray[np.uint8] | npt.NDArray[np.floating[Any]], format_: str | None = None
) -> bytes:
    """What `write_photo` would write, after the same check; or the same picture in another format.

    Args:
        photo: From `open_photo`.
        result: [H, W, 3] uint8 sRGB, the size of `photo.rgb`.
        alpha: As in `write_photo`.
        format_: "JPEG", "PNG" or "WEBP": another format holds 8-bit sRGB samples, the photo's alpha and its EXIF. None,
            or the photo's own, for its own samples, profile and all that surrounds them.

    Raises:
        OutputError: It cannot be encoded, or the check failed; or another format cannot hold the photo's alpha.
    """
    repainted = _repaint(photo, result, alpha)
    if format_ is None or format_ == photo.format:
        return _encode(photo, repainted, photo.name, lambda data: data).data
    shown = np.where(repainted.touched[..., None], result, photo.rgb)
    opacity = _opacity(photo)
    if opacity is not None and format_ == "JPEG":
        raise OutputError(f"a JPEG holds no transparency, and {photo.name!r} has some", hint="take PNG or WEBP")
    options: dict[str, Any] = {"JPEG": {"quality": 95, "subsampling": 0}, "WEBP": {"quality": 95, "exact": True}}.get(
        format_, {}
    )
    exif = without_thumbnail(photo.exif) if photo.exif else b""
    if exif:
        options["exif"] = exif if format_ == "WEBP" else b"Exif\0\0" + exif
    samples = shown if opacity is None else np.dstack([shown, opacity])
    image = pillow_image(samples, "RGB" if opacity is None else "RGBA", None)
    return pillow_bytes(image, format_, options, photo.name)


def pillow_photo(
    photo: Photo, result: Rgb, alpha: npt.NDArray[np.uint8] | npt.NDArray[np.floating[Any]]
) -> Image.Image:
    """The photo with its repainted pixels as a Pillow image, in the photo's own mode and without loss.

    Of 16 bits a colour, which Pillow does not hold, the 8 highest are left. `info` has `exif` and `icc_profile` where
    the photo has them, and `transparency` as Pillow's reader sets it.

    Args:
        photo: From `open_photo`.
        result: [H, W, 3] uint8 sRGB, the size of `photo.rgb`.
        alpha: As in `write_photo`.
    """
    repainted = _repaint(photo, result, alpha)
    samples, mode = repainted.samples, repainted.mode
    if mode in {"LA;16", "RGB;16", "RGBA;16"}:
        samples, mode = to_8_bits(samples), mode.removesuffix(";16")
    image = pillow_image(samples, mode, repainted.palette)
    if photo.exif:
        changed = repainted.samples is not photo.samples
        image.info["exif"] = b"Exif\0\0" + (without_thumbnail(photo.exif) if changed else photo.exif)
    if photo.icc:
        image.info["icc_profile"] = photo.icc
    if mode == "P" and repainted.palette is not None and (repainted.palette[:, 3] < 255).any():
        image.info["transparency"] = repainted.palette[:, 3].tobytes()
    elif photo.container.clear_key is not None and mode in {"L", "RGB"} and repainted.samples.dtype == np.uint8:
        key = photo.container.clear_key
        image.info["transparency"] = key[0] if mode == "L" else key
    return image


@dataclass(frozen=True, slots=True, eq=False)
class _Repainted:
    """What is handed to the encoder, and where it may differ from the photo."""

    samples: Samples
    mode: str
    palette: npt.NDArray[np.uint8] | None
    notes: list[str]
    touched: npt.NDArray[np.bool_]


def _repaint(photo: Photo, result: Rgb, alpha: npt.NDArray[np.uint8] | npt.NDArray[np.floating[Any]]) -> _Repainted:
    """The photo's own samples with what was repainted in them.

    Raises:
        OutputError: `result` or `alpha` is not of the photo's size.
    """
    if result.shape != photo.rgb.shape or result.dtype != np.uint8:
        raise OutputError(
            f"the result is {list(result.shape)} {result.dtype}, the photo {list(photo.rgb.shape)} uint8",
            hint="write a result of the photo's own size",
        )
    levels = alpha if alpha.dtype == np.uint8 else to_uint8(cast(npt.NDArray[np.floating[Any]], alpha))
    if levels.shape != photo.rgb.shape[:2]:
        raise OutputError(
            f"alpha is {list(levels.shape)}, the photo {list(photo.rgb.shape[:2])}",
            hint="write an alpha of the photo's own size",
        )
    touched = levels > 0
    samples, mode, palette, notes = _native_samples(photo, result, cast(npt.NDArray[np.uint8], levels), touched)
    return _Repainted(samples, mode, palette, notes, touched)


@dataclass(frozen=True, slots=True, eq=False)
class _Encoded:
    """A file's bytes, after the check.

    Args:
        data: The file.
        loss: How many pixels outside the mask the encoder changed, and by how much at most.
        encoder, untouched_blocks, shared_blocks: As in `Written`.
        notes: What the user should know.
    """

    data: bytes
    loss: tuple[int, int]
    encoder: Literal["exact", "again"]
    untouched_blocks: int | None = None
    shared_blocks: int | None = None
    notes: tuple[str, ...] = ()


def _encode(photo: Photo, repainted: _Repainted, name: str, stored: Callable[[bytes], bytes]) -> _Encoded:
    """The file: a JPEG with the blocks that it had wherever that is possible.

    Args:
        photo, repainted: The photo, and what is written of it.
        name: The file's name in messages.
        stored: Puts bytes where they belong, and returns what is there then, for the check.

    Raises:
        OutputError: It cannot be encoded, or the check failed.
    """
    notes: tuple[str, ...] = ()
    if photo.format == "JPEG":
        try:
            return _encode_blocks(photo, repainted, name, stored)
        except PhotoError as error:
            notes = (f"the whole JPEG is encoded again, which changes it a little everywhere: {error.problem}",)
    data = _encode_samples(photo, repainted.samples, repainted.mode, repainted.palette)
    loss = _check(photo, repainted, stored(data), name)
    return _Encoded(data, loss, "exact" if photo.container.lossless else "again", notes=notes)


def _encode_blocks(photo: Photo, repainted: _Repainted, name: str, stored: Callable[[bytes], bytes]) -> _Encoded:
    """The JPEG in which only the blocks with changed pixels are new.

    Raises:
        PhotoError: Its file is gone, or of a kind whose blocks are not read.
        OutputError: The check failed.
    """
    changed = repainted.samples is not photo.samples
    turn = photo.container.turn
    before, after = (cast(npt.NDArray[np.uint8], turned_back(one, turn)) for one in (photo.samples, repainted.samples))
    segments = written_segments(photo.container.segments, repainted=changed)
    exact = exact_jpeg(_file_bytes(photo), before, after, segments)
    reached = upright(exact.reached, turn)
    loss = _check(photo, repainted, stored(exact.data), name, reached=reached)
    return _Encoded(exact.data, loss, "exact", exact.untouched_blocks, exact.shared_blocks)


def _file_bytes(photo: Photo) -> bytes:
    """The bytes of the photo's file.

    Raises:
        PhotoError: It is gone, or has changed since it was opened.
    """
    if photo.data is not None:
        return photo.data
    try:
        data = photo.source.read_bytes() if photo.source else b""
    except OSError:
        data = b""
    if bytes_digest(data) != photo.digest:
        raise PhotoError("the photo's file is gone or has changed since it was opened", hint="make the edit again")
    return data


def _check(
    photo: Photo, repainted: _Repainted, data: bytes, name: str, *, reached: npt.NDArray[np.bool_] | None = None
) -> tuple[int, int]:
    """How many pixels outside the mask the encoder changed, and by how much at most.

    Args:
        photo, repainted, data: The photo, what was handed to the encoder, and what it made of it.
        name: The file's name in messages.
        reached: [H, W] bool: all other pixels must have come back as they were; None where an encoder is known to
            change some.

    Raises:
        PhotoError: Pixels that are not `reached` differ.
        OutputError: The bytes do not hold what was handed to the encoder, or pixels outside the mask differ.
    """
    before = expand_palette(photo.samples, photo.mode, photo.container.palette)
    handed = expand_palette(repainted.samples, repainted.mode, repainted.palette)
    again = decode(data, name, math.inf)
    read = expand_palette(again.samples, again.mode, again.container.palette)
    if read.shape[:2] != handed.shape[:2] or read.ndim != handed.ndim or read.dtype != handed.dtype:
        raise OutputError(
            f"{name!r} came back as {list(read.shape)} {read.dtype}, not {list(handed.shape)} {handed.dtype}",
            hint="nothing was written; save the photo as PNG and try again",
        )
    if reached is not None and _differences(before, read, reached)[0]:
        raise PhotoError("its blocks do not come back as they were", hint="report this photo")
    loss = most = 0
    if photo.container.lossless:
        outside, _ = _differences(before, read, repainted.touched)
    else:
        outside, _ = _differences(before, handed, repainted.touched)
        loss, most = _differences(handed, read, repainted.touched)
    if outside:
        raise OutputError(
            f"{name!r} would have {outside} changed pixels outside the mask",
            hint="nothing was written; save the photo as PNG and try again, and report this photo",
        )
    return loss, most


def transparent_mask(photo: Photo) -> npt.NDArray[np.bool_]:
    """[H, W] bool: where the photo is less than half opaque, so that what is painted there hardly shows."""
    container = photo.container
    if container.clear_key is not None and photo.mode != "P":
        return is_colour_key(photo.samples, container.clear_key)
    if photo.mode == "P" and container.palette is not None:
        return (container.palette[:, 3] < 128)[photo.samples]
    if photo.mode.split(";")[0] in {"LA", "RGBA"}:
        return photo.samples[..., -1] < np.iinfo(photo.samples.dtype).max // 2
    return np.zeros(photo.rgb.shape[:2], np.bool_)


def _opacity(photo: Photo) -> npt.NDArray[np.uint8] | None:
    """[H, W] uint8: the photo's alpha; None where it is opaque everywhere."""
    container = photo.container
    opacity: npt.NDArray[np.uint8] | None = None
    if container.clear_key is not None and photo.mode != "P":
        opacity = np.where(is_colour_key(photo.samples, container.clear_key), 0, 255).astype(np.uint8)
    elif photo.mode == "P" and container.palette is not None:
        opacity = container.palette[:, 3][photo.samples]
    elif photo.mode.split(";")[0] in {"LA", "RGBA"}:
        opacity = to_8_bits(photo.samples[..., -1])
    return None if opacity is None or (opacity == 255).all() else opacity


def _refuse_source(photo: Photo, path: Path) -> None:
    try:
        same = photo.source is not None and path.exists() and path.samefile(photo.source)
    except OSError:
        same = False
    if same:
        raise OutputError(
            f"{str(path)!r} is the photo itself, which is never overwritten", hint="write into another folder"
        )


def _differences(first: Samples, second: Samples, touched: npt.NDArray[np.bool_]) -> tuple[int, int]:
    """Number of pixels outside `touched` that differ, and the largest difference; only common channels are compared."""
    count = most = 0
    rows = max(1, BAND_PX // touched.shape[1])
    for top in range(0, touched.shape[0], rows):
        one, two = first[top : top + rows], second[top : top + rows]
        if one.ndim == 3:
            channels = min(one.shape[2], two.shape[2])
            one, two = one[..., :channels], two[..., :channels]
        if np.array_equal(one, two):
            continue
        # Channel by channel: NumPy takes about ten times longer to reduce a last axis of length 3.
        planes = [(one, two)] if one.ndim == 2 else [(one[..., at], two[..., at]) for at in range(one.shape[2])]
        apart = np.zeros(one.shape[:2], one.dtype)
        for a, b in planes:
            np.maximum(apart, np.maximum(a, b) - np.minimum(a, b), out=apart)
        apart = apart[~touched[top : top + rows]]
        count += int(np.count_nonzero(apart))
        most = max(most, int(apart.max(initial=0)))
    return count, most


def _native_samples(
    photo: Photo, result: Rgb, levels: npt.NDArray[np.uint8], touched: npt.NDArray[np.bool_]
) -> tuple[Samples, str, npt.NDArray[np.uint8] | None, list[str]]:
    """The samples to write, their mode, their palette, and notes for the user."""
    palette = photo.container.palette
    changed = np.logical_or.reduce([result[..., at] != photo.rgb[..., at] for at in range(3)]) & touched
    if photo.container.clear_key is not None and photo.mode != "P":
        changed &= ~is_colour_key(photo.samples, photo.container.clear_key)
    if not changed.any():
        return photo.samples, photo.mode, palette, []
    if photo.mode == "RGB" and photo.samples is photo.rgb and photo.container.clear_key is None:
        samples = photo.samples.copy()
        copy_where(samples, result, changed)
        return samples, photo.mode, palette, []
    notes: list[str] = []
    colours = result[changed]
    space = colour_space(photo.mode)
    transforms = profile_transforms(photo.icc, space) if photo.container.managed else None
    from_srgb = transforms[1] if transforms else default_from_srgb(space)
    if photo.mode == "P" and palette is not None:
        own = in_bands(from_srgb, colours)
        if photo.format == "GIF":
            samples, palette, used = _gif_samples(photo.samples, palette, changed, own)
            notes.append(f"a GIF holds 256 colours: the repainted part is drawn with {used}")
            return samples, "P", palette, notes
        notes.append("its palette cannot hold new colours: written as RGB with every old colour as it was")
        has_alpha = bool((palette[np.unique(photo.samples), 3] < 255).any())
        expanded = palette[photo.samples] if has_alpha else palette[:, :3][photo.samples]
        expanded[..., :3][changed] = own
        return expanded, "RGBA" if has_alpha else "RGB", None, notes
    if space == "L" and photo.mode != "1" and int(np.ptp(colours, axis=1).max()) > 8:
        notes.append(
            "a grey photo holds no colour: the repainted part is written in grey; save the photo as RGB to keep it"
        )
    if photo.mode == "1":
        notes.append("a black-and-white photo holds no greys: the repainted part is written in black and white")
    samples = photo.samples.copy()
    samples.flags.writeable = True
    into = colour_channels(samples, photo.mode)
    into[changed] = _to_native_colours(photo, colours, into[changed], levels[changed], photo.rgb[changed], from_srgb)
    if photo.container.clear_key is not None:
        key = is_colour_key(samples, photo.container.clear_key) & changed
        last = into[..., -1]
        last[key] = np.where(last[key] > 0, last[key] - 1, 1)  # a painted pixel must not become "transparent" by chance
    return samples, photo.mode, palette, notes


def _to_native_colours(
    photo: Photo,
    colours: npt.NDArray[np.uint8],
    old: Samples,
    levels: npt.NDArray[np.uint8],
    old_rgb: npt.NDArray[np.uint8],
    from_srgb: Colours,
) -> Samples:
    """[N, C] repainted colours in the photo's own mode, profile and depth.

    What the conversion to 8-bit sRGB and back loses of the old sample (low bits, colours outside sRGB) is added back,
    weighted by 1 - alpha, so that a soft edge starts at the old sample and not at its 8-bit copy. Not so for inks:
    another split of the same colour would clip (230 levels off in a feathered edge). Without a profile the black ink is
    blended from the old to the new split, at the same colour; with one, the profile's split is used.
    """
    if photo.mode == "1":
        return np.where(luma(colours) >= 128, 255, 0).astype(np.uint8)[:, None]
    scale = 257 if photo.samples.dtype == np.uint16 else 1
    top = 255 * scale
    out = np.empty_like(old)
    for start in range(0, len(colours), BAND_PX):
        part = slice(start, start + BAND_PX)
        new = from_srgb(colours[part])
        if photo.mode == "CMYK" and not photo.container.managed:
            black = new[:, 3].astype(np.float32)
            mixed = black + (1 - to_unit(levels[part])) * (old[part][:, 3].astype(np.float32) - black)
            out[part] = to_inks(colours[part], np.minimum(np.rint(mixed), black).astype(np.uint32))
            continue
        if photo.mode == "CMYK" or (scale == 1 and not photo.container.managed):
            out[part] = new
            continue
        kept = (1 - to_unit(levels[part]))[:, None]
        lost = old[part].astype(np.float32) - from_srgb(old_rgb[part]).astype(np.float32) * scale
        out[part] = np.clip(np.rint(new.astype(np.float32) * scale + kept * lost), 0, top).astype(old.dtype)
    return out


def _gif_samples(
    indices: Samples, palette: npt.NDArray[np.uint8], changed: npt.NDArray[np.bool_], colours: npt.NDArray[np.uint8]
) -> tuple[Samples, npt.NDArray[np.uint8], str]:
    """Indices, palette, and a phrase for the user. Unchanged and transparent pixels keep their index and colour."""
    solid = palette[indices[changed], 3] == 255
    painted = np.zeros_like(changed)
    painted[changed] = solid
    colours = colours[solid]
    kept = np.zeros(256, bool)
    kept[np.unique(indices[~painted])] = True
    kept |= palette[:, 3] < 255
    free = np.flatnonzero(~kept)
    wanted = np.unique(colours, axis=0)
    palette = palette.copy()
    samples = cast(npt.NDArray[np.uint8], indices.copy())
    used = f"its {len(wanted)} exact colours"
    if len(wanted) > len(free):
        used = f"{len(free)} new colours and the photo's own" if len(free) else "the photo's own, as none is free"
        line = Image.frombytes("RGB", (len(colours), 1), colours.tobytes())
        if len(free):
            reduced = line.quantize(len(free), method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
            wanted = np.asarray(reduced.getpalette("RGB"), np.uint8).reshape(-1, 3)[: len(free)]
        else:
            wanted = wanted[:0]
    palette[free[: len(wanted)], :3] = wanted
    usable = np.concatenate([np.flatnonzero(kept & (palette[:, 3] == 255)), free[: len(wanted)]])
    keys, which = np.unique(colours, axis=0, return_inverse=True)
    nearest = np.concatenate(
        [
            usable[
                ((keys[at : at + 4096, None].astype(np.int32) - palette[None, usable, :3].astype(np.int32)) ** 2)
                .sum(axis=2)
                .argmin(axis=1)
            ]
            for at in range(0, len(keys), 4096)
        ]
        or [usable[:0]]
    )
    samples[painted] = nearest[which.ravel()].astype(np.uint8)
    return samples, palette, used


def _encode_samples(photo: Photo, samples: Samples, mode: str, palette: npt.NDArray[np.uint8] | None) -> bytes:
    """The bytes of the file, encoded by a library.

    Raises:
        OutputError: The library that writes the format is missing or fails.
    """
    repainted = samples is not photo.samples
    exif = without_thumbnail(photo.exif) if repainted else photo.exif
    if photo.format == "PNG":
        return _encode_png(photo, samples, mode, palette, exif)
    if photo.format == "TIFF":
        return tiff_bytes(samples, mode, palette, photo.container)
    container = photo.container
    options: dict[str, Any] = {}
    if photo.format == "JPEG":
        samples = turned_back(samples, container.turn)
        tables = container.qtables
        options = {"qtables": [list(table) for table in (tables[:2] if tables[1:2] == tables[2:3] else tables)]}
        options |= {"progressive": container.progressive, "keep_rgb": container.keep_rgb}
        if mode == "RGB":
            options["subsampling"] = container.subsampling
    elif photo.format == "GIF" and palette is not None:
        clear = np.flatnonzero(palette[:, 3] == 0)
        options = {"optimize": False, "comment": container.comment}
        if len(clear):
            options["transparency"] = int(clear[0])
    elif photo.format == "BMP":
        options = {"dpi": container.dpi} if container.dpi else {}
    else:
        options = {"exif": exif, "icc_profile": photo.icc, "xmp": container.xmp}
        options = {name: value for name, value in options.items() if value}
        if photo.format == "WEBP":
            options |= {"exact": True}
        options |= {"lossless": True} if container.lossless else {"quality": _LOSSY_QUALITY[photo.format]}
    data = pillow_bytes(pillow_image(samples, mode, palette), photo.format, options, photo.name)
    return with_segments(data, container.segments, repainted=repainted) if photo.format == "JPEG" else data


def _encode_png(photo: Photo, samples: Samples, mode: str, palette: npt.NDArray[np.uint8] | None, exif: bytes) -> bytes:
    if mode == "LA;16":
        as_bytes = samples.astype(">u2").view(np.uint8)
        data = pillow_bytes(pillow_image(as_bytes, "RGBA", None), "PNG", {}, photo.name)
        chunks = [
            (kind, body[:8] + b"\x10\x04" + body[10:] if kind == b"IHDR" else body) for kind, body in png_chunks(data)
        ]
    elif mode in {"RGB;16", "RGBA;16"}:
        import cv2

        code = cv2.COLOR_RGB2BGR if mode == "RGB;16" else cv2.COLOR_RGBA2BGRA
        done, encoded = cv2.imencode(".png", cv2.cvtColor(samples, code), [cv2.IMWRITE_PNG_COMPRESSION, 4])
        if not done:
            raise OutputError(
                f"OpenCV does not write {photo.name!r} as a 16-bit PNG", hint="save the photo as 8-bit PNG first"
            )
        chunks = list(png_chunks(encoded.tobytes()))
    else:
        options = {"bits": photo.container.bits} if mode == "P" else {}
        chunks = list(png_chunks(pillow_bytes(pillow_image(samples, mode, palette), "PNG", options, photo.name)))
    before, after = (
        [
            (kind, exif if kind == b"eXIf" else body)
            for kind, body in part
            if mode == photo.mode or kind not in PNG_SAMPLE_CHUNKS
        ]
        for part in photo.container.chunks
    )
    head = [chunk for chunk in chunks if chunk[0] == b"IHDR"]
    picture = [chunk for chunk in chunks if chunk[0] == b"IDAT"]
    return png_bytes([*head, *before, *picture, *after, (b"IEND", b"")])
