"""The truth of sentences about rendered rooms, and what counts as right."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "eval_pointing.py"


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("eval_pointing", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclasses look themselves up there
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def room(script, rows, **classes):
    """A room drawn as digits, each the id of an instance: (class, material) by `one`, `two`, ..."""
    ids = np.array([[int(one) for one in row] for row in rows])
    names = ("one", "two", "three", "four")
    instances = [
        {"id": names.index(name) + 1, "class": kind, "material": material} for name, (kind, material) in classes.items()
    ]
    return script.Room("room", np.zeros((*ids.shape, 3), np.uint8), ids, {"instances": instances})


def drawn(masks):
    return sorted(["".join(".#"[int(one)] for one in row) for row in mask] for mask in masks)


def test_the_rail_of_a_curtain_is_no_curtain(script):
    cloth = ("curtain", "curtain:blue")
    one = room(script, ["33333", "10002", "10002"], one=cloth, two=cloth, three=("curtain", "metal:black"))
    assert drawn(one.masks(("curtain",))) == sorted([[".....", "#....", "#...."], [".....", "....#", "....#"]])


def test_cabinets_are_runs_and_a_unit_is_in_one_run_with_itself(script):
    unit = ("base cabinet", "wood:oak")
    # 1 and 2 touch; 3 stands alone; what is seen of 1 through a sink is part of its run.
    one = room(script, ["0100000", "0000000", "1120033"], one=unit, two=unit, three=unit)
    assert drawn(one.masks(("base cabinet",))) == sorted(
        [[".#.....", ".......", "###...."], [".......", ".......", ".....##"]]
    )


def test_an_answer_is_exact_another_refused_or_spilt(script):
    first, second = np.zeros((2, 10, 20), np.bool_)
    first[:, :8], second[:, 10:18] = True, True
    sentence = script.Sentence("ends", "left picture", "pictures", (0,), (first, second))
    half = first.copy()
    half[:, :5] = False  # an intersection over union of 0.375
    answers = {"exact": first, "another": second, "refused": first & second, "spilt": half}
    assert {name: script.score(found, sentence) for name, found in answers.items()} == {name: name for name in answers}
