"""What the evaluation of removal measures, on pictures whose answer is known."""

import importlib.util
import json
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from drawing import disc, room

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


@pytest.fixture(scope="module")
def script():
    sys.path.insert(0, str(SCRIPTS))
    try:
        spec = importlib.util.spec_from_file_location("eval_removal", SCRIPTS / "eval_removal.py")
        module = importlib.util.module_from_spec(spec)
        sys.modules["eval_removal"] = module  # dataclasses look their module up
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(SCRIPTS))
    return module


SIZE = (96, 128)
HOLE = disc(SIZE, (60, 50), 12)


def test_the_truth_scores_zero_and_a_smear_is_told_by_its_texture(script):
    truth = room(*SIZE)
    same = script.score(truth, truth, HOLE)
    assert (same.de, same.hole_de, same.near_de, same.texture) == (0, 0, 0, 0)
    smear = np.where(HOLE[..., None], truth[HOLE].mean(0).astype(np.uint8), truth)
    assert script.score(smear, truth, HOLE).texture > 1
    assert script.score(smear, truth, HOLE).near_de == 0
    swapped = truth.copy()
    swapped[HOLE] = truth[np.roll(HOLE, 20, 1)]
    assert script.score(swapped, truth, HOLE).texture < script.score(smear, truth, HOLE).texture


def test_the_zone_reaches_eight_px_round_the_hole(script):
    zone = script.zone_of(disc(SIZE, (60, 50), 0))
    assert (zone == disc(SIZE, (60, 50), 8.5)).mean() > 0.999


@pytest.mark.parametrize("method", ["telea", "patch_filled"])
def test_baselines_keep_everything_else_and_fill_a_plain_wall(script, method: str):
    wall = np.full((*SIZE, 3), 180, np.uint8)
    photo = np.where(HOLE[..., None], np.uint8(20), wall)
    filled = getattr(script, method)(photo, HOLE)
    assert np.abs(filled.astype(int) - wall).max() <= 4  # Telea weighs, and rounds
    noisy = room(*SIZE)
    assert (getattr(script, method)(noisy, HOLE)[~HOLE] == noisy[~HOLE]).all()


def test_a_pair_counts_only_if_all_of_its_kind_was_left_out(script, tmp_path: Path):
    things = [{"id": number, "class": "chair", "pixels": 40} for number in (3, 4)]
    twins = [
        {"remove": "chairs", "class": "chair", "instances": [3, 4], "picture": "a_without0.jpg"},
        {"remove": "chair", "class": "chair", "instances": [3], "picture": "a_without1.jpg"},
    ]
    record = {"name": "a", "instances": things, "twins": twins}
    (tmp_path / "a.json").write_text(json.dumps(record))
    (tmp_path / "classes.json").write_text("{}")
    numbers = np.zeros(SIZE, np.uint16)
    numbers[HOLE] = 3
    numbers[5, 5] = 4
    cv2.imwrite(str(tmp_path / "a_inst.png"), numbers)
    (pair,) = script.read_pairs(tmp_path)
    assert (pair.words, pair.name, pair.ids) == ("chairs", "a_without0", (3, 4))
    assert script.true_hole(pair).sum() == HOLE.sum() + 1
    assert script.share_of(replace(pair, ids=(9,))) == 0


def test_the_table_counts_what_was_refused_and_compares_textures(script):
    pair = script.Pair("a", Path("a"), Path("b"), Path("c"), "chairs", (3,))
    good, bad = script.Score(1.0, 1.0, 1.0, 0.5), script.Score(4.0, 6.0, 2.0, 1.5)
    done = script.Measured(pair, 0.02, {script.OURS: good, script.TELEA: bad}, None, 0.8, 0, 1.0, 0.2)
    text = script.table([done, replace(done, reason="no 'chairs'", scores={script.OURS: bad, script.TELEA: bad})])
    assert "2 pairs, 1 refused or not found; 0 px changed outside of the masks" in text
    assert "| automask | 1.00 | 1.00 | 1.00 | 1.00 | 0.50 | 100% |" in text
    assert "- chairs (a): no 'chairs'" in text
    assert text.count("| automask |") == 2
    darker = script.table([done, replace(done, room=9.0)])
    assert "All: 2 pairs" in darker
    assert "The room's light stays: 1 pairs" in darker


def test_a_lamp_that_takes_its_light_along_is_told_by_the_rest_of_the_room(script):
    photo = np.full((*SIZE, 3), 180, np.uint8)
    corner = disc(SIZE, (10, 10), 6)
    assert script.room_change(photo, np.where(corner[..., None], np.uint8(20), photo), corner) == 0
    assert script.room_change(photo, photo - np.uint8(40), corner) > 5
