"""The script that compares segmenters: its numbers on masks drawn by hand, and whole runs on folders of two photos."""

import importlib.util
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from drawing import mask, room

from automask.errors import UsageError
from automask.protocols import Refiner, Stages
from automask.refiners.threshold import Threshold
from automask.segmenters.painted import Painted
from automask.stages import NotLoaded
from automask.types import Survey

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "eval_masks.py"


def _load() -> Any:
    spec = importlib.util.spec_from_file_location("eval_masks", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up there
    sys.path.insert(0, str(SCRIPT.parent))  # where Python finds its neighbours when it is run
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(SCRIPT.parent))
    return module


script = _load()
EVERYWHERE = np.ones((4, 6), dtype=np.bool_)

# ------------------------------------------------------------------------------------------------------------ numbers

SQUARE = mask("......", ".##...", ".##...", "......")
SHIFTED = mask("......", "..##..", "..##..", "......")


def test_iou_of_a_shifted_square_is_counted_by_hand():
    assert script.iou(SHIFTED, SQUARE, EVERYWHERE) == 2 / 6


def test_iou_is_one_for_equal_masks_and_for_two_empty_ones():
    assert script.iou(SQUARE, SQUARE, EVERYWHERE) == 1
    assert script.iou(~EVERYWHERE, ~EVERYWHERE, EVERYWHERE) == 1


def test_iou_does_not_count_what_is_not_known():
    known = mask("######", "###.##", "###.##", "######")
    assert script.iou(SHIFTED, SQUARE, known) == 2 / 4


def test_boundary_f_of_equal_masks_is_one_and_of_a_missed_one_zero():
    assert script.boundary_f(SQUARE, SQUARE, EVERYWHERE) == 1
    assert script.boundary_f(~EVERYWHERE, SQUARE, EVERYWHERE) == 0


@pytest.mark.parametrize(("tolerance_px", "expected"), [(1, 1.0), (0.5, 0.5)])
def test_boundary_f_forgives_what_the_tolerance_allows(tolerance_px, expected):
    # Every pixel of a 2 x 2 square is edge. Shifted by one, two of four are on the other's edge, two are 1 px away.
    assert script.boundary_f(SHIFTED, SQUARE, EVERYWHERE, tolerance_px=tolerance_px) == expected


@pytest.mark.parametrize(("shift_px", "expected"), [(3, 1.0), (4, 0.0)])
def test_boundary_f_of_a_straight_edge_falls_between_three_and_four_px(shift_px, expected):
    left = np.zeros((8, 20), dtype=np.bool_)
    left[:, :8] = True
    assert script.boundary_f(np.roll(left, shift_px, axis=1) | left, left, np.ones_like(left)) == expected


def test_the_photos_border_is_no_edge():
    assert script.boundary_f(EVERYWHERE, EVERYWHERE, EVERYWHERE) == 1
    assert script.boundary_f(SQUARE, EVERYWHERE, EVERYWHERE) == 0


def test_boundary_f_forgives_an_edge_anywhere_within_an_unlabelled_strip():
    truth = np.zeros((8, 30), dtype=np.bool_)
    truth[:, :10] = True
    known = np.ones_like(truth)
    known[:, 10:20] = False
    found = np.zeros_like(truth)
    found[:, :15] = True
    assert script.boundary_f(found, truth, known) == 1
    found[:, :25] = True  # beyond the strip
    assert script.boundary_f(found, truth, known) == 0


def test_reliability_counts_pixels_heat_and_truth_by_bin_and_adds_up():
    heat = np.array([[0.0, 0.04, 0.45, 0.5, 1.0]], dtype=np.float32)
    truth = np.array([[False, True, False, True, True]])
    bins = script.reliability(heat, truth)
    assert bins[:, 0].tolist() == [2, 0, 0, 0, 1, 1, 0, 0, 0, 1]
    assert np.allclose(bins[[0, 4, 5, 9], 1], [0.04, 0.45, 0.5, 1.0])
    assert bins[:, 2].tolist() == [1, 0, 0, 0, 0, 1, 0, 0, 0, 1]
    assert np.allclose(bins, sum(script.reliability(heat[:, i], truth[:, i]) for i in range(5)))


# --------------------------------------------------------------------------------------------------------- whole runs

SIZE = (32, 40)
WALL, FLOOR, CABINET, LAMP, LIGHT = 1, 2, 3, 35, 45
Run = Callable[..., dict[str, Any]]


def _save(file: Path, levels: np.ndarray) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(file), levels)


def _heat(folder: Path, phrase: str, hard: np.ndarray) -> None:
    _save(folder / "heat" / f"{phrase}.png", hard.astype(np.uint8) * np.uint8(255))


@pytest.fixture
def labels() -> np.ndarray:
    """Wall above, floor below, four columns of cabinet on the right, two rows between that nobody labelled."""
    label = np.full(SIZE, WALL, dtype=np.uint8)
    label[20:] = FLOOR
    label[:, 36:] = CABINET
    label[18:20] = 0
    return label


@pytest.fixture
def folder(tmp_path: Path, labels: np.ndarray) -> Path:
    """Two photos; the second has a light instead of the cabinets. Heat is painted perfectly for the first."""
    for number, label in enumerate((labels, np.where(labels == CABINET, LIGHT, labels))):
        _save(tmp_path / "images" / f"{number}.png", room(*SIZE))
        _save(tmp_path / "labels" / f"{number}.png", label)
    names = {"0": "void", "1": "wall", "2": "floor", "3": "cabinet", "35": "lamp", "45": "light"}
    (tmp_path / "classes.json").write_text(json.dumps({"classes": names}), encoding="utf-8")
    _index(tmp_path, [["wall", "floor", "cabinets"], ["wall", "floor"]])
    for phrase, number in (("wall", WALL), ("floor", FLOOR), ("cabinets", CABINET)):
        _heat(tmp_path, phrase, labels == number)
    return tmp_path


def _index(folder: Path, phrases: list[list[str]]) -> None:
    items = [
        {"image": f"images/{i}.png", "label": f"labels/{i}.png", "phrases": [{"phrase": p, "area": 0.1} for p in each]}
        for i, each in enumerate(phrases)
    ]
    (folder / "index.json").write_text(json.dumps({"items": items}), encoding="utf-8")


class Everything:
    """A refiner that takes the whole photo."""

    def refine(self, photo, heats, boxes):
        return np.ones(heats.shape, dtype=np.bool_)


@pytest.fixture
def run(folder: Path) -> Run:
    def run(*arguments: str, segmenter: type[Painted] = Painted, refiner: Refiner | None = None) -> dict[str, Any]:
        flags = script._arguments(["--data", str(folder), "--out", str(folder / "measured"), *arguments])
        wanted = flags.phrases and flags.phrases.split(", ")
        # Stages made here spare each test the quarter of a second that a configuration takes to compose.
        stages = Stages(segmenter(masks=str(folder / "heat")), refiner or Threshold(), NotLoaded())
        script.evaluate(flags, script.read_folder(flags.data, wanted, min_area=flags.min_area), stages)
        summary = json.loads((folder / "measured" / "table.json").read_text(encoding="utf-8"))
        return {**summary, "rows": {row["phrase"]: row for row in summary["phrases"]}}

    return run


def test_perfect_masks_have_iou_and_boundary_f_of_one(run: Run, folder: Path, capsys):
    summary = run()
    for phrase, photos in (("wall", 2), ("floor", 2), ("cabinets", 1)):
        row = summary["rows"][phrase]
        assert (row["photos"], row["found"]) == (photos, 1)
        assert [row[name] for name in ("iou", "plain_iou", "boundary", "plain_boundary")] == [1, 1, 1, 1], phrase
    assert summary["means"]["ten"]["phrases"] == 3
    assert summary["means"]["all"]["iou"] == 1
    assert "frequent" not in summary["means"]
    text = (folder / "measured" / "table.md").read_text(encoding="utf-8")
    assert capsys.readouterr().out == text
    assert "| floor | 2 | 1.000 | 1.000 | 1.000 | 1.000 | 100.0 | 0 | - |" in text
    assert cv2.imread(str(folder / "measured" / "sheet.png")) is not None


def test_a_preset_and_overrides_choose_what_is_measured(folder: Path, capsys):
    overrides = ["segmenter=painted", f"segmenter.masks='{folder / 'heat'}'", "refiner=threshold"]
    assert script.main(["--data", str(folder), "--out", str(folder / "measured"), *overrides, "--limit", "1"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith(f"# Masks of {folder.name}: preset starter segmenter=painted")
    assert err == ""


def test_a_shifted_mask_has_the_iou_counted_by_hand(run: Run, folder: Path, labels: np.ndarray):
    shifted = np.zeros(SIZE, dtype=np.bool_)
    shifted[24:, :36] = True  # 8 rows of the floor's 12
    _heat(folder, "floor", shifted)
    assert run()["rows"]["floor"]["iou"] == pytest.approx(8 / 12)


def test_pixels_that_nobody_labelled_do_not_count(run: Run, folder: Path, labels: np.ndarray):
    _heat(folder, "floor", (labels == FLOOR) | (labels == 0))
    row = run()["rows"]["floor"]
    assert (row["iou"], row["boundary"]) == (1, 1)


def test_a_found_phrase_that_is_not_there_is_false_found(run: Run):
    row = run()["rows"]["cabinets"]  # painted in the second photo too, where there are none
    assert (row["photos"], row["absent"], row["false_found"]) == (1, 1, 1)


def test_peaks_are_counted_over_all_thresholds(run: Run, folder: Path, labels: np.ndarray):
    _save(folder / "heat" / "cabinets.png", (labels == CABINET).astype(np.uint8) * np.uint8(0.45 * 255))
    summary = run()
    found = {row["peak"]: (row["found"], row["false_found"]) for row in summary["thresholds"]}
    assert list(found) == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]
    assert found[0.4] == (1, 1)
    assert found[0.5] == (4 / 5, 0)
    assert summary["at_90_found"]["false_found"] == 1  # 9 of 10 of five phrases are all five


def test_perfect_heat_is_perfectly_calibrated(run: Run):
    summary = run("--absent", "0")
    assert summary["calibration_error"] == 0
    assert [row["true"] for row in summary["reliability"]] == [0, *[None] * 8, 1]


def test_a_phrase_is_not_called_absent_where_its_kin_is(run: Run, folder: Path):
    _index(folder, [["wall", "floor", "lamp"], ["wall", "floor"]])
    _heat(folder, "lamp", np.ones(SIZE, dtype=np.bool_))
    assert run()["rows"]["lamp"]["absent"] == 1  # the second photo has a light


def test_words_that_the_segmenter_does_not_know_count_as_nothing_found(run: Run, folder: Path):
    (folder / "heat" / "cabinets.png").unlink()
    summary = run()
    row = summary["rows"]["cabinets"]
    assert (row["iou"], row["boundary"], row["found"], row["absent"]) == (0, 0, 0, 0)
    assert "no mask for 'cabinets'" in summary["unknown"]["cabinets"]
    assert "- cabinets: no mask for 'cabinets'" in (folder / "measured" / "table.md").read_text(encoding="utf-8")
    assert summary["means"]["all"]["iou"] == pytest.approx(2 / 3)
    assert summary["thresholds"][0]["found"] == summary["stage"]["found"] == 4 / 5


def test_the_refiner_stands_beside_plain_threshold(run: Run, folder: Path, labels: np.ndarray):
    _heat(folder, "floor", labels == WALL)
    row = run(refiner=Everything())["rows"]["floor"]
    assert row["plain_iou"] == 0
    assert row["iou"] == pytest.approx(12 * 36 / (30 * 40))


def test_what_is_more_likely_another_thing_is_left_out_as_in_an_edit(run: Run, folder: Path, labels: np.ndarray):
    _save(folder / "heat" / "floor.png", (labels == FLOOR).astype(np.uint8) * np.uint8(200))

    class Seeing(Painted):
        def survey(self, photo, targets):
            others = np.zeros(SIZE, dtype=np.float32)
            others[:, :18] = 1
            return Survey(self.heats(photo, targets), others)

    row = run("--phrases", "floor", segmenter=Seeing)["rows"]["floor"]
    assert row["iou"] == row["plain_iou"] == pytest.approx(0.5, abs=0.05)  # 18 of the floor's 36 columns


def test_a_class_whose_name_begins_with_a_size_is_looked_for_as_a_whole():
    asked = []

    class Everywhere:
        def heats(self, photo, targets):
            asked.append(tuple(targets))
            return np.full((len(targets), *photo.shape[:2]), 0.9, np.float32)

    stages = Stages(Everywhere(), Threshold(), NotLoaded())
    results = script.find_masks(np.zeros((30, 40, 3), np.uint8), ["tall cabinet", "cabinets"], stages)
    assert asked == [("tall cabinet", "cabinets")]
    assert results.refined["tall cabinet"].hard.all()


def test_only_wanted_phrases_are_asked_aliases_included(run: Run, folder: Path, labels: np.ndarray):
    _heat(folder, "cabinet", labels == CABINET)
    rows = run("--phrases", "floor, cabinet")["rows"]
    assert set(rows) == {"floor", "cabinet"}
    assert rows["cabinet"]["iou"] == 1


def test_a_limit_draws_photos_by_the_seed(run: Run):
    drawn = [tuple(run("--limit", "1", "--seed", str(seed))["iou_of_photos"]) for seed in (0, 0, 1, 2, 3)]
    assert drawn[0] == drawn[1]
    assert all(len(photos) == 1 for photos in drawn)
    assert len(set(drawn)) == 2


def test_phrase_masks_ignore_128_and_take_absence_as_stated(run: Run, folder: Path, labels: np.ndarray):
    levels = np.where(labels == FLOOR, 255, np.where(labels == 0, 128, 0)).astype(np.uint8)
    _save(folder / "masks" / "floor.png", levels)
    _save(folder / "masks" / "cabinets.png", (labels == CABINET).astype(np.uint8) * np.uint8(255))
    floor = {"phrase": "floor", "mask": "masks/floor.png"}
    cabinets = {"phrase": "cabinets", "mask": "masks/cabinets.png"}
    items = [
        {"image": "images/0.png", "phrases": [floor, cabinets]},
        {"image": "images/1.png", "phrases": [floor], "absent": []},
        {"image": "images/1.png", "absent": ["cabinets"]},
    ]
    (folder / "index.json").write_text(json.dumps({"items": items}), encoding="utf-8")
    _heat(folder, "floor", (labels == FLOOR) | (labels == 0))
    rows = run()["rows"]
    assert [rows["floor"][name] for name in ("photos", "iou", "boundary", "absent")] == [2, 1, 1, 0]
    assert [rows["cabinets"][name] for name in ("photos", "iou", "absent", "false_found")] == [1, 1, 1, 1]


def test_phrase_masks_take_what_is_not_listed_as_absent_but_for_kin(run: Run, folder: Path, labels: np.ndarray):
    _save(folder / "a.png", (labels == CABINET).astype(np.uint8) * np.uint8(255))
    listed = [["cabinets"], ["wardrobe"], ["floor"]]
    items = [{"image": "images/0.png", "phrases": [{"phrase": p, "mask": "a.png"} for p in each]} for each in listed]
    (folder / "index.json").write_text(json.dumps({"items": items}), encoding="utf-8")
    _heat(folder, "wardrobe", labels == CABINET)
    assert (
        run()["rows"]["cabinets"]["absent"] == 1
    )  # only where floor is all there is: a wardrobe may be called cabinets


def test_renders_need_no_index_and_join_what_a_person_means(run: Run, folder: Path):
    classes = {
        "0": ("unlabelled", [], None),
        "1": ("wall", ["walls"], None),
        "2": ("accent wall", [], "wall"),
        "3": ("base cabinet", ["cabinets"], "cabinet"),
        "4": ("wall cabinet", ["cabinets"], "cabinet"),
        "5": ("kitchen island", ["island"], None),
        "6": ("island countertop", [], "countertop"),
        "7": ("countertop", ["worktop"], None),
        "8": ("fridge", ["refrigerator"], None),
    }
    content = {i: {"phrase": p, "synonyms": s, "parent": parent} for i, (p, s, parent) in classes.items()}
    (folder / "classes.json").write_text(json.dumps(content), encoding="utf-8")
    (folder / "index.json").unlink()
    label = np.repeat(np.arange(1, 9, dtype=np.uint8), 5)[None].repeat(SIZE[0], axis=0)
    _save(folder / "rooms" / "a.png", label)
    _save(folder / "rooms" / "a.jpg", room(*SIZE))
    meant = {
        "wall": (1, 2),
        "accent wall": (2,),
        "cabinets": (3, 4),
        "base cabinet": (3,),
        "wall cabinet": (4,),
        "island": (5, 6),
        "island countertop": (6,),
        "countertop": (6, 7),
        "refrigerator": (8,),
    }
    for phrase, ids in meant.items():
        _heat(folder, phrase.replace(" ", "-"), np.isin(label, ids))
    rows = run("--data", str(folder / "rooms"))["rows"]
    assert {phrase: row["iou"] for phrase, row in rows.items()} == dict.fromkeys(meant, 1)


def test_an_island_is_absent_where_only_cabinets_and_worktops_are():
    classes = [
        script.Class(3, ("base cabinet", "cabinets"), "cabinet"),
        script.Class(5, ("kitchen island", "island"), None),
        script.Class(6, ("island countertop",), "countertop"),
        script.Class(7, ("countertop", "worktop"), None),
    ]

    def similar(phrase: str) -> set[int]:
        return set(script._similar_classes((phrase,), script._ids_of((phrase,), classes), classes))

    assert similar("island") == {5, 6}
    assert similar("cabinets") == {3, 5}  # an island's body may rightly be called cabinets
    assert similar("countertop") == {5, 6, 7}


# ---------------------------------------------------------------------------------------------- the labelled kitchens

CLASSES = {
    **{1: "wall", 2: "floor", 4: "base cabinet", 5: "wall cabinet", 7: "countertop", 8: "island body"},
    **{9: "island countertop", 11: "refrigerator", 14: "dishwasher", 23: "doorway", 25: "chair", 54: "other"},
}


@pytest.fixture
def kitchens(tmp_path: Path) -> Path:
    """Two photos in stripes of four columns: a kitchen with an island, and a room with a fridge and a doorway."""
    (tmp_path / "classes.json").write_text(json.dumps({"0": "ignore", **CLASSES}), encoding="utf-8")
    stripes = {"kitchen": (1, 1, 2, 4, 5, 7, 8, 9, 11, 14), "room": (1, 1, 2, 2, 2, 11, 23, 25, 54, 0)}
    items = []
    for name, ids in stripes.items():
        label = np.repeat(np.array(ids, dtype=np.uint8), 4)[None].repeat(SIZE[0], axis=0)
        _save(tmp_path / "images" / f"{name}.png", room(*SIZE))
        _save(tmp_path / "labels" / f"{name}.png", label)
        share = {CLASSES[i]: ids.count(i) / len(ids) for i in dict.fromkeys(ids) if i}
        items.append({"image": f"images/{name}.png", "label": f"labels/{name}.png", "share": share})
    (tmp_path / "index.json").write_text(json.dumps({"items": items}), encoding="utf-8")
    label = np.repeat(np.array(stripes["kitchen"], dtype=np.uint8), 4)[None].repeat(SIZE[0], axis=0)
    meant = {
        **{"wall": (1,), "walls": (1,), "floor": (2,), "cabinets": (4, 5), "countertop": (7, 9), "island": (8, 9)},
        **{"refrigerator": (11,), "dishwasher": (14,), "chair": (25,)},
    }
    for phrase, ids in meant.items():
        _heat(tmp_path, phrase, np.isin(label, ids))
    return tmp_path


def test_shares_become_the_phrases_that_a_person_types(kitchens: Path):
    folder = script.read_folder(kitchens)
    assert dict(folder.counts) == {
        **{"wall": 2, "floor": 2, "refrigerator": 2},
        **{"cabinets": 1, "countertop": 1, "island": 1, "dishwasher": 1, "chair": 1},
    }
    meant = {phrase: sorted(CLASSES[i] for i in ids) for phrase, ids in folder.ids.items()}
    assert meant["cabinets"] == ["base cabinet", "wall cabinet"]
    assert meant["countertop"] == ["countertop", "island countertop"]
    assert meant["island"] == ["island body", "island countertop"]
    assert [item.kitchen for item in folder.items] == [True, False]


def test_kitchens_and_other_rooms_are_summed_up_apart(run: Run, kitchens: Path):
    summary = run()  # the heat is that of the kitchen in both photos
    means = summary["means"]["kitchen_ten"]
    assert (means["of"], means["phrases"]) == (10, 6)
    assert summary["apart"]["kitchens"]["photos"] == summary["apart"]["no kitchens"]["photos"] == 1
    assert summary["apart"]["kitchens"]["means"]["kitchen_ten"]["iou"] == 1
    assert summary["apart"]["kitchens"]["stage"] == {"found": 1, "false_found": 0}  # asked for a chair
    assert summary["apart"]["no kitchens"]["means"]["all"]["iou"] < 1
    text = (kitchens / "measured" / "table.md").read_text(encoding="utf-8")
    assert "| **mean of 6 of a kitchen's ten** |  |" in text
    assert "| kitchens (1): mean of 6 of a kitchen's ten | 1.000 |" in text
    assert "| the whole stage, no kitchens |" in text


def test_other_and_a_doorway_speak_against_the_absence_of_what_they_may_be(kitchens: Path):
    folder = script.read_folder(kitchens)
    assert folder.similar["cabinets"] == {4, 5, 8, 54}  # a dresser is "other", and an island has cabinets
    assert 54 not in folder.similar["dishwasher"]


def test_what_the_sentence_paints_by_mistake_is_counted_by_kind_and_by_class(run: Run, kitchens: Path):
    label = cv2.imread(str(kitchens / "labels" / "kitchen.png"), cv2.IMREAD_UNCHANGED)
    _heat(kitchens, "cabinets", np.isin(label, (4, 5, 14)))  # the dishwasher too
    rows = {row["thing"]: row for row in run()["spill"]}
    stripe = 4 * SIZE[0]
    assert [rows["dishwasher"][name] for name in ("photos", "pixels", "painted")] == [1, stripe, 1]
    assert rows["refrigerator"]["pixels"] == 2 * stripe
    assert rows["refrigerator"]["painted"] == 0
    # In the room the same heat covers neither the fridge nor the chair.
    assert rows["appliance"]["painted"] == pytest.approx(1 / 3)
    assert rows["appliance"]["painted_in_kitchens"] == pytest.approx(1 / 2)
    assert rows["all"]["pixels"] == 4 * stripe
    assert rows["seat"]["painted_in_kitchens"] is None
    text = (kitchens / "measured" / "table.md").read_text(encoding="utf-8")
    assert f"| dishwasher | 1 | {stripe} | 100.0 | 100.0 |" in text


def test_a_segmenter_without_the_words_of_the_sentence_has_no_such_figure(run: Run, kitchens: Path):
    for path in (kitchens / "heat").glob("wall*.png"):
        path.unlink()
    assert run()["spill"] == []


def test_only_the_labelled_kitchens_have_such_a_figure(run: Run, folder: Path, labels: np.ndarray):
    _heat(folder, "walls", labels == WALL)
    summary = run()
    assert summary["spill"] == []
    assert summary["apart"] == {}
    assert "by mistake" not in (folder / "measured" / "table.md").read_text(encoding="utf-8")


def test_a_split_takes_the_photos_that_the_committed_file_lists(kitchens: Path, monkeypatch, tmp_path: Path):
    lists = tmp_path / "lists.json"
    lists.write_text(json.dumps({"held_out": ["room"], "development": ["0123"]}), encoding="utf-8")
    monkeypatch.setattr(script, "SPLIT", lists)
    folder = script.read_folder(kitchens)
    held_out = script.only_listed(folder, "held_out")
    assert [item.name for item in held_out.items] == ["images/room.png"]
    assert held_out.counts == folder.counts
    with pytest.raises(UsageError, match="no photo of --split development") as refused:
        script.only_listed(folder, "development")
    assert "labelled kitchens" in refused.value.hint


# ------------------------------------------------------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--limit", "0"], 2, "--limit is 0; give at least 1"),
        (["--preset", "startre"], 2, "unknown preset 'startre'; did you mean 'starter'?"),
        (["--phrases", "floor, yacht"], 2, "no phrase 'yacht' in"),
        (["--frobnicate"], 2, "unrecognized arguments: --frobnicate; see --help"),
        (["--split", "held_out"], 2, "no photo of --split held_out in the folder; it lists the labelled kitchens"),
        (["--data", "nowhere"], 2, "no folder 'nowhere'; --data names a folder with an index.json, or with renders"),
        (["--out", "sheet.png"], 2, "'sheet.png' looks like a picture, and OUT is a folder"),
    ],
)
def test_every_mistake_is_one_line(folder: Path, capsys, arguments, status, said):
    assert script.main(["--data", str(folder), "--out", str(folder / "measured"), *arguments]) == status
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert err.count("\n") == 1


def _other_size(folder: Path) -> None:
    _save(folder / "labels" / "0.png", np.zeros((8, 9), dtype=np.uint8))


def _no_index_no_renders(folder: Path) -> None:
    (folder / "index.json").unlink()


def _label_and_mask(folder: Path) -> None:
    item = {"image": "images/0.png", "label": "labels/0.png", "phrases": [{"phrase": "wall", "mask": "a.png"}]}
    (folder / "index.json").write_text(json.dumps({"items": [item]}), encoding="utf-8")


def _odd_mask(folder: Path) -> None:
    _save(folder / "a.png", np.full(SIZE, 37, dtype=np.uint8))
    item = {"image": "images/0.png", "phrases": [{"phrase": "wall", "mask": "a.png"}]}
    (folder / "index.json").write_text(json.dumps({"items": [item]}), encoding="utf-8")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_other_size, "is 9 x 8 px, its photo 40 x 32 px; make it at the photo's size"),
        (_no_index_no_renders, "has neither an index.json nor NAME.jpg with NAME.png; name another folder"),
        (_label_and_mask, "images/0.png has both a label picture and masks, or neither"),
        (_odd_mask, "holds the value 37; give 255 (the phrase), 128 (ignore) or 0 (not it)"),
        (lambda folder: (folder / "labels" / "0.png").write_bytes(b""), "cannot read"),
        (lambda folder: (folder / "classes.json").unlink(), "no classes.json in"),
        (lambda folder: (folder / "classes.json").write_text('{"1": 5}'), "does not name classes"),
        (lambda folder: (folder / "index.json").write_text("{"), "cannot read"),
        (lambda folder: (folder / "index.json").write_text('{"items": [{}]}'), "is not an index"),
        (lambda folder: (folder / "index.json").write_text('{"items": []}'), "lists no photo with a phrase"),
        (lambda folder: _index(folder, [["yacht"], []]), "unknown class 'yacht'; name it in classes.json"),
    ],
)
def test_a_folder_that_cannot_be_measured_is_refused(folder: Path, capsys, spoil, said):
    spoil(folder)
    overrides = ["segmenter=painted", f"segmenter.masks='{folder / 'heat'}'", "refiner=threshold"]
    assert script.main(["--data", str(folder), "--out", str(folder / "measured"), *overrides]) in (1, 2)
    err = capsys.readouterr().err
    assert said in err
    assert err.count("\n") == 1
    assert not (folder / "measured").exists()
