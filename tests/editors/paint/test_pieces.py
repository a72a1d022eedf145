"""The light on large photos, which is found on a reduced copy."""

import tracemalloc

import cv2
import numpy as np
import pytest

from automask.editors.paint import Paint


def room(width):
    """[h, w, 3] uint8: a wall with a darker cabinet, a brass handle on it, falling light and noise."""
    height = width * 2 // 3
    x = np.linspace(0, 1, width, dtype=np.float32)[None, :, None]
    picture = np.full((height, width, 3), (205, 200, 190), np.float32) * (1.1 - 0.3 * x)
    rows, columns = slice(height // 4, height * 3 // 4), slice(width // 4, width * 3 // 4)
    picture[rows, columns] = np.float32((120, 80, 55)) * (1.1 - 0.3 * x[:, columns])
    handle = slice(height // 2, height // 2 + height // 60), slice(width * 2 // 5, width * 3 // 5)
    picture[handle] = (200, 150, 40)
    noise = np.random.default_rng(0).standard_normal(picture.shape, np.float32)
    mask = np.zeros((height, width), bool)
    grown = width // 200  # a mask reaches over the edge
    mask[rows.start - grown : rows.stop + grown, columns.start - grown : columns.stop + grown] = True
    mask[handle] = False
    return np.clip(np.rint(picture + 2 * noise), 0, 255).astype(np.uint8), mask


@pytest.mark.parametrize("prompt", ["white", "oak"])
def test_a_large_photo_is_painted_as_its_reduced_copy_is(prompt):
    photo, mask = room(2400)
    painted = Paint().paint(photo, mask, prompt, seed=0)
    assert (painted[~mask] == photo[~mask]).all()
    small_wh = (1200, 800)
    reduced, small_mask = room(1200)
    same = Paint().paint(reduced, small_mask, prompt, seed=0)
    off = cv2.resize(painted, small_wh, interpolation=cv2.INTER_AREA).astype(np.float32) - same
    inside = cv2.erode(small_mask.astype(np.uint8), np.ones((25, 25), np.uint8)) > 0
    assert np.abs(off[inside].mean(0)).max() < 3
    if prompt == "white":  # boards depend on the size by a pixel here and there
        assert np.abs(cv2.blur(off, (9, 9)))[inside].mean() < 2


def test_the_edge_of_a_large_photo_stays_sharp_and_what_the_mask_spares_stays():
    photo, mask = room(2400)
    painted = Paint().paint(photo, mask, "white", seed=0).astype(np.float32)
    across = painted[800, 560:640, 0]  # from the wall into the cabinet, whose edge is at 600
    steps = np.abs(np.diff(painted[700:900, 590:612].mean((0, 2))))
    assert steps.max() > 0.4 * abs(float(across[-20:].mean()) - float(across[:20].mean()))
    handle = painted[805:820, 1000:1400].mean((0, 1))
    assert np.abs(handle - (200, 150, 40)).max() < 12


@pytest.mark.slow
def test_memory_grows_with_the_photo_by_bytes_and_not_by_planes_of_floats():
    def peak_mb(width):
        photo, mask = room(width)
        tracemalloc.start()
        try:
            Paint().paint(photo, mask, "white", seed=0)
            return tracemalloc.get_traced_memory()[1] / 1e6
        finally:
            tracemalloc.stop()

    peak_mb(2400)  # what is kept from the first run on
    megapixels = (4800 * 3200 - 2400 * 1600) / 1e6
    assert peak_mb(4800) - peak_mb(2400) < 8 * megapixels  # the result's three bytes a pixel, and masks
