from dataclasses import replace
from functools import cache

import cv2
import numpy as np
import pytest

from automask.editors.paint.stone import (
    BARDIGLIO,
    CALACATTA,
    MARQUINA,
    TERRAZZO_COVER,
    VERDE,
    Veins,
    concrete,
    granite,
    limestone,
    marble,
    quartz,
    slate,
    terrazzo,
    travertine,
    verde,
)

WHITE, GREY, BLACK = (0.8, 0.8, 0.8), (0.5, 0.5, 0.5), (0.05, 0.05, 0.05)
RED, GREEN, BLUE = (0.6, 0.05, 0.05), (0.05, 0.6, 0.05), (0.05, 0.05, 0.6)
FAMILY = Veins(0.0, 0.3, 0.01, 0.8, gaps=0.2)


def drawn(texture, hw=(300, 450), px_per_m=300.0, seed=0, **how):
    return texture(hw, px_per_m, np.random.default_rng(seed), **how)


def veined(*families, seed=0, **more):
    """[h, w] a white marble with black veins and a plain ground."""
    how = {"base": WHITE, "cloud": GREY, "vein": BLACK, "clouds": 0.0, **more}
    return drawn(marble, (240, 240), 150.0, seed, families=families, **how)[..., 0]


@cache
def darkness(*families):
    """How much of the light veins take from white marble, over a few slabs."""
    return np.mean([WHITE[0] - veined(*families, seed=seed).mean() for seed in range(4)])


# --------------------------------------------------------------------------------------------------------------- marble


def test_marble_without_veins_and_clouds_is_its_ground():
    np.testing.assert_allclose(veined(), WHITE[0], rtol=0.02)


@pytest.mark.parametrize(
    "more",
    [
        {"every_m": 0.15},
        {"width_m": 0.02},
        {"strength": 1.0},
        {"gaps": 0.05},
        {"smoke_m": 0.1, "smoke": 0.9},
    ],
    ids=str,
)
def test_more_of_a_vein_is_darker(more):
    assert darkness(replace(FAMILY, **more)) > 1.1 * darkness(FAMILY) > 0


def test_more_stain_goes_further():
    near, far = (replace(FAMILY, smoke_m=reach, smoke=0.9) for reach in (0.03, 0.1))
    assert darkness(far) > 1.3 * darkness(near)


def test_unbent_veins_are_straight_and_bent_ones_are_not():
    """By the structure tensor: 1 where all edges run one way, 0 where they run every way."""
    family = replace(FAMILY, every_m=0.2, width_m=0.02, gaps=0.05)

    def straightness(bend, seed):
        soft = cv2.GaussianBlur(veined(family, seed=seed, bend=bend), (0, 0), 2.0)
        x, y = cv2.Sobel(soft, cv2.CV_32F, 1, 0), cv2.Sobel(soft, cv2.CV_32F, 0, 1)
        low, high = np.linalg.eigvalsh([[(x * x).sum(), (x * y).sum()], [(x * y).sum(), (y * y).sum()]])
        return (high - low) / (high + low)

    for seed in range(3):
        assert straightness(0.0, seed) > 0.75 > straightness(1.0, seed)


def test_clouds_go_towards_their_colour_and_no_further():
    still, cloudy = (drawn(marble, base=WHITE, cloud=GREY, vein=BLACK, families=(), clouds=c) for c in (0.2, 1.0))
    assert 0.8 > still.mean() > cloudy.mean() > 0.5
    assert cloudy.min() > 0.97 * GREY[0]
    assert cloudy.max() < 1.03 * WHITE[0]


@pytest.mark.parametrize("families", [CALACATTA, MARQUINA, BARDIGLIO, VERDE])
def test_families_come_boldest_first(families):
    """What is thinner stands closer, is fainter, and is hidden along more of its length."""
    for name, falls in (("width_m", True), ("every_m", True), ("strength", True), ("gaps", False)):
        values = [getattr(family, name) for family in families]
        assert values == sorted(values, reverse=falls), name
    assert darkness(families[0]) > darkness(families[-1]) > 0


def test_veins_of_marble_are_of_their_colour():
    picture = drawn(marble, (500, 500), 250.0, base=WHITE, cloud=WHITE, vein=RED, families=(FAMILY,))
    strongest = picture[..., 1].min() + 0.05
    reddest = picture[picture[..., 1] <= strongest].mean(0)
    assert reddest[0] - reddest[1] > 0.2
    np.testing.assert_allclose(picture[..., 1], picture[..., 2], rtol=1e-5)


def test_verde_lies_between_its_three_colours():
    base, cloud, vein = (0.02, 0.06, 0.04), (0.10, 0.20, 0.14), (0.5, 0.6, 0.55)
    picture = drawn(verde, base=base, cloud=cloud, vein=vein)
    assert (picture >= 0.999 * np.float32(base)).all()
    assert (picture <= 1.001 * np.float32(vein)).all()
    veinless = drawn(verde, base=base, cloud=cloud, vein=cloud)
    assert (veinless <= 1.001 * np.float32(cloud)).all()
    dark, bright = np.percentile(picture[..., 1], (5, 95))
    assert dark < 0.09
    assert bright > 0.15


# ------------------------------------------------------------------------------------------- granite, quartz, terrazzo


@pytest.mark.parametrize("shares", [(0.5, 0.3, 0.2), (5, 3, 2), (0.1, 0.1, 0.8)])
def test_each_mineral_of_granite_takes_its_share(shares):
    minerals = tuple(zip((RED, GREEN, BLUE), shares, strict=True))
    counts = np.zeros(3)
    for seed in range(6):
        picture = drawn(granite, (400, 400), 500.0, seed, minerals=minerals, grain_m=0.016)
        counts += np.bincount(picture.argmax(-1).ravel(), minlength=3)
    np.testing.assert_allclose(counts / counts.sum(), np.array(shares) / sum(shares), atol=0.05)


def test_larger_crystals_have_fewer_borders():
    minerals = ((WHITE, 1), (BLACK, 1))
    fine, coarse = (
        np.abs(np.diff(drawn(granite, px_per_m=1000.0, minerals=minerals, grain_m=grain_m)[..., 0])).mean()
        for grain_m in (0.004, 0.012)
    )
    assert fine > 2 * coarse


def test_crystals_too_small_to_see_are_their_mean():
    picture = drawn(granite, px_per_m=50.0, minerals=((RED, 3), (GREEN, 1)))
    hue = picture / picture.sum(-1, keepdims=True)
    np.testing.assert_allclose(hue[..., 0], (3 * 0.6 + 0.05) / 4 / 0.7, rtol=0.01)
    assert picture.std(axis=(0, 1)).max() < 0.05


def test_flecks_of_quartz_grow_with_their_number_and_without_them_it_is_even():
    spreads = [drawn(quartz, px_per_m=1500.0, colour=GREY, fleck=fleck).std() for fleck in (0.0, 1.0, 2.0)]
    assert spreads[0] < 0.7 * spreads[1] < 0.49 * spreads[2]


def test_terrazzo_is_as_much_chip_as_it_says_and_every_chip_is_there():
    covers = []
    for seed in range(4):
        picture = drawn(terrazzo, (600, 600), 1200.0, seed, binder=WHITE, chips=(RED, GREEN, BLUE))
        chip = picture.min(-1) < 0.3
        covers.append(chip.mean())
        kinds = np.bincount(picture[chip].argmax(-1), minlength=3)
        assert kinds.min() > 0.15 * kinds.sum()
    assert np.mean(covers) == pytest.approx(TERRAZZO_COVER, abs=0.05)


def test_chips_are_large_and_angular_grains_of_one_tone():
    picture = drawn(terrazzo, (400, 400), 500.0, binder=WHITE, chips=(BLACK,))[..., 0]
    _, _, stats, _ = cv2.connectedComponentsWithStats((picture < 0.3).astype(np.uint8))
    areas_m2 = stats[1:, cv2.CC_STAT_AREA] / 500.0**2
    assert (areas_m2 > 0.5 * 0.024**2 * 0.5).sum() > 15
    assert areas_m2.max() < 4 * 0.024**2


# ------------------------------------------------------------------------------------------------- of one colour


@pytest.mark.parametrize("stone", [concrete, quartz, slate, limestone])
def test_the_stone_is_all_that_a_colour_changes(stone):
    one, other = (drawn(stone, colour=colour) / np.float32(colour) for colour in (GREY, (0.2, 0.3, 0.4)))
    np.testing.assert_allclose(one, other, rtol=1e-5)
    np.testing.assert_allclose(one, one[..., :1].repeat(3, axis=2), rtol=1e-5)
    assert one.std() > 0.01


def test_beds_of_travertine_are_level():
    picture = drawn(travertine, px_per_m=400.0, colour=GREY)[..., 0]
    down, along = (np.abs(np.diff(picture, axis=axis)).mean() for axis in (0, 1))
    assert down > 3 * along


def test_pits_of_travertine_are_browner_than_its_stone():
    """Dark bands are brown too; pits are more so."""
    red, _, blue = np.moveaxis(drawn(travertine, (400, 400), 800.0, colour=GREY), -1, 0)
    pits = red < np.percentile(red, 0.5)
    assert (blue[pits] / red[pits]).mean() < 0.9


def test_air_holes_of_concrete_are_few_and_dark():
    gain = drawn(concrete, (600, 600), 600.0, colour=GREY)[..., 0] / GREY[0]
    assert 0.001 < (gain < 0.75).mean() < 0.05
    assert gain.min() < 0.65


def test_slate_is_split_into_steps_with_light_on_their_edges():
    """The steepest hundredth of its pixels, its edges, has far more than a hundredth of the change."""
    change = np.abs(np.diff(drawn(slate, (400, 400), 600.0, colour=GREY)[..., 0], axis=0)).ravel()
    steepest = np.sort(change)[-len(change) // 100 :]
    assert steepest.sum() > 0.05 * change.sum()
    assert steepest.mean() > 5 * np.median(change)


@pytest.mark.parametrize(
    ("smooth", "rough"), [(limestone, slate), (quartz, concrete), (limestone, travertine)], ids=lambda f: f.__name__
)
def test_even_stones_are_evener_than_rough_ones(smooth, rough):
    even, uneven = (drawn(stone, colour=GREY).std() for stone in (smooth, rough))
    assert even < 0.8 * uneven
