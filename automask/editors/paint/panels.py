"""Panelling: fluted and slatted panels, beadboard and shiplap; the light on their relief is drawn with them.

The relief of a panel is a few millimetres deep. Light from above and from one side is put on it here, as on bricks:
the photo's own light is that of the flat surface that was there.
"""

import cv2
import numpy as np

from automask.editors.paint.look import Texture, Triple
from automask.editors.paint.noise import clamp_reflectance, fractal, line_coverage, visibility
from automask.types import FloatImage, Hw


def ribs(
    hw: Hw, px_per_m: float, rng: np.random.Generator, *, face: Texture | Triple, pitch_m: float = 0.024
) -> FloatImage:
    """Fluted panels: upright half-round ribs side by side, lit from one side, dark in the valleys.

    Args:
        hw, px_per_m, rng: See `Texture`.
        face: What they are made of: a texture, or a paint.
        pitch_m: From one rib to the next.
    """
    start = float(rng.random()) * pitch_m
    clear = np.float32(visibility(0.9 * pitch_m, px_per_m))
    place = _across(hw[1], px_per_m, start) / np.float32(pitch_m) % 1 * 2 - 1  # -1 and 1 in the valleys
    slope = np.clip(place * np.float32(0.92), -1, 1)
    height = np.sqrt(np.maximum(1 - slope * slope, 0))
    # A cosine law for light from the side and in front, and less sky deep between two ribs.
    lit = np.float32(0.80) * height - np.float32(0.22) * slope
    open_sky = np.float32(0.45) + np.float32(0.55) * height
    gain = lit * open_sky
    gain = gain * np.float32(1 / _RIB_MEAN)
    return _relief(hw, px_per_m, rng, face, np.float32(RIB_SHARE) * (1 + clear * (gain - 1))[None, :])


def _rib_mean() -> float:
    place = np.linspace(-1, 1, 4001) * 0.92
    height = np.sqrt(1 - place * place)
    return float(((0.80 * height - 0.22 * place) * (0.45 + 0.55 * height)).mean())


_RIB_MEAN = _rib_mean()
RIB_SHARE = 0.86
"""What ribs send back of what a flat face would: the valleys keep the rest."""


def slats(
    hw: Hw,
    px_per_m: float,
    rng: np.random.Generator,
    *,
    face: Texture | Triple,
    pitch_m: float = 0.040,
    gap: float = 0.32,
) -> FloatImage:
    """Slatted panels: upright slats on dark felt, each a little lighter or darker, with a lit and a shaded edge.

    Args:
        hw, px_per_m, rng: See `Texture`.
        face: What the slats are made of.
        pitch_m: From one slat to the next.
        gap: Share of it that is felt.
    """
    start = float(rng.random()) * pitch_m
    clear = np.float32(visibility(gap * pitch_m, px_per_m))
    x = _across(hw[1], px_per_m, start)
    which = np.floor(x / np.float32(pitch_m)).astype(np.int64) % 997
    at = x % np.float32(pitch_m)
    width = np.float32((1 - gap) * pitch_m)
    inside = np.minimum(at, width - at)
    slat = np.clip(inside * np.float32(px_per_m) + np.float32(0.5), 0, 1)
    tone = 1 + np.float32(0.05) * rng.standard_normal(997).astype(np.float32)[which]
    edge = np.clip(1 - at * np.float32(1 / 0.003), 0, 1) * np.float32(0.12)
    edge -= np.clip(1 - (width - at) * np.float32(1 / 0.003), 0, 1) * np.float32(0.18)
    gain = slat * tone * (1 + edge)
    share = np.float32(1 - gap) + clear * (gain - np.float32(1 - gap))
    felt = np.array(FELT, np.float32)
    picture = _face(hw, px_per_m, rng, face) * share[None, :, None]
    return clamp_reflectance(picture + felt * np.clip(1 - share, 0, 1)[None, :, None])


FELT: Triple = (0.012, 0.012, 0.013)


def slats_mean(face: Triple, gap: float = 0.32) -> Triple:
    """The mean of `slats`."""
    red, green, blue = ((1 - gap) * 0.995 * level + gap * back for level, back in zip(face, FELT, strict=True))
    return red, green, blue


def boards(
    hw: Hw,
    px_per_m: float,
    rng: np.random.Generator,
    *,
    face: Texture | Triple,
    board_m: float,
    upright: bool,
    bead: bool,
) -> FloatImage:
    """Painted boards with a groove between them: beadboard (upright, a bead beside each groove) or shiplap (level).

    Args:
        hw, px_per_m, rng: See `Texture`.
        face: What they are made of.
        board_m: Width of a board.
        upright: The grooves run down the wall, not along it.
        bead: A round bead beside each groove.
    """
    length = hw[1] if upright else hw[0]
    at = _across(length, px_per_m, float(rng.random()) * board_m)
    which = np.floor(at / np.float32(board_m)).astype(np.int64) % 997
    at = at % np.float32(board_m)
    clear = np.float32(visibility(0.5 * board_m, px_per_m))
    half = np.float32(0.0016)
    off = np.minimum(at, np.float32(board_m) - at)
    groove = line_coverage(off, float(half), px_per_m)
    lip = np.clip(1 - np.abs(at - 2.2 * half) * np.float32(1 / 0.0022), 0, 1) * np.float32(0.06)
    lip -= np.clip(1 - np.abs(np.float32(board_m) - at - 2.2 * half) * np.float32(1 / 0.0022), 0, 1) * np.float32(0.07)
    gain = 1 - np.float32(0.72) * groove + lip
    if bead:
        middle = np.float32(0.009)
        place = np.clip((at - middle) * np.float32(1 / 0.006), -1, 1)
        on = (np.abs(place) < 1).astype(np.float32)
        gain += on * (np.float32(-0.12) * place + np.float32(-0.04)) * np.float32(visibility(0.012, px_per_m))
        gain -= np.float32(0.5) * line_coverage(np.abs(at - np.float32(0.0155)), 0.0008, px_per_m)
    tone = 1 + np.float32(0.012) * rng.standard_normal(997).astype(np.float32)[which]
    gain = gain * tone
    gain = np.float32(BOARDS_SHARE) * (1 + clear * (gain / np.float32(gain.mean(dtype=np.float64)) - 1))
    return _relief(hw, px_per_m, rng, face, gain[None, :] if upright else gain[:, None])


BOARDS_SHARE = 0.965
"""What boards send back of what a flat face would."""


def _across(count: int, px_per_m: float, start_m: float) -> FloatImage:
    at: FloatImage = (np.arange(count, dtype=np.float32) + np.float32(0.5)) / np.float32(px_per_m)
    return at + np.float32(start_m)


def _face(hw: Hw, px_per_m: float, rng: np.random.Generator, face: Texture | Triple) -> FloatImage:
    if callable(face):
        return face(hw, px_per_m, rng)
    # Brushed or sprayed paint: hardly anything, but not a flat fill.
    fine = 1 + np.float32(0.006) * fractal(hw, px_per_m, (30, 9), rng, octaves=3, gain=0.7)
    painted: FloatImage = cv2.merge([np.float32(level) * fine for level in face])
    return painted


def _relief(hw: Hw, px_per_m: float, rng: np.random.Generator, face: Texture | Triple, gain: FloatImage) -> FloatImage:
    return clamp_reflectance(_face(hw, px_per_m, rng, face) * gain[..., None])


def shaded(face: Triple, share: float) -> Triple:
    """The mean of a relief that sends back this share of what its face would."""
    red, green, blue = (share * level for level in face)
    return red, green, blue
