"""Masks as polygons: filled again they are the masks, holes and all."""

import cv2
import numpy as np
import pytest
from drawing import disc
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image, ImageDraw

from automask.errors import ConfigError
from automask.results.polygons import hard_of, polygons_of

HARDS = arrays.arrays(np.bool_, st.tuples(st.integers(1, 14), st.integers(1, 14)))


@given(HARDS)
def test_filled_again_every_mask_is_the_same_to_the_pixel_for_opencv_and_pillow(hard):
    parts = polygons_of(hard, tolerance_px=0)
    assert np.array_equal(hard_of(parts, hard.shape), hard)
    drawn = np.zeros(hard.shape, bool)
    for part in parts:  # as LabelMe fills it
        one = Image.new("1", hard.shape[::-1])
        ImageDraw.Draw(one).polygon([tuple(point) for point in part.tolist()], fill=1, outline=1)
        drawn |= np.asarray(one)
    assert np.array_equal(drawn, hard)


def test_with_a_tolerance_few_points_keep_within_a_pixel_of_the_border():
    hard = disc((200, 300), (150, 100), 90) & ~disc((200, 300), (130, 90), 30) & ~disc((200, 300), (190, 110), 20)
    (part,) = polygons_of(hard)
    assert len(part) < 120
    filled = hard_of([part], hard.shape)
    assert not filled[90, 130]
    border = cv2.morphologyEx(hard.astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((5, 5), np.uint8)) > 0
    assert not (filled != hard)[~border].any()
    assert (filled & hard).sum() > 0.98 * (filled | hard).sum()


def test_a_chain_of_a_thousand_holes_is_cut_in():
    hard = np.ones((3, 2401), bool)
    hard[1, 1::2] = False
    (part,) = polygons_of(hard, tolerance_px=0)
    assert np.array_equal(hard_of([part], hard.shape), hard)


def test_parts_come_from_the_top_and_an_empty_mask_has_none():
    hard = disc((40, 60), (30, 30), 6) | disc((40, 60), (10, 8), 4)
    assert [int(part[:, 1].min()) for part in polygons_of(hard)] == [4, 24]
    assert polygons_of(np.zeros((4, 5), bool)) == ()
    with pytest.raises(ConfigError, match="tolerance_px is -1; give a number from 0"):
        polygons_of(hard, tolerance_px=-1)
