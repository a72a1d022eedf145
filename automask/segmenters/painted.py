"""Masks from PNG files in place of a net: drawn by a person, or made by another program."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from automask.errors import AutomaskError, MaskError, UnknownPhrase
from automask.images import grey_levels
from automask.plan.names import singular, slug
from automask.types import Heat, Rgb


class Painted:
    """A segmenter whose heat is the brightness of a PNG: white is surely the phrase, black surely not.

    Args:
        masks: A folder with `<phrase>.png` or its slug (`black wall` -> `black-wall.png`, see `plan.names.slug`), or a
            mapping from phrase to file. Case does not matter, and a phrase without a file of its own takes that of its
            singular or plural: "left picture" is one of `pictures.png`.
    """

    quality = ""  # a drawn mask is what it is: nothing is to be expected of it

    def __init__(self, *, masks: str | Mapping[str, str] = "masks") -> None:
        self._masks = masks

    @property
    def own_files(self) -> tuple[Path, ...]:
        """The mask files that exist now."""
        if isinstance(self._masks, Mapping):
            return tuple(Path(file).expanduser() for file in self._masks.values())
        return tuple(sorted(Path(self._masks).expanduser().glob("*.[pP][nN][gG]")))

    def phrase_for(self, text: str) -> str | None:
        """The text, where there is a file for it: its words then pick nothing ("black wall" is black-wall.png)."""
        return None if self._own_file(text) is None else text

    def heats(self, photo: Rgb, targets: Sequence[str]) -> Heat:
        """[N, H, W] float32 in 0..1: the files' brightness.

        Raises:
            UnknownPhrase: There is no file for a phrase.
            MaskError: A file cannot be read, or does not have the photo's size.
        """
        files = [self._file(target) for target in targets]
        return np.stack([_brightness(file, photo.shape[:2]) for file in files])

    def _file(self, target: str) -> Path:
        file = self._own_file(target) or self._file_in_other_number(target)
        if file is not None:
            return file
        if isinstance(self._masks, Mapping):
            raise UnknownPhrase(f"no mask for {target!r}", hint=f"masks are given for: {', '.join(self._masks)}")
        raise UnknownPhrase(
            f"no mask for {target!r} in {Path(self._masks).expanduser()}",
            hint=f"put {' or '.join(f'{name}.png' for name in _names(target))} there, white where the phrase is",
        )

    def _own_file(self, target: str) -> Path | None:
        files = self._files()
        return next((files[name] for name in _names(target) if name in files), None)

    def _file_in_other_number(self, target: str) -> Path | None:
        files = {_in_singular(name): file for name, file in reversed(self._files().items())}
        return next((files[name] for name in map(_in_singular, _names(target)) if name in files), None)

    def _files(self) -> dict[str, Path]:
        """The mask files by what they are of, in lower case."""
        if isinstance(self._masks, Mapping):
            return {phrase.strip().casefold(): Path(file).expanduser() for phrase, file in self._masks.items()}
        there = sorted(Path(self._masks).expanduser().glob("*.[pP][nN][gG]"))
        return {file.name.casefold().removesuffix(".png"): file for file in there}


def _names(target: str) -> tuple[str, ...]:
    """The names that a phrase's file may have, without their ending."""
    word = target.strip().casefold()
    return tuple(dict.fromkeys(name for name in (word, slug(word)) if name))


def _in_singular(name: str) -> str:
    start = re.sub(r"[^\W_]*$", "", name)
    return f"{start}{singular(name[len(start) :])}"


def _brightness(file: Path, size_hw: tuple[int, ...]) -> Heat:
    try:
        heat: Heat = grey_levels(file, max(100.0, size_hw[0] * size_hw[1] / 1e6))
    except AutomaskError as error:
        raise MaskError(
            f"cannot read the mask {file}: {error.problem}", hint="give a PNG, white where the phrase is"
        ) from error
    if heat.shape != tuple(size_hw):
        (height, width), (photo_height, photo_width) = heat.shape, size_hw
        raise MaskError(
            f"the mask {file} is {width} x {height}, the photo {photo_width} x {photo_height}",
            hint="save the mask at the photo's size",
        )
    return heat
