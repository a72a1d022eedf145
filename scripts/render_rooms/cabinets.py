"""Runs of kitchen cabinets, islands, washstands."""

import math

from render_rooms.appliances import cooktop, dishwasher, fridge, oven_front
from render_rooms.joinery import carcass, doors, drawers, front, split
from render_rooms.materials import mat
from render_rooms.plumbing import basin_tap, faucet, rings, sink


def base_run(b, joinery, palette, x0, x1, plan, depth=0.58, top=0.9, top_over=(0, 0)):
    """Base cabinets from x0 to x1 with a worktop. plan: list of (kind, weight)."""
    tk, tt = 0.1, joinery["top_t"]
    tot = sum(w for _, w in plan)
    x, holes, taps = x0, [], []
    for kind, w in plan:
        a, c = x, x + (x1 - x0) * w / tot
        x = c
        with b.item("base cabinet"):
            carcass(b, palette["cabinet"], a, c, tk, top - tt, depth - 0.001)
            y = depth
            if kind == "drawers":
                drawers(b, joinery, palette["cabinet"], a, c, tk, top - tt - 0.004, y, 3)
            elif kind == "hobdrawers":
                drawers(b, joinery, palette["cabinet"], a, c, tk, top - tt - 0.004, y, 2)
            elif kind == "oven":
                front(b, joinery | {"door": "slab"}, palette["cabinet"], a, tk, c, tk + 0.1, y, "x")
                oven_front(b, a, c, tk + 0.1, top - tt - 0.01, y, palette["appliance"])
            elif kind == "dishwasher":
                dishwasher(
                    b,
                    a,
                    c,
                    tk,
                    top - tt - 0.004,
                    y,
                    "white"
                    if palette["appliance"] == "steel" and palette["cabinet"].startswith("paint:w")
                    else palette["appliance"],
                )
            elif kind == "drawerdoor":
                drawers(b, joinery, palette["cabinet"], a, c, top - tt - 0.19, top - tt - 0.004, y, 1)
                doors(b, joinery, palette["cabinet"], a, c, tk, top - tt - 0.19, y)
            else:
                doors(b, joinery, palette["cabinet"], a, c, tk, top - tt - 0.004, y)
        if kind == "sink":
            m = (a + c) / 2
            holes.append((m - 0.27, 0.13, m + 0.27, 0.5))
            taps.append(m)
        if kind in ("oven", "hobdrawers"):
            cooktop(b, (a + c) / 2, 0.31, top, palette["gas"])
    with b.item("toe kick"):
        b.box(mat(palette["kick"], grain="x"), x0, 0, 0, x1, depth - 0.06, tk, 0)
    with b.item("countertop"), b.frame(x0 - top_over[0], 0, top):
        o = x0 - top_over[0]
        b.slab(
            mat(palette["top"], grain="x"),
            x1 - x0 + sum(top_over),
            depth + 0.04,
            tt,
            [(h[0] - o, h[1], h[2] - o, h[3]) for h in holes],
            bevel=0.002,
        )
    for h, m in zip(holes, taps, strict=False):
        sink(b, h[0], h[2], h[1], h[3], top - tt * 0.6, palette["sink"])
        faucet(b, m, 0.075, top, palette["tap"], 1)


def wall_run(b, joinery, palette, x0, x1, z0, z1, depth=0.34, target=0.5):
    """Wall cabinets side by side from x0 to x1 and from z0 to z1, at times with lamps under them."""
    for a, c in split(x0, x1, target if x1 - x0 > 0.7 else x1 - x0):
        with b.item("wall cabinet"):
            carcass(b, palette["upper"], a, c, z0, z1, depth - 0.001)
            if z1 - z0 > 1.0:
                zs = z1 - 0.36
                doors(b, joinery, palette["upper"], a, c, z0, zs, depth, "bottom")
                doors(b, joinery, palette["upper"], a, c, zs, z1, depth, "bottom")
            else:
                doors(b, joinery, palette["upper"], a, c, z0, z1, depth, "bottom")
    if joinery["ledstrip"]:
        with b.item("wall cabinet"):
            b.box(mat("glow:strip"), x0 + 0.05, 0.05, z0 - 0.006, x1 - 0.05, 0.065, z0 - 0.0005, 0, cls="wall cabinet")
        b.light(
            "AREA",
            ((x0 + x1) / 2, 0.08, z0 - 0.012),
            3.0 * (x1 - x0),
            (1, 0.78, 0.52),
            (x1 - x0 - 0.1, 0.03),
            aim=(0, 0.15, -1),
        )


def tall_run(b, joinery, palette, x0, units, H, depth=0.6):
    """Tall units from x0: fridge, oven tower or larder; returns the x where it ends."""
    x = x0
    top = joinery["tall_h"]
    for kind, w in units:
        with b.item("tall cabinet"):
            if kind == "fridge":
                g, fh = 0.02, 1.83
                m = mat(palette["tall"], grain="z")
                b.box(m, x, 0, 0, x + g, depth + 0.02, top, 0.001)
                b.box(m, x + w - g, 0, 0, x + w, depth + 0.02, top, 0.001)
                b.box(m, x + g, 0, fh, x + w - g, depth - 0.001, top, 0.001)
                doors(b, joinery, palette["tall"], x + g, x + w - g, fh + 0.01, top, depth, "bottom")
            else:
                carcass(b, palette["tall"], x, x + w, 0.1, top, depth - 0.001)
                if kind == "oven":
                    drawers(b, joinery, palette["tall"], x, x + w, 0.1, 0.62, depth, 2)
                    doors(b, joinery, palette["tall"], x, x + w, 1.64, top, depth, "bottom")
                else:
                    doors(b, joinery, palette["tall"], x, x + w, 0.1, 1.9, depth)
                    doors(b, joinery, palette["tall"], x, x + w, 1.9, top, depth, "bottom")
        if kind == "fridge":
            fridge(b, x + 0.02, x + w - 0.02, 1.82, depth + 0.05, palette["fridge"])
        if kind == "oven":
            oven_front(b, x, x + w, 0.63, 1.22, depth, palette["appliance"])
            oven_front(b, x, x + w, 1.23, 1.63, depth, palette["appliance"], True)
        if kind != "fridge":
            with b.item("toe kick"):
                b.box(mat(palette["kick"], grain="x"), x, 0, 0, x + w, depth - 0.06, 0.1, 0)
        x += w
    with b.item("tall cabinet"):
        if H - top > 0.02:
            b.box(
                mat(palette["tall"], grain="x"),
                x0,
                0,
                top,
                x,
                depth - 0.01,
                min(H, top + 0.12) if H - top < 0.4 else top + 0.03,
                0.002,
            )
    return x


def island(b, joinery, palette, cx, cy, lx, ly, style, waterfall, overhang, has_sink, has_hob):
    """Overhang and its plain side look to the camera (-y), drawers look to the back wall."""
    h, tt = 0.9, joinery["itop_t"]
    x0, x1, y0, y1 = cx - lx / 2, cx + lx / 2, cy - ly / 2, cy + ly / 2
    bx0, bx1 = (x0 + tt, x1 - tt) if waterfall else (x0 + 0.03, x1 - 0.03)
    by0 = y0 + overhang
    m = mat(palette["island"], grain="z")
    with b.item("kitchen island"):
        b.box(m, bx0, by0 + 0.02, 0.09, bx1, y1 - 0.045, h - tt, 0.001)

        def face(length):
            """Clad a side: local x along it, y outwards from the body."""
            if style == "match":
                for a, c in split(0, length, 0.62):
                    front(b, joinery | {"plain_drawers": False}, palette["island"], a, 0.09, c, h - tt - 0.002, 0)
            elif style == "shaker":
                for a, c in split(0, length, 0.62):
                    b.panel(m, a + 0.001, 0.09, c - 0.001, h - tt - 0.002, 0, 0.021, 0.075)
            elif style == "fluted":
                r = 0.017
                n = round(length / (2 * r))
                v = []
                for i in range(n):
                    for k in range(7):
                        t = math.pi * k / 6
                        v.append((length * (i + 0.5 - 0.5 * math.cos(t)) / n, r * math.sin(t)))
                w = len(v)
                vv = [(p, q, z) for z in (0.09, h - tt) for p, q in v]
                b.mesh(vv, [(i, i + 1, w + i + 1, w + i) for i in range(w - 1)], m, smooth=35)
            elif style == "slats":
                n = round(length / 0.045)
                for i in range(n):
                    b.box(m, length * i / n + 0.006, 0, 0.09, length * (i + 1) / n - 0.006, 0.02, h - tt, 0.002, seg=1)
            elif style == "boards":
                for a, c in split(0, length, 0.12):
                    b.box(m, a + 0.0005, 0, 0.09, c - 0.0005, 0.02, h - tt, 0.004)
            else:
                for a, c in split(0, length, 1.0 if lx > 2 else 0.8):
                    b.box(m, a + 0.001, 0, 0.09, c - 0.001, 0.02, h - tt, 0.001)

        with b.frame(bx1, by0 + 0.02, 0, 180):
            face(bx1 - bx0)
        if not waterfall:
            with b.frame(bx0, by0 + 0.02, 0, 90):
                face(y1 - 0.045 - by0 - 0.02)
            with b.frame(bx1, y1 - 0.045, 0, -90):
                face(y1 - 0.045 - by0 - 0.02)
        with b.frame(bx0, y1 - 0.045, 0, 0):
            for a, c in split(0, bx1 - bx0, 0.7):
                drawers(b, joinery, palette["island"], a, c, 0.09, h - tt - 0.004, 0, 3)
        if joinery["door"] == "shaker" and overhang > 0.2 and not waterfall and b.rng.random() < 0.5:
            for s in (bx0 + 0.045, bx1 - 0.045):  # turned-square legs that carry the overhang
                b.box(m, s - 0.045, y0 + 0.03, 0, s + 0.045, y0 + 0.12, h - tt, 0.004)
                b.box(m, s - 0.052, y0 + 0.023, 0, s + 0.052, y0 + 0.127, 0.12, 0.006)
    with b.item("toe kick"):
        b.box(mat(palette["ikick"], grain="x"), bx0 + 0.05, by0 + 0.07, 0, bx1 - 0.05, y1 - 0.1, 0.09, 0)
    holes = []
    sx = x0 + lx * (0.3 if has_hob else 0.5)
    if has_sink:
        holes.append((sx - 0.3 - x0, ly - 0.52, sx + 0.3 - x0, ly - 0.12))
    with b.item("island countertop"):
        im = mat(palette["islandtop"], grain="x")
        with b.frame(x0, y0, h):
            b.slab(im, lx, ly, tt, holes, bevel=0.002)
        if waterfall:
            b.box(im, x0, y0, 0, x0 + tt, y1, h - tt + 0.001, 0.002)
            b.box(im, x1 - tt, y0, 0, x1, y1, h - tt + 0.001, 0.002)
    if has_sink:
        hh = holes[0]
        sink(b, x0 + hh[0], x0 + hh[2], y0 + hh[1], y0 + hh[3], h - tt * 0.5, palette["sink"])
        faucet(b, sx, y0 + hh[1] - 0.06, h, palette["tap"], 1)
    if has_hob:
        cooktop(b, x0 + lx * 0.68, y1 - 0.36, h, False)


def vanity(b, joinery, palette, x0, x1, look):
    """A washstand on the wall of the current frame; returns the height of its top and the middles of its basins."""
    d, top, tt = look["depth"], look["top"], look["thick"]
    z0 = look["z0"]
    with b.item("base cabinet"):
        m, t = mat(palette["vanity"], grain="z"), 0.018
        # boards and no solid block: the basins hang inside
        b.box(m, x0, 0.002, z0, x0 + t, d - 0.001, top - tt, 0.001)
        b.box(m, x1 - t, 0.002, z0, x1, d - 0.001, top - tt, 0.001)
        b.box(m, x0 + t, 0.002, z0, x1 - t, d - 0.001, z0 + t, 0.001)
        with b.frame(0, 0):
            for a, c in split(x0, x1, 0.8 if look["front"] == "drawers" else 0.9):
                if look["front"] == "drawers":
                    drawers(b, joinery, palette["vanity"], a, c, z0, top - tt - 0.004, d, 2)
                else:
                    doors(b, joinery, palette["vanity"], a, c, z0, top - tt - 0.004, d)
        if look["stand"] == "legs":
            for x in (x0 + 0.04, x1 - 0.04):
                for y in (0.05, d - 0.04):
                    b.box(m, x - 0.02, y - 0.02, 0, x + 0.02, y + 0.02, z0, 0.003)
    if look["stand"] == "plinth":
        with b.item("toe kick"):
            b.box(mat("paint:black"), x0 + 0.01, 0, 0, x1 - 0.01, d - 0.06, z0, 0)
    w = x1 - x0
    mids = [x0 + w * 0.5] if not look["double"] else [x0 + w * 0.25, x0 + w * 0.75]
    hx, hy = min(0.27, w / len(mids) / 2 - 0.07), 0.16
    holes = [] if look["bowl"] else [(m - hx, d * 0.56 - hy, m + hx, d * 0.56 + hy) for m in mids]
    o = x0 - 0.006
    with b.item("countertop"), b.frame(o, 0, top):
        b.slab(
            mat(palette["top"], grain="x"),
            w + 0.012,
            d + 0.03,
            tt,
            [(h[0] - o, h[1], h[2] - o, h[3]) for h in holes],
            bevel=0.002,
        )
    for m in mids:
        cy = d * 0.56
        white = mat("gloss:white" if look["bowl"] != "stone" else palette["top"])
        with b.item("sink"):
            if look["bowl"]:
                p = look["power"]
                rx, ry, hh = min(0.25, hx + 0.02) if p > 2.2 else min(0.2, hx), 0.17 if p > 2.2 else 0.18, 0.12
                b_ = [
                    (m, cy, rx * 0.78, ry * 0.78, top + 0.0005, p),
                    (m, cy, rx * 0.95, ry * 0.95, top + hh * 0.6, p),
                    (m, cy, rx, ry, top + hh, p),
                    (m, cy, rx - 0.011, ry - 0.011, top + hh, p),
                    (m, cy, rx * 0.93 - 0.011, ry * 0.93 - 0.011, top + hh * 0.55, p),
                    (m, cy, rx * 0.7, ry * 0.68, top + 0.03, p),
                    (m, cy, 0.03, 0.03, top + 0.022, 2),
                ]
                rings(b, white, b_)
            else:
                z = top - 0.001
                rings(
                    b,
                    white,
                    [
                        (m, cy, hx + 0.006, hy + 0.006, z - tt, 9),
                        (m, cy, hx - 0.001, hy - 0.001, z, 9),
                        (m, cy, hx - 0.012, hy - 0.012, z - 0.03, 7),
                        (m, cy, hx - 0.03, hy - 0.025, z - 0.105, 6),
                        (m, cy, hx * 0.6, hy * 0.6, z - 0.122, 4),
                        (m, cy, 0.03, 0.03, z - 0.126, 2),
                    ],
                    first=False,
                )
            b.lathe(
                mat("metal:" + palette["tap"]),
                [(0.024, 0.0), (0.022, 0.004), (0, 0.005)],
                (m, cy, (top + 0.022) if look["bowl"] else top - 0.127),
                24,
            )
        basin_tap(b, m, 0.065, top, palette["tap"], bool(look["bowl"]))
    return mids
