"""Measures edits against the truth: rooms rendered twice, before and after, with nothing but one material changed.

    python scripts/eval_edits.py --data PAIRS                          all pairs, with their true masks
    python scripts/eval_edits.py --data PAIRS --found                  and with the masks that the preset finds itself
    python scripts/eval_edits.py --data PAIRS --split tune editor.shading=0.9
    python scripts/eval_edits.py --seed 903 --rooms 8                  renders rooms that nobody tuned on, and measures

PAIRS is a folder with `pairs.json`: a list of {before, after, labels, edit, classes, hex}, where `labels` is a PNG of
class ids, `classes` the names (as in the folder's `classes.json`) of what the edit means, and `hex` the paint's colour
or null. An optional NAME.json next to `before` gives the surfaces' present `materials`. Or PAIRS is a folder that
`scripts/render_rooms --recolours-every 1` wrote: every surface that one of its edits changes is a pair.

Tables go to standard output, OUT/table.md and OUT/table.json, the pictures (before, ours, re-render) to OUT/sheet.png.
docs/research/editing-quality.md says how to read them.

Scenes are split into a tuning and a test half: `--split measure` takes those whose number is odd (kitchen_0003),
`--split tune` the even ones and those without a number. Tune on one half, report the other. Rooms of the seeds 900 to
999 are for measuring only: `--seed` takes no other, and renders what is not there yet, with the Blender of
`make render-env`.
"""

import argparse
import json
import math
import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from automask import config
from automask.errors import AutomaskError
from automask.images import open_photo, to_uint8, write_picture
from automask.masking import find
from automask.masking.masks import alpha_from
from automask.painting import chain, editors
from automask.painting.crops import composite
from automask.plan import parse_plan
from automask.protocols import Stages
from automask.results.records import write_json
from automask.results.sheets import contact_sheet, text_cell
from automask.stages import versions
from automask.types import Alpha, Hard, Plan, Region, Rgb

Plane: TypeAlias = npt.NDArray[np.float64]
"""[h, w], or [..., 3] for colours, float64."""

RIM_PX = 3
"""The rim is 6 px wide: 3 px on each side of the mask's edge."""
GOAL_MEDIAN, GOAL_P95 = 4.5, 10.0
"""A paint colour is reached when a pair's median and 95th percentile of CIEDE2000 are at most these."""
STAYS, MOVES_DE = 0.25, 10.0
"""A pixel of the mask is unchanged below this share of the median change, which must itself be more than 10."""
SAME_VIEW = 0.5
"""Two renders of one view correlate by more than this outside the mask (0.93 to 1.00; two views: 0.06)."""
CELL_PX = 512

OURS, FOUND, LEVEL = "ours, true mask", "ours, found mask", "ours, mean put right*"
UNCHANGED, HUE, SHIFT = "photo unchanged", "hue and saturation swap", "Lab shift of the mean"
TRANSFER, FLAT, CLONE = "Lab mean and deviation transfer*", "flat fill", "seamless clone of a flat fill"

LEGEND = (
    "dE: CIEDE2000 to the re-render. Methods marked * use the re-render. The baselines aim at the paint's colour, "
    "or for a material at the re-render's mean colour."
)

# The key of a class in a scene's `materials`.
_MATERIAL_OF = {
    "base cabinet": "cabinet",
    "wall cabinet": "upper",
    "tall cabinet": "tall",
    "kitchen island": "island",
    "countertop": "top",
    "island countertop": "islandtop",
    "accent wall": "accent",
    "backsplash": "splash",
}
_OLD_WOODS = ("wood", "planks", "parquet")
_KINDS = {
    "marble": ("marble", "calacatta", "carrara"),
    "wood": ("oak", "ash", "walnut", "smoked", "ebony", "teak", "wood", "planks", "parquet", "herringbone", "veneer"),
    "tile": ("tile", "tiles", "brick", "bricks"),
    "stone": ("stone", "granite", "quartz", "terrazzo", "concrete", "slate"),
}
PAINT, WHITE = "surface -> paint colour", "wood -> white paint"
GROUPS = (PAINT, WHITE, *_KINDS, "other material")


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the evaluation that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--data", type=Path, metavar="PAIRS", help="folder of pairs.json, or of rendered rooms")
    source.add_argument(
        "--seed", type=int, metavar="N", help="render rooms of this seed, 900 to 999, and measure on them"
    )
    parser.add_argument("--rooms", type=int, default=8, metavar="K", help="with --seed, how many rooms")
    parser.add_argument("--out", type=Path, default=Path("out"), help="where tables and sheet are written")
    parser.add_argument("--limit", type=int, help="only the first LIMIT pairs")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--scenes", type=lambda text: tuple(text.split(",")), help="only these, as kitchen_0003,...")
    which.add_argument("--split", choices=("all", "measure", "tune"), default="all")
    parser.add_argument("--found", action="store_true", help="also with the masks that the preset finds")
    parser.add_argument("--preset", default="starter")
    parser.add_argument("overrides", nargs="*", metavar="key=value", help="as for automask edit")
    flags = parser.parse_intermixed_args(argv)
    try:
        folder = flags.data if flags.seed is None else render(flags.seed, flags.rooms)
        pairs = choose(read_pairs(folder), scenes=flags.scenes, split=flags.split)[: flags.limit]
        stages, seed = _load(flags.preset, flags.overrides, found=flags.found)
        results = []
        cells: list[tuple[str, Rgb]] = []
        for number, pair in enumerate(pairs, 1):
            _show_progress(f"{number}/{len(pairs)} {pair.scene}: {pair.edit}")
            result, shown = measure(pair, stages, seed=seed, found=flags.found)
            results.append(result)
            cells += [(caption, _downscale(picture)) for caption, picture in shown]
    except AutomaskError as error:
        raise SystemExit(str(error)) from error
    _show_progress("")
    chosen = ",".join(flags.scenes) if flags.scenes else flags.split
    settings = " ".join([f"preset {flags.preset}", *flags.overrides])
    ran_with = versions()
    about = (
        f"{_count(len(results), 'pair')}; scenes: {chosen}; {settings}; seed {seed}; automask {ran_with['automask']}"
    )
    text = f"{about}\n\n{tables(results)}\n\n{LEGEND}"
    print(text)
    flags.out.mkdir(parents=True, exist_ok=True)
    (flags.out / "table.md").write_text(text + "\n", encoding="utf-8")
    record = {
        "preset": flags.preset,
        "overrides": flags.overrides,
        "scenes": chosen,
        "seed": seed,
        "versions": ran_with,
    }
    write_json(flags.out / "table.json", record | as_json(results))
    sheet = contact_sheet(cells, columns=4 if flags.found else 3, cell_px=CELL_PX)
    write_picture(flags.out / "sheet.png", sheet)
    print(f"\nwrote table.md, table.json and sheet.png into {flags.out}", file=sys.stderr)


def _show_progress(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def _load(preset: str, overrides: Sequence[str], *, found: bool) -> tuple[Stages, int]:
    """The preset's stages and seed; without `found`, segmenter and refiner are not loaded."""
    composed = config.compose(preset, overrides)
    return config.build(composed, given={} if found else {"segmenter": None, "refiner": None}), int(composed["seed"])


def _downscale(picture: Rgb) -> Rgb:
    """The picture at the size of a sheet's cell at most, so that a hundred of them fit into memory."""
    scale = CELL_PX / max(picture.shape[:2])
    if scale >= 1:
        return picture
    shrunk: Rgb = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return shrunk


# -------------------------------------------------------------------------------------------------------------- pairs


@dataclass(frozen=True, slots=True)
class Pair:
    """A room before and after one edit.

    Args:
        scene: The room: stem of the photo's name.
        before, after, labels: Pictures of one size.
        edit: The words, as typed.
        ids: Class ids in `labels` that the edit means.
        hex: The paint's colour as six digits; None for a material.
        old: The surfaces' present materials by class id, as "wood:oak"; empty where they are unknown.
    """

    scene: str
    before: Path
    after: Path
    labels: Path
    edit: str
    ids: tuple[int, ...]
    hex: str | None
    old: Mapping[int, str]


HELD_OUT = range(900, 1000)
"""The seeds of rooms that nothing is trained or tuned on."""


def render(seed: int, rooms: int) -> Path:
    """The folder of that many rooms of a seed, each also in other materials; what is there already is kept.

    Raises:
        SystemExit: The seed is one of those to train on, Blender is not installed, or the renderer failed.
    """
    if seed not in HELD_OUT or rooms < 1:
        hint = "give a seed from 900 to 999 (others are to train on) and 1 room or more"
        raise SystemExit(f"--seed {seed} --rooms {rooms}; {hint}")
    cache = Path.home() / ".cache" / "automask"
    python = Path(os.environ.get("RENDER_ENV", cache / "render-venv")) / "bin" / "python"
    if not python.is_file():
        raise SystemExit(f"no {python}; make render-env installs Blender there, RENDER_ENV names another place")
    folder = cache / "pairs" / str(seed)
    folder.mkdir(parents=True, exist_ok=True)
    made = ["--size", "512x384", "--samples", "24", "--twins-every", "0", "--recolours-every", "1", "--recolours", "2"]
    command = [str(python), str(Path(__file__).parent / "render_rooms"), "--out", str(folder), "--seed", str(seed)]
    ended = subprocess.run([*command, "--count", str(rooms), *made], check=False, stdout=sys.stderr)
    if ended.returncode:
        raise SystemExit(f"the renderer ended with status {ended.returncode}; its messages are above")
    return folder


def read_pairs(folder: Path) -> tuple[Pair, ...]:
    """All pairs of a folder, in the order of `pairs.json`, or else of its rooms and their edits.

    Raises:
        SystemExit: There are neither, or a pair names a class that `classes.json` does not hold.
    """
    listing = folder / "pairs.json"
    items = json.loads(listing.read_text(encoding="utf-8")) if listing.is_file() else _pairs_of_rooms(folder)
    if not items:
        raise SystemExit(f"no pairs.json in '{folder}', and no recoloured room; --data names a folder of renders")
    names = {
        known["phrase"]: int(number)
        for number, known in json.loads((folder / "classes.json").read_text(encoding="utf-8")).items()
    }
    pairs = []
    for item in items:
        unknown = [name for name in item["classes"] if name not in names]
        if unknown:
            raise SystemExit(f"pair {item['after']!r}: no class {unknown[0]!r} in classes.json")
        before = folder / item["before"]
        record_file = before.with_suffix(".json")
        materials = (
            json.loads(record_file.read_text(encoding="utf-8")).get("materials", {}) if record_file.is_file() else {}
        )
        old = {names[name]: materials.get(_MATERIAL_OF.get(name, name), "") for name in item["classes"]}
        pairs.append(
            Pair(
                scene=before.stem,
                before=before,
                after=folder / item["after"],
                labels=folder / item["labels"],
                edit=item["edit"],
                ids=tuple(names[name] for name in item["classes"]),
                hex=item["hex"],
                old={number: material for number, material in old.items() if material},
            )
        )
    return tuple(pairs)


def _pairs_of_rooms(folder: Path) -> list[dict[str, Any]]:
    """The items of a `pairs.json` for the rooms of a folder: one for every surface that an edit changes.

    Where an edit changes several, each is measured under the bounced light of the others.
    """
    items = []
    for path in sorted(folder.glob("*.json")):
        record = json.loads(path.read_text(encoding="utf-8"))
        for edit in record.get("recolours", ()) if isinstance(record, dict) else ():
            for part in edit["parts"]:
                surface, _, words = part["words"].partition(" -> ")
                item = {"before": f"{path.stem}.jpg", "after": edit["picture"], "labels": f"{path.stem}.png"}
                becomes = words if part["hex"] is None else f"#{part['hex']}"
                items.append(
                    {**item, "edit": f"{surface} -> {becomes}", "classes": part["classes"], "hex": part["hex"]}
                )
    return items


def choose(pairs: Sequence[Pair], *, scenes: Sequence[str] | None = None, split: str = "all") -> tuple[Pair, ...]:
    """The pairs of the named scenes, or of one split.

    Raises:
        SystemExit: A named scene does not exist.
    """
    if scenes is not None:
        known = {pair.scene for pair in pairs}
        unknown = [scene for scene in scenes if scene not in known]
        if unknown:
            raise SystemExit(f"unknown scene {unknown[0]!r}; valid: {', '.join(sorted(known))}")
        return tuple(pair for pair in pairs if pair.scene in scenes)
    return tuple(pair for pair in pairs if split in ("all", split_of(pair.scene)))


def split_of(scene: str) -> str:
    """`measure` for a scene whose number (the last digits of its name) is odd, else `tune`."""
    digits = re.findall(r"\d+", scene)
    return "measure" if digits and int(digits[-1]) % 2 else "tune"


def true_mask(labels: npt.NDArray[np.uint8], ids: Sequence[int]) -> Hard:
    """[h, w] bool: where the label is one of the ids."""
    mask: Hard = np.isin(labels, ids)
    return mask


def old_material(labels: npt.NDArray[np.uint8], old: Mapping[int, str]) -> str:
    """The present material of most of the mask, as "wood:oak"; empty where it is unknown."""
    areas: dict[str, int] = {}
    for number, material in old.items():
        areas[material] = areas.get(material, 0) + int(np.count_nonzero(labels == number))
    return max(areas, key=lambda material: areas[material]) if areas else ""


def groups_of(edit: str, hex_colour: str | None, old: str) -> tuple[str, ...]:
    """The tables to which a pair belongs."""
    if hex_colour is not None:
        lab = lab_of(rgb_of_hex(hex_colour))
        white = lab[0] > 90 and math.hypot(lab[1], lab[2]) < 10
        return (PAINT, WHITE) if white and old.partition(":")[0] in _OLD_WOODS else (PAINT,)
    words = re.findall(r"[a-z]+", edit.rpartition("->")[2].lower())
    for kind, known in _KINDS.items():
        if any(word in known for word in words):
            return (kind,)
    return ("other material",)


# ------------------------------------------------------------------------------------------------------------- colour

_WHITE = np.array([0.95047, 1.0, 1.08883])  # D65, 2 degrees
_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
_BACK = np.linalg.inv(_XYZ)


def rgb_of_hex(digits: str) -> Rgb:
    """[3] uint8 of six hexadecimal digits."""
    return np.frombuffer(bytes.fromhex(digits.removeprefix("#")), np.uint8)


def lab_of(rgb: Rgb) -> Plane:
    """CIE L*a*b* (D65) of sRGB: [..., 3] float64 of [..., 3] uint8."""
    level = np.arange(256) / 255
    table = np.where(level <= 0.04045, level / 12.92, ((level + 0.055) / 1.055) ** 2.4)
    t = table[rgb] @ _XYZ.T / _WHITE
    f = np.where(t > (6 / 29) ** 3, np.cbrt(t), t * (29 / 6) ** 2 / 3 + 4 / 29)
    lab: Plane = np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], -1)
    return lab


def rgb_of(lab: Plane) -> Rgb:
    """The sRGB of CIE L*a*b* (D65), rounded; colours outside its gamut are clipped in each channel."""
    y = (lab[..., 0] + 16) / 116
    f = np.stack([y + lab[..., 1] / 500, y, y - lab[..., 2] / 200], -1)
    t = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29))
    linear = np.clip((t * _WHITE) @ _BACK.T, 0, 1)
    return to_uint8(np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055))


def ciede2000(one: Plane, other: Plane) -> Plane:
    """CIEDE2000 colour difference (kL = kC = kH = 1) of L*a*b* colours: [...] of [..., 3].

    Source: Sharma, Wu and Dalal, The CIEDE2000 Color-Difference Formula, Color Research and Application 30(1), 2005.
    """
    light1, a1, b1 = (one[..., k] for k in range(3))
    light2, a2, b2 = (other[..., k] for k in range(3))
    mean7 = ((np.hypot(a1, b1) + np.hypot(a2, b2)) / 2) ** 7
    stretch = 1.5 - 0.5 * np.sqrt(mean7 / (mean7 + 25.0**7))
    chroma1, chroma2 = np.hypot(stretch * a1, b1), np.hypot(stretch * a2, b2)
    hue1 = np.degrees(np.arctan2(b1, stretch * a1)) % 360
    hue2 = np.degrees(np.arctan2(b2, stretch * a2)) % 360
    grey = chroma1 * chroma2 == 0
    turn = (hue2 - hue1 + 180) % 360 - 180
    # Opposite hues: the paper's turn is +180 where the second is the larger, and the modulus above gave -180.
    # Rounding must not decide: hues within 1e-9 degrees of opposite count as opposite.
    turn = np.where(grey, 0, np.where((turn < -180 + 1e-9) & (hue2 > hue1), 180.0, turn))
    d_light, d_chroma = light2 - light1, chroma2 - chroma1
    d_hue = 2 * np.sqrt(chroma1 * chroma2) * np.sin(np.radians(turn) / 2)
    light, chroma = (light1 + light2) / 2, (chroma1 + chroma2) / 2
    total = hue1 + hue2
    apart = np.abs(hue1 - hue2) > 180 + 1e-9
    hue = np.where(grey, total, np.where(apart, np.where(total < 360, total + 360, total - 360), total) / 2)
    t = (
        1
        - 0.17 * np.cos(np.radians(hue - 30))
        + 0.24 * np.cos(np.radians(2 * hue))
        + 0.32 * np.cos(np.radians(3 * hue + 6))
        - 0.20 * np.cos(np.radians(4 * hue - 63))
    )
    s_light = 1 + 0.015 * (light - 50) ** 2 / np.sqrt(20 + (light - 50) ** 2)
    s_chroma = 1 + 0.045 * chroma
    s_hue = 1 + 0.015 * chroma * t
    chroma7 = chroma**7
    rotate = -2 * np.sqrt(chroma7 / (chroma7 + 25.0**7)) * np.sin(np.radians(60 * np.exp(-(((hue - 275) / 25) ** 2))))
    parts = (d_light / s_light, d_chroma / s_chroma, d_hue / s_hue)
    square = sum(part**2 for part in parts) + rotate * parts[1] * parts[2]
    difference: Plane = np.sqrt(np.maximum(square, 0))
    return difference


# ------------------------------------------------------------------------------------------------------------- scores


@dataclass(frozen=True, slots=True)
class Score:
    """How far a result is from the re-render. Lower is better, except for `ssim` and `gradient`, where 1 is best.

    Args:
        mean, median, p95: CIEDE2000 inside the mask.
        ssim: Structural similarity of L* inside the mask.
        gradient: Correlation of the gradients of L* inside the mask.
        rim_in: Mean CIEDE2000 in the mask's outermost `RIM_PX`: the old colour left at the edge.
        rim_out: The same in the `RIM_PX` around the mask, whose mixed pixels keep some of the old colour too.
        spill: `rim_out` minus the untouched photo's: above 0 is paint on the neighbours, below 0 better mixed pixels.
        d_light, d_a, d_b: Mean of L*, a*, b* inside the mask, minus the re-render's.
    """

    mean: float
    median: float
    p95: float
    ssim: float
    gradient: float
    rim_in: float
    rim_out: float
    spill: float
    d_light: float
    d_a: float
    d_b: float


def score(result: Rgb, before: Rgb, after: Rgb, mask: Hard) -> Score:
    """The result against the re-render; nan for scores that need a larger mask.

    Args:
        result: [h, w, 3] uint8, the edited photo.
        before: The photo.
        after: The re-render.
        mask: [h, w] bool, not empty.
    """
    part = _around(mask, RIM_PX + 8)
    lab, was, truth, here = lab_of(result[part]), lab_of(before[part]), lab_of(after[part]), mask[part]
    inner, outer = rims(mask)
    inner, outer = inner[part], outer[part]
    delta_e = ciede2000(lab, truth)
    off = delta_e[here]
    bias = (lab[here] - truth[here]).mean(0)
    rim_out = _mean_of(delta_e[outer])
    return Score(
        mean=float(off.mean()),
        median=float(np.median(off)),
        p95=float(np.percentile(off, 95)),
        ssim=ssim_inside(lab[..., 0], truth[..., 0], here),
        gradient=gradient_correlation(lab[..., 0], truth[..., 0], here),
        rim_in=_mean_of(delta_e[inner]),
        rim_out=rim_out,
        spill=rim_out - _mean_of(ciede2000(was[outer], truth[outer])),
        d_light=float(bias[0]),
        d_a=float(bias[1]),
        d_b=float(bias[2]),
    )


def _mean_of(values: Plane) -> float:
    return float(values.mean()) if values.size else math.nan


def rims(mask: Hard, width_px: int = RIM_PX) -> tuple[Hard, Hard]:
    """The pixels within `width_px` of the mask's edge, inside and outside; the picture's border is not an edge."""
    if mask.all() or not mask.any():
        return np.zeros_like(mask), np.zeros_like(mask)
    inside = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    outside = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return mask & (inside <= width_px), ~mask & (outside <= width_px)


def ssim_inside(one: Plane, other: Plane, mask: Hard) -> float:
    """Mean structural similarity of two planes (0..100) over a mask; pixels outside it have no weight in a window.

    Source: Wang et al., Image Quality Assessment, IEEE TIP 13(4), 2004: Gaussian window of 11 px, sigma 1.5, K1 0.01,
    K2 0.03.
    """
    weight = mask.astype(np.float64)

    def window(plane: Plane) -> Plane:
        blurred: Plane = cv2.GaussianBlur(plane * weight, (11, 11), 1.5, borderType=cv2.BORDER_CONSTANT)
        return blurred

    norm = np.maximum(window(weight), 1e-9)
    mean1, mean2 = window(one) / norm, window(other) / norm
    var1 = np.maximum(window(one * one) / norm - mean1**2, 0)
    var2 = np.maximum(window(other * other) / norm - mean2**2, 0)
    cov = window(one * other) / norm - mean1 * mean2
    c1, c2 = (0.01 * 100) ** 2, (0.03 * 100) ** 2
    similar = (2 * mean1 * mean2 + c1) * (2 * cov + c2) / ((mean1**2 + mean2**2 + c1) * (var1 + var2 + c2))
    return float(similar[mask].mean())


def gradient_correlation(one: Plane, other: Plane, mask: Hard) -> float:
    """Pearson correlation of both planes' gradients (both directions together) over a mask, away from its edge.

    The planes are smoothed a little (sigma 1), so that a renderer's or a camera's noise does not count; the outline
    would correlate in any result and is left out.

    Returns:
        -1..1; nan where either plane is flat or the mask has no inside.
    """
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9))
    # Smoothing (3 px) and gradient (1 px) reach 4 px: nothing from outside the mask contributes.
    inside = cv2.erode(mask.astype(np.uint8), kernel, borderType=cv2.BORDER_CONSTANT, borderValue=1) > 0
    if not inside.any():
        return math.nan

    def gradients(plane: Plane) -> Plane:
        soft = cv2.GaussianBlur(plane, (7, 7), 1.0, borderType=cv2.BORDER_REFLECT_101)
        both = [cv2.Sobel(soft, cv2.CV_64F, *orders)[inside] for orders in ((1, 0), (0, 1))]
        slopes: Plane = np.concatenate(both)
        return np.asarray(slopes - slopes.mean())

    first, second = gradients(one), gradients(other)
    norm = math.sqrt(float((first**2).sum()) * float((second**2).sum()))
    return float((first * second).sum() / norm) if norm > 1e-9 else math.nan


def _around(mask: Hard, margin: int) -> tuple[slice, slice]:
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return (
        slice(max(0, int(rows[0]) - margin), int(rows[-1]) + 1 + margin),
        slice(max(0, int(columns[0]) - margin), int(columns[-1]) + 1 + margin),
    )


# ---------------------------------------------------------------------------------------------------------- baselines


def baselines(before: Rgb, after: Rgb, mask: Hard, target: Rgb) -> dict[str, Rgb]:
    """Whole pictures by the simple methods, each to be composited over the photo with the same alpha as ours.

    Args:
        before: [h, w, 3] uint8.
        after: The re-render: only methods marked with * use it.
        mask: [h, w] bool, not empty.
        target: [3] uint8, the colour to reach.
    """
    flat = np.empty_like(before)
    flat[:] = target
    lab, truth = lab_of(before), lab_of(after[mask])
    mean, deviation = lab[mask].mean(0), lab[mask].std(0)
    shifted = lab + (lab_of(target) - mean)
    # Source: Reinhard et al., Color Transfer between Images, IEEE CG&A 21(5), 2001. The reference is the re-render.
    transferred = (lab - mean) * (truth.std(0) / np.maximum(deviation, 1e-6)) + truth.mean(0)
    return {
        UNCHANGED: before,
        HUE: _swap_hue(before, target),
        SHIFT: rgb_of(shifted),
        TRANSFER: rgb_of(transferred),
        FLAT: flat,
        CLONE: _clone(flat, before, mask),
    }


def _swap_hue(before: Rgb, target: Rgb) -> Rgb:
    """The target's hue and saturation with the photo's own value (HSV)."""
    hsv = cv2.cvtColor(before.astype(np.float32) / 255, cv2.COLOR_RGB2HSV)
    hsv[..., :2] = cv2.cvtColor(target.reshape(1, 1, 3).astype(np.float32) / 255, cv2.COLOR_RGB2HSV)[0, 0, :2]
    return to_uint8(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB))


def _clone(source: Rgb, before: Rgb, mask: Hard) -> Rgb:
    """OpenCV's Poisson cloning of a same-sized picture into the mask.

    Source: Perez, Gangnet and Blake, Poisson Image Editing, SIGGRAPH 2003.
    """
    # It needs a free border round the mask, and places the middle of the mask's box at the given point.
    pad = 3
    photo, patch = (
        cv2.copyMakeBorder(picture, pad, pad, pad, pad, cv2.BORDER_REPLICATE) for picture in (before, source)
    )
    wide = cv2.copyMakeBorder(mask.astype(np.uint8) * 255, pad, pad, pad, pad, cv2.BORDER_CONSTANT, value=0)
    x, y, width, height = cv2.boundingRect(wide)
    cloned: Rgb = cv2.seamlessClone(patch, photo, wide, (x + width // 2, y + height // 2), cv2.NORMAL_CLONE)
    return cloned[pad:-pad, pad:-pad]


# ------------------------------------------------------------------------------------------------------------ measure


@dataclass(frozen=True, slots=True)
class Result:
    """What was measured on one pair.

    Args:
        pair: The pair.
        groups: The tables to which it belongs.
        old: The old material of most of the surface.
        area_px: Size of the true mask.
        scores: By name of the method; empty where the pair could not be measured.
        stays: Share of the mask that the re-render leaves nearly unchanged, though labelled: a sofa's legs, a wall's
            cornice. Painting the whole mask is wrong there. nan where all of it changes too little to decide.
        took_s: Seconds of the editor and its composite, true mask.
        found_iou: Overlap of the found mask with the true one; None without `found`.
        reason: Why it could not be measured, or why nothing was found; None otherwise.
    """

    pair: Pair
    groups: tuple[str, ...]
    old: str
    area_px: int
    scores: Mapping[str, Score]
    stays: float = math.nan
    took_s: float | None = None
    found_iou: float | None = None
    reason: str | None = None


def measure(pair: Pair, stages: Stages, *, seed: int, found: bool) -> tuple[Result, list[tuple[str, Rgb]]]:
    """One pair's scores, and its row of the contact sheet.

    Args:
        pair: The pair.
        stages: Segmenter and refiner are used only with `found`.
        seed: The run's seed.
        found: Also paint through the mask that the stages find; where nothing is found, the unchanged photo is scored.
    """
    before, after = open_photo(pair.before).rgb, open_photo(pair.after).rgb
    labels = cv2.imread(str(pair.labels), cv2.IMREAD_UNCHANGED)
    if labels is None or labels.shape != before.shape[:2] or after.shape != before.shape:
        raise SystemExit(f"pair {pair.after.name!r}: photo, re-render and labels are not of one size")
    mask = true_mask(labels, pair.ids)
    if not mask.any():
        raise SystemExit(f"pair {pair.after.name!r}: nothing in {pair.labels.name!r} is of its classes")
    old = old_material(labels, pair.old)
    result = Result(pair, groups_of(pair.edit, pair.hex, old), old, int(mask.sum()), {})
    row = [(f"{pair.scene}: {pair.edit}", before), ("re-render", after)]
    agreement = same_view(before, after, mask)
    if agreement < SAME_VIEW:
        why = f"the re-render shows another view (gradients outside the mask correlate by {agreement:.2f} only)"
        return replace(result, groups=(), reason=why), [row[0], *_blank("no pair", why, found=found), row[1]]
    plan = parse_plan(pair.edit)
    try:
        editors.check_edits(plan, stages)
        alpha = alpha_from(mask, stages.mask_recipe, untouchable=np.zeros_like(mask))
        ours, took_s = _paint(before, plan, _region(plan, mask, alpha), stages, seed)
    except AutomaskError as error:
        blank = _blank("declined", str(error), found=found)
        return replace(result, reason=str(error)), [row[0], *blank, row[1]]
    scores = {OURS: score(ours, before, after, mask)}
    shown = [_with_caption("ours", ours, scores[OURS])]
    iou, reason = None, None
    if found:
        picture, found_mask, reason = _paint_found(before, plan, stages, seed)
        iou = float((found_mask & mask).sum() / (found_mask | mask).sum())
        scores[FOUND] = score(picture, before, after, mask)
        shown.append(_with_caption(f"found mask, IoU {iou:.2f}", picture, scores[FOUND]))
    truth_lab = lab_of(after[mask])
    scores[LEVEL] = score(_with_mean(ours, mask, truth_lab.mean(0)), before, after, mask)
    target = rgb_of_hex(pair.hex) if pair.hex is not None else rgb_of(truth_lab.mean(0))
    for name, picture in baselines(before, after, mask, target).items():
        scores[name] = score(composite(before, picture, alpha), before, after, mask)
    stays = unchanged_share(before, after, mask)
    done = replace(result, scores=scores, stays=stays, took_s=took_s, found_iou=iou, reason=reason)
    return done, [row[0], *shown, row[1]]


def same_view(before: Rgb, after: Rgb, mask: Hard) -> float:
    """Correlation of gradients of L* outside the mask; 1 for two renders of one view, nan where nothing is outside."""
    return gradient_correlation(lab_of(before)[..., 0], lab_of(after)[..., 0], ~mask)


def unchanged_share(before: Rgb, after: Rgb, mask: Hard) -> float:
    """Share of the mask where the re-render nearly equals the photo; nan where half of the mask hardly changes."""
    delta_e = ciede2000(lab_of(before[mask]), lab_of(after[mask]))
    middle = float(np.median(delta_e))
    return float((delta_e <= STAYS * middle).mean()) if middle > MOVES_DE else math.nan


def _blank(caption: str, text: str, *, found: bool) -> list[tuple[str, Rgb]]:
    return [text_cell(caption, text, size_wh=(CELL_PX, CELL_PX * 2 // 3))] * (2 if found else 1)


def _with_caption(what: str, picture: Rgb, scored: Score) -> tuple[str, Rgb]:
    return f"{what}: dE mean {scored.mean:.1f}, 95 % {scored.p95:.1f}", picture


def _region(plan: Plan, mask: Hard, alpha: Alpha) -> Region:
    return Region(", ".join(plan[0].targets), True, mask, alpha, (), None, read_as=plan[0].targets)


def _paint(before: Rgb, plan: Plan, region: Region, stages: Stages, seed: int) -> tuple[Rgb, float]:
    began = time.perf_counter()
    painted, steps = chain.paint(before, plan, [region], stages, seed=seed)
    if steps[0].area_px == 0:
        raise AutomaskError(steps[0].reason or "nothing was painted")
    return painted, time.perf_counter() - began


def _paint_found(before: Rgb, plan: Plan, stages: Stages, seed: int) -> tuple[Rgb, Hard, str | None]:
    """The photo painted through the mask that the stages find, that mask, and why nothing was found or painted."""
    try:
        regions = find.find_regions(before, plan, stages)
        painted, steps = chain.paint(before, plan, regions, stages, seed=seed)
    except AutomaskError as error:
        return before, np.zeros(before.shape[:2], np.bool_), str(error)
    return painted, regions[0].hard, steps[0].reason


def _with_mean(picture: Rgb, mask: Hard, mean: Plane) -> Rgb:
    """The picture with the mask's mean L*a*b* shifted to `mean`."""
    result = picture.copy()
    lab = lab_of(picture[mask])
    result[mask] = rgb_of(lab + (mean - lab.mean(0)))
    return result


# ------------------------------------------------------------------------------------------------------------- tables

_COLUMNS: tuple[tuple[str, str, str], ...] = (
    ("mean", "dE mean", ".1f"),
    ("median", "median", ".1f"),
    ("p95", "95 %", ".1f"),
    ("ssim", "SSIM", ".2f"),
    ("gradient", "gradient", ".2f"),
    ("rim_in", "rim in", ".1f"),
    ("rim_out", "rim out", ".1f"),
    ("spill", "spill", "+.1f"),
)
_METHODS = (OURS, FOUND, LEVEL, UNCHANGED, HUE, SHIFT, TRANSFER, FLAT, CLONE)


def tables(results: Sequence[Result]) -> str:
    """All tables as Markdown: one for each group that has pairs, then pair by pair, then the pairs not measured."""
    blocks = [_group_table(group, [r for r in results if group in r.groups]) for group in GROUPS]
    blocks.append(_pair_table([r for r in results if r.scores]))
    unmeasured = [f"- {r.pair.scene}: `{r.pair.edit}`: {r.reason}" for r in results if not r.scores]
    if unmeasured:
        blocks.append("### Not measured\n\n" + "\n".join(unmeasured))
    return "\n\n".join(block for block in blocks if block)


def group_means(results: Sequence[Result]) -> dict[str, dict[str, float]]:
    """For each method the mean over pairs of every number of its score; nan where no pair has it."""
    means: dict[str, dict[str, float]] = {}
    for method in _METHODS:
        scores = [r.scores[method] for r in results if method in r.scores]
        if scores:
            means[method] = {field.name: _mean([getattr(s, field.name) for s in scores]) for field in fields(Score)}
    return means


def reaches_goal(scored: Score) -> bool:
    """Whether a paint colour counts as reached."""
    return scored.median <= GOAL_MEDIAN and scored.p95 <= GOAL_P95


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    return sum(known) / len(known) if known else math.nan


def _group_table(group: str, results: Sequence[Result]) -> str:
    if not results:
        return ""
    measured = [r for r in results if r.scores]
    title = f"### {group}: {_count(len(measured), 'pair')}"
    if len(measured) < len(results):
        title += f" of {len(results)}; the editor declined the others"
    if not measured:
        return title
    goal = group in (PAINT, WHITE)
    heads = ["way", *(head for _, head, _ in _COLUMNS), *(["goal reached"] if goal else [])]
    lines = [title, "", _row(heads), _row(["---"] * len(heads))]
    for method, means in group_means(measured).items():
        cells = [method, *(_number(means[name], form) for name, _, form in _COLUMNS)]
        if goal:
            cells.append(f"{sum(reaches_goal(r.scores[method]) for r in measured)} of {len(measured)}")
        lines.append(_row(cells))
    return "\n".join(lines)


def _pair_table(results: Sequence[Result]) -> str:
    if not results:
        return ""
    with_found = any(FOUND in r.scores for r in results)
    heads = ["scene", "edit", "was", *(head for _, head, _ in _COLUMNS), "L* off", "a* off", "b* off", "stays"]
    heads += ["IoU found", "dE found"] if with_found else []
    lines = ["### Ours with the true mask, pair by pair", "", _row(heads), _row(["---"] * len(heads))]
    for r in sorted(results, key=lambda r: (GROUPS.index(r.groups[0]), -r.scores[OURS].mean)):
        ours = r.scores[OURS]
        cells = [r.pair.scene, f"`{r.pair.edit}`", r.old or "?"]
        cells += [_number(getattr(ours, name), form) for name, _, form in _COLUMNS]
        cells += [_number(value, "+.1f") for value in (ours.d_light, ours.d_a, ours.d_b)]
        cells.append(_number(r.stays, ".0%"))
        if with_found:
            cells += [_number(r.found_iou, ".2f"), _number(r.scores[FOUND].mean, ".1f")]
        lines.append(_row(cells))
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _number(value: float | None, form: str) -> str:
    return "-" if value is None or math.isnan(value) else format(value, form)


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def as_json(results: Sequence[Result]) -> dict[str, Any]:
    """The same as plain values: groups with their means, and every pair with all its scores; null for nan."""
    groups = {}
    for group in GROUPS:
        here = [r for r in results if group in r.groups]
        measured = [r for r in here if r.scores]
        if here:
            methods = {method: _plain(means) for method, means in group_means(measured).items()}
            groups[group] = {"pairs": len(here), "measured": len(measured), "ways": methods}
    return {
        "groups": groups,
        "pairs": [
            {
                "scene": r.pair.scene,
                "edit": r.pair.edit,
                "after": r.pair.after.name,
                "was": r.old,
                "groups": list(r.groups),
                "area_px": r.area_px,
                "stays": _plain({"stays": r.stays})["stays"],
                "took_s": None if r.took_s is None else round(r.took_s, 3),
                "found_iou": None if r.found_iou is None else round(r.found_iou, 4),
                "reason": r.reason,
                "scores": {method: _plain(_fields(scored)) for method, scored in r.scores.items()},
            }
            for r in results
        ],
    }


def _fields(scored: Score) -> dict[str, float]:
    return {field.name: getattr(scored, field.name) for field in fields(Score)}


def _plain(numbers: Mapping[str, float]) -> dict[str, float | None]:
    return {name: None if math.isnan(value) else round(value, 4) for name, value in numbers.items()}


if __name__ == "__main__":
    main()
