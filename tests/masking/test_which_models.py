"""Words that point, with the nets that only the `models` extra brings: real classes, tiny random weights."""

import numpy as np
import pytest
from drawing import room

from automask.masking.find import find_regions
from automask.plan import parse_targets
from automask.protocols import Stages
from automask.testing import Identity, tiny_clipseg, tiny_sam, tiny_sam3
from automask.types import BoxRecipe, MaskRecipe

pytestmark = [pytest.mark.models, pytest.mark.usefixtures("one_thread")]

BARE = MaskRecipe(min_speck_frac=0, max_hole_frac=0, dilate_px=0, feather_px=0)


@pytest.mark.parametrize("make", [tiny_clipseg, tiny_sam3])
def test_words_that_point_are_taken_off_and_pick_some_of_what_is_found(make, monkeypatch):
    segmenter, photo, asked = make(), room(48, 64), []
    for name in ("heats", "survey"):
        if hasattr(segmenter, name):
            method = getattr(segmenter, name)

            def watched(photo, targets, method=method):
                asked.append(tuple(targets))
                return method(photo, targets)

            monkeypatch.setattr(segmenter, name, watched)
    heat = segmenter.heats(photo, ["chair"])[0]
    boxes = BoxRecipe(threshold=float(np.quantile(heat, 0.8)), min_area_frac=0.0, pad_frac=0.0, max_boxes=4)
    stages = Stages(segmenter, tiny_sam(), Identity(), boxes, BARE)

    def found(words):
        return find_regions(photo, parse_targets(words), stages, list_instances=True)[0]

    whole = found("chair")
    assert whole.found
    assert [one.number for one in whole.instances] == list(range(1, len(whole.instances) + 1))
    each = parse_targets("; ".join(f"chair {one.number}" for one in whole.instances))
    parts = find_regions(photo, each, stages)
    assert np.array_equal(sum(part.hard.astype(int) for part in parts), whole.hard)
    for part, one in zip(parts, whole.instances, strict=True):
        assert np.array_equal(part.hard[one.box.slices], one.hard)
    for words in ("the left chair", "all but the largest chair"):
        region = found(words)
        (choice,) = region.choices
        chosen = [parts[number - 1].hard for number in choice.numbers]
        assert bool(chosen) == (choice.reason is None)
        assert np.array_equal(region.hard, np.logical_or.reduce([np.zeros_like(whole.hard), *chosen]))
    assert {*asked} == {("chair",)}
