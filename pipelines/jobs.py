"""What the scripts of this folder share: from Hydra's configuration to one job, and from its errors to one line."""

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from hydra.types import RunMode
from hydra.utils import to_absolute_path
from omegaconf import DictConfig, OmegaConf

from automask.batches.stores import is_url
from automask.config import check, check_overrides, compose, quoted
from automask.errors import AutomaskError, UsageError, debug_traceback
from automask.masking.cache import DEFAULT_MB
from automask.plan import load_plan, parse_targets, variants_from
from automask.types import Plan, Variant

_failed: list[int] = []
"""Exit statuses of the failed jobs of a multirun: one that fails does not stop the others."""


@dataclass(frozen=True, slots=True)
class Job:
    """One job as Hydra composed it.

    Args:
        config: The composed configuration as plain values.
        conf: The folder that `--config-dir` names, where it does.
        out: Where results go: `out`, or under multirun the job's own folder unless `out` is given.
    """

    config: Mapping[str, Any]
    conf: Path | None
    out: Path

    @property
    def photo(self) -> str:
        """The photo (for a batch: folder, glob or CSV), as seen from where the script was started."""
        if self.config["photo"] is None:
            raise UsageError("no photo given", hint="say photo=kitchen.jpg")
        photo: str = self.config["photo"]
        return photo if is_url(photo) else str(to_absolute_path(photo))

    def variants(self) -> tuple[Variant, ...]:
        """The variants, from `edits` or from `plan`; one of no name where there are no braces."""
        return variants_from(self._words_or_file())

    def targets(self) -> Plan:
        """What to find, from `edits` or from `plan`."""
        given = self._words_or_file()
        return parse_targets(given) if isinstance(given, str) else load_plan(given, prompts=False)

    def _words_or_file(self) -> str | Path:
        """Raises: UsageError, where neither or both were given."""
        words, file = self.config["edits"], self.config["plan"]
        if (words is None) == (file is None):
            both = "no edits= and no plan=" if words is None else "edits= and plan= are both given"
            raise UsageError(both, hint=_QUOTES.format("'island -> marble'"))
        return str(words) if file is None else Path(to_absolute_path(file))


_QUOTES = 'Hydra needs quotes of its own inside the shell\'s: edits="{}"'


def start(main: Callable[[], None]) -> None:
    """Runs a script and exits with the job's status; a mistake found before Hydra starts is reported in one line.

    Without arguments the script's own docstring, which has examples, is the explanation.
    """
    if not sys.argv[1:]:
        said = (sys.modules["__main__"].__doc__ or "").strip()
        print(f"automask: say what to do with key=value, as in the examples below.\n\n{said}", file=sys.stderr)
        sys.exit(UsageError.exit_status)
    try:
        _check_typed(sys.argv[1:])
    except AutomaskError as error:
        sys.exit(_tell(error))
    main()
    sys.exit(max(_failed, default=0))


def run(cfg: DictConfig, do: Callable[[Job], int]) -> None:
    """Does one job; an error is one line and the exit status, never a traceback."""
    try:
        status = do(_job(cfg))
    except AutomaskError as error:
        status = _tell(error)
    except KeyboardInterrupt:
        sys.exit(130)
    if status and HydraConfig.get().mode == RunMode.MULTIRUN:
        _failed.append(status)
    elif status:
        sys.exit(status)


def _tell(error: AutomaskError) -> int:
    debug_traceback(error)
    print(f"automask: {error}", file=sys.stderr)
    return error.exit_status


def _job(cfg: DictConfig) -> Job:
    hydra = HydraConfig.get()
    container: Any = OmegaConf.to_container(cfg, resolve=True)
    config = {**container, "preset": hydra.runtime.choices["preset"]}
    named = [source.path for source in hydra.runtime.config_sources if source.provider == "command-line"]
    conf = Path(named[0]) if named else None
    check_overrides(hydra.overrides.task)
    check(config, conf=conf)
    given = any(text.partition("=")[0].lstrip("+") == "out" for text in hydra.overrides.task)
    multirun = hydra.mode == RunMode.MULTIRUN
    if multirun and config["mask_cache_mb"] is None:
        config["mask_cache_mb"] = DEFAULT_MB  # its jobs mostly differ in words right of the arrow, or in seeds
    own_folder = multirun and not given
    return Job(config, conf, Path(hydra.runtime.output_dir if own_folder else config["out"]))


def _check_typed(typed: Sequence[str]) -> None:
    sweeps = bool({"-m", "--multirun"} & set(typed))
    parser = OverridesParser.create()
    plain = []
    for text in typed:
        if text.startswith(("-", "hydra.", "hydra/")) and text not in ("->", "=>"):
            continue
        key, _, words = text.partition("=")
        try:
            override = parser.parse_override(text)
        except HydraException as error:
            if key == "edits" or text in ("->", "=>"):
                raise UsageError(f"{text!r} is not quoted", hint=_quoting(typed, words)) from error
            _refuse_bare(text, typed)
            continue
        if override.is_sweep_override() and not sweeps:
            if key == "edits":
                raise UsageError(f"{text!r} lists several values", hint=_quoting(typed, words))
            raise UsageError(f"{text!r} lists several values", hint="say -m to run one job for each")
        if not (override.is_sweep_override() or override.is_add() or override.is_force_add() or override.is_delete()):
            plain.append(text)
    check_overrides([text for text in typed if re.match(r"[~+]*[\w./@]+=", text)])
    # Hydra's own questions (`--cfg job`, `--info`) and configurations of other names are Hydra's to judge.
    if all(text.startswith(("--multirun", "-m", "--config-dir", "-cd")) for text in typed if text.startswith("-")):
        compose(None, plain, conf=_named_folder(typed), script=True)


def _refuse_bare(text: str, typed: Sequence[str]) -> None:
    """Raises for what is no `key=value`, as `automask edit` takes photo and words; else it is Hydra's to judge."""
    before = typed[typed.index(text) - 1] if text in typed[1:] else ""
    if before.startswith("-") and before not in ("-m", "--multirun"):
        return  # the value of an option of Hydra's
    if any(arrow in text for arrow in ("->", "=>")) and not re.match(r"[~+]*[\w./@]+=(?!>)", text):
        raise UsageError(f"{text!r} is no key=value", hint=f'say edits="{quoted(text)}"')
    if "=" not in text:
        raise UsageError(f"{text!r} is no key=value", hint=f"say photo={text}")


def _quoting(typed: Sequence[str], words: str) -> str:
    if not words or "->" in typed or "=>" in typed:
        words = "island -> marble"
    return _QUOTES.format(quoted(words))


def _named_folder(typed: Sequence[str]) -> Path | None:
    for text, after in zip(typed, [*typed[1:], ""], strict=True):
        if text in ("--config-dir", "-cd"):
            return Path(after)
        if text.startswith("--config-dir="):
            return Path(text.partition("=")[2])
    return None
