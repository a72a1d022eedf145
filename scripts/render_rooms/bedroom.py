"""Bedrooms."""

from render_rooms.chance import pick
from render_rooms.decor import books, picture, plant, vase, wall_mirror
from render_rooms.furniture import bed, sofa
from render_rooms.joinery import chest, room_door, wardrobe
from render_rooms.lighting import LIGHTS, ceiling_lamp, pendant, table_lamp
from render_rooms.materials import mat
from render_rooms.overrides import apply_override
from render_rooms.shell import Shell, front_openings, vary_shell
from render_rooms.textiles import dress_window


def bedroom_look(rng):
    """The finishes, joinery and bed of a bedroom, drawn so that the parts go together."""
    wood = "wood:" + pick(
        rng,
        ("oak", 4),
        ("walnut", 3),
        ("ash", 2),
        ("teak", 1),
        ("whitewash", 1),
        ("smoked", 1),
        ("cherry", 0.6),
        ("ebony", 0.5),
    )
    dark = rng.choice(["charcoal", "navy", "green", "olive", "brown", "terracotta", "taupe", "blue", "sage", "blush"])
    wall = "plaster:" + pick(
        rng,
        ("white", 4),
        ("warmwhite", 4),
        ("cream", 1.5),
        ("lightgrey", 2),
        ("greige", 2),
        ("sand", 1),
        ("sage", 1.2),
        ("blue", 1),
        ("blush", 1),
        ("taupe", 0.4),
    )
    furn = pick(
        rng,
        (wood, 5),
        ("paint:white", 3),
        ("paint:" + rng.choice(["charcoal", "sage", "navy", "greige", "cream", "blue"]), 2),
    )
    palette = dict(
        wall=wall,
        accent=pick(rng, (wall, 4), ("plaster:" + dark, 4), ("limewash:" + dark, 1.5), ("paint:" + dark, 1)),
        floor=pick(
            rng,
            ("planks:oak", 4),
            ("planks:ash", 2),
            ("planks:walnut", 1.5),
            ("planks:whitewash", 1),
            ("planks:smoked", 0.8),
            ("parquet:oak", 2),
            ("parquet:walnut", 0.8),
            ("rug:cream", 1),
            ("rug:greige", 1),
            ("rug:lightgrey", 1),
            ("rug:taupe", 0.6),
            ("tile:sand", 0.4),
        ),
        trim="paint:white",
        windowframe=pick(rng, ("paint:white", 4), ("metal:black", 1.5), (wood, 1)),
        floorgrain=rng.choice("xy"),
        cornice=rng.random() < 0.4,
        skirt_h=rng.choice([0.07, 0.1, 0.14]),
        ftile=0.6,
        curtain="curtain:"
        + rng.choice(
            ["white", "cream", "lightgrey", "greige", "sage", "sand", "blue", "charcoal", "terracotta", "blush"]
        ),
        blinds=pick(rng, ("paint:white", 3), (wood, 2), ("paint:cream", 1), ("paint:charcoal", 0.6)),
        furniture=furn,
        wardrobe=pick(rng, (furn, 3), ("paint:white", 2), (wood, 1)),
        wood=wood,
    )
    door = pick(rng, ("shaker", 4), ("slab", 5), ("groove", 1))
    metal = pick(rng, ("black", 3), ("brass", 3), ("steel", 2), ("bronze", 1))
    joinery = dict(
        door=door,
        rail=rng.choice([0.05, 0.06, 0.075]),
        metal=metal,
        handle=pick(rng, ("bar", 3), ("knob", 3), ("edge", 1.5)),
    )
    fab = rng.choice(
        [
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
            "green",
            "blue",
            "blush",
        ]
    )
    head = pick(
        rng,
        ("soft", 3),
        ("channels", 2),
        ("tufted", 1.5),
        ("panel", 1.5),
        ("slats", 1),
        ("bars", 0.8),
        ("slab", 2.5),
        ("none", 0.4),
    )
    base = pick(rng, ("legs", 3), ("soft", 3), ("platform", 2))
    soft_head = "leather:brown" if rng.random() < 0.12 else "fabric:" + fab
    w = pick(rng, (1.4, 2), (1.6, 4), (1.8, 3), (0.95, 1.2))
    duvet = pick(
        rng,
        ("white", 5),
        ("cream", 2),
        ("lightgrey", 2),
        ("sage", 1),
        ("blue", 1),
        ("blush", 1),
        ("charcoal", 1),
        ("terracotta", 0.8),
        ("sand", 1),
        ("navy", 0.8),
        ("olive", 0.6),
        ("taupe", 0.6),
        ("ochre", 0.5),
    )
    sheet = rng.choice(["white", "white", "cream", "lightgrey", duvet])
    look = dict(
        w=w,
        head=head,
        headspec=soft_head if head in ("soft", "channels", "tufted") else (wood if rng.random() < 0.7 else furn),
        headw=w + rng.choice([0.04, 0.1, 0.1, 0.2]),
        headh=rng.uniform(0.95, 1.3),
        metal="black" if metal == "steel" else metal,
        base=base,
        frame=("fabric:" + fab) if base == "soft" else (wood if rng.random() < 0.75 else furn),
        top=rng.uniform(0.5, 0.62),
        footboard=rng.choice([0.03, 0.03, 0.12, 0.3]),
        drop=rng.uniform(0.2, 0.36),
        duvet="fabric:" + duvet,
        sheet="fabric:" + sheet,
        pillow="fabric:" + rng.choice([duvet, sheet, "white"]),
        scatter="fabric:"
        + rng.choice(["terracotta", "ochre", "sage", "navy", "charcoal", "cream", "olive", "blush", "green"]),
        quilt=rng.choice([0, 0, 0, 0.3, 0.22]),
        turned=rng.random() < 0.55,
        throw=rng.random() < 0.6
        and "fabric:"
        + rng.choice(
            ["charcoal", "terracotta", "ochre", "sage", "navy", "cream", "greige", "olive", "taupe", "brown", "blue"]
        ),
    )
    return palette, joinery, look


class _Bedroom:
    """A bedroom in the making: what its parts must know of each other."""

    def __init__(self, b, a):
        """Draws the finishes and the plan."""
        rng = b.rng
        palette, joinery, look = bedroom_look(rng)
        H = rng.choice([2.4, 2.5, 2.6, 2.8])
        light = dict(LIGHTS[pick(rng, ("day", 4), ("soft", 4), ("golden", 2.5), ("evening", 2))])
        dark = light["view"] == "dusk"
        lit = rng.choice(["left", "right"])
        other = "right" if lit == "left" else "left"
        plan = pick(rng, ("back", 6), ("side", 4))
        big = pick(rng, ("wardrobe", 4), ("dresser", 3), ("door", 1.5), ("none", 1))
        nw = rng.uniform(0.38, 0.55)  # width of a night stand
        need = nw + 0.2  # what a night stand needs beside the bed
        bw = look["w"]
        bx = by = near_lit = 0.0  # each plan sets its own
        if plan == "back":
            near_lit, near_oth = (
                need + rng.uniform(0.1, 0.5),
                need + (rng.uniform(0.7, 1.1) if big in ("wardrobe", "dresser") else rng.uniform(0.15, 0.6)),
            )
            W, D = near_lit + bw + near_oth, 2.2 + rng.uniform(1.6, 2.4)
            bx = near_lit + bw / 2 if lit == "left" else W - near_lit - bw / 2
        else:
            gap = need + (rng.uniform(0.7, 1.0) if big in ("wardrobe", "dresser") else rng.uniform(0.1, 0.4))
            W, D = 2.2 + rng.uniform(1.0, 1.7), gap + bw + rng.uniform(1.5, 2.1)
            by = D - gap - bw / 2
        if not a.plain:
            vary_shell(rng, palette, H, ("carpet", 5), ("wood", 4), ("tile", 0.7))
        palette["plain"] = palette["accent"] == palette["wall"]
        apply_override(palette, a.override)
        deco = rng.random()
        slat_wood = "wood:" + rng.choice(["walnut", "oak", "smoked", "ash"])
        palette["slats"] = slat_wood if deco < 0.14 and "accent" not in a.override else None
        palette["mould"] = 0.14 <= deco < 0.4
        light["sundir"] = ((1 if lit == "left" else -1), rng.uniform(0.1, 0.6), -rng.uniform(0.45, 0.8))
        sh = Shell(b, W, D, H, palette)
        headwall = "back" if plan == "back" else other
        self.D, self.H, self.W, self.a, self.b, self.big, self.bw = D, H, W, a, b, big, bw
        self.bx, self.by, self.dark, self.headwall, self.joinery, self.light, self.lit = (
            bx,
            by,
            dark,
            headwall,
            joinery,
            light,
            lit,
        )
        self.look, self.near_lit, self.nw, self.other, self.palette, self.plan, self.rng = (
            look,
            near_lit,
            nw,
            other,
            palette,
            plan,
            rng,
        )
        self.sh = sh

    def build_shell(self):
        """The shell with its windows, and what hangs before them."""
        D, H, W, a, b, big, headwall, light, lit = (
            self.D,
            self.H,
            self.W,
            self.a,
            self.b,
            self.big,
            self.headwall,
            self.light,
            self.lit,
        )
        palette, plan, rng, sh = self.palette, self.plan, self.rng, self.sh
        # windows: one on the lit wall, one behind the camera for its light, at times one on the back wall
        z0, z1 = rng.choice([0.02, 0.5, 0.8, 0.9]), min(H - 0.2, rng.uniform(2.05, 2.35))
        wl, wy = rng.uniform(1.1, 1.9), rng.uniform(0.5, 1.0)
        if plan == "side" and big == "wardrobe":  # clear of its side
            wy, wl = wy + 0.5, min(wl, 1.6)
        span = (D - wy - wl, D - wy) if lit == "right" else (wy, wy + wl)
        wins = [
            dict(
                wall=lit,
                x0=span[0],
                x1=span[1],
                z0=z0,
                z1=z1,
                bars=rng.choice([0, 0, 1, 2]),
                pane=rng.choice([0.6, 0.8, 1.2]),
            ),
            *front_openings(rng, palette, W, a.plain, 0.7),
        ]
        backwin = plan == "side" and big in ("door", "none") and rng.random() < 0.7
        if backwin:
            ww = min(W - 1.2, rng.uniform(1.1, 1.8))
            wins.append(
                dict(
                    wall="back",
                    x0=W / 2 - ww / 2,
                    x1=W / 2 + ww / 2,
                    z0=max(z0, 0.5),
                    z1=z1,
                    bars=rng.choice([0, 1]),
                    pane=0.8,
                )
            )
        sh.build(wins, [headwall], light)
        how = pick(rng, (("curtain",), 5), (("blinds",), 3), (("curtain", "blinds"), 2))
        for w in wins:
            if w["wall"] != "front":
                with sh.on(w["wall"]):
                    dress_window(
                        b, w, H, how, palette, min(0.4, w["x0"] - 0.05, (D if w["wall"] == lit else W) - w["x1"] - 0.05)
                    )
        self.backwin = backwin

    def sleeping(self):
        """The bed with its night stands, and what hangs over it."""
        D, H, W, b, bw, bx, by, dark, headwall = (
            self.D,
            self.H,
            self.W,
            self.b,
            self.bw,
            self.bx,
            self.by,
            self.dark,
            self.headwall,
        )
        joinery, light, look, nw, other, palette, plan, rng, sh = (
            self.joinery,
            self.light,
            self.look,
            self.nw,
            self.other,
            self.palette,
            self.plan,
            self.rng,
            self.sh,
        )
        # the bed with its night stands; u is the place of its middle along its wall
        off = 0.026 if palette["slats"] else (0.02 if palette["mould"] else 0.003)
        u = W - bx if plan == "back" else (D - by if other == "left" else by)
        lamp_kind, lamp_spec = (
            rng.choice(["gourd", "column", "stem", "globe"]),
            pick(
                rng,
                ("gloss:white", 2),
                ("metal:brass", 2),
                ("metal:black", 2),
                ("paint:terracotta", 1),
                (palette["wood"], 1),
                ("gloss:sage", 1),
                ("paint:charcoal", 1),
                ("marble:white", 1),
            ),
        )
        on = dark or rng.random() < 0.5
        nh, nd, nrows, nz = (
            look["top"] - rng.uniform(0.0, 0.08),
            rng.uniform(0.36, 0.44),
            rng.choice([1, 2, 2, 3]),
            rng.choice([0.05, 0.14, 0.2]),
        )
        with sh.on(headwall):
            _, end = bed(b, u, look, off)
            sides = [-1, 1] if rng.random() < 0.8 else [rng.choice([-1, 1])]
            for s in sides:
                c = u + s * (max(bw / 2 + 0.13, look["headw"] / 2 + 0.02) + nw / 2)
                with b.frame(0, off + 0.012):
                    chest(
                        b,
                        "night stand",
                        joinery,
                        palette["furniture"],
                        c - nw / 2,
                        c + nw / 2,
                        nz,
                        nh,
                        nd,
                        1,
                        nrows,
                        "metal:" + look["metal"] if rng.random() < 0.5 else palette["wood"],
                    )
                    if lamp_kind and (len(sides) == 1 or rng.random() < 0.9):
                        table_lamp(
                            b,
                            c - s * 0.02,
                            nd * 0.42,
                            nh,
                            lamp_kind,
                            lamp_spec,
                            on,
                            light["lamp"] * 0.45,
                            rng.uniform(0.95, 1.2),
                        )
                    if nw > 0.42 and rng.random() < 0.6:
                        books(b, c + s * (nw / 2 - 0.1), nd * 0.7, nh, rng.choice([1, 2, 3]), True, 0.17, 0.12)
            # something over the headboard
            if not palette["slats"] and not palette["mould"] and rng.random() < 0.7:
                n, fr, art = (
                    rng.choice([1, 1, 2, 3]),
                    rng.choice(["wood:oak", "metal:black", "metal:brass", "wood:walnut"]),
                    rng.choice(["warm", "cool", "mono"]),
                )
                top_h = look["headh"] if look["head"] != "none" else 0.9
                pw = {1: min(1.2, bw * 0.62), 2: 0.52, 3: 0.42}[n]
                ph = min(pw * (0.62 if n == 1 else 1.3), H - top_h - 0.45)
                for i in range(n):
                    picture(b, u + (i - (n - 1) / 2) * (pw + 0.09), top_h + 0.2 + ph / 2, pw, ph, art, fr)
        self.end, self.lamp_kind, self.lamp_spec, self.on, self.u = end, lamp_kind, lamp_spec, on, u

    def big_piece(self):
        """A wardrobe, a dresser or a door: on the unlit wall, or on the back wall where the bed takes the unlit one."""
        D, H, W, b, backwin, big, joinery, lamp_kind, lamp_spec = (
            self.D,
            self.H,
            self.W,
            self.b,
            self.backwin,
            self.big,
            self.joinery,
            self.lamp_kind,
            self.lamp_spec,
        )
        light, on, other, palette, plan, rng, sh = (
            self.light,
            self.on,
            self.other,
            self.palette,
            self.plan,
            self.rng,
            self.sh,
        )
        bigwall = other if plan == "back" else "back"
        sign = 1 if other == "left" else -1
        at = (lambda d: d if other == "left" else D - d) if plan == "back" else (lambda d: W / 2 + (d - W / 2) * sign)
        # at(d): d metres from the back corner along the unlit wall; on the back wall d metres from its lit end
        room = D - 1.25 if plan == "back" else W - 0.1
        with sh.on(bigwall):
            if big == "wardrobe":
                lo = rng.choice([0.004, 0.5]) if plan == "back" else 0.03
                ln = min(rng.choice([1.05, 1.5, 1.6, 2.0, 2.1]), room - lo)
                if plan == "side" and rng.random() < 0.35:
                    ln = room  # built in from wall to wall
                p, q = sorted((at(lo), at(lo + ln)))
                h = rng.choice([2.0, 2.15, H - 0.02, H - 0.3])
                mir = rng.choice([(), (), (0,), (1,), (0, 1, 2, 3), (1, 2)])
                wardrobe(b, joinery, palette["wardrobe"], p, q, min(h, H - 0.02), rng.uniform(0.55, 0.62), mir)
            elif big == "dresser":
                ln, lo = min(rng.uniform(1.0, 1.6), room - 0.4), 0.0
                lo = rng.uniform(0.3, max(0.31, room - ln - 0.1))
                p, q = sorted((at(lo), at(lo + ln)))
                h, dd = rng.uniform(0.72, 0.95), rng.uniform(0.42, 0.5)
                with b.frame(0, 0.016):
                    chest(
                        b,
                        "dresser",
                        joinery,
                        palette["furniture"],
                        p,
                        q,
                        rng.choice([0.06, 0.14]),
                        h,
                        dd,
                        2 if ln > 1.0 else 1,
                        rng.choice([3, 3, 4]),
                        palette["wood"],
                    )
                    m, keep = (p + q) / 2, rng.random()
                    vase(
                        b,
                        p + 0.22,
                        dd * 0.5,
                        h + 0.001,
                        rng.uniform(0.8, 1.0),
                        rng.choice(["gloss:white", "paint:terracotta", "paint:charcoal", "gloss:cream"]),
                    )
                    if keep < 0.5:
                        table_lamp(b, q - 0.2, dd * 0.5, h, lamp_kind, lamp_spec, on, light["lamp"] * 0.4, 1.1)
                    else:
                        books(b, q - 0.25, dd * 0.5, h + 0.001, 3)
                c = rng.random()
                if c < 0.6:
                    kind = rng.choice(["rect", "round", "arch"])
                    mw = rng.uniform(0.6, 0.85)
                    mh = (
                        mw if kind == "round" else (rng.uniform(0.7, 0.95) if kind == "arch" else rng.uniform(0.6, 0.9))
                    )
                    wall_mirror(
                        b,
                        m,
                        min(h + 0.25 + mh / 2, H - 0.1 - mh / 2),
                        mw if kind != "rect" else mw * 1.2,
                        mh,
                        rng.choice([palette["wood"], "metal:black", "metal:brass", "paint:white"]),
                        kind,
                    )
                elif c < 0.8:
                    with b.item("tv"):
                        b.box(mat("gloss:black"), m - 0.52, 0.012, h + 0.2, m + 0.52, 0.045, h + 0.8, 0.004)
                else:
                    picture(
                        b,
                        m,
                        h + 0.62,
                        0.8,
                        0.6,
                        rng.choice(["warm", "cool", "mono"]),
                        rng.choice(["wood:oak", "metal:black"]),
                    )
            elif big == "door" and not backwin:
                room_door(
                    b,
                    at(rng.uniform(0.7, max(0.75, room - 1.0))),
                    pick(rng, ("paint:white", 4), ("wood:oak", 1), ("paint:charcoal", 0.5)),
                    joinery["metal"] if joinery["metal"] != "steel" else "chrome",
                )
            elif not backwin:
                if rng.random() < 0.5:
                    picture(b, at(room * 0.5), 1.55, 0.7, 0.9, rng.choice(["warm", "cool", "mono"]), "wood:oak")
                else:
                    with b.frame(at(room * 0.5), 0.02, 0, 0, 0):
                        wall_mirror(
                            b,
                            0,
                            0.92,
                            0.62,
                            1.8,
                            rng.choice([palette["wood"], "metal:black", "metal:brass"]),
                            rng.choice(["rect", "arch"]),
                        )

    def before_bed(self):
        """A rug under the lower half of the bed, a bench at its end."""
        D, W, b, bw, end, headwall, palette, plan, rng = (
            self.D,
            self.W,
            self.b,
            self.bw,
            self.end,
            self.headwall,
            self.palette,
            self.plan,
            self.rng,
        )
        sh, u = self.sh, self.u
        with sh.on(headwall):
            if not palette["floor"].startswith("rug") and rng.random() < 0.8:
                rl = rng.uniform(1.3, 1.7)
                rw = min(bw + rng.uniform(0.8, 1.3), 2 * min(u, (W if plan == "back" else D) - u) - 0.1)
                with b.item("rug"), b.frame(u, end - 0.45, 0.009):
                    b.box(
                        mat(
                            "rug:"
                            + rng.choice(
                                ["cream", "greige", "lightgrey", "sand", "terracotta", "blue", "white", "sage"]
                            ),
                            other=rng.choice(["charcoal", "brown", "navy", "taupe"]),
                            style=pick(rng, ("plain", 3), ("stripe", 1), ("diamond", 2), ("faded", 2)),
                        ),
                        -rw / 2,
                        -rl / 2,
                        -0.008,
                        rw / 2,
                        rl / 2,
                        0.006,
                        0.006,
                        seg=3,
                    )
            free = (D if plan == "back" else W) - end
            bench = free > 1.15 and rng.random() < 0.5
            if bench:
                with b.item("pouf"), b.frame(u, end + 0.05 + 0.21, 0.0):
                    fs, lw = (
                        "fabric:" + rng.choice(["cream", "greige", "charcoal", "sage", "terracotta", "ochre", "blue"]),
                        min(1.3, bw * 0.8),
                    )
                    if rng.random() < 0.7:
                        b.soft(mat(fs), -lw / 2, -0.19, 0.3, lw / 2, 0.19, 0.45, 0.04, 0.012)
                        for s in (-1, 1):
                            for q in (-0.13, 0.13):
                                b.tube(
                                    mat(palette["wood"], grain="z"),
                                    [(s * (lw / 2 - 0.06), q, 0.015), (s * (lw / 2 - 0.09), q, 0.32)],
                                    0.018,
                                )
                    else:
                        b.lathe(
                            mat(fs),
                            [
                                (0.0, 0.015),
                                (0.2, 0.015),
                                (0.24, 0.05),
                                (0.25, 0.18),
                                (0.24, 0.32),
                                (0.19, 0.37),
                                (0, 0.375),
                            ],
                            n=48,
                            smooth=80,
                        )
        self.bench = bench

    def back_corner(self):
        """An armchair or a plant at the window."""
        D, W, b, backwin, bench, big, lit, near_lit, nw = (
            self.D,
            self.W,
            self.b,
            self.backwin,
            self.bench,
            self.big,
            self.lit,
            self.near_lit,
            self.nw,
        )
        plan, rng = self.plan, self.rng
        lx = 0.42 if lit == "left" else W - 0.42
        if (
            plan == "side"
            and not backwin
            and big not in ("wardrobe", "dresser")
            and W > 3.4
            and not bench
            and rng.random() < 0.6
        ):
            sofa(
                b,
                lx + (0.2 if lit == "left" else -0.2),
                D - 0.65,
                -35 if lit == "right" else 35,
                0.8,
                "fabric:" + rng.choice(["cream", "sage", "ochre", "charcoal", "blush"]),
                "wood:oak",
                "slim",
                "armchair",
            )
        elif (plan == "back" and near_lit > nw + 0.75) or (plan == "side" and big in ("none", "door")):
            plant(
                b,
                lx,
                D - 0.42,
                0,
                rng.uniform(0.8, 1.15),
                rng.choice(["fan", "broad", "olive"]),
                rng.choice(["paint:white", "paint:charcoal", "paint:terracotta", "concrete:lightgrey"]),
            )

    def lamps(self):
        """What hangs from the ceiling."""
        D, H, W, b, bx, by, end, light, other = (
            self.D,
            self.H,
            self.W,
            self.b,
            self.bx,
            self.by,
            self.end,
            self.light,
            self.other,
        )
        plan, rng, sh = self.plan, self.rng, self.sh
        mid = (bx, D - end + 0.3) if plan == "back" else ((end - 0.2 if other == "left" else W - end + 0.2), by)
        c = rng.random()
        if c < 0.4:
            pendant(
                b,
                mid[0],
                mid[1],
                H,
                rng.uniform(0.5, 0.75),
                rng.choice(["dome", "globe", "drum", "bell"]),
                rng.choice(["black", "brass", "copper"]),
                "warm",
                light["lamp"] * 0.9,
            )
        elif c < 0.7:
            ceiling_lamp(b, mid[0], mid[1], H, "paint:white", light["lamp"] * 0.9)
        else:
            sh.downlights([(x, y) for x in (0.8, W / 2, W - 0.8) for y in (D - 0.8, D - 2.6)], light["spots"] * 0.7)

    def view(self):
        """The palette, and where the eye stands: at the foot, in a corner, in the door."""
        D, W, bx, by, lit, palette, plan, rng = (
            self.D,
            self.W,
            self.bx,
            self.by,
            self.lit,
            self.palette,
            self.plan,
            self.rng,
        )
        view = pick(rng, ("foot", 4), ("corner", 4), ("door", 2))
        lens, eye = rng.uniform(18, 24), rng.uniform(1.2, 1.6)
        s = 1 if lit == "left" else -1  # towards the unlit wall
        litx = 0.0 if lit == "left" else W
        if plan == "back":
            if view == "foot":
                cam, aim = (bx + rng.uniform(-0.5, 0.5), 0.22), (bx + rng.uniform(-0.2, 0.2) + s * 0.15, D)
            elif view == "corner":
                cam, aim = (
                    (litx + s * rng.uniform(0.35, 0.6), rng.uniform(0.22, 0.5)),
                    (bx + s * rng.uniform(0.2, 0.6), D),
                )
            else:
                cam, aim = (litx + s * (W - rng.uniform(0.75, 0.95)), 0.22), (bx - s * rng.uniform(0.1, 0.5), D)
        else:
            if view == "foot":
                cam, aim = (litx + s * rng.uniform(0.35, 0.9), 0.22), (litx + s * W * 0.62, D - 0.6)
            elif view == "corner":
                cam, aim = (litx + s * rng.uniform(0.3, 0.5), rng.uniform(0.25, 0.6)), (litx + s * W, by + 0.3)
            else:
                cam, aim = (litx + s * W * rng.uniform(0.35, 0.55), 0.22), (litx + s * W * rng.uniform(0.5, 0.6), D)
            lens = min(lens, 21)
        return palette, cam, aim, lens, eye, -0.1


def make_bedroom(b, a):
    """The bed stands on the back wall or, head to the unlit side wall, across the view."""
    room = _Bedroom(b, a)
    room.build_shell()
    room.sleeping()
    room.big_piece()
    room.before_bed()
    room.back_corner()
    room.lamps()
    return room.view()
