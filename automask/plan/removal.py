"""The words that take things away, and the sets of things that have one name."""

import functools
from collections.abc import Mapping
from pathlib import Path

from automask.plan.text import normalised

REMOVAL_WORDS = ("remove", "nothing", "gone", "empty")
"""What a thing becomes that is to go; letters' case and spaces do not matter."""

SETS_FILE = Path(__file__).with_name("sets.yaml")


def is_removal(prompt: str) -> bool:
    """Whether a prompt says that things are to go and what is behind them is to show."""
    return normalised(prompt) in REMOVAL_WORDS


def members_of(target: str) -> tuple[str, ...]:
    """The things that a set's name stands for, in the order of `sets.yaml`; empty for any other target.

    A thing of a set that is not in the photo is passed over without a word.
    """
    return sets().get(normalised(target), ())


@functools.cache
def sets() -> Mapping[str, tuple[str, ...]]:
    """All sets: their things by their name."""
    import yaml  # comes with Hydra

    read = yaml.safe_load(SETS_FILE.read_text(encoding="utf-8"))
    return {name: tuple(things) for name, things in read.items()}
