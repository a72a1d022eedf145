"""A small photo with regions, steps and an outcome made by hand, for the tests of what is drawn and written."""

import numpy as np
from drawing import disc

from automask.plan import parse_plan
from automask.results import records
from automask.results.outcome import Outcome
from automask.types import Box, Region, Step


def room(height=60, width=90):
    ramp = np.linspace(0, 255, width, dtype=np.uint8)
    return np.stack(
        [np.tile(ramp, (height, 1)), np.full((height, width), 90, np.uint8), np.tile(ramp[::-1], (height, 1))], 2
    )


def region(target, hard=None, *, size=(60, 90), peak=0.9, reason=None):
    found = hard is not None
    hard = np.zeros(size, bool) if hard is None else hard
    ys, xs = np.nonzero(hard)
    boxes = (Box(int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1),) if found else ()
    return Region(target, found, hard, hard.astype(np.float32), boxes, peak, reason=reason)


def block(y0, y1, x0, x1, size=(60, 90)):
    hard = np.zeros(size, bool)
    hard[y0:y1, x0:x1] = True
    return hard


def island_and_lamp():
    """Three regions of a photo of 40 x 60 pixels: an island, a yacht that is not there, and a lamp in two parts."""
    lamp = disc((40, 60), (40, 20), 9) | disc((40, 60), (8, 8), 5)
    return region("island", disc((40, 60), (12, 25), 8)), region("yacht", size=(40, 60), peak=0.1), region("lamp", lamp)


def step(target, prompt, found=True, area_px=100, reason=None):
    return Step((target,), (target,), prompt, 7, found, (), 0.123456, (Box(1, 2, 3, 4),), area_px, reason)


def outcome(photo, hards, words="island -> red; sofa -> blue; wall -> white", painted=None):
    plan = parse_plan(words)
    regions, steps = [], []
    image = photo.rgb.copy()
    for index, (edit, hard) in enumerate(zip(plan, hards, strict=True)):
        regions.append(region(edit.targets[0], hard, size=photo.rgb.shape[:2]))
        done = hard is not None and (painted is None or painted[index])
        if done:
            image[hard] = (200, 10, 30)
        area_px = int(hard.sum()) if done else 0
        steps.append(step(edit.targets[0], edit.prompt, hard is not None, area_px))
    record = records.run_record(photo, plan, steps, preset="starter")
    return Outcome(image, tuple(steps), record, tuple(regions), photo, plan)
