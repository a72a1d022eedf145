from pathlib import Path

import pytest

from automask.batches.forecast import Cost, Estimate, estimate


def of(costs, megapixels, *, workers=1, start_s=0.0):
    return estimate(costs, megapixels, workers=workers, start_s=start_s, out=Path())


def test_time_and_disk_grow_with_the_megapixels_and_time_is_shared_among_the_workers():
    costs = [Cost(2.0, 9.0, 1_000_000), Cost(2.0, 4.0, 3_000_000)]
    one, two = of(costs, [1.0] * 500, start_s=3.0), of(costs, [1.0] * 500, workers=2, start_s=3.0)
    assert (one.took_s, two.took_s) == (3 + 500 * 2, 3 + 500)  # the first photo also warms up
    assert (one.disk_mb, two.disk_mb) == (500, 500)
    assert two.memory_mb == pytest.approx(3 * one.memory_mb, rel=0.05)


def test_a_photo_of_unknown_size_counts_as_the_usual_one():
    assert of([Cost(2.0, 4.0, 10)], [None, None]).took_s == of([Cost(2.0, 4.0, 10)], [2.0, 2.0]).took_s


def test_a_gpu_s_memory_is_that_of_the_photos_that_were_tried(monkeypatch):
    assert of([Cost(2.0, 4.0, 10)], [2.0]).gpu_mb is None  # no GPU here
    monkeypatch.setattr("automask.batches.forecast.gpu_peak_mb", lambda: 2345.0)
    assert of([Cost(2.0, 4.0, 10)], [2.0]).gpu_mb == 2345.0


def test_what_there_is_too_little_of_is_named():
    full = Estimate(1, 1, 1.0, 100.0, 99.0, 10.0, 11.0, None)
    assert full.lacks == ("disk",)
