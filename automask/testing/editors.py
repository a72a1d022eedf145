"""Editors that break every promise, and editors whose result a test can compute.

Every class takes `multiple_px` and `ideal_px`, the two attributes that a caller reads before it cuts a crop.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from automask.types import Hard, Rgb


class Identity:
    """An editor that returns its crop unchanged."""

    def __init__(self, *, multiple_px: int = 8, ideal_px: int = 64) -> None:
        self.multiple_px = multiple_px
        self.ideal_px = ideal_px

    def paint(self, crop: Rgb, hard: Hard, prompt: str, *, seed: int) -> Rgb:
        return crop.copy()


class AddEight:
    """An editor that adds 8 everywhere (at most 255), the unmasked part too."""

    def __init__(self, *, multiple_px: int = 8, ideal_px: int = 64, keeps_surroundings: bool = False) -> None:
        self.multiple_px = multiple_px
        self.ideal_px = ideal_px
        self.keeps_surroundings = keeps_surroundings

    def paint(self, crop: Rgb, hard: Hard, prompt: str, *, seed: int) -> Rgb:
        return np.minimum(crop.astype(np.uint16) + 8, 255).astype(np.uint8)


class Tints:
    """An editor that warms everything by the gains given, the unmasked part too; it means to keep its surroundings."""

    keeps_surroundings = True

    def __init__(self, *, gains: Sequence[float] = (1.06, 1.0, 0.93), multiple_px: int = 8, ideal_px: int = 64) -> None:
        self.gains = gains
        self.multiple_px = multiple_px
        self.ideal_px = ideal_px

    def paint(self, crop: Rgb, hard: Hard, prompt: str, *, seed: int) -> Rgb:
        return np.asarray(np.clip(np.rint(crop * np.asarray(self.gains)), 0, 255), dtype=np.uint8)


class Blurs:
    """An editor that blurs everything, the unmasked part too; it means to keep its surroundings."""

    keeps_surroundings = True

    def __init__(self, *, sigma_px: float = 2.5, multiple_px: int = 8, ideal_px: int = 64) -> None:
        self.sigma_px = sigma_px
        self.multiple_px = multiple_px
        self.ideal_px = ideal_px

    def paint(self, crop: Rgb, hard: Hard, prompt: str, *, seed: int) -> Rgb:
        return np.asarray(cv2.GaussianBlur(crop, (0, 0), self.sigma_px), dtype=np.uint8)


class ShiftByOne:
    """An editor that shifts everything a pixel to the right and down."""

    def __init__(self, *, multiple_px: int = 8, ideal_px: int = 64) -> None:
        self.multiple_px = multiple_px
        self.ideal_px = ideal_px

    def paint(self, crop: Rgb, hard: Hard, prompt: str, *, seed: int) -> Rgb:
        return np.roll(crop, (1, 1), axis=(0, 1))


class Fill:
    """An editor that paints everything one colour drawn from its seed, or the colour given."""

    def __init__(self, *, rgb: Sequence[int] | None = None, multiple_px: int = 8, ideal_px: int = 64) -> None:
        self.rgb = rgb
        self.multiple_px = multiple_px
        self.ideal_px = ideal_px

    def paint(self, crop: Rgb, hard: Hard, prompt: str, *, seed: int) -> Rgb:
        rgb = self.rgb if self.rgb is not None else np.random.default_rng(seed).integers(0, 256, 3)
        return np.broadcast_to(np.asarray(rgb, dtype=np.uint8), crop.shape).copy()


class WrongSize:
    """An editor that returns one row too few."""

    def __init__(self, *, multiple_px: int = 8, ideal_px: int = 64) -> None:
        self.multiple_px = multiple_px
        self.ideal_px = ideal_px

    def paint(self, crop: Rgb, hard: Hard, prompt: str, *, seed: int) -> Rgb:
        return crop[:-1].copy()


class NaN:
    """An editor that returns float32 with a NaN in it, where [h, w, 3] uint8 was promised."""

    def __init__(self, *, multiple_px: int = 8, ideal_px: int = 64) -> None:
        self.multiple_px = multiple_px
        self.ideal_px = ideal_px

    def paint(self, crop: Rgb, hard: Hard, prompt: str, *, seed: int) -> Rgb:
        out = crop.astype(np.float32)
        out[0, 0, 0] = np.nan
        return out  # type: ignore[return-value]  # breaking the promise is the point


class Raises:
    """An editor that raises what it was given, RuntimeError("boom") by default."""

    def __init__(self, *, error: Exception | None = None, multiple_px: int = 8, ideal_px: int = 64) -> None:
        self.error = error if error is not None else RuntimeError("boom")
        self.multiple_px = multiple_px
        self.ideal_px = ideal_px

    def paint(self, crop: Rgb, hard: Hard, prompt: str, *, seed: int) -> Rgb:
        raise self.error
