import json
import os
import warnings
from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from automask.errors import MaskError, OutputError, UsageError
from automask.images import open_photo, read_mask, write_picture
from automask.plan import parse_plan
from automask.results import coco, lettering, previews, records
from automask.results.files import files_of
from automask.results.outcome import Outcome, save_masks
from automask.types import Box, Candidate, Region, Step


def room(height=60, width=90):
    ramp = np.linspace(0, 255, width, dtype=np.uint8)
    return np.stack(
        [np.tile(ramp, (height, 1)), np.full((height, width), 90, np.uint8), np.tile(ramp[::-1], (height, 1))], 2
    )


def region(target, hard=None, *, size=(60, 90), peak=0.9, reason=None):
    found = hard is not None
    hard = np.zeros(size, bool) if hard is None else hard
    ys, xs = np.nonzero(hard)
    boxes = (Box(int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1),) if found else ()
    return Region(target, found, hard, hard.astype(np.float32), boxes, peak, reason=reason)


def block(y0, y1, x0, x1, size=(60, 90)):
    hard = np.zeros(size, bool)
    hard[y0:y1, x0:x1] = True
    return hard


def step(target, prompt, found=True, area_px=100, reason=None):
    return Step((target,), (target,), prompt, 7, found, (), 0.123456, (Box(1, 2, 3, 4),), area_px, reason)


def outcome(photo, hards, words="island -> red; sofa -> blue; wall -> white", painted=None):
    plan = parse_plan(words)
    regions, steps = [], []
    image = photo.rgb.copy()
    for index, (edit, hard) in enumerate(zip(plan, hards, strict=True)):
        regions.append(region(edit.targets[0], hard, size=photo.rgb.shape[:2]))
        done = hard is not None and (painted is None or painted[index])
        if done:
            image[hard] = (200, 10, 30)
        area_px = int(hard.sum()) if done else 0
        steps.append(step(edit.targets[0], edit.prompt, hard is not None, area_px))
    record = records.run_record(photo, plan, steps, preset="starter")
    return Outcome(image, tuple(steps), record, tuple(regions), photo, plan)


@pytest.fixture
def kitchen(tmp_path):
    path = tmp_path / "in" / "kitchen.png"
    write_picture(path, room())
    return open_photo(path)


# ------------------------------------------------------------------------------------------------------------- pictures


@pytest.mark.parametrize("size", [(1, 1), (3, 500), (500, 3), (60, 90), (701, 333)])
def test_every_picture_function_takes_every_size(size):
    photo = room(*size)
    full = region("floor", np.ones(size, bool), size=size)
    assert previews.overlay(photo, [full, region("sofa", size=size)]).shape == photo.shape
    assert previews.before_after(photo, photo).ndim == 3
    assert previews.contact_sheet([("a.jpg", photo)]).ndim == 3


def test_an_overlay_leaves_photo_and_masks_as_they_were():
    photo = room()
    photo.flags.writeable = False
    mask = block(10, 40, 10, 40)
    mask.flags.writeable = False
    previews.overlay(photo, [region("island", mask)])


def test_an_overlay_tints_regions_in_different_colours_and_dims_the_rest():
    photo = np.full((400, 600, 3), 128, np.uint8)
    size = photo.shape[:2]
    regions = [
        region(name, block(150, 250, x, x + 100, size), size=size) for name, x in (("a", 50), ("b", 250), ("c", 450))
    ]
    drawn = previews.overlay(photo, regions)
    assert drawn[10, 10].max() < 100
    corners = [tuple(int(level) for level in drawn[240, x + 90]) for x in (50, 250, 450)]
    assert len(set(corners)) == 3


def test_an_overlay_of_a_large_photo_is_at_most_as_long_as_asked():
    photo = room(300, 500)
    drawn = previews.overlay(photo, [region("a", block(0, 300, 0, 250, (300, 500)), size=(300, 500))], long_px=100)
    assert drawn.shape == (60, 100, 3)


def test_an_overlay_lists_what_was_not_found():
    photo = room(300, 450)
    size = (300, 450)
    missing = region("sofa", size=size, reason="no 'sofa': peak heat 0.18 < 0.35")
    assert not np.array_equal(previews.overlay(photo, [missing]), previews.overlay(photo, []))


def test_labels_do_not_cover_each_other():
    taken = []
    for _ in range(5):
        taken.append(previews._place((100, 100), (80, 20), (400, 400), taken))
    for index, one in enumerate(taken):
        for other in taken[:index]:
            assert one[3] <= other[1] or other[3] <= one[1] or one[2] <= other[0] or other[2] <= one[0]


def test_a_label_stands_on_its_object_even_when_the_box_middle_does_not():
    ring = block(10, 50, 10, 80) & ~block(14, 46, 14, 60)
    x, y = previews._middle(ring)
    assert ring[y, x]


def test_before_and_after_stand_side_by_side_and_very_wide_ones_are_stacked():
    side = previews.before_after(room(400, 600), room(400, 600))
    stacked = previews.before_after(room(200, 900), room(200, 900))
    assert side.shape[0] == 400
    assert side.shape[1] > 1200
    assert stacked.shape[1] == 900
    assert stacked.shape[0] > 400


@given(st.integers(1, 400), st.integers(1, 400), st.integers(40, 300))
@settings(max_examples=40, deadline=None)
def test_before_after_is_never_longer_than_asked_and_never_enlarged(height, width, long_px):
    photo = room(height, width)
    shape = previews.before_after(photo, photo, long_px=long_px).shape
    assert max(shape[:2]) <= long_px + 2
    assert min(shape[:2]) <= max(height, width)


def test_a_contact_sheet_takes_pictures_from_a_generator_and_breaks_them_into_rows():
    cells = ((f"{n}.jpg", room(50, 80)) for n in range(7))
    sheet = previews.contact_sheet(cells, columns=3, cell_px=80)
    one_row = previews.contact_sheet([("0.jpg", room(50, 80))] * 3, columns=3, cell_px=80)
    assert sheet.shape[1] == one_row.shape[1]
    assert sheet.shape[0] > 2.5 * 50


def test_an_empty_contact_sheet_is_a_blank_sheet():
    assert previews.contact_sheet([]).ndim == 3


def with_candidates(target, prompt, count, chosen, seam=0.1):
    many = tuple(
        Candidate(
            seed=number,
            chosen=number == chosen,
            scores=(("leak", 0.0), ("seam", seam * number)),
            picture=np.full((60, 90, 3), 40 * number, np.uint8),
        )
        for number in range(count)
    )
    return replace(step(target, prompt), candidates=many)


def frames(sheet):
    """(y, x) of the middle of every frame on a sheet."""
    found = (sheet == previews.COLOURS[4]).all(2)
    count, _, _, centres = cv2.connectedComponentsWithStats(found.astype(np.uint8))
    return [tuple(centre[::-1]) for centre in centres[1:count]]


def test_a_candidates_sheet_has_a_row_for_each_edit_and_frames_the_kept_one_of_each():
    edits = [with_candidates("island", "marble", 3, 1), with_candidates("wall", "navy", 2, 0)]
    one, two = (previews.candidates_sheet(edits[:count], cell_px=200) for count in (1, 2))
    assert two.shape[1] == one.shape[1]  # the second has fewer, its row is as wide
    assert two.shape[0] > 1.8 * one.shape[0]
    (first,), (same, second) = frames(one), frames(two)
    assert first == same
    assert 200 < first[1] < 400  # the second column
    assert second[1] < 200
    assert second[0] > one.shape[0]


def test_a_frame_covers_nothing_of_the_candidate():
    sheet = previews.candidates_sheet([with_candidates("island", "marble", 2, 1)], cell_px=200)
    assert (sheet == 40).all(2).sum() >= 60 * 90


def test_the_scores_of_a_candidate_are_in_its_caption():
    edit, worse = (with_candidates("island", "marble", 2, 0, seam=seam) for seam in (0.1, 0.8))
    assert not np.array_equal(previews.candidates_sheet([edit]), previews.candidates_sheet([worse]))


def test_a_declined_candidate_stands_on_the_sheet_with_its_reason():
    declined = Candidate(seed=1, chosen=False, reason="the safety checker flagged it")
    edit = with_candidates("island", "marble", 2, 0)
    sheet = previews.candidates_sheet([replace(edit, candidates=(*edit.candidates, declined))], cell_px=200)
    assert sheet.shape[1] > 3 * 200
    plate = (sheet == (236, 234, 230)).all(2)  # what a reason is written on
    assert plate[:, 3 * 200 :].mean() > 0
    assert not plate[:, :400].any()


def test_a_candidates_sheet_without_candidates_is_blank():
    for edits in ([], [step("island", "red")]):
        assert len(np.unique(previews.candidates_sheet(edits).reshape(-1, 3), axis=0)) == 1


@pytest.mark.parametrize(
    "text", ["Küche [1], 12 Oak St=ok.jpg", "кухня.jpg", "台所 🛋.jpg", "", "a" * 400, "\u0301\n\t"]
)
def test_any_text_can_be_a_caption(text):
    previews.contact_sheet([(text, room()), previews.text_cell(text, text)])
    previews.overlay(room(), [region(text or "x", block(0, 9, 0, 9))])


def test_a_letter_that_no_font_has_loses_its_accent(monkeypatch):
    monkeypatch.setattr(lettering, "_MORE_FONTS", ())
    assert lettering.font_for(20, "Küche")[1] == "Kuche"


def test_a_long_caption_keeps_its_beginning_and_its_end():
    font, text = lettering.font_for(20, "the-very-long-name-of-a-kitchen-photo-17.jpg")
    short = lettering.shorten(text, font, 200)
    assert short.startswith("the")
    assert short.endswith(".jpg")
    assert font.getlength(short) <= 200


def test_a_thumbnail_is_small_and_keeps_its_aspect(tmp_path):
    write_picture(tmp_path / "a.jpg", room(400, 600))
    assert previews.thumbnail(tmp_path / "a.jpg", 60).shape == (40, 60, 3)


# ------------------------------------------------------------------------------------------------------------------ RLE

masks = hnp.arrays(np.bool_, hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=40))


@given(masks)
@settings(max_examples=150, deadline=None)
def test_run_lengths_are_those_of_pycocotools(hard):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pycocotools = pytest.importorskip("pycocotools.mask")
    theirs = pycocotools.encode(np.asfortranarray(hard.astype(np.uint8)))
    ours = coco.coco_rle(hard)
    assert ours == {"size": list(theirs["size"]), "counts": theirs["counts"].decode("ascii")}


@given(masks)
@settings(max_examples=100, deadline=None)
def test_run_lengths_give_the_mask_back(hard):
    assert np.array_equal(coco.coco_hard(coco.coco_rle(hard)), hard)


def test_long_runs_survive_too():
    hard = np.zeros((3000, 2000), bool)
    hard[1000:2500, 700:1900] = True
    assert np.array_equal(coco.coco_hard(coco.coco_rle(hard)), hard)


def test_damaged_run_lengths_are_refused():
    rle = coco.coco_rle(block(1, 5, 1, 5))
    with pytest.raises(MaskError, match="add up to"):
        coco.coco_hard({**rle, "counts": rle["counts"][:-1]})


# -------------------------------------------------------------------------------------------------------------- records


def test_a_run_record_has_the_promised_keys_first_and_in_order(kitchen):
    plan = parse_plan("island -> marble")
    record = records.run_record(
        kitchen, plan, [step("island", "marble")], preset="starter", seed=3, timing={"s": 1.23456}
    )
    promised = [
        "schema",
        "photo",
        "size_wh",
        "plan",
        "preset",
        "seed",
        "outside_changed_px",
        "steps",
        "models",
        "versions",
    ]
    assert list(record)[:11] == [*promised, "timing"]
    assert record["size_wh"] == [90, 60]
    assert record["plan"] == "island -> marble"
    assert record["timing"] == {"s": 1.2346}
    first = record["steps"][0]
    keys = ["targets", "read_as", "prompt", "seed", "found", "missing", "peak", "boxes", "area_px", "reason"]
    assert list(first) == keys
    assert first["peak"] == 0.1235
    assert first["boxes"] == [[1, 2, 3, 4]]


def test_json_is_utf8_with_a_newline_and_replaces_the_old_file_whole(tmp_path):
    path = tmp_path / "кухня [1].json"
    records.write_json(path, {"words": "стена → мрамор"})
    records.write_json(path, {"words": "стена → дуб"})
    assert path.read_bytes() == '{\n "words": "стена → дуб"\n}\n'.encode()
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_a_value_that_json_does_not_know_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.json"
    records.write_json(path, 1)
    with pytest.raises(ValueError, match="JSON"):
        records.write_json(path, float("nan"))
    assert path.read_text() == "1\n"


# ---------------------------------------------------------------------------------------------------------------- files


@pytest.mark.parametrize(
    ("photo", "name", "result", "companion"),
    [
        ("kitchen.jpg", None, "kitchen.jpg", "kitchen"),
        ("kitchen.png", "kitchen.png", "kitchen.png", "kitchen.png"),
        ("kitchen.png", "kitchen-2", "kitchen-2.png", "kitchen-2"),
        ("a.b.JPG", None, "a.b.JPG", "a.b"),
        ("[1], x=y.jpg", None, "[1], x=y.jpg", "[1], x=y"),
        ("noend", None, "noend", "noend"),
    ],
)
def test_names_of_result_and_companions(tmp_path, photo, name, result, companion):
    files = files_of(photo, tmp_path, name)
    assert files.result == tmp_path / result
    assert files.masks == tmp_path / f"{companion}.masks"
    assert files.before_after == tmp_path / f"{companion}.before-after.jpg"
    assert files.record == tmp_path / f"{companion}.run.json"


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


def test_a_crash_while_saving_leaves_no_record(kitchen, tmp_path, monkeypatch):
    made = outcome(kitchen, [block(0, 20, 0, 20), None, None])
    saved = made.save(tmp_path / "out")
    monkeypatch.setattr("automask.results.outcome.write_photo", lambda *args: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        made.save(tmp_path / "out")
    assert not saved.record.exists()


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


def test_what_the_system_refuses_is_told_in_one_line(kitchen, tmp_path):
    (tmp_path / "kitchen.masks").write_text("a file in the way")
    with pytest.raises(OutputError, match="cannot write") as caught:
        outcome(kitchen, [None, None, None]).save(tmp_path)
    assert "\n" not in str(caught.value)


def test_the_photo_is_never_overwritten(kitchen):
    before = kitchen.source.read_bytes()
    with pytest.raises(UsageError, match=r"own folder: 'kitchen\.png' would be overwritten; name another folder"):
        outcome(kitchen, [block(0, 9, 0, 9), None, None]).save(kitchen.source.parent)
    assert kitchen.source.read_bytes() == before
    assert [path.name for path in kitchen.source.parent.iterdir()] == ["kitchen.png"]


def test_a_link_to_the_photos_folder_is_seen_through(kitchen, tmp_path):
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


def test_a_mask_request_may_write_beside_the_photo(kitchen):
    save_masks(kitchen, [region("island", block(0, 20, 0, 20))], kitchen.source.parent)
    assert open_photo(kitchen.source).digest == kitchen.digest
