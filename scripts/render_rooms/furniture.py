"""Stools, chairs, tables, sofas and beds."""

import math

import numpy as np

from render_rooms.joinery import split
from render_rooms.materials import mat
from render_rooms.textiles import bed_pillow, hang


def stool(b, x, y, turn, kind, metal, seatspec, woodspec, h=0.66):
    """A bar stool: round, pedestal, frame or back; h is the height of its seat."""
    with b.item("bar stool"), b.frame(x, y, 0, turn):
        mm, wm, sm = mat("metal:" + metal), mat(woodspec, grain="z"), mat(seatspec)
        if kind == "round":
            for k in range(4):
                a = math.pi / 4 + k * math.pi / 2
                b.tube(
                    wm,
                    [(0.21 * math.cos(a), 0.21 * math.sin(a), 0), (0.12 * math.cos(a), 0.12 * math.sin(a), h)],
                    0.016,
                )
            ring = [(0.175 * math.cos(t), 0.175 * math.sin(t), 0.22) for t in np.linspace(0, 2 * math.pi, 33)]
            b.tube(mm, ring, 0.008)
            b.lathe(
                mat(woodspec, grain="x"),
                [
                    (0.155, h),
                    (0.175, h + 0.006),
                    (0.178, h + 0.022),
                    (0.168, h + 0.034),
                    (0.1, h + 0.028),
                    (0, h + 0.026),
                ],
            )
        elif kind == "pedestal":
            b.lathe(mm, [(0.21, 0), (0.21, 0.008), (0.19, 0.014), (0.03, 0.022), (0.026, 0.05), (0.026, h - 0.03)])
            ring = [(0.12 * math.cos(t), 0.12 * math.sin(t), 0.24) for t in np.linspace(0, 2 * math.pi, 33)]
            b.tube(mm, ring, 0.008)
            b.tube(mm, [(-0.12, 0, 0.24), (0.12, 0, 0.24)], 0.007)
            b.soft(sm, -0.2, -0.19, h - 0.03, 0.2, 0.19, h + 0.045, 0.03, 0.012)
            b.soft(sm, -0.2, -0.235, h + 0.0, 0.2, -0.185, h + 0.27, 0.022, 0.012)
        else:
            for sx in (-1, 1):
                for sy in (-1, 1):
                    b.tube(mm, [(sx * 0.21, sy * 0.2, 0), (sx * 0.175, sy * 0.165, h - 0.02)], 0.011)
            for sx in (-1, 1):
                b.tube(mm, [(sx * 0.197, -0.187, 0.23), (sx * 0.197, 0.187, 0.23)], 0.008)
            for sy in (-1, 1):
                b.tube(mm, [(-0.197, sy * 0.187, 0.23), (0.197, sy * 0.187, 0.23)], 0.008)
            b.soft(sm, -0.215, -0.2, h - 0.02, 0.215, 0.2, h + 0.06, 0.03, 0.014)
            pts = [
                (0.205 * math.cos(t), 0.05 - 0.25 * math.sin(t), h + 0.2) for t in np.linspace(0.15, math.pi - 0.15, 17)
            ]
            if kind == "back":
                n, v, f = 20, [], []
                for i in range(n + 1):
                    t = 0.05 + (math.pi - 0.1) * i / n
                    top = h + 0.22 + 0.1 * math.sin(t) ** 2
                    for r, z in (
                        (0.235, h + 0.0),
                        (0.24, h + 0.06),
                        (0.245, top - 0.02),
                        (0.235, top),
                        (0.215, top),
                        (0.205, top - 0.02),
                        (0.2, h + 0.06),
                        (0.205, h),
                    ):
                        v.append((r * math.cos(t), 0.03 - r * math.sin(t), z))
                for i in range(n):
                    for j in range(8):
                        f.append((8 * i + j, 8 * i + (j + 1) % 8, 8 * i + 8 + (j + 1) % 8, 8 * i + 8 + j))
                f += [tuple(range(8))[::-1], tuple(range(8 * n, 8 * n + 8))]
                b.mesh(v, f, sm, smooth=70)
            else:
                b.tube(wm, pts, 0.014)
                for t in (0.35, math.pi / 2, math.pi - 0.35):
                    b.tube(
                        mm,
                        [
                            (0.19 * math.cos(t), 0.05 - 0.235 * math.sin(t), h + 0.03),
                            (0.205 * math.cos(t), 0.05 - 0.25 * math.sin(t), h + 0.2),
                        ],
                        0.006,
                    )


def chair(b, x, y, turn, seatspec, woodspec):
    """A dining chair that looks along +y of its own frame."""
    with b.item("chair"), b.frame(x, y, 0, turn):
        wm, sm = mat(woodspec, grain="z"), mat(seatspec)
        for sx in (-1, 1):
            b.tube(wm, [(sx * 0.2, 0.2, 0), (sx * 0.18, 0.18, 0.44)], 0.017)
            b.tube(wm, [(sx * 0.21, -0.24, 0), (sx * 0.19, -0.2, 0.44), (sx * 0.19, -0.25, 0.82)], 0.016)
        b.soft(sm, -0.22, -0.22, 0.42, 0.22, 0.22, 0.49, 0.03, 0.012)
        v, f, n = [], [], 12
        for i in range(n + 1):
            t = math.pi * i / n
            for r, z in ((0, 0.62), (0, 0.82), (0.025, 0.82), (0.025, 0.62)):
                v.append((0.21 * math.cos(t), -0.18 - (0.09 + r) * math.sin(t) - r * 0.2, z))
        for i in range(n):
            for j in range(4):
                f.append((4 * i + j, 4 * i + (j + 1) % 4, 4 * i + 4 + (j + 1) % 4, 4 * i + 4 + j))
        f += [(3, 2, 1, 0), tuple(range(4 * n, 4 * n + 4))]
        b.mesh(v, f, wm if b.rng.random() < 0.5 else sm, smooth=50, bevel=0.005)


def table(b, x, y, turn, lx, ly, h, spec, legs, cls="dining table", round_=False):
    """A table with four legs or, round, with a foot."""
    with b.item(cls), b.frame(x, y, 0, turn):
        m = mat(spec, grain="x", size=0.8)
        lm = mat(legs, grain="z")
        t = 0.035
        if round_:
            b.lathe(
                m,
                [(lx / 2 - 0.012, h - t), (lx / 2, h - t + 0.01), (lx / 2, h - 0.008), (lx / 2 - 0.008, h), (0, h)],
                n=72,
            )
            if h > 0.6:
                b.lathe(lm, [(0.26, 0), (0.27, 0.02), (0.08, 0.07), (0.07, 0.4), (0.12, h - t)], n=40)
            else:
                for k in range(3):
                    a = 0.5 + k * 2 * math.pi / 3
                    b.tube(
                        lm,
                        [
                            (lx * 0.42 * math.cos(a), lx * 0.42 * math.sin(a), 0),
                            (lx * 0.3 * math.cos(a), lx * 0.3 * math.sin(a), h - t),
                        ],
                        0.018,
                    )
        else:
            b.box(m, -lx / 2, -ly / 2, h - t, lx / 2, ly / 2, h, 0.004)
            for sx in (-1, 1):
                for sy in (-1, 1):
                    q = 0.03
                    b.box(
                        lm,
                        sx * (lx / 2 - 0.07) - q,
                        sy * (ly / 2 - 0.07) - q,
                        0,
                        sx * (lx / 2 - 0.07) + q,
                        sy * (ly / 2 - 0.07) + q,
                        h - t,
                        0.003,
                    )
            if h < 0.6 and b.rng.random() < 0.6:
                b.box(m, -lx / 2 + 0.07, -ly / 2 + 0.07, 0.12, lx / 2 - 0.07, ly / 2 - 0.07, 0.14, 0.002)


def sofa(b, x, y, turn, L, spec, legs, style, cls="sofa", chaise=False):
    """A sofa or armchair; its back is at +y of its own frame."""
    rng = b.rng
    m, lm = mat(spec), mat(legs, grain="z")
    dep, arm, back = 0.92, (0.16 if style != "slim" else 0.1), 0.82
    with b.item(cls), b.frame(x, y, 0, turn):  # seen from -y side to +y: back at +y... front looks to -y
        z0 = 0.16 if style == "slim" else 0.1
        for sx in (-1, 1):
            for sy in (-1, 1):
                px, py = sx * (L / 2 - 0.07), sy * (dep / 2 - 0.08)
                b.lathe(lm, [(0.014, 0), (0.022, z0 + 0.02)], (px, py, 0), 16)
        b.soft(m, -L / 2, -dep / 2 + 0.02, z0, L / 2, dep / 2, z0 + 0.17, 0.03, 0.004)
        ah = 0.62 if style != "low" else 0.5
        for sx in (-1, 1):
            a, c = sx * L / 2, sx * (L / 2 - arm)
            b.soft(m, min(a, c), -dep / 2 + 0.01, z0 + 0.02, max(a, c), dep / 2, ah, 0.05, 0.008)
        b.soft(m, -L / 2 + arm * 0.9, dep / 2 - 0.2, z0 + 0.05, L / 2 - arm * 0.9, dep / 2, back - 0.06, 0.06, 0.008)
        n = max(1, round((L - 2 * arm) / 0.75))
        w = (L - 2 * arm) / n
        for i in range(n):
            a = -L / 2 + arm + i * w
            b.soft(m, a + 0.004, -dep / 2 + 0.0, z0 + 0.17, a + w - 0.004, dep / 2 - 0.2, z0 + 0.33, 0.05, 0.022)
            with b.frame(0, dep / 2 - 0.2, z0 + 0.31, 0, -10):
                b.soft(m, a + 0.006, -0.17, 0, a + w - 0.006, 0.02, 0.46, 0.07, 0.035)
        if chaise:
            s = rng.choice([-1, 1])
            a, c = sorted((s * (L / 2 - arm), s * (L / 2 - arm - 0.8)))
            b.soft(m, a, -dep / 2 - 0.62, z0, c, -dep / 2 + 0.06, z0 + 0.17, 0.03, 0.004)
            b.soft(m, a, -dep / 2 - 0.63, z0 + 0.17, c, -dep / 2 + 0.02, z0 + 0.33, 0.05, 0.02)
    return z0 + 0.34, dep


def headboard(b, style, spec, metal, w, h, y0):
    """From the floor (behind the bed) up to h; returns the y of its front."""
    y1 = y0 + (0.07 if style in ("panel", "soft", "channels", "tufted") else 0.035)
    with b.item("headboard"):
        if style == "soft":
            b.soft(mat(spec), -w / 2, y0, 0.1, w / 2, y1, h, 0.03, 0.012)
        elif style == "channels":
            for a, c in split(-w / 2, w / 2, 0.16):
                b.soft(mat(spec), a + 0.001, y0, 0.1, c - 0.001, y1, h, 0.03, 0.014)
        elif style == "tufted":
            for a, c in split(-w / 2, w / 2, 0.4):
                for z0, z1 in split(0.35, h, 0.28):
                    b.soft(mat(spec), a + 0.001, y0, z0 + 0.001, c - 0.001, y1, z1 - 0.001, 0.03, 0.016)
            b.box(mat(spec), -w / 2, y0, 0.1, w / 2, y1 - 0.02, 0.36, 0.004)
        elif style == "panel":
            b.box(mat(spec, grain="z"), -w / 2, y0, 0, w / 2, y1 - 0.03, h - 0.03, 0.002)
            for a, c in split(-w / 2, w / 2, 0.6):
                b.panel(mat(spec, grain="z"), a, 0.3, c, h - 0.03, y1 - 0.03, 0.024, 0.07, 0.011)
            b.box(mat(spec, grain="x"), -w / 2 - 0.02, y0, h - 0.03, w / 2 + 0.02, y1 + 0.01, h, 0.003)
        elif style == "slats":
            b.box(mat(spec, grain="z"), -w / 2, y0, 0, w / 2, y0 + 0.014, h, 0.001)
            for a, c in split(-w / 2, w / 2, 0.05):
                b.box(mat(spec, grain="z"), a + 0.008, y0 + 0.014, 0.2, c - 0.008, y1, h, 0.002, seg=1)
        elif style == "bars":
            m = mat("metal:" + metal)
            y = (y0 + y1) / 2
            for s in (-1, 1):
                b.tube(m, [(s * w / 2, y, 0), (s * w / 2, y, h)], 0.016)
                b.lathe(m, [(0.0, 0.0), (0.02, 0.012), (0.02, 0.026), (0, 0.04)], (s * w / 2, y, h - 0.01), 20)
            for z in (h - 0.08, 0.6):
                b.tube(m, [(-w / 2, y, z), (w / 2, y, z)], 0.011)
            for a, _ in split(-w / 2, w / 2, 0.13)[1:]:
                b.tube(m, [(a, y, 0.6), (a, y, h - 0.08)], 0.007)
        else:
            b.box(mat(spec, grain="x"), -w / 2, y0, 0.0, w / 2, y1, h, 0.006, seg=3)
    return y1


def bed(b, x, look, y0=0.012):
    """A bed with its head at the wall; returns (half width with bedclothes, y of its end)."""
    rng = b.rng
    with b.frame(x, 0, 0):
        w, L = look["w"], 2.0
        y = (
            headboard(b, look["head"], look["headspec"], look["metal"], look["headw"], look["headh"], y0)
            if look["head"] != "none"
            else y0 + 0.01
        )
        y1 = y + 0.01 + L
        ztop = look["top"]
        with b.item("bed"):
            fm = mat(look["frame"], grain="y")
            zr = ztop - 0.22  # the top of the base, under the mattress
            if look["base"] == "legs":
                for s in (-1, 1):
                    b.box(
                        fm,
                        s * (w / 2 + 0.002) - 0.014,
                        y,
                        zr - 0.13,
                        s * (w / 2 + 0.002) + 0.014,
                        y1 + 0.02,
                        zr + 0.03,
                        0.003,
                    )
                    for q in (y + 0.06, y1 - 0.05):
                        b.box(
                            mat(look["frame"], grain="z"),
                            s * (w / 2 - 0.03) - 0.03,
                            q - 0.03,
                            0,
                            s * (w / 2 - 0.03) + 0.03,
                            q + 0.03,
                            zr,
                            0.003,
                        )
                b.box(
                    mat(look["frame"], grain="x"),
                    -w / 2 - 0.016,
                    y1,
                    zr - 0.13,
                    w / 2 + 0.016,
                    y1 + 0.028,
                    zr + look["footboard"],
                    0.003,
                )
                b.box(fm, -w / 2, y, zr - 0.03, w / 2, y1, zr, 0)
            elif look["base"] == "soft":
                b.soft(fm, -w / 2 - 0.01, y, 0.06, w / 2 + 0.01, y1 + 0.02, zr, 0.025, 0.004)
                for s in (-1, 1):
                    for q in (y + 0.1, y1 - 0.1):
                        b.lathe(mat("paint:black"), [(0.025, 0), (0.025, 0.07)], (s * (w / 2 - 0.1), q, 0), 16)
            else:  # a platform that stands on a set-back plinth
                b.box(mat("paint:black"), -w / 2 + 0.1, y + 0.02, 0, w / 2 - 0.1, y1 - 0.12, zr - 0.12, 0)
                b.box(fm, -w / 2 - 0.035, y, zr - 0.12, w / 2 + 0.035, y1 + 0.04, zr, 0.004)
            b.soft(mat("fabric:white"), -w / 2 + 0.005, y + 0.005, zr, w / 2 - 0.005, y1, ztop, 0.05, 0.004)
            t0 = y + rng.uniform(0.48, 0.72)
            tucked = look["base"] == "legs" and look["footboard"] > 0.05  # a footboard: the duvet ends before it
            foot = 0.08 if tucked else look["drop"]
            hang(
                b,
                look["duvet"],
                w,
                t0,
                y1 - (0.12 if tucked else 0.02),
                ztop - 0.008,
                look["drop"],
                foot,
                0.06,
                rng.uniform(0.012, 0.03),
                rng.uniform(0.012, 0.026),
                look["quilt"],
            )
            if look["turned"]:  # the sheet turned back over the duvet
                hang(b, look["sheet"], w, t0 - 0.02, t0 + 0.32, ztop + 0.006, look["drop"] * 0.8, 0, 0.062, 0.012, 0.01)
        if look["throw"]:
            with b.item("throw blanket"):
                t = y1 - rng.uniform(0.55, 0.8)
                # wider than the duvet with its folds, so that these do not come through
                hang(
                    b,
                    look["throw"],
                    w + 0.08,
                    t,
                    t + rng.uniform(0.38, 0.5),
                    ztop + 0.014,
                    look["drop"] + 0.08,
                    0,
                    0.07,
                    0.012,
                    0.016,
                    skew=rng.uniform(-0.08, 0.08),
                )
        n = 2 if w > 1.3 else 1
        for i in range(n):
            px = (i - (n - 1) / 2) * w * 0.49
            pw = min(0.72, w * 0.46)
            bed_pillow(
                b, look["sheet"], px, y + 0.42, ztop - 0.005, pw, 0.46, 0.085, rng.uniform(50, 62), rng.uniform(-4, 4)
            )
            bed_pillow(
                b,
                look["pillow"],
                px + rng.uniform(-0.03, 0.03),
                y + 0.48,
                ztop + 0.012,
                pw * 0.96,
                0.44,
                0.085,
                rng.uniform(27, 36),
                rng.uniform(-5, 5),
            )
        k = rng.choice([0, 1, 2, 3]) if n == 2 else rng.choice([0, 1])
        for i in range(k):
            big = rng.uniform(0.36, 0.46)
            bed_pillow(
                b,
                look["scatter"],
                (i - (k - 1) / 2) * 0.42 + rng.uniform(-0.04, 0.04),
                y + 0.64,
                ztop + 0.06,
                big * (1.35 if k == 1 else 1),
                big,
                0.07,
                rng.uniform(24, 34),
                rng.uniform(-9, 9),
            )
    return w / 2 + 0.1, y1 + 0.1
