"""The three seams. Anything with these methods fits: no base class, no registration.

`Stages` holds one of each, loaded once and used for any number of photos.

Any of them may offer `own_files`: paths of the files, beside its settings, that decide what it answers (a net in the
package, masks that a person drew). When what is in one has changed, a batch makes its photos anew, and kept masks are
found anew. And `computes_with`: names of the packages that it computes with, for the record even where kept masks
spare it the work.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from automask.types import Box, BoxRecipe, Hard, Heat, MaskRecipe, Rgb


@runtime_checkable
class Segmenter(Protocol):
    """Finds phrases in a photo.

    A segmenter may also offer `understand(targets: Sequence[str]) -> tuple[str, ...]`: the words that it will look for
    instead (spelling, synonyms), one for each target. It is called before the photo is opened.

    And it may offer `parts(targets: Sequence[str]) -> Sequence[Sequence[int]]`: for each target the indices of those
    others that name a part of it. In "island -> navy; island top -> oak" the top is then the second edit's alone.
    """

    def heats(self, photo: Rgb, targets: Sequence[str]) -> Heat:
        """How sure it is, for each phrase and pixel.

        Args:
            photo: [H, W, 3] uint8 RGB, read-only.
            targets: At least one phrase.

        Returns:
            [N, H, W] float32 in 0..1, absolute (never stretched to its own range): "not there" is a low peak.

        Raises:
            UnknownPhrase: For words that it cannot know, before it looks at the photo.
        """
        ...


@runtime_checkable
class Refiner(Protocol):
    """Sharpens heat to a mask."""

    def refine(self, photo: Rgb, heats: Heat, boxes: Sequence[tuple[Box, ...]]) -> Hard:
        """The pixels of each phrase.

        Args:
            photo: [H, W, 3] uint8 RGB, read-only.
            heats: [N, H, W] float32 in 0..1.
            boxes: For each phrase the boxes around its hot blobs; an empty tuple where it was not found.

        Returns:
            [N, H, W] bool; all False for a phrase without boxes.
        """
        ...


@runtime_checkable
class Editor(Protocol):
    """Repaints the masked part of a crop.

    `ideal_px` is the short side that it likes best; 0 means "give me the whole photo". Crops come with sides that are
    multiples of `multiple_px`. Keyword-only parameters of `paint` beside `seed` are the options that an edit may carry
    in a YAML plan.

    An editor may also offer:

    - `paint_many(jobs)`, where jobs is a sequence of mappings of `paint`'s arguments, of any edits and photos. It gives
      for each job what `paint` would, or the `CropRefused` that says why not.
    - `check(prompt, ...)`, with any of `paint`'s options by name, which raises for what it cannot paint before any work
      is done (`UnknownPrompt` where another editor might).
    - `reads(prompt)`: paths of the files that a prompt names. A batch makes a photo anew when they have changed.
    - `keeps_surroundings = True`: what it gives back outside the mask is meant to be the photo. How far it is not is
      then taken for the editor's error and undone inside the mask too (`automask.painting.seams`). `spill_px` says how
      many pixels of the crop it may repaint beyond the mask: those are not compared.
    - `generative`: whether what it paints comes from a generative model. A result that is to disclose how it was made
      names the kind.
    - `context_frac`: what a crop shows around what it repaints, as a share of that one's longer side (else 0.15).

    One that only chooses among others offers `route(prompt) -> Editor`; the chain deals with the one it gives, crop by
    crop and option by option. It names them in `editors`, shows in `loaded` those that it has, by name, and is given
    the function that loads one in `connect(load)`.
    """

    @property
    def multiple_px(self) -> int: ...

    @property
    def ideal_px(self) -> int: ...

    def paint(self, crop: Rgb, hard: Hard, prompt: str, *, seed: int) -> Rgb:
        """The crop with its masked part repainted; what it returns outside the mask is thrown away by the chain.

        Args:
            crop: [h, w, 3] uint8 RGB, read-only.
            hard: [h, w] bool, True is to be repainted: everything that will show, soft edge included.
            prompt: What it becomes.
            seed: 0..2**32-1; the only source of randomness.

        Returns:
            [h, w, 3] uint8, the size of the crop.

        Raises:
            CropRefused: The editor declines this crop; the step fails with the reason, the chain goes on.
        """
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Stages:
    """Everything a photo is worked on with, loaded once.

    Args:
        segmenter, refiner, editor: One of each protocol.
        boxes: How heat becomes boxes.
        mask: How a mask becomes alpha.
        editors: Editors that edits name with `with:`, by name.
        preset: The preset's name, for the record.
        config: The composed configuration as plain values, for the record and for digests.
    """

    segmenter: Segmenter
    refiner: Refiner
    editor: Editor
    boxes: BoxRecipe = field(default_factory=BoxRecipe)
    mask: MaskRecipe = field(default_factory=MaskRecipe)
    editors: Mapping[str, Editor] = field(default_factory=dict)
    preset: str = ""
    config: Mapping[str, Any] = field(default_factory=dict)
