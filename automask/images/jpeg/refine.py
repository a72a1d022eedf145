"""Reads the scans of a progressive JPEG that add one bit to what came before.

How many bits a block takes depends here on the coefficients that it already has, so lanes cannot start in the middle.
A DC scan is one bit for each block. An AC scan is read symbol by symbol, but never coefficient by coefficient: each
coefficient that was not 0 takes exactly one correction bit, so the number of bits between two symbols follows from how
many zeros the symbol passes.

Source: ITU-T T.81, annex G.1.2.3.
"""

from array import array

import numpy as np
import numpy.typing as npt

from automask.images.jpeg.huffman import END_OF_BLOCK, INVALID
from automask.images.jpeg.lanes import Ints
from automask.images.jpeg.segments import broken


def refine_dc(values: npt.NDArray[np.int16], data: npt.NDArray[np.uint8], low: int) -> npt.NDArray[np.int16]:
    """The DC values with bit `low` from the data, one bit for each.

    Raises:
        PhotoError: There are fewer bits, or whole bytes more.
    """
    if -(-len(values) // 8) != len(data):
        raise broken("does not hold as many blocks as it should")
    bits = np.unpackbits(data, count=len(values)).astype(np.int16)
    return (values | (bits << low)).astype(np.int16)


def refine_band(
    levels: npt.NDArray[np.int16], data: npt.NDArray[np.uint8], table: npt.NDArray[np.uint16], low: int
) -> npt.NDArray[np.int16]:
    """[N, width] a band of all blocks of an interval with one more bit.

    Args:
        levels: [N, width] what the scans before have left.
        data: The interval's data, unstuffed.
        table: From `decoding_table`.
        low: The bit.

    Raises:
        PhotoError: The data is broken or cut short.
    """
    count, width = levels.shape
    flat = levels.ravel()
    old = np.flatnonzero(flat)
    zeros = np.flatnonzero(flat == 0)
    zeros_until = np.append(0, np.cumsum(width - np.bincount(old // width, minlength=count)))
    padded = np.append(data, np.zeros(8, np.uint8)).astype(np.uint32)
    window = (padded[:-3] << 24 | padded[1:-2] << 16 | padded[2:-1] << 8 | padded[3:]).astype(np.uint32)
    steps, total = _walk(window, table, zeros, zeros_until, count, width, len(data) * 8)
    if not 0 <= len(data) * 8 - total < 8:
        raise broken("does not hold as many blocks as it should")
    kind, position, place = steps.T
    bits = np.unpackbits(data)
    out = flat.copy()
    corrections = np.diff(np.searchsorted(old, place), prepend=0)
    at = np.repeat(position - (np.cumsum(corrections) - corrections), corrections) + np.arange(int(corrections.sum()))
    found = old[: len(at)]
    out[found] += (np.sign(flat[found]) * (bits[at].astype(np.int16) << low)).astype(np.int16)
    new = np.flatnonzero(kind >= 0)
    out[place[new]] = np.where(bits[kind[new]], 1 << low, -(1 << low))
    return out.reshape(count, width)


def _walk(
    window: npt.NDArray[np.uint32],
    table: npt.NDArray[np.uint16],
    zeros: Ints,
    zeros_until: Ints,
    count: int,
    width: int,
    limit: int,
) -> tuple[Ints, int]:
    """The steps of all symbols, and the bit after the last.

    Returns:
        [N, 3] int64: bit of the sign of a new coefficient or -1, first correction bit, where the step ends in the band.
    """
    # Python's own numbers, as it runs once for each symbol; in an array, as tuples take eight times the memory.
    bits, entries, zero_at, zeros_end = window.data, table.data, zeros.data, zeros_until.data
    steps = array("q")
    add = steps.extend
    bit = block = place = passed = 0  # `passed` zeros come before `place`
    block_end, zero_end = width, zeros_end[1]
    while block < count:
        if bit > limit:
            raise broken("is cut short")
        entry = entries[bits[bit >> 3] >> (16 - (bit & 7)) & 0xFFFF]
        move = entry & 31
        bit += entry >> 5 & 31
        if move == END_OF_BLOCK:
            size = (entry >> 10) - (entry >> 5 & 31)
            block += 1 << size
            if size:
                block += bits[bit >> 3] >> (32 - (bit & 7) - size) & ((1 << size) - 1)
                bit += size
            if block > count:
                raise broken("does not hold as many blocks as it should")
            block_end = block * width
            add((-1, bit, block_end))
            zero_end = zeros_end[block]
            bit += (block_end - zero_end) - (place - passed)
            place, passed = block_end, zero_end
        else:
            sign = -1
            size = (entry >> 10) - (entry >> 5 & 31)
            if size == 1:
                sign = bit
                bit += 1
            elif size or move == INVALID:
                raise broken("holds a code that means nothing")
            target = passed + move - 1
            if target >= zero_end:
                raise broken("holds a code that means nothing")
            end = zero_at[target]
            add((sign, bit, end))
            bit += (end - target) - (place - passed)
            place, passed = end + 1, target + 1
            if place == block_end:
                block += 1
            else:
                continue
        if block < count:
            block_end, zero_end = (block + 1) * width, zeros_end[block + 1]
    return np.array(steps, np.int64).reshape(-1, 3), bit
