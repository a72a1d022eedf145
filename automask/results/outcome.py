"""An edited photo, and the files that it writes."""

import contextlib
import functools
import os
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from automask._version import __version__
from automask.errors import ConfigError, OutputError, is_out_of_memory, not_enough_memory
from automask.fingerprint import disclosed_digest
from automask.images import (
    Photo,
    atomic_path,
    photo_bytes,
    picture_bytes,
    pillow_photo,
    transparent_mask,
    upright_xmp,
    without_metadata,
    write_mask,
    write_photo,
    write_picture,
    xmp_of,
)
from automask.images.colour import to_uint8, to_unit
from automask.images.photo import Written as WrittenPhoto
from automask.images.threads import together
from automask.plan import is_file_name, mask_name
from automask.results import credentials, disclosure
from automask.results.claims import (
    HINT,
    NamesTaken,
    PhotoId,
    Replacing,
    Written,
    choose_files,
    claims_of,
    committing,
    kept_notes,
    original_in,
    source_in,
    source_of,
    staging,
)
from automask.results.corrections import OwnMask, own_masks_in, put_aside
from automask.results.files import (
    Files,
    check_out,
    files_in,
    files_of,
    layers_file,
    same_file,
    without_folders,
    write_error,
)
from automask.results.layers import check_layers, layered_bytes
from automask.results.previews import before_after, overlay
from automask.results.records import box_record, mask_names_in, mask_record, read_record
from automask.results.seals import write_sheet
from automask.results.sheets import candidates_sheet, variants_cell, variants_sheet
from automask.types import METADATA, Alpha, Disclose, Layers, Metadata, Plan, Region, Rgb, Step, Variant

if TYPE_CHECKING:
    import PIL.Image

NOTEBOOK_PX = 1024
"""Longer side of what a notebook shows of an outcome."""
_TRIES = 10
"""Of a save whose names others take while its results are made."""
_STEPS_SHOWN = 4
_CHARS_SHOWN = 40


@dataclass(frozen=True, slots=True, eq=False)
class Saved:
    """What was written for one photo.

    Args:
        result: The edited photo; None for a mask request.
        masks: One file for each found part, in order.
        picture: The picture for people: before/after, or the overlay.
        record: The record's file.
        recorded: The record's content.
        original: The unaltered photo, if it was kept next to a labelled result.
    """

    result: Path | None
    masks: tuple[Path, ...]
    picture: Path
    record: Path
    recorded: Mapping[str, Any]
    original: Path | None = None

    def __repr__(self) -> str:
        masks = f"{len(self.masks)} {'mask' if len(self.masks) == 1 else 'masks'}"
        return f"<Saved {str(self.result or self.picture)!r}, with {masks} and {self.record.name!r}>"


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """An edited photo, not yet written.

    Args:
        image: [H, W, 3] uint8: the result.
        steps: The outcome of each edit.
        record: The content of `kitchen.run.json`; the writer's part (encoder, notes) is added when saved.
        regions: What was found, one for each edit.
        photo: The photo as it was opened.
        plan: The edits.
        masks_from: The folder of masks given by the user, if any: it is never written to.
        generative: Whether a generative model painted; None if an editor does not say.
        disclose, c2pa, metadata, layers: Defaults of `save`: none, or what the overrides said.
        inputs: Files that the prompts named: they are never replaced.
        own_masks: Masks of a person that were used: they are never replaced either.
        fresh_masks: Whether `save` puts a person's masks for these words aside, and writes its own in their place.
    """

    image: Rgb
    steps: tuple[Step, ...]
    record: Mapping[str, Any]
    regions: tuple[Region, ...]
    photo: Photo
    plan: Plan
    masks_from: Path | None = None
    generative: bool | None = None
    disclose: Disclose = "none"
    c2pa: str | None = None
    inputs: tuple[Path, ...] = ()
    metadata: Metadata = "keep"
    own_masks: tuple[OwnMask, ...] = ()
    fresh_masks: bool = False
    layers: Layers | None = None

    @property
    def alpha(self) -> Alpha:
        """[H, W] float32 in 0..1: the highest alpha of any painted step; 0 exactly where the photo is untouched."""
        return to_unit(self._levels)

    @property
    def _levels(self) -> npt.NDArray[np.uint8]:
        """[H, W] uint8: the same in levels, a quarter of the memory."""
        result = np.zeros(self.image.shape[:2], dtype=np.uint8)
        for region, step in zip(self.regions, self.steps, strict=True):
            if step.area_px:
                np.maximum(result, to_uint8(region.alpha), out=result)
        return result

    def __repr__(self) -> str:
        (width, height), shown = self.photo.size_wh, [self._step_shown(step) for step in self.steps[:_STEPS_SHOWN]]
        more = len(self.steps) - len(shown)
        said = ", ".join(shown) + (f" and {more} more" if more else "")
        return f"<Outcome {self.photo.name!r} {width} x {height}: {said}>"

    def _step_shown(self, step: Step) -> str:
        share = step.area_px / self.image[..., 0].size if step.area_px else None
        targets = ", ".join(step.targets)
        done = "not found" if not step.found else "not painted" if share is None else f"{share:.1%}"
        return f"{_short(targets)} -> {_short(step.prompt)} ({done})"

    def _repr_jpeg_(self) -> bytes:
        """What a notebook shows: the result, at most 1024 px on its longer side."""
        scale = min(1.0, NOTEBOOK_PX / max(self.photo.size_wh))
        size_wh = tuple(max(1, round(side * scale)) for side in self.photo.size_wh)
        picture = _disclose(self, self.disclose, "").image
        small = picture if scale == 1 else cv2.resize(picture, size_wh, interpolation=cv2.INTER_AREA)
        return picture_bytes(small, "JPEG")

    def pil(self) -> "PIL.Image.Image":
        """The result as a Pillow image, in the photo's own mode, with its EXIF, colour profile and XMP in `info`.

        It is what `save` would write, before any lossy encoder; of 16 bits a colour Pillow holds the upper 8.

            >>> import automask
            >>> image = automask.edit("kitchen.jpg", "cabinets -> white").pil()
            >>> image.mode, image.size
            ('RGB', (480, 360))
        """
        shown = _disclose(_without(self, self.metadata)[0], self.disclose, "")
        image = pillow_photo(shown.photo, shown.image, shown.alpha)
        with contextlib.suppress(ValueError):  # a packet that cannot be read
            packet = xmp_of(shown.photo)
            if packet:
                image.info["xmp"] = upright_xmp(packet)
        return image

    def to_bytes(self, format: str | None = None) -> bytes:
        """The result as the bytes of a file: what `save` would write as the photo's copy, after the same check.

        EXIF, profile and all that surrounds the pixels are kept; `disclose`, `metadata` and `c2pa`, where the overrides
        set them, hold here too.

            >>> import pathlib
            >>> import automask
            >>> upload = pathlib.Path("kitchen.jpg").read_bytes()
            >>> outcome = automask.edit(upload, "cabinets -> white")
            >>> outcome.to_bytes()[6:10]  # a JPEG came in, a JPEG goes out
            b'JFIF'
            >>> outcome.to_bytes("png")[1:4]
            b'PNG'

        Args:
            format: None for the photo's own format. "jpeg", "png" or "webp" for another: then with 8-bit sRGB samples,
                the photo's alpha and its EXIF.

        Raises:
            ConfigError: An unknown format, or one that is not the photo's own where `c2pa` is to sign.
            OutputError: It cannot be encoded, or pixels outside the mask would differ.
        """
        format_ = self.photo.format if format is None else _format_of(format, self.photo.format)
        shown = _disclose(_without(self, self.metadata)[0], self.disclose, "")
        data = photo_bytes(shown.photo, shown.image, shown.alpha, format_)
        if self.c2pa is None:
            return data
        if format_ != self.photo.format:
            raise ConfigError(
                f"only a {self.photo.format} file of this photo is signed, not {format_}", hint="leave format out"
            )
        with tempfile.TemporaryDirectory() as folder:  # the library that signs reads and writes files
            file = Path(folder, self.photo.name)
            file.write_bytes(data)
            _sign(self, file, self.c2pa, self.metadata)
            return file.read_bytes()

    def save(
        self,
        out: str | os.PathLike[str] = "out",
        *,
        name: str | None = None,
        disclose: Disclose | None = None,
        metadata: Metadata | None = None,
        c2pa: str | os.PathLike[str] | None = None,
        overwrite: bool = False,
        layers: Layers | None = None,
    ) -> Saved:
        """Writes the result, its masks, the before/after picture and the record into a folder.

        If edits had several candidates, a sheet of all of them too.

        Everything is made before anything is replaced: a save that fails leaves what was there. The record is written
        last, and an old one removed before the first file is moved: a record means that all its files exist.

        Only files that a record of automask names are replaced. A preview or a mask that is not as automask wrote it
        is kept, and the record's notes say so; for the result's own name see `name`.

        Args:
            out: The folder; created if it does not exist.
            name: Replaces the photo's stem in all names, as in `files_of`; it must be free, or belong to this photo.
                Without it, a photo whose stem another photo's results already use there (kitchen.jpg, then kitchen.png)
                uses its full name; a number follows (`kitchen-2.jpg`) where that name belongs to another photo of the
                same name, or to a file that automask did not write.
            disclose: `metadata` says in the result's XMP what was altered; `label` also draws a label into it, outside
                what was repainted, and puts the original next to it; `none` does neither, and is the default. A photo
                in which nothing was repainted is never labelled. See docs/guide/disclosure.md.
            metadata: `keep`, the default, keeps all that the photo's file says; `no-location` takes out where it was
                taken, and `none` all but what the picture needs to look right. See docs/reference/formats.md.
            c2pa: A PEM file with your certificates and key, to sign the result with content credentials.
            overwrite: True also replaces files that automask did not write, or that were changed since; never those
                that the edit was given (photo, swatches).
            layers: `ora` or `psd` also writes the photo with a layer for each edit, for paint programs.

        Raises:
            ConfigError: `disclose`, `metadata` or `layers` is not one of these, or `c2pa` cannot sign.
            ExtraMissing: `c2pa` needs c2pa-python, or `layers` psd-tools.
            UsageError: `out` is named like a picture, `name` is not a file name, or the result would overwrite the
                photo.
            OutputError: It cannot be written there, or `name` belongs to another photo's results or to a person's file.
        """
        disclose = self.disclose if disclose is None else disclose
        disclosure.check_disclose(disclose)
        layers = self.layers if layers is None else layers
        check_layers(layers)
        metadata = self.metadata if metadata is None else metadata
        if metadata not in METADATA:
            raise ConfigError(f"metadata is {metadata!r}", hint="give keep, no-location or none")
        source = self.photo.source
        photo = PhotoId(self.photo.name, self.photo.digest, source_in(self.record) or source_of(self.photo))
        if name is None or is_file_name(name):
            own = files_of(self.photo.name, Path(out), name).result
            check_out(out, overwrites=None if source is None else (source, own))
        writes: tuple[Written, ...] = ("result",)
        if disclose == "label" and any(step.area_px for step in self.steps):
            writes = ("result", "original")
        inputs = (*self.inputs, *([source] if source else []), *(own.path for own in self.own_masks))
        choose = functools.partial(choose_files, photo, Path(out), name, overwrite=overwrite, writes=writes)
        try:
            return _while_names_stay(
                choose,
                lambda files, notes: self._save(
                    Replacing(files, photo, files.record, {}, overwrite, inputs),
                    choose,
                    disclose,
                    metadata,
                    c2pa,
                    notes,
                    layers,
                ),
            )
        except OSError as error:
            raise write_error(Path(out), error) from error
        except Exception as error:
            if is_out_of_memory(error):
                raise not_enough_memory(self.photo.name) from error
            raise

    def _save(
        self,
        replacing: Replacing,
        choose: "_Choose",
        disclose: Disclose,
        metadata: Metadata,
        c2pa: str | os.PathLike[str] | None,
        notes: list[str],
        layers: Layers | None,
    ) -> Saved:
        files = replacing.files
        if files.result.is_dir():
            raise OutputError(f"{str(files.result)!r} is a folder", hint="name another OUT, or move that folder away")
        bare, dropped = _without(self, metadata)
        out = files.record.parent
        given = self.masks_from is not None and same_file(self.masks_from, files.masks)
        with contextlib.ExitStack() as until_recorded:
            with staging(out) as stage:
                staged = files_in(files, stage)
                theirs = self._own_in(files)
                shown = _disclose(bare, disclose, files.original.name)
                original = files.original if shown.entry and shown.entry["original"] else None
                own = self.photo.source is not None and same_file(self.photo.source, files.original)

                def write_beside() -> list[Path | None]:
                    write_picture(staged.before_after, before_after(self.photo.rgb, shown.image))
                    if any(step.candidates for step in self.steps):
                        write_picture(staged.candidates, candidates_sheet(self.steps))
                    return [] if given else _write_masks(staged.masks, self.regions, skipped=theirs)

                def write_result() -> WrittenPhoto:
                    if original and not own:
                        _write_original(bare.photo, staged.original, metadata)
                    return write_photo(shown.photo, shown.image, shown.alpha, staged.result)

                masks, written = together(write_beside, write_result)
                pem = self.c2pa if c2pa is None else os.fspath(c2pa)
                signed_by, unsigned = _sign(self, staged.result, pem, metadata)
                if layers is not None:
                    made = layered_bytes(layers, self.photo.rgb, self.image, self.regions, self.steps)
                    layers_file(staged, layers).write_bytes(made)
                _close_like(self.photo.source, stage)
                until_recorded.enter_context(committing(out))
                replacing = _again(replacing, choose)
                stale = _names_of_earlier_runs(files, masks=not given)
                kept = self._kept(replacing, stage, notes)
                # Only now, when nothing is left to fail but the moving.
                replacing.begin()
                if not given:
                    files.masks.mkdir(exist_ok=True)
                claimed = replacing.commit(stage, kept=kept, stale=stale)
            notes += kept_notes(kept)
            notes += [f"metadata={metadata}: not kept: {', '.join(dropped)}"] if dropped else []
            said = [*self.record.get("notes", ()), *shown.notes, *written.notes, *unsigned, *notes]
            record = {
                **self.record,
                "outside_changed_px": written.outside_changed_px,
                "encoder_changed_px": written.encoder_changed_px,
                "encoder_max_diff": written.encoder_max_diff,
                "encoder": written.encoder,
                "untouched_blocks": written.untouched_blocks,
                "shared_blocks": written.shared_blocks,
                "notes": [*dict.fromkeys(said)],
                "disclosure": shown.entry,
                "credentials": {"signed_by": signed_by} if signed_by is not None else None,
                "metadata": None if metadata == "keep" else {"setting": metadata, "dropped": [*dropped]},
                "digest": disclosed_digest(
                    self.record.get("digest", ""), shown.disclose, signed=pem is not None, metadata=metadata
                ),
                "files": claimed,
                "kept": [*kept],
                "yours": [own.path.name for own in self.own_masks],
            }
            replacing.finish(record)
        paths = tuple(out / path.relative_to(stage) for path in masks if path)
        return Saved(files.result, paths, files.before_after, files.record, record, original)

    def _kept(self, replacing: Replacing, stage: Path, notes: list[str]) -> dict[str, str]:
        """Why, of each staged file that a person's is in the way of; notes say which masks of a person were put aside.

        Raises:
            OutputError: It is the result, or the original of a labelled one.
        """
        files, kept = replacing.files, replacing.kept(stage)
        for essential in (files.result, files.original):
            if essential.name in kept:
                raise OutputError(f"{str(essential)!r} {kept[essential.name]}, and is kept", hint=HINT)
        for one in own_masks_in(files, replacing.photo, self.plan) if self.fresh_masks else ():
            aside = put_aside(one.path).relative_to(files.record.parent).as_posix()
            kept.pop(f"{files.masks.name}/{one.path.name}", None)
            notes.append(f"{one.path.name!r}, which is yours, was put aside as {aside!r}")
        return kept

    def _own_in(self, files: Files) -> frozenset[int]:
        """The indices of the edits whose mask is already there, under its name, because a person made it."""
        return frozenset(
            own.index
            for own in self.own_masks
            if same_file(own.path, files.masks / mask_name(own.index + 1, self.plan[own.index].targets))
        )


def _without(outcome: Outcome, metadata: Metadata) -> tuple[Outcome, tuple[str, ...]]:
    """The outcome of the photo without some of its metadata, and what that leaves out, each in a few words."""
    photo, dropped = without_metadata(outcome.photo, metadata)
    return replace(outcome, photo=photo), dropped


def _format_of(name: str, own: str) -> str:
    """The format's name as Pillow writes it."""
    wanted = str(name).upper().removeprefix(".")
    wanted = {"JPG": "JPEG", "TIF": "TIFF", "HEIC": "HEIF"}.get(wanted, wanted)
    if wanted not in {own, "JPEG", "PNG", "WEBP"}:
        raise ConfigError(f"format is {name!r}", hint=f"give jpeg, png, webp, or nothing for {own}")
    return wanted


def _short(text: str) -> str:
    return text if len(text) <= _CHARS_SHOWN else text[: _CHARS_SHOWN - 1] + "\N{HORIZONTAL ELLIPSIS}"


@dataclass(frozen=True, slots=True, eq=False)
class _DisclosedImage:
    """What is written of an outcome under one setting of `disclose`.

    Args:
        disclose: The setting.
        photo: With what is written beside its pixels.
        image: [H, W, 3] uint8.
        alpha: [H, W] uint8: 0 where the photo is untouched.
        entry: The record's entry about it.
        notes: What the user should know.
    """

    disclose: Disclose
    photo: Photo
    image: Rgb
    alpha: npt.NDArray[np.uint8]
    entry: dict[str, Any] | None = None
    notes: tuple[str, ...] = ()


def _disclose(outcome: Outcome, disclose: Disclose, original: str) -> _DisclosedImage:
    shown = _DisclosedImage(disclose, outcome.photo, outcome.image, outcome._levels)
    if disclose == "none" or not any(step.area_px for step in outcome.steps):
        return shown
    note = disclosure.note_of(outcome.steps)
    tool = f"automask {__version__}"
    photo, source_type, notes = disclosure.with_note(outcome.photo, note, generative=outcome.generative, tool=tool)
    entry: dict[str, Any] = {"label_box": None, "digital_source_type": source_type, "note": note, "original": None}
    if disclose == "metadata":
        return replace(shown, photo=photo, entry=entry, notes=tuple(notes))
    entry["original"] = original
    plate = disclosure.label_plate(outcome.photo.size_wh)
    if plate is None:
        notes.append("the photo is too small for a readable label: none was drawn")
        return replace(shown, photo=photo, entry=entry, notes=tuple(notes))
    taken, faint = shown.alpha > 0, transparent_mask(outcome.photo)
    margin_px = max(1, round(0.012 * min(outcome.photo.size_wh)))
    size_wh = (plate.shape[1], plate.shape[0])
    box = disclosure.place_label(outcome.photo.rgb, taken, faint, size_wh, margin_px=margin_px)
    if faint[box.slices].any():
        notes.append("the photo is transparent where the label is: it may hardly be visible")
    covered_px = int(np.count_nonzero(taken[box.slices]))
    if covered_px:
        notes.append(f"no place is free outside what was repainted: the label covers {covered_px} px of it")
    image, alpha = outcome.image.copy(), shown.alpha.copy()
    image[box.slices], alpha[box.slices] = plate, 255
    entry["label_box"] = box_record(box)
    return _DisclosedImage(disclose, photo, image, alpha, entry, tuple(notes))


def _sign(outcome: Outcome, result: Path, pem: str | None, metadata: Metadata) -> tuple[str | None, list[str]]:
    """Signs the result if requested and something was repainted; the certificate's name, and notes for the user."""
    if pem is None or not any(step.area_px for step in outcome.steps):
        return None, []
    original = disclosure.original_of(outcome.photo)
    if metadata != "keep":  # the statement holds what credentials of the photo's own say of it, the place too
        original = _unaltered(_without(outcome, metadata)[0].photo)
    signed_by = credentials.sign(
        result,
        outcome.photo,
        original,
        pem,
        source_type=disclosure.source_type_of(outcome.generative),
        note=disclosure.note_of(outcome.steps),
        tool=f"automask {__version__}",
    )
    kept_out = f"a {outcome.photo.format} file holds no content credentials: it is not signed"
    return signed_by, [] if signed_by is not None else [kept_out]


def _write_original(photo: Photo, path: Path, metadata: Metadata) -> None:
    """Writes the unaltered photo, byte for byte; of pixels, or without some of its metadata, the same picture."""
    by_byte = metadata == "keep" and not photo.from_pixels
    data = disclosure.original_of(photo) if by_byte else _unaltered(photo)
    with atomic_path(path) as part:
        part.write_bytes(data)


def _unaltered(photo: Photo) -> bytes:
    """The photo as a file with its own pixels."""
    return photo_bytes(photo, photo.rgb, np.zeros(photo.rgb.shape[:2], np.uint8))


def _names_of_earlier_runs(files: Files, *, masks: bool) -> list[str]:
    """What of a photo's earlier records goes unless it is written again: masks, the sheet of candidates, the original.

    Other files in the folder of masks are the user's and stay.
    """
    record = read_record(files.record)
    names = [files.candidates.name, files.ora.name, files.psd.name]
    if masks:
        found = mask_names_in(record) | mask_names_in(read_record(files.masks_record))
        names += [f"{files.masks.name}/{name}" for name in sorted(found)]
    return [*names, files.original.name] if original_in(record) == files.original.name else names


_Choose: TypeAlias = Callable[[], tuple[Files, str | None]]


def _while_names_stay(choose: _Choose, save: Callable[[Files, list[str]], Saved]) -> Saved:
    """Saves under the names that `choose` gives, and again under others where another run took them meanwhile."""
    for _ in range(_TRIES):
        files, numbered = choose()
        with contextlib.suppress(NamesTaken):
            return save(files, [numbered] if numbered else [])
    raise OutputError(f"other runs took every name for {str(files.result)!r}", hint="try again, or name another folder")


def _again(replacing: Replacing, choose: _Choose) -> Replacing:
    """The same with what is automask's there now, when no other run replaces anything.

    Raises:
        NamesTaken: Another run took the names meanwhile.
    """
    if choose()[0] != replacing.files:
        raise NamesTaken
    return replace(replacing, claims=claims_of(replacing.files))


def _close_like(source: Path | None, stage: Path) -> None:
    """Gives the staged files no permissions that the photo does not have: a private photo's results are private."""
    if source is None:
        return
    with contextlib.suppress(OSError):
        allowed = source.stat().st_mode & 0o666
        for path in stage.rglob("*"):
            if path.is_file():
                path.chmod(path.stat().st_mode & 0o777 & (allowed | 0o600))


def save_variants(
    made: Iterable[tuple[Variant, Outcome]],
    out: str | os.PathLike[str] = "out",
    *,
    disclose: Disclose | None = None,
    metadata: Metadata | None = None,
    c2pa: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
    layers: Layers | None = None,
) -> tuple[tuple[Saved, ...], Path | None]:
    """Writes each variant, as it is made, into the folder of its name, and a sheet of all of them.

    The sheet goes into `out` itself, next to the folders. Words without braces are a single variant without a name: it
    goes into `out`, without a sheet. `disclose`, `metadata`, `c2pa`, `overwrite` and `layers` are those
    of `Outcome.save`.

    Raises:
        As `Outcome.save`.
    """
    saved: list[Saved] = []
    cells: list[tuple[str, Rgb]] = []
    for variant, outcome in made:
        settings: dict[str, Any] = {"disclose": disclose, "metadata": metadata, "c2pa": c2pa, "overwrite": overwrite}
        saved.append(outcome.save(Path(out, variant.name), layers=layers, **settings))
        if variant.name:
            cells = cells or [variants_cell("before", outcome.photo.rgb)]
            cells.append(variants_cell(without_folders(", ".join(variant.words)), outcome.image))
    if not cells:
        return tuple(saved), None
    name = saved[0].record.name.removesuffix(".run.json")
    sheet = files_of(name, Path(out), name).variants
    return tuple(saved), write_sheet(sheet, variants_sheet(cells), overwrite=overwrite)


def save_masks(
    photo: Photo,
    regions: Sequence[Region],
    out: str | os.PathLike[str] = "out",
    *,
    name: str | None = None,
    preset: str = "",
    models: Mapping[str, Any] | None = None,
    versions: Mapping[str, str] | None = None,
    timing: Mapping[str, float] | None = None,
    digest: str = "",
    doubt_below: float | None = None,
    overwrite: bool = False,
) -> Saved:
    """Writes masks, the overlay and `kitchen.masks.json` of a mask request into a folder, the record last.

    Files that are not as automask wrote them are kept, as by `Outcome.save`, and the record's notes say so.

    Raises:
        UsageError: `out` is named like a picture, or `name` is not a file name.
        OutputError: It cannot be written there.
    """
    if name is None or is_file_name(name):
        check_out(out)
    about: dict[str, Any] = {"preset": preset, "models": models, "versions": versions, "timing": timing}
    about |= {"digest": digest, "doubt_below": doubt_below}
    known = PhotoId(photo.name, photo.digest, source_of(photo))
    choose = functools.partial(choose_files, known, Path(out), name, overwrite=overwrite, writes=())
    inputs = () if photo.source is None else (photo.source,)
    try:
        return _while_names_stay(
            choose,
            lambda files, notes: _save_masks(
                photo,
                regions,
                Replacing(files, known, files.masks_record, {}, overwrite, inputs),
                choose,
                notes,
                about,
            ),
        )
    except OSError as error:
        raise write_error(Path(out), error) from error


def _save_masks(
    photo: Photo,
    regions: Sequence[Region],
    replacing: Replacing,
    choose: "_Choose",
    notes: list[str],
    about: Mapping[str, Any],
) -> Saved:
    """Writes the files of a mask request; `about` is what the record says besides photo, regions and masks.

    Raises:
        NamesTaken: Another run took the names meanwhile.
    """
    files = replacing.files
    with contextlib.ExitStack() as until_recorded:
        with staging(files.record.parent) as stage:
            masks = _write_masks(files_in(files, stage).masks, regions)
            write_picture(files_in(files, stage).overlay, overlay(photo.rgb, regions))
            _close_like(photo.source, stage)
            until_recorded.enter_context(committing(files.record.parent))
            replacing = _again(replacing, choose)
            found = mask_names_in(read_record(files.record)) | mask_names_in(read_record(files.masks_record))
            kept = replacing.kept(stage)
            replacing.begin()
            files.masks.mkdir(exist_ok=True)
            claimed = replacing.commit(stage, kept=kept, stale=[f"{files.masks.name}/{old}" for old in sorted(found)])
        names = [f"{files.masks.name}/{path.name}" if path else None for path in masks]
        record = mask_record(photo, regions, masks=names, **about)
        record["notes"] += [*notes, *kept_notes(kept)]
        record |= {"source": replacing.photo.source, "files": claimed, "kept": [*kept]}
        replacing.finish(record)
    paths = tuple(files.masks / path.name for path in masks if path)
    return Saved(None, paths, files.overlay, files.masks_record, record)


def _write_masks(
    folder: Path, regions: Sequence[Region], *, skipped: frozenset[int] = frozenset()
) -> list[Path | None]:
    """The file of each found region, None for the others; those whose index is in `skipped` are not written."""
    paths = [folder / mask_name(nr, [region.target]) if region.found else None for nr, region in enumerate(regions, 1)]
    for index, (path, region) in enumerate(zip(paths, regions, strict=True)):
        if path is not None and index not in skipped:
            write_mask(path, region.alpha)
    return paths
