import cv2
import numpy as np
import pytest

from automask.errors import ConfigError
from automask.refiners.grabcut import GrabCut
from automask.types import Box

SIZE = (192, 288)


def room(seed=0):
    """A dark slanted cupboard before a light wall, with noise; and where the cupboard is."""
    rng = np.random.default_rng(seed)
    corners = np.array([[70, 50], [200, 62], [196, 150], [64, 140]], np.int32)
    there = cv2.fillPoly(np.zeros(SIZE, np.uint8), [corners], 1) > 0
    photo = np.where(there[..., None], (90, 62, 44), (214, 210, 202)).astype(np.float64)
    photo += rng.normal(0, 4, photo.shape)
    return np.clip(photo, 0, 255).astype(np.uint8), there


def blurred(there, sigma_px):
    return np.clip(cv2.GaussianBlur(there.astype(np.float32), (0, 0), sigma_px), 0, 1)


def iou(a, b):
    return np.count_nonzero(a & b) / np.count_nonzero(a | b)


BOX = (Box(40, 30, 225, 172),)


def test_a_blurred_border_lands_on_the_visible_edge():
    photo, there = room()
    heat = blurred(there, 12.0)
    found = GrabCut().refine(photo, heat[None], [BOX])
    assert iou(heat >= 0.5, there) < 0.97
    assert iou(found[0], there) > 0.99


def test_the_border_follows_the_photo_at_full_size():
    photo, there = room()
    big = cv2.resize(photo, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    exact = cv2.resize(there.astype(np.uint8), None, fx=4, fy=4, interpolation=cv2.INTER_NEAREST) > 0
    heat = blurred(exact, 20.0)
    box = (Box(160, 120, 900, 690),)
    found = GrabCut(work_px=320).refine(big, heat[None], [box])[0]
    assert found.shape == exact.shape
    assert iou(found, exact) > 0.985


@pytest.mark.parametrize("seed", range(4))
def test_without_an_edge_to_meet_it_stays_with_the_heat(seed):
    rng = np.random.default_rng(seed)
    photo = np.clip(rng.normal(128, 12, (*SIZE, 3)), 0, 255).astype(np.uint8)
    _, there = room()
    heat = blurred(there, 6.0)
    found = GrabCut().refine(photo, heat[None], [BOX])
    assert iou(found[0], heat >= 0.5) > 0.85


def test_an_answer_far_from_the_heat_is_dropped():
    photo, there = room()
    shifted = np.roll(blurred(there, 3.0), 60, axis=1)
    heat = np.clip(0.31 + 0.38 * shifted, 0, 1).astype(np.float32)
    box = (Box(100, 30, 288, 172),)
    inside = np.zeros(SIZE, bool)
    inside[box[0].slices] = True
    found = GrabCut(min_iou=0.95).refine(photo, heat[None], [box])[0]
    assert iou(found, (heat >= 0.5) & inside) > 0.8


def test_a_phrase_without_boxes_is_nowhere_and_others_do_not_change():
    photo, there = room()
    heat = blurred(there, 8.0)
    heats = np.stack([heat, heat, 1 - heat])
    found = GrabCut().refine(photo, heats, [(), BOX, ()])
    assert found.dtype == np.bool_
    assert found.shape == heats.shape
    assert not found[0].any()
    assert not found[2].any()
    np.testing.assert_array_equal(found[1], GrabCut().refine(photo, heat[None], [BOX])[0])


def test_nothing_is_found_outside_the_boxes():
    photo, there = room()
    heat = blurred(there, 8.0)
    box = Box(60, 40, 120, 120)
    found = GrabCut().refine(photo, heat[None], [(box,)])[0]
    found[box.slices] = False
    assert not found.any()


def test_the_same_answer_every_time_whatever_ran_before_and_on_any_number_of_threads():
    photo, there = room()
    heat = blurred(there, 12.0)
    first = GrabCut().refine(photo, heat[None], [BOX])
    threads = cv2.getNumThreads()
    try:
        for count in (1, 2, 4):
            cv2.setNumThreads(count)
            cv2.randu(np.zeros((7, 7), np.uint8), 0, 255)
            np.testing.assert_array_equal(GrabCut().refine(photo, heat[None], [BOX]), first)
    finally:
        cv2.setNumThreads(threads)


def test_neither_photo_nor_heat_is_written_to():
    photo, there = room()
    heat = blurred(there, 12.0)[None]
    photo.flags.writeable = False
    heat.flags.writeable = False
    GrabCut().refine(photo, heat, [BOX])


@pytest.mark.parametrize("level", [0, 255])
@pytest.mark.parametrize("value", [0.0, 0.6, 1.0])
def test_flat_photos_and_flat_heat_do_not_crash(level, value):
    photo = np.full((40, 60, 3), level, np.uint8)
    heat = np.full((1, 40, 60), value, np.float32)
    found = GrabCut().refine(photo, heat, [(Box(0, 0, 60, 40),)])
    assert found.all() == (value >= 0.5)


@pytest.mark.parametrize("size", [(1, 1), (2, 9), (31, 3)])
def test_tiny_photos_do_not_crash(size):
    photo = np.zeros((*size, 3), np.uint8)
    heat = np.ones((1, *size), np.float32)
    assert GrabCut().refine(photo, heat, [(Box(0, 0, size[1], size[0]),)]).shape == heat.shape


GREEN, BRASS, DARK_GREEN = (70, 110, 80), (190, 150, 60), (45, 72, 52)
WHOLE = (Box(0, 0, 288, 192),)


def painted(*things, size=SIZE, ground=GREEN, seed=0):
    """A photo of one colour with noise, with (rows, columns, colour) things on it."""
    photo = np.empty((*size, 3))
    photo[:] = ground
    for rows, columns, colour in things:
        photo[rows, columns] = colour
    photo += np.random.default_rng(seed).normal(0, 3, photo.shape)
    return np.clip(photo, 0, 255).astype(np.uint8)


def carved(photo, **options):
    """What carving takes from a mask of the whole photo."""
    heat = np.ones((1, *photo.shape[:2]), np.float32)
    box = (Box(0, 0, photo.shape[1], photo.shape[0]),)
    return ~GrabCut(**options).refine(photo, heat, [box])[0]


LEG = np.s_[40:150, 100:103]


def test_a_thin_thing_of_a_foreign_colour_is_carved_out_with_one_px_of_rim():
    gone = carved(painted((*LEG, BRASS)))
    assert gone[LEG].all()
    gone[39:151, 99:104] = False
    assert not gone.any()


@pytest.mark.parametrize(
    ("thing", "why"),
    [
        ((slice(40, 150), slice(100, 130), BRASS), "thick"),
        ((slice(40, 150), slice(100, 103), DARK_GREEN), "only darker"),
        ((slice(40, 42), slice(100, 102), BRASS), "a speck"),
    ],
)
def test_what_is_thick_or_only_darker_or_a_speck_stays(thing, why):
    assert not carved(painted(thing)).any(), why


def test_a_colour_that_the_object_has_elsewhere_stays():
    art = (slice(40, 150), slice(200, 260), BRASS)
    assert not carved(painted((*LEG, BRASS), art)).any()


def test_what_is_mostly_thin_itself_is_not_carved():
    rows, columns, colour = *LEG, BRASS
    width = columns.stop - columns.start

    def legs(count: int) -> np.ndarray:
        starts = np.linspace(40, 240, count).astype(int)
        return carved(painted(*[(rows, slice(x, x + width), colour) for x in starts]))

    assert legs(3).any()
    assert not legs(14).any()


def test_where_the_heat_is_unsure_only_what_is_near_the_level_moves():
    photo, there = room()
    everywhere = (Box(0, 0, SIZE[1], SIZE[0]),)
    cut = GrabCut(radius_px=0, thin_frac=0)  # a window of one pixel moves nothing
    unsure = np.float32(0.55) * blurred(np.roll(there, 9, axis=1), 10.0)
    found = cut.refine(photo, unsure[None], [everywhere])[0]
    assert found[unsure >= 0.44].all()
    assert not found[unsure < 0.26].any()
    assert (found != (unsure >= 0.35)).any()
    sure = blurred(np.roll(there, 9, axis=1), 2.0)
    assert not cut.refine(photo, sure[None], [everywhere])[0][(sure >= 0.44) & ~there].all()


def test_thin_frac_0_carves_nothing_and_carving_only_takes_away():
    photo = painted((*LEG, BRASS))
    heat = blurred(np.ones(SIZE, bool), 3.0)[None]
    without = GrabCut(thin_frac=0.0).refine(photo, heat, [WHOLE])
    with_it = GrabCut().refine(photo, heat, [WHOLE])
    assert without.all()
    assert not (with_it & ~without).any()


def test_photos_larger_than_carving_works_at_are_carved_at_their_own_size():
    big = cv2.resize(painted((*LEG, BRASS)), None, fx=8, fy=8, interpolation=cv2.INTER_NEAREST)
    leg = np.zeros(big.shape[:2], bool)
    leg[320:1200, 800:824] = True
    gone = carved(big, work_px=160)
    assert (gone & leg).sum() > 0.99 * leg.sum()
    assert iou(gone, leg) > 0.85


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"work_px": 15}, "refiner.work_px is 15; give at least 16; 640 is usual"),
        ({"iterations": -1}, "refiner.iterations is -1; give 0 or more"),
        ({"reach_px": -0.5}, "refiner.reach_px is -0.5; give 0 or more"),
        ({"radius_px": -1}, "refiner.radius_px is -1; give 0 or more"),
        ({"sure": 1.2}, "refiner.sure is 1.2; give a share from 0 to 1"),
        ({"trust": float("nan")}, "refiner.trust is nan; give a share from 0 to 1"),
        ({"thin_frac": -0.1}, "refiner.thin_frac is -0.1; give a share from 0 to 1"),
        ({"unsure": 0.9}, "refiner.unsure is 0.9, above refiner.sure 0.8; give an unsure of at most sure"),
        ({"eps": 0.0}, "refiner.eps is 0.0; give more than 0; 0.0005 is usual"),
    ],
)
def test_values_out_of_range_are_refused(options, message):
    with pytest.raises(ConfigError) as caught:
        GrabCut(**options)
    assert str(caught.value) == message


def test_no_rounds_of_grabcut_are_allowed():
    photo, there = room()
    heat = blurred(there, 6.0)
    assert iou(GrabCut(iterations=0).refine(photo, heat[None], [BOX])[0], there) > 0.9


def test_what_was_only_just_found_is_not_lost_again() -> None:
    photo = np.full((120, 160, 3), 90, np.uint8)
    photo[30:90, 40:120] = (150, 120, 80)
    heat = np.full((120, 160), 0.02, np.float32)
    heat[30:90, 40:120] = 0.42
    hard = GrabCut().refine(photo, heat[None], [(Box(38, 28, 122, 92),)])[0]
    assert hard[30:90, 40:120].mean() > 0.95
    assert hard.sum() < 1.1 * 60 * 80


def drawings():
    """Pictures without a photo's grain, in which every cut costs the same: GrabCut would search for minutes."""
    plain = np.full((*SIZE, 3), 255, np.uint8)
    striped = plain.copy()
    striped[::16] = 0
    specks = plain - (np.random.default_rng(0).random((*SIZE, 1)) < 0.02).astype(np.uint8)
    checks = np.repeat((np.indices(SIZE).sum(0) % 2 * 255).astype(np.uint8)[..., None], 3, axis=2)
    sign = cv2.putText(plain - 20, "photo coming soon", (8, 100), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (90, 90, 90), 3)
    return {"plain": plain, "striped": striped, "specks": specks, "checks": checks, "sign": sign}


@pytest.mark.parametrize("name", drawings())
def test_a_plain_or_drawn_picture_is_left_to_the_heat(monkeypatch, name):
    monkeypatch.setattr(cv2, "grabCut", lambda *_: pytest.fail("GrabCut has nothing to go by here"))
    _, there = room()
    heat = blurred(there, 12.0)
    found = GrabCut(thin_frac=0).refine(drawings()[name], heat[None], [BOX])
    assert iou(found[0], heat >= 0.35) > 0.9


@pytest.mark.parametrize("grey", [False, True])
@pytest.mark.parametrize("clipped", [255, 180, 120])
def test_a_photo_is_cut_along_its_edges_also_in_grey_and_where_it_is_clipped(monkeypatch, grey, clipped):
    cuts = []
    monkeypatch.setattr(cv2, "grabCut", lambda *_: cuts.append(1))
    photo, there = room()
    if grey:
        photo = np.repeat(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)
    photo[photo.mean(-1) > clipped] = 255
    GrabCut().refine(photo, blurred(there, 12.0)[None], [BOX])
    assert cuts
