"""Bars and frames round a photo: found to the pixel, and never in a photo that has none."""

from pathlib import Path

import cv2
import numpy as np
import pytest

import automask
from automask.images.borders import border_notes, content_box, round_border
from automask.types import Box

SAMPLE = Path(automask.__file__).with_name("samples") / "kitchen.jpg"


@pytest.fixture(scope="module")
def kitchen():
    bgr = cv2.imdecode(np.frombuffer(SAMPLE.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    return np.ascontiguousarray(cv2.resize(bgr, (576, 384), interpolation=cv2.INTER_AREA)[..., ::-1])


def framed(photo, top, bottom, left, right, level, jpeg=None):
    grey = (level, level, level)
    out = cv2.copyMakeBorder(photo, top, bottom, left, right, cv2.BORDER_CONSTANT, value=grey)
    if jpeg is None:
        return out
    coded = cv2.imencode(".jpg", out[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, jpeg])[1]
    return np.ascontiguousarray(cv2.imdecode(coded, cv2.IMREAD_COLOR)[..., ::-1])


def whole(photo):
    return Box(0, 0, photo.shape[1], photo.shape[0])


@pytest.mark.parametrize("jpeg", [None, 95, 70])
@pytest.mark.parametrize("level", [255, 128, 0])
@pytest.mark.parametrize("sides", [(0, 0, 96, 96), (60, 60, 0, 0), (18, 18, 18, 18), (0, 40, 0, 0), (9, 30, 12, 70)])
def test_the_photo_inside_a_border_is_found_to_the_pixel(kitchen, sides, level, jpeg):
    top, _, left, _ = sides
    height, width = kitchen.shape[:2]
    photo = framed(kitchen, *sides, level, jpeg)
    assert content_box(photo) == Box(left, top, left + width, top + height)


def test_a_frame_in_a_frame_is_one_border(kitchen):
    photo = framed(framed(kitchen, 4, 4, 4, 4, 0), 20, 20, 20, 20, 255)
    assert content_box(photo) == Box(24, 24, 24 + 576, 24 + 384)


def test_a_photo_without_a_border_is_whole(kitchen):
    assert content_box(kitchen) == whole(kitchen)
    assert border_notes(kitchen) == ()


@pytest.mark.parametrize("level", [0, 255])
def test_what_is_burnt_out_or_black_along_a_side_is_no_bar(kitchen, level):
    """A ceiling or a night behind glass fills some rows as a whole, and ends here and there."""
    photo = kitchen.copy()
    ends = (30 + 25 * np.sin(np.arange(576) / 40)).astype(int)
    photo[np.arange(384)[:, None] < ends] = level
    assert content_box(photo) == whole(photo)


@pytest.mark.parametrize("hw", [(1, 1), (2, 3), (1, 400), (400, 1), (40, 40)])
def test_a_plain_picture_of_any_size_is_whole(hw):
    photo = np.full((*hw, 3), 200, np.uint8)
    assert content_box(photo) == whole(photo)


@pytest.mark.filterwarnings("error")
def test_two_bars_with_nothing_in_between_are_no_borders():
    photo = np.zeros((30, 40, 3), np.uint8)
    photo[10:20, :4] = 100  # a few pixels, as at a bar's blurred edge
    photo[20:] = 255
    assert content_box(photo) == whole(photo)


def test_a_small_photo_on_a_large_card_is_left_alone(kitchen):
    photo = framed(kitchen, 800, 800, 800, 800, 255)
    assert content_box(photo) == whole(photo)


def test_it_is_told(kitchen):
    (note,) = border_notes(framed(kitchen, 0, 0, 96, 80, 255))
    assert note == "the plain border (left 96 px, right 80 px) is no part of the room: it stays as it is"


def rounded(photo, x, y, radius, level, jpeg=None):
    """The photo in a circle, as a fisheye lens makes it, and where it is not."""
    rows, columns = np.mgrid[: photo.shape[0], : photo.shape[1]]
    away = np.hypot(columns - x, rows - y) - radius
    share = np.clip(away + 0.5, 0, 1)[..., None]
    out = np.rint(photo * (1 - share) + level * share).astype(np.uint8)
    return (out if jpeg is None else framed(out, 0, 0, 0, 0, 0, jpeg)), away > 0


@pytest.mark.parametrize("jpeg", [None, 90, 70])
@pytest.mark.parametrize("level", [0, 255])
@pytest.mark.parametrize("circle", [(288, 192, 190), (288, 192, 300), (283, 197, 318)])
def test_round_corners_are_found_with_a_narrow_rim(kitchen, circle, level, jpeg):
    photo, outside = rounded(kitchen, *circle, level, jpeg)
    found = round_border(photo)
    assert not (outside & ~found).any()
    assert (found & ~outside).mean() < 0.02
    assert border_notes(photo) == ("what is around the round picture is no part of the room: it stays as it is",)


def test_a_photo_with_corners_of_one_colour_that_are_not_round_is_whole(kitchen):
    cut = kitchen.copy()
    y, x = np.mgrid[:384, :576]
    diamond = np.minimum(x, 575 - x) + np.minimum(y, 383 - y) < 90
    cut[diamond] = 0
    vignette = (kitchen * np.clip(1.2 - np.hypot(x - 288, y - 192) / 400, 0, 1)[..., None]).astype(np.uint8)
    for photo in (kitchen, cut, vignette, np.zeros((300, 300, 3), np.uint8), kitchen[:1, :1], kitchen[:3, :200]):
        assert round_border(photo) is None


def test_round_corners_are_not_painted(kitchen):
    photo, outside = rounded(kitchen, 288, 192, 300, 255)
    made = automask.edit(photo, "wall -> sage green")
    assert made.regions[0].alpha.max() == 1
    assert not made.regions[0].alpha[outside].any()
    np.testing.assert_array_equal(made.image[outside], photo[outside])


def test_a_framed_photo_is_masked_and_painted_as_the_photo_alone(kitchen):
    """Else white bars are wall, and the light is taken from them: sage comes out white."""
    plain = automask.edit(kitchen, "wall -> sage green")
    framed_too = automask.edit(framed(kitchen, 12, 0, 96, 96, 255), "wall -> sage green")
    apart = np.abs(framed_too.image[12:, 96:-96].astype(int) - plain.image).max(-1)
    assert (apart > 2).mean() < 0.01  # the mask's rim, whose width follows the whole picture's size
    assert not framed_too.regions[0].alpha[:12].any()
    assert not framed_too.regions[0].alpha[:, :96].any()
    assert (framed_too.image[:12] == 255).all()
    assert (framed_too.image[:, :96] == 255).all()
    (region,), (expected,) = framed_too.regions, plain.regions
    assert (region.hard[12:, 96:-96] != expected.hard).mean() < 0.01
    assert np.count_nonzero(region.hard) == np.count_nonzero(region.hard[12:, 96:-96])


@pytest.mark.parametrize("share", [0.3, 0.5, 0.7, 0.9])
@pytest.mark.parametrize("height", [96, 400])
def test_a_square_thing_on_a_plain_wall_is_no_round_picture(share, height):
    photo = np.full((height, height * 4 // 3, 3), 120, np.uint8)
    h, w = round(share * height), round(share * height * 1.25)
    top, left = (height - h) // 2, (photo.shape[1] - w) // 3
    photo[top : top + h, left : left + w] = (40, 80, 200)
    assert round_border(photo) is None


@pytest.mark.parametrize("share", [0.2, 0.5, 0.65])
def test_a_round_thing_on_a_plain_wall_is_no_round_picture(share):
    photo = np.full((300, 400, 3), 235, np.uint8)
    cv2.circle(photo, (200, 150), round(150 * share), (60, 60, 60), -1, cv2.LINE_AA)
    assert round_border(photo) is None
