"""A photo without what its file says about where it was taken, or about anything: `metadata=no-location` and `none`.

What may stay is listed here; what is not understood goes, since a maker's notes or a private block may name the place
too. EXIF is written again from the tags that stay: bytes that no tag points at would outlive a tag that was taken out.
"""

import re
import struct
from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO

from automask.images.attachments import (
    Segment,
    resources_of,
    with_changed_resources,
    with_changed_xmp,
    with_resource_value,
)
from automask.images.containers import ContainerData, Tag, read_tags, tiff_entries, tiff_order, write_tags
from automask.images.limits import costly_exif
from automask.images.photo import Photo
from automask.images.png_text import TEXT_KINDS, keyword_of, raw_profile, with_raw_profile
from automask.images.xmp import chunk_of_xmp, is_xmp_chunk, xmp_in_chunk
from automask.images.xmp_packet import names_in, without_properties
from automask.types import Metadata


def without_metadata(photo: Photo, metadata: Metadata) -> tuple[Photo, tuple[str, ...]]:
    """The photo as it is written under a setting of `metadata`, and what of its file goes, each in a few words.

    Text that a person or a program wrote (captions, keywords, comments) is not searched for places.

    Args:
        photo: Its pixels are not looked at.
        metadata: `keep` keeps everything. `no-location` takes out where it was taken: the places in EXIF, XMP and IPTC,
            and what cannot be read. `none` keeps what the picture needs to look right: orientation, colour profile,
            gamma, resolution.
    """
    if metadata == "keep":
        return photo, ()
    bare, dropped, container = metadata == "none", list[str](), photo.container
    exif = _exif(photo.exif, 1, dropped, bare=bare)
    if photo.format == "JPEG":
        container = replace(container, segments=_segments(container, dropped, bare=bare))
    elif photo.format == "PNG":
        before, after = (_chunks(part, exif, dropped, bare=bare) for part in container.chunks)
        container = replace(container, chunks=(before, after))
    elif photo.format == "TIFF":
        container = replace(container, tags=_tags(container.tags, dropped, "TIFF", bare=bare))
    else:
        if bare and container.comment:
            dropped.append("comments")
        xmp = _xmp(container.xmp, dropped, bare=bare)
        container = replace(container, xmp=xmp, comment=b"" if bare else container.comment)
    return replace(photo, exif=exif, container=container), tuple(dict.fromkeys(dropped))


# ------------------------------------------------------------------------------------------------------- EXIF and TIFF

_EXIF_ROOM = 65533 - len(b"Exif\0\0")  # a JPEG segment's length has two bytes
_DIRECTORIES = frozenset({34665, 40965})
_ORIENTATION = 274
# Orientation, resolution, transfer function, primaries, colour matrix, reference black and white; the profile; EXIF's
# colour space and gamma, and what it says to be interoperable with (Adobe RGB).
_PICTURE_TAGS = frozenset({_ORIENTATION, 282, 283, 296, 301, 318, 319, 529, 531, 532, 34675, 40961, 42240, 1, 2})
_POINTERS = frozenset({273, 279, 288, 289, 324, 325, 330, 513, 514})  # to bytes that are not written again
_KNOWN_TAGS = frozenset().union(  # TIFF's, EXIF's, and Windows' words
    *(range(32768), (33432, 33434, 33437, 34675), range(34850, 34868), range(36864, 37895)),
    *(range(40091, 40096), range(40960, 42241)),
)
_PLACES = {
    34853: "the place",
    37500: "the maker's notes",
    **dict.fromkeys((33550, 33922, 34264, 34735, 34736, 34737), "the place (GeoTIFF)"),
}


def _exif(exif: bytes, turn: int, dropped: list[str], *, bare: bool) -> bytes:
    """EXIF bytes made of the tags that stay; with an orientation if the picture is not upright."""
    try:
        order, tags, has_preview = _read_exif(exif)
    except (ValueError, struct.error):
        order, tags, has_preview = "<", (), False
        dropped.append("EXIF that cannot be read")
    dropped.extend(["the preview in EXIF"] * has_preview)
    kept = [tag for tag in _tags(tags, dropped, "EXIF", bare=bare) if tag.number not in _POINTERS]
    new = _exif_of(_turned(kept, turn, order), order)
    if len(new) <= _EXIF_ROOM:
        return new
    dropped.append("EXIF that is too long")
    return _exif_of(_turned([], turn, order), order)


def _read_exif(exif: bytes) -> tuple[str, tuple[Tag, ...], bool]:
    """Byte order, tags, and whether a preview follows; raises ValueError or struct.error for what cannot be read."""
    if not exif:
        return "<", (), False
    if costly_exif(exif):
        raise ValueError("tags that share their bytes")
    order, big, at = tiff_order(exif)
    _, next_at = tiff_entries(exif, at, order, big=big)
    return order, read_tags(exif, at, order, big=big), any(exif[next_at : next_at + (8 if big else 4)])


def _turned(tags: list[Tag], turn: int, order: str) -> list[Tag]:
    said = turn == 1 or any(tag.number == _ORIENTATION for tag in tags)
    return tags if said else [*tags, Tag(_ORIENTATION, 3, 1, struct.pack(order + "H", turn))]


def _exif_of(tags: list[Tag], order: str) -> bytes:
    if not tags:
        return b""
    out = BytesIO()
    out.write((b"MM\x00\x2a" if order == ">" else b"II\x2a\x00") + bytes(4))
    at = write_tags(out, tags, order)
    out.seek(4)
    out.write(struct.pack(order + "I", at))
    return out.getvalue()


def _tags(tags: Sequence[Tag], dropped: list[str], where: str, *, bare: bool) -> tuple[Tag, ...]:
    """The tags that stay, those of directories inside too."""
    kept: list[Tag] = []
    for tag in tags:
        values = {700: _xmp, 33723: _iptc, 34377: _resources}
        if tag.number in _DIRECTORIES:
            inside = _tags(tag.inside, dropped, where, bare=bare)
            kept += [replace(tag, inside=inside)] if inside else []
        elif tag.number in values:
            value = values[tag.number](tag.data, dropped, bare=bare)
            kept += [tag if value == tag.data else Tag(tag.number, 7, len(value), value)] if value else []
        elif tag.number in _PICTURE_TAGS if bare else _is_known(tag.number):
            kept.append(tag)
        elif bare:
            dropped.append(f"the tags of {where}")
        else:
            dropped.append(f"{_PLACES.get(tag.number, 'private tags')} in {where}")
    return tuple(kept)


def _is_known(number: int) -> bool:
    return number in _KNOWN_TAGS and number not in _PLACES


# ----------------------------------------------------------------------------------------------------- XMP, IPTC, 8BIM

_WORDS = re.compile("[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_PLACE_WORDS = frozenset(
    (
        *("gps", "latitude", "longitude", "altitude", "elevation", "coordinates", "coverage"),
        *("geo", "geotag", "geolocation", "location", "sublocation", "city", "country", "province"),
    )
)
_OF_PEOPLE = ("CiAdr", "Licensor")  # addresses of the photographer and the licensor
_POINTS = "http://www.w3.org/2003/01/geo/wgs84_pos#"


def _is_place(name: str) -> bool:
    """Whether a property with this name (its namespace in front) says where a photo was taken."""
    local = re.split("[/#:]", name)[-1]
    if local.startswith(_OF_PEOPLE):
        return False
    words = {word.lower() for word in _WORDS.findall(local)}
    return bool(words & _PLACE_WORDS) or local == "State" or name.startswith(_POINTS)


def _xmp(packet: bytes, dropped: list[str], *, bare: bool) -> bytes:
    if not packet:
        return packet
    if bare:
        dropped.append("XMP")
        return b""
    try:
        kept = without_properties(packet, _is_place)
        readable = not any(map(_is_place, names_in(kept)))
    except ValueError:
        readable = False
    if not readable:
        dropped.append("XMP that cannot be read, or holds a place inside another property")
        return b""
    if kept != packet:
        dropped.append("the place in XMP")
    return kept


_MOST_DATA_SETS = 100_000
_IPTC_PLACES = frozenset({26, 27, 90, 92, 95, 100, 101})  # of record 2: content location, city ... country


def _iptc(block: bytes, dropped: list[str], *, bare: bool) -> bytes:
    """IPTC's data sets that stay. Source: IPTC-NAA Information Interchange Model 4.2, chapter 3."""
    if bare:
        dropped.append("IPTC")
        return b""
    kept: list[bytes] = []
    at = 0
    while at + 5 <= len(block) and block[at] == 0x1C and len(kept) < _MOST_DATA_SETS:
        record, number, size = struct.unpack_from(">BBH", block, at + 1)
        start = at + 5
        if size & 0x8000:  # the size of the size
            wide = size & 0x7FFF
            size = int.from_bytes(block[start : start + wide])
            start += wide
        if record == 2 and number in _IPTC_PLACES:
            dropped.append("the place in IPTC")
        else:
            kept.append(block[at : start + size])
        at = start + size
    if block[at:].strip(b"\0"):
        dropped.append("IPTC that cannot be read")
    return b"".join(kept)


# IPTC; resolution, copyright flag, URL, profile, version; from 2000 on paths.
_KEPT_RESOURCES = frozenset({0x0404, 0x03ED, 0x040A, 0x040B, 0x040F, 0x0421, *range(2000, 2999)})


def _resources(block: bytes, dropped: list[str], *, bare: bool) -> bytes:
    """Photoshop's image resources that stay."""
    if bare:
        dropped.extend(["Photoshop's data"] if block else [])
        return b""
    kept = []
    for number, resource in resources_of(block)[0]:
        if number not in _KEPT_RESOURCES or not resource.startswith(b"8BIM"):
            dropped.append("some of Photoshop's data")
        elif number == 0x0404:
            kept.append(with_resource_value(resource, lambda value: _iptc(value, dropped, bare=False)))
        else:
            kept.append(resource)
    return b"".join(kept)


# ----------------------------------------------------------------------------------------------------------------- JPEG

_EXIF = b"Exif\0\0"
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_PICTURE_SEGMENTS = ((0xE0, b"JFIF\0"), (0xE2, b"ICC_PROFILE\0"), (0xEE, b"Adobe"))
_READ_SEGMENTS = (
    *_PICTURE_SEGMENTS,
    *((0xE1, _XMP), (0xE1, b"http://ns.adobe.com/xmp/extension/\0"), (0xED, b"Photoshop 3.0\0"), (0xFE, b"")),
)
_SEGMENT_NAMES = {0xE1: "XMP", 0xED: "Photoshop's data and IPTC", 0xFE: "comments"}


def _segments(container: ContainerData, dropped: list[str], *, bare: bool) -> tuple[bytes, ...]:
    segments: list[Segment] = [(segment[1], segment[4:]) for segment in container.segments]
    exif = b"".join(payload[6:] for marker, payload in segments if marker == 0xE1 and payload.startswith(_EXIF))
    new_exif = _exif(exif, container.turn, dropped, bare=bare)
    starts, kept = _PICTURE_SEGMENTS if bare else _READ_SEGMENTS, list[Segment]()
    has_xmp = False
    for marker, payload in segments:
        again = has_xmp and payload.startswith(_XMP)
        if marker == 0xE1 and payload.startswith(_EXIF):
            continue
        if not again and any(marker == other and payload.startswith(start) for other, start in starts):
            kept.append((marker, payload))
            has_xmp |= payload.startswith(_XMP)
        else:
            dropped.append(_SEGMENT_NAMES.get(marker, f"APP{marker & 15}"))
    kept = with_changed_resources(kept, lambda block: _resources(block, dropped, bare=bare))
    kept = with_changed_xmp(kept, lambda packet: _xmp(packet, dropped, bare=bare))
    if new_exif:
        kept.insert(sum(marker == 0xE0 for marker, _ in kept[:1]), (0xE1, _EXIF + new_exif))
    return tuple(b"\xff" + bytes([marker]) + struct.pack(">H", len(body) + 2) + body for marker, body in kept)


# ------------------------------------------------------------------------------------------------------------------ PNG

_PICTURE_CHUNKS = frozenset(
    b"PLTE tRNS cHRM gAMA iCCP sBIT sRGB cICP mDCV cLLI bKGD hIST pHYs sPLT oFFs sTER pCAL sCAL".split()
)


def _chunks(
    part: Sequence[tuple[bytes, bytes]], exif: bytes, dropped: list[str], *, bare: bool
) -> tuple[tuple[bytes, bytes], ...]:
    kept: list[tuple[bytes, bytes]] = []
    for kind, body in part:
        if kind == b"eXIf":
            kept += [(kind, exif)] if exif else []
        elif kind in _PICTURE_CHUNKS or (kind == b"tIME" and not bare):
            kept.append((kind, body))
        elif bare:
            named = "text" if kind in TEXT_KINDS else f"{kind.decode()} chunks"
            dropped.append("XMP" if is_xmp_chunk(kind, body) else named)
        elif kind in TEXT_KINDS:
            kept += _text(kind, body, dropped)
        else:
            dropped.append(f"{kind.decode()} chunks")
    return tuple(kept)


def _text(kind: bytes, body: bytes, dropped: list[str]) -> list[tuple[bytes, bytes]]:
    """A text chunk without places; none where it is one, or cannot be read."""
    keyword = keyword_of(body).decode("latin-1")
    try:
        if is_xmp_chunk(kind, body):
            packet = xmp_in_chunk(body)
            kept = _xmp(packet, dropped, bare=False)
            return [(kind, body) if kept == packet else chunk_of_xmp(kept)] if kept else []
        profile = raw_profile(kind, body)
    except ValueError:
        dropped.append("text that cannot be read")
        return []
    if profile is None:
        if _is_place(keyword) or keyword == "XML:com.adobe.xmp":
            dropped.append("text of places")
            return []
        return [(kind, body)]
    name, old = profile
    if name in {"8bim", "iptc"}:
        new = (_resources if old.startswith(b"8BIM") else _iptc)(old, dropped, bare=False)
    elif name == "xmp":
        new = _xmp(old, dropped, bare=False)
    else:
        dropped.append("profiles that cannot be read")
        return []
    return [(kind, body) if new == old else (b"zTXt", with_raw_profile(body, new))] if new else []
