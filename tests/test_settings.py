"""The settings of a run: one set of defaults and ranges, whoever says them."""

from dataclasses import asdict

import pytest

from automask import config
from automask.errors import ConfigError
from automask.settings import (
    CANDIDATES,
    DOUBT_BELOW,
    MAX_MEGAPIXELS,
    ON_MISSING,
    SEED,
    WHEN_IN_DOUBT,
    RunSettings,
    quality_below,
)

WRONG = [
    ("seed", -1, "give a whole number from 0"),
    ("seed", True, "give a whole number from 0"),
    ("on_missing", "never", "give skip or fail"),
    ("max_megapixels", float("nan"), "give a number above 0"),
    ("max_megapixels", "x", "give a number above 0"),
    ("candidates", 65, "give a whole number from 1 to 64"),
    ("mask_cache_mb", -1, "give megabytes, or 0 to keep no masks"),
    ("disclose", "yes", "give none, metadata or label"),
    ("metadata", "no_location", "give keep, no-location or none"),
    ("on_doubt", "paint", "give keep, warn or skip"),
    ("doubt_below", 1.5, "give a number from 0 to 1"),
    ("doubt_below", float("nan"), "give a number from 0 to 1"),
    ("layers", "gif", "give ora or psd"),
    ("c2pa", 7, "give a path (a name of digits only needs quotes)"),
]


def test_the_configuration_file_has_the_same_keys_and_defaults():
    assert RunSettings.from_config(config.compose()) == RunSettings()


@pytest.mark.parametrize(("name", "value", "hint"), WRONG)
def test_an_argument_and_a_configuration_are_refused_with_the_same_words(name, value, hint):
    with pytest.raises(ConfigError) as caught:
        RunSettings(**{name: value})
    assert str(caught.value) == f"{name} is {value!r}; {hint}"
    with pytest.raises(ConfigError) as caught:
        config.check({**config.compose(), name: value})
    assert str(caught.value) == f"{name} is {value!r}: {hint}"


def test_every_setting_has_a_rule():
    assert {name for name, _, _ in WRONG} == set(asdict(RunSettings()))


@pytest.mark.parametrize(
    ("argument", "override", "merged"),
    [(0, 0, 0), (5, 0, 5), (0, 5, 5), (5, 5, 5)],
)
def test_an_argument_or_an_override_sets_a_value(argument, override, merged):
    composed = config.compose("starter", [f"seed={override}"])
    given = {"seed"} if argument else set()
    assert RunSettings(seed=argument).merged_with(composed, given=given) == RunSettings(seed=merged)


def test_an_argument_and_an_override_that_disagree_are_refused():
    composed = config.compose("starter", ["candidates=3"])
    with pytest.raises(ConfigError, match="candidates=2 and the override candidates=3 disagree; say it once"):
        RunSettings(candidates=2).merged_with(composed, given={"candidates"})


def test_a_default_that_is_given_counts_as_given():
    settings, given = RunSettings.of_arguments(seed=0, candidates=CANDIDATES, mask_cache_mb=None)
    assert (settings, given) == (RunSettings(), {"seed"})
    with pytest.raises(ConfigError, match="seed=0 and the override seed=3 disagree; say it once"):
        settings.merged_with(config.compose("starter", ["seed=3"]), given=given)
    with pytest.raises(ConfigError, match="seed=3 and the override seed=0 disagree; say it once"):
        RunSettings(seed=3).merged_with(config.compose(), given={"seed"}, overridden={"seed"})


def test_the_defaults_of_calls_are_those_of_the_settings():
    plain = RunSettings()
    assert (
        plain.seed,
        plain.on_missing,
        plain.max_megapixels,
        plain.candidates,
        plain.on_doubt,
        plain.doubt_below,
    ) == (SEED, ON_MISSING, MAX_MEGAPIXELS, CANDIDATES, WHEN_IN_DOUBT, DOUBT_BELOW)
    defaults = [SEED, ON_MISSING, MAX_MEGAPIXELS, CANDIDATES, WHEN_IN_DOUBT, DOUBT_BELOW]
    assert repr(defaults) == "[0, 'skip', 100.0, 1, 'warn', 0.75]"


@pytest.mark.parametrize(("on_doubt", "below"), [("keep", 0.0), ("warn", 0.6), ("skip", 0.6)])
def test_nothing_is_to_be_checked_under_keep(on_doubt, below):
    assert RunSettings(on_doubt=on_doubt, doubt_below=0.6).check_below == below


@pytest.mark.parametrize(
    ("expected", "least", "said"),
    [(0.7149, 0.75, "0.71 < 0.75"), (0.7499, 0.75, "0.7499 < 0.75"), (0.87604, 0.8761, "0.876 < 0.8761")],
)
def test_a_quality_is_told_with_as_many_digits_as_show_that_it_is_below(expected: float, least: float, said: str):
    assert quality_below(expected, least) == f"quality {said}"
