"""What several photos of one room agree on, so that what is repainted looks the same in all of them.

Each photo is measured by the editor that will paint it (`measure`), the editor says what the measurements of all photos
come to (`agree`), and then paints each with that (`in_room`). What an editor measures is its own affair: here it is
plain values, by surface. A surface is what one edit repaints, known by its words as they were understood, so that
"wall" in one photo and "walls" in another are one.
"""

import functools
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from automask.capabilities import capabilities_of
from automask.errors import AutomaskError
from automask.images.borders import content_box
from automask.painting.calls import call_editor, editor_name
from automask.painting.chain import crop_masks
from automask.painting.crops import cut_mask, to_editor
from automask.painting.editors import editor_for, surface_of
from automask.protocols import Editor, Stages
from automask.types import Plan, Region, Rgb

Measured = Mapping[str, Sequence[Any]]
"""By surface what an editor measured of each of its crops."""


def measure(photo: Rgb, plan: Plan, regions: Sequence[Region], stages: Stages) -> dict[str, list[Any]]:
    """What a photo says of each surface that is found in it and whose editor measures; plain values.

    Args:
        photo: [H, W, 3] uint8 RGB.
        plan: The edits.
        regions: One for each edit, in the same order.
        stages: Holds the editors.

    Raises:
        EditorError: An editor failed.
    """
    content, measured = content_box(photo), defaultdict(list)
    for edit, region in zip(plan, regions, strict=True):
        if not region.found or not (region.alpha > 0).any():
            continue
        editor = editor_for(edit, stages)
        ask = capabilities_of(editor).measure
        if ask is None:
            continue
        for mask in crop_masks(region.alpha, editor, content):
            crop, hard = to_editor(photo[mask.box.slices], mask.crop), cut_mask(mask.alpha > 0, mask.crop)
            said = call_editor(editor, edit, functools.partial(ask, crop, hard, edit.prompt))
            measured[surface_of(edit, region, editor)].append(said)
    return dict(measured)


def agree(photos: Sequence[Measured], plans: Sequence[Plan], stages: Stages) -> dict[str, Any]:
    """What photos agree on, by surface; plain values.

    Args:
        photos: What `measure` said of each.
        plans: Of all of them.
        stages: Holds the editors.

    Raises:
        EditorError: An editor failed.
    """
    editors: dict[str, Editor] = {}
    for plan in plans:
        for edit in plan:
            editor = editor_for(edit, stages)
            editors.setdefault(editor_name(editor), editor)
    agreed: dict[str, Any] = {}
    for surface in sorted({name for photo in photos for name in photo}):
        editor = editors[surface.partition(":")[0]]
        come_to = capabilities_of(editor).agree
        said = [one for photo in photos for one in photo.get(surface, ())]
        if come_to is not None:
            agreed[surface] = call_editor(editor, None, functools.partial(come_to, said))
    return agreed


def is_usable(agreed: Mapping[str, Any], plans: Sequence[Plan], stages: Stages) -> bool:
    """Whether what a record says that photos agreed on is something that the editors can paint with."""
    editors = {editor_name(editor): editor for plan in plans for edit in plan for editor in [editor_for(edit, stages)]}
    try:
        for surface, value in agreed.items():
            in_room = capabilities_of(editors[surface.partition(":")[0]]).in_room
            if in_room is not None:
                in_room(value)
    except (AutomaskError, KeyError):
        return False
    return True
