"""TIFF samples as the file holds them, where Pillow would change or confuse them. No PIL here.

Pillow 13 reduces 16-bit colours to 8 bits and mixes up separate planes; OpenCV 5 reads separate planes as one picture
three times over. Both libraries decompress bytes well, so a plane is handed to Pillow as an 8-bit grey picture whose
rows are the plane's bytes, and put together here.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO

import numpy as np
import numpy.typing as npt

from automask.images.containers import (
    Samples,
    Tag,
    TiffEntry,
    tiff_entries,
    tiff_entry_numbers,
    tiff_order,
    write_tags,
)

_BYTE_STREAMS = frozenset({1, 5, 8, 32773, 32946, 34925, 50000})
"""Compressions of bytes: none, LZW, Deflate, PackBits, LZMA, Zstandard. JPEG's and fax's know what a sample is."""


@dataclass(frozen=True, slots=True)
class TiffLayout:
    """How the samples of a TIFF's first page are stored.

    Args:
        width, height: In pixels.
        channels: Samples of a pixel, extra ones included.
        extra: What each extra one is: 0 unspecified, 1 alpha that is multiplied into the colours, 2 plain alpha.
        bits: Of every sample.
        photometric: What the others are: 0 and 1 grey, 2 RGB, 5 inks.
        separate: Each channel is a plane of its own.
        predicted: Samples are differences to those on their left.
        compression: The tag's number.
        tile_width: Of a tile; the photo's where it is in strips.
        big_endian: Byte order.
    """

    width: int
    height: int
    channels: int
    extra: tuple[int, ...]
    bits: int
    photometric: int
    separate: bool
    predicted: bool
    compression: int
    tile_width: int
    big_endian: bool

    @property
    def colours(self) -> int:
        """Channels that are colours or inks."""
        return {0: 1, 1: 1, 2: 3, 5: 4}.get(self.photometric, self.channels)

    @property
    def is_of_separate_bytes(self) -> bool:
        """Whether each channel is a plane of its own, compressed as bytes or not at all."""
        return self.separate and self.compression in _BYTE_STREAMS

    @property
    def has_alpha(self) -> bool:
        """Whether the first extra channel is alpha; one that is not explained counts, as some writers explain none."""
        return self.channels > self.colours and self.extra[:1] in {(), (1,), (2,)}

    @property
    def is_multiplied(self) -> bool:
        """Whether its alpha is multiplied into the colours."""
        return self.has_alpha and self.extra[:1] == (1,)


def tiff_layout(data: bytes) -> TiffLayout | None:
    """The layout of a TIFF's first page; None where it is broken, or its samples are not all alike."""
    try:
        found = _numbers(data)
        width, height = found[256][0], found[257][0]
    except (ValueError, KeyError, IndexError, struct.error):
        return None
    bits, kinds = set(found.get(258, (1,))), set(found.get(339, (1,)))
    if len(bits) != 1 or kinds != {1}:  # floating-point or signed
        return None
    one = {number: values[0] for number, values in found.items() if values}
    return TiffLayout(
        width=width,
        height=height,
        channels=one.get(277, 1),
        extra=found.get(338, ()),
        bits=bits.pop(),
        photometric=one.get(262, 1),
        separate=one.get(284, 1) == 2 and one.get(277, 1) > 1,
        predicted=one.get(317, 1) == 2,
        compression=one.get(259, 1),
        tile_width=one.get(322, width),
        big_endian=data[:2] == b"MM",
    )


def extra_channels(data: bytes) -> str:
    """How many channels a TIFF has that are neither colours nor alpha, in words; empty for none."""
    layout = tiff_layout(data)
    known = 0 if layout is None else layout.colours + (layout.has_alpha and layout.photometric != 5)
    more = 0 if layout is None else layout.channels - known
    return f"{more} more channel{'s' * (more > 1)} (alpha, or a saved selection)" if more > 0 else ""


def layout_notes(data: bytes) -> list[str]:
    """What of its channels is not kept."""
    layout, more = tiff_layout(data), extra_channels(data)
    notes = [f"{more} in the file {'are' if 'channels' in more else 'is'} not kept"] if more else []
    if layout is not None and layout.is_multiplied and layout.photometric != 5:
        notes.append("its alpha was multiplied into the colours; it is written as plain alpha")
    return notes


def byte_pictures(data: bytes, layout: TiffLayout) -> Iterator[bytes]:
    """TIFF files of 8-bit grey whose rows are the bytes of the photo's: one for each plane, one where all are together.

    Raises:
        ValueError: The compression is not one of bytes, or strips are missing.
    """
    if layout.compression not in _BYTE_STREAMS or layout.bits not in {8, 16}:
        raise ValueError(f"compression {layout.compression}")
    found = _numbers(data)
    tiled = 324 in found
    offsets, lengths = found.get(324 if tiled else 273, ()), found.get(325 if tiled else 279, ())
    planes = layout.channels if layout.separate else 1
    pieces = len(offsets) // planes
    if not pieces or len(lengths) != len(offsets) or pieces * planes != len(offsets):
        raise ValueError("strips are missing")
    if sum(lengths) > len(data):  # copied out, strips that share their bytes would fill the memory
        raise ValueError("strips overlap")
    step = layout.bits // 8 * layout.channels // planes  # bytes of a pixel in one plane
    sizes: dict[int, tuple[int, ...]] = {
        256: (layout.width * step,),
        257: (layout.height,),
        258: (8,),
        259: (layout.compression,),
    }
    sizes |= {262: (1,), 266: found.get(266, (1,)), 277: (1,)}
    if tiled:
        sizes |= {322: (layout.tile_width * step,), 323: found[323]}
    else:
        sizes |= {278: (min(found.get(278, (layout.height,))[0], layout.height),)}
    for plane in range(planes):
        chosen = slice(plane * pieces, (plane + 1) * pieces)
        yield _picture(data, sizes, list(zip(offsets[chosen], lengths[chosen], strict=True)), tiled=tiled)


def samples_of(planes: Sequence[npt.NDArray[np.uint8]], layout: TiffLayout) -> Samples:
    """[H, W, C]: the samples of the pictures that `byte_pictures` gave, decoded."""
    kind = np.dtype(np.uint8 if layout.bits == 8 else ">u2" if layout.big_endian else "<u2")
    shape = (layout.height, layout.width, layout.channels)
    out: Samples = np.empty(shape, kind.newbyteorder("="))
    for at, plane in enumerate(planes):
        part = plane.view(kind).reshape(layout.height, layout.width, -1)
        out[:, :, at : at + part.shape[2]] = part
    if layout.predicted:  # TIFF 6.0, section 14: modulo the sample's range, restarted in every tile
        for left in range(0, layout.width, layout.tile_width):
            tile = out[:, left : left + layout.tile_width]
            np.cumsum(tile, axis=1, dtype=out.dtype, out=tile)
    return out


def _numbers(data: bytes) -> dict[int, tuple[int, ...]]:
    order, big, at = tiff_order(data)
    entries: list[TiffEntry] = tiff_entries(data, at, order, big=big)[0]
    return {entry.number: tiff_entry_numbers(data, entry, order) for entry in entries if entry.number in _NUMBERS}


_NUMBERS = frozenset({256, 257, 258, 259, 262, 266, 273, 277, 278, 279, 284, 317, 322, 323, 324, 325, 338, 339})


def _picture(data: bytes, sizes: dict[int, tuple[int, ...]], pieces: list[tuple[int, int]], *, tiled: bool) -> bytes:
    out = BytesIO()
    out.write(b"II\x2a\0" + bytes(4))
    offsets = []
    for at, length in pieces:
        offsets.append(out.tell())
        out.write(data[at : at + length])
    numbers = {**sizes, (324 if tiled else 273): tuple(offsets), (325 if tiled else 279): tuple(n for _, n in pieces)}
    tags = [Tag(number, 4, len(values), struct.pack(f"<{len(values)}I", *values)) for number, values in numbers.items()]
    directory_at = write_tags(out, tags, "<")
    out.seek(4)
    out.write(struct.pack("<I", directory_at))
    return out.getvalue()
