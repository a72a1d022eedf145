"""The hints for arrays that are not photos, executed: each must give the right picture."""

import re

import numpy
import numpy as np
import pytest
from PIL import Image

import automask
import automask.images
from automask.errors import PhotoError
from automask.images import open_photo


def picture() -> np.ndarray:
    rng = np.random.default_rng(3)
    rgb = rng.integers(0, 256, (6, 9, 3), dtype=np.uint8)
    rgb[0, 0], rgb[0, 1] = 0, 255
    return rgb


GREY = np.repeat(picture()[:, :, :1], 3, axis=2)
RGB = picture()
UNIT = RGB / 255


def advised(array: np.ndarray) -> tuple[str, np.ndarray]:
    """The message, and the picture that its expression gives."""
    with pytest.raises(PhotoError) as stop:
        open_photo(array)
    hint = stop.value.hint
    expression = re.search(r"(?:use|give) ((?:automask|numpy|array).*?)(?:, or .*)?$", hint)
    assert expression, hint
    names = {"array": array, "numpy": numpy, "automask": automask}
    return hint, eval(expression[1], names)  # noqa: S307  # our own advice


ARRAYS = {
    "floats in 0..1": (UNIT.astype(np.float32), RGB),
    "floats in 0..1 that overshoot": (np.where(UNIT == 1, 1.04, UNIT), RGB),
    "floats in -1..1": (UNIT * 2 - 1, RGB),
    "floats in 0..255": (RGB.astype(np.float32), RGB),
    "halves in 0..255": (RGB.astype(np.float16), RGB),
    "16 bits": (RGB.astype(np.uint16) * 257, RGB),
    "16 bits as floats": (RGB.astype(np.float32) * 257, RGB),
    "12 bits": (np.rint(UNIT * 4095).astype(np.uint16), RGB),
    "8 bits in 16": (RGB.astype(np.uint16), RGB),
    "8 bits in 64": (RGB.astype(np.int64), RGB),
    "true and false": (RGB > 127, (RGB > 127) * np.uint8(255)),
    "grey": (RGB[:, :, 0], GREY),
    "grey floats": (UNIT[:, :, 0], GREY),
    "grey with an axis": (RGB[:, :, :1], GREY),
    "grey 16 bits with an axis": (RGB[:, :, :1].astype(np.uint16) * 257, GREY),
    "channels first": (np.ascontiguousarray(RGB.transpose(2, 0, 1)), RGB),
    "channels first, floats in 0..1": (UNIT.transpose(2, 0, 1), RGB),
    "one channel first": (RGB[None, :, :, 0], GREY),
    "a batch of one": (RGB[None], RGB),
    "a batch of one, floats, channels first": (UNIT.transpose(2, 0, 1)[None], RGB),
    "with alpha": (np.dstack([RGB, RGB[:, :, 0]]), RGB),
    "with alpha, floats in 0..255": (np.dstack([RGB, RGB[:, :, 0]]).astype(np.float64), RGB),
}


@pytest.mark.parametrize(("array", "right"), ARRAYS.values(), ids=ARRAYS)
def test_the_advice_for_an_array_gives_the_right_picture(array: np.ndarray, right: np.ndarray) -> None:
    _, made = advised(array)
    np.testing.assert_array_equal(open_photo(made).rgb, right)


def test_unit_floats_larger_floats_and_16_bits_get_different_advice() -> None:
    advice = [advised(array)[0] for array in (UNIT, RGB.astype(np.float32), RGB.astype(np.uint16) * 257)]
    assert advice == [
        "for floats in 0..1 use automask.images.to_uint8(array)",
        "for floats in 0..255 use automask.images.to_uint8(array / 255)",
        "for values in 0..65535 (16 bits) use automask.images.to_uint8(array / 65535)",
    ]


def test_alpha_is_kept_by_the_other_advice() -> None:
    rgba = np.dstack([RGB, RGB[:, :, 0]])
    hint, _ = advised(rgba)
    assert "PIL.Image.fromarray(array), whose alpha is then kept" in hint
    photo = open_photo(Image.fromarray(rgba))
    assert photo.mode == "RGBA"
    np.testing.assert_array_equal(photo.samples, rgba)


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.full((4, 5, 3), np.nan), "not numbers (NaN) or infinite"),
        (np.full((4, 5, 3), np.inf, np.float32), "not numbers (NaN) or infinite"),
        (np.zeros((4, 5, 3), complex), "give the numbers 0..255 as [H, W, 3] uint8"),
        (np.array([["a"]]), "give the numbers 0..255 as [H, W, 3] uint8"),
        (np.zeros((2, 4, 5, 3), np.uint8), "height, width and the three colours"),
        (np.zeros(4, np.uint8), "height, width and the three colours"),
        (np.zeros((5, 4, 2), np.float32), "height, width and the three colours"),
        (np.full((4, 5, 3), 1e6), "automask.images.to_uint8(array / 1e+06)"),
    ],
)
def test_the_error_for_an_unknown_kind_of_array_says_what_a_photo_is(array: np.ndarray, said: str) -> None:
    with pytest.raises(PhotoError) as stop:
        open_photo(array)
    assert said in stop.value.hint
