"""Materials: `mat("wood:oak")` gives the material of a recipe and a kind, made once a scene."""

from render_rooms import finishes
from render_rooms.colours import GRANITE, MARBLE, PAINT, STONE, WOOD, lin, paint
from render_rooms.shader import Nodes

RECIPES = {
    function.__name__.removeprefix("m_"): function
    for function in (
        finishes.m_art,
        finishes.m_brick,
        finishes.m_butcher,
        finishes.m_carpet,
        finishes.m_checker,
        finishes.m_concrete,
        finishes.m_curtain,
        finishes.m_fabric,
        finishes.m_glass,
        finishes.m_gloss,
        finishes.m_glow,
        finishes.m_granite,
        finishes.m_image,
        finishes.m_laminate,
        finishes.m_leaf,
        finishes.m_leather,
        finishes.m_limewash,
        finishes.m_marble,
        finishes.m_metal,
        finishes.m_mirror,
        finishes.m_outside,
        finishes.m_paint,
        finishes.m_parquet,
        finishes.m_planks,
        finishes.m_plaster,
        finishes.m_rug,
        finishes.m_slate,
        finishes.m_stone,
        finishes.m_tile,
        finishes.m_wallpaper,
        finishes.m_wood,
    )
}


_cache = {}
_arguments = {}  # of every material of the scene, so that the same surface can be made of something else
assets = {"folder": None}  # where photographed materials are


def mean_colour(recipe, kind):
    """One flat colour for light that bounces: the grain of a board does not change how it lights a room."""
    if recipe in ("wood", "planks", "parquet", "butcher"):
        a, d = (lin(x) for x in WOOD[kind])
        return tuple(0.6 * p + 0.4 * q for p, q in zip(a, d, strict=True))
    if recipe == "marble" or (recipe == "tile" and kind in MARBLE and kind not in PAINT):
        return lin(MARBLE[kind][0])
    if recipe in ("granite", "stone"):
        return lin((GRANITE if recipe == "granite" else STONE)[kind][0])
    flat = {
        "slate:slate": "55595b",
        "slate:rust": "6b5b4c",
        "slate:travertine": "c7b28c",
        "slate:cotto": "b06c48",
        "slate:limestone": "c3baa8",
        "brick:raw": "915440",
        "mirror:clear": "cccccc",
        "metal:black": "303030",
    }.get(f"{recipe}:{kind}", {"image": "8f7f6e", "metal": "9f9b94"}.get(recipe))
    return lin(flat) if flat else (*(0.88 * c for c in paint(kind)[:3]), 1)


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
    """The material of a spec "recipe:kind", made once a scene; other arguments go to the recipe."""
    key = spec + repr(sorted(kw.items()))
    if key not in _cache:
        recipe, kind = spec.split(":")
        takes = RECIPES[recipe].__code__.co_varnames[: RECIPES[recipe].__code__.co_argcount]
        w = Nodes(key)
        told = kw | {"folder": assets["folder"]} if recipe in ("image", "outside") else kw
        RECIPES[recipe](w, kind, **{k: v for k, v in told.items() if k in takes})
        cheapen(w, recipe, kind)
        w.mat["spec"] = spec
        _arguments[w.mat.name] = kw
        _cache[key] = w.mat
    return _cache[key]


def instead(material, spec):
    """The material of another spec for what was made of this one: same grain, same size of tiles."""
    return mat(spec, **_arguments[material.name])


def forget():
    """Drops all materials, as a new scene does."""
    _cache.clear()
    _arguments.clear()
