"""The planes of a room, and metres on them."""

import math

import cv2
import numpy as np
import pytest
from box_rooms import FLOOR, SIZE, Box

from automask.geometry.perspective import Room, camera_of
from automask.geometry.planes import RoomPlane, metres, planes_of, surface_of
from automask.geometry.surfaces import SurfacePrediction


def test_an_island_has_a_top_a_front_and_a_side_at_the_right_distances():
    box = Box()
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
        assert surface.flat is flat
        assert abs(surface.offset) == pytest.approx(offset, rel=0.15)
    assert len({(surface.flat, surface.axis) for surface, _ in planes}) == len(planes) == 3


def test_a_fold_is_straight_even_with_rough_normals():
    """The place where the front turns into the side moves by less than a px and a half from row to row."""
    box = Box(yaw=35)
    mask = box.which >= 10
    planes = planes_of(mask, box.room(noise=0.25), (0, 0))
    uprights = [here for surface, here in planes if not surface.flat][:2]
    true_front = box.which == 11
    front = max(uprights, key=lambda here: int((here & true_front).sum()))
    rows = [y for y in range(SIZE[0]) if true_front[y].sum() > 10 and (mask[y] & ~true_front[y]).sum() > 10]
    rows = [y for y in rows if set(np.unique(box.which[y][mask[y]])) <= {11, 12, 13}]
    assert len(rows) > 20
    wrong = [int((front[y] != true_front[y])[mask[y]].sum()) for y in rows]
    assert max(wrong) <= 2


def test_planes_that_meet_have_one_distance_there():
    box = Box()
    room = box.room(noise=0.1)
    planes = planes_of(box.which >= 10, room, (0, 0))
    distance = []
    for surface, here in planes:
        depth = np.full(SIZE, np.nan)
        y, x = np.nonzero(here)
        ray_x, ray_y = (x + 0.5 - room.centre) / room.focal, (y + 0.5 - room.horizon) / room.focal
        yaw = room.yaws[surface.axis]
        slant = ray_y if surface.flat else math.cos(yaw) * ray_x - math.sin(yaw)
        depth[y, x] = surface.offset / slant
        distance.append(depth)
    together = np.fmax.reduce(distance)
    beside = together[:, 1:] / together[:, :-1]
    inside = np.isfinite(beside)
    assert np.abs(np.log(beside[inside])).max() < 0.06


def test_the_walls_of_a_room_are_planes_of_their_own():
    box = Box(island=False)
    walls = (box.which >= 2) & (box.which <= 5)
    planes = planes_of(walls, box.room(), (0, 0))
    for which in np.unique(box.which[walls]).tolist():
        mine = box.which == which
        if mine.sum() > 0.05 * walls.sum():
            assert max(int((here & mine).sum()) for _, here in planes) > 0.97 * mine.sum()


def test_cropping_the_mask_does_not_move_its_planes():
    box = Box()
    room = box.room()
    mask = box.which >= 10
    whole = planes_of(mask, room, (0, 0))
    part = planes_of(mask[40:, 30:], room, (40, 30))
    assert [surface for surface, _ in whole] == [surface for surface, _ in part]
    for (_, one), (_, other) in zip(whole, part, strict=True):
        np.testing.assert_array_equal(one[40:, 30:], other)


def test_a_ball_is_one_surface_that_faces_the_camera():
    box = Box(island=False)
    seen = box.seen()
    h, w = seen.log_density.shape
    y, x = np.mgrid[-1 : 1 : h * 1j, -1.5 : 1.5 : w * 1j]
    flat = np.sqrt(np.maximum(1 - x * x - y * y, 0))
    ball = x * x + y * y < 0.9
    normal = np.where(ball[..., None], np.stack([x, y, -flat], -1), seen.normal)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    room = camera_of(
        box.picture(), 1.0, SurfacePrediction(normal.astype(np.float32), seen.log_density, seen.log_albedo)
    )
    mask = cv2.resize(ball.astype(np.uint8), SIZE[::-1], interpolation=cv2.INTER_NEAREST) > 0
    ((surface, here),) = planes_of(mask, room, (0, 0))
    assert surface.facing
    np.testing.assert_array_equal(here, mask)


def test_a_floor_is_floor_and_a_worktop_is_not():
    box = Box()
    room = box.room()
    floor = surface_of(box.which == FLOOR, room, SIZE, (0, 0), boards=False)
    assert floor.is_floor
    assert floor.offset == pytest.approx(box.eye, rel=0.05)
    top = surface_of(box.which == 10, room, SIZE, (0, 0), boards=False)
    assert top.flat
    assert not top.is_floor
    assert top.offset == pytest.approx(0.6, rel=0.1)
    assert not surface_of(box.which == 2, room, SIZE, (0, 0), boards=False).flat


@pytest.mark.parametrize("at", [(0, 0), (128, 190), (255, 383)])
def test_a_mask_of_one_pixel_is_one_plane(at):
    mask = np.zeros(SIZE, bool)
    mask[at] = True
    ((_, here),) = planes_of(mask, Box().room(), (0, 0))
    np.testing.assert_array_equal(here, mask)


def level_room(yaw=20.0):
    box = Box(yaw=yaw)
    seen = box.seen()
    none = np.zeros((0, 4), np.float32)
    yaws = (box.yaw, box.yaw + math.pi / 2)
    return Room(
        box.focal, SIZE[1] / 2, box.horizon, yaws, none, np.zeros(0, np.int64), seen, np.zeros(SIZE, np.float32)
    )


@pytest.mark.parametrize("axis", [0, 1])
def test_lines_along_a_floor_s_axis_run_to_its_vanishing_point(axis):
    room = level_room()
    along, across, _ = metres(RoomPlane(flat=True, axis=axis, offset=1.5), room, (0, SIZE[0], 0, SIZE[1]))
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
    _, _, floor = metres(RoomPlane(flat=True, axis=0, offset=1.5), room, (140, SIZE[0], 0, SIZE[1]))
    assert (np.diff(floor, axis=0) > 0).all()
    wall = RoomPlane(flat=False, axis=0, offset=2.0)
    _, _, right = metres(wall, room, (0, SIZE[0], 340, SIZE[1]))
    assert (np.diff(right, axis=1) > 0).all()


def test_twice_the_distance_is_half_the_size():
    room = level_room()
    box = (0, SIZE[0], 300, SIZE[1])
    for near in (RoomPlane(flat=False, axis=0, offset=1.0), RoomPlane(flat=False, axis=0, offset=1.0, facing=True)):
        far = RoomPlane(flat=near.flat, axis=0, offset=2.0, facing=near.facing)
        one, two = metres(near, room, box), metres(far, room, box)
        np.testing.assert_allclose(two[0], 2 * one[0], rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(two[1], 2 * one[1], rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(two[2], one[2] / 2, rtol=1e-4)
