import cv2
import numpy as np
import pytest
from drawing import disc, room

from automask.painting.crops import composite, cut, cut_mask, plan_crops, to_photo
from automask.types import Box


def two_lamps() -> np.ndarray:
    return disc((200, 600), (20, 100), 8) | disc((200, 600), (580, 100), 8)


def test_distant_blobs_have_crops_of_their_own():
    crops = plan_crops(two_lamps(), ideal_px=64, multiple_px=8)
    assert len(crops) == 2
    assert not crops[0][0].box.overlaps(crops[1][0].box)
    assert all(crop.box.area < 200 * 600 / 10 for crop, _ in crops)


def test_a_blob_inside_another_one_s_crop_shares_that_crop():
    doors = disc((200, 300), (100, 100), 9) | disc((200, 300), (125, 100), 5)
    assert len(plan_crops(doors, ideal_px=64, multiple_px=8)) == 1


def discs(*centres: tuple[int, int], radius: int = 8, size_hw: tuple[int, int] = (400, 900)) -> np.ndarray:
    return np.logical_or.reduce([disc(size_hw, centre, radius) for centre in centres])


def cost_px(hard: np.ndarray, **settings: int) -> int:
    return sum(crop.padded_wh[0] * crop.padded_wh[1] for crop, _ in plan_crops(hard, **settings))


def test_nearby_blobs_share_a_crop_where_that_is_cheaper():
    settings = {"ideal_px": 128, "multiple_px": 8}
    near, far = discs((300, 200), (400, 200)), discs((300, 200), (640, 200))
    assert len(plan_crops(near, **settings)) == 1
    assert len(plan_crops(far, **settings)) == 2
    assert cost_px(near, **settings) < 2 * cost_px(discs((300, 200)), **settings)


def test_a_row_of_blobs_ends_in_one_crop_whatever_their_order():
    row = discs(*((100 + 90 * n, 200) for n in (0, 3, 1, 2)))
    ((crop, own),) = plan_crops(row, ideal_px=128, multiple_px=8)
    assert (own == row[crop.box.slices]).all()


def test_blobs_never_share_a_crop_that_is_coarser_than_their_own():
    tall = discs((60, 60), (60, 340), radius=40)
    alone = plan_crops(discs((60, 60), radius=40), ideal_px=128, multiple_px=8)
    assert len(plan_crops(tall, ideal_px=128, multiple_px=8)) == 2
    assert all(crop.scale == alone[0][0].scale for crop, _ in plan_crops(tall, ideal_px=128, multiple_px=8))


@pytest.mark.parametrize("context_frac", [0.0, 0.5, 2.0])
def test_context_around_a_blob_is_set_by_context_frac_alone(context_frac: float):
    ((crop, own),) = plan_crops(disc((900, 900), (450, 450), 50), ideal_px=8, multiple_px=1, context_frac=context_frac)
    assert own.shape == (crop.box.height, crop.box.width)
    assert crop.box.width == 101 + 2 * round(context_frac * 101)


def test_every_pixel_belongs_to_exactly_one_crop_and_is_inside_it():
    rng = np.random.default_rng(1)
    spots = np.zeros((240, 320), dtype=bool)
    for _ in range(25):
        spots |= disc(spots.shape, (rng.integers(0, 320), rng.integers(0, 240)), rng.integers(2, 12))
    crops = plan_crops(spots, ideal_px=48, multiple_px=8)
    again = np.zeros(spots.shape, dtype=int)
    for crop, own in crops:
        again[crop.box.slices] += own
    assert (again == spots).all()


@pytest.mark.parametrize("size_hw", [(3000, 4000), (900, 6000), (1200, 1600), (2000, 700)], ids=str)
def test_no_crop_is_larger_than_the_area_that_the_editor_takes(size_hw):
    hard = np.zeros(size_hw, np.bool_)
    hard[100:-100, 100:-100] = True
    ((free, _),) = plan_crops(hard, ideal_px=1024, multiple_px=64)
    ((crop, own),) = plan_crops(hard, ideal_px=1024, multiple_px=64, max_area_px=1024 * 1024)
    assert free.padded_wh[0] * free.padded_wh[1] > 1024 * 1024
    assert crop.box == free.box
    assert 0.8 * 1024 * 1024 < crop.padded_wh[0] * crop.padded_wh[1] <= 1024 * 1024
    assert all(side % 64 == 0 for side in crop.padded_wh)
    assert all(work <= padded for work, padded in zip(crop.work_wh, crop.padded_wh, strict=True))
    # Both sides by the same factor.
    across, down = crop.work_wh[0] / crop.box.width, crop.work_wh[1] / crop.box.height
    assert abs(across - down) < 0.01 * across
    assert own.any()


def test_a_small_crop_is_the_same_with_a_limit():
    lamps = two_lamps()
    without, within = (plan_crops(lamps, ideal_px=64, multiple_px=8, max_area_px=most) for most in (None, 64 * 1024))
    assert [crop for crop, _ in without] == [crop for crop, _ in within]


def test_an_empty_mask_has_no_crops():
    empty = np.zeros((50, 50), dtype=bool)
    assert plan_crops(empty, ideal_px=64, multiple_px=8) == ()
    assert plan_crops(empty, ideal_px=0, multiple_px=8) == ()


def test_ideal_zero_gives_the_whole_photo_at_its_own_scale():
    ((crop, own),) = plan_crops(two_lamps(), ideal_px=0, multiple_px=1)
    assert crop.box == Box(0, 0, 600, 200)
    assert crop.padded_wh == (600, 200)
    assert (own == two_lamps()).all()


def test_the_margin_grows_until_the_short_side_is_ideal():
    ((crop, _),) = plan_crops(disc((400, 600), (300, 200), 10), ideal_px=256, multiple_px=8)
    assert (crop.box.width, crop.box.height) == (256, 256)
    assert not crop.is_scaled


def test_a_crop_at_the_border_is_shifted_inside_not_cut():
    ((crop, _),) = plan_crops(disc((400, 600), (2, 398), 5), ideal_px=256, multiple_px=8)
    assert crop.box == Box(0, 144, 256, 400)


@pytest.mark.parametrize("size_hw", [(100, 300), (61, 47), (301, 205)])
@pytest.mark.parametrize("ideal_px", [0, 64, 100])
def test_padded_sides_are_multiples_and_aspect_is_kept(size_hw: tuple[int, int], ideal_px: int):
    for crop, _ in plan_crops(disc(size_hw, (30, 30), 25), ideal_px=ideal_px, multiple_px=16):
        assert crop.padded_wh[0] % 16 == 0
        assert crop.padded_wh[1] % 16 == 0
        # Half a pixel of rounding is all that the aspect may lose.
        scale_x, scale_y = crop.work_wh[0] / crop.box.width, crop.work_wh[1] / crop.box.height
        assert abs(scale_x - scale_y) <= 0.5 / min(crop.box.width, crop.box.height) + 1e-9
        assert cut(room(*size_hw), crop).shape[:2] == crop.padded_wh[::-1]


def test_a_photo_too_small_for_the_ideal_is_scaled_up_to_it():
    ((crop, _),) = plan_crops(disc((50, 70), (30, 30), 9), ideal_px=64, multiple_px=8)
    assert crop.box.height == 50
    assert min(crop.work_wh) == 64


def test_a_strip_is_scaled_up_to_a_limit():
    ((crop, _),) = plan_crops(np.ones((3000, 5), dtype=bool), ideal_px=64, multiple_px=8)
    assert max(crop.padded_wh) <= 3000
    ((crop, _),) = plan_crops(np.ones((300, 20), dtype=bool), ideal_px=64, multiple_px=8)
    assert max(crop.padded_wh) == 8 * 64


def test_masks_of_crops_are_as_small_as_the_crops():
    for crop, own in plan_crops(two_lamps(), ideal_px=64, multiple_px=8):
        assert own.shape == (crop.box.height, crop.box.width)


def test_a_blob_above_the_ideal_is_scaled_down():
    ((crop, _),) = plan_crops(np.ones((400, 600), dtype=bool), ideal_px=64, multiple_px=8)
    assert crop.work_wh == (96, 64)


@pytest.mark.parametrize("size_hw", [(96, 128), (97, 131), (33, 200)])
def test_at_scale_one_there_and_back_is_the_identity(size_hw: tuple[int, int]):
    photo = room(*size_hw)
    for ideal_px in (0, 32):
        for crop, _ in plan_crops(disc(size_hw, (60, 20), 9), ideal_px=ideal_px, multiple_px=8):
            assert not crop.is_scaled
            assert (to_photo(cut(photo, crop), crop) == photo[crop.box.slices]).all()


@pytest.mark.parametrize("ideal_px", [90, 150, 311, 640])
def test_at_other_scales_resizing_back_shifts_less_than_a_twentieth_of_a_pixel(ideal_px: int):
    photo = cv2.GaussianBlur(room(301, 403), (0, 0), 9)
    ((crop, _),) = plan_crops(np.ones((301, 403), dtype=bool), ideal_px=ideal_px, multiple_px=8)
    assert crop.is_scaled
    again = to_photo(cut(photo, crop), crop)
    dx, dy = shift_px(photo[20:-20, 20:-20].astype(np.float64), again[20:-20, 20:-20].astype(np.float64))
    assert abs(dx) < 0.05
    assert abs(dy) < 0.05


def shift_px(here: np.ndarray, there: np.ndarray) -> tuple[float, float]:
    """The shift that best explains the difference, to first order: least squares over the gradients."""
    down, right = np.gradient(here, axis=(0, 1))
    slopes = np.stack([right.ravel(), down.ravel()], axis=1)
    (dx, dy), *_ = np.linalg.lstsq(slopes, (here - there).ravel(), rcond=None)
    return float(dx), float(dy)


def test_the_shift_meter_sees_a_tenth_of_a_pixel():
    photo = cv2.GaussianBlur(room(120, 160), (0, 0), 9).astype(np.float64)
    moved = cv2.warpAffine(photo, np.array([[1, 0, 0.1], [0, 1, 0]]), (160, 120), borderMode=cv2.BORDER_REPLICATE)
    dx, dy = shift_px(photo[5:-5, 5:-5], moved[5:-5, 5:-5])
    assert abs(dx - 0.1) < 0.02
    assert abs(dy) < 0.02


def test_every_masked_pixel_is_masked_for_the_editor_too():
    ring = disc((300, 400), (200, 150), 120) & ~disc((300, 400), (200, 150), 110)
    ring[150, 200] = True
    ((crop, own),) = plan_crops(ring, ideal_px=32, multiple_px=8)
    seen = cut_mask(own, crop)
    for row, column in zip(*np.nonzero(own), strict=True):
        assert seen[row * crop.work_wh[1] // crop.box.height, column * crop.work_wh[0] // crop.box.width]
    assert not seen.all()


def test_the_padding_is_not_masked():
    ((crop, own),) = plan_crops(np.ones((50, 70), dtype=bool), ideal_px=0, multiple_px=16)
    seen = cut_mask(own, crop)
    assert seen.shape == (64, 80)
    assert seen.sum() == 50 * 70


def test_composite_is_exact_at_both_ends_and_rounds_in_between():
    below = np.zeros((1, 3, 3), dtype=np.uint8)
    painted = np.full((1, 3, 3), 201, dtype=np.uint8)
    alpha = np.array([[0, 128 / 255, 1]], dtype=np.float32)
    assert composite(below, painted, alpha)[0, :, 0].tolist() == [0, 101, 201]


def test_compositing_the_same_picture_changes_nothing_at_any_alpha():
    photo = room()
    alpha = (np.random.default_rng(0).integers(0, 256, photo.shape[:2]) / 255).astype(np.float32)
    assert (composite(photo, photo, alpha) == photo).all()


def test_composite_does_not_write_to_its_input():
    photo = room()
    before = photo.copy()
    composite(photo, 255 - photo, np.ones(photo.shape[:2], dtype=np.float32))
    assert (photo == before).all()
