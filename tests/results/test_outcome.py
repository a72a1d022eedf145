import json
import os

import numpy as np
import pytest
from regions import block, outcome, region, room

from automask.errors import OutputError, UsageError
from automask.images import open_photo, read_mask, write_picture
from automask.results import coco
from automask.results.outcome import save_masks


def test_saving_writes_result_masks_picture_and_record(kitchen, tmp_path):
    hards = [block(0, 20, 0, 20), None, block(30, 50, 30, 80)]
    made = outcome(kitchen, hards)
    saved = made.save(tmp_path / "out")
    written = sorted(
        str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*") if path.is_file()
    )
    assert written == [
        "kitchen.before-after.jpg",
        "kitchen.masks/01-island.png",
        "kitchen.masks/03-wall.png",
        "kitchen.png",
        "kitchen.run.json",
    ]
    assert [path.name for path in saved.masks] == ["01-island.png", "03-wall.png"]
    assert np.array_equal(open_photo(saved.result).rgb, made.image)
    assert np.array_equal(read_mask(saved.masks[0], size_hw=(60, 90)) > 0, hards[0])
    assert json.loads(saved.record.read_text()) == saved.recorded
    assert saved.recorded["outside_changed_px"] == 0


@pytest.mark.parametrize("name", ["../x", "sub/x", "/x", "..", ".", "", "a\0b", 3])
def test_a_name_that_leads_out_of_the_folder_is_refused_and_nothing_is_written(kitchen, tmp_path, name):
    made, out = outcome(kitchen, [block(0, 20, 0, 20), None, None]), tmp_path / "out"
    before = sorted(tmp_path.rglob("*"))
    for save in (made.save, lambda *args, **named: save_masks(kitchen, made.regions, *args, **named)):
        with pytest.raises(UsageError) as caught:
            save(out, name=name)
        assert str(caught.value) == f"name is {name!r}; give a file name; the folder is out"
    assert sorted(tmp_path.rglob("*")) == before


def test_masks_of_a_former_run_are_removed_and_a_persons_own_files_stay(kitchen, tmp_path):
    outcome(kitchen, [block(0, 9, 0, 9), block(20, 29, 0, 9), None]).save(tmp_path / "out")
    notes = tmp_path / "out" / "kitchen.masks" / "notes.txt"
    notes.write_text("mine")
    outcome(kitchen, [None, None, block(0, 9, 0, 9)]).save(tmp_path / "out")
    assert sorted(path.name for path in notes.parent.iterdir()) == ["03-wall.png", "notes.txt"]


def test_what_was_found_but_not_painted_counts_as_untouched(kitchen):
    made = outcome(kitchen, [block(0, 9, 0, 9), block(20, 29, 0, 9), None], painted=[True, False, False])
    assert np.array_equal(made.alpha > 0, block(0, 9, 0, 9))


def test_saving_twice_gives_the_same_bytes(kitchen, tmp_path):
    made = outcome(kitchen, [block(0, 20, 0, 20), None, None])
    for folder in ("a", "b"):
        made.save(tmp_path / folder)
    for path in (tmp_path / "a").rglob("*"):
        if path.is_file():
            assert path.read_bytes() == (tmp_path / "b" / path.relative_to(tmp_path / "a")).read_bytes()


def test_a_crash_while_results_are_made_writes_nothing_and_keeps_earlier_ones(kitchen, tmp_path, monkeypatch):
    made = outcome(kitchen, [block(0, 20, 0, 20), None, None])
    saved = made.save(tmp_path / "out")
    before = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    monkeypatch.setattr("automask.results.outcome.write_photo", lambda *args: (_ for _ in ()).throw(KeyboardInterrupt))
    for out in ("out", "new"):
        with pytest.raises(KeyboardInterrupt):
            made.save(tmp_path / out)
    assert saved.record.is_file()
    assert {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()} == before
    assert list((tmp_path / "new").rglob("*")) == []


def test_odd_names_are_written_as_they_are(tmp_path):
    source = tmp_path / "in" / "Küche [1], a=b 台所.jpg"
    write_picture(source, room())
    saved = outcome(open_photo(source), [block(0, 9, 0, 9), None, None]).save(tmp_path / "o u[t]")
    assert saved.result == tmp_path / "o u[t]" / source.name
    assert saved.masks[0].parent.name == "Küche [1], a=b 台所.masks"


def test_an_output_named_like_a_picture_is_refused(kitchen, tmp_path):
    made = outcome(kitchen, [None, None, None])
    with pytest.raises(UsageError, match=r"result\.jpg' looks like a picture, and OUT is a folder; name a folder"):
        made.save(tmp_path / "result.jpg")
    assert not (tmp_path / "result.jpg").exists()


def test_an_output_that_is_a_file_is_refused(kitchen, tmp_path):
    (tmp_path / "out").write_text("")
    for folder in (tmp_path / "out", tmp_path / "out" / "deeper"):
        with pytest.raises(OutputError, match=r"cannot be a folder: .* is a file"):
            outcome(kitchen, [None, None, None]).save(folder)


@pytest.mark.skipif(os.geteuid() == 0, reason="the root user may write anywhere")
def test_an_output_that_may_not_be_written_to_is_refused(kitchen, tmp_path):
    (tmp_path / "shut").mkdir(mode=0o500)
    with pytest.raises(OutputError, match="may not be written to"):
        outcome(kitchen, [None, None, None]).save(tmp_path / "shut" / "out")


def test_a_refusal_of_the_system_is_reported_in_one_line(kitchen, tmp_path):
    (tmp_path / "kitchen.run.json").mkdir()
    with pytest.raises(OutputError, match="cannot write") as caught:
        outcome(kitchen, [None, None, None]).save(tmp_path, overwrite=True)
    assert "\n" not in str(caught.value)


def test_the_photo_is_never_overwritten(kitchen):
    before = kitchen.source.read_bytes()
    with pytest.raises(UsageError, match=r"own folder: 'kitchen\.png' would be overwritten; name another folder"):
        outcome(kitchen, [block(0, 9, 0, 9), None, None]).save(kitchen.source.parent)
    assert kitchen.source.read_bytes() == before
    assert [path.name for path in kitchen.source.parent.iterdir()] == ["kitchen.png"]


def test_a_link_to_the_photos_folder_is_resolved(kitchen, tmp_path):
    (tmp_path / "link").symlink_to(kitchen.source.parent)
    with pytest.raises(UsageError, match="would be overwritten"):
        outcome(kitchen, [block(0, 9, 0, 9), None, None]).save(tmp_path / "link")


def test_a_mask_request_writes_masks_overlay_and_record(kitchen, tmp_path):
    regions = [region("island", block(0, 20, 0, 20)), region("sofa", reason="no 'sofa'")]
    saved = save_masks(kitchen, regions, tmp_path / "out", preset="starter")
    assert saved.result is None
    assert saved.picture == tmp_path / "out" / "kitchen.overlay.png"
    recorded = json.loads((tmp_path / "out" / "kitchen.masks.json").read_text())
    assert recorded == saved.recorded
    island, sofa = recorded["regions"]
    assert island["mask"] == "kitchen.masks/01-island.png"
    assert np.array_equal(coco.coco_hard(island["segmentation"]), block(0, 20, 0, 20))
    assert sofa["mask"] is None
    assert sofa["reason"] == "no 'sofa'"
    assert open_photo(saved.picture).size_wh == (90, 60)


def test_a_mask_request_may_write_next_to_the_photo(kitchen):
    save_masks(kitchen, [region("island", block(0, 20, 0, 20))], kitchen.source.parent)
    assert open_photo(kitchen.source).digest == kitchen.digest
