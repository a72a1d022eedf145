"""From a preset's name and overrides to loaded stages. Apart from the pipelines the only module that uses Hydra.

Configuration objects stop here: everything else gets plain values. A `_target_` comes from YAML files only (the
package's, or a folder that the user names), never from an override, a plan or the web.
"""

import functools
import importlib
import inspect
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from automask import settings, signatures
from automask.capabilities import capabilities_of
from automask.errors import AutomaskError, ConfigError
from automask.plan import nearest
from automask.protocols import Editor, Stages
from automask.stages import check_members

# In an override `${oc.create:{_target_: os.system}}` would make a `_target_`, and `${oc.env:...}` would read secrets.
_RESOLVER = re.compile(r"\$\{.*:", re.DOTALL)
# The keys that `instantiate` obeys, found in text: the values of a sweep are not parsed.
_SPECIAL = re.compile(r"_(target|args|partial|convert|recursive)_['\"]?\s*:")
STAGE_GROUPS = ("segmenter", "boxes", "refiner", "mask", "editor")
Config = Mapping[str, Any]


def conf_dir() -> Path:
    """The folder of the package's own YAML files: in the package when installed, next to it in a checkout."""
    package = Path(__file__).resolve().parent
    installed, checkout = package / "conf", package.parent / "conf"
    return installed if installed.is_dir() else checkout


def compose(preset: str | None = None, overrides: Sequence[str] = (), *, conf: Path | None = None) -> Config:
    """The whole configuration as plain values, with every mistake in it reported at once.

    Args:
        preset: A file of the group `preset`; None takes the one that the overrides name, or else `starter`.
        overrides: `key=value` in Hydra's grammar, without sweeps, `+` or `~`.
        conf: A folder of the user's own YAML files, searched after the package's.

    Raises:
        ConfigError: Unknown presets, groups, keys or values, with the nearest valid name; a `_target_` that is not
            allowed.
    """
    if preset is not None and not isinstance(preset, str):
        raise ConfigError(f"preset is {preset!r}", hint="give a name, such as 'starter'")
    if isinstance(overrides, str) or not all(isinstance(text, str) for text in overrides):
        raise ConfigError(f"overrides is {overrides!r}", hint="give a list of texts, such as ['boxes.threshold=0.2']")
    folders = [conf_dir()] if conf is None else [conf_dir(), _existing_folder(conf)]
    pairs, mistakes = _parse(overrides)
    groups = _groups(folders)
    mistakes += _shadowed(folders)
    chosen = {"preset": preset or "starter"}
    for key, (text, value) in list(pairs.items()):
        if key in groups:
            # As typed: Hydra reads `null` and `007` as values, but here they are names of files.
            chosen[key] = value if isinstance(value, str) else text.partition("=")[2]
            del pairs[key]
        elif re.split(r"[./]", key)[0] == "hydra":
            mistakes.append(f"{text!r}: Hydra's own settings belong to the scripts in pipelines/")
            del pairs[key]
    if preset is not None and preset != chosen["preset"]:
        mistakes.append(f"--preset {preset} and preset={chosen['preset']} disagree")
    unknown = {group: name for group, name in chosen.items() if name not in groups[group]}
    mistakes += [f"unknown {group} {name!r}{_suggestion(name, groups[group])}" for group, name in unknown.items()]
    # The keys of an unknown group cannot be checked; all others are, so that one run reports every mistake.
    doubtful = {*unknown, *(STAGE_GROUPS if "preset" in unknown else ())}
    choices = [f"{group}={quoted(name)}" for group, name in chosen.items() if group not in unknown]
    base = _hydra(choices, conf)
    fitting = []
    for key, (text, value) in pairs.items():
        wrong = [] if key.partition(".")[0] in doubtful else _mistakes_in_key(key, text, value, base)
        mistakes += wrong
        if not wrong and key.partition(".")[0] not in doubtful:
            fitting.append(text)
    # Composing takes a tenth of a second: not twice where nothing is overridden.
    config = _hydra([*choices, *fitting], conf) if fitting else base
    mistakes += [
        f"{path!r} cannot be set by an override" for path in sorted(_special_keys(config) - _special_keys(base))
    ]
    _raise_if_any(mistakes + _mistakes_in(config, conf))
    return {**config, "preset": chosen["preset"]}


def check(config: Config, *, conf: Path | None = None) -> None:
    """Checks a composed configuration against the signatures of what it builds.

    Raises:
        ConfigError: With every value of a wrong type and every `_target_` that is not allowed.
    """
    _raise_if_any(_mistakes_in(config, conf))


def _mistakes_in(config: Config, conf: Path | None) -> list[str]:
    mistakes = []
    allowed = frozenset() if conf is None else _targets_in(conf)
    for group in (*STAGE_GROUPS, "mapper"):
        node = config.get(group)
        if not isinstance(node, Mapping) or "_target_" not in node:
            mistakes.append(f"{group} is {node!r}: a file of this group must name its _target_")
            continue
        target = str(node["_target_"])
        if not target.startswith("automask.") and target not in allowed:
            mistakes.append(f"{group}._target_ is {target!r}: outside automask it must come from the --conf folder")
            continue
        mistakes += _mistakes_in_values(group, node, target)
    mistakes += [f"{problem}: {hint}" for problem, hint in settings.mistakes_in(config)]
    for key, (fits, hint) in _SCRIPT_KEYS.items():
        if not fits(config[key]):
            mistakes.append(f"{key} is {config[key]!r}: {hint}")
    return mistakes


def _is_text_or_none(value: Any) -> bool:
    return value is None or isinstance(value, str)


_PATH = "give a path (a name of digits only needs quotes)"
_SCRIPT_KEYS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "recursive": (lambda v: type(v) is bool, "give true or false"),
    "out": (lambda v: isinstance(v, str) and v != "", "give a folder (a name of digits only needs quotes)"),
    "photo": (_is_text_or_none, _PATH),
    "edits": (_is_text_or_none, "give words in quotes"),
    "plan": (_is_text_or_none, _PATH),
}
"""The keys that say what a command or a script works on; `automask.settings` checks the settings of a run."""


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
    """The stages of a run, loaded.

    Args:
        config: As `compose` gives it.
        editors: Names of editors that edits ask for with `with:`.
        conf: The user's own folder, where there is one.
        given: Ready objects by group, used in place of the configuration's, which are then not loaded at all.

    Raises:
        ConfigError: A constructor refuses its values, an editor's name is unknown, or a stage misspells an optional
            member.
        WeightsMissing, ExtraMissing: What the preset needs is not on this machine.
    """
    named = {name: _editor_node(name, conf) for name in dict.fromkeys(editors)}
    ready = given or {}
    built = {g: ready[g] if g in ready else _instantiate(config[g], g) for g in STAGE_GROUPS}
    loaded = {name: _instantiate(node, f"editor {name}") for name, node in named.items()}
    chosen = [name for editor in (built["editor"], *loaded.values()) for name in _connected(editor, conf)]
    # The settings of the editors that `auto` chooses among decide a result too.
    nodes = {**named, **{name: _editor_node(name, conf) for name in dict.fromkeys(chosen) if name not in named}}
    stages = Stages(
        **built,
        editors=loaded,
        preset=str(config.get("preset", "")),
        config={**{group: config[group] for group in STAGE_GROUPS}, "editors": nodes},
    )
    check_members(stages)
    return stages


def load_editor(name: str, *, conf: Path | None = None) -> Editor:
    """The editor of one file in the group `editor`, loaded with that file's settings.

    Raises:
        ConfigError: There is no such file, its constructor refuses its values, or it chooses among editors itself.
        WeightsMissing, ExtraMissing: What it needs is not on this machine.
    """
    editor: Editor = _instantiate(_editor_node(name, conf), f"editor {name}")
    if capabilities_of(editor).route is not None:
        raise ConfigError(f"editor {name!r} chooses among editors itself", hint="name editors that paint")
    return editor


def _connected(editor: Any, conf: Path | None) -> Sequence[str]:
    """The names that an editor chooses among, once it has the function that loads them; empty for other editors."""
    can = capabilities_of(editor)
    if can.connect is None:
        return ()
    can.connect(functools.partial(load_editor, conf=conf))
    return can.editors


def build_mapper(config: Config) -> Any:
    """The mapper of a batch, loaded.

    Raises:
        ConfigError: Its constructor refuses its values.
    """
    return _instantiate(config["mapper"], "mapper")


def _editor_node(name: str, conf: Path | None) -> Config:
    config = compose(overrides=[f"editor={name}"], conf=conf)
    node: Config = config["editor"]
    return node


def _instantiate(node: Config, what: str) -> Any:
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


def _hydra(overrides: Sequence[str], conf: Path | None) -> Config:
    import yaml  # comes with Hydra
    from hydra import compose as hydra_compose
    from hydra import initialize_config_dir
    from hydra.errors import HydraException
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    search = []
    if conf is not None:
        search = [f"hydra.searchpath=[{quoted(f'file://{conf.resolve()}')}]"]
    try:
        with initialize_config_dir(config_dir=str(conf_dir()), version_base="1.3", job_name="automask"):
            composed = hydra_compose("config", overrides=[*search, *overrides])
            container: Any = OmegaConf.to_container(composed, resolve=True)
    except (HydraException, OmegaConfBaseException, yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"configuration: {' '.join(str(error).split())}", hint="see docs/configuration.md") from error
    result: Config = container
    return result


def quoted(text: str) -> str:
    """A text quoted for Hydra's grammar; only before a quote and at the end has a backslash a meaning there."""
    return "'" + re.sub(r"(\\*)('|\Z)", lambda found: found[1] * 2 + ("\\'" if found[2] else ""), text) + "'"


def _parse(overrides: Sequence[str]) -> tuple[dict[str, tuple[str, Any]], list[str]]:
    """The text and value of each key's last override, and the mistakes in those that cannot be used."""
    pairs: dict[str, tuple[str, Any]] = {}
    parsed, mistakes = _parsed(overrides)
    for text, override in parsed:
        if override.is_sweep_override():
            mistakes.append(f"{text!r} lists several values: use the scripts in pipelines/ with -m for that")
        elif override.is_add() or override.is_delete() or override.is_force_add():
            mistakes.append(f"{text!r}: keys are set with key=value; they cannot be added with '+' or removed with '~'")
        elif override.package is not None:
            mistakes.append(f"{text!r}: a group cannot be moved; leave '@{override.package}' out")
        elif _RESOLVER.search(text):
            mistakes.append(f"{text!r}: '${{name:...}}' is read in YAML files only")
        else:
            value = override.value()
            if _names_target(override.key_or_group, value):
                mistakes.append(f"{text!r}: '_target_' and similar keys are read from YAML files only")
            else:
                pairs[override.key_or_group] = (text, value)
    return pairs, mistakes


def _parsed(overrides: Sequence[str]) -> tuple[list[tuple[str, Any]], list[str]]:
    """The overrides that Hydra's grammar can parse, each with its text, and the mistakes in the others."""
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    parser = OverridesParser.create()
    parsed, mistakes = [], []
    for text in overrides:
        try:
            parsed.append((text, parser.parse_override(text)))
        except HydraException:
            mistakes.append(f"{text!r} is not 'key=value'; quote a value that holds more than plain letters: key='a b'")
    return parsed, mistakes


def check_overrides(overrides: Sequence[str]) -> None:
    """Raises for overrides that could name what is loaded: for the scripts, whose overrides Hydra itself parses.

    Raises:
        ConfigError: An override that holds a `_target_`, or a resolver (`${oc.create:...}` can make one), or that
            cannot be parsed.
    """
    parsed, mistakes = _parsed(overrides)
    for text, override in parsed:
        value = None if override.is_sweep_override() else override.value()
        if _names_target(override.key_or_group, value) or _SPECIAL.search(text):
            mistakes.append(f"{text!r}: '_target_' and similar keys are read from YAML files only")
        elif _RESOLVER.search(text):
            mistakes.append(f"{text!r}: '${{name:...}}' is read in YAML files only")
    _raise_if_any(mistakes)


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
        for file in sorted(folder.glob("*/*.yaml")):
            groups.setdefault(file.parent.name, []).append(file.stem)
    return groups


def _shadowed(folders: Sequence[Path]) -> list[str]:
    """The mistakes of user's files named like one of automask's: they would never be read, unless they are the same."""
    ours, *users = folders
    return [
        f"'{file}' has the name of automask's own {file.parent.name} {file.stem!r}, which would be used; rename it"
        for folder in users
        for file in sorted(folder.glob("*/*.yaml"))
        if (own := ours / file.parent.name / file.name).is_file() and own.read_bytes() != file.read_bytes()
    ]


def _special_keys(node: Any, path: str = "") -> set[str]:
    """The dotted paths of all keys that have a meaning for Hydra (`_target_`, `_args_`, ...), with their values."""
    if isinstance(node, Mapping):
        found = {f"{path}{key}={value}" for key, value in node.items() if str(key).startswith("_")}
        return found.union(*(_special_keys(value, f"{path}{key}.") for key, value in node.items()))
    if isinstance(node, list):
        return set().union(*(_special_keys(value, f"{path}{i}.") for i, value in enumerate(node)))
    return set()


def _existing_folder(folder: Path) -> Path:
    if not folder.is_dir():
        raise ConfigError(f"no folder '{folder}'", hint="--conf names a folder with files like segmenter/mine.yaml")
    return folder


def _mistakes_in_key(key: str, text: str, value: Any, base: Config) -> list[str]:
    node: Any = base
    path: list[str] = []
    for part in key.split("."):
        if not isinstance(node, Mapping) or part not in node:
            known = [".".join([*path, name]) for name in node if not name.startswith("_")] if _is_map(node) else []
            everywhere = _dotted(base)
            same = [name for name in everywhere if name.rpartition(".")[2] == part]
            close = (same[0] if same else None) or nearest(key, known) or (None if path else nearest(key, everywhere))
            return [
                f"unknown key {key!r}" + (f"; did you mean {close!r}?" if close else _valid_names(known or everywhere))
            ]
        node = node[part]
        path.append(part)
    if isinstance(node, Mapping) and not isinstance(value, Mapping):
        return [f"{text!r} would replace the whole of {key!r}; set one of its keys: {', '.join(_dotted(node))}"]
    return []


def _is_map(node: Any) -> bool:
    return isinstance(node, Mapping)


def _dotted(node: Config, prefix: str = "") -> list[str]:
    names = []
    for name, value in node.items():
        if not name.startswith("_"):
            names.append(prefix + name)
            if isinstance(value, Mapping):
                names += _dotted(value, f"{prefix}{name}.")
    return names


def _suggestion(name: str, known: Sequence[str]) -> str:
    close = nearest(name, known)
    return f"; did you mean {close!r}?" if close else _valid_names(known)


def _valid_names(known: Sequence[str]) -> str:
    return f"; valid: {', '.join(known)}"


def _raise_if_any(mistakes: Sequence[str]) -> None:
    if mistakes:
        raise ConfigError("\n".join(mistakes))


def _targets_in(folder: Path) -> frozenset[str]:
    """Every `_target_` in the YAML files of a folder."""
    import yaml

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
        try:
            collect(yaml.safe_load(file.read_text(encoding="utf-8")))
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise ConfigError(f"'{file}': {' '.join(str(error).split())}", hint="fix the YAML") from error
    return frozenset(found)


def locate(target: str) -> Any:
    """The callable that a `_target_` names.

    Raises:
        ConfigError: Nothing of that name can be imported and called.
    """
    module_name, _, name = target.rpartition(".")
    hint = "_target_ is 'package.module.Class', and Python must find the package (PYTHONPATH)"
    try:
        found = getattr(importlib.import_module(module_name), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigError(f"no {target!r} to load ({error})", hint=hint) from error
    if not callable(found):
        raise ConfigError(f"{target!r} is {found!r}, which cannot be called", hint=hint)
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
                mistakes.append(f"{target} takes no {key!r}{_suggestion(key, list(parameters))}")
        elif not signatures.fits(value, parameters[key].annotation):
            mistakes.append(f"{group}.{key} is {value!r}: give {signatures.describe(parameters[key].annotation)}")
        elif target.startswith("automask.types."):
            # Recipes are plain values: their ranges are checked here with everything else, not one by one at loading.
            try:
                locate(target)(**{key: value})
            except ConfigError as error:
                mistakes.append(str(error))
    return mistakes
