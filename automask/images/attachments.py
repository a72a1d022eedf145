"""What a picture's file holds besides the picture: second pictures, films, gain maps, previews, and who announces them.

They show, or belong to, the photo before the edit, so none of them is kept. A gallery trusts what a file says of
itself: where a film or a gain map goes, the lines that announce it go too. No PIL here.
"""

import hashlib
import re
import struct
from collections.abc import Callable, Sequence

from automask.images.xmp_packet import without_properties

Segment = tuple[int, bytes]
"""A JPEG segment: its marker, and what follows its length."""

_GAIN_MAP = "http://ns.adobe.com/hdr-gain-map/1.0/"
_STALE_SPACES = (
    _GAIN_MAP,
    "http://ns.google.com/photos/1.0/container/",  # lists what follows the picture
    "http://ns.google.com/photos/dd/1.0/",  # likewise, of depth maps
    "http://ns.google.com/photos/1.0/image/",  # the picture before the camera blurred it
    "http://ns.google.com/photos/1.0/depthmap/",
)
_FILM_NAMES = ("MotionPhoto", "MicroVideo")  # of Google's camera, and with the same names in makers' own namespaces
_THUMBNAILS = "http://ns.adobe.com/xap/1.0/Thumbnails"
_EXTENDED = "http://ns.adobe.com/xmp/note/HasExtendedXMP"
_MARKS = tuple(mark.encode() for mark in (*_STALE_SPACES, *_FILM_NAMES, "Thumbnails"))

_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_MORE_XMP = b"http://ns.adobe.com/xmp/extension/\0"
_INDEX = b"MPF\0"
_ISO_GAIN_MAP = b"urn:iso:std:iso:ts:21496:-1\0"
_PHOTOSHOP = b"Photoshop 3.0\0"
_SEGMENT_BYTES = 65000
_MOST_RESOURCES = 100_000  # a file has some dozens
_FILM_STARTS = re.compile(rb"\0\0\0.ftyp|MotionPhoto_Data", re.DOTALL)
_SECOND_MAP = re.compile(b"hdrgainmap|" + re.escape(_GAIN_MAP.encode()) + b"|" + re.escape(_ISO_GAIN_MAP))


def attachment_notes(segments: Sequence[Segment], tail: bytes) -> list[str]:
    """What is not kept of a JPEG's attachments, one sentence each.

    Args:
        segments: Of the file.
        tail: What follows the picture.
    """
    packets = b"".join(payload for marker, payload in segments if _starts((marker, payload), 0xE1, (_XMP, _MORE_XMP)))
    notes = announcement_notes(packets)
    gain_map = any(_starts(one, 0xE2, _ISO_GAIN_MAP) for one in segments) or _SECOND_MAP.search(tail)
    if gain_map and _NO_GAIN_MAP not in notes:
        notes.append(_NO_GAIN_MAP)
    elif _NO_GAIN_MAP not in notes and (any(_starts(one, 0xE2, _INDEX) for one in segments) or b"\xff\xd8\xff" in tail):
        notes.append("a second picture in the file (preview, depth or HDR gain map) is not kept")
    if _NO_FILM not in notes and _FILM_STARTS.search(tail):
        notes.append(_NO_FILM)
    more = len(tail.strip(b"\0\xff \t\r\n"))  # padding
    if more and not notes:
        notes.append(f"{more} bytes behind the picture, of no kind that is known here, are not kept")
    return notes


# A tone-mapped item (ISO 23008-12, 6.6.2.4.2) or an auxiliary picture of Apple's, in the index of items.
_MAP_ITEM = re.compile(rb"infe.{8}(?:..)?tmap|hdrgainmap", re.DOTALL)
_INDEX_BYTES = 1 << 20  # where it ends at the latest: the pictures follow


def item_notes(data: bytes, packet: bytes) -> list[str]:
    """The notes on what a HEIC or AVIF file holds besides its picture, and on what its XMP packet announces."""
    notes = announcement_notes(packet)
    return notes if _NO_GAIN_MAP in notes or not _MAP_ITEM.search(data, 0, _INDEX_BYTES) else [_NO_GAIN_MAP, *notes]


def announcement_notes(packet: bytes) -> list[str]:
    """The notes on what an XMP packet announces."""
    gain_map, film = _GAIN_MAP.encode() in packet, any(name.encode() in packet for name in _FILM_NAMES)
    return [_NO_GAIN_MAP] * gain_map + [_NO_FILM] * film


_NO_GAIN_MAP = "the HDR gain map in the file is not kept: the result is as bright as on an ordinary screen"
_NO_FILM = "the film of this motion photo is not kept"


def current_xmp(packet: bytes) -> bytes:
    """The packet without old previews, and without what announces films, gain maps and second pictures.

    Byte for byte the same if it has none of them; empty if it seems to and cannot be read.
    """
    if not any(mark in packet for mark in _MARKS):
        return packet
    try:
        return without_properties(packet, _is_stale)
    except ValueError:
        return b""


def _is_stale(name: str) -> bool:
    local = re.split("[/#]", name)[-1]
    return name.startswith(_STALE_SPACES) or name == _THUMBNAILS or local.startswith(_FILM_NAMES)


def current_resources(block: bytes) -> bytes:
    """Photoshop's image resources without the thumbnails among them."""
    resources, tail = resources_of(block)
    return b"".join([*(whole for number, whole in resources if number not in {0x0409, 0x040C}), tail])


def resources_of(block: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
    """Photoshop's image resources, each with its number and as a whole, and what follows them.

    Source: Adobe, "Photoshop File Formats Specification", image resource blocks.
    """
    found: list[tuple[int, bytes]] = []
    at = 0
    while at + 12 <= len(block) and len(found) < _MOST_RESOURCES:
        size_at = _resource_size_at(block, at)
        if size_at + 4 > len(block):
            break
        (size,) = struct.unpack_from(">I", block, size_at)
        end = size_at + 4 + size + size % 2
        found.append((struct.unpack_from(">H", block, at + 4)[0], block[at:end]))
        at = end
    return found, block[at:]


def with_resource_value(resource: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """A resource with another value, made of its own."""
    size_at = _resource_size_at(resource, 0)
    (size,) = struct.unpack_from(">I", resource, size_at)
    old = resource[size_at + 4 : size_at + 4 + size]
    new = change(old)
    return resource if new == old else resource[:size_at] + struct.pack(">I", len(new)) + new + bytes(len(new) % 2)


def _resource_size_at(block: bytes, at: int) -> int:
    """Where the size of a resource stands: behind "8BIM", its number, and a name of even length."""
    name_size = 1 + block[at + 6]
    return at + 6 + name_size + name_size % 2


def current_segments(segments: Sequence[Segment]) -> list[Segment]:
    """A JPEG's segments without attachments and announcements; all others as they are, in their order."""
    kept = [one for one in segments if not _starts(one, 0xE2, (_INDEX, _ISO_GAIN_MAP))]
    return with_changed_xmp(with_changed_resources(kept, current_resources), current_xmp)


def with_changed_resources(segments: list[Segment], change: Callable[[bytes], bytes]) -> list[Segment]:
    """A JPEG's segments with other resources of Photoshop's, made of all that are there."""
    resources = b"".join(_payloads(segments, 0xED, _PHOTOSHOP))
    changed = change(resources)
    if changed == resources:
        return segments
    return _replaced(segments, 0xED, _PHOTOSHOP, [_PHOTOSHOP + piece for piece in _pieces(changed)])


def with_changed_xmp(segments: list[Segment], change: Callable[[bytes], bytes]) -> list[Segment]:
    """The same with other packets: of the main one, and of the one in segments of its own where that is long.

    Source: Adobe, "XMP Specification Part 3", 1.1.3.1.
    """
    packet = next(iter(_payloads(segments, 0xE1, _XMP)), b"")
    current = change(packet)
    more = _payloads(segments, 0xE1, _MORE_XMP)
    long = _joined(more)
    current_long = change(long)
    if more and (not long or current_long != long):
        pieces = _pieces(current_long)
        name = hashlib.md5(current_long, usedforsecurity=False).hexdigest().upper().encode()
        heads = [struct.pack(">II", len(current_long), at * _SEGMENT_BYTES) for at in range(len(pieces))]
        bodies = [_MORE_XMP + name + head + piece for head, piece in zip(heads, pieces, strict=True)]
        segments = _replaced(segments, 0xE1, _MORE_XMP, bodies)
        current = current.replace(more[0][:32], name) if pieces else _without_extension(current)
    if current != packet:
        segments = _replaced(segments, 0xE1, _XMP, [_XMP + current] if current else [])
    return segments


def _joined(pieces: Sequence[bytes]) -> bytes:
    """The packet whose pieces follow their name, its length and their place in it; empty if one is missing."""
    whole = bytearray()
    for piece in sorted(pieces, key=lambda piece: piece[36:40]):
        if piece[:40] != pieces[0][:36] + struct.pack(">I", len(whole)):
            return b""
        whole += piece[40:]
    return bytes(whole) if pieces and pieces[0][32:36] == struct.pack(">I", len(whole)) else b""


def _without_extension(packet: bytes) -> bytes:
    try:
        return without_properties(packet, lambda name: name == _EXTENDED) if packet else packet
    except ValueError:
        return packet


def _payloads(segments: Sequence[Segment], marker: int, start: bytes) -> list[bytes]:
    """What follows `start` in the segments of a kind."""
    return [one[1][len(start) :] for one in segments if _starts(one, marker, start)]


def _pieces(block: bytes) -> list[bytes]:
    return [block[at : at + _SEGMENT_BYTES] for at in range(0, len(block), _SEGMENT_BYTES)]


def _replaced(segments: Sequence[Segment], marker: int, start: bytes, payloads: Sequence[bytes]) -> list[Segment]:
    """The segments with others in the place of all those of a kind."""
    first = next(at for at, one in enumerate(segments) if _starts(one, marker, start))
    others = [[one for one in part if not _starts(one, marker, start)] for part in (segments[:first], segments[first:])]
    return [*others[0], *((marker, payload) for payload in payloads), *others[1]]


def _starts(segment: Segment, marker: int, start: bytes | tuple[bytes, ...]) -> bool:
    return segment[0] == marker and segment[1].startswith(start)
