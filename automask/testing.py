"""Parts for tests: painted heat and editors that break every promise.

For the tests of automask and of anything that plugs into it. Nothing here is for real photos.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from automask.errors import UnknownPhrase
from automask.types import Hard, Heat, Rgb


class PaintedHeat:
    """A segmenter that returns the heat it was given.

    Args:
        heats: For each phrase [H, W] float32 in 0..1, all at the size of the photo that will be shown.

    Attributes:
        calls: How often `heats` ran.
    """

    def __init__(self, heats: Mapping[str, Heat]) -> None:
        self._heats = {phrase: np.asarray(heat, dtype=np.float32) for phrase, heat in heats.items()}
        self.calls = 0

    def heats(self, photo: Rgb, targets: Sequence[str]) -> Heat:
        """[N, H, W] float32: the heat painted for each phrase.

        Raises:
            UnknownPhrase: For a phrase that nothing was painted for.
        """
        self.calls += 1
        for target in targets:
            if target not in self._heats:
                raise UnknownPhrase(f"no heat painted for {target!r}", mend=f"painted are: {', '.join(self._heats)}")
        return np.stack([self._heats[target] for target in targets])


class Identity:
    """An editor that returns its crop unchanged."""

    def __init__(self, *, multiple_px: int = 8, ideal_px: int = 64) -> None:
        self.multiple_px = multiple_px
        self.ideal_px = ideal_px

    def paint(self, crop: Rgb, hard: Hard, prompt: str, *, seed: int) -> Rgb:  # noqa: ARG002 - ignoring them is the point
        return crop.copy()


class AddEight:
    """An editor that adds 8 everywhere (at most 255), the unmasked part too."""

    def __init__(self, *, multiple_px: int = 8, ideal_px: int = 64) -> None:
        self.multiple_px = multiple_px
        self.ideal_px = ideal_px

    def paint(self, crop: Rgb, hard: Hard, prompt: str, *, seed: int) -> Rgb:  # noqa: ARG002
        return np.minimum(crop.astype(np.uint16) + 8, 255).astype(np.uint8)


class ShiftByOne:
    """An editor that shifts everything a pixel to the right and down."""

    def __init__(self, *, multiple_px: int = 8, ideal_px: int = 64) -> None:
        self.multiple_px = multiple_px
        self.ideal_px = ideal_px

    def paint(self, crop: Rgb, hard: Hard, prompt: str, *, seed: int) -> Rgb:  # noqa: ARG002
        return np.roll(crop, (1, 1), axis=(0, 1))


class Fill:
    """An editor that paints everything one colour drawn from its seed, or the colour given."""

    def __init__(self, *, rgb: Sequence[int] | None = None, multiple_px: int = 8, ideal_px: int = 64) -> None:
        self.rgb = rgb
        self.multiple_px = multiple_px
        self.ideal_px = ideal_px

    def paint(self, crop: Rgb, hard: Hard, prompt: str, *, seed: int) -> Rgb:  # noqa: ARG002
        rgb = self.rgb if self.rgb is not None else np.random.default_rng(seed).integers(0, 256, 3)
        return np.broadcast_to(np.asarray(rgb, dtype=np.uint8), crop.shape).copy()


class WrongSize:
    """An editor that returns one row too few."""

    def __init__(self, *, multiple_px: int = 8, ideal_px: int = 64) -> None:
        self.multiple_px = multiple_px
        self.ideal_px = ideal_px

    def paint(self, crop: Rgb, hard: Hard, prompt: str, *, seed: int) -> Rgb:  # noqa: ARG002
        return crop[:-1].copy()


class NaN:
    """An editor that returns float32 with a NaN in it, where [h, w, 3] uint8 was promised."""

    def __init__(self, *, multiple_px: int = 8, ideal_px: int = 64) -> None:
        self.multiple_px = multiple_px
        self.ideal_px = ideal_px

    def paint(self, crop: Rgb, hard: Hard, prompt: str, *, seed: int) -> Rgb:  # noqa: ARG002
        out = crop.astype(np.float32)
        out[0, 0, 0] = np.nan
        return out  # type: ignore[return-value]  # breaking the promise is the point


class Raises:
    """An editor that raises what it was given, RuntimeError("boom") by default."""

    def __init__(self, *, error: Exception | None = None, multiple_px: int = 8, ideal_px: int = 64) -> None:
        self.error = error if error is not None else RuntimeError("boom")
        self.multiple_px = multiple_px
        self.ideal_px = ideal_px

    def paint(self, crop: Rgb, hard: Hard, prompt: str, *, seed: int) -> Rgb:  # noqa: ARG002
        raise self.error
