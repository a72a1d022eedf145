"""Results for tests, made without a run: a photo whose island was painted green."""

from pathlib import Path

import numpy as np
from drawing import room
from pictures import GREEN, saved
from PIL import Image

from automask.images import open_photo
from automask.plan import parse_plan
from automask.results.outcome import Outcome
from automask.results.records import run_record
from automask.types import Region, Step


def photo_file(folder: Path, name: str = "kitchen.png", size: tuple[int, int] = (180, 240)) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return saved(folder / name, Image.fromarray(room(*size)))


def outcome(path: Path, hard: np.ndarray | None = None, **more: object) -> Outcome:
    """The photo with a green island; with a mask of zeros an edit that found nothing."""
    photo = open_photo(path)
    if hard is None:
        hard = np.zeros(photo.rgb.shape[:2], bool)
        hard[: hard.shape[0] // 3, : hard.shape[1] // 3] = True
    image = photo.rgb.copy()
    image[hard] = GREEN
    area_px = int(hard.sum())
    step = Step(("island",), ("island",), "green", 1, area_px > 0, (), 0.9, (), area_px, None if area_px else "no")
    region = Region("island", area_px > 0, hard, hard.astype(np.float32), (), 0.9)
    plan = parse_plan("island -> green")
    record = run_record(photo, plan, [step], digest="d" * 64)
    return Outcome(image, (step,), record, (region,), photo, plan, **{"generative": False, **more})
