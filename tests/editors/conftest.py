import numpy as np
import pytest


@pytest.fixture(scope="module")
def one_thread():
    """On a busy machine a tiny net is ten times slower on two threads than on one: they wait for each other."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def crop():
    """[48, 80, 3] uint8, every pixel by chance."""
    return np.random.default_rng(6).integers(0, 256, (48, 80, 3), dtype=np.uint8)
