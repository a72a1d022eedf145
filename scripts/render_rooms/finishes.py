"""The finishes of a surface: each function writes the shader graph of one recipe, for any kind of it."""

import math
from pathlib import Path

import bpy

from render_rooms.colours import GRANITE, MARBLE, PAINT, STONE, WOOD, lin, paint


def m_paint(w, kind, rough=0.38):
    """Satin paint, as on doors and cabinets."""
    c = w.coords()
    n = w.noise(c, 160, 2).outputs[0]
    big = w.noise(c, 2.2, 3).outputs[0]
    col = paint(kind)
    w.surface(
        w.mix(w.remap(big, 0.3, 0.7, 0, 0.12), col, (*tuple(x * 0.86 for x in col[:3]), 1)),
        w.math("MULTIPLY_ADD", big, 0.12, rough - 0.06),
        normal=w.bump(n, 0.05, 0.001),
    )


def m_plaster(w, kind):
    """Matt wall paint on plaster."""
    c = w.coords()
    fine, big = w.noise(c, 210, 3).outputs[0], w.noise(c, 1.1, 4).outputs[0]
    mid = w.noise(c, 14, 4).outputs[0]
    col = paint(kind)
    w.surface(
        w.mix(w.remap(big, 0.3, 0.7, 0, 0.25), col, (*tuple(x * 0.88 for x in col[:3]), 1)),
        0.82,
        normal=w.bump(w.math("MULTIPLY_ADD", mid, 0.5, fine), 0.12, 0.0012),
    )


def m_limewash(w, kind):
    """Lime paint in clouds."""
    c = w.coords()
    warp = w.vmath("ADD", c, w.noise(c, 1.6, 5).outputs[1])
    a, b = w.noise(warp, 1.8, 7, 0.62).outputs[0], w.noise(c, 60, 4).outputs[0]
    col = paint(kind)
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


def wood_colour(w, vec, kind, grain):
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
    """A board of solid wood or veneer along the grain."""
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
    """Clouds and veins of marble."""
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
    """Polished marble."""
    w.surface(marble_colour(w, w.coords(), kind, size), rough)


def m_stone(w, kind):
    """Quartz: a fine, even grain."""
    c = w.coords()
    a, b = lin(STONE[kind][0]), lin(STONE[kind][1])
    v = w.n("TexVoronoi", {"Vector": c, "Scale": 260.0}).outputs[1]
    g = w.n("SeparateColor", {0: v}).outputs[0]
    n = w.noise(c, 40, 5, 0.7).outputs[0]
    w.surface(w.mix(w.remap(w.math("MULTIPLY_ADD", g, 0.5, w.math("MULTIPLY", n, 0.5)), 0.35, 0.75), a, b), 0.22)


def m_concrete(w, kind):
    """Cast concrete or cement."""
    c = w.coords()
    a = w.noise(c, 1.5, 8, 0.65, 0.4).outputs[0]
    b = w.noise(c, 40, 4).outputs[0]
    col = paint(kind)
    w.surface(
        w.ramp(
            w.math("MULTIPLY_ADD", b, 0.2, w.math("MULTIPLY", a, 0.9)),
            [(0.3, (*tuple(x * 0.6 for x in col[:3]), 1)), (0.72, col)],
        ),
        0.55,
        normal=w.bump(b, 0.15, 0.001),
    )


def m_tile(w, kind, plane="xz", tw=0.2, th=0.075, offset=0.5, grout="lightgrey", rough=0.12, look="glaze"):
    """Ceramic tiles: glazed, matt or of marble, in rows, each a little different."""
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
    if kind in MARBLE and (look == "marble" or kind not in PAINT):
        col = marble_colour(w, w.vmath("ADD", c, off), kind, 1.0)
        wob = None
    else:
        base = paint(kind)
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
    w.surface(w.mix(gap, col, paint(grout)), w.math("MULTIPLY_ADD", gap, 0.6, rough), normal=w.bump(h, 0.45, 0.002))


def m_metal(w, kind):
    """Brushed metal; black metal is powder-coated."""
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
    """Woven cloth."""
    c = w.coords()
    g = w.noise(c, scale, 2).outputs[0]
    b = w.noise(c, 5, 4).outputs[0]
    col = paint(kind)
    k = w.mix(w.remap(g, 0.35, 0.65, 0, 0.5), col, (*tuple(x * 0.6 for x in col[:3]), 1))
    w.surface(
        w.mix(w.remap(b, 0.3, 0.7, 0, 0.25), k, (*tuple(x * 0.75 for x in col[:3]), 1)),
        0.9,
        normal=w.bump(w.math("MULTIPLY_ADD", b, 6.0, g), 0.35, 0.002),
        **{"Sheen Weight": 0.25},
    )


def m_leather(w, kind):
    """Leather."""
    c = w.coords()
    v = w.n("TexVoronoi", {"Vector": c, "Scale": 380.0}).outputs[0]
    b = w.noise(c, 6, 4).outputs[0]
    col = paint(kind)
    w.surface(
        w.mix(w.remap(b, 0.3, 0.7, 0, 0.4), col, (*tuple(x * 0.6 for x in col[:3]), 1)),
        0.42,
        normal=w.bump(w.math("MULTIPLY_ADD", b, 4.0, v), 0.2, 0.001),
    )


def m_rug(w, kind, other="charcoal", style="plain"):
    """A tufted rug: plain, striped, with diamonds or faded."""
    c = w.n("TexCoord").outputs["Object"]
    a, b = paint(kind), paint(other)
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
    """Cloth that lets light through, more so if sheer."""
    c = w.coords()
    col = paint(kind)
    g = w.noise(w.scale(c, (400, 400, 90)), 1.0, 2).outputs[0]
    k = w.mix(w.remap(g, 0.35, 0.65, 0, 0.3), col, (*tuple(x * 0.7 for x in col[:3]), 1))
    d = w.n("BsdfDiffuse", {"Color": k, "Normal": w.bump(g, 0.3, 0.001)}).outputs[0]
    t = w.n("BsdfTranslucent", {"Color": k}).outputs[0]
    mixed = w.n("MixShader", {0: 0.45 if sheer else 0.3, 1: d, 2: t}).outputs[0]
    if sheer:
        mixed = w.n("MixShader", {0: 0.35, 1: mixed, 2: w.n("BsdfTransparent").outputs[0]}).outputs[0]
    w.put(w.out.inputs[0], mixed)


def m_glass(w, kind):
    """Thin glass."""
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


def m_mirror(w, _kind):
    """Silvered glass."""
    w.surface((0.86, 0.87, 0.87, 1), 0.0, 1.0)


def m_gloss(w, kind):
    """Gloss lacquer, enamel, china."""
    w.surface(paint(kind), 0.06)


def m_glow(w, kind):
    """What a lamp shows of its light."""
    col, power = dict(
        warm=((1, 0.72, 0.42, 1), 22.0),
        neutral=((1, 0.88, 0.72, 1), 14.0),
        strip=((1, 0.75, 0.48, 1), 6.0),
        shade=((1, 0.82, 0.6, 1), 2.2),
    )[kind]
    w.put(w.out.inputs[0], w.n("Emission", {"Color": col, "Strength": power}).outputs[0])


def m_leaf(w, kind):
    """Leaves that let some light through."""
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


def m_outside(w, kind, folder=None):
    """What a window shows, as an emission: a sky over soft foliage, or a photographed surrounding."""
    c = w.n("TexCoord").outputs["Object"]
    s = w.n("SeparateXYZ", {0: c}).outputs
    strength = dict(day=3.0, bright=9.0, dim=1.6, dusk=0.4, night=0.03).get(kind, 2.0)
    if folder and kind.endswith(".hdr"):
        u = w.math("MULTIPLY_ADD", s[0], 1 / 90, 0.5)
        v = w.math("MULTIPLY_ADD", s[2], 1 / 55, 0.47)
        im = bpy.data.images.load(str(next(Path(folder).rglob(kind))), check_existing=True)
        col = w.n("TexImage", {"Vector": w.n("CombineXYZ", {0: u, 1: v, 2: 0.0}).outputs[0]}, image=im).outputs[0]
        w.put(w.out.inputs[0], w.n("Emission", {"Color": col, "Strength": strength}).outputs[0])
        return
    n = w.noise(c, 0.55, 5, 0.6).outputs[0]
    line = w.math("ADD", s[2], w.math("MULTIPLY_ADD", n, -4.5, 2.4))
    leaf = w.noise(c, 2.6, 6, 0.7).outputs[0]
    trees = w.ramp(leaf, [(0.3, (0.10, 0.16, 0.07, 1)), (0.55, (0.28, 0.38, 0.16, 1)), (0.75, (0.62, 0.70, 0.42, 1))])
    sky = w.ramp(w.remap(s[2], -1, 7, smooth=False), [(0, (0.86, 0.90, 0.95, 1)), (1, (0.42, 0.62, 0.92, 1))])
    col = w.mix(w.remap(line, 0.4, 1.3), trees, sky)
    w.put(w.out.inputs[0], w.n("Emission", {"Color": col, "Strength": strength}).outputs[0])


# ---------------------------------------------------------------- worktops and floors of ordinary homes


def m_granite(w, kind, rough=0.1, size=1.0):
    """Polished granite: grains of three colours in a ground, in clouds."""
    c = w.coords()
    ground, dark, pale, black = (lin(x) for x in GRANITE[kind])
    big = w.noise(w.scale(c, (1 / size,) * 3), 5.5, 4, 0.6).outputs[0]

    def grains(scale, low, high, cloud):
        cell = w.n("SeparateColor", {0: w.n("TexVoronoi", {"Vector": c, "Scale": scale}).outputs[1]}).outputs[0]
        return w.remap(w.math("ADD", cell, w.math("MULTIPLY_ADD", big, cloud, -cloud / 2)), low, high)

    col = w.mix(grains(95.0, 0.52, 0.62, 1.6), ground, dark)
    col = w.mix(grains(140.0, 0.62, 0.7, -1.4), col, pale)
    col = w.mix(grains(210.0, 0.78, 0.84, 0.8), col, black)
    w.surface(w.mix(w.remap(w.noise(c, 1.6, 3).outputs[0], 0.4, 0.65, 0, 0.35), col, ground), rough)


def m_laminate(w, kind, rough=0.35):
    """A plastic worktop: a plain colour, finely speckled."""
    c = w.coords()
    col = paint(kind)
    cell = w.n("SeparateColor", {0: w.n("TexVoronoi", {"Vector": c, "Scale": 330.0}).outputs[1]}).outputs[0]
    speck = w.mix(w.remap(cell, 0.6, 0.7, 0, 0.5), col, (*tuple(0.45 * x for x in col[:3]), 1))
    speck = w.mix(w.remap(cell, 0.3, 0.22, 0, 0.4), speck, (*tuple(min(1, 1.4 * x + 0.03) for x in col[:3]), 1))
    w.surface(speck, rough)


def m_butcher(w, kind):
    """Glued strips of wood, as butcher block is."""
    m_planks(w, kind, "x", 0.75, 0.042)


def m_checker(w, kind, plane="xy", tw=0.3, other="white", rough=0.25):
    """Two colours of square tiles in turn."""
    c = w.n("TexCoord").outputs["Object"]
    s = w.n("SeparateXYZ", {0: c}).outputs
    u, v = s["xyz".index(plane[0])], s["xyz".index(plane[1])]

    def cell(x):
        return w.math("MODULO", w.math("ABSOLUTE", w.math("FLOOR", w.math("DIVIDE", x, tw))), 2.0)

    odd = w.math("COMPARE", cell(u), cell(v), 0.1)
    edge = [w.math("PINGPONG", w.math("ADD", x, tw * 10), tw) for x in (u, v)]
    near = [w.math("MINIMUM", e, w.math("SUBTRACT", tw, e)) for e in edge]
    gap = w.remap(w.math("MINIMUM", *near), 0.0012, 0.0024, 1.0, 0.0)
    dirt = w.noise(c, 3, 5, 0.6).outputs[0]
    col = w.mix(odd, paint(kind), paint(other))
    col = w.mix(w.remap(dirt, 0.35, 0.7, 0, 0.25), col, (*tuple(0.6 * x for x in paint(kind)[:3]), 1))
    w.surface(w.mix(w.math("MULTIPLY", gap, 0.6), col, (0.1, 0.09, 0.08, 1)), rough)


def m_slate(w, kind, plane="xy", tw=0.3, th=0.3, offset=0.0, rough=0.4):
    """Natural stone tiles: each of its own tone and cloud, with wide joints."""
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
            "Mortar Size": 0.004,
            "Mortar Smooth": 0.3,
            "Bias": 0.0,
            "Brick Width": tw,
            "Row Height": th,
        },
        offset=offset,
        offset_frequency=2,
        squash=1.0,
    )
    per = w.n("SeparateColor", {0: br.outputs[0]}).outputs[0]
    tones = dict(
        slate=("4d5358", "6b5f52", "7d7f7c", "3a3f45"),
        rust=("7a5a43", "5c5348", "8f7a60", "4a4540"),
        travertine=("cdb995", "bfa67f", "d8c8aa", "b0966f"),
        cotto=("b5714c", "a3603d", "c4855d", "94563a"),
        limestone=("c9c0ae", "bdb4a3", "d3ccbd", "b0a795"),
    )[kind]
    base = w.ramp(per, [(p, lin(h)) for p, h in zip((0.1, 0.4, 0.65, 0.9), tones, strict=True)])
    shift = w.n("CombineXYZ", {0: w.math("MULTIPLY", per, 31.0), 1: w.math("MULTIPLY", per, 17.0), 2: 0.0}).outputs[0]
    cloud = w.noise(w.vmath("ADD", c, shift), 7, 6, 0.65, 0.5).outputs[0]
    col = w.mix(w.remap(cloud, 0.35, 0.7, 0, 0.6), base, lin(tones[3]))
    gap = br.outputs[1]
    h = w.math("SUBTRACT", w.math("MULTIPLY", cloud, 0.6), gap)
    w.surface(w.mix(gap, col, (0.25, 0.22, 0.19, 1)), rough, normal=w.bump(h, 0.4, 0.003))


def m_brick(w, kind, plane="xz"):
    """A brick wall, raw or painted."""
    c = w.n("TexCoord").outputs["Object"]
    s = w.n("SeparateXYZ", {0: c}).outputs
    v = w.n("CombineXYZ", {0: s["xyz".index(plane[0])], 1: s["xyz".index(plane[1])], 2: 0.0}).outputs[0]
    br = w.n(
        "TexBrick",
        {
            "Vector": w.vmath("ADD", v, w.vmath("MULTIPLY", w.noise(c, 9, 3).outputs[1], (0.006, 0.006, 0.006))),
            "Color1": (0, 0, 0, 1),
            "Color2": (1, 1, 1, 1),
            "Mortar": (0.5, 0.5, 0.5, 1),
            "Scale": 1.0,
            "Mortar Size": 0.006,
            "Mortar Smooth": 0.4,
            "Bias": 0.0,
            "Brick Width": 0.22,
            "Row Height": 0.075,
        },
        offset=0.5,
        offset_frequency=2,
        squash=1.0,
    )
    per = w.n("SeparateColor", {0: br.outputs[0]}).outputs[0]
    n = w.noise(c, 40, 5, 0.7).outputs[0]
    if kind == "raw":
        base = w.ramp(per, [(0.1, lin("8a4a36")), (0.5, lin("a35f45")), (0.9, lin("6f3d30"))])
        joint = lin("a89c8c")
    else:
        base = w.mix(per, paint(kind), (*tuple(0.85 * x for x in paint(kind)[:3]), 1))
        joint = (*tuple(0.75 * x for x in paint(kind)[:3]), 1)
    gap = br.outputs[1]
    col = w.mix(w.remap(n, 0.35, 0.7, 0, 0.3), base, joint)
    h = w.math("SUBTRACT", w.math("MULTIPLY", n, 0.3), gap)
    w.surface(w.mix(gap, col, joint), 0.85, normal=w.bump(h, 0.6, 0.006))


def m_wallpaper(w, kind, other="white", motif="stripe"):
    """Stripes, a trellis or a loose pattern in two close colours."""
    c = w.n("TexCoord").outputs["Object"]
    s = w.n("SeparateXYZ", {0: c}).outputs
    if motif == "stripe":
        f = w.remap(w.math("PINGPONG", w.math("ADD", s[0], s[1]), 0.06), 0.028, 0.032)
    elif motif == "trellis":
        a = w.math("ADD", w.math("ADD", s[0], s[1]), s[2])
        d = w.math("SUBTRACT", w.math("ADD", s[0], s[1]), s[2])
        near = w.math("MINIMUM", w.math("PINGPONG", a, 0.09), w.math("PINGPONG", d, 0.09))
        f = w.remap(near, 0.008, 0.012, 1.0, 0.0)
    else:
        warp = w.vmath("ADD", c, w.vmath("MULTIPLY", w.noise(c, 6, 3).outputs[1], (0.1, 0.1, 0.1)))
        f = w.remap(w.n("TexVoronoi", {"Vector": warp, "Scale": 9.0}).outputs[0], 0.28, 0.34, 1.0, 0.0)
    w.surface(w.mix(w.math("MULTIPLY", f, 0.65), paint(kind), paint(other)), 0.8)


def m_carpet(w, kind):
    """Wall-to-wall carpet: a soft pile, brushed this way and that."""
    c = w.n("TexCoord").outputs["Object"]
    col = paint(kind)
    tuft = w.noise(c, 330, 2).outputs[0]
    brushed = w.noise(c, 1.3, 5, 0.6, 0.8).outputs[0]
    k = w.mix(w.remap(tuft, 0.3, 0.7, 0, 0.5), col, (*tuple(0.55 * x for x in col[:3]), 1))
    w.surface(
        w.mix(w.remap(brushed, 0.35, 0.65, 0, 0.25), k, (*tuple(0.7 * x for x in col[:3]), 1)),
        0.97,
        normal=w.bump(w.math("MULTIPLY_ADD", brushed, 3.0, tuft), 0.9, 0.006),
    )


def m_image(w, kind, folder=None, size=1.2, plane="xy"):
    """A photographed material: its colour, roughness and normals, `size` metres a tile."""
    files = {f.stem.rsplit("_", 1)[-1]: f for f in Path(folder, "materials", kind).glob("*_1K_*.jpg")}
    c = w.n("TexCoord").outputs["Object"]
    s = w.n("SeparateXYZ", {0: c}).outputs
    v = w.n("CombineXYZ", {0: s["xyz".index(plane[0])], 1: s["xyz".index(plane[1])], 2: 0.0}).outputs[0]
    v = w.scale(v, (1 / size,) * 3)

    def picture(what, colour):
        im = bpy.data.images.load(str(files[what]), check_existing=True)
        im.colorspace_settings.name = "sRGB" if colour else "Non-Color"
        return w.n("TexImage", {"Vector": v}, image=im).outputs[0]

    rough = picture("Roughness", False) if "Roughness" in files else 0.3
    normal = w.n("NormalMap", {"Strength": 0.6, "Color": picture("Normal", False)}).outputs[0]
    w.surface(picture("Color", True), rough, normal=normal)
