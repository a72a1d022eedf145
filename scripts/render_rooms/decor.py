"""Plants, vases, books, pictures, mirrors: what stands and hangs about."""

import math

import numpy as np
from mathutils import Vector

from render_rooms.chance import pick
from render_rooms.joinery import room_door
from render_rooms.materials import mat


def plant(b, x, y, z, size, kind, potspec, cls="plant"):
    """A potted plant: fan, broad or olive leaves on a spiral."""
    rng = b.rng
    with b.item(cls), b.frame(x, y, z, rng.uniform(0, 360)):
        ph, pr = 0.32 * size, 0.17 * size
        b.bowl(
            mat(potspec), [(pr * 0.72, 0), (pr * 0.9, ph * 0.4), (pr, ph * 0.95), (pr * 1.02, ph)], 0.012 * size, n=40
        )
        b.lathe(mat("fabric:brown"), [(pr * 0.93, ph * 0.86), (0, ph * 0.9)], n=20)
        v, f = [], []
        n = 26 if kind == "fan" else 34
        for i in range(n):
            az = i * 2.39996 + rng.uniform(-0.3, 0.3)
            up = rng.uniform(0.25, 1.0)
            length = size * rng.uniform(0.55, 1.0) * (1.0 if kind == "fan" else 0.75)
            wide = size * rng.uniform(0.05, 0.085) * (1.5 if kind == "broad" else 1.0)
            bend = rng.uniform(0.5, 1.5)
            px, pz, ang = 0.02 * size, ph * 0.9, 0.25 + 0.95 * (1 - up) + 0.1
            stem = 0.35 if kind == "broad" else 0.1
            seg = 9
            base = len(v)
            for k in range(seg + 1):
                t = k / seg
                ww = (
                    0.004 * size
                    if t < stem
                    else wide * max(0.02, math.sin(math.pi * min(1, (t - stem) / (1 - stem) * 0.96 + 0.04)) ** 0.75)
                )
                a = ang + bend * t * t
                if k:
                    px += length / seg * math.sin(a)
                    pz += length / seg * math.cos(a)
                ca, sa = math.cos(az), math.sin(az)
                lift = ww * 0.35
                for s in (-1, 0, 1):
                    v.append((px * ca - s * ww * sa, px * sa + s * ww * ca, pz + abs(s) * lift))
            for k in range(seg):
                for s in range(2):
                    q = base + 3 * k + s
                    f.append((q, q + 1, q + 4, q + 3))
        b.mesh(v, f, mat("leaf:dark" if kind != "olive" else "leaf:olive"), smooth=80)


def vase(b, x, y, z, size, spec, branches=True):
    """A vase, by default with twigs in it."""
    rng = b.rng
    with b.item("vase"), b.frame(x, y, z):
        s = size
        shapes = [
            [(0.05, 0), (0.09, 0.05), (0.1, 0.12), (0.07, 0.2), (0.035, 0.25), (0.04, 0.28)],
            [(0.07, 0), (0.075, 0.02), (0.06, 0.15), (0.05, 0.25), (0.055, 0.3)],
            [(0.04, 0), (0.1, 0.08), (0.11, 0.13), (0.06, 0.19), (0.03, 0.2), (0.035, 0.22)],
        ]
        p = [(r * s, zz * s) for r, zz in rng.choice(shapes)]
        b.bowl(mat(spec), p, 0.006 * s)
        top = p[-1][1]
        if branches:
            lv, lf = [], []
            for _ in range(6):
                a, long = rng.uniform(0, 6.28), rng.uniform(0.25, 0.5) * s
                out = rng.uniform(0.12, 0.3) * s
                pts = [(0, 0, top * 0.6)] + [
                    (out * t**1.4 * math.cos(a), out * t**1.4 * math.sin(a), top + long * t)
                    for t in np.linspace(0.1, 1, 6)
                ]
                b.tube(mat("wood:walnut"), pts, 0.0025 * s, "plant", taper=(1.2, 0.5))
                for t in np.linspace(0.25, 1, 12):
                    cx, cy, cz = out * t**1.4 * math.cos(a), out * t**1.4 * math.sin(a), top + long * t
                    az, el, ll, lw = (
                        rng.uniform(0, 6.28),
                        rng.uniform(-0.2, 1.0),
                        rng.uniform(0.04, 0.07) * s,
                        0.013 * s,
                    )
                    d = Vector((math.cos(az) * math.cos(el), math.sin(az) * math.cos(el), math.sin(el)))
                    side = d.cross(Vector((0, 0, 1))).normalized() * lw
                    c = Vector((cx, cy, cz))
                    q = len(lv)
                    lv += [c, c + d * ll * 0.45 + side, c + d * ll, c + d * ll * 0.45 - side]
                    lf.append((q, q + 1, q + 2, q + 3))
            b.mesh(lv, lf, mat("leaf:olive"), cls="plant")


def fruit_bowl(b, x, y, z, spec):
    """Seven fruits in a bowl."""
    rng = b.rng
    with b.item("decor"), b.frame(x, y, z):
        b.bowl(mat(spec), [(0.06, 0), (0.065, 0.01), (0.12, 0.04), (0.155, 0.085)], 0.008)
        col = rng.choice(["ochre", "terracotta", "olive"])
        for k in range(7):
            a, r = k * 2.4, (0.0 if k == 6 else 0.07)
            zz = 0.065 if k < 6 else 0.115
            rr = rng.uniform(0.034, 0.042)
            pr = [(rr * math.sin(t), rr - rr * 0.95 * math.cos(t)) for t in np.linspace(0.01, math.pi - 0.01, 14)]
            b.lathe(mat("paint:" + col), pr, (r * math.cos(a), r * math.sin(a), zz - rr * 0.7), 20, smooth=80)


def books(b, x, y, z, n=3, flat=True, w=0.26, d=0.19):
    """A pile of books, or a row of them from x on; returns its height or its length."""
    rng = b.rng
    with b.item("decor"), b.frame(x, y, z, rng.uniform(-20, 20) if flat else 0):
        o = 0.0
        for _ in range(n):
            t = rng.uniform(0.018, 0.04)
            c = rng.choice(["white", "cream", "charcoal", "terracotta", "blue", "taupe", "sage"])
            if flat:
                q = rng.uniform(0.8, 1)
                b.box(mat("paint:" + c), -w / 2 * q, -d / 2 * q, o, w / 2 * q, d / 2 * q, o + t, 0.002)
                b.box(
                    mat("paint:cream"),
                    -w / 2 * q + 0.004,
                    -d / 2 * q - 0.0006,
                    o + 0.003,
                    w / 2 * q + 0.0006,
                    d / 2 * q - 0.004,
                    o + t - 0.003,
                    0,
                )
            else:
                hh = rng.uniform(0.19, 0.29)
                b.box(mat("paint:" + c), o, 0, 0, o + t, d * rng.uniform(0.7, 0.9), hh, 0.002)
            o += t + (0 if flat else 0.001)
    return o


def bottles(b, x, y, z):
    """Two or three bottles and jars in a row."""
    rng = b.rng
    with b.item("decor"):
        for k in range(rng.randint(2, 3)):
            s = rng.uniform(0.8, 1.15)
            spec = rng.choice(["gloss:olive", "gloss:white", "gloss:brown", "wood:oak", "gloss:charcoal"])
            if rng.random() < 0.5:
                p = [
                    (0.036, 0),
                    (0.038, 0.01),
                    (0.038, 0.15),
                    (0.03, 0.18),
                    (0.014, 0.2),
                    (0.013, 0.26),
                    (0.015, 0.262),
                    (0.015, 0.275),
                    (0, 0.276),
                ]
            else:
                p = [
                    (0.045, 0),
                    (0.048, 0.01),
                    (0.048, 0.11),
                    (0.044, 0.118),
                    (0.044, 0.122),
                    (0.047, 0.126),
                    (0.045, 0.14),
                    (0, 0.143),
                ]
            b.lathe(mat(spec), [(r * s, zz * s) for r, zz in p], (x + k * 0.105, y + rng.uniform(-0.03, 0.03), z), 32)


def plates(b, x, y, z):
    """A pile of plates."""
    rng = b.rng
    with b.item("decor"):
        for k in range(rng.randint(2, 5)):
            h = k * 0.014
            b.lathe(
                mat("gloss:" + rng.choice(["white", "cream", "charcoal"])),
                [(0.05, h), (0.1, 0.012 + h), (0.105, 0.02 + h), (0.09, 0.012 + h), (0, 0.008 + h)],
                (x, y, z),
                36,
            )


def board(b, x, y, z, spec):
    """A chopping board leaning on the wall behind it (the wall is at y = 0 of the current frame)."""
    with b.item("decor"), b.frame(x, y + 0.09, z, 0, 9):
        b.box(mat(spec, grain="z"), -0.13, -0.01, 0, 0.13, 0.01, 0.4, 0.006, seg=3)
    with b.item("decor"), b.frame(x + 0.12, y + 0.13, z, 0, 10), b.frame(0, 0, 0.14, 0, 90):
        b.lathe(
            mat("wood:walnut", grain="x"),
            [(0, -0.008), (0.13, -0.008), (0.138, -0.003), (0.138, 0.003), (0.13, 0.008), (0, 0.008)],
            n=56,
        )


def kettle(b, x, y, z, metal):
    """A kettle with spout and grip."""
    with b.item("decor"), b.frame(x, y, z, b.rng.uniform(0, 360)):
        m = mat("metal:" + metal)
        b.lathe(
            m,
            [
                (0.085, 0),
                (0.09, 0.015),
                (0.08, 0.1),
                (0.06, 0.17),
                (0.055, 0.19),
                (0.03, 0.205),
                (0.012, 0.21),
                (0.014, 0.235),
                (0, 0.237),
            ],
        )
        b.tube(m, [(0.07, 0, 0.12), (0.12, 0, 0.16), (0.14, 0, 0.2)], 0.012)
        b.tube(
            mat("metal:black"),
            [(-0.06, 0, 0.17), (-0.11, 0, 0.18), (-0.13, 0, 0.13), (-0.11, 0, 0.06), (-0.085, 0, 0.05)],
            0.009,
        )


def picture(b, x, z, w, h, art, frame):
    """An abstract painting in a frame on the wall of the current frame; x, z is its middle."""
    with b.item("picture"), b.frame(0, 0.016):
        fm = mat(frame)
        t = 0.022
        b.box(mat("paint:white"), x - w / 2, 0.004, z - h / 2, x + w / 2, 0.012, z + h / 2, 0)
        mt = 0.18 * min(w, h) if b.rng.random() < 0.6 else 0.0
        b.box(
            mat("art:" + art),
            x - w / 2 + mt + t,
            0.011,
            z - h / 2 + mt + t,
            x + w / 2 - mt - t,
            0.0135,
            z + h / 2 - mt - t,
            0,
        )
        for a in (
            (x - w / 2, z - h / 2, x - w / 2 + t, z + h / 2),
            (x + w / 2 - t, z - h / 2, x + w / 2, z + h / 2),
            (x - w / 2 + t, z - h / 2, x + w / 2 - t, z - h / 2 + t),
            (x - w / 2 + t, z + h / 2 - t, x + w / 2 - t, z + h / 2),
        ):
            b.box(fm, a[0], 0.004, a[1], a[2], 0.03, a[3], 0.001)


def side_things(sh, rng, wall, D, leg, leg_len, palette):
    """Something on the wall without a window: a door, pictures, or a console."""
    b = sh.b
    near = D - (leg_len + 1.3 if leg else 1.6)  # how far towards the back there is room
    at = (lambda y: D - y) if wall == "left" else (lambda y: y)
    what = rng.choice(["door", "pictures", "console", "none"])
    with sh.on(wall):
        if what == "door":
            room_door(b, at(near - 0.7), pick(rng, ("paint:white", 3), ("wood:oak", 1), ("paint:charcoal", 1)), "black")
        elif what == "pictures" and not palette.get("mould"):
            art, fr, n = (
                rng.choice(["warm", "cool", "mono"]),
                rng.choice(["wood:oak", "metal:black"]),
                rng.choice([1, 2, 3]),
            )
            for i in range(n):
                picture(b, at(near - 0.6 - i * 0.72), 1.55, 0.6, 0.8, art, fr)
        elif what == "console":
            x = at(near - 0.9)
            with b.item("sideboard"):
                m = mat(rng.choice(["wood:oak", "wood:walnut", "paint:white"]), grain="x")
                b.box(m, x - 0.7, 0.02, 0.16, x + 0.7, 0.4, 0.8, 0.003)
                for i in range(3):
                    b.box(
                        m, x - 0.695 + i * 0.465, 0.4, 0.165, x - 0.695 + (i + 1) * 0.465 - 0.004, 0.418, 0.795, 0.0015
                    )
                for s in (-0.62, 0.62):
                    for q in (0.06, 0.36):
                        b.lathe(mat("metal:black"), [(0.011, 0), (0.016, 0.16)], (x + s, q, 0), 12)
            with b.frame(0, 0, 0.8):
                vase(b, x + 0.4, 0.2, 0.001, 0.9, rng.choice(["gloss:white", "paint:terracotta"]))
                books(b, x - 0.35, 0.2, 0.001, 3)
            picture(b, x, 1.6, 0.9, 0.65, rng.choice(["warm", "cool", "mono"]), "wood:oak")


def wall_mirror(b, x, z, w, h, spec, kind):
    """kind: rect, round, arch; x, z is its middle."""
    with b.item("mirror"), b.frame(x, 0, z):
        fm = mat(spec, grain="z")
        if kind == "rect":
            t = 0.022
            b.box(mat("mirror:clear"), -w / 2, 0.012, -h / 2, w / 2, 0.02, h / 2, 0)
            for q in (
                (-w / 2, -h / 2, -w / 2 + t, h / 2),
                (w / 2 - t, -h / 2, w / 2, h / 2),
                (-w / 2 + t, -h / 2, w / 2 - t, -h / 2 + t),
                (-w / 2 + t, h / 2 - t, w / 2 - t, h / 2),
            ):
                b.box(fm, q[0], 0.004, q[1], q[2], 0.034, q[3], 0.002)
            return
        pts = []
        if kind == "round":
            pts = [(w / 2 * math.cos(t), w / 2 * math.sin(t)) for t in np.linspace(0, 2 * math.pi, 65)[:-1]]
        else:
            pts = [(w / 2 * math.cos(t), h / 2 - w / 2 + w / 2 * math.sin(t)) for t in np.linspace(0, math.pi, 33)]
            pts += [(-w / 2, -h / 2), (w / 2, -h / 2)]
        b.mesh([(p, 0.022, q) for p, q in pts], [tuple(range(len(pts)))[::-1]], mat("mirror:clear"))
        b.mesh(
            [(p, yy, q) for yy in (0.002, 0.0215) for p, q in pts],
            [(i, (i + 1) % len(pts), len(pts) + (i + 1) % len(pts), len(pts) + i) for i in range(len(pts))],
            fm,
            smooth=50,
        )
        b.tube(fm, [(p, 0.02, q) for p, q in [*pts, pts[0], pts[1]]], 0.011)
