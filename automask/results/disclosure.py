"""How a result discloses that it was altered: a label in the picture, and a note in its XMP metadata.

The rules behind it: docs/guide/disclosure.md. Nothing here writes a file.
"""

import math
from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from PIL import Image, ImageDraw

from automask.errors import ConfigError, OutputError
from automask.fingerprint import bytes_digest
from automask.images import Photo, properties_of, read_regular, with_properties, with_xmp, xmp_of
from automask.results.lettering import INK, PAPER, font_for
from automask.types import DISCLOSE, Box, Hard, Rgb, Step

LABEL = "Digitally altered"
"""The label's text and the note's beginning: the words of California's Business and Professions Code 10140.8."""

_NOTE_PREFIX = f"{LABEL}: "
_VOCABULARY = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_SOURCE_TYPES = {
    True: _VOCABULARY + "compositeWithTrainedAlgorithmicMedia",
    False: _VOCABULARY + "algorithmicallyEnhanced",
    None: _VOCABULARY + "composite",
}
_KEPT_TYPES = frozenset({"trainedAlgorithmicMedia", "compositeSynthetic", "compositeWithTrainedAlgorithmicMedia"})
"""Source types that a photo keeps: the rendering of a generative model stays one, whatever is painted on it."""


def check_disclose(disclose: object) -> None:
    """Raises ConfigError unless the value is one of `none`, `metadata` and `label`."""
    if disclose not in DISCLOSE:
        raise ConfigError(f"disclose is {disclose!r}", hint="give none, metadata or label")


def original_of(photo: Photo) -> bytes:
    """The bytes of the file that the photo was opened from.

    Raises:
        OutputError: There is no such file, or it has changed since.
    """
    if photo.data is not None:
        return photo.data
    if photo.source is None or photo.from_pixels:
        raise OutputError(
            "this photo was given as pixels and did not come from a file", hint="give the photo's path, or its bytes"
        )
    try:
        data = read_regular(photo.source, math.inf)
    except OSError as error:
        raise OutputError(f"cannot read {str(photo.source)!r}: {error.strerror}", hint="make the edit again") from error
    if bytes_digest(data) != photo.digest:
        raise OutputError(f"{str(photo.source)!r} has changed since it was opened", hint="make the edit again")
    return data


def source_type_of(generative: bool | None) -> str:
    """The term of IPTC's vocabulary for an edit by a generative model (True), by another (False), or unknown (None)."""
    return _SOURCE_TYPES[generative]


# ------------------------------------------------------------------------------------------------------------ metadata


def note_of(steps: Sequence[Step]) -> str:
    """What was altered, in the user's words: `Digitally altered: island, cabinets`."""
    return _NOTE_PREFIX + ", ".join(dict.fromkeys(target for step in steps if step.area_px for target in step.targets))


def with_note(photo: Photo, note: str, *, generative: bool | None, tool: str) -> tuple[Photo, str | None, list[str]]:
    """The photo with the note in its XMP, the digital source type that it now declares, and notes for the user.

    Sets `Iptc4xmpExt:DigitalSourceType` and a line in `photoshop:Instructions`; a caption (`dc:description`) and
    `xmp:CreatorTool` only if the photo has none of its own. Everything else in the packet and in the file stays.

    Args:
        photo: The unaltered photo; its pixels are not read.
        note: As returned by `note_of`.
        generative: Whether a generative model painted; None if an editor does not say.
        tool: Name and version of the software.

    Returns:
        If the format cannot hold XMP, or the photo's own cannot be read: the photo unchanged, None, and why.
    """
    packet = None
    try:
        packet = xmp_of(photo)
        if packet is None:
            return photo, None, [f"a {photo.format} file holds no XMP: what was altered is in the record only"]
        old = properties_of(packet)
        lines = old.get("photoshop:Instructions", "").splitlines()
        kept = [line for line in lines if not line.startswith(_NOTE_PREFIX)]
        # Earlier alterations that the photo discloses stay disclosed.
        words = [line.removeprefix(_NOTE_PREFIX) for line in (*lines, note) if line.startswith(_NOTE_PREFIX)]
        note = _NOTE_PREFIX + ", ".join(dict.fromkeys(word for part in words for word in part.split(", ")))
        source_type = old.get("Iptc4xmpExt:DigitalSourceType", "")
        if source_type.rpartition("/")[2] not in _KEPT_TYPES:
            source_type = source_type_of(generative)
        properties = {
            "Iptc4xmpExt:DigitalSourceType": source_type,
            "photoshop:Instructions": "\n".join([*kept, note]),
        }
        if old.get("dc:description", _NOTE_PREFIX).startswith(_NOTE_PREFIX):
            properties["dc:description"] = note
        if not old.get("xmp:CreatorTool"):
            properties["xmp:CreatorTool"] = tool
        return with_xmp(photo, with_properties(packet, properties)), source_type, []
    except ValueError as error:
        return photo, None, [f"its XMP is kept as it is, without a note of what was altered ({error})"]


# --------------------------------------------------------------------------------------------------------------- label


def label_plate(size_wh: tuple[int, int]) -> Rgb | None:
    """The label of a disclosed photo: `Digitally altered` on a plate, sized for the photo.

    The text is 2.4 % of the short side tall and at least 11 px if that fits: on one line, otherwise on two, otherwise
    smaller, down to 8 px. The plate covers at most half of the photo; None if no readable one fits.

    Args:
        size_wh: Size of the photo.

    Returns:
        [h, w, 3] uint8.
    """
    width, height = size_wh
    wanted = max(11, round(0.024 * min(size_wh)))
    for text_px in range(wanted, 7, -1):
        for lines in ([LABEL], LABEL.split()):
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


def place_label(photo: Rgb, taken: Hard, faint: Hard, size_wh: tuple[int, int], *, margin_px: int) -> Box:
    """The box for a label that covers nothing `taken`: in a corner, otherwise along the border, otherwise anywhere.

    Of several such boxes the quietest, by the spread of its grey levels; one with `faint` pixels only if all have some.
    If every box covers something taken, the one that covers the fewest taken pixels.

    Args:
        photo: [H, W, 3] uint8.
        taken: [H, W] bool: what must not be covered.
        faint: [H, W] bool: where a label would hardly be visible.
        size_wh: Size of the label, no larger than the photo.
        margin_px: Distance between the label and the border of the photo, less if the photo is small.
    """
    frame_hw = (taken.shape[0], taken.shape[1])
    grey = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)

    def spread(box: Box) -> float:
        return float(cv2.meanStdDev(grey[box.slices])[1].item())

    for avoided in (taken | faint, taken) if faint.any() else (taken,):
        for boxes in (_corners, _border, _everywhere):
            free = [box for box in boxes(frame_hw, size_wh, margin_px) if not avoided[box.slices].any()]
            if free:
                return min(free, key=spread)
    places = _everywhere(frame_hw, size_wh, margin_px)
    return min(places, key=lambda box: (int(np.count_nonzero(taken[box.slices])), spread(box)))


def _corners(frame_hw: tuple[int, int], size_wh: tuple[int, int], margin_px: int) -> Iterator[Box]:
    """All but the upper left corner, where the before/after picture has its caption."""
    (_, right), (top, bottom) = (_ends(*pair, margin_px) for pair in zip(frame_hw[::-1], size_wh, strict=True))
    left = _ends(frame_hw[1], size_wh[0], margin_px)[0]
    for x, y in ((right, bottom), (left, bottom), (right, top)):
        yield _box(x, y, size_wh)


def _border(frame_hw: tuple[int, int], size_wh: tuple[int, int], margin_px: int) -> Iterator[Box]:
    xs = _ends(frame_hw[1], size_wh[0], margin_px)
    ys = _ends(frame_hw[0], size_wh[1], margin_px)
    for x in range(xs[0], xs[1] + 1, max(1, size_wh[0] // 8)):
        yield from (_box(x, y, size_wh) for y in ys)
    for y in range(ys[0], ys[1] + 1, max(1, size_wh[1] // 2)):
        yield from (_box(x, y, size_wh) for x in xs)


def _everywhere(frame_hw: tuple[int, int], size_wh: tuple[int, int], margin_px: int) -> Iterator[Box]:
    xs = _ends(frame_hw[1], size_wh[0], margin_px)
    ys = _ends(frame_hw[0], size_wh[1], margin_px)
    for y in range(ys[0], ys[1] + 1, max(1, size_wh[1] // 2)):
        for x in range(xs[0], xs[1] + 1, max(1, size_wh[0] // 4)):
            yield _box(x, y, size_wh)


def _ends(frame_px: int, label_px: int, margin_px: int) -> tuple[int, int]:
    """The first and last position of a label along one side of the photo."""
    margin_px = min(margin_px, (frame_px - label_px) // 2)
    return margin_px, frame_px - label_px - margin_px


def _box(x: int, y: int, size_wh: tuple[int, int]) -> Box:
    return Box(x, y, x + size_wh[0], y + size_wh[1])
