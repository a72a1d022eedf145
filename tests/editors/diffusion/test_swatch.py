import shutil

import cv2
import numpy as np
import pytest
from diffusion_engines import editor_of, job, levels_apart

from automask.editors.diffusion import Diffusion
from automask.editors.diffusion.swatch import shading_of
from automask.errors import ConfigError, EditorError, UnknownPrompt

pytestmark = [pytest.mark.models, pytest.mark.usefixtures("one_thread")]


@pytest.fixture(scope="module")
def swatching():
    return editor_of("sd15-swatch", steps=2, batch=4)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    for name, seed in (("oak", 1), ("blue tile", 2)):
        picture = np.random.default_rng(seed).integers(0, 256, (60, 60, 3), dtype=np.uint8)
        cv2.imwrite(str(folder / f"{name}.png"), picture)
    return folder


def test_a_swatch_paints_and_another_paints_otherwise(swatching, pictures):
    swatching.check(f"swatch:{pictures}/oak.png")
    oak, tile = (swatching.paint(**job(prompt=f"swatch:{pictures}/{name}.png")) for name in ("oak", "blue tile"))
    words = swatching.paint(**job(prompt="this material"))
    assert levels_apart(oak, tile) > 1
    assert levels_apart(oak, words) > 1


def test_words_alone_paint_as_without_the_adapter(swatching):
    assert levels_apart(swatching.paint(**job()), editor_of(steps=2).paint(**job())) <= 1


def test_words_before_the_swatch_are_what_the_model_reads(swatching, pictures):
    plain, matt = (swatching.paint(**job(prompt=f"{words}swatch:{pictures}/oak.png")) for words in ("", "matt "))
    quoted = swatching.paint(**job(prompt=f' SWATCH: "{pictures}/oak.png"'))
    assert levels_apart(plain, matt) > 0
    assert np.array_equal(plain, quoted)


def test_swatches_of_several_edits_do_not_mix(swatching, pictures):
    jobs = [job(seed, prompt) for seed, prompt in enumerate((f"swatch:{pictures}/oak.png", "oak") * 2)]
    jobs.append(job(9, f"swatch:{pictures}/blue tile.png"))
    for one, picture in zip(jobs, swatching.paint_many(jobs), strict=True):
        assert levels_apart(swatching.paint(**one), picture) <= 1


def test_a_changed_picture_is_read_again(swatching, pictures, tmp_path):
    file = tmp_path / "mine.png"
    shutil.copy(pictures / "oak.png", file)
    first = swatching.paint(**job(prompt=f"swatch:{file}"))
    cv2.imwrite(str(file), np.full((50, 70, 3), 40, np.uint8))
    assert levels_apart(swatching.paint(**job(prompt=f"swatch:{file}")), first) > 1


def test_the_files_that_words_name_are_listed():
    assert Diffusion.reads("matt swatch:oak.jpg") == ("oak.jpg",)
    assert Diffusion.reads('swatch:"my oak.jpg"') == ("my oak.jpg",)
    assert Diffusion.reads("a swatch of oak") == ()


def test_without_an_adapter_a_swatch_is_another_editor_s():
    message = (
        r"StableDiffusionInpaintPipeline cannot look at the picture in 'swatch:oak.jpg': it has no IP-Adapter; use"
    )
    with pytest.raises(UnknownPrompt, match=message):
        editor_of().check("swatch:oak.jpg")


def test_a_missing_picture_is_reported_before_any_work(swatching, tmp_path):
    for path in (tmp_path / "none.png", tmp_path, ""):
        with pytest.raises(EditorError, match=r"cannot paint with the picture '.*': ") as caught:
            swatching.check(f"swatch:{path}")
        assert not isinstance(caught.value, UnknownPrompt)


# ---------------------------------------------------------------------------------------- a swatch on a shaped surface


def test_a_grey_start_keeps_light_and_shade_and_drops_the_colour():
    rng = np.random.default_rng(3)
    crop = rng.integers(0, 256, (32, 48, 3), dtype=np.uint8)
    hard = np.zeros((32, 48), np.bool_)
    hard[8:24, 10:40] = True
    start = shading_of(crop, hard)
    assert np.array_equal(start[~hard], crop[~hard])
    assert (np.ptp(start[hard], axis=-1) == 0).all()
    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)[hard].astype(int)
    assert np.corrcoef(start[hard][:, 0], grey)[0, 1] > 0.95
    assert abs(int(np.median(start[hard])) - 128) <= 1
    assert shading_of(crop, hard & False) is crop


def test_depth_picture_and_grey_start_go_together(pictures):
    settings = {"steps": 4, "strength": 0.75}
    zest, coloured = (editor_of("sd15-zest", grey_start=grey, **settings) for grey in (True, False))
    swatch, words = job(prompt=f"swatch:{pictures}/oak.png"), job(prompt="oak")
    assert type(zest.pipe).__name__ == "StableDiffusionControlNetInpaintPipeline"
    assert levels_apart(zest.paint(**swatch), coloured.paint(**swatch)) > 1
    assert levels_apart(zest.paint(**words), coloured.paint(**words)) == 0  # words alone start as ever
    together = zest.paint_many([swatch, words])
    assert levels_apart(together[0], zest.paint(**swatch)) <= 1


def test_a_grey_start_without_pictures_is_refused():
    with pytest.raises(ConfigError, match=r"editor.grey_start=true without an ip_adapter: .*; set editor.ip_adapter"):
        Diffusion(grey_start=True)
