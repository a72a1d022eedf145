import cv2
import numpy as np
import pytest

from automask.refiners.grabcut import GrabCut
from automask.types import Box

SIZE = (192, 288)


def room(seed=0):
    """A dark slanted cupboard before a light wall, with noise; and where the cupboard is."""
    rng = np.random.default_rng(seed)
    corners = np.array([[70, 50], [200, 62], [196, 150], [64, 140]], np.int32)
    there = cv2.fillPoly(np.zeros(SIZE, np.uint8), [corners], 1) > 0
    photo = np.where(there[..., None], (90, 62, 44), (214, 210, 202)).astype(np.float64)
    photo += rng.normal(0, 4, photo.shape)
    return np.clip(photo, 0, 255).astype(np.uint8), there


def blurred(there, sigma_px):
    return np.clip(cv2.GaussianBlur(there.astype(np.float32), (0, 0), sigma_px), 0, 1)


def iou(a, b):
    return np.count_nonzero(a & b) / np.count_nonzero(a | b)


BOX = (Box(40, 30, 225, 172),)


def test_a_blurred_border_lands_on_the_visible_edge():
    photo, there = room()
    heat = blurred(there, 12.0)
    found = GrabCut().refine(photo, heat[None], [BOX])
    assert iou(heat >= 0.5, there) < 0.97
    assert iou(found[0], there) > 0.99


def test_the_border_follows_the_photo_at_full_size():
    photo, there = room()
    big = cv2.resize(photo, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    exact = cv2.resize(there.astype(np.uint8), None, fx=4, fy=4, interpolation=cv2.INTER_NEAREST) > 0
    heat = blurred(exact, 20.0)
    box = (Box(160, 120, 900, 690),)
    found = GrabCut(work_px=320).refine(big, heat[None], [box])[0]
    assert found.shape == exact.shape
    assert iou(found, exact) > 0.985


@pytest.mark.parametrize("seed", range(4))
def test_without_an_edge_to_meet_it_stays_with_the_heat(seed):
    rng = np.random.default_rng(seed)
    photo = np.clip(rng.normal(128, 12, (*SIZE, 3)), 0, 255).astype(np.uint8)
    _, there = room()
    heat = blurred(there, 6.0)
    found = GrabCut().refine(photo, heat[None], [BOX])
    assert iou(found[0], heat >= 0.5) > 0.85


def test_an_answer_far_from_the_heat_is_dropped():
    photo, there = room()
    shifted = np.roll(blurred(there, 3.0), 60, axis=1)
    heat = np.clip(0.31 + 0.38 * shifted, 0, 1).astype(np.float32)
    box = (Box(100, 30, 288, 172),)
    inside = np.zeros(SIZE, bool)
    inside[box[0].slices] = True
    found = GrabCut(min_iou=0.95).refine(photo, heat[None], [box])[0]
    assert iou(found, (heat >= 0.5) & inside) > 0.8


def test_a_phrase_without_boxes_is_nowhere_and_others_do_not_change():
    photo, there = room()
    heat = blurred(there, 8.0)
    heats = np.stack([heat, heat, 1 - heat])
    found = GrabCut().refine(photo, heats, [(), BOX, ()])
    assert found.dtype == np.bool_
    assert found.shape == heats.shape
    assert not found[0].any()
    assert not found[2].any()
    np.testing.assert_array_equal(found[1], GrabCut().refine(photo, heat[None], [BOX])[0])


def test_nothing_is_found_outside_the_boxes():
    photo, there = room()
    heat = blurred(there, 8.0)
    box = Box(60, 40, 120, 120)
    found = GrabCut().refine(photo, heat[None], [(box,)])[0]
    found[box.slices] = False
    assert not found.any()


def test_the_same_answer_every_time_whatever_ran_before_and_on_any_number_of_threads():
    photo, there = room()
    heat = blurred(there, 12.0)
    first = GrabCut().refine(photo, heat[None], [BOX])
    threads = cv2.getNumThreads()
    try:
        for count in (1, 2, 4):
            cv2.setNumThreads(count)
            cv2.randu(np.zeros((7, 7), np.uint8), 0, 255)
            np.testing.assert_array_equal(GrabCut().refine(photo, heat[None], [BOX]), first)
    finally:
        cv2.setNumThreads(threads)


def test_neither_photo_nor_heat_is_written_to():
    photo, there = room()
    heat = blurred(there, 12.0)[None]
    photo.flags.writeable = False
    heat.flags.writeable = False
    GrabCut().refine(photo, heat, [BOX])


@pytest.mark.parametrize("level", [0, 255])
@pytest.mark.parametrize("value", [0.0, 0.6, 1.0])
def test_flat_photos_and_flat_heat_do_not_crash(level, value):
    photo = np.full((40, 60, 3), level, np.uint8)
    heat = np.full((1, 40, 60), value, np.float32)
    found = GrabCut().refine(photo, heat, [(Box(0, 0, 60, 40),)])
    assert found.all() == (value >= 0.5)


@pytest.mark.parametrize("size", [(1, 1), (2, 9), (31, 3)])
def test_tiny_photos_do_not_crash(size):
    photo = np.zeros((*size, 3), np.uint8)
    heat = np.ones((1, *size), np.float32)
    assert GrabCut().refine(photo, heat, [(Box(0, 0, size[1], size[0]),)]).shape == heat.shape
