#!/usr/bin/env python3
"""Needs bpy 4.2.0 (GPL-3.0) in an environment of its own; nothing that ships may import this file.

Procedural interiors (kitchens, living rooms, bedrooms, bathrooms) with exact per-pixel masks.

One command, one seed, no downloaded asset: every mesh and every material is made here.

    python render_rooms.py --out out --count 12 --size 768x512 --samples 64
    python render_rooms.py --out out --kind bedroom --count 36 --seed 6001 --size 512x384 --samples 14 --threads 1
    python render_rooms.py --out out --kind hero --count 3 --size 1536x1024 --samples 160
    python render_rooms.py --out out --kind hero --count 1 --override "island=marble:white;accent=marble:white;cabinet=paint:white" --suffix _edit

    python render_rooms.py --out passes --passes-only --again out

For each room NAME it writes NAME.jpg (picture), NAME.png (uint8 class ids),
NAME_inst.png (uint16 instance ids) and NAME.json (instances, materials, camera, seconds),
and one classes.json.  Needs: bpy (Blender as a module), numpy, opencv-python-headless.

With --passes also, all 16-bit:
NAME_albedo.png  linear sRGB reflectance * 65535: the diffuse colour; of metals the colour of the gloss; 0 where a pixel
                 shows neither (the view through a window, a lamp, clear glass)
NAME_normal.png  unit normals of the camera's frame, (x right, y down, z away from the camera) * 32767 + 32768
NAME_depth.png   distance along the optical axis in mm, 65535 for none
and "camera" of NAME.json has focal_px and horizon_px (row of eye level; pixel rows run from 0 to the height, so that the
middle of the first is 0.5).  With --passes-only just these and NAME.json, in a second or two.  --again FOLDER makes the
rooms of a folder's NAME.json files anew: same kind, seed, size and overrides, hence the same rooms; "agree" in the new
NAME.json is the share of pixels whose class is that of the folder's NAME.png.
"""
import argparse
import contextlib
import glob
import json
import math
import os
import random
import tempfile
import time

import bpy
import cv2
import numpy as np
from mathutils import Matrix, Vector

# --------------------------------------------------------------------------- classes
CLASSES = [  # (phrase, synonyms, parent phrase); the index is the class id, 0 is unlabelled
    ("unlabelled", [], None),
    ("wall", ["walls", "painted wall", "side wall"], None),
    ("accent wall", ["feature wall", "dark wall", "back wall", "panelled wall"], "wall"),
    ("floor", ["flooring", "floorboards", "parquet", "floor tiles"], None),
    ("ceiling", [], None),
    ("window", ["window frame", "glass"], None),
    ("door", ["interior door"], None),
    ("base cabinet", ["lower cabinets", "base cabinets", "kitchen cabinets", "cabinets", "base units"], "cabinet"),
    ("wall cabinet", ["upper cabinets", "wall cabinets", "kitchen cabinets", "cabinets", "wall units"], "cabinet"),
    ("tall cabinet", ["pantry", "tall unit", "larder", "cabinets", "kitchen cabinets"], "cabinet"),
    ("kitchen island", ["island", "kitchen counter island", "centre island", "breakfast bar"], None),
    ("countertop", ["worktop", "counter", "kitchen counter", "benchtop"], None),
    ("island countertop", ["island top", "island worktop", "worktop of the island"], "countertop"),
    ("backsplash", ["splashback", "kitchen tiles", "tile backsplash"], None),
    ("fridge", ["refrigerator", "fridge freezer"], None),
    ("oven", ["stove", "built-in oven"], None),
    ("cooktop", ["hob", "stovetop", "induction hob"], None),
    ("range hood", ["hood", "extractor", "cooker hood"], None),
    ("sink", ["kitchen sink", "basin"], None),
    ("faucet", ["tap", "kitchen tap"], None),
    ("bar stool", ["stool", "stools", "counter stool", "seat"], None),
    ("chair", ["dining chair", "chairs"], None),
    ("dining table", ["table", "kitchen table"], None),
    ("pendant lamp", ["pendant light", "hanging lamp", "lamp", "pendant"], None),
    ("handle", ["handles", "knob", "pull", "cabinet hardware"], None),
    ("shelf", ["open shelf", "shelves", "floating shelf"], None),
    ("sofa", ["couch", "settee"], None),
    ("armchair", ["lounge chair", "easy chair"], None),
    ("cushion", ["pillow", "throw pillow", "scatter cushion"], None),
    ("rug", ["carpet", "area rug"], None),
    ("coffee table", ["low table", "table"], None),
    ("side table", ["end table"], None),
    ("curtain", ["curtains", "drapes"], None),
    ("floor lamp", ["standing lamp", "lamp"], None),
    ("tv", ["television", "screen"], None),
    ("sideboard", ["tv stand", "media unit", "console", "low cabinet"], None),
    ("bookcase", ["bookshelf", "shelving unit"], None),
    ("picture", ["painting", "wall art", "picture frame", "poster"], None),
    ("plant", ["houseplant", "potted plant"], None),
    ("vase", ["pot"], None),
    ("decor", ["bowl", "books", "bottles", "ornaments"], None),
    ("baseboard", ["skirting board", "skirting"], None),
    ("ceiling light", ["downlight", "spotlight", "recessed light"], None),
    ("fireplace", ["fireplace surround", "mantelpiece", "chimney breast"], None),
    ("toe kick", ["plinth", "kickboard"], None),
    ("throw blanket", ["throw", "blanket"], None),
    ("pouf", ["ottoman", "footstool"], None),
    ("bed", ["bedstead", "mattress", "duvet", "bedding"], None),
    ("headboard", ["bed head", "bedhead"], None),
    ("night stand", ["nightstand", "bedside table", "bedside cabinet"], None),
    ("dresser", ["chest of drawers", "drawers"], None),
    ("wardrobe", ["closet", "armoire"], "cabinet"),
    ("table lamp", ["bedside lamp", "desk lamp", "lamp"], None),
    ("mirror", ["wall mirror", "looking glass"], None),
    ("blinds", ["window blinds", "venetian blind", "roller blind", "window shade"], None),
    ("towel", ["towels", "bath towel", "hand towel"], None),
    ("toilet", ["wc", "lavatory", "toilet bowl"], None),
    ("bathtub", ["bath", "tub"], None),
    ("shower screen", ["shower door", "shower glass", "glass screen", "shower enclosure"], None),
    ("towel rod", ["towel rail", "towel bar", "towel rack"], None),
    ("dishwasher", ["dish washer"], None),
    ("microwave", ["microwave oven"], None),
]
CID = {c[0]: i for i, c in enumerate(CLASSES)}
NCLS = 64  # object index = class + NCLS * instance, must stay below 32768

# --------------------------------------------------------------------------- colours
PAINT = dict(white="f1efe9", warmwhite="e9e2d5", cream="e3d8c0", greige="b9aea0", taupe="8c8075",
             grey="8d9093", lightgrey="c4c5c4", sage="98a48c", olive="6b6e52", green="2f4236", navy="222f44",
             blue="7f96a8", charcoal="33363a", black="1b1b1d", terracotta="b0694c", blush="d3b3a2",
             ochre="bf9247", sand="cdbb9e", brown="4b382d")
WOOD = dict(oak=("cfa878", "8f6538"), ash=("dcc6a2", "b08e62"), walnut=("76563f", "3c2a1e"),
            teak=("a97a4e", "6a4427"), smoked=("5c4737", "2a1f18"), ebony=("3a2f29", "17120f"),
            whitewash=("ddd4c5", "b8a890"), cherry=("94603f", "5c3623"))
MARBLE = dict(white=("efeeeb", "cfd0d2", "6f7377"), gold=("f0ebe2", "dcd2c2", "a0783f"),
              grey=("9a9da0", "7b7f83", "e2e2e2"), black=("131315", "1f2022", "c9c6c0"),
              green=("1f3a30", "14261f", "b4c7ba"), beige=("d9cbb6", "c4b196", "8d7558"))
STONE = dict(white=("e6e4df", "c9c6c0"), grey=("8e8f90", "6d6e70"), black=("1c1c1e", "34353a"),
             beige=("cdbfa8", "a99a82"))


def lin(hexs, a=1.0):
    v = [int(hexs[i:i + 2], 16) / 255 for i in (0, 2, 4)]
    return tuple((c / 12.92 if c <= .04045 else ((c + .055) / 1.055) ** 2.4) for c in v) + (a,)


# --------------------------------------------------------------------------- materials
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
            e.new(.5)
        for el, (p, c) in zip(e, stops):
            el.position, el.color = p, c
        return r.outputs[0]

    def remap(self, v, a, b, c=0.0, d=1.0, smooth=True):
        return self.n("MapRange", {0: v, 1: a, 2: b, 3: c, 4: d},
                      interpolation_type="SMOOTHSTEP" if smooth else "LINEAR").outputs[0]

    def mix(self, f, a, b, blend="MIX"):
        m = self.n("Mix", data_type="RGBA", blend_type=blend)
        self.put(m.inputs[0], f), self.put(m.inputs[6], a), self.put(m.inputs[7], b)
        return m.outputs[2]

    def noise(self, vec, scale, detail=3.0, rough=.55, dist=0.0):
        return self.n("TexNoise", {"Vector": vec, "Scale": scale, "Detail": detail, "Roughness": rough,
                                   "Distortion": dist})

    def scale(self, vec, s, rot=(0, 0, 0)):
        return self.n("Mapping", {"Vector": vec, "Scale": s, "Rotation": rot}).outputs[0]

    def coords(self, spread=7.0, uv=False):
        """Metre coordinates of the object, shifted by a random amount per object (as real boards are)."""
        c = self.n("TexCoord").outputs["UV" if uv else "Object"]
        r = self.n("ObjectInfo").outputs["Random"]
        off = self.n("CombineXYZ", {0: self.math("MULTIPLY", r, spread), 1: self.math("MULTIPLY", r, spread * 1.7),
                                    2: self.math("MULTIPLY", r, spread * 2.3)}).outputs[0]
        return c if uv else self.vmath("ADD", c, off)

    def bump(self, h, strength, dist=.002):
        return self.n("Bump", {"Height": h, "Strength": strength, "Distance": dist}).outputs[0]

    def surface(self, color, rough=.5, metal=0.0, normal=None, **more):
        ins = {"Base Color": color, "Roughness": rough, "Metallic": metal}
        if normal is not None:
            ins["Normal"] = normal
        ins.update(more)
        p = self.n("BsdfPrincipled", ins)
        self.put(self.out.inputs[0], p.outputs[0])
        return p


def m_paint(w, kind, rough=.38):
    c = w.coords()
    n = w.noise(c, 160, 2).outputs[0]
    big = w.noise(c, 2.2, 3).outputs[0]
    col = lin(PAINT[kind])
    w.surface(w.mix(w.remap(big, .3, .7, 0, .12), col, tuple(x * .86 for x in col[:3]) + (1,)),
              w.math("MULTIPLY_ADD", big, .12, rough - .06), normal=w.bump(n, .05, .001))


def m_plaster(w, kind):
    c = w.coords()
    fine, big = w.noise(c, 210, 3).outputs[0], w.noise(c, 1.1, 4).outputs[0]
    mid = w.noise(c, 14, 4).outputs[0]
    col = lin(PAINT[kind])
    w.surface(w.mix(w.remap(big, .3, .7, 0, .25), col, tuple(x * .88 for x in col[:3]) + (1,)), .82,
              normal=w.bump(w.math("MULTIPLY_ADD", mid, .5, fine), .12, .0012))


def m_limewash(w, kind):
    c = w.coords()
    warp = w.vmath("ADD", c, w.noise(c, 1.6, 5).outputs[1])
    a, b = w.noise(warp, 1.8, 7, .62).outputs[0], w.noise(c, 60, 4).outputs[0]
    col = lin(PAINT[kind])
    w.surface(w.ramp(a, [(.3, tuple(x * .62 for x in col[:3]) + (1,)), (.5, col),
                         (.72, tuple(min(1, x * 1.35 + .01) for x in col[:3]) + (1,))]), .88,
              normal=w.bump(w.math("MULTIPLY_ADD", a, 2, b), .2, .0015))


def wood_colour(w, vec, kind, grain, seed=0.0):
    """Growth rings as contour lines of a stretched noise, plus fibres; returns colour, fibre height."""
    s = {"x": (.55, 5, 5), "y": (5, .55, 5), "z": (5, 5, .55)}[grain]
    f = {"x": (3, 110, 110), "y": (110, 3, 110), "z": (110, 110, 3)}[grain]
    stretched = w.scale(vec, s)
    fig = w.noise(stretched, .75, 3.0, .45, .55).outputs[0]
    rings = w.math("PINGPONG", w.math("MULTIPLY", fig, 13.0), 1.0)
    rings = w.math("POWER", rings, 1.6)
    fib = w.noise(w.scale(vec, f), 1.0, 4, .65).outputs[0]
    tone = w.noise(w.scale(vec, s), .35, 2).outputs[0]
    v = w.math("MULTIPLY_ADD", rings, .30, w.math("MULTIPLY", fib, .55))
    v = w.math("ADD", v, w.math("MULTIPLY_ADD", tone, .5, -.25))
    light, dark = lin(WOOD[kind][0]), lin(WOOD[kind][1])
    mid = tuple(.6 * a + .4 * b for a, b in zip(light, dark))
    col = w.ramp(v, [(.18, light), (.45, mid), (.85, dark)])
    pores = w.remap(w.noise(w.scale(vec, tuple(x * 2.6 for x in f)), 1.0, 2).outputs[0], .60, .72, 0, .45)
    return w.mix(pores, col, dark), fib


def m_wood(w, kind, grain="z", rough=.42, uv=False):
    col, fib = wood_colour(w, w.coords(uv=uv), kind, grain)
    w.surface(col, w.math("MULTIPLY_ADD", fib, .22, rough - .1), normal=w.bump(fib, .10, .001))


def m_planks(w, kind, grain="x", pw=1.6, ph=.14):
    """Floorboards: the brick pattern's grey per board shifts the grain and the tone of that board."""
    c = w.n("TexCoord").outputs["Object"]
    if grain == "y":
        c = w.scale(c, (1, 1, 1), (0, 0, math.pi / 2))
    br = w.n("TexBrick", {"Vector": c, "Color1": (0, 0, 0, 1), "Color2": (1, 1, 1, 1), "Mortar": (.5, .5, .5, 1),
                          "Scale": 1.0, "Mortar Size": .0016, "Mortar Smooth": .2, "Bias": 0.0,
                          "Brick Width": pw, "Row Height": ph}, offset=.37, offset_frequency=2, squash=1.0)
    per = w.n("SeparateColor", {0: br.outputs[0]}).outputs[0]
    off = w.n("CombineXYZ", {0: w.math("MULTIPLY", per, 31.0), 1: w.math("MULTIPLY", per, 17.0), 2: 0.0}).outputs[0]
    col, fib = wood_colour(w, w.vmath("ADD", c, off), kind, "x")
    hsv = w.n("HueSaturation", {"Value": w.math("MULTIPLY_ADD", per, .34, .83), "Color": col,
                                "Saturation": w.math("MULTIPLY_ADD", per, -.15, 1.05)}).outputs[0]
    gap = br.outputs[1]
    h = w.math("SUBTRACT", w.math("MULTIPLY", fib, .15), gap)
    w.surface(w.mix(w.math("MULTIPLY", gap, .8), hsv, (.02, .014, .01, 1)),
              w.math("MULTIPLY_ADD", fib, .25, .26), normal=w.bump(h, .25, .0015))


def m_parquet(w, kind):
    """Herringbone: the mesh carries one UV island per board and a grey per board."""
    c = w.n("TexCoord").outputs["UV"]
    per = w.n("Attribute", attribute_name="board").outputs["Fac"]
    col, fib = wood_colour(w, c, kind, "x")
    hsv = w.n("HueSaturation", {"Value": w.math("MULTIPLY_ADD", per, .36, .82), "Color": col}).outputs[0]
    w.surface(hsv, w.math("MULTIPLY_ADD", fib, .2, .26), normal=w.bump(fib, .12, .001))


def marble_colour(w, vec, kind, size=1.0):
    base, cloud, vein = (lin(x) for x in MARBLE[kind])
    v = w.scale(vec, (1 / size, 1 / size, .55 / size), (.5, .35, .6))
    warp = w.vmath("SUBTRACT", w.noise(v, 1.3, 6, .6).outputs[1], (.5, .5, .5))
    p = w.vmath("ADD", v, w.n("VectorMath", {0: warp, "Scale": .95}, operation="SCALE").outputs[0])
    p2 = w.vmath("ADD", v, w.n("VectorMath", {0: warp, "Scale": .5}, operation="SCALE").outputs[0])

    def ridge(vec_, scale, width, detail=2.0):
        a = w.math("ABSOLUTE", w.math("SUBTRACT", w.noise(vec_, scale, detail, .5).outputs[0], .5))
        return w.remap(a, 0.0, width, 1.0, 0.0)
    fade = w.remap(w.noise(v, .9, 2).outputs[0], .36, .64)
    big = w.math("MULTIPLY", ridge(p, .75, .028), w.math("MULTIPLY_ADD", fade, .75, .2))
    halo = w.math("MULTIPLY", ridge(p, .75, .14), .4)
    small = w.math("MULTIPLY", ridge(p2, 2.6, .022, 3.0), w.math("MULTIPLY", fade, .42))
    cl = w.remap(w.noise(p, 1.6, 5, .6).outputs[0], .38, .72)
    c = w.mix(w.math("MULTIPLY", cl, .75), base, cloud)
    c = w.mix(w.math("MULTIPLY", halo, .55), c, cloud)
    c = w.mix(w.math("MINIMUM", small, .8), c, vein)
    return w.mix(w.math("MINIMUM", big, .9), c, vein)


def m_marble(w, kind, rough=.14, size=1.0):
    w.surface(marble_colour(w, w.coords(), kind, size), rough)


def m_stone(w, kind):
    c = w.coords()
    a, b = lin(STONE[kind][0]), lin(STONE[kind][1])
    v = w.n("TexVoronoi", {"Vector": c, "Scale": 260.0}).outputs[1]
    g = w.n("SeparateColor", {0: v}).outputs[0]
    n = w.noise(c, 40, 5, .7).outputs[0]
    w.surface(w.mix(w.remap(w.math("MULTIPLY_ADD", g, .5, w.math("MULTIPLY", n, .5)), .35, .75), a, b), .22)


def m_concrete(w, kind):
    c = w.coords()
    a = w.noise(c, 1.5, 8, .65, .4).outputs[0]
    b = w.noise(c, 40, 4).outputs[0]
    col = lin(PAINT[kind])
    w.surface(w.ramp(w.math("MULTIPLY_ADD", b, .2, w.math("MULTIPLY", a, .9)),
                     [(.3, tuple(x * .6 for x in col[:3]) + (1,)), (.72, col)]), .55,
              normal=w.bump(b, .15, .001))


def m_tile(w, kind, plane="xz", tw=.2, th=.075, offset=.5, grout="lightgrey", rough=.12, look="glaze"):
    c = w.n("TexCoord").outputs["Object"]
    s = w.n("SeparateXYZ", {0: c}).outputs
    v = w.n("CombineXYZ", {0: s["xyz".index(plane[0])], 1: s["xyz".index(plane[1])], 2: 0.0}).outputs[0]
    br = w.n("TexBrick", {"Vector": v, "Color1": (0, 0, 0, 1), "Color2": (1, 1, 1, 1), "Mortar": (.5, .5, .5, 1),
                          "Scale": 1.0, "Mortar Size": .0018 if look == "glaze" else .0015, "Mortar Smooth": .35,
                          "Brick Width": tw, "Row Height": th}, offset=offset, offset_frequency=2, squash=1.0)
    per = w.n("SeparateColor", {0: br.outputs[0]}).outputs[0]
    off = w.n("CombineXYZ", {0: w.math("MULTIPLY", per, 23.0), 1: w.math("MULTIPLY", per, 41.0),
                             2: w.math("MULTIPLY", per, 11.0)}).outputs[0]
    if look == "marble":
        col = marble_colour(w, w.vmath("ADD", c, off), kind, 1.0)
        wob = None
    else:
        base = lin(PAINT[kind])
        wob = w.noise(w.vmath("ADD", c, off), 9, 3).outputs[0]
        col = w.mix(w.math("MULTIPLY_ADD", per, .35, w.remap(wob, .3, .7, 0, .35)), base,
                    tuple(x * (.62 if look == "glaze" else .8) for x in base[:3]) + (1,))
    gap = br.outputs[1]
    h = w.math("SUBTRACT", 0.0, gap)
    if wob is not None and look == "glaze":
        h = w.math("ADD", h, w.math("MULTIPLY", wob, .5))
    w.surface(w.mix(gap, col, lin(PAINT[grout])), w.math("MULTIPLY_ADD", gap, .6, rough), normal=w.bump(h, .45, .002))


def m_metal(w, kind):
    c = w.coords()
    n = w.noise(w.scale(c, (5, 900, 900)), 1.0, 2).outputs[0]
    col = dict(steel="b5b6b6", black="161617", brass="c9a45c", chrome="dfe0e0", copper="b87650", bronze="4a3c2e",
               darksteel="4a4c4f")[kind]
    base = dict(steel=.24, black=.38, brass=.22, chrome=.06, copper=.22, bronze=.35, darksteel=.3)[kind]
    w.surface(lin(col), w.math("MULTIPLY_ADD", n, .08, base - .02), 0.0 if kind == "black" else 1.0)


def m_fabric(w, kind, scale=420.0):
    c = w.coords()
    g = w.noise(c, scale, 2).outputs[0]
    b = w.noise(c, 5, 4).outputs[0]
    col = lin(PAINT[kind])
    k = w.mix(w.remap(g, .35, .65, 0, .5), col, tuple(x * .6 for x in col[:3]) + (1,))
    w.surface(w.mix(w.remap(b, .3, .7, 0, .25), k, tuple(x * .75 for x in col[:3]) + (1,)), .9,
              normal=w.bump(w.math("MULTIPLY_ADD", b, 6.0, g), .35, .002), **{"Sheen Weight": .25})


def m_leather(w, kind):
    c = w.coords()
    v = w.n("TexVoronoi", {"Vector": c, "Scale": 380.0}).outputs[0]
    b = w.noise(c, 6, 4).outputs[0]
    col = lin(PAINT[kind])
    w.surface(w.mix(w.remap(b, .3, .7, 0, .4), col, tuple(x * .6 for x in col[:3]) + (1,)), .42,
              normal=w.bump(w.math("MULTIPLY_ADD", b, 4.0, v), .2, .001))


def m_rug(w, kind, other="charcoal", style="plain"):
    c = w.n("TexCoord").outputs["Object"]
    a, b = lin(PAINT[kind]), lin(PAINT[other])
    tuft = w.noise(c, 190, 2).outputs[0]
    warp = w.vmath("ADD", c, w.n("VectorMath", {0: w.noise(c, 7, 3).outputs[1], "Scale": .03},
                                 operation="SCALE").outputs[0])
    if style == "stripe":
        f = w.remap(w.n("TexWave", {"Vector": warp, "Scale": 2.2}, bands_direction="Y").outputs[1], .78, .84)
    elif style == "diamond":
        s = w.n("SeparateXYZ", {0: warp}).outputs
        k = 5.2
        d = [w.math("PINGPONG", w.math("MULTIPLY", w.math(op, s[0], s[1]), k), 1.0) for op in ("ADD", "SUBTRACT")]
        f = w.remap(w.math("MINIMUM", d[0], d[1]), .05, .1, 1.0, 0.0)
    elif style == "faded":
        f = w.remap(w.noise(warp, 3.0, 7, .7).outputs[0], .45, .62, 0, .8)
    else:
        f = w.remap(w.noise(c, 2.0, 4).outputs[0], .3, .7, 0, .15)
    col = w.mix(f, a, b)
    col = w.mix(w.remap(tuft, .3, .7, 0, .4), col, (.02, .02, .02, 1), "MULTIPLY")
    w.surface(w.mix(w.remap(tuft, .35, .65, 0, .35), w.mix(f, a, b), col), .95, normal=w.bump(tuft, .8, .006))


def m_curtain(w, kind, sheer=False):
    c = w.coords()
    col = lin(PAINT[kind])
    g = w.noise(w.scale(c, (400, 400, 90)), 1.0, 2).outputs[0]
    k = w.mix(w.remap(g, .35, .65, 0, .3), col, tuple(x * .7 for x in col[:3]) + (1,))
    d = w.n("BsdfDiffuse", {"Color": k, "Normal": w.bump(g, .3, .001)}).outputs[0]
    t = w.n("BsdfTranslucent", {"Color": k}).outputs[0]
    mixed = w.n("MixShader", {0: .45 if sheer else .3, 1: d, 2: t}).outputs[0]
    if sheer:
        mixed = w.n("MixShader", {0: .35, 1: mixed, 2: w.n("BsdfTransparent").outputs[0]}).outputs[0]
    w.put(w.out.inputs[0], mixed)


def m_glass(w, kind):
    fr = w.n("Fresnel", {"IOR": 1.45}).outputs[0]
    tint = (1, 1, 1, 1) if kind == "clear" else (.75, .75, .72, 1)
    if kind == "screen":                                    # seen from both sides: no total reflection from behind
        face = w.n("LayerWeight", {"Blend": .5}).outputs["Facing"]
        fr, tint = w.math("MULTIPLY_ADD", w.math("POWER", face, 4.0), .5, .045), (.93, .97, .955, 1)
    mixed = w.n("MixShader", {0: fr, 1: w.n("BsdfTransparent", {"Color": tint}).outputs[0],
                              2: w.n("BsdfGlossy", {"Roughness": .01}).outputs[0]}).outputs[0]
    w.put(w.out.inputs[0], mixed)


def m_mirror(w, kind):
    w.surface((.86, .87, .87, 1), .0, 1.0)


def m_gloss(w, kind):
    w.surface(lin(PAINT[kind]), .06)


def m_glow(w, kind):
    col, power = dict(warm=((1, .72, .42, 1), 22.0), neutral=((1, .88, .72, 1), 14.0), strip=((1, .75, .48, 1), 6.0),
                      shade=((1, .82, .6, 1), 2.2))[kind]
    w.put(w.out.inputs[0], w.n("Emission", {"Color": col, "Strength": power}).outputs[0])


def m_leaf(w, kind):
    c = w.coords()
    n = w.noise(c, 9, 3).outputs[0]
    a, b = dict(dark=((.012, .05, .012, 1), (.03, .10, .02, 1)), olive=((.06, .09, .03, 1), (.13, .16, .07, 1)))[kind]
    p = w.n("BsdfPrincipled", {"Base Color": w.mix(n, a, b), "Roughness": .36})
    t = w.n("BsdfTranslucent", {"Color": tuple(x * 2 for x in b[:3]) + (1,)})
    w.put(w.out.inputs[0], w.n("MixShader", {0: .2, 1: p.outputs[0], 2: t.outputs[0]}).outputs[0])


def m_art(w, kind):
    """An abstract painting: warped noise cut into a few flat colours."""
    c = w.coords(20)
    p = w.vmath("ADD", c, w.noise(c, 1.5, 3).outputs[1])
    v = w.noise(p, 1.7, 1.5, .4, .6).outputs[0]
    pal = dict(warm=("e9dfcf", "c98f62", "8a4a34", "2e2a2b"), cool=("e6e8e6", "9fb1b8", "4a6273", "20272e"),
               mono=("efede8", "bdbab4", "55534f", "191919"))[kind]
    r = w.n("ValToRGB", {0: v})
    r.color_ramp.interpolation = "CONSTANT"
    e = r.color_ramp.elements
    while len(e) < 4:
        e.new(.5)
    for el, q, h in zip(e, (0, .44, .54, .63), pal):
        el.position, el.color = q, lin(h)
    brush = w.noise(w.scale(c, (20, 20, 90)), 1.0, 4).outputs[0]
    w.surface(w.mix(w.remap(brush, .3, .7, 0, .2), r.outputs[0], (.9, .88, .84, 1)), .7,
              normal=w.bump(brush, .2, .001))


def m_outside(w, kind):
    """What a window shows: a bright sky over soft foliage, as an emission."""
    c = w.n("TexCoord").outputs["Object"]
    z = w.n("SeparateXYZ", {0: c}).outputs[2]
    n = w.noise(c, .55, 5, .6).outputs[0]
    line = w.math("ADD", z, w.math("MULTIPLY_ADD", n, -4.5, 2.4))
    leaf = w.noise(c, 2.6, 6, .7).outputs[0]
    trees = w.ramp(leaf, [(.3, (.10, .16, .07, 1)), (.55, (.28, .38, .16, 1)), (.75, (.62, .70, .42, 1))])
    sky = w.ramp(w.remap(z, -1, 7, smooth=False), [(0, (.86, .90, .95, 1)), (1, (.42, .62, .92, 1))])
    col = w.mix(w.remap(line, .4, 1.3), trees, sky)
    w.put(w.out.inputs[0], w.n("Emission", {"Color": col, "Strength": dict(day=3.0, dim=1.6, dusk=.4)[kind]}).outputs[0])


RECIPES = dict(paint=m_paint, plaster=m_plaster, limewash=m_limewash, wood=m_wood, planks=m_planks,
               parquet=m_parquet, marble=m_marble, stone=m_stone, concrete=m_concrete, tile=m_tile, metal=m_metal,
               fabric=m_fabric, leather=m_leather, rug=m_rug, curtain=m_curtain, glass=m_glass, gloss=m_gloss,
               glow=m_glow, leaf=m_leaf, art=m_art, outside=m_outside, mirror=m_mirror)
_cache = {}


def mean_colour(recipe, kind):
    """One flat colour for light that bounces: the grain of a board does not change how it lights a room."""
    if recipe in ("wood", "planks", "parquet"):
        a, d = (lin(x) for x in WOOD[kind])
        return tuple(.6 * p + .4 * q for p, q in zip(a, d))
    if recipe == "marble" or (recipe == "tile" and kind in MARBLE and kind not in PAINT):
        return lin(MARBLE[kind][0])
    if recipe == "stone":
        return lin(STONE[kind][0])
    if recipe == "mirror":
        return (.6, .6, .6, 1)
    if recipe == "metal":
        return (.03, .03, .03, 1) if kind == "black" else (.35, .33, .3, 1)
    return tuple(.88 * c for c in lin(PAINT[kind])[:3]) + (1,)


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
        takes = RECIPES[recipe].__code__.co_varnames[:RECIPES[recipe].__code__.co_argcount]
        w = Nodes(key)
        RECIPES[recipe](w, kind, **{k: v for k, v in kw.items() if k in takes})
        cheapen(w, recipe, kind)
        w.mat["spec"] = spec
        _cache[key] = w.mat
    return _cache[key]


# --------------------------------------------------------------------------- geometry
class Builder:
    """Puts meshes into the scene, in a current frame (place and turn) and a current item (class, instance)."""

    def __init__(self, rng):
        self.rng = rng
        self.frame_m = Matrix.Identity(4)
        self.cls, self.inst = "unlabelled", 0
        self.items = []
        self.count = 0
        for coll in (bpy.data.objects, bpy.data.meshes, bpy.data.curves, bpy.data.lights, bpy.data.cameras,
                     bpy.data.materials):
            for x in list(coll):
                coll.remove(x)
        _cache.clear()

    @contextlib.contextmanager
    def frame(self, x=0.0, y=0.0, z=0.0, turn=0.0, tilt=0.0):
        old = self.frame_m
        self.frame_m = old @ Matrix.Translation((x, y, z)) @ Matrix.Rotation(math.radians(turn), 4, "Z") \
            @ Matrix.Rotation(math.radians(tilt), 4, "X")
        yield
        self.frame_m = old

    @contextlib.contextmanager
    def item(self, cls):
        old = self.cls, self.inst
        self.cls, self.inst = cls, min(len(self.items) + 1, 511)
        self.items.append({"id": self.inst, "class": cls, "materials": {}})
        yield
        self.cls, self.inst = old

    def put(self, data, material, loc=(0, 0, 0), cls=None, bevel=0.0, seg=2):
        self.count += 1
        ob = bpy.data.objects.new("o%05d" % self.count, data)
        bpy.context.scene.collection.objects.link(ob)
        ob.matrix_world = self.frame_m @ Matrix.Translation(loc)
        if material is not None:
            data.materials.append(material)
            if self.items and self.inst:
                m = self.items[self.inst - 1]["materials"]
                m[material.get("spec", "?")] = m.get(material.get("spec", "?"), 0) + 1
        ob.pass_index = CID[cls or self.cls] + NCLS * self.inst
        if bevel > 0:
            b = ob.modifiers.new("bevel", "BEVEL")
            b.width, b.segments, b.limit_method, b.angle_limit = bevel, seg, "ANGLE", math.radians(40)
            b.harden_normals = True
        return ob

    def mesh(self, verts, faces, material, loc=(0, 0, 0), cls=None, bevel=0.0, smooth=None, seg=2):
        me = bpy.data.meshes.new("m")
        me.from_pydata([tuple(v) for v in verts], [], faces)
        me.validate()
        if smooth is not None or bevel > 0:
            me.shade_smooth()
            me.set_sharp_from_angle(angle=math.radians(smooth if smooth else 30))
        me.update()
        return self.put(me, material, loc, cls, bevel, seg)

    def box(self, material, x0, y0, z0, x1, y1, z1, bevel=.0015, cls=None, seg=2):
        cx, cy, cz = (x0 + x1) / 2, (y0 + y1) / 2, (z0 + z1) / 2
        hx, hy, hz = abs(x1 - x0) / 2, abs(y1 - y0) / 2, abs(z1 - z0) / 2
        v = [(sx * hx, sy * hy, sz * hz) for sz in (-1, 1) for sy in (-1, 1) for sx in (-1, 1)]
        f = [(0, 2, 3, 1), (4, 5, 7, 6), (0, 1, 5, 4), (2, 6, 7, 3), (0, 4, 6, 2), (1, 3, 7, 5)]
        return self.mesh(v, f, material, (cx, cy, cz), cls, min(bevel, .45 * min(hx, hy, hz) * 2), seg=seg)

    def slab(self, material, length, depth, thick, holes=(), cls=None, axis="z", bevel=0.0):
        """A plate with rectangular holes (u0, v0, u1, v1). axis z: lies in xy, top at z=0; axis y: stands in xz,
        front at y=0, thickness to -y."""
        us = sorted({0.0, length, *[h[i] for h in holes for i in (0, 2)]})
        vs = sorted({0.0, depth, *[h[i] for h in holes for i in (1, 3)]})

        def solid(i, j):
            if not (0 <= i < len(us) - 1 and 0 <= j < len(vs) - 1):
                return False
            u, v = (us[i] + us[i + 1]) / 2, (vs[j] + vs[j + 1]) / 2
            return not any(h[0] < u < h[2] and h[1] < v < h[3] for h in holes)
        P = (lambda u, v, w: (u, v, -w)) if axis == "z" else (lambda u, v, w: (u, -w, v))
        verts, index, faces = [], {}, []

        def vid(*p):
            if p not in index:
                index[p] = len(verts)
                verts.append(P(*p))
            return index[p]
        for i in range(len(us) - 1):
            for j in range(len(vs) - 1):
                if not solid(i, j):
                    continue
                a, b, c, d = us[i], us[i + 1], vs[j], vs[j + 1]
                flip = axis != "z"
                quads = [[(a, c, 0), (b, c, 0), (b, d, 0), (a, d, 0)], [(a, d, thick), (b, d, thick), (b, c, thick), (a, c, thick)]]
                if not solid(i - 1, j):
                    quads.append([(a, c, 0), (a, d, 0), (a, d, thick), (a, c, thick)])
                if not solid(i + 1, j):
                    quads.append([(b, d, 0), (b, c, 0), (b, c, thick), (b, d, thick)])
                if not solid(i, j - 1):
                    quads.append([(b, c, 0), (a, c, 0), (a, c, thick), (b, c, thick)])
                if not solid(i, j + 1):
                    quads.append([(a, d, 0), (b, d, 0), (b, d, thick), (a, d, thick)])
                for q in quads:
                    ids = [vid(*p) for p in q]
                    faces.append(ids if not flip else ids[::-1])
        return self.mesh(verts, faces, material, (0, 0, 0), cls, bevel)

    def panel(self, material, x0, z0, x1, z1, y, thick=.02, rail=.06, sink=.009, cls=None, bevel=.0014):
        """A shaker front: one mesh, a frame with a sunk field. Front at y + thick."""
        hx, hz = (x1 - x0) / 2, (z1 - z0) / 2
        r = min(rail, hx * .45, hz * .45)
        s = .004
        rings = [(hx, hz, 0), (hx, hz, thick), (hx - r, hz - r, thick), (hx - r - s, hz - r - s, thick - sink)]
        v = [(sx * a, yy, sz * b) for a, b, yy in rings for sx, sz in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
        f = [(0, 1, 2, 3)]
        for k in range(3):
            for i in range(4):
                a, b = 4 * k + i, 4 * k + (i + 1) % 4
                f.append((a, a + 4, b + 4, b))
        f.append((15, 14, 13, 12))
        return self.mesh(v, f, material, ((x0 + x1) / 2, y, (z0 + z1) / 2), cls, bevel)

    def lathe(self, material, profile, loc=(0, 0, 0), n=40, cls=None, smooth=40, caps=True):
        v, f = [], []
        for r, z in profile:
            for i in range(n):
                a = 2 * math.pi * i / n
                v.append((r * math.cos(a), r * math.sin(a), z))
        for k in range(len(profile) - 1):
            for i in range(n):
                j = (i + 1) % n
                f.append((k * n + i, k * n + j, (k + 1) * n + j, (k + 1) * n + i))
        if caps and profile[0][0] > 1e-4:
            f.append(tuple(range(n))[::-1])
        if caps and profile[-1][0] > 1e-4:
            f.append(tuple(range((len(profile) - 1) * n, len(profile) * n)))
        return self.mesh(v, f, material, loc, cls, 0, smooth)

    def bowl(self, material, outer, thick, loc=(0, 0, 0), n=40, cls=None):
        """An open vessel: the outer profile from the bottom up, then the inside back down."""
        inner = [(max(r - thick, 0.0), z + (thick if i == 0 else 0)) for i, (r, z) in enumerate(outer)]
        return self.lathe(material, [(0.0, outer[0][1])] + outer + inner[::-1] + [(0.0, inner[0][1])], loc, n, cls, 50)

    def tube(self, material, pts, r, cls=None, smooth=False, taper=None):
        cu = bpy.data.curves.new("c", "CURVE")
        cu.dimensions, cu.bevel_depth, cu.bevel_resolution, cu.resolution_u = "3D", r, 5, 10
        cu.use_fill_caps = True
        sp = cu.splines.new("NURBS" if smooth else "POLY")
        sp.points.add(len(pts) - 1)
        for i, p in enumerate(pts):
            sp.points[i].co = (*p, 1)
            if taper:
                sp.points[i].radius = taper[0] + (taper[1] - taper[0]) * i / (len(pts) - 1)
        if smooth:
            sp.use_endpoint_u, sp.order_u = True, 3
        return self.put(cu, material, (0, 0, 0), cls)

    def soft(self, material, x0, y0, z0, x1, y1, z1, r=.05, puff=.02, cls=None, turn=None):
        """A cushion block: a box with round edges whose faces swell."""
        h = [abs(x1 - x0) / 2, abs(y1 - y0) / 2, abs(z1 - z0) / 2]
        r = min(r, *[a * .95 for a in h])
        axes = []
        for a in h:
            e = [a - r + r * math.tan(math.pi / 4 * k / 4) for k in range(5)]
            mid = [(a - r) * t for t in np.linspace(-1, 1, 9)[1:-1]]
            axes.append([-q for q in e[::-1]] + mid + e)
        verts, index, faces = [], {}, []
        rng = self.rng
        w = [rng.uniform(-.25, .25) for _ in range(3)]

        def vid(p):
            k = tuple(round(c, 6) for c in p)
            if k not in index:
                inn = [max(-(a - r), min(a - r, c)) for a, c in zip(h, p)]
                d = Vector([c - q for c, q in zip(p, inn)])
                d = d.normalized() * r if d.length > 1e-9 else d
                q = Vector(inn) + d
                u = [c / a for c, a in zip(p, h)]
                g = [(1 - min(1, abs(c)) ** 2.4) for c in u]
                sw = Vector((np.sign(p[0]) * g[1] * g[2], np.sign(p[1]) * g[0] * g[2], np.sign(p[2]) * g[0] * g[1]))
                on = Vector([1.0 if abs(abs(c) - a) < 1e-6 else 0.0 for c, a in zip(p, h)])
                q += Vector([s * o for s, o in zip(sw, on)]) * puff * (1 + w[0] * u[0] + w[1] * u[1] + w[2] * u[2])
                index[k] = len(verts)
                verts.append(q)
            return index[k]
        for ax in range(3):
            b, c = [(1, 2), (2, 0), (0, 1)][ax]
            for sgn in (-1, 1):
                for i in range(len(axes[b]) - 1):
                    for j in range(len(axes[c]) - 1):
                        quad = []
                        for di, dj in ((0, 0), (1, 0), (1, 1), (0, 1)):
                            p = [0.0] * 3
                            p[ax], p[b], p[c] = sgn * h[ax], axes[b][i + di], axes[c][j + dj]
                            quad.append(vid(p))
                        faces.append(quad if sgn > 0 else quad[::-1])
        return self.mesh(verts, faces, material, ((x0 + x1) / 2, (y0 + y1) / 2, (z0 + z1) / 2), cls, 0, 60)

    def pillow(self, material, loc, size=.48, thick=.09, turn=0.0, lean=-18.0, cls="cushion"):
        n, v, f = 18, [], []
        for side in (1, -1):
            for i in range(n + 1):
                for j in range(n + 1):
                    a, b = -1 + 2 * i / n, -1 + 2 * j / n
                    t = ((1 - abs(a) ** 2.6) * (1 - abs(b) ** 2.6)) ** .55
                    k = 1 - .07 * (1 - abs(a) ** 2) * abs(b) ** 2 - .07 * (1 - abs(b) ** 2) * abs(a) ** 2
                    v.append((a * k * size / 2, side * t * thick, b * k * size / 2 + size / 2))
            o = 0 if side == 1 else (n + 1) ** 2
            for i in range(n):
                for j in range(n):
                    q = (o + i * (n + 1) + j, o + i * (n + 1) + j + 1, o + (i + 1) * (n + 1) + j + 1, o + (i + 1) * (n + 1) + j)
                    f.append(q if side == 1 else q[::-1])
        with self.frame(*loc, turn=turn, tilt=lean), self.item(cls):
            self.mesh(v, f, material, cls=cls, smooth=80)

    def light(self, kind, loc, energy, color=(1, 1, 1), size=(1, 1), aim=None, **props):
        li = bpy.data.lights.new("l", kind)
        li.energy, li.color = energy, color
        if kind == "AREA":
            li.shape, li.size, li.size_y = "RECTANGLE", size[0], size[1]
        ob = bpy.data.objects.new("light", li)
        bpy.context.scene.collection.objects.link(ob)
        place = self.frame_m @ Matrix.Translation(loc)
        if aim is not None:
            d = (self.frame_m.to_3x3() @ Vector(aim)).normalized()
            place = Matrix.Translation(place.to_translation()) @ d.to_track_quat("-Z", "Y").to_matrix().to_4x4()
        ob.matrix_world = place
        for k, v in props.items():
            setattr(li, k, v)
        ob.visible_camera = False
        return ob


# --------------------------------------------------------------------------- joinery
def pull(b, style, metal, x, z, y, length, upright):
    """A handle on a front at depth y: bar, knob or edge pull."""
    if style == "none":
        return
    m = mat("metal:" + metal)
    with_cls = "handle"
    if style == "knob":
        with b.frame(x, y, z, 0, -90):
            b.lathe(m, [(.006, 0), (.006, .014), (.015, .018), (.016, .026), (.011, .031), (0, .032)], n=24, cls=with_cls)
        return
    h = length / 2
    if style == "edge":
        if upright:
            b.box(m, x - .002, y - .004, z - h, x + .012, y + .014, z + h, .001, with_cls)
        else:
            b.box(m, x - h, y - .004, z - .002, x + h, y + .016, z + .012, .001, with_cls)
        return
    r = .0055
    d = .034
    if upright:
        b.tube(m, [(x, y + d, z - h), (x, y + d, z + h)], r, with_cls)
        for s in (-1, 1):
            b.tube(m, [(x, y, z + s * h * .78), (x, y + d, z + s * h * .78)], r * .8, with_cls)
    else:
        b.tube(m, [(x - h, y + d, z), (x + h, y + d, z)], r, with_cls)
        for s in (-1, 1):
            b.tube(m, [(x + s * h * .78, y, z), (x + s * h * .78, y + d, z)], r * .8, with_cls)


def front(b, st, spec, x0, z0, x1, z1, y, grain="z"):
    g = .0016
    m = mat(spec, grain=grain)
    if st["door"] == "shaker":
        b.panel(m, x0 + g, z0 + g, x1 - g, z1 - g, y, .021, st["rail"])
    elif st["door"] == "groove" and grain == "z" and x1 - x0 > .2:
        n = max(3, round((x1 - x0) / .055))
        for i in range(n):
            a, c = x0 + g + (x1 - x0 - 2 * g) * i / n, x0 + g + (x1 - x0 - 2 * g) * (i + 1) / n
            b.box(m, a, y, z0 + g, c, y + .02, z1 - g, .004)
    else:
        b.box(m, x0 + g, y, z0 + g, x1 - g, y + .02, z1 - g, .0013)


def doors(b, st, spec, x0, x1, z0, z1, y, handle_at="top", single_side=1):
    """One or two doors filling a rectangle, with handles."""
    w = x1 - x0
    spans = [(x0, x1)] if w <= .62 else [(x0, (x0 + x1) / 2), ((x0 + x1) / 2, x1)]
    for i, (a, c) in enumerate(spans):
        front(b, st, spec, a, z0, c, z1, y)
        side = single_side if len(spans) == 1 else (1 if i == 0 else -1)
        hx = (c - .035) if side > 0 else (a + .035)
        ln = min(.2 if st["handle"] == "bar" else .12, (z1 - z0) * .5)
        if z1 - z0 > 1.3:
            ln, hz = (.45 if st["handle"] != "knob" else .12), min(z0 + (z1 - z0) * .5, 1.15)
        elif handle_at == "top":
            hz = z1 - .05 - ln / 2
        else:
            hz = z0 + .05 + ln / 2
        pull(b, st["handle"], st["metal"], hx, hz, y + .021, ln, True)


def drawers(b, st, spec, x0, x1, z0, z1, y, n=3):
    hs = [.3, .7] if n == 2 else ([.22, .39, .39] if n == 3 else [1 / n] * n)
    z = z1
    for h in hs:
        dz = h * (z1 - z0)
        front(b, st, spec, x0, z - dz, x1, z, y, "x")
        pull(b, st["handle"], st["metal"], (x0 + x1) / 2, z - min(.05, dz / 2) - .012, y + .021, min(.28, (x1 - x0) * .45), False)
        z -= dz


def carcass(b, spec, x0, x1, z0, z1, depth):
    b.box(mat(spec, grain="z"), x0 + .0005, 0.0, z0, x1 - .0005, depth, z1, .0008)


def split(a, b, target):
    n = max(1, round((b - a) / target))
    return [(a + (b - a) * i / n, a + (b - a) * (i + 1) / n) for i in range(n)]


# --------------------------------------------------------------------------- appliances, water
def oven_front(b, x0, x1, z0, z1, y, metal, small=False):
    with b.item("microwave" if small else "oven"):
        b.box(mat("metal:" + metal), x0 + .002, y - .35, z0 + .002, x1 - .002, y + .006, z1 - .002, .002)
        top = .085 if not small else .06
        b.box(mat("gloss:black"), x0 + .012, y, z0 + .03, x1 - .012, y + .022, z1 - top - .006, .003)
        b.box(mat("gloss:black") if metal != "steel" else mat("metal:steel"), x0 + .004, y, z1 - top, x1 - .004, y + .02, z1 - .004, .002)
        b.box(mat("gloss:charcoal"), (x0 + x1) / 2 - .07, y + .018, z1 - top * .72, (x0 + x1) / 2 + .07, y + .0212, z1 - top * .3, .001)
        m = mat("metal:chrome" if metal == "steel" else "metal:darksteel")
        for s in (-1, 1):
            with b.frame((x0 + x1) / 2 + s * .2 * (x1 - x0) * 1.4, y + .02, z1 - top / 2, 0, -90):
                b.lathe(m, [(.017, 0), (.016, .018), (0, .019)], n=24)
        zz = z1 - top - .055
        b.tube(m, [(x0 + .05, y + .062, zz), (x1 - .05, y + .062, zz)], .009)
        for x in (x0 + .07, x1 - .07):
            b.tube(m, [(x, y + .02, zz), (x, y + .062, zz)], .007)


def fridge(b, x0, x1, h, depth, metal):
    m = mat("metal:" + metal)
    with b.item("fridge"):
        b.box(mat("metal:darksteel"), x0 + .004, .02, .03, x1 - .004, depth - .04, h - .01, .004)
        y, mid, zs = depth - .035, (x0 + x1) / 2, h * .40
        wide = x1 - x0 > .72
        spans = [(x0, mid), (mid, x1)] if wide else [(x0, x1)]
        hm = mat("metal:chrome" if metal == "steel" else "metal:darksteel")
        for a, c in spans:
            b.box(m, a + .004, y, zs + .004, c - .004, y + .055, h - .01, .008, seg=3)
            hx = c - .045 if (c == mid or not wide) else a + .045
            b.tube(hm, [(hx, y + .1, zs + .12), (hx, y + .1, zs + .75)], .011)
            for z in (zs + .16, zs + .71):
                b.tube(hm, [(hx, y + .05, z), (hx, y + .1, z)], .008)
        for z0, z1 in ((.06, zs / 2 + .03), (zs / 2 + .03, zs)):
            b.box(m, x0 + .004, y, z0 + .004, x1 - .004, y + .055, z1 - .004, .008, seg=3)
            b.tube(hm, [(x0 + .12, y + .1, z1 - .07), (x1 - .12, y + .1, z1 - .07)], .011)
            for x in (x0 + .16, x1 - .16):
                b.tube(hm, [(x, y + .05, z1 - .07), (x, y + .1, z1 - .07)], .008)


def dishwasher(b, x0, x1, z0, z1, y, metal):
    """A free front in a base run: steel, black or (for a white machine) lacquer, a control strip, a bar."""
    with b.item("dishwasher"):
        m = mat("metal:" + metal) if metal != "white" else mat("gloss:white")
        b.box(m, x0 + .003, y - .05, z0 + .002, x1 - .003, y + .02, z1 - .10, .003)
        b.box(m, x0 + .003, y - .05, z1 - .098, x1 - .003, y + .02, z1 - .002, .003)
        b.box(mat("gloss:black"), (x0 + x1) / 2 - .06, y + .019, z1 - .07, (x0 + x1) / 2 + .06, y + .0212, z1 - .035, .001)
        h = mat("metal:chrome" if metal != "black" else "metal:darksteel")
        b.tube(h, [(x0 + .06, y + .06, z1 - .14), (x1 - .06, y + .06, z1 - .14)], .008)
        for x in (x0 + .08, x1 - .08):
            b.tube(h, [(x, y + .02, z1 - .14), (x, y + .06, z1 - .14)], .006)


def cooktop(b, cx, cy, z, gas):
    with b.item("cooktop"):
        b.box(mat("gloss:black"), cx - .29, cy - .255, z, cx + .29, cy + .255, z + .006, .002)
        if gas:
            blk = mat("metal:black")
            for sx in (-.15, .15):
                for sy in (-.12, .12):
                    b.lathe(mat("metal:darksteel"), [(.045, .006), (.045, .018), (.03, .022), (0, .022)], (cx + sx, cy + sy, z), 28)
                    for k in range(4):
                        a = k * math.pi / 2 + math.pi / 4
                        p, q = .025, .10
                        b.tube(blk, [(cx + sx + p * math.cos(a), cy + sy + p * math.sin(a), z + .035),
                                     (cx + sx + q * math.cos(a), cy + sy + q * math.sin(a), z + .035),
                                     (cx + sx + q * math.cos(a), cy + sy + q * math.sin(a), z + .005)], .005)


def hood(b, style, cx, z, depth, H, metal, wallspec, width=.9):
    with b.item("range hood"):
        m = mat("metal:" + metal)
        if style == "chimney":
            w = width / 2
            v = [(-w, 0, 0), (w, 0, 0), (w, .5, 0), (-w, .5, 0), (-w, 0, .05), (w, 0, .05), (w, .5, .05), (-w, .5, .05),
                 (-.15, 0, .26), (.15, 0, .26), (.15, .27, .26), (-.15, .27, .26)]
            f = [(3, 2, 1, 0), (0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7), (4, 5, 9, 8), (5, 6, 10, 9), (6, 7, 11, 10), (7, 4, 8, 11), (8, 9, 10, 11)]
            b.mesh(v, f, m, (cx, 0.0, z), bevel=.002)
            b.box(m, cx - .149, 0, z + .255, cx + .149, .268, H, .002)
        elif style == "plaster":
            w = width / 2 + .06
            p = [(w, 0), (w, .10), (w * .93, .2), (w * .72, .42), (w * .62, .7), (w * .6, H - z)]
            v, f = [], []
            for ww, zz in p:
                d = .5 * (ww / w) ** .8
                v += [(-ww, 0, zz), (ww, 0, zz), (ww, d, zz), (-ww, d, zz)]
            for k in range(len(p) - 1):
                for i in range(4):
                    f.append((4 * k + i, 4 * k + (i + 1) % 4, 4 * k + 4 + (i + 1) % 4, 4 * k + 4 + i))
            f += [(3, 2, 1, 0)]
            b.mesh(v, f, mat(wallspec), (cx, 0, z), bevel=.006)
        else:
            b.box(mat("gloss:black" if metal == "black" else "metal:steel"), cx - width / 2, 0, z, cx + width / 2, .45, z + .06, .003)
            b.box(m, cx - .16, 0, z + .06, cx + .16, .26, H, .002)


def sink(b, x0, x1, y0, y1, z, metal):
    with b.item("sink"):
        m = mat("metal:" + metal) if metal != "white" else mat("gloss:white")
        d, t = .2, .012
        b.box(m, x0 - t, y0 - t, z - d - t, x1 + t, y1 + t, z - d, .002)
        b.box(m, x0 - t, y0 - t, z - d, x0, y1 + t, z, .001)
        b.box(m, x1, y0 - t, z - d, x1 + t, y1 + t, z, .001)
        b.box(m, x0, y0 - t, z - d, x1, y0, z, .001)
        b.box(m, x0, y1, z - d, x1, y1 + t, z, .001)


def faucet(b, x, y, z, metal, towards=1):
    with b.item("faucet"):
        m = mat("metal:" + metal)
        b.lathe(m, [(.027, 0), (.027, .008), (.022, .03), (.019, .06), (.015, .065)], (x, y, z), 28)
        s = towards
        arc = [(x, y, z + .05), (x, y, z + .30)]
        arc += [(x, y + s * .1 * (1 - math.cos(t)), z + .30 + .1 * math.sin(t)) for t in np.linspace(.2, math.pi, 12)]
        arc += [(x, y + s * .2, z + .23)]
        b.tube(m, arc, .012)
        b.tube(m, [(x, y + s * .2, z + .235), (x, y + s * .2, z + .19)], .015)
        b.tube(m, [(x + .015, y, z + .07), (x + .055, y, z + .075), (x + .075, y, z + .12)], .006)


# --------------------------------------------------------------------------- loose furniture
def stool(b, x, y, turn, kind, metal, seatspec, woodspec, h=.66):
    with b.item("bar stool"), b.frame(x, y, 0, turn):
        mm, wm, sm = mat("metal:" + metal), mat(woodspec, grain="z"), mat(seatspec)
        if kind == "round":
            for k in range(4):
                a = math.pi / 4 + k * math.pi / 2
                b.tube(wm, [(.21 * math.cos(a), .21 * math.sin(a), 0), (.12 * math.cos(a), .12 * math.sin(a), h)], .016)
            ring = [(.175 * math.cos(t), .175 * math.sin(t), .22) for t in np.linspace(0, 2 * math.pi, 33)]
            b.tube(mm, ring, .008)
            b.lathe(mat(woodspec, grain="x"), [(.155, h), (.175, h + .006), (.178, h + .022), (.168, h + .034), (.1, h + .028), (0, h + .026)])
        elif kind == "pedestal":
            b.lathe(mm, [(.21, 0), (.21, .008), (.19, .014), (.03, .022), (.026, .05), (.026, h - .03)])
            ring = [(.12 * math.cos(t), .12 * math.sin(t), .24) for t in np.linspace(0, 2 * math.pi, 33)]
            b.tube(mm, ring, .008)
            b.tube(mm, [(-.12, 0, .24), (.12, 0, .24)], .007)
            b.soft(sm, -.2, -.19, h - .03, .2, .19, h + .045, .03, .012)
            b.soft(sm, -.2, -.235, h + .0, .2, -.185, h + .27, .022, .012)
        else:
            for sx in (-1, 1):
                for sy in (-1, 1):
                    b.tube(mm, [(sx * .21, sy * .2, 0), (sx * .175, sy * .165, h - .02)], .011)
            for sx in (-1, 1):
                b.tube(mm, [(sx * .197, -.187, .23), (sx * .197, .187, .23)], .008)
            for sy in (-1, 1):
                b.tube(mm, [(-.197, sy * .187, .23), (.197, sy * .187, .23)], .008)
            b.soft(sm, -.215, -.2, h - .02, .215, .2, h + .06, .03, .014)
            pts = [(.205 * math.cos(t), .05 - .25 * math.sin(t), h + .2) for t in np.linspace(.15, math.pi - .15, 17)]
            if kind == "back":
                n, v, f = 20, [], []
                for i in range(n + 1):
                    t = .05 + (math.pi - .1) * i / n
                    top = h + .22 + .1 * math.sin(t) ** 2
                    for r, z in ((.235, h + .0), (.24, h + .06), (.245, top - .02), (.235, top), (.215, top), (.205, top - .02), (.2, h + .06), (.205, h)):
                        v.append((r * math.cos(t), .03 - r * math.sin(t), z))
                for i in range(n):
                    for j in range(8):
                        f.append((8 * i + j, 8 * i + (j + 1) % 8, 8 * i + 8 + (j + 1) % 8, 8 * i + 8 + j))
                f += [tuple(range(8))[::-1], tuple(range(8 * n, 8 * n + 8))]
                b.mesh(v, f, sm, smooth=70)
            else:
                b.tube(wm, pts, .014)
                for t in (.35, math.pi / 2, math.pi - .35):
                    b.tube(mm, [(.19 * math.cos(t), .05 - .235 * math.sin(t), h + .03), (.205 * math.cos(t), .05 - .25 * math.sin(t), h + .2)], .006)


def chair(b, x, y, turn, seatspec, woodspec):
    with b.item("chair"), b.frame(x, y, 0, turn):
        wm, sm = mat(woodspec, grain="z"), mat(seatspec)
        for sx in (-1, 1):
            b.tube(wm, [(sx * .2, .2, 0), (sx * .18, .18, .44)], .017)
            b.tube(wm, [(sx * .21, -.24, 0), (sx * .19, -.2, .44), (sx * .19, -.25, .82)], .016)
        b.soft(sm, -.22, -.22, .42, .22, .22, .49, .03, .012)
        v, f, n = [], [], 12
        for i in range(n + 1):
            t = math.pi * i / n
            for r, z in ((0, .62), (0, .82), (.025, .82), (.025, .62)):
                v.append((.21 * math.cos(t), -.18 - (.09 + r) * math.sin(t) - r * .2, z))
        for i in range(n):
            for j in range(4):
                f.append((4 * i + j, 4 * i + (j + 1) % 4, 4 * i + 4 + (j + 1) % 4, 4 * i + 4 + j))
        f += [(3, 2, 1, 0), tuple(range(4 * n, 4 * n + 4))]
        b.mesh(v, f, wm if b.rng.random() < .5 else sm, smooth=50, bevel=.005)


def table(b, x, y, turn, lx, ly, h, spec, legs, cls="dining table", round_=False):
    with b.item(cls), b.frame(x, y, 0, turn):
        m = mat(spec, grain="x", size=.8)
        lm = mat(legs, grain="z")
        t = .035
        if round_:
            b.lathe(m, [(lx / 2 - .012, h - t), (lx / 2, h - t + .01), (lx / 2, h - .008), (lx / 2 - .008, h), (0, h)], n=72)
            if h > .6:
                b.lathe(lm, [(.26, 0), (.27, .02), (.08, .07), (.07, .4), (.12, h - t)], n=40)
            else:
                for k in range(3):
                    a = .5 + k * 2 * math.pi / 3
                    b.tube(lm, [(lx * .42 * math.cos(a), lx * .42 * math.sin(a), 0), (lx * .3 * math.cos(a), lx * .3 * math.sin(a), h - t)], .018)
        else:
            b.box(m, -lx / 2, -ly / 2, h - t, lx / 2, ly / 2, h, .004)
            for sx in (-1, 1):
                for sy in (-1, 1):
                    q = .03
                    b.box(lm, sx * (lx / 2 - .07) - q, sy * (ly / 2 - .07) - q, 0, sx * (lx / 2 - .07) + q, sy * (ly / 2 - .07) + q, h - t, .003)
            if h < .6 and b.rng.random() < .6:
                b.box(m, -lx / 2 + .07, -ly / 2 + .07, .12, lx / 2 - .07, ly / 2 - .07, .14, .002)


def pendant(b, x, y, H, drop, kind, metal, glow, power):
    z = H - drop
    with b.item("pendant lamp"):
        m = mat("metal:" + metal)
        b.lathe(m, [(.055, H - .025), (.055, H - .002), (0, H - .001)], (x, y, 0), 28)
        hh = dict(dome=.26, cone=.3, globe=.3, drum=.22, bell=.3)[kind]
        b.tube(mat("metal:black"), [(x, y, H - .02), (x, y, z + hh)], .003)
        if kind == "globe":
            b.lathe(m, [(.02, .24), (.03, .29), (.02, .31), (0, .31)], (x, y, z))
            pr = [(.13 * math.sin(t), .13 - .13 * math.cos(t)) for t in np.linspace(.02, math.pi - .25, 24)]
            b.lathe(mat("glow:shade"), pr, (x, y, z), 48, smooth=80)
        else:
            pr = dict(dome=[(.19, 0), (.188, .03), (.17, .09), (.13, .145), (.07, .18), (.03, .195), (.022, .25)],
                      cone=[(.17, 0), (.11, .12), (.035, .25), (.025, .29)],
                      drum=[(.2, 0), (.2, .16), (.05, .19), (.02, .21)],
                      bell=[(.15, 0), (.135, .02), (.12, .1), (.1, .18), (.05, .24), (.025, .29)])[kind]
            outer = pr
            inner = [(max(r - .004, .001), zz) for r, zz in pr][::-1]
            b.lathe(m, outer + inner, (x, y, z), 56, smooth=60, caps=False)
            b.lathe(mat("glow:" + glow), [(.001, .03)] + [(.038 * math.sin(t), .07 - .038 * math.cos(t)) for t in np.linspace(.1, math.pi - .05, 14)], (x, y, z), 24)
    b.light("POINT", (x, y, z + (.02 if kind != "globe" else -.03)), power, (1, .78, .55), shadow_soft_size=.06)


def plant(b, x, y, z, size, kind, potspec, cls="plant"):
    rng = b.rng
    with b.item(cls), b.frame(x, y, z, rng.uniform(0, 360)):
        ph, pr = .32 * size, .17 * size
        b.bowl(mat(potspec), [(pr * .72, 0), (pr * .9, ph * .4), (pr, ph * .95), (pr * 1.02, ph)], .012 * size, n=40)
        b.lathe(mat("fabric:brown"), [(pr * .93, ph * .86), (0, ph * .9)], n=20)
        v, f = [], []
        n = 26 if kind == "fan" else 34
        for i in range(n):
            az = i * 2.39996 + rng.uniform(-.3, .3)
            up = rng.uniform(.25, 1.0)
            length = size * rng.uniform(.55, 1.0) * (1.0 if kind == "fan" else .75)
            wide = size * rng.uniform(.05, .085) * (1.5 if kind == "broad" else 1.0)
            bend = rng.uniform(.5, 1.5)
            px, pz, ang = .02 * size, ph * .9, .25 + .95 * (1 - up) + .1
            stem = .35 if kind == "broad" else .1
            seg = 9
            base = len(v)
            for k in range(seg + 1):
                t = k / seg
                ww = .004 * size if t < stem else wide * max(.02, math.sin(math.pi * min(1, (t - stem) / (1 - stem) * .96 + .04)) ** .75)
                a = ang + bend * t * t
                if k:
                    px += length / seg * math.sin(a)
                    pz += length / seg * math.cos(a)
                ca, sa = math.cos(az), math.sin(az)
                lift = ww * .35
                for s in (-1, 0, 1):
                    v.append((px * ca - s * ww * sa, px * sa + s * ww * ca, pz + abs(s) * lift))
            for k in range(seg):
                for s in range(2):
                    q = base + 3 * k + s
                    f.append((q, q + 1, q + 4, q + 3))
        b.mesh(v, f, mat("leaf:dark" if kind != "olive" else "leaf:olive"), smooth=80)


def vase(b, x, y, z, size, spec, branches=True):
    rng = b.rng
    with b.item("vase"), b.frame(x, y, z):
        s = size
        shapes = [[(.05, 0), (.09, .05), (.1, .12), (.07, .2), (.035, .25), (.04, .28)],
                  [(.07, 0), (.075, .02), (.06, .15), (.05, .25), (.055, .3)],
                  [(.04, 0), (.1, .08), (.11, .13), (.06, .19), (.03, .2), (.035, .22)]]
        p = [(r * s, zz * s) for r, zz in rng.choice(shapes)]
        b.bowl(mat(spec), p, .006 * s)
        top = p[-1][1]
        if branches:
            lv, lf = [], []
            for k in range(6):
                a, l = rng.uniform(0, 6.28), rng.uniform(.25, .5) * s
                out = rng.uniform(.12, .3) * s
                pts = [(0, 0, top * .6)] + [(out * t ** 1.4 * math.cos(a), out * t ** 1.4 * math.sin(a), top + l * t) for t in np.linspace(.1, 1, 6)]
                b.tube(mat("wood:walnut"), pts, .0025 * s, "plant", taper=(1.2, .5))
                for t in np.linspace(.25, 1, 12):
                    cx, cy, cz = out * t ** 1.4 * math.cos(a), out * t ** 1.4 * math.sin(a), top + l * t
                    az, el, ll, lw = rng.uniform(0, 6.28), rng.uniform(-.2, 1.0), rng.uniform(.04, .07) * s, .013 * s
                    d = Vector((math.cos(az) * math.cos(el), math.sin(az) * math.cos(el), math.sin(el)))
                    side = d.cross(Vector((0, 0, 1))).normalized() * lw
                    c = Vector((cx, cy, cz))
                    q = len(lv)
                    lv += [c, c + d * ll * .45 + side, c + d * ll, c + d * ll * .45 - side]
                    lf.append((q, q + 1, q + 2, q + 3))
            b.mesh(lv, lf, mat("leaf:olive"), cls="plant")


def fruit_bowl(b, x, y, z, spec):
    rng = b.rng
    with b.item("decor"), b.frame(x, y, z):
        b.bowl(mat(spec), [(.06, 0), (.065, .01), (.12, .04), (.155, .085)], .008)
        col = rng.choice(["ochre", "terracotta", "olive"])
        for k in range(7):
            a, r = k * 2.4, (.0 if k == 6 else .07)
            zz = .065 if k < 6 else .115
            rr = rng.uniform(.034, .042)
            pr = [(rr * math.sin(t), rr - rr * .95 * math.cos(t)) for t in np.linspace(.01, math.pi - .01, 14)]
            b.lathe(mat("paint:" + col), pr, (r * math.cos(a), r * math.sin(a), zz - rr * .7), 20, smooth=80)


def books(b, x, y, z, n=3, flat=True, w=.26, d=.19):
    rng = b.rng
    with b.item("decor"), b.frame(x, y, z, rng.uniform(-20, 20) if flat else 0):
        o = 0.0
        for k in range(n):
            t = rng.uniform(.018, .04)
            c = rng.choice(["white", "cream", "charcoal", "terracotta", "blue", "taupe", "sage"])
            if flat:
                q = rng.uniform(.8, 1)
                b.box(mat("paint:" + c), -w / 2 * q, -d / 2 * q, o, w / 2 * q, d / 2 * q, o + t, .002)
                b.box(mat("paint:cream"), -w / 2 * q + .004, -d / 2 * q - .0006, o + .003, w / 2 * q + .0006, d / 2 * q - .004, o + t - .003, 0)
            else:
                hh = rng.uniform(.19, .29)
                b.box(mat("paint:" + c), o, 0, 0, o + t, d * rng.uniform(.7, .9), hh, .002)
            o += t + (0 if flat else .001)
    return o


def bottles(b, x, y, z):
    rng = b.rng
    with b.item("decor"):
        for k in range(rng.randint(2, 3)):
            s = rng.uniform(.8, 1.15)
            spec = rng.choice(["gloss:olive", "gloss:white", "gloss:brown", "wood:oak", "gloss:charcoal"])
            if rng.random() < .5:
                p = [(.036, 0), (.038, .01), (.038, .15), (.03, .18), (.014, .2), (.013, .26), (.015, .262), (.015, .275), (0, .276)]
            else:
                p = [(.045, 0), (.048, .01), (.048, .11), (.044, .118), (.044, .122), (.047, .126), (.045, .14), (0, .143)]
            b.lathe(mat(spec), [(r * s, zz * s) for r, zz in p], (x + k * .105, y + rng.uniform(-.03, .03), z), 32)


def plates(b, x, y, z):
    rng = b.rng
    with b.item("decor"):
        for k in range(rng.randint(2, 5)):
            h = k * .014
            b.lathe(mat("gloss:" + rng.choice(["white", "cream", "charcoal"])),
                    [(.05, h), (.1, .012 + h), (.105, .02 + h), (.09, .012 + h), (0, .008 + h)], (x, y, z), 36)


def board(b, x, y, z, spec):
    """A chopping board leaning on the wall behind it (the wall is at y = 0 of the current frame)."""
    with b.item("decor"), b.frame(x, y + .09, z, 0, 9):
        b.box(mat(spec, grain="z"), -.13, -.01, 0, .13, .01, .4, .006, seg=3)
    with b.item("decor"), b.frame(x + .12, y + .13, z, 0, 10):
        with b.frame(0, 0, .14, 0, 90):
            b.lathe(mat("wood:walnut", grain="x"), [(0, -.008), (.13, -.008), (.138, -.003), (.138, .003), (.13, .008), (0, .008)], n=56)


def kettle(b, x, y, z, metal):
    with b.item("decor"), b.frame(x, y, z, b.rng.uniform(0, 360)):
        m = mat("metal:" + metal)
        b.lathe(m, [(.085, 0), (.09, .015), (.08, .1), (.06, .17), (.055, .19), (.03, .205), (.012, .21), (.014, .235), (0, .237)])
        b.tube(m, [(.07, 0, .12), (.12, 0, .16), (.14, 0, .2)], .012)
        b.tube(mat("metal:black"), [(-.06, 0, .17), (-.11, 0, .18), (-.13, 0, .13), (-.11, 0, .06), (-.085, 0, .05)], .009)


def picture(b, x, z, w, h, art, frame):
    with b.item("picture"), b.frame(0, .016):
        fm = mat(frame)
        t = .022
        b.box(mat("paint:white"), x - w / 2, .004, z - h / 2, x + w / 2, .012, z + h / 2, 0)
        mt = .18 * min(w, h) if b.rng.random() < .6 else 0.0
        b.box(mat("art:" + art), x - w / 2 + mt + t, .011, z - h / 2 + mt + t, x + w / 2 - mt - t, .0135, z + h / 2 - mt - t, 0)
        for a in ((x - w / 2, z - h / 2, x - w / 2 + t, z + h / 2), (x + w / 2 - t, z - h / 2, x + w / 2, z + h / 2),
                  (x - w / 2 + t, z - h / 2, x + w / 2 - t, z - h / 2 + t), (x - w / 2 + t, z + h / 2 - t, x + w / 2 - t, z + h / 2)):
            b.box(fm, a[0], .004, a[1], a[2], .03, a[3], .001)


def curtain(b, x0, x1, z0, z1, y, spec, folds=None, sheer=False):
    rng = b.rng
    with b.item("curtain"):
        L = x1 - x0
        folds = folds or max(4, round(L / .085))
        nx, nz = folds * 12, 10
        ph = [rng.uniform(-.5, .5) for _ in range(folds + 2)]
        am = [rng.uniform(.7, 1.25) for _ in range(folds + 2)]
        v, f = [], []
        for j in range(nz + 1):
            t = j / nz
            for i in range(nx + 1):
                u = i / nx * folds
                k = int(u)
                fr = u - k
                a = am[k] * (1 - fr) + am[k + 1] * fr
                p = ph[k] * (1 - fr) + ph[k + 1] * fr
                yy = .038 * a * math.sin(2 * math.pi * u + p * (1 - t) * 1.3) * (.75 + .35 * (1 - t))
                xx = x0 + L * i / nx + .012 * math.cos(2 * math.pi * u) + (1 - t) * .02 * math.sin(3.1 * u / folds)
                v.append((xx, y + yy, z0 + (z1 - z0) * t))
        for j in range(nz):
            for i in range(nx):
                q = j * (nx + 1) + i
                f.append((q, q + 1, q + nx + 2, q + nx + 1))
        b.mesh(v, f, mat(spec, sheer=sheer), smooth=80)


def herringbone(b, W, D, spec, L=.6, w=.1):
    """Parquet boards as one mesh, with boardwise UVs and a boardwise grey."""
    rng = b.rng
    v, f, uv, grey = [], [], [], []
    R = (W + D) * .75
    n = round(L / w)
    c45 = math.cos(math.pi / 4)

    def board_(x, y, lx, ly):
        cx, cy = (x + lx / 2 - y - ly / 2) * c45 + W / 2, (x + lx / 2 + y + ly / 2) * c45 + D / 2
        if not (-.4 < cx < W + .4 and -.4 < cy < D + .4):
            return
        g = .0007
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
        b.box(mat("paint:black"), -.2, -.2, -.06, W + .2, D + .2, -.0015, 0)
    return ob


# --------------------------------------------------------------------------- the shell of a room
class Shell:
    """Walls with window holes, floor, ceiling, skirting, outside, sun and sky."""

    def __init__(self, b, W, D, H, sp):
        self.b, self.W, self.D, self.H, self.sp = b, W, D, H, sp
        self.side = dict(back=(W, D, 0, 180, W), left=(0, D, 0, -90, D), right=(W, 0, 0, 90, D), front=(0, 0, 0, 0, W))

    def on(self, wall):
        x, y, z, t, _ = self.side[wall]
        return self.b.frame(x, y, z, t)

    def build(self, windows, accent, light):
        b, W, D, H, sp = self.b, self.W, self.D, self.H, self.sp
        with b.item("floor"):
            if sp["floor"].startswith("parquet"):
                herringbone(b, W, D, sp["floor"])
            else:
                b.mesh([(0, 0, 0), (W, 0, 0), (W, D, 0), (0, D, 0)], [(0, 1, 2, 3)],
                       mat(sp["floor"], grain=sp.get("floorgrain", "y"), plane="xy", tw=sp.get("ftile", .9), th=sp.get("ftile", .9) * sp.get("fratio", 1),
                           offset=sp.get("foff", 0.0), look=sp.get("flook", "matt"), rough=sp.get("frough", .3), grout="grey"))
        with b.item("ceiling"):
            b.mesh([(-.2, -.2, H), (W + .2, -.2, H), (W + .2, D + .2, H), (-.2, D + .2, H)], [(3, 2, 1, 0)], mat("plaster:white"))
        for wall, (x, y, z, t, L) in self.side.items():
            holes = [w for w in windows if w["wall"] == wall]
            spec = sp["accent"] if wall in accent else sp["wall"]
            cls = "accent wall" if wall in accent and (sp.get("slats") or not sp["plain"]) else "wall"
            with b.frame(x, y, z, t):
                with b.item(cls):
                    kw = dict(plane="xz", tw=.6, th=1.2, offset=0.0, look="matt", grain="z")
                    b.slab(mat(spec, **kw), L, H, .22, [(w["x0"], w["z0"], w["x1"], w["z1"]) for w in holes], axis="y")
                    if wall in accent and sp.get("slats"):
                        self.slats(L, holes)
                    if wall in accent and sp.get("mould"):
                        self.mouldings(L, spec, holes)
                for w in holes:
                    self.window(w, light)
                if sp.get("skirting", True):
                    with b.item("baseboard"):
                        gaps = sorted((w["x0"], w["x1"]) for w in holes if w["z0"] < .1)
                        s = 0.0
                        for g0, g1 in gaps + [(L, L)]:
                            if g0 - s > .02:
                                b.box(mat(sp["trim"]), s, 0, 0, g0, .014, sp.get("skirt_h", .1), .003)
                            s = g1
                if sp.get("cornice"):
                    with b.item("wall"):
                        b.box(mat("paint:white"), 0, 0, H - .07, L, .035, H, .012, seg=3)
                        b.box(mat("paint:white"), 0, 0, H - .035, L, .08, H, .012, seg=3)
        self.sky(light)

    def slats(self, L, holes):
        b = self.b
        m = mat(self.sp["slats"], grain="z")
        x = .015
        while x < L:
            if not any(h["x0"] - .05 < x < h["x1"] + .05 for h in holes):
                b.box(m, x, 0, 0, x + .027, .022, self.H, .002, seg=1)
            x += .042

    def mouldings(self, L, spec, holes):
        b = self.b
        n = max(2, round(L / .95))
        for i in range(n):
            a, c = L * i / n + .1, L * (i + 1) / n - .1
            if any(h["x0"] < c and h["x1"] > a for h in holes):
                continue
            for z0, z1 in ((.22, .82), (.98, self.H - .22)):
                for q in ((a, z0, c, z0 + .03), (a, z1 - .03, c, z1), (a, z0 + .03, a + .03, z1 - .03), (c - .03, z0 + .03, c, z1 - .03)):
                    b.box(mat(spec), q[0], 0, q[1], q[2], .016, q[3], .005)

    def window(self, w, light):
        b = self.b
        x0, x1, z0, z1 = w["x0"], w["x1"], w["z0"], w["z1"]
        fm = mat(self.sp["windowframe"])
        with b.item("window"):
            t, y0, y1 = .05, -.16, -.1
            for q in ((x0, z0, x1, z0 + t), (x0, z1 - t, x1, z1), (x0, z0 + t, x0 + t, z1 - t), (x1 - t, z0 + t, x1, z1 - t)):
                b.box(fm, q[0], y0, q[1], q[2], y1, q[3], .003)
            n = max(1, round((x1 - x0) / w.get("pane", .9)))
            for i in range(1, n):
                x = x0 + (x1 - x0) * i / n
                b.box(fm, x - .025, y0, z0 + t, x + .025, y1, z1 - t, .003)
            if w.get("bars"):
                for z in np.linspace(z0, z1, w["bars"] + 2)[1:-1]:
                    b.box(fm, x0 + t, y0 + .015, z - .011, x1 - t, y1 - .01, z + .011, .002)
            # a single sheet that faces the room: a closed pane would reflect totally at slant angles
            b.mesh([(x1 - t, -.13, z0 + t), (x0 + t, -.13, z0 + t), (x0 + t, -.13, z1 - t), (x1 - t, -.13, z1 - t)], [(0, 1, 2, 3)], mat("glass:clear"))
            if z0 > .3:
                b.box(mat("paint:white"), x0 - .03, -.1, z0 - .025, x1 + .03, .03, z0 + .005, .003)
            # the view outside, lit by itself, seen only by the camera and by mirrors
            ob = b.mesh([(x0 - 25, -4, -2), (x1 + 25, -4, -2), (x1 + 25, -4, 16), (x0 - 25, -4, 16)], [(0, 1, 2, 3)], mat("outside:" + light["view"]))
            ob.visible_diffuse = ob.visible_shadow = ob.visible_transmission = False
        li = b.light("AREA", ((x0 + x1) / 2, -.24, (z0 + z1) / 2), light["sky"] * (x1 - x0) * (z1 - z0), light["skycol"],
                     (x1 - x0, z1 - z0), aim=(0, 1, -.12), spread=math.radians(165))
        li.visible_camera = li.visible_glossy = False

    def sky(self, light):
        b = self.b
        world = bpy.data.worlds.new("w")
        bpy.context.scene.world = world
        world.use_nodes = True
        bg = world.node_tree.nodes["Background"]
        bg.inputs[0].default_value, bg.inputs[1].default_value = (*light["skycol"], 1), light["world"]
        if light["sun"] > 0:
            b.light("SUN", (0, 0, 9), light["sun"], light["suncol"], aim=light["sundir"], angle=math.radians(light.get("sunsize", 1.2)))

    def downlights(self, pts, power):
        b = self.b
        for x, y in pts:
            with b.item("ceiling light"):
                b.lathe(mat("paint:white"), [(.048, self.H - .006), (.05, self.H - .001), (.04, self.H - .0005), (.038, self.H - .006), (.048, self.H - .006)], (x, y, 0), 32, caps=False)
                b.lathe(mat("glow:neutral"), [(.037, self.H - .003), (0, self.H - .003)], (x, y, 0), 32)
            if power > 0:
                b.light("SPOT", (x, y, self.H - .02), power, (1, .86, .68), aim=(0, 0, -1), spot_size=math.radians(105), spot_blend=.8, shadow_soft_size=.04)


LIGHTS = dict(
    day=dict(view="day", sky=26.0, skycol=(.86, .93, 1.0), world=.6, sun=6.5, suncol=(1, .9, .76), spots=5.0, lamp=7.0),
    soft=dict(view="day", sky=34.0, skycol=(.93, .96, 1.0), world=.8, sun=0.0, suncol=(1, 1, 1), spots=6.0, lamp=8.0),
    golden=dict(view="dim", sky=15.0, skycol=(.86, .9, 1.0), world=.4, sun=7.0, suncol=(1, .72, .45), spots=5.0, lamp=9.0),
    evening=dict(view="dusk", sky=2.0, skycol=(.45, .6, 1.0), world=.06, sun=0.0, suncol=(1, 1, 1), spots=14.0, lamp=16.0),
)


# --------------------------------------------------------------------------- kitchen
def base_run(b, st, sp, x0, x1, plan, depth=.58, top=.9, sink_metal="steel", top_over=(0, 0)):
    """Base cabinets from x0 to x1 with a worktop. plan: list of (kind, weight)."""
    tk, tt = .1, st["top_t"]
    tot = sum(w for _, w in plan)
    x, holes, taps = x0, [], []
    for kind, w in plan:
        a, c = x, x + (x1 - x0) * w / tot
        x = c
        with b.item("base cabinet"):
            carcass(b, sp["cabinet"], a, c, tk, top - tt, depth - .001)
            y = depth
            if kind == "drawers":
                drawers(b, st, sp["cabinet"], a, c, tk, top - tt - .004, y, 3)
            elif kind == "hobdrawers":
                drawers(b, st, sp["cabinet"], a, c, tk, top - tt - .004, y, 2)
            elif kind == "oven":
                front(b, st | {"door": "slab"}, sp["cabinet"], a, tk, c, tk + .1, y, "x")
                oven_front(b, a, c, tk + .1, top - tt - .01, y, sp["appliance"])
            elif kind == "dishwasher":
                dishwasher(b, a, c, tk, top - tt - .004, y, "white" if sp["appliance"] == "steel" and sp["cabinet"].startswith("paint:w") else sp["appliance"])
            elif kind == "drawerdoor":
                drawers(b, st, sp["cabinet"], a, c, top - tt - .19, top - tt - .004, y, 1)
                doors(b, st, sp["cabinet"], a, c, tk, top - tt - .19, y)
            else:
                doors(b, st, sp["cabinet"], a, c, tk, top - tt - .004, y)
        if kind == "sink":
            m = (a + c) / 2
            holes.append((m - .27, .13, m + .27, .5))
            taps.append(m)
        if kind in ("oven", "hobdrawers"):
            cooktop(b, (a + c) / 2, .31, top, sp["gas"])
    with b.item("toe kick"):
        b.box(mat(sp["kick"], grain="x"), x0, 0, 0, x1, depth - .06, tk, 0)
    with b.item("countertop"), b.frame(x0 - top_over[0], 0, top):
        o = x0 - top_over[0]
        b.slab(mat(sp["top"], grain="x"), x1 - x0 + sum(top_over), depth + .04, tt, [(h[0] - o, h[1], h[2] - o, h[3]) for h in holes], bevel=.002)
    for h, m in zip(holes, taps):
        sink(b, h[0], h[2], h[1], h[3], top - tt * .6, sp["sink"])
        faucet(b, m, .075, top, sp["tap"], 1)


def wall_run(b, st, sp, x0, x1, z0, z1, depth=.34, target=.5, glass=False):
    for a, c in split(x0, x1, target if x1 - x0 > .7 else x1 - x0):
        with b.item("wall cabinet"):
            carcass(b, sp["upper"], a, c, z0, z1, depth - .001)
            if z1 - z0 > 1.0:
                zs = z1 - .36
                doors(b, st, sp["upper"], a, c, z0, zs, depth, "bottom")
                doors(b, st, sp["upper"], a, c, zs, z1, depth, "bottom")
            else:
                doors(b, st, sp["upper"], a, c, z0, z1, depth, "bottom")
    if st["ledstrip"]:
        with b.item("wall cabinet"):
            b.box(mat("glow:strip"), x0 + .05, .05, z0 - .006, x1 - .05, .065, z0 - .0005, 0, cls="wall cabinet")
        b.light("AREA", ((x0 + x1) / 2, .08, z0 - .012), 3.0 * (x1 - x0), (1, .78, .52), (x1 - x0 - .1, .03), aim=(0, .15, -1))


def tall_run(b, st, sp, x0, units, H, depth=.6):
    """Tall units from x0: fridge, oven tower or larder; returns the x where it ends."""
    x = x0
    top = st["tall_h"]
    for kind, w in units:
        with b.item("tall cabinet"):
            if kind == "fridge":
                g, fh = .02, 1.83
                m = mat(sp["tall"], grain="z")
                b.box(m, x, 0, 0, x + g, depth + .02, top, .001)
                b.box(m, x + w - g, 0, 0, x + w, depth + .02, top, .001)
                b.box(m, x + g, 0, fh, x + w - g, depth - .001, top, .001)
                doors(b, st, sp["tall"], x + g, x + w - g, fh + .01, top, depth, "bottom")
            else:
                carcass(b, sp["tall"], x, x + w, .1, top, depth - .001)
                if kind == "oven":
                    drawers(b, st, sp["tall"], x, x + w, .1, .62, depth, 2)
                    doors(b, st, sp["tall"], x, x + w, 1.64, top, depth, "bottom")
                else:
                    doors(b, st, sp["tall"], x, x + w, .1, 1.9, depth)
                    doors(b, st, sp["tall"], x, x + w, 1.9, top, depth, "bottom")
        if kind == "fridge":
            fridge(b, x + .02, x + w - .02, 1.82, depth + .05, sp["fridge"])
        if kind == "oven":
            oven_front(b, x, x + w, .63, 1.22, depth, sp["appliance"])
            oven_front(b, x, x + w, 1.23, 1.63, depth, sp["appliance"], True)
        if kind != "fridge":
            with b.item("toe kick"):
                b.box(mat(sp["kick"], grain="x"), x, 0, 0, x + w, depth - .06, .1, 0)
        x += w
    with b.item("tall cabinet"):
        if H - top > .02:
            b.box(mat(sp["tall"], grain="x"), x0, 0, top, x, depth - .01, min(H, top + .12) if H - top < .4 else top + .03, .002)
    return x


def island(b, st, sp, cx, cy, lx, ly, style, waterfall, overhang, has_sink, has_hob):
    """Overhang and its plain side look to the camera (-y), drawers look to the back wall."""
    h, tt = .9, st["itop_t"]
    x0, x1, y0, y1 = cx - lx / 2, cx + lx / 2, cy - ly / 2, cy + ly / 2
    bx0, bx1 = (x0 + tt, x1 - tt) if waterfall else (x0 + .03, x1 - .03)
    by0 = y0 + overhang
    m = mat(sp["island"], grain="z")
    with b.item("kitchen island"):
        b.box(m, bx0, by0 + .02, .09, bx1, y1 - .045, h - tt, .001)

        def face(length):
            """Clad a side: local x along it, y outwards from the body."""
            if style == "shaker":
                for a, c in split(0, length, .62):
                    b.panel(m, a + .001, .09, c - .001, h - tt - .002, 0, .021, .075)
            elif style == "fluted":
                r = .017
                n = round(length / (2 * r))
                v = []
                for i in range(n):
                    for k in range(7):
                        t = math.pi * k / 6
                        v.append((length * (i + .5 - .5 * math.cos(t)) / n, r * math.sin(t)))
                w = len(v)
                vv = [(p, q, z) for z in (.09, h - tt) for p, q in v]
                b.mesh(vv, [(i, i + 1, w + i + 1, w + i) for i in range(w - 1)], m, smooth=35)
            elif style == "slats":
                n = round(length / .045)
                for i in range(n):
                    b.box(m, length * i / n + .006, 0, .09, length * (i + 1) / n - .006, .02, h - tt, .002, seg=1)
            elif style == "boards":
                for a, c in split(0, length, .12):
                    b.box(m, a + .0005, 0, .09, c - .0005, .02, h - tt, .004)
            else:
                for a, c in split(0, length, 1.0 if lx > 2 else .8):
                    b.box(m, a + .001, 0, .09, c - .001, .02, h - tt, .001)
        with b.frame(bx1, by0 + .02, 0, 180):
            face(bx1 - bx0)
        if not waterfall:
            with b.frame(bx0, by0 + .02, 0, 90):
                face(y1 - .045 - by0 - .02)
            with b.frame(bx1, y1 - .045, 0, -90):
                face(y1 - .045 - by0 - .02)
        with b.frame(bx0, y1 - .045, 0, 0):
            for a, c in split(0, bx1 - bx0, .7):
                drawers(b, st, sp["island"], a, c, .09, h - tt - .004, 0, 3)
        if st["door"] == "shaker" and overhang > .2 and not waterfall and b.rng.random() < .5:
            for s in (bx0 + .045, bx1 - .045):  # turned-square legs that carry the overhang
                b.box(m, s - .045, y0 + .03, 0, s + .045, y0 + .12, h - tt, .004)
                b.box(m, s - .052, y0 + .023, 0, s + .052, y0 + .127, .12, .006)
    with b.item("toe kick"):
        b.box(mat(sp["ikick"], grain="x"), bx0 + .05, by0 + .07, 0, bx1 - .05, y1 - .1, .09, 0)
    holes = []
    sx = x0 + lx * (.3 if has_hob else .5)
    if has_sink:
        holes.append((sx - .3 - x0, ly - .52, sx + .3 - x0, ly - .12))
    with b.item("island countertop"):
        im = mat(sp["islandtop"], grain="x")
        with b.frame(x0, y0, h):
            b.slab(im, lx, ly, tt, holes, bevel=.002)
        if waterfall:
            b.box(im, x0, y0, 0, x0 + tt, y1, h - tt + .001, .002)
            b.box(im, x1 - tt, y0, 0, x1, y1, h - tt + .001, .002)
    if has_sink:
        hh = holes[0]
        sink(b, x0 + hh[0], x0 + hh[2], y0 + hh[1], y0 + hh[3], h - tt * .5, sp["sink"])
        faucet(b, sx, y0 + hh[1] - .06, h, sp["tap"], 1)
    if has_hob:
        cooktop(b, x0 + lx * .68, y1 - .36, h, False)


def pick(rng, *pairs):
    return rng.choices([p for p, _ in pairs], [w for _, w in pairs])[0]


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


def room_door(b, x, H, spec, metal):
    """A panelled door with its frame, on the wall of the current frame."""
    w, h = .86, 2.05
    with b.item("door"):
        m = mat(spec, grain="z")
        for q in ((x - w / 2 - .08, 0, x - w / 2, h + .08), (x + w / 2, 0, x + w / 2 + .08, h + .08), (x - w / 2, h, x + w / 2, h + .08)):
            b.box(m, q[0], 0, q[1], q[2], .03, q[3], .003)
        b.box(m, x - w / 2, 0, .004, x + w / 2, .008, h, .001)
        for z0, z1 in ((.0, .95), (.95, h - .004)):
            b.panel(m, x - w / 2 + .002, z0 + .004, x + w / 2 - .002, z1, .008, .012, .11, .007)
        hm = mat("metal:" + metal)
        b.tube(hm, [(x + w / 2 - .07, .02, 1.02), (x + w / 2 - .07, .07, 1.02), (x + w / 2 - .19, .075, 1.02)], .009, "handle")


def side_things(sh, rng, wall, W, D, H, leg, leg_len, sp):
    """Something on the wall without a window: a door, pictures, or a console."""
    b = sh.b
    near = D - (leg_len + 1.3 if leg else 1.6)              # how far towards the back there is room
    at = (lambda y: D - y) if wall == "left" else (lambda y: y)
    what = rng.choice(["door", "pictures", "console", "none"])
    with sh.on(wall):
        if what == "door":
            room_door(b, at(near - .7), H, pick(rng, ("paint:white", 3), ("wood:oak", 1), ("paint:charcoal", 1)), "black")
        elif what == "pictures" and not sp.get("mould"):
            art, fr, n = rng.choice(["warm", "cool", "mono"]), rng.choice(["wood:oak", "metal:black"]), rng.choice([1, 2, 3])
            for i in range(n):
                picture(b, at(near - .6 - i * .72), 1.55, .6, .8, art, fr)
        elif what == "console":
            x = at(near - .9)
            with b.item("sideboard"):
                m = mat(rng.choice(["wood:oak", "wood:walnut", "paint:white"]), grain="x")
                b.box(m, x - .7, .02, .16, x + .7, .4, .8, .003)
                for i in range(3):
                    b.box(m, x - .695 + i * .465, .4, .165, x - .695 + (i + 1) * .465 - .004, .418, .795, .0015)
                for s in (-.62, .62):
                    for q in (.06, .36):
                        b.lathe(mat("metal:black"), [(.011, 0), (.016, .16)], (x + s, q, 0), 12)
            with b.frame(0, 0, .8):
                vase(b, x + .4, .2, .001, .9, rng.choice(["gloss:white", "paint:terracotta"]))
                books(b, x - .35, .2, .001, 3)
            picture(b, x, 1.6, .9, .65, rng.choice(["warm", "cool", "mono"]), "wood:oak")


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


# --------------------------------------------------------------------------- living room
def sofa(b, x, y, turn, L, spec, legs, style, cls="sofa", chaise=False):
    rng = b.rng
    m, lm = mat(spec), mat(legs, grain="z")
    dep, arm, back = .92, (.16 if style != "slim" else .1), .82
    with b.item(cls), b.frame(x, y, 0, turn):     # seen from -y side to +y: back at +y... front looks to -y
        z0 = .16 if style == "slim" else .1
        for sx in (-1, 1):
            for sy in (-1, 1):
                px, py = sx * (L / 2 - .07), sy * (dep / 2 - .08)
                b.lathe(lm, [(.014, 0), (.022, z0 + .02)], (px, py, 0), 16)
        b.soft(m, -L / 2, -dep / 2 + .02, z0, L / 2, dep / 2, z0 + .17, .03, .004)
        ah = .62 if style != "low" else .5
        for sx in (-1, 1):
            a, c = sx * L / 2, sx * (L / 2 - arm)
            b.soft(m, min(a, c), -dep / 2 + .01, z0 + .02, max(a, c), dep / 2, ah, .05, .008)
        b.soft(m, -L / 2 + arm * .9, dep / 2 - .2, z0 + .05, L / 2 - arm * .9, dep / 2, back - .06, .06, .008)
        n = max(1, round((L - 2 * arm) / .75))
        w = (L - 2 * arm) / n
        for i in range(n):
            a = -L / 2 + arm + i * w
            b.soft(m, a + .004, -dep / 2 + .0, z0 + .17, a + w - .004, dep / 2 - .2, z0 + .33, .05, .022)
            with b.frame(0, dep / 2 - .2, z0 + .31, 0, -10):
                b.soft(m, a + .006, -.17, 0, a + w - .006, .02, .46, .07, .035)
        if chaise:
            s = rng.choice([-1, 1])
            a, c = sorted((s * (L / 2 - arm), s * (L / 2 - arm - .8)))
            b.soft(m, a, -dep / 2 - .62, z0, c, -dep / 2 + .06, z0 + .17, .03, .004)
            b.soft(m, a, -dep / 2 - .63, z0 + .17, c, -dep / 2 + .02, z0 + .33, .05, .02)
    return z0 + .34, dep


def make_living(b, a):
    rng = b.rng
    W, D, H = rng.uniform(4.4, 5.8), rng.uniform(5.2, 6.4), rng.choice([2.5, 2.6, 2.8, 3.0])
    light = dict(LIGHTS[pick(rng, ("day", 4), ("soft", 4), ("golden", 2), ("evening", 1.2))])
    dark = rng.choice(["charcoal", "navy", "green", "olive", "brown", "terracotta", "taupe"])
    wood = "wood:" + rng.choice(["oak", "walnut", "ash", "teak", "smoked"])
    wall = "plaster:" + pick(rng, ("white", 4), ("warmwhite", 4), ("cream", 1), ("lightgrey", 2), ("greige", 2), ("sand", 1), ("sage", 1), ("blue", .5))
    sp = dict(wall=wall, accent=pick(rng, (wall, 3), ("plaster:" + dark, 4), ("limewash:" + dark, 2), ("concrete:grey", 1), ("limewash:sand", 1)),
              floor=pick(rng, ("planks:oak", 4), ("parquet:oak", 3), ("planks:walnut", 1.5), ("planks:ash", 2), ("parquet:walnut", 1), ("tile:sand", .7), ("concrete:grey", .8)),
              trim="paint:white", windowframe=pick(rng, ("paint:white", 3), ("metal:black", 2), (wood, 1)), floorgrain=rng.choice("xy"),
              cornice=rng.random() < .5, skirt_h=rng.choice([.08, .12, .16]), ftile=.8,
              sofa=pick(rng, *[("fabric:" + c, 1) for c in ("cream", "greige", "lightgrey", "charcoal", "sage", "navy", "terracotta", "taupe", "olive", "ochre")], ("leather:brown", 1.5), ("leather:black", .6)),
              rug=None, curtain="curtain:" + rng.choice(["white", "cream", "lightgrey", "greige", "sage", "sand", "blue"]), table=pick(rng, (wood, 4), ("marble:white", 2), ("marble:black", 1), ("concrete:grey", .6)))
    sp["plain"] = sp["accent"] == sp["wall"]               # then the back wall is a wall like the others
    apply_override(sp, a.override)
    slat_wood, deco = "wood:" + rng.choice(["walnut", "oak", "smoked"]), rng.random()
    sp["slats"] = slat_wood if deco < .15 and "accent" not in a.override else None
    sp["mould"] = .15 <= deco < .45
    lit = rng.choice(["left", "right"])
    other = "right" if lit == "left" else "left"
    light["sundir"] = ((1 if lit == "left" else -1), rng.uniform(.1, .6), -rng.uniform(.45, .75))
    sh = Shell(b, W, D, H, sp)
    z0 = rng.choice([.02, .5, .8])
    z1 = min(H - .2, rng.uniform(2.2, 2.45))
    wl, wy = rng.uniform(1.5, 2.4), rng.uniform(.8, 1.4)
    wx = (D - wy - wl, D - wy) if lit == "right" else (wy, wy + wl)
    wins = [dict(wall=lit, x0=wx[0], x1=wx[1], z0=z0, z1=z1, bars=rng.choice([0, 1, 2]), pane=rng.choice([.6, .8, 1.2])),
            dict(wall="front", x0=.8, x1=W - .8, z0=.3, z1=2.3, bars=0, pane=1.0)]
    backwin = rng.random() < .3
    if backwin:
        bw = rng.uniform(1.6, 2.6)
        wins.append(dict(wall="back", x0=W / 2 - bw / 2, x1=W / 2 + bw / 2, z0=z0, z1=z1, bars=rng.choice([0, 1]), pane=.9))
    if backwin:
        sp["slats"] = None
    sh.build(wins, ["back"], light)
    for w in wins:
        if w["wall"] == "front":
            continue
        with sh.on(w["wall"]):
            cw = rng.uniform(.3, .5)
            zc = H - .06 if rng.random() < .5 else z1 + .14
            for s0, s1 in ((w["x0"] - cw * .75, w["x0"] + cw * .25), (w["x1"] - cw * .25, w["x1"] + cw * .75)):
                curtain(b, s0, s1, .015, zc, .1, sp["curtain"])
            if rng.random() < .3:
                curtain(b, w["x0"] - .02, w["x1"] + .02, .015, zc, .045, "curtain:white", sheer=True)
            with b.item("curtain"):
                b.tube(mat("metal:" + rng.choice(["black", "brass"])), [(w["x0"] - cw * .75 - .1, .1, zc + .015), (w["x1"] + cw * .75 + .1, .1, zc + .015)], .011)
    # seating group: sofa on the back wall or on the unlit side
    cx = W / 2 + rng.uniform(-.2, .2)
    L = rng.uniform(1.9, 2.5)
    style = rng.choice(["slim", "block", "low"])
    plan = pick(rng, ("back", 5), ("side", 4))
    legs = rng.choice(["wood:oak", "wood:walnut", "metal:black"])
    sy = D - .58
    if plan == "back":
        top, dep = sofa(b, cx, sy, 0, L, sp["sofa"], legs, style, chaise=rng.random() < .3)
        mid = (cx, sy - 1.35)
        places = [(cx + s * L * .33 + rng.uniform(-.05, .05), sy + .06, top - .02, rng.uniform(-14, 14)) for s in (-1, 1)]
        with sh.on("back"):
            if not backwin and not sp["slats"]:
                n, fr, art = rng.choice([1, 2, 3]), rng.choice(["wood:oak", "metal:black", "wood:walnut", "metal:brass"]), rng.choice(["warm", "cool", "mono"])
                pw = {1: rng.uniform(1.0, 1.5), 2: .62, 3: .5}[n]
                for i in range(n):
                    picture(b, W - cx + (i - (n - 1) / 2) * (pw + .1), 1.58, pw, pw * (.75 if n == 1 else 1.3), art, fr)
    else:
        sx = .58 if other == "left" else W - .58
        turn = 90 if other == "left" else -90
        yy = D - 2.2
        top, dep = sofa(b, sx, yy, turn, L, sp["sofa"], legs, style)
        mid = (sx + (1.35 if other == "left" else -1.35), yy)
        places = []
        with b.frame(sx, yy, 0, turn):
            for s in (-1, 1):
                b.pillow(mat("fabric:" + rng.choice(["cream", "charcoal", "terracotta", "ochre", "sage", "navy"])), (s * L * .33, .06, top - .02), turn=rng.uniform(-12, 12))
        with sh.on(other):
            px = D - yy if other == "left" else yy
            picture(b, px, 1.6, 1.2, .85, rng.choice(["warm", "cool", "mono"]), rng.choice(["wood:oak", "metal:black"]))
        # the back wall gets a fireplace, a media unit or a bookcase
        with sh.on("back"):
            what = rng.choice(["fireplace", "media", "bookcase"]) if not backwin else "media_low"
            X = W - cx
            if what == "fireplace":
                ms = pick(rng, ("marble:white", 3), ("marble:grey", 1), ("marble:black", 1), ("paint:white", 2), ("stone:beige", 1))
                with b.item("fireplace"):
                    mm = mat(ms)
                    b.box(mm, X - .75, 0, .04, X - .5, .2, .8, .004)
                    b.box(mm, X + .5, 0, .04, X + .75, .2, .8, .004)
                    b.box(mm, X - .75, 0, .8, X + .75, .2, 1.05, .004)
                    b.box(mm, X - .84, 0, 1.05, X + .84, .27, 1.1, .006)
                    b.box(mm, X - .85, 0, 0, X + .85, .45, .04, .004)
                    b.box(mat("paint:black"), X - .5, .002, .04, X + .5, .01, .8, 0)
                    b.box(mat("metal:black"), X - .38, .012, .1, X + .38, .15, .72, .004)
                picture(b, X, 1.72, .95, .95, rng.choice(["warm", "cool", "mono"]), "metal:brass")
                with b.frame(0, 0, 1.1):
                    vase(b, X - .6, .14, .001, .8, rng.choice(["gloss:white", "paint:charcoal"]))
                    bottles(b, X + .45, .14, .001)
            elif what.startswith("media"):
                with b.item("sideboard"):
                    ws = rng.choice([wood, "paint:white", "paint:charcoal"])
                    b.box(mat(ws, grain="x"), X - 1.0, 0.02, .14, X + 1.0, .43, .55, .003)
                    for i in range(4):
                        b.box(mat(ws, grain="x"), X - .99 + i * .496, .43, .15, X - .99 + (i + 1) * .496 - .004, .448, .54, .0015)
                    for s in (-.9, .9):
                        for q in (.07, .38):
                            b.lathe(mat("metal:black"), [(.012, 0), (.016, .14)], (X + s, q, 0), 12)
                if what == "media":
                    with b.item("tv"):
                        b.box(mat("gloss:black"), X - .68, .01, .85, X + .68, .045, 1.63, .004)
                with b.frame(0, 0, .55):
                    vase(b, X - .8, .22, .001, .9, "paint:terracotta")
                    books(b, X + .6, .22, .001, 3)
            else:
                with b.item("bookcase"):
                    ws = mat(rng.choice([wood, "paint:white"]), grain="z")
                    bh, bw_ = 2.1, 1.8
                    for i in range(4):
                        x = X - bw_ / 2 + i * bw_ / 3
                        b.box(ws, x - .012, .005, 0, x + .012, .32, bh, .0015)
                    for i in range(6):
                        z = .06 + i * (bh - .09) / 5
                        b.box(ws, X - bw_ / 2, .005, z, X + bw_ / 2, .318, z + .024, .0015)
                    b.box(ws, X - bw_ / 2, .003, 0, X + bw_ / 2, .01, bh, 0)
                for i in range(3):
                    for j in range(5):
                        z = .06 + j * (bh - .09) / 5 + .025
                        x = X - bw_ / 2 + i * bw_ / 3 + .03
                        c = rng.random()
                        if c < .6:
                            books(b, x, .06, z, rng.randint(5, 14), False)
                        elif c < .75:
                            vase(b, x + .25, .16, z, .75, rng.choice(["gloss:white", "paint:terracotta", "paint:charcoal"]), False)
                        elif c < .9:
                            books(b, x + .25, .16, z, 3)
    for x, y, z, t in places:
        b.pillow(mat("fabric:" + rng.choice(["cream", "charcoal", "terracotta", "ochre", "sage", "navy", "white"])), (x, y, z), turn=t)
    # rug and tables
    style_r = pick(rng, ("plain", 2), ("stripe", 1), ("diamond", 2), ("faded", 2))
    rc = rng.choice(["cream", "greige", "lightgrey", "sand", "terracotta", "blue", "white"])
    sp["rug"] = sp["rug"] or "rug:" + rc
    with b.item("rug"), b.frame(mid[0], mid[1], .009, 0 if plan == "back" else 90):
        b.box(mat(sp["rug"], other=rng.choice(["charcoal", "brown", "navy", "taupe"]), style=style_r), -1.4, -.95, -.008, 1.4, .95, .006, .006, seg=3)
    rnd = rng.random() < .45
    table(b, mid[0], mid[1], 0 if plan == "back" else 90, .9 if rnd else 1.15, .6, .38, sp["table"], rng.choice(["metal:black", "metal:brass", wood]), "coffee table", rnd)
    with b.frame(mid[0], mid[1], .38):
        books(b, -.15, .05, .001, 3)
        vase(b, .22, .02, .001, .75, rng.choice(["gloss:white", "paint:charcoal", "paint:sand"]))
    # armchair, lamp, plant, pouf
    if rng.random() < .75:
        s = -1 if (lit == "left") else 1
        ax = mid[0] + s * 1.55 if plan == "back" else mid[0] + (1.3 if other == "left" else -1.3)
        if .6 < ax < W - .6:
            sofa(b, ax, mid[1] - (.1 if plan == "back" else 0), (90 if s < 0 else -90) if plan == "back" else (-90 if other == "left" else 90), .86, rng.choice(["fabric:cream", "leather:brown", "fabric:sage", "fabric:charcoal", "fabric:ochre"]), legs, "slim", "armchair")
    lx, ly = ((cx + (L / 2 + .35) * (-1 if lit == "right" else 1), D - .5) if plan == "back" else ((.5 if other == "left" else W - .5), D - .6))
    with b.item("floor lamp"), b.frame(lx, ly, 0):
        m = mat("metal:" + rng.choice(["black", "brass"]))
        b.lathe(m, [(.14, 0), (.14, .018), (.02, .03), (.011, .05), (.011, 1.45)])
        b.lathe(mat("glow:shade"), [(.19, 1.38), (.15, 1.68)], n=56, smooth=80, caps=False)
    b.light("POINT", (lx, ly, 1.52), light["lamp"] * 1.5, (1, .75, .5), shadow_soft_size=.1)
    corner = (.42 if lit == "right" else W - .42)
    if plan == "back" or rng.random() < .6:
        plant(b, (W - corner) if plan == "back" else corner, D - .42 if plan != "back" else D - .45, 0, rng.uniform(1.0, 1.4), rng.choice(["fan", "broad", "olive"]), rng.choice(["paint:white", "paint:charcoal", "paint:terracotta", "concrete:lightgrey"]))
    if rng.random() < .35:
        with b.item("pouf"):
            b.lathe(mat("fabric:" + rng.choice(["cream", "terracotta", "ochre", "charcoal"])), [(.0, 0), (.2, 0), (.25, .04), (.265, .16), (.25, .3), (.2, .34), (0, .345)], (mid[0] - .8, mid[1] - 1.0, .015), 48, smooth=80)
    if rng.random() < .5:
        pendant(b, mid[0], mid[1], H, H - 1.95, rng.choice(["dome", "globe", "drum"]), rng.choice(["black", "brass"]), "warm", light["lamp"])
    sh.downlights([(x, y) for x in np.linspace(.9, W - .9, 3) for y in (D - .9, D - 3.0)], light["spots"])
    look = (mid[0], D - 1.3)
    cam = (W / 2 + rng.uniform(-.3, .3) * W, max(.3, mid[1] - rng.uniform(2.2, 2.9)))
    return sp, cam, look, rng.uniform(20, 26), rng.uniform(1.3, 1.5)


# --------------------------------------------------------------------------- bedroom
# Everything here stands in the frame of a wall: x along it, y from the wall into the room.
def hang(b, spec, w, t0, t1, top, side, foot, thick=.05, wrinkle=.008, wave=.02, quilt=0.0, cls=None, skew=0.0):
    """A cloth that lies on a bed w wide from t0 to t1 along it and hangs over the sides and over the end."""
    rng = b.rng
    half, r = w / 2, .055
    ss = np.linspace(-half - side, half + side, 84)
    ts = np.linspace(t0, t1 + foot, max(24, int((t1 + foot - t0) / .026)))
    waves = [(a * (1.8 / (1 + i)), k * math.cos(d), k * math.sin(d), rng.uniform(0, 6.28))
             for i, (a, k, d) in enumerate((rng.uniform(.6, 1.2), rng.uniform(4, 7) * (1 + i * .8), rng.uniform(0, 3.14)) for i in range(6))]
    ph, lam = rng.uniform(0, 6.28), rng.uniform(.22, .34)
    v, f = [], []
    for t in ts:
        for s in ss:
            ox, oy = max(abs(s) - half, 0.0), max(t - t1, 0.0)
            d = max(ox, oy)
            out, down = (r * math.sin(d / r), r * (1 - math.cos(d / r))) if d < r * math.pi / 2 else (r, r + d - r * math.pi / 2)
            n = math.hypot(ox, oy)
            dx, dy = (math.copysign(ox / n, s), oy / n) if n > 1e-9 else (0.0, 0.0)
            q = t + .3 * s if ox >= oy else s
            fold = min(1.0, d / .18)
            out += fold * wave * (.6 + .5 * math.sin(6.283 * q / lam + ph) + .35 * math.sin(6.283 * q / lam * .43 + 2 * ph))
            # soft hills with narrow creases between them, as bedclothes have; a fold-over keeps its outer edge round
            h = sum(a * (1 - abs(math.sin(.5 * (kx * s + ky * t + p)))) for a, kx, ky, p in waves) / 3
            h = -wrinkle * h * (1 - .6 * fold)
            if quilt:
                h -= .007 * max(0.0, 1 - min(abs((s / quilt) % 1 - .5), abs((t / quilt) % 1 - .5)) * 2 * 5)
            e = max(0.0, min(1.0, (t - t0) / .05))
            h += thick * math.sqrt(1 - (1 - e) ** 2)
            x = max(-half, min(half, s)) + dx * (out + h * fold * .3)
            y = min(t, t1) + dy * (out + h * fold * .3) + skew * s
            v.append((x, y, top - down + h))
    m = len(ss)
    for j in range(len(ts) - 1):
        for i in range(m - 1):
            q = j * m + i
            f.append((q, q + 1, q + m + 1, q + m))
    return b.mesh(v, f, mat(spec), cls=cls, smooth=80)


def bed_pillow(b, spec, x, y, z, w, h, thick=.1, lean=30.0, turn=0.0):
    """A pillow that leans back on the wall (y = 0 of the frame); x, y, z is the middle of its lower edge."""
    n, v, f = 16, [], []
    for side in (1, -1):
        for i in range(n + 1):
            for j in range(n + 1):
                a, c = -1 + 2 * i / n, -1 + 2 * j / n
                t = ((1 - abs(a) ** 3) * (1 - abs(c) ** 2.6)) ** .55
                k = 1 - .05 * (1 - a * a) * c * c - .05 * (1 - c * c) * a * a
                v.append((a * k * w / 2, side * t * thick, c * k * h / 2 + h / 2))
        o = 0 if side == 1 else (n + 1) ** 2
        for i in range(n):
            for j in range(n):
                q = (o + i * (n + 1) + j, o + i * (n + 1) + j + 1, o + (i + 1) * (n + 1) + j + 1, o + (i + 1) * (n + 1) + j)
                f.append(q[::-1] if side == 1 else q)
    with b.frame(x, y, z, turn, lean), b.item("cushion"):
        b.mesh(v, f, mat(spec), smooth=80)


def headboard(b, style, spec, metal, w, h, y0):
    """From the floor (behind the bed) up to h; returns the y of its front."""
    y1 = y0 + (.07 if style in ("panel", "soft", "channels", "tufted") else .035)
    with b.item("headboard"):
        if style == "soft":
            b.soft(mat(spec), -w / 2, y0, .1, w / 2, y1, h, .03, .012)
        elif style == "channels":
            for a, c in split(-w / 2, w / 2, .16):
                b.soft(mat(spec), a + .001, y0, .1, c - .001, y1, h, .03, .014)
        elif style == "tufted":
            for a, c in split(-w / 2, w / 2, .4):
                for z0, z1 in split(.35, h, .28):
                    b.soft(mat(spec), a + .001, y0, z0 + .001, c - .001, y1, z1 - .001, .03, .016)
            b.box(mat(spec), -w / 2, y0, .1, w / 2, y1 - .02, .36, .004)
        elif style == "panel":
            b.box(mat(spec, grain="z"), -w / 2, y0, 0, w / 2, y1 - .03, h - .03, .002)
            for a, c in split(-w / 2, w / 2, .6):
                b.panel(mat(spec, grain="z"), a, .3, c, h - .03, y1 - .03, .024, .07, .011)
            b.box(mat(spec, grain="x"), -w / 2 - .02, y0, h - .03, w / 2 + .02, y1 + .01, h, .003)
        elif style == "slats":
            b.box(mat(spec, grain="z"), -w / 2, y0, 0, w / 2, y0 + .014, h, .001)
            for a, c in split(-w / 2, w / 2, .05):
                b.box(mat(spec, grain="z"), a + .008, y0 + .014, .2, c - .008, y1, h, .002, seg=1)
        elif style == "bars":
            m = mat("metal:" + metal)
            y = (y0 + y1) / 2
            for s in (-1, 1):
                b.tube(m, [(s * w / 2, y, 0), (s * w / 2, y, h)], .016)
                b.lathe(m, [(.0, .0), (.02, .012), (.02, .026), (0, .04)], (s * w / 2, y, h - .01), 20)
            for z in (h - .08, .6):
                b.tube(m, [(-w / 2, y, z), (w / 2, y, z)], .011)
            for a, c in split(-w / 2, w / 2, .13)[1:]:
                b.tube(m, [(a, y, .6), (a, y, h - .08)], .007)
        else:
            b.box(mat(spec, grain="x"), -w / 2, y0, .0, w / 2, y1, h, .006, seg=3)
    return y1


def bed(b, x, look, y0=.012):
    """A bed with its head at the wall; returns (half width with bedclothes, y of its end)."""
    rng = b.rng
    with b.frame(x, 0, 0):
        w, L = look["w"], 2.0
        y = headboard(b, look["head"], look["headspec"], look["metal"], look["headw"], look["headh"], y0) if look["head"] != "none" else y0 + .01
        y1 = y + .01 + L
        ztop = look["top"]
        with b.item("bed"):
            fm = mat(look["frame"], grain="y")
            zr = ztop - .22                                 # the top of the base, where the mattress lies
            if look["base"] == "legs":
                for s in (-1, 1):
                    b.box(fm, s * (w / 2 + .002) - .014, y, zr - .13, s * (w / 2 + .002) + .014, y1 + .02, zr + .03, .003)
                    for q in (y + .06, y1 - .05):
                        b.box(mat(look["frame"], grain="z"), s * (w / 2 - .03) - .03, q - .03, 0, s * (w / 2 - .03) + .03, q + .03, zr, .003)
                b.box(mat(look["frame"], grain="x"), -w / 2 - .016, y1, zr - .13, w / 2 + .016, y1 + .028, zr + look["footboard"], .003)
                b.box(fm, -w / 2, y, zr - .03, w / 2, y1, zr, 0)
            elif look["base"] == "soft":
                b.soft(fm, -w / 2 - .01, y, .06, w / 2 + .01, y1 + .02, zr, .025, .004)
                for s in (-1, 1):
                    for q in (y + .1, y1 - .1):
                        b.lathe(mat("paint:black"), [(.025, 0), (.025, .07)], (s * (w / 2 - .1), q, 0), 16)
            else:                                           # a platform that stands on a set-back plinth
                b.box(mat("paint:black"), -w / 2 + .1, y + .02, 0, w / 2 - .1, y1 - .12, zr - .12, 0)
                b.box(fm, -w / 2 - .035, y, zr - .12, w / 2 + .035, y1 + .04, zr, .004)
            b.soft(mat("fabric:white"), -w / 2 + .005, y + .005, zr, w / 2 - .005, y1, ztop, .05, .004)
            t0 = y + rng.uniform(.48, .72)
            tucked = look["base"] == "legs" and look["footboard"] > .05     # a footboard: the duvet ends before it
            foot = .08 if tucked else look["drop"]
            hang(b, look["duvet"], w, t0, y1 - (.12 if tucked else .02), ztop - .008, look["drop"], foot, .06, rng.uniform(.012, .03), rng.uniform(.012, .026), look["quilt"])
            if look["turned"]:                              # the sheet turned back over the duvet
                hang(b, look["sheet"], w, t0 - .02, t0 + .32, ztop + .006, look["drop"] * .8, 0, .062, .012, .01)
        if look["throw"]:
            with b.item("throw blanket"):
                t = y1 - rng.uniform(.55, .8)
                # wider than the duvet with its folds, so that these do not come through
                hang(b, look["throw"], w + .08, t, t + rng.uniform(.38, .5), ztop + .014, look["drop"] + .08, 0, .07, .012, .016, skew=rng.uniform(-.08, .08))
        n = 2 if w > 1.3 else 1
        for i in range(n):
            px = (i - (n - 1) / 2) * w * .49
            pw = min(.72, w * .46)
            bed_pillow(b, look["sheet"], px, y + .42, ztop - .005, pw, .46, .085, rng.uniform(50, 62), rng.uniform(-4, 4))
            bed_pillow(b, look["pillow"], px + rng.uniform(-.03, .03), y + .48, ztop + .012, pw * .96, .44, .085, rng.uniform(27, 36), rng.uniform(-5, 5))
        k = rng.choice([0, 1, 2, 3]) if n == 2 else rng.choice([0, 1])
        for i in range(k):
            big = rng.uniform(.36, .46)
            bed_pillow(b, look["scatter"], (i - (k - 1) / 2) * .42 + rng.uniform(-.04, .04), y + .64, ztop + .06, big * (1.35 if k == 1 else 1), big, .07, rng.uniform(24, 34), rng.uniform(-9, 9))
    return w / 2 + .1, y1 + .1


def chest(b, cls, st, spec, x0, x1, z0, z1, depth, cols, rows, legs="metal:black"):
    """Night stand, dresser: a body on legs or a plinth, drawers, an overhanging top."""
    with b.item(cls):
        carcass(b, spec, x0, x1, z0, z1 - .022, depth - .021)
        with b.frame(0, -.021):
            for a, c in split(x0 + .004, x1 - .004, (x1 - x0) / cols):
                drawers(b, st, spec, a, c, z0 + .004, z1 - .026, depth, rows)
        b.box(mat(spec, grain="x"), x0 - .008, 0, z1 - .022, x1 + .008, depth + .012, z1, .003)
        if z0 > .09:
            for s in (x0 + .045, x1 - .045):
                for q in (.05, depth - .07):
                    b.lathe(mat(legs, grain="z"), [(.011, 0), (.018, z0)], (s, q, 0), 16)
        else:
            b.box(mat(spec, grain="x"), x0 + .01, 0, 0, x1 - .01, depth - .05, z0, 0)


def table_lamp(b, x, y, z, kind, spec, on, power, size=1.0):
    s = size
    with b.item("table lamp"), b.frame(x, y, z):
        m = mat(spec, grain="z")
        if kind == "gourd":
            p, zz = [(.06, 0), (.085, .03), (.095, .08), (.075, .15), (.035, .21), (.018, .24)], .24
        elif kind == "column":
            p, zz = [(.06, 0), (.062, .01), (.055, .02), (.05, .2), (.02, .215)], .215
        elif kind == "stem":
            p, zz = [(.075, 0), (.075, .012), (.012, .02), (.01, .26)], .26
        else:
            p, zz = [(.01, 0), (.08, .02), (.1, .08), (.09, .14), (.03, .18)], .18
        b.lathe(m, [(r * s, q * s) for r, q in p], n=36, smooth=50)
        b.tube(mat("metal:black"), [(0, 0, zz * s - .005), (0, 0, (zz + .1) * s)], .006)
        if kind == "globe":
            pr = [(.1 * s * math.sin(t), (zz + .11 - .1 * math.cos(t)) * s) for t in np.linspace(.15, math.pi - .02, 22)]
            b.lathe(mat("glow:shade" if on else "gloss:white"), pr, n=40, smooth=80)
        else:
            r0, r1, hh = (.15, .1, .2) if kind != "stem" else (.13, .12, .17)
            b.lathe(mat("glow:shade" if on else "curtain:cream"), [(r0 * s, (zz + .04) * s), (r1 * s, (zz + .04 + hh) * s)], n=48, smooth=80, caps=False)
    if on:
        b.light("POINT", (x, y, z + (zz + .13) * s), power, (1, .74, .48), shadow_soft_size=.07)


def wardrobe(b, st, spec, x0, x1, h, depth, mirrored=()):
    n = max(2, min(4, round((x1 - x0) / .52)))
    w = (x1 - x0) / n
    with b.item("wardrobe"):
        b.box(mat(spec, grain="x"), x0 + .01, 0, 0, x1 - .01, depth - .05, .07, 0)
        carcass(b, spec, x0, x1, .07, h, depth - .001)
        for i in range(n):
            a = x0 + i * w
            front(b, st, spec, a, .075, a + w, h - .005, depth)
            side = 1 if i % 2 == 0 else -1                  # the doors open in pairs
            hx = a + w - .04 if side > 0 else a + .04
            pull(b, st["handle"] if st["handle"] != "none" else "edge", st["metal"], hx, 1.05, depth + .021, .3 if st["handle"] == "bar" else .14, True)
    for i in mirrored:
        if i < n:
            a = x0 + i * w
            with b.item("mirror"):
                b.box(mat("mirror:clear"), a + .075, depth + .012, .16, a + w - .075, depth + .024, h - .09, .001)


def wall_mirror(b, x, z, w, h, spec, kind):
    """kind: rect, round, arch; x, z is its middle."""
    with b.item("mirror"), b.frame(x, 0, z):
        fm = mat(spec, grain="z")
        if kind == "rect":
            t = .022
            b.box(mat("mirror:clear"), -w / 2, .012, -h / 2, w / 2, .02, h / 2, 0)
            for q in ((-w / 2, -h / 2, -w / 2 + t, h / 2), (w / 2 - t, -h / 2, w / 2, h / 2), (-w / 2 + t, -h / 2, w / 2 - t, -h / 2 + t), (-w / 2 + t, h / 2 - t, w / 2 - t, h / 2)):
                b.box(fm, q[0], .004, q[1], q[2], .034, q[3], .002)
            return
        pts = []
        if kind == "round":
            pts = [(w / 2 * math.cos(t), w / 2 * math.sin(t)) for t in np.linspace(0, 2 * math.pi, 65)[:-1]]
        else:
            pts = [(w / 2 * math.cos(t), h / 2 - w / 2 + w / 2 * math.sin(t)) for t in np.linspace(0, math.pi, 33)]
            pts += [(-w / 2, -h / 2), (w / 2, -h / 2)]
        b.mesh([(p, .022, q) for p, q in pts], [tuple(range(len(pts)))[::-1]], mat("mirror:clear"))
        b.mesh([(p, yy, q) for yy in (.002, .0215) for p, q in pts],
               [(i, (i + 1) % len(pts), len(pts) + (i + 1) % len(pts), len(pts) + i) for i in range(len(pts))], fm, smooth=50)
        b.tube(fm, [(p, .02, q) for p, q in [*pts, pts[0], pts[1]]], .011)


def blinds(b, x0, x1, z0, z1, kind, spec, drop):
    """In front of a window; drop is the share of the opening that is covered."""
    zb = z1 - (z1 - z0) * drop
    with b.item("blinds"):
        if kind == "roller":
            b.box(mat("paint:white"), x0 - .03, .004, z1 - .01, x1 + .03, .085, z1 + .075, .008)
            b.mesh([(x0, .04, zb), (x1, .04, zb), (x1, .04, z1), (x0, .04, z1)], [(3, 2, 1, 0)], mat(spec))
            b.box(mat("paint:white"), x0, .032, zb - .025, x1, .048, zb, .003)
            return
        m = mat(spec, grain="x")
        b.box(m, x0 - .01, .01, z1 - .01, x1 + .01, .08, z1 + .05, .003)
        pitch = .046
        for i in range(int((z1 - .02 - zb) / pitch)):
            with b.frame(0, .045, z1 - .03 - i * pitch, 0, 32):
                b.box(m, x0, -.024, -.0012, x1, .024, .0012, 0)
        b.box(m, x0, .03, zb - .03, x1, .06, zb - .01, .003)
        for x in (x0 + .15, x1 - .15):
            b.box(mat("fabric:white"), x - .004, .069, zb - .02, x + .004, .0705, z1, 0)


def dress_window(b, w, H, how, sp, reach):
    """Curtains, blinds or both at a window of the current wall; reach: how far a curtain may stand beside it."""
    rng = b.rng
    x0, x1, z0, z1 = w["x0"], w["x1"], w["z0"], w["z1"]
    if "blinds" in how:
        kind = rng.choice(["venetian", "roller"])
        blinds(b, x0 - .02, x1 + .02, z0, z1, kind, sp["blinds"] if kind == "venetian" else "curtain:" + rng.choice(["white", "cream", "lightgrey"]), rng.uniform(.3, 1.0) if kind == "venetian" else rng.uniform(.25, .7))
    if "curtain" in how:
        cw = min(reach / .75, rng.uniform(.3, .5))
        zc = H - .06 if rng.random() < .5 else min(H - .06, z1 + .16)
        for s0, s1 in ((x0 - cw * .75, x0 + cw * .25), (x1 - cw * .25, x1 + cw * .75)):
            curtain(b, s0, s1, .015, zc, .13, sp["curtain"])
        if rng.random() < .35 and "blinds" not in how:
            curtain(b, x0 - .02, x1 + .02, .015, zc, .06, "curtain:white", sheer=True)
        with b.item("curtain"):
            b.tube(mat("metal:" + rng.choice(["black", "brass"])), [(x0 - cw * .75 - .05, .13, zc + .015), (x1 + cw * .75 + .05, .13, zc + .015)], .011)


def ceiling_lamp(b, x, y, H, spec, power):
    with b.item("ceiling light"):
        b.lathe(mat(spec), [(.2, H - .03), (.205, H - .001), (0, H - .0005)], (x, y, 0), 48)
        b.lathe(mat("glow:shade"), [(.0, H - .1), (.1, H - .088), (.16, H - .062), (.19, H - .03)], (x, y, 0), 48, smooth=80)
    b.light("POINT", (x, y, H - .16), power, (1, .84, .66), shadow_soft_size=.12)


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


# --------------------------------------------------------------------------- bathroom
def rings(b, material, loops, cls=None, n=64, first=True, last=True, smooth=50):
    """Skin over superellipses (cx, cy, half x, half y, z, power), from the outside up and over into the inside."""
    v, f = [], []
    for cx, cy, hx, hy, z, p in loops:
        for i in range(n):
            t = 2 * math.pi * (i + .5) / n
            c, s = math.cos(t), math.sin(t)
            v.append((cx + hx * math.copysign(abs(c) ** (2 / p), c), cy + hy * math.copysign(abs(s) ** (2 / p), s), z))
    for k in range(len(loops) - 1):
        for i in range(n):
            j = (i + 1) % n
            f.append((k * n + i, k * n + j, (k + 1) * n + j, (k + 1) * n + i))
    if first:
        f.append(tuple(range(n))[::-1])
    if last:
        f.append(tuple(range((len(loops) - 1) * n, len(loops) * n)))
    return b.mesh(v, f, material, cls=cls, smooth=smooth)


def basin_tap(b, x, y, z, metal, tall):
    """A short mixer for a basin, or the tall one beside a bowl; the spout looks into the room."""
    h = .24 if tall else .1
    with b.item("faucet"):
        m = mat("metal:" + metal)
        b.lathe(m, [(.026, 0), (.026, .006), (.021, .012), (.02, h), (.0, h + .004)], (x, y, z), 28)
        b.tube(m, [(x, y, z + h - .02), (x, y + .07, z + h - .012), (x, y + .12, z + h - .02), (x, y + .125, z + h - .04)], .0105)
        b.tube(m, [(x, y, z + h + .0), (x, y + .015, z + h + .03), (x, y + .06, z + h + .04)], .006)


def vanity(b, st, sp, x0, x1, look):
    """A washstand on the wall of the current frame; returns the height of its top and the middles of its basins."""
    d, top, tt = look["depth"], look["top"], look["thick"]
    z0 = look["z0"]
    with b.item("base cabinet"):
        m, t = mat(sp["vanity"], grain="z"), .018
        # boards and no solid block: the basins hang inside
        b.box(m, x0, .002, z0, x0 + t, d - .001, top - tt, .001)
        b.box(m, x1 - t, .002, z0, x1, d - .001, top - tt, .001)
        b.box(m, x0 + t, .002, z0, x1 - t, d - .001, z0 + t, .001)
        with b.frame(0, 0):
            for a, c in split(x0, x1, .8 if look["front"] == "drawers" else .9):
                if look["front"] == "drawers":
                    drawers(b, st, sp["vanity"], a, c, z0, top - tt - .004, d, 2)
                else:
                    doors(b, st, sp["vanity"], a, c, z0, top - tt - .004, d)
        if look["stand"] == "legs":
            for x in (x0 + .04, x1 - .04):
                for y in (.05, d - .04):
                    b.box(m, x - .02, y - .02, 0, x + .02, y + .02, z0, .003)
    if look["stand"] == "plinth":
        with b.item("toe kick"):
            b.box(mat("paint:black"), x0 + .01, 0, 0, x1 - .01, d - .06, z0, 0)
    w = x1 - x0
    mids = [x0 + w * .5] if not look["double"] else [x0 + w * .25, x0 + w * .75]
    hx, hy = min(.27, w / len(mids) / 2 - .07), .16
    holes = [] if look["bowl"] else [(m - hx, d * .56 - hy, m + hx, d * .56 + hy) for m in mids]
    o = x0 - .006
    with b.item("countertop"), b.frame(o, 0, top):
        b.slab(mat(sp["top"], grain="x"), w + .012, d + .03, tt, [(h[0] - o, h[1], h[2] - o, h[3]) for h in holes], bevel=.002)
    for m in mids:
        cy = d * .56
        white = mat("gloss:white" if look["bowl"] != "stone" else sp["top"])
        with b.item("sink"):
            if look["bowl"]:
                p = look["power"]
                rx, ry, hh = min(.25, hx + .02) if p > 2.2 else min(.2, hx), .17 if p > 2.2 else .18, .12
                b_ = [(m, cy, rx * .78, ry * .78, top + .0005, p), (m, cy, rx * .95, ry * .95, top + hh * .6, p), (m, cy, rx, ry, top + hh, p),
                      (m, cy, rx - .011, ry - .011, top + hh, p), (m, cy, rx * .93 - .011, ry * .93 - .011, top + hh * .55, p), (m, cy, rx * .7, ry * .68, top + .03, p), (m, cy, .03, .03, top + .022, 2)]
                rings(b, white, b_)
            else:
                z = top - .001
                rings(b, white, [(m, cy, hx + .006, hy + .006, z - tt, 9), (m, cy, hx - .001, hy - .001, z, 9), (m, cy, hx - .012, hy - .012, z - .03, 7), (m, cy, hx - .03, hy - .025, z - .105, 6), (m, cy, hx * .6, hy * .6, z - .122, 4), (m, cy, .03, .03, z - .126, 2)], first=False)
            b.lathe(mat("metal:" + sp["tap"]), [(.024, .0), (.022, .004), (0, .005)], (m, cy, (top + .022) if look["bowl"] else top - .127), 24)
        basin_tap(b, m, .065, top, sp["tap"], bool(look["bowl"]))
    return mids


def toilet(b, x, kind, lid_up, metal, wall_y=0.0):
    """kind: close (with a cistern), hung (with a flush plate on the wall)."""
    m = mat("gloss:white")
    with b.item("toilet"), b.frame(x, wall_y, 0):
        if kind == "close":
            by = .43                                        # the middle of the bowl
            b.box(m, -.19, .004, .40, .19, .185, .77, .022, seg=4)
            b.box(m, -.2, .002, .77, .2, .195, .80, .01, seg=3)
            b.lathe(mat("metal:chrome"), [(.022, .8), (.022, .806), (0, .807)], (0, .1, 0), 24)
            b.box(m, -.13, .02, .2, .13, .3, .405, .03, seg=3)
            low = [(0, .34, .115, .25, 0, 2.6), (0, .345, .11, .24, .05, 2.6), (0, .37, .12, .25, .2, 2.4), (0, by - .01, .165, .25, .33, 2.3)]
        else:
            by = .34
            low = [(0, .16, .1, .155, .12, 3), (0, .2, .13, .2, .17, 2.8), (0, .27, .165, .265, .26, 2.5), (0, .3, .178, .285, .34, 2.4)]
            b.box(mat("metal:" + metal) if metal != "white" else m, -.12, 0, .95, .12, .012, 1.1, .004)
            for s in (-.05, .05):
                b.box(mat("metal:chrome"), s - .035, .012, .985, s + .035, .016, 1.065, .002)
        ry = .245 if kind == "close" else .255
        rim = [(0, by, .185, ry, .385, 2.3), (0, by, .185, ry, .40, 2.3)]
        inside = [(0, by, .145, ry - .045, .40, 2.2), (0, by, .12, ry - .08, .33, 2.1), (0, by - .02, .06, .09, .2, 2), (0, by - .02, .01, .02, .19, 2)]
        rings(b, m, low + rim + inside)
        if lid_up:
            rings(b, m, [(0, by, .188, ry + .003, .402, 2.3), (0, by, .188, ry + .003, .418, 2.3), (0, by, .125, ry - .07, .418, 2.2), (0, by, .125, ry - .07, .402, 2.2)], first=False, last=False)
            with b.frame(0, by - ry + .03, .42, 0, 97):
                rings(b, m, [(0, ry, .186, ry, 0, 2.3), (0, ry, .188, ry + .002, .01, 2.3), (0, ry, .17, ry - .02, .02, 2.3)])
        else:
            rings(b, m, [(0, by, .188, ry + .003, .402, 2.4), (0, by, .19, ry + .005, .412, 2.4), (0, by, .19, ry + .005, .428, 2.4), (0, by, .183, ry - .003, .44, 2.4), (0, by, .12, ry - .07, .443, 2.3)])


def tub_inside(cx, cy, hx, hy, z, deep, p=4.0):
    return [(cx, cy, hx, hy, z, p), (cx, cy, hx - .015, hy - .015, z - .02, p), (cx, cy, hx - .06, hy - .05, z - deep * .6, p), (cx, cy, hx - .12, hy - .08, z - deep * .93, p), (cx, cy, hx - .2, hy - .13, z - deep, p - .6)]


def bathtub_built(b, x0, x1, y0, y1, h, panel, tile):
    """Built in: a rim all round, a panel to the room (at y1)."""
    m = mat("gloss:white")
    cx, cy, hx, hy = (x0 + x1) / 2, (y0 + y1) / 2, (x1 - x0) / 2, (y1 - y0) / 2
    with b.item("bathtub"):
        rings(b, m, [(cx, cy, hx, hy, h - .035, 40), (cx, cy, hx, hy, h - .006, 40), (cx, cy, hx - .006, hy - .006, h, 40)] + tub_inside(cx, cy, hx - .07, hy - .07, h, .4), n=160, first=False)
        b.box(mat(panel, plane="xz", tw=tile[0], th=tile[1], grain="x", **({"look": "matt"} if tile[0] > .25 else {})), x0 + .002, y1 - .03, 0, x1 - .002, y1 - .012, h - .03, .001)
        for x in (x0 + .002, x1 - .02):                     # its ends, where they are not at a wall
            b.box(mat(panel, plane="yz", tw=tile[0], th=tile[1], grain="y"), x, y0 + .01, 0, x + .018, y1 - .03, h - .03, .001)
        b.lathe(mat("metal:chrome"), [(.03, 0), (.028, .004), (0, .005)], (cx + hx * .4, cy, h - .399), 24)


def bathtub_free(b, cx, cy, L, w, style, spec):
    h = .57
    hx, hy = L / 2, w / 2
    with b.item("bathtub"):
        m = mat(spec)
        p = 2.5 if style == "oval" else 6.0
        out = [(cx, cy, hx - .12, hy - .09, .0, p), (cx, cy, hx - .08, hy - .06, .06, p), (cx, cy, hx - .04, hy - .03, .3, p), (cx, cy, hx, hy, h, p), (cx, cy, hx - .012, hy - .012, h + .012, p)]
        rings(b, m, out, n=96, last=False)
        rings(b, mat("gloss:white"), [out[-1], *tub_inside(cx, cy, hx - .03, hy - .03, h, .42, p)], n=96, first=False)


def tub_mixer(b, x, y, z, metal, towards=1):
    """On the wall over a bath: body, spout and hand shower."""
    with b.item("faucet"):
        m = mat("metal:" + metal)
        b.tube(m, [(x - .11, y + .05, z), (x + .11, y + .05, z)], .021)
        for s in (-1, 1):
            b.tube(m, [(x + s * .075, y, z), (x + s * .075, y + .05, z)], .017)
            b.tube(m, [(x + s * .11, y + .05, z), (x + s * .15, y + .05, z)], .017)
        b.tube(m, [(x, y + .05, z), (x, y + .17, z - .01), (x, y + .175, z - .04)], .014)


def shower_set(b, x, z0, metal, rain, H):
    """Mixer, riser and head on the wall of the current frame."""
    with b.item("faucet"):
        m = mat("metal:" + metal)
        top = min(H - .15, z0 + 1.15)
        b.tube(m, [(x - .12, .05, z0), (x + .12, .05, z0)], .021)
        for s in (-1, 1):
            b.tube(m, [(x + s * .075, 0, z0), (x + s * .075, .05, z0)], .016)
            b.tube(m, [(x + s * .12, .05, z0), (x + s * .155, .05, z0)], .018)
        if rain:
            b.tube(m, [(x, .05, z0), (x, .05, top), (x, .07, top + .03), (x, .36, top + .03), (x, .38, top + .0)], .011)
            b.lathe(m, [(.015, .02), (.11, .012), (.12, .006), (.118, 0), (0, .0)], (x, .38, top - .025), 40)
        else:
            b.tube(m, [(x, .045, z0 + .1), (x, .045, top)], .011)
            for z in (z0 + .14, top - .04):
                b.tube(m, [(x, 0, z), (x, .045, z)], .012)
            with b.frame(x, .1, top - .12, 0, -60):
                b.lathe(m, [(.012, -.02), (.05, .0), (.052, .012), (0, .014)], n=28)
            b.tube(m, [(x, .045, top - .1), (x, .1, top - .12)], .012)
            b.tube(m, [(x + .02, .05, z0 - .02), (x + .1, .09, z0 - .35), (x + .12, .1, z0 + .1), (x + .02, .1, top - .2)], .007, smooth=True)


def glass_screen(b, x0, x1, z0, z1, metal, handle=None):
    """A pane along x of the current frame, in slim profiles; handle: the x of a bar for a door."""
    with b.item("shower screen"):
        b.mesh([(x0, 0, z0), (x1, 0, z0), (x1, 0, z1), (x0, 0, z1)], [(0, 1, 2, 3)], mat("glass:screen"))
        m = mat("metal:" + metal)
        t = .009
        for q in ((x0 - t, z0, x0 + t, z1), (x1 - t, z0, x1 + t, z1), (x0, z1 - t, x1, z1 + t), (x0, z0 - .003, x1, z0 + t)):
            b.box(m, q[0], -.011, q[1], q[2], .011, q[3], .001)
    if handle is not None:
        with b.item("shower screen"):
            b.tube(m, [(handle, .045, z0 + .85), (handle, .045, z0 + 1.15)], .009, "handle")
            for z in (z0 + .88, z0 + 1.12):
                b.tube(m, [(handle, 0, z), (handle, .045, z)], .007, "handle")


def towel(b, x, y, z, w, front, back, spec):
    """A towel over a rod along x at height z: one sheet, with a little play in it."""
    rng = b.rng
    with b.item("towel"):
        r, ph = .017, rng.uniform(0, 6)
        prof = [(-r - .004, -back * k) for k in np.linspace(1, .05, 9)]
        prof += [(-r * math.cos(t), r * math.sin(t)) for t in np.linspace(0, math.pi, 9)]
        prof += [(r + .004 + .01 * k, -front * k) for k in np.linspace(.05, 1, 12)]
        nx, v, f = 28, [], []
        for t in (0.0, .008):                               # two skins make its thickness
            for yy, zz in prof:
                k = max(0.0, min(1.0, -zz / .3))
                for i in range(nx + 1):
                    u = i / nx
                    s = 1 if yy > 0 else -1
                    v.append((x + (u - .5) * w * (1 - .03 * k), y + yy + s * t + (.007 * k * math.sin(9 * u + ph) if yy > 0 else 0), z + zz + (t if zz > 0 else 0)))
        m, rows = nx + 1, len(prof)
        for o in (0, rows * m):
            for j in range(rows - 1):
                for i in range(nx):
                    q = o + j * m + i
                    f.append((q, q + 1, q + m + 1, q + m))
        for i, step in ((0, m), (nx, m)):
            for j in range(rows - 1):
                q = j * step + i
                f.append((q, q + m, q + m + rows * m, q + rows * m))
        for o in (0, (rows - 1) * m):
            for i in range(nx):
                f.append((o + i, o + i + 1, o + i + 1 + rows * m, o + i + rows * m))
        b.mesh(v, f, mat(spec), smooth=70)


def towel_rod(b, x, z, L, metal, spec, n=1):
    rng = b.rng
    with b.item("towel rod"):
        m = mat("metal:" + metal)
        b.tube(m, [(x - L / 2, .075, z), (x + L / 2, .075, z)], .0085)
        for s in (-1, 1):
            b.tube(m, [(x + s * (L / 2 - .02), 0, z), (x + s * (L / 2 - .02), .075, z)], .0085)
            with b.frame(x + s * (L / 2 - .02), 0, z, 0, -90):
                b.lathe(m, [(.024, 0), (.024, .008), (0, .009)], n=24)
    for i in range(n):
        w = (L - .1) / n - .02
        towel(b, x + (i - (n - 1) / 2) * (w + .02), .075, z, w * rng.uniform(.85, 1.0), rng.uniform(.35, .6), rng.uniform(.25, .4), spec)


def towel_stack(b, x, y, z, spec, n=3):
    with b.item("towel"):
        for k in range(n):
            b.soft(mat(spec), x - .14, y - .1, z + k * .055, x + .14, y + .1, z + (k + 1) * .055 + .003, .024, .004)


def paper_holder(b, x, z, metal):
    with b.item("decor"):
        b.tube(mat("metal:" + metal), [(x - .075, 0, z), (x - .075, .07, z), (x + .07, .07, z)], .007)
        n, v, f = 28, [], []
        for xx, r in ((x - .05, .018), (x - .05, .052), (x + .05, .052), (x + .05, .018)):
            v += [(xx, .07 + r * math.cos(2 * math.pi * i / n), z + r * math.sin(2 * math.pi * i / n)) for i in range(n)]
        for k in range(3):
            f += [(k * n + i, k * n + (i + 1) % n, (k + 1) * n + (i + 1) % n, (k + 1) * n + i) for i in range(n)]
        b.mesh(v, f, mat("fabric:white"), smooth=50)


def tiled(b, spec, L, z1, holes, tile, cls="wall", x0=0.0, y=.009):
    """A skin of tiles over a wall of the current frame, from x0 over the length L up to z1."""
    with b.item(cls), b.frame(x0, y, 0):
        hs = [(h["x0"] - x0, h["z0"], h["x1"] - x0, min(h["z1"], z1)) for h in holes if h["z0"] < z1 - .01 and h["x1"] > x0 and h["x0"] < x0 + L]
        b.slab(mat(spec, plane="xz", grain="x", **tile), L, z1, y, hs, axis="y")


def bathroom_look(rng):
    wood = "wood:" + pick(rng, ("oak", 4), ("walnut", 3), ("ash", 1.5), ("teak", 1.5), ("smoked", 1))
    colour = rng.choice(["sage", "green", "navy", "blue", "charcoal", "terracotta", "blush", "olive", "taupe", "black"])
    plain = "plaster:" + pick(rng, ("white", 5), ("warmwhite", 3), ("cream", 1), ("lightgrey", 1.5), ("greige", 1.2), ("sage", 1), ("blue", 1), ("blush", .7), ("charcoal", .5), ("green", .5), ("navy", .4), ("terracotta", .4))
    big = dict(tw=.6, th=rng.choice([.3, .6, 1.2]), offset=rng.choice([0, 0, .5]), look="matt", rough=rng.choice([.15, .3, .45]))
    small = pick(rng, (dict(tw=.2, th=.1), 2), (dict(tw=.15, th=.075), 2), (dict(tw=.1, th=.1, offset=0.0), 1.5), (dict(tw=.15, th=.15, offset=0.0), 1.5), (dict(tw=.065, th=.2, offset=0.0), 1.5), (dict(tw=.3, th=.1), 1), (dict(tw=.05, th=.05, offset=0.0), .7))
    marble = dict(tw=.6, th=1.2, offset=0.0, look="marble", rough=.12)
    tspec, tile = pick(rng, (("tile:" + pick(rng, ("white", 4), ("lightgrey", 2), ("cream", 1.5), ("sand", 1.5), ("greige", 1.5), ("grey", 1), ("charcoal", .8)), big), 4),
                       (("tile:" + pick(rng, ("white", 5), ("cream", 1), (colour, 4)), small), 5), (("tile:" + rng.choice(["white", "white", "gold", "grey", "beige", "green"]), marble), 2))
    if tile is marble:
        # the marble look takes its kinds from MARBLE; "gold" and "beige" are no paints, so the grout says white
        tile = marble | {"grout": "lightgrey"}
    elif tile is small:
        tile = small | {"grout": rng.choice(["white", "lightgrey", "grey"])}
    floor, ftile, flook = pick(rng, (("tile:" + rng.choice(["lightgrey", "grey", "sand", "charcoal", "greige", "taupe", "white"]), rng.choice([.3, .45, .6]), "matt"), 6),
                               (("tile:" + rng.choice(["white", "grey", "beige", "black"]), .6, "marble"), 1.5), (("tile:" + rng.choice(["white", "charcoal", "sage", "blue"]), rng.choice([.1, .15]), "matt"), 1.5))
    metal = pick(rng, ("chrome", 5), ("black", 3), ("brass", 2.5), ("steel", 1), ("bronze", .5))
    sp = dict(wall=plain, accent=plain, tile=tspec, floor=floor, ftile=ftile, flook=flook, frough=rng.choice([.15, .3, .5]), trim="paint:white", windowframe=pick(rng, ("paint:white", 4), ("metal:black", 1), (wood, .7)),
              cornice=False, skirting=False, plain=True, vanity=pick(rng, (wood, 5), ("paint:white", 3), ("paint:" + colour, 3), ("paint:greige", 1)), top=pick(rng, ("stone:white", 3), ("marble:white", 3), (wood, 1.5), ("marble:black", .7), ("stone:grey", 1), ("stone:black", .7), ("marble:gold", 1)),
              tap=metal, wood=wood, blinds=pick(rng, ("paint:white", 3), (wood, 2)), towel="fabric:" + rng.choice(["white", "white", "cream", "sage", "charcoal", "terracotta", "navy", "greige", "blue", "ochre", "blush"]),
              second=pick(rng, ("tile:" + colour, 2), (tspec, 3), ("tile:white", 1)))
    sp["second"], tile2 = (tspec, tile) if sp["second"] == tspec else (sp["second"], small | {"grout": "lightgrey"})
    door = pick(rng, ("shaker", 3), ("slab", 6), ("groove", 1.2))
    hm = dict(chrome="steel").get(metal, metal)
    st = dict(door=door, rail=.05, metal=hm, handle=pick(rng, ("bar", 3), ("knob", 2), ("edge", 2), ("none", 1.5 if door == "slab" else 0)))
    stand = pick(rng, ("hung", 5), ("plinth", 3), ("legs", 2))
    top = rng.uniform(.8, .88)
    look = dict(depth=rng.uniform(.44, .5), top=top, thick=rng.choice([.02, .03, .05]), stand=stand, z0=dict(hung=rng.uniform(.3, .42), plinth=.09, legs=rng.uniform(.14, .22))[stand], front=pick(rng, ("drawers", 3), ("doors", 2)),
                double=False, bowl=rng.random() < .45, power=rng.choice([2.0, 5.0]))
    return sp, st, look, tile, tile2


def make_bathroom(b, a):
    """The bath or the shower lies across the back (plan "across") or along the side (plan "along")."""
    rng = b.rng
    sp, st, look, tile, tile2 = bathroom_look(rng)
    H = rng.choice([2.35, 2.4, 2.5, 2.6])
    light = dict(LIGHTS[pick(rng, ("day", 3), ("soft", 4), ("golden", 1.5), ("evening", 2))])
    plan = pick(rng, ("across", 5), ("along", 5))
    wet = pick(rng, ("tub", 5), ("shower", 5), ("free", 2.5))
    A = rng.choice(["left", "right"])                       # the side of the washstand (across) or of the bath (along)
    B = "right" if A == "left" else "left"
    vw = rng.uniform(.6, 1.3)
    look["double"] = vw > 1.15 and rng.random() < .8
    zone = dict(tub=.75, shower=rng.uniform(.85, .95), free=.95)[wet]
    hung = rng.random() < .5
    if plan == "across":
        W = dict(tub=rng.uniform(1.9, 2.2), shower=rng.uniform(1.9, 2.5), free=rng.uniform(2.3, 3.0))[wet]
        facing = rng.random() < .5 and W > 2.0              # the toilet stands opposite the washstand
        D = zone + vw + (.1 if facing else .95) + rng.uniform(1.05, 1.35)
    else:
        vw = min(vw, 1.15)
        W = max(2.1, min(3.2, zone + vw + 1.05 + rng.uniform(.0, .25)))
        look["double"] = False
        D = dict(tub=1.75, shower=rng.uniform(1.0, 1.5), free=1.85)[wet] + rng.uniform(.85, 1.2)
        facing = False
    apply_override(sp, a.override)
    cover = pick(rng, ("all", 4), ("half", 3), ("wet", 3))  # which walls carry tiles
    # the windows: the room's own, and none at times
    wins = []
    has = rng.random() < .7
    if has:
        ww, wz0 = rng.uniform(.6, 1.0), rng.uniform(1.05, 1.25)
        if plan == "across" and wet != "shower":
            wins.append(dict(wall="back", x0=W / 2 - ww / 2, x1=W / 2 + ww / 2, z0=wz0, z1=min(H - .2, wz0 + rng.uniform(.7, 1.0)), bars=rng.choice([0, 0, 1]), pane=.6))
        else:
            side = B if plan == "across" else A
            at0 = (zone + .25 if plan == "across" else .4)
            x0 = at0 if side == "left" else D - at0 - ww
            wins.append(dict(wall=side, x0=x0, x1=x0 + ww, z0=wz0, z1=min(H - .2, wz0 + rng.uniform(.7, 1.0)), bars=rng.choice([0, 0, 1]), pane=.6))
    lit = wins[0]["wall"] if wins else B
    light["sundir"] = dict(left=(1, .3, -.7), right=(-1, .3, -.7), back=(rng.uniform(-.4, .4), -1, -.8))[lit]
    if not wins:
        light.update(sun=0.0, spots=14.0)
    sh = Shell(b, W, D, H, sp)
    sh.build(wins, [], light)
    length = dict(back=W, left=D, right=D, front=W)
    holes = {k: [w for w in wins if w["wall"] == k] for k in length}
    half = rng.choice([1.05, 1.2, 1.35])
    accent = rng.random() < .45 and sp["second"] != sp["tile"]
    skin = .009
    wetwalls = {"back", A} if plan == "along" else {"back"}
    for k in ("back", "left", "right", "front"):
        with sh.on(k):
            if accent and k == "back":
                tiled(b, sp["second"], W, H, holes[k], tile2, "accent wall")
            elif cover == "all" or (k in wetwalls and cover == "wet"):
                tiled(b, sp["tile"], length[k], H, holes[k], tile)
            elif cover == "half" and not (k in wetwalls and wet != "free"):
                tiled(b, sp["tile"], length[k], half, holes[k], tile)
                if not any(h["z0"] < half + .02 for h in holes[k]):
                    with b.item("wall"):
                        b.box(mat("paint:white"), 0, 0, half, length[k], .014, half + .014, .002)
            elif cover == "half":
                tiled(b, sp["tile"], length[k], H, holes[k], tile)
            else:
                with b.item("baseboard"):
                    b.box(mat(sp["tile"], plane="xz", **tile), 0, 0, 0, length[k], .012, .09, .001)
    # in the frame of a side wall: the place that lies d metres from the back wall
    def at(wall, d):
        return d if wall == "left" else D - d

    def span(wall, d0, d1):
        return tuple(sorted((at(wall, d0), at(wall, d1))))
    metal = sp["tap"]
    frame_metal = rng.choice(["chrome", "black"]) if metal not in ("black", "brass") else metal
    hx = skin + .001
    # ---- bath and shower
    if wet == "tub":
        L = W - .002 if plan == "across" and W < 2.05 else 1.7
        panel = pick(rng, ("gloss:white", 3), (sp["tile"], 4), (sp["wood"], 1))
        ptile = (tile.get("tw", .2), tile.get("th", .1))
        if panel == sp["tile"] and tile.get("look") == "marble":
            panel = "marble:white"
        tub_h = rng.uniform(.54, .6)
        wall = "back" if plan == "across" else A
        with sh.on(wall):
            if plan == "across":
                x0 = .001 if A == "left" or L > W - .1 else W - L - .001
            else:
                x0 = span(A, hx, L + hx)[0]
            bathtub_built(b, x0, x0 + L, hx, zone, tub_h, panel, ptile)
            if L < W - .1 and plan == "across":             # a shelf closes the gap beside it
                g0, g1 = (x0 + L, W) if A == "left" else (0, x0)
                with b.item("wall"):
                    b.box(mat(sp["tile"] if tile.get("look") != "marble" else "marble:white", plane="xz", **{k: v for k, v in tile.items() if k != "look"}), g0, 0, 0, g1, zone, tub_h, .002)
            head = x0 + .22 if rng.random() < .5 else x0 + L - .22
        # taps at one end: on the side wall for a bath across, on the back wall for one along
        end_wall = rng.choice([A, B]) if plan == "across" and L > W - .1 else (A if plan == "across" else "back")
        with sh.on(end_wall):
            e = at(end_wall, zone * .5) if plan == "across" else (W - zone * .5 if A == "left" else zone * .5)
            with b.frame(0, hx):
                if rng.random() < .65:
                    shower_set(b, e, tub_h + .35, metal, rng.random() < .4, H)
                else:
                    tub_mixer(b, e, 0, tub_h + .16, metal)
        closing = pick(rng, ("glass", 4), ("curtain", 4), ("none", 2))
        with sh.on(wall):
            if closing == "glass":
                towards = x0 < .3 if plan == "across" else A == "left"
                g0, g1 = (x0 + .02, x0 + .85) if towards else (x0 + L - .85, x0 + L - .02)
                if plan == "across" and end_wall == "left" or plan == "along" and A == "right":
                    g0, g1 = x0 + L - .85, x0 + L - .02     # at the end with the taps
                elif plan == "across":
                    g0, g1 = x0 + .02, x0 + .85
                with b.frame(0, zone - .035):
                    glass_screen(b, g0, g1, tub_h + .004, tub_h + 1.42, frame_metal)
            elif closing == "curtain":
                zc, yc = min(H - .1, 2.08), zone - .02
                with b.item("curtain"):
                    b.tube(mat("metal:" + frame_metal), [(x0 if plan == "along" else 0, yc, zc + .015), (x0 + L if plan == "along" else W, yc, zc + .015)], .012)
                c0 = rng.choice([0, 1])
                cl = rng.uniform(.4, .95)
                s0 = x0 + .03 if c0 == 0 else x0 + L - cl - .03
                curtain(b, s0, s0 + cl, .2, zc, yc + .04, "curtain:" + rng.choice(["white", "white", "cream", "sage", "blue", "lightgrey", "terracotta", "greige"]), folds=max(4, round(cl / .1)))
    elif wet == "free":
        style = rng.choice(["oval", "oval", "block"])
        spec = pick(rng, ("gloss:white", 5), ("gloss:black", .7), ("gloss:sage", .7), ("gloss:navy", .5))
        with sh.on("back" if plan == "across" else A):
            L = 1.65
            m = W / 2 if plan == "across" else at(A, L / 2 + .12)
            bathtub_free(b, m, .12 + .36, L, .74, style, spec)
            with b.item("faucet"), b.frame(m + rng.choice([-1, 1]) * .35, .075, 0):
                fm = mat("metal:" + metal)
                b.lathe(fm, [(.03, 0), (.03, .01), (.014, .02), (.013, .9)], (0, 0, 0), 24)
                b.tube(fm, [(0, 0, .9), (0, .06, .95), (0, .17, .95), (0, .19, .9)], .013)
                b.tube(fm, [(-.06, 0, .85), (.06, 0, .85)], .014)
    else:
        # a shower in the corner (across: of the back wall's whole width or a part), a pane to the room
        sw = W if plan == "across" and W < 2.1 else rng.uniform(.95, 1.3)
        if plan == "along":
            sw = min(1.5, D - 1.3)
        white = rng.random() < .6
        # x of the shower within the frame of the back wall, and how deep it is
        swx, swd = (sw, zone) if plan == "across" else (zone, sw)
        x0, x1 = (W - swx, W) if A == "left" and plan == "along" or A == "right" and plan == "across" else (0.0, swx)
        if sw == W:
            x0, x1 = 0.0, W
        with sh.on("back"):
            with b.item("floor"):
                if white:
                    b.box(mat("gloss:white"), x0 + .001, .001, 0, x1 - .001, swd, .035, .006)
                else:
                    b.box(mat(sp["second"], plane="xy", tw=.1, th=.1, offset=0.0, rough=.4, look="matt"), x0 + .001, .001, 0, x1 - .001, swd, .006, .001)
            zf = .036 if white else .007
            zt = min(H - .12, 2.05)
            with b.frame(0, swd - .02):
                if sw == W:
                    g = rng.uniform(.55, .7) * W            # a pane over a part, the way in beside it
                    q0 = 0.012 if rng.random() < .5 else W - g
                    glass_screen(b, q0, q0 + g - .012, zf, zt, frame_metal)
                else:
                    glass_screen(b, x0 + .012, x1 - .012, zf, zt, frame_metal, handle=(x0 + x1) / 2 + .1 * rng.choice([-1, 1]))
            if sw != W:
                xs = x1 if x0 == 0.0 else x0
                with b.frame(xs, hx, 0, 90):
                    glass_screen(b, .0, swd - .03, zf, zt, frame_metal)
            shower_on = "back" if plan == "across" and sw != W else None
            if shower_on:
                with b.frame(0, hx):
                    shower_set(b, (x0 + x1) / 2, 1.05, metal, rng.random() < .6, H)
            else:
                w2 = rng.choice([A, B]) if sw == W else A
        if not shower_on:
            with sh.on(w2), b.frame(0, hx):
                shower_set(b, at(w2, swd * .5), 1.05, metal, rng.random() < .6, H)
    # ---- washstand, mirror, toilet
    mspec = pick(rng, ("metal:black", 2), ("metal:brass", 1.5), (sp["wood"], 1.5), ("metal:chrome", 2))
    mkind = pick(rng, ("rect", 5), ("round", 3), ("arch", 2))
    if plan == "across":
        wall = A
        # beside the washstand, between it and the bath, the toilet or a gap
        d0 = zone + (.12 if facing else .93) + (.05 if wet != "shower" else .02)
        v0, v1 = span(A, d0, d0 + vw)
        tw_, td = (B, zone + .5) if facing else (A, zone + .48)
        twall_at = at(tw_, td)
    else:
        wall = "back"
        # the back wall runs in its frame from the right corner: the bath is on its far or its near end
        if A == "left":
            v0 = .08 if rng.random() < .5 else .92
        else:
            v0 = zone + .15 + (.0 if rng.random() < .5 else .84)
        v1 = v0 + vw
        tw_ = "back"
        twall_at = (v1 + .45 if v0 < .5 else .46) if A == "left" else (v1 + .45 if v0 < zone + .3 else zone + .55)
        twall_at = min(twall_at, W - .3)
    plastered = not accent and cover == "wet" and wall != "back"
    with sh.on(wall), b.frame(0, skin + .001 if not plastered else .001):
        if plastered or cover == "half" and rng.random() < .5:
            with b.item("backsplash"), b.frame(v0 - .006, .009, look["top"]):
                b.slab(mat(sp["second"], plane="xz", grain="x", **tile2), v1 - v0 + .012, rng.choice([.1, .2, .3]), .009, axis="y")
        mids = vanity(b, st, sp, v0, v1, look)
        gap = .32 if look["bowl"] else .25
        mz0 = look["top"] + gap
        if mkind == "rect":
            n = len(mids) if rng.random() < .6 else 1
            mw = (v1 - v0) / n - (.1 if n > 1 else rng.choice([0, .05, .15]))
            mh = min(H - .1 - mz0, rng.uniform(.7, .95))
            for m in (mids if n > 1 else [(v0 + v1) / 2]):
                wall_mirror(b, m, mz0 + mh / 2, mw, mh, mspec, "rect")
        else:
            for m in mids:
                mw = min(.75, (v1 - v0) / len(mids) - .06)
                mh = mw if mkind == "round" else min(H - .12 - mz0, mw * 1.45)
                wall_mirror(b, m, mz0 + mh / 2, mw, mh, mspec, mkind)
        b.light("AREA", ((v0 + v1) / 2, .25, H - .08), 9.0 if wins and light["view"] != "dusk" else 17.0, (1, .86, .7), (v1 - v0, .1), aim=(0, .25, -1))
        # on the top
        with b.frame(0, 0, look["top"]):
            free = v0 + .02 if len(mids) == 2 or rng.random() < .5 else v1 - .22
            if len(mids) == 2:
                free = (v0 + v1) / 2 - .1
            c = rng.random()
            if v1 - v0 > .75:
                if c < .45:
                    bottles(b, free + .04, .12, .001)
                elif c < .7:
                    vase(b, free + .1, .13, .001, .7, rng.choice(["gloss:white", "paint:terracotta", "paint:sage"]))
                elif c < .85:
                    towel_stack(b, free + .11, .2, .001, sp["towel"], 2)
    lamps = pick(rng, ("none", 4), ("pendants", 2.5))
    if lamps == "pendants" and v1 - v0 > .7:
        place = dict(left=lambda u: (.26, D - u), right=lambda u: (W - .26, u), back=lambda u: (W - u, D - .26))[wall]
        # on a side wall only the far one: the near one would hang before the eye
        for u in dict(left=(v0 + .04,), right=(v1 - .04,), back=(v0 + .02, v1 - .02) if mkind != "rect" else (v0 + .08,))[wall]:
            x, y = place(u)
            pendant(b, x, y, H, H - 1.62, "globe", frame_metal if frame_metal != "chrome" else "steel", "warm", light["lamp"] * .5)
    with sh.on(tw_), b.frame(0, skin + .002 if not (plastered and tw_ == wall) else .002):
        kind = "hung" if hung else "close"
        toilet(b, twall_at, kind, rng.random() < .2, metal if metal in ("black", "brass") else rng.choice(["white", "chrome"]))
        s = 1 if rng.random() < .5 else -1
        if rng.random() < .7:
            paper_holder(b, twall_at + s * .36, .72, frame_metal)
        c = rng.random()
        over = not any(h["x0"] - .3 < twall_at < h["x1"] + .3 for h in holes[tw_])
        if over and c < .35:
            picture(b, twall_at, 1.6, .4, .5, rng.choice(["warm", "cool", "mono"]), rng.choice(["wood:oak", "metal:black"]))
        elif over and c < .65:
            with b.item("shelf"):
                b.box(mat(sp["wood"], grain="x"), twall_at - .28, 0, 1.32, twall_at + .28, .16, 1.345, .003)
            if rng.random() < .5:
                bottles(b, twall_at - .2, .08, 1.346)
            else:
                plant(b, twall_at + .12, .085, 1.346, .2, "broad", "gloss:white")
                towel_stack(b, twall_at - .12, .1, 1.346, sp["towel"], 2) if rng.random() < .6 else None
    # ---- towels on the free wall
    rods = []
    if plan == "across":
        d = zone + (1.2 if facing else 1.0)        # past the plant that may stand beside the bath
        rods.append((B, at(B, d), rng.choice([1.2, 1.3, 1.4])))
    else:
        rods.append((B, at(B, .55 if D < 2.4 else rng.uniform(.95, 1.2)), rng.choice([1.15, 1.3])))
    for w, x, z in rods:
        clash = any(h["x0"] - .4 < x < h["x1"] + .4 and h["z0"] < z + .1 for h in holes[w])
        with sh.on(w), b.frame(0, skin + .001):
            if clash:
                z = holes[w][0]["z0"] - .12
            towel_rod(b, x, z, rng.choice([.5, .6, .7]), frame_metal, sp["towel"], rng.choice([1, 1, 2]))
    # ---- blinds, mat, plant, lamps
    for w in wins:
        with sh.on(w["wall"]), b.frame(0, skin + .002):
            if rng.random() < .6:
                kind = rng.choice(["venetian", "roller"])
                blinds(b, w["x0"] - .02, w["x1"] + .02, w["z0"], w["z1"], kind, sp["blinds"] if kind == "venetian" else "curtain:" + rng.choice(["white", "cream", "lightgrey"]), rng.uniform(.3, .9))
    if rng.random() < .75:
        mx, my, turn = (W / 2, D - zone - .38, 0) if plan == "across" else (W - (v0 + v1) / 2, D - look["depth"] - .42, 0)
        if plan == "across":
            # between the washstand and what stands opposite
            mx = W / 2 + (.12 if A == "left" else -.12)
        with b.item("rug"), b.frame(mx, my, .007, turn):
            b.box(mat("rug:" + rng.choice(["white", "cream", "lightgrey", "sage", "charcoal", "terracotta", "blue", "greige"]), style=rng.choice(["plain", "plain", "stripe"]), other="cream"), -.38, -.24, -.006, .38, .24, .011, .006, seg=3)
    if rng.random() < .45 and (plan == "along" and wet != "tub" or plan == "across" and W > 2.25):
        px = W - .24 if B == "right" else .24
        py = D - zone - .25 if plan == "across" and not facing and wet != "free" else None
        if py is not None:
            plant(b, px, py, 0, rng.uniform(.5, .7), rng.choice(["fan", "broad"]), rng.choice(["gloss:white", "paint:charcoal", "paint:terracotta"]))
    if rng.random() < .65 or not wins:
        sh.downlights([(x, y) for x in (W * .3, W * .7) for y in (D - .5, D - 1.6)], light["spots"] * .8)
    else:
        ceiling_lamp(b, W / 2, D * .55, H, "paint:white", light["lamp"] * .8)
    # the light of the passage through the door behind the camera
    fill = b.light("AREA", (W / 2, .05, H - .5), dict(day=14.0, dim=9.0, dusk=4.0)[light["view"]], (1, .95, .88), (W * .7, .7), aim=(0, 1, -.25))
    fill.visible_glossy = False
    with sh.on("front"):
        room_door(b, W * .5, H, "paint:white", "chrome")
    # the eye: at the door
    lens, eye = rng.uniform(15, 18.5), rng.uniform(1.3, 1.55)
    if plan == "across":
        t = rng.uniform(.15, .4)
        cx = W * (1 - t) if A == "left" else W * t          # away from the washstand
        aim = (W / 2 + (-.15 if A == "left" else .15) * rng.uniform(0, 1.6), D)
    else:
        cx = W * rng.uniform(.3, .7)
        aim = (W / 2, D)
    return sp, (cx, .12), aim, lens, eye, -.13


# --------------------------------------------------------------------------- camera, render, masks
def apply_override(sp, ov):
    groups = dict(cabinet=("cabinet", "upper", "tall"))
    for k, v in ov.items():
        for role in groups.get(k, (k,)):
            sp[role] = v


def parse_override(text):
    return dict(p.split("=", 1) for p in text.split(";") if p.strip()) if text else {}


def setup_camera(cam, look, lens, eye, size, shift):
    cd = bpy.data.cameras.new("cam")
    cd.lens, cd.sensor_width, cd.clip_start = lens, 36, .02
    ob = bpy.data.objects.new("cam", cd)
    bpy.context.scene.collection.objects.link(ob)
    d = Vector((look[0] - cam[0], look[1] - cam[1], 0)).normalized()
    ob.matrix_world = Matrix.Translation((cam[0], cam[1], eye)) @ d.to_track_quat("-Z", "Z").to_matrix().to_4x4()
    # level camera: track to the horizon, then slide the picture down a little (a shift lens)
    ob.rotation_euler = (math.pi / 2, 0, math.atan2(d.y, d.x) - math.pi / 2)
    ob.location = (cam[0], cam[1], eye)
    cd.shift_y = shift
    bpy.context.scene.camera = ob


def render(path, fmt, size, percent, samples, denoise, filt=1.5, raw=False):
    s = bpy.context.scene
    s.render.resolution_x, s.render.resolution_y, s.render.resolution_percentage = size[0], size[1], percent
    c = s.cycles
    c.samples, c.use_denoising, c.filter_width = samples, denoise, filt
    im = s.render.image_settings
    im.file_format = fmt
    if fmt == "OPEN_EXR":
        im.color_mode, im.color_depth, im.exr_codec = "RGB", "32", "ZIP"
    else:
        im.color_mode, im.quality = "RGB", 95
    s.render.filepath = path
    bpy.ops.render.render(write_still=True)


def read_exr(path):
    im = bpy.data.images.load(path)
    im.colorspace_settings.name = "Non-Color"
    a = np.empty(im.size[0] * im.size[1] * im.channels, np.float32)
    im.pixels.foreach_get(a)
    a = a.reshape(im.size[1], im.size[0], im.channels)[::-1, :, :3].copy()
    bpy.data.images.remove(im)
    return a


def setup_cycles(threads):
    s = bpy.context.scene
    s.render.engine = "CYCLES"
    s.render.threads_mode, s.render.threads = "FIXED", threads
    c = s.cycles
    c.device, c.use_adaptive_sampling, c.adaptive_threshold, c.adaptive_min_samples = "CPU", True, .04, 12
    c.denoiser, c.denoising_input_passes = "OPENIMAGEDENOISE", "RGB_ALBEDO_NORMAL"
    c.max_bounces, c.diffuse_bounces, c.glossy_bounces, c.transmission_bounces, c.transparent_max_bounces = 6, 4, 2, 2, 6
    c.caustics_reflective = c.caustics_refractive = False
    c.sample_clamp_indirect, c.blur_glossy = 6.0, .5
    c.use_light_tree = False                                # a dozen lights: picking by power is a third faster
    s.view_settings.view_transform, s.view_settings.look = "AgX", "AgX - High Contrast"
    s.view_layers[0].use_pass_object_index = True
    s.view_layers[0].pass_alpha_threshold = 0.0


def meter(tmp, size, key):
    """Look at a tiny render and choose the exposure: the log-mean goes to the key, highlights stay in range."""
    s = bpy.context.scene
    s.view_settings.exposure = 0
    render(tmp, "OPEN_EXR", (size[0] // 8, size[1] // 8), 100, 24, True)
    a = read_exr(tmp)
    lum = np.maximum(a @ np.array([.2126, .7152, .0722]), 1e-5)
    high = float(np.percentile(lum, 80))
    mean = math.exp(np.log(np.clip(lum, *np.percentile(lum, (3, 97)))).mean())
    s.view_settings.exposure = min(math.log2(key / mean), math.log2(.72 / high))
    return s.view_settings.exposure


def masks(tmp, size, over=3):
    """Object index at over x over sample points per pixel, majority vote: class + NCLS * instance."""
    s = bpy.context.scene
    s.use_nodes = True
    t = s.node_tree
    t.nodes.clear()
    rl, out = t.nodes.new("CompositorNodeRLayers"), t.nodes.new("CompositorNodeComposite")
    t.links.new(rl.outputs["IndexOB"], out.inputs[0])
    c = s.cycles
    flat = Nodes("flat")
    flat.put(flat.out.inputs[0], flat.n("Emission").outputs[0])
    s.view_layers[0].material_override = flat.mat
    keep = c.max_bounces, c.pixel_filter_type, c.use_adaptive_sampling, s.view_settings.view_transform
    c.max_bounces, c.pixel_filter_type, c.use_adaptive_sampling = 0, "BOX", False
    render(tmp, "OPEN_EXR", size, 100 * over, 1, False, .01)
    c.max_bounces, c.pixel_filter_type, c.use_adaptive_sampling, s.view_settings.view_transform = keep
    s.use_nodes, s.view_layers[0].material_override = False, None
    a = np.rint(read_exr(tmp)[..., 0]).astype(np.int32)
    h, w = size[1], size[0]
    a = a.reshape(h, over, w, over).transpose(0, 2, 1, 3).reshape(h * w, over * over)
    a.sort(axis=1)
    best, run, top = a[:, 0].copy(), np.ones(h * w, int), np.ones(h * w, int)
    for k in range(1, a.shape[1]):
        run = np.where(a[:, k] == a[:, k - 1], run + 1, 1)
        better = run > top
        best[better], top[better] = a[better, k], run[better]
    return best.reshape(h, w)


def passes(folder, size, samples=3):
    """Reflectance, camera-space normals, depth and class of what each pixel shows: the first hit, hence no light is needed."""
    s = bpy.context.scene
    lamps = [o for o in s.objects if o.type == "LIGHT"]
    for o in lamps:
        o.hide_render = True
    for m in bpy.data.materials:
        m.cycles.emission_sampling = "NONE"
    world, s.world = s.world, None
    layer, c = s.view_layers[0], s.cycles
    layer.use_pass_diffuse_color = layer.use_pass_glossy_color = layer.use_pass_normal = layer.use_pass_z = True
    s.use_nodes = True
    t = s.node_tree
    t.nodes.clear()
    rl, out = t.nodes.new("CompositorNodeRLayers"), t.nodes.new("CompositorNodeOutputFile")
    out.base_path, out.format.file_format, out.format.color_depth = folder, "OPEN_EXR", "32"
    out.file_slots.clear()
    for name in ("DiffCol", "GlossCol", "Normal", "Depth", "IndexOB"):
        out.file_slots.new(name)
        t.links.new(rl.outputs[name], out.inputs[name])
    keep = c.max_bounces, c.use_adaptive_sampling
    c.max_bounces, c.use_adaptive_sampling = 0, False
    render(os.path.join(folder, "all.exr"), "OPEN_EXR", size, 100, samples, False)
    c.max_bounces, c.use_adaptive_sampling = keep
    s.use_nodes = False
    s.world = world
    for o in lamps:
        o.hide_render = False
    for m in bpy.data.materials:
        m.cycles.emission_sampling = "AUTO"
    read = {n: read_exr(os.path.join(folder, "%s%04d.exr" % (n, s.frame_current))) for n in ("DiffCol", "GlossCol", "Normal", "Depth", "IndexOB")}
    diffuse, gloss = read["DiffCol"], read["GlossCol"]
    # The gloss of what is no metal reflects 4 % square-on and more aslant; a metal has no diffuse colour at all.
    metal = (gloss.max(-1) > .12) & (diffuse.max(-1) < .1 * gloss.max(-1))
    albedo = np.where(metal[..., None], gloss, diffuse)
    turn = np.array(s.camera.matrix_world.to_3x3())               # columns: the camera's right, up and back
    normal = read["Normal"] @ turn * np.array([1, -1, -1], np.float32)
    normal /= np.maximum(np.linalg.norm(normal, axis=-1, keepdims=True), 1e-6)
    return albedo, normal, read["Depth"][..., 0], (np.rint(read["IndexOB"][..., 0]).astype(np.int32) % NCLS).astype(np.uint8)


def write_passes(a, name, td, size):
    """The three 16-bit pictures of a room; returns the share of pixels of the class that a folder's picture of it has."""
    albedo, normal, depth, cls = passes(td, size)

    def put(what, x):
        x = np.rint(np.clip(x, 0, 65535)).astype(np.uint16)
        cv2.imwrite(os.path.join(a.out, name + what + ".png"), x[..., ::-1] if x.ndim == 3 else x)
    put("_albedo", albedo * 65535)
    put("_normal", normal * 32767 + 32768)
    put("_depth", depth * 1000)
    before = cv2.imread(os.path.join(a.again, name + ".png"), cv2.IMREAD_UNCHANGED) if a.again else None
    return None if before is None else float((before == cls).mean())


def make(a, kind, seed, name):
    t0 = time.time()
    rng = random.Random(seed)
    b = Builder(rng)
    s = bpy.context.scene
    setup_cycles(a.threads)
    s.cycles.seed = seed & 0x7fffffff
    hero = seed % 1000 if kind == "hero" else None
    if kind in ("kitchen", "hero"):
        sp, cam, look, lens, eye, *shift = make_kitchen(b, a, hero)
    else:
        sp, cam, look, lens, eye, *shift = dict(living=make_living, bedroom=make_bedroom, bathroom=make_bathroom)[kind](b, a)
    size = tuple(int(v) for v in a.size.split("x"))
    setup_camera(cam, look, lens, eye, size, *(shift or [-.06]))
    cd = s.camera.data
    camera = dict(at=[*cam, eye], look=look, lens_mm=lens, focal_px=max(size) * cd.lens / cd.sensor_width,
                  horizon_px=size[1] / 2 + max(size) * cd.shift_y)
    t1 = time.time()
    if a.passes_only:
        with tempfile.TemporaryDirectory() as td:
            agree = write_passes(a, name, td, size)
        with open(os.path.join(a.out, name + ".json"), "w") as f:
            json.dump(dict(name=name, kind=kind, seed=seed, size=size, override=a.override, camera=camera, agree=agree), f, indent=1)
        print(name, kind, "seconds build %.1f passes %.1f" % (t1 - t0, time.time() - t1), "agree", agree, flush=True)
        return
    with tempfile.TemporaryDirectory() as td:
        ex = meter(os.path.join(td, "m.exr"), size, a.key)
        if a.exposure is not None:
            s.view_settings.exposure = ex = a.exposure
        t2 = time.time()
        render(os.path.join(a.out, name + ".jpg"), "JPEG", size, 100, a.samples, True)
        t3 = time.time()
        idx = masks(os.path.join(td, "i.exr"), size)
        t4 = time.time()
        if a.passes:
            write_passes(a, name, td, size)
    t5 = time.time()
    cls, inst = (idx % NCLS).astype(np.uint8), (idx // NCLS).astype(np.uint16)
    cv2.imwrite(os.path.join(a.out, name + ".png"), cls)
    cv2.imwrite(os.path.join(a.out, name + "_inst.png"), inst)
    seen = {int(k): int(n) for k, n in zip(*np.unique(inst, return_counts=True))}
    items = [{"id": i["id"], "class": i["class"], "pixels": seen[i["id"]],
              "material": max(i["materials"], key=i["materials"].get) if i["materials"] else None} for i in b.items if i["id"] in seen]
    share = {CLASSES[int(k)][0]: round(float(n) / cls.size, 4) for k, n in zip(*np.unique(cls, return_counts=True))}
    meta = dict(name=name, kind=kind, seed=seed, size=size, samples=a.samples, exposure=round(ex, 3), materials={k: v for k, v in sp.items() if isinstance(v, str)},
                override=a.override, camera=camera, share=share, instances=items, objects=b.count,
                seconds=dict(build=round(t1 - t0, 1), meter=round(t2 - t1, 1), render=round(t3 - t2, 1), masks=round(t4 - t3, 1), passes=round(t5 - t4, 1)))
    with open(os.path.join(a.out, name + ".json"), "w") as f:
        json.dump(meta, f, indent=1)
    print(name, kind, "objects", b.count, "seconds", meta["seconds"], "exposure %.2f" % ex, flush=True)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--out", default="out")
    p.add_argument("--count", type=int, default=12, help="how many rooms")
    p.add_argument("--start", type=int, default=0, help="first number, so that a run can be continued")
    p.add_argument("--seed", type=int, default=1, help="room i is drawn from seed * 100000 + i; a hero also takes design i modulo 3")
    p.add_argument("--kind", default="mix", choices=["mix", "kitchen", "living", "hero", "bedroom", "bathroom"])
    p.add_argument("--size", default="768x512")
    p.add_argument("--samples", type=int, default=64)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--key", type=float, default=.36, help="brightness the exposure meter aims at")
    p.add_argument("--exposure", type=float, default=None, help="a fixed exposure (for before/after pairs)")
    p.add_argument("--override", default="", help='replace materials, e.g. "island=marble:white;cabinet=paint:white"')
    p.add_argument("--dishwasher", action="store_true", help="the first unit of the kitchen's back run is a dishwasher")
    p.add_argument("--suffix", default="")
    p.add_argument("--passes", action="store_true", help="also reflectance, normals and depth, exact")
    p.add_argument("--passes-only", action="store_true", help="no picture and no masks, just the passes")
    p.add_argument("--again", default="", help="a folder of rooms by this script: make these rooms instead of --count new ones")
    a = p.parse_args()
    a.out = os.path.abspath(a.out)
    a.override = parse_override(a.override)
    os.makedirs(a.out, exist_ok=True)
    with open(os.path.join(a.out, "classes.json"), "w") as f:
        json.dump({str(i): dict(phrase=c, synonyms=s, parent=q) for i, (c, s, q) in enumerate(CLASSES)}, f, indent=1)
    if a.again:
        for path in sorted(glob.glob(os.path.join(a.again, "*.json"))):
            with open(path) as f:
                told = json.load(f)
            if "seed" in told and not os.path.exists(os.path.join(a.out, told["name"] + ".json")):
                a.size, a.override = "%dx%d" % tuple(told["size"]), told["override"]
                make(a, told["kind"], told["seed"], told["name"])
        return
    for i in range(a.start, a.start + a.count):
        kind = a.kind if a.kind != "mix" else ("living" if i % 5 in (2, 4) else "kitchen")
        seed = a.seed * 100000 + (i if kind != "hero" else i % 1000)
        make(a, kind, seed, "%s_%04d%s" % (kind, i, a.suffix))


if __name__ == "__main__":
    main()
