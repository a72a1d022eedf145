"""What a person looks at after an edit, and the files that it writes.

The picture functions are pure: [H, W, 3] uint8 in, [H, W, 3] uint8 out. Text is drawn with PIL, because OpenCV's
letters stop at ASCII; so this module, beside `images/`, may import PIL.
"""

import bisect
import functools
import itertools
import json
import os
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from automask import __version__, credentials, disclosure
from automask.errors import AutomaskError, MaskError, OutputError, UsageError
from automask.images import PHOTO_SUFFIXES, Photo, atomic_path, see_through, write_mask, write_photo, write_picture
from automask.plan import format_plan, mask_name
from automask.types import Alpha, Box, Candidate, Disclose, Hard, Plan, Region, Rgb, Step, Variant

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
_PAPER = (250, 250, 248)
_INK = (32, 33, 36)
_Rect = tuple[int, int, int, int]


# ----------------------------------------------------------------------------------------------------------- pictures


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
            cv2.drawContours(picture, edges, -1, _INK, line_px + 2, cv2.LINE_AA)
            cv2.drawContours(picture, edges, -1, colour, line_px, cv2.LINE_AA)
    return _label(picture, regions, masks)


def before_after(before: Rgb, after: Rgb, *, long_px: int = LONG_PX) -> Rgb:
    """Both pictures in one, captioned: side by side, or one above the other where they are wider than 2:1.

    Args:
        before: [H, W, 3] uint8.
        after: [H, W, 3] uint8 of the same size.
        long_px: Long side of the whole; smaller pictures are not enlarged.
    """
    lie = halves((before.shape[1], before.shape[0]), long_px=long_px)
    pictures = [_resize(picture, lie.scale) for picture in (before, after)]
    text_px = _clamp(round(max(pictures[0].shape[:2]) / 42), 11, 30)
    pictures = [_caption(half, text, text_px) for half, text in zip(pictures, ("before", "after"), strict=True)]
    height, width = pictures[0].shape[:2]
    gap = np.full((lie.gap_px, width, 3) if lie.stacked else (height, lie.gap_px, 3), _PAPER, dtype=np.uint8)
    return np.concatenate([pictures[0], gap, pictures[1]], axis=0 if lie.stacked else 1)


@dataclass(frozen=True, slots=True)
class Halves:
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


def halves(size_wh: tuple[int, int], *, long_px: int = LONG_PX) -> Halves:
    """How `before_after` lays the halves of a photo of this size."""
    width, height = size_wh
    stacked = width > 2 * height
    gap_px = max(2, round(long_px / 300))
    room_px = (long_px - gap_px) // 2
    along, across = (height, width) if stacked else (width, height)
    scale = min(1.0, room_px / along, long_px / across)
    return Halves(_scaled(size_wh, scale), gap_px, stacked, scale)


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
        rows.append(np.full((cell_px * 3 // 4, cell_px + 2 * pad_px, 3), _PAPER, dtype=np.uint8))
    top = np.full((pad_px, rows[0].shape[1], 3), _PAPER, dtype=np.uint8)
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
        return notice(f"{number}: declined", candidate.reason or "", size_wh=(cell_px, cell_px // 3))
    frame_px = max(2, cell_px // 100)
    small = _fit(candidate.picture, cell_px - 2 * frame_px, cell_px * 3 // 4 - 2 * frame_px)
    colour = COLOURS[4] if candidate.chosen else _PAPER
    sides = (frame_px,) * 4
    framed = np.asarray(cv2.copyMakeBorder(small, *sides, cv2.BORDER_CONSTANT, value=colour), dtype=np.uint8)
    scores = "  ".join(f"{name} {value:.2f}" for name, value in candidate.scores)
    return f"{number}{' kept' if candidate.chosen else ''}: {scores}", framed


def _heading(text: str, width: int, pad_px: int, text_px: int) -> Rgb:
    image = Image.new("RGB", (width, round(text_px * 2.4)), _PAPER)
    font, text = _letters(text_px, text)
    line = _shorten(text, font, width - 2 * pad_px)
    ImageDraw.Draw(image).text((pad_px, image.height / 2), line, font=font, fill=_INK, anchor="lm")
    return np.asarray(image)


def variants_cell(caption: str, picture: Rgb) -> tuple[str, Rgb]:
    """A cell of `variants_sheet`, already as small as it is shown there: a large photo need not wait in memory."""
    return caption, _fit(picture, _VARIANT_PX, _VARIANT_PX)


def variants_sheet(cells: Sequence[tuple[str, Rgb]]) -> Rgb:
    """The photo and its variants on one sheet, each with its caption: two in a row, of more than four three, then four.

    Args:
        cells: As `variants_cell` or `notice` gives them, the photo first.
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
            lettered = [_letters(text_px, line) for line in lines]
            plate_w = round(max(font.getlength(line) for font, line in lettered) + text_px)
            plate_h = round((1.2 * len(lines) + 0.5) * text_px)
            if plate_w > width or plate_h > height or 2 * plate_w * plate_h > width * height:
                continue
            image = Image.new("RGB", (plate_w, plate_h), _INK)
            draw = ImageDraw.Draw(image)
            for row, (font, line) in enumerate(lettered):
                middle = (plate_w / 2, (0.85 + 1.2 * row) * text_px)
                draw.text(middle, line, font=font, fill=_PAPER, anchor="mm")
            return np.asarray(image)
    return None


def notice(caption: str, text: str, *, size_wh: tuple[int, int] = (640, 214)) -> tuple[str, Rgb]:
    """A contact sheet's cell for a photo that has no picture: the reason, in words."""
    width, height = size_wh
    text_px = max(11, width // 40)
    image = Image.new("RGB", size_wh, (236, 234, 230))
    draw = ImageDraw.Draw(image)
    font, text = _letters(text_px, text)
    lines = _wrap(text, font, width - 4 * text_px)[: max(1, (height - 2 * text_px) // round(text_px * 1.4))]
    y = (height - len(lines) * text_px * 1.4) / 2
    for line in lines:
        draw.text((width / 2, y), line, font=font, fill=_INK, anchor="ma")
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
        font, text = _letters(text_px, text)
        text = _shorten(text, font, width - 3 * text_px)
        label_w, label_h = round(font.getlength(text) + 1.4 * text_px), round(text_px * 1.8)
        rect = _place(_middle(mask), (label_w, label_h), (height, width), taken)
        taken.append(rect)
        draw.rounded_rectangle(rect, radius=label_h / 2, fill=(*colour, 255), outline=(*_INK, 255))
        middle = ((rect[0] + rect[2]) / 2, (rect[1] + rect[3]) / 2)
        draw.text(middle, text, font=font, fill=_ink_on(colour), anchor="mm")
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
    lettered = [_letters(text_px, line) for line in lines]
    lettered = [(font, _shorten(line, font, width - 5 * text_px)) for font, line in lettered]
    step_px = round(text_px * 1.6)
    panel_w = round(max(font.getlength(line) for font, line in lettered) + 2 * text_px)
    panel_h = step_px * len(lettered) + text_px
    rect = (text_px, height - text_px - panel_h, text_px + panel_w, height - text_px)
    draw.rounded_rectangle(rect, radius=text_px / 2, fill=(*_INK, 225))
    for row, (font, line) in enumerate(lettered):
        middle = rect[1] + text_px / 2 + (row + 0.5) * step_px
        draw.text((rect[0] + text_px, middle), line, font=font, fill=_PAPER, anchor="lm")
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
    font, text = _letters(text_px, text)
    margin = round(text_px * 0.8)
    rect = (margin, margin, margin + font.getlength(text) + 1.4 * text_px, margin + text_px * 1.8)
    draw.rounded_rectangle(rect, radius=text_px * 0.9, fill=(*_INK, 190))
    draw.text(((rect[0] + rect[2]) / 2, (rect[1] + rect[3]) / 2), text, font=font, fill=_PAPER, anchor="mm")
    return np.asarray(image)


def _sheet_row(cells: Sequence[tuple[str, Rgb]], columns: int, cell_px: int, pad_px: int, text_px: int) -> Rgb:
    tall_px = max(picture.shape[0] for _, picture in cells)
    size_wh = (pad_px + columns * (cell_px + pad_px), tall_px + round(text_px * 2.4))
    image = Image.new("RGB", size_wh, _PAPER)
    draw = ImageDraw.Draw(image)
    for column, (text, picture) in enumerate(cells):
        x = pad_px + column * (cell_px + pad_px)
        y = tall_px - picture.shape[0]
        image.paste(Image.fromarray(picture), (x + (cell_px - picture.shape[1]) // 2, y))
        font, line = _letters(text_px, text)
        middle = (x + cell_px / 2, tall_px + text_px * 0.95)
        draw.text(middle, _shorten(line, font, cell_px), font=font, fill=_INK, anchor="mm")
    return np.asarray(image)


# --------------------------------------------------------------------------------------------------------------- text

_MORE_FONTS = (
    "DejaVuSans.ttf",
    "NotoSans-Regular.ttf",
    "NotoSansCJK-Regular.ttc",
    "wqy-microhei.ttc",
    "Arial Unicode.ttf",
    "Arial.ttf",
    "arial.ttf",
    "msyh.ttc",
)


@functools.lru_cache(maxsize=64)
def _named_font(name: str, text_px: int) -> ImageFont.FreeTypeFont | None:
    try:
        if not name:
            font = ImageFont.load_default(text_px)
        else:
            # Not Raqm: not every Pillow has it, and it fails on a text that begins with a combining accent.
            font = ImageFont.truetype(name, text_px, layout_engine=ImageFont.Layout.BASIC)
    except OSError:
        return None
    return font if isinstance(font, ImageFont.FreeTypeFont) else None


@functools.lru_cache(maxsize=4096)
def _draws(name: str, char: str) -> bool:
    """Whether a font has the character: it draws something else than for one that no font has."""
    font = _named_font(name, 16)
    if font is None:
        return False
    return char.isspace() or bytes(font.getmask(char)) != bytes(font.getmask("\U0010ffff"))


def _letters(text_px: int, text: str) -> tuple[ImageFont.FreeTypeFont, str]:
    """A font for the text, and the text as that font can draw it.

    Pillow's own letters, the same on every machine, hold ASCII and little more; for other scripts the system's font
    that has most of the text is taken. Where none has an accented letter, the accent goes.
    """
    text = "".join(char if char.isprintable() else " " for char in text)
    best = max(("", *_MORE_FONTS), key=lambda name: sum(_draws(name, char) for char in set(text)))
    font = _named_font(best, text_px)
    if font is None:
        raise AutomaskError("this Pillow was built without FreeType and draws no text", mend="install Pillow's wheel")
    return font, "".join(char if _draws(best, char) else _without_accent(char) for char in text)


def _without_accent(char: str) -> str:
    plain = unicodedata.normalize("NFKD", char)[0]
    return plain if plain.isascii() else char


def _shorten(text: str, font: ImageFont.FreeTypeFont, room_px: float) -> str:
    """The text, its middle an ellipsis where it is wider than the room: file names often differ at the end."""
    if font.getlength(text) <= room_px:
        return text
    widths = range(1, len(text))
    kept = bisect.bisect_right(widths, room_px, key=lambda count: font.getlength(_without_middle(text, count)))
    return _without_middle(text, kept) if kept else "…"


def _without_middle(text: str, kept: int) -> str:
    return f"{text[: (kept + 1) // 2]}…{text[len(text) - kept // 2 :]}"


def _wrap(text: str, font: ImageFont.FreeTypeFont, room_px: float) -> list[str]:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) <= room_px:
            lines[-1] = longer
        else:
            lines.append(_shorten(word, font, room_px))
    return [line for line in lines if line]


def _ink_on(colour: tuple[int, int, int]) -> tuple[int, int, int]:
    """Dark or light letters, whichever stand out more; luma weights of ITU-R BT.601."""
    return _INK if 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2] > 120 else _PAPER


# ---------------------------------------------------------------------------------------------------------------- RLE


def coco_rle(hard: Hard) -> dict[str, Any]:
    """A mask as COCO's compressed run lengths, byte for byte as pycocotools writes it (with `counts` as text).

    Args:
        hard: [H, W] bool.

    Source: pycocotools, common/maskApi.c: `rleEncode` (runs down the columns, the first of zeros) and `rleToString`
    (each run from the fourth on as the difference to the one two before, in 5-bit groups; the sixth bit says
    "more"; plus 48).
    """
    flat = np.asarray(hard, dtype=np.bool_).ravel(order="F")
    turns = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    starts = np.concatenate([[0], turns]) if flat.size else np.zeros(0, dtype=np.int64)
    runs = np.diff(np.append(starts, flat.size))
    if flat.size and flat[0]:
        runs = np.concatenate([[0], runs])
    if not flat.size:
        runs = np.zeros(1, dtype=np.int64)
    values = runs.astype(np.int64)
    values[3:] -= runs[1:-2]
    codes, used = [], []
    more = np.ones(values.shape, dtype=np.bool_)
    while more.any():
        used.append(more)
        group = values & 0x1F
        values = values >> 5
        more = more & np.where(group & 0x10, values != -1, values != 0)
        codes.append(group + np.where(more, 0x20, 0) + 48)
    text = np.stack(codes, axis=1)[np.stack(used, axis=1)].astype(np.uint8).tobytes().decode("ascii")
    return {"size": [int(hard.shape[0]), int(hard.shape[1])], "counts": text}


def coco_hard(rle: Mapping[str, Any]) -> Hard:
    """The [H, W] bool mask of COCO's compressed run lengths.

    Raises:
        MaskError: The runs do not add up to the size.
    """
    height, width = rle["size"]
    runs: list[int] = []
    value, shift = 0, 0
    for code in str(rle["counts"]).encode("ascii"):
        group = code - 48
        value |= (group & 0x1F) << shift
        shift += 5
        if group & 0x20:
            continue
        if group & 0x10:
            value -= 1 << shift
        runs.append(value + runs[-2] if len(runs) > 2 else value)
        value, shift = 0, 0
    if sum(runs) != height * width or min(runs, default=0) < 0:
        raise MaskError(
            f"run lengths add up to {sum(runs)} pixels, not {height} x {width}",
            mend="the mask file is damaged: make it anew",
        )
    flat = np.repeat(np.arange(len(runs)) % 2 == 1, runs)
    return np.ascontiguousarray(flat.reshape((height, width), order="F"))


# ------------------------------------------------------------------------------------------------------------ records


def run_record(
    photo: Photo,
    plan: Plan,
    steps: Sequence[Step],
    *,
    preset: str = "",
    seed: int = 0,
    outside_changed_px: int = 0,
    models: Mapping[str, Any] | None = None,
    versions: Mapping[str, str] | None = None,
    timing: Mapping[str, float] | None = None,
    notes: Sequence[str] = (),
    digest: str = "",
) -> dict[str, Any]:
    """The record of an edit, as `kitchen.run.json` holds it. Only what is under `timing` may differ from run to run.

    Args:
        photo: The photo.
        plan: What was asked.
        steps: What became of it.
        preset: The preset it was run with.
        seed: The run's seed.
        outside_changed_px: Pixels with alpha 0 that changed: 0, or a law is broken.
        models: What was loaded, by stage.
        versions: Of automask and of what computes, by package.
        timing: Seconds, by stage.
        notes: What a person should know; the photo's own notes stand before them.
        digest: Of photo, plan, configuration and version; a batch resumes by it.
    """
    return {
        "schema": 1,
        "photo": photo.name,
        "size_wh": [int(side) for side in photo.size_wh],
        "plan": format_plan(plan),
        "preset": preset,
        "seed": seed,
        "outside_changed_px": outside_changed_px,
        "steps": [step_record(step) for step in steps],
        "models": dict(models or {}),
        "versions": dict(versions or {}),
        "timing": _rounded(dict(timing or {})),
        "encoder_changed_px": 0,
        "encoder_max_diff": 0,
        "notes": [*photo.notes, *notes],
        "digest": digest,
    }


def step_record(step: Step) -> dict[str, Any]:
    """One step of a record as plain values, floats to four digits."""
    return {
        "targets": list(step.targets),
        "read_as": list(step.read_as),
        "prompt": step.prompt,
        "seed": step.seed,
        "found": step.found,
        "missing": list(step.missing),
        "peak": _rounded(step.peak),
        "boxes": [_box_record(box) for box in step.boxes],
        "area_px": step.area_px,
        "reason": step.reason,
        **({"candidates": [_candidate_record(one) for one in step.candidates]} if step.candidates else {}),
    }


def _candidate_record(candidate: Candidate) -> dict[str, Any]:
    return {
        "seed": candidate.seed,
        "chosen": candidate.chosen,
        "scores": {name: _rounded(value) for name, value in candidate.scores},
        "reason": candidate.reason,
    }


def mask_record(
    photo: Photo,
    regions: Sequence[Region],
    *,
    masks: Sequence[str | None] | None = None,
    preset: str = "",
    models: Mapping[str, Any] | None = None,
    versions: Mapping[str, str] | None = None,
    timing: Mapping[str, float] | None = None,
) -> dict[str, Any]:
    """The record of `automask mask`: what `kitchen.masks.json` holds, the hard masks as COCO run lengths.

    Args:
        photo: The photo.
        regions: What was found in it.
        masks: For each region the path of its PNG beside the record, None where it has none.
        preset: As in `run_record`, like the following.
        models: What was loaded, by stage.
        versions: By package.
        timing: Seconds, by stage.
    """
    files = masks if masks is not None else [None] * len(regions)
    return {
        "schema": 1,
        "photo": photo.name,
        "size_wh": [int(side) for side in photo.size_wh],
        "preset": preset,
        "regions": [
            {
                "target": region.target,
                "read_as": list(region.read_as),
                "found": region.found,
                "missing": list(region.missing),
                "peak": _rounded(region.peak),
                "boxes": [_box_record(box) for box in region.boxes],
                "area_px": int(np.count_nonzero(region.hard)),
                "reason": region.reason,
                "mask": file,
                "segmentation": coco_rle(region.hard),
            }
            for region, file in zip(regions, files, strict=True)
        ],
        "models": dict(models or {}),
        "versions": dict(versions or {}),
        "timing": _rounded(dict(timing or {})),
        "notes": list(photo.notes),
    }


def write_json(path: Path, value: object) -> None:
    """Writes a value as UTF-8 JSON, whole or not at all.

    Raises:
        OutputError: The file cannot be written.
    """
    text = json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
    with atomic_path(path) as part:
        # A file name that is no UTF-8 comes as lone surrogates: written as JSON's own escapes, they read back the same.
        part.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")


def _box_record(box: Box) -> list[int]:
    return [box.x0, box.y0, box.x1, box.y1]


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, Mapping):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(item) for item in value]
    return value


# -------------------------------------------------------------------------------------------------------------- files


@dataclass(frozen=True, slots=True)
class Files:
    """Where the results of one photo lie.

    Args:
        result: The edited photo, in the photo's own format.
        masks: The folder of its masks.
        before_after, overlay: What a person looks at.
        original: The photo as it was, beside a labelled result.
        record: The record of an edit.
        masks_record: The record of a mask request.
        variants: The sheet of its variants, whose results lie in folders beside it.
    """

    result: Path
    masks: Path
    before_after: Path
    candidates: Path
    overlay: Path
    original: Path
    record: Path
    masks_record: Path
    variants: Path


def files_of(photo_name: str, out: Path, name: str | None = None) -> Files:
    """The files of one photo in a folder.

    Args:
        photo_name: File name of the photo: its suffix is the result's.
        out: The folder.
        name: What the companions' names begin with, the photo's stem where None. With the photo's own suffix at its end
            it is the result's name as a whole: "kitchen.png" gives kitchen.png and kitchen.png.masks/, "kitchen-2"
            gives kitchen-2.png and kitchen-2.masks/.
    """
    suffix = Path(photo_name).suffix
    stem = Path(photo_name).stem if name is None else name
    whole = name is not None and suffix != "" and name.endswith(suffix)
    return Files(
        result=out / (stem if whole else f"{stem}{suffix}"),
        masks=out / f"{stem}.masks",
        before_after=out / f"{stem}.before-after.jpg",
        candidates=out / f"{stem}.candidates.jpg",
        overlay=out / f"{stem}.overlay.png",
        original=out / f"{stem}.original{suffix}",
        record=out / f"{stem}.run.json",
        masks_record=out / f"{stem}.masks.json",
        variants=out / f"{stem}.variants.jpg",
    )


def check_out(out: str | os.PathLike[str], *, overwrites: tuple[Path, Path] | None = None) -> Path:
    """The output folder, found fit before any work is done. Nothing is created.

    Args:
        out: The folder asked for; it need not exist.
        overwrites: The photo and the result that is to be written: refused where they are the same file.

    Raises:
        UsageError: The name is a picture's, or the result would overwrite the photo.
        OutputError: It is a file, or lies in one, or may not be written to.
    """
    if not os.fspath(out):
        raise UsageError("OUT is ''", mend="name a folder, or '.' for this one")
    folder = Path(out)
    if folder.suffix.lower() in PHOTO_SUFFIXES and not folder.is_dir():
        raise UsageError(
            f"{str(out)!r} looks like a picture, and OUT is a folder",
            mend="name a folder: the result is written into it under the photo's own name",
        )
    nearest = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if not nearest.is_dir():
        raise OutputError(f"{str(out)!r} cannot be a folder: {str(nearest)!r} is a file", mend="name another folder")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise OutputError(
            f"{str(nearest)!r} may not be written to", mend="name another folder, or ask for the right to write"
        )
    if overwrites is not None and _same_file(*overwrites):
        raise UsageError(
            f"{str(out)!r} is the photo's own folder: {overwrites[0].name!r} would be overwritten",
            mend="name another folder",
        )
    return folder


def _same_file(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return one.resolve() == other.resolve()


@dataclass(frozen=True, slots=True, eq=False)
class Saved:
    """What was written for one photo.

    Args:
        result: The edited photo; None for a mask request.
        masks: One file for each found part, in order.
        picture: What a person looks at: the before/after picture, or the overlay.
        record: The record's file.
        recorded: What the record says.
        original: The photo as it was, where it was asked for beside a labelled result.
    """

    result: Path | None
    masks: tuple[Path, ...]
    picture: Path
    record: Path
    recorded: Mapping[str, Any]
    original: Path | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """An edited photo, not yet written.

    Args:
        image: [H, W, 3] uint8: the result.
        steps: What became of each edit.
        record: What `kitchen.run.json` will say; the writer's part (encoder, notes) is added when saved.
        regions: What was found, one for each edit.
        photo: The photo as it was opened.
        plan: The edits.
        masks_from: The folder that the masks were given in, where they were: it is never written to.
        generative: Whether a generative model painted; None where an editor does not say.
        disclose, c2pa: What `save` does where it is not told: nothing, or what the overrides said.
    """

    image: Rgb
    steps: tuple[Step, ...]
    record: Mapping[str, Any]
    regions: tuple[Region, ...]
    photo: Photo
    plan: Plan
    masks_from: Path | None = None
    generative: bool | None = None
    disclose: Disclose = "none"
    c2pa: str | None = None

    @property
    def alpha(self) -> Alpha:
        """[H, W] float32: the highest alpha of any painted step; 0 is exactly where the photo is untouched."""
        result = np.zeros(self.image.shape[:2], dtype=np.float32)
        for region, step in zip(self.regions, self.steps, strict=True):
            if step.area_px:
                result = np.maximum(result, region.alpha)
        return result

    def save(
        self,
        out: str | os.PathLike[str] = "out",
        *,
        name: str | None = None,
        disclose: Disclose | None = None,
        c2pa: str | os.PathLike[str] | None = None,
    ) -> Saved:
        """Writes the result, its masks, the before/after picture and the record into a folder.

        Where edits had several candidates, also a sheet of them all.

        The record is written last, and an old one is removed first: a record means that all it tells of is there.

        Args:
            out: The folder; made where it is not there.
            name: Replaces the photo's stem in all names, as in `files_of`. Without it, a photo whose stem another
                photo's results have taken there (kitchen.jpg, then kitchen.png) uses its full name.
            disclose: `metadata` says in the result's XMP what was altered; `label` also draws a label into it, outside
                what was repainted, and lays the original beside it; `none` does neither, and is the default. A photo
                in which nothing was repainted is never labelled. See docs/disclosure.md.
            c2pa: A PEM file with your certificates and key, to sign the result with content credentials.

        Raises:
            ConfigError: `disclose` is none of these, or `c2pa` cannot sign.
            ExtraMissing: `c2pa` is given without c2pa-python.
            UsageError: `out` is named like a picture, or the result would overwrite the photo.
            OutputError: It cannot be written there.
        """
        disclosure.check_disclose(self.disclose if disclose is None else disclose)
        files = _free_files(self.photo.name, Path(out), name)
        check_out(out, overwrites=None if self.photo.source is None else (self.photo.source, files.result))
        if files.result.is_dir():
            raise OutputError(f"{str(files.result)!r} is a folder", mend="name another OUT, or move that folder away")
        try:
            old = _masks_of_former_runs(files)
            own = self.photo.source is not None and _same_file(self.photo.source, files.original)
            if _original_in(_read_record(files.record)) == files.original.name and not own:
                files.original.unlink(missing_ok=True)
            files.record.unlink(missing_ok=True)
            given = self.masks_from is not None and _same_file(self.masks_from, files.masks)
            masks = [] if given else _write_masks(files.masks, self.regions, old)
            shown = _disclosed(self, self.disclose if disclose is None else disclose, files.original.name)
            original = files.original if shown.told and shown.told["original"] else None
            write_picture(files.before_after, before_after(self.photo.rgb, shown.image))
            files.candidates.unlink(missing_ok=True)
            if any(step.candidates for step in self.steps):
                write_picture(files.candidates, candidates_sheet(self.steps))
            if original and not own:
                _write_original(self.photo, original)
            written = write_photo(shown.photo, shown.image, shown.alpha, files.result)
            pem = self.c2pa if c2pa is None else os.fspath(c2pa)
            signed_by, unsigned = _signed(self, files.result, pem)
        except OSError as error:
            raise _unwritable(Path(out), error) from error
        record = {
            **self.record,
            "outside_changed_px": written.outside_changed_px,
            "encoder_changed_px": written.encoder_changed_px,
            "encoder_max_diff": written.encoder_max_diff,
            "notes": [*dict.fromkeys([*self.record.get("notes", ()), *shown.notes, *written.notes, *unsigned])],
            "disclosure": shown.told,
            "credentials": {"signed_by": signed_by} if signed_by is not None else None,
            "digest": disclosure.disclosed_digest(
                self.record.get("digest", ""), shown.disclose, signed=pem is not None
            ),
        }
        write_json(files.record, record)
        paths = tuple(path for path in masks if path)
        return Saved(files.result, paths, files.before_after, files.record, record, original)


@dataclass(frozen=True, slots=True, eq=False)
class _Shown:
    """What is written of an outcome under one setting of `disclose`; `told` is what its record says of that."""

    disclose: Disclose
    photo: Photo
    image: Rgb
    alpha: Alpha
    told: dict[str, Any] | None = None
    notes: tuple[str, ...] = ()


def _disclosed(outcome: Outcome, disclose: Disclose, original: str) -> _Shown:
    shown = _Shown(disclose, outcome.photo, outcome.image, outcome.alpha)
    if disclose == "none" or not any(step.area_px for step in outcome.steps):
        return shown
    note = disclosure.note_of(outcome.steps)
    tool = f"automask {__version__}"
    photo, source_type, notes = disclosure.with_note(outcome.photo, note, generative=outcome.generative, tool=tool)
    told: dict[str, Any] = {"label_box": None, "digital_source_type": source_type, "note": note, "original": None}
    if disclose == "metadata":
        return replace(shown, photo=photo, told=told, notes=tuple(notes))
    told["original"] = original
    plate = label_plate(outcome.photo.size_wh)
    if plate is None:
        notes.append("the photo is too small for a label that can be read: none was drawn")
        return replace(shown, photo=photo, told=told, notes=tuple(notes))
    taken, faint = shown.alpha > 0, see_through(outcome.photo)
    margin_px = max(1, round(0.012 * min(outcome.photo.size_wh)))
    size_wh = (plate.shape[1], plate.shape[0])
    box = disclosure.place_label(outcome.photo.rgb, taken, faint, size_wh, margin_px=margin_px)
    if faint[box.slices].any():
        notes.append("the photo is see-through where the label stands: it may hardly show")
    covered_px = int(np.count_nonzero(taken[box.slices]))
    if covered_px:
        notes.append(f"no place is left beside what was repainted: the label covers {covered_px} px of it")
    image, alpha = outcome.image.copy(), shown.alpha.copy()
    image[box.slices], alpha[box.slices] = plate, 1.0
    told["label_box"] = _box_record(box)
    return _Shown(disclose, photo, image, alpha, told, tuple(notes))


def _signed(outcome: Outcome, result: Path, pem: str | None) -> tuple[str | None, list[str]]:
    """Signs the result where that is asked for and something was repainted; the certificate's name, and what to say."""
    if pem is None or not any(step.area_px for step in outcome.steps):
        return None, []
    signed_by = credentials.sign(
        result,
        outcome.photo,
        pem,
        source_type=disclosure.source_type_of(outcome.generative),
        note=disclosure.note_of(outcome.steps),
        tool=f"automask {__version__}",
    )
    kept_out = f"a {outcome.photo.format} file holds no content credentials: it is not signed"
    return signed_by, [] if signed_by is not None else [kept_out]


def _write_original(photo: Photo, path: Path) -> None:
    """The photo as it was, byte for byte; of an array the same pixels."""
    if photo.source is None:
        write_photo(photo, photo.rgb, np.zeros(photo.rgb.shape[:2], np.uint8), path)
        return
    data = disclosure.original_of(photo)
    with atomic_path(path) as part:
        part.write_bytes(data)


def _original_in(record: Mapping[str, Any]) -> str | None:
    told = record.get("disclosure")
    return told.get("original") if isinstance(told, Mapping) else None


def save_variants(
    made: Iterable[tuple[Variant, Outcome]],
    out: str | os.PathLike[str] = "out",
    *,
    disclose: Disclose | None = None,
    c2pa: str | os.PathLike[str] | None = None,
) -> tuple[tuple[Saved, ...], Path | None]:
    """What was written for each variant, as it was made, into the folder of its name; and the sheet of them all.

    The sheet lies in `out` itself, beside the folders. Words without braces are one variant of no name: it goes into
    `out`, and there is no sheet. `disclose` and `c2pa` are those of `Outcome.save`.

    Raises:
        As `Outcome.save`.
    """
    saved: list[Saved] = []
    cells: list[tuple[str, Rgb]] = []
    for variant, outcome in made:
        saved.append(outcome.save(Path(out, variant.name), disclose=disclose, c2pa=c2pa))
        if variant.name:
            cells = cells or [variants_cell("before", outcome.photo.rgb)]
            cells.append(variants_cell(", ".join(variant.words), outcome.image))
    if not cells:
        return tuple(saved), None
    name = saved[0].record.name.removesuffix(".run.json")
    sheet = files_of(name, Path(out), name).variants
    write_picture(sheet, variants_sheet(cells))
    return tuple(saved), sheet


def save_masks(
    photo: Photo,
    regions: Sequence[Region],
    out: str | os.PathLike[str] = "out",
    *,
    name: str | None = None,
    preset: str = "",
    models: Mapping[str, Any] | None = None,
    versions: Mapping[str, str] | None = None,
    timing: Mapping[str, float] | None = None,
) -> Saved:
    """Writes masks, the overlay and `kitchen.masks.json` of a mask request into a folder, the record last.

    Raises:
        UsageError: `out` is named like a picture.
        OutputError: It cannot be written there.
    """
    check_out(out)
    files = _free_files(photo.name, Path(out), name)
    try:
        old = _masks_of_former_runs(files)
        files.masks_record.unlink(missing_ok=True)
        masks = _write_masks(files.masks, regions, old)
        write_picture(files.overlay, overlay(photo.rgb, regions))
    except OSError as error:
        raise _unwritable(Path(out), error) from error
    names = [f"{files.masks.name}/{path.name}" if path else None for path in masks]
    record = mask_record(photo, regions, masks=names, preset=preset, models=models, versions=versions, timing=timing)
    write_json(files.masks_record, record)
    return Saved(None, tuple(path for path in masks if path), files.overlay, files.masks_record, record)


def _free_files(photo_name: str, out: Path, name: str | None) -> Files:
    """The files of a photo; under its full name where its stem belongs to another photo's results already."""
    files = files_of(photo_name, out, name)
    owners = {_read_record(path).get("photo") for path in (files.record, files.masks_record)} - {None, photo_name}
    return files_of(photo_name, out, photo_name) if name is None and owners else files


def _masks_of_former_runs(files: Files) -> set[Path]:
    """The mask files that this photo's earlier records tell of. What a person put beside them is not ours to remove."""
    steps = _read_record(files.record).get("steps", [])
    names = {mask_name(nr, step["targets"]) for nr, step in enumerate(steps, start=1)}
    names |= {
        Path(region["mask"]).name for region in _read_record(files.masks_record).get("regions", []) if region["mask"]
    }
    return {files.masks / name for name in names}


def _read_record(path: Path) -> dict[str, Any]:
    """A record as it was written; empty where there is none, or where it is not ours to read."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) and record.get("schema") == 1 else {}


def _write_masks(folder: Path, regions: Sequence[Region], old: set[Path]) -> list[Path | None]:
    """One PNG for each found region, None for the others; `old`, the masks of former runs, are removed."""
    paths = [folder / mask_name(nr, [region.target]) if region.found else None for nr, region in enumerate(regions, 1)]
    folder.mkdir(parents=True, exist_ok=True)
    for stale in old.difference(path for path in paths if path):
        stale.unlink(missing_ok=True)
    for path, region in zip(paths, regions, strict=True):
        if path is not None:
            write_mask(path, region.alpha)
    return paths


def _unwritable(path: Path, error: OSError) -> OutputError:
    if isinstance(error, OutputError):
        return error
    return OutputError(
        f"cannot write {str(path)!r}: {error.strerror or error}",
        mend="see that the folder may be written to and the disk has room",
    )
