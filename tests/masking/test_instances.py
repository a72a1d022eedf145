"""A mask split into single things, drawn so that a reader can check by eye."""

import numpy as np
from drawing import disc, mask
from hypothesis import given, settings
from hypothesis import strategies as st

from automask.masking import instances
from automask.masking.instances import Build


def labels(*rows, **options):
    """The labels of a drawn mask, scaled up so that no part is a splinter, and back."""
    big = np.kron(mask(*rows), np.ones((8, 8), np.bool_))
    split = instances.split(big, **{name: np.kron(value, np.ones((8, 8))) for name, value in options.items()})
    return ["".join(".123456789"[number] for number in row[::8]) for row in split[::8]]


def test_things_are_the_connected_parts_from_left_to_right_then_from_top_to_bottom():
    assert labels("....##", "##....", "##..##") == ["....22", "11....", "11..33"]


def test_a_corner_connects():
    assert labels("##....", "##....", "..##..", "..##.#") == ["11....", "11....", "..11..", "..11.2"]


def test_two_kinds_that_touch_are_two_things():
    kinds = np.array([[1, 1, 2, 2]] * 2)
    assert labels("####", "####", kinds=kinds) == ["1122", "1122"]


def test_a_splinter_belongs_to_the_nearest_thing():
    big = np.zeros((100, 200), np.bool_)
    big[20:80, 20:80] = big[20:80, 120:180] = True
    big[50:52, 84:86] = big[50:52, 114:116] = True
    split = instances.split(big)
    assert set(np.unique(split)) == {0, 1, 2}
    assert (split[51, 84], split[51, 115]) == (1, 2)


def test_what_something_else_cuts_in_two_is_one_thing():
    cut = ("###.###", "###.###")
    lamp = np.array([[0, 0, 0, 1, 0, 0, 0]] * 2)
    assert labels(*cut) == ["111.222", "111.222"]
    assert labels(*cut, others=lamp) == ["111.111", "111.111"]
    assert labels(*cut, others=0 * lamp) == ["111.222", "111.222"]
    big, dishwasher = (np.kron(np.asarray(one), np.ones((8, 8))) for one in (mask(*cut), lamp))
    assert instances.split(big > 0, others=dishwasher, build=Build(interrupted=False)).max() == 2


def test_a_rug_is_one_thing_whatever_stands_on_it():
    rug = mask("########", "##....##", "###..###", "##....##", "....####")
    table = ~rug
    table[4, :4] = False
    apart = rug.copy()
    apart[:, 3:5] = False
    parts = [np.kron(one, np.ones((8, 8), np.bool_)) for one in (apart, rug)]
    on_it = np.kron((~apart).astype(np.float32), np.ones((8, 8), np.float32))
    assert instances.split(parts[0], others=on_it, build=Build(lying=True)).max() == 1
    assert instances.split(parts[0], others=0 * on_it, build=Build(lying=True)).max() == 2
    assert instances.split(parts[0], others=on_it).max() == 2


def test_a_small_thing_far_from_a_large_one_is_a_thing():
    big = np.zeros((200, 300), np.bool_)
    big[50:190, 20:180] = big[40:52, 260:280] = True
    assert instances.split(big).max() == 2


def test_chairs_in_a_row_are_told_apart_by_their_backs():
    row = np.zeros((120, 260), np.bool_)
    row[70:110, 10:250] = True  # seats and legs
    for x in (10, 95, 180):
        row[20:70, x : x + 60] = True
    assert instances.split(row).max() == 1
    split = instances.split(row, build=Build(widest=1.25, tops=0.3))
    assert [int(split[30, x]) for x in (20, 120, 220)] == [1, 2, 3]
    assert (split[100, 20], split[100, 220]) == (1, 3)


def test_one_chair_is_not_cut_between_its_arms():
    chair = np.zeros((120, 120), np.bool_)
    chair[60:100, 20:100] = chair[30:60, 20:32] = chair[30:60, 88:100] = True
    assert instances.split(chair, build=Build(widest=2.5, tops=0.3)).max() == 1


def test_things_in_groups_are_told_apart_where_heat_falls_between_them():
    row = np.ones((60, 160), np.bool_)
    heat = np.full((60, 160), 0.95, np.float32)
    heat[:, 76:84] = 0.6
    assert instances.split(row, heat=heat).max() == 1
    split = instances.split(row, heat=heat, build=Build(edges=True))
    assert (split[30, 10], split[30, 150]) == (1, 2)


def test_what_is_narrow_is_not_cut_at_edges_of_the_photo():
    photo = np.full((80, 160, 3), 200, np.uint8)
    photo[:, 80:] = (60, 40, 120)
    lamp = np.zeros((80, 160), np.bool_)
    lamp[20:70, 40:120] = True
    edges = instances.edges_of(photo)
    assert instances.split(lamp, edges=edges, build=Build(edges=True)).max() == 2
    assert instances.split(lamp, edges=edges, build=Build(edges=True, widest=2.5)).max() == 1


def test_like_things_that_touch_along_a_neck_are_told_apart():
    row = disc((60, 160), (30, 30), 24) | disc((60, 160), (80, 30), 24) | disc((60, 160), (130, 30), 24)
    row[28:32, 30:130] = True
    split = instances.split(row)
    assert [int(split[30, x]) for x in (30, 80, 130)] == [1, 2, 3]


def test_things_that_touch_along_an_edge_of_the_photo_are_told_apart_if_asked():
    photo = np.full((80, 160, 3), 200, np.uint8)
    photo[:, 80:] = (60, 40, 120)
    row = np.ones((80, 160), np.bool_)
    assert instances.split(row).max() == 1
    assert instances.split(row, edges=instances.edges_of(photo)).max() == 1
    split = instances.split(row, edges=instances.edges_of(photo), build=Build(edges=True))
    assert (split[40, 10], split[40, 150]) == (1, 2)


def test_the_seat_and_the_legs_of_what_stands_are_one_thing():
    apart = ("####", "....", "#..#")
    big = np.kron(mask(*apart), np.ones((8, 8), np.bool_))
    assert instances.split(big).max() == 3
    assert instances.split(big, build=Build(standing=True)).max() == 1


def test_a_leg_that_is_cut_off_belongs_to_its_own_seat():
    stools = np.zeros((120, 200), np.bool_)
    for x in (20, 120):
        stools[20:40, x : x + 50] = True
        stools[50:110, x + 2 : x + 8] = True
    split = instances.split(stools, build=Build(standing=True))
    assert [int(split[y, x]) for y, x in ((30, 40), (90, 25), (30, 140), (90, 125))] == [1, 1, 2, 2]


def test_walls_are_told_apart_by_their_planes_whatever_interrupts_them():
    wall = np.kron(mask("###.##", "###.##"), np.ones((20, 20), np.bool_))
    left, back = np.zeros_like(wall), np.zeros_like(wall)
    left[:, :40], back[:, 40:] = True, True
    split = instances.by_plane(wall, [left, back])
    assert [int(split[10, x]) for x in (10, 50, 70, 90)] == [1, 2, 0, 2]


def test_nothing_has_no_things():
    assert not instances.split(np.zeros((20, 30), np.bool_)).any()
    assert not instances.by_plane(np.zeros((20, 30), np.bool_), []).any()


@st.composite
def photos_of_boxes(draw):
    """[H, W] bool with a few rectangles."""
    hard = np.zeros((draw(st.integers(40, 200)), draw(st.integers(40, 200))), np.bool_)
    for _ in range(draw(st.integers(1, 6))):
        y, x = draw(st.integers(0, hard.shape[0] - 9)), draw(st.integers(0, hard.shape[1] - 9))
        hard[y : y + draw(st.integers(8, 60)), x : x + draw(st.integers(8, 60))] = True
    return hard


@settings(max_examples=60, deadline=None)
@given(photos_of_boxes())
def test_every_pixel_of_a_mask_and_no_other_belongs_to_a_thing(hard):
    split = instances.split(hard)
    assert np.array_equal(split > 0, hard)
    numbers = np.unique(split[hard])
    assert numbers.tolist() == list(range(1, len(numbers) + 1))
    assert np.array_equal(instances.split(hard), split)


@settings(max_examples=30, deadline=None)
@given(photos_of_boxes(), st.integers(1, 4))
def test_labels_of_a_reduced_mask_cover_the_full_one(hard, times):
    full = np.kron(hard, np.ones((times * 3, times * 3), np.bool_))
    split = instances.split(instances.reduced(full))
    large = instances.enlarged(split, full)
    assert np.array_equal(large > 0, full)
