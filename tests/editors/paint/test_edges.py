import cv2
import numpy as np
import pytest

from automask.editors.paint.edges import PERCEPTUAL, cover_of, distance_to_surface

SIZE = (60, 80)
WHITE, NAVY, RED = (0.7, 0.7, 0.68), (0.02, 0.03, 0.08), (0.5, 0.05, 0.04)


def perceptual(linear):
    return cv2.transform(np.asarray(linear, np.float32), PERCEPTUAL)


def flat(colour):
    return perceptual(np.broadcast_to(np.float32(colour), (*SIZE, 3)).copy())


def distance(one, other):
    return float(distance_to_surface(flat(one), flat(other))[0, 0])


def mixture(share, surface, neighbour):
    """A picture of two colours: `share` of each pixel is the surface."""
    return share[..., None] * np.float32(surface) + (1 - share[..., None]) * np.float32(neighbour)


def slanted(at=40.0):
    """[h, w] the share of each pixel left of a slanting edge, to parts of a pixel."""
    y, x = np.mgrid[: SIZE[0], : SIZE[1]].astype(np.float32)
    return np.clip(at + 0.5 - (x + 0.35 * y - 10), 0, 1)


def covered(picture, surface, mask, *, rim_px=5, radius=1):
    """`cover_of` a picture whose surface has one colour."""
    seen, near = perceptual(picture), flat(surface)
    inner = cv2.erode(mask.astype(np.uint8), np.ones((2 * rim_px + 1,) * 2, np.uint8), borderValue=1) > 0
    rim = cover_of(seen, near, distance_to_surface(seen, near), mask, inner, radius)
    return rim.cover, rim.remainder


# ------------------------------------------------------------------------------------------------- distance to a colour


@pytest.mark.parametrize(("colour", "noise"), [(WHITE, 0.001), (RED, 0.01), (NAVY, 0.2)])
@pytest.mark.parametrize("light", [0.45, 0.7, 1.0, 1.1])
def test_a_surface_in_shade_is_still_the_surface(colour, light, noise):
    assert distance(light * np.array(colour), colour) < noise


@pytest.mark.parametrize("light", [0.1, 2.0])
def test_what_is_far_darker_or_lighter_is_not(light):
    assert distance(light * np.array(WHITE), WHITE) > 0.2


def test_the_distance_grows_with_the_difference_of_hue():
    way = [distance((1 - share) * np.array(WHITE) + share * np.array(RED), WHITE) for share in (0, 0.2, 0.5, 1)]
    assert way == sorted(way)
    assert way[-1] > way[1] > 0.02


def test_noise_in_the_dark_is_no_difference():
    assert distance((0.002, 0.001, 0.001), (0.001, 0.001, 0.001)) < 0.1


# ---------------------------------------------------------------- share of pixels


@pytest.mark.parametrize(("surface", "neighbour"), [(WHITE, NAVY), (NAVY, WHITE), (RED, WHITE)])
def test_the_share_of_a_mixed_pixel_is_found_under_a_mask_that_is_too_wide(surface, neighbour):
    share = slanted()
    cover, rest = covered(mixture(share, surface, neighbour), surface, slanted(43.0) > 0.5)
    assert np.abs(cover - share).mean() < 0.01
    assert np.percentile(np.abs(cover - share), 98) < 0.15
    # What is left of a pixel is the neighbour's.
    expected = (1 - share[..., None]) * np.float32(neighbour)
    mixed = (share > 0.05) & (share < 0.95)
    np.testing.assert_allclose(rest[mixed].mean(0), expected[mixed].mean(0), atol=0.04)


def test_it_is_all_well_inside_and_nothing_outside():
    mask = slanted() > 0.5
    cover, rest = covered(mixture(slanted(), RED, WHITE), RED, mask)
    assert (cover[~mask] == 0).all()
    assert (cover[slanted(32.0) > 0.5] == 1).all()
    assert not rest[slanted(32.0) > 0.5].any()
    assert not rest[~mask].any()
    assert 0 <= cover.min() <= cover.max() <= 1
    assert rest.min() >= 0


def test_where_both_look_alike_the_mask_says_where_the_edge_runs():
    """Without a step: from little on its last pixel to all of it two radii inside."""
    mask = np.zeros(SIZE, bool)
    mask[:, :40] = True
    cover, _ = covered(np.broadcast_to(np.float32(WHITE), (*SIZE, 3)), WHITE, mask, rim_px=8, radius=3)
    rim = cover[30]
    assert (np.diff(rim) <= 1e-6).all()
    assert rim[39] < 0.25
    assert rim[36] == pytest.approx(0.5, abs=0.15)
    assert rim[32] > 0.9


@pytest.mark.parametrize("mask", [np.zeros(SIZE, bool), np.eye(*SIZE, dtype=bool), np.ones(SIZE, bool)], ids=range(3))
def test_a_mask_without_an_inside_or_without_an_edge_is_taken_as_it_is(mask):
    cover, rest = covered(mixture(slanted(), RED, WHITE), RED, mask)
    np.testing.assert_array_equal(cover, mask)
    assert not rest.any()


def test_an_isolated_speck_is_painted_and_a_neighbour_that_reaches_in_is_kept():
    share = np.ones(SIZE, np.float32)
    share[:, 60:] = 0
    share[20, 57] = 0  # a speck of another colour in the rim, apart from the edge
    share[40:42, 57:60] = 0  # a neighbour's tip, from outside
    mask = np.zeros(SIZE, bool)
    mask[:, :60] = True
    cover, _ = covered(mixture(share, WHITE, NAVY), WHITE, mask, radius=2)
    assert cover[20, 57] > 0.9
    assert cover[40:42, 58].max() < 0.3


def test_a_hole_of_one_pixel_in_the_mask_stays_a_hole():
    mask = np.ones(SIZE, bool)
    mask[30, 40] = False
    cover, _ = covered(mixture(np.float32(mask), WHITE, NAVY), WHITE, mask)
    assert cover[30, 40] == 0
    assert cover[mask].mean() > 0.99
