"""The plan of an ordinary kitchen: which units stand where along which walls. Nothing here needs Blender.

A wall has one coordinate, in metres from its right end as one faces it; the walls' names are back, left, right and
front, as seen from the front. So the left wall starts and the right wall ends in a corner with the back wall.
"""

import random
from dataclasses import dataclass, field

DEPTH = 0.62  # of base cabinets with their fronts
UPPER_DEPTH = 0.34
NO_TOP = ("range", "fridge", "larder", "oven tower", "gap")  # units that interrupt a worktop
TALL = ("fridge", "larder", "oven tower")


@dataclass(frozen=True, slots=True)
class Unit:
    """A stretch of a run: what stands there, and from where to where."""

    kind: str
    x0: float
    x1: float

    @property
    def width(self) -> float:
        """Its width in metres."""
        return self.x1 - self.x0


@dataclass(slots=True)
class Run:
    """Units side by side along a wall, its left and right ends as coordinates, and the windows over it."""

    wall: str
    units: list[Unit]
    windows: list[tuple[float, float]] = field(default_factory=list)

    @property
    def x0(self) -> float:
        """Where it starts."""
        return self.units[0].x0

    @property
    def x1(self) -> float:
        """Where it ends."""
        return self.units[-1].x1

    def tops(self) -> list[tuple[float, float]]:
        """The stretches that one worktop covers."""
        spans: list[tuple[float, float]] = []
        for unit in self.units:
            if unit.kind in NO_TOP:
                continue
            if spans and abs(spans[-1][1] - unit.x0) < 1e-6:
                spans[-1] = (spans[-1][0], unit.x1)
            else:
                spans.append((unit.x0, unit.x1))
        return spans


@dataclass(slots=True)
class Plan:
    """A room of W by D metres with its runs and, at times, a peninsula (which wall, its length) or an island."""

    shape: str
    W: float
    D: float
    runs: list[Run]
    peninsula: tuple[str, float] | None = None
    island: tuple[float, float, float, float] | None = None  # middle x and y, length, depth
    free: tuple[str, ...] = ("front",)  # walls without units


def cabinets(rng: random.Random, x0: float, x1: float) -> list[Unit]:
    """Base cabinets of usual widths that fill a stretch; a rest too narrow for a door is a filler."""
    units, x = [], x0
    while x1 - x > 1e-4:
        left = x1 - x
        if left < 0.25:
            width, kind = left, "filler"
        else:
            width = rng.choice([0.3, 0.4, 0.45, 0.5, 0.6, 0.6, 0.76, 0.8, 0.9])
            width = left if width > left or left - width < 0.25 else width
            kinds = (
                ["drawers", "drawerdoor", "drawerdoor", "door", "door"]
                if width > 0.33
                else ["drawerdoor", "door", "drawers", "open"]
            )
            kind = rng.choice(kinds)
            if rng.random() < 0.04:
                kind = "open"
        units.append(Unit(kind, x, x + width))
        x += width
    return units


def fill(rng: random.Random, x0: float, x1: float, wanted: list[tuple[str, float]]) -> list[Unit]:
    """Units from x0 to x1: those wanted in their order as far as there is room, cabinets in between."""
    wanted = list(wanted)
    while wanted and sum(w for _, w in wanted) > x1 - x0:
        wanted.pop(rng.randrange(len(wanted)))
    spare = x1 - x0 - sum(w for _, w in wanted)
    shares = [rng.random() ** 1.5 if rng.random() < 0.8 else 0.0 for _ in range(len(wanted) + 1)]
    total = sum(shares) or 1.0
    gaps = [spare * s / total if sum(shares) else (spare if i == 0 else 0.0) for i, s in enumerate(shares)]
    for i, gap in enumerate(gaps):  # a gap too narrow for a cabinet goes to the widest
        if 0 < gap < 0.3:
            widest = max(range(len(gaps)), key=gaps.__getitem__)
            if widest != i:
                gaps[widest], gaps[i] = gaps[widest] + gap, 0.0
    units, x = [], x0
    for i, gap in enumerate(gaps):
        units += cabinets(rng, x, x + gap)
        x += gap
        if i < len(wanted):
            units.append(Unit(wanted[i][0], x, x + wanted[i][1]))
            x += wanted[i][1]
    return units


def _tall(rng: random.Random) -> list[tuple[str, float]]:
    """The tall units at the free end of a run, the outermost last."""
    fridge = ("fridge", rng.choice([0.66, 0.74, 0.8, 0.86, 0.95]))
    tower, larder = ("oven tower", 0.72), ("larder", rng.choice([0.45, 0.6, 0.9]))
    return rng.choices(
        [[fridge], [tower, fridge], [larder, fridge], [fridge, larder], [fridge, tower], []], [9, 2, 1.5, 1, 1, 1]
    )[0]


def draw_plan(rng: random.Random) -> Plan:
    """A kitchen as ordinary homes have them: along one wall, in an L, in a U, or along two walls."""
    shape = rng.choices(["one", "L", "U", "galley", "peninsula"], [2, 5, 3, 1.8, 2.5])[0]
    W = {
        "one": rng.uniform(2.8, 5.2),
        "L": rng.uniform(2.8, 5.4),
        "U": rng.uniform(2.6, 4.6),
        "galley": rng.uniform(2.3, 3.1),
        "peninsula": rng.uniform(3.3, 5.2),
    }[shape]
    D = rng.uniform(3.6, 6.6) if shape != "galley" else rng.uniform(3.4, 5.5)
    runs: list[Run] = []
    sink = ("sink", rng.choice([0.7, 0.8, 0.9]))
    cooker = ("range", 0.76 if rng.random() < 0.75 else 0.6) if rng.random() < 0.72 else ("hob", rng.choice([0.7, 0.9]))
    washer = (
        [(rng.choice(["dishwasher", "dishwasher", "dishwasher", "panel dishwasher"]), 0.6)]
        if rng.random() < 0.78
        else []
    )
    if rng.random() < 0.06:
        washer.append(("washing machine", 0.6))
    wet = [*washer, sink] if rng.random() < 0.5 else [sink, *washer]
    tall = _tall(rng)
    a = rng.choice(["left", "right"])  # the side of the first leg
    leg = min(D - 0.9, rng.uniform(1.9, 3.4))

    def back(
        x0: float,
        x1: float,
        wanted: list[tuple[str, float]],
        ends: list[tuple[str, float]],
        at_low: bool,
        corners: tuple[bool, bool],
    ) -> Run:
        """The run of the back wall: tall units at one end, blind corners where a leg joins it."""
        lo, hi = x0, x1
        head, tail = [], []
        if corners[0]:
            head, lo = [Unit("blank", lo, lo + DEPTH + 0.04)], lo + DEPTH + 0.04
        if corners[1]:
            tail, hi = [Unit("blank", hi - DEPTH - 0.04, hi)], hi - DEPTH - 0.04
        for kind, width in reversed(ends):
            if hi - lo < width + 0.9:
                continue
            if at_low:
                head.append(Unit(kind, lo, lo + width))
                lo += width
            else:
                tail.insert(0, Unit(kind, hi - width, hi))
                hi -= width
        return Run("back", [*head, *fill(rng, lo, hi, wanted), *tail])

    def side(
        wall: str, length: float, wanted: list[tuple[str, float]], ends: list[tuple[str, float]], start: float
    ) -> Run:
        """A run of a side wall, from so far off the back corner; tall units at its free end."""
        inner = [Unit(k, x, y) for k, x, y in ((u.kind, u.x0, u.x1) for u in fill(rng, start, start + length, wanted))]
        x = start + length
        for kind, width in ends:
            if x + width < D - 0.5:
                inner.append(Unit(kind, x, x + width))
                x += width
        if wall == "right":
            inner = [Unit(u.kind, D - u.x1, D - u.x0) for u in reversed(inner)]
        return Run(wall, inner)

    if shape == "one":
        x0 = rng.choice([0.0, rng.uniform(0.2, 0.9)])
        x1 = W if W < 4.2 and rng.random() < 0.7 else min(W, x0 + rng.uniform(2.8, 4.4))
        if x1 - x0 < 2.6:
            x0, x1 = 0.0, W
        order = [*wet, cooker] if rng.random() < 0.5 else [cooker, *wet]
        runs = [back(x0, x1, order, tall, rng.random() < 0.5, (False, False))]
        free = ("left", "right", "front")
    elif shape in ("L", "peninsula"):
        on_back, on_leg = ([cooker], wet) if rng.random() < 0.5 else (wet, [cooker])
        where = rng.choice(["back", "leg"]) if shape == "L" else "back"
        corners = (a == "right", a == "left")
        runs = [
            back(0.0, W, on_back, tall if where == "back" else [], a == "left", corners),
            side(a, leg, on_leg, tall if where == "leg" else [], DEPTH + 0.02),
        ]
        free = ("right" if a == "left" else "left", "front")
    elif shape == "U":
        other = "right" if a == "left" else "left"
        trio = [[cooker], wet, []]
        rng.shuffle(trio)
        short = min(D - 0.9, rng.uniform(1.2, 2.6))
        runs = [
            back(0.0, W, trio[0], [], True, (True, True)),
            side(a, leg, trio[1], tall, DEPTH + 0.02),
            side(other, short, trio[2], [], DEPTH + 0.02),
        ]
        free = ("front",)
    else:
        other = "right" if a == "left" else "left"
        runs = [
            side(a, min(D - 1.6, rng.uniform(2.2, 3.6)), [cooker], tall, 0.02),
            side(other, min(D - 1.0, rng.uniform(2.0, 3.6)), wet, [], 0.02),
        ]
        free = ("back", "front")
    plan = Plan(shape, W, D, runs, free=free)
    if shape == "peninsula":
        plan.peninsula = (a, min(W - 1.1, rng.uniform(1.5, 2.4)))
    room_x = W - (DEPTH if shape != "one" else 0) - (DEPTH if shape == "U" else 0)
    room_y = D - DEPTH
    if shape in ("one", "L", "U") and room_x > 2.6 and room_y > 3.4 and rng.random() < 0.75:
        ly = rng.uniform(0.65, 1.2)
        lx = min(room_x - 1.7, rng.uniform(1.1, 2.6))
        lo = DEPTH if any(r.wall == "left" for r in runs) else 0.0
        hi = W - (DEPTH if any(r.wall == "right" for r in runs) else 0.0)
        cx = (lo + hi) / 2 + rng.uniform(-0.1, 0.1)
        cy = D - DEPTH - rng.uniform(0.95, 1.25) - ly / 2
        if rng.random() < 0.15:  # across
            lx, ly = min(ly, room_x - 1.8), min(lx, room_y - 2.4)
            cy = D - DEPTH - 1.05 - ly / 2
        if lx > 0.6:
            plan.island = (cx, cy, lx, ly)
    for run in plan.runs:
        _window_over_sink(rng, run)
    return plan


def _window_over_sink(rng: random.Random, run: Run) -> None:
    """A window over the sink, or over some other stretch of worktop, for two runs in three."""
    sinks = [u for u in run.units if u.kind == "sink"]
    spots = sinks or [u for u in run.units if u.kind in ("drawers", "door", "drawerdoor") and u.width > 0.55]
    if not spots or rng.random() > (0.72 if sinks else 0.18):
        return
    unit = rng.choice(spots)
    middle, half = (unit.x0 + unit.x1) / 2, rng.uniform(0.35, 0.85)
    lo = max(
        (u.x1 for u in run.units if u.kind in (*TALL, "range", "hob", "blank") and u.x1 <= unit.x0 + 1e-6),
        default=run.x0,
    )
    hi = min(
        (u.x0 for u in run.units if u.kind in (*TALL, "range", "hob", "blank") and u.x0 >= unit.x1 - 1e-6),
        default=run.x1,
    )
    half = min(half, middle - lo - 0.1, hi - middle - 0.1)
    if half > 0.25:
        run.windows.append((middle - half, middle + half))


def upper_spans(run: Run, low: float, high: float) -> list[tuple[str, float, float]]:
    """What hangs over a run: (cabinet, cooker or bare, from, to), tall units and windows cut out.

    Args:
        run: The run below.
        low: No cabinet hangs before this coordinate (the wall cabinets of the neighbouring wall do).
        high: Nor behind this one.
    """
    spans: list[tuple[str, float, float]] = []
    for unit in run.units:
        if unit.kind in TALL:
            continue
        kind = "cooker" if unit.kind in ("range", "hob") else "cabinet"
        x0, x1 = max(unit.x0, low), min(unit.x1, high)
        if x1 - x0 > 0.02:
            spans.append((kind, x0, x1))
    for a, c in run.windows:
        cut: list[tuple[str, float, float]] = []
        for kind, x0, x1 in spans:
            if x1 <= a - 0.07 or x0 >= c + 0.07 or kind == "cooker":
                cut.append((kind, x0, x1))
                continue
            if x0 < a - 0.07:
                cut.append((kind, x0, a - 0.07))
            if x1 > c + 0.07:
                cut.append((kind, c + 0.07, x1))
        spans = cut
    merged: list[tuple[str, float, float]] = []
    for kind, x0, x1 in spans:
        if merged and merged[-1][0] == kind == "cabinet" and abs(merged[-1][2] - x0) < 1e-6:
            merged[-1] = ("cabinet", merged[-1][1], x1)
        else:
            merged.append((kind, x0, x1))
    return [s for s in merged if s[2] - s[1] > 0.22]
