import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from automask import config
from automask.plan import parse_plan
from automask.types import Region


def _script() -> Any:
    file = Path(__file__).parents[2] / "scripts" / "verify_models.py"
    spec = importlib.util.spec_from_file_location("verify_models", file)
    module = importlib.util.module_from_spec(spec)
    sys.modules["verify_models"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


verify_models = _script()
EDITS, TRUTH = verify_models.EDITS, verify_models.TRUTH


@pytest.fixture(autouse=True)
def homes(tmp_path, monkeypatch):
    monkeypatch.setenv("AUTOMASK_CACHE", str(tmp_path / "own"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))


@pytest.mark.slow
def test_a_preset_that_is_here_is_measured_and_one_that_is_not_names_the_command(tmp_path, capsys):
    assert verify_models.main(["--presets", "starter", "open", "--out", str(tmp_path / "out")]) == 1
    table = capsys.readouterr().out.splitlines()
    (row,) = [line for line in table if line.startswith("| starter |")]
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert all(float(cell) > 0.5 for cell in cells[1:4])  # island, cabinets, floor
    assert cells[8] == "0"  # pixels changed outside
    assert "open did not run: automask doctor --preset open" in table
    kept = json.loads((tmp_path / "out" / "models.json").read_text(encoding="utf-8"))
    assert [one["preset"] for one in kept["presets"]] == ["starter", "open"]
    assert kept["presets"][0]["outside_changed_px"] == 0
    assert (tmp_path / "out" / "models.md").read_text(encoding="utf-8").splitlines()[: len(table)] == table
    assert (tmp_path / "out" / "starter" / "kitchen.before-after.jpg").is_file()


def test_every_preset_that_is_offered_is_verified():
    assert {*verify_models.PRESETS} == {file.name for file in config.conf_files() if file.group == "preset"}


def test_what_is_edited_has_a_true_mask():
    assert {target for edit in parse_plan(EDITS) for target in edit.targets} <= {*TRUTH}
    assert list(TRUTH)[: len(parse_plan(EDITS))] == [edit.targets[0] for edit in parse_plan(EDITS)]


def test_a_true_mask_has_an_iou_of_one():
    labels = cv2.imread(str(verify_models.LABELS), cv2.IMREAD_UNCHANGED)
    true = np.isin(labels, TRUTH["floor"])
    large = cv2.resize(true.astype(np.uint8), None, fx=4, fy=4, interpolation=cv2.INTER_NEAREST).astype(bool)
    exact = Region("floor", True, large, large.astype(np.float32), (), 1.0)
    nothing = Region("ceiling", False, ~large & False, large.astype(np.float32), (), 0.0)
    assert verify_models.ious_of([exact, nothing]) == {"floor": 1.0, "ceiling": 0.0}
