"""What decoding a file would cost, read from its headers before any library opens it.

A small file can ask a library for much: a TIFF of 1 MB whose tags share one value for gigabytes, a JPEG of 3 MB in
thousands of scans for minutes. Real photos stay far below these limits.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from automask.images.containers import (
    TiffEntry,
    jpeg_scans,
    png_chunks,
    tiff_entries,
    tiff_entry_number,
    tiff_order,
    walk_segments,
)

MAX_JPEG_SCANS = 100
"""A progressive photo has about 10; each scan is a pass over all coefficients."""
MAX_JPEG_SEGMENTS = 5000
"""A profile has up to 255, a long XMP packet some hundred; libraries take quadratic time to join those of EXIF."""
MAX_PNG_CHUNKS = 20_000
"""Without those of the picture itself."""
MAX_TIFF_PAGES = 1000
MAX_TIFF_ENTRIES = 50_000
"""Tags of all pages; a photo has fewer than 200."""
MAX_TIFF_PIECES = 500_000
"""Strips or tiles of one page: those of 16 x 16 px of a photo of 100 megapixels are 390,000."""
_FREE_BYTES = 1 << 20
_FREE_TILE_PX = 1 << 22
_EXIF_DIRECTORIES = frozenset({34665, 34853, 40965})


def costly(data: bytes, format_: str) -> str | None:
    """Why a file would cost far more than its picture, as a clause with the number and the limit; None if it does not.

    Args:
        data: The file.
        format_: Pillow's name of its format.
    """
    try:
        if format_ == "JPEG":
            return _costly_jpeg(data)
        if format_ == "TIFF":
            return _costly_tiff(data) or _costly_tiles(data)
        if format_ == "PNG":
            return _costly_png(data)
    except (ValueError, struct.error, IndexError):
        return None  # broken: the library that decodes it says how
    return None


def costly_exif(exif: bytes) -> str | None:
    """The same of EXIF bytes."""
    try:
        return _costly_tiff(exif.removeprefix(b"Exif\0\0"))
    except (ValueError, struct.error, IndexError):
        return None


def _costly_jpeg(data: bytes) -> str | None:
    for count, (marker, payload) in enumerate(walk_segments(data)):
        if count >= MAX_JPEG_SEGMENTS:
            return f"it has more than the {MAX_JPEG_SEGMENTS} segments allowed before its picture"
        if marker == 0xE2 and payload.startswith(b"MPF\0"):
            found = costly_exif(payload[4:])
            if found:
                return found
        if marker == 0xE1 and payload.startswith(b"Exif\0\0"):
            found = costly_exif(payload)
            if found:
                return found
    scans = jpeg_scans(data)
    return f"it has {scans} scans, more than the {MAX_JPEG_SCANS} allowed" if scans > MAX_JPEG_SCANS else None


def _costly_png(data: bytes) -> str | None:
    count = 0
    for kind, body in png_chunks(data):
        count += kind != b"IDAT"
        if count > MAX_PNG_CHUNKS:
            return f"it has more than the {MAX_PNG_CHUNKS} chunks allowed besides its picture"
        found = costly_exif(body) if kind == b"eXIf" else None
        if found:
            return found
    return None


@dataclass(frozen=True, slots=True)
class _Directory:
    """A TIFF directory: the entries whose values are in the file, and how many it has."""

    entries: list[TiffEntry]
    is_page: bool


def _directories(blob: bytes) -> Iterator[_Directory]:
    """The pages of a TIFF structure and the EXIF directories of each, every one once."""
    order, big, at = tiff_order(blob)
    seen: set[int] = set()
    waiting = [(at, True)]
    while waiting:
        at, is_page = waiting.pop()
        if at in seen or not 0 < at < len(blob):
            continue
        seen.add(at)
        try:
            entries, next_at = tiff_entries(blob, at, order, big=big)
        except (ValueError, struct.error):
            continue
        yield _Directory(entries, is_page)
        inside = (entry for entry in entries if entry.number in _EXIF_DIRECTORIES)
        waiting += [(tiff_entry_number(blob, entry, order) or 0, False) for entry in inside]
        width = 8 if big else 4
        if is_page and next_at + width <= len(blob):
            waiting.append((struct.unpack_from(order + ("Q" if big else "I"), blob, next_at)[0], True))


def _costly_tiff(blob: bytes) -> str | None:
    pages = entries = size = 0
    most_bytes = 2 * len(blob) + _FREE_BYTES
    for directory in _directories(blob):
        pages += directory.is_page
        entries += len(directory.entries)
        size += sum(entry.value_size for entry in directory.entries)
        if pages > MAX_TIFF_PAGES:
            return f"it has more than the {MAX_TIFF_PAGES} pages allowed"
        if entries > MAX_TIFF_ENTRIES:
            return f"it has more than the {MAX_TIFF_ENTRIES} tags allowed"
        if size > most_bytes:
            return f"its tags hold {size / 1e6:.0f} MB, more than the {most_bytes / 1e6:.0f} MB that its size allows"
    return None


def _costly_tiles(data: bytes) -> str | None:
    order, big, at = tiff_order(data)
    entries = {entry.number: entry for entry in tiff_entries(data, at, order, big=big)[0]}
    pieces = max((entries[number].count for number in (273, 279, 324, 325) if number in entries), default=0)
    if pieces > MAX_TIFF_PIECES:
        return f"it is cut into {pieces} pieces, more than the {MAX_TIFF_PIECES} allowed"
    sides = [tiff_entry_number(data, entries[number], order) or 0 if number in entries else 0 for number in _SIDES]
    photo_px, tile_px = sides[0] * sides[1], sides[2] * sides[3]
    most_px = max(_FREE_TILE_PX, 4 * photo_px)
    if tile_px > most_px:
        return (
            f"its tiles are {tile_px / 1e6:.0f} megapixels each, more than the {most_px / 1e6:.0f} that its size allows"
        )
    return None


_SIDES = (256, 257, 322, 323)  # width and height of the picture, then of a tile
