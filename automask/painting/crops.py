"""Crops for the editor, and back into the photo. Pure functions over arrays.

`plan_crops` decides where to crop. `to_editor` and `cut_mask` scale a crop by one factor, so that its short side is the
editor's ideal size, and pad it to the editor's multiple; `to_photo` undoes exactly that, and `composite` blends the
result into the photo. At factor 1 nothing is resampled.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from automask.images.colour import BAND_PX, copy_where
from automask.masking.boxes import blobs, tight_box, union_of
from automask.types import Alpha, Box, Hard, Rgb

LONGEST = 8
"""A crop is never scaled up to a long side of more than this many ideal sizes: a strip of 5 x 3000 px, scaled to 512 px
in width, would be 300 000 px long. Its short side then stays below the editor's ideal size."""

CONTEXT_FRAC = 0.15
"""A crop extends by at least this share of the blob's longer side on every side, as context for the editor."""

_CALL_PX = 64 * 64
"""The cost of a crop in addition to its pixels, in pixels: two crops cost more than one of the same area."""


@dataclass(frozen=True, slots=True)
class Crop:
    """The place of a crop in the photo, and its size for the editor.

    Args:
        box: The part of the photo.
        work_wh: Width and height after scaling, before padding.
        padded_wh: Width and height that the editor is given: `work_wh` rounded up to the editor's multiple.
    """

    box: Box
    work_wh: tuple[int, int]
    padded_wh: tuple[int, int]

    @property
    def is_scaled(self) -> bool:
        return self.work_wh != (self.box.width, self.box.height)

    @property
    def scale(self) -> float:
        """Pixels of the editor for each pixel of the photo, along the shorter side."""
        return min(self.work_wh) / min(self.box.width, self.box.height)


def plan_crops(
    hard: Hard,
    *,
    ideal_px: int,
    multiple_px: int,
    context_frac: float = CONTEXT_FRAC,
    content: Box | None = None,
    max_area_px: int | None = None,
) -> tuple[tuple[Crop, Hard], ...]:
    """The crops that repaint a mask, the one with the largest blob first.

    Each blob has a crop of its own, except that blobs share one when it costs less than two and is no coarser: twenty
    cabinet doors in one view are one crop, two lamps at the ends of a hall are two.

    Args:
        hard: [H, W] bool: every pixel to repaint.
        ideal_px: The editor's ideal short side; 0 gives one crop, the whole photo.
        multiple_px: Sides of the padded crop are multiples of this.
        context_frac: Context around the blobs on every side, as a share of their longer side.
        content: What "the whole photo" is where bars or a frame surround it; None for all of it.
        max_area_px: The largest area of a padded crop; None without a limit. Without effect where `ideal_px` is 0.

    Returns:
        Pairs of a crop and the bool mask, at the size of the crop's box, of the pixels that it is responsible for;
        those masks are disjoint and their union is `hard`. Empty for an empty mask.
    """
    height, width = hard.shape
    if ideal_px == 0:
        whole = Box(0, 0, width, height)
        if content is not None:  # a mask that was given may reach over the frame
            whole = union_of([content, *filter(None, [tight_box(hard)])])
        if not hard.any():
            return ()
        return ((_sized_crop(whole, (whole.width, whole.height), multiple_px), hard[whole.slices]),)

    def crop_of(around: Box) -> Crop:
        crop = _crop_around(around, (height, width), ideal_px, multiple_px, context_frac)
        return crop if max_area_px is None else _within_area(crop, max_area_px, multiple_px)

    groups: list[_Group] = []
    for box, inside in blobs(hard):
        home = next((group for group in groups if _holds(group.crop.box, box)), None)
        if home is not None:
            place = groups.index(home)
            groups[place] = _Group(union_of((home.around, box)), home.crop, (*home.members, (box, inside)))
            continue
        new, place = _Group(box, crop_of(box), ((box, inside),)), len(groups)
        # A merged crop may in turn be worth merging with a third.
        while (better := _best_merger(new, groups, crop_of)) is not None:
            partner, new = better
            place = min(place, partner)
            del groups[partner]
        groups.insert(place, new)
    return tuple((group.crop, _own_mask(group)) for group in groups)


def cut(photo: Rgb, crop: Crop) -> Rgb:
    """The crop at the editor's size, from the whole photo: see `to_editor`."""
    return to_editor(photo[crop.box.slices], crop)


def to_editor(part: Rgb, crop: Crop) -> Rgb:
    """A crop's part of the photo as the editor sees it: scaled, then padded at the right and the bottom.

    The padding repeats the last pixels.

    Args:
        part: [box.height, box.width, 3] uint8.
        crop: Its place and size.

    Returns:
        [padded height, padded width, 3] uint8, a copy.
    """
    return _pad(_resize(np.ascontiguousarray(part), crop.work_wh), crop, cv2.BORDER_REPLICATE).copy()


def cut_mask(part: Hard, crop: Crop) -> Hard:
    """The mask at the editor's size: True wherever a masked pixel of the photo has any share.

    Args:
        part: [box.height, box.width] bool, as `plan_crops` gives it.
        crop: Its place and size.

    Returns:
        [padded height, padded width] bool; the padding is False.
    """
    if crop.is_scaled:
        # Any share counts: a pixel that is resized back into the mask must have been repainted as a whole. Linear when
        # enlarging: cubic overshoots, and would mask pixels far from the mask.
        shrinks = crop.work_wh[0] < crop.box.width
        shares = cv2.resize(
            part.astype(np.float32), crop.work_wh, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        )
        part = shares > 0
    padded: Hard = _pad(np.ascontiguousarray(part).view(np.uint8), crop, cv2.BORDER_CONSTANT) > 0
    return padded


def to_photo(painted: Rgb, crop: Crop) -> Rgb:
    """The editor's output at the crop's place and size in the photo.

    Args:
        painted: [padded height, padded width, 3] uint8.
        crop: The crop that it was made for.

    Returns:
        [box.height, box.width, 3] uint8.
    """
    width, height = crop.work_wh
    return _resize(np.ascontiguousarray(painted[:height, :width]), (crop.box.width, crop.box.height))


def composite(below: Rgb, painted: Rgb, alpha: Alpha) -> Rgb:
    """The picture with the painted one blended over it through alpha.

    Args:
        below: [H, W, 3] uint8.
        painted: [H, W, 3] uint8.
        alpha: [H, W] float32, multiples of 1/255.

    Returns:
        [H, W, 3] uint8, a new array: `below` exactly where alpha is 0, `painted` exactly where it is 1, and the nearest
        level in between.
    """
    result = below.copy()
    around = tight_box(alpha > 0)
    if around is None:
        return result
    rows = max(1, BAND_PX // around.width)
    for top in range(around.y0, around.y1, rows):
        band = slice(top, min(top + rows, around.y1)), slice(around.x0, around.x1)
        levels = np.rint(alpha[band] * 255.0).astype(np.uint8)
        copy_where(result[band], painted[band], levels == 255)
        soft = np.nonzero((levels > 0) & (levels < 255))
        # In integers: blends by n/255 are exact and rounded once, so a long chain does not darken.
        share = levels[soft].astype(np.int32)[:, None]
        low, high = below[band][soft].astype(np.int32), painted[band][soft].astype(np.int32)
        result[band][soft] = (low * (255 - share) + high * share + 127) // 255
    return result


@dataclass(frozen=True, slots=True, eq=False)
class _Group:
    """Blobs that are painted in one crop.

    Args:
        around: The box around them.
        crop: Their crop.
        members: Each blob's box and its pixels inside it.
    """

    around: Box
    crop: Crop
    members: tuple[tuple[Box, Hard], ...]

    @property
    def cost_px(self) -> int:
        return self.crop.padded_wh[0] * self.crop.padded_wh[1] + _CALL_PX


def _best_merger(new: _Group, groups: list[_Group], crop_of: Callable[[Box], Crop]) -> tuple[int, _Group] | None:
    """The index of the group whose merger with the new one saves most, and the merged group; None if none saves."""
    best: tuple[int, _Group] | None = None
    most = 0
    for index, group in enumerate(groups):
        around = union_of((new.around, group.around))
        both = _Group(around, crop_of(around), (*group.members, *new.members))
        saved = new.cost_px + group.cost_px - both.cost_px
        if saved > most and both.crop.scale >= min(new.crop.scale, group.crop.scale):
            best, most = (index, both), saved
    return best


def _own_mask(group: _Group) -> Hard:
    # At the box's size: a full-size mask for each of a hundred leaves of a 24-megapixel plant would be 2.4 GB.
    around = group.crop.box
    own = np.zeros((around.height, around.width), dtype=np.bool_)
    for box, inside in group.members:
        own[box.y0 - around.y0 : box.y1 - around.y0, box.x0 - around.x0 : box.x1 - around.x0] |= inside
    return own


def _holds(outer: Box, inner: Box) -> bool:
    return outer.x0 <= inner.x0 and outer.y0 <= inner.y0 and inner.x1 <= outer.x1 and inner.y1 <= outer.y1


def _crop_around(blob: Box, size_hw: tuple[int, int], ideal_px: int, multiple_px: int, context_frac: float) -> Crop:
    height, width = size_hw
    context = round(context_frac * max(blob.width, blob.height))
    # At scale 1 a side that is already a multiple needs no padding, so grow to one where the photo has room.
    x0, x1 = _widen(blob.x0, blob.x1, _up(max(blob.width + 2 * context, ideal_px), multiple_px), width)
    y0, y1 = _widen(blob.y0, blob.y1, _up(max(blob.height + 2 * context, ideal_px), multiple_px), height)
    box = Box(x0, y0, x1, y1)
    short = min(box.width, box.height)
    # A side between the ideal size and the next multiple counts as ideal: resampling it would only lose detail.
    factor = 1.0 if ideal_px <= short <= _up(ideal_px, multiple_px) else ideal_px / short
    if factor > 1.0:
        factor = max(1.0, min(factor, LONGEST * ideal_px / max(box.width, box.height)))
    work_wh = (max(round(box.width * factor), 1), max(round(box.height * factor), 1))
    return _sized_crop(box, work_wh, multiple_px)


def _sized_crop(box: Box, work_wh: tuple[int, int], multiple_px: int) -> Crop:
    return Crop(box, work_wh, (_up(work_wh[0], multiple_px), _up(work_wh[1], multiple_px)))


def _within_area(crop: Crop, max_area_px: int, multiple_px: int) -> Crop:
    """The crop, scaled down until its padded area is within the limit."""
    if crop.padded_wh[0] * crop.padded_wh[1] <= max_area_px:
        return crop
    width, height = crop.work_wh
    factor = min(1.0, (max_area_px / (width * height)) ** 0.5)
    # The padding may take it over the limit again: then the longer side gives way by one multiple after another.
    padded = [max(multiple_px, _up(int(side * factor), multiple_px)) for side in (width, height)]
    while padded[0] * padded[1] > max_area_px and max(padded) > multiple_px:
        padded[padded.index(max(padded))] -= multiple_px
    factor = min(padded[0] / width, padded[1] / height, factor)
    return _sized_crop(crop.box, (max(1, int(width * factor)), max(1, int(height * factor))), multiple_px)


def _up(length: int, multiple: int) -> int:
    return -(-length // multiple) * multiple


def _widen(start: int, stop: int, length: int, limit: int) -> tuple[int, int]:
    """An interval of `length` around start..stop, shifted to stay inside 0..limit; all of it where that is shorter."""
    if length >= limit:
        return 0, limit
    low = min(max((start + stop - length) // 2, 0), limit - length)
    return low, low + length


def _resize(picture: Rgb, size_wh: tuple[int, int]) -> Rgb:
    """Resampled relative to the picture's borders, so that resizing there and back shifts nothing."""
    have = (picture.shape[1], picture.shape[0])
    if have == size_wh:
        return picture
    resized: Rgb = cv2.resize(picture, size_wh, interpolation=_interpolation(have, size_wh))
    return resized


def _interpolation(have_wh: tuple[int, int], want_wh: tuple[int, int]) -> int:
    shrinks = want_wh[0] * want_wh[1] < have_wh[0] * have_wh[1]
    return int(cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)


def _pad(picture: npt.NDArray[np.uint8], crop: Crop, border: int) -> npt.NDArray[np.uint8]:
    right = crop.padded_wh[0] - crop.work_wh[0]
    bottom = crop.padded_wh[1] - crop.work_wh[1]
    if right == 0 and bottom == 0:
        return picture
    padded: npt.NDArray[np.uint8] = cv2.copyMakeBorder(picture, 0, bottom, 0, right, border, value=0)
    return padded
