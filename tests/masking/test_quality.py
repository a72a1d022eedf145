"""The expected quality of a mask: its features on heat drawn by hand, and fits on disk."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from drawing import disc, room

from automask.errors import ConfigError
from automask.masking.find import find_regions
from automask.masking.quality import DEFAULT, QualityFit, features, fit_content, read_fit, weighted_mean
from automask.plan import parse_targets
from automask.protocols import Stages
from automask.refiners.threshold import Threshold
from automask.segmenters.starter import Starter
from automask.testing import Identity, PaintedHeat
from automask.types import BoxRecipe, Survey

SIZE = (96, 128)
OBJECT = disc(SIZE, (60, 48), 24)
PHOTO = room(*SIZE)
FIT = QualityFit({"soft_iou": 0.0}, {"soft_iou": 1.0}, {"soft_iou": 1.0}, 0.0, {"lamp": 1.0})


def heat_of(inside: float, outside: float = 0.02) -> np.ndarray:
    return np.where(OBJECT, np.float32(inside), np.float32(outside))


def test_the_soft_iou_is_that_of_exact_heat():
    measured = features(PHOTO, heat_of(0.8, 0.1), OBJECT)
    inside, outside = OBJECT.mean(), 1 - OBJECT.mean()
    expected = 0.8 * inside / (inside + 0.1 * outside)
    assert measured["soft_iou"] == pytest.approx(math.log(expected / (1 - expected)), abs=0.1)
    assert measured["share"] == pytest.approx(math.log(inside), abs=0.02)


def test_surer_heat_and_less_of_it_outside_are_expected_to_be_better():
    for path in (DEFAULT, Starter.quality):
        fit = read_fit(Path(path))
        rising = [fit.expected_iou(features(PHOTO, heat_of(inside), OBJECT)) for inside in (0.4, 0.6, 0.8, 0.98)]
        assert rising == sorted(rising)
        spread = [fit.expected_iou(features(PHOTO, heat_of(0.9, outside), OBJECT)) for outside in (0.01, 0.1, 0.3)]
        assert spread == sorted(spread, reverse=True)
        assert rising[-1] > max(rising[0] + 0.25, 0.75)


def test_an_edge_of_the_photo_at_the_border_speaks_for_the_mask():
    edged = np.where(OBJECT[..., None], np.uint8(200), np.uint8(60)) * np.ones((1, 1, 3), np.uint8)
    elsewhere = np.roll(edged, 40, axis=1)
    on, off = (features(photo, heat_of(0.9), OBJECT)["edge_contrast"] for photo in (edged, elsewhere))
    assert on > off + 1


def test_parts_are_counted():
    both = OBJECT | disc(SIZE, (12, 12), 6)
    assert features(PHOTO, heat_of(0.9), both)["parts"] == pytest.approx(math.log(2))
    assert features(PHOTO, heat_of(0.9), OBJECT)["parts"] == 0


@pytest.mark.parametrize("size", [(1, 1), (1, 400), (700, 3), (96, 128), (900, 1300)])
@pytest.mark.parametrize("kind", ["one pixel", "everything"])
def test_features_are_finite_whatever_is_measured(size, kind):
    hard = np.full(size, kind == "everything")
    hard[size[0] // 2, size[1] // 2] = True
    for heat in (np.zeros(size, np.float32), np.ones(size, np.float32)):
        measured = features(np.zeros((*size, 3), np.uint8), heat, hard)
        assert all(math.isfinite(value) for value in measured.values()), measured
        assert 0 < FIT.expected_iou(measured) < 1


def test_a_large_photo_is_measured_as_a_small_one_is():
    double = [np.kron(plane, np.ones((8, 8), plane.dtype)) for plane in (heat_of(0.7, 0.1), OBJECT)]
    photo = np.kron(PHOTO, np.ones((8, 8, 1), np.uint8))
    half = [np.kron(plane, np.ones((4, 4), plane.dtype)) for plane in (heat_of(0.7, 0.1), OBJECT)]
    one, other = (
        features(picture, *planes)
        for picture, planes in ((photo, double), (np.kron(PHOTO, np.ones((4, 4, 1), np.uint8)), half))
    )
    assert one == pytest.approx(other, abs=0.15)


def test_what_is_not_given_counts_as_average():
    assert FIT.expected_iou({}) == 0.5
    assert FIT.expected_iou({"other": 5.0}) == 0.5


def test_a_phrase_that_is_found_well_is_expected_to_be_found_well():
    assert FIT.expected_iou({"soft_iou": 0.2}, "lamp") > FIT.expected_iou({"soft_iou": 0.2}, "sofa")


def test_beyond_what_was_fitted_nothing_more_is_claimed():
    assert FIT.expected_iou({"soft_iou": 3.0}) == FIT.expected_iou({"soft_iou": 300.0})
    steep = replace(FIT, weights={"soft_iou": 1e9})
    assert 0 <= steep.expected_iou({"soft_iou": -9.0}) < steep.expected_iou({"soft_iou": 9.0}) <= 1


def test_a_fit_comes_back_from_its_file(tmp_path: Path):
    path = tmp_path / "fit.json"
    path.write_text(json.dumps(fit_content(FIT, {"masks": 3})))
    assert read_fit(path) == FIT


@pytest.mark.parametrize("content", [None, "[]", "{}", '{"features": {"a": {}}, "phrases": {}, "constant": 0}', "{"])
def test_a_file_that_is_no_fit_is_refused(tmp_path: Path, content: str | None):
    path = tmp_path / "fit.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ConfigError, match=r"fit\.json' is no fit of mask quality: .*; write it with scripts/fit_qual"):
        read_fit(path)


def test_a_mean_is_weighted_and_there_is_none_of_nothing():
    assert weighted_mean([0.2, 0.8], [1, 3]) == pytest.approx(0.65)
    assert weighted_mean([], []) is None
    assert weighted_mean([0.5], [0]) is None


# ------------------------------------------------------------ in regions


def regions(words: str, segmenter: object):
    stages = Stages(segmenter, Threshold(), Identity(), boxes=BoxRecipe(pad_frac=0.0))
    return find_regions(PHOTO, parse_targets(words), stages)


HEATS = {"lamp": heat_of(0.9), "rug": np.roll(heat_of(0.5, 0.3), 50, axis=1), "yacht": heat_of(0.1)}


def test_a_region_has_a_quality_that_does_not_depend_on_the_other_edits():
    lamp, rug, yacht = regions("lamp; rug; yacht", PaintedHeat(HEATS))
    assert lamp.expected_iou > rug.expected_iou + 0.5
    assert yacht.expected_iou is None
    assert regions("rug", PaintedHeat(HEATS))[0].expected_iou == rug.expected_iou


def test_a_union_has_the_mean_of_its_parts_by_area():
    lamp, rug = regions("lamp; rug", PaintedHeat(HEATS))
    (both,) = regions("lamp, rug, yacht", PaintedHeat(HEATS))
    assert lamp.expected_iou > both.expected_iou > rug.expected_iou


def test_a_segmenter_s_own_fit_and_evidence_are_used(tmp_path: Path):
    own = QualityFit({"sure": 0.0}, {"sure": 1.0}, {"sure": 1.0}, 0.0, {})
    (tmp_path / "fit.json").write_text(json.dumps(fit_content(own, {})))

    class Sure(PaintedHeat):
        quality = str(tmp_path / "fit.json")

        def survey(self, photo, targets):
            return Survey(self.heats(photo, targets), evidence=tuple({"sure": len(target) - 3.0} for target in targets))

    lamp, rug = regions("lamp; rug", Sure(HEATS))
    assert (lamp.expected_iou, rug.expected_iou) == pytest.approx((1 / (1 + math.exp(-1)), 0.5))


def test_nothing_is_expected_of_masks_that_were_drawn():
    class Drawn(PaintedHeat):
        quality = ""

    (lamp,) = regions("lamp", Drawn(HEATS))
    assert lamp.found
    assert lamp.expected_iou is None
