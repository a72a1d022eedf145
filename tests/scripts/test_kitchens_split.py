"""Which labelled kitchens are held out: the committed lists, and the laws of the choice on photos made up here."""

import importlib.util
import json
import random
import sys
from pathlib import Path
from typing import Any

import pytest

from automask.errors import UsageError

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "kitchens_split.py"


def _load() -> Any:
    spec = importlib.util.spec_from_file_location("kitchens_split", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


script = _load()
KITCHEN = {"base cabinet": 0.2, "countertop": 0.1}


def _photos(number: int = 200) -> dict[str, dict[str, float]]:
    """Photos in which each class is as often as its chance says; one has a class that no other has."""
    chances = {"wall": 0.95, "base cabinet": 0.7, "countertop": 0.6, "oven": 0.4, "dishwasher": 0.2, "island body": 0.1}
    rng = random.Random(7)
    photos = {
        f"{i:04x}": {name: rng.uniform(0.006, 0.3) for name, chance in chances.items() if rng.random() < chance}
        for i in range(number)
    }
    photos["0000"]["stairs"] = 0.01
    return photos


def test_each_class_is_in_each_list_in_proportion():
    photos = _photos()
    lists = script.split(photos, {"held_out": 50, "development": 25}, seed=1)
    labels = {photo: script.labels_of(shares) for photo, shares in photos.items()}
    for label in ("wall", "oven", "dishwasher", "island body", "kitchen", "no kitchen"):
        everywhere = sum(label in has for has in labels.values())
        for chosen in lists.values():
            here = sum(label in labels[photo] for photo in chosen)
            assert abs(here - everywhere * len(chosen) / len(photos)) <= 2, label


def test_the_lists_have_the_sizes_asked_for_are_sorted_and_share_no_photo():
    photos = _photos()
    lists = script.split(photos, {"held_out": 50, "development": 24})
    assert {name: len(ids) for name, ids in lists.items()} == {"held_out": 50, "development": 24}
    assert all(ids == sorted(ids) for ids in lists.values())
    assert not set(lists["held_out"]) & set(lists["development"])
    assert set().union(*lists.values()) <= set(photos)


def test_a_class_of_one_photo_goes_to_the_largest_part():
    photos = _photos()
    assert "0000" not in set().union(*script.split(photos, {"held_out": 50}).values())


def test_the_choice_depends_on_the_seed_and_not_on_the_order_of_the_index():
    photos = _photos()
    turned = dict(reversed(photos.items()))
    assert script.split(photos, seed=3) == script.split(turned, seed=3)
    assert script.split(photos, seed=3) != script.split(photos, seed=4)


def test_a_class_counts_from_its_least_share_on_and_other_never():
    assert script.labels_of({"wall": 0.006, "oven": 0.0059, "other": 0.5}) == {"wall", "no kitchen"}


@pytest.mark.parametrize("missing", ["base cabinet", "countertop"])
def test_a_kitchen_has_cabinets_and_a_worktop(missing):
    assert script.is_kitchen(KITCHEN)
    assert not script.is_kitchen({name: share for name, share in KITCHEN.items() if name != missing})


def test_too_few_photos_are_refused():
    with pytest.raises(UsageError, match="74 photos are to be chosen of 30") as refused:
        script.split(_photos(30))
    assert "whole folder" in refused.value.hint


def test_the_committed_lists_are_what_the_function_gives():
    if not script.DATA.is_dir():
        pytest.skip(f"the labelled kitchens are not at {script.DATA}")
    assert json.loads(script.SPLIT.read_text()) == script.split(script.read_shares(script.DATA))


def test_the_committed_lists_have_the_sizes_that_the_script_names_and_share_no_photo():
    lists = json.loads(script.SPLIT.read_text())
    assert {name: len(ids) for name, ids in lists.items()} == script.SIZES
    assert len(set(lists["held_out"]) | set(lists["development"])) == sum(script.SIZES.values())
