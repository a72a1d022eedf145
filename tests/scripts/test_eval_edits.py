import importlib.util
import json
import math
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "eval_edits.py"
_spec = importlib.util.spec_from_file_location("eval_edits", SCRIPT)
assert _spec is not None
assert _spec.loader is not None
eval_edits = importlib.util.module_from_spec(_spec)
sys.modules["eval_edits"] = eval_edits  # dataclasses look their module up
_spec.loader.exec_module(eval_edits)

# Sharma, Wu and Dalal (2005), Table 1: two Lab colours and their CIEDE2000, to four places.
SHARMA = """
50.0000 2.6772 -79.7751 50.0000 0.0000 -82.7485 2.0425
50.0000 3.1571 -77.2803 50.0000 0.0000 -82.7485 2.8615
50.0000 2.8361 -74.0200 50.0000 0.0000 -82.7485 3.4412
50.0000 -1.3802 -84.2814 50.0000 0.0000 -82.7485 1.0000
50.0000 -1.1848 -84.8006 50.0000 0.0000 -82.7485 1.0000
50.0000 -0.9009 -85.5211 50.0000 0.0000 -82.7485 1.0000
50.0000 0.0000 0.0000 50.0000 -1.0000 2.0000 2.3669
50.0000 -1.0000 2.0000 50.0000 0.0000 0.0000 2.3669
50.0000 2.4900 -0.0010 50.0000 -2.4900 0.0009 7.1792
50.0000 2.4900 -0.0010 50.0000 -2.4900 0.0010 7.1792
50.0000 2.4900 -0.0010 50.0000 -2.4900 0.0011 7.2195
50.0000 2.4900 -0.0010 50.0000 -2.4900 0.0012 7.2195
50.0000 -0.0010 2.4900 50.0000 0.0009 -2.4900 4.8045
50.0000 -0.0010 2.4900 50.0000 0.0010 -2.4900 4.8045
50.0000 -0.0010 2.4900 50.0000 0.0011 -2.4900 4.7461
50.0000 2.5000 0.0000 50.0000 0.0000 -2.5000 4.3065
50.0000 2.5000 0.0000 73.0000 25.0000 -18.0000 27.1492
50.0000 2.5000 0.0000 61.0000 -5.0000 29.0000 22.8977
50.0000 2.5000 0.0000 56.0000 -27.0000 -3.0000 31.9030
50.0000 2.5000 0.0000 58.0000 24.0000 15.0000 19.4535
50.0000 2.5000 0.0000 50.0000 3.1736 0.5854 1.0000
50.0000 2.5000 0.0000 50.0000 3.2972 0.0000 1.0000
50.0000 2.5000 0.0000 50.0000 1.8634 0.5757 1.0000
50.0000 2.5000 0.0000 50.0000 3.2592 0.3350 1.0000
60.2574 -34.0099 36.2677 60.4626 -34.1751 39.4387 1.2644
63.0109 -31.0961 -5.8663 62.8187 -29.7946 -4.0864 1.2630
61.2901 3.7196 -5.3901 61.4292 2.2480 -4.9620 1.8731
35.0831 -44.1164 3.7933 35.0232 -40.0716 1.5901 1.8645
22.7233 20.0904 -46.6940 23.0331 14.9730 -42.5619 2.0373
36.4612 47.8580 18.3852 36.2715 50.5065 21.2231 1.4146
90.8027 -2.0831 1.4410 91.1528 -1.6435 0.0447 1.4441
90.9257 -0.5406 -0.9208 88.6381 -0.8985 -0.7239 1.5381
6.7747 -0.2908 -2.4247 5.8714 -0.0985 -2.2286 0.6377
2.0776 0.0795 -1.1350 0.9033 -0.0636 -0.5514 0.9082
"""


def plate(hw=(40, 60), *, box=(10, 30, 15, 45)):
    mask = np.zeros(hw, dtype=bool)
    y0, y1, x0, x1 = box
    mask[y0:y1, x0:x1] = True
    return mask


def noisy(hw=(40, 60), seed=0, low=40, high=200):
    rng = np.random.default_rng(seed)
    coarse = rng.integers(low, high, (hw[0] // 4, hw[1] // 4, 3)).astype(np.uint8)
    return cv2.resize(coarse, (hw[1], hw[0]), interpolation=cv2.INTER_LINEAR)


# ------------------------------------------------------------------------------------------------------------- colour


def test_ciede2000_agrees_with_every_published_pair():
    rows = np.array([[float(word) for word in line.split()] for line in SHARMA.strip().splitlines()])
    assert rows.shape == (34, 7)
    one, other, expected = rows[:, :3], rows[:, 3:6], rows[:, 6]
    np.testing.assert_allclose(eval_edits.ciede2000(one, other), expected, atol=5e-5)


def test_ciede2000_is_nought_for_equal_colours_and_symmetric():
    rng = np.random.default_rng(1)
    one = rng.uniform((0, -90, -90), (100, 90, 90), (500, 3))
    other = rng.uniform((0, -90, -90), (100, 90, 90), (500, 3))
    assert eval_edits.ciede2000(one, one).max() == 0
    np.testing.assert_allclose(eval_edits.ciede2000(one, other), eval_edits.ciede2000(other, one), rtol=1e-9)


def test_lab_of_known_colours():
    colours = np.array([[255, 255, 255], [0, 0, 0], [255, 0, 0]], np.uint8)
    expected = [[100, 0, 0], [0, 0, 0], [53.24, 80.09, 67.20]]
    np.testing.assert_allclose(eval_edits.lab_of(colours), expected, atol=0.02)


def test_lab_and_back_gives_the_same_levels():
    rng = np.random.default_rng(2)
    rgb = rng.integers(0, 256, (50, 40, 3)).astype(np.uint8)
    assert np.array_equal(eval_edits.rgb_of(eval_edits.lab_of(rgb)), rgb)


def test_hex_with_and_without_its_sign():
    assert eval_edits.rgb_of_hex("f1efe9").tolist() == [241, 239, 233]
    assert eval_edits.rgb_of_hex("#f1efe9").tolist() == [241, 239, 233]


# ------------------------------------------------------------------------------------------------------------- scores


def test_the_truth_itself_scores_best():
    before, after, mask = noisy(seed=1), noisy(seed=2), plate()
    scored = eval_edits.score(after, before, after, mask)
    assert (scored.mean, scored.median, scored.p95, scored.rim_in, scored.rim_out) == (0, 0, 0, 0, 0)
    assert scored.ssim == pytest.approx(1)
    assert scored.gradient == pytest.approx(1)
    assert scored.spill < 0  # even the light on the neighbours is right
    assert (scored.d_light, scored.d_a, scored.d_b) == (0, 0, 0)


def test_the_unchanged_photo_never_spills():
    before, after, mask = noisy(seed=1), noisy(seed=2), plate()
    assert eval_edits.score(before, before, after, mask).spill == 0


def test_a_lighter_result_has_a_positive_light_offset_and_keeps_its_geometry():
    after, mask = noisy(seed=2, high=120), plate()
    scored = eval_edits.score(after + np.uint8(30), after, after, mask)
    assert scored.d_light > 8
    assert scored.gradient > 0.9


def test_paint_on_the_neighbours_is_spill_and_nothing_else():
    before, mask = noisy(seed=1), plate()
    wide = cv2.dilate(mask.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    result = before.copy()
    result[wide & ~mask] = (255, 0, 0)
    scored = eval_edits.score(result, before, before, mask)
    assert scored.mean == 0
    assert scored.spill == scored.rim_out > 10


def test_an_old_rim_is_rim():
    before, mask = noisy(seed=1), plate()
    after = before.copy()
    after[mask] = (240, 240, 235)
    inner = cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    result = before.copy()
    result[inner] = (240, 240, 235)
    scored = eval_edits.score(result, before, after, mask)
    assert scored.median == 0
    assert scored.rim_in > 2 * scored.mean > 0


def test_rims_are_on_both_sides_of_the_edge_and_the_border_is_not_an_edge():
    mask = np.zeros((12, 12), dtype=bool)
    mask[:, :6] = True
    inner, outer = eval_edits.rims(mask)
    assert inner.any(0).tolist() == [False] * 3 + [True] * 3 + [False] * 6
    assert outer.any(0).tolist() == [False] * 6 + [True] * 3 + [False] * 3


def test_a_mask_of_everything_has_no_rim():
    before, mask = noisy(seed=1), np.ones((40, 60), dtype=bool)
    scored = eval_edits.score(before, before, before, mask)
    assert math.isnan(scored.rim_in)
    assert math.isnan(scored.spill)


def test_ssim_does_not_look_outside_the_mask():
    mask = plate()
    one = eval_edits.lab_of(noisy(seed=1))[..., 0]
    other = np.where(mask, one, 100 - one)
    assert eval_edits.ssim_inside(one, other, mask) == pytest.approx(1)
    assert eval_edits.ssim_inside(one, 100 - one, mask) < 0.6


def test_gradient_correlation_does_not_look_at_the_outline():
    mask = plate(box=(5, 35, 5, 55))
    one = eval_edits.lab_of(noisy(seed=1))[..., 0]
    assert eval_edits.gradient_correlation(one, np.where(mask, one, 0.0), mask) == pytest.approx(1)
    assert eval_edits.gradient_correlation(one, -one, mask) == pytest.approx(-1)


def test_gradient_correlation_of_a_flat_or_thin_part_is_unknown():
    plane = eval_edits.lab_of(noisy(seed=1))[..., 0]
    assert math.isnan(eval_edits.gradient_correlation(plane, np.zeros_like(plane), plate()))
    assert math.isnan(eval_edits.gradient_correlation(plane, plane, plate(box=(10, 12, 5, 50))))


# ---------------------------------------------------------------------------------------------------------- baselines


def test_baselines_do_what_their_names_say():
    before, mask = noisy(seed=1), plate()
    after = noisy(seed=2)
    target = np.array([180, 150, 120], np.uint8)
    made = eval_edits.baselines(before, after, mask, target)
    lab, truth = eval_edits.lab_of, eval_edits.lab_of(after[mask])
    assert np.array_equal(made[eval_edits.UNCHANGED], before)
    assert (made[eval_edits.FLAT] == target).all()
    hsv = cv2.cvtColor(made[eval_edits.HUE], cv2.COLOR_RGB2HSV)
    assert np.array_equal(hsv[..., 2], cv2.cvtColor(before, cv2.COLOR_RGB2HSV)[..., 2])
    np.testing.assert_allclose(lab(made[eval_edits.SHIFT][mask]).mean(0), lab(target), atol=1.5)
    transferred = lab(made[eval_edits.TRANSFER][mask])
    np.testing.assert_allclose(transferred.mean(0), truth.mean(0), atol=1.5)
    np.testing.assert_allclose(transferred.std(0), truth.std(0), atol=2.5)


def test_seamless_clone_stays_in_place_even_at_the_border():
    before = np.full((40, 60, 3), 90, np.uint8)
    before[:, :, 0] = np.arange(60, dtype=np.uint8) * 3
    mask = plate(box=(0, 25, 0, 31))
    cloned = eval_edits.baselines(before, before, mask, before[0, 0])[eval_edits.CLONE]
    # A patch without gradients is a membrane between its borders, here nearly the ramp itself.
    assert cloned.shape == before.shape
    assert np.array_equal(cloned[26:], before[26:])
    assert np.array_equal(cloned[:, 32:], before[:, 32:])


# -------------------------------------------------------------------------------------------------------------- pairs


@pytest.mark.parametrize(
    ("scene", "split"),
    [("kitchen_0003", "measure"), ("kitchen_0004", "tune"), ("living_0101", "measure"), ("hall", "tune")],
)
def test_odd_scenes_are_for_measuring(scene, split):
    assert eval_edits.split_of(scene) == split


@pytest.mark.parametrize(
    ("edit", "digits", "old", "groups"),
    [
        ("cabinets -> #f1efe9", "f1efe9", "wood:oak", ("surface -> paint colour", "wood -> white paint")),
        ("cabinets -> #f1efe9", "f1efe9", "paint:olive", ("surface -> paint colour",)),
        ("cabinets -> #2f4236", "2f4236", "wood:oak", ("surface -> paint colour",)),
        ("island -> white marble", None, "wood:oak", ("marble",)),
        ("floor -> smoked planks", None, "", ("wood",)),
        ("wall -> subway tile", None, "", ("tile",)),
        ("countertop -> grey stone", None, "", ("stone",)),
        ("wash basin -> brass", None, "", ("other material",)),
    ],
)
def test_groups_follow_from_the_words_and_the_old_surface(edit, digits, old, groups):
    assert eval_edits.groups_of(edit, digits, old) == groups


def test_the_old_material_is_what_covers_most():
    labels = np.array([[1, 1, 1, 2], [1, 3, 3, 2]], np.uint8)
    assert eval_edits.old_material(labels, {1: "wood:oak", 2: "paint:white", 3: "paint:white"}) == "wood:oak"
    assert eval_edits.old_material(labels, {}) == ""


def test_the_share_that_the_re_render_leaves_unchanged_is_reported():
    before, mask = np.full((40, 60, 3), 200, np.uint8), plate()
    after = before.copy()
    after[plate(box=(10, 25, 15, 45))] = (40, 40, 40)
    assert eval_edits.unchanged_share(before, after, mask) == pytest.approx(0.25)
    assert math.isnan(eval_edits.unchanged_share(before, before, mask))


@pytest.fixture
def room(tmp_path):
    """A folder with one room of even number and one of odd, an island each, painted, and one pair that is none."""
    folder = tmp_path / "pairs"
    folder.mkdir()
    labels = np.full((96, 128), 1, np.uint8)
    labels[30:80, 30:100] = 10
    shade = np.linspace(0.75, 1.0, 128)[None, :, None] * np.linspace(1.0, 0.9, 96)[:, None, None]
    grain = 1 + 0.05 * np.sin(np.arange(128) * 0.8)[None, :, None]
    walls = 190 + 40 * np.sin(np.arange(96) * 0.3)[:, None, None] * np.ones((1, 128, 3))

    def render(colour):
        inside = np.array(colour) * np.ones((96, 128, 3)) * grain
        return np.clip(np.where((labels == 10)[..., None], inside, walls) * shade, 0, 255).astype(np.uint8)

    pairs = []
    for scene in ("hall_0000", "hall_0001"):
        cv2.imwrite(str(folder / f"{scene}.png"), render((90, 110, 150))[..., ::-1])
        cv2.imwrite(str(folder / f"{scene}_e0.png"), render((205, 203, 198))[..., ::-1])
        cv2.imwrite(str(folder / f"{scene}_labels.png"), labels)
        (folder / f"{scene}.json").write_text(json.dumps({"materials": {"island": "wood:oak"}}))
        names = {"before": f"{scene}.png", "after": f"{scene}_e0.png", "labels": f"{scene}_labels.png"}
        pairs.append(names | {"edit": "island -> #f1efe9", "classes": ["kitchen island"], "hex": "f1efe9"})
        pairs.append(names | {"edit": "island -> chintz", "classes": ["kitchen island"], "hex": None})
    cv2.imwrite(str(folder / "hall_0001_e1.png"), noisy((96, 128)))
    pairs.append({**pairs[2], "after": "hall_0001_e1.png"})
    (folder / "pairs.json").write_text(json.dumps(pairs))
    (folder / "classes.json").write_text(json.dumps({"1": {"phrase": "wall"}, "10": {"phrase": "kitchen island"}}))
    return folder


def test_rooms_of_the_renderer_are_pairs_surface_by_surface(room):
    folder = room
    (folder / "pairs.json").unlink()
    parts = [
        {"words": "island -> sky blue", "classes": ["kitchen island"], "material": "paint:skyblue", "hex": "a9c4d6"},
        {"words": "floor -> walnut", "classes": ["floor"], "material": "planks:walnut", "hex": None},
    ]
    record = {"materials": {"island": "wood:oak"}, "recolours": [{"parts": parts, "picture": "hall_00001_edit0.jpg"}]}
    (folder / "hall_00001.json").write_text(json.dumps(record))
    names = {"7": {"phrase": "kitchen island"}, "9": {"phrase": "floor"}}
    (folder / "classes.json").write_text(json.dumps(names))
    island, floor = eval_edits.read_pairs(folder)
    assert (island.edit, island.hex, island.ids) == ("island -> #a9c4d6", "a9c4d6", (7,))
    assert (floor.edit, floor.hex, floor.ids) == ("floor -> walnut", None, (9,))
    assert island.after == floor.after == folder / "hall_00001_edit0.jpg"
    assert island.old == {7: "wood:oak"}
    (folder / "hall_00001.json").unlink()
    with pytest.raises(SystemExit, match="no recoloured room"):
        eval_edits.read_pairs(folder)


def test_a_seed_renders_rooms_that_nobody_tuned_on(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("RENDER_ENV", str(tmp_path / "venv"))
    for seed, rooms in ((11, 4), (900, 0)):
        with pytest.raises(SystemExit, match="give a seed from 900 to 999"):
            eval_edits.render(seed, rooms)
    with pytest.raises(SystemExit, match="make render-env"):
        eval_edits.render(905, 4)
    python = tmp_path / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/typed\n')
    python.chmod(0o755)
    folder = eval_edits.render(905, 4)
    assert folder.is_dir()
    typed = (tmp_path / "typed").read_text()
    assert "scripts/render_rooms" in typed
    assert f"--out {folder} --seed 905 --count 4" in typed
    assert "--recolours-every 1" in typed
    python.write_text("#!/bin/sh\nexit 3\n")
    with pytest.raises(SystemExit, match="status 3"):
        eval_edits.render(905, 4)


def test_read_pairs_knows_ids_and_old_materials(room):
    pair = eval_edits.read_pairs(room)[0]
    assert (pair.scene, pair.ids, pair.hex, pair.old) == ("hall_0000", (10,), "f1efe9", {10: "wood:oak"})


def test_choose_by_split_and_by_name(room):
    pairs = eval_edits.read_pairs(room)
    assert {pair.scene for pair in eval_edits.choose(pairs, split="measure")} == {"hall_0001"}
    assert {pair.scene for pair in eval_edits.choose(pairs, split="tune")} == {"hall_0000"}
    assert eval_edits.choose(pairs) == pairs
    assert len(eval_edits.choose(pairs, scenes=("hall_0000",))) == 2
    with pytest.raises(SystemExit, match="unknown scene 'hall_7'; valid: hall_0000, hall_0001"):
        eval_edits.choose(pairs, scenes=("hall_7",))


def test_a_folder_without_pairs_is_said(tmp_path):
    with pytest.raises(SystemExit, match=r"no pairs\.json in .*--data names a folder"):
        eval_edits.read_pairs(tmp_path)


def test_a_strange_class_is_said(room):
    (room / "classes.json").write_text('{"1": {"phrase": "wall"}}')
    with pytest.raises(SystemExit, match=r"no class 'kitchen island' in classes\.json"):
        eval_edits.read_pairs(room)


def test_the_whole_script_writes_tables_and_sheet(room, tmp_path, capsys):
    out = tmp_path / "out"
    eval_edits.main(["--data", str(room), "--out", str(out), "mask.dilate_frac=0.001"])
    text = capsys.readouterr().out
    assert text.startswith("5 pairs; scenes: all; preset starter mask.dilate_frac=0.001; seed 0; automask ")
    assert "### surface -> paint colour: 2 pairs" in text
    assert "### wood -> white paint: 2 pairs" in text
    assert "### other material: 0 pairs of 2" in text
    assert "- hall_0000: `island -> chintz`: " in text
    assert "the re-render shows another view" in text
    assert (out / "table.md").read_text() == text
    record = json.loads((out / "table.json").read_text())
    assert record["groups"]["surface -> paint colour"]["measured"] == 2
    scores = record["pairs"][0]["scores"]
    assert scores["ours, true mask"]["mean"] < scores["photo unchanged"]["mean"]
    assert scores["photo unchanged"]["spill"] == 0
    assert record["pairs"][0]["was"] == "wood:oak"
    assert record["pairs"][1]["scores"] == {}
    assert cv2.imread(str(out / "sheet.png")) is not None


def test_found_masks_are_shown_next_to_the_true_ones(room, tmp_path, capsys):
    heat = tmp_path / "heat"
    heat.mkdir()
    found = np.zeros((96, 128), np.uint8)
    found[30:80, 30:65] = 255
    cv2.imwrite(str(heat / "island.png"), found)
    arguments = ["--data", str(room), "--out", str(tmp_path / "out"), "--split", "tune", "--limit", "1", "--found"]
    eval_edits.main([*arguments, "segmenter=painted", f"segmenter.masks='{heat}'", "refiner=threshold"])
    text = capsys.readouterr().out
    assert "| ours, found mask |" in text
    pair = json.loads((tmp_path / "out" / "table.json").read_text())["pairs"][0]
    assert pair["found_iou"] == pytest.approx(0.5, abs=0.03)
    assert pair["scores"]["ours, found mask"]["p95"] > pair["scores"]["ours, true mask"]["p95"] + 5


def test_a_wrong_override_is_one_line(room, tmp_path):
    with pytest.raises(SystemExit, match=r"unknown key 'mask\.dilate_frax'; did you mean 'mask\.dilate_frac'"):
        eval_edits.main(["--data", str(room), "--out", str(tmp_path), "mask.dilate_frax=0"])
