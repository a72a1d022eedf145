"""Bathrooms."""

from render_rooms.cabinets import vanity
from render_rooms.chance import pick
from render_rooms.decor import bottles, picture, plant, vase, wall_mirror
from render_rooms.joinery import room_door
from render_rooms.lighting import LIGHTS, ceiling_lamp, pendant
from render_rooms.materials import mat
from render_rooms.overrides import apply_override
from render_rooms.plumbing import (
    bathtub_built,
    bathtub_free,
    glass_screen,
    paper_holder,
    shower_set,
    toilet,
    towel_rod,
    tub_mixer,
)
from render_rooms.shell import Shell, draw_floor, draw_walls, tiled
from render_rooms.textiles import blinds, curtain, towel_stack


def bathroom_look(rng):
    """The finishes, joinery and tiles of a bathroom, drawn so that the parts go together."""
    wood = "wood:" + pick(rng, ("oak", 4), ("walnut", 3), ("ash", 1.5), ("teak", 1.5), ("smoked", 1))
    colour = rng.choice(["sage", "green", "navy", "blue", "charcoal", "terracotta", "blush", "olive", "taupe", "black"])
    plain = "plaster:" + pick(
        rng,
        ("white", 5),
        ("warmwhite", 3),
        ("cream", 1),
        ("lightgrey", 1.5),
        ("greige", 1.2),
        ("sage", 1),
        ("blue", 1),
        ("blush", 0.7),
        ("charcoal", 0.5),
        ("green", 0.5),
        ("navy", 0.4),
        ("terracotta", 0.4),
    )
    big = dict(
        tw=0.6,
        th=rng.choice([0.3, 0.6, 1.2]),
        offset=rng.choice([0, 0, 0.5]),
        look="matt",
        rough=rng.choice([0.15, 0.3, 0.45]),
    )
    small = pick(
        rng,
        (dict(tw=0.2, th=0.1), 2),
        (dict(tw=0.15, th=0.075), 2),
        (dict(tw=0.1, th=0.1, offset=0.0), 1.5),
        (dict(tw=0.15, th=0.15, offset=0.0), 1.5),
        (dict(tw=0.065, th=0.2, offset=0.0), 1.5),
        (dict(tw=0.3, th=0.1), 1),
        (dict(tw=0.05, th=0.05, offset=0.0), 0.7),
    )
    marble = dict(tw=0.6, th=1.2, offset=0.0, look="marble", rough=0.12)
    tspec, tile = pick(
        rng,
        (
            (
                "tile:"
                + pick(
                    rng,
                    ("white", 4),
                    ("lightgrey", 2),
                    ("cream", 1.5),
                    ("sand", 1.5),
                    ("greige", 1.5),
                    ("grey", 1),
                    ("charcoal", 0.8),
                ),
                big,
            ),
            4,
        ),
        (("tile:" + pick(rng, ("white", 5), ("cream", 1), (colour, 4)), small), 5),
        (("tile:" + rng.choice(["white", "white", "gold", "grey", "beige", "green"]), marble), 2),
    )
    if tile is marble:
        # the marble look takes its kinds from MARBLE; "gold" and "beige" are no paints, so the grout says white
        tile = marble | {"grout": "lightgrey"}
    elif tile is small:
        tile = small | {"grout": rng.choice(["white", "lightgrey", "grey"])}
    floor, ftile, flook = pick(
        rng,
        (
            (
                "tile:" + rng.choice(["lightgrey", "grey", "sand", "charcoal", "greige", "taupe", "white"]),
                rng.choice([0.3, 0.45, 0.6]),
                "matt",
            ),
            6,
        ),
        (("tile:" + rng.choice(["white", "grey", "beige", "black"]), 0.6, "marble"), 1.5),
        (("tile:" + rng.choice(["white", "charcoal", "sage", "blue"]), rng.choice([0.1, 0.15]), "matt"), 1.5),
    )
    metal = pick(rng, ("chrome", 5), ("black", 3), ("brass", 2.5), ("steel", 1), ("bronze", 0.5))
    palette = dict(
        wall=plain,
        accent=plain,
        tile=tspec,
        floor=floor,
        ftile=ftile,
        flook=flook,
        frough=rng.choice([0.15, 0.3, 0.5]),
        trim="paint:white",
        windowframe=pick(rng, ("paint:white", 4), ("metal:black", 1), (wood, 0.7)),
        cornice=False,
        skirting=False,
        plain=True,
        vanity=pick(rng, (wood, 5), ("paint:white", 3), ("paint:" + colour, 3), ("paint:greige", 1)),
        top=pick(
            rng,
            ("stone:white", 3),
            ("marble:white", 3),
            (wood, 1.5),
            ("marble:black", 0.7),
            ("stone:grey", 1),
            ("stone:black", 0.7),
            ("marble:gold", 1),
        ),
        tap=metal,
        wood=wood,
        blinds=pick(rng, ("paint:white", 3), (wood, 2)),
        towel="fabric:"
        + rng.choice(
            ["white", "white", "cream", "sage", "charcoal", "terracotta", "navy", "greige", "blue", "ochre", "blush"]
        ),
        second=pick(rng, ("tile:" + colour, 2), (tspec, 3), ("tile:white", 1)),
    )
    palette["second"], tile2 = (
        (tspec, tile) if palette["second"] == tspec else (palette["second"], small | {"grout": "lightgrey"})
    )
    door = pick(rng, ("shaker", 3), ("slab", 6), ("groove", 1.2))
    hm = dict(chrome="steel").get(metal, metal)
    joinery = dict(
        door=door,
        rail=0.05,
        metal=hm,
        handle=pick(rng, ("bar", 3), ("knob", 2), ("edge", 2), ("none", 1.5 if door == "slab" else 0)),
    )
    stand = pick(rng, ("hung", 5), ("plinth", 3), ("legs", 2))
    top = rng.uniform(0.8, 0.88)
    look = dict(
        depth=rng.uniform(0.44, 0.5),
        top=top,
        thick=rng.choice([0.02, 0.03, 0.05]),
        stand=stand,
        z0=dict(hung=rng.uniform(0.3, 0.42), plinth=0.09, legs=rng.uniform(0.14, 0.22))[stand],
        front=pick(rng, ("drawers", 3), ("doors", 2)),
        double=False,
        bowl=rng.random() < 0.45,
        power=rng.choice([2.0, 5.0]),
    )
    return palette, joinery, look, tile, tile2


class _Bathroom:
    """A bathroom in the making: what its parts must know of each other."""

    def __init__(self, b, a):
        """Draws the room and builds its shell."""
        rng = b.rng
        palette, joinery, look, tile, tile2 = bathroom_look(rng)
        H = rng.choice([2.35, 2.4, 2.5, 2.6])
        light = dict(LIGHTS[pick(rng, ("day", 3), ("soft", 4), ("golden", 1.5), ("evening", 2))])
        plan = pick(rng, ("across", 5), ("along", 5))
        wet = pick(rng, ("tub", 5), ("shower", 5), ("free", 2.5))
        A = rng.choice(["left", "right"])  # the side of the washstand (across) or of the bath (along)
        B = "right" if A == "left" else "left"
        vw = rng.uniform(0.6, 1.3)
        look["double"] = vw > 1.15 and rng.random() < 0.8
        zone = dict(tub=0.75, shower=rng.uniform(0.85, 0.95), free=0.95)[wet]
        hung = rng.random() < 0.5
        if plan == "across":
            W = dict(tub=rng.uniform(1.9, 2.2), shower=rng.uniform(1.9, 2.5), free=rng.uniform(2.3, 3.0))[wet]
            facing = rng.random() < 0.5 and W > 2.0  # the toilet stands opposite the washstand
            D = zone + vw + (0.1 if facing else 0.95) + rng.uniform(1.05, 1.35)
        else:
            vw = min(vw, 1.15)
            W = max(2.1, min(3.2, zone + vw + 1.05 + rng.uniform(0.0, 0.25)))
            look["double"] = False
            D = dict(tub=1.75, shower=rng.uniform(1.0, 1.5), free=1.85)[wet] + rng.uniform(0.85, 1.2)
            facing = False
        if not a.plain and rng.random() < 0.45:
            draw_walls(rng, palette, kitchen=True)
        if not a.plain and rng.random() < 0.35:
            draw_floor(rng, palette, ("tile", 3), ("vinyl", 3), ("checker", 2), ("stone", 2), ("wood", 1))
        apply_override(palette, a.override)
        cover = pick(rng, ("all", 4), ("half", 3), ("wet", 3))  # which walls carry tiles
        # the windows: the room's own, and none at times
        wins = []
        has = rng.random() < 0.7
        if has:
            ww, wz0 = rng.uniform(0.6, 1.0), rng.uniform(1.05, 1.25)
            if plan == "across" and wet != "shower":
                wins.append(
                    dict(
                        wall="back",
                        x0=W / 2 - ww / 2,
                        x1=W / 2 + ww / 2,
                        z0=wz0,
                        z1=min(H - 0.2, wz0 + rng.uniform(0.7, 1.0)),
                        bars=rng.choice([0, 0, 1]),
                        pane=0.6,
                    )
                )
            else:
                side = B if plan == "across" else A
                at0 = zone + 0.25 if plan == "across" else 0.4
                x0 = at0 if side == "left" else D - at0 - ww
                wins.append(
                    dict(
                        wall=side,
                        x0=x0,
                        x1=x0 + ww,
                        z0=wz0,
                        z1=min(H - 0.2, wz0 + rng.uniform(0.7, 1.0)),
                        bars=rng.choice([0, 0, 1]),
                        pane=0.6,
                    )
                )
        lit = wins[0]["wall"] if wins else B
        light["sundir"] = dict(left=(1, 0.3, -0.7), right=(-1, 0.3, -0.7), back=(rng.uniform(-0.4, 0.4), -1, -0.8))[lit]
        if not wins:
            light.update(sun=0.0, spots=14.0)
        sh = Shell(b, W, D, H, palette)
        sh.build(wins, [], light)
        length = dict(back=W, left=D, right=D, front=W)
        holes = {k: [w for w in wins if w["wall"] == k] for k in length}
        half = rng.choice([1.05, 1.2, 1.35])
        accent = rng.random() < 0.45 and palette["second"] != palette["tile"]
        skin = 0.009
        self.A, self.B, self.D, self.H, self.W, self.accent, self.b = A, B, D, H, W, accent, b
        self.cover, self.facing, self.half, self.holes, self.hung, self.joinery, self.length = (
            cover,
            facing,
            half,
            holes,
            hung,
            joinery,
            length,
        )
        self.light, self.look, self.palette, self.plan, self.rng, self.sh, self.skin = (
            light,
            look,
            palette,
            plan,
            rng,
            sh,
            skin,
        )
        self.tile, self.tile2, self.vw, self.wet, self.wins, self.zone = tile, tile2, vw, wet, wins, zone

    def at(self, wall, d):
        """In the frame of a side wall: the position d metres from the back wall."""
        return d if wall == "left" else self.D - d

    def span(self, wall, d0, d1):
        """A stretch of a side wall, from d0 to d1 metres from the back wall."""
        return tuple(sorted((self.at(wall, d0), self.at(wall, d1))))

    def cover_walls(self):
        """Tiles on all walls, up to half their height, or where it gets wet."""
        A, H, W, accent, b, cover, half, holes, length = (
            self.A,
            self.H,
            self.W,
            self.accent,
            self.b,
            self.cover,
            self.half,
            self.holes,
            self.length,
        )
        palette, plan, rng, sh, skin, tile, tile2, wet = (
            self.palette,
            self.plan,
            self.rng,
            self.sh,
            self.skin,
            self.tile,
            self.tile2,
            self.wet,
        )
        wetwalls = {"back", A} if plan == "along" else {"back"}
        for k in ("back", "left", "right", "front"):
            with sh.on(k):
                if accent and k == "back":
                    tiled(b, palette["second"], W, H, holes[k], tile2, "accent wall")
                elif cover == "all" or (k in wetwalls and cover == "wet"):
                    tiled(b, palette["tile"], length[k], H, holes[k], tile)
                elif cover == "half" and not (k in wetwalls and wet != "free"):
                    tiled(b, palette["tile"], length[k], half, holes[k], tile)
                    if not any(h["z0"] < half + 0.02 for h in holes[k]):
                        with b.item("wall"):
                            b.box(mat("paint:white"), 0, 0, half, length[k], 0.014, half + 0.014, 0.002)
                elif cover == "half":
                    tiled(b, palette["tile"], length[k], H, holes[k], tile)
                else:
                    with b.item("baseboard"):
                        b.box(mat(palette["tile"], plane="xz", **tile), 0, 0, 0, length[k], 0.012, 0.09, 0.001)

        metal = palette["tap"]
        frame_metal = rng.choice(["chrome", "black"]) if metal not in ("black", "brass") else metal
        hx = skin + 0.001
        self.frame_metal, self.hx, self.metal = frame_metal, hx, metal

    def bath(self):
        """A built-in bath with its taps, and a screen or a curtain."""
        A, B, H, W, b, frame_metal, hx, metal, palette = (
            self.A,
            self.B,
            self.H,
            self.W,
            self.b,
            self.frame_metal,
            self.hx,
            self.metal,
            self.palette,
        )
        plan, rng, sh, tile, zone = self.plan, self.rng, self.sh, self.tile, self.zone
        L = W - 0.002 if plan == "across" and W < 2.05 else 1.7
        panel = pick(rng, ("gloss:white", 3), (palette["tile"], 4), (palette["wood"], 1))
        ptile = (tile.get("tw", 0.2), tile.get("th", 0.1))
        if panel == palette["tile"] and tile.get("look") == "marble":
            panel = "marble:white"
        tub_h = rng.uniform(0.54, 0.6)
        wall = "back" if plan == "across" else A
        with sh.on(wall):
            if plan == "across":
                x0 = 0.001 if A == "left" or L > W - 0.1 else W - L - 0.001
            else:
                x0 = self.span(A, hx, L + hx)[0]
            bathtub_built(b, x0, x0 + L, hx, zone, tub_h, panel, ptile)
            if L < W - 0.1 and plan == "across":  # a shelf closes the gap beside it
                g0, g1 = (x0 + L, W) if A == "left" else (0, x0)
                with b.item("wall"):
                    b.box(
                        mat(
                            palette["tile"] if tile.get("look") != "marble" else "marble:white",
                            plane="xz",
                            **{k: v for k, v in tile.items() if k != "look"},
                        ),
                        g0,
                        0,
                        0,
                        g1,
                        zone,
                        tub_h,
                        0.002,
                    )
            rng.random()
        # taps at one end: on the side wall for a bath across, on the back wall for one along
        end_wall = rng.choice([A, B]) if plan == "across" and L > W - 0.1 else (A if plan == "across" else "back")
        with sh.on(end_wall):
            e = self.at(end_wall, zone * 0.5) if plan == "across" else (W - zone * 0.5 if A == "left" else zone * 0.5)
            with b.frame(0, hx):
                if rng.random() < 0.65:
                    shower_set(b, e, tub_h + 0.35, metal, rng.random() < 0.4, H)
                else:
                    tub_mixer(b, e, 0, tub_h + 0.16, metal)
        closing = pick(rng, ("glass", 4), ("curtain", 4), ("none", 2))
        with sh.on(wall):
            if closing == "glass":
                towards = x0 < 0.3 if plan == "across" else A == "left"
                g0, g1 = (x0 + 0.02, x0 + 0.85) if towards else (x0 + L - 0.85, x0 + L - 0.02)
                if (plan == "across" and end_wall == "left") or (plan == "along" and A == "right"):
                    g0, g1 = x0 + L - 0.85, x0 + L - 0.02  # at the end with the taps
                elif plan == "across":
                    g0, g1 = x0 + 0.02, x0 + 0.85
                with b.frame(0, zone - 0.035):
                    glass_screen(b, g0, g1, tub_h + 0.004, tub_h + 1.42, frame_metal)
            elif closing == "curtain":
                zc, yc = min(H - 0.1, 2.08), zone - 0.02
                with b.item("shower curtain"):
                    b.tube(
                        mat("metal:" + frame_metal),
                        [
                            (x0 if plan == "along" else 0, yc, zc + 0.015),
                            (x0 + L if plan == "along" else W, yc, zc + 0.015),
                        ],
                        0.012,
                    )
                c0 = rng.choice([0, 1])
                cl = rng.uniform(0.4, 0.95)
                s0 = x0 + 0.03 if c0 == 0 else x0 + L - cl - 0.03
                curtain(
                    b,
                    s0,
                    s0 + cl,
                    0.2,
                    zc,
                    yc + 0.04,
                    "curtain:"
                    + rng.choice(["white", "white", "cream", "sage", "blue", "lightgrey", "terracotta", "greige"]),
                    folds=max(4, round(cl / 0.1)),
                    cls="shower curtain",
                )

    def free_bath(self):
        """A bath that stands free, with its tap."""
        A, W, b, metal, plan, rng, sh = self.A, self.W, self.b, self.metal, self.plan, self.rng, self.sh
        style = rng.choice(["oval", "oval", "block"])
        spec = pick(rng, ("gloss:white", 5), ("gloss:black", 0.7), ("gloss:sage", 0.7), ("gloss:navy", 0.5))
        with sh.on("back" if plan == "across" else A):
            L = 1.65
            m = W / 2 if plan == "across" else self.at(A, L / 2 + 0.12)
            bathtub_free(b, m, 0.12 + 0.36, L, 0.74, style, spec)
            with b.item("faucet"), b.frame(m + rng.choice([-1, 1]) * 0.35, 0.075, 0):
                fm = mat("metal:" + metal)
                b.lathe(fm, [(0.03, 0), (0.03, 0.01), (0.014, 0.02), (0.013, 0.9)], (0, 0, 0), 24)
                b.tube(fm, [(0, 0, 0.9), (0, 0.06, 0.95), (0, 0.17, 0.95), (0, 0.19, 0.9)], 0.013)
                b.tube(fm, [(-0.06, 0, 0.85), (0.06, 0, 0.85)], 0.014)

    def shower(self):
        """A shower in the corner or across the back, behind glass."""
        A, B, D, H, W, b, frame_metal, hx, metal = (
            self.A,
            self.B,
            self.D,
            self.H,
            self.W,
            self.b,
            self.frame_metal,
            self.hx,
            self.metal,
        )
        palette, plan, rng, sh, zone = self.palette, self.plan, self.rng, self.sh, self.zone
        # a shower in the corner (across: of the back wall's whole width or a part), a pane to the room
        sw = W if plan == "across" and W < 2.1 else rng.uniform(0.95, 1.3)
        if plan == "along":
            sw = min(1.5, D - 1.3)
        white = rng.random() < 0.6
        # x of the shower within the frame of the back wall, and how deep it is
        swx, swd = (sw, zone) if plan == "across" else (zone, sw)
        x0, x1 = (
            (W - swx, W) if (A == "left" and plan == "along") or (A == "right" and plan == "across") else (0.0, swx)
        )
        if sw == W:
            x0, x1 = 0.0, W
        with sh.on("back"):
            with b.item("floor"):
                if white:
                    b.box(mat("gloss:white"), x0 + 0.001, 0.001, 0, x1 - 0.001, swd, 0.035, 0.006)
                else:
                    b.box(
                        mat(palette["second"], plane="xy", tw=0.1, th=0.1, offset=0.0, rough=0.4, look="matt"),
                        x0 + 0.001,
                        0.001,
                        0,
                        x1 - 0.001,
                        swd,
                        0.006,
                        0.001,
                    )
            zf = 0.036 if white else 0.007
            zt = min(H - 0.12, 2.05)
            with b.frame(0, swd - 0.02):
                if sw == W:
                    g = rng.uniform(0.55, 0.7) * W  # a pane over a part, the way in beside it
                    q0 = 0.012 if rng.random() < 0.5 else W - g
                    glass_screen(b, q0, q0 + g - 0.012, zf, zt, frame_metal)
                else:
                    glass_screen(
                        b, x0 + 0.012, x1 - 0.012, zf, zt, frame_metal, handle=(x0 + x1) / 2 + 0.1 * rng.choice([-1, 1])
                    )
            if sw != W:
                xs = x1 if x0 == 0.0 else x0
                with b.frame(xs, hx, 0, 90):
                    glass_screen(b, 0.0, swd - 0.03, zf, zt, frame_metal)
            shower_on = "back" if plan == "across" and sw != W else None
            if shower_on:
                with b.frame(0, hx):
                    shower_set(b, (x0 + x1) / 2, 1.05, metal, rng.random() < 0.6, H)
            else:
                w2 = rng.choice([A, B]) if sw == W else A
        if not shower_on:
            with sh.on(w2), b.frame(0, hx):
                shower_set(b, self.at(w2, swd * 0.5), 1.05, metal, rng.random() < 0.6, H)

    def washstand(self):
        """The washstand with its mirror, and what stands on it."""
        A, B, H, W, accent, b, cover, facing, joinery = (
            self.A,
            self.B,
            self.H,
            self.W,
            self.accent,
            self.b,
            self.cover,
            self.facing,
            self.joinery,
        )
        light, look, palette, plan, rng, sh, skin, tile2, vw = (
            self.light,
            self.look,
            self.palette,
            self.plan,
            self.rng,
            self.sh,
            self.skin,
            self.tile2,
            self.vw,
        )
        wet, wins, zone = self.wet, self.wins, self.zone
        mspec = pick(rng, ("metal:black", 2), ("metal:brass", 1.5), (palette["wood"], 1.5), ("metal:chrome", 2))
        mkind = pick(rng, ("rect", 5), ("round", 3), ("arch", 2))
        if plan == "across":
            wall = A
            # beside the washstand, between it and the bath, the toilet or a gap
            d0 = zone + (0.12 if facing else 0.93) + (0.05 if wet != "shower" else 0.02)
            v0, v1 = self.span(A, d0, d0 + vw)
            tw_, td = (B, zone + 0.5) if facing else (A, zone + 0.48)
            twall_at = self.at(tw_, td)
        else:
            wall = "back"
            # the back wall runs in its frame from the right corner: the bath is on its far or its near end
            if A == "left":
                v0 = 0.08 if rng.random() < 0.5 else 0.92
            else:
                v0 = zone + 0.15 + (0.0 if rng.random() < 0.5 else 0.84)
            v1 = v0 + vw
            tw_ = "back"
            twall_at = (
                (v1 + 0.45 if v0 < 0.5 else 0.46) if A == "left" else (v1 + 0.45 if v0 < zone + 0.3 else zone + 0.55)
            )
            twall_at = min(twall_at, W - 0.3)
        plastered = not accent and cover == "wet" and wall != "back"
        with sh.on(wall), b.frame(0, skin + 0.001 if not plastered else 0.001):
            if plastered or (cover == "half" and rng.random() < 0.5):
                with b.item("backsplash"), b.frame(v0 - 0.006, 0.009, look["top"]):
                    b.slab(
                        mat(palette["second"], plane="xz", grain="x", **tile2),
                        v1 - v0 + 0.012,
                        rng.choice([0.1, 0.2, 0.3]),
                        0.009,
                        axis="y",
                    )
            mids = vanity(b, joinery, palette, v0, v1, look)
            gap = 0.32 if look["bowl"] else 0.25
            mz0 = look["top"] + gap
            if mkind == "rect":
                n = len(mids) if rng.random() < 0.6 else 1
                mw = (v1 - v0) / n - (0.1 if n > 1 else rng.choice([0, 0.05, 0.15]))
                mh = min(H - 0.1 - mz0, rng.uniform(0.7, 0.95))
                for m in mids if n > 1 else [(v0 + v1) / 2]:
                    wall_mirror(b, m, mz0 + mh / 2, mw, mh, mspec, "rect")
            else:
                for m in mids:
                    mw = min(0.75, (v1 - v0) / len(mids) - 0.06)
                    mh = mw if mkind == "round" else min(H - 0.12 - mz0, mw * 1.45)
                    wall_mirror(b, m, mz0 + mh / 2, mw, mh, mspec, mkind)
            b.light(
                "AREA",
                ((v0 + v1) / 2, 0.25, H - 0.08),
                9.0 if wins and light["view"] != "dusk" else 17.0,
                (1, 0.86, 0.7),
                (v1 - v0, 0.1),
                aim=(0, 0.25, -1),
            )
            # on the top
            with b.frame(0, 0, look["top"]):
                free = v0 + 0.02 if len(mids) == 2 or rng.random() < 0.5 else v1 - 0.22
                if len(mids) == 2:
                    free = (v0 + v1) / 2 - 0.1
                c = rng.random()
                if v1 - v0 > 0.75:
                    if c < 0.45:
                        bottles(b, free + 0.04, 0.12, 0.001)
                    elif c < 0.7:
                        vase(
                            b,
                            free + 0.1,
                            0.13,
                            0.001,
                            0.7,
                            rng.choice(["gloss:white", "paint:terracotta", "paint:sage"]),
                        )
                    elif c < 0.85:
                        towel_stack(b, free + 0.11, 0.2, 0.001, palette["towel"], 2)
        self.mkind, self.plastered, self.tw_, self.twall_at, self.v0, self.v1, self.wall = (
            mkind,
            plastered,
            tw_,
            twall_at,
            v0,
            v1,
            wall,
        )

    def wall_lamps(self):
        """Globes that hang beside the mirror, at times."""
        D, H, W, b, frame_metal, light, mkind, rng, v0 = (
            self.D,
            self.H,
            self.W,
            self.b,
            self.frame_metal,
            self.light,
            self.mkind,
            self.rng,
            self.v0,
        )
        v1, wall = self.v1, self.wall
        lamps = pick(rng, ("none", 4), ("pendants", 2.5))
        if lamps == "pendants" and v1 - v0 > 0.7:
            place = dict(left=lambda u: (0.26, D - u), right=lambda u: (W - 0.26, u), back=lambda u: (W - u, D - 0.26))[
                wall
            ]
            # on a side wall only the far one: the near one would hang before the eye
            for u in dict(
                left=(v0 + 0.04,), right=(v1 - 0.04,), back=(v0 + 0.02, v1 - 0.02) if mkind != "rect" else (v0 + 0.08,)
            )[wall]:
                x, y = place(u)
                pendant(
                    b,
                    x,
                    y,
                    H,
                    H - 1.62,
                    "globe",
                    frame_metal if frame_metal != "chrome" else "steel",
                    "warm",
                    light["lamp"] * 0.5,
                )

    def toilet_corner(self):
        """The toilet, and what is over and beside it."""
        b, frame_metal, holes, hung, metal, palette, plastered, rng, sh = (
            self.b,
            self.frame_metal,
            self.holes,
            self.hung,
            self.metal,
            self.palette,
            self.plastered,
            self.rng,
            self.sh,
        )
        skin, tw_, twall_at, wall = self.skin, self.tw_, self.twall_at, self.wall
        with sh.on(tw_), b.frame(0, skin + 0.002 if not (plastered and tw_ == wall) else 0.002):
            kind = "hung" if hung else "close"
            toilet(
                b,
                twall_at,
                kind,
                rng.random() < 0.2,
                metal if metal in ("black", "brass") else rng.choice(["white", "chrome"]),
            )
            s = 1 if rng.random() < 0.5 else -1
            if rng.random() < 0.7:
                paper_holder(b, twall_at + s * 0.36, 0.72, frame_metal)
            c = rng.random()
            over = not any(h["x0"] - 0.3 < twall_at < h["x1"] + 0.3 for h in holes[tw_])
            if over and c < 0.35:
                picture(
                    b,
                    twall_at,
                    1.6,
                    0.4,
                    0.5,
                    rng.choice(["warm", "cool", "mono"]),
                    rng.choice(["wood:oak", "metal:black"]),
                )
            elif over and c < 0.65:
                with b.item("shelf"):
                    b.box(
                        mat(palette["wood"], grain="x"), twall_at - 0.28, 0, 1.32, twall_at + 0.28, 0.16, 1.345, 0.003
                    )
                if rng.random() < 0.5:
                    bottles(b, twall_at - 0.2, 0.08, 1.346)
                else:
                    plant(b, twall_at + 0.12, 0.085, 1.346, 0.2, "broad", "gloss:white")
                    towel_stack(b, twall_at - 0.12, 0.1, 1.346, palette["towel"], 2) if rng.random() < 0.6 else None

    def towels(self):
        """Towels on the free wall."""
        B, D, b, facing, frame_metal, holes, palette, plan, rng = (
            self.B,
            self.D,
            self.b,
            self.facing,
            self.frame_metal,
            self.holes,
            self.palette,
            self.plan,
            self.rng,
        )
        sh, skin, zone = self.sh, self.skin, self.zone
        rods = []
        if plan == "across":
            d = zone + (1.2 if facing else 1.0)  # past the plant that may stand beside the bath
            rods.append((B, self.at(B, d), rng.choice([1.2, 1.3, 1.4])))
        else:
            rods.append((B, self.at(B, 0.55 if D < 2.4 else rng.uniform(0.95, 1.2)), rng.choice([1.15, 1.3])))
        for w, x, height in rods:
            clash = any(h["x0"] - 0.4 < x < h["x1"] + 0.4 and h["z0"] < height + 0.1 for h in holes[w])
            z = holes[w][0]["z0"] - 0.12 if clash else height
            with sh.on(w), b.frame(0, skin + 0.001):
                towel_rod(b, x, z, rng.choice([0.5, 0.6, 0.7]), frame_metal, palette["towel"], rng.choice([1, 1, 2]))

    def furnish(self):
        """Blinds, a mat, a plant, lamps, the door behind the eye."""
        A, B, D, H, W, b, facing, light, look = (
            self.A,
            self.B,
            self.D,
            self.H,
            self.W,
            self.b,
            self.facing,
            self.light,
            self.look,
        )
        palette, plan, rng, sh, skin, v0, v1, wet, wins = (
            self.palette,
            self.plan,
            self.rng,
            self.sh,
            self.skin,
            self.v0,
            self.v1,
            self.wet,
            self.wins,
        )
        zone = self.zone
        for w in wins:
            with sh.on(w["wall"]), b.frame(0, skin + 0.002):
                if rng.random() < 0.6:
                    kind = rng.choice(["venetian", "roller"])
                    blinds(
                        b,
                        w["x0"] - 0.02,
                        w["x1"] + 0.02,
                        w["z0"],
                        w["z1"],
                        kind,
                        palette["blinds"]
                        if kind == "venetian"
                        else "curtain:" + rng.choice(["white", "cream", "lightgrey"]),
                        rng.uniform(0.3, 0.9),
                    )
        if rng.random() < 0.75:
            mx, my, turn = (
                (W / 2, D - zone - 0.38, 0) if plan == "across" else (W - (v0 + v1) / 2, D - look["depth"] - 0.42, 0)
            )
            if plan == "across":
                # between the washstand and what stands opposite
                mx = W / 2 + (0.12 if A == "left" else -0.12)
            with b.item("rug"), b.frame(mx, my, 0.007, turn):
                b.box(
                    mat(
                        "rug:"
                        + rng.choice(
                            ["white", "cream", "lightgrey", "sage", "charcoal", "terracotta", "blue", "greige"]
                        ),
                        style=rng.choice(["plain", "plain", "stripe"]),
                        other="cream",
                    ),
                    -0.38,
                    -0.24,
                    -0.006,
                    0.38,
                    0.24,
                    0.011,
                    0.006,
                    seg=3,
                )
        if rng.random() < 0.45 and ((plan == "along" and wet != "tub") or (plan == "across" and W > 2.25)):
            px = W - 0.24 if B == "right" else 0.24
            py = D - zone - 0.25 if plan == "across" and not facing and wet != "free" else None
            if py is not None:
                plant(
                    b,
                    px,
                    py,
                    0,
                    rng.uniform(0.5, 0.7),
                    rng.choice(["fan", "broad"]),
                    rng.choice(["gloss:white", "paint:charcoal", "paint:terracotta"]),
                )
        if rng.random() < 0.65 or not wins:
            sh.downlights([(x, y) for x in (W * 0.3, W * 0.7) for y in (D - 0.5, D - 1.6)], light["spots"] * 0.8)
        else:
            ceiling_lamp(b, W / 2, D * 0.55, H, "paint:white", light["lamp"] * 0.8)
        # the light of the passage through the door behind the camera
        fill = b.light(
            "AREA",
            (W / 2, 0.05, H - 0.5),
            dict(day=14.0, dim=9.0, dusk=4.0)[light["view"]],
            (1, 0.95, 0.88),
            (W * 0.7, 0.7),
            aim=(0, 1, -0.25),
        )
        fill.visible_glossy = False
        with sh.on("front"):
            room_door(b, W * 0.5, "paint:white", "chrome")

    def view(self):
        """The palette, and where the eye stands: at the door."""
        A, D, W, palette, plan, rng = self.A, self.D, self.W, self.palette, self.plan, self.rng
        lens, eye = rng.uniform(15, 18.5), rng.uniform(1.3, 1.55)
        if plan == "across":
            t = rng.uniform(0.15, 0.4)
            cx = W * (1 - t) if A == "left" else W * t  # away from the washstand
            aim = (W / 2 + (-0.15 if A == "left" else 0.15) * rng.uniform(0, 1.6), D)
        else:
            cx = W * rng.uniform(0.3, 0.7)
            aim = (W / 2, D)
        return palette, (cx, 0.12), aim, lens, eye, -0.13


def make_bathroom(b, a):
    """The bath or the shower is across the back (plan "across") or along the side (plan "along")."""
    room = _Bathroom(b, a)
    room.cover_walls()
    dict(tub=room.bath, free=room.free_bath, shower=room.shower)[room.wet]()
    room.washstand()
    room.wall_lamps()
    room.toilet_corner()
    room.towels()
    room.furnish()
    return room.view()
