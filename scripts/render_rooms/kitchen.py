"""Kitchens."""

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


def kitchen_look(rng, hero=None):
    """A palette (specs by role) and a style, drawn so that the parts go together."""
    wood = pick(rng, ("oak", 4), ("walnut", 3), ("ash", 2), ("teak", 1.5), ("cherry", .7), ("smoked", 1), ("whitewash", .7))
    dark = rng.choice(["charcoal", "black", "navy", "green", "brown"])
    pale = rng.choice(["white", "warmwhite", "cream", "lightgrey", "greige", "sage", "blue", "sand", "taupe", "olive"])
    scheme = pick(rng, ("wood+dark", 3), ("pale+wood", 3), ("pale+dark", 2), ("dark+wood", 2), ("allpale", 1), ("wood+pale", 2))
    metal = pick(rng, ("black", 3), ("brass", 3), ("steel", 3), ("bronze", 1))
    if hero is not None:
        scheme, wood, dark = "wood+dark", ["walnut", "oak", "teak"][hero % 3], ["charcoal", "black", "navy"][hero % 3]
        metal = ["brass", "black", "black"][hero % 3]
    A, I = scheme.split("+") if "+" in scheme else ("pale", "pale")
    spec = dict(wood="wood:" + wood, dark="paint:" + dark, pale="paint:" + pale)
    cab, isl = spec[A], spec[I]
    top = pick(rng, ("marble:white", 4), ("stone:white", 3), ("marble:gold", 2), ("stone:black", 1.5), ("stone:grey", 1.5), ("wood:oak", 1), ("marble:black", 1), ("concrete:lightgrey", .7))
    itop = top if rng.random() < .6 else pick(rng, ("marble:white", 3), ("wood:walnut", 1), ("wood:oak", 1), ("marble:black", 1), ("marble:gold", 1), ("stone:black", 1))
    upper = cab if rng.random() < .75 else pick(rng, ("paint:white", 1), (spec["wood"], 1))
    wall = "plaster:" + pick(rng, ("white", 4), ("warmwhite", 3), ("cream", 1), ("lightgrey", 1.5), ("greige", 1), ("sand", .6), ("sage", .4))
    accent = pick(rng, (f"plaster:{dark}", 4), (f"limewash:{dark}", 2), (wall, 3), ("concrete:grey", .8), ("limewash:taupe", .8), ("plaster:terracotta", .4))
    floor = pick(rng, ("planks:oak", 4), ("parquet:oak", 2.5), ("planks:ash", 1.5), ("planks:walnut", 1.2), ("parquet:walnut", .8),
                 ("tile:lightgrey", 1.5), ("tile:sand", 1), ("concrete:grey", 1), ("tile:charcoal", .6), ("planks:smoked", .8))
    splash = pick(rng, ("tile:white", 4), ("tile:sage", 1), ("tile:charcoal", 1), ("tile:blue", .6), (top if "wood" not in top else "tile:white", 3), ("tile:green", .7), ("marble:white", 1))
    if hero is not None:
        accent = ["plaster:charcoal", "limewash:black", "plaster:charcoal"][hero % 3]
        top = ["stone:white", "stone:black", "marble:white"][hero % 3]
        itop = ["stone:white", "stone:black", "wood:oak"][hero % 3]
        cab = upper = "wood:" + wood
        isl = "paint:" + dark
        wall = "plaster:" + ["warmwhite", "white", "white"][hero % 3]
        floor = ["parquet:oak", "concrete:lightgrey", "planks:ash"][hero % 3]
        splash = ["plaster:charcoal", "limewash:black", "tile:white"][hero % 3]
    sp = dict(cabinet=cab, upper=upper, tall=cab, island=isl, top=top, islandtop=itop, wall=wall, accent=accent, floor=floor,
              splash=splash, kick=rng.choice(["metal:darksteel", "paint:black"]), ikick="paint:black", trim="paint:white",
              windowframe=pick(rng, ("paint:white", 3), ("metal:black", 3), ("wood:oak", 1)), appliance=pick(rng, ("black", 2), ("steel", 2)),
              fridge=pick(rng, ("steel", 3), ("darksteel", 1), ("black", 1)), sink=rng.choice(["steel", "steel", "white", "darksteel"]),
              tap=metal if metal != "steel" else "chrome", gas=rng.random() < .4, floorgrain=rng.choice("xy"), ftile=rng.choice([.45, .6, .9]),
              foff=rng.choice([0, .5]), cornice=rng.random() < .35)
    if "tile" in sp["floor"]:
        sp["frough"] = rng.choice([.12, .3, .45])
    if hero is not None:
        sp.update(fridge=["black", "darksteel", "steel"][hero % 3], appliance="black", gas=False, cornice=False,
                  windowframe="metal:black", tap=metal, sink="darksteel")
    door = pick(rng, ("shaker", 5), ("slab", 5), ("groove", 1))
    if hero is not None:
        door = "slab"
    st = dict(door=door, rail=rng.choice([.05, .06, .075]), metal=metal, handle=pick(rng, ("bar", 4), ("knob", 2 if door == "shaker" else .3), ("edge", 2), ("none", 1.5 if door == "slab" else 0)),
              top_t=rng.choice([.02, .03, .04]), itop_t=rng.choice([.03, .04, .06]), tall_h=2.2, ledstrip=rng.random() < .5)
    if hero is not None:
        st.update(handle=["edge", "bar", "bar"][hero % 3], ledstrip=True, top_t=.03, itop_t=[.05, .06, .04][hero % 3])
    return sp, st


def make_kitchen(b, a, hero=None):
    rng = b.rng
    sp, st = kitchen_look(rng, hero)
    W, D, H = rng.uniform(4.2, 5.6), rng.uniform(5.6, 6.8), rng.choice([2.5, 2.6, 2.7, 2.9])
    light = dict(LIGHTS[pick(rng, ("day", 4), ("soft", 3), ("golden", 2), ("evening", 1.3))])
    if hero is not None:
        W, D, H = [5.4, 5.8, 5.2][hero % 3], 6.8, [2.8, 2.9, 2.7][hero % 3]
        light = dict(LIGHTS[["day", "golden", "soft"][hero % 3]])
    sp["shelf"] = sp["cabinet"] if "wood" in sp["cabinet"] else "wood:" + rng.choice(["oak", "walnut"])
    wall_splash = sp["splash"].split(":")[0] in ("plaster", "limewash")
    sp["plain"] = sp["accent"] == sp["wall"]               # then the back wall is a wall like the others
    apply_override(sp, a.override)
    if wall_splash and "accent" in a.override:
        sp["splash"] = sp["accent"]
    lit = rng.choice(["left", "right"])          # the side with the window
    other = "right" if lit == "left" else "left"
    light["sundir"] = ((1 if lit == "left" else -1), rng.uniform(.15, .55), -rng.uniform(.5, .8))
    sh = Shell(b, W, D, H, sp)
    st["tall_h"] = min(H, rng.choice([2.2, 2.3, 2.4, H - .12]))
    upper_top = rng.choice([st["tall_h"], st["tall_h"], 2.1])

    # which units stand where on the back wall; x runs from the right corner to the left as seen
    talls = pick(rng, ([("fridge", .95)], 3), ([("fridge", .95), ("oven", .6)], 4), ([("oven", .6), ("fridge", .95)], 2), ([("fridge", .72), ("larder", .6)], 2))
    tall_right = rng.random() < .5 if hero is None else [True, False, True][hero % 3]
    tw = sum(w for _, w in talls)
    tower = any(k == "oven" for k, _ in talls)
    run0, run1 = (tw, W) if tall_right else (0.0, W - tw)
    corner_leg = rng.random() < .4 and hero is None        # an L: a second run along the unlit side wall
    windows, back_window = [], rng.random() < .25 and hero is None
    D_leg = rng.uniform(1.6, 2.4)
    wz0, wz1 = (rng.choice([.0, .9, .95]), min(H - .25, rng.uniform(2.15, 2.4)))
    wl = rng.uniform(1.4, 2.6)
    wy = rng.uniform(1.3, 2.0)                              # distance from the back corner
    wx = (D - wy - wl, D - wy) if lit == "right" else (wy, wy + wl)
    if hero is not None:
        wz0, wz1, wl, wy = 0.02, H - .25, 2.7, 1.25
        wx = (D - wy - wl, D - wy) if lit == "right" else (wy, wy + wl)
    bars = rng.choice([0, 0, 1, 2, 3])
    windows.append(dict(wall=lit, x0=wx[0], x1=wx[1], z0=wz0, z1=wz1, bars=bars, pane=rng.choice([.6, .8, 1.1])))
    windows.append(dict(wall="front", x0=.7, x1=W - .7, z0=.3, z1=2.3, bars=0, pane=1.0))
    run_len = run1 - run0
    mid = (run0 + run1) / 2
    if back_window:
        windows.append(dict(wall="back", x0=mid - .65, x1=mid + .65, z0=1.02, z1=2.1, bars=rng.choice([0, 1]), pane=.65))
    accent = ["back"] if rng.random() < .8 or hero is not None else [other]
    slat_wood, deco = "wood:" + rng.choice(["walnut", "oak", "smoked"]), rng.random()
    sp["slats"] = slat_wood if accent == [other] and deco < .4 and "accent" not in a.override else None
    sp["mould"] = accent == [other] and .4 <= deco < .65
    sh.build(windows, accent, light)

    # back wall
    look_hood = pick(rng, ("chimney", 3), ("plaster", 1), ("box", 2)) if hero is None else ["box", "box", "chimney"][hero % 3]
    uppers = "none" if back_window else pick(rng, ("both", 4), ("shelves", 2.5), ("none", 1))
    if hero is not None:
        uppers = ["shelves", "shelves", "both"][hero % 3]
    with sh.on("back"):
        tall_run(b, st, sp, 0.0 if tall_right else W - tw, talls if not tall_right else talls[::-1], H)
        nside = max(1, round((run_len - .75) / 2 / .6))
        side_kinds = ["drawers", "door", "drawerdoor"]
        k1, k2 = rng.choice(side_kinds), rng.choice(side_kinds)
        sink_back = back_window or rng.random() < .35
        middle = "sink" if back_window else ("hobdrawers" if tower else "oven")
        plan = [(k1, .6)] * nside + [(middle, .75 if middle != "oven" else .62)] + [(k2, .6)] * nside
        if sink_back and middle != "sink" and nside >= 2:
            plan[1] = ("sink", .6)
        if a.dishwasher:                                    # beside the sink, else at the end; no random number drawn
            plan[2 if plan[1][0] == "sink" and nside > 2 else 0] = ("dishwasher", .6)
        base_run(b, st, sp, run0, run1, plan)
        hood_w = .75 if run_len < 3 else .9
        splash_top = upper_top if uppers == "none" else 1.45
        full = rng.random() < .35 or uppers == "none"
        holes = [(h["x0"], h["z0"] - .9, h["x1"], h["z1"] - .9) for h in windows if h["wall"] == "back"]
        with b.item("accent wall" if wall_splash else "backsplash"), b.frame(run0, .009, .9):
            sc = rng.choice([(.2, .075), (.15, .05), (.3, .1), (.1, .1), (.25, .065)])
            zt = (H if (full and rng.random() < .5) else (splash_top if uppers != "both" else 1.46)) - .9
            if uppers == "shelves":
                zt = rng.choice([.5, .6, H - .9]) if hero is None else [H - .9, .6, .6][hero % 3]
            hs = [(h[0] - run0, h[1], h[2] - run0, min(h[3], zt)) for h in holes]
            b.slab(mat(sp["splash"], plane="xz", tw=sc[0], th=sc[1], grain="x", grout=rng.choice(["lightgrey", "white", "grey"])), run1 - run0, zt, .009, hs, axis="y")
        if middle != "sink":
            hood(b, look_hood, mid, 1.6, .5, H, sp["fridge"] if look_hood != "box" else rng.choice(["steel", "black"]), sp["wall"], hood_w)
        gap = hood_w / 2 + (.08 if look_hood == "plaster" else .03)
        sides = [(run0, mid - gap), (mid + gap, run1)]
        if uppers == "both":
            for s0, s1 in sides:
                wall_run(b, st, sp, s0, s1, 1.45, upper_top)
        elif uppers == "shelves":
            for s0, s1 in sides:
                for z in (1.45, 1.82):
                    with b.item("shelf"):
                        b.box(mat(sp["shelf"], grain="x"), s0 + .04, .01, z, s1 - .04, .25, z + .035, .003)
                    x = s0 + .12
                    while x < s1 - .35:
                        c = rng.random()
                        if c < .3:
                            bottles(b, x, .13, z + .036)
                            x += .33
                        elif c < .55:
                            x += books(b, x, .03, z + .036, rng.randint(3, 5), False) + .08
                        elif c < .8:
                            plates(b, x + .1, .13, z + .036)
                            x += .28
                        else:
                            vase(b, x + .07, .13, z + .036, .7, rng.choice(["gloss:white", "paint:terracotta", "paint:charcoal"]), False)
                            x += .2
        # things on the worktop
        with b.frame(0, .01, .9):
            for s0, s1 in sides:
                if s1 - s0 < .5:
                    continue
                u = rng.uniform(s0 + .2, s1 - .25)
                c = rng.random()
                if c < .4:
                    board(b, u, .0, .001, rng.choice(["wood:oak", "wood:walnut"]))
                elif c < .7:
                    bottles(b, u - .1, .16, .001)
                else:
                    kettle(b, u, .2, .001, rng.choice(["steel", "black", "copper"]))
    # second run on the side wall
    if corner_leg:
        with sh.on(other):
            # the corner of the back wall is at x=0 on the left wall and at x=D on the right one
            leg0, leg1 = (.62, .62 + D_leg) if other == "left" else (D - .62 - D_leg, D - .62)
            blocked = (tall_right and other == "right") or (not tall_right and other == "left")
            if blocked:
                leg0, leg1 = (leg0 + .1, leg1) if other == "left" else (leg0, leg1 - .1)
            n = max(2, round(D_leg / .6))
            plan = [(rng.choice(["drawers", "door", "drawerdoor"]), .6) for _ in range(n)]
            base_run(b, st, sp, leg0, leg1, plan)
            with b.item("backsplash"), b.frame(leg0, .009, .9):
                b.slab(mat(sp["splash"], plane="xz", tw=sc[0], th=sc[1], grain="x"), leg1 - leg0, .55, .009, axis="y")
            if rng.random() < .6:
                wall_run(b, st, sp, leg0, leg1, 1.45, upper_top)
    # the island
    lx = min(rng.uniform(1.9, 2.8), W - (2.2 if not corner_leg else 2.6))
    if hero is not None:
        lx = 2.7
    ly = rng.uniform(.95, 1.15)
    shift = (.25 if other == "left" else -.25) if corner_leg else rng.uniform(-.15, .15)
    cx, cy = W / 2 + shift, D - .62 - rng.uniform(1.05, 1.25) - ly / 2
    style = rng.choice(["shaker", "fluted", "slats", "boards", "plain"]) if st["door"] != "slab" else rng.choice(["fluted", "slats", "plain", "plain"])
    if hero is not None:
        style = ["fluted", "plain", "plain"][hero % 3]
    use_table = rng.random() < .14 and hero is None
    stools = rng.random() < .8 or hero is not None
    if not stools and style == "plain":
        style = rng.choice(["shaker", "slats", "fluted"])
    seatspec = rng.choice(["leather:brown", "leather:black", "fabric:cream", "fabric:charcoal", "fabric:greige", "leather:terracotta", "fabric:olive"])
    woodspec = "wood:" + rng.choice(["oak", "walnut", "ebony", "ash"])
    island_sink = not use_table and rng.random() < .5 and not back_window and not sink_back
    if use_table:
        table(b, cx, cy - .3, 0, 2.0, .95, .75, woodspec, woodspec)
        for s in (-.5, .5):
            chair(b, cx + s, cy - .3 - .62, rng.uniform(-6, 6), seatspec, woodspec)
            chair(b, cx + s, cy - .3 + .62, 180 + rng.uniform(-6, 6), seatspec, woodspec)
        topz, ty = .75, cy - .3
    else:
        over = .3 if stools else .03
        island(b, st, sp, cx, cy, lx, ly, style, rng.random() < .35 if hero is None else hero % 3 == 1, over, island_sink, False)
        topz, ty = .9, cy
        if stools:
            kind = rng.choice(["round", "pedestal", "frame", "back"])
            if hero is not None:
                kind = ["back", "frame", "round"][hero % 3]
            n = max(2, min(4, int(lx / .62)))
            for i in range(n):
                x = cx - lx / 2 + lx * (i + .5) / n
                stool(b, x, cy - ly / 2 - rng.uniform(.02, .14), rng.uniform(-12, 12), kind, st["metal"] if st["metal"] != "steel" else "black", seatspec, woodspec)
    with b.frame(0, 0, topz):
        spots = [-.32, .3] if not island_sink else [-.36, .38]
        rng.shuffle(spots)
        vase(b, cx + spots[0] * lx, ty + .0, .001, rng.uniform(.9, 1.2), rng.choice(["gloss:white", "paint:charcoal", "paint:terracotta", "gloss:cream", "paint:sand"]))
        fruit_bowl(b, cx + spots[1] * lx, ty - .05, .001, rng.choice(["wood:walnut", "gloss:white", "paint:charcoal", "wood:oak"]))
        if rng.random() < .5:
            books(b, cx + spots[1] * lx * .5, ty + .05, .001, 2)
    # lamps
    pk = rng.choice(["dome", "cone", "globe", "drum", "bell"])
    n = rng.choice([2, 3]) if lx > 1.7 else 2
    if hero is not None:
        n, pk = 3, ["dome", "globe", "cone"][hero % 3]
    pm = st["metal"] if st["metal"] != "steel" else rng.choice(["black", "brass", "copper"])
    drop = H - rng.uniform(1.62, 1.78)
    for i in range(n):
        pendant(b, cx + lx * ((i + .5) / n - .5) * .92, ty, H, drop, pk, pm, "warm", light["lamp"])
    sh.downlights([(x, y) for x in np.linspace(.8, W - .8, 4) for y in (D - 1.15, D - 3.3)], light["spots"])
    if rng.random() < .6:
        px = .45 if lit == "right" else W - .45
        plant(b, px if not corner_leg else (W - .45 if lit == "right" else .45), rng.uniform(2.3, 2.7), 0, rng.uniform(.9, 1.3), rng.choice(["fan", "broad", "olive"]), rng.choice(["paint:white", "paint:charcoal", "paint:terracotta", "concrete:lightgrey"]))
    if rng.random() < .4:
        with b.item("rug"), b.frame(cx, cy + ly / 2 + .5, .008):
            b.box(mat("rug:" + rng.choice(["cream", "terracotta", "blue", "greige"]), other=rng.choice(["charcoal", "brown", "navy"]), style=rng.choice(["stripe", "diamond", "faded"])), -lx * .4, -.32, -.007, lx * .4, .32, .003, .003)
    # camera: eye height, level, so that the uprights stay upright
    look = (cx + rng.uniform(-.4, .4), D - 1.2)
    back_off = rng.uniform(2.3, 3.2)                        # from the island's front to the eye
    cam = (W / 2 + rng.uniform(-.30, .30) * W, max(.3, cy - ly / 2 - back_off))
    lens, eye = rng.uniform(20, 26), rng.uniform(1.3, 1.6)
    side_things(sh, rng, other, W, D, H, corner_leg, D_leg, sp)
    if hero is not None:
        cam, look, lens, eye = [((W * .28, cy - ly / 2 - 2.75), (W * .52, D)), ((W * .68, cy - ly / 2 - 2.8), (W * .5, D)), ((W * .5, cy - ly / 2 - 2.8), (W * .5, D))][hero % 3] + ([23, 23, 24][hero % 3], 1.42)
    return sp, cam, look, lens, eye
