"""The light of a time of day, and lamps."""

import math

import numpy as np

from render_rooms.materials import mat


def pendant(b, x, y, H, drop, kind, metal, glow, power):
    z = H - drop
    with b.item("pendant lamp"):
        m = mat("metal:" + metal)
        b.lathe(m, [(.055, H - .025), (.055, H - .002), (0, H - .001)], (x, y, 0), 28)
        hh = dict(dome=.26, cone=.3, globe=.3, drum=.22, bell=.3)[kind]
        b.tube(mat("metal:black"), [(x, y, H - .02), (x, y, z + hh)], .003)
        if kind == "globe":
            b.lathe(m, [(.02, .24), (.03, .29), (.02, .31), (0, .31)], (x, y, z))
            pr = [(.13 * math.sin(t), .13 - .13 * math.cos(t)) for t in np.linspace(.02, math.pi - .25, 24)]
            b.lathe(mat("glow:shade"), pr, (x, y, z), 48, smooth=80)
        else:
            pr = dict(dome=[(.19, 0), (.188, .03), (.17, .09), (.13, .145), (.07, .18), (.03, .195), (.022, .25)],
                      cone=[(.17, 0), (.11, .12), (.035, .25), (.025, .29)],
                      drum=[(.2, 0), (.2, .16), (.05, .19), (.02, .21)],
                      bell=[(.15, 0), (.135, .02), (.12, .1), (.1, .18), (.05, .24), (.025, .29)])[kind]
            outer = pr
            inner = [(max(r - .004, .001), zz) for r, zz in pr][::-1]
            b.lathe(m, outer + inner, (x, y, z), 56, smooth=60, caps=False)
            b.lathe(mat("glow:" + glow), [(.001, .03)] + [(.038 * math.sin(t), .07 - .038 * math.cos(t)) for t in np.linspace(.1, math.pi - .05, 14)], (x, y, z), 24)
    b.light("POINT", (x, y, z + (.02 if kind != "globe" else -.03)), power, (1, .78, .55), shadow_soft_size=.06)


LIGHTS = dict(
    day=dict(view="day", sky=26.0, skycol=(.86, .93, 1.0), world=.6, sun=6.5, suncol=(1, .9, .76), spots=5.0, lamp=7.0),
    soft=dict(view="day", sky=34.0, skycol=(.93, .96, 1.0), world=.8, sun=0.0, suncol=(1, 1, 1), spots=6.0, lamp=8.0),
    golden=dict(view="dim", sky=15.0, skycol=(.86, .9, 1.0), world=.4, sun=7.0, suncol=(1, .72, .45), spots=5.0, lamp=9.0),
    evening=dict(view="dusk", sky=2.0, skycol=(.45, .6, 1.0), world=.06, sun=0.0, suncol=(1, 1, 1), spots=14.0, lamp=16.0),
)


def table_lamp(b, x, y, z, kind, spec, on, power, size=1.0):
    s = size
    with b.item("table lamp"), b.frame(x, y, z):
        m = mat(spec, grain="z")
        if kind == "gourd":
            p, zz = [(.06, 0), (.085, .03), (.095, .08), (.075, .15), (.035, .21), (.018, .24)], .24
        elif kind == "column":
            p, zz = [(.06, 0), (.062, .01), (.055, .02), (.05, .2), (.02, .215)], .215
        elif kind == "stem":
            p, zz = [(.075, 0), (.075, .012), (.012, .02), (.01, .26)], .26
        else:
            p, zz = [(.01, 0), (.08, .02), (.1, .08), (.09, .14), (.03, .18)], .18
        b.lathe(m, [(r * s, q * s) for r, q in p], n=36, smooth=50)
        b.tube(mat("metal:black"), [(0, 0, zz * s - .005), (0, 0, (zz + .1) * s)], .006)
        if kind == "globe":
            pr = [(.1 * s * math.sin(t), (zz + .11 - .1 * math.cos(t)) * s) for t in np.linspace(.15, math.pi - .02, 22)]
            b.lathe(mat("glow:shade" if on else "gloss:white"), pr, n=40, smooth=80)
        else:
            r0, r1, hh = (.15, .1, .2) if kind != "stem" else (.13, .12, .17)
            b.lathe(mat("glow:shade" if on else "curtain:cream"), [(r0 * s, (zz + .04) * s), (r1 * s, (zz + .04 + hh) * s)], n=48, smooth=80, caps=False)
    if on:
        b.light("POINT", (x, y, z + (zz + .13) * s), power, (1, .74, .48), shadow_soft_size=.07)


def ceiling_lamp(b, x, y, H, spec, power):
    with b.item("ceiling light"):
        b.lathe(mat(spec), [(.2, H - .03), (.205, H - .001), (0, H - .0005)], (x, y, 0), 48)
        b.lathe(mat("glow:shade"), [(.0, H - .1), (.1, H - .088), (.16, H - .062), (.19, H - .03)], (x, y, 0), 48, smooth=80)
    b.light("POINT", (x, y, H - .16), power, (1, .84, .66), shadow_soft_size=.12)
