"""Kitchens as ordinary homes have them: what they are made of, and what else is in the room."""

import numpy as np

from render_rooms import clutter
from render_rooms.chance import pick
from render_rooms.decor import plant
from render_rooms.furniture import chair, stool, table
from render_rooms.kitchen_plan import DEPTH, draw_plan
from render_rooms.lighting import ceiling_lamp, draw_light, pendant
from render_rooms.overrides import apply_override
from render_rooms.runs import build_run, kitchen_island, peninsula
from render_rooms.shell import Shell, draw_floor, draw_roof, draw_walls, furnish_wall
from render_rooms.textiles import blinds, curtain

BRIGHT_WOODS = (
    "oak",
    "honeyoak",
    "goldenoak",
    "maple",
    "pine",
    "hickory",
    "bamboo",
    "ash",
    "pickled",
    "redoak",
    "redoak",
    "rusticoak",
    "knottypine",
)
DARK_WOODS = ("redcherry", "cherry", "mahogany", "walnut", "espresso", "teak", "smoked")
PALE = ("white", "warmwhite", "cream", "ivory", "lightgrey", "greige", "almond", "sand")
COLOURED = (
    "sage",
    "blue",
    "navy",
    "green",
    "teal",
    "mint",
    "skyblue",
    "butter",
    "red",
    "olive",
    "moss",
    "terracotta",
    "charcoal",
    "black",
    "slate",
    "grey",
    "taupe",
    "yellow",
    "royal",
    "burgundy",
    "stone",
)


def cabinet_look(rng):
    """The finish of the cabinets, their doors and handles, by the kind of home."""
    era = pick(
        rng, ("oak", 4), ("cherry", 3), ("white", 6), ("painted", 2.5), ("modern", 3), ("cottage", 1.5), ("old", 1.5)
    )
    gap = 0.0016
    if era == "oak":
        cab, door = (
            "wood:" + rng.choice(BRIGHT_WOODS),
            pick(rng, ("raised", 4), ("arched", 2.5), ("shaker", 2), ("slab", 1.5), ("beaded", 1)),
        )
        gap = pick(rng, (0.0016, 1), (0.012, 2), (0.022, 2))
    elif era == "cherry":
        cab, door = (
            "wood:" + rng.choice(DARK_WOODS),
            pick(rng, ("raised", 4), ("shaker", 3), ("arched", 1), ("slab", 1.5)),
        )
        gap = pick(rng, (0.0016, 2), (0.014, 1))
    elif era == "white":
        cab, door = (
            "paint:" + rng.choice(PALE),
            pick(rng, ("shaker", 5), ("raised", 3), ("slab", 2), ("arched", 0.7), ("beaded", 1), ("groove", 0.5)),
        )
        gap = pick(rng, (0.0016, 3), (0.014, 1))
    elif era == "painted":
        cab, door = "paint:" + rng.choice(COLOURED), pick(rng, ("shaker", 4), ("raised", 2), ("slab", 2), ("beaded", 1))
    elif era == "modern":
        cab = pick(
            rng,
            ("gloss:white", 3),
            ("gloss:" + rng.choice(COLOURED), 2),
            ("paint:" + rng.choice(COLOURED), 2),
            ("wood:" + rng.choice(BRIGHT_WOODS + DARK_WOODS), 3),
            ("laminate:lightgrey", 0.7),
            ("metal:steel", 0.3),
        )
        door = "slab"
    elif era == "cottage":
        cab, door = "paint:" + rng.choice(PALE + COLOURED), pick(rng, ("groove", 3), ("beaded", 2), ("shaker", 1))
    else:
        cab, door = (
            pick(
                rng,
                ("paint:white", 2),
                ("paint:" + rng.choice(PALE), 2),
                ("wood:pine", 1),
                ("paint:" + rng.choice(COLOURED), 1),
            ),
            "flat",
        )
        gap = rng.choice([0.014, 0.022])
    metal = pick(rng, ("steel", 4), ("black", 2), ("brass", 2), ("bronze", 2), ("chrome", 1))
    handle = pick(
        rng,
        ("bar", 4),
        ("knob", 4),
        ("bow", 3),
        ("cup", 1.2),
        ("edge", 1 if door == "slab" else 0.1),
        ("none", 1.5 if door == "slab" else 0.7),
    )
    return (
        era,
        cab,
        dict(
            door=door,
            gap=gap,
            rail=rng.choice([0.05, 0.06, 0.075]),
            metal=metal,
            handle=handle,
            bars=rng.choice([0, 0, 1, 2]),
            plain_drawers=rng.random() < 0.6,
            ledstrip=False,
        ),
    )


def draw_top(rng):
    """The finish of a worktop, the direction of its texture, its thickness and the rounding of its edge."""
    spec, kw = pick(
        rng,
        (
            (
                "granite:"
                + rng.choice(
                    ["tan", "brown", "gold", "black", "uba", "grey", "pearl", "white", "rose", "green", "blue"]
                ),
                {},
            ),
            8,
        ),
        (
            (
                "laminate:"
                + rng.choice(
                    [
                        "white",
                        "cream",
                        "sand",
                        "grey",
                        "lightgrey",
                        "charcoal",
                        "taupe",
                        "sage",
                        "black",
                        "almond",
                        "teal",
                        "terracotta",
                        "green",
                        "bisque",
                    ]
                ),
                {},
            ),
            5,
        ),
        (("stone:" + rng.choice(["white", "grey", "black", "beige"]), {}), 3),
        (("marble:" + rng.choice(["white", "gold", "grey", "black", "beige", "brown"]), {}), 3),
        (("butcher:" + rng.choice(["oak", "maple", "walnut", "honeyoak", "cherry", "bamboo"]), {}), 2),
        (("wood:" + rng.choice(["oak", "walnut", "teak", "pine"]), {}), 1),
        (
            (
                "tile:" + rng.choice(["white", "cream", "sand", "terracotta", "blue", "sage", "black", "almond"]),
                dict(
                    tw=rng.choice([0.1, 0.15, 0.3]),
                    th=rng.choice([0.1, 0.15]),
                    offset=0.0,
                    grout=rng.choice(["white", "grey", "lightgrey"]),
                ),
            ),
            1.5,
        ),
        (("concrete:" + rng.choice(["lightgrey", "grey", "charcoal"]), {}), 0.8),
        (("metal:steel", {}), 0.4),
    )
    return spec, kw, rng.choice([0.025, 0.03, 0.03, 0.038, 0.05]), rng.choice([0.002, 0.004, 0.009])


def draw_splash(rng, top):
    """The backsplash: its form, its finish, the pattern of its tiles."""
    form = pick(rng, ("none", 1.5), ("upstand", 4), ("full", 6))
    colour = rng.choice(
        [
            "white",
            "white",
            "cream",
            "sand",
            "lightgrey",
            "grey",
            "sage",
            "blue",
            "teal",
            "terracotta",
            "greige",
            "charcoal",
            "black",
            "mint",
            "butter",
            "navy",
            "red",
            "almond",
        ]
    )
    subway = dict(
        tw=rng.choice([0.15, 0.2, 0.3]), th=rng.choice([0.065, 0.075, 0.1]), offset=rng.choice([0.5, 0.5, 0.0, 0.33])
    )
    square = dict(tw=0.1, th=0.1, offset=0.0) if rng.random() < 0.6 else dict(tw=0.15, th=0.15, offset=0.0)
    mosaic = dict(tw=rng.choice([0.025, 0.05]), th=rng.choice([0.025, 0.02, 0.05]), offset=rng.choice([0, 0.5]))
    natural = rng.choice(["slate", "rust", "travertine", "limestone", "cotto"])
    spec, kw = pick(
        rng,
        (("tile:" + colour, subway), 5),
        (("tile:" + colour, square), 3),
        (("tile:" + colour, mosaic), 1.5),
        (
            (
                "slate:" + natural,
                dict(tw=0.1, th=0.1, offset=0.0) if rng.random() < 0.5 else dict(tw=0.15, th=0.05, offset=0.5),
            ),
            2.5,
        ),
        ((top, {}), 2),
        (("brick:" + rng.choice(["raw", "white", "cream"]), {}), 0.8),
        (("marble:" + rng.choice(["white", "gold", "grey", "beige"]), {}), 0.8),
        (("gloss:" + colour, {}), 0.6),
        (("metal:steel", {}), 0.3),
        (("laminate:" + rng.choice(["white", "cream", "sand"]), {}), 0.6),
        (("tile:white", dict(tw=0.3, th=0.15, look="marble")), 0.5),
    )
    if spec.startswith("wood") or spec.startswith("butcher"):
        spec, kw = "tile:" + colour, subway
    return form, spec, kw | {"grout": rng.choice(["white", "lightgrey", "grey", "charcoal"])}


def draw_look(rng):
    """All finishes of a kitchen by role, and its joinery."""
    era, cab, joinery = cabinet_look(rng)
    upper = (
        cab
        if rng.random() < 0.88
        else pick(rng, ("paint:white", 2), ("paint:" + rng.choice(PALE), 1), ("wood:" + rng.choice(BRIGHT_WOODS), 1))
    )
    island = (
        cab
        if rng.random() < 0.65
        else pick(
            rng,
            ("paint:" + rng.choice(COLOURED), 3),
            ("paint:" + rng.choice(PALE), 2),
            ("wood:" + rng.choice(BRIGHT_WOODS + DARK_WOODS), 3),
        )
    )
    top, topkw, thick, edge = draw_top(rng)
    islandtop = top
    if rng.random() < 0.3:
        islandtop, islandkw, _, _ = draw_top(rng)
        islandtop = islandtop if not islandkw else "butcher:oak"
    form, splash, splashkw = draw_splash(rng, top)
    appliance = pick(rng, ("steel", 5), ("white", 4), ("black", 3), ("bisque", 0.7), ("slate", 0.5))
    other = lambda share: appliance if rng.random() < share else rng.choice(["steel", "white", "black"])  # noqa: E731
    joinery.update(top_t=thick, itop_t=thick, tall_h=2.2)
    palette = dict(
        era=era,
        cabinet=cab,
        upper=upper,
        tall=cab,
        island=island,
        top=top,
        islandtop=islandtop,
        splash=splash,
        splashkw=splashkw,
        topkw=topkw,
        top_edge=edge,
        splash_kind=form,
        upstand=rng.uniform(0.08, 0.16),
        top_splash=rng.random() < 0.8,
        splash_full=rng.random() < 0.12,
        kick=pick(rng, (cab, 3), ("paint:black", 3), ("metal:darksteel", 1), ("paint:white", 1)),
        ikick="paint:black",
        appliance=appliance,
        dishwasher=other(0.8),
        fridge=other(0.75),
        hood_colour=other(0.6),
        hood_metal=pick(rng, ("steel", 4), ("black", 1)),
        fridge_kind=pick(rng, ("top", 4), ("side", 3), ("french", 3), ("bottom", 2), ("single", 0.7)),
        fridge_h=rng.uniform(1.62, 1.82),
        fridge_depth=rng.uniform(0.68, 0.82),
        fridge_panels=rng.random() < 0.4,
        burners=pick(rng, ("glass", 4), ("coil", 2.5), ("gas", 4)),
        console=rng.random() < 0.65,
        double_oven=rng.random() < 0.5,
        sink=pick(rng, ("metal:steel", 5), ("gloss:white", 3), ("gloss:black", 0.8), ("gloss:almond", 0.5)),
        sink_kind=rng.choice(["single", "double", "double"]),
        sink_rim=rng.random() < 0.5,
        apron=rng.random() < 0.12,
        tap=pick(rng, ("chrome", 5), ("steel", 3), ("black", 1.5), ("brass", 0.8), ("bronze", 0.8)),
        tap_tall=rng.random() < 0.6,
        gas=False,
        uppers=pick(rng, ("cabinets", 10), ("shelves", 1.3), ("none", 0.7)),
        glazed=pick(rng, (0.0, 5), (0.25, 2), (0.6, 1), (1.0, 0.3)),
        open_uppers=pick(rng, (0.0, 7), (0.12, 2)),
        upper_z0=rng.uniform(1.34, 1.5),
        led=rng.random() < 0.25,
        crown=rng.random() < 0.45,
        soffit=False,
        hood=pick(rng, ("microwave", 4), ("slim", 3), ("chimney", 2.5), ("cabinet", 1), ("plaster", 0.5), ("box", 0.7)),
        shelf="wood:" + rng.choice(BRIGHT_WOODS + DARK_WOODS),
        mess=pick(rng, (0.15, 2), (0.6, 3), (1.0, 3), (1.6, 2)),
        counter_microwave=0.1,
        trim="paint:" + rng.choice(["white", "white", "white", "cream", "warmwhite", "almond"]),
        casing=pick(rng, ("paint:white", 5), (cab if cab.startswith("wood") else "wood:oak", 1.5)),
        windowframe=pick(rng, ("paint:white", 5), ("wood:oak", 1), ("metal:black", 1.5), ("metal:steel", 0.7)),
        cornice=rng.random() < 0.15,
        skirt_h=rng.choice([0.07, 0.09, 0.12]),
        plain=True,
        mould=False,
        slats=None,
    )
    if palette["hood"] != "microwave":
        palette["counter_microwave"] = 0.35
    draw_walls(rng, palette, kitchen=True)
    draw_floor(
        rng, palette, ("tile", 4), ("wood", 5), ("vinyl", 2.5), ("stone", 1.5), ("checker", 0.9), ("concrete", 0.5)
    )
    return palette, joinery


def other_walls(b, palette, plan):
    """Windows and doorways of the walls without units, drawn before the shell is built."""
    rng = b.rng
    openings = []
    for wall in plan.free:
        length = plan.W if wall in ("back", "front") else plan.D
        kind = (
            pick(rng, ("window", 4), ("doorway", 3), ("glass door", 1.5), ("plain", 2))
            if wall != "front"
            else pick(rng, ("window", 5), ("doorway", 3), ("glass door", 2))
        )
        lo, hi = 0.5, length - 0.5
        if wall == "left" and plan.shape in ("L", "peninsula", "one"):
            lo = 0.95
        if wall == "right" and plan.shape in ("L", "peninsula", "one"):
            hi = length - 0.95
        if hi - lo < 1.1:
            continue
        if kind == "window":
            w = min(hi - lo, rng.uniform(0.9, 2.4))
            x0 = rng.uniform(lo, hi - w)
            openings.append(
                dict(
                    wall=wall,
                    x0=x0,
                    x1=x0 + w,
                    z0=rng.choice([0.75, 0.9, 1.0]),
                    z1=rng.uniform(2.0, 2.2),
                    bars=rng.choice([0, 0, 1, 2]),
                    pane=rng.choice([0.5, 0.8, 1.1]),
                )
            )
        elif kind == "glass door":
            w = min(hi - lo, rng.choice([0.9, 1.6, 2.2]))
            x0 = rng.uniform(lo, hi - w)
            openings.append(
                dict(
                    wall=wall,
                    x0=x0,
                    x1=x0 + w,
                    z0=0.02,
                    z1=2.1,
                    bars=rng.choice([0, 0, 3]),
                    pane=rng.choice([0.8, 1.1]),
                )
            )
        elif kind == "doorway":
            w = min(hi - lo, rng.choice([0.85, 0.95, 1.3, 1.9]))
            x0 = rng.uniform(lo, hi - w)
            openings.append(
                dict(
                    wall=wall,
                    x0=x0,
                    x1=x0 + w,
                    z0=0.0,
                    z1=rng.choice([2.05, 2.1, 2.3]),
                    doorway=True,
                    cased=rng.random() < 0.75,
                    deep=rng.uniform(1.6, 3.4),
                    floor=palette["floor"]
                    if rng.random() < 0.5 and not palette["floor"].startswith("parquet")
                    else "planks:oak",
                )
            )
            openings[-1]["wall_colour"] = (
                palette["wall"]
                if rng.random() < 0.5
                else "plaster:" + rng.choice(["white", "cream", "sage", "blue", "sand", "butter", "greige"])
            )
    for w in openings:
        if not w.get("doorway") and palette["window_casing"]:
            w["casing"] = palette["window_casing"]
    return openings


def dress_kitchen_window(b, w, how):
    """A blind, short curtains or a valance at a kitchen's window."""
    rng = b.rng
    x0, x1, z0, z1 = w["x0"], w["x1"], w["z0"], w["z1"]
    if how == "blinds":
        kind = rng.choice(["venetian", "venetian", "roller"])
        spec = (
            pick(rng, ("paint:white", 4), ("wood:oak", 1), ("paint:cream", 1))
            if kind == "venetian"
            else "curtain:" + rng.choice(["white", "cream", "lightgrey", "sage", "blue"])
        )
        blinds(
            b,
            x0 - 0.01,
            x1 + 0.01,
            z0,
            z1,
            kind,
            spec,
            rng.uniform(0.2, 1.0) if kind == "venetian" else rng.uniform(0.2, 0.6),
        )
    elif how == "valance":
        curtain(
            b,
            x0 - 0.06,
            x1 + 0.06,
            z1 - rng.uniform(0.22, 0.4),
            z1 + 0.08,
            0.07,
            "curtain:" + rng.choice(["white", "red", "yellow", "blue", "sage", "terracotta", "cream", "burgundy"]),
        )
    elif how == "cafe":
        curtain(
            b,
            x0,
            x1,
            z0 - 0.02,
            z0 + (z1 - z0) * 0.5,
            0.06,
            "curtain:" + rng.choice(["white", "cream", "skyblue"]),
            sheer=True,
        )
    elif how == "curtains":
        cw = min(0.35, (x1 - x0) * 0.3)
        spec, low = (
            "curtain:" + rng.choice(["white", "cream", "sage", "blue", "terracotta", "greige", "yellow"]),
            0.03 if z0 < 0.3 else z0 - 0.1,
        )
        curtain(b, x0 - 0.08, x0 - 0.08 + cw, low, z1 + 0.08, 0.075, spec)
        curtain(b, x1 + 0.08 - cw, x1 + 0.08, low, z1 + 0.08, 0.075, spec)


def lamps(b, sh, plan, palette, light):
    """What hangs from the ceiling: one to three of the usual kinds."""
    rng = b.rng
    W, D = plan.W, plan.D
    for kind in rng.sample(["spots", "dome", "box", "fan", "track", "pendant"], rng.choice([1, 1, 2])):
        x, y = W / 2 + rng.uniform(-0.3, 0.3), D * rng.uniform(0.45, 0.65)
        top = sh.height_at(x, y)
        if kind == "spots":
            nx, ny = max(2, round(W / 1.4)), max(2, round(D / 1.6))
            sh.downlights(
                [(W * (i + 0.5) / nx, D * (j + 0.5) / ny) for i in range(nx) for j in range(ny)], light["spots"] * 0.8
            )
        elif kind == "dome":
            ceiling_lamp(b, x, y, top, "paint:white", light["lamp"] * 1.6)
        elif kind == "box" and not palette.get("roof") and not palette.get("beams"):
            clutter.light_box(b, x, y, top, light["lamp"] * 1.2, rng.choice([0, 90]))
        elif kind == "fan" and top > 2.35:
            clutter.ceiling_fan(b, x, y, top, light["lamp"])
        elif kind == "track":
            clutter.track_light(b, x, y, top, light["lamp"], rng.choice([0, 90]))
    if plan.island and rng.random() < 0.45:
        cx, cy, lx, _ = plan.island
        n = rng.choice([1, 2, 2, 3]) if lx > 1.3 else 1
        kind, metal = (
            rng.choice(["dome", "cone", "globe", "drum", "bell"]),
            rng.choice(["black", "brass", "steel", "copper", "bronze"]),
        )
        for i in range(n):
            x = cx + lx * ((i + 0.5) / n - 0.5) * 0.9
            top = sh.height_at(x, cy)
            pendant(b, x, cy, top, top - rng.uniform(1.6, 1.75), kind, metal, "warm", light["lamp"] * 0.7)


def front_room(b, plan):
    """The part of the room before the kitchen: a table with chairs, at times."""
    rng = b.rng
    lowest = min(
        [plan.D - DEPTH, *(plan.D - r.x1 if r.wall == "left" else r.x0 for r in plan.runs if r.wall != "back")]
    )
    if plan.island:
        lowest = min(lowest, plan.island[1] - plan.island[3] / 2)
    wood = "wood:" + rng.choice(BRIGHT_WOODS + DARK_WOODS)
    if lowest > 2.3 and rng.random() < 0.6:
        round_ = rng.random() < 0.4
        lx, ly = (
            (rng.uniform(0.9, 1.3),) * 2
            if round_
            else (rng.uniform(1.2, min(2.0, plan.W - 1.4)), rng.uniform(0.75, 0.95))
        )
        x, y = rng.uniform(lx / 2 + 0.6, plan.W - lx / 2 - 0.6), rng.uniform(0.95, max(0.96, lowest - 1.2))
        dining_set(b, x, y, 0 if round_ or lx < plan.W - 1.2 else 90, lx, ly, wood, round_)
    if rng.random() < 0.45:
        x, y = rng.uniform(0.8, plan.W - 0.8), plan.D - DEPTH - rng.uniform(0.4, 0.75)
        if b.is_free(x, y, 0.25):
            clutter.rug(b, x, y, rng.uniform(0.9, 1.8), rng.uniform(0.5, 0.8))
    spots = [(rng.uniform(0.3, plan.W - 0.3), rng.uniform(0.4, plan.D - 0.8)) for _ in range(12)]
    clutter.floor_mess(b, spots, rng.choice([0, 1, 1, 2, 3]))
    if rng.random() < 0.3:
        x, y = rng.choice([0.4, plan.W - 0.4]), rng.uniform(0.4, plan.D - 0.6)
        if b.is_free(x, y, 0.35):
            plant(
                b,
                x,
                y,
                0,
                rng.uniform(0.7, 1.2),
                rng.choice(["fan", "broad", "olive"]),
                rng.choice(["paint:white", "paint:terracotta", "paint:charcoal"]),
            )
            b.stands(x - 0.2, y - 0.2, x + 0.2, y + 0.2)


def dining_set(b, x, y, turn, lx, ly, wood, round_):
    """A table with its chairs, and what is on it."""
    rng = b.rng
    seat = rng.choice(
        [
            "leather:brown",
            "leather:black",
            "fabric:cream",
            "fabric:charcoal",
            "fabric:sage",
            "fabric:red",
            "fabric:greige",
        ]
    )
    top = pick(rng, (wood, 6), ("gloss:white", 1), ("marble:white", 0.7))
    legs = pick(rng, (wood, 4), ("metal:black", 1.5), ("paint:white", 1))
    table(b, x, y, turn, lx, ly, 0.75, top, legs, round_=round_)
    with b.frame(x, y, 0, turn):
        b.stands(-lx / 2 - 0.3, -ly / 2 - 0.3, lx / 2 + 0.3, ly / 2 + 0.3, 0.8)
    places = []
    if round_:
        n = rng.choice([2, 3, 4])
        r = lx / 2 + rng.uniform(0.0, 0.2)
        places = [(r * np.sin(a), -r * np.cos(a), np.degrees(a)) for a in 2 * np.pi * np.arange(n) / n + 0.3]
    else:
        n = max(1, int((lx - 0.3) / 0.55))
        for i in range(n):
            px = -lx / 2 + lx * (i + 0.5) / n
            places += [(px, -ly / 2 - rng.uniform(-0.1, 0.2), 0), (px, ly / 2 + rng.uniform(-0.1, 0.2), 180)]
        if rng.random() < 0.4:
            places += [(-lx / 2 - 0.1, 0, -90), (lx / 2 + 0.1, 0, 90)]
    for px, py, t in places:
        if rng.random() < 0.9:
            with b.frame(x, y, 0, turn):
                chair(b, px, py, t + rng.uniform(-14, 14), seat, wood)
    with b.frame(x, y, 0, turn):
        for _ in range(rng.choice([0, 1, 1, 2])):
            rng.choice(
                [clutter.flowers, clutter.paper_pile, clutter.dishes_about, clutter.packets, clutter.laid_towel]
            )(b, rng.uniform(-0.3, 0.3) * lx, rng.uniform(-0.2, 0.2) * ly, 0.751)


def make_kitchen(b, a):
    """A kitchen of an ordinary home. Returns its palette, its shell and the light."""
    rng = b.rng
    palette, joinery = draw_look(rng)
    plan = draw_plan(rng)
    H = rng.choice([2.35, 2.4, 2.44, 2.5, 2.6, 2.75, 3.0])
    draw_roof(rng, palette, H)
    light, view = draw_light(rng, a)
    palette["win_z"] = rng.uniform(1.0, 1.16), rng.uniform(1.9, min(2.2, H - 0.2))
    joinery["upper_top"] = min(H - 0.02, rng.choice([2.05, 2.1, 2.15, 2.25, 2.35, H - 0.02]))
    joinery["tall_h"] = min(H - 0.01, max(2.1, joinery["upper_top"]))
    palette["splash_top"] = (
        rng.choice([1.5, 1.6, 1.8, H - 0.005]) if palette["uppers"] != "cabinets" or palette["splash_full"] else 1.45
    )
    palette["soffit"] = (
        palette["uppers"] == "cabinets"
        and H - joinery["upper_top"] > 0.15
        and rng.random() < 0.4
        and not palette.get("roof")
    )
    casing = palette["window_casing"] = rng.choice([0, 0, 0.06, 0.09])
    apply_override(palette, a.override)
    sh = Shell(b, plan.W, plan.D, H, palette)
    openings = other_walls(b, palette, plan)
    for run in plan.runs:
        openings += [
            dict(
                wall=run.wall,
                x0=p,
                x1=q,
                z0=palette["win_z"][0],
                z1=palette["win_z"][1],
                bars=rng.choice([0, 0, 1, 2]),
                pane=rng.choice([0.5, 0.7, 1.2]),
                casing=min(casing, 0.06),
                over_sink=True,
            )
            for p, q in run.windows
        ]
    if not any(not w.get("doorway") for w in openings):  # no daylight at all: a window behind the camera
        openings.append(dict(wall="front", x0=0.5, x1=plan.W - 0.5, z0=0.6, z1=2.1, bars=0, pane=1.0))
    doors = {}
    for wall in plan.free:
        if not any(w["wall"] == wall for w in openings) and rng.random() < 0.5:
            length = plan.W if wall in ("back", "front") else plan.D
            doors[wall] = (
                rng.uniform(0.8, length - 0.8)
                if wall in ("back", "front")
                else (rng.uniform(1.3, length - 0.6) if wall == "left" else rng.uniform(0.6, length - 1.3)),
            )
    palette["doors"] = doors
    sh.build(openings, [], light, view)
    corners = (
        any(r.wall == "back" for r in plan.runs) and any(r.wall == "left" for r in plan.runs),
        any(r.wall == "back" for r in plan.runs) and any(r.wall == "right" for r in plan.runs),
    )
    for run in plan.runs:
        build_run(b, joinery, palette, run, sh, corners)
    woodspec, seatspec = (
        "wood:" + rng.choice(BRIGHT_WOODS + DARK_WOODS),
        rng.choice(
            [
                "leather:brown",
                "leather:black",
                "fabric:cream",
                "fabric:charcoal",
                "leather:terracotta",
                "fabric:olive",
                "fabric:purple",
                "gloss:white",
                "gloss:red",
            ]
        ),
    )
    kind, metal = (
        rng.choice(["round", "pedestal", "frame", "back"]),
        rng.choice(["black", "steel", "chrome", "brass", "bronze"]),
    )
    seats = kitchen_island(b, joinery, palette, plan.island) if plan.island else []
    if plan.peninsula:
        seats += [(x, y, raised, 0) for x, y, raised in peninsula(b, joinery, palette, plan, sh)]
    for x, y, raised, turn in seats:
        if rng.random() < 0.85:
            stool(
                b,
                x,
                y + rng.uniform(-0.08, 0.02),
                turn + rng.uniform(-25, 25),
                kind,
                metal,
                seatspec,
                woodspec,
                0.76 if raised else 0.64,
            )
            b.stands(x - 0.2, y - 0.2, x + 0.2, y + 0.2)
    for w in openings:
        if not w.get("doorway"):
            with sh.on(w["wall"]):
                small = w.get("over_sink")
                how = pick(
                    rng,
                    ("none", 3),
                    ("blinds", 3),
                    ("valance", 1.5),
                    ("cafe", 0.8),
                    ("curtains", 0.0 if small else 2.0),
                )
                dress_kitchen_window(b, w, how)
                if small and rng.random() < 0.5:
                    with b.frame(0, -0.05, w["z0"]):
                        rng.choice(
                            [clutter.flowers, lambda b, x, y, z: plant(b, x, y, z, 0.22, "broad", "paint:terracotta")]
                        )(b, rng.uniform(w["x0"] + 0.1, w["x1"] - 0.1), 0.0, 0.006)
    for wall in plan.free:
        furnish_wall(b, sh, wall, openings, doors.get(wall, ()))
    front_room(b, plan)
    lamps(b, sh, plan, palette, light)
    return palette, sh, light
