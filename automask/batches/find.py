"""The jobs of a batch: which photos there are, and where their results go."""

import csv
import glob
import io
import itertools
import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from automask.batches.failures import FAILURES_NAME, one_line
from automask.batches.stores import canonical, files_below, is_url
from automask.errors import AutomaskError, PhotoError, UsageError
from automask.images import PHOTO_SUFFIXES, read_regular, same_letters
from automask.plan import nearest, parse_variants
from automask.results.files import files_of, name_key, same_file, without_folders
from automask.types import Job, Variant

_MOST_CSV_BYTES = 1 << 26
COMPANION = re.compile(
    r".+\.(before-after\.jpg|(candidates|variants)\.jpg|overlay\.png|original\.[^.]+)|contact-sheet(-\d+)?(\.\d+)?\.jpg"
)
"""Names of the previews and originals that automask writes."""


@dataclass(frozen=True, slots=True)
class _Source:
    """A photo, or a row that cannot become a job.

    Args:
        photo: Its file.
        variants: What is made of it.
        folder: The folder of its results, relative to OUT.
        refused: Why it cannot become a job; empty for one that can.
        shown: Its name for people where that is not its path.
    """

    photo: Path
    variants: tuple[Variant, ...]
    folder: Path
    refused: str = ""
    shown: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One photo's variants, to be shown on one sheet.

    Args:
        path: The sheet's file.
        cells: Caption and job of each variant.
    """

    path: Path
    cells: tuple[tuple[str, Job], ...]


@dataclass(frozen=True, slots=True)
class Found:
    """The jobs of a batch.

    Args:
        jobs: In the order of a CSV's rows, otherwise in natural order (2 before 10); a photo's variants together.
        refused: (name, reason) of each photo or row that cannot become a job.
        sheets: One for each photo that has variants.
        refused_rows: The same with the names that a list of failures has: the path below OUT that the result would
            have.
    """

    jobs: tuple[Job, ...]
    refused: tuple[tuple[str, str], ...]
    sheets: tuple[Sheet, ...] = ()
    refused_rows: tuple[tuple[str, str], ...] = ()


def find_jobs(
    source: str,
    *,
    out: Path,
    variants: tuple[Variant, ...] | None,
    recursive: bool = False,
    out_url: str = "",
) -> Found:
    """The jobs for the photos of a folder, a glob or a CSV with columns photo,edits.

    Folder, glob, and photos of a CSV may be URLs of a store.

    A photo with several variants becomes one job per variant, in folders named after the variants below OUT.

    Skipped are hidden files, files without a photo's suffix, previews and originals that automask wrote
    (`kitchen.original.jpg`), and everything in OUT. Photos that share a stem keep their suffix in the names of their
    results; a name that occurs twice gets a number (-2). Names that differ only in case or in Unicode's form count as
    the same on every system, so that results may be copied to one that does not tell them apart.

    Args:
        source: A folder or file of exactly this name if there is one, otherwise a glob (`**` is any depth).
        out: The results' folder; it may be inside the source.
        variants: The plan for every photo, or its variants; None only for a CSV with edits in every row.
        recursive: Subfolders too, mirrored below OUT. A glob's folders are always mirrored; a CSV's only with
            `recursive`, otherwise all its results go into OUT itself.
        out_url: The store that the results go to; `out` is then a local folder in its place.

    Raises:
        PhotoError: The source does not exist or has no photos.
        UsageError: The source is a single photo, or OUT itself, or a CSV that cannot be read; or there is no plan.
    """
    path = same_letters(source)
    urls: dict[Path, str] = {}
    if path.is_file() and path.suffix.lower() == ".csv":
        _refuse_list(path, out)
        return _name_jobs(_in_csv(path, variants, recursive, urls), out, urls, out_url)
    if is_url(source):
        return _name_jobs(_in_store(source, variants, recursive, out_url, urls), out, urls, out_url)
    if path.is_file():
        if path.suffix.lower() in PHOTO_SUFFIXES:
            raise UsageError(f"{source!r} is one photo", hint=f"use: automask edit {source!r} ...")
        raise UsageError(f"{source!r} is not a folder, a glob or a CSV", hint="a CSV's name ends in .csv")
    if variants is None:
        raise UsageError(f"no edits for the photos of {source!r}", hint='say them, like "cabinets -> white"')
    if path.is_dir():
        root, photos = path, _in_folder(path, out, recursive)
    elif glob.has_magic(source):
        root, photos = _in_glob(path, out)
    else:
        raise PhotoError(
            f"there is no folder or file {source!r}", hint=_nearest_entry(path, "give a folder, a glob or a CSV")
        )
    if not photos:
        deeper = "" if recursive or not path.is_dir() else "; --recursive looks in subfolders too"
        raise PhotoError(f"no photos in {source!r}", hint=f"photos end in {', '.join(sorted(PHOTO_SUFFIXES))}{deeper}")
    found = [
        _Source(
            photo,
            variants,
            photo.parent.relative_to(root),
            refused="" if photo.is_file() else "a broken link; fix or remove it",
        )
        for photo in photos
    ]
    return _name_jobs(found, out, urls, out_url)


def _in_store(
    source: str, variants: tuple[Variant, ...] | None, recursive: bool, out_url: str, urls: dict[Path, str]
) -> list[_Source]:
    """The photos below a URL of a store; adds the URL of each to `urls`."""
    if source.lower().endswith((".csv", *PHOTO_SUFFIXES)) and not glob.has_magic(source):
        raise UsageError(f"{source!r} is one file", hint="name its folder; a CSV must be here, its photos may be URLs")
    if variants is None:
        raise UsageError(f"no edits for the photos of {source!r}", hint='say them, like "cabinets -> white"')
    place, paths = files_below(source, recursive=recursive)
    results = canonical(out_url) if out_url else ""
    if results == canonical(place):
        raise UsageError(f"{source!r} is both SOURCE and OUT", hint="name another place with -o")
    inside = PurePosixPath(results.removeprefix(canonical(place) + "/"))
    found: list[_Source] = []
    for path in paths:
        if _is_photo(path.parts) and not (out_url and path.is_relative_to(inside)):
            url = f"{place}/{path}"
            urls[Path(url)] = url
            found.append(_Source(Path(url), variants, Path(path.parent)))
    if not found:
        raise PhotoError(f"no photos in {source!r}", hint=f"photos end in {', '.join(sorted(PHOTO_SUFFIXES))}")
    return sorted(found, key=lambda item: natural_key(item.photo))


def _in_folder(folder: Path, out: Path, recursive: bool) -> list[Path]:
    _refuse_same(folder, out)
    return _photos_among(
        (Path(place, name) for place, _, names in _walk(folder, recursive) for name in names), folder, out
    )


def _walk(folder: Path, recursive: bool) -> Iterator[tuple[str, list[str], list[str]]]:
    def refuse(error: OSError) -> None:
        raise PhotoError(f"cannot read the folder {error.filename!r}: {error.strerror}", hint="check its permissions")

    for place, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = [name for name in folders if not name.startswith(".") and not name.endswith(".masks")]
        yield place, folders, names
        if not recursive:
            return


def _in_glob(pattern: Path, out: Path) -> tuple[Path, list[Path]]:
    """The glob's literal beginning, and the photos that match. A folder that is named "[sold]" counts as literal."""
    root = Path()
    parts = list(pattern.parts)
    while len(parts) > 1 and (root / parts[0]).is_dir():
        root /= parts.pop(0)
    _refuse_same(root, out)
    # Path.glob would match hidden files, and follows links in some Python versions only.
    names = glob.glob(str(Path(*parts)), root_dir=root, recursive=True)  # noqa: PTH207
    paths = (root / name for name in names)
    return root, _photos_among((path for path in paths if not path.is_dir()), root, out)


def _real(path: Path) -> Path:
    """The path without links; `Path.resolve` fails on links that go round in circles."""
    return Path(os.path.realpath(path))


def _refuse_list(path: Path, out: Path) -> None:
    """Refuses a CSV that the batch itself would write over, or remove once nothing fails."""
    if same_file(path, out / FAILURES_NAME):
        raise UsageError(
            f"{str(path)!r} is where a batch lists its failures",
            hint="use --retry-failed with the photos' folder, or copy it under another name",
        )


def _refuse_same(folder: Path, out: Path) -> None:
    if same_file(folder, out):
        raise UsageError(
            f"{str(out)!r} is both SOURCE and OUT", hint="name another folder with -o: photos are never overwritten"
        )


def _photos_among(paths: Iterator[Path], root: Path, out: Path) -> list[Path]:
    real_out, real_root = _real(out), _real(root)
    inside = real_out if real_out.is_relative_to(real_root) else None
    photos = []
    in_out: dict[Path, bool] = {}
    for path in paths:
        if not _is_photo(path.relative_to(root).parts):
            continue
        if path.parent not in in_out:
            in_out[path.parent] = inside is not None and _real(path.parent).is_relative_to(inside)
        if not in_out[path.parent]:
            photos.append(path)
    return sorted(set(photos), key=natural_key)


def _is_photo(parts: Sequence[str]) -> bool:
    """Whether a path below the source is a photo by its name: a photo's suffix, not hidden, not written by automask."""
    ours = COMPANION.fullmatch(parts[-1]) or any(part.endswith(".masks") for part in parts[:-1])
    hidden = any(part.startswith(".") for part in parts)
    return Path(parts[-1]).suffix.lower() in PHOTO_SUFFIXES and not ours and not hidden


def natural_key(path: Path) -> tuple[Any, ...]:
    """A sort key: "2.jpg" before "10.jpg", files before subfolders, upper and lower case together."""
    *folders, name = (_pieces(part) for part in path.parts)
    return [(1, piece) for piece in folders] + [(0, name)], str(path)


def _pieces(name: str) -> list[tuple[int, int, str]]:
    # isdecimal(), because isdigit() is also true of "²", for which int() raises.
    pieces = re.split(r"([0-9]+)", name.casefold())
    return [(0, int(piece), "") if piece.isdecimal() else (1, 0, piece) for piece in pieces]


def _nearest_entry(path: Path, otherwise: str) -> str:
    try:
        close = nearest(path.name, [entry.name for entry in path.parent.iterdir()])
    except OSError:
        return f"there is no folder {str(path.parent)!r} either"
    return f"did you mean {str(path.parent / close)!r}?" if close else otherwise


def _in_csv(
    path: Path,
    variants: tuple[Variant, ...] | None,
    recursive: bool,
    urls: dict[Path, str],
) -> list[_Source]:
    found: list[_Source] = []
    rows = _csv_rows(path)
    if not rows:
        raise UsageError(
            f"{str(path)!r} has no rows below its header", hint="one row for each photo: kitchen.jpg,island -> oak"
        )
    for number, cells, surplus in rows:
        name = cells.get("photo", "")
        try:
            if surplus:
                raise UsageError(
                    "more cells than columns", hint="put double quotes around edits that hold the separator"
                )
            if not name:
                raise UsageError("no photo", hint="name one in the column photo")
            words = cells.get("edits", "")
            if not words and variants is None:
                raise UsageError(
                    "no edits, and none for all photos", hint="fill the cell, or give EDITS for the empty ones"
                )
            own = parse_variants(words) if words else variants
            if is_url(name):
                urls[Path(name)] = name
                found.append(_Source(Path(name), own or (), Path()))
                continue
            photo = same_letters(path.parent / name)
            _refuse_unfit(photo)
            found.append(_Source(photo, own or (), _folder_in(photo, path.parent, recursive)))
        except AutomaskError as error:
            photo = path.parent / name if name else Path(path.name)
            shown = name if is_url(name) else str(photo)
            folder = _folder_in(photo, path.parent, recursive) if name else Path()
            found.append(_Source(photo, (), folder, f"row {number}: {one_line(error)}", shown))
    return found


def _folder_in(photo: Path, root: Path, recursive: bool) -> Path:
    """The folder of the results of a CSV's photo, relative to OUT."""
    try:
        place, root = _real(photo.parent), _real(root)
    except ValueError:  # a name that holds a zero byte
        return Path()
    return place.relative_to(root) if recursive and place.is_relative_to(root) else Path()


def _refuse_unfit(photo: Path) -> None:
    if photo.is_dir():
        raise PhotoError(f"{str(photo)!r} is a folder", hint="one row for each photo")
    if not photo.is_file():
        raise PhotoError(f"there is no file {str(photo)!r}", hint=_nearest_entry(photo, "fix its name"))
    if photo.suffix.lower() not in PHOTO_SUFFIXES:
        raise PhotoError(
            f"{photo.name!r} is not a photo by its ending", hint=f"photos end in {', '.join(sorted(PHOTO_SUFFIXES))}"
        )


def _csv_rows(path: Path) -> list[tuple[int, dict[str, str], bool]]:
    """Every row that is not blank: its number as a spreadsheet shows it, cells by column, whether there are surplus."""
    try:
        text = read_regular(path, _MOST_CSV_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{str(path)!r} is not UTF-8", hint="save it as 'CSV UTF-8'") from error
    except OSError as error:
        raise UsageError(f"cannot read {str(path)!r}: {error.strerror}", hint="check its permissions") from error
    head = next((line for line in text.splitlines() if line.strip() and not line.lower().startswith("sep=")), "")
    separator = next((char for char in ",;\t" if {"photo", "edits"} <= set(_columns(head, char))), None)
    if separator is None:
        raise UsageError(
            f"{str(path)!r} has no columns photo and edits: its first line is {head[:80]!r}",
            hint="let the first line be: photo,edits",
        )
    columns = _columns(head, separator)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    rows = []
    try:
        below = False
        for number, row in enumerate(reader, 1):
            cells = [cell.strip() for cell in row]
            if below and any(cells):
                surplus = any(cells[len(columns) :])
                rows.append((number, dict(zip(columns, cells, strict=False)), surplus))
            below = below or [cell.casefold() for cell in cells] == columns
    except csv.Error as error:
        raise UsageError(
            f"{str(path)!r}, line {reader.line_num}: {error}",
            hint='put a cell that holds double quotes in double quotes, and double its own: """rug"" -> red"',
        ) from error
    return rows


def _columns(head: str, separator: str) -> list[str]:
    return [cell.strip().strip('"').strip().casefold() for cell in head.split(separator)]


def _name_jobs(found: Sequence[_Source], out: Path, urls: Mapping[Path, str], out_url: str) -> Found:
    """The jobs, with names that do not clash; one whose result would overwrite a photo or another result is refused.

    A row that cannot become a job counts where results of equal names are numbered, so that the others keep their
    names once it is corrected.
    """
    names, results = _names_of(found)
    photos: dict[str, list[Path]] = defaultdict(list)
    for one in found:
        if not one.refused:
            photos[name_key(_real(one.photo))].append(one.photo)
    in_store = {canonical(url) for url in urls.values()} if out_url else set()
    jobs: list[Job] = []
    owners: dict[str, Job] = {}
    sheets = []
    refused: list[tuple[str, str]] = []
    rows: list[tuple[str, str]] = []

    def refuse(shown: str, row: str, reason: str) -> None:
        refused.append((shown, reason))
        rows.append((row, reason))

    for one, name, result_name in zip(found, names, results, strict=True):
        if one.refused:
            refuse(one.shown or str(one.photo), (one.folder / result_name).as_posix(), one.refused)
            continue
        photo, folder = one.photo, one.folder
        cells = []
        for variant in one.variants:
            place = "/".join([out_url.rstrip("/"), *Path(variant.name, folder).parts]) if out_url else ""
            job = Job(photo, variant.plan, out / variant.name / folder, name, urls.get(photo, ""), place)
            files = files_of(photo.name, job.out, name)
            result = files.result
            pictures = (result, files.masks, files.before_after, files.candidates, files.original)
            written = [name_key(path) for path in pictures]
            alike = photos.get(name_key(_real(result)), ())
            # Only where the system takes them for one file: the folders "in" and "In" may be different ones.
            over_photo = any(same_file(result, other) for other in alike)
            owner = next((owners[key] for key in written if key in owners), None)
            row = result.relative_to(out).as_posix()
            if over_photo or (out_url and canonical(f"{place}/{result.name}") in in_store):
                reason = f"its result would overwrite the photo {str(result)!r}; name another folder with -o"
                refuse(str(photo), row, reason)
            elif owner is not None:
                # For example a CSV's variant "oak" of one photo, and another photo in a subfolder "oak".
                reason = f"its result would overwrite the one of {str(owner.photo)!r}; run it in a separate batch"
                refuse(str(photo), row, reason)
            else:
                jobs.append(job)
                owners.update(dict.fromkeys(written, job))
                cells.append((without_folders(", ".join(variant.words)), job))
        if cells and one.variants[0].name and not out_url:  # sheets are not written into stores
            sheets.append(Sheet(files_of(photo.name, out / folder, name).variants, tuple(cells)))
    return Found(tuple(jobs), tuple(refused), tuple(sheets), tuple(rows))


def _names_of(found: Sequence[_Source]) -> tuple[list[str], list[str]]:
    """What the companions' names of each source begin with, and the file name of its result, unique in its folder."""
    folders: dict[str, list[int]] = defaultdict(list)
    for index, one in enumerate(found):
        folders[name_key(one.folder)].append(index)
    names, results = [""] * len(found), [""] * len(found)
    for indices in folders.values():
        own = result_names([found[index].photo.name for index in indices])
        for index, result in zip(indices, own, strict=True):
            results[index] = result
        good = [index for index in indices if not found[index].refused]
        for index, name in zip(good, companion_prefixes([results[index] for index in good]), strict=True):
            names[index] = name
    return names, results


def result_names(photos: Sequence[str]) -> list[str]:
    """File names of the results in one folder: the photos' own, numbered where a name occurs again.

    No two of them are the same by `name_key`.
    """
    own = {name_key(photo) for photo in photos}
    taken: set[str] = set()
    numbers: dict[str, Iterator[int]] = defaultdict(lambda: itertools.count(2))  # so that 8,000 equal rows are quick
    results = []
    for photo in photos:
        path, name = Path(photo), photo
        if name_key(photo) in taken:
            numbered = (f"{path.stem}-{number}{path.suffix}" for number in numbers[name_key(photo)])
            name = next(name for name in numbered if name_key(name) not in taken and name_key(name) not in own)
        taken.add(name_key(name))
        results.append(name)
    return results


def companion_prefixes(results: Sequence[str]) -> list[str]:
    """What the companions' names begin with: the result's stem if no other shares it, otherwise its full name.

    No two of them are the same by `name_key`.
    """
    prefixes = []
    for name in results:
        stem, suffix = Path(name).stem, Path(name).suffix
        prefixes.append(name if stem.endswith(suffix) else stem)
    while True:
        often = Counter(name_key(prefix) for prefix in prefixes)
        if max(often.values(), default=1) == 1:
            return prefixes
        prefixes = [
            name if often[name_key(prefix)] > 1 else prefix for prefix, name in zip(prefixes, results, strict=True)
        ]
