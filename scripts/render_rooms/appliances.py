"""Ovens, fridges, dishwashers, cooktops and hoods."""

import math

from render_rooms.materials import mat


def oven_front(b, x0, x1, z0, z1, y, metal, small=False):
    with b.item("microwave" if small else "oven"):
        b.box(mat("metal:" + metal), x0 + 0.002, y - 0.35, z0 + 0.002, x1 - 0.002, y + 0.006, z1 - 0.002, 0.002)
        top = 0.085 if not small else 0.06
        b.box(mat("gloss:black"), x0 + 0.012, y, z0 + 0.03, x1 - 0.012, y + 0.022, z1 - top - 0.006, 0.003)
        b.box(
            mat("gloss:black") if metal != "steel" else mat("metal:steel"),
            x0 + 0.004,
            y,
            z1 - top,
            x1 - 0.004,
            y + 0.02,
            z1 - 0.004,
            0.002,
        )
        b.box(
            mat("gloss:charcoal"),
            (x0 + x1) / 2 - 0.07,
            y + 0.018,
            z1 - top * 0.72,
            (x0 + x1) / 2 + 0.07,
            y + 0.0212,
            z1 - top * 0.3,
            0.001,
        )
        m = mat("metal:chrome" if metal == "steel" else "metal:darksteel")
        for s in (-1, 1):
            with b.frame((x0 + x1) / 2 + s * 0.2 * (x1 - x0) * 1.4, y + 0.02, z1 - top / 2, 0, -90):
                b.lathe(m, [(0.017, 0), (0.016, 0.018), (0, 0.019)], n=24)
        zz = z1 - top - 0.055
        b.tube(m, [(x0 + 0.05, y + 0.062, zz), (x1 - 0.05, y + 0.062, zz)], 0.009)
        for x in (x0 + 0.07, x1 - 0.07):
            b.tube(m, [(x, y + 0.02, zz), (x, y + 0.062, zz)], 0.007)


def fridge(b, x0, x1, h, depth, metal):
    m = mat("metal:" + metal)
    with b.item("fridge"):
        b.box(mat("metal:darksteel"), x0 + 0.004, 0.02, 0.03, x1 - 0.004, depth - 0.04, h - 0.01, 0.004)
        y, mid, zs = depth - 0.035, (x0 + x1) / 2, h * 0.40
        wide = x1 - x0 > 0.72
        spans = [(x0, mid), (mid, x1)] if wide else [(x0, x1)]
        hm = mat("metal:chrome" if metal == "steel" else "metal:darksteel")
        for a, c in spans:
            b.box(m, a + 0.004, y, zs + 0.004, c - 0.004, y + 0.055, h - 0.01, 0.008, seg=3)
            hx = c - 0.045 if (c == mid or not wide) else a + 0.045
            b.tube(hm, [(hx, y + 0.1, zs + 0.12), (hx, y + 0.1, zs + 0.75)], 0.011)
            for z in (zs + 0.16, zs + 0.71):
                b.tube(hm, [(hx, y + 0.05, z), (hx, y + 0.1, z)], 0.008)
        for z0, z1 in ((0.06, zs / 2 + 0.03), (zs / 2 + 0.03, zs)):
            b.box(m, x0 + 0.004, y, z0 + 0.004, x1 - 0.004, y + 0.055, z1 - 0.004, 0.008, seg=3)
            b.tube(hm, [(x0 + 0.12, y + 0.1, z1 - 0.07), (x1 - 0.12, y + 0.1, z1 - 0.07)], 0.011)
            for x in (x0 + 0.16, x1 - 0.16):
                b.tube(hm, [(x, y + 0.05, z1 - 0.07), (x, y + 0.1, z1 - 0.07)], 0.008)


def dishwasher(b, x0, x1, z0, z1, y, metal):
    """A free front in a base run: steel, black or (for a white machine) lacquer, a control strip, a bar."""
    with b.item("dishwasher"):
        m = mat("metal:" + metal) if metal != "white" else mat("gloss:white")
        b.box(m, x0 + 0.003, y - 0.05, z0 + 0.002, x1 - 0.003, y + 0.02, z1 - 0.10, 0.003)
        b.box(m, x0 + 0.003, y - 0.05, z1 - 0.098, x1 - 0.003, y + 0.02, z1 - 0.002, 0.003)
        b.box(
            mat("gloss:black"),
            (x0 + x1) / 2 - 0.06,
            y + 0.019,
            z1 - 0.07,
            (x0 + x1) / 2 + 0.06,
            y + 0.0212,
            z1 - 0.035,
            0.001,
        )
        h = mat("metal:chrome" if metal != "black" else "metal:darksteel")
        b.tube(h, [(x0 + 0.06, y + 0.06, z1 - 0.14), (x1 - 0.06, y + 0.06, z1 - 0.14)], 0.008)
        for x in (x0 + 0.08, x1 - 0.08):
            b.tube(h, [(x, y + 0.02, z1 - 0.14), (x, y + 0.06, z1 - 0.14)], 0.006)


def cooktop(b, cx, cy, z, gas):
    with b.item("cooktop"):
        b.box(mat("gloss:black"), cx - 0.29, cy - 0.255, z, cx + 0.29, cy + 0.255, z + 0.006, 0.002)
        if gas:
            blk = mat("metal:black")
            for sx in (-0.15, 0.15):
                for sy in (-0.12, 0.12):
                    b.lathe(
                        mat("metal:darksteel"),
                        [(0.045, 0.006), (0.045, 0.018), (0.03, 0.022), (0, 0.022)],
                        (cx + sx, cy + sy, z),
                        28,
                    )
                    for k in range(4):
                        a = k * math.pi / 2 + math.pi / 4
                        p, q = 0.025, 0.10
                        b.tube(
                            blk,
                            [
                                (cx + sx + p * math.cos(a), cy + sy + p * math.sin(a), z + 0.035),
                                (cx + sx + q * math.cos(a), cy + sy + q * math.sin(a), z + 0.035),
                                (cx + sx + q * math.cos(a), cy + sy + q * math.sin(a), z + 0.005),
                            ],
                            0.005,
                        )


def hood(b, style, cx, z, depth, H, metal, wallspec, width=0.9):
    with b.item("range hood"):
        m = mat("metal:" + metal)
        if style == "chimney":
            w = width / 2
            v = [
                (-w, 0, 0),
                (w, 0, 0),
                (w, 0.5, 0),
                (-w, 0.5, 0),
                (-w, 0, 0.05),
                (w, 0, 0.05),
                (w, 0.5, 0.05),
                (-w, 0.5, 0.05),
                (-0.15, 0, 0.26),
                (0.15, 0, 0.26),
                (0.15, 0.27, 0.26),
                (-0.15, 0.27, 0.26),
            ]
            f = [
                (3, 2, 1, 0),
                (0, 1, 5, 4),
                (1, 2, 6, 5),
                (2, 3, 7, 6),
                (3, 0, 4, 7),
                (4, 5, 9, 8),
                (5, 6, 10, 9),
                (6, 7, 11, 10),
                (7, 4, 8, 11),
                (8, 9, 10, 11),
            ]
            b.mesh(v, f, m, (cx, 0.0, z), bevel=0.002)
            b.box(m, cx - 0.149, 0, z + 0.255, cx + 0.149, 0.268, H, 0.002)
        elif style == "plaster":
            w = width / 2 + 0.06
            p = [(w, 0), (w, 0.10), (w * 0.93, 0.2), (w * 0.72, 0.42), (w * 0.62, 0.7), (w * 0.6, H - z)]
            v, f = [], []
            for ww, zz in p:
                d = 0.5 * (ww / w) ** 0.8
                v += [(-ww, 0, zz), (ww, 0, zz), (ww, d, zz), (-ww, d, zz)]
            for k in range(len(p) - 1):
                for i in range(4):
                    f.append((4 * k + i, 4 * k + (i + 1) % 4, 4 * k + 4 + (i + 1) % 4, 4 * k + 4 + i))
            f += [(3, 2, 1, 0)]
            b.mesh(v, f, mat(wallspec), (cx, 0, z), bevel=0.006)
        else:
            b.box(
                mat("gloss:black" if metal == "black" else "metal:steel"),
                cx - width / 2,
                0,
                z,
                cx + width / 2,
                0.45,
                z + 0.06,
                0.003,
            )
            b.box(m, cx - 0.16, 0, z + 0.06, cx + 0.16, 0.26, H, 0.002)
