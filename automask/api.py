"""What a script calls: `edit`, `mask`, `load`, and the worker of a batch."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from automask import config
from automask.errors import ConfigError
from automask.images import open_photo
from automask.masking import find
from automask.plan import parse_targets, plan_from, variants_from
from automask.protocols import Editor, Refiner, Segmenter, Stages
from automask.results.outcome import Outcome
from automask.runner import OnProgress, PhotoSource, painted_outcomes, run_settings
from automask.stages import NotLoaded
from automask.types import Edit, OnMissing, Plan, Region, Variant

PlanSource = str | Path | Sequence[Edit]


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
        raise ConfigError(f"{lost[0]!r} is nothing that is loaded", hint="give it to automask.edit instead")
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
    run = run_settings(preset, seed, on_missing, max_megapixels, candidates, overrides, conf, stages, mask_cache_mb)
    given = {"segmenter": segmenter, "refiner": refiner, "editor": editor}
    (outcome,) = painted_outcomes(photo, (Variant("", (), edits),), run, given, masks, on_progress)
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
    run = run_settings(preset, seed, on_missing, max_megapixels, candidates, overrides, conf, stages, mask_cache_mb)
    given = {"segmenter": segmenter, "refiner": refiner, "editor": editor}
    outcomes = painted_outcomes(photo, made, run, given, masks, on_progress)
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
        As `edit`, but for what an editor raises.
    """
    edits = targets_from(targets)
    run = run_settings(preset, seed, on_missing, max_megapixels, 1, overrides, conf, stages, None)
    tools = run.stages_for((), {"segmenter": segmenter, "refiner": refiner, "editor": editor or NotLoaded()})
    find.understand(tools.segmenter, find.phrases_of(edits))
    opened = open_photo(photo, max_megapixels=run.max_megapixels)
    return find.find_regions(opened.rgb, edits, tools, on_missing=run.on_missing)


def targets_from(targets: PlanSource) -> Plan:
    """The plan of a mask request: words with or without arrows, a Path to a YAML plan, or edits."""
    return parse_targets(targets) if isinstance(targets, str) else plan_from(targets, prompts=False)
