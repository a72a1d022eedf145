import math

import cv2
import numpy as np
import pytest

from automask.geometry.perspective import Room, camera_of
from automask.geometry.planes import RoomPlane, metres, planes_of, surface_of
from automask.geometry.surfaces import SurfacePrediction

SIZE = (256, 384)
FLOOR, CEILING, RIGHT, LEFT, BACK = range(5)


class Box:
    """A box room, and an island in it, seen by a level camera: exact normals, distances and a picture of its lines."""

    def __init__(self, *, yaw=20.0, focal=250.0, horizon=112.0, eye=1.5, island=True, size=SIZE):
        self.yaw, self.focal, self.horizon, self.eye = math.radians(yaw), focal, horizon, eye
        h, w = size
        x = (np.arange(w) + 0.5 - w / 2) / focal
        y = (np.arange(h) + 0.5 - horizon) / focal
        self.ray = np.stack([*np.meshgrid(x, y), np.ones(size)], -1)
        # The room's frame: u along axis 0, v along axis 1, both level; y down.
        turn = np.array([[math.sin(self.yaw), 0, math.cos(self.yaw)], [math.cos(self.yaw), 0, -math.sin(self.yaw)]])
        self.turn = np.stack([turn[0], -turn[1], [0, 1, 0]])
        way = self.ray @ self.turn.T
        self.depth = np.full(size, np.inf)
        self.normal = np.zeros((*size, 3))
        self.which = np.full(size, -1)
        self.metre = np.zeros((*size, 2))
        walls = [(2, eye, 0), (2, eye - 2.6, 1), (0, 5.2, 2), (1, -1.9, 3), (1, 2.1, 4), (0, -1.0, 5)]
        for axis, at, name in walls:
            self._hit(way, axis, at, name, None)
        if island:  # 1.1 m long, 0.9 m wide and high
            low, high = np.array([2.2, 0.4, eye - 0.9]), np.array([3.1, 1.5, eye])
            for axis, at, name in ((2, low[2], 10), (0, low[0], 11), (1, low[1], 12), (1, high[1], 13)):
                self._hit(way, axis, at, name, (low, high))

    def _hit(self, way, axis, at, name, within):
        with np.errstate(divide="ignore", invalid="ignore"):
            t = at / way[..., axis]
            point = way * t[..., None]
        ok = (t > 0) & (t < self.depth)
        rest = [k for k in range(3) if k != axis]
        if within is not None:
            for k in rest:
                ok &= (point[..., k] >= within[0][k]) & (point[..., k] <= within[1][k])
        self.depth[ok], self.which[ok] = t[ok], name
        self.normal[ok] = -math.copysign(1, at) * self.turn[axis] if within is None else 0
        if within is not None:
            towards = -np.sign((way[..., axis])[ok])
            self.normal[ok] = towards[:, None] * self.turn[axis]
        self.metre[ok] = point[ok][:, rest]

    def picture(self):
        """Tiles on every surface, in greys: lines along the room's axes."""
        cell = np.floor(self.metre / 0.5).astype(int)
        grey = 120 + 15 * (self.which % 7) + 22 * (cell.sum(-1) % 2)
        return np.repeat(np.clip(grey, 0, 255).astype(np.uint8)[..., None], 3, -1)

    def seen(self, noise=0.0):
        """What a perfect net would see, at a quarter of the size; with `noise`, a worse one."""
        wh = (self.which.shape[1] // 4, self.which.shape[0] // 4)
        rng = np.random.default_rng(0)
        normal = cv2.resize(self.normal.astype(np.float32), wh, interpolation=cv2.INTER_AREA)
        rough = cv2.GaussianBlur(rng.normal(0, 1, normal.shape).astype(np.float32), (0, 0), 2) * 4
        normal = normal + noise * rough
        normal /= np.maximum(np.linalg.norm(normal, axis=-1, keepdims=True), 1e-6)
        density = cv2.resize(np.log(self.focal / self.depth).astype(np.float32), wh, interpolation=cv2.INTER_AREA)
        return SurfacePrediction(normal.astype(np.float32), density, np.zeros((*density.shape, 3), np.float32))

    def room(self, noise=0.0):
        return camera_of(self.picture(), 1.0, self.seen(noise))


def off_degrees(one, other):
    """Between two yaws, each of which may be of either axis."""
    return abs((math.degrees(one - other) + 45) % 90 - 45)


@pytest.mark.parametrize(
    ("yaw", "focal", "horizon"), [(20, 250, 112), (-33, 220, 120), (24, 300, 105), (40, 200, 128), (-25, 260, 96)]
)
def test_the_camera_is_found_from_the_lines_of_a_room(yaw, focal, horizon):
    box = Box(yaw=yaw, focal=focal, horizon=horizon)
    room = box.room()
    assert off_degrees(room.yaws[0], box.yaw) < 1.0
    assert abs(math.log(room.focal / focal)) < 0.09
    assert abs(room.horizon - horizon) < 0.012 * SIZE[0]


def test_a_photo_without_a_line_has_a_room_too():
    room = camera_of(np.full((*SIZE, 3), 99, np.uint8), 1.0, Box().seen())
    assert 0.4 * SIZE[1] < room.focal < 1.2 * SIZE[1]
    assert 0 < room.horizon < SIZE[0]


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


def test_a_fold_is_straight_though_what_is_seen_is_rough():
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


def test_planes_that_meet_are_equally_near_there():
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


def test_a_mask_s_place_in_the_photo_does_not_move_its_planes():
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


# --------------------------------------------------------------------------------------------------------------- metres


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


def test_a_metre_is_fewer_px_far_away():
    room = level_room()
    _, _, floor = metres(RoomPlane(flat=True, axis=0, offset=1.5), room, (140, SIZE[0], 0, SIZE[1]))
    assert (np.diff(floor, axis=0) > 0).all()
    wall = RoomPlane(flat=False, axis=0, offset=2.0)
    _, _, right = metres(wall, room, (0, SIZE[0], 340, SIZE[1]))
    assert (np.diff(right, axis=1) > 0).all()


def test_twice_as_far_is_half_as_large():
    room = level_room()
    box = (0, SIZE[0], 300, SIZE[1])
    for near in (RoomPlane(flat=False, axis=0, offset=1.0), RoomPlane(flat=False, axis=0, offset=1.0, facing=True)):
        far = RoomPlane(flat=near.flat, axis=0, offset=2.0, facing=near.facing)
        one, two = metres(near, room, box), metres(far, room, box)
        np.testing.assert_allclose(two[0], 2 * one[0], rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(two[1], 2 * one[1], rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(two[2], one[2] / 2, rtol=1e-4)
