"""The camera of a room, found from its lines."""

import math

import numpy as np
import pytest
from box_rooms import SIZE, BoxRoom

from automask.geometry import perspective
from automask.geometry.perspective import camera_of, room_of
from automask.geometry.surfaces import surfaces_of


def off_degrees(one, other):
    """Between two yaws, each of which may be of either axis."""
    return abs((math.degrees(one - other) + 45) % 90 - 45)


@pytest.mark.parametrize(
    ("yaw", "focal", "horizon"), [(20, 250, 112), (-33, 220, 120), (24, 300, 105), (40, 200, 128), (-25, 260, 96)]
)
def test_the_camera_is_found_from_the_lines_of_a_room(yaw, focal, horizon):
    box = BoxRoom(yaw=yaw, focal=focal, horizon=horizon)
    room = box.room()
    assert off_degrees(room.yaws[0], box.yaw) < 1.0
    assert abs(math.log(room.focal / focal)) < 0.09
    assert abs(room.horizon - horizon) < 0.012 * SIZE[0]


def test_a_photo_without_lines_has_a_room_too():
    room = camera_of(np.full((*SIZE, 3), 99, np.uint8), 1.0, BoxRoom().surfaces())
    assert 0.4 * SIZE[1] < room.focal < 1.2 * SIZE[1]
    assert 0 < room.horizon < SIZE[0]


def test_the_room_of_a_photo_is_found_once_and_that_of_another_is_its_own(monkeypatch):
    asked = []

    def counted(small, **more):
        asked.append(small)
        return surfaces_of(small, **more)

    monkeypatch.setattr(perspective, "surfaces_of", counted)
    photo, other = (np.random.default_rng(seed).integers(0, 255, (96, 128, 3), np.uint8) for seed in (1, 2))
    first, second = room_of(photo, 1.0), room_of(other, 1.0)
    assert room_of(photo.copy(), 1.0) is first
    assert len(asked) == 2
    assert not np.array_equal(first.grey, second.grey)
    assert room_of(photo, 2.0).centre == 2 * first.centre
    assert len(asked) == 3
    with pytest.raises(ValueError, match="read-only"):
        first.grey[0, 0] = 0
