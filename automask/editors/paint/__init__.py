"""Recolours and re-textures surfaces and keeps the light on them; needs no download.

A photo is taken as `tone(light x reflectance)`. The old reflectance is estimated for each old material under the mask
and divided out, texture that belongs to it (wood grain) is flattened, and what is left (shading, contact shadows,
panel edges, highlights) is put onto the new reflectance. Everything happens in the logarithm of scene light, where
light and reflectance add.

    words, colours, catalogue    what the prompt asks for: a Look
    stone, wood, tiles, ...      how materials are drawn
    texture_mapping              the material's texture on the planes under the mask (`automask.geometry` finds them)
    tone, light, edges           what light falls on the old surface, and where it ends
    editor                       the editor itself
"""

from automask.editors.paint.editor import Paint
from automask.editors.paint.look import Look
from automask.editors.paint.prompts import look_for

__all__ = ["Look", "Paint", "look_for"]
