"""What a result tells about itself when it is asked to: a label in the picture, and a note in its XMP.

See docs/disclosure.md for the rules that this serves. Nothing here writes a file.
"""

import hashlib
from collections.abc import Iterator, Sequence

import cv2
import numpy as np

from automask.errors import ConfigError, OutputError
from automask.images import Photo, properties_of, with_properties, with_xmp, xmp_of
from automask.types import DISCLOSE, Box, Hard, Rgb, Step

LABEL = "Digitally altered"
"""What the label says, and how the note begins: the words of California's Business and Professions Code 10140.8."""

_BEGINS = f"{LABEL}: "
_VOCABULARY = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_SOURCE_TYPES = {
    True: _VOCABULARY + "compositeWithTrainedAlgorithmicMedia",
    False: _VOCABULARY + "algorithmicallyEnhanced",
    None: _VOCABULARY + "composite",
}
# A rendering by a generative model stays one, whatever is painted on it.
_STRONGER = frozenset({"trainedAlgorithmicMedia", "compositeSynthetic", "compositeWithTrainedAlgorithmicMedia"})


def check_disclose(disclose: object) -> None:
    """Refuses what is no setting.

    Raises:
        ConfigError: It is none of `none`, `metadata`, `label`.
    """
    if disclose not in DISCLOSE:
        raise ConfigError(f"disclose is {disclose!r}", hint="give none, metadata or label")


def original_of(photo: Photo) -> bytes:
    """The bytes of the file that the photo was opened from.

    Raises:
        OutputError: There is none, or it is not the one any more that was opened.
    """
    if photo.source is None:
        raise OutputError("this photo is an array: there is no file that it came from", hint="give the photo's path")
    try:
        data = photo.source.read_bytes()
    except OSError as error:
        raise OutputError(f"cannot read {str(photo.source)!r}: {error.strerror}", hint="make the edit again") from error
    if hashlib.sha256(data).hexdigest() != photo.digest:
        raise OutputError(f"{str(photo.source)!r} has changed since it was opened", hint="make the edit again")
    return data


def source_type_of(generative: bool | None) -> str:
    """The term of IPTC's vocabulary for an edit by a generative model, by another, or by one that does not say."""
    return _SOURCE_TYPES[generative]


# ------------------------------------------------------------------------------------------------------------ metadata


def note_of(steps: Sequence[Step]) -> str:
    """What was altered, in the words that were typed: `Digitally altered: island, cabinets`."""
    return _BEGINS + ", ".join(dict.fromkeys(target for step in steps if step.area_px for target in step.targets))


def with_note(photo: Photo, note: str, *, generative: bool | None, tool: str) -> tuple[Photo, str | None, list[str]]:
    """The photo with the note in its XMP, the digital source type that it now tells, and what is to be said.

    Set are `Iptc4xmpExt:DigitalSourceType` and a line in `photoshop:Instructions`; a caption (`dc:description`) and
    `xmp:CreatorTool` only where the photo has none of its own. All else in the packet, and in the file, stays.

    Args:
        photo: The photo, unaltered; its pixels are not looked at.
        note: As `note_of` gives it.
        generative: Whether a generative model painted; None where an editor does not say.
        tool: Name and version of the software.

    Returns:
        Where the format holds no XMP, or the photo's own cannot be read, the photo as it was, and None.
    """
    packet = None
    try:
        packet = xmp_of(photo)
        if packet is None:
            return photo, None, [f"a {photo.format} file holds no XMP: what was altered stands in the record only"]
        old = properties_of(packet)
        lines = old.get("photoshop:Instructions", "").splitlines()
        kept = [line for line in lines if not line.startswith(_BEGINS)]
        # A photo that was altered before, and said so, goes on saying so.
        words = [line.removeprefix(_BEGINS) for line in (*lines, note) if line.startswith(_BEGINS)]
        note = _BEGINS + ", ".join(dict.fromkeys(word for part in words for word in part.split(", ")))
        source_type = old.get("Iptc4xmpExt:DigitalSourceType", "")
        if source_type.rpartition("/")[2] not in _STRONGER:
            source_type = source_type_of(generative)
        properties = {
            "Iptc4xmpExt:DigitalSourceType": source_type,
            "photoshop:Instructions": "\n".join([*kept, note]),
        }
        if old.get("dc:description", _BEGINS).startswith(_BEGINS):
            properties["dc:description"] = note
        if not old.get("xmp:CreatorTool"):
            properties["xmp:CreatorTool"] = tool
        return with_xmp(photo, with_properties(packet, properties)), source_type, []
    except ValueError as error:
        said = f"its XMP is kept as it is, without a note of what was altered ({error})"
        return photo, None, [said]


# --------------------------------------------------------------------------------------------------------------- label


def place_label(photo: Rgb, taken: Hard, faint: Hard, size_wh: tuple[int, int], *, margin_px: int) -> Box:
    """Where a label goes: a corner, else another place along the border, else anywhere, that covers nothing `taken`.

    Of several such places the quietest, by the spread of its grey levels; one that is `faint` somewhere only where all
    are. Where every place is taken somewhere, the one that covers the fewest taken pixels.

    Args:
        photo: [H, W, 3] uint8.
        taken: [H, W] bool: what must not be covered.
        faint: [H, W] bool: where a label would hardly show.
        size_wh: Of the label, no larger than the photo.
        margin_px: Room between the label and the border of the photo, less where the photo is small.
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
    """Not the upper left one: there a before/after picture says "after"."""
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
    """The first and last place of a label along one side of the photo."""
    margin_px = min(margin_px, (frame_px - label_px) // 2)
    return margin_px, frame_px - label_px - margin_px


def _box(x: int, y: int, size_wh: tuple[int, int]) -> Box:
    return Box(x, y, x + size_wh[0], y + size_wh[1])
