"""What the studio's jobs do with a photo: find, correct, preview and save, through the same engine as every command."""

import functools
import hashlib
import itertools
import json
import struct
import tempfile
import threading
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, cast

import cv2
import numpy as np

from automask import runner
from automask.capabilities import capabilities_of
from automask.errors import AutomaskError, PlanError, UsageError
from automask.images import Photo, atomic_path, mask_maker, open_photo, picture_bytes, write_mask
from automask.masking import find, given, strokes
from automask.masking.cache import MaskCache, cached_regions
from automask.painting import chain, editors
from automask.plan import format_plan, mask_name, parse_plan, parse_targets, parse_variants
from automask.protocols import Stages
from automask.results.claims import PhotoId, check_free, source_of_path
from automask.results.corrections import BY_PERSON, OwnMask, own_masks, put_aside
from automask.results.outcome import Saved
from automask.results.previews import COLOURS
from automask.results.scaling import resize
from automask.results.seals import is_sealed_file, sealed
from automask.settings import RunSettings
from automask.studio.engine import Desk
from automask.studio.workspace import Entry, State, Workspace, joined
from automask.types import Alpha, Instance, Plan, Region, Rgb, Variant

PROXY_PX = 1600
"""Long side of what the page shows: sharp on a laptop's screen, and painted in a fraction of a second."""
TILE_PX = 512
MOST_LEVELS = 4
_KEPT_PHOTOS = 2
_KEPT_REGIONS = 8
_TINT = 0.42
_MOST_VARIANTS = 8
_MOST_IN_MEMORY = 1 << 26


@dataclass(frozen=True, slots=True, eq=False)
class OpenPhoto:
    """A photo at both sizes.

    Args:
        photo: At full size.
        proxy: [h, w, 3] uint8: at the size of the screen.
    """

    photo: Photo
    proxy: Rgb

    @property
    def scale(self) -> float:
        """From the photo to its proxy."""
        return float(self.proxy.shape[1] / self.photo.rgb.shape[1])


class Photos:
    """The photos that were opened last, decoded, for any thread; what was found in them is for the engine's alone.

    Args:
        max_megapixels: Larger photos are refused.
    """

    def __init__(self, max_megapixels: float) -> None:
        self._max_megapixels = max_megapixels
        self._open: OrderedDict[tuple[str, int, int], OpenPhoto] = OrderedDict()
        self._lock = threading.Lock()
        self.regions: OrderedDict[tuple[Any, ...], tuple[Region, ...]] = OrderedDict()

    def open(self, path: Path) -> OpenPhoto:
        """The photo of a file, decoded once as long as it stays the same.

        Raises:
            PhotoError: As `open_photo`.
        """
        status = path.stat() if path.is_file() else None
        key = (str(path), status.st_mtime_ns if status else 0, status.st_size if status else 0)
        with self._lock:  # whoever comes meanwhile wants the same photo, most likely
            if key not in self._open:
                photo = open_photo(path, max_megapixels=self._max_megapixels)
                scale = min(1.0, PROXY_PX / max(photo.rgb.shape[:2]))
                self._open[key] = OpenPhoto(photo, resize(photo.rgb, scale))
            self._open.move_to_end(key)
            while len(self._open) > _KEPT_PHOTOS:
                self._open.popitem(last=False)
            return self._open[key]

    def tile(self, path: Path, column: int, row: int, level: int) -> bytes | None:
        """A JPEG of TILE_PX x TILE_PX of a picture's own pixels, less at its edges; None outside of it.

        Args:
            path: The picture.
            column, row: Of the tile, from 0.
            level: How often the sides are halved.

        Raises:
            PhotoError: As `open_photo`.
        """
        side = TILE_PX << level
        shown = self.open(path).photo.rgb[row * side : (row + 1) * side, column * side : (column + 1) * side]
        return picture_bytes(resize(shown, 1 / (1 << level)), "JPEG") if shown.size else None


@dataclass(frozen=True, slots=True, eq=False)
class Studio:
    """What all jobs share.

    Args:
        workspace: The photos.
        photos: Those that are decoded.
        settings: Of a run, where a photo's own say nothing else.
        cache: Where masks are kept, so that a correction of one finds none of the others again.
        load_paint: Loads the paint editor with the colours of this run, for the lists of the page.
        preset: For the command line that is shown.
    """

    workspace: Workspace
    photos: Photos
    settings: RunSettings
    cache: MaskCache
    load_paint: Callable[[], Any]
    preset: str = "starter"

    def settings_of(self, state: State) -> RunSettings:
        """The settings of a run with what was chosen for a photo."""
        chosen: dict[str, Any] = dict(state.settings)
        return replace(self.settings, **chosen)

    # ----------------------------------------------------------------------------------------------------- the jobs

    def masks(self, entry: Entry, state: State) -> Callable[[Desk], Mapping[str, Any]]:
        """Finds and corrects the masks; the result says what was found, its files are tinted overlays."""

        def work(desk: Desk) -> Mapping[str, Any]:
            desk.tell("opening the photo", 0, 1)
            opened = self.photos.open(entry.photo)
            plan = plan_of(state, targets=True)
            stages = desk.stages()
            found = self._seen(desk, entry, opened, plan, stages)
            regions = self._corrected(opened, plan, found, state, stages)
            files: dict[str, Path | bytes] = {}
            about = []
            for number, region in enumerate(regions):
                name = f"overlay-{number}.png"
                if region.found:
                    files[name] = overlay_png(region.alpha, COLOURS[number % len(COLOURS)])
                about.append(_about(region, found[number], number, opened, name if region.found else None, state))
            desk.publish(files)
            return {"regions": about, "size_wh": list(opened.photo.size_wh), "notes": list(opened.photo.notes)}

        return work

    def preview(self, entry: Entry, state: State) -> Callable[[Desk], Mapping[str, Any]]:
        """Paints every variant of the words at the size of the screen, with each of the seeds that are to be tried.

        A run with candidates keeps by itself what has the fewest defects; here a person looks at all and picks one.
        """

        def work(desk: Desk) -> Mapping[str, Any]:
            desk.tell("opening the photo", 0, 1)
            opened = self.photos.open(entry.photo)
            variants = parse_variants(joined(state.words, state.off))
            settings = self.settings_of(state)
            seeds = range(settings.seed, settings.seed + settings.candidates)
            if len(variants) * len(seeds) > _MOST_VARIANTS:
                count = f"{len(variants)} variants" + (f" with {len(seeds)} candidates" if len(seeds) > 1 else "")
                raise PlanError(count, hint=f"the page shows {_MOST_VARIANTS}; use automask edit")
            stages = self.stages_for(desk, [variant.plan for variant in variants])
            plan = variants[0].plan
            found = self._seen(desk, entry, opened, plan, stages)
            regions = self._corrected(opened, plan, found, state, stages)
            files: dict[str, Path | bytes] = {}
            made = []
            total = len(seeds) * sum(len(variant.plan) for variant in variants)
            before = 0
            for number, (variant, seed) in enumerate(itertools.product(variants, seeds)):
                desk.tell("painting", before, total)
                image, steps = chain.paint(
                    opened.proxy,
                    variant.plan,
                    regions,
                    stages,
                    seed=seed,
                    on_step=functools.partial(_tell_step, desk, before, total),
                )
                before += len(variant.plan)
                name = f"after-{number}.jpg"
                files[name] = picture_bytes(image, "JPEG")
                reasons = [step.reason for step in steps if step.reason]
                made.append({"file": name, "words": list(variant.words), "seed": seed, "reasons": reasons})
            desk.publish(files)
            return {"variants": made}

        return work

    def save(self, entry: Entry, state: State) -> Callable[[Desk], Mapping[str, Any]]:
        """Writes corrected masks into OUT as the person's, and edits the photo as `automask edit` does."""

        def work(desk: Desk) -> Mapping[str, Any]:
            try:
                return write(desk)
            except AutomaskError:
                if self.workspace.state(entry).decision == "accepted":
                    self.workspace.change(entry, decision="open")  # what cannot be saved is not accepted
                raise

        def write(desk: Desk) -> Mapping[str, Any]:
            desk.tell("opening the photo", 0, 1)
            opened = self.photos.open(entry.photo)
            variants = parse_variants(joined(state.words, state.off))
            if len(variants) > 1:
                raise PlanError("the words have braces", hint="pick one of the variants first")
            plan = variants[0].plan
            stages = self.stages_for(desk, [plan])
            check_free(_known(entry, opened), entry.out, entry.name)  # before a mask is written over another photo's
            self._write_masks(desk, entry, opened, plan, state, stages)
            prepared = runner.PreparedRun((Variant("", (), plan),), stages, self._cached(self.settings_of(state)))
            destination = runner.Destination(entry.out, name=entry.name)
            (outcome,) = runner.run(prepared, entry.photo, desk.tell, destination=destination)
            desk.tell("writing", len(plan), len(plan))
            saved = outcome.save(entry.out, name=entry.name)
            self.workspace.change(entry, saved=digest_of(state))
            return {"saved": _saved(saved), "notes": list(saved.recorded.get("notes", ()))}

        return work

    def unfinished(self) -> list[tuple[Entry, State]]:
        """The photos that were accepted and are not saved as they were accepted: the studio ended before."""
        states = [(entry, self.workspace.state(entry)) for entry in self.workspace.entries() if entry.present]
        return [(one, said) for one, said in states if said.decision == "accepted" and said.saved != digest_of(said)]

    # --------------------------------------------------------------------------------------------------------- parts

    def stages_for(self, desk: Desk, plans: Sequence[Plan]) -> Stages:
        """The stages that plans need, checked: what they cannot do, and files outside the opened folder, are refused.

        Raises:
            PlanError: As `runner.check_plan`; or a prompt names a file elsewhere.
        """
        desk.tell("loading the models", 0, 1)
        stages = desk.stages(editors.named_editors(*plans))
        for plan in plans:
            # Before the editor looks at a prompt: checking it opens the picture that a swatch names.
            refuse_files_elsewhere(plan, stages, self.workspace.is_inside)
            runner.check_plan(plan, stages, find_targets=False)
        return stages

    def _cached(self, settings: RunSettings) -> RunSettings:
        return replace(settings, mask_cache_mb=self.cache.max_mb)

    def _found(self, desk: Desk, opened: OpenPhoto, plan: Plan, stages: Stages) -> tuple[Region, ...]:
        """The regions as they are found, at full size; they are kept on disk, so that a correction finds none again."""
        desk.tell("finding the masks", 0, 1)
        find.refuse_unclear_words(plan, stages.segmenter)
        bare = tuple(replace(edit, prompt="") for edit in plan)
        return cached_regions(opened.photo, bare, stages, self.cache, list_instances=True)[0]

    def _seen(self, desk: Desk, entry: Entry, opened: OpenPhoto, plan: Plan, stages: Stages) -> tuple[Region, ...]:
        """The regions before any stroke, at the size of the screen: the same for stroke after stroke."""
        painted = tuple((one.index, one.sha256) for one in self._painted(entry, opened, plan))
        key = (opened.photo.digest, find.wanted(plan), painted)
        seen = self.photos.regions.get(key)
        if seen is None:
            found = self._with_own(entry, opened, plan, self._found(desk, opened, plan, stages))
            size_hw = (opened.proxy.shape[0], opened.proxy.shape[1])
            seen = tuple(strokes.at_size(region, size_hw) for region in found)
            self.photos.regions[key] = seen
            while len(self.photos.regions) > _KEPT_REGIONS:
                self.photos.regions.popitem(last=False)
        return seen

    def _with_own(self, entry: Entry, opened: OpenPhoto, plan: Plan, found: tuple[Region, ...]) -> tuple[Region, ...]:
        """The regions with the masks that the person made in another program."""
        own = {one.index: one.path for one in self._painted(entry, opened, plan)}
        return given.with_own(found, plan, own, size_hw=opened.photo.rgb.shape[:2]) if own else found

    def _painted(self, entry: Entry, opened: OpenPhoto, plan: Plan) -> tuple[OwnMask, ...]:
        """A person's masks in OUT, without those that the studio wrote itself: these are made from strokes again."""
        theirs = own_masks(_known(entry, opened), plan, entry.out, entry.name)
        return tuple(one for one in theirs if not _is_of_strokes(one.path))

    def _corrected(
        self, opened: OpenPhoto, plan: Plan, found: Sequence[Region], state: State, stages: Stages
    ) -> tuple[Region, ...]:
        """The regions after the person's strokes, at the size of the screen."""
        alphas = self._alphas(opened.proxy, plan, found, state, stages, opened.scale)
        return given.with_alphas(found, plan, alphas)

    def _alphas(
        self, photo: Rgb, plan: Plan, regions: Sequence[Region], state: State, stages: Stages, scale: float
    ) -> dict[int, Alpha]:
        """The alpha of each edit that a person drew on, by its index."""
        refine_with = capabilities_of(stages.refiner).refine_with
        everything = [one for region in regions for one in region.instances]
        alphas = {}
        for index, (edit, region) in enumerate(zip(plan, regions, strict=True)):
            drawn = state.strokes.get(", ".join(edit.targets), ())
            if not drawn:
                continue
            instances: list[Instance] = [*region.instances, *(one for one in everything if one not in region.instances)]
            hard = strokes.corrected(
                photo,
                region.hard,
                [one.scaled(scale) for one in drawn],
                instances=instances,
                refine_with=refine_with,
            )
            others = np.zeros_like(hard)
            for other in (*regions[:index], *regions[index + 1 :]):
                others |= other.hard
            recipe = find.recipe_for(edit, stages.mask_recipe)
            alphas[index] = strokes.corrected_alpha(region, hard, recipe, others=others)
        return alphas

    def _write_masks(
        self, desk: Desk, entry: Entry, opened: OpenPhoto, plan: Plan, state: State, stages: Stages
    ) -> None:
        """Writes what a person drew as mask files into the results, where every later run takes them for the person's.

        A mask from another program that was drawn on is replaced by both together, and kept aside.
        """
        folder = entry.files.masks
        for path in sorted(folder.glob("*.png")) if folder.is_dir() else ():
            if _is_of_strokes(path):
                path.unlink()  # it is made again from strokes, which are kept
        if not {", ".join(edit.targets) for edit in plan} & state.strokes.keys():
            return
        painted = {one.index: one.path for one in self._painted(entry, opened, plan)}
        found = self._with_own(entry, opened, plan, self._found(desk, opened, plan, stages))
        for index, alpha in self._alphas(opened.photo.rgb, plan, found, state, stages, 1.0).items():
            theirs = painted.get(index)
            if theirs is not None:
                put_aside(theirs)
                left = {target: drawn for target, drawn in state.strokes.items() if target != found[index].target}
                self.workspace.change(entry, strokes=left)
            path = folder / mask_name(index + 1, plan[index].targets)
            if theirs is None:
                _write_mask_of_strokes(path, alpha)
            else:
                write_mask(path, alpha, made_by=DRAWN_ON)


def _known(entry: Entry, opened: OpenPhoto) -> PhotoId:
    return PhotoId(opened.photo.name, opened.photo.digest, source_of_path(entry.photo))


def _write_mask_of_strokes(path: Path, alpha: Alpha) -> None:
    """Writes a mask with a seal: paint programs keep the comment that says who made it, but not the seal."""
    with atomic_path(path) as part:
        write_mask(part, alpha, made_by=MADE_BY)
        part.write_bytes(sealed(part.read_bytes()))


def _is_of_strokes(path: Path) -> bool:
    """Whether a mask is as the studio made it from strokes, and not a person's work on it in another program."""
    return mask_maker(path) == MADE_BY and is_sealed_file(path)


def _tell_step(desk: Desk, before: int, total: int, index: int, _: object) -> None:
    desk.tell("painting", before + index + 1, total)


MADE_BY = f"{BY_PERSON} in automask studio"
DRAWN_ON = f"{BY_PERSON} on a mask of their own"


def plan_of(state: State, *, targets: bool = False) -> Plan:
    """The plan of a photo's words, without the edits that are switched off; with `targets` prompts may be missing."""
    words = joined(state.words, state.off)
    return parse_targets(words) if targets else parse_plan(words)


def digest_of(state: State) -> str:
    """What decides the result of a state: words, strokes, settings."""
    said = state.as_json()
    decisive = {key: said[key] for key in ("words", "off", "strokes", "settings")}
    return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()


def refuse_files_elsewhere(plan: Plan, stages: Stages, is_inside: Callable[[Path], bool]) -> None:
    """Raises where a prompt names a file outside the opened folders: its very existence is nobody's business.

    Raises:
        PlanError: It does.
    """
    for path in editors.files_named(plan, stages):
        if not is_inside(Path(path)):
            raise PlanError("a prompt names a file outside the opened folder", hint="put the swatch into that folder")


def overlay_png(alpha: Alpha, colour: Sequence[int]) -> bytes:
    """A region in its colour: tinted where it will be repainted, with a solid outline; everything else see-through.

    A picture of one colour, whose 256 entries differ in how see-through they are: a tenth of the time of writing, and
    of reading, four samples a pixel. Every click draws all regions again.

    Source: the PNG specification, colour type 3 with tRNS.
    """
    hard = alpha >= 0.5
    level = np.rint(alpha * np.float32(255 * _TINT)).astype(np.uint8)
    edges, _ = cv2.findContours(hard.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(level, edges, -1, 255, max(1, round(max(alpha.shape) / 800)))
    height, width = level.shape
    rows = np.zeros((height, width + 1), np.uint8)  # each row begins with its filter: none
    rows[:, 1:] = level
    chunks = {
        b"IHDR": struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0),
        b"PLTE": bytes(colour) * 256,
        b"tRNS": bytes(range(256)),
        b"IDAT": zlib.compress(rows.tobytes(), 1),
        b"IEND": b"",
    }
    png = b"\x89PNG\r\n\x1a\n"
    for kind, body in chunks.items():
        png += struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    return png


def _about(
    region: Region, found: Region, number: int, opened: OpenPhoto, file: str | None, state: State
) -> dict[str, Any]:
    """One region for the page, in pixels of the photo."""
    scale = 1 / opened.scale
    rows, columns = np.nonzero(region.hard)
    centre = [float(np.median(columns)) * scale, float(np.median(rows)) * scale] if len(rows) else None
    return {
        "number": number + 1,
        "target": found.target,
        "read_as": list(found.read_as),
        "found": region.found,
        "reason": region.reason,
        "expected_iou": None if state.strokes.get(found.target) else found.expected_iou,
        "yours": found.peak is None or bool(state.strokes.get(found.target)),
        "share": float(np.count_nonzero(region.hard)) / region.hard.size,
        "centre": centre,
        "colour": "#{:02x}{:02x}{:02x}".format(*COLOURS[number % len(COLOURS)]),
        "overlay": file,
        "instances": [
            {
                "number": one.number,
                "box": [round(side * scale) for side in (one.box.x0, one.box.y0, one.box.x1, one.box.y1)],
                "chosen": one.chosen,
                "expected_iou": one.expected_iou,
            }
            for one in found.instances
        ],
    }


def _saved(saved: Saved) -> dict[str, Any]:
    return {
        "result": saved.result.name if saved.result else None,
        "record": saved.record.name,
        "masks": [path.name for path in saved.masks],
        "yours": list(saved.recorded.get("yours", ())),
    }


def command_line(entry: Entry, state: State, *, preset: str) -> str:
    """The command that makes what is on the screen, from the masks in OUT."""
    import shlex

    words = joined(state.words, state.off) if state.words.strip() else ""
    said = ["automask", "edit", entry.photo.name, words, "-o", entry.out.name or "."]
    said += ["--preset", preset] if preset != "starter" else []
    said += [f"{key}={value}" for key, value in sorted(state.settings.items())]
    return " ".join(map(shlex.quote, said))


def yaml_plan(state: State) -> str:
    """The plan on the screen as a YAML file.

    Raises:
        PlanError: The words do not say a plan.
    """
    import yaml

    edits = []
    for edit in plan_of(state):
        said: dict[str, Any] = {"target": list(edit.targets), "prompt": edit.prompt}
        said |= {"except": list(edit.excepts)} if edit.excepts else {}
        edits.append(said | ({"keep": list(edit.keep)} if edit.keep else {}))
    return f"# {format_plan(plan_of(state))}\n{yaml.safe_dump(edits, sort_keys=False, allow_unicode=True)}"


def archive(entries: Iterable[Entry]) -> BinaryIO:
    """The results of photos as a zip file, stored as they are: in memory, or on disk where they are many.

    Raises:
        UsageError: None of them is saved.
    """
    file = tempfile.SpooledTemporaryFile(_MOST_IN_MEMORY)  # noqa: SIM115 - whoever sends it closes it
    names: set[str] = set()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as made:
        for entry in entries:
            result = entry.files.result
            if not result.is_file():
                continue
            name = result.name
            number = 2
            while name.casefold() in names:
                name, number = f"{result.stem}-{number}{result.suffix}", number + 1
            names.add(name.casefold())
            made.write(result, name)
    if not names:
        raise UsageError("no photo is accepted and saved yet", hint="accept one first")
    file.seek(0)
    return cast(BinaryIO, file)
