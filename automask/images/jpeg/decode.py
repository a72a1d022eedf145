"""Decodes a JPEG's scans to quantised coefficients."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from automask.images.jpeg.huffman import END_OF_BLOCK, INVALID, decoding_table
from automask.images.jpeg.lanes import Ints, Machine, Symbols, machine, read_symbols, windows
from automask.images.jpeg.refine import refine_band, refine_dc
from automask.images.jpeg.segments import Frame, JpegFile, Scan, broken

PIECE = 1 << 16
"""Items worked on at a time, so that they stay in the cache."""


@dataclass(frozen=True, slots=True, eq=False)
class Coefficients:
    """Quantised coefficients of all components in one buffer.

    Args:
        flat: [blocks * 64] int16, component after component, each row by row, in zigzag order.
        first_block: For each component the number of its first block.
        grids_hw: For each component the rows and columns of its blocks.
    """

    flat: npt.NDArray[np.int16]
    first_block: tuple[int, ...]
    grids_hw: tuple[tuple[int, int], ...]

    def blocks(self, index: int) -> npt.NDArray[np.int16]:
        """[rows, columns, 64] int16 view: the blocks of a component."""
        rows, columns = self.grids_hw[index]
        at = self.first_block[index]
        return self.flat[at * 64 : (at + rows * columns) * 64].reshape(rows, columns, 64)


def empty_coefficients(frame: Frame) -> Coefficients:
    """All coefficients 0."""
    grids = tuple(frame.grid_hw(index) for index in range(len(frame.components)))
    sizes = [rows * columns for rows, columns in grids]
    firsts = tuple(sum(sizes[:index]) for index in range(len(sizes)))
    return Coefficients(np.zeros(sum(sizes) * 64, np.int16), firsts, grids)


@dataclass(frozen=True, slots=True, eq=False)
class Order:
    """The blocks of a scan as it stores them.

    Args:
        blocks: [N] int64: number of each block in `Coefficients`.
        of_unit: For each block of a unit the index of its component in the scan.
        interval_blocks: Blocks between restarts; N where there are none.
    """

    blocks: Ints
    of_unit: tuple[int, ...]
    interval_blocks: int


def scan_order(frame: Frame, scan: Scan, coefficients: Coefficients) -> Order:
    """The blocks of a scan in its order: unit by unit, or row by row where it has one component."""
    if len(scan.components) == 1:
        index = scan.components[0]
        height, width = frame.samples_hw(index)
        columns = coefficients.grids_hw[index][1]
        rows, used = -(-height // 8), -(-width // 8)
        blocks = (np.arange(rows)[:, None] * columns + np.arange(used)).ravel() + coefficients.first_block[index]
        of_unit: tuple[int, ...] = (0,)
    else:
        rows, columns = frame.mcus_hw
        parts, places = [], []
        for at, index in enumerate(scan.components):
            component = frame.components[index]
            width = coefficients.grids_hw[index][1]
            down, across = component.down, component.across
            numbers = np.arange(rows * down)[:, None] * width + np.arange(width) + coefficients.first_block[index]
            units = numbers.reshape(rows, down, columns, across).transpose(0, 2, 1, 3)
            parts.append(units.reshape(rows * columns, down * across))
            places += [at] * (down * across)
        blocks, of_unit = np.concatenate(parts, axis=1).ravel(), tuple(places)
    each = scan.interval * len(of_unit) if scan.interval else len(blocks)
    return Order(blocks.astype(np.int64), of_unit, min(each, len(blocks)))


def decode_coefficients(file: JpegFile) -> Coefficients:
    """The quantised coefficients of a file.

    Raises:
        PhotoError: The data is broken, cut short, or does not hold as many blocks as the frame says.
    """
    coefficients = empty_coefficients(file.frame)
    for scan in file.scans:
        order = scan_order(file.frame, scan, coefficients)
        data, bounds = unstuffed(file.data, scan, order)
        if scan.high:
            _refine(file, scan, order, coefficients, data, bounds)
        else:
            _decode_first(file, scan, order, coefficients, data, bounds)
    return coefficients


def unstuffed(data: bytes, scan: Scan, order: Order) -> tuple[npt.NDArray[np.uint8], Ints]:
    """The data of a scan without stuffing and markers, followed by 16 zero bytes; the byte where each interval begins.

    The last of the bounds is the end of the data.

    Raises:
        PhotoError: The restart markers are not those that the frame calls for.
    """
    stored = np.frombuffer(data, np.uint8)[scan.start : scan.end]
    found = np.flatnonzero(stored[:-1] == 0xFF) if len(stored) else np.zeros(0, np.intp)
    following = stored[found + 1]
    stuffed, restarts = found[following == 0], found[following != 0]
    intervals = -(-len(order.blocks) // order.interval_blocks)
    expected = 0xD0 + np.arange(intervals - 1) % 8
    if len(restarts) != intervals - 1 or not np.array_equal(stored[restarts + 1], expected):
        raise broken("lacks restart markers, or has some too many")
    kept = np.ones(len(stored), np.bool_)
    kept[stuffed + 1] = False
    kept[restarts] = kept[restarts + 1] = False
    bare = np.concatenate([stored[kept], np.zeros(16, np.uint8)])
    begins = restarts - 2 * np.arange(len(restarts)) - np.searchsorted(stuffed, restarts)
    return bare, np.concatenate([[0], begins, [len(bare) - 16]]).astype(np.int64)


def _decode_first(
    file: JpegFile,
    scan: Scan,
    order: Order,
    coefficients: Coefficients,
    data: npt.NDArray[np.uint8],
    bounds: Ints,
) -> None:
    """Decodes a scan that holds a band's first bits, in lanes."""
    used = sorted({*scan.dc} if scan.last == 0 else {*scan.ac} if scan.first else {*scan.dc, *scan.ac})
    if used[0] < 0:
        raise broken("lacks a Huffman table")
    tables = [decoding_table(file.tables[number], progressive=file.frame.progressive) for number in used]
    dc = [used.index(scan.dc[at]) if scan.first == 0 else 0 for at in order.of_unit]
    ac = [used.index(scan.ac[at]) if scan.last else 0 for at in order.of_unit]
    window = windows(data)
    steps = machine(tables, dc, ac, scan.first, scan.last)
    symbols = read_symbols(window, bounds * 8, steps)
    _place(scan, order, coefficients, window, symbols, bounds * 8, steps)
    if scan.first == 0:
        _sum_differences(scan, order, coefficients)


def _refine(
    file: JpegFile, scan: Scan, order: Order, coefficients: Coefficients, data: npt.NDArray[np.uint8], bounds: Ints
) -> None:
    """Decodes a scan that adds one bit to a band, interval by interval."""
    by_block = coefficients.flat.reshape(-1, 64)
    table = np.zeros(0, np.uint16)
    if scan.first:
        if scan.ac[0] < 0:
            raise broken("lacks a Huffman table")
        table = decoding_table(file.tables[scan.ac[0]], progressive=True)
    for number, at in enumerate(range(0, len(order.blocks), order.interval_blocks)):
        blocks = order.blocks[at : at + order.interval_blocks]
        part = data[bounds[number] : bounds[number + 1]]
        if scan.first:
            band = slice(scan.first, scan.last + 1)
            by_block[blocks, band] = refine_band(by_block[blocks, band], part, table, scan.low)
        else:
            by_block[blocks, 0] = refine_dc(by_block[blocks, 0], part, scan.low)


def _place(
    scan: Scan,
    order: Order,
    coefficients: Coefficients,
    window: npt.NDArray[np.uint64],
    symbols: Symbols,
    bounds: Ints,
    steps: Machine,
) -> None:
    """Writes the symbols' values to their blocks; DC values are still differences."""
    block = _blocks_of(scan, order, window, symbols, bounds, steps)
    for at in range(0, len(block), PIECE):
        part = slice(at, at + PIECE)
        position, entry = symbols.position[part], symbols.entry[part].astype(np.int64)
        length, move = (entry >> 5) & 31, entry & 31
        size = (entry >> 10) - length
        to = ((symbols.state[part] >> 5) & 63) + move - 1
        here = block[part]
        belongs = here >= 0
        ends = move == END_OF_BLOCK
        if (belongs & ((move == INVALID) | (~ends & (to > scan.last)))).any():
            raise broken("holds a code that means nothing")
        use = np.flatnonzero(belongs & ~ends & (size > 0))
        size = size[use]
        if scan.low and size.max(initial=0) + scan.low > 15:
            raise broken("holds a coefficient out of range")
        value = _values(window, position[use] + length[use], size)
        value = np.where(value >> (size - 1), value, value - (1 << size) + 1) << scan.low
        coefficients.flat[order.blocks.take(here[use]) * 64 + to[use]] = value


def _values(window: npt.NDArray[np.uint64], position: Ints, size: Ints) -> Ints:
    """The `size` bits at each position."""
    bits = window.take(position >> 3, mode="clip") << (position & 7).astype(np.uint64)
    return (bits >> np.uint64(1) >> (63 - size).astype(np.uint64)).astype(np.int64)


def _blocks_of(
    scan: Scan,
    order: Order,
    window: npt.NDArray[np.uint64],
    symbols: Symbols,
    bounds: Ints,
    steps: Machine,
) -> Ints:
    """For each symbol the number of its block in the scan's order; -1 for what was read from padding.

    Raises:
        PhotoError: An interval holds too few blocks, or bits that belong to none.
    """
    intervals = len(bounds) - 1
    counts = np.diff(symbols.segment_at, append=len(symbols.position))
    if not counts.all():
        raise broken("is cut short")
    block = np.cumsum(((symbols.state >> 5) & 63) == scan.first)
    after = block
    ends = np.flatnonzero((symbols.entry & 31) == END_OF_BLOCK) if scan.first else np.zeros(0, np.intp)
    if len(ends):
        entry = symbols.entry[ends].astype(np.int64)
        length = (entry >> 5) & 31
        size = (entry >> 10) - length
        runs = np.zeros(len(block), np.int64)
        runs[ends] = (1 << size) - 1 + _values(window, symbols.position[ends] + length, size)
        after = block + np.cumsum(runs)
        block = after - runs
    expected = np.full(intervals, order.interval_blocks)
    expected[-1] = len(order.blocks) - order.interval_blocks * (intervals - 1)
    base = block[symbols.segment_at]
    local = block - np.repeat(base, counts) if intervals > 1 else block - base[0]
    belongs = local < (np.repeat(expected, counts) if intervals > 1 else expected[0])
    kept = np.add.reduceat(belongs, symbols.segment_at, dtype=np.int64)
    last = symbols.segment_at + kept - 1
    entry = symbols.entry[last].astype(np.int64)
    spare = bounds[1:] - symbols.position[last] - (entry >> 10)
    closed = steps.start_tag[steps.following[symbols.state[last] + (entry & 31)] >> 5] != 255
    whole = after[last] - base + 1 == expected
    if not (closed & whole & (spare >= 0) & (spare < 8)).all():
        raise broken("does not hold as many blocks as it should")
    if intervals > 1:
        local += np.repeat(np.arange(intervals) * order.interval_blocks, counts)
    return np.where(belongs, local, -1)


def _sum_differences(scan: Scan, order: Order, coefficients: Coefficients) -> None:
    """Turns the DC differences of a scan into DC values."""
    places = np.array(order.of_unit)
    each = order.interval_blocks // len(places)
    for at in range(len(scan.components)):
        numbers = order.blocks.reshape(-1, len(places))[:, places == at].ravel() * 64
        total = np.cumsum(coefficients.flat[numbers].astype(np.int64))
        begins = np.arange(0, len(total), each * np.count_nonzero(places == at))
        if len(begins) > 1:
            before = np.concatenate([[0], total[begins[1:] - 1]])
            total -= np.repeat(before, np.diff(begins, append=len(total)))
        if len(total) and max(int(total.max()), -int(total.min())) > 32767:
            raise broken("holds a coefficient out of range")
        coefficients.flat[numbers] = total
