"""Makes every picture of README.md and docs/ from what is in a clone: the sample photos and the program itself.

    python scripts/pictures.py                    all of them, into docs/images
    python scripts/pictures.py materials failure  only these

`make pictures` runs it. The same clone gives the same files, except the pictures of the batch page and of the studio,
which the browser draws; they need Chromium on PATH (or CHROME_BIN), and are skipped with a message if there is none.
"""

import argparse
import csv
import functools
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

import automask
from automask.cli.entry import main as automask_main
from automask.editors.paint import Paint
from automask.images import open_photo, write_picture
from automask.protocols import Stages
from automask.results.previews import before_after, overlay
from automask.results.scaling import thumbnail
from automask.results.sheets import candidates_sheet, contact_sheet, text_cell, variants_cell, variants_sheet
from automask.types import Hard, Rgb

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
SAMPLES = ROOT / "docs" / "samples"
KITCHEN = ROOT / "automask" / "samples" / "kitchen.jpg"
HERO = "island -> white marble; cabinets -> forest; keep countertop"
GALLERY: Mapping[str, str] = {
    "green-kitchen": "cabinets, accent wall -> navy; island -> walnut; keep countertop",
    "living-room": "accent wall -> forest; sofa -> navy velvet; keep cushions",
    "sitting-room": "walls -> sage green; floor -> oak herringbone",
}
FAILURE = "floor -> smoked oak herringbone"
TWELVE: Sequence[tuple[str, str]] = (
    ("kitchen", "island -> navy; keep countertop"),
    ("kitchen", "floor -> smoked oak herringbone"),
    ("kitchen", "cabinets -> navy; keep countertop"),
    ("kitchen", "island -> green marble; keep countertop"),
    ("green-kitchen", "cabinets, accent wall -> sage"),
    ("green-kitchen", "island -> black marble; keep countertop"),
    ("living-room", "accent wall -> white brick"),
    ("living-room", "sofa -> cognac leather; keep cushions"),
    ("living-room", "floor -> terrazzo"),
    ("sitting-room", "walls -> terracotta"),
    ("sitting-room", "floor -> walnut planks"),
    ("dining-kitchen", "cabinets -> sage"),
)


def main(argv: Sequence[str] | None = None) -> None:
    """Makes the pictures that the command line names, or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=IMAGES, help="folder for the pictures (default: docs/images)")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(PICTURES)}")
    flags = parser.parse_args(argv)
    unknown = set(flags.names) - set(PICTURES)
    if unknown:
        raise SystemExit(f"unknown pictures: {', '.join(sorted(unknown))}; valid: {', '.join(PICTURES)}")
    flags.out.mkdir(parents=True, exist_ok=True)
    for name, draw in PICTURES.items():
        if not flags.names or name in flags.names:
            draw(flags.out)
            print(name, file=sys.stderr)


def demo(out: Path) -> None:
    """The before/after picture and the files of `automask demo`."""
    with tempfile.TemporaryDirectory() as folder:
        if automask_main(["demo", "-o", folder]):
            raise SystemExit("'automask demo' failed")
        done = Path(folder)
        write_picture(out / "kitchen.before-after.jpg", thumbnail(done / "kitchen.before-after.jpg", 1600))
        cells = [
            (path.relative_to(done).as_posix(), thumbnail(path, 640))
            for path in (done / "kitchen.jpg", *sorted(done.glob("*/*.png")), done / "kitchen.before-after.jpg")
        ]
        record = json.loads((done / "kitchen.run.json").read_text(encoding="utf-8"))
    shown = {name: record[name] for name in ("photo", "size_wh", "plan", "preset", "seed", "outside_changed_px")}
    shown["steps"] = [
        {name: step[name] for name in ("targets", "found", "peak", "area_px")} for step in record["steps"]
    ]
    cells.append(text_cell("kitchen.run.json", json.dumps(shown)[:-1] + ", ...}", size_wh=(480, 180)))
    write_picture(out / "files.jpg", contact_sheet(cells, columns=3, cell_px=480))


def masks(out: Path) -> None:
    """What `automask mask` draws over the photo."""
    regions = automask.mask(KITCHEN, "island; cabinets; floor", stages=_stages())
    write_picture(out / "kitchen.overlay.jpg", overlay(_photo("kitchen"), regions, long_px=1200))


def variants(out: Path) -> None:
    """The sheet of three variants of one photo."""
    words = "island -> {white marble, oak, navy}; cabinets -> forest; keep countertop"
    done = automask.variants(KITCHEN, words, stages=_stages())
    cells = [("photo", _photo("kitchen")), *((name, outcome.image) for name, outcome in done)]
    sheet = variants_sheet([variants_cell(caption, picture) for caption, picture in cells])
    write_picture(out / "kitchen.variants.jpg", _downscale(sheet, 1400))


def candidates(out: Path) -> None:
    """Four candidates of one edit, the chosen one framed."""
    outcome = automask.edit(KITCHEN, "island -> white marble; keep countertop", overrides=["candidates=4"])
    write_picture(out / "kitchen.candidates.jpg", _downscale(candidates_sheet(outcome.steps), 1600))


def gallery(out: Path) -> None:
    """Before and after, room by room."""
    for name, words in GALLERY.items():
        _write_pair(out / f"{name}.before-after.jpg", name, words)


def failure(out: Path) -> None:
    """A room in which the default fails."""
    _write_pair(out / "failure.jpg", "dining-kitchen", FAILURE)


def twelve(out: Path) -> None:
    """Twelve edits, each before and after."""
    cells: list[tuple[str, Rgb]] = []
    for name, words in TWELVE:
        before = _photo(name)
        cells += [("", before), (words, automask.edit(before, words, stages=_stages()).image)]
    write_picture(out / "edits.jpg", contact_sheet(cells, columns=4, cell_px=384))


def materials(out: Path) -> None:
    """Every material that paint knows."""
    (out / "materials.jpg").unlink(missing_ok=True)  # the command replaces no picture that it did not write
    if automask_main(["materials", "-o", str(out / "materials.jpg")]):
        raise SystemExit("'automask materials' failed")


class Drifting:
    """Paint with the simulated faults of a diffusion crop: blurred, washed out and warm, all over the crop."""

    multiple_px = 8
    ideal_px = 0

    def __init__(self, *, keeps_surroundings: bool) -> None:
        self.keeps_surroundings = keeps_surroundings
        self._paint = Paint()

    def paint(self, crop: Rgb, hard: Hard, prompt: str, *, seed: int) -> Rgb:
        """The crop as paint repaints it, degraded."""
        degraded = cv2.GaussianBlur(self._paint.paint(crop, hard, prompt, seed=seed).astype(np.float32), (0, 0), 1.2)
        degraded = (degraded - 128) * 0.9 + 128 + np.array([22, 4, -18], dtype=np.float32)
        return np.asarray(np.clip(np.rint(degraded), 0, 255), dtype=np.uint8)


def seams(out: Path) -> None:
    """A degraded crop pasted as it is, and as the chain corrects it."""
    halves = [
        automask.edit(
            KITCHEN, "floor -> oak herringbone", stages=_stages(), editor=Drifting(keeps_surroundings=keeps)
        ).image
        for keeps in (False, True)
    ]
    write_picture(out / "seams.jpg", before_after(halves[0][380:, 300:1340], halves[1][380:, 300:1340], long_px=1400))


def page(out: Path) -> None:
    """The page of a batch in a browser."""
    browser = os.environ.get("CHROME_BIN") or next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None
    )
    if browser is None:
        print("page: skipped; it needs Chromium on PATH, or CHROME_BIN", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        jobs = work / "jobs.csv"
        shutil.copy(KITCHEN, work / "kitchen.jpg")
        rows = [("kitchen.jpg", HERO)]
        for name, words in GALLERY.items():
            shutil.copy(SAMPLES / f"{name}.jpg", work)
            rows.append((f"{name}.jpg", f"{words}; headboard -> oak" if name == "green-kitchen" else words))
        with jobs.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("photo", "edits"), *rows])
        if automask_main(["batch", str(jobs), "-o", str(work / "done"), "--workers", "1"]):
            raise SystemExit("'automask batch' failed")
        # Pictures that load when they come into sight would be missing: the browser's clock does not wait for them.
        eager = work / "done" / "shot.html"
        html = (work / "done" / "index.html").read_text(encoding="utf-8")
        html = re.sub('<meta http-equiv="Content-Security-Policy"[^>]*>', "", html).replace(
            'loading: "lazy", decoding: "async",', ""
        )
        eager.write_text(html, encoding="utf-8")
        shot = work / "shot.png"
        subprocess.run(
            [
                *(browser, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars"),
                *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
                *(f"--user-data-dir={work / 'profile'}", "--window-size=1280,1000", "--virtual-time-budget=20000"),
                *(f"--screenshot={shot}", eager.as_uri()),
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=120,
        )
        write_picture(out / "page.jpg", thumbnail(shot, 1280)[:590])


def studio(out: Path) -> None:
    """The studio in a browser: masks with a correction on it, in the light, and a comparison in the dark."""
    browser = os.environ.get("CHROME_BIN") or shutil.which("chromium")
    if browser is None or importlib.util.find_spec("playwright") is None:
        print("studio: skipped; it needs the extra 'studio', Playwright, and Chromium on PATH", file=sys.stderr)
        return
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        work = Path(folder)
        photos = work / "listing"
        photos.mkdir()
        shutil.copy(KITCHEN, photos / "kitchen.jpg")
        for name in GALLERY:
            shutil.copy(SAMPLES / f"{name}.jpg", photos)
        command = [sys.executable, "-m", "automask", "studio", str(photos), "island -> white marble; cabinets -> sage"]
        command += ["-o", str(work / "done"), "--no-browser"]
        served = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert served.stderr is not None
        link = next(line.split()[-1] for line in served.stderr if "the studio is at" in line)
        tab = driver.chromium.launch(executable_path=browser, args=["--no-sandbox"]).new_page(
            viewport={"width": 1366, "height": 768}
        )

        def until(code: str) -> None:
            while not tab.evaluate(code):
                time.sleep(0.05)

        def shoot(name: str) -> None:
            time.sleep(0.5)
            tab.screenshot(path=work / "shot.png")
            write_picture(out / name, thumbnail(work / "shot.png", 1366))

        tab.goto(link)
        until("S.photos.length === 4 && S.before !== null && !S.running")
        tab.locator("#photos li button").filter(has_text=re.compile(r"^kitchen")).click()
        until("S.photos.find(one => one.id === S.id).name === 'kitchen.jpg' && S.regions.length === 2 && !S.running")
        tab.keyboard.press("2")
        tab.keyboard.press("p")
        box = tab.locator("#canvas").bounding_box()
        assert box is not None
        scale, left, top = tab.evaluate("[S.view.scale, S.view.x, S.view.y]")
        for number, (x, y) in enumerate(((205, 600), (240, 640), (205, 700), (240, 760))):  # the fridge, say
            tab.mouse.move(box["x"] + left + scale * x, box["y"] + top + scale * y, steps=4)
            if not number:
                tab.mouse.down()
        tab.mouse.up()
        until("S.regions[1].yours && !S.running")
        shoot("studio.jpg")
        tab.emulate_media(color_scheme="dark")
        tab.click("#paint")
        until("S.comparing && !S.running")
        tab.locator("#slider").fill("330")
        shoot("studio-compare.jpg")
        served.terminate()
        served.wait(20)


PICTURES: Mapping[str, Callable[[Path], None]] = {
    draw.__name__: draw
    for draw in (demo, masks, variants, candidates, gallery, failure, twelve, materials, seams, page, studio)
}


@functools.cache
def _stages() -> Stages:
    return automask.load("starter")


def _photo(name: str) -> Rgb:
    path = KITCHEN if name == "kitchen" else SAMPLES / f"{name}.jpg"
    return np.asarray(open_photo(path).rgb)


def _write_pair(path: Path, name: str, words: str) -> None:
    before = _photo(name)
    write_picture(path, before_after(before, automask.edit(before, words, stages=_stages()).image, long_px=1400))


def _downscale(picture: Rgb, long_px: int) -> Rgb:
    scale = min(1.0, long_px / max(picture.shape[:2]))
    size = (round(picture.shape[1] * scale), round(picture.shape[0] * scale))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


if __name__ == "__main__":
    main()
