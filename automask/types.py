"""The values that automask's parts hand to each other.

All are frozen. Arrays inside them are read-only by convention: functions return new ones.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from automask.errors import ConfigError

Rgb: TypeAlias = npt.NDArray[np.uint8]
"""[H, W, 3] uint8, sRGB."""
Heat: TypeAlias = npt.NDArray[np.float32]
"""[H, W] (or [N, H, W]) float32 in 0..1: how sure a segmenter is that a pixel belongs to a phrase."""
Hard: TypeAlias = npt.NDArray[np.bool_]
"""[H, W] (or [N, H, W]) bool: True is repainted."""
Alpha: TypeAlias = npt.NDArray[np.float32]
"""[H, W] float32 in 0..1, multiples of 1/255: the share of the repainted picture in the result."""
FloatImage: TypeAlias = npt.NDArray[np.float32]
"""[h, w] (or [h, w, 3]) float32 of any range."""
Labels: TypeAlias = npt.NDArray[np.int64]
"""[h, w] int64: the number of the part that a pixel belongs to."""
Hw: TypeAlias = tuple[int, int]
"""Height and width in pixels."""

OnMissing: TypeAlias = Literal["skip", "fail"]
OnDoubt: TypeAlias = Literal["keep", "warn", "skip"]
ON_DOUBT: tuple[OnDoubt, ...] = ("keep", "warn", "skip")
Disclose: TypeAlias = Literal["none", "metadata", "label"]
DISCLOSE: tuple[Disclose, ...] = ("none", "metadata", "label")
Metadata: TypeAlias = Literal["keep", "no-location", "none"]
METADATA: tuple[Metadata, ...] = ("keep", "no-location", "none")
Layers: TypeAlias = Literal["ora", "psd"]
LAYERS: tuple[Layers, ...] = ("ora", "psd")
Option: TypeAlias = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Box:
    """A half-open rectangle of pixels: columns x0..x1-1, rows y0..y1-1."""

    x0: int
    y0: int
    x1: int
    y1: int

    @property
    def width(self) -> int:
        return self.x1 - self.x0

    @property
    def height(self) -> int:
        return self.y1 - self.y0

    @property
    def area(self) -> int:
        return self.width * self.height

    @property
    def slices(self) -> tuple[slice, slice]:
        """Row and column slices: `array[box.slices]` is the part inside."""
        return slice(self.y0, self.y1), slice(self.x0, self.x1)

    def within(self, frame: "Box") -> "Box":
        """The same rectangle, counted from the upper left corner of `frame`."""
        return Box(self.x0 - frame.x0, self.y0 - frame.y0, self.x1 - frame.x0, self.y1 - frame.y0)

    def overlaps(self, other: "Box") -> bool:
        """True where the two share at least one pixel."""
        return self.x0 < other.x1 and other.x0 < self.x1 and self.y0 < other.y1 and other.y0 < self.y1


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit of a plan: what to find, what not to touch, and what to paint.

    Args:
        targets: The phrases to find; their union is repainted.
        prompt: What it becomes; empty only in a mask request, which paints nothing.
        excepts: Phrases taken away from this edit.
        keep: Phrases that stay as they are; the same in every edit of a plan parsed from words.
        editor: Name of a configuration in the `editor` group; None means the preset's.
        seed: Replaces the seed derived from the words.
        mask: Mask lengths that override the recipe's, as (name, value) pairs sorted by name.
        options: Options for the editor's `paint`, as (name, value) pairs sorted by name.
        whole: Those of its phrases that were quoted: none of their words picks one of several things.
        optional: Where none of its targets is in the photo, that is no fault: it is passed over, whatever `on_missing`.
    """

    targets: tuple[str, ...]
    prompt: str
    excepts: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    editor: str | None = None
    seed: int | None = None
    mask: tuple[tuple[str, float], ...] = ()
    options: tuple[tuple[str, Option], ...] = ()
    whole: tuple[str, ...] = ()
    optional: bool = False


Plan: TypeAlias = tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Variant:
    """One of the plans that words with braces describe: one choice from every brace.

    Args:
        name: The folder for its results, made from `words`: ASCII letters, digits and dashes, unlike any other
            variant's. Empty for words without braces, whose results need no folder of their own.
        words: The choices, brace by brace; empty for words without braces.
        plan: The edits.
    """

    name: str
    words: tuple[str, ...]
    plan: Plan


@dataclass(frozen=True, slots=True)
class BoxRecipe:
    """How a heat map becomes boxes.

    Args:
        threshold: Heat at or above this is "hot"; 0..1.
        min_area_frac: Hot blobs smaller than this share of the photo are dropped.
        pad_frac: A box grows by this share of its own longer side on every side, so that a refiner sees the edge.
        max_boxes: At most this many boxes for each phrase, hottest first.
    """

    threshold: float = 0.35
    min_area_frac: float = 0.0005
    pad_frac: float = 0.03
    max_boxes: int = 32

    def __post_init__(self) -> None:
        _check_range("boxes.threshold", self.threshold, 0.0, 1.0)
        _check_range("boxes.min_area_frac", self.min_area_frac, 0.0, 1.0)
        _check_range("boxes.pad_frac", self.pad_frac, 0.0, 10.0)
        _check_range("boxes.max_boxes", self.max_boxes, 1, 100_000)


@dataclass(frozen=True, slots=True)
class MaskRecipe:
    """How a refined mask becomes the alpha that is painted through.

    Lengths are fractions of the photo's long side; a `_px` length, where given, replaces its fraction.

    Args:
        min_speck_frac: Connected parts smaller than this share of the photo are removed.
        max_hole_frac: Holes smaller than this share of the photo are filled. A window is a hole too: keep it small.
        dilate_frac: The mask grows by this much, to hide the old edge.
        feather_frac: The edge is softened over this much, outwards of the dilated mask.
        dilate_px: Replaces dilate_frac.
        feather_px: Replaces feather_frac.
        gap_frac: Gaps up to this width (handles, stool legs, branches in front) keep their middle line, however far the
            mask grows; 0 lets them close.
        shadow_frac: How far from the mask it takes the thing's shadow with it; 0 leaves shadows.
    """

    min_speck_frac: float = 0.0001
    max_hole_frac: float = 0.0002
    dilate_frac: float = 0.006
    feather_frac: float = 0.004
    dilate_px: float | None = None
    feather_px: float | None = None
    gap_frac: float = 0.0
    shadow_frac: float = 0.0

    def __post_init__(self) -> None:
        fracs = ("min_speck_frac", "max_hole_frac", "dilate_frac", "feather_frac", "gap_frac", "shadow_frac")
        for name in fracs:
            _check_range(f"mask.{name}", getattr(self, name), 0.0, 1.0)
        for name in ("dilate_px", "feather_px"):
            if getattr(self, name) is not None:
                _check_range(f"mask.{name}", getattr(self, name), 0.0, 10_000.0)


def _check_range(name: str, value: object, low: float, high: float) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise ConfigError(f"{name} is {value!r}", hint=f"give a number from {low:g} to {high:g}")


REMOVAL_RECIPE = MaskRecipe(max_hole_frac=0.0002, dilate_frac=0.008, feather_frac=0.002, shadow_frac=0.03)
"""Of edits that take things away, unless the configuration's recipe takes shadows itself; conf/mask/removal.yaml."""


@dataclass(frozen=True, slots=True, eq=False)
class Survey:
    """What a segmenter sees of some phrases in a photo, and of everything else there.

    Args:
        heats: [N, H, W] float32 in 0..1, one map for each phrase.
        others: [H, W] float32 in 0..1: the heat of things that no phrase names and that are no part of one. A region
            leaves them out. None where the segmenter cannot tell.
        evidence: For each phrase, what the segmenter knows of how reliable its heat is, as numbers by name; empty where
            it knows nothing.
        pieces: For each phrase [H, W] whole numbers: which piece of it each pixel shows, where those are things of
            their own; None for a phrase of which it knows none. Empty where it does not say.
        unsure: Gives [H, W] float32 in 0..1: the heat of things that no phrase names, where the segmenter does not know
            which of them it sees. What is to go takes with it what of this is one with it. None where it cannot tell.
        things: Gives two [H, W] float32 in 0..1: the heat of all things, whether a phrase names them or not, that
            nothing stands on or hangs before (pictures, lamps, plants), and of those that other things do (tables,
            sofas, windows). They are not continued behind what is to go. None where it cannot tell.
    """

    heats: Heat
    others: Heat | None = None
    evidence: tuple[Mapping[str, float], ...] = ()
    pieces: tuple[npt.NDArray[np.integer[Any]] | None, ...] = ()
    unsure: Callable[[], Heat] | None = None
    things: Callable[[], tuple[Heat, Heat]] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Instance:
    """One of the things that a phrase names: one picture of three.

    Args:
        target: The words that were looked for, as typed, without those that pick one of several.
        number: From 1 on, from left to right, and from top to bottom where two have the same middle.
        box: The tight box around it.
        hard: [box.height, box.width] bool: its pixels inside the box.
        chosen: False where the words pick others of its kind.
        expected_iou: How good its mask is expected to be, as of a region; None where that was not measured.
    """

    target: str
    number: int
    box: Box
    hard: Hard
    chosen: bool = True
    expected_iou: float | None = None

    @property
    def area_px(self) -> int:
        return int(np.count_nonzero(self.hard))

    def __repr__(self) -> str:
        return f"<Instance {self.target!r} {self.number}: {self.area_px} px{'' if self.chosen else ', not chosen'}>"


@dataclass(frozen=True, slots=True)
class Choice:
    """How one of several things was chosen for a phrase such as "the left picture".

    Args:
        target: The phrase as typed.
        thing: The part of it that was looked for.
        which: What its other words mean: `leftmost`, `behind (sofa)`.
        numbers: Of the things that were chosen; empty where nothing was decided.
        candidates: The number of each thing of that name, its box and, if it was compared, its measure.
        measure: What decided, in words.
        margin: By how much the chosen ones are ahead; None where there was nothing to compare.
        needed: The margin below which nothing is decided.
        reason: Why nothing was decided, and what to say instead; None where it was.
    """

    target: str
    thing: str
    which: str
    numbers: tuple[int, ...]
    candidates: tuple[tuple[int, Box, float | None], ...] = ()
    measure: str = ""
    margin: float | None = None
    needed: float | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """What was found for one part of the words.

    Args:
        target: The part's phrases as typed, joined by ", ".
        found: False when none of its phrases is in the photo.
        hard: [H, W] bool at photo size: settled against the other parts, not yet dilated. All False when not found.
        alpha: [H, W] float32 in 0..1: dilated, feathered, and 0 on kept objects and on the other parts' hard masks.
        boxes: Boxes of all its phrases, hottest first within a phrase.
        peak: Highest heat of any of its phrases, 0..1; None for a given mask.
        read_as: For each phrase, the words that were looked for (the phrase itself if it is known).
        missing: Phrases, excepted and kept words of this part that were not found.
        reason: Why nothing, or not everything, was found; None if everything was.
        expected_iou: How good the mask is expected to be: the intersection over union with the true mask that masks
            like this one reach on average, 0..1. None for a given mask, and where nothing was found.
        instances: The single things that its phrases name, chosen or not, where they were told apart: in a mask
            request, and for phrases that pick one of several.
        choices: How they were chosen, for each target that picks one of several.
        presence: For each of its phrases the probability, 0..1, that the thing is in the photo at all; empty where the
            segmenter has no number for that.
        foreign: [H, W] bool, of what is to go: things beside it, from which what is behind it is not continued. None of
            what is painted, and where that is not known.
    """

    target: str
    found: bool
    hard: Hard
    alpha: Alpha
    boxes: tuple[Box, ...]
    peak: float | None
    read_as: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    reason: str | None = None
    expected_iou: float | None = None
    instances: tuple[Instance, ...] = ()
    choices: tuple[Choice, ...] = ()
    presence: tuple[float, ...] = ()
    foreign: Hard | None = None

    @property
    def mask(self) -> Hard:
        """[H, W] bool: the same as `hard`, the binary mask at photo size, not dilated; all False when not found."""
        return self.hard

    @property
    def score(self) -> float | None:
        """The same as `peak`: the highest heat of any of its phrases, 0..1; None for a mask that was given."""
        return self.peak

    def __repr__(self) -> str:
        height, width = self.hard.shape
        if not self.found:
            return f"<Region {self.target!r}: not found in {width} x {height} px>"
        score = "given" if self.peak is None else f"score {self.peak:.2f}"
        share, count = np.count_nonzero(self.hard) / self.hard.size, len(self.boxes)
        return (
            f"<Region {self.target!r}: {share:.1%} of {width} x {height} px, "
            f"{count} {'box' if count == 1 else 'boxes'}, {score}>"
        )


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """One of several results of an edit, painted with different seeds.

    Args:
        seed: The seed that its editor was given.
        chosen: True for the one that was kept.
        scores: (name, value) of each defect, 0 clean to 1 broken, sorted by name; empty where the editor declined.
        picture: [h, w, 3] uint8, the part of the photo around the region with this candidate, at most 640 px long; None
            where it declined.
        reason: Why the editor declined; None if it did not.
    """

    seed: int
    chosen: bool
    scores: tuple[tuple[str, float], ...] = ()
    picture: Rgb | None = None
    reason: str | None = None

    def __repr__(self) -> str:
        scores = ", ".join(f"{name} {value:.2f}" for name, value in self.scores) or f"declined: {self.reason}"
        return f"<Candidate {self.seed}{' (chosen)' if self.chosen else ''}: {scores}>"


@dataclass(frozen=True, slots=True)
class Step:
    """The result of one edit.

    Args:
        targets: Its phrases as typed.
        read_as: The words that were looked for, one for each phrase.
        prompt: What its targets were to become.
        seed: The seed that its editor was given.
        found: False when none of its phrases is in the photo.
        missing: Phrases, excepted and kept words that were not found.
        peak: Highest heat, 0..1; None for a given mask.
        boxes: Boxes of all its phrases.
        area_px: Pixels with alpha above 0 that were painted; 0 when nothing was.
        reason: Why nothing, or not everything, was painted; None if everything was.
        candidates: All candidates, if there were several.
        expected_iou: Of its region.
        choices, presence: Of its region.
        optional: Of its edit.
        bounce: How much of the light of the other edits it was given, 0..1; 0 where its editor does no such thing.
    """

    targets: tuple[str, ...]
    read_as: tuple[str, ...]
    prompt: str
    seed: int
    found: bool
    missing: tuple[str, ...]
    peak: float | None
    boxes: tuple[Box, ...]
    area_px: int
    reason: str | None
    candidates: tuple[Candidate, ...] = ()
    expected_iou: float | None = None
    choices: tuple[Choice, ...] = ()
    presence: tuple[float, ...] = ()
    optional: bool = False
    bounce: float = 0.0

    @property
    def passed_over(self) -> bool:
        """Whether it was optional, and its targets are not in the photo."""
        return self.optional and not self.found

    def __repr__(self) -> str:
        count = f", best of {len(self.candidates)}" if self.candidates else ""
        done = f"{self.area_px} px painted{count}" if self.area_px else f"not painted: {self.reason}"
        return f"<Step {', '.join(self.targets)!r} -> {self.prompt!r}: {done}>"


@dataclass(frozen=True, slots=True, eq=False)
class SharedRoom:
    """What photos of one room have in common.

    Args:
        name: Of the room.
        photos: How many there are.
        digest: Of all that decides what they agree on: a result is current only as long as it is the same. Empty where
            that cannot be told.
        agreed: What they agree on, by surface, as `painting.agreement.agree` gives it; None as long as that is unknown.
    """

    name: str
    photos: int
    digest: str
    agreed: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """One photo of a batch, with its plan and its destination.

    Args:
        photo: Its file; for a photo in a store, a name with the same ending as its URL.
        plan: The edits.
        out: The folder of its results.
        name: The beginning of their names.
        photo_url: Its URL in a store; empty for a file.
        out_url: The URL in a store for its results; empty for a folder.
        masks: The folder of mask files that are used for it; None finds its masks.
        room: The room that it shows, where several photos of one are to agree; empty for none.
        shared: What it has in common with the others, once that is known; no part of which job it is.
    """

    photo: Path
    plan: Plan
    out: Path
    name: str
    photo_url: str = ""
    out_url: str = ""
    masks: Path | None = None
    room: str = ""
    shared: SharedRoom | None = field(default=None, compare=False)

    @property
    def shown(self) -> str:
        """The photo's name for people: its URL, or its path."""
        return self.photo_url or str(self.photo)


@dataclass(frozen=True, slots=True)
class JobReport:
    """How one job of a batch ended.

    Args:
        job: The job.
        status: `done`, `skipped` (it was done before) or `failed`.
        reason: Why it failed; None otherwise.
        record: The record that was written; empty if none was.
        took_s: Wall-clock seconds.
    """

    job: Job
    status: Literal["done", "skipped", "failed"]
    reason: str | None = None
    record: Mapping[str, Any] = field(default_factory=dict)
    took_s: float = 0.0
