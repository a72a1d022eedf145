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
)


MARBLE = dict(
    white=("efeeeb", "cfd0d2", "6f7377"),
    gold=("f0ebe2", "dcd2c2", "a0783f"),
    grey=("9a9da0", "7b7f83", "e2e2e2"),
    black=("131315", "1f2022", "c9c6c0"),
    green=("1f3a30", "14261f", "b4c7ba"),
    beige=("d9cbb6", "c4b196", "8d7558"),
)


STONE = dict(
    white=("e6e4df", "c9c6c0"), grey=("8e8f90", "6d6e70"), black=("1c1c1e", "34353a"), beige=("cdbfa8", "a99a82")
)


def lin(hexs, a=1.0):
    v = [int(hexs[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    return (*tuple(c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in v), a)
