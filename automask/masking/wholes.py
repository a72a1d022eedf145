"""All of a thing that is to go, where the segmenter knows only a part of it.

A lamp's foot or a mixer's bowl that is left behind is worse than none taken away. A segmenter often sees that a thing
is there and not which: its votes are split between a bowl, a vase and a pot. Such places belong to what they touch.
"""

import cv2
import numpy as np

from automask.types import Hard, Heat

_LEVELS = (0.5, 0.6, 0.7, 0.8)
"""From here on, its own heat and that of things of an unknown kind together are a thing. Where at the first level it
runs into others, a higher one may keep it apart."""
_LEAST_OWN, _MOST_OWN = 0.12, 0.8
"""Of the heat of the whole, at least this share is its own, or another thing touches it; and at most this share, or all
of it is known already."""
_MOST_FRAC = 0.04
"""Larger than this share of the photo, a thing is seldom unknown: there several run into one."""
_REACH = 3.0
"""The whole is at most so many times as long, and as wide, as the part that is known for certain, or ..."""
_SMALL_FRAC = 0.06
"""... so long, as a share of the photo's long side: of small things hardly anything is known."""


def whole_heat(heat: Heat, unsure: Heat, known: Hard) -> Heat:
    """The heat of a thing, raised where something of an unknown kind is one with it.

    Args:
        heat: [H, W] float32 in 0..1: its own.
        unsure: [H, W] float32 in 0..1: of things that no words name and whose kind the segmenter does not know.
        known: [H, W] bool: what is the thing for certain, and nothing else. Without any nothing is added: what was not
            found does not become something by what is beside it.

    Returns:
        [H, W] float32 in 0..1, nowhere below `heat`; `heat` itself where nothing is added.
    """
    left = known
    together = np.minimum(heat + unsure, np.float32(1))
    added = np.zeros_like(known)
    for level in _LEVELS:
        if not left.any():
            break
        found = _wholes(heat, together, known, left, known | (together >= level))
        added |= found
        left = left & ~found
    return np.where(added, together, heat) if added.any() else heat


def _wholes(heat: Heat, together: Heat, known: Hard, left: Hard, there: Hard) -> Hard:
    """[H, W] bool: the connected parts of what is there that are one thing with some of what is left of the known."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(there.view(np.uint8), connectivity=8, ltype=cv2.CV_32S)
    small = _SMALL_FRAC * max(heat.shape)
    result = np.zeros_like(known)
    for part in np.unique(labels[left]).tolist():
        x, y, w, h, area = (int(value) for value in stats[part])
        view = np.s_[y : y + h, x : x + w]
        inside = labels[view] == part
        mine = known[view] & inside
        own = float(heat[view][inside].sum()) / max(float(together[view][inside].sum()), 1e-6)
        tall, wide = int(mine.any(1).sum()), int(mine.any(0).sum())
        alike = h <= max(_REACH * tall, small) and w <= max(_REACH * wide, small)
        if alike and area <= _MOST_FRAC * heat.size and _LEAST_OWN <= own <= _MOST_OWN:
            result[view] |= inside
    return result
