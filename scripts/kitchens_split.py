"""Chooses which of the labelled kitchens are held out: `scripts/kitchens_split.json`, which is committed.

    python scripts/kitchens_split.py [--data DIR] [--out FILE]

DIR holds the `index.json` of the labelled kitchens: the share of the photo that each class has. 50 photos are held out
for the last table, 24 are for choosing while developing; nothing is trained on either. Same index, same lists.
"""

import argparse
import hashlib
import json
from collections.abc import Iterable, Mapping
from fractions import Fraction
from pathlib import Path

from automask.errors import UsageError
from automask.results.records import write_json

Shares = Mapping[str, float]

HERE = Path(__file__).resolve()
DATA = HERE.parents[2] / "shared" / "data" / "kitchens"
SPLIT = HERE.with_suffix(".json")
SIZES = {"held_out": 50, "development": 24}
SEED = 4  # of 0 to 99 the one with the least chi-square over all labels (17; seed 0 gives 24, the median is 26)
MIN_SHARE = 0.006
FIRST = ("island body", "dishwasher")  # rare, and goals of their own: no other class may spoil their balance
NOT_BALANCED = ("other",)
CABINETS = ("base cabinet", "wall cabinet")
WORKTOPS = ("countertop", "island countertop")


def main() -> None:
    """Writes the lists, and prints how many photos of each class are in them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA, help="the labelled kitchens")
    parser.add_argument("--out", type=Path, default=SPLIT, help="the file to write")
    flags = parser.parse_args()
    photos = read_shares(flags.data)
    lists = split(photos)
    write_json(flags.out, lists)
    labels = {photo: labels_of(shares) for photo, shares in photos.items()}
    for label in sorted(set().union(*labels.values())):
        numbers = [sum(label in labels[photo] for photo in chosen) for chosen in (photos, *lists.values())]
        print(label, *numbers, sep="\t")


def read_shares(data: Path) -> dict[str, Shares]:
    """The share of each class, by the photo's id: its file's stem."""
    index = json.loads((data / "index.json").read_text(encoding="utf-8"))
    return {Path(item["image"]).stem: item["share"] for item in index["items"]}


def is_kitchen(shares: Shares) -> bool:
    """Whether a photo shows a kitchen: base or wall cabinets, and a worktop."""
    return any(name in shares for name in CABINETS) and any(name in shares for name in WORKTOPS)


def labels_of(shares: Shares) -> frozenset[str]:
    """What a photo is balanced by: its classes of at least 0.6 %, and whether it is a kitchen."""
    large = {name for name, share in shares.items() if share >= MIN_SHARE and name not in NOT_BALANCED}
    return frozenset(large | {"kitchen" if is_kitchen(shares) else "no kitchen"})


def split(
    photos: Mapping[str, Shares], sizes: Mapping[str, int] = SIZES, *, first: Iterable[str] = FIRST, seed: int = SEED
) -> dict[str, list[str]]:
    """The ids of each list, sorted; every label is in a list in proportion to the list's size.

    Iterative stratification: the label that the fewest remaining photos have is shared out first, each of its photos to
    the list that still lacks the label most. A list that is full gets no more, so the sizes are exact.

    Args:
        photos: The share of each class, by id.
        sizes: How many photos each list has; together at most all.
        first: Labels that are shared out before all others, however frequent.
        seed: Draws the order of a label's photos. Two runs, whatever the order of `photos`, choose the same.

    Raises:
        UsageError: There are fewer photos than the lists want.

    Source: Sechidis, Tsoumakas and Vlahavas, "On the stratification of multi-label data" (ECML PKDD 2011), algorithm 1.
    """
    if sum(sizes.values()) > len(photos):
        raise UsageError(
            f"{sum(sizes.values())} photos are to be chosen of {len(photos)}", hint="name the whole folder of kitchens"
        )
    remaining = {photo: labels_of(photos[photo]) for photo in sorted(photos, key=lambda photo: _draw(seed, photo))}
    lists: dict[str, list[str]] = {name: [] for name in (*sizes, "")}  # the last is what is in no list
    places = {**sizes, "": len(photos) - sum(sizes.values())}
    totals = _count(remaining.values())
    # Fractions, since a tie in the formula must be a tie in the numbers.
    lacks = {
        name: {label: Fraction(number * places[name], len(photos)) for label, number in totals.items()}
        for name in lists
    }
    firsts = [label for label in first if label in totals]
    while remaining:
        counts = _count(remaining.values())
        label = next((f for f in firsts if counts.get(f)), None) or min(counts, key=lambda name: (counts[name], name))
        for photo in [photo for photo, labels in remaining.items() if label in labels]:
            open_lists = [name for name in lists if places[name]]
            best = max(open_lists, key=lambda name: (lacks[name][label], places[name], name))
            lists[best].append(photo)
            places[best] -= 1
            for other in remaining.pop(photo):
                lacks[best][other] -= 1
    return {name: sorted(lists[name]) for name in sizes}


def _count(labels_of_photos: Iterable[frozenset[str]]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for labels in labels_of_photos:
        for label in labels:
            counts[label] = counts.get(label, 0) + 1
    return counts


def _draw(seed: int, photo: str) -> bytes:
    """A number that is drawn for a photo; a hash, since a random generator's order may change with its version."""
    return hashlib.sha256(f"{seed} {photo}".encode()).digest()


if __name__ == "__main__":
    main()
