import os

import cv2
import numpy as np
import pytest

from automask.editors.paint.catalogue import MATERIALS
from automask.editors.paint.swatch import swatch_look
from automask.editors.paint.tone import encode
from automask.errors import EditorError
from automask.images import to_uint8


def save(path, reflectance):
    cv2.imwrite(str(path), to_uint8(encode(reflectance))[..., ::-1])
    return str(path)


def of(name, hw=(300, 360), metres=0.6):
    look = MATERIALS[name]
    return look.texture(hw, hw[0] / metres, np.random.default_rng(4))


def lab(reflectance):
    return cv2.cvtColor(encode(np.asarray(reflectance, np.float32)).reshape(1, -1, 3), cv2.COLOR_RGB2LAB)[0]


def draw(look, hw=(600, 900), px_per_m=500.0, seed=0):
    return look.texture(hw, px_per_m, np.random.default_rng(seed))


@pytest.mark.parametrize("name", ["brick", "subway tile", "granite", "terrazzo", "wool", "oak planks", "white marble"])
def test_there_are_no_seams_to_see(tmp_path, name):
    """No straight line of steep change runs through the field but those that the picture has itself."""
    picture = of(name)
    field = draw(swatch_look(save(tmp_path / "swatch.png", picture)))

    def steepest(each):
        luma = np.sqrt(each.mean(-1))
        return [np.abs(np.diff(luma, axis=axis)).mean(1 - axis).max() for axis in (0, 1)]

    for over, own in zip(steepest(field), steepest(picture), strict=True):
        assert over < 1.25 * own + 0.002


@pytest.mark.parametrize("name", ["brick", "granite", "wool", "oak planks"])
def test_the_mean_colour_is_the_picture_s(tmp_path, name):
    picture = of(name)
    look = swatch_look(save(tmp_path / "swatch.png", picture))
    field = draw(look)
    asked, said, got = (lab(each)[0] for each in (picture.mean((0, 1)), look.reflectance, field.mean((0, 1))))
    assert np.linalg.norm(asked - said) < 2
    assert np.linalg.norm(said - got) < 3


def test_a_period_is_kept(tmp_path):
    """Bricks stay whole: courses 75 mm apart, where the picture's short side is 0.6 m."""
    look = swatch_look(save(tmp_path / "bricks.png", of("brick")))
    assert look.layout == "courses"
    rows = draw(look, (1200, 600)).mean((1, 2))
    rows = rows - cv2.GaussianBlur(rows[None], (0, 0), 40)[0]
    power = np.abs(np.fft.rfft(rows * np.hanning(len(rows))))
    courses = 1200 / 500.0 / 0.075
    assert abs(int(power[5:].argmax()) + 5 - courses) <= 1


def test_stone_has_no_period(tmp_path):
    assert swatch_look(save(tmp_path / "granite.png", of("granite"))).layout == "slab"


def test_light_that_falls_off_over_the_picture_is_evened(tmp_path):
    fall = np.linspace(0.6, 1.4, 360, dtype=np.float32)[None, :, None]
    field = draw(swatch_look(save(tmp_path / "swatch.png", 0.5 * fall + 0.0 * of("wool"))))
    assert field.std() / field.mean() < 0.03


def test_the_seed_is_the_only_chance(tmp_path):
    look = swatch_look(save(tmp_path / "swatch.png", of("granite")))
    first = draw(look)
    np.testing.assert_array_equal(draw(look), first)
    assert (draw(look, seed=1) != first).any()


@pytest.mark.parametrize(("hw", "px_per_m"), [((8, 8), 20), ((8, 8), 1500), ((40, 3000), 125), ((300, 8), 400)])
@pytest.mark.parametrize("size", [(48, 48), (50, 400), (700, 64)])
def test_any_size_works(tmp_path, hw, px_per_m, size):
    rng = np.random.default_rng(1)
    look = swatch_look(save(tmp_path / "swatch.png", rng.random((*size, 3), np.float32)))
    with np.errstate(all="raise", under="ignore"):
        field = draw(look, hw, px_per_m)
    assert field.shape == (*hw, 3)
    assert field.dtype == np.float32
    assert np.isfinite(field).all()
    assert field.max() <= 0.9


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_picture_of_one_colour_is_that_colour(tmp_path, level):
    cv2.imwrite(str(tmp_path / "flat.png"), np.full((100, 100, 3), level, np.uint8))
    field = draw(swatch_look(str(tmp_path / "flat.png")), (60, 60), 100.0)
    assert field.std() < 1e-3


def test_a_changed_file_is_opened_again(tmp_path):
    path = tmp_path / "swatch.png"
    first = swatch_look(save(path, np.full((100, 100, 3), 0.2, np.float32)))
    save(path, np.full((100, 120, 3), 0.6, np.float32))
    os.utime(path, ns=(1, 1))
    second = swatch_look(str(path))
    assert second.reflectance[0] > first.reflectance[0] + 0.3
    # Overwritten with the same time stamp, the file differs by its size.
    save(path, np.random.default_rng(0).random((100, 120, 3), np.float32) * 0.2)
    os.utime(path, ns=(1, 1))
    assert swatch_look(str(path)).reflectance[0] < second.reflectance[0] - 0.3


def test_a_picture_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(EditorError) as caught:
        swatch_look(str(tmp_path / "nothing.png"))
    assert str(caught.value).startswith(f"cannot paint with the picture '{tmp_path}/nothing.png': there is no file")
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_picture_is_refused(tmp_path):
    path = tmp_path / "notes.png"
    path.write_text("oak, 3 m")
    with pytest.raises(EditorError, match="cannot paint with the picture") as caught:
        swatch_look(str(path))
    assert caught.value.hint


def test_a_picture_too_small_to_tile_is_refused(tmp_path):
    cv2.imwrite(str(tmp_path / "icon.png"), np.zeros((47, 200, 3), np.uint8))
    with pytest.raises(EditorError) as caught:
        swatch_look(str(tmp_path / "icon.png"))
    assert str(caught.value) == (
        f"cannot paint with the picture '{tmp_path}/icon.png': it has only 200 x 47 px; "
        "give one of 48 px or more each way; 500 is good"
    )


def test_a_folder_and_no_name_are_refused_with_what_to_give(tmp_path):
    for path, why in ((str(tmp_path), "it is a folder"), ("", "it has no name")):
        with pytest.raises(EditorError) as caught:
            swatch_look(path)
        assert str(caught.value) == (
            f"cannot paint with the picture {path!r}: {why}; give the path of one picture, as in swatch:samples/oak.jpg"
        )
