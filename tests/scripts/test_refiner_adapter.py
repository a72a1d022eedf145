"""The laws of the refiner that a trained net makes; here of an untrained net, which gives the heat back."""

import sys
from pathlib import Path

import numpy as np
import pytest

from automask.capabilities import capabilities_of
from automask.errors import ConfigError, RefinerError
from automask.masking.boxes import boxes_from_heat
from automask.types import Box

pytestmark = pytest.mark.models
pytest.importorskip("torch", reason="needs the 'models' extra")
pytest.importorskip("onnx", reason="an export needs onnx")


@pytest.fixture(scope="module")
def adapter():
    sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))
    try:
        from train_refiner import adapter, export, net

        return adapter, export, net
    finally:
        sys.path.pop(0)


@pytest.fixture(scope="module")
def refiner(adapter, tmp_path_factory):
    from train_starter.export import fold_norms

    module, export, net = adapter
    folder = tmp_path_factory.mktemp("weights")
    untrained = net.Outline().eval()
    fold_norms(untrained)
    export.export(untrained, folder, {})
    return module.Outline(str(folder), side_px=256)


@pytest.fixture(scope="module")
def scene():
    """A white cabinet on a grey wall, its rough heat, and the exact mask."""
    mask = np.zeros((180, 240), np.bool_)
    mask[60:150, 70:180] = True
    photo = np.full((180, 240, 3), 120, np.uint8)
    photo[mask] = 235
    photo[150:] = 70
    heat = np.zeros((1, 180, 240), np.float32)
    heat[0, 66:146, 76:176] = 0.9
    return photo, heat, mask


def boxes_of(heats):
    return tuple(boxes_from_heat(heat, threshold=0.35, min_area_frac=0.001) for heat in heats)


def iou(one, other):
    return np.count_nonzero(one & other) / max(np.count_nonzero(one | other), 1)


def test_a_phrase_without_boxes_stays_empty(refiner, scene):
    photo, heat, _ = scene
    both = np.concatenate([heat, np.zeros_like(heat)])
    found = refiner.refine(photo, both, boxes_of(both))
    assert found[0].any()
    assert not found[1].any()


def test_a_phrase_does_not_depend_on_what_else_is_asked(refiner, scene):
    photo, heat, _ = scene
    other = np.zeros_like(heat)
    other[0, 155:175, 10:230] = 0.9
    alone = refiner.refine(photo, heat, boxes_of(heat))[0]
    together = refiner.refine(photo, np.concatenate([other, heat]), (*boxes_of(other), *boxes_of(heat)))[1]
    assert iou(alone, together) > 0.999


def test_the_same_photo_and_heat_give_the_same_bytes(refiner, scene):
    photo, heat, _ = scene
    first, again = (refiner.refine(photo, heat, boxes_of(heat)) for _ in range(2))
    assert np.array_equal(first, again)


def test_a_mark_takes_away_and_a_mark_adds(refiner, scene):
    photo, heat, mask = scene
    positive, negative = np.zeros_like(mask), np.zeros_like(mask)
    plain = refiner.refine_with(photo, heat, boxes_of(heat), positive[None], negative[None])[0]
    assert np.array_equal(plain, refiner.refine(photo, heat, boxes_of(heat))[0])
    negative[95:115, 80:170] = True
    less = refiner.refine_with(photo, heat, boxes_of(heat), positive[None], negative[None])[0]
    assert not less[negative].any()
    assert np.count_nonzero(less) < np.count_nonzero(plain)
    positive[160:170, 40:200] = True
    more = refiner.refine_with(photo, heat, boxes_of(heat), positive[None], np.zeros_like(negative)[None])[0]
    assert np.count_nonzero(more) > np.count_nonzero(plain)


def test_a_mark_alone_is_enough(refiner, scene):
    photo, heat, mask = scene
    positive = np.zeros_like(mask)
    positive[100:110, 110:140] = True
    none = np.zeros_like(heat)
    (found,) = refiner.refine_with(photo, none, ((),), positive[None], np.zeros_like(positive)[None])
    assert found[positive].mean() > 0.5


def test_small_and_odd_photos_are_refined(refiner):
    for height, width in ((1, 1), (17, 33), (300, 41)):
        photo = np.full((height, width, 3), 90, np.uint8)
        heat = np.full((1, height, width), 0.9, np.float32)
        found = refiner.refine(photo, heat, ((Box(0, 0, width, height),),))
        assert found.shape == (1, height, width)
        assert found.mean() > 0.9


def test_marks_of_another_shape_are_refused(refiner, scene):
    photo, heat, mask = scene
    with pytest.raises(RefinerError, match="for each phrase"):
        refiner.refine_with(photo, heat, boxes_of(heat), mask[None, :10], mask[None])


@pytest.mark.parametrize(
    ("settings", "said"),
    [({"side_px": 8}, "side_px is 8"), ({"level": 0.0}, "level is 0"), ({"threads": 0}, "threads is 0")],
)
def test_settings_out_of_range_are_refused(adapter, settings, said):
    with pytest.raises(ConfigError, match=said):
        adapter[0].Outline("weights", **settings)


def test_its_files_decide_what_it_answers(refiner):
    assert all(path.exists() for path in capabilities_of(refiner).own_files)
