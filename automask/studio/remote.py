"""Jobs for photos that a request brings along: what they write is what the command line writes for the same file."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from automask import runner
from automask.errors import ConfigError, MaskError, PlanError
from automask.images import open_photo
from automask.painting import editors
from automask.plan import parse_plan, parse_targets, parse_yaml_plan
from automask.settings import RunSettings
from automask.studio.engine import Desk
from automask.studio.work import Studio, refuse_files_elsewhere
from automask.types import Edit, Plan, Region, Variant

Work = Callable[[Desk], Mapping[str, Any]]


def mask_work(studio: Studio, name: str, data: bytes, words: str, settings: Mapping[str, Any]) -> Work:
    """Finds masks, and publishes the files of `automask mask`."""
    plan, chosen = parse_targets(words), _settings(studio, settings)

    def work(desk: Desk) -> Mapping[str, Any]:
        photo, out = _received(desk, name, data)
        desk.tell("loading the models", 0, 1)
        stages = desk.stages()
        runner.check_plan(plan, stages, paint=False)
        prepared = runner.PreparedRun((Variant("", (), plan),), stages, chosen, list_instances=True)
        saved = runner.mask(prepared, photo, desk.tell).save(out)
        desk.publish(_files_below(out))
        return {"record": saved.record.name, **_found(saved.recorded["regions"], "target")}

    return work


def edit_work(studio: Studio, name: str, data: bytes, words: str, plan_text: str, settings: Mapping[str, Any]) -> Work:
    """Edits, and publishes the files of `automask edit`."""
    plan: Plan = parse_yaml_plan(plan_text, source="the plan") if plan_text.strip() else parse_plan(words)
    chosen = _settings(studio, settings)

    def work(desk: Desk) -> Mapping[str, Any]:
        photo, out = _received(desk, name, data)
        stages = _stages(desk, plan)
        prepared = runner.PreparedRun((Variant("", (), plan),), stages, chosen)
        (outcome,) = runner.run(prepared, photo, desk.tell)
        desk.tell("writing", len(plan), len(plan))
        saved = outcome.save(out)
        desk.publish(_files_below(out))
        result = saved.result.name if saved.result else None
        return {"result": result, "record": saved.record.name, **_found(saved.recorded["steps"], "targets")}

    return work


def openai_work(studio: Studio, name: str, data: bytes, prompt: str, mask: bytes | None) -> Work:
    """Edits one picture. Without a mask the words decide; with one, the prompt is what its transparent part becomes."""
    masked = mask is not None
    if masked and any(arrow in prompt for arrow in ("->", "=>", "\N{RIGHTWARDS ARROW}")):
        raise PlanError("a mask and edits with an arrow", hint="with a mask say only what it becomes, such as 'marble'")
    plan: Plan = (Edit(("mask",), prompt.strip()),) if masked else parse_plan(prompt)
    if not all(edit.prompt for edit in plan):
        raise PlanError("the prompt is ''", hint="say what it becomes")

    def work(desk: Desk) -> Mapping[str, Any]:
        desk.tell("opening the photo", 0, 1)
        photo = open_photo(data, max_megapixels=studio.settings.max_megapixels)
        stages = _stages(desk, plan, find_targets=not masked)
        regions = None if mask is None else (_region_of_png(mask, photo.rgb.shape[:2]),)
        settings = replace(studio.settings, on_missing="fail")
        prepared = runner.PreparedRun((Variant("", (), plan),), stages, settings, regions=regions)
        (outcome,) = runner.run(prepared, photo, desk.tell)
        unpainted = [step.reason or "nothing was painted" for step in outcome.steps if not step.area_px]
        if unpainted:
            raise PlanError(unpainted[0], hint="nothing was changed")
        desk.publish({"picture": outcome.to_bytes()})
        return {"created": int(time.time()), "name": name}

    return work


def _settings(studio: Studio, values: Mapping[str, Any]) -> RunSettings:
    """The settings of a request.

    Raises:
        ConfigError: A value out of range.
    """
    try:
        return replace(studio.settings, **values)
    except TypeError as error:
        raise ConfigError("a setting of a wrong kind", hint="see /docs") from error


def _stages(desk: Desk, plan: Plan, *, find_targets: bool = True) -> Any:
    desk.tell("loading the models", 0, 1)
    stages = desk.stages(editors.named_editors(plan))
    # A photo from outside has no folder: no file of this machine may be named with it.
    refuse_files_elsewhere(plan, stages, lambda _: False)
    runner.check_plan(plan, stages, find_targets=find_targets)
    return stages


def _received(desk: Desk, name: str, data: bytes) -> tuple[Path, Path]:
    """The photo as a file of its own name, and the folder for its results."""
    photo = desk.folder / "photo" / name
    photo.parent.mkdir()
    photo.write_bytes(data)
    return photo, desk.folder / "out"


def _files_below(folder: Path) -> dict[str, Path | bytes]:
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path for path in found}


def _found(parts: list[dict[str, Any]], key: str) -> dict[str, Any]:
    named = [{"target": one[key], "found": one["found"], "reason": one["reason"]} for one in parts]
    return {"found": named}


def _region_of_png(data: bytes, size_hw: tuple[int, ...]) -> Region:
    """The region of a mask in OpenAI's form: a PNG whose transparent pixels are edited.

    Raises:
        MaskError: It is no PNG with transparency of the photo's size, or nothing in it is transparent.
    """
    # The size is in the first bytes: looked at before anything is unpacked.
    is_png = data[:8] == b"\x89PNG\r\n\x1a\n" and data[12:16] == b"IHDR" and len(data) > 33
    width, height = int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    if not is_png or (height, width) != tuple(size_hw):
        shown = f"{width} x {height} px" if is_png else "no PNG"
        raise MaskError(f"the mask is {shown}", hint=f"give a PNG of {size_hw[1]} x {size_hw[0]} px, as the photo")
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if decoded is None or decoded.ndim != 3 or decoded.shape[2] != 4 or decoded.dtype != np.uint8:
        raise MaskError("the mask has no transparency", hint="give a PNG with 8-bit alpha: transparent is edited")
    alpha = (np.float32(255) - decoded[..., 3].astype(np.float32)) / np.float32(255)
    hard = alpha > 0
    if not hard.any():
        raise MaskError("nothing in the mask is transparent", hint="make transparent what is to be edited")
    return Region("mask", True, hard, alpha, (), None, ("mask",))
