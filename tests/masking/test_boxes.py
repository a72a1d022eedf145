import numpy as np
import pytest
from drawing import disc, mask

from automask.errors import ConfigError
from automask.masking.boxes import blobs, boxes_from_heat, grow, tight_box
from automask.types import Box, BoxRecipe


def heat(*rows: str) -> np.ndarray:
    """Each digit is tenths of heat."""
    return np.array([[int(char) / 10 for char in row] for row in rows], dtype=np.float32)


def test_each_hot_part_has_a_box_hottest_first():
    found = boxes_from_heat(heat("50000", "50009", "00009"), threshold=0.4, min_area_frac=0)
    assert found == (Box(4, 1, 5, 3), Box(0, 0, 1, 2))


def test_nothing_hot_gives_no_boxes():
    assert boxes_from_heat(heat("333", "333"), threshold=0.35, min_area_frac=0) == ()


def test_heat_is_absolute_so_a_faint_ghost_is_not_found():
    ghost = np.zeros((20, 20), dtype=np.float32)
    ghost[5:10, 5:10] = 0.01
    assert boxes_from_heat(ghost, threshold=0.35, min_area_frac=0) == ()


def test_heat_at_the_threshold_is_hot():
    assert boxes_from_heat(np.full((2, 2), 0.35, dtype=np.float32), threshold=0.35, min_area_frac=0)


def test_pixels_that_touch_at_a_corner_are_one_part():
    assert boxes_from_heat(heat("900", "090", "009"), threshold=0.5, min_area_frac=0) == (Box(0, 0, 3, 3),)


def test_parts_below_the_smallest_area_are_dropped():
    picture = heat("90000", "00000", "00099")
    assert boxes_from_heat(picture, threshold=0.5, min_area_frac=2 / 15) == (Box(3, 2, 5, 3),)


def test_at_most_max_boxes_the_hottest():
    assert boxes_from_heat(heat("70809"), threshold=0.5, min_area_frac=0, max_boxes=2) == (
        Box(4, 0, 5, 1),
        Box(2, 0, 3, 1),
    )


def test_padding_stays_inside_the_image():
    hot = np.zeros((10, 10), dtype=np.float32)
    hot[0:4, 3:7] = 1
    assert boxes_from_heat(hot, threshold=0.5, min_area_frac=0, pad_frac=0.25) == (Box(2, 0, 8, 5),)


def test_equally_hot_parts_are_ordered_by_size_then_place():
    assert boxes_from_heat(heat("9090", "0090"), threshold=0.5, min_area_frac=0) == (Box(2, 0, 3, 2), Box(0, 0, 1, 1))


def test_blobs_split_a_mask_without_losing_a_pixel():
    hard = disc((60, 80), (20, 20), 9) | disc((60, 80), (60, 40), 12)
    again = np.zeros_like(hard)
    for box, inside in blobs(hard):
        assert not (again[box.slices] & inside).any()
        again[box.slices] |= inside
    assert (again == hard).all()
    assert [box.width for box, _ in blobs(hard)] == [25, 19]


def test_an_empty_mask_has_no_blobs_and_no_box():
    empty = mask("...", "...")
    assert blobs(empty) == []
    assert tight_box(empty) is None


def test_tight_box_is_half_open():
    assert tight_box(mask("....", ".##.", "....")) == Box(1, 1, 3, 2)


def test_grow_is_cut_at_the_borders():
    assert grow(Box(1, 1, 3, 2), 2, (3, 10)) == Box(0, 0, 5, 3)


@pytest.mark.parametrize(("field", "value"), [("threshold", 1.5), ("threshold", -0.1), ("max_boxes", 0)])
def test_a_recipe_outside_its_range_names_the_value(field: str, value: float):
    with pytest.raises(ConfigError, match=rf"boxes\.{field} is {value}; give a number from"):
        BoxRecipe(**{field: value})
