import math

import numpy as np
import pytest

from automask.editors.paint.light import contrast_beyond, downscale, expected_light, light_on, old_surface
from automask.editors.paint.tone import LUMA, WHITEST, encode, linear_of_scene
from automask.images import to_uint8

SIZE = (90, 120)
MASK = np.zeros(SIZE, bool)
MASK[20:70, 30:90] = True
INSIDE = (slice(30, 60), slice(40, 80))
FALL = np.linspace(0.1, -0.1, SIZE[1], dtype=np.float32)[None, :, None]  # a window on the left


def painted(reflectance, *, wall=(0.6, 0.6, 0.6), mask=MASK):
    """[h, w, 3] reflectance of a wall and of a surface under the mask."""
    return np.where(mask[..., None], np.float32(reflectance), np.float32(wall))


def photo(reflectance, light=0.0):
    """[h, w, 3] uint8 of surfaces in a light, both as the tone curve has it."""
    return to_uint8(encode(linear_of_scene(np.log(reflectance) + np.float32(light))))


def net(*colour):
    """What the surface net says of a surface: its logarithmic luminance, and red and blue over green."""
    red, green, blue = colour
    return np.broadcast_to(
        np.float32([math.log(LUMA @ colour), math.log(red / green), math.log(blue / green)]), (*SIZE, 3)
    )


def light_of(picture, old, *, rim_px=2.0, long_px=120, **more):
    """`light_on` the masked surface, with what is to be expected of the photo."""
    expected, tint = expected_light(picture, MASK)
    how = {"target": 0.5, "gloss": None, "joints": False, "faces_up": False, "contrast": 0.0, **more}
    seen = old_surface(picture, MASK, rim_px=rim_px, long_px=long_px)
    return light_on(seen, expected=expected, tint=tint, log_albedo=net(*old), **how)


# ------------------------------------------------------------------------------------------------------------ reduction


@pytest.mark.parametrize(("size", "long_px"), [((90, 120), 60), ((300, 40), 100), ((5, 400), 20)])
def test_a_reduced_photo_has_its_long_side_and_its_mean(size, long_px):
    rng = np.random.default_rng(0)
    big = rng.integers(0, 256, (*size, 3), dtype=np.uint8)
    small, shrink = downscale(big, long_px)
    assert max(small.shape[:2]) == long_px
    assert shrink == max(size) / long_px
    assert small.mean() == pytest.approx(big.mean(), abs=3)


def test_a_small_photo_is_not_enlarged():
    small, shrink = downscale(photo(painted((0.3, 0.3, 0.3))), 500)
    assert (small.shape, shrink) == ((*SIZE, 3), 1)


# ----------------------------------------------------------------------------------------------- what is to be expected


def test_more_light_in_the_room_is_more_light_to_expect():
    levels = [expected_light(photo(painted((0.3, 0.3, 0.3)), light + FALL), MASK)[0] for light in (-1, -0.5, 0, 0.5, 1)]
    assert (np.diff(levels) > 0.3).all()


def test_what_is_under_the_mask_does_not_matter_where_it_is_small():
    mask = np.zeros(SIZE, bool)
    mask[40:50, 55:65] = True
    white, black = (
        expected_light(photo(painted((level, level, level), mask=mask), FALL), mask) for level in (0.8, 0.02)
    )
    assert white[0] == pytest.approx(black[0], abs=0.06)
    np.testing.assert_allclose(white[1], black[1], atol=0.03)


@pytest.mark.parametrize("cast", [(0.15, 0.0, -0.25), (-0.1, 0.0, 0.2), (0.0, 0.0, 0.0)])
def test_the_cast_is_that_of_the_room_s_whites_taken_by_a_part(cast):
    _, tint = expected_light(photo(painted((0.3, 0.3, 0.3)), np.float32(cast) + FALL), MASK)
    assert tint.shape == (3,)
    np.testing.assert_array_equal(np.sign(np.round(tint[[0, 2]], 2)), np.sign(np.array(cast)[[0, 2]]))
    assert (np.abs(tint) <= np.abs(cast) + 0.05).all()
    assert np.abs(tint).max() <= 0.24


def test_a_coloured_wall_is_no_coloured_light_though_it_be_the_brightest():
    walls = np.where(np.arange(SIZE[1])[None, :, None] < 60, np.float32((0.75, 0.7, 0.06)), np.float32(0.55))
    _, tint = expected_light(photo(painted((0.3, 0.3, 0.3), wall=walls)), MASK)
    assert np.abs(tint).max() < 0.05


def test_a_cream_surface_under_the_mask_is_no_warm_light():
    _, tint = expected_light(photo(painted((0.85, 0.8, 0.6)), FALL), MASK)
    assert np.abs(tint).max() < 0.03


# ------------------------------------------------------------------------------------------------- light on the surface


@pytest.mark.parametrize("old", [0.05, 0.3, 0.8])
def test_light_is_told_from_reflectance(old):
    """The net says how light the surface is: what it reflects is not taken for light."""
    light = light_of(photo(painted((old, old, old)), 0.2 + FALL), (old, old, old))
    assert np.median(light.illumination[INSIDE]) == pytest.approx(0.2, abs=0.2)


def test_in_a_dark_room_the_net_knows_better_than_the_walls():
    picture = photo(painted((0.3, 0.3, 0.3), wall=(0.1, 0.1, 0.1)))
    by_room, _ = expected_light(picture, MASK)
    by_both = np.median(light_of(picture, (0.3, 0.3, 0.3)).illumination[INSIDE])
    assert by_room < -0.6
    assert abs(by_both) < 0.5 * abs(by_room)


def test_more_light_is_more_light_on_the_surface():
    levels = [
        np.median(light_of(photo(painted((0.3, 0.3, 0.3)), light + FALL), (0.3, 0.3, 0.3)).illumination[INSIDE])
        for light in (-0.6, 0.0, 0.6)
    ]
    assert (np.diff(levels) > 0.4).all()


@pytest.mark.parametrize(("old", "most"), [(0.02, 0.4), (0.5, math.inf)])
def test_a_floor_gets_little_more_light_than_the_room_says_however_dark_the_net_takes_it_for(old, most):
    """What the net takes for dark is in strong light to it: on a wall that is believed, on a floor only in part."""
    picture = photo(painted((0.3, 0.3, 0.3)))
    expected, _ = expected_light(picture, MASK)
    wall, floor = (
        float(np.median(light_of(picture, (old, old, old), faces_up=up).illumination[INSIDE])) - expected
        for up in (False, True)
    )
    assert floor <= min(wall, most)
    assert (floor < wall - 0.2) == (most < math.inf)


def test_no_surface_is_whiter_than_white_paint():
    """However dark the net and the room make the light, what is seen must come of it."""
    picture = photo(painted((0.85, 0.85, 0.85), wall=(0.05, 0.05, 0.05)))
    light = light_on(
        old_surface(picture, MASK, rim_px=2.0, long_px=120),
        expected=-3.0,
        tint=np.zeros(3, np.float32),
        log_albedo=net(0.9, 0.9, 0.9),
        faces_up=False,
        contrast=0.0,
        target=0.5,
        gloss=None,
        joints=False,
    )
    assert np.median(light.illumination[INSIDE]) >= math.log(0.85 / WHITEST) - 0.1


def test_a_flat_surface_in_even_light_has_no_shade_and_no_shine():
    light = light_of(photo(painted((0.3, 0.3, 0.3))), (0.3, 0.3, 0.3))
    np.testing.assert_allclose(light.shade[INSIDE], 0, atol=0.02)
    assert not light.highlights[INSIDE].any()


def test_a_shadow_is_in_the_shade_and_not_in_the_light():
    shadow = np.zeros((*SIZE, 1), np.float32)
    shadow[:, 60:] = -0.4
    light = light_of(photo(painted((0.3, 0.3, 0.3)), shadow), (0.3, 0.3, 0.3))
    bright, dark = light.shade[30:60, 40:50].mean(), light.shade[30:60, 70:80].mean()
    assert 0.15 < bright - dark < 0.6
    assert np.ptp(light.illumination[INSIDE]) < 0.2


def test_a_highlight_is_shine_and_gloss_makes_more_of_it():
    spot = np.zeros((*SIZE, 1), np.float32)
    spot[42:48, 56:64] = 1.5
    picture = photo(painted((0.1, 0.1, 0.1)), spot)
    matt, as_it_was, polished = (
        light_of(picture, (0.1, 0.1, 0.1), gloss=gloss, long_px=900).highlights for gloss in (0.0, None, 1.0)
    )
    assert 0 < matt.max() < as_it_was.max() < polished.max()
    assert as_it_was[44:46, 58:62].min() > 0
    assert not as_it_was[30:38, 40:80].any()
    assert matt.min() >= 0


def test_joints_of_an_old_floor_are_flattened_when_it_gets_new_boards():
    joints = np.zeros((*SIZE, 1), np.float32)
    joints[:, ::12] = -0.35
    picture = photo(painted((0.3, 0.3, 0.3)), joints)
    stay, go = (light_of(picture, (0.3, 0.3, 0.3), joints=each).shade[INSIDE].std() for each in (False, True))
    assert go < 0.7 * stay


def test_a_dark_surface_keeps_less_of_its_shade_when_it_turns_white_and_gains_when_it_darkens():
    wave = 0.2 * np.sin(np.arange(SIZE[1], dtype=np.float32) / 3)[None, :, None]
    picture = photo(painted((0.2, 0.2, 0.2)), wave)
    white, same, black = (
        light_of(picture, (0.2, 0.2, 0.2), target=target).shade[INSIDE].std() for target in (0.8, 0.2, 0.03)
    )
    assert white < same < black


@pytest.mark.parametrize("rim_px", [0.5, 2.0, 8.0])
def test_shapes_and_ranges(rim_px):
    rng = np.random.default_rng(3)
    picture = rng.integers(0, 256, (*SIZE, 3), dtype=np.uint8)
    light = light_of(picture, (0.3, 0.3, 0.3), rim_px=rim_px)
    assert light.illumination.shape == light.rim.remainder.shape == (*SIZE, 3)
    assert light.shade.shape == light.highlights.shape == light.rim.cover.shape == SIZE
    for plane in (light.illumination, light.shade, light.highlights, light.rim.cover, light.rim.remainder):
        assert plane.dtype == np.float32
        assert np.isfinite(plane).all()
    assert not light.rim.cover[~MASK].any()
    assert 0 <= light.rim.cover.min() <= light.rim.cover.max() <= 1
    assert light.highlights.min() >= 0
    assert light.rim.remainder.min() >= 0


# ------------------------------------------------------------------------------------------------------ a photo's curve


def in_curve(contrast, *, size=(60, 80)):
    """A photo of bands of ten reflectances whose curve has that share of the usual contrast, and what the net sees."""
    levels = np.repeat(np.geomspace(0.03, 0.8, 10), size[1] // 10)
    logs = np.log(levels)
    bands = np.exp(logs.mean() + contrast * (logs - logs.mean()))
    picture = photo(np.broadcast_to(np.float32(bands)[None, :, None], (*size, 3)))
    return picture, np.broadcast_to(np.stack([np.float32(logs), 0 * logs, 0 * logs], -1), (*size, 3)).astype(np.float32)


def test_a_flatter_photo_has_less_contrast():
    beyond = [contrast_beyond(*in_curve(share)) for share in (0.4, 0.6, 0.8, 1.0, 1.2)]
    assert (np.diff(beyond) >= 0).all()
    assert -0.3 <= beyond[0] < beyond[-1] <= 0.1


def test_a_photo_that_is_all_clipped_says_nothing_of_its_curve():
    white = np.full((*SIZE, 3), 255, np.uint8)
    assert contrast_beyond(white, np.zeros((*SIZE, 3), np.float32)) == 0


def test_less_contrast_brings_light_and_dark_paint_nearer_and_keeps_what_stays():
    picture = photo(painted((0.3, 0.3, 0.3)))

    def level(target, contrast):
        return float(
            np.median(light_of(picture, (0.3, 0.3, 0.3), target=target, contrast=contrast).illumination[INSIDE])
        )

    own = math.exp(math.log(0.3) - level(0.3, 0.0))  # what the surface reflects in the light that was found
    for target, sign in ((0.03, 1), (0.85, -1)):
        assert sign * (level(target, -0.2) - level(target, 0.0)) > 0.1
    assert abs(level(own, -0.2) - level(own, 0.0)) < 0.03
