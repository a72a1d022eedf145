"""Encodes quantised coefficients to a JPEG, with the file's own segments, scans and Huffman tables.

A table that lacks a code for a new symbol (an encoder "optimised" it for the old picture) is replaced by the shortest
one for all symbols that it has to code; the others stay as they are.

Source: ITU-T T.81, annexes F.1.2 and G.1.2.
"""

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from automask.images.jpeg.decode import Coefficients, Order, scan_order
from automask.images.jpeg.huffman import encoding_table, optimal_table
from automask.images.jpeg.lanes import Ints
from automask.images.jpeg.segments import HuffmanTable, JpegFile, Scan, broken

_PIECE_BLOCKS = 4096
_SIZE_OF = np.frexp(np.abs(np.arange(1 << 16, dtype=np.uint16).view(np.int16).astype(np.float64)))[1].astype(np.int64)
"""Bits of a value, by the value as uint16."""
_LONGEST_RUN = 0x7FFF
_MAX_CORRECTIONS = 937  # libjpeg ends a run of blocks above this many correction bits (jcphuff.c), so do we


@dataclass(frozen=True, slots=True, eq=False)
class Tokens:
    """Codes of a piece of a scan, in order.

    Args:
        symbol: [N] uint16: (table's place in the scan) * 256 + symbol, or the number above all for bare bits.
        extra: [N] uint16: the bits after the code.
        size: [N] uint8: how many.
        ends: How many tokens come before the end of each interval that ends in this piece.
    """

    symbol: npt.NDArray[np.uint16]
    extra: npt.NDArray[np.uint16]
    size: npt.NDArray[np.uint8]
    ends: Ints


@dataclass(frozen=True, slots=True, eq=False)
class _Coded:
    """A scan's tokens, and the indices in `JpegFile.tables` of the tables that they name."""

    pieces: tuple[Tokens, ...]
    tables: tuple[int, ...]


def encode_file(file: JpegFile, coefficients: Coefficients, segments: Sequence[bytes]) -> bytes:
    """The file of these coefficients, with `file`'s frame, scans, tables and restart intervals.

    Args:
        file: From `parse`.
        coefficients: Of its frame.
        segments: Written in place of the APP and COM segments before its first scan; Adobe's stays.

    Raises:
        PhotoError: A scan names a table that the file does not have.
    """
    coded = {scan.start: _tokens(file, scan, coefficients) for scan in file.scans}
    tables = _sufficient_tables(file, list(coded.values()))
    scans = {start: b"".join(_scan_bytes(one, tables)) for start, one in coded.items()}
    return _assembled(file, segments, tables, scans)


def copy_file(file: JpegFile, segments: Sequence[bytes]) -> bytes:
    """The file with its own scans, byte for byte, and other APP and COM segments before the first."""
    return _assembled(
        file, segments, file.tables, {scan.start: file.data[scan.start : scan.end] for scan in file.scans}
    )


def _assembled(
    file: JpegFile, segments: Sequence[bytes], tables: Sequence[HuffmanTable], scans: Mapping[int, bytes]
) -> bytes:
    out = [b"\xff\xd8", *segments]
    begun = False
    for piece in file.pieces:
        if isinstance(piece, Scan):
            begun = True
            out += [piece.header, scans[piece.start]]
        elif isinstance(piece, tuple):
            out.append(_table_segment([tables[number] for number in piece]))
        elif begun or not _is_replaced(piece):
            out.append(piece)
    return b"".join([*out, b"\xff\xd9"])


def _is_replaced(segment: bytes) -> bool:
    marker = segment[1]
    return (0xE0 <= marker <= 0xEF or marker == 0xFE) and not (marker == 0xEE and segment[4:9] == b"Adobe")


def _table_segment(tables: Sequence[HuffmanTable]) -> bytes:
    body = b"".join(bytes([table.kind << 4 | table.slot, *table.counts]) + table.symbols for table in tables)
    return b"\xff\xc4" + struct.pack(">H", len(body) + 2) + body


def _sufficient_tables(file: JpegFile, coded: Sequence[_Coded]) -> list[HuffmanTable]:
    """The file's tables, those remade that lack a symbol."""
    histograms = np.zeros((len(file.tables), 256), np.int64)
    for scan in coded:
        for piece in scan.pieces:
            found = np.bincount(piece.symbol, minlength=256 * len(scan.tables))[: 256 * len(scan.tables)]
            np.add.at(histograms, list(scan.tables), found.reshape(-1, 256))
    tables = list(file.tables)
    for number, table in enumerate(tables):
        if np.delete(histograms[number], list(table.symbols)).any():
            tables[number] = optimal_table(table.kind, table.slot, histograms[number])
    return tables


# --------------------------------------------------------------------------------------------------------------- Tokens


def _tokens(file: JpegFile, scan: Scan, coefficients: Coefficients) -> _Coded:
    order = scan_order(file.frame, scan, coefficients)
    places = np.array(order.of_unit)
    used = sorted({*(scan.dc if not scan.first and not scan.high else ()), *(scan.ac if scan.last else ())})
    if used and used[0] < 0:
        raise broken("lacks a Huffman table")
    dc = np.array([used.index(table) if table in used else 0 for table in scan.dc])[places] << 8
    ac = np.array([used.index(table) if table in used else 0 for table in scan.ac])[places] << 8
    bare = 256 * len(used)
    if scan.first:
        pieces = _band_tokens(scan, order, coefficients, bare)
    elif scan.high:
        pieces = _dc_bits(scan, order, coefficients, bare)
    elif scan.last:
        pieces = _block_tokens(order, coefficients, dc, ac)
    else:
        pieces = _dc_tokens(scan, order, coefficients, dc)
    return _Coded(tuple(pieces), tuple(used))


def _pieces(order: Order) -> Iterator[tuple[slice, Ints]]:
    """Ranges of a scan's blocks, whole units each, and the intervals' ends in each, counted from its start."""
    unit, total, each = len(order.of_unit), len(order.blocks), order.interval_blocks
    step = max(1, _PIECE_BLOCKS // unit) * unit
    for at in range(0, total, step):
        until = min(total, at + step)
        ends = np.arange(-(-(at + 1) // each) * each, until + 1, each)
        if until == total and total % each:
            ends = np.append(ends, total)
        yield slice(at, until), ends - at


def _differences(order: Order, values: Ints) -> Ints:
    """DC values as differences from the block of the same component before, restarted in each interval."""
    places = np.array(order.of_unit)
    each = order.interval_blocks // len(places)
    out = values.reshape(-1, len(places)).copy()
    for at in range(int(places.max()) + 1):
        own = places == at
        line = out[:, own].ravel()
        begins = np.arange(0, len(line), each * np.count_nonzero(own))
        steps = np.diff(line, prepend=0)
        steps[begins] = line[begins]
        out[:, own] = steps.reshape(len(out), -1)
    return out.ravel()


def _value_bits(values: Ints, size: Ints) -> Ints:
    """The `size` bits that stand for a value: itself, or the value less one if it is negative."""
    bits: Ints = (values + (values >> 63)) & ((1 << size) - 1)
    return bits


def _size(values: Ints) -> Ints:
    size: Ints = _SIZE_OF.take(values & 0xFFFF)
    return size


def _block_tokens(order: Order, coefficients: Coefficients, dc: Ints, ac: Ints) -> Iterator[Tokens]:
    """The tokens of whole blocks (a sequential scan)."""
    by_block = coefficients.flat.reshape(-1, 64)
    differences = _differences(order, by_block[order.blocks, 0].astype(np.int64))
    for part, ends in _pieces(order):
        levels = by_block[order.blocks[part]]
        levels[:, 0] = differences[part]
        present = levels != 0
        present[:, 0] = True
        at = np.flatnonzero(present)
        value = levels.ravel()[at].astype(np.int64)
        value[at & 63 == 0] = differences[part]
        size = _size(value)
        index, block = at & 63, at >> 6
        is_dc = index == 0
        run = np.diff(at, prepend=0) - 1
        run[is_dc] = 0
        units = len(levels) // len(dc)
        of_dc, of_ac = np.tile(dc, units), np.tile(ac, units)
        table = np.where(is_dc, of_dc[block], of_ac[block])
        symbol = table + ((run & 15) << 4) + size
        ended = np.append(is_dc[1:], True) & (index != 63)
        place = np.cumsum(1 + (run >> 4) + ended) - 1
        total = int(place[-1]) + 1
        own = place - ended
        symbols, extras, sizes = np.zeros(total, np.uint16), np.zeros(total, np.uint16), np.zeros(total, np.uint8)
        for back in range(1, 4):
            far = np.flatnonzero(run >> 4 >= back)
            symbols[own[far] - back] = table[far] + 0xF0
        symbols[own], extras[own], sizes[own] = symbol, _value_bits(value, size), size
        last = np.flatnonzero(ended)
        symbols[place[last]] = of_ac[block[last]]
        yield Tokens(symbols, extras, sizes, np.append(own[is_dc], total)[ends])


def _dc_tokens(scan: Scan, order: Order, coefficients: Coefficients, dc: Ints) -> Iterator[Tokens]:
    """The tokens of a progressive file's first DC scan."""
    values = coefficients.flat[order.blocks * 64].astype(np.int64) >> scan.low
    differences = _differences(order, values)
    for part, ends in _pieces(order):
        value = differences[part]
        size = _size(value)
        symbol = np.tile(dc, len(value) // len(dc)) + size
        yield Tokens(symbol.astype(np.uint16), _value_bits(value, size).astype(np.uint16), size.astype(np.uint8), ends)


def _dc_bits(scan: Scan, order: Order, coefficients: Coefficients, bare: int) -> Iterator[Tokens]:
    """One more bit of every DC value."""
    for part, ends in _pieces(order):
        bits = (coefficients.flat[order.blocks[part] * 64] >> scan.low) & 1
        yield Tokens(np.full(len(bits), bare, np.uint16), bits.astype(np.uint16), np.ones(len(bits), np.uint8), ends)


def _band_tokens(scan: Scan, order: Order, coefficients: Coefficients, bare: int) -> Iterator[Tokens]:
    """The tokens of a progressive file's AC band, first bits or one bit more, an interval at a time."""
    by_block = coefficients.flat.reshape(-1, 64)
    for start in range(0, len(order.blocks), order.interval_blocks):
        blocks = order.blocks[start : start + order.interval_blocks]
        levels = by_block[blocks, scan.first : scan.last + 1]
        yield _interval_tokens(levels, scan, bare)


@dataclass(frozen=True, slots=True, eq=False)
class _Band:
    """The coefficients other than 0 of one interval of a band, in order.

    Args:
        count, width: Blocks, and coefficients of each in the band.
        block, index: Where each is.
        amount: Absolute value, without the bits that are not sent yet.
        negative: Its sign.
        new: What this scan sends in full; of the others it sends one correction bit.
        final: [count] index of the last new coefficient of each block; -1 where there is none.
    """

    count: int
    width: int
    block: Ints
    index: Ints
    amount: Ints
    negative: npt.NDArray[np.bool_]
    new: npt.NDArray[np.bool_]
    final: Ints


def _band(levels: npt.NDArray[np.int16], scan: Scan) -> _Band:
    count, width = levels.shape
    amounts = np.abs(levels.astype(np.int32)) >> scan.low
    at = np.flatnonzero(amounts)
    amount = amounts.ravel()[at].astype(np.int64)
    block, index = at // width, at % width
    new = amount == 1 if scan.high else np.ones(len(at), np.bool_)
    final = np.full(count, -1, np.int64)
    final[block[new]] = index[new]
    return _Band(count, width, block, index, amount, levels.ravel()[at] < 0, new, final)


def _interval_tokens(levels: npt.NDArray[np.int16], scan: Scan, bare: int) -> Tokens:
    """The tokens of one interval of an AC band. Correction bits follow the next symbol."""
    band = _band(levels, scan)
    since, sixteens = _zeros_before(band)
    size = _size(band.amount) if not scan.high else band.new.astype(np.int64)
    bits = np.where(band.negative, ((1 << size) - 1) ^ band.amount, band.amount)
    if scan.high:
        bits = 1 - band.negative.astype(np.int64)
    key = (band.block * band.width + band.index) * 4  # what is sent at a coefficient: 0 zeros, 1 itself; 3 at its end
    long, fresh = np.flatnonzero(sixteens > 0), np.flatnonzero(band.new)
    long_key = np.repeat(key[long], sixteens[long])
    none = np.zeros(len(long_key), np.int64)
    run_key, run_symbol, run_bits, run_size = _runs(band)
    keys = np.concatenate([long_key, key[fresh] + 1, run_key])
    symbols = np.concatenate([none + 0xF0, ((since[fresh] & 15) << 4) + size[fresh], run_symbol])
    sequence = np.argsort(keys, kind="stable")
    old = np.flatnonzero(~band.new)
    owner = np.searchsorted(keys[sequence], key[old] + 1)
    place_old = owner + 1 + np.arange(len(old))
    place = np.arange(len(keys)) + np.searchsorted(owner, np.arange(len(keys)))
    total = len(keys) + len(old)
    symbol, extra, count = np.full(total, bare, np.uint16), np.empty(total, np.uint16), np.ones(total, np.uint8)
    symbol[place] = symbols[sequence]
    extra[place] = np.concatenate([none, bits[fresh], run_bits])[sequence]
    count[place] = np.concatenate([none, size[fresh], run_size])[sequence]
    extra[place_old] = band.amount[old] & 1
    return Tokens(symbol, extra, count, np.array([total]))


def _zeros_before(band: _Band) -> tuple[Ints, Ints]:
    """For each coefficient the zeros since the last new one of its block, and how many codes for sixteen come first.

    Sixteen zeros have a code of their own, sent as soon as a coefficient comes after them, if a new one follows.
    """
    ordinal = np.arange(len(band.block))
    opens = np.diff(band.block, prepend=-1) > 0
    first = np.maximum.accumulate(np.where(opens, ordinal, 0))
    zeros = band.index - (ordinal - first)
    newest = np.append([0], np.maximum.accumulate(np.where(band.new, ordinal + 1, 0)))[:-1]  # of those before, from 1
    since = zeros - np.where(newest > first, zeros[newest - 1], 0)
    sixteens = np.where(band.index <= band.final[band.block], since >> 4, 0)
    restarted = opens | np.append([False], band.new)[:-1]
    return since, sixteens - np.where(restarted, 0, np.append([0], sixteens)[:-1])


def _runs(band: _Band) -> tuple[Ints, Ints, Ints, Ints]:
    """Keys, symbols, bits and their number of the codes for runs of blocks that end.

    A run goes on to the block before the next one with a new coefficient.
    """
    ends = band.final < band.width - 1
    corrections = np.bincount(band.block[~band.new & (band.index > band.final[band.block])], minlength=band.count)
    breaks = np.flatnonzero(band.final >= 0)
    begins, stops = np.append(0, breaks), np.append(breaks, band.count)
    total = np.append(0, np.cumsum(ends))
    owed = np.append(0, np.cumsum(corrections))
    length, bits = total[stops] - total[begins], owed[stops] - owed[begins]
    plain = (length > 0) & (length < _LONGEST_RUN) & (bits <= _MAX_CORRECTIONS)
    keys, lengths = [stops[plain]], [length[plain]]
    for run in np.flatnonzero((length > 0) & ~plain).tolist():
        cuts, parts = _cuts(ends[begins[run] : stops[run]], corrections[begins[run] : stops[run]])
        keys.append(begins[run] + cuts)
        lengths.append(parts)
    run_length = np.concatenate(lengths)
    size = _size(run_length) - 1
    return np.concatenate(keys) * band.width * 4 - 1, size << 4, run_length - (1 << size), size


def _cuts(ends: npt.NDArray[np.bool_], corrections: Ints) -> tuple[Ints, Ints]:
    """Where a long run is cut, as numbers of blocks from its begin, and the length of each part."""
    cuts, lengths = [], []
    length = owed = 0
    for number, (one, bits) in enumerate(zip(ends.tolist(), corrections.tolist(), strict=True), start=1):
        length, owed = length + one, owed + bits
        if length and (length == _LONGEST_RUN or owed > _MAX_CORRECTIONS):
            cuts.append(number)
            lengths.append(length)
            length = owed = 0
    if length:
        cuts.append(len(ends))
        lengths.append(length)
    return np.array(cuts, np.int64), np.array(lengths, np.int64)


# ----------------------------------------------------------------------------------------------------------------- Bits


def _scan_bytes(coded: _Coded, tables: Sequence[HuffmanTable]) -> Iterator[bytes]:
    """The entropy-coded data of a scan, stuffed, with its restart markers."""
    both = [encoding_table(tables[number]) for number in coded.tables]
    codes = np.concatenate([*(code for code, _ in both), np.zeros(1, np.uint64)])
    lengths = np.concatenate([*(length for _, length in both), np.zeros(1, np.int64)])
    pending, pending_bits, restarts = 0, 0, 0
    for number, piece in enumerate(coded.pieces, start=1):
        size = piece.size.astype(np.int64)
        length = lengths.take(piece.symbol) + size
        code = (codes.take(piece.symbol) << size.astype(np.uint64) | piece.extra).astype(np.uint64)
        # What the piece before has left over is its first code.
        code, length, ends = _with_padding(
            np.insert(code, 0, pending), np.insert(length, 0, pending_bits), piece.ends + 1
        )
        bare, pending, pending_bits = _pack(code, length)
        last = number == len(coded.pieces)
        marks = ends[:-1] if last else ends
        yield _stuffed(bare, marks, restarts).tobytes()
        restarts += len(marks)


def _with_padding(code: npt.NDArray[np.uint64], length: Ints, ends: Ints) -> tuple[npt.NDArray[np.uint64], Ints, Ints]:
    """The codes with ones up to a whole byte where an interval ends, and the byte at which each ends."""
    if not len(ends):
        return code, length, ends
    total = np.append(0, np.cumsum(length))[ends]
    bits = np.diff(total, prepend=0)
    padding = -bits % 8
    code = np.insert(code, ends, (1 << padding) - 1)
    length = np.insert(length, ends, padding)
    return code, length, np.cumsum(bits + padding) >> 3


def _pack(code: npt.NDArray[np.uint64], length: Ints) -> tuple[npt.NDArray[np.uint8], int, int]:
    """The codes' bits as whole bytes; the bits that are left, as a number, and how many."""
    until = np.cumsum(length)
    at = until - length
    word = at >> 5
    shifted = code << (64 - (at & 31) - length).astype(np.uint64)
    firsts = np.flatnonzero(np.diff(word, prepend=-1))
    both = np.bitwise_or.reduceat(shifted, firsts)
    total = int(until[-1])
    words = np.zeros((total >> 5) + 2, np.uint64)
    words[word[firsts]] = both >> np.uint64(32)
    words[word[firsts] + 1] |= both & np.uint64(0xFFFFFFFF)
    packed = words.astype(">u4").view(np.uint8)
    whole, left = total >> 3, total & 7
    return packed[:whole], int(packed[whole]) >> (8 - left), left


def _stuffed(bare: npt.NDArray[np.uint8], marks: Ints, restarts: int) -> npt.NDArray[np.uint8]:
    """The bytes with a 0 after each 0xFF, and a restart marker at each mark."""
    full = np.flatnonzero(bare == 0xFF) + 1
    at = np.concatenate([full, np.repeat(marks, 2)])
    markers = np.stack([np.full(len(marks), 0xFF), 0xD0 + (restarts + np.arange(len(marks))) % 8], axis=1)
    return np.insert(bare, at, np.concatenate([np.zeros(len(full), np.uint8), markers.ravel().astype(np.uint8)]))
