"""Contact sheets of a batch, and sheets of a photo's variants."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from automask.batches.failures import one_line
from automask.batches.find import COMPANION, Sheet, natural_key
from automask.errors import AutomaskError
from automask.images import open_photo
from automask.results.files import files_of, without_folders
from automask.results.scaling import thumbnail
from automask.results.seals import is_free, write_sheet
from automask.results.sheets import contact_sheet, text_cell, variants_cell, variants_sheet
from automask.types import Job, JobReport, Rgb

CELLS_PER_PAGE = 60
FAILURES_SHOWN = 200
"""A list of 100,000 rows that all failed would otherwise fill thousands of pages."""
MOST_SHOWN = 20_000
"""Results on the sheet and the page of one folder."""
_MAX_MEGAPIXELS = 400.0
_COLUMNS = 3
_CELL_PX = 640


def write_contact_sheet(out: Path, failures: Sequence[tuple[str, str]] = ()) -> tuple[Path, ...]:
    """Sheets of all before/after pictures below OUT, followed by the failures with their reasons.

    Sixty photos per page: contact-sheet.jpg, contact-sheet-2.jpg ... Surplus pages of an earlier, longer batch are
    removed; a picture of that name that automask did not write is kept, and the page gets a number.

    Raises:
        OutputError: A page cannot be written.
    """
    cells: list[Path | tuple[str, str]] = [*result_pictures(out), *failures[:FAILURES_SHOWN]]
    if len(failures) > FAILURES_SHOWN:
        cells.append((f"and {len(failures) - FAILURES_SHOWN} more that failed", "failures.csv lists all of them"))
    pages = []
    for first in range(0, max(1, len(cells)), CELLS_PER_PAGE):
        number = first // CELLS_PER_PAGE + 1
        page = out / ("contact-sheet.jpg" if number == 1 else f"contact-sheet-{number}.jpg")
        on_page = (_cell(cell, out) for cell in cells[first : first + CELLS_PER_PAGE])
        pages.append(write_sheet(page, contact_sheet(on_page, columns=_COLUMNS, cell_px=_CELL_PX)))
    for old in out.glob("contact-sheet*.jpg"):
        if old not in pages and COMPANION.fullmatch(old.name) and is_free(old):
            old.unlink(missing_ok=True)
    return tuple(pages)


def result_pictures(out: Path) -> list[Path]:
    """The before/after pictures below OUT that have a record, in natural order, without those in hidden folders.

    At most `MOST_SHOWN`: a page of a million photos opens in no browser.
    """
    found = (path for path in out.rglob("*.before-after.jpg") if not _is_hidden(path.relative_to(out)))
    return sorted((path for path in found if _record_of(path).is_file()), key=natural_key)[:MOST_SHOWN]


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts[:-1])


def write_variants_sheet(sheet: Sheet, reports: Mapping[Job, JobReport], *, among: frozenset[Job]) -> None:
    """Writes a sheet of variants once all of its jobs have ended; an existing sheet stays if all were skipped.

    Args:
        sheet: Its path, and the caption and job of each variant.
        reports: Of the jobs that have ended so far.
        among: The jobs of this batch; variants that are not among them are not waited for.

    Raises:
        OutputError: It cannot be written.
    """
    awaited = [job for _, job in sheet.cells if job in among]
    ended = [reports[job] for job in awaited if job in reports]
    if len(ended) < len(awaited) or (sheet.path.is_file() and all(report.status == "skipped" for report in ended)):
        return
    cells = [_variant_cell("before", sheet.cells[0][1].photo)]
    for caption, job in sheet.cells:
        reason = reports[job].reason if job in reports else None
        files = files_of(job.photo.name, job.out, job.name)
        if reason is None and files.record.is_file():
            cells.append(_variant_cell(caption, files.result))
        else:
            cells.append(text_cell(caption, reason or "not made"))
    write_sheet(sheet.path, variants_sheet(cells))


def _variant_cell(caption: str, path: Path) -> tuple[str, Rgb]:
    try:
        return variants_cell(caption, open_photo(path, max_megapixels=_MAX_MEGAPIXELS).rgb)
    except AutomaskError as error:
        return text_cell(caption, one_line(error))


def _record_of(before_after: Path) -> Path:
    return before_after.with_name(before_after.name.removesuffix(".before-after.jpg") + ".run.json")


def _cell(cell: Path | tuple[str, str], out: Path) -> tuple[str, Rgb]:
    if isinstance(cell, tuple):
        name = Path(cell[0]).name if Path(cell[0]).is_absolute() else cell[0]
        return text_cell(name, without_folders(cell[1]), size_wh=(_CELL_PX, _CELL_PX // 3))
    caption = cell.relative_to(out).as_posix().removesuffix(".before-after.jpg")
    try:
        return caption, thumbnail(cell, _CELL_PX)
    except (AutomaskError, OSError) as error:
        reason = f"its before/after picture cannot be read: {one_line(error)}"
        return text_cell(caption, reason, size_wh=(_CELL_PX, _CELL_PX // 3))
