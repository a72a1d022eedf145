"""Plants, vases, books, pictures, mirrors: what stands and hangs about."""

import math

import numpy as np
from mathutils import Vector

from render_rooms.chance import pick
from render_rooms.joinery import room_door
from render_rooms.materials import mat


def plant(b, x, y, z, size, kind, potspec, cls="plant"):
    rng = b.rng
    with b.item(cls), b.frame(x, y, z, rng.uniform(0, 360)):
        ph, pr = .32 * size, .17 * size
        b.bowl(mat(potspec), [(pr * .72, 0), (pr * .9, ph * .4), (pr, ph * .95), (pr * 1.02, ph)], .012 * size, n=40)
        b.lathe(mat("fabric:brown"), [(pr * .93, ph * .86), (0, ph * .9)], n=20)
        v, f = [], []
        n = 26 if kind == "fan" else 34
        for i in range(n):
            az = i * 2.39996 + rng.uniform(-.3, .3)
            up = rng.uniform(.25, 1.0)
            length = size * rng.uniform(.55, 1.0) * (1.0 if kind == "fan" else .75)
            wide = size * rng.uniform(.05, .085) * (1.5 if kind == "broad" else 1.0)
            bend = rng.uniform(.5, 1.5)
            px, pz, ang = .02 * size, ph * .9, .25 + .95 * (1 - up) + .1
            stem = .35 if kind == "broad" else .1
            seg = 9
            base = len(v)
            for k in range(seg + 1):
                t = k / seg
                ww = .004 * size if t < stem else wide * max(.02, math.sin(math.pi * min(1, (t - stem) / (1 - stem) * .96 + .04)) ** .75)
                a = ang + bend * t * t
                if k:
                    px += length / seg * math.sin(a)
                    pz += length / seg * math.cos(a)
                ca, sa = math.cos(az), math.sin(az)
                lift = ww * .35
                for s in (-1, 0, 1):
                    v.append((px * ca - s * ww * sa, px * sa + s * ww * ca, pz + abs(s) * lift))
            for k in range(seg):
                for s in range(2):
                    q = base + 3 * k + s
                    f.append((q, q + 1, q + 4, q + 3))
        b.mesh(v, f, mat("leaf:dark" if kind != "olive" else "leaf:olive"), smooth=80)


def vase(b, x, y, z, size, spec, branches=True):
    rng = b.rng
    with b.item("vase"), b.frame(x, y, z):
        s = size
        shapes = [[(.05, 0), (.09, .05), (.1, .12), (.07, .2), (.035, .25), (.04, .28)],
                  [(.07, 0), (.075, .02), (.06, .15), (.05, .25), (.055, .3)],
                  [(.04, 0), (.1, .08), (.11, .13), (.06, .19), (.03, .2), (.035, .22)]]
        p = [(r * s, zz * s) for r, zz in rng.choice(shapes)]
        b.bowl(mat(spec), p, .006 * s)
        top = p[-1][1]
        if branches:
            lv, lf = [], []
            for k in range(6):
                a, l = rng.uniform(0, 6.28), rng.uniform(.25, .5) * s
                out = rng.uniform(.12, .3) * s
                pts = [(0, 0, top * .6)] + [(out * t ** 1.4 * math.cos(a), out * t ** 1.4 * math.sin(a), top + l * t) for t in np.linspace(.1, 1, 6)]
                b.tube(mat("wood:walnut"), pts, .0025 * s, "plant", taper=(1.2, .5))
                for t in np.linspace(.25, 1, 12):
                    cx, cy, cz = out * t ** 1.4 * math.cos(a), out * t ** 1.4 * math.sin(a), top + l * t
                    az, el, ll, lw = rng.uniform(0, 6.28), rng.uniform(-.2, 1.0), rng.uniform(.04, .07) * s, .013 * s
                    d = Vector((math.cos(az) * math.cos(el), math.sin(az) * math.cos(el), math.sin(el)))
                    side = d.cross(Vector((0, 0, 1))).normalized() * lw
                    c = Vector((cx, cy, cz))
                    q = len(lv)
                    lv += [c, c + d * ll * .45 + side, c + d * ll, c + d * ll * .45 - side]
                    lf.append((q, q + 1, q + 2, q + 3))
            b.mesh(lv, lf, mat("leaf:olive"), cls="plant")


def fruit_bowl(b, x, y, z, spec):
    rng = b.rng
    with b.item("decor"), b.frame(x, y, z):
        b.bowl(mat(spec), [(.06, 0), (.065, .01), (.12, .04), (.155, .085)], .008)
        col = rng.choice(["ochre", "terracotta", "olive"])
        for k in range(7):
            a, r = k * 2.4, (.0 if k == 6 else .07)
            zz = .065 if k < 6 else .115
            rr = rng.uniform(.034, .042)
            pr = [(rr * math.sin(t), rr - rr * .95 * math.cos(t)) for t in np.linspace(.01, math.pi - .01, 14)]
            b.lathe(mat("paint:" + col), pr, (r * math.cos(a), r * math.sin(a), zz - rr * .7), 20, smooth=80)


def books(b, x, y, z, n=3, flat=True, w=.26, d=.19):
    rng = b.rng
    with b.item("decor"), b.frame(x, y, z, rng.uniform(-20, 20) if flat else 0):
        o = 0.0
        for k in range(n):
            t = rng.uniform(.018, .04)
            c = rng.choice(["white", "cream", "charcoal", "terracotta", "blue", "taupe", "sage"])
            if flat:
                q = rng.uniform(.8, 1)
                b.box(mat("paint:" + c), -w / 2 * q, -d / 2 * q, o, w / 2 * q, d / 2 * q, o + t, .002)
                b.box(mat("paint:cream"), -w / 2 * q + .004, -d / 2 * q - .0006, o + .003, w / 2 * q + .0006, d / 2 * q - .004, o + t - .003, 0)
            else:
                hh = rng.uniform(.19, .29)
                b.box(mat("paint:" + c), o, 0, 0, o + t, d * rng.uniform(.7, .9), hh, .002)
            o += t + (0 if flat else .001)
    return o


def bottles(b, x, y, z):
    rng = b.rng
    with b.item("decor"):
        for k in range(rng.randint(2, 3)):
            s = rng.uniform(.8, 1.15)
            spec = rng.choice(["gloss:olive", "gloss:white", "gloss:brown", "wood:oak", "gloss:charcoal"])
            if rng.random() < .5:
                p = [(.036, 0), (.038, .01), (.038, .15), (.03, .18), (.014, .2), (.013, .26), (.015, .262), (.015, .275), (0, .276)]
            else:
                p = [(.045, 0), (.048, .01), (.048, .11), (.044, .118), (.044, .122), (.047, .126), (.045, .14), (0, .143)]
            b.lathe(mat(spec), [(r * s, zz * s) for r, zz in p], (x + k * .105, y + rng.uniform(-.03, .03), z), 32)


def plates(b, x, y, z):
    rng = b.rng
    with b.item("decor"):
        for k in range(rng.randint(2, 5)):
            h = k * .014
            b.lathe(mat("gloss:" + rng.choice(["white", "cream", "charcoal"])),
                    [(.05, h), (.1, .012 + h), (.105, .02 + h), (.09, .012 + h), (0, .008 + h)], (x, y, z), 36)


def board(b, x, y, z, spec):
    """A chopping board leaning on the wall behind it (the wall is at y = 0 of the current frame)."""
    with b.item("decor"), b.frame(x, y + .09, z, 0, 9):
        b.box(mat(spec, grain="z"), -.13, -.01, 0, .13, .01, .4, .006, seg=3)
    with b.item("decor"), b.frame(x + .12, y + .13, z, 0, 10):
        with b.frame(0, 0, .14, 0, 90):
            b.lathe(mat("wood:walnut", grain="x"), [(0, -.008), (.13, -.008), (.138, -.003), (.138, .003), (.13, .008), (0, .008)], n=56)


def kettle(b, x, y, z, metal):
    with b.item("decor"), b.frame(x, y, z, b.rng.uniform(0, 360)):
        m = mat("metal:" + metal)
        b.lathe(m, [(.085, 0), (.09, .015), (.08, .1), (.06, .17), (.055, .19), (.03, .205), (.012, .21), (.014, .235), (0, .237)])
        b.tube(m, [(.07, 0, .12), (.12, 0, .16), (.14, 0, .2)], .012)
        b.tube(mat("metal:black"), [(-.06, 0, .17), (-.11, 0, .18), (-.13, 0, .13), (-.11, 0, .06), (-.085, 0, .05)], .009)


def picture(b, x, z, w, h, art, frame):
    with b.item("picture"), b.frame(0, .016):
        fm = mat(frame)
        t = .022
        b.box(mat("paint:white"), x - w / 2, .004, z - h / 2, x + w / 2, .012, z + h / 2, 0)
        mt = .18 * min(w, h) if b.rng.random() < .6 else 0.0
        b.box(mat("art:" + art), x - w / 2 + mt + t, .011, z - h / 2 + mt + t, x + w / 2 - mt - t, .0135, z + h / 2 - mt - t, 0)
        for a in ((x - w / 2, z - h / 2, x - w / 2 + t, z + h / 2), (x + w / 2 - t, z - h / 2, x + w / 2, z + h / 2),
                  (x - w / 2 + t, z - h / 2, x + w / 2 - t, z - h / 2 + t), (x - w / 2 + t, z + h / 2 - t, x + w / 2 - t, z + h / 2)):
            b.box(fm, a[0], .004, a[1], a[2], .03, a[3], .001)


def side_things(sh, rng, wall, W, D, H, leg, leg_len, sp):
    """Something on the wall without a window: a door, pictures, or a console."""
    b = sh.b
    near = D - (leg_len + 1.3 if leg else 1.6)              # how far towards the back there is room
    at = (lambda y: D - y) if wall == "left" else (lambda y: y)
    what = rng.choice(["door", "pictures", "console", "none"])
    with sh.on(wall):
        if what == "door":
            room_door(b, at(near - .7), H, pick(rng, ("paint:white", 3), ("wood:oak", 1), ("paint:charcoal", 1)), "black")
        elif what == "pictures" and not sp.get("mould"):
            art, fr, n = rng.choice(["warm", "cool", "mono"]), rng.choice(["wood:oak", "metal:black"]), rng.choice([1, 2, 3])
            for i in range(n):
                picture(b, at(near - .6 - i * .72), 1.55, .6, .8, art, fr)
        elif what == "console":
            x = at(near - .9)
            with b.item("sideboard"):
                m = mat(rng.choice(["wood:oak", "wood:walnut", "paint:white"]), grain="x")
                b.box(m, x - .7, .02, .16, x + .7, .4, .8, .003)
                for i in range(3):
                    b.box(m, x - .695 + i * .465, .4, .165, x - .695 + (i + 1) * .465 - .004, .418, .795, .0015)
                for s in (-.62, .62):
                    for q in (.06, .36):
                        b.lathe(mat("metal:black"), [(.011, 0), (.016, .16)], (x + s, q, 0), 12)
            with b.frame(0, 0, .8):
                vase(b, x + .4, .2, .001, .9, rng.choice(["gloss:white", "paint:terracotta"]))
                books(b, x - .35, .2, .001, 3)
            picture(b, x, 1.6, .9, .65, rng.choice(["warm", "cool", "mono"]), "wood:oak")


def wall_mirror(b, x, z, w, h, spec, kind):
    """kind: rect, round, arch; x, z is its middle."""
    with b.item("mirror"), b.frame(x, 0, z):
        fm = mat(spec, grain="z")
        if kind == "rect":
            t = .022
            b.box(mat("mirror:clear"), -w / 2, .012, -h / 2, w / 2, .02, h / 2, 0)
            for q in ((-w / 2, -h / 2, -w / 2 + t, h / 2), (w / 2 - t, -h / 2, w / 2, h / 2), (-w / 2 + t, -h / 2, w / 2 - t, -h / 2 + t), (-w / 2 + t, h / 2 - t, w / 2 - t, h / 2)):
                b.box(fm, q[0], .004, q[1], q[2], .034, q[3], .002)
            return
        pts = []
        if kind == "round":
            pts = [(w / 2 * math.cos(t), w / 2 * math.sin(t)) for t in np.linspace(0, 2 * math.pi, 65)[:-1]]
        else:
            pts = [(w / 2 * math.cos(t), h / 2 - w / 2 + w / 2 * math.sin(t)) for t in np.linspace(0, math.pi, 33)]
            pts += [(-w / 2, -h / 2), (w / 2, -h / 2)]
        b.mesh([(p, .022, q) for p, q in pts], [tuple(range(len(pts)))[::-1]], mat("mirror:clear"))
        b.mesh([(p, yy, q) for yy in (.002, .0215) for p, q in pts],
               [(i, (i + 1) % len(pts), len(pts) + (i + 1) % len(pts), len(pts) + i) for i in range(len(pts))], fm, smooth=50)
        b.tube(fm, [(p, .02, q) for p, q in [*pts, pts[0], pts[1]]], .011)
