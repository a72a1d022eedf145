"""What a person made is kept, whatever command comes after: the cases of everyday use, through the command line."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from automask import runner
from automask.cli.entry import main

pytestmark = pytest.mark.slow

WORDS = "lamp -> gold"


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def listing(scene, tmp_path):
    """Two photos of one scene, differing in brightness."""
    folder = tmp_path / "photos"
    folder.mkdir()
    picture = cv2.imread(str(scene.photo))
    for number, name in enumerate(("a.png", "b.png")):
        cv2.imwrite(str(folder / name), picture // (number + 1))
    return folder


def run(capsys, *arguments):
    status = main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    return status, out, err


def test_results_brought_back_into_the_photos_folder_do_not_replace_the_photos(capsys, scene, listing):
    before = files(listing)
    assert run(capsys, "batch", listing, WORDS, "-o", listing / "done", *scene.overrides)[0] == 0
    status, out, err = run(capsys, "batch", listing / "done", "lamp -> white", "-o", listing, *scene.overrides)
    assert status == 4
    assert "0 done, 0 done before, 2 failed" in out
    assert err.count("is there already, and no record of automask names it, and is kept") == 2
    assert {name: data for name, data in files(listing).items() if name in before} == before


def test_an_edit_into_a_folder_of_photos_keeps_them(capsys, scene, listing):
    before = files(listing)
    other = listing.parent / "other" / "a.png"
    other.parent.mkdir()
    other.write_bytes(scene.photo.read_bytes())
    status, out, err = run(capsys, "edit", other, WORDS, "-o", listing, *scene.overrides)
    assert status == 0
    assert str(listing / "a-2.png") in out.splitlines()
    assert "'a.png' is there already, and no record of automask names it: it is kept" in err
    assert {name: data for name, data in files(listing).items() if name in before} == before
    assert run(capsys, "edit", other, WORDS, "-o", listing, "--overwrite", *scene.overrides)[0] == 0
    assert (listing / "a.png").read_bytes() != before["a.png"]


def test_a_corrected_mask_outlives_the_next_batch_which_says_so(capsys, scene, listing, tmp_path):
    batch = ("batch", listing, "-o", tmp_path / "o", *scene.overrides)
    assert run(capsys, *batch, WORDS)[0] == 0
    mask = tmp_path / "o" / "a.masks" / "01-lamp.png"
    cv2.imwrite(str(mask), np.full((96, 128), 255, np.uint8))
    mine = mask.read_bytes()
    for words in (WORDS, "lamp -> white"):
        status, _, err = run(capsys, *batch, words)
        assert (status, err) == (0, f"automask: {listing / 'a.png'}: masks: yours (01-lamp.png)\n")
        assert mask.read_bytes() == mine
    assert run(capsys, *batch, "lamp -> navy", "--fresh-masks")[0] == 0
    assert mask.read_bytes() != mine
    assert (mask.parent / "aside" / mask.name).read_bytes() == mine


@pytest.mark.parametrize("harm", ["cut", "empty", "no masks", "no preview"])
def test_what_is_broken_or_gone_is_not_done_before(capsys, scene, listing, tmp_path, harm):
    batch = ("batch", listing, WORDS, "-o", tmp_path / "o", *scene.overrides)
    run(capsys, *batch)
    before, result = files(tmp_path / "o"), tmp_path / "o" / "a.png"
    if harm in ("cut", "empty"):
        result.write_bytes(result.read_bytes()[: 0 if harm == "empty" else -40])
    else:
        (tmp_path / "o" / ("a.masks/01-lamp.png" if harm == "no masks" else "a.before-after.jpg")).unlink()
    assert "1 done, 1 done before" in run(capsys, *batch)[1]
    after = files(tmp_path / "o")
    timeless = [name for name in before if "run.json" not in name and name != "batch.log"]  # those hold times
    assert {name: after[name] for name in timeless} == {name: before[name] for name in timeless}


def test_a_retouched_result_is_not_taken_for_ours(capsys, scene, listing, tmp_path):
    batch = ("batch", listing, WORDS, "-o", tmp_path / "o", *scene.overrides)
    run(capsys, *batch)
    result = tmp_path / "o" / "a.png"
    cv2.imwrite(str(result), cv2.imread(str(result)) // 2)
    mine = result.read_bytes()
    status, out, err = run(capsys, *batch)
    assert (status, out.split(", in")[0]) == (4, "0 done, 1 done before, 1 failed")
    assert "was changed since automask wrote it, and is kept; move it away, name another folder, or say over" in err
    assert result.read_bytes() == mine
    assert "1 done, 1 done before, 0 failed" in run(capsys, *batch, "--overwrite")[1]


@pytest.mark.parametrize("taken", ["a.png", "a.run.json"])
def test_a_photo_whose_name_is_taken_in_out_is_refused_before_any_work(
    capsys, scene, listing, tmp_path, monkeypatch, taken
):
    out = tmp_path / "o"
    out.mkdir()
    (out / taken).write_bytes((listing / "b.png").read_bytes())
    worked = []

    def watched(prepared, photo, **known):
        worked.append(photo.name)
        return find_masks(prepared, photo, **known)

    find_masks = runner.find_masks
    monkeypatch.setattr(runner, "find_masks", watched)
    batch = ("batch", listing, WORDS, "-o", out, "mapper.workers=1", *scene.overrides)
    status, said, _ = run(capsys, *batch)
    assert (status, said.split(", in")[0]) == (4, "1 done, 0 done before, 1 failed")
    assert worked == ["b.png"]
    assert "1 done, 1 done before, 0 failed" in run(capsys, *batch, "--overwrite")[1]
    assert worked == ["b.png", "a.png"]


def test_a_copy_of_the_photo_in_out_is_no_reason_to_refuse_it_before_the_work(capsys, scene, tmp_path):
    for folder in ("photos", "o"):
        (tmp_path / folder).mkdir()
        cv2.imwrite(str(tmp_path / folder / "a.jpg"), cv2.imread(str(scene.photo)))
    before = (tmp_path / "o" / "a.jpg").read_bytes()
    assert run(capsys, "batch", tmp_path / "photos", "yacht -> red", "-o", tmp_path / "o", *scene.overrides)[0] == 0
    assert (tmp_path / "o" / "a.jpg").read_bytes() == before


def test_two_folders_in_two_batches_into_one_do_not_replace_each_other(capsys, scene, listing, tmp_path):
    other = tmp_path / "others"
    other.mkdir()
    cv2.imwrite(str(other / "a.png"), 255 - cv2.imread(str(scene.photo)))
    run(capsys, "batch", listing, WORDS, "-o", tmp_path / "o", *scene.overrides)
    before = files(tmp_path / "o")["a.png"]
    status, _, err = run(capsys, "batch", other, WORDS, "-o", tmp_path / "o", *scene.overrides)
    assert status == 4
    assert "is of another photo of the same name" in err
    assert files(tmp_path / "o")["a.png"] == before
    cv2.imwrite(str(listing / "a.png"), cv2.imread(str(scene.photo))[..., ::-1])
    assert run(capsys, "batch", listing, WORDS, "-o", tmp_path / "o", *scene.overrides)[0] == 0
    assert files(tmp_path / "o")["a.png"] != before


def test_a_swatch_that_is_named_like_a_companion_is_kept(capsys, scene, tmp_path):
    out = tmp_path / "o"
    out.mkdir()
    swatch = out / "kitchen.before-after.jpg"
    cv2.imwrite(str(swatch), np.random.default_rng(0).integers(0, 255, (90, 90, 3), np.uint8))
    before = swatch.read_bytes()
    for more in ([], ["--overwrite"]):
        assert run(capsys, "edit", scene.photo, f"lamp -> swatch:{swatch}", "-o", out, *more, *scene.overrides)[0] == 0
        assert swatch.read_bytes() == before


def test_lists_and_sheets_of_a_persons_own_are_kept(capsys, scene, listing, tmp_path):
    out = tmp_path / "o"
    out.mkdir()
    mine = {"failures.csv": b"photo,edits\na.png,lamp -> gold\n", "contact-sheet.jpg": scene.photo.read_bytes()}
    for name, data in mine.items():
        (out / name).write_bytes(data)
    (listing / "broken.png").write_bytes(b"no picture")
    assert run(capsys, "batch", listing, WORDS, "-o", out, *scene.overrides)[0] == 4
    assert {name: (out / name).read_bytes() for name in mine} == mine
    assert {"automask-failures.csv", "contact-sheet.2.jpg"} <= set(files(out))
    status, _, err = run(capsys, "batch", out / "failures.csv", "-o", out, *scene.overrides)
    assert status == 2
    assert "is where a batch lists its failures; use --retry-failed" in err
    assert (out / "failures.csv").read_bytes() == mine["failures.csv"]


def test_rows_whose_results_would_be_each_others_companions_do_not_replace_each_other(capsys, scene, listing, tmp_path):
    cv2.imwrite(str(listing / "a.before-after.png"), cv2.imread(str(scene.photo)))
    cv2.imwrite(str(listing / "a.before-after.jpg"), cv2.imread(str(scene.photo)))
    rows = "a.before-after.jpg,lamp -> gold\na.png,lamp -> white\na.before-after.png,lamp -> navy\n"
    (listing / "list.csv").write_text(f"photo,edits\n{rows}")
    status, out, err = run(capsys, "batch", listing / "list.csv", "-o", tmp_path / "o", *scene.overrides)
    assert (status, out.split(",")[0]) == (4, "2 done")
    assert "its result would overwrite the one of" in err


def test_nothing_that_is_written_says_where_files_were(capsys, scene, listing, tmp_path):
    oak, out = tmp_path / "oak.png", tmp_path / "o"
    cv2.imwrite(str(oak), np.random.default_rng(0).integers(0, 255, (90, 90, 3), np.uint8))
    (listing / "broken.png").write_bytes(b"no picture")
    words = f"lamp -> {{swatch:{oak}, gold}}; yacht -> red"
    assert run(capsys, "batch", listing, words, "-o", out, *scene.overrides)[0] == 4
    assert run(capsys, "mask", listing / "a.png", "lamp", "-o", out, *scene.overrides)[0] == 0
    masks = out / "a.masks"
    assert run(capsys, "edit", listing / "a.png", "lamp, island -> red", "--masks", masks, "-o", out / "e")[0] in {0, 1}
    for name, data in files(out).items():
        if name != "failures.csv":  # a list for oneself, by which failed photos are tried again
            assert str(tmp_path).encode() not in data, name


def test_a_coco_file_and_a_sheet_of_materials_that_a_person_changed_are_kept(capsys, scene, tmp_path):
    coco, sheet = tmp_path / "all.json", tmp_path / "all.png"
    mask = ("mask", scene.photo, "lamp", "-o", tmp_path / "o", "--coco", coco, *scene.overrides)
    for command, path in ((mask, coco), (("materials", "-o", sheet), sheet)):
        assert run(capsys, *command)[0] == 0
        assert run(capsys, *command)[0] == 0
        data = path.read_bytes()
        mine = data.replace(b'"lamp"', b'"lmap"') if path is coco else data[:-20] + data[-20:].replace(b"IEND", b"IENE")
        assert mine != data
        path.write_bytes(mine)
        status, _, err = run(capsys, *command)
        assert status == 2
        assert "is there already, and automask did not write it; choose another name" in err
        assert path.read_bytes() == mine
