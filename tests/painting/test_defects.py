import dataclasses
import functools
import importlib
import json
import math
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

import automask
from automask.masking.masks import dilate, feather
from automask.painting.crops import composite
from automask.painting.defects import MARGIN_PX, Defects, measure, rank
from automask.types import Alpha, Rgb

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
KITCHEN = Path(automask.__file__).parent / "samples" / "kitchen.jpg"
NAMES = ("seam", "tint", "leak", "empty")


def grained(rgb, strength, seed, hw=(300, 400)):
    """A surface with fine differences of lightness and colour, and broad ones of lightness."""
    rng = np.random.default_rng(seed)
    fine = cv2.GaussianBlur(rng.normal(0, 1, (*hw, 3)), (0, 0), 1.2)
    broad = cv2.GaussianBlur(rng.normal(0, 1, hw), (0, 0), 20)[..., None]
    return np.array(rgb, float) + strength * fine / fine.std() + 4 * broad / broad.std()


def levels(picture):
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)


def front():
    """[300, 400] bool: a cupboard, and its joints, which keep their colour in any good edit."""
    hard = np.zeros((300, 400), bool)
    hard[70:230, 110:290] = True
    joints = np.zeros_like(hard)
    joints[70:230, 168:172] = joints[70:230, 228:232] = joints[148:152, 110:290] = True
    return hard, joints


@functools.cache
def cupboard() -> tuple[Rgb, Rgb, Alpha]:
    """An oak cupboard on a grey wall, the same in pale blue, and the alpha that it is painted through."""
    hard, joints = front()
    wall = grained((150, 150, 148), 2, seed=0)

    def room(surface):
        picture = np.where(hard[..., None], surface, wall)
        picture[joints] = (24, 24, 24)
        return levels(picture)

    before, painted = room(grained((176, 128, 84), 4, seed=1)), room(grained((150, 180, 215), 4, seed=2))
    planes = before, painted, feather(dilate(hard, 5), 3)
    for plane in planes:
        plane.flags.writeable = False
    return planes


@functools.cache
def broken(way, strength):
    """The scores of the cupboard, painted with one thing wrong."""
    before, painted, alpha = cupboard()
    return measure(before, composite(before, spoiled(before, painted, alpha, way, strength), alpha), alpha)


def spoiled(before, painted, alpha, way, strength):
    new, on = painted.astype(float), alpha > 0
    depth = cv2.distanceTransform((alpha >= 0.99).astype(np.uint8), cv2.DIST_L2, 5)
    if way == "rim":
        new = new + strength * (on & (depth <= 3))[..., None]
    elif way == "ledge":
        new = new + strength * (depth <= 5)[..., None]
    elif way == "cast":
        new = new + strength * np.array([0, 1, 0])
    elif way == "wash":
        new = 150 + (1 - strength) * (new - 150)
    elif way == "leak":
        new = new + strength * (before - cv2.GaussianBlur(before.astype(float), (0, 0), 3))
    elif way == "blur" and strength:
        new = cv2.GaussianBlur(new, (0, 0), strength)
    return levels(new)


CORRUPTIONS = {
    "rim": ("seam", (0, 6, 12, 24)),
    "ledge": ("seam", (0, 6, 12, 24)),
    "cast": ("tint", (0, 6, 12, 24)),
    "wash": ("tint", (0, 0.4, 0.6, 0.8)),
    "leak": ("leak", (0, 0.2, 0.4, 0.8)),
    "blur": ("empty", (0, 1, 2, 4, 8)),
}


@pytest.mark.parametrize("way", CORRUPTIONS)
def test_a_score_grows_with_its_defect_from_near_0_to_a_clear_alarm(way):
    detector, strengths = CORRUPTIONS[way]
    scores = [getattr(broken(way, strength), detector) for strength in strengths]
    assert scores == sorted(scores)
    assert len(set(scores)) == len(scores)
    assert scores[0] < 0.15
    assert scores[-1] > 0.6


def test_a_good_edit_scores_near_0_everywhere():
    assert max(dataclasses.astuple(broken("rim", 0))) < 0.15


def test_a_part_that_was_not_changed_is_empty_and_has_neither_seam_nor_tint():
    before, _, alpha = cupboard()
    scores = measure(before, before, alpha)
    assert scores.seam == 0
    assert scores.tint == 0
    assert scores.empty > 0.99
    assert scores.leak > 0.9  # all of the old texture is there


def test_a_flat_fill_is_empty():
    before, painted, alpha = cupboard()
    flat = np.broadcast_to(np.uint8((150, 180, 215)), painted.shape)
    assert measure(before, composite(before, flat, alpha), alpha).empty > 0.9


def test_a_smooth_surface_painted_smooth_is_not_empty():
    _, _, alpha = cupboard()
    before, painted = (levels(grained(rgb, 1, seed=5)) for rgb in ((150, 150, 148), (200, 190, 170)))
    assert measure(before, composite(before, painted, alpha), alpha).empty < 0.1


def test_a_new_edge_on_an_old_edge_is_not_a_seam():
    before, painted, _ = cupboard()
    alpha = front()[0].astype(np.float32)  # cut right along the cupboard
    assert measure(before, composite(before, painted, alpha), alpha).seam < 0.15


def test_a_strip_of_the_old_surface_outside_the_mask_is_a_seam():
    before, painted, _ = cupboard()
    hard, _ = front()
    seams = []
    for short_px in (0, 2, 3, 5, 7):
        kernel = np.ones((2 * short_px + 1, 2 * short_px + 1), np.uint8)
        alpha = cv2.erode(hard.astype(np.uint8), kernel).astype(np.float32)
        seams.append(measure(before, composite(before, painted, alpha), alpha).seam)
    assert seams[0] < 0.15
    assert min(seams[1:]) > 0.9


def test_light_and_shape_that_stay_are_not_a_leak():
    hard, _ = front()
    before, _, alpha = cupboard()
    grey = before.mean(2, keepdims=True)
    painted = levels(np.where(hard[..., None], grey * np.array([0.9, 1.0, 1.1]), before))  # every line is kept, in grey
    assert measure(before, composite(before, painted, alpha), alpha).leak < 0.15


@pytest.mark.parametrize("way", ["rim", "cast", "leak", "blur"])
def test_pixels_beyond_the_margin_change_nothing(way):
    before, painted, alpha = cupboard()
    after = composite(before, spoiled(before, painted, alpha, way, CORRUPTIONS[way][1][-2]), alpha)
    whole = measure(before, after, alpha)
    rows, columns = np.nonzero(alpha)
    part = np.s_[
        rows.min() - MARGIN_PX : rows.max() + 1 + MARGIN_PX, columns.min() - MARGIN_PX : columns.max() + 1 + MARGIN_PX
    ]
    assert measure(before[part], after[part], alpha[part]) == whole
    wider = [np.pad(plane, ((70, 90), (50, 30), (0, 0))[: plane.ndim]) for plane in (before, after, alpha)]
    assert measure(*wider) == whole


@pytest.mark.parametrize("way", ["rim", "cast", "leak", "blur"])
def test_the_size_of_a_large_photo_hardly_matters(way):
    before, painted, alpha = cupboard()
    after = composite(before, spoiled(before, painted, alpha, way, CORRUPTIONS[way][1][-2]), alpha)
    near = np.s_[50:250, 90:310]  # with more than the margin
    scores = []
    for factor in (5, 7):
        planes = [
            cv2.resize(plane[near], None, fx=factor, fy=factor, interpolation=cv2.INTER_LINEAR)
            for plane in (before, after, alpha)
        ]
        scores.append(dataclasses.astuple(measure(*planes)))
    assert np.allclose(*scores, atol=0.1)


def test_measuring_is_repeatable_and_does_not_write_to_its_arguments():
    before, painted, alpha = cupboard()
    after = composite(before, painted, alpha)
    after.flags.writeable = False
    assert measure(before, after, alpha) == measure(before, after, alpha)


def odd_masks():
    size = (60, 80)
    dot, line, ring, faint = (np.zeros(size, np.float32) for _ in range(4))
    dot[30, 40] = 1
    line[30, 5:75] = 1
    ring[10:50, 10:70] = 1
    ring[12:48, 12:68] = 0
    faint[20:40, 20:60] = 64 / 255
    corner = np.zeros(size, np.float32)
    corner[:20, :20] = 1
    full = np.ones(size, np.float32)
    return {"dot": dot, "line": line, "ring": ring, "faint": faint, "corner": corner, "full": full}


@pytest.mark.parametrize("name", odd_masks())
@pytest.mark.parametrize("flat", [True, False])
def test_every_mask_gets_numbers_from_0_to_1(name, flat):
    alpha = odd_masks()[name]
    rng = np.random.default_rng(3)
    before = np.full((*alpha.shape, 3), 90, np.uint8) if flat else rng.integers(0, 256, (*alpha.shape, 3), np.uint8)
    painted = np.full_like(before, 200) if flat else rng.integers(0, 256, before.shape, np.uint8)
    for after in (before, composite(before, painted, alpha)):
        scores = dataclasses.astuple(measure(before, after, alpha))
        assert all(math.isfinite(score) and 0 <= score <= 1 for score in scores)
        assert type(scores[0]) is float  # goes into JSON


def test_an_empty_mask_has_no_defects():
    before, painted, alpha = cupboard()
    assert measure(before, painted, np.zeros_like(alpha)) == Defects(0, 0, 0, 0)


def test_a_mask_that_fills_the_part_has_no_seam():
    before, painted, _ = cupboard()
    assert measure(before, painted, np.ones(before.shape[:2], np.float32)).seam == 0


def test_the_total_is_one_minus_the_product_of_what_is_clean():
    assert Defects(0, 0, 0, 0).total == 0
    assert Defects(0.5, 0.5, 0, 0).total == 0.75
    assert Defects(0, 0, 1, 0).total == 1


def test_ranking_puts_the_clean_one_first_and_the_earlier_of_equals():
    clean = broken("rim", 0)
    many = [broken(way, strengths[2]) for way, (_, strengths) in CORRUPTIONS.items()]
    assert rank([*many, clean])[0] == len(many)
    assert rank([clean, *many])[0] == 0
    assert rank([many[0], clean, clean, many[0]]) == (1, 2, 0, 3)
    assert rank([]) == ()


def test_on_the_bundled_kitchen_each_defect_is_detected_and_the_clean_edit_ranked_first():
    outcome = automask.edit(KITCHEN, "cabinets -> navy")
    before, alpha = outcome.photo.rgb, outcome.regions[0].alpha
    clean = measure(before, outcome.image, alpha)
    many = [clean]
    for way in ("rim", "cast", "wash", "leak", "blur"):
        detector, strengths = CORRUPTIONS[way]
        after = composite(before, spoiled(before, outcome.image, alpha, way, strengths[-2]), alpha)
        many.append(measure(before, after, alpha))
        assert getattr(many[-1], detector) > getattr(clean, detector), way
    assert rank(many)[0] == 0


# ----------------------------------------------------------------------------------------------- scripts/roc_defects.py


@pytest.fixture(scope="module")
def roc_defects():
    sys.path.insert(0, str(SCRIPTS))
    try:
        yield importlib.import_module("roc_defects")
    finally:
        sys.path.remove(str(SCRIPTS))


def test_the_auc_is_the_share_of_pairs_in_order(roc_defects):
    assert roc_defects.auc([0, 1], [2, 3]) == 1
    assert roc_defects.auc([0, 1], [0, 1]) == 0.5
    assert roc_defects.auc([1], [0]) == 0
    assert roc_defects.roc([0, 0.5], [0.5, 1]) == [(0, 0), (0, 0.5), (0.5, 1), (1, 1)]


def test_every_corruption_does_more_the_stronger_it_is_and_only_inside(roc_defects):
    before, painted, _ = cupboard()
    hard, _ = front()
    alpha = roc_defects.alpha_from(hard, roc_defects.CLOSE, untouchable=np.zeros_like(hard))
    edit = roc_defects.CleanEdit("re-render, close mask", "", before, painted, hard, alpha, everywhere=True)
    clean = composite(before, painted, alpha).astype(float)
    for name, definition in roc_defects.CORRUPTIONS.items():
        harm = []
        for strength in definition.strengths:
            after, through = roc_defects.corrupt_edit(edit, name, strength, np.random.default_rng(1))
            assert np.array_equal(after[through == 0], before[through == 0])
            harm.append(np.abs(after - clean).mean())
        assert 0 < harm[0] < harm[-1] < 30, name
        assert harm == sorted(harm), name


def test_the_script_writes_its_tables_and_curves(roc_defects, tmp_path, capsys):
    before, painted, _ = cupboard()
    hard, _ = front()
    for name, picture in {"room_1.png": before, "room_1_e0.png": painted}.items():
        cv2.imwrite(str(tmp_path / name), picture[::2, ::2, ::-1])
    cv2.imwrite(str(tmp_path / "labels.png"), hard[::2, ::2].astype(np.uint8))
    (tmp_path / "classes.json").write_text(json.dumps({"1": {"phrase": "cabinet"}}))
    pair = {"before": "room_1.png", "after": "room_1_e0.png", "labels": "labels.png", "edit": "cabinet -> light blue"}
    (tmp_path / "pairs.json").write_text(json.dumps([{**pair, "classes": ["cabinet"], "hex": None}]))
    roc_defects.main(["--data", str(tmp_path), "--out", str(tmp_path / "out"), "--no-sample"])
    text = (tmp_path / "out" / "roc.md").read_text()
    assert text.strip() in capsys.readouterr().out
    for definition in roc_defects.CORRUPTIONS.values():
        assert definition.unit.format(definition.medium) in text
    assert "nan" not in text
    assert cv2.imread(str(tmp_path / "out" / "roc.png")) is not None
    with pytest.raises(SystemExit, match="no edits in split 'tune'"):
        roc_defects.main(["--data", str(tmp_path), "--out", str(tmp_path), "--split", "tune", "--no-sample"])
