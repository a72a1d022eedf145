"""A segmenter whose heat the test paints itself."""

from collections.abc import Mapping, Sequence

import numpy as np

from automask.errors import UnknownPhrase
from automask.types import Heat, Rgb


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

    def phrase_for(self, text: str) -> str | None:
        """The text, where something was painted for it: its words then pick nothing."""
        return text if text in self._heats else None

    def heats(self, photo: Rgb, targets: Sequence[str]) -> Heat:
        """[N, H, W] float32: the heat painted for each phrase.

        Raises:
            UnknownPhrase: For a phrase that nothing was painted for.
        """
        self.calls += 1
        for target in targets:
            if target not in self._heats:
                raise UnknownPhrase(f"no heat painted for {target!r}", hint=f"painted are: {', '.join(self._heats)}")
        return np.stack([self._heats[target] for target in targets])
