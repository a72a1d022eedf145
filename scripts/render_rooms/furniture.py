"""Stools, chairs, tables, sofas and beds."""

import math

import numpy as np

from render_rooms.joinery import split
from render_rooms.materials import mat
from render_rooms.textiles import bed_pillow, hang


def stool(b, x, y, turn, kind, metal, seatspec, woodspec, h=.66):
    with b.item("bar stool"), b.frame(x, y, 0, turn):
        mm, wm, sm = mat("metal:" + metal), mat(woodspec, grain="z"), mat(seatspec)
        if kind == "round":
            for k in range(4):
                a = math.pi / 4 + k * math.pi / 2
                b.tube(wm, [(.21 * math.cos(a), .21 * math.sin(a), 0), (.12 * math.cos(a), .12 * math.sin(a), h)], .016)
            ring = [(.175 * math.cos(t), .175 * math.sin(t), .22) for t in np.linspace(0, 2 * math.pi, 33)]
            b.tube(mm, ring, .008)
            b.lathe(mat(woodspec, grain="x"), [(.155, h), (.175, h + .006), (.178, h + .022), (.168, h + .034), (.1, h + .028), (0, h + .026)])
        elif kind == "pedestal":
            b.lathe(mm, [(.21, 0), (.21, .008), (.19, .014), (.03, .022), (.026, .05), (.026, h - .03)])
            ring = [(.12 * math.cos(t), .12 * math.sin(t), .24) for t in np.linspace(0, 2 * math.pi, 33)]
            b.tube(mm, ring, .008)
            b.tube(mm, [(-.12, 0, .24), (.12, 0, .24)], .007)
            b.soft(sm, -.2, -.19, h - .03, .2, .19, h + .045, .03, .012)
            b.soft(sm, -.2, -.235, h + .0, .2, -.185, h + .27, .022, .012)
        else:
            for sx in (-1, 1):
                for sy in (-1, 1):
                    b.tube(mm, [(sx * .21, sy * .2, 0), (sx * .175, sy * .165, h - .02)], .011)
            for sx in (-1, 1):
                b.tube(mm, [(sx * .197, -.187, .23), (sx * .197, .187, .23)], .008)
            for sy in (-1, 1):
                b.tube(mm, [(-.197, sy * .187, .23), (.197, sy * .187, .23)], .008)
            b.soft(sm, -.215, -.2, h - .02, .215, .2, h + .06, .03, .014)
            pts = [(.205 * math.cos(t), .05 - .25 * math.sin(t), h + .2) for t in np.linspace(.15, math.pi - .15, 17)]
            if kind == "back":
                n, v, f = 20, [], []
                for i in range(n + 1):
                    t = .05 + (math.pi - .1) * i / n
                    top = h + .22 + .1 * math.sin(t) ** 2
                    for r, z in ((.235, h + .0), (.24, h + .06), (.245, top - .02), (.235, top), (.215, top), (.205, top - .02), (.2, h + .06), (.205, h)):
                        v.append((r * math.cos(t), .03 - r * math.sin(t), z))
                for i in range(n):
                    for j in range(8):
                        f.append((8 * i + j, 8 * i + (j + 1) % 8, 8 * i + 8 + (j + 1) % 8, 8 * i + 8 + j))
                f += [tuple(range(8))[::-1], tuple(range(8 * n, 8 * n + 8))]
                b.mesh(v, f, sm, smooth=70)
            else:
                b.tube(wm, pts, .014)
                for t in (.35, math.pi / 2, math.pi - .35):
                    b.tube(mm, [(.19 * math.cos(t), .05 - .235 * math.sin(t), h + .03), (.205 * math.cos(t), .05 - .25 * math.sin(t), h + .2)], .006)


def chair(b, x, y, turn, seatspec, woodspec):
    with b.item("chair"), b.frame(x, y, 0, turn):
        wm, sm = mat(woodspec, grain="z"), mat(seatspec)
        for sx in (-1, 1):
            b.tube(wm, [(sx * .2, .2, 0), (sx * .18, .18, .44)], .017)
            b.tube(wm, [(sx * .21, -.24, 0), (sx * .19, -.2, .44), (sx * .19, -.25, .82)], .016)
        b.soft(sm, -.22, -.22, .42, .22, .22, .49, .03, .012)
        v, f, n = [], [], 12
        for i in range(n + 1):
            t = math.pi * i / n
            for r, z in ((0, .62), (0, .82), (.025, .82), (.025, .62)):
                v.append((.21 * math.cos(t), -.18 - (.09 + r) * math.sin(t) - r * .2, z))
        for i in range(n):
            for j in range(4):
                f.append((4 * i + j, 4 * i + (j + 1) % 4, 4 * i + 4 + (j + 1) % 4, 4 * i + 4 + j))
        f += [(3, 2, 1, 0), tuple(range(4 * n, 4 * n + 4))]
        b.mesh(v, f, wm if b.rng.random() < .5 else sm, smooth=50, bevel=.005)


def table(b, x, y, turn, lx, ly, h, spec, legs, cls="dining table", round_=False):
    with b.item(cls), b.frame(x, y, 0, turn):
        m = mat(spec, grain="x", size=.8)
        lm = mat(legs, grain="z")
        t = .035
        if round_:
            b.lathe(m, [(lx / 2 - .012, h - t), (lx / 2, h - t + .01), (lx / 2, h - .008), (lx / 2 - .008, h), (0, h)], n=72)
            if h > .6:
                b.lathe(lm, [(.26, 0), (.27, .02), (.08, .07), (.07, .4), (.12, h - t)], n=40)
            else:
                for k in range(3):
                    a = .5 + k * 2 * math.pi / 3
                    b.tube(lm, [(lx * .42 * math.cos(a), lx * .42 * math.sin(a), 0), (lx * .3 * math.cos(a), lx * .3 * math.sin(a), h - t)], .018)
        else:
            b.box(m, -lx / 2, -ly / 2, h - t, lx / 2, ly / 2, h, .004)
            for sx in (-1, 1):
                for sy in (-1, 1):
                    q = .03
                    b.box(lm, sx * (lx / 2 - .07) - q, sy * (ly / 2 - .07) - q, 0, sx * (lx / 2 - .07) + q, sy * (ly / 2 - .07) + q, h - t, .003)
            if h < .6 and b.rng.random() < .6:
                b.box(m, -lx / 2 + .07, -ly / 2 + .07, .12, lx / 2 - .07, ly / 2 - .07, .14, .002)


def sofa(b, x, y, turn, L, spec, legs, style, cls="sofa", chaise=False):
    rng = b.rng
    m, lm = mat(spec), mat(legs, grain="z")
    dep, arm, back = .92, (.16 if style != "slim" else .1), .82
    with b.item(cls), b.frame(x, y, 0, turn):     # seen from -y side to +y: back at +y... front looks to -y
        z0 = .16 if style == "slim" else .1
        for sx in (-1, 1):
            for sy in (-1, 1):
                px, py = sx * (L / 2 - .07), sy * (dep / 2 - .08)
                b.lathe(lm, [(.014, 0), (.022, z0 + .02)], (px, py, 0), 16)
        b.soft(m, -L / 2, -dep / 2 + .02, z0, L / 2, dep / 2, z0 + .17, .03, .004)
        ah = .62 if style != "low" else .5
        for sx in (-1, 1):
            a, c = sx * L / 2, sx * (L / 2 - arm)
            b.soft(m, min(a, c), -dep / 2 + .01, z0 + .02, max(a, c), dep / 2, ah, .05, .008)
        b.soft(m, -L / 2 + arm * .9, dep / 2 - .2, z0 + .05, L / 2 - arm * .9, dep / 2, back - .06, .06, .008)
        n = max(1, round((L - 2 * arm) / .75))
        w = (L - 2 * arm) / n
        for i in range(n):
            a = -L / 2 + arm + i * w
            b.soft(m, a + .004, -dep / 2 + .0, z0 + .17, a + w - .004, dep / 2 - .2, z0 + .33, .05, .022)
            with b.frame(0, dep / 2 - .2, z0 + .31, 0, -10):
                b.soft(m, a + .006, -.17, 0, a + w - .006, .02, .46, .07, .035)
        if chaise:
            s = rng.choice([-1, 1])
            a, c = sorted((s * (L / 2 - arm), s * (L / 2 - arm - .8)))
            b.soft(m, a, -dep / 2 - .62, z0, c, -dep / 2 + .06, z0 + .17, .03, .004)
            b.soft(m, a, -dep / 2 - .63, z0 + .17, c, -dep / 2 + .02, z0 + .33, .05, .02)
    return z0 + .34, dep


def headboard(b, style, spec, metal, w, h, y0):
    """From the floor (behind the bed) up to h; returns the y of its front."""
    y1 = y0 + (.07 if style in ("panel", "soft", "channels", "tufted") else .035)
    with b.item("headboard"):
        if style == "soft":
            b.soft(mat(spec), -w / 2, y0, .1, w / 2, y1, h, .03, .012)
        elif style == "channels":
            for a, c in split(-w / 2, w / 2, .16):
                b.soft(mat(spec), a + .001, y0, .1, c - .001, y1, h, .03, .014)
        elif style == "tufted":
            for a, c in split(-w / 2, w / 2, .4):
                for z0, z1 in split(.35, h, .28):
                    b.soft(mat(spec), a + .001, y0, z0 + .001, c - .001, y1, z1 - .001, .03, .016)
            b.box(mat(spec), -w / 2, y0, .1, w / 2, y1 - .02, .36, .004)
        elif style == "panel":
            b.box(mat(spec, grain="z"), -w / 2, y0, 0, w / 2, y1 - .03, h - .03, .002)
            for a, c in split(-w / 2, w / 2, .6):
                b.panel(mat(spec, grain="z"), a, .3, c, h - .03, y1 - .03, .024, .07, .011)
            b.box(mat(spec, grain="x"), -w / 2 - .02, y0, h - .03, w / 2 + .02, y1 + .01, h, .003)
        elif style == "slats":
            b.box(mat(spec, grain="z"), -w / 2, y0, 0, w / 2, y0 + .014, h, .001)
            for a, c in split(-w / 2, w / 2, .05):
                b.box(mat(spec, grain="z"), a + .008, y0 + .014, .2, c - .008, y1, h, .002, seg=1)
        elif style == "bars":
            m = mat("metal:" + metal)
            y = (y0 + y1) / 2
            for s in (-1, 1):
                b.tube(m, [(s * w / 2, y, 0), (s * w / 2, y, h)], .016)
                b.lathe(m, [(.0, .0), (.02, .012), (.02, .026), (0, .04)], (s * w / 2, y, h - .01), 20)
            for z in (h - .08, .6):
                b.tube(m, [(-w / 2, y, z), (w / 2, y, z)], .011)
            for a, c in split(-w / 2, w / 2, .13)[1:]:
                b.tube(m, [(a, y, .6), (a, y, h - .08)], .007)
        else:
            b.box(mat(spec, grain="x"), -w / 2, y0, .0, w / 2, y1, h, .006, seg=3)
    return y1


def bed(b, x, look, y0=.012):
    """A bed with its head at the wall; returns (half width with bedclothes, y of its end)."""
    rng = b.rng
    with b.frame(x, 0, 0):
        w, L = look["w"], 2.0
        y = headboard(b, look["head"], look["headspec"], look["metal"], look["headw"], look["headh"], y0) if look["head"] != "none" else y0 + .01
        y1 = y + .01 + L
        ztop = look["top"]
        with b.item("bed"):
            fm = mat(look["frame"], grain="y")
            zr = ztop - .22                                 # the top of the base, where the mattress lies
            if look["base"] == "legs":
                for s in (-1, 1):
                    b.box(fm, s * (w / 2 + .002) - .014, y, zr - .13, s * (w / 2 + .002) + .014, y1 + .02, zr + .03, .003)
                    for q in (y + .06, y1 - .05):
                        b.box(mat(look["frame"], grain="z"), s * (w / 2 - .03) - .03, q - .03, 0, s * (w / 2 - .03) + .03, q + .03, zr, .003)
                b.box(mat(look["frame"], grain="x"), -w / 2 - .016, y1, zr - .13, w / 2 + .016, y1 + .028, zr + look["footboard"], .003)
                b.box(fm, -w / 2, y, zr - .03, w / 2, y1, zr, 0)
            elif look["base"] == "soft":
                b.soft(fm, -w / 2 - .01, y, .06, w / 2 + .01, y1 + .02, zr, .025, .004)
                for s in (-1, 1):
                    for q in (y + .1, y1 - .1):
                        b.lathe(mat("paint:black"), [(.025, 0), (.025, .07)], (s * (w / 2 - .1), q, 0), 16)
            else:                                           # a platform that stands on a set-back plinth
                b.box(mat("paint:black"), -w / 2 + .1, y + .02, 0, w / 2 - .1, y1 - .12, zr - .12, 0)
                b.box(fm, -w / 2 - .035, y, zr - .12, w / 2 + .035, y1 + .04, zr, .004)
            b.soft(mat("fabric:white"), -w / 2 + .005, y + .005, zr, w / 2 - .005, y1, ztop, .05, .004)
            t0 = y + rng.uniform(.48, .72)
            tucked = look["base"] == "legs" and look["footboard"] > .05     # a footboard: the duvet ends before it
            foot = .08 if tucked else look["drop"]
            hang(b, look["duvet"], w, t0, y1 - (.12 if tucked else .02), ztop - .008, look["drop"], foot, .06, rng.uniform(.012, .03), rng.uniform(.012, .026), look["quilt"])
            if look["turned"]:                              # the sheet turned back over the duvet
                hang(b, look["sheet"], w, t0 - .02, t0 + .32, ztop + .006, look["drop"] * .8, 0, .062, .012, .01)
        if look["throw"]:
            with b.item("throw blanket"):
                t = y1 - rng.uniform(.55, .8)
                # wider than the duvet with its folds, so that these do not come through
                hang(b, look["throw"], w + .08, t, t + rng.uniform(.38, .5), ztop + .014, look["drop"] + .08, 0, .07, .012, .016, skew=rng.uniform(-.08, .08))
        n = 2 if w > 1.3 else 1
        for i in range(n):
            px = (i - (n - 1) / 2) * w * .49
            pw = min(.72, w * .46)
            bed_pillow(b, look["sheet"], px, y + .42, ztop - .005, pw, .46, .085, rng.uniform(50, 62), rng.uniform(-4, 4))
            bed_pillow(b, look["pillow"], px + rng.uniform(-.03, .03), y + .48, ztop + .012, pw * .96, .44, .085, rng.uniform(27, 36), rng.uniform(-5, 5))
        k = rng.choice([0, 1, 2, 3]) if n == 2 else rng.choice([0, 1])
        for i in range(k):
            big = rng.uniform(.36, .46)
            bed_pillow(b, look["scatter"], (i - (k - 1) / 2) * .42 + rng.uniform(-.04, .04), y + .64, ztop + .06, big * (1.35 if k == 1 else 1), big, .07, rng.uniform(24, 34), rng.uniform(-9, 9))
    return w / 2 + .1, y1 + .1
