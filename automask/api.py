"""What a script calls: `edit`, `mask`, `load`, and the worker of a batch."""

import functools
import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from automask import chain, config, masker
from automask.batch import is_done, job_digest, run_batch
from automask.errors import AutomaskError, ConfigError, EditorError, PlanError, RefinerError, SegmenterError
from automask.images import Photo, open_photo
from automask.mappers import Serial
from automask.plan import parse_targets, plan_from
from automask.protocols import Editor, Refiner, Segmenter, Stages
from automask.report import Outcome, run_record
from automask.types import Edit, Hard, Heat, Job, JobReport, OnMissing, Plan, Region, Rgb

PhotoSource = str | Path | Rgb
PlanSource = str | Path | Sequence[Edit]
OnProgress = Callable[[str, int, int], None]
"""Called with what is being done now, how many edits are painted, and how many there are."""


def load(
    preset: str = "starter",
    overrides: Sequence[str] = (),
    *,
    editors: Sequence[str] = (),
    conf: str | Path | None = None,
) -> Stages:
    """Everything a photo is worked on with, loaded once: give it to `edit(..., stages=stages)`.

    Args:
        preset: `starter`, `photo`, `tiny`, or a file of the group `preset` in `conf`.
        overrides: `key=value` in Hydra's grammar.
        editors: Names of further editors that edits ask for with `with:`.
        conf: A folder of your own YAML files, searched after the package's.

    Raises:
        ConfigError: Unknown names or values, all at once; a setting that belongs to `edit`.
        WeightsMissing, ExtraMissing: What the preset needs is not on this machine.
    """
    folder = None if conf is None else Path(conf)
    composed = config.compose(preset, overrides, conf=folder)
    lost = [text for text in overrides if config.root_of(text) not in (*config.STAGE_GROUPS, "preset")]
    if lost:
        raise ConfigError(f"{lost[0]!r} is nothing that is loaded", mend="give it to automask.edit instead")
    return config.build(composed, editors=editors, conf=folder)


def edit(
    photo: PhotoSource,
    plan: PlanSource,
    *,
    preset: str = "starter",
    seed: int = 0,
    on_missing: OnMissing = "skip",
    overrides: Sequence[str] = (),
    stages: Stages | None = None,
    segmenter: Segmenter | None = None,
    refiner: Refiner | None = None,
    editor: Editor | None = None,
    conf: str | Path | None = None,
    masks: str | Path | None = None,
    max_megapixels: float = 100.0,
    candidates: int = 1,
    on_progress: OnProgress | None = None,
) -> Outcome:
    """The photo with the plan's edits made; nothing is written until `Outcome.save`.

    Args:
        photo: A path, or [H, W, 3] uint8 sRGB; never written to.
        plan: Words, a Path to a YAML plan, or edits.
        preset: What to load where `stages` is not given.
        seed: Of the whole run; each edit's own derives from it and its words.
        on_missing: `skip` goes on without what is not in the photo, `fail` raises.
        overrides: `key=value` in Hydra's grammar, with `preset`.
        stages: Loaded before with `load`, in place of preset and overrides.
        segmenter, refiner, editor: Ready objects in place of the preset's.
        conf: A folder of your own YAML files, with `preset`.
        masks: A folder of mask files to use instead of finding the targets.
        max_megapixels: Larger photos are refused.
        candidates: Each edit is painted this many times with seeds of its own, and the one with the least defects
            stays; `steps[n].candidates` shows them all.
        on_progress: Told what is being done.

    Raises:
        PlanError, UnknownPhrase, ConfigError, PhotoError, MaskError, TargetMissing, SegmenterError, RefinerError,
        EditorError, WeightsMissing, ExtraMissing: As their names say; all are `AutomaskError`.
    """
    began = time.perf_counter()
    edits = plan_from(plan)
    run = _run_settings(preset, seed, on_missing, max_megapixels, candidates, overrides, conf, stages)
    given: dict[str, Any] = {"segmenter": segmenter, "refiner": refiner, "editor": editor}
    # With the masks given nothing is looked for: models that only find are not loaded.
    if masks is not None and stages is None:
        given |= {"segmenter": segmenter or NotLoaded(), "refiner": refiner or NotLoaded()}
    tools = run.stages_for(edits, given)
    chain.check_edits(edits, tools)
    if masks is None:
        # Words that nobody could find are refused before the photo is even opened.
        masker.understand(tools.segmenter, masker.phrases_of(edits))
    loaded = time.perf_counter()
    tell = on_progress or (lambda *_: None)
    tell("opening the photo", 0, len(edits))
    opened = open_photo(photo, max_megapixels=run.max_megapixels)
    tell("finding the masks", 0, len(edits))
    regions = _regions(opened, edits, tools, run.on_missing, masks)
    found = time.perf_counter()
    tell("painting", 0, len(edits))
    image, steps = chain.paint(
        opened.rgb,
        edits,
        regions,
        tools,
        seed=run.seed,
        candidates=run.candidates,
        on_step=lambda index, _: tell("painting", index + 1, len(edits)),
    )
    painted = time.perf_counter()
    record = run_record(
        photo=opened,
        plan=edits,
        steps=steps,
        preset=tools.preset,
        seed=run.seed,
        models=models_of(tools),
        versions=versions(),
        timing={"load_s": loaded - began, "mask_s": found - loaded, "paint_s": painted - found},
        notes=_unused_words(edits) if masks is not None else (),
        # Ready objects and given masks are not in the configuration: no batch may take such a result for its own.
        digest=""
        if masks is not None or any(thing is not None for thing in given.values())
        else job_digest(opened.digest, edits, settings_of(tools, edits, run.seed, run.on_missing, run.candidates)),
    )
    folder = None if masks is None else Path(masks)
    return Outcome(image, steps, record, regions, photo=opened, plan=edits, masks_from=folder)


def _unused_words(plan: Plan) -> list[str]:
    """What a user should know who gives masks for a plan that excepts or keeps something."""
    words = dict.fromkeys(word for edit in plan for word in (*edit.excepts, *edit.keep))
    return [f"masks are used as they are: {', '.join(words)} was not looked for"] if words else []


def mask(
    photo: PhotoSource,
    targets: PlanSource,
    *,
    preset: str = "starter",
    seed: int = 0,
    on_missing: OnMissing = "skip",
    overrides: Sequence[str] = (),
    stages: Stages | None = None,
    segmenter: Segmenter | None = None,
    refiner: Refiner | None = None,
    editor: Editor | None = None,
    conf: str | Path | None = None,
    max_megapixels: float = 100.0,
) -> tuple[Region, ...]:
    """What would be repainted, and where: one region for each part of the words, in order.

    Args:
        photo: A path, or [H, W, 3] uint8 sRGB.
        targets: Words without arrows (`island; cabinets except handles; keep faucet`), or a plan, whose prompts are not
            read.
        preset, seed, on_missing, overrides, stages, segmenter, refiner, editor, conf, max_megapixels: As in `edit`. No
            editor is loaded.

    Raises:
        As `edit`, but for what an editor raises.
    """
    edits = targets_from(targets)
    run = _run_settings(preset, seed, on_missing, max_megapixels, 1, overrides, conf, stages)
    tools = run.stages_for((), {"segmenter": segmenter, "refiner": refiner, "editor": editor or NotLoaded()})
    masker.understand(tools.segmenter, masker.phrases_of(edits))
    opened = open_photo(photo, max_megapixels=run.max_megapixels)
    return masker.find_regions(opened.rgb, edits, tools, on_missing=run.on_missing)


def targets_from(targets: PlanSource) -> Plan:
    """The plan of a mask request: words with or without arrows, a Path to a YAML plan, or edits."""
    return parse_targets(targets) if isinstance(targets, str) else plan_from(targets, prompts=False)


class NotLoaded:
    """Stands in for a stage that a call does not need, so that its model is not loaded; it can do nothing."""

    multiple_px = 1
    ideal_px = 0

    def heats(self, *_: object) -> Heat:
        """Raises: it was not loaded."""
        raise SegmenterError("no segmenter was loaded", mend="call automask.edit without masks")

    def refine(self, *_: object) -> Hard:
        """Raises: it was not loaded."""
        raise RefinerError("no refiner was loaded", mend="call automask.edit without masks")

    def paint(self, *_: object, **__: object) -> Rgb:
        """Raises: it was not loaded."""
        raise EditorError("no editor was loaded", mend="call automask.edit")


def _regions(
    photo: Photo, plan: Plan, stages: Stages, on_missing: OnMissing, masks: str | Path | None
) -> tuple[Region, ...]:
    if masks is None:
        return masker.find_regions(photo.rgb, plan, stages, on_missing=on_missing)
    size_hw = (photo.rgb.shape[0], photo.rgb.shape[1])
    return masker.given_regions(Path(masks), plan, size_hw=size_hw, on_missing=on_missing)


@dataclass(frozen=True, slots=True)
class _Run:
    """The settings of one call, with arguments and overrides brought together."""

    config: config.Config | None
    stages: Stages | None
    conf: Path | None
    seed: int
    on_missing: OnMissing
    max_megapixels: float
    candidates: int

    def stages_for(self, plan: Plan, given: dict[str, Any]) -> Stages:
        """The stages of this call: the loaded ones, or the preset's, with the given objects in place of theirs."""
        given = {group: thing for group, thing in given.items() if thing is not None}
        names = chain.named_editors(plan)
        if self.stages is None:
            return config.build(self.config or {}, editors=names, conf=self.conf, given=given)
        absent = [name for name in names if name not in self.stages.editors]
        if absent:
            raise PlanError(
                f"no editor {absent[0]!r} is loaded", mend=f"load it too: automask.load(..., editors=[{absent[0]!r}])"
            )
        return replace(self.stages, **given)


def _run_settings(
    preset: str,
    seed: int,
    on_missing: OnMissing,
    max_megapixels: float,
    candidates: int,
    overrides: Sequence[str],
    conf: str | Path | None,
    stages: Stages | None,
) -> _Run:
    if type(seed) is not int or seed < 0:
        raise ConfigError(f"seed is {seed!r}", mend="give a whole number from 0")
    if on_missing not in ("skip", "fail"):
        raise ConfigError(f"on_missing is {on_missing!r}", mend="give skip or fail")
    if type(max_megapixels) not in (int, float) or not max_megapixels > 0:
        raise ConfigError(f"max_megapixels is {max_megapixels!r}", mend="give a number above 0")
    if type(candidates) is not int or not 1 <= candidates <= 64:
        raise ConfigError(f"candidates is {candidates!r}", mend="give a whole number from 1 to 64")
    if stages is not None:
        if preset != "starter" or conf is not None:
            raise ConfigError(
                f"preset={preset!r}, conf={conf!r} come too late for loaded stages",
                mend="give them to automask.load, or leave stages out",
            )
        if overrides:
            raise ConfigError(
                f"overrides {list(overrides)} come too late for loaded stages",
                mend="give them to automask.load, or leave stages out",
            )
        return _Run(None, stages, None, seed, on_missing, max_megapixels, candidates)
    folder = None if conf is None else Path(conf)
    composed = config.compose(preset, overrides, conf=folder)
    settings: dict[str, Any] = {}
    for name, value, default in (
        ("seed", seed, 0),
        ("on_missing", on_missing, "skip"),
        ("max_megapixels", max_megapixels, 100.0),
        ("candidates", candidates, 1),
    ):
        said = composed[name]
        if value not in (default, said) and said != default:
            raise ConfigError(f"{name}={value!r} and the override {name}={said!r} disagree", mend="say it once")
        settings[name] = said if value == default else value
    return _Run(composed, None, folder, **settings)


def settings_of(stages: Stages, plan: Plan, seed: int, on_missing: OnMissing, candidates: int = 1) -> dict[str, Any]:
    """Everything beside the photo and the plan that decides a result: what a batch compares before it skips a photo."""
    run = {"seed": seed, "on_missing": on_missing, "candidates": candidates}
    return {**stages.config, "files": chain.files_read(plan, stages), **run}


def models_of(stages: Stages) -> dict[str, str]:
    """What each stage is, for the record: its class, and where it runs if it tells that."""
    return {
        name: ": ".join(filter(None, (type(part).__name__, device_note(part))))
        for name, part in parts_of(stages).items()
    }


def parts_of(stages: Stages) -> dict[str, object]:
    """Everything that is loaded, by name; under an editor that chooses among others also those (`editor.paint`)."""
    editors: dict[str, object] = {"editor": stages.editor, **stages.editors}
    chosen = {
        f"{name}.{inner}": part
        for name, editor in editors.items()
        for inner, part in getattr(editor, "loaded", {}).items()
    }
    return {"segmenter": stages.segmenter, "refiner": stages.refiner, **editors, **chosen}


def device_note(part: object) -> str:
    """The sentence in which a stage says on what device and in what number format it runs; empty where it says none."""
    note = getattr(part, "device_note", "")
    return note if isinstance(note, str) else ""


def versions() -> dict[str, str]:
    """Versions of what decides a result's pixels; of the heavy packages only those that are in use."""
    import platform
    import sys
    from importlib.metadata import version

    import cv2
    import numpy as np

    from automask import __version__

    found = {
        "automask": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "opencv": cv2.__version__,
        "pillow": version("pillow"),
    }
    for name in ("onnxruntime", "torch", "transformers", "diffusers"):
        if name in sys.modules:
            found[name] = str(sys.modules[name].__version__)
    return found


# -------------------------------------------------------------------------------------------------------------- batch


def run_jobs(
    jobs: Sequence[Job],
    cfg: config.Config,
    *,
    out: Path,
    refused: Sequence[tuple[str, str]] = (),
    conf: Path | None = None,
    on_report: Callable[[JobReport], None] | None = None,
) -> tuple[JobReport, ...]:
    """All jobs of a batch, done by the configuration's mapper; one that fails does not stop the others.

    Args:
        jobs: What to do.
        cfg: As `config.compose` gives it.
        out: Where `failures.csv` and the contact sheet go.
        refused: Names and reasons of what never became a job, for `failures.csv`.
        conf: The user's own folder, where there is one.
        on_report: Called with each report, in order of completion.

    Raises:
        PlanError, UnknownPhrase: The plan that all jobs share cannot be done. (One row's plan fails just that row.)
        ConfigError, WeightsMissing, ExtraMissing: Nothing could be done.
    """
    tell = on_report or (lambda _: None)
    names = chain.named_editors(*(job.plan for job in jobs))
    stages = config.build(cfg, editors=names, conf=conf)
    plans = dict.fromkeys(job.plan for job in jobs)
    faults: dict[Plan, str] = {}
    for plan in plans:
        try:
            chain.check_edits(plan, stages)
            masker.understand(stages.segmenter, masker.phrases_of(plan))
        except AutomaskError as error:
            if len(plans) == 1:
                raise
            faults[plan] = str(error)
    reports = [JobReport(job, "failed", faults[job.plan]) for job in jobs if job.plan in faults]
    for report in reports:
        tell(report)
    mapper = config.build_mapper(cfg)
    # In this process the stages that checked the words do the work; other processes load their own.
    make = functools.partial(make_worker, dict(cfg), names, conf)
    if isinstance(mapper, Serial) and mapper.workers == 1:
        make = functools.partial(_worker_with, stages, dict(cfg))
    todo = [job for job in jobs if job.plan not in faults]
    done = run_batch(todo, make, mapper, out=out, refused=[*refused, *_refusals(reports)], on_report=tell)
    return (*reports, *done)


def _refusals(reports: Sequence[JobReport]) -> list[tuple[str, str]]:
    return [(str(report.job.photo), report.reason or "") for report in reports]


def make_worker(cfg: config.Config, names: Sequence[str], conf: Path | None) -> Callable[[Job], JobReport]:
    """Loads the models once and gives the function that does one job; picklable, so that any process may call it."""
    return _worker_with(config.build(cfg, editors=names, conf=conf), cfg)


def _worker_with(stages: Stages, cfg: config.Config) -> Callable[[Job], JobReport]:
    return functools.partial(do_job, stages=stages, cfg=cfg)


def do_job(job: Job, *, stages: Stages, cfg: config.Config) -> JobReport:
    """One photo of a batch: skipped where its record shows that it was done with the same photo, plan and settings.

    Raises:
        AutomaskError: As `edit`; the batch reports it and goes on.
    """
    began = time.perf_counter()
    if job.photo.is_file():
        with job.photo.open("rb") as file:
            photo_digest = hashlib.file_digest(file, "sha256").hexdigest()
        settings = settings_of(stages, job.plan, cfg["seed"], cfg["on_missing"], cfg["candidates"])
        if is_done(job, job_digest(photo_digest, job.plan, settings)):
            return JobReport(job, "skipped", took_s=time.perf_counter() - began)
    outcome = edit(
        job.photo,
        job.plan,
        stages=stages,
        seed=cfg["seed"],
        on_missing=cfg["on_missing"],
        max_megapixels=cfg["max_megapixels"],
        candidates=cfg["candidates"],
    )
    saved = outcome.save(job.out, name=job.name)
    return JobReport(job, "done", record=saved.recorded, took_s=time.perf_counter() - began)


def report_record(report: JobReport) -> dict[str, Any]:
    """A report as the JSON object that `automask batch --json` prints."""
    return {
        "photo": str(report.job.photo),
        "out": str(report.job.out),
        "name": report.job.name,
        "status": report.status,
        "reason": report.reason,
        "took_s": round(report.took_s, 4),
        "record": dict(report.record),
    }
