"""Chooses coefficients for repainted blocks; all others keep those that they have.

A block without a changed pixel keeps its very coefficients. A block of changed pixels alone gets those of plain
encoding. In a shared block the coefficients are chosen so that its outside pixels move least: the sum of squared
differences, after the decoder's upsampling, from the old picture outside and from the painted one inside, where a
difference outside weighs more. That is a search for the closest point of a lattice (coefficients are whole numbers of
quantisation steps): the steps are settled one after another, each making up for the rounding of those before, and the
best few sequences are kept.

Source: Babai, "On Lovász' lattice reduction and the nearest lattice point problem", Combinatorica 6, 1986; several
sequences at a time as in K-best sphere decoding, Guo and Nilsson, IEEE JSAC 24, 2006. Upsampling as in libjpeg
(jdsample.c).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from automask.images.jpeg.decode import Coefficients
from automask.images.jpeg.segments import JpegFile, broken
from automask.images.jpeg.transform import BASIS, Floats, component_values, is_ycc, samples_of, times_matrix
from automask.images.threads import in_threads

_GROWTHS = (1.25, 1.38)
"""How much farther from what was painted shared blocks may be than after plain encoding, as a mean over components.

The weight of a difference outside is chosen for this, photo by photo: for the first if the outside is then good, up to
the second if much of it is seen to differ. The mean of differences in R, G and B grows by as much as 1.3
(`scripts/bench.py jpeg`). Much above, the border of a mask shows as a staircase of blocks.
"""
# Shares of the outside pixels that are off by more than two levels, counted for each component: below the first the
# outside is good, from the second on it is not.
_SEEN_SHARES = (0.006, 0.012)
_SEEN_LEVELS = (2.0, 1.2, 1.2)  # of Y, Cb, Cr: more is off by more than two levels in R, G or B
_STEADY = 3.0  # weight of samples near their targets: without it, subsampled colour rings along the border of a mask
_TRIAL_WEIGHTS = (2.0, 12.0, 80.0)
_TRIAL_BLOCKS = 100
_ROUNDING = 0.15
_IN_RGB = (1.0, 1.04, 0.91)  # root of the mean square of what one level of Y, Cb, Cr changes in R, G, B (ITU-T T.871)
_PIECE_BLOCKS = 256
_STRIP_PX = 1 << 18
_SEQUENCES = 4
_LARGEST = 1023  # of a coefficient, ITU-T T.81, table F.2
_LOWER = np.tril_indices(64)

Bools = npt.NDArray[np.bool_]
Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """Coefficients of a repainted photo.

    Args:
        coefficients: All of them.
        untouched_blocks: Blocks without a changed pixel, whose coefficients are the old ones.
        shared_blocks: Blocks with changed and with unchanged pixels.
        reached: [H, W] bool: pixels that a block with new coefficients has a part in.
    """

    coefficients: Coefficients
    untouched_blocks: int
    shared_blocks: int
    reached: Bools


def fit(file: JpegFile, coefficients: Coefficients, samples: npt.NDArray[np.uint8], changed: Bools) -> Fitted:
    """The coefficients of a photo of which some pixels have changed.

    Args:
        file: The photo's file.
        coefficients: Its coefficients, which become the new ones: a copy would take as much memory as the photo.
        samples: [H, W] or [H, W, C] uint8: the new picture as `Photo.samples` has it, but turned as the file stores it.
        changed: [H, W] bool: where it differs from the old one.

    Raises:
        PhotoError: The file samples its components in a way that is not fitted.
    """
    pixels = samples[..., None] if samples.ndim == 2 else samples
    reached = np.zeros(changed.shape, np.bool_)
    shared = []
    for index in range(len(file.frame.components)):
        plane = _plane(file, coefficients, index, changed)
        shared.append(_encoded(plane, pixels, changed))
        reached |= _reach(plane, changed.shape)
    outside_px = changed.size - int(np.count_nonzero(changed))
    weight = _weight(in_threads(lambda one: _trial(one, pixels, changed), shared), outside_px)
    for one in shared:
        _settle(one, pixels, changed, weight)
        one.plane.blocks[one.rows, one.columns] = one.levels
    untouched = sum(one.plane.used - int(np.count_nonzero(one.plane.touched)) for one in shared)
    return Fitted(coefficients, untouched, sum(len(one.rows) for one in shared), reached)


@dataclass(frozen=True, slots=True, eq=False)
class _Plane:
    """A component and what changes in it.

    Args:
        index, ycc: As in `component_values`.
        across, down: Pixels that one sample stands for.
        smooth_across, smooth_down: The decoder interpolates between samples.
        steps: [64] quantisation steps.
        blocks: [rows, columns, 64] its coefficients: the old ones, until new ones are chosen.
        size_hw: Its samples.
        used: Number of its blocks that hold samples of the photo.
        touched, shared: [rows, columns] bool: blocks with changed pixels; those of them with unchanged ones too.
    """

    index: int
    ycc: bool
    across: int
    down: int
    smooth_across: bool
    smooth_down: bool
    steps: npt.NDArray[np.int32]
    blocks: npt.NDArray[np.int16]
    size_hw: tuple[int, int]
    used: int
    touched: Bools
    shared: Bools

    @property
    def subsampled(self) -> bool:
        return self.across * self.down > 1


def _plane(file: JpegFile, coefficients: Coefficients, index: int, changed: Bools) -> _Plane:
    frame, component = file.frame, file.frame.components[index]
    across, loose_x = divmod(frame.most_across, component.across)
    down, loose_y = divmod(frame.most_down, component.down)
    if loose_x or loose_y:
        raise broken("samples its components at sizes that are not multiples of each other")
    rows, columns = coefficients.grids_hw[index]
    height, width = changed.shape

    def any_of(pixels: Bools) -> Bools:
        padded = np.zeros((rows * 8 * down, columns * 8 * across), np.bool_)
        padded[:height, :width] = pixels
        # The long axis first: NumPy takes about ten times longer to reduce a short one.
        lines = np.asarray(padded.reshape(rows, 8 * down, columns * 8 * across).any(axis=1), np.bool_)
        return np.asarray(lines.reshape(rows, columns, 8 * across).any(axis=2), np.bool_)

    touched = any_of(changed)
    size_hw = frame.samples_hw(index)
    # jdsample.c: triangle interpolation of pairs, not of fours, and not where there are hardly any columns.
    pair = {(2, 1), (1, 2), (2, 2)}
    smooth = (across, down) in pair and (across == 1 or size_hw[1] > 2)
    return _Plane(
        index,
        is_ycc(file),
        across,
        down,
        smooth and across == 2,
        smooth and down == 2,
        file.quantisation[index],
        coefficients.blocks(index),
        size_hw,
        -(-size_hw[0] // 8) * -(-size_hw[1] // 8),
        touched,
        touched & any_of(~changed),
    )


def _window(
    picture: npt.NDArray[np.generic], top: npt.NDArray[np.intp], left: npt.NDArray[np.intp], size_hw: tuple[int, int]
) -> tuple[npt.NDArray[np.generic], Bools]:
    """[N, h, w, ...] pieces of a picture, its border repeated beyond it; and [N, h, w] which of them are inside."""
    height, width = picture.shape[:2]
    y, x = top[:, None] + np.arange(size_hw[0]), left[:, None] + np.arange(size_hw[1])
    inside = ((y >= 0) & (y < height))[:, :, None] & ((x >= 0) & (x < width))[:, None, :]
    return picture[np.clip(y, 0, height - 1)[:, :, None], np.clip(x, 0, width - 1)[:, None, :]], inside


def _pieces(count: int) -> Iterator[slice]:
    for at in range(0, count, _PIECE_BLOCKS):
        yield slice(at, at + _PIECE_BLOCKS)


@dataclass(frozen=True, slots=True, eq=False)
class _Shared:
    """The shared blocks of a component.

    Args:
        plane: The component.
        rows, columns: [N] where each block is.
        targets: [N, 64] float32: the samples that it should have, were coefficients no whole numbers.
        levels: [N, 64] int16: the coefficients of plain encoding, until others are chosen.
        samples: Of a subsampled component: [h, w] uint8 its samples as they were, and as they should become, near the
            shared blocks; otherwise None.
    """

    plane: _Plane
    rows: npt.NDArray[np.intp]
    columns: npt.NDArray[np.intp]
    targets: Floats
    levels: npt.NDArray[np.int16]
    samples: tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]] | None


def _encoded(plane: _Plane, pixels: npt.NDArray[np.uint8], changed: Bools) -> _Shared:
    """The shared blocks of a component, whose other changed blocks get the coefficients of plain encoding."""
    rows, columns = np.nonzero(plane.shared)
    targets, levels = np.empty((len(rows), 64), np.float32), np.empty((len(rows), 64), np.int16)
    before = _old_samples(plane) if plane.subsampled and len(rows) else None
    after = None if before is None else before.copy()
    begins = np.searchsorted(rows, np.arange(plane.shared.shape[0] + 1))
    high = max(1, _STRIP_PX // max(1, changed.shape[1] * 8 * plane.down))

    def encode(top: int) -> None:
        bottom = min(top + high, plane.touched.shape[0])
        row, column = np.nonzero(plane.touched[top:bottom])
        if not len(row):
            return
        wanted = _row_targets(plane, pixels, changed, top, bottom)[row, column]
        coded = _in_range(np.rint(times_matrix(wanted - 128, BASIS.T) / plane.steps))
        if after is not None:
            after[top:bottom][row, column] = _levels_of(wanted)
        both = plane.shared[top:bottom][row, column]
        plane.blocks[top:bottom][row[~both], column[~both]] = coded[~both]
        part = slice(begins[top], begins[bottom])
        targets[part], levels[part] = wanted[both], coded[both]

    in_threads(encode, range(0, plane.touched.shape[0], high))
    samples = None if before is None or after is None else (_joined(plane, before), _joined(plane, after))
    return _Shared(plane, rows, columns, targets, levels, samples)


def _in_range(levels: Floats | Doubles) -> npt.NDArray[np.int16]:
    return np.clip(levels, -_LARGEST, _LARGEST).astype(np.int16)


def _row_targets(plane: _Plane, pixels: npt.NDArray[np.uint8], changed: Bools, first: int, end: int) -> Floats:
    """[end - first, columns, 64] float32: the samples that the blocks of some rows should have."""
    high, wide = 8 * plane.down, 8 * plane.across
    count = plane.touched.shape[1]
    top, bottom = first * high, min(end * high, changed.shape[0])
    beyond = ((0, end * high - bottom), (0, count * wide - changed.shape[1]))
    value = np.pad(component_values(pixels[top:bottom], plane.index, ycc=plane.ycc), beyond, mode="edge")

    def mean(values: npt.NDArray[Any]) -> Floats:
        """[rows, columns, 64] of [rows * high, columns * wide] pixels."""
        total: Floats = np.zeros(((end - first) * 8, count * 8), np.float32)
        for y in range(plane.down):
            for x in range(plane.across):
                total += values[y :: plane.down, x :: plane.across]
        blocks = (total / np.float32(plane.down * plane.across)).reshape(end - first, 8, count, 8)
        return blocks.transpose(0, 2, 1, 3).reshape(end - first, count, 64)

    targets = mean(value)
    both = np.nonzero(plane.shared[first:end])
    if len(both[0]):
        # A sample that stands for changed and for unchanged pixels is between the two.
        painted = np.pad(changed[top:bottom], beyond)
        kept = mean(np.pad(~changed[top:bottom], beyond))[both]
        new = mean(painted)[both]
        old = samples_of(plane.blocks[first:end][both], plane.steps)
        mixed = (kept * old + mean(value * painted)[both]) / np.maximum(kept + new, 1e-6)
        targets[both] = np.where(kept + new > 0, mixed, targets[both])
    return targets


@dataclass(frozen=True, slots=True, eq=False)
class _Problem:
    """What a piece of the shared blocks should look like.

    Args:
        steps: Of its component.
        painted, kept: [N, pixels] bool: changed pixels, unchanged ones; the rest are beyond the photo's border.
        wanted: [N, pixels] what the coefficients should add up to.
        samples: [N, 64] what the block's samples should be, less 128.
    """

    steps: "_Steps"
    painted: Bools
    kept: Bools
    wanted: Doubles
    samples: Doubles


@dataclass(frozen=True, slots=True, eq=False)
class _Steps:
    """What one step of each coefficient does, the same for all blocks of a component.

    Args:
        own: [pixels, 64] what each pixel that a block has a part in takes of each of its samples.
        around: [pixels, 36] and of the samples around it.
        ring_y, ring_x: By how many pixels they reach beyond the block.
        samples: [64, 64] what one step of each coefficient adds to each sample.
        products: [pixels, 2080] what each pixel takes of two steps, multiplied, for each pair of `_LOWER`.
    """

    own: Doubles
    around: Doubles
    ring_y: int
    ring_x: int
    samples: Doubles
    products: Doubles


def _steps(plane: _Plane) -> _Steps:
    own, around, ring_y, ring_x = _upsampling(plane)
    samples = BASIS.astype(np.float64) * plane.steps[:, None]
    taken = own @ samples.T
    return _Steps(own, around, ring_y, ring_x, samples, taken[:, _LOWER[0]] * taken[:, _LOWER[1]])


def _settle(shared: _Shared, pixels: npt.NDArray[np.uint8], changed: Bools, weight: float) -> None:
    """Chooses the coefficients of a component's shared blocks."""
    if not len(shared.rows):
        return
    steps = _steps(shared.plane)

    def settle(piece: slice) -> None:
        problem = _problem(shared, steps, pixels, changed, piece)
        shared.levels[piece] = _in_range(_solved(problem, (weight,))[0])

    in_threads(settle, _pieces(len(shared.rows)))


def _problem(shared: _Shared, steps: _Steps, pixels: npt.NDArray[np.uint8], changed: Bools, part: slice) -> _Problem:
    """What these of the shared blocks should look like."""
    plane = shared.plane
    high, wide = 8 * plane.down, 8 * plane.across
    row, column = shared.rows[part], shared.columns[part]
    corner = row * high - steps.ring_y, column * wide - steps.ring_x
    size_hw = (high + 2 * steps.ring_y, wide + 2 * steps.ring_x)
    window, inside = _window(pixels, *corner, size_hw)
    value = component_values(window.astype(np.uint8, copy=False), plane.index, ycc=plane.ycc)
    here, _ = _window(changed, *corner, size_hw)
    count = len(row)
    inside, painted = inside.reshape(count, -1), (here.astype(np.bool_) & inside).reshape(count, -1)
    if shared.samples is None:
        old = samples_of(plane.blocks[row, column], plane.steps).astype(np.float64)
        neighbours: Doubles = np.zeros(old.shape)
    else:
        patches = [_window(samples, row * 8 - 1, column * 8 - 1, (10, 10))[0] for samples in shared.samples]
        before, after = (patch.reshape(count, 100).astype(np.float64) for patch in patches)
        neighbours = after[:, ~_OWN] @ steps.around.T
        old = before[:, _OWN] @ steps.own.T + before[:, ~_OWN] @ steps.around.T
    wanted = np.where(painted, value.reshape(count, -1), old) - neighbours - 128 * steps.own.sum(axis=1)
    samples = shared.targets[part].astype(np.float64) - 128
    return _Problem(steps, painted, inside & ~painted, wanted, samples)


def _solved(problem: _Problem, weights: Sequence[float]) -> Doubles:
    """[weights, N, 64] the coefficients for each weight of a difference outside, where one inside weighs 1."""
    lattices = [_lattice(problem, weight) for weight in weights]
    # In one search: its 64 steps cost more than the blocks where these are few.
    chosen = _closest(*(np.concatenate(parts) for parts in zip(*lattices, strict=True)))
    return chosen.reshape(len(weights), -1, 64)


def _lattice(problem: _Problem, weight: float) -> tuple[Doubles, Doubles, Doubles]:
    """What `_closest` takes."""
    # Beyond the border anything goes, but the search needs some weight everywhere.
    weights = np.where(problem.painted, 1.0, np.where(problem.kept, weight, 1e-3))
    steps = problem.steps
    pull = ((weights * problem.wanted) @ steps.own + _STEADY * problem.samples) @ steps.samples.T
    # own' diag(weights) own is a sum over pixels, and so it is in terms of coefficients: one product for all blocks,
    # a tenth of the work of two for each.
    gram = weights @ steps.products + _STEADY * (steps.samples @ steps.samples.T)[_LOWER]
    energy = (weights * problem.wanted**2).sum(axis=1) + _STEADY * (problem.samples**2).sum(axis=1)
    return gram, pull, energy


@dataclass(frozen=True, slots=True)
class _Trial:
    """Differences from what was painted, summed over a component's shared blocks, in terms of R, G and B.

    Args:
        plain: After plain encoding.
        fitted: With each of the trial weights.
        seen: Pixels outside that are off by more than two levels, with each of the trial weights.
    """

    plain: float
    fitted: tuple[float, ...]
    seen: tuple[float, ...]


def _trial(shared: _Shared, pixels: npt.NDArray[np.uint8], changed: Bools) -> _Trial:
    """What the trial weights do to some of a component's shared blocks, scaled up to all."""
    plane = shared.plane
    chosen = slice(None, None, max(1, len(shared.rows) // _TRIAL_BLOCKS))
    totals = np.zeros(len(_TRIAL_WEIGHTS) + 1)
    seen = np.zeros(len(_TRIAL_WEIGHTS) + 1)
    if len(shared.rows):
        steps = _steps(plane)
        problem = _problem(shared, steps, pixels, changed, chosen)
        tried = [shared.levels[chosen].astype(np.float64), *_solved(problem, _TRIAL_WEIGHTS)]
        off = [levels @ steps.samples @ steps.own.T - problem.wanted for levels in tried]
        # A little for the decoder, which rounds every component to whole levels.
        totals += [float(((np.abs(one) + _ROUNDING) * problem.painted).sum()) for one in off]
        in_colours = plane.ycc and plane.index < 3
        scale = len(shared.rows) / len(tried[0])
        totals *= scale * (_IN_RGB[plane.index] if in_colours else 1)
        limit = _SEEN_LEVELS[plane.index] if in_colours else _SEEN_LEVELS[0]
        seen += [scale * np.count_nonzero((np.abs(one) > limit) & problem.kept) for one in off]
    return _Trial(float(totals[0]), tuple(totals[1:].tolist()), tuple(seen[1:].tolist()))


def _weight(trials: Sequence[_Trial], outside_px: int) -> float:
    """The weight of a difference outside with which shared blocks lose as much as `_GROWTHS` says; between trials it
    is interpolated.
    """
    plain = sum(trial.plain for trial in trials)
    if plain <= 0:
        return _TRIAL_WEIGHTS[-1]
    added = [sum(trial.fitted[at] - trial.plain for trial in trials) / plain for at in range(len(_TRIAL_WEIGHTS))]
    growth = 1 + np.maximum.accumulate(np.maximum(0, added))
    weights = np.log(_TRIAL_WEIGHTS)
    seen = [sum(trial.seen[at] for trial in trials) / max(1, outside_px) for at in range(len(weights))]
    share = np.interp(np.interp(_GROWTHS[0], growth, weights), weights, seen)
    return float(np.exp(np.interp(np.interp(share, _SEEN_SHARES, _GROWTHS), growth, weights)))


_OWN = np.pad(np.ones((8, 8), np.bool_), 1).ravel()
"""[100] bool: the samples of a block in the 10x10 around it."""


def _upsampling(plane: _Plane) -> tuple[Doubles, Doubles, int, int]:
    """What each pixel that a block has a part in takes of its samples, and of the samples around it; the ring's width.

    Returns:
        [pixels, 64] and [pixels, 36], and by how many pixels they reach beyond the block: down and across.
    """
    down, ring_y = _upsampling_along(plane.down, smooth=plane.smooth_down)
    across, ring_x = _upsampling_along(plane.across, smooth=plane.smooth_across)
    both: Doubles = np.kron(down, across).astype(np.float64)
    return both[:, _OWN], both[:, ~_OWN], ring_y, ring_x


def _upsampling_along(factor: int, *, smooth: bool) -> tuple[Doubles, int]:
    """[pixels, 10] the same along one side, for a block's eight samples and one more at each end."""
    if not smooth:
        return np.repeat(np.eye(10)[1:9], factor, axis=0), 0
    pixel = np.arange(-1, 17)
    near, far = pixel // 2, pixel // 2 + np.where(pixel % 2, 1, -1)
    matrix = 0.75 * np.eye(12)[near + 2] + 0.25 * np.eye(12)[far + 2]
    return matrix[:, 1:11], 1


def _old_samples(plane: _Plane) -> npt.NDArray[np.uint8]:
    """[rows, columns, 8, 8] uint8: the samples of a component's blocks; without shared blocks nearby, 0."""
    blocks = np.zeros((*plane.blocks.shape[:2], 8, 8), np.uint8)
    own = np.asarray(plane.shared.any(axis=1), np.bool_)
    around = own.copy()
    around[1:] |= own[:-1]
    around[:-1] |= own[1:]
    for row in np.flatnonzero(around).tolist():
        blocks[row] = _levels_of(samples_of(plane.blocks[row], plane.steps))
    return blocks


def _joined(plane: _Plane, blocks: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """[h, w] the samples of a component's blocks, without those beyond its border."""
    high, wide = blocks.shape[:2]
    height, width = plane.size_hw
    return blocks.transpose(0, 2, 1, 3).reshape(high * 8, wide * 8)[:height, :width]


def _levels_of(samples: Floats) -> npt.NDArray[np.uint8]:
    return np.clip(np.rint(samples), 0, 255).astype(np.uint8).reshape(-1, 8, 8)


def _reach(plane: _Plane, shape: tuple[int, int]) -> Bools:
    """[H, W] bool: the pixels that touched blocks have a part in."""
    rows, columns = plane.touched.shape
    size_wh = columns * 8 * plane.across, rows * 8 * plane.down
    spread = cv2.resize(plane.touched.view(np.uint8), size_wh, interpolation=cv2.INTER_NEAREST)
    spread = np.ascontiguousarray(spread[: shape[0], : shape[1]])
    if plane.smooth_down or plane.smooth_across:
        spread = cv2.dilate(spread, np.ones((3 if plane.smooth_down else 1, 3 if plane.smooth_across else 1), np.uint8))
    reached: Bools = spread.view(np.bool_)
    return reached


def _closest(gram: Doubles, pull: Doubles, energy: Doubles) -> Doubles:
    """[N, 64] whole numbers z for which z' gram z - 2 pull' z is small.

    Args:
        gram: [N, 2080] the lower triangles of positive definite matrices, as `_LOWER` counts them.
        pull: [N, 64].
        energy: [N] at least pull' gram^-1 pull.
    """
    count = len(gram)
    # The last row of the factor of [[gram, pull], [pull', large]] is the factor's inverse times pull.
    joined = np.zeros((count, 65, 65))  # only its lower half is read
    joined[:, _LOWER[0], _LOWER[1]], joined[:, 64, :64], joined[:, 64, 64] = gram, pull, 2 * energy + 1
    factor = np.linalg.cholesky(joined).astype(np.float32).transpose(1, 2, 0).copy()
    still = factor[64, :64][:, None]  # [64, sequences, N]: what the coefficients not yet chosen have to make up for
    error = np.zeros((1, count), np.float32)
    blocks = np.arange(count)
    values: list[Floats] = []
    origins: list[npt.NDArray[np.intp]] = []
    for at in range(63, -1, -1):
        scale = factor[at, at]
        wanted = still[at] / scale
        nearest = np.rint(wanted)
        off = wanted - nearest
        value = np.concatenate([nearest, nearest + np.where(off < 0, np.float32(-1), np.float32(1))])
        error = np.concatenate([error + (scale * off) ** 2, error + (scale * (1 - np.abs(off))) ** 2])
        rows = np.broadcast_to(np.arange(len(error))[:, None], error.shape)
        if len(error) > _SEQUENCES:
            rows = np.argpartition(error, _SEQUENCES - 1, axis=0)[:_SEQUENCES]
            flat = rows * count + blocks
            value, error = value.take(flat), error.take(flat)
        origin = rows % still.shape[1]
        flat = (origin * count + blocks).ravel()
        still = still[:at].reshape(at, still.shape[1] * count).take(flat, axis=1).reshape(at, len(value), count)
        still -= factor[at, :at][:, None] * value
        values.append(value)
        origins.append(origin)
    chosen = np.empty((count, 64))
    sequence = error.argmin(axis=0)
    for at, (value, origin) in enumerate(zip(reversed(values), reversed(origins), strict=True)):
        chosen[:, at] = value[sequence, blocks]
        sequence = origin[sequence, blocks]
    return chosen
