"""What is behind a thing that is to go: the surfaces around it, as the segmenter names them."""

from collections.abc import Sequence

from automask.errors import AutomaskError, is_out_of_memory
from automask.masking.masks import dilate
from automask.masking.which import reader_of
from automask.protocols import Segmenter
from automask.types import Hard, Rgb

SURFACES = (
    *("wall", "floor", "ceiling", "window", "door", "cabinets", "kitchen island", "countertop", "backsplash"),
    *("rug", "curtain", "sofa", "bed", "table"),
)
"""What things stand on or hang before."""
_RING_FRAC = 0.03  # of the photo's long side: as far around the thing is looked
_LEAST_SHARE = 0.15  # of the surroundings
_MOST = 3


def surroundings(photo: Rgb, hard: Hard, segmenter: Segmenter) -> tuple[str, ...]:
    """The surfaces that surround a thing, most of it first; empty where the segmenter does not know them.

    Args:
        photo: [H, W, 3] uint8.
        hard: [H, W] bool: everything that is to go.
        segmenter: Is shown the photo once more.
    """
    reach = max(2, round(_RING_FRAC * max(hard.shape)))
    ring = dilate(hard, reach) & ~hard
    phrases = _known(segmenter)
    if not phrases or not ring.any():
        return ()
    view = photo.view()
    view.flags.writeable = False
    try:
        heats = segmenter.heats(view, phrases)
        shares = [float(heat[ring].mean()) for heat in heats]
    except (AutomaskError, Exception) as error:
        if is_out_of_memory(error):
            raise
        return ()  # the words only help: the edit goes on without
    ranked = sorted(zip(shares, phrases, strict=True), key=lambda each: -each[0])
    return tuple(phrase for share, phrase in ranked[:_MOST] if share >= _LEAST_SHARE)


def _known(segmenter: Segmenter) -> Sequence[str]:
    """The surfaces that the segmenter knows; of two that it reads as one thing the first."""
    read = reader_of(segmenter)
    if read is None:
        return SURFACES
    readings = {reading: phrase for phrase in reversed(SURFACES) if (reading := read(phrase)) is not None}
    return [phrase for phrase in SURFACES if phrase in readings.values()]
