"""Builds what a kitchen plan says: base units, worktops, backsplashes, wall cabinets, hoods, tall units, peninsulas."""

from mathutils import Vector

from render_rooms import appliances, clutter
from render_rooms.appliances import (
    any_dishwasher,
    any_fridge,
    burners,
    over_range_microwave,
    slim_hood,
    stove,
    wall_oven,
    washing_machine,
)
from render_rooms.cabinets import island
from render_rooms.chance import pick
from render_rooms.decor import books, bottles, plates, vase
from render_rooms.joinery import carcass, doors, drawers, front, hollow, split
from render_rooms.kitchen_plan import DEPTH, TALL, UPPER_DEPTH, Run, Unit, upper_spans
from render_rooms.materials import mat
from render_rooms.plumbing import apron_sink, basin_tap, faucet, sink, sink_rim

BODY = 0.58  # depth of a base cabinet without its front
TOP = 0.91
KICK = 0.1


def base_unit(b, joinery, palette, unit, under):
    """One base cabinet or the appliance in its place, up to the height `under` of the worktop's lower side."""
    spec, a, c, z1 = palette["cabinet"], unit.x0, unit.x1, under - 0.004
    kind = unit.kind
    if kind == "range":
        stove(b, a, c, palette["appliance"], palette["burners"], TOP, 0.66, palette["console"])
        return
    if kind == "dishwasher":
        any_dishwasher(b, a, c, KICK, z1, BODY, palette["dishwasher"])
        return
    if kind == "panel dishwasher":
        any_dishwasher(b, a, c, KICK, z1, BODY, palette["dishwasher"], spec)
        return
    if kind == "washing machine":
        washing_machine(b, a, c, under, BODY + 0.02)
        return
    with b.item("base cabinet"):
        if kind == "open":
            with b.frame(0, 0, 0):
                hollow(b, spec, a, c, KICK, z1, BODY + 0.018, 1)
            return
        if kind in ("sink", "hob"):  # boards and no solid block: what is let into the worktop hangs inside
            m = mat(spec, grain="z")
            b.box(m, a, 0.002, KICK, a + 0.018, BODY - 0.001, under, 0)
            b.box(m, c - 0.018, 0.002, KICK, c, BODY - 0.001, under, 0)
            b.box(m, a + 0.018, BODY - 0.02, KICK, c - 0.018, BODY - 0.001, under, 0)
        else:
            carcass(b, spec, a, c, KICK, under, BODY - 0.001)
        if kind in ("blank", "filler"):
            return
        if kind == "drawers":
            drawers(b, joinery, spec, a, c, KICK, z1, BODY, b.rng.choice([3, 3, 4]))
        elif kind == "hob":
            drawers(b, joinery, spec, a, c, KICK, z1, BODY, 2)
        elif kind == "drawerdoor":
            split_drawers = c - a > 0.65 and b.rng.random() < 0.6
            for p, q in split(a, c, (c - a) / 2 if split_drawers else c - a):
                drawers(b, joinery, spec, p, q, z1 - 0.17, z1, BODY, 1)
            doors(b, joinery, spec, a, c, KICK, z1 - 0.17, BODY, single_side=b.rng.choice([-1, 1]))
        elif kind == "sink" and not palette["apron"]:
            front(b, joinery, spec, a, z1 - 0.17, c, z1, BODY, "x")
            doors(b, joinery, spec, a, c, KICK, z1 - 0.17, BODY)
        else:
            top = z1 if not (kind == "sink" and palette["apron"]) else TOP - 0.27
            doors(b, joinery, spec, a, c, KICK, top, BODY, single_side=b.rng.choice([-1, 1]))


def tall_unit(b, joinery, palette, unit):
    """A fridge with what is over it, an oven tower or a larder."""
    a, c, spec, top = unit.x0, unit.x1, palette["tall"], joinery["tall_h"]
    if unit.kind == "fridge":
        h = min(palette["fridge_h"], top - 0.02)
        panels = palette["fridge_panels"]
        t = 0.02 if panels else 0.0
        kind = (
            palette["fridge_kind"] if c - a > 0.78 or palette["fridge_kind"] in ("top", "bottom", "single") else "top"
        )
        any_fridge(b, a + t + 0.01, c - t - 0.01, h, palette["fridge_depth"], palette["fridge"], kind)
        b.stands(a, 0, c, palette["fridge_depth"], h)
        with b.item("tall cabinet" if panels else "wall cabinet"):
            m = mat(spec, grain="z")
            deep = BODY if panels or b.rng.random() < 0.5 else UPPER_DEPTH
            if panels:
                b.box(m, a, 0, 0, a + t, BODY + 0.03, top, 0.001)
                b.box(m, c - t, 0, 0, c, BODY + 0.03, top, 0.001)
            if top - h > 0.22 and (panels or palette["uppers"] != "none"):
                carcass(b, spec, a + t, c - t, h + 0.03, top, deep - 0.001)
                doors(b, joinery, spec, a + t, c - t, h + 0.03, top, deep, "bottom")
        if top - h <= 0.22 or (not panels and palette["uppers"] == "none"):
            with b.frame(0, 0, h):
                if b.rng.random() < 0.5:
                    clutter.something(b, (a + c) / 2, 0.3, 0.001)
                if b.rng.random() < 0.3:
                    clutter.basket(b, c - 0.22, 0.25, 0.001, 0.8)
        return
    with b.item("tall cabinet"):
        carcass(b, spec, a, c, KICK, top, BODY - 0.001)
        if unit.kind == "oven tower":
            double = palette["double_oven"]
            z0, z1 = (0.52, 1.72) if double else (0.78, 1.4)
            drawers(b, joinery, spec, a, c, KICK, z0 - 0.02, BODY, 2 if z0 > 0.6 else 1)
            doors(b, joinery, spec, a, c, z1 + 0.02 + (0.0 if double else 0.4), top, BODY, "bottom")
        else:
            cut = b.rng.choice([0.9, 1.5, 1.9])
            doors(b, joinery, spec, a, c, KICK, cut, BODY)
            doors(b, joinery, spec, a, c, cut, top, BODY, "bottom")
    if unit.kind == "oven tower":
        wall_oven(b, a, c, z0, z1, BODY, palette["appliance"], double)
        if not double:
            with b.item("microwave"):
                m = appliances.shell_of(palette["appliance"])
                b.box(m, a + 0.02, BODY - 0.2, 1.42, c - 0.02, BODY + 0.022, 1.8, 0.004)
                b.box(mat("gloss:black"), a + 0.17, BODY + 0.02, 1.47, c - 0.06, BODY + 0.0245, 1.75, 0.003)
                b.box(mat("gloss:charcoal"), a + 0.04, BODY + 0.02, 1.66, a + 0.14, BODY + 0.0245, 1.72, 0.001)
    with b.item("toe kick"):
        b.box(mat(palette["kick"], grain="x"), a, 0, 0, c, BODY - 0.06, KICK, 0)


def sink_in(b, palette, m, width, thick):
    """The sink of a worktop around m; gives back the holes that it needs."""
    kind = palette["sink_kind"]
    w = min(width - 0.12, 0.78 if kind == "double" else 0.62) / 2
    spec = palette["sink"]
    y0, y1 = 0.13, 0.52
    if palette["apron"]:
        w = width / 2 - 0.03
        apron_sink(b, m - w, m + w, 0.12, BODY + 0.055, TOP, spec)
        holes = [(m - w + 0.001, 0.121, m + w - 0.001, 9.0)]
    else:
        cuts = [(m - w, m + w)] if kind != "double" else [(m - w, m - 0.015), (m + 0.015, m + w)]
        holes = [(p, y0, q, y1) for p, q in cuts]
        for p, q in cuts:
            sink(b, p, q, y0, y1, TOP - thick * 0.6, spec)
            if palette["sink_rim"]:
                sink_rim(b, p, q, y0, y1, TOP, spec)
    if palette["tap_tall"]:
        faucet(b, m, 0.075, TOP, palette["tap"], 1)
    else:
        basin_tap(b, m, 0.075, TOP, palette["tap"], False)
    if b.rng.random() < 0.6:
        clutter.soap(b, m + b.rng.choice([-1, 1]) * (w + 0.06), 0.09, TOP + 0.001)
    return holes


def worktops(b, palette, run, spans, thick, over=0.04):
    """The worktops of a run with their sinks and hobs."""
    for x0, x1 in spans:
        holes = []
        for unit in run.units:
            if unit.kind == "sink" and x0 <= unit.x0 and unit.x1 <= x1 + 1e-6:
                holes += sink_in(b, palette, (unit.x0 + unit.x1) / 2, unit.width, thick)
        depth = BODY + over
        with b.item("countertop"), b.frame(x0, 0, TOP):
            cut = [(h[0] - x0, h[1], h[2] - x0, min(h[3], depth)) for h in holes]
            b.slab(
                mat(palette["top"], grain="x", plane="xy", **palette["topkw"]),
                x1 - x0,
                depth,
                thick,
                cut,
                bevel=palette["top_edge"],
            )
        for unit in run.units:
            if unit.kind == "hob" and x0 <= unit.x0 and unit.x1 <= x1 + 1e-6:
                m, w = (unit.x0 + unit.x1) / 2, min(unit.width, 0.76) / 2 - 0.02
                with b.item("cooktop"):
                    if palette["burners"] != "glass":
                        b.box(
                            appliances.shell_of(palette["appliance"]), m - w, 0.06, TOP, m + w, 0.55, TOP + 0.006, 0.002
                        )
                    burners(b, m - w + 0.02, m + w - 0.02, 0.08, 0.53, TOP + 0.004, palette["burners"])


def backsplash(b, palette, run, spans, wall_top):
    """What covers the wall over a worktop: nothing, an upstand, tiles or a slab up to cabinets or ceiling."""
    kind = palette["splash_kind"]
    if kind == "none":
        return
    if kind == "upstand":
        spec, laid = (
            (palette["top"], palette["topkw"]) if palette["top_splash"] else (palette["splash"], palette["splashkw"])
        )
        for a, c in spans:
            with b.item("backsplash"), b.frame(a, 0.02, TOP):
                b.slab(
                    mat(spec, grain="x", **(laid | {"plane": "xz"})),
                    c - a,
                    palette["upstand"],
                    0.02,
                    axis="y",
                    bevel=0.001,
                )
        return
    a = next((u.x0 for u in run.units if u.kind not in TALL), run.x0)
    c = next((u.x1 for u in reversed(run.units) if u.kind not in TALL), run.x1)
    if c - a < 0.2:
        return
    top = wall_top - TOP
    holes = [(p - a, palette["win_z"][0] - TOP, q - a, min(palette["win_z"][1] - TOP, top)) for p, q in run.windows]
    holes = [h for h in holes if h[1] < top]
    with b.item("backsplash"), b.frame(a, 0.009, TOP):
        b.slab(
            mat(palette["splash"], grain="x", **(palette["splashkw"] | {"plane": "xz"})),
            c - a,
            top,
            0.009,
            holes,
            axis="y",
        )


def upper_cabinets(b, joinery, palette, x0, x1, z0, z1):
    """Wall cabinets side by side, some glazed or open."""
    for a, c in split(x0, x1, b.rng.choice([0.38, 0.45, 0.55, 0.8]) if x1 - x0 > 0.6 else x1 - x0):
        draw = b.rng.random()
        with b.item("wall cabinet"):
            if z1 - z0 > 0.45 and draw < palette["glazed"]:
                hollow(b, palette["upper"], a, c, z0, z1, UPPER_DEPTH - 0.012)
                doors(b, joinery, palette["upper"], a, c, z0, z1, UPPER_DEPTH - 0.01, "bottom", glass=True)
            elif z1 - z0 > 0.45 and draw > 1 - palette["open_uppers"]:
                hollow(b, palette["upper"], a, c, z0, z1, UPPER_DEPTH)
            else:
                carcass(b, palette["upper"], a, c, z0, z1, UPPER_DEPTH - 0.012)
                if z1 - z0 > 1.05:
                    cut = z1 - 0.34
                    doors(
                        b,
                        joinery,
                        palette["upper"],
                        a,
                        c,
                        z0,
                        cut,
                        UPPER_DEPTH - 0.011,
                        "bottom",
                        b.rng.choice([-1, 1]),
                    )
                    doors(
                        b,
                        joinery,
                        palette["upper"],
                        a,
                        c,
                        cut,
                        z1,
                        UPPER_DEPTH - 0.011,
                        "bottom",
                        b.rng.choice([-1, 1]),
                    )
                else:
                    doors(
                        b, joinery, palette["upper"], a, c, z0, z1, UPPER_DEPTH - 0.011, "bottom", b.rng.choice([-1, 1])
                    )


def shelves(b, palette, x0, x1):
    """Two or three open shelves with crockery."""
    rng = b.rng
    for z in rng.choice([(1.4, 1.75), (1.45, 1.8, 2.12), (1.5,)]):
        with b.item("shelf"):
            b.box(mat(palette["shelf"], grain="x"), x0 + 0.03, 0.01, z, x1 - 0.03, 0.25, z + 0.032, 0.003)
        x = x0 + 0.12
        while x < x1 - 0.3:
            kind = rng.random()
            if kind < 0.25:
                bottles(b, x, 0.13, z + 0.033)
                x += 0.33
            elif kind < 0.4:
                x += books(b, x, 0.03, z + 0.033, rng.randint(3, 5), False) + 0.08
            elif kind < 0.75:
                plates(b, x + 0.1, 0.13, z + 0.033)
                x += 0.27
            elif kind < 0.9:
                vase(
                    b,
                    x + 0.07,
                    0.13,
                    z + 0.033,
                    0.7,
                    rng.choice(["gloss:white", "paint:terracotta", "paint:charcoal"]),
                    False,
                )
                x += 0.2
            else:
                x += 0.25


def over_cooker(b, joinery, palette, a, c, z1, H):
    """A hood, or a microwave, over a range or a hob."""
    kind, mid = palette["hood"], (a + c) / 2
    if palette["uppers"] != "cabinets" and kind in ("slim", "cabinet"):
        kind = "chimney"  # the others hang under a cabinet
    if kind == "microwave" and z1 - 1.42 - 0.42 > -0.05:
        over_range_microwave(b, a, c, 1.42, palette["appliance"])
        low = 1.86
    elif kind == "slim":
        slim_hood(b, a, c, 1.58, palette["hood_colour"])
        low = 1.72
    elif kind == "cabinet":
        low = 1.62
    else:
        with b.frame(0, 0.0):
            appliances.hood(b, kind, mid, 1.62, H, palette["hood_metal"], palette["wall"], max(0.6, c - a - 0.02))
        return
    if z1 - low > 0.2 and palette["uppers"] == "cabinets":
        with b.item("wall cabinet"):
            carcass(b, palette["upper"], a, c, low, z1, UPPER_DEPTH - 0.012)
            doors(b, joinery, palette["upper"], a, c, low, z1, UPPER_DEPTH - 0.011, "bottom")


def crown(b, palette, x0, x1, z, depth):
    """A moulding on top of wall cabinets."""
    with b.item("wall cabinet"):
        m = mat(palette["upper"], grain="x")
        b.box(m, x0 - 0.004, 0, z, x1 + 0.004, depth + 0.02, z + 0.03, 0.004)
        b.box(m, x0 - 0.012, 0, z + 0.03, x1 + 0.012, depth + 0.045, z + 0.065, 0.012, seg=3)


def uppers(b, joinery, palette, run, low, high, H):
    """Everything over the worktops of a run."""
    z0, z1 = palette["upper_z0"], joinery["upper_top"]
    for kind, a, c in upper_spans(run, low, high):
        if kind == "cooker":
            over_cooker(b, joinery, palette, a, c, z1, H)
        elif palette["uppers"] == "cabinets":
            upper_cabinets(b, joinery, palette, a, c, z0, z1)
            if palette["led"]:
                b.light(
                    "AREA",
                    ((a + c) / 2, 0.08, z0 - 0.012),
                    3.0 * (c - a),
                    (1, 0.82, 0.6),
                    (max(0.05, c - a - 0.1), 0.03),
                    aim=(0, 0.15, -1),
                )
        elif palette["uppers"] == "shelves" and c - a > 0.5:
            shelves(b, palette, a, c)
            continue
        else:
            continue
        if kind == "cooker" and palette["hood"] in ("chimney", "plaster", "box"):
            continue
        if palette["uppers"] != "cabinets":
            continue
        if palette["soffit"]:
            with b.item("wall"):
                b.box(mat(palette["wall"], **palette.get("wallkw", {})), a, 0, z1, c, UPPER_DEPTH + 0.02, H, 0.002)
        elif palette["crown"] and H - z1 > 0.07:
            crown(b, palette, a, c, z1, UPPER_DEPTH)
        if not palette["soffit"] and H - z1 > 0.35 and b.rng.random() < 0.4:
            with b.frame(0, 0, z1 + (0.066 if palette["crown"] else 0.001)):
                if b.rng.random() < 0.5:
                    clutter.basket(b, (a + c) / 2, 0.17, 0, 0.7)
                else:
                    vase(
                        b,
                        (a + c) / 2,
                        0.17,
                        0,
                        b.rng.uniform(0.7, 1.0),
                        b.rng.choice(["gloss:white", "paint:terracotta", "gloss:royal"]),
                        b.rng.random() < 0.5,
                    )


def reaching(run, low, high):
    """The run with blank units up to the corners: what is on its wall reaches further than its cabinets."""
    units = list(run.units)
    if low < run.x0:
        units.insert(0, Unit("blank", low, run.x0))
    if high > run.x1:
        units.append(Unit("blank", run.x1, high))
    return Run(run.wall, units, run.windows)


def build_run(b, joinery, palette, run, shell, corners):
    """A run with all that belongs to it, on its wall. corners: whether other runs join at its low and its high end."""
    H = shell.H
    thick = joinery["top_t"]
    length = shell.W if run.wall == "back" else shell.D
    with shell.on(run.wall):
        for unit in run.units:
            if unit.kind in TALL:
                tall_unit(b, joinery, palette, unit)
            else:
                base_unit(b, joinery, palette, unit, TOP - thick)
        b.stands(run.x0, 0, run.x1, DEPTH + 0.04)
        spans = run.tops()
        if run.wall != "back":  # the worktop reaches that of the back wall
            near = DEPTH
            spans = [
                (near if abs(a - near) < 0.03 else a, length - near if abs(length - near - c) < 0.03 else c)
                for a, c in spans
            ]
        worktops(b, palette, run, spans, thick)
        for a, c in [s for s in run.tops() if s[1] - s[0] > 0.02]:
            with b.item("toe kick"):
                b.box(mat(palette["kick"], grain="x"), a, 0, 0, c, BODY - 0.06, KICK, 0)
        # beside a corner, the cabinets of the back wall come first
        low = run.x0 if not (run.wall == "left" and corners[0]) else UPPER_DEPTH + 0.03
        high = run.x1 if not (run.wall == "right" and corners[1]) else length - UPPER_DEPTH - 0.03
        first = 0.0 if run.wall == "left" and corners[0] else run.x0
        last = length if run.wall == "right" and corners[1] else run.x1
        cabinets = palette["uppers"] == "cabinets" and not palette["splash_full"]
        wall_top = palette["upper_z0"] + 0.005 if cabinets else palette["splash_top"]
        upstands = [(first if a == DEPTH else a, last if abs(length - DEPTH - c) < 1e-6 else c) for a, c in spans]
        backsplash(b, palette, reaching(run, first, last), upstands, wall_top)
        uppers(b, joinery, palette, reaching(run, low, high), low, high, H)
        mess(b, palette, run, spans)


def mess(b, palette, run, spans):
    """What stands on the worktops of a run, and the sockets over them."""
    busy = [(u.x0, u.x1) for u in run.units if u.kind in ("sink", "hob")]
    for a, c in spans:
        cuts = [a, *(x for s in busy if a <= s[0] < c for x in s), c]
        for p, q in zip(cuts[::2], cuts[1::2], strict=False):
            if q - p > 0.3:
                clutter.scatter(b, p, q, TOP + 0.001, palette["mess"])
                if b.rng.random() < 0.5:
                    with b.frame(0, 0.0095 if palette["splash_kind"] == "full" else 0.0005):
                        clutter.outlet(b, b.rng.uniform(p + 0.1, q - 0.1), 1.16)
        if q - p > 0.6 and b.rng.random() < palette["counter_microwave"]:
            appliances.counter_microwave(b, b.rng.uniform(p + 0.28, q - 0.28), 0.06, TOP + 0.001, palette["appliance"])


def peninsula(b, joinery, palette, plan, shell):
    """A leg that stands off a side wall at the end of its run: cabinets on one side, panels and seats on the other."""
    rng = b.rng
    wall, length = plan.peninsula
    run = next(r for r in plan.runs if r.wall == wall)
    over = rng.choice([0.04, 0.25, 0.3])
    thick = joinery["top_t"]
    end = run.x1 if wall == "left" else run.x0
    place = (end + BODY + 0.03, 0, 0, 90) if wall == "left" else (end - BODY - 0.03, length, 0, -90)
    # in this frame x runs along the peninsula, its wall's end at 0 (left) or at its length (right); y to the kitchen
    with shell.on(wall), b.frame(*place):
        from_wall = DEPTH + 0.02
        lo, hi = (from_wall, length) if wall == "left" else (0.0, length - from_wall)
        b.stands(0, -over, length, BODY + 0.04)
        for a, c in split(lo, hi, rng.choice([0.45, 0.6, 0.75])):
            with b.item("base cabinet"):
                carcass(b, palette["cabinet"], a, c, KICK, TOP - thick, BODY - 0.001)
                if rng.random() < 0.4:
                    drawers(b, joinery, palette["cabinet"], a, c, KICK, TOP - thick - 0.004, BODY, 3)
                else:
                    doors(b, joinery, palette["cabinet"], a, c, KICK, TOP - thick - 0.004, BODY)
        with b.item("base cabinet"):
            a, c = (0.0, lo) if wall == "left" else (hi, length)
            carcass(b, palette["cabinet"], a, c, KICK, TOP - thick, BODY - 0.001)
            with b.frame(length, 0, 0, 180):
                for p, q in split(0, length, 0.6):
                    front(
                        b, joinery | {"plain_drawers": False}, palette["cabinet"], p, KICK, q, TOP - thick - 0.002, 0.0
                    )
        with b.item("toe kick"):
            b.box(mat(palette["kick"], grain="x"), 0, 0.03, 0, length, BODY - 0.06, KICK, 0)
        with b.item("countertop"), b.frame(-0.03 if wall == "right" else 0.0, -over, TOP):
            m = mat(palette["top"], grain="x", plane="xy", **palette["topkw"])
            b.slab(m, length + 0.03, BODY + over + 0.03, thick, bevel=palette["top_edge"])
        raised = over < 0.1 and rng.random() < 0.5
        if raised:  # a bar a hand higher, on a low wall
            with b.item("base cabinet"):
                b.box(mat(palette["cabinet"], grain="x"), 0, -0.09, 0, length, -0.022, 1.05, 0.002)
            with b.item("countertop"), b.frame(-0.03 if wall == "right" else 0.0, -0.33, 1.09):
                b.slab(
                    mat(palette["top"], grain="x", plane="xy", **palette["topkw"]),
                    length + 0.03,
                    0.4,
                    0.04,
                    bevel=palette["top_edge"],
                )
        with b.frame(0, 0.05):
            clutter.scatter(b, 0.3, length - 0.2, TOP + 0.001, palette["mess"] * 0.7)
        seats = []
        if over > 0.2 or raised:
            n = max(1, int((length - 0.3) / 0.6))
            seats = [(0.35 + (length - 0.5) * (i + 0.5) / n, -over - (0.32 if raised else 0.12)) for i in range(n)]
        return [(*(b.frame_m @ Vector((x, y, 0))).xy, raised) for x, y in seats]


def kitchen_island(b, joinery, palette, place):
    """An island of any form: with panels or drawers to the room, a seat's overhang, a second level, or a cart."""
    rng = b.rng
    cx, cy, lx, ly = place
    b.stands(cx - lx / 2, cy - ly / 2, cx + lx / 2, cy + ly / 2)
    form = pick(rng, ("block", 6), ("cart", 1.2), ("two levels", 1.2))
    turn = rng.choice([0, 0, 180]) if form == "block" else 0
    over = rng.choice([0.03, 0.03, 0.25, 0.3]) if ly > 0.75 else 0.03
    style = pick(rng, ("match", 5), ("plain", 1), ("boards", 1), ("shaker", 1), ("fluted", 0.4), ("slats", 0.3))
    if form == "cart":
        h = 0.91
        with b.item("kitchen island"), b.frame(cx, cy, 0):
            m = mat(palette["island"], grain="z")
            for sx in (-1, 1):
                for sy in (-1, 1):
                    px, py = sx * (lx / 2 - 0.06), sy * (ly / 2 - 0.06)
                    b.box(m, px - 0.035, py - 0.035, 0, px + 0.035, py + 0.035, h - 0.04, 0.004)
            b.box(m, -lx / 2 + 0.05, -ly / 2 + 0.05, h - 0.2, lx / 2 - 0.05, ly / 2 - 0.05, h - 0.04, 0.002)
            for z in rng.choice([(0.2,), (0.18, 0.48)]):
                b.box(m, -lx / 2 + 0.04, -ly / 2 + 0.04, z, lx / 2 - 0.04, ly / 2 - 0.04, z + 0.03, 0.002)
            with b.frame(lx / 2 - 0.05, -ly / 2 + 0.05, 0, 180):
                for a, c in split(0, lx - 0.1, 0.6):
                    drawers(b, joinery, palette["island"], a, c, h - 0.19, h - 0.045, 0.0, 1)
        with b.item("island countertop"), b.frame(cx - lx / 2, cy - ly / 2, h):
            b.slab(mat(palette["islandtop"], grain="x", plane="xy", **palette["topkw"]), lx, ly, 0.04, bevel=0.004)
        with b.frame(cx, cy, 0.22):
            if rng.random() < 0.7:
                clutter.basket(b, rng.uniform(-0.3, 0.3) * lx, 0, 0, min(1.0, ly / 0.6) * 0.8)
        over = 0.0
    else:
        has_sink = ly > 0.8 and lx > 1.4 and rng.random() < 0.2
        with b.frame(cx, cy, 0, turn):
            island(
                b,
                joinery,
                palette,
                0,
                0,
                lx,
                ly,
                style,
                rng.random() < 0.12,
                over,
                has_sink,
                not has_sink and ly > 0.9 and rng.random() < 0.1,
            )
            if form == "two levels":
                with b.item("kitchen island"):
                    b.box(
                        mat(palette["island"], grain="x"),
                        -lx / 2 + 0.03,
                        -ly / 2 + 0.02,
                        0,
                        lx / 2 - 0.03,
                        -ly / 2 + 0.12,
                        1.03,
                        0.002,
                    )
                with b.item("island countertop"), b.frame(-lx / 2 - 0.02, -ly / 2 - 0.24, 1.07):
                    b.slab(
                        mat(palette["islandtop"], grain="x", plane="xy", **palette["topkw"]),
                        lx + 0.04,
                        0.4,
                        0.04,
                        bevel=0.004,
                    )
    seats = []
    if over > 0.2 or form == "two levels":
        n = max(1, min(4, int(lx / 0.6)))
        s = -1 if turn == 0 else 1
        out = 0.1 if form == "block" else 0.35
        seats = [
            (cx - lx / 2 + lx * (i + 0.5) / n, cy + s * (ly / 2 + out), form == "two levels", 0 if s < 0 else 180)
            for i in range(n)
        ]
    with b.frame(cx - lx / 2, cy - ly * 0.25, 0):
        clutter.scatter(b, 0.1, lx - 0.1, 0.911 if form != "block" else 0.9005, palette["mess"] * 0.6, ly * 0.8)
    return seats
