"""Sinks, taps, toilets, baths and showers."""

import math

import numpy as np

from render_rooms.materials import mat
from render_rooms.textiles import towel


def sink(b, x0, x1, y0, y1, z, metal):
    """A basin let into a worktop from below; metal is a metal, white, or a whole spec."""
    with b.item("sink"):
        m = mat(metal if ":" in metal else ("metal:" + metal if metal != "white" else "gloss:white"))
        d, t = 0.2, 0.012
        b.box(m, x0 - t, y0 - t, z - d - t, x1 + t, y1 + t, z - d, 0.002)
        b.box(m, x0 - t, y0 - t, z - d, x0, y1 + t, z, 0.001)
        b.box(m, x1, y0 - t, z - d, x1 + t, y1 + t, z, 0.001)
        b.box(m, x0, y0 - t, z - d, x1, y0, z, 0.001)
        b.box(m, x0, y1, z - d, x1, y1 + t, z, 0.001)


def sink_rim(b, x0, x1, y0, y1, z, spec):
    """The flat rim of a sink that is dropped into a worktop."""
    m, t = mat(spec), 0.025
    with b.item("sink"):
        for q in (
            (x0 - t, y0 - t, x1 + t, y0),
            (x0 - t, y1, x1 + t, y1 + t),
            (x0 - t, y0, x0, y1),
            (x1, y0, x1 + t, y1),
        ):
            b.box(m, q[0], q[1], z - 0.002, q[2], q[3], z + 0.006, 0.002)


def apron_sink(b, x0, x1, y0, y1, z, spec):
    """A farmhouse sink, whose front is open to the room."""
    m, t, d = mat(spec), 0.025, 0.22
    with b.item("sink"):
        b.box(m, x0, y0, z - d - t, x1, y1, z - d, 0.004)
        b.box(m, x0, y0, z - d, x0 + t, y1, z - 0.004, 0.006)
        b.box(m, x1 - t, y0, z - d, x1, y1, z - 0.004, 0.006)
        b.box(m, x0 + t, y0, z - d, x1 - t, y0 + t, z - 0.004, 0.006)
        b.box(m, x0, y1 - t, z - d - t, x1, y1, z - 0.004, 0.01, seg=3)


def faucet(b, x, y, z, metal, towards=1):
    """A tall arched tap that looks along y."""
    with b.item("faucet"):
        m = mat("metal:" + metal)
        b.lathe(m, [(0.027, 0), (0.027, 0.008), (0.022, 0.03), (0.019, 0.06), (0.015, 0.065)], (x, y, z), 28)
        s = towards
        arc = [(x, y, z + 0.05), (x, y, z + 0.30)]
        arc += [
            (x, y + s * 0.1 * (1 - math.cos(t)), z + 0.30 + 0.1 * math.sin(t)) for t in np.linspace(0.2, math.pi, 12)
        ]
        arc += [(x, y + s * 0.2, z + 0.23)]
        b.tube(m, arc, 0.012)
        b.tube(m, [(x, y + s * 0.2, z + 0.235), (x, y + s * 0.2, z + 0.19)], 0.015)
        b.tube(m, [(x + 0.015, y, z + 0.07), (x + 0.055, y, z + 0.075), (x + 0.075, y, z + 0.12)], 0.006)


def rings(b, material, loops, cls=None, n=64, first=True, last=True, smooth=50):
    """Skin over superellipses (cx, cy, half x, half y, z, power), from the outside up and over into the inside."""
    v, f = [], []
    for cx, cy, hx, hy, z, p in loops:
        for i in range(n):
            t = 2 * math.pi * (i + 0.5) / n
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
    h = 0.24 if tall else 0.1
    with b.item("faucet"):
        m = mat("metal:" + metal)
        b.lathe(m, [(0.026, 0), (0.026, 0.006), (0.021, 0.012), (0.02, h), (0.0, h + 0.004)], (x, y, z), 28)
        b.tube(
            m,
            [
                (x, y, z + h - 0.02),
                (x, y + 0.07, z + h - 0.012),
                (x, y + 0.12, z + h - 0.02),
                (x, y + 0.125, z + h - 0.04),
            ],
            0.0105,
        )
        b.tube(m, [(x, y, z + h + 0.0), (x, y + 0.015, z + h + 0.03), (x, y + 0.06, z + h + 0.04)], 0.006)


def toilet(b, x, kind, lid_up, metal, wall_y=0.0):
    """kind: close (with a cistern), hung (with a flush plate on the wall)."""
    m = mat("gloss:white")
    with b.item("toilet"), b.frame(x, wall_y, 0):
        if kind == "close":
            by = 0.43  # the middle of the bowl
            b.box(m, -0.19, 0.004, 0.40, 0.19, 0.185, 0.77, 0.022, seg=4)
            b.box(m, -0.2, 0.002, 0.77, 0.2, 0.195, 0.80, 0.01, seg=3)
            b.lathe(mat("metal:chrome"), [(0.022, 0.8), (0.022, 0.806), (0, 0.807)], (0, 0.1, 0), 24)
            b.box(m, -0.13, 0.02, 0.2, 0.13, 0.3, 0.405, 0.03, seg=3)
            low = [
                (0, 0.34, 0.115, 0.25, 0, 2.6),
                (0, 0.345, 0.11, 0.24, 0.05, 2.6),
                (0, 0.37, 0.12, 0.25, 0.2, 2.4),
                (0, by - 0.01, 0.165, 0.25, 0.33, 2.3),
            ]
        else:
            by = 0.34
            low = [
                (0, 0.16, 0.1, 0.155, 0.12, 3),
                (0, 0.2, 0.13, 0.2, 0.17, 2.8),
                (0, 0.27, 0.165, 0.265, 0.26, 2.5),
                (0, 0.3, 0.178, 0.285, 0.34, 2.4),
            ]
            b.box(mat("metal:" + metal) if metal != "white" else m, -0.12, 0, 0.95, 0.12, 0.012, 1.1, 0.004)
            for s in (-0.05, 0.05):
                b.box(mat("metal:chrome"), s - 0.035, 0.012, 0.985, s + 0.035, 0.016, 1.065, 0.002)
        ry = 0.245 if kind == "close" else 0.255
        rim = [(0, by, 0.185, ry, 0.385, 2.3), (0, by, 0.185, ry, 0.40, 2.3)]
        inside = [
            (0, by, 0.145, ry - 0.045, 0.40, 2.2),
            (0, by, 0.12, ry - 0.08, 0.33, 2.1),
            (0, by - 0.02, 0.06, 0.09, 0.2, 2),
            (0, by - 0.02, 0.01, 0.02, 0.19, 2),
        ]
        rings(b, m, low + rim + inside)
        if lid_up:
            rings(
                b,
                m,
                [
                    (0, by, 0.188, ry + 0.003, 0.402, 2.3),
                    (0, by, 0.188, ry + 0.003, 0.418, 2.3),
                    (0, by, 0.125, ry - 0.07, 0.418, 2.2),
                    (0, by, 0.125, ry - 0.07, 0.402, 2.2),
                ],
                first=False,
                last=False,
            )
            with b.frame(0, by - ry + 0.03, 0.42, 0, 97):
                rings(
                    b,
                    m,
                    [
                        (0, ry, 0.186, ry, 0, 2.3),
                        (0, ry, 0.188, ry + 0.002, 0.01, 2.3),
                        (0, ry, 0.17, ry - 0.02, 0.02, 2.3),
                    ],
                )
        else:
            rings(
                b,
                m,
                [
                    (0, by, 0.188, ry + 0.003, 0.402, 2.4),
                    (0, by, 0.19, ry + 0.005, 0.412, 2.4),
                    (0, by, 0.19, ry + 0.005, 0.428, 2.4),
                    (0, by, 0.183, ry - 0.003, 0.44, 2.4),
                    (0, by, 0.12, ry - 0.07, 0.443, 2.3),
                ],
            )


def tub_inside(cx, cy, hx, hy, z, deep, p=4.0):
    """The inside of a bath as loops for `rings`, from its rim down."""
    return [
        (cx, cy, hx, hy, z, p),
        (cx, cy, hx - 0.015, hy - 0.015, z - 0.02, p),
        (cx, cy, hx - 0.06, hy - 0.05, z - deep * 0.6, p),
        (cx, cy, hx - 0.12, hy - 0.08, z - deep * 0.93, p),
        (cx, cy, hx - 0.2, hy - 0.13, z - deep, p - 0.6),
    ]


def bathtub_built(b, x0, x1, y0, y1, h, panel, tile):
    """Built in: a rim all round, a panel to the room (at y1)."""
    m = mat("gloss:white")
    cx, cy, hx, hy = (x0 + x1) / 2, (y0 + y1) / 2, (x1 - x0) / 2, (y1 - y0) / 2
    with b.item("bathtub"):
        rings(
            b,
            m,
            [
                (cx, cy, hx, hy, h - 0.035, 40),
                (cx, cy, hx, hy, h - 0.006, 40),
                (cx, cy, hx - 0.006, hy - 0.006, h, 40),
                *tub_inside(cx, cy, hx - 0.07, hy - 0.07, h, 0.4),
            ],
            n=160,
            first=False,
        )
        b.box(
            mat(panel, plane="xz", tw=tile[0], th=tile[1], grain="x", **({"look": "matt"} if tile[0] > 0.25 else {})),
            x0 + 0.002,
            y1 - 0.03,
            0,
            x1 - 0.002,
            y1 - 0.012,
            h - 0.03,
            0.001,
        )
        for x in (x0 + 0.002, x1 - 0.02):  # its ends, where they are not at a wall
            b.box(
                mat(panel, plane="yz", tw=tile[0], th=tile[1], grain="y"),
                x,
                y0 + 0.01,
                0,
                x + 0.018,
                y1 - 0.03,
                h - 0.03,
                0.001,
            )
        b.lathe(mat("metal:chrome"), [(0.03, 0), (0.028, 0.004), (0, 0.005)], (cx + hx * 0.4, cy, h - 0.399), 24)


def bathtub_free(b, cx, cy, L, w, style, spec):
    """A bath that stands free."""
    h = 0.57
    hx, hy = L / 2, w / 2
    with b.item("bathtub"):
        m = mat(spec)
        p = 2.5 if style == "oval" else 6.0
        out = [
            (cx, cy, hx - 0.12, hy - 0.09, 0.0, p),
            (cx, cy, hx - 0.08, hy - 0.06, 0.06, p),
            (cx, cy, hx - 0.04, hy - 0.03, 0.3, p),
            (cx, cy, hx, hy, h, p),
            (cx, cy, hx - 0.012, hy - 0.012, h + 0.012, p),
        ]
        rings(b, m, out, n=96, last=False)
        rings(
            b, mat("gloss:white"), [out[-1], *tub_inside(cx, cy, hx - 0.03, hy - 0.03, h, 0.42, p)], n=96, first=False
        )


def tub_mixer(b, x, y, z, metal):
    """On the wall over a bath: body, spout and hand shower."""
    with b.item("faucet"):
        m = mat("metal:" + metal)
        b.tube(m, [(x - 0.11, y + 0.05, z), (x + 0.11, y + 0.05, z)], 0.021)
        for s in (-1, 1):
            b.tube(m, [(x + s * 0.075, y, z), (x + s * 0.075, y + 0.05, z)], 0.017)
            b.tube(m, [(x + s * 0.11, y + 0.05, z), (x + s * 0.15, y + 0.05, z)], 0.017)
        b.tube(m, [(x, y + 0.05, z), (x, y + 0.17, z - 0.01), (x, y + 0.175, z - 0.04)], 0.014)


def shower_set(b, x, z0, metal, rain, H):
    """Mixer, riser and head on the wall of the current frame."""
    with b.item("faucet"):
        m = mat("metal:" + metal)
        top = min(H - 0.15, z0 + 1.15)
        b.tube(m, [(x - 0.12, 0.05, z0), (x + 0.12, 0.05, z0)], 0.021)
        for s in (-1, 1):
            b.tube(m, [(x + s * 0.075, 0, z0), (x + s * 0.075, 0.05, z0)], 0.016)
            b.tube(m, [(x + s * 0.12, 0.05, z0), (x + s * 0.155, 0.05, z0)], 0.018)
        if rain:
            b.tube(
                m,
                [(x, 0.05, z0), (x, 0.05, top), (x, 0.07, top + 0.03), (x, 0.36, top + 0.03), (x, 0.38, top + 0.0)],
                0.011,
            )
            b.lathe(m, [(0.015, 0.02), (0.11, 0.012), (0.12, 0.006), (0.118, 0), (0, 0.0)], (x, 0.38, top - 0.025), 40)
        else:
            b.tube(m, [(x, 0.045, z0 + 0.1), (x, 0.045, top)], 0.011)
            for z in (z0 + 0.14, top - 0.04):
                b.tube(m, [(x, 0, z), (x, 0.045, z)], 0.012)
            with b.frame(x, 0.1, top - 0.12, 0, -60):
                b.lathe(m, [(0.012, -0.02), (0.05, 0.0), (0.052, 0.012), (0, 0.014)], n=28)
            b.tube(m, [(x, 0.045, top - 0.1), (x, 0.1, top - 0.12)], 0.012)
            b.tube(
                m,
                [
                    (x + 0.02, 0.05, z0 - 0.02),
                    (x + 0.1, 0.09, z0 - 0.35),
                    (x + 0.12, 0.1, z0 + 0.1),
                    (x + 0.02, 0.1, top - 0.2),
                ],
                0.007,
                smooth=True,
            )


def glass_screen(b, x0, x1, z0, z1, metal, handle=None):
    """A pane along x of the current frame, in slim profiles; handle: the x of a bar for a door."""
    with b.item("shower screen"):
        b.mesh([(x0, 0, z0), (x1, 0, z0), (x1, 0, z1), (x0, 0, z1)], [(0, 1, 2, 3)], mat("glass:screen"))
        m = mat("metal:" + metal)
        t = 0.009
        for q in (
            (x0 - t, z0, x0 + t, z1),
            (x1 - t, z0, x1 + t, z1),
            (x0, z1 - t, x1, z1 + t),
            (x0, z0 - 0.003, x1, z0 + t),
        ):
            b.box(m, q[0], -0.011, q[1], q[2], 0.011, q[3], 0.001)
    if handle is not None:
        with b.item("shower screen"):
            b.tube(m, [(handle, 0.045, z0 + 0.85), (handle, 0.045, z0 + 1.15)], 0.009, "handle")
            for z in (z0 + 0.88, z0 + 1.12):
                b.tube(m, [(handle, 0, z), (handle, 0.045, z)], 0.007, "handle")


def towel_rod(b, x, z, L, metal, spec, n=1):
    """A rod on the wall with towels over it."""
    rng = b.rng
    with b.item("towel rod"):
        m = mat("metal:" + metal)
        b.tube(m, [(x - L / 2, 0.075, z), (x + L / 2, 0.075, z)], 0.0085)
        for s in (-1, 1):
            b.tube(m, [(x + s * (L / 2 - 0.02), 0, z), (x + s * (L / 2 - 0.02), 0.075, z)], 0.0085)
            with b.frame(x + s * (L / 2 - 0.02), 0, z, 0, -90):
                b.lathe(m, [(0.024, 0), (0.024, 0.008), (0, 0.009)], n=24)
    for i in range(n):
        w = (L - 0.1) / n - 0.02
        towel(
            b,
            x + (i - (n - 1) / 2) * (w + 0.02),
            0.075,
            z,
            w * rng.uniform(0.85, 1.0),
            rng.uniform(0.35, 0.6),
            rng.uniform(0.25, 0.4),
            spec,
        )


def paper_holder(b, x, z, metal):
    """A roll of paper on the wall."""
    with b.item("decor"):
        b.tube(mat("metal:" + metal), [(x - 0.075, 0, z), (x - 0.075, 0.07, z), (x + 0.07, 0.07, z)], 0.007)
        n, v, f = 28, [], []
        for xx, r in ((x - 0.05, 0.018), (x - 0.05, 0.052), (x + 0.05, 0.052), (x + 0.05, 0.018)):
            v += [
                (xx, 0.07 + r * math.cos(2 * math.pi * i / n), z + r * math.sin(2 * math.pi * i / n)) for i in range(n)
            ]
        for k in range(3):
            f += [(k * n + i, k * n + (i + 1) % n, (k + 1) * n + (i + 1) % n, (k + 1) * n + i) for i in range(n)]
        b.mesh(v, f, mat("fabric:white"), smooth=50)
