"""Which surfaces meet behind a hole, and where: the edges between what surrounds it, continued straight through it.

The surroundings are split by colour, and of two colours that run into each other without an edge one is made. In the
hole the borders between them are as short as they can be, which makes them straight lines from edge to edge: a worktop
in front of tiles goes on in front of tiles.
"""

import cv2
import numpy as np
import numpy.typing as npt

from automask.types import FloatImage, Hard

Regions = npt.NDArray[np.uint8]
"""[h, w]: the number of the surface that each pixel shows."""

_LONG_PX = 160
"""Surfaces are found on a reduced picture."""
_COLOURS = 6
_SAME = 7.0
"""In L*a*b*: surfaces that differ by less than this on either side of their border are one."""
_BESIDE_PX = 3
_FARTHER_PX, _PURE = 6.0, 0.65
"""A colour that has less than this share of what is so near to its own pixels is texture, or a thin strip."""
_LEAST_SHARE = 0.02
"""Of the surroundings: less is a thing on a surface."""
_ROUNDS = 30


def regions_of(lab: FloatImage, hole: Hard, barred: Hard) -> Regions:
    """The surface that each pixel shows, or would show without what is in the hole.

    Args:
        lab: [h, w, 3] float32, L*a*b*.
        hole: [h, w] bool.
        barred: [h, w] bool: known, and not to be copied.

    Returns:
        [h, w] uint8 from 0; all 0 where one surface surrounds the hole.
    """
    scale = min(1.0, _LONG_PX / max(hole.shape))
    wh = (max(1, round(hole.shape[1] * scale)), max(1, round(hole.shape[0] * scale)))
    known = (~(hole | barred)).astype(np.float32)
    share = cv2.resize(known, wh, interpolation=cv2.INTER_AREA)
    small = cv2.resize(lab * known[..., None], wh, interpolation=cv2.INTER_AREA)
    small = np.asarray(small / np.maximum(share, np.float32(1e-6))[..., None], np.float32)
    seen = share > 0.5
    if np.count_nonzero(seen) < 4 * _COLOURS:
        return np.zeros(hole.shape, np.uint8)
    regions = _continued(_surfaces(_calm(small, seen), seen), seen)
    return np.asarray(cv2.resize(regions, hole.shape[::-1], interpolation=cv2.INTER_NEAREST), np.uint8)


def _calm(lab: FloatImage, seen: Hard) -> FloatImage:
    """The picture without its texture; what is not seen does not count."""
    weight = seen.astype(np.float32)
    total = np.maximum(cv2.GaussianBlur(weight, (0, 0), 1.0), np.float32(1e-4))
    mean = cv2.GaussianBlur(np.asarray(lab * weight[..., None]), (0, 0), 1.0) / total[..., None]
    return np.asarray(cv2.bilateralFilter(np.asarray(mean, np.float32), 9, 12.0, 4.0), np.float32)


def _surfaces(lab: FloatImage, seen: Hard) -> Regions:
    """The colours of what is seen, joined where no edge is between them; of no meaning elsewhere."""
    points = np.ascontiguousarray(lab[seen])
    cv2.setRNGSeed(0)  # k-means draws from OpenCV's generator: without this a fill would depend on what ran before
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_MAX_ITER, 20, 0.5)
    _, found, _ = cv2.kmeans(points, _COLOURS, np.empty((0, 1), np.int32), stop, 2, cv2.KMEANS_PP_CENTERS)
    labels = np.full(seen.shape, -1, np.int32)
    labels[seen] = found.ravel()
    count = _COLOURS
    while count > 1:
        apart = _contrasts(lab, labels, count)
        one, other = (int(at) for at in np.unravel_index(int(apart.argmin()), apart.shape))
        if apart[one, other] >= _SAME:
            break
        labels[labels == other] = one
        labels[labels == count - 1] = other if other != count - 1 else one
        count -= 1
    return _numbered(_without_texture(labels), seen)


def _without_texture(labels: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """The labels, those joined that alternate as boards or tiles do: seen from farther away they are one surface."""
    labels = labels.copy()
    seen = np.maximum(cv2.GaussianBlur((labels >= 0).astype(np.float32), (0, 0), _FARTHER_PX), np.float32(1e-4))
    while True:
        values = np.unique(labels[labels >= 0])
        if len(values) < 2:
            return labels
        shares = [
            cv2.GaussianBlur((labels == value).astype(np.float32), (0, 0), _FARTHER_PX) / seen for value in values
        ]
        pure = [float(share[labels == value].mean()) for share, value in zip(shares, values, strict=True)]
        least = int(np.argmin(pure))
        if pure[least] >= _PURE:
            return labels
        here = labels == values[least]
        among = [float(share[here].sum()) for share in shares]
        among[least] = -1.0
        labels[here] = values[int(np.argmax(among))]


def _contrasts(lab: FloatImage, labels: npt.NDArray[np.int32], count: int) -> npt.NDArray[np.float32]:
    """[count, count] how much two colours differ on either side of their border; infinite where they do not meet."""
    square = np.ones((2 * _BESIDE_PX + 1,) * 2, np.uint8)
    near = [cv2.dilate((labels == label).astype(np.uint8), square) > 0 for label in range(count)]
    apart = np.full((count, count), np.inf, np.float32)
    for one in range(count):
        for other in range(one + 1, count):
            mine, its = (labels == one) & near[other], (labels == other) & near[one]
            if np.count_nonzero(mine) >= 6 and np.count_nonzero(its) >= 6:
                apart[one, other] = np.linalg.norm(np.median(lab[mine], axis=0) - np.median(lab[its], axis=0))
    return apart


def _numbered(labels: npt.NDArray[np.int32], seen: Hard) -> Regions:
    """The labels from 0 on, the largest first, those of hardly any pixel left out: 255, as where nothing is seen."""
    values, counts = np.unique(labels[seen], return_counts=True)
    result = np.full(seen.shape, 255, np.uint8)
    order = [at for at in np.argsort(-counts) if counts[at] >= _LEAST_SHARE * np.count_nonzero(seen)]
    for number, at in enumerate(order):
        result[labels == values[at]] = number
    return result


def _continued(regions: Regions, seen: Hard) -> Regions:
    """The regions, continued where none is known, with borders as short as they can be.

    Source: Merriman, Bence and Osher, Motion of multiple junctions, 1994: to blur each region and give each pixel to
        the strongest moves borders by their curvature.
    """
    count = int(regions[regions < 255].max(initial=0)) + 1
    if count == 1:
        return np.zeros_like(regions)
    fixed = seen & (regions < 255)
    # First by what is near, from near to far.
    steps = [(sigma, np.float32(0.1 ** np.log2(sigma))) for sigma in (2.0, 4.0, 8.0, 16.0, 32.0)]
    shares = [(fixed & (regions == number)).astype(np.float32) for number in range(count)]
    planes = np.stack([sum(cv2.GaussianBlur(share, (0, 0), sigma) * less for sigma, less in steps) for share in shares])
    current = np.where(fixed, regions, planes.argmax(0).astype(np.uint8))
    for again in range(_ROUNDS):
        sigma = max(2.0, 6.0 - again / 4)
        blurred = np.stack(
            [cv2.GaussianBlur((current == number).astype(np.float32), (0, 0), sigma) for number in range(count)]
        )
        current = np.where(fixed, regions, blurred.argmax(0).astype(np.uint8))
    return np.asarray(current, np.uint8)
