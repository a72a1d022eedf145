import numpy as np
import pytest


@pytest.fixture(scope="module")
def crop():
    """[48, 80, 3] uint8, every pixel by chance."""
    return np.random.default_rng(6).integers(0, 256, (48, 80, 3), dtype=np.uint8)
