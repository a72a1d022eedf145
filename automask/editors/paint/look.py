"""What a surface is to become, and the array forms that this folder's files share."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from automask.types import FloatImage, Hw

Triple: TypeAlias = tuple[float, float, float]
"""Linear sRGB, 0..1."""

Texture: TypeAlias = Callable[[Hw, float, np.random.Generator], FloatImage]
"""`texture(hw, px_per_m, rng)`: [h, w, 3] linear reflectance seen square-on; rows run down a wall, columns along it.

It draws `hw[0] / px_per_m` metres by `hw[1] / px_per_m`, at any scale from 20 px a metre up, and takes all randomness
from `rng`, so that the same seed gives the same picture.
"""
Layout: TypeAlias = Literal["slab", "grain", "boards", "courses", "cloth"]
"""How a texture is oriented on a surface.

`slab` any way; `grain` upright on fronts, along worktops; `boards` along the columns, on floors to the vanishing point;
`courses` level rows (bricks, tiles); `cloth` any way.
"""


Direction: TypeAlias = Literal["lengthwise", "crosswise", "window", "away", "across", "level", "upright", "diagonal"]
"""Which way a pattern runs on a surface, where words say it."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a surface is to become.

    Args:
        reflectance: Linear reflectance of the surface as a whole: the colour of a paint, the mean of a texture.
        texture: Draws it; None for a plain colour.
        layout: How the texture is oriented.
        gloss: 0 matt, 0.35 satin, 1 polished; None leaves the old surface's highlights as they are.
        metal: Highlights take the colour of the surface.
        floor: What replaces it where the surface is a floor: boards for a veneer.
        direction: Which way it runs; None where that follows from the layout and the room.
        measured: `reflectance` was measured, and may be lighter than any paint that is given as a screen's colour.
    """

    reflectance: Triple
    texture: Texture | None = None
    layout: Layout = "slab"
    gloss: float | None = None
    metal: bool = False
    floor: "Look | None" = None
    direction: Direction | None = None
    measured: bool = False
