"""One photo from its path to its outcome."""

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from automask import config, fingerprint, weights
from automask.errors import ConfigError, PlanError
from automask.fingerprint import job_digest
from automask.images import Photo, open_photo
from automask.masking import find, given
from automask.masking.cache import MaskCache
from automask.masking.cache import find_regions as find_or_keep_regions
from automask.painting import chain, editors
from automask.protocols import Stages
from automask.results.outcome import Outcome
from automask.results.records import run_record
from automask.stages import NotLoaded, models_of, versions
from automask.types import Disclose, OnMissing, Plan, Region, Rgb, Variant

PhotoSource = str | Path | Rgb
OnProgress = Callable[[str, int, int], None]
"""Called with what is being done now, how many edits are painted, and how many there are."""


def painted_outcomes(
    photo: PhotoSource,
    variants: Sequence[Variant],
    run: "RunSettings",
    given: dict[str, Any],
    masks: str | Path | None,
    on_progress: OnProgress | None,
) -> Iterator[Outcome]:
    """The outcome of each variant, painted when it is asked for; all before painting is done at once."""
    began = time.perf_counter()
    plans = [variant.plan for variant in variants]
    if len({find.wanted(plan) for plan in plans}) > 1:
        raise PlanError("variants that differ in what they find", hint="call automask.edit for each")
    # With the masks given nothing is looked for: models that only find are not loaded.
    if masks is not None and run.stages is None:
        given = {group: given[group] or NotLoaded() for group in ("segmenter", "refiner")} | {"editor": given["editor"]}
    own_objects = any(thing is not None for thing in given.values())
    tools = run.stages_for(plans, given)
    for plan in plans:
        editors.check_edits(plan, tools)
    if masks is None:
        # Words that nobody could find are refused before the photo is even opened.
        find.understand(tools.segmenter, find.phrases_of(plans[0]))
    loaded = time.perf_counter()
    tell = on_progress or (lambda *_: None)
    count = sum(map(len, plans))
    tell("opening the photo", 0, count)
    opened = open_photo(photo, max_megapixels=run.max_megapixels)
    tell("finding the masks", 0, count)
    cache = run.cache if given["segmenter"] is None and given["refiner"] is None else None
    found = find_regions(opened, plans[0], tools, run.on_missing, masks, cache)
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
        return make_outcome(
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


def make_outcome(
    photo: Photo,
    plan: Plan,
    found: "FoundRegions",
    painted: chain.Painted,
    tools: Stages,
    run: "RunSettings",
    *,
    timing: dict[str, Any],
    masks: Path | None = None,
    own_objects: bool = False,
) -> Outcome:
    """The outcome of one painted photo, with its record."""
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
        generative=editors.is_generative(plan, steps, tools),
        disclose=run.disclose,
        c2pa=run.c2pa,
    )


def _unused_words(plan: Plan) -> list[str]:
    """What a user should know who gives masks for a plan that excepts or keeps something."""
    words = dict.fromkeys(word for edit in plan for word in (*edit.excepts, *edit.keep))
    return [f"masks are used as they are: {', '.join(words)} was not looked for"] if words else []


@dataclass(frozen=True, slots=True, eq=False)
class FoundRegions:
    """The regions of a photo, and whether they came from the cache."""

    regions: tuple[Region, ...]
    kept: bool = False

    @property
    def told(self) -> dict[str, Any]:
        """For the record's timing."""
        return {"masks_from_cache": True} if self.kept else {}


def find_regions(
    photo: Photo,
    plan: Plan,
    stages: Stages,
    on_missing: OnMissing,
    masks: str | Path | None,
    cache: MaskCache | None,
) -> FoundRegions:
    """The regions of a photo: from mask files, from the cache, or found now."""
    if masks is not None:
        size_hw = (photo.rgb.shape[0], photo.rgb.shape[1])
        return FoundRegions(given.given_regions(Path(masks), plan, size_hw=size_hw, on_missing=on_missing))
    if cache is None:
        return FoundRegions(find.find_regions(photo.rgb, plan, stages, on_missing=on_missing))
    regions, kept = find_or_keep_regions(photo, plan, stages, cache)
    if on_missing == "fail":
        find.refuse_missing(regions)
    return FoundRegions(regions, kept)


@dataclass(frozen=True, slots=True)
class RunSettings:
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
        names = editors.named_editors(*plans)
        if self.stages is None:
            return config.build(self.config or {}, editors=names, conf=self.conf, given=given)
        absent = [name for name in names if name not in self.stages.editors]
        if absent:
            raise PlanError(
                f"no editor {absent[0]!r} is loaded", hint=f"load it too: automask.load(..., editors=[{absent[0]!r}])"
            )
        return replace(self.stages, **given)


def run_settings(
    preset: str,
    seed: int,
    on_missing: OnMissing,
    max_megapixels: float,
    candidates: int,
    overrides: Sequence[str],
    conf: str | Path | None,
    stages: Stages | None,
    mask_cache_mb: float | None,
) -> RunSettings:
    """The settings of one call.

    Raises:
        ConfigError: A value out of range, or an argument that an override contradicts.
    """
    if type(seed) is not int or seed < 0:
        raise ConfigError(f"seed is {seed!r}", hint="give a whole number from 0")
    if on_missing not in ("skip", "fail"):
        raise ConfigError(f"on_missing is {on_missing!r}", hint="give skip or fail")
    if type(max_megapixels) not in (int, float) or not max_megapixels > 0:
        raise ConfigError(f"max_megapixels is {max_megapixels!r}", hint="give a number above 0")
    if type(candidates) is not int or not 1 <= candidates <= 64:
        raise ConfigError(f"candidates is {candidates!r}", hint="give a whole number from 1 to 64")
    if mask_cache_mb is not None and (type(mask_cache_mb) not in (int, float) or not mask_cache_mb >= 0):
        raise ConfigError(f"mask_cache_mb is {mask_cache_mb!r}", hint="give megabytes, or 0 to keep no masks")
    if stages is not None:
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
        return RunSettings(None, stages, None, seed, on_missing, max_megapixels, candidates, cache_of(mask_cache_mb))
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
            raise ConfigError(f"{name}={value!r} and the override {name}={said!r} disagree", hint="say it once")
        settings[name] = said if value == default else value
    return RunSettings(composed, None, folder, cache=cache_of(settings.pop("mask_cache_mb")), **settings)


def cache_of(mask_cache_mb: float | None) -> MaskCache | None:
    """The mask cache of a size in megabytes; None where nothing is kept."""
    return MaskCache(weights.cache_dir() / "masks", mask_cache_mb) if mask_cache_mb else None


def settings_of(stages: Stages, plan: Plan, seed: int, on_missing: OnMissing, candidates: int = 1) -> dict[str, Any]:
    """Everything beside the photo and the plan that decides a result: what a batch compares before it skips a photo."""
    used = (stages.segmenter, stages.refiner, *(editors.editor_for(edit, stages) for edit in plan))
    return {
        **stages.config,
        "files": editors.files_read(plan, stages),
        # In a checkout a net may change while the version stays.
        "own_files": sorted({digest for part in used for digest in fingerprint.file_digests(part)}),
        "seed": seed,
        "on_missing": on_missing,
        "candidates": candidates,
    }
