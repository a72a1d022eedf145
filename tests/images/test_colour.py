"""Levels, profiles, and the conversions to sRGB and back."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pictures import GREEN, picture, rewritten, saved
from PIL import Image
from profiles import ADOBE_RGB, DISPLAY_P3, GREY_18, press_profile

from automask.errors import AutomaskError
from automask.images import open_photo, quantise_alpha, to_uint8, to_unit
from automask.images.colour import copy_where


def srgb_of_p3(colour: tuple[int, int, int]) -> np.ndarray:
    """By matrices, without the colour engine: gamma 2.2 Display P3 to sRGB."""
    p3 = np.array([[0.51512, 0.29198, 0.1571], [0.2412, 0.69225, 0.06657], [-0.00105, 0.04189, 0.78407]])
    srgb = np.array([[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.7141]])
    linear = np.clip(np.linalg.inv(srgb) @ p3 @ (np.array(colour) / 255) ** 2.2, 0, 1)
    return 255 * np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def test_a_display_p3_photo_is_worked_on_in_srgb(tmp_path: Path) -> None:
    photo = open_photo(saved(tmp_path / "a.png", Image.new("RGB", (16, 16), (180, 120, 60)), icc_profile=DISPLAY_P3))
    assert (photo.samples[0, 0] == (180, 120, 60)).all()
    assert np.abs(photo.rgb[0, 0] - srgb_of_p3((180, 120, 60))).max() <= 2


PROFILED = {
    "p3.png": ("RGB", DISPLAY_P3, {}),
    "p3.jpg": ("RGB", DISPLAY_P3, {"quality": 95, "subsampling": 0}),
    "p3-alpha.png": ("RGBA", DISPLAY_P3, {}),
    "p3.tif": ("RGB", DISPLAY_P3, {}),
    "p3.webp": ("RGB", DISPLAY_P3, {"lossless": True}),
    "p3-palette.png": ("P", DISPLAY_P3, {}),
    "adobe.png": ("RGB", ADOBE_RGB, {}),
    "grey.png": ("L", GREY_18, {}),
    "grey.jpg": ("L", GREY_18, {"quality": 95}),
    "press.tif": ("CMYK", press_profile(), {}),
    "press.jpg": ("CMYK", press_profile(), {"quality": 95}),
}


@pytest.mark.parametrize("name", PROFILED)
def test_a_profile_is_kept_byte_for_byte_and_used_both_ways(name: str, tmp_path: Path) -> None:
    mode, profile, options = PROFILED[name]
    photo = open_photo(saved(tmp_path / name, picture(mode), icc_profile=profile, **options))
    assert photo.icc == profile
    assert photo.container.managed
    assert photo.notes == ()
    again, written = rewritten(photo, tmp_path / "out")
    assert again.icc == profile
    assert written.outside_changed_px == 0
    wanted = np.array(GREEN)
    if mode == "L":  # the engine weighs light by luminance, not by BT.601
        wanted = again.rgb[12, 15].astype(int)
        assert 140 < wanted[0] < 190
    inner = again.rgb[11:17, 14:26].astype(int)
    if not photo.container.lossless:
        inner = inner.mean(axis=(0, 1), keepdims=True)
    assert np.abs(inner - wanted).max() <= {"CMYK": 12}.get(mode, 2) + (0 if photo.container.lossless else 3)


def test_a_profile_that_is_srgb_needs_no_conversion(tmp_path: Path) -> None:
    from PIL import ImageCms

    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    photo = open_photo(saved(tmp_path / "a.png", picture("RGB"), icc_profile=srgb))
    assert photo.rgb is photo.samples
    again, _ = rewritten(photo, tmp_path / "out")
    assert again.icc == srgb


@pytest.mark.parametrize(("mode", "profile"), [("RGB", b"not a profile"), ("RGB", GREY_18), ("L", DISPLAY_P3)])
def test_a_profile_that_does_not_fit_is_noted_and_kept(mode: str, profile: bytes, tmp_path: Path) -> None:
    photo = open_photo(saved(tmp_path / "a.png", picture(mode), icc_profile=profile))
    assert photo.notes == (
        "its colour profile is broken or made for other samples: kept, but colours are read without it",
    )
    again, _ = rewritten(photo, tmp_path / "out")
    assert again.icc == profile


def test_inks_without_a_profile_make_a_round_trip_within_one_level() -> None:
    from automask.images.colour import default_from_srgb, default_to_srgb

    steps = np.arange(0, 256, 5, dtype=np.uint8)
    every = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(-1, 3)
    back = default_to_srgb("CMYK")(default_from_srgb("CMYK")(every))
    assert np.abs(back.astype(int) - every.astype(int)).max() <= 1


def test_levels_make_an_exact_round_trip() -> None:
    every = np.arange(256, dtype=np.uint8)
    np.testing.assert_array_equal(to_uint8(to_unit(every)), every)
    np.testing.assert_array_equal(to_uint8(to_unit(every) * 2 / 2 - 0.4 / 255), every)  # rounds, does not truncate
    assert to_unit(every).dtype == np.float32


def test_levels_are_clipped_and_nan_is_refused() -> None:
    np.testing.assert_array_equal(to_uint8(np.array([-3.0, 7.0, math.inf])), [0, 255, 255])
    with pytest.raises(AutomaskError, match=r"values that are not numbers \(NaN\); look at the editor"):
        to_uint8(np.array([0.5, math.nan]))


@given(st.lists(st.floats(0, 1, width=32), min_size=1, max_size=40))
@settings(max_examples=50, deadline=None)
def test_quantised_alpha_is_a_multiple_of_one_255th_and_idempotent(values: list[float]) -> None:
    alpha = quantise_alpha(np.array(values, np.float32))
    assert alpha.dtype == np.float32
    np.testing.assert_array_equal(alpha, quantise_alpha(alpha))
    assert np.abs(alpha - np.array(values, np.float32)).max() <= 0.5 / 255 + 1e-6


def test_copied_pixels_are_those_of_the_mask_alone() -> None:
    rng = np.random.default_rng(0)
    whole, source = (rng.integers(0, 256, (40, 50, 3), np.uint8) for _ in range(2))
    where = rng.random((31, 37)) < 0.5
    expected = whole.copy()
    expected[5:36, 9:46][where] = source[3:34, 11:48][where]
    source.flags.writeable = False
    copy_where(whole[5:36, 9:46], source[3:34, 11:48], where)
    assert np.array_equal(whole, expected)
    copy_where(whole[:0], source[:0], where[:0, :0])
