"""Huffman tables as arrays: for reading, by the next 16 bits; for writing, by symbol.

Source: ITU-T T.81, annexes C and K.2.
"""

import heapq

import numpy as np
import numpy.typing as npt

from automask.images.jpeg.segments import HuffmanTable

# What one symbol does to a lane, packed into 16 bits: bits to skip (code and value) << 10 | bits of the code << 5 |
# how far the coefficient index moves.
END_OF_BLOCK = 31
INVALID = 30


def decoding_table(table: HuffmanTable, *, progressive: bool) -> npt.NDArray[np.uint16]:
    """[65536] uint16: what the symbol at the front of 16 bits does, packed as above."""
    entries, repeats = [], []
    at = 0
    for length, count in enumerate(table.counts, start=1):
        for symbol in table.symbols[at : at + count]:
            entries.append(_packed(table.kind, symbol, length, progressive=progressive))
            repeats.append(1 << (16 - length))
        at += count
    filled = sum(repeats)
    return np.repeat(np.array([*entries, _INVALID_ENTRY], np.uint16), np.array([*repeats, (1 << 16) - filled], np.intp))


_INVALID_ENTRY = 1 << 10 | 1 << 5 | INVALID


def _packed(kind: int, symbol: int, length: int, *, progressive: bool) -> int:
    run, size = symbol >> 4, symbol & 15
    if kind == 0:
        return (length + symbol) << 10 | length << 5 | 1 if symbol <= 11 else _INVALID_ENTRY
    if size:
        return (length + size) << 10 | length << 5 | run + 1
    if run == 15:
        return length << 10 | length << 5 | 16
    if run and not progressive:
        return _INVALID_ENTRY
    return (length + run) << 10 | length << 5 | END_OF_BLOCK  # with `run` bits of how many blocks end


def encoding_table(table: HuffmanTable) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]:
    """[256] code and [256] length of every symbol; length 0 where the table has none."""
    codes, lengths = np.zeros(256, np.uint64), np.zeros(256, np.int64)
    code = at = 0
    for length, count in enumerate(table.counts, start=1):
        for symbol in table.symbols[at : at + count]:
            codes[symbol], lengths[symbol] = code, length
            code += 1
        at += count
        code <<= 1
    return codes, lengths


def optimal_table(kind: int, slot: int, histogram: npt.NDArray[np.int64]) -> HuffmanTable:
    """The shortest code for symbols of these frequencies, at most 16 bits long and never all ones.

    Args:
        kind, slot: As in `HuffmanTable`.
        histogram: [256] how often each symbol occurs.
    """
    # A 257th symbol, the rarest, keeps the code of all ones free.
    heap: list[tuple[int, int, tuple[int, ...]]] = [(0, -256, (256,))]
    heap += [(int(count), -symbol, (symbol,)) for symbol, count in enumerate(histogram) if count]
    if len(heap) == 1:
        heap.append((1, 0, (0,)))
    heapq.heapify(heap)
    depth = np.zeros(257, np.int64)
    while len(heap) > 1:
        one, two = heapq.heappop(heap), heapq.heappop(heap)
        merged = one[2] + two[2]
        depth[list(merged)] += 1
        heapq.heappush(heap, (one[0] + two[0], min(one[1], two[1]), merged))
    counts = np.bincount(depth[depth > 0], minlength=33)
    # Codes that are too long are shortened in pairs, as in figure K.3.
    for length in range(len(counts) - 1, 16, -1):
        while counts[length]:
            shorter = length - 2
            while not counts[shorter]:
                shorter -= 1
            counts[length] -= 2
            counts[length - 1] += 1
            counts[shorter + 1] += 2
            counts[shorter] -= 1
    longest = int(np.flatnonzero(counts)[-1])
    counts[longest] -= 1  # the 257th
    order = sorted((symbol for symbol in range(256) if depth[symbol]), key=lambda symbol: (depth[symbol], symbol))
    return HuffmanTable(kind, slot, tuple(int(count) for count in counts[1:17]), bytes(order))
