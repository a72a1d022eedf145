"""The light of a time of day, and lamps."""

import math

import numpy as np

from render_rooms.chance import pick
from render_rooms.materials import mat


def pendant(b, x, y, H, drop, kind, metal, glow, power):
    """A lamp that hangs from the ceiling by `drop` metres."""
    z, top = H - drop, max(H, b.shell.height_at(x, y))
    with b.item("pendant lamp"):
        m = mat("metal:" + metal)
        b.lathe(m, [(0.055, top - 0.025), (0.055, top - 0.002), (0, top - 0.001)], (x, y, 0), 28)
        hh = dict(dome=0.26, cone=0.3, globe=0.3, drum=0.22, bell=0.3)[kind]
        b.tube(mat("metal:black"), [(x, y, top - 0.02), (x, y, z + hh)], 0.003)
        if kind == "globe":
            b.lathe(m, [(0.02, 0.24), (0.03, 0.29), (0.02, 0.31), (0, 0.31)], (x, y, z))
            pr = [(0.13 * math.sin(t), 0.13 - 0.13 * math.cos(t)) for t in np.linspace(0.02, math.pi - 0.25, 24)]
            b.lathe(mat("glow:shade"), pr, (x, y, z), 48, smooth=80)
        else:
            pr = dict(
                dome=[
                    (0.19, 0),
                    (0.188, 0.03),
                    (0.17, 0.09),
                    (0.13, 0.145),
                    (0.07, 0.18),
                    (0.03, 0.195),
                    (0.022, 0.25),
                ],
                cone=[(0.17, 0), (0.11, 0.12), (0.035, 0.25), (0.025, 0.29)],
                drum=[(0.2, 0), (0.2, 0.16), (0.05, 0.19), (0.02, 0.21)],
                bell=[(0.15, 0), (0.135, 0.02), (0.12, 0.1), (0.1, 0.18), (0.05, 0.24), (0.025, 0.29)],
            )[kind]
            outer = pr
            inner = [(max(r - 0.004, 0.001), zz) for r, zz in pr][::-1]
            b.lathe(m, outer + inner, (x, y, z), 56, smooth=60, caps=False)
            b.lathe(
                mat("glow:" + glow),
                [(0.001, 0.03)]
                + [(0.038 * math.sin(t), 0.07 - 0.038 * math.cos(t)) for t in np.linspace(0.1, math.pi - 0.05, 14)],
                (x, y, z),
                24,
            )
    b.light("POINT", (x, y, z + (0.02 if kind != "globe" else -0.03)), power, (1, 0.78, 0.55), shadow_soft_size=0.06)


LIGHTS = dict(
    day=dict(
        view="day", sky=26.0, skycol=(0.86, 0.93, 1.0), world=0.6, sun=6.5, suncol=(1, 0.9, 0.76), spots=5.0, lamp=7.0
    ),
    soft=dict(
        view="day", sky=34.0, skycol=(0.93, 0.96, 1.0), world=0.8, sun=0.0, suncol=(1, 1, 1), spots=6.0, lamp=8.0
    ),
    golden=dict(
        view="dim", sky=15.0, skycol=(0.86, 0.9, 1.0), world=0.4, sun=7.0, suncol=(1, 0.72, 0.45), spots=5.0, lamp=9.0
    ),
    evening=dict(
        view="dusk", sky=2.0, skycol=(0.45, 0.6, 1.0), world=0.06, sun=0.0, suncol=(1, 1, 1), spots=14.0, lamp=16.0
    ),
)


def table_lamp(b, x, y, z, kind, spec, on, power, size=1.0):
    """A lamp that stands at (x, y, z), lit or not."""
    s = size
    with b.item("table lamp"), b.frame(x, y, z):
        m = mat(spec, grain="z")
        if kind == "gourd":
            p, zz = [(0.06, 0), (0.085, 0.03), (0.095, 0.08), (0.075, 0.15), (0.035, 0.21), (0.018, 0.24)], 0.24
        elif kind == "column":
            p, zz = [(0.06, 0), (0.062, 0.01), (0.055, 0.02), (0.05, 0.2), (0.02, 0.215)], 0.215
        elif kind == "stem":
            p, zz = [(0.075, 0), (0.075, 0.012), (0.012, 0.02), (0.01, 0.26)], 0.26
        else:
            p, zz = [(0.01, 0), (0.08, 0.02), (0.1, 0.08), (0.09, 0.14), (0.03, 0.18)], 0.18
        b.lathe(m, [(r * s, q * s) for r, q in p], n=36, smooth=50)
        b.tube(mat("metal:black"), [(0, 0, zz * s - 0.005), (0, 0, (zz + 0.1) * s)], 0.006)
        if kind == "globe":
            pr = [
                (0.1 * s * math.sin(t), (zz + 0.11 - 0.1 * math.cos(t)) * s)
                for t in np.linspace(0.15, math.pi - 0.02, 22)
            ]
            b.lathe(mat("glow:shade" if on else "gloss:white"), pr, n=40, smooth=80)
        else:
            r0, r1, hh = (0.15, 0.1, 0.2) if kind != "stem" else (0.13, 0.12, 0.17)
            b.lathe(
                mat("glow:shade" if on else "curtain:cream"),
                [(r0 * s, (zz + 0.04) * s), (r1 * s, (zz + 0.04 + hh) * s)],
                n=48,
                smooth=80,
                caps=False,
            )
    if on:
        b.light("POINT", (x, y, z + (zz + 0.13) * s), power, (1, 0.74, 0.48), shadow_soft_size=0.07)


def ceiling_lamp(b, x, y, H, spec, power):
    """A round lamp under the ceiling."""
    H = max(H, b.shell.height_at(x, y))
    with b.item("ceiling light"):
        b.lathe(mat(spec), [(0.2, H - 0.03), (0.205, H - 0.001), (0, H - 0.0005)], (x, y, 0), 48)
        b.lathe(
            mat("glow:shade"),
            [(0.0, H - 0.1), (0.1, H - 0.088), (0.16, H - 0.062), (0.19, H - 0.03)],
            (x, y, 0),
            48,
            smooth=80,
        )
    b.light("POINT", (x, y, H - 0.16), power, (1, 0.84, 0.66), shadow_soft_size=0.12)


def draw_light(rng, a):
    """The light of an ordinary photo, and what the windows show: a copy of one of LIGHTS with its own strengths.

    A "flash" light adds a lamp at the camera; whoever places the camera builds it.
    """
    name = pick(rng, ("day", 4), ("soft", 4), ("golden", 1.5), ("evening", 1.5), ("flash", 2.0), ("lamps", 1.5))
    light = dict(LIGHTS[{"flash": "soft", "lamps": "evening"}.get(name, name)])
    light["name"] = name
    lit = rng.choice([-1, 1])
    light["sundir"] = (lit * rng.uniform(0.3, 1.0), rng.uniform(-0.6, 0.6), -rng.uniform(0.4, 0.9))
    light["sky"] *= rng.uniform(0.6, 1.5)
    for key in ("spots", "lamp"):
        light[key] *= (
            rng.choice([0.0, 0.6, 1.0, 1.0, 2.0])
            if name in ("day", "soft", "golden", "flash")
            else rng.uniform(0.8, 1.8)
        )
    if name == "flash":
        light["sky"] *= 0.3
        light["flash"] = rng.uniform(25, 70)
    view = pick(
        rng,
        (light["view"], 5),
        ("bright", 3 if light["view"] == "day" else 0),
        ("night", 2 if light["view"] == "dusk" else 0),
    )
    if rng.random() < 0.2 and a.assets and view in ("day", "bright"):
        view = "kiara_1_dawn_1k.hdr"
    return light, view
