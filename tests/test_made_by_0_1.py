"""What 0.1 wrote is read and gone on with: OUT of a batch, masks, a plan and a list of failures, as 0.1 left them.

`tests/data/made_by_0_1` was written by its last commit from small copies of docs/samples:

    automask batch in --plan plan.yaml -o done
    automask mask in/kitchen.jpg "walls;floor" -o masks
"""

import json
import os
import shutil
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from automask.cli.entry import main

MADE = Path(__file__).parent / "data" / "made_by_0_1"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A copy in which to work, and masks that stand in for a net."""
    shutil.copytree(MADE, tmp_path / "made")
    for record in (tmp_path / "made").rglob("*.json"):
        os.utime(record)  # 0.1 told masks that a person changed by being newer than their record
    (tmp_path / "heat").mkdir()
    for name, rows in (("walls", slice(0, 60)), ("floor", slice(100, 160)), ("rug", slice(0, 0))):
        heat = np.zeros((160, 240), np.uint8)
        heat[rows] = 255
        cv2.imwrite(str(tmp_path / "heat" / f"{name}.png"), heat)
    monkeypatch.chdir(tmp_path / "made")
    return tmp_path / "made"


def run(capsys, *arguments):
    stages = ("segmenter=painted", "segmenter.masks=../heat", "refiner=threshold")
    status = main([*map(str, arguments), *stages])
    said = capsys.readouterr()
    return status, said.out, said.err


def test_a_batch_of_0_1_goes_on_and_a_corrected_mask_stays_and_is_used(capsys, folder):
    corrected = folder / "done" / "kitchen.masks" / "01-walls.png"
    cv2.imwrite(str(corrected), np.full((160, 240), 255, np.uint8))
    mine = corrected.read_bytes()
    os.utime(corrected, (time.time() + 60, time.time() + 60))
    status, said, err = run(capsys, "batch", "in", "--plan", "plan.yaml", "-o", "done")
    assert (status, said.splitlines()[0].split(" (")[0]) == (4, "2 done")
    assert "0 done before, 1 failed, in done" in said
    assert "in/kitchen.jpg: masks: yours (01-walls.png)" in err
    assert corrected.read_bytes() == mine
    assert json.loads((folder / "done" / "living.run.json").read_text(encoding="utf-8"))["files"]
    again = run(capsys, "batch", "in", "--plan", "plan.yaml", "-o", "done")
    assert "0 done, 2 done before, 1 failed, in done" in again[1]


def test_the_list_of_failures_of_0_1_is_tried_again(capsys, folder):
    Image.new("RGB", (240, 160), (90, 90, 90)).save(folder / "in" / "broken.jpg")
    status, said, _ = run(capsys, "batch", "in", "--plan", "plan.yaml", "-o", "done", "--retry-failed")
    assert (status, said.split()[:2]) == (0, ["1", "done"])
    assert not (folder / "done" / "failures.csv").exists()


def test_results_of_0_1_stay_on_the_page_of_another_batch_and_prune_moves_them(capsys, folder):
    (folder / "more").mkdir()
    Image.new("RGB", (240, 160), (90, 90, 90)).save(folder / "more" / "hall.jpg")
    status, said, _ = run(capsys, "batch", "more", "walls -> navy", "-o", "done")
    assert (status, said.splitlines()[0]) == (0, "1 done, 0 done before, 0 failed, 1 failed in earlier runs, in done")
    page = (folder / "done" / "index.html").read_text(encoding="utf-8")
    assert all(f'"name":"{name}.jpg"' in page for name in ("hall", "kitchen", "living", "broken"))
    run(capsys, "batch", "more", "walls -> navy", "-o", "done", "--prune")
    assert (folder / "done" / ".stale" / "kitchen.run.json").is_file()
    assert not (folder / "done" / "failures.csv").exists()


def test_masks_of_0_1_can_be_given_back(capsys, folder):
    words = "walls -> white; floor -> navy"
    assert main(["edit", "in/kitchen.jpg", words, "--masks", "masks/kitchen.masks", "-o", "new"]) == 0
    record = json.loads((folder / "new" / "kitchen.run.json").read_text(encoding="utf-8"))
    assert [step["found"] for step in record["steps"]] == [True, True]
    capsys.readouterr()


def test_results_of_0_1_inside_a_source_are_passed_over(capsys, folder):
    status, said, _ = run(capsys, "batch", ".", "walls -> navy", "-o", "../o", "--recursive", "--dry-run")
    assert status == 4
    assert "in/kitchen.jpg -> ../o/in/kitchen.jpg: walls -> navy" in said.splitlines()
    assert "2 to do, 1 would fail, 0 refused; nothing was done" in said


def test_a_folder_of_0_1_is_reviewed_in_the_studio_without_what_was_put_aside(folder):
    pytest.importorskip("fastapi", reason="needs the 'studio' extra")
    from automask.studio.workspace import Workspace

    shutil.copytree(folder / "done", folder / "done" / ".stale")
    workspace = Workspace(folder / "done", folder / "elsewhere")
    assert workspace.is_review
    assert [(entry.name, entry.present) for entry in workspace.entries()] == [("kitchen", True), ("living", True)]
    assert [workspace.state(entry).words for entry in workspace.entries()] == [
        *("walls -> sage green; floor except rug -> oak",) * 2
    ]
