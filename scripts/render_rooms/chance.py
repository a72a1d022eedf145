"""Weighted choices."""

import random
from typing import TypeVar

T = TypeVar("T")


def pick(rng: random.Random, *pairs: tuple[T, float]) -> T:
    """One of the values of pairs (value, weight)."""
    return rng.choices([value for value, _ in pairs], [weight for _, weight in pairs])[0]
