"""What a script calls: `edit`, `variants`, `mask` and `load`."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from automask import config, runner
from automask.errors import ConfigError
from automask.plan import parse_targets, plan_from, variants_from
from automask.protocols import Editor, Refiner, Segmenter, Stages
from automask.results.outcome import Outcome
from automask.runner import OnProgress, PhotoSource
from automask.settings import RunSettings
from automask.types import Edit, OnMissing, Plan, Region, Variant

PlanSource = str | Path | Sequence[Edit]


def load(
    preset: str = "starter",
    overrides: Sequence[str] = (),
    *,
    editors: Sequence[str] = (),
    conf: str | Path | None = None,
) -> Stages:
    """The stages that photos are worked on with, loaded once: give them to `edit(..., stages=stages)`.

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
    of_a_run = [text for text in overrides if config.root_of(text) not in (*config.STAGE_GROUPS, "preset")]
    if of_a_run:
        raise ConfigError(
            f"{of_a_run[0]!r} is a setting of a run, not of what is loaded", hint="give it to automask.edit"
        )
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
        candidates: Each edit is painted this many times with seeds of its own, and the one with the fewest defects
            is kept; `steps[n].candidates` shows them all.
        on_progress: Called with what is being done, how many edits are painted, and how many there are.
        mask_cache_mb: Keeps masks on disk, up to this many megabytes, so that another edit of the same things in the
            same photo finds them there. None and 0 keep nothing. The masks of ready objects are never kept.

    Raises:
        PlanError, UnknownPhrase, ConfigError, PhotoError, MaskError, TargetMissing, SegmenterError, RefinerError,
        EditorError, WeightsMissing, ExtraMissing: As their names say; all are `AutomaskError`.
    """
    made = (Variant("", (), plan_from(plan)),)
    settings = RunSettings(seed, on_missing, max_megapixels, candidates, mask_cache_mb)
    ready = _ready(segmenter, refiner, editor)
    prepared = _prepared(made, settings, preset, overrides, conf, stages, ready, masks)
    (outcome,) = runner.run(prepared, photo, on_progress)
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
    settings = RunSettings(seed, on_missing, max_megapixels, candidates, mask_cache_mb)
    ready = _ready(segmenter, refiner, editor)
    prepared = _prepared(made, settings, preset, overrides, conf, stages, ready, masks)
    outcomes = runner.run(prepared, photo, on_progress)
    return zip((variant.name for variant in made), outcomes, strict=True)


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
        As `edit`, except for what an editor raises.
    """
    made = (Variant("", (), targets_from(targets)),)
    settings = RunSettings(seed, on_missing, max_megapixels)
    ready = _ready(segmenter, refiner, editor)
    prepared = _prepared(made, settings, preset, overrides, conf, stages, ready, masks=None, paint=False)
    return runner.mask(prepared, photo).regions


def targets_from(targets: PlanSource) -> Plan:
    """The plan of a mask request: words with or without arrows, a Path to a YAML plan, or edits."""
    return parse_targets(targets) if isinstance(targets, str) else plan_from(targets, prompts=False)


def _ready(segmenter: Segmenter | None, refiner: Refiner | None, editor: Editor | None) -> dict[str, Any]:
    objects = {"segmenter": segmenter, "refiner": refiner, "editor": editor}
    return {group: one for group, one in objects.items() if one is not None}


def _prepared(
    made: Sequence[Variant],
    settings: RunSettings,
    preset: str,
    overrides: Sequence[str],
    conf: str | Path | None,
    stages: Stages | None,
    ready: dict[str, Any],
    masks: str | Path | None,
    *,
    paint: bool = True,
) -> runner.PreparedRun:
    """The run that the arguments of a call describe.

    Raises:
        ConfigError: Arguments that contradict each other.
    """
    if stages is None:
        folder = None if conf is None else Path(conf)
        composed = config.compose(preset, overrides, conf=folder)
        settings = settings.merged_with(composed)
        return runner.prepare(made, settings, composed, conf=folder, ready=ready, masks=masks, paint=paint)
    if preset != "starter" or conf is not None:
        raise ConfigError(
            f"preset={preset!r}, conf={conf!r} come too late for loaded stages",
            hint="give them to automask.load, or leave stages out",
        )
    if overrides:
        raise ConfigError(
            f"overrides {list(overrides)} come too late for loaded stages",
            hint="give them to automask.load, or leave stages out",
        )
    return runner.prepare(made, settings, stages, ready=ready, masks=masks, paint=paint)
