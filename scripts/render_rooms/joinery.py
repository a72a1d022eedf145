"""Doors, drawers, handles and the bodies behind them."""

import itertools
import math

import numpy as np

from render_rooms.materials import mat


def pull(b, style, metal, x, z, y, length, upright):
    """A handle on a front at depth y: bar, knob or edge pull."""
    if style == "none":
        return
    m = mat("metal:" + metal)
    with_cls = "handle"
    if style == "knob":
        with b.frame(x, y, z, 0, -90):
            b.lathe(
                m,
                [(0.006, 0), (0.006, 0.014), (0.015, 0.018), (0.016, 0.026), (0.011, 0.031), (0, 0.032)],
                n=24,
                cls=with_cls,
            )
        return
    h = length / 2
    if style == "cup" and not upright:  # a half shell over the fingers
        v, f, n = [], [], 10
        for i in range(n + 1):
            s = math.pi * i / n
            for r, out in ((1.0, 0.002), (0.92, 0.022), (0.55, 0.03)):
                v.append((x + 0.045 * r * math.cos(s), y + out, z + 0.026 * r * math.sin(s)))
        f = [(3 * i + j, 3 * i + j + 1, 3 * i + 4 + j, 3 * i + 3 + j) for i in range(n) for j in range(2)]
        b.mesh(v, f, m, cls=with_cls, smooth=60)
        return
    if style in ("cup", "bow"):
        a = 0.048
        pts = [(math.cos(s), 0.004 + 0.026 * math.sin(s)) for s in np.linspace(0, math.pi, 9)]
        line = [(x, y + o, z + a * q) if upright else (x + a * q, y + o, z) for q, o in pts]
        b.tube(m, line, 0.0048, with_cls)
        return
    if style == "edge":
        if upright:
            b.box(m, x - 0.002, y - 0.004, z - h, x + 0.012, y + 0.014, z + h, 0.001, with_cls)
        else:
            b.box(m, x - h, y - 0.004, z - 0.002, x + h, y + 0.016, z + 0.012, 0.001, with_cls)
        return
    r = 0.0055
    d = 0.034
    if upright:
        b.tube(m, [(x, y + d, z - h), (x, y + d, z + h)], r, with_cls)
        for s in (-1, 1):
            b.tube(m, [(x, y, z + s * h * 0.78), (x, y + d, z + s * h * 0.78)], r * 0.8, with_cls)
    else:
        b.tube(m, [(x - h, y + d, z), (x + h, y + d, z)], r, with_cls)
        for s in (-1, 1):
            b.tube(m, [(x + s * h * 0.78, y, z), (x + s * h * 0.78, y + d, z)], r * 0.8, with_cls)


def front(b, joinery, spec, x0, z0, x1, z1, y, grain="z"):
    """The leaf of a door or a drawer, in the style of the joinery. A wide gap shows the frame behind it."""
    g = joinery.get("gap", 0.0016)
    m = mat(spec, grain=grain)
    style = joinery["door"]
    low = z1 - z0 < 0.2  # a drawer too low for a field
    if style == "shaker":
        b.panel(m, x0 + g, z0 + g, x1 - g, z1 - g, y, 0.021, joinery["rail"])
    elif style in ("raised", "arched", "beaded") and not (low and joinery.get("plain_drawers", True)):
        r = min(joinery["rail"], (x1 - x0 - 2 * g) * 0.22, (z1 - z0 - 2 * g) * 0.22)
        t = 0.021
        steps = [(0, 0), (0, t - 0.003), (0.004, t), (r, t), (r + 0.005, t - 0.009)]
        if style == "beaded":
            steps = [(0, 0), (0, t), (r, t), (r + 0.004, t + 0.003), (r + 0.009, t - 0.008)]
        else:
            steps += [(r + 0.009, t - 0.009), (r + 0.009 + min(0.03, r * 0.5), t - 0.002)]
        arch = min(0.07, (x1 - x0) * 0.16) if style == "arched" and z1 - z0 > 0.4 else 0.0
        b.field_panel(m, x0 + g, z0 + g, x1 - g, z1 - g, y, steps, arch)
    elif style == "groove" and grain == "z" and x1 - x0 > 0.2:
        n = max(3, round((x1 - x0) / 0.055))
        for i in range(n):
            a, c = x0 + g + (x1 - x0 - 2 * g) * i / n, x0 + g + (x1 - x0 - 2 * g) * (i + 1) / n
            b.box(m, a, y, z0 + g, c, y + 0.02, z1 - g, 0.004)
    else:
        b.box(m, x0 + g, y, z0 + g, x1 - g, y + 0.02, z1 - g, 0.0013 if style == "slab" else 0.006)


def glass_front(b, joinery, spec, x0, z0, x1, z1, y):
    """The leaf of a glazed door, with or without bars."""
    g, r = joinery.get("gap", 0.0016), 0.055
    m = mat(spec, grain="z")
    a, c, p, q = x0 + g, x1 - g, z0 + g, z1 - g
    for s in ((a, p, a + r, q), (c - r, p, c, q), (a + r, p, c - r, p + r), (a + r, q - r, c - r, q)):
        b.box(m, s[0], y, s[1], s[2], y + 0.021, s[3], 0.002)
    bars = joinery.get("bars", 0)
    for i in range(1, bars + 1):
        z = p + r + (q - p - 2 * r) * i / (bars + 1)
        b.box(m, a + r, y + 0.004, z - 0.009, c - r, y + 0.018, z + 0.009, 0.001)
    if bars:
        b.box(m, (a + c) / 2 - 0.009, y + 0.004, p + r, (a + c) / 2 + 0.009, y + 0.018, q - r, 0.001)
    b.mesh(
        [(c - r, y + 0.01, p + r), (a + r, y + 0.01, p + r), (a + r, y + 0.01, q - r), (c - r, y + 0.01, q - r)],
        [(0, 1, 2, 3)],
        mat("glass:screen"),
    )


def hollow(b, spec, x0, x1, z0, z1, depth, shelves=2):
    """A cabinet body without a front: sides, back and shelves, with crockery on them."""
    m, t, rng = mat(spec, grain="z"), 0.018, b.rng
    b.box(m, x0 + 0.0005, 0, z0, x0 + t, depth, z1, 0.0008)
    b.box(m, x1 - t, 0, z0, x1 - 0.0005, depth, z1, 0.0008)
    b.box(m, x0 + t, 0, z0, x1 - t, 0.008, z1, 0)
    levels = [z0, *(z0 + (z1 - z0) * (i + 1) / (shelves + 1) for i in range(shelves)), z1 - t]
    for z in levels:
        b.box(m, x0 + t, 0.008, z, x1 - t, depth - 0.003, z + t, 0.0008)
    for z, up in itertools.pairwise(levels):
        x = x0 + t + 0.07
        while x < x1 - t - 0.06:
            spec2 = "gloss:" + rng.choice(["white", "white", "cream", "blue", "sage", "terracotta", "charcoal"])
            kind, room = rng.random(), up - z - t - 0.02
            if kind < 0.35:
                n = min(rng.randint(2, 6), int(room / 0.014))
                for i in range(n):
                    b.lathe(
                        mat(spec2),
                        [(0.04, 0), (0.085, 0.009), (0.088, 0.014), (0, 0.006)],
                        (x + 0.03, depth * 0.5, z + t + i * 0.013),
                        20,
                    )
                x += 0.2
            elif kind < 0.75:
                r, h = rng.uniform(0.03, 0.045), min(room, rng.uniform(0.08, 0.2))
                b.lathe(
                    mat(spec2),
                    [(r * 0.7, 0), (r, h * 0.3), (r, h), (0, h + 0.0005)],
                    (x, rng.uniform(0.1, depth - 0.08), z + t),
                    18,
                )
                x += rng.uniform(0.09, 0.13)
            else:
                x += 0.12


def doors(b, joinery, spec, x0, x1, z0, z1, y, handle_at="top", single_side=1, glass=False):
    """One or two doors filling a rectangle, with handles."""
    w = x1 - x0
    leaf = glass_front if glass else front
    spans = [(x0, x1)] if w <= 0.62 else [(x0, (x0 + x1) / 2), ((x0 + x1) / 2, x1)]
    for i, (a, c) in enumerate(spans):
        leaf(b, joinery, spec, a, z0, c, z1, y)
        side = single_side if len(spans) == 1 else (1 if i == 0 else -1)
        hx = (c - 0.035) if side > 0 else (a + 0.035)
        ln = min(0.2 if joinery["handle"] == "bar" else 0.12, (z1 - z0) * 0.5)
        if z1 - z0 > 1.3:
            ln, hz = (0.45 if joinery["handle"] != "knob" else 0.12), min(z0 + (z1 - z0) * 0.5, 1.15)
        elif handle_at == "top":
            hz = z1 - 0.05 - ln / 2
        else:
            hz = z0 + 0.05 + ln / 2
        pull(b, joinery["handle"], joinery["metal"], hx, hz, y + 0.021, ln, True)


def drawers(b, joinery, spec, x0, x1, z0, z1, y, n=3):
    """Drawer fronts on top of each other, the lowest the tallest, with handles."""
    hs = [0.3, 0.7] if n == 2 else ([0.22, 0.39, 0.39] if n == 3 else [1 / n] * n)
    z = z1
    for h in hs:
        dz = h * (z1 - z0)
        front(b, joinery, spec, x0, z - dz, x1, z, y, "x")
        pull(
            b,
            joinery["handle"],
            joinery["metal"],
            (x0 + x1) / 2,
            z - min(0.05, dz / 2) - 0.012,
            y + 0.021,
            min(0.28, (x1 - x0) * 0.45),
            False,
        )
        z -= dz


def carcass(b, spec, x0, x1, z0, z1, depth):
    """The closed body of a cabinet."""
    b.box(mat(spec, grain="z"), x0 + 0.0005, 0.0, z0, x1 - 0.0005, depth, z1, 0.0008)


def split(a, b, target):
    """A stretch cut into equal parts of about the target width: [(from, to), ...]."""
    n = max(1, round((b - a) / target))
    return [(a + (b - a) * i / n, a + (b - a) * (i + 1) / n) for i in range(n)]


def room_door(b, x, spec, metal):
    """A panelled door with its frame, on the wall of the current frame."""
    w, h = 0.86, 2.05
    with b.item("door"):
        m = mat(spec, grain="z")
        for q in (
            (x - w / 2 - 0.08, 0, x - w / 2, h + 0.08),
            (x + w / 2, 0, x + w / 2 + 0.08, h + 0.08),
            (x - w / 2, h, x + w / 2, h + 0.08),
        ):
            b.box(m, q[0], 0, q[1], q[2], 0.03, q[3], 0.003)
        b.box(m, x - w / 2, 0, 0.004, x + w / 2, 0.008, h, 0.001)
        for z0, z1 in ((0.0, 0.95), (0.95, h - 0.004)):
            b.panel(m, x - w / 2 + 0.002, z0 + 0.004, x + w / 2 - 0.002, z1, 0.008, 0.012, 0.11, 0.007)
        hm = mat("metal:" + metal)
        b.tube(
            hm,
            [(x + w / 2 - 0.07, 0.02, 1.02), (x + w / 2 - 0.07, 0.07, 1.02), (x + w / 2 - 0.19, 0.075, 1.02)],
            0.009,
            "handle",
        )


def chest(b, cls, joinery, spec, x0, x1, z0, z1, depth, cols, rows, legs="metal:black"):
    """Night stand, dresser: a body on legs or a plinth, drawers, an overhanging top."""
    with b.item(cls):
        carcass(b, spec, x0, x1, z0, z1 - 0.022, depth - 0.021)
        with b.frame(0, -0.021):
            for a, c in split(x0 + 0.004, x1 - 0.004, (x1 - x0) / cols):
                drawers(b, joinery, spec, a, c, z0 + 0.004, z1 - 0.026, depth, rows)
        b.box(mat(spec, grain="x"), x0 - 0.008, 0, z1 - 0.022, x1 + 0.008, depth + 0.012, z1, 0.003)
        if z0 > 0.09:
            for s in (x0 + 0.045, x1 - 0.045):
                for q in (0.05, depth - 0.07):
                    b.lathe(mat(legs, grain="z"), [(0.011, 0), (0.018, z0)], (s, q, 0), 16)
        else:
            b.box(mat(spec, grain="x"), x0 + 0.01, 0, 0, x1 - 0.01, depth - 0.05, z0, 0)


def wardrobe(b, joinery, spec, x0, x1, h, depth, mirrored=()):
    """A wardrobe with two to four doors, some of them mirrored."""
    n = max(2, min(4, round((x1 - x0) / 0.52)))
    w = (x1 - x0) / n
    with b.item("wardrobe"):
        b.box(mat(spec, grain="x"), x0 + 0.01, 0, 0, x1 - 0.01, depth - 0.05, 0.07, 0)
        carcass(b, spec, x0, x1, 0.07, h, depth - 0.001)
        for i in range(n):
            a = x0 + i * w
            front(b, joinery, spec, a, 0.075, a + w, h - 0.005, depth)
            side = 1 if i % 2 == 0 else -1  # the doors open in pairs
            hx = a + w - 0.04 if side > 0 else a + 0.04
            pull(
                b,
                joinery["handle"] if joinery["handle"] != "none" else "edge",
                joinery["metal"],
                hx,
                1.05,
                depth + 0.021,
                0.3 if joinery["handle"] == "bar" else 0.14,
                True,
            )
    for i in mirrored:
        if i < n:
            a = x0 + i * w
            with b.item("mirror"):
                b.box(
                    mat("mirror:clear"), a + 0.075, depth + 0.012, 0.16, a + w - 0.075, depth + 0.024, h - 0.09, 0.001
                )
