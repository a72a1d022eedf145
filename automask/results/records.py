"""The records of an edit and of a mask request, as plain values and as JSON files."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from types import UnionType
from typing import Any

import numpy as np

from automask.images import Photo, atomic_path, read_regular
from automask.plan import format_plan, is_file_name, mask_name
from automask.results.coco import coco_rle, recorded_pieces
from automask.results.files import without_folders
from automask.types import Box, Candidate, Choice, Instance, Plan, Region, SharedRoom, Step


def run_record(
    photo: Photo,
    plan: Plan,
    steps: Sequence[Step],
    *,
    preset: str = "",
    seed: int = 0,
    outside_changed_px: int = 0,
    models: Mapping[str, Any] | None = None,
    versions: Mapping[str, str] | None = None,
    timing: Mapping[str, float] | None = None,
    notes: Sequence[str] = (),
    digest: str = "",
    doubt_below: float | None = None,
    room: SharedRoom | None = None,
) -> dict[str, Any]:
    """The record of an edit, as `kitchen.run.json` holds it. Only what is under `timing` may differ from run to run.

    Args:
        photo: The photo.
        plan: The edits requested.
        steps: The outcome of each edit.
        preset: The preset it was run with.
        seed: The run's seed.
        outside_changed_px: Pixels with alpha 0 that changed: 0, or a law is broken.
        models: What was loaded, by stage.
        versions: Of automask and of the packages that compute, by name.
        timing: Seconds, by stage.
        notes: What the user should know; they follow the photo's own notes.
        digest: Of photo, plan, configuration and version; a batch resumes by it.
        doubt_below: Expected quality below which a step is one to check; None if none is.
        room: What the photo has in common with others of its room.
    """
    return {
        "schema": 1,
        "photo": photo.name,
        "size_wh": [int(side) for side in photo.size_wh],
        "plan": without_folders(format_plan(plan)),
        "preset": preset,
        "seed": seed,
        "outside_changed_px": outside_changed_px,
        "steps": [step_record(step) for step in steps],
        "models": dict(models or {}),
        "versions": dict(versions or {}),
        "timing": _round(dict(timing or {})),
        "encoder_changed_px": 0,
        "encoder_max_diff": 0,
        "encoder": None,
        "untouched_blocks": None,
        "shared_blocks": None,
        "notes": [without_folders(note) for note in (*photo.notes, *notes)],
        "digest": digest,
        "doubt_below": _round(doubt_below),
        "photo_sha256": photo.digest,
        **({} if room is None else {"room": _room_record(room)}),
    }


def _room_record(room: SharedRoom) -> dict[str, Any]:
    return {
        "name": without_folders(room.name),
        "photos": room.photos,
        "digest": room.digest,
        "agreed": dict(room.agreed or {}),
    }


def step_record(step: Step) -> dict[str, Any]:
    """One step of a record as plain values, floats to four digits."""
    return {
        "targets": list(step.targets),
        "read_as": list(step.read_as),
        "prompt": without_folders(step.prompt),
        "seed": step.seed,
        "found": step.found,
        "missing": list(step.missing),
        "peak": _round(step.peak),
        "boxes": [box_record(box) for box in step.boxes],
        "area_px": step.area_px,
        "reason": _without_folders(step.reason),
        "expected_iou": _round(step.expected_iou),
        **({"candidates": [_candidate_record(one) for one in step.candidates]} if step.candidates else {}),
        **({"which": [choice_record(one) for one in step.choices]} if step.choices else {}),
        **({"presence": _round(step.presence)} if step.presence else {}),
        **({"optional": True} if step.optional else {}),
        **({"bounce": _round(step.bounce)} if step.bounce else {}),
    }


def choice_record(choice: Choice) -> dict[str, Any]:
    """How one of several things was chosen, as plain values."""
    return {
        "target": choice.target,
        "thing": choice.thing,
        "which": choice.which,
        "chosen": list(choice.numbers),
        "measure": choice.measure,
        "margin": _round(choice.margin),
        "needed": _round(choice.needed),
        "candidates": [
            {"number": number, "box": box_record(box), "value": _round(value)}
            for number, box, value in choice.candidates
        ],
        "reason": choice.reason,
    }


def _instance_records(region: Region) -> list[dict[str, Any]]:
    """The single things of a region; with masks of their own where several were chosen, as in a COCO file."""
    several = sum(one.chosen for one in region.instances) > 1
    records = []
    for one in region.instances:
        hard = np.zeros_like(region.hard)
        hard[one.box.slices] = one.hard & region.hard[one.box.slices]
        own = {"segmentation": coco_rle(hard)} if several and one.chosen else {}
        records.append(_instance_record(one) | own)
    return records


def without_masks(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record without run lengths, which are most of what the record of a mask request holds."""
    if "regions" not in record:
        return dict(record)
    regions = [{key: value for key, value in region.items() if key != "segmentation"} for region in record["regions"]]
    for region in regions:
        region["instances"] = [
            {key: value for key, value in one.items() if key != "segmentation"} for one in region["instances"]
        ]
    return {**record, "regions": regions}


def _instance_record(instance: Instance) -> dict[str, Any]:
    return {
        "target": instance.target,
        "number": instance.number,
        "box": box_record(instance.box),
        "area_px": instance.area_px,
        "chosen": instance.chosen,
        "expected_iou": _round(instance.expected_iou),
    }


def _candidate_record(candidate: Candidate) -> dict[str, Any]:
    return {
        "seed": candidate.seed,
        "chosen": candidate.chosen,
        "scores": {name: _round(value) for name, value in candidate.scores},
        "reason": candidate.reason,
    }


def mask_record(
    photo: Photo,
    regions: Sequence[Region],
    *,
    masks: Sequence[str | None] | None = None,
    preset: str = "",
    models: Mapping[str, Any] | None = None,
    versions: Mapping[str, str] | None = None,
    timing: Mapping[str, float] | None = None,
    digest: str = "",
    doubt_below: float | None = None,
) -> dict[str, Any]:
    """The record of `automask mask`, as `kitchen.masks.json` holds it, with the hard masks as COCO run lengths.

    Args:
        photo: The photo.
        regions: What was found in it.
        masks: For each region the path of its PNG relative to the record, None if it has none.
        preset: The preset it was run with.
        models: What was loaded, by stage.
        versions: By package.
        timing: Seconds, by stage.
        digest: Of photo, words, configuration and version; a batch resumes by it.
        doubt_below: Expected quality below which a region is one to check; None if none is.
    """
    files = masks if masks is not None else [None] * len(regions)
    return {
        "schema": 1,
        "photo": photo.name,
        "size_wh": [int(side) for side in photo.size_wh],
        "preset": preset,
        "regions": [
            {
                "target": region.target,
                "read_as": list(region.read_as),
                "found": region.found,
                "missing": list(region.missing),
                "peak": _round(region.peak),
                "boxes": [box_record(box) for box in region.boxes],
                "area_px": int(np.count_nonzero(region.hard)),
                "reason": _without_folders(region.reason),
                "mask": file,
                "segmentation": coco_rle(region.hard),
                "expected_iou": _round(region.expected_iou),
                "instances": _instance_records(region),
                **({"which": [choice_record(one) for one in region.choices]} if region.choices else {}),
                **({"presence": _round(region.presence)} if region.presence else {}),
            }
            for region, file in zip(regions, files, strict=True)
        ],
        "models": dict(models or {}),
        "versions": dict(versions or {}),
        "timing": _round(dict(timing or {})),
        "notes": list(photo.notes),
        "digest": digest,
        "doubt_below": _round(doubt_below),
        "photo_sha256": photo.digest,
    }


def write_json(path: Path, value: object) -> None:
    """Writes a value as UTF-8 JSON, completely or not at all.

    Raises:
        OutputError: The file cannot be written.
    """
    text = json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
    with atomic_path(path) as part:
        # A file name that is not valid UTF-8 holds lone surrogates; written as JSON escapes, they survive the way back.
        part.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")


def box_record(box: Box) -> list[int]:
    """A box as [x0, y0, x1, y1]."""
    return [box.x0, box.y0, box.x1, box.y1]


def _without_folders(reason: str | None) -> str | None:
    return None if reason is None else without_folders(reason)


def _round(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, Mapping):
        return {key: _round(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_round(item) for item in value]
    return value


def read_record(path: Path) -> dict[str, Any]:
    """A record as it was written; empty if there is none, if it is not automask's, or if it is damaged."""
    try:
        return parse_record(read_regular(path, MAX_RECORD_BYTES))
    except OSError:
        return {}


def parse_record(data: bytes) -> dict[str, Any]:
    """The record in the bytes of a file; empty if they hold none, or one whose values have other types than ours.

    Whoever uses a record relies on the types of what is in it; keys that it needs may be missing all the same.
    """
    try:
        record = json.loads(data)
    except (ValueError, RecursionError):  # RecursionError: a million brackets
        return {}
    return record if _fits(record, _RECORD) and record.get("schema") == 1 else {}


def is_own_record(path: Path) -> bool:
    """Whether a file is a record of automask, be it damaged: empty, or begun as automask begins one."""
    try:
        data = read_regular(path, MAX_RECORD_BYTES)
    except OSError:
        return False
    return not data or data.startswith(_RECORD_START) or bool(parse_record(data))


MAX_RECORD_BYTES = 1 << 26
"""64 MB; the masks of a 100-megapixel photo take about 1 MB each as run lengths."""
_RECORD_START = b'{\n "schema": 1,'


def _fits(value: object, shape: Any) -> bool:
    """Whether a value of JSON has a shape: a type, a function, a mapping of optional keys, or a list of one shape."""
    if isinstance(shape, Mapping):
        return isinstance(value, dict) and all(_fits(value[key], one) for key, one in shape.items() if key in value)
    if isinstance(shape, list):
        return isinstance(value, list) and all(_fits(item, shape[0]) for item in value)
    if isinstance(shape, type | UnionType):
        return isinstance(value, shape) and not (isinstance(value, bool) and shape is not bool)
    return bool(shape(value))


def _is_number_or_none(value: object) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e18)


def _is_size(value: Any) -> bool:
    whole = isinstance(value, list) and len(value) == 2 and _fits(value, [int])
    return whole and all(0 < side < 1 << 31 for side in value)


def _is_name_or_none(value: object) -> bool:
    return value is None or is_file_name(value)


def _is_path_below(value: object) -> bool:
    """Whether a value is the path of a file below the record's folder, in one folder at most."""
    parts = value.split("/") if isinstance(value, str) else []
    return 0 < len(parts) <= 2 and all(map(is_file_name, parts))


_CLAIM = {"bytes": int, "sha256": str}


def _is_claim(value: object) -> bool:
    return isinstance(value, dict) and value.keys() >= _CLAIM.keys() and _fits(value, _CLAIM)


def _is_file_list(value: object) -> bool:
    """Whether a value is a record's `files`; in a journal a file may have several claims."""
    return isinstance(value, dict) and all(
        _is_path_below(name) and (all(map(_is_claim, one)) if isinstance(one, list) else _is_claim(one))
        for name, one in value.items()
    )


_FOUND = {
    **{"read_as": [str], "found": bool, "missing": [str], "peak": _is_number_or_none, "boxes": [[int]]},
    **{"area_px": int, "reason": str | None, "expected_iou": _is_number_or_none},
}
_RECORD = {
    **{"schema": int, "photo": is_file_name, "size_wh": _is_size, "plan": str, "preset": str, "seed": int},
    "steps": [{**_FOUND, "targets": lambda value: _fits(value, [str]) and bool(value), "prompt": str, "seed": int}],
    "regions": [{**_FOUND, "target": str, "mask": lambda value: value is None or _is_path_below(value)}],
    **{"notes": [str], "kept": [str], "digest": str, "timing": dict, "photo_sha256": str},
    "doubt_below": _is_number_or_none,
    "disclosure": lambda value: value is None or _fits(value, {"original": _is_name_or_none}),
    "files": _is_file_list,
    "room": {"name": str, "photos": int, "digest": str, "agreed": dict},
}
"""The types of what is read in records, by key."""


_RUNS = {"size": [int], "counts": str}
_LISTED: Mapping[str, Any] = {
    "target": str,
    "peak": _is_number_or_none,
    "area_px": int,
    "segmentation": lambda value: _has_all(value, _RUNS),
}
_LISTED_INSTANCE: Mapping[str, Any] = {"chosen": bool, "number": int}


def _has_all(value: object, shape: Mapping[str, Any]) -> bool:
    return isinstance(value, dict) and value.keys() >= shape.keys() and _fits(value, shape)


def is_whole_mask_record(record: Mapping[str, Any]) -> bool:
    """Whether the record of a mask request has all that a COCO file takes from it."""
    regions = record.get("regions")
    if "size_wh" not in record or not isinstance(regions, list):
        return False
    things = [one for region in regions for one in _listed(region.get("instances", []))]
    return all(_has_all(one, _LISTED) for one in regions) and all(_has_all(one, _LISTED_INSTANCE) for one in things)


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


def has_readable_masks(record: Mapping[str, Any]) -> bool:
    """Whether the masks in the record of a mask request can be read; a person, or a disk, may have damaged it."""
    try:
        width, height = record["size_wh"]
        pieces = (piece for region in record["regions"] for piece in recorded_pieces(region))
        return is_whole_mask_record(record) and all(piece.hard.shape == (height, width) for piece in pieces)
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, MemoryError):
        return False


def mask_names_in(record: Mapping[str, Any]) -> set[str]:
    """The names of the mask files that a record names, those of missing targets included."""
    steps, regions = record.get("steps", []), record.get("regions", [])
    names = {mask_name(nr, step["targets"]) for nr, step in enumerate(steps, start=1) if "targets" in step}
    return names | {PurePosixPath(region["mask"]).name for region in regions if region.get("mask")}
