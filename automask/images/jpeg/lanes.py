"""Reads Huffman codes in lockstep: thousands of lanes, each from its own place in the data.

JPEG's codes synchronise themselves: a lane that starts in the middle of a code soon reads the same symbols as one that
started at the beginning. So lanes start at evenly spaced bits, all read one symbol at a time with vectorised look-ups,
each over its own chunk and then on until it comes to a block start that the lane of a later chunk has come to as well.
From there on that lane's symbols are its own. Whatever lanes read before they were joined is dropped.

Source: Weissenberger and Schmidt, "Massively Parallel Huffman Decoding on GPUs", ICPP 2018, and "Accelerating JPEG
Decompression on GPUs", HiPC 2021 (self-synchronisation of JPEG's codes, with the block in the MCU and the coefficient
index as part of the state).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from automask.images.jpeg.huffman import END_OF_BLOCK
from automask.images.jpeg.segments import broken

_STEPS = 32
_CHUNK_BITS = 6000
_CHUNK_BITS_MIN = 1200
_LANES = 2048

Ints = npt.NDArray[np.int64]
Positions = npt.NDArray[np.integer[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Machine:
    """What a symbol does in each state, for all blocks of a unit.

    A state is (block in the unit) * 64 + coefficient index, kept times 32, so that adding a symbol's move gives the
    index into `following`.

    Args:
        tables: [n * 65536] uint16 of `decoding_table`, one after another.
        following: [states * 32] int64: the next state, times 32.
        table_at: [states * 32] int64: where in `tables` the next state's table begins.
        table_of: [states] int64: the same for each state.
        start_tag: [states] uint8: block in the unit + 1 for states at a block's start, else 255.
        first: The first state, times 32.
    """

    tables: npt.NDArray[np.uint16]
    following: Ints
    table_at: Ints
    table_of: Ints
    start_tag: npt.NDArray[np.uint8]
    first: int


def machine(tables: list[npt.NDArray[np.uint16]], dc: list[int], ac: list[int], first: int, last: int) -> Machine:
    """The machine of a scan.

    Args:
        tables: From `decoding_table`.
        dc, ac: For each block of a unit the index of its table in `tables`; unused where the band has no such code.
        first, last: The band.
    """
    # Lanes need only agree on what follows: with the same tables for all blocks, any block start is as good as another.
    period = next(
        p
        for p in range(1, len(dc) + 1)
        if len(dc) % p == 0 and dc == dc[:p] * (len(dc) // p) and ac == ac[:p] * (len(ac) // p)
    )
    phase, index, move = np.meshgrid(np.arange(period), np.arange(64), np.arange(32), indexing="ij")
    to = index + np.where(move <= 16, move, 0)
    ends = (move == END_OF_BLOCK) | (to > last)
    to = np.where(ends, first, to)
    phase = np.where(ends, (phase + 1) % period, phase)
    of_dc, of_ac = np.array(dc[:period]), np.array(ac[:period])
    table_of = np.where(np.arange(64) == 0, of_dc[:, None], of_ac[:, None]).ravel() << 16
    following = phase * 64 + to
    tag = np.full((period, 64), 255, np.uint8)
    tag[:, first] = np.arange(1, period + 1)
    return Machine(
        np.concatenate(tables),
        (following << 5).ravel().astype(np.int64),
        table_of[following].ravel().astype(np.int64),
        table_of.astype(np.int64),
        tag.ravel(),
        first << 5,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Symbols:
    """The symbols of a scan in order: bit position, state and packed entry of each; where each segment begins."""

    position: Positions
    state: npt.NDArray[np.uint16]
    entry: npt.NDArray[np.uint16]
    segment_at: npt.NDArray[np.int64]


def windows(data: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint64]:
    """[N] uint64: the 64 bits from each byte on, for data that is followed by 8 more bytes."""
    return np.ndarray((len(data) - 8,), ">u8", buffer=data, strides=(1,)).astype(np.uint64)


def read_symbols(window: npt.NDArray[np.uint64], bounds: Ints, machine: Machine) -> Symbols:
    """The symbols between every two of `bounds` (in bits), each range read from the machine's first state.

    Symbols after the last block, read from padding, may follow at the end of a range.

    Raises:
        PhotoError: The data does not synchronise within a fair amount of work.
    """
    total = int(bounds[-1])
    chunk = int(np.clip(total // _LANES, _CHUNK_BITS_MIN, _CHUNK_BITS))
    counts = np.maximum(1, (np.diff(bounds) + chunk // 2) // chunk)
    segment = np.repeat(np.arange(len(counts)), counts)
    within = np.arange(len(segment)) - np.repeat(np.cumsum(counts) - counts, counts)
    start = bounds[:-1][segment] + within * chunk
    limit = bounds[1:][segment]
    stop = np.minimum(np.append(start[1:], total), limit)
    first = np.full(len(start), machine.first, np.int64)

    run = _run(window, machine, start, first, stop)
    visited = np.zeros(total + 64, np.uint8)
    tags = machine.start_tag[run.state >> 5]
    marks = np.flatnonzero(tags != 255)
    visited[run.position[marks]] = tags[marks]
    budget = 2 * len(run.position) + 2_000_000
    tail = _run(window, machine, run.end, run.end_state, limit, visited=visited, budget=budget)
    true, entry_at = _true_lanes(start, tail.end, limit, segment)
    return _joined(run, tail, true, entry_at, segment)


@dataclass(frozen=True, slots=True, eq=False)
class _Run:
    """Symbols lane after lane; how many each lane read; where and in what state each stopped."""

    position: Positions
    state: npt.NDArray[np.uint16]
    entry: npt.NDArray[np.uint16]
    counts: Ints
    end: Ints
    end_state: Ints


def _run(
    window: npt.NDArray[np.uint64],
    machine: Machine,
    start: Ints,
    first: Ints,
    stop: Ints,
    *,
    visited: npt.NDArray[np.uint8] | None = None,
    budget: int = 0,
) -> _Run:
    """Every lane read from its start until it is at or after its stop or, with `visited`, at a visited block start."""
    lanes = np.flatnonzero(start < stop)
    counts = np.zeros(len(start), np.int64)
    end, end_state = start.copy(), first.copy()
    position, state = start[lanes], first[lanes]
    # Of a large photo there are tens of millions of symbols.
    place: type[np.integer[Any]] = np.uint32 if len(window) < 1 << 29 else np.int64
    batches: list[tuple[Ints, Ints, Positions, npt.NDArray[np.uint16], npt.NDArray[np.uint16]]] = []
    while len(lanes):
        rows, states, entries = _batch(window, machine, position, state)
        over = rows >= stop[lanes]
        if visited is not None:
            over |= visited.take(np.minimum(rows, len(visited) - 1)) == machine.start_tag.take(states >> 5)
            budget -= rows.size
            if budget < 0:
                raise broken("holds data that does not synchronise")
        done = over.any(axis=0)
        kept = np.where(done, over.argmax(axis=0), _STEPS)
        batches.append((lanes, kept, rows[:-1].astype(place), states[:-1].astype(np.uint16), entries))
        counts[lanes] += kept
        finished = np.flatnonzero(done)
        end[lanes[finished]] = rows[kept[finished], finished]
        end_state[lanes[finished]] = states[kept[finished], finished]
        going = np.flatnonzero(~done)
        lanes, position, state = lanes[going], rows[_STEPS, going], states[_STEPS, going]
    at = np.cumsum(counts) - counts
    size = int(counts.sum())
    positions, all_states, all_entries = np.empty(size, place), np.empty(size, np.uint16), np.empty(size, np.uint16)
    batches.reverse()
    while batches:
        lanes, kept, places, short_states, entries = batches.pop()
        use = np.arange(_STEPS)[:, None] < kept
        index = (at[lanes] + np.arange(_STEPS)[:, None])[use]
        positions[index] = places[use]
        all_states[index] = short_states[use]
        all_entries[index] = entries[use]
        at[lanes] += kept
    return _Run(positions, all_states, all_entries, counts, end, end_state)


def _batch(
    window: npt.NDArray[np.uint64], machine: Machine, position: Ints, state: Ints
) -> tuple[Ints, Ints, npt.NDArray[np.uint16]]:
    """[33, n] positions and states, [32, n] entries: 32 symbols of every lane."""
    count = len(position)
    rows, states = np.empty((_STEPS + 1, count), np.int64), np.empty((_STEPS + 1, count), np.int64)
    entries = np.empty((_STEPS, count), np.uint16)
    rows[0], states[0] = position, state
    byte, index, bits = np.empty(count, np.int64), np.empty(count, np.int64), np.empty(count, np.uint64)
    entry = np.empty(count, np.int64)
    table_at = machine.table_of.take(state >> 5)
    signed = bits.view(np.int64)
    for step in range(_STEPS):
        here, now = rows[step], states[step]
        np.right_shift(here, 3, out=byte)
        np.take(window, byte, out=bits, mode="clip")
        np.bitwise_and(here, 7, out=byte)
        np.left_shift(bits, byte.view(np.uint64), out=bits)
        np.right_shift(bits, np.uint64(48), out=bits)
        np.add(signed, table_at, out=index)
        np.take(machine.tables, index, out=entries[step], mode="clip")
        entry[:] = entries[step]
        np.right_shift(entry, 10, out=byte)
        np.add(here, byte, out=rows[step + 1])
        np.bitwise_and(entry, 31, out=index)
        np.add(index, now, out=index)
        np.take(machine.following, index, out=states[step + 1], mode="clip")
        np.take(machine.table_at, index, out=table_at, mode="clip")
    return rows, states, entries


def _true_lanes(start: Ints, end: Ints, limit: Ints, segment: Ints) -> tuple[npt.NDArray[np.bool_], Ints]:
    """Which lanes' symbols count, and from which bit on: those that a segment's first lane leads to."""
    true = np.zeros(len(start), np.bool_)
    entry_at = start.copy()
    joined = np.searchsorted(start, end, side="right") - 1
    ended = (end >= limit).tolist()
    leads, at = joined.tolist(), end.tolist()
    for first in np.flatnonzero(np.diff(segment, prepend=-1)).tolist():
        lane = first
        true[lane] = True
        while not ended[lane]:
            entry_at[leads[lane]] = at[lane]
            lane = leads[lane]
            true[lane] = True
    return true, entry_at


def _joined(run: _Run, tail: _Run, true: npt.NDArray[np.bool_], entry_at: Ints, segment: Ints) -> Symbols:
    kept_own = np.repeat(true, run.counts) & (run.position >= np.repeat(entry_at, run.counts))
    kept_tail = np.repeat(true, tail.counts)
    lane_of = np.repeat(np.arange(len(true)), run.counts)
    own_counts = np.bincount(lane_of[kept_own], minlength=len(true))
    tail_counts = np.where(true, tail.counts, 0)
    at = np.cumsum(own_counts + tail_counts) - own_counts - tail_counts
    into_own = _places(at, own_counts)
    into_tail = _places(at + own_counts, tail_counts)
    size = len(into_own) + len(into_tail)

    def merged(one: npt.NDArray[Any], two: npt.NDArray[Any]) -> npt.NDArray[Any]:
        out = np.empty(size, one.dtype)
        out[into_own], out[into_tail] = one[kept_own], two[kept_tail]
        return out

    return Symbols(
        merged(run.position, tail.position),
        merged(run.state, tail.state),
        merged(run.entry, tail.entry),
        at[np.flatnonzero(np.diff(segment, prepend=-1))],
    )


def _places(at: Ints, counts: Ints) -> Ints:
    """The indices at[i], at[i] + 1, ... of counts[i] items for each i."""
    return np.repeat(at - (np.cumsum(counts) - counts), counts) + np.arange(int(counts.sum()))
