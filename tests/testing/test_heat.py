import numpy as np
import pytest

from automask import testing
from automask.errors import UnknownPhrase
from automask.protocols import Segmenter

PHOTO = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3) * 15


def test_painted_heat_returns_what_it_was_given_and_counts():
    heat = np.full((2, 3), 0.5, np.float32)
    segmenter = testing.PaintedHeat({"island": heat, "wall": heat / 2})
    assert isinstance(segmenter, Segmenter)
    assert np.array_equal(segmenter.heats(PHOTO, ["wall", "island"]), np.stack([heat / 2, heat]))
    with pytest.raises(UnknownPhrase, match=r"no heat painted for 'sofa'; painted are: island, wall"):
        segmenter.heats(PHOTO, ["sofa"])
    assert segmenter.calls == 2
