"""The flat view of a plane, in a box room whose geometry is known exactly."""

import numpy as np
import pytest
from box_rooms import FLOOR, BoxRoom
from drawing import disc

from automask.editors.remove.plane import flat_view
from automask.types import Box


@pytest.fixture(scope="module")
def seen():
    room = BoxRoom(island=False)
    size = room.which.shape
    hole = disc(size, (190, 215), 16)
    around = disc(size, (190, 215), 36) & ~hole & (room.which == FLOOR)
    return room, hole, around, Box(0, 0, size[1], size[0])


def test_tiles_of_a_floor_are_all_of_one_size_in_the_flat_view(seen):
    room, hole, around, box = seen
    view = flat_view(room.room(), hole, around, box)
    assert view is not None
    metres = np.nan_to_num(room.metre).astype(np.float32)
    flat = view.flat(metres)
    inside = view.flat_mask(around) & ~view.flat_mask(~(around | hole))

    def ratio(metres, where):
        rate = np.stack([np.hypot(*np.gradient(metres[..., k])) for k in range(2)], -1)[where]
        return np.percentile(rate, 90) / np.percentile(rate, 10)

    assert ratio(metres, around) > 2.0
    assert ratio(flat, inside) < 1.4  # the camera is found in the picture, not given


def test_back_undoes_flat_to_a_fraction_of_a_pixel(seen):
    room, hole, around, box = seen
    view = flat_view(room.room(), hole, around, box)
    rows, columns = np.mgrid[: hole.shape[0], : hole.shape[1]].astype(np.float32)
    there = np.stack([rows, columns], -1)
    back = view.back(view.flat(there), hole.shape)
    assert np.abs(back - there)[hole].max() < 0.1


def test_surroundings_on_two_planes_are_not_laid_out(seen):
    room, _, _, box = seen
    size = room.which.shape
    row = int(np.flatnonzero(room.which[:, 190] == FLOOR)[0])
    hole = disc(size, (190, row), 12)
    assert flat_view(room.room(), hole, disc(size, (190, row), 40) & ~hole, box) is None
