"""The parts of a JPEG file: segments, frame, Huffman tables and scans, read without decoding anything.

Source: ITU-T T.81, annex B.
"""

import struct
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from automask.errors import PhotoError

_FRAMES = frozenset({0xC0, 0xC1, 0xC2})
_OTHER_FRAMES = {
    **dict.fromkeys((0xC3, 0xC7, 0xCB, 0xCF), "lossless"),
    **dict.fromkeys((0xC9, 0xCA, 0xCC, 0xCD, 0xCE), "arithmetic-coded"),
    **dict.fromkeys((0xC5, 0xC6, 0xDE, 0xDF), "hierarchical"),
}
_MAX_SCANS = 256  # a progressive file of a camera or an editor has 6 to 12


@dataclass(frozen=True, slots=True)
class Component:
    """A colour component: its number, its sampling factors, and the number of its quantisation table."""

    number: int
    across: int
    down: int
    table: int


@dataclass(frozen=True, slots=True)
class Frame:
    """Size in pixels, components, and whether the scans are progressive."""

    width: int
    height: int
    components: tuple[Component, ...]
    progressive: bool

    @property
    def most_across(self) -> int:
        """The largest horizontal sampling factor."""
        return max(component.across for component in self.components)

    @property
    def most_down(self) -> int:
        """The largest vertical sampling factor."""
        return max(component.down for component in self.components)

    @property
    def mcus_hw(self) -> tuple[int, int]:
        """Rows and columns of interleaved units."""
        return -(-self.height // (8 * self.most_down)), -(-self.width // (8 * self.most_across))

    def samples_hw(self, index: int) -> tuple[int, int]:
        """Height and width of a component in samples."""
        component = self.components[index]
        return (
            -(-self.height * component.down // self.most_down),
            -(-self.width * component.across // self.most_across),
        )

    def grid_hw(self, index: int) -> tuple[int, int]:
        """Rows and columns of a component's blocks as stored: whole interleaved units."""
        rows, columns = self.mcus_hw
        return rows * self.components[index].down, columns * self.components[index].across


@dataclass(frozen=True, slots=True)
class HuffmanTable:
    """One table as defined in the file.

    Args:
        kind: 0 for DC, 1 for AC.
        slot: Its number, 0..3.
        counts: Number of codes of each length, 1 to 16 bits.
        symbols: Their symbols, shortest code first.
    """

    kind: int
    slot: int
    counts: tuple[int, ...]
    symbols: bytes


@dataclass(frozen=True, slots=True)
class Scan:
    """One scan.

    Args:
        components: Indices into the frame's components.
        dc, ac: For each component the index of the table in force in `JpegFile.tables`; -1 if there is none.
        first, last: Zigzag band, inclusive.
        high, low: Successive approximation bits.
        interval: Restart interval in units; 0 for none.
        header: Its SOS segment, marker included.
        start, end: The range of its entropy-coded data in the file.
    """

    components: tuple[int, ...]
    dc: tuple[int, ...]
    ac: tuple[int, ...]
    first: int
    last: int
    high: int
    low: int
    interval: int
    header: bytes
    start: int
    end: int


@dataclass(frozen=True, slots=True, eq=False)
class JpegFile:
    """A parsed JPEG file.

    Args:
        data: The whole file.
        frame: Its frame.
        quantisation: [64] int32 in zigzag order, of each component.
        tables: Every Huffman table, in the file's order.
        scans: Every scan, in the file's order.
        pieces: What follows SOI, in order: a segment as bytes (marker included), the indices of the tables that one DHT
            segment defines, or a scan.
        adobe: Colour transform in the Adobe segment; None without such a segment.
        jfif: The file has a JFIF segment.
    """

    data: bytes
    frame: Frame
    quantisation: tuple[npt.NDArray[np.int32], ...]
    tables: tuple[HuffmanTable, ...]
    scans: tuple[Scan, ...]
    pieces: tuple[bytes | tuple[int, ...] | Scan, ...]
    adobe: int | None
    jfif: bool


def broken(problem: str) -> PhotoError:
    """The error for a file whose coefficients cannot be read."""
    return PhotoError(f"this JPEG {problem}", hint="save it again with another program")


def parse(data: bytes) -> JpegFile:
    """The parts of a JPEG file: 8-bit, Huffman-coded, baseline or progressive.

    Raises:
        PhotoError: It is of another kind, broken or cut short.
    """
    if data[:2] != b"\xff\xd8":
        raise broken("does not begin like one")
    ends = _scan_ends(data)
    reader = _Reader()
    at = 2
    while True:
        while data[at : at + 2] == b"\xff\xff":  # fill bytes
            at += 1
        if at + 2 > len(data) or data[at] != 0xFF:
            raise broken("is cut short" if at + 2 > len(data) else "has no marker where one belongs")
        marker = data[at + 1]
        if marker == 0xD9:
            break
        if marker == 0x01 or 0xD0 <= marker <= 0xD8:
            raise broken(f"has a marker {marker:#x} between its segments")
        if at + 4 > len(data):
            raise broken("is cut short")
        (length,) = struct.unpack_from(">H", data, at + 2)
        segment = data[at : at + 2 + length]
        if length < 2 or len(segment) != 2 + length:
            raise broken("is cut short")
        at += len(segment)
        if marker == 0xDA:
            found = int(np.searchsorted(ends, at))
            if found == len(ends):
                raise broken("is cut short")
            reader.add_scan(segment, at, int(ends[found]))
            at = int(ends[found])
        else:
            reader.add(marker, segment)
    return reader.file(data)


def _scan_ends(data: bytes) -> npt.NDArray[np.intp]:
    """Where a marker is that would end a scan: an 0xFF followed by anything but 0 and a restart marker's number."""
    array = np.frombuffer(data, np.uint8)
    found = np.flatnonzero(array[:-1] == 0xFF)
    following = array[found + 1]
    ends: npt.NDArray[np.intp] = found[(following != 0) & ((following < 0xD0) | (following > 0xD7))]
    return ends


class _Reader:
    """Collects the parts in the file's order: what a table number means depends on what came before it."""

    def __init__(self) -> None:
        self.frame: Frame | None = None
        self.quantisers: dict[int, npt.NDArray[np.int32]] = {}
        self.tables: list[HuffmanTable] = []
        self.slots: dict[tuple[int, int], int] = {}
        self.scans: list[Scan] = []
        self.pieces: list[bytes | tuple[int, ...] | Scan] = []
        self.interval = 0
        self.adobe: int | None = None
        self.jfif = False

    def add(self, marker: int, segment: bytes) -> None:
        body = segment[4:]
        if marker in _OTHER_FRAMES:
            raise broken(f"is {_OTHER_FRAMES[marker]}")
        if marker == 0xDC:
            raise broken("states its height after its picture")
        if marker == 0xC4:
            self.pieces.append(self._read_tables(body))
            return
        if marker == 0xDB:
            self._read_quantisers(body)
        elif marker in _FRAMES:
            self._read_frame(marker, body)
        elif marker == 0xDD:
            if len(body) != 2:
                raise broken("has a restart interval of a wrong length")
            (self.interval,) = struct.unpack(">H", body)
        elif marker == 0xEE and body.startswith(b"Adobe") and len(body) >= 12:
            self.adobe = body[11]
        elif marker == 0xE0 and body.startswith(b"JFIF\0"):
            self.jfif = True
        self.pieces.append(segment)

    def _read_frame(self, marker: int, body: bytes) -> None:
        if self.frame is not None or len(body) < 6:
            raise broken("has two frames" if self.frame is not None else "has a broken frame")
        precision, height, width, count = struct.unpack_from(">BHHB", body)
        if precision != 8:
            raise broken(f"holds {precision}-bit samples")
        if not height or not width or not 1 <= count <= 4 or len(body) != 6 + 3 * count:
            raise broken("has a broken frame")
        components = []
        for at in range(6, len(body), 3):
            number, sampling, table = body[at : at + 3]
            if not (1 <= sampling >> 4 <= 4 and 1 <= sampling & 15 <= 4 and table <= 3):
                raise broken("has a broken frame")
            components.append(Component(number, sampling >> 4, sampling & 15, table))
        if len({component.number for component in components}) != count:
            raise broken("names a component twice")
        self.frame = Frame(width, height, tuple(components), marker == 0xC2)

    def _read_quantisers(self, body: bytes) -> None:
        while body:
            wide, number = body[0] >> 4, body[0] & 15
            size = 128 if wide else 64
            if wide > 1 or number > 3 or len(body) < 1 + size:
                raise broken("has a broken quantisation table")
            steps = np.frombuffer(body[1 : 1 + size], ">u2" if wide else np.uint8).astype(np.int32)
            if self.scans and not np.array_equal(self.quantisers.get(number, steps), steps):
                raise broken("changes a quantisation table between its scans")
            if not steps.all():
                raise broken("has a quantisation step of 0")
            self.quantisers[number] = steps
            body = body[1 + size :]

    def _read_tables(self, body: bytes) -> tuple[int, ...]:
        defined = []
        while body:
            kind, slot, counts = body[0] >> 4, body[0] & 15, tuple(body[1:17])
            total = sum(counts)
            if kind > 1 or slot > 3 or len(counts) != 16 or total > 256 or len(body) < 17 + total:
                raise broken("has a broken Huffman table")
            if sum(count << (15 - at) for at, count in enumerate(counts)) > 1 << 16:
                raise broken("has a Huffman table with too many codes")
            symbols = body[17 : 17 + total]
            if len(set(symbols)) != total:
                raise broken("has a Huffman table with a symbol twice")
            self.slots[kind, slot] = len(self.tables)
            defined.append(len(self.tables))
            self.tables.append(HuffmanTable(kind, slot, counts, symbols))
            body = body[17 + total :]
        return tuple(defined)

    def add_scan(self, header: bytes, start: int, end: int) -> None:
        if self.frame is None or len(self.scans) == _MAX_SCANS:
            raise broken("has a scan before its frame" if self.frame is None else f"has more than {_MAX_SCANS} scans")
        body = header[4:]
        count = body[0] if body else 0
        if not 1 <= count <= 4 or len(body) != 4 + 2 * count:
            raise broken("has a broken scan")
        numbers = [component.number for component in self.frame.components]
        chosen, dc, ac = [], [], []
        for at in range(1, 1 + 2 * count, 2):
            number, slots = body[at : at + 2]
            if number not in numbers or numbers.index(number) in chosen:
                raise broken("has a scan of an unknown component")
            chosen.append(numbers.index(number))
            dc.append(self.slots.get((0, slots >> 4), -1))
            ac.append(self.slots.get((1, slots & 15), -1))
        first, last, high, low = body[-3], body[-2], body[-1] >> 4, body[-1] & 15
        _check_band(count, first, last, high, low, progressive=self.frame.progressive)
        interleaved = [self.frame.components[at] for at in chosen]
        if count > 1 and sum(component.across * component.down for component in interleaved) > 10:
            raise broken("has more than ten blocks in a unit")
        tables = (tuple(chosen), tuple(dc), tuple(ac))
        scan = Scan(*tables, first, last, high, low, self.interval, header, start, end)
        self.scans.append(scan)
        self.pieces.append(scan)

    def file(self, data: bytes) -> JpegFile:
        if self.frame is None or not self.scans:
            raise broken("holds no picture")
        steps = [self.quantisers.get(component.table) for component in self.frame.components]
        known = tuple(table for table in steps if table is not None)
        if len(known) != len(steps):
            raise broken("lacks a quantisation table")
        return JpegFile(
            data,
            self.frame,
            known,
            tuple(self.tables),
            tuple(self.scans),
            tuple(self.pieces),
            self.adobe,
            self.jfif,
        )


def _check_band(count: int, first: int, last: int, high: int, low: int, *, progressive: bool) -> None:
    if not progressive:
        if (first, last, high, low) != (0, 63, 0, 0):
            raise broken("has a scan of some coefficients only")
        return
    alone = first == last == 0 or (first > 0 and count == 1)  # DC comes alone, and so does a component's AC
    if not (alone and first <= last <= 63 and low <= 13 and high in {0, low + 1}):
        raise broken("has a scan of an impossible band")
