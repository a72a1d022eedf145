"""The remove editor: a photo and a mask in, the photo without what the mask covers out."""

import math

import cv2
import numpy as np

from automask.editors.remove.fill import fill
from automask.editors.remove.plane import FlatView, flat_view
from automask.errors import ConfigError, CropRefused, UnknownPrompt
from automask.geometry.perspective import Room, room_of
from automask.geometry.surfaces import NET
from automask.images import to_uint8
from automask.masking.boxes import grow, tight_box
from automask.plan.removal import REMOVAL_WORDS, is_removal
from automask.types import Box, FloatImage, Hard, Rgb

_ROOM_PX = 768
"""Long side of the copy of the photo that the camera is found in."""
_APART_FRAC = 0.06
"""Parts of the mask that are farther apart than this share of the photo's long side are filled one by one."""
_LEAST_MARGIN_PX, _MOST_MARGIN_PX = 48, 640
"""A part of the mask is filled from what is this near to it; in between it is the part's own longer side."""
_RING_FRAC = 0.25
"""The plane behind a hole is that of its surroundings up to this share of the hole's longer side."""


class Remove:
    """Takes things away and continues the wall, floor or front behind them: no download, no torch.

    It copies from the photo's own surroundings, so what it cannot see there it cannot put back: a whole sofa leaves
    more to invent than a stool.

    Args:
        max_share: Largest share of the photo that may go; above it the edit is declined with a reason. 0..1.
        flatten: Whether a floor or wall that is seen at an angle is laid out flat to be filled.

    Raises:
        ConfigError: `max_share` is not a number from 0 to 1.
    """

    multiple_px = 1
    ideal_px = 0  # the whole photo: the camera is found in it
    generative = False  # what a result discloses about itself: everything it shows was in the photo
    own_files = (NET,)

    def __init__(self, *, max_share: float = 0.1, flatten: bool = True) -> None:
        if isinstance(max_share, bool) or not 0 < max_share <= 1:
            raise ConfigError(f"editor.max_share is {max_share!r}", hint="give a share of the photo above 0, up to 1")
        self.max_share = max_share
        self.flatten = flatten

    def check(self, prompt: str) -> None:
        """Raises for words that ask for something else than taking things away.

        Raises:
            UnknownPrompt: For any but `REMOVAL_WORDS`.
        """
        if not is_removal(prompt):
            raise UnknownPrompt(
                f"remove takes things away, and {prompt!r} is something to paint",
                hint=f"say {', '.join(REMOVAL_WORDS[:-1])} or {REMOVAL_WORDS[-1]}, or use another editor",
            )

    def paint(self, crop: Rgb, hard: Hard, prompt: str, *, seed: int) -> Rgb:
        """The crop without what the mask covers.

        Args:
            crop: [h, w, 3] uint8 RGB, the whole photo.
            hard: [h, w] bool, True is filled.
            prompt: One of `REMOVAL_WORDS`.
            seed: Of the search for patches.

        Returns:
            [h, w, 3] uint8; equal to `crop` outside `hard`.

        Raises:
            CropRefused: The mask covers more of the photo than `max_share`, or leaves nothing to copy from.
            UnknownPrompt: For a prompt that asks for something else.
        """
        return self.paint_beside(crop, hard, np.zeros_like(hard), prompt, seed=seed)

    def paint_beside(self, crop: Rgb, hard: Hard, others: Hard, prompt: str, *, seed: int) -> Rgb:
        """As `paint`, without a ghost of what is beside it.

        Args:
            crop, hard, prompt, seed: As for `paint`.
            others: [h, w] bool: things beside what goes; nothing of them is copied, unless there is nothing else.
        """
        self.check(prompt)
        share = float(np.count_nonzero(hard)) / hard.size
        if share > self.max_share:
            raise CropRefused(
                f"what is to go covers {share:.0%} of the photo, shadow included, and the built-in remover fills up to "
                f"{self.max_share:.0%}",
                # Only there the key is known: in a run that also paints, `editor` is the one that paints.
                hint="take away less at a time, or in a run of its own with 'editor=remove "
                f"editor.max_share={min(1.0, math.ceil(share * 20) / 20):g}', or use a preset with diffusion",
            )
        out = crop.copy()
        parts = _parts(hard)
        room = room_of(*_reduced(crop)) if self.flatten and parts else None
        for box, hole in parts:
            too = hard[box.slices] & ~hole
            filled = _filled(crop, box, hole, too | (others[box.slices] & ~hole), room, seed)
            if filled is None and others.any():
                filled = _filled(crop, box, hole, too, room, seed)
            if filled is None:
                raise CropRefused(
                    "what is to go leaves nothing of the photo to continue behind it", hint="take away less at a time"
                )
            out[box.slices][hole] = filled[hole]
        return out


def _reduced(photo: Rgb) -> tuple[Rgb, float]:
    """The photo with a long side of at most `_ROOM_PX`, and how much smaller it is."""
    shrink = max(1.0, max(photo.shape[:2]) / _ROOM_PX)
    if shrink == 1.0:
        return photo, 1.0
    wh = (round(photo.shape[1] / shrink), round(photo.shape[0] / shrink))
    small: Rgb = cv2.resize(photo, wh, interpolation=cv2.INTER_AREA)
    return small, shrink


def _parts(hard: Hard) -> list[tuple[Box, Hard]]:
    """The parts of a mask that are filled one by one: the box with its surroundings, and [h, w] bool the hole in it."""
    if not hard.any():
        return []
    reach = max(1, round(_APART_FRAC * max(hard.shape) / 2))
    near = cv2.dilate(hard.astype(np.uint8), np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))
    count, labels = cv2.connectedComponents(near, connectivity=8)
    parts = []
    for label in range(1, count):
        own = hard & (labels == label)
        around = tight_box(own)
        if around is not None:
            margin_px = min(max(_LEAST_MARGIN_PX, around.width, around.height), _MOST_MARGIN_PX)
            box = grow(around, margin_px, (hard.shape[0], hard.shape[1]))
            parts.append((box, own[box.slices]))
    return parts


def _filled(photo: Rgb, box: Box, hole: Hard, barred: Hard, room: Room | None, seed: int) -> Rgb | None:
    """[h, w, 3] uint8: a part of the photo with its hole filled; None where there is nothing to copy from."""
    lab = _to_lab(np.ascontiguousarray(photo[box.slices]))
    view = None if room is None else flat_view(room, hole, _ring(hole, barred), box)
    filled = None if view is None else _filled_flat(view, lab, hole, barred, seed)
    if filled is None:
        filled = fill(lab, hole, barred, seed=seed)
    return None if filled is None else _to_rgb(filled)


def _ring(hole: Hard, barred: Hard) -> Hard:
    """The surroundings of a hole, without what else is to go."""
    around = tight_box(hole)
    side = 1 if around is None else max(around.width, around.height)
    reach = max(8, round(_RING_FRAC * side))
    near = cv2.dilate(hole.astype(np.uint8), np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)) > 0
    ring: Hard = near & ~hole & ~barred
    return ring if ring.any() else ~hole


def _filled_flat(view: FlatView, lab: FloatImage, hole: Hard, barred: Hard, seed: int) -> FloatImage | None:
    """The part filled where its plane is laid out flat, and seen at its angle again."""
    beyond = view.flat_mask(~view.plane | barred) | ~view.flat_mask(np.ones_like(hole))
    flat_hole = view.flat_mask(hole)
    filled = fill(view.flat(lab), flat_hole, beyond & ~flat_hole, seed=seed)
    if filled is None:
        return None
    back = view.back(filled, (hole.shape[0], hole.shape[1]))
    return np.asarray(np.where(hole[..., None], back, lab), np.float32)


def _to_lab(rgb: Rgb) -> FloatImage:
    return np.asarray(cv2.cvtColor(rgb.astype(np.float32) / np.float32(255), cv2.COLOR_RGB2Lab), np.float32)


def _to_rgb(lab: FloatImage) -> Rgb:
    return to_uint8(cv2.cvtColor(lab, cv2.COLOR_Lab2RGB))
