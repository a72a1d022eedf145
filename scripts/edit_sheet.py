"""One picture of many edits: each photo before and after, in two or more columns.

    python scripts/edit_sheet.py --out sheet.jpg "kitchen.jpg: island -> marble" "hall.jpg: wall -> sage"
    python scripts/edit_sheet.py --out sheet.jpg --from edits.txt editor.shading=0.9

Each text is a photo, a colon and the words; `--from` reads one a line.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import automask
from automask.errors import AutomaskError
from automask.images import open_photo, write_picture
from automask.results.sheets import contact_sheet
from automask.types import Rgb


def main(argv: Sequence[str] | None = None) -> None:
    """Edits what the command line names and writes the sheet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="the sheet: a .jpg or .png file")
    parser.add_argument("--from", dest="listing", type=Path, help="a file of texts, one a line")
    parser.add_argument("--columns", type=int, default=2, help="edits in a row (default 2)")
    parser.add_argument("--cell", type=int, default=480, metavar="PX", help="long side of a picture (default 480)")
    parser.add_argument("--preset", default="starter")
    parser.add_argument("texts", nargs="*", metavar="TEXT", help="PHOTO: WORDS, or key=value as for automask edit")
    flags = parser.parse_intermixed_args(argv)
    texts, overrides = _split_settings(flags.texts)
    if flags.listing is not None:
        try:
            listed = flags.listing.read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise SystemExit(f"cannot read {str(flags.listing)!r}: {error}; give a text file") from error
        texts += [line for line in listed.splitlines() if line.strip()]
    if not texts:
        raise SystemExit("nothing to edit; give texts such as 'kitchen.jpg: island -> marble'")
    try:
        stages = automask.load(flags.preset, overrides)
        cells: list[tuple[str, Rgb]] = []
        for text in texts:
            photo, words = _parse_edit(text)
            print(f"{photo.name}: {words}", file=sys.stderr)
            before = np.asarray(open_photo(photo).rgb)
            cells += [("", before), (words, automask.edit(before, words, stages=stages).image)]
    except AutomaskError as error:
        raise SystemExit(str(error)) from error
    write_picture(flags.out, contact_sheet(cells, columns=2 * flags.columns, cell_px=flags.cell))


def _split_settings(texts: Sequence[str]) -> tuple[list[str], list[str]]:
    """The texts that are edits, and those that are settings."""
    settings = [text for text in texts if "->" not in text and "=" in text]
    return [text for text in texts if text not in settings], settings


def _parse_edit(text: str) -> tuple[Path, str]:
    photo, colon, words = text.partition(": ")
    if not colon or "->" not in words:
        raise SystemExit(f"{text!r} is not an edit; write it as 'kitchen.jpg: island -> marble'")
    return Path(photo.strip()), words.strip()


if __name__ == "__main__":
    main()
