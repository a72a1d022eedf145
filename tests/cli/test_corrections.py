"""Masks that a person made or changed are used from then on: through the command line, one photo and many."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from automask.cli.entry import main

WORDS = "island -> #ff0000; lamp -> gold"
MINE = np.s_[60:80, 90:110]


def run(capsys, *arguments):
    status = main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    return status, out, err


def correct(path: Path, where=MINE) -> bytes:
    drawn = np.zeros((96, 128), np.uint8)
    drawn[where] = 255
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), drawn)
    return path.read_bytes()


def changed(result: Path, photo: Path) -> np.ndarray:
    return (cv2.imread(str(result)) != cv2.imread(str(photo))).any(axis=-1)


def record(path: Path) -> dict:
    return json.loads(path.read_text("utf-8"))


@pytest.fixture
def listing(scene, tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    picture = cv2.imread(str(scene.photo))
    for number, name in enumerate(("a.png", "b.png")):
        cv2.imwrite(str(folder / name), picture // (number + 1))
    return folder


@pytest.mark.parametrize("first", ["edit", "mask", "nothing"])
def test_an_edit_uses_the_mask_that_a_person_corrected_in_its_folder(capsys, scene, tmp_path, first):
    out = tmp_path / "o"
    if first != "nothing":
        run(capsys, first, scene.photo, WORDS, "-o", out, *scene.overrides)
    mine = correct(out / "kitchen.masks" / "01-island.png")
    for _ in range(2):  # one's own mask stays one's own
        status, _, err = run(capsys, "edit", scene.photo, WORDS, "-o", out, *scene.overrides)
        assert (status, err) == (0, "automask: masks: yours for island (01-island.png)\n")
        red = changed(out / "kitchen.png", scene.photo)
        assert red[MINE].mean() > 0.9
        assert not red[scene.masks["island"]].any()
        assert red[scene.masks["lamp"]].mean() > 0.9
        assert (out / "kitchen.masks" / "01-island.png").read_bytes() == mine
        assert record(out / "kitchen.run.json")["yours"] == ["01-island.png"]
        assert "kitchen.masks/01-island.png" not in record(out / "kitchen.run.json")["files"]


def test_a_mask_is_ones_own_by_its_words_and_for_no_others(capsys, scene, tmp_path):
    mine = correct(tmp_path / "kitchen.masks" / "01-island.png")
    run(capsys, "edit", scene.photo, "lamp -> gold; island -> #ff0000", "-o", tmp_path, *scene.overrides)
    assert changed(tmp_path / "kitchen.png", scene.photo)[MINE].mean() > 0.9
    assert (tmp_path / "kitchen.masks" / "01-island.png").read_bytes() == mine
    _, _, err = run(capsys, "edit", scene.photo, "lamp -> gold", "-o", tmp_path, *scene.overrides)
    assert err == ""
    assert not changed(tmp_path / "kitchen.png", scene.photo)[MINE].any()


def test_what_a_person_drew_is_taken_from_the_other_edits(capsys, scene, tmp_path):
    correct(tmp_path / "kitchen.masks" / "01-island.png", np.s_[10:20, 90:128])  # over half of the lamp
    run(capsys, "edit", scene.photo, "island -> #ff0000; lamp -> #0000ff", "-o", tmp_path, *scene.overrides)
    lamp = cv2.imread(str(tmp_path / "kitchen.masks" / "02-lamp.png"), cv2.IMREAD_GRAYSCALE)
    assert not lamp[10:20, 90:128].any()
    assert lamp[22:28, 95:105].all()


def test_a_mask_of_ones_own_makes_up_for_what_is_not_found(capsys, scene, tmp_path):
    edit = ("edit", scene.photo, "yacht -> #ff0000", "-o", tmp_path, *scene.overrides, "on_missing=fail")
    assert run(capsys, *edit)[0] == 3
    correct(tmp_path / "kitchen.masks" / "01-yacht.png")
    assert run(capsys, *edit)[0] == 0


def test_fresh_masks_are_found_and_ones_own_are_kept_aside(capsys, scene, tmp_path):
    aside = tmp_path / "kitchen.masks" / "aside"
    for number in (1, 2):
        mine = correct(tmp_path / "kitchen.masks" / "01-island.png", np.s_[0 : 10 * number, 0:9])
        edit = ("edit", scene.photo, WORDS, "-o", tmp_path, "--fresh-masks", *scene.overrides)
        status, _, err = run(capsys, *edit)
        assert status == 0
        kept = aside / f"01-island{'' if number == 1 else '-2'}.png"
        assert f"'01-island.png', which is yours, was put aside as 'kitchen.masks/aside/{kept.name}'" in err
        assert kept.read_bytes() == mine
        assert changed(tmp_path / "kitchen.png", scene.photo)[scene.masks["island"]].all()
    assert run(capsys, "edit", scene.photo, WORDS, "-o", tmp_path, *scene.overrides)[2] == ""


def test_overwriting_replaces_no_mask_that_is_used(capsys, scene, tmp_path):
    mine = correct(tmp_path / "kitchen.masks" / "01-island.png")
    run(capsys, "edit", scene.photo, WORDS, "-o", tmp_path, "--overwrite", *scene.overrides)
    assert (tmp_path / "kitchen.masks" / "01-island.png").read_bytes() == mine
    assert changed(tmp_path / "kitchen.png", scene.photo)[MINE].mean() > 0.9


def test_a_mask_of_another_size_is_refused_by_its_name(capsys, scene, tmp_path):
    (tmp_path / "kitchen.masks").mkdir()
    cv2.imwrite(str(tmp_path / "kitchen.masks" / "01-island.png"), np.zeros((9, 9), np.uint8))
    status, _, err = run(capsys, "edit", scene.photo, WORDS, "-o", tmp_path, *scene.overrides)
    assert status == 1
    assert "01-island.png' is 9 x 9 px and the photo 128 x 96 px" in err


def test_each_variant_has_masks_of_its_own(capsys, scene, tmp_path):
    correct(tmp_path / "00ff00" / "kitchen.masks" / "01-island.png")
    run(capsys, "edit", scene.photo, "island -> {#ff0000, #00ff00}", "-o", tmp_path, *scene.overrides)
    red, green = (changed(tmp_path / name / "kitchen.png", scene.photo) for name in ("ff0000", "00ff00"))
    assert (red[scene.masks["island"]].all(), red[MINE].any()) == (True, False)
    assert (green[scene.masks["island"]].any(), green[MINE].mean() > 0.9) == (False, True)


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_a_batch_does_a_photo_again_with_its_corrected_mask_once(capsys, scene, listing, tmp_path, workers):
    batch = ("batch", listing, "-o", tmp_path / "o", "--workers", workers, *scene.overrides)
    run(capsys, *batch, WORDS)
    mine = correct(tmp_path / "o" / "a.masks" / "01-island.png")
    status, out, err = run(capsys, *batch, WORDS)
    assert status == 0
    assert out.startswith("1 done (1 with masks of yours), 1 done before, 0 failed")
    assert err == f"automask: {listing / 'a.png'}: masks: yours (01-island.png)\n"
    assert changed(tmp_path / "o" / "a.png", listing / "a.png")[MINE].mean() > 0.9
    assert (tmp_path / "o" / "a.masks" / "01-island.png").read_bytes() == mine
    assert "0 done, 2 done before" in run(capsys, *batch, WORDS)[1]
    correct(tmp_path / "o" / "a.masks" / "01-island.png", np.s_[0:9, 0:9])
    assert "1 done (1 with masks of yours), 1 done before" in run(capsys, *batch, WORDS)[1]
    assert "1 done, 1 done before" in run(capsys, *batch, WORDS, "--fresh-masks")[1]
    assert (tmp_path / "o" / "a.masks" / "aside" / "01-island.png").is_file()
    assert "0 done, 2 done before" in run(capsys, *batch, WORDS)[1]


def test_fresh_masks_put_aside_also_what_was_corrected_after_the_last_run(capsys, scene, listing, tmp_path):
    batch = ("batch", listing, WORDS, "-o", tmp_path / "o", *scene.overrides)
    run(capsys, *batch)
    mine = correct(tmp_path / "o" / "a.masks" / "01-island.png")
    assert "1 done, 1 done before" in run(capsys, *batch, "--fresh-masks")[1]
    assert (tmp_path / "o" / "a.masks" / "aside" / "01-island.png").read_bytes() == mine


@pytest.mark.parametrize("workers", [1, 2])
def test_a_batch_takes_the_masks_of_a_folder_and_finds_nothing(capsys, scene, listing, tmp_path, workers):
    for name in ("a", "b"):
        correct(tmp_path / "drawn" / f"{name}.masks" / "01-island.png")
    batch = ("batch", listing, "island -> #ff0000", "-o", tmp_path / "o", "--masks", tmp_path / "drawn")
    batch = (*batch, "--workers", workers, "segmenter=clipseg", "refiner=sam")  # which this machine cannot load
    assert "2 done, 0 done before" in run(capsys, *batch)[1]
    assert changed(tmp_path / "o" / "b.png", listing / "b.png")[MINE].mean() > 0.9
    assert "0 done, 2 done before" in run(capsys, *batch)[1]
    correct(tmp_path / "drawn" / "a.masks" / "01-island.png", np.s_[0:9, 0:9])
    assert "1 done, 1 done before" in run(capsys, *batch)[1]


def test_a_batch_says_which_photo_has_no_folder_of_masks(capsys, scene, listing, tmp_path):
    correct(tmp_path / "drawn" / "a.masks" / "01-island.png")
    batch = ("batch", listing, "island -> #ff0000", "-o", tmp_path / "o", *scene.overrides)
    status, out, err = run(capsys, *batch, "--masks", tmp_path / "drawn")
    assert (status, out.startswith("1 done, 0 done before, 1 failed")) == (4, True)
    assert "b.png: no folder of masks at" in err
    assert run(capsys, *batch, "--masks", tmp_path / "nowhere")[0] == 1


def test_masks_of_one_photo_serve_all_its_variants(capsys, scene, listing, tmp_path):
    for name in ("a", "b"):
        correct(tmp_path / "drawn" / f"{name}.masks" / "01-island.png")
    batch = ("batch", listing, "island -> {#ff0000, #00ff00}", "-o", tmp_path / "o", *scene.overrides)
    assert run(capsys, *batch, "--masks", tmp_path / "drawn")[0] == 0
    for name in ("ff0000", "00ff00"):
        assert changed(tmp_path / "o" / name / "a.png", listing / "a.png")[MINE].mean() > 0.9


@pytest.mark.parametrize("command", ["edit", "batch"])
def test_given_masks_and_fresh_ones_contradict_each_other(capsys, scene, command):
    status, _, err = run(capsys, command, scene.photo, WORDS, "--masks", scene.folder, "--fresh-masks")
    assert (status, err) == (
        2,
        "automask: --masks and --fresh-masks; use masks that are there, or find new ones\n",
    )
