"""The shell of a room: walls with windows, floor, ceiling, skirting, sky and sun."""

import itertools
import math

import bpy
import numpy as np
from mathutils import Vector

from render_rooms import clutter
from render_rooms.chance import pick
from render_rooms.decor import picture
from render_rooms.joinery import room_door
from render_rooms.materials import assets, mat


def herringbone(b, W, D, spec, L=0.6, w=0.1):
    """Parquet boards as one mesh, with boardwise UVs and a boardwise grey."""
    rng = b.rng
    v, f, uv, grey = [], [], [], []
    R = (W + D) * 0.75
    n = round(L / w)
    c45 = math.cos(math.pi / 4)

    def board_(x, y, lx, ly):
        cx, cy = (x + lx / 2 - y - ly / 2) * c45 + W / 2, (x + lx / 2 + y + ly / 2) * c45 + D / 2
        if not (-0.4 < cx < W + 0.4 and -0.4 < cy < D + 0.4):
            return
        g = 0.0007
        pts = [(x + g, y + g), (x + lx - g, y + g), (x + lx - g, y + ly - g), (x + g, y + ly - g)]
        base, o1, o2 = len(v), rng.uniform(0, 50), rng.uniform(0, 50)
        v.extend(((p - q) * c45 + W / 2, (p + q) * c45 + D / 2, 0.0) for p, q in pts)
        f.append((base, base + 1, base + 2, base + 3))
        loc = [(0, 0), (lx, 0), (lx, ly), (0, ly)]
        uv.extend([(p + o1, q + o2) if lx > ly else (q + o1, p + o2) for p, q in loc])
        grey.append(rng.random())

    K = int(R / w) + 1
    for k in range(-K, K):
        for m in range(-int(R / L) - 2, int(R / L) + 2):
            board_(k * w + m * 2 * L, k * w, L, w)
            board_(k * w + L + m * 2 * L, (k - n + 1) * w, w, L)
    ob = b.mesh(v, f, mat(spec))
    me = ob.data
    lay = me.uv_layers.new(name="UVMap")
    lay.data.foreach_set("uv", np.array(uv, np.float32).ravel())
    at = me.attributes.new("board", "FLOAT", "FACE")
    at.data.foreach_set("value", np.array(grey, np.float32))
    with b.item("floor"):
        b.box(mat("paint:black"), -0.2, -0.2, -0.06, W + 0.2, D + 0.2, -0.0015, 0)
    return ob


class Shell:
    """Walls with holes for windows and doorways, floor, ceiling, skirting, outside, sun and sky."""

    def __init__(self, b, W, D, H, palette):
        b.shell = self
        self.b, self.W, self.D, self.H, self.palette = b, W, D, H, palette
        self.rise = palette["roof"]["rise"] if palette.get("roof") else 0.0
        self.side = dict(back=(W, D, 0, 180, W), left=(0, D, 0, -90, D), right=(W, 0, 0, 90, D), front=(0, 0, 0, 0, W))

    def on(self, wall):
        """The frame of a wall: x along it, from its right end as one faces it; y into the room."""
        x, y, z, t, _ = self.side[wall]
        return self.b.frame(x, y, z, t)

    def build(self, windows, accent, light, view=None):
        """Everything of the shell. view: what the windows show, if not what the light says."""
        self.view = view or light["view"]
        b, W, D, H, palette = self.b, self.W, self.D, self.H, self.palette
        with b.item("floor"):
            if palette["floor"].startswith("parquet"):
                herringbone(b, W, D, palette["floor"])
            else:
                b.mesh(
                    [(0, 0, 0), (W, 0, 0), (W, D, 0), (0, D, 0)],
                    [(0, 1, 2, 3)],
                    mat(
                        palette["floor"],
                        grain=palette.get("floorgrain", "y"),
                        plane="xy",
                        tw=palette.get("ftile", 0.9),
                        th=palette.get("ftile", 0.9) * palette.get("fratio", 1),
                        offset=palette.get("foff", 0.0),
                        look=palette.get("flook", "matt"),
                        rough=palette.get("frough", 0.3),
                        grout=palette.get("fgrout", "grey"),
                        other=palette.get("fother", "white"),
                        size=palette.get("fsize", 1.6),
                    ),
                )
        self.ceiling()
        for wall, (x, y, z, t, L) in self.side.items():
            holes = [w for w in windows if w["wall"] == wall]
            spec = palette["accent"] if wall in accent else palette["wall"]
            cls = "accent wall" if wall in accent and (palette.get("slats") or not palette["plain"]) else "wall"
            with b.frame(x, y, z, t):
                with b.item(cls):
                    kw = dict(plane="xz", tw=0.6, th=1.2, offset=0.0, look="matt", grain="z")
                    kw |= palette.get("wallkw", {})
                    b.slab(
                        mat(spec, **kw),
                        L,
                        H + self.rise,
                        0.22,
                        [(w["x0"], w["z0"], w["x1"], w["z1"]) for w in holes],
                        axis="y",
                    )
                    if wall in accent and palette.get("slats"):
                        self.slats(L, holes)
                    if wall in accent and palette.get("mould"):
                        self.mouldings(L, spec, holes)
                for w in holes:
                    (self.doorway if w.get("doorway") else self.window)(w, light)
                if palette.get("skirting", True):
                    with b.item("baseboard"):
                        doors = [(x - 0.5, x + 0.5) for x in palette.get("doors", {}).get(wall, ())]
                        gaps = sorted(
                            [
                                *(
                                    (w["x0"] - 0.08, w["x1"] + 0.08) if w.get("doorway") else (w["x0"], w["x1"])
                                    for w in holes
                                    if w["z0"] < 0.1
                                ),
                                *doors,
                            ]
                        )
                        s = 0.0
                        for g0, g1 in [*gaps, (L, L)]:
                            if g0 - s > 0.02:
                                b.box(mat(palette["trim"]), s, 0, 0, g0, 0.014, palette.get("skirt_h", 0.1), 0.003)
                            s = g1
                if palette.get("cornice") and not self.rise:
                    with b.item("wall"):
                        b.box(mat("paint:white"), 0, 0, H - 0.07, L, 0.035, H, 0.012, seg=3)
                        b.box(mat("paint:white"), 0, 0, H - 0.035, L, 0.08, H, 0.012, seg=3)
        self.sky(light)

    def height_at(self, x, y):
        """The height of the ceiling over a point of the floor."""
        roof = self.palette.get("roof")
        if not roof:
            return self.H
        along, length = (x, self.W) if roof["along"] == "x" else (y, self.D)
        share = min(max(along / length, 0.0), 1.0)
        if roof["kind"] == "gable":
            share = 1 - abs(2 * share - 1)
        elif roof.get("down"):
            share = 1 - share
        return self.H + self.rise * share

    def ceiling(self):
        """Flat, sloped to one side or to both, of plaster or boards, with or without beams."""
        b, W, D, palette = self.b, self.W, self.D, self.palette
        roof = palette.get("roof")
        spec = palette.get("ceiling", "plaster:white")
        material = mat(spec, grain="y", ph=0.11, pw=2.4)
        e = 0.2
        if roof and roof["kind"] == "gable":
            cuts = [-e, (W if roof["along"] == "x" else D) / 2, (W if roof["along"] == "x" else D) + e]
        else:
            cuts = [-e, (W if not roof or roof["along"] == "x" else D) + e]
        flat = not roof
        for a, c in itertools.pairwise(cuts):
            if flat or roof["along"] == "x":
                points = [(a, -e), (c, -e), (c, D + e), (a, D + e)]
            else:
                points = [(-e, a), (W + e, a), (W + e, c), (-e, c)]
            with b.item("ceiling"):
                b.mesh([(x, y, self.height_at(x, y)) for x, y in points], [(3, 2, 1, 0)], material)
        if not palette.get("beams"):
            return
        wood = mat(palette["beams"]["spec"], grain="x" if not roof or roof["along"] == "x" else "y")
        size, step = palette["beams"]["size"], palette["beams"]["step"]
        across = not roof or roof["along"] == "x"  # beams run along the slope
        n = max(2, round((D if across else W) / step))
        for i in range(n):
            at = (i + 0.5) / n * (D if across else W)
            for a, c in itertools.pairwise(cuts):
                ends = ((a, at), (c, at)) if across else ((at, a), (at, c))
                (x0, y0), (x1, y1) = ends
                z0, z1 = self.height_at(x0, y0), self.height_at(x1, y1)
                s = size / 2
                side = (0, s) if across else (s, 0)
                ring = [(-side[0], -side[1]), (side[0], side[1])]
                v = [
                    (x + dx, y + dy, z + dz)
                    for x, y, z in ((x0, y0, z0), (x1, y1, z1))
                    for dz in (0.01, -size * 1.2)
                    for dx, dy in ring
                ]
                f = [(0, 1, 5, 4), (2, 6, 7, 3), (0, 4, 6, 2), (1, 3, 7, 5), (0, 2, 3, 1), (4, 5, 7, 6)]
                with b.item("beam"):
                    b.mesh(v, f, wood)

    def doorway(self, w, light):
        """An opening to another room: its casing, and a plain room behind it. All of it is of one class."""
        b, palette, rng = self.b, self.palette, self.b.rng
        x0, x1, z1 = w["x0"], w["x1"], w["z1"]
        trim = mat(palette["trim"])
        deep, left, right, high = w.get("deep", 3.0), x0 - 0.9, x1 + 1.3, self.H
        with b.item("doorway"):
            if w.get("cased", True):
                c = 0.09
                for y in (0.0, -0.235):
                    for q in ((x0 - c, 0, x0, z1 + c), (x1, 0, x1 + c, z1 + c), (x0, z1, x1, z1 + c)):
                        b.box(trim, q[0], y, q[1], q[2], y + 0.015, q[3], 0.003)
                b.box(trim, x0 - 0.001, -0.22, 0, x0 + 0.012, 0, z1, 0)
                b.box(trim, x1 - 0.012, -0.22, 0, x1 + 0.001, 0, z1, 0)
                b.box(trim, x0, -0.22, z1 - 0.012, x1, 0, z1 + 0.001, 0)
            floor = mat(w["floor"], grain="y", plane="xy", tw=0.4, th=0.4, offset=0.0, look="matt", rough=0.3)
            wall = mat(w["wall_colour"])
            y0, y1 = -0.22, -0.22 - deep
            b.mesh([(left, y0, 0), (right, y0, 0), (right, y1, 0), (left, y1, 0)], [(3, 2, 1, 0)], floor)
            b.mesh([(x0, 0, 0), (x1, 0, 0), (x1, y0, 0), (x0, y0, 0)], [(3, 2, 1, 0)], floor)
            b.mesh(
                [(left, y0, high), (right, y0, high), (right, y1, high), (left, y1, high)],
                [(0, 1, 2, 3)],
                mat("plaster:white"),
            )
            for p, q in (((left, y0), (left, y1)), ((left, y1), (right, y1)), ((right, y1), (right, y0))):
                b.mesh([(*p, 0), (*q, 0), (*q, high), (*p, high)], [(0, 1, 2, 3)], wall)
            b.box(trim, left, y1, 0, right, y1 + 0.014, 0.1, 0.003)
            # what may be seen of its furniture: a bright window, a low piece, a picture or a door
            m = (x0 + x1) / 2 + rng.uniform(-0.4, 0.4)
            what = rng.choice(["window", "piece", "picture", "door", "none"])
            if what == "window":
                ob = b.box(mat("outside:" + self.view), m - 0.5, y1 + 0.005, 0.8, m + 0.5, y1 + 0.02, 2.05, 0)
                ob.visible_shadow = False
                for q in (
                    (m - 0.58, 0.72, m - 0.5, 2.13),
                    (m + 0.5, 0.72, m + 0.58, 2.13),
                    (m - 0.58, 2.05, m + 0.58, 2.13),
                    (m - 0.58, 0.72, m + 0.58, 0.8),
                    (m - 0.02, 0.8, m + 0.02, 2.05),
                ):
                    b.box(trim, q[0], y1 + 0.004, q[1], q[2], y1 + 0.04, q[3], 0.003)
            elif what == "piece":
                b.box(
                    mat("wood:" + rng.choice(["oak", "walnut", "pine"]), grain="x"),
                    m - 0.5,
                    y1 + 0.02,
                    0,
                    m + 0.5,
                    y1 + 0.42,
                    rng.uniform(0.7, 1.3),
                    0.004,
                )
            elif what == "picture":
                b.box(
                    mat("art:" + rng.choice(["warm", "cool", "mono"])),
                    m - 0.35,
                    y1 + 0.01,
                    1.25,
                    m + 0.35,
                    y1 + 0.03,
                    1.75,
                    0.002,
                )
            elif what == "door":
                b.box(trim, m - 0.42, y1 + 0.005, 0, m + 0.42, y1 + 0.02, 2.03, 0.002)
                b.panel(trim, m - 0.4, 1.0, m + 0.4, 2.0, y1 + 0.02, 0.012, 0.11, 0.007)
                b.panel(trim, m - 0.4, 0.04, m + 0.4, 0.98, y1 + 0.02, 0.012, 0.11, 0.007)
        b.light(
            "AREA",
            ((left + right) / 2, y1 / 2, high - 0.05),
            light["sky"] * rng.uniform(0.5, 1.6) + light["spots"] * 2,
            (1, 0.93, 0.82),
            (right - left - 0.3, deep - 0.4),
            aim=(0, 0, -1),
        ).visible_glossy = False

    def slats(self, L, holes):
        b = self.b
        m = mat(self.palette["slats"], grain="z")
        x = 0.015
        while x < L:
            if not any(h["x0"] - 0.05 < x < h["x1"] + 0.05 for h in holes):
                b.box(m, x, 0, 0, x + 0.027, 0.022, self.H, 0.002, seg=1)
            x += 0.042

    def mouldings(self, L, spec, holes):
        b = self.b
        n = max(2, round(L / 0.95))
        for i in range(n):
            a, c = L * i / n + 0.1, L * (i + 1) / n - 0.1
            if any(h["x0"] < c and h["x1"] > a for h in holes):
                continue
            for z0, z1 in ((0.22, 0.82), (0.98, self.H - 0.22)):
                for q in (
                    (a, z0, c, z0 + 0.03),
                    (a, z1 - 0.03, c, z1),
                    (a, z0 + 0.03, a + 0.03, z1 - 0.03),
                    (c - 0.03, z0 + 0.03, c, z1 - 0.03),
                ):
                    b.box(mat(spec), q[0], 0, q[1], q[2], 0.016, q[3], 0.005)

    def window(self, w, light):
        b = self.b
        x0, x1, z0, z1 = w["x0"], w["x1"], w["z0"], w["z1"]
        fm = mat(self.palette["windowframe"])
        with b.item("window"):
            t, y0, y1 = 0.05, -0.16, -0.1
            for q in (
                (x0, z0, x1, z0 + t),
                (x0, z1 - t, x1, z1),
                (x0, z0 + t, x0 + t, z1 - t),
                (x1 - t, z0 + t, x1, z1 - t),
            ):
                b.box(fm, q[0], y0, q[1], q[2], y1, q[3], 0.003)
            n = max(1, round((x1 - x0) / w.get("pane", 0.9)))
            for i in range(1, n):
                x = x0 + (x1 - x0) * i / n
                b.box(fm, x - 0.025, y0, z0 + t, x + 0.025, y1, z1 - t, 0.003)
            if w.get("bars"):
                for z in np.linspace(z0, z1, w["bars"] + 2)[1:-1]:
                    b.box(fm, x0 + t, y0 + 0.015, z - 0.011, x1 - t, y1 - 0.01, z + 0.011, 0.002)
            # a single sheet that faces the room: a closed pane would reflect totally at slant angles
            b.mesh(
                [(x1 - t, -0.13, z0 + t), (x0 + t, -0.13, z0 + t), (x0 + t, -0.13, z1 - t), (x1 - t, -0.13, z1 - t)],
                [(0, 1, 2, 3)],
                mat("glass:clear"),
            )
            if w.get("casing"):
                c, trim = w["casing"], mat(self.palette.get("casing", "paint:white"), grain="z")
                for q in (
                    (x0 - c, z0 - c, x0, z1 + c),
                    (x1, z0 - c, x1 + c, z1 + c),
                    (x0, z1, x1, z1 + c),
                    (x0, z0 - c, x1, z0),
                ):
                    b.box(trim, q[0], 0, q[1], q[2], 0.018, q[3], 0.003)
                for q in (
                    (x0 - 0.001, z0, x0 + 0.008, z1),
                    (x1 - 0.008, z0, x1 + 0.001, z1),
                    (x0, z1 - 0.008, x1, z1 + 0.001),
                    (x0, z0 - 0.001, x1, z0 + 0.008),
                ):
                    b.box(trim, q[0], -0.15, q[1], q[2], 0.001, q[3], 0)
            if z0 > 0.3:
                b.box(mat("paint:white"), x0 - 0.03, -0.1, z0 - 0.025, x1 + 0.03, 0.03, z0 + 0.005, 0.003)
            # the view outside, lit by itself, seen only by the camera and by mirrors
            ob = b.mesh(
                [(x0 - 25, -4, -2), (x1 + 25, -4, -2), (x1 + 25, -4, 16), (x0 - 25, -4, 16)],
                [(0, 1, 2, 3)],
                mat("outside:" + self.view),
            )
            ob.visible_diffuse = ob.visible_shadow = ob.visible_transmission = False
        li = b.light(
            "AREA",
            ((x0 + x1) / 2, -0.24, (z0 + z1) / 2),
            light["sky"] * (x1 - x0) * (z1 - z0),
            light["skycol"],
            (x1 - x0, z1 - z0),
            aim=(0, 1, -0.12),
            spread=math.radians(165),
        )
        li.visible_camera = li.visible_glossy = False

    def sky(self, light):
        b = self.b
        world = bpy.data.worlds.new("w")
        bpy.context.scene.world = world
        world.use_nodes = True
        bg = world.node_tree.nodes["Background"]
        bg.inputs[0].default_value, bg.inputs[1].default_value = (*light["skycol"], 1), light["world"]
        if light["sun"] > 0:
            b.light(
                "SUN",
                (0, 0, 9),
                light["sun"],
                light["suncol"],
                aim=light["sundir"],
                angle=math.radians(light.get("sunsize", 1.2)),
            )

    def downlights(self, pts, power):
        b = self.b
        for x, y in pts:
            top = self.height_at(x, y)
            with b.item("ceiling light"):
                b.lathe(
                    mat("paint:white"),
                    [
                        (0.048, top - 0.006),
                        (0.05, top - 0.001),
                        (0.04, top - 0.0005),
                        (0.038, top - 0.006),
                        (0.048, top - 0.006),
                    ],
                    (x, y, 0),
                    32,
                    caps=False,
                )
                b.lathe(mat("glow:neutral"), [(0.037, top - 0.003), (0, top - 0.003)], (x, y, 0), 32)
            if power > 0:
                b.light(
                    "SPOT",
                    (x, y, top - 0.02),
                    power,
                    (1, 0.86, 0.68),
                    aim=(0, 0, -1),
                    spot_size=math.radians(105),
                    spot_blend=0.8,
                    shadow_soft_size=0.04,
                )


def tiled(b, spec, L, z1, holes, tile, cls="wall", x0=0.0, y=0.009):
    """A skin of tiles over a wall of the current frame, from x0 over the length L up to z1."""
    with b.item(cls), b.frame(x0, y, 0):
        hs = [
            (h["x0"] - x0, h["z0"], h["x1"] - x0, min(h["z1"], z1))
            for h in holes
            if h["z0"] < z1 - 0.01 and h["x1"] > x0 and h["x0"] < x0 + L
        ]
        b.slab(mat(spec, plane="xz", grain="x", **tile), L, z1, y, hs, axis="y")


# ---------------------------------------------------------------- drawing a shell


def draw_walls(rng, palette, kitchen=False):
    """Adds the finish of walls and ceiling to a palette: mostly pale plaster, at times a colour, paper or boards."""
    pale = pick(
        rng,
        ("white", 4),
        ("warmwhite", 3),
        ("cream", 2),
        ("ivory", 1),
        ("lightgrey", 1.5),
        ("greige", 1),
        ("almond", 1),
        ("sand", 1),
    )
    colour = rng.choice(
        [
            "sage",
            "blue",
            "skyblue",
            "butter",
            "yellow",
            "mint",
            "peach",
            "terracotta",
            "olive",
            "moss",
            "teal",
            "red",
            "pink",
            "lilac",
            "taupe",
            "grey",
            "slate",
            "mustard",
            "stone",
            "burgundy",
            "navy",
            "green",
        ]
    )
    spec = pick(
        rng,
        ("plaster:" + pale, 6),
        ("plaster:" + colour, 3),
        ("paint:" + pale, 0.6),
        ("wallpaper:" + pale, 0.6 if kitchen else 1.0),
        ("limewash:" + colour, 0.3),
        ("brick:" + rng.choice(["raw", "white"]), 0.2),
    )
    palette["wall"] = palette["accent"] = spec
    if spec.startswith("wallpaper"):
        palette["wallkw"] = dict(other=colour, motif=rng.choice(["stripe", "trellis", "flower"]))
    palette["ceiling"] = pick(
        rng,
        ("plaster:white", 8),
        ("plaster:warmwhite", 1),
        (spec if spec.startswith("plaster") else "plaster:white", 0.7),
        ("planks:" + rng.choice(["pine", "whitewash", "oak", "cherry"]), 0.5),
    )


def draw_floor(rng, palette, *kinds):
    """Adds a floor to a palette, one of the weighted kinds: wood, tile, stone, vinyl, checker, concrete, carpet."""
    kind = pick(rng, *kinds)
    wood = pick(
        rng,
        ("oak", 4),
        ("honeyoak", 2),
        ("walnut", 1.5),
        ("ash", 1),
        ("maple", 1.2),
        ("redcherry", 1),
        ("pine", 1),
        ("smoked", 1),
        ("hickory", 1),
        ("espresso", 0.7),
        ("whitewash", 0.6),
    )
    size = rng.choice([0.2, 0.3, 0.33, 0.45, 0.6])
    palette.update(
        floorgrain=rng.choice("xy"),
        ftile=size,
        foff=rng.choice([0.0, 0.0, 0.5]),
        frough=rng.choice([0.1, 0.2, 0.35, 0.5]),
        fgrout=rng.choice(["grey", "lightgrey", "sand", "charcoal"]),
    )
    if kind == "wood":
        palette["floor"] = pick(rng, ("planks:" + wood, 7), ("parquet:" + wood, 1.2))
        if rng.random() < 0.1 and assets["folder"]:
            palette["floor"] = "image:wood-floor-43"
    elif kind == "tile":
        colour = rng.choice(
            [
                "white",
                "cream",
                "sand",
                "greige",
                "lightgrey",
                "grey",
                "terracotta",
                "taupe",
                "charcoal",
                "almond",
                "stone",
            ]
        )
        palette["floor"] = "tile:" + colour
        palette["flook"] = pick(rng, ("matt", 5), ("glaze", 1))
        photo = "image:" + rng.choice(["tiles", "marble"])
        if rng.random() < 0.12 and assets["folder"]:
            palette["floor"] = photo
    elif kind == "stone":
        palette["floor"] = "slate:" + rng.choice(["slate", "rust", "travertine", "limestone", "cotto", "cotto"])
    elif kind == "vinyl":
        palette["floor"] = pick(
            rng,
            ("tile:" + rng.choice(["cream", "almond", "sand", "white", "lightgrey"]), 3),
            ("laminate:" + rng.choice(["cream", "sand", "greige", "lightgrey", "taupe"]), 2),
        )
        palette.update(
            ftile=rng.choice([0.075, 0.1, 0.15, 0.23]), fgrout=rng.choice(["sand", "greige", "lightgrey"]), frough=0.25
        )
    elif kind == "checker":
        palette["floor"] = "checker:" + rng.choice(["black", "charcoal", "green", "navy", "terracotta", "grey", "red"])
        palette.update(ftile=rng.choice([0.23, 0.3]), fother=rng.choice(["white", "cream", "ivory"]))
    elif kind == "concrete":
        palette["floor"] = "concrete:" + rng.choice(["grey", "lightgrey", "sand", "charcoal"])
    else:
        palette["floor"] = "carpet:" + rng.choice(
            ["cream", "sand", "greige", "lightgrey", "taupe", "grey", "almond", "blue", "sage", "burgundy", "stone"]
        )


def draw_roof(rng, palette, H):
    """Adds a sloped ceiling or beams to a palette, for one room in five or so."""
    shape = pick(rng, ("flat", 8), ("shed", 1.2), ("gable", 0.9))
    if shape != "flat":
        palette["roof"] = dict(kind=shape, rise=rng.uniform(0.6, 1.7), along=rng.choice("xy"), down=rng.random() < 0.5)
        if rng.random() < 0.35:
            palette["ceiling"] = "planks:" + rng.choice(["pine", "whitewash", "oak", "cherry", "honeyoak"])
    if rng.random() < (0.12 if shape == "flat" and H > 2.4 else (0.5 if shape != "flat" else 0.0)):
        palette["beams"] = dict(
            spec=rng.choice(["wood:walnut", "wood:espresso", "wood:oak", "wood:pine", "paint:white", "wood:smoked"]),
            size=rng.uniform(0.1, 0.22),
            step=rng.uniform(0.7, 1.6),
        )


def furnish_wall(b, sh, wall, openings, doors):
    """Doors, pictures, clocks, switches and radiators on a wall, clear of its openings."""
    rng = b.rng
    length = sh.W if wall in ("back", "front") else sh.D
    taken = [(w["x0"] - 0.15, w["x1"] + 0.15) for w in openings if w["wall"] == wall]
    with sh.on(wall):
        for x in doors:
            room_door(
                b,
                x,
                pick(
                    rng,
                    ("paint:white", 5),
                    ("wood:" + rng.choice(["oak", "pine", "walnut", "honeyoak"]), 2),
                    ("paint:charcoal", 0.4),
                ),
                rng.choice(["black", "brass", "chrome"]),
            )
            taken.append((x - 0.6, x + 0.6))
            clutter.outlet(b, x + rng.choice([-0.68, 0.68]), 1.15)
        for w in openings:
            if w["wall"] == wall and not w.get("doorway") and 0.6 < w["z0"] < 0.98 and rng.random() < 0.25:
                m = (w["x0"] + w["x1"]) / 2
                if free_along(b, m - 0.5, m + 0.5):
                    clutter.radiator(b, m - 0.5, m + 0.5)
        x = rng.uniform(0.5, 1.0)
        while x < length - 0.4:
            half = rng.uniform(0.2, 0.45)
            if all(x + half < t0 or x - half > t1 for t0, t1 in taken) and free_along(b, x - half, x + half):
                what = rng.random()
                art, frame = (
                    rng.choice(["warm", "cool", "mono"]),
                    rng.choice(["wood:oak", "metal:black", "metal:brass", "wood:walnut", "paint:white"]),
                )
                if what < 0.45:
                    picture(b, x, rng.uniform(1.45, 1.65), half * 2 - 0.1, rng.uniform(0.3, 0.8), art, frame)
                elif what < 0.55:
                    clutter.clock(b, x, rng.uniform(1.7, 2.0))
                elif what < 0.7:
                    clutter.outlet(b, x, rng.choice([0.3, 1.15]))
            x += half + rng.uniform(0.4, 1.2)


def free_along(b, x0, x1):
    """Whether nothing stands along a stretch of the wall of the current frame."""
    return all(b.is_free(*(b.frame_m @ Vector((x, 0.2, 0))).xy, 0.1) for x in (x0, (x0 + x1) / 2, x1))


def draw_openings(rng, sh, palette, more_doors=False):
    """Windows, doorways and closed doors of a room without units: a list of openings, and the doors' places by wall."""
    openings, doors = [], {}
    casing = rng.choice([0, 0.06, 0.09])
    for wall in ("back", "left", "right", "front"):
        length = sh.W if wall in ("back", "front") else sh.D
        if more_doors:
            kind = pick(rng, ("window", 1.5), ("doorway", 3), ("door", 4), ("plain", 1))
        else:
            kind = pick(rng, ("window", 5), ("doorway", 2.5), ("door", 1), ("plain", 1.5))
        if wall == "front" and not any(not w.get("doorway") for w in openings):
            kind = "window"
        lo, hi = 0.45, length - 0.45
        if kind == "window":
            w = min(hi - lo, rng.uniform(0.8, 2.4))
            x0, tall = rng.uniform(lo, hi - w), rng.random() < 0.3
            openings.append(
                dict(
                    wall=wall,
                    x0=x0,
                    x1=x0 + w,
                    z0=0.02 if tall else rng.choice([0.5, 0.8, 0.9]),
                    z1=min(sh.H - 0.2, rng.uniform(2.0, 2.3)),
                    bars=rng.choice([0, 0, 1, 2]),
                    pane=rng.choice([0.5, 0.8, 1.1]),
                    casing=casing,
                )
            )
        elif kind == "doorway":
            w = min(hi - lo, rng.choice([0.85, 0.95, 1.3, 1.9]))
            x0 = rng.uniform(lo, hi - w)
            floor = (
                palette["floor"] if rng.random() < 0.5 and not palette["floor"].startswith("parquet") else "planks:oak"
            )
            colour = (
                palette["wall"]
                if rng.random() < 0.5
                else "plaster:" + rng.choice(["white", "cream", "sage", "blue", "sand", "greige"])
            )
            openings.append(
                dict(
                    wall=wall,
                    x0=x0,
                    x1=x0 + w,
                    z0=0.0,
                    z1=min(sh.H - 0.1, rng.choice([2.05, 2.1, 2.3])),
                    doorway=True,
                    cased=rng.random() < 0.75,
                    deep=rng.uniform(1.6, 3.4),
                    floor=floor,
                    wall_colour=colour,
                )
            )
        elif kind == "door":
            n = 2 if more_doors and length > 3.4 and rng.random() < 0.5 else 1
            doors[wall] = tuple(rng.uniform(length * i / n + 0.6, length * (i + 1) / n - 0.6) for i in range(n))
    palette["doors"] = doors
    return openings, doors


def vary_shell(rng, palette, H, *floors):
    """Gives half of the rooms other walls, floors and ceilings than their palette was drawn with."""
    if rng.random() < 0.5:
        accent, plain = palette["accent"], palette["accent"] == palette["wall"]
        draw_walls(rng, palette)
        if not plain:
            palette["accent"] = accent
    if rng.random() < 0.5:
        draw_floor(rng, palette, *floors)
    if rng.random() < 0.5:
        draw_roof(rng, palette, H)


def front_openings(rng, palette, W, plain, edge):
    """What is in the wall behind the usual eye: a wide window, or a narrower one beside a doorway."""
    if plain or W < 3.6 or rng.random() < 0.5:
        z0, z1 = (0.3, 2.3) if edge > 0.75 else (0.4, 2.2)
        return [dict(wall="front", x0=edge, x1=W - edge, z0=z0, z1=z1, bars=0, pane=1.0)]
    cut = W - rng.uniform(1.5, 1.8)
    colour = (
        palette["wall"] if rng.random() < 0.6 else "plaster:" + rng.choice(["white", "cream", "sage", "blue", "sand"])
    )
    return [
        dict(wall="front", x0=0.5, x1=cut - 0.5, z0=0.4, z1=2.15, bars=rng.choice([0, 1]), pane=0.8),
        dict(
            wall="front",
            x0=cut,
            x1=cut + rng.uniform(0.85, 1.1),
            z0=0.0,
            z1=2.1,
            doorway=True,
            cased=rng.random() < 0.8,
            deep=rng.uniform(1.6, 3.2),
            floor="planks:oak",
            wall_colour=colour,
        ),
    ]
