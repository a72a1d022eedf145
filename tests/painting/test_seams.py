"""An editor's own errors are measured around the mask and undone inside it."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from drawing import disc, room

from automask.images import open_photo
from automask.masking.masks import alpha_from
from automask.painting.chain import paint
from automask.painting.seams import correct_drift, restore_detail
from automask.protocols import Stages
from automask.refiners.threshold import Threshold
from automask.testing import AddEight, Blurs, Fill, PaintedHeat, Tints
from automask.types import Edit, MaskRecipe, Region

SIZE = (320, 400)
HARD = disc(SIZE, (180, 160), 70)


def kitchen() -> np.ndarray:
    return open_photo(Path(__file__).parents[1] / "data" / "kitchen.jpg").rgb[300:620, 500:900]


def ring_error(picture: np.ndarray, photo: np.ndarray, hard: np.ndarray) -> float:
    """RMS of the difference in mean colour, over about 4 px, in a band of 8 px on both sides of the mask's border."""
    inside = cv2.distanceTransform(hard.astype(np.uint8), cv2.DIST_L2, 5)
    outside = cv2.distanceTransform((~hard).astype(np.uint8), cv2.DIST_L2, 5)
    band = ((inside > 0) & (inside <= 8)) | ((outside > 0) & (outside <= 8))
    low = cv2.GaussianBlur(picture.astype(np.float32) - photo, (0, 0), 4)
    return float(np.sqrt((low[band] ** 2).mean()))


def wash_out(photo: np.ndarray) -> np.ndarray:
    return np.clip(np.rint((photo - 128.0) * 0.9 + 134), 0, 255).astype(np.uint8)


def slope(photo: np.ndarray) -> np.ndarray:
    across = np.linspace(-8, 8, photo.shape[1])[None, :, None]
    return np.clip(np.rint(photo + across), 0, 255).astype(np.uint8)


def spoil(editor: object):
    return lambda photo: editor.paint(photo, HARD, "", seed=0)


@pytest.mark.parametrize("photo", [room(*SIZE), kitchen()], ids=["room", "kitchen"])
@pytest.mark.parametrize(
    "spoiled",
    [spoil(AddEight()), spoil(Tints()), spoil(Blurs()), wash_out, slope],
    ids=["add", "tint", "blur", "wash", "slope"],
)
def test_the_error_around_the_border_falls_at_least_five_fold(photo: np.ndarray, spoiled):
    painted = spoiled(photo)
    before = ring_error(painted, photo, HARD)
    assert before > 1
    assert ring_error(correct_drift(painted, photo, photo, HARD), photo, HARD) < before / 5


@pytest.mark.parametrize("spoiled", [spoil(AddEight()), spoil(Tints()), wash_out], ids=["add", "tint", "wash"])
def test_the_painted_colour_is_kept_except_for_the_error(spoiled):
    photo = kitchen()
    green = np.array((110, 160, 130), np.float32)
    wanted = photo.copy()
    wanted[HARD] = green + photo[HARD].mean(axis=1, keepdims=True) / 8
    bare = spoiled(wanted)
    corrected = correct_drift(bare, photo, photo, HARD)
    errors = [np.abs(picture[HARD].astype(int) - wanted[HARD]).mean() for picture in (bare, corrected)]
    assert errors[1] < errors[0] / 3


def test_a_painted_crop_whose_surroundings_match_is_unchanged():
    photo = room(*SIZE)
    painted = photo.copy()
    painted[HARD] = (200, 30, 30)
    assert correct_drift(painted, photo, photo, HARD) is painted


def test_surroundings_that_do_not_resemble_the_photo_are_ignored():
    photo = room(*SIZE)
    painted = np.full_like(photo, (3, 250, 120))
    assert correct_drift(painted, photo, photo, HARD) is painted


def test_what_the_editor_spills_beyond_the_mask_is_not_compared():
    photo = room(*SIZE)
    painted = AddEight().paint(photo, HARD, "", seed=0)
    painted[disc(SIZE, (180, 160), 78)] = (180, 150, 60)
    corrected = correct_drift(painted, photo, photo, HARD, spill_px=9)
    assert np.abs(corrected[HARD].astype(int) - (172, 142, 52)).max() <= 1


@pytest.mark.parametrize("hard", [np.zeros(SIZE, bool), np.ones(SIZE, bool)], ids=["empty", "full"])
def test_without_a_border_nothing_is_corrected(hard: np.ndarray):
    photo = room(*SIZE)
    painted = AddEight().paint(photo, hard, "", seed=0)
    assert correct_drift(painted, photo, photo, hard) is painted


def test_a_mask_of_one_pixel_in_the_corner_is_corrected():
    photo = room(*SIZE)
    corner = np.zeros(SIZE, bool)
    corner[0, 0] = True
    assert (correct_drift(AddEight().paint(photo, corner, "", seed=0), photo, photo, corner)[0, 0] == photo[0, 0]).all()


def soft(photo: np.ndarray) -> np.ndarray:
    return cv2.GaussianBlur(photo.astype(np.float32), (0, 0), 2.0)


def test_detail_is_restored_where_the_photo_was_only_dimmed():
    photo = kitchen()
    dimmed = 0.5 * photo + 20
    restored = restore_detail(soft(photo) * 0.5 + 20, photo, soft(photo))
    lost = np.abs(soft(photo) * 0.5 + 20 - dimmed).mean()
    assert np.abs(restored - dimmed).mean() < lost / 3


def test_no_old_detail_is_restored_under_a_new_material():
    photo = kitchen()
    other = soft(room(*SIZE, seed=5))
    leaked = np.abs(restore_detail(other, photo, soft(photo)) - other).mean()
    assert leaked < 0.15 * np.abs(photo - soft(photo)).mean()


def test_a_plain_colour_gets_no_detail():
    photo = kitchen()
    plain = np.full(photo.shape, 120.0, np.float32)
    assert np.abs(restore_detail(plain, photo, soft(photo)) - plain).max() < 0.5


# ------------------------------------------------------------------------------------------------------- in the chain


def region(hard: np.ndarray) -> Region:
    alpha = alpha_from(hard, MaskRecipe(dilate_px=2, feather_px=6), untouchable=np.zeros_like(hard))
    return Region("island", True, hard, alpha, (), 0.9, ("island",))


def painted_by(editor: object, photo: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    tools = Stages(segmenter=PaintedHeat({}), refiner=Threshold(), editor=editor)
    shown = region(HARD)
    result, _ = paint(photo, (Edit(("island",), "marble"),), (shown,), tools)
    return result, shown.alpha


@pytest.mark.parametrize("ideal_px", [0, 128, 240])
@pytest.mark.parametrize("editor", [AddEight(keeps_surroundings=True), Tints(), Blurs()], ids=["add", "tint", "blur"])
def test_the_chain_corrects_editors_that_keep_their_surroundings_and_holds_law_one(editor, ideal_px: int):
    photo = kitchen()
    editor.ideal_px = ideal_px
    result, alpha = painted_by(editor, photo)
    assert (result[alpha == 0] == photo[alpha == 0]).all()
    bare = editor.paint(photo, HARD, "", seed=0)
    assert ring_error(result, photo, alpha > 0) < ring_error(bare, photo, alpha > 0) / 4


@pytest.mark.parametrize("editor", [AddEight(ideal_px=0), Fill(rgb=(90, 90, 90), ideal_px=0)], ids=["add", "fill"])
def test_an_editor_without_keeps_surroundings_is_not_corrected(editor):
    photo = kitchen()
    result, alpha = painted_by(editor, photo)
    wanted = editor.paint(photo, HARD, "", seed=0)
    assert (result[alpha == 1] == wanted[alpha == 1]).all()
