"""Halls and passages: doors, coats, a bench or a console, shoes on the floor."""

from render_rooms import clutter
from render_rooms.chance import pick
from render_rooms.decor import picture, plant, wall_mirror
from render_rooms.dining import sideboard
from render_rooms.kitchen import BRIGHT_WOODS, DARK_WOODS
from render_rooms.lighting import ceiling_lamp, draw_light, pendant
from render_rooms.materials import mat
from render_rooms.overrides import apply_override
from render_rooms.shell import Shell, draw_floor, draw_openings, draw_walls, free_along, furnish_wall


def bench(b, x, length, spec):
    """A bench at the wall of the current frame, with or without baskets under it."""
    rng = b.rng
    m = mat(spec, grain="x")
    with b.item("bench"):
        b.box(m, x - length / 2, 0.02, 0.42, x + length / 2, 0.42, 0.47, 0.004)
        for s in (-1, 1):
            b.box(
                m, x + s * (length / 2 - 0.03) - 0.025, 0.03, 0, x + s * (length / 2 - 0.03) + 0.025, 0.41, 0.42, 0.003
            )
        if rng.random() < 0.4:
            b.soft(
                mat("fabric:" + rng.choice(["cream", "charcoal", "sage", "navy"])),
                x - length / 2 + 0.02,
                0.03,
                0.47,
                x + length / 2 - 0.02,
                0.41,
                0.53,
                0.02,
                0.006,
            )
    b.stands(x - length / 2, 0, x + length / 2, 0.45, 0.5)
    if rng.random() < 0.5:
        for i in range(2):
            clutter.basket(b, x + (i - 0.5) * length * 0.45, 0.22, 0, 0.85)


def make_hall(b, a):
    """A hall. Returns its palette, its shell and the light."""
    rng = b.rng
    W, D, H = rng.uniform(1.6, 3.2), rng.uniform(3.0, 6.0), rng.choice([2.4, 2.5, 2.6, 2.9])
    palette = dict(
        trim="paint:" + rng.choice(["white", "white", "cream"]),
        windowframe="paint:white",
        casing="paint:white",
        cornice=rng.random() < 0.3,
        skirt_h=rng.choice([0.08, 0.11, 0.15]),
        plain=True,
        slats=None,
        mould=False,
    )
    draw_walls(rng, palette)
    draw_floor(rng, palette, ("wood", 5), ("tile", 3), ("checker", 1), ("stone", 1.5), ("carpet", 1.5), ("vinyl", 0.5))
    apply_override(palette, a.override)
    light, view = draw_light(rng, a)
    light["lamp"] = max(light["lamp"], 5.0)
    sh = Shell(b, W, D, H, palette)
    openings, doors = draw_openings(rng, sh, palette, more_doors=True)
    sh.build(openings, [], light, view)
    wood = "wood:" + rng.choice(BRIGHT_WOODS + DARK_WOODS)
    for wall in rng.sample(["left", "right", "back"], 3):
        length = W if wall == "back" else D
        half = rng.uniform(0.4, 0.65)
        if length < half * 2 + 0.6 or (wall != "back" and W < 1.8):
            continue
        with sh.on(wall):
            m = rng.uniform(half + 0.2, length - half - 0.2)
            clear = all(m + half + 0.15 < w["x0"] or m - half - 0.15 > w["x1"] for w in openings if w["wall"] == wall)
            clear = clear and all(abs(m - d) > half + 0.6 for d in doors.get(wall, ()))
            if not clear or not free_along(b, m - half, m + half):
                continue
            what = pick(rng, ("coats", 3), ("console", 3), ("bench", 2))
            if what == "console":
                sideboard(b, m, half * 2, rng.uniform(0.75, 0.9), rng.choice([wood, "paint:white"]), wood)
                if rng.random() < 0.6:
                    wall_mirror(
                        b,
                        m,
                        1.6,
                        0.6,
                        0.8,
                        rng.choice(["metal:brass", "metal:black", wood]),
                        rng.choice(["rect", "round", "arch"]),
                    )
                else:
                    picture(b, m, 1.6, 0.7, 0.5, rng.choice(["warm", "cool", "mono"]), "metal:black")
            else:
                bench(b, m, half * 2, wood)
                if what == "coats" and half > 0.5:
                    clutter.hooks(b, m, 1.7)
    if rng.random() < 0.6 and not palette["floor"].startswith("carpet"):
        clutter.rug(b, W / 2, D * rng.uniform(0.4, 0.65), rng.uniform(0.6, 0.9), rng.uniform(1.2, min(2.6, D - 1.2)))
    for _ in range(rng.choice([0, 1, 2, 3])):
        side = rng.choice([0.25, W - 0.25])
        y = rng.uniform(0.4, D - 0.3)
        if b.is_free(side, y, 0.2):
            clutter.shoes(b, side, y)
    clutter.floor_mess(
        b, [(rng.choice([0.3, W - 0.3]), rng.uniform(0.3, D - 0.3)) for _ in range(6)], rng.choice([0, 0, 1])
    )
    if b.is_free(0.35, D - 0.35, 0.3) and rng.random() < 0.4:
        plant(
            b,
            0.35,
            D - 0.35,
            0,
            rng.uniform(0.7, 1.2),
            rng.choice(["fan", "broad", "olive"]),
            rng.choice(["paint:white", "paint:terracotta"]),
        )
    for wall in ("back", "left", "right", "front"):
        furnish_wall(b, sh, wall, openings, doors.get(wall, ()))
    n = max(1, round(D / 2.5))
    kind = rng.choice(["dome", "spots", "pendant"])
    for i in range(n):
        y = D * (i + 0.5) / n
        if kind == "dome":
            ceiling_lamp(b, W / 2, y, H, "paint:white", light["lamp"])
        elif kind == "pendant":
            pendant(b, W / 2, y, H, rng.uniform(0.4, 0.6), "globe", "brass", "warm", light["lamp"] * 0.7)
        else:
            sh.downlights([(W / 2, y)], light["spots"] * 2)
    return palette, sh, light
