"""The settings of one run: everything that decides a result besides photo, plan and loaded stages."""

from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self, cast

import numpy as np

from automask.errors import ConfigError
from automask.types import DISCLOSE, LAYERS, METADATA, ON_DOUBT, Disclose, Layers, Metadata, OnDoubt, OnMissing


class Default:
    """Marks the default of a parameter, to distinguish a caller who gives the same value from one who gives none."""


class _DefaultInt(int, Default):
    __repr__ = int.__repr__


class _DefaultFloat(float, Default):
    __repr__ = float.__repr__


class _DefaultText(str, Default):
    __repr__ = str.__repr__
    __slots__ = ()


SEED = _DefaultInt(0)
ON_MISSING: OnMissing = cast("OnMissing", _DefaultText("skip"))
MAX_MEGAPIXELS = _DefaultFloat(100.0)
CANDIDATES = _DefaultInt(1)
WHEN_IN_DOUBT: OnDoubt = cast("OnDoubt", _DefaultText("warn"))
DOUBT_BELOW = _DefaultFloat(0.75)
"""The defaults of the calls in `automask.api`; each equals that of `RunSettings`."""


@dataclass(frozen=True, slots=True)
class RunSettings:
    """The settings of one run; the same keys and defaults as in conf/config.yaml.

    Args:
        seed: Of the whole run, from 0; each edit's own seed derives from it and from the edit's words.
        on_missing: `skip` continues without what is not in the photo, `fail` raises TargetMissing.
        max_megapixels: Larger photos are refused.
        candidates: How many times each edit is painted, 1 to 64; the one with the fewest defects is kept.
        mask_cache_mb: Size limit of the masks kept on disk, in megabytes; None and 0 keep none.
        disclose: How a saved result discloses that it was edited.
        metadata: What a saved result keeps of the photo's metadata: all, all but the place, or none.
        layers: The format in which a saved result is also written in layers; None writes none.
        c2pa: PEM file with certificates and key that sign a saved result; None signs nothing.
        on_doubt: What becomes of a region whose expected quality is low: `keep` paints it, `warn` paints it and marks
            it as one to check, `skip` does not paint it.
        doubt_below: Expected quality (intersection over union) below which a region is in doubt, 0 to 1.

    Raises:
        ConfigError: A value out of range.
    """

    seed: int = 0
    on_missing: OnMissing = "skip"
    max_megapixels: float = 100.0
    candidates: int = 1
    mask_cache_mb: float | None = None
    disclose: Disclose = "none"
    metadata: Metadata = "keep"
    layers: Layers | None = None
    c2pa: str | None = None
    on_doubt: OnDoubt = "warn"
    doubt_below: float = 0.75

    def __post_init__(self) -> None:
        for problem, hint in mistakes_in(asdict(self)):
            raise ConfigError(problem, hint=hint)

    @property
    def check_below(self) -> float:
        """The expected quality below which a region is marked as one to check; 0, which marks none, under `keep`."""
        return 0.0 if self.on_doubt == "keep" else self.doubt_below

    def least_quality(self, *, optional: bool) -> float:
        """The expected quality below which a region is not painted; 0 paints all.

        What is optional, as all of a style is, is passed over where its mask is more likely wrong than right.
        """
        if self.on_doubt == "skip":
            return self.doubt_below
        return self.doubt_below / 2 if optional and self.on_doubt == "warn" else 0.0

    @classmethod
    def of_arguments(cls, **arguments: Any) -> tuple[Self, frozenset[str]]:
        """The settings that a call's arguments say, and the names of those that the caller gave.

        Raises:
            ConfigError: A value out of range.
        """
        given = frozenset(name for name, value in arguments.items() if not isinstance(value, Default))
        defaults: dict[str, Any] = {field.name: field.default for field in fields(cls)}
        plain = {name: _python_number(value) if name in given else defaults[name] for name, value in arguments.items()}
        return cls(**plain), frozenset(name for name in given if plain[name] is not None)

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """The settings in a composed configuration, which holds all of them by name."""
        return cls(**{field.name: config[field.name] for field in fields(cls)})

    def merged_with(
        self, config: Mapping[str, Any], *, given: Container[str], overridden: Container[str] = ()
    ) -> "RunSettings":
        """These settings as arguments of a call, together with those that its overrides set.

        Args:
            config: Composed with the overrides.
            given: The names of the arguments that the caller gave: they count even where they equal the default.
            overridden: The names that the overrides set: likewise. A preset or an experiment may set others.

        Raises:
            ConfigError: An argument that was given and an override disagree.
        """
        merged: dict[str, Any] = {}
        for field in fields(self):
            name, argument, override = field.name, getattr(self, field.name), config[field.name]
            if name in given and override != argument and (name in overridden or override != field.default):
                raise ConfigError(
                    f"{name}={argument!r} and the override {name}={override!r} disagree", hint="say it once"
                )
            merged[name] = argument if name in given else override
        return RunSettings(**merged)


def quality_below(expected: float, least: float) -> str:
    """What is said of an expected quality that is below the least: "quality 0.71 < 0.75".

    With as many digits, two at least, as show that it is below: not 0.88 but 0.876 is below 0.8761.
    """
    texts = (f"{expected:.{digits}f}" for digits in range(2, 9))
    return f"quality {next((text for text in texts if float(text) < least), expected)} < {least:g}"


def mistakes_in(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The problem and the hint for each invalid value; names that are not settings are ignored."""
    for name, (fits, hint) in _RULES.items():
        if name in values and not fits(values[name]):
            yield f"{name} is {values[name]!r}", hint


def _python_number(value: Any) -> Any:
    """A NumPy number as Python's own; anything else as it is."""
    return value.item() if isinstance(value, np.integer | np.floating) else value


def _is_number(value: Any) -> bool:
    return type(value) in (int, float)


_RULES: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "seed": (lambda v: type(v) is int and v >= 0, "give a whole number from 0"),
    "on_missing": (lambda v: v in ("skip", "fail"), "give skip or fail"),
    "disclose": (lambda v: v in DISCLOSE, "give none, metadata or label"),
    "metadata": (lambda v: v in METADATA, "give keep, no-location or none"),
    "layers": (lambda v: v is None or v in LAYERS, "give ora or psd"),
    "c2pa": (lambda v: v is None or isinstance(v, str), "give a path (a name of digits only needs quotes)"),
    "max_megapixels": (lambda v: _is_number(v) and v > 0, "give a number above 0"),
    "candidates": (lambda v: type(v) is int and 1 <= v <= 64, "give a whole number from 1 to 64"),
    "on_doubt": (lambda v: v in ON_DOUBT, "give keep, warn or skip"),
    "doubt_below": (lambda v: _is_number(v) and 0 <= v <= 1, "give a number from 0 to 1"),
    "mask_cache_mb": (lambda v: v is None or (_is_number(v) and v >= 0), "give megabytes, or 0 to keep no masks"),
}
