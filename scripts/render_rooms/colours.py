"""Paints, woods and stones by name, as sRGB hex."""

PAINT = dict(
    white="f1efe9",
    warmwhite="e9e2d5",
    cream="e3d8c0",
    greige="b9aea0",
    taupe="8c8075",
    grey="8d9093",
    lightgrey="c4c5c4",
    sage="98a48c",
    olive="6b6e52",
    green="2f4236",
    navy="222f44",
    blue="7f96a8",
    charcoal="33363a",
    black="1b1b1d",
    terracotta="b0694c",
    blush="d3b3a2",
    ochre="bf9247",
    sand="cdbb9e",
    brown="4b382d",
    yellow="e3c878",
    mustard="b98d2f",
    butter="efe0a6",
    peach="e6b994",
    orange="c9713a",
    red="8f2f2b",
    burgundy="5a2228",
    pink="d9a5a5",
    lilac="b7a9c4",
    purple="5d4a72",
    teal="2f6b6d",
    mint="b5cfc0",
    skyblue="a9c4d6",
    royal="2f4f8a",
    moss="7b7f4e",
    lime="a8b567",
    slate="55606a",
    stone="a79f92",
    coffee="6e5542",
    almond="e2d6bd",
    bisque="dccdab",
    ivory="ece5d0",
)


WOOD = dict(
    oak=("cfa878", "8f6538"),
    ash=("dcc6a2", "b08e62"),
    walnut=("76563f", "3c2a1e"),
    teak=("a97a4e", "6a4427"),
    smoked=("5c4737", "2a1f18"),
    ebony=("3a2f29", "17120f"),
    whitewash=("ddd4c5", "b8a890"),
    cherry=("94603f", "5c3623"),
    honeyoak=("c98d4a", "8a5625"),
    goldenoak=("b9803f", "6d431c"),
    maple=("dfbd8c", "c29a66"),
    pine=("dcae6e", "ab7239"),
    redcherry=("7d3a22", "4b1d12"),
    mahogany=("56281b", "2f130c"),
    hickory=("c79f6c", "7a512c"),
    espresso=("3d2b22", "221711"),
    pickled=("d9cab8", "bda890"),
    bamboo=("d3b06f", "b08a48"),
    redoak=("c98f57", "6a3a1a"),  # strong grain, as on framed cabinets of the nineties
    rusticoak=("bd8546", "452610"),
    knottypine=("d9a05a", "7a4418"),
)


MARBLE = dict(
    white=("efeeeb", "cfd0d2", "6f7377"),
    gold=("f0ebe2", "dcd2c2", "a0783f"),
    grey=("9a9da0", "7b7f83", "e2e2e2"),
    black=("131315", "1f2022", "c9c6c0"),
    green=("1f3a30", "14261f", "b4c7ba"),
    beige=("d9cbb6", "c4b196", "8d7558"),
    brown=("5a4334", "3f2e25", "c4a27c"),
    blue=("38506a", "2a3c52", "d9d4c8"),
)


STONE = dict(
    white=("e6e4df", "c9c6c0"), grey=("8e8f90", "6d6e70"), black=("1c1c1e", "34353a"), beige=("cdbfa8", "a99a82")
)

# Polished granite: the ground and three kinds of grain, most first.
GRANITE = dict(
    tan=("b99c78", "5a4433", "d9c7a6", "2a211c"),
    brown=("7a5a40", "2b201a", "b08a62", "14100e"),
    gold=("c2a066", "6b4a2a", "e0cda0", "33261c"),
    black=("1b1b1d", "3b3b3e", "0d0d0e", "77746c"),
    uba=("16201b", "2d3a33", "0c0f0d", "6d766f"),
    grey=("8f908f", "4a4b4d", "c9c8c5", "242426"),
    pearl=("c9c3b8", "8a7f75", "e6e2da", "4a4542"),
    white=("dcdad4", "a5a39f", "f0efec", "4b4a49"),
    rose=("a9786a", "5b3b35", "d0a595", "2b201f"),
    green=("4a5a4a", "26302a", "8a9782", "14180f"),
    blue=("4b5a6b", "2a333f", "8b99a8", "17191c"),
)


def lin(hexs: str, a: float = 1.0) -> tuple[float, ...]:
    """The linear RGBA of an sRGB hex."""
    v = [int(hexs[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    return (*tuple(c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in v), a)


def paint_hex(kind: str) -> str:
    """The sRGB hex of a paint: the name of one in PAINT, or a hex itself, as in "paint:#98a48c"."""
    return PAINT.get(kind, kind.removeprefix("#"))


def paint(kind: str) -> tuple[float, ...]:
    """The linear RGBA of a paint, by name or hex."""
    return lin(paint_hex(kind))
