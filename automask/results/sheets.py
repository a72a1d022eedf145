"""Many captioned pictures on one sheet: contact sheets, candidates, variants.

Pure functions: [H, W, 3] uint8 in, [H, W, 3] uint8 out.
"""

import itertools
from collections.abc import Iterable, Sequence

import cv2
import numpy as np
from PIL import Image, ImageDraw

from automask.results.files import without_folders
from automask.results.lettering import INK, PAPER, font_for, shorten, wrap
from automask.results.previews import COLOURS
from automask.results.scaling import clamp, fit
from automask.types import Candidate, Rgb, Step

_VARIANT_PX = 960
"""Largest side of a picture on a sheet of variants."""


def contact_sheet(pictures: Iterable[tuple[str, Rgb]], *, columns: int = 3, cell_px: int = 640) -> Rgb:
    """Many captioned pictures on one sheet, row by row.

    Args:
        pictures: (caption, [H, W, 3] uint8) in reading order; consumed one by one, so that a generator saves memory.
        columns: Pictures per row; fewer if there are fewer pictures.
        cell_px: Width of a column; a picture is scaled down to it, never up, and to 3/4 of it in height.

    Returns:
        [H, W, 3] uint8; one blank cell when there are no pictures.
    """
    text_px = clamp(round(cell_px / 34), 11, 24)
    pad_px = max(6, cell_px // 32)
    rows: list[Rgb] = []
    queue = iter(pictures)
    while row := list(itertools.islice(queue, columns)):
        cells = [(text, fit(picture, cell_px, cell_px * 3 // 4)) for text, picture in row]
        rows.append(_sheet_row(cells, columns if rows else len(cells), cell_px, pad_px, text_px))
    if not rows:
        rows.append(np.full((cell_px * 3 // 4, cell_px + 2 * pad_px, 3), PAPER, dtype=np.uint8))
    top = np.full((pad_px, rows[0].shape[1], 3), PAPER, dtype=np.uint8)
    return np.concatenate([top, *rows])


def candidates_sheet(steps: Sequence[Step], *, cell_px: int = 480) -> Rgb:
    """Every candidate of every edit on one sheet: one row per edit, headed by its words, the chosen candidate framed.

    Args:
        steps: In order; the number of candidates may differ, and steps without candidates get no row.
        cell_px: Width of a column; a picture is scaled down to it, never up, and to 3/4 of it in height.

    Returns:
        [H, W, 3] uint8; one blank cell when there are no candidates.
    """
    rows = [step for step in steps if step.candidates]
    if not rows:
        return contact_sheet((), cell_px=cell_px)
    columns = max(len(step.candidates) for step in rows)
    text_px, pad_px = clamp(round(cell_px / 34), 11, 24), max(6, cell_px // 32)
    parts: list[Rgb] = []
    for step in rows:
        cells = [_candidate_cell(number, one, cell_px) for number, one in enumerate(step.candidates, start=1)]
        row = _sheet_row(cells, columns, cell_px, pad_px, text_px)
        words = without_folders(f"{', '.join(step.targets)} -> {step.prompt}")
        parts += [_heading(words, row.shape[1], pad_px, round(text_px * 1.2)), row]
    return np.concatenate(parts)


def variants_cell(caption: str, picture: Rgb) -> tuple[str, Rgb]:
    """A cell of `variants_sheet`, scaled to its size there, so that no large photo is kept in memory."""
    return caption, fit(picture, _VARIANT_PX, _VARIANT_PX)


def variants_sheet(cells: Sequence[tuple[str, Rgb]]) -> Rgb:
    """The photo and its variants on one sheet, each with its caption: two per row, three for 5 to 9 cells, then four.

    Args:
        cells: As returned by `variants_cell` or `text_cell`, the photo first.
    """
    columns = 2 if len(cells) <= 4 else 3 if len(cells) <= 9 else 4
    return contact_sheet(cells, columns=columns, cell_px=_VARIANT_PX)


def text_cell(caption: str, text: str, *, size_wh: tuple[int, int] = (640, 214)) -> tuple[str, Rgb]:
    """A contact sheet's cell with a text in place of a picture: why a photo has none."""
    width, height = size_wh
    text_px = max(11, width // 40)
    image = Image.new("RGB", size_wh, (236, 234, 230))
    draw = ImageDraw.Draw(image)
    font, text = font_for(text_px, text)
    lines = wrap(text, font, width - 4 * text_px)[: max(1, (height - 2 * text_px) // round(text_px * 1.4))]
    y = (height - len(lines) * text_px * 1.4) / 2
    for line in lines:
        draw.text((width / 2, y), line, font=font, fill=INK, anchor="ma")
        y += text_px * 1.4
    return caption, np.asarray(image)


def _candidate_cell(number: int, candidate: Candidate, cell_px: int) -> tuple[str, Rgb]:
    if candidate.picture is None:
        return text_cell(f"{number}: declined", candidate.reason or "", size_wh=(cell_px, cell_px // 3))
    frame_px = max(2, cell_px // 100)
    small = fit(candidate.picture, cell_px - 2 * frame_px, cell_px * 3 // 4 - 2 * frame_px)
    colour = COLOURS[4] if candidate.chosen else PAPER
    sides = (frame_px,) * 4
    framed = np.asarray(cv2.copyMakeBorder(small, *sides, cv2.BORDER_CONSTANT, value=colour), dtype=np.uint8)
    scores = "  ".join(f"{name} {value:.2f}" for name, value in candidate.scores)
    return f"{number}{' kept' if candidate.chosen else ''}: {scores}", framed


def _heading(text: str, width: int, pad_px: int, text_px: int) -> Rgb:
    image = Image.new("RGB", (width, round(text_px * 2.4)), PAPER)
    font, text = font_for(text_px, text)
    line = shorten(text, font, width - 2 * pad_px)
    ImageDraw.Draw(image).text((pad_px, image.height / 2), line, font=font, fill=INK, anchor="lm")
    return np.asarray(image)


def _sheet_row(cells: Sequence[tuple[str, Rgb]], columns: int, cell_px: int, pad_px: int, text_px: int) -> Rgb:
    tall_px = max(picture.shape[0] for _, picture in cells)
    size_wh = (pad_px + columns * (cell_px + pad_px), tall_px + round(text_px * 2.4))
    image = Image.new("RGB", size_wh, PAPER)
    draw = ImageDraw.Draw(image)
    for column, (text, picture) in enumerate(cells):
        x = pad_px + column * (cell_px + pad_px)
        y = tall_px - picture.shape[0]
        image.paste(Image.fromarray(picture), (x + (cell_px - picture.shape[1]) // 2, y))
        font, line = font_for(text_px, text)
        middle = (x + cell_px / 2, tall_px + text_px * 0.95)
        draw.text(middle, shorten(line, font, cell_px), font=font, fill=INK, anchor="mm")
    return np.asarray(image)
