"""How good a mask is likely to be: one calibrated number from its heat, its outline and the photo.

The peak of a heat says little: it is near 1 for nearly everything that is found. `features` measures what does tell
good masks from bad ones, and `QualityFit` turns it into an expected intersection over union, with coefficients that
scripts/fit_quality.py fits on photos whose true masks are known.
"""

import functools
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from automask.errors import ConfigError
from automask.masking.instances import fill
from automask.types import Box, FloatImage, Hard, Heat, Rgb

DEFAULT = Path(__file__).with_name("quality.json")
"""The fit for segmenters without one of their own: it knows neither phrases nor evidence."""

_WORK_PX = 320  # long side at which masks are measured: it makes photos of all sizes alike, and is quick
_BORDER_FRAC = 0.006  # of the long side: as far as refiners move a border
_SURE = 1e-3  # shares are measured to this
_BEYOND = 3.0  # standard deviations: features further from their mean count as this far, since nothing was fitted there


def features(photo: Rgb, heat: Heat, hard: Hard) -> dict[str, float]:
    """What heat, outline and photo tell of a mask's quality, as finite numbers by name.

    `soft_iou`, the intersection over union to expect if heat were exact, says most; `missed` is the heat outside the
    mask, and `edge_contrast` whether the photo has an edge where the mask has one.

    Args:
        photo: [h, w, 3] uint8: the photo, or a smaller copy of it, as `reduced` gives.
        heat: [H, W] float32 in 0..1, which the mask was made from.
        hard: [H, W] bool, at least one pixel.
    """
    size_wh = _work_size(hard.shape[1], hard.shape[0])
    small = cv2.resize(heat, size_wh, interpolation=cv2.INTER_AREA)
    cover = cv2.resize(hard.astype(np.float32), size_wh, interpolation=cv2.INTER_AREA)
    inside = cover >= min(0.5, float(cover.max()))  # what is thinner than a pixel here keeps its densest one
    border = _border(inside, max(1.5, _BORDER_FRAC * max(size_wh)))
    area, heat_inside, heat_all = float(inside.sum()), float(small[inside].sum()), float(small.sum())
    edges = _edges(photo, size_wh)
    count = cv2.connectedComponents(inside.astype(np.uint8), connectivity=8)[0] - 1
    return {
        "soft_iou": _logit(heat_inside / (area + heat_all - heat_inside)),
        "inside": _logit(heat_inside / area),
        "missed": math.log(max((heat_all - heat_inside) / area, _SURE)),
        "border_unsure": _mean(_entropy(small), border),
        "edge_contrast": math.log(max(_mean(edges, border), _SURE) / max(float(edges.mean()), _SURE)),
        "share": math.log(area / inside.size),
        "parts": math.log(max(count, 1)),
    }


def split_heat(heat: Heat, parts: Sequence[tuple[Box, Hard]]) -> list[tuple[Heat, Hard]]:
    """For each single thing of a phrase the heat nearest to it and its mask, at the size that `features` measures at.

    Args:
        heat: [H, W] of the phrase.
        parts: The box of each thing, and [box.height, box.width] bool: its pixels there.

    Returns:
        A mask is empty where a thing is too thin for that size.
    """
    labels = np.zeros(heat.shape, np.uint16)
    for number, (box, hard) in enumerate(parts, start=1):
        labels[box.slices][hard] = number
    size_wh = _work_size(heat.shape[1], heat.shape[0])
    small = cv2.resize(heat, size_wh, interpolation=cv2.INTER_AREA)
    own = cv2.resize(labels, size_wh, interpolation=cv2.INTER_NEAREST).astype(np.int64)
    nearest = fill(own)
    return [(np.where(nearest == at, small, 0).astype(np.float32), own == at) for at in range(1, len(parts) + 1)]


def reduced(photo: Rgb) -> Rgb:
    """The photo at the size that masks are measured at: made once for all of them."""
    size_wh = _work_size(photo.shape[1], photo.shape[0])
    small: Rgb = cv2.resize(photo, size_wh, interpolation=cv2.INTER_AREA).astype(np.uint8)
    return small


@dataclass(frozen=True, slots=True)
class QualityFit:
    """A logistic function from features to an expected intersection over union.

    Args:
        mean, scale: Of each feature by name, over the masks that it was fitted on.
        weights: Of each feature, once standardised.
        constant: Added to their sum.
        phrases: What is added for a phrase; 0 for one that is not listed.
    """

    mean: Mapping[str, float]
    scale: Mapping[str, float]
    weights: Mapping[str, float]
    constant: float
    phrases: Mapping[str, float]

    def expected_iou(self, measured: Mapping[str, float], phrase: str = "") -> float:
        """The expected intersection over union of a mask, 0..1.

        Args:
            measured: Its features and the segmenter's evidence; what is lacking counts as average.
            phrase: What the segmenter looked for.
        """
        total = self.constant + self.phrases.get(phrase, 0.0)
        total += sum(weight * self.standardised(name, measured) for name, weight in self.weights.items())
        return 1 / (1 + math.exp(-min(max(total, -30.0), 30.0)))

    def standardised(self, name: str, measured: Mapping[str, float]) -> float:
        """A feature's distance from its mean in standard deviations, at most 3."""
        distance = (measured.get(name, self.mean[name]) - self.mean[name]) / self.scale[name]
        return min(max(distance, -_BEYOND), _BEYOND)


@functools.lru_cache(maxsize=8)
def read_fit(path: Path) -> QualityFit:
    """The fit in a file, which is read once.

    Raises:
        ConfigError: It cannot be read, or is no fit.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        mean, scale, weights = (
            {str(name): float(row[key]) for name, row in content["features"].items()} for key in _COLUMNS
        )
        phrases = {str(phrase): float(value) for phrase, value in content["phrases"].items()}
        return QualityFit(mean, scale, weights, float(content["constant"]), phrases)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(
            f"{str(path)!r} is no fit of mask quality: {type(error).__name__}: {error}",
            hint="write it with scripts/fit_quality.py",
        ) from error


def fit_content(fit: QualityFit, note: Mapping[str, Any]) -> dict[str, Any]:
    """A fit as plain values for its file, with a note of what it was fitted on."""
    columns = dict(zip(_COLUMNS, (fit.mean, fit.scale, fit.weights), strict=True))
    return {
        "note": dict(note),
        "constant": round(fit.constant, 4),
        "features": {name: {key: round(column[name], 4) for key, column in columns.items()} for name in fit.weights},
        "phrases": {phrase: round(value, 4) for phrase, value in sorted(fit.phrases.items())},
    }


_COLUMNS = ("mean", "scale", "weight")


def weighted_mean(values: Sequence[float], weights: Sequence[float]) -> float | None:
    """The weighted mean of some values; None without any."""
    total = sum(weights)
    return sum(value * weight for value, weight in zip(values, weights, strict=True)) / total if total > 0 else None


def _work_size(width: int, height: int) -> tuple[int, int]:
    scale = min(1.0, _WORK_PX / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _border(inside: Hard, reach_px: float) -> Hard:
    """The pixels on either side of the mask's border, up to this far from it; the photo's own border is none."""
    mask = inside.astype(np.uint8)
    near = [cv2.distanceTransform(side, cv2.DIST_L2, cv2.DIST_MASK_3) <= reach_px for side in (mask, 1 - mask)]
    border: Hard = near[0] & near[1]
    return border


def _edges(photo: Rgb, size_wh: tuple[int, int]) -> FloatImage:
    """The photo's local contrast in lightness, square-rooted so that one strong edge does not hide all others."""
    grey = cv2.cvtColor(cv2.resize(photo, size_wh, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY).astype(np.float32)
    across, down = cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    return np.asarray(np.sqrt(np.hypot(across, down)), dtype=np.float32)


def _entropy(heat: Heat) -> FloatImage:
    """In bits: 0 where heat is sure, 1 where it is a half."""
    p = np.clip(heat, np.float32(_SURE), np.float32(1 - _SURE))
    return np.asarray(-(p * np.log2(p) + (1 - p) * np.log2(1 - p)), dtype=np.float32)


def _mean(values: FloatImage, where: Hard) -> float:
    return float(values[where].mean()) if where.any() else 0.0


def _logit(share: float) -> float:
    share = min(max(share, _SURE), 1 - _SURE)
    return math.log(share / (1 - share))
