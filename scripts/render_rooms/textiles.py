"""Curtains, blinds, bedclothes and towels."""

import math

import numpy as np

from render_rooms.materials import mat


def curtain(b, x0, x1, z0, z1, y, spec, folds=None, sheer=False, cls="curtain"):
    """A curtain from x0 to x1 in soft folds, at depth y."""
    rng = b.rng
    with b.item(cls):
        L = x1 - x0
        folds = folds or max(4, round(L / 0.085))
        nx, nz = folds * 12, 10
        ph = [rng.uniform(-0.5, 0.5) for _ in range(folds + 2)]
        am = [rng.uniform(0.7, 1.25) for _ in range(folds + 2)]
        v, f = [], []
        for j in range(nz + 1):
            t = j / nz
            for i in range(nx + 1):
                u = i / nx * folds
                k = int(u)
                fr = u - k
                a = am[k] * (1 - fr) + am[k + 1] * fr
                p = ph[k] * (1 - fr) + ph[k + 1] * fr
                yy = 0.038 * a * math.sin(2 * math.pi * u + p * (1 - t) * 1.3) * (0.75 + 0.35 * (1 - t))
                xx = x0 + L * i / nx + 0.012 * math.cos(2 * math.pi * u) + (1 - t) * 0.02 * math.sin(3.1 * u / folds)
                v.append((xx, y + yy, z0 + (z1 - z0) * t))
        for j in range(nz):
            for i in range(nx):
                q = j * (nx + 1) + i
                f.append((q, q + 1, q + nx + 2, q + nx + 1))
        b.mesh(v, f, mat(spec, sheer=sheer), smooth=80)


# Everything here is in the frame of a wall: x along it, y from the wall into the room.
def hang(b, spec, w, t0, t1, top, side, foot, thick=0.05, wrinkle=0.008, wave=0.02, quilt=0.0, cls=None, skew=0.0):
    """A cloth on a bed w wide from t0 to t1 along it that hangs over the sides and over the end."""
    rng = b.rng
    half, r = w / 2, 0.055
    ss = np.linspace(-half - side, half + side, 84)
    ts = np.linspace(t0, t1 + foot, max(24, int((t1 + foot - t0) / 0.026)))
    waves = [
        (a * (1.8 / (1 + i)), k * math.cos(d), k * math.sin(d), rng.uniform(0, 6.28))
        for i, (a, k, d) in enumerate(
            (rng.uniform(0.6, 1.2), rng.uniform(4, 7) * (1 + i * 0.8), rng.uniform(0, 3.14)) for i in range(6)
        )
    ]
    ph, lam = rng.uniform(0, 6.28), rng.uniform(0.22, 0.34)
    v, f = [], []
    for t in ts:
        for s in ss:
            ox, oy = max(abs(s) - half, 0.0), max(t - t1, 0.0)
            d = max(ox, oy)
            out, down = (
                (r * math.sin(d / r), r * (1 - math.cos(d / r)))
                if d < r * math.pi / 2
                else (r, r + d - r * math.pi / 2)
            )
            n = math.hypot(ox, oy)
            dx, dy = (math.copysign(ox / n, s), oy / n) if n > 1e-9 else (0.0, 0.0)
            q = t + 0.3 * s if ox >= oy else s
            fold = min(1.0, d / 0.18)
            out += (
                fold
                * wave
                * (0.6 + 0.5 * math.sin(6.283 * q / lam + ph) + 0.35 * math.sin(6.283 * q / lam * 0.43 + 2 * ph))
            )
            # soft hills with narrow creases between them, as bedclothes have; a fold-over keeps its outer edge round
            h = sum(a * (1 - abs(math.sin(0.5 * (kx * s + ky * t + p)))) for a, kx, ky, p in waves) / 3
            h = -wrinkle * h * (1 - 0.6 * fold)
            if quilt:
                h -= 0.007 * max(0.0, 1 - min(abs((s / quilt) % 1 - 0.5), abs((t / quilt) % 1 - 0.5)) * 2 * 5)
            e = max(0.0, min(1.0, (t - t0) / 0.05))
            h += thick * math.sqrt(1 - (1 - e) ** 2)
            x = max(-half, min(half, s)) + dx * (out + h * fold * 0.3)
            y = min(t, t1) + dy * (out + h * fold * 0.3) + skew * s
            v.append((x, y, top - down + h))
    m = len(ss)
    for j in range(len(ts) - 1):
        for i in range(m - 1):
            q = j * m + i
            f.append((q, q + 1, q + m + 1, q + m))
    return b.mesh(v, f, mat(spec), cls=cls, smooth=80)


def bed_pillow(b, spec, x, y, z, w, h, thick=0.1, lean=30.0, turn=0.0):
    """A pillow that leans back on the wall (y = 0 of the frame); x, y, z is the middle of its lower edge."""
    n, v, f = 16, [], []
    for side in (1, -1):
        for i in range(n + 1):
            for j in range(n + 1):
                a, c = -1 + 2 * i / n, -1 + 2 * j / n
                t = ((1 - abs(a) ** 3) * (1 - abs(c) ** 2.6)) ** 0.55
                k = 1 - 0.05 * (1 - a * a) * c * c - 0.05 * (1 - c * c) * a * a
                v.append((a * k * w / 2, side * t * thick, c * k * h / 2 + h / 2))
        o = 0 if side == 1 else (n + 1) ** 2
        for i in range(n):
            for j in range(n):
                q = (
                    o + i * (n + 1) + j,
                    o + i * (n + 1) + j + 1,
                    o + (i + 1) * (n + 1) + j + 1,
                    o + (i + 1) * (n + 1) + j,
                )
                f.append(q[::-1] if side == 1 else q)
    with b.frame(x, y, z, turn, lean), b.item("cushion"):
        b.mesh(v, f, mat(spec), smooth=80)


def blinds(b, x0, x1, z0, z1, kind, spec, drop):
    """In front of a window; drop is the share of the opening that is covered."""
    zb = z1 - (z1 - z0) * drop
    with b.item("blinds"):
        if kind == "roller":
            b.box(mat("paint:white"), x0 - 0.03, 0.004, z1 - 0.01, x1 + 0.03, 0.085, z1 + 0.075, 0.008)
            b.mesh([(x0, 0.04, zb), (x1, 0.04, zb), (x1, 0.04, z1), (x0, 0.04, z1)], [(3, 2, 1, 0)], mat(spec))
            b.box(mat("paint:white"), x0, 0.032, zb - 0.025, x1, 0.048, zb, 0.003)
            return
        m = mat(spec, grain="x")
        b.box(m, x0 - 0.01, 0.01, z1 - 0.01, x1 + 0.01, 0.08, z1 + 0.05, 0.003)
        pitch = 0.046
        for i in range(int((z1 - 0.02 - zb) / pitch)):
            with b.frame(0, 0.045, z1 - 0.03 - i * pitch, 0, 32):
                b.box(m, x0, -0.024, -0.0012, x1, 0.024, 0.0012, 0)
        b.box(m, x0, 0.03, zb - 0.03, x1, 0.06, zb - 0.01, 0.003)
        for x in (x0 + 0.15, x1 - 0.15):
            b.box(mat("fabric:white"), x - 0.004, 0.069, zb - 0.02, x + 0.004, 0.0705, z1, 0)


def dress_window(b, w, H, how, palette, reach):
    """Curtains, blinds or both at a window of the current wall; reach: how far a curtain may stand beside it."""
    rng = b.rng
    x0, x1, z0, z1 = w["x0"], w["x1"], w["z0"], w["z1"]
    if "blinds" in how:
        kind = rng.choice(["venetian", "roller"])
        blinds(
            b,
            x0 - 0.02,
            x1 + 0.02,
            z0,
            z1,
            kind,
            palette["blinds"] if kind == "venetian" else "curtain:" + rng.choice(["white", "cream", "lightgrey"]),
            rng.uniform(0.3, 1.0) if kind == "venetian" else rng.uniform(0.25, 0.7),
        )
    if "curtain" in how:
        cw = min(reach / 0.75, rng.uniform(0.3, 0.5))
        zc = H - 0.06 if rng.random() < 0.5 else min(H - 0.06, z1 + 0.16)
        for s0, s1 in ((x0 - cw * 0.75, x0 + cw * 0.25), (x1 - cw * 0.25, x1 + cw * 0.75)):
            curtain(b, s0, s1, 0.015, zc, 0.13, palette["curtain"])
        if rng.random() < 0.35 and "blinds" not in how:
            curtain(b, x0 - 0.02, x1 + 0.02, 0.015, zc, 0.06, "curtain:white", sheer=True)
        with b.item("curtain"):
            b.tube(
                mat("metal:" + rng.choice(["black", "brass"])),
                [(x0 - cw * 0.75 - 0.05, 0.13, zc + 0.015), (x1 + cw * 0.75 + 0.05, 0.13, zc + 0.015)],
                0.011,
            )


def towel(b, x, y, z, w, front, back, spec):
    """A towel over a rod along x at height z: one sheet, with a little play in it."""
    rng = b.rng
    with b.item("towel"):
        r, ph = 0.017, rng.uniform(0, 6)
        prof = [(-r - 0.004, -back * k) for k in np.linspace(1, 0.05, 9)]
        prof += [(-r * math.cos(t), r * math.sin(t)) for t in np.linspace(0, math.pi, 9)]
        prof += [(r + 0.004 + 0.01 * k, -front * k) for k in np.linspace(0.05, 1, 12)]
        nx, v, f = 28, [], []
        for t in (0.0, 0.008):  # two skins make its thickness
            for yy, zz in prof:
                k = max(0.0, min(1.0, -zz / 0.3))
                for i in range(nx + 1):
                    u = i / nx
                    s = 1 if yy > 0 else -1
                    v.append(
                        (
                            x + (u - 0.5) * w * (1 - 0.03 * k),
                            y + yy + s * t + (0.007 * k * math.sin(9 * u + ph) if yy > 0 else 0),
                            z + zz + (t if zz > 0 else 0),
                        )
                    )
        m, rows = nx + 1, len(prof)
        for o in (0, rows * m):
            for j in range(rows - 1):
                for i in range(nx):
                    q = o + j * m + i
                    f.append((q, q + 1, q + m + 1, q + m))
        for i, step in ((0, m), (nx, m)):
            for j in range(rows - 1):
                q = j * step + i
                f.append((q, q + m, q + m + rows * m, q + rows * m))
        for o in (0, (rows - 1) * m):
            for i in range(nx):
                f.append((o + i, o + i + 1, o + i + 1 + rows * m, o + i + rows * m))
        b.mesh(v, f, mat(spec), smooth=70)


def towel_stack(b, x, y, z, spec, n=3):
    """Folded towels on top of each other."""
    with b.item("towel"):
        for k in range(n):
            b.soft(
                mat(spec),
                x - 0.14,
                y - 0.1,
                z + k * 0.055,
                x + 0.14,
                y + 0.1,
                z + (k + 1) * 0.055 + 0.003,
                0.024,
                0.004,
            )
