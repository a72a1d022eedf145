"""Derives the seed of an edit from the run's seed and the edit's own words."""

import hashlib
import json

from automask.plan.text import normalised
from automask.types import Edit


def edit_seed(seed: int, edit: Edit) -> int:
    """The seed for an edit's editor, 0..2**32-1: the edit's own where it has one, otherwise a hash of `seed` and words.

    Only its targets, excepted words and prompt count; their case, spaces and order do not. So an edit keeps its seed
    wherever it is in a plan and whatever the other edits are.
    """
    if edit.seed is not None:
        return edit.seed
    words = [
        seed,
        sorted(map(normalised, edit.targets)),
        normalised(edit.prompt),
        sorted(map(normalised, edit.excepts)),
    ]
    digest = hashlib.sha256(json.dumps(words).encode()).digest()
    return int.from_bytes(digest[:4], "big")


def candidate_seed(seed: int, number: int) -> int:
    """The seed of an edit's candidate, 0..2**32-1. The first one's is the edit's own, so one candidate is the edit."""
    if number == 0:
        return seed
    return int.from_bytes(hashlib.sha256(f"{seed} {number}".encode()).digest()[:4], "big")
