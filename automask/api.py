"""What a script calls: `edit`, `mask`, `load`, and the worker of a batch."""

import functools
import hashlib
import itertools
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from automask import chain, config, mask_cache, masker, stores, weights
from automask.batch import Sheet, is_done, job_digest, run_batch
from automask.credentials import signer_of
from automask.disclosure import disclosed_digest
from automask.errors import AutomaskError, ConfigError, EditorError, PhotoError, PlanError, RefinerError, SegmenterError
from automask.images import Photo, open_photo
from automask.mappers import Serial, cores
from automask.mask_cache import MaskCache
from automask.overlap import Over, overlapped
from automask.plan import parse_targets, plan_from, variants_from
from automask.protocols import Editor, Refiner, Segmenter, Stages
from automask.report import Outcome, files_of, run_record, write_json
from automask.types import Disclose, Edit, Hard, Heat, Job, JobReport, OnMissing, Plan, Region, Rgb, Variant

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
    mask_cache_mb: float | None = None,
) -> Outcome:
    """The photo with the plan's edits made; nothing is written until `Outcome.save`.

    Args:
        photo: A path, or [H, W, 3] uint8 sRGB; never written to.
        plan: Words, a Path to a YAML plan, or edits. Words with braces are for `variants`.
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
        mask_cache_mb: Keeps masks on disk, so that another edit of the same things in the same photo finds them there;
            up to so many megabytes. None and 0 keep nothing. Ready objects' masks are never kept.

    Raises:
        PlanError, UnknownPhrase, ConfigError, PhotoError, MaskError, TargetMissing, SegmenterError, RefinerError,
        EditorError, WeightsMissing, ExtraMissing: As their names say; all are `AutomaskError`.
    """
    edits = plan_from(plan)
    run = _run_settings(preset, seed, on_missing, max_megapixels, candidates, overrides, conf, stages, mask_cache_mb)
    given = {"segmenter": segmenter, "refiner": refiner, "editor": editor}
    (outcome,) = _outcomes(photo, (Variant("", (), edits),), run, given, masks, on_progress)
    return outcome


def variants(
    photo: PhotoSource,
    words: PlanSource | Sequence[Variant],
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
    mask_cache_mb: float | None = None,
) -> Iterator[tuple[str, Outcome]]:
    """The variants of a photo, one after another, each with the name of a folder for it; the masks are found once.

    for name, outcome in automask.variants("kitchen.jpg", "island -> {marble, oak}"):
        outcome.save(f"out/{name}")

    Everything but the painting is done when this is called; a variant is painted when it is asked for.

    Args:
        photo: As in `edit`.
        words: With or without braces; also a Path, or what `plan.parse_variants` gives.
        preset, seed, on_missing, overrides, stages, segmenter, refiner, editor, conf, masks, max_megapixels,
            candidates, on_progress, mask_cache_mb: As in `edit`.

    Raises:
        As `edit`.
    """
    made = variants_from(words)
    run = _run_settings(preset, seed, on_missing, max_megapixels, candidates, overrides, conf, stages, mask_cache_mb)
    given = {"segmenter": segmenter, "refiner": refiner, "editor": editor}
    outcomes = _outcomes(photo, made, run, given, masks, on_progress)
    return zip((variant.name for variant in made), outcomes, strict=True)


def _outcomes(
    photo: PhotoSource,
    variants: Sequence[Variant],
    run: "_Run",
    given: dict[str, Any],
    masks: str | Path | None,
    on_progress: OnProgress | None,
) -> Iterator[Outcome]:
    """The outcome of each variant, painted when it is asked for; all before painting is done at once."""
    began = time.perf_counter()
    plans = [variant.plan for variant in variants]
    if len({masker.wanted(plan) for plan in plans}) > 1:
        raise PlanError("variants that differ in what they find", mend="call automask.edit for each")
    # With the masks given nothing is looked for: models that only find are not loaded.
    if masks is not None and run.stages is None:
        given = {group: given[group] or NotLoaded() for group in ("segmenter", "refiner")} | {"editor": given["editor"]}
    own_objects = any(thing is not None for thing in given.values())
    tools = run.stages_for(plans, given)
    for plan in plans:
        chain.check_edits(plan, tools)
    if masks is None:
        # Words that nobody could find are refused before the photo is even opened.
        masker.understand(tools.segmenter, masker.phrases_of(plans[0]))
    loaded = time.perf_counter()
    tell = on_progress or (lambda *_: None)
    count = sum(map(len, plans))
    tell("opening the photo", 0, count)
    opened = open_photo(photo, max_megapixels=run.max_megapixels)
    tell("finding the masks", 0, count)
    cache = run.cache if given["segmenter"] is None and given["refiner"] is None else None
    found = _find(opened, plans[0], tools, run.on_missing, masks, cache)
    timing = {"load_s": loaded - began, "mask_s": time.perf_counter() - loaded}
    tell("painting", 0, count)

    def outcome_of(number: int, plan: Plan) -> Outcome:
        before = sum(map(len, plans[:number]))
        started = time.perf_counter()
        painted = chain.paint(
            opened.rgb,
            plan,
            found.regions,
            tools,
            seed=run.seed,
            candidates=run.candidates,
            on_step=lambda index, _: tell("painting", before + index + 1, count),
        )
        # What all variants share is counted once, with the first.
        shared = timing | found.told if number == 0 else dict.fromkeys(timing, 0.0)
        return _outcome(
            opened,
            plan,
            found,
            painted,
            tools,
            run,
            timing=shared | {"paint_s": time.perf_counter() - started},
            masks=None if masks is None else Path(masks),
            own_objects=own_objects,
        )

    return itertools.starmap(outcome_of, enumerate(plans))


def _outcome(
    photo: Photo,
    plan: Plan,
    found: "_Found",
    painted: chain.Painted,
    tools: Stages,
    run: "_Run",
    *,
    timing: dict[str, Any],
    masks: Path | None = None,
    own_objects: bool = False,
) -> Outcome:
    image, steps = painted
    record = run_record(
        photo=photo,
        plan=plan,
        steps=steps,
        preset=tools.preset,
        seed=run.seed,
        models=models_of(tools),
        versions=versions(tools if masks is None else None),
        timing=timing,
        notes=_unused_words(plan) if masks is not None else (),
        # Ready objects and given masks are not in the configuration: no batch may take such a result for its own.
        digest=""
        if masks is not None or own_objects
        else job_digest(photo.digest, plan, settings_of(tools, plan, run.seed, run.on_missing, run.candidates)),
    )
    return Outcome(
        image,
        steps,
        record,
        found.regions,
        photo=photo,
        plan=plan,
        masks_from=masks,
        generative=chain.is_generative(plan, steps, tools),
        disclose=run.disclose,
        c2pa=run.c2pa,
    )


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
    run = _run_settings(preset, seed, on_missing, max_megapixels, 1, overrides, conf, stages, None)
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


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """The regions of a photo, and whether they came from the cache."""

    regions: tuple[Region, ...]
    kept: bool = False

    @property
    def told(self) -> dict[str, Any]:
        """For the record's timing."""
        return {"masks_from_cache": True} if self.kept else {}


def _find(
    photo: Photo,
    plan: Plan,
    stages: Stages,
    on_missing: OnMissing,
    masks: str | Path | None,
    cache: MaskCache | None,
) -> _Found:
    if masks is not None:
        size_hw = (photo.rgb.shape[0], photo.rgb.shape[1])
        return _Found(masker.given_regions(Path(masks), plan, size_hw=size_hw, on_missing=on_missing))
    if cache is None:
        return _Found(masker.find_regions(photo.rgb, plan, stages, on_missing=on_missing))
    regions, kept = mask_cache.find_regions(photo, plan, stages, cache)
    if on_missing == "fail":
        masker.refuse_missing(regions)
    return _Found(regions, kept)


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
    cache: MaskCache | None
    disclose: Disclose = "none"
    c2pa: str | None = None

    def stages_for(self, plans: Sequence[Plan], given: dict[str, Any]) -> Stages:
        """The stages of this call: the loaded ones, or the preset's, with the given objects in place of theirs."""
        given = {group: thing for group, thing in given.items() if thing is not None}
        names = chain.named_editors(*plans)
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
    mask_cache_mb: float | None,
) -> _Run:
    if type(seed) is not int or seed < 0:
        raise ConfigError(f"seed is {seed!r}", mend="give a whole number from 0")
    if on_missing not in ("skip", "fail"):
        raise ConfigError(f"on_missing is {on_missing!r}", mend="give skip or fail")
    if type(max_megapixels) not in (int, float) or not max_megapixels > 0:
        raise ConfigError(f"max_megapixels is {max_megapixels!r}", mend="give a number above 0")
    if type(candidates) is not int or not 1 <= candidates <= 64:
        raise ConfigError(f"candidates is {candidates!r}", mend="give a whole number from 1 to 64")
    if mask_cache_mb is not None and (type(mask_cache_mb) not in (int, float) or not mask_cache_mb >= 0):
        raise ConfigError(f"mask_cache_mb is {mask_cache_mb!r}", mend="give megabytes, or 0 to keep no masks")
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
        return _Run(None, stages, None, seed, on_missing, max_megapixels, candidates, _cache_of(mask_cache_mb))
    folder = None if conf is None else Path(conf)
    composed = config.compose(preset, overrides, conf=folder)
    settings: dict[str, Any] = {"disclose": composed["disclose"], "c2pa": composed["c2pa"]}
    for name, value, default in (
        ("seed", seed, 0),
        ("on_missing", on_missing, "skip"),
        ("max_megapixels", max_megapixels, 100.0),
        ("candidates", candidates, 1),
        ("mask_cache_mb", mask_cache_mb, None),
    ):
        said = composed[name]
        if value not in (default, said) and said != default:
            raise ConfigError(f"{name}={value!r} and the override {name}={said!r} disagree", mend="say it once")
        settings[name] = said if value == default else value
    return _Run(composed, None, folder, cache=_cache_of(settings.pop("mask_cache_mb")), **settings)


def _cache_of(mask_cache_mb: float | None) -> MaskCache | None:
    return MaskCache(weights.cache_dir() / "masks", mask_cache_mb) if mask_cache_mb else None


def settings_of(stages: Stages, plan: Plan, seed: int, on_missing: OnMissing, candidates: int = 1) -> dict[str, Any]:
    """Everything beside the photo and the plan that decides a result: what a batch compares before it skips a photo."""
    used = (stages.segmenter, stages.refiner, *(chain.editor_for(edit, stages) for edit in plan))
    return {
        **stages.config,
        "files": chain.files_read(plan, stages),
        # In a checkout a net may change while the version stays.
        "own_files": sorted({digest for part in used for digest in chain.file_digests(part)}),
        "seed": seed,
        "on_missing": on_missing,
        "candidates": candidates,
    }


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


def versions(stages: Stages | None = None) -> dict[str, str]:
    """Versions of what decides a result's pixels; of the heavy packages only those that are in use.

    Args:
        stages: What they say that they compute with counts too, loaded or not: masks may come from the cache.
    """
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
    finders = () if stages is None else (stages.segmenter, stages.refiner)
    said = {name for part in finders for name in getattr(part, "computes_with", ())}
    for name in ("onnxruntime", "torch", "transformers", "diffusers"):
        if name in sys.modules:
            found[name] = str(sys.modules[name].__version__)
        elif name in said:
            found[name] = version(name)
    return found


# -------------------------------------------------------------------------------------------------------------- batch


def run_jobs(
    jobs: Sequence[Job],
    cfg: config.Config,
    *,
    out: Path,
    refused: Sequence[tuple[str, str]] = (),
    sheets: Sequence[Sheet] = (),
    conf: Path | None = None,
    on_report: Callable[[JobReport], None] | None = None,
) -> tuple[JobReport, ...]:
    """All jobs of a batch, done by the configuration's mapper; one that fails does not stop the others.

    Args:
        jobs: What to do.
        cfg: As `config.compose` gives it.
        out: Where `failures.csv` and the contact sheet go.
        refused: Names and reasons of what never became a job, for `failures.csv`.
        sheets: Of the photos that have variants.
        conf: The user's own folder, where there is one.
        on_report: Called with each report, in order of completion.

    Raises:
        PlanError, UnknownPhrase: The plan that all jobs share cannot be done. (One row's plan fails just that row.)
        ConfigError, WeightsMissing, ExtraMissing: Nothing could be done.
    """
    tell = on_report or (lambda _: None)
    names = chain.named_editors(*(job.plan for job in jobs))
    if cfg["c2pa"] is not None:
        signer_of(cfg["c2pa"])
    stages = config.build(cfg, editors=names, conf=conf)
    rows: dict[tuple[Path, str], set[Plan]] = {}
    for job in jobs:
        rows.setdefault((job.photo, job.name), set()).add(job.plan)
    shared = set.intersection(*rows.values()) if rows else set()
    faults: dict[Plan, str] = {}
    for plan in dict.fromkeys(job.plan for job in jobs):
        try:
            chain.check_edits(plan, stages)
            masker.understand(stages.segmenter, masker.phrases_of(plan))
        except AutomaskError as error:
            if plan in shared:
                raise
            faults[plan] = str(error)
    reports = [JobReport(job, "failed", faults[job.plan]) for job in jobs if job.plan in faults]
    for report in reports:
        tell(report)
    mapper = config.build_mapper(cfg)
    if cfg["mask_cache_mb"] is None:
        again = bool(sheets) or len({job.photo for job in jobs}) < len(jobs)
        cfg = {**cfg, "mask_cache_mb": mask_cache.USUAL_MB if again else 0}
    # In this process the stages that checked the words do the work; other processes load their own.
    make = functools.partial(make_worker, dict(cfg), names, conf)
    if isinstance(mapper, Serial):
        mapper = Serial(workers=workers_for(mapper.workers, stages, len(jobs)))
    if isinstance(mapper, Serial) and mapper.workers == 1:
        make = functools.partial(Worker, stages, dict(cfg))
    else:
        mapper = _Resuming(mapper, Worker(stages, dict(cfg)))
    todo = [job for job in jobs if job.plan not in faults]
    with stores.failures_put(out, cfg["out"]):
        done = run_batch(
            todo, make, mapper, out=out, refused=[*refused, *_refusals(reports)], sheets=sheets, on_report=tell
        )
    return (*reports, *done)


def _refusals(reports: Sequence[JobReport]) -> list[tuple[str, str]]:
    return [(report.job.shown, report.reason or "") for report in reports]


_WORTH_A_WORKER = 3
"""A worker takes some two photos' time to start: so many photos at least for each."""


def workers_for(asked: int | Literal["auto"], stages: Stages, jobs: int) -> int:
    """How many processes work on a batch on this machine.

    Args:
        asked: A number is taken as it is. `auto`: one for each core, and no more than pay for their start; but only one
            where a stage's model uses all cores or a GPU by itself (it says so by `device_note`).
        stages: What is loaded.
        jobs: How many photos there are.
    """
    if asked != "auto":
        return asked
    if any(device_note(part) for part in parts_of(stages).values()):
        return 1
    return max(1, min(cores(), jobs // _WORTH_A_WORKER))


PHOTOS_TOGETHER = 4
"""Photos whose crops go to an editor in one call, where it paints several at once (`paint_many`)."""


def make_worker(cfg: config.Config, names: Sequence[str], conf: Path | None) -> "Worker":
    """Loads the models once and gives what does the jobs; picklable, so that any process may call it."""
    return Worker(config.build(cfg, editors=names, conf=conf), cfg)


@dataclass(frozen=True, slots=True, eq=False)
class Worker:
    """Does the jobs of a batch with stages that are loaded: one at a time, or as a stream.

    Args:
        stages: Used for every photo.
        cfg: As `config.compose` gives it.
    """

    stages: Stages
    cfg: config.Config

    def __call__(self, job: Job) -> JobReport:
        """One photo: skipped where its record shows that it was done with the same photo, plan and settings.

        Raises:
            AutomaskError: As `edit`; the batch reports it and goes on.
        """
        ready = self._read(job)
        if isinstance(ready, Over):
            return ready.result
        (made,) = self._work([(job, ready)])
        if isinstance(made, Exception):
            raise made
        return self._write(job, made)

    def stream(self, jobs: Iterable[Job], *, lost: Callable[[Job, Exception], JobReport]) -> Iterator[JobReport]:
        """The reports of all, in order: the next photos are read and the last written while this thread works.

        Args:
            jobs: Any number; few photos are held at a time.
            lost: Gives the report of a job that failed.
        """
        several = any(hasattr(part, "paint_many") for part in parts_of(self.stages).values())
        together = PHOTOS_TOGETHER if several else 1
        return overlapped(jobs, read=self._read, work=self._work, write=self._write, lost=lost, together=together)

    def _read(self, job: Job) -> "_Read | Over[JobReport]":
        began = time.perf_counter()
        if job.photo_url or job.out_url:
            return self._fetch(job, began)
        skipped = self.skipped(job)
        if skipped is not None:
            return Over(skipped)
        photo = open_photo(job.photo, max_megapixels=self.cfg["max_megapixels"])
        return _Read(photo, time.perf_counter() - began)

    def skipped(self, job: Job) -> JobReport | None:
        """The report of a job that is done already; None for one that is not, or whose files lie in a store."""
        began = time.perf_counter()
        record = files_of(job.photo.name, job.out, job.name).record
        if job.photo_url or job.out_url or not record.is_file() or not job.photo.is_file():
            return None
        if not is_done(job, self._digest(job, _sha256(job.photo))):
            return None
        return JobReport(job, "skipped", took_s=time.perf_counter() - began)

    def _fetch(self, job: Job, began: float) -> "_Read | Over[JobReport]":
        """`_read` where the photo or OUT lies in a store; a photo there is known by its version, unfetched."""
        folder = tempfile.TemporaryDirectory(prefix="automask-")
        here: Job | None = None
        known = stores.version_of(job.photo_url) if job.photo_url else ""
        if not known:
            here = stores.brought(job, Path(folder.name))
            known = _sha256(here.photo) if here.photo.is_file() else ""
        digest = self._digest(job, known)
        if stores.is_put(job, digest) if job.out_url else is_done(job, digest):
            folder.cleanup()
            return Over(JobReport(job, "skipped", took_s=time.perf_counter() - began))
        here = here or stores.brought(job, Path(folder.name))
        try:
            photo = open_photo(here.photo, max_megapixels=self.cfg["max_megapixels"])
        except PhotoError as error:  # the fetched file's name helps nobody
            raise PhotoError(error.problem.replace(str(here.photo), job.shown), mend=error.mend) from error
        return _Read(photo, time.perf_counter() - began, _Fetched(folder, here, digest))

    def _digest(self, job: Job, photo_digest: str) -> str:
        cfg = self.cfg
        settings = settings_of(self.stages, job.plan, cfg["seed"], cfg["on_missing"], cfg["candidates"])
        digest = job_digest(photo_digest, job.plan, settings)
        return disclosed_digest(digest, cfg["disclose"], signed=cfg["c2pa"] is not None)

    def _work(self, jobs: Sequence[tuple[Job, "_Read"]]) -> list["_Made | Exception"]:
        """What became of each photo: masks one after another, crops of all of them together."""
        run = self._run
        began = time.perf_counter()
        found: list[_Found | Exception] = []
        for job, read in jobs:
            try:
                chain.check_edits(job.plan, self.stages)
                found.append(_find(read.photo, job.plan, self.stages, run.on_missing, None, run.cache))
            except Exception as error:
                found.append(error)
        masked = time.perf_counter()
        fine = [(job, read, one) for (job, read), one in zip(jobs, found, strict=True) if isinstance(one, _Found)]
        painted = iter(
            chain.paint_together(
                [
                    chain.painting(read.photo.rgb, job.plan, one.regions, self.stages, run.seed, run.candidates)
                    for job, read, one in fine
                ]
            )
        )
        # Photos that were painted together took their share of the time each.
        mask_s, paint_s = ((masked - began) / len(jobs), (time.perf_counter() - masked) / max(len(fine), 1))
        made: list[_Made | Exception] = []
        for (job, read), one in zip(jobs, found, strict=True):
            if isinstance(one, Exception):
                made.append(one)
                continue
            result = next(painted)
            if isinstance(result, Exception):
                made.append(result)
                continue
            timing = {"load_s": 0.0, "mask_s": mask_s, **one.told, "paint_s": paint_s}
            outcome = _outcome(read.photo, job.plan, one, result, self.stages, run, timing=timing)
            made.append(_Made(outcome, read.took_s + mask_s + paint_s, read.fetched))
        return made

    def _write(self, job: Job, made: "_Made") -> JobReport:
        began = time.perf_counter()
        here = made.fetched.here if made.fetched else job
        saved = made.outcome.save(here.out, name=here.name, disclose=self.cfg["disclose"], c2pa=self.cfg["c2pa"])
        record = dict(saved.recorded)
        if made.fetched:
            record["digest"] = made.fetched.digest
            write_json(saved.record, record)
            if job.out_url:
                stores.put(job, here.out)
            made.fetched.folder.cleanup()
        return JobReport(job, "done", record=record, took_s=made.took_s + time.perf_counter() - began)

    @property
    def _run(self) -> "_Run":
        cfg = self.cfg
        cache = _cache_of(cfg["mask_cache_mb"])
        settings = (cfg["seed"], cfg["on_missing"], cfg["max_megapixels"], cfg["candidates"])
        return _Run(None, self.stages, None, *settings, cache)


@dataclass(frozen=True, slots=True, eq=False)
class _Resuming:
    """A mapper that passes over what is done before it starts any worker: that may take longer than all the rest."""

    mapper: Any
    worker: Worker

    def map(
        self,
        make_worker: Callable[[], Callable[[Job], JobReport]],
        items: Sequence[Job],
        *,
        lost: Callable[[Job, Exception], JobReport] | None = None,
    ) -> Iterator[JobReport]:
        waiting: list[Job] = []
        with ThreadPoolExecutor(cores()) as pool:  # a photo's digest is taken without Python's lock
            for item, report in zip(items, pool.map(self._skipped, items), strict=True):
                if report is None:
                    waiting.append(item)
                else:
                    yield report
        yield from self.mapper.map(make_worker, waiting, lost=lost)

    def _skipped(self, job: Job) -> JobReport | None:
        try:
            return self.worker.skipped(job)
        except (AutomaskError, OSError):
            return None  # whoever does it tells why it cannot be done


@dataclass(frozen=True, slots=True, eq=False)
class _Read:
    """A photo that is open, and the seconds that it took."""

    photo: Photo
    took_s: float
    fetched: "_Fetched | None" = None


@dataclass(frozen=True, slots=True, eq=False)
class _Fetched:
    """A job's files on this machine while its photo or results belong into a store.

    Args:
        folder: Goes with the last that holds it, should the job fail before it is cleaned up.
        here: The job over files in it.
        digest: What the record is to carry.
    """

    folder: "tempfile.TemporaryDirectory[str]"
    here: Job
    digest: str


@dataclass(frozen=True, slots=True, eq=False)
class _Made:
    """An edited photo, not yet written, and the seconds that it took."""

    outcome: Outcome
    took_s: float
    fetched: _Fetched | None = None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def report_record(report: JobReport) -> dict[str, Any]:
    """A report as the JSON object that `automask batch --json` prints."""
    return {
        "photo": report.job.shown,
        "out": report.job.out_url or str(report.job.out),
        "name": report.job.name,
        "status": report.status,
        "reason": report.reason,
        "took_s": round(report.took_s, 4),
        "record": dict(report.record),
    }
