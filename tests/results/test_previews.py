from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from regions import block, region, room

from automask.results import previews, sheets
from automask.types import Box, Instance


@pytest.mark.parametrize("size", [(1, 1), (3, 500), (500, 3), (60, 90), (701, 333)])
def test_every_picture_function_takes_every_size(size):
    photo = room(*size)
    full = region("floor", np.ones(size, bool), size=size)
    assert previews.overlay(photo, [full, region("sofa", size=size)]).shape == photo.shape
    assert previews.before_after(photo, photo).ndim == 3
    assert sheets.contact_sheet([("a.jpg", photo)]).ndim == 3


def test_an_overlay_leaves_photo_and_masks_as_they_were():
    photo = room()
    photo.flags.writeable = False
    mask = block(10, 40, 10, 40)
    mask.flags.writeable = False
    previews.overlay(photo, [region("island", mask)])


def test_an_overlay_tints_regions_in_different_colours_and_dims_the_rest():
    photo = np.full((400, 600, 3), 128, np.uint8)
    size = photo.shape[:2]
    regions = [
        region(name, block(150, 250, x, x + 100, size), size=size) for name, x in (("a", 50), ("b", 250), ("c", 450))
    ]
    drawn = previews.overlay(photo, regions)
    assert drawn[10, 10].max() < 100
    corners = [tuple(int(level) for level in drawn[240, x + 90]) for x in (50, 250, 450)]
    assert len(set(corners)) == 3


def test_an_overlay_numbers_single_things_where_there_are_several():
    size = (300, 500)
    photo = np.full((*size, 3), 128, np.uint8)
    places = [(20, 120), (200, 300), (380, 480)]
    masks = [block(180, 280, x0, x1, size) for x0, x1 in places]
    whole = region("pictures", np.logical_or.reduce(masks), size=size)
    things = tuple(
        Instance("pictures", number, Box(x0, 180, x1, 280), np.ones((100, 100), bool), chosen=number != 2)
        for number, (x0, x1) in enumerate(places, start=1)
    )
    bare, one, several = (
        previews.overlay(photo, [replace(whole, instances=shown)]) for shown in ((), things[:1], things)
    )
    assert (one == bare).all()
    changed = (several != bare).any(-1)
    marks = [several[180:280, x0:x1][changed[180:280, x0:x1]] for x0, x1 in places]
    assert all(len(mark) > 50 for mark in marks)
    assert changed.sum() == sum(map(len, marks))
    assert marks[0].tobytes() != marks[2].tobytes()  # another figure
    assert marks[1].mean() != pytest.approx(marks[0].mean(), abs=10)  # what was not chosen is marked in another colour


def test_an_overlay_of_a_large_photo_is_at_most_as_long_as_asked():
    photo = room(300, 500)
    drawn = previews.overlay(photo, [region("a", block(0, 300, 0, 250, (300, 500)), size=(300, 500))], long_px=100)
    assert drawn.shape == (60, 100, 3)


def test_an_overlay_lists_what_was_not_found():
    photo = room(300, 450)
    size = (300, 450)
    missing = region("sofa", size=size, reason="no 'sofa' was found (heat 0.18, 0.35 is needed)")
    assert not np.array_equal(previews.overlay(photo, [missing]), previews.overlay(photo, []))


def test_labels_do_not_cover_each_other():
    taken = []
    for _ in range(5):
        taken.append(previews.free_rect((100, 100), (80, 20), (400, 400), taken))
    for index, one in enumerate(taken):
        for other in taken[:index]:
            assert one[3] <= other[1] or other[3] <= one[1] or one[2] <= other[0] or other[2] <= one[0]


def test_a_label_is_on_its_object_even_when_the_box_middle_is_not():
    ring = block(10, 50, 10, 80) & ~block(14, 46, 14, 60)
    x, y = previews.deepest_point(ring)
    assert ring[y, x]


def test_before_and_after_are_side_by_side_and_very_wide_ones_are_stacked():
    side = previews.before_after(room(400, 600), room(400, 600))
    stacked = previews.before_after(room(200, 900), room(200, 900))
    assert side.shape[0] == 400
    assert side.shape[1] > 1200
    assert stacked.shape[1] == 900
    assert stacked.shape[0] > 400


@given(st.integers(1, 400), st.integers(1, 400), st.integers(40, 300))
@settings(max_examples=40, deadline=None)
def test_before_after_is_never_longer_than_asked_and_never_enlarged(height, width, long_px):
    photo = room(height, width)
    shape = previews.before_after(photo, photo, long_px=long_px).shape
    assert max(shape[:2]) <= long_px + 2
    assert min(shape[:2]) <= max(height, width)
