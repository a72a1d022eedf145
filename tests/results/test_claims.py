"""Nothing is replaced that no record of automask names, or that is not as it says: what a person made is kept."""

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from regions import block, outcome, region, room

from automask.errors import OutputError
from automask.images import open_photo, write_picture
from automask.results.claims import committing, journal_of, staging, sweep_journals, sweep_stages
from automask.results.files import files_of
from automask.results.outcome import Outcome, save_masks

HARDS = [block(0, 20, 0, 20), None, block(30, 50, 30, 80)]
OTHER = [block(5, 9, 0, 20), None, block(0, 9, 30, 80)]


def photo(folder, name="kitchen.png", shade=0):
    write_picture(folder / name, room() + np.uint8(shade))
    return open_photo(folder / name)


def tree(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def without_digests(saved):
    """Makes a record as 0.1 wrote it."""
    record = json.loads(saved.record.read_text())
    for key in ("files", "kept", "photo_sha256"):
        record.pop(key)
    saved.record.write_text(json.dumps(record))
    return record


def test_a_record_holds_size_and_digest_of_every_file_written(kitchen, tmp_path):
    saved = outcome(kitchen, HARDS).save(tmp_path / "out")
    files = saved.recorded["files"]
    assert set(files) == set(tree(tmp_path / "out")) - {"kitchen.run.json"}
    assert all(files[name]["bytes"] == len(data) for name, data in tree(tmp_path / "out").items() if name in files)
    assert saved.recorded["photo_sha256"] == kitchen.digest


def test_a_result_goes_under_a_number_where_a_persons_file_has_its_name(kitchen, tmp_path):
    name = "kitchen.png"
    mine = tmp_path / "out" / name
    mine.parent.mkdir()
    mine.write_bytes(b"mine")
    saved = outcome(kitchen, HARDS).save(tmp_path / "out")
    assert mine.read_bytes() == b"mine"
    assert saved.result.name == "kitchen-2.png"
    (note,) = saved.recorded["notes"]
    assert note.startswith(f"'{name}' is there already, and no record")
    assert note.endswith("it is kept, and this is written as 'kitchen-2.png'")
    again = outcome(kitchen, OTHER).save(tmp_path / "out")
    assert again.result == saved.result
    with pytest.raises(
        OutputError, match=r"is there already, and .*; move it away, name another folder, or say overwr"
    ):
        outcome(kitchen, HARDS).save(tmp_path / "out", name="kitchen")
    assert outcome(kitchen, HARDS).save(tmp_path / "out", overwrite=True).result == tmp_path / "out" / "kitchen.png"
    assert mine.read_bytes() != b"mine"


def test_a_file_that_is_no_record_of_automask_is_kept(kitchen, tmp_path):
    mine = tmp_path / "out" / "kitchen.run.json"
    mine.parent.mkdir()
    mine.write_text('{"mine": 1}')
    saved = outcome(kitchen, HARDS).save(tmp_path / "out")
    assert saved.record.name == "kitchen.png.run.json"
    assert "'kitchen.run.json' is there already, and is no record of automask" in saved.recorded["notes"][0]
    with pytest.raises(OutputError, match="is no record of automask"):
        outcome(kitchen, HARDS).save(tmp_path / "out", name="kitchen")
    assert mine.read_text() == '{"mine": 1}'


def test_a_result_that_was_retouched_is_kept_and_the_next_has_a_number(kitchen, tmp_path):
    first = outcome(kitchen, HARDS).save(tmp_path / "out")
    write_picture(first.result, room() // 2)
    retouched = first.result.read_bytes()
    second = outcome(kitchen, OTHER).save(tmp_path / "out")
    assert second.result.name == "kitchen-2.png"
    assert "'kitchen.png' was changed since automask wrote it: it is kept" in second.recorded["notes"][0]
    with pytest.raises(OutputError, match="was changed since automask wrote it, and is kept"):
        outcome(kitchen, OTHER).save(tmp_path / "out", name="kitchen")
    assert first.result.read_bytes() == retouched
    assert first.record.is_file()


@pytest.mark.parametrize("damage", [lambda data: b"", lambda data: data[: len(data) // 2]])
def test_a_result_that_is_broken_holds_nobodys_work_and_is_made_again(kitchen, tmp_path, damage):
    saved = outcome(kitchen, HARDS).save(tmp_path / "out")
    whole = saved.result.read_bytes()
    saved.result.write_bytes(damage(whole))
    assert outcome(kitchen, HARDS).save(tmp_path / "out").result == saved.result
    assert saved.result.read_bytes() == whole


@pytest.mark.parametrize("save", ["edit", "mask"])
def test_a_mask_that_was_corrected_by_hand_is_kept_and_the_run_says_so(kitchen, tmp_path, save):
    def run(hards):
        made = outcome(kitchen, hards)
        if save == "mask":
            return save_masks(kitchen, made.regions, tmp_path / "out")
        return made.save(tmp_path / "out")

    run(HARDS)
    mask = tmp_path / "out" / "kitchen.masks" / "01-island.png"
    write_picture(mask, np.full((60, 90, 3), 255, np.uint8))
    mine = mask.read_bytes()
    for hards in (OTHER, HARDS, [None, None, block(0, 9, 0, 9)]):
        saved = run(hards)
        assert mask.read_bytes() == mine
    for hards in (HARDS, OTHER):
        saved = run(hards)
        assert saved.recorded["kept"] == ["kitchen.masks/01-island.png"]
        assert any("01-island.png' is kept as it is" in note for note in saved.recorded["notes"])
    mask.unlink()
    assert run(OTHER).recorded["kept"] == []


def test_a_changed_file_of_the_same_size_is_kept(kitchen, tmp_path):
    saved = outcome(kitchen, HARDS).save(tmp_path / "out")
    size = saved.picture.stat().st_size
    write_picture(saved.picture, np.full((20, 30, 3), 99, np.uint8))
    data = saved.picture.read_bytes()
    rest = size - len(data)
    mine = data[:2] + b"\xff\xfe" + (rest - 2).to_bytes(2) + bytes(rest - 4) + data[2:]
    saved.picture.write_bytes(mine)
    assert len(mine) == size
    assert outcome(kitchen, OTHER).save(tmp_path / "out").recorded["kept"] == ["kitchen.before-after.jpg"]
    assert saved.picture.read_bytes() == mine


def test_a_persons_previews_are_kept(kitchen, tmp_path):
    swatch = tmp_path / "out" / "kitchen.candidates.jpg"
    shown = tmp_path / "out" / "kitchen.before-after.jpg"
    for path in (swatch, shown):
        write_picture(path, room())
    before = {path: path.read_bytes() for path in (swatch, shown)}
    saved = outcome(kitchen, HARDS).save(tmp_path / "out")
    assert {path: path.read_bytes() for path in before} == before
    assert saved.recorded["kept"] == ["kitchen.before-after.jpg"]


def test_a_file_that_the_run_was_given_is_not_replaced_even_where_all_may_be(kitchen, tmp_path):
    swatch = tmp_path / "out" / "kitchen.before-after.jpg"
    write_picture(swatch, room())
    before, made = swatch.read_bytes(), outcome(kitchen, HARDS)
    given = Outcome(made.image, made.steps, made.record, made.regions, kitchen, made.plan, inputs=(swatch,))
    given.save(tmp_path / "out", overwrite=True)
    assert swatch.read_bytes() == before


def test_two_photos_of_one_name_are_told_apart_and_a_photo_that_changed_is_the_same(tmp_path):
    first = outcome(photo(tmp_path / "a"), HARDS).save(tmp_path / "out")
    one = tree(tmp_path / "out")

    def known(one, place):
        return Outcome(
            one.image, one.steps, {**one.record, "timing": {"source": place}}, one.regions, one.photo, one.plan
        )

    known(outcome(photo(tmp_path / "a"), HARDS), "a").save(tmp_path / "out")
    second = known(outcome(photo(tmp_path / "b", shade=9), HARDS), "b").save(tmp_path / "out")
    assert second.result.name == "kitchen-2.png"
    assert "'kitchen.png' is of another photo of the same name" in second.recorded["notes"][0]
    assert first.result.read_bytes() == one["kitchen.png"]
    with pytest.raises(OutputError, match="is of another photo of the same name"):
        known(outcome(photo(tmp_path / "b", shade=9), HARDS), "b").save(tmp_path / "out", name="kitchen")
    changed = known(outcome(photo(tmp_path / "a", shade=30), HARDS), "a").save(tmp_path / "out")
    assert changed.result == first.result


def test_two_runs_at_once_that_choose_one_name_leave_both_results(tmp_path, monkeypatch):
    """The second run begins and ends while the first one's results, whose names are chosen, are being made."""
    out, others = tmp_path / "out", []
    one, two = photo(tmp_path / "a"), photo(tmp_path / "b", shade=9)

    def meanwhile(save):
        def write(*args):
            monkeypatch.undo()
            others.append(save())
            return write_picture(*args)

        monkeypatch.setattr("automask.results.outcome.write_picture", write)

    def edited(one, hards=HARDS):
        made = outcome(one, hards)
        return replace(made, record={**made.record, "timing": {"source": str(one.source)}})

    meanwhile(lambda: edited(two).save(out))
    first = edited(one).save(out)
    assert [others[0].result.name, first.result.name] == ["kitchen.png", "kitchen-2.png"]
    assert "'kitchen.png' is of another photo of the same name" in first.recorded["notes"][0]
    for saved, of in ((first, one), (others[0], two)):
        untouched = np.s_[55:, :20]
        np.testing.assert_array_equal(open_photo(saved.result).rgb[untouched], of.rgb[untouched])
        assert saved.recorded["photo_sha256"] == of.digest
    meanwhile(lambda: edited(one, OTHER).save(out))  # of one photo the last counts, with all its files
    again = edited(one).save(out)
    assert again.result == others[1].result == first.result
    assert again.recorded["kept"] == []
    np.testing.assert_array_equal(open_photo(again.result).rgb, outcome(one, HARDS).image)
    three = photo(tmp_path / "c", shade=30)
    meanwhile(lambda: save_masks(three, [region("island", HARDS[0])], tmp_path / "masks"))
    assert save_masks(two, [region("island", HARDS[0])], tmp_path / "masks").masks[0].parent.name == "kitchen.png.masks"


def test_files_are_replaced_by_one_run_after_the_other(kitchen, tmp_path):
    pytest.importorskip("fcntl")
    out = tmp_path / "out"
    out.mkdir()
    with ThreadPoolExecutor(1) as pool:
        with committing(out):
            saving = pool.submit(outcome(kitchen, HARDS).save, out)
            with pytest.raises(TimeoutError):
                saving.result(0.3)
            assert not list(out.glob("kitchen*"))
        assert saving.result().result.is_file()


def test_two_arrays_are_two_photos(tmp_path):
    pictures = []
    for shade in (0, 9, 0):
        array = open_photo(np.ascontiguousarray(room() + np.uint8(shade)))
        made = outcome(array, HARDS)
        source = {"timing": {"source": array.digest[:16]}}
        record = {**made.record, **source}
        saved = Outcome(made.image, made.steps, record, made.regions, array, made.plan).save(tmp_path / "out")
        pictures.append(saved.result.name)
    assert pictures == ["photo.png", "photo-2.png", "photo.png"]


def test_results_of_0_1_are_replaced_as_they_were_and_a_later_mask_is_a_persons(kitchen, tmp_path):
    saved = outcome(kitchen, HARDS).save(tmp_path / "out")
    without_digests(saved)
    mask = saved.masks[0]
    write_picture(mask, np.full((60, 90, 3), 255, np.uint8))
    mine = mask.read_bytes()
    os.utime(mask, (time.time() + 60,) * 2)
    again = outcome(kitchen, OTHER).save(tmp_path / "out")
    assert again.result == saved.result
    assert again.recorded["kept"] == ["kitchen.masks/01-island.png"]
    assert mask.read_bytes() == mine


def test_a_run_that_was_killed_between_its_files_is_taken_up_as_ones_own(kitchen, tmp_path, monkeypatch):
    saved = outcome(kitchen, HARDS).save(tmp_path / "out")
    renames, replace = [], os.replace

    def dies(source, target):
        # Not counted: what is written into the hidden folder first, and the journal.
        if not any(part.startswith(".automask") for part in Path(target).parts):
            if renames:
                raise KeyboardInterrupt
            renames.append(target)
        replace(source, target)

    monkeypatch.setattr(os, "replace", dies)
    with pytest.raises(KeyboardInterrupt):
        outcome(kitchen, OTHER).save(tmp_path / "out")
    monkeypatch.undo()
    journal = journal_of(files_of("kitchen.png", tmp_path / "out"))
    assert not saved.record.exists()
    assert journal.is_file()
    sweep_journals(tmp_path / "out")
    assert journal.is_file()
    again = outcome(kitchen, [block(1, 3, 1, 3), None, block(0, 9, 30, 70)]).save(tmp_path / "out")
    assert again.result == saved.result
    assert again.recorded["kept"] == []
    assert not journal.exists()
    assert not list((tmp_path / "out").glob(".automask*"))


def test_the_results_of_a_private_photo_are_private(kitchen, tmp_path):
    kitchen.source.chmod(0o600)
    outcome(kitchen, HARDS).save(tmp_path / "out")
    save_masks(kitchen, [region("island", HARDS[0])], tmp_path / "out")
    modes = {path.name: path.stat().st_mode & 0o077 for path in (tmp_path / "out").rglob("*.*g")}
    assert len(modes) == 4
    assert set(modes.values()) == {0}


@pytest.mark.parametrize("save", ["edit", "mask"])
def test_a_save_that_fails_before_its_files_are_moved_leaves_the_former_results_and_their_record(
    kitchen, tmp_path, monkeypatch, save
):
    def run(hards):
        made = outcome(kitchen, hards)
        return save_masks(kitchen, made.regions, tmp_path / "out") if save == "mask" else made.save(tmp_path / "out")

    run(HARDS)
    before = tree(tmp_path / "out")

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("automask.results.outcome.write_picture", full)
    with pytest.raises(OutputError, match="No space left on device"):
        run(OTHER)
    assert tree(tmp_path / "out") == before


def test_a_file_where_the_masks_go_is_kept_and_the_results_get_another_name(kitchen, tmp_path):
    mine = tmp_path / "out" / "kitchen.masks"
    mine.parent.mkdir()
    mine.write_bytes(b"mine")
    saved = outcome(kitchen, HARDS).save(tmp_path / "out")
    assert saved.masks[0].parent.name == "kitchen.png.masks"
    assert saved.recorded["notes"] == [
        "'kitchen.masks' is no folder: it is kept, and this is written as 'kitchen.png'",
    ]
    assert save_masks(kitchen, [region("island", HARDS[0])], tmp_path / "out").masks[0].parent == saved.masks[0].parent
    with pytest.raises(OutputError, match=r"kitchen\.masks' is no folder; move it away, or name another"):
        outcome(kitchen, HARDS).save(tmp_path / "out", name="kitchen")
    assert mine.read_bytes() == b"mine"


def test_a_folder_in_the_way_is_kept_and_nothing_is_said_to_replace_it(kitchen, tmp_path):
    (tmp_path / "out" / "kitchen.before-after.jpg").mkdir(parents=True)
    for overwrite in (False, True):
        saved = outcome(kitchen, HARDS).save(tmp_path / "out", overwrite=overwrite)
        assert saved.recorded["notes"] == ["'kitchen.before-after.jpg' is kept as it is: it is a folder"]


KILLED = """
import os, pathlib, sys
from automask.results.claims import staging
with staging(pathlib.Path(sys.argv[1])) as stage:
    (stage / "half.jpg").write_bytes(b"half")
    os._exit(9)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there are no locks on folders")
def test_what_a_killed_run_left_is_swept_and_what_is_at_work_or_a_persons_is_not(tmp_path):
    out = tmp_path / "out"
    subprocess.run([sys.executable, "-c", KILLED, str(out)], check=False)
    assert len(list(out.iterdir())) == 1
    young, old, theirs = (out / f".automask-{name}" for name in ("0123456789ab.png", "abcdef012345.png", "notes"))
    for path in (young, old):
        path.write_bytes(b"half")
    theirs.mkdir()
    os.utime(old, (0, 0))
    os.utime(theirs, (0, 0))
    with staging(out) as used:
        os.utime(used, (0, 0))
        sweep_stages(out)
        assert {*out.iterdir()} == {used, young, theirs}
    assert not used.exists()


def test_what_cannot_be_swept_stays_and_stops_nobody(tmp_path, monkeypatch):
    name = tmp_path / ".automask-abcdef012345.png"
    name.write_bytes(b"half")
    os.utime(name, (0, 0))

    def refused(*_, **__):
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", refused)
        sweep_stages(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(os, "open", refused)
        sweep_stages(tmp_path)
    assert name.exists()
    sweep_stages(tmp_path)
    assert not name.exists()
