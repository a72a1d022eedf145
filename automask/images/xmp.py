"""Where a photo of each format keeps its XMP packet; `xmp_packet.py` reads and changes the packet itself."""

import re
import struct
from dataclasses import replace

from automask.images.containers import ContainerData, Tag
from automask.images.photo import Photo
from automask.images.png_text import inflated

_JPEG_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_PNG_XMP = b"XML:com.adobe.xmp\0"
_JPEG_ROOM = 65533 - len(_JPEG_XMP)  # a segment's length has two bytes
_TIFF_XMP = 700


def xmp_of(photo: Photo) -> bytes | None:
    """The photo's XMP packet: empty without one, None where its format has no place for one (BMP, GIF)."""
    container = photo.container
    if photo.format == "JPEG":
        return next((segment[4 + len(_JPEG_XMP) :] for segment in container.segments if _is_xmp(segment)), b"")
    if photo.format == "PNG":
        bodies = (body for part in container.chunks for kind, body in part if is_xmp_chunk(kind, body))
        return next((xmp_in_chunk(body) for body in bodies), b"")
    if photo.format == "TIFF":
        return next((tag.data for tag in container.tags if tag.number == _TIFF_XMP), b"")
    return container.xmp if photo.format in {"WEBP", "HEIF", "AVIF"} else None


def with_xmp(photo: Photo, packet: bytes) -> Photo:
    """The photo with this XMP packet in place of its own; everything else is the same.

    Raises:
        ValueError: The format has no place for XMP, or not for this much (a JPEG: 65504 bytes, without its padding).
    """
    container = photo.container
    if photo.format == "JPEG":
        return replace(photo, container=_in_jpeg(container, packet))
    if photo.format == "PNG":
        new = chunk_of_xmp(packet)
        before, after = ([new if is_xmp_chunk(*chunk) else chunk for chunk in part] for part in container.chunks)
        if new not in [*before, *after]:
            before.append(new)
        return replace(photo, container=replace(container, chunks=(tuple(before), tuple(after))))
    if photo.format == "TIFF":
        others = tuple(tag for tag in container.tags if tag.number != _TIFF_XMP)
        return replace(photo, container=replace(container, tags=(*others, Tag(_TIFF_XMP, 1, len(packet), packet))))
    if photo.format in {"WEBP", "HEIF", "AVIF"}:
        return replace(photo, container=replace(container, xmp=packet))
    raise ValueError(f"a {photo.format} file holds no XMP")


def _in_jpeg(container: ContainerData, packet: bytes) -> ContainerData:
    if len(packet) > _JPEG_ROOM:
        packet = re.sub(rb"(?<!\s)\s++(?=<\?xpacket end)", b"\n", packet)
    if len(packet) > _JPEG_ROOM:
        raise ValueError(f"{len(packet)} bytes of XMP are more than a JPEG segment holds")
    body = _JPEG_XMP + packet
    new = b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body
    segments = list(container.segments)
    own = next((at for at, segment in enumerate(segments) if _is_xmp(segment)), None)
    if own is not None:
        segments[own] = new
    else:  # where readers look for it: after JFIF and EXIF, before everything else
        first = (b"\xff\xe0", b"\xff\xe1")
        at = next((at for at, segment in enumerate(segments) if segment[:2] not in first), len(segments))
        segments.insert(at, new)
    return replace(container, segments=tuple(segments))


def _is_xmp(segment: bytes) -> bool:
    return segment[:2] == b"\xff\xe1" and segment.startswith(_JPEG_XMP, 4)


def chunk_of_xmp(packet: bytes) -> tuple[bytes, bytes]:
    """The PNG chunk that holds a packet."""
    return b"iTXt", _PNG_XMP + b"\0\0\0\0" + packet


def is_xmp_chunk(kind: bytes, body: bytes) -> bool:
    """Whether a PNG chunk holds an XMP packet."""
    return kind == b"iTXt" and body.startswith(_PNG_XMP)


def xmp_in_chunk(body: bytes) -> bytes:
    """The packet in such a chunk.

    Raises:
        ValueError: It is compressed, and broken or too large.
    """
    fields = body[len(_PNG_XMP) :]
    text = [*fields[2:].split(b"\0", 2), b"", b""][2]
    if fields[:1] != b"\1":
        return text
    try:
        return inflated(text)
    except ValueError as error:
        raise ValueError("XMP that cannot be decompressed") from error
