"""Bedrooms."""

from render_rooms.chance import pick
from render_rooms.decor import books, picture, plant, vase, wall_mirror
from render_rooms.furniture import bed, sofa
from render_rooms.joinery import chest, room_door, wardrobe
from render_rooms.lighting import LIGHTS, ceiling_lamp, pendant, table_lamp
from render_rooms.materials import mat
from render_rooms.overrides import apply_override
from render_rooms.shell import Shell
from render_rooms.textiles import dress_window


def bedroom_look(rng):
    wood = "wood:" + pick(rng, ("oak", 4), ("walnut", 3), ("ash", 2), ("teak", 1), ("whitewash", 1), ("smoked", 1), ("cherry", .6), ("ebony", .5))
    dark = rng.choice(["charcoal", "navy", "green", "olive", "brown", "terracotta", "taupe", "blue", "sage", "blush"])
    wall = "plaster:" + pick(rng, ("white", 4), ("warmwhite", 4), ("cream", 1.5), ("lightgrey", 2), ("greige", 2), ("sand", 1), ("sage", 1.2), ("blue", 1), ("blush", 1), ("taupe", .4))
    furn = pick(rng, (wood, 5), ("paint:white", 3), ("paint:" + rng.choice(["charcoal", "sage", "navy", "greige", "cream", "blue"]), 2))
    sp = dict(wall=wall, accent=pick(rng, (wall, 4), ("plaster:" + dark, 4), ("limewash:" + dark, 1.5), ("paint:" + dark, 1)),
              floor=pick(rng, ("planks:oak", 4), ("planks:ash", 2), ("planks:walnut", 1.5), ("planks:whitewash", 1), ("planks:smoked", .8), ("parquet:oak", 2), ("parquet:walnut", .8),
                         ("rug:cream", 1), ("rug:greige", 1), ("rug:lightgrey", 1), ("rug:taupe", .6), ("tile:sand", .4)),
              trim="paint:white", windowframe=pick(rng, ("paint:white", 4), ("metal:black", 1.5), (wood, 1)), floorgrain=rng.choice("xy"), cornice=rng.random() < .4,
              skirt_h=rng.choice([.07, .1, .14]), ftile=.6, curtain="curtain:" + rng.choice(["white", "cream", "lightgrey", "greige", "sage", "sand", "blue", "charcoal", "terracotta", "blush"]),
              blinds=pick(rng, ("paint:white", 3), (wood, 2), ("paint:cream", 1), ("paint:charcoal", .6)), furniture=furn, wardrobe=pick(rng, (furn, 3), ("paint:white", 2), (wood, 1)), wood=wood)
    door = pick(rng, ("shaker", 4), ("slab", 5), ("groove", 1))
    metal = pick(rng, ("black", 3), ("brass", 3), ("steel", 2), ("bronze", 1))
    st = dict(door=door, rail=rng.choice([.05, .06, .075]), metal=metal, handle=pick(rng, ("bar", 3), ("knob", 3), ("edge", 1.5)))
    fab = rng.choice(["cream", "greige", "lightgrey", "charcoal", "sage", "navy", "terracotta", "taupe", "olive", "ochre", "green", "blue", "blush"])
    head = pick(rng, ("soft", 3), ("channels", 2), ("tufted", 1.5), ("panel", 1.5), ("slats", 1), ("bars", .8), ("slab", 2.5), ("none", .4))
    base = pick(rng, ("legs", 3), ("soft", 3), ("platform", 2))
    soft_head = "leather:brown" if rng.random() < .12 else "fabric:" + fab
    w = pick(rng, (1.4, 2), (1.6, 4), (1.8, 3), (.95, 1.2))
    duvet = pick(rng, ("white", 5), ("cream", 2), ("lightgrey", 2), ("sage", 1), ("blue", 1), ("blush", 1), ("charcoal", 1), ("terracotta", .8), ("sand", 1), ("navy", .8), ("olive", .6), ("taupe", .6), ("ochre", .5))
    sheet = rng.choice(["white", "white", "cream", "lightgrey", duvet])
    look = dict(w=w, head=head, headspec=soft_head if head in ("soft", "channels", "tufted") else (wood if rng.random() < .7 else furn), headw=w + rng.choice([.04, .1, .1, .2]),
                headh=rng.uniform(.95, 1.3), metal="black" if metal == "steel" else metal, base=base, frame=("fabric:" + fab) if base == "soft" else (wood if rng.random() < .75 else furn), top=rng.uniform(.5, .62),
                footboard=rng.choice([.03, .03, .12, .3]), drop=rng.uniform(.2, .36), duvet="fabric:" + duvet, sheet="fabric:" + sheet, pillow="fabric:" + rng.choice([duvet, sheet, "white"]),
                scatter="fabric:" + rng.choice(["terracotta", "ochre", "sage", "navy", "charcoal", "cream", "olive", "blush", "green"]), quilt=rng.choice([0, 0, 0, .3, .22]), turned=rng.random() < .55,
                throw=rng.random() < .6 and "fabric:" + rng.choice(["charcoal", "terracotta", "ochre", "sage", "navy", "cream", "greige", "olive", "taupe", "brown", "blue"]))
    return sp, st, look


def make_bedroom(b, a):
    """The bed stands on the back wall or, head to the unlit side wall, across the view."""
    rng = b.rng
    sp, st, look = bedroom_look(rng)
    H = rng.choice([2.4, 2.5, 2.6, 2.8])
    light = dict(LIGHTS[pick(rng, ("day", 4), ("soft", 4), ("golden", 2.5), ("evening", 2))])
    dark = light["view"] == "dusk"
    lit = rng.choice(["left", "right"])
    other = "right" if lit == "left" else "left"
    plan = pick(rng, ("back", 6), ("side", 4))
    big = pick(rng, ("wardrobe", 4), ("dresser", 3), ("door", 1.5), ("none", 1))
    nw = rng.uniform(.38, .55)                              # width of a night stand
    need = nw + .2                                          # what a night stand needs beside the bed
    bw = look["w"]
    if plan == "back":
        near_lit, near_oth = need + rng.uniform(.1, .5), need + (rng.uniform(.7, 1.1) if big in ("wardrobe", "dresser") else rng.uniform(.15, .6))
        W, D = near_lit + bw + near_oth, 2.2 + rng.uniform(1.6, 2.4)
        bx = near_lit + bw / 2 if lit == "left" else W - near_lit - bw / 2
    else:
        gap = need + (rng.uniform(.7, 1.0) if big in ("wardrobe", "dresser") else rng.uniform(.1, .4))
        W, D = 2.2 + rng.uniform(1.0, 1.7), gap + bw + rng.uniform(1.5, 2.1)
        by = D - gap - bw / 2
    sp["plain"] = sp["accent"] == sp["wall"]
    apply_override(sp, a.override)
    deco = rng.random()
    slat_wood = "wood:" + rng.choice(["walnut", "oak", "smoked", "ash"])
    sp["slats"] = slat_wood if deco < .14 and "accent" not in a.override else None
    sp["mould"] = .14 <= deco < .4
    light["sundir"] = ((1 if lit == "left" else -1), rng.uniform(.1, .6), -rng.uniform(.45, .8))
    sh = Shell(b, W, D, H, sp)
    headwall = "back" if plan == "back" else other
    # windows: one on the lit wall, one behind the camera for its light, at times one on the back wall
    z0, z1 = rng.choice([.02, .5, .8, .9]), min(H - .2, rng.uniform(2.05, 2.35))
    wl, wy = rng.uniform(1.1, 1.9), rng.uniform(.5, 1.0)
    if plan == "side" and big == "wardrobe":                # clear of its side
        wy, wl = wy + .5, min(wl, 1.6)
    span = (D - wy - wl, D - wy) if lit == "right" else (wy, wy + wl)
    wins = [dict(wall=lit, x0=span[0], x1=span[1], z0=z0, z1=z1, bars=rng.choice([0, 0, 1, 2]), pane=rng.choice([.6, .8, 1.2])),
            dict(wall="front", x0=.7, x1=W - .7, z0=.4, z1=2.2, bars=0, pane=1.0)]
    backwin = plan == "side" and big in ("door", "none") and rng.random() < .7
    if backwin:
        ww = min(W - 1.2, rng.uniform(1.1, 1.8))
        wins.append(dict(wall="back", x0=W / 2 - ww / 2, x1=W / 2 + ww / 2, z0=max(z0, .5), z1=z1, bars=rng.choice([0, 1]), pane=.8))
    sh.build(wins, [headwall], light)
    how = pick(rng, (("curtain",), 5), (("blinds",), 3), (("curtain", "blinds"), 2))
    for w in wins:
        if w["wall"] != "front":
            with sh.on(w["wall"]):
                dress_window(b, w, H, how, sp, min(.4, w["x0"] - .05, (D if w["wall"] == lit else W) - w["x1"] - .05))
    # the bed with its night stands; u is the place of its middle along its wall
    off = .026 if sp["slats"] else (.02 if sp["mould"] else .003)
    u = W - bx if plan == "back" else (D - by if other == "left" else by)
    lamp_kind, lamp_spec = rng.choice(["gourd", "column", "stem", "globe"]), pick(rng, ("gloss:white", 2), ("metal:brass", 2), ("metal:black", 2), ("paint:terracotta", 1), (sp["wood"], 1), ("gloss:sage", 1), ("paint:charcoal", 1), ("marble:white", 1))
    on = dark or rng.random() < .5
    nh, nd, nrows, nz = look["top"] - rng.uniform(.0, .08), rng.uniform(.36, .44), rng.choice([1, 2, 2, 3]), rng.choice([.05, .14, .2])
    with sh.on(headwall):
        half, end = bed(b, u, look, off)
        sides = [-1, 1] if rng.random() < .8 else [rng.choice([-1, 1])]
        for s in sides:
            c = u + s * (max(bw / 2 + .13, look["headw"] / 2 + .02) + nw / 2)
            with b.frame(0, off + .012):
                chest(b, "night stand", st, sp["furniture"], c - nw / 2, c + nw / 2, nz, nh, nd, 1, nrows, "metal:" + look["metal"] if rng.random() < .5 else sp["wood"])
                if lamp_kind and (len(sides) == 1 or rng.random() < .9):
                    table_lamp(b, c - s * .02, nd * .42, nh, lamp_kind, lamp_spec, on, light["lamp"] * .45, rng.uniform(.95, 1.2))
                if nw > .42 and rng.random() < .6:
                    books(b, c + s * (nw / 2 - .1), nd * .7, nh, rng.choice([1, 2, 3]), True, .17, .12)
        # something over the headboard
        if not sp["slats"] and not sp["mould"] and rng.random() < .7:
            n, fr, art = rng.choice([1, 1, 2, 3]), rng.choice(["wood:oak", "metal:black", "metal:brass", "wood:walnut"]), rng.choice(["warm", "cool", "mono"])
            top_h = look["headh"] if look["head"] != "none" else .9
            pw = {1: min(1.2, bw * .62), 2: .52, 3: .42}[n]
            ph = min(pw * (.62 if n == 1 else 1.3), H - top_h - .45)
            for i in range(n):
                picture(b, u + (i - (n - 1) / 2) * (pw + .09), top_h + .2 + ph / 2, pw, ph, art, fr)
    # the big piece: on the unlit wall, or on the back wall where the bed takes the unlit one
    bigwall = other if plan == "back" else "back"
    sign = 1 if other == "left" else -1
    at = (lambda d: d if other == "left" else D - d) if plan == "back" else (lambda d: W / 2 + (d - W / 2) * sign)
    # at(d): d metres from the back corner along the unlit wall; on the back wall d metres from its lit end
    room = D - 1.25 if plan == "back" else W - .1
    with sh.on(bigwall):
        if big == "wardrobe":
            lo = rng.choice([.004, .5]) if plan == "back" else .03
            ln = min(rng.choice([1.05, 1.5, 1.6, 2.0, 2.1]), room - lo)
            if plan == "side" and rng.random() < .35:
                ln = room                                   # built in from wall to wall
            p, q = sorted((at(lo), at(lo + ln)))
            h = rng.choice([2.0, 2.15, H - .02, H - .3])
            mir = rng.choice([(), (), (0,), (1,), (0, 1, 2, 3), (1, 2)])
            wardrobe(b, st, sp["wardrobe"], p, q, min(h, H - .02), rng.uniform(.55, .62), mir)
        elif big == "dresser":
            ln, lo = min(rng.uniform(1.0, 1.6), room - .4), .0
            lo = rng.uniform(.3, max(.31, room - ln - .1))
            p, q = sorted((at(lo), at(lo + ln)))
            h, dd = rng.uniform(.72, .95), rng.uniform(.42, .5)
            with b.frame(0, .016):
                chest(b, "dresser", st, sp["furniture"], p, q, rng.choice([.06, .14]), h, dd, 2 if ln > 1.0 else 1, rng.choice([3, 3, 4]), sp["wood"])
                m, keep = (p + q) / 2, rng.random()
                vase(b, p + .22, dd * .5, h + .001, rng.uniform(.8, 1.0), rng.choice(["gloss:white", "paint:terracotta", "paint:charcoal", "gloss:cream"]))
                if keep < .5:
                    table_lamp(b, q - .2, dd * .5, h, lamp_kind, lamp_spec, on, light["lamp"] * .4, 1.1)
                else:
                    books(b, q - .25, dd * .5, h + .001, 3)
            c = rng.random()
            if c < .6:
                kind = rng.choice(["rect", "round", "arch"])
                mw = rng.uniform(.6, .85)
                mh = mw if kind == "round" else (rng.uniform(.7, .95) if kind == "arch" else rng.uniform(.6, .9))
                wall_mirror(b, m, min(h + .25 + mh / 2, H - .1 - mh / 2), mw if kind != "rect" else mw * 1.2, mh, rng.choice([sp["wood"], "metal:black", "metal:brass", "paint:white"]), kind)
            elif c < .8:
                with b.item("tv"):
                    b.box(mat("gloss:black"), m - .52, .012, h + .2, m + .52, .045, h + .8, .004)
            else:
                picture(b, m, h + .62, .8, .6, rng.choice(["warm", "cool", "mono"]), rng.choice(["wood:oak", "metal:black"]))
        elif big == "door" and not backwin:
            room_door(b, at(rng.uniform(.7, max(.75, room - 1.0))), H, pick(rng, ("paint:white", 4), ("wood:oak", 1), ("paint:charcoal", .5)), st["metal"] if st["metal"] != "steel" else "chrome")
        elif not backwin:
            if rng.random() < .5:
                picture(b, at(room * .5), 1.55, .7, .9, rng.choice(["warm", "cool", "mono"]), "wood:oak")
            else:
                with b.frame(at(room * .5), .02, 0, 0, 0):
                    wall_mirror(b, 0, .92, .62, 1.8, rng.choice([sp["wood"], "metal:black", "metal:brass"]), rng.choice(["rect", "arch"]))
    # rug under the lower half of the bed, a bench at its end
    with sh.on(headwall):
        if not sp["floor"].startswith("rug") and rng.random() < .8:
            rl = rng.uniform(1.3, 1.7)
            rw = min(bw + rng.uniform(.8, 1.3), 2 * min(u, (W if plan == "back" else D) - u) - .1)
            with b.item("rug"), b.frame(u, end - .45, .009):
                b.box(mat("rug:" + rng.choice(["cream", "greige", "lightgrey", "sand", "terracotta", "blue", "white", "sage"]), other=rng.choice(["charcoal", "brown", "navy", "taupe"]), style=pick(rng, ("plain", 3), ("stripe", 1), ("diamond", 2), ("faded", 2))),
                      -rw / 2, -rl / 2, -.008, rw / 2, rl / 2, .006, .006, seg=3)
        free = (D if plan == "back" else W) - end
        bench = free > 1.15 and rng.random() < .5
        if bench:
            with b.item("pouf"), b.frame(u, end + .05 + .21, .0):
                fs, lw = "fabric:" + rng.choice(["cream", "greige", "charcoal", "sage", "terracotta", "ochre", "blue"]), min(1.3, bw * .8)
                if rng.random() < .7:
                    b.soft(mat(fs), -lw / 2, -.19, .3, lw / 2, .19, .45, .04, .012)
                    for s in (-1, 1):
                        for q in (-.13, .13):
                            b.tube(mat(sp["wood"], grain="z"), [(s * (lw / 2 - .06), q, .015), (s * (lw / 2 - .09), q, .32)], .018)
                else:
                    b.lathe(mat(fs), [(.0, .015), (.2, .015), (.24, .05), (.25, .18), (.24, .32), (.19, .37), (0, .375)], n=48, smooth=80)
    # armchair or plant in the back corner at the window
    lx = .42 if lit == "left" else W - .42
    if plan == "side" and not backwin and big not in ("wardrobe", "dresser") and W > 3.4 and not bench and rng.random() < .6:
        sofa(b, lx + (.2 if lit == "left" else -.2), D - .65, -35 if lit == "right" else 35, .8, "fabric:" + rng.choice(["cream", "sage", "ochre", "charcoal", "blush"]), "wood:oak", "slim", "armchair")
    elif plan == "back" and near_lit > nw + .75 or plan == "side" and big in ("none", "door"):
        plant(b, lx, D - .42, 0, rng.uniform(.8, 1.15), rng.choice(["fan", "broad", "olive"]), rng.choice(["paint:white", "paint:charcoal", "paint:terracotta", "concrete:lightgrey"]))
    # lamps on the ceiling
    mid = (bx, D - end + .3) if plan == "back" else ((end - .2 if other == "left" else W - end + .2), by)
    c = rng.random()
    if c < .4:
        pendant(b, mid[0], mid[1], H, rng.uniform(.5, .75), rng.choice(["dome", "globe", "drum", "bell"]), rng.choice(["black", "brass", "copper"]), "warm", light["lamp"] * .9)
    elif c < .7:
        ceiling_lamp(b, mid[0], mid[1], H, "paint:white", light["lamp"] * .9)
    else:
        sh.downlights([(x, y) for x in (.8, W / 2, W - .8) for y in (D - .8, D - 2.6)], light["spots"] * .7)
    # the eye: from the foot, from a corner, from the door
    view = pick(rng, ("foot", 4), ("corner", 4), ("door", 2))
    lens, eye = rng.uniform(18, 24), rng.uniform(1.2, 1.6)
    s = 1 if lit == "left" else -1                          # towards the unlit wall
    litx = 0.0 if lit == "left" else W
    if plan == "back":
        if view == "foot":
            cam, aim = (bx + rng.uniform(-.5, .5), .22), (bx + rng.uniform(-.2, .2) + s * .15, D)
        elif view == "corner":
            cam, aim = (litx + s * rng.uniform(.35, .6), rng.uniform(.22, .5)), (bx + s * rng.uniform(.2, .6), D)
        else:
            cam, aim = (litx + s * (W - rng.uniform(.75, .95)), .22), (bx - s * rng.uniform(.1, .5), D)
    else:
        if view == "foot":
            cam, aim = (litx + s * rng.uniform(.35, .9), .22), (litx + s * W * .62, D - .6)
        elif view == "corner":
            cam, aim = (litx + s * rng.uniform(.3, .5), rng.uniform(.25, .6)), (litx + s * W, by + .3)
        else:
            cam, aim = (litx + s * W * rng.uniform(.35, .55), .22), (litx + s * W * rng.uniform(.5, .6), D)
        lens = min(lens, 21)
    return sp, cam, aim, lens, eye, -.1
