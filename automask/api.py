"""What a script calls: `edit`, `variants`, `mask`, `batch` and `load`."""

import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, TypeAlias

from automask import config, protocols, runner
from automask.batches.run import open_batch, run_jobs
from automask.batches.summary import summary_of
from automask.errors import ConfigError
from automask.images import PhotoSource
from automask.plan import parse_targets, plan_from, variants_from
from automask.plan.sources import PlanSource
from automask.protocols import Editor, Refiner, Segmenter
from automask.results.outcome import Outcome
from automask.runner import OnProgress
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
from automask.signatures import path_text
from automask.types import JobReport, OnDoubt, OnMissing, Plan, Region, Step, Variant

Overrides: TypeAlias = Sequence[str] | Mapping[str, Any]
"""`["boxes.threshold=0.2"]` in Hydra's grammar, or `{"boxes.threshold": 0.2}`."""

_PROGRESS = "what is done, how many edits are painted, and how many there are"
_log = logging.getLogger("automask")
# A library prints nothing by itself: a user who wants the warnings configures logging.
_log.addHandler(logging.NullHandler())


class Stages(protocols.Stages):
    """The loaded segmenter, refiner and editor, with the calls that use them: loaded once, for many photos.

    >>> stages = automask.load("starter")
    >>> outcome = stages.edit("kitchen.jpg", "island -> marble")
    >>> [region.target for region in stages.mask("kitchen.jpg", "island; cabinets")]
    ['island', 'cabinets']
    """

    __slots__ = ()

    def edit(self, photo: PhotoSource, plan: PlanSource, **settings: Any) -> Outcome:
        """As `automask.edit`, with these stages; its other keyword arguments may follow."""
        return edit(photo, plan, stages=self, **settings)

    def variants(self, photo: PhotoSource, words: PlanSource, **settings: Any) -> Iterator[tuple[str, Outcome]]:
        """As `automask.variants`, with these stages; its other keyword arguments may follow."""
        return variants(photo, words, stages=self, **settings)

    def mask(self, photo: PhotoSource, targets: PlanSource, **settings: Any) -> tuple[Region, ...]:
        """As `automask.mask`, with these stages; its other keyword arguments may follow."""
        return mask(photo, targets, stages=self, **settings)


_STATUSES = {"done": "done", "skipped": "done before", "failed": "failed"}


@dataclass(frozen=True, slots=True, repr=False)
class BatchResult:
    """How a batch ended. Iterating over it gives its reports.

    Args:
        reports: One for each job, in order.
        refused: (name, reason) of what could not become a job.
        out: The folder of the results and lists, or the store's URL.
        failed_before: How many photos failed in earlier runs into `out`, and were not redone since.
    """

    reports: tuple[JobReport, ...]
    refused: tuple[tuple[str, str], ...]
    out: str
    failed_before: int = 0

    def __iter__(self) -> Iterator[JobReport]:
        return iter(self.reports)

    def __len__(self) -> int:
        return len(self.reports)

    @property
    def failed(self) -> tuple[JobReport, ...]:
        """The reports of the jobs that failed."""
        return tuple(report for report in self.reports if report.status == "failed")

    def __repr__(self) -> str:
        counts = {status: sum(report.status == status for report in self.reports) for status in _STATUSES}
        listed = ", ".join(f"{count} {_STATUSES[status]}" for status, count in counts.items() if count)
        refused = f", {len(self.refused)} refused" if self.refused else ""
        before = f", {self.failed_before} failed in earlier runs" if self.failed_before else ""
        return f"<BatchResult {listed or 'no jobs'}{refused}{before}, in {self.out}>"


def load(
    preset: str = "starter",
    overrides: Overrides = (),
    *,
    editors: Sequence[str] = (),
    conf: str | Path | None = None,
) -> Stages:
    """The stages that photos are worked on with, loaded once: give them to `edit(..., stages=stages)`.

    >>> automask.load("starter", {"boxes.threshold": 0.3})
    <Stages starter: Starter, GrabCut, Paint>

    Args:
        preset: `starter`, `photo`, or a file of the group `preset` in `conf`.
        overrides: `key=value` in Hydra's grammar, or a mapping.
        editors: Names of further editors that edits ask for with `with:`.
        conf: A folder of your own YAML files, searched after the package's.

    Raises:
        ConfigError: Unknown names or values, all at once; a setting that belongs to `edit`.
        WeightsMissing, ExtraMissing: What the preset needs is not on this machine.
    """
    if isinstance(editors, str):
        raise ConfigError(f"editors is {editors!r}", hint=f"give a list of names: [{editors!r}]")
    folder = _folder(conf)
    texts = _texts(overrides, "name the folder in Outcome.save")
    composed = config.compose(preset, texts, conf=folder)
    of_a_run = [text for text in texts if config.root_of(text) not in (*config.STAGE_GROUPS, "preset")]
    if of_a_run:
        raise ConfigError(
            f"{of_a_run[0]!r} is a setting of a run, not of what is loaded", hint="give it to automask.edit"
        )
    loaded = config.build(composed, editors=editors, conf=folder)
    return Stages(**{field.name: getattr(loaded, field.name) for field in fields(loaded)})


def edit(
    photo: PhotoSource,
    plan: PlanSource,
    *,
    preset: str = "starter",
    seed: int = SEED,
    on_missing: OnMissing = ON_MISSING,
    overrides: Overrides = (),
    stages: protocols.Stages | None = None,
    segmenter: Segmenter | None = None,
    refiner: Refiner | None = None,
    editor: Editor | None = None,
    conf: str | Path | None = None,
    masks: str | Path | None = None,
    regions: Sequence[Region] | None = None,
    max_megapixels: float = MAX_MEGAPIXELS,
    candidates: int = CANDIDATES,
    on_progress: OnProgress | None = None,
    mask_cache_mb: float | None = None,
    on_doubt: OnDoubt = WHEN_IN_DOUBT,
    doubt_below: float = DOUBT_BELOW,
) -> Outcome:
    """The photo with the plan's edits made; nothing is written until `Outcome.save`.

    >>> outcome = automask.edit("kitchen.jpg", "island -> white marble; keep countertop")
    >>> outcome.steps[0].found
    True
    >>> outcome.image.shape == outcome.photo.rgb.shape
    True

    Look at the masks before painting, and paint through them:

    >>> regions = automask.mask("kitchen.jpg", "island")
    >>> outcome = automask.edit("kitchen.jpg", {"island": "oak"}, regions=regions)

    Args:
        photo: A path, [H, W, 3] uint8 sRGB, a Pillow image, a file's bytes, or an open file; never written to.
        plan: Words, a Path to a YAML plan, a mapping such as `{"island": "marble"}`, a list of words, or edits. Words
            with braces are for `variants`.
        preset: What to load where `stages` is not given.
        seed: Of the whole run; each edit's own derives from it and its words.
        on_missing: `skip` continues without what is not in the photo, `fail` raises.
        overrides: `key=value` in Hydra's grammar, or a mapping. With `stages` only settings of a run, such as
            `{"disclose": "label"}`.
        stages: Loaded before with `load`, in place of preset and the overrides of stages.
        segmenter, refiner, editor: Ready objects in place of the preset's.
        conf: A folder of your own YAML files, with `preset`.
        masks: A folder of mask files to use instead of finding the targets.
        regions: What `mask` found for the same words in the same photo, used as they are.
        max_megapixels: Larger photos are refused.
        candidates: Each edit is painted this many times with seeds of its own, and the one with the fewest defects
            is kept; `steps[n].candidates` shows them all.
        on_progress: Called with what is being done, how many edits are painted, and how many there are.
        mask_cache_mb: Keeps masks on disk, up to this many megabytes, so that another edit of the same things in the
            same photo finds them there. None and 0 keep nothing. The masks of ready objects are never kept.
        on_doubt: What becomes of a mask that is probably bad: `keep` paints it, `warn` paints it and logs a warning,
            `skip` leaves it unpainted.
        doubt_below: A mask is probably bad below this expected quality (`Region.expected_iou`), 0 to 1.

    Raises:
        PlanError, UnknownPhrase, ConfigError, PhotoError, MaskError, TargetMissing, SegmenterError, RefinerError,
        EditorError, WeightsMissing, ExtraMissing: As their names say; all are `AutomaskError`.
    """
    _check_callable("on_progress", on_progress, _PROGRESS)
    made = (Variant("", (), plan_from(plan)),)
    settings: dict[str, Any] = {"seed": seed, "on_missing": on_missing, "max_megapixels": max_megapixels}
    settings |= {"candidates": candidates, "mask_cache_mb": mask_cache_mb}
    settings |= {"on_doubt": on_doubt, "doubt_below": doubt_below}
    ready = _ready(segmenter, refiner, editor)
    prepared = _prepare(made, settings, preset, overrides, conf, stages, ready, masks, regions)
    (outcome,) = runner.run(prepared, photo, on_progress)
    _warn_of(outcome.steps, prepared.settings)
    return outcome


def variants(
    photo: PhotoSource,
    words: PlanSource | Sequence[Variant],
    *,
    preset: str = "starter",
    seed: int = SEED,
    on_missing: OnMissing = ON_MISSING,
    overrides: Overrides = (),
    stages: protocols.Stages | None = None,
    segmenter: Segmenter | None = None,
    refiner: Refiner | None = None,
    editor: Editor | None = None,
    conf: str | Path | None = None,
    masks: str | Path | None = None,
    regions: Sequence[Region] | None = None,
    max_megapixels: float = MAX_MEGAPIXELS,
    candidates: int = CANDIDATES,
    on_progress: OnProgress | None = None,
    mask_cache_mb: float | None = None,
    on_doubt: OnDoubt = WHEN_IN_DOUBT,
    doubt_below: float = DOUBT_BELOW,
) -> Iterator[tuple[str, Outcome]]:
    """The variants of a photo, one after another, each with the name of a folder for it; the masks are found once.

    >>> for name, outcome in automask.variants("kitchen.jpg", "island -> {marble, oak}"):
    ...     print(name, outcome.save(f"out/{name}").result.name)
    marble kitchen.jpg
    oak kitchen.jpg

    Everything but the painting is done when this is called; a variant is painted when it is asked for.

    Args:
        photo: As in `edit`.
        words: With or without braces; also a Path, or what `plan.parse_variants` gives.
        preset, seed, on_missing, overrides, stages, segmenter, refiner, editor, conf, masks, regions,
            max_megapixels, candidates, on_progress, mask_cache_mb, on_doubt, doubt_below: As in `edit`.

    Raises:
        As `edit`.
    """
    _check_callable("on_progress", on_progress, _PROGRESS)
    made = variants_from(words)
    settings: dict[str, Any] = {"seed": seed, "on_missing": on_missing, "max_megapixels": max_megapixels}
    settings |= {"candidates": candidates, "mask_cache_mb": mask_cache_mb}
    settings |= {"on_doubt": on_doubt, "doubt_below": doubt_below}
    ready = _ready(segmenter, refiner, editor)
    prepared = _prepare(made, settings, preset, overrides, conf, stages, ready, masks, regions)
    outcomes = runner.run(prepared, photo, on_progress)

    def named() -> Iterator[tuple[str, Outcome]]:
        for variant, outcome in zip(made, outcomes, strict=True):
            if variant is made[0]:  # all variants find the same
                _warn_of(outcome.steps, prepared.settings)
            yield variant.name, outcome

    return named()


def mask(
    photo: PhotoSource,
    targets: PlanSource,
    *,
    preset: str = "starter",
    seed: int = SEED,
    on_missing: OnMissing = ON_MISSING,
    overrides: Overrides = (),
    stages: protocols.Stages | None = None,
    segmenter: Segmenter | None = None,
    refiner: Refiner | None = None,
    editor: Editor | None = None,
    conf: str | Path | None = None,
    max_megapixels: float = MAX_MEGAPIXELS,
    on_doubt: OnDoubt = WHEN_IN_DOUBT,
    doubt_below: float = DOUBT_BELOW,
) -> tuple[Region, ...]:
    """What would be repainted, and where: one region for each part of the words, in order.

    >>> island, sofa = automask.mask("kitchen.jpg", "island; sofa")
    >>> island.found, sofa.found
    (True, False)
    >>> island.mask.shape == island.alpha.shape
    True

    Args:
        photo: As in `edit`.
        targets: Words without arrows (`island; cabinets except handles; keep faucet`), or a plan, whose prompts are not
            read.
        preset, seed, on_missing, overrides, stages, segmenter, refiner, editor, conf, max_megapixels, on_doubt,
            doubt_below: As in `edit`. No editor is loaded, and a mask in doubt is returned all the same.

    Raises:
        As `edit`, except for what an editor raises.
    """
    made = (Variant("", (), targets_from(targets)),)
    settings: dict[str, Any] = {"seed": seed, "on_missing": on_missing, "max_megapixels": max_megapixels}
    settings |= {"on_doubt": on_doubt, "doubt_below": doubt_below}
    ready = _ready(segmenter, refiner, editor)
    prepared = _prepare(made, settings, preset, overrides, conf, stages, ready, None, None, paint=False)
    regions = runner.mask(prepared, photo).regions
    _warn_of(regions, prepared.settings)
    return regions


def batch(
    source: str | os.PathLike[str],
    plan: PlanSource | None = None,
    *,
    out: str | os.PathLike[str] = "out",
    preset: str = "starter",
    seed: int = SEED,
    on_missing: OnMissing = ON_MISSING,
    overrides: Overrides = (),
    conf: str | Path | None = None,
    recursive: bool = False,
    workers: int | None = None,
    retry_failed: bool = False,
    force: bool = False,
    prune: bool = False,
    max_megapixels: float = MAX_MEGAPIXELS,
    candidates: int = CANDIDATES,
    mask_cache_mb: float | None = None,
    on_doubt: OnDoubt = WHEN_IN_DOUBT,
    doubt_below: float = DOUBT_BELOW,
    overwrite: bool = False,
    masks: str | Path | None = None,
    fresh_masks: bool = False,
    same_room: str | None = None,
    on_report: Callable[[JobReport], None] | None = None,
) -> BatchResult:
    """The same edits in many photos, written as `automask batch` writes them; a photo that fails stops no other.

    A photo that was done before with the same plan and settings is skipped. With more than one worker the script needs
    the usual `if __name__ == "__main__":`, since each is a process of its own.

    >>> result = automask.batch("listing", "island -> white marble", out="done", workers=1)
    >>> result
    <BatchResult 1 done, in done>
    >>> [report.status for report in result]
    ['done']

    Args:
        source: A folder, a glob, a store's URL, or a CSV with columns photo,edits (and same_room, if it has one).
        plan: As in `edit`, or words with braces; None only for a CSV whose every row has its own edits.
        out: The folder, or the store's URL, that the results go to.
        preset, seed, on_missing, overrides, conf, max_megapixels, candidates, mask_cache_mb, on_doubt, doubt_below: As
            in `edit`.
        recursive: Subfolders too, mirrored below `out`.
        workers: How many photos are worked on at a time; None decides by the cores and the models.
        retry_failed: Only the photos that OUT/failures.csv lists; without that file an error.
        force: True makes again what is done.
        prune: True moves results that this source and plan do not make into a folder `.stale` in `out`.
        overwrite: True also replaces files in `out` that automask did not write, or that were changed since; never a
            photo of the source.
        masks: A folder that holds `kitchen.masks` as `out` does: these are used, and nothing is looked for.
        fresh_masks: True looks for everything anew, and puts masks that a person made or changed in `out` aside;
            otherwise they are used.
        same_room: The name of the room that all photos show: a surface gets one colour in all of them.
        on_report: Called with each report, in order of completion.

    Raises:
        PlanError, UnknownPhrase: The plan that all photos share cannot be made.
        PhotoError, UsageError, OutputError: The source has no photos, or `out` cannot be written to.
        ConfigError, WeightsMissing, ExtraMissing: Nothing can be done.
    """
    folder, sought, results = _folder(conf), path_text(source, "source"), path_text(out, "out")
    texts = [*_texts(overrides, "it is an argument of its own: out=...")]
    if workers is not None:
        texts.append(f"mapper.workers={workers}")
    _check_callable("on_report", on_report, "a report")
    composed = config.compose(preset, texts, conf=folder)
    settings: dict[str, Any] = {"seed": seed, "on_missing": on_missing, "max_megapixels": max_megapixels}
    settings |= {"candidates": candidates, "mask_cache_mb": mask_cache_mb}
    settings |= {"on_doubt": on_doubt, "doubt_below": doubt_below}
    of_call, given = RunSettings.of_arguments(**settings)
    cfg = {**composed, **asdict(_merged(of_call, composed, given, texts)), "out": results}
    cfg["recursive"] = recursive or composed["recursive"]
    cfg |= {"overwrite": overwrite, "fresh_masks": fresh_masks}
    cfg["masks"] = None if masks is None else path_text(masks, "masks")
    cfg["force"] = force or composed["force"]
    cfg["prune"] = prune or composed["prune"]
    if same_room is not None and not isinstance(same_room, str):
        raise ConfigError(f"same_room is {same_room!r}", hint="give the name of a room")
    cfg["same_room"] = composed["same_room"] if same_room is None else same_room
    made = None if plan is None else variants_from(plan)
    opened = open_batch(sought, made, cfg, retry_failed=retry_failed)
    reports = run_jobs(
        opened.jobs,
        cfg,
        out=opened.out,
        refused=opened.refused_rows,
        sheets=opened.sheets,
        former_names=[name for name, _ in opened.refused],
        everything=opened.everything,
        conf=folder,
        on_report=on_report,
        on_note=_log.warning,
    )
    return BatchResult(reports, opened.refused, opened.shown_out, summary_of(reports, opened).failed_before)


def _warn_of(found: Iterable[Step | Region], settings: RunSettings) -> None:
    """Logs what is missing, and what is in doubt."""
    said: dict[str, None] = {}
    for one in found:
        if one.reason is not None:
            said[one.reason] = None
        elif one.expected_iou is not None and one.expected_iou < settings.check_below:
            target = one.target if isinstance(one, Region) else ", ".join(one.targets)
            said[f"{target!r}: {quality_below(one.expected_iou, settings.doubt_below)}; look at its mask"] = None
    for warning in said:
        _log.warning("%s", warning)


def targets_from(targets: PlanSource) -> Plan:
    """The plan of a mask request: words with or without arrows, a Path to a YAML plan, or edits."""
    return parse_targets(targets) if isinstance(targets, str) else plan_from(targets, prompts=False)


def _ready(segmenter: Segmenter | None, refiner: Refiner | None, editor: Editor | None) -> dict[str, Any]:
    objects = {"segmenter": segmenter, "refiner": refiner, "editor": editor}
    return {group: one for group, one in objects.items() if one is not None}


def _prepare(
    made: Sequence[Variant],
    arguments: Mapping[str, Any],
    preset: str,
    overrides: Overrides,
    conf: str | Path | None,
    stages: protocols.Stages | None,
    ready: dict[str, Any],
    masks: str | Path | None,
    regions: Sequence[Region] | None,
    *,
    paint: bool = True,
) -> runner.PreparedRun:
    """The run that the arguments of a call describe.

    Raises:
        ConfigError: Arguments that contradict each other.
    """
    settings, given = RunSettings.of_arguments(**arguments)
    texts = _texts(overrides, "name the folder in Outcome.save" if paint else "mask writes no files")
    given_masks = None if masks is None else path_text(masks, "masks")
    if stages is None:
        folder = _folder(conf)
        composed = config.compose(preset, texts, conf=folder)
        settings = _merged(settings, composed, given, texts)
        return runner.prepare(
            made, settings, composed, conf=folder, ready=ready, masks=given_masks, regions=regions, paint=paint
        )
    if not isinstance(stages, protocols.Stages):
        raise ConfigError(f"stages is of type {type(stages).__name__!r}", hint="give what automask.load returns")
    if preset != "starter" or conf is not None:
        raise ConfigError(
            f"preset={preset!r}, conf={conf!r} come too late for loaded stages",
            hint="give them to automask.load, or leave stages out",
        )
    late = [text for text in texts if config.root_of(text) in (*config.STAGE_GROUPS, "preset", "experiment")]
    if late:
        raise ConfigError(
            f"overrides {late} come too late for loaded stages",
            hint="give them to automask.load, or leave stages out",
        )
    if texts:
        settings = _merged(settings, config.compose(overrides=texts), given, texts)
    return runner.prepare(made, settings, stages, ready=ready, masks=given_masks, regions=regions, paint=paint)


def _texts(overrides: Overrides, where_out_goes: str) -> Sequence[str]:
    """The overrides as texts; `out` among them would be ignored."""
    texts = config.override_texts(overrides)
    if any(config.root_of(text) == "out" for text in texts):
        raise ConfigError("the overrides set 'out'", hint=where_out_goes)
    for key, hint in _OF_CALLS.items():
        if any(config.root_of(text) == key for text in texts):
            raise ConfigError(f"the overrides set {key!r}", hint=hint)
    return texts


_OF_CALLS: Mapping[str, str] = {
    "overwrite": "give overwrite=True to what writes: save, or batch",
    "masks": "give masks=... to the call",
    "fresh_masks": "give fresh_masks=True to batch",
}
"""Keys of the configuration that are arguments of calls: among the overrides they would be ignored."""


def _merged(settings: RunSettings, composed: config.Config, given: frozenset[str], texts: Sequence[str]) -> RunSettings:
    return settings.merged_with(composed, given=given, overridden={config.root_of(text) for text in texts})


def _check_callable(name: str, value: object, takes: str) -> None:
    if value is not None and not callable(value):
        raise ConfigError(f"{name} is {value!r}", hint=f"give a function that takes {takes}")


def _folder(conf: str | Path | None) -> Path | None:
    return None if conf is None else Path(path_text(conf, "conf"))
