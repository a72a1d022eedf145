"""The three protocols. Anything with these methods fits: no base class, no registration.

`Stages` holds one of each, loaded once and used for any number of photos.

Any of them may also have these optional members (`automask.capabilities` reads them, and refuses one that is misspelt):

- `own_files`: paths of the files besides its settings that decide what it answers (a net in the package, masks that a
  person drew). When the content of one changes, a batch makes its photos again, and kept masks are found again.
- `computes_with`: names of the packages that it computes with, for the record even where kept masks spare it the work.
- `device_note`: one sentence for people, shown and recorded: where it runs, in what number format, and why.
- `exclusive = True`: its model uses all cores or a GPU by itself, so a batch that may choose works in one process.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from automask.types import Box, BoxRecipe, Hard, Heat, MaskRecipe, Rgb


@runtime_checkable
class Segmenter(Protocol):
    """Finds phrases in a photo.

    A segmenter may also have:

    - `understand(targets: Sequence[str]) -> tuple[str, ...]`: the words that it will look for instead (spelling,
      synonyms), one for each target. It is called before the photo is opened.
    - `phrase_for(text: str) -> str | None`: the words that it will look for instead of one text, and None where
      `understand` (or `heats`) would refuse it. It says which compounds keep their meaning: where "upper cabinets" are
      looked for as something else than "cabinets", the word "upper" does not pick some of them. Without it
      `understand` is asked, and without that no compound is known.
    - `parts(targets: Sequence[str]) -> Sequence[Sequence[int]]`: for each target the indices of the other targets that
      name a part of it. In "island -> navy; island top -> oak" the top then belongs to the second edit alone.
    - `survey(photo, targets) -> Survey`: in place of `heats`, the same heats together with the heat of all things that
      no target names, which masks then leave out, with evidence of how reliable the heats are, with `pieces`, what
      `instances` would answer, and with `unsure`, where something is and it cannot tell what: a thing that is to go
      takes what touches it of that along; and with `things`, those that what is behind it is not continued from.
    - `instances(photo, targets) -> [N, H, W]` whole numbers: which piece of a phrase each pixel belongs to, as far as
      it knows: the seats of a sofa, or base and wall cabinets. A thing never reaches over a border between two numbers;
      within one, things are the connected parts of the mask. It is asked where `survey` names no pieces.
    - `quality`: path of a JSON file that scripts/fit_quality.py wrote: the expected quality of masks made from its
      heats. Without one a fit that knows neither phrases nor evidence is used; with "" nothing is expected of a mask,
      and none is in doubt.
    """

    def heats(self, photo: Rgb, targets: Sequence[str]) -> Heat:
        """The probability of each phrase at each pixel.

        Args:
            photo: [H, W, 3] uint8 RGB, read-only.
            targets: At least one phrase.

        Returns:
            [N, H, W] float32 in 0..1, absolute (never rescaled to its own range): a low peak means "not there".

        Raises:
            UnknownPhrase: For words that it cannot know, before it looks at the photo.
        """
        ...


@runtime_checkable
class Refiner(Protocol):
    """Turns heat into a sharp mask.

    A refiner may also have `refine_with(photo, heats, boxes, positive, negative) -> [N, H, W] bool`: as `refine`, with
    what a person marked as belonging to each phrase and as not belonging to it ([N, H, W] bool each). The studio snaps
    strokes to edges with it; without it a guided filter and GrabCut do that.
    """

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

    `ideal_px` is the preferred short side of a crop; 0 means the whole photo. The sides of crops are multiples of
    `multiple_px`. Keyword-only parameters of `paint` other than `seed` are the options that an edit may carry in a YAML
    plan.

    An editor may also have:

    - `paint_many(jobs)`, where jobs is a sequence of mappings of `paint`'s arguments, of any edits and photos. It
      returns for each job what `paint` would, or the `CropRefused` that says why not.
    - `check(prompt, ...)`, with any of `paint`'s options by name, which raises for what it cannot paint before any work
      is done (`UnknownPrompt` where another editor might).
    - `reads(prompt)`: paths of the files that a prompt names. A batch makes a photo again when they have changed.
    - `keeps_surroundings = True`: what it returns outside the mask is meant to be the photo. Any difference there is
      taken for the editor's error and corrected inside the mask too (`automask.painting.seams`). `spill_px` is the
      number of crop pixels beyond the mask that it may repaint: those are not compared.
    - `generative`: whether what it paints comes from a generative model. A result that discloses how it was made names
      the kind.
    - `context_frac`: how much a crop shows around what it repaints, as a share of the longer side of that (0.15 without
      it).
    - `max_area_px`: the largest area of a crop that it takes, width times height: larger ones are scaled down to it.
    - `removal(things, behind) -> dict`: it takes things away by itself, and these are the arguments of `paint` for it:
      a `prompt` and any of its options. `things` are the words for what goes, `behind` those for what surrounds it, as
      far as the segmenter knows it. Edits that take things away ("-> remove") go to the editor `remove` otherwise.
    - `paint_beside(crop, hard, others, prompt, *, seed, ...)`: as `paint`, with [h, w] bool, the things beside what is
      to go, from which what is behind it is not continued. It is called in place of `paint` where the segmenter knows
      them; the jobs of `paint_many` have `others` then, too.
    - `measure(crop, hard, prompt)`, `agree(measured)` and `in_room(agreed) -> Editor`, all three, for photos of one
      room (`--same-room`). `measure` gives plain values (what JSON holds) that say what a crop shows of a surface,
      `agree` is given those of all photos and returns plain values again, and `in_room` returns the editor that paints
      with them.

    - `relight(photo, picture, alphas) -> picture`, for surfaces that light each other: it is called once, after all
      edits that paint and before things are taken away, where `bounce` is above 0 and the editor painted more than one
      of them. `photo` is [h, w, 3] uint8 before and `picture` after all these edits, and `alphas` holds [h, w] float32
      for each edit that it painted, in that order; all are read-only. The chain takes over only their pixels.

    An editor that only chooses among others has `route(prompt) -> Editor`; the chain then calls the editor that it
    returns. Such an editor lists the names to choose from in `editors` and those loaded so far, by name, in `loaded`,
    and is given the function that loads one in `connect(load)`.
    """

    @property
    def multiple_px(self) -> int: ...

    @property
    def ideal_px(self) -> int: ...

    def paint(self, crop: Rgb, hard: Hard, prompt: str, *, seed: int) -> Rgb:
        """The crop with its masked part repainted; the chain discards what it returns outside the mask.

        Args:
            crop: [h, w, 3] uint8 RGB, read-only.
            hard: [h, w] bool, True where it is repainted: everything that will show, soft edge included.
            prompt: What it becomes.
            seed: 0..2**32-1; the only source of randomness.

        Returns:
            [h, w, 3] uint8, the size of the crop.

        Raises:
            CropRefused: The editor declines this crop; the step fails with the reason, and the chain continues.
        """
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Stages:
    """The segmenter, refiner, editors and recipes of a run, loaded once.

    Args:
        segmenter, refiner, editor: One of each protocol.
        boxes: How heat becomes boxes.
        mask_recipe: How a mask becomes alpha.
        editors: Editors that edits name with `with:`, by name.
        preset: The preset's name, for the record.
        config: The composed configuration as plain values, for the record and for digests.
    """

    segmenter: Segmenter
    refiner: Refiner
    editor: Editor
    boxes: BoxRecipe = field(default_factory=BoxRecipe)
    mask_recipe: MaskRecipe = field(default_factory=MaskRecipe)
    editors: Mapping[str, Editor] = field(default_factory=dict)
    preset: str = ""
    config: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        parts = ", ".join(type(part).__name__ for part in (self.segmenter, self.refiner, self.editor))
        return f"<{type(self).__name__} {self.preset or 'of ready objects'}: {parts}>"
