"""Pictures for people: overlays, before/after, contact sheets.

Pure functions: [H, W, 3] uint8 in, [H, W, 3] uint8 out.
"""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw

from automask.results import disclosure
from automask.results.lettering import INK, PAPER, font_for, shorten, text_colour_on, wrap
from automask.types import Box, Candidate, Hard, Region, Rgb, Step

LONG_PX = 2400
"""Previews are drawn at most this long: sharp on any screen, and a 24-megapixel photo does not cost a 30 MB PNG."""
COLOURS: tuple[tuple[int, int, int], ...] = (
    (230, 159, 0),
    (86, 180, 233),
    (204, 121, 167),
    (240, 228, 66),
    (0, 158, 115),
    (213, 94, 0),
    (0, 114, 178),
)
"""Told apart under every common colour blindness; orange and sky blue first, the two that differ most.

Source: Okabe and Ito, "Color Universal Design" (2008), without its black.
"""
_VARIANT_PX = 960
_Rect = tuple[int, int, int, int]


def overlay(photo: Rgb, regions: Sequence[Region], *, long_px: int = LONG_PX) -> Rgb:
    """The photo, dimmed, with every region tinted in its own colour, outlined, boxed and labelled.

    Args:
        photo: [H, W, 3] uint8.
        regions: At photo size. The tint covers all that will be repainted (alpha above 0), the outline is the hard
            mask. What was not found is listed in the lower left corner with its reason.
        long_px: The result is scaled down to this long side; never up.

    Returns:
        [h, w, 3] uint8 of the photo's aspect. Without regions: the dimmed photo.
    """
    small = _shrink(photo, long_px)
    height, width = small.shape[:2]
    scale = width / photo.shape[1]
    line_px = max(1, round(max(height, width) / 900))
    grey = cv2.cvtColor(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    picture = np.asarray(cv2.addWeighted(small, 0.42, grey, 0.20, 0.0), dtype=np.uint8)
    masks = [_shrink_mask(region.hard, (height, width)) for region in regions]
    for number, region in enumerate(regions):
        if region.found:
            colour = COLOURS[number % len(COLOURS)]
            plate = np.broadcast_to(np.asarray(colour, dtype=np.uint8), small.shape)
            tint = cv2.addWeighted(small, 0.62, plate, 0.38, 0.0)
            soft = _shrink_mask(region.alpha > 0, (height, width))
            picture = np.where(soft[..., None], tint, picture)
    picture = np.ascontiguousarray(picture)
    for number, (region, mask) in enumerate(zip(regions, masks, strict=True)):
        if region.found:
            colour = COLOURS[number % len(COLOURS)]
            for box in region.boxes:
                _draw_box(picture, box, scale, colour)
            edges, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
            cv2.drawContours(picture, edges, -1, INK, line_px + 2, cv2.LINE_AA)
            cv2.drawContours(picture, edges, -1, colour, line_px, cv2.LINE_AA)
    return _label(picture, regions, masks)


def before_after(before: Rgb, after: Rgb, *, long_px: int = LONG_PX) -> Rgb:
    """Both pictures in one, captioned: side by side, or one above the other where they are wider than 2:1.

    Args:
        before: [H, W, 3] uint8.
        after: [H, W, 3] uint8 of the same size.
        long_px: Long side of the whole; smaller pictures are not enlarged.
    """
    lie = split_layout((before.shape[1], before.shape[0]), long_px=long_px)
    pictures = [_resize(picture, lie.scale) for picture in (before, after)]
    text_px = _clamp(round(max(pictures[0].shape[:2]) / 42), 11, 30)
    pictures = [_caption(half, text, text_px) for half, text in zip(pictures, ("before", "after"), strict=True)]
    height, width = pictures[0].shape[:2]
    gap = np.full((lie.gap_px, width, 3) if lie.stacked else (height, lie.gap_px, 3), PAPER, dtype=np.uint8)
    return np.concatenate([pictures[0], gap, pictures[1]], axis=0 if lie.stacked else 1)


@dataclass(frozen=True, slots=True)
class SplitLayout:
    """How the two halves of a before/after picture lie.

    Args:
        size_wh: Of each half, in pixels.
        gap_px: Between them.
        stacked: One above the other; else side by side.
        scale: From the photo to a half, at most 1.
    """

    size_wh: tuple[int, int]
    gap_px: int
    stacked: bool
    scale: float


def split_layout(size_wh: tuple[int, int], *, long_px: int = LONG_PX) -> SplitLayout:
    """How `before_after` lays the halves of a photo of this size."""
    width, height = size_wh
    stacked = width > 2 * height
    gap_px = max(2, round(long_px / 300))
    room_px = (long_px - gap_px) // 2
    along, across = (height, width) if stacked else (width, height)
    scale = min(1.0, room_px / along, long_px / across)
    return SplitLayout(_scaled(size_wh, scale), gap_px, stacked, scale)


def contact_sheet(pictures: Iterable[tuple[str, Rgb]], *, columns: int = 3, cell_px: int = 640) -> Rgb:
    """Many captioned pictures on one sheet, row by row.

    Args:
        pictures: (caption, [H, W, 3] uint8) in reading order; taken one by one, so a generator bounds memory.
        columns: Pictures in a row; fewer where there are fewer pictures.
        cell_px: Width of a column; a picture is scaled down to it, never up, and to 3/4 of it in height.

    Returns:
        [H, W, 3] uint8; one blank cell when there are no pictures.
    """
    text_px = _clamp(round(cell_px / 34), 11, 24)
    pad_px = max(6, cell_px // 32)
    rows: list[Rgb] = []
    queue = iter(pictures)
    while row := list(itertools.islice(queue, columns)):
        cells = [(text, _fit(picture, cell_px, cell_px * 3 // 4)) for text, picture in row]
        rows.append(_sheet_row(cells, columns if rows else len(cells), cell_px, pad_px, text_px))
    if not rows:
        rows.append(np.full((cell_px * 3 // 4, cell_px + 2 * pad_px, 3), PAPER, dtype=np.uint8))
    top = np.full((pad_px, rows[0].shape[1], 3), PAPER, dtype=np.uint8)
    return np.concatenate([top, *rows])


def candidates_sheet(steps: Sequence[Step], *, cell_px: int = 480) -> Rgb:
    """Every candidate of every edit on one sheet: a row for each edit, its words above, and the kept one framed.

    Args:
        steps: In order; each may have another number of candidates, and those without have no row.
        cell_px: Width of a column; a picture is scaled down to it, never up, and to 3/4 of it in height.

    Returns:
        [H, W, 3] uint8; one blank cell when there are no candidates.
    """
    rows = [step for step in steps if step.candidates]
    if not rows:
        return contact_sheet((), cell_px=cell_px)
    columns = max(len(step.candidates) for step in rows)
    text_px, pad_px = _clamp(round(cell_px / 34), 11, 24), max(6, cell_px // 32)
    parts: list[Rgb] = []
    for step in rows:
        cells = [_candidate_cell(number, one, cell_px) for number, one in enumerate(step.candidates, start=1)]
        row = _sheet_row(cells, columns, cell_px, pad_px, text_px)
        words = f"{', '.join(step.targets)} -> {step.prompt}"
        parts += [_heading(words, row.shape[1], pad_px, round(text_px * 1.2)), row]
    return np.concatenate(parts)


def _candidate_cell(number: int, candidate: Candidate, cell_px: int) -> tuple[str, Rgb]:
    if candidate.picture is None:
        return text_cell(f"{number}: declined", candidate.reason or "", size_wh=(cell_px, cell_px // 3))
    frame_px = max(2, cell_px // 100)
    small = _fit(candidate.picture, cell_px - 2 * frame_px, cell_px * 3 // 4 - 2 * frame_px)
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


def variants_cell(caption: str, picture: Rgb) -> tuple[str, Rgb]:
    """A cell of `variants_sheet`, already as small as it is shown there: a large photo need not wait in memory."""
    return caption, _fit(picture, _VARIANT_PX, _VARIANT_PX)


def variants_sheet(cells: Sequence[tuple[str, Rgb]]) -> Rgb:
    """The photo and its variants on one sheet, each with its caption: two in a row, of more than four three, then four.

    Args:
        cells: As `variants_cell` or `text_cell` gives them, the photo first.
    """
    columns = 2 if len(cells) <= 4 else 3 if len(cells) <= 9 else 4
    return contact_sheet(cells, columns=columns, cell_px=_VARIANT_PX)


def label_plate(size_wh: tuple[int, int]) -> Rgb | None:
    """The label of a disclosed photo: `Digitally altered` on a plate, fit for a photo of this size.

    The letters are 2.4 % of the short side tall, and never less than 11 px where that fits: on one line, else on two,
    else down to 8 px. The plate takes at most half of the photo; None where not even that can be read.
    """
    width, height = size_wh
    wanted = max(11, round(0.024 * min(size_wh)))
    for text_px in range(wanted, 7, -1):
        for lines in ([disclosure.LABEL], disclosure.LABEL.split()):
            lettered = [font_for(text_px, line) for line in lines]
            plate_w = round(max(font.getlength(line) for font, line in lettered) + text_px)
            plate_h = round((1.2 * len(lines) + 0.5) * text_px)
            if plate_w > width or plate_h > height or 2 * plate_w * plate_h > width * height:
                continue
            image = Image.new("RGB", (plate_w, plate_h), INK)
            draw = ImageDraw.Draw(image)
            for row, (font, line) in enumerate(lettered):
                middle = (plate_w / 2, (0.85 + 1.2 * row) * text_px)
                draw.text(middle, line, font=font, fill=PAPER, anchor="mm")
            return np.asarray(image)
    return None


def text_cell(caption: str, text: str, *, size_wh: tuple[int, int] = (640, 214)) -> tuple[str, Rgb]:
    """A contact sheet's cell for a photo that has no picture: the reason, in words."""
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


def thumbnail(path: Path, long_px: int) -> Rgb:
    """A picture file at most `long_px` long: a JPEG is decoded at a fraction of its size, so a thousand cost seconds.

    Raises:
        OSError: The file is not there or is no picture.
    """
    with Image.open(path) as image:
        image.draft("RGB", (long_px, long_px))
        return _shrink(np.asarray(image.convert("RGB")), long_px)


def _shrink(picture: Rgb, long_px: int) -> Rgb:
    return _resize(picture, min(1.0, long_px / max(picture.shape[:2])))


def _resize(picture: Rgb, scale: float) -> Rgb:
    if scale >= 1.0:
        return picture.copy()
    size_wh = _scaled((picture.shape[1], picture.shape[0]), scale)
    return np.asarray(cv2.resize(picture, size_wh, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _scaled(size_wh: tuple[int, int], scale: float) -> tuple[int, int]:
    return max(1, round(size_wh[0] * scale)), max(1, round(size_wh[1] * scale))


def _shrink_mask(mask: Hard, size_hw: tuple[int, int]) -> Hard:
    if mask.shape == size_hw:
        return mask
    grey = mask.astype(np.uint8) * np.uint8(255)
    return np.asarray(cv2.resize(grey, size_hw[::-1], interpolation=cv2.INTER_AREA) > 127, dtype=np.bool_)


def _fit(picture: Rgb, width: int, height: int) -> Rgb:
    return _resize(picture, min(1.0, width / picture.shape[1], height / picture.shape[0]))


def _clamp(value: int, low: int, high: int) -> int:
    return max(low, min(value, high))


def _draw_box(picture: Rgb, box: Box, scale: float, colour: tuple[int, int, int]) -> None:
    corner = (round(box.x0 * scale), round(box.y0 * scale))
    opposite = (round(box.x1 * scale) - 1, round(box.y1 * scale) - 1)
    cv2.rectangle(picture, corner, opposite, colour, 1)


def _label(picture: Rgb, regions: Sequence[Region], masks: Sequence[Hard]) -> Rgb:
    height, width = picture.shape[:2]
    text_px = _clamp(round(max(height, width) / 64), 11, 34)
    image = Image.fromarray(picture)
    draw = ImageDraw.Draw(image, "RGBA")
    taken = _list_missing(draw, regions, (height, width), text_px)
    for number, (region, mask) in enumerate(zip(regions, masks, strict=True)):
        if not region.found:
            continue
        colour = COLOURS[number % len(COLOURS)]
        peak = "" if region.peak is None else f"  {region.peak:.2f}"
        text = f"{number + 1}  {region.target}{peak}"
        font, text = font_for(text_px, text)
        text = shorten(text, font, width - 3 * text_px)
        label_w, label_h = round(font.getlength(text) + 1.4 * text_px), round(text_px * 1.8)
        rect = _place(_middle(mask), (label_w, label_h), (height, width), taken)
        taken.append(rect)
        draw.rounded_rectangle(rect, radius=label_h / 2, fill=(*colour, 255), outline=(*INK, 255))
        middle = ((rect[0] + rect[2]) / 2, (rect[1] + rect[3]) / 2)
        draw.text(middle, text, font=font, fill=text_colour_on(colour), anchor="mm")
    return np.asarray(image)


def _list_missing(
    draw: ImageDraw.ImageDraw, regions: Sequence[Region], size_hw: tuple[int, int], text_px: int
) -> list[_Rect]:
    """Lists in the lower left corner what was not found; gives the rectangle it took."""
    lines = []
    for number, region in enumerate(regions):
        if region.reason is not None or not region.found:
            lines.append(f"{number + 1}  {region.reason or f'no {region.target!r}'}")
    if not lines:
        return []
    height, width = size_hw
    lettered = [font_for(text_px, line) for line in lines]
    lettered = [(font, shorten(line, font, width - 5 * text_px)) for font, line in lettered]
    step_px = round(text_px * 1.6)
    panel_w = round(max(font.getlength(line) for font, line in lettered) + 2 * text_px)
    panel_h = step_px * len(lettered) + text_px
    rect = (text_px, height - text_px - panel_h, text_px + panel_w, height - text_px)
    draw.rounded_rectangle(rect, radius=text_px / 2, fill=(*INK, 225))
    for row, (font, line) in enumerate(lettered):
        middle = rect[1] + text_px / 2 + (row + 0.5) * step_px
        draw.text((rect[0] + text_px, middle), line, font=font, fill=PAPER, anchor="lm")
    return [rect]


def _middle(mask: Hard) -> tuple[int, int]:
    """The (x, y) furthest inside the mask: a label there stands on the object, a box's middle may stand beside it."""
    if not mask.any():
        return mask.shape[1] // 2, mask.shape[0] // 2
    framed = np.pad(mask.astype(np.uint8), 1)
    depth = cv2.distanceTransform(framed, cv2.DIST_L2, 3)[1:-1, 1:-1]
    y, x = np.unravel_index(int(np.argmax(depth)), mask.shape)
    return int(x), int(y)


def _place(at: tuple[int, int], size_wh: tuple[int, int], frame_hw: tuple[int, int], taken: Sequence[_Rect]) -> _Rect:
    """A rectangle around `at`, moved into the frame, then up or down until it covers no other."""
    label_w, label_h = size_wh
    height, width = frame_hw
    edge_px = label_h // 4
    x0 = _clamp(at[0] - label_w // 2, edge_px, max(edge_px, width - edge_px - label_w))
    first = (x0, 0, x0 + label_w, label_h)
    for nth in range(2 * height // label_h):
        shift = (nth + 1) // 2 * (label_h + 2) * (1 if nth % 2 else -1)
        y0 = _clamp(at[1] - label_h // 2 + shift, edge_px, max(edge_px, height - edge_px - label_h))
        rect = (x0, y0, x0 + label_w, y0 + label_h)
        if nth == 0:
            first = rect
        if not any(rect[0] < o[2] and o[0] < rect[2] and rect[1] < o[3] and o[1] < rect[3] for o in taken):
            return rect
    return first


def _caption(picture: Rgb, text: str, text_px: int) -> Rgb:
    image = Image.fromarray(picture)
    draw = ImageDraw.Draw(image, "RGBA")
    font, text = font_for(text_px, text)
    margin = round(text_px * 0.8)
    rect = (margin, margin, margin + font.getlength(text) + 1.4 * text_px, margin + text_px * 1.8)
    draw.rounded_rectangle(rect, radius=text_px * 0.9, fill=(*INK, 190))
    draw.text(((rect[0] + rect[2]) / 2, (rect[1] + rect[3]) / 2), text, font=font, fill=PAPER, anchor="mm")
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
