"""Masks that a person made or changed in a photo's results: they are used from then on, and never replaced."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from automask.errors import MaskError, OutputError
from automask.fingerprint import file_digest
from automask.images import PHOTO_SUFFIXES, mask_maker
from automask.plan import mask_name
from automask.results.claims import PhotoId, choose_files, claims_of, is_of_another, is_ours
from automask.results.files import Files, files_of
from automask.types import Plan

ASIDE = "aside"
"""The folder, in a photo's folder of masks, of those that fresh ones took the place of."""
BY_PERSON = "drawn by a person"
"""How the comment of a mask begins that says itself whose it is: records of 0.1 would not know it."""
_NUMBERED = re.compile(r"(\d{2,})-(.+)")


@dataclass(frozen=True, slots=True)
class OwnMask:
    """A mask that a person made or changed.

    Args:
        index: Of the edit that it is for.
        path: Its file.
        sha256: Of the file's bytes.
    """

    index: int
    path: Path
    sha256: str


def own_masks(
    photo: PhotoId, plan: Plan, out: Path, name: str | None = None, *, overwrite: bool = False
) -> tuple[OwnMask, ...]:
    """The masks in a photo's results that a person made or changed, for the words of a plan.

    Args:
        photo: The photo.
        plan: The edits; a mask is one's own by its targets, whatever its number was.
        out, name, overwrite: As the results will be saved.

    Raises:
        MaskError: A person left two masks for the same edit.
    """
    try:
        files = choose_files(photo, out, None, overwrite=overwrite, writes=("result",))[0] if name is None else None
    except OutputError:  # saving says so
        return ()
    return own_masks_in(files or files_of(photo.name, out, name), photo, plan)


def own_masks_in(files: Files, photo: PhotoId, plan: Plan) -> tuple[OwnMask, ...]:
    """As `own_masks`, in known files."""
    theirs = list(_not_ours(files, photo)) if files.masks.is_dir() else []
    found = []
    for index, edit in enumerate(plan):
        number, words = _parts(mask_name(index + 1, edit.targets))
        same = [path for path in theirs if _parts(path.name)[1] == words]
        numbered = [path for path in same if _parts(path.name)[0] == number]
        if len(numbered) > 1:
            raise MaskError(
                f"{numbered[0].name!r} and {numbered[1].name!r} in {str(files.masks)!r} are both masks of "
                f"{', '.join(edit.targets)!r}",
                hint="keep the one that you want, and move the other away",
            )
        if same:
            path = numbered[0] if numbered else max(same, key=lambda one: one.stat().st_mtime_ns)
            found.append(OwnMask(index, path, file_digest(path)))
    return tuple(found)


def _not_ours(files: Files, photo: PhotoId) -> Iterator[Path]:
    if is_of_another(files, photo):
        return
    claims = claims_of(files)
    for path in sorted(files.masks.iterdir()):
        is_mask = path.suffix.lower() in PHOTO_SUFFIXES and _NUMBERED.fullmatch(path.stem) and path.is_file()
        says = is_mask and mask_maker(path).startswith(BY_PERSON)
        if is_mask and (says or not is_ours(path, f"{files.masks.name}/{path.name}", claims)):
            yield path


def _parts(name: str) -> tuple[int, str]:
    """The number and the words of a mask's name."""
    found = _NUMBERED.fullmatch(Path(name).stem.casefold())
    return (int(found[1]), found[2]) if found else (0, name)


def put_aside(path: Path) -> Path:
    """Moves a person's mask into the folder for those that are not used any more; its new path."""
    folder = path.parent / ASIDE
    folder.mkdir(exist_ok=True)
    number = 1
    while (target := folder / (path.name if number == 1 else f"{path.stem}-{number}{path.suffix}")).exists():
        number += 1
    return path.rename(target)
