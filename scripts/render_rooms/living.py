"""Living rooms."""

import numpy as np

from render_rooms.chance import pick
from render_rooms.decor import books, bottles, picture, plant, vase
from render_rooms.furniture import sofa, table
from render_rooms.lighting import LIGHTS, pendant
from render_rooms.materials import mat
from render_rooms.overrides import apply_override
from render_rooms.shell import Shell, front_openings, vary_shell
from render_rooms.textiles import curtain


def living_look(rng):
    """The wood of the furniture, and the finishes of a living room by role."""
    dark = rng.choice(["charcoal", "navy", "green", "olive", "brown", "terracotta", "taupe"])
    wood = "wood:" + rng.choice(["oak", "walnut", "ash", "teak", "smoked"])
    wall = "plaster:" + pick(
        rng,
        ("white", 4),
        ("warmwhite", 4),
        ("cream", 1),
        ("lightgrey", 2),
        ("greige", 2),
        ("sand", 1),
        ("sage", 1),
        ("blue", 0.5),
    )
    return wood, dict(
        wall=wall,
        accent=pick(
            rng, (wall, 3), ("plaster:" + dark, 4), ("limewash:" + dark, 2), ("concrete:grey", 1), ("limewash:sand", 1)
        ),
        floor=pick(
            rng,
            ("planks:oak", 4),
            ("parquet:oak", 3),
            ("planks:walnut", 1.5),
            ("planks:ash", 2),
            ("parquet:walnut", 1),
            ("tile:sand", 0.7),
            ("concrete:grey", 0.8),
        ),
        trim="paint:white",
        windowframe=pick(rng, ("paint:white", 3), ("metal:black", 2), (wood, 1)),
        floorgrain=rng.choice("xy"),
        cornice=rng.random() < 0.5,
        skirt_h=rng.choice([0.08, 0.12, 0.16]),
        ftile=0.8,
        sofa=pick(
            rng,
            *[
                ("fabric:" + c, 1)
                for c in (
                    "cream",
                    "greige",
                    "lightgrey",
                    "charcoal",
                    "sage",
                    "navy",
                    "terracotta",
                    "taupe",
                    "olive",
                    "ochre",
                )
            ],
            ("leather:brown", 1.5),
            ("leather:black", 0.6),
        ),
        rug=None,
        curtain="curtain:" + rng.choice(["white", "cream", "lightgrey", "greige", "sage", "sand", "blue"]),
        table=pick(rng, (wood, 4), ("marble:white", 2), ("marble:black", 1), ("concrete:grey", 0.6)),
    )


def long_curtains(b, w, H, z1, spec):
    """Curtains to the floor on both sides of a window whose top is at z1, on a rod; at times a sheer one too."""
    rng = b.rng
    cw = rng.uniform(0.3, 0.5)
    zc = H - 0.06 if rng.random() < 0.5 else z1 + 0.14
    for s0, s1 in ((w["x0"] - cw * 0.75, w["x0"] + cw * 0.25), (w["x1"] - cw * 0.25, w["x1"] + cw * 0.75)):
        curtain(b, s0, s1, 0.015, zc, 0.1, spec)
    if rng.random() < 0.3:
        curtain(b, w["x0"] - 0.02, w["x1"] + 0.02, 0.015, zc, 0.045, "curtain:white", sheer=True)
    with b.item("curtain"):
        b.tube(
            mat("metal:" + rng.choice(["black", "brass"])),
            [(w["x0"] - cw * 0.75 - 0.1, 0.1, zc + 0.015), (w["x1"] + cw * 0.75 + 0.1, 0.1, zc + 0.015)],
            0.011,
        )


def fireplace(b, X):
    """A fireplace on the wall of the current frame, a picture over it; X is its middle."""
    rng = b.rng
    ms = pick(
        rng,
        ("marble:white", 3),
        ("marble:grey", 1),
        ("marble:black", 1),
        ("paint:white", 2),
        ("stone:beige", 1),
    )
    with b.item("fireplace"):
        mm = mat(ms)
        b.box(mm, X - 0.75, 0, 0.04, X - 0.5, 0.2, 0.8, 0.004)
        b.box(mm, X + 0.5, 0, 0.04, X + 0.75, 0.2, 0.8, 0.004)
        b.box(mm, X - 0.75, 0, 0.8, X + 0.75, 0.2, 1.05, 0.004)
        b.box(mm, X - 0.84, 0, 1.05, X + 0.84, 0.27, 1.1, 0.006)
        b.box(mm, X - 0.85, 0, 0, X + 0.85, 0.45, 0.04, 0.004)
        b.box(mat("paint:black"), X - 0.5, 0.002, 0.04, X + 0.5, 0.01, 0.8, 0)
        b.box(mat("metal:black"), X - 0.38, 0.012, 0.1, X + 0.38, 0.15, 0.72, 0.004)
    picture(b, X, 1.72, 0.95, 0.95, rng.choice(["warm", "cool", "mono"]), "metal:brass")
    with b.frame(0, 0, 1.1):
        vase(b, X - 0.6, 0.14, 0.001, 0.8, rng.choice(["gloss:white", "paint:charcoal"]))
        bottles(b, X + 0.45, 0.14, 0.001)


def media_unit(b, X, wood, tv):
    """A low unit at the wall of the current frame, with or without a television over it."""
    rng = b.rng
    with b.item("sideboard"):
        ws = rng.choice([wood, "paint:white", "paint:charcoal"])
        b.box(mat(ws, grain="x"), X - 1.0, 0.02, 0.14, X + 1.0, 0.43, 0.55, 0.003)
        for i in range(4):
            b.box(
                mat(ws, grain="x"),
                X - 0.99 + i * 0.496,
                0.43,
                0.15,
                X - 0.99 + (i + 1) * 0.496 - 0.004,
                0.448,
                0.54,
                0.0015,
            )
        for s in (-0.9, 0.9):
            for q in (0.07, 0.38):
                b.lathe(mat("metal:black"), [(0.012, 0), (0.016, 0.14)], (X + s, q, 0), 12)
    if tv:
        with b.item("tv"):
            b.box(mat("gloss:black"), X - 0.68, 0.01, 0.85, X + 0.68, 0.045, 1.63, 0.004)
    with b.frame(0, 0, 0.55):
        vase(b, X - 0.8, 0.22, 0.001, 0.9, "paint:terracotta")
        books(b, X + 0.6, 0.22, 0.001, 3)


def bookcase(b, X, wood):
    """Shelves with books and vases at the wall of the current frame."""
    rng = b.rng
    with b.item("bookcase"):
        ws = mat(rng.choice([wood, "paint:white"]), grain="z")
        bh, bw_ = 2.1, 1.8
        for i in range(4):
            x = X - bw_ / 2 + i * bw_ / 3
            b.box(ws, x - 0.012, 0.005, 0, x + 0.012, 0.32, bh, 0.0015)
        for i in range(6):
            z = 0.06 + i * (bh - 0.09) / 5
            b.box(ws, X - bw_ / 2, 0.005, z, X + bw_ / 2, 0.318, z + 0.024, 0.0015)
        b.box(ws, X - bw_ / 2, 0.003, 0, X + bw_ / 2, 0.01, bh, 0)
    for i in range(3):
        for j in range(5):
            z = 0.06 + j * (bh - 0.09) / 5 + 0.025
            x = X - bw_ / 2 + i * bw_ / 3 + 0.03
            c = rng.random()
            if c < 0.6:
                books(b, x, 0.06, z, rng.randint(5, 14), False)
            elif c < 0.75:
                vase(
                    b,
                    x + 0.25,
                    0.16,
                    z,
                    0.75,
                    rng.choice(["gloss:white", "paint:terracotta", "paint:charcoal"]),
                    False,
                )
            elif c < 0.9:
                books(b, x + 0.25, 0.16, z, 3)


def floor_lamp(b, x, y, power):
    """A lamp on a thin stand."""
    rng = b.rng
    with b.item("floor lamp"), b.frame(x, y, 0):
        m = mat("metal:" + rng.choice(["black", "brass"]))
        b.lathe(m, [(0.14, 0), (0.14, 0.018), (0.02, 0.03), (0.011, 0.05), (0.011, 1.45)])
        b.lathe(mat("glow:shade"), [(0.19, 1.38), (0.15, 1.68)], n=56, smooth=80, caps=False)
    b.light("POINT", (x, y, 1.52), power, (1, 0.75, 0.5), shadow_soft_size=0.1)


def coffee_table(b, palette, mid, turn, wood):
    """A rug with a low table and what is on it."""
    rng = b.rng
    style_r = pick(rng, ("plain", 2), ("stripe", 1), ("diamond", 2), ("faded", 2))
    rc = rng.choice(["cream", "greige", "lightgrey", "sand", "terracotta", "blue", "white"])
    palette["rug"] = palette["rug"] or "rug:" + rc
    with b.item("rug"), b.frame(mid[0], mid[1], 0.009, turn):
        b.box(
            mat(palette["rug"], other=rng.choice(["charcoal", "brown", "navy", "taupe"]), style=style_r),
            -1.4,
            -0.95,
            -0.008,
            1.4,
            0.95,
            0.006,
            0.006,
            seg=3,
        )
    rnd = rng.random() < 0.45
    table(
        b,
        mid[0],
        mid[1],
        turn,
        0.9 if rnd else 1.15,
        0.6,
        0.38,
        palette["table"],
        rng.choice(["metal:black", "metal:brass", wood]),
        "coffee table",
        rnd,
    )
    with b.frame(mid[0], mid[1], 0.38):
        books(b, -0.15, 0.05, 0.001, 3)
        vase(b, 0.22, 0.02, 0.001, 0.75, rng.choice(["gloss:white", "paint:charcoal", "paint:sand"]))


def make_living(b, a):
    """A living room: a sofa on the back or the side wall, and what goes with it."""
    rng = b.rng
    W, D, H = rng.uniform(4.4, 5.8), rng.uniform(5.2, 6.4), rng.choice([2.5, 2.6, 2.8, 3.0])
    light = dict(LIGHTS[pick(rng, ("day", 4), ("soft", 4), ("golden", 2), ("evening", 1.2))])
    wood, palette = living_look(rng)
    if not a.plain:
        vary_shell(rng, palette, H, ("wood", 4), ("carpet", 4), ("tile", 1.5), ("stone", 1))
    palette["plain"] = palette["accent"] == palette["wall"]  # then the back wall is a wall like the others
    apply_override(palette, a.override)
    slat_wood, deco = "wood:" + rng.choice(["walnut", "oak", "smoked"]), rng.random()
    palette["slats"] = slat_wood if deco < 0.15 and "accent" not in a.override else None
    palette["mould"] = 0.15 <= deco < 0.45
    lit = rng.choice(["left", "right"])
    other = "right" if lit == "left" else "left"
    light["sundir"] = ((1 if lit == "left" else -1), rng.uniform(0.1, 0.6), -rng.uniform(0.45, 0.75))
    sh = Shell(b, W, D, H, palette)
    z0 = rng.choice([0.02, 0.5, 0.8])
    z1 = min(H - 0.2, rng.uniform(2.2, 2.45))
    wl, wy = rng.uniform(1.5, 2.4), rng.uniform(0.8, 1.4)
    wx = (D - wy - wl, D - wy) if lit == "right" else (wy, wy + wl)
    wins = [
        dict(wall=lit, x0=wx[0], x1=wx[1], z0=z0, z1=z1, bars=rng.choice([0, 1, 2]), pane=rng.choice([0.6, 0.8, 1.2])),
        *front_openings(rng, palette, W, a.plain, 0.8),
    ]
    backwin = rng.random() < 0.3
    if backwin:
        bw = rng.uniform(1.6, 2.6)
        wins.append(
            dict(wall="back", x0=W / 2 - bw / 2, x1=W / 2 + bw / 2, z0=z0, z1=z1, bars=rng.choice([0, 1]), pane=0.9)
        )
    if backwin:
        palette["slats"] = None
    sh.build(wins, ["back"], light)
    for w in wins:
        if w["wall"] == "front":
            continue
        with sh.on(w["wall"]):
            long_curtains(b, w, H, z1, palette["curtain"])
    # seating group: sofa on the back wall or on the unlit side
    cx = W / 2 + rng.uniform(-0.2, 0.2)
    L = rng.uniform(1.9, 2.5)
    style = rng.choice(["slim", "block", "low"])
    plan = pick(rng, ("back", 5), ("side", 4))
    legs = rng.choice(["wood:oak", "wood:walnut", "metal:black"])
    sy = D - 0.58
    if plan == "back":
        top, _ = sofa(b, cx, sy, 0, L, palette["sofa"], legs, style, chaise=rng.random() < 0.3)
        mid = (cx, sy - 1.35)
        places = [
            (cx + s * L * 0.33 + rng.uniform(-0.05, 0.05), sy + 0.06, top - 0.02, rng.uniform(-14, 14)) for s in (-1, 1)
        ]
        with sh.on("back"):
            if not backwin and not palette["slats"]:
                n, fr, art = (
                    rng.choice([1, 2, 3]),
                    rng.choice(["wood:oak", "metal:black", "wood:walnut", "metal:brass"]),
                    rng.choice(["warm", "cool", "mono"]),
                )
                pw = {1: rng.uniform(1.0, 1.5), 2: 0.62, 3: 0.5}[n]
                for i in range(n):
                    picture(
                        b, W - cx + (i - (n - 1) / 2) * (pw + 0.1), 1.58, pw, pw * (0.75 if n == 1 else 1.3), art, fr
                    )
    else:
        sx = 0.58 if other == "left" else W - 0.58
        turn = 90 if other == "left" else -90
        yy = D - 2.2
        top, _ = sofa(b, sx, yy, turn, L, palette["sofa"], legs, style)
        mid = (sx + (1.35 if other == "left" else -1.35), yy)
        places = []
        with b.frame(sx, yy, 0, turn):
            for s in (-1, 1):
                b.pillow(
                    mat("fabric:" + rng.choice(["cream", "charcoal", "terracotta", "ochre", "sage", "navy"])),
                    (s * L * 0.33, 0.06, top - 0.02),
                    turn=rng.uniform(-12, 12),
                )
        with sh.on(other):
            px = D - yy if other == "left" else yy
            picture(
                b, px, 1.6, 1.2, 0.85, rng.choice(["warm", "cool", "mono"]), rng.choice(["wood:oak", "metal:black"])
            )
        # the back wall gets a fireplace, a media unit or a bookcase
        with sh.on("back"):
            what = rng.choice(["fireplace", "media", "bookcase"]) if not backwin else "media_low"
            X = W - cx
            if what == "fireplace":
                fireplace(b, X)
            elif what.startswith("media"):
                media_unit(b, X, wood, tv=what == "media")
            else:
                bookcase(b, X, wood)
    for x, y, z, t in places:
        b.pillow(
            mat("fabric:" + rng.choice(["cream", "charcoal", "terracotta", "ochre", "sage", "navy", "white"])),
            (x, y, z),
            turn=t,
        )
    coffee_table(b, palette, mid, 0 if plan == "back" else 90, wood)
    # armchair, lamp, plant, pouf
    if rng.random() < 0.75:
        s = -1 if (lit == "left") else 1
        ax = mid[0] + s * 1.55 if plan == "back" else mid[0] + (1.3 if other == "left" else -1.3)
        if 0.6 < ax < W - 0.6:
            sofa(
                b,
                ax,
                mid[1] - (0.1 if plan == "back" else 0),
                (90 if s < 0 else -90) if plan == "back" else (-90 if other == "left" else 90),
                0.86,
                rng.choice(["fabric:cream", "leather:brown", "fabric:sage", "fabric:charcoal", "fabric:ochre"]),
                legs,
                "slim",
                "armchair",
            )
    lx, ly = (
        (cx + (L / 2 + 0.35) * (-1 if lit == "right" else 1), D - 0.5)
        if plan == "back"
        else ((0.5 if other == "left" else W - 0.5), D - 0.6)
    )
    floor_lamp(b, lx, ly, light["lamp"] * 1.5)
    corner = 0.42 if lit == "right" else W - 0.42
    if plan == "back" or rng.random() < 0.6:
        plant(
            b,
            (W - corner) if plan == "back" else corner,
            D - 0.42 if plan != "back" else D - 0.45,
            0,
            rng.uniform(1.0, 1.4),
            rng.choice(["fan", "broad", "olive"]),
            rng.choice(["paint:white", "paint:charcoal", "paint:terracotta", "concrete:lightgrey"]),
        )
    if rng.random() < 0.35:
        with b.item("pouf"):
            b.lathe(
                mat("fabric:" + rng.choice(["cream", "terracotta", "ochre", "charcoal"])),
                [(0.0, 0), (0.2, 0), (0.25, 0.04), (0.265, 0.16), (0.25, 0.3), (0.2, 0.34), (0, 0.345)],
                (mid[0] - 0.8, mid[1] - 1.0, 0.015),
                48,
                smooth=80,
            )
    if rng.random() < 0.5:
        pendant(
            b,
            mid[0],
            mid[1],
            H,
            H - 1.95,
            rng.choice(["dome", "globe", "drum"]),
            rng.choice(["black", "brass"]),
            "warm",
            light["lamp"],
        )
    sh.downlights([(x, y) for x in np.linspace(0.9, W - 0.9, 3) for y in (D - 0.9, D - 3.0)], light["spots"])
    look = (mid[0], D - 1.3)
    cam = (W / 2 + rng.uniform(-0.3, 0.3) * W, max(0.3, mid[1] - rng.uniform(2.2, 2.9)))
    return palette, cam, look, rng.uniform(20, 26), rng.uniform(1.3, 1.5)
