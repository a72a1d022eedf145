"""Masks as a folder that YOLO trains on: a text file of polygons for each photo, and the names of the classes."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

from automask._version import __version__
from automask.errors import UsageError
from automask.fingerprint import bytes_digest
from automask.images import atomic_path, read_regular
from automask.results.coco import Named, Piece, file_name, named_regions, pieces_of, recorded_pieces, size_of
from automask.results.polygons import TOLERANCE_PX, Polygon, polygons_of
from automask.types import Hw, Region

CLASSES = "data.yaml"
_MOST_BYTES = 1 << 26
_SEAL = "# automask "


def to_yolo(
    regions: Sequence[Region] | Iterable[tuple[Named, Sequence[Region]]],
    *,
    photo: Named | None = None,
    tolerance_px: float = TOLERANCE_PX,
) -> dict[str, str]:
    """The regions as the text files that YOLO's segmentation trains on, by their names in the set's folder.

    `labels/kitchen.txt` has a line for each part of each thing: the number of its class, and x and y of a polygon's
    points as shares of the photo's width and height. `data.yaml` names the classes. A polygon has no holes: they are
    cut in by slits (`automask.results.polygons`). The photos belong into the folder `images`.

        >>> import automask
        >>> regions = automask.mask("kitchen.jpg", "island; cabinets")
        >>> files = automask.to_yolo(regions, photo="kitchen.jpg")
        >>> sorted(files)
        ['data.yaml', 'labels/kitchen.txt']

    Args:
        regions: From `automask.mask`, of one photo; or (photo, regions) pairs of several.
        photo: What the one photo is called; a `Photo` gives its name.
        tolerance_px: How far lines may be from the mask's border; 0 keeps every corner.

    Raises:
        UsageError: A photo without a name or without regions, a name for several photos, or two photos whose names
            differ in their endings only.
        MaskError: Regions of one photo differ in size.
    """
    pairs = named_regions(regions, photo)
    targets = [region.target for _, found in pairs for region in found]
    pieces = (
        (file_name(name), size_of(name, found), [piece for region in found for piece in pieces_of(region)])
        for name, found in pairs
    )
    return _files(targets, pieces, tolerance_px)


def yolo_of_records(records: Iterable[tuple[str, Mapping[str, Any]]]) -> dict[str, str]:
    """The masks of mask requests, as `to_yolo` gives them, from their records.

    Args:
        records: The name of each photo in the set, and its record.

    Raises:
        UsageError: Two photos whose names differ in their endings only.
    """
    given = list(records)
    targets = [region["target"] for _, record in given for region in record["regions"]]
    pieces = (
        (
            name,
            (record["size_wh"][1], record["size_wh"][0]),
            [piece for region in record["regions"] for piece in recorded_pieces(region)],
        )
        for name, record in given
    )
    return _files(targets, pieces, TOLERANCE_PX)


def label_names(names: Iterable[str]) -> dict[str, str]:
    """The file of each photo's labels in the set, by the photo's name.

    Raises:
        UsageError: A photo without a name, or two of one file.
    """
    made: dict[str, str] = {}
    taken: dict[str, str] = {}
    for name in names:
        if not PurePath(name).name:
            raise UsageError("a photo has no name", hint="say photo='kitchen.jpg': its labels are found by it")
        path = PurePath(name)
        below = PurePath(path.name) if path.is_absolute() or ".." in path.parts else path
        label = f"labels/{below.with_suffix('.txt').as_posix()}"
        other = taken.setdefault(label.casefold(), name)
        if other != name:
            raise UsageError(
                f"{other!r} and {name!r} have one file of labels: {label}", hint="YOLO wants other names: rename one"
            )
        made[name] = label
    return made


def _files(
    targets: Iterable[str], photos: Iterable[tuple[str, Hw, Sequence[Piece]]], tolerance_px: float
) -> dict[str, str]:
    classes = {target: number for number, target in enumerate(dict.fromkeys(targets))}
    texts = {}
    for name, size_hw, pieces in photos:
        lines = [
            f"{classes[piece.target]} {_shares(part, size_hw)}\n"
            for piece in pieces
            for part in polygons_of(piece.hard, tolerance_px=tolerance_px)
        ]
        texts[name] = "".join(lines)
    labels = label_names(texts)
    return {CLASSES: _classes_file(classes)} | {labels[name]: text for name, text in texts.items()}


def _shares(part: Polygon, size_hw: Hw) -> str:
    """The points of a polygon as shares of width and height, of the middles of pixels: to be read back as they are."""
    height, width = size_hw
    return " ".join(f"{(x + 0.5) / width:.6f} {(y + 0.5) / height:.6f}" for x, y in part.tolist())


def _classes_file(classes: Mapping[str, int]) -> str:
    names = "".join(f"  {number}: {json.dumps(name, ensure_ascii=False)}\n" for name, number in classes.items())
    return f"# masks by automask {__version__}\ntrain: images\nval: images\nnames:\n{names}"


# ------------------------------------------------------------------------------------------------------ on the disk


def check_yolo(folder: Path, *, overwrite: bool = False) -> None:
    """Without `overwrite`, refuses a folder whose names of classes are somebody else's.

    Raises:
        UsageError: They are.
    """
    path = folder / CLASSES
    if not overwrite and path.exists() and _claims(path) is None:
        raise UsageError(f"{str(path)!r} is there already, and automask did not write it", hint="name another folder")


def write_yolo(folder: Path, files: Mapping[str, str], *, overwrite: bool = False) -> list[str]:
    """Writes the files of a set into a folder; the names of those that are a person's and were kept.

    `data.yaml` lists what automask wrote. Labels of other photos that are there stay as long as the classes are the
    same; where they are not, what nobody changed goes.

    Args:
        folder: Of the set.
        files: As `to_yolo` gives them.
        overwrite: True also replaces what a person changed or put there.

    Raises:
        UsageError: As `check_yolo`; or files of a person's own were kept while the classes have other numbers now.
        OutputError: They cannot be written.
    """
    check_yolo(folder, overwrite=overwrite)
    path = folder / CLASSES
    claims = _claims(path) or {}
    labels = [name for name in files if name != CLASSES]
    theirs = {name for name in {*labels, *claims} if not _is_free(folder / name, claims.get(name))}
    theirs = set() if overwrite else theirs
    has_same_classes = not claims or _names_in(path.read_text("utf-8")) == _names_in(files[CLASSES])
    if theirs and not has_same_classes:
        raise UsageError(
            f"{min(theirs)!r} in {str(folder)!r} was changed by hand, and the classes are others now",
            hint="name another folder",
        )
    # What a person changed stays in the list: its numbers, too, mean the classes of now.
    written = {name: digest for name, digest in claims.items() if has_same_classes}
    for name in claims.keys() - files.keys() - written.keys() - theirs:
        (folder / name).unlink(missing_ok=True)
    for name, text in files.items():
        if name == CLASSES or name in theirs:
            continue
        _write(folder / name, text)
        written[name] = bytes_digest(text.encode())
    body = files[CLASSES] + "".join(f"# {digest} {name}\n" for name, digest in written.items())
    _write(path, f"{_SEAL}{bytes_digest(body.encode())}\n{body}")
    return sorted(theirs.intersection(labels))


def _write(path: Path, text: str) -> None:
    with atomic_path(path) as part:
        part.write_text(text, encoding="utf-8", newline="\n")


def _is_free(path: Path, digest: str | None) -> bool:
    """Whether nothing is at a path, or a file with this digest."""
    try:
        return bytes_digest(read_regular(path, _MOST_BYTES)) == digest
    except FileNotFoundError:
        return True
    except OSError:
        return False


def _claims(path: Path) -> dict[str, str] | None:
    """The digests of the files that a sealed `data.yaml` lists, by name; None where it is not as automask wrote it."""
    try:
        text = read_regular(path, _MOST_BYTES).decode()
    except (OSError, UnicodeDecodeError):
        return None
    head, _, body = text.partition("\n")
    if head != f"{_SEAL}{bytes_digest(body.encode())}":
        return None
    listed = (line[2:].split(" ", 1) for line in body.splitlines() if line[66:67] == " " and line.startswith("# "))
    return {name: digest for digest, name in listed if _is_label(name)}


def _is_label(name: str) -> bool:
    """Whether a name may be that of a file of labels: whoever forges a list must not have other files removed."""
    parts = PurePath(name).parts
    return len(parts) > 1 and parts[0] == "labels" and ".." not in parts and name.endswith(".txt")


def _names_in(text: str) -> list[str]:
    """The lines of a `data.yaml` that name classes."""
    return [line for line in text.splitlines() if line.startswith("  ")]
