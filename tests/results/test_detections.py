"""Regions as supervision's detections; skipped and counted where supervision is not installed."""

import sys

import numpy as np
import pytest
from regions import island_and_lamp, region

import automask
from automask.errors import ExtraMissing


def test_the_found_regions_are_detections():
    supervision = pytest.importorskip("supervision", reason="needs supervision")
    detections = automask.to_detections(island_and_lamp())
    assert isinstance(detections, supervision.Detections)
    assert len(detections) == 2
    np.testing.assert_array_equal(detections.mask, [island_and_lamp()[0].mask, island_and_lamp()[2].mask])
    np.testing.assert_array_equal(detections.xyxy[0], [4, 17, 21, 34])
    np.testing.assert_allclose(detections.confidence, [0.9, 0.9])
    assert detections.class_id.tolist() == [0, 2]
    assert detections.data["class_name"].tolist() == ["island", "lamp"]
    np.testing.assert_allclose(detections.area, [island_and_lamp()[0].mask.sum(), island_and_lamp()[2].mask.sum()])
    assert len(detections[detections.confidence > 0.95]) == 0
    photo = np.zeros((40, 60, 3), np.uint8)
    assert supervision.MaskAnnotator().annotate(photo.copy(), detections).any()
    assert supervision.LabelAnnotator().annotate(photo.copy(), detections).any()


def test_nothing_found_is_no_detection_and_a_given_mask_is_certain():
    pytest.importorskip("supervision", reason="needs supervision")
    assert len(automask.to_detections(())) == 0
    nothing = automask.to_detections(island_and_lamp()[1:2])
    assert len(nothing) == 0
    given = automask.to_detections([region("island", np.ones((40, 60), bool), peak=None)])
    assert given.confidence.tolist() == [1.0]


def test_without_supervision_the_command_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "supervision", None)
    with pytest.raises(ExtraMissing) as stop:
        automask.to_detections(island_and_lamp())
    assert str(stop.value) == "to_detections needs the package supervision; run: pip install supervision"
