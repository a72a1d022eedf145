"""Pictures to judge edits by, on photos without labels: for each the masks and the painted result, side by side.

    python scripts/listing_sheet.py ../shared/data/listing --out out/listing [key=value ...]
    python scripts/listing_sheet.py kitchen.jpg hall.jpg --edits "walls -> sage" refiner=threshold

For each photo OUT/NAME.png has the overlay of the regions on the left and the painted photo on the right, both at the
photo's own size. What was found is printed. The checklist: docs/research/evaluation.md, "Usable without correction".
"""

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

import automask
from automask.errors import AutomaskError, UsageError
from automask.images import open_photo, write_picture
from automask.results.files import check_out
from automask.results.previews import overlay
from automask.results.scaling import shrink
from automask.types import Region, Rgb

SENTENCE = "cabinets -> white; floor -> oak; walls -> sage"
SUFFIXES = (".jpg", ".jpeg", ".png")
GAP_PX = 8


def main(argv: Sequence[str] | None = None) -> int:
    """Writes the pictures; gives the exit status. Every error that is raised on purpose is one line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder for the pictures (out)")
    parser.add_argument("--edits", default=SENTENCE, metavar="WORDS", help=f'what to do (default "{SENTENCE}")')
    parser.add_argument(
        "--long-px", type=int, default=1600, metavar="PX", help="larger photos are shown at this (1600)"
    )
    parser.add_argument("--preset", default="starter")
    parser.add_argument("texts", nargs="+", metavar="PHOTO", help="photo or folder; or key=value, as for automask edit")
    flags = parser.parse_intermixed_args(argv)
    paths = [Path(text) for text in flags.texts if Path(text).exists() or "=" not in text]
    overrides = [text for text in flags.texts if Path(text) not in paths]
    try:
        check_out(flags.out)
        photos = photos_of(paths)
        stages = automask.load(flags.preset, overrides)
        for file in photos:
            photo = open_photo(file).rgb
            regions = stages.mask(photo, flags.edits)
            painted = stages.edit(photo, flags.edits, regions=regions).image
            write_picture(flags.out / f"{file.stem}.png", pair(photo, regions, painted, long_px=flags.long_px))
            print(f"{file.name}: {', '.join(map(_found, regions))}", flush=True)
    except AutomaskError as error:
        print(f"listing_sheet: {error}", file=sys.stderr)
        return error.exit_status
    return 0


def photos_of(paths: Iterable[Path]) -> list[Path]:
    """The photos that are named, and those in the folders that are named; sorted by path.

    Raises:
        UsageError: There is none, or two have the same name: their pictures would too.
    """
    named = [
        [path] if not path.is_dir() else [f for f in path.iterdir() if f.suffix.lower() in SUFFIXES] for path in paths
    ]
    photos = sorted(file for files in named for file in files)
    if not photos:
        raise UsageError("no photo is named", hint="name photos, or folders with .jpg or .png files")
    stems = [file.stem for file in photos]
    twice = next((stem for stem in stems if stems.count(stem) > 1), None)
    if twice is not None:
        raise UsageError(f"two photos are called {twice!r}", hint="name one of them")
    return photos


def pair(photo: Rgb, regions: Sequence[Region], painted: Rgb, *, long_px: int) -> Rgb:
    """[h, w, 3] uint8: the overlay on the left, the painted photo on the right, each with at most this long side."""
    halves = [overlay(photo, regions, long_px=long_px), shrink(painted, long_px)]
    gap = np.full((halves[0].shape[0], GAP_PX, 3), 255, dtype=np.uint8)
    return np.concatenate([halves[0], gap, halves[1]], axis=1)


def _found(region: Region) -> str:
    if not region.found:
        return f"{region.target} not found"
    return f"{region.target} {region.hard.mean():.1%} of the photo, peak {region.peak or 0:.2f}"


if __name__ == "__main__":
    raise SystemExit(main())
