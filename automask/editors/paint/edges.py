"""How much of each pixel at the rim of a mask is the surface, and how much its neighbour."""

import cv2
import numpy as np

from automask.editors.paint.filters import box, dot
from automask.editors.paint.look import Plane
from automask.editors.paint.noise import smoothstep
from automask.types import Hard

# Luma and two colour differences at 0.4 of their size: JPEG keeps colour at half the resolution, so that beside an edge
# a pixel's colour is half its neighbour's while its luma is its own.
FELT = np.array([[0.2126, 0.7152, 0.0722], [0.31496, -0.28608, -0.02888], [-0.08504, -0.28608, 0.37112]], np.float32)
UNFELT = np.linalg.inv(FELT).astype(np.float32)


def strangeness(felt: Plane, near: Plane) -> Plane:
    """How far a colour is from the surface's colour nearby, with shade of it allowed; 0 is the same."""
    size = dot(near, near) + np.float32(3e-4)  # in the dark, three levels of 255 are noise
    shade = np.clip(dot(felt, near) / size, 0.4, 1.1)
    gap = (felt - shade[..., None] * near).astype(np.float32)
    strangeness: Plane = np.sqrt(dot(gap, gap) / size)
    return strangeness


def cover_of(felt: Plane, near: Plane, foreign: Plane, mask: Hard, inner: Hard, radius: int) -> Plane:
    """Share of each pixel that is the surface: 1 inside; in the rim by its place between surface and neighbour.

    A mixed pixel of an edge lies on the line between two colours. The neighbour's is read outside the mask and on its
    last pixels, weighted to what is least like the surface; where nothing there is unlike it, the mask is believed.
    """
    kernel = np.ones((2 * radius + 1, 2 * radius + 1), np.uint8)
    edge = cv2.erode(mask.astype(np.uint8), np.ones((5, 5), np.uint8), borderValue=1) == 0
    weight = np.where(edge, np.minimum(foreign, 4) ** 4, 0).astype(np.float32)
    most = cv2.dilate(np.where(edge, foreign, 0).astype(np.float32), kernel)
    norm = box(weight, radius) + np.float32(1e-9)
    other = np.stack([box(felt[..., c] * weight, radius) / norm for c in range(3)], -1)
    away = other - near
    share = 1 - dot(felt - near, away) / (dot(away, away) + np.float32(1e-6))
    floor = max(0.1, float(np.percentile(foreign[inner][::7], 85))) if inner.any() else 0.1
    # A pixel that could be the surface in shade is the surface, whatever stands beside it.
    doubt = smoothstep(foreign, 0.4 * floor, 1.2 * floor)
    share = 1 - doubt * (1 - np.clip(1.04 * share, 0, 1))
    cover = np.where(mask & ~inner & (most > 1.7 * floor), share, 1).astype(np.float32)
    return _without_specks(cover, mask, 8 * radius * radius)


def _without_specks(cover: Plane, mask: Hard, most_px: int) -> Plane:
    """The cover without specks of the old surface: a neighbour comes in from outside the mask, a speck stands alone.

    A speck may hang on by a faint thread, so that it is looked for at more than one strength; larger ones than
    `most_px` are believed.
    """
    beside = mask & (cv2.dilate((~mask).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0)
    out = cover
    for level in (0.9, 0.7, 0.5, 0.3):
        kept = out < level
        _, parts, stats, _ = cv2.connectedComponentsWithStats(kept.astype(np.uint8))
        small = stats[:, cv2.CC_STAT_AREA] <= most_px
        small[0] = False  # what is not kept
        small[parts[beside]] = False
        if small.any():
            specks = small[parts]
            # With their pale fringe, but not with the neighbour beside them.
            grown = cv2.dilate(specks.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
            out = np.where(grown & (specks | ~kept), np.float32(1), out)
    return out
