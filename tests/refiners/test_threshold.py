import numpy as np
import pytest

from automask.errors import ConfigError
from automask.refiners.threshold import Threshold
from automask.types import Box


def test_hot_pixels_inside_the_boxes_are_the_mask():
    heat = np.array([[0.9, 0.9, 0.1, 0.9], [0.9, 0.35, 0.34, 0.9]], dtype=np.float32)
    boxes = ((Box(0, 0, 2, 1), Box(1, 1, 4, 2)), ())
    masks = Threshold().refine(np.zeros((2, 4, 3), np.uint8), np.stack([heat, heat]), boxes)
    assert masks.dtype == np.bool_
    assert masks[0].tolist() == [[True, True, False, False], [False, True, False, True]]
    assert not masks[1].any()


def test_a_threshold_outside_0_to_1_is_refused():
    with pytest.raises(ConfigError, match=r"refiner.threshold=35 is out of range; give a number from 0 to 1"):
        Threshold(threshold=35)
