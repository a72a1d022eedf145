import numpy as np
import pytest

from automask.editors.paint.tiles import BRICK_WH, bricks, joint_share, slabs, tiles

WHITE, BLACK = (0.8, 0.8, 0.8), (0.01, 0.01, 0.01)


def grouted(hw, px_per_m, **more):
    return tiles(hw, px_per_m, np.random.default_rng(0), colour=WHITE, grout=BLACK, vary=0, uneven=0, **more)[..., 0]


def test_courses_are_as_high_as_a_tile_and_its_joint():
    picture = grouted((1200, 400), 400.0, size_wh=(0.15, 0.075), joint_m=0.004, offset=0.5)
    dark = np.flatnonzero(picture.mean(1) < 0.6)
    starts = dark[np.diff(dark, prepend=-9) > 1]
    np.testing.assert_allclose(np.diff(starts), 30, atol=1)


def test_every_other_course_is_moved_on_by_half_a_tile():
    picture = grouted((120, 600), 400.0, size_wh=(0.15, 0.075), joint_m=0.01, offset=0.5)
    rows = [row for row in picture[::7] if row.mean() > 0.7]
    joints = {int(np.flatnonzero(row < 0.4)[0]) % 60 for row in rows if (row < 0.4).any()}
    assert len(joints) == 2
    assert abs(max(joints) - min(joints) - 30) <= 1


@pytest.mark.parametrize("px_per_m", [30.0, 120.0, 500.0])
def test_grout_takes_its_share_at_any_scale(px_per_m):
    picture = grouted((400, 400), px_per_m, size_wh=(0.1, 0.1), joint_m=0.004)
    share = (0.8 - picture.mean()) / (0.8 - 0.01)
    assert share == pytest.approx(joint_share((0.1, 0.1), 0.004), rel=0.25)


def test_hexagons_leave_no_holes_and_have_joints_on_six_sides():
    picture = grouted((600, 600), 500.0, size_wh=(0.1, 0.1), joint_m=0.004, hexagonal=True)
    # Perimeter of a hexagon over its area, times half a joint.
    assert (0.8 - picture.mean()) / 0.79 == pytest.approx(2 * 0.004 / 0.1, rel=0.15)


def test_a_brick_differs_from_the_next_and_mortar_is_between():
    picture = bricks(
        (300, 450), 400.0, np.random.default_rng(0), fired=((0.4, 0.1, 0.05), (0.2, 0.08, 0.05)), mortar=WHITE
    )
    pale = (picture[..., 2] > 0.4).mean()
    assert pale == pytest.approx(joint_share(BRICK_WH, 0.0119), rel=0.35)
    assert picture[..., 0][picture[..., 2] < 0.2].std() > 0.03


def test_slabs_are_cut_from_different_places_of_the_stone():
    def stone(hw, px_per_m, rng):
        ramp = np.linspace(0.1, 0.7, hw[1], dtype=np.float32)
        return np.ascontiguousarray(np.broadcast_to(ramp[None, :, None], (*hw, 3)))

    picture = slabs((300, 600), 100.0, np.random.default_rng(2), stone=stone, grout=BLACK, size_wh=(0.6, 0.6), vary=0)
    steps = np.abs(np.diff(picture[150, :, 0]))
    assert (steps > 0.03).sum() >= 5
