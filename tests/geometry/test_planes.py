"""The planes of a room, and metres on them."""

import math

import cv2
import numpy as np
import pytest
from box_rooms import FLOOR, SIZE, BoxRoom

from automask.geometry.perspective import Room, camera_of
from automask.geometry.planes import RoomPlane, main_plane, metres_on, planes_of
from automask.geometry.surfaces import SurfacePrediction


def test_an_island_has_a_top_a_front_and_a_side_at_the_right_distances():
    box = BoxRoom()
    room = box.room()
    mask = box.which >= 10
    planes = planes_of(mask, room, (0, 0))
    assert sum(int(here.sum()) for _, here in planes) == int(mask.sum())
    truth = {10: (True, 0.6), 11: (False, 2.2), 12: (False, 0.4)}
    for which in np.unique(box.which[mask]).tolist():
        mine = box.which == which
        surface, here = max(planes, key=lambda plane: int((plane[1] & mine).sum()))
        flat, offset = truth[which]
        assert (here & mine).sum() > 0.9 * mine.sum()
        assert surface.horizontal is flat
        assert abs(surface.offset) == pytest.approx(offset, rel=0.15)
    assert len({(surface.horizontal, surface.axis) for surface, _ in planes}) == len(planes) == 3


def test_planes_that_meet_have_one_distance_there():
    box = BoxRoom()
    room = box.room(noise=0.1)
    planes = planes_of(box.which >= 10, room, (0, 0))
    distance = []
    for surface, here in planes:
        depth = np.full(SIZE, np.nan)
        y, x = np.nonzero(here)
        ray_x, ray_y = (x + 0.5 - room.centre) / room.focal, (y + 0.5 - room.horizon) / room.focal
        yaw = room.yaws[surface.axis]
        slant = ray_y if surface.horizontal else math.cos(yaw) * ray_x - math.sin(yaw)
        depth[y, x] = surface.offset / slant
        distance.append(depth)
    together = np.fmax.reduce(distance)
    neighbours = together[:, 1:] / together[:, :-1]
    inside = np.isfinite(neighbours)
    assert np.abs(np.log(neighbours[inside])).max() < 0.06


def test_the_walls_of_a_room_are_planes_of_their_own():
    box = BoxRoom(island=False)
    walls = (box.which >= 2) & (box.which <= 5)
    planes = planes_of(walls, box.room(), (0, 0))
    for which in np.unique(box.which[walls]).tolist():
        mine = box.which == which
        if mine.sum() > 0.05 * walls.sum():
            assert max(int((here & mine).sum()) for _, here in planes) > 0.97 * mine.sum()


def test_cropping_the_mask_does_not_move_its_planes():
    box = BoxRoom()
    room = box.room()
    mask = box.which >= 10
    whole = planes_of(mask, room, (0, 0))
    part = planes_of(mask[40:, 30:], room, (40, 30))
    assert [surface for surface, _ in whole] == [surface for surface, _ in part]
    for (_, one), (_, other) in zip(whole, part, strict=True):
        np.testing.assert_array_equal(one[40:, 30:], other)


def test_a_ball_is_one_surface_that_faces_the_camera():
    box = BoxRoom(island=False)
    surfaces = box.surfaces()
    h, w = surfaces.log_density.shape
    y, x = np.mgrid[-1 : 1 : h * 1j, -1.5 : 1.5 : w * 1j]
    flat = np.sqrt(np.maximum(1 - x * x - y * y, 0))
    ball = x * x + y * y < 0.9
    normal = np.where(ball[..., None], np.stack([x, y, -flat], -1), surfaces.normal)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    room = camera_of(
        box.picture(), 1.0, SurfacePrediction(normal.astype(np.float32), surfaces.log_density, surfaces.log_albedo)
    )
    mask = cv2.resize(ball.astype(np.uint8), SIZE[::-1], interpolation=cv2.INTER_NEAREST) > 0
    ((surface, here),) = planes_of(mask, room, (0, 0))
    assert surface.facing
    np.testing.assert_array_equal(here, mask)


def test_a_floor_is_floor_and_a_worktop_is_not():
    box = BoxRoom()
    room = box.room()
    floor = main_plane(box.which == FLOOR, room, SIZE, (0, 0), boards=False)
    assert floor.is_floor
    assert floor.offset == pytest.approx(box.eye, rel=0.05)
    top = main_plane(box.which == 10, room, SIZE, (0, 0), boards=False)
    assert top.horizontal
    assert not top.is_floor
    assert top.offset == pytest.approx(0.6, rel=0.1)
    assert not main_plane(box.which == 2, room, SIZE, (0, 0), boards=False).horizontal


@pytest.mark.parametrize("at", [(0, 0), (128, 190), (255, 383)])
def test_a_mask_of_one_pixel_is_one_plane(at):
    mask = np.zeros(SIZE, bool)
    mask[at] = True
    ((_, here),) = planes_of(mask, BoxRoom().room(), (0, 0))
    np.testing.assert_array_equal(here, mask)


def level_room(yaw=20.0):
    box = BoxRoom(yaw=yaw)
    surfaces = box.surfaces()
    none = np.zeros((0, 4), np.float32)
    yaws = (box.yaw, box.yaw + math.pi / 2)
    return Room(
        box.focal, SIZE[1] / 2, box.horizon, yaws, none, np.zeros(0, np.int64), surfaces, np.zeros(SIZE, np.float32)
    )


@pytest.mark.parametrize("axis", [0, 1])
def test_lines_along_a_floor_s_axis_run_to_its_vanishing_point(axis):
    room = level_room()
    along, across, _ = metres_on(RoomPlane(horizontal=True, axis=axis, offset=1.5), room, (0, SIZE[0], 0, SIZE[1]))
    vanishing = np.array([room.centre + room.focal * math.tan(room.yaws[axis]), room.horizon])
    y, x = np.mgrid[150:250, 40:340]
    # One px along the way to the vanishing point: the place moves along the axis, and not across it.
    way = np.stack([vanishing[0] - x - 0.5, vanishing[1] - y - 0.5])
    way *= math.copysign(1, float(way[0].mean())) / np.abs(way).max(0)
    slopes = [np.gradient(place)[k][150:250, 40:340] for place in (along, across) for k in (1, 0)]
    moved_along = slopes[0] * way[0] + slopes[1] * way[1]
    moved_across = slopes[2] * way[0] + slopes[3] * way[1]
    assert np.abs(moved_across).max() < 0.02 * np.abs(moved_along).min()


def test_a_metre_is_fewer_px_farther_away():
    room = level_room()
    _, _, floor = metres_on(RoomPlane(horizontal=True, axis=0, offset=1.5), room, (140, SIZE[0], 0, SIZE[1]))
    assert (np.diff(floor, axis=0) > 0).all()
    wall = RoomPlane(horizontal=False, axis=0, offset=2.0)
    _, _, right = metres_on(wall, room, (0, SIZE[0], 340, SIZE[1]))
    assert (np.diff(right, axis=1) > 0).all()


def test_twice_the_distance_is_half_the_size():
    room = level_room()
    box = (0, SIZE[0], 300, SIZE[1])
    for near in (
        RoomPlane(horizontal=False, axis=0, offset=1.0),
        RoomPlane(horizontal=False, axis=0, offset=1.0, facing=True),
    ):
        far = RoomPlane(horizontal=near.horizontal, axis=0, offset=2.0, facing=near.facing)
        one, two = metres_on(near, room, box), metres_on(far, room, box)
        np.testing.assert_allclose(two[0], 2 * one[0], rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(two[1], 2 * one[1], rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(two[2], one[2] / 2, rtol=1e-4)
