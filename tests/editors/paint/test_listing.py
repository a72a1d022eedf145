"""The catalogue as a person sees it. That the page in docs/ says the same is in test_prompts.py."""

from itertools import groupby

import numpy as np
import pytest

from automask.editors.paint.catalogue import MATERIALS
from automask.editors.paint.finishes import FINISHES
from automask.editors.paint.listing import finish_of, group_of, materials, sample
from automask.errors import EditorError


def test_every_material_is_listed_once_in_groups_that_are_not_torn_apart():
    rows = materials()
    assert sorted(row["name"] for row in rows) == sorted(MATERIALS)
    groups = [group for group, _ in groupby(rows, key=lambda row: row["group"])]
    assert len(groups) == len(set(groups))
    assert all(row["group"] == group_of(row["name"]) for row in rows)


@pytest.mark.parametrize(
    ("group", "names"),
    [
        (
            "wood",
            {
                "oak",
                "ash",
                "walnut",
                "smoked oak",
                "ebony",
                "pine",
                "maple",
                "beech",
                "cherry wood",
                "teak",
                "mahogany",
            },
        ),
        ("metal", {"brass", "brushed steel"}),
        ("cloth, leather and cane", {"linen", "wool", "velvet", "leather", "rattan"}),
        (
            "tile and brick",
            {"brick", "white brick", "subway tile", "square tile", "hexagon tile", "stone tile", "zellige"},
        ),
        ("wallpaper", {"wallpaper"}),
    ],
)
def test_a_group_holds_what_its_heading_says(group, names):
    assert {name for name in MATERIALS if group_of(name) == group} == names


@pytest.mark.parametrize("word", ["matt", "eggshell", "satin", "semi gloss", "gloss"])
def test_a_finish_is_told_by_its_own_word_and_by_what_is_near_it(word):
    for gloss in (FINISHES[word], FINISHES[word] + 0.04, FINISHES[word] - 0.04):
        assert finish_of(gloss) == word


def test_a_material_that_leaves_highlights_alone_has_no_finish():
    assert finish_of(None) == ""
    rows = {row["name"]: row["finish"] for row in materials()}
    assert all((rows[name] == "") == (look.gloss is None) for name, look in MATERIALS.items())


@pytest.mark.parametrize("name", ["granite", "oak planks", "linen"])
def test_a_sample_has_the_size_asked_for_and_the_seed_is_its_only_chance(name):
    first = sample(name, size_hw=(40, 70), seed=3)
    assert (first.shape, first.dtype) == ((40, 70, 3), np.uint8)
    np.testing.assert_array_equal(sample(name, size_hw=(40, 70), seed=3), first)
    assert (sample(name, size_hw=(40, 70), seed=4) != first).any()


def test_a_sample_shows_more_of_a_material_from_farther_away():
    """Twice the metres: of two colours of stripes there are twice as many changes."""
    near, far = (
        sample("wallpaper", size_hw=(20, 600), px_per_m=px_per_m)[10, :, 0].astype(int) for px_per_m in (400, 200)
    )
    changes = [np.count_nonzero(np.diff(row > np.median(row))) for row in (near, far)]
    assert changes[1] == pytest.approx(2 * changes[0], abs=2)


@pytest.mark.parametrize("name", ["", "Oak", "cheese"])
def test_a_sample_of_nothing_known_says_where_to_look(name):
    with pytest.raises(EditorError) as caught:
        sample(name)
    assert str(caught.value) == f"no material {name!r}; see 'automask materials'"
