"""Pictures for people: the overlay of the masks, and the before/after picture.

Pure functions: [H, W, 3] uint8 in, [H, W, 3] uint8 out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image, ImageDraw

from automask.results.lettering import INK, PAPER, font_for, shorten, text_colour_on
from automask.results.scaling import clamp, resize, scaled_size, shrink, shrink_mask
from automask.types import Box, Hard, Region, Rgb

LONG_PX = 2400
"""Longest side of a preview: sharp on any screen, while a 24-megapixel photo would make a PNG of 30 MB."""

COLOURS: tuple[tuple[int, int, int], ...] = (
    (230, 159, 0),
    (86, 180, 233),
    (204, 121, 167),
    (240, 228, 66),
    (0, 158, 115),
    (213, 94, 0),
    (0, 114, 178),
)
"""Distinguishable with every common colour blindness; orange and sky blue, which differ most, come first.

Source: Okabe and Ito, "Color Universal Design" (2008), without its black.
"""

Rect = tuple[int, int, int, int]


def overlay(photo: Rgb, regions: Sequence[Region], *, long_px: int = LONG_PX) -> Rgb:
    """The photo, dimmed, with every region tinted in its own colour, outlined, boxed and labelled.

    Args:
        photo: [H, W, 3] uint8.
        regions: At photo size. The tint covers everything that will be repainted (alpha above 0), the outline is the
            hard mask. Where a region has several single things, each has its number. What was not found is listed in
            the lower left corner with its reason.
        long_px: The result is scaled down to this long side; never up.

    Returns:
        [h, w, 3] uint8 of the photo's aspect. Without regions: the dimmed photo.
    """
    small = shrink(photo, long_px)
    height, width = small.shape[:2]
    scale = width / photo.shape[1]
    line_px = max(1, round(max(height, width) / 900))
    grey = cv2.cvtColor(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    picture = np.asarray(cv2.addWeighted(small, 0.42, grey, 0.20, 0.0), dtype=np.uint8)
    masks = [shrink_mask(region.hard, (height, width)) for region in regions]
    for number, region in enumerate(regions):
        if region.found:
            colour = COLOURS[number % len(COLOURS)]
            plate = np.broadcast_to(np.asarray(colour, dtype=np.uint8), small.shape)
            tint = cv2.addWeighted(small, 0.62, plate, 0.38, 0.0)
            soft = shrink_mask(region.alpha > 0, (height, width))
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
    return _label(picture, regions, masks, scale)


def before_after(before: Rgb, after: Rgb, *, long_px: int = LONG_PX) -> Rgb:
    """Both pictures in one, captioned: side by side, or one above the other if they are wider than 2:1.

    Args:
        before: [H, W, 3] uint8.
        after: [H, W, 3] uint8 of the same size.
        long_px: Long side of the whole; smaller pictures are not enlarged.
    """
    layout = split_layout((before.shape[1], before.shape[0]), long_px=long_px)
    pictures = [resize(picture, layout.scale) for picture in (before, after)]
    text_px = clamp(round(max(pictures[0].shape[:2]) / 42), 11, 30)
    pictures = [_caption(half, text, text_px) for half, text in zip(pictures, ("before", "after"), strict=True)]
    height, width = pictures[0].shape[:2]
    gap_hw = (layout.gap_px, width) if layout.stacked else (height, layout.gap_px)
    gap = np.full((*gap_hw, 3), PAPER, dtype=np.uint8)
    return np.concatenate([pictures[0], gap, pictures[1]], axis=0 if layout.stacked else 1)


@dataclass(frozen=True, slots=True)
class SplitLayout:
    """The layout of the two halves of a before/after picture.

    Args:
        size_wh: Size of each half, in pixels.
        gap_px: Distance between them.
        stacked: One above the other; otherwise side by side.
        scale: From the photo to a half, at most 1.
    """

    size_wh: tuple[int, int]
    gap_px: int
    stacked: bool
    scale: float


def split_layout(size_wh: tuple[int, int], *, long_px: int = LONG_PX) -> SplitLayout:
    """The layout that `before_after` uses for a photo of this size."""
    width, height = size_wh
    stacked = width > 2 * height
    gap_px = max(2, round(long_px / 300))
    room_px = (long_px - gap_px) // 2
    along, across = (height, width) if stacked else (width, height)
    scale = min(1.0, room_px / along, long_px / across)
    return SplitLayout(scaled_size(size_wh, scale), gap_px, stacked, scale)


def _draw_box(picture: Rgb, box: Box, scale: float, colour: tuple[int, int, int]) -> None:
    corner = (round(box.x0 * scale), round(box.y0 * scale))
    opposite = (round(box.x1 * scale) - 1, round(box.y1 * scale) - 1)
    cv2.rectangle(picture, corner, opposite, colour, 1)


def _label(picture: Rgb, regions: Sequence[Region], masks: Sequence[Hard], picture_scale: float) -> Rgb:
    height, width = picture.shape[:2]
    text_px = clamp(round(max(height, width) / 64), 11, 34)
    image = Image.fromarray(picture)
    draw = ImageDraw.Draw(image, "RGBA")
    taken = _list_missing(draw, regions, (height, width), text_px)
    for number, (region, mask) in enumerate(zip(regions, masks, strict=True)):
        if not region.found:
            continue
        colour = COLOURS[number % len(COLOURS)]
        quality = "" if region.expected_iou is None else f"  {region.expected_iou:.2f}"
        text = f"{number + 1}  {region.target}{quality}"
        font, text = font_for(text_px, text)
        text = shorten(text, font, width - 3 * text_px)
        label_w, label_h = round(font.getlength(text) + 1.4 * text_px), round(text_px * 1.8)
        rect = free_rect(deepest_point(mask), (label_w, label_h), (height, width), taken)
        taken.append(rect)
        draw.rounded_rectangle(rect, radius=label_h / 2, fill=(*colour, 255), outline=(*INK, 255))
        middle = ((rect[0] + rect[2]) / 2, (rect[1] + rect[3]) / 2)
        draw.text(middle, text, font=font, fill=text_colour_on(colour), anchor="mm")
    _number_instances(draw, regions, (height, width), picture_scale, text_px, taken)
    return np.asarray(image)


def _number_instances(
    draw: ImageDraw.ImageDraw,
    regions: Sequence[Region],
    size_hw: tuple[int, int],
    scale: float,
    text_px: int,
    taken: list[Rect],
) -> None:
    """Draws the number of each single thing, where a region has several: what "picture 2" means."""
    side = round(text_px * 1.6)
    for number, region in enumerate(regions):
        colour = COLOURS[number % len(COLOURS)]
        for one in region.instances if len(region.instances) > 1 else ():
            x, y = deepest_point(one.hard)
            at = (round((one.box.x0 + x) * scale), round((one.box.y0 + y) * scale))
            text = str(one.number)
            font, text = font_for(text_px, text)
            rect = free_rect(at, (max(side, round(font.getlength(text) + 0.8 * text_px)), side), size_hw, taken)
            taken.append(rect)
            fill, ink = ((*colour, 255), text_colour_on(colour)) if one.chosen else ((*INK, 200), PAPER)
            draw.ellipse(rect, fill=fill, outline=(*PAPER, 255))
            draw.text(((rect[0] + rect[2]) / 2, (rect[1] + rect[3]) / 2), text, font=font, fill=ink, anchor="mm")


def _list_missing(
    draw: ImageDraw.ImageDraw, regions: Sequence[Region], size_hw: tuple[int, int], text_px: int
) -> list[Rect]:
    """Lists in the lower left corner what was not found; returns the rectangle that it covers, if any."""
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


def deepest_point(mask: Hard) -> tuple[int, int]:
    """The (x, y) furthest inside the mask: always on the object, as the centre of its box may not be."""
    if not mask.any():
        return mask.shape[1] // 2, mask.shape[0] // 2
    framed = np.pad(mask.astype(np.uint8), 1)
    depth = cv2.distanceTransform(framed, cv2.DIST_L2, 3)[1:-1, 1:-1]
    y, x = np.unravel_index(int(np.argmax(depth)), mask.shape)
    return int(x), int(y)


def free_rect(at: tuple[int, int], size_wh: tuple[int, int], frame_hw: tuple[int, int], taken: Sequence[Rect]) -> Rect:
    """A rectangle (x0, y0, x1, y1) around `at`, moved into the frame, then up or down until it overlaps no other."""
    label_w, label_h = size_wh
    height, width = frame_hw
    edge_px = label_h // 4
    x0 = clamp(at[0] - label_w // 2, edge_px, max(edge_px, width - edge_px - label_w))
    first = (x0, 0, x0 + label_w, label_h)
    for nth in range(2 * height // label_h):
        shift = (nth + 1) // 2 * (label_h + 2) * (1 if nth % 2 else -1)
        y0 = clamp(at[1] - label_h // 2 + shift, edge_px, max(edge_px, height - edge_px - label_h))
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
