"""Living rooms."""

import numpy as np

from render_rooms.chance import pick
from render_rooms.decor import books, bottles, picture, plant, vase
from render_rooms.furniture import sofa, table
from render_rooms.lighting import LIGHTS, pendant
from render_rooms.materials import mat
from render_rooms.overrides import apply_override
from render_rooms.shell import Shell
from render_rooms.textiles import curtain


def make_living(b, a):
    rng = b.rng
    W, D, H = rng.uniform(4.4, 5.8), rng.uniform(5.2, 6.4), rng.choice([2.5, 2.6, 2.8, 3.0])
    light = dict(LIGHTS[pick(rng, ("day", 4), ("soft", 4), ("golden", 2), ("evening", 1.2))])
    dark = rng.choice(["charcoal", "navy", "green", "olive", "brown", "terracotta", "taupe"])
    wood = "wood:" + rng.choice(["oak", "walnut", "ash", "teak", "smoked"])
    wall = "plaster:" + pick(rng, ("white", 4), ("warmwhite", 4), ("cream", 1), ("lightgrey", 2), ("greige", 2), ("sand", 1), ("sage", 1), ("blue", .5))
    sp = dict(wall=wall, accent=pick(rng, (wall, 3), ("plaster:" + dark, 4), ("limewash:" + dark, 2), ("concrete:grey", 1), ("limewash:sand", 1)),
              floor=pick(rng, ("planks:oak", 4), ("parquet:oak", 3), ("planks:walnut", 1.5), ("planks:ash", 2), ("parquet:walnut", 1), ("tile:sand", .7), ("concrete:grey", .8)),
              trim="paint:white", windowframe=pick(rng, ("paint:white", 3), ("metal:black", 2), (wood, 1)), floorgrain=rng.choice("xy"),
              cornice=rng.random() < .5, skirt_h=rng.choice([.08, .12, .16]), ftile=.8,
              sofa=pick(rng, *[("fabric:" + c, 1) for c in ("cream", "greige", "lightgrey", "charcoal", "sage", "navy", "terracotta", "taupe", "olive", "ochre")], ("leather:brown", 1.5), ("leather:black", .6)),
              rug=None, curtain="curtain:" + rng.choice(["white", "cream", "lightgrey", "greige", "sage", "sand", "blue"]), table=pick(rng, (wood, 4), ("marble:white", 2), ("marble:black", 1), ("concrete:grey", .6)))
    sp["plain"] = sp["accent"] == sp["wall"]               # then the back wall is a wall like the others
    apply_override(sp, a.override)
    slat_wood, deco = "wood:" + rng.choice(["walnut", "oak", "smoked"]), rng.random()
    sp["slats"] = slat_wood if deco < .15 and "accent" not in a.override else None
    sp["mould"] = .15 <= deco < .45
    lit = rng.choice(["left", "right"])
    other = "right" if lit == "left" else "left"
    light["sundir"] = ((1 if lit == "left" else -1), rng.uniform(.1, .6), -rng.uniform(.45, .75))
    sh = Shell(b, W, D, H, sp)
    z0 = rng.choice([.02, .5, .8])
    z1 = min(H - .2, rng.uniform(2.2, 2.45))
    wl, wy = rng.uniform(1.5, 2.4), rng.uniform(.8, 1.4)
    wx = (D - wy - wl, D - wy) if lit == "right" else (wy, wy + wl)
    wins = [dict(wall=lit, x0=wx[0], x1=wx[1], z0=z0, z1=z1, bars=rng.choice([0, 1, 2]), pane=rng.choice([.6, .8, 1.2])),
            dict(wall="front", x0=.8, x1=W - .8, z0=.3, z1=2.3, bars=0, pane=1.0)]
    backwin = rng.random() < .3
    if backwin:
        bw = rng.uniform(1.6, 2.6)
        wins.append(dict(wall="back", x0=W / 2 - bw / 2, x1=W / 2 + bw / 2, z0=z0, z1=z1, bars=rng.choice([0, 1]), pane=.9))
    if backwin:
        sp["slats"] = None
    sh.build(wins, ["back"], light)
    for w in wins:
        if w["wall"] == "front":
            continue
        with sh.on(w["wall"]):
            cw = rng.uniform(.3, .5)
            zc = H - .06 if rng.random() < .5 else z1 + .14
            for s0, s1 in ((w["x0"] - cw * .75, w["x0"] + cw * .25), (w["x1"] - cw * .25, w["x1"] + cw * .75)):
                curtain(b, s0, s1, .015, zc, .1, sp["curtain"])
            if rng.random() < .3:
                curtain(b, w["x0"] - .02, w["x1"] + .02, .015, zc, .045, "curtain:white", sheer=True)
            with b.item("curtain"):
                b.tube(mat("metal:" + rng.choice(["black", "brass"])), [(w["x0"] - cw * .75 - .1, .1, zc + .015), (w["x1"] + cw * .75 + .1, .1, zc + .015)], .011)
    # seating group: sofa on the back wall or on the unlit side
    cx = W / 2 + rng.uniform(-.2, .2)
    L = rng.uniform(1.9, 2.5)
    style = rng.choice(["slim", "block", "low"])
    plan = pick(rng, ("back", 5), ("side", 4))
    legs = rng.choice(["wood:oak", "wood:walnut", "metal:black"])
    sy = D - .58
    if plan == "back":
        top, dep = sofa(b, cx, sy, 0, L, sp["sofa"], legs, style, chaise=rng.random() < .3)
        mid = (cx, sy - 1.35)
        places = [(cx + s * L * .33 + rng.uniform(-.05, .05), sy + .06, top - .02, rng.uniform(-14, 14)) for s in (-1, 1)]
        with sh.on("back"):
            if not backwin and not sp["slats"]:
                n, fr, art = rng.choice([1, 2, 3]), rng.choice(["wood:oak", "metal:black", "wood:walnut", "metal:brass"]), rng.choice(["warm", "cool", "mono"])
                pw = {1: rng.uniform(1.0, 1.5), 2: .62, 3: .5}[n]
                for i in range(n):
                    picture(b, W - cx + (i - (n - 1) / 2) * (pw + .1), 1.58, pw, pw * (.75 if n == 1 else 1.3), art, fr)
    else:
        sx = .58 if other == "left" else W - .58
        turn = 90 if other == "left" else -90
        yy = D - 2.2
        top, dep = sofa(b, sx, yy, turn, L, sp["sofa"], legs, style)
        mid = (sx + (1.35 if other == "left" else -1.35), yy)
        places = []
        with b.frame(sx, yy, 0, turn):
            for s in (-1, 1):
                b.pillow(mat("fabric:" + rng.choice(["cream", "charcoal", "terracotta", "ochre", "sage", "navy"])), (s * L * .33, .06, top - .02), turn=rng.uniform(-12, 12))
        with sh.on(other):
            px = D - yy if other == "left" else yy
            picture(b, px, 1.6, 1.2, .85, rng.choice(["warm", "cool", "mono"]), rng.choice(["wood:oak", "metal:black"]))
        # the back wall gets a fireplace, a media unit or a bookcase
        with sh.on("back"):
            what = rng.choice(["fireplace", "media", "bookcase"]) if not backwin else "media_low"
            X = W - cx
            if what == "fireplace":
                ms = pick(rng, ("marble:white", 3), ("marble:grey", 1), ("marble:black", 1), ("paint:white", 2), ("stone:beige", 1))
                with b.item("fireplace"):
                    mm = mat(ms)
                    b.box(mm, X - .75, 0, .04, X - .5, .2, .8, .004)
                    b.box(mm, X + .5, 0, .04, X + .75, .2, .8, .004)
                    b.box(mm, X - .75, 0, .8, X + .75, .2, 1.05, .004)
                    b.box(mm, X - .84, 0, 1.05, X + .84, .27, 1.1, .006)
                    b.box(mm, X - .85, 0, 0, X + .85, .45, .04, .004)
                    b.box(mat("paint:black"), X - .5, .002, .04, X + .5, .01, .8, 0)
                    b.box(mat("metal:black"), X - .38, .012, .1, X + .38, .15, .72, .004)
                picture(b, X, 1.72, .95, .95, rng.choice(["warm", "cool", "mono"]), "metal:brass")
                with b.frame(0, 0, 1.1):
                    vase(b, X - .6, .14, .001, .8, rng.choice(["gloss:white", "paint:charcoal"]))
                    bottles(b, X + .45, .14, .001)
            elif what.startswith("media"):
                with b.item("sideboard"):
                    ws = rng.choice([wood, "paint:white", "paint:charcoal"])
                    b.box(mat(ws, grain="x"), X - 1.0, 0.02, .14, X + 1.0, .43, .55, .003)
                    for i in range(4):
                        b.box(mat(ws, grain="x"), X - .99 + i * .496, .43, .15, X - .99 + (i + 1) * .496 - .004, .448, .54, .0015)
                    for s in (-.9, .9):
                        for q in (.07, .38):
                            b.lathe(mat("metal:black"), [(.012, 0), (.016, .14)], (X + s, q, 0), 12)
                if what == "media":
                    with b.item("tv"):
                        b.box(mat("gloss:black"), X - .68, .01, .85, X + .68, .045, 1.63, .004)
                with b.frame(0, 0, .55):
                    vase(b, X - .8, .22, .001, .9, "paint:terracotta")
                    books(b, X + .6, .22, .001, 3)
            else:
                with b.item("bookcase"):
                    ws = mat(rng.choice([wood, "paint:white"]), grain="z")
                    bh, bw_ = 2.1, 1.8
                    for i in range(4):
                        x = X - bw_ / 2 + i * bw_ / 3
                        b.box(ws, x - .012, .005, 0, x + .012, .32, bh, .0015)
                    for i in range(6):
                        z = .06 + i * (bh - .09) / 5
                        b.box(ws, X - bw_ / 2, .005, z, X + bw_ / 2, .318, z + .024, .0015)
                    b.box(ws, X - bw_ / 2, .003, 0, X + bw_ / 2, .01, bh, 0)
                for i in range(3):
                    for j in range(5):
                        z = .06 + j * (bh - .09) / 5 + .025
                        x = X - bw_ / 2 + i * bw_ / 3 + .03
                        c = rng.random()
                        if c < .6:
                            books(b, x, .06, z, rng.randint(5, 14), False)
                        elif c < .75:
                            vase(b, x + .25, .16, z, .75, rng.choice(["gloss:white", "paint:terracotta", "paint:charcoal"]), False)
                        elif c < .9:
                            books(b, x + .25, .16, z, 3)
    for x, y, z, t in places:
        b.pillow(mat("fabric:" + rng.choice(["cream", "charcoal", "terracotta", "ochre", "sage", "navy", "white"])), (x, y, z), turn=t)
    # rug and tables
    style_r = pick(rng, ("plain", 2), ("stripe", 1), ("diamond", 2), ("faded", 2))
    rc = rng.choice(["cream", "greige", "lightgrey", "sand", "terracotta", "blue", "white"])
    sp["rug"] = sp["rug"] or "rug:" + rc
    with b.item("rug"), b.frame(mid[0], mid[1], .009, 0 if plan == "back" else 90):
        b.box(mat(sp["rug"], other=rng.choice(["charcoal", "brown", "navy", "taupe"]), style=style_r), -1.4, -.95, -.008, 1.4, .95, .006, .006, seg=3)
    rnd = rng.random() < .45
    table(b, mid[0], mid[1], 0 if plan == "back" else 90, .9 if rnd else 1.15, .6, .38, sp["table"], rng.choice(["metal:black", "metal:brass", wood]), "coffee table", rnd)
    with b.frame(mid[0], mid[1], .38):
        books(b, -.15, .05, .001, 3)
        vase(b, .22, .02, .001, .75, rng.choice(["gloss:white", "paint:charcoal", "paint:sand"]))
    # armchair, lamp, plant, pouf
    if rng.random() < .75:
        s = -1 if (lit == "left") else 1
        ax = mid[0] + s * 1.55 if plan == "back" else mid[0] + (1.3 if other == "left" else -1.3)
        if .6 < ax < W - .6:
            sofa(b, ax, mid[1] - (.1 if plan == "back" else 0), (90 if s < 0 else -90) if plan == "back" else (-90 if other == "left" else 90), .86, rng.choice(["fabric:cream", "leather:brown", "fabric:sage", "fabric:charcoal", "fabric:ochre"]), legs, "slim", "armchair")
    lx, ly = ((cx + (L / 2 + .35) * (-1 if lit == "right" else 1), D - .5) if plan == "back" else ((.5 if other == "left" else W - .5), D - .6))
    with b.item("floor lamp"), b.frame(lx, ly, 0):
        m = mat("metal:" + rng.choice(["black", "brass"]))
        b.lathe(m, [(.14, 0), (.14, .018), (.02, .03), (.011, .05), (.011, 1.45)])
        b.lathe(mat("glow:shade"), [(.19, 1.38), (.15, 1.68)], n=56, smooth=80, caps=False)
    b.light("POINT", (lx, ly, 1.52), light["lamp"] * 1.5, (1, .75, .5), shadow_soft_size=.1)
    corner = (.42 if lit == "right" else W - .42)
    if plan == "back" or rng.random() < .6:
        plant(b, (W - corner) if plan == "back" else corner, D - .42 if plan != "back" else D - .45, 0, rng.uniform(1.0, 1.4), rng.choice(["fan", "broad", "olive"]), rng.choice(["paint:white", "paint:charcoal", "paint:terracotta", "concrete:lightgrey"]))
    if rng.random() < .35:
        with b.item("pouf"):
            b.lathe(mat("fabric:" + rng.choice(["cream", "terracotta", "ochre", "charcoal"])), [(.0, 0), (.2, 0), (.25, .04), (.265, .16), (.25, .3), (.2, .34), (0, .345)], (mid[0] - .8, mid[1] - 1.0, .015), 48, smooth=80)
    if rng.random() < .5:
        pendant(b, mid[0], mid[1], H, H - 1.95, rng.choice(["dome", "globe", "drum"]), rng.choice(["black", "brass"]), "warm", light["lamp"])
    sh.downlights([(x, y) for x in np.linspace(.9, W - .9, 3) for y in (D - .9, D - 3.0)], light["spots"])
    look = (mid[0], D - 1.3)
    cam = (W / 2 + rng.uniform(-.3, .3) * W, max(.3, mid[1] - rng.uniform(2.2, 2.9)))
    return sp, cam, look, rng.uniform(20, 26), rng.uniform(1.3, 1.5)
