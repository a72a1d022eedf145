from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import pytest

from automask.signatures import describe, fits, parameters_of


@pytest.mark.parametrize(
    ("value", "hint", "fit"),
    [
        (1, int, True),
        (True, int, False),
        (1, float, True),
        (1.5, int, False),
        ("1", float, False),
        (True, bool, True),
        (1, bool, False),
        ("a", str, True),
        (None, str, False),
        (None, str | None, True),
        (3, str | None, False),
        ("skip", Literal["skip", "fail"], True),
        ("never", Literal["skip", "fail"], False),
        ("a/b", Path, True),
        (["a"], Sequence[str], True),
        ("a", Sequence[str], False),
        ({"a": 1}, Mapping[str, int], True),
        ([1], Mapping[str, int], False),
        ("anything", Any, True),
    ],
)
def test_a_value_fits_its_annotation_or_not(value: object, hint: Any, fit: bool):
    assert fits(value, hint) is fit


@pytest.mark.parametrize(
    ("hint", "words"),
    [
        (int, "a whole number"),
        (float | None, "a number or null"),
        (Literal["skip", "fail"], "skip or fail"),
        (Sequence[str], "a list"),
        (bool, "true or false"),
    ],
)
def test_an_annotation_is_described_in_a_user_s_words(hint: Any, words: str):
    assert describe(hint) == words


class Stage:
    def __init__(self, *, side_px: int = 512, name: "str | None" = None, later: "NotThere" = 0) -> None:  # noqa: F821
        pass

    def paint(self, crop: Any, *, seed: int, scale: float = 1.0) -> None:
        pass


def test_annotations_are_evaluated_and_unreadable_ones_accept_everything():
    parameters = parameters_of(Stage)
    assert list(parameters) == ["side_px", "name", "later"]
    assert [parameter.annotation for parameter in parameters.values()] == [int, str | None, Any]
    assert parameters["side_px"].default == 512


def test_parameters_of_a_bound_method_exclude_self():
    assert list(parameters_of(Stage().paint)) == ["crop", "seed", "scale"]
