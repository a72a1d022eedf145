"""Crops for the editor, and the way back. Pure functions over arrays.

A crop is cut from the photo, scaled by one factor so that its short side is what the editor likes, and padded to the
editor's multiple. The way back undoes exactly that. At factor 1 nothing is resampled at all.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from automask.boxes import blobs, tight_box
from automask.types import Alpha, Box, Hard, Rgb


@dataclass(frozen=True, slots=True)
class Crop:
    """Where a crop lies and what size the editor sees.

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


LONGEST = 8
"""A crop is never scaled up to a long side of more than this many ideal sizes: a strip of 5 x 3000 px, brought to 512
in width, would be 300 000 px long. Its short side then stays smaller than the editor likes."""

CONTEXT_FRAC = 0.15
"""A crop shows at least this share of the blob's longer side on every side: an editor needs to see what it joins."""


def plan_crops(hard: Hard, *, ideal_px: int, multiple_px: int) -> tuple[tuple[Crop, Hard], ...]:
    """The crops that repaint a mask, largest blob first.

    Each blob has a crop of its own, but one that lies wholly inside the crop of a larger blob is painted along with it:
    twenty cabinet doors in one view are one crop, two lamps at the ends of a hall are two.

    Args:
        hard: [H, W] bool: every pixel that will show.
        ideal_px: Short side that the editor likes; 0 gives one crop, the whole photo.
        multiple_px: Sides of the padded crop are multiples of this.

    Returns:
        Pairs of a crop and the bool mask, at the size of the crop's box, of the pixels that it is responsible for;
        those masks are disjoint and their union is `hard`. Empty for an empty mask.
    """
    height, width = hard.shape
    if ideal_px == 0:
        whole = Box(0, 0, width, height)
        return ((_sized(whole, (width, height), multiple_px), hard),) if hard.any() else ()
    result: list[tuple[Crop, Hard]] = []
    for box, inside in blobs(hard):
        home = next((pair for pair in result if _holds(pair[0].box, box)), None)
        if home is None:
            crop = _crop_around(box, (height, width), ideal_px, multiple_px)
            # At the box's size: a full-size mask for each of a hundred leaves of a 24-megapixel plant would be 2.4 GB.
            home = (crop, np.zeros((crop.box.height, crop.box.width), dtype=np.bool_))
            result.append(home)
        around = home[0].box
        home[1][box.y0 - around.y0 : box.y1 - around.y0, box.x0 - around.x0 : box.x1 - around.x0] |= inside
    return tuple(result)


def _holds(outer: Box, inner: Box) -> bool:
    return outer.x0 <= inner.x0 and outer.y0 <= inner.y0 and inner.x1 <= outer.x1 and inner.y1 <= outer.y1


def _crop_around(blob: Box, size_hw: tuple[int, int], ideal_px: int, multiple_px: int) -> Crop:
    height, width = size_hw
    context = round(CONTEXT_FRAC * max(blob.width, blob.height))
    # At scale 1 a side that is already a multiple needs no padding, so grow to one where the photo has room.
    x0, x1 = _widen(blob.x0, blob.x1, _up(max(blob.width + 2 * context, ideal_px), multiple_px), width)
    y0, y1 = _widen(blob.y0, blob.y1, _up(max(blob.height + 2 * context, ideal_px), multiple_px), height)
    box = Box(x0, y0, x1, y1)
    short = min(box.width, box.height)
    # Rounding up to the multiple is not worth a resampling: it counts as the ideal size.
    factor = 1.0 if ideal_px <= short <= _up(ideal_px, multiple_px) else ideal_px / short
    if factor > 1.0:
        factor = max(1.0, min(factor, LONGEST * ideal_px / max(box.width, box.height)))
    work_wh = (max(round(box.width * factor), 1), max(round(box.height * factor), 1))
    return _sized(box, work_wh, multiple_px)


def _sized(box: Box, work_wh: tuple[int, int], multiple_px: int) -> Crop:
    return Crop(box, work_wh, (_up(work_wh[0], multiple_px), _up(work_wh[1], multiple_px)))


def _up(length: int, multiple: int) -> int:
    return -(-length // multiple) * multiple


def _widen(start: int, stop: int, length: int, limit: int) -> tuple[int, int]:
    """An interval of `length` around start..stop, shifted to stay inside 0..limit; all of it where that is shorter."""
    if length >= limit:
        return 0, limit
    low = min(max((start + stop - length) // 2, 0), limit - length)
    return low, low + length


def cut(photo: Rgb, crop: Crop) -> Rgb:
    """The crop as the editor sees it: scaled, then padded at the right and the bottom by repeating the last pixels.

    Args:
        photo: [H, W, 3] uint8.
        crop: Where, and what size.

    Returns:
        [padded height, padded width, 3] uint8, a copy.
    """
    part = np.ascontiguousarray(photo[crop.box.slices])
    return _pad(_resize(part, crop.work_wh), crop, cv2.BORDER_REPLICATE).copy()


def cut_mask(part: Hard, crop: Crop) -> Hard:
    """The mask as the editor sees it: True wherever a masked pixel of the photo has any share.

    Args:
        part: [box.height, box.width] bool, as `plan_crops` gives it.
        crop: Where, and what size.

    Returns:
        [padded height, padded width] bool; the padding is False.
    """
    if crop.is_scaled:
        # Any share counts: a pixel that comes back into the mask must have been repainted as a whole. Linear on
        # the way up: cubic overshoots, and would call pixels far from the mask masked.
        shrinks = crop.work_wh[0] < crop.box.width
        shares = cv2.resize(
            part.astype(np.float32), crop.work_wh, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        )
        part = shares > 0
    padded: Hard = _pad(np.ascontiguousarray(part).view(np.uint8), crop, cv2.BORDER_CONSTANT) > 0
    return padded


def back(painted: Rgb, crop: Crop) -> Rgb:
    """What the editor gave, at the crop's place and size in the photo.

    Args:
        painted: [padded height, padded width, 3] uint8.
        crop: As it was cut.

    Returns:
        [box.height, box.width, 3] uint8.
    """
    width, height = crop.work_wh
    return _resize(np.ascontiguousarray(painted[:height, :width]), (crop.box.width, crop.box.height))


def _resize(picture: Rgb, size_wh: tuple[int, int]) -> Rgb:
    """Resampled about the picture's own borders, so that there and back again shifts nothing."""
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


def composite(below: Rgb, painted: Rgb, alpha: Alpha) -> Rgb:
    """The picture with the painted one laid over it through alpha.

    Args:
        below: [H, W, 3] uint8.
        painted: [H, W, 3] uint8.
        alpha: [H, W] float32, each value some n/255.

    Returns:
        [H, W, 3] uint8, a new array: `below` exactly where alpha is 0, `painted` exactly where it is 1, and the nearest
        level in between.
    """
    result = below.copy()
    around = tight_box(alpha > 0)
    if around is None:
        return result
    # Whole numbers throughout: n/255 blends are exact and rounded once, so a long chain does not darken.
    share = np.rint(alpha[around.slices] * 255.0).astype(np.int32)[..., None]
    low = below[around.slices].astype(np.int32)
    high = painted[around.slices].astype(np.int32)
    result[around.slices] = (low * (255 - share) + high * share + 127) // 255
    return result
