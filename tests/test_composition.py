import itertools
import sys
from subprocess import run

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

from automask import config
from automask.composition import plain_composition, plain_override

CONF = config.conf_dir()
GROUPS = ("segmenter", "boxes", "refiner", "mask", "editor", "mapper")


def plain_choices() -> list[dict[str, str]]:
    """Choices that Hydra is not needed for, which together take every such file of every group."""
    rows = []
    for group in GROUPS:
        names = sorted(file.stem for file in (CONF / group).glob("*.yaml"))
        rows.append([(group, name) for name in names if plain_composition(CONF, "config", {group: name}) is not None])
    return [dict(filter(None, choices)) for choices in itertools.zip_longest(*rows)]


def composed_by_hydra(choices: dict[str, str]) -> dict:
    found = config._hydra([f"{group}={name}" for group, name in choices.items()], None, "config")
    return OmegaConf.to_container(found.node, resolve=True)


@pytest.mark.parametrize("choices", plain_choices(), ids=str)
def test_plain_files_are_composed_as_hydra_composes_them(choices):
    found, preset = plain_composition(CONF, "config", choices)
    expected = composed_by_hydra(choices)
    assert found == expected
    assert preset == "starter"
    assert [list(found), *map(list, (found[group] for group in GROUPS))] == [
        list(expected),
        *map(list, (expected[group] for group in GROUPS)),
    ]


@pytest.mark.parametrize("preset", sorted(file.stem for file in (CONF / "preset").glob("*.yaml")))
def test_a_preset_picks_the_files_that_it_picks_for_hydra(preset):
    choices = {"preset": preset, "editor": "paint"}
    found = plain_composition(CONF, "config", choices)
    assert found is not None
    assert found == (composed_by_hydra(choices), preset)


@pytest.mark.parametrize(
    ("primary", "choices"),
    [
        ("config", {"editor": "sdxl"}),
        ("config", {"experiment": "careful_masks"}),
        ("script", {}),
        ("config", {"editor": "none-of-it"}),
        ("config", {"colour": "red"}),
    ],
)
def test_what_is_not_plain_is_left_to_hydra(primary, choices):
    assert plain_composition(CONF, primary, choices) is None


@pytest.mark.parametrize(
    "value",
    [
        *("0", "7", "-3", "007", "+1", "1_000", "-0", "0.5", "-12.50", ".5", "5.", "1e3", "inf", "NaN", "-inf", "0x10"),
        *("true", "True", "FALSE", "null", "Null", "paint", "sd15-lcm", "a_b", "a--b", "_a", "a-", "a.b", "a b", "a/b"),
        *("'a'", '"1"', "[1]", "{a: 1}", "1,2", "${out}", "", "x=y", "~", "a:b", "3px", "nane"),
    ],
)
def test_a_plain_override_is_read_as_hydra_reads_it(value):
    text = f"boxes.threshold={value}"
    found = plain_override(text)
    if found is not None:
        override = OverridesParser.create().parse_override(text)
        key, read = found
        assert (key, read, type(read)) == (override.key_or_group, override.value(), type(override.value()))
    assert (found is not None) == (
        value in {"0", "7", "-3", "-0", "0.5", "-12.50", "true", "null", "paint", "sd15-lcm", "a_b", "nane"}
    )


@pytest.mark.parametrize("text", ["+seed=1", "~seed", "seed@x=1", "_target_=x", "boxes._target_=x", "Seed=1", "a..b=1"])
def test_an_unusual_key_is_left_to_hydras_grammar(text):
    assert plain_override(text) is None


def test_the_default_stages_are_loaded_without_hydra():
    code = (
        "import sys; from automask import config\n"
        "config.build(config.compose('starter', ['seed=3', 'boxes.threshold=0.2', 'refiner=threshold']))\n"
        "print(sorted({'hydra', 'omegaconf', 'antlr4'} & {name.partition('.')[0] for name in sys.modules}))"
    )
    done = run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=CONF.parent)
    assert done.stdout.strip() == "[]"
