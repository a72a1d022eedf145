"""`automask doctor`: what this machine has, what each preset lacks, and the one command that brings it."""

import itertools
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automask.cli.arguments import check_said_once, is_key_value
from automask.cli.console import print_devices, print_json, print_steps, progress_bar, say, warn
from automask.cli.parsers import Parser
from automask.errors import UsageError

if TYPE_CHECKING:
    from automask.weights.machine import Lacks, Machine

WORDS = "island -> white marble; cabinets -> forest"
"""What `--try` edits in the sample: two things that every preset knows."""


def run_doctor(parser: Parser, arguments: list[str]) -> int:
    """`automask doctor`; its exit status: 1 if the preset that was named cannot run here."""
    flags = parser.parse_intermixed_args(arguments)
    wrong = [text for text in flags.words if not is_key_value(text)]
    if wrong:
        raise UsageError(f"doctor: unexpected argument {wrong[0]!r}", hint="name a preset with --preset")
    check_said_once(flags.words)
    if flags.preset is None and (flags.try_it or flags.words):
        raise UsageError("--try and key=value need --preset", hint="say which preset, as --preset open")
    from automask.config import compose, conf_files, uses_models, weights_of
    from automask.weights import machine

    conf = None if flags.conf is None else Path(flags.conf)
    names = [file.name for file in conf_files(conf) if file.group == "preset"]
    found = machine.this_machine()
    needs: dict[str, Lacks] = {}
    configs: dict[str, Any] = {}
    for name in names if flags.preset is None else [flags.preset]:
        configs[name] = compose(name, flags.words, conf=conf)
        wanted = weights_of(configs[name], conf=conf)
        needs[name] = machine.lacks(wanted, needs_models=uses_models(configs[name]))
    extra = " ".join(flags.words)
    tried = None
    ready = flags.preset is None or needs[flags.preset].nothing
    if flags.json and not flags.try_it:
        print_json(_as_plain(found, needs, extra))
        return 0 if ready else 1
    report = [*_machine_lines(found), *(_preset_line(name, lack, extra) for name, lack in needs.items())]
    if not flags.json:
        for line in report:
            say(line)
    if not flags.try_it:
        return 0 if ready else 1
    if not ready:
        warn(f"{flags.preset} cannot be tried yet: {_command(flags.preset, needs[flags.preset], extra)}")
        return 1
    tried = _try(configs[flags.preset], conf, Path(flags.out))
    if flags.json:
        print_json({**_as_plain(found, needs, extra), "tried": tried})
    else:
        _write_report([*report, *_tried_lines(tried)], Path(flags.out))
    return 0


def _try(config: Any, conf: Path | None, out: Path) -> dict[str, Any]:
    """Edits the sample with a preset; what it took, as plain values."""
    from automask import runner
    from automask.plan import variants_from
    from automask.results.files import check_out
    from automask.settings import RunSettings
    from automask.weights import gpu_peak_mb
    from automask.weights.machine import measured

    photo = Path(__file__).parents[1] / "samples" / "kitchen.jpg"
    check_out(str(out))
    settings = RunSettings.from_config(config)
    with progress_bar() as on_progress:
        on_progress("loading the models", 0, 1)
        prepared, loading_s = measured(lambda: runner.prepare(variants_from(WORDS), settings, config, conf=conf))
        print_devices(prepared.stages)
        (outcome,), editing_s = measured(lambda: list(runner.run(prepared, photo, on_progress)))
        saved = outcome.save(out)
    print_steps(outcome.steps, outcome.photo.size_wh, check_below=settings.check_below)
    peak = gpu_peak_mb()
    return {
        "words": WORDS,
        "loading_s": round(loading_s, 1),
        "editing_s": round(editing_s, 1),
        "gpu_peak_gb": None if peak is None else round(peak / 1000, 1),
        "found": [step.found for step in outcome.steps],
        "painted_px": [step.area_px for step in outcome.steps],
        "reasons": [step.reason for step in outcome.steps],
        "outside_changed_px": outcome.record["outside_changed_px"],
        "result": str(saved.result),
        "before_after": str(saved.picture),
    }


def _machine_lines(found: "Machine") -> list[str]:
    from automask._version import __version__

    lines = [f"automask {__version__}, Python {found.python}, {found.system}"]
    there = [f"{name} {number}" for name, number in found.packages.items() if number is not None]
    absent = [name for name, number in found.packages.items() if number is None]
    lines.append(f"packages: {', '.join(there)}")
    if absent:
        lines.append(f"not installed: {', '.join(absent)}")
    for gpu in found.gpus:
        memory = "" if gpu.total_gb is None else f", {gpu.free_gb:.1f} of {gpu.total_gb:.1f} GB free"
        lines.append(f"GPU {gpu.device}: {gpu.name}{memory}")
    if not found.gpus:
        lines.append("GPU: none that PyTorch can use")
    if found.driver is not None:
        lines.append(f"NVIDIA driver: {found.driver}")
    if found.memory_gb is not None:
        lines.append(f"memory: {found.memory_gb:.1f} GB")
    lines += [f"weights are kept in {folder}: {free:.1f} GB free" for folder, free in found.cache]
    return lines


def _preset_line(name: str, lack: "Lacks", extra: str) -> str:
    if lack.nothing:
        return f"preset {name}: ready"
    said = [f"packages ({', '.join(lack.packages)})"] if lack.packages else []
    if lack.weights:
        said.append(f"{', '.join(lack.weights)} ({lack.download_mb / 1000:.1f} GB)")
    room = "" if lack.fits else f"; they need more room than the {lack.room_mb / 1000:.1f} GB that are free"
    return f"preset {name}: lacks {' and '.join(said)}{room}; run: {_command(name, lack, extra)}"


def _command(name: str, lack: "Lacks", extra: str) -> str:
    """The one command that brings what is missing."""
    install = ["pip install 'automask[models]'"] if lack.packages else []
    fetch = [f"automask models fetch --preset {name} {extra}".rstrip()] if lack.weights else []
    return " && ".join(install + fetch)


def _tried_lines(tried: dict[str, Any]) -> list[str]:
    lines = [f"tried: {tried['words']}", f"loading {tried['loading_s']} s, editing {tried['editing_s']} s"]
    if tried["gpu_peak_gb"] is not None:
        lines.append(f"most GPU memory: {tried['gpu_peak_gb']} GB")
    for found, area, reason in zip(tried["found"], tried["painted_px"], tried["reasons"], strict=True):
        lines.append(f"found: {'yes' if found else 'no'}, {area} px painted{f' ({reason})' if reason else ''}")
    lines.append(f"pixels changed outside the masks: {tried['outside_changed_px']}")
    return lines


def _write_report(lines: list[str], out: Path) -> None:
    names = itertools.chain(["doctor.txt"], (f"doctor-{number}.txt" for number in itertools.count(2)))
    report = next(out / name for name in names if not os.path.lexists(out / name))  # nothing is ever replaced
    with report.open("x", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    for line in lines[-4:]:
        say(line)
    say(f"look at it:             {(out / 'kitchen.before-after.jpg').resolve()}")
    say(f"to paste into an issue: {report.resolve()}")


def _as_plain(found: "Machine", needs: dict[str, "Lacks"], extra: str) -> dict[str, Any]:
    from dataclasses import asdict

    presets = {
        name: {
            "ready": lack.nothing,
            "packages": list(lack.packages),
            "weights": list(lack.weights),
            "download_mb": lack.download_mb,
            "command": _command(name, lack, extra) or None,
        }
        for name, lack in needs.items()
    }
    return {"machine": asdict(found), "presets": presets}
