"""Runs of kitchen cabinets, islands, washstands."""

import math

from render_rooms.appliances import cooktop, dishwasher, fridge, oven_front
from render_rooms.joinery import carcass, doors, drawers, front, split
from render_rooms.materials import mat
from render_rooms.plumbing import basin_tap, faucet, rings, sink


def base_run(b, st, sp, x0, x1, plan, depth=.58, top=.9, sink_metal="steel", top_over=(0, 0)):
    """Base cabinets from x0 to x1 with a worktop. plan: list of (kind, weight)."""
    tk, tt = .1, st["top_t"]
    tot = sum(w for _, w in plan)
    x, holes, taps = x0, [], []
    for kind, w in plan:
        a, c = x, x + (x1 - x0) * w / tot
        x = c
        with b.item("base cabinet"):
            carcass(b, sp["cabinet"], a, c, tk, top - tt, depth - .001)
            y = depth
            if kind == "drawers":
                drawers(b, st, sp["cabinet"], a, c, tk, top - tt - .004, y, 3)
            elif kind == "hobdrawers":
                drawers(b, st, sp["cabinet"], a, c, tk, top - tt - .004, y, 2)
            elif kind == "oven":
                front(b, st | {"door": "slab"}, sp["cabinet"], a, tk, c, tk + .1, y, "x")
                oven_front(b, a, c, tk + .1, top - tt - .01, y, sp["appliance"])
            elif kind == "dishwasher":
                dishwasher(b, a, c, tk, top - tt - .004, y, "white" if sp["appliance"] == "steel" and sp["cabinet"].startswith("paint:w") else sp["appliance"])
            elif kind == "drawerdoor":
                drawers(b, st, sp["cabinet"], a, c, top - tt - .19, top - tt - .004, y, 1)
                doors(b, st, sp["cabinet"], a, c, tk, top - tt - .19, y)
            else:
                doors(b, st, sp["cabinet"], a, c, tk, top - tt - .004, y)
        if kind == "sink":
            m = (a + c) / 2
            holes.append((m - .27, .13, m + .27, .5))
            taps.append(m)
        if kind in ("oven", "hobdrawers"):
            cooktop(b, (a + c) / 2, .31, top, sp["gas"])
    with b.item("toe kick"):
        b.box(mat(sp["kick"], grain="x"), x0, 0, 0, x1, depth - .06, tk, 0)
    with b.item("countertop"), b.frame(x0 - top_over[0], 0, top):
        o = x0 - top_over[0]
        b.slab(mat(sp["top"], grain="x"), x1 - x0 + sum(top_over), depth + .04, tt, [(h[0] - o, h[1], h[2] - o, h[3]) for h in holes], bevel=.002)
    for h, m in zip(holes, taps):
        sink(b, h[0], h[2], h[1], h[3], top - tt * .6, sp["sink"])
        faucet(b, m, .075, top, sp["tap"], 1)


def wall_run(b, st, sp, x0, x1, z0, z1, depth=.34, target=.5, glass=False):
    for a, c in split(x0, x1, target if x1 - x0 > .7 else x1 - x0):
        with b.item("wall cabinet"):
            carcass(b, sp["upper"], a, c, z0, z1, depth - .001)
            if z1 - z0 > 1.0:
                zs = z1 - .36
                doors(b, st, sp["upper"], a, c, z0, zs, depth, "bottom")
                doors(b, st, sp["upper"], a, c, zs, z1, depth, "bottom")
            else:
                doors(b, st, sp["upper"], a, c, z0, z1, depth, "bottom")
    if st["ledstrip"]:
        with b.item("wall cabinet"):
            b.box(mat("glow:strip"), x0 + .05, .05, z0 - .006, x1 - .05, .065, z0 - .0005, 0, cls="wall cabinet")
        b.light("AREA", ((x0 + x1) / 2, .08, z0 - .012), 3.0 * (x1 - x0), (1, .78, .52), (x1 - x0 - .1, .03), aim=(0, .15, -1))


def tall_run(b, st, sp, x0, units, H, depth=.6):
    """Tall units from x0: fridge, oven tower or larder; returns the x where it ends."""
    x = x0
    top = st["tall_h"]
    for kind, w in units:
        with b.item("tall cabinet"):
            if kind == "fridge":
                g, fh = .02, 1.83
                m = mat(sp["tall"], grain="z")
                b.box(m, x, 0, 0, x + g, depth + .02, top, .001)
                b.box(m, x + w - g, 0, 0, x + w, depth + .02, top, .001)
                b.box(m, x + g, 0, fh, x + w - g, depth - .001, top, .001)
                doors(b, st, sp["tall"], x + g, x + w - g, fh + .01, top, depth, "bottom")
            else:
                carcass(b, sp["tall"], x, x + w, .1, top, depth - .001)
                if kind == "oven":
                    drawers(b, st, sp["tall"], x, x + w, .1, .62, depth, 2)
                    doors(b, st, sp["tall"], x, x + w, 1.64, top, depth, "bottom")
                else:
                    doors(b, st, sp["tall"], x, x + w, .1, 1.9, depth)
                    doors(b, st, sp["tall"], x, x + w, 1.9, top, depth, "bottom")
        if kind == "fridge":
            fridge(b, x + .02, x + w - .02, 1.82, depth + .05, sp["fridge"])
        if kind == "oven":
            oven_front(b, x, x + w, .63, 1.22, depth, sp["appliance"])
            oven_front(b, x, x + w, 1.23, 1.63, depth, sp["appliance"], True)
        if kind != "fridge":
            with b.item("toe kick"):
                b.box(mat(sp["kick"], grain="x"), x, 0, 0, x + w, depth - .06, .1, 0)
        x += w
    with b.item("tall cabinet"):
        if H - top > .02:
            b.box(mat(sp["tall"], grain="x"), x0, 0, top, x, depth - .01, min(H, top + .12) if H - top < .4 else top + .03, .002)
    return x


def island(b, st, sp, cx, cy, lx, ly, style, waterfall, overhang, has_sink, has_hob):
    """Overhang and its plain side look to the camera (-y), drawers look to the back wall."""
    h, tt = .9, st["itop_t"]
    x0, x1, y0, y1 = cx - lx / 2, cx + lx / 2, cy - ly / 2, cy + ly / 2
    bx0, bx1 = (x0 + tt, x1 - tt) if waterfall else (x0 + .03, x1 - .03)
    by0 = y0 + overhang
    m = mat(sp["island"], grain="z")
    with b.item("kitchen island"):
        b.box(m, bx0, by0 + .02, .09, bx1, y1 - .045, h - tt, .001)

        def face(length):
            """Clad a side: local x along it, y outwards from the body."""
            if style == "shaker":
                for a, c in split(0, length, .62):
                    b.panel(m, a + .001, .09, c - .001, h - tt - .002, 0, .021, .075)
            elif style == "fluted":
                r = .017
                n = round(length / (2 * r))
                v = []
                for i in range(n):
                    for k in range(7):
                        t = math.pi * k / 6
                        v.append((length * (i + .5 - .5 * math.cos(t)) / n, r * math.sin(t)))
                w = len(v)
                vv = [(p, q, z) for z in (.09, h - tt) for p, q in v]
                b.mesh(vv, [(i, i + 1, w + i + 1, w + i) for i in range(w - 1)], m, smooth=35)
            elif style == "slats":
                n = round(length / .045)
                for i in range(n):
                    b.box(m, length * i / n + .006, 0, .09, length * (i + 1) / n - .006, .02, h - tt, .002, seg=1)
            elif style == "boards":
                for a, c in split(0, length, .12):
                    b.box(m, a + .0005, 0, .09, c - .0005, .02, h - tt, .004)
            else:
                for a, c in split(0, length, 1.0 if lx > 2 else .8):
                    b.box(m, a + .001, 0, .09, c - .001, .02, h - tt, .001)
        with b.frame(bx1, by0 + .02, 0, 180):
            face(bx1 - bx0)
        if not waterfall:
            with b.frame(bx0, by0 + .02, 0, 90):
                face(y1 - .045 - by0 - .02)
            with b.frame(bx1, y1 - .045, 0, -90):
                face(y1 - .045 - by0 - .02)
        with b.frame(bx0, y1 - .045, 0, 0):
            for a, c in split(0, bx1 - bx0, .7):
                drawers(b, st, sp["island"], a, c, .09, h - tt - .004, 0, 3)
        if st["door"] == "shaker" and overhang > .2 and not waterfall and b.rng.random() < .5:
            for s in (bx0 + .045, bx1 - .045):  # turned-square legs that carry the overhang
                b.box(m, s - .045, y0 + .03, 0, s + .045, y0 + .12, h - tt, .004)
                b.box(m, s - .052, y0 + .023, 0, s + .052, y0 + .127, .12, .006)
    with b.item("toe kick"):
        b.box(mat(sp["ikick"], grain="x"), bx0 + .05, by0 + .07, 0, bx1 - .05, y1 - .1, .09, 0)
    holes = []
    sx = x0 + lx * (.3 if has_hob else .5)
    if has_sink:
        holes.append((sx - .3 - x0, ly - .52, sx + .3 - x0, ly - .12))
    with b.item("island countertop"):
        im = mat(sp["islandtop"], grain="x")
        with b.frame(x0, y0, h):
            b.slab(im, lx, ly, tt, holes, bevel=.002)
        if waterfall:
            b.box(im, x0, y0, 0, x0 + tt, y1, h - tt + .001, .002)
            b.box(im, x1 - tt, y0, 0, x1, y1, h - tt + .001, .002)
    if has_sink:
        hh = holes[0]
        sink(b, x0 + hh[0], x0 + hh[2], y0 + hh[1], y0 + hh[3], h - tt * .5, sp["sink"])
        faucet(b, sx, y0 + hh[1] - .06, h, sp["tap"], 1)
    if has_hob:
        cooktop(b, x0 + lx * .68, y1 - .36, h, False)


def vanity(b, st, sp, x0, x1, look):
    """A washstand on the wall of the current frame; returns the height of its top and the middles of its basins."""
    d, top, tt = look["depth"], look["top"], look["thick"]
    z0 = look["z0"]
    with b.item("base cabinet"):
        m, t = mat(sp["vanity"], grain="z"), .018
        # boards and no solid block: the basins hang inside
        b.box(m, x0, .002, z0, x0 + t, d - .001, top - tt, .001)
        b.box(m, x1 - t, .002, z0, x1, d - .001, top - tt, .001)
        b.box(m, x0 + t, .002, z0, x1 - t, d - .001, z0 + t, .001)
        with b.frame(0, 0):
            for a, c in split(x0, x1, .8 if look["front"] == "drawers" else .9):
                if look["front"] == "drawers":
                    drawers(b, st, sp["vanity"], a, c, z0, top - tt - .004, d, 2)
                else:
                    doors(b, st, sp["vanity"], a, c, z0, top - tt - .004, d)
        if look["stand"] == "legs":
            for x in (x0 + .04, x1 - .04):
                for y in (.05, d - .04):
                    b.box(m, x - .02, y - .02, 0, x + .02, y + .02, z0, .003)
    if look["stand"] == "plinth":
        with b.item("toe kick"):
            b.box(mat("paint:black"), x0 + .01, 0, 0, x1 - .01, d - .06, z0, 0)
    w = x1 - x0
    mids = [x0 + w * .5] if not look["double"] else [x0 + w * .25, x0 + w * .75]
    hx, hy = min(.27, w / len(mids) / 2 - .07), .16
    holes = [] if look["bowl"] else [(m - hx, d * .56 - hy, m + hx, d * .56 + hy) for m in mids]
    o = x0 - .006
    with b.item("countertop"), b.frame(o, 0, top):
        b.slab(mat(sp["top"], grain="x"), w + .012, d + .03, tt, [(h[0] - o, h[1], h[2] - o, h[3]) for h in holes], bevel=.002)
    for m in mids:
        cy = d * .56
        white = mat("gloss:white" if look["bowl"] != "stone" else sp["top"])
        with b.item("sink"):
            if look["bowl"]:
                p = look["power"]
                rx, ry, hh = min(.25, hx + .02) if p > 2.2 else min(.2, hx), .17 if p > 2.2 else .18, .12
                b_ = [(m, cy, rx * .78, ry * .78, top + .0005, p), (m, cy, rx * .95, ry * .95, top + hh * .6, p), (m, cy, rx, ry, top + hh, p),
                      (m, cy, rx - .011, ry - .011, top + hh, p), (m, cy, rx * .93 - .011, ry * .93 - .011, top + hh * .55, p), (m, cy, rx * .7, ry * .68, top + .03, p), (m, cy, .03, .03, top + .022, 2)]
                rings(b, white, b_)
            else:
                z = top - .001
                rings(b, white, [(m, cy, hx + .006, hy + .006, z - tt, 9), (m, cy, hx - .001, hy - .001, z, 9), (m, cy, hx - .012, hy - .012, z - .03, 7), (m, cy, hx - .03, hy - .025, z - .105, 6), (m, cy, hx * .6, hy * .6, z - .122, 4), (m, cy, .03, .03, z - .126, 2)], first=False)
            b.lathe(mat("metal:" + sp["tap"]), [(.024, .0), (.022, .004), (0, .005)], (m, cy, (top + .022) if look["bowl"] else top - .127), 24)
        basin_tap(b, m, .065, top, sp["tap"], bool(look["bowl"]))
    return mids
