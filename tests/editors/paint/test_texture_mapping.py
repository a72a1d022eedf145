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
