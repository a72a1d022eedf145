"""The materials that paint knows, by name. A new one is one more line here, and a texture if it has a new form.

Each line gives the colours; `Look.reflectance`, the mean, follows from them, and a test compares it with what is drawn.
"""

from collections.abc import Callable
from functools import cache, partial

from automask.editors.paint import cloth, metal, panels, stone, tiles, wood
from automask.editors.paint.colours import linear
from automask.editors.paint.look import Layout, Look, Texture, Triple
from automask.editors.paint.noise import mean_colour
from automask.types import FloatImage

_GROUT, _DARK_GROUT = linear("#cfccc5"), linear("#8b8882")
_SUBWAY_WH, _SQUARE_WH, _LARGE_WH, _HEXAGON_WH = (0.1525, 0.0775), (0.1025, 0.1025), (0.602, 0.602), (0.11, 0.11)


def _even(texture: Callable[..., FloatImage], colour: Triple, *, gloss: float | None = None) -> Look:
    """A texture whose mean is its colour."""
    return Look(colour, partial(texture, colour=colour), gloss=gloss)


def _marble(
    base: str, cloud: str, vein: str, families: tuple[stone.Veins, ...], *, clouds: float, veins: float
) -> Look:
    colours = linear(base), linear(cloud), linear(vein)
    texture = partial(stone.marble, base=colours[0], cloud=colours[1], vein=colours[2], families=families)
    return Look(mean_colour(*zip(colours, (1 - clouds - veins, clouds, veins), strict=True)), texture, gloss=0.9)


def _verde(base: str, cloud: str, vein: str) -> Look:
    colours = linear(base), linear(cloud), linear(vein)
    texture = partial(stone.verde, base=colours[0], cloud=colours[1], vein=colours[2])
    return Look(mean_colour(*zip(colours, (0.721, 0.26, 0.019), strict=True)), texture, gloss=0.9)


def _granite(*minerals: tuple[str, float]) -> Look:
    parts = tuple((linear(colour), share) for colour, share in minerals)
    return Look(mean_colour(*parts), partial(stone.granite, minerals=parts), gloss=0.7)


def _terrazzo(binder: Triple, *chips: str) -> Look:
    kinds = tuple(linear(chip) for chip in chips)
    mean = mean_colour(
        (binder, 1 - stone.TERRAZZO_COVER), (mean_colour(*[(kind, 1.0) for kind in kinds]), stone.TERRAZZO_COVER)
    )
    return Look(mean, partial(stone.terrazzo, binder=binder, chips=kinds), gloss=0.6)


@cache
def _planks(species: wood.Species) -> Look:
    return Look(species.mean, partial(wood.planks, wood=species), layout="boards")


def _herringbone(species: wood.Species) -> Look:
    return Look(species.mean, partial(wood.herringbone, wood=species), layout="boards")


def _veneer(species: wood.Species) -> Look:
    return Look(species.mean, partial(wood.veneer, wood=species), layout="grain", floor=_planks(species))


def _bricks(mortar: str, *fired: str) -> Look:
    colours, bed = tuple(linear(colour) for colour in fired), linear(mortar)
    return Look(
        tiles.bricks_mean(colours, bed), partial(tiles.bricks, fired=colours, mortar=bed), layout="courses", gloss=0
    )


def _painted_bricks(colour: Triple) -> Look:
    texture = partial(tiles.bricks, fired=(colour,), mortar=colour, relief=0.8, speckle=0.22)
    return Look(tiles.bricks_mean((colour,), colour), texture, layout="courses", gloss=0.1)


def _tiles(
    colour: Triple,
    size_wh: tuple[float, float],
    *,
    grout: Triple = _GROUT,
    joint_m: float = 0.0025,
    offset: float = 0.0,
    vary: float = 0.02,
    uneven: float = 0.02,
    hexagonal: bool = False,
) -> Look:
    texture = partial(
        tiles.tiles,
        colour=colour,
        grout=grout,
        size_wh=size_wh,
        joint_m=joint_m,
        offset=offset,
        vary=vary,
        uneven=uneven,
        hexagonal=hexagonal,
    )
    return Look(tiles.tiles_mean(colour, grout, size_wh, joint_m), texture, layout="courses", gloss=0.8)


def _slabs(
    of: Look, size_wh: tuple[float, float] = _LARGE_WH, *, grout: Triple = _DARK_GROUT, offset: float = 0
) -> Look:
    texture = of.texture
    if texture is None:
        raise ValueError("a plain colour has no slab to cut")
    mean = tiles.tiles_mean(of.reflectance, grout, size_wh, 0.002)
    cut: Texture = partial(tiles.slabs, stone=texture, grout=grout, size_wh=size_wh, offset=offset)
    return Look(mean, cut, layout="courses", gloss=of.gloss)


@cache
def stone_tiles(name: str) -> Look | None:
    """Large tiles of a stone, or of what is cast like one; None for a material of another kind."""
    look = MATERIALS[name]
    return _slabs(look) if look.layout == "slab" and look.texture is not None and name not in _NO_TILES else None


_NO_TILES = {"rattan", "microcement", "vinyl"}


def _fluted(face: Texture | Triple, mean: Triple, gloss: float | None) -> Look:
    texture = partial(panels.ribs, face=face)
    return Look(panels.shaded(mean, panels.RIB_SHARE), texture, layout="grain", gloss=gloss)


def _slatted(face: Texture | Triple, mean: Triple, gloss: float | None) -> Look:
    return Look(panels.slats_mean(mean), partial(panels.slats, face=face), layout="grain", gloss=gloss)


def _painted_boards(colour: Triple, *, board_m: float, upright: bool, bead: bool) -> Look:
    texture = partial(panels.boards, face=colour, board_m=board_m, upright=upright, bead=bead)
    layout: Layout = "grain" if upright else "courses"
    return Look(panels.shaded(colour, panels.BOARDS_SHARE), texture, layout=layout, gloss=0.35)


def _trellis(colour: Triple, other: Triple) -> Look:
    mean = mean_colour((colour, 1 - cloth.TRELLIS_SHARE), (other, cloth.TRELLIS_SHARE))
    return Look(mean, partial(cloth.trellis, colour=colour, other=other), layout="cloth", gloss=0)


def _second_of(colour: Triple) -> Triple:
    """A paler or darker shade for a pattern whose second colour nobody named."""
    light = 0.2126 * colour[0] + 0.7152 * colour[1] + 0.0722 * colour[2]
    red, green, blue = (level * 0.45 if light > 0.25 else level + 0.5 * (0.75 - level) for level in colour)
    return red, green, blue


def _stripes(colour: Triple, other: Triple) -> Look:
    texture = partial(cloth.stripes, colour=colour, other=other)
    return Look(mean_colour((colour, 1.0), (other, 1.0)), texture, layout="grain", gloss=0.05)


def _cane(colour: Triple) -> Look:
    behind = mean_colour((colour, 0.25), ((0.01, 0.008, 0.006), 0.75))
    mean = mean_colour((colour, cloth.CANE_SHARE), (behind, 1 - cloth.CANE_SHARE))
    return Look(mean, partial(cloth.cane, colour=colour, behind=behind), gloss=0.2)


def _metal(colour: Triple) -> Look:
    return Look(colour, partial(metal.brushed, colour=colour), layout="grain", gloss=0.5, metal=True)


def _cloth(texture: Callable[..., FloatImage], colour: Triple, gloss: float = 0.0) -> Look:
    return Look(colour, partial(texture, colour=colour), layout="cloth", gloss=gloss)


_OAK = wood.Species(linear("#d2ad80"), linear("#93683f"))
_ASH = wood.Species(linear("#dec9a9"), linear("#b28f66"), ring_m=0.0045, rings=0.26, pores=0.24)
_WALNUT = wood.Species(linear("#7f6049"), linear("#3d2a1f"), rings=0.15, streaks=0.10, pores=0.20, vary=0.10)
_SMOKED = wood.Species(linear("#665040"), linear("#2c2119"), rings=0.18, pores=0.35, vary=0.09)
_EBONY = wood.Species(linear("#3c312b"), linear("#17120f"), rings=0.12, streaks=0.16, rift=0.9, pores=0.15)
# Pine has wide rings of soft and hard wood and no pores that one sees; maple, beech and cherry are fine and even.
_PINE = wood.Species(linear("#dfb276"), linear("#b07a41"), ring_m=0.0052, rings=0.30, fibre=0.05, pores=0.03, rift=0.2)
_MAPLE = wood.Species(linear("#e0c094"), linear("#c5a070"), rings=0.12, streaks=0.06, fibre=0.045, pores=0.05)
_BEECH = wood.Species(linear("#d3a67d"), linear("#b07f56"), ring_m=0.003, rings=0.09, fibre=0.05, pores=0.12)
_CHERRY = wood.Species(linear("#965f40"), linear("#5f3825"), rings=0.13, streaks=0.10, fibre=0.05, pores=0.07)
_TEAK = wood.Species(linear("#a97b50"), linear("#6b4529"), rings=0.16, streaks=0.12, pores=0.22, vary=0.10)
_MAHOGANY = wood.Species(linear("#6a3424"), linear("#3a190f"), rings=0.08, streaks=0.14, fibre=0.06, pores=0.18)
_WOODS = {
    "oak": _OAK,
    "smoked oak": _SMOKED,
    "ash": _ASH,
    "walnut": _WALNUT,
    "ebony": _EBONY,
    "pine": _PINE,
    "maple": _MAPLE,
    "beech": _BEECH,
    "cherry wood": _CHERRY,
    "teak": _TEAK,
    "mahogany": _MAHOGANY,
}


def _fluted_wood(species: wood.Species) -> Look:
    return _fluted(partial(wood.veneer, wood=species), species.mean, None)


def _slatted_wood(species: wood.Species) -> Look:
    return _slatted(partial(wood.veneer, wood=species), species.mean, None)


_CHIPS = ("#a9a39a", "#e9e4da", "#6e6a66", "#b08a68", "#d3b79a", "#3f3d3c")

# What takes a colour: a name, and what makes it of one.
_COLOURABLE: dict[str, Callable[[Triple], Look]] = {
    "linen": partial(_cloth, cloth.linen),
    "wool": partial(_cloth, cloth.wool),
    "velvet": partial(_cloth, cloth.velvet, gloss=0.1),
    "leather": partial(_cloth, cloth.leather, gloss=0.35),
    "rattan": _cane,
    "concrete": partial(_even, stone.concrete, gloss=0.1),
    "quartz": partial(_even, stone.quartz, gloss=0.6),
    "terrazzo": lambda colour: _terrazzo(colour, *_CHIPS),
    "brick": _painted_bricks,
    "subway tile": partial(_tiles, size_wh=_SUBWAY_WH, offset=0.5),
    "square tile": partial(_tiles, size_wh=_SQUARE_WH),
    "hexagon tile": partial(_tiles, size_wh=_HEXAGON_WH, hexagonal=True),
    "zellige": partial(_tiles, size_wh=_SQUARE_WH, vary=0.075, uneven=0.07, joint_m=0.0015),
    "microcement": partial(_even, stone.microcement, gloss=0.15),
    "vinyl": partial(_even, stone.vinyl, gloss=0.35),
    "carpet": partial(_cloth, cloth.cut_pile),
    "loop carpet": partial(_cloth, cloth.loop_pile),
    "patterned carpet": lambda colour: _trellis(colour, _second_of(colour)),
    "fluted panel": lambda colour: _fluted(colour, colour, 0.35),
    "slatted panel": lambda colour: _slatted(colour, colour, 0.35),
    "beadboard": partial(_painted_boards, board_m=0.092, upright=True, bead=True),
    "shiplap": partial(_painted_boards, board_m=0.18, upright=False, bead=False),
    "stone tile": lambda colour: _slabs(_even(stone.limestone, colour, gloss=0.3)),
}

MATERIALS = {
    "white marble": _marble("#f0efec", "#cfd1d4", "#74787d", stone.CALACATTA, clouds=0.195, veins=0.012),
    "black marble": _marble("#131315", "#222326", "#d6d2ca", stone.MARQUINA, clouds=0.10, veins=0.002),
    "grey marble": _marble("#888b8e", "#a4a7a9", "#dcdcdb", stone.BARDIGLIO, clouds=0.15, veins=0.010),
    "beige marble": _marble("#d8cab5", "#c6b499", "#8f785b", stone.BARDIGLIO, clouds=0.15, veins=0.010),
    "green marble": _verde("#1b382d", "#4d7764", "#b9cabf"),
    "granite": _granite(("#b9b3ab", 0.42), ("#8d8883", 0.26), ("#d9d4cb", 0.14), ("#3b3939", 0.18)),
    "black granite": _granite(("#1a1a1b", 0.62), ("#2c2c2e", 0.26), ("#4a4a4c", 0.09), ("#7d7c7a", 0.03)),
    "quartz": _COLOURABLE["quartz"](linear("#e4e2dd")),
    "white stone": _even(stone.quartz, linear("#e4e2dd"), gloss=0.5),
    "grey stone": _even(stone.quartz, linear("#8b8c8d"), gloss=0.5),
    "black stone": _even(stone.quartz, linear("#28292c"), gloss=0.5),
    "terrazzo": _COLOURABLE["terrazzo"](linear("#dcd8cf")),
    "concrete": _COLOURABLE["concrete"](linear("#a09e99")),
    "slate": _even(stone.slate, linear("#454749"), gloss=0.15),
    "travertine": _even(stone.travertine, linear("#d0c0a6"), gloss=0.3),
    "limestone": _even(stone.limestone, linear("#cdc5b6"), gloss=0.2),
    **{name: _veneer(species) for name, species in _WOODS.items()},
    **{f"{name} planks": _planks(species) for name, species in _WOODS.items()},
    **{f"{name} herringbone": _herringbone(species) for name, species in _WOODS.items()},
    "brick": _bricks("#b5aea3", "#9c5a42", "#87452f", "#a96f52", "#6f3a2c"),
    "white brick": _painted_bricks(linear("#e9e6df")),
    "subway tile": _COLOURABLE["subway tile"](linear("#ecebe6")),
    "square tile": _COLOURABLE["square tile"](linear("#ecebe6")),
    "hexagon tile": _COLOURABLE["hexagon tile"](linear("#ecebe6")),
    "zellige": _COLOURABLE["zellige"](linear("#dfe0d8")),
    "stone tile": _COLOURABLE["stone tile"](linear("#bdb5a8")),
    **{f"fluted {name}": _fluted_wood(species) for name, species in _WOODS.items()},
    "fluted panel": _COLOURABLE["fluted panel"](linear("#e9e6df")),
    **{f"slatted {name}": _slatted_wood(species) for name, species in _WOODS.items()},
    "slatted panel": _COLOURABLE["slatted panel"](linear("#e9e6df")),
    "beadboard": _COLOURABLE["beadboard"](linear("#eceae4")),
    "shiplap": _COLOURABLE["shiplap"](linear("#eceae4")),
    "microcement": _COLOURABLE["microcement"](linear("#b9b4ab")),
    "vinyl": _COLOURABLE["vinyl"](linear("#b7b1a6")),
    "brushed steel": _metal(linear("#c4c3c1")),
    "brass": _metal((0.60, 0.42, 0.19)),
    "linen": _COLOURABLE["linen"](linear("#cec4b1")),
    "wool": _COLOURABLE["wool"](linear("#b4aca0")),
    "velvet": _COLOURABLE["velvet"](linear("#2c4a43")),
    "leather": _COLOURABLE["leather"](linear("#8a5a3a")),
    "carpet": _COLOURABLE["carpet"](linear("#b8ad9c")),
    "loop carpet": _COLOURABLE["loop carpet"](linear("#a89f90")),
    "patterned carpet": _trellis(linear("#c3b9a8"), linear("#5d6670")),
    "rattan": _COLOURABLE["rattan"](linear("#c9a777")),
    "wallpaper": _stripes(linear("#d9d6cc"), linear("#b7c0b6")),
}


def material_in_colour(name: str, colour: Triple, other: Triple | None = None) -> Look | None:
    """A material of the catalogue in a colour; None for those that take none, such as marble and wood.

    Args:
        name: A name in `MATERIALS`.
        colour: Linear reflectance of a cloth's dye, a tile's glaze, a binder, a painted brick.
        other: The second colour of stripes (pale paper where it is None) and of patterned carpet. All other materials
            ignore it.
    """
    if name == "patterned carpet" and other is not None:
        return _trellis(colour, other)
    if name == "wallpaper":
        return _stripes(colour, linear("#e6e2d8") if other is None else other)
    make = _COLOURABLE.get(name)
    return None if make is None else make(colour)
