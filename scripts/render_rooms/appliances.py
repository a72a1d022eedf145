"""Ovens, fridges, dishwashers, cooktops and hoods."""

import math

from render_rooms.materials import mat


def oven_front(b, x0, x1, z0, z1, y, metal, small=False):
    with b.item("microwave" if small else "oven"):
        b.box(mat("metal:" + metal), x0 + .002, y - .35, z0 + .002, x1 - .002, y + .006, z1 - .002, .002)
        top = .085 if not small else .06
        b.box(mat("gloss:black"), x0 + .012, y, z0 + .03, x1 - .012, y + .022, z1 - top - .006, .003)
        b.box(mat("gloss:black") if metal != "steel" else mat("metal:steel"), x0 + .004, y, z1 - top, x1 - .004, y + .02, z1 - .004, .002)
        b.box(mat("gloss:charcoal"), (x0 + x1) / 2 - .07, y + .018, z1 - top * .72, (x0 + x1) / 2 + .07, y + .0212, z1 - top * .3, .001)
        m = mat("metal:chrome" if metal == "steel" else "metal:darksteel")
        for s in (-1, 1):
            with b.frame((x0 + x1) / 2 + s * .2 * (x1 - x0) * 1.4, y + .02, z1 - top / 2, 0, -90):
                b.lathe(m, [(.017, 0), (.016, .018), (0, .019)], n=24)
        zz = z1 - top - .055
        b.tube(m, [(x0 + .05, y + .062, zz), (x1 - .05, y + .062, zz)], .009)
        for x in (x0 + .07, x1 - .07):
            b.tube(m, [(x, y + .02, zz), (x, y + .062, zz)], .007)


def fridge(b, x0, x1, h, depth, metal):
    m = mat("metal:" + metal)
    with b.item("fridge"):
        b.box(mat("metal:darksteel"), x0 + .004, .02, .03, x1 - .004, depth - .04, h - .01, .004)
        y, mid, zs = depth - .035, (x0 + x1) / 2, h * .40
        wide = x1 - x0 > .72
        spans = [(x0, mid), (mid, x1)] if wide else [(x0, x1)]
        hm = mat("metal:chrome" if metal == "steel" else "metal:darksteel")
        for a, c in spans:
            b.box(m, a + .004, y, zs + .004, c - .004, y + .055, h - .01, .008, seg=3)
            hx = c - .045 if (c == mid or not wide) else a + .045
            b.tube(hm, [(hx, y + .1, zs + .12), (hx, y + .1, zs + .75)], .011)
            for z in (zs + .16, zs + .71):
                b.tube(hm, [(hx, y + .05, z), (hx, y + .1, z)], .008)
        for z0, z1 in ((.06, zs / 2 + .03), (zs / 2 + .03, zs)):
            b.box(m, x0 + .004, y, z0 + .004, x1 - .004, y + .055, z1 - .004, .008, seg=3)
            b.tube(hm, [(x0 + .12, y + .1, z1 - .07), (x1 - .12, y + .1, z1 - .07)], .011)
            for x in (x0 + .16, x1 - .16):
                b.tube(hm, [(x, y + .05, z1 - .07), (x, y + .1, z1 - .07)], .008)


def dishwasher(b, x0, x1, z0, z1, y, metal):
    """A free front in a base run: steel, black or (for a white machine) lacquer, a control strip, a bar."""
    with b.item("dishwasher"):
        m = mat("metal:" + metal) if metal != "white" else mat("gloss:white")
        b.box(m, x0 + .003, y - .05, z0 + .002, x1 - .003, y + .02, z1 - .10, .003)
        b.box(m, x0 + .003, y - .05, z1 - .098, x1 - .003, y + .02, z1 - .002, .003)
        b.box(mat("gloss:black"), (x0 + x1) / 2 - .06, y + .019, z1 - .07, (x0 + x1) / 2 + .06, y + .0212, z1 - .035, .001)
        h = mat("metal:chrome" if metal != "black" else "metal:darksteel")
        b.tube(h, [(x0 + .06, y + .06, z1 - .14), (x1 - .06, y + .06, z1 - .14)], .008)
        for x in (x0 + .08, x1 - .08):
            b.tube(h, [(x, y + .02, z1 - .14), (x, y + .06, z1 - .14)], .006)


def cooktop(b, cx, cy, z, gas):
    with b.item("cooktop"):
        b.box(mat("gloss:black"), cx - .29, cy - .255, z, cx + .29, cy + .255, z + .006, .002)
        if gas:
            blk = mat("metal:black")
            for sx in (-.15, .15):
                for sy in (-.12, .12):
                    b.lathe(mat("metal:darksteel"), [(.045, .006), (.045, .018), (.03, .022), (0, .022)], (cx + sx, cy + sy, z), 28)
                    for k in range(4):
                        a = k * math.pi / 2 + math.pi / 4
                        p, q = .025, .10
                        b.tube(blk, [(cx + sx + p * math.cos(a), cy + sy + p * math.sin(a), z + .035),
                                     (cx + sx + q * math.cos(a), cy + sy + q * math.sin(a), z + .035),
                                     (cx + sx + q * math.cos(a), cy + sy + q * math.sin(a), z + .005)], .005)


def hood(b, style, cx, z, depth, H, metal, wallspec, width=.9):
    with b.item("range hood"):
        m = mat("metal:" + metal)
        if style == "chimney":
            w = width / 2
            v = [(-w, 0, 0), (w, 0, 0), (w, .5, 0), (-w, .5, 0), (-w, 0, .05), (w, 0, .05), (w, .5, .05), (-w, .5, .05),
                 (-.15, 0, .26), (.15, 0, .26), (.15, .27, .26), (-.15, .27, .26)]
            f = [(3, 2, 1, 0), (0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7), (4, 5, 9, 8), (5, 6, 10, 9), (6, 7, 11, 10), (7, 4, 8, 11), (8, 9, 10, 11)]
            b.mesh(v, f, m, (cx, 0.0, z), bevel=.002)
            b.box(m, cx - .149, 0, z + .255, cx + .149, .268, H, .002)
        elif style == "plaster":
            w = width / 2 + .06
            p = [(w, 0), (w, .10), (w * .93, .2), (w * .72, .42), (w * .62, .7), (w * .6, H - z)]
            v, f = [], []
            for ww, zz in p:
                d = .5 * (ww / w) ** .8
                v += [(-ww, 0, zz), (ww, 0, zz), (ww, d, zz), (-ww, d, zz)]
            for k in range(len(p) - 1):
                for i in range(4):
                    f.append((4 * k + i, 4 * k + (i + 1) % 4, 4 * k + 4 + (i + 1) % 4, 4 * k + 4 + i))
            f += [(3, 2, 1, 0)]
            b.mesh(v, f, mat(wallspec), (cx, 0, z), bevel=.006)
        else:
            b.box(mat("gloss:black" if metal == "black" else "metal:steel"), cx - width / 2, 0, z, cx + width / 2, .45, z + .06, .003)
            b.box(m, cx - .16, 0, z + .06, cx + .16, .26, H, .002)
