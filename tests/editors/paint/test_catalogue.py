"""Laws that hold for every material of the catalogue."""

import cv2
import numpy as np
import pytest

from automask.editors.paint.catalogue import MATERIALS, material_in_colour
from automask.editors.paint.look import Look

TEXTURED = sorted(MATERIALS)
COLOURED = [name for name in TEXTURED if material_in_colour(name, (0.2, 0.3, 0.1)) is not None]


def drawn(look: Look, hw=(96, 144), px_per_m=250.0, seed=0):
    assert look.texture is not None
    return look.texture(hw, px_per_m, np.random.default_rng(seed))


def mean_of(look: Look):
    """Over 2 m x 2 m, and over seeds: a slab of stone is lighter or darker than the next."""
    return np.mean([drawn(look, (300, 300), 150.0, seed).mean((0, 1), dtype=np.float64) for seed in range(12)], axis=0)


@pytest.mark.parametrize("name", TEXTURED)
@pytest.mark.parametrize(("hw", "px_per_m"), [((8, 8), 20), ((8, 300), 1500), ((301, 8), 77), ((96, 144), 250)])
def test_a_texture_is_reflectance_of_the_size_asked_for(name, hw, px_per_m):
    with np.errstate(all="raise", under="ignore"):
        picture = drawn(MATERIALS[name], hw, px_per_m)
    assert picture.shape == (*hw, 3)
    assert picture.dtype == np.float32
    assert np.isfinite(picture).all()
    assert picture.min() >= 0
    assert picture.max() <= 0.9


@pytest.mark.parametrize("name", TEXTURED)
def test_the_seed_is_the_only_chance(name):
    first = drawn(MATERIALS[name])
    np.random.seed(5)
    np.testing.assert_array_equal(drawn(MATERIALS[name]), first)
    assert (drawn(MATERIALS[name], seed=1) != first).any()


@pytest.mark.parametrize("name", TEXTURED)
def test_the_number_of_threads_changes_nothing(name):
    threads = cv2.getNumThreads()
    try:
        cv2.setNumThreads(1)
        first = drawn(MATERIALS[name], (300, 300), 400.0)
        cv2.setNumThreads(4)
        np.testing.assert_array_equal(drawn(MATERIALS[name], (300, 300), 400.0), first)
    finally:
        cv2.setNumThreads(threads)


@pytest.mark.parametrize("name", TEXTURED)
def test_reflectance_is_the_mean_of_what_is_drawn(name):
    look = MATERIALS[name]
    if name == "green marble":  # its clouds are half a metre wide: 12 slabs of it still differ
        np.testing.assert_allclose(mean_of(look), look.reflectance, rtol=0.15)
    else:
        np.testing.assert_allclose(mean_of(look), look.reflectance, rtol=0.04, atol=0.001)


@pytest.mark.parametrize("name", COLOURED)
def test_a_coloured_material_has_the_mean_it_says(name):
    look = material_in_colour(name, (0.12, 0.20, 0.34), (0.6, 0.5, 0.4))
    assert look is not None
    np.testing.assert_allclose(mean_of(look), look.reflectance, rtol=0.04)


@pytest.mark.parametrize("name", sorted(set(COLOURED) - {"wallpaper"}))
def test_a_coloured_material_takes_the_hue_of_its_colour(name):
    blue, red = material_in_colour(name, (0.05, 0.1, 0.4)), material_in_colour(name, (0.4, 0.1, 0.05))
    assert blue is not None
    assert red is not None
    assert blue.reflectance[2] > 1.3 * blue.reflectance[0]
    assert red.reflectance[0] > 1.3 * red.reflectance[2]
    assert blue.layout == MATERIALS[name].layout


@pytest.mark.parametrize(
    "name", ["white marble", "oak", "walnut planks", "oak herringbone", "granite", "brass", "nylon"]
)
def test_stone_wood_and_what_is_unknown_take_no_colour(name):
    assert material_in_colour(name, (0.1, 0.2, 0.3)) is None


def test_wallpaper_has_two_colours():
    stripes = material_in_colour("wallpaper", (0.1, 0.1, 0.3), (0.7, 0.7, 0.6))
    assert stripes is not None
    np.testing.assert_allclose(stripes.reflectance, (0.4, 0.4, 0.45))
    assert material_in_colour("wallpaper", (0.1, 0.1, 0.3)) is not None


@pytest.mark.parametrize("name", TEXTURED)
def test_seen_from_afar_a_texture_comes_to_its_mean_and_not_to_noise(name):
    """At 20 px a metre nothing finer than 10 cm can be seen; it must have faded, or it would flicker and alias."""
    near = drawn(MATERIALS[name], (480, 480), 240.0)
    far = drawn(MATERIALS[name], (240, 240), 20.0)
    fine_near, fine_far = (
        float(np.abs(luma - cv2.GaussianBlur(luma, (0, 0), 1.0)).mean() / luma.mean())
        for luma in (near.mean(-1), far.mean(-1))
    )
    # The clouds of green marble are strong and of all sizes: 15 cm ones are there to be seen.
    assert fine_far < max(0.10 if name == "green marble" else 0.06, 0.8 * fine_near)
    np.testing.assert_allclose(
        far.mean((0, 1)), MATERIALS[name].reflectance, rtol=0.25 if name == "green marble" else 0.12
    )


@pytest.mark.parametrize(
    "name", ["brick", "subway tile", "oak planks", "oak herringbone", "white marble", "oak", "slate"]
)
def test_a_pattern_keeps_its_place_in_metres_at_any_scale(name):
    fine = drawn(MATERIALS[name], (400, 600), 500.0)
    coarse = drawn(MATERIALS[name], (200, 300), 250.0)
    same = cv2.resize(fine, (300, 200), interpolation=cv2.INTER_AREA).mean(-1)
    other = drawn(MATERIALS[name], (200, 300), 250.0, seed=9).mean(-1)
    alike, unlike = (
        np.corrcoef(*(cv2.GaussianBlur(each, (0, 0), 2.0).ravel() for each in (coarse.mean(-1), against)))[0, 1]
        for against in (same, other)
    )
    assert alike > 0.7
    assert alike > unlike + 0.2


@pytest.mark.parametrize("name", ["oak planks", "walnut planks", "oak herringbone", "subway tile", "square tile"])
def test_joints_thinner_than_a_pixel_are_drawn_paler(name):
    """What a joint takes from the light does not grow when its pixels do."""
    look = MATERIALS[name]
    means = [drawn(look, (round(2 * scale), round(2 * scale)), scale).mean() for scale in (60.0, 240.0)]
    assert means[0] == pytest.approx(means[1], rel=0.05)


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("white marble", 0.72, 0.84),
        ("black marble", 0.006, 0.03),
        ("oak", 0.33, 0.45),
        ("ash", 0.42, 0.58),
        ("walnut", 0.08, 0.14),
        ("smoked oak", 0.05, 0.1),
        ("ebony", 0.015, 0.04),
        ("slate", 0.05, 0.08),
        ("concrete", 0.28, 0.4),
        ("brick", 0.15, 0.24),
        ("linen", 0.48, 0.62),
        ("brushed steel", 0.5, 0.6),
    ],
)
def test_materials_are_as_light_as_real_ones(name, low, high):
    red, green, blue = MATERIALS[name].reflectance
    assert low <= 0.2126 * red + 0.7152 * green + 0.0722 * blue <= high


@pytest.mark.parametrize("species", ["oak", "smoked oak", "ash", "walnut", "ebony"])
def test_a_wood_is_veneer_upright_planks_on_the_floor_and_herringbone(species):
    veneer = MATERIALS[species]
    assert veneer.layout == "grain"
    assert veneer.floor == MATERIALS[f"{species} planks"]
    assert MATERIALS[f"{species} planks"].layout == MATERIALS[f"{species} herringbone"].layout == "boards"


def test_only_metals_are_metal():
    assert [name for name in TEXTURED if MATERIALS[name].metal] == ["brass", "brushed steel"]
