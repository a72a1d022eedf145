"""Everything in a photo's file except the samples: EXIF, profile, text, resolution, JPEG tables, TIFF tags.

It is kept as the file's own bytes and not re-encoded by a library: JPEG segments, PNG chunks and TIFF tags are copied
one by one, and only the orientation inside is set to "upright". No PIL here.
"""

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import IO, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from automask.images.attachments import attachment_notes, current_resources, current_segments, current_xmp
from automask.images.png_text import inflated, keyword_of, raw_profile, with_raw_profile

Samples: TypeAlias = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]
"""[H, W] or [H, W, C] uint8 or uint16: values as the file holds them, inks and palette indices included."""


@dataclass(frozen=True, slots=True)
class Tag:
    """One TIFF tag as in the file: number, type, count, and the bytes of its value or the tags of its directory."""

    number: int
    kind: int
    count: int
    data: bytes
    inside: "tuple[Tag, ...]" = ()


@dataclass(frozen=True, slots=True, eq=False)
class ContainerData:
    """Everything in a file except the samples, to be written again. Only the fields of the photo's format are filled.

    Args:
        segments: JPEG: APP and COM segments, marker included, in the file's order.
        qtables: JPEG: quantisation table of each component, 64 numbers in natural order.
        subsampling: JPEG: 0 is 4:4:4, 1 is 4:2:2, 2 is 4:2:0.
        progressive: JPEG: stored in progressive scans.
        keep_rgb: JPEG: stores R, G, B instead of Y, Cb, Cr.
        turn: JPEG: EXIF orientation, 1..8, of the stored picture, which is not turned: that would change its blocks.
        chunks: PNG: (type, data) of the chunks before the picture, then of those after it.
        bits: PNG with a palette: bits per index.
        palette: [N, 4] uint8 RGBA of a palette photo.
        clear_key: PNG: the grey or RGB value that means "transparent".
        tags: TIFF: tags that do not describe the samples' layout.
        big_endian: TIFF: byte order of the tags and samples.
        compressed: TIFF: samples are compressed.
        xmp: XMP packet of a WEBP, HEIF or AVIF photo.
        dpi: Resolution of a BMP photo.
        comment: Comment of a GIF photo.
        lossless: The format stores samples without loss.
        managed: The profile was used for the sRGB copy, so it is also used to convert back.
    """

    segments: tuple[bytes, ...] = ()
    qtables: tuple[tuple[int, ...], ...] = ()
    subsampling: int = 0
    progressive: bool = False
    keep_rgb: bool = False
    turn: int = 1
    chunks: tuple[tuple[tuple[bytes, bytes], ...], tuple[tuple[bytes, bytes], ...]] = ((), ())
    bits: int = 8
    palette: npt.NDArray[np.uint8] | None = None
    clear_key: tuple[int, ...] | None = None
    tags: tuple[Tag, ...] = ()
    big_endian: bool = False
    compressed: bool = True
    xmp: bytes = b""
    dpi: tuple[float, float] | None = None
    comment: bytes = b""
    lossless: bool = True
    managed: bool = False


_NO_CREDENTIALS = "content credentials in the file are not kept: they vouch for the unedited photo"


# ------------------------------------------------------------------------------------------------------ TIFF and EXIF

_KIND_SIZE = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_STRIP_BYTES = 1 << 20
_DIRECTORIES = frozenset({34665, 34853, 40965})  # EXIF, GPS, interoperability: tags that point at more tags
# Tags that describe the samples' layout (TIFF 6.0), and Photoshop's layers (37724), which show the old picture.
LAYOUT_TAGS = frozenset(
    {*range(254, 260), *range(262, 267), 273, 274, *range(277, 282), 284, *range(288, 294), 317, *range(320, 329), 330}
    | {*range(332, 335), 336, *range(338, 342), *range(346, 348), *range(512, 522), *range(529, 533), 559, 37724}
)


@dataclass(frozen=True, slots=True)
class TiffEntry:
    """An entry of a TIFF directory whose value is in the file."""

    number: int
    kind: int
    count: int
    at: int  # offset of the entry itself
    value_at: int
    value_size: int


def tiff_container(data: bytes, turn: int, notes: list[str]) -> ContainerData:
    """The container of a TIFF that will be turned by EXIF orientation `turn`; `notes` gets what is not kept."""
    order, big, at = tiff_order(data)
    tags = read_tags(data, at, order, big=big)
    numbers = {tag.number for tag in tags}
    kept = [tag for tag in map(_current_tag, tags) if tag.number not in LAYOUT_TAGS and tag.count]
    if turn >= 5:
        swap = {282: 283, 283: 282}
        kept = [Tag(swap.get(t.number, t.number), t.kind, t.count, t.data, t.inside) for t in kept]
    if 37724 in numbers:
        notes.append("Photoshop's layers in this TIFF are not kept: only the flat picture is edited and written")
    compression = tiff_number(data, 259) or 1
    if compression in {6, 7}:
        notes.append("its samples were JPEG-compressed; they are written without loss, so the file grows")
    bits = tiff_number(data, 258) or 1
    if bits not in {1, 8, 16}:
        notes.append(f"{bits}-bit samples are written as 8-bit or 16-bit samples")
    return ContainerData(tags=tuple(kept), big_endian=order == ">", compressed=compression != 1)


def _current_tag(tag: Tag) -> Tag:
    """The tag without old previews in it, and announcements of what is not kept; without values if it has to go."""
    current = {700: current_xmp, 34377: current_resources}.get(tag.number)
    value = current(tag.data) if current else tag.data
    return tag if value == tag.data else Tag(tag.number, 1, len(value), value)


def tiff_bytes(samples: Samples, mode: str, palette: npt.NDArray[np.uint8] | None, container: ContainerData) -> bytes:
    """A baseline TIFF (TIFF 6.0) in strips, uncompressed or Deflate with prediction, with the container's tags.

    Written here because Pillow has no 16-bit RGB and OpenCV keeps no tags.
    """
    order: Literal["<", ">"] = ">" if container.big_endian else "<"
    height, width = samples.shape[:2]
    channels = 1 if samples.ndim == 2 else samples.shape[2]
    bits = 1 if mode == "1" else samples.dtype.itemsize * 8
    packed = np.packbits(samples > 127, axis=1) if mode == "1" else samples
    compressed = container.compressed
    predict = compressed and mode not in {"1", "P"}
    rows = max(1, _STRIP_BYTES // max(1, packed[:1].nbytes))
    out = BytesIO()
    out.write((b"MM\x00\x2a" if order == ">" else b"II\x2a\x00") + bytes(4))
    offsets, lengths = [], []
    for top in range(0, height, rows):
        strip = packed[top : top + rows]
        if predict:  # horizontal differencing, modulo the sample's range (TIFF 6.0, section 14)
            strip = strip.copy()
            strip[:, 1:] -= packed[top : top + rows, :-1]
        raw = np.ascontiguousarray(strip).astype(strip.dtype.newbyteorder(order), copy=False).tobytes()
        raw = zlib.compress(raw, 6) if compressed else raw
        offsets.append(out.tell())
        lengths.append(len(raw))
        out.write(raw + bytes(len(raw) % 2))

    def short(number: int, *values: int) -> Tag:
        return Tag(number, 3, len(values), struct.pack(f"{order}{len(values)}H", *values))

    def long(number: int, *values: int) -> Tag:
        return Tag(number, 4, len(values), struct.pack(f"{order}{len(values)}I", *values))

    photometric = {"P": 3, "RGB": 2, "RGBA": 2, "CMYK": 5, "RGB;16": 2, "RGBA;16": 2}.get(mode, 1)
    tags = [long(256, width), long(257, height), short(258, *[bits] * channels), short(259, 8 if compressed else 1)]
    tags += [
        short(262, photometric),
        long(273, *offsets),
        short(277, channels),
        long(278, rows),
        long(279, *lengths),
        short(284, 1),
    ]
    if predict:
        tags.append(short(317, 2))
    if mode == "P" and palette is not None:
        tags.append(short(320, *(palette[:, :3].T.astype(int).ravel() * 257).tolist()))
    if mode in {"LA", "RGBA", "RGBA;16"}:
        tags.append(short(338, 2))  # alpha that is not multiplied into the colours
    tags += container.tags
    directory_at = write_tags(out, tags, order)
    out.seek(4)
    out.write(struct.pack(order + "I", directory_at))
    return out.getvalue()


def tiff_number(data: bytes, number: int) -> int | None:
    """The first value of a tag in the first directory; None without such a tag."""
    order, big, at = tiff_order(data)
    for entry in tiff_entries(data, at, order, big=big)[0]:
        if entry.number == number:
            return tiff_entry_number(data, entry, order)
    return None


def upright_exif(exif: bytes, *, sideways: bool) -> bytes:
    """The same EXIF, byte for byte, except for the orientation, which becomes 1.

    Args:
        exif: A TIFF structure; anything else is returned unchanged.
        sideways: The photo is turned by 90 degrees: its width and height in the EXIF are swapped.
    """
    try:
        order, big, at = tiff_order(exif)
        entries, _ = tiff_entries(exif, at, order, big=big)
        out = bytearray(exif)
        for entry in entries:
            if entry.number == 0x0112 and entry.count and entry.kind in {3, 4}:
                struct.pack_into(order + ("H" if entry.kind == 3 else "I"), out, entry.value_at, 1)
            elif entry.number == 34665 and sideways:
                inside, _ = tiff_entries(exif, tiff_entry_number(exif, entry, order) or 0, order, big=big)
                sizes = {
                    found.number: found
                    for found in inside
                    if found.number in {0xA002, 0xA003} and found.value_size <= 4
                }
                if len(sizes) == 2:
                    wide, high = sizes[0xA002], sizes[0xA003]
                    # Type, count and value are swapped together: a camera may store one in 16 and one in 32 bits.
                    out[wide.at + 2 : wide.at + 12], out[high.at + 2 : high.at + 12] = (
                        exif[high.at + 2 : high.at + 12],
                        exif[wide.at + 2 : wide.at + 12],
                    )
        return bytes(out)
    except (ValueError, struct.error, IndexError):
        return exif


def without_thumbnail(exif: bytes) -> bytes:
    """The same EXIF with its thumbnail unlinked: file browsers would show the photo before the edit."""
    try:
        order, big, at = tiff_order(exif)
        _, next_at = tiff_entries(exif, at, order, big=big)
        out = bytearray(exif)
        width = 8 if big else 4
        if next_at + width <= len(out):
            out[next_at : next_at + width] = bytes(width)
        return bytes(out)
    except (ValueError, struct.error, IndexError):
        return exif


def xmp_orientation(xmp: bytes) -> int | None:
    """The orientation in an XMP packet; None where it has none."""
    found = re.search(rb"""tiff:Orientation(?:=["']|>)([0-9])""", xmp)
    return int(found[1]) if found else None


def upright_xmp(xmp: bytes) -> bytes:
    """The same XMP packet with orientation 1."""
    return re.sub(rb"""(tiff:Orientation(?:=["']|>))[0-9]""", rb"\g<1>1", xmp)


def tiff_order(blob: bytes) -> tuple[str, bool, int]:
    """Byte order for `struct`, whether it is a BigTIFF, and the offset of the first directory.

    Raises:
        ValueError: It is not a TIFF structure.
    """
    order = {b"II": "<", b"MM": ">"}.get(blob[:2])
    if order is None or len(blob) < 8:
        raise ValueError("no TIFF header")
    if struct.unpack_from(order + "H", blob, 2)[0] == 43:
        return order, True, struct.unpack_from(order + "Q", blob, 8)[0]
    return order, False, struct.unpack_from(order + "I", blob, 4)[0]


def tiff_entries(blob: bytes, at: int, order: str, *, big: bool) -> tuple[list[TiffEntry], int]:
    """The entries of the directory at offset `at`, and the offset of its pointer to the next directory.

    Raises:
        struct.error, ValueError: The structure is broken.
    """
    (count,) = struct.unpack_from(order + ("Q" if big else "H"), blob, at)
    first, step, inline = (at + 8, 20, 8) if big else (at + 2, 12, 4)
    if first + count * step > len(blob):
        raise ValueError("a TIFF directory reaches beyond the file")
    found = []
    for index in range(count):
        here = first + index * step
        number, kind, values = struct.unpack_from(order + ("HHQ" if big else "HHI"), blob, here)
        size = _KIND_SIZE.get(kind, 1) * values
        value_at = here + step - inline
        if size > inline:
            (value_at,) = struct.unpack_from(order + ("Q" if big else "I"), blob, value_at)
        if value_at + size <= len(blob):  # a tag whose value is cut off is dropped
            found.append(TiffEntry(number, kind, values, here, value_at, size))
    return found, first + count * step


def tiff_entry_number(blob: bytes, entry: TiffEntry, order: str) -> int | None:
    """The first value of an entry of whole numbers; None of others."""
    code = _NUMBER_CODE.get(entry.kind)
    return int(struct.unpack_from(order + code, blob, entry.value_at)[0]) if code and entry.count else None


def tiff_entry_numbers(blob: bytes, entry: TiffEntry, order: str) -> tuple[int, ...]:
    """All values of an entry of whole numbers; none of others."""
    code = _NUMBER_CODE.get(entry.kind)
    return struct.unpack_from(f"{order}{entry.count}{code}", blob, entry.value_at) if code else ()


_NUMBER_CODE = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}


def read_tags(
    blob: bytes, at: int, order: str, *, big: bool, seen: frozenset[int] = frozenset(), depth: int = 0
) -> tuple[Tag, ...]:
    """The tags of a directory and of those that it points at, each once; what points back at itself is left out."""
    tags: dict[int, Tag] = {}
    seen |= {at}
    for entry in tiff_entries(blob, at, order, big=big)[0]:
        inside: tuple[Tag, ...] = ()
        if entry.number in _DIRECTORIES and depth < 3:
            there = tiff_entry_number(blob, entry, order) or 0
            if there in seen or entry.number in tags:
                continue
            try:
                inside = read_tags(blob, there, order, big=big, seen=seen, depth=depth + 1)
            except (ValueError, struct.error):
                continue
        value = b"" if inside else blob[entry.value_at : entry.value_at + entry.value_size]
        tags.setdefault(entry.number, Tag(entry.number, entry.kind, entry.count, value, inside))
    return tuple(tags.values())


def write_tags(out: IO[bytes], tags: list[Tag], order: str) -> int:
    """The offset of the directory that was written at the end of `out`, after its values."""
    entries = []
    for tag in sorted(tags, key=lambda tag: tag.number):
        if tag.inside:
            kind, count = 4, 1
            value = struct.pack(order + "I", write_tags(out, list(tag.inside), order))
        else:
            kind, count, value = tag.kind, tag.count, tag.data
        if len(value) > 4:
            at = out.tell()
            out.write(value + bytes(len(value) % 2))
            value = struct.pack(order + "I", at)
        entries.append(struct.pack(order + "HHI", tag.number, kind, count) + value.ljust(4, b"\0"))
    here = out.tell()
    out.write(struct.pack(order + "H", len(entries)) + b"".join(entries) + bytes(4))
    return here


# ----------------------------------------------------------------------------------------------------------------- JPEG

_JPEG_FRAMES = frozenset({0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})


def jpeg_container(data: bytes, tables: dict[int, list[int]], turn: int, notes: list[str]) -> ContainerData:
    """The container of a JPEG.

    Args:
        data: The file.
        tables: Its quantisation tables by number, in natural order.
        turn: EXIF orientation of its picture, 1..8.
        notes: Gets one sentence for each thing that is not kept.
    """
    segments = jpeg_segments(data)
    notes += attachment_notes(segments, data[jpeg_end(data) :])
    # Not kept: Adobe's, as the encoder writes its own; JUMBF, which signs the old picture; thumbnails of the photo
    # before the edit.
    dropped = {(0xEE, b"Adobe"), (0xEB, b""), (0xE0, b"JFXX")}
    kept = []
    for marker, payload in current_segments(segments):
        about = 0xE0 <= marker <= 0xEF or marker == 0xFE
        if about and not any(marker == other and payload.startswith(start) for other, start in dropped):
            body = _without_preview(marker, payload)
            kept.append(b"\xff" + bytes([marker]) + struct.pack(">H", len(body) + 2) + body)
    if any(marker == 0xEB for marker, _ in segments):
        notes.append(_NO_CREDENTIALS)
    frame_marker, frame = next(((m, p) for m, p in segments if m in _JPEG_FRAMES), (0xC0, b""))
    layers = [frame[at : at + 3] for at in range(6, len(frame) - 2, 3)]  # number, sampling, table of each component
    qtables = tuple(tuple(tables.get(layer[2], tables.get(0, []))) for layer in layers)
    known = {b"\x11\x11\x11": 0, b"\x21\x11\x11": 1, b"\x22\x11\x11": 2}
    adobe = next((p for m, p in segments if m == 0xEE and p.startswith(b"Adobe") and len(p) >= 12), None)
    return ContainerData(
        segments=tuple(kept),
        qtables=qtables,
        subsampling=known.get(bytes(layer[1] for layer in layers), 0),
        progressive=frame_marker in {0xC2, 0xC6, 0xCA, 0xCE},
        keep_rgb=len(layers) == 3 and adobe is not None and adobe[11] == 0,
        turn=turn,
        lossless=False,
    )


def written_segments(segments: tuple[bytes, ...], *, repainted: bool) -> list[bytes]:
    """The segments as a result has them: EXIF without its preview, which would show the photo before the edit."""
    exif = b"Exif\0\0"
    return [
        segment[:10] + without_thumbnail(segment[10:]) if repainted and segment[4:10] == exif else segment
        for segment in segments
    ]


def with_segments(data: bytes, segments: tuple[bytes, ...], *, repainted: bool) -> bytes:
    """The encoder's JPEG with these segments instead of its own, except Adobe's, which says how colours are stored."""
    own = written_segments(segments, repainted=repainted)
    at = 2
    while data[at + 1] in range(0xE0, 0xF0) or data[at + 1] == 0xFE:
        end = at + 2 + struct.unpack_from(">H", data, at + 2)[0]
        if data[at + 1] == 0xEE:
            own.append(data[at:end])
        at = end
    return b"".join([data[:2], *own, data[at:]])


def jpeg_segments(data: bytes) -> list[tuple[int, bytes]]:
    """(marker, payload) of every segment before the first scan."""
    return list(walk_segments(data))


def walk_segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The same, one by one: a file may hold millions."""
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            break
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker in {0xDA, 0xD9}:
            break
        if marker == 0x01 or 0xD0 <= marker <= 0xD8:
            at += 2
            continue
        (length,) = struct.unpack_from(">H", data, at + 2)
        yield marker, data[at + 4 : at + 2 + length]
        at += 2 + length


def jpeg_end(data: bytes) -> int:
    """Where the picture of a JPEG ends, its last marker included; the end of the file where that is missing."""
    return next((at for marker, at in _jpeg_markers(data) if marker == b"\xff\xd9"), len(data))


def jpeg_scans(data: bytes) -> int:
    """The number of scans of the picture of a JPEG."""
    return sum(marker == b"\xff\xda" for marker, _ in _jpeg_markers(data))


def _jpeg_markers(data: bytes) -> Iterator[tuple[bytes, int]]:
    """The markers of the picture of a JPEG up to the one that ends it, and the byte after each.

    What looks like a marker may be in a preview or in a table between two scans, so all segments are walked over.
    """
    at = 2
    while found := _JPEG_MARKER.search(data, at):
        at = found.end()
        yield found[0], at
        if found[0] == b"\xff\xd9":
            return
        if at + 2 <= len(data):
            at += struct.unpack_from(">H", data, at)[0]


_JPEG_MARKER = re.compile(rb"\xff[\x02-\xcf\xd9-\xfe]")  # neither a stuffed byte, nor a restart, nor fill bytes


def _without_preview(marker: int, payload: bytes) -> bytes:
    """The segment; a JFIF one with its resolution but without the small picture in it."""
    is_jfif = marker == 0xE0 and payload.startswith(b"JFIF\0") and len(payload) >= 14
    return payload[:12] + b"\0\0" if is_jfif else payload


# ------------------------------------------------------------------------------------------------------------------ PNG

_PNG_KEPT = frozenset(
    b"cHRM gAMA iCCP sBIT sRGB cICP mDCV cLLI bKGD hIST pHYs sPLT tIME tEXt zTXt iTXt eXIf".split()
    + b"PLTE tRNS oFFs sTER pCAL sCAL".split()
)
PNG_SAMPLE_CHUNKS = frozenset({b"PLTE", b"tRNS", b"hIST", b"bKGD", b"sBIT"})
"""Chunks that are valid only for the mode that they were read with."""


def png_container(
    data: bytes, palette: npt.NDArray[np.uint8] | None, exif: bytes, *, turn: int, notes: list[str]
) -> ContainerData:
    """The container of a PNG that will be turned by EXIF orientation `turn`.

    Args:
        data: The file.
        palette: [N, 4] of a palette photo, else None.
        exif: Its EXIF, upright; written as one eXIf chunk wherever it was.
        turn: 1..8.
        notes: Gets one sentence for each thing that is not kept.
    """
    before: list[tuple[bytes, bytes]] = []
    after: list[tuple[bytes, bytes]] = []
    part = before
    clear_key: tuple[int, ...] | None = None
    depth = data[24]
    few_bits = depth in {2, 4} and palette is None  # read and written as 8-bit grey
    for kind, body in png_chunks(data):
        if kind == b"IDAT":
            part = after
        elif kind == b"caBX":
            notes.append(_NO_CREDENTIALS)
        # Unknown chunks are kept if both their first and last letter are small: "ancillary" and "safe to copy" although
        # the picture changes.
        if kind not in _PNG_KEPT and not (kind[0] & 32 and kind[3] & 32):
            continue
        if kind == b"eXIf" or (exif and body.startswith((b"Raw profile type exif", b"Raw profile type APP1"))):
            continue
        if few_bits and kind in {b"sBIT", b"bKGD"}:
            continue
        new_kind, new = _current_chunk(kind, body, turn)
        if kind == b"tRNS" and palette is None:
            scale = 255 // (2**depth - 1) if few_bits else 1
            clear_key = tuple(value * scale for value in struct.unpack(f">{len(body) // 2}H", body))
            new = struct.pack(f">{len(clear_key)}H", *clear_key)
        part.append((new_kind, new))
    if exif:
        before.append((b"eXIf", exif if turn == 1 else without_thumbnail(exif)))
    if depth == 1 and clear_key is not None:
        clear_key = (255 * clear_key[0],)
    return ContainerData(chunks=(tuple(before), tuple(after)), bits=depth, palette=palette, clear_key=clear_key)


def png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(type, data) of every chunk up to the end of the picture; bytes behind it belong to no PNG.

    Raises:
        ValueError: A chunk's type is not four letters.
    """
    at = 8
    while at + 8 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        kind = data[at + 4 : at + 8]
        if not kind.isalpha():  # of bytes, ASCII letters only
            raise ValueError(f"a chunk of type {kind!r}")
        yield kind, data[at + 8 : at + 8 + length]
        if kind == b"IEND":
            return
        at += 12 + length


def png_bytes(chunks: list[tuple[bytes, bytes]]) -> bytes:
    """A PNG file of these chunks."""
    parts = [b"\x89PNG\r\n\x1a\n"]
    for kind, body in chunks:
        parts += [struct.pack(">I", len(body)), kind, body, struct.pack(">I", zlib.crc32(body, zlib.crc32(kind)))]
    return b"".join(parts)


def _current_chunk(kind: bytes, body: bytes, turn: int) -> tuple[bytes, bytes]:
    """The chunk, upright and without old previews; byte for byte the same if it says nothing else."""
    if kind == b"pHYs" and turn >= 5 and len(body) == 9:
        return kind, body[4:8] + body[:4] + body[8:]
    if kind == b"iTXt" and keyword_of(body) == b"XML:com.adobe.xmp":
        return kind, _current_itxt(body, turn)
    try:
        name, profile = raw_profile(kind, body) or ("", b"")
    except ValueError:
        return kind, body
    change = {"8bim": current_resources, "iptc": current_resources, "xmp": current_xmp}.get(name)
    current = change(profile) if change else profile
    return (kind, body) if current == profile else (b"zTXt", with_raw_profile(body, current))


def _current_itxt(body: bytes, turn: int) -> bytes:
    """The chunk with the current XMP packet, upright; byte for byte the same if that says nothing else."""
    keyword, _, rest = body.partition(b"\0")
    if len(rest) < 2:
        return body
    language, translated, text = [*rest[2:].split(b"\0", 2), b"", b""][:3]
    if rest[0] == 1:
        try:
            text = inflated(text)
        except ValueError:
            if turn != 1:
                raise
            return body
    current = current_xmp(text) if turn == 1 else upright_xmp(current_xmp(text))
    return body if current == text else b"\0".join([keyword, b"\0\0" + language, translated, current])


# ----------------------------------------------------------------------------------------------------------------- WEBP


def is_lossless_webp(data: bytes) -> bool:
    """True when the (first) picture of a WEBP is stored without loss."""
    at = 12
    while at + 8 <= len(data):
        kind, length = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if kind in {b"VP8L", b"VP8 "}:
            return kind == b"VP8L"
        at += 24 if kind == b"ANMF" else 8 + length + length % 2  # a frame is inside ANMF, after 16 bytes of header
    return False
