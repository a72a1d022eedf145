"""Photos of one room: the same sage from both corners, however the batch is run."""

import json
import pickle

import cv2
import numpy as np
import pytest
from batch_jobs import found, pictures, touch, tree

import automask
from automask.batches.find import find_jobs
from automask.batches.shards import Shard
from automask.cli.entry import main
from automask.errors import ConfigError
from automask.fingerprint import digest_in_room, room_digest
from automask.painting.editors import seed_in_room
from automask.plan import edit_seed, parse_plan, variants_from
from automask.types import Region

WALL = (slice(20, 70), slice(30, 100))


@pytest.fixture
def corners(tmp_path, monkeypatch):
    """Two photos of a wall that is the same in both, amid surroundings that are not; and arguments for its mask."""
    (tmp_path / "in").mkdir()
    (tmp_path / "heat").mkdir()
    for name, grey in (("a.png", 200), ("b.png", 160)):
        photo = np.full((96, 128, 3), grey, np.uint8)
        photo[WALL] = (144, 148, 150)
        cv2.imwrite(str(tmp_path / "in" / name), photo)
    heat = np.zeros((96, 128), np.uint8)
    heat[WALL] = 255
    cv2.imwrite(str(tmp_path / "heat" / "walls.png"), heat)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AUTOMASK_CACHE", str(tmp_path / "cache"))
    return tmp_path


STAGES = ("segmenter=painted", "segmenter.masks=heat", "refiner=threshold")


def batch(out, *, words="walls -> sage", notes=None, **more):
    notes = [] if notes is None else notes
    return [report.status for report in automask.batch("in", words, out=out, overrides=STAGES, **more)]


def record(path):
    return json.loads(path.read_text(encoding="utf-8"))


def apart(out):
    one, other = (cv2.imread(str(out / name))[30:60, 45:85].astype(int) for name in ("a.png", "b.png"))
    return np.abs(one - other).mean()


def results(out):
    """All files, records without what a run took."""
    files = {name: data for name, data in tree(out).items() if not name.startswith((".", "batch.log"))}
    for name in [name for name in files if name.endswith(".run.json")]:
        files[name] = {key: value for key, value in json.loads(files[name]).items() if key not in ("timing",)}
    return files


def test_photos_of_one_room_get_one_colour_and_say_so_in_their_records(corners, caplog):
    batch("alone", workers=1)
    batch("out", same_room="lounge", workers=1)
    assert "measuring 2 photos of 1 room first, so that they agree" in caplog.text
    assert apart(corners / "alone") > 5
    assert apart(corners / "out") < 1
    said = [record(corners / "out" / f"{name}.run.json") for name in "ab"]
    assert said[0]["room"] == said[1]["room"]
    assert (said[0]["room"]["name"], said[0]["room"]["photos"], [*said[0]["room"]["agreed"]]) == (
        "lounge",
        2,
        ["Paint: walls"],
    )
    assert all(one["timing"]["masks_from_cache"] for one in said)  # they are found once, to be measured
    assert "room" not in record(corners / "alone" / "a.run.json")


def test_a_room_goes_on_where_it_stopped_and_a_new_photo_makes_all_of_it_again(corners, caplog):
    room = {"same_room": "lounge", "workers": 1}
    batch("out", **room)
    whole = results(corners / "out")
    assert batch("out", **room) == ["skipped", "skipped"]
    (corners / "out" / "b.png").unlink()
    caplog.clear()
    assert batch("out", **room) == ["skipped", "done"]
    assert "measuring" not in caplog.text  # the record of the photo that is done says what they agree on
    assert results(corners / "out") == whole
    assert batch("out", workers=1) == ["done", "done"]  # no room any more
    assert batch("out", **room) == ["done", "done"]
    (corners / "in" / "c.png").write_bytes((corners / "in" / "a.png").read_bytes())
    assert main(["batch", "in", "walls -> sage", "-o", "out", "--same-room", "lounge", "--dry-run", *STAGES]) == 0
    assert batch("out", **room) == ["done", "done", "done"]


def test_what_a_damaged_record_says_of_a_room_is_measured_again(corners, caplog):
    batch("out", same_room="lounge", workers=1)
    whole = results(corners / "out")
    path = corners / "out" / "a.run.json"
    said = record(path)
    said["room"]["agreed"]["Paint: walls"] = {"reflectances": "none"}
    path.write_text(json.dumps(said), encoding="utf-8")
    (corners / "out" / "b.png").unlink()
    caplog.clear()
    batch("out", same_room="lounge", workers=1)
    assert "measuring 2 photos" in caplog.text
    assert record(corners / "out" / "b.run.json")["room"] == whole["b.run.json"]["room"]


def sent(value):
    return pickle.loads(pickle.dumps(value))  # noqa: S301 - our own bytes


class Elsewhere:
    """A mapper whose workers and items go through pickle, as on their way to other processes, last item first."""

    workers = 2

    def map(self, make_worker, items, *, on_error):
        work = sent(make_worker)() if items else None
        for item in reversed(items):
            try:
                yield work(sent(item))
            except Exception as error:
                yield on_error(item, error)


@pytest.mark.slow
def test_several_workers_make_the_files_that_one_makes_and_variants_share_what_is_measured(
    corners, monkeypatch, caplog
):
    room = {"same_room": "lounge", "words": "walls -> {sage, oak}"}
    batch("one", workers=1, **room)
    monkeypatch.setattr("automask.config.build_mapper", lambda _: Elsewhere())
    (corners / "in" / "broken.png").write_bytes(b"no picture")  # it has no say, and stops nobody
    caplog.clear()
    statuses = batch("out", **room)
    assert sorted(statuses) == ["done"] * 4 + ["failed"] * 2
    assert "measuring 3 photos of 1 room" in caplog.text
    for name in ("sage/a.png", "oak/b.png"):
        assert (corners / "out" / name).read_bytes() == (corners / "one" / name).read_bytes()


def test_the_rooms_of_a_csv_are_its_column_s_and_a_row_without_one_gets_the_flag_s(tmp_path):
    touch(tmp_path, "a.jpg", "b.jpg", "c.jpg")
    table = tmp_path / "list.csv"
    table.write_text("photo,edits,Same-Room\na.jpg,wall -> red,hall\nb.jpg,wall -> red,\nc.jpg,wall -> red,hall\n")
    found_jobs = find_jobs(str(table), out=tmp_path / "out", variants=None, same_room="kitchen")
    assert [job.room for job in found_jobs.jobs] == ["hall", "kitchen", "hall"]


def test_all_photos_of_a_room_are_in_one_shard(tmp_path):
    (tmp_path / "in").mkdir()
    source = pictures(tmp_path / "in", *(f"{number}.jpg" for number in range(12)))
    jobs = find_jobs(str(source), out=tmp_path / "out", variants=variants_from("wall -> red"), same_room="hall")
    assert sorted(len(Shard(number, 4).of(jobs).jobs) for number in range(1, 5)) == [0, 0, 0, 12]
    assert all(Shard(number, 4).of(found(source, tmp_path / "out")).jobs for number in range(1, 5))


def test_candidates_would_keep_another_seed_in_each_photo(corners):
    with pytest.raises(ConfigError, match="candidates=2 with photos of one room; each photo would keep the candidate"):
        batch("out", same_room="lounge", candidates=2, workers=1)


def test_a_room_has_a_name(corners):
    with pytest.raises(ConfigError, match="same_room is 12; give the name of a room"):
        batch("out", same_room=12)


def test_a_surface_has_one_seed_in_a_room_by_whatever_words_it_is_called():
    (one,), (other,) = parse_plan("walls except panelling -> marble"), parse_plan("wall -> marble")
    empty = np.zeros((1, 1), bool)
    region = Region("walls", True, empty, empty.astype(np.float32), (), 0.9, read_as=("wall",))
    assert seed_in_room(3, one, region, {}) == seed_in_room(3, other, region, {}) == edit_seed(3, other)
    assert seed_in_room(3, one, region, None) == edit_seed(3, one) != edit_seed(3, other)


def test_a_room_s_digest_is_that_of_all_its_photos_in_any_order():
    assert room_digest(["a", "b"]) == room_digest(["b", "a"]) != room_digest(["b", "a", "b"])
    assert (room_digest(["a", ""]), digest_in_room("a", ""), digest_in_room("", "b")) == ("", "", "")
