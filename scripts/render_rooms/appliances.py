"""Ovens, fridges, dishwashers, cooktops and hoods."""

import math

import numpy as np

from render_rooms.materials import mat


def oven_front(b, x0, x1, z0, z1, y, metal, small=False):
    """A built-in oven (or, small, a microwave) whose front is at depth y."""
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
    """A fridge of a designer kitchen, x0 to x1: one or two doors over two drawers."""
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
    """A hob of black glass let into a worktop at (cx, cy), with or without gas burners."""
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


def hood(b, style, cx, z, H, metal, wallspec, width=0.9):
    """A hood of its own: chimney, plaster or box, from height z to the ceiling."""
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


# ---------------------------------------------------------------- appliances of ordinary homes


def shell_of(colour):
    """The material of an appliance's outside, by its colour."""
    if colour in ("white", "bisque", "almond", "black", "red", "mint"):
        return mat("gloss:" + colour)
    return mat("metal:" + {"slate": "darksteel"}.get(colour, colour))


def trim_of(colour):
    """The material of an appliance's handles, by the colour of its outside."""
    if colour in ("white", "bisque", "almond", "red", "mint"):
        return mat("gloss:" + colour)
    return mat("metal:" + ("chrome" if colour == "steel" else "darksteel"))


def bar_handle(b, material, x0, x1, y, z, r=0.009, stand=0.042):
    """A straight handle along x, on two posts."""
    b.tube(material, [(x0, y + stand, z), (x1, y + stand, z)], r)
    for x in (x0 + 0.03, x1 - 0.03):
        b.tube(material, [(x, y, z), (x, y + stand, z)], r * 0.8)


def upright_handle(b, material, x, y, z0, z1, r=0.011, stand=0.05):
    """A straight handle along z, on two posts."""
    b.tube(material, [(x, y + stand, z0), (x, y + stand, z1)], r)
    for z in (z0 + 0.04, z1 - 0.04):
        b.tube(material, [(x, y, z), (x, y + stand, z)], r * 0.75)


def knobs(b, material, xs, y, z, r=0.02):
    """Round knobs on a front."""
    for x in xs:
        with b.frame(x, y, z, 0, -90):
            b.lathe(material, [(r, 0), (r * 0.95, 0.02), (r * 0.8, 0.024), (0, 0.025)], n=20)


def burners(b, x0, x1, y0, y1, z, kind):
    """What a range or a hob has on top: coils, glass with printed rings, or gas grates."""
    mx, my = (x0 + x1) / 2, (y0 + y1) / 2
    dx, dy = (x1 - x0) * 0.25, (y1 - y0) * 0.25
    black = mat("metal:black")
    if kind == "glass":
        b.box(mat("gloss:black"), x0, y0, z, x1, y1, z + 0.004, 0.001)
        for sx in (-1, 1):
            for sy in (-1, 1):
                r = 0.09 if sx * sy > 0 else 0.07
                ring = [
                    (mx + sx * dx + r * math.cos(t), my + sy * dy + r * math.sin(t), z + 0.0042)
                    for t in np.linspace(0, 2 * math.pi, 33)
                ]
                b.tube(mat("gloss:grey"), ring, 0.0012)
        return
    for sx in (-1, 1):
        for sy in (-1, 1):
            cx, cy = mx + sx * dx, my + sy * dy
            r = 0.085 if (sx > 0) == (sy > 0) else 0.07
            if kind == "coil":
                b.lathe(
                    mat("metal:chrome"),
                    [(r + 0.015, z + 0.004), (r + 0.01, z + 0.006), (r, z + 0.001)],
                    (cx, cy, 0),
                    28,
                    caps=False,
                )
                for k in range(3):
                    q = r * (0.35 + 0.3 * k)
                    b.tube(
                        black,
                        [
                            (cx + q * math.cos(t), cy + q * math.sin(t), z + 0.009)
                            for t in np.linspace(0, 2 * math.pi, 25)
                        ],
                        0.0065,
                    )
            else:
                b.lathe(
                    mat("metal:darksteel"),
                    [(0.045, z), (0.045, z + 0.014), (0.03, z + 0.018), (0, z + 0.018)],
                    (cx, cy, 0),
                    20,
                )
    if kind == "gas":
        for sx in (-1, 1):
            a, c = sorted((mx + sx * 0.012, mx + sx * (x1 - x0) * 0.47))
            for x in (a, (a + c) / 2, c):
                b.box(black, x - 0.007, y0 + 0.03, z + 0.022, x + 0.007, y1 - 0.03, z + 0.04, 0.002)
            for y in (y0 + 0.035, my - 0.02, my + 0.02, y1 - 0.035):
                b.box(black, a, y - 0.006, z + 0.022, c, y + 0.006, z + 0.038, 0.002)
            for x in (a, c):
                for y in (y0 + 0.04, y1 - 0.04):
                    b.box(black, x - 0.006, y - 0.006, z, x + 0.006, y + 0.006, z + 0.03, 0)


def stove(b, x0, x1, colour, kind, top=0.91, depth=0.66, console=True):
    """A range that stands between cabinets: oven door, drawer, burners, knobs on a back panel or on its front."""
    m, h = shell_of(colour), trim_of(colour)
    dark = mat("gloss:black")
    y = depth - 0.045
    with b.item("oven"):
        b.box(m, x0 + 0.004, 0.03, 0.05, x1 - 0.004, y, top - 0.012, 0.004)
        b.box(mat("metal:black"), x0 + 0.02, 0.06, 0, x1 - 0.02, y - 0.05, 0.05, 0)
        b.box(m, x0 + 0.004, y, 0.07, x1 - 0.004, y + 0.035, 0.24, 0.005)
        zt = top - (0.035 if console else 0.115)
        b.box(m, x0 + 0.004, y, 0.25, x1 - 0.004, y + 0.04, zt, 0.006)
        g = 0.09 * (x1 - x0) / 0.76
        if colour != "black" or b.rng.random() < 0.5:
            b.box(dark, x0 + g, y + 0.036, 0.36, x1 - g, y + 0.042, zt - 0.14, 0.004)
        bar_handle(b, h, x0 + 0.05, x1 - 0.05, y + 0.035, zt - 0.06)
        if not console:
            b.box(m, x0 + 0.004, y, zt + 0.005, x1 - 0.004, y + 0.045, top - 0.01, 0.006)
            knobs(
                b,
                h if colour != "steel" else mat("metal:steel"),
                np.linspace(x0 + 0.09, x1 - 0.09, 5),
                y + 0.045,
                (zt + top) / 2,
            )
        else:
            z1 = top + b.rng.uniform(0.13, 0.22)
            v = [
                (x, yy, z)
                for x in (x0 + 0.004, x1 - 0.004)
                for yy, z in ((0.02, top - 0.01), (0.1, top - 0.01), (0.085, z1), (0.02, z1))
            ]
            b.mesh(
                v, [(0, 1, 2, 3), (7, 6, 5, 4), (0, 4, 5, 1), (1, 5, 6, 2), (2, 6, 7, 3), (3, 7, 4, 0)], m, bevel=0.006
            )
            mid = (x0 + x1) / 2
            b.box(dark, mid - 0.13, 0.08, top + 0.04, mid + 0.13, 0.0985, z1 - 0.035, 0.001)
            knobs(b, h, (x0 + 0.08, x0 + 0.16, x1 - 0.16, x1 - 0.08), 0.092, (top + z1) / 2, 0.018)
        b.box(m, x0 + 0.002, 0.03, top - 0.014, x1 - 0.002, y + 0.045, top, 0.004)
        if b.rng.random() < 0.3:
            with b.item("towel"):
                w = b.rng.uniform(0.16, 0.26)
                x = b.rng.uniform(x0 + 0.1, x1 - 0.1 - w)
                colour2 = b.rng.choice(["white", "red", "royal", "sage", "cream", "teal", "yellow", "charcoal"])
                b.soft(
                    mat("fabric:" + colour2),
                    x,
                    y + 0.066,
                    zt - 0.06 - b.rng.uniform(0.25, 0.38),
                    x + w,
                    y + 0.095,
                    zt - 0.045,
                    0.01,
                    0.004,
                )
    with b.item("range cooktop"):
        burners(b, x0 + 0.03, x1 - 0.03, 0.12 if console else 0.08, y - 0.01, top, kind)


def over_range_microwave(b, x0, x1, z0, colour, depth=0.4):
    """A microwave under the cabinet above a range."""
    m, z1 = shell_of(colour), z0 + 0.42
    with b.item("microwave"):
        b.box(m, x0 + 0.003, 0.01, z0, x1 - 0.003, depth, z1 - 0.002, 0.004)
        split_x = x0 + (x1 - x0) * 0.26  # the controls are at its right, which is the smaller x
        b.box(m, split_x, depth, z0 + 0.02, x1 - 0.004, depth + 0.022, z1 - 0.045, 0.004)
        dark = mat("gloss:black") if colour != "white" or b.rng.random() < 0.6 else mat("gloss:lightgrey")
        b.box(dark, split_x + 0.06, depth + 0.02, z0 + 0.075, x1 - 0.06, depth + 0.0245, z1 - 0.1, 0.003)
        b.box(
            dark if colour != "white" else m,
            x0 + 0.004,
            depth,
            z0 + 0.02,
            split_x - 0.003,
            depth + 0.02,
            z1 - 0.045,
            0.003,
        )
        b.box(
            mat("gloss:charcoal"), x0 + 0.03, depth + 0.018, z1 - 0.11, split_x - 0.03, depth + 0.0215, z1 - 0.07, 0.001
        )
        for i in range(4):
            b.box(
                mat("gloss:grey"),
                x0 + 0.035,
                depth + 0.018,
                z0 + 0.05 + i * 0.055,
                split_x - 0.035,
                depth + 0.0212,
                z0 + 0.08 + i * 0.055,
                0.001,
            )
        for i in range(3):
            b.box(
                mat("metal:black"),
                x0 + 0.03,
                depth - 0.001,
                z1 - 0.035 + i * 0.01,
                x1 - 0.03,
                depth + 0.003,
                z1 - 0.031 + i * 0.01,
                0,
            )
        if b.rng.random() < 0.7:
            upright_handle(b, trim_of(colour), split_x + 0.03, depth + 0.02, z0 + 0.05, z1 - 0.08, 0.008, 0.035)


def counter_microwave(b, x, y, z, colour, turn=0.0):
    """A microwave that stands on a worktop, its back at the wall."""
    m = shell_of(colour)
    with b.item("microwave"), b.frame(x, y, z, turn):
        w, h, d = 0.25, 0.28, 0.36
        b.box(m, -w, 0, 0.012, w, d, h, 0.006)
        b.box(mat("gloss:black"), -w + 0.14, d, 0.03, w - 0.012, d + 0.018, h - 0.02, 0.004)
        b.box(m, -w + 0.005, d, 0.03, -w + 0.13, d + 0.016, h - 0.02, 0.004)
        b.box(mat("gloss:charcoal"), -w + 0.025, d + 0.014, h - 0.08, -w + 0.11, d + 0.0175, h - 0.045, 0.001)
        knobs(b, mat("metal:darksteel"), (-w + 0.068,), d + 0.016, 0.09, 0.022)


def wall_oven(b, x0, x1, z0, z1, y, colour, double=False):
    """A built-in oven, or two on top of each other, in the face of a tall cabinet."""
    m, h = shell_of(colour), trim_of(colour)
    dark = mat("gloss:black")
    with b.item("oven"):
        b.box(m, x0 + 0.02, y - 0.3, z0, x1 - 0.02, y + 0.012, z1, 0.003)
        strip = 0.11
        b.box(dark if colour != "white" else m, x0 + 0.022, y, z1 - strip, x1 - 0.022, y + 0.025, z1 - 0.004, 0.003)
        mid = (x0 + x1) / 2
        b.box(
            mat("gloss:charcoal"),
            mid - 0.09,
            y + 0.022,
            z1 - strip * 0.75,
            mid + 0.09,
            y + 0.0265,
            z1 - strip * 0.35,
            0.001,
        )
        n = 2 if double else 1
        dz = (z1 - strip - z0) / n
        for i in range(n):
            a, c = z0 + i * dz + 0.006, z0 + (i + 1) * dz - 0.008
            b.box(m, x0 + 0.022, y, a, x1 - 0.022, y + 0.032, c, 0.005)
            b.box(dark, x0 + 0.1, y + 0.03, a + 0.08, x1 - 0.1, y + 0.034, c - 0.14, 0.003)
            bar_handle(b, h, x0 + 0.06, x1 - 0.06, y + 0.03, c - 0.06)


def fridge_door(b, m, h, x0, x1, z0, z1, y, hinge):
    """One door of a fridge with an upright handle; hinge -1: at x0, 1: at x1, 0: a drawer."""
    b.box(m, x0 + 0.004, y, z0 + 0.004, x1 - 0.004, y + 0.06, z1 - 0.004, 0.012, seg=3)
    if hinge == 0:
        bar_handle(b, h, x0 + 0.08, x1 - 0.08, y + 0.06, z1 - 0.07, 0.011, 0.05)
    else:
        hx = x1 - 0.05 if hinge < 0 else x0 + 0.05
        ln = min(0.75, (z1 - z0) * 0.6)
        z = z0 + 0.1 if z0 > 0.5 else z1 - 0.1 - ln
        upright_handle(b, h, hx, y + 0.06, max(z0 + 0.06, z), min(z1 - 0.05, max(z0 + 0.06, z) + ln))


def any_fridge(b, x0, x1, height, depth, colour, kind):
    """A fridge that stands free: top (freezer on top), bottom, french, side (by side, with a dispenser) or single."""
    rng = b.rng
    m, h = shell_of(colour), trim_of(colour)
    y, mid = depth - 0.06, (x0 + x1) / 2
    with b.item("fridge"):
        b.box(
            m if colour in ("white", "bisque", "almond") else mat("gloss:charcoal"),
            x0 + 0.003,
            0.03,
            0.02,
            x1 - 0.003,
            y - 0.004,
            height,
            0.006,
        )
        b.box(mat("metal:black"), x0 + 0.01, 0.1, 0, x1 - 0.01, y - 0.01, 0.07, 0)
        side = rng.choice([-1, 1])
        if kind == "top":
            z = height * rng.uniform(0.66, 0.7)
            fridge_door(b, m, h, x0, x1, 0.07, z, y, side)
            fridge_door(b, m, h, x0, x1, z, height, y, side)
        elif kind == "bottom":
            z = height * rng.uniform(0.33, 0.4)
            fridge_door(b, m, h, x0, x1, 0.07, z, y, rng.choice([0, side]))
            fridge_door(b, m, h, x0, x1, z, height, y, side)
        elif kind == "french":
            z = height * 0.38
            fridge_door(b, m, h, x0, x1, 0.07, z, y, 0)
            fridge_door(b, m, h, x0, mid, z, height, y, -1)
            fridge_door(b, m, h, mid, x1, z, height, y, 1)
        elif kind == "side":
            cut = x0 + (x1 - x0) * 0.57
            fridge_door(b, m, h, x0, cut, 0.07, height, y, -1)
            fridge_door(b, m, h, cut, x1, 0.07, height, y, 1)
            if rng.random() < 0.75:
                a, c = cut + 0.08, x1 - 0.07
                b.box(mat("gloss:black"), a, y + 0.055, 0.98, c, y + 0.0625, 1.36, 0.004)
                b.box(mat("gloss:charcoal"), a + 0.02, y + 0.06, 1.28, c - 0.02, y + 0.064, 1.34, 0.001)
        else:
            fridge_door(b, m, h, x0, x1, 0.07, height, y, side)
        if rng.random() < 0.3 and colour != "panel":  # notes, drawings and magnets
            for _ in range(rng.randint(2, 9)):
                w, t = rng.uniform(0.05, 0.16), rng.uniform(0.05, 0.2)
                x, z = rng.uniform(x0 + 0.06, max(x0 + 0.07, x1 - 0.06 - w)), rng.uniform(0.9, height - 0.1 - t)
                spec = "paint:" + rng.choice(["white", "cream", "yellow", "pink", "skyblue", "red", "lime", "white"])
                b.box(mat(spec), x, y + 0.0605, z, x + w, y + 0.063, z + t, 0)


def any_dishwasher(b, x0, x1, z0, z1, y, colour, panel=None):
    """A dishwasher in a base run: a control strip on top, a bar or a pocket as handle; panel: a cabinet's finish."""
    rng = b.rng
    m, h = shell_of(colour), trim_of(colour)
    with b.item("dishwasher"):
        strip = rng.uniform(0.075, 0.13)
        dark = mat("gloss:black") if rng.random() < 0.5 else m
        body = mat(panel, grain="z") if panel else m
        b.box(body, x0 + 0.003, y - 0.05, z0 + 0.002, x1 - 0.003, y + 0.024, z1 - strip - 0.003, 0.005)
        b.box(dark, x0 + 0.003, y - 0.05, z1 - strip, x1 - 0.003, y + 0.026, z1 - 0.002, 0.005)
        mid = (x0 + x1) / 2
        b.box(
            mat("gloss:charcoal" if dark is m else "gloss:grey"),
            mid - 0.08,
            y + 0.024,
            z1 - strip * 0.65,
            mid + 0.08,
            y + 0.0275,
            z1 - strip * 0.35,
            0.001,
        )
        if rng.random() < 0.7:
            bar_handle(b, h, x0 + 0.05, x1 - 0.05, y + 0.024, z1 - strip - 0.045, 0.009, 0.036)
        else:
            b.box(
                mat("metal:black"),
                mid - 0.12,
                y + 0.02,
                z1 - strip - 0.012,
                mid + 0.12,
                y + 0.0275,
                z1 - strip + 0.012,
                0.004,
            )
            for i in range(4):
                b.box(
                    mat("gloss:grey"),
                    x0 + 0.05 + i * 0.03,
                    y + 0.024,
                    z1 - strip * 0.6,
                    x0 + 0.065 + i * 0.03,
                    y + 0.0275,
                    z1 - strip * 0.4,
                    0.001,
                )


def washing_machine(b, x0, x1, top, depth, colour="white"):
    """A front loader under a worktop, or one that stands by itself."""
    m, y = shell_of(colour), depth - 0.03
    with b.item("washing machine"):
        b.box(m, x0 + 0.004, 0.04, 0.015, x1 - 0.004, y, top - 0.004, 0.008)
        b.box(mat("gloss:lightgrey"), x0 + 0.01, y - 0.002, top - 0.13, x1 - 0.01, y + 0.006, top - 0.012, 0.003)
        mid, z = (x0 + x1) / 2, (top - 0.13) * 0.52
        with b.frame(mid, y, z, 0, -90):
            b.lathe(mat("metal:chrome"), [(0.2, 0), (0.2, 0.02), (0.165, 0.03), (0.16, 0.02)], n=40, caps=False)
            b.lathe(mat("gloss:black"), [(0.165, 0.018), (0.1, 0.03), (0, 0.034)], n=40)
        knobs(b, mat("metal:chrome"), (mid,), y + 0.006, top - 0.07, 0.028)


def slim_hood(b, x0, x1, z, colour):
    """The flat hood that hangs under a cabinet."""
    m = shell_of(colour)
    with b.item("range hood"):
        v = [
            (x, y, zz)
            for x in (x0 + 0.002, x1 - 0.002)
            for y, zz in ((0.01, z), (0.5, z), (0.5, z + 0.05), (0.36, z + 0.13), (0.01, z + 0.13))
        ]
        f = [(0, 1, 2, 3, 4), (9, 8, 7, 6, 5), (0, 5, 6, 1), (1, 6, 7, 2), (2, 7, 8, 3), (3, 8, 9, 4), (4, 9, 5, 0)]
        b.mesh(v, f, m, bevel=0.004)
        b.box(mat("metal:black"), x1 - 0.2, 0.499, z + 0.015, x1 - 0.06, 0.503, z + 0.035, 0.001)
