"""Materials as shader graphs: `mat("wood:oak")` gives the material of a recipe and a kind."""

import math

import bpy
from render_rooms.colours import MARBLE, PAINT, STONE, WOOD, lin


class Nodes:
    """A thin writer of shader graphs: every input is a number, a tuple or another node's socket."""

    def __init__(self, name):
        self.mat = bpy.data.materials.new(name)
        self.mat.use_nodes = True
        self.t = self.mat.node_tree
        self.t.nodes.clear()
        self.out = self.t.nodes.new("ShaderNodeOutputMaterial")

    def n(self, kind, ins=None, **props):
        node = self.t.nodes.new("ShaderNode" + kind)
        for k, v in props.items():
            setattr(node, k, v)
        for k, v in (ins or {}).items():
            self.put(node.inputs[k], v)
        return node

    def put(self, sock, v):
        if isinstance(v, bpy.types.NodeSocket):
            self.t.links.new(v, sock)
        else:
            sock.default_value = v

    def math(self, op, a, b=0.0, c=0.0):
        return self.n("Math", {0: a, 1: b, 2: c}, operation=op).outputs[0]

    def vmath(self, op, a, b=(0, 0, 0)):
        return self.n("VectorMath", {0: a, 1: b}, operation=op).outputs[0]

    def ramp(self, fac, stops):
        r = self.n("ValToRGB", {0: fac})
        e = r.color_ramp.elements
        while len(e) < len(stops):
            e.new(0.5)
        for el, (p, c) in zip(e, stops, strict=False):
            el.position, el.color = p, c
        return r.outputs[0]

    def remap(self, v, a, b, c=0.0, d=1.0, smooth=True):
        return self.n(
            "MapRange", {0: v, 1: a, 2: b, 3: c, 4: d}, interpolation_type="SMOOTHSTEP" if smooth else "LINEAR"
        ).outputs[0]

    def mix(self, f, a, b, blend="MIX"):
        m = self.n("Mix", data_type="RGBA", blend_type=blend)
        self.put(m.inputs[0], f), self.put(m.inputs[6], a), self.put(m.inputs[7], b)
        return m.outputs[2]

    def noise(self, vec, scale, detail=3.0, rough=0.55, dist=0.0):
        return self.n(
            "TexNoise", {"Vector": vec, "Scale": scale, "Detail": detail, "Roughness": rough, "Distortion": dist}
        )

    def scale(self, vec, s, rot=(0, 0, 0)):
        return self.n("Mapping", {"Vector": vec, "Scale": s, "Rotation": rot}).outputs[0]

    def coords(self, spread=7.0, uv=False):
        """Metre coordinates of the object, shifted by a random amount per object (as real boards are)."""
        c = self.n("TexCoord").outputs["UV" if uv else "Object"]
        r = self.n("ObjectInfo").outputs["Random"]
        off = self.n(
            "CombineXYZ",
            {
                0: self.math("MULTIPLY", r, spread),
                1: self.math("MULTIPLY", r, spread * 1.7),
                2: self.math("MULTIPLY", r, spread * 2.3),
            },
        ).outputs[0]
        return c if uv else self.vmath("ADD", c, off)

    def bump(self, h, strength, dist=0.002):
        return self.n("Bump", {"Height": h, "Strength": strength, "Distance": dist}).outputs[0]

    def surface(self, color, rough=0.5, metal=0.0, normal=None, **more):
        ins = {"Base Color": color, "Roughness": rough, "Metallic": metal}
        if normal is not None:
            ins["Normal"] = normal
        ins.update(more)
        p = self.n("BsdfPrincipled", ins)
        self.put(self.out.inputs[0], p.outputs[0])
        return p


def m_paint(w, kind, rough=0.38):
    c = w.coords()
    n = w.noise(c, 160, 2).outputs[0]
    big = w.noise(c, 2.2, 3).outputs[0]
    col = lin(PAINT[kind])
    w.surface(
        w.mix(w.remap(big, 0.3, 0.7, 0, 0.12), col, (*tuple(x * 0.86 for x in col[:3]), 1)),
        w.math("MULTIPLY_ADD", big, 0.12, rough - 0.06),
        normal=w.bump(n, 0.05, 0.001),
    )


def m_plaster(w, kind):
    c = w.coords()
    fine, big = w.noise(c, 210, 3).outputs[0], w.noise(c, 1.1, 4).outputs[0]
    mid = w.noise(c, 14, 4).outputs[0]
    col = lin(PAINT[kind])
    w.surface(
        w.mix(w.remap(big, 0.3, 0.7, 0, 0.25), col, (*tuple(x * 0.88 for x in col[:3]), 1)),
        0.82,
        normal=w.bump(w.math("MULTIPLY_ADD", mid, 0.5, fine), 0.12, 0.0012),
    )


def m_limewash(w, kind):
    c = w.coords()
    warp = w.vmath("ADD", c, w.noise(c, 1.6, 5).outputs[1])
    a, b = w.noise(warp, 1.8, 7, 0.62).outputs[0], w.noise(c, 60, 4).outputs[0]
    col = lin(PAINT[kind])
    w.surface(
        w.ramp(
            a,
            [
                (0.3, (*tuple(x * 0.62 for x in col[:3]), 1)),
                (0.5, col),
                (0.72, (*tuple(min(1, x * 1.35 + 0.01) for x in col[:3]), 1)),
            ],
        ),
        0.88,
        normal=w.bump(w.math("MULTIPLY_ADD", a, 2, b), 0.2, 0.0015),
    )


def wood_colour(w, vec, kind, grain, seed=0.0):
    """Growth rings as contour lines of a stretched noise, plus fibres; returns colour, fibre height."""
    s = {"x": (0.55, 5, 5), "y": (5, 0.55, 5), "z": (5, 5, 0.55)}[grain]
    f = {"x": (3, 110, 110), "y": (110, 3, 110), "z": (110, 110, 3)}[grain]
    stretched = w.scale(vec, s)
    fig = w.noise(stretched, 0.75, 3.0, 0.45, 0.55).outputs[0]
    rings = w.math("PINGPONG", w.math("MULTIPLY", fig, 13.0), 1.0)
    rings = w.math("POWER", rings, 1.6)
    fib = w.noise(w.scale(vec, f), 1.0, 4, 0.65).outputs[0]
    tone = w.noise(w.scale(vec, s), 0.35, 2).outputs[0]
    v = w.math("MULTIPLY_ADD", rings, 0.30, w.math("MULTIPLY", fib, 0.55))
    v = w.math("ADD", v, w.math("MULTIPLY_ADD", tone, 0.5, -0.25))
    light, dark = lin(WOOD[kind][0]), lin(WOOD[kind][1])
    mid = tuple(0.6 * a + 0.4 * b for a, b in zip(light, dark, strict=False))
    col = w.ramp(v, [(0.18, light), (0.45, mid), (0.85, dark)])
    pores = w.remap(w.noise(w.scale(vec, tuple(x * 2.6 for x in f)), 1.0, 2).outputs[0], 0.60, 0.72, 0, 0.45)
    return w.mix(pores, col, dark), fib


def m_wood(w, kind, grain="z", rough=0.42, uv=False):
    col, fib = wood_colour(w, w.coords(uv=uv), kind, grain)
    w.surface(col, w.math("MULTIPLY_ADD", fib, 0.22, rough - 0.1), normal=w.bump(fib, 0.10, 0.001))


def m_planks(w, kind, grain="x", pw=1.6, ph=0.14):
    """Floorboards: the brick pattern's grey per board shifts the grain and the tone of that board."""
    c = w.n("TexCoord").outputs["Object"]
    if grain == "y":
        c = w.scale(c, (1, 1, 1), (0, 0, math.pi / 2))
    br = w.n(
        "TexBrick",
        {
            "Vector": c,
            "Color1": (0, 0, 0, 1),
            "Color2": (1, 1, 1, 1),
            "Mortar": (0.5, 0.5, 0.5, 1),
            "Scale": 1.0,
            "Mortar Size": 0.0016,
            "Mortar Smooth": 0.2,
            "Bias": 0.0,
            "Brick Width": pw,
            "Row Height": ph,
        },
        offset=0.37,
        offset_frequency=2,
        squash=1.0,
    )
    per = w.n("SeparateColor", {0: br.outputs[0]}).outputs[0]
    off = w.n("CombineXYZ", {0: w.math("MULTIPLY", per, 31.0), 1: w.math("MULTIPLY", per, 17.0), 2: 0.0}).outputs[0]
    col, fib = wood_colour(w, w.vmath("ADD", c, off), kind, "x")
    hsv = w.n(
        "HueSaturation",
        {
            "Value": w.math("MULTIPLY_ADD", per, 0.34, 0.83),
            "Color": col,
            "Saturation": w.math("MULTIPLY_ADD", per, -0.15, 1.05),
        },
    ).outputs[0]
    gap = br.outputs[1]
    h = w.math("SUBTRACT", w.math("MULTIPLY", fib, 0.15), gap)
    w.surface(
        w.mix(w.math("MULTIPLY", gap, 0.8), hsv, (0.02, 0.014, 0.01, 1)),
        w.math("MULTIPLY_ADD", fib, 0.25, 0.26),
        normal=w.bump(h, 0.25, 0.0015),
    )


def m_parquet(w, kind):
    """Herringbone: the mesh carries one UV island per board and a grey per board."""
    c = w.n("TexCoord").outputs["UV"]
    per = w.n("Attribute", attribute_name="board").outputs["Fac"]
    col, fib = wood_colour(w, c, kind, "x")
    hsv = w.n("HueSaturation", {"Value": w.math("MULTIPLY_ADD", per, 0.36, 0.82), "Color": col}).outputs[0]
    w.surface(hsv, w.math("MULTIPLY_ADD", fib, 0.2, 0.26), normal=w.bump(fib, 0.12, 0.001))


def marble_colour(w, vec, kind, size=1.0):
    base, cloud, vein = (lin(x) for x in MARBLE[kind])
    v = w.scale(vec, (1 / size, 1 / size, 0.55 / size), (0.5, 0.35, 0.6))
    warp = w.vmath("SUBTRACT", w.noise(v, 1.3, 6, 0.6).outputs[1], (0.5, 0.5, 0.5))
    p = w.vmath("ADD", v, w.n("VectorMath", {0: warp, "Scale": 0.95}, operation="SCALE").outputs[0])
    p2 = w.vmath("ADD", v, w.n("VectorMath", {0: warp, "Scale": 0.5}, operation="SCALE").outputs[0])

    def ridge(vec_, scale, width, detail=2.0):
        a = w.math("ABSOLUTE", w.math("SUBTRACT", w.noise(vec_, scale, detail, 0.5).outputs[0], 0.5))
        return w.remap(a, 0.0, width, 1.0, 0.0)

    fade = w.remap(w.noise(v, 0.9, 2).outputs[0], 0.36, 0.64)
    big = w.math("MULTIPLY", ridge(p, 0.75, 0.028), w.math("MULTIPLY_ADD", fade, 0.75, 0.2))
    halo = w.math("MULTIPLY", ridge(p, 0.75, 0.14), 0.4)
    small = w.math("MULTIPLY", ridge(p2, 2.6, 0.022, 3.0), w.math("MULTIPLY", fade, 0.42))
    cl = w.remap(w.noise(p, 1.6, 5, 0.6).outputs[0], 0.38, 0.72)
    c = w.mix(w.math("MULTIPLY", cl, 0.75), base, cloud)
    c = w.mix(w.math("MULTIPLY", halo, 0.55), c, cloud)
    c = w.mix(w.math("MINIMUM", small, 0.8), c, vein)
    return w.mix(w.math("MINIMUM", big, 0.9), c, vein)


def m_marble(w, kind, rough=0.14, size=1.0):
    w.surface(marble_colour(w, w.coords(), kind, size), rough)


def m_stone(w, kind):
    c = w.coords()
    a, b = lin(STONE[kind][0]), lin(STONE[kind][1])
    v = w.n("TexVoronoi", {"Vector": c, "Scale": 260.0}).outputs[1]
    g = w.n("SeparateColor", {0: v}).outputs[0]
    n = w.noise(c, 40, 5, 0.7).outputs[0]
    w.surface(w.mix(w.remap(w.math("MULTIPLY_ADD", g, 0.5, w.math("MULTIPLY", n, 0.5)), 0.35, 0.75), a, b), 0.22)


def m_concrete(w, kind):
    c = w.coords()
    a = w.noise(c, 1.5, 8, 0.65, 0.4).outputs[0]
    b = w.noise(c, 40, 4).outputs[0]
    col = lin(PAINT[kind])
    w.surface(
        w.ramp(
            w.math("MULTIPLY_ADD", b, 0.2, w.math("MULTIPLY", a, 0.9)),
            [(0.3, (*tuple(x * 0.6 for x in col[:3]), 1)), (0.72, col)],
        ),
        0.55,
        normal=w.bump(b, 0.15, 0.001),
    )


def m_tile(w, kind, plane="xz", tw=0.2, th=0.075, offset=0.5, grout="lightgrey", rough=0.12, look="glaze"):
    c = w.n("TexCoord").outputs["Object"]
    s = w.n("SeparateXYZ", {0: c}).outputs
    v = w.n("CombineXYZ", {0: s["xyz".index(plane[0])], 1: s["xyz".index(plane[1])], 2: 0.0}).outputs[0]
    br = w.n(
        "TexBrick",
        {
            "Vector": v,
            "Color1": (0, 0, 0, 1),
            "Color2": (1, 1, 1, 1),
            "Mortar": (0.5, 0.5, 0.5, 1),
            "Scale": 1.0,
            "Mortar Size": 0.0018 if look == "glaze" else 0.0015,
            "Mortar Smooth": 0.35,
            "Brick Width": tw,
            "Row Height": th,
        },
        offset=offset,
        offset_frequency=2,
        squash=1.0,
    )
    per = w.n("SeparateColor", {0: br.outputs[0]}).outputs[0]
    off = w.n(
        "CombineXYZ",
        {0: w.math("MULTIPLY", per, 23.0), 1: w.math("MULTIPLY", per, 41.0), 2: w.math("MULTIPLY", per, 11.0)},
    ).outputs[0]
    if look == "marble":
        col = marble_colour(w, w.vmath("ADD", c, off), kind, 1.0)
        wob = None
    else:
        base = lin(PAINT[kind])
        wob = w.noise(w.vmath("ADD", c, off), 9, 3).outputs[0]
        col = w.mix(
            w.math("MULTIPLY_ADD", per, 0.35, w.remap(wob, 0.3, 0.7, 0, 0.35)),
            base,
            (*tuple(x * (0.62 if look == "glaze" else 0.8) for x in base[:3]), 1),
        )
    gap = br.outputs[1]
    h = w.math("SUBTRACT", 0.0, gap)
    if wob is not None and look == "glaze":
        h = w.math("ADD", h, w.math("MULTIPLY", wob, 0.5))
    w.surface(
        w.mix(gap, col, lin(PAINT[grout])), w.math("MULTIPLY_ADD", gap, 0.6, rough), normal=w.bump(h, 0.45, 0.002)
    )


def m_metal(w, kind):
    c = w.coords()
    n = w.noise(w.scale(c, (5, 900, 900)), 1.0, 2).outputs[0]
    col = dict(
        steel="b5b6b6",
        black="161617",
        brass="c9a45c",
        chrome="dfe0e0",
        copper="b87650",
        bronze="4a3c2e",
        darksteel="4a4c4f",
    )[kind]
    base = dict(steel=0.24, black=0.38, brass=0.22, chrome=0.06, copper=0.22, bronze=0.35, darksteel=0.3)[kind]
    w.surface(lin(col), w.math("MULTIPLY_ADD", n, 0.08, base - 0.02), 0.0 if kind == "black" else 1.0)


def m_fabric(w, kind, scale=420.0):
    c = w.coords()
    g = w.noise(c, scale, 2).outputs[0]
    b = w.noise(c, 5, 4).outputs[0]
    col = lin(PAINT[kind])
    k = w.mix(w.remap(g, 0.35, 0.65, 0, 0.5), col, (*tuple(x * 0.6 for x in col[:3]), 1))
    w.surface(
        w.mix(w.remap(b, 0.3, 0.7, 0, 0.25), k, (*tuple(x * 0.75 for x in col[:3]), 1)),
        0.9,
        normal=w.bump(w.math("MULTIPLY_ADD", b, 6.0, g), 0.35, 0.002),
        **{"Sheen Weight": 0.25},
    )


def m_leather(w, kind):
    c = w.coords()
    v = w.n("TexVoronoi", {"Vector": c, "Scale": 380.0}).outputs[0]
    b = w.noise(c, 6, 4).outputs[0]
    col = lin(PAINT[kind])
    w.surface(
        w.mix(w.remap(b, 0.3, 0.7, 0, 0.4), col, (*tuple(x * 0.6 for x in col[:3]), 1)),
        0.42,
        normal=w.bump(w.math("MULTIPLY_ADD", b, 4.0, v), 0.2, 0.001),
    )


def m_rug(w, kind, other="charcoal", style="plain"):
    c = w.n("TexCoord").outputs["Object"]
    a, b = lin(PAINT[kind]), lin(PAINT[other])
    tuft = w.noise(c, 190, 2).outputs[0]
    warp = w.vmath(
        "ADD", c, w.n("VectorMath", {0: w.noise(c, 7, 3).outputs[1], "Scale": 0.03}, operation="SCALE").outputs[0]
    )
    if style == "stripe":
        f = w.remap(w.n("TexWave", {"Vector": warp, "Scale": 2.2}, bands_direction="Y").outputs[1], 0.78, 0.84)
    elif style == "diamond":
        s = w.n("SeparateXYZ", {0: warp}).outputs
        k = 5.2
        d = [w.math("PINGPONG", w.math("MULTIPLY", w.math(op, s[0], s[1]), k), 1.0) for op in ("ADD", "SUBTRACT")]
        f = w.remap(w.math("MINIMUM", d[0], d[1]), 0.05, 0.1, 1.0, 0.0)
    elif style == "faded":
        f = w.remap(w.noise(warp, 3.0, 7, 0.7).outputs[0], 0.45, 0.62, 0, 0.8)
    else:
        f = w.remap(w.noise(c, 2.0, 4).outputs[0], 0.3, 0.7, 0, 0.15)
    col = w.mix(f, a, b)
    col = w.mix(w.remap(tuft, 0.3, 0.7, 0, 0.4), col, (0.02, 0.02, 0.02, 1), "MULTIPLY")
    w.surface(w.mix(w.remap(tuft, 0.35, 0.65, 0, 0.35), w.mix(f, a, b), col), 0.95, normal=w.bump(tuft, 0.8, 0.006))


def m_curtain(w, kind, sheer=False):
    c = w.coords()
    col = lin(PAINT[kind])
    g = w.noise(w.scale(c, (400, 400, 90)), 1.0, 2).outputs[0]
    k = w.mix(w.remap(g, 0.35, 0.65, 0, 0.3), col, (*tuple(x * 0.7 for x in col[:3]), 1))
    d = w.n("BsdfDiffuse", {"Color": k, "Normal": w.bump(g, 0.3, 0.001)}).outputs[0]
    t = w.n("BsdfTranslucent", {"Color": k}).outputs[0]
    mixed = w.n("MixShader", {0: 0.45 if sheer else 0.3, 1: d, 2: t}).outputs[0]
    if sheer:
        mixed = w.n("MixShader", {0: 0.35, 1: mixed, 2: w.n("BsdfTransparent").outputs[0]}).outputs[0]
    w.put(w.out.inputs[0], mixed)


def m_glass(w, kind):
    fr = w.n("Fresnel", {"IOR": 1.45}).outputs[0]
    tint = (1, 1, 1, 1) if kind == "clear" else (0.75, 0.75, 0.72, 1)
    if kind == "screen":  # seen from both sides: no total reflection from behind
        face = w.n("LayerWeight", {"Blend": 0.5}).outputs["Facing"]
        fr, tint = w.math("MULTIPLY_ADD", w.math("POWER", face, 4.0), 0.5, 0.045), (0.93, 0.97, 0.955, 1)
    mixed = w.n(
        "MixShader",
        {
            0: fr,
            1: w.n("BsdfTransparent", {"Color": tint}).outputs[0],
            2: w.n("BsdfGlossy", {"Roughness": 0.01}).outputs[0],
        },
    ).outputs[0]
    w.put(w.out.inputs[0], mixed)


def m_mirror(w, kind):
    w.surface((0.86, 0.87, 0.87, 1), 0.0, 1.0)


def m_gloss(w, kind):
    w.surface(lin(PAINT[kind]), 0.06)


def m_glow(w, kind):
    col, power = dict(
        warm=((1, 0.72, 0.42, 1), 22.0),
        neutral=((1, 0.88, 0.72, 1), 14.0),
        strip=((1, 0.75, 0.48, 1), 6.0),
        shade=((1, 0.82, 0.6, 1), 2.2),
    )[kind]
    w.put(w.out.inputs[0], w.n("Emission", {"Color": col, "Strength": power}).outputs[0])


def m_leaf(w, kind):
    c = w.coords()
    n = w.noise(c, 9, 3).outputs[0]
    a, b = dict(
        dark=((0.012, 0.05, 0.012, 1), (0.03, 0.10, 0.02, 1)), olive=((0.06, 0.09, 0.03, 1), (0.13, 0.16, 0.07, 1))
    )[kind]
    p = w.n("BsdfPrincipled", {"Base Color": w.mix(n, a, b), "Roughness": 0.36})
    t = w.n("BsdfTranslucent", {"Color": (*tuple(x * 2 for x in b[:3]), 1)})
    w.put(w.out.inputs[0], w.n("MixShader", {0: 0.2, 1: p.outputs[0], 2: t.outputs[0]}).outputs[0])


def m_art(w, kind):
    """An abstract painting: warped noise cut into a few flat colours."""
    c = w.coords(20)
    p = w.vmath("ADD", c, w.noise(c, 1.5, 3).outputs[1])
    v = w.noise(p, 1.7, 1.5, 0.4, 0.6).outputs[0]
    pal = dict(
        warm=("e9dfcf", "c98f62", "8a4a34", "2e2a2b"),
        cool=("e6e8e6", "9fb1b8", "4a6273", "20272e"),
        mono=("efede8", "bdbab4", "55534f", "191919"),
    )[kind]
    r = w.n("ValToRGB", {0: v})
    r.color_ramp.interpolation = "CONSTANT"
    e = r.color_ramp.elements
    while len(e) < 4:
        e.new(0.5)
    for el, q, h in zip(e, (0, 0.44, 0.54, 0.63), pal, strict=False):
        el.position, el.color = q, lin(h)
    brush = w.noise(w.scale(c, (20, 20, 90)), 1.0, 4).outputs[0]
    w.surface(
        w.mix(w.remap(brush, 0.3, 0.7, 0, 0.2), r.outputs[0], (0.9, 0.88, 0.84, 1)),
        0.7,
        normal=w.bump(brush, 0.2, 0.001),
    )


def m_outside(w, kind):
    """What a window shows: a bright sky over soft foliage, as an emission."""
    c = w.n("TexCoord").outputs["Object"]
    z = w.n("SeparateXYZ", {0: c}).outputs[2]
    n = w.noise(c, 0.55, 5, 0.6).outputs[0]
    line = w.math("ADD", z, w.math("MULTIPLY_ADD", n, -4.5, 2.4))
    leaf = w.noise(c, 2.6, 6, 0.7).outputs[0]
    trees = w.ramp(leaf, [(0.3, (0.10, 0.16, 0.07, 1)), (0.55, (0.28, 0.38, 0.16, 1)), (0.75, (0.62, 0.70, 0.42, 1))])
    sky = w.ramp(w.remap(z, -1, 7, smooth=False), [(0, (0.86, 0.90, 0.95, 1)), (1, (0.42, 0.62, 0.92, 1))])
    col = w.mix(w.remap(line, 0.4, 1.3), trees, sky)
    w.put(
        w.out.inputs[0], w.n("Emission", {"Color": col, "Strength": dict(day=3.0, dim=1.6, dusk=0.4)[kind]}).outputs[0]
    )


RECIPES = dict(
    paint=m_paint,
    plaster=m_plaster,
    limewash=m_limewash,
    wood=m_wood,
    planks=m_planks,
    parquet=m_parquet,
    marble=m_marble,
    stone=m_stone,
    concrete=m_concrete,
    tile=m_tile,
    metal=m_metal,
    fabric=m_fabric,
    leather=m_leather,
    rug=m_rug,
    curtain=m_curtain,
    glass=m_glass,
    gloss=m_gloss,
    glow=m_glow,
    leaf=m_leaf,
    art=m_art,
    outside=m_outside,
    mirror=m_mirror,
)


_cache = {}


def mean_colour(recipe, kind):
    """One flat colour for light that bounces: the grain of a board does not change how it lights a room."""
    if recipe in ("wood", "planks", "parquet"):
        a, d = (lin(x) for x in WOOD[kind])
        return tuple(0.6 * p + 0.4 * q for p, q in zip(a, d, strict=False))
    if recipe == "marble" or (recipe == "tile" and kind in MARBLE and kind not in PAINT):
        return lin(MARBLE[kind][0])
    if recipe == "stone":
        return lin(STONE[kind][0])
    if recipe == "mirror":
        return (0.6, 0.6, 0.6, 1)
    if recipe == "metal":
        return (0.03, 0.03, 0.03, 1) if kind == "black" else (0.35, 0.33, 0.3, 1)
    return (*tuple(0.88 * c for c in lin(PAINT[kind])[:3]), 1)


def cheapen(w, recipe, kind):
    """Only what the camera sees, directly or in a reflection, runs the full material: renders about twice as fast."""
    if recipe in ("glass", "glow", "outside", "curtain", "leaf", "art"):
        return
    full = w.out.inputs[0].links[0].from_socket
    lp = w.n("LightPath").outputs
    flat = w.n("BsdfDiffuse", {"Color": mean_colour(recipe, kind)}).outputs[0]
    see = w.math("MAXIMUM", lp["Is Camera Ray"], lp["Is Glossy Ray"])
    w.put(w.out.inputs[0], w.n("MixShader", {0: see, 1: flat, 2: full}).outputs[0])


def mat(spec, **kw):
    """mat("wood:oak", grain="z"): the material of that recipe, made once per scene."""
    key = spec + repr(sorted(kw.items()))
    if key not in _cache:
        recipe, kind = spec.split(":")
        takes = RECIPES[recipe].__code__.co_varnames[: RECIPES[recipe].__code__.co_argcount]
        w = Nodes(key)
        RECIPES[recipe](w, kind, **{k: v for k, v in kw.items() if k in takes})
        cheapen(w, recipe, kind)
        w.mat["spec"] = spec
        _cache[key] = w.mat
    return _cache[key]
