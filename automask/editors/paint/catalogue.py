"""The materials that paint knows, by name. A new one is one more line here, and a texture if it has a new form."""

from functools import partial

from automask.editors.paint.colours import linear
from automask.editors.paint.look import Look
from automask.editors.paint.stone import concrete, marble
from automask.editors.paint.wood import planks, veneer


def _marble(base: str, cloud: str, vein: str) -> Look:
    texture = partial(marble, base=linear(base), cloud=linear(cloud), vein=linear(vein))
    return Look(linear(base), texture, gloss=0.9)


def _veneer(light: str, dark: str) -> Look:
    texture = partial(veneer, light=linear(light), dark=linear(dark))
    return Look(linear(light), texture, lay="grain", floor=_planks(light, dark))


def _planks(light: str, dark: str) -> Look:
    return Look(linear(light), partial(planks, light=linear(light), dark=linear(dark)), lay="boards")


_OAK, _WALNUT, _ASH = ("#d3a67a", "#935f38"), ("#76563f", "#3c2a1e"), ("#e0c5a8", "#b68b64")

MATERIALS = {
    "white marble": _marble("#f0efec", "#cfd1d4", "#74787d"),
    "black marble": _marble("#151517", "#232427", "#cfcbc4"),
    "grey marble": _marble("#9a9da0", "#7b7f83", "#e4e4e4"),
    "green marble": _marble("#1f3d32", "#142a21", "#b9cabf"),
    "oak": _veneer(*_OAK),
    "walnut": _veneer(*_WALNUT),
    "ash": _veneer(*_ASH),
    "oak planks": _planks(*_OAK),
    "walnut planks": _planks(*_WALNUT),
    "ash planks": _planks(*_ASH),
    "concrete": Look(linear("#a9a8a4"), partial(concrete, light=linear("#a9a8a4"), dark=linear("#7f7e7b")), gloss=0.1),
}
