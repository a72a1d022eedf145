"""The script that fits the expected quality of masks: its numbers on rows made by hand, and a whole run."""

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from drawing import disc, room

from automask.errors import UsageError
from automask.masking.quality import read_fit

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "fit_quality.py"


def _load() -> Any:
    spec = importlib.util.spec_from_file_location("fit_quality", SCRIPT)
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


def rows(count: int = 400, *, seen: bool = False, lift: float = 0.0, seed: int = 0):
    """Masks whose IoU is a logistic function of feature "a" and of their phrase, with noise; "b" says nothing."""
    rng = np.random.default_rng(seed)
    made = []
    for number in range(count):
        a, b = rng.normal(size=2)
        phrase = ("wall", "sofa")[number % 2]
        iou = 1 / (1 + np.exp(-(a + (1.0 if phrase == "wall" else -1.0) + lift)))
        iou = float(np.clip(iou + rng.normal() * 0.02, 0, 1))
        measured = {"a": float(a), "b": float(b)}
        made.append(script.Row(f"{seen}{number // 4}.jpg", phrase, iou, 1.0, 0.5, measured, seen))
    return made


def test_what_is_expected_is_right_on_average_and_in_order():
    made = rows()
    expected = script.cross_validated(made, ("a", "b"), by_phrase=True)
    truth = np.array([row.iou for row in made])
    assert abs(expected.mean() - truth.mean()) < 0.01
    assert np.abs(expected - truth).mean() < 0.08  # the ridge draws towards the mean
    assert script.rank_correlation(expected, truth) > 0.97


def test_without_phrases_the_difference_between_them_is_not_known():
    fit = script.fitted(rows(), ("a", "b"), by_phrase=False)
    assert fit.phrases == {}
    with_phrases = script.fitted(rows(), ("a", "b"), by_phrase=True)
    assert with_phrases.phrases["wall"] > 0.5 > -0.5 > with_phrases.phrases["sofa"]
    assert abs(with_phrases.weights["b"]) < 0.1 < with_phrases.weights["a"]


def test_photos_that_the_net_learnt_from_do_not_set_the_level():
    fresh, seen = rows(), rows(seen=True, lift=1.5, seed=1)
    truth = np.mean([row.iou for row in fresh])
    fit = script.fitted([*fresh, *seen], ("a", "b"), by_phrase=True)
    assert abs(np.mean([fit.expected_iou(row.measured, row.phrase) for row in fresh]) - truth) < 0.01
    naive = script.fitted(
        [*fresh, *[script.Row(r.photo, r.phrase, r.iou, 1.0, 0.5, r.measured) for r in seen]],
        ("a", "b"),
        by_phrase=True,
    )
    assert np.mean([naive.expected_iou(row.measured, row.phrase) for row in fresh]) > truth + 0.05


def test_rank_correlation_knows_order_ties_and_nothing():
    assert script.rank_correlation(np.array([1, 2, 3]), np.array([1, 10, 11])) == pytest.approx(1)
    assert script.rank_correlation(np.array([1, 2, 3]), np.array([9, 5, 1])) == pytest.approx(-1)
    assert script.rank_correlation(np.array([1, 1, 2]), np.array([1, 1, 2])) == pytest.approx(1)
    assert script.rank_correlation(np.array([1, 1, 1]), np.array([1, 2, 3])) == 0


def test_phrases_of_one_plan_share_no_class():
    class Anything:
        def heats(self, photo, targets):
            raise AssertionError

    ids = {"wall": frozenset({1}), "accent wall": frozenset({1}), "floor": frozenset({2}), "sofa": frozenset({3})}
    words = ["wall", "accent wall", "floor", "sofa", "lamp"]
    assert script.plans(words, ids, Anything()) == [["wall", "floor", "sofa"], ["accent wall", "lamp"]]


def labelled(folder: Path, photos: int) -> None:
    """A folder of photos with a disc that is labelled, some of it not where its painted mask is."""
    for place in ("images", "labels", "masks"):
        (folder / place).mkdir(parents=True)
    items = []
    for number in range(photos):
        cv2.imwrite(str(folder / "images" / f"{number}.png"), room(48, 64, seed=number)[..., ::-1])
        hard = disc((48, 64), (20 + number, 24), 12)
        cv2.imwrite(str(folder / "labels" / f"{number}.png"), np.where(hard, 2, 1).astype(np.uint8))
        phrases = [{"phrase": "lamp", "area": float(hard.mean())}]
        items.append({"image": f"images/{number}.png", "label": f"labels/{number}.png", "phrases": phrases})
    (folder / "index.json").write_text(json.dumps({"items": items}))
    (folder / "classes.json").write_text(json.dumps({"1": "wall", "2": "lamp"}))
    cv2.imwrite(str(folder / "masks" / "lamp.png"), disc((48, 64), (20, 24), 12).astype(np.uint8) * 220)


def test_a_whole_run_measures_fits_reports_and_writes(tmp_path: Path, capsys):
    labelled(tmp_path / "data", 10)
    files = ["--out", str(tmp_path / "own.json"), "--default", str(tmp_path / "default.json")]
    stages = ["segmenter=painted", f"segmenter.masks='{tmp_path / 'data' / 'masks'}'", "refiner=threshold"]
    rows_file = ["--rows", str(tmp_path / "rows.json")]
    assert script.main(["--data", str(tmp_path / "data"), *files, *rows_file, *stages]) == 0
    said = capsys.readouterr().out
    assert "10 masks of 10 photos" in said
    assert "| expected |" in said
    own, default = (read_fit(tmp_path / name) for name in ("own.json", "default.json"))
    assert set(own.phrases) == {"lamp"}
    assert default.phrases == {}
    stored = json.loads((tmp_path / "rows.json").read_text())
    assert [row["iou"] for row in stored] == sorted((row["iou"] for row in stored), reverse=True)  # ever further off
    # What was measured is not measured again.
    (tmp_path / "data" / "index.json").unlink()
    assert script.main([*files, *rows_file, *stages]) == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "no photos; name folders with --data"),
        (["--data", "x", "--split", "held_out"], "the held-out kitchens are for --check; fit on --split development"),
    ],
)
def test_what_cannot_be_fitted_is_refused(arguments: list[str], said: str, capsys):
    assert script.main(arguments) == UsageError("").exit_status
    assert capsys.readouterr().err == f"fit_quality: {said}\n"


def test_a_fit_needs_photos_to_be_judged_by(tmp_path: Path, capsys):
    labelled(tmp_path / "data", 2)
    stages = ["segmenter=painted", f"segmenter.masks='{tmp_path / 'data' / 'masks'}'", "refiner=threshold"]
    assert script.main(["--data", str(tmp_path / "data"), "--out", str(tmp_path / "own.json"), *stages]) == 2
    assert "masks of 2 photos; measure at least 5" in capsys.readouterr().err
    assert not (tmp_path / "own.json").exists()
