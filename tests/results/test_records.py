from dataclasses import replace

import numpy as np
import pytest
from regions import region, step

from automask.plan import parse_plan
from automask.results import records


def test_a_run_record_has_the_promised_keys_first_and_in_order(kitchen):
    plan = parse_plan("island -> marble")
    record = records.run_record(
        kitchen, plan, [step("island", "marble")], preset="starter", seed=3, timing={"s": 1.23456}
    )
    promised = [
        "schema",
        "photo",
        "size_wh",
        "plan",
        "preset",
        "seed",
        "outside_changed_px",
        "steps",
        "models",
        "versions",
    ]
    assert list(record)[:11] == [*promised, "timing"]
    assert record["size_wh"] == [90, 60]
    assert record["plan"] == "island -> marble"
    assert record["timing"] == {"s": 1.2346}
    first = record["steps"][0]
    keys = ["targets", "read_as", "prompt", "seed", "found", "missing", "peak", "boxes", "area_px", "reason"]
    assert list(first) == [*keys, "expected_iou"]
    assert first["peak"] == 0.1235
    assert first["boxes"] == [[1, 2, 3, 4]]


def test_the_expected_quality_is_recorded_with_the_number_below_which_it_is_to_be_checked(kitchen):
    steps = [replace(step("island", "marble"), expected_iou=0.71828), step("sofa", "red")]
    record = records.run_record(kitchen, parse_plan("island -> marble; sofa -> red"), steps, doubt_below=0.75)
    assert [row["expected_iou"] for row in record["steps"]] == [0.7183, None]
    assert record["doubt_below"] == 0.75
    regions = [replace(region("island", np.ones((60, 90), bool)), expected_iou=0.71828)]
    masks = records.mask_record(kitchen, regions, doubt_below=0.75)
    assert (masks["regions"][0]["expected_iou"], masks["doubt_below"]) == (0.7183, 0.75)


def test_how_likely_a_thing_is_there_is_recorded_where_the_segmenter_said_so(kitchen):
    steps = [replace(step("island", "marble"), presence=(0.98765,)), step("sofa", "red")]
    record = records.run_record(kitchen, parse_plan("island -> marble; sofa -> red"), steps)
    assert [row.get("presence") for row in record["steps"]] == [[0.9877], None]
    regions = [replace(region("island", np.ones((60, 90), bool)), presence=(0.98765,))]
    assert records.mask_record(kitchen, regions)["regions"][0]["presence"] == [0.9877]


def test_json_is_utf8_with_a_newline_and_replaces_the_old_file_whole(tmp_path):
    path = tmp_path / "кухня [1].json"
    records.write_json(path, {"words": "стена → мрамор"})
    records.write_json(path, {"words": "стена → дуб"})
    assert path.read_bytes() == '{\n "words": "стена → дуб"\n}\n'.encode()
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_a_value_that_json_does_not_know_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.json"
    records.write_json(path, 1)
    with pytest.raises(ValueError, match="JSON"):
        records.write_json(path, float("nan"))
    assert path.read_text() == "1\n"
