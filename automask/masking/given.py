"""Regions from mask files that `automask mask` wrote, or that a person made or corrected."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from automask.errors import MaskError
from automask.images import PHOTO_SUFFIXES, read_mask, same_letters
from automask.masking.boxes import blobs
from automask.masking.find import refuse_missing
from automask.plan import mask_name
from automask.types import Alpha, Edit, Hard, Hw, OnMissing, Plan, Region


def given_regions(
    folder: Path, plan: Plan, *, size_hw: tuple[int, int], on_missing: OnMissing = "skip"
) -> tuple[Region, ...]:
    """Regions from mask files that `automask mask` wrote, or that a person corrected.

    The files are used as they are: not dilated, not feathered, overlaps kept as drawn.

    Args:
        folder: Holds `01-island.png`, ..., or the same names with the ending of another kind of picture: 8-bit alpha
            at photo size, numbered like the edits. An edit without a file was not found.
        plan: The edits, in the order of the numbers.
        size_hw: The photo's height and width.
        on_missing: As in `find_regions`.

    Raises:
        MaskError: The folder or a file in it cannot be used, or no file fits the plan.
        TargetMissing: An edit has no file, and `on_missing` is `fail`.
    """
    folder = same_letters(folder)
    if not folder.is_dir():
        raise MaskError(f"no folder of masks at {str(folder)!r}", hint="name the folder that 'automask mask' wrote")
    regions = []
    for number, edit in enumerate(plan, start=1):
        target = ", ".join(edit.targets)
        path = _mask_file(folder, number, edit)
        if path is None:
            wanted = mask_name(number, edit.targets)
            why = f"no mask for {target!r}: no '{wanted}' in {str(folder)!r}"
            if other := _under_another_number(folder, wanted):
                why += f", but '{other}'; if that is the mask, rename it to '{wanted}'"
            empty = np.zeros(size_hw, dtype=np.float32)
            regions.append(Region(target, False, empty > 0, empty, (), None, edit.targets, edit.targets, why))
            continue
        regions.append(_region_in(path, edit, size_hw))
    if not any(region.found for region in regions) and not any(map(_is_mask, folder.iterdir())):
        raise MaskError(f"no masks in {str(folder)!r}", hint="it should hold files like '01-island.png'")
    if on_missing == "fail":
        refuse_missing(regions)
    return tuple(regions)


def with_own(found: Sequence[Region] | None, plan: Plan, own: Mapping[int, Path], *, size_hw: Hw) -> tuple[Region, ...]:
    """Regions in which some edits have the mask that a person made for them.

    Such a mask is used as it is. The others lose what it covers, and are otherwise as they were found.

    Args:
        found: One for each edit; None only where every edit has a mask of its own.
        plan: The edits.
        own: Mask files by the edit's index.
        size_hw: The photo's height and width.

    Raises:
        MaskError: A file cannot be used.
    """
    return _merged(found, plan, {index: _region_in(path, plan[index], size_hw) for index, path in own.items()})


def with_alphas(found: Sequence[Region] | None, plan: Plan, own: Mapping[int, Alpha]) -> tuple[Region, ...]:
    """As `with_own`, of masks that are not in files yet: [H, W] float32, multiples of 1/255, by the edit's index."""
    return _merged(found, plan, {index: _region_of(alpha, plan[index], "its mask") for index, alpha in own.items()})


def _merged(found: Sequence[Region] | None, plan: Plan, theirs: Mapping[int, Region]) -> tuple[Region, ...]:
    if found is None or not theirs:
        return tuple(theirs[index] for index in range(len(plan))) if found is None else tuple(found)
    covered = np.logical_or.reduce([region.alpha >= 0.5 for region in theirs.values()])
    return tuple(theirs.get(index) or _without(region, covered) for index, region in enumerate(found))


def _without(region: Region, covered: Hard) -> Region:
    if not (region.hard & covered).any():
        return replace(region, alpha=np.where(covered, np.float32(0), region.alpha))
    hard = region.hard & ~covered
    if hard.any():
        return replace(region, hard=hard, alpha=np.where(covered, np.float32(0), region.alpha))
    reason = f"no {region.target!r}: your masks of other things cover it"
    return replace(region, found=False, hard=hard, alpha=np.zeros_like(region.alpha), boxes=(), reason=reason)


def _region_in(path: Path, edit: Edit, size_hw: Hw) -> Region:
    return _region_of(read_mask(path, size_hw=size_hw), edit, repr(path.name))


def _region_of(alpha: Alpha, edit: Edit, called: str) -> Region:
    """The region of a given mask: everything that it repaints."""
    target = ", ".join(edit.targets)
    hard = alpha > 0
    boxes = tuple(box for box, _ in blobs(hard))
    reason = None if hard.any() else f"no {target!r}: {called} is all black"
    return Region(target, bool(hard.any()), hard, alpha, boxes, None, edit.targets, (), reason)


def mask_files(folder: Path, plan: Plan) -> tuple[Path | None, ...]:
    """For each edit its file in a folder of masks; None where it has none, or there is no folder.

    Raises:
        MaskError: As `given_regions`.
    """
    there = same_letters(folder)
    if not there.is_dir():
        return (None,) * len(plan)
    return tuple(_mask_file(there, number, edit) for number, edit in enumerate(plan, start=1))


def _mask_file(folder: Path, number: int, edit: Edit) -> Path | None:
    """The mask of an edit: a picture of any kind that is called after it."""
    wanted = mask_name(number, edit.targets)
    numbered = sorted(path for path in folder.iterdir() if path.name.startswith(f"{number:02d}-") and _is_mask(path))
    own = [path for path in numbered if path.stem.casefold() == Path(wanted).stem]
    if len(own) > 1:
        raise MaskError(
            f"{own[0].name!r} and {own[1].name!r} in {str(folder)!r} are both masks of {', '.join(edit.targets)!r}",
            hint="keep the one that you want, and move the other away",
        )
    if numbered and not own:
        raise MaskError(
            f"{numbered[0].name!r} in {str(folder)!r} is not a mask of {', '.join(edit.targets)!r}",
            hint=f"give the same words that the masks were made with, or rename it to '{wanted}'",
        )
    return own[0] if own else None


def _under_another_number(folder: Path, wanted: str) -> str | None:
    """The name of the first mask that differs from the wanted one in its number, as of an edit that moved."""
    words = Path(wanted).stem.partition("-")[2]
    names = sorted(path.name for path in folder.iterdir() if _is_mask(path))
    return next((name for name in names if Path(name).stem.casefold().partition("-")[2] == words), None)


def _is_mask(path: Path) -> bool:
    return path.suffix.lower() in PHOTO_SUFFIXES and path.is_file()
