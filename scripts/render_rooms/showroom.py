"""Kitchens as a designer draws them: an island before a back wall of cabinets, seen from the front."""

import numpy as np

from render_rooms.appliances import hood
from render_rooms.cabinets import base_run, island, tall_run, wall_run
from render_rooms.chance import pick
from render_rooms.decor import board, books, bottles, fruit_bowl, kettle, plant, plates, side_things, vase
from render_rooms.furniture import chair, stool, table
from render_rooms.lighting import LIGHTS, pendant
from render_rooms.materials import mat
from render_rooms.overrides import apply_override
from render_rooms.shell import Shell


def showroom_look(rng, hero=None):
    """A palette (specs by role) and a style, drawn so that the parts go together."""
    wood = pick(
        rng, ("oak", 4), ("walnut", 3), ("ash", 2), ("teak", 1.5), ("cherry", 0.7), ("smoked", 1), ("whitewash", 0.7)
    )
    dark = rng.choice(["charcoal", "black", "navy", "green", "brown"])
    pale = rng.choice(["white", "warmwhite", "cream", "lightgrey", "greige", "sage", "blue", "sand", "taupe", "olive"])
    scheme = pick(
        rng, ("wood+dark", 3), ("pale+wood", 3), ("pale+dark", 2), ("dark+wood", 2), ("allpale", 1), ("wood+pale", 2)
    )
    metal = pick(rng, ("black", 3), ("brass", 3), ("steel", 3), ("bronze", 1))
    if hero is not None:
        scheme, wood, dark = "wood+dark", ["walnut", "oak", "teak"][hero % 3], ["charcoal", "black", "navy"][hero % 3]
        metal = ["brass", "black", "black"][hero % 3]
    body, centre = scheme.split("+") if "+" in scheme else ("pale", "pale")
    spec = dict(wood="wood:" + wood, dark="paint:" + dark, pale="paint:" + pale)
    cab, isl = spec[body], spec[centre]
    top = pick(
        rng,
        ("marble:white", 4),
        ("stone:white", 3),
        ("marble:gold", 2),
        ("stone:black", 1.5),
        ("stone:grey", 1.5),
        ("wood:oak", 1),
        ("marble:black", 1),
        ("concrete:lightgrey", 0.7),
    )
    itop = (
        top
        if rng.random() < 0.6
        else pick(
            rng,
            ("marble:white", 3),
            ("wood:walnut", 1),
            ("wood:oak", 1),
            ("marble:black", 1),
            ("marble:gold", 1),
            ("stone:black", 1),
        )
    )
    upper = cab if rng.random() < 0.75 else pick(rng, ("paint:white", 1), (spec["wood"], 1))
    wall = "plaster:" + pick(
        rng,
        ("white", 4),
        ("warmwhite", 3),
        ("cream", 1),
        ("lightgrey", 1.5),
        ("greige", 1),
        ("sand", 0.6),
        ("sage", 0.4),
    )
    accent = pick(
        rng,
        (f"plaster:{dark}", 4),
        (f"limewash:{dark}", 2),
        (wall, 3),
        ("concrete:grey", 0.8),
        ("limewash:taupe", 0.8),
        ("plaster:terracotta", 0.4),
    )
    floor = pick(
        rng,
        ("planks:oak", 4),
        ("parquet:oak", 2.5),
        ("planks:ash", 1.5),
        ("planks:walnut", 1.2),
        ("parquet:walnut", 0.8),
        ("tile:lightgrey", 1.5),
        ("tile:sand", 1),
        ("concrete:grey", 1),
        ("tile:charcoal", 0.6),
        ("planks:smoked", 0.8),
    )
    splash = pick(
        rng,
        ("tile:white", 4),
        ("tile:sage", 1),
        ("tile:charcoal", 1),
        ("tile:blue", 0.6),
        (top if "wood" not in top else "tile:white", 3),
        ("tile:green", 0.7),
        ("marble:white", 1),
    )
    if hero is not None:
        accent = ["plaster:charcoal", "limewash:black", "plaster:charcoal"][hero % 3]
        top = ["stone:white", "stone:black", "marble:white"][hero % 3]
        itop = ["stone:white", "stone:black", "wood:oak"][hero % 3]
        cab = upper = "wood:" + wood
        isl = "paint:" + dark
        wall = "plaster:" + ["warmwhite", "white", "white"][hero % 3]
        floor = ["parquet:oak", "concrete:lightgrey", "planks:ash"][hero % 3]
        splash = ["plaster:charcoal", "limewash:black", "tile:white"][hero % 3]
    palette = dict(
        cabinet=cab,
        upper=upper,
        tall=cab,
        island=isl,
        top=top,
        islandtop=itop,
        wall=wall,
        accent=accent,
        floor=floor,
        splash=splash,
        kick=rng.choice(["metal:darksteel", "paint:black"]),
        ikick="paint:black",
        trim="paint:white",
        windowframe=pick(rng, ("paint:white", 3), ("metal:black", 3), ("wood:oak", 1)),
        appliance=pick(rng, ("black", 2), ("steel", 2)),
        fridge=pick(rng, ("steel", 3), ("darksteel", 1), ("black", 1)),
        sink=rng.choice(["steel", "steel", "white", "darksteel"]),
        tap=metal if metal != "steel" else "chrome",
        gas=rng.random() < 0.4,
        floorgrain=rng.choice("xy"),
        ftile=rng.choice([0.45, 0.6, 0.9]),
        foff=rng.choice([0, 0.5]),
        cornice=rng.random() < 0.35,
    )
    if "tile" in palette["floor"]:
        palette["frough"] = rng.choice([0.12, 0.3, 0.45])
    if hero is not None:
        palette.update(
            fridge=["black", "darksteel", "steel"][hero % 3],
            appliance="black",
            gas=False,
            cornice=False,
            windowframe="metal:black",
            tap=metal,
            sink="darksteel",
        )
    door = pick(rng, ("shaker", 5), ("slab", 5), ("groove", 1))
    if hero is not None:
        door = "slab"
    joinery = dict(
        door=door,
        rail=rng.choice([0.05, 0.06, 0.075]),
        metal=metal,
        handle=pick(
            rng,
            ("bar", 4),
            ("knob", 2 if door == "shaker" else 0.3),
            ("edge", 2),
            ("none", 1.5 if door == "slab" else 0),
        ),
        top_t=rng.choice([0.02, 0.03, 0.04]),
        itop_t=rng.choice([0.03, 0.04, 0.06]),
        tall_h=2.2,
        ledstrip=rng.random() < 0.5,
    )
    if hero is not None:
        joinery.update(
            handle=["edge", "bar", "bar"][hero % 3], ledstrip=True, top_t=0.03, itop_t=[0.05, 0.06, 0.04][hero % 3]
        )
    return palette, joinery


class _Showroom:
    """A designer kitchen in the making: what its parts must know of each other."""

    def __init__(self, b, a, hero):
        """Draws the finishes and the plan, and builds the shell."""
        rng = b.rng
        palette, joinery = showroom_look(rng, hero)
        W, D, H = rng.uniform(4.2, 5.6), rng.uniform(5.6, 6.8), rng.choice([2.5, 2.6, 2.7, 2.9])
        light = dict(LIGHTS[pick(rng, ("day", 4), ("soft", 3), ("golden", 2), ("evening", 1.3))])
        if hero is not None:
            W, D, H = [5.4, 5.8, 5.2][hero % 3], 6.8, [2.8, 2.9, 2.7][hero % 3]
            light = dict(LIGHTS[["day", "golden", "soft"][hero % 3]])
        palette["shelf"] = (
            palette["cabinet"] if "wood" in palette["cabinet"] else "wood:" + rng.choice(["oak", "walnut"])
        )
        wall_splash = palette["splash"].split(":")[0] in ("plaster", "limewash")
        palette["plain"] = palette["accent"] == palette["wall"]  # then the back wall is a wall like the others
        apply_override(palette, a.override)
        if wall_splash and "accent" in a.override:
            palette["splash"] = palette["accent"]
        lit = rng.choice(["left", "right"])  # the side with the window
        other = "right" if lit == "left" else "left"
        light["sundir"] = ((1 if lit == "left" else -1), rng.uniform(0.15, 0.55), -rng.uniform(0.5, 0.8))
        sh = Shell(b, W, D, H, palette)
        joinery["tall_h"] = min(H, rng.choice([2.2, 2.3, 2.4, H - 0.12]))
        upper_top = rng.choice([joinery["tall_h"], joinery["tall_h"], 2.1])

        # which units stand where on the back wall; x runs from the right corner to the left as seen
        talls = pick(
            rng,
            ([("fridge", 0.95)], 3),
            ([("fridge", 0.95), ("oven", 0.6)], 4),
            ([("oven", 0.6), ("fridge", 0.95)], 2),
            ([("fridge", 0.72), ("larder", 0.6)], 2),
        )
        tall_right = rng.random() < 0.5 if hero is None else [True, False, True][hero % 3]
        tw = sum(w for _, w in talls)
        tower = any(k == "oven" for k, _ in talls)
        run0, run1 = (tw, W) if tall_right else (0.0, W - tw)
        corner_leg = rng.random() < 0.4 and hero is None  # an L: a second run along the unlit side wall
        windows, back_window = [], rng.random() < 0.25 and hero is None
        D_leg = rng.uniform(1.6, 2.4)
        wz0, wz1 = (rng.choice([0.0, 0.9, 0.95]), min(H - 0.25, rng.uniform(2.15, 2.4)))
        wl = rng.uniform(1.4, 2.6)
        wy = rng.uniform(1.3, 2.0)  # distance from the back corner
        wx = (D - wy - wl, D - wy) if lit == "right" else (wy, wy + wl)
        if hero is not None:
            wz0, wz1, wl, wy = 0.02, H - 0.25, 2.7, 1.25
            wx = (D - wy - wl, D - wy) if lit == "right" else (wy, wy + wl)
        bars = rng.choice([0, 0, 1, 2, 3])
        windows.append(dict(wall=lit, x0=wx[0], x1=wx[1], z0=wz0, z1=wz1, bars=bars, pane=rng.choice([0.6, 0.8, 1.1])))
        windows.append(dict(wall="front", x0=0.7, x1=W - 0.7, z0=0.3, z1=2.3, bars=0, pane=1.0))
        run_len = run1 - run0
        mid = (run0 + run1) / 2
        if back_window:
            windows.append(
                dict(wall="back", x0=mid - 0.65, x1=mid + 0.65, z0=1.02, z1=2.1, bars=rng.choice([0, 1]), pane=0.65)
            )
        accent = ["back"] if rng.random() < 0.8 or hero is not None else [other]
        slat_wood, deco = "wood:" + rng.choice(["walnut", "oak", "smoked"]), rng.random()
        palette["slats"] = slat_wood if accent == [other] and deco < 0.4 and "accent" not in a.override else None
        palette["mould"] = accent == [other] and 0.4 <= deco < 0.65
        sh.build(windows, accent, light)
        self.D, self.D_leg, self.H, self.W, self.a, self.b, self.back_window = D, D_leg, H, W, a, b, back_window
        self.corner_leg, self.hero, self.joinery, self.light, self.lit, self.mid, self.other = (
            corner_leg,
            hero,
            joinery,
            light,
            lit,
            mid,
            other,
        )
        self.palette, self.rng, self.run0, self.run1, self.run_len, self.sh, self.tall_right = (
            palette,
            rng,
            run0,
            run1,
            run_len,
            sh,
            tall_right,
        )
        self.talls, self.tower, self.tw, self.upper_top, self.wall_splash, self.windows = (
            talls,
            tower,
            tw,
            upper_top,
            wall_splash,
            windows,
        )

    def back_wall(self):
        """Tall units, cabinets and the cooker, the backsplash, and what hangs over it all."""
        H, W, a, b, back_window, hero, joinery, mid, palette = (
            self.H,
            self.W,
            self.a,
            self.b,
            self.back_window,
            self.hero,
            self.joinery,
            self.mid,
            self.palette,
        )
        rng, run0, run1, run_len, sh, tall_right, talls, tower, tw = (
            self.rng,
            self.run0,
            self.run1,
            self.run_len,
            self.sh,
            self.tall_right,
            self.talls,
            self.tower,
            self.tw,
        )
        upper_top, wall_splash, windows = self.upper_top, self.wall_splash, self.windows
        look_hood = (
            pick(rng, ("chimney", 3), ("plaster", 1), ("box", 2))
            if hero is None
            else ["box", "box", "chimney"][hero % 3]
        )
        uppers = "none" if back_window else pick(rng, ("both", 4), ("shelves", 2.5), ("none", 1))
        if hero is not None:
            uppers = ["shelves", "shelves", "both"][hero % 3]
        with sh.on("back"):
            tall_run(b, joinery, palette, 0.0 if tall_right else W - tw, talls if not tall_right else talls[::-1], H)
            nside = max(1, round((run_len - 0.75) / 2 / 0.6))
            side_kinds = ["drawers", "door", "drawerdoor"]
            k1, k2 = rng.choice(side_kinds), rng.choice(side_kinds)
            sink_back = back_window or rng.random() < 0.35
            middle = "sink" if back_window else ("hobdrawers" if tower else "oven")
            plan = [(k1, 0.6)] * nside + [(middle, 0.75 if middle != "oven" else 0.62)] + [(k2, 0.6)] * nside
            if sink_back and middle != "sink" and nside >= 2:
                plan[1] = ("sink", 0.6)
            if a.dishwasher:  # beside the sink, else at the end; no random number drawn
                plan[2 if plan[1][0] == "sink" and nside > 2 else 0] = ("dishwasher", 0.6)
            base_run(b, joinery, palette, run0, run1, plan)
            hood_w = 0.75 if run_len < 3 else 0.9
            splash_top = upper_top if uppers == "none" else 1.45
            full = rng.random() < 0.35 or uppers == "none"
            holes = [(h["x0"], h["z0"] - 0.9, h["x1"], h["z1"] - 0.9) for h in windows if h["wall"] == "back"]
            with b.item("accent wall" if wall_splash else "backsplash"), b.frame(run0, 0.009, 0.9):
                sc = rng.choice([(0.2, 0.075), (0.15, 0.05), (0.3, 0.1), (0.1, 0.1), (0.25, 0.065)])
                zt = (H if (full and rng.random() < 0.5) else (splash_top if uppers != "both" else 1.46)) - 0.9
                if uppers == "shelves":
                    zt = rng.choice([0.5, 0.6, H - 0.9]) if hero is None else [H - 0.9, 0.6, 0.6][hero % 3]
                hs = [(h[0] - run0, h[1], h[2] - run0, min(h[3], zt)) for h in holes]
                b.slab(
                    mat(
                        palette["splash"],
                        plane="xz",
                        tw=sc[0],
                        th=sc[1],
                        grain="x",
                        grout=rng.choice(["lightgrey", "white", "grey"]),
                    ),
                    run1 - run0,
                    zt,
                    0.009,
                    hs,
                    axis="y",
                )
            if middle != "sink":
                hood(
                    b,
                    look_hood,
                    mid,
                    1.6,
                    H,
                    palette["fridge"] if look_hood != "box" else rng.choice(["steel", "black"]),
                    palette["wall"],
                    hood_w,
                )
            gap = hood_w / 2 + (0.08 if look_hood == "plaster" else 0.03)
            sides = [(run0, mid - gap), (mid + gap, run1)]
            if uppers == "both":
                for s0, s1 in sides:
                    wall_run(b, joinery, palette, s0, s1, 1.45, upper_top)
            elif uppers == "shelves":
                for s0, s1 in sides:
                    for z in (1.45, 1.82):
                        with b.item("shelf"):
                            b.box(
                                mat(palette["shelf"], grain="x"), s0 + 0.04, 0.01, z, s1 - 0.04, 0.25, z + 0.035, 0.003
                            )
                        x = s0 + 0.12
                        while x < s1 - 0.35:
                            c = rng.random()
                            if c < 0.3:
                                bottles(b, x, 0.13, z + 0.036)
                                x += 0.33
                            elif c < 0.55:
                                x += books(b, x, 0.03, z + 0.036, rng.randint(3, 5), False) + 0.08
                            elif c < 0.8:
                                plates(b, x + 0.1, 0.13, z + 0.036)
                                x += 0.28
                            else:
                                vase(
                                    b,
                                    x + 0.07,
                                    0.13,
                                    z + 0.036,
                                    0.7,
                                    rng.choice(["gloss:white", "paint:terracotta", "paint:charcoal"]),
                                    False,
                                )
                                x += 0.2
            # things on the worktop
            with b.frame(0, 0.01, 0.9):
                for s0, s1 in sides:
                    if s1 - s0 < 0.5:
                        continue
                    u = rng.uniform(s0 + 0.2, s1 - 0.25)
                    c = rng.random()
                    if c < 0.4:
                        board(b, u, 0.0, 0.001, rng.choice(["wood:oak", "wood:walnut"]))
                    elif c < 0.7:
                        bottles(b, u - 0.1, 0.16, 0.001)
                    else:
                        kettle(b, u, 0.2, 0.001, rng.choice(["steel", "black", "copper"]))
        self.plan, self.sc, self.sink_back = plan, sc, sink_back

    def side_run(self):
        """A second run on the wall without a window, which makes an L."""
        D, D_leg, b, corner_leg, joinery, other, palette, plan, rng = (
            self.D,
            self.D_leg,
            self.b,
            self.corner_leg,
            self.joinery,
            self.other,
            self.palette,
            self.plan,
            self.rng,
        )
        sc, sh, tall_right, upper_top = self.sc, self.sh, self.tall_right, self.upper_top
        if corner_leg:
            with sh.on(other):
                # the corner of the back wall is at x=0 on the left wall and at x=D on the right one
                leg0, leg1 = (0.62, 0.62 + D_leg) if other == "left" else (D - 0.62 - D_leg, D - 0.62)
                blocked = (tall_right and other == "right") or (not tall_right and other == "left")
                if blocked:
                    leg0, leg1 = (leg0 + 0.1, leg1) if other == "left" else (leg0, leg1 - 0.1)
                n = max(2, round(D_leg / 0.6))
                plan = [(rng.choice(["drawers", "door", "drawerdoor"]), 0.6) for _ in range(n)]
                base_run(b, joinery, palette, leg0, leg1, plan)
                with b.item("backsplash"), b.frame(leg0, 0.009, 0.9):
                    b.slab(
                        mat(palette["splash"], plane="xz", tw=sc[0], th=sc[1], grain="x"),
                        leg1 - leg0,
                        0.55,
                        0.009,
                        axis="y",
                    )
                if rng.random() < 0.6:
                    wall_run(b, joinery, palette, leg0, leg1, 1.45, upper_top)

    def island(self):
        """The island with its stools, or a table in its place, and what stands on it."""
        D, W, b, back_window, corner_leg, hero, joinery, other, palette = (
            self.D,
            self.W,
            self.b,
            self.back_window,
            self.corner_leg,
            self.hero,
            self.joinery,
            self.other,
            self.palette,
        )
        rng, sink_back = self.rng, self.sink_back
        lx = min(rng.uniform(1.9, 2.8), W - (2.2 if not corner_leg else 2.6))
        if hero is not None:
            lx = 2.7
        ly = rng.uniform(0.95, 1.15)
        shift = (0.25 if other == "left" else -0.25) if corner_leg else rng.uniform(-0.15, 0.15)
        cx, cy = W / 2 + shift, D - 0.62 - rng.uniform(1.05, 1.25) - ly / 2
        style = (
            rng.choice(["shaker", "fluted", "slats", "boards", "plain"])
            if joinery["door"] != "slab"
            else rng.choice(["fluted", "slats", "plain", "plain"])
        )
        if hero is not None:
            style = ["fluted", "plain", "plain"][hero % 3]
        use_table = rng.random() < 0.14 and hero is None
        stools = rng.random() < 0.8 or hero is not None
        if not stools and style == "plain":
            style = rng.choice(["shaker", "slats", "fluted"])
        seatspec = rng.choice(
            [
                "leather:brown",
                "leather:black",
                "fabric:cream",
                "fabric:charcoal",
                "fabric:greige",
                "leather:terracotta",
                "fabric:olive",
            ]
        )
        woodspec = "wood:" + rng.choice(["oak", "walnut", "ebony", "ash"])
        island_sink = not use_table and rng.random() < 0.5 and not back_window and not sink_back
        if use_table:
            table(b, cx, cy - 0.3, 0, 2.0, 0.95, 0.75, woodspec, woodspec)
            for s in (-0.5, 0.5):
                chair(b, cx + s, cy - 0.3 - 0.62, rng.uniform(-6, 6), seatspec, woodspec)
                chair(b, cx + s, cy - 0.3 + 0.62, 180 + rng.uniform(-6, 6), seatspec, woodspec)
            topz, ty = 0.75, cy - 0.3
        else:
            over = 0.3 if stools else 0.03
            island(
                b,
                joinery,
                palette,
                cx,
                cy,
                lx,
                ly,
                style,
                rng.random() < 0.35 if hero is None else hero % 3 == 1,
                over,
                island_sink,
                False,
            )
            topz, ty = 0.9, cy
            if stools:
                kind = rng.choice(["round", "pedestal", "frame", "back"])
                if hero is not None:
                    kind = ["back", "frame", "round"][hero % 3]
                n = max(2, min(4, int(lx / 0.62)))
                for i in range(n):
                    x = cx - lx / 2 + lx * (i + 0.5) / n
                    stool(
                        b,
                        x,
                        cy - ly / 2 - rng.uniform(0.02, 0.14),
                        rng.uniform(-12, 12),
                        kind,
                        joinery["metal"] if joinery["metal"] != "steel" else "black",
                        seatspec,
                        woodspec,
                    )
        with b.frame(0, 0, topz):
            spots = [-0.32, 0.3] if not island_sink else [-0.36, 0.38]
            rng.shuffle(spots)
            vase(
                b,
                cx + spots[0] * lx,
                ty + 0.0,
                0.001,
                rng.uniform(0.9, 1.2),
                rng.choice(["gloss:white", "paint:charcoal", "paint:terracotta", "gloss:cream", "paint:sand"]),
            )
            fruit_bowl(
                b,
                cx + spots[1] * lx,
                ty - 0.05,
                0.001,
                rng.choice(["wood:walnut", "gloss:white", "paint:charcoal", "wood:oak"]),
            )
            if rng.random() < 0.5:
                books(b, cx + spots[1] * lx * 0.5, ty + 0.05, 0.001, 2)
        self.cx, self.cy, self.lx, self.ly, self.ty = cx, cy, lx, ly, ty

    def around(self):
        """Lamps, a plant, a rug."""
        D, H, W, b, corner_leg, cx, cy, hero, joinery = (
            self.D,
            self.H,
            self.W,
            self.b,
            self.corner_leg,
            self.cx,
            self.cy,
            self.hero,
            self.joinery,
        )
        light, lit, lx, ly, rng, sh, ty = self.light, self.lit, self.lx, self.ly, self.rng, self.sh, self.ty
        pk = rng.choice(["dome", "cone", "globe", "drum", "bell"])
        n = rng.choice([2, 3]) if lx > 1.7 else 2
        if hero is not None:
            n, pk = 3, ["dome", "globe", "cone"][hero % 3]
        pm = joinery["metal"] if joinery["metal"] != "steel" else rng.choice(["black", "brass", "copper"])
        drop = H - rng.uniform(1.62, 1.78)
        for i in range(n):
            pendant(b, cx + lx * ((i + 0.5) / n - 0.5) * 0.92, ty, H, drop, pk, pm, "warm", light["lamp"])
        sh.downlights([(x, y) for x in np.linspace(0.8, W - 0.8, 4) for y in (D - 1.15, D - 3.3)], light["spots"])
        if rng.random() < 0.6:
            px = 0.45 if lit == "right" else W - 0.45
            plant(
                b,
                px if not corner_leg else (W - 0.45 if lit == "right" else 0.45),
                rng.uniform(2.3, 2.7),
                0,
                rng.uniform(0.9, 1.3),
                rng.choice(["fan", "broad", "olive"]),
                rng.choice(["paint:white", "paint:charcoal", "paint:terracotta", "concrete:lightgrey"]),
            )
        if rng.random() < 0.4:
            with b.item("rug"), b.frame(cx, cy + ly / 2 + 0.5, 0.008):
                b.box(
                    mat(
                        "rug:" + rng.choice(["cream", "terracotta", "blue", "greige"]),
                        other=rng.choice(["charcoal", "brown", "navy"]),
                        style=rng.choice(["stripe", "diamond", "faded"]),
                    ),
                    -lx * 0.4,
                    -0.32,
                    -0.007,
                    lx * 0.4,
                    0.32,
                    0.003,
                    0.003,
                )

    def view(self):
        """The palette, and where the eye stands: level, at eye height, so that uprights stay upright."""
        D, D_leg, W, corner_leg, cx, cy, hero, ly, other = (
            self.D,
            self.D_leg,
            self.W,
            self.corner_leg,
            self.cx,
            self.cy,
            self.hero,
            self.ly,
            self.other,
        )
        palette, rng, sh = self.palette, self.rng, self.sh
        look = (cx + rng.uniform(-0.4, 0.4), D - 1.2)
        back_off = rng.uniform(2.3, 3.2)  # from the island's front to the eye
        cam = (W / 2 + rng.uniform(-0.30, 0.30) * W, max(0.3, cy - ly / 2 - back_off))
        lens, eye = rng.uniform(20, 26), rng.uniform(1.3, 1.6)
        side_things(sh, rng, other, D, corner_leg, D_leg, palette)
        if hero is not None:
            cam, look, lens, eye = [
                ((W * 0.28, cy - ly / 2 - 2.75), (W * 0.52, D)),
                ((W * 0.68, cy - ly / 2 - 2.8), (W * 0.5, D)),
                ((W * 0.5, cy - ly / 2 - 2.8), (W * 0.5, D)),
            ][hero % 3] + ([23, 23, 24][hero % 3], 1.42)
        return palette, cam, look, lens, eye


def make_showroom(b, a, hero=None):
    """A designer kitchen; hero: one of three fixed designs. Returns palette, camera, aim, lens and eye height."""
    room = _Showroom(b, a, hero)
    room.back_wall()
    room.side_run()
    room.island()
    room.around()
    return room.view()
