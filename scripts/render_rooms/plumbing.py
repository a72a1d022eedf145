"""Sinks, taps, toilets, baths and showers."""

import math

import numpy as np

from render_rooms.materials import mat
from render_rooms.textiles import towel


def sink(b, x0, x1, y0, y1, z, metal):
    with b.item("sink"):
        m = mat("metal:" + metal) if metal != "white" else mat("gloss:white")
        d, t = .2, .012
        b.box(m, x0 - t, y0 - t, z - d - t, x1 + t, y1 + t, z - d, .002)
        b.box(m, x0 - t, y0 - t, z - d, x0, y1 + t, z, .001)
        b.box(m, x1, y0 - t, z - d, x1 + t, y1 + t, z, .001)
        b.box(m, x0, y0 - t, z - d, x1, y0, z, .001)
        b.box(m, x0, y1, z - d, x1, y1 + t, z, .001)


def faucet(b, x, y, z, metal, towards=1):
    with b.item("faucet"):
        m = mat("metal:" + metal)
        b.lathe(m, [(.027, 0), (.027, .008), (.022, .03), (.019, .06), (.015, .065)], (x, y, z), 28)
        s = towards
        arc = [(x, y, z + .05), (x, y, z + .30)]
        arc += [(x, y + s * .1 * (1 - math.cos(t)), z + .30 + .1 * math.sin(t)) for t in np.linspace(.2, math.pi, 12)]
        arc += [(x, y + s * .2, z + .23)]
        b.tube(m, arc, .012)
        b.tube(m, [(x, y + s * .2, z + .235), (x, y + s * .2, z + .19)], .015)
        b.tube(m, [(x + .015, y, z + .07), (x + .055, y, z + .075), (x + .075, y, z + .12)], .006)


def rings(b, material, loops, cls=None, n=64, first=True, last=True, smooth=50):
    """Skin over superellipses (cx, cy, half x, half y, z, power), from the outside up and over into the inside."""
    v, f = [], []
    for cx, cy, hx, hy, z, p in loops:
        for i in range(n):
            t = 2 * math.pi * (i + .5) / n
            c, s = math.cos(t), math.sin(t)
            v.append((cx + hx * math.copysign(abs(c) ** (2 / p), c), cy + hy * math.copysign(abs(s) ** (2 / p), s), z))
    for k in range(len(loops) - 1):
        for i in range(n):
            j = (i + 1) % n
            f.append((k * n + i, k * n + j, (k + 1) * n + j, (k + 1) * n + i))
    if first:
        f.append(tuple(range(n))[::-1])
    if last:
        f.append(tuple(range((len(loops) - 1) * n, len(loops) * n)))
    return b.mesh(v, f, material, cls=cls, smooth=smooth)


def basin_tap(b, x, y, z, metal, tall):
    """A short mixer for a basin, or the tall one beside a bowl; the spout looks into the room."""
    h = .24 if tall else .1
    with b.item("faucet"):
        m = mat("metal:" + metal)
        b.lathe(m, [(.026, 0), (.026, .006), (.021, .012), (.02, h), (.0, h + .004)], (x, y, z), 28)
        b.tube(m, [(x, y, z + h - .02), (x, y + .07, z + h - .012), (x, y + .12, z + h - .02), (x, y + .125, z + h - .04)], .0105)
        b.tube(m, [(x, y, z + h + .0), (x, y + .015, z + h + .03), (x, y + .06, z + h + .04)], .006)


def toilet(b, x, kind, lid_up, metal, wall_y=0.0):
    """kind: close (with a cistern), hung (with a flush plate on the wall)."""
    m = mat("gloss:white")
    with b.item("toilet"), b.frame(x, wall_y, 0):
        if kind == "close":
            by = .43                                        # the middle of the bowl
            b.box(m, -.19, .004, .40, .19, .185, .77, .022, seg=4)
            b.box(m, -.2, .002, .77, .2, .195, .80, .01, seg=3)
            b.lathe(mat("metal:chrome"), [(.022, .8), (.022, .806), (0, .807)], (0, .1, 0), 24)
            b.box(m, -.13, .02, .2, .13, .3, .405, .03, seg=3)
            low = [(0, .34, .115, .25, 0, 2.6), (0, .345, .11, .24, .05, 2.6), (0, .37, .12, .25, .2, 2.4), (0, by - .01, .165, .25, .33, 2.3)]
        else:
            by = .34
            low = [(0, .16, .1, .155, .12, 3), (0, .2, .13, .2, .17, 2.8), (0, .27, .165, .265, .26, 2.5), (0, .3, .178, .285, .34, 2.4)]
            b.box(mat("metal:" + metal) if metal != "white" else m, -.12, 0, .95, .12, .012, 1.1, .004)
            for s in (-.05, .05):
                b.box(mat("metal:chrome"), s - .035, .012, .985, s + .035, .016, 1.065, .002)
        ry = .245 if kind == "close" else .255
        rim = [(0, by, .185, ry, .385, 2.3), (0, by, .185, ry, .40, 2.3)]
        inside = [(0, by, .145, ry - .045, .40, 2.2), (0, by, .12, ry - .08, .33, 2.1), (0, by - .02, .06, .09, .2, 2), (0, by - .02, .01, .02, .19, 2)]
        rings(b, m, low + rim + inside)
        if lid_up:
            rings(b, m, [(0, by, .188, ry + .003, .402, 2.3), (0, by, .188, ry + .003, .418, 2.3), (0, by, .125, ry - .07, .418, 2.2), (0, by, .125, ry - .07, .402, 2.2)], first=False, last=False)
            with b.frame(0, by - ry + .03, .42, 0, 97):
                rings(b, m, [(0, ry, .186, ry, 0, 2.3), (0, ry, .188, ry + .002, .01, 2.3), (0, ry, .17, ry - .02, .02, 2.3)])
        else:
            rings(b, m, [(0, by, .188, ry + .003, .402, 2.4), (0, by, .19, ry + .005, .412, 2.4), (0, by, .19, ry + .005, .428, 2.4), (0, by, .183, ry - .003, .44, 2.4), (0, by, .12, ry - .07, .443, 2.3)])


def tub_inside(cx, cy, hx, hy, z, deep, p=4.0):
    return [(cx, cy, hx, hy, z, p), (cx, cy, hx - .015, hy - .015, z - .02, p), (cx, cy, hx - .06, hy - .05, z - deep * .6, p), (cx, cy, hx - .12, hy - .08, z - deep * .93, p), (cx, cy, hx - .2, hy - .13, z - deep, p - .6)]


def bathtub_built(b, x0, x1, y0, y1, h, panel, tile):
    """Built in: a rim all round, a panel to the room (at y1)."""
    m = mat("gloss:white")
    cx, cy, hx, hy = (x0 + x1) / 2, (y0 + y1) / 2, (x1 - x0) / 2, (y1 - y0) / 2
    with b.item("bathtub"):
        rings(b, m, [(cx, cy, hx, hy, h - .035, 40), (cx, cy, hx, hy, h - .006, 40), (cx, cy, hx - .006, hy - .006, h, 40)] + tub_inside(cx, cy, hx - .07, hy - .07, h, .4), n=160, first=False)
        b.box(mat(panel, plane="xz", tw=tile[0], th=tile[1], grain="x", **({"look": "matt"} if tile[0] > .25 else {})), x0 + .002, y1 - .03, 0, x1 - .002, y1 - .012, h - .03, .001)
        for x in (x0 + .002, x1 - .02):                     # its ends, where they are not at a wall
            b.box(mat(panel, plane="yz", tw=tile[0], th=tile[1], grain="y"), x, y0 + .01, 0, x + .018, y1 - .03, h - .03, .001)
        b.lathe(mat("metal:chrome"), [(.03, 0), (.028, .004), (0, .005)], (cx + hx * .4, cy, h - .399), 24)


def bathtub_free(b, cx, cy, L, w, style, spec):
    h = .57
    hx, hy = L / 2, w / 2
    with b.item("bathtub"):
        m = mat(spec)
        p = 2.5 if style == "oval" else 6.0
        out = [(cx, cy, hx - .12, hy - .09, .0, p), (cx, cy, hx - .08, hy - .06, .06, p), (cx, cy, hx - .04, hy - .03, .3, p), (cx, cy, hx, hy, h, p), (cx, cy, hx - .012, hy - .012, h + .012, p)]
        rings(b, m, out, n=96, last=False)
        rings(b, mat("gloss:white"), [out[-1], *tub_inside(cx, cy, hx - .03, hy - .03, h, .42, p)], n=96, first=False)


def tub_mixer(b, x, y, z, metal, towards=1):
    """On the wall over a bath: body, spout and hand shower."""
    with b.item("faucet"):
        m = mat("metal:" + metal)
        b.tube(m, [(x - .11, y + .05, z), (x + .11, y + .05, z)], .021)
        for s in (-1, 1):
            b.tube(m, [(x + s * .075, y, z), (x + s * .075, y + .05, z)], .017)
            b.tube(m, [(x + s * .11, y + .05, z), (x + s * .15, y + .05, z)], .017)
        b.tube(m, [(x, y + .05, z), (x, y + .17, z - .01), (x, y + .175, z - .04)], .014)


def shower_set(b, x, z0, metal, rain, H):
    """Mixer, riser and head on the wall of the current frame."""
    with b.item("faucet"):
        m = mat("metal:" + metal)
        top = min(H - .15, z0 + 1.15)
        b.tube(m, [(x - .12, .05, z0), (x + .12, .05, z0)], .021)
        for s in (-1, 1):
            b.tube(m, [(x + s * .075, 0, z0), (x + s * .075, .05, z0)], .016)
            b.tube(m, [(x + s * .12, .05, z0), (x + s * .155, .05, z0)], .018)
        if rain:
            b.tube(m, [(x, .05, z0), (x, .05, top), (x, .07, top + .03), (x, .36, top + .03), (x, .38, top + .0)], .011)
            b.lathe(m, [(.015, .02), (.11, .012), (.12, .006), (.118, 0), (0, .0)], (x, .38, top - .025), 40)
        else:
            b.tube(m, [(x, .045, z0 + .1), (x, .045, top)], .011)
            for z in (z0 + .14, top - .04):
                b.tube(m, [(x, 0, z), (x, .045, z)], .012)
            with b.frame(x, .1, top - .12, 0, -60):
                b.lathe(m, [(.012, -.02), (.05, .0), (.052, .012), (0, .014)], n=28)
            b.tube(m, [(x, .045, top - .1), (x, .1, top - .12)], .012)
            b.tube(m, [(x + .02, .05, z0 - .02), (x + .1, .09, z0 - .35), (x + .12, .1, z0 + .1), (x + .02, .1, top - .2)], .007, smooth=True)


def glass_screen(b, x0, x1, z0, z1, metal, handle=None):
    """A pane along x of the current frame, in slim profiles; handle: the x of a bar for a door."""
    with b.item("shower screen"):
        b.mesh([(x0, 0, z0), (x1, 0, z0), (x1, 0, z1), (x0, 0, z1)], [(0, 1, 2, 3)], mat("glass:screen"))
        m = mat("metal:" + metal)
        t = .009
        for q in ((x0 - t, z0, x0 + t, z1), (x1 - t, z0, x1 + t, z1), (x0, z1 - t, x1, z1 + t), (x0, z0 - .003, x1, z0 + t)):
            b.box(m, q[0], -.011, q[1], q[2], .011, q[3], .001)
    if handle is not None:
        with b.item("shower screen"):
            b.tube(m, [(handle, .045, z0 + .85), (handle, .045, z0 + 1.15)], .009, "handle")
            for z in (z0 + .88, z0 + 1.12):
                b.tube(m, [(handle, 0, z), (handle, .045, z)], .007, "handle")


def towel_rod(b, x, z, L, metal, spec, n=1):
    rng = b.rng
    with b.item("towel rod"):
        m = mat("metal:" + metal)
        b.tube(m, [(x - L / 2, .075, z), (x + L / 2, .075, z)], .0085)
        for s in (-1, 1):
            b.tube(m, [(x + s * (L / 2 - .02), 0, z), (x + s * (L / 2 - .02), .075, z)], .0085)
            with b.frame(x + s * (L / 2 - .02), 0, z, 0, -90):
                b.lathe(m, [(.024, 0), (.024, .008), (0, .009)], n=24)
    for i in range(n):
        w = (L - .1) / n - .02
        towel(b, x + (i - (n - 1) / 2) * (w + .02), .075, z, w * rng.uniform(.85, 1.0), rng.uniform(.35, .6), rng.uniform(.25, .4), spec)


def paper_holder(b, x, z, metal):
    with b.item("decor"):
        b.tube(mat("metal:" + metal), [(x - .075, 0, z), (x - .075, .07, z), (x + .07, .07, z)], .007)
        n, v, f = 28, [], []
        for xx, r in ((x - .05, .018), (x - .05, .052), (x + .05, .052), (x + .05, .018)):
            v += [(xx, .07 + r * math.cos(2 * math.pi * i / n), z + r * math.sin(2 * math.pi * i / n)) for i in range(n)]
        for k in range(3):
            f += [(k * n + i, k * n + (i + 1) % n, (k + 1) * n + (i + 1) % n, (k + 1) * n + i) for i in range(n)]
        b.mesh(v, f, mat("fabric:white"), smooth=50)
