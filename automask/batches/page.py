"""The page for looking through a batch: OUT/index.html, one file that needs nothing but the folder around it.

Markup, style and script are page.html in this folder. What is known of the photos goes in as JSON, and the script
builds the cards from it, so that a file name or a prompt is always shown as text and never read as markup.
"""

import base64
import hashlib
import itertools
import json
import os
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal, TypeAlias
from urllib.parse import quote

from automask.images import atomic_path, read_regular
from automask.plan import mask_name
from automask.results.files import files_of, without_folders
from automask.results.previews import COLOURS, split_layout
from automask.results.records import read_record

_TEMPLATE = Path(__file__).with_name("page.html")
_GENERATOR_TAG = '<meta name="generator" content="automask">'
"""Marks a page as automask's own, which may be overwritten."""

PAGE_NAMES = ("index.html", "automask.html")
"""The page's name in OUT; the second where a person's file has the first."""

_BROWSER_SUFFIXES = {".avif", ".bmp", ".gif", ".jpeg", ".jpg", ".png", ".webp"}
"""What every browser shows. For a result in another format the before/after picture opens."""

_MOST_BYTES = 1 << 28
_HEAD_BYTES = 1 << 14
_ABSOLUTE_FOLDER = re.compile(r"^(?:[A-Za-z]:)?[/\\].*[/\\]")
_SURROGATE = re.compile("[\ud800-\udfff]")


Stale: TypeAlias = Literal["plan", "left", "other"]
"""Of an earlier plan; of a photo that left the source; of a photo that is not in this source."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What the page says of a result besides its record.

    Args:
        stale: Why the present source and plan do not make it; None if they do.
        changed: Whether a person changed the result.
    """

    stale: Stale | None = None
    changed: bool = False


def is_page(path: Path) -> bool:
    """Whether a file is a page that automask wrote."""
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return _GENERATOR_TAG.encode() in file.read(_HEAD_BYTES)
    except OSError:
        return False


def page_in(out: Path) -> Path:
    """Where the page of a batch's folder is, or would be: the first of its names that no file of a person's has."""
    names = itertools.chain(PAGE_NAMES, (f"automask-{number}.html" for number in itertools.count(2)))
    return next(out / name for name in names if not os.path.lexists(out / name) or is_page(out / name))


def write_page(
    out: Path,
    pictures: Sequence[Path],
    failures: Sequence[tuple[str, str]] = (),
    mark: Callable[[Path, Mapping[str, Any]], Mark] | None = None,
) -> Path:
    """Writes OUT/index.html from the records of the before/after pictures; an identical page is left untouched.

    If something that automask did not write has that name, automask.html is written instead, or automask-2.html.

    Args:
        out: The folder of a batch.
        pictures: The before/after pictures below it, in the page's order.
        failures: (name, reason), as in failures.csv.
        mark: What is to be said of the result of a record, given its path and content.

    Returns:
        The path of the page.

    Raises:
        OutputError: It cannot be written.
    """
    records = {_prefix(picture.relative_to(out).as_posix()): read_record(_record_of(picture)) for picture in pictures}
    marks = {prefix: mark(out / f"{prefix}.run.json", record) for prefix, record in records.items()} if mark else {}
    files = (file for prefix, record in records.items() for file in _files(prefix, record))
    there = {file for file in files if (out / file).is_file()}
    text = page(records, there, failures, marks).encode()
    path = page_in(out)
    if _bytes_of(path) != text:
        with atomic_path(path) as part:
            part.write_bytes(text)
    return path


def page(
    records: Mapping[str, Mapping[str, Any]],
    there: Container[str],
    failures: Sequence[tuple[str, str]] = (),
    marks: Mapping[str, Mark] | None = None,
) -> str:
    """The page's text. The same records, failures and marks give the same text.

    It holds no times and only paths below OUT.

    Args:
        records: The key is what a photo's files below OUT begin with, like "attic/kitchen" for attic/kitchen.run.json;
            in the page's order; the record is empty if it cannot be read.
        there: Files below OUT that may be linked to.
        failures: (name, reason), as in failures.csv. A photo that failed and has results of an earlier run gets one
            card with both.
        marks: By the keys of `records`: which results are out of date, or were changed.
    """
    reasons: dict[str, list[str]] = defaultdict(list)
    for name, reason in failures:
        reasons[name].append(reason)
    cards = [_card(prefix, record, there, reasons, (marks or {}).get(prefix)) for prefix, record in records.items()]
    folders = dict.fromkeys(["", *(card["folder"] for card in cards)])
    cards += [_failure(name, reason, folders) for name, several in reasons.items() for reason in several]
    cards = [card for folder in folders for card in cards if card["folder"] == folder]
    by_status = Counter(card["status"] for card in cards)
    data = {
        "counts": {"all": len(cards), **{status: by_status[status] for status in ("done", "skipped", "failed")}},
        "colours": [_hex(colour) for colour in COLOURS],
        "cards": cards,
    }
    return _fill_template(data)


# --------------------------------------------------------------------------------------------------------------- cards


def _card(
    prefix: str,
    record: Mapping[str, Any],
    there: Container[str],
    reasons: dict[str, list[str]],
    mark: Mark | None,
) -> dict[str, Any]:
    """What the page shows of one photo with results; if it has failed since, the reason is popped from `reasons`."""
    place = PurePosixPath(prefix)
    picture = f"{prefix}.before-after.jpg"
    card: dict[str, Any] = {
        "folder": _folder(place),
        "name": place.name,
        "status": "failed",
        "reason": None,
        "picture": _href(picture),
        "halves": None,
        "result": None,
        "full": None,
        "record": _href(f"{prefix}.run.json"),
        "seed": None,
        "lowest": None,
        "steps": [],
        "notes": [],
        "stale": None if mark is None or mark.stale is None else _STALE[mark.stale],
        "changed": mark is not None and mark.changed,
    }
    try:
        facts = _facts(prefix, record, there)
        json.dumps(facts, allow_nan=False)
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError):
        # One record that somebody damaged by hand must not take the page of all the others with it.
        return {**card, "reason": "its record cannot be read"}
    failed_with = reasons.pop(_result(prefix, record), None)
    if failed_with is not None:
        facts["notes"].append("This run failed; the pictures are from an earlier run.")
        facts |= {"status": "failed", "reason": without_folders("; ".join(failed_with))}
    return {**card, **facts}


_STALE: Mapping[Stale, str] = {
    "plan": "Of an earlier plan: the last batch does not make it.",
    "left": "Its photo is no longer in the source.",
    "other": "Its photo is not in the source of the last batch.",
}


def _facts(prefix: str, record: Mapping[str, Any], there: Container[str]) -> dict[str, Any]:
    """What a card takes from a record.

    Raises:
        LookupError, TypeError, ValueError, AttributeError, ArithmeticError: The record is damaged.
    """
    width, height = record["size_wh"]
    layout = split_layout((width, height))
    result = _result(prefix, record)
    steps = [
        _step(step, mask if mask in there else None, width * height, float(record.get("doubt_below") or 0))
        for step, mask in zip(record["steps"], _masks(prefix, record), strict=True)
    ]
    # Of found targets, painted or not: a target that was not found has a reason of its own, and no quality.
    qualities = [row["quality"] for row in steps if row["quality"] is not None]
    shown = result in there and PurePosixPath(result).suffix.lower() in _BROWSER_SUFFIXES
    return {
        "name": PurePosixPath(result).name,
        "status": "skipped" if any(_is_incomplete(step) for step in record["steps"]) else "done",
        "halves": {"size": layout.size_wh, "gap": layout.gap_px, "stacked": layout.stacked},
        "result": _href(result) if result in there else None,
        "full": _href(result) if shown else _href(f"{prefix}.before-after.jpg"),
        "seed": record["seed"],
        "lowest": min(qualities, default=None),
        "steps": steps,
        "notes": [without_folders(note) for note in record["notes"]],
    }


def _is_incomplete(step: Mapping[str, Any]) -> bool:
    """Whether something was not done that the plan wanted: not where an optional target is not in the photo."""
    return bool(step["reason"] or step["missing"]) and not (step.get("optional") and not step["found"])


def _step(step: Mapping[str, Any], mask: str | None, photo_px: int, check_below: float) -> dict[str, Any]:
    targets, read_as = ", ".join(step["targets"]), ", ".join(step["read_as"])
    share = 100 * step["area_px"] / photo_px
    expected = step.get("expected_iou")  # not in records of 0.1
    quality = None if expected is None else float(expected)
    return {
        "targets": targets,
        "prompt": without_folders(step["prompt"]),
        "read": read_as if read_as.casefold() != targets.casefold() else None,
        "quality": quality,
        "check": quality is not None and quality < check_below,
        "area": f"{share:.1f} % of the photo" if step["area_px"] else None,
        "reason": None if step["reason"] is None else without_folders(step["reason"]),
        "mask": None if mask is None else _href(mask),
    }


def _failure(name: str, reason: str, folders: Container[str]) -> dict[str, Any]:
    """The card of a photo without results. One that never became a job is named by its own path, not one below OUT."""
    place = PurePosixPath(name)
    inside = _folder(place) in folders
    return {
        "folder": _folder(place) if inside else "",
        "name": _ABSOLUTE_FOLDER.sub("", place.name if inside else name),
        "status": "failed",
        "reason": without_folders(reason),
        "picture": None,
        "lowest": None,
        "seed": None,
        "steps": [],
        "notes": [],
    }


def _folder(place: PurePosixPath) -> str:
    return "" if place.parent == PurePosixPath() else place.parent.as_posix()


# --------------------------------------------------------------------------------------------------------------- files


def _prefix(picture: str) -> str:
    return picture.removesuffix(".before-after.jpg")


def _record_of(picture: Path) -> Path:
    return picture.with_name(f"{_prefix(picture.name)}.run.json")


def _bytes_of(path: Path) -> bytes | None:
    """A file's content; None if it does not exist, empty if it is not a readable file."""
    try:
        return read_regular(path, _MOST_BYTES)
    except FileNotFoundError:
        return None
    except OSError:
        return b""


def _result(prefix: str, record: Mapping[str, Any]) -> str:
    place = PurePosixPath(prefix)
    return (place.parent / files_of(record["photo"], Path(), place.name).result.name).as_posix()


def _masks(prefix: str, record: Mapping[str, Any]) -> list[str]:
    return [f"{prefix}.masks/{mask_name(number, step['targets'])}" for number, step in enumerate(record["steps"], 1)]


def _files(prefix: str, record: Mapping[str, Any]) -> list[str]:
    try:
        return [_result(prefix, record), *_masks(prefix, record)]
    except (LookupError, TypeError, AttributeError):
        return []


def _href(path: str) -> str:
    """A link from OUT to a file below it, percent-encoded byte by byte: names need not be valid UTF-8."""
    return "/".join(quote(os.fsencode(part), safe="") for part in path.split("/"))


# ------------------------------------------------------------------------------------------------------------ template


def _fill_template(data: Mapping[str, Any]) -> str:
    text = _TEMPLATE.read_text(encoding="utf-8")
    # The page may use its own style and script and show pictures in its folder; anything else that got in stays inert.
    policy = "; ".join(
        [
            "default-src 'none'",
            "img-src 'self' file:",
            f"style-src '{_sha256(text, 'style')}'",
            f"script-src '{_sha256(text, 'script')}'",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )
    count = data["counts"]["all"]
    title = f"automask: {count} photo{'' if count == 1 else 's'}"
    tints = "\n".join(_tint(number, colour) for number, colour in enumerate(COLOURS))
    cards = ",\n".join(json.dumps(card, ensure_ascii=False, separators=(",", ":")) for card in data["cards"])
    head = json.dumps({"counts": data["counts"], "colours": data["colours"]})
    embedded = f'{head[:-1]}, "cards": [\n{cards}\n]}}'.replace("<", "\\u003c")
    filling = {"__POLICY__": policy, "__TITLE__": title, "__TINTS__": tints, "__DATA__": embedded}
    filled = re.sub("__[A-Z]+__", lambda found: filling[found[0]], text)
    return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", filled)


def _sha256(text: str, tag: str) -> str:
    """The hash by which the content security policy names the template's style or script."""
    (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, flags=re.DOTALL)
    return f"sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}"


def _tint(number: int, colour: tuple[int, int, int]) -> str:
    # Why not mask-image: browsers refuse it for local files when the page itself is opened from a folder.
    return (
        f'<filter id="tint{number}" color-interpolation-filters="sRGB">'
        f'<feColorMatrix type="luminanceToAlpha" result="alpha"/><feFlood flood-color="{_hex(colour)}"/>'
        f'<feComposite in2="alpha" operator="in"/></filter>'
    )


def _hex(colour: tuple[int, int, int]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
