"""Kept masks: the same result with and without them, found once for all who want them, and never another's."""

import hashlib
import json
import os
import pickle
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from drawing import room
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import automask
from automask import fingerprint
from automask.errors import ConfigError, TargetMissing
from automask.images import open_photo
from automask.masking.cache import MaskCache, cached_regions, key_of, read_entry, write_entry
from automask.masking.find import find_regions as find_uncached
from automask.plan import parse_plan
from automask.refiners.threshold import Threshold
from automask.segmenters.painted import Painted
from automask.types import Box, Region

PLAN = parse_plan("island except handles -> navy; lamp, yacht -> gold")


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("AUTOMASK_CACHE", str(tmp_path / "cache"))
    return MaskCache(tmp_path / "cache" / "masks", 10)


@pytest.fixture
def looks(monkeypatch):
    """One entry for each time that a segmenter looked at a photo."""
    seen = []
    look = Painted.heats

    def heats(self, photo, targets):
        seen.append(tuple(targets))
        return look(self, photo, targets)

    monkeypatch.setattr(Painted, "heats", heats)
    return seen


def entries(cache):
    return sorted(cache.folder.glob("*.masks"))


def same(one, other):
    fields = ("target", "found", "boxes", "peak", "read_as", "missing", "reason", "expected_iou", "presence")
    return all(
        [getattr(a, field) for field in fields] == [getattr(b, field) for field in fields]
        and all(
            getattr(a, plane).dtype == getattr(b, plane).dtype
            and getattr(a, plane).tobytes() == getattr(b, plane).tobytes()
            for plane in ("hard", "alpha")
        )
        for a, b in zip(one, other, strict=True)
    )


def test_what_comes_from_the_cache_is_what_was_found(scene, cache, looks):
    stages, photo = automask.load(overrides=scene.overrides), open_photo(scene.photo)
    uncached = find_uncached(photo.rgb, PLAN, stages)
    first, kept_first = cached_regions(photo, PLAN, stages, cache)
    again, kept_again = cached_regions(photo, PLAN, stages, cache)
    assert (kept_first, kept_again) == (False, True)
    assert len(looks) == 2
    assert same(first, uncached)
    assert same(again, uncached)
    assert uncached[1].missing == ("yacht",)


def test_an_edit_is_the_same_with_kept_masks_and_says_so_under_timing_only(scene, cache, looks, tmp_path):
    folders = [tmp_path / "without", tmp_path / "first", tmp_path / "again"]
    for folder, room_mb in zip(folders, (None, 5, 5), strict=True):
        automask.edit(scene.photo, PLAN, overrides=scene.overrides, mask_cache_mb=room_mb).save(folder)
    assert len(looks) == 2
    files = [sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file()) for folder in folders]
    assert files[0] == files[1] == files[2]
    records = []
    for folder in folders:
        for name in files[0]:
            if name.name == "kitchen.run.json":
                records.append(json.loads((folder / name).read_text(encoding="utf-8")))
            else:
                assert (folder / name).read_bytes() == (folders[0] / name).read_bytes()
    timings = [record.pop("timing") for record in records]
    assert records[0] == records[1] == records[2]
    assert [timing.get("masks_from_cache", False) for timing in timings] == [False, False, True]


def test_a_kept_starters_record_names_the_same_packages(cache, tmp_path):
    # A fresh process each: the second one has no need of the net.
    code = "import automask, numpy as np; from automask.testing import Identity\n"
    code += "photo = np.random.default_rng(0).integers(0, 255, (64, 96, 3), dtype=np.uint8)\n"
    code += "made = automask.edit(photo, 'wall -> x', editor=Identity(), mask_cache_mb=5)\n"
    code += "print(made.record['versions'], made.record['timing'].get('masks_from_cache', False))"
    said = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout for _ in "ab"
    ]
    assert [line.split()[-1] for line in said] == ["False", "True"]
    assert said[0].rpartition(" ")[0] == said[1].rpartition(" ")[0]


def test_masks_are_found_once_for_all_variants_and_for_other_words_right_of_the_arrow(scene, cache, looks):
    made = list(automask.variants(scene.photo, "island -> {navy, gold, white}; lamp -> red", overrides=scene.overrides))
    assert [name for name, _ in made] == ["navy", "gold", "white"]
    assert len(looks) == 1
    assert entries(cache) == []
    for prompt in ("navy", "gold", "white"):
        automask.edit(scene.photo, f"island -> {prompt}", overrides=[*scene.overrides, "mask_cache_mb=3"])
    assert len(looks) == 2
    assert len(entries(cache)) == 1


@pytest.mark.parametrize(
    ("words", "overrides"),
    [
        ("island -> navy; lamp -> red", ()),
        ("island except handles -> navy", ()),
        ("island -> navy; keep lamp", ()),
        ("lamp -> navy", ()),
        ("island -> navy", ("boxes.threshold=0.5",)),
        ("island -> navy", ("mask.dilate_px=9",)),
        ("island -> navy", ("refiner.threshold=0.6",)),
    ],
)
def test_a_key_belongs_to_words_and_settings(scene, words, overrides):
    stages = automask.load(overrides=scene.overrides)
    other = automask.load(overrides=[*scene.overrides, *overrides])
    key = key_of("photo", parse_plan("island -> navy"), stages)
    assert key is not None
    assert key_of("photo", parse_plan(words), other) != key
    assert key_of("another", parse_plan("island -> navy"), stages) != key
    assert key_of("photo", parse_plan("Island -> matt oak"), stages) == key


def test_a_key_belongs_to_drawn_masks_nets_and_versions(scene, monkeypatch):
    stages = automask.load(overrides=scene.overrides)
    plan = parse_plan("island -> navy")
    keys = [key_of("photo", plan, stages)]
    (scene.folder / "heat" / "island.png").write_bytes((scene.folder / "heat" / "lamp.png").read_bytes())
    keys.append(key_of("photo", plan, stages))
    net = scene.folder / "net.onnx"
    monkeypatch.setattr(Threshold, "own_files", (net,), raising=False)
    for content in (b"one", b"other"):
        net.write_bytes(content)
        keys.append(key_of("photo", plan, stages))
    monkeypatch.setattr("automask._version.__version__", "99")
    keys.append(key_of("photo", plan, stages))
    digest = fingerprint._digest_once
    for changed in ("vocabulary.py", "borders.py"):  # what reads the words, and what says where the room is
        monkeypatch.setattr(
            fingerprint, "_digest_once", lambda path, name=changed: name if Path(path).name == name else digest(path)
        )
        keys.append(key_of("photo", plan, stages))
    assert len(set(keys)) == len(keys)


def test_stages_made_by_hand_and_ready_objects_are_never_kept(scene, cache, looks):
    loaded = automask.load(overrides=scene.overrides)
    by_hand = replace(loaded, config={})
    mine = Painted(masks=str(scene.folder / "heat"))
    for ready in (
        {"stages": by_hand},
        {"overrides": scene.overrides, "segmenter": mine},
        {"stages": loaded, "refiner": Threshold()},
    ):
        for _ in range(2):
            automask.edit(scene.photo, "lamp -> gold", mask_cache_mb=5, **ready)
    assert len(looks) == 6
    assert entries(cache) == []


@pytest.mark.parametrize("room_mb", [None, 0])
def test_nothing_is_written_by_default(scene, cache, room_mb):
    automask.edit(scene.photo, "lamp -> gold", overrides=scene.overrides, mask_cache_mb=room_mb)
    assert not cache.folder.parent.exists()


def test_what_is_missing_is_missing_from_the_cache_too(scene, cache, looks):
    overrides = [*scene.overrides, "mask_cache_mb=5"]
    automask.edit(scene.photo, "yacht -> gold", overrides=overrides)
    with pytest.raises(TargetMissing, match=r"no 'yacht' was found \(heat 0\.00"):
        automask.edit(scene.photo, "yacht -> gold", overrides=overrides, on_missing="fail")
    assert len(looks) == 1


class Bomb:
    """Says when it is unpickled."""

    def __reduce__(self):
        return (os.mkdir, ("unpickled",))


@pytest.fixture
def entry(scene, cache):
    """An entry, the arguments that find it, and what is in it."""
    asked = (open_photo(scene.photo), PLAN, automask.load(overrides=scene.overrides), cache)
    regions, _ = cached_regions(*asked)
    (path,) = entries(cache)
    return path, asked, regions


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_damaged_entry_is_made_again(entry, data):
    path, asked, found = entry
    whole = path.read_bytes()
    at = data.draw(st.integers(0, len(whole) - 1))
    harm = data.draw(st.sampled_from(["flip", "cut", "grow"]))
    flipped = whole[:at] + bytes([whole[at] ^ 1 << data.draw(st.integers(0, 7))]) + whole[at + 1 :]
    path.write_bytes({"flip": flipped, "cut": whole[:at], "grow": whole + b"x"}[harm])
    regions, kept = cached_regions(*asked)
    assert not kept
    assert same(regions, found)
    assert cached_regions(*asked)[1]


@pytest.mark.parametrize("content", [b"", b"hello", pickle.dumps(Bomb()), np.arange(3).tobytes()])
def test_an_invalid_entry_is_made_again_and_never_run(entry, content, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    path, asked, _ = entry
    for written in (content, hashlib.sha256(content).digest() + content):
        path.write_bytes(written)
        assert not cached_regions(*asked)[1]
        assert cached_regions(*asked)[1]
    assert not Path("unpickled").exists()


def test_another_s_entry_under_this_name_is_not_believed(scene, entry):
    path, (photo, _, stages, cache), _ = entry
    other = parse_plan("lamp -> gold; island -> navy")
    key = key_of(photo.digest, other, stages)
    path.rename(cache.folder / f"{key}.masks")
    regions, kept = cached_regions(photo, other, stages, cache)
    assert not kept
    assert [region.target for region in regions] == ["lamp", "island"]


def test_any_alpha_survives(tmp_path):
    alpha = np.random.default_rng(1).random((7, 9), dtype=np.float32)
    region = Region(
        "a, b", True, alpha > 0.5, alpha, (Box(1, 2, 3, 4),), 0.1 + 0.2, ("c", "d"), ("b",), "no 'b': küche"
    )
    region = replace(region, foreign=alpha > 0.7)
    write_entry(tmp_path / "x.masks", "key", (region,))
    read = read_entry(tmp_path / "x.masks", "key", 1, (7, 9))
    assert read is not None
    assert same(read, (region,))
    assert (read[0].foreign == region.foreign).all()
    assert read_entry(tmp_path / "x.masks", "key", 1, (9, 7)) is None


def test_the_entries_that_were_not_used_for_longest_go_first(scene, cache):
    stages, photo = automask.load(overrides=scene.overrides), open_photo(scene.photo)
    plans = [parse_plan(f"{words} -> x") for words in ("island", "lamp", "handles", "island, lamp")]
    keys = [key_of(photo.digest, plan, stages) for plan in plans]
    for age, plan in enumerate(plans[:3]):
        cached_regions(photo, plan, stages, cache)
        os.utime(cache.folder / f"{keys[age]}.masks", (age, age))
    cached_regions(photo, plans[0], stages, cache)  # the first is used again: now the second is the oldest
    elsewhere = replace(cache, folder=cache.folder / "elsewhere")
    cached_regions(photo, plans[3], stages, elsewhere)
    sizes = {path.stem: path.stat().st_size for path in (*entries(cache), *entries(elsewhere))}
    room_bytes = sum(sizes[keys[number]] for number in (0, 2, 3))
    cached_regions(photo, plans[3], stages, replace(cache, max_mb=room_bytes / 1e6))
    assert {path.stem for path in entries(cache)} == {keys[0], keys[2], keys[3]}
    cached_regions(photo, plans[1], stages, replace(cache, max_mb=1e-6))
    assert entries(cache) == []


def test_a_cache_that_cannot_be_written_costs_no_result(scene, tmp_path, monkeypatch, looks):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("AUTOMASK_CACHE", str(tmp_path / "file"))
    outcome = automask.edit(scene.photo, "lamp -> gold", overrides=scene.overrides, mask_cache_mb=5)
    assert outcome.steps[0].area_px > 0


def test_of_two_who_want_the_same_masks_at_once_one_finds_them(scene, cache, looks, monkeypatch):
    stages, photo = automask.load(overrides=scene.overrides), open_photo(scene.photo)
    look = Painted.heats

    def slowly(self, photo, targets):
        time.sleep(0.05)
        return look(self, photo, targets)

    monkeypatch.setattr(Painted, "heats", slowly)
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(cached_regions(photo, PLAN, stages, cache))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(kept for _, kept in found) == [False, True, True, True]
    assert len(looks) == 1


@pytest.mark.parametrize("room_mb", [-1, "many", True, float("nan")])
def test_a_size_that_is_none_is_refused(scene, room_mb):
    with pytest.raises(ConfigError, match=r"mask_cache_mb is .*; give megabytes, or 0 to keep no masks"):
        automask.edit(room(), "lamp -> gold", mask_cache_mb=room_mb)
    with pytest.raises(ConfigError, match="mask_cache_mb is -1: give megabytes, or 0 to keep no masks"):
        automask.edit(room(), "lamp -> gold", overrides=["mask_cache_mb=-1"])
