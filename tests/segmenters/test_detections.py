import numpy as np

from automask.segmenters.detections import Detections, LastLook, heat_of, pieces_of


def found(*rows):
    table = np.array(rows, np.float32).reshape(-1, 5)
    return Detections(table[:, :4], table[:, 4])


def test_a_box_has_its_score_and_the_smaller_of_two_lies_on_top():
    heat = heat_of(found((0, 0, 8, 4, 0.5), (2, 1, 4, 3, 0.25)), (5, 10))
    assert heat.dtype == np.float32
    assert np.array_equal(heat[2, 6:], np.array([0.5, 0.5, 0, 0], np.float32))
    assert heat[4].max() == 0
    assert pieces_of(found((0, 0, 8, 4, 0.5), (2, 1, 4, 3, 0.25)), (5, 10))[1:3, 2:4].tolist() == [[2, 2], [2, 2]]


def test_boxes_that_touch_are_parted_by_a_cold_seam():
    from automask.masking.boxes import boxes_from_heat

    heat = heat_of(found((0, 0, 20, 20, 0.6), (20, 0, 40, 20, 0.5)), (20, 60))
    boxes = boxes_from_heat(heat, threshold=0.3, min_area_frac=0.0, pad_frac=0.0, max_boxes=9)
    assert sorted((box.x0, box.x1) for box in boxes) == [(0, 19), (21, 40)]


def test_boxes_beyond_the_photo_are_cut_and_those_outside_have_no_heat():
    heat = heat_of(found((-5, -5, 3, 3, 0.5), (50, 50, 60, 60, 0.9)), (10, 10))
    assert heat[:3, :3].min() == 0.5
    assert heat[3:].max() == heat[:, 3:].max() == 0


def test_of_two_boxes_around_one_thing_the_better_counts():
    all_ = found((0, 0, 10, 10, 0.3), (0, 0, 10, 9, 0.8), (20, 0, 30, 10, 0.4), (20, 0, 30, 10, 0.01))
    kept = all_.at_least(0.05)
    assert kept.scores.tolist() == np.array([0.8, 0.4], np.float32).tolist()
    assert found().at_least(0.05).boxes.shape == (0, 4)
    assert heat_of(found(), (4, 4)).max() == 0


def test_what_was_seen_belongs_to_one_photo():
    last = LastLook()
    first, second = np.zeros((4, 4, 3), np.uint8), np.ones((4, 4, 3), np.uint8)
    last.of(first)["island"] = "seen"
    assert last.of(first.copy()) == {"island": "seen"}
    assert last.of(second) == {}
    assert last.of(first) == {}
