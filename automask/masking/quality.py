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
from typing import Any, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from automask.errors import ConfigError
from automask.types import FloatImage, Hard, Heat, Rgb

DEFAULT = Path(__file__).with_name("quality.json")
"""The fit for segmenters without one of their own: it knows neither phrases nor evidence."""
WORK_PX = 320
"""Long side at which masks are measured: it makes all sizes of photo alike, and takes about 5 ms."""
_SCHEMA = 1
_RIM_FRAC = 0.02  # width of the rims inside and outside the border, as a share of the long side
_BORDER_FRAC = 0.006
_TINY = 1e-3

Floats: TypeAlias = npt.NDArray[np.float64]


def features(photo: Rgb, heat: Heat, hard: Hard, *, threshold: float) -> dict[str, float]:
    """What the heat, the mask's outline and the photo tell of a mask's quality, as finite numbers by name.

    Args:
        photo: [H, W, 3] uint8.
        heat: [H, W] float32 in 0..1, that the mask was made from.
        hard: [H, W] bool, at least one pixel.
        threshold: Heat from which a pixel is hot.
    """
    size_wh = _work_size(hard.shape[1], hard.shape[0])
    small = cv2.resize(heat, size_wh, interpolation=cv2.INTER_AREA)
    cover = cv2.resize(hard.astype(np.float32), size_wh, interpolation=cv2.INTER_AREA)
    inside = cover >= min(0.5, float(cover.max()))
    hot = small >= threshold
    long_px = max(size_wh)
    depth, height = _distances(inside)
    rim_px = max(2.0, _RIM_FRAC * long_px)
    inner, outer = inside & (depth <= rim_px), ~inside & (height <= rim_px)
    border = (depth <= max(1.5, _BORDER_FRAC * long_px)) & (height <= max(1.5, _BORDER_FRAC * long_px))
    area = float(inside.sum())
    heat_in = float(small[inside].sum())
    soft_iou = heat_in / max(area + float(small.sum()) - heat_in, _TINY)
    edges = _edges(photo, size_wh)
    count = cv2.connectedComponents(inside.astype(np.uint8), connectivity=8)[0] - 1
    perimeter = float((inside & (depth <= 1)).sum())
    unsure = _entropy(small)
    return {
        "soft_iou": _logit(soft_iou),
        "inside": _logit(heat_in / area),
        "inside_low": float((small[inside] < 0.5).sum() / area),
        "inner_rim": _mean(small, inner),
        "outer_rim": _mean(small, outer),
        "missed": math.log(max(float(small[~inside].sum()) / area, _TINY)),
        "border_unsure": _mean(unsure, border),
        "photo_unsure": float(unsure.mean()),
        "agreement": float((hot & inside).sum() / max((hot | inside).sum(), 1)),
        "edge_contrast": math.log(max(_mean(edges, border), _TINY) / max(float(edges.mean()), _TINY)),
        "share": math.log(area / inside.size),
        "parts": math.log(max(count, 1)),
        "raggedness": math.log(max(perimeter, 1.0) ** 2 / area),
        "peak": float(heat.max()),
    }


@dataclass(frozen=True, slots=True)
class QualityFit:
    """Coefficients from features to an expected intersection over union.

    A logistic function of the standardised features and their squares, with a constant for each phrase that was seen
    often enough. A feature that is not given counts as average.

    Args:
        mean, scale: Of each feature by name, over the masks that it was fitted on.
        linear, square: Coefficients of each standardised feature by name.
        constant: Of the logistic function.
        phrases: What is added for a phrase.
    """

    mean: Mapping[str, float]
    scale: Mapping[str, float]
    linear: Mapping[str, float]
    square: Mapping[str, float]
    constant: float
    phrases: Mapping[str, float]

    def expected_iou(self, measured: Mapping[str, float], phrase: str = "") -> float:
        """The expected intersection over union of a mask with these features, 0..1.

        Args:
            measured: As `features` gives it, and what else the fit knows of.
            phrase: What the segmenter looked for.
        """
        total = self.constant + self.phrases.get(phrase, 0.0)
        for name, linear in self.linear.items():
            value = standardised(measured.get(name, self.mean[name]), self.mean[name], self.scale[name])
            total += linear * value + self.square[name] * (value * value - 1)
        return 1 / (1 + math.exp(-min(max(total, -30.0), 30.0)))


def standardised(value: float, mean: float, scale: float) -> float:
    """The distance from the mean in standard deviations, at most 3: beyond what was fitted, squares are no guide."""
    return min(max((value - mean) / scale, -3.0), 3.0)


@functools.lru_cache(maxsize=8)
def read_fit(path: Path) -> QualityFit:
    """The fit in a file.

    Raises:
        ConfigError: It cannot be read, or is no fit.
    """
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if content["schema"] != _SCHEMA:
            raise ValueError(f"schema {content['schema']}")  # noqa: TRY301 - wrapped below
        named = [{name: float(row[key]) for name, row in content["features"].items()} for key in _COLUMNS]
        constants = {str(phrase): float(value) for phrase, value in content["phrases"].items()}
        return QualityFit(*named, float(content["constant"]), constants)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(
            f"'{path}' is no fit of mask quality ({type(error).__name__}: {error})", hint="write it with scripts/fit_quality.py"
        ) from error


_COLUMNS = ("mean", "scale", "linear", "square")


def fit_content(fit: QualityFit, note: Mapping[str, Any]) -> dict[str, Any]:
    """A fit as plain values for its file, with a note of what it was fitted on."""
    columns = {name: getattr(fit, name) for name in _COLUMNS}
    rows = {name: {key: round(column[name], 5) for key, column in columns.items()} for name in fit.linear}
    phrases = {phrase: round(value, 4) for phrase, value in sorted(fit.phrases.items())}
    return {"schema": _SCHEMA, "constant": round(fit.constant, 5), "features": rows, "phrases": phrases, "note": dict(note)}


def mean_weighted(values: Sequence[float], weights: Sequence[float]) -> float | None:
    """The mean of some values, weighted; None where there is none, or nothing to weigh."""
    total = sum(weights)
    return sum(value * weight for value, weight in zip(values, weights, strict=True)) / total if total > 0 else None


def _work_size(width: int, height: int) -> tuple[int, int]:
    scale = min(1.0, WORK_PX / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _distances(inside: Hard) -> tuple[FloatImage, FloatImage]:
    """For each pixel the distance to the nearest one outside, and to the nearest one inside; 0 for those themselves."""
    mask = inside.astype(np.uint8)
    depth = np.asarray(cv2.distanceTransform(mask, cv2.DIST_L2, 3), dtype=np.float32)
    height = np.asarray(cv2.distanceTransform(1 - mask, cv2.DIST_L2, 3), dtype=np.float32)
    return depth, height


def _edges(photo: Rgb, size_wh: tuple[int, int]) -> FloatImage:
    """The photo's local contrast in lightness, square-rooted so that one strong edge does not hide all others."""
    grey = cv2.cvtColor(cv2.resize(photo, size_wh, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY).astype(np.float32)
    across, down = cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    return np.asarray(np.sqrt(np.hypot(across, down)), dtype=np.float32)


def _entropy(heat: Heat) -> FloatImage:
    """In bits: 0 where heat is sure, 1 where it is a half."""
    p = np.clip(heat, np.float32(1e-4), np.float32(1 - 1e-4))
    return np.asarray(-(p * np.log2(p) + (1 - p) * np.log2(1 - p)), dtype=np.float32)


def _mean(values: FloatImage, where: Hard) -> float:
    return float(values[where].mean()) if where.any() else 0.0


def _logit(share: float) -> float:
    share = min(max(share, _TINY), 1 - _TINY)
    return math.log(share / (1 - share))
