"""Dining rooms: a table with chairs, what stands along the walls, at times an opening to the next room."""

from render_rooms import clutter
from render_rooms.chance import pick
from render_rooms.decor import books, picture, plant, vase, wall_mirror
from render_rooms.kitchen import BRIGHT_WOODS, DARK_WOODS, dining_set
from render_rooms.lighting import ceiling_lamp, draw_light, pendant, table_lamp
from render_rooms.materials import mat
from render_rooms.overrides import apply_override
from render_rooms.shell import Shell, draw_floor, draw_openings, draw_roof, draw_walls, free_along, furnish_wall
from render_rooms.textiles import dress_window


def sideboard(b, x, length, height, spec, front_spec):
    """A low cabinet at the wall of the current frame, with things on it; x is its middle."""
    rng = b.rng
    m, f = mat(spec, grain="x"), mat(front_spec, grain="x")
    with b.item("sideboard"):
        b.box(m, x - length / 2, 0.02, 0.14, x + length / 2, 0.42, height, 0.003)
        n = max(2, round(length / 0.45))
        for i in range(n):
            a, c = x - length / 2 + length * i / n + 0.004, x - length / 2 + length * (i + 1) / n - 0.004
            if rng.random() < 0.4:
                z = (0.14 + height) / 2
                b.panel(f, a, 0.15, c, z - 0.003, 0.42, 0.018, 0.03)
                b.panel(f, a, z + 0.003, c, height - 0.02, 0.42, 0.018, 0.03)
            else:
                b.panel(f, a, 0.15, c, height - 0.02, 0.42, 0.018, 0.05)
            b.lathe(mat("metal:brass"), [(0.01, 0), (0.01, 0.02), (0, 0.021)], ((a + c) / 2, 0.44, height * 0.6), 12)
        for s in (-1, 1):
            for y in (0.06, 0.36):
                b.lathe(mat(spec, grain="z"), [(0.014, 0), (0.022, 0.145)], (x + s * (length / 2 - 0.06), y, 0), 12)
    b.stands(x - length / 2, 0, x + length / 2, 0.45, height)
    with b.frame(0, 0, height + 0.001):
        for px in (x - length * 0.35, x, x + length * 0.33):
            kind = rng.random()
            if kind < 0.25:
                vase(
                    b,
                    px,
                    0.2,
                    0,
                    rng.uniform(0.8, 1.1),
                    rng.choice(["gloss:white", "paint:terracotta", "gloss:royal", "paint:charcoal"]),
                )
            elif kind < 0.4:
                books(b, px, 0.2, 0, 3)
            elif kind < 0.55:
                table_lamp(
                    b,
                    px,
                    0.2,
                    0,
                    rng.choice(["gourd", "column", "stem", "globe"]),
                    rng.choice(["gloss:white", "metal:brass", "paint:terracotta"]),
                    rng.random() < 0.5,
                    4.0,
                )
            elif kind < 0.7:
                clutter.flowers(b, px, 0.2, 0)
            elif kind < 0.8:
                clutter.basket(b, px, 0.2, 0, 0.6)


def make_dining(b, a):
    """A dining room. Returns its palette, its shell and the light."""
    rng = b.rng
    W, D, H = rng.uniform(3.0, 5.2), rng.uniform(3.4, 5.8), rng.choice([2.4, 2.5, 2.6, 2.8, 3.1])
    palette = dict(
        trim="paint:" + rng.choice(["white", "white", "cream"]),
        windowframe=pick(rng, ("paint:white", 4), ("metal:black", 1), ("wood:oak", 1)),
        casing="paint:white",
        cornice=rng.random() < 0.35,
        skirt_h=rng.choice([0.08, 0.11, 0.15]),
        plain=True,
        slats=None,
        mould=rng.random() < 0.15,
        blinds="paint:white",
    )
    draw_walls(rng, palette)
    draw_floor(rng, palette, ("wood", 7), ("tile", 1.5), ("carpet", 2), ("stone", 1))
    draw_roof(rng, palette, H)
    palette["curtain"] = "curtain:" + rng.choice(
        ["white", "cream", "lightgrey", "greige", "sage", "sand", "blue", "burgundy", "terracotta"]
    )
    apply_override(palette, a.override)
    light, view = draw_light(rng, a)
    sh = Shell(b, W, D, H, palette)
    openings, doors = draw_openings(rng, sh, palette)
    sh.build(openings, ["back"] if palette["mould"] else [], light, view)
    for w in openings:
        if not w.get("doorway") and rng.random() < 0.75:
            with sh.on(w["wall"]):
                dress_window(b, w, H, rng.choice([("curtain",), ("blinds",), ("curtain", "blinds")]), palette, 0.4)
    wood = "wood:" + rng.choice(BRIGHT_WOODS + DARK_WOODS)
    round_ = rng.random() < 0.3
    lx, ly = (rng.uniform(1.0, 1.4),) * 2 if round_ else (rng.uniform(1.4, 2.3), rng.uniform(0.85, 1.05))
    turn = 0 if round_ or (lx < W - 1.9 and rng.random() < 0.6) else 90
    x, y = W / 2 + rng.uniform(-0.2, 0.2), D * 0.52 + rng.uniform(-0.2, 0.3)
    if rng.random() < 0.5 and not palette["floor"].startswith("carpet"):
        clutter.rug(b, x, y, (ly if turn else lx) + 1.3, (lx if turn else ly) + 1.3)
    dining_set(b, x, y, turn, lx, ly, wood, round_)
    top = sh.height_at(x, y)
    if rng.random() < 0.75:
        kind, metal, n = (
            rng.choice(["dome", "globe", "drum", "bell", "cone"]),
            rng.choice(["black", "brass", "steel", "bronze"]),
            rng.choice([1, 1, 2, 3]),
        )
        for i in range(n):
            off = (i - (n - 1) / 2) * 0.5
            px, py = (x + off, y) if not turn else (x, y + off)
            pendant(
                b,
                px,
                py,
                sh.height_at(px, py),
                sh.height_at(px, py) - rng.uniform(1.5, 1.75),
                kind,
                metal,
                "warm",
                light["lamp"],
            )
    elif rng.random() < 0.5:
        clutter.ceiling_fan(b, x, y, top, light["lamp"])
    else:
        ceiling_lamp(b, x, y, top, "paint:white", light["lamp"] * 1.4)
    for wall in ("back", "left", "right"):
        length = W if wall == "back" else D
        with sh.on(wall):
            m = rng.uniform(1.0, length - 1.0)
            half = rng.uniform(0.5, 0.85)
            clear = all(
                m + half + 0.15 < w["x0"] or m - half - 0.15 > w["x1"] or w["z0"] > 1.0
                for w in openings
                if w["wall"] == wall
            )
            clear = clear and all(abs(m - d) > half + 0.6 for d in doors.get(wall, ()))
            if clear and free_along(b, m - half, m + half) and rng.random() < 0.6:
                spec = rng.choice([wood, "paint:white", "paint:charcoal", "paint:sage"])
                sideboard(b, m, half * 2, rng.uniform(0.72, 0.95), spec, spec)
                if not any(w["wall"] == wall and w["x0"] < m + half and w["x1"] > m - half for w in openings):
                    if rng.random() < 0.4:
                        wall_mirror(
                            b,
                            m,
                            1.6,
                            0.7,
                            0.7,
                            rng.choice(["metal:brass", "metal:black", wood]),
                            rng.choice(["rect", "round"]),
                        )
                    else:
                        picture(
                            b,
                            m,
                            1.6,
                            rng.uniform(0.6, 1.0),
                            rng.uniform(0.5, 0.8),
                            rng.choice(["warm", "cool", "mono"]),
                            "wood:oak",
                        )
    for wall in ("back", "left", "right", "front"):
        furnish_wall(b, sh, wall, openings, doors.get(wall, ()))
    for px, py in ((0.4, D - 0.4), (W - 0.4, D - 0.4)):
        if b.is_free(px, py, 0.3) and rng.random() < 0.5:
            plant(
                b,
                px,
                py,
                0,
                rng.uniform(0.8, 1.3),
                rng.choice(["fan", "broad", "olive"]),
                rng.choice(["paint:white", "paint:terracotta", "concrete:lightgrey"]),
            )
    clutter.floor_mess(
        b, [(rng.uniform(0.3, W - 0.3), rng.uniform(0.3, D - 0.3)) for _ in range(8)], rng.choice([0, 0, 1])
    )
    return palette, sh, light
