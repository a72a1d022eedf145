import math

import numpy as np
import pytest

from automask.editors.paint.look import Look
from automask.editors.paint.texture_mapping import texture_planes
from automask.geometry.perspective import Room
from automask.geometry.planes import RoomPlane
from automask.geometry.surfaces import SurfacePrediction

SIZE = (200, 300)
FOCAL, HORIZON, YAW = 200.0, 80.0, math.radians(15)


def ruler(hw, px_per_m, rng):
    """A texture whose colour is its own place: metres along columns in red, down rows in green."""
    y, x = np.mgrid[: hw[0], : hw[1]].astype(np.float32) + np.float32(0.5)
    return np.stack([x / px_per_m, y / px_per_m, np.ones_like(x)], -1).astype(np.float32)


def room(normal=(0, -1, 0), metres_away=3.0):
    """A room in which everything faces one way."""
    seen = SurfacePrediction(
        np.broadcast_to(np.array(normal, np.float32), (50, 75, 3)).copy(),
        np.full((50, 75), math.log(FOCAL / metres_away), np.float32),
        np.zeros((50, 75, 3), np.float32),
    )
    none = np.zeros((0, 4), np.float32), np.zeros(0, np.int64)
    return Room(FOCAL, SIZE[1] / 2, HORIZON, (YAW, YAW + math.pi / 2), *none, seen, np.full(SIZE, 0.5, np.float32))


def texture(look, mask, *, whole, where=None, scale=1.0, seed=0):
    planes = texture_planes(look, where or room(), whole, mask, corner=(0, 0), seed=seed, scale=scale)
    return planes.reflectance(slice(0, mask.shape[0]))


FLOOR = RoomPlane(horizontal=True, axis=0, offset=1.5)
FRONT = RoomPlane(horizontal=False, axis=1, offset=-3.0)


def below():
    mask = np.zeros(SIZE, bool)
    mask[110:] = True
    return mask


def test_boards_keep_their_way_to_the_vanishing_point():
    painted = texture(Look((0.5, 0.5, 0.5), ruler, "boards"), below(), whole=FLOOR)
    vanishing = np.array([SIZE[1] / 2 + FOCAL * math.tan(YAW), HORIZON])
    for x in (30.5, 150.5, 260.5):
        end = np.array([x, 195.5])
        at = [end + t * (vanishing - end) for t in (0, 0.2, 0.4, 0.6)]
        across = [painted[int(y), int(x), 1] for x, y in at]
        assert np.ptp(across) < 0.05


def test_tiles_shrink_with_distance():
    painted = texture(Look((0.5, 0.5, 0.5), ruler, "courses"), below(), whole=FLOOR)
    width = np.hypot(*np.moveaxis(np.diff(painted[..., :2], axis=1), -1, 0))[:, 100:200].mean(1)
    assert width[115] > 1.5 * width[150] > 2 * width[190] > 0


def test_scale_doubles_the_pattern():
    look = Look((0.5, 0.5, 0.5), ruler, "courses")
    one, two = (texture(look, below(), whole=FLOOR, scale=scale) for scale in (1.0, 2.0))
    steps = [np.hypot(*np.moveaxis(np.diff(painted[180, 50:250, :2], axis=0), -1, 0)).mean() for painted in (one, two)]
    assert steps[0] == pytest.approx(2 * steps[1], rel=0.03)


def test_no_texture_is_drawn_outside_the_mask():
    painted = texture(Look((0.5, 0.5, 0.5), ruler), below(), whole=FLOOR)
    assert (painted[:110] == 0).all()
    assert (painted[110:, :, 2] > 0.99).all()


def test_cloth_is_continuous_over_all_planes():
    """Normals that change from column to column would cut a slab to pieces; cloth goes over them."""
    where = room()
    where.surfaces.normal[:, ::2] = (0, 0, -1)
    where.surfaces.normal[:, 1::2] = (-1, 0, 0)
    painted = texture(Look((0.5, 0.5, 0.5), ruler, "cloth"), below(), whole=FRONT, where=where)
    steps = np.diff(painted[112:, :, :2], axis=1)
    np.testing.assert_allclose(steps[..., 0], 3.0 / FOCAL, rtol=0.05)
    assert np.abs(steps[..., 1]).max() < 1e-3


def test_the_grain_of_veneer_is_vertical_on_fronts():
    normal = (math.cos(YAW + math.pi / 2), 0, -math.sin(YAW + math.pi / 2))
    look = Look((0.5, 0.5, 0.5), ruler, "grain")
    painted = texture(look, below(), whole=FRONT, where=room(normal))
    inside = painted[115:195, 20:280]
    assert (np.diff(inside[..., 1], axis=0) > 0).all()  # rows of the texture run down
    assert np.abs(np.diff(inside[..., 0], axis=0)).max() < 1e-3


@pytest.mark.parametrize("shape", [(slice(120, 130), slice(20, 280)), (slice(90, 199), slice(140, 160))])
def test_grain_runs_the_length_of_a_worktop(shape):
    """Fibres run down the rows of a veneer: they go the long way of the top, whichever that is."""
    mask = np.zeros(SIZE, bool)
    mask[shape] = True
    top = RoomPlane(horizontal=True, axis=1, offset=0.6)
    painted = texture(Look((0.5, 0.5, 0.5), ruler, "grain"), mask, whole=top, where=room(metres_away=2.0))
    spans = [np.ptp(painted[mask][:, k]) for k in (0, 1)]
    assert spans[1] > spans[0]


def test_a_floor_gets_boards_where_fronts_get_veneer():
    boards = Look((0.5, 0.5, 0.5), ruler, "boards")
    look = Look((0.5, 0.5, 0.5), lambda hw, px, rng: np.zeros((*hw, 3), np.float32), "grain", floor=boards)
    assert texture(look, below(), whole=FLOOR)[150, 150, 2] == pytest.approx(1)
    assert texture(look, below(), whole=FRONT)[150, 150, 2] == 0


def test_the_same_seed_gives_the_same_texture():
    def noisy(hw, px_per_m, rng):
        return rng.random((*hw, 3)).astype(np.float32)

    look = Look((0.5, 0.5, 0.5), noisy)
    np.testing.assert_array_equal(
        texture(look, below(), whole=FLOOR, seed=4), texture(look, below(), whole=FLOOR, seed=4)
    )
    assert (texture(look, below(), whole=FLOOR, seed=4) != texture(look, below(), whole=FLOOR, seed=5)).any()


TOP = RoomPlane(horizontal=True, axis=0, offset=0.6)


def even(hw, px_per_m, rng):
    return np.full((*hw, 3), 0.02, np.float32)


def test_a_polished_worktop_mirrors_the_wall_behind_it_and_a_matt_one_or_a_front_does_not():
    far, near = np.zeros(SIZE, bool), np.zeros(SIZE, bool)
    far[100:110, 100:200], near[185:199, 100:200] = True, True

    def mirrored(mask, normal, gloss):
        painted = texture(Look((0.02, 0.02, 0.02), even, gloss=gloss), mask, whole=TOP, where=room(normal, 1.0))
        return float(painted[mask].mean()) - 0.02

    up, out = (0, -1, 0), (0, 0, -1)
    assert mirrored(far, up, 0.5) > 0.05
    assert 0 < mirrored(near, up, 0.5) < 0.5 * mirrored(far, up, 0.5)
    assert mirrored(far, up, 0.9) > mirrored(far, up, 0.5)
    for mask, normal, gloss in ((far, up, 0.0), (far, up, None), (far, out, 0.9)):
        assert mirrored(mask, normal, gloss) == pytest.approx(0, abs=1e-6)


def way_of(layout, direction, mask, whole, where=None):
    """How the texture's columns run there: px down and right for a step along them."""
    painted = texture(Look((0.5, 0.5, 0.5), ruler, layout, direction=direction), mask, whole=whole, where=where)
    y, x = (int(np.median(each)) for each in np.nonzero(mask))
    down, right = painted[y + 4, x, 0] - painted[y - 4, x, 0], painted[y, x + 4, 0] - painted[y, x - 4, 0]
    return abs(float(down)), abs(float(right))


def test_boards_run_the_way_that_words_say():
    floor = below()
    for direction, runs_away in (("away", True), ("across", False), ("window", True)):
        down, right = way_of("boards", direction, floor, FLOOR)
        assert (down > right) == runs_away, direction
    wide = np.zeros(SIZE, bool)
    wide[150:170, 10:290] = True
    for direction, runs_away in (("lengthwise", False), ("crosswise", True)):
        down, right = way_of("boards", direction, wide, FLOOR)
        assert (down > right) == runs_away, direction


def test_boards_run_towards_the_brightest_window():
    where = room()
    where.grey[40:80, 270:300] = 1.0  # to the right, nearer to the second axis
    where.grey[40:80, :20] = 0.0
    sideways = Room(FOCAL, SIZE[1] / 2, HORIZON, (YAW, YAW - math.radians(50)), *empty(), where.surfaces, where.grey)
    turned = texture_planes(
        Look((0.5,) * 3, ruler, "boards", direction="window"),
        sideways,
        FLOOR,
        below(),
        corner=(0, 0),
        seed=0,
        scale=1.0,
    )
    assert turned.surfaces[0].turn == 0  # the first axis points 15 degrees right, the second 35 degrees left


def empty():
    return np.zeros((0, 4), np.float32), np.zeros(0, np.int64)


def test_grain_and_courses_turn_on_fronts():
    front = np.zeros(SIZE, bool)
    front[60:150, 100:200] = True
    where = room((0, 0, -1))

    def runs_down(layout, direction):
        down, right = way_of(layout, direction, front, FRONT, where)
        return down > right

    # A veneer is drawn upright: its columns run along the wall until it is laid level.
    assert not runs_down("grain", None)
    assert not runs_down("grain", "upright")
    assert runs_down("grain", "level")
    assert not runs_down("courses", None)
    assert runs_down("courses", "upright")
    down, right = way_of("courses", "diagonal", front, FRONT, where)
    assert down == pytest.approx(right, rel=0.35)
