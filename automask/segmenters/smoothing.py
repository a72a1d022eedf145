"""Labels that agree with their neighbours of the same colour: a conditional random field over a segmenter's shares.

A net decides every pixel nearly by itself, so that a wall has specks of door and a front patches of fridge. Here each
pixel hears what similar pixels round it show, several times over, and all labels compete.
"""

import math

import cv2
import numpy as np

from automask.types import Heat, Rgb

# Chosen on the 24 development kitchens (docs/research/starter.md): radius 8 to 12 and 24 to 80 neighbours do alike.
_NEIGHBOURS = 40
_RADIUS_PX = 10
_NEAR_PX = 5.0  # standard deviation of the weight by distance
_ALIKE = 0.03  # and by colour, in Lab over 100
_ROUNDS = 4
_SEEN = 0.15  # a label that nowhere has this share takes no part by itself: all such count as one
_LEAST = np.float32(1e-5)


def smooth(shares: Heat, photo: Rgb, strength: float) -> Heat:
    """The shares after a mean-field inference that draws similar neighbours together.

    Source: Krähenbühl and Koltun, "Efficient inference in fully connected CRFs with Gaussian edge potentials" (NIPS
        2011), with one bilateral kernel, normalised at each pixel, over a fixed sample of the neighbours.

    Args:
        shares: [K, h, w] float32, at each pixel the shares of the labels, which add up to 1.
        photo: [h, w, 3] uint8: the photo at that size.
        strength: How much the neighbours count beside the pixel's own share, at least 0; 0 changes nothing.

    Returns:
        [K, h, w] float32, adding up to 1 again.
    """
    if strength == 0:
        return shares
    seen = shares.max((1, 2)) > _SEEN
    rest = shares[~seen].sum(0)
    own = np.concatenate([shares[seen], rest[None]])
    evidence = np.log(own / own.sum(0) + _LEAST)
    links = _links(photo, strength)
    now = np.exp(evidence)
    for _ in range(_ROUNDS):
        total = evidence.copy()
        for label, heard in zip(now, total, strict=True):
            for here, there, weight in links:
                heard[here] += weight * label[there]
        total -= total.max(0)
        now = np.exp(total, out=total)
        now /= now.sum(0)
    out = np.empty_like(shares)
    out[seen] = now[:-1]
    out[~seen] = shares[~seen] * (now[-1] / np.maximum(rest, _LEAST * _LEAST))
    return out


_Window = tuple[slice, slice]


def _links(photo: Rgb, strength: float) -> list[tuple[_Window, _Window, Heat]]:
    """For each neighbour: the pixels that have it, the neighbours themselves, and how much each counts."""
    lab = cv2.cvtColor(photo.astype(np.float32) / np.float32(255), cv2.COLOR_RGB2LAB) / np.float32(100)
    height, width = photo.shape[:2]
    total = np.full((height, width), 1e-6, np.float32)
    links = []
    for dy, dx in _OFFSETS:
        if abs(dy) >= height or abs(dx) >= width:
            continue
        here, there = (_part(dy, height), _part(dx, width)), (_part(-dy, height), _part(-dx, width))
        unlike = np.square(lab[here] - lab[there]).sum(-1) / np.float32(2 * _ALIKE**2)
        weight = np.exp(-unlike - np.float32((dy * dy + dx * dx) / (2 * _NEAR_PX**2)))
        total[here] += weight
        links.append((here, there, weight))
    return [(here, there, weight * (np.float32(strength) / total[here])) for here, there, weight in links]


def _part(shift: int, size: int) -> slice:
    """The places of a row whose neighbour `shift` before them is in the row too."""
    return slice(max(shift, 0), size + min(shift, 0))


def _offsets() -> tuple[tuple[int, int], ...]:
    """Neighbours spread evenly over a disc, each with its opposite: the seeds of a sunflower."""
    found: set[tuple[int, int]] = set()
    at = 0
    while len(found) < _NEIGHBOURS:
        radius = _RADIUS_PX * math.sqrt((at + 0.5) / _NEIGHBOURS)
        angle = at * math.pi * (3 - math.sqrt(5))
        dy, dx = round(radius * math.sin(angle)), round(radius * math.cos(angle))
        if dy or dx:
            found |= {(dy, dx), (-dy, -dx)}
        at += 1
    return tuple(sorted(found))


_OFFSETS = _offsets()
