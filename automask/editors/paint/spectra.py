"""Measured colours as linear sRGB reflectance: CIE L*a*b*, spectral reflectance, and the greys of NCS."""

import math
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from automask.editors.paint.look import Triple

_Floats: TypeAlias = npt.NDArray[np.float64]
WHITES = ("D65", "D50")
_D65 = (0.95047, 1.0, 1.08883)
_D50 = (0.96422, 1.0, 0.82521)
_RGB_OF_XYZ = np.linalg.inv(
    np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]])
)
# Bradford's adaptation from D50 to D65, as in the profile specification of the ICC (version 4, annex E).
_D65_OF_D50 = np.array(
    [[0.9555766, -0.0230393, 0.0631636], [-0.0282895, 1.0099416, 0.0210077], [0.0122982, -0.0204830, 1.3299098]]
)
# Relative power of CIE D65 from 400 to 700 nm in steps of 10 nm. Source: CIE 15:2004, table T.1.
_D65_POWER = (
    *(82.75, 91.49, 93.43, 86.68, 104.87, 117.01, 117.81, 114.86, 115.92, 108.81, 109.35, 107.80, 104.79, 107.69),
    *(104.41, 104.05, 100.00, 96.33, 95.79, 88.69, 90.01, 89.60, 87.70, 83.29, 83.70, 80.03, 80.21, 82.28, 78.28),
    *(69.72, 71.61),
)
_NM = np.arange(400, 701, 10)


def linear_of_lab(lab: Triple, white: str) -> Triple:
    """Linear sRGB of CIE L*a*b*, relative to one of `WHITES`; what sRGB does not hold is cut to 0..1."""
    y = (lab[0] + 16) / 116
    axes = np.array([y + lab[1] / 500, y, y - lab[2] / 200])
    ratio = np.where(axes > 6 / 29, axes**3, 3 * (6 / 29) ** 2 * (axes - 4 / 29))
    xyz = ratio * np.array(_D50 if white == "D50" else _D65)
    return _linear_of_xyz(_D65_OF_D50 @ xyz if white == "D50" else xyz)


def linear_of_spectrum(pairs: Sequence[tuple[float, float]]) -> Triple:
    """Linear sRGB of a surface under CIE D65 for the 1931 observer.

    Args:
        pairs: Wavelength in nm and reflectance in 0..1, by wavelength; constant beyond the ends.

    A surface that reflects everything is 1, 1, 1 exactly: the sums are taken relative to it.
    """
    at = np.interp(_NM, [nm for nm, _ in pairs], [share for _, share in pairs])
    weights = _observer() * np.array(_D65_POWER)
    relative = (weights @ at) / weights.sum(1)
    return _linear_of_xyz(relative * np.array(_D65))


def _observer() -> _Floats:
    """[3, wavelengths] the colour-matching functions of the CIE 1931 observer, fitted.

    Source: Wyman, Sloan and Shirley, Simple Analytic Approximations to the CIE XYZ Color Matching Functions, JCGT 2(2),
    2013, listing 1 (the fits with several lobes).
    """

    def lobe(height: float, middle: float, below: float, above: float) -> _Floats:
        off = (_NM - middle) * np.where(middle > _NM, below, above)
        return np.asarray(height * np.exp(-0.5 * off * off))

    x = lobe(0.362, 442.0, 0.0624, 0.0374) + lobe(1.056, 599.8, 0.0264, 0.0323) - lobe(0.065, 501.1, 0.0490, 0.0382)
    y = lobe(0.821, 568.8, 0.0213, 0.0247) + lobe(0.286, 530.9, 0.0613, 0.0322)
    z = lobe(1.217, 437.0, 0.0845, 0.0278) + lobe(0.681, 459.0, 0.0385, 0.0725)
    return np.stack([x, y, z])


def _linear_of_xyz(xyz: _Floats) -> Triple:
    red, green, blue = (float(min(max(level, 0.0), 1.0)) for level in _RGB_OF_XYZ @ xyz)
    return red, green, blue


def grey_of_ncs(blackness: float) -> float:
    """Luminance factor, 0..1, of a grey of NCS with that blackness in per cent.

    Source: Hård, Sivik and Tonnquist, NCS, Natural Color System, part II, Color Research and Application 21(3), 1996:
    lightness v = 1.56 Y / (Y + 56) with Y in per cent, and v = 1 - blackness for greys. For hues there is no such
    formula: they are defined by the atlas.
    """
    lightness = 1 - blackness / 100
    return 0.56 * lightness / (1.56 - lightness)


def encoded_of_linear(level: float) -> int:
    """The sRGB level, 0..255, of linear light in 0..1."""
    coded = 12.92 * level if level <= 0.0031308 else 1.055 * math.pow(level, 1 / 2.4) - 0.055
    return round(255 * coded)
