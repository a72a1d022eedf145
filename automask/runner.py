"""One photo from its path to its outcome: the engine behind the Python door, the command line, pipelines and batches.

    prepare     loads the stages and refuses what cannot be done, before any photo is opened
    mask        opens a photo and finds its regions
    run         masks a photo and paints it, one outcome for each variant

A batch takes the same steps apart, so that photos are read, painted and written at the same time: `load_stages` and
`check_plan` once, then `find_masks` and `paint` for several photos together.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from automask import config, fingerprint, weights
from automask.capabilities import capabilities_of
from automask.errors import AutomaskError, MaskError, PlanError, UsageError, is_out_of_memory, not_enough_memory
from automask.images import Photo, PhotoSource, open_photo
from automask.masking import find, given
from automask.masking.cache import MaskCache, cached_regions
from automask.painting import agreement, chain, editors
from automask.protocols import Stages
from automask.results.claims import PhotoId, source_of
from automask.results.corrections import OwnMask, own_masks
from automask.results.credentials import signer_of
from automask.results.layers import check_layers
from automask.results.outcome import Outcome, Saved, save_masks
from automask.results.records import run_record
from automask.settings import RunSettings, quality_below
from automask.stages import NotLoaded, check_members, models_of, versions
from automask.types import Plan, Region, SharedRoom, Variant

_LARGE_PX = 1_000_000
"""Before a larger photo is painted, the memory that its masks took goes back to the system."""

OnProgress = Callable[[str, int, int], None]
"""Called with the current activity, the number of edits painted so far, and the number of all edits."""


@dataclass(frozen=True, slots=True, eq=False)
class PreparedRun:
    """Checked plans and the loaded stages that make them: everything a run needs except the photo.

    Args:
        variants: What to make of a photo; all find the same regions.
        stages: Loaded.
        settings: Of the run.
        masks: A folder of mask files used instead of finding regions.
        regions: Regions used instead of finding any, one for each edit.
        ready: The groups whose stage is a ready object, unknown to the configuration.
        load_s: Seconds that loading and checking took.
        list_instances: Whether regions list their single things, as a mask request shows them.
        mask_digests: Of the files in `masks`, by the index of their edit, where a batch is to know the result by them.
        room: What the photo has in common with others of its room.
    """

    variants: tuple[Variant, ...]
    stages: Stages
    settings: RunSettings
    masks: Path | None = None
    regions: tuple[Region, ...] | None = None
    ready: frozenset[str] = frozenset()
    load_s: float = 0.0
    list_instances: bool = False
    mask_digests: tuple[tuple[int, str], ...] | None = None
    room: SharedRoom | None = None

    @property
    def edit_count(self) -> int:
        """The number of edits of all variants."""
        return sum(len(variant.plan) for variant in self.variants)

    @property
    def finds_nothing(self) -> bool:
        """Whether the masks were given, as files or as regions."""
        return self.masks is not None or self.regions is not None

    @property
    def mask_cache(self) -> MaskCache | None:
        """Where masks are kept; None where they are given, where a ready object finds them, or without a size."""
        size_mb = self.settings.mask_cache_mb
        if not size_mb or self.finds_nothing or self.ready & {"segmenter", "refiner"}:
            return None
        return MaskCache(weights.cache_dir() / "masks", size_mb)


@dataclass(frozen=True, slots=True, eq=False)
class MaskedPhoto:
    """An open photo with its regions, ready to be painted or to be saved as masks.

    Args:
        prepared: The run that it was masked for.
        photo: The photo.
        regions: One for each edit, in order.
        timing: Seconds by stage, for the record.
        digest: What identifies the photo in the digest of a result: the digest of its bytes, or a store's version.
        url: Where the photo is in a store; empty for one that is not.
        own_masks: The masks of a person that are among the regions.
        fresh_masks: As in `Outcome`.
    """

    prepared: PreparedRun
    photo: Photo
    regions: tuple[Region, ...]
    timing: Mapping[str, Any]
    digest: str
    url: str = ""
    own_masks: tuple[OwnMask, ...] = ()
    fresh_masks: bool = False

    def save(self, out: str | Path = "out", *, name: str | None = None, overwrite: bool = False) -> Saved:
        """Writes the masks, their overlay picture and their record into a folder; all else as in `save_masks`.

        Raises:
            UsageError, OutputError: As `save_masks`.
        """
        prepared, stages = self.prepared, self.prepared.stages
        models = {stage: about for stage, about in models_of(stages).items() if stage != "editor"}
        plan = prepared.variants[0].plan
        unknown = prepared.finds_nothing or prepared.ready
        return save_masks(
            self.photo,
            self.regions,
            out,
            name=name,
            preset=stages.preset,
            models=models,
            versions=versions(stages),
            timing=self.timing,
            digest="" if unknown else masks_digest(self.digest, plan, stages, prepared.settings),
            doubt_below=prepared.settings.check_below or None,
            overwrite=overwrite,
        )


# ------------------------------------------------------------------------------------------------- before any photo


def prepare(
    variants: Sequence[Variant],
    settings: RunSettings,
    source: Stages | config.Config,
    *,
    conf: Path | None = None,
    ready: Mapping[str, Any] | None = None,
    masks: str | Path | None = None,
    regions: Sequence[Region] | None = None,
    paint: bool = True,
) -> PreparedRun:
    """The stages of a run, loaded, and its plans, checked against them.

    Args:
        variants: What to make of a photo.
        settings: Of the run.
        source: Loaded stages, or a composed configuration to load them from.
        conf: The user's own folder of YAML files.
        ready: Ready objects by group (`segmenter`, `refiner`, `editor`) that replace those of `source`.
        masks: A folder of mask files: nothing is looked for, and no model that only finds is loaded.
        regions: As `automask.mask` gives them, one for each edit in order: likewise.
        paint: False for a mask request: prompts are not read, and no editor is loaded.

    Raises:
        PlanError: Variants that differ in what they find, a prompt or an option that an editor does not take, an editor
            that is not loaded, regions of other words.
        UsageError: Both masks and regions.
        UnknownPhrase: Words that the segmenter cannot know.
        ConfigError, WeightsMissing, ExtraMissing: A stage cannot be loaded, `c2pa` cannot sign, or `layers` cannot be
            written.
    """
    began = time.perf_counter()
    plans = [variant.plan for variant in variants]
    if len({find.wanted(plan) for plan in plans}) > 1:
        raise PlanError("variants that differ in what they find", hint="call automask.edit for each")
    if regions is not None:
        _check_regions(regions, plans[0], masks)
    given = masks is not None or regions is not None
    objects = dict(ready or {})
    absent: dict[str, Any] = {} if paint else {"editor": NotLoaded()}
    if given and not isinstance(source, Stages):
        absent |= {"segmenter": NotLoaded(), "refiner": NotLoaded()}
    names = editors.named_editors(*plans) if paint else ()
    stages = load_stages(source, names, settings, conf=conf, ready={**absent, **objects})
    for plan in plans:
        check_plan(plan, stages, find_targets=not given, paint=paint)
    return PreparedRun(
        variants=tuple(variants),
        stages=stages,
        settings=settings,
        masks=None if masks is None else Path(masks),
        regions=None if regions is None else tuple(regions),
        ready=frozenset(objects),
        load_s=time.perf_counter() - began,
        list_instances=not paint,
    )


def _check_regions(regions: Sequence[Region], plan: Plan, masks: object) -> None:
    if masks is not None:
        raise UsageError("masks= and regions= are both given", hint="give one of the two")
    if not isinstance(regions, list | tuple) or not all(isinstance(region, Region) for region in regions):
        raise UsageError(f"regions= is {_kind_of(regions)}", hint="give the regions that automask.mask returned")
    found, wanted = [region.target for region in regions], [", ".join(edit.targets) for edit in plan]
    if found != wanted:
        raise PlanError(
            f"regions of {'; '.join(found) or 'nothing'} do not fit edits of {'; '.join(wanted)}",
            hint="give what automask.mask found for the same words, in the same order",
        )


def _kind_of(regions: object) -> str:
    if not isinstance(regions, list | tuple):
        return f"of type {type(regions).__name__!r}"
    odd = next(item for item in regions if not isinstance(item, Region))
    return f"a {type(regions).__name__} that holds a value of type {type(odd).__name__!r}"


def load_stages(
    source: Stages | config.Config,
    editor_names: Sequence[str],
    settings: RunSettings,
    *,
    conf: Path | None = None,
    ready: Mapping[str, Any] | None = None,
) -> Stages:
    """The stages of a run, with the editors that its edits name; arguments as in `prepare`.

    Raises:
        PlanError: A named editor is not among the loaded stages.
        ConfigError, WeightsMissing, ExtraMissing: A stage cannot be loaded or misspells an optional member, `c2pa`
            cannot sign, or `layers` cannot be written.
    """
    check_layers(settings.layers)
    if settings.c2pa is not None:
        signer_of(settings.c2pa)  # refused now, and not after minutes of painting
    if not isinstance(source, Stages):
        return config.build(source, editors=editor_names, conf=conf, given=ready)
    absent = [name for name in editor_names if name not in source.editors]
    if editors.REMOVER in absent:
        # Small and always at hand: what takes things away need not have been asked for when the stages were loaded.
        absent.remove(editors.REMOVER)
        source = config.with_editor(source, editors.REMOVER, conf=conf)
    if absent:
        raise PlanError(
            f"no editor {absent[0]!r} is loaded", hint=f"load it too: automask.load(..., editors=[{absent[0]!r}])"
        )
    stages = replace(source, **(ready or {}))
    check_members(stages)
    return stages


def check_plan(plan: Plan, stages: Stages, *, find_targets: bool = True, paint: bool = True) -> None:
    """Raises for what the stages are known not to do, before a photo is opened.

    Args:
        plan: The edits.
        stages: Loaded; an editor that chooses among others loads those that it needs.
        find_targets: Whether the segmenter must know the words.
        paint: Whether the editors must know the prompts.

    Raises:
        PlanError, EditorError: As `painting.editors.check_edits`, and `masking.find.refuse_unclear_words`.
        UnknownPhrase, SegmenterError: As `masking.find.refuse_unclear_words`.
    """
    if paint:
        editors.check_edits(plan, stages)
    if find_targets:
        find.refuse_unclear_words(plan, stages.segmenter)


# ------------------------------------------------------------------------------------------------------- one photo


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the results of a run will be saved: a person's masks there are used.

    Args:
        out: The folder; each variant goes into one of its name below it.
        overwrite: As in `Outcome.save`.
        fresh_masks: Whether a person's masks are put aside, and the words looked for all the same.
        name: As in `Outcome.save`.
    """

    out: Path
    overwrite: bool = False
    fresh_masks: bool = False
    name: str | None = None


def destination_of(cfg: config.Config) -> Destination:
    """Where a composed configuration says that results go."""
    return Destination(Path(cfg["out"]), cfg["overwrite"], cfg["fresh_masks"])


def run(
    prepared: PreparedRun,
    source: PhotoSource,
    on_progress: OnProgress | None = None,
    *,
    destination: Destination | None = None,
) -> Iterator[Outcome]:
    """The outcome of each variant, painted when it is asked for; the photo is masked at once.

    Args:
        prepared: The run.
        source: The photo.
        on_progress: Told what is being done.
        destination: Where the outcomes will be saved; None where that is nowhere yet.

    Raises:
        PhotoError, MaskError, TargetMissing, SegmenterError, RefinerError, EditorError: As their names say.
    """
    tell = on_progress or _ignore
    photo, open_s = _opened(prepared, source, tell)
    masked_for = _masks_of_variants(prepared, photo, open_s, destination)
    tell("painting", 0, prepared.edit_count)

    def outcome_of(number: int) -> Outcome:
        before = sum(len(variant.plan) for variant in prepared.variants[:number])

        def on_step(index: int, _: object) -> None:
            tell("painting", before + index + 1, prepared.edit_count)

        (outcome,) = paint([masked_for[number]], variant=number, on_step=on_step)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return map(outcome_of, range(len(prepared.variants)))


def mask(prepared: PreparedRun, source: PhotoSource, on_progress: OnProgress | None = None) -> MaskedPhoto:
    """The photo with its regions.

    Raises:
        PhotoError, MaskError, TargetMissing, SegmenterError, RefinerError: As their names say.
    """
    photo, open_s = _opened(prepared, source, on_progress or _ignore)
    return find_masks(prepared, photo, open_s=open_s)


def _opened(prepared: PreparedRun, source: PhotoSource, tell: OnProgress) -> tuple[Photo, float]:
    """The photo, and the seconds that opening it took."""
    tell("opening the photo", 0, prepared.edit_count)
    opening = time.perf_counter()
    photo = open_photo(source, max_megapixels=prepared.settings.max_megapixels)
    tell("finding the masks", 0, prepared.edit_count)
    return photo, time.perf_counter() - opening


def _masks_of_variants(
    prepared: PreparedRun, photo: Photo, open_s: float, destination: Destination | None
) -> list[MaskedPhoto]:
    """The photo masked for each variant: they differ only where a person corrected the masks of one of them."""
    masked: dict[tuple[OwnMask, ...], MaskedPhoto] = {}
    of_variants = []
    for variant in prepared.variants:
        own: tuple[OwnMask, ...] = ()
        fresh = destination is not None and destination.fresh_masks
        if destination is not None and not fresh and not prepared.finds_nothing:
            known = PhotoId(photo.name, photo.digest, source_of(photo))
            folder = destination.out / variant.name
            own = own_masks(known, variant.plan, folder, destination.name, overwrite=destination.overwrite)
        if own not in masked:
            masked[own] = replace(find_masks(prepared, photo, open_s=open_s, own=own), fresh_masks=fresh)
        of_variants.append(masked[own])
    return of_variants


def find_masks(
    prepared: PreparedRun,
    photo: Photo,
    *,
    open_s: float = 0.0,
    digest: str | None = None,
    url: str = "",
    own: Sequence[OwnMask] = (),
) -> MaskedPhoto:
    """An open photo with its regions: from mask files, from the mask cache, or found now.

    Args:
        prepared: What to find, and with what.
        photo: The photo.
        open_s: Seconds that opening the photo took; the record counts them as `mask_s`.
        digest: Identifies the photo in place of the digest of its bytes.
        url: Where the photo is in a store.
        own: Masks that a person made for some of the edits; what all of them have is not looked for.

    Raises:
        MaskError, TargetMissing, SegmenterError, RefinerError: As their names say.
        PhotoError: There is not enough memory.
    """
    try:
        return _find_masks(prepared, photo, open_s, digest, url, own)
    except Exception as error:
        if is_out_of_memory(error):
            raise not_enough_memory(photo.name) from error
        raise


def _find_masks(
    prepared: PreparedRun, photo: Photo, open_s: float, digest: str | None, url: str, own: Sequence[OwnMask]
) -> MaskedPhoto:
    began = time.perf_counter()
    plan, stages = prepared.variants[0].plan, prepared.stages
    on_missing, cache, listed = prepared.settings.on_missing, prepared.mask_cache, prepared.list_instances
    if any(edit.optional for edit in plan):
        on_missing = "skip"  # what may be missing is known below
    from_cache = False
    size_hw = (photo.rgb.shape[0], photo.rgb.shape[1])
    if prepared.regions is not None:
        regions = prepared.regions
        _check_size(regions, size_hw)
    elif prepared.masks is not None:
        regions = given.given_regions(prepared.masks, plan, size_hw=size_hw, on_missing=on_missing)
    elif own:
        found = None
        if len(own) < len(plan):
            found, from_cache = _found(prepared, photo)
        regions = given.with_own(found, plan, {one.index: one.path for one in own}, size_hw=size_hw)
    elif cache is not None:
        regions, from_cache = _found(prepared, photo)
    else:
        regions = find.find_regions(photo.rgb, plan, stages, on_missing=on_missing, list_instances=listed)
    if prepared.settings.on_missing == "fail":
        find.refuse_missing(regions, plan)
    timing: dict[str, Any] = {"load_s": prepared.load_s, "mask_s": open_s + time.perf_counter() - began}
    if from_cache:
        timing["masks_from_cache"] = True
    return MaskedPhoto(prepared, photo, regions, timing, photo.digest if digest is None else digest, url, tuple(own))


def _found(prepared: PreparedRun, photo: Photo) -> tuple[tuple[Region, ...], bool]:
    """The regions as under on_missing=skip, and whether they come from the mask cache."""
    plan, stages, listed = prepared.variants[0].plan, prepared.stages, prepared.list_instances
    cache = prepared.mask_cache
    if cache is None:
        return find.find_regions(photo.rgb, plan, stages, list_instances=listed), False
    return cached_regions(photo, plan, stages, cache, list_instances=listed)


def _check_size(regions: Sequence[Region], size_hw: tuple[int, int]) -> None:
    for region in regions:
        if region.alpha.shape != size_hw:
            (height, width), (photo_h, photo_w) = region.alpha.shape, size_hw
            raise MaskError(
                f"the region of {region.target!r} is {width} x {height} px and the photo {photo_w} x {photo_h} px",
                hint="give regions that automask.mask found in this photo",
            )


def paint(
    photos: Sequence[MaskedPhoto], *, variant: int = 0, on_step: chain.OnStep | None = None
) -> list[Outcome | Exception]:
    """How each photo's variant ended, in order: crops of several photos that wait for one editor go to it together.

    Args:
        photos: Any number, each of its own run.
        variant: Which of each run's variants to paint.
        on_step: Called with each edit's step as it is painted, after the number of those before it.

    Returns:
        For each photo its outcome, or the error that ended it.
    """
    began = time.perf_counter()
    if any(one.photo.rgb[..., 0].size > _LARGE_PX for one in photos):
        weights.return_freed_memory()
    results = chain.paint_together([_painting(one, variant, on_step) for one in photos])
    paint_s = (time.perf_counter() - began) / max(len(photos), 1)  # each took its share
    ended: list[Outcome | Exception] = []
    for masked, result in zip(photos, results, strict=True):
        try:
            if isinstance(result, Exception):
                ended.append(not_enough_memory(masked.photo.name) if is_out_of_memory(result) else result)
            else:
                ended.append(_outcome(masked, variant, result, paint_s))
        except AutomaskError as error:
            ended.append(error)
    return ended


def _painting(masked: MaskedPhoto, variant: int, on_step: chain.OnStep | None) -> chain.Painting:
    stages, settings = masked.prepared.stages, masked.prepared.settings
    plan = masked.prepared.variants[variant].plan
    regions = _trusted(masked.regions, plan, settings)
    room = masked.prepared.room
    agreed = None if room is None else room.agreed or {}
    return chain.painting(masked.photo.rgb, plan, regions, stages, settings.seed, settings.candidates, on_step, agreed)


def measure(masked: MaskedPhoto) -> dict[str, list[Any]]:
    """What a photo says of the surfaces that its plan repaints, for other photos of its room to agree on.

    Raises:
        EditorError: An editor failed.
    """
    prepared = masked.prepared
    plan = prepared.variants[0].plan
    return agreement.measure(masked.photo.rgb, plan, _trusted(masked.regions, plan, prepared.settings), prepared.stages)


def _trusted(regions: Sequence[Region], plan: Plan, settings: RunSettings) -> list[Region]:
    """The regions to paint: one in too much doubt for its edit is found, and nothing of it is painted."""
    trusted = []
    for region, edit in zip(regions, plan, strict=True):
        least = settings.least_quality(optional=edit.optional)
        expected = region.expected_iou
        if expected is not None and expected < least:
            doubt = f"{region.target!r} was not painted: {quality_below(expected, least)}"
            reason = "; ".join(filter(None, (doubt, region.reason)))
            region = replace(region, alpha=np.zeros_like(region.alpha), reason=reason)  # noqa: PLW2901
        trusted.append(region)
    return trusted


def _outcome(masked: MaskedPhoto, variant: int, painted: chain.Painted, paint_s: float) -> Outcome:
    """The outcome of one painted photo, with its record."""
    prepared, settings, stages = masked.prepared, masked.prepared.settings, masked.prepared.stages
    plan = prepared.variants[variant].plan
    image, steps = painted
    # What all variants share is counted once, with the first.
    timing: dict[str, Any] = dict(masked.timing if variant == 0 else dict.fromkeys(("load_s", "mask_s"), 0.0))
    timing["source"] = source_of(masked.photo, masked.url)
    files_used = prepared.mask_digests or tuple((own.index, own.sha256) for own in masked.own_masks)
    by_hand = (prepared.masks is not None and prepared.mask_digests is None) or prepared.regions is not None
    record = run_record(
        photo=masked.photo,
        plan=plan,
        steps=steps,
        preset=stages.preset,
        seed=settings.seed,
        doubt_below=settings.check_below or None,
        models=models_of(stages),
        versions=versions(None if prepared.finds_nothing else stages),
        timing={**timing, "paint_s": paint_s},
        notes=_unused_words(plan) if prepared.masks is not None else _own_notes(masked.own_masks, plan),
        # Ready objects and given masks are not in the configuration: no batch may take such a result for its own.
        digest=""
        if by_hand or prepared.ready
        else result_digest(masked.digest, plan, stages, settings, masks=files_used, room=prepared.room),
        room=prepared.room,
    )
    return Outcome(
        image,
        steps,
        record,
        masked.regions,
        photo=masked.photo,
        plan=plan,
        masks_from=prepared.masks,
        generative=editors.is_generative(plan, steps, stages),
        disclose=settings.disclose,
        metadata=settings.metadata,
        c2pa=settings.c2pa,
        layers=settings.layers,
        inputs=tuple(map(Path, editors.files_named(plan, stages))),
        own_masks=masked.own_masks,
        fresh_masks=masked.fresh_masks,
    )


def result_digest(
    photo_digest: str,
    plan: Plan,
    stages: Stages,
    settings: RunSettings,
    *,
    masks: Sequence[tuple[int, str]] = (),
    room: SharedRoom | None = None,
) -> str:
    """The digest of everything that decides a result before it is disclosed; a batch skips a photo that has it.

    Args:
        photo_digest: Identifies the photo.
        plan: The edits.
        stages: Loaded from a configuration.
        settings: Of the run.
        masks: As in `fingerprint.decisive_settings`.
        room: What the photo has in common with others.

    Raises:
        PlanError: A file that a prompt names cannot be read.
    """
    used = (stages.segmenter, stages.refiner, *(editors.editor_for(edit, stages) for edit in plan))
    files = [path for part in used for path in capabilities_of(part).own_files]
    decisive = fingerprint.decisive_settings(
        stages.config,
        prompt_files=editors.files_read(plan, stages),
        own_files=[*fingerprint.own_file_digests(files), *_code_of(used)],
        seed=settings.seed,
        on_missing=settings.on_missing,
        candidates=settings.candidates,
        skip_below=settings.least_quality(optional=any(edit.optional for edit in plan)) or None,
        masks=masks,
    )
    digest = fingerprint.job_digest(photo_digest, plan, decisive)
    return digest if room is None else fingerprint.digest_in_room(digest, room.digest)


def masks_digest(photo_digest: str, plan: Plan, stages: Stages, settings: RunSettings) -> str:
    """The digest of everything that decides the masks of a mask request; a batch skips a photo that has it.

    Args:
        photo_digest: Identifies the photo.
        plan: What is looked for.
        stages: Loaded from a configuration.
        settings: Of the run.
    """
    used = (stages.segmenter, stages.refiner)
    files = [path for part in used for path in capabilities_of(part).own_files]
    decisive = fingerprint.decisive_settings(
        {name: value for name, value in stages.config.items() if name not in ("editor", "editors")},
        prompt_files={},
        own_files=[*fingerprint.own_file_digests(files), *_code_of(used)],
        seed=0,
        on_missing=settings.on_missing,
        candidates=0,
    )
    return fingerprint.job_digest(photo_digest, plan, decisive)


def _code_of(parts: Sequence[object]) -> list[tuple[str, str]]:
    kinds = dict.fromkeys(map(type, parts))
    return [digest for kind in kinds for digest in fingerprint.code_digests(kind)]


def _own_notes(own: Sequence[OwnMask], plan: Plan) -> list[str]:
    """Which masks are a person's, and what was not looked for because of that."""
    if not own:
        return []
    said = ", ".join(f"{', '.join(plan[one.index].targets)} ({one.path.name})" for one in own)
    without_keep = tuple(replace(plan[one.index], keep=()) for one in own)
    return [f"masks: yours for {said}", *_unused_words(without_keep)]


def _unused_words(plan: Plan) -> list[str]:
    """What a user should know who gives masks for a plan that excepts or keeps something."""
    words = dict.fromkeys(word for edit in plan for word in (*edit.excepts, *edit.keep))
    return [f"masks are used as they are: {', '.join(words)} was not looked for"] if words else []


def _ignore(*_: object) -> None:
    """The progress callback of a call without one."""
