"""Masks as ASCII, so that a reader can check a test by eye."""

import numpy as np

from automask.types import Hard


def mask(*rows: str) -> Hard:
    """[H, W] bool from rows of characters; '#' is True."""
    return np.array([[char == "#" for char in row] for row in rows], dtype=np.bool_)


def draw(hard: Hard) -> list[str]:
    """The rows that `mask` would take."""
    return ["".join("#" if value else "." for value in row) for row in hard]


def disc(size_hw: tuple[int, int], centre_xy: tuple[float, float], radius: float) -> Hard:
    """[H, W] bool: True within `radius` of the centre."""
    rows, columns = np.mgrid[: size_hw[0], : size_hw[1]]
    return np.hypot(columns - centre_xy[0], rows - centre_xy[1]) <= radius


def room(height: int = 96, width: int = 128, seed: int = 0) -> np.ndarray:
    """[H, W, 3] uint8 with structure at every scale: no two rows, columns or channels alike."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:height, :width]
    waves = [np.sin(rows / a) * np.cos(columns / b) for a, b in ((7, 11), (13, 5), (3, 17))]
    smooth = np.stack(waves, axis=-1) * 90 + 128
    return np.clip(smooth + rng.integers(-20, 21, smooth.shape), 0, 255).astype(np.uint8)
