"""From a preset's name and overrides to loaded stages. The only module, apart from the pipelines, that knows Hydra.

Configuration objects stop here: everything else gets plain values. A `_target_` is taken from YAML files only (the
package's, or a folder that the user names), never from an override, a plan or the web.
"""

import contextlib
import copy
import functools
import importlib
import inspect
import numbers
import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from automask import settings, signatures
from automask.capabilities import capabilities_of
from automask.composition import is_plain, plain_composition, plain_override, with_settings
from automask.errors import DOCUMENTATION, AutomaskError, ConfigError, ExtraMissing, WeightsMissing
from automask.plan import nearest
from automask.protocols import Editor, Stages
from automask.stages import check_members
from automask.weights import catalogue, find, find_local

# In an override `${oc.create:{_target_: os.system}}` would make a `_target_`, and `${oc.env:...}` reads secrets.
_RESOLVER = re.compile(r"\$\{.*:", re.DOTALL)
# What `instantiate` obeys, as a key in text: a sweep's values are not parsed.
_SPECIAL = re.compile(r"_(target|args|partial|convert|recursive)_['\"]?\s*:")
AUTO = "auto"
STAGE_GROUPS = ("segmenter", "boxes", "refiner", "mask", "editor")
STYLES = "style"
"""The folder of conf/ that holds plans, and no configuration."""
SCRIPT_KEYS = ("photo", "edits", "plan")
"""What the scripts in pipelines/ take as keys; the command line and Python take it as arguments."""
Config = Mapping[str, Any]


def conf_dir() -> Path:
    """The folder of the package's own YAML files: in the package when installed, next to it in a checkout."""
    package = Path(__file__).resolve().parent
    installed, checkout = package / "conf", package.parent / "conf"
    return installed if installed.is_dir() else checkout


@dataclass(frozen=True, slots=True)
class ConfFile:
    """A YAML file of a configuration group.

    Args:
        group: The folder that it is in, such as `editor`.
        name: Its name there, such as `paint`.
        path: Where it is.
        about: Its first comment.
    """

    group: str
    name: str
    path: Path
    about: str


def is_offered(name: str) -> bool:
    """Whether lists, hints and completions name a file: not those made for tests, nor an old name."""
    return name != "serial" and name.partition("-")[0] != "tiny"


def conf_files(conf: Path | None = None) -> tuple[ConfFile, ...]:
    """The files of all configuration groups that are offered to users, in the order of the stages, presets first.

    Args:
        conf: A folder of the user's own, whose files are listed too.

    Raises:
        ConfigError: There is no such folder.
    """
    folders = [conf_dir()] if conf is None else [conf_dir(), _existing(conf)]
    files = {(path.parent.name, path.stem): path for folder in reversed(folders) for path in folder.glob("*/*.yaml")}
    order = ("preset", *STAGE_GROUPS)
    places = {group: place for place, group in enumerate(order)}
    return tuple(
        ConfFile(group, name, path, _first_comment(path))
        for (group, name), path in sorted(files.items(), key=lambda item: (places.get(item[0][0], len(order)), item[0]))
        if is_offered(name)
    )


def _first_comment(path: Path) -> str:
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    comments = (line.lstrip("# ").rstrip() for line in lines if line.startswith("#"))
    # Hydra's own line, `# @package _global_`, says nothing about the file.
    first = next((comment for comment in comments if comment and not comment.startswith("@package")), "")
    # A sentence that ends in a colon introduces lines that are not shown.
    return f"{first.rpartition('. ')[0]}." if first.endswith(":") and ". " in first else first


def to_yaml(config: Config) -> str:
    """A composed configuration as YAML for people, the preset first."""
    import yaml

    shown = {"preset": config["preset"], **config}
    return yaml.safe_dump(shown, sort_keys=False, allow_unicode=True, width=120)


def weights_of(config: Config, *, conf: Path | None = None) -> tuple[str, ...]:
    """The names of all weights in the catalogue that a composed configuration's stages load.

    Args:
        config: As `compose` gives it.
        conf: The user's own folder, where there is one.
    """
    known = {weights.name for weights in catalogue()}
    nodes = [config[group] for group in STAGE_GROUPS]
    # An editor that chooses among others (`editor=auto`) names files of its own group.
    nodes += [_editor_node(name, conf) for name in config["editor"].get("editors", ())]
    values = [value for node in nodes for key, value in node.items() if not key.startswith("_")]
    return tuple(dict.fromkeys(value for value in values if isinstance(value, str) and value in known))


def uses_models(config: Config) -> bool:
    """Whether a composed configuration's stages always need the extra `models`: those of torch have a `device`."""
    return any("device" in config[group] for group in STAGE_GROUPS)


def compose(
    preset: str | None = None, overrides: Sequence[str] = (), *, conf: Path | None = None, script: bool = False
) -> Config:
    """The whole configuration as plain values; all mistakes are reported in one error.

    Args:
        preset: A file of the group `preset`; None takes the overrides', else the experiment's, or else `starter`.
        overrides: `key=value` in Hydra's grammar, without sweeps, `+` or `~`.
        conf: A folder of the user's own YAML files, searched after the package's.
        script: Whether it is for a script in pipelines/, whose configuration has `SCRIPT_KEYS` too.

    Raises:
        ConfigError: Unknown presets, groups, keys or values, with the nearest valid name; a `_target_` that is not
            allowed.
    """
    if preset is not None and not isinstance(preset, str):
        raise ConfigError(f"preset is {preset!r}", hint="give a name, such as 'starter'")
    overrides = override_texts(overrides)
    folders = [conf_dir()] if conf is None else [conf_dir(), _existing(conf)]
    pairs, mistakes = _parse(overrides)
    groups = _groups(folders)
    mistakes += _shadowed_files(folders)
    chosen = {} if preset is None else {"preset": preset}
    for key, (text, value) in list(pairs.items()):
        if key in groups:
            # As typed: Hydra reads `null` and `007` as values, but here they are names of files.
            chosen[key] = value if isinstance(value, str) else text.partition("=")[2]
            del pairs[key]
        elif re.split(r"[./]", key)[0] == "hydra":
            mistakes.append(f"{text!r}: Hydra's own settings belong to the scripts in pipelines/")
            del pairs[key]
    if preset is not None and preset != chosen["preset"]:
        mistakes.append(f"--preset {preset} and preset={chosen['preset']} disagree; say it once")
    unknown = {group: name for group, name in chosen.items() if name not in groups[group]}
    mistakes += [f"unknown {group} {name!r}{_hint(name, groups[group])}" for group, name in unknown.items()]
    # The keys of an unknown group cannot be checked; all others are, so that one run reports every mistake.
    doubtful = {*unknown, *(STAGE_GROUPS if unknown.keys() & {"preset", "experiment"} else ())}
    choices = [f"{group}={quoted(name)}" for group, name in chosen.items() if group not in unknown]
    primary = "script" if script else "config"
    known = {group: name for group, name in chosen.items() if group not in unknown}
    if conf is None:
        composed = _plainly(conf_dir(), tuple(known.items()), primary) or _packaged(conf_dir(), tuple(choices), primary)
    else:
        composed = _hydra(choices, conf, primary)
    base = _resolved(composed.node, {}, conf)
    mistakes += _foreign_keys(base, primary)
    fitting = {}
    for key, (text, value) in pairs.items():
        wrong = [] if key.partition(".")[0] in doubtful else _mistakes_in_key(key, text, value, base)
        mistakes += wrong
        if not wrong and key.partition(".")[0] not in doubtful:
            fitting[key] = value
    config = _resolved(composed.node, fitting, conf) if fitting else base
    mistakes += [f"{path!r} may not be made by an override" for path in sorted(_hidden(config) - _hidden(base))]
    _stop(mistakes + _mistakes_in(config, conf))
    return {**config, "preset": composed.preset}


def check(config: Config, *, conf: Path | None = None) -> None:
    """Holds a composed configuration against the signatures that it is for.

    Raises:
        ConfigError: Every value of a wrong type and every `_target_` that is not allowed, at once.
    """
    _stop(_mistakes_in(config, conf))


def _mistakes_in(config: Config, conf: Path | None) -> list[str]:
    mistakes = []
    allowed = frozenset() if conf is None else _targets_in(conf)
    for group in (*STAGE_GROUPS, "mapper"):
        node = config.get(group)
        if not isinstance(node, Mapping) or "_target_" not in node:
            mistakes.append(f"{group} is {node!r}: a file of the group says its _target_")
            continue
        target = str(node["_target_"])
        if not target.startswith("automask.") and target not in allowed:
            mistakes.append(f"{group}._target_ is {target!r}: outside automask it must come from the --conf folder")
            continue
        mistakes += _mistakes_in_values(group, node, target)
    mistakes += [f"{problem}: {hint}" for problem, hint in settings.mistakes_in(config)]
    for key, (fits, hint) in _JOB_KEYS.items():
        if (key in config or key not in SCRIPT_KEYS) and not fits(config[key]):
            mistakes.append(f"{key} is {config[key]!r}: {hint}")
    return mistakes


def _is_text_or_none(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _is_paths_or_none(value: Any) -> bool:
    return _is_text_or_none(value) or (isinstance(value, list) and all(isinstance(one, str) for one in value))


_PATH = "give a path (a name of digits only needs quotes)"
_JOB_KEYS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "recursive": (lambda v: type(v) is bool, "give true or false"),
    "overwrite": (lambda v: type(v) is bool, "give true or false"),
    "force": (lambda v: type(v) is bool, "give true or false"),
    "prune": (lambda v: type(v) is bool, "give true or false"),
    "device": (lambda v: isinstance(v, str) and v != "", "give auto, cpu, cuda, cuda:1 or mps"),
    "fresh_masks": (lambda v: type(v) is bool, "give true or false"),
    "masks": (_is_text_or_none, _PATH),
    "palette": (_is_paths_or_none, "give a file of colours, or a list of files, such as [mine.csv, yours.ase]"),
    "same_room": (_is_text_or_none, "give a name (one of digits only needs quotes)"),
    "out": (lambda v: isinstance(v, str) and v != "", "give a folder (a name of digits only needs quotes)"),
    "photo": (_is_text_or_none, _PATH),
    "edits": (_is_text_or_none, "give words in quotes"),
    "plan": (_is_text_or_none, _PATH),
}
"""The keys that say what a command or a script works on; the settings of a run are judged by `automask.settings`."""


def root_of(override: str) -> str:
    """The first part of an override's key: `boxes` of `boxes.threshold=0.2`."""
    return re.split(r"[.=]", override, maxsplit=1)[0]


def build(
    config: Config,
    *,
    editors: Iterable[str] = (),
    conf: Path | None = None,
    given: Mapping[str, Any] | None = None,
) -> Stages:
    """Everything a photo is worked on with, loaded.

    Args:
        config: As `compose` gives it.
        editors: Names of editors that edits ask for with `with:`.
        conf: The user's own folder, where there is one.
        given: Ready objects by group, taken in place of the configuration's, which are then not loaded at all.

    Raises:
        ConfigError: A constructor refuses its values, an editor's name is unknown, or a stage misspells an optional
            member.
        WeightsMissing, ExtraMissing: What the preset needs is not on this machine.
    """
    run = _RunWide(str(config.get("device", AUTO)), config.get("palette"))
    named = {name: _editor_node(name, conf, run) for name in dict.fromkeys(editors)}
    ready = given or {}
    own = {group: run.into(config[group]) for group in STAGE_GROUPS}
    try:
        built = {g: ready[g] if g in ready else _instantiate(own[g], g) for g in STAGE_GROUPS}
    except (WeightsMissing, ExtraMissing) as error:
        raise _with_fetch(error, config, conf) from error
    loaded = {name: _instantiate(node, f"editor {name}") for name, node in named.items()}
    chosen = [name for editor in (built["editor"], *loaded.values()) for name in _connect_editors(editor, conf, run)]
    # The settings of editors that are chosen among decide a result, too.
    nodes = {**named, **{name: _editor_node(name, conf, run) for name in dict.fromkeys(chosen) if name not in named}}
    stages = Stages(
        **{"mask_recipe" if group == "mask" else group: one for group, one in built.items()},
        editors=loaded,
        preset=str(config.get("preset", "")),
        config={**own, "editors": nodes},
    )
    check_members(stages)
    return stages


def _with_fetch(
    error: WeightsMissing | ExtraMissing, config: Config, conf: Path | None
) -> WeightsMissing | ExtraMissing:
    """The error with the one command that fetches all weights that a configuration lacks, not only the first missed."""
    lacking = [name for name in weights_of(config, conf=conf) if find_local(find(name)) is None]
    if isinstance(error, WeightsMissing) and not any(repr(name) in error.problem for name in lacking):
        return error  # files that the user named, say
    if not lacking:
        return error
    preset = str(config.get("preset", ""))
    fetch = f"automask models fetch {' '.join(lacking)}"
    with contextlib.suppress(ConfigError):  # a preset that somebody made in a script
        if {*lacking} <= {*weights_of(compose(preset, conf=conf), conf=conf)}:
            own = "" if conf is None else f" --conf {shlex.quote(str(conf))}"
            fetch = f"automask models fetch --preset {preset}{own}"
    if isinstance(error, ExtraMissing):
        return ExtraMissing(error.problem, hint=f"{error.hint}, then {fetch}")
    return WeightsMissing(error.problem, hint=f"run '{fetch}', or point model at a copy")


def with_editor(stages: Stages, name: str, *, conf: Path | None = None) -> Stages:
    """Loaded stages with one more editor, of a file in the group `editor`.

    Raises:
        As `load_editor`.
    """
    nodes = {**stages.config.get("editors", {}), name: _editor_node(name, conf)}
    changed = {**stages.config, "editors": nodes} if stages.config else stages.config
    return replace(stages, editors={**stages.editors, name: load_editor(name, conf=conf)}, config=changed)


def load_editor(name: str, *, conf: Path | None = None, device: str = AUTO, palette: Any = None) -> Editor:
    """The editor of one file in the group `editor`, loaded with that file's settings.

    Args:
        name: Of the file.
        conf: The user's own folder, where there is one.
        device: Where it runs, unless its file says that itself.
        palette: Files of the user's own colours, unless its file names some itself.

    Raises:
        ConfigError: There is no such file, its constructor refuses its values, or it chooses among editors itself.
        WeightsMissing, ExtraMissing: What it needs is not on this machine.
    """
    editor: Editor = _instantiate(_editor_node(name, conf, _RunWide(device, palette)), f"editor {name}")
    if capabilities_of(editor).route is not None:
        raise ConfigError(f"editor {name!r} chooses among editors itself", hint="name editors that paint")
    return editor


def _connect_editors(editor: Any, conf: Path | None, run: "_RunWide") -> Sequence[str]:
    """The names that an editor chooses among, after it got the function that loads them; none for any other editor."""
    can = capabilities_of(editor)
    if can.connect is None:
        return ()
    can.connect(functools.partial(load_editor, conf=conf, device=run.device, palette=run.palette))
    return can.editors


def build_mapper(config: Config) -> Any:
    """The mapper of a batch, loaded.

    Raises:
        ConfigError: Its constructor refuses its values.
    """
    return _instantiate(config["mapper"], "mapper")


@dataclass(frozen=True, slots=True)
class _RunWide:
    """What stages take over from the run: its device where they say `auto`, its palette where they name none."""

    device: str = AUTO
    palette: Any = None

    def into(self, node: Config) -> Config:
        """A stage's settings, completed."""
        if node.get("device") == AUTO:
            node = {**node, "device": self.device}
        if "palette" in node and node["palette"] is None:
            # Without one the key is left out: results from before there were palettes stay done.
            rest = {key: value for key, value in node.items() if key != "palette"}
            node = rest if self.palette is None else {**rest, "palette": self.palette}
        return node


def _editor_node(name: str, conf: Path | None, run: _RunWide | None = None) -> Config:
    config = compose(overrides=[f"editor={name}"], conf=conf)
    return (run or _RunWide()).into(config["editor"])


def _instantiate(node: Config, what: str) -> Any:
    if _is_own_and_plain(node):
        return _constructed(node, what)
    from hydra.errors import InstantiationException
    from hydra.utils import instantiate

    try:
        return instantiate(dict(node), _convert_="all")
    except InstantiationException as error:
        cause: BaseException | None = error.__cause__
        while cause is not None and not isinstance(cause, AutomaskError):
            cause = cause.__cause__
        if isinstance(cause, AutomaskError):
            raise cause from error
        said = " ".join(str(error.__cause__ or error).split())
        raise ConfigError(f"cannot load {what} ({node['_target_']}): {said}", hint="check its YAML file") from error
    except SystemExit as error:  # a constructor that parses a command line of its own, say
        said = f"SystemExit: {error}"
        raise ConfigError(f"cannot load {what} ({node['_target_']}): {said}", hint="check its class") from error


def _is_own_and_plain(node: Config) -> bool:
    """Whether a stage is a class of automask's own with arguments that are values: what Hydra would call as it is."""
    special = {key for key in node if key.startswith("_")}
    own = str(node["_target_"]).startswith("automask.")
    return special == {"_target_"} and own and not _hidden({key: value for key, value in node.items() if key[0] != "_"})


def _constructed(node: Config, what: str) -> Any:
    values = copy.deepcopy({key: value for key, value in node.items() if key != "_target_"})
    try:
        return locate(node["_target_"])(**values)
    except AutomaskError:
        raise
    except (Exception, SystemExit) as error:
        said = " ".join(str(error).split())
        raise ConfigError(f"cannot load {what} ({node['_target_']}): {said}", hint="check its YAML file") from error


@dataclass(frozen=True, slots=True, eq=False)
class _Composed:
    """Chosen files, composed: an OmegaConf node of Hydra, not yet resolved, or plain values; the name of the preset."""

    node: Any
    preset: str


@functools.lru_cache(maxsize=32)
def _plainly(folder: Path, choices: tuple[tuple[str, str], ...], primary: str) -> _Composed | None:
    """The chosen files of the package, composed without Hydra; None where they need it."""
    found = plain_composition(folder, primary, dict(choices))
    return None if found is None else _Composed(*found)


@functools.lru_cache(maxsize=32)
def _packaged(_: Path, choices: tuple[str, ...], primary: str) -> _Composed:
    """`_hydra` over the files of the package alone, which stay as they are while a program runs: once for each choice.

    A script that edits photo after photo would else wait a tenth of a second before each.
    """
    return _hydra(choices, None, primary)


def _hydra(choices: Sequence[str], conf: Path | None, primary: str) -> _Composed:
    """The chosen files, composed from a file at the top of the folder."""
    from hydra import compose as hydra_compose
    from hydra import initialize_config_dir
    from hydra.types import RunMode
    from omegaconf import OmegaConf

    search = []
    if conf is not None:
        search = [f"hydra.searchpath=[{quoted(f'file://{conf.resolve()}')}]"]
    with _faults_told(conf), initialize_config_dir(str(conf_dir()), version_base="1.3", job_name="automask"):
        composed = hydra_compose(primary, overrides=[*search, *choices], return_hydra_config=True)
        sweeps = composed.hydra.mode == RunMode.MULTIRUN
        preset = str(composed.hydra.runtime.choices.preset)
        node = OmegaConf.masked_copy(composed, [key for key in composed if key != "hydra"])
        OmegaConf.set_struct(node, True)  # a copy does not keep it
    if sweeps and primary == "config":
        raise ConfigError("the experiment runs several jobs", hint="use python pipelines/edit.py experiment=NAME")
    return _Composed(node, preset)


def _resolved(node: Any, settings: Mapping[str, Any], conf: Path | None) -> Config:
    """The plain values of a composed node with some keys set, as Hydra sets them.

    Composing again with the keys among the overrides gives the same, and takes a tenth of a second.
    """
    if isinstance(node, dict) and all(map(is_plain, settings.values())):
        return with_settings(node, settings)
    from omegaconf import OmegaConf

    with _faults_told(conf):
        changed = OmegaConf.create(node) if isinstance(node, dict) else copy.deepcopy(node) if settings else node
        for key, value in settings.items():
            OmegaConf.update(changed, key, value, merge=True)
        container: Config = cast(Config, OmegaConf.to_container(changed, resolve=True))
    return container


@contextlib.contextmanager
def _faults_told(conf: Path | None) -> Iterator[None]:
    """Raises ConfigError for what Hydra, OmegaConf and YAML raise."""
    import yaml  # comes with Hydra
    from hydra.errors import HydraException, MissingConfigException
    from omegaconf.errors import OmegaConfBaseException

    try:
        yield
    except MissingConfigException as error:
        raise ConfigError(_missing_file(str(error.missing_cfg_file), conf)) from error
    except (HydraException, OmegaConfBaseException, yaml.YAMLError, UnicodeDecodeError) as error:
        # A fault in YAML names its file only sometimes.
        named = Path(str(getattr(getattr(error, "problem_mark", None), "name", "")))
        for file in [named] if named.is_file() else sorted(conf.rglob("*.yaml")) if conf else ():
            _yaml_in(file)
        raise ConfigError(
            f"configuration: {' '.join(str(error).split())}", hint=f"see {DOCUMENTATION}/reference/configuration.md"
        ) from error


def _missing_file(named: str, conf: Path | None) -> str:
    """What to say of a file that the `defaults` of a preset, an experiment or the user's own file name in vain."""
    group, _, name = named.rpartition("/")
    names = _groups([conf_dir()] if conf is None else [conf_dir(), conf]).get(group, [])
    return f"a list of defaults names {group or 'the file'} {name!r}, which there is not{_hint(name, names)}"


def override_texts(overrides: Sequence[str] | Mapping[str, Any]) -> Sequence[str]:
    """Overrides as texts of Hydra's grammar: `{"boxes.threshold": 0.2}` as `["boxes.threshold=0.2"]`.

    A mapping may be nested: `{"boxes": {"threshold": 0.2}}` says the same.

    Raises:
        ConfigError: Neither texts nor a mapping; a key that is no text, or a value that is no number, text, true,
            false, None, list or mapping.
    """
    if isinstance(overrides, Mapping):
        return [f"{key}={_value_text(key, value)}" for key, value in _flat(overrides)]
    texts = list(overrides) if isinstance(overrides, Iterable) and not isinstance(overrides, str) else None
    if texts is None or not all(isinstance(text, str) for text in texts):
        raise ConfigError(f"overrides is {overrides!r}", hint="give a list of texts, such as ['boxes.threshold=0.2']")
    return texts


def _flat(overrides: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The keys with dots and their values: `{"boxes": {"threshold": 0.2}}` has `boxes.threshold`."""
    for key, value in overrides.items():
        if not isinstance(key, str) or not re.fullmatch(r"[A-Za-z_][\w./@-]*", key):
            raise ConfigError(f"override key {key!r}", hint="name a setting, such as 'boxes.threshold'")
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _value_text(key: str, value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, numbers.Integral):  # NumPy's numbers too, whose repr is not a number
        return repr(int(value))
    if isinstance(value, numbers.Real):
        return repr(float(value))
    if isinstance(value, str | Path):
        return quoted(str(value))
    if isinstance(value, list | tuple):
        return f"[{','.join(_value_text(key, one) for one in value)}]"
    raise ConfigError(
        f"override {key!r} is of type {type(value).__name__!r}", hint="give a number, text, list or mapping"
    )


def quoted(text: str) -> str:
    """A text as Hydra's grammar takes it literally; a backslash means something only before a quote, or at the end."""
    return "'" + re.sub(r"(\\*)('|\Z)", lambda found: found[1] * 2 + ("\\'" if found[2] else ""), text) + "'"


def _parse(overrides: Sequence[str]) -> tuple[dict[str, tuple[str, Any]], list[str]]:
    """For each key its override's text and value, last one wins, and what cannot be taken."""
    short = [text for text in overrides if len(text) <= _CHARS_SHOWN]  # what is longer is checked for its length first
    plain = {text: found for text in short if (found := plain_override(text)) is not None}
    readable, mistakes = _readable([text for text in overrides if text not in plain])
    parsed = dict(readable)
    pairs: dict[str, tuple[str, Any]] = {}
    for text in overrides:
        if text in plain:
            pairs[plain[text][0]] = (text, plain[text][1])
            continue
        override = parsed.get(text)
        if override is None:
            continue  # a mistake
        if override.is_sweep_override():
            mistakes.append(f"{text!r} lists several values: use the scripts in pipelines/ with -m for that")
        elif override.is_add() or override.is_delete() or override.is_force_add():
            mistakes.append(f"{text!r}: keys are set with key=value, neither added with '+' nor removed with '~'")
        elif override.package is not None:
            mistakes.append(f"{text!r}: a group keeps its place; leave '@{override.package}' out")
        elif _resolves(text, override):
            mistakes.append(f"{text!r}: '${{name:...}}' is read in YAML files only")
        else:
            value = override.value()
            if _names_target(override.key_or_group, value):
                mistakes.append(f"{text!r}: '_target_' and its like are read from YAML files only")
            else:
                pairs[override.key_or_group] = (text, value)
    return pairs, mistakes


def _readable(overrides: Sequence[str]) -> tuple[list[tuple[str, Any]], list[str]]:
    """Each override that Hydra's grammar reads, with its text, and what is to be said of the others."""
    if not overrides:
        return [], []
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    parser = OverridesParser.create()
    readable, mistakes = [], []
    for text in overrides:
        shown = repr(text if len(text) <= _CHARS_SHOWN else text[: _CHARS_SHOWN - 1] + "\N{HORIZONTAL ELLIPSIS}")
        if len(text) > _MOST_CHARS or _nesting(text) > _MOST_NESTED:
            mistakes.append(f"{shown} is longer, or nests deeper, than any setting needs: write it in a YAML file")
            continue
        try:
            readable.append((text, parser.parse_override(text)))
        except HydraException:
            mistakes.append(f"{shown} is not 'key=value'; quote a value that holds more than plain letters: key='a b'")
    return readable, mistakes


_CHARS_SHOWN = 300
_MOST_CHARS = 1 << 19  # the words of a plan may be half as long
_MOST_NESTED = 50
"""Brackets inside brackets: Hydra's grammar calls itself for each, and so does whatever walks over the value."""


def _nesting(text: str) -> int:
    depth = deepest = 0
    for char in text:
        depth += (char in "[{(") - (char in "]})")
        deepest = max(deepest, depth)
    return deepest


def check_overrides(overrides: Sequence[str]) -> None:
    """Refuses overrides that could name what is loaded: for the scripts, whose overrides Hydra itself takes.

    Raises:
        ConfigError: An override that holds a `_target_` or a resolver (`${oc.create:...}` can make one), or is none.
    """
    readable, mistakes = _readable(overrides)
    for text, override in readable:
        value = None if override.is_sweep_override() else override.value()
        if _names_target(override.key_or_group, value) or _SPECIAL.search(_unescaped(text)):
            mistakes.append(f"{text!r}: '_target_' and its like are read from YAML files only")
        elif _resolves(text, override):
            mistakes.append(f"{text!r}: '${{name:...}}' is read in YAML files only")
    _stop(mistakes)


def _resolves(text: str, override: Any) -> bool:
    r"""Whether an override asks for a resolver, typed or as the grammar reads it: `$\{oc.env:HOME\}` is one too."""
    value = override.value()
    strings = [text, _unescaped(text), *_strings(getattr(value, "list", value))]
    return any(_RESOLVER.search(string) for string in strings)


def _unescaped(text: str) -> str:
    return text.replace("\\", "")


def _strings(value: Any) -> Iterator[str]:
    """Every text in a value, keys included."""
    if isinstance(value, Mapping):
        for key, inside in value.items():
            yield str(key)
            yield from _strings(inside)
    elif isinstance(value, list | tuple):
        for inside in value:
            yield from _strings(inside)
    else:
        yield str(value)


def _names_target(key: str, value: Any) -> bool:
    if any(part.startswith("_") for part in key.replace("@", ".").split(".")):
        return True
    if isinstance(value, Mapping):
        return any(_names_target(str(k), v) for k, v in value.items())
    if isinstance(value, list | tuple):
        return any(_names_target("", v) for v in value)
    return isinstance(value, str) and value == "_target_"


def _groups(folders: Sequence[Path]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for folder in folders:
        for file in sorted(file for file in folder.glob("*/*.yaml") if file.is_file()):
            if file.parent.name == STYLES:
                continue
            groups.setdefault(file.parent.name, []).append(file.stem)
    return groups


def _foreign_keys(config: Config, primary: str) -> list[str]:
    """What is to be said of keys that a preset or an experiment brings and nothing reads."""
    known = {*STAGE_GROUPS, "mapper", *_own_keys(primary)}
    mistakes = []
    for key in config:
        if key in ("preset", "experiment"):
            mistakes.append(f"a file of the group {key!r} begins with the line '# @package _global_'")
        elif key in SCRIPT_KEYS and key not in known:
            mistakes.append(f"the experiment sets {key!r}: run it by a script in pipelines/")
        elif key not in known:
            mistakes.append(f"a preset or an experiment sets {key!r}, which is not a key{_hint(key, sorted(known))}")
    return mistakes


@functools.cache
def _own_keys(primary: str) -> frozenset[str]:
    import yaml

    files = [conf_dir() / f"{name}.yaml" for name in {"config", primary}]
    read = (yaml.safe_load(file.read_text(encoding="utf-8")) for file in files)
    return frozenset(key for content in read for key in content if key not in ("defaults", "hydra"))


def _shadowed_files(folders: Sequence[Path]) -> list[str]:
    """A user's file that has the name of one of automask's would never be read: said, unless it is the same."""
    ours, *users = folders
    return [
        f"{str(file)!r} has the name of automask's own {file.parent.name} {own.stem!r}, which would be used; rename it"
        for folder in users
        for file in sorted(folder.glob("*/*.yaml"))
        if (own := ours / file.parent.name / file.name).is_file() and own.read_bytes() != file.read_bytes()
    ]


def _hidden(node: Any, path: str = "") -> set[str]:
    """The places of all keys that Hydra gives a meaning to (`_target_`, `_args_`, ...), with their values."""
    if isinstance(node, Mapping):
        found = {f"{path}{key}={value}" for key, value in node.items() if str(key).startswith("_")}
        return found.union(*(_hidden(value, f"{path}{key}.") for key, value in node.items()))
    if isinstance(node, list):
        return set().union(*(_hidden(value, f"{path}{i}.") for i, value in enumerate(node)))
    return set()


def _existing(folder: Path) -> Path:
    if not folder.is_dir():
        raise ConfigError(
            f"no folder {str(folder)!r}", hint="--conf names a folder with files like segmenter/mine.yaml"
        )
    return folder


def _mistakes_in_key(key: str, text: str, value: Any, base: Config) -> list[str]:
    node: Any = base
    path: list[str] = []
    for part in key.split("."):
        if not isinstance(node, Mapping) or part not in node:
            known = [".".join([*path, name]) for name in node if not name.startswith("_")] if _is_map(node) else []
            if not path:
                known += ["preset", "experiment"]  # chosen by name; their values are in the others
            everywhere = _dotted_names(base)
            same = [name for name in everywhere if name.rpartition(".")[2] == part]
            close = (same[0] if same else None) or nearest(key, known) or (None if path else nearest(key, everywhere))
            return [f"unknown key {key!r}" + (f"; did you mean {close!r}?" if close else _listing(known or everywhere))]
        node = node[part]
        path.append(part)
    if isinstance(node, Mapping) and not isinstance(value, Mapping):
        return [f"{text!r} would replace the whole of {key!r}; set one of its keys: {', '.join(_dotted_names(node))}"]
    return []


def _is_map(node: Any) -> bool:
    return isinstance(node, Mapping)


def _dotted_names(node: Config, prefix: str = "") -> list[str]:
    names = []
    for name, value in node.items():
        if not name.startswith("_"):
            names.append(prefix + name)
            if isinstance(value, Mapping):
                names += _dotted_names(value, f"{prefix}{name}.")
    return names


def _hint(name: str, known: Sequence[str]) -> str:
    known = [one for one in known if is_offered(one)]
    close = nearest(name, known)
    return f"; did you mean {close!r}?" if close else _listing(known)


def _listing(known: Sequence[str]) -> str:
    return f"; valid: {', '.join(known)}"


def _stop(mistakes: Sequence[str]) -> None:
    if mistakes:
        raise ConfigError("\n".join(mistakes))


def _targets_in(folder: Path) -> frozenset[str]:
    """Every `_target_` that the YAML files of a folder name."""
    found: set[str] = set()

    def collect(node: Any) -> None:
        if isinstance(node, Mapping):
            if isinstance(node.get("_target_"), str):
                found.add(node["_target_"])
            for value in node.values():
                collect(value)
        elif isinstance(node, list):
            for value in node:
                collect(value)

    for file in sorted(folder.rglob("*.yaml")):
        # A run that uses a file which cannot be read has stopped before: others may go on.
        with contextlib.suppress(ConfigError):
            collect(_yaml_in(file))
    return frozenset(found)


def _yaml_in(file: Path) -> Any:
    """What a YAML file says.

    Raises:
        ConfigError: It cannot be read; with the place of the fault.
    """
    import yaml

    try:
        return yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        mark, said = getattr(error, "problem_mark", None), getattr(error, "problem", None) or str(error)
        place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise ConfigError(f"{str(file)!r}{place}: {' '.join(said.split())}", hint="fix the YAML") from error


def locate(target: str) -> Any:
    """The callable that a `_target_` names.

    Raises:
        ConfigError: There is none of that name.
    """
    module_name, _, name = target.rpartition(".")
    hint = "_target_ is 'package.module.Class', and Python must find the package (PYTHONPATH)"
    try:
        found = getattr(importlib.import_module(module_name), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigError(f"no {target!r} to load ({error})", hint=hint) from error
    except (Exception, SystemExit) as error:
        said = f"{type(error).__name__}: {' '.join(str(error).split())}"
        raise ConfigError(f"no {target!r} to load: its module failed with {said}", hint="fix the module") from error
    if not callable(found):
        raise ConfigError(f"{target!r} is {found!r}, nothing to call", hint=hint)
    return found


@functools.cache
def parameters_of(target: str) -> Mapping[str, inspect.Parameter]:
    """The constructor parameters of a `_target_`, with evaluated annotations."""
    return signatures.parameters_of(locate(target))


def _mistakes_in_values(group: str, node: Config, target: str) -> list[str]:
    try:
        parameters = parameters_of(target)
    except ConfigError as error:
        return [f"{group}: {error}"]
    mistakes = []
    takes_any = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values())
    for key, value in node.items():
        if key.startswith("_"):
            continue
        if key not in parameters:
            if not takes_any:
                mistakes.append(f"{target} takes no {key!r}{_hint(key, list(parameters))}")
        elif not signatures.fits(value, parameters[key].annotation):
            mistakes.append(f"{group}.{key} is {value!r}: give {signatures.describe(parameters[key].annotation)}")
        elif target.startswith("automask.types."):
            # Recipes are plain values: their ranges are checked here, with everything else, not one by one at loading.
            try:
                locate(target)(**{key: value})
            except ConfigError as error:
                mistakes.append(str(error))
    return mistakes
