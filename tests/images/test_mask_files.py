"""Mask files, ours and those that a person drew."""

from pathlib import Path

import numpy as np
import pytest
from pictures import saved
from PIL import Image
from profiles import GREY_18

from automask.errors import MaskError
from automask.images import quantise_alpha, read_mask, to_uint8, write_mask


def test_a_mask_makes_an_exact_round_trip(tmp_path: Path) -> None:
    alpha = quantise_alpha(np.linspace(0, 1, 12 * 9, dtype=np.float32).reshape(9, 12))
    write_mask(tmp_path / "m.png", alpha)
    np.testing.assert_array_equal(read_mask(tmp_path / "m.png", size_hw=(9, 12)), alpha)
    with Image.open(tmp_path / "m.png") as image:
        assert (image.mode, image.size) == ("L", (12, 9))


def test_masks_in_other_modes_are_read(tmp_path: Path) -> None:
    grey = np.array([[0, 255, 255, 128], [0, 0, 255, 0]], np.uint8)
    hard = np.where(grey > 127, 255, 0).astype(np.uint8)
    zero, full = np.zeros_like(grey), np.full_like(grey, 255)
    drawn = {
        "rgb": (Image.fromarray(np.stack([grey] * 3, axis=2)), grey),
        "opaque": (Image.fromarray(np.stack([grey] * 3 + [full], axis=2)), grey),
        "bits": (Image.fromarray(hard).convert("1"), hard),
        "palette": (Image.fromarray(grey).convert("P"), grey),
        "white-on-clear": (Image.fromarray(np.stack([full] * 3 + [grey], axis=2)), grey),
        "black-on-clear": (Image.fromarray(np.stack([zero] * 3 + [grey], axis=2)), grey),
        "red-on-clear": (Image.fromarray(np.stack([full, zero, zero, grey], axis=2)), grey),
        "grey-and-clear": (Image.fromarray(np.stack([grey] * 3 + [hard], axis=2)), np.where(hard > 0, grey, 0)),
        "grey-alpha": (Image.merge("LA", [Image.fromarray(grey), Image.fromarray(full)]), grey),
        "deep": (Image.frombytes("I;16", (4, 2), (grey.astype("<u2") * 257).tobytes()), grey),
        "nothing": (Image.new("RGBA", (4, 2)), zero),
        "everything": (Image.new("RGBA", (4, 2), (255, 255, 255, 255)), full),
        "profiled": (Image.fromarray(grey), grey),
    }
    for name, (image, wanted) in drawn.items():
        path = saved(tmp_path / f"{name}.png", image, **({"icc_profile": GREY_18} if name == "profiled" else {}))
        np.testing.assert_array_equal(to_uint8(read_mask(path, size_hw=(2, 4))), wanted, err_msg=name)
    ink = saved(tmp_path / "ink.tif", Image.fromarray(np.stack([grey] * 3, axis=2)).convert("CMYK"))
    np.testing.assert_array_equal(to_uint8(read_mask(ink, size_hw=(2, 4))), grey)


@pytest.mark.parametrize("kind", ["jpg", "webp"])
def test_what_a_lossy_format_strays_by_is_not_repainted(kind: str, tmp_path: Path) -> None:
    y, x = np.mgrid[0:120, 0:160]
    drawn = np.where((x - 80) ** 2 + (y - 60) ** 2 < 40**2, 255, 0).astype(np.uint8)
    drawn[:, 120:140] = np.linspace(40, 210, 20)  # a soft edge keeps its levels
    path = saved(tmp_path / f"m.{kind}", Image.fromarray(drawn).convert("RGB"), quality=90)
    read = to_uint8(read_mask(path, size_hw=(120, 160)))
    assert ((read == 0) == (drawn == 0)).mean() > 0.998
    assert ((read == 255) == (drawn == 255)).mean() > 0.998
    assert np.abs(read[:, 124:136].astype(int) - drawn[:, 124:136]).max() < 12


def test_a_mask_that_does_not_fit_is_refused_with_both_sizes(tmp_path: Path) -> None:
    write_mask(tmp_path / "m.png", np.zeros((9, 12), np.float32))
    with pytest.raises(
        MaskError, match=r"m\.png' is 12 x 9 px and the photo 20 x 10 px; save the mask at the photo's size"
    ):
        read_mask(tmp_path / "m.png", size_hw=(10, 20))
    with pytest.raises(MaskError, match="no mask: there is no file"):
        read_mask(tmp_path / "none.png", size_hw=(10, 20))
    with pytest.raises(
        MaskError, match=r"a mask must be \[H, W\], this one is \[1, 9, 12\]; write one file for each mask"
    ):
        write_mask(tmp_path / "m.png", np.zeros((1, 9, 12), np.float32))
