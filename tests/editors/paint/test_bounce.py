"""Laws of the light that surfaces painted together send each other."""

import numpy as np
import pytest
from box_rooms import FLOOR, SIZE, BoxRoom

from automask.editors.paint.bounce import relit
from automask.geometry.perspective import room_of

BOX = BoxRoom(island=False)
ROOM = BOX.room()
CEILING, BACK = 1, 2
GREY = 150


def on(*which):
    """[h, w] float32 alpha: 1 on those surfaces of the box room."""
    return np.isin(BOX.which, which).astype(np.float32)


def after(**rgb_of):
    """A grey photo of the room, and the same with surfaces painted: `floor=(40, 40, 40)`."""
    photo = np.full((*SIZE, 3), GREY, np.uint8)
    picture = photo.copy()
    for name, rgb in rgb_of.items():
        picture[BOX.which == {"floor": FLOOR, "ceiling": CEILING, "back": BACK}[name]] = rgb
    return photo, picture


def change(result, picture, which):
    """[3] the mean change of the levels on a surface."""
    return (result.astype(float) - picture)[BOX.which == which].mean(0)


@pytest.mark.parametrize(
    ("alphas", "strength"),
    [([on(FLOOR)], 1.0), ([on(FLOOR), on(CEILING)], 0.0), ([on(FLOOR), 0 * on(CEILING)], 1.0)],
)
def test_one_surface_or_no_strength_changes_no_byte(alphas, strength):
    photo, picture = after(floor=(40, 40, 40))
    assert np.array_equal(relit(photo, picture, alphas, ROOM, strength=strength), picture)


@pytest.mark.parametrize("level", [0, 1, 9, 128, 255])
def test_surfaces_painted_as_they_were_keep_every_level(level):
    photo = np.full((*SIZE, 3), level, np.uint8)
    assert np.array_equal(relit(photo, photo.copy(), [on(FLOOR), on(BACK)], ROOM, strength=1.0), photo)


def test_in_a_strip_where_nothing_faces_anything_every_level_stays():
    photo = np.full((500, 3, 3), GREY, np.uint8)
    picture = photo.copy()
    picture[250:] = 30
    alphas = [np.arange(500)[:, None].repeat(3, 1) < 250, np.arange(500)[:, None].repeat(3, 1) >= 250]
    lit = relit(photo, picture, [alpha.astype(np.float32) for alpha in alphas], room_of(photo, 1.0), strength=1.0)
    assert np.array_equal(lit, picture)


def test_a_dark_floor_takes_light_from_what_was_painted_before_it_and_from_nothing_else():
    photo, picture = after(floor=(30, 30, 30))
    alphas = [on(BACK, CEILING), on(FLOOR)]
    half, whole = (relit(photo, picture, alphas, ROOM, strength=strength) for strength in (0.5, 1.0))
    elsewhere = (alphas[0] == 0) & (alphas[1] == 0)
    assert elsewhere.mean() > 0.2
    assert np.array_equal(whole[elsewhere], picture[elsewhere])
    assert np.array_equal(whole[BOX.which == FLOOR], picture[BOX.which == FLOOR])
    for surface in (BACK, CEILING):
        assert (change(whole, picture, surface) < 1.5 * change(half, picture, surface)).all()
        assert (change(half, picture, surface) < -1).all()


def test_light_takes_the_colour_of_what_it_bounced_from():
    photo, picture = after(floor=(220, 60, 60))
    red, green, blue = change(relit(photo, picture, [on(CEILING), on(FLOOR)], ROOM, strength=1.0), picture, CEILING)
    assert red > 1 > -1 > green
    assert green == pytest.approx(blue)


def test_light_goes_to_what_faces_it_and_not_along_its_own_wall():
    back = BOX.which == BACK
    left = back & (np.arange(SIZE[1]) < np.median(np.nonzero(back)[1]))
    photo = np.full((*SIZE, 3), GREY, np.uint8)
    picture = np.where(left[..., None], np.uint8(30), photo)
    alphas = [(back & ~left).astype(np.float32) + on(FLOOR), left.astype(np.float32)]
    lit = relit(photo, picture, alphas, ROOM, strength=1.0).astype(float) - picture
    foot = np.flatnonzero(left.any(1))[-1]
    near = (BOX.which == FLOOR) & (np.arange(SIZE[0])[:, None] < foot + 25) & left.any(0)
    assert near.sum() > 300
    assert lit[near].mean() < 1.5 * lit[back & ~left].mean() < 0


def test_the_new_light_is_smooth_and_bounded():
    photo, picture = after(floor=(0, 0, 0), back=(255, 255, 255))
    alphas = [on(CEILING), on(FLOOR), on(BACK)]
    lit = relit(photo, picture, alphas, ROOM, strength=1.0).astype(int)
    inside = (BOX.which == CEILING)[:, 1:] & (BOX.which == CEILING)[:, :-1]
    assert np.abs(np.diff(lit[..., 1], axis=1))[inside].max() <= 3
    assert lit[BOX.which == CEILING].min() > 0.6 * GREY


def test_at_a_soft_edge_the_light_follows_alpha():
    photo, picture = after(floor=(30, 30, 30))
    soft = 0.5 * on(CEILING)
    whole, part = (
        change(relit(photo, picture, [alpha, on(FLOOR)], ROOM, strength=1.0), picture, CEILING).mean()
        for alpha in (on(CEILING), soft)
    )
    assert part == pytest.approx(whole / 2, rel=0.15)
