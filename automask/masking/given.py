"""Regions from mask files that `automask mask` wrote, or that a person corrected."""

from pathlib import Path

import numpy as np

from automask.errors import MaskError
from automask.images import PHOTO_SUFFIXES, read_mask, same_letters
from automask.masking.boxes import blobs
from automask.masking.find import refuse_missing
from automask.plan import mask_name
from automask.types import Edit, OnMissing, Plan, Region


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
            why = f"no mask for {target!r}: no '{mask_name(number, edit.targets)}' in {str(folder)!r}"
            empty = np.zeros(size_hw, dtype=np.float32)
            regions.append(Region(target, False, empty > 0, empty, (), None, edit.targets, edit.targets, why))
            continue
        alpha = read_mask(path, size_hw=size_hw)
        hard = alpha > 0
        boxes = tuple(box for box, _ in blobs(hard))
        reason = None if hard.any() else f"no {target!r}: {path.name!r} is all black"
        regions.append(Region(target, bool(hard.any()), hard, alpha, boxes, None, edit.targets, (), reason))
    if not any(region.found for region in regions) and not any(map(_is_mask, folder.iterdir())):
        raise MaskError(f"no masks in {str(folder)!r}", hint="it should hold files like '01-island.png'")
    if on_missing == "fail":
        refuse_missing(regions)
    return tuple(regions)


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


def _is_mask(path: Path) -> bool:
    return path.suffix.lower() in PHOTO_SUFFIXES and path.is_file()
