"""The jobs of a batch: which photos there are, and where their results go."""

import csv
import glob
import io
import itertools
import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from automask.batches.failures import FAILURES_NAME, one_line
from automask.batches.page import is_page, page_in
from automask.batches.stores import canonical, files_below, is_url
from automask.errors import AutomaskError, MaskError, PhotoError, UsageError
from automask.images import LONGEST_NAME, PHOTO_SUFFIXES, read_regular, same_letters
from automask.plan import nearest, parse_variants
from automask.results.files import files_of, name_key, same_file, without_folders
from automask.results.records import read_record
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
        room: As in `Job`.
    """

    photo: Path
    variants: tuple[Variant, ...]
    folder: Path
    refused: str = ""
    shown: str = ""
    room: str = ""


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
class PassedOver:
    """Files of a source that look like photos and are automask's.

    Args:
        results: Results of an earlier OUT inside the source, as their records say.
        companions: Previews, originals and folders of masks, by their names.
    """

    results: int = 0
    companions: int = 0

    def __str__(self) -> str:
        counts = {"result": self.results, "preview or mask folder": self.companions}
        said = [f"{count} {_plural(what, count)}" for what, count in counts.items() if count]
        return f"passed over {' and '.join(said)} of automask" if said else ""


def _plural(what: str, count: int) -> str:
    return what if count == 1 else {"result": "results", "preview or mask folder": "previews or mask folders"}[what]


@dataclass(frozen=True, slots=True)
class Found:
    """The jobs of a batch.

    Args:
        jobs: In the order of a CSV's rows, otherwise in natural order (2 before 10); a photo's variants together.
        refused: (name, reason) of each photo or row that cannot become a job.
        sheets: One for each photo that has variants.
        refused_rows: The same with the names that a list of failures has: the path below OUT that the result would
            have.
        passed_over: What looks like photos there, and is automask's.
        root: The folder of the source, which the folders below OUT mirror; None for a store.
    """

    jobs: tuple[Job, ...]
    refused: tuple[tuple[str, str], ...]
    sheets: tuple[Sheet, ...] = ()
    refused_rows: tuple[tuple[str, str], ...] = ()
    passed_over: PassedOver = PassedOver()
    root: Path | None = None


@dataclass(slots=True)
class _Seen:
    """What a look at a source found; filled while it is walked."""

    photos: list[Path] = field(default_factory=list)
    unreadable: list[tuple[Path, str]] = field(default_factory=list)
    results: int = 0
    companions: int = 0

    @property
    def passed_over(self) -> PassedOver:
        return PassedOver(self.results, self.companions)


def find_jobs(
    source: str,
    *,
    out: Path,
    variants: tuple[Variant, ...] | None,
    recursive: bool = False,
    out_url: str = "",
    same_room: str = "",
) -> Found:
    """The jobs for the photos of a folder, a glob or a CSV with columns photo,edits, and same_room if it has one.

    Folder, glob, and photos of a CSV may be URLs of a store.

    A photo with several variants becomes one job per variant, in folders named after the variants below OUT.

    Skipped are hidden files, files without a photo's suffix, previews and originals that automask wrote
    (`kitchen.original.jpg`), results of an earlier OUT in a subfolder, and everything in OUT. A subfolder that cannot
    be read is refused, the others are looked at. Photos that share a stem keep their suffix in the names of their
    results; a name that occurs twice gets a number (-2). Names that differ only in case or in Unicode's form count as
    the same on every system, so that results may be copied to one that does not tell them apart.

    Args:
        source: A folder or file of exactly this name if there is one, otherwise a glob (`**` is any depth).
        out: The results' folder; it may be inside the source.
        variants: The plan for every photo, or its variants; None only for a CSV with edits in every row.
        recursive: Subfolders too, mirrored below OUT. A glob's folders are always mirrored; a CSV's only with
            `recursive`, otherwise all its results go into OUT itself.
        out_url: The store that the results go to; `out` is then a local folder in its place.
        same_room: The room that all photos show, but for the rows of a CSV that name another; empty for none.

    Raises:
        PhotoError: The source does not exist or has no photos.
        UsageError: The source is a single photo, or OUT itself, or a CSV that cannot be read; or there is no plan.
    """
    path = same_letters(source)
    urls: dict[Path, str] = {}
    if path.is_file() and path.suffix.lower() == ".csv":
        _refuse_list(path, out)
        rows = [replace(one, room=one.room or same_room) for one in _in_csv(path, variants, recursive, urls)]
        return replace(_name_jobs(rows, out, urls, out_url), root=path.parent)
    if is_url(source):
        return _in_store(source, variants, recursive, out, out_url, same_room)
    if path.is_file():
        if path.suffix.lower() in PHOTO_SUFFIXES:
            raise UsageError(f"{source!r} is one photo", hint=f"use: automask edit {source!r} ...")
        raise UsageError(f"{source!r} is not a folder, a glob or a CSV", hint="a CSV's name ends in .csv")
    if variants is None:
        raise UsageError(f"no edits for the photos of {source!r}", hint='say them, like "cabinets -> white"')
    if path.is_dir():
        root, seen = path, _in_folder(path, out, recursive)
    elif glob.has_magic(source):
        root, seen = _in_glob(path, out)
    else:
        raise PhotoError(
            f"there is no folder or file {source!r}", hint=_nearest_entry(path, "give a folder, a glob or a CSV")
        )
    if not seen.photos and not seen.unreadable:
        raise PhotoError(f"no photos in {source!r}", hint=_where_photos_are(path, seen, recursive=recursive))
    found = [_Source(folder, variants, folder.parent.relative_to(root), why) for folder, why in seen.unreadable]
    for photo in seen.photos:
        why = "" if photo.is_file() else "a broken link; fix or remove it"
        found.append(_Source(photo, variants, photo.parent.relative_to(root), why, room=same_room))
    named = _name_jobs(found, out, urls, out_url)
    return replace(named, passed_over=seen.passed_over, root=root)


def _where_photos_are(path: Path, seen: _Seen, *, recursive: bool) -> str:
    """The hint for a source without photos."""
    if seen.results:
        return f"{seen.passed_over}: name their own folder to edit results again"
    deeper = "" if recursive or not path.is_dir() else "; --recursive looks in subfolders too"
    return f"photos end in {', '.join(sorted(PHOTO_SUFFIXES))}{deeper}"


def _in_store(
    source: str, variants: tuple[Variant, ...] | None, recursive: bool, out: Path, out_url: str, same_room: str
) -> Found:
    """The jobs of the photos below a URL of a store."""
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
    urls: dict[Path, str] = {}
    companions = 0
    for path in paths:
        if out_url and path.is_relative_to(inside):
            continue
        companions += _is_companion(path.parts)
        if _is_photo(path.parts):
            url = f"{place}/{path}"
            urls[Path(url)] = url
            found.append(_Source(Path(url), variants, Path(path.parent), room=same_room))
    if not found:
        raise PhotoError(f"no photos in {source!r}", hint=f"photos end in {', '.join(sorted(PHOTO_SUFFIXES))}")
    found.sort(key=lambda item: natural_key(item.photo))
    return replace(_name_jobs(found, out, urls, out_url), passed_over=PassedOver(0, companions))


def _in_folder(folder: Path, out: Path, recursive: bool) -> _Seen:
    _refuse_same(folder, out)
    seen = _Seen()
    paths = (Path(place, name) for place, names in _walk(folder, out, recursive, seen) for name in names)
    _sort_out(paths, folder, out, seen)
    return seen


def _walk(folder: Path, out: Path, recursive: bool, seen: _Seen) -> Iterator[tuple[str, list[str]]]:
    """Each folder with its files' names; unreadable ones, and folders of masks, are told to `seen`."""

    def refuse(error: OSError) -> None:
        why = f"cannot read the folder: {error.strerror}; check its permissions"
        if error.filename is None or same_file(Path(error.filename), folder):
            raise PhotoError(f"cannot read the folder {str(folder)!r}: {error.strerror}", hint="check its permissions")
        seen.unreadable.append((Path(error.filename), why))

    real_out = _real(out)
    for place, folders, names in os.walk(folder, onerror=refuse):
        is_inside = _real(Path(place)).is_relative_to(real_out)
        masks = [name for name in folders if name.endswith(".masks") and not name.startswith(".")]
        seen.companions += 0 if is_inside else len(masks)
        folders[:] = [name for name in folders if not name.startswith(".") and name not in masks]
        yield place, names
        if not recursive:
            return


def _in_glob(pattern: Path, out: Path) -> tuple[Path, _Seen]:
    """The glob's literal beginning, and the photos that match. A folder that is named "[sold]" counts as literal."""
    root = Path()
    parts = list(pattern.parts)
    while len(parts) > 1 and (root / parts[0]).is_dir():
        root /= parts.pop(0)
    _refuse_same(root, out)
    seen = _Seen()
    if "**" in parts:  # glob passes unreadable folders over in silence
        for _ in _walk(root, out, True, seen):
            pass
        seen.companions = 0
    # Path.glob would match hidden files, and follows links in some Python versions only.
    names = glob.glob(str(Path(*parts)), root_dir=root, recursive=True)  # noqa: PTH207
    paths = (root / name for name in names)
    _sort_out((path for path in paths if not path.is_dir()), root, out, seen)
    return root, seen


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


def _sort_out(paths: Iterable[Path], root: Path, out: Path, seen: _Seen) -> None:
    """Tells `seen` the photos among the paths, in natural order, and counts what is automask's."""
    real_out, real_root = _real(out), _real(root)
    inside = real_out if real_out.is_relative_to(real_root) else None
    # Whoever names the OUT of a batch as SOURCE wants its results edited again.
    of_batch = is_page(page_in(root))
    photos = set()
    in_out: dict[Path, bool] = {}
    for path in paths:
        parts = path.relative_to(root).parts
        if path.parent not in in_out:
            in_out[path.parent] = inside is not None and _real(path.parent).is_relative_to(inside)
        if in_out[path.parent]:
            continue
        seen.companions += _is_companion(parts)
        if _is_photo(parts):
            photos.add(path)
    for path in sorted(photos, key=natural_key):
        if path.parent != root and not of_batch and _is_result(path):
            seen.results += 1
        else:
            seen.photos.append(path)


def _is_result(path: Path) -> bool:
    """Whether a record next to a picture says that it is a result."""
    for prefix in (path.stem, path.name):
        record = read_record(path.with_name(f"{prefix}.run.json"))
        if not record:
            continue
        if path.name in record.get("files", ()):
            return True
        if "files" not in record and files_of(record.get("photo", ""), path.parent, prefix).result == path:  # of 0.1
            return True
    return False


def _is_companion(parts: Sequence[str]) -> bool:
    """Whether a path below the source is passed over because of a name that automask gives to previews and masks."""
    if any(part.startswith(".") for part in parts) or Path(parts[-1]).suffix.lower() not in PHOTO_SUFFIXES:
        return False
    return bool(COMPANION.fullmatch(parts[-1]))


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
    unfit = 0
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
            _check_length(name)
            words = cells.get("edits", "")
            if not words and variants is None:
                raise UsageError(
                    "no edits, and none for all photos", hint="fill the cell, or give EDITS for the empty ones"
                )
            own, room = parse_variants(words) if words else variants, cells.get("same_room", "")
            if is_url(name):
                urls[Path(name)] = name
                found.append(_Source(Path(name), own or (), Path(), room=room))
                continue
            photo = same_letters(path.parent / name)
            _refuse_unfit(photo, suggest=unfit < _SUGGESTIONS)
            found.append(_Source(photo, own or (), _folder_in(photo, path.parent, recursive), room=room))
        except AutomaskError as error:
            unfit += 1
            name = _shortened(name)  # it names what failed in lists and on the sheet
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


_SUGGESTIONS = 100
"""Names of a CSV for which the nearest one in their folder is looked for: it takes long in a large folder."""


def _check_length(name: str) -> None:
    """Raises PhotoError for the name of a photo that no system or store can have."""
    longest = max(map(len, PurePosixPath(name).parts), default=0)
    if longest > LONGEST_NAME:
        raise PhotoError(
            f"the name has {longest} characters, more than the {LONGEST_NAME} of any photo", hint="fix the cell"
        )


def _shortened(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[:_SHOWN_CHARS]}\N{HORIZONTAL ELLIPSIS}"


_SHOWN_CHARS = 200
"""Of a name that is longer than any photo's."""


def _refuse_unfit(photo: Path, *, suggest: bool) -> None:
    try:
        is_folder, is_there = photo.is_dir(), photo.is_file()
    except OSError as error:  # too long altogether, or in a folder that may not be read
        raise PhotoError(
            f"cannot look for {_shortened(photo.name)!r}: {error.strerror}", hint="fix its name, or its folder"
        ) from error
    if is_folder:
        raise PhotoError(f"{str(photo)!r} is a folder", hint="one row for each photo")
    if not is_there:
        hint = _nearest_entry(photo, "fix its name") if suggest else "fix its name"
        raise PhotoError(f"there is no file {str(photo)!r}", hint=hint)
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
            below = below or [cell.casefold().replace("-", "_") for cell in cells] == columns
    except csv.Error as error:
        raise UsageError(
            f"{str(path)!r}, line {reader.line_num}: {error}",
            hint='put a cell that holds double quotes in double quotes, and double its own: """rug"" -> red"',
        ) from error
    return rows


def _columns(head: str, separator: str) -> list[str]:
    return [cell.strip().strip('"').strip().casefold().replace("-", "_") for cell in head.split(separator)]


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
            job = Job(photo, variant.plan, out / variant.name / folder, name, urls.get(photo, ""), place, room=one.room)
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


def with_masks(found: Found, masks: Path, out: Path) -> Found:
    """The jobs, each with its own folder of mask files: `kitchen.masks` in a folder that mirrors OUT.

    Masks of one photo serve all its variants where they are not sorted by variant.

    Raises:
        MaskError: There is no such folder.
    """
    folder = same_letters(masks)
    if not folder.is_dir():
        raise MaskError(f"no folder of masks at {str(masks)!r}", hint="name a folder that holds 'kitchen.masks'")

    def given(job: Job) -> Job:
        below = job.out.relative_to(out)
        places = (folder / below, folder / Path(*below.parts[1:]))
        own = [files_of(job.photo.name, place, job.name).masks for place in places]
        return replace(job, masks=next((path for path in own if path.is_dir()), own[0]))

    jobs = {job: given(job) for job in found.jobs}
    sheets = tuple(replace(one, cells=tuple((said, jobs[job]) for said, job in one.cells)) for one in found.sheets)
    return replace(found, jobs=tuple(jobs.values()), sheets=sheets)


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
