"""Measures the defects of an edit from the photo before and after it. Pure functions over arrays.

Used to choose among several candidates of one edit. The words are not considered: the photo before the edit is the only
reference. Each detector gives one number with a unit, its *raw* measure; a score is `1 - 2 ** -(raw / half) ** 2`, so
that 0.5 is reached at `half`. The halves are set so that in every detector at most about one good edit in eight scores
above 0.5 (docs/research/defects.md says on which data and how).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields

import cv2
import numpy as np
import numpy.typing as npt

from automask.masking.boxes import grow, tight_box
from automask.types import Alpha, FloatImage, Hard, Rgb

WORK_PX = 768
"""A region with a longer long side is reduced to this one: the lengths below are pixels at that size."""

MARGIN_PX = 24
"""The surroundings that are measured, at that size; pixels farther from the region change no score."""

_REACH_PX = 16
"""Length, in px on either side, of the lines across the border."""

_RUN_PX = 8
"""The lines are averaged over runs of this many border pixels: a seam follows the border, texture and noise do not."""

_MAX_RUNS = 1200
"""Longer borders are sampled."""

_TILE_PX = 16
"""Side of the tiles in which the old texture is looked for."""

_MAX_SAMPLES_PX = 20_000
"""More pixels than this are sampled for the median change."""

_MIN_PX = 64
"""Fewer pixels than this have no measurable texture, range or sharpness."""

# The raw measures at which a score is 0.5.
_STEP_DE, _RIM_DE, _HALO_DE = 2.2, 3.0, 1.5
_CAST_DE = 10.0
_WASH_OCTAVES = 0.9
_LEAK_SHARE = 0.2
_BLUR_OCTAVES = 2.0
_UNCHANGED_DE = 1.5


@dataclass(frozen=True, slots=True)
class Defects:
    """The defects of an edit, each in 0..1: 0 is clean, 1 is certainly broken.

    Colour distances are CIE76, the Euclidean distance in L*a*b* (about 2 is just visible), written dE.

    Args:
        seam: The border of the mask shows. Three measures along the border, in dE, averaged over its length: a *step*
            from the painted to the untouched side where the photo had no edge; a *rim*, a repainted line that differs
            from both its sides more than the photo's own lines did; and a *halo*, a line of the old surface left just
            outside.
        tint: A cast or a washed-out look. A *cast* is the change of a* and b*, in dE, of the 2 % of the pixels that
            changed least: joints, shadows and other objects in the mask keep their colour in a good edit. *Wash* is how
            much of the photo's range of L* (1st to 99th percentile) is lost, in octaves: 1 is half of it.
        leak: The old texture shows through: the correlation of the fine differences of a* and b* before and after,
            0..1, as the median over tiles. Colour only, because light and shape are to stay, which are fine-grained
            too, but hardly coloured.
        empty: Nothing was painted. *Blur* is how much of the sharpness (99th percentile of the Laplacian of L*) is
            lost, in octaves; a surface that was smooth before has none to lose. *Unchanged* is the median change in dE:
            less than 1.5 counts as no change.
    """

    seam: float
    tint: float
    leak: float
    empty: float

    @property
    def total(self) -> float:
        """All combined, 0..1: `1 - (1 - seam)(1 - tint)(1 - leak)(1 - empty)`, so that one bad defect is enough."""
        return 1.0 - math.prod(1.0 - float(getattr(self, field.name)) for field in fields(self))


def rank(many: Sequence[Defects]) -> tuple[int, ...]:
    """The indices of the candidates, best (lowest `total`) first, equal ones in their order.

    Args:
        many: Defects of candidates for the same edit; scores of different edits are not comparable.

    Returns:
        Each index once; empty for none.
    """
    return tuple(sorted(range(len(many)), key=lambda index: many[index].total))


def measure(before: Rgb, after: Rgb, alpha: Alpha) -> Defects:
    """The defects of one repainted region.

    Args:
        before: [H, W, 3] uint8, the photo, or the part of it around the region with a margin of 24 px, or 1/32 of the
            mask's long side where that is more, cut at the photo's borders.
        after: [H, W, 3] uint8, the same part after the edit, composited: equal to `before` where alpha is 0.
        alpha: [H, W] float32 in 0..1, which it was composited through.

    Returns:
        The scores. All 0 for an empty mask; a measure that the mask is too small for is 0 too.
    """
    around = tight_box(alpha > 0)
    if around is None:
        return Defects(0.0, 0.0, 0.0, 0.0)
    scale = min(1.0, WORK_PX / max(around.width, around.height))
    inside = grow(around, math.ceil(MARGIN_PX / scale), (alpha.shape[0], alpha.shape[1])).slices
    was, now, share = (_shrink(part[inside], scale) for part in (before, after, alpha))
    lab_was, lab_now = _lab(was), _lab(now)
    core = share >= 0.99
    if not core.any():
        core = share >= 0.5 * float(share.max())
    return Defects(
        seam=_score(*_seam(lab_was, lab_now, share)),
        tint=_score(*_tint(lab_was, lab_now, core)),
        leak=_score(_leak(lab_was, lab_now, core) / _LEAK_SHARE),
        empty=_score(*_empty(lab_was, lab_now, core)),
    )


def _score(*parts: float) -> float:
    """The score, 0..1, of raw measures in units of their halves: 0.5 for a single one of 1; their squares add up."""
    return float(1.0 - 2.0 ** -sum(part * part for part in parts))


def _shrink(part: npt.NDArray[np.generic], scale: float) -> FloatImage:
    if scale < 1.0:
        size_wh = (max(1, round(part.shape[1] * scale)), max(1, round(part.shape[0] * scale)))
        part = cv2.resize(part, size_wh, interpolation=cv2.INTER_AREA)
    return part.astype(np.float32)  # only now: a 24-megapixel region as floats would be 288 MB


def _lab(rgb: FloatImage) -> FloatImage:
    """[H, W, 3] float32, L* in 0..100, a* and b*, of levels 0..255."""
    lab: FloatImage = cv2.cvtColor(rgb / np.float32(255.0), cv2.COLOR_RGB2LAB)
    return lab


# --------------------------------------------------------------------------------------------------------------- seam


def _seam(was: FloatImage, now: FloatImage, alpha: FloatImage) -> tuple[float, float, float]:
    """Step, rim and halo, each in units of its half; 0 where the mask has no border with both sides in the photo."""
    lines = _across(alpha)
    if lines is None:
        return 0.0, 0.0, 0.0
    share, old, new = (_sample_lines(plane, *lines) for plane in (alpha, was, now))
    # Places run from 0, inside, to `last`, outside; the soft band is between `full` and `none`.
    middle, last = _REACH_PX, 2 * _REACH_PX
    places = np.arange(last + 1)
    full = np.where((share >= 0.97) & (places <= middle), places, -1).max(1)
    none = np.where((share <= 0.03) & (places >= middle), places, 2 * last).min(1)
    usable = (full >= 10) & (none <= last - 8)
    share, old, new, full, none = share[usable], old[usable], new[usable], full[usable], none[usable]
    # Both sides as wide as they are sampled: a rail of 3 px, or a gap between two doors, has no sides to compare.
    usable = (_pick_spans(share, full, -3, 0).min(1) > 0.97) & (_pick_spans(share, none, 0, 2).max(1) < 0.03)
    share, old, new, full, none = share[usable], old[usable], new[usable], full[usable], none[usable]
    if len(share) == 0:
        return 0.0, 0.0, 0.0
    beyond = _pick_spans(old, none, 0, 1).mean(1)

    # From 2 px inside: a tight mask leaves the object's own edge there, and a new material makes it a strong one.
    edges = _pick_spans(_norm(old[:, 2:] - old[:, :-2]), full - 1, -2, 2 * _REACH_PX)
    reach = np.arange(-2, 2 * _REACH_PX + 1) <= (none - full + 1)[:, None]
    smooth = np.exp(-((np.where(reach, edges, 0).max(1) / 4) ** 2))
    old_in, new_in = _pick_spans(old, full, -1, 0).mean(1), _pick_spans(new, full, -1, 0).mean(1)
    step = smooth * _more(_norm(new_in - beyond), _norm(old_in - beyond))

    deep = _pick_spans(share, full, -10, -8).min(1) > 0.97
    rim = deep * _more(_ridge(new, full, none, beneath=old), _ridge(old, full, none))

    # A halo: the old object continues outside the mask, ends a few px farther out, and differs from what was painted.
    old_deep, new_deep = _pick_spans(old, full, -5, -3).mean(1), _pick_spans(new, full, -5, -3).mean(1)
    goes_on = np.exp(-((_norm(beyond - old_deep) / 4) ** 2))
    ends = np.clip((_norm(_pick_spans(old, none, 6, 8).mean(1) - beyond) - 2) / 4, 0, 1)
    halo = goes_on * ends * _more(_norm(beyond - new_deep), _norm(beyond - old_deep))
    return (
        float(step.mean()) / _STEP_DE,
        float(rim.sum()) / max(int(deep.sum()), 1) / _RIM_DE,
        float(halo.mean()) / _HALO_DE,
    )


def _across(alpha: FloatImage) -> tuple[FloatImage, FloatImage] | None:
    """Columns and rows of lines across the mask's border, both [N, 2 * reach + 1], N a multiple of the run's length.

    Lines that leave the picture are dropped: a region that the photo's border cuts off has no border there.
    """
    outlines, _ = cv2.findContours((alpha >= 0.5).astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    runs = [line[: len(line) // _RUN_PX * _RUN_PX, 0].reshape(-1, _RUN_PX, 2) for line in outlines]
    points = np.concatenate(runs) if runs else np.zeros((0, _RUN_PX, 2), np.int32)
    points = points[:: max(1, math.ceil(len(points) / _MAX_RUNS))].reshape(-1, 2)
    soft = cv2.GaussianBlur(alpha, (0, 0), 2.5)
    inwards = np.stack([cv2.Sobel(soft, cv2.CV_32F, 1, 0), cv2.Sobel(soft, cv2.CV_32F, 0, 1)], -1)
    normal = inwards[points[:, 1], points[:, 0]]
    normal /= np.maximum(_norm(normal), 1e-6)[:, None]
    away = np.arange(-_REACH_PX, _REACH_PX + 1, dtype=np.float32)
    places = points[:, None].astype(np.float32) - normal[:, None] * away[None, :, None]
    limit = np.array([alpha.shape[1] - 1, alpha.shape[0] - 1], np.float32)
    fits = ((places >= 0) & (places <= limit)).all((1, 2)).reshape(-1, _RUN_PX).all(1)
    columns, rows = (places[np.repeat(fits, _RUN_PX), :, axis].astype(np.float32) for axis in (0, 1))
    return (columns, rows) if len(columns) else None


def _sample_lines(plane: FloatImage, columns: FloatImage, rows: FloatImage) -> FloatImage:
    """[N / run, 2 * reach + 1, ...]: the plane sampled along the lines, averaged over each run."""
    values = cv2.remap(plane, columns, rows, cv2.INTER_LINEAR)
    averaged: FloatImage = values.reshape(-1, _RUN_PX, *values.shape[1:]).mean(1)
    return averaged


def _pick_spans(lines: FloatImage, start: npt.NDArray[np.intp], first: int, last: int) -> FloatImage:
    """[N, last - first + 1, ...]: each line from `start + first` to `start + last`, its end values repeated."""
    places = np.clip(start[:, None] + np.arange(first, last + 1), 0, lines.shape[1] - 1)
    picked: FloatImage = lines[np.arange(len(lines))[:, None], places]
    return picked


def _ridge(
    lines: FloatImage, full: npt.NDArray[np.intp], none: npt.NDArray[np.intp], beneath: FloatImage | None = None
) -> FloatImage:
    """[N] dE: the most that any place near the border differs from both sides in the same direction.

    With `beneath`, the lines before the edit, only repainted places count: fully from a change of 6 dE.
    """
    inner, outer = _pick_spans(lines, full, -10, -8).mean(1)[:, None], _pick_spans(lines, none, 1, 3).mean(1)[:, None]
    near = _pick_spans(lines, full, -6, 7)
    from_in, from_out = near - inner, near - outer
    height = _norm(np.where(from_in * from_out > 0, np.minimum(np.abs(from_in), np.abs(from_out)), 0))
    ends = none if beneath is None else none - 1
    height = np.where(full[:, None] + np.arange(-6, 8) <= ends[:, None], height, 0)
    if beneath is not None:
        height = height * np.clip(_norm(near - _pick_spans(beneath, full, -6, 7)) / 6, 0, 1)
    highest: FloatImage = height.max(1)
    return highest


def _more(now: FloatImage, was: FloatImage) -> FloatImage:
    """The increase in dE, at most 15, so that a short bad stretch does not count as a long one."""
    return np.asarray(np.clip(now - was, 0, 15), np.float32)


def _norm(vectors: FloatImage) -> FloatImage:
    return np.asarray(np.sqrt(np.einsum("...i,...i->...", vectors, vectors)), np.float32)


# ------------------------------------------------------------------------------------------------- tint, leak and empty


def _tint(was: FloatImage, now: FloatImage, core: Hard) -> tuple[float, float]:
    """Cast and wash, each in units of its half."""
    # Means of 3 x 3 px, every other one: they average noise out, and a quarter of the pixels is enough.
    old, new = (cv2.blur(plane, (3, 3))[::2, ::2][core[::2, ::2]] for plane in (was, now))
    if len(old) < _MIN_PX:
        return 0.0, 0.0
    moved = _norm(new - old)
    least = np.argpartition(moved, max(8, len(moved) // 50))[: max(8, len(moved) // 50)]
    cast = float(np.median(_norm((new - old)[least, 1:])))
    old_low, old_high = np.percentile(old[:, 0], (1, 99))
    new_low, new_high = np.percentile(new[:, 0], (1, 99))
    # + 2: a range of a few levels is noise, and losing it is no defect.
    wash = math.log2((float(old_high - old_low) + 2) / (float(new_high - new_low) + 2))
    return cast / _CAST_DE, max(wash, 0.0) / _WASH_OCTAVES


def _leak(was: FloatImage, now: FloatImage, core: Hard) -> float:
    """Correlation of the fine a* and b* before and after, 0..1, as the median over tiles."""
    # A mask is dilated: near its border, around the object, the old texture is to stay.
    for border_px in (8, 4, 1):
        deep = _deeper(core, border_px).astype(np.float32)
        if np.count_nonzero(deep) >= 4 * _TILE_PX**2:
            break
    height, width = (side // _TILE_PX for side in core.shape)
    if np.count_nonzero(deep) < _MIN_PX or height * width == 0:
        return 0.0
    old, new = (_fine_colour(plane) for plane in (was, now))

    def tiled(plane: FloatImage) -> FloatImage:
        size_wh = (width, height)
        whole = np.ascontiguousarray(plane[: height * _TILE_PX, : width * _TILE_PX])
        tiles: FloatImage = cv2.resize(whole, size_wh, interpolation=cv2.INTER_AREA)
        return tiles

    filled = tiled(deep)
    both, first, second = (
        tiled((one[0] * other[0] + one[1] * other[1]) * deep) for one, other in ((old, new), (old, old), (new, new))
    )
    used = filled >= min(0.6, float(filled.max()))
    both, first, second = both[used] / filled[used], first[used] / filled[used], second[used] / filled[used]
    # + 0.05 dE squared, about a photo's noise, which correlates with nothing and must not be amplified.
    share = both / np.sqrt((first + 0.05) * (second + 0.05))
    return float(np.clip(np.median(share), 0.0, 1.0))


def _fine_colour(lab: FloatImage) -> tuple[FloatImage, FloatImage]:
    """a* and b*, [H, W] each, minus their local means (sigma 1.5 px)."""
    red, yellow = (np.ascontiguousarray(lab[..., channel]) for channel in (1, 2))
    return red - cv2.GaussianBlur(red, (0, 0), 1.5), yellow - cv2.GaussianBlur(yellow, (0, 0), 1.5)


def _empty(was: FloatImage, now: FloatImage, core: Hard) -> tuple[float, float]:
    """Blur and lack of change, each in units of its half."""
    rows, columns = (places[:: max(1, len(places) // _MAX_SAMPLES_PX)] for places in np.nonzero(core))
    change = float(np.median(_norm(now[rows, columns] - was[rows, columns])))
    still = _UNCHANGED_DE / max(change, 0.1)
    inside = next((deep for px in (4, 1) if np.count_nonzero(deep := _deeper(core, px)) >= _MIN_PX), None)
    if inside is None:
        return 0.0, still
    old, new = (
        float(np.percentile(np.abs(cv2.Laplacian(np.ascontiguousarray(plane[..., 0]), cv2.CV_32F)[inside]), 99))
        for plane in (was, now)
    )
    # + 0.5: the sharpness of a smooth wall is only noise.
    return max(math.log2((old + 0.5) / (new + 0.5)), 0.0) / _BLUR_OCTAVES, still


def _deeper(core: Hard, by_px: float) -> Hard:
    """The pixels farther than `by_px` from any pixel outside the core; the picture's own border does not count."""
    framed = np.pad(core, 1, constant_values=True).astype(np.uint8)
    deep: Hard = cv2.distanceTransform(framed, cv2.DIST_L2, 3)[1:-1, 1:-1] > by_px
    return deep
