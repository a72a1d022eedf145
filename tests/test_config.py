"""Configuration: YAML and signatures one-to-one, every mistake at once, and no `_target_` from anywhere but YAML."""

import functools
import os
import subprocess
import sys
from collections.abc import Sequence
from inspect import Parameter
from pathlib import Path
from typing import Any

import pytest
import yaml

from automask import config
from automask.errors import ConfigError, ExtraMissing, WeightsMissing

CONF = config.conf_dir()
GROUPS = (*config.STAGE_GROUPS, "mapper")
FILES = sorted(file for group in GROUPS for file in (CONF / group).glob("*.yaml"))
PRESETS = sorted(file.stem for file in (CONF / "preset").glob("*.yaml"))
EXPERIMENTS = sorted((CONF / "experiment").glob("*.yaml"))
STARTER_WEIGHTS = config.conf_dir().parent / "automask" / "segmenters" / "weights" / "starter.onnx"


def read(file: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return content


BASE_FILES = [file for file in FILES if "defaults" not in read(file)]
INHERITING_FILES = [file for file in FILES if "defaults" in read(file)]


def name_of(file: Path) -> str:
    return f"{file.parent.name}/{file.stem}"


@functools.cache
def node_of(file: Path) -> dict[str, Any]:
    """What a group file says, with what it inherits."""
    node: dict[str, Any] = config.compose(None, [f"{file.parent.name}={file.stem}"])[file.parent.name]
    return node


def defaults_of(target: str) -> dict[str, Any]:
    """A constructor's parameters as YAML would show them, in order."""
    parameters = config.parameters_of(target)
    return {name: list(p.default) if isinstance(p.default, tuple) else p.default for name, p in parameters.items()}


def refused(overrides: Sequence[str] = (), *, preset: str | None = None, conf: Path | None = None) -> str:
    """What `compose` says where it refuses."""
    with pytest.raises(ConfigError) as caught:
        config.compose(preset, overrides, conf=conf)
    return str(caught.value)


# ----------------------------------------------------------------------------------------------------------- one-to-one


def test_every_group_has_files():
    assert {file.parent.name for file in FILES} == set(GROUPS)
    assert PRESETS == ["best", "open", "photo", "rooms", "starter", "tiny"]


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_a_file_has_its_constructor_s_parameters_in_order(file: Path):
    node = node_of(file)
    assert list(node) == ["_target_", *config.parameters_of(node["_target_"])]


@pytest.mark.parametrize("file", BASE_FILES, ids=name_of)
def test_a_file_that_inherits_nothing_composes_to_what_it_says(file: Path):
    assert list(node_of(file).items()) == list(read(file).items())


@pytest.mark.parametrize("file", INHERITING_FILES, ids=name_of)
def test_a_file_that_inherits_says_only_what_differs_in_its_constructor_s_order(file: Path):
    content = read(file)
    parent, own = content.pop("defaults")
    assert own == "_self_"
    inherited = node_of(file.with_name(f"{parent}.yaml"))
    assert list(content) == [key for key in inherited if key in content]
    for key, value in content.items():
        assert value != inherited[key], key
    assert list(node_of(file).items()) == list({**inherited, **content}.items())


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_a_constructor_takes_named_plain_values_with_defaults(file: Path):
    for parameter in config.parameters_of(node_of(file)["_target_"]).values():
        assert parameter.kind in (Parameter.KEYWORD_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
        assert parameter.default is not Parameter.empty
        assert parameter.annotation is not Any


@pytest.mark.parametrize("target", sorted({read(file)["_target_"] for file in BASE_FILES}))
def test_one_file_of_each_constructor_says_its_defaults(target: str):
    # The others (mask/tight, editor/sdxl) are variants: the same keys, other values.
    files = [read(file) for file in BASE_FILES]
    said = [
        {key: value for key, value in one.items() if key != "_target_"} for one in files if one["_target_"] == target
    ]
    assert defaults_of(target) in said


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_a_file_begins_with_what_it_is(file: Path):
    first = file.read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith("# ")
    assert len(first) <= 120


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_composes(preset: str):
    composed = config.compose(preset)
    assert composed["preset"] == preset
    assert all(composed[group]["_target_"].startswith("automask.") for group in GROUPS)


@pytest.mark.parametrize("script", [False, True])
def test_keys_of_scripts_are_apart_from_those_of_a_run(script: bool):
    composed = config.compose(None, script=script)
    assert [key for key in config.SCRIPT_KEYS if key in composed] == (list(config.SCRIPT_KEYS) if script else [])
    run = {key: value for key, value in composed.items() if key not in config.SCRIPT_KEYS}
    assert run == config.compose(None)


# ---------------------------------------------------------------------------------------------------------- experiments


@pytest.mark.parametrize("file", EXPERIMENTS, ids=name_of)
@pytest.mark.parametrize("preset", [None, *PRESETS])
def test_every_experiment_composes(file: Path, preset: str | None):
    if "hydra" in read(file):
        assert "runs several jobs" in refused([f"experiment={file.stem}"], preset=preset)
    composed = config.compose(preset, [f"experiment={file.stem}"], script=True)
    assert composed["preset"] == preset or preset is None
    before = config.compose(preset, script=True)
    assert composed != before or "hydra" in read(file)
    assert composed.keys() == before.keys()


def test_there_are_three_worked_examples_that_show_how_they_are_run():
    assert [file.stem for file in EXPERIMENTS] == ["careful_masks", "listing_refresh", "material_sweep"]
    for file in EXPERIMENTS:
        lines = file.read_text(encoding="utf-8").splitlines()
        assert lines[0] == "# @package _global_"
        assert f"experiment={file.stem}" in lines[2]


def test_an_experiment_s_settings_beat_the_defaults_and_typed_ones_beat_it():
    composed = config.compose(None, ["experiment=careful_masks", "boxes.min_area_frac=0.5", "boxes.pad_frac=0.5"])
    assert (composed["on_missing"], composed["mask_cache_mb"]) == ("fail", 512)
    assert composed["boxes"]["min_area_frac"] == 0.5
    assert (composed["boxes"]["threshold"], composed["boxes"]["pad_frac"]) == (0.25, 0.5)


def test_an_experiment_may_choose_a_preset_unless_one_is_named(tmp_path: Path):
    text = "# @package _global_\ndefaults:\n  - override /preset: tiny\n  - override /mask: tight\nseed: 7\n"
    conf = write(tmp_path, "experiment", "mine", text)
    composed = config.compose(None, ["experiment=mine"], conf=conf)
    assert (composed["preset"], composed["seed"]) == ("tiny", 7)
    assert composed["segmenter"]["_target_"] == "automask.testing.tiny_clipseg"
    assert composed["mask"] == config.compose(None, ["mask=tight"])["mask"]
    named = config.compose("starter", ["experiment=mine"], conf=conf)
    assert named["preset"] == "starter"
    assert named["segmenter"]["_target_"] == "automask.segmenters.starter.Starter"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("# @package _global_\nsead: 3\n", "sets 'sead', which is not a key; did you mean 'seed'?"),
        ("# @package _global_\nedits: a -> b\n", "the experiment sets 'edits': run it by a script in pipelines/"),
        ("seed: 3\n", "a file of the group 'experiment' begins with the line '# @package _global_'"),
        ("# @package _global_\nhydra:\n  mode: MULTIRUN\n", "the experiment runs several jobs"),
        ("# @package _global_\nboxes:\n  threshold: 7\n", "boxes.threshold is 7; give a number from 0 to 1"),
    ],
)
def test_an_experiment_that_does_not_fit_is_reported(tmp_path: Path, text: str, said: str):
    conf = write(tmp_path, "experiment", "mine", text)
    assert said in refused(["experiment=mine"], conf=conf)


def test_keys_of_an_unknown_experiment_s_groups_are_not_judged():
    said = refused(["experiment=carefull_masks", "editor.steps=3"])
    assert said == "unknown experiment 'carefull_masks'; did you mean 'careful_masks'?"


# ------------------------------------------------------------------------------------------------------------- building


@pytest.mark.skipif(not STARTER_WEIGHTS.is_file(), reason="the starter's weights are not in this checkout")
def test_the_starter_preset_builds():
    stages = config.build(config.compose("starter"))
    assert stages.preset == "starter"
    assert [type(part).__name__ for part in (stages.segmenter, stages.refiner, stages.editor)] == [
        "Starter",
        "GrabCut",
        "Paint",
    ]


@pytest.mark.models
def test_one_device_is_for_all_stages_that_say_auto(monkeypatch: pytest.MonkeyPatch):
    asked = []
    monkeypatch.setattr(config, "_instantiate", lambda node, what: asked.append((what, node.get("device"))))
    monkeypatch.setattr(config, "check_members", lambda _: None)
    stages = config.build(config.compose("photo", ["device=cuda:1", "refiner.device=cpu"]), editors=["sdxl", "paint"])
    devices = {"segmenter": "cuda:1", "boxes": None, "refiner": "cpu", "mask": None, "editor": "cuda:1"}
    assert dict(asked) == {**devices, "editor sdxl": "cuda:1", "editor paint": None}
    assert stages.config["segmenter"]["device"] == "cuda:1"  # what decides a result is recorded
    assert stages.config["editors"]["sdxl"]["device"] == "cuda:1"
    assert "device is 3: give auto, cpu" in refused(["device=3"])


@pytest.mark.models
def test_the_tiny_preset_builds():
    stages = config.build(config.compose("tiny"))
    assert [type(part).__name__ for part in (stages.segmenter, stages.refiner, stages.editor)] == [
        "ClipSeg",
        "Sam",
        "Diffusion",
    ]


@pytest.mark.parametrize(
    ("preset", "overrides", "fetch"),
    [
        ("photo", (), "automask models fetch --preset photo"),
        ("best", (), "automask models fetch --preset best"),
        ("open", (), "automask models fetch --preset open"),
        ("rooms", ("refiner=grabcut",), "automask models fetch --preset rooms"),
        ("photo", ("editor=sdxl",), "automask models fetch clipseg-rd64-refined vit_b sdxl-inpaint"),
    ],
)
def test_a_preset_without_weights_names_the_one_command_that_fetches_them(
    preset: str, overrides: Sequence[str], fetch: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("AUTOMASK_CACHE", str(tmp_path))
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    for variable in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "TRANSFORMERS_CACHE"):
        monkeypatch.delenv(variable, raising=False)
    with pytest.raises((WeightsMissing, ExtraMissing)) as caught:
        config.build(config.compose(preset, overrides))
    said = str(caught.value)
    assert "\n" not in said
    assert said.endswith(f"; run '{fetch}', or point model at a copy") or said.endswith(
        f"; run pip install 'automask[models]', then {fetch}"
    )


def test_weights_that_the_user_named_keep_their_own_hint(tmp_path: Path):
    with pytest.raises((WeightsMissing, ExtraMissing)) as caught:
        config.build(config.compose("photo", [f"segmenter.model={tmp_path}/none.safetensors"]))
    assert "point model at a file or folder that is there" in str(caught.value) or "pip install" in str(caught.value)


def test_a_stage_that_is_given_is_not_loaded():
    mine = object()
    given = {"segmenter": mine, "refiner": mine, "editor": mine}
    stages = config.build(config.compose("photo"), given=given)
    assert stages.segmenter is stages.refiner is stages.editor is mine


def test_a_further_editor_is_loaded_by_name():
    stages = config.build(
        config.compose("starter"), editors=["paint"], given={"segmenter": object(), "editor": object()}
    )
    assert type(stages.editors["paint"]).__name__ == "Paint"


def test_an_unknown_editor_is_refused_with_the_nearest():
    with pytest.raises(ConfigError, match=r"unknown editor 'piant'; did you mean 'paint'\?"):
        config.build(config.compose("starter"), editors=["piant"])


def test_a_constructor_s_own_refusal_comes_through_whole():
    with pytest.raises(ConfigError, match="threads is 0"):
        config.build(config.compose("starter", ["segmenter.threads=0"]))


def test_the_mapper_is_built_from_its_group():
    assert type(config.build_mapper(config.compose(None))).__name__ == "LocalPool"


def test_lists_reach_a_constructor_as_plain_lists(tmp_path: Path):
    composed = config.compose("starter", ["segmenter=painted", "segmenter.masks={island: a.png}"])
    assert type(composed["segmenter"]["masks"]) is dict
    stages = config.build(composed, given={"refiner": object(), "editor": object()})
    assert stages.segmenter.own_files == (Path("a.png"),)


# ------------------------------------------------------------------------------------------------------------- mistakes


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("boxes.treshold=0.2", "unknown key 'boxes.treshold'; did you mean 'boxes.threshold'?"),
        ("treshold=0.2", "unknown key 'treshold'; did you mean 'boxes.threshold'?"),
        ("sed=3", "unknown key 'sed'; did you mean 'seed'?"),
        ("presett=photo", "unknown key 'presett'; did you mean 'preset'?"),
        ("experimant=careful_masks", "unknown key 'experimant'; did you mean 'experiment'?"),
        ("quux=3", "unknown key 'quux'; valid: segmenter, boxes, refiner"),
        ("boxes.quux=3", "unknown key 'boxes.quux'; valid: boxes.threshold, boxes.min_area_frac"),
        ("seed.x=3", "unknown key 'seed.x'"),
        ("segmenter=strater", "unknown segmenter 'strater'; did you mean 'starter'?"),
        ("segmenter=xyzzy", "unknown segmenter 'xyzzy'; valid: clipseg, "),
        ("editor=null", "unknown editor 'null'"),
        ("preset=phot", "unknown preset 'phot'; did you mean 'photo'?"),
        ("boxes=3", "unknown boxes '3'; valid: default"),
        ("boxes.threshold=high", "boxes.threshold is 'high': give a number"),
        ("boxes.threshold=7", "boxes.threshold is 7; give a number from 0 to 1"),
        ("boxes.threshold=nan", "boxes.threshold is nan; give a number from 0 to 1"),
        ("boxes.threshold=true", "boxes.threshold is True: give a number"),
        ("boxes.max_boxes=2.5", "boxes.max_boxes is 2.5: give a whole number"),
        ("boxes.max_boxes=0", "boxes.max_boxes is 0; give a number from 1 to 100000"),
        ("mask.dilate_px=wide", "mask.dilate_px is 'wide': give a number or null"),
        ("mask.dilate_px=-1", "mask.dilate_px is -1; give a number from 0 to 10000"),
        ("mask.feather_frac=null", "mask.feather_frac is None: give a number"),
        ("segmenter.mirror=1", "segmenter.mirror is 1: give true or false"),
        ("segmenter.side_px=big", "segmenter.side_px is 'big': give a whole number"),
        ("mapper.workers=two", "mapper.workers is 'two': give a whole number"),
        ("seed=x", "seed is 'x': give a whole number from 0"),
        ("seed=-1", "seed is -1: give a whole number from 0"),
        ("seed=true", "seed is True: give a whole number from 0"),
        ("seed=1.5", "seed is 1.5: give a whole number from 0"),
        ("seed=", "seed is '': give a whole number from 0"),
        ("on_missing=later", "on_missing is 'later': give skip or fail"),
        ("disclose=yes", "disclose is 'yes': give none, metadata or label"),
        ("disclose=null", "disclose is None: give none, metadata or label"),
        ("metadata=drop", "metadata is 'drop': give keep, no-location or none"),
        ("max_megapixels=0", "max_megapixels is 0: give a number above 0"),
        ("recursive=3", "recursive is 3: give true or false"),
        ("out=2024", "out is 2024: give a folder (a name of digits only needs quotes)"),
        ("out=null", "out is None: give a folder"),
        ("boxes={threshold: 1}", "unknown boxes '{threshold: 1}'"),
        ("segmenter.masks={a: b}", "unknown key 'segmenter.masks'"),
        ("segmenter.threshold=0.2", "unknown key 'segmenter.threshold'; did you mean 'boxes.threshold'?"),
        ("seed", "'seed' is not 'key=value'"),
        ("=3", "unknown key ''"),
        ("out=фото", "'out=фото' is not 'key=value'; quote a value that holds more than plain letters: key='a b'"),
        ("seed=1,2", "'seed=1,2' lists several values: use the scripts in pipelines/ with -m for that"),
        ("seed=range(1,3)", "'seed=range(1,3)' lists several values"),
        ("seed=choice(1,2)", "'seed=choice(1,2)' lists several values"),
        ("seed=glob(*)", "'seed=glob(*)' lists several values"),
        ("+mine=1", "'+mine=1': keys are set with key=value, neither added with '+' nor removed with '~'"),
        ("++seed=1", "neither added with '+'"),
        ("~seed", "nor removed with '~'"),
        ("~seed=0", "nor removed with '~'"),
        ("hydra.run.dir=x", "'hydra.run.dir=x': Hydra's own settings belong to the scripts in pipelines/"),
        ("hydra/launcher=joblib", "Hydra's own settings belong to the scripts"),
        ("segmenter@boxes=starter", "'segmenter@boxes=starter': a group keeps its place; leave '@boxes' out"),
        ("seed=${seed}", "configuration: Recursive interpolation"),
    ],
)
def test_a_mistake_is_reported_with_a_hint(override: str, said: str):
    assert said in refused([override])


def test_several_mistakes_are_reported_in_one_error():
    said = refused(
        [
            "seed=x",
            "boxes.treshold=0.2",
            "editor=sdxll",
            "on_missing=later",
            "mask.dilate_frac=9",
            "+a=1",
            "boxes.pad_frac=x",
        ]
    ).splitlines()
    assert len(said) == 7
    for start in (
        "'+a=1'",
        "unknown editor",
        "unknown key 'boxes.treshold'",
        "boxes.pad_frac",
        "mask.dilate_frac",
        "seed",
        "on_missing",
    ):
        assert any(line.startswith(start) for line in said), start


def test_keys_of_an_unknown_choice_are_not_judged():
    assert (
        refused(["segmenter=clipsegg", "segmenter.flip=true"])
        == "unknown segmenter 'clipsegg'; did you mean 'clipseg'?"
    )
    assert refused(["segmenter.flip=true", "preset=phot"]) == "unknown preset 'phot'; did you mean 'photo'?"


def test_a_preset_named_twice_must_agree():
    assert refused(["preset=tiny"], preset="photo") == "--preset photo and preset=tiny disagree; say it once"
    assert config.compose("tiny", ["preset=tiny"])["preset"] == "tiny"


def test_the_last_of_two_overrides_wins():
    assert config.compose(None, ["seed=1", "seed=2"])["seed"] == 2


def test_a_choice_beats_the_preset_and_a_key_beats_the_choice():
    composed = config.compose("photo", ["boxes.threshold=0.5", "editor=paint", "editor.scale=2"])
    assert composed["editor"]["_target_"] == "automask.editors.paint.Paint"
    assert composed["editor"]["scale"] == 2
    assert composed["boxes"]["threshold"] == 0.5
    assert composed["segmenter"]["_target_"] == "automask.segmenters.clipseg.ClipSeg"


@pytest.mark.parametrize(
    "settings",
    [
        ["seed=3", "boxes.threshold=1", "mask.dilate_px=null"],
        ["out='a b'", "out='it\\'s'"],
        ["segmenter.masks={island: a.png, lamp: [1, b]}"],
        ["out=runs/${seed}", "seed=5"],
        ["out=str(5)", "on_missing=fail"],
    ],
)
def test_settings_are_taken_as_hydra_itself_takes_them(settings: list[str]):
    from hydra import compose, initialize_config_dir
    from omegaconf import OmegaConf

    with initialize_config_dir(str(CONF), version_base="1.3"):
        composed = OmegaConf.to_container(compose("config", ["segmenter=painted", *settings]), resolve=True)
    assert config.compose(None, ["segmenter=painted", *settings]) == {**composed, "preset": "starter"}


def test_files_are_composed_once_however_many_settings_follow(monkeypatch: pytest.MonkeyPatch):
    config.compose("starter", ["seed=1"])
    monkeypatch.setattr("hydra.compose", None)
    first, second = (config.compose("starter", [f"boxes.threshold={value}"]) for value in (0.2, 0.3))
    assert (first["boxes"]["threshold"], second["boxes"]["threshold"]) == (0.2, 0.3)
    assert config.compose("starter", ["seed=2"])["boxes"]["threshold"] == 0.35


def test_whole_numbers_do_where_a_number_is_wanted():
    assert config.compose(None, ["mask.dilate_px=3", "boxes.threshold=1"])["mask"]["dilate_px"] == 3


@pytest.mark.parametrize("name", ["a b", "a,b", "a=b", "[x] (y)", "фото", 'q"q', "50%", "#1"])
def test_a_quoted_value_holds_any_letters(name: str):
    assert config.compose(None, [f"out='{name}'"])["out"] == name


def test_an_error_of_several_lines_still_pickles():
    import pickle

    with pytest.raises(ConfigError) as caught:
        config.compose(None, ["seed=x", "sed=1"])
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)  # noqa: S301 - our own bytes


# -------------------------------------------------------------------------------------------- `_target_` from YAML only

FORGED = [
    "segmenter._target_=os.getcwd",
    "seed={_target_: os.getcwd}",
    "seed={a: {_target_: os.getcwd}}",
    "seed=[{_target_: os.getcwd}]",
    "segmenter={_target_: os.getcwd}",
    "segmenter._args_=[1]",
    "segmenter.masks={_args_: [1]}",
    "segmenter.masks={_partial_: true}",
    "_target_=os.getcwd",
    "mapper._convert_=none",
    "segmenter.masks='${oc.create:{_target_:os.getcwd}}'",
    'segmenter.masks="${oc.create:{_target_:os.getcwd}}"',
    "segmenter.masks='${oc.decode:\"{_target_: os.getcwd}\"}'",
    "segmenter.masks=${editor}",
    "out=${oc.env:HOME}",
    r"out=$\{oc.env:HOME\}",
    r"out=$\{oc\.env\:HOME\}",
    r"out=str($\{oc.env:HOME\})",
    r"segmenter.masks=$\{oc.create:\{_target_: os.getcwd\}\}",
    r"segmenter.masks={island: $\{oc.env:HOME\}}",
    r"segmenter.masks={$\{oc.env:HOME\}: a}",
    r"segmenter.masks={_tar\get_: os.getcwd}",
    "out='${oc.env:HOME}'",
    "editor={defaults: [diffusion, _self_], _target_: os.getcwd}",
    "defaults=[{_target_: os.getcwd}]",
    "experiment={_target_: os.getcwd}",
]


@pytest.mark.parametrize("override", FORGED)
def test_an_override_makes_no_target(override: str):
    said = refused(["segmenter=painted", override])
    assert any(word in said for word in ("YAML files only", "unknown segmenter", "may not be made by an override"))


@pytest.mark.parametrize(
    "override",
    ["editor.defaults=[auto]", "editor/diffusion=auto", "defaults=[auto]", "hydra.searchpath=[x]", "+editor/x=y"],
)
def test_an_override_makes_nothing_inherit(override: str):
    said = refused(["editor=sdxl", override])
    assert any(word in said for word in ("unknown key", "Hydra's own settings", "neither added with '+'"))


def test_the_target_of_a_file_that_inherits_is_set_by_no_override():
    assert "YAML files only" in refused(["editor=sdxl", "editor._target_=os.getcwd"])
    assert "YAML files only" in refused(["editor=sdxl", "editor.lora={_target_: os.getcwd}"])


@pytest.mark.parametrize("override", [text for text in FORGED if text != "segmenter.masks=${editor}"])
def test_scripts_refuse_the_same_overrides(override: str):
    with pytest.raises(ConfigError, match="YAML files only"):
        config.check_overrides([override])


def test_scripts_may_sweep_add_and_point_at_other_keys():
    config.check_overrides(
        ["seed=1,2", "photo=my_target_x.jpg", "+mine=1", "out=runs/${seed}", "hydra/launcher=joblib", "~mapper"]
    )


def test_scripts_refuse_a_target_in_a_sweep():
    with pytest.raises(ConfigError, match="YAML files only"):
        config.check_overrides(["segmenter.masks={_target_: os.getcwd},{_target_: os.getpid}"])


def test_scripts_refuse_what_is_no_override():
    with pytest.raises(ConfigError, match=r"'edits=island -> marble' is not 'key=value'"):
        config.check_overrides(["seed=1", "edits=island -> marble"])


# ------------------------------------------------------------------------------------------------ a folder of one's own

SEGMENTER = '''
import numpy as np


class Everywhere:
    """Finds everything everywhere."""

    def __init__(self, *, heat: float = 1.0) -> None:
        self.heat = heat

    def heats(self, photo, targets):
        return np.full((len(targets), *photo.shape[:2]), self.heat, dtype=np.float32)
'''
NAMES = [
    "mine",
    "with space",
    "it's",
    'quo"te',
    "[brackets], (commas)=1",
    "фото",
    "back\\slash\\",
    "${seed}",
    "50%20",
    "#1",
]


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a segmenter that Python can import, and no YAML yet."""
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "everywhere_of_mine.py").write_text(SEGMENTER, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path / "src")
    return tmp_path


def write(folder: Path, group: str, name: str, text: str) -> Path:
    (folder / group).mkdir(parents=True, exist_ok=True)
    (folder / group / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("name", NAMES)
def test_a_user_s_own_segmenter_is_built_from_a_folder_of_any_name(outside: Path, name: str):
    conf = write(outside / name, "segmenter", "everywhere", "_target_: everywhere_of_mine.Everywhere\nheat: 0.5\n")
    composed = config.compose(None, ["segmenter=everywhere", "segmenter.heat=0.25"], conf=conf)
    stages = config.build(composed, conf=conf)
    assert stages.segmenter.heat == 0.25


def test_a_user_s_own_file_may_inherit_from_automask_s(tmp_path: Path):
    conf = write(tmp_path, "editor", "ours", "defaults: [sdxl, _self_]\nsteps: 12\n")
    node = config.compose(None, ["editor=ours", "editor.guidance=5"], conf=conf)["editor"]
    sdxl = config.compose(None, ["editor=sdxl"])["editor"]
    assert list(node.items()) == list({**sdxl, "steps": 12, "guidance": 5}.items())


def test_a_user_s_own_file_may_inherit_from_another_of_theirs(outside: Path):
    conf = write(outside / "conf", "segmenter", "everywhere", "_target_: everywhere_of_mine.Everywhere\nheat: 0.5\n")
    write(conf, "segmenter", "warm", "defaults: [everywhere, _self_]\nheat: 0.75\n")
    composed = config.compose(None, ["segmenter=warm"], conf=conf)
    assert config.build(composed, conf=conf).segmenter.heat == 0.75


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("defaults: [sdlx, _self_]\nsteps: 12\n", "names editor 'sdlx', which there is not; did you mean 'sdxl'?"),
        ("defaults: [sdxl, _self_]\nstep: 12\n", "takes no 'step'; did you mean 'steps'?"),
        ("defaults: [sdxl, _self_]\n_target_: nowhere_at_all.Thing\n", "no 'nowhere_at_all.Thing' to load"),
    ],
)
def test_a_file_that_inherits_and_does_not_fit_is_reported(tmp_path: Path, text: str, said: str):
    conf = write(tmp_path, "editor", "ours", text)
    assert said in refused(["editor=ours"], conf=conf)


def test_the_folder_may_be_relative(outside: Path, monkeypatch: pytest.MonkeyPatch):
    write(outside / "conf", "segmenter", "everywhere", "_target_: everywhere_of_mine.Everywhere\nheat: 0.5\n")
    monkeypatch.chdir(outside)
    assert config.compose(None, ["segmenter=everywhere"], conf=Path("conf"))["segmenter"]["heat"] == 0.5


def test_a_user_s_own_preset_chooses_from_both_folders(outside: Path):
    conf = write(outside / "conf", "segmenter", "everywhere", "_target_: everywhere_of_mine.Everywhere\nheat: 0.5\n")
    preset = "# @package _global_\ndefaults:\n  - override /segmenter: everywhere\n  - override /refiner: threshold\n"
    write(conf, "preset", "mine", preset + "\nboxes:\n  threshold: 0.2\n")
    composed = config.compose("mine", conf=conf)
    assert composed["preset"] == "mine"
    assert composed["segmenter"]["heat"] == 0.5
    assert composed["refiner"]["_target_"] == "automask.refiners.threshold.Threshold"
    assert composed["boxes"]["threshold"] == 0.2


def test_a_target_outside_automask_needs_the_folder(outside: Path):
    conf = write(outside / "conf", "segmenter", "everywhere", "_target_: everywhere_of_mine.Everywhere\nheat: 0.5\n")
    composed = config.compose(None, ["segmenter=everywhere"], conf=conf)
    with pytest.raises(ConfigError, match="outside automask it must come from the --conf folder"):
        config.check(composed)
    config.check(composed, conf=conf)


def test_without_the_folder_its_files_are_unknown():
    assert refused(["segmenter=everywhere"]).startswith("unknown segmenter 'everywhere'; valid:")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("_target_: nowhere_at_all.Thing\n", "no 'nowhere_at_all.Thing' to load (No module named 'nowhere_at_all')"),
        ("_target_: everywhere_of_mine.Thing\n", "no 'everywhere_of_mine.Thing' to load"),
        ("_target_: Thing\n", "no 'Thing' to load"),
        ("_target_: everywhere_of_mine.np\n", "nothing to call"),
        ("_target_: everywhere_of_mine.Everywhere\nheet: 1\n", "takes no 'heet'; did you mean 'heat'?"),
        ("_target_: everywhere_of_mine.Everywhere\nheat: hot\n", "segmenter.heat is 'hot': give a number"),
        ("heat: 1\n", "a file of the group says its _target_"),
        ("_target_: [\n", "expected the node content"),
    ],
)
def test_a_user_s_file_that_does_not_fit_is_reported(outside: Path, text: str, said: str):
    conf = write(outside / "conf", "segmenter", "mine", text)
    assert said in refused(["segmenter=mine"], conf=conf)


def test_a_user_s_file_that_automask_s_own_would_hide_is_reported(outside: Path):
    conf = write(outside / "conf", "segmenter", "starter", "_target_: everywhere_of_mine.Everywhere\nheat: 0.5\n")
    assert "has the name of automask's own segmenter 'starter'" in refused(conf=conf)


def test_a_copy_of_automask_s_own_file_hides_nothing(outside: Path):
    own = (CONF / "boxes" / "default.yaml").read_text(encoding="utf-8")
    conf = write(outside / "conf", "boxes", "default", own)
    assert config.compose(None, conf=conf)["boxes"]["threshold"] == 0.35


def test_a_missing_folder_is_reported(tmp_path: Path):
    said = refused(conf=tmp_path / "nothing")
    assert "no folder" in said
    assert "--conf names a folder with files like segmenter/mine.yaml" in said


def test_annotations_that_python_cannot_read_are_let_through(outside: Path):
    source = "from __future__ import annotations\n" + SEGMENTER.replace("heat: float", "heat: OnlyForCheckers")
    (outside / "src" / "annotated_of_mine.py").write_text(source, encoding="utf-8")
    conf = write(outside / "conf", "segmenter", "annotated", "_target_: annotated_of_mine.Everywhere\nheat: 0.5\n")
    assert config.compose(None, ["segmenter=annotated"], conf=conf)["segmenter"]["heat"] == 0.5


# --------------------------------------------------------------------------------------------------------------- habits


def test_hydra_is_not_imported_with_the_module():
    code = (
        "import sys, automask.config; print([name for name in sys.modules if name in ('hydra', 'omegaconf', 'yaml')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=CONF.parent)
    assert done.stdout.strip() == "[]"


def test_composing_leaves_no_global_hydra_behind(monkeypatch: pytest.MonkeyPatch):
    from hydra.core.global_hydra import GlobalHydra

    config.compose(None)
    assert not GlobalHydra.instance().is_initialized()


def test_composing_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    config.compose("starter", ["seed=3"])
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - hidden files too


def test_every_key_is_documented():
    page = (CONF.parent / "docs" / "reference" / "configuration.md").read_text(encoding="utf-8")
    primary = {**read(CONF / "config.yaml"), **read(CONF / "script.yaml")}
    top = [key for key in primary if key not in ("defaults", "hydra")]
    for name in (*top, *GROUPS, *PRESETS, "experiment", *(file.stem for file in EXPERIMENTS)):
        assert f"`{name}`" in page, name
    for file in FILES:
        assert f"`{file.parent.name}={file.stem}`" in page, name_of(file)
        for key in node_of(file):
            if key != "_target_":
                assert f"`{file.parent.name}.{key}`" in page, f"{file.parent.name}.{key}"


# ------------------------------------------------------------------------------------- mistakes in files of one's own


def own_file(tmp_path: Path, name: str, text: str) -> Path:
    """A folder for `--conf` that holds this file."""
    file = tmp_path / "mine" / f"{name}.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(text)
    return tmp_path / "mine"


def test_a_list_of_defaults_that_names_no_file_is_told_in_one_line(tmp_path: Path):
    text = "# @package _global_\ndefaults:\n  - override /editor: piant\n"
    mine = own_file(tmp_path, "experiment/mine", text)
    said = refused(["experiment=mine"], conf=mine)
    assert said == "a list of defaults names editor 'piant', which there is not; did you mean 'paint'?"


def test_yaml_that_cannot_be_read_is_told_with_its_place(tmp_path: Path):
    mine = own_file(tmp_path, "segmenter/broken", "a: [\n")
    said = refused(["segmenter=broken"], conf=mine)
    assert said.startswith(f"'{mine / 'segmenter' / 'broken.yaml'}', line 2, column 1: expected the node content")
    assert said.endswith("; fix the YAML")
    assert "unicode string" not in said
    (mine / "segmenter" / "broken.yaml").write_bytes(b"\xff\xfe")
    said = refused(["segmenter=broken"], conf=mine)
    assert said.startswith(f"'{mine / 'segmenter' / 'broken.yaml'}': 'utf-8' codec can't decode byte 0xff")
    assert said.endswith("; fix the YAML")


def test_a_broken_file_does_not_block_runs_that_do_not_use_it(tmp_path: Path):
    mine = own_file(tmp_path, "editor/good", "_target_: automask.editors.paint.Paint\nscale: 2.0\n")
    own_file(tmp_path, "segmenter/broken", "a: [\n")
    own_file(tmp_path, "refiner/binary", "")
    (mine / "refiner" / "binary.yaml").write_bytes(b"\xff\xfe")
    (mine / "mask" / "folder.yaml").mkdir(parents=True)
    assert config.compose("starter", ["editor=good"], conf=mine)["editor"]["scale"] == 2.0


QUITTING = {
    "as it is imported": "import sys\nsys.exit('no GPU')\n",
    "as it is made": "import sys\nclass Quits:\n    def __init__(self):\n        sys.exit('no GPU')\n",
}


@pytest.mark.parametrize("text", QUITTING.values(), ids=QUITTING)
def test_a_plug_in_that_leaves_the_program_is_told_in_one_line(tmp_path: Path, monkeypatch, text: str):
    module = f"quits_{len(text)}"
    (tmp_path / f"{module}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    mine = own_file(tmp_path, "editor/quits", f"_target_: {module}.Quits\n")
    with pytest.raises(ConfigError) as caught:
        config.build(config.compose("starter", ["editor=quits"], conf=mine))
    assert f"{module}.Quits" in str(caught.value)
    assert "SystemExit: no GPU" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text", ["seed=" + "[" * 3000, "seed=" + "[" * 3000 + "]" * 3000, "seed=" + "{a:" * 2000, "out=" + "a" * 600_000]
)
def test_an_override_that_is_nested_or_long_beyond_use_is_refused_in_a_short_line(text):
    for check in (config.check_overrides, lambda overrides: config.compose(overrides=overrides)):
        with pytest.raises(
            ConfigError, match="is longer, or nests deeper, than any setting needs: write it in"
        ) as caught:
            check([text])
        assert len(str(caught.value)) < 500
