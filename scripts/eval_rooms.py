"""Measures whether photos of one room agree: rooms rendered from several places, before and after a recolouring.

    python scripts/render_rooms --out VIEWS --views 3 --recolours-every 1 --recolours 2 --twins-every 0 ...
    python scripts/eval_rooms.py --data VIEWS

Every view is painted through its true masks, once alone and once with what the views of its room agree on, as
`automask batch --same-room` does it, and held against the re-render of the same view. The table goes to standard output
and OUT/rooms.md, the pictures (before, alone, together, re-render) to OUT/rooms.jpg.

docs/research/editing-quality.md says how to read it.
"""

import argparse
import itertools
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from eval_edits import Plane, ciede2000, lab_of, true_mask

from automask import config
from automask.errors import AutomaskError
from automask.images import open_photo, write_picture
from automask.masking.masks import alpha_from
from automask.painting import agreement, chain, editors
from automask.plan import parse_plan
from automask.protocols import Stages
from automask.results.sheets import contact_sheet
from automask.types import Hard, Plan, Region, Rgb

INNER_PX = 3
"""The rim of a mask shows neighbours: colours are those farther inside."""
CELL_PX = 384


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """One picture of a room.

    Args:
        before, after: [H, W, 3] uint8, as it is and recoloured.
        masks: For each part of the edit [H, W] bool.
    """

    before: Rgb
    after: Rgb
    masks: tuple[Hard, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One recolouring of a room.

    Args:
        room: Its name.
        parts: Of the edit, as a person types them.
        paints: For each part whether it is a paint: its colour is the same all over.
        views: At least two.
    """

    room: str
    parts: tuple[str, ...]
    paints: tuple[bool, ...]
    views: tuple[View, ...]


def cases_in(folder: Path) -> Iterator[Case]:
    """The recolourings of all rooms of a folder that was rendered with several views."""
    classes_of = json.loads((folder / "classes.json").read_text(encoding="utf-8"))
    ids = {about["phrase"]: int(number) for number, about in classes_of.items()}
    for path in sorted(folder.glob("*.json")):
        record = json.loads(path.read_text(encoding="utf-8"))
        if path.name == "classes.json" or not record.get("views"):
            continue
        name = record["name"]
        labels = [f"{name}.png", *(view["labels"] for view in record["views"])]
        for edit in record["recolours"]:
            stem = Path(edit["picture"]).stem
            before = [f"{name}.jpg", *(view["picture"] for view in record["views"])]
            after = [edit["picture"], *(f"{stem}_view{number}.jpg" for number in range(1, len(before)))]
            wanted = [[ids[one] for one in part["classes"]] for part in edit["parts"]]
            views = []
            for shot, truth, classes in zip(before, after, labels, strict=True):
                found = cv2.imread(str(folder / classes), cv2.IMREAD_UNCHANGED)
                if found is None:
                    raise SystemExit(f"{str(folder / classes)!r} is no picture: render the room again")
                masks = tuple(true_mask(found, one) for one in wanted)
                views.append(View(open_photo(folder / shot).rgb, open_photo(folder / truth).rgb, masks))
            paints = tuple(part["hex"] is not None for part in edit["parts"])
            yield Case(name, tuple(edit["edit"].split("; ")), paints, tuple(views))


def with_known_parts(case: Case, stages: Stages) -> Case:
    """The case without the parts that the editor cannot paint, such as a marble that it has not."""
    known = [number for number, words in enumerate(case.parts) if _is_known(words, stages)]
    views = tuple(replace(view, masks=tuple(view.masks[number] for number in known)) for view in case.views)
    parts, paints = tuple(case.parts[number] for number in known), tuple(case.paints[number] for number in known)
    return replace(case, parts=parts, paints=paints, views=views)


def _is_known(words: str, stages: Stages) -> bool:
    try:
        editors.check_edits(parse_plan(words), stages)
    except AutomaskError as error:
        print(f"  not measured: {words}: {error}", file=sys.stderr)
        return False
    return True


def painted(case: Case, stages: Stages, *, together: bool) -> list[Rgb]:
    """The views of a case as they are painted alone, or together."""
    plan = parse_plan("; ".join(case.parts))
    regions = [_regions(plan, view, stages) for view in case.views]
    agreed: Mapping[str, Any] | None = None
    if together:
        pairs = zip(case.views, regions, strict=True)
        measured = [agreement.measure(view.before, plan, found, stages) for view, found in pairs]
        agreed = agreement.agree(measured, [plan], stages)
    pictures = []
    for view, found in zip(case.views, regions, strict=True):
        (made,) = chain.paint_together([chain.painting(view.before, plan, found, stages, agreed=agreed)])
        if isinstance(made, Exception):
            raise made
        pictures.append(made[0])
    return pictures


def _regions(plan: Plan, view: View, stages: Stages) -> list[Region]:
    regions = []
    for edit, mask in zip(plan, view.masks, strict=True):
        alpha = alpha_from(mask, stages.mask_recipe, untouchable=np.zeros_like(mask))
        words = ", ".join(edit.targets)
        regions.append(Region(words, bool(mask.any()), mask, alpha, (), 1.0, read_as=edit.targets))
    return regions


def spread(colours: Sequence[Plane]) -> float:
    """The mean CIEDE2000 between any two of several colours ([3] L*a*b* each)."""
    pairs = itertools.combinations(colours, 2)
    return float(np.mean([float(ciede2000(one[None], other[None])[0]) for one, other in pairs]))


def scatter(colours: Sequence[Plane], truths: Sequence[Plane]) -> float:
    """By how much the errors of several colours differ from each other: the mean distance in L*a*b* of any two.

    0 where all are off by the same, however much that is: then they look like photos of one room.
    """
    errors = [colour - truth for colour, truth in zip(colours, truths, strict=True)]
    return float(np.mean([np.linalg.norm(one - other) for one, other in itertools.combinations(errors, 2)]))


def mean_colours(pictures: Sequence[Rgb], masks: Sequence[Hard]) -> list[Plane]:
    """The mean L*a*b* of each picture inside its mask, without the rim."""
    kernel = np.ones((2 * INNER_PX + 1,) * 2, np.uint8)
    inner = [cv2.erode(mask.astype(np.uint8), kernel, borderValue=0) > 0 for mask in masks]
    return [lab_of(picture[where]).mean(0) for picture, where in zip(pictures, inner, strict=True)]


def rows_of(case: Case, alone: Sequence[Rgb], together: Sequence[Rgb]) -> Iterator[dict[str, Any]]:
    """The numbers of each part of a case."""
    truth = [view.after for view in case.views]
    for number, words in enumerate(case.parts):
        masks = [view.masks[number] for view in case.views]
        true, one, both = (mean_colours(pictures, masks) for pictures in (truth, alone, together))
        yield {
            "room": case.room,
            "edit": words,
            "is_paint": case.paints[number],
            "spread": [spread(colours) for colours in (true, one, both)],
            "scatter": [scatter(colours, true) for colours in (one, both)],
            "off": [float(np.mean(ciede2000(np.array(colours), np.array(true)))) for colours in (one, both)],
        }


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """The numbers as a table, the surfaces one by one and their means at the end."""
    head = "| surface | spread: re-renders | alone | together | scatter: alone | together | off: alone | together |"
    lines = [head, "| --- |" + " --- |" * 7]
    groups = {"**paints**": [row for row in rows if row["is_paint"]], "**all**": list(rows)}
    for row in rows:
        lines.append(_line(f"{row['room']}: {row['edit']}", [row]))
    lines += [_line(f"{name} ({len(some)})", some) for name, some in groups.items() if some]
    return "\n".join(lines)


def _line(name: str, rows: Sequence[Mapping[str, Any]]) -> str:
    columns = np.mean([[*row["spread"], *row["scatter"], *row["off"]] for row in rows], axis=0)
    return f"| {name} | " + " | ".join(f"{value:.1f}" for value in columns) + " |"


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the evaluation that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, metavar="VIEWS", help="a folder made with --views")
    parser.add_argument("--out", type=Path, default=Path("out"), help="where table and sheet are written")
    parser.add_argument("overrides", nargs="*", metavar="key=value", help="as for automask edit")
    flags = parser.parse_intermixed_args(argv)
    composed = config.compose("starter", flags.overrides)
    stages = config.build(composed)
    rows: list[dict[str, Any]] = []
    cells: list[tuple[str, Rgb]] = []
    for found in cases_in(flags.data):
        print(f"{found.room}: {'; '.join(found.parts)}", file=sys.stderr, flush=True)
        case = with_known_parts(found, stages)
        if not case.parts:
            continue
        alone, together = (painted(case, stages, together=both) for both in (False, True))
        rows += rows_of(case, alone, together)
        for view, one, both in zip(case.views, alone, together, strict=True):
            captions = (f"{case.room}: {'; '.join(case.parts)}", "alone", "together", "re-render")
            cells += zip(captions, (view.before, one, both, view.after), strict=True)
    if not rows:
        raise SystemExit(f"no rooms with several views in {flags.data}")
    text = table(rows)
    print(text)
    flags.out.mkdir(parents=True, exist_ok=True)
    (flags.out / "rooms.md").write_text(text + "\n", encoding="utf-8")
    write_picture(flags.out / "rooms.jpg", contact_sheet(cells, columns=4, cell_px=CELL_PX))


if __name__ == "__main__":
    main()
